// SPDX-License-Identifier: MIT
/* An MSR by its index, and what KVM does with a write to it. Text or JSON. */
#include "render/doc.h"
#include "render/lines.h"
#include "render/render.h"
#include "render/seen.h"

#include "base/json.h"
#include "decode/x86/msr.h"

#include <stdio.h>

enum {
	MANY_FIELDS = 8,
	TEXT_LEAST = 24, /* next to a field's name; with less room, the text goes below it */
};

/* The question, and what the tables say about it. */
struct query {
	uint32_t index;
	const uint64_t *value;
	const struct kw_context *context;
	const struct kw_look *look;
	struct kw_kver host;
	const struct kw_msr *best;
};

static const char *const access_names[] = {
	[KW_MSR_ACCESS_UNKNOWN] = NULL,
	[KW_MSR_RO] = "read-only",
	[KW_MSR_WO] = "write-only",
	[KW_MSR_RW] = "read/write",
};

static const char *effect_text(enum kw_mce_effect effect)
{
	switch (effect) {
	case KW_MCE_ACCEPTED:
		return "the write succeeds";
	case KW_MCE_GP:
		return "#GP(0) in the guest";
	case KW_MCE_KVM_RUN_EPERM:
		return "set_msr_mce() returns -1 and KVM_RUN fails with EPERM, which kills the guest";
	case KW_MCE_IOCTL_STOPS:
		return "KVM_SET_MSRS stops at this entry";
	}
	return "";
}

/* The kernels of a generation, in the order of enum kw_mce_gen. */
static const char *const generations[KW_NMCE_GENS] = {
	[KW_MCE_BEFORE_5_10] = "before v5.10",
	[KW_MCE_5_10] = "v5.10 and later, without the fix",
	[KW_MCE_FIXED] = "stable releases with the fix",
	[KW_MCE_6_0] = "v6.0 and later",
};

/* A QEMU guest: 10 banks, MCG_CAP.MCG_CTL_P, no MCG_CMCI_P (target/i386/cpu.h, MCE_CAP_DEF). */
#define GUEST_TEXT "WRMSR in a QEMU guest, which has 10 banks and MCG_CTL:"

static struct kw_mce_write guest_write(const struct query *q)
{
	return (struct kw_mce_write){
		.msr = q->index,
		.value = *q->value,
		.banks = 10,
		.mcg_ctl_p = true,
		.amd_compatible = q->context->vendor == KW_VENDOR_AMD,
	};
}

/* Does a rule cover a write of this value? */
static bool is_judged(const struct query *q)
{
	return q->value && kw_mce_is_msr(q->index);
}

/* The row after @row of the changes that concern this MSR specifically; start with @i at 0. */
static const struct kw_row *next_change(const struct query *q, size_t *i)
{
	const struct kw_row *row;

	while ((row = kw_row_at(KW_TABLE_KVM_CHANGE, (*i)++))) {
		if (kw_change_touches(row, q->index) == KW_TOUCH_THIS_MSR)
			return row;
	}
	return NULL;
}

/* As text */

static void row(struct kw_lines *lines, const char *name, const char *text)
{
	if (text && *text)
		kw_lines_row(lines, kw_str(name), kw_str(text));
}

static void put_hex(struct kw_buf *buf, uint64_t value)
{
	KW_BUF_LIT(buf, "0x");
	kw_buf_hex(buf, value, value >> 32 ? 16 : 8);
}

/* Puts the text in @buf as one row and empties the buffer. */
static void row_of(struct kw_lines *lines, const char *name, struct kw_buf *buf)
{
	if (buf->len)
		kw_lines_row(lines, kw_str(name), (struct kw_str){ buf->p, buf->len });
	kw_buf_reset(buf);
}

static size_t name_width(const struct kw_msr *msr)
{
	struct kw_msr_field field;
	size_t width = 0;

	for (size_t i = 0; kw_msr_field(msr, i, &field); i++) {
		if (!field.reserved && strlen(field.name) > width)
			width = strlen(field.name);
	}
	return width;
}

