// SPDX-License-Identifier: MIT
/* Streams: the same answer whatever the pieces, whatever surrounds a dump, in bounded memory. */
#include "starting_case.h"

#include <sys/resource.h>

static void pieces_of_any_size_give_the_same(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 300; piece += piece < 100 ? 1 : 17) {
		struct kw_buf buf = { 0 };

		add_case(&buf, 0, CASE_LINES, "", "\n");
		assert_only_case(seen_in_pieces(&buf, piece));
	}
}

static void what_stands_in_front_of_lines_is_taken_away(void **state)
{
	static const char *const before[] = {
		"> ", ">> ", "> > > > > ", "| ", "\t", "    ", " ",
		"Jun 24 17:25:51 host1 QEMU[2997]: ",
		"2020-05-04T06:09:15.310474Z ",
		"2020-05-04T06:09:15.310474Z qemu-system-x86_64: ",
		"[16:01:32 INFO | [qemu output] ",
		"\xc2\xa0", "\xef\xbb\xbf", "\033[31m", "\033[0;1m> ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		struct kw_buf buf = { 0 };

		add_case(&buf, 0, CASE_LINES, before[i], "\n");
		assert_only_case(seen_in_stream(&buf));
	}
}

static void what_stands_behind_lines_is_taken_away(void **state)
{
	static const char *const after[] = { "\r\n",   "  \n",	    "\t\r\n", "\033[0m\n",
					     "<br>\n", "<br/>\r\n", "\n\n",   "\n>\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		struct kw_buf buf = { 0 };

		add_case(&buf, 0, CASE_LINES, "", after[i]);
		assert_only_case(seen_in_stream(&buf));
	}
}

static void html_escapes_are_read(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add(&buf, "<details><summary>log</summary><pre>\n");
	add_case(&buf, 0, CASE_CODE, "", "\n");
	for (const char *p = case_line[CASE_CODE]; *p; p++) {
		if (*p == '<' || *p == '>')
			add(&buf, *p == '<' ? "&lt;" : "&gt;");
		else
			kw_buf_char(&buf, *p);
	}
	add(&buf, "\n</pre></details>\n");
	assert_only_case(seen_in_stream(&buf));
}

/*
 * As mail programs do: '=' as =3D, at most @width characters, a lone = at the end of a line that
 * continues.
 */
static void add_quoted_printable(struct kw_buf *buf, const char *line, size_t width)
{
	size_t column = 0;

	for (; *line; line++) {
		size_t len = *line == '=' ? 3 : 1;

		if (column + len >= width) {
			add(buf, "=\n");
			column = 0;
		}
		if (*line == '=')
			add(buf, "=3D");
		else
			kw_buf_char(buf, *line);
		column += len;
	}
	kw_buf_char(buf, '\n');
}

/* The headline must fit: it is searched for in raw lines. */
static void quoted_printable_is_read_wherever_lines_are_broken(void **state)
{
	(void)state;
	for (size_t width = strlen(case_line[0]) + 2; width <= 76; width++) {
		struct kw_buf buf = { 0 };

		for (size_t i = 0; i < CASE_LINES; i++)
			add_quoted_printable(&buf, case_line[i], width);
		assert_only_case(seen_in_stream(&buf));
	}
}

static void a_log_in_one_line_is_read(void **state)
{
	static const char *const ends[] = { "\\n", "\\r\\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct kw_buf buf = { 0 };

		add(&buf, "    message: \"");
		add_case(&buf, 0, CASE_LINES, "", ends[i]);
		add(&buf, "\"\n");
		assert_only_case(seen_in_stream(&buf));
	}
}

static void json_logs_are_read(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add_case(&buf, 0, CASE_LINES, "{\"log\":\"", "\\n\",\"stream\":\"stderr\"}\n");
	assert_only_case(seen_in_stream(&buf));
}

