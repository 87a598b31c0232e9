// SPDX-License-Identifier: MIT
/* Walks all rules: ids, pages, slots, sources; and each fires on the record made for it. */
#include "explain/explain.h"
#include "kvmwhy/kvmwhy.h"

#include "api/rule_pages.h"
#include "rule_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EACH_RULE(rule) \
	for (const struct kw_rule *const *table_ = kw_rule_tables; *table_; table_++) \
		for (const struct kw_rule *rule = *table_; rule->id; rule++)

static const struct record *record_find(const char *id)
{
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (strcmp(records[i].id, id) == 0)
			return &records[i];
	}
	return NULL;
}

static void ids_are_unique_and_kebab_case(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		if (strspn(rule->id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(rule->id) ||
		    strstr(rule->id, "--") || rule->id[0] == '-')
			fail_msg("%s is not kebab-case", rule->id);
		if (kw_rule_find(rule->id) != rule)
			fail_msg("%s is there twice", rule->id);
	}
}

static void every_rule_says_what_to_do_and_has_a_source(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		if (!rule->title || !rule->why || !rule->todo[0] ||
		    (!rule->source[0] && !rule->breaks[0]) || !rule->classes)
			fail_msg("%s lacks a text, a source or its classes", rule->id);
		if (rule->needs[KW_MAX_NEEDS - 1] || rule->shows[KW_MAX_NEEDS - 1])
			fail_msg("%s: a list of facts without an end", rule->id);
	}
}

static void what_may_be_certain_names_its_proof(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		if (rule->certainty == KW_CERTAIN && !rule->proof[0])
			fail_msg("%s may say certain and names no proof", rule->id);
		if (rule->proof[KW_MAX_NEEDS - 1])
			fail_msg("%s: a proof without an end", rule->id);
	}
}

static void kernels_are_rows_of_the_table(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		if (rule->kernel && !kw_change_find(rule->kernel))
			fail_msg("%s: data/kvm_change.tbl has no row %s", rule->id, rule->kernel);
		for (size_t i = 0; i < KW_MAX_DO && rule->todo[i]; i++) {
			if (rule->todo[i]->kernel && !kw_change_find(rule->todo[i]->kernel))
				fail_msg("%s: data/kvm_change.tbl has no row %s", rule->id,
					 rule->todo[i]->kernel);
		}
	}
}

static void every_rule_has_its_page(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		const char *page = kw_rule_page(rule->id);
		size_t len = strlen(rule->id);

		if (!page)
			fail_msg("docs/rules/%s.md is missing", rule->id);
		if (strncmp(page, "# ", 2) != 0 || strncmp(page + 2, rule->id, len) != 0 ||
		    page[2 + len] != '\n')
			fail_msg("docs/rules/%s.md does not begin with its id", rule->id);
	}
}

static void every_page_has_its_rule(void **state)
{
	(void)state;
	for (const struct kw_rule_page *page = kw_rule_pages; page->id; page++) {
		if (!kw_rule_find(page->id))
			fail_msg("docs/rules/%s.md is the page of no rule", page->id);
	}
}

/* A case in which each fact is known, so that every slot that exists can be filled. */
static struct kw_case *full_case(void)
{
	static const struct kw_context context;
	struct kw_case *c = calloc(1, sizeof(*c));
	struct kw_failure *f = calloc(1, sizeof(*f));
	struct kw_arena *arena = calloc(1, sizeof(*arena));

	kw_arena_init(arena, 1 << 20);
	kw_failure_init(f, arena);
	for (size_t i = 0; i < KW_NFACTS; i++)
		kw_failure_set(f, (enum kw_fact)i, 1, KW_SEEN, KW_NO_LINE);
	c->f = f;
	c->context = &context;
	return c;
}

static void full_case_free(struct kw_case *c)
{
	struct kw_failure *f = (struct kw_failure *)c->f;

	kw_arena_deinit(f->arena);
	free(f->arena);
	free(f);
	free(c);
}

static void slots_are_known(const struct kw_case *c, const char *id, const char *text)
{
	struct kw_str full = kw_expand(c, text);

	if (kw_str_has(full, KW_STR("{")) || kw_str_has(full, KW_STR("}")))
		fail_msg("%s: an unknown slot in: %s", id, text);
}

