// SPDX-License-Identifier: GPL-2.0-only
/*
 * permit=: a guest's WRMSR that KVM refused in; the result the guest gets out. mce_rule.c decides
 * what counts as ignoring correctable errors.
 */
#include <linux/nospec.h>
#include <asm/mce.h>

#include "kvmwhy.h"
#include "mce_rule.h"

/* Stores it where KVM's set_msr_mce() would have, so that RDMSR returns it. */
static bool kw_store_mc_ctl(struct kvm_vcpu *vcpu, const struct msr_data *msr)
{
	const struct kw_mce_write write = {
		.msr = msr->index,
		.value = msr->data,
		.banks = vcpu->arch.mcg_cap & MCG_BANKCNT_MASK,
	};
	u32 at;

	if (!vcpu->arch.mce_banks || !kw_mce_permit_correctable(&write))
		return false;

	at = array_index_nospec(msr->index - MSR_IA32_MC0_CTL, 4 * write.banks);
	vcpu->arch.mce_banks[at] = msr->data;
	return true;
}

/* result: nonzero. Returns what replaces it: 0, 1 for #GP, or itself. */
int kw_permit_write(struct kvm_vcpu *vcpu, const struct msr_data *msr, int result)
{
	unsigned int permit = READ_ONCE(kw_permit);

	if ((permit & KW_PERMIT_CORRECTABLE) && kw_store_mc_ctl(vcpu, msr)) {
		kw_count(KW_COUNT_PERMITTED);
		return 0;
	}
	if ((permit & KW_PERMIT_GP) && kw_is_failure(result)) {
		kw_count(KW_COUNT_GP);
		return 1;
	}
	return result;
}
