// SPDX-License-Identifier: MIT
/* A specification is read as written, a wrong word is named, and chance is predictable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "../../preload/spec.h"

static struct kw_spec good(const char *text)
{
	struct kw_spec_error err = { .word = "" };
	struct kw_spec spec;

	if (kw_spec_parse(text, &spec, &err))
		fail_msg("'%s': '%s': %s", text, err.word, err.reason);
	return spec;
}

static void bad(const char *text, const char *word)
{
	struct kw_spec_error err = { .reason = NULL };
	struct kw_spec spec;

	if (!kw_spec_parse(text, &spec, &err))
		fail_msg("'%s' was taken", text);
	assert_string_equal(err.word, word);
	assert_true(err.reason && strlen(err.reason) > 10);
}

static void an_empty_one_fails_the_first_call_with_eperm(void **state)
{
	struct kw_spec spec = good("");

	(void)state;
	assert_int_equal(spec.error, EPERM);
	assert_int_equal(spec.exit, KW_NO_EXIT);
	assert_int_equal(spec.times, 1);
	assert_false(spec.after);
	assert_true(kw_in_range(&spec.vcpu, 7) && kw_in_range(&spec.call, 1));
	assert_true(kw_spec_chance(&spec, 0, 1));
	assert_string_equal(spec.what, "errno=EPERM");
}

static void all_words_are_read(void **state)
{
	struct kw_spec spec =
		good("vcpu=3,call=10..20 rip=0xfff0\tmsr=0x838..0x83f,probability=0.5 "
		     "seed=0x10 times=-1 interval=4 errno=efault mode=after log=/tmp/x.y");

	(void)state;
	assert_int_equal(spec.vcpu.first, 3);
	assert_int_equal(spec.vcpu.last, 3);
	assert_int_equal(spec.call.last, 20);
	assert_int_equal(spec.rip.first, 0xfff0);
	assert_int_equal(spec.msr.last, 0x83f);
	assert_int_equal(spec.by, KW_BY_RIP | KW_BY_MSR);
	assert_int_equal(spec.chances / spec.chance, 200);
	assert_int_equal(spec.seed, 16);
	assert_int_equal(spec.times, -1);
	assert_int_equal(spec.interval, 4);
	assert_int_equal(spec.error, EFAULT);
	assert_true(spec.after);
	assert_string_equal(spec.log, "/tmp/x.y");
	assert_string_equal(spec.what, "errno=efault");
	assert_true(good("call=5..").call.last == UINT64_MAX);
	assert_int_equal(good("exit-reason=mmio").exit_reason, 6);
	assert_true(good("exit-reason=5").after);
}

static void an_exit_has_its_numbers(void **state)
{
	struct kw_spec spec = good("exit=fail-entry:0x80000021:2");

	(void)state;
	assert_int_equal(spec.exit, 9);
	assert_int_equal(spec.error, 0);
	assert_int_equal(spec.number[0], 0x80000021);
	assert_int_equal(spec.number[1], 2);
	spec = good("exit=internal-error:1:0x10:0x20");
	assert_int_equal(spec.exit, 17);
	assert_int_equal(spec.numbers, 3);
	assert_int_equal(good("exit=shutdown").exit, 8);
	assert_int_equal(good("exit=unknown:0x21").exit, 0);
}

static void a_memory_fault_comes_with_efault(void **state)
{
	(void)state;
	assert_int_equal(good("exit=memory-fault:0x1000:0x1000").error, EFAULT);
	assert_int_equal(good("errno=EHWPOISON exit=memory-fault:0:0x1000:8").error, EHWPOISON);
	assert_int_equal(good("exit=memory-fault:0:0x1000 errno=none").error, 0);
	assert_string_equal(good("exit=memory-fault:0:1 errno=none").what,
			    "exit=memory-fault:0:1 errno=none");
}

static void a_wrong_word_is_named(void **state)
{
	static const char *const wrong[] = {
		"vcpus=1",
		"vcpu=-1",
		"vcpu=",
		"vcpu",
		"call=0",
		"call=9..3",
		"call=1..x",
		"rip=main",
		"msr=0x100000000",
		"probability=101",
		"probability=100.1",
		"probability=0.1234567",
		"probability=.",
		"one-in=0",
		"seed=x",
		"times=0",
		"interval=0",
		"errno=EWHAT",
		"errno=134",
		"errno=none",
		"exit=",
		"exit=halt",
		"exit=shutdown:1",
		"exit=fail-entry",
		"exit=fail-entry:1:0x100000000",
		"exit=fail-entry:1:2:3",
		"exit=fail-entry:",
		"exit=internal-error:0x100000000",
		"exit=memory-fault:1",
		"exit=unknown",
		"exit=internal-error:1:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17",
		"mode=around",
		"=1",
		"exit-reason=nosuch",
		"times=-2",
		"seed=0x",
		"seed=99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[256] = "seed=1 ";

		if (!strncmp(wrong[i], "seed", 4))
			text[0] = '\0';
		strcat(text, wrong[i]);
		if (strlen(wrong[i]) < 63)
			bad(text, wrong[i]);
	}
	bad("times=1 times=2", "times=2");
	bad("probability=1 one-in=2", "one-in");
	bad("msr=1 mode=before", "mode=before");
}

static void the_longest_values_fit(void **state)
{
	char text[KW_SPEC_PATH + 16] = "log=";

	(void)state;
	memset(text + 4, 'x', KW_SPEC_PATH - 1);
	text[KW_SPEC_PATH + 3] = '\0';
	assert_int_equal(strlen(good(text).log), KW_SPEC_PATH - 1);
	strcat(text, "x");
	bad(text, "log=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	assert_int_equal(
		good("exit=internal-error:1:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16").numbers, 17);
	assert_int_equal(strlen(good("exit=internal-error:1:0xffffffffffffffff:0xffffffffffffffff:"
				     "0xffffffffffffffff:0xffffffffffffffff:0xffffffffffffffff:"
				     "0xffffffffffffffff errno=EPERM").what),
			 127);
}

static unsigned int hits(const struct kw_spec *spec, uint64_t vcpu)
{
	unsigned int count = 0;

	for (uint64_t call = 1; call <= 1000000; call++)
		count += kw_spec_chance(spec, vcpu, call);
	return count;
}

/* Of a million draws at 1 in 1,000: 1,000, with a deviation of 32; six of them are allowed. */
static void chance_is_even_and_repeats(void **state)
{
	struct kw_spec one = good("one-in=1000 seed=1"), other = good("one-in=1000 seed=2");
	struct kw_spec percent = good("probability=0.1 seed=1"), never = good("probability=0");
	unsigned int count = hits(&one, 0), both = 0;

	(void)state;
	assert_in_range(count, 810, 1190);
	assert_int_equal(count, hits(&one, 0));
	assert_int_equal(count, hits(&percent, 0));
	assert_int_equal(hits(&never, 0), 0);
	assert_in_range(hits(&other, 0), 810, 1190);
	assert_in_range(hits(&one, 1), 810, 1190);
	for (uint64_t call = 1; call <= 1000000; call++)
		both += kw_spec_chance(&one, 0, call) && kw_spec_chance(&one, 1, call);
	assert_in_range(both, 0, 12);
}

/* A seed means the same calls on each machine, 32-bit ones too. */
static void chance_is_the_same_everywhere(void **state)
{
	struct kw_spec third = good("one-in=3 seed=7"),
		       half = good("one-in=18446744073709551615 seed=7");
	uint64_t thirds = 0, halves = 0;

	(void)state;
	half.chance = half.chances / 2;
	for (uint64_t call = 64; call; call--) {
		thirds = thirds << 1 | kw_spec_chance(&third, 3, call);
		halves = halves << 1 | kw_spec_chance(&half, 3, call);
	}
	assert_int_equal(thirds, 0x0c08011100309a0c);
	assert_int_equal(halves, 0x1c08315f00f0da5f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_fails_the_first_call_with_eperm),
		cmocka_unit_test(all_words_are_read),
		cmocka_unit_test(an_exit_has_its_numbers),
		cmocka_unit_test(a_memory_fault_comes_with_efault),
		cmocka_unit_test(a_wrong_word_is_named),
		cmocka_unit_test(the_longest_values_fit),
		cmocka_unit_test(chance_is_even_and_repeats),
		cmocka_unit_test(chance_is_the_same_everywhere),
	};

	return cmocka_run_group_tests_name("injection specification", tests, NULL, NULL);
}
