/* SPDX-License-Identifier: MIT */
/*
 * An exception whose vector must be read from 0xa0000, where there is no memory. Seen: suberror 3
 * on Linux 7, and earlier on Intel; older kernels on AMD never finish with it.
 */
#include "guest.h"
	START
	lidtl	%cs:far_idt
	xor	%ax, %ax
	div	%al
	.balign	8
far_idt:
	.word	0x3ff
	.long	0xa0000
