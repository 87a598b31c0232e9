// SPDX-License-Identifier: MIT
/*
 * Names of what is put into tracefs in, its removal out: at the end, when this process is killed,
 * and at the next start.
 *
 * The guardian is a process that waits for the end of a pipe, which this process closes however it
 * ends. It is forked from a program that may have threads, so it makes only system calls. It also
 * creates the instances, since Linux 5.10 logs a warning if the process creating one is killed
 * meanwhile, and hosts may be set to panic on that.
 */
#include "tracefs_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Who owns something in tracefs. Process numbers are valid only in their namespace, and are reused.
 */
struct owner {
	int pid;
	unsigned long long started;	/* clock ticks after boot */
	unsigned long long pid_ns;
};

/* A zombie counts as gone. */
static bool process_start(int pid, unsigned long long *ret)
{
	char path[32], text[1024];
	const char *at;
	char state;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	at = strrchr(text, ')');	/* the name can contain anything */
	if (!at ||
	    sscanf(at + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, ret) != 2)
		return false;
	return state != 'Z' && state != 'X';
}

static unsigned long long own_pid_ns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

static void fill_names(struct kw_tracefs_names *names, const char *dir, const struct owner *owner)
{
	static const char *const suffix[KW_TRACEFS_INSTANCES] = { "", "-history" };

	snprintf(names->group, sizeof(names->group), "kvmwhy_%d_%llu_%llu", owner->pid,
		 owner->started, owner->pid_ns);
	for (size_t i = 0; i < KW_TRACEFS_INSTANCES; i++) {
		snprintf(names->name[i], sizeof(names->name[i]), "kvmwhy-%d-%llu-%llu%s",
			 owner->pid, owner->started, owner->pid_ns, suffix[i]);
		snprintf(names->path[i], sizeof(names->path[i]), "%s/instances/%s", dir,
			 names->name[i]);
	}
	snprintf(names->probe_file, sizeof(names->probe_file), "%s/kprobe_events", dir);
	for (size_t i = 0; i < KW_TRACEFS_PROBES; i++)
		snprintf(names->minus[i], sizeof(names->minus[i]), "-:%s/%s\n", names->group,
			 kw_tracefs_probe_name(i));
}

void kw_tracefs_names_own(struct kw_tracefs_names *names, const char *dir)
{
	struct owner owner = { .pid = getpid(), .pid_ns = own_pid_ns() };

	process_start(owner.pid, &owner.started);
	fill_names(names, dir, &owner);
}

static bool remove_probes(const struct kw_tracefs_names *names)
{
	int file = open(names->probe_file, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool gone = true;

	if (file < 0)
		return false;
	for (size_t i = 0; i < KW_TRACEFS_PROBES; i++)
		if (write(file, names->minus[i], strlen(names->minus[i])) < 0 && errno != ENOENT)
			gone = false;
	close(file);
	return gone;
}

/* Removing an instance switches off its events, and a probe can be removed only when it is off. */
bool kw_tracefs_remove(const struct kw_tracefs_names *names)
{
	bool gone = true;

	for (size_t i = 0; i < KW_TRACEFS_INSTANCES; i++)
		if (rmdir(names->path[i]) && errno != ENOENT)
			gone = false;
	return remove_probes(names) && gone;
}

/*
 * The kernel closes a dying process's files some time after its pipe, and an instance with open
 * files is busy.
 */
bool kw_tracefs_remove_patiently(const struct kw_tracefs_names *names)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (unsigned int i = 0; i < 1000; i++) {
		if (kw_tracefs_remove(names))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* 0 or an errno. */
static int make_instances(const struct kw_tracefs_names *names)
{
	for (size_t i = 0; i < KW_TRACEFS_INSTANCES; i++)
		if (mkdir(names->path[i], 0700))
			return errno;
	return 0;
}

static _Noreturn void guard(int pipe, const struct kw_tracefs_names *names)
{
	int null, error;
	char byte;

	setsid();
	prctl(PR_SET_NAME, "kvmwhy-guard");
	if (chdir("/"))
		_exit(1);
	pipe = fcntl(pipe, F_DUPFD, 3);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	dup2(pipe, 3);
	close_range(4, ~0u, 0);
	error = make_instances(names);
	if (write(3, &error, sizeof(error)) < 0)
		_exit(kw_tracefs_remove_patiently(names) ? 0 : 1);
	while (read(3, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(kw_tracefs_remove_patiently(names) ? 0 : 1);
}

/* What the guardian reports about the instances; EPIPE if it reports nothing. */
static int hear(int pipe)
{
	int error;
	ssize_t got;

	do
		got = read(pipe, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	return got == sizeof(error) ? error : EPIPE;
}

/*
 * Signals are blocked before the guardian exists, so there is no window in which one could end it.
 */
int kw_tracefs_guard_start(struct kw_tracefs_guard *ret, const struct kw_tracefs_names *names)
{
	sigset_t all, before;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		guard(ends[0], names);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -1;
	}
	*ret = (struct kw_tracefs_guard){ .pipe = ends[1], .pid = pid };
	errno = hear(ends[1]);
	return errno ? -1 : 0;
}

void kw_tracefs_guard_stop(struct kw_tracefs_guard *guard)
{
	if (guard->pipe < 0)
		return;
	close(guard->pipe);
	guard->pipe = -1;
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool is_stale(const struct owner *owner)
{
	unsigned long long started;

	if (owner->pid <= 0 || owner->pid_ns != own_pid_ns())
		return false;
	return !process_start(owner->pid, &started) || started != owner->started;
}

/* Removes what belongs to those names in a tracefs directory that look like ours. */
static void remove_stale_in(const char *dir, const char *folder)
{
	char path[KW_TRACEFS_PATH];
	struct kw_tracefs_names names;
	struct dirent *entry;
	struct owner owner;
	DIR *found;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	found = opendir(path);
	if (!found)
		return;
	while ((entry = readdir(found))) {
		if (sscanf(entry->d_name, "kvmwhy%*1[-_]%d%*1[-_]%llu%*1[-_]%llu", &owner.pid,
			   &owner.started, &owner.pid_ns) != 3 ||
		    !is_stale(&owner))
			continue;
		fill_names(&names, dir, &owner);
		kw_tracefs_remove(&names);
	}
	closedir(found);
}

void kw_tracefs_remove_stale(const char *dir)
{
	remove_stale_in(dir, "instances");
	remove_stale_in(dir, "events");
}
