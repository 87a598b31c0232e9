// SPDX-License-Identifier: MIT
/* kvmwhy-live: the commands of kvmwhy(1) that look at this host, which starts it. */
#include "cli.h"

#include <getopt.h>
#include <string.h>

#include "term.h"

static const struct kw_command *const commands[] = { &kw_cmd_watch, &kw_cmd_record, &kw_cmd_host };

int main(int argc, char **argv)
{
	opterr = 0;
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i]->name, argv[1]))
			return commands[i]->run(argc - 1, argv + 1);
	kw_complain("this program is part of kvmwhy: run 'kvmwhy watch' instead");
	return KW_EXIT_TROUBLE;
}