static void nuls_and_bytes_that_are_no_utf8_do_no_harm(void **state)
{
	struct kw_buf buf = { 0 };
	static const char nuls[] = "\0\0 \xff\xfe \xc3\x28 \xed\xa0\x80 \0\n";

	(void)state;
	for (size_t i = 0; i < CASE_LINES; i++) {
		kw_buf_add(&buf, (struct kw_str){ nuls, 2 });
		add_case(&buf, i, i + 1, "", "");
		kw_buf_add(&buf, (struct kw_str){ nuls, 1 });
		kw_buf_char(&buf, '\n');
		kw_buf_add(&buf, (struct kw_str){ nuls, sizeof(nuls) - 1 });
	}
	assert_only_case(seen_in_stream(&buf));
}

static void lines_are_counted_where_nothing_is_read(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (int i = 0; i < 100000; i++)
		add(&buf, "a line of another program, as most are\n");
	add_case(&buf, 0, CASE_LINES, "", "\n");
	seen = seen_in_pieces(&buf, 70001);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->first_line, 100001);
	assert_int_equal(seen.failure[0]->last_line, 100000 + CASE_LINES);
	seen_free(&seen);
}

/*
 * The words of a warning in https://bugs.launchpad.net/qemu/+bug/1876678; nothing in it is searched
 * for.
 */
static void the_lines_in_front_are_evidence_whatever_the_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 3000; piece += piece < 50 ? 1 : 211) {
		struct kw_buf buf = { 0 };
		struct seen seen;

		for (int i = 0; i < 100; i++)
			add(&buf, "a line of another program, as most are\n");
		add(&buf,
		    "warning: host doesn't support requested feature: MSR(48FH).vmx-exit-load-perf-global-ctrl [bit 12]\n");
		add(&buf, "a line of another program\n");
		add_case(&buf, 0, CASE_LINES, "", "\n");
		seen = seen_in_pieces(&buf, piece);
		assert_int_equal(seen.count, 1);
		assert_case(seen.failure[0]);
		assert_non_null(kw_failure_sign(seen.failure[0], KW_SIGN_FEATURE));
		assert_int_equal(seen.failure[0]->line[seen.failure[0]->headline.line].number, 103);
		seen_free(&seen);
	}
}

static void several_streams_are_read_one_after_the_other(void **state)
{
	struct seen seen = { .count = 0 };
	struct kw_buf buf = { 0 };
	struct kw_stream *s;

	(void)state;
	kw_arena_init(&seen.arena, 1 << 20);
	assert_int_equal(kw_stream_create(seen_add, &seen, &s), 0);
	add_case(&buf, 0, CASE_LINES, "", "\n");
	for (size_t i = 0; i < 3; i++) {
		/*
		 * the first two are cut within a line; nothing of them may remain in the next one
		 */
		kw_stream_feed(s, buf.p, i < 2 ? buf.len / 2 + i : buf.len);
		kw_stream_finish(s);
	}
	kw_stream_destroy(s);
	kw_buf_deinit(&buf);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.failure[2]->first_line, 1);
	assert_case(seen.failure[2]);
	assert_false(kw_has(seen.failure[0], efer) || kw_has(seen.failure[1], efer));
	seen_free(&seen);
}

/* An MSR line whose value should be on the next line must not take it from the next log. */
static void what_a_stream_waited_for_is_not_taken_from_the_next(void **state)
{
	static const struct kw_str log = KW_STR("1 kvm [2997]: vcpu0 unhandled rdmsr:");
	struct seen seen = { .count = 0 };
	struct kw_stream *s;

	(void)state;
	kw_arena_init(&seen.arena, 1 << 20);
	assert_int_equal(kw_stream_create(seen_add, &seen, &s), 0);
	for (int i = 0; i < 3; i++) {
		kw_stream_feed(s, log.p, log.len);
		kw_stream_finish(s);
	}
	kw_stream_destroy(s);
	assert_int_equal(seen.count, 0);
	seen_free(&seen);
}

/* A log of @fill bytes and then the case, all in one line with escaped line ends. */
static void add_long_line(struct kw_buf *buf, size_t fill)
{
	static const char filler[] = "a line of another program, as most are\\n";

	while (buf->len + sizeof(filler) < fill)
		add(buf, filler);
	kw_buf_repeat(buf, '.', fill - buf->len);
	add(buf, "\\n");
	add_case(buf, 0, CASE_LINES, "", "\\n");
	kw_buf_char(buf, '\n');
}

