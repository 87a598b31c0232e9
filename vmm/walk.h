/* SPDX-License-Identifier: MIT */
/*
 * A linear address and the guest's control registers in, the guest physical address out: the
 * guest's page tables are read, not more than five entries of them, and nothing is written.
 */
#ifndef KW_VMM_WALK_H
#define KW_VMM_WALK_H

#include <kvmwhy/vmm.h>

struct kw_paging {
	uint64_t cr0, cr3, cr4, efer;
	const __u64 *pdptrs; /* the four PDPTE registers of VMX, or NULL: they are in memory */
	kw_guest_read_fn read;
	void *arg;
};

/* @ret->linear in, the rest out; 0 or its .error. */
int kw_walk(const struct kw_paging *paging, struct kw_translation *ret);

/* An address in 64-bit mode is as wide as the registers, any other 32 bits. */
uint64_t kw_walk_mask(const struct kvm_sregs2 *sregs);

#endif
