// SPDX-License-Identifier: MIT
/* Command-line words in, complaints out: each names the value, its place and the remedy. */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "term.h"

const char *const kw_vendors[] = { "intel", "amd", NULL };
const char *const kw_text_or_json[] = { "text", "json", NULL };
const char *const kw_report_formats[] = { "text", "json", "ndjson", "html", NULL };

int kw_usage(const char *command, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	kw_complain("%s: %s%s 'kvmwhy help %s'", command, text,
		    text[strlen(text) - 1] == '?' ? " See" : "; see", command);
	return KW_EXIT_TROUBLE;
}

/* The long option that @word, "--formt=json" say, may have been meant to be. */
static void find_option(struct kw_near *near, char name[static KW_NEAR_MAX + 1], const char *word,
			const struct option *options)
{
	size_t len = strcspn(word, "=");

	snprintf(name, KW_NEAR_MAX + 1, "%.*s", (int)(len < KW_NEAR_MAX ? len : KW_NEAR_MAX), word);
	kw_near_init(near, name);
	for (const struct option *option = options; option->name; option++) {
		char candidate[KW_NEAR_MAX + 1];

		snprintf(candidate, sizeof(candidate), "--%s", option->name);
		kw_near_try(near, candidate);
	}
}

int kw_option_trouble(const char *command, const struct option *options, int c, char **argv)
{
	char name[KW_NEAR_MAX + 1], question[KW_NEAR_MAX + 32];
	const char *word = argv[optind - 1];
	struct kw_near near;

	if (c == ':')
		return kw_usage(command, "option '%s' needs a value", word);
	if (optopt >= KW_OPT_HELP)
		return kw_usage(command, "'%s': this option takes no value", word);
	if (optopt)
		return kw_usage(command, "unknown option '-%c'", optopt);
	find_option(&near, name, word, options);
	return kw_usage(command, "unknown option '%s'%s", word,
			kw_near_ask(&near, question, sizeof(question), ""));
}

int kw_check_word(const char *command, const char *option, const char *const *allowed,
		  const char *value)
{
	char list[128] = "; use one of:", question[KW_NEAR_MAX + 32];
	struct kw_near near;
	size_t len = strlen(list);

	kw_near_init(&near, value);
	for (const char *const *word = allowed; *word; word++) {
		if (!strcmp(*word, value))
			return 0;
		kw_near_try(&near, *word);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s %s",
					word == allowed ? "" : ",", *word);
	}
	return kw_usage(command, "'%s' is not a value of %s%s", value, option,
			kw_near_ask(&near, question, sizeof(question), list));
}

int kw_check_release(const char *command, const char *option, const char *release)
{
	size_t major = strspn(release, "0123456789");

	if (major && release[major] == '.' && isdigit((unsigned char)release[major + 1]))
		return 0;
	return kw_usage(command,
			"'%s' after %s is not a kernel release: use what 'uname -r' prints on the "
			"host, such as 5.10.100",
			release, option);
}

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
