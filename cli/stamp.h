/* SPDX-License-Identifier: MIT */
/* A line of a log in, the time that it begins with out. */
#ifndef KW_STAMP_H
#define KW_STAMP_H

#include <stddef.h>

/*
 * Length of the time that @line begins with, as the log has it: "2026-12-01T06:15:44.123+00:00",
 * "Dec  1 06:15:44", or the kernel's "[Tue Dec  1 06:15:44 2026]" and "[ 1234.567890]". 0 if there
 * is none.
 */
size_t kw_stamp(const char *line);

#endif
