/* SPDX-License-Identifier: MIT */
/*
 * Files of a host below a root directory, "/" or a copy: bounded reads, nothing is written. All
 * text that comes out is printable ASCII: other bytes are shown as \xNN, since names of processes
 * and files are anybody's.
 */
#ifndef KW_TREE_H
#define KW_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct kw_tree {
	const char *root; /* "" for the host itself; without a slash at the end */
};

enum { KW_TREE_PATH = 4096 };

/* Printable text of @len bytes at @from, cut to @size with its NUL; a tab becomes a blank. */
void kw_tree_escape(char *to, size_t size, const char *from, size_t len);

/* The path of @path, which begins with a slash, in the tree. Return: 0 or -ENAMETOOLONG. */
int kw_tree_path(const struct kw_tree *tree, const char *path, char ret[KW_TREE_PATH]);

/* Up to @size bytes as they are. Return: how many, or a negative errno. */
long kw_tree_bytes(const struct kw_tree *tree, const char *path, void *buf, size_t size);

/*
 * The first line, without its end and the blanks around it. Return: 0, or a negative errno with an
 * empty @buf.
 */
int kw_tree_line(const struct kw_tree *tree, const char *path, char *buf, size_t size);

/* 0 if there is something, or a negative errno. */
int kw_tree_has(const struct kw_tree *tree, const char *path);

/* Where a symbolic link points. Return: 0 or a negative errno. */
int kw_tree_link(const struct kw_tree *tree, const char *path, char *buf, size_t size);

/*
 * Calls @fn for each line, cut to some hundred characters; a non-zero answer ends it. Return: 0 or
 * a negative errno.
 */
typedef int (*kw_tree_fn)(void *arg, const char *text);
int kw_tree_lines(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg);

/* The same for each name in a directory but . and .. */
int kw_tree_names(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg);

#endif
