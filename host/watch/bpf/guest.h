/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The guest's memory, read by the thread that runs the vCPU: a linear address goes through the
 * guest's page tables and KVM's memslots to the VMM's memory. Pages that are not currently present
 * are not read, since we may not wait for them. Intel SDM vol. 3, "Paging".
 */
#ifndef KVMWHY_BPF_GUEST_H
#define KVMWHY_BPF_GUEST_H

#include "kvm.h"

#define CODE_BEFORE	20	/* as in QEMU's Code= line */
#define CODE_AFTER	30

#define PAGE_SHIFT	12
#define PAGE_BYTES	(1ull << PAGE_SHIFT)
#define ADDRESS_MASK	0x000ffffffffff000ull
#define MAX_DEPTH	40	/* of the tree of memslots: balanced, at most 32767 of them */
#define MAX_SLOTS	512	/* of the array before v5.17 */

struct paging {
	__u64 cr0, cr3, cr4, efer;
};

static __always_inline __u64 in_slot(const struct kvm_memory_slot *slot, __u64 gpa)
{
	__u64 gfn = gpa >> PAGE_SHIFT, base = BPF_CORE_READ(slot, base_gfn);

	if (gfn < base || gfn - base >= BPF_CORE_READ(slot, npages))
		return 0;
	return BPF_CORE_READ(slot, userspace_addr) + (gpa - (base << PAGE_SHIFT));
}

static __always_inline __u64 search_tree(const struct kvm_memslots *slots, __u64 gpa)
{
	__u64 at = bpf_core_field_offset(struct kvm_memory_slot, gfn_node) +
		   (BPF_CORE_READ(slots, node_idx) & 1) * bpf_core_type_size(struct rb_node);
	struct rb_node *node = BPF_CORE_READ(slots, gfn_tree.rb_node);

	for (int i = 0; i < MAX_DEPTH && node; i++) {
		struct kvm_memory_slot *slot = (void *)node - at;
		__u64 base = BPF_CORE_READ(slot, base_gfn);

		if (gpa >> PAGE_SHIFT < base)
			node = BPF_CORE_READ(node, rb_left);
		else if ((gpa >> PAGE_SHIFT) - base >= BPF_CORE_READ(slot, npages))
			node = BPF_CORE_READ(node, rb_right);
		else
			return in_slot(slot, gpa);
	}
	return 0;
}

static __always_inline __u64 search_array(const struct kvm_memslots___array *slots, __u64 gpa)
{
	int used = BPF_CORE_READ(slots, used_slots);
	const void *first =
		(const void *)slots + bpf_core_field_offset(struct kvm_memslots___array, memslots);

	for (int i = 0; i < MAX_SLOTS && i < used; i++) {
		__u64 hva = in_slot(first + i * bpf_core_type_size(struct kvm_memory_slot), gpa);

		if (hva)
			return hva;
	}
	return 0;
}

/*
 * Separate functions for the verifier, which checks each only once; pointers are passed as numbers.
 * 0: not backed.
 */
__noinline __u64 gpa_to_hva(__u64 kvm, __u64 gpa)
{
	struct kvm_memslots *slots = BPF_CORE_READ((struct kvm *)kvm, memslots[0]);

	if (bpf_core_field_exists(struct kvm_memslots, gfn_tree))
		return search_tree(slots, gpa);
	return search_array((void *)slots, gpa);
}

/* A page-table entry; 0, which means not present, if it cannot be read. */
static __always_inline __u64 entry_at(__u64 kvm, __u64 gpa, __u32 size)
{
	__u64 hva = gpa_to_hva(kvm, gpa), entry = 0;

	if (!hva || bpf_probe_read_user(&entry, size, (void *)hva))
		return 0;
	return entry;
}

#define NOT_MAPPED	(~0ull)

