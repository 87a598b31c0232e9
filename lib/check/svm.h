/* SPDX-License-Identifier: MIT */
/* The VMCB, as named in the rows of svm_*.def: AMD APM vol. 2, "VMCB Layout". */
#ifndef KW_ENTRY_SVM_H
#define KW_ENTRY_SVM_H

#include "decode/x86/exit_info.h"
#include "check/fields.h"

#define VMCB(name) FIELD(vmcb_##name)

/* Instruction intercepts, vector 3 in bits 31:0 and vector 4 in bits 63:32. */
#define INTERCEPT_NMI BIT(1)
#define INTERCEPT_VMRUN BIT(32)

/* Offset 60h. */
#define V_NMI_ENABLE BIT(26)
#define X2AVIC_ENABLE BIT(30)
#define AVIC_ENABLE BIT(31)

/* Offset 90h. */
#define NP_ENABLE BIT(0)
#define SEV_ENABLE BIT(1)
#define SEV_ES_ENABLE BIT(2)
#define SSS_CHECK BIT(4)

#define NESTED_PAGING (VMCB(nested_ctl) & NP_ENABLE)
#define AVIC (VMCB(int_ctl) & AVIC_ENABLE)
#define SEV (VMCB(nested_ctl) & SEV_ENABLE)
#define SEV_ES (VMCB(nested_ctl) & SEV_ES_ENABLE)
#define VMSA_UNTOLD UNTOLD("the encrypted VMSA")
#define SEV_FEATURES_UNTOLD UNTOLD("SEV_FEATURES in the encrypted VMSA")

/*
 * Guest state that VMRUN loads. With SEV-ES it comes from the VMSA, and the printed save area does
 * not count. The control that says so is not evidence for the check, so it is not listed.
 */
#define SAVED(name) kw_svm_saved(e, KW_F_vmcb_##name)
static inline uint64_t kw_svm_saved(struct kw_entry *e, enum kw_fact fact)
{
	if (!kw_has(e->f, vmcb_nested_ctl) && kw_failure_has_group(e->f, KW_G_VMCB))
		return VMCB(nested_ctl);
	if (kw_has(e->f, vmcb_nested_ctl) && e->f->vmcb_nested_ctl & SEV_ES_ENABLE)
		return VMSA_UNTOLD;
	return kw_entry_get(e, fact);
}

/* Attributes are packed: bits 7:0 are those of the access rights, 8 AVL, 9 L, 10 D/B, 11 G. */
#define ATTR_L BIT(9)
#define ATTR_DB BIT(10)

#define EFER_LMSLE BIT(13)
#define EFER_FFXSR BIT(14)
#define EFER_TCE BIT(15)
#define EFER_MCOMMIT BIT(17)
#define EFER_INTWBINVD BIT(18)
#define EFER_UAIE BIT(20)
#define EFER_AUTOIBRS BIT(21)

#define PAGING (SAVED(cr0) & CR0_PG)
#define LONG_MODE (SAVED(efer) & EFER_LME && PAGING)

/* Every CPU with SVM so far has at least 40 physical-address bits; none can have more than 52. */
#define ADDRESS_FITS(address) kw_svm_address_fits(e, address)
static inline bool kw_svm_address_fits(struct kw_entry *e, uint64_t address)
{
	return address >> 40 == 0 || PHYSICAL(address);
}

/*
 * Bits 11:0 of a table's address are ignored. A table that ends where the addresses do is
 * undecided.
 */
#define TABLE_FITS(base, size) kw_svm_table_fits(e, (base) & ~UINT64_C(0xfff), size)
static inline bool kw_svm_table_fits(struct kw_entry *e, uint64_t base, uint64_t size)
{
	if (base >> 40 == 0 && (base + size) >> 40 == 0)
		return true;
	return PHYSICAL(base) && PHYSICAL(base + size - 1);
}

/*
 * The event to inject. A refused VMRUN delivers nothing, so a valid EXITINTINFO is that event,
 * moved there from EVENTINJ.
 */
#define EVENT_VALID BIT(31)
#define EVENT kw_svm_injected(e)
static inline uint64_t kw_svm_injected(struct kw_entry *e)
{
	uint64_t event = VMCB(event_inj), exit_code;

	if (event & EVENT_VALID)
		return event;
	exit_code = VMCB(exit_code);
	if (exit_code != UINT32_MAX && exit_code != UINT64_MAX)
		return event;
	return VMCB(exit_int_info);
}

#define EVENT_TYPE (EVENT >> 8 & 7)
#define EVENT_VECTOR (EVENT & 0xff)
#define INJECTS (EVENT & EVENT_VALID)
#define INJECTS_EXCEPTION (INJECTS && EVENT_TYPE == KW_SVM_EXCEPTION)
#define VECTOR_IS_OF(mask) (EVENT_VECTOR < 32 && (mask) >> EVENT_VECTOR & 1)

#endif
