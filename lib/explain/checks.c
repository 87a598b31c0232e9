// SPDX-License-Identifier: MIT
/*
 * The checks of VM entry and VMRUN in a case: what they say about the record, and which rule covers
 * which.
 */
#include "explain/rules/rules.h"

/* Is the check @id one of @wanted: the same id, or one that begins with "guest_tr_"? */
static bool is_named(const char *wanted, const char *id)
{
	size_t len = strlen(wanted);

	return wanted[len - 1] == '_' ? strncmp(wanted, id, len) == 0 : strcmp(wanted, id) == 0;
}

static bool is_about(const struct kw_rule *rule, const char *id)
{
	for (size_t i = 0; i < KW_MAX_BREAKS && rule->breaks[i]; i++) {
		if (is_named(rule->breaks[i], id))
			return true;
	}
	return false;
}

/* Does a rule cover it that applies to failures like this one? */
static bool is_claimed(const struct kw_case *c, const char *id)
{
	for (const struct kw_rule *const *table = kw_rule_tables; *table; table++) {
		for (const struct kw_rule *rule = *table; rule->id; rule++) {
			if (is_about(rule, id) && rule->classes & 1u << c->f->class &&
			    kw_rule_needs_known(rule, c->f) && (!rule->test || rule->test(c)))
				return true;
		}
	}
	return false;
}

static void ask(struct kw_case *c, const struct kw_check *check)
{
	struct kw_checks *k = &c->checks;
	struct kw_entry e;

	k->asked++;
	switch (kw_check_ask(check, c->f, &e)) {
	case KW_CHECK_HOLDS:
		k->hold++;
		return;
	case KW_CHECK_CANNOT_TELL:
		k->cannot_tell++;
		return;
	case KW_CHECK_BROKEN:
		if (k->nbroken < KW_MAX_BROKEN)
			k->broken[k->nbroken++] =
				(struct kw_broken_check){ .check = check, .saw = e };
	}
}

/* A bit for each enum kw_check_set. Most failures are not entry failures: this is all they cost. */
static unsigned int sets_asked(const struct kw_failure *f)
{
	unsigned int sets = 0;

	if (!kw_has(f, hardware_error) && !kw_failure_has_host_dump(f) &&
	    f->class != KW_CLASS_SETUP_FAILED)
		return 0;
	for (unsigned int set = 0; set < KW_NCHECK_SETS; set++)
		sets |= (unsigned int)kw_check_set_asked(f, (enum kw_check_set)set) << set;
	return sets;
}

static bool is_broken(const struct kw_checks *k, const char *id)
{
	for (size_t i = 0; i < k->nbroken; i++) {
		if (strcmp(k->broken[i].check->id, id) == 0)
			return true;
	}
	return false;
}

/*
 * An unusable TR holds stale contents; where virtual-8086 mode is impossible, its segment checks do
 * not apply.
 */
static bool follows(const struct kw_checks *k, const char *id)
{
	size_t len = strlen(id);

	if (len > 5 && strcmp(id + len - 5, "_vm86") == 0)
		return is_broken(k, "guest_rflags_vm");
	return strncmp(id, "guest_tr_", 9) == 0 && strcmp(id, "guest_tr_usable") != 0 &&
	       is_broken(k, "guest_tr_usable");
}

static void mark(struct kw_case *c, struct kw_broken_check *b)
{
	b->claimed = is_claimed(c, b->check->id);
	b->follows = follows(&c->checks, b->check->id);
}

void kw_checks_ask(struct kw_case *c)
{
	unsigned int sets = kw_is_x86(c->f) ? sets_asked(c->f) : 0;

	if (!sets)
		return;
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		for (size_t i = 0; sets >> s->set & 1 && i < s->n; i++)
			ask(c, &s->check[i]);
	}
	for (size_t i = 0; i < c->checks.nbroken; i++)
		mark(c, &c->checks.broken[i]);
}

const struct kw_broken_check *kw_checks_broken(const struct kw_case *c, const struct kw_rule *rule)
{
	bool any = strcmp(rule->breaks[0], "*") == 0;

	for (size_t i = 0; i < c->checks.nbroken; i++) {
		const struct kw_broken_check *b = &c->checks.broken[i];

		if (!b->follows && (any ? !b->claimed : is_about(rule, b->check->id)))
			return b;
	}
	return NULL;
}

void kw_check_values(struct kw_buf *buf, const struct kw_entry *e)
{
	for (size_t i = 0; i < e->nused; i++)
		kw_buf_printf(buf, "%s%s 0x%llx", i ? ", " : "", kw_facts[e->used[i]].doc,
			      (unsigned long long)e->f->fact[e->used[i]]);
}

const char *kw_entry_name(const struct kw_case *c)
{
	if (c->f->class == KW_CLASS_SETUP_FAILED)
		return kw_check_set_asked(c->f, KW_CHECKS_SET_XCRS) ? "KVM_SET_XCRS" :
								      "KVM_SET_SREGS";
	return c->vendor == KW_VENDOR_AMD ? "VMRUN" : "VM entry";
}

void kw_checks_count(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_checks *k = &c->checks;
	unsigned int broken = k->asked - k->hold - (unsigned int)k->cannot_tell;

	if (k->asked)
		kw_buf_printf(buf, "%u checks of %s: %u hold, %u broken, %u undecided", k->asked,
			      kw_entry_name(c), k->hold, broken, k->cannot_tell);
}
