/* SPDX-License-Identifier: MIT */
/*
 * Failures as they happen: records of host/watch/ in, the same answers as those of `kvmwhy explain`
 * out, and a recording.
 */
#ifndef KW_WATCH_H
#define KW_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "view.h"

struct kw_watch_options {
	const char *command;	/* for complaints */
	const char *format;	/* of the answers on the standard output; NULL: none there */
	struct kw_view view;
	/* file to which the recording is appended, "-" the standard output, NULL none */
	const char *log;
	const char *via;	/* a way of host/watch/, or NULL */
	pid_t pid;		/* only this process, or 0 */
	bool once;		/* end after the first failure */
	bool all;		/* also report harmless messages */
	bool journal;		/* also answer to the journal */
	bool redact;
};

/* Runs until a signal ends it. Return: enum kw_exit. */
int kw_watch(const struct kw_watch_options *options);

#endif
