// SPDX-License-Identifier: MIT
/*
 * A raw line in, its text out: strips what mail, journals, trackers and terminals put around or
 * into a line, outermost layer first. Knows nothing about KVM.
 */
#include "parse/parse.h"

/* Decoding: one pass over the bytes, only for lines that contain one of these. */

struct entity {
	struct kw_str name;
	char c;
};

static const struct entity entities[] = {
	{ KW_STR("lt;"), '<' },	  { KW_STR("gt;"), '>' },  { KW_STR("amp;"), '&' },
	{ KW_STR("quot;"), '"' }, { KW_STR("apos;"), '\'' }, { KW_STR("#39;"), '\'' },
	{ KW_STR("#x27;"), '\'' }, { KW_STR("nbsp;"), ' ' }, { KW_STR("#160;"), ' ' },
};

/* HTML tags found around logs; others are left alone, since '<' is common in dumps. */
static const struct kw_str tags[] = {
	KW_STR("br"), KW_STR("pre"), KW_STR("code"), KW_STR("p"), KW_STR("div"), KW_STR("span"),
	KW_STR("details"), KW_STR("summary"), KW_STR("tt"), KW_STR("td"), KW_STR("tr"), KW_STR("b"),
	KW_STR("blockquote"), KW_STR("samp"),
};

static size_t skip_entity(struct kw_str s, char *c)
{
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (kw_str_starts(kw_str_from(s, 1), entities[i].name)) {
			*c = entities[i].c;
			return entities[i].name.len + 1;
		}
	}
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t skip_tag(struct kw_str s)
{
	size_t at = s.len > 1 && s.p[1] == '/' ? 2 : 1;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t end = at + tags[i].len, k = 0;

		while (k < tags[i].len && at + k < s.len && lower(s.p[at + k]) == tags[i].p[k])
			k++;
		if (k < tags[i].len || end >= s.len)
			continue;
		if (s.p[end] != '>' && s.p[end] != ' ' && s.p[end] != '/')
			continue;
		while (end < s.len && end < 200 && s.p[end] != '>')
			end++;
		return end < s.len && s.p[end] == '>' ? end + 1 : 0;
	}
	return 0;
}

/* ESC [ ... letter, ESC ] ... BEL, ESC letter. */
static size_t skip_escape_sequence(struct kw_str s)
{
	size_t i = 2;

	if (s.len < 2)
		return 1;
	if (s.p[1] == '[') {
		while (i < s.len && i < 32 && !(s.p[i] >= '@' && s.p[i] <= '~'))
			i++;
		return i < s.len ? i + 1 : i;
	}
	if (s.p[1] == ']') {
		while (i < s.len && i < 200 && s.p[i] != '\a')
			i++;
		return i < s.len ? i + 1 : i;
	}
	return 2;
}

/* Backslash escapes of YAML, JSON and shells: \n, \r, \t, \", \u003c. */
static size_t skip_backslash(struct kw_str s, char *c)
{
	uint64_t code;

	if (s.len < 2)
		return 0;
	switch (s.p[1]) {
	case 'n': case 'r': case 't':
		*c = ' ';
		return 2;
	case '"': case '\'':
		*c = s.p[1];
		return 2;
	case 'u':
		if (s.len >= 6 && kw_str_hex((struct kw_str){ s.p + 2, 4 }, &code) == 4 &&
		    code >= 0x20 && code < 0x7f) {
			*c = (char)code;
			return 6;
		}
		return 0;
	default:
		return 0;
	}
}

/* UTF-8 blanks that mail programs insert: U+00A0, U+2007, U+202F, U+200B, U+FEFF. */
static size_t skip_blank(struct kw_str s, char *c)
{
	static const struct kw_str blanks[] = {
		KW_STR("\xc2\xa0"), KW_STR("\xe2\x80\x87"), KW_STR("\xe2\x80\xaf"),
		KW_STR("\xe2\x80\x8b"), KW_STR("\xef\xbb\xbf"),
	};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		if (kw_str_starts(s, blanks[i])) {
			*c = ' ';
			return blanks[i].len;
		}
	}
	return 0;
}

static size_t skip_quoted_printable(struct kw_str s, char *c)
{
	int high, low;

	if (s.len < 3)
		return 0;
	high = kw_hex_digit(s.p[1]);
	low = kw_hex_digit(s.p[2]);
	if (high < 0 || low < 0)
		return 0;
	*c = (char)(high << 4 | low);
	return 3;
}

/*
 * Length of the entity at the start of @s, 0 if none; @c is the character it stands for, NUL for
 * none.
 */
