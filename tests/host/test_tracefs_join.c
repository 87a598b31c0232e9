// SPDX-License-Identifier: MIT
/*
 * Events of threads in, records out. The events are made here, in a layout of this test's own: what
 * is tested is which of them belong to a failure. The lab shows that a kernel sends them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "tracefs_parts.h"

enum { TID = INT32_MAX - 1, OTHER = INT32_MAX - 2, SVM_MSR = 0x7c, SVM_NPF = 0x400, SVM = 2 };

static struct kw_watcher live;
static struct kw_tracefs t;
static struct kvmwhy_event last;
static unsigned int count;

static int take(void *arg, const struct kvmwhy_event *event)
{
	(void)arg;
	last = *event;
	count++;
	return 0;
}

/* Every field is a 64-bit word. */
static int setup(void **state)
{
	(void)state;
	memset(&last, 0, sizeof(last));
	count = 0;
	live = (struct kw_watcher){ .fn = take };
	t = (struct kw_tracefs){ .live = &live, .vendor = KVMWHY_X86_SVM, .tep = tep_alloc() };
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++) {
		t.layout[kind].id = (int)kind;
		for (unsigned int i = 0; i < KW_TF_FIELDS; i++) {
			t.layout[kind].field[i].offset = (uint16_t)(8 * i);
			t.layout[kind].field[i].size = 8;
		}
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kw_tracefs_threads_free(&t);
	tep_free(t.tep);
	return 0;
}

static void send(enum kw_tracefs_instance instance, enum kw_tracefs_kind kind, int tid,
		 const uint64_t words[KW_TF_FIELDS])
{
	struct kw_tracefs_event event = {
		.instance = instance,
		.kind = kind,
		.ts = 1000,
		.tid = tid,
		.data = (const uint8_t *)words,
		.layout = &t.layout[kind],
	};

	assert_int_equal(kw_tracefs_join(&t, &event), 0);
}
#define WORDS(...) ((const uint64_t[KW_TF_FIELDS]){ __VA_ARGS__ })

static void seen(enum kw_tracefs_kind kind, int tid, const uint64_t words[KW_TF_FIELDS])
{
	send(KW_TRACEFS_HISTORY, kind, tid, words);
}

static void exits(int tid, uint64_t reason)
{
	seen(KW_TRACEFS_EXIT, tid, WORDS(reason, 0x1234, SVM, 1, 2, 3, 4, 5));
}

static void fails(int tid, int error)
{
	send(KW_TRACEFS_FAILURES, KW_TRACEFS_RUN_END, tid, WORDS(0, (uint64_t)(int64_t)-error));
}

static void write_fails_first_in_common(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x404, 0xfffffffffffffffe, 0));
	seen(KW_TRACEFS_MSR_COMMON, TID, WORDS((uint64_t)-1));
	seen(KW_TRACEFS_MSR_VENDOR, TID, WORDS((uint64_t)-1));
	fails(TID, EPERM);
	assert_int_equal(count, 1);
	assert_int_equal(last.common.result, -EPERM);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_WRMSR);
	assert_int_equal(last.x86.data.function, KVMWHY_FUNCTION_SET_MSR_COMMON);
	assert_int_equal(last.x86.data.msr, 0x404);
	assert_true(last.x86.data.value == 0xfffffffffffffffe);
	assert_int_equal(last.x86.data.flags, KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP |
						      KVMWHY_HAS_EXIT | KVMWHY_WATCHED);
	assert_true(last.x86.rip == 0x1234 && last.x86.exit_reason == SVM_MSR &&
		    last.common.vcpu == 5);
}

static void write_fails_in_vendor(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x10, 1, 0));
	seen(KW_TRACEFS_MSR_VENDOR, TID, WORDS((uint64_t)-EINVAL));
	fails(TID, EINVAL);
	assert_int_equal(last.x86.data.function, KVMWHY_FUNCTION_VENDOR_SET_MSR);
}

