/* SPDX-License-Identifier: MIT */
/*
 * RDMSR and WRMSR of an unknown index, 0x4b570000, once each. Seen: the guest is done with the
 * number of #GPs it took (0 with ignore_msrs, else 2); the host's kernel log has KVM's lines about
 * them.
 */
#include "guest.h"
	START
	movw	$skip, 13 * 4
	xor	%di, %di
	mov	$0x4b570000, %ecx
	rdmsr
	mov	$0x89abcdef, %eax
	mov	$0x01234567, %edx
	wrmsr
	mov	%di, %ax
	out	%al, $0x10
	hlt
skip:	inc	%di
	mov	%sp, %bp
	addw	$2, (%bp)		/* both instructions are two bytes */
	iretw
