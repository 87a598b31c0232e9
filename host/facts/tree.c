// SPDX-License-Identifier: MIT
/* Paths below a root in, printable text out. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 512 };

void kw_tree_escape(char *to, size_t size, const char *from, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];
		bool plain = (c >= 0x20 && c < 0x7f) || c == '\t';

		if (at + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			to[at++] = (char)(c == '\t' ? ' ' : c);
		else
			at += (size_t)snprintf(to + at, size - at, "\\x%02x", c);
	}
	to[at] = '\0';
}

int kw_tree_path(const struct kw_tree *tree, const char *path, char ret[KW_TREE_PATH])
{
	int len = snprintf(ret, KW_TREE_PATH, "%s%s", tree->root, path);

	return len < 0 || len >= KW_TREE_PATH ? -ENAMETOOLONG : 0;
}

static int tree_open(const struct kw_tree *tree, const char *path, int flags)
{
	char full[KW_TREE_PATH];
	int fd, err = kw_tree_path(tree, path, full);

	if (err)
		return err;
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	return fd < 0 ? -errno : fd;
}

long kw_tree_bytes(const struct kw_tree *tree, const char *path, void *buf, size_t size)
{
	int fd = tree_open(tree, path, 0);
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	while (have < size && n > 0) {
		n = read(fd, (char *)buf + have, size - have);
		if (n > 0)
			have += (size_t)n;
	}
	n = n < 0 && !have ? -errno : (ssize_t)have;
	close(fd);
	return n;
}

static const char *trim(const char *text, size_t *len)
{
	while (*len && strchr(" \t\n", text[*len - 1]))
		(*len)--;
	while (*len && strchr(" \t", *text)) {
		text++;
		(*len)--;
	}
	return text;
}

int kw_tree_line(const struct kw_tree *tree, const char *path, char *buf, size_t size)
{
	char bytes[LINE_BYTES];
	long n = kw_tree_bytes(tree, path, bytes, sizeof(bytes) - 1);
	const char *text = bytes;
	size_t len;

	buf[0] = '\0';
	if (n < 0)
		return (int)n;
	bytes[n] = '\0';
	len = strcspn(bytes, "\n");
	text = trim(bytes, &len);
	kw_tree_escape(buf, size, text, len);
	return 0;
}

int kw_tree_has(const struct kw_tree *tree, const char *path)
{
	char full[KW_TREE_PATH];
	int err = kw_tree_path(tree, path, full);

	if (err)
		return err;
	return faccessat(AT_FDCWD, full, F_OK, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int kw_tree_link(const struct kw_tree *tree, const char *path, char *buf, size_t size)
{
	char full[KW_TREE_PATH], target[LINE_BYTES];
	int err = kw_tree_path(tree, path, full);
	ssize_t n;

	if (err)
		return err;
	n = readlink(full, target, sizeof(target));
	if (n < 0)
		return -errno;
	kw_tree_escape(buf, size, target, (size_t)n);
	return 0;
}

int kw_tree_lines(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg)
{
	int fd = tree_open(tree, path, 0), err = 0;
	char text[LINE_BYTES], *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *file;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	while (errno = 0, (n = getline(&line, &size, file)) >= 0) {
		size_t len = (size_t)n;
		const char *from = trim(line, &len);

		kw_tree_escape(text, sizeof(text), from, len);
		if (fn(arg, text))
			break;
	}
	if (n < 0 && errno)
		err = -errno;
	free(line);
	fclose(file);
	return err;
}

int kw_tree_names(const struct kw_tree *tree, const char *path, kw_tree_fn fn, void *arg)
{
	int fd = tree_open(tree, path, O_DIRECTORY), err;
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    fn(arg, entry->d_name))
			break;
	closedir(dir);
	return 0;
}
