// SPDX-License-Identifier: GPL-2.0-only
/*
 * report=: a failure of a guest's MSR access or page fault, in, kept in the frame of its KVM_RUN;
 * when that fails, kvm_run filled, an event and a line in the kernel's log, out.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/svm.h>
#include <asm/vmx.h>

#include "kvmwhy.h"
#include "trace.h"

/* Lines in the kernel's log for one VM: so many in so long. */
#define KW_LINES	10
#define KW_PERIOD	(5 * HZ)

/* VMs that failed lately, by their struct kvm, which is compared and never looked into. */
static struct kw_speaker {
	const struct kvm *kvm;
	unsigned long since;
	unsigned int lines;
	unsigned int silenced;
} kw_speakers[32];

static DEFINE_RAW_SPINLOCK(kw_speakers_lock);

/* The VM's row, or that of the VM that has been silent for longest. */
static struct kw_speaker *kw_speaker_of(const struct kvm *kvm)
{
	struct kw_speaker *speaker, *oldest = kw_speakers;

	for (speaker = kw_speakers; speaker < kw_speakers + ARRAY_SIZE(kw_speakers); speaker++) {
		if (speaker->kvm == kvm)
			return speaker;
		if (!speaker->kvm || time_before(speaker->since, oldest->since))
			oldest = speaker;
	}
	*oldest = (struct kw_speaker){ .kvm = kvm, .since = jiffies };
	return oldest;
}

/* silenced: how many lines of this VM were left out before this one. */
static bool kw_may_speak(const struct kvm *kvm, unsigned int *silenced)
{
	struct kw_speaker *speaker;
	unsigned long flags;
	bool may;

	raw_spin_lock_irqsave(&kw_speakers_lock, flags);
	speaker = kw_speaker_of(kvm);
	if (time_after(jiffies, speaker->since + KW_PERIOD)) {
		speaker->since = jiffies;
		speaker->lines = 0;
	}
	may = speaker->lines++ < KW_LINES;
	*silenced = speaker->silenced;
	speaker->silenced = may ? 0 : speaker->silenced + 1;
	raw_spin_unlock_irqrestore(&kw_speakers_lock, flags);
	return may;
}

static const char *kw_place_text(const struct kvmwhy_data *data)
{
	bool vmx = !boot_cpu_has(X86_FEATURE_SVM);

	switch (data->place) {
	case KVMWHY_PLACE_SET_MSR_COMMON:
		return "kvm_set_msr_common()";
	case KVMWHY_PLACE_VENDOR_SET_MSR:
		return vmx ? "vmx_set_msr()" : "svm_set_msr()";
	case KVMWHY_PLACE_MMU_PAGE_FAULT:
		return "kvm_mmu_page_fault()";
	case KVMWHY_PLACE_GET_MSR_COMMON:
		return "kvm_get_msr_common()";
	case KVMWHY_PLACE_VENDOR_GET_MSR:
		return vmx ? "vmx_get_msr()" : "svm_get_msr()";
	default:
		return "an unknown function";
	}
}

static void kw_what_text(const struct kvmwhy_data *data, char *text, size_t size)
{
	switch (data->kind) {
	case KVMWHY_KIND_WRMSR:
		scnprintf(text, size, "WRMSR(0x%x) = 0x%llx", data->msr, data->value);
		break;
	case KVMWHY_KIND_RDMSR:
		scnprintf(text, size, "RDMSR(0x%x)", data->msr);
		break;
	case KVMWHY_KIND_PAGE_FAULT:
		if (data->flags & KVMWHY_HAS_GPA) {
			scnprintf(text, size, "access to GPA 0x%llx", data->gpa);
			break;
		}
		scnprintf(text, size, "access to memory");
		break;
	default:
		scnprintf(text, size, "KVM_RUN");
	}
}