static void field_row(struct kw_lines *lines, const struct query *q,
		      const struct kw_msr_field *field, size_t width)
{
	const char *says = q->value ? kw_msr_value_text(field, *q->value) : NULL;
	size_t column = KW_LINES_TEXT + 7 + width + 2;
	bool set = q->value && kw_msr_field_value(field, *q->value);

	kw_lines_color(lines, set ? KW_COLOR_TITLE : NULL);
	kw_lines_pad(lines, KW_LINES_TEXT);
	kw_lines_number(lines, field->high);
	if (field->high != field->low) {
		KW_LINES_LIT(lines, ":");
		kw_lines_number(lines, field->low);
	}
	kw_lines_pad(lines, KW_LINES_TEXT + 7);
	kw_lines_put(lines, kw_str(field->name));
	kw_lines_color(lines, NULL);
	kw_lines_beside(lines, column, TEXT_LEAST, KW_LINES_TEXT + 7);
	column = lines->column;
	if (q->value) {
		struct kw_buf number = { 0 };

		KW_BUF_LIT(&number, "0x");
		kw_buf_hex(&number, kw_msr_field_value(field, *q->value), 1);
		kw_lines_put(lines, (struct kw_str){ number.p, number.len });
		kw_lines_put(lines, KW_STR("  "));
		kw_buf_deinit(&number);
	}
	kw_lines_wrap(lines, kw_str(field->text), column);
	if (says) {
		KW_LINES_LIT(lines, ":");
		kw_lines_pad(lines, lines->column + 1);
		kw_lines_wrap(lines, kw_str(says), column);
	}
	kw_lines_end(lines);
}

static size_t count_fields(const struct kw_msr *msr)
{
	struct kw_msr_field field;
	size_t count = 0;

	for (size_t i = 0; kw_msr_field(msr, i, &field); i++)
		count += !field.reserved;
	return count;
}

/* The fields; if there are many and a value is given, only those that are not 0 in it. */
static void fields(struct kw_lines *lines, const struct query *q)
{
	size_t width = name_width(q->best), count = count_fields(q->best), shown = 0;
	struct kw_msr_field field;

	for (size_t i = 0; kw_msr_field(q->best, i, &field); i++) {
		bool zero = q->value && !kw_msr_field_value(&field, *q->value);

		if (field.reserved || (zero && count > MANY_FIELDS))
			continue;
		kw_lines_label(lines, shown++ ? KW_STR("") : KW_STR("fields"));
		field_row(lines, q, &field, width);
	}
	if (!shown && count)
		row(lines, "fields", "all 0");
	else if (shown < count)
		row(lines, "", "all others are 0");
}

static void reserved(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	uint64_t set = q->value ? *q->value & kw_msr_reserved_mask(q->best) : 0;

	if (!set)
		return;
	KW_BUF_LIT(buf, "reserved bits set:");
	for (unsigned int i = 0; i < 64; i++) {
		if (set >> i & 1)
			kw_buf_printf(buf, " bit%u", i);
	}
	row_of(lines, "reserved", buf);
}

static bool is_same(const struct kw_mce_result *a, const struct kw_mce_result *b)
{
	return a->effect == b->effect && a->reason == b->reason;
}

static void put_result(struct kw_buf *buf, const struct kw_mce_result *result)
{
	kw_buf_printf(buf, ": %s; %s", effect_text(result->effect),
		      kw_mce_reason_text(result->reason));
}

/* One row for each answer of the generations the kernel may have. */
static void each_generation(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	unsigned int gens = q->host.known ? kw_kver_mce_gens(&q->host) : (1u << KW_NMCE_GENS) - 1;
	struct kw_mce_write write = guest_write(q);
	struct kw_mce_result result, last = { 0 };

	for (unsigned int gen = 0; gen < KW_NMCE_GENS; gen++) {
		if (!(gens >> gen & 1))
			continue;
		write.gen = (enum kw_mce_gen)gen;
		result = kw_mce_rule(&write);
		if (buf->len && !is_same(&result, &last)) {
			put_result(buf, &last);
			row_of(lines, "", buf);
		}
		kw_buf_printf(buf, "%s%s", buf->len ? ", " : "Linux ", generations[gen]);
		last = result;
	}
	put_result(buf, &last);
	row_of(lines, "", buf);
}

