/* SPDX-License-Identifier: MIT */
/*
 * Reads 0x80000, whose memory in the VMM is gone (lab/vmm --unmapped 0x80000:0x1000). Seen: `kvm
 * run failed Bad address` at the MOV.
 */
#include "guest.h"
	START
	mov	$0x8000, %ax
	mov	%ax, %ds
	mov	0x123, %eax
	DONE	0x42
