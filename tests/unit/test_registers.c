// SPDX-License-Identifier: MIT
/* Bits by name, segment rights as text, and registers that contradict each other. */
#include "decode/x86/registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SET(f, name, value) kw_failure_set((f), KW_F_##name, (value), KW_SEEN, KW_NO_LINE)

static struct kw_failure failure;

static void expect_bits(enum kw_fact reg, uint64_t value, const char *text)
{
	char buf[256];

	assert_int_equal(kw_bits_text(reg, value, buf, sizeof(buf)), strlen(text));
	assert_string_equal(buf, text);
}

static void bits_have_the_names_of_the_manuals(void **state)
{
	(void)state;
	expect_bits(KW_F_cr0, 0x80050033, "PE MP ET NE WP AM PG");
	expect_bits(KW_F_cr0, 0x60000010, "ET NW CD");
	expect_bits(KW_F_cr4, 0x3706f0,
		    "PSE PAE MCE PGE OSFXSR OSXMMEXCPT FSGSBASE PCIDE OSXSAVE SMEP SMAP");
	expect_bits(KW_F_cr4, 1ull << 32 | 1 << 12, "LA57 FRED");
	expect_bits(KW_F_efer, 0xd01, "SCE LME LMA NXE");
	expect_bits(KW_F_efer, 0x1d01, "SCE LME LMA NXE SVME");
	expect_bits(KW_F_rflags, 0x00010086, "PF SF RF");
	expect_bits(KW_F_rflags, 0x3202, "IF IOPL=3");
	expect_bits(KW_F_rflags, 0x2, "");
	expect_bits(KW_F_dr6, 0xffff0ff0, "");
	expect_bits(KW_F_dr6, 0xfffe0ff0, "");
	expect_bits(KW_F_dr6, 0xffff4ff1, "B0 BS");
	expect_bits(KW_F_dr6, 0xffff07f0, "BLD");
	expect_bits(KW_F_dr6, 0, "");
	expect_bits(KW_F_dr7, 0x400, "");
	expect_bits(KW_F_dr7, 0xd0402, "G0 R/W0=1 LEN0=3");
	expect_bits(KW_F_apic_base, 0xfee00d00, "BSP EXTD EN");
	expect_bits(KW_F_rip, 0xffff, "");
}

static void reserved_bits_are_numbered(void **state)
{
	(void)state;
	expect_bits(KW_F_cr0, 1ull << 63 | 0x40, "bit6 bit63");
	assert_true(kw_bits_reserved(KW_F_cr0, 1ull << 63 | 0x51) == (1ull << 63 | 0x40));
	assert_true(kw_bits_reserved(KW_F_rflags, 0x800a) == 0x8008);
	assert_true(kw_bits_reserved(KW_F_dr7, 0x1400) == 0x1000);
	assert_true(kw_bits_reserved(KW_F_dr6, 0xffff0ff0) == 0);
	assert_true(kw_bits_reserved(KW_F_rip, UINT64_MAX) == 0);
	assert_true(kw_bits_reserved(KW_F_vmcs_cr0_mask, UINT64_MAX) == 0);
}

static void small_buffers_get_whole_words(void **state)
{
	char buf[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(buf); size++) {
		size_t len;

		memset(buf, 'x', sizeof(buf));
		len = kw_bits_text(KW_F_cr0, 0x80050033, buf, size);
		assert_true(len < size);
		assert_int_equal(strlen(buf), len);
	}
	assert_string_equal(buf, "PE MP");
	assert_int_equal(kw_bits_text(KW_F_cr0, 0x80050033, NULL, 0), 0);
}

static void expect_segment(uint64_t attr, bool system, const char *text)
{
	char buf[96];

	assert_int_equal(kw_segment_text(attr, system, buf, sizeof(buf)), strlen(text));
	assert_string_equal(buf, text);
}

