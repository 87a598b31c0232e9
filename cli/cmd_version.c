// SPDX-License-Identifier: MIT
/* kvmwhy version: the versions of the tool and of the library it runs with. */
#include "cli.h"

#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>

static const char help[] =
	"usage: kvmwhy version\n"
	"\n"
	"Prints the versions of kvmwhy and of the libkvmwhy it runs with.\n"
	"\n"
	"  -h, --help         print this text\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

static int run(int argc, char **argv)
{
	char text[256];
	int c;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		return kw_option_trouble(kw_cmd_version.name, options, c, argv);
	}
	if (optind < argc)
		return kw_usage(kw_cmd_version.name, "'%s' is an extra argument", argv[optind]);
	snprintf(text, sizeof(text), "kvmwhy %s\nlibkvmwhy %s\n", KW_CLI_VERSION, kw_version());
	return kw_print(text, KW_EXIT_FOUND);
}

const struct kw_command kw_cmd_version = {
	.name = "version",
	.summary = "print the versions of the tool and of the library",
	.help = help,
	.run = run,
};
