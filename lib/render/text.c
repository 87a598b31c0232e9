// SPDX-License-Identifier: MIT
/* A case for the terminal, so that the answer fits a screen. Anything not ASCII is from the log. */
#include "render/doc.h"
#include "render/lines.h"
#include "render/render.h"

enum {
	FULL_FINDINGS = 2,  /* of further ones only the title */
	EVIDENCE_LINES = 6, /* of further ones only the number */
	BYTES_WIDTH = 17,   /* of the bytes of code, at least */
	VERDICT_WIDTH = 13, /* of a check's result, with blanks */
	ID_WIDTH = 36,	    /* of its id, at most; a longer one shifts its line */
	SPAN_WIDTH = 20,    /* of ":lines 1000-1100" */
	FIRST_WIDTH = 40,   /* of the note on the first failure, without its file */
	TEXT_LEAST = 24,    /* next to an id; with less room, the text goes below it */
};

struct out {
	struct kw_lines lines;
};

static void color(struct out *out, const char *code)
{
	kw_lines_color(&out->lines, code);
}

static void wrap(struct out *out, struct kw_str text)
{
	kw_lines_wrap(&out->lines, text, KW_LINES_TEXT);
}

static void end(struct out *out)
{
	kw_lines_end(&out->lines);
}

/* The label before the first of several, none before the others. */
static void label_first(struct out *out, bool first, struct kw_str name)
{
	kw_lines_label(&out->lines, first ? name : KW_STR(""));
}

static const char *certainty_color(enum kw_certainty certainty)
{
	switch (certainty) {
	case KW_CERTAIN:
		return KW_COLOR_CERTAIN;
	case KW_LIKELY:
		return KW_COLOR_LIKELY;
	case KW_POSSIBLE:
		return KW_COLOR_POSSIBLE;
	}
	return NULL;
}

/* " [likely]" after what was just written. */
static void put_certainty(struct out *out, const struct kw_piece *finding)
{
	struct kw_str name = kw_str(kw_certainty_name((enum kw_certainty)finding->certainty));
	struct kw_lines *lines = &out->lines;

	if (lines->column + name.len + 4 > kw_lines_width(lines)) {
		end(out);
		kw_lines_pad(lines, KW_LINES_TEXT);
	} else {
		kw_lines_pad(lines, lines->column + 2);
	}
	color(out, certainty_color((enum kw_certainty)finding->certainty));
	KW_LINES_LIT(lines, "[");
	kw_lines_put(lines, name);
	KW_LINES_LIT(lines, "]");
	color(out, NULL);
	end(out);
}

static void code_row(struct out *out, const struct kw_piece *piece, size_t bytes_width)
{
	struct kw_lines *lines = &out->lines;

	kw_lines_pad(lines, KW_LINES_TEXT - 2);
	if (piece->marked)
		color(out, KW_COLOR_TITLE);
	kw_lines_put(lines, piece->marked   ? KW_STR("> ")
			    : piece->unsure ? KW_STR("? ")
					    : KW_STR("  "));
	kw_lines_put(lines, piece->label);
	if (piece->label.len && piece->text.len)
		kw_lines_pad(lines, KW_LINES_TEXT + bytes_width + 2);
	wrap(out, piece->text);
	if (piece->marked)
		color(out, NULL);
	end(out);
}

/* The rows of code from @piece on; returns the piece after them. */
static const struct kw_piece *code(struct out *out, const struct kw_piece *piece)
{
	size_t width = BYTES_WIDTH;

	for (const struct kw_piece *p = piece; p && p->kind == KW_PIECE_CODE; p = p->next)
		width = p->label.len > width ? p->label.len : width;
	kw_lines_pad(&out->lines, 2);
	KW_LINES_LIT(&out->lines, "code");
	for (; piece && piece->kind == KW_PIECE_CODE; piece = piece->next)
		code_row(out, piece, width);
	return piece;
}

static void todo(struct out *out, const struct kw_piece *piece, bool first)
{
	const struct kw_piece *next = piece->next;
	bool alone = first && !(next && next->kind == KW_PIECE_DO);

	label_first(out, first, KW_STR("do"));
	if (!alone)
		KW_LINES_LIT(&out->lines, "- ");
	kw_lines_wrap(&out->lines, piece->text, alone ? KW_LINES_TEXT : KW_LINES_TEXT + 2);
	end(out);
}

/* Title, certainty, reason and remedies; a title equal to the headline is not repeated. */
static void put_finding(struct out *out, const struct kw_piece *finding, struct kw_str headline)
{
	const struct kw_piece *piece = finding->next;
	bool reasoned = piece && piece->kind == KW_PIECE_WHY;
	bool titled = !reasoned || !kw_str_eq(finding->text, headline);

	end(out);
	kw_lines_label(&out->lines, KW_STR("why"));
	if (titled) {
		wrap(out, finding->text);
		put_certainty(out, finding);
	}
	if (reasoned) {
		kw_lines_pad(&out->lines, KW_LINES_TEXT);
		wrap(out, piece->text);
		if (titled)
			end(out);
		else
			put_certainty(out, finding);
		piece = piece->next;
	}
	for (bool first = true; piece && piece->kind == KW_PIECE_DO; piece = piece->next) {
		todo(out, piece, first);
		first = false;
	}
}

