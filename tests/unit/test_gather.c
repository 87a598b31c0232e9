// SPDX-License-Identifier: MIT
/* Lines to records: where one failure ends and the next begins, and what belongs to which. */
#include "starting_case.h"

static struct seen seen_in_buf(struct kw_buf *buf)
{
	struct seen seen = seen_in((struct kw_str){ buf->p, buf->len });

	kw_buf_deinit(buf);
	return seen;
}

/* Another vCPU's dump: the case with a register of its own. */
static void add_other_case(struct kw_buf *buf)
{
	add_case_with(buf, "RAX=0000000007213cc9", "RAX=00000000deadbeef");
}

static void failures_in_a_row_are_told_apart(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add_case(&buf, 0, CASE_LINES, "", "\n");
	add_other_case(&buf);
	add(&buf, "\nthe reply of somebody\n\n");
	add_case(&buf, 0, CASE_LINES, "> ", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 3);
	assert_case(seen.failure[0]);
	assert_fact(seen.failure[1], rax, 0xdeadbeef);
	assert_int_equal(seen.failure[1]->first_line, CASE_LINES + 1);
	assert_int_equal(seen.failure[1]->last_line, 2 * CASE_LINES);
	assert_case(seen.failure[2]);
	seen_free(&seen);
}

static void dumps_in_a_row_without_headlines_are_told_apart(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (int i = 0; i < 3; i++)
		add_case(&buf, 1, CASE_LINES, "", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(seen.failure[i]->class, KW_CLASS_REGISTER_DUMP);
		assert_case_registers(seen.failure[i]);
		assert_case_code(seen.failure[i]);
	}
	seen_free(&seen);
}

static void a_headline_that_is_said_twice_is_one(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add_case(&buf, 0, 1, "", "\n");
	add_case(&buf, 0, 1, "2020-05-04T06:09:15.310474Z qemu-system-x86_64: ", "\n");
	add_case(&buf, 1, CASE_LINES, "", "\n");
	assert_only_case(seen_in_buf(&buf));
}

static void dumps_behind_two_headlines_share_them(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add_case(&buf, 0, 1, "", "\n");
	add_case(&buf, 0, 1, "", "\n");
	add_case(&buf, 1, CASE_LINES, "", "\n");
	add_case(&buf, 1, CASE_LINES, "", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 2);
	assert_case(seen.failure[0]);
	assert_case(seen.failure[1]);
	seen_free(&seen);
}

/*
 * Two vCPUs fail at once: the second one's headline and dump are torn into the first one's Code=.
 */
static void a_headline_inside_a_code_line_is_the_next_failures(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;
	struct kw_str code = kw_str(case_line[CASE_CODE]);
	size_t mark = kw_str_find(code, KW_STR("<0f>"));

	(void)state;
	add_case(&buf, 0, CASE_CODE, "", "\n");
	kw_buf_add(&buf, (struct kw_str){ code.p, mark });
	add(&buf, "KVM internal error. Suberror: 1\nemulation failure\n");
	kw_buf_add(&buf, kw_str_from(code, mark));
	add(&buf, "\n");
	add_case(&buf, 1, CASE_LINES, "", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 2);
	assert_case(seen.failure[0]);
	assert_int_equal(seen.failure[1]->class, KW_CLASS_INTERNAL_ERROR);
	assert_true(seen.failure[1]->emulation_failure);
	assert_case_registers(seen.failure[1]);
	assert_case_code(seen.failure[1]);
	seen_free(&seen);
}

static void dumps_mixed_line_by_line_are_said_to_be_mixed(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;
	size_t notes = 0;

	(void)state;
	for (size_t i = 0; i < CASE_LINES; i++) {
		add_case(&buf, i, i + 1, "", "\n");
		add_case(&buf, i, i + 1, "", "\n");
	}
	seen = seen_in_buf(&buf);
	assert_in_range(seen.count, 1, MAX_SEEN);
	for (size_t i = 0; i < seen.count; i++)
		notes += seen.failure[i]->nnotes;
	assert_true(notes > 0);
	seen_free(&seen);
}

static void a_headline_behind_the_dump_is_the_dumps(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add_case(&buf, 1, CASE_LINES, "", "\n");
	add(&buf, "KVM: entry failed, hardware error 0x80000021\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_ENTRY_FAILED);
	assert_fact(seen.failure[0], hardware_error, 0x80000021);
	assert_case_registers(seen.failure[0]);
	assert_case_code(seen.failure[0]);
	seen_free(&seen);
}

static void a_dump_that_is_cut_ends_where_the_next_headline_is(void **state)
{
	(void)state;
	for (size_t lines = 1; lines < CASE_LINES; lines++) {
		struct kw_buf buf = { 0 };
		struct seen seen;

		add_case(&buf, 0, lines, "", "\n");
		add(&buf, "KVM internal error. Suberror: 1\n");
		add_case(&buf, 1, CASE_LINES, "", "\n");
		seen = seen_in_buf(&buf);
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.failure[0]->class, KW_CLASS_KVM_RUN_FAILED);
		assert_int_equal(seen.failure[1]->class, KW_CLASS_INTERNAL_ERROR);
		seen_free(&seen);
	}
}

