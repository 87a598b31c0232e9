// SPDX-License-Identifier: MIT
/*
 * kvmwhy replay: a recording of `kvmwhy record` or `watch --log` in, what `watch` printed at the
 * time out.
 */
#include "cli.h"

#include <string.h>

static const char help[] =
	"usage: kvmwhy replay [OPTION]... [FILE]...\n"
	"\n"
	"Explains the failures recorded by `kvmwhy record` and `kvmwhy watch --log`, as watch\n"
	"did when they happened. Same as `kvmwhy explain`, with the same options. A recording\n"
	"names the host kernel itself.\n"
	"\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if something was explained, 1 if nothing was recognised, 2 if the\n"
	"command was misused or something could not be read or written.\n";

static int run(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return kw_print(help, KW_EXIT_FOUND);
	return kw_cmd_explain.run(argc, argv);
}

const struct kw_command kw_cmd_replay = {
	.name = "replay",
	.summary = "explain what 'kvmwhy record' wrote",
	.help = help,
	.run = run,
};