static void findings(struct out *out, const struct kw_piece *all, struct kw_str headline)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_FINDING);
	size_t count = 0;

	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_FINDING)) {
		if (++count <= FULL_FINDINGS) {
			put_finding(out, piece, headline);
			continue;
		}
		if (count == FULL_FINDINGS + 1)
			end(out);
		label_first(out, count == FULL_FINDINGS + 1, KW_STR("also"));
		wrap(out, piece->text);
		put_certainty(out, piece);
	}
}

/* Did an earlier piece of its kind say the same? */
static bool is_repeated(const struct kw_piece *all, const struct kw_piece *piece)
{
	enum kw_piece_kind kind = (enum kw_piece_kind)piece->kind;

	for (const struct kw_piece *p = kw_doc_next(all, kind); p != piece;
	     p = kw_doc_next(p->next, kind)) {
		if (piece->line ? p->line == piece->line : kw_str_eq(p->text, piece->text))
			return true;
	}
	return false;
}

static void put_line_number(struct out *out, uint64_t line)
{
	KW_LINES_LIT(&out->lines, "line ");
	kw_lines_number(&out->lines, line);
	KW_LINES_LIT(&out->lines, ": ");
}

/* Only the numbers of evidence beyond what is quoted. */
static void put_further_line(struct out *out, uint64_t line, bool first)
{
	struct kw_lines *lines = &out->lines;

	if (first || lines->column > kw_lines_width(lines) - 20) {
		end(out);
		kw_lines_pad(lines, KW_LINES_TEXT);
	}
	kw_lines_put(lines, first ? KW_STR("and lines ") : KW_STR(", "));
	kw_lines_number(lines, line);
}

static void evidence(struct out *out, const struct kw_piece *all)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_EVIDENCE);
	size_t count = 0;

	if (!piece)
		return;
	color(out, KW_COLOR_ASIDE);
	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_EVIDENCE)) {
		if (is_repeated(all, piece))
			continue;
		if (++count > EVIDENCE_LINES) {
			put_further_line(out, piece->line, count == EVIDENCE_LINES + 1);
			continue;
		}
		end(out);
		label_first(out, count == 1, KW_STR("evidence"));
		put_line_number(out, piece->line);
		kw_lines_cut(&out->lines, piece->text, 0);
	}
	color(out, NULL);
	end(out);
}

static void sources(struct out *out, const struct kw_piece *all)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_SOURCE);
	struct kw_buf joined = { 0 };

	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_SOURCE)) {
		if (is_repeated(all, piece))
			continue;
		if (joined.len)
			KW_BUF_LIT(&joined, "; ");
		kw_buf_add(&joined, piece->text);
	}
	if (joined.len) {
		color(out, KW_COLOR_ASIDE);
		kw_lines_row(&out->lines, KW_STR("sources"),
			     (struct kw_str){ joined.p, joined.len });
		color(out, NULL);
	}
	kw_buf_deinit(&joined);
}

/* Where each finding is explained in full, in order. */
static void pages(struct out *out, const struct kw_piece *all)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_FINDING);

	if (!piece)
		return;
	color(out, KW_COLOR_ASIDE);
	for (bool first = true; piece; piece = kw_doc_next(piece->next, KW_PIECE_FINDING)) {
		label_first(out, first, KW_STR("more"));
		KW_LINES_LIT(&out->lines, "kvmwhy rule ");
		kw_lines_put(&out->lines, piece->label);
		end(out);
		first = false;
	}
	color(out, NULL);
}

static void remarks(struct out *out, const struct kw_piece *all, enum kw_piece_kind kind,
		    struct kw_str name)
{
	const struct kw_piece *piece = kw_doc_next(all, kind);

	for (bool first = true; piece; piece = kw_doc_next(piece->next, kind)) {
		label_first(out, first, name);
		if (piece->line)
			put_line_number(out, piece->line);
		wrap(out, piece->text);
		end(out);
		first = false;
	}
}

static size_t id_width(const struct kw_piece *piece)
{
	size_t width = 0;

	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_CHECK))
		width = piece->label.len > width ? piece->label.len : width;
	return width < ID_WIDTH ? width : ID_WIDTH;
}

/* At @column, or below if it needs more room than is left there. */
static void put_beside(struct out *out, struct kw_str text, size_t column)
{
	size_t width = kw_lines_width_of(text);
	struct kw_lines *lines = &out->lines;

	if (!width)
		return;
	kw_lines_beside(lines, column, width < TEXT_LEAST ? width : TEXT_LEAST, KW_LINES_TEXT + 2);
	kw_lines_wrap(lines, text, lines->column);
}

