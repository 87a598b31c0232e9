/* SPDX-License-Identifier: MIT */
/*
 * WRMSR of the index and value in ECX and EDX:EAX, from lab/vmm --set rcx= rax= rdx=. Seen: done
 * with 0x42 if KVM accepts it, exception 13 (#GP) if it refuses, else a failed KVM_RUN.
 */
#include "guest.h"
	START
	wrmsr
	DONE	0x42
