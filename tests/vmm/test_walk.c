// SPDX-License-Identifier: MIT
/*
 * The walk through a guest's page tables: hand-made tables of every mode, broken ones, circular
 * ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "walk.h"

#define PG (1ull << 31)
#define PSE (1ull << 4)
#define PAE (1ull << 5)
#define LA57 (1ull << 12)
#define LMA (1ull << 10)
#define P 1ull
#define PS 0x80ull
#define NX (1ull << 63)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t ram[0x10000];
static unsigned int reads;

static int read_ram(void *arg, uint64_t gpa, void *buf, size_t len)
{
	assert_ptr_equal(arg, ram);
	assert_int_equal(gpa / 4096, (gpa + len - 1) / 4096);
	reads++;
	if (gpa >= sizeof(ram))
		return -ENXIO;
	memcpy(buf, ram + gpa, len);
	return 0;
}

static void put(size_t table, unsigned int i, size_t size, uint64_t entry)
{
	memcpy(ram + table + i * size, &entry, size);
}

static struct kw_paging paging(uint64_t cr0, uint64_t cr4, uint64_t efer, uint64_t cr3)
{
	memset(ram, 0, sizeof(ram));
	reads = 0;
	return (struct kw_paging){
		.cr0 = cr0, .cr3 = cr3, .cr4 = cr4, .efer = efer, .read = read_ram, .arg = ram
	};
}

static void leads_to(const struct kw_paging *p, uint64_t linear, uint64_t gpa, unsigned int level)
{
	struct kw_translation t = { .linear = linear };

	assert_int_equal(kw_walk(p, &t), 0);
	assert_int_equal(t.error, 0);
	assert_int_equal(t.gpa, gpa);
	assert_int_equal(t.level, level);
}

static void ends(const struct kw_paging *p, uint64_t linear, int error, unsigned int level,
		 uint64_t entry)
{
	struct kw_translation t = { .linear = linear, .gpa = 1 };

	assert_int_equal(kw_walk(p, &t), error);
	assert_int_equal(t.error, error);
	assert_int_equal(t.level, level);
	assert_int_equal(t.entry, entry);
	assert_int_equal(t.gpa, 0);
}

static void without_paging_the_address_stands(void **state)
{
	struct kw_paging p = paging(1, PAE | LA57, LMA, 0x1000);

	(void)state;
	leads_to(&p, 0xfffffff0, 0xfffffff0, 0);
	assert_int_equal(reads, 0);
}

static void narrow_tables(void **state)
{
	struct kw_paging p = paging(PG | 1, 0, 0, 0x1018);	/* PCD and PWT are not address
								 * bits */

	(void)state;
	put(0x1000, 0x300, 4, 0x2000 | P);
	put(0x2000, 0x3ff, 4, 0xdeadb000 | P);
	leads_to(&p, 0xc03ff123, 0xdeadb123, 1);
	assert_int_equal(reads, 2);
	ends(&p, 0xc03fe123, EFAULT, 1, 0);
	ends(&p, 0xbfffffff, EFAULT, 2, 0);
	put(0x1000, 0, 4, 0xfffff000 | P);
	ends(&p, 0, ENXIO, 1, 0);
}

static void narrow_tables_with_large_pages(void **state)
{
	struct kw_paging p = paging(PG | 1, PSE, 0, 0x1000);

	(void)state;
	put(0x1000, 1, 4, 0x00c00000 | PS | P);
	leads_to(&p, 0x00412345, 0x00c12345, 2);
	put(0x1000, 2, 4, 0x00c00000 | 0x12 << 13 | PS | P);	/* PSE-36 */
	leads_to(&p, 0x00812345, 0x1200c12345, 2);
	p.cr4 = 0;	/* PS is ignored: a table at 0xc00000, which does not exist */
	ends(&p, 0x00412345, ENXIO, 1, 0);
}

static void pae_tables(void **state)
{
	struct kw_paging p = paging(PG | 1, PAE, 0, 0x1020);	/* a PDPT has 32 bytes */
	__u64 pdptrs[4] = { 0 };

	(void)state;
	put(0x1020, 3, 8, 0x2000 | P);
	put(0x2000, 511, 8, 0x3000 | P | NX);
	put(0x3000, 511, 8, 0x123456000 | P | NX);
	leads_to(&p, 0xffffffff, 0x123456fff, 1);
	assert_int_equal(reads, 3);
	put(0x2000, 0, 8, 0xabcde00000 | PS | P);
	leads_to(&p, 0xc0112233, 0xabcdf12233, 2);
	ends(&p, 0x40000000, EFAULT, 3, 0);

	pdptrs[1] = 0x2000 | P;		/* the registers count, whatever memory contains by now */
	p.pdptrs = pdptrs;
	leads_to(&p, 0x40112233, 0xabcdf12233, 2);
	ends(&p, 0xc0112233, EFAULT, 3, 0);
}

