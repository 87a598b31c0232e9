// SPDX-License-Identifier: MIT
/* The MSR policy: its text, the answers, and the filter passed to KVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "msr_filter.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define INVAL KVM_MSR_EXIT_REASON_INVAL
#define UNKNOWN KVM_MSR_EXIT_REASON_UNKNOWN
#define FILTER KVM_MSR_EXIT_REASON_FILTER

static struct kw_msr_policy policy;
static struct kw_msr_filter filter;

static void parsed(const char *text)
{
	struct kw_msr_policy_error error = { 0, "" };

	if (kw_msr_policy_parse(&policy, text, strlen(text), &error))
		fail_msg("line %u: %s", error.line, error.message);
}

static int exits(uint32_t reason, uint32_t msr, uint32_t why, uint64_t *data,
		 struct kw_msr_values *values)
{
	struct kvm_run run = { .exit_reason = reason };
	int ret;

	run.msr.error = 0x7f;
	run.msr.reason = why;
	run.msr.index = msr;
	run.msr.data = *data;
	ret = kw_msr_policy_exit(&policy, values, &run);
	if (ret != 1) {
		assert_int_equal(run.msr.error, 0x7f);
		assert_int_equal(run.msr.data, *data);
		return ret;
	}
	if (reason == KVM_EXIT_X86_WRMSR)
		assert_int_equal(run.msr.data, *data);
	*data = run.msr.data;
	return run.msr.error ? -1 : 1; /* -1: #GP */
}

static int rdmsr(uint32_t msr, uint32_t why, uint64_t *data)
{
	*data = 0x5a5a;
	return exits(KVM_EXIT_X86_RDMSR, msr, why, data, NULL);
}

static int wrmsr(uint32_t msr, uint32_t why)
{
	uint64_t data = 0x77;

	return exits(KVM_EXIT_X86_WRMSR, msr, why, &data, NULL);
}

static void each_action_does_what_it_says(void **state)
{
	uint64_t data;

	(void)state;
	parsed("# a policy\n"
	       "\n"
	       "0x1a0 rw ignore   # a comment\r\n"
	       "\t256-259\tr\tvalue=0xFFFFFFFFFFFFFFFF\n"
	       "0xc0010000 rw gp\n"
	       "0x4b564d00-0x4b564dff w stop\n"
	       "0xc0010117 rw allow");
	assert_int_equal(rdmsr(0x1a0, FILTER, &data), 1);
	assert_int_equal(data, 0);
	assert_int_equal(wrmsr(0x1a0, FILTER), 1);
	assert_int_equal(rdmsr(0x103, FILTER, &data), 1);
	assert_int_equal(data, UINT64_MAX);
	assert_int_equal(wrmsr(0x103, FILTER), 0);
	assert_int_equal(rdmsr(0x104, FILTER, &data), 0);
	assert_int_equal(rdmsr(0xc0010000, FILTER, &data), -1);
	assert_int_equal(data, 0);
	assert_int_equal(wrmsr(0xc0010000, FILTER), -1);
	assert_int_equal(wrmsr(0x4b564d7f, FILTER), KW_MSR_POLICY_STOP);
	assert_int_equal(rdmsr(0x4b564d7f, FILTER, &data), 0);
	assert_int_equal(wrmsr(0xc0010117, INVAL), -1); /* what KVM refuses stays refused */
	assert_int_equal(kw_msr_policy_find(&policy, 0x100, KW_MSR_READ, FILTER)->line, 4);
	assert_null(kw_msr_policy_find(&policy, 0x100, KW_MSR_WRITE, FILTER));
}

static void the_first_line_that_fits_decides(void **state)
{
	uint64_t data;

	(void)state;
	parsed("0x20 rw gp\n0x10-0x30 r value=1\n0x10-0x40 rw value=2\n");
	assert_int_equal(rdmsr(0x20, FILTER, &data), -1);
	assert_int_equal(rdmsr(0x21, FILTER, &data), 1);
	assert_int_equal(data, 1);
	assert_int_equal(rdmsr(0x31, FILTER, &data), 1);
	assert_int_equal(data, 2);
}

static void unknown_and_invalid_go_by_the_reason(void **state)
{
	uint64_t data;

	(void)state;
	parsed("0x33 rw allow\nunknown rw ignore\ninvalid w gp\n");
	assert_int_equal(rdmsr(0x4b570000, UNKNOWN, &data), 1);
	assert_int_equal(data, 0);
	assert_int_equal(rdmsr(0x33, UNKNOWN, &data), -1);
	assert_int_equal(wrmsr(0x404, INVAL), -1);
	assert_int_equal(rdmsr(0x404, INVAL, &data), 0);
	assert_int_equal(rdmsr(0x4b570000, FILTER, &data), 0);
}

