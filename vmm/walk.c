// SPDX-License-Identifier: MIT
/*
 * Paging as in Intel SDM vol. 3, "Paging", and AMD APM vol. 2, "Page Translation and Protection".
 * Access rights are not checked: for a dead guest the question is where its bytes are. Nor are
 * reserved bits, except PS, since the guest's address width is unknown. A table that points to
 * itself is harmless: the number of levels bounds the walk.
 */
#include "walk.h"

#include <errno.h>
#include <stdbool.h>

#define CR0_PG (1ull << 31)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)

#define PRESENT (1ull << 0)
#define PAGE_SIZE_BIT (1ull << 7)
#define ADDRESS 0x000ffffffffff000ull /* bits 51:12 */

/* An entry above this level can only point to a table: PS is reserved there. */
enum { PDPT = 3 };

/* An entry of @size bytes; 0, or why the walk ends here. */
static int read_entry(const struct kw_paging *p, uint64_t at, size_t size, struct kw_translation *t)
{
	uint64_t entry = 0;
	int err = p->read(p->arg, at, &entry, size);

	t->entry = err ? 0 : entry;
	if (err)
		return err < 0 ? -err : EIO;
	return entry & PRESENT ? 0 : EFAULT;
}

static uint64_t join(uint64_t page, uint64_t linear, unsigned int shift)
{
	uint64_t inside = (1ull << shift) - 1;

	return (page & ~inside) | (linear & inside);
}

/* Tables of 512 entries of 8 bytes. */
static int walk_wide(const struct kw_paging *p, uint64_t table, unsigned int levels,
		     struct kw_translation *t)
{
	for (t->level = levels;; t->level--) {
		unsigned int shift = 12 + 9 * (t->level - 1);
		int err = read_entry(p, table + 8 * (t->linear >> shift & 511), 8, t);

		if (err)
			return err;
		if (t->level > PDPT && t->entry & PAGE_SIZE_BIT)
			return EFAULT;
		if (t->level == 1 || t->entry & PAGE_SIZE_BIT) {
			t->gpa = join(t->entry & ADDRESS, t->linear, shift);
			return 0;
		}
		table = t->entry & ADDRESS;
	}
}

static int walk_long(const struct kw_paging *p, struct kw_translation *t)
{
	unsigned int levels = p->cr4 & CR4_LA57 ? 5 : 4, unused = 64 - (12 + 9 * levels);

	t->level = levels;
	if ((uint64_t)((int64_t)(t->linear << unused) >> unused) != t->linear)
		return EINVAL;
	return walk_wide(p, p->cr3 & ADDRESS, levels, t);
}

static int walk_pae(const struct kw_paging *p, struct kw_translation *t)
{
	unsigned int i = (unsigned int)(t->linear >> 30 & 3);
	int err = 0;

	t->level = PDPT;
	if (p->pdptrs) {
		t->entry = p->pdptrs[i];
		err = t->entry & PRESENT ? 0 : EFAULT;
	} else {
		err = read_entry(p, (p->cr3 & 0xffffffe0) + 8 * i, 8, t);
	}
	return err ? err : walk_wide(p, t->entry & ADDRESS, 2, t);
}

/* Bits 20:13 of an entry for 4 MiB are bits 39:32 of the address (PSE-36). */
static int walk_narrow(const struct kw_paging *p, struct kw_translation *t)
{
	int err;

	t->level = 2;
	err = read_entry(p, (p->cr3 & 0xfffff000) + 4 * (t->linear >> 22 & 1023), 4, t);
	if (err)
		return err;
	if (t->entry & PAGE_SIZE_BIT && p->cr4 & CR4_PSE) {
		t->gpa = join((t->entry & 0xffc00000) | (t->entry >> 13 & 0xff) << 32, t->linear,
			      22);
		return 0;
	}
	t->level = 1;
	err = read_entry(p, (t->entry & 0xfffff000) + 4 * (t->linear >> 12 & 1023), 4, t);
	if (!err)
		t->gpa = join(t->entry & 0xfffff000, t->linear, 12);
	return err;
}

int kw_walk(const struct kw_paging *p, struct kw_translation *t)
{
	t->gpa = 0;
	t->level = 0;
	t->entry = 0;
	if (!(p->cr0 & CR0_PG)) {
		t->gpa = t->linear;
		t->error = 0;
	} else if (p->efer & EFER_LMA) {
		t->error = walk_long(p, t);
	} else if (p->cr4 & CR4_PAE) {
		t->error = walk_pae(p, t);
	} else {
		t->error = walk_narrow(p, t);
	}
	return t->error;
}

uint64_t kw_walk_mask(const struct kvm_sregs2 *sregs)
{
	return sregs->efer & EFER_LMA && sregs->cs.l ? UINT64_MAX : UINT32_MAX;
}
