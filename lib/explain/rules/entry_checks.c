// SPDX-License-Identifier: MIT
/*
 * Broken checks of VM entry and VMRUN, each naming the value. Evaluated on a dump_vmcs or dump_vmcb
 * if there is one, which is certain; else on the VMM's register dump.
 */
#include "decode/x86/exit_info.h"
#include "explain/rules/rules.h"

/* A later CPU may define what is reserved today. */
static enum kw_certainty never_certain(const struct kw_case *c)
{
	return c->broken->saw.by_vmm ? KW_POSSIBLE : KW_LIKELY;
}

static bool pe_is(const struct kw_failure *f, bool set)
{
	return kw_has(f, vmcs_cr0) && (f->vmcs_cr0 & 1) == set;
}

static bool vmrun_refused(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, UINT32_MAX) ||
	       FACT_IS(c->f, hardware_error, UINT64_MAX);
}

/*
 * The event in the VM-entry interruption information. A failed entry leaves it unchanged; after a
 * successful one its valid bit is cleared. On CPUs with IA32_VMX_BASIC[56] only the CR0.PE rule for
 * error codes applies.
 */
static const char *error_code_refused(const struct kw_failure *f)
{
	static const uint32_t with_error_code = 1u << 8 | 0x1fu << 10 | 1u << 17;
	struct kw_vmx_intr_info e;

	kw_vmx_intr_info_decode(KW_VMX_ENTRY_INTR_INFO, (uint32_t)f->vmcs_entry_intr_info, &e);
	if (!e.valid || e.type != KW_VMX_HARDWARE_EXCEPTION || e.vector > 31)
		return NULL;
	if (pe_is(f, false))
		return e.error_code ? "no error code is delivered while CR0.PE is clear" : NULL;
	if (e.error_code && !(with_error_code >> e.vector & 1))
		return "this exception has no error code";
	if (!e.error_code && with_error_code >> e.vector & 1 && pe_is(f, true))
		return "this exception needs its error code";
	return NULL;
}

const char *kw_entry_event_refused(const struct kw_failure *f)
{
	const char *why;

	if (!kw_has(f, vmcs_entry_intr_info))
		return NULL;
	why = kw_vmx_intr_info_refused((uint32_t)f->vmcs_entry_intr_info);
	return why ? why : error_code_refused(f);
}

/* VM-instruction error 7, or a VMCS that was not dumped for refused guest state. */
static enum kw_fact event_refused(const struct kw_case *c)
{
	bool worked = kw_has(c->f, vmcs_reason) && !(c->f->vmcs_reason & 0x80000000);

	if (c->f->class == KW_CLASS_VMCS_DUMP ?
		    !worked :
		    !FACT_IS(c->f, hardware_error, KW_VMXERR_ENTRY_INVALID_CONTROL_FIELD))
		return KW_F_none;
	return kw_entry_event_refused(c->f) ? KW_F_vmcs_entry_intr_info : KW_F_none;
}

static enum kw_certainty event_sure(const struct kw_case *c)
{
	bool always = kw_vmx_intr_info_refused((uint32_t)c->f->vmcs_entry_intr_info) ||
		      pe_is(c->f, false);

	return always && c->f->class == KW_CLASS_ENTRY_FAILED ? KW_CERTAIN : KW_LIKELY;
}

/*
 * A failed VMRUN delivers nothing, so a valid exit_int_info is the event that was to be injected.
 */
static enum kw_fact svm_event(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (!vmrun_refused(c))
		return KW_F_none;
	if (kw_has(f, vmcb_event_inj) && kw_svm_event_inj_refused(f->vmcb_event_inj))
		return KW_F_vmcb_event_inj;
	if (kw_has(f, vmcb_exit_int_info) && kw_svm_event_inj_refused(f->vmcb_exit_int_info))
		return KW_F_vmcb_exit_int_info;
	return KW_F_none;
}

/* Later CPUs may define the reserved vectors up to 31. */
static enum kw_certainty svm_event_sure(const struct kw_case *c)
{
	struct kw_svm_event_inj e;

	kw_svm_event_inj_decode(c->f->fact[c->blamed], &e);
	return c->blamed == KW_F_vmcb_event_inj &&
			       (e.type != KW_SVM_EXCEPTION || e.vector == 2 || e.vector > 31) ?
		       KW_CERTAIN :
		       KW_LIKELY;
}

static bool no_event_refused(const struct kw_case *c)
{
	return event_refused(c) == KW_F_none;
}

/* An event triggers its rule even if the checks are undecided. */
bool kw_entry_check_broken(const struct kw_case *c)
{
	return c->checks.nbroken || event_refused(c) != KW_F_none || svm_event(c) != KW_F_none;
}