static void every_slot_is_known(void **state)
{
	struct kw_case *c = full_case();

	(void)state;
	EACH_RULE(rule) {
		slots_are_known(c, rule->id, rule->title);
		slots_are_known(c, rule->id, rule->why);
		for (size_t i = 0; i < KW_MAX_DO && rule->todo[i]; i++)
			slots_are_known(c, rule->id, rule->todo[i]->text);
	}
	full_case_free(c);
}

static bool listed(const uint16_t *facts, size_t fact)
{
	for (size_t i = 0; i < KW_MAX_NEEDS && facts[i]; i++) {
		if (facts[i] == fact + 1)
			return true;
	}
	return false;
}

/* A fact in a text must be needed or shown, else "(unknown)" may get into an answer. */
static void facts_are_listed(const struct kw_rule *rule, const char *text)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		char slot[sizeof(kw_facts[i].name) + 3];

		snprintf(slot, sizeof(slot), "{%.*s}", (int)sizeof(kw_facts[i].name) - 1,
			 kw_facts[i].name);
		if (strstr(text, slot) && !listed(rule->needs, i) && !listed(rule->shows, i))
			fail_msg("%s: %s is neither in .needs nor in .shows", rule->id, slot);
	}
}

static void facts_of_a_text_are_needed_or_shown(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		facts_are_listed(rule, rule->title);
		facts_are_listed(rule, rule->why);
	}
}

static enum kw_fact fact_find(struct kw_str name)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_str_eq(kw_str(kw_facts[i].name), name))
			return (enum kw_fact)i;
	}
	fail_msg("no fact is called %.*s", (int)name.len, name.p);
	return KW_F_none;
}

static void set_facts(struct kw_failure *f, const char *facts)
{
	while (facts && *facts) {
		const char *equals = strchr(facts, '=');
		char *end;

		kw_failure_set(f, fact_find((struct kw_str){ facts, (size_t)(equals - facts) }),
			       strtoull(equals + 1, &end, 0), KW_SEEN, 0);
		facts = end + strspn(end, " ");
	}
}

static void set_code(struct kw_failure *f, const char *code)
{
	f->code.marked = -1;
	f->code.origin.line = KW_NO_LINE;
	if (!code)
		return;
	f->code.marked = 0;
	f->code_line_seen = true;
	for (; *code; code += strspn(code, " ")) {
		char *end = (char *)code + 2;

		if (*code != '?') {
			f->code.bytes[f->code.len] = (uint8_t)strtoul(code, &end, 16);
			f->code.known |= 1ull << f->code.len;
		}
		f->code.len++;
		code = end;
	}
}

static void build(const struct record *r, struct kw_failure *f)
{
	struct kw_str said = kw_str(r->said ? r->said : "");

	f->class = r->class;
	f->arch = r->no_arch ? KW_ARCH_UNKNOWN : r->arch ? r->arch : KW_ARCH_X86;
	f->headline =
		(struct kw_origin){ KW_SEEN,
				    kw_failure_add_line(f, 1, KW_STR("a record made by hand")) };
	f->text[KW_T_HEADLINE] = said;
	f->text[KW_T_IOCTL] = kw_str(r->ioctl ? r->ioctl : "");
	set_facts(f, r->facts);
	set_code(f, r->code);
	if (r->code)
		f->code.marked = r->marked;
	if (r->sign)
		kw_failure_add_sign(f, (enum kw_sign_kind)(r->sign - 1), 0, r->value, said);
	f->watch.begun = r->watched;
	for (unsigned int i = 0; r->watched && i < r->nextra; i++) {
		f->watch.word[i] = r->extra[i];
		f->watch.word_known |= (uint16_t)(1u << i);
	}
	for (unsigned int i = 0; !r->watched && i < r->nextra; i++) {
		f->extra[i] = r->extra[i];
		f->extra_known |= 1u << i;
	}
	if (r->msr)
		f->msr[f->nmsr++] = (struct kw_msr_message){ .index = r->msr,
							     .write = r->msr_write,
							     .data_behind_read = r->msr_data,
							     .verb = r->msr_verb,
							     .count = 1 };
}

static void finding_is_whole(const struct kw_finding *finding)
{
	struct kw_str texts[KW_MAX_DO + 2] = { finding->title, finding->why };

	for (size_t i = 0; i < finding->ntodo; i++)
		texts[i + 2] = finding->todo[i];
	for (size_t i = 0; i < finding->ntodo + 2u; i++) {
		if (!texts[i].len || kw_str_has(texts[i], KW_STR("(unknown)")) ||
		    kw_str_has(texts[i], KW_STR("``")))
			fail_msg("%s: a hole in: %.*s", finding->id, (int)texts[i].len, texts[i].p);
	}
	if (!finding->nevidence)
		fail_msg("%s has no evidence", finding->id);
}

