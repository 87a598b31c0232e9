/* SPDX-License-Identifier: MIT */
/*
 * /dev/kmsg, the kernel's log as it is written: lines about KVM in, those that belong to a failure
 * out. KVM speaks before KVM_RUN returns, so they are there when the failure is seen.
 */
#ifndef KW_KMSG_H
#define KW_KMSG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	KW_KMSG_LINES = 256,	/* kept at most; the oldest go first */
	KW_KMSG_TEXT = 256,	/* bytes of a line, with its NUL */
};

struct kw_kmsg_line {
	uint64_t time_ns;	/* when it came, CLOCK_MONOTONIC */
	pid_t pid;		/* that it names, or 0 */
	char text[KW_KMSG_TEXT];
};

struct kw_kmsg {
	int fd;			/* -1: may not be read */
	unsigned int block;	/* lines of a dump or a warning that go on */
	size_t nlines;
	struct kw_kmsg_line line[KW_KMSG_LINES];
};

/*
 * From now on. Return: 0 or a negative errno; then there are no lines, and nothing else is wrong.
 */
int kw_kmsg_open(struct kw_kmsg *kmsg);

/* Takes what was written since; does not wait. */
void kw_kmsg_read(struct kw_kmsg *kmsg);

/*
 * The lines of the second before @time_ns that can be of thread @tid of process @pid; they are
 * given once only.
 * @ret: room for KW_KMSG_LINES; the texts live until the next call of kw_kmsg_read(). Return: how
 * many.
 */
size_t kw_kmsg_take(struct kw_kmsg *kmsg, uint64_t time_ns, pid_t pid, pid_t tid,
		    const char *ret[static KW_KMSG_LINES]);

void kw_kmsg_close(struct kw_kmsg *kmsg);

#endif
