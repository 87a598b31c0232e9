// SPDX-License-Identifier: MIT
/* JSON, scanned. */
#include "base/json_scan.h"

#include "base/escape.h"

struct scan {
	struct kw_str s;
	size_t at;
	uint32_t objects; /* bit i: what is open at depth i + 1 is an object */
	unsigned int depth;
	struct kw_str key;	     /* of the member whose value follows */
	/* of the innermost array, NULL if not a member or not flat */
	struct kw_str array_key;
	size_t array_at;
};

static void skip_space(struct scan *j)
{
	while (j->at < j->s.len && (j->s.p[j->at] == ' ' || j->s.p[j->at] == '\t' ||
				    j->s.p[j->at] == '\r' || j->s.p[j->at] == '\n'))
		j->at++;
}

static bool take(struct scan *j, char c)
{
	skip_space(j);
	if (j->at >= j->s.len || j->s.p[j->at] != c)
		return false;
	j->at++;
	return true;
}

static bool take_escape(struct scan *j)
{
	static const char escapes[] = "\"\\/bfnrtu";
	uint64_t code;

	if (j->at >= j->s.len || !memchr(escapes, j->s.p[j->at], sizeof(escapes) - 1))
		return false;
	if (j->s.p[j->at++] != 'u')
		return true;
	if (j->at + 4 > j->s.len || kw_hex_digit(j->s.p[j->at]) < 0 ||
	    kw_str_hex((struct kw_str){ j->s.p + j->at, 4 }, &code) != 4)
		return false;
	j->at += 4;
	return true;
}

/* A string with its quotes. */
static bool take_string(struct scan *j, struct kw_str *ret)
{
	size_t start;

	if (!take(j, '"'))
		return false;
	start = j->at - 1;
	while (j->at < j->s.len) {
		unsigned char c = (unsigned char)j->s.p[j->at++];

		if (c == '"') {
			*ret = (struct kw_str){ j->s.p + start, j->at - start };
			return true;
		}
		if (c < 0x20 || (c == '\\' && !take_escape(j)))
			return false;
	}
	return false;
}

static size_t digits(struct kw_str s)
{
	size_t len = 0;

	while (len < s.len && kw_is_digit(s.p[len]))
		len++;
	return len;
}

/* The length of the number at the start of @s, 0 if there is none. */
static size_t number(struct kw_str s)
{
	size_t at = s.len && s.p[0] == '-', len = digits(kw_str_from(s, at));

	if (!len || (len > 1 && s.p[at] == '0'))
		return 0;
	at += len;
	if (at < s.len && s.p[at] == '.') {
		len = digits(kw_str_from(s, at + 1));
		if (!len)
			return 0;
		at += 1 + len;
	}
	if (at < s.len && (s.p[at] == 'e' || s.p[at] == 'E')) {
		at++;
		at += at < s.len && (s.p[at] == '+' || s.p[at] == '-');
		len = digits(kw_str_from(s, at));
		return len ? at + len : 0;
	}
	return at;
}

static bool take_word(struct scan *j, struct kw_str *ret)
{
	static const struct kw_str words[] = { KW_STR("true"), KW_STR("false"), KW_STR("null") };
	struct kw_str rest;
	size_t len;

	skip_space(j);
	rest = kw_str_from(j->s, j->at);
	len = number(rest);
	for (size_t i = 0; !len && i < sizeof(words) / sizeof(words[0]); i++)
		len = kw_str_starts(rest, words[i]) ? words[i].len : 0;
	*ret = (struct kw_str){ rest.p, len };
	j->at += len;
	return len;
}

static bool in_object(const struct scan *j)
{
	return j->depth && j->objects >> (j->depth - 1) & 1;
}

/* '{' or '[' was taken. */
static bool open_value(struct scan *j, bool object)
{
	if (j->depth == KW_JSON_DEPTH)
		return false;
	j->array_key = in_object(j) && !object ? j->key : (struct kw_str){ NULL, 0 };
	j->array_at = j->at - 1;
	j->depth++;
	j->objects &= ~(1u << (j->depth - 1));
	j->objects |= (uint32_t)object << (j->depth - 1);
	return true;
}

