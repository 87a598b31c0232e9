// SPDX-License-Identifier: MIT
/*
 * Line by line: collects what belongs together in one text, with marks for colours, and wraps it
 * when complete. Keeps the page's blank lines.
 */
#include "render/page.h"

enum {
	TEXT = 2, /* column of paragraphs and lists */
	CODE = 6,
	HANG = 2, /* of a list's text after its dash */
	CODE_INDENT =
		4, /* in Markdown, of code in a paragraph's place; in a list's it is HANG more */
};

/* Bytes that no page has. */
enum mark { MARK_COMMAND = '\001', MARK_STRONG = '\002', MARK_END = '\003' };

struct page {
	struct kw_lines *lines;
	struct kw_buf raw; /* Markdown of the paragraph or list item being collected */
	struct kw_buf marked;
	bool item;   /* it is a list's item */
	bool listed; /* the last block was one */
};

static void put_mark(struct page *p, enum mark mark)
{
	kw_buf_char(&p->marked, (char)mark);
}

/* Without colours, words between backquotes would run into the sentence. */
static void put_code(struct page *p, struct kw_str code)
{
	bool quoted = !p->lines->look.color && kw_str_has(code, KW_STR(" ")) &&
		      !kw_str_has(code, KW_STR("'"));

	put_mark(p, MARK_COMMAND);
	if (quoted)
		kw_buf_char(&p->marked, '\'');
	kw_buf_add(&p->marked, code);
	if (quoted)
		kw_buf_char(&p->marked, '\'');
	put_mark(p, MARK_END);
}

/* The target of a link: another rule's page, or a document of the project. */
static void put_link(struct page *p, struct kw_str text, struct kw_str target)
{
	size_t end = kw_str_find(target, KW_STR(".md"));
	struct kw_str path, name = { target.p, end < target.len ? end : target.len };

	kw_buf_add(&p->marked, text);
	if (kw_str_skip(target, KW_STR("../"), &path)) {
		if (kw_str_has(path, text) || kw_str_has(text, path))
			return;
		while (kw_str_skip(path, KW_STR("../"), &target))
			path = target;
		kw_buf_printf(&p->marked, " (%s%.*s)", path.p == name.p + 3 ? "docs/" : "",
			      (int)path.len, path.p);
	} else if (!kw_str_eq(text, name)) {
		KW_BUF_LIT(&p->marked, " (");
		put_mark(p, MARK_COMMAND);
		kw_buf_printf(&p->marked, "kvmwhy rule %.*s", (int)name.len, name.p);
		put_mark(p, MARK_END);
		KW_BUF_LIT(&p->marked, ")");
	}
}

static bool take_link(struct page *p, struct kw_str *s)
{
	size_t middle = kw_str_find(*s, KW_STR("](")), end;
	struct kw_str target = kw_str_from(*s, middle + 2);

	if (middle == SIZE_MAX || (end = kw_str_find(target, KW_STR(")"))) == SIZE_MAX)
		return false;
	put_link(p, (struct kw_str){ s->p + 1, middle - 1 }, (struct kw_str){ target.p, end });
	*s = kw_str_from(target, end + 1);
	return true;
}

static bool take_code(struct page *p, struct kw_str *s)
{
	struct kw_str code = kw_str_from(*s, 1);
	size_t end = kw_str_find(code, KW_STR("`"));

	if (end == SIZE_MAX)
		return false;
	put_code(p, (struct kw_str){ code.p, end });
	*s = kw_str_from(code, end + 1);
	return true;
}

/* *word* */
static bool take_strong(struct page *p, struct kw_str *s)
{
	struct kw_str word = kw_str_from(*s, 1);
	size_t len = 0;

	while (len < word.len && (kw_is_word(word.p[len]) || word.p[len] == ' '))
		len++;
	if (!len || len == word.len || word.p[len] != '*' || *word.p == ' ' ||
	    word.p[len - 1] == ' ')
		return false;
	put_mark(p, MARK_STRONG);
	kw_buf_add(&p->marked, (struct kw_str){ word.p, len });
	put_mark(p, MARK_END);
	*s = kw_str_from(word, len + 1);
	return true;
}

static void mark_up(struct page *p, struct kw_str s)
{
	kw_buf_reset(&p->marked);
	while (s.len) {
		bool taken = (*s.p == '`' && take_code(p, &s)) ||
			     (*s.p == '[' && take_link(p, &s)) ||
			     (*s.p == '*' && take_strong(p, &s));

		if (!taken) {
			kw_buf_char(&p->marked, *s.p);
			s = kw_str_from(s, 1);
		}
	}
}

