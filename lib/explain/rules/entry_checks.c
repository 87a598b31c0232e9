// SPDX-License-Identifier: MIT
/*
 * Checks of VM entry and of VMRUN that the record shows to be broken, each naming the value. Asked of
 * the dump_vmcs or dump_vmcb where one is there, which is certain; else of the VMM's register dump.
 */
#include "decode/event.h"
#include "explain/rules/rules.h"

/* In the order of the VMCS facts. */
enum segment { CS, DS, SS, ES, FS, GS, LDTR, TR, NSEGMENTS };

enum { ATTR_TYPE = 0xf, ATTR_S = 1 << 4, ATTR_P = 1 << 7, ATTR_L = 1 << 13, ATTR_D = 1 << 14, ATTR_G = 1 << 15,
       ATTR_UNUSABLE = 1 << 16, SEL_TI = 1 << 2 };

/* Bits 11:8 and 31:17 of the access rights are reserved. */
#define ATTR_RESERVED UINT64_C(0xfffe0f00)

struct parts { enum kw_fact sel, attr, limit, base; };

static enum kw_fact either(const struct kw_failure *f, enum kw_fact dumped, enum kw_fact shown)
{
	return kw_known(f, dumped) ? dumped : shown;
}

static struct parts parts_of(const struct kw_failure *f, enum segment segment)
{
	static const enum kw_fact shown[NSEGMENTS] = { KW_F_cs_sel, KW_F_ds_sel, KW_F_ss_sel,  KW_F_es_sel,
						       KW_F_fs_sel, KW_F_gs_sel, KW_F_ldt_sel, KW_F_tr_sel };
	unsigned int s = shown[segment], d = KW_F_vmcs_cs_sel + 4 * (unsigned int)segment;

	return (struct parts){ .sel = either(f, (enum kw_fact)d, (enum kw_fact)s),
			       .attr = either(f, (enum kw_fact)(d + 1), (enum kw_fact)(s + 3)),
			       .limit = either(f, (enum kw_fact)(d + 2), (enum kw_fact)(s + 2)),
			       .base = either(f, (enum kw_fact)(d + 3), (enum kw_fact)(s + 1)) };
}

static bool is_dumped(enum kw_fact fact)
{
	return kw_facts[fact].group == KW_G_VMCS || kw_facts[fact].group == KW_G_VMCB;
}

/* KVM_GET_SREGS shows an unusable segment as one that is not present, so that is taken for unusable. */
static bool is_usable(const struct kw_failure *f, enum kw_fact attr)
{
	return kw_known(f, attr) && !(f->fact[attr] & ATTR_UNUSABLE) && (is_dumped(attr) || f->fact[attr] & ATTR_P);
}

static bool pe_is(const struct kw_failure *f, bool set)
{
	enum kw_fact cr0 = either(f, KW_F_vmcs_cr0, KW_F_cr0);

	return kw_known(f, cr0) && (f->fact[cr0] & 1) == set;
}

/* "IA-32e mode guest", which KVM sets as EFER.LMA says. Both answers are false where neither is known. */
static bool ia32e_is(const struct kw_failure *f, bool set)
{
	if (kw_has(f, vmcs_entry_controls))
		return (f->vmcs_entry_controls >> 9 & 1) == set;
	return kw_has(f, efer) && (f->efer >> 10 & 1) == set;
}

static bool is_vm86(const struct kw_failure *f)
{
	enum kw_fact rflags = either(f, KW_F_vmcs_rflags, KW_F_rflags);

	return !kw_known(f, rflags) || f->fact[rflags] >> 17 & 1;
}

/* Virtual-8086 mode has checks of its own, and for real mode KVM may load other segments than it shows. */
static bool has_plain_checks(const struct kw_failure *f, enum segment segment, enum kw_fact fact)
{
	return segment >= LDTR || (!is_vm86(f) && (is_dumped(fact) || pe_is(f, true)));
}

static bool guest_state_refused(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, 0x80000021);
}

static bool vmrun_refused(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, UINT32_MAX) || FACT_IS(c->f, hardware_error, UINT64_MAX);
}

