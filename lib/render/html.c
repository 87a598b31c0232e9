// SPDX-License-Identifier: MIT
/*
 * One self-contained page to be attached to a report: no scripts, nothing loaded, light and dark,
 * fit for printing. Every text that may come from a log goes through put_text().
 */
#include "render/doc.h"
#include "render/page.h"
#include "render/picture.h"
#include "render/render.h"
#include "render/stylesheet.h"

#include "base/escape.h"

/* Nothing is loaded and nothing runs, whatever a log smuggles in. */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<title>";

static void put(struct kw_buf *buf, const char *html)
{
	kw_buf_add(buf, kw_str(html));
}

static void put_text(struct kw_buf *buf, struct kw_str text)
{
	kw_escape_html(buf, text);
}

/* Our own prose: text between backticks is code. */
static void put_prose(struct kw_buf *buf, struct kw_str text)
{
	bool code = false;

	while (text.len) {
		size_t tick = kw_str_find(text, KW_STR("`"));
		bool open = !code && tick != SIZE_MAX &&
			    kw_str_has(kw_str_from(text, tick + 1), KW_STR("`"));

		if (tick == SIZE_MAX || !(code || open)) {
			put_text(buf, text);
			return;
		}
		put_text(buf, (struct kw_str){ text.p, tick });
		put(buf, open ? "<code>" : "</code>");
		code = open;
		text = kw_str_from(text, tick + 1);
	}
}

static void put_link(struct kw_buf *buf, const char *site, struct kw_str text)
{
	put(buf, "<a href=\"");
	put(buf, site);
	put_text(buf, text);
	put(buf, "\">");
	put_text(buf, text);
	put(buf, "</a>");
}

static struct kw_str leading_hash(struct kw_str text)
{
	size_t len = 0;

	while (len < text.len && strchr("0123456789abcdef", text.p[len]) && text.p[len])
		len++;
	return (struct kw_str){ text.p, len };
}

/* A source that is an address becomes a link, and so does the commit that it begins with. */
static void put_source(struct kw_buf *buf, struct kw_str text)
{
	struct kw_str rest, hash;

	if (kw_str_starts(text, KW_STR("https://"))) {
		put_link(buf, "", text);
		return;
	}
	if (kw_str_skip(text, KW_STR("Linux commit "), &rest)) {
		hash = leading_hash(rest);
		if (hash.len >= 12) {
			put(buf, "Linux commit ");
			put_link(buf, "https://git.kernel.org/linus/", hash);
			text = kw_str_from(rest, hash.len);
		}
	}
	put_text(buf, text);
}

static void put_tags(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style)
{
	const struct kw_failure *f = c->f;

	put(buf, "<div class=\"tags\">");
	if (style->number)
		kw_buf_printf(buf, "<b>failure %llu</b> &middot; ",
			      (unsigned long long)style->number);
	if (style->number > 1)
		put(buf, "<a href=\"#index\">all failures</a> &middot; ");
	kw_buf_printf(buf, "%s &middot; %s", kw_class_name(f->class), kw_arch_name(f->arch));
	put(buf, " &middot; ");
	if (style->file) {
		put_text(buf, kw_str(style->file));
		put(buf, ", ");
	}
	kw_buf_printf(buf, "lines %llu to %llu</div>\n", (unsigned long long)f->first_line,
		      (unsigned long long)f->last_line);
}

/* The rows of code from @piece on; returns the piece after them. */
static const struct kw_piece *put_code(struct kw_buf *buf, const struct kw_piece *piece)
{
	put(buf, "<dt>code</dt><dd><div class=\"code mono\"><table>\n");
	for (; piece && piece->kind == KW_PIECE_CODE; piece = piece->next) {
		kw_buf_printf(buf, "<tr class=\"%s\"><td>",
			      piece->marked   ? "hot"
			      : piece->unsure ? "unsure"
					      : "");
		put_text(buf, piece->label);
		put(buf, "</td><td>");
		put_text(buf, piece->text);
		put(buf, "</td></tr>\n");
	}
	put(buf, "</table></div></dd>\n");
	return piece;
}

static void put_answer(struct kw_buf *buf, const struct kw_piece *piece)
{
	put(buf, "<h1>");
	put_text(buf, piece->text);
	put(buf, "</h1>\n<dl>\n");
	piece = piece->next;
	while (piece && (piece->kind == KW_PIECE_ROW || piece->kind == KW_PIECE_CODE)) {
		if (piece->kind == KW_PIECE_CODE) {
			piece = put_code(buf, piece);
			continue;
		}
		put(buf, "<dt>");
		put_text(buf, piece->label);
		put(buf, "</dt><dd>");
		put_text(buf, piece->text);
		put(buf, "</dd>\n");
		piece = piece->next;
	}
	put(buf, "</dl>\n");
}

