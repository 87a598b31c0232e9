/* SPDX-License-Identifier: MIT */
/* Files and folders in, the logs in them out, in the order of their names. */
#ifndef KW_WALK_H
#define KW_WALK_H

#include <stdbool.h>
#include <stddef.h>

struct kw_walk {
	char **path;
	size_t count, size;
	bool trouble; /* something could not be read */
};

/*
 * Adds @path, or all files below it if it is a folder: links are not followed, and of what is not
 * text only what kvmwhy can unpack is taken. Complains about what it cannot read.
 */
void kw_walk_add(struct kw_walk *walk, const char *path);

void kw_walk_deinit(struct kw_walk *walk);

#endif
