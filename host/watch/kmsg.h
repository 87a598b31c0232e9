/* SPDX-License-Identifier: MIT */
/*
 * /dev/kmsg, the kernel's log as it is written: lines about KVM in, those that belong to a failure
 * out. KVM logs before KVM_RUN returns, so they are there when the failure is seen.
 */
#ifndef KW_KMSG_H
#define KW_KMSG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	KW_KMSG_LINES = 256,	/* kept at most; the oldest are dropped first */
	KW_KMSG_TEXT = 256,	/* bytes of a line, with its NUL */
};

struct kw_kmsg_line {
	uint64_t time_ns;	/* when it arrived, CLOCK_MONOTONIC */
	pid_t pid;		/* the one it names, or 0 */
	char text[KW_KMSG_TEXT];
};

struct kw_kmsg {
	int fd;			/* -1: may not be read */
	unsigned int block;	/* continuation lines of a dump or a warning */
	size_t nlines;
	struct kw_kmsg_line line[KW_KMSG_LINES];
};

/* Reads from now on. Return: 0 or a negative errno; then there are no lines, but all else works. */
int kw_kmsg_open(struct kw_kmsg *kmsg);

/* Reads what was written since; does not wait. */
void kw_kmsg_read(struct kw_kmsg *kmsg);

/*
 * The lines of the second before @time_ns that may belong to thread @tid of process @pid; each is
 * returned only once.
 * @ret: room for KW_KMSG_LINES; the texts are valid until the next call of kw_kmsg_read(). Return:
 * the number of lines.
 */
size_t kw_kmsg_take(struct kw_kmsg *kmsg, uint64_t time_ns, pid_t pid, pid_t tid,
		    const char *ret[static KW_KMSG_LINES]);

void kw_kmsg_close(struct kw_kmsg *kmsg);

#endif
