// SPDX-License-Identifier: MIT
/*
 * What kvmwhy.ko or `kvmwhy watch` saw of a failure, or the module caused; and kvm_run pages
 * without one.
 */
#include "explain/rules/rules.h"

#define ANY_FAILURE \
	(KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR) | KW_IN(ENTRY_FAILED) | KW_IN(UNKNOWN_EXIT))

#define ABI "include/uapi/kvmwhy.h, struct kvmwhy_data"

/*
 * Words that contradict the dump may belong to an earlier failure. An access was seen if its
 * function is known.
 */
static enum kw_certainty if_it_fits(const struct kw_case *c)
{
	if (c->told_doubt)
		return KW_POSSIBLE;
	return c->told_by_watch && c->told.kind != KVMWHY_KIND_OTHER && !c->told.function ?
		       KW_LIKELY :
		       KW_CERTAIN;
}

/*
 * An injected result ends KVM_RUN with an errno; with any other end, KVM may have recovered from
 * it.
 */
static enum kw_certainty if_injected(const struct kw_case *c)
{
	if (c->told_doubt)
		return KW_POSSIBLE;
	return c->f->class == KW_CLASS_KVM_RUN_FAILED ? KW_CERTAIN : KW_LIKELY;
}

static bool has_words(const struct kw_case *c)
{
	return c->told_state == KW_TOLD_OK;
}

static bool injected(const struct kw_case *c)
{
	return has_words(c) && c->told.injected;
}

static bool saw(const struct kw_case *c, enum kvmwhy_kind kind)
{
	return has_words(c) && !c->told.injected && c->told.kind == kind;
}

static bool wrmsr(const struct kw_case *c)
{
	return saw(c, KVMWHY_KIND_WRMSR) && c->told.has_msr;
}

static bool rdmsr(const struct kw_case *c)
{
	return saw(c, KVMWHY_KIND_RDMSR) && c->told.has_msr;
}

static bool page_fault(const struct kw_case *c)
{
	return saw(c, KVMWHY_KIND_PAGE_FAULT);
}

static bool no_access(const struct kw_case *c)
{
	return has_words(c) && !c->told.injected && !wrmsr(c) && !rdmsr(c) && !page_fault(c);
}

static bool run_refused(const struct kw_case *c)
{
	return no_access(c) && c->told.function == KVMWHY_FUNCTION_VCPU_IOCTL;
}

static bool run_failed(const struct kw_case *c)
{
	return no_access(c) && !run_refused(c);
}

static bool words_missing(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KVMWHY_SUBERROR) && !has_words(c);
}

/* KVM_RUN returned 0 although an access failed inside it, as in KVM's emulator. */
static bool inner_access(const struct kw_case *c)
{
	return wrmsr(c) || rdmsr(c) || page_fault(c);
}

/* A failed entry has no exit: the reason field then holds the failure. */
static bool only_exit(const struct kw_case *c)
{
	return c->f->watch.begun && !has_words(c) && c->f->class != KW_CLASS_ENTRY_FAILED;
}

static bool record_cut(const struct kw_case *c)
{
	return c->f->watch.begun;
}

static bool registers_encrypted(const struct kw_case *c)
{
	return FACT_IS(c->f, watch_protected, 1);
}

static bool ordinary_exit(const struct kw_case *c)
{
	return kw_page_alone(c->f) && kw_kvm_exit_is_served(c->f->run_exit_reason);
}

