/* SPDX-License-Identifier: MIT */
/*
 * CPUID, EDI times: an exit that KVM handles itself. lab/vmm --set rdi=20000 ... Seen: done with
 * 0x42; lab/vmm --time shows how long it took.
 */
#include "guest.h"
	START
1:	xor	%eax, %eax
	cpuid
	dec	%edi
	jnz	1b
	DONE	0x42
