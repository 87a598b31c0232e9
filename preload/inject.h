/* SPDX-License-Identifier: MIT */
/* The implementation of each interposed ioctl(). */
#ifndef KW_INJECT_H
#define KW_INJECT_H

#include "real.h"

int kw_inject_ioctl(int fd, kw_request request, void *arg);

#endif
