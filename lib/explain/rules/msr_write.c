// SPDX-License-Identifier: MIT
/* KVM_RUN failed at a WRMSR: the only instruction whose MSR handler's errno KVM_RUN returns. */
#include "decode/x86/mce_rule.h"
#include "explain/rules/rules.h"

#define SRC_510                                                                                  \
	"Linux commit 7dffecaf4eab (\"KVM: x86: report negative values from wrmsr emulation to " \
	"userspace\") (in v5.10)"
#define SRC_BIT0                                                                                 \
	"Linux commit 0471a7bd1bca (\"KVM: set_msr_mce: Permit guests to ignore single-bit ECC " \
	"errors\") (in v6.0, v5.10.137)"
#define SRC_GP                                                                   \
	"Linux commit 2368048bf5c2 (\"KVM: x86: Signal #GP, not -EPERM, on bad " \
	"WRMSR(MCi_CTL/STATUS)\") (in v6.0, v5.10.137)"

static struct kw_mce_result unfixed(const struct kw_case *c)
{
	struct kw_mce_write write = {
		.gen = KW_MCE_5_10,
		.msr = c->msr_index,
		.value = c->msr_value,
		.banks = 32,
		.amd_compatible = c->vendor == KW_VENDOR_AMD,
	};

	return kw_mce_rule(&write);
}

/* If the host's kernel is known not to return the -1, it came from elsewhere. */
static enum kw_change_state defect(const struct kw_case *c)
{
	const struct kw_row *row = kw_change_find("set-msr-mce-eperm");

	return row ? kw_change_state(row, &c->host, NULL) : KW_CHANGE_CANNOT_TELL;
}


/* kvmwhy.ko logs each result it injects, with the MSR. */
static bool line_of_injection(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_INJECTED);

	return sign && c->has_msr && sign->value == c->msr_index && kw_has(c->f, errno_number);
}

static bool kernel_known(const struct kw_case *c)
{
	return c->host.known;
}

static bool mce_refused(const struct kw_case *c, enum kw_mce_reason reason)
{
	struct kw_mce_result result;

	if (!is_errno(c, KW_EPERM) || !is_wrmsr(c) || !c->has_msr_value ||
	    !kw_mce_is_msr(c->msr_index))
		return false;
	result = unfixed(c);
	return result.ret < 0 && result.reason == reason;
}

static bool ctl_bit0(const struct kw_case *c)
{
	return mce_refused(c, KW_MCE_CTL_BIT0);
}

static bool ctl_value(const struct kw_case *c)
{
	return mce_refused(c, KW_MCE_CTL_VALUE);
}

static bool status_value(const struct kw_case *c)
{
	return mce_refused(c, KW_MCE_STATUS_VALUE);
}

/* Certain only if the host's kernel is known to have the defect; distributions backport. */
static enum kw_certainty by_kernel(const struct kw_case *c)
{
	return defect(c) == KW_CHANGE_APPLIES && !c->exit_msr ? KW_CERTAIN : KW_LIKELY;
}

static bool eperm_elsewhere(const struct kw_case *c)
{
	if (!is_errno(c, KW_EPERM) || !is_wrmsr(c) || line_of_injection(c))
		return false;
	return !kw_mce_is_msr(c->msr_index) || (c->has_msr_value && unfixed(c).ret >= 0) ||
	       defect(c) == KW_CHANGE_NOT;
}

static bool x2apic_register(const struct kw_case *c)
{
	return eperm_elsewhere(c) && c->msr_index >= 0x800 && c->msr_index <= 0x83f;
}

static bool eperm_other_msr(const struct kw_case *c)
{
	return eperm_elsewhere(c) && !x2apic_register(c);
}

static bool xen_page(const struct kw_case *c)
{
	return is_errno(c, KW_EFAULT) && is_wrmsr(c) && c->msr_index >= 0x40000000 &&
	       c->msr_index <= 0x4fffffff;
}

static bool svme_enomem(const struct kw_case *c)
{
	return is_errno(c, KW_ENOMEM) && is_wrmsr(c) && c->msr_index == 0xc0000080 &&
	       c->has_msr_value && c->msr_value & 1u << 12;
}

static bool other_errno(const struct kw_case *c)
{
	return is_wrmsr(c) && kw_has(c->f, errno_number) && !is_errno(c, KW_EPERM) &&
	       !xen_page(c) && !svme_enomem(c);
}

static bool rdmsr(const struct kw_case *c)
{
	return c->code == KW_CODE_OK && c->insn.kind == KW_INSN_RDMSR &&
	       kw_has(c->f, errno_number) && !FACT_IS(c->f, told_kind, KVMWHY_KIND_RDMSR);
}

