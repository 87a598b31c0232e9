// SPDX-License-Identifier: MIT
/* The Gregorian calendar, without leap seconds and without the C library's locale and zone. */
#include "base/utc.h"

static unsigned long long number(uint64_t value)
{
	return value;
}

/*
 * Year, month and day of a number of days since 1970 (the Gregorian calendar, in cycles of 400
 * years from March on).
 */
static void put_date(struct kw_buf *buf, uint64_t days)
{
	uint64_t era, day, year, month;

	days += 719468; /* since 1 March of the year 0 */
	era = days / 146097;
	day = days % 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day = day - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	kw_buf_printf(buf, "%04llu-%02llu-%02llu", number(era * 400 + year + (month <= 2)),
		      number(month), number(day));
}

void kw_utc_put(struct kw_buf *buf, uint64_t us)
{
	uint64_t seconds = us / 1000000;

	put_date(buf, seconds / 86400);
	kw_buf_printf(buf, "T%02llu:%02llu:%02llu.%06lluZ", number(seconds / 3600 % 24),
		      number(seconds / 60 % 60), number(seconds % 60), number(us % 1000000));
}

/* Days since 1970 of a Gregorian date, from the year 1970 on. */
static uint64_t days(uint64_t year, uint64_t month, uint64_t day)
{
	static const uint16_t before[12] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334,
	};
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	uint64_t leaps = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477;

	return 365 * (year - 1970) + leaps + before[month - 1] + (leap && month > 2) + day - 1;
}

/* The number of @len digits at @at, UINT64_MAX if there are fewer. */
static uint64_t digits(struct kw_str s, size_t at, size_t len)
{
	uint64_t value;
	struct kw_str part = { s.p + at, len };

	return kw_str_dec(part, &value) == len ? value : UINT64_MAX;
}

bool kw_utc_read(struct kw_str s, uint64_t *ret)
{
	uint64_t year, month, day, hour, minute, second, fraction;

	if (s.len < 27 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' ||
	    s.p[16] != ':' || s.p[19] != '.' || s.p[26] != 'Z')
		return false;
	year = digits(s, 0, 4);
	month = digits(s, 5, 2);
	day = digits(s, 8, 2);
	hour = digits(s, 11, 2);
	minute = digits(s, 14, 2);
	second = digits(s, 17, 2);
	fraction = digits(s, 20, 6);
	if (year < 1970 || year > 9999 || !month || month > 12 || !day || day > 31 || hour > 23 ||
	    minute > 59 || second > 60 || fraction > 999999)
		return false;
	*ret = (((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000000 +
	       fraction;
	return true;
}
