// SPDX-License-Identifier: MIT
/* MSRs by index and by name, their fields, and that the generated tables are consistent. */
#include "decode/x86/msr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_name(uint32_t index, enum kw_vendor vendor, const char *want)
{
	char name[KW_MSR_NAME_SIZE];
	const struct kw_msr *msr = kw_msr_find(index, vendor);

	assert_non_null(msr);
	assert_int_equal(kw_msr_name(msr, index, name, sizeof(name)), strlen(want));
	assert_string_equal(name, want);
}

static void an_index_has_a_name(void **state)
{
	(void)state;
	expect_name(0x10, KW_VENDOR_UNKNOWN, "IA32_TIME_STAMP_COUNTER");
	expect_name(0x404, KW_VENDOR_UNKNOWN, "IA32_MC1_CTL");
	expect_name(0x47d, KW_VENDOR_AMD, "IA32_MC31_STATUS");
	expect_name(0x29f, KW_VENDOR_INTEL, "IA32_MC31_CTL2");
	expect_name(0x838, KW_VENDOR_UNKNOWN, "IA32_X2APIC_INIT_COUNT");
	expect_name(0x817, KW_VENDOR_UNKNOWN, "IA32_X2APIC_ISR7");
	expect_name(0xc0000082, KW_VENDOR_AMD, "IA32_LSTAR");
	expect_name(0x18d, KW_VENDOR_INTEL, "IA32_PERFEVTSEL7");
	assert_null(kw_msr_find(0x4ffffff, KW_VENDOR_UNKNOWN));
	assert_null(kw_msr_find(UINT32_MAX, KW_VENDOR_AMD));
	assert_null(kw_msr_find(2, KW_VENDOR_INTEL));
}

static void the_vendor_decides_between_rows(void **state)
{
	const struct kw_msr *hwcr = kw_msr_find(0xc0010015, KW_VENDOR_INTEL);

	(void)state;
	expect_name(0x8b, KW_VENDOR_AMD, "PATCH_LEVEL");
	expect_name(0x8b, KW_VENDOR_INTEL, "IA32_BIOS_SIGN_ID");
	expect_name(0x8b, KW_VENDOR_UNKNOWN, "IA32_BIOS_SIGN_ID");
	/* Better the other vendor's name than none; the owner shows it. */
	assert_non_null(hwcr);
	assert_int_equal(hwcr->owner, KW_MSR_AMD);
	assert_string_equal(kw_msr_owner_name(hwcr), "AMD");
	assert_int_equal(kw_msr_find(0x404, KW_VENDOR_AMD)->owner, KW_MSR_BOTH);
	expect_name(0x40000000, KW_VENDOR_INTEL, "HV_X64_MSR_GUEST_OS_ID");
}

static void all_rows_of_an_index_are_found(void **state)
{
	const struct kw_msr *first = kw_msr_next(0x8b, NULL);
	const struct kw_msr *second = kw_msr_next(0x8b, first);

	(void)state;
	assert_int_equal(first->owner, KW_MSR_BOTH);
	assert_int_equal(second->owner, KW_MSR_AMD);
	assert_null(kw_msr_next(0x8b, second));
	assert_null(kw_msr_next(0x4ffffff, NULL));
}

