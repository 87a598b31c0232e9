// SPDX-License-Identifier: MIT
/* render/page: what Markdown becomes on a terminal. */
#include "render/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *markdown, bool color, const char *want)
{
	struct kw_buf buf = { 0 };
	struct kw_lines lines = { .buf = &buf, .look = { .columns = 60, .color = color } };

	kw_page(&lines, markdown);
	kw_buf_char(&buf, '\0');
	assert_string_equal(buf.p, want);
	kw_lines_deinit(&lines);
	kw_buf_deinit(&buf);
}

#define PLAIN(markdown, want) expect(markdown, false, want)
#define COLOR(markdown, want) expect(markdown, true, want)

static void headings_paragraphs_and_lists_are_laid_out(void **state)
{
	(void)state;
	PLAIN("", "");
	PLAIN("# id\n\nA line\nand another.\n\n## Why\n- one\n  more\n- two\n",
	      "id\n\n  A line and another.\n\nWhy\n  - one more\n  - two\n");
	PLAIN("- 123456789 123456789 123456789 123456789 123456789 1234567 9\n",
	      "  - 123456789 123456789 123456789 123456789 123456789\n    1234567 9\n");
	COLOR("## Why\nText\n", "\033[1mWhy\033[0m\n  Text\n");
}

static void code_is_kept_as_it_is(void **state)
{
	(void)state;
	PLAIN("Run:\n\n    echo `date` *  [x](y)\n      more\n\nend\n",
	      "  Run:\n\n      echo `date` *  [x](y)\n        more\n\n  end\n");
	PLAIN("- Run:\n\n      echo\n", "  - Run:\n\n      echo\n");
	PLAIN("    123456789 123456789 123456789 123456789 123456789 123456789\n",
	      "      123456789 123456789 123456789 123456789 123456789 123456789\n");
	PLAIN("Text\n    of one paragraph\n", "  Text of one paragraph\n");
	COLOR("    ls\n", "      \033[36mls\033[0m\n");
}

static void code_in_a_sentence_is_told_from_it(void **state)
{
	(void)state;
	PLAIN("see `uname -r`, `lsmod`.\n", "  see 'uname -r', lsmod.\n");
	PLAIN("`grep 'a b'` `*`\n", "  grep 'a b' *\n");
	COLOR("see `uname -r`.\n", "  see \033[36muname -r\033[0m.\n");
}

static void emphasis_needs_both_its_stars(void **state)
{
	(void)state;
	PLAIN("*certain*, 2 * 3 * 4, *p\n", "  certain, 2 * 3 * 4, *p\n");
	COLOR("is *certain*\n", "  is \033[1mcertain\033[0m\n");
}

static void links_say_where_they_lead(void **state)
{
	(void)state;
	PLAIN("[entry-tr](entry-tr.md)\n", "  entry-tr\n");
	PLAIN("[an interrupt](entry-tr.md)\n", "  an interrupt (kvmwhy rule entry-tr)\n");
	PLAIN("[the checks](../entry-checks.md)\n", "  the checks (docs/entry-checks.md)\n");
	PLAIN("[the table](../../data/kvm_ioctl.tbl)\n", "  the table (data/kvm_ioctl.tbl)\n");
	PLAIN("[docs/watch.md](../watch.md)\n", "  docs/watch.md\n");
	PLAIN("[watch.md](../watch.md)\n", "  watch.md\n");
	PLAIN("a[0] = b](c [d](\n", "  a[0] = b](c [d](\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_paragraphs_and_lists_are_laid_out),
		cmocka_unit_test(code_is_kept_as_it_is),
		cmocka_unit_test(code_in_a_sentence_is_told_from_it),
		cmocka_unit_test(emphasis_needs_both_its_stars),
		cmocka_unit_test(links_say_where_they_lead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