/* Why the kernel's name leaves more than one generation possible. */
static const char *doubt_of(const struct query *q)
{
	const struct kw_row *change = kw_change_find("set-msr-mce-eperm");
	enum kw_change_doubt doubt = KW_DOUBT_NONE;

	if (change)
		kw_change_state(change, &q->host, &doubt);
	return kw_change_doubt_text(doubt);
}

/* What this kernel does, or each of those it may be. */
static void verdict(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	struct kw_mce_write write = guest_write(q);
	struct kw_mce_result result;

	row(lines, "kvm", GUEST_TEXT);
	if (q->host.known && kw_kver_mce_write(&q->host, &write, &result)) {
		kw_buf_printf(buf, "Linux %s", q->context->host_kernel);
		put_result(buf, &result);
		row_of(lines, "", buf);
		return;
	}
	if (q->host.known) {
		kw_buf_printf(buf, "Linux %s may be any of these: %s", q->context->host_kernel,
			      doubt_of(q));
		row_of(lines, "", buf);
	}
	each_generation(lines, q, buf);
}

static void versions(struct kw_buf *buf, const struct kw_row *change, enum kw_attr attr,
		     enum kw_attr stable, const char *word)
{
	const char *texts[KW_MAX_REPEAT], *version = kw_row_get(change, attr);
	size_t count = kw_row_all(change, stable, texts, KW_MAX_REPEAT);

	if (!version)
		return;
	kw_buf_printf(buf, "%s%s %s", buf->len ? ", " : "", word, version);
	for (size_t i = 0; i < count; i++)
		kw_buf_printf(buf, "%s%s", i ? ", " : " (stable ", texts[i]);
	if (count)
		KW_BUF_LIT(buf, ")");
}

/* " [0471a7bd1bca, 2368048bf5c2]" */
static void commits(struct kw_buf *buf, const struct kw_row *change)
{
	const char *texts[KW_MAX_REPEAT];
	size_t count = kw_row_all(change, KW_ATTR_COMMIT, texts, KW_MAX_REPEAT);

	for (size_t i = 0; i < count; i++)
		kw_buf_printf(buf, "%s%.12s", i ? ", " : " [", texts[i]);
	if (count)
		KW_BUF_LIT(buf, "]");
}

/* The history of KVM's behaviour; only without a kernel. */
static void history(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	const char *label = "history";
	const struct kw_row *change;
	size_t i = 0;

	while ((change = next_change(q, &i))) {
		versions(buf, change, KW_ATTR_SINCE, KW_ATTR_SINCE_STABLE, "since");
		versions(buf, change, KW_ATTR_UNTIL, KW_ATTR_UNTIL_STABLE, "until");
		kw_buf_printf(buf, "%s%s", buf->len ? ": " : "", kw_row_name(change));
		commits(buf, change);
		row_of(lines, label, buf);
		label = "";
	}
}

/* Which changes hold for this kernel, if no rule covers the MSR. */
static void behaviour(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	const char *label = "kvm";
	const struct kw_row *change;
	size_t i = 0;

	while ((change = next_change(q, &i))) {
		enum kw_change_doubt doubt;
		enum kw_change_state state = kw_change_state(change, &q->host, &doubt);

		if (state == KW_CHANGE_NOT)
			continue;
		kw_buf_printf(buf, "%s", kw_row_get(change, KW_ATTR_EFFECT));
		if (state == KW_CHANGE_CANNOT_TELL)
			kw_buf_printf(buf, " (perhaps: %s)", kw_change_doubt_text(doubt));
		row_of(lines, label, buf);
		label = "";
	}
}

