/* SPDX-License-Identifier: MIT */
/*
 * RDMSR of the index in ECX, as lab/vmm --set rcx= gave it.
 * Seen: done with 0x42 when KVM has it, exception 13 (#GP) when not.
 */
#include "guest.h"
	START
	rdmsr
	DONE	0x42
