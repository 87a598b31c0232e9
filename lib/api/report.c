// SPDX-License-Identifier: MIT
/*
 * A report, member by member. What came from the log is escaped once, on first use, into the arena
 * of the failure: renderers have escapes of their own.
 */
#include "api/api.h"

#include "base/escape.h"
#include "render/doc.h"

/* A text as returned; the next call returns the same. */
struct kw_shown {
	struct kw_shown *next;
	const void *from;
	const char *text;
};

static const char *shown_before(const struct kw_report *r, const void *from)
{
	for (const struct kw_shown *shown = *r->shown; shown; shown = shown->next) {
		if (shown->from == from)
			return shown->text;
	}
	return NULL;
}

/* From now on @from returns the text in @buf. */
static const char *show(const struct kw_report *r, const void *from, struct kw_buf *buf)
{
	struct kw_shown *shown = kw_arena_alloc(r->c.f->arena, sizeof(*shown));

	kw_buf_char(buf, '\0');
	if (buf->failed || !shown)
		return "";
	*shown = (struct kw_shown){ .next = *r->shown, .from = from, .text = buf->p };
	*r->shown = shown;
	return shown->text;
}

/* NULL for an empty text, which means unknown. */
static const char *text_of(const struct kw_report *r, const struct kw_str *text)
{
	struct kw_buf buf = { .arena = r->c.f->arena };
	const char *before = shown_before(r, text);

	if (before || !text->len)
		return before;
	kw_escape_terminal(&buf, *text);
	return show(r, text, &buf);
}

static const char *file_of(const struct kw_report *r)
{
	struct kw_buf buf = { .arena = r->c.f->arena };
	const char *before = r->file ? shown_before(r, r->file) : NULL;

	if (before || !r->file)
		return before;
	kw_escape_terminal(&buf, kw_str(r->file));
	return show(r, r->file, &buf);
}

static bool has_insn(const struct kw_case *c)
{
	return c->code == KW_CODE_OK && c->insn.length;
}

static const char *insn_bytes(const struct kw_report *r)
{
	const struct kw_insn *insn = &r->c.insn;
	struct kw_buf buf = { .arena = r->c.f->arena };
	const char *before = shown_before(r, insn->bytes);

	if (before || !has_insn(&r->c))
		return before;
	kw_doc_bytes(&buf, insn->bytes, UINT64_MAX, insn->length);
	return show(r, insn->bytes, &buf);
}

static const char *vendor_name(enum kw_vendor vendor)
{
	if (vendor == KW_VENDOR_UNKNOWN)
		return NULL;
	return vendor == KW_VENDOR_INTEL ? "intel" : "amd";
}

const char *kw_report_text(const struct kw_report *r, enum kw_report_texts what)
{
	const struct kw_case *c = &r->c;

	switch (what) {
	case KW_REPORT_CLASS:
		return kw_class_name(c->f->class);
	case KW_REPORT_ARCH:
		return kw_arch_name(c->f->arch);
	case KW_REPORT_HEADLINE:
		return text_of(r, &c->headline);
	case KW_REPORT_SAID:
		return text_of(r, &c->said);
	case KW_REPORT_FINGERPRINT:
		return text_of(r, &c->fingerprint);
	case KW_REPORT_VENDOR:
		return vendor_name(c->vendor);
	case KW_REPORT_VMM:
		return text_of(r, &c->f->text[KW_T_VMM]);
	case KW_REPORT_GUEST:
		return text_of(r, &c->f->text[KW_T_GUEST]);
	case KW_REPORT_HOST_KERNEL:
		return text_of(r, &c->f->text[KW_T_HOST_KERNEL]);
	case KW_REPORT_MODE:
		return c->mode == KW_MODE_UNKNOWN ? NULL : kw_mode_name(c->mode);
	case KW_REPORT_INSN:
		return has_insn(c) ? c->insn.text : NULL;
	case KW_REPORT_INSN_BYTES:
		return insn_bytes(r);
	case KW_REPORT_MSR_NAME:
		return c->has_msr && *c->msr_name ? c->msr_name : NULL;
	case KW_REPORT_FILE:
		return file_of(r);
	case KW_REPORT_MSR_ACCESS:
		return !c->has_msr ? NULL : c->msr_write ? "write" : "read";
	}
	return NULL;
}