/* A probe that missed a call cannot say that it was not called. */
static void vendor_is_not_said_when_common_was_missed(void **state)
{
	(void)state;
	t.missed_common = 1;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x10, 1, 0));
	seen(KW_TRACEFS_MSR_VENDOR, TID, WORDS((uint64_t)-EINVAL));
	fails(TID, EINVAL);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_WRMSR);
	assert_int_equal(last.x86.data.function, KVMWHY_FUNCTION_UNKNOWN);
}

/* Nor can a history that was partly overwritten. */
static void vendor_is_not_said_with_a_gap(void **state)
{
	(void)state;
	t.rings.whole_since = 1001;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x10, 1, 0));
	seen(KW_TRACEFS_MSR_VENDOR, TID, WORDS((uint64_t)-EINVAL));
	fails(TID, EINVAL);
	assert_int_equal(last.x86.data.msr, 0x10);
	assert_int_equal(last.x86.data.function, KVMWHY_FUNCTION_UNKNOWN);
}

static void another_result_is_not_the_cause(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x10, 1, 0));
	seen(KW_TRACEFS_MSR_COMMON, TID, WORDS((uint64_t)-EINVAL));
	fails(TID, EIO);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_OTHER);
	assert_int_equal(last.x86.data.flags & KVMWHY_HAS_MSR, 0);
	assert_int_equal(last.x86.data.result, -EIO);
}

/* KVM_SET_MSRS of the VMM, and then a KVM_RUN that fails for another reason. */
static void writes_of_the_host_are_none_of_the_guests(void **state)
{
	(void)state;
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x404, 1, 1));
	seen(KW_TRACEFS_MSR_COMMON, TID, WORDS((uint64_t)-1));
	fails(TID, EPERM);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_OTHER);
	assert_int_equal(last.x86.data.flags & KVMWHY_HAS_MSR, 0);
	assert_int_equal(last.x86.known & (KVMWHY_X86_RIP | KVMWHY_X86_EXIT), 0);
	assert_int_equal(last.common.known & KVMWHY_KNOWS_VCPU, 0);
}

static void an_exit_makes_the_one_before_void(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x404, 1, 0));
	seen(KW_TRACEFS_MSR_COMMON, TID, WORDS((uint64_t)-EFAULT));
	exits(TID, SVM_NPF);
	fails(TID, EFAULT);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_OTHER);
	assert_true(last.x86.exit_reason == SVM_NPF);
}

static void a_return_to_the_vmm_makes_all_void(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_RUN_END, TID, WORDS(2, 0));
	fails(TID, EINVAL);
	assert_int_equal(last.x86.known & (KVMWHY_X86_EXIT | KVMWHY_X86_RIP | KVMWHY_X86_INFO), 0);
	assert_int_equal(last.x86.known & KVMWHY_X86_SVM, KVMWHY_X86_SVM);
}

static void threads_are_told_apart(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	exits(OTHER, SVM_MSR);
	seen(KW_TRACEFS_MSR_ENTER, TID, WORDS(0x404, 1, 0));
	seen(KW_TRACEFS_MSR_ENTER, OTHER, WORDS(0x405, 2, 0));
	seen(KW_TRACEFS_MSR_COMMON, TID, WORDS((uint64_t)-1));
	seen(KW_TRACEFS_MSR_COMMON, OTHER, WORDS((uint64_t)-1));
	fails(TID, EPERM);
	assert_int_equal(last.x86.data.msr, 0x404);
	fails(OTHER, EPERM);
	assert_int_equal(last.x86.data.msr, 0x405);
	assert_int_equal(count, 2);
}

static void fault(uint64_t exit_reason)
{
	exits(TID, exit_reason);
	seen(KW_TRACEFS_FAULT_ENTER, TID, WORDS(0x80123, 0x14));
	seen(KW_TRACEFS_FAULT, TID, WORDS((uint64_t)-EFAULT));
}

static void page_fault(void **state)
{
	(void)state;
	fault(SVM_NPF);
	fails(TID, EFAULT);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_PAGE_FAULT);
	assert_int_equal(last.x86.data.flags & KVMWHY_HAS_GPA, KVMWHY_HAS_GPA);
	assert_true(last.x86.data.gpa == 0x80123 && last.x86.data.error_code == 0x14);
}