static const struct kw_piece *put_todo(struct kw_buf *buf, const struct kw_piece *piece)
{
	put(buf, "<p class=\"label\">What to do</p><ul>\n");
	for (; piece && piece->kind == KW_PIECE_DO; piece = piece->next) {
		put(buf, "<li>");
		put_prose(buf, piece->text);
		put(buf, "</li>\n");
	}
	put(buf, "</ul>\n");
	return piece;
}

static const struct kw_piece *put_evidence(struct kw_buf *buf, const struct kw_piece *piece,
					   const struct kw_style *style)
{
	put(buf, "<p class=\"label\">Evidence</p><div class=\"small\">\n");
	for (; piece && piece->kind == KW_PIECE_EVIDENCE; piece = piece->next) {
		kw_buf_printf(buf, "<code class=\"quote\"><a href=\"#f%llu-%llu\">line %llu</a>: ",
			      (unsigned long long)style->number, (unsigned long long)piece->line,
			      (unsigned long long)piece->line);
		put_text(buf, piece->text);
		put(buf, "</code>\n");
	}
	put(buf, "</div>\n");
	return piece;
}

static const struct kw_piece *put_sources(struct kw_buf *buf, const struct kw_piece *piece)
{
	const char *between = "<p class=\"small\">Sources: ";

	for (; piece && piece->kind == KW_PIECE_SOURCE; piece = piece->next) {
		put(buf, between);
		put_source(buf, piece->text);
		between = "; ";
	}
	put(buf, "</p>\n");
	return piece;
}

static void put_finding(struct kw_buf *buf, const struct kw_piece *piece,
			const struct kw_style *style)
{
	const char *certainty = kw_certainty_name((enum kw_certainty)piece->certainty);
	struct kw_str id = piece->label;

	kw_buf_printf(buf, "<section class=\"finding %s\"><h3><span class=\"badge\">%s</span>",
		      certainty, certainty);
	put_text(buf, piece->text);
	put(buf, "</h3>\n");
	piece = piece->next;
	for (; piece && piece->kind == KW_PIECE_WHY; piece = piece->next) {
		put(buf, "<p>");
		put_prose(buf, piece->text);
		put(buf, "</p>\n");
	}
	if (piece && piece->kind == KW_PIECE_DO)
		piece = put_todo(buf, piece);
	if (piece && piece->kind == KW_PIECE_EVIDENCE)
		piece = put_evidence(buf, piece, style);
	if (piece && piece->kind == KW_PIECE_SOURCE)
		put_sources(buf, piece);
	put(buf, "<p class=\"small\">More: <code>kvmwhy rule <a href=\"#rule-");
	put_text(buf, id);
	put(buf, "\">");
	put_text(buf, id);
	put(buf, "</a></code></p>\n</section>\n");
}

static void put_findings(struct kw_buf *buf, const struct kw_piece *all,
			 const struct kw_style *style)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_FINDING);

	if (piece)
		put(buf, "<h2>Why</h2>\n");
	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_FINDING))
		put_finding(buf, piece, style);
}

static void put_remarks(struct kw_buf *buf, const struct kw_piece *all, enum kw_piece_kind kind,
			const char *title)
{
	const struct kw_piece *piece = kw_doc_next(all, kind);

	if (!piece)
		return;
	kw_buf_printf(buf, "<h2>%s</h2><ul>\n", title);
	for (; piece; piece = kw_doc_next(piece->next, kind)) {
		put(buf, "<li>");
		if (piece->line)
			kw_buf_printf(buf, "line %llu: ", (unsigned long long)piece->line);
		put_text(buf, piece->text);
		put(buf, "</li>\n");
	}
	put(buf, "</ul>\n");
}

static void put_register(struct kw_buf *buf, const struct kw_piece *piece)
{
	bool wide = piece->bits.len || piece->reserved.len;

	kw_buf_printf(buf, "<div class=\"%s%s\" title=\"", wide ? "wide " : "",
		      piece->marked ? "mark" : "");
	put_text(buf, kw_str(piece->hint));
	put(buf, "\"><b class=\"mono\">");
	put_text(buf, piece->label);
	put(buf, "</b><code>");
	put_text(buf, piece->text);
	put(buf, "</code>");
	if (piece->bits.len) {
		put(buf, "<span class=\"bits\">");
		put_text(buf, piece->bits);
		put(buf, "</span>");
	}
	if (piece->reserved.len) {
		put(buf, "<span class=\"bad\">reserved: ");
		put_text(buf, piece->reserved);
		put(buf, "</span>");
	}
	put(buf, "</div>\n");
}

