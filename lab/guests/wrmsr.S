/* SPDX-License-Identifier: MIT */
/*
 * WRMSR of the index and value in ECX and EDX:EAX, which lab/vmm --set rcx= rax= rdx= gave.
 * Seen: done with 0x42 when KVM took it, exception 13 (#GP) when it did not, a failed KVM_RUN else.
 */
#include "guest.h"
	START
	wrmsr
	DONE	0x42
