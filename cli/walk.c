// SPDX-License-Identifier: MIT
/* kvmwhy -r: which files of a folder may be logs. */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "input.h"
#include "term.h"

enum { DEPTH_MOST = 64, LOOK_AT = 4096 };

static void cannot_read(struct kw_walk *walk, const char *path, int error)
{
	kw_complain("cannot read '%s': %s", path, strerror(error));
	walk->trouble = true;
}

static void add(struct kw_walk *walk, const char *path)
{
	char *copy = strdup(path);

	if (copy && walk->count == walk->size) {
		size_t size = walk->size ? 2 * walk->size : 64;
		char **grown = reallocarray(walk->path, size, sizeof(*grown));

		if (grown) {
			walk->path = grown;
			walk->size = size;
		}
	}
	if (!copy || walk->count == walk->size) {
		free(copy);
		cannot_read(walk, path, ENOMEM);
		return;
	}
	walk->path[walk->count++] = copy;
}

/* UTF-16 has NULs too, and begins with its mark. */
static bool is_text(const char *head, size_t len)
{
	if (len >= 2 && (!memcmp(head, "\xff\xfe", 2) || !memcmp(head, "\xfe\xff", 2)))
		return true;
	return !memchr(head, '\0', len);
}

static void add_log(struct kw_walk *walk, const char *path)
{
	char head[LOOK_AT];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (len < 0)
		cannot_read(walk, path, errno);
	else if (len && (kw_input_is_packed(head, (size_t)len) || is_text(head, (size_t)len)))
		add(walk, path);
	if (fd >= 0)
		close(fd);
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static void add_folder(struct kw_walk *walk, const char *path, int depth);

static void add_entry(struct kw_walk *walk, const char *folder, const char *name, int depth)
{
	struct stat stat;
	char *path;

	if (asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name) <
	    0) {
		cannot_read(walk, folder, ENOMEM);
		return;
	}
	if (lstat(path, &stat))
		cannot_read(walk, path, errno);
	else if (S_ISDIR(stat.st_mode))
		add_folder(walk, path, depth + 1);
	else if (S_ISREG(stat.st_mode))
		add_log(walk, path);
	free(path);
}

static void add_folder(struct kw_walk *walk, const char *path, int depth)
{
	struct dirent **list;
	int count;

	if (depth > DEPTH_MOST) {
		cannot_read(walk, path, ELOOP);
		return;
	}
	count = scandir(path, &list, is_entry, alphasort);
	if (count < 0) {
		cannot_read(walk, path, errno);
		return;
	}
	for (int i = 0; i < count; i++) {
		add_entry(walk, path, list[i]->d_name, depth);
		free(list[i]);
	}
	free(list);
}

void kw_walk_add(struct kw_walk *walk, const char *path)
{
	struct stat status;

	if (strcmp(path, "-") && !stat(path, &status) && S_ISDIR(status.st_mode))
		add_folder(walk, path, 0);
	else
		add(walk, path);
}

void kw_walk_deinit(struct kw_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++)
		free(walk->path[i]);
	free(walk->path);
	*walk = (struct kw_walk){ 0 };
}
