/* SPDX-License-Identifier: MIT */
/*
 * A search typed by a user: words, in any order. A word is letters and digits; upper and lower case
 * are the same. One of three characters or more is also found at the beginning of a longer one:
 * "tr" finds TR and not "controls", "emul" finds "emulation".
 */
#ifndef KW_QUERY_H
#define KW_QUERY_H

#include "base/str.h"

/* Does each word of @query occur in one of the @n texts? True for a query without words. */
bool kw_query_finds(struct kw_str query, const struct kw_str *texts, size_t n);

#endif
