/* SPDX-License-Identifier: MIT */
/* Markdown, as far as docs/rules/ uses it, for a terminal. The pages are our own text. */
#ifndef KW_PAGE_H
#define KW_PAGE_H

#include "render/lines.h"

/* Headings, paragraphs, lists and code. Code is never wrapped, so that it can be copied. */
void kw_page(struct kw_lines *lines, const char *markdown);

#endif
