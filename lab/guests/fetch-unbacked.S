/* SPDX-License-Identifier: MIT */
/*
 * Into 32-bit protected mode, then a jump to 0xd0000000, which nothing backs.
 * Seen: suberror 1 with EIP=d0000000 and no code bytes.
 */
#include "guest.h"
	START
	lgdtl	%cs:gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$8, $(0xf0000 + flat)
	.code32
flat:	mov	$0xd0000000, %eax
	jmp	*%eax
	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	0xf0000 + gdt
