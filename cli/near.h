/* SPDX-License-Identifier: MIT */
/* A word that is not one of those allowed in; the one that may have been meant out. */
#ifndef KW_NEAR_H
#define KW_NEAR_H

#include <stddef.h>

enum { KW_NEAR_MAX = 63 };

/* What may have been meant by a word that is not one of those allowed. */
struct kw_near {
	const char *word;
	unsigned int limit;	    /* a candidate must take fewer edits */
	char best[KW_NEAR_MAX + 1]; /* the closest so far; empty if none is close */
};

/* Begins a search. Nothing is close to a word of one character or of more than KW_NEAR_MAX. */
void kw_near_init(struct kw_near *near, const char *word);

/* Of equally close candidates the first wins. Ignores case. */
void kw_near_try(struct kw_near *near, const char *candidate);

/* ": did you mean 'BEST'?" in @buf, or @otherwise if nothing is close. */
const char *kw_near_ask(const struct kw_near *near, char *buf, size_t size, const char *otherwise);

/* The number @text with 0x in front, in @buf, if that is the index of a known MSR; else NULL. */
const char *kw_near_hex_msr(const char *text, char *buf, size_t size);

/* The MSR that may have been meant by @name, by its name or index, in @buf; NULL if none. */
const char *kw_near_msr(const char *name, char *buf, size_t size);

#endif
