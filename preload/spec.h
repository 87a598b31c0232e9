/* SPDX-License-Identifier: MIT */
/*
 * What to inject: a text such as "vcpu=0 call=100 exit=fail-entry:0x80000021" in, a struct out.
 * Nothing here allocates, prints or queries the machine. docs/preload.md has the words.
 */
#ifndef KW_SPEC_H
#define KW_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kw_range {
	uint64_t first, last;
};

enum kw_spec_by { KW_BY_RIP = 1, KW_BY_MSR = 2, KW_BY_EXIT = 4 };

enum { KW_NO_EXIT = -1, KW_SPEC_NUMBERS = 17, KW_SPEC_PATH = 1024 };

struct kw_spec {
	/* Which calls: all given filters must match. */
	struct kw_range vcpu; /* number passed to KVM_CREATE_VCPU */
	struct kw_range call; /* of KVM_RUN on that vCPU, from 1 */
	struct kw_range rip, msr;
	uint32_t exit_reason;
	unsigned int by; /* enum kw_spec_by: which of rip, msr, exit_reason count */

	/* How many of those. */
	uint64_t interval;
	uint64_t chance, chances; /* this many out of that many */
	uint64_t seed;
	int64_t times; /* -1: no limit */

	/* With what result. */
	bool after;    /* KVM_RUN is called first, and its result replaced */
	int error;     /* errno; 0: KVM_RUN returns 0 */
	int exit;      /* exit_reason of <linux/kvm.h>, or KW_NO_EXIT: kvm_run stays as it is */
	uint64_t number[KW_SPEC_NUMBERS]; /* of the exit, in the order of its text */
	unsigned int numbers;
	char what[128]; /* the words of the result, for the log; truncated to fit */

	char log[KW_SPEC_PATH]; /* empty: none */
};

struct kw_spec_error {
	char word[64]; /* the wrong word, truncated to fit; empty if it is all of them */
	const char *reason;
};

/**
 * kw_spec_parse() - read a specification
 * @text: words separated by commas or blanks
 * @ret:  on success, what they mean
 * @err: on failure, the wrong word, and why
 *
 * Return: 0, or -1.
 */
int kw_spec_parse(const char *text, struct kw_spec *ret, struct kw_spec_error *err);

static inline bool kw_in_range(const struct kw_range *range, uint64_t value)
{
	return value >= range->first && value <= range->last;
}

/**
 * kw_spec_chance() - does chance select this call?
 *
 * A function of seed, vCPU and call only, so the selected calls are predictable and the same
 * whatever the threads do.
 */
bool kw_spec_chance(const struct kw_spec *spec, uint64_t vcpu, uint64_t call);

#endif
