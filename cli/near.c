// SPDX-License-Identifier: MIT
/* By edit distance; the start of a word is as good as the word. */
#include "near.h"

#include <ctype.h>
#include <kvmwhy/kvmwhy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance from @a to @b: a letter added, removed, changed, or two neighbours swapped. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][KW_NEAR_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		last[j] = (unsigned int)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int *spare = before;

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < width; j++) {
			row[j + 1] = least(least(last[j + 1], row[j]) + 1,
					   last[j] + !is_same(a[i], b[j]));
			if (i && j && is_same(a[i], b[j - 1]) && is_same(a[i - 1], b[j]))
				row[j + 1] = least(row[j + 1], before[j - 1] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[width];
}

void kw_near_init(struct kw_near *near, const char *word)
{
	size_t len = strlen(word);

	near->word = word;
	near->limit = len < 2 || len > KW_NEAR_MAX ? 0 : (unsigned int)len / 3 + 1;
	near->best[0] = '\0';
}

void kw_near_try(struct kw_near *near, const char *candidate)
{
	unsigned int edits = 0;

	if (!near->limit || strlen(candidate) > KW_NEAR_MAX)
		return;
	if (strncasecmp(candidate, near->word, strlen(near->word)))
		edits = edit_distance(near->word, candidate);
	if (edits >= near->limit)
		return;
	near->limit = edits;
	strcpy(near->best, candidate);
}

const char *kw_near_ask(const struct kw_near *near, char *buf, size_t size, const char *otherwise)
{
	if (!near->best[0])
		return otherwise;
	snprintf(buf, size, ": did you mean '%s'?", near->best);
	return buf;
}

const char *kw_near_hex_msr(const char *text, char *buf, size_t size)
{
	char *said;
	int known;

	if (text[strspn(text, "0123456789abcdefABCDEF")])
		return NULL;
	snprintf(buf, size, "0x%s", text);
	known = kw_msr_text(buf, NULL, NULL, "text", 0, &said);
	if (known >= 0)
		free(said);
	return known > 0 ? buf : NULL;
}

const char *kw_near_msr(const char *name, char *buf, size_t size)
{
	char candidate[KW_NEAR_MAX + 1];
	struct kw_near near;

	if (kw_near_hex_msr(name, buf, size))
		return buf;
	kw_near_init(&near, name);
	for (size_t i = 0; kw_msr_name_at(i, candidate, sizeof(candidate)); i++)
		kw_near_try(&near, candidate);
	snprintf(buf, size, "%s", near.best);
	return near.best[0] ? buf : NULL;
}
