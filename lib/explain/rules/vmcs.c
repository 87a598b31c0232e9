// SPDX-License-Identifier: MIT
/*
 * A dump_vmcs or dump_vmcb: the checks behind the failures people report. Each is one architectural
 * check that the dumped values break, so it is certain if the entry failed.
 */
#include "decode/x86/exit_info.h"
#include "explain/rules/rules.h"

/* An exit for reason 0 has valid interruption information. */
static bool never_exited(const struct kw_case *c)
{
	return FACT_IS(c->f, vmcs_reason, KW_VMX_EXIT_EXCEPTION_NMI) &&
	       kw_has(c->f, vmcs_exit_intr_info) && !(c->f->vmcs_exit_intr_info & 0x80000000);
}

static bool entry_worked(const struct kw_case *c)
{
	return !(c->f->vmcs_reason & 0x80000000) && !never_exited(c);
}

/* A failed VMLAUNCH or VMRESUME leaves the reason of the previous exit. */
static enum kw_certainty worked_sure(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_UNUSUAL_EXIT) ? KW_CERTAIN : KW_LIKELY;
}

static bool vmcs_failed(const struct kw_case *c)
{
	return c->f->vmcs_reason & 0x80000000;
}

static bool without_reason(const struct kw_case *c)
{
	return !kw_has(c->f, vmcs_reason);
}

static bool guest_state_missing(const struct kw_case *c)
{
	return vmcs_failed(c) && (!kw_has(c->f, vmcs_rip) || !kw_has(c->f, vmcs_cr0) ||
				  !kw_has(c->f, vmcs_interruptibility));
}

static bool link_pointer_refused(const struct kw_case *c)
{
	return c->f->vmcs_reason == KW_VMX_ENTRY_FAILED(KW_VMX_EXIT_INVALID_STATE) &&
	       c->f->vmcs_qualification == 4;
}

static bool in_smm_by_vmcs(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return f->vmcs_interruptibility & 1u << 2 ||
	       (f->vmcs_rip == 0x8000 && f->vmcs_interruptibility & 1u << 3);
}

#define SRC_NON_REGISTER "Intel SDM vol. 3, \"Checks on Guest Non-Register State\""
#define SRC_RFLAGS "Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\""
#define SRC_SEGMENTS "Intel SDM vol. 3, \"Checks on Guest Segment Registers\""
#define SRC_TABLES "Intel SDM vol. 3, \"Checks on Guest Descriptor-Table Registers\""
#define SRC_SVM "AMD APM vol. 2, \"Canonicalization and Consistency Checks\""

/* The VMM's message and the kernel's dump of one failed entry form one record. */
#define IN_VMCS (KW_IN(VMCS_DUMP) | KW_IN(ENTRY_FAILED))
#define IN_VMCB (KW_IN(VMCB_DUMP) | KW_IN(ENTRY_FAILED))

