// SPDX-License-Identifier: MIT
/*
 * Injections in, lines of JSON out. The VMM did not open the log's descriptor and may close it with
 * all others: its number may then be a disk image, so it is checked before each write.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "real.h"

enum { HIGH_FD = 900 }; /* so that the VMM's descriptors get their usual numbers */

static atomic_int log_fd = -1;
static struct stat log_stat;

int kw_log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	int high;

	if (fd < 0)
		return -errno;
	high = kw_real_fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (high >= 0) {
		kw_real_close(fd);
		fd = high;
	}
	if (fstat(fd, &log_stat)) {
		kw_real_close(fd);
		return -errno;
	}
	log_fd = fd;
	return 0;
}

bool kw_log_is(int fd)
{
	return fd == log_fd && fd >= 0;
}

struct line {
	char text[512];
	size_t len;
};

static void put(struct line *line, const char *text)
{
	size_t len = strlen(text), room = sizeof(line->text) - line->len;

	len = len < room ? len : room;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

/* With at least @digits digits. */
static void put_number(struct line *line, uint64_t number, unsigned int base, int digits)
{
	char text[24], *p = text + sizeof(text) - 1;

	*p = '\0';
	for (; number || digits > 0; number /= base, digits--)
		*--p = "0123456789abcdef"[number % base];
	put(line, p);
}

static void put_key(struct line *line, const char *key, uint64_t number)
{
	put(line, ",\"");
	put(line, key);
	put(line, "\":");
	put_number(line, number, 10, 1);
}

static void put_time(struct line *line)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	put(line, "{\"time\":");
	put_number(line, (uint64_t)now.tv_sec, 10, 1);
	put(line, ".");
	put_number(line, (uint64_t)now.tv_nsec, 10, 9);
}

static void put_known(struct line *line, const struct kw_injected *in)
{
	if (in->has_rip) {
		put(line, ",\"rip\":\"0x");
		put_number(line, in->rip, 16, 1);
		put(line, "\"");
	}
	if (in->has_exit) {
		put(line, in->returned ? ",\"returned\":-" : ",\"returned\":");
		put_number(line, (uint64_t)-in->returned, 10, 1);
		put_key(line, "exit_reason", in->exit_reason);
	}
}

static bool still_ours(void)
{
	struct stat now;

	return log_fd >= 0 && !fstat(log_fd, &now) && now.st_dev == log_stat.st_dev &&
	       now.st_ino == log_stat.st_ino;
}

void kw_log_write(const struct kw_injected *in)
{
	struct line line = { .len = 0 };
	int saved = errno;

	if (log_fd < 0)
		return;
	put_time(&line);
	put_key(&line, "pid", (uint64_t)getpid());
	put_key(&line, "tid", (uint64_t)gettid());
	put_key(&line, "fd", (uint64_t)in->fd);
	put_key(&line, "vcpu", in->vcpu);
	put_key(&line, "call", in->call);
	put(&line, ",\"what\":\"");
	put(&line, in->what); /* only letters, digits and =:-, as the parser checked */
	put(&line, in->after ? "\",\"mode\":\"after\"" : "\",\"mode\":\"before\"");
	put_known(&line, in);
	put(&line, "}\n");
	if (still_ours() && write(log_fd, line.text, line.len) < 0)
		log_fd = -1; /* such as a full disk: the VMM continues without a log */
	errno = saved;
}
