// SPDX-License-Identifier: MIT
/*
 * kvmwhy-host, kvmwhy-journal and kvmwhy-live: the commands of kvmwhy(1) that look at this host,
 * which starts them.
 */
#include "cli.h"

#include <getopt.h>
#include <string.h>

#include "term.h"

int main(int argc, char **argv)
{
	opterr = 0;
	for (const struct kw_command *const *command = kw_live_commands; argc > 1 && *command;
	     command++)
		if (!strcmp((*command)->name, argv[1]))
			return (*command)->run(argc - 1, argv + 1);
	kw_complain("this program is part of kvmwhy: run 'kvmwhy %s' instead",
		    kw_live_commands[0]->name);
	return KW_EXIT_TROUBLE;
}
