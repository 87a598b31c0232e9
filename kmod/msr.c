// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's access to one MSR, from entry to return of vmx_set_msr(), svm_set_msr() or their read
 * counterparts: injection first, then permit, then report. Accesses by the host (KVM_SET_MSRS,
 * KVM_GET_MSRS) pass untouched.
 */
#include "kvmwhy.h"

/*
 * An index that no KVM knows: a function called with it changes nothing, and the injected result
 * replaces its own.
 */
#define KW_NO_MSR 0x4b57deadu

struct kw_msr_call {
	struct kvm_vcpu *vcpu;
	struct msr_data *msr;
	struct kw_frame *frame;
	u32 index;
	int injected;		/* the result to return instead, or 0 */
};

/* Nonzero: its result does not matter. */
static int kw_msr_entry(struct kw_msr_call *call, struct pt_regs *regs, enum kw_access access)
{
	call->vcpu = (void *)regs_get_kernel_argument(regs, 0);
	call->msr = (void *)regs_get_kernel_argument(regs, 1);
	if (call->msr->host_initiated)
		return 1;

	call->frame = kw_frame_find(call->vcpu);
	if (call->frame)
		kw_frame_forget(call->frame);

	call->index = call->msr->index;
	call->injected = kw_inject(call->frame, call->vcpu, access, call->msr);
	if (call->injected)
		call->msr->index = KW_NO_MSR;
	return !call->injected && !READ_ONCE(kw_permit) && !READ_ONCE(kw_report);
}

static int kw_msr_result(const struct kw_msr_call *call, struct pt_regs *regs)
{
	if (!call->injected)
		return (int)regs_return_value(regs);

	call->msr->index = call->index;
	return call->injected;
}

/*
 * An injected write failure is complete once its KVM_RUN has returned it; any other is complete
 * now.
 */
static void kw_msr_settle(const struct kw_msr_call *call, enum kw_access access, int result)
{
	if (!call->injected)
		return;
	if (access == KW_WRMSR && kw_is_failure(result))
		call->frame->injected = true;
	else
		kw_inject_returned();
}

static void kw_msr_report(const struct kw_msr_call *call, enum kw_access access, int result)
{
	const struct kw_msr_failure failure = {
		.frame = call->frame,
		.vcpu = call->vcpu,
		.msr = call->msr,
		.access = access,
		.result = result,
		.injected = call->injected,
	};

	if (kw_is_failure(result))
		kw_report_msr(&failure);
}

static int kw_set_msr_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kw_msr_entry((void *)instance->data, regs, KW_WRMSR);
}

static int kw_set_msr_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct kw_msr_call *call = (void *)instance->data;
	int result = kw_msr_result(call, regs);

	if (result)
		result = kw_permit_write(call->vcpu, call->msr, result);
	kw_msr_report(call, KW_WRMSR, result);
	kw_msr_settle(call, KW_WRMSR, result);
	regs_set_return_value(regs, result);
	return 0;
}

static int kw_get_msr_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return kw_msr_entry((void *)instance->data, regs, KW_RDMSR);
}

static int kw_get_msr_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct kw_msr_call *call = (void *)instance->data;
	int result = kw_msr_result(call, regs);

	kw_msr_report(call, KW_RDMSR, result);
	kw_msr_settle(call, KW_RDMSR, result);
	regs_set_return_value(regs, result);
	return 0;
}

/* kvm_set_msr_common() and kvm_get_msr_common(): did they return a failure first? */

static int kw_common_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct msr_data *msr = (void *)regs_get_kernel_argument(regs, 1);
	struct kvm_vcpu **vcpu = (void *)instance->data;

	*vcpu = (void *)regs_get_kernel_argument(regs, 0);
	return msr->host_initiated;
}

static int kw_common_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kvm_vcpu *const *vcpu = (void *)instance->data;
	int result = (int)regs_return_value(regs);
	struct kw_frame *frame;

	if (!kw_is_failure(result))
		return 0;
	frame = kw_frame_find(*vcpu);
	if (frame)
		frame->common = result;
	return 0;
}

const struct kw_hook kw_set_msr_hook = {
	.entry	= kw_set_msr_entry,
	.ret	= kw_set_msr_return,
	.size	= sizeof(struct kw_msr_call),
};

const struct kw_hook kw_get_msr_hook = {
	.entry	= kw_get_msr_entry,
	.ret	= kw_get_msr_return,
	.size	= sizeof(struct kw_msr_call),
};

const struct kw_hook kw_msr_common_hook = {
	.entry	= kw_common_entry,
	.ret	= kw_common_return,
	.size	= sizeof(struct kvm_vcpu *),
};
