/* SPDX-License-Identifier: MIT */
/*
 * Lines of a terminal: a column of labels, a column of what they say. Texts that are wrapped or cut
 * may come from a log and are escaped here. The put functions do not escape.
 */
#ifndef KW_LINES_H
#define KW_LINES_H

#include "base/buf.h"
#include "base/color.h"

enum {
	KW_LINES_WIDTH = 100, /* without a terminal */
	KW_LINES_LEAST = 60, /* narrower, there is no room next to the labels */
	KW_LINES_MOST = 120, /* wider, lines are hard to read */
	KW_LINES_TEXT = 12, /* column of what the labels say */
};

/* The reader's terminal. Zero: no colours, KW_LINES_WIDTH columns. */
struct kw_look {
	unsigned int columns;
	bool color;
};

struct kw_lines {
	struct kw_buf *buf;
	struct kw_look look;
	struct kw_buf safe; /* escaped text on its way to the buffer */
	size_t column;
	/* KW_COLOR_* or NULL: of the text to come, and of the last text in this line */
	const char *color, *shown;
};

void kw_lines_deinit(struct kw_lines *lines);

/* Columns of a line. */
size_t kw_lines_width(const struct kw_lines *lines);

/* The width of a text in columns. */
size_t kw_lines_width_of(struct kw_str text);

/* The colour of what follows, a KW_COLOR_*; NULL for none. It never outlasts a line's end. */
void kw_lines_color(struct kw_lines *lines, const char *color);

void kw_lines_put(struct kw_lines *lines, struct kw_str text);
void kw_lines_number(struct kw_lines *lines, uint64_t number);
void kw_lines_end(struct kw_lines *lines);

/* Blanks up to @column. */
void kw_lines_pad(struct kw_lines *lines, size_t column);

/*
 * Blanks up to @column, at least one, for text next to what is there; if that would leave less than
 * @least columns, a new line and blanks up to @below.
 */
void kw_lines_beside(struct kw_lines *lines, size_t column, size_t least, size_t below);

/* Prose from the current column on; lines after the first begin at @indent. */
void kw_lines_wrap(struct kw_lines *lines, struct kw_str text, size_t indent);

/* Text truncated so that @room columns are left at the end of the line. */
void kw_lines_cut(struct kw_lines *lines, struct kw_str text, size_t room);

/* The label, and on to the column of texts. */
void kw_lines_label(struct kw_lines *lines, struct kw_str text);

/* A label with prose. */
void kw_lines_row(struct kw_lines *lines, struct kw_str name, struct kw_str text);

#define KW_LINES_LIT(lines, literal) kw_lines_put((lines), KW_STR(literal))

#endif
