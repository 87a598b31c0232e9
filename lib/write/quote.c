// SPDX-License-Identifier: MIT
/*
 * A guest's name from a command line, and quoting texts of unknown origin in a line to be parsed
 * again.
 */
#include "write/write.h"

#include "base/escape.h"

/* The next word of the line at @at, without its NUL; .cut if the line ends inside it. */
struct word {
	struct kw_str text;
	bool cut;
};

static struct word word_at(const char *args, size_t size, size_t at)
{
	const char *end = memchr(args + at, '\0', size - at);
	size_t len = end ? (size_t)(end - args) - at : size - at;

	return (struct word){ { args + at, len }, at + len + 1 >= size };
}

/* Is the name in the next word, in this one, or in none? */
static bool is_option(struct kw_str word)
{
	return kw_str_eq(word, KW_STR("-name")) || kw_str_eq(word, KW_STR("--name"));
}

/* A key of QEMU's -name up to its '='; the name may lack one, and then comes first. */
static bool value_of(struct kw_str part, bool first, struct kw_str *ret)
{
	if (kw_str_skip(part, KW_STR("guest="), ret))
		return true;
	*ret = part;
	return first && !memchr(part.p, '=', part.len);
}

/* Where the part ends: at a comma that is not doubled. */
static size_t part_end(struct kw_str s)
{
	size_t at = 0;

	while (at < s.len && s.p[at] != ',')
		at++;
	while (at + 1 < s.len && s.p[at + 1] == ',') {
		at += 2;
		while (at < s.len && s.p[at] != ',')
			at++;
	}
	return at;
}

static size_t copy_name(struct kw_str name, char *ret, size_t max)
{
	size_t len = 0;

	for (size_t i = 0; i < name.len && len < max; i++) {
		ret[len++] = name.p[i];
		if (name.p[i] == ',')
			i++; /* a doubled comma is one */
	}
	return len;
}

static size_t name_in(struct word word, char *ret, size_t max)
{
	struct kw_str s = word.text, name;
	bool first = true;

	while (s.len) {
		size_t end = part_end(s);

		if (value_of((struct kw_str){ s.p, end }, first, &name))
			return word.cut && end == s.len ? 0 : copy_name(name, ret, max);
		s = kw_str_from(s, end + 1);
		first = false;
	}
	return 0;
}

size_t kw_event_name(const char *args, size_t size, char *ret, size_t max)
{
	bool next = false;
	size_t at = 0;

	while (at < size) {
		struct word word = word_at(args, size, at);
		struct kw_str rest;

		if (next)
			return name_in(word, ret, max);
		if (kw_str_skip(word.text, KW_STR("--name="), &rest))
			return name_in((struct word){ rest, word.cut }, ret, max);
		next = at && is_option(word.text); /* the first word is the program */
		at += word.text.len + 1;
	}
	return 0;
}

static void add_byte(struct kw_buf *buf, char c)
{
	KW_BUF_LIT(buf, "\\x");
	kw_buf_hex(buf, (unsigned char)c, 2);
}

/*
 * What clean.c would read as an escape, a tag, an entity, quoted-printable or an invisible blank
 * becomes \xNN, and so do control characters and invalid UTF-8.
 */
static bool is_kept(struct kw_str s, size_t len, uint32_t character, const char *special)
{
	unsigned char c = (unsigned char)s.p[0];

	if (!len || kw_is_control(character))
		return false;
	if (len == 1)
		return !strchr(special, s.p[0]);
	return c != 0xc2 && c != 0xe2 && c != 0xef;
}

static void quote(struct kw_buf *buf, struct kw_str s, const char *special)
{
	while (s.len) {
		uint32_t character = 0;
		size_t len = kw_utf8_next(s, &character), step = len ? len : 1;

		if (is_kept(s, len, character, special))
			kw_buf_add(buf, (struct kw_str){ s.p, len });
		else
			for (size_t i = 0; i < step; i++)
				add_byte(buf, s.p[i]);
		s = kw_str_from(s, step);
	}
}

void kw_event_quote(struct kw_buf *buf, struct kw_str text)
{
	quote(buf, text, "&<>\\=\"'|`");
}

/* Would this '=' make a reader take the log for quoted-printable? */
static bool is_soft(struct kw_str s)
{
	return kw_str_starts(s, KW_STR("=3D")) || kw_str_starts(s, KW_STR("=C2=A0")) ||
	       kw_str_eq(kw_str_trim(s), KW_STR("=20")) || kw_str_eq(kw_str_trim(s), KW_STR("="));
}

void kw_event_quote_log(struct kw_buf *buf, struct kw_str line)
{
	static const char special[] = "&<\\";

	while (line.len) {
		size_t run = 0;

		while (run < line.len && !is_soft(kw_str_from(line, run)))
			run++;
		quote(buf, (struct kw_str){ line.p, run }, special);
		line = kw_str_from(line, run);
		if (!line.len)
			return;
		add_byte(buf, line.p[0]);
		line = kw_str_from(line, 1);
	}
}
