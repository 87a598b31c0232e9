/* SPDX-License-Identifier: MIT */
/*
 * Converts a stream that is UTF-16, by its byte order mark, to UTF-8; anything else passes
 * unchanged.
 */
#ifndef KW_UTF16_H
#define KW_UTF16_H

#include "base/str.h"

enum { KW_UTF16_ROOM = 4 }; /* bytes of UTF-8 for two of UTF-16, at most */

struct kw_utf16 {
	uint8_t state; /* enum in utf16.c; zero at the start of a stream */
	uint8_t byte;  /* the first of two */
	bool half;     /* and it was there */
	uint16_t high; /* the first of a surrogate pair, 0 for none */
};

/* Does the stream, whose next byte is @first, pass unchanged from here on? */
bool kw_utf16_passes(struct kw_utf16 *u, unsigned char first);

/* One byte of a stream that does not pass; returns the number of UTF-8 bytes now in @room. */
size_t kw_utf16_byte(struct kw_utf16 *u, unsigned char byte, char room[static KW_UTF16_ROOM]);

/* The end of the stream; resets the state. */
size_t kw_utf16_end(struct kw_utf16 *u, char room[static KW_UTF16_ROOM]);

#endif