static void a_short_buffer_is_filled_and_ended(void **state)
{
	const struct kw_msr *msr = kw_msr_find(0x404, KW_VENDOR_UNKNOWN);
	char buf[8] = "???????";

	(void)state;
	assert_int_equal(kw_msr_name(msr, 0x404, buf, sizeof(buf)), 12);
	assert_string_equal(buf, "IA32_MC");
	assert_int_equal(kw_msr_name(msr, 0x404, NULL, 0), 12);
	assert_int_equal(kw_msr_name(NULL, 0x404, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

static void linux_names_belong_to_their_element(void **state)
{
	const struct kw_msr *msr = kw_msr_find(0x400, KW_VENDOR_UNKNOWN);
	char buf[128];

	(void)state;
	kw_msr_linux(msr, 0x400, buf, sizeof(buf));
	assert_string_equal(buf, "MSR_IA32_MC0_CTL");
	assert_int_equal(kw_msr_linux(msr, 0x404, buf, sizeof(buf)), 0);
	kw_msr_linux(kw_msr_find(0xc2, KW_VENDOR_INTEL), 0xc2, buf, sizeof(buf));
	assert_string_equal(buf, "MSR_IA32_PERFCTR1 MSR_P6_PERFCTR1");
	kw_msr_also(msr, 0x404, buf, sizeof(buf));
	assert_string_equal(buf, "MC1_CTL");
}

static void expect_index(const char *name, uint32_t want)
{
	uint32_t index = ~want;

	assert_non_null(kw_msr_find_name(name, &index));
	assert_int_equal(index, want);
}

static void a_name_has_an_index(void **state)
{
	uint32_t index = 7;

	(void)state;
	expect_index("IA32_MC1_CTL", 0x404);
	expect_index("msr_ia32_mc1_ctl", 0x404);
	expect_index("IA32_MC31_MISC", 0x47f);
	expect_index("MSR_IA32_APICBASE", 0x1b);
	expect_index("ia32_apic_base", 0x1b);
	expect_index("efer", 0xc0000080);
	expect_index("PLATFORM_INFO", 0xce);
	expect_index("IA32_PMC0", 0xc1);
	expect_index("MSR_IA32_PMC0", 0x4c1);
	expect_index("MSR_LASTBRANCH_31_TO_IP", 0x6df);
	expect_index("TSC", 0x10);
	assert_null(kw_msr_find_name("IA32_MC32_CTL", &index));
	assert_null(kw_msr_find_name("IA32_MC01_CTL", &index));
	assert_null(kw_msr_find_name("IA32_MC_CTL", &index));
	assert_null(kw_msr_find_name("IA32_MC99999999999999999999_CTL", &index));
	assert_null(kw_msr_find_name("IA32_MC1_CTLX", &index));
	assert_null(kw_msr_find_name("MSR_", &index));
	assert_null(kw_msr_find_name("", &index));
	assert_int_equal(index, 7);
}

static struct kw_msr_field field_of(uint32_t index, const char *name)
{
	const struct kw_msr *msr = kw_msr_find(index, KW_VENDOR_UNKNOWN);
	struct kw_msr_field field;

	for (size_t i = 0; kw_msr_field(msr, i, &field); i++)
		if (!strcmp(field.name, name))
			return field;
	fail_msg("no field %s", name);
	return field;
}

static void fields_give_their_part_of_the_value(void **state)
{
	struct kw_msr_field ee0 = field_of(0x404, "EE0");
	struct kw_msr_field ee = field_of(0x404, "EE63_EE11");
	struct kw_msr_field mode = field_of(0x832, "TIMER_MODE");
	struct kw_msr_field tsc = field_of(0x10, "TSC");

	(void)state;
	assert_int_equal(kw_msr_field_value(&ee0, 0xfffffffffffffffe), 0);
	assert_int_equal(kw_msr_field_value(&ee, 0xfffffffffffffffe), 0x1fffffffffffff);
	assert_int_equal(kw_msr_field_value(&tsc, UINT64_MAX), UINT64_MAX);
	assert_string_equal(kw_msr_value_text(&mode, 0x400ec), "TSC-deadline");
	assert_null(kw_msr_value_text(&mode, 0x600ec));
	assert_null(kw_msr_value_text(&ee0, 0));
}

static void reserved_bits_are_known_where_bits_are(void **state)
{
	(void)state;
	assert_int_equal(kw_msr_reserved_mask(kw_msr_find(0x838, KW_VENDOR_UNKNOWN)),
			 0xffffffff00000000);
	assert_int_equal(kw_msr_reserved_mask(kw_msr_find(0x404, KW_VENDOR_UNKNOWN)), 0);
	assert_int_equal(kw_msr_reserved_mask(kw_msr_find(0x277, KW_VENDOR_UNKNOWN)),
			 0xf8f8f8f8f8f8f8f8);
	assert_int_equal(kw_msr_find(0x1a6, KW_VENDOR_INTEL)->nfields, 0);
	assert_int_equal(kw_msr_reserved_mask(kw_msr_find(0x1a6, KW_VENDOR_INTEL)), 0);
}

static void every_row_is_complete(void **state)
{
	const struct kw_msr *msr;

	(void)state;
	for (size_t i = 0; (msr = kw_msr_at(i)); i++) {
		struct kw_msr_field field;
		char name[KW_MSR_NAME_SIZE];
		uint32_t last = msr->index + (msr->count - 1u) * msr->stride;
		uint32_t index;
		int next = 63;

		assert_true(kw_msr_about(msr)[0] && kw_msr_cite(msr)[0]);
		assert_true(kw_msr_name(msr, last, name, sizeof(name)) < sizeof(name));
		assert_non_null(kw_msr_find_name(name, &index));
		assert_int_equal(index, last);
		for (size_t k = 0; kw_msr_field(msr, k, &field); k++) {
			assert_int_equal(field.high, next);
			assert_true(field.low <= field.high);
			assert_int_equal(field.reserved, !field.name[0]);
			next = field.low - 1;
		}
		assert_int_equal(next, msr->nfields ? -1 : 63);
	}
}

static void the_index_is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < kw_msr_count; i++) {
		assert_true(kw_msr_index[i - 1] <= kw_msr_index[i]);
		assert_true(kw_msr_row[i] < kw_msr_row_count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_has_a_name),
		cmocka_unit_test(the_vendor_decides_between_rows),
		cmocka_unit_test(all_rows_of_an_index_are_found),
		cmocka_unit_test(a_short_buffer_is_filled_and_ended),
		cmocka_unit_test(linux_names_belong_to_their_element),
		cmocka_unit_test(a_name_has_an_index),
		cmocka_unit_test(fields_give_their_part_of_the_value),
		cmocka_unit_test(reserved_bits_are_known_where_bits_are),
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(the_index_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
