// SPDX-License-Identifier: MIT
/* The forms are those of journalctl --since that are also unambiguous. */
#include "when.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/base/number.h"

#define SECOND_US 1000000ull

enum { SECONDS_MOST = 1 << 30, DIGITS_MOST = 18 };

struct unit {
	const char *names; /* each followed by a blank */
	uint64_t seconds;
};

static const struct unit units[] = {
	{ "s sec second seconds ", 1 }, { "m min minute minutes ", 60 }, { "h hour hours ", 3600 },
	{ "d day days ", 86400 },	{ "w week weeks ", 7 * 86400 },
};

static uint64_t seconds_of(const char *name, size_t len)
{
	for (size_t i = 0; len && i < sizeof(units) / sizeof(units[0]); i++)
		for (const char *word = units[i].names; *word; word += strcspn(word, " ") + 1)
			if (strcspn(word, " ") == len && !strncmp(word, name, len))
				return units[i].seconds;
	return 0;
}

/* "-2h", "2 hours ago" */
static bool before_now(const char *text, uint64_t now, uint64_t *ret)
{
	bool minus = *text == '-';
	const char *digits = text + minus, *name, *rest;
	size_t ndigits = strspn(digits, "0123456789"), len;
	uint64_t count, unit;

	name = digits + ndigits + strspn(digits + ndigits, " ");
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz");
	unit = seconds_of(name, len);
	rest = name + len;
	if (!ndigits || !unit || strcmp(rest, minus ? "" : " ago") ||
	    !kw_number(digits, ndigits, SECONDS_MOST, &count))
		return false;
	*ret = count * unit < now ? now - count * unit : 0;
	return true;
}

static uint64_t midnight(uint64_t now, int days)
{
	time_t seconds = (time_t)now;
	struct tm day;

	localtime_r(&seconds, &day);
	day.tm_mday += days;
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	day.tm_isdst = -1;
	return (uint64_t)mktime(&day);
}

/* A date, a clock, or both; without a date it is today's. */
static bool on_calendar(const char *text, uint64_t now, uint64_t *ret)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",	     "%H:%M:%S",	  "%H:%M",
	};
	time_t today = (time_t)now, time;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm;
		const char *end;

		localtime_r(&today, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		tm.tm_isdst = -1;
		time = mktime(&tm);
		*ret = time > 0 ? (uint64_t)time : 0;
		return true;
	}
	return false;
}

int kw_when(const char *text, uint64_t now_us, uint64_t *ret)
{
	uint64_t now = now_us / SECOND_US, at = 0;

	if (!strcmp(text, "now"))
		at = now;
	else if (!strcmp(text, "today"))
		at = midnight(now, 0);
	else if (!strcmp(text, "yesterday"))
		at = midnight(now, -1);
	else if (*text == '@' && !kw_number(text + 1, strlen(text + 1), UINT32_MAX, &at))
		return -1;
	else if (*text != '@' && !before_now(text, now, &at) && !on_calendar(text, now, &at))
		return -1;
	*ret = at * SECOND_US;
	return 0;
}
