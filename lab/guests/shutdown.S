/* SPDX-License-Identifier: MIT */
/*
 * An exception without an IDT: a triple fault.
 * Seen: KVM_EXIT_SHUTDOWN, which QEMU turns into a reset.
 */
#include "guest.h"
	START
	lidtl	%cs:no_idt
	xor	%ax, %ax
	div	%al
	.balign	8
no_idt:	.word	0
	.long	0
