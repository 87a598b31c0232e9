/* SPDX-License-Identifier: MIT */
/*
 * A number typed by a user: decimal digits, or 0x and hexadecimal ones, and nothing else. In a
 * header, so that the command, the injector and libkvmwhy-vmm read numbers alike without linking
 * this library.
 */
#ifndef KW_BASE_NUMBER_H
#define KW_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline unsigned int kw_digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (unsigned int)((c | 0x20) - 'a' + 10);
	return 16;
}

/* Return: false for anything but a number of at most @max; *@ret is untouched then. */
static inline bool kw_number(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	bool hex = len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
	unsigned int base = hex ? 16 : 10;
	uint64_t value = 0;

	for (size_t i = hex ? 2 : 0; i < len; i++) {
		unsigned int digit = kw_digit_value(text[i]);

		if (digit >= base || digit > max || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (len)
		*ret = value;
	return len > 0;
}

#endif
