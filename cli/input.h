/* SPDX-License-Identifier: MIT */
/*
 * One log at a time: a file or the standard input, plain or compressed, in pieces.
 */
#ifndef KW_INPUT_H
#define KW_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct kw_packing;

struct kw_input {
	const char *name; /* for complaints */
	int fd;
	bool may_wait; /* more may come later: show what was found before the next read */
	bool ended;
	size_t ahead; /* bytes read to recognise the compression */
	const struct kw_packing *packing;
	pid_t unpacker, feeder; /* 0 if none */
};

/* Does a file that begins so hold what kvmwhy can unpack? */
bool kw_input_is_packed(const char *head, size_t len);

/* Opens @path, "-" for the standard input. Return: 0, or -1 after a complaint. */
int kw_input_open(struct kw_input *in, const char *path);

/*
 * The next piece of the log, valid until the next call, for any input.
 *
 * Return: its length, 0 at the end, -1 after a complaint.
 */
ssize_t kw_input_read(struct kw_input *in, const char **ret);

/* Closes; complains if the archive was damaged. */
void kw_input_close(struct kw_input *in);

#endif