static void segments_have_the_types_of_the_manuals(void **state)
{
	(void)state;
	expect_segment(0xa09b, false, "code, execute/read, accessed, DPL 0, 64-bit");
	expect_segment(0xc0fb, false, "code, execute/read, accessed, DPL 3, 32-bit");
	expect_segment(0x93, false, "data, read/write, accessed, DPL 0, 16-bit");
	expect_segment(0xc096, false, "data, read/write, expand-down, DPL 0, 32-bit");
	expect_segment(0x9c, false, "code, execute-only, conforming, DPL 0, 16-bit");
	expect_segment(0x8b, true, "TSS, busy, DPL 0");
	expect_segment(0x82, true, "LDT, DPL 0");
	expect_segment(0x9b, true,
		       "code, execute/read, accessed, DPL 0, 16-bit, S=1: not a system segment");
	expect_segment(0x13, false, "data, read/write, accessed, DPL 0, 16-bit, not present");
	expect_segment(0x10000, true, "unusable");
}

static struct kw_failure *long64(void)
{
	kw_failure_init(&failure, NULL);
	failure.arch = KW_ARCH_X86;
	SET(&failure, cr0, 0x80050033);
	SET(&failure, cr4, 0x3706f0);
	SET(&failure, efer, 0xd01);
	SET(&failure, rflags, 0x10002);
	SET(&failure, cpl, 0);
	SET(&failure, rip, 0xffffffff81000000);
	SET(&failure, rsp, 0xffff888000000000);
	SET(&failure, cs_sel, 0x10);
	SET(&failure, cs_base, 0);
	SET(&failure, cs_limit, 0xffffffff);
	SET(&failure, cs_attr, 0xa09b);
	SET(&failure, ss_sel, 0x18);
	SET(&failure, ss_attr, 0xc093);
	SET(&failure, tr_attr, 0x8b);
	SET(&failure, smm, 0);
	return &failure;
}

static struct kw_failure *real16(void)
{
	long64();
	SET(&failure, cr0, 0x60000010);
	SET(&failure, cr4, 0);
	SET(&failure, efer, 0);
	SET(&failure, rip, 0xfff0);
	SET(&failure, cs_sel, 0xf000);
	SET(&failure, cs_base, 0xffff0000);
	SET(&failure, cs_limit, 0xffff);
	SET(&failure, cs_attr, 0x9b);
	SET(&failure, ss_attr, 0x93);
	return &failure;
}

static void user_cs(void)
{
	long64();
	SET(&failure, cs_sel, 0x13);
}

static void expect_none(void)
{
	struct kw_oddity o[KW_MAX_ODDITIES];
	size_t count = kw_oddities(&failure, o, KW_MAX_ODDITIES);

	if (count)
		print_message("unexpected: %s\n", o[0].text);
	assert_int_equal(count, 0);
}

/* Exactly one oddity, with these words in it. */
static void expect_one(const char *words, bool note)
{
	struct kw_oddity o[KW_MAX_ODDITIES];
	size_t count = kw_oddities(&failure, o, KW_MAX_ODDITIES);

	for (size_t i = 1; i < count; i++)
		print_message("also: %s\n", o[i].text);
	assert_int_equal(count, 1);
	if (!strstr(o[0].text, words))
		fail_msg("'%s' is not in '%s'", words, o[0].text);
	assert_int_equal(o[0].note, note);
	assert_int_not_equal(o[0].fact[0], KW_F_none);
}

static void sound_machines_have_no_oddities(void **state)
{
	(void)state;
	long64();
	expect_none();
	real16();
	expect_none();
	kw_failure_init(&failure, NULL);
	expect_none();
}

#define ODD(make, name, value, words)       \
	do {                                \
		make();                     \
		SET(&failure, name, value); \
		expect_one(words, false);   \
	} while (0)

#define NOTE(make, name, value, words)      \
	do {                                \
		make();                     \
		SET(&failure, name, value); \
		expect_one(words, true);    \
	} while (0)

