// SPDX-License-Identifier: MIT
/* Searching and number reading on borrowed text. */
#include "base/str.h"

#include <endian.h>

static const int8_t hex_value[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15,
	['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int kw_hex_digit(char c)
{
	return hex_value[(unsigned char)c] - 1;
}

struct kw_str kw_str_trim(struct kw_str s)
{
	while (s.len && kw_is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && kw_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

size_t kw_str_find(struct kw_str s, struct kw_str needle)
{
	const char *hit;

	if (!needle.len || needle.len > s.len)
		return SIZE_MAX;
	hit = memmem(s.p, s.len, needle.p, needle.len);
	return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

/*
 * Eight digits at once; false if one of the characters is not a digit. Each byte of the word is a
 * character; adding the distance from a bound to 0x80 carries into the byte's highest bit exactly
 * when the character is not below the bound.
 */
static bool hex_eight(const char *p, uint64_t *ret)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	uint64_t c, lower, digit, letter;

	memcpy(&c, p, sizeof(c));
	c = be64toh(c);
	lower = c | 0x20 * ones;
	digit = (c + (0x80 - '0') * ones) & ~(c + (0x80 - ':') * ones);
	letter = (lower + (0x80 - 'a') * ones) & ~(lower + (0x80 - 'g') * ones);
	if (c & high || ((digit | letter) & high) != high)
		return false;
	c = (c & 0x0f * ones) + (c >> 6 & ones) * 9;
	c = (c | c >> 4) & 0x00ff00ff00ff00ff;
	c = (c | c >> 8) & 0x0000ffff0000ffff;
	*ret = (c | c >> 16) & 0xffffffff;
	return true;
}

size_t kw_str_hex(struct kw_str s, uint64_t *ret)
{
	size_t skip = s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x' ? 2 : 0;
	size_t end = s.len < skip + 16 ? s.len : skip + 16, i;
	uint64_t value = 0, eight;

	for (i = skip; i + 8 <= end && hex_eight(s.p + i, &eight); i += 8)
		value = value << 32 | eight;
	for (; i < end; i++) {
		unsigned int digit = (unsigned int)hex_value[(unsigned char)s.p[i]];

		if (!digit)
			break;
		value = value << 4 | (digit - 1);
	}
	if (i == skip)
		return 0;
	*ret = value;
	return i;
}

size_t kw_str_dec(struct kw_str s, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < s.len && i < 19 && kw_is_digit(s.p[i]); i++)
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	if (i)
		*ret = value;
	return i;
}