static int give(bool known, uint64_t value, uint64_t *ret)
{
	if (known)
		*ret = value;
	return known;
}

int kw_report_number(const struct kw_report *r, enum kw_report_numbers what, uint64_t *ret)
{
	const struct kw_case *c = &r->c;

	switch (what) {
	case KW_REPORT_INSN_GVA:
		return give(has_insn(c) && c->has_linear_rip, c->linear_rip, ret);
	case KW_REPORT_MSR_INDEX:
		return give(c->has_msr, c->msr_index, ret);
	case KW_REPORT_MSR_VALUE:
		return give(c->has_msr && c->has_msr_value, c->msr_value, ret);
	case KW_REPORT_FIRST_LINE:
		return give(c->f->first_line, c->f->first_line, ret);
	case KW_REPORT_LAST_LINE:
		return give(c->f->last_line, c->f->last_line, ret);
	}
	return 0;
}

/* Facts */

static const char *how_name(uint8_t how)
{
	return how == KW_SEEN ? "seen" : how == KW_DERIVED ? "derived" : "assumed";
}

const char *kw_report_fact(const struct kw_report *r, const char *name, uint64_t *ret)
{
	const struct kw_failure *f = r->c.f;

	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (!kw_known(f, (enum kw_fact)i) || strcmp(kw_facts[i].name, name))
			continue;
		if (ret)
			*ret = f->fact[i];
		return how_name(f->origin[i].how);
	}
	return NULL;
}

const char *kw_report_fact_name(const struct kw_report *r, size_t i)
{
	for (size_t fact = 0; fact < KW_NFACTS; fact++) {
		if (kw_known(r->c.f, (enum kw_fact)fact) && !i--)
			return kw_facts[fact].name;
	}
	return NULL;
}

/* Findings */

static const struct kw_finding *finding_at(const struct kw_report *r, size_t i)
{
	return i < r->c.nfindings ? &r->c.finding[i] : NULL;
}

size_t kw_report_findings(const struct kw_report *r)
{
	return r->c.nfindings;
}

const char *kw_report_finding(const struct kw_report *r, size_t i, enum kw_finding_texts what)
{
	const struct kw_finding *finding = finding_at(r, i);

	if (!finding)
		return NULL;
	switch (what) {
	case KW_FINDING_ID:
		return finding->id;
	case KW_FINDING_CERTAINTY:
		return kw_certainty_name(finding->certainty);
	case KW_FINDING_TITLE:
		return text_of(r, &finding->title);
	case KW_FINDING_WHY:
		return text_of(r, &finding->why);
	}
	return NULL;
}

const char *kw_report_finding_list(const struct kw_report *r, size_t i, enum kw_finding_lists list,
				   size_t k)
{
	const struct kw_finding *finding = finding_at(r, i);

	if (!finding)
		return NULL;
	switch (list) {
	case KW_FINDING_DO:
		return k < finding->ntodo ? text_of(r, &finding->todo[k]) : NULL;
	case KW_FINDING_SOURCES:
		return k < finding->nsources ? finding->source[k] : NULL;
	case KW_FINDING_FACTS:
		return k < finding->nfacts ? kw_facts[finding->fact[k]].name : NULL;
	}
	return NULL;
}

const char *kw_report_finding_evidence(const struct kw_report *r, size_t i, size_t k,
				       uint64_t *line_ret)
{
	const struct kw_finding *finding = finding_at(r, i);
	const struct kw_line *line;
	const char *text;

	if (!finding || k >= finding->nevidence)
		return NULL;
	line = &r->c.f->line[finding->evidence[k]];
	text = text_of(r, &line->text);
	if (line_ret)
		*line_ret = line->number;
	return text ? text : "";
}

const char *kw_report_note(const struct kw_report *r, size_t i, uint64_t *line_ret)
{
	const struct kw_failure *f = r->c.f;
	const char *text;

	if (i >= f->nnotes)
		return NULL;
	if (line_ret)
		*line_ret = f->note[i].line;
	text = text_of(r, &f->note[i].text);
	return text ? text : "";
}
