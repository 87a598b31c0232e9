// SPDX-License-Identifier: GPL-2.0-only
/*
 * report=: a failed MSR access or page fault of a guest in, kept in the frame of its KVM_RUN; when
 * that fails, then or before the guest ran, fills kvm_run and emits an event and a line in the
 * kernel's log.
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

/* Rate limit of a VM's lines in the kernel's log. */
#define KW_LINES	10
#define KW_PERIOD	(5 * HZ)

/* VMs that failed recently, by their struct kvm, which is compared but never dereferenced. */
static struct kw_speaker {
	const struct kvm *kvm;
	unsigned long since;
	unsigned int lines;
	unsigned int silenced;
} kw_speakers[32];

static DEFINE_RAW_SPINLOCK(kw_speakers_lock);

/* The VM's row, or that of the VM silent for the longest time. */
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

/* silenced: how many lines of this VM were dropped before this one. */
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

static const char *kw_function_text(const struct kvmwhy_data *data)
{
	bool vmx = !boot_cpu_has(X86_FEATURE_SVM);

	switch (data->function) {
	case KVMWHY_FUNCTION_SET_MSR_COMMON:
		return "kvm_set_msr_common()";
	case KVMWHY_FUNCTION_VENDOR_SET_MSR:
		return vmx ? "vmx_set_msr()" : "svm_set_msr()";
	case KVMWHY_FUNCTION_MMU_PAGE_FAULT:
		return "kvm_mmu_page_fault()";
	case KVMWHY_FUNCTION_GET_MSR_COMMON:
		return "kvm_get_msr_common()";
	case KVMWHY_FUNCTION_VENDOR_GET_MSR:
		return vmx ? "vmx_get_msr()" : "svm_get_msr()";
	case KVMWHY_FUNCTION_VCPU_IOCTL:
		return "kvm_vcpu_ioctl()";
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

/* why: text to append, or "". */
static void kw_say(const struct kvm_vcpu *vcpu, const struct kvmwhy_data *data, const char *why)
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
	pr_err("kvm [%d]: vcpu%d%s %s: %pe from %s%s%s%s%s\n", current->tgid, vcpu->vcpu_id, rip,
	       what, ERR_PTR((long)data->result), kw_function_text(data), why,
	       data->flags & KVMWHY_INJECTED ? ", injected" : "",
	       data->flags & KVMWHY_CONVERTED ? ", KVM_RUN returns KVM_EXIT_INTERNAL_ERROR" : "",
	       more);
}

/* run: what KVM returned from KVM_RUN. */
static void kw_announce(const struct kvm_vcpu *vcpu, const struct kvmwhy_data *data, int run,
			const char *why)
{
	kw_count(KW_COUNT_FAILURES);
	trace_kvmwhy_failure(vcpu->vcpu_id, data, run);
	kw_say(vcpu, data, why);
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
static u32 kw_msr_function(const struct kw_msr_failure *failure)
{
	bool write = failure->access == KW_WRMSR;
	unsigned int common = BIT(write ? KW_HOOK_SET_MSR_COMMON : KW_HOOK_GET_MSR_COMMON);

	if (failure->frame && failure->frame->common == failure->result)
		return write ? KVMWHY_FUNCTION_SET_MSR_COMMON : KVMWHY_FUNCTION_GET_MSR_COMMON;
	if (!failure->injected && (!failure->frame || kw_probes_missed(common)))
		return KVMWHY_FUNCTION_UNKNOWN;
	return write ? KVMWHY_FUNCTION_VENDOR_SET_MSR : KVMWHY_FUNCTION_VENDOR_GET_MSR;
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
	data->function = kw_msr_function(failure);
	kw_where(failure->vcpu, data, true);
}

/*
 * A write's result is KVM_RUN's and is reported at its end; a read's becomes #GP in all versions,
 * so it is reported here or nowhere.
 */
void kw_report_msr(const struct kw_msr_failure *failure)
{
	struct kvmwhy_data data;

	if (READ_ONCE(kw_report) == KW_REPORT_OFF)
		return;
	if (failure->access == KW_RDMSR) {
		kw_fill_msr(&data, failure);
		kw_announce(failure->vcpu, &data, 0, "");
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
	data->function = KVMWHY_FUNCTION_MMU_PAGE_FAULT;
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

/* Reports a failure; returns what KVM_RUN is to return. */
static int kw_tell(struct kw_frame *frame, int result, const char *why)
{
	bool converts = READ_ONCE(kw_report) == KW_REPORT_EXIT;
	struct kvmwhy_data *data = &frame->data;
	struct kvm_vcpu *vcpu = frame->vcpu;

	if (kw_is_memory_fault(vcpu->run, result)) {
		kw_announce(vcpu, data, result, why);
		return result;
	}
	if (converts) {
		data->flags |= KVMWHY_CONVERTED;
		kw_count(KW_COUNT_CONVERTED);
	}
	kw_fill_run(vcpu->run, data);
	kw_announce(vcpu, data, result, why);
	return converts ? 0 : result;
}

/*
 * A KVM_RUN that did not fail. A failure inside it (passed to a VMM that asked for such MSR
 * accesses, or handled by the emulator) is only announced.
 */
static void kw_tell_inner(const struct kw_frame *frame, int result)
{
	if (frame->failed)
		kw_announce(frame->vcpu, &frame->data, result, "");
}

static bool kw_has_cause(const struct kw_frame *frame, int result)
{
	return frame->failed && frame->data.result == result;
}

/* The end of a kvm_arch_vcpu_ioctl_run() with this result; returns the replacement result. */
int kw_report_run(struct kw_frame *frame, int result)
{
	if (READ_ONCE(kw_report) == KW_REPORT_OFF)
		return result;
	if (!kw_is_failure(result)) {
		kw_tell_inner(frame, result);
		return result;
	}
	if (!kw_has_cause(frame, result)) {
		kw_start(&frame->data, KVMWHY_KIND_OTHER, result);
		kw_where(frame->vcpu, &frame->data, false);
	}
	return kw_tell(frame, result, "");
}

/* Why kvm_vcpu_ioctl() refuses before it runs anything. */
static const char *kw_refusal(const struct kw_frame *frame, const struct kvmwhy_data *data)
{
	const struct kvm *kvm = frame->vcpu->kvm;

	if (data->function != KVMWHY_FUNCTION_VCPU_IOCTL)
		return "";
	if (data->result == -EIO && kvm->mm != current->mm)
		return ", called by a process other than the VM's";
	if (data->result == -EIO && kw_vm_is_dead(kvm))
		return ", KVM has given up this VM";
	if (data->result == -EINVAL && frame->argument)
		return ", the argument of KVM_RUN is not 0";
	return "";
}

/*
 * The function is unknown if a call of kvm_arch_vcpu_ioctl_run() was missed: it may be this one's.
 */
static void kw_fill_ioctl(struct kw_frame *frame, int result, bool locked)
{
	struct kvmwhy_data *data = &frame->data;

	kw_start(data, KVMWHY_KIND_OTHER, result);
	if (!kw_probes_missed(BIT(KW_HOOK_RUN)))
		data->function = KVMWHY_FUNCTION_VCPU_IOCTL;
	if (locked)
		kw_where(frame->vcpu, data, false);
}

/*
 * The end of a kvm_vcpu_ioctl() for KVM_RUN in which kvm_arch_vcpu_ioctl_run() was not seen;
 * returns the replacement result. The vCPU cannot go away: the ioctl holds its file.
 *
 * vcpu->mutex is no longer held, or never was, and a handler cannot wait for it. With it, we are
 * where kvm_arch_vcpu_ioctl_run() would be: nobody else runs the vCPU, and a VMM that calls KVM_RUN
 * must expect kvm_run to be written. Without it, registers and kvm_run are left alone. A process
 * other than the VM's does not own kvm_run: that is never written.
 */
int kw_report_ioctl(struct kw_frame *frame, int result)
{
	struct kvm_vcpu *vcpu = frame->vcpu;
	const char *why;
	bool locked;

	if (READ_ONCE(kw_report) == KW_REPORT_OFF)
		return result;
	if (!kw_is_failure(result)) {
		kw_tell_inner(frame, result);
		return result;
	}
	locked = mutex_trylock(&vcpu->mutex);
	if (!kw_has_cause(frame, result))
		kw_fill_ioctl(frame, result, locked);
	why = kw_refusal(frame, &frame->data);
	if (locked && vcpu->kvm->mm == current->mm)
		result = kw_tell(frame, result, why);
	else
		kw_announce(vcpu, &frame->data, result, why);
	if (locked)
		mutex_unlock(&vcpu->mutex);
	return result;
}