static void odd_control_registers_are_named(void **state)
{
	(void)state;
	ODD(real16, cr0, 0xe0000010, "CR0.PG is set with CR0.PE clear");
	ODD(real16, cr0, 0x20000010, "CR0.NW");
	ODD(real16, cr0, 0, "CR0.ET");
	ODD(real16, cr0, 0x60000050, "CR0 has reserved bits");
	ODD(long64, cr0, 0x00050033, "CR0.PG clear");
	ODD(long64, cr4, 0x3706d0, "CR4.PAE clear");
	ODD(long64, efer, 0xc01, "LME clear");
	ODD(real16, cr4, 0x20000, "CR4.PCIDE");
	ODD(long64, rflags, 0x30002, "RFLAGS.VM");
	ODD(long64, rflags, 0, "bit 1");
	long64();
	SET(&failure, cr0, 0x80040033);
	SET(&failure, cr4, 0xb706f0);
	expect_one("CR4.CET", false);
	long64();
	SET(&failure, smm, 1);
	SET(&failure, cr4, 0x3726f0);
	expect_one("SMM", false);
}

static void odd_segments_are_named(void **state)
{
	(void)state;
	ODD(long64, cs_attr, 0xe09b, "CS.L and CS.D");
	ODD(long64, cs_attr, 0xa01b, "not present");
	ODD(long64, tr_attr, 0x89, "busy TSS");
	ODD(long64, tr_attr, 0x83, "16-bit TSS in IA-32e mode");
	ODD(user_cs, cpl, 3, "CPL is not the DPL of SS");
	ODD(long64, cs_sel, 0x13, "CPL is not the RPL of CS");
	ODD(long64, cs_attr, 0xa0fb, "DPL of the nonconforming CS");
	ODD(real16, cs_attr, 0x80, "CS holds no code");
	real16();
	SET(&failure, cs_attr, 0x80);
	SET(&failure, cs_sel, 0);
	SET(&failure, cs_base, 0);
	SET(&failure, cs_limit, 0);
	expect_one("CS is all zero", false);
	NOTE(real16, ss_attr, 0xf3, "DPL is above 0");
	NOTE(real16, ds_limit, 0xffffffff, "big real mode");
}

static void odd_addresses_are_named(void **state)
{
	(void)state;
	ODD(long64, rip, 0x8000000000000000, "RIP is not canonical");
	NOTE(long64, rsp, 0x8000000000000000, "RSP is not canonical");
	ODD(real16, rip, 0x10000, "beyond the limit of CS");
	ODD(real16, rip, 0x100000000, "above 4 GiB");
}

static void a_real_mode_selector_has_no_rpl(void **state)
{
	(void)state;
	real16();
	SET(&failure, cr0, 0x11); /* CR0.PE was just set, the far jump is still to come */
	SET(&failure, cs_sel, 0x25a1);
	SET(&failure, cs_base, 0x25a10);
	expect_none();
	SET(&failure, cs_base, 0);
	expect_one("CPL is not the RPL of CS", false);
}

static void no_more_than_there_is_room_for(void **state)
{
	struct kw_oddity o[KW_MAX_ODDITIES];

	(void)state;
	real16();
	SET(&failure, cr0, 0xa0000040);
	SET(&failure, rflags, 0);
	assert_int_equal(kw_oddities(&failure, o, 2), 2);
	assert_int_equal(kw_oddities(&failure, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_have_the_names_of_the_manuals),
		cmocka_unit_test(reserved_bits_are_numbered),
		cmocka_unit_test(small_buffers_get_whole_words),
		cmocka_unit_test(segments_have_the_types_of_the_manuals),
		cmocka_unit_test(sound_machines_have_no_oddities),
		cmocka_unit_test(odd_control_registers_are_named),
		cmocka_unit_test(odd_segments_are_named),
		cmocka_unit_test(odd_addresses_are_named),
		cmocka_unit_test(a_real_mode_selector_has_no_rpl),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