static void kw_say(const struct kvm_vcpu *vcpu, const struct kvmwhy_data *data)
{
	char what[48], rip[32] = "", more[32] = "";
	unsigned int silenced;

	if (!kw_may_speak(vcpu->kvm, &silenced))
		return;
	kw_what_text(data, what, sizeof(what));
	if (data->flags & KVMWHY_HAS_RIP)
		scnprintf(rip, sizeof(rip), ", guest rIP: 0x%llx", data->rip);
	if (silenced)
		scnprintf(more, sizeof(more), " (%u lines left out)", silenced);
	pr_err("kvm [%d]: vcpu%d%s %s: %pe from %s%s%s%s\n", current->tgid, vcpu->vcpu_id, rip,
	       what, ERR_PTR((long)data->result), kw_place_text(data),
	       data->flags & KVMWHY_INJECTED ? ", injected" : "",
	       data->flags & KVMWHY_CONVERTED ? ", KVM_RUN returns KVM_EXIT_INTERNAL_ERROR" : "",
	       more);
}

static void kw_announce(const struct kvm_vcpu *vcpu, const struct kvmwhy_data *data, int run)
{
	kw_count(KW_COUNT_FAILURES);
	trace_kvmwhy_failure(vcpu->vcpu_id, data, run);
	kw_say(vcpu, data);
}

static void kw_start(struct kvmwhy_data *data, enum kvmwhy_kind kind, int result)
{
	*data = (struct kvmwhy_data){
		.version = KVMWHY_DATA_VERSION,
		.kind = kind,
		.result = result,
	};
}

/* Unknown if a call of the common function was missed: it may have been the first. */
static u32 kw_msr_place(const struct kw_msr_failure *failure)
{
	bool write = failure->access == KW_WRMSR;
	unsigned int common = BIT(write ? KW_HOOK_SET_MSR_COMMON : KW_HOOK_GET_MSR_COMMON);

	if (failure->frame && failure->frame->common == failure->result)
		return write ? KVMWHY_PLACE_SET_MSR_COMMON : KVMWHY_PLACE_GET_MSR_COMMON;
	if (!failure->injected && (!failure->frame || kw_probes_missed(common)))
		return KVMWHY_PLACE_UNKNOWN;
	return write ? KVMWHY_PLACE_VENDOR_SET_MSR : KVMWHY_PLACE_VENDOR_GET_MSR;
}

static void kw_fill_msr(struct kvmwhy_data *data, const struct kw_msr_failure *failure)
{
	bool write = failure->access == KW_WRMSR;

	kw_start(data, write ? KVMWHY_KIND_WRMSR : KVMWHY_KIND_RDMSR, failure->result);
	data->flags = KVMWHY_HAS_MSR;
	data->msr = failure->msr->index;
	if (write) {
		data->value = failure->msr->data;
		data->flags |= KVMWHY_HAS_VALUE;
	}
	if (failure->injected)
		data->flags |= KVMWHY_INJECTED;
	data->place = kw_msr_place(failure);
	kw_where(failure->vcpu, data, true);
}

/*
 * A write's result is KVM_RUN's, whose end tells it; a read's becomes #GP in all versions, so it is
 * told here or nowhere.
 */
void kw_report_msr(const struct kw_msr_failure *failure)
{
	struct kvmwhy_data data;

	if (READ_ONCE(kw_report) == KW_REPORT_OFF)
		return;
	if (failure->access == KW_RDMSR) {
		kw_fill_msr(&data, failure);
		kw_announce(failure->vcpu, &data, 0);
	} else if (failure->frame) {
		kw_fill_msr(&failure->frame->data, failure);
		failure->frame->failed = true;
	}
}

struct kw_fault {
	struct kvm_vcpu *vcpu;
	u64 gpa;
	u64 error_code;
	const void *insn;
	unsigned int insn_size;
};

static int kw_page_fault_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kw_fault *fault = (void *)instance->data;
	struct kw_frame *frame;

	fault->vcpu = (void *)regs_get_kernel_argument(regs, 0);
	fault->gpa = regs_get_kernel_argument(regs, 1);
	fault->error_code = regs_get_kernel_argument(regs, 2);
	fault->insn = (void *)regs_get_kernel_argument(regs, 3);
	fault->insn_size = clamp_t(int, regs_get_kernel_argument(regs, 4), 0,
				   sizeof_field(struct kvmwhy_data, insn));
	frame = kw_frame_find(fault->vcpu);
	if (!frame)
		return 1;
	kw_frame_forget(frame);
	return 0;
}

