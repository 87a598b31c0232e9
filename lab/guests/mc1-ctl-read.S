/* SPDX-License-Identifier: MIT */
/*
 * MC1_CTL with bit 0 clear, as mc1-ctl, then a RDMSR of it.
 * Seen: done with 0x42 when it reads back what was written, 0x00 when something else.
 */
#include "guest.h"
	START
	mov	$0x404, %ecx
	mov	$0xfffffffe, %eax
	mov	$0xffffffff, %edx
	wrmsr
	xor	%eax, %eax
	xor	%edx, %edx
	rdmsr
	cmp	$0xfffffffe, %eax
	jne	1f
	cmp	$0xffffffff, %edx
	jne	1f
	DONE	0x42
1:	DONE	0x00