static enum kw_fact rflags_reserved(const struct kw_case *c)
{
	enum kw_fact rflags = either(c->f, KW_F_vmcs_rflags, KW_F_rflags);
	uint64_t value = c->f->fact[rflags];

	if (!guest_state_refused(c) || !kw_known(c->f, rflags))
		return KW_F_none;
	return value & KW_VMX_RFLAGS_RESERVED || !(value & 2) ? rflags : KW_F_none;
}

static enum kw_fact rflags_vm(const struct kw_case *c)
{
	enum kw_fact rflags = either(c->f, KW_F_vmcs_rflags, KW_F_rflags);

	if (!guest_state_refused(c) || !kw_known(c->f, rflags) || !(c->f->fact[rflags] >> 17 & 1))
		return KW_F_none;
	return ia32e_is(c->f, true) || pe_is(c->f, false) ? rflags : KW_F_none;
}

/* What LDTR and TR have in common: in the GDT, a system segment, present, reserved bits clear. */
static enum kw_fact system_segment(const struct kw_failure *f, const struct parts *p)
{
	uint64_t attr = f->fact[p->attr];

	if (attr & ATTR_S || !(attr & ATTR_P) || attr & ATTR_RESERVED)
		return p->attr;
	return kw_known(f, p->sel) && f->fact[p->sel] & SEL_TI ? p->sel : KW_F_none;
}

static enum kw_fact ldtr(const struct kw_case *c)
{
	struct parts p = parts_of(c->f, LDTR);

	if (!guest_state_refused(c) || !is_usable(c->f, p.attr))
		return KW_F_none;
	return (c->f->fact[p.attr] & ATTR_TYPE) != 2 ? p.attr : system_segment(c->f, &p);
}

static enum kw_fact tr(const struct kw_case *c)
{
	struct parts p = parts_of(c->f, TR);
	uint64_t type;

	if (!guest_state_refused(c) || !is_usable(c->f, p.attr))
		return KW_F_none;
	type = c->f->fact[p.attr] & ATTR_TYPE;
	if (type != 11 && (type != 3 || ia32e_is(c->f, true)))
		return p.attr;
	return system_segment(c->f, &p);
}

static bool base_refused(const struct kw_failure *f, enum segment segment, const struct parts *p)
{
	if (segment == TR || segment == FS || segment == GS)
		return !kw_is_canonical57(f->fact[p->base]);
	if (segment == LDTR)
		return is_usable(f, p->attr) && !kw_is_canonical57(f->fact[p->base]);
	return (segment == CS || is_usable(f, p->attr)) && f->fact[p->base] >> 32;
}

static enum kw_fact segment_base(const struct kw_case *c)
{
	for (int i = CS; guest_state_refused(c) && i < NSEGMENTS; i++) {
		struct parts p = parts_of(c->f, (enum segment)i);

		if (kw_known(c->f, p.base) && has_plain_checks(c->f, (enum segment)i, p.base) &&
		    base_refused(c->f, (enum segment)i, &p))
			return p.base;
	}
	return KW_F_none;
}

static bool limit_refused(uint64_t limit, uint64_t attr)
{
	return attr & ATTR_G ? (limit & 0xfff) != 0xfff : limit >> 20 != 0;
}

static enum kw_fact segment_limit(const struct kw_case *c)
{
	for (int i = CS; guest_state_refused(c) && i < NSEGMENTS; i++) {
		struct parts p = parts_of(c->f, (enum segment)i);

		if (kw_known(c->f, p.limit) && is_usable(c->f, p.attr) &&
		    has_plain_checks(c->f, (enum segment)i, p.limit) &&
		    limit_refused(c->f->fact[p.limit], c->f->fact[p.attr]))
			return p.limit;
	}
	return KW_F_none;
}

static enum kw_fact cs_l_and_d(const struct kw_case *c)
{
	struct parts p = parts_of(c->f, CS);

	if (!guest_state_refused(c) || !is_usable(c->f, p.attr) || is_vm86(c->f) || !ia32e_is(c->f, true))
		return KW_F_none;
	return c->f->fact[p.attr] & ATTR_L && c->f->fact[p.attr] & ATTR_D ? p.attr : KW_F_none;
}

