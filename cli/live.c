// SPDX-License-Identifier: MIT
/*
 * Commands that look at this host: replaces this process with the program that has their libraries.
 * It is next to this one, or where it is installed.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "term.h"

enum { MAX_WORDS = 64 };

static void beside_us(const char *program, char path[static PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - NAME_MAX - 1);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, program);
}

static int start(const char *program, const char *package, int argc, char **argv)
{
	char path[PATH_MAX], *words[MAX_WORDS + 2];

	if (argc > MAX_WORDS)
		return kw_usage(argv[0], "too many words");
	beside_us(program, path);
	words[0] = path;
	memcpy(words + 1, argv, sizeof(*argv) * (size_t)argc);
	words[argc + 1] = NULL;
	execv(path, words);
	snprintf(path, sizeof(path), KW_CLI_LIBEXECDIR "/%s", program);
	execv(path, words);
	kw_complain("%s: cannot start %s: %s; it may be in the package %s", argv[0], path,
		    strerror(errno), package);
	return KW_EXIT_TROUBLE;
}

static int run_host(int argc, char **argv)
{
	return start("kvmwhy-host", "kvmwhy", argc, argv);
}

static int run_journal(int argc, char **argv)
{
	return start("kvmwhy-journal", "kvmwhy", argc, argv);
}

static int run_watch(int argc, char **argv)
{
	return start("kvmwhy-live", "kvmwhy-watch", argc, argv);
}

const struct kw_command kw_live_host = { .name = "host",
					 .summary = KW_SUMMARY_HOST,
					 .run = run_host };
const struct kw_command kw_live_journal = { .name = "journal",
					    .summary = KW_SUMMARY_JOURNAL,
					    .run = run_journal };
const struct kw_command kw_live_watch = { .name = "watch",
					  .summary = KW_SUMMARY_WATCH,
					  .run = run_watch };
const struct kw_command kw_live_record = { .name = "record",
					   .summary = KW_SUMMARY_RECORD,
					   .run = run_watch };