#define IN_ENTRY (KW_IN(ENTRY_FAILED) | KW_IN(VMCS_DUMP))
#define IN_VMRUN (KW_IN(ENTRY_FAILED) | KW_IN(VMCB_DUMP))
#define SRC_SEGMENTS "Intel SDM vol. 3, \"Checks on Guest Segment Registers\""
#define SRC_RFLAGS "Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\""
#define SRC_SVM "AMD APM vol. 2, \"Canonicalization and Consistency Checks\""

const struct kw_rule kw_rules_entry_checks[] = {
	{
		.id = "entry-rflags-reserved",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_rflags_reserved" },
		.title = "VM entry refuses RFLAGS {blamed}: {blamed_bits}",
		.why = "Bits 63:22, 15, 5 and 3 of RFLAGS must be 0 and bit 1 must be 1. The CPU "
		       "itself never produces another value, so software wrote it.",
		.todo = { KW_DO("Find who set it. KVM_SET_REGS passes RFLAGS on: check what the "
				"VMM last restored, loaded or computed."),
			  &kw_do_report_kernel },
		.source = { SRC_RFLAGS },
	},
	{
		.id = "entry-rflags-vm",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_rflags_vm" },
		.title = "VM entry refuses RFLAGS {blamed}: VM (virtual-8086 mode) is set outside "
			 "protected mode or in IA-32e mode",
		.why = "RFLAGS.VM must be 0 if CR0.PE is 0 or the entry control \"IA-32e mode "
		       "guest\" is 1.",
		.todo = { &kw_do_find_sregs, &kw_do_report_kernel },
		.source = { SRC_RFLAGS },
	},
	{
		.id = "entry-ldtr",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_ldtr_type", "guest_ldtr_s", "guest_ldtr_p",
			    "guest_ldtr_reserved", "guest_ldtr_ti" },
		.title = "VM entry refuses LDTR, which must be an LDT in the GDT: {blamed_name} "
			 "{blamed}",
		.why = "LDTR, if usable, must have type 2 (LDT), S clear, P set, the reserved bits "
		       "of its access rights clear, and a selector whose TI bit is clear.",
		.todo = { KW_DO("Give KVM_SET_SREGS an LDTR with type 2, present 1, s 0, or "
				"unusable 1."),
			  &kw_do_report_kernel },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-tr",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_tr_type", "guest_tr_s", "guest_tr_p", "guest_tr_reserved",
			    "guest_tr_ti" },
		.title = "VM entry refuses TR, which must be a busy TSS in the GDT: {blamed_name} "
			 "{blamed}",
		.why = "TR must have type 11 (busy 32-bit or 64-bit TSS; outside IA-32e mode also "
		       "3, busy 16-bit TSS), S clear, P set, the reserved bits of its access "
		       "rights clear, and a selector whose TI bit is clear.",
		.todo = { KW_DO("Give KVM_SET_SREGS a TR with type 11, present 1, s 0."),
			  &kw_do_report_kernel },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-segment-base",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_cs_base", "guest_ds_base", "guest_ss_base", "guest_es_base",
			    "guest_fs_base", "guest_gs_base", "guest_ldtr_base", "guest_tr_base" },
		.title = "VM entry refuses {blamed_name} {blamed}: {blamed_base}",
		.why = "The bases of FS, GS, TR and of a usable LDTR must be canonical; those of "
		       "CS and of usable SS, DS and ES must fit 32 bits.",
		.todo = { &kw_do_find_sregs, &kw_do_report_kernel },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-segment-limit",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_cs_limit", "guest_ds_limit", "guest_ss_limit", "guest_es_limit",
			    "guest_fs_limit", "guest_gs_limit", "guest_ldtr_limit",
			    "guest_tr_limit" },
		.title = "VM entry refuses {blamed_name} {blamed}: it does not fit the granularity "
			 "bit (G)",
		.why = "With G set bits 11:0 of the limit must all be 1; with G clear bits 31:20 "
		       "must all be 0. The limit is in bytes, already scaled.",
		.todo = { KW_DO("Give KVM_SET_SREGS limit and g of the same descriptor: with g 1 "
				"the limit must end in fff."),
			  &kw_do_report_kernel },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-cs-l-and-d",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "guest_cs_l_d" },
		.title = "VM entry refuses CS with L and D both set in IA-32e mode ({blamed_name} "
			 "{blamed})",
		.why = "In IA-32e mode CS.L=1 means 64-bit code, and D must be 0 then; both set is "
		       "a reserved combination.",
		.todo = { KW_DO("Give KVM_SET_SREGS a CS with l 1 and db 0."),
			  &kw_do_report_kernel },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-event-refused",
		.sure = event_sure,
		.proof = { KW_NEED(vmcs_entry_intr_info), KW_NEED(hardware_error) },
		.classes = IN_ENTRY,
		.needs = { KW_NEED(vmcs_entry_intr_info) },
		.breaks = { "controls_event_" },
		.blames = event_refused,
		.shows = { KW_NEED(vmcs_cr0), KW_NEED(vmcs_reason) },
		.title = "VM entry refuses the event to inject: {entry_event}; "
			 "{entry_event_refused}",
		.why = "The VM-entry interruption information is {vmcs_entry_intr_info}. It is "
		       "checked with the VM-execution controls, so the entry fails with "
		       "VM-instruction error 7 and no guest state is checked. CPUs with "
		       "IA32_VMX_BASIC[56] do not check which exceptions must have an error code.",
		.todo = { KW_DO("Check whether the VMM set it: KVM_SET_VCPU_EVENTS accepts "
				"exception.nr and exception.has_error_code as given."),
			  &kw_do_report_kernel },
		.source = { "Intel SDM vol. 3, \"VM-Entry Control Fields\"",
			    "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"" },
	},
	{
		.id = "vmcb-event-inj",
		.sure = svm_event_sure,
		.proof = { KW_NEED(vmcb_event_inj), KW_NEED(hardware_error) },
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "svm_event_", "svm_es_event" },
		.blames = svm_event,
		.sign = KW_SIGN_WARN + 1,
		.title = "VMRUN refuses the event to inject: {svm_event}",
		.why = "It is {blamed} ({blamed_name}; a failed VMRUN delivers nothing, so a "
		       "valid value there was to be injected): {svm_event_refused}. KVM puts it "
		       "there, or the VMM with KVM_SET_VCPU_EVENTS. If KVM did, the host's "
		       "kernel has a bug; a WARNING in the kernel log just before it shows where "
		       "it started.",
		.todo = { KW_DO("Check whether the VMM set it: exception.nr of its "
				"KVM_SET_VCPU_EVENTS."),
			  KW_DO("If not, run a newer host kernel; report it with this dump and the "
				"WARNING before it.") },
		.source = { "AMD APM vol. 2, \"Event Injection\"",
			    "https://bugs.launchpad.net/qemu/+bug/1433081" },
	},
	{
		.id = "vmcb-cs-l-and-d",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "svm_cs_l_d" },
		.title = "VMRUN refuses CS with L and D both set in long mode ({blamed_name}: "
			 "{blamed})",
		.why = "With EFER.LME, CR0.PG and CR4.PAE set, CS.L=1 means 64-bit code, and D "
		       "must be 0 then.",
		.todo = { KW_DO("Give KVM_SET_SREGS a CS with l 1 and db 0."),
			  &kw_do_report_kernel },
		.source = { SRC_SVM },
	},
	{
		.id = "vmcb-efer-reserved",
		.certainty = KW_LIKELY,
		.sure = never_certain,
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.breaks = { "svm_efer_mbz" },
		.title = "VMRUN refuses EFER {blamed}: {blamed_bits}",
		.why = "Bits 63:22, 19, 16 and 9 of EFER are reserved in the manuals known here. A "
		       "newer CPU may define one of them.",
		.todo = { KW_DO("Check the EFER that the VMM gave to KVM_SET_SREGS."),
			  &kw_do_report_kernel },
		.source = { SRC_SVM,
			    "AMD APM vol. 2, \"Extended Feature Enable Register (EFER)\"" },
	},
	{
		.id = "entry-check-hypervisor",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY,
		.breaks = { "controls_", "host_" },
		.test = no_event_refused,
		.title = "VM entry refuses {check_values}: {check_says}",
		.why = "{checks_count}. Only KVM sets controls and host state. Run: `kvmwhy check "
		       "{check_id}` for the condition.",
		.todo = { KW_DO("If this host is a VM, the hypervisor below refuses what it "
				"offers: look there, update it."),
			  KW_DO("On bare metal, it is a bug of the host's KVM, or another "
				"hypervisor or module on the host: report it with this dump and "
				"the kernel version.") },
		/* the source is the section of the check */
	},
	{
		.id = "entry-check",
		.sure = kw_check_sure,
		.proof = { KW_PROOF_CHECK, KW_PROOF_REFUSAL },
		.classes = IN_ENTRY | IN_VMRUN,
		.breaks = { "*" },
		.title = "{entry_name} refuses {check_values}: {check_says}",
		.why = "{checks_count}.{checks_also} Run: `kvmwhy check {check_id}` for the "
		       "condition.",
		.todo = { &kw_do_find_sregs, &kw_do_report_kernel },
		/* the source is the section of the check */
	},
	{ 0 }
};