static size_t skip_special(struct kw_str s, bool quoted_printable, char *c)
{
	*c = '\0';
	switch ((unsigned char)s.p[0]) {
	case '&':
		return skip_entity(s, c);
	case '<':
		return skip_tag(s);
	case '\\':
		return skip_backslash(s, c);
	case '=':
		return quoted_printable ? skip_quoted_printable(s, c) : 0;
	case 0x1b:
		return skip_escape_sequence(s);
	case 0xc2: case 0xe2: case 0xef:
		return skip_blank(s, c);
	case '\0': case '\r': case '\b':
		return 1;
	default:
		return 0;
	}
}

static bool is_special(unsigned char c)
{
	switch (c) {
	case '&': case '<': case '\\': case '=': case 0x1b: case 0xc2: case 0xe2: case 0xef: case 0:
	case '\r': case '\b':
		return true;
	default:
		return false;
	}
}

static struct kw_str decode(struct kw_str s, char *scratch, bool quoted_printable)
{
	size_t len = 0;

	while (s.len) {
		char c = s.p[0];
		size_t skip =
			is_special((unsigned char)c) ? skip_special(s, quoted_printable, &c) : 0;

		if (!skip) {
			skip = 1;
			c = s.p[0];
		}
		if (c)
			scratch[len++] = c;
		s = kw_str_from(s, skip);
	}
	return (struct kw_str){ scratch, len };
}

static bool is_marked_byte(struct kw_str s)
{
	return s.len >= 4 && s.p[3] == '>' &&
	       ((kw_hex_digit(s.p[1]) >= 0 && kw_hex_digit(s.p[2]) >= 0) ||
		(s.p[1] == '?' && s.p[2] == '?'));
}

static bool needs_decoding(struct kw_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* "<0f>", "<??>" and '=' belong to the dump */
		if (c == '=' || !is_special(c))
			continue;
		if (c != '<' || !is_marked_byte(kw_str_from(s, i)))
			return true;
	}
	return false;
}

/* Prefixes: each matches one kind at the front and returns its length, 0 if absent. */

static size_t prefix_quote(struct kw_str s)
{
	size_t i = 0;

	while (i < s.len && (s.p[i] == '>' || s.p[i] == '|' || kw_is_space(s.p[i])))
		i++;
	return i;
}

static size_t skip_digits(struct kw_str s, size_t at)
{
	while (at < s.len && kw_is_digit(s.p[at]))
		at++;
	return at;
}

/* "T123", a task, or "C1", a CPU */
static void name_task(struct kw_speaker *who, struct kw_str s)
{
	if (s.len > 1 && (s.p[0] == 'T' || s.p[0] == 'C') && skip_digits(s, 1) == s.len)
		kw_speaker_task(who, s);
}

/*
 * "[ 123.456789] ", "[ts][Tpid] ", "[16:01:32 INFO | [qemu output] " is two of them; "[...] " was
 * abbreviated.
 */
static size_t prefix_bracket(struct kw_str s, struct kw_speaker *who)
{
	static const struct kw_str dots = KW_STR("[...] "), ellipsis = KW_STR("[\xe2\x80\xa6] ");
	size_t i = 1;
	bool digit = false;

	if (s.p[0] != '[')
		return 0;
	if (kw_str_starts(s, dots))
		return dots.len;
	if (kw_str_starts(s, ellipsis))
		return ellipsis.len;
	while (i < s.len && i < 48 && s.p[i] != ']' && s.p[i] != '[') {
		digit |= kw_is_digit(s.p[i]);
		i++;
	}
	if (i >= s.len || i == 48)
		return 0;
	if (s.p[i] == '[')
		return digit && kw_str_has((struct kw_str){ s.p, i }, KW_STR("|")) ? i : 0;
	if (kw_str_starts(kw_str_from(s, 1), KW_STR("qemu")))
		digit = true;
	name_task(who, kw_str_trim((struct kw_str){ s.p + 1, i - 1 }));
	return digit ? i + 1 : 0;
}

/* "<4>", a kernel log level. */
static size_t prefix_level(struct kw_str s)
{
	return s.len > 2 && s.p[0] == '<' && s.p[1] >= '0' && s.p[1] <= '7' && s.p[2] == '>' ? 3 :
											       0;
}

/* "12:34:56" with an optional fraction and zone. */
static size_t skip_clock(struct kw_str s, size_t at)
{
	if (at + 8 > s.len || s.p[at + 2] != ':' || s.p[at + 5] != ':' || !kw_is_digit(s.p[at]) ||
	    !kw_is_digit(s.p[at + 7]))
		return 0;
	at += 8;
	if (at < s.len && (s.p[at] == '.' || s.p[at] == ','))
		at = skip_digits(s, at + 1);
	if (at < s.len && s.p[at] == 'Z')
		return at + 1;
	if (at + 5 <= s.len && (s.p[at] == '+' || s.p[at] == '-') && kw_is_digit(s.p[at + 1])) {
		at = skip_digits(s, at + 1);
		if (at < s.len && s.p[at] == ':')
			at = skip_digits(s, at + 1);
	}
	return at;
}

