// SPDX-License-Identifier: MIT
/* base/query: which words find which texts. */
#include "base/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool finds(const char *query, const char *text)
{
	struct kw_str texts[] = { KW_STR("other"), kw_str(text) };

	return kw_query_finds(kw_str(query), texts, 2);
}

static void whole_words_are_found_in_any_case(void **state)
{
	(void)state;
	assert_true(finds("tr", "the limit of TR must fit G"));
	assert_true(finds("TR", "guest_tr_limit"));
	assert_true(finds("0x404", "(0x404)"));
	assert_true(finds("EPERM", "wrmsr-eperm-x2apic"));
	assert_false(finds("tr", "controls"));
	assert_false(finds("limits", "limit"));
}

static void three_letters_find_longer_words_that_begin_so(void **state)
{
	(void)state;
	assert_true(finds("emu", "emulation-failure"));
	assert_false(finds("em", "emulation-failure"));
	assert_false(finds("failure", "emulation-fail"));
	assert_false(finds("lation", "emulation"));
}

static void all_words_must_occur_in_some_text(void **state)
{
	(void)state;
	assert_true(finds("x2apic eperm", "wrmsr-eperm-x2apic"));
	assert_true(finds("eperm-other", "eperm"));
	assert_false(finds("x2apic enomem", "wrmsr-eperm-x2apic"));
}

static void a_query_without_words_finds_all(void **state)
{
	(void)state;
	assert_true(finds("", ""));
	assert_true(finds(" -/ ", "a"));
	assert_true(kw_query_finds(KW_STR(""), NULL, 0));
	assert_false(kw_query_finds(KW_STR("a"), NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_words_are_found_in_any_case),
		cmocka_unit_test(three_letters_find_longer_words_that_begin_so),
		cmocka_unit_test(all_words_must_occur_in_some_text),
		cmocka_unit_test(a_query_without_words_finds_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