const struct kw_rule kw_rules_msr_write[] = {
	{
		.id = "module-line-injected",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN, KW_NEED(rcx), KW_PROOF_CODE },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index) },
		.shows = { KW_NEED(rcx) },
		.test = line_of_injection,
		.sign = KW_SIGN_INJECTED + 1,
		.title = "kvmwhy.ko injected an error into this access to {msr}: its line in the "
			 "kernel log says so",
		.why = "The module logs each result it substitutes for KVM's. KVM did not refuse "
		       "the access, and the guest did nothing wrong.",
		.todo = { KW_DO("Stop it: `kvmwhy inject off`. `kvmwhy inject status` shows what "
				"was chosen and how often it fired.") },
		.source = { "kmod/inject.c" },
	},
	{
		.id = "mc-ctl-correctable-eperm",
		.kernel = "set-msr-mce-eperm",
		.certainty = KW_LIKELY,
		.sure = by_kernel,
		.proof = { KW_NEED(errno_number), KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx),
			   KW_PROOF_CODE, KW_PROOF_KERNEL },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index), KW_NEED(msr_value) },
		.shows = { KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx) },
		.test = ctl_bit0,
		.title =
			"The guest told {msr} to ignore correctable errors (bit 0 clear), and this "
			"KVM kills it for that",
		.why = "The guest wrote {value}: all ones but bit 0, which on the CPUs concerned "
		       "masks correctable single-bit ECC errors. set_msr_mce() of {range} refuses "
		       "that with -1, and since v5.10 a negative result of a WRMSR leaves "
		       "KVM_RUN: -1 reads as EPERM. The guest did nothing wrong. Before v5.10 the "
		       "same write was #GP; later kernels accept it.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."),
			  KW_DO("Run: `uname -r` on the host, then `kvmwhy explain --host-kernel "
				"RELEASE`, which says whether it has the fix.",
				.unless = kernel_known),
			  KW_DO("Without a new kernel: have the VMM handle these writes with "
				"KVM_CAP_X86_USER_SPACE_MSR and an MSR filter, or mask the MCE "
				"and MCA bits in the guest's CPUID.") },
		.source = { SRC_BIT0, SRC_GP, SRC_510, "Linux arch/x86/kvm/x86.c, set_msr_mce()" },
	},
	{
		.id = "mc-ctl-value-eperm",
		.kernel = "set-msr-mce-eperm",
		.certainty = KW_LIKELY,
		.sure = by_kernel,
		.proof = { KW_NEED(errno_number), KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx),
			   KW_PROOF_CODE, KW_PROOF_KERNEL },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index), KW_NEED(msr_value) },
		.shows = { KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx) },
		.test = ctl_value,
		.title = "The guest wrote a value to {msr} that KVM refuses; this KVM kills the "
			 "guest instead of raising #GP",
		.why = "KVM's MCi_CTL accepts 0 and all ones (bit 10, later also bit 0, may be "
		       "clear); the guest wrote {value}. set_msr_mce() of {range} returns -1, "
		       "which leaves KVM_RUN as EPERM. Later kernels raise #GP in the guest, "
		       "which it may or may not survive.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."),
			  KW_DO("Find out why the guest enables individual error sources of this "
				"bank: with the fix it gets #GP.") },
		.source = { SRC_GP, SRC_510, "Linux arch/x86/kvm/x86.c, set_msr_mce()" },
	},
	{
		.id = "mc-status-eperm",
		.kernel = "set-msr-mce-eperm",
		.certainty = KW_LIKELY,
		.sure = by_kernel,
		.proof = { KW_NEED(errno_number), KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx),
			   KW_PROOF_CODE, KW_PROOF_KERNEL },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index), KW_NEED(msr_value) },
		.shows = { KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx) },
		.test = status_value,
		.title = "The guest wrote a non-zero value to {msr}; this KVM kills it instead of "
			 "raising #GP",
		.why = "A guest may write only 0 to MCi_STATUS (with an AMD-compatible CPUID, "
		       "other values once HWCR[McStatusWrEn] is set); it wrote {value}. "
		       "set_msr_mce() of {range} returns -1, which leaves KVM_RUN as EPERM. Later "
		       "kernels raise #GP.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}.") },
		.source = { SRC_GP, SRC_510,
			    "Linux commit 9ffd986c6e4e (\"KVM: X86: #GP when guest attempts to "
			    "write MCi_STATUS register w/o 0\")" },
	},
	{
		.id = "wrmsr-eperm-x2apic",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index) },
		.shows = { KW_NEED(rcx) },
		.test = x2apic_register,
		.title = "WRMSR to {msr} failed with EPERM, which is not the guest's fault: an "
			 "injected error or a modified KVM",
		.why = "The EPERM is a -1 from KVM's MSR write path. In x2APIC mode every KVM "
		       "accepts this write; otherwise it is #GP. From 5.10 to 7.3 no KVM returns "
		       "a negative number for an x2APIC register; the only -1 was that of "
		       "set_msr_mce() before v6.0, which handles machine-check banks. So "
		       "{foreign_cause}. The kvm_msr trace event does not fire for such a result, "
		       "and KVM logs nothing: their absence proves nothing.",
		.todo = { KW_DO("Check whether the kernel is unmodified: `uname -r`, `modinfo "
				"kvm`, /proc/sys/kernel/tainted, and the modules that hook KVM."),
			  KW_DO("Look for fault injection: /sys/kernel/debug/fail_function, "
				"/sys/kernel/debug/kprobes/list, /sys/kernel/livepatch, `bpftool "
				"prog`."),
			  &kw_do_trace_refusal, &kw_do_kretprobe_msr },
		.source = { SRC_510, "Linux arch/x86/kvm/lapic.c, kvm_x2apic_msr_write()", SRC_GP },
	},
	{
		.id = "wrmsr-eperm-foreign",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index) },
		.shows = { KW_NEED(rcx) },
		.test = eperm_other_msr,
		.title =
			"WRMSR to {msr} failed with EPERM, which no unmodified KVM returns for it: "
			"an injected error or a modified KVM",
		.why = "The EPERM is a -1 from KVM's MSR write path. From 5.10 to 7.3 only "
		       "set_msr_mce() before v6.0 returned -1, and only for MCi_CTL and "
		       "MCi_STATUS. A refused write to any other MSR is #GP in the guest. The "
		       "kvm_msr trace event does not fire for such a result, and KVM logs "
		       "nothing.",
		.todo = { KW_DO("Check whether the kernel is unmodified: `uname -r`, `modinfo "
				"kvm`, /proc/sys/kernel/tainted."),
			  KW_DO("Look for fault injection: /sys/kernel/debug/fail_function, "
				"/sys/kernel/debug/kprobes/list, `bpftool prog`."),
			  &kw_do_trace_refusal, &kw_do_kretprobe_msr },
		.source = { SRC_510, SRC_GP },
	},
	{
		.id = "wrmsr-efault-xen",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index) },
		.shows = { KW_NEED(rcx) },
		.test = xen_page,
		.title = "The guest asked for its Xen hypercall page ({msr}), and KVM could not "
			 "read the VMM's blob",
		.why = "A write to the MSR that KVM_XEN_HVM_CONFIG chose makes KVM copy the "
		       "hypercall page from blob_addr; memdup_user() of that address failed. The "
		       "VMM gave a bad address.",
		.todo = { KW_DO("Check blob_addr_32/64 and blob_size that the VMM passes to "
				"KVM_XEN_HVM_CONFIG."),
			  KW_DO("Or have KVM write the page: flag "
				"KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL.") },
		.source = { "Linux arch/x86/kvm/xen.c, kvm_xen_write_hypercall_page()", SRC_510 },
	},
	{
		.id = "wrmsr-enomem-svme",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index), KW_NEED(msr_value) },
		.shows = { KW_NEED(rcx), KW_NEED(rax), KW_NEED(rdx) },
		.test = svme_enomem,
		.title = "The guest set EFER.SVME, and the host had no memory for its nested state",
		.why = "KVM allocates the nested SVM state when the guest first sets EFER.SVME; "
		       "that allocation failed.",
		.todo = { KW_DO("Check the host's memory and the memory limit of the VM's cgroup "
				"(memory.max, memory.events).") },
		.source = { "Linux commit 2fcf4876ada8 (\"KVM: nSVM: implement on demand "
			    "allocation of the nested state\") (in v5.10)" },
	},
	{
		.id = "wrmsr-errno",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(msr_index) },
		.shows = { KW_NEED(rcx) },
		.test = other_errno,
		.title = "KVM_RUN failed with {errno} at a WRMSR to {msr}: perhaps from the "
			 "write itself, perhaps from the memory that holds the instruction",
		.why = "Since v5.10 a negative result of an MSR write leaves KVM_RUN. Handlers "
		       "that return one: the Xen hypercall page (EFAULT, ENOMEM), EFER.SVME "
		       "(ENOMEM), SEV-ES guests (EINVAL). The page that holds the instruction can "
		       "cause the same errno.",
		.todo = { KW_DO("Attach a kretprobe to kvm_emulate_wrmsr: it shows whether the "
				"WRMSR returned the error.") },
		.source = { SRC_510 },
	},
	{
		.id = "rdmsr-never-errno",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = rdmsr,
		.title = "The RDMSR at RIP is not what failed: a failing RDMSR is always #GP",
		.why = "Any nonzero result of an MSR read, even a negative one, becomes #GP in "
		       "the guest; only writes return an errno. So {errno} comes from elsewhere: "
		       "the memory at RIP, or something before the guest was entered.",
		.todo = { &kw_do_trace_exits },
		.source = { SRC_510 },
	},
	{ 0 }
};
