/* SPDX-License-Identifier: MIT */
/*
 * RDMSR of the index in ECX, from lab/vmm --set rcx=. Seen: done with 0x42 if KVM has it, exception
 * 13 (#GP) if not.
 */
#include "guest.h"
	START
	rdmsr
	DONE	0x42
