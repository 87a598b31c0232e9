// SPDX-License-Identifier: MIT
/*
 * kw_find() and kw_count_newlines() against the obvious loops, on every path that this CPU
 * supports, with unreadable pages on both sides of the text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/find_rank.h"

enum { ROOM = 1 << 16, WORDS = 100 };

static const struct kw_str sample =
	KW_STR("eeee kvm [1]: VMCB EIP= vm entry failed, hardware errno");
static struct kw_find_needle compiled[WORDS];
static char *room; /* ROOM bytes between two inaccessible pages */

static int room_create(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, ROOM + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (p == MAP_FAILED || mprotect(p + page, ROOM, PROT_READ | PROT_WRITE))
		return -1;
	room = p + page;
	return 0;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static size_t find_slowly(const struct kw_str *needles, size_t count, const char *p, size_t len)
{
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < count; i++) {
			if (kw_str_starts((struct kw_str){ p + at, len - at }, needles[i]))
				return at;
		}
	}
	return SIZE_MAX;
}

static void check_all_paths(struct kw_finder *f, const struct kw_str *needles, size_t count,
			    const char *p, size_t len)
{
	size_t expected = find_slowly(needles, count, p, len);

	for (unsigned int simd = 0; simd < KW_SIMD_COUNT; simd++) {
		size_t found;

		if (!kw_find_use(f, simd))
			continue;
		found = kw_find(f, p, len);
		if (found != expected)
			fail_msg("path %u, %zu bytes: found at %zd, is at %zd", simd, len,
				 (ptrdiff_t)found, (ptrdiff_t)expected);
	}
}

static void the_portable_path_is_always_there(void **state)
{
	struct kw_str needle = KW_STR("VMCB ");
	struct kw_finder f;

	(void)state;
	assert_int_equal(kw_find_rank(&f, compiled, &needle, 1, sample), 0);
	assert_true(kw_find_use(&f, KW_SIMD_NONE));
	assert_false(kw_find_use(&f, KW_SIMD_COUNT));
	for (unsigned int simd = 0; simd < KW_SIMD_COUNT; simd++) {
		if (!kw_find_use(&f, simd))
			print_message("not tried, this CPU cannot: path %u\n", simd);
	}
}

static void a_list_out_of_its_limits_is_refused(void **state)
{
	struct kw_str many[WORDS], few[2] = { KW_STR("EIP="), KW_STR("") };
	static const char text[] = "at least thirty-three bytes of text";
	struct kw_finder f;

	(void)state;
	for (size_t i = 0; i < WORDS; i++)
		many[i] = KW_STR("same");
	assert_int_equal(kw_find_rank(&f, compiled, many, 0, sample), -EINVAL);
	assert_int_equal(kw_find_rank(&f, compiled, many, KW_FIND_NEEDLES + 1, sample), -EINVAL);
	assert_int_equal(kw_find_rank(&f, compiled, many, WORDS, sample), 0);
	for (size_t len = 0; len <= KW_FIND_NEEDLE_MAX + 1; len++) {
		bool fits = len >= KW_FIND_NEEDLE_MIN && len <= KW_FIND_NEEDLE_MAX;

		few[1] = (struct kw_str){ text, len };
		assert_int_equal(kw_find_rank(&f, compiled, few, 2, sample), fits ? 0 : -EINVAL);
	}
}

static void every_word_is_found_at_every_place_of_a_block(void **state)
{
	static const struct kw_str needles[] = {
		KW_STR("kvm run failed"),
		KW_STR("KVM internal error"),
		KW_STR("Suberror:"),
		KW_STR("kvm ["),
		KW_STR("*** Guest State"),
		KW_STR("VMCB "),
		KW_STR("VMCS "),
		KW_STR("Code="),
		KW_STR("EIP="),
		KW_STR("RIP="),
		KW_STR("rip: "),
		KW_STR("entry failed, hardware error"),
		KW_STR("\xc3\xa4\xff\x80"),
	};
	enum { COUNT = sizeof(needles) / sizeof(needles[0]), LEN = 300 };
	char *p = room + ROOM - LEN;
	struct kw_finder f;

	(void)state;
	assert_int_equal(kw_find_rank(&f, compiled, needles, COUNT, sample), 0);
	for (size_t i = 0; i < COUNT; i++) {
		size_t len = needles[i].len;

		for (size_t at = 0; at + len <= LEN; at++) {
			memset(p, 'e', LEN);
			memcpy(p + at, needles[i].p, len);
			check_all_paths(&f, needles, COUNT, p, LEN);
		}
		/* All but its last byte is at the end of the text. */
		memset(p, 'e', LEN);
		memcpy(p + LEN - len + 1, needles[i].p, len - 1);
		check_all_paths(&f, needles, COUNT, p, LEN);
	}
}

/* Few letters cause many near misses, overlaps and words that begin inside each other. */
static void random_words_in_random_text(void **state)
{
	char letters[WORDS][KW_FIND_NEEDLE_MAX];
	struct kw_str needles[WORDS];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t count = 1 + next_random(&seed) % WORDS;
		size_t len = next_random(&seed) % 1000;
		uint32_t alphabet = 2 + next_random(&seed) % 6;
		char *p = round & 1 ? room : room + ROOM - len;
		struct kw_finder f;

		for (size_t i = 0; i < count; i++) {
			size_t range = KW_FIND_NEEDLE_MAX - KW_FIND_NEEDLE_MIN + 1;

			needles[i].p = letters[i];
			needles[i].len = KW_FIND_NEEDLE_MIN + next_random(&seed) % range;
			for (size_t k = 0; k < needles[i].len; k++)
				letters[i][k] = (char)('~' + next_random(&seed) % alphabet);
		}
		for (size_t k = 0; k < len; k++)
			p[k] = (char)('~' + next_random(&seed) % alphabet);
		assert_int_equal(
			kw_find_rank(&f, compiled, needles, count, (struct kw_str){ p, len }), 0);
		check_all_paths(&f, needles, count, p, len);
	}
}

static void line_ends_are_counted_at_every_length(void **state)
{
	static const char bytes[] = "\n\x0b\x09\x8a";
	uint32_t seed = 2;
	uint64_t count = 0;

	(void)state;
	for (size_t i = 0; i < ROOM; i++)
		room[i] = bytes[next_random(&seed) % 4];
	for (size_t len = 0; len <= 2000; len++) {
		const char *end = room + ROOM;

		assert_int_equal(kw_count_newlines(end - len, len), count);
		count += *(end - len - 1) == '\n';
	}
	memset(room, '\n', ROOM);
	assert_int_equal(kw_count_newlines(room, ROOM), ROOM);
	assert_int_equal(kw_count_newlines(room + 1, ROOM - 1), ROOM - 1);
	assert_int_equal(kw_count_newlines(NULL, 0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_portable_path_is_always_there),
		cmocka_unit_test(a_list_out_of_its_limits_is_refused),
		cmocka_unit_test(every_word_is_found_at_every_place_of_a_block),
		cmocka_unit_test(random_words_in_random_text),
		cmocka_unit_test(line_ends_are_counted_at_every_length),
	};

	return cmocka_run_group_tests_name("find", tests, room_create, NULL);
}
