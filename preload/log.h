/* SPDX-License-Identifier: MIT */
/*
 * The log of injections: one JSON object a line, each written at once, so that several threads and
 * processes can share the file.
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
	bool has_exit;	      /* what KVM_RUN had returned, and its exit_reason: after only */
	int returned;	      /* 0 or a negative errno */
	uint32_t exit_reason;
};

/* Once, before the first line. Return: 0 or a negative errno. */
int kw_log_open(const char *path);

/* Without stdio and without allocation; keeps errno. Does nothing where no log is open. */
void kw_log_write(const struct kw_injected *in);

/* Whether the VMM is about to close the log with a descriptor that it does not know. */
bool kw_log_is(int fd);

#endif
