// SPDX-License-Identifier: MIT
/* Copies runs of harmless characters and replaces the others one by one. */
#include "base/escape.h"

/* Well-formed sequences as in the Unicode Standard, "UTF-8": no overlong form, no surrogate. */
size_t kw_utf8_next(struct kw_str s, uint32_t *ret)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t character;
	size_t len;
	unsigned char c;

	if (!s.len)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || len > s.len)
		return 0;
	character = c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		c = (unsigned char)s.p[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (c & 0x3f);
	}
	if (character < least[len] || character > 0x10ffff || (character >> 11) == 0x1b)
		return 0;
	*ret = character;
	return len;
}

/* Unicode general categories Cc, Cf, Zl and Zp, as far as they change how other text is shown. */
bool kw_is_control(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad },   { 0x061c, 0x061c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

static struct kw_str entity(char c)
{
	switch (c) {
	case '&':
		return KW_STR("&amp;");
	case '<':
		return KW_STR("&lt;");
	case '>':
		return KW_STR("&gt;");
	case '"':
		return KW_STR("&quot;");
	case '\'':
		return KW_STR("&#39;");
	}
	return (struct kw_str){ 0 };
}

static bool plain(char c, bool html)
{
	return c >= 0x20 && c < 0x7f && !(html && entity(c).len);
}

static void add_bytes(struct kw_buf *buf, struct kw_str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		KW_BUF_LIT(buf, "\\x");
		kw_buf_hex(buf, (unsigned char)bytes.p[i], 2);
	}
}

/* Writes the first character, which is not plain; returns its length. */
static size_t add_special(struct kw_buf *buf, struct kw_str text, bool html)
{
	uint32_t character;
	size_t len = kw_utf8_next(text, &character);
	struct kw_str bytes = { text.p, len ? len : 1 };

	if (text.p[0] == '\t')
		kw_buf_char(buf, ' ');
	else if (!len || kw_is_control(character))
		add_bytes(buf, bytes);
	else if (html && entity(text.p[0]).len)
		kw_buf_add(buf, entity(text.p[0]));
	else
		kw_buf_add(buf, bytes);
	return bytes.len;
}

static void add_escaped(struct kw_buf *buf, struct kw_str text, bool html)
{
	size_t run;

	while (text.len) {
		for (run = 0; run < text.len && plain(text.p[run], html); run++)
			;
		kw_buf_add(buf, (struct kw_str){ text.p, run });
		text = kw_str_from(text, run);
		if (text.len)
			text = kw_str_from(text, add_special(buf, text, html));
	}
}

void kw_escape_terminal(struct kw_buf *buf, struct kw_str text)
{
	add_escaped(buf, text, false);
}

void kw_escape_html(struct kw_buf *buf, struct kw_str text)
{
	add_escaped(buf, text, true);
}

size_t kw_utf8_put(char *room, uint32_t c)
{
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		c = 0xfffd;
		more = 2;
	}
	room[0] = (char)(lead[more] | c >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		room[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
	return more + 1;
}
