// SPDX-License-Identifier: MIT
/* The oracle on records and cases: everything in range, no index out of bounds. */
#include "fuzz.h"

static void check_line(const struct kw_failure *f, uint16_t line)
{
	PROMISE(line == KW_NO_LINE || line < f->nlines);
}

static void check_code(const struct kw_code *code)
{
	PROMISE(code->len <= sizeof(code->bytes));
	PROMISE(code->len == 64 || code->known >> code->len == 0);
	PROMISE(code->marked >= -1 && code->marked < (int)code->len);
}

/* Reads all of it, so that a sanitizer sees a freed text. */
static void check_text(struct kw_str text)
{
	PROMISE(!text.len || fuzz_hash((const uint8_t *)text.p, text.len));
}

/* What the public functions return as C strings. */
static void check_string(struct kw_str text)
{
	PROMISE(text.len && text.p[text.len] == '\0' && strlen(text.p) == text.len);
}

static void check_messages(const struct kw_failure *f, uint64_t lines)
{
	PROMISE(f->nmsr <= KW_MAX_MSR_MESSAGES && f->nsigns <= KW_MAX_SIGNS);
	PROMISE(f->nnotes <= KW_MAX_NOTES && f->nlines <= KW_MAX_LINES);
	for (size_t i = 0; i < f->nmsr; i++) {
		PROMISE(f->msr[i].verb <= KW_MSR_NOP && f->msr[i].count);
		check_line(f, f->msr[i].line);
	}
	for (size_t i = 0; i < f->nsigns; i++) {
		PROMISE(f->sign[i].kind < KW_NSIGNS);
		check_line(f, f->sign[i].line);
		check_text(f->sign[i].text);
	}
	for (size_t i = 0; i < f->nnotes; i++) {
		PROMISE(f->note[i].line <= lines);
		check_text(f->note[i].text);
	}
	for (size_t i = 0; i < f->nlines; i++) {
		PROMISE(f->line[i].number >= 1 && f->line[i].number <= lines);
		check_text(f->line[i].text);
	}
}

void check_failure(const struct kw_failure *f, uint64_t lines)
{
	PROMISE(f->class > KW_CLASS_NONE && f->class < KW_NCLASSES);
	PROMISE(f->arch < KW_NARCHES);
	PROMISE(f->first_line >= 1 && f->first_line <= f->last_line && f->last_line <= lines);
	for (size_t i = 0; i < KW_NFACTS; i++) {
		PROMISE(f->origin[i].how <= KW_ASSUMED);
		if (f->origin[i].how == KW_SEEN)
			check_line(f, f->origin[i].line);
	}
	for (size_t i = 0; i < KW_MAX_EXTRA; i++) {
		if (f->extra_known & 1u << i)
			check_line(f, f->extra_line[i]);
	}
	for (size_t i = 0; i < KW_NTEXTS; i++)
		check_text(f->text[i]);
	check_code(&f->code);
	check_messages(f, lines);
}

static void check_finding(const struct kw_case *c, const struct kw_finding *finding)
{
	PROMISE(finding->certainty <= KW_POSSIBLE);
	PROMISE(kw_rule_find(finding->id));
	PROMISE(finding->ntodo <= KW_MAX_DO && finding->nsources <= KW_MAX_SOURCES);
	PROMISE(finding->nevidence <= KW_MAX_EVIDENCE);
	check_string(finding->title);
	check_string(finding->why);
	for (size_t i = 0; i < finding->nevidence; i++)
		PROMISE(finding->evidence[i] < c->f->nlines);
}

/* class:error:insn:operand:mode:smm:vendor */
static void check_fingerprint(struct kw_str text)
{
	size_t colons = 0;

	check_string(text);
	for (size_t i = 0; i < text.len; i++)
		colons += text.p[i] == ':';
	PROMISE(colons == 6);
}

void check_case(const struct kw_case *c)
{
	PROMISE(c->mode < KW_NMODES && c->vendor <= KW_VENDOR_AMD);
	PROMISE(c->bits == 0 || c->bits == 16 || c->bits == 32 || c->bits == 64);
	PROMISE(c->code <= KW_CODE_FFS);
	PROMISE(c->insn.kind < KW_NINSN_KINDS && c->insn.length <= sizeof(c->insn.bytes));
	PROMISE(memchr(c->insn.text, '\0', sizeof(c->insn.text)));
	PROMISE(c->rip_place < KW_NPLACES && c->mem_place < KW_NPLACES);
	PROMISE(c->noddities <= sizeof(c->oddity) / sizeof(c->oddity[0]));
	PROMISE(c->nfindings <= KW_MAX_FINDINGS);
	check_fingerprint(c->fingerprint);
	check_string(c->headline);
	check_text(c->said);
	for (size_t i = 0; i < c->nfindings; i++)
		check_finding(c, &c->finding[i]);
}
