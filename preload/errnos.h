/* SPDX-License-Identifier: MIT */
/* The errnos that KVM_RUN can be made to fail with: name to number, and back. */
#ifndef KW_ERRNOS_H
#define KW_ERRNOS_H

#include <stdint.h>

/* NULL if no name is known. */
const char *kw_errno_name(int64_t number);

/* 0 for a word that is not the name of an errno. */
int kw_errno_number(const char *name);

#endif
