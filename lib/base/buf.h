/* SPDX-License-Identifier: MIT */
/*
 * A growing output buffer. .failed records running out of memory and is checked once, at the end.
 * The buffer grows on the heap, or in .arena if set: the text then belongs to the arena. One over
 * the caller's memory does not grow: its text is truncated and always ends in a NUL, but .len keeps
 * counting, like snprintf().
 */
#ifndef KW_BUF_H
#define KW_BUF_H

#include "base/arena.h"

struct kw_buf {
	char *p;
	size_t len, size;
	bool failed;
	bool cut; /* over the caller's memory */
	struct kw_arena *arena;
};

/* Over @size bytes at @p; @size may be 0. For kw_buf_add(), _char(), _dec() and _hex(). */
static inline struct kw_buf kw_buf_over(char *p, size_t size)
{
	if (size)
		p[0] = '\0';
	return (struct kw_buf){ .p = p, .size = size, .cut = true };
}

void kw_buf_deinit(struct kw_buf *buf);

static inline void kw_buf_reset(struct kw_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

/*
 * The text of a buffer in an arena, NUL-terminated, with unused room released; empty if the arena
 * was too small.
 */
struct kw_str kw_buf_text(struct kw_buf *buf);

/* Room for @len more bytes at the returned place, or NULL; the caller adds to .len what it used. */
char *kw_buf_room(struct kw_buf *buf, size_t len);

void kw_buf_add(struct kw_buf *buf, struct kw_str text);
void kw_buf_char(struct kw_buf *buf, char c);
void kw_buf_repeat(struct kw_buf *buf, char c, size_t count);
void kw_buf_dec(struct kw_buf *buf, uint64_t value);
/* Lower-case digits, at least @digits of them (1 to 16), no 0x. */
void kw_buf_hex(struct kw_buf *buf, uint64_t value, unsigned int digits);
void kw_buf_printf(struct kw_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define KW_BUF_LIT(buf, literal) kw_buf_add((buf), KW_STR(literal))

#endif
