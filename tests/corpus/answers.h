/* SPDX-License-Identifier: MIT */
/*
 * What is the same answer? Of each failure in a text, what does not depend on where it stands
 * there: class, machine, headline, fingerprint, findings with certainty and reason, facts with
 * their values, words, code, instruction and MSR. Line numbers, notes and quoted lines are left
 * out.
 */
#ifndef KW_TESTS_ANSWERS_H
#define KW_TESTS_ANSWERS_H

#include "../fuzz/fuzz.h"

enum { MAX_ANSWERS = 16 };

struct answers {
	struct kw_context context;
	struct kw_buf text[MAX_ANSWERS];
	size_t count; /* may be more than are kept */
};

/* Reads a whole text; @a is emptied first. */
void answers_read(struct answers *a, const char *text, size_t len);
void answers_free(struct answers *a);

/* An answer of @a that @b does not have, in whatever order, NULL if it has all. */
const struct kw_buf *answers_missing(const struct answers *a, const struct answers *b);

/* The first line of @missing that no answer of @b holds, for the report of a test. */
struct kw_str answers_difference(const struct kw_buf *missing, const struct answers *b);

#endif
