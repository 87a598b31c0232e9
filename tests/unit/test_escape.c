// SPDX-License-Identifier: MIT
/* base/escape: what a log may contain and what of it may reach a terminal or a page. */
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef void (*escape_fn)(struct kw_buf *buf, struct kw_str text);

static void expect(escape_fn escape, struct kw_str text, const char *want)
{
	struct kw_buf buf = { 0 };

	escape(&buf, text);
	kw_buf_char(&buf, '\0');
	assert_string_equal(buf.p, want);
	kw_buf_deinit(&buf);
}

#define TERMINAL(text, want) expect(kw_escape_terminal, KW_STR(text), want)
#define HTML(text, want) expect(kw_escape_html, KW_STR(text), want)

static void plain_text_is_kept(void **state)
{
	(void)state;
	TERMINAL("", "");
	TERMINAL("KVM: entry failed, hardware error 0x80000021",
		 "KVM: entry failed, hardware error 0x80000021");
	TERMINAL("op\xc3\xa9ration non permise", "op\xc3\xa9ration non permise");
	TERMINAL("\xe6\x93\x8d\xe4\xbd\x9c \xf0\x9f\x90\xa7",
		 "\xe6\x93\x8d\xe4\xbd\x9c \xf0\x9f\x90\xa7");
	TERMINAL("a\tb", "a b");
}

static void controls_are_shown_as_bytes(void **state)
{
	(void)state;
	TERMINAL("\x1b[31mred\x07\r\n", "\\x1b[31mred\\x07\\x0d\\x0a");
	TERMINAL("a\0b\x7f", "a\\x00b\\x7f");
	TERMINAL("\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b"
		 "31m"); /* C1 CSI */
	TERMINAL("abc\xe2\x80\xae"
		 "fed",
		 "abc\\xe2\\x80\\xae"
		 "fed"); /* right-to-left override */
	TERMINAL("\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"); /* isolates */
	TERMINAL("\xef\xbb\xbf\xe2\x80\x8b", "\\xef\\xbb\\xbf\\xe2\\x80\\x8b");
	TERMINAL("\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"); /* tag character */
}

static void bytes_that_are_no_utf8_are_shown(void **state)
{
	(void)state;
	TERMINAL("\x9b"
		 "31m",
		 "\\x9b"
		 "31m");
	TERMINAL("a\xff\xfe", "a\\xff\\xfe");
	TERMINAL("\xc0\xaf", "\\xc0\\xaf"); /* overlong */
	TERMINAL("\xe0\x80\xaf", "\\xe0\\x80\\xaf"); /* overlong */
	TERMINAL("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	TERMINAL("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	TERMINAL("\xe2\x80", "\\xe2\\x80"); /* cut */
	TERMINAL("\xe2", "\\xe2");
}

static void html_cannot_open_a_tag(void **state)
{
	(void)state;
	HTML("<script a='1' b=\"2\">&", "&lt;script a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;");
	HTML("\xc3\xa9\x1b", "\xc3\xa9\\x1b");
}

/* Whatever comes in: only well-formed characters that are not controls come out. */
static void any_two_bytes_come_out_harmless(void **state)
{
	(void)state;
	for (unsigned int pair = 0; pair < 0x10000; pair++) {
		char text[2] = { (char)(pair >> 8), (char)(pair & 0xff) };
		struct kw_buf buf = { 0 };
		struct kw_str out;
		uint32_t character;

		kw_escape_terminal(&buf, (struct kw_str){ text, 2 });
		out = (struct kw_str){ buf.p, buf.len };
		while (out.len) {
			size_t len = kw_utf8_next(out, &character);

			assert_int_not_equal(len, 0);
			assert_false(kw_is_control(character));
			out = kw_str_from(out, len);
		}
		kw_buf_deinit(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_kept),
		cmocka_unit_test(controls_are_shown_as_bytes),
		cmocka_unit_test(bytes_that_are_no_utf8_are_shown),
		cmocka_unit_test(html_cannot_open_a_tag),
		cmocka_unit_test(any_two_bytes_come_out_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
