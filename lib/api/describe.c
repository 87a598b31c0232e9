// SPDX-License-Identifier: MIT
/* MSRs, instructions, rules and checks described, without a failure. */
#include "api/api.h"

#include "api/rule_pages.h"
#include "base/query.h"
#include "decode/x86/msr.h"

#include <errno.h>
#include <stdlib.h>

static int is_json(const char *format, bool *ret)
{
	*ret = strcmp(format, "json") == 0;
	return *ret || strcmp(format, "text") == 0 ? 0 : -EINVAL;
}

int kw_msr_number(const char *text, uint32_t *ret)
{
	struct kw_str s = kw_str(text);
	uint64_t value = 0;
	size_t len = kw_str_starts(s, KW_STR("0x")) || kw_str_starts(s, KW_STR("0X")) ?
			     kw_str_hex(s, &value) :
			     kw_str_dec(s, &value);

	if (len == s.len && len && value <= UINT32_MAX) {
		*ret = (uint32_t)value;
		return 0;
	}
	return kw_msr_find_name(text, ret) ? 0 : -EINVAL;
}

int kw_msr_text(const char *name_or_index, const uint64_t *value, const struct kw_options *options,
		const char *format, unsigned int flags, char **ret)
{
	struct kw_context context;
	struct kw_buf buf = { 0 };
	struct kw_look look;
	uint32_t index;
	bool json;
	int err = kw_context_init(options, &context);

	if (!err)
		err = is_json(format, &json);
	if (!err)
		err = kw_look_init(flags, &look);
	if (!err)
		err = kw_msr_number(name_or_index, &index);
	if (err)
		return err;
	kw_render_msr(&buf, index, value, &context, &look, json);
	err = kw_buf_take(&buf, ret);
	return err ? err : kw_msr_find(index, context.vendor) != NULL;
}

size_t kw_msr_name_at(size_t i, char *buf, size_t size)
{
	if (size)
		buf[0] = '\0';
	if (i >= kw_msr_count)
		return 0;
	return kw_msr_name(&kw_msr_rows[kw_msr_row[i]], kw_msr_index[i], buf, size);
}

static void skip_filler(struct kw_str *s)
{
	while (s->len && (kw_is_space(*s->p) || *s->p == ',' || *s->p == ':'))
		*s = kw_str_from(*s, 1);
	if (kw_str_starts(*s, KW_STR("0x")) || kw_str_starts(*s, KW_STR("\\x")))
		*s = kw_str_from(*s, 2);
}

/* Bytes as a Code= line has them; returns 0, or -EINVAL for anything else. */
static int code_parse(struct kw_str s, struct kw_code *ret)
{
	*ret = (struct kw_code){ .marked = -1 };
	for (skip_filler(&s); s.len; skip_filler(&s)) {
		bool mark = *s.p == '<', unknown;
		uint64_t byte = 0;

		s = kw_str_from(s, mark);
		unknown = kw_str_starts(s, KW_STR("??"));
		if (ret->len == sizeof(ret->bytes) || s.len < 2 ||
		    (!unknown && kw_str_hex((struct kw_str){ s.p, 2 }, &byte) != 2))
			return -EINVAL;
		if (mark)
			ret->marked = (int8_t)ret->len;
		if (!unknown)
			ret->known |= 1ull << ret->len;
		ret->bytes[ret->len++] = (uint8_t)byte;
		s = kw_str_from(s, 2);
		if (mark && !kw_str_skip(s, KW_STR(">"), &s))
			return -EINVAL;
	}
	return ret->len ? 0 : -EINVAL;
}

int kw_insn_text(const char *hex, unsigned int bits, const char *format, unsigned int flags,
		 char **ret)
{
	struct kw_look look;
	struct kw_listing_row rows[KW_MAX_ROWS];
	struct kw_failure *code;
	struct kw_buf buf = { 0 };
	struct kw_arena arena;
	int err, count;
	bool json;

	if (bits != 16 && bits != 32 && bits != 64)
		return -EINVAL;
	err = is_json(format, &json);
	if (!err)
		err = kw_look_init(flags, &look);
	if (err)
		return err;
	code = malloc(sizeof(*code));
	if (!code)
		return -ENOMEM;
	kw_arena_init(&arena, 0);
	kw_failure_init(code, &arena);
	err = code_parse(kw_str(hex), &code->code);
	if (!err) {
		if (code->code.marked < 0)
			code->code.marked = 0;
		kw_failure_set(code, KW_F_cs_attr,
			       bits == 64 ? 0xa09b :
			       bits == 32 ? 0xc09b :
					    0x9b,
			       KW_ASSUMED, KW_NO_LINE);
		kw_failure_set(code, KW_F_efer, bits == 64 ? 0x500 : 0, KW_ASSUMED, KW_NO_LINE);
		kw_failure_set(code, KW_F_cr0, bits == 64 ? 0x80000001 : 1, KW_ASSUMED, KW_NO_LINE);
		kw_failure_set(code, KW_F_rflags, 2, KW_ASSUMED, KW_NO_LINE);
		kw_render_insns(&buf, code, bits, &look, json);
		err = kw_buf_take(&buf, ret);
	}
	count = err ? 0 : (int)kw_listing(code, rows);
	free(code);
	return err ? err : count;
}

