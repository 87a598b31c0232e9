// SPDX-License-Identifier: MIT
/* base/json: commas, numbers and escaping of the streaming writer. */
#include "base/json.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_written(struct kw_buf *buf, const char *want)
{
	kw_buf_char(buf, '\0');
	assert_string_equal(buf->p, want);
	kw_buf_deinit(buf);
}

static void commas_stand_between_values_only(void **state)
{
	struct kw_buf buf = { 0 };
	struct kw_json j = { .buf = &buf };

	(void)state;
	kw_json_object(&j);
	KW_JSON_KEY(&j, "a");
	kw_json_dec(&j, 1);
	KW_JSON_KEY(&j, "b");
	kw_json_array(&j);
	kw_json_array(&j);
	kw_json_array_end(&j);
	kw_json_hex(&j, 0x838);
	kw_json_bool(&j, true);
	kw_json_object(&j);
	kw_json_object_end(&j);
	kw_json_array_end(&j);
	KW_JSON_KEY(&j, "c");
	kw_json_object(&j);
	KW_JSON_KEY(&j, "d");
	kw_json_text(&j, KW_STR(""));
	kw_json_object_end(&j);
	kw_json_object_end(&j);
	assert_written(&buf, "{\"a\":1,\"b\":[[],\"0x838\",true,{}],\"c\":{\"d\":\"\"}}");
}

static void expect_text(struct kw_str text, const char *want)
{
	struct kw_buf buf = { 0 };
	struct kw_json j = { .buf = &buf };

	kw_json_text(&j, text);
	assert_written(&buf, want);
}

#define TEXT(text, want) expect_text(KW_STR(text), "\"" want "\"")

static void text_is_escaped(void **state)
{
	(void)state;
	TEXT("say \"no\" to C:\\", "say \\\"no\\\" to C:\\\\");
	TEXT("tab\tline\nnul\0end", "tab\\u0009line\\u000anul\\u0000end");
	TEXT("\x1b[31m\x7f", "\\u001b[31m\\u007f");
	TEXT("op\xc3\xa9ration \xf0\x9f\x90\xa7", "op\xc3\xa9ration \xf0\x9f\x90\xa7");
	TEXT("\xc2\x9b\xe2\x80\xae", "\\u009b\\u202e");
	TEXT("\xf3\xa0\x81\x81", "\\udb40\\udc41");
	TEXT("\xff"
	     "a\xe2\x80",
	     "\xef\xbf\xbd"
	     "a\xef\xbf\xbd\xef\xbf\xbd");
}

/* The fast path handles eight bytes at once: every byte at every place of a word. */
static void every_byte_is_escaped_at_every_place(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 0x80; c++) {
		for (size_t place = 0; place < 17; place++) {
			char text[17], want[32], escaped[8];

			memset(text, 'x', sizeof(text));
			text[place] = (char)c;
			if (c == '"' || c == '\\')
				snprintf(escaped, sizeof(escaped), "\\%c", c);
			else if (c < 0x20 || c == 0x7f)
				snprintf(escaped, sizeof(escaped), "\\u%04x", c);
			else
				snprintf(escaped, sizeof(escaped), "%c", c);
			snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", (int)place, text, escaped,
				 (int)(16 - place), text + place + 1);
			expect_text((struct kw_str){ text, sizeof(text) }, want);
		}
	}
}

static void hexadecimal_numbers_agree_with_printf(void **state)
{
	uint64_t value = 0;

	(void)state;
	for (unsigned int i = 0; i < 4096; i++) {
		struct kw_buf buf = { 0 };
		struct kw_json j = { .buf = &buf };
		char want[32];

		kw_json_hex(&j, value);
		snprintf(want, sizeof(want), "\"0x%" PRIx64 "\"", value);
		assert_written(&buf, want);
		value = value * 6364136223846793005u + 1442695040888963407u;
		value >>= i % 64;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_values_only),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(every_byte_is_escaped_at_every_place),
		cmocka_unit_test(hexadecimal_numbers_agree_with_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
