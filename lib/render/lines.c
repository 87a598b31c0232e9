// SPDX-License-Identifier: MIT
/* Keeps count of the column, wraps at blanks, cuts between characters. */
#include "render/lines.h"

#include "base/escape.h"

void kw_lines_deinit(struct kw_lines *lines)
{
	kw_buf_deinit(&lines->safe);
}

static bool starts_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t kw_lines_width(const struct kw_lines *lines)
{
	size_t columns = lines->look.columns;

	if (!columns)
		return KW_LINES_WIDTH;
	if (columns < KW_LINES_LEAST)
		return KW_LINES_LEAST;
	return columns < KW_LINES_MOST ? columns : KW_LINES_MOST;
}

size_t kw_lines_width_of(struct kw_str text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.len; i++)
		width += starts_character(text.p[i]);
	return width;
}

void kw_lines_color(struct kw_lines *lines, const char *color)
{
	lines->color = lines->look.color ? color : NULL;
}

static void show_color(struct kw_lines *lines, const char *color)
{
	if (lines->shown == color)
		return;
	if (lines->shown)
		KW_BUF_LIT(lines->buf, KW_COLOR_END);
	if (color)
		kw_buf_add(lines->buf, kw_str(color));
	lines->shown = color;
}

void kw_lines_put(struct kw_lines *lines, struct kw_str text)
{
	show_color(lines, lines->color);
	kw_buf_add(lines->buf, text);
	lines->column += kw_lines_width_of(text);
}

void kw_lines_number(struct kw_lines *lines, uint64_t number)
{
	size_t before;

	show_color(lines, lines->color);
	before = lines->buf->len;
	kw_buf_dec(lines->buf, number);
	lines->column += lines->buf->len - before;
}

void kw_lines_end(struct kw_lines *lines)
{
	show_color(lines, NULL);
	kw_buf_char(lines->buf, '\n');
	lines->column = 0;
}

void kw_lines_pad(struct kw_lines *lines, size_t column)
{
	if (lines->column >= column)
		return;
	if (!lines->color)
		show_color(lines, NULL);
	kw_buf_repeat(lines->buf, ' ', column - lines->column);
	lines->column = column;
}

void kw_lines_beside(struct kw_lines *lines, size_t column, size_t least, size_t below)
{
	column = column > lines->column ? column : lines->column + 1;
	if (column + least > kw_lines_width(lines)) {
		kw_lines_end(lines);
		column = below;
	}
	kw_lines_pad(lines, column);
}

/* The text in displayable form; valid until the next call. */
static struct kw_str safe(struct kw_lines *lines, struct kw_str text)
{
	kw_buf_reset(&lines->safe);
	kw_escape_terminal(&lines->safe, text);
	return (struct kw_str){ lines->safe.p, lines->safe.len };
}

/* The leading blanks and the word after them in @text. */
static struct kw_str next_word(struct kw_str text, size_t *blanks_ret)
{
	size_t blanks = 0, end;

	while (blanks < text.len && text.p[blanks] == ' ')
		blanks++;
	for (end = blanks; end < text.len && text.p[end] != ' '; end++)
		;
	*blanks_ret = blanks;
	return (struct kw_str){ text.p + blanks, end - blanks };
}

void kw_lines_wrap(struct kw_lines *lines, struct kw_str text, size_t indent)
{
	struct kw_str word;
	size_t blanks;

	text = safe(lines, text);
	while (text.len) {
		word = next_word(text, &blanks);
		text = kw_str_from(text, blanks + word.len);
		if (!word.len)
			break;
		if (lines->column > indent &&
		    lines->column + blanks + kw_lines_width_of(word) > kw_lines_width(lines)) {
			kw_lines_end(lines);
			kw_lines_pad(lines, indent);
			blanks = 0;
		}
		kw_lines_pad(lines, lines->column + blanks);
		kw_lines_put(lines, word);
	}
}

/* The first @width characters of @text. */
static struct kw_str head(struct kw_str text, size_t width)
{
	size_t end = 0;

	while (end < text.len && (width || !starts_character(text.p[end])))
		width -= starts_character(text.p[end++]);
	return (struct kw_str){ text.p, end };
}

void kw_lines_cut(struct kw_lines *lines, struct kw_str text, size_t room)
{
	size_t width = kw_lines_width(lines) - room;
	size_t left = lines->column < width ? width - lines->column : 0;

	text = safe(lines, text);
	if (kw_lines_width_of(text) <= left) {
		kw_lines_put(lines, text);
		return;
	}
	kw_lines_put(lines, head(text, left > 3 ? left - 3 : 0));
	KW_LINES_LIT(lines, "...");
}

void kw_lines_label(struct kw_lines *lines, struct kw_str text)
{
	kw_lines_pad(lines, 2);
	kw_lines_put(lines, text);
	kw_lines_pad(lines, KW_LINES_TEXT);
}

void kw_lines_row(struct kw_lines *lines, struct kw_str name, struct kw_str text)
{
	kw_lines_label(lines, name);
	kw_lines_wrap(lines, text, KW_LINES_TEXT);
	kw_lines_end(lines);
}