/* Other owners' MSRs with this index. */
static void others(struct kw_lines *lines, const struct query *q, struct kw_buf *buf)
{
	char name[KW_MSR_NAME_SIZE];

	for (const struct kw_msr *msr = NULL; (msr = kw_msr_next(q->index, msr));) {
		if (msr == q->best)
			continue;
		kw_msr_name(msr, q->index, name, sizeof(name));
		kw_buf_printf(buf, "%s (%s): %s", name, kw_msr_owner_name(msr), kw_msr_about(msr));
		row_of(lines, "other", buf);
	}
}

static void names(struct kw_lines *lines, const struct query *q)
{
	char text[256];
	size_t len = kw_msr_name(q->best, q->index, text, sizeof(text));

	snprintf(text + len, sizeof(text) - len, " [0x%x]", q->index);
	kw_lines_color(lines, KW_COLOR_TITLE);
	kw_lines_put(lines, kw_str(text));
	kw_lines_color(lines, NULL);
	KW_LINES_LIT(lines, ": ");
	kw_lines_wrap(lines, kw_str(kw_msr_about(q->best)), 0);
	kw_lines_end(lines);
	kw_lines_end(lines);
	row(lines, "owner", kw_msr_owner_name(q->best));
	kw_msr_linux(q->best, q->index, text, sizeof(text));
	row(lines, "linux", text);
	kw_msr_also(q->best, q->index, text, sizeof(text));
	row(lines, "also", text);
	row(lines, "when", kw_msr_when(q->best));
	row(lines, "access", access_names[q->best->access]);
}

static void msr_as_text(struct kw_buf *buf, const struct query *q)
{
	struct kw_lines lines = { .buf = buf, .look = *q->look };
	struct kw_buf scratch = { 0 };

	if (!q->best) {
		kw_buf_printf(buf, "no MSR with index 0x%x is known\n", q->index);
		return;
	}
	names(&lines, q);
	if (q->value) {
		put_hex(&scratch, *q->value);
		row_of(&lines, "value", &scratch);
	}
	fields(&lines, q);
	reserved(&lines, q, &scratch);
	if (is_judged(q))
		verdict(&lines, q, &scratch);
	else if (q->host.known)
		behaviour(&lines, q, &scratch);
	if (!q->host.known)
		history(&lines, q, &scratch);
	kw_lines_color(&lines, KW_COLOR_ASIDE);
	kw_seen_text(&lines, q->index, q->context->vendor);
	others(&lines, q, &scratch);
	row(&lines, "source", kw_msr_cite(q->best));
	kw_buf_deinit(&scratch);
	kw_lines_deinit(&lines);
}

/* As JSON */

#define TEXT(j, name, text) \
	do { \
		const char *text_ = (text); \
		if (text_ && *text_) { \
			KW_JSON_KEY(j, name); \
			kw_json_text(j, kw_str(text_)); \
		} \
	} while (0)