static void last_remembers_for_each_vcpu(void **state)
{
	struct kw_msr_values one = { 0, { 0 } }, two = one;
	uint64_t data = 0xabc;

	(void)state;
	parsed("0x10-0x11 rw last=0x7\n0x20 rw last\n");
	assert_int_equal(policy.last, 3);
	assert_int_equal(exits(KVM_EXIT_X86_WRMSR, 0x11, FILTER, &data, &one), 1);
	assert_int_equal(exits(KVM_EXIT_X86_RDMSR, 0x10, FILTER, &data, &one), 1);
	assert_int_equal(data, 7);
	assert_int_equal(exits(KVM_EXIT_X86_RDMSR, 0x11, FILTER, &data, &one), 1);
	assert_int_equal(data, 0xabc);
	assert_int_equal(exits(KVM_EXIT_X86_RDMSR, 0x11, FILTER, &data, &two), 1);
	assert_int_equal(data, 7);
	assert_int_equal(exits(KVM_EXIT_X86_RDMSR, 0x20, FILTER, &data, &two), 1);
	assert_int_equal(data, 0);
	assert_int_equal(exits(KVM_EXIT_X86_RDMSR, 0x20, FILTER, &data, NULL), -EINVAL);
}

static void other_exits_are_not_touched(void **state)
{
	uint64_t data = 0;

	(void)state;
	parsed("0-0x7ff rw gp\n");
	for (uint32_t reason = 0; reason < 64; reason++)
		if (reason != KVM_EXIT_X86_RDMSR && reason != KVM_EXIT_X86_WRMSR)
			assert_int_equal(exits(reason, 0, FILTER, &data, NULL), 0);
}

static void a_wrong_text_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *told;
	} rows[] = {
		{ "rdtsc rw gp", 1, "'rdtsc': an MSR is a number" },
		{ "\n\n0x10", 3, "expected r, w or rw after the MSR" },
		{ "0x10 x gp", 1, "'x': expected r, w or rw after the MSR" },
		{ "0x10 wr gp", 1, "'wr'" },
		{ "# 1\n0x10 r", 2, "expected allow" },
		{ "0x10 r gpx", 1, "'gpx': expected allow" },
		{ "0x10 r value", 1, "'value'" },
		{ "0x10 r value=", 1, "not a number of 64 bits" },
		{ "0x10 r value=0x10000000000000000", 1, "not a number of 64 bits" },
		{ "0x10 r value=18446744073709551616", 1, "not a number of 64 bits" },
		{ "0x10 r value=-1", 1, "not a number" },
		{ "0x10 r value=1z", 1, "not a number" },
		{ "0x10 r gp again", 1, "'again': nothing may follow" },
		{ "0x20-0x10 r gp", 1, "'0x20-0x10': the last is before the first" },
		{ "0x r gp", 1, "'0x'" },
		{ "0x1g r gp", 1, "'0x1g'" },
		{ "1-2-3 r gp", 1, "'1-2-3'" },
		{ "- r gp", 1, "'-'" },
		{ "0xffffffff r gp", 1, "0xfffffffe" },
		{ "0x100000000 r gp", 1, "0xfffffffe" },
		{ "0x838 w gp", 1, "x2APIC" },
		{ "0x7ff-0x900 w gp", 1, "x2APIC" },
		{ "0x40000000-0x4fffffff rw ignore", 1, "more than 196608 MSRs" },
		{ "unknown rw last", 1, "MSRs by number" },
		{ "0x10 r last", 1, "last needs rw" },
		{ "0x1000-0x1040 rw last", 1, "more than 64 MSRs in lines with last" },
		{ "0x1000-0x103f rw last\n0x10 rw last=1", 2, "more than 64" },
		{ "0x10-0x20 rw gp\n0x18 r ignore", 2, "line 1 already has these MSRs" },
		{ "unknown rw gp\nunknown r gp", 2, "line 1 already has" },
		{ "\x01\x1b[31m r gp", 1, "'??[31m': an MSR" },
		{ "0123456789012345678901234567890123456789012345678901 r gp", 1,
		  "'0123456789012345678901234567890123456789...'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kw_msr_policy_error error = { 99, "" };
		size_t len = strlen(rows[i].text);
		int ret = kw_msr_policy_parse(&policy, rows[i].text, len, &error);

		if (ret != -EINVAL || error.line != rows[i].line ||
		    !strstr(error.message, rows[i].told))
			fail_msg("%s\n%d, %u: %s", rows[i].text, ret, error.line, error.message);
		assert_int_equal(policy.count, 0);
		ret = kw_msr_policy_parse(&policy, rows[i].text, len, NULL);
		assert_int_equal(ret, -EINVAL);
	}
	assert_int_equal(kw_msr_policy_parse(&policy, "0x10 r\0gp", 9, NULL), -EINVAL);
	assert_int_equal(kw_msr_policy_parse(&policy, NULL, 0, NULL), -EINVAL);
	assert_int_equal(kw_msr_policy_parse(&policy, "", 0, NULL), 0);
}

