// SPDX-License-Identifier: MIT
/*
 * What `kvmwhy host` asks kvmwhy-live, in lines for a program: the ways that were built in and
 * whether the kernel log can be read; with names of ways, which of them open. Each is closed again
 * at once.
 */
#include "cli.h"

#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host/facts/host.h"
#include "../host/watch/kmsg.h"
#include "../host/watch/watch.h"

static int ignore(void *arg, const struct kvmwhy_event *event)
{
	(void)arg;
	(void)event;
	return 0;
}

static void try(const char *way)
{
	const struct kw_watcher_options options = { .via = way };
	struct kw_watcher *live = calloc(1, sizeof(*live));

	if (!live)
		return;
	if (kw_watcher_open(live, &options, ignore, NULL)) {
		live->why[strcspn(live->why, "\n")] = '\0';
		printf("fails %s\n", live->why);
	} else {
		printf("works %s\n", way);
		kw_watcher_stop(live);
		kw_watcher_close(live);
	}
	free(live);
}

static void say_built(void)
{
	struct kw_kmsg *kmsg = calloc(1, sizeof(*kmsg));
	int err = kmsg ? kw_kmsg_open(kmsg) : 0;

	for (size_t i = 0; kw_backend_name(i); i++)
		printf("built %s\n", kw_backend_name(i));
	if (err)
		printf("no-log %s\n", strerror(-err));
	else if (kmsg)
		kw_kmsg_close(kmsg);
	free(kmsg);
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		say_built();
	for (int i = 1; i < argc; i++)
		try(argv[i]);
	return KW_EXIT_FOUND;
}

const struct kw_command kw_cmd_ways = { .name = "ways", .run = run };