static void json_fields(struct kw_json *j, const struct kw_msr *msr, const uint64_t *value)
{
	struct kw_msr_field field;

	KW_JSON_KEY(j, "fields");
	kw_json_array(j);
	for (size_t i = 0; kw_msr_field(msr, i, &field); i++) {
		if (field.reserved)
			continue;
		kw_json_object(j);
		TEXT(j, "name", field.name);
		KW_JSON_DEC(j, "high", field.high);
		KW_JSON_DEC(j, "low", field.low);
		TEXT(j, "about", field.text);
		if (value) {
			KW_JSON_HEX(j, "value", kw_msr_field_value(&field, *value));
			TEXT(j, "text", kw_msr_value_text(&field, *value));
		}
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
	if (value)
		KW_JSON_HEX(j, "reserved_set", *value & kw_msr_reserved_mask(msr));
}

static void json_msr(struct kw_json *j, const struct query *q, const struct kw_msr *msr)
{
	char text[256];

	kw_json_object(j);
	kw_msr_name(msr, q->index, text, sizeof(text));
	TEXT(j, "name", text);
	TEXT(j, "owner", kw_msr_owner_name(msr));
	kw_msr_linux(msr, q->index, text, sizeof(text));
	TEXT(j, "linux", text);
	kw_msr_also(msr, q->index, text, sizeof(text));
	TEXT(j, "also", text);
	TEXT(j, "about", kw_msr_about(msr));
	TEXT(j, "when", kw_msr_when(msr));
	TEXT(j, "access", access_names[msr->access]);
	json_fields(j, msr, q->value);
	TEXT(j, "source", kw_msr_cite(msr));
	kw_json_object_end(j);
}

static void json_msrs(struct kw_json *j, const struct query *q)
{
	KW_JSON_KEY(j, "msrs");
	kw_json_array(j);
	if (q->best)
		json_msr(j, q, q->best);
	for (const struct kw_msr *msr = NULL; (msr = kw_msr_next(q->index, msr));) {
		if (msr != q->best)
			json_msr(j, q, msr);
	}
	kw_json_array_end(j);
}

static void json_verdicts(struct kw_json *j, const struct query *q)
{
	struct kw_mce_write write = guest_write(q);
	unsigned int gens = q->host.known ? kw_kver_mce_gens(&q->host) : (1u << KW_NMCE_GENS) - 1;

	KW_JSON_KEY(j, "kvm");
	kw_json_array(j);
	for (unsigned int gen = 0; gen < KW_NMCE_GENS; gen++) {
		struct kw_mce_result result;

		if (!(gens >> gen & 1))
			continue;
		write.gen = (enum kw_mce_gen)gen;
		result = kw_mce_rule(&write);
		kw_json_object(j);
		TEXT(j, "kernels", generations[gen]);
		TEXT(j, "effect", effect_text(result.effect));
		TEXT(j, "why", kw_mce_reason_text(result.reason));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static void json_changes(struct kw_json *j, const struct query *q)
{
	static const char *const states[] = {
		[KW_CHANGE_NOT] = "no",
		[KW_CHANGE_APPLIES] = "yes",
		[KW_CHANGE_CANNOT_TELL] = "unknown",
	};
	const struct kw_row *change;
	size_t i = 0;

	KW_JSON_KEY(j, "changes");
	kw_json_array(j);
	while ((change = next_change(q, &i))) {
		kw_json_object(j);
		TEXT(j, "id", kw_row_id(change));
		TEXT(j, "title", kw_row_name(change));
		TEXT(j, "since", kw_row_get(change, KW_ATTR_SINCE));
		TEXT(j, "until", kw_row_get(change, KW_ATTR_UNTIL));
		TEXT(j, "effect", kw_row_get(change, KW_ATTR_EFFECT));
		if (q->host.known)
			TEXT(j, "applies", states[kw_change_state(change, &q->host, NULL)]);
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static void msr_as_json(struct kw_buf *buf, const struct query *q)
{
	struct kw_json writer = { .buf = buf }, *j = &writer;

	kw_json_object(j);
	KW_JSON_DEC(j, "schema", 1);
	KW_JSON_HEX(j, "index", q->index);
	if (q->value)
		KW_JSON_HEX(j, "value", *q->value);
	TEXT(j, "kernel", q->context->host_kernel);
	json_msrs(j, q);
	if (is_judged(q))
		json_verdicts(j, q);
	json_changes(j, q);
	kw_seen_json(j, q->index, q->context->vendor);
	kw_json_object_end(j);
	kw_buf_char(buf, '\n');
}

void kw_render_msr(struct kw_buf *buf, uint32_t index, const uint64_t *value,
		   const struct kw_context *context, const struct kw_look *look, bool json)
{
	struct query q = {
		.index = index,
		.value = value,
		.context = context,
		.look = look,
		.best = kw_msr_find(index, context->vendor),
	};

	if (context->host_kernel)
		kw_kver_parse(context->host_kernel, strlen(context->host_kernel), &q.host);
	if (json)
		msr_as_json(buf, &q);
	else
		msr_as_text(buf, &q);
}
