// SPDX-License-Identifier: MIT
/* The longer predicates shared by several rules. */
#include "explain/rules/rules.h"
#include "failure/x86.h"

bool kw_real_mode_segment_odd(const struct kw_failure *f)
{
	for (unsigned int i = 0; kw_segment_of(i) != KW_F_none; i++) {
		enum kw_fact limit = kw_part(kw_segment_of(i), KW_LIMIT),
			     attr = kw_part(kw_segment_of(i), KW_ATTR);

		if (kw_known(f, limit) && f->fact[limit] > 0xffff)
			return true;
		if (kw_known(f, attr) && f->fact[attr] & 0x60)
			return true;
	}
	return false;
}

bool kw_all_zero(const struct kw_failure *f)
{
	if (!kw_has(f, rip) || f->rip || !kw_has(f, cs_base) || f->cs_base ||
	    !kw_has(f, cs_limit) || f->cs_limit)
		return false;
	for (size_t i = KW_GPR_FIRST; i <= KW_GPR_LAST; i++) {
		/* EDX holds the CPU's signature after INIT and RESET */
		if (i != KW_F_rdx && kw_known(f, (enum kw_fact)i) && f->fact[i])
			return false;
	}
	return kw_has(f, rax);
}

/* Certain from the dump, likely from the VMM's registers: KVM may have loaded something else. */
enum kw_certainty kw_check_sure(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	bool refused = kw_has(f, hardware_error) ||
		       (kw_has(f, vmcs_reason) && f->vmcs_reason & 0x80000000);

	if (refused)
		return c->broken->saw.by_vmm ? KW_LIKELY : KW_CERTAIN;
	/* a VMCS dumped because VMLAUNCH or VMRESUME failed has the reason of the previous exit */
	return kw_check_section_of(c->broken->check)->set == KW_CHECKS_VMX_CONTROLS ? KW_LIKELY :
										      KW_POSSIBLE;
}
