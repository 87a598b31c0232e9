// SPDX-License-Identifier: MIT
/* Finds and copies plain characters sixteen at a time and replaces the others one by one. */
#include "base/json.h"

#include "base/escape.h"

/* Like kw_buf_room(), without a call if there is room. */
static inline char *room(struct kw_buf *buf, size_t len)
{
	if (len <= buf->size - buf->len && !buf->failed)
		return buf->p + buf->len;
	return kw_buf_room(buf, len);
}

/* The comma before a value, then room for @len bytes, or NULL. */
static inline char *value_room(struct kw_json *j, size_t len)
{
	char *p = room(j->buf, len + 1);

	if (p && j->comma) {
		*p++ = ',';
		j->buf->len++;
	}
	j->comma = true;
	return p;
}

static void put(struct kw_json *j, char c)
{
	char *p = room(j->buf, 1);

	if (p) {
		*p = c;
		j->buf->len++;
	}
}

static void open(struct kw_json *j, char c)
{
	value_room(j, 1);
	put(j, c);
	j->comma = false;
}

static void close(struct kw_json *j, char c)
{
	put(j, c);
	j->comma = true;
}

void kw_json_object(struct kw_json *j)
{
	open(j, '{');
}

void kw_json_object_end(struct kw_json *j)
{
	close(j, '}');
}

void kw_json_array(struct kw_json *j)
{
	open(j, '[');
}

void kw_json_array_end(struct kw_json *j)
{
	close(j, ']');
}

static inline bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

typedef signed char lanes __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* Copies sixteen bytes; true if none of them needs an escape. */
static inline bool copy_lanes(char *p, const char *text)
{
	lanes bytes, special;
	halves any;

	memcpy(&bytes, text, sizeof(bytes));
	memcpy(p, &bytes, sizeof(bytes));
	/* Bytes from 0x80 on are negative here. */
	special = (lanes)(bytes < 0x20) | (lanes)(bytes == 0x7f) | (lanes)(bytes == '"') |
		  (lanes)(bytes == '\\');
	any = (halves)special;
	return (any[0] | any[1]) == 0;
}

/* Copies the leading plain characters of @text to @p, which has room for all of it. */
static size_t copy_plain(char *p, struct kw_str text)
{
	size_t len = 0;

	while (len + 16 <= text.len && copy_lanes(p + len, text.p + len))
		len += 16;
	while (len < text.len && is_plain(text.p[len])) {
		p[len] = text.p[len];
		len++;
	}
	return len;
}

static void add_unit(struct kw_buf *buf, uint32_t unit)
{
	KW_BUF_LIT(buf, "\\u");
	kw_buf_hex(buf, unit, 4);
}

static void add_control(struct kw_buf *buf, uint32_t character)
{
	if (character > 0xffff) {
		add_unit(buf, 0xd800 + ((character - 0x10000) >> 10));
		character = 0xdc00 + (character & 0x3ff);
	}
	add_unit(buf, character);
}

/* Writes the first character, which is not plain; returns its length. */
static size_t add_special(struct kw_buf *buf, struct kw_str text)
{
	uint32_t character;
	size_t len = kw_utf8_next(text, &character);

	if (!len) {
		KW_BUF_LIT(buf, "\xef\xbf\xbd");
		return 1;
	}
	if (kw_is_control(character)) {
		add_control(buf, character);
		return len;
	}
	if (len == 1)
		kw_buf_char(buf, '\\');
	kw_buf_add(buf, (struct kw_str){ text.p, len });
	return len;
}

void kw_json_text(struct kw_json *j, struct kw_str text)
{
	char *p = value_room(j, text.len + 2);

	put(j, '"');
	while (text.len && p) {
		size_t len;

		p = room(j->buf, text.len + 1);
		if (!p)
			return;
		len = copy_plain(p, text);
		j->buf->len += len;
		text = kw_str_from(text, len);
		if (text.len)
			text = kw_str_from(text, add_special(j->buf, text));
	}
	put(j, '"');
}

void kw_json_key(struct kw_json *j, struct kw_str key)
{
	char *p = room(j->buf, key.len);
	size_t skip = j->comma ? 0 : 1;

	j->comma = false;
	if (!p)
		return;
	memcpy(p, key.p + skip, key.len - skip);
	j->buf->len += key.len - skip;
}

void kw_json_dec(struct kw_json *j, uint64_t value)
{
	value_room(j, 20);
	kw_buf_dec(j->buf, value);
}

void kw_json_hex(struct kw_json *j, uint64_t value)
{
	char *p = value_room(j, 3 + 16 + 1);
	size_t digits;

	if (!p)
		return;
	memcpy(p, "\"0x", 3);
	digits = kw_hex_digits(p + 3, value);
	p[3 + digits] = '"';
	j->buf->len += 3 + digits + 1;
}

static void word(struct kw_json *j, struct kw_str text)
{
	value_room(j, text.len);
	kw_buf_add(j->buf, text);
}

void kw_json_bool(struct kw_json *j, bool value)
{
	word(j, value ? KW_STR("true") : KW_STR("false"));
}

void kw_json_null(struct kw_json *j)
{
	word(j, KW_STR("null"));
}
