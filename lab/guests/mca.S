/* SPDX-License-Identifier: MIT */
/*
 * Machine-check banks as lab/mca.c answers for them: MC1_CTL with bit 0 clear is written and read
 * back, before and after a move into another VM; AMD's HWCR lets MC0_STATUS be written; an injected
 * #MC leaves its words in bank 1; MSRs of a policy; finally a value that no rule permits. Seen:
 * reached 0x01 to 0x06 through port 0x12, then exception 13 (#GP); done with 0x00 if a read returns
 * something unexpected.
 */
#include "guest.h"
	.set	MC1_CTL, 0x404
	.set	MC1_STATUS, 0x405
	.set	POLICY, 0x4b570000

.macro REACHED value
	mov	$\value, %al
	out	%al, $0x12
.endm

/* EDX:EAX must be that. */
.macro IS high, low
	cmp	$\low, %eax
	jne	wrong
	cmp	$\high, %edx
	jne	wrong
.endm

.macro WRITE msr, high, low
	mov	$\msr, %ecx
	mov	$\low, %eax
	mov	$\high, %edx
	wrmsr
.endm

.macro READ msr
	mov	$\msr, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	rdmsr
.endm

	START
	movw	$machine_check, 18 * 4
	READ	0x179
	cmp	$10, %al
	jne	wrong
	READ	MC1_CTL
	IS	0xffffffff, 0xffffffff
	WRITE	MC1_CTL, 0xffffffff, 0xfffffffe
	READ	MC1_CTL
	IS	0xffffffff, 0xfffffffe
	REACHED	1	/* here it moves */
	READ	MC1_CTL
	IS	0xffffffff, 0xfffffffe
	REACHED	2

	xor	%eax, %eax
	cpuid
	cmp	$0x68747541, %ebx	/* Auth */
	jne	1f
	WRITE	0xc0010015, 0, 0x40000
	WRITE	0x401, 0, 0x1234
	READ	0x401
	IS	0, 0x1234
1:	REACHED	3

	READ	POLICY
	IS	0, 0x1234
	WRITE	POLICY, 0x89abcdef, 0x01234567
	READ	POLICY
	IS	0x89abcdef, 0x01234567
	WRITE	POLICY + 0x100000, 1, 1	/* one that nobody names: dropped */
	READ	POLICY + 0x100000
	IS	0, 0
	REACHED	4

	mov	%cr4, %eax
	or	$0x40, %eax		/* CR4.MCE */
	mov	%eax, %cr4
	REACHED	5	/* here #MC comes */
	DONE	0x00

machine_check:
	READ	0x17a
	IS	0, 5
	READ	MC1_STATUS
	IS	0xb2000000, 0x00000017
	WRITE	0x17a, 0, 0
	WRITE	MC1_STATUS, 0, 0
	REACHED	6
	WRITE	MC1_CTL, 0xffffffff, 0xfffffff0
wrong:	DONE	0x00
