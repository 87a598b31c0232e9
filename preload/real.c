// SPDX-License-Identifier: MIT
/*
 * Looks up the next definition of each interposed function. dlsym() may allocate, so all are looked
 * up at the start; one called even earlier is looked up then.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

enum function { IOCTL, FCNTL, CLOSE, CLOSE_RANGE, DUP, DUP2, DUP3, SYSCALL, NFUNCTIONS };

static const char *const names[NFUNCTIONS] = {
	[IOCTL] = "ioctl", [FCNTL] = "fcntl", [CLOSE] = "close", [CLOSE_RANGE] = "close_range",
	[DUP] = "dup",	   [DUP2] = "dup2",   [DUP3] = "dup3",	 [SYSCALL] = "syscall",
};

static _Atomic(void *) found[NFUNCTIONS];

/* syscall.S continues here. */
__attribute__((visibility("hidden"))) void *kw_real_syscall;

static void *real(enum function function)
{
	void *address = atomic_load_explicit(&found[function], memory_order_relaxed);

	if (!address) {
		address = dlsym(RTLD_NEXT, names[function]);
		atomic_store_explicit(&found[function], address, memory_order_relaxed);
	}
	return address;
}

void kw_real_init(void)
{
	for (int i = 0; i < NFUNCTIONS; i++)
		real((enum function)i);
	kw_real_syscall = real(SYSCALL);
}

int kw_real_ioctl(int fd, kw_request request, void *arg)
{
	return ((int (*)(int, kw_request, ...))real(IOCTL))(fd, request, arg);
}

int kw_real_fcntl(int fd, int command, unsigned long arg)
{
	return ((int (*)(int, int, ...))real(FCNTL))(fd, command, arg);
}

int kw_real_close(int fd)
{
	return ((int (*)(int))real(CLOSE))(fd);
}

int kw_real_close_range(unsigned int first, unsigned int last, int flags)
{
	int (*function)(unsigned int, unsigned int, int) = real(CLOSE_RANGE);

	if (function)
		return function(first, last, flags);
	errno = ENOSYS; /* an older C library lacks it; its callers expect that */
	return -1;
}

int kw_real_dup(int fd)
{
	return ((int (*)(int))real(DUP))(fd);
}

int kw_real_dup2(int from, int to)
{
	return ((int (*)(int, int))real(DUP2))(from, to);
}

int kw_real_dup3(int from, int to, int flags)
{
	return ((int (*)(int, int, int))real(DUP3))(from, to, flags);
}