static void a_failure_far_behind_in_a_line_is_found(void **state)
{
	(void)state;
	for (size_t fill = KW_LINE_MAX - 2000; fill < KW_LINE_MAX + 4000; fill += 61) {
		for (size_t piece = 1000; piece <= 1000000; piece *= 1000) {
			struct kw_buf buf = { 0 };
			struct seen seen;

			add_long_line(&buf, fill);
			seen = seen_in_pieces(&buf, piece);
			assert_int_equal(seen.count, 1);
			assert_int_equal(seen.failure[0]->class, KW_CLASS_KVM_RUN_FAILED);
			assert_fact(seen.failure[0], rcx, 0x838);
			assert_fact(seen.failure[0], efer, 0xd01);
			seen_free(&seen);
		}
	}
}

struct counted {
	uint64_t count, last_line;
};

static void count_failure(void *arg, struct kw_failure *f)
{
	struct counted *counted = arg;

	counted->count++;
	counted->last_line = f->last_line;
}

static long resident_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

enum { GROWTH_KIB = 8192 };

static void a_line_of_any_length_takes_no_memory(void **state)
{
	static char piece[65536];
	struct counted counted = { 0 };
	struct kw_buf buf = { 0 };
	struct kw_stream *s;
	long before;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(kw_stream_create(count_failure, &counted, &s), 0);
	kw_stream_feed(s, piece, sizeof(piece));
	before = resident_kib();
	for (size_t i = 0; i < 4096; i++) /* 256 MiB; with blanks, then without */
		kw_stream_feed(s, piece, sizeof(piece) - i % 7);
	memcpy(piece, "kvm run failed  RAX=1 Code=<0f>", 31);
	for (int i = 0; i < 256; i++)
		kw_stream_feed(s, piece, sizeof(piece));
	assert_in_range(resident_kib(), 0, before + GROWTH_KIB);
	add_case(&buf, 0, CASE_LINES, "\n", "");
	kw_stream_feed(s, buf.p, buf.len);
	kw_stream_finish(s);
	assert_int_equal(counted.last_line, 1 + CASE_LINES);
	kw_stream_destroy(s);
	kw_buf_deinit(&buf);
}

static void a_million_failures_take_no_memory(void **state)
{
	struct counted counted = { 0 };
	struct kw_buf buf = { 0 };
	struct kw_stream *s;
	long before = 0;

	(void)state;
	assert_int_equal(kw_stream_create(count_failure, &counted, &s), 0);
	for (int i = 0; i < 1000; i++)
		kw_buf_printf(&buf, "%s\n%s\n%s\n", case_line[0], case_line[1],
			      case_line[CASE_CODE]);
	for (int i = 0; i < 1000; i++) {
		kw_stream_feed(s, buf.p, buf.len);
		if (i == 10)
			before = resident_kib();
	}
	kw_stream_finish(s);
	assert_int_equal(counted.count, 1000000);
	assert_int_equal(counted.last_line, 3000000);
	assert_in_range(resident_kib(), 0, before + GROWTH_KIB);
	kw_stream_destroy(s);
	kw_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_give_the_same),
		cmocka_unit_test(what_stands_in_front_of_lines_is_taken_away),
		cmocka_unit_test(what_stands_behind_lines_is_taken_away),
		cmocka_unit_test(html_escapes_are_read),
		cmocka_unit_test(quoted_printable_is_read_wherever_lines_are_broken),
		cmocka_unit_test(a_log_in_one_line_is_read),
		cmocka_unit_test(json_logs_are_read),
		cmocka_unit_test(nuls_and_bytes_that_are_no_utf8_do_no_harm),
		cmocka_unit_test(lines_are_counted_where_nothing_is_read),
		cmocka_unit_test(the_lines_in_front_are_evidence_whatever_the_pieces),
		cmocka_unit_test(several_streams_are_read_one_after_the_other),
		cmocka_unit_test(what_a_stream_waited_for_is_not_taken_from_the_next),
		cmocka_unit_test(a_failure_far_behind_in_a_line_is_found),
		cmocka_unit_test(a_line_of_any_length_takes_no_memory),
		cmocka_unit_test(a_million_failures_take_no_memory),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
