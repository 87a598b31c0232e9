// SPDX-License-Identifier: MIT
/* How a check reads the record. */
#include "check/svm.h"
#include "check/vmx.h"
#include "failure/x86.h"

/*
 * A field of the VMCS and one of the VMCB, and the VMM's register that shows what KVM loads into
 * both.
 */
static const struct shown {
	uint16_t vmcs, vmcb, vmm;
	/* for a part of a VMCS segment, its selector, else KW_F_none */
	uint16_t segment;
} shown[] = {
#define ROW(vmcs_, vmcb_, vmm_) { KW_F_##vmcs_, KW_F_##vmcb_, KW_F_##vmm_, KW_F_none }
#define PART(name, vmm, part)                                                              \
	{                                                                                  \
		KW_F_vmcs_##name##_##part, KW_F_vmcb_##name##_##part, KW_F_##vmm##_##part, \
			KW_F_vmcs_##name##_sel                                             \
	}
#define SEGMENT(name, vmm) \
	PART(name, vmm, sel), PART(name, vmm, attr), PART(name, vmm, limit), PART(name, vmm, base)
	ROW(vmcs_cr0, vmcb_cr0, cr0),
	ROW(vmcs_cr3, vmcb_cr3, cr3),
	ROW(vmcs_cr4, vmcb_cr4, cr4),
	ROW(vmcs_efer, vmcb_efer, efer),
	ROW(vmcs_rflags, vmcb_rflags, rflags),
	ROW(vmcs_rip, vmcb_rip, rip),
	ROW(vmcs_dr7, vmcb_dr7, dr7),
	ROW(vmcs_gdtr_base, vmcb_gdtr_base, gdt_base),
	ROW(vmcs_gdtr_limit, vmcb_gdtr_limit, gdt_limit),
	ROW(vmcs_idtr_base, vmcb_idtr_base, idt_base),
	ROW(vmcs_idtr_limit, vmcb_idtr_limit, idt_limit),
	SEGMENT(cs, cs),
	SEGMENT(ds, ds),
	SEGMENT(ss, ss),
	SEGMENT(es, es),
	SEGMENT(fs, fs),
	SEGMENT(gs, gs),
	SEGMENT(ldtr, ldt),
	SEGMENT(tr, tr),
#undef SEGMENT
#undef PART
#undef ROW
};

static const struct shown *shown_as(enum kw_fact fact)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (shown[i].vmcs == fact || shown[i].vmcb == fact)
			return &shown[i];
	}
	return NULL;
}

static bool is_segment(const struct shown *s)
{
	return s->segment != KW_F_none;
}

static bool is_part(const struct shown *s, enum kw_part part)
{
	return is_segment(s) && s->vmcs == kw_part((enum kw_fact)s->segment, part);
}

/* In the EAX form of a dump 64-bit values are truncated to 32 bits. */
static bool is_cut(const struct kw_failure *f, const struct shown *s)
{
	return f->registers_narrow &&
	       (is_part(s, KW_BASE) || s->vmcs == KW_F_vmcs_rip || s->vmcs == KW_F_vmcs_cr3 ||
		s->vmcs == KW_F_vmcs_gdtr_base || s->vmcs == KW_F_vmcs_idtr_base);
}

/*
 * Without unrestricted guest KVM runs real mode with PE, PG, VM86 and page tables of its own, and
 * loads segments other than those the VMM sees; it may do so for virtual-8086 mode too.
 */
static bool is_replaced(const struct kw_failure *f, const struct shown *s)
{
	bool ldtr = s->segment == KW_F_vmcs_ldtr_sel;
	bool plain = kw_has(f, cr0) && f->cr0 & CR0_PE;

	if (is_segment(s) && !ldtr)
		return !plain || !kw_has(f, rflags) || f->rflags & RFLAGS_VM;
	if (s->vmcs == KW_F_vmcs_cr0 || s->vmcs == KW_F_vmcs_cr3 || s->vmcs == KW_F_vmcs_cr4)
		return !plain || !(f->cr0 & CR0_PG);
	return false;
}

static bool shows_what_was_loaded(const struct kw_failure *f, const struct shown *s)
{
	return !is_cut(f, s) && !is_replaced(f, s);
}

/* What KVM turns the VMM's value into for the VMCS. */
static uint64_t as_vmcs(const struct shown *s, uint64_t value)
{
	if (is_part(s, KW_ATTR))
		return value & AR_P ? value : value | AR_UNUSABLE;
	switch (s->vmm) {
	case KW_F_cr0:
		return (value | BIT(5)) & ~(CR0_CD | CR0_NW);
	case KW_F_cr4:
		return value | CR4_VMXE;
	default:
		return value;
	}
}

/* And for the VMCB, whose attributes have bits 15:12 of the access rights in 11:8. */
static uint64_t as_vmcb(const struct shown *s, uint64_t value)
{
	if (is_part(s, KW_ATTR))
		return (value & 0xff) | (value >> 4 & 0xf00);
	switch (s->vmm) {
	case KW_F_cr0:
		return value & ~(CR0_CD | CR0_NW);
	case KW_F_efer:
		return value | EFER_SVME;
	default:
		return value;
	}
}

static void use(struct kw_entry *e, enum kw_fact fact)
{
	for (size_t i = 0; i < e->nused; i++) {
		if (e->used[i] == fact)
			return;
	}
	if (e->nused < KW_CHECK_MAX_USED)
		e->used[e->nused++] = (uint16_t)fact;
}

uint64_t kw_entry_get(struct kw_entry *e, enum kw_fact fact)
{
	const struct shown *s;
	enum kw_fact vmm;

	if (kw_known(e->f, fact)) {
		use(e, fact);
		return e->f->fact[fact];
	}
	s = kw_failure_has_host_dump(e->f) ? NULL : shown_as(fact);
	vmm = s ? (enum kw_fact)s->vmm : KW_F_none;
	if (s && kw_known(e->f, vmm) && shows_what_was_loaded(e->f, s)) {
		e->by_vmm = true;
		use(e, vmm);
		return fact == s->vmcs ? as_vmcs(s, e->f->fact[vmm]) : as_vmcb(s, e->f->fact[vmm]);
	}
	if (e->missing == KW_F_none)
		e->missing = fact;
	return 0;
}

bool kw_entry_untold(struct kw_entry *e, const char *what)
{
	if (!e->untold)
		e->untold = what;
	return false;
}

static bool fits(uint64_t address, unsigned int bits)
{
	int64_t high = (int64_t)address >> (bits - 1);

	return high == 0 || high == -1;
}

bool kw_entry_is_canonical(struct kw_entry *e, uint64_t address)
{
	if (fits(address, 48) || !fits(address, 57))
		return fits(address, 48);
	if (kw_has(e->f, vmcs_host_cr4) && e->f->vmcs_host_cr4 & CR4_LA57)
		return true;
	return kw_entry_untold(e, "the CPU's number of linear-address bits");
}

bool kw_entry_is_physical(struct kw_entry *e, uint64_t address)
{
	if (address >> 32 == 0 || address >> 52 != 0)
		return address >> 52 == 0;
	return kw_entry_untold(e, "MAXPHYADDR");
}

bool kw_entry_is_ia32e(struct kw_entry *e)
{
	if (kw_has(e->f, vmcs_entry_controls) || kw_failure_has_host_dump(e->f))
		return ENTRY & BIT(9);
	return EFER & EFER_LMA;
}

const char *kw_entry_needs(const struct kw_entry *e)
{
	return e->missing != KW_F_none ? kw_facts[e->missing].doc : e->untold;
}
