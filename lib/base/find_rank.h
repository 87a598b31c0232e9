/* SPDX-License-Identifier: MIT */
/* Compiles words for base/find.h, before anything is searched. Not part of the library. */
#ifndef KW_FIND_RANK_H
#define KW_FIND_RANK_H

#include "base/find.h"

/*
 * Compiles @count words into @needles, which must live as long as @ret, like their text. Only speed
 * depends on @text, a sample of what will be searched. Takes about a second for a few hundred words
 * and 20 KiB. Return: 0; -EINVAL if there are no words, too many, or one is too short or too long;
 * -ENOMEM.
 */
int kw_find_rank(struct kw_finder *ret, struct kw_find_needle *needles, const struct kw_str *words,
		 size_t count, struct kw_str text);

#endif
