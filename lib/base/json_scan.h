/* SPDX-License-Identifier: MIT */
/*
 * A strict JSON scanner (RFC 8259) for text from other programs: reports the members of its objects
 * and builds nothing. No recursion, no memory; nesting that is too deep is invalid.
 */
#ifndef KW_JSON_SCAN_H
#define KW_JSON_SCAN_H

#include "base/str.h"

enum { KW_JSON_DEPTH = 32 };

/* A member of an object at @depth, from 1. @value is verbatim: "text" with its quotes, 1, [1,2]. */
typedef void (*kw_json_member_fn)(void *arg, unsigned int depth, struct kw_str key,
				  struct kw_str value);

/*
 * Scans the value at the start of @s; @fn is called for each member whose value is a string, a
 * number, a word or a flat array, @key without its quotes. Returns the length of the value, 0 if it
 * is invalid: then ignore what @fn was given.
 */
size_t kw_json_scan(struct kw_str s, kw_json_member_fn fn, void *arg);

/*
 * Writes the text of a string @value in UTF-8 into @room (value.len bytes, may overlap @value).
 * Returns its length.
 */
size_t kw_json_unescape(struct kw_str value, char *room);

/* The bytes of an array of numbers below 256, the same way; 0 if it is not one. */
size_t kw_json_bytes(struct kw_str value, char *room);

#endif
