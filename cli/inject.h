/* SPDX-License-Identifier: MIT */
/*
 * What kvmwhy inject writes and shows: the module's injection attributes. docs/kmod.md says what
 * each means.
 */
#ifndef KW_INJECT_H
#define KW_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "../preload/errnos.h"
#include "cli.h"
#include "inject_kmod.h"

/* In the order they are written, before armed. seed is last: it starts the sequence. */
enum kw_attr {
	KW_ATTR_ACCESS,
	KW_ATTR_MSR_FIRST,
	KW_ATTR_MSR_LAST,
	KW_ATTR_VALUE,
	KW_ATTR_VALUE_MASK,
	KW_ATTR_PID,
	KW_ATTR_VCPU,
	KW_ATTR_RESULT,
	KW_ATTR_PROBABILITY,
	KW_ATTR_INTERVAL,
	KW_ATTR_TIMES,
	KW_ATTR_SPACE,
	KW_ATTR_VERBOSE,
	KW_ATTR_LIKE,
	KW_ATTR_SEED,
	KW_NATTRS
};

/* The value of access. */
enum { KW_WRMSR, KW_RDMSR };

extern const char *const kw_accesses[];

struct kw_attr_row {
	const char *name;
	int64_t min, max;
	int64_t loaded; /* as after loading the module or after off */
	bool hex;
};

/* What the module accepts; kmod/inject.c has the same limits. */
extern const struct kw_attr_row kw_attrs[KW_NATTRS];
extern const char kw_armed[];

struct kw_session {
	struct kw_kmod kmod;
	struct kw_output out;
	bool dry_run;
};

void kw_say(struct kw_session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All of @text, decimal or hexadecimal after 0x; @hex: 64 bits unsigned. */
bool kw_to_number(const char *text, bool hex, int64_t *ret);

/* Reads everything the module says about the injection, and prints it. Return: an exit status. */
int kw_inject_show(struct kw_session *s);

#endif