/*
 * The event in the VM-entry interruption information. An entry that failed has not used it up; one
 * that worked has cleared its valid bit. The rules for an error code do not hold on CPUs with
 * IA32_VMX_BASIC[56], but for CR0.PE.
 */
static const char *error_code_refused(const struct kw_failure *f)
{
	static const uint32_t with_error_code = 1u << 8 | 0x1fu << 10 | 1u << 17;
	struct kw_vmx_event e;

	kw_vmx_event_decode(KW_VMX_ENTRY_INTR_INFO, (uint32_t)f->vmcs_entry_intr_info, &e);
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
	why = kw_vmx_event_refused((uint32_t)f->vmcs_entry_intr_info);
	return why ? why : error_code_refused(f);
}

/* VM-instruction error 7, or a VMCS that is dumped for no refused guest state. */
static enum kw_fact event_refused(const struct kw_case *c)
{
	bool worked = kw_has(c->f, vmcs_reason) && !(c->f->vmcs_reason & 0x80000000);

	if (c->f->class == KW_CLASS_VMCS_DUMP ? !worked : !FACT_IS(c->f, hardware_error, 7))
		return KW_F_none;
	return kw_entry_event_refused(c->f) ? KW_F_vmcs_entry_intr_info : KW_F_none;
}

static enum kw_certainty event_sure(const struct kw_case *c)
{
	bool always = kw_vmx_event_refused((uint32_t)c->f->vmcs_entry_intr_info) || pe_is(c->f, false);

	return always && c->f->class == KW_CLASS_ENTRY_FAILED ? KW_CERTAIN : KW_LIKELY;
}

/* "EFER.LME, CR0.PG, CR4.PAE, CS.L and CS.D"; AMD's packed attributes have L and D in bits 9 and 10. */
static enum kw_fact svm_cs_l_and_d(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	enum kw_fact efer = either(f, KW_F_vmcb_efer, KW_F_efer), cr0 = either(f, KW_F_vmcb_cr0, KW_F_cr0),
		     cr4 = either(f, KW_F_vmcb_cr4, KW_F_cr4), cs = either(f, KW_F_vmcb_cs_attr, KW_F_cs_attr);
	uint64_t both = is_dumped(cs) ? 3u << 9 : ATTR_L | ATTR_D;

	if (!vmrun_refused(c) || !kw_known(f, efer) || !kw_known(f, cr0) || !kw_known(f, cr4) || !kw_known(f, cs))
		return KW_F_none;
	return f->fact[efer] >> 8 & 1 && f->fact[cr0] >> 31 & 1 && f->fact[cr4] >> 5 & 1 &&
	       (f->fact[cs] & both) == both ? cs : KW_F_none;
}

static enum kw_fact svm_efer_reserved(const struct kw_case *c)
{
	enum kw_fact efer = either(c->f, KW_F_vmcb_efer, KW_F_efer);

	if (!vmrun_refused(c) || !kw_known(c->f, efer))
		return KW_F_none;
	return c->f->fact[efer] & KW_SVM_EFER_RESERVED ? efer : KW_F_none;
}

/* A VMRUN that fails has delivered nothing, so a valid exit_int_info is the event that was to be injected. */
static enum kw_fact svm_event(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (!vmrun_refused(c))
		return KW_F_none;
	if (kw_has(f, vmcb_event_inj) && kw_svm_event_refused(f->vmcb_event_inj))
		return KW_F_vmcb_event_inj;
	if (kw_has(f, vmcb_exit_int_info) && kw_svm_event_refused(f->vmcb_exit_int_info))
		return KW_F_vmcb_exit_int_info;
	return KW_F_none;
}

/* Reserved vectors up to 31 may become exceptions of later CPUs. */
static enum kw_certainty svm_event_sure(const struct kw_case *c)
{
	struct kw_svm_event e;

