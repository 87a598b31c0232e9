// SPDX-License-Identifier: MIT
/* KVM's rule for machine-check MSR writes: every row of its matrix, for each generation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decode/x86/mce_rule.h"

#define ONES UINT64_MAX
#define NO_BIT0 UINT64_C(0xfffffffffffffffe)
#define NO_BIT10 UINT64_C(0xfffffffffffffbff)
#define NO_BITS UINT64_C(0xfffffffffffffbfe)

enum { AMD = 1, WREN = 2, CTL_P = 4, CMCI_P = 8, HOST = 16 };

struct row {
	uint32_t msr;
	uint64_t value;
	unsigned int with;
	int ret[3]; /* 5.10 unfixed, stable with the fix, 6.0 and later */
	enum kw_mce_reason reason[3];
};

#define SAME(r, why) { r, r, r }, { why, why, why }
#define REFUSED(why) { -1, 1, 1 }, { why, why, why }
#define PERMITTED_LATER { -1, 0, 0 }, { KW_MCE_CTL_BIT0, KW_MCE_OK_BIT0, KW_MCE_OK_BIT0 }

/* 10 banks, as QEMU sets; MC1_CTL is 0x404. */
static const struct row rows[] = {
	/* MCG_STATUS accepts anything */
	{ 0x17a, 0, 0, SAME(0, KW_MCE_OK) },
	{ 0x17a, 0x1234, 0, SAME(0, KW_MCE_OK) },
	{ 0x17a, ONES, HOST, SAME(0, KW_MCE_OK) },
	/* MCG_CTL without MCG_CTL_P */
	{ 0x17b, 0, 0, SAME(1, KW_MCE_NO_MCG_CTL) },
	{ 0x17b, ONES, 0, SAME(1, KW_MCE_NO_MCG_CTL) },
	{ 0x17b, 0, HOST, SAME(0, KW_MCE_OK_HOST) },
	{ 0x17b, ONES, HOST, SAME(1, KW_MCE_NO_MCG_CTL) },
	/* MCG_CTL with MCG_CTL_P */
	{ 0x17b, 0, CTL_P, SAME(0, KW_MCE_OK) },
	{ 0x17b, ONES, CTL_P, SAME(0, KW_MCE_OK) },
	{ 0x17b, NO_BIT0, CTL_P, SAME(1, KW_MCE_MCG_CTL_VALUE) },
	{ 0x17b, 1, CTL_P | HOST, SAME(1, KW_MCE_MCG_CTL_VALUE) },
	/* MCi_CTL */
	{ 0x400, 0, 0, SAME(0, KW_MCE_OK) },
	{ 0x404, ONES, 0, SAME(0, KW_MCE_OK) },
	{ 0x410, NO_BIT10, 0, SAME(0, KW_MCE_OK) },
	{ 0x404, NO_BIT0, 0, PERMITTED_LATER },
	{ 0x404, NO_BITS, 0, PERMITTED_LATER },
	{ 0x404, 0x1234, 0, REFUSED(KW_MCE_CTL_VALUE) },
	{ 0x424, 1, 0, REFUSED(KW_MCE_CTL_VALUE) },
	{ 0x400, ONES >> 1, AMD | WREN, REFUSED(KW_MCE_CTL_VALUE) },
	/* the check of MCi_CTL also applies to the host */
	{ 0x404, NO_BIT0, HOST, PERMITTED_LATER },
	{ 0x404, 5, HOST, REFUSED(KW_MCE_CTL_VALUE) },
	/* MCi_STATUS */
	{ 0x405, 0, 0, SAME(0, KW_MCE_OK) },
	{ 0x405, 1, AMD | WREN, SAME(0, KW_MCE_OK_MCSTATUSWREN) },
	{ 0x401, 1, AMD, REFUSED(KW_MCE_STATUS_VALUE) },
	{ 0x401, 1, WREN, REFUSED(KW_MCE_STATUS_VALUE) }, /* an Intel guest, whatever HWCR says */
	{ 0x425, ONES, 0, REFUSED(KW_MCE_STATUS_VALUE) },
	/* and that of MCi_STATUS is not */
	{ 0x405, ONES, HOST, SAME(0, KW_MCE_OK_HOST) },
	/* MCi_ADDR, MCi_MISC */
	{ 0x406, 0x1234, 0, SAME(0, KW_MCE_OK) },
	{ 0x407, ONES, 0, SAME(0, KW_MCE_OK) },
	/* bank 10 and more of 10 */
	{ 0x428, 0, 0, SAME(1, KW_MCE_NO_BANK) },
	{ 0x42a, 0, HOST, SAME(1, KW_MCE_NO_BANK) },
	{ 0x47f, 0, 0, SAME(1, KW_MCE_NO_BANK) },
	/* MCi_CTL2 */
	{ 0x281, 0, 0, { 1, 1, 1 }, { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_NO_CMCI } },
	{ 0x281, 0, HOST, { 1, 1, 0 }, { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_OK_HOST } },
	{ 0x281, 1, HOST, { 1, 1, 1 }, { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_NO_CMCI } },
	{ 0x281, 0x40007fff, CMCI_P, { 1, 1, 0 }, { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_OK } },
	{ 0x281, 0x8000, CMCI_P, { 1, 1, 1 },
	  { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_CTL2_RESERVED } },
	{ 0x28a, 0, CMCI_P, { 1, 1, 1 }, { KW_MCE_NO_CTL2, KW_MCE_NO_CTL2, KW_MCE_NO_BANK } },
	/* not a machine-check MSR covered here */
	{ 0x179, 0, 0, SAME(0, KW_MCE_NOT_MCE) },
	{ 0x27f, 0, 0, SAME(0, KW_MCE_NOT_MCE) },
	{ 0x2a0, 0, 0, SAME(0, KW_MCE_NOT_MCE) },
	{ 0x3ff, 0, 0, SAME(0, KW_MCE_NOT_MCE) },
	{ 0x480, 0, 0, SAME(0, KW_MCE_NOT_MCE) },
};

