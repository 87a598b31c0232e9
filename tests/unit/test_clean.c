// SPDX-License-Identifier: MIT
/*
 * A raw line in, what is left of it out: one row for each thing that mails, journals and trackers
 * add.
 */
#include "parse/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct kw_clean_line line;
static char scratch[4096];

static bool clean(const char *raw, struct kw_mail *mail)
{
	assert_in_range(strlen(raw), 0, sizeof(scratch) - 1);
	return kw_clean(kw_str(raw), false, scratch, mail, &line);
}

static void check(const char *raw, const char *expected)
{
	struct kw_mail mail = { 0 };

	assert_false(clean(raw, &mail));
	if (!kw_str_eq(line.text, kw_str(expected)))
		fail_msg("%s\n  became %.*s\n  not    %s", raw, (int)line.text.len, line.text.p,
			 expected);
	assert_true(kw_str_eq(line.raw, kw_str(raw)));
}

static void prefixes_are_taken_away(void **state)
{
	static const char *const rows[][2] = {
		{ "RAX=1", "RAX=1" },
		{ "> RAX=1", "RAX=1" },
		{ ">> > >RAX=1", "RAX=1" },
		{ "| > \t RAX=1", "RAX=1" },
		{ "[16:01:32 INFO | [qemu output] RAX=1", "RAX=1" },
		{ "[  123.456789] RAX=1", "RAX=1" },
		{ "[123.456789][T2997] RAX=1", "RAX=1" },
		{ "<4>[  123.456789] RAX=1", "RAX=1" },
		{ "Jun 24 17:25:51 host1 QEMU[2997]: RAX=1", "RAX=1" },
		{ "Jun 24 17:25:51 host1 kernel: [  123.456789] kvm: x", "kvm: x" },
		{ "kernel: [  123.456789] kvm: x", "kvm: x" },
		{ "2020-05-04T06:09:15.310474Z RAX=1", "RAX=1" },
		{ "2020-05-04 06:35:39.386+0000: RAX=1", "RAX=1" },
		{ "14:42:36 RAX=1", "RAX=1" },
		{ "(qemu) RAX=1", "RAX=1" },
		{ "```RAX=1", "RAX=1" },
		{ "2020-05-04T06:09:15.310474Z extra data[0]: 2", "extra data[0]: 2" },
		{ "2020-05-04T06:09:15.310474123Z stderr F RAX=1", "RAX=1" },
		{ "<30>1 2020-05-04T06:09:15Z host1 qemu 2997 - - RAX=1", "RAX=1" },
		{ "<6>1 2020-05-04T06:09:15Z host1 kernel - - [a b=\"\\]\"][c] kvm: x", "kvm: x" },
		{ "[...] RAX=1", "RAX=1" },
		{ "[\xe2\x80\xa6] RAX=1", "RAX=1" },
		{ "MESSAGE=RAX=1", "RAX=1" },
		{ "> Jun 24 17:25:51 host1 QEMU[2997]: RAX=1", "RAX=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i][0], rows[i][1]);
}

static void what_a_dump_has_itself_stays(void **state)
{
	static const char *const lines[] = {
		"Code=89 f9 89 f0 <0f> 30 0f 1f",
		"Code=?? ?? <?" "?> ??", /* no trigraph */
		"RFL=00000046 [---Z-P-] CPL=0",
		"CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]",
		"SS =0000 00000000 00000000 00008000 DPL=0 <hiword>",
		"extra data[0]: 0x0000000080000b0e",
		"error: kvm run failed Operation not permitted",
		"*** Guest State ***",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(lines[i], lines[i]);
}

static void escapes_become_what_they_stand_for(void **state)
{
	static const char *const rows[][2] = {
		{ "Code=89 &lt;0f&gt; 30", "Code=89 <0f> 30" },
		{ "host doesn&apos;t support", "host doesn't support" },
		{ "<pre>RAX=1</pre>", "RAX=1" },
		{ "<br />RAX=1<br>", "RAX=1" },
		{ "\033[31mRAX=1\033[0m", "RAX=1" },
		{ "\033]0;title\aRAX=1", "RAX=1" },
		{ "RAX=1\\tRBX=2", "RAX=1 RBX=2" },
		{ "Code=89 \\u003c0f\\u003e 30", "Code=89 <0f> 30" },
		{ "RAX=1\xc2\xa0RBX=2", "RAX=1 RBX=2" },
		{ "\xef\xbb\xbfRAX=1", "RAX=1" },
		{ "RAX=1\r\n", "RAX=1" },
		{ "RAX=1 \t", "RAX=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i][0], rows[i][1]);
}

static void quoted_printable_is_seen_and_goes_on(void **state)
{
	struct kw_mail mail = { 0 };

	(void)state;
	assert_false(clean("RAX=3D1 RBX=3D2", &mail));
	assert_true(kw_str_eq(line.text, KW_STR("RAX=1 RBX=2")));
	/* the blank before a soft break is part of the line */
	assert_true(clean("Code=3D89 f9 89 f0 0f 30 0f 1f 44 00 00 c3 =", &mail));
	assert_true(kw_str_eq(line.text, KW_STR("Code=89 f9 89 f0 0f 30 0f 1f 44 00 00 c3 ")));
	assert_false(clean("89 f0=20", &mail));
	assert_true(kw_str_eq(line.text, KW_STR("89 f0")));
}

static void one_sign_decodes_its_own_line_only(void **state)
{
	static const char *const foreign[] = { "vcpus=20", "temperature=3D", "a=3D b=20",
					       "T=C3=A4st" };
	static const char *const lines[] = {
		"rest=",	"vcpus=20", "RAX=0000000007213cc9 RBX=3d", "RAX=3D00000000000000",
		"EAX=3D0000AF", "EFER=0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
			struct kw_mail mail = { 0 };

			clean(foreign[i], &mail);
			assert_false(clean(lines[k], &mail));
			assert_true(kw_str_eq(line.text, kw_str(lines[k])));
		}
	}
}

static void what_contradicts_ends_quoted_printable(void **state)
{
	struct kw_mail mail = { 0 };

	(void)state;
	clean("a=3D", &mail);
	clean("b=3D", &mail);
	assert_false(clean("c=", &mail));
	assert_true(clean("a line that is long enough to be broken by an encoder=", &mail));
	assert_true(kw_mail_contradicts(KW_STR("RAX=0000000007213cc9")));
	clean("RAX=0000000007213cc9", &mail);
	assert_false(clean("a line that is long enough to be broken by an encoder=", &mail));
}

static void a_line_end_of_one_sign_alone_is_no_soft_break(void **state)
{
	struct kw_mail mail = { 0 };

	(void)state;
	assert_false(clean("Code=", &mail));
	assert_true(kw_str_eq(line.text, KW_STR("Code=")));
}

static void who_spoke_is_known_from_the_prefix(void **state)
{
	(void)state;
	check("Jun 24 17:25:51 host1 kernel: kvm: x", "kvm: x");
	assert_int_equal(line.source, KW_SRC_KERNEL);
	check("Jun 24 17:25:51 host1 QEMU[2997]: RAX=1", "RAX=1");
	assert_int_equal(line.source, KW_SRC_VMM);
	check("RAX=1", "RAX=1");
	assert_int_equal(line.source, KW_SRC_UNKNOWN);
}

/* A recording is its recorder's, whatever host the quoted line names. */
static void who_is_quoted_does_not_speak(void **state)
{
	static const struct kw_speaker nobody;
	uint64_t recorder;

	(void)state;
	line.who = nobody;
	check("kvmwhy watch: log: Jun 24 17:25:51 host1 kernel: x", "x");
	assert_memory_equal(&line.who, &nobody, sizeof(nobody));
	check("Jun 24 17:25:51 host2 kvmwhy[9]: kvmwhy watch: pid 1", "kvmwhy watch: pid 1");
	recorder = line.who.host;
	assert_true(recorder);
	line.who = nobody;
	check("Jun 24 17:25:51 host2 kvmwhy[9]: kvmwhy watch: log: Jun 24 17:25:51 host1 kernel: x",
	      "x");
	assert_true(line.who.host == recorder);
	line.who = nobody;
}

static void nuls_are_dropped(void **state)
{
	static const char raw[] = "R\0AX\0=1\0";
	struct kw_mail mail = { 0 };

	(void)state;
	kw_clean((struct kw_str){ raw, sizeof(raw) - 1 }, false, scratch, &mail, &line);
	assert_true(kw_str_eq(line.text, KW_STR("RAX=1")));
}

static void lines_of_nothing_stay_nothing(void **state)
{
	static const char *const lines[] = { "",  ">", "> > >", " \t ", "\r",  "[",
					     "<", "&", "\\",	"\033", "<4>", "(qemu) " };
	struct kw_mail mail = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		clean(lines[i], &mail);
		assert_in_range(line.text.len, 0, strlen(lines[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_taken_away),
		cmocka_unit_test(what_a_dump_has_itself_stays),
		cmocka_unit_test(escapes_become_what_they_stand_for),
		cmocka_unit_test(quoted_printable_is_seen_and_goes_on),
		cmocka_unit_test(one_sign_decodes_its_own_line_only),
		cmocka_unit_test(what_contradicts_ends_quoted_printable),
		cmocka_unit_test(a_line_end_of_one_sign_alone_is_no_soft_break),
		cmocka_unit_test(who_spoke_is_known_from_the_prefix),
		cmocka_unit_test(who_is_quoted_does_not_speak),
		cmocka_unit_test(nuls_are_dropped),
		cmocka_unit_test(lines_of_nothing_stay_nothing),
	};

	return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