/*
 * "2020-05-04T06:09:15.310474Z ", "2020-05-04 06:35:39.386+0000: ", "Jun 24 17:25:51 ", "Mon Jun 24
 * 17:25:51 2022".
 */
static size_t prefix_date(struct kw_str s)
{
	size_t at = 0, end;

	if (s.len >= 19 && s.p[4] == '-' && s.p[7] == '-' && kw_is_digit(s.p[0])) {
		at = 11;
	} else if (s.len >= 15 && s.p[3] == ' ' && s.p[6] == ' ' && s.p[0] >= 'A' &&
		   s.p[0] <= 'Z') {
		at = 7;
	} else {
		return 0;
	}
	end = skip_clock(s, at);
	if (end && end < s.len && s.p[end] == ':')
		end++;
	return end;
}

/* "14:42:36 " alone, as some consoles print it. */
static size_t prefix_clock(struct kw_str s)
{
	return kw_is_digit(s.p[0]) ? skip_clock(s, 0) : 0;
}

/*
 * "QEMU[2997]", "qemu-kvm[1]", "libvirtd[3]": a program and its pid; after a date any name will do.
 */
static bool is_program(struct kw_str tag, bool dated)
{
	size_t open = kw_str_find(tag, KW_STR("["));

	if (kw_str_starts(tag, KW_STR("data["))) /* "extra data[0]: " is not a program */
		return false;
	if (!open || open == SIZE_MAX || open + 2 >= tag.len || !kw_is_digit(tag.p[open + 1]))
		return false;
	return dated || kw_str_has(tag, KW_STR("qemu")) || kw_str_has(tag, KW_STR("QEMU"));
}

/* "kernel", or "QEMU[2997]", perhaps after a host's name */
static void name_tag(struct kw_speaker *who, struct kw_str host, struct kw_str tag)
{
	const char *open = memchr(tag.p, '[', tag.len);
	struct kw_str pid = kw_str_from(tag, open ? (size_t)(open - tag.p) : tag.len);

	if (host.len)
		kw_speaker_host(who, (struct kw_str){ host.p, host.len - 1 });
	kw_speaker_program(who, (struct kw_str){ tag.p, tag.len - pid.len }, pid);
}

/* "host1 QEMU[2997]: ", "host kernel: ", "kernel: ", "QEMU[1]: "; also records who spoke. */
static size_t prefix_tag(struct kw_str s, bool dated, struct kw_clean_line *line)
{
	size_t at = 0, words = 0, word = 0;

	while (at < s.len && at < 128) {
		char c = s.p[at];

		if (c == ' ') {
			if (++words == 2)
				return 0;
			word = at + 1;
		} else if (c == ':' && at + 1 < s.len && s.p[at + 1] == ' ') {
			struct kw_str tag = { s.p + word, at - word };

			if (kw_str_eq(tag, KW_STR("kernel")))
				line->source = KW_SRC_KERNEL;
			else if (at && s.p[at - 1] == ']' && is_program(tag, dated))
				line->source = KW_SRC_VMM;
			else
				return 0;
			name_tag(&line->who, (struct kw_str){ s.p, word }, tag);
			return at + 2;
		} else if (!kw_is_word(c) && c != '.' && c != '-' && c != '[' && c != ']' &&
			   c != '/' && c != '@' && c != '(' && c != ')') {
			return 0;
		}
		at++;
	}
	return 0;
}

static size_t skip_word(struct kw_str s, size_t at)
{
	while (at < s.len && s.p[at] != ' ')
		at++;
	return at < s.len ? at + 1 : at;
}

static size_t take_word(struct kw_str s, size_t at, struct kw_str *ret)
{
	size_t end = skip_word(s, at);

	*ret = kw_str_trim((struct kw_str){ s.p + at, end - at });
	return end;
}

/* "-", or elements in brackets, in which ] is escaped by a backslash. */
static size_t skip_structured_data(struct kw_str s, size_t at)
{
	if (at < s.len && s.p[at] == '-')
		return at + 1;
	while (at < s.len && s.p[at] == '[') {
		while (at < s.len && s.p[at] != ']')
			at += s.p[at] == '\\' ? 2 : 1;
		at = at < s.len ? at + 1 : s.len;
	}
	return at;
}

