// SPDX-License-Identifier: MIT
/* Command-line words in, complaints out: each names the value, its place and the remedy. */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "term.h"

const char *const kw_vendors[] = { "intel", "amd", NULL };
const char *const kw_text_or_json[] = { "text", "json", NULL };
const char *const kw_report_formats[] = { "text", "json", "ndjson", "html", NULL };
const char *const kw_colors[] = { "auto", "always", "never", NULL };

int kw_usage(const char *command, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	kw_complain("%s: %s; see 'kvmwhy help %s'", command, text, command);
	return KW_EXIT_TROUBLE;
}

int kw_option_trouble(const char *command, int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return kw_usage(command, "option '%s' needs a value", word);
	if (optopt >= KW_OPT_HELP)
		return kw_usage(command, "'%s': this option takes no value", word);
	if (optopt)
		return kw_usage(command, "unknown option '-%c'", optopt);
	return kw_usage(command, "unknown option '%s'", word);
}

int kw_check_word(const char *command, const char *option, const char *const *allowed,
		  const char *value)
{
	char list[128];
	size_t len = 0;

	for (const char *const *word = allowed; *word; word++) {
		if (!strcmp(*word, value))
			return 0;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					*word);
	}
	return kw_usage(command, "'%s' is not a value of %s; use one of: %s", value, option,
			list);
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

enum { WORD_MAX = 63 };

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Edit distance from @a to @b: a letter added, removed, changed, or two neighbours swapped. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		last[j] = (unsigned int)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int *spare = before;

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < width; j++) {
			row[j + 1] = least(least(last[j + 1], row[j]) + 1,
					   last[j] + (a[i] != b[j]));
			if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j])
				row[j + 1] = least(row[j + 1], before[j - 1] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[width];
}

const char *kw_suggest(const char *word, const char *(*name)(size_t i))
{
	size_t len = strlen(word);
	unsigned int limit = (unsigned int)len / 3 + 1;
	const char *candidate, *best = NULL;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; (candidate = name(i)); i++) {
		unsigned int edits;

		if (strlen(candidate) > WORD_MAX)
			continue;
		edits = strncmp(candidate, word, len) ? edit_distance(word, candidate) : 0;
		if (edits < limit) {
			limit = edits;
			best = candidate;
		}
	}
	return best;
}
