// SPDX-License-Identifier: MIT
/* JSON from other programs: members reported, texts unescaped, and everything invalid rejected. */
#include "base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char told[512];

static void tell(void *arg, unsigned int depth, struct kw_str key, struct kw_str value)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%u:%.*s=%.*s;", depth, (int)key.len, key.p,
		 (int)value.len, value.p);
}

static size_t scan(const char *text)
{
	told[0] = '\0';
	return kw_json_scan(kw_str(text), tell, NULL);
}

static void members_are_told(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "" },
		{ "[]", "" },
		{ " { \"a\" : 1 , \"b\":\"x\\\"y\" }", "1:a=1;1:b=\"x\\\"y\";" },
		{ "{\"a\":{\"b\":-1.5e+3},\"c\":null}", "2:b=-1.5e+3;1:c=null;" },
		{ "{\"a\":[1,2],\"b\":[[1]],\"c\":[],\"d\":[{\"e\":true}]}",
		  "1:a=[1,2];1:c=[];3:e=true;" },
		{ "[{\"a\":\"b\"},{\"a\":\"c\"}]", "2:a=\"b\";2:a=\"c\";" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(scan(rows[i][0]), strlen(rows[i][0]));
		assert_string_equal(told, rows[i][1]);
	}
}

static void what_is_not_valid_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"}",
		"[",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"[1,]",
		"[1 2]",
		"{\"a\":01}",
		"{\"a\":1.}",
		"{\"a\":\"b}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":tru}",
		"[1}",
		"{\"a\":1]",
		"{\"a\":+1}",
		"{\"a\":0x1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(scan(texts[i]), 0);
}

static void depth_is_bounded(void **state)
{
	char text[2 * KW_JSON_DEPTH + 3];

	(void)state;
	for (size_t depth = 1; depth <= KW_JSON_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * depth] = '\0';
		assert_int_equal(scan(text), depth <= KW_JSON_DEPTH ? 2 * depth : 0);
	}
}

static void a_cut_value_is_not_valid(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"\\u00e4\"}],\"c\":-1.5e3}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *copy = malloc(len ? len : 1); /* to the byte */

		memcpy(copy, text, len);
		assert_int_equal(kw_json_scan((struct kw_str){ copy, len }, tell,
					      (told[0] = '\0', NULL)),
				 0);
		free(copy);
	}
}

static void texts_are_unescaped_where_they_are(void **state)
{
	static const char *const rows[][2] = {
		{ "\"\"", "" },
		{ "\"a\\n\\t\\\"\\\\\\/b\"", "a\n\t\"\\/b" },
		{ "\"\\u003c0f\\u003e\"", "<0f>" },
		{ "\"\\u00e4\\u20ac\\ud83d\\ude00\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\"\\ud83d.\"", "\xef\xbf\xbd." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[64];
		size_t len = strlen(rows[i][0]);

		memcpy(room, rows[i][0], len);
		len = kw_json_unescape((struct kw_str){ room, len }, room);
		assert_int_equal(len, strlen(rows[i][1]));
		assert_memory_equal(room, rows[i][1], len);
	}
}

static void bytes_are_read(void **state)
{
	char room[16];

	(void)state;
	assert_int_equal(kw_json_bytes(KW_STR("[82, 65,88]"), room), 3);
	assert_memory_equal(room, "RAX", 3);
	assert_int_equal(kw_json_bytes(KW_STR("[82,256]"), room), 0);
	assert_int_equal(kw_json_bytes(KW_STR("[-1]"), room), 0);
	assert_int_equal(kw_json_bytes(KW_STR("[]"), room), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_told),
		cmocka_unit_test(what_is_not_valid_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_cut_value_is_not_valid),
		cmocka_unit_test(texts_are_unescaped_where_they_are),
		cmocka_unit_test(bytes_are_read),
	};

	return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
