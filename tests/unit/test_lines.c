// SPDX-License-Identifier: MIT
/* render/lines: where lines end, and that colours end there as well. */
#include "render/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	struct kw_buf buf;
	struct kw_lines lines;
};

static int setup(void **state)
{
	static struct fixture x;

	x = (struct fixture){ .lines = { .buf = &x.buf } };
	*state = &x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	kw_lines_deinit(&x->lines);
	kw_buf_deinit(&x->buf);
	return 0;
}

#define assert_text(x, want) \
	do { \
		kw_buf_char(&(x)->buf, '\0'); \
		assert_string_equal((x)->buf.p, want); \
	} while (0)

static void the_width_has_bounds(void **state)
{
	static const struct {
		unsigned int columns;
		size_t width;
	} rows[] = { { 0, 100 }, { 1, 60 }, { 60, 60 }, { 61, 61 }, { 120, 120 }, { 65535, 120 } };
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		x->lines.look.columns = rows[i].columns;
		assert_int_equal(kw_lines_width(&x->lines), rows[i].width);
	}
}

static void words_wrap_at_the_width_and_not_before(void **state)
{
	struct fixture *x = *state;

	x->lines.look.columns = 60;
	kw_lines_wrap(&x->lines,
		      KW_STR("123456789 123456789 123456789 123456789 123456789 1234567890 x"), 2);
	assert_text(x, "123456789 123456789 123456789 123456789 123456789 1234567890\n  x");
}

static void what_is_escaped_or_not_ascii_counts_as_it_is_shown(void **state)
{
	struct fixture *x = *state;

	x->lines.look.columns = 60;
	/* 56 columns of 3 bytes each, an ESC of 4 columns */
	for (int i = 0; i < 56; i++)
		kw_lines_put(&x->lines, KW_STR("\xe2\x82\xac"));
	assert_int_equal(x->lines.column, 56);
	kw_buf_reset(&x->buf);
	kw_lines_wrap(&x->lines, KW_STR("\033"), 0);
	kw_lines_wrap(&x->lines, KW_STR(" b"), 0);
	assert_text(x, "\\x1b\nb");
}

static void text_is_cut_for_what_follows(void **state)
{
	struct fixture *x = *state;

	x->lines.look.columns = 60;
	kw_lines_cut(&x->lines, KW_STR("123456789"), 51);
	kw_lines_end(&x->lines);
	kw_lines_cut(&x->lines, KW_STR("123456789"), 52);
	assert_text(x, "123456789\n12345...");
}

static void text_goes_below_what_leaves_it_no_room(void **state)
{
	struct fixture *x = *state;

	x->lines.look.columns = 60;
	KW_LINES_LIT(&x->lines, "id");
	kw_lines_beside(&x->lines, 5, 55, 3);
	KW_LINES_LIT(&x->lines, "beside");
	kw_lines_end(&x->lines);
	KW_LINES_LIT(&x->lines, "id");
	kw_lines_beside(&x->lines, 5, 56, 3);
	KW_LINES_LIT(&x->lines, "below");
	kw_lines_end(&x->lines);
	KW_LINES_LIT(&x->lines, "longid");
	kw_lines_beside(&x->lines, 5, 10, 3);
	KW_LINES_LIT(&x->lines, "beside");
	assert_text(x, "id   beside\nid\n   below\nlongid beside");
}

static void no_colour_outlasts_a_line(void **state)
{
	struct fixture *x = *state;

	x->lines.look.color = true;
	kw_lines_color(&x->lines, KW_COLOR_ASIDE);
	kw_lines_pad(&x->lines, 2);
	KW_LINES_LIT(&x->lines, "a");
	KW_LINES_LIT(&x->lines, "b");
	kw_lines_end(&x->lines);
	kw_lines_number(&x->lines, 7);
	kw_lines_color(&x->lines, NULL);
	kw_lines_pad(&x->lines, 3);
	KW_LINES_LIT(&x->lines, "c");
	kw_lines_end(&x->lines);
	assert_text(x, "  \033[2mab\033[0m\n\033[2m7\033[0m  c\n");
}

static void without_colours_there_are_none(void **state)
{
	struct fixture *x = *state;

	kw_lines_color(&x->lines, KW_COLOR_BAD);
	KW_LINES_LIT(&x->lines, "a");
	kw_lines_end(&x->lines);
	assert_text(x, "a\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_width_has_bounds),
		TEST(words_wrap_at_the_width_and_not_before),
		TEST(what_is_escaped_or_not_ascii_counts_as_it_is_shown),
		TEST(text_is_cut_for_what_follows),
		TEST(text_goes_below_what_leaves_it_no_room),
		TEST(no_colour_outlasts_a_line),
		TEST(without_colours_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
