// SPDX-License-Identifier: MIT
/* The code bytes around RIP, cut into rows. */
#include "insn_machine.h"

static void expect_listing(unsigned int bits, const char *bytes, const char *const *texts)
{
	struct kw_listing_row rows[KW_MAX_ROWS];
	size_t count, at = 0;

	machine(bits);
	code(bytes);
	count = kw_listing(&failure, rows);
	for (size_t i = 0; i < count; i++) {
		const char *text = rows[i].invalid ? "data" : insn.text;

		assert_int_equal(rows[i].offset, at);
		at += rows[i].length;
		if (!rows[i].invalid)
			assert_true(kw_insn_decode(failure.code.bytes + rows[i].offset,
						   rows[i].length, bits, KW_IP_UNKNOWN, &insn));
		assert_int_equal(rows[i].marked, rows[i].offset == failure.code.marked);
		if (!texts[i])
			break;
		assert_string_equal(text, texts[i]);
	}
}

static void the_starting_case_is_listed(void **state)
{
	static const char *const texts[] = {
		"ret",		"mov rax, dr6", "pop rbp",	  "ret",	  "ud2",
		"nop",		"mov ecx, edi", "mov eax, esi",	  "wrmsr",	  "nop",
		"ret",		"push rbp",	"shl rdx, 0x20",  "mov esi, esi", "or rsi, rdx",
		"xor edx, edx", "mov rbp, rsp", "call +0x39bf45", "pop rbp",	  "ret",
		NULL,
	};

	(void)state;
	expect_listing(
		64,
		"c3 0f 21 f0 5d c3 0f 0b 0f 1f 84 00 00 00 00 00 89 f9 89 f0 <0f> 30 0f 1f "
		"44 00 00 c3 55 48 c1 e2 20 89 f6 48 09 d6 31 d2 48 89 e5 e8 40 bf 39 00 5d c3",
		texts);
}

static void listings_synchronise_on_the_mark(void **state)
{
	static const char *const cut_head[] = { "data", "rdmsr", "wrmsr", NULL };
	static const char *const holes[] = { "data", "nop", "data", "ret", "data", NULL };

	(void)state;
	/* LOCK before RDMSR matches nothing */
	expect_listing(32, "f0 0f 32 <0f> 30", cut_head);
	expect_listing(64, "-- <90> -- c3 48 8d", holes);
}

static void the_whole_of_the_bytes_is_listed_once(void **state)
{
	struct kw_listing_row rows[KW_MAX_ROWS];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t count, at = 0, marks = 0;

		machine(round % 3 == 0 ? 16 : round % 3 == 1 ? 32 : 64);
		failure.code.len = (uint8_t)(round % 65);
		if (failure.code.len)
			failure.code.marked = (int8_t)(round / 65 % failure.code.len);
		for (size_t i = 0; i < 64; i++) {
			seed = seed * 1664525 + 1013904223;
			failure.code.bytes[i] = (uint8_t)(seed >> 24);
			failure.code.known |= (uint64_t)((seed >> 12 & 31) != 0) << i;
		}
		count = kw_listing(&failure, rows);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(rows[i].offset, at);
			at += rows[i].length;
			marks += rows[i].marked;
			assert_int_equal(rows[i].marked, rows[i].offset == failure.code.marked);
		}
		assert_int_equal(at, failure.code.len);
		assert_int_equal(marks, failure.code.len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_starting_case_is_listed),
		cmocka_unit_test(listings_synchronise_on_the_mark),
		cmocka_unit_test(the_whole_of_the_bytes_is_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
