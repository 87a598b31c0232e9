/* SPDX-License-Identifier: MIT */
/*
 * The errnos that KVM_RUN may be made to fail with: name in, number out, and back.
 */
#ifndef KW_ERRNOS_H
#define KW_ERRNOS_H

#include <stdint.h>

/* NULL where no name is known. */
const char *kw_errno_name(int64_t number);

/* 0 for a word that is no name of an errno. */
int kw_errno_number(const char *name);

#endif
