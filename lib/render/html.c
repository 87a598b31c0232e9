// SPDX-License-Identifier: MIT
/*
 * One self-contained page to be attached to a report: no scripts, nothing loaded, light and dark,
 * fit for printing. Every text that may come from a log goes through put_text().
 */
#include "render/doc.h"
#include "render/picture.h"
#include "render/render.h"

#include "base/escape.h"

/* clang-format off */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<title>kvmwhy</title>\n"
	"<style>\n"
	":root{--fg:#1c2024;--dim:#626a73;--bg:#fff;--card:#f6f7f9;--line:#d9dde2;"
	"--accent:#0b5cad;--hot:#fde9e7;--hotline:#c62f21;--mark:#fff3cd;--set:#cfe3fa;"
	"--certain:#1a7f37;--likely:#9a5b00;--possible:#0b5cad}\n"
	"@media(prefers-color-scheme:dark){:root{--fg:#dde2e8;--dim:#929ba6;--bg:#14171b;"
	"--card:#1c2026;--line:#343b44;--accent:#6cb0f5;--hot:#43211e;--hotline:#ff7b6e;"
	"--mark:#453a14;--set:#1d3f66;--certain:#56d06f;--likely:#e5a93c;"
	"--possible:#6cb0f5}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,"
	"sans-serif}\n"
	"article{max-width:1080px;margin:0 auto;padding:28px 20px 36px}\n"
	"article+article{border-top:3px double var(--line)}\n"
	"code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
	"\"DejaVu Sans Mono\",monospace;font-size:13px}\n"
	"h1{font-size:25px;line-height:1.3;margin:6px 0 18px;text-wrap:balance}\n"
	"h2{font-size:16px;margin:30px 0 10px;padding-bottom:4px;"
	"border-bottom:1px solid var(--line)}\n"
	"h3{font-size:16px;margin:0 0 6px}\n"
	"a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}\n"
	".tags{color:var(--dim);font-size:13px}.tags b{color:var(--fg);font-weight:600}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 18px;"
	"margin:0 0 16px}\n"
	"dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;font-size:13px}td,th{padding:2px 14px 2px 0;"
	"text-align:left;vertical-align:top}th{color:var(--dim);font-weight:500}\n"
	".code{background:var(--card);border:1px solid var(--line);border-radius:8px;"
	"padding:8px 0;overflow-x:auto}\n"
	".code table{width:100%}.code td{padding:1px 14px;white-space:pre}"
	".code td:first-child{color:var(--dim);width:1%}"
	".code .hot td{background:var(--hot);font-weight:700;color:var(--fg)}\n"
	".code .hot td:first-child{box-shadow:inset 4px 0 var(--hotline)}"
	".code .unsure{opacity:.55}\n"
	".finding{background:var(--card);border:1px solid var(--line);"
	"border-left:5px solid var(--c);border-radius:8px;padding:14px 18px;margin:12px 0}\n"
	".finding p,.finding ul{margin:6px 0}.finding ul{padding-left:20px}"
	".finding .label{color:var(--dim);font-size:13px;margin-top:10px}\n"
	".certain{--c:var(--certain)}.likely{--c:var(--likely)}"
	".possible{--c:var(--possible)}\n"
	".badge{display:inline-block;border:1px solid var(--c);color:var(--c);"
	"border-radius:99px;font-size:12px;font-weight:600;padding:0 9px;margin-right:9px;"
	"vertical-align:2px}\n"
	".small{font-size:13px;color:var(--dim)}.small code{font-size:12px}\n"
	".quote{display:block;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	".regs{display:grid;grid-template-columns:repeat(auto-fill,minmax(225px,1fr));"
	"gap:1px 18px}\n"
	".regs div{display:flex;gap:10px;padding:1px 6px;border-radius:4px;flex-wrap:wrap}\n"
	".regs .wide{grid-column:1/-1}.regs b{color:var(--dim);font-weight:500;"
	"min-width:5.2em;font-size:13px}\n"
	".long{grid-template-columns:repeat(auto-fill,minmax(340px,1fr))}"
	".long b{min-width:13.5em}\n"
	".regs+table,table+.regs{margin-top:8px}.segs th:first-child{padding-left:6px}\n"
	".regs .bits{color:var(--accent);font-size:13px}.mark{background:var(--mark)}\n"
	".bad{color:var(--hotline);font-weight:700}\n"
	"figure{margin:14px 0;overflow-x:auto}figcaption{font-size:13px;color:var(--dim);"
	"margin-bottom:4px}\n"
	"svg{width:100%;min-width:720px;height:auto;display:block}\n"
	"svg text{font:10px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;"
	"fill:var(--fg);text-anchor:middle}svg .num{font-size:8px;fill:var(--dim)}"
	"svg .left{text-anchor:start}\n"
	"svg .up{text-anchor:end}svg .zero{fill:var(--dim)}svg .set{fill:var(--set)}"
	"svg .clear{fill:var(--bg)}\n"
	"svg .res{fill:var(--card)}svg rect.bad{fill:var(--hot)}"
	"svg text.bad{fill:var(--hotline)}svg .frame{fill:none;stroke:var(--dim);"
	"stroke-width:.7}svg text.pin{font-size:11px;fill:var(--hotline);"
	"text-anchor:inherit}svg path.pin{stroke:var(--hotline);fill:none}\n"
	".log{background:var(--card);border:1px solid var(--line);border-radius:8px;"
	"padding:8px 0;overflow-x:auto}\n"
	".log table{width:100%}.log td{white-space:pre;padding:0 14px}"
	".log td:first-child{color:var(--dim);text-align:right;width:1%;user-select:none}"
	".log .mark td:first-child{box-shadow:inset 4px 0 var(--likely)}\n"
	".log tr:target td{background:var(--mark)}summary{cursor:pointer;color:var(--dim)}\n"
	"footer{max-width:1080px;margin:0 auto;padding:0 20px 28px;color:var(--dim);"
	"font-size:13px}\n"
	"@media print{body{font-size:11pt}article{padding:0;max-width:none}"
	"article+article{break-before:page}.finding,figure,.code{break-inside:avoid}.log,"
	".code,figure{overflow:visible}.log td{white-space:pre-wrap;overflow-wrap:anywhere}"
	"svg{min-width:0}a{color:inherit}}\n"
	"</style></head><body>\n";
/* clang-format on */

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

/* A source that is an address becomes a link. */
static void put_source(struct kw_buf *buf, struct kw_str text)
{
	bool link = kw_str_starts(text, KW_STR("https://"));

	if (link) {
		put(buf, "<a href=\"");
		put_text(buf, text);
		put(buf, "\">");
	}
	put_text(buf, text);
	if (link)
		put(buf, "</a>");
}

static void put_tags(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style)
{
	const struct kw_failure *f = c->f;

	put(buf, "<div class=\"tags\">");
	if (style->number)
		kw_buf_printf(buf, "<b>failure %llu</b> &middot; ",
			      (unsigned long long)style->number);
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
	put(buf, "<p class=\"small\">More: <code>kvmwhy rule ");
	put_text(buf, id);
	put(buf, "</code></p>\n</section>\n");
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
	    "<table class=\"mono segs\"><tr><th></th><th>selector</th><th>base</th><th>limit</th>"
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
	put(buf, "</table>\n");
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

static void begin(struct kw_buf *buf)
{
	put(buf, head);
}

static void item(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
		 bool first)
{
	struct kw_doc doc;

	(void)first;
	kw_doc_init(&doc, c, KW_DOC_REGISTERS | KW_DOC_CHECKS);
	put(buf, "<article>\n");
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

static void end(struct kw_buf *buf, bool empty)
{
	if (empty)
		put(buf, "<article><h1>No failure of a KVM guest was recognised</h1></article>\n");
	put(buf, "<footer>Made by kvmwhy. <b>certain</b>: the record proves it; <b>likely</b> "
		 "and <b>possible</b>: the record fits.</footer>\n</body></html>\n");
}

const struct kw_renderer kw_renderer_html = {
	.name = "html",
	.begin = begin,
	.item = item,
	.end = end,
};
