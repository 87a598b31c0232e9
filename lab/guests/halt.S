/* SPDX-License-Identifier: MIT */
/*
 * Nothing: for a vCPU that is not let in at all. HLT is the same byte in every mode.
 * Seen: where KVM lets it in, the guest halts.
 */
	.text
	.globl	_start
_start:	hlt
	jmp	_start
