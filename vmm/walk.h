/* SPDX-License-Identifier: MIT */
/*
 * A linear address and the guest's control registers in, the guest physical address out: reads at
 * most five entries of the guest's page tables, and writes nothing.
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

/* An address is 64 bits wide in 64-bit mode, otherwise 32 bits. */
uint64_t kw_walk_mask(const struct kvm_sregs2 *sregs);

#endif
