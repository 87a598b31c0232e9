// SPDX-License-Identifier: MIT
/*
 * Is a line quoted-printable (RFC 2045, section 6.7)? Judged by each '=' in the line itself, so a
 * line from another writer proves nothing about its neighbours.
 */
#include "parse/parse.h"

enum verdict { NEUTRAL, PROOF, PLAIN };

enum {
	SIGNS_ENOUGH = 2, /* lines with proof before one without is read so */
	LINES_MOST = 40,  /* lines without a sign that end it again */
};

/* Encoders write upper case; values in dumps are lower case. */
static int upper_hex_digit(char c)
{
	return c >= 'a' && c <= 'f' ? -1 : kw_hex_digit(c);
}

static size_t hex_run(struct kw_str s)
{
	size_t len = 0;

	while (len < s.len && kw_hex_digit(s.p[len]) >= 0)
		len++;
	return len;
}

/* A whole 32- or 64-bit register, not the first part of one cut by a soft break. */
static bool is_register(struct kw_str s, size_t run)
{
	return (run == 8 || run == 16) && !(run < s.len && s.p[run] == '=');
}

/* "=C3=A4" is one UTF-8 character, "=80" alone is not. */
static bool is_in_sequence(struct kw_str line, size_t at)
{
	return (at + 3 < line.len && line.p[at + 3] == '=') || (at >= 3 && line.p[at - 3] == '=');
}

/* What the '=' at @at proves: "=3D" is '=' itself. */
static enum verdict judge_one(struct kw_str line, size_t at)
{
	struct kw_str s = kw_str_from(line, at + 1);
	size_t run = hex_run(s);
	int high, low;

	if (!s.len)
		return NEUTRAL; /* a soft break, or a name without its value */
	high = upper_hex_digit(s.p[0]);
	low = s.len > 1 ? upper_hex_digit(s.p[1]) : -1;
	if (high < 0 || low < 0 || is_register(s, run))
		return PLAIN;
	if (high == 3 && low == 13)
		return PROOF;
	if (high >= 8 && run == 2 && is_in_sequence(line, at))
		return NEUTRAL;
	return run == 2 && high == 2 && low == 0 ? NEUTRAL : PLAIN;
}

static enum verdict judge(struct kw_str raw)
{
	struct kw_str line = kw_str_trim(raw);
	enum verdict all = NEUTRAL;

	for (size_t at = 0; at < line.len; at++) {
		const char *equals = memchr(line.p + at, '=', line.len - at);
		enum verdict one;

		if (!equals)
			break;
		at = (size_t)(equals - line.p);
		one = judge_one(line, at);
		if (one == PLAIN)
			return PLAIN;
		if (one == PROOF)
			all = PROOF;
	}
	return all;
}

bool kw_mail_contradicts(struct kw_str raw)
{
	return memchr(raw.p, '=', raw.len) && judge(raw) == PLAIN;
}

bool kw_mail_encoded(struct kw_mail *mail, struct kw_str raw)
{
	switch (memchr(raw.p, '=', raw.len) ? judge(raw) : NEUTRAL) {
	case PLAIN:
		mail->signs = 0;
		return false;
	case PROOF:
		if (mail->signs < SIGNS_ENOUGH)
			mail->signs++;
		mail->lines = LINES_MOST;
		return true;
	case NEUTRAL:
		break;
	}
	if (mail->lines && !--mail->lines)
		mail->signs = 0;
	return mail->signs == SIGNS_ENOUGH;
}