static char large[KW_MSR_POLICY_TEXT_MAX + 1];

static void a_text_is_bounded(void **state)
{
	struct kw_msr_policy_error error;
	size_t len = 0;

	(void)state;
	memset(large, '\n', sizeof(large));
	assert_int_equal(kw_msr_policy_parse(&policy, large, sizeof(large) - 1, &error), 0);
	assert_int_equal(kw_msr_policy_parse(&policy, large, sizeof(large), &error), -EINVAL);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.message, "more than 65536 bytes");
	for (unsigned int i = 0; i < 257; i++)
		len += (size_t)snprintf(large + len, sizeof(large) - len, "%u r gp\n", i);
	assert_int_equal(kw_msr_policy_parse(&policy, large, len, &error), -EINVAL);
	assert_int_equal(error.line, 257);
	assert_string_equal(error.message, "more than 256 lines");
	memset(large, 'x', sizeof(large));
	assert_int_equal(kw_msr_policy_parse(&policy, large, sizeof(large) - 1, &error), -EINVAL);
}

/* Every prefix, and every byte replaced by others: parsed or refused, and the filter compiles. */
static void a_hostile_text_does_no_harm(void **state)
{
	static const char text[] = "0x1a0-0x1a4 rw value=0x1f # x\n"
				   "0xc0010000 rw last=7\nunknown rw ignore\n5 w stop\n";
	static const char bytes[] = "\0\x01 \t\n#-=09afxrw\x7f\x80\xff";
	struct kw_msr_policy_error error;
	enum { LEN = sizeof(text) - 1 };
	char copy[LEN];
	unsigned int good = 0;

	(void)state;
	for (size_t len = 0; len <= LEN; len++) {
		char *exact = malloc(len + !len);

		assert_non_null(exact);
		memcpy(exact, text, len);
		good += kw_msr_policy_parse(&policy, exact, len, &error) == 0;
		free(exact);
	}
	for (size_t at = 0; at < LEN; at++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			memcpy(copy, text, LEN);
			copy[at] = bytes[b];
			if (kw_msr_policy_parse(&policy, copy, LEN, &error))
				continue;
			assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
			good++;
		}
	}
	assert_true(good > 50);
}

static void a_file_is_read_when_it_is_one(void **state)
{
	struct kw_msr_policy_error error = { 9, "" };
	char path[] = "/tmp/kvmwhy-policy-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0x10 r gp\n0x11\n", 15), 15);
	assert_int_equal(kw_msr_policy_load(&policy, path, &error), -EINVAL);
	assert_int_equal(error.line, 2);
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(kw_msr_policy_load(&policy, path, &error), 0);
	assert_int_equal(policy.count, 1);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(kw_msr_policy_load(&policy, path, &error), -EINVAL);
	assert_string_equal(error.message, "more than 65536 bytes");
	close(fd);
	unlink(path);
	assert_int_equal(kw_msr_policy_load(&policy, path, &error), -ENOENT);
	assert_int_equal(error.line, 0);
	assert_int_equal(kw_msr_policy_load(&policy, "/dev/zero", &error), -EINVAL);
	assert_int_equal(kw_msr_policy_load(&policy, "/", &error), -EINVAL);
}

/* As kvm_msr_allowed(). */
static int kvm_allows(uint32_t msr, uint32_t type)
{
	for (size_t i = 0; i < KVM_MSR_FILTER_MAX_RANGES; i++) {
		const struct kvm_msr_filter_range *range = &filter.kvm.ranges[i];
		uint32_t end = range->base + range->nmsrs, bit = msr - range->base;

		if (msr >= range->base && msr < end && (range->flags & type))
			return range->bitmap[bit / 8] >> bit % 8 & 1;
	}
	return 1;
}

static void kvm_takes(unsigned int ranges)
{
	assert_int_equal(filter.ranges, ranges);
	for (size_t i = 0; i < KVM_MSR_FILTER_MAX_RANGES; i++) {
		assert_int_equal(filter.kvm.ranges[i].nmsrs > 0, i < ranges);
		assert_true(filter.kvm.ranges[i].nmsrs <= KW_MSR_BITMAP_MSRS);
		assert_true(!ranges || i >= ranges || filter.kvm.ranges[i].flags != 0);
	}
}

