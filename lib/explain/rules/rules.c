// SPDX-License-Identifier: MIT
/* The tables of rules, in the order they are tried, and the look-up of a rule. */
#include "explain/rules/rules.h"

const struct kw_rule *const kw_rule_tables[] = {
	kw_rules_general,
	kw_rules_unusable,
	kw_rules_protected,
	kw_rules_host_kernel,
	kw_rules_not_kvm,
	kw_rules_vmm,
	kw_rules_setup,
	kw_rules_msr_write,
	kw_rules_run_failed,
	kw_rules_emulation,
	kw_rules_delivery,
	kw_rules_entry_checks,
	kw_rules_vmcs,
	kw_rules_entry,
	kw_rules_exit,
	kw_rules_message,
	kw_rules_told,
	kw_rules_collect,
	NULL,
};

const struct kw_rule *kw_rule_find(const char *id)
{
	for (const struct kw_rule *const *table = kw_rule_tables; *table; table++) {
		for (const struct kw_rule *rule = *table; rule->id; rule++) {
			if (kw_same_id(rule->id, id))
				return rule;
		}
	}
	return NULL;
}

bool kw_rule_needs_known(const struct kw_rule *rule, const struct kw_failure *f)
{
	const uint16_t *needs = rule->needs;

	for (size_t i = 0; i < KW_MAX_NEEDS && needs[i]; i++) {
		if (!kw_known(f, (enum kw_fact)(needs[i] - 1)))
			return false;
	}
	return true;
}