	kw_svm_event_decode(c->f->fact[c->blamed], &e);
	return c->blamed == KW_F_vmcb_event_inj && (e.type != KW_SVM_EXCEPTION || e.vector == 2 || e.vector > 31) ?
		       KW_CERTAIN : KW_LIKELY;
}

/* What the VMM shows of a vCPU in real mode need not be what KVM had loaded. */
static enum kw_certainty by_source(const struct kw_case *c)
{
	if (is_dumped(c->blamed))
		return KW_CERTAIN;
	return pe_is(c->f, false) && c->blamed != KW_F_rflags ? KW_POSSIBLE : KW_LIKELY;
}

static enum kw_certainty never_certain(const struct kw_case *c)
{
	return is_dumped(c->blamed) ? KW_LIKELY : KW_POSSIBLE;
}

bool kw_entry_check_broken(const struct kw_case *c)
{
	for (const struct kw_rule *rule = kw_rules_entry_checks; rule->id; rule++) {
		if (rule->blames(c) != KW_F_none)
			return true;
	}
	return false;
}

#define IN_ENTRY (KW_IN(ENTRY_FAILED) | KW_IN(VMCS_DUMP))
#define IN_VMRUN (KW_IN(ENTRY_FAILED) | KW_IN(VMCB_DUMP))
#define DO_SREGS "Who set it? KVM_SET_SREGS and KVM_SET_REGS take values that VM entry then refuses: look at what the VMM restored, loaded or computed last."
#define DO_KERNEL "If the VMM set nothing of the kind: a bug of the host's KVM; report it with this dump and the kernel version."
#define SRC_SEGMENTS "Intel SDM vol. 3, \"Checks on Guest Segment Registers\""
#define SRC_RFLAGS "Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\""
#define SRC_SVM "AMD APM vol. 2, \"Canonicalization and Consistency Checks\""

