// SPDX-License-Identifier: MIT
/* What is where in a PC. */
#include "decode/x86/place.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SET(f, name, value) kw_failure_set((f), KW_F_##name, (value), KW_SEEN, KW_NO_LINE)

static struct kw_failure failure;

static void fresh(void)
{
	kw_failure_init(&failure, NULL);
	failure.arch = KW_ARCH_X86;
}

static void every_place_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < KW_NPLACES; i++) {
		assert_non_null(kw_place_name((enum kw_place)i));
		assert_non_null(kw_place_text((enum kw_place)i));
	}
}

static void physical_addresses_have_places(void **state)
{
	static const struct {
		uint64_t gpa;
		enum kw_place place;
	} cases[] = {
		{ 0, KW_PLACE_FIRST_PAGE },	      { 0xfff, KW_PLACE_FIRST_PAGE },
		{ 0x1000, KW_PLACE_RAM_LOW },	      { 0x9ffff, KW_PLACE_RAM_LOW },
		{ 0xa0000, KW_PLACE_VGA_HOLE },	      { 0xb0000, KW_PLACE_VGA_HOLE },
		{ 0xc0000, KW_PLACE_OPTION_ROM },     { 0xfd099, KW_PLACE_SYSTEM_ROM },
		{ 0x100000, KW_PLACE_RAM },	      { 0x7fffffff, KW_PLACE_RAM },
		{ 0xb0000000, KW_PLACE_RAM_OR_HOLE }, { 0xe0000000, KW_PLACE_PCI_HOLE },
		{ 0xfec00000, KW_PLACE_IOAPIC },      { 0xfec01000, KW_PLACE_PCI_HOLE },
		{ 0xfed000f0, KW_PLACE_HPET },	      { 0xfed40000, KW_PLACE_TPM },
		{ 0xfee000b0, KW_PLACE_LAPIC },	      { 0xfee01000, KW_PLACE_PCI_HOLE },
		{ 0xfffffff0, KW_PLACE_FLASH },	      { 0x100000000, KW_PLACE_HIGH },
		{ UINT64_MAX, KW_PLACE_HIGH },
	};

	(void)state;
	fresh();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(kw_place_name(kw_place_of_gpa(&failure, cases[i].gpa)),
				    kw_place_name(cases[i].place));
}

static void the_local_apic_moves_with_its_base(void **state)
{
	(void)state;
	fresh();
	SET(&failure, apic_base, 0xfee00900);
	assert_int_equal(kw_place_of_gpa(&failure, 0xfee00300), KW_PLACE_LAPIC);
	SET(&failure, apic_base, 0x40000900);
	assert_int_equal(kw_place_of_gpa(&failure, 0x40000300), KW_PLACE_LAPIC);
	assert_int_equal(kw_place_of_gpa(&failure, 0xfee00300), KW_PLACE_PCI_HOLE);
	SET(&failure, apic_base, 0);
	assert_int_equal(kw_place_of_gpa(&failure, 0x300), KW_PLACE_FIRST_PAGE);
}

static void linear_addresses_need_paging_off_or_an_assumption(void **state)
{
	bool assumed = true;

	(void)state;
	fresh();
	SET(&failure, cr0, 0x11);
	assert_int_equal(kw_place_of_gva(&failure, 0xb0000, &assumed), KW_PLACE_VGA_HOLE);
	assert_false(assumed);

	SET(&failure, cr0, 0x80050033);
	SET(&failure, cr4, 0x20);
	SET(&failure, efer, 0xd01);
	SET(&failure, rflags, 2);
	SET(&failure, cs_attr, 0xa09b);
	assert_int_equal(kw_place_of_gva(&failure, 0xb0000, &assumed), KW_PLACE_VGA_HOLE);
	assert_true(assumed);
	assert_int_equal(kw_place_of_gva(&failure, 8, &assumed), KW_PLACE_FIRST_PAGE);
	assert_false(assumed);
	assert_int_equal(kw_place_of_gva(&failure, 0xffff888000000000, &assumed), KW_PLACE_UNKNOWN);
	assert_false(assumed);
	assert_int_equal(kw_place_of_gva(&failure, 0x8000000000000000, &assumed),
			 KW_PLACE_NON_CANONICAL);
	assert_false(assumed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place_has_a_name_and_a_text),
		cmocka_unit_test(physical_addresses_have_places),
		cmocka_unit_test(the_local_apic_moves_with_its_base),
		cmocka_unit_test(linear_addresses_need_paging_off_or_an_assumption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
