// SPDX-License-Identifier: MIT
/*
 * The number of a thread in; its process, its name and the beginning of its command line out, as
 * far as /proc still has them. The process of a thread that is gone is unknown.
 */
#include "tracefs_parts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes read; 0 if it is not there. */
static size_t read_proc(uint32_t tid, const char *name, char *ret, size_t size)
{
	char path[64];
	ssize_t got;
	int file;

	snprintf(path, sizeof(path), "/proc/%u/%s", tid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	got = read(file, ret, size);
	close(file);
	return got > 0 ? (size_t)got : 0;
}

static uint32_t process_of(uint32_t tid)
{
	char status[512];
	size_t len = read_proc(tid, "status", status, sizeof(status) - 1);
	const char *at;

	status[len] = '\0';
	at = strstr(status, "\nTgid:");
	return at ? (uint32_t)strtoul(at + 6, NULL, 10) : 0;
}

static void fill_comm(struct kw_tracefs *t, struct kvmwhy_event *event)
{
	size_t len = read_proc(event->common.tid, "comm", event->common.comm,
			       sizeof(event->common.comm) - 1);
	const char *saved;

	if (len) {
		event->common.comm[event->common.comm[len - 1] == '\n' ? len - 1 : len] = '\0';
		return;
	}
	/* The kernel's own list of recently traced threads. */
	tracefs_load_cmdlines(NULL, t->tep);
	if (!tep_is_pid_registered(t->tep, (int)event->common.tid))
		return;
	saved = tep_data_comm_from_pid(t->tep, (int)event->common.tid);
	if (saved && saved[0] != '<')
		snprintf(event->common.comm, sizeof(event->common.comm), "%s", saved);
}

void kw_tracefs_who(struct kw_tracefs *t, struct kvmwhy_event *event)
{
	event->common.pid = process_of(event->common.tid);
	if (!event->common.pid)
		event->common.pid = (uint32_t)t->live->options.pid;
	fill_comm(t, event);
	read_proc(event->common.tid, "cmdline", event->common.args, sizeof(event->common.args));
	event->common.args[sizeof(event->common.args) - 1] = '\0';
}

char *kw_tracefs_tasks(pid_t pid)
{
	char path[64], *text = NULL;
	struct dirent *entry;
	size_t size;
	FILE *out;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return NULL;
	out = open_memstream(&text, &size);
	while (out && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			fprintf(out, "%s ", entry->d_name);
	closedir(dir);
	if (!out || fclose(out))
		return NULL;
	return text;
}