/* RFC 5424: "<13>1 2026-01-01T00:00:00Z host program pid id - " */
static size_t prefix_syslog(struct kw_str s, struct kw_clean_line *line)
{
	size_t at = s.p[0] == '<' ? skip_digits(s, 1) : 0;
	struct kw_str host, program, pid;

	if (at < 2 || at > 4 || !kw_str_starts(kw_str_from(s, at), KW_STR(">1 ")))
		return 0;
	at = skip_word(s, at + 3); /* time */
	at = take_word(s, at, &host);
	at = take_word(s, at, &program);
	at = take_word(s, at, &pid);
	if (kw_str_eq(program, KW_STR("kernel")))
		line->source = KW_SRC_KERNEL;
	kw_speaker_host(&line->who, host);
	kw_speaker_program(&line->who, program, pid);
	at = skip_structured_data(s, skip_word(s, at));
	return at < s.len && s.p[at] == ' ' ? at + 1 : 0;
}

/* Kubernetes' CRI, after the time: "stderr F " for a line, P for a part of one */
static size_t prefix_container(struct kw_str s, bool dated)
{
	if (!dated ||
	    (!kw_str_starts(s, KW_STR("stdout ")) && !kw_str_starts(s, KW_STR("stderr "))))
		return 0;
	return s.len > 8 && (s.p[7] == 'F' || s.p[7] == 'P') && s.p[8] == ' ' ? 9 : 0;
}

static size_t prefix_prompt(struct kw_str s)
{
	static const struct kw_str prompts[] = {
		KW_STR("MESSAGE="), /* journalctl -o export and verbose */
		KW_STR("(qemu) "), KW_STR("```"), KW_STR("login: "),
		/* autotest */
		KW_STR("INFO | "), KW_STR("INFO |"), KW_STR("DEBUG| "), KW_STR("ERROR| "),
		KW_STR("WARN | "), KW_STR("{\"log\":\""), KW_STR("{\"message\":\""),
		KW_STR("{\"msg\":\""), /* containers */
	};

	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		if (kw_str_starts(s, prompts[i]))
			return prompts[i].len;
	}
	return 0;
}

static size_t prefix(struct kw_str s, bool first, bool *dated, struct kw_clean_line *line)
{
	size_t len = kw_speaker_prefix(s, first, &line->who);

	if (len || (len = prefix_quote(s)) || (len = prefix_bracket(s, &line->who)) ||
	    (len = prefix_syslog(s, line)) || (len = prefix_level(s)) || (len = prefix_prompt(s)) ||
	    (len = prefix_container(s, *dated)))
		return len;
	if ((len = prefix_date(s)) || (len = prefix_clock(s))) {
		*dated = true;
		return len;
	}
	return prefix_tag(s, *dated, line);
}

enum { SOFT_MIN = 40 }; /* bytes: an encoder breaks only long lines */

/* Precedes a kernel log line that `kvmwhy watch` added to a failure. */
static const struct kw_str quoted_log = KW_STR("kvmwhy watch: log: ");

bool kw_clean_is_plain(struct kw_str raw)
{
	/* what envelopes, decoding and escaped line ends are known by */
	static const struct kw_str special = KW_STR("\"\n\\&\x1b\xc2\0");
	const char *equals;

	if (raw.len < 8 || raw.p[0] < 'A' || raw.p[0] > 'Z')
		return false;
	equals = memchr(raw.p, '=', 5);
	if (!equals || (equals[1] == '3' && equals[2] == 'D'))
		return false;
	return !kw_str_has_any(raw, special) && raw.p[raw.len - 1] != '=';
}

bool kw_clean(struct kw_str raw, bool continued, char *scratch, struct kw_mail *mail,
	      struct kw_clean_line *ret)
{
	struct kw_str s = raw;
	struct kw_speaker recorder = { 0 };
	bool soft, encoded, dated = false;

	ret->raw = raw;
	ret->source = KW_SRC_UNKNOWN;
	ret->logged = false;
	encoded = kw_mail_encoded(mail, raw);
	while (s.len && (s.p[s.len - 1] == '\r' || s.p[s.len - 1] == '\n'))
		s.len--;
	soft = encoded && s.len >= SOFT_MIN && s.p[s.len - 1] == '=';
	if (soft)
		s.len--;
	if (encoded || needs_decoding(s))
		s = decode(s, scratch, encoded);
	for (int round = 0; round < 12 && s.len && !continued; round++) {
		size_t len = prefix(s, !round, &dated, ret);

		if (!len && kw_str_starts(s, quoted_log)) {
			ret->logged = true;
			ret->source = KW_SRC_KERNEL;
			recorder = ret->who;
			len = quoted_log.len;
		}
		if (!len)
			break;
		s = kw_str_from(s, len);
	}
	if (ret->logged) /* whoever it quotes */
		ret->who = recorder;
	if (!soft && !continued)
		s = kw_str_trim(s);
	ret->text = s;
	return soft;
}
