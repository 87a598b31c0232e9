/* SPDX-License-Identifier: MIT */
/*
 * A borrowed piece of text: pointer and length, no NUL needed. Never owns, never allocates.
 */
#ifndef KW_STR_H
#define KW_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct kw_str {
	const char *p;
	size_t len;
};

#define KW_STR(literal) ((struct kw_str){ (literal), sizeof(literal) - 1 })

static inline struct kw_str kw_str(const char *text)
{
	return (struct kw_str){ text, text ? strlen(text) : 0 };
}

static inline struct kw_str kw_str_from(struct kw_str s, size_t start)
{
	if (start > s.len)
		start = s.len;
	return (struct kw_str){ s.p + start, s.len - start };
}

static inline bool kw_str_starts(struct kw_str s, struct kw_str head)
{
	return s.len >= head.len && memcmp(s.p, head.p, head.len) == 0;
}

static inline bool kw_str_eq(struct kw_str a, struct kw_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Of ids that are compared with all of a table: most differ in the first character. */
static inline bool kw_same_id(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

/* True, with the text after @head in @rest, if @s starts with it. */
static inline bool kw_str_skip(struct kw_str s, struct kw_str head, struct kw_str *rest)
{
	if (!kw_str_starts(s, head))
		return false;
	*rest = kw_str_from(s, head.len);
	return true;
}

static inline bool kw_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static inline bool kw_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool kw_is_word(char c)
{
	return kw_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Value of a hexadecimal digit, or -1. */
int kw_hex_digit(char c);

struct kw_str kw_str_trim(struct kw_str s);

/* Offset of @needle in @s, or SIZE_MAX. */
size_t kw_str_find(struct kw_str s, struct kw_str needle);

static inline bool kw_str_has(struct kw_str s, struct kw_str needle)
{
	return kw_str_find(s, needle) != SIZE_MAX;
}

typedef signed char kw_lanes __attribute__((vector_size(16)));

static inline kw_lanes kw_lanes_hit(const char *p, struct kw_str bytes)
{
	kw_lanes text, ret = { 0 };

	memcpy(&text, p, sizeof(text));
	for (size_t k = 0; k < bytes.len; k++)
		ret |= (kw_lanes)(text == (signed char)bytes.p[k]);
	return ret;
}

/*
 * Does @s have any of @bytes? For a literal, which the compiler unrolls: all of it costs little
 * more than one memchr().
 */
static inline bool kw_str_has_any(struct kw_str s, struct kw_str bytes)
{
	typedef uint64_t halves __attribute__((vector_size(16)));
	kw_lanes hit = { 0 };
	halves any;
	size_t i = 0;

	for (; s.len < sizeof(hit) && i < s.len; i++) {
		if (memchr(bytes.p, s.p[i], bytes.len))
			return true;
	}
	for (; i + sizeof(hit) < s.len; i += sizeof(hit))
		hit |= kw_lanes_hit(s.p + i, bytes);
	if (s.len >= sizeof(hit))
		hit |= kw_lanes_hit(s.p + s.len - sizeof(hit), bytes);
	any = (halves)hit;
	return any[0] | any[1];
}

/*
 * Length of the hexadecimal number of at most 16 digits at the start of @s, including an optional
 * 0x; 0 if there is none. The value goes to @ret.
 */
size_t kw_str_hex(struct kw_str s, uint64_t *ret);

/* The same for a decimal number of at most 19 digits; a leading '-' is not accepted. */
size_t kw_str_dec(struct kw_str s, uint64_t *ret);

#endif
