// SPDX-License-Identifier: MIT
/* Appends text and numbers, without stdio in the fast paths. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 4096, FIRST_ARENA_BYTES = 256 };

void kw_buf_deinit(struct kw_buf *buf)
{
	if (!buf->arena)
		free(buf->p);
	*buf = (struct kw_buf){ 0 };
}

char *kw_buf_room(struct kw_buf *buf, size_t len)
{
	size_t size = buf->size ? buf->size : buf->arena ? FIRST_ARENA_BYTES : FIRST_BYTES;
	char *p;

	if (buf->failed)
		return NULL;
	if (len <= buf->size - buf->len)
		return buf->p + buf->len;
	while (size - buf->len < len) {
		if (size > SIZE_MAX / 2) {
			buf->failed = true;
			return NULL;
		}
		size *= 2;
	}
	p = buf->arena ? kw_arena_resize(buf->arena, buf->p, buf->size, size) :
			 realloc(buf->p, size);
	if (!p) {
		buf->failed = true;
		return NULL;
	}
	buf->p = p;
	buf->size = size;
	return p + buf->len;
}

struct kw_str kw_buf_text(struct kw_buf *buf)
{
	struct kw_str ret = KW_STR("");

	kw_buf_char(buf, '\0');
	if (!buf->failed) {
		kw_arena_resize(buf->arena, buf->p, buf->size, buf->len);
		ret = (struct kw_str){ buf->p, buf->len - 1 };
	}
	*buf = (struct kw_buf){ .arena = buf->arena };
	return ret;
}

/* Copies what fits of @text, and a NUL. */
static void add_cut(struct kw_buf *buf, struct kw_str text)
{
	size_t room = buf->len + 1 < buf->size ? buf->size - buf->len - 1 : 0;
	size_t fits = text.len < room ? text.len : room;

	if (fits) {
		memcpy(buf->p + buf->len, text.p, fits);
		buf->p[buf->len + fits] = '\0';
	}
	buf->len += text.len;
}

void kw_buf_add(struct kw_buf *buf, struct kw_str text)
{
	char *room;

	if (buf->cut) {
		add_cut(buf, text);
		return;
	}
	room = text.len ? kw_buf_room(buf, text.len) : NULL;
	if (!room)
		return;
	memcpy(room, text.p, text.len);
	buf->len += text.len;
}

void kw_buf_char(struct kw_buf *buf, char c)
{
	kw_buf_add(buf, (struct kw_str){ &c, 1 });
}

void kw_buf_repeat(struct kw_buf *buf, char c, size_t count)
{
	char *room = kw_buf_room(buf, count);

	if (!room || !count)
		return;
	memset(room, c, count);
	buf->len += count;
}

void kw_buf_dec(struct kw_buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	kw_buf_add(buf, (struct kw_str){ digits + at, sizeof(digits) - at });
}

void kw_buf_hex(struct kw_buf *buf, uint64_t value, unsigned int digits)
{
	char text[16];
	size_t at = sizeof(text);

	do {
		text[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (at && (value || sizeof(text) - at < digits));
	kw_buf_add(buf, (struct kw_str){ text + at, sizeof(text) - at });
}

void kw_buf_printf(struct kw_buf *buf, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len <= 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	kw_buf_add(buf, (struct kw_str){ text, (size_t)len });
}
