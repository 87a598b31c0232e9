/* SPDX-License-Identifier: MIT */
/*
 * The log of injections: one JSON object per line, each in a single write, so that several threads
 * and processes can share the file.
 */
#ifndef KW_LOG_H
#define KW_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct kw_injected {
	int fd;
	uint32_t vcpu;
	uint64_t call;
	const char *what; /* the words of the specification */
	bool after;
	bool has_rip;
	uint64_t rip;
	bool has_exit;	      /* what KVM_RUN returned, and its exit_reason: only for mode=after */
	int returned;	      /* 0 or a negative errno */
	uint32_t exit_reason;
};

/* Once, before the first line. Return: 0 or a negative errno. */
int kw_log_open(const char *path);

/* Without stdio or allocation; preserves errno. Does nothing if no log is open. */
void kw_log_write(const struct kw_injected *in);

/* Is the VMM about to close the log through a descriptor it does not know? */
bool kw_log_is(int fd);

#endif
