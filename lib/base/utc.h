/* SPDX-License-Identifier: MIT */
/*
 * Times of day in UTC, "2026-11-29T06:25:25.123456Z", to and from microseconds since 1970; years
 * 1970 to 9999.
 */
#ifndef KW_UTC_H
#define KW_UTC_H

#include "base/buf.h"

void kw_utc_put(struct kw_buf *buf, uint64_t us);

/* The time at the start of @s; false if there is none. */
bool kw_utc_read(struct kw_str s, uint64_t *ret);

#endif
