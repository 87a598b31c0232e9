/* SPDX-License-Identifier: MIT */
/*
 * Failures of KVM as they happen on this host: out come records of include/uapi/kvmwhy.h. A backend is one way to see
 * them, and one file; live.c takes the best that works here.
 */
#ifndef KW_LIVE_H
#define KW_LIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uapi/kvmwhy.h>

/* Receives each failure; @event lives during the call only. Non-zero ends the reading. */
typedef int (*kw_live_fn)(void *arg, const struct kvmwhy_event *event);

struct kw_live_options {
	const char *via;	/* name of a backend, or NULL for the best that works */
	pid_t pid;		/* only failures of this process, or 0 */
	size_t buffer_bytes;	/* between the kernel and us: a power of 2, 0 for the backend's own */
};

enum { KW_LIVE_TEXT = 512 };

struct kw_live {
	struct kw_live_options options;
	kw_live_fn fn;
	void *arg;
	const struct kw_live_backend *backend;
	void *state;			/* the backend's own */
	int fd;				/* can be polled: readable when read() has something to do */
	uint64_t lost;			/* failures that are known to have happened and to be lost, so far */
	char how[KW_LIVE_TEXT];		/* one clause: how failures are seen */
	char missing[KW_LIVE_TEXT];	/* sentences: what is not seen here, and the way out; empty if nothing */
	char why[KW_LIVE_TEXT];		/* after a failure: a sentence with the way out */
};

struct kw_live_backend {
	const char *name; /* of --via */
	/* All return 0, or -1 with .why. open() fills .state, .fd, .how and .missing, and leaves nothing behind when it fails. */
	int (*open)(struct kw_live *live);
	/* Hands over what there is, without waiting, and updates .lost. Returns also what .fn returned. */
	int (*read)(struct kw_live *live);
	/* No new failures from now on; those that were seen can still be read. */
	void (*stop)(struct kw_live *live);
	/* Nothing that was put into the kernel stays there. */
	void (*close)(struct kw_live *live);
};

extern const struct kw_live_backend kw_live_bpf;
extern const struct kw_live_backend kw_live_bpf_kprobe; /* kprobes, even where there is BTF of KVM */
extern const struct kw_live_backend kw_live_tracefs;

/* Name of backend @i, best first; NULL beyond the last. */
const char *kw_live_name(size_t i);

/* Return: 0, or -1 with live->why; then there is nothing to close. */
int kw_live_open(struct kw_live *live, const struct kw_live_options *options, kw_live_fn fn, void *arg);
int kw_live_read(struct kw_live *live);
void kw_live_stop(struct kw_live *live);
void kw_live_close(struct kw_live *live);

#endif
