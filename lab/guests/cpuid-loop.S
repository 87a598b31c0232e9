/* SPDX-License-Identifier: MIT */
/*
 * As often as EDI says, CPUID: an exit that KVM answers itself. lab/vmm --set rdi=20000 ...
 * Seen: done with 0x42; lab/vmm --time tells how long it took.
 */
#include "guest.h"
	START
1:	xor	%eax, %eax
	cpuid
	dec	%edi
	jnz	1b
	DONE	0x42
