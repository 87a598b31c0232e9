/* SPDX-License-Identifier: MIT */
/*
 * For guests that start in real mode at f000:0000, under lab/vmm or as the BIOS of a stock QEMU.
 * START leaves EAX, ECX and EDX as set by lab/vmm --set.
 */
	.code16
	.text

/*
 * The stack, and for each exception a handler that reports its vector through port 0x11 and halts.
 */
.macro START
	.globl _start
_start:	cli
	xor	%bx, %bx
	mov	%bx, %ds
	mov	%bx, %ss
	mov	$0x7000, %sp
	mov	$handlers, %si
1:	mov	%si, (%bx)
	movw	$0xf000, 2(%bx)
	add	$8, %si
	add	$4, %bx
	cmp	$(32 * 4), %bx
	jne	1b
	jmp	guest
	.balign	8, 0xf4
handlers:
	.set	vector, 0
	.rept	32
	mov	$vector, %al
	out	%al, $0x11
	hlt
	.balign	8, 0xf4
	.set	vector, vector + 1
	.endr
guest:
.endm

/* The guest finished: its value goes out through port 0x10. */
.macro DONE value
	mov	$\value, %al
	out	%al, $0x10
	hlt
.endm