/* Table cells from a text with blanks between them. */
static void put_cells(struct kw_buf *buf, struct kw_str text)
{
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR(" "));

		if (end == SIZE_MAX)
			end = text.len;
		put(buf, "<td>");
		put_text(buf, (struct kw_str){ text.p, end });
		put(buf, "</td>");
		text = kw_str_from(text, end + 1);
	}
}

static const struct kw_piece *put_segments(struct kw_buf *buf, const struct kw_piece *piece)
{
	put(buf,
	    "<div class=\"scroll\"><table class=\"mono segs\"><tr><th></th><th>selector</th><th>base</th><th>limit</th>"
	    "<th>rights</th><th></th></tr>\n");
	for (; piece && piece->kind == KW_PIECE_SEGMENT; piece = piece->next) {
		kw_buf_printf(buf, "<tr class=\"%s\"><th>", piece->marked ? "mark" : "");
		put_text(buf, piece->label);
		put(buf, "</th>");
		put_cells(buf, piece->text);
		put(buf, "<td>");
		put_text(buf, piece->bits);
		put(buf, "</td></tr>\n");
	}
	put(buf, "</table></div>\n");
	return piece;
}

static const struct kw_piece *put_registers(struct kw_buf *buf, const struct kw_piece *piece,
					    bool long_names)
{
	put(buf, long_names ? "<div class=\"regs long\">\n" : "<div class=\"regs\">\n");
	for (; piece && piece->kind == KW_PIECE_REGISTER; piece = piece->next)
		put_register(buf, piece);
	put(buf, "</div>\n");
	return piece;
}

static void put_tables(struct kw_buf *buf, const struct kw_piece *all)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_GROUP);
	bool long_names = false;

	while (piece) {
		if (piece->kind == KW_PIECE_SEGMENT) {
			piece = put_segments(buf, piece);
		} else if (piece->kind == KW_PIECE_REGISTER) {
			piece = put_registers(buf, piece, long_names);
		} else {
			long_names = piece->marked;
			put(buf, "<h2>");
			put_text(buf, piece->text);
			put(buf, "</h2>\n");
			piece = piece->next;
		}
	}
}

/* Folded: only a reader who doubts the answer needs them. */
static void put_checks(struct kw_buf *buf, const struct kw_piece *all, const struct kw_case *c)
{
	const struct kw_piece *piece = kw_doc_next(all, KW_PIECE_CHECK);

	if (!piece)
		return;
	put(buf, "<details><summary>");
	kw_checks_count(buf, c);
	put(buf, "</summary><table class=\"checks\">\n");
	for (; piece; piece = kw_doc_next(piece->next, KW_PIECE_CHECK)) {
		kw_buf_printf(buf, "<tr%s><td>%s</td><td title=\"",
			      piece->verdict == KW_CHECK_BROKEN ? " class=\"mark\"" : "",
			      kw_doc_verdict(piece));
		put_text(buf, kw_str(piece->hint));
		put(buf, "\"><code>");
		put_text(buf, piece->label);
		put(buf, "</code></td><td>");
		put_text(buf, piece->text);
		put(buf, "</td></tr>\n");
	}
	put(buf, "</table></details>\n");
}

static void put_log(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style)
{
	const struct kw_failure *f = c->f;

	if (!f->nlines)
		return;
	put(buf, "<h2>What was read</h2>\n<div class=\"log mono\"><table>\n");
	for (size_t i = 0; i < f->nlines; i++) {
		kw_buf_printf(buf, "<tr id=\"f%llu-%llu\"%s><td>%llu</td><td>",
			      (unsigned long long)style->number,
			      (unsigned long long)f->line[i].number,
			      kw_doc_is_evidence(c, i) ? " class=\"mark\"" : "",
			      (unsigned long long)f->line[i].number);
		put_text(buf, f->line[i].text);
		put(buf, "</td></tr>\n");
	}
	put(buf, "</table></div>\n");
}

/* @title: one sentence, which may come from a log. */
static void put_head(struct kw_buf *buf, struct kw_str title, const char *file)
{
	put(buf, head);
	put_text(buf, title);
	if (file) {
		put(buf, " &middot; ");
		put_text(buf, kw_str(file));
	}
	put(buf, " &middot; kvmwhy</title>\n<style>\n");
	put(buf, kw_stylesheet);
	put(buf, "</style></head><body>\n");
}

