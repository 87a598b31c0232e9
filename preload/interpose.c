// SPDX-License-Identifier: MIT
/*
 * The C library functions that this library interposes: ioctl(), and those that create and close
 * descriptors. Each calls the real one; the C library's internal calls do not pass through here.
 *
 * Their headers are not included: with 64-bit offsets they rename fcntl().
 */
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <stdarg.h>

#include "inject.h"
#include "log.h"
#include "real.h"
#include "vcpu.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int ioctl(int fd, kw_request request, ...);
EXPORT int fcntl(int fd, int command, ...);
EXPORT int fcntl64(int fd, int command, ...);
EXPORT int close(int fd);
EXPORT int close_range(unsigned int first, unsigned int last, int flags);
EXPORT int dup(int fd);
EXPORT int dup2(int from, int to);
EXPORT int dup3(int from, int to, int flags);

int ioctl(int fd, kw_request request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return kw_inject_ioctl(fd, request, arg);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	unsigned long arg;
	int ret;

	va_start(args, command);
	arg = va_arg(args, unsigned long);
	va_end(args);
	ret = kw_real_fcntl(fd, command, arg);
	if (ret >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		kw_vcpu_copied(fd, ret);
	return ret;
}

/* If off_t has 64 bits anyway they are the same. */
int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

/* Before it is closed: another thread may get the same number immediately. */
int close(int fd)
{
	if (kw_log_is(fd))
		return 0;
	kw_vcpu_closed(fd);
	return kw_real_close(fd);
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & (int)CLOSE_RANGE_CLOEXEC))
		kw_vcpu_closed_range(first, last);
	return kw_real_close_range(first, last, flags);
}

static int copied(int from, int to)
{
	if (to >= 0)
		kw_vcpu_copied(from, to);
	return to;
}

int dup(int fd)
{
	return copied(fd, kw_real_dup(fd));
}

int dup2(int from, int to)
{
	return copied(from, kw_real_dup2(from, to));
}

int dup3(int from, int to, int flags)
{
	return copied(from, kw_real_dup3(from, to, flags));
}
