// SPDX-License-Identifier: MIT
/* The words of kvmwhy.ko: each member where the header has it, and what is refused. */
#include "decode/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct kvmwhy_data full = {
	.version = 1,
	.kind = KVMWHY_KIND_PAGE_FAULT,
	.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP | KVMWHY_HAS_EXIT |
		 KVMWHY_HAS_GPA | KVMWHY_HAS_INSN | KVMWHY_EXIT_VMX | KVMWHY_INJECTED |
		 KVMWHY_CONVERTED,
	.result = -133,
	.msr = 0xc0010015,
	.function = KVMWHY_FUNCTION_VENDOR_GET_MSR,
	.value = 0x1122334455667788,
	.rip = 0xffffffff81000000,
	.exit_reason = 48,
	.gpa = 0xfee00000,
	.error_code = 0x200000006,
	.insn_size = 15,
	.insn = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};

/* @n words in a block of their own, so that a sanitizer sees an out-of-bounds read. */
static enum kw_told_state read_words(const struct kvmwhy_data *data, size_t n, struct kw_told *ret)
{
	uint64_t *words = calloc(n ? n : 1, sizeof(*words));
	enum kw_told_state state;

	assert_non_null(words);
	memcpy(words, data, n * 8 < sizeof(*data) ? n * 8 : sizeof(*data));
	state = kw_told_read(words, n, ret);
	free(words);
	return state;
}

static void every_member_is_read(void **state)
{
	struct kw_told m;

	(void)state;
	assert_int_equal(read_words(&full, KVMWHY_NDATA, &m), KW_TOLD_OK);
	assert_int_equal(m.version, 1);
	assert_int_equal(m.kind, KVMWHY_KIND_PAGE_FAULT);
	assert_int_equal(m.flags, full.flags);
	assert_int_equal(m.result, -133);
	assert_int_equal(m.msr, 0xc0010015);
	assert_int_equal(m.function, KVMWHY_FUNCTION_VENDOR_GET_MSR);
	assert_int_equal(m.value, full.value);
	assert_int_equal(m.rip, full.rip);
	assert_int_equal(m.exit_reason, 48);
	assert_int_equal(m.gpa, 0xfee00000);
	assert_int_equal(m.error_code, 0x200000006);
	assert_int_equal(m.insn_size, 15);
	assert_memory_equal(m.insn, full.insn, 15);
	assert_true(m.has_msr && m.has_value && m.has_rip && m.has_exit && m.has_gpa && m.has_insn);
	assert_true(m.vmx && m.injected && m.converted);
	assert_string_equal(kw_told_function(&m), "vmx_get_msr()");
}

static void a_word_without_its_flag_is_unknown(void **state)
{
	struct kvmwhy_data data = full;
	struct kw_told m;

	(void)state;
	data.flags = KVMWHY_EXIT_VMX;
	assert_int_equal(read_words(&data, KVMWHY_NDATA, &m), KW_TOLD_OK);
	assert_false(m.has_msr || m.has_value || m.has_rip || m.has_exit || m.has_gpa ||
		     m.has_insn);
	assert_false(m.vmx || m.injected || m.converted);
	assert_int_equal(
		m.msr | m.value | m.rip | m.exit_reason | m.gpa | m.error_code | m.insn_size, 0);
	assert_string_equal(kw_told_function(&m), "vmx_get_msr() or svm_get_msr()");
}

static void newer_versions_are_read(void **state)
{
	struct kvmwhy_data data = full;
	struct kw_told m;

	(void)state;
	data.version = 7;
	data.kind = 900;
	data.function = 900;
	data.flags |= 1u << 31;
	assert_int_equal(read_words(&data, 16, &m), KW_TOLD_OK);
	assert_int_equal(m.version, 7);
	assert_null(kw_told_kind_name(m.kind));
	assert_null(kw_told_function(&m));
	assert_string_equal(kw_told_kind_name(KVMWHY_KIND_WRMSR), "wrmsr");
}

static void what_is_no_record_is_refused(void **state)
{
	struct kvmwhy_data data = full;
	struct kw_told m = { .version = 99 };

	(void)state;
	for (size_t n = 0; n < KVMWHY_NDATA; n++)
		assert_int_equal(read_words(&data, n, &m), KW_TOLD_CUT);
	data.version = 0;
	assert_int_equal(read_words(&data, KVMWHY_NDATA, &m), KW_TOLD_NO_VERSION);
	data.version = 1;
	for (size_t i = 0; i < 5; i++) {
		data.result = (const int64_t[]){ 0, 1, -4096, INT64_MIN, INT64_MAX }[i];
		assert_int_equal(read_words(&data, KVMWHY_NDATA, &m), KW_TOLD_NO_RESULT);
	}
	assert_int_equal(m.version, 99);
	data.result = -4095;
	assert_int_equal(read_words(&data, KVMWHY_NDATA, &m), KW_TOLD_OK);
	for (int refused = KW_TOLD_CUT; refused <= KW_TOLD_NO_RESULT; refused++)
		assert_non_null(kw_told_refusal((enum kw_told_state)refused));
	assert_null(kw_told_refusal(KW_TOLD_OK));
}

static void an_impossible_instruction_is_unknown(void **state)
{
	struct kvmwhy_data data = full;
	struct kw_told m;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		data.insn_size = (const uint8_t[]){ 0, 16, 255 }[i];
		assert_int_equal(read_words(&data, KVMWHY_NDATA, &m), KW_TOLD_OK);
		assert_false(m.has_insn);
		assert_int_equal(m.insn_size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_is_read),
		cmocka_unit_test(a_word_without_its_flag_is_unknown),
		cmocka_unit_test(newer_versions_are_read),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(an_impossible_instruction_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