static void fires(const struct record *r)
{
	static const struct kw_context context;
	static struct kw_failure f;
	static struct kw_case c;
	struct kw_arena arena;
	bool found = false;

	kw_arena_init(&arena, 1 << 20);
	kw_failure_init(&f, &arena);
	build(r, &f);
	kw_explain(&f, &context, &c);
	for (size_t i = 0; i < c.nfindings; i++) {
		finding_is_whole(&c.finding[i]);
		found |= strcmp(c.finding[i].id, r->id) == 0;
	}
	if (!found)
		fail_msg("%s does not fire; the first that does: %s", r->id,
			 c.nfindings ? c.finding[0].id : "none");
	kw_arena_deinit(&arena);
}

static void every_rule_fires_on_its_record(void **state)
{
	(void)state;
	EACH_RULE(rule) {
		if (!record_find(rule->id))
			fail_msg("rule_records.h has no record for %s", rule->id);
	}
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		fires(&records[i]);
}

/* The advice for a failed VM entry on a host with @kernel. */
static bool told_to(const char *facts, const char *kernel, const char *what)
{
	const struct kw_context context = { .host_kernel = kernel };
	const struct record r = { .id = "entry-guest-state",
				  .class = KW_CLASS_ENTRY_FAILED,
				  .facts = facts };
	static struct kw_failure f;
	static struct kw_case c;
	struct kw_arena arena;
	bool said = false;

	kw_arena_init(&arena, 1 << 20);
	kw_failure_init(&f, &arena);
	build(&r, &f);
	kw_explain(&f, &context, &c);
	assert_true(c.nfindings > 0);
	for (size_t i = 0; i < c.finding[0].ntodo; i++)
		said |= kw_str_starts(c.finding[0].todo[i], kw_str(what));
	kw_arena_deinit(&arena);
	return said;
}

static void a_thing_to_do_knows_its_kernels_and_what_is_there(void **state)
{
	static const char refused[] = "hardware_error=0x80000021",
			  dumped[] = REFUSED "vmcs_cs_base=0 ";
	static const char plain[] =
		"Run: `echo 1 > /sys/module/kvm_intel/parameters/dump_invalid_vmcs`";
	static const char range[] = "Linux v5.2 and later: Run: `echo 1 > ";

	(void)state;
	assert_true(told_to(refused, NULL, range));
	assert_true(told_to(refused, "6.1.192", plain));
	assert_true(told_to(refused, "4.18.0-553.el8.x86_64", range));
	assert_false(told_to(refused, "4.19.100", plain));
	assert_false(told_to(refused, "4.19.100", range));
	assert_false(told_to(dumped, "6.1.192", plain));
	assert_false(told_to(dumped, NULL, range));
}

static bool has_cause(const char *kernel)
{
	static struct kw_failure f;
	struct kw_case c = { .f = &f };

	f.text[KW_T_IOCTL] = KW_STR("KVM_SET_MEMORY_ATTRIBUTES");
	kw_failure_set(&f, KW_F_errno_number, KW_EINVAL, KW_SEEN, KW_NO_LINE);
	if (kernel)
		kw_kver_parse(kernel, strlen(kernel), &c.host);
	return kw_setup_cause(&c);
}

/* KVM_SET_MEMORY_ATTRIBUTES came with v6.8. */
static void a_refused_ioctl_has_the_causes_of_its_kernel(void **state)
{
	(void)state;
	assert_true(has_cause(NULL));
	assert_true(has_cause("6.12.9"));
	assert_false(has_cause("6.1.192"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_unique_and_kebab_case),
		cmocka_unit_test(every_rule_says_what_to_do_and_has_a_source),
		cmocka_unit_test(every_rule_has_its_page),
		cmocka_unit_test(every_page_has_its_rule),
		cmocka_unit_test(every_slot_is_known),
		cmocka_unit_test(facts_of_a_text_are_needed_or_shown),
		cmocka_unit_test(every_rule_fires_on_its_record),
		cmocka_unit_test(what_may_be_certain_names_its_proof),
		cmocka_unit_test(kernels_are_rows_of_the_table),
		cmocka_unit_test(a_thing_to_do_knows_its_kernels_and_what_is_there),
		cmocka_unit_test(a_refused_ioctl_has_the_causes_of_its_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
