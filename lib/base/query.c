// SPDX-License-Identifier: MIT
/* Words against words: the texts are short or few, so nothing is prepared. */
#include "base/query.h"

enum { PREFIX_LEAST = 3 };

static bool is_alnum(char c)
{
	return kw_is_word(c) && c != '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Takes the next word from @text; empty at the end. */
static struct kw_str take_word(struct kw_str *text)
{
	size_t start = 0, end;

	while (start < text->len && !is_alnum(text->p[start]))
		start++;
	for (end = start; end < text->len && is_alnum(text->p[end]); end++)
		;
	*text = kw_str_from(*text, end);
	return (struct kw_str){ text->p - (end - start), end - start };
}

static bool is_found_in(struct kw_str wanted, struct kw_str word)
{
	if (wanted.len > word.len || (wanted.len < word.len && wanted.len < PREFIX_LEAST))
		return false;
	for (size_t i = 0; i < wanted.len; i++) {
		if (lower(wanted.p[i]) != lower(word.p[i]))
			return false;
	}
	return true;
}

static bool occurs(struct kw_str wanted, struct kw_str text)
{
	struct kw_str word;

	while ((word = take_word(&text)).len) {
		if (is_found_in(wanted, word))
			return true;
	}
	return false;
}

bool kw_query_finds(struct kw_str query, const struct kw_str *texts, size_t n)
{
	struct kw_str wanted;

	while ((wanted = take_word(&query)).len) {
		size_t i = 0;

		while (i < n && !occurs(wanted, texts[i]))
			i++;
		if (i == n)
			return false;
	}
	return true;
}