static unsigned int leaves(const struct kw_mca *mca, uint32_t msr, unsigned int access)
{
	const struct kw_msr_rule *rule = kw_msr_policy_find(&policy, msr, access, FILTER);

	return (mca && kw_mca_has(mca, msr)) || (rule && rule->action != KW_MSR_ALLOW);
}

static void same(const struct kw_mca *mca, uint32_t from, uint32_t to)
{
	for (uint32_t msr = from; msr < to; msr++) {
		int reads = kvm_allows(msr, KVM_MSR_FILTER_READ);
		int writes = kvm_allows(msr, KVM_MSR_FILTER_WRITE);

		assert_int_equal(reads, !leaves(mca, msr, KW_MSR_READ));
		assert_int_equal(writes, !leaves(mca, msr, KW_MSR_WRITE));
	}
}

static void the_filter_stops_what_the_policy_answers(void **state)
{
	struct kw_mca mca;

	(void)state;
	assert_int_equal(kw_mca_init(&mca, KW_MCA_AMD, 10, 0), 0);
	parsed("0x12 rw allow\n0x10-0x14 rw ignore\n0x13-0x20 r gp\n0x900-0x9ff w stop\n"
	       "0x404 rw allow\n0xc0010014-0xc0010020 r value=1\nunknown rw ignore\n");
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	kvm_takes(3); /* reads below 0x3000, writes there, reads at 0xc0010014 */
	assert_int_equal(filter.reasons, FILTER | UNKNOWN);
	same(NULL, 0, 0x4000);
	same(NULL, 0xc0010000, 0xc0011000);
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, &mca), 0);
	kvm_takes(4);
	same(&mca, 0, 0x4000);
	same(&mca, 0xc0010000, 0xc0011000);
	parsed("");
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, &mca), 0);
	kvm_takes(2);
	same(&mca, 0, 0x1000);
	same(&mca, 0xc0010000, 0xc0011000);
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	kvm_takes(0);
}

static void wide_ranges_are_cut_to_the_width_of_a_bitmap(void **state)
{
	(void)state;
	parsed("0x10000-0x16fff rw gp\n0x17000 r gp\n");
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	kvm_takes(4);
	same(NULL, 0xf000, 0x18000);
	parsed("0x10000-0x3ffff rw gp\n");
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	kvm_takes(16);
	same(NULL, 0xff00, 0x40100);
	parsed("0xfffffff0-0xfffffffe rw gp\n");
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	same(NULL, 0xffffff00, 0xffffffff);
	assert_int_equal(kvm_allows(0xfffffffe, KVM_MSR_FILTER_READ), 0);
}

/* @count places far apart; the last one needs two ranges. */
static int places(unsigned int count, struct kw_msr_policy_error *error)
{
	size_t len = 0;

	for (unsigned int i = 1; i <= count; i++)
		len += (size_t)snprintf(large + len, sizeof(large) - len, "0x%x0000 r gp\n", i);
	len += (size_t)snprintf(large + len, sizeof(large) - len, "0x%x0001 w gp\n", count);
	return kw_msr_policy_parse(&policy, large, len, error);
}

static void more_places_than_kvm_has_ranges_are_told(void **state)
{
	struct kw_msr_policy_error error = { 9, "" };
	struct kw_mca mca;

	(void)state;
	assert_int_equal(places(15, &error), 0);
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, NULL), 0);
	kvm_takes(16);
	same(NULL, 0x10000, 0x11000);
	same(NULL, 0xf0000, 0xf1000);
	assert_int_equal(kw_mca_init(&mca, KW_MCA_INTEL, 10, 0), 0);
	assert_int_equal(kw_msr_filter_compile(&filter, &policy, &mca), -E2BIG);
	assert_int_equal(places(16, &error), -EINVAL);
	assert_int_equal(error.line, 0);
	assert_non_null(strstr(error.message, "16 ranges"));
	assert_int_equal(places(17, &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_action_does_what_it_says),
		cmocka_unit_test(the_first_line_that_fits_decides),
		cmocka_unit_test(unknown_and_invalid_go_by_the_reason),
		cmocka_unit_test(last_remembers_for_each_vcpu),
		cmocka_unit_test(other_exits_are_not_touched),
		cmocka_unit_test(a_wrong_text_is_told_with_its_line),
		cmocka_unit_test(a_text_is_bounded),
		cmocka_unit_test(a_hostile_text_does_no_harm),
		cmocka_unit_test(a_file_is_read_when_it_is_one),
		cmocka_unit_test(the_filter_stops_what_the_policy_answers),
		cmocka_unit_test(wide_ranges_are_cut_to_the_width_of_a_bitmap),
		cmocka_unit_test(more_places_than_kvm_has_ranges_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