static struct kw_mce_write write_of(const struct row *row)
{
	return (struct kw_mce_write){
		.msr = row->msr,
		.value = row->value,
		.banks = 10,
		.amd_compatible = row->with & AMD,
		.mcstatuswren = row->with & WREN,
		.mcg_ctl_p = row->with & CTL_P,
		.mcg_cmci_p = row->with & CMCI_P,
		.host_initiated = row->with & HOST,
	};
}

static enum kw_mce_effect effect_of(const struct row *row, int ret, enum kw_mce_gen gen)
{
	if (ret == 0)
		return KW_MCE_ACCEPTED;
	if (row->with & HOST)
		return KW_MCE_IOCTL_STOPS;
	return ret < 0 && gen == KW_MCE_5_10 ? KW_MCE_KVM_RUN_EPERM : KW_MCE_GP;
}

static void the_matrix_holds_in_each_generation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_mce_write w = write_of(&rows[i]);

		for (int g = 0; g < KW_NMCE_GENS; g++) {
			int column = g == KW_MCE_BEFORE_5_10 ? 0 : g - KW_MCE_5_10;
			struct kw_mce_result r;

			w.gen = (enum kw_mce_gen)g;
			r = kw_mce_rule(&w);
			if (r.ret != rows[i].ret[column] || r.reason != rows[i].reason[column])
				print_error("row %zu, generation %d\n", i, g);
			assert_int_equal(r.ret, rows[i].ret[column]);
			assert_int_equal(r.reason, rows[i].reason[column]);
			assert_int_equal(r.effect, effect_of(&rows[i], r.ret, w.gen));
			assert_int_equal(kw_mce_is_msr(w.msr), r.reason != KW_MCE_NOT_MCE);
		}
	}
}

/* Beyond the rows: every bank, every register, every number of banks. */
static void banks_end_where_mcg_cap_says(void **state)
{
	(void)state;
	for (uint32_t msr = 0x400; msr < 0x480; msr++) {
		for (uint32_t banks = 0; banks <= 32; banks++) {
			struct kw_mce_write w = { KW_MCE_6_0, msr, 0, banks, 0, 0, 0, 0, 0 };
			bool there = (msr - 0x400) / 4 < banks;

			assert_int_equal(kw_mce_rule(&w).ret, there ? 0 : 1);
		}
	}
}

/* All single and double cleared bits of MCi_CTL: only bits 0 and 10 may be among them. */
static void no_other_bits_of_mci_ctl_may_be_clear(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		for (unsigned int j = 0; j < 64; j++) {
			uint64_t clear = UINT64_C(1) << i | UINT64_C(1) << j;
			struct kw_mce_write w = { .msr = 0x404, .value = ~clear, .banks = 32 };
			bool gart = clear == 1 << 10;
			bool correctable = (clear & ~UINT64_C(0x401)) == 0 && !gart;

			w.gen = KW_MCE_5_10;
			assert_int_equal(kw_mce_rule(&w).ret, gart ? 0 : -1);
			w.gen = KW_MCE_FIXED;
			assert_int_equal(kw_mce_rule(&w).ret, gart || correctable ? 0 : 1);
			assert_int_equal(kw_mce_permit_correctable(&w), gart || correctable);
		}
	}
}

static void permit_is_for_mci_ctl_of_an_existing_bank(void **state)
{
	struct kw_mce_write w = { .gen = KW_MCE_5_10, .msr = 0x404, .value = NO_BIT0, .banks = 10 };

	(void)state;
	assert_true(kw_mce_permit_correctable(&w));
	w.value = ONES; /* nothing is cleared: nothing to permit */
	assert_false(kw_mce_permit_correctable(&w));
	w.value = 0;
	assert_false(kw_mce_permit_correctable(&w));
	w.value = NO_BIT0;
	for (w.msr = 0x405; w.msr < 0x408; w.msr++)
		assert_false(kw_mce_permit_correctable(&w));
	w.msr = 0x428; /* bank 10 of 10 */
	assert_false(kw_mce_permit_correctable(&w));
	w.msr = 0x17b;
	assert_false(kw_mce_permit_correctable(&w));
}

static void every_reason_has_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < KW_NMCE_REASONS; i++)
		assert_true(strlen(kw_mce_reason_text((enum kw_mce_reason)i)) > 10);
	assert_string_equal(kw_mce_reason_text(KW_NMCE_REASONS), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_matrix_holds_in_each_generation),
		cmocka_unit_test(banks_end_where_mcg_cap_says),
		cmocka_unit_test(no_other_bits_of_mci_ctl_may_be_clear),
		cmocka_unit_test(permit_is_for_mci_ctl_of_an_existing_bank),
		cmocka_unit_test(every_reason_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
