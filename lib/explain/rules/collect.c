// SPDX-License-Identifier: MIT
/*
 * "This text does not show it; collect that": the answer if no other rule has one. Must be the last
 * table.
 */
#include "explain/rules/rules.h"

static bool not_foreign(const struct kw_case *c)
{
	return !kw_is_foreign(c->f);
}

static bool no_reason(const struct kw_case *c)
{
	return not_foreign(c) && !(kw_is_x86(c->f) && kw_has(c->f, hardware_error));
}

static bool has_vmcb(const struct kw_case *c)
{
	return c->f->class == KW_CLASS_VMCB_DUMP || kw_failure_has_group(c->f, KW_G_VMCB);
}

/*
 * `kvmwhy watch` sees the exit before the VMM does, so the record does not show what the VMM does
 * with it.
 */
static bool vmm_gave_up(const struct kw_case *c)
{
	return not_foreign(c) && !c->f->watch.begun && !kw_page_alone(c->f);
}

const struct kw_rule kw_rules_collect[] = {
	{
		.id = "run-failed-collect",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.fallback = true,
		.test = not_foreign,
		.title = "This text does not show why KVM_RUN failed",
		.why = "KVM gives the VMM an errno and nothing else. None of the causes known for "
		       "it fits what this text shows.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Collect the host's dmesg of the same second, and `uname -r` of "
				"the host."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_RUN\"" },
	},
	{
		.id = "internal-error-collect",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.fallback = true,
		.test = not_foreign,
		.title = "This text does not show which internal error stopped KVM",
		.why = "KVM_EXIT_INTERNAL_ERROR comes with a suberror and data words.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Run the guest under QEMU, which prints the suberror, the data "
				"words and the registers."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_INTERNAL_ERROR\"" },
	},
	{
		.id = "entry-collect",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(ENTRY_FAILED),
		.fallback = true,
		.test = no_reason,
		.title = "This text does not show why the CPU refused to enter the guest",
		.why = "KVM_EXIT_FAIL_ENTRY carries hardware_entry_failure_reason: on Intel an "
		       "exit reason with bit 31 set or a VM-instruction error, on AMD all ones, "
		       "on arm64 1: the host CPU lacks what the guest was given.",
		.todo = { KW_DO("Collect hardware_entry_failure_reason from kvm_run or from the "
				"VMM's log."),
			  &kw_do_dump_vmcs, &kw_do_dump_vmcb },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_FAIL_ENTRY\"" },
	},
	{
		.id = "vmcb-collect",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(VMCB_DUMP) | KW_IN(ENTRY_FAILED),
		.fallback = true,
		.test = has_vmcb,
		.title = "This VMCB dump breaks none of the VMRUN checks that can be evaluated "
			 "on it",
		.why = "{checks_count}.",
		.todo = { KW_DO("Collect the dump from `VMCB Control Area:` to its last line, and "
				"the VMM's log of the same second."),
			  KW_DO("For an SEV-ES or SNP guest, ignore the save area of this dump: "
				"the CPU loads the VMSA instead.",
				.kernel = "dump-vmcb-save-area-sev") },
		.source = { "AMD APM vol. 2, \"Canonicalization and Consistency Checks\"" },
	},
	{
		.id = "exit-not-handled",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.fallback = true,
		.needs = { KW_NEED(exit_reason) },
		.test = vmm_gave_up,
		.title = "The VMM does not handle exit reason {exit_reason}, {exit_name}",
		.why = "KVM_RUN returned and asked the VMM to act. The VMM may be older than the "
		       "kernel feature behind this exit, or the feature was enabled for a VMM that "
		       "has no code for it.",
		.todo = { KW_DO("Use a newer VMM: new kernel features bring new exits."),
			  &kw_do_whole_log, &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"The kvm_run structure\"" },
	},
	{
		.id = "exit-collect",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.fallback = true,
		.test = vmm_gave_up,
		.title = "This text does not show which exit the VMM gave up on",
		.why = "Either the VMM has no code for the exit, or the log does not name it.",
		.todo = { &kw_do_whole_log,
			  KW_DO("Use a newer VMM: new kernel features bring new exits."),
			  &kw_do_trace_exits },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"The kvm_run structure\"" },
	},
	{ 0 }
};
