// SPDX-License-Identifier: MIT
/* Command-line words in, complaints out: each names the value, its place and the remedy. */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "near.h"
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
