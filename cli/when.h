/* SPDX-License-Identifier: MIT */
/* A time as a user writes it in, microseconds since 1970 out. */
#ifndef KW_WHEN_H
#define KW_WHEN_H

#include <stdint.h>

/* For complaints: what kw_when() reads. */
#define KW_WHEN_FORMS                                                                          \
	"\"2026-12-01 06:15:44\" (local time; seconds, time or date may be left out), today, " \
	"yesterday, now, \"2 hours ago\", -2h or @SECONDS"

/*
 * Reads @text, local time, seen from @now_us. Return: 0 with @ret, or -1 if it is not a time.
 */
int kw_when(const char *text, uint64_t now_us, uint64_t *ret);

#endif
