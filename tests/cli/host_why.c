// SPDX-License-Identifier: MIT
/*
 * host_why ROOT WAY: what is said against WAY (any for all of them) on the host whose files are
 * below ROOT, in the words of `kvmwhy watch`; nothing if nothing prevents it.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "watch.h"

int main(int argc, char **argv)
{
	static struct kw_host host;
	char text[KW_WATCHER_REASONS];

	if (argc != 3 || kw_host_collect(&host, argv[1]))
		return 2;
	kw_watcher_against(&host.watch, strcmp(argv[2], "any") ? argv[2] : NULL, text);
	puts(text);
	return 0;
}