const struct kw_rule kw_rules_vmcs[] = {
	{
		.id = "vmcs-sti-blocking-if-clear",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_interruptibility),
			   KW_NEED(vmcs_rflags) },
		.breaks = { "guest_interruptibility_sti_if" },
		.shows = { KW_NEED(vmcs_rip) },
		.title = "VM entry refuses blocking by STI (interruptibility "
			 "{vmcs_interruptibility}) while RFLAGS.IF is clear",
		.why = "Bit 0 of the interruptibility state must be 0 if RFLAGS.IF is 0; RFLAGS "
		       "is {vmcs_rflags}. KVM (or the VMM) changed RFLAGS without clearing the "
		       "blocking.",
		.todo = { KW_DO("Restore interruptibility together with RFLAGS: "
				"KVM_SET_VCPU_EVENTS.interrupt.shadow.") },
		.source = { SRC_NON_REGISTER },
	},
	{
		.id = "vmcs-sti-blocking-smm",
		.kernel = "smm-interrupt-shadow",
		.certainty = KW_LIKELY,
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_interruptibility),
			   KW_NEED(vmcs_rflags), KW_NEED(vmcs_rip) },
		.breaks = { "guest_interruptibility_sti_if" },
		.test = in_smm_by_vmcs,
		.title = "The vCPU has just entered SMM, and KVM kept the STI blocking of the "
			 "interrupted code",
		.why = "RIP is {vmcs_rip} with interruptibility {vmcs_interruptibility}: the "
		       "start of an SMI handler, entered at the instruction after an STI. {range} "
		       "carried the interrupt shadow into SMM. Typical guest: Windows with Secure "
		       "Boot, whose firmware uses SMM.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."),
			  KW_DO("Until then, load kvm with tdp_mmu=N, which was reported to help, "
				"and update firmware and microcode.") },
		.source = { "Linux commit fb28875fd7da (\"KVM: x86: smm: preserve interrupt shadow "
			    "in SMRAM\") (in v6.2)",
			    "https://lore.kernel.org/r/20220726165748.76db5284@rosa.proxmox.com",
			    SRC_NON_REGISTER },
	},
	{
		.id = "vmcs-interrupt-if-clear",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_entry_intr_info),
			   KW_NEED(vmcs_rflags) },
		.breaks = { "guest_rflags_if" },
		.title = "VM entry refuses to inject an external interrupt "
			 "({vmcs_entry_intr_info}) while RFLAGS.IF is clear",
		.why = "RFLAGS.IF must be 1 when the VM-entry interruption information is valid "
		       "and its type is external interrupt; RFLAGS is {vmcs_rflags}.",
		.todo = { KW_DO("Report it with this dump and the kernel version: a bug of the "
				"host's KVM, or of the VMM that set the vCPU's events.") },
		.source = { SRC_RFLAGS },
	},
	{
		.id = "vmcs-rip-wide",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_rip), KW_NEED(vmcs_entry_controls),
			   KW_NEED(vmcs_cs_attr) },
		.breaks = { "guest_rip_32bit" },
		.shows = { KW_NEED(vmcs_efer), KW_NEED(vmcs_cr0) },
		.title =
			"VM entry refuses RIP {vmcs_rip}: bits 63:32 must be 0 outside 64-bit code",
		.why = "The entry control \"IA-32e mode guest\" or CS.L is clear, so RIP must "
		       "fit 32 bits. The vCPU has the RIP of a 64-bit kernel but the mode of "
		       "something else: it was half restored after a migration, restore or reset.",
		.todo = { KW_DO("Look in the VMM's log for a refused KVM_SET_SREGS; compare the "
				"CPU features of both hosts, use a common CPU model."),
			  KW_DO("Give `kvmwhy explain` the VMM's register dump of the same "
				"failure.") },
		.source = { SRC_RFLAGS, "https://gitlab.com/qemu-project/qemu/-/issues/1574" },
	},
	{
		.id = "vmcs-tr-unusable",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_tr_attr) },
		.breaks = { "guest_tr_usable" },
		.title = "VM entry refuses an unusable TR (access rights {vmcs_tr_attr}, bit 16 "
			 "set)",
		.why = "TR must always be usable and hold a busy TSS, even if the guest never uses "
		       "it.",
		.todo = { KW_DO("Give KVM_SET_SREGS a TR with type 11 (3 for a 16-bit TSS), "
				"present, S clear, and unusable 0.") },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "vmcs-gdtr-non-canonical",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_gdtr_base) },
		.breaks = { "guest_gdtr_base" },
		.title = "VM entry refuses GDTR.base {vmcs_gdtr_base}: it is not canonical",
		.why = "On CPUs with Intel 64 the bases of GDTR and IDTR must be canonical in "
		       "every mode.",
		.todo = { KW_DO("Check how the VMM packs base and limit for KVM_SET_SREGS.") },
		.source = { SRC_TABLES },
	},
	{
		.id = "vmcs-idtr-non-canonical",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_idtr_base) },
		.breaks = { "guest_idtr_base" },
		.title = "VM entry refuses IDTR.base {vmcs_idtr_base}: it is not canonical",
		.why = "On CPUs with Intel 64 the bases of GDTR and IDTR must be canonical in "
		       "every mode.",
		.todo = { KW_DO("Check how the VMM packs base and limit for KVM_SET_SREGS.") },
		.source = { SRC_TABLES },
	},
	{
		.id = "vmcs-data-segment-accessed",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_ds_attr), KW_NEED(vmcs_es_attr),
			   KW_NEED(vmcs_fs_attr), KW_NEED(vmcs_gs_attr), KW_NEED(vmcs_rflags) },
		.breaks = { "guest_ds_accessed", "guest_es_accessed", "guest_fs_accessed",
			    "guest_gs_accessed" },
		.title = "VM entry refuses a usable data segment whose accessed bit is clear (DS "
			 "{vmcs_ds_attr}, ES {vmcs_es_attr}, FS {vmcs_fs_attr}, GS {vmcs_gs_attr})",
		.why = "For DS, ES, FS and GS, if usable, bit 0 of the type (accessed) must be 1. "
		       "Hardware sets it when a selector is loaded; a VMM "
		       "or an emulated descriptor load that builds the segment must set it too.",
		.todo = { KW_DO("Set type bit 0 in the segments given to KVM_SET_SREGS.") },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "vmcs-pg-without-pe",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_cr0) },
		.breaks = { "guest_cr0_pg_pe" },
		.title = "VM entry refuses CR0 {vmcs_cr0}: PG is set and PE is clear",
		.why = "Paging without protected mode does not exist.",
		.todo = { KW_DO("Set CR0.PE in the sregs given to KVM_SET_SREGS.") },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Control Registers, Debug "
			    "Registers, and MSRs\"" },
	},
	{
		.id = "vmcb-asid-zero",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCB,
		.needs = { KW_NEED(vmcb_exit_code), KW_NEED(vmcb_asid) },
		.breaks = { "svm_asid" },
		.title = "VMRUN refuses ASID 0, which is the host's",
		.why = "The guest's ASID in the VMCB is 0.",
		.todo = { KW_DO("Report it: a bug of the hypervisor that built this VMCB. For SEV "
				"guests, check whether an ASID was bound.") },
		.source = { SRC_SVM },
	},
	{
		.id = "vmcb-svme-clear",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCB,
		.needs = { KW_NEED(vmcb_exit_code), KW_NEED(vmcb_efer) },
		.breaks = { "svm_efer_svme" },
		.title = "VMRUN refuses EFER {vmcb_efer}: SVME is clear",
		.why = "EFER.SVME must be set in the guest's EFER too.",
		.todo = { KW_DO("Report it: a bug of the hypervisor that built this VMCB.") },
		.source = { SRC_SVM },
	},
	{
		.id = "vmcb-nw-without-cd",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMCB,
		.needs = { KW_NEED(vmcb_exit_code), KW_NEED(vmcb_cr0) },
		.breaks = { "svm_cr0_nw" },
		.title = "VMRUN refuses CR0 {vmcb_cr0}: NW is set and CD is clear",
		.why = "CR0.NW without CR0.CD is one of the states that VMRUN does not accept.",
		.todo = { KW_DO("Check the CR0 that the VMM gave to KVM_SET_SREGS.") },
		.source = { SRC_SVM },
	},
	{
		.id = "vmcs-entry-worked",
		.sure = worked_sure,
		.proof = { KW_NEED(vmcs_reason), KW_PROOF_SIGN },
		.classes = KW_IN(VMCS_DUMP),
		.needs = { KW_NEED(vmcs_reason) },
		.test = entry_worked,
		.sign = KW_SIGN_UNUSUAL_EXIT + 1,
		.title = "No guest state was refused: exit reason {vmcs_reason} has bit 31 clear",
		.why = "KVM dumped this VMCS for an exit it could not handle, and the guest "
		       "state in it is valid. Or VMLAUNCH or VMRESUME itself failed later: that "
		       "leaves the reason of the previous exit, and the VMM prints a "
		       "VM-instruction error.",
		.todo = { KW_DO("Give `kvmwhy explain` the VMM's log of the same failure too.") },
		.source = { "Intel SDM vol. 3, \"Basic VM-Exit Information\"",
			    "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()" },
	},
	{
		.id = "vmcs-never-exited",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMCS_DUMP),
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_exit_intr_info) },
		.test = never_exited,
		.title = "This VMCS records no exit: VMLAUNCH or VMRESUME itself failed, with a "
			 "VM-instruction error",
		.why = "Exit reason 0 is an exception or NMI, with valid interruption "
		       "information; here both are 0, as in a VMCS that no guest has exited "
		       "from. KVM also dumps it when the instruction fails, and passes the "
		       "VM-instruction error to the VMM.",
		.todo = { KW_DO("Give `kvmwhy explain` the VMM's log of the same failure too: "
				"`KVM: entry failed, hardware error` has the number.") },
		.source = { "Intel SDM vol. 3, \"Basic VM-Exit Information\"",
			    "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()" },
	},
	{
		.id = "vmcs-link-pointer",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(vmcs_reason), KW_NEED(vmcs_qualification) },
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_qualification) },
		.test = link_pointer_refused,
		.title = "VM entry refuses the VMCS link pointer (exit qualification 4), which "
			 "dump_vmcs does not print",
		.why = "Only this check leaves 4 in the exit qualification. The pointer must be "
		       "~0, or the aligned physical address of a VMCS with the revision "
		       "identifier of the CPU. KVM sets ~0, except for the VMCS of a nested guest "
		       "with VMCS shadowing.",
		.todo = { KW_DO("Report it with this dump and the kernel version: a bug of the "
				"host's KVM, or memory that another program changed."),
			  KW_DO("If this host is a VM, look at the hypervisor below; with nested "
				"guests, try kvm_intel with enable_shadow_vmcs=N.") },
		.source = { SRC_NON_REGISTER, "Intel SDM vol. 3, \"VM-Entry Failures During or "
					      "After Loading Guest State\"" },
	},
	{
		.id = "vmcs-cut",
		.certainty = KW_POSSIBLE,
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason) },
		.test = guest_state_missing,
		.fallback = true,
		.title = "VM entry failed (exit reason {vmcs_reason}); this text does not show "
			 "enough of the guest state to say which check failed",
		.why = "{checks_count}. What the CPU checked is in the section *** Guest State "
		       "*** of the dump.",
		.todo = { KW_DO("Collect the dump from `*** Guest State ***` to `Virtual processor "
				"ID`, with the line that has `reason=`. The kernel's log buffer or "
				"its rate limit may have cut it.") },
		.source = { "Intel SDM vol. 3, \"VM Entries\"" },
	},
	{
		.id = "vmcs-no-reason",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(VMCS_DUMP),
		.test = without_reason,
		.fallback = true,
		.title = "This text shows a part of a VMCS dump, and not why KVM printed it",
		.why = "{checks_count}. The exit reason, the controls and the host state are not in "
		       "it; without them most checks stay undecided.",
		.todo = { KW_DO("Collect the dump to its end, `Virtual processor ID`: above all "
				"`*** Control State ***` and the line that has `reason=`."),
			  KW_DO("Collect what the VMM wrote at that time.") },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, dump_vmcs()" },
	},
	{
		.id = "vmcs-collect",
		.certainty = KW_POSSIBLE,
		.classes = IN_VMCS,
		.needs = { KW_NEED(vmcs_reason) },
		.test = vmcs_failed,
		.fallback = true,
		.title = "VM entry failed (exit reason {vmcs_reason}); none of the values in this "
			 "dump breaks a check",
		.why = "{checks_count}. What the CPU refused is among the undecided "
		       "ones.{checks_untold}",
		.todo = { KW_DO("Collect the dump from `*** Guest State ***` to `Virtual processor "
				"ID`, with the line that has `reason=`."),
			  KW_DO("Check which of these values the VMM set last, and compare CR4 "
				"with the features of the host's CPU.") },
		.source = { "Intel SDM vol. 3, \"VM Entries\"" },
	},
	{ 0 }
};
