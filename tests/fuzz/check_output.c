// SPDX-License-Identifier: MIT
/*
 * The oracle on output. It shares no code with what it checks: it has its own UTF-8 and tag
 * parsers, and uses jansson for JSON.
 */
#include "fuzz.h"

#include <jansson.h>

/* Length of the UTF-8 character at @p (RFC 3629), 0 if there is none. */
static size_t utf8(const unsigned char *p, size_t len)
{
	static const unsigned char lowest[] = { 0xe0, 0xf0 }, highest[] = { 0xed, 0xf4 };
	size_t more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len <= more)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == lowest[0] && p[1] < 0xa0) || (p[0] == lowest[1] && p[1] < 0x90))
		return 0;
	if ((p[0] == highest[0] && p[1] > 0x9f) || (p[0] == highest[1] && p[1] > 0x8f))
		return 0;
	return more + 1;
}

void check_shown(struct kw_str text)
{
	const unsigned char *p = (const unsigned char *)text.p;

	for (size_t i = 0, step; i < text.len; i += step) {
		step = utf8(p + i, text.len - i);
		PROMISE(step);
		PROMISE(step > 1 || (p[i] >= 0x20 && p[i] != 0x7f) || p[i] == '\n');
		PROMISE(step != 2 || p[i] != 0xc2 || p[i + 1] >= 0xa0);
		/* U+202A to U+202E and U+2066 to U+2069 change the display order */
		PROMISE(step != 3 || memcmp(p + i, "\xe2\x80", 2) != 0 || p[i + 2] < 0xaa ||
			p[i + 2] > 0xae);
		PROMISE(step != 3 || memcmp(p + i, "\xe2\x81", 2) != 0 || p[i + 2] < 0xa6 ||
			p[i + 2] > 0xa9);
	}
}

void check_same(struct kw_str a, struct kw_str b, const char *what)
{
	if (kw_str_eq(a, b))
		return;
	fprintf(stderr, "%s: not the same\n--- first\n%.*s\n--- second\n%.*s\n", what, (int)a.len,
		a.p, (int)b.len, b.p);
	abort();
}

static size_t count(struct kw_str text, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++)
		found += text.p[i] == c;
	return found;
}

static bool is_void(struct kw_str name)
{
	static const struct kw_str names[] = {
		KW_STR("!DOCTYPE"), KW_STR("meta"), KW_STR("br"), KW_STR("hr"), KW_STR("col"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_eq(name, names[i]))
			return true;
	}
	return false;
}

static struct kw_str tag_name(struct kw_str tag)
{
	size_t len = 0;

	while (len < tag.len && (kw_is_word(tag.p[len]) || tag.p[len] == '!'))
		len++;
	PROMISE(len);
	return (struct kw_str){ tag.p, len };
}

void check_html(struct kw_str page)
{
	struct kw_str open[64];
	size_t depth = 0, at;

	check_shown(page);
	while ((at = kw_str_find(page, KW_STR("<"))) != SIZE_MAX) {
		size_t end = kw_str_find(kw_str_from(page, at), KW_STR(">"));
		struct kw_str tag = { page.p + at + 1, end - 1 }, name;

		PROMISE(end != SIZE_MAX && !memchr(tag.p, '<', tag.len));
		PROMISE(count(tag, '"') % 2 == 0);
		page = kw_str_from(page, at + end + 1);
		if (kw_str_skip(tag, KW_STR("/"), &name)) {
			PROMISE(depth && kw_str_eq(open[--depth], name));
			continue;
		}
		name = tag_name(tag);
		if (is_void(name) || tag.p[tag.len - 1] == '/')
			continue;
		PROMISE(depth < 64);
		open[depth++] = name;
	}
	PROMISE(!depth);
}

void check_json(struct kw_str text, bool is_array)
{
	json_error_t error;
	json_t *value;

	check_shown(text);
	value = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	PROMISE(value);
	PROMISE(is_array ? json_is_array(value) : json_is_object(value));
	json_decref(value);
}

void check_ndjson(struct kw_str text)
{
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));

		PROMISE(end != SIZE_MAX);
		check_json((struct kw_str){ text.p, end }, false);
		text = kw_str_from(text, end + 1);
	}
}

void check_color(struct kw_str colored, struct kw_str plain)
{
	struct kw_buf rest = { 0 };

	for (size_t i = 0; i < colored.len; i++) {
		if (colored.p[i] != '\033') {
			kw_buf_char(&rest, colored.p[i]);
			continue;
		}
		PROMISE(++i < colored.len && colored.p[i] == '[');
		do {
			PROMISE(++i < colored.len);
		} while (kw_is_digit(colored.p[i]) || colored.p[i] == ';');
		PROMISE(colored.p[i] == 'm');
	}
	check_same((struct kw_str){ rest.p, rest.len }, plain, "with and without colours");
	kw_buf_deinit(&rest);
}