/* The title is the first failure's. */
static void begin(struct kw_buf *buf)
{
	(void)buf;
}

static void item(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
		 bool first)
{
	struct kw_doc doc;

	if (first)
		put_head(buf, c->headline, style->file);
	kw_doc_init(&doc, c, KW_DOC_REGISTERS | KW_DOC_CHECKS);
	kw_buf_printf(buf, "<article id=\"f%llu\">\n", (unsigned long long)style->number);
	put_tags(buf, c, style);
	if (doc.first) {
		put_answer(buf, doc.first);
		kw_picture_bits(buf, c);
		kw_picture_places(buf, c);
		put_findings(buf, doc.first, style);
		put_remarks(buf, doc.first, KW_PIECE_ODD, "Contradictions in the registers");
		put_remarks(buf, doc.first, KW_PIECE_NOTE, "Notes");
		put_checks(buf, doc.first, c);
		put_tables(buf, doc.first);
	}
	put_log(buf, c, style);
	put(buf, "</article>\n");
	kw_doc_deinit(&doc);
}

static void row(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style)
{
	unsigned long long number = style->number;

	kw_buf_printf(buf, "<li value=\"%llu\"><a href=\"#f%llu\">", number, number);
	put_text(buf, c->headline);
	put(buf, "</a> <span class=\"small\">");
	if (c->nfindings)
		kw_buf_printf(buf, "%s, ", kw_certainty_name(c->finding[0].certainty));
	if (style->file) {
		put_text(buf, kw_str(style->file));
		put(buf, ", ");
	}
	kw_buf_printf(buf, "lines %llu to %llu</span></li>\n", (unsigned long long)c->f->first_line,
		      (unsigned long long)c->f->last_line);
}

/* The stylesheet puts it first: how many there are is known last. */
static void put_index(struct kw_buf *buf, const struct kw_appendix *appendix)
{
	uint64_t left = appendix->failures - appendix->rows;

	if (appendix->failures < 2)
		return;
	kw_buf_printf(buf, "<nav id=\"index\"><h2>%llu failures</h2><ol>\n",
		      (unsigned long long)appendix->failures);
	kw_buf_add(buf, appendix->index);
	put(buf, "</ol>\n");
	if (left)
		kw_buf_printf(buf, "<p class=\"small\">and %llu more</p>\n",
			      (unsigned long long)left);
	put(buf, "</nav>\n");
}

/* A line feed of a log would be escaped; those of our own page are meant. */
static void put_lines(struct kw_buf *buf, struct kw_str text)
{
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));

		if (end == SIZE_MAX)
			end = text.len;
		put_text(buf, (struct kw_str){ text.p, end });
		put(buf, "\n");
		text = kw_str_from(text, end + 1);
	}
}

static void put_page(struct kw_buf *buf, const struct kw_rule_view *view)
{
	struct kw_buf text = { 0 };
	struct kw_lines lines = { .buf = &text, .look = { .columns = 100 } };

	kw_page(&lines, view->page);
	put(buf, "<section class=\"page\" id=\"rule-");
	put_text(buf, kw_str(view->rule->id));
	put(buf, "\"><h2>The rule ");
	put_text(buf, kw_str(view->rule->id));
	put(buf, "</h2><pre>");
	put_lines(buf, (struct kw_str){ text.p, text.len });
	put(buf, "</pre></section>\n");
	buf->failed = buf->failed || text.failed;
	kw_lines_deinit(&lines);
	kw_buf_deinit(&text);
}

static void append(struct kw_buf *buf, const struct kw_appendix *appendix)
{
	put_index(buf, appendix);
	for (size_t i = 0; i < appendix->nrules; i++)
		put_page(buf, &appendix->rules[i]);
}

static void end(struct kw_buf *buf, bool empty)
{
	static const char none[] = "No failure of a KVM guest was recognised";

	if (empty) {
		put_head(buf, kw_str(none), NULL);
		kw_buf_printf(buf, "<article><h1>%s</h1></article>\n", none);
	}
	put(buf, "<footer>Made by kvmwhy. <b>certain</b>: the record proves it; <b>likely</b> "
		 "and <b>possible</b>: the record fits.</footer>\n</body></html>\n");
}

const struct kw_renderer kw_renderer_html = {
	.name = "html",
	.begin = begin,
	.item = item,
	.end = end,
	.row = row,
	.append = append,
};
