/* SPDX-License-Identifier: MIT */
/*
 * Files of a host below a root directory, "/" or a copy: bounded reads, no writes. All text that
 * comes out is printable ASCII: other bytes are shown as \xNN, since anybody can choose names of
 * processes and files.
 */
#ifndef KW_TREE_H
#define KW_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct kw_tree {
	const char *root; /* "" for the host itself; without a slash at the end */
};

enum { KW_TREE_PATH = 4096 };

/*
 * Printable text of @len bytes at @from, truncated to @size including NUL; a tab becomes a blank.
 */
void kw_tree_escape(char *to, size_t size, const char *from, size_t len);

/* The path of @path, which begins with a slash, in the tree. Return: 0 or -ENAMETOOLONG. */
int kw_tree_path(const struct kw_tree *tree, const char *path, char ret[KW_TREE_PATH]);

/* Up to @size bytes, unchanged. Return: the number, or a negative errno. */
long kw_tree_bytes(const struct kw_tree *tree, const char *path, void *buf, size_t size);

/*
 * The first line, without line end and surrounding blanks. Return: 0, or a negative errno with an
 * empty @buf.
 */
int kw_tree_line(const struct kw_tree *tree, const char *path, char *buf, size_t size);

/* 0 if it exists, or a negative errno. */
int kw_tree_has(const struct kw_tree *tree, const char *path);

/* The target of a symbolic link. Return: 0 or a negative errno. */
int kw_tree_link(const struct kw_tree *tree, const char *path, char *buf, size_t size);

/*
 * Calls @fn for each line, truncated to a few hundred characters; a nonzero result stops it.
 * Return: 0 or a negative errno.
 */
typedef int (*kw_tree_fn)(void *arg, const char *text);
int kw_tree_lines(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg);

/* The same for each name in a directory except . and .. */
int kw_tree_names(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg);

#endif
