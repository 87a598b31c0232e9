// SPDX-License-Identifier: MIT
/*
 * The rule of a policy that decides about an access: the first that matches the MSR and the access.
 */
#include <kvmwhy/msr_policy.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>

static bool fits(const struct kw_msr_rule *rule, uint32_t msr, unsigned int reason)
{
	switch (rule->what) {
	case KW_MSR_NUMBERS:
		return msr >= rule->first && msr <= rule->last;
	case KW_MSR_UNKNOWN:
		return reason == KVM_MSR_EXIT_REASON_UNKNOWN;
	case KW_MSR_INVALID:
		return reason == KVM_MSR_EXIT_REASON_INVAL;
	}
	return false;
}

const struct kw_msr_rule *kw_msr_policy_find(const struct kw_msr_policy *policy, uint32_t msr,
					     unsigned int access, unsigned int reason)
{
	for (unsigned int i = 0; i < policy->count; i++)
		if ((policy->rule[i].access & access) && fits(&policy->rule[i], msr, reason))
			return &policy->rule[i];
	return NULL;
}
