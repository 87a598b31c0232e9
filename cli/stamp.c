// SPDX-License-Identifier: MIT
#include "stamp.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define DIGITS "0123456789"

/* d is a digit, D a digit or a blank, a a letter; everything else stands for itself. */
static const char *const forms[] = {
	"dddd-dd-ddTdd:dd:dd",
	"dddd-dd-dd dd:dd:dd",
	"aaa Dd dd:dd:dd",
	"[aaa aaa Dd dd:dd:dd dddd]",
};

static bool fits(char c, char wanted)
{
	switch (wanted) {
	case 'd':
		return isdigit((unsigned char)c);
	case 'D':
		return c == ' ' || isdigit((unsigned char)c);
	case 'a':
		return isalpha((unsigned char)c);
	default:
		return c == wanted;
	}
}

static size_t form_len(const char *line, const char *form)
{
	size_t len = 0;

	while (form[len] && fits(line[len], form[len]))
		len++;
	return form[len] ? 0 : len;
}

/* A fraction and a zone: ".123456+00:00", "Z". */
static size_t tail_len(const char *rest)
{
	size_t len = 0, zone;

	if ((rest[0] == '.' || rest[0] == ',') && isdigit((unsigned char)rest[1]))
		len = 1 + strspn(rest + 1, DIGITS);
	if (rest[len] == 'Z')
		return len + 1;
	if (rest[len] != '+' && rest[len] != '-')
		return len;
	zone = strspn(rest + len + 1, DIGITS ":");
	return zone == 4 || zone == 5 ? len + 1 + zone : len;
}

/* Seconds since the kernel booted. */
static size_t uptime_len(const char *line)
{
	size_t len = 1 + strspn(line + 1, " " DIGITS ".");

	return line[0] == '[' && line[len] == ']' && memchr(line, '.', len) ? len + 1 : 0;
}

size_t kw_stamp(const char *line)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = form_len(line, forms[i]);

		if (len)
			return len + (forms[i][0] == '[' ? 0 : tail_len(line + len));
	}
	return *line ? uptime_len(line) : 0;
}