const struct kw_rule kw_rules_told[] = {
	{
		.id = "module-injected",
		.certainty = KW_CERTAIN,
		.sure = if_injected,
		.injected = true,
		.proof = { KW_PROOF_WORDS },
		.classes = ANY_FAILURE,
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(told_flags), KW_NEED(msr_index), KW_NEED(fault_gpa) },
		.test = injected,
		.title = "kvmwhy.ko injected this failure, as configured: {told_did} got "
			 "{told_result} instead of KVM's result",
		.why = "{words_of} carry the mark KVMWHY_INJECTED. KVM did not refuse anything, "
		       "and the guest did nothing wrong; an injected write has no effect. The "
		       "failure tests how the VMM and its user deal with it.",
		.todo = { KW_DO("Stop it: `kvmwhy inject off`. What was chosen, and how often it "
				"fired: `kvmwhy inject status`.") },
		.source = { ABI ", KVMWHY_INJECTED" },
	},
	{
		.id = "module-wrmsr",
		.certainty = KW_CERTAIN,
		.sure = if_it_fits,
		.proof = { KW_PROOF_WORDS },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(msr_index), KW_NEED(msr_value), KW_NEED(told_function) },
		.test = wrmsr,
		.title = "{speaker}: {told_did} was refused with {told_result} by {told_by}",
		.why = "{watcher} followed the write through KVM. A result of 1 would have been "
		       "#GP in the guest; a negative one leaves KVM_RUN as an errno, since "
		       "v5.10. So KVM refused the write, not a seccomp filter or an LSM.",
		.todo = { KW_DO("Run: `kvmwhy msr {msr_arg}`. It says what each version of KVM "
				"does with such a write."),
			  KW_DO("To keep the guest running, use permit=correctable "
				"(machine-check banks) or permit=gp of kvmwhy.ko.") },
		.source = { ABI, "Linux commit 7dffecaf4eab (\"KVM: x86: report negative values "
				 "from wrmsr emulation to userspace\") (in v5.10)" },
	},
	{
		.id = "module-rdmsr",
		.certainty = KW_CERTAIN,
		.sure = if_it_fits,
		.proof = { KW_PROOF_WORDS },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(msr_index), KW_NEED(told_function) },
		.test = rdmsr,
		.title = "{speaker}: {told_did} was refused with {told_result} by {told_by}",
		.why = "{watcher} followed the read through KVM. In every kernel examined, a "
		       "failed RDMSR is #GP, not an errno of KVM_RUN, so this KVM is modified, "
		       "or the failure came after the read.",
		.todo = { KW_DO("Check whether the host's KVM is unmodified: `uname -r`, `modinfo "
				"kvm`, /proc/sys/kernel/tainted.") },
		.source = { ABI, "Linux arch/x86/kvm/x86.c, kvm_emulate_rdmsr()" },
	},
	{
		.id = "module-page-fault",
		.certainty = KW_CERTAIN,
		.sure = if_it_fits,
		.proof = { KW_PROOF_WORDS },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(fault_gpa), KW_NEED(fault_error_code), KW_NEED(told_function) },
		.test = page_fault,
		.title = "{speaker}: {told_did} failed with {told_result} in {told_by}",
		.why = "KVM could not provide the memory behind the address. The instruction that "
		       "touched it is not at fault. Without two-dimensional paging, and in a "
		       "nested guest, the module knows no guest physical address.",
		.todo = { KW_DO("Find what the VMM has at the address: QEMU's `info mtree -f`, or "
				"its list of memory slots."),
			  KW_DO("If it is RAM, check the size and the state of its backing "
				"(/dev/shm, hugetlbfs, a file). If it is a BAR, check the device's "
				"driver and the host's dmesg.") },
		.source = { ABI, "Linux arch/x86/kvm/mmu/mmu.c, kvm_mmu_page_fault()" },
	},
	{
		.id = "module-run-refused",
		.certainty = KW_CERTAIN,
		.sure = if_it_fits,
		.proof = { KW_PROOF_WORDS },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(told_kind) },
		.test = run_refused,
		.title = "{speaker}: KVM_RUN was refused before the guest ran: {told_result} from "
			 "kvm_vcpu_ioctl()",
		.why = "kvm_vcpu_ioctl() checks three things before it runs the vCPU: an "
		       "argument of KVM_RUN that is not 0 is EINVAL; a process other than the "
		       "one that created the VM, or a VM that KVM has given up, is EIO.",
		.todo = { KW_DO("With kvmwhy.ko loaded, run on the host: `dmesg | grep kvmwhy:`. "
				"The line for this failure says which of the three it was."),
			  KW_DO("If KVM has given up the VM, look for KVM's WARNING that came "
				"first in the same dmesg.") },
		.source = { ABI ", KVMWHY_FUNCTION_VCPU_IOCTL",
			    "Linux virt/kvm/kvm_main.c, kvm_vcpu_ioctl()" },
	},
	{
		.id = "module-run-failed",
		.certainty = KW_CERTAIN,
		.sure = if_it_fits,
		.aside = true,
		.proof = { KW_PROOF_WORDS },
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(told_exit_reason), KW_NEED(rip) },
		.test = run_failed,
		.title = "{speaker}: KVM_RUN failed with {told_result}, which came from {told_by}",
		.why = "{watcher} watches MSR accesses and page faults, and saw none fail with "
		       "this result. RIP and the last VM exit show where the guest was.",
		.todo = { KW_DO("Look at the host's dmesg of the same second."),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_userspace_exit` "
				"until it fails, with kretprobes on the functions below "
				"kvm_arch_vcpu_ioctl_run().") },
		.source = { ABI ", KVMWHY_KIND_OTHER" },
	},
	{
		.id = "watch-access-failed",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(ENTRY_FAILED) | KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(told_kind) },
		.shows = { KW_NEED(msr_index), KW_NEED(msr_value), KW_NEED(fault_gpa),
			   KW_NEED(told_function) },
		.test = inner_access,
		.title = "{speaker}: {told_did} had failed with {told_result} in {told_by}, and "
			 "then KVM gave up",
		.why = "{watcher} saw the result inside this KVM_RUN. When KVM emulates the "
		       "instruction, it does not return such a result as an errno: the emulator "
		       "stops, and KVM_RUN reports that.",
		.todo = { KW_DO("Find out why the function refused the access: `kvmwhy msr INDEX "
				"VALUE` for an MSR, the VMM's memory map for an address.") },
		.source = { ABI, "Linux arch/x86/kvm/emulate.c, x86_emulate_insn()" },
	},
	{
		.id = "watch-last-exit",
		.certainty = KW_CERTAIN,
		.aside = true,
		.proof = { KW_NEED(last_exit) },
		.classes = ANY_FAILURE | KW_IN(REGISTER_DUMP),
		.needs = { KW_NEED(last_exit) },
		.shows = { KW_NEED(last_exit_info1), KW_NEED(watch_vmx) },
		.test = only_exit,
		.title = "kvmwhy watch: the last VM exit before the failure was {exit}",
		.why = "KVM was handling this exit, or work left by it, when KVM_RUN ended. The "
		       "record does not show which function failed.",
		.todo = { KW_DO("Run: `kvmwhy host`. It says what cannot be seen on this host, and "
				"how to see it."),
			  KW_DO("Load kvmwhy.ko, or attach kretprobes to the functions below "
				"kvm_arch_vcpu_ioctl_run(), and reproduce it.") },
		.source = { "include/uapi/kvmwhy-event.h, struct kvmwhy_event",
			    "Linux arch/x86/kvm/trace.h, kvm_exit" },
	},
	{
		.id = "watch-encrypted",
		.certainty = KW_CERTAIN,
		.aside = true,
		.proof = { KW_NEED(watch_protected) },
		.classes = ANY_FAILURE | KW_IN(REGISTER_DUMP),
		.needs = { KW_NEED(watch_protected) },
		.test = registers_encrypted,
		.title = "kvmwhy watch: the guest's registers are encrypted, so KVM does not have "
			 "them",
		.why = "The guest is an SEV-ES, SNP or TDX guest. No tool on the host can show its "
		       "registers or code; this record has none.",
		.todo = { KW_DO("Use the host's dmesg (vmgexit, SEV and TDX lines) and the guest's "
				"own console.") },
		.source = { "AMD APM vol. 2, \"Encrypted State (SEV-ES)\"",
			    "include/uapi/kvmwhy-event.h, KVMWHY_KNOWS_PROTECTED" },
	},
	{
		.id = "watch-record-cut",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(REGISTER_DUMP),
		.test = record_cut,
		.title = "kvmwhy watch saw a failure; this text does not show which",
		.why = "The record has no errno of KVM_RUN, no exit, and no words that say what "
		       "failed. It was truncated, or the failure was seen in a way that shows no "
		       "more.",
		.todo = { KW_DO("Look for the whole record, from its line `failure N begins` to "
				"`failure N ends`."),
			  KW_DO("Run: `kvmwhy host`. It says what cannot be seen on this host, and "
				"how to see it.") },
		.source = { "include/uapi/kvmwhy-event.h, struct kvmwhy_event" },
	},
	{
		.id = "module-words-missing",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = words_missing,
		.title = "kvmwhy.ko reported why KVM_RUN failed; its words are missing from this "
			 "text, or damaged",
		.why = "Suberror 19287 (0x4b57) comes from the module, not from KVM. Its 10 words "
		       "say what failed: which MSR or address, which function refused it, and with "
		       "what result.",
		.todo = { KW_DO("Collect the lines `extra data[0]` to `extra data[9]`, which QEMU "
				"prints after the suberror."),
			  KW_DO("With another VMM, save the vCPU's kvm_run page and run: `kvmwhy "
				"explain --kvm-run PAGE`.") },
		.source = { ABI },
	},
	{
		.id = "run-page-ordinary-exit",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(run_exit_reason) },
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(run_exit_reason) },
		.test = ordinary_exit,
		.title = "kvm_run holds exit reason {run_exit_reason}, {exit_name}, which a VMM "
			 "handles and continues",
		.why = "A VMM handles this exit before it runs the vCPU again. If KVM_RUN failed "
		       "with an errno, exit_reason is undefined: before v6.8 it still holds the "
		       "previous exit.",
		.todo = { KW_DO("Along with the page, pass KVM_RUN's errno and the VMM's "
				"register dump."),
			  KW_DO("With kvmwhy.ko and report=annotate, the page itself says why.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_MEMORY_FAULT\"" },
	},
	{ 0 }
};
