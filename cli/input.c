// SPDX-License-Identifier: MIT
/*
 * File names in, bytes out. Compressed logs are recognised by their first bytes, not by name, and
 * unpacked by gzip, xz or zstd in a child process: nothing to link, and hostile archives stay
 * outside.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term.h"

struct kw_packing {
	const char *magic;
	size_t magic_len;
	const char *program; /* run with -dc; NULL if there is only advice */
	const char *package;
	const char *advice;
};

#define MAGIC(text) (text), sizeof(text) - 1

static const struct kw_packing packings[] = {
	{ MAGIC("\x1f\x8b"), "gzip", "gzip", NULL },
	{ MAGIC("\xfd" "7zXZ\0"), "xz", "xz (Debian, Ubuntu: xz-utils)", NULL },
	{ MAGIC("\x28\xb5\x2f\xfd"), "zstd", "zstd", NULL },
	{ MAGIC("LPKSHHRH"), NULL, NULL,
	  "is a binary journal: run 'kvmwhy journal --file FILE'" },
};

enum { MAGIC_BYTES_MAX = 8 };

/* Large enough that read() itself dominates, small enough for the second-level cache. */
static char buffer[1 << 20];

static ssize_t read_some(int fd, char *p, size_t len)
{
	ssize_t n;

	do
		n = read(fd, p, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static int complain_read(const struct kw_input *in)
{
	if (errno == EISDIR)
		kw_complain("'%s' is a directory: name the log files in it, or use -r", in->name);
	else
		kw_complain("cannot read '%s': %s", in->name, strerror(errno));
	return -1;
}

static const struct kw_packing *find_packing(const char *head, size_t len)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		if (len >= packings[i].magic_len &&
		    !memcmp(head, packings[i].magic, packings[i].magic_len))
			return &packings[i];
	return NULL;
}

bool kw_input_is_packed(const char *head, size_t len)
{
	const struct kw_packing *packing = find_packing(head, len);

	return packing && packing->program;
}

/* Reads until the compression is recognisable; a pipe may deliver byte by byte. */
static int read_ahead(struct kw_input *in)
{
	while (in->ahead < MAGIC_BYTES_MAX) {
		ssize_t n = read_some(in->fd, buffer + in->ahead, sizeof(buffer) - in->ahead);

		if (n < 0)
			return complain_read(in);
		if (!n)
			break;
		in->ahead += (size_t)n;
	}
	in->packing = find_packing(buffer, in->ahead);
	return 0;
}

static bool write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* The standard input stays open: the next file must not get its number. */
static void close_log(const struct kw_input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
}

/* The child that feeds the unpacker what was read ahead from a pipe, then the rest. */
static _Noreturn void feed(const struct kw_input *in, int fd)
{
	size_t len = in->ahead;

	signal(SIGPIPE, SIG_DFL);
	while (len && write_all(fd, buffer, len)) {
		ssize_t n = read_some(in->fd, buffer, sizeof(buffer));

		len = n > 0 ? (size_t)n : 0;
	}
	_exit(0);
}

/* A descriptor from which the unpacker reads the archive from its first byte, or -1. */
static int rewound(struct kw_input *in)
{
	int ends[2];

	if (lseek(in->fd, -(off_t)in->ahead, SEEK_CUR) >= 0)
		return in->fd;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	in->feeder = fork();
	if (!in->feeder) {
		close(ends[0]);
		feed(in, ends[1]);
	}
	close(ends[1]);
	close_log(in);
	return ends[0];
}

static int spawn_unpacker(struct kw_input *in, int from, int to)
{
	char *argv[] = { (char *)in->packing->program, (char *)"-dc", NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return rc;
	rc = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawnp(&in->unpacker, argv[0], &actions, NULL, argv, environ);
	if (rc)
		in->unpacker = 0;
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int complain_unpack(const struct kw_input *in, int error)
{
	const struct kw_packing *packing = in->packing;

	if (error == ENOENT)
		kw_complain("'%s' is compressed, and the program '%s' is missing: install the "
			    "package %s", in->name, packing->program, packing->package);
	else
		kw_complain("cannot run '%s' on '%s': %s", packing->program, in->name,
			    strerror(error));
	return -1;
}

/* Puts the unpacker between the file and us. */
static int unpack(struct kw_input *in)
{
	int ends[2], rc;

	in->fd = rewound(in);
	if (in->fd < 0 || in->feeder < 0 || pipe2(ends, O_CLOEXEC))
		return complain_unpack(in, errno);
	rc = spawn_unpacker(in, in->fd, ends[1]);
	close(ends[1]);
	close_log(in);
	in->fd = ends[0];
	in->ahead = 0;
	return rc ? complain_unpack(in, rc) : 0;
}

static int open_log(struct kw_input *in, const char *path)
{
	struct stat st;

	in->name = strcmp(path, "-") ? path : "standard input";
	in->fd = STDIN_FILENO;
	if (strcmp(path, "-"))
		in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->fd < 0) {
		kw_complain("cannot open '%s': %s", path, strerror(errno));
		return -1;
	}
	in->may_wait = fstat(in->fd, &st) || !S_ISREG(st.st_mode);
	if (!in->may_wait)
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return read_ahead(in);
}

int kw_input_open(struct kw_input *in, const char *path)
{
	int rc;

	*in = (struct kw_input){ .fd = -1 };
	rc = open_log(in, path);
	if (!rc && in->packing && in->packing->program)
		rc = unpack(in);
	else if (!rc && in->packing)
		kw_complain("'%s' %s", in->name, in->packing->advice);
	if (rc)
		kw_input_close(in);
	return rc;
}

ssize_t kw_input_read(struct kw_input *in, const char **ret)
{
	ssize_t n = (ssize_t)in->ahead;

	in->ahead = 0;
	if (!n)
		n = read_some(in->fd, buffer, sizeof(buffer));
	if (n < 0)
		return complain_read(in);
	in->ended = !n;
	*ret = buffer;
	return n;
}

/* Waits for @pid. Return: its status as in a shell. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void kw_input_close(struct kw_input *in)
{
	int status = 0;

	close_log(in);
	if (in->unpacker > 0)
		status = wait_for(in->unpacker);
	if (in->feeder > 0)
		wait_for(in->feeder);
	/* An unpacker dies if its reader stops early; that does not mean a damaged archive. */
	if (status && in->ended)
		kw_complain("'%s' is damaged: %s ended with status %d; what it could unpack was "
			    "read", in->name, in->packing->program, status);
}