static bool is_mark(char c)
{
	return c == MARK_COMMAND || c == MARK_STRONG || c == MARK_END;
}

static size_t visible(struct kw_str word)
{
	size_t width = kw_lines_width_of(word);

	for (size_t i = 0; i < word.len; i++)
		width -= is_mark(word.p[i]);
	return width;
}

static void put_word(struct kw_lines *lines, struct kw_str word)
{
	while (word.len) {
		size_t len = 0;

		while (len < word.len && !is_mark(word.p[len]))
			len++;
		if (len)
			kw_lines_put(lines, (struct kw_str){ word.p, len });
		if (len < word.len)
			kw_lines_color(lines, word.p[len] == MARK_COMMAND ? KW_COLOR_COMMAND :
					      word.p[len] == MARK_STRONG  ? KW_COLOR_TITLE :
									    NULL);
		word = kw_str_from(word, len + 1);
	}
}

/* The marked text, wrapped from the current column on. */
static void put_marked(struct page *p, size_t indent)
{
	struct kw_str text = { p->marked.p, p->marked.len };
	struct kw_lines *lines = p->lines;

	while (text.len) {
		size_t end = kw_str_find(text, KW_STR(" "));
		struct kw_str word = { text.p, end < text.len ? end : text.len };

		if (lines->column > indent) {
			if (lines->column + 1 + visible(word) > kw_lines_width(lines)) {
				kw_lines_end(lines);
				kw_lines_pad(lines, indent);
			} else {
				kw_lines_put(lines, KW_STR(" "));
			}
		}
		put_word(lines, word);
		text = kw_str_from(text, word.len + 1);
	}
	kw_lines_end(lines);
}

static void end_block(struct page *p)
{
	if (!p->raw.len)
		return;
	kw_lines_pad(p->lines, TEXT);
	if (p->item)
		KW_LINES_LIT(p->lines, "- ");
	mark_up(p, (struct kw_str){ p->raw.p, p->raw.len });
	put_marked(p, p->item ? TEXT + HANG : TEXT);
	kw_buf_reset(&p->raw);
	p->listed = p->item;
	p->item = false;
}

static void put_heading(struct page *p, struct kw_str text)
{
	end_block(p);
	p->listed = false;
	kw_lines_color(p->lines, KW_COLOR_TITLE);
	kw_lines_put(p->lines, text);
	kw_lines_color(p->lines, NULL);
	kw_lines_end(p->lines);
}

static void put_code_line(struct page *p, struct kw_str line)
{
	kw_lines_pad(p->lines, CODE);
	kw_lines_color(p->lines, KW_COLOR_COMMAND);
	kw_lines_put(p->lines, line);
	kw_lines_color(p->lines, NULL);
	kw_lines_end(p->lines);
}

static size_t indent_of(struct kw_str line)
{
	size_t indent = 0;

	while (indent < line.len && line.p[indent] == ' ')
		indent++;
	return indent;
}

static void take_line(struct page *p, struct kw_str line)
{
	size_t code = CODE_INDENT + (p->listed ? HANG : 0);
	struct kw_str text;

	if (!line.len) {
		end_block(p);
		kw_lines_end(p->lines);
	} else if (kw_str_skip(line, KW_STR("# "), &text) ||
		   kw_str_skip(line, KW_STR("## "), &text)) {
		put_heading(p, text);
	} else if (kw_str_skip(line, KW_STR("- "), &text)) {
		end_block(p);
		p->item = true;
		kw_buf_add(&p->raw, text);
	} else if (!p->raw.len && indent_of(line) >= code) {
		put_code_line(p, kw_str_from(line, code));
	} else {
		if (p->raw.len)
			kw_buf_char(&p->raw, ' ');
		kw_buf_add(&p->raw, kw_str_trim(line));
	}
}

void kw_page(struct kw_lines *lines, const char *markdown)
{
	struct page p = { .lines = lines };
	struct kw_str text = kw_str(markdown);

	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str line = { text.p, end < text.len ? end : text.len };

		take_line(&p, line);
		text = kw_str_from(text, line.len + 1);
	}
	end_block(&p);
	kw_buf_deinit(&p.raw);
	kw_buf_deinit(&p.marked);
}
