// SPDX-License-Identifier: MIT
/*
 * The backend "tracefs": KVM failures through kprobe events and KVM's own events in our own tracefs
 * instances, on every kernel from 5.10 on, without BPF. tracefs_parts.h describes its parts.
 */
#include "tracefs_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../facts/host.h"

/*
 * poll() on trace_pipe_raw misses wake-ups in several versions of Linux (the last known case was
 * fixed in 6.9), and a reading may leave the last page: look again after this many nanoseconds.
 */
enum { LOOK_NS = 100000000 };

static int refuse_with_errno(struct kw_watcher *live, const char *what)
{
	snprintf(live->why, sizeof(live->why), "%s: %s", what, strerror(errno));
	return -1;
}

static void say_how(struct kw_tracefs *t)
{
	struct kw_watcher *live = t->live;

	snprintf(live->how, sizeof(live->how), "kprobe events in %s", t->names.path[0]);
	if (t->layout[KW_TRACEFS_MODULE].id >= 0)
		kw_watcher_say(live->how, "and kvmwhy.ko's event");
	if (t->layout[KW_TRACEFS_LEAVE].id < 0)
		kw_watcher_say(t->missing, "Registers and the data of KVM_EXIT_INTERNAL_ERROR and "
					   "KVM_EXIT_FAIL_ENTRY cannot be seen: this kernel has no "
					   "BTF that locates them (/sys/kernel/btf/vmlinux).");
	kw_watcher_say(t->missing, "Segments, control registers and the guest's code cannot be "
				   "seen%s.",
		    t->layout[KW_TRACEFS_MODULE].id >= 0 ? "" :
		    ", nor a KVM_RUN refused before it reaches the vCPU");
}

/* What only shows over time follows what was known at open. */
static void say_missing(struct kw_tracefs *t)
{
	memcpy(t->live->missing, t->missing, sizeof(t->live->missing));
	if (t->bare)
		kw_watcher_say(t->live->missing, "%llu failures lack what happened before them, "
			    "because newer events had overwritten.", (unsigned long long)t->bare);
	if (t->missed)
		kw_watcher_say(t->live->missing, "%llu returns of KVM functions could not be "
			    "probed: which function refused is not known "
			    "there.", (unsigned long long)t->missed);
}

static int open_fds(struct kw_tracefs *t)
{
	const struct itimerspec often = { .it_interval = { .tv_nsec = LOOK_NS },
					  .it_value = { .tv_nsec = LOOK_NS } };
	struct epoll_event readable = { .events = EPOLLIN };

	t->live->fd = epoll_create1(EPOLL_CLOEXEC);
	t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->live->fd < 0 || t->timer < 0 || timerfd_settime(t->timer, 0, &often, NULL) ||
	    epoll_ctl(t->live->fd, EPOLL_CTL_ADD, t->timer, &readable))
		return refuse_with_errno(t->live, "epoll and timerfd");
	return kw_tracefs_rings_open(t, t->live->fd);
}

static void close_all(struct kw_watcher *live)
{
	struct kw_tracefs *t = live->state;

	kw_tracefs_rings_close(t);
	if (t->timer >= 0)
		close(t->timer);
	if (live->fd >= 0)
		close(live->fd);
	live->fd = -1;
	if (t->guard.pipe >= 0)
		kw_tracefs_remove(&t->names);
	kw_tracefs_guard_stop(&t->guard);
	for (size_t i = 0; i < KW_TRACEFS_INSTANCES; i++)
		if (t->instance[i])
			tracefs_instance_free(t->instance[i]);
	tep_free(t->tep);
	kw_tracefs_threads_free(t);
	free(t);
	live->state = NULL;
}

/* The guardian comes first: whenever this process ends, it removes whatever is there. */
static int start(struct kw_tracefs *t, const char *dir)
{
	kw_tracefs_remove_stale(dir);
	kw_tracefs_names_own(&t->names, dir);
	if (!access(t->names.path[0], F_OK)) {
		snprintf(t->live->why, sizeof(t->live->why), "%s already exists: this process is "
			"already watching.",
			 t->names.path[0]);
		return -1;
	}
	if (kw_tracefs_guard_start(&t->guard, &t->names))
		return refuse_with_errno(t->live, "cannot create a tracefs instance and the "
						  "process that removes it");
	return kw_tracefs_put_in(t, dir) || open_fds(t) ? -1 : 0;
}

static int open_tracefs(struct kw_watcher *live)
{
	struct kw_tracefs *t;
	const char *dir;
	char path[64];

	dir = kw_tracefs_find_dir(live);
	if (!dir)
		return -1;
	snprintf(path, sizeof(path), "%s", dir);
	t = calloc(1, sizeof(*t));
	if (!t || tracefs_set_tracing_dir(path)) {
		free(t);
		return refuse_with_errno(live, "tracefs");
	}
	tracefs_set_loglevel(TEP_LOG_NONE);
	*t = (struct kw_tracefs){ .live = live, .timer = -1, .guard = { .pipe = -1 } };
	live->state = t;
	if (start(t, dir)) {
		close_all(live);
		return -1;
	}
	say_how(t);
	say_missing(t);
	return 0;
}

static int read_tracefs(struct kw_watcher *live)
{
	struct kw_tracefs *t = live->state;
	uint64_t ticks;
	int result;

	while (read(t->timer, &ticks, sizeof(ticks)) > 0)
		;
	result = kw_tracefs_rings_read(t, kw_tracefs_join);
	say_missing(t);
	return result;
}

static void stop_tracefs(struct kw_watcher *live)
{
	struct kw_tracefs *t = live->state;

	for (size_t i = 0; i < KW_TRACEFS_INSTANCES; i++)
		if (t->instance[i])
			tracefs_trace_off(t->instance[i]);
}

const struct kw_watch_backend kw_backend_tracefs = {
	.name = "tracefs",
	.way = KW_WAY_TRACEFS,
	.open = open_tracefs,
	.read = read_tracefs,
	.stop = stop_tracefs,
	.close = close_all,
};
