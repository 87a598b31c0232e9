/* SPDX-License-Identifier: MIT */
/*
 * Text of unknown origin goes in, text that cannot harm a terminal or a page comes out. Control and
 * format characters (ESC, DEL, C1, bidirectional and invisible ones) and invalid UTF-8 bytes are
 * shown as \xNN; a tab becomes a blank.
 */
#ifndef KW_ESCAPE_H
#define KW_ESCAPE_H

#include "base/buf.h"

/* Length of the UTF-8 character that @s starts with, 0 if there is none. */
size_t kw_utf8_next(struct kw_str s, uint32_t *ret);

/* Writes a character as UTF-8 into @room (4 bytes), U+FFFD if invalid; returns its length. */
size_t kw_utf8_put(char *room, uint32_t c);

/* Does this character move, hide or reorder text instead of being shown? */
bool kw_is_control(uint32_t character);

void kw_escape_terminal(struct kw_buf *buf, struct kw_str text);

/* As above, safe in HTML text and in quoted attribute values. */
void kw_escape_html(struct kw_buf *buf, struct kw_str text);

#endif