/* Rules */

static const struct kw_rule *rule_at(size_t i)
{
	for (const struct kw_rule *const *table = kw_rule_tables; *table; table++) {
		for (const struct kw_rule *rule = *table; rule->id; rule++) {
			if (!i--)
				return rule;
		}
	}
	return NULL;
}

const char *kw_rule_id(size_t i)
{
	const struct kw_rule *rule = rule_at(i);

	return rule ? rule->id : NULL;
}

const char *kw_rule_title(size_t i)
{
	const struct kw_rule *rule = rule_at(i);

	return rule ? rule->title : NULL;
}

static const struct kw_rule_page *find_page(const char *id)
{
	for (size_t i = 0; kw_rule_pages[i].id; i++) {
		if (strcmp(kw_rule_pages[i].id, id) == 0)
			return &kw_rule_pages[i];
	}
	return NULL;
}

const char *kw_rule_page(const char *id)
{
	const struct kw_rule_page *page = find_page(id);

	return page ? page->text : NULL;
}

static struct kw_rule_view view_of(const struct kw_rule *rule)
{
	const struct kw_rule_page *page = find_page(rule->id);

	return (struct kw_rule_view){
		.rule = rule,
		.says = page ? page->says : "",
		.page = page ? page->text : "",
	};
}

bool kw_rule_view_of(const char *id, struct kw_rule_view *ret)
{
	const struct kw_rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		if (strcmp(rule->id, id) == 0) {
			*ret = view_of(rule);
			return true;
		}
	}
	return false;
}

/* Is the rule about all of @query, or does its page at least mention it? */
static bool is_about(struct kw_str query, const struct kw_rule_view *view, bool by_page)
{
	struct kw_str texts[KW_NCLASSES + 2] = { kw_str(view->rule->id) };
	size_t n = 1;

	for (unsigned int i = 0; i < KW_NCLASSES; i++) {
		if (view->rule->classes >> i & 1)
			texts[n++] = kw_str(kw_class_name((enum kw_class)i));
	}
	if (by_page)
		texts[n++] = kw_str(view->page);
	return kw_query_finds(query, texts, n);
}

/* Those about @query first, then those that mention it; room for all is at @ret. */
static size_t find_rules(struct kw_str query, struct kw_rule_view *ret)
{
	const struct kw_rule *rule;
	struct kw_rule_view view;
	size_t n = 0;

	for (int by_page = 0; by_page < 2; by_page++) {
		for (size_t i = 0; (rule = rule_at(i)); i++) {
			view = view_of(rule);
			if (by_page && is_about(query, &view, false))
				continue;
			if (is_about(query, &view, by_page))
				ret[n++] = view;
		}
	}
	return n;
}

static size_t count_rules(void)
{
	size_t n = 0;

	while (rule_at(n))
		n++;
	return n;
}

static const struct kw_rule *find_rule(const char *id)
{
	const struct kw_rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		if (strcmp(rule->id, id) == 0)
			break;
	}
	return rule;
}

int kw_rule_text(const char *query, const char *format, unsigned int flags, char **ret)
{
	const struct kw_rule *rule = query ? find_rule(query) : NULL;
	struct kw_rule_view *views, view;
	struct kw_buf buf = { 0 };
	struct kw_look look;
	size_t n = 1;
	bool json;
	int err;

	if (is_json(format, &json) || kw_look_init(flags, &look))
		return -EINVAL;
	if (rule) {
		view = view_of(rule);
		kw_render_rule(&buf, &view, &look, json);
	} else {
		views = calloc(count_rules(), sizeof(*views));
		if (!views)
			return -ENOMEM;
		n = find_rules(kw_str(query), views);
		kw_render_rules(&buf, views, n, &look, json);
		free(views);
	}
	err = kw_buf_take(&buf, ret);
	return err ? err : (int)n;
}

/* Checks */

const char *kw_check_id(size_t i)
{
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		if (i < s->n)
			return s->check[i].id;
		i -= s->n;
	}
	return NULL;
}

int kw_check_text(const char *query, const char *format, unsigned int flags, char **ret)
{
	const struct kw_check *check = query ? kw_check_find(query) : NULL;
	struct kw_buf buf = { 0 };
	struct kw_look look;
	size_t n = 1;
	bool json;
	int err;

	if (is_json(format, &json) || kw_look_init(flags, &look))
		return -EINVAL;
	if (check)
		kw_render_check(&buf, check, &look, json);
	else
		n = kw_render_checks(&buf, kw_str(query), &look, json);
	err = kw_buf_take(&buf, ret);
	return err ? err : (int)n;
}

const char *kw_version(void)
{
	return KW_VERSION;
}
