// SPDX-License-Identifier: MIT
/*
 * kvmwhy-live, which is beside this program, in; what it can do here out. It is asked and not
 * linked, since it needs libraries that a host without kvmwhy watch lacks.
 */
#include "host.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAYS = 4, LINE_MAX_BYTES = 1024 };

static unsigned int way_of(const char *name)
{
	for (unsigned int i = 0; kw_host_way_name(i); i++)
		if (!strcmp(kw_host_way_name(i), name))
			return 1u << i;
	return 0;
}

static _Noreturn void run_live(int out, char *const *ways)
{
	char path[PATH_MAX], *words[WAYS + 3] = { path, (char *)"ways" };
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - NAME_MAX - 1);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "kvmwhy-live");
	for (size_t i = 0; i < WAYS && ways[i]; i++)
		words[i + 2] = ways[i];
	dup2(out, STDOUT_FILENO);
	execv(path, words);
	_exit(127);
}

/* What kvmwhy-live says about @ways, to be read until its end; NULL if it cannot be started. */
static FILE *ask_live(char *const *ways, pid_t *child)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	*child = fork();
	if (!*child)
		run_live(ends[1], ways);
	close(ends[1]);
	if (*child > 0)
		return fdopen(ends[0], "r");
	close(ends[0]);
	return NULL;
}

struct answer {
	unsigned int built, works;
	char fails[WAYS][LINE_MAX_BYTES]; /* "" if it did not */
	char no_log[LINE_MAX_BYTES];
};

static void take_line(struct answer *a, char *line)
{
	char *rest = strchr(line, ' '), *name_end;
	unsigned int way;

	if (!rest)
		return;
	*rest++ = '\0';
	if (!strcmp(line, "built"))
		a->built |= way_of(rest);
	else if (!strcmp(line, "works"))
		a->works |= way_of(rest);
	else if (!strcmp(line, "no-log"))
		snprintf(a->no_log, sizeof(a->no_log), "%s", rest);
	if (strcmp(line, "fails"))
		return;
	name_end = strchr(rest, ':');
	if (!name_end)
		return;
	*name_end = '\0';
	way = way_of(rest);
	for (unsigned int i = 0; i < WAYS; i++)
		if (way == 1u << i)
			snprintf(a->fails[i], sizeof(a->fails[i]), "%s", name_end + 2);
}

static void ask(char *const *ways, struct answer *a)
{
	char line[LINE_MAX_BYTES];
	pid_t child;
	FILE *f = ask_live(ways, &child);

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(a, line);
	}
	fclose(f);
	waitpid(child, NULL, 0);
}

/* Only what nothing known prevents is tried. */
static void try(struct kw_host *host, struct answer *a)
{
	char *ways[WAYS + 1] = { NULL };
	size_t count = 0;

	for (unsigned int i = 0; i < WAYS; i++)
		if (host->watch.ways >> i & 1)
			ways[count++] = (char *)kw_host_way_name(i);
	if (!count)
		return;
	ask(ways, a);
	for (unsigned int i = 0; i < WAYS; i++) {
		if (a->works >> i & 1)
			kw_host_tried(host, 1u << i, NULL);
		else if (a->fails[i][0])
			kw_host_tried(host, 1u << i, a->fails[i]);
	}
}

void kw_host_ask_watch(struct kw_host *host, bool trying)
{
	static char *const none[] = { NULL };
	static struct answer answer;

	ask(none, &answer);
	kw_host_built(host, answer.built);
	if (answer.no_log[0])
		kw_host_no_log(host, answer.no_log);
	if (trying)
		try(host, &answer);
}
