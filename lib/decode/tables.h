/* SPDX-License-Identifier: MIT */
/*
 * Numbers to names: the tables of data/, compiled in by scripts/gen-tables.py. Returns NULL for a
 * number that no table has; the caller still has the number. All texts are static.
 */
#ifndef KW_TABLES_H
#define KW_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum kw_table {
	KW_TABLE_KVM_EXIT,
	KW_TABLE_KVM_SUBERROR,
	KW_TABLE_KVM_SUBERROR_LAYOUT,
	KW_TABLE_VMX_EXIT,
	KW_TABLE_VMX_INSN_ERROR,
	KW_TABLE_SVM_EXIT,
	KW_TABLE_ERRNO,
	KW_TABLE_KVM_RUN_ERRNO,
	KW_TABLE_KVM_CHANGE,
	KW_TABLE_KVM_PARAM,
	KW_TABLE_KVM_EMULATOR,
	KW_TABLE_SEV_ERROR,
	KW_TABLE_GHCB_TERMINATION,
	KW_TABLE_TDX_LEAF,
	KW_TABLE_TDX_STATUS,
	KW_TABLE_KVM_IOCTL,
	KW_NTABLES,
};

/* What a row says; scripts/gen-tables.py has which table has which. */
enum kw_attr {
	KW_ATTR_SOURCE,
	KW_ATTR_ABOUT,
	KW_ATTR_FAIL,
	KW_ATTR_LINUX,
	KW_ATTR_TRACE,
	KW_ATTR_DO,
	KW_ATTR_SINCE,
	KW_ATTR_UNTIL,
	KW_ATTR_SINCE_STABLE,
	KW_ATTR_UNTIL_STABLE,
	KW_ATTR_SINCE_DEBIAN,
	KW_ATTR_UNTIL_DEBIAN,
	KW_ATTR_NDATA,
	KW_ATTR_MATCH,
	KW_ATTR_WHEN,
	KW_ATTR_WORD,
	KW_ATTR_MORE,
	KW_ATTR_TEXT,
	KW_ATTR_ALSO,
	KW_ATTR_ALIAS,
	KW_ATTR_TR,
	KW_ATTR_FUNCTION,
	KW_ATTR_CAUSE,
	KW_ATTR_RUN,
	KW_ATTR_LOOK,
	KW_ATTR_TOPIC,
	KW_ATTR_MSR,
	KW_ATTR_COMMIT,
	KW_ATTR_EFFECT,
	KW_ATTR_DEFECT,
	KW_ATTR_CPU,
	KW_ATTR_MODULE,
	KW_ATTR_VALUE,
	KW_ATTR_INSN,
	KW_ATTR_NOT,
	KW_ATTR_ERRNO,
	KW_ATTR_ARCH,
};

/* No attribute except WORD and TR occurs more often than this in one row; WORD: at most 16. */
enum { KW_MAX_REPEAT = 16 };

/* KVM_EXIT_* of kvm_run.exit_reason, its meaning, and what it means when printed as a failure. */
const char *kw_kvm_exit_name(uint64_t number);
const char *kw_kvm_exit_about(uint64_t number);
const char *kw_kvm_exit_fail(uint64_t number);

/* Is it an exit that a VMM handles and continues, not the end of a guest? */
bool kw_kvm_exit_is_served(uint64_t number);

const char *kw_kvm_suberror_name(uint64_t number);
const char *kw_kvm_suberror_about(uint64_t number);
const char *kw_kvm_suberror_fail(uint64_t number);

/*
 * A basic exit reason by the manual's name, and by Linux's ("EPT_VIOLATION", as in trace events).
 */
const char *kw_vmx_exit_name(uint64_t basic);
const char *kw_vmx_exit_linux(uint64_t basic);

const char *kw_vmx_insn_error(uint64_t number);
const char *kw_vmx_insn_error_about(uint64_t number);
const char *kw_vmx_insn_error_do(uint64_t number);

/*
 * The manual's name of an SVM exit code, the text in Linux's trace events ("npf"), and what it is.
 * A negative code truncated to 32 bits is also found.
 */
const char *kw_svm_exit_name(uint64_t code);
const char *kw_svm_exit_trace(uint64_t code);
const char *kw_svm_exit_about(uint64_t code);

/*
 * Why the ioctl called @ioctl returns errno @number on @arch, a name of the JSON or "unknown": the
 * first row of KW_TABLE_KVM_IOCTL, or the next one behind @after; NULL if there is none.
 */
const struct kw_row *kw_ioctl_cause(const struct kw_row *after, struct kw_str ioctl, int number,
				    const char *arch);

/* "EPERM", and its text in the C locale. */
const char *kw_errno_name(int number);
const char *kw_errno_text(int number);

/*
 * The errno whose strerror text, of glibc or musl, in any of the languages known, is at the start
 * of @text and is not followed by more of a word; the longest such text counts. 0 if there is none.
 */
int kw_errno_find_text(const char *text, size_t len);

/* The errno called @name ("EPERM", "EWOULDBLOCK"), or 0. */
int kw_errno_find_name(const char *name, size_t len);

/* "#PF", "NMI", ...; NULL for vectors without a name. */
const char *kw_exception_name(unsigned int vector);

/* Does the exception push an error code (in protected mode)? */
bool kw_exception_has_error_code(unsigned int vector);

/* A row of any table, for what has no function above. */
struct kw_row {
	uint64_t key; /* the number; in a table with ids, the id's offset in the pool */
	uint32_t name, first;
	uint32_t count;
};

/* First row with this number, or NULL. In tables that group rows, further ones follow it. */
const struct kw_row *kw_row_find(enum kw_table table, uint64_t key);

/* Row @i in the order of the table, or NULL beyond the last. */
const struct kw_row *kw_row_at(enum kw_table table, size_t i);

/* The row after @row if it has the same number, or NULL. */
const struct kw_row *kw_row_next(enum kw_table table, const struct kw_row *row);

const char *kw_row_name(const struct kw_row *row);

/* The id of a row of a table with ids. */
const char *kw_row_id(const struct kw_row *row);

/* The row's first text for @attr, or NULL; NULL for a NULL row. */
const char *kw_row_get(const struct kw_row *row, enum kw_attr attr);

/* Puts all texts for @attr into @ret, at most @max. Returns the number. */
size_t kw_row_all(const struct kw_row *row, enum kw_attr attr, const char **ret, size_t max);

/* What gen-tables.py writes: one pool of texts, everything else by offset; needs no relocations. */
struct kw_tables_attr {
	uint32_t text;
	uint32_t attr; /* enum kw_attr */
};

struct kw_tables_range {
	uint32_t first, count;
};

struct kw_tables_errno {
	uint32_t text;
	uint16_t len, number;
};

extern const char kw_tables_pool[];
extern const struct kw_row kw_tables_row[];
extern const struct kw_tables_attr kw_tables_attr[];
extern const struct kw_tables_range kw_tables_range[KW_NTABLES];
extern const struct kw_tables_errno kw_tables_errno[]; /* sorted by text */
extern const uint32_t kw_tables_nerrno;

#endif
