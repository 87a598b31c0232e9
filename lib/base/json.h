/* SPDX-License-Identifier: MIT */
/*
 * A streaming JSON writer (RFC 8259): values go straight into the buffer, commas are automatic.
 * Text is escaped here; control and format characters become \uNNNN and invalid UTF-8 becomes
 * U+FFFD. The caller makes brackets match and puts keys only in objects.
 */
#ifndef KW_JSON_H
#define KW_JSON_H

#include "base/buf.h"

struct kw_json {
	struct kw_buf *buf;
	bool comma; /* a value came before, in the same object or array */
};

void kw_json_object(struct kw_json *j);
void kw_json_object_end(struct kw_json *j);
void kw_json_array(struct kw_json *j);
void kw_json_array_end(struct kw_json *j);

void kw_json_text(struct kw_json *j, struct kw_str text);
void kw_json_dec(struct kw_json *j, uint64_t value);
/* A string such as "0x838": JSON numbers are not exact beyond 53 bits. */
void kw_json_hex(struct kw_json *j, uint64_t value);
void kw_json_bool(struct kw_json *j, bool value);
void kw_json_null(struct kw_json *j);

/* @key is `,"name":`, made by KW_JSON_KEY() so that it is copied in one piece. */
void kw_json_key(struct kw_json *j, struct kw_str key);
#define KW_JSON_KEY(j, name) kw_json_key((j), KW_STR(",\"" name "\":"))

/* A key with its value; @name is a string literal. */
#define KW_JSON_TEXT(j, name, text) \
	do { \
		KW_JSON_KEY(j, name); \
		kw_json_text(j, text); \
	} while (0)

#define KW_JSON_DEC(j, name, value) \
	do { \
		KW_JSON_KEY(j, name); \
		kw_json_dec(j, value); \
	} while (0)

#define KW_JSON_HEX(j, name, value) \
	do { \
		KW_JSON_KEY(j, name); \
		kw_json_hex(j, value); \
	} while (0)

/*
 * Writes the digits of @value in lower case without leading zeros and returns their number; @room
 * must always have 16 bytes. Eight digits are made at once: nibbles spread to bytes, and those
 * above 9 moved from '0' to 'a'.
 */
static inline size_t kw_hex_digits(char *room, uint64_t value)
{
	size_t digits = (size_t)(67 - __builtin_clzll(value | 1)) / 4;

	value <<= 4 * (16 - digits);
	for (size_t half = 0; half < 2; half++) {
		uint64_t x = half ? value & 0xffffffff : value >> 32;
		uint64_t above;

		x = (x << 16 | x) & 0x0000ffff0000ffff;
		x = (x << 8 | x) & 0x00ff00ff00ff00ff;
		x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0f;
		above = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
		x += 0x3030303030303030 + above * ('a' - '9' - 1);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		x = __builtin_bswap64(x);
#endif
		memcpy(room + 8 * half, &x, sizeof(x));
	}
	return digits;
}

#endif