/* With shadow paging it is a linear address, in a nested guest one of that guest. */
static void an_address_that_is_no_gpa_is_not_told(void **state)
{
	(void)state;
	fault(0x4e);
	fails(TID, EFAULT);
	assert_int_equal(last.x86.data.kind, KVMWHY_KIND_PAGE_FAULT);
	assert_int_equal(last.x86.data.flags & KVMWHY_HAS_GPA, 0);
	exits(TID, SVM_NPF);
	seen(KW_TRACEFS_NESTED, TID, WORDS(0));
	seen(KW_TRACEFS_FAULT_ENTER, TID, WORDS(0x80123, 0x14));
	seen(KW_TRACEFS_FAULT, TID, WORDS((uint64_t)-EFAULT));
	fails(TID, EFAULT);
	assert_int_equal(last.x86.data.flags & KVMWHY_HAS_GPA, 0);
}

static void an_exit_without_errno_has_its_reason(void **state)
{
	uint32_t reason;

	(void)state;
	exits(TID, 0xffffffff);
	send(KW_TRACEFS_FAILURES, KW_TRACEFS_RUN_END, TID, WORDS(9, 0));
	assert_int_equal(last.common.known & (KVMWHY_KNOWS_RUN | KVMWHY_KNOWS_REASON),
			 KVMWHY_KNOWS_REASON);
	assert_int_equal(last.x86.known & KVMWHY_X86_DATA, 0);
	memcpy(&reason, last.common.run + 8, sizeof(reason));
	assert_int_equal(reason, 9);
	assert_true(last.x86.exit_reason == UINT64_MAX);
}

/* Before Linux 6.8 the reason with an errno is that of a much earlier exit. */
static void the_reason_beside_an_errno_is_not_told(void **state)
{
	(void)state;
	send(KW_TRACEFS_FAILURES, KW_TRACEFS_RUN_END, TID, WORDS(2, (uint64_t)-EFAULT));
	assert_int_equal(last.common.known & (KVMWHY_KNOWS_RUN | KVMWHY_KNOWS_REASON), 0);
	assert_int_equal(last.common.run[8], 0);
}

static void overwritten_history_is_counted(void **state)
{
	(void)state;
	t.rings.gaps = true;
	exits(TID, SVM_MSR);
	fails(TID, EIO);
	assert_true(t.bare == 0);
	fails(TID, EIO);
	assert_true(t.bare == 1);
}

/* kvmwhy.ko knows that it caused the failure itself. */
static void the_modules_words_win(void **state)
{
	(void)state;
	exits(TID, SVM_MSR);
	seen(KW_TRACEFS_MODULE, TID,
	     WORDS(KVMWHY_KIND_WRMSR, KVMWHY_HAS_MSR | KVMWHY_INJECTED, (uint64_t)-1, (uint64_t)-1,
		   0x838, KVMWHY_FUNCTION_VENDOR_SET_MSR));
	fails(TID, EPERM);
	assert_int_equal(last.x86.data.msr, 0x838);
	assert_int_equal(last.x86.data.flags, KVMWHY_HAS_MSR | KVMWHY_INJECTED | KVMWHY_WATCHED);
	assert_int_equal(last.x86.data.function, KVMWHY_FUNCTION_VENDOR_SET_MSR);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(write_fails_first_in_common),
		CASE(write_fails_in_vendor),
		CASE(vendor_is_not_said_when_common_was_missed),
		CASE(vendor_is_not_said_with_a_gap),
		CASE(another_result_is_not_the_cause),
		CASE(writes_of_the_host_are_none_of_the_guests),
		CASE(an_exit_makes_the_one_before_void),
		CASE(a_return_to_the_vmm_makes_all_void),
		CASE(threads_are_told_apart),
		CASE(page_fault),
		CASE(an_address_that_is_no_gpa_is_not_told),
		CASE(an_exit_without_errno_has_its_reason),
		CASE(the_reason_beside_an_errno_is_not_told),
		CASE(overwritten_history_is_counted),
		CASE(the_modules_words_win),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
