// SPDX-License-Identifier: MIT
/*
 * Everything that makes KVM_RUN return an errno, from data/kvm_run_errno.tbl: for failures with no
 * finding better than possible. Causes the host's kernel is known not to have are left out.
 */
#include "decode/tables.h"
#include "explain/explain.h"

static bool is_answered(const struct kw_case *c)
{
	for (size_t i = 0; i < c->nfindings; i++) {
		const struct kw_rule *rule = c->finding[i].rule;

		if (c->finding[i].certainty <= KW_LIKELY && !rule->aside && !rule->fallback)
			return true;
	}
	return false;
}

size_t kw_errno_causes(const struct kw_case *c, struct kw_str *ret, size_t max)
{
	const struct kw_failure *f = c->f;
	const struct kw_row *row;
	size_t n = 0;

	if (f->class != KW_CLASS_KVM_RUN_FAILED || !kw_is_x86(f) || !kw_has(f, errno_number) ||
	    is_answered(c))
		return 0;
	row = kw_row_find(KW_TABLE_KVM_RUN_ERRNO, f->errno_number);
	for (; row && n < max; row = kw_row_next(KW_TABLE_KVM_RUN_ERRNO, row)) {
		const char *function = kw_row_get(row, KW_ATTR_FUNCTION),
			   *cause = kw_row_get(row, KW_ATTR_CAUSE);

		if (c->host.known && kw_change_state(row, &c->host, NULL) == KW_CHANGE_NOT)
			continue;
		ret[n++] = kw_arena_printf(f->arena, "%s: %s", function ? function : "KVM",
					   cause ? cause : "");
	}
	return n;
}
