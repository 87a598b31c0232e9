/* SPDX-License-Identifier: MIT */
/*
 * An exception whose vector has to be read from 0xa0000, where no memory is.
 * Seen: suberror 3 on Linux 7, and on Intel before; older kernels on AMD never come to an
 * end with it.
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
