/* SPDX-License-Identifier: MIT */
/*
 * The terminal: complaints without control characters, colour or not, progress.
 */
#ifndef KW_TERM_H
#define KW_TERM_H

#include <stdbool.h>
#include <stdint.h>

/* One line "kvmwhy: ..." on stderr. Unprintable characters in it are shown as \xNN. */
void kw_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether to colour @fd: @when is "auto", "always" or "never". */
bool kw_term_color(int fd, const char *when);

/* Is @fd a terminal that can do more than a typewriter? */
bool kw_term_is_smart(int fd);

/* Shows progress: only on a terminal, only after a second, a few times a second. */
void kw_progress_show(uint64_t bytes, uint64_t failures);

/* Erases what kw_progress_show() wrote. */
void kw_progress_hide(void);

/* None from now on: something else writes to the terminal. */
void kw_progress_stop(void);

#endif
