// SPDX-License-Identifier: MIT
/* Look-ups in the generated tables: names, unknown numbers, strerror texts in many languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decode/tables.h"

static void names_of_known_numbers(void **state)
{
	(void)state;
	assert_string_equal(kw_kvm_exit_name(17), "KVM_EXIT_INTERNAL_ERROR");
	assert_string_equal(kw_kvm_exit_name(9), "KVM_EXIT_FAIL_ENTRY");
	assert_string_equal(kw_kvm_suberror_name(1), "KVM_INTERNAL_ERROR_EMULATION");
	assert_non_null(kw_kvm_suberror_about(0x4b57));
	assert_string_equal(kw_vmx_exit_name(33), "VM-entry failure due to invalid guest state");
	assert_string_equal(kw_vmx_exit_linux(48), "EPT_VIOLATION");
	assert_string_equal(kw_vmx_insn_error(7), "VM entry with invalid control field(s)");
	assert_non_null(kw_vmx_insn_error(0));
	assert_string_equal(kw_svm_exit_name(0x7c), "VMEXIT_MSR");
	assert_string_equal(kw_svm_exit_trace(0x400), "npf");
	assert_string_equal(kw_errno_name(14), "EFAULT");
	assert_string_equal(kw_errno_text(14), "Bad address");
	assert_string_equal(kw_exception_name(14), "#PF");
	assert_string_equal(kw_exception_name(2), "NMI");
	assert_true(kw_exception_has_error_code(13));
	assert_false(kw_exception_has_error_code(6));
}

static void unknown_numbers_give_null(void **state)
{
	(void)state;
	assert_null(kw_kvm_exit_name(4000));
	assert_null(kw_kvm_exit_about(UINT64_MAX));
	assert_null(kw_kvm_suberror_name(5));
	assert_null(kw_vmx_exit_name(35));
	assert_null(kw_vmx_exit_linux(11));
	assert_null(kw_vmx_insn_error(14));
	assert_null(kw_vmx_insn_error(29));
	assert_null(kw_svm_exit_name(0xa7));
	assert_null(kw_svm_exit_name(UINT64_C(0xfffffffb)));
	assert_null(kw_errno_name(0));
	assert_null(kw_errno_name(-14));
	assert_null(kw_errno_name(41));
	assert_null(kw_errno_text(999));
	assert_null(kw_exception_name(9));
	assert_null(kw_exception_name(255));
}

static void a_negative_svm_code_is_found_in_32_and_64_bits(void **state)
{
	(void)state;
	assert_string_equal(kw_svm_exit_name(UINT64_MAX), "VMEXIT_INVALID");
	assert_string_equal(kw_svm_exit_name(UINT32_MAX), "VMEXIT_INVALID");
	assert_string_equal(kw_svm_exit_name(UINT64_MAX - 1), "VMEXIT_BUSY");
}

static int find(const char *text)
{
	return kw_errno_find_text(text, strlen(text));
}

static void strerror_texts_are_found_at_the_start_only(void **state)
{
	(void)state;
	assert_int_equal(find("Operation not permitted"), 1);
	assert_int_equal(find("Operation not permitted\r\n"), 1);
	assert_int_equal(find("Bad address (os error 14)"), 14);
	assert_int_equal(find("No such device"), 19);
	assert_int_equal(find("No such device or address"), 6); /* the longest counts */
	assert_int_equal(find("I/O error"), 5);			/* musl */
	assert_int_equal(find("Input/output error"), 5);
	assert_int_equal(find("错误的地址"), 14);
	assert_int_equal(find("Die Operation ist nicht erlaubt"), 1);
	assert_int_equal(find("Неправильный адрес"), 14);
	assert_int_equal(find("Operation not permitte"), 0);
	assert_int_equal(find("Bad addresses"), 0);
	assert_int_equal(find("an Operation not permitted"), 0);
	assert_int_equal(find(""), 0);
	assert_int_equal(kw_errno_find_text("Bad address", 5), 0);
	assert_int_equal(kw_errno_find_text("\xff\xff", 2), 0);
}

static void every_text_of_the_table_is_found(void **state)
{
	const struct kw_row *row;
	size_t texts = 0;

	(void)state;
	for (size_t i = 0; (row = kw_row_at(KW_TABLE_ERRNO, i)); i++) {
		const char *text[200];
		size_t count = kw_row_all(row, KW_ATTR_TR, text, 200);

		if (kw_row_get(row, KW_ATTR_TEXT))
			assert_int_equal(find(kw_row_get(row, KW_ATTR_TEXT)), row->key);
		for (size_t j = 0; j < count; j++, texts++)
			assert_int_equal(find(strchr(text[j], ' ') + 1), row->key);
	}
	assert_true(texts > 600);
}

static void errno_names_and_aliases(void **state)
{
	(void)state;
	assert_int_equal(kw_errno_find_name("EPERM", 5), 1);
	assert_int_equal(kw_errno_find_name("EWOULDBLOCK", 11), 11);
	assert_int_equal(kw_errno_find_name("EPER", 4), 0);
}

static void the_pool_is_sorted_for_the_search(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < kw_tables_nerrno; i++)
		assert_true(strcmp(kw_tables_pool + kw_tables_errno[i - 1].text,
				   kw_tables_pool + kw_tables_errno[i].text) < 0);
}

static void every_row_has_name_and_source(void **state)
{
	(void)state;
	for (int table = 0; table < KW_NTABLES; table++) {
		const struct kw_row *row;
		size_t i;

		for (i = 0; (row = kw_row_at((enum kw_table)table, i)); i++) {
			assert_true(kw_row_name(row)[0]);
			assert_true(kw_row_get(row, KW_ATTR_SOURCE)[0]);
		}
		assert_true(i > 0);
	}
}

static void rows_with_one_number_follow_each_other(void **state)
{
	const struct kw_row *row = kw_row_find(KW_TABLE_KVM_RUN_ERRNO, 14);
	size_t count = 0;

	(void)state;
	for (; row; row = kw_row_next(KW_TABLE_KVM_RUN_ERRNO, row), count++) {
		assert_int_equal(row->key, 14);
		assert_non_null(kw_row_get(row, KW_ATTR_LOOK));
	}
	assert_int_equal(count, 6);
	assert_null(kw_row_find(KW_TABLE_KVM_RUN_ERRNO, 2));
	assert_null(kw_row_get(NULL, KW_ATTR_LOOK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_known_numbers),
		cmocka_unit_test(unknown_numbers_give_null),
		cmocka_unit_test(a_negative_svm_code_is_found_in_32_and_64_bits),
		cmocka_unit_test(strerror_texts_are_found_at_the_start_only),
		cmocka_unit_test(every_text_of_the_table_is_found),
		cmocka_unit_test(errno_names_and_aliases),
		cmocka_unit_test(the_pool_is_sorted_for_the_search),
		cmocka_unit_test(every_row_has_name_and_source),
		cmocka_unit_test(rows_with_one_number_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
