// SPDX-License-Identifier: MIT
/*
 * Fills kvm_run as KVM would. The layouts are those of <linux/kvm.h>; that of
 * KVM_EXIT_MEMORY_FAULT, missing in old ones, is written as plain words.
 */
#include "result.h"

#include <kvm_numbers.h>
#include <linux/kvm.h>
#include <sched.h>
#include <string.h>

#include "spec.h"
#include "vcpu.h"

static unsigned char *exit_data(struct kvm_run *page)
{
	return (unsigned char *)&page->hw;
}

static void put_fail_entry(const struct kw_spec *spec, struct kvm_run *page)
{
	int cpu = sched_getcpu();

	page->fail_entry.hardware_entry_failure_reason = spec->number[0];
	page->fail_entry.cpu = cpu < 0 ? 0 : (__u32)cpu;
	if (spec->numbers == 2)
		page->fail_entry.cpu = (__u32)spec->number[1];
}

static void put_internal_error(const struct kw_spec *spec, struct kvm_run *page)
{
	page->internal.suberror = (__u32)spec->number[0];
	page->internal.ndata = spec->numbers - 1;
	memcpy(page->internal.data, &spec->number[1], 8 * (size_t)(spec->numbers - 1));
}

/* In the specification GPA, size, flags; in kvm_run flags, GPA, size. */
static void put_memory_fault(const struct kw_spec *spec, struct kvm_run *page)
{
	__u64 words[3] = { spec->number[2], spec->number[0], spec->number[1] };

	memcpy(exit_data(page), words, sizeof(words));
}

void kw_result_put(const struct kw_spec *spec, struct kvm_run *page)
{
	page->exit_reason = (__u32)spec->exit;
	switch (spec->exit) {
	case KW_KVM_EXIT_UNKNOWN:
		page->hw.hardware_exit_reason = spec->number[0];
		break;
	case KW_KVM_EXIT_FAIL_ENTRY:
		put_fail_entry(spec, page);
		break;
	case KW_KVM_EXIT_INTERNAL_ERROR:
		put_internal_error(spec, page);
		break;
	case KW_KVM_EXIT_MEMORY_FAULT:
		put_memory_fault(spec, page);
		break;
	}
}

void kw_result_keep(const struct kvm_run *page, struct kw_vcpu_exit *ret)
{
	_Static_assert(sizeof(page->padding) == sizeof(ret->data), "all of an exit is kept");

	ret->reason = page->exit_reason;
	memcpy(ret->data, page->padding, sizeof(ret->data));
}

void kw_result_restore(const struct kw_vcpu_exit *kept, struct kvm_run *page)
{
	page->exit_reason = kept->reason;
	memcpy(page->padding, kept->data, sizeof(kept->data));
}