static void a_dump_goes_on_behind_some_lines_of_others_but_not_behind_many(void **state)
{
	static const int quiet[] = { 10, 200 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kw_buf buf = { 0 };
		struct seen seen;

		add_case(&buf, 0, 9, "", "\n");
		for (int k = 0; k < quiet[i]; k++)
			add(&buf, "a line of another program\n");
		add_case(&buf, 9, CASE_LINES, "", "\n");
		seen = seen_in_buf(&buf);
		assert_true(seen.count >= 1);
		assert_int_equal(kw_has(seen.failure[0], efer), i == 0);
		if (i == 0)
			assert_case(seen.failure[0]);
		seen_free(&seen);
	}
}

static void words_that_look_like_registers_are_no_failure(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add(&buf,
	    "EAX=1 and EBX=2 are what CPUID returns\nwith RIP=0 it would be another matter\n");
	add(&buf, "Code=0f 30 is wrmsr\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 0);
	seen_free(&seen);
}

static void equal_msr_messages_are_counted(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(&buf,
		    "kvm [2997]: vcpu0, guest rIP: 0xffffffff96070964 unhandled wrmsr: 0x838 data 0x7213cc9\n");
	add(&buf, "kvm [2997]: vcpu0, guest rIP: 0xffffffff96070964 unhandled rdmsr: 0x838\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_MSR_MESSAGE);
	assert_int_equal(seen.failure[0]->nmsr, 2);
	assert_int_equal(seen.failure[0]->msr[0].count, 1000);
	assert_int_equal(seen.failure[0]->msr[0].value, 0x7213cc9);
	assert_int_equal(seen.failure[0]->msr[1].count, 1);
	assert_false(seen.failure[0]->msr[1].write);
	seen_free(&seen);
}

static void msr_messages_beyond_what_is_kept_are_said_to_be_there(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (unsigned int i = 0; i < 2 * KW_MAX_MSR_MESSAGES; i++)
		kw_buf_printf(&buf, "kvm [2997]: vcpu0 unhandled rdmsr: 0x%x\n", 0x600 + i);
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->nmsr, KW_MAX_MSR_MESSAGES);
	assert_int_equal(seen.failure[0]->nnotes, 1);
	seen_free(&seen);
}

static void an_msr_message_is_evidence_for_the_failure_it_stands_in(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;
	const struct kw_sign *sign;

	(void)state;
	add_case(&buf, 0, 12, "", "\n");
	add(&buf, "[ 1234.567890] kvm [2997]: vcpu0 unhandled wrmsr: 0x838 data 0x7213cc9\n");
	add_case(&buf, 12, CASE_LINES, "", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 2);
	assert_case(seen.failure[0]);
	sign = kw_failure_sign(seen.failure[0], KW_SIGN_MSR);
	assert_non_null(sign);
	assert_int_equal(sign->value, 0x838);
	assert_int_equal(seen.failure[1]->class, KW_CLASS_MSR_MESSAGE);
	seen_free(&seen);
}

static void more_lines_than_are_kept_do_no_harm(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add_case(&buf, 0, 1, "", "\n");
	for (unsigned int i = 0; i < 3 * KW_MAX_LINES; i++)
		kw_buf_printf(&buf, "kvm_run returned -%u\n", i);
	add_case(&buf, 1, CASE_LINES, "", "\n");
	seen = seen_in_buf(&buf);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->nlines, KW_MAX_LINES);
	assert_int_equal(seen.failure[0]->nsigns, KW_MAX_SIGNS);
	assert_case(seen.failure[0]);
	seen_free(&seen);
}

static void every_prefix_tells_no_more_than_the_whole(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add_case(&buf, 0, CASE_LINES, "", "\n");
	check_every_prefix((struct kw_str){ buf.p, buf.len });
	kw_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_in_a_row_are_told_apart),
		cmocka_unit_test(dumps_in_a_row_without_headlines_are_told_apart),
		cmocka_unit_test(a_headline_that_is_said_twice_is_one),
		cmocka_unit_test(dumps_behind_two_headlines_share_them),
		cmocka_unit_test(a_headline_inside_a_code_line_is_the_next_failures),
		cmocka_unit_test(dumps_mixed_line_by_line_are_said_to_be_mixed),
		cmocka_unit_test(a_headline_behind_the_dump_is_the_dumps),
		cmocka_unit_test(a_dump_that_is_cut_ends_where_the_next_headline_is),
		cmocka_unit_test(a_dump_goes_on_behind_some_lines_of_others_but_not_behind_many),
		cmocka_unit_test(words_that_look_like_registers_are_no_failure),
		cmocka_unit_test(equal_msr_messages_are_counted),
		cmocka_unit_test(msr_messages_beyond_what_is_kept_are_said_to_be_there),
		cmocka_unit_test(an_msr_message_is_evidence_for_the_failure_it_stands_in),
		cmocka_unit_test(more_lines_than_are_kept_do_no_harm),
		cmocka_unit_test(every_prefix_tells_no_more_than_the_whole),
	};

	return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
