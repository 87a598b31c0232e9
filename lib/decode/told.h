/* SPDX-License-Identifier: MIT */
/*
 * The words that kvmwhy.ko puts into kvm_run: internal.data[] in, a struct out. The layout is that
 * of include/uapi/kvmwhy.h; docs/kvm-run-data.md explains it.
 */
#ifndef KW_TOLD_H
#define KW_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/kvmwhy.h>

struct kw_told {
	uint16_t version, kind; /* kind: enum kvmwhy_kind, or a newer one's number */
	uint32_t flags;		/* enum kvmwhy_flags, with those of newer versions */
	bool has_msr, has_value, has_rip, has_exit, has_gpa, has_insn;
	bool vmx;		/* exit_reason is VMX's */
	bool injected, converted;
	int64_t result; /* a negative errno */
	uint32_t msr, function;
	uint64_t value, rip, exit_reason, gpa, error_code;
	uint8_t insn_size, insn[15];
};

enum kw_told_state {
	KW_TOLD_NONE, /* not read */
	KW_TOLD_OK,
	KW_TOLD_CUT,	      /* fewer words than version 1 has */
	KW_TOLD_NO_VERSION, /* word 0 has version 0, which does not exist */
	KW_TOLD_NO_RESULT,  /* word 1 is not a negative errno */
};

/*
 * Reads @n words; words beyond version 1 belong to a newer version. A word without its flag stays 0
 * and its has_ false. Writes @ret only for KW_TOLD_OK.
 */
enum kw_told_state kw_told_read(const uint64_t *words, size_t n, struct kw_told *ret);

/* Why the words were refused: a clause; NULL for OK and NONE. */
const char *kw_told_refusal(enum kw_told_state state);

/* "wrmsr", "page-fault", ...: the names of the JSON; NULL for a newer version's kind. */
const char *kw_told_kind_name(uint16_t kind);

/*
 * The innermost function that returned the result, such as "kvm_set_msr_common()"; NULL if unknown.
 */
const char *kw_told_function(const struct kw_told *m);

#endif
