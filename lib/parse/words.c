// SPDX-License-Identifier: MIT
/*
 * The words of all parsers as finders: where a stream is worth reading, and which of its lines can
 * hold a message.
 */
#include "parse/parse.h"

#include <errno.h>

struct words {
	struct kw_str word[KW_FIND_NEEDLES];
	size_t n;
};

static int add_word(struct words *words, struct kw_str word)
{
	if (word.len > KW_FIND_NEEDLE_MAX)
		word.len = KW_FIND_NEEDLE_MAX;
	for (size_t i = 0; i < words->n; i++) {
		if (kw_str_eq(words->word[i], word))
			return 0;
	}
	if (words->n == KW_FIND_NEEDLES)
		return -EINVAL;
	words->word[words->n++] = word;
	return 0;
}

/* What is evidence only is looked for where a failure is, and not all over the stream. */
static int add_messages(struct words *words, const struct kw_parser *parser, bool evidence)
{
	int err = 0;

	for (const struct kw_message *m = parser->messages; !err && m && m->words.len; m++) {
		if (evidence || m->class != KW_CLASS_NONE)
			err = add_word(words, m->words);
	}
	return err;
}

static int add_words(struct words *words, const struct kw_parser *parser)
{
	int err = 0;

	for (const struct kw_str *word = parser->words; !err && word && word->len; word++)
		err = add_word(words, *word);
	return err ? err : add_messages(words, parser, false);
}

int kw_find_parser_words(struct kw_finder *ret)
{
	struct words words = { .n = 0 };
	int err;

	/* journalctl -o json: bytes as numbers, in which no word is found */
	err = add_word(&words, KW_STR("\"MESSAGE\":["));
	for (const struct kw_parser *const *p = kw_parsers; !err && *p; p++)
		err = add_words(&words, *p);
	return err ? err : kw_find_init(ret, words.word, words.n);
}

int kw_find_message_words(struct kw_finder *ret)
{
	struct words words = { .n = 0 };
	int err = 0;

	for (const struct kw_parser *const *p = kw_parsers; !err && *p; p++)
		err = add_messages(&words, *p, true);
	return err ? err : kw_find_init(ret, words.word, words.n);
}