/* Each check of VM entry with its result, and what it rests on or lacks. */
static void checks(struct out *out, const struct kw_piece *all)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_CHECK);
	size_t column = KW_LINES_TEXT + VERDICT_WIDTH + id_width(piece) + 2;
	struct kw_lines *lines = &out->lines;

	if (piece)
		end(out);
	for (bool first = true; piece; piece = kw_doc_next(piece->next, KW_PIECE_CHECK)) {
		bool broken = piece->verdict == KW_CHECK_BROKEN;

		label_first(out, first, KW_STR("checks"));
		if (broken)
			color(out, KW_COLOR_TITLE);
		kw_lines_put(lines, kw_str(kw_doc_verdict(piece)));
		kw_lines_pad(lines, KW_LINES_TEXT + VERDICT_WIDTH);
		kw_lines_put(lines, piece->label);
		put_beside(out, piece->text, column);
		if (broken)
			color(out, NULL);
		end(out);
		first = false;
	}
}

/* The headline and the rows up to the first finding. */
static void answer(struct out *out, const struct kw_piece *piece)
{
	color(out, KW_COLOR_TITLE);
	kw_lines_wrap(&out->lines, piece->text, 0);
	color(out, NULL);
	end(out);
	end(out);
	piece = piece->next;
	while (piece && (piece->kind == KW_PIECE_ROW || piece->kind == KW_PIECE_CODE)) {
		if (piece->kind == KW_PIECE_CODE) {
			piece = code(out, piece);
			continue;
		}
		kw_lines_row(&out->lines, piece->label, piece->text);
		piece = piece->next;
	}
}

static void put_span(struct out *out, const char *file, struct kw_span span)
{
	struct kw_lines *lines = &out->lines;

	if (file) {
		kw_lines_cut(lines, kw_str(file), SPAN_WIDTH);
		KW_LINES_LIT(lines, ":");
	}
	KW_LINES_LIT(lines, "lines ");
	kw_lines_number(lines, span.first);
	KW_LINES_LIT(lines, "-");
	kw_lines_number(lines, span.last);
}

/* Before each failure except the first, which the second one's heading names. */
static void header(struct out *out, const struct kw_failure *f, const struct kw_style *style)
{
	struct kw_lines *lines = &out->lines;

	end(out);
	KW_LINES_LIT(lines, "failure");
	if (style->number) {
		KW_LINES_LIT(lines, " ");
		kw_lines_number(lines, style->number);
	}
	KW_LINES_LIT(lines, ":");
	kw_lines_beside(lines, 0, kw_lines_width_of(kw_str(style->file)) + SPAN_WIDTH, 2);
	put_span(out, style->file, (struct kw_span){ f->first_line, f->last_line });
	if (style->first.first) {
		kw_lines_beside(lines, 0,
				kw_lines_width_of(kw_str(style->first_file)) + FIRST_WIDTH, 2);
		KW_LINES_LIT(lines, "(failure 1, above: ");
		put_span(out, style->first_file, style->first);
		KW_LINES_LIT(lines, ")");
	}
	end(out);
	end(out);
}

/* "failure 1 (log:lines 1-22) again, 3 times: lines 30-51, the last at lines 90-111" */
static void again(struct kw_buf *buf, const struct kw_again *a, const struct kw_style *style)
{
	struct out out = { .lines = { .buf = buf, .look = style->look } };
	struct kw_lines *lines = &out.lines;

	end(&out);
	KW_LINES_LIT(lines, "failure ");
	kw_lines_number(lines, a->number);
	KW_LINES_LIT(lines, " (");
	put_span(&out, a->file, a->printed);
	KW_LINES_LIT(lines, ") again");
	if (a->count > 1) {
		KW_LINES_LIT(lines, ", ");
		kw_lines_number(lines, a->count);
		KW_LINES_LIT(lines, " times");
	}
	KW_LINES_LIT(lines, ": ");
	put_span(&out, NULL, a->next);
	if (a->count > 1) {
		KW_LINES_LIT(lines, ", the last at ");
		put_span(&out, NULL, a->last);
	}
	end(&out);
	kw_lines_deinit(lines);
}

static void item(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
		 bool first)
{
	struct out out = { .lines = { .buf = buf, .look = style->look } };
	struct kw_doc doc;

	kw_doc_init(&doc, c, style->checks ? KW_DOC_CHECKS : 0);
	if (!first)
		header(&out, c->f, style);
	if (doc.first) {
		answer(&out, doc.first);
		findings(&out, doc.first, c->headline);
		evidence(&out, doc.first);
		sources(&out, doc.first);
		pages(&out, doc.first);
		remarks(&out, doc.first, KW_PIECE_ODD, KW_STR("odd"));
		remarks(&out, doc.first, KW_PIECE_NOTE, KW_STR("notes"));
		checks(&out, doc.first);
	}
	kw_doc_deinit(&doc);
	kw_lines_deinit(&out.lines);
}

static void no_begin(struct kw_buf *buf)
{
	(void)buf;
}

static void no_end(struct kw_buf *buf, bool empty)
{
	(void)buf;
	(void)empty;
}

const struct kw_renderer kw_renderer_text = {
	.name = "text",
	.begin = no_begin,
	.item = item,
	.end = no_end,
	.again = again,
};