static void four_levels(void **state)
{
	struct kw_paging p = paging(PG | 1, PAE, LMA, 0x1000 | 0xfff);	/* PCID: not an address */
	const uint64_t linear = 0xffffffff96070964;

	(void)state;
	put(0x1000, 511, 8, 0x2000 | P);
	put(0x2000, 510, 8, 0x3000 | P);
	put(0x3000, 0xb0, 8, 0x4000 | P);
	put(0x4000, 0x70, 8, 0x1234567070000 | P | NX | 0x7ff0000000000000);
	leads_to(&p, linear, 0x1234567070964, 1);
	assert_int_equal(reads, 4);
	put(0x3000, 0xb0, 8, 0x40000000 | PS | P);
	leads_to(&p, linear, 0x40070964, 2);
	put(0x2000, 510, 8, 0xc0000000 | PS | P);
	leads_to(&p, linear, 0xc0000000 + (linear & 0x3fffffff), 3);
	put(0x2000, 510, 8, 0xe);
	ends(&p, linear, EFAULT, 3, 0xe);
	put(0x1000, 511, 8, 0x2000 | PS | P);	/* reserved */
	ends(&p, linear, EFAULT, 4, 0x2000 | PS | P);
}

static void five_levels(void **state)
{
	struct kw_paging p = paging(PG | 1, PAE | LA57, LMA, 0x1000);

	(void)state;
	put(0x1000, 0x1f0, 8, 0x2000 | P);
	put(0x2000, 1, 8, 0x3000 | P);
	put(0x3000, 2, 8, 0x4000 | P);
	put(0x4000, 3, 8, 0x5000 | P);
	put(0x5000, 4, 8, 0x77000 | P);
	leads_to(&p, 0xfff0008080604abc, 0x77abc, 1);
	assert_int_equal(reads, 5);
	ends(&p, 0x00f0008080604abc, EFAULT, 5, 0);
}

static void addresses_that_are_not_canonical_go_nowhere(void **state)
{
	struct kw_paging p = paging(PG | 1, PAE, LMA, 0x1000);

	(void)state;
	ends(&p, 0x0000800000000000, EINVAL, 4, 0);
	ends(&p, 0xffff7fffffffffff, EINVAL, 4, 0);
	ends(&p, 0x8000000000000000, EINVAL, 4, 0);
	p.cr4 |= LA57;
	ends(&p, 0x0100000000000000, EINVAL, 5, 0);
	assert_int_equal(reads, 0);
	ends(&p, 0x0000800000000000, EFAULT, 5, 0);
}

/* Self-referencing tables are legal, and what a hostile guest would try. */
static void circles_end(void **state)
{
	struct kw_paging p = paging(PG | 1, PAE | LA57, LMA, 0x1000);
	const uint64_t all[] = { 0, 0x123456789abc, 0xffffffffffffffff, 0xff80000000000000 };

	(void)state;
	for (unsigned int i = 0; i < 512; i++)
		put(0x1000, i, 8, 0x1000 | P);
	for (size_t i = 0; i < COUNT(all); i++) {
		reads = 0;
		leads_to(&p, all[i], 0x1000 + all[i] % 4096, 1);
		assert_int_equal(reads, 5);
	}
	p = paging(PG | 1, 0, 0, 0x1000);
	for (unsigned int i = 0; i < 1024; i++)
		put(0x1000, i, 4, 0x1000 | P);
	leads_to(&p, 0x8badf00d, 0x100d, 1);
	assert_int_equal(reads, 2);
}

/* Whatever the registers and the tables contain: few reads, none across a page. */
static void anything_ends(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		struct kw_paging p = { .read = read_ram, .arg = ram };
		struct kw_translation t;
		uint64_t word[5];

		for (size_t i = 0; i < COUNT(word); i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			word[i] = seed ^ seed >> 32;
		}
		memcpy(ram + (word[0] & 0xfff8), &word[1], 8);
		p.cr0 = word[0] << 31;
		p.cr3 = round & 1 ? word[2] & 0xffff : word[2];
		p.cr4 = word[3];
		p.efer = word[4];
		t.linear = round & 2 ? word[1] & 0x7fffffffffff : word[1];
		reads = 0;
		kw_walk(&p, &t);
		assert_true(reads <= 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_paging_the_address_stands),
		cmocka_unit_test(narrow_tables),
		cmocka_unit_test(narrow_tables_with_large_pages),
		cmocka_unit_test(pae_tables),
		cmocka_unit_test(four_levels),
		cmocka_unit_test(five_levels),
		cmocka_unit_test(addresses_that_are_not_canonical_go_nowhere),
		cmocka_unit_test(circles_end),
		cmocka_unit_test(anything_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
