// SPDX-License-Identifier: MIT
/* "Cannot tell from this; collect that": the answer where no other rule has one. Must be the last table. */
#include "explain/rules/rules.h"

static bool x86_or_unknown(const struct kw_case *c)
{
	return c->f->arch == KW_ARCH_X86 || c->f->arch == KW_ARCH_UNKNOWN;
}

static bool no_reason(const struct kw_case *c)
{
	return x86_or_unknown(c) && !kw_has(c->f, hardware_error);
}

static bool has_vmcb(const struct kw_case *c)
{
	return c->f->class == KW_CLASS_VMCB_DUMP || kw_failure_has_group(c->f, KW_G_VMCB);
}

/* `kvmwhy watch` sees the exit before the VMM does: what that makes of it is not told. */
static bool vmm_gave_up(const struct kw_case *c)
{
	return x86_or_unknown(c) && !c->f->watch.begun;
}


const struct kw_rule kw_rules_collect[] = {
	{
		.id = "run-failed-collect",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(KVM_RUN_FAILED),
		.fallback = true,
		.test = x86_or_unknown,
		.title = "KVM_RUN failed; why cannot be told from this",
		.why = "KVM gives the VMM an errno and nothing else. None of the known causes of this one fits what is in the text.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Collect the host's dmesg of the same second, and `uname -r` of the host."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_RUN\"" },
	},
	{
		.id = "internal-error-collect",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(INTERNAL_ERROR),
		.fallback = true,
		.test = x86_or_unknown,
		.title = "KVM stopped with an internal error; which one cannot be told from this",
		.why = "KVM_EXIT_INTERNAL_ERROR comes with a suberror and data words. This VMM did not print them, or they are missing here.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Run the guest under QEMU, which prints the suberror, the data words and the registers."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_INTERNAL_ERROR\"" },
	},
	{
		.id = "entry-collect",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(ENTRY_FAILED),
		.fallback = true,
		.test = no_reason,
		.title = "the CPU refused to enter the guest; why cannot be told without hardware_entry_failure_reason",
		.why = "KVM_EXIT_FAIL_ENTRY carries the reason: an exit reason with bit 31, a VM-instruction error, or all ones on AMD.",
		.todo = { KW_DO("Collect hardware_entry_failure_reason, as the VMM has it in kvm_run."),
			  &kw_do_dump_vmcs,
			  &kw_do_dump_vmcb },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_FAIL_ENTRY\"" },
	},
	{
		.id = "vmcb-collect",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(VMCB_DUMP) | KW_IN(ENTRY_FAILED),
		.fallback = true,
		.test = has_vmcb,
		.title = "a VMCB dump; none of the checks known here is broken by what it shows",
		.why = "The checks behind known failures hold, or the fields they need are missing from this dump.",
		.todo = { KW_DO("Collect the dump from `VMCB Control Area:` to its last line, and the VMM's log of the same second."),
			  KW_DO("For SEV-ES and SNP guests the save area of the VMCB is not what the CPU loads.") },
		.source = { "AMD APM vol. 2, \"Canonicalization and Consistency Checks\"" },
	},
	{
		.id = "exit-not-handled",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.fallback = true,
		.needs = { KW_NEED(exit_reason) },
		.test = vmm_gave_up,
		.title = "the VMM does not handle exit reason {exit_reason}, {exit_name}",
		.why = "KVM_RUN returned and asked the VMM to act; this VMM has no code for this exit. It is older than the kernel "
		       "feature behind it, or the feature was switched on without it.",
		.todo = { KW_DO("Use a newer VMM: exits are added with new kernel features."),
			  &kw_do_whole_log,
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"The kvm_run structure\"" },
	},
	{
		.id = "exit-collect",
		.certainty = KW_CERTAIN,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.fallback = true,
		.test = vmm_gave_up,
		.title = "the VMM gave up on this exit; why it came cannot be told from this",
		.why = "The VMM does not handle the exit, or does not say which one it was.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Use a newer VMM: exits are added with new kernel features."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"The kvm_run structure\"" },
	},
	{ 0 }
};
