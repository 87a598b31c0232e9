/* SPDX-License-Identifier: MIT */
/*
 * KVM failures as they happen on this host, as records of include/uapi/kvmwhy-event.h. A backend is
 * one way to see them, and one file; watch.c picks the best that works here.
 */
#ifndef KW_HOST_WATCH_H
#define KW_HOST_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uapi/kvmwhy-event.h>

/* Receives each failure; @event is valid only during the call. Nonzero stops reading. */
typedef int (*kw_watcher_fn)(void *arg, const struct kvmwhy_event *event);

struct kw_can;

struct kw_watcher_options {
	const char *via;	/* name of a backend, or NULL for the best that works */
	pid_t pid;		/* only failures of this process, or 0 */
	/* what this host's files say against a way, which is then not tried; NULL: not looked */
	const struct kw_can *can;
	/* between the kernel and us: a power of 2, 0 for the backend's own */
	size_t buffer_bytes;
};

enum { KW_WATCHER_TEXT = 512, KW_WATCHER_REASONS = 4096 };

struct kw_watcher {
	struct kw_watcher_options options;
	kw_watcher_fn fn;
	void *arg;
	const struct kw_watch_backend *backend;
	void *state;			/* the backend's own */
	/* pollable: readable when read() has something to do */
	int fd;
	/* failures known to have been lost so far */
	uint64_t lost;
	char how[KW_WATCHER_TEXT];		/* one clause: how failures are seen */
	/* why no better backend is used: a line for each reason; empty if this is the best */
	char better[KW_WATCHER_REASONS];
	/* sentences: what cannot be seen here, and the remedy; empty if nothing */
	char missing[KW_WATCHER_TEXT];
	/* after a failure: a line for each reason, with its remedy */
	char why[KW_WATCHER_REASONS];
};

struct kw_watch_backend {
	const char *name; /* of --via */
	unsigned int way; /* KW_WAY_* of host/facts/host.h */
	/*
	 * All return 0, or -1 with .why. open() fills .state, .fd, .how and .missing, and leaves
	 * nothing behind when it fails.
	 */
	int (*open)(struct kw_watcher *live);
	/*
	 * Reports what there is, without waiting, and updates .lost. Also returns what .fn
	 * returned.
	 */
	int (*read)(struct kw_watcher *live);
	/* No new failures from now on; those already seen can still be read. */
	void (*stop)(struct kw_watcher *live);
	/* Removes everything that was put into the kernel. */
	void (*close)(struct kw_watcher *live);
};

extern const struct kw_watch_backend kw_backend_bpf;
/* kprobes, even if KVM has BTF */
extern const struct kw_watch_backend kw_backend_bpf_kprobe;
/* KVM's trace events alone, where no function may be hooked */
extern const struct kw_watch_backend kw_backend_bpf_tracepoint;
extern const struct kw_watch_backend kw_backend_tracefs;

/* For backends: appends a sentence, if there is room for all of it. */
__attribute__((format(printf, 2, 3))) void kw_watcher_say(char text[static KW_WATCHER_TEXT],
							  const char *format, ...);

/* Name of backend @i, best first; NULL beyond the last. */
const char *kw_backend_name(size_t i);

/*
 * What @can has against @via, NULL for any way, in lines as kw_watcher.why has them; "" if nothing
 * prevents it.
 */
void kw_watcher_against(const struct kw_can *can, const char *via,
			char ret[static KW_WATCHER_REASONS]);

/* Return: 0, or -1 with live->why; then there is nothing to close. */
int kw_watcher_open(struct kw_watcher *live, const struct kw_watcher_options *options,
		    kw_watcher_fn fn, void *arg);
int kw_watcher_read(struct kw_watcher *live);
void kw_watcher_stop(struct kw_watcher *live);
void kw_watcher_close(struct kw_watcher *live);

#endif