static __always_inline __u64 walk_long(__u64 kvm, const struct paging *p, __u64 gva)
{
	int level = p->cr4 >> 12 & 1 ? 5 : 4;	/* CR4.LA57 */
	__u64 table = p->cr3 & ADDRESS_MASK;

	for (int i = 0; i < 5; i++, level--) {
		int shift = PAGE_SHIFT + 9 * (level - 1);
		__u64 entry = entry_at(kvm, table + (gva >> (shift & 63) & 511) * 8, 8);
		__u64 low = (1ull << (shift & 63)) - 1;

		if (!(entry & 1))
			return NOT_MAPPED;
		if (level == 1 || (level < 4 && entry & 0x80))
			return (entry & ADDRESS_MASK & ~low) | (gva & low);
		table = entry & ADDRESS_MASK;
	}
	return NOT_MAPPED;
}

static __always_inline __u64 walk_pae(__u64 kvm, const struct paging *p, __u64 gva)
{
	__u64 entry = entry_at(kvm, (p->cr3 & 0xffffffe0) + (gva >> 30 & 3) * 8, 8);

	if (entry & 1)
		entry = entry_at(kvm, (entry & ADDRESS_MASK) + (gva >> 21 & 511) * 8, 8);
	else
		return NOT_MAPPED;
	if (!(entry & 1))
		return NOT_MAPPED;
	if (entry & 0x80)
		return (entry & ADDRESS_MASK & ~0x1fffffull) | (gva & 0x1fffff);
	entry = entry_at(kvm, (entry & ADDRESS_MASK) + (gva >> 12 & 511) * 8, 8);
	return entry & 1 ? (entry & ADDRESS_MASK) | (gva & 0xfff) : NOT_MAPPED;
}

static __always_inline __u64 walk_32(__u64 kvm, const struct paging *p, __u64 gva)
{
	__u64 entry = entry_at(kvm, (p->cr3 & 0xfffff000) + (gva >> 22 & 1023) * 4, 4);

	if (!(entry & 1))
		return NOT_MAPPED;
	/* CR4.PSE; bits 20:13 are bits 39:32 of the address */
	if (entry & 0x80 && p->cr4 >> 4 & 1)
		return (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32 | (gva & 0x3fffff);
	entry = entry_at(kvm, (entry & 0xfffff000) + (gva >> 12 & 1023) * 4, 4);
	return entry & 1 ? (entry & 0xfffff000) | (gva & 0xfff) : NOT_MAPPED;
}

static __always_inline __u64 gva_to_gpa(__u64 kvm, const struct paging *p, __u64 gva)
{
	if (!(p->cr0 >> 31))
		return gva;
	if (p->efer >> 10 & 1)
		return walk_long(kvm, p, gva);
	return p->cr4 >> 5 & 1 ? walk_pae(kvm, p, gva) : walk_32(kvm, p, gva);
}

/*
 * e->code[] from the linear address @from on: CODE_BEFORE + CODE_AFTER bytes, which span at most
 * two pages.
 */
static __always_inline void read_code(__u64 kvm, const struct paging *p, __u64 from,
				      struct kvmwhy_event_common *e)
{
	__u64 gva = from;
	__u32 done = 0;

	for (int page = 0; page < 2; page++) {
		__u32 here = PAGE_BYTES - (gva & (PAGE_BYTES - 1)),
		      left = CODE_BEFORE + CODE_AFTER - done;
		__u64 gpa = gva_to_gpa(kvm, p, gva), hva;

		if (here > left)
			here = left;
		hva = gpa == NOT_MAPPED ? 0 : gpa_to_hva(kvm, gpa);
		done &= 63;
		here &= 63;
		if (hva && done + here <= KVMWHY_EVENT_CODE &&
		    !bpf_probe_read_user(e->code + done, here, (void *)hva))
			e->code_known |= ((1ull << here) - 1) << done;
		done += here;
		gva += here;
		if (done >= CODE_BEFORE + CODE_AFTER)
			break;
	}
}

#endif