static bool take_key(struct scan *j)
{
	if (!take_string(j, &j->key))
		return false;
	j->key = (struct kw_str){ j->key.p + 1, j->key.len - 2 };
	return take(j, ':');
}

/* Closes what ends here; false if another value must follow or the text is wrong. */
static bool close_values(struct scan *j, kw_json_member_fn fn, void *arg, bool *wrong)
{
	while (j->depth) {
		bool object = in_object(j);

		if (take(j, ',')) {
			*wrong = object && !take_key(j);
			return false;
		}
		if (!take(j, object ? '}' : ']')) {
			*wrong = true;
			return false;
		}
		j->depth--;
		if (!object && j->array_key.p)
			fn(arg, j->depth, j->array_key,
			   (struct kw_str){ j->s.p + j->array_at, j->at - j->array_at });
		j->array_key.p = NULL;
	}
	return true;
}

/* One value; @opened: the beginning of an object or array, whose first value follows. */
static bool begin_value(struct scan *j, kw_json_member_fn fn, void *arg, bool *opened)
{
	struct kw_str value;

	*opened = false;
	if (take(j, '{') || take(j, '[')) {
		bool object = j->s.p[j->at - 1] == '{';

		if (!open_value(j, object))
			return false;
		skip_space(j);
		*opened = j->at < j->s.len && j->s.p[j->at] != (object ? '}' : ']');
		return !*opened || !object || take_key(j);
	}
	if (!take_string(j, &value) && !take_word(j, &value))
		return false;
	if (in_object(j))
		fn(arg, j->depth, j->key, value);
	return true;
}

size_t kw_json_scan(struct kw_str s, kw_json_member_fn fn, void *arg)
{
	struct scan j = { .s = s };
	bool wrong = false, opened;

	for (;;) {
		if (!begin_value(&j, fn, arg, &opened))
			return 0;
		if (opened)
			continue;
		if (close_values(&j, fn, arg, &wrong))
			return j.at;
		if (wrong)
			return 0;
	}
}

/* The four digits after "\u" at @at. */
static uint32_t code_unit(struct kw_str s, size_t at)
{
	uint64_t code = 0;

	if (at + 6 <= s.len && s.p[at] == '\\' && s.p[at + 1] == 'u')
		kw_str_hex((struct kw_str){ s.p + at + 2, 4 }, &code);
	return (uint32_t)code;
}

size_t kw_json_unescape(struct kw_str value, char *room)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct kw_str s = { value.p + 1, value.len - 2 };
	size_t len = 0, at = 0;

	while (at < s.len) {
		const char *known;
		uint32_t c, low;

		if (s.p[at] != '\\') {
			room[len++] = s.p[at++];
			continue;
		}
		if (s.p[at + 1] != 'u') {
			known = memchr(from, s.p[at + 1], sizeof(from) - 1);
			room[len++] = known ? to[known - from] : s.p[at + 1];
			at += 2;
			continue;
		}
		c = code_unit(s, at);
		at += 6;
		low = c >> 10 == 0xd800 >> 10 ? code_unit(s, at) : 0;
		if (low >> 10 == 0xdc00 >> 10) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
			at += 6;
		}
		len += kw_utf8_put(room + len, c);
	}
	return len;
}

size_t kw_json_bytes(struct kw_str value, char *room)
{
	size_t len = 0, at = 1;

	while (at < value.len && value.p[at] != ']') {
		uint64_t byte;
		size_t count = kw_str_dec(kw_str_from(value, at), &byte);

		if (!count || byte > 255)
			return 0;
		at += count;
		while (at < value.len && (value.p[at] == ',' || kw_is_space(value.p[at])))
			at++;
		room[len++] = (char)byte;
	}
	return len;
}
