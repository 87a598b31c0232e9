/* SPDX-License-Identifier: MIT */
/*
 * Nothing: for a vCPU that cannot be entered. HLT is the same byte in every mode. Seen: if it is
 * entered, the guest halts.
 */
	.text
	.globl	_start
_start:	hlt
	jmp	_start
