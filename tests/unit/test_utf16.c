// SPDX-License-Identifier: MIT
/* UTF-16 is recognised by its mark and the ASCII after it; any other stream comes out unchanged. */
#include "base/utf16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(struct kw_str in, struct kw_str expected)
{
	struct kw_utf16 u = { 0 };
	char out[64];

	for (int round = 0; round < 2; round++) { /* a second stream starts from scratch */
		size_t len = 0, at = 0;

		for (; at < in.len && !kw_utf16_passes(&u, (unsigned char)in.p[at]); at++)
			len += kw_utf16_byte(&u, (unsigned char)in.p[at], out + len);
		memcpy(out + len, in.p + at, in.len - at);
		len += in.len - at;
		len += kw_utf16_end(&u, out + len);
		assert_int_equal(len, expected.len);
		assert_memory_equal(out, expected.p, len);
	}
}

static void both_orders_become_utf8(void **state)
{
	static const struct kw_str text = KW_STR("A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n");

	(void)state;
	check(KW_STR("\xff\xfe" "A\0\xe4\0\xac\x20\x3d\xd8\x00\xde\n\0"), text);
	check(KW_STR("\xfe\xff" "\0A\0\xe4\x20\xac\xd8\x3d\xde\x00\0\n"), text);
}

static void halves_of_pairs_are_replaced(void **state)
{
	(void)state;
	check(KW_STR("\xff\xfe" "A\0\x3d\xd8" "B\0\x00\xde"), KW_STR("AB\xef\xbf\xbd"));
}

static void what_is_no_utf16_passes(void **state)
{
	static const struct kw_str texts[] = {
		KW_STR(""),
		KW_STR("A"),
		KW_STR("\xff"),
		KW_STR("\xfe"),
		KW_STR("\xff"
		       "A"),
		KW_STR("\xff\xfe"),
		KW_STR("\xff\xfe"
		       "A"),
		KW_STR("\xfe\xff\0"),
		KW_STR("\xff\xfe \xc3 text"),
		KW_STR("\xfe\xff\0\0\0"),
		KW_STR("\xff\xff\xfe"
		       "A\0"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check(texts[i], texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_orders_become_utf8),
		cmocka_unit_test(halves_of_pairs_are_replaced),
		cmocka_unit_test(what_is_no_utf16_passes),
	};

	return cmocka_run_group_tests_name("utf16", tests, NULL, NULL);
}