/*
 * Without two-dimensional paging the fault has a linear address, and one of a nested guest may be
 * in that guest's own physical address space: neither is a GPA to the VMM.
 */
static bool kw_is_gpa(const struct kvm_vcpu *vcpu, const struct kvmwhy_data *data)
{
	if (!(data->flags & KVMWHY_HAS_EXIT) || (vcpu->arch.hflags & HF_GUEST_MASK))
		return false;
	if (data->flags & KVMWHY_EXIT_VMX)
		return data->exit_reason == EXIT_REASON_EPT_VIOLATION ||
		       data->exit_reason == EXIT_REASON_EPT_MISCONFIG;
	return data->exit_reason == SVM_EXIT_NPF;
}

static void kw_fill_fault(struct kvmwhy_data *data, const struct kw_fault *fault, int result)
{
	kw_start(data, KVMWHY_KIND_PAGE_FAULT, result);
	data->place = KVMWHY_PLACE_MMU_PAGE_FAULT;
	kw_where(fault->vcpu, data, true);
	if (kw_is_gpa(fault->vcpu, data)) {
		data->gpa = fault->gpa;
		data->error_code = fault->error_code;
		data->flags |= KVMWHY_HAS_GPA;
	}
	if (fault->insn && fault->insn_size) {
		memcpy(data->insn, fault->insn, fault->insn_size);
		data->insn_size = (u8)fault->insn_size;
		data->flags |= KVMWHY_HAS_INSN;
	}
}

static int kw_page_fault_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct kw_fault *fault = (void *)instance->data;
	int result = (int)regs_return_value(regs);
	struct kw_frame *frame;

	if (!kw_is_failure(result))
		return 0;
	frame = kw_frame_find(fault->vcpu);
	if (!frame)
		return 0;
	kw_fill_fault(&frame->data, fault, result);
	frame->failed = true;
	return 0;
}

const struct kw_hook kw_page_fault_hook = {
	.entry	= kw_page_fault_entry,
	.ret	= kw_page_fault_return,
	.size	= sizeof(struct kw_fault),
};

static void kw_fill_run(struct kvm_run *run, const struct kvmwhy_data *data)
{
	BUILD_BUG_ON(sizeof(*data) != KVMWHY_NDATA * sizeof(u64));
	BUILD_BUG_ON(sizeof(*data) > sizeof(run->internal.data));

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVMWHY_SUBERROR;
	run->internal.ndata = KVMWHY_NDATA;
	memcpy(run->internal.data, data, sizeof(*data));
}

/*
 * The end of a KVM_RUN with this result; returns the result to give instead. A failure that KVM
 * returned in between, but not from KVM_RUN (to a VMM that asked for such MSR accesses, or from the
 * emulator) is announced only.
 */
int kw_report_run(struct kw_frame *frame, int result)
{
	unsigned int report = READ_ONCE(kw_report);
	struct kvmwhy_data *data = &frame->data;
	struct kvm_vcpu *vcpu = frame->vcpu;

	if (report == KW_REPORT_OFF)
		return result;
	if (!kw_is_failure(result)) {
		if (frame->failed)
			kw_announce(vcpu, data, result);
		return result;
	}
	if (!frame->failed || data->result != result) {
		kw_start(data, KVMWHY_KIND_OTHER, result);
		kw_where(vcpu, data, false);
	}
	if (kw_is_memory_fault(vcpu->run, result)) {
		kw_announce(vcpu, data, result);
		return result;
	}
	if (report == KW_REPORT_EXIT) {
		data->flags |= KVMWHY_CONVERTED;
		kw_count(KW_COUNT_CONVERTED);
	}
	kw_fill_run(vcpu->run, data);
	kw_announce(vcpu, data, result);
	return report == KW_REPORT_EXIT ? 0 : result;
}
