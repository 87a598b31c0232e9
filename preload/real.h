/* SPDX-License-Identifier: MIT */
/* The interposed functions, as defined in the next library. */
#ifndef KW_REAL_H
#define KW_REAL_H

/* ioctl() of glibc has an unsigned long there, that of musl an int. */
#ifdef __GLIBC__
typedef unsigned long kw_request;
#else
typedef int kw_request;
#endif

int kw_real_ioctl(int fd, kw_request request, void *arg);
int kw_real_fcntl(int fd, int command, unsigned long arg);
int kw_real_close(int fd);
int kw_real_close_range(unsigned int first, unsigned int last, int flags);
int kw_real_dup(int fd);
int kw_real_dup2(int from, int to);
int kw_real_dup3(int from, int to, int flags);

/* Looks up all of them, while there is still only one thread. */
void kw_real_init(void);

#endif
