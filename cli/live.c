// SPDX-License-Identifier: MIT
/* Commands that look at this host: words in, kvmwhy-live in our place. It lies beside us, or where it is installed. */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "term.h"

#define PROGRAM "kvmwhy-live"

enum { MAX_WORDS = 64 };

static void beside_us(char path[static PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, PROGRAM);
}

static int run(int argc, char **argv)
{
	char path[PATH_MAX], *words[MAX_WORDS + 2];

	if (argc > MAX_WORDS)
		return kw_usage(argv[0], "too many words");
	beside_us(path);
	words[0] = path;
	memcpy(words + 1, argv, sizeof(*argv) * (size_t)argc);
	words[argc + 1] = NULL;
	execv(path, words);
	execv(KW_CLI_LIBEXECDIR "/" PROGRAM, words);
	kw_complain("%s: cannot start " KW_CLI_LIBEXECDIR "/" PROGRAM ": %s; it may be in the "
		"package kvmwhy-watch", argv[0],
		    strerror(errno));
	return KW_EXIT_TROUBLE;
}

const struct kw_command kw_live_host = { .name = "host", .summary = KW_SUMMARY_HOST, .run = run };
const struct kw_command kw_live_watch = { .name = "watch", .summary = KW_SUMMARY_WATCH, .run = run };
const struct kw_command kw_live_record = { .name = "record", .summary = KW_SUMMARY_RECORD, .run = run };
