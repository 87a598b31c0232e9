// SPDX-License-Identifier: MIT
/* Arenas over the caller's memory, and buffers that grow in an arena. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char memory[4096];

static void a_fixed_arena_keeps_to_its_memory(void **state)
{
	struct kw_arena arena;
	size_t total = 0;
	char *p;

	(void)state;
	for (size_t skip = 0; skip < 17; skip++) {
		kw_arena_init_fixed(&arena, memory + skip, sizeof(memory) - 17);
		for (total = 0; (p = kw_arena_alloc(&arena, 100)); total += 100) {
			assert_true(p >= memory + skip &&
				    p + 100 <= memory + skip + sizeof(memory) - 17);
			assert_int_equal((uintptr_t)p % 16, 0);
			memset(p, 1, 100);
		}
		assert_true(total >= 3400);
		assert_non_null(kw_arena_alloc(&arena, 16));
		assert_string_equal(
			kw_arena_copy(&arena,
				      kw_str("a text that has no room any more ................"
					     "................................................"))
				.p,
			"");
		kw_arena_reset(&arena);
		assert_non_null(kw_arena_alloc(&arena, 3000));
		kw_arena_deinit(&arena);
		assert_null(kw_arena_alloc(&arena, 1));
	}
	kw_arena_init_fixed(&arena, memory, 8);
	assert_null(kw_arena_alloc(&arena, 1));
	kw_arena_reset(&arena);
	assert_null(kw_arena_alloc(&arena, 1));
}

static void the_last_piece_grows_where_it_is(void **state)
{
	struct kw_arena arena;
	char *a, *b, *c;

	(void)state;
	kw_arena_init(&arena, 1 << 20);
	a = kw_arena_resize(&arena, NULL, 0, 10);
	memcpy(a, "0123456789", 10);
	assert_ptr_equal(kw_arena_resize(&arena, a, 10, 1000), a);
	assert_ptr_equal(kw_arena_resize(&arena, a, 1000, 10), a);
	b = kw_arena_alloc(&arena, 10);
	assert_true(b - a == 16);
	c = kw_arena_resize(&arena, a, 10, 100);
	assert_true(c > b);
	assert_memory_equal(c, "0123456789", 10);
	c = kw_arena_resize(&arena, c, 100, 100000); /* beyond the chunk */
	assert_memory_equal(c, "0123456789", 10);
	assert_null(kw_arena_resize(&arena, c, 100000, 2 << 20));
	assert_memory_equal(c, "0123456789", 10);
	kw_arena_deinit(&arena);
}

static void a_buffer_grows_in_an_arena(void **state)
{
	struct kw_arena arena;
	struct kw_buf buf = { .arena = &arena };
	struct kw_str first, second;

	(void)state;
	kw_arena_init_fixed(&arena, memory, sizeof(memory));
	for (int i = 0; i < 300; i++)
		KW_BUF_LIT(&buf, "ab");
	first = kw_buf_text(&buf);
	KW_BUF_LIT(&buf, "second");
	second = kw_buf_text(&buf);
	assert_int_equal(first.len, 600);
	assert_int_equal(strlen(first.p), 600);
	assert_string_equal(second.p, "second");
	assert_true(second.p - first.p < 640); /* no room left over */
	kw_buf_repeat(&buf, 'x', sizeof(memory));
	KW_BUF_LIT(&buf, "lost");
	assert_true(buf.failed);
	assert_int_equal(kw_buf_text(&buf).len, 0);
	assert_false(buf.failed);
	kw_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_arena_keeps_to_its_memory),
		cmocka_unit_test(the_last_piece_grows_where_it_is),
		cmocka_unit_test(a_buffer_grows_in_an_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
