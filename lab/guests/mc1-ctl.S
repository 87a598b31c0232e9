/* SPDX-License-Identifier: MIT */
/*
 * MC1_CTL with bit 0 clear: a guest that masks corrected single-bit ECC errors. Seen: if
 * set_msr_mce() refuses it with -1, `kvm run failed Operation not permitted` at the WRMSR;
 * otherwise the guest is done with 0x42.
 */
#include "guest.h"
	START
	mov	$0x404, %ecx
	mov	$0xfffffffe, %eax
	mov	$0xffffffff, %edx
	wrmsr
	DONE	0x42
