/* SPDX-License-Identifier: MIT */
/*
 * A jump to 0xa0000, where a PC has video memory that no RAM backs.
 * Seen: KVM cannot fetch an instruction from there: suberror 1, RIP in the hole.
 */
#include "guest.h"
	START
	ljmp	$0xa000, $0
