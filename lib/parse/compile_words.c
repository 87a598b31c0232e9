// SPDX-License-Identifier: MIT
/*
 * Runs while the library is built: compile-words FILE writes the words of all parsers as compiled
 * lists, ranked by a file of ordinary lines, so that nothing is ranked at start-up. words.h says
 * what for. compile-words --list: one word a line.
 */
#include "parse/words.h"

#include <stdio.h>
#include <string.h>

#include "base/find_rank.h"
#include "parse/parse.h"

enum { WORDS = 1024, SAMPLE_MAX = 1 << 20 };

static char sample[SAMPLE_MAX];

struct words {
	struct kw_str word[WORDS];
	size_t n;
};

/* The parsers' objects reference them; nothing reads a stream here. */
const struct kw_finder kw_parser_words, kw_message_words;

static bool add_word(struct words *words, struct kw_str word)
{
	if (word.len > KW_FIND_NEEDLE_MAX)
		word.len = KW_FIND_NEEDLE_MAX;
	for (size_t i = 0; i < words->n; i++) {
		if (kw_str_eq(words->word[i], word))
			return true;
	}
	if (words->n == WORDS)
		return false;
	words->word[words->n++] = word;
	return true;
}

static bool add_words(struct words *words, const struct kw_parser *parser)
{
	bool fits = true;

	for (const struct kw_str *word = parser->words; fits && word && word->len; word++)
		fits = add_word(words, *word);
	return fits;
}

/* Words that are only evidence are searched for around a failure, not in the whole stream. */
static bool add_messages(struct words *words, const struct kw_parser *parser, bool evidence)
{
	bool fits = true;

	for (const struct kw_message *m = parser->messages; fits && m && m->words.len; m++) {
		if (evidence || m->class != KW_CLASS_NONE)
			fits = add_word(words, m->words);
	}
	return fits;
}

static bool collect_all(struct words *words)
{
	/* journalctl -o json: bytes as numbers, in which no word can be found */
	bool fits = add_word(words, KW_STR("\"MESSAGE\":["));

	for (const struct kw_parser *const *p = kw_parsers; fits && *p; p++) {
		fits = add_words(words, *p) && add_messages(words, *p, false);
	}
	return fits;
}

static bool collect_messages(struct words *words)
{
	bool fits = true;

	for (const struct kw_parser *const *p = kw_parsers; fits && *p; p++) {
		fits = add_messages(words, *p, true);
		if (fits && (*p)->worded)
			fits = add_words(words, *p);
	}
	return fits;
}

/* A text with a word has also each word within that word: only these are searched for. */
static void drop_longer(struct words *words)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++) {
		struct kw_str word = words->word[i];
		bool longer = false;

		for (size_t k = 0; k < words->n && !longer; k++)
			longer = words->word[k].len < word.len && kw_str_has(word, words->word[k]);
		if (!longer)
			words->word[n++] = word;
	}
	words->n = n;
}

static void print_bytes(const uint8_t *bytes, size_t n)
{
	printf("{");
	for (size_t i = 0; i < n; i++)
		printf("%u,", bytes[i]);
	printf("},\n");
}

static void print_needle(const struct kw_find_needle *n)
{
	const char *p = n->text.p;

	printf("\t{ { \"");
	for (size_t i = 0; i < n->text.len; i++)
		printf("\\%03o", (uint8_t)p[i]);
	printf("\", %zu }, %u, %u },\n", n->text.len, n->offset, n->bucket);
}

static void print_tables(const struct kw_finder *f)
{
	printf("\t.low = {\n");
	for (size_t k = 0; k < KW_FIND_WINDOW; k++)
		print_bytes(f->low[k], sizeof(f->low[k]));
	printf("\t},\n\t.high = {\n");
	for (size_t k = 0; k < KW_FIND_WINDOW; k++)
		print_bytes(f->high[k], sizeof(f->high[k]));
	printf("\t},\n\t.byte = {\n");
	for (size_t k = 0; k < KW_FIND_WINDOW; k++)
		print_bytes(f->byte[k], sizeof(f->byte[k]));
	printf("\t},\n\t.ascii = {\n");
	for (size_t k = 0; k < KW_FIND_WINDOW; k++)
		print_bytes(f->ascii[k], sizeof(f->ascii[k]));
	printf("\t},\n\t.first = { ");
	for (size_t h = 0; h <= KW_FIND_HASHES; h++)
		printf("%u,", f->first[h]);
	printf("},\n\t.offset_max = %u,\n", f->offset_max);
}

static int print_list(const char *name, const struct words *words, struct kw_str ordinary)
{
	struct kw_find_needle needles[WORDS];
	struct kw_finder f;
	int err = kw_find_rank(&f, needles, words->word, words->n, ordinary);

	if (err < 0) {
		fprintf(stderr, "%s: a word has fewer than %d bytes, or no memory\n", name,
			KW_FIND_NEEDLE_MIN);
		return 1;
	}
	printf("static const struct kw_find_needle %s_needles[] = {\n", name);
	for (size_t i = 0; i < words->n; i++)
		print_needle(&needles[i]);
	printf("};\n\nconst struct kw_finder kw_%s = {\n\t.needle = %s_needles,\n", name, name);
	print_tables(&f);
	printf("};\n\n");
	return 0;
}

static bool read_ordinary(const char *path, struct kw_str *ret)
{
	FILE *f = fopen(path, "r");
	bool whole;

	if (!f)
		return false;
	*ret = (struct kw_str){ sample, fread(sample, 1, sizeof(sample), f) };
	whole = !ferror(f) && feof(f);
	fclose(f);
	return whole;
}

int main(int argc, char **argv)
{
	struct words all = { .n = 0 }, messages = { .n = 0 };
	struct kw_str ordinary;

	if (argc != 2) {
		fprintf(stderr, "usage: compile-words --list | FILE\n");
		return 1;
	}
	if (!collect_all(&all) || !collect_messages(&messages)) {
		fprintf(stderr, "more than %d words\n", WORDS);
		return 1;
	}
	drop_longer(&all);
	drop_longer(&messages);
	if (strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < all.n; i++)
			printf("%.*s\n", (int)all.word[i].len, all.word[i].p);
		return 0;
	}
	if (!read_ordinary(argv[1], &ordinary)) {
		fprintf(stderr, "%s: cannot be read, or has %d bytes or more\n", argv[1],
			SAMPLE_MAX);
		return 1;
	}
	printf("#include \"parse/words.h\"\n\n");
	return print_list("parser_words", &all, ordinary) ||
	       print_list("message_words", &messages, ordinary);
}
