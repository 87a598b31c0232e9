/* SPDX-License-Identifier: MIT */
/*
 * Lines of a terminal of 100 columns: a column of labels, a column of what they say. Texts that are
 * wrapped or cut may come from a log and are escaped here. The put functions do not escape.
 */
#ifndef KW_LINES_H
#define KW_LINES_H

#include "base/buf.h"

enum {
	KW_LINES_WIDTH = 100,
	KW_LINES_TEXT = 12, /* column of what the labels say */
};

struct kw_lines {
	struct kw_buf *buf;
	struct kw_buf safe; /* escaped text on its way to the buffer */
	size_t column;
};

void kw_lines_deinit(struct kw_lines *lines);

void kw_lines_put(struct kw_lines *lines, struct kw_str text);
void kw_lines_number(struct kw_lines *lines, uint64_t number);
void kw_lines_end(struct kw_lines *lines);

/* Blanks up to @column. */
void kw_lines_pad(struct kw_lines *lines, size_t column);

/* Prose from the current column on; lines after the first begin at @indent. */
void kw_lines_wrap(struct kw_lines *lines, struct kw_str text, size_t indent);

/* Text that is cut at the end of the line. */
void kw_lines_cut(struct kw_lines *lines, struct kw_str text);

/* The label, and on to the column of texts. */
void kw_lines_label(struct kw_lines *lines, struct kw_str text);

/* A label with prose. */
void kw_lines_row(struct kw_lines *lines, struct kw_str name, struct kw_str text);

#define KW_LINES_LIT(lines, literal) kw_lines_put((lines), KW_STR(literal))

#endif
