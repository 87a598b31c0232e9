/* SPDX-License-Identifier: MIT */
/*
 * What KVM was observed to do on a guest's RDMSR and WRMSR: data/kvm_msr_seen.tbl through
 * scripts/gen-msr-seen.py. The head of that table describes the set-up and the answers.
 */
#ifndef KW_MSR_SEEN_H
#define KW_MSR_SEEN_H

#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KW_MSR_ANSWER_SIZE = 24,
	KW_MSR_SEEN_TEXT_SIZE = 64,
};

enum kw_msr_try {
	KW_MSR_TRY_READ,
	KW_MSR_TRY_ZERO,
	KW_MSR_TRY_ONE,
	KW_MSR_TRY_ONES, /* all bits */
	KW_MSR_TRY_SAME, /* what had been read */
	KW_NMSR_TRIES,
};

/* A KVM that was tested. */
struct kw_msr_seen_kernel {
	enum kw_vendor vendor;
	char release[KW_MSR_SEEN_TEXT_SIZE]; /* "5.10.223" */
	char version[KW_MSR_SEEN_TEXT_SIZE]; /* of the package: "5.10.223-1" */
	char how[KW_MSR_SEEN_TEXT_SIZE];     /* what emulated its processor */
};

/*
 * Kernels (bit n: kernel n) with the same answers for indices from @first to @last, @stride apart.
 */
struct kw_msr_seen {
	uint32_t first, last;
	uint16_t stride;
	uint16_t kernels;
	uint8_t answers[KW_NMSR_TRIES];
};

/* All rows with @index: start with NULL, NULL ends. No kernel is in two of them. */
const struct kw_msr_seen *kw_msr_seen_next(uint32_t index, const struct kw_msr_seen *row);

/* "ok", "#GP", "#GP(unknown)", ...; "-" if it was not tried. */
const char *kw_msr_seen_answer(const struct kw_msr_seen *row, enum kw_msr_try which);

/* Kernel @i of all, or NULL past the last; those of one vendor are adjacent. */
const struct kw_msr_seen_kernel *kw_msr_seen_kernel_at(size_t i);

/* Did kernel @i answer as @row says? */
bool kw_msr_seen_by(const struct kw_msr_seen *row, size_t i);

/* The generated tables; only msr_seen.c reads them. */

extern const struct kw_msr_seen_kernel kw_msr_seen_kernels[];
extern const struct kw_msr_seen kw_msr_seen_rows[];
extern const char kw_msr_seen_words[][KW_MSR_ANSWER_SIZE];
extern const size_t kw_msr_seen_nkernels;
extern const size_t kw_msr_seen_nrows;

#endif