const struct kw_rule kw_rules_entry_checks[] = {
	{
		.id = "entry-rflags-reserved",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = rflags_reserved,
		.title = "VM entry refuses RFLAGS {blamed}: {blamed_bits}",
		.why = "Bits 63:22, 15, 5 and 3 of RFLAGS must be 0 and bit 1 must be 1. The CPU itself never makes another value, so "
		       "software wrote it.",
		.todo = { "Who set it? KVM_SET_REGS passes RFLAGS on: look at what the VMM restored, loaded or computed last.", DO_KERNEL },
		.source = { SRC_RFLAGS },
	},
	{
		.id = "entry-rflags-vm",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = rflags_vm,
		.title = "VM entry refuses RFLAGS {blamed}: VM (virtual-8086 mode) is set outside protected mode or in IA-32e mode",
		.why = "RFLAGS.VM must be 0 if CR0.PE is 0 or the entry control \"IA-32e mode guest\" is 1.",
		.todo = { DO_SREGS, DO_KERNEL },
		.source = { SRC_RFLAGS },
	},
	{
		.id = "entry-ldtr",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = ldtr,
		.title = "VM entry refuses LDTR, which must be an LDT in the GDT: {blamed_name} {blamed}",
		.why = "LDTR, if usable, must have type 2 (LDT), S clear, P set, the reserved bits of its access rights clear, and a "
		       "selector whose TI bit is clear.",
		.todo = { "Give KVM_SET_SREGS an LDTR with type 2, present 1, s 0, or unusable 1.", DO_KERNEL },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-tr",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = tr,
		.title = "VM entry refuses TR, which must be a busy TSS in the GDT: {blamed_name} {blamed}",
		.why = "TR must have type 11 (busy 32-bit or 64-bit TSS; outside IA-32e mode also 3, busy 16-bit TSS), S clear, P set, the "
		       "reserved bits of its access rights clear, and a selector whose TI bit is clear.",
		.todo = { "Give KVM_SET_SREGS a TR with type 11, present 1, s 0.", DO_KERNEL },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-segment-base",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = segment_base,
		.title = "VM entry refuses {blamed_name} {blamed}: {blamed_base}",
		.why = "The bases of FS, GS, TR and of a usable LDTR must be canonical; those of CS and of usable SS, DS and ES must fit 32 bits.",
		.todo = { DO_SREGS, DO_KERNEL },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-segment-limit",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = segment_limit,
		.title = "VM entry refuses {blamed_name} {blamed}: it does not fit the granularity bit (G)",
		.why = "With G set bits 11:0 of the limit must all be 1; with G clear bits 31:20 must all be 0. The limit is that in bytes, "
		       "already scaled.",
		.todo = { "Give KVM_SET_SREGS limit and g of the same descriptor: g 1 wants a limit that ends in fff.", DO_KERNEL },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-cs-l-and-d",
		.sure = by_source,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(hardware_error) },
		.blames = cs_l_and_d,
		.title = "VM entry refuses CS with L and D both set in IA-32e mode ({blamed_name} {blamed})",
		.why = "In IA-32e mode CS.L=1 means 64-bit code, and D must be 0 then; both set is a reserved combination.",
		.todo = { "Give KVM_SET_SREGS a CS with l 1 and db 0.", DO_KERNEL },
		.source = { SRC_SEGMENTS },
	},
	{
		.id = "entry-event-refused",
		.sure = event_sure,
		.classes = IN_ENTRY,
		.needs = { KW_NEED(vmcs_entry_intr_info) },
		.blames = event_refused,
		.shows = { KW_NEED(vmcs_cr0), KW_NEED(vmcs_reason) },
		.title = "VM entry refuses the event to inject: {entry_event}; {entry_event_refused}",
		.why = "The VM-entry interruption information is {vmcs_entry_intr_info}. It is checked with the VM-execution controls, so the entry "
		       "fails with VM-instruction error 7 and no guest state is looked at. Which exceptions must have an error code "
		       "is not checked on CPUs with IA32_VMX_BASIC[56].",
		.todo = { "Did the VMM set it? KVM_SET_VCPU_EVENTS takes exception.nr and exception.has_error_code as they are given.", DO_KERNEL },
		.source = { "Intel SDM vol. 3, \"VM-Entry Control Fields\"", "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"" },
	},
	{
		.id = "vmcb-event-inj",
		.sure = svm_event_sure,
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.blames = svm_event,
		.event = KW_EV_WARN + 1,
		.title = "VMRUN refuses the event to inject: {svm_event}",
		.why = "It is {blamed} ({blamed_name}; a VMRUN that fails delivers nothing, so what is valid there was to be injected): "
		       "{svm_event_refused}. KVM puts it there, or the VMM with KVM_SET_VCPU_EVENTS. "
		       "KVM's own doing is a bug of the host's kernel; a WARNING in the kernel log just before it shows where it began.",
		.todo = { "Did the VMM set it? Look at exception.nr of its KVM_SET_VCPU_EVENTS.",
			  "If not: run a newer host kernel; report with this dump and the WARNING in front of it." },
		.source = { "AMD APM vol. 2, \"Event Injection\"", "https://bugs.launchpad.net/qemu/+bug/1433081" },
	},
	{
		.id = "vmcb-cs-l-and-d",
		.sure = by_source,
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.blames = svm_cs_l_and_d,
		.title = "VMRUN refuses CS with L and D both set in long mode ({blamed_name}: {blamed})",
		.why = "With EFER.LME, CR0.PG and CR4.PAE set, CS.L=1 means 64-bit code, and D must be 0 then.",
		.todo = { "Give KVM_SET_SREGS a CS with l 1 and db 0.", DO_KERNEL },
		.source = { SRC_SVM },
	},
	{
		.id = "vmcb-efer-reserved",
		.sure = never_certain,
		.classes = IN_VMRUN,
		.needs = { KW_NEED(hardware_error) },
		.blames = svm_efer_reserved,
		.title = "VMRUN refuses EFER {blamed}: {blamed_bits}",
		.why = "Bits 63:22, 19, 16 and 9 of EFER are reserved in the manuals known here. A CPU that is newer than they are may define one of them.",
		.todo = { "Look at the EFER that the VMM gave to KVM_SET_SREGS.", DO_KERNEL },
		.source = { SRC_SVM, "AMD APM vol. 2, \"Extended Feature Enable Register (EFER)\"" },
	},
	{ 0 }
};
