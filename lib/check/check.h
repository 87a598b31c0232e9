/* SPDX-License-Identifier: MIT */
/*
 * The entry stage: the checks that VM entry (Intel) and VMRUN (AMD) make, each asked of a record. A
 * failure in, for each check one of three answers out. The checks are rows of the *.def files, a
 * file for each section of the manuals; how a row is written stands in fields.h.
 */
#ifndef KW_ENTRY_H
#define KW_ENTRY_H

#include "failure.h"

enum kw_verdict {
	KW_CHECK_HOLDS, /* also where the check does not apply */
	KW_CHECK_BROKEN,
	KW_CHECK_CANNOT_TELL,
};

/*
 * Who makes the check, a part of VM entry or an ioctl: a failure of that part breaks one of its
 * checks.
 */
enum kw_check_set {
	KW_CHECKS_VMX_CONTROLS, /* VM-instruction error 7 */
	KW_CHECKS_VMX_HOST,	/* VM-instruction error 8 */
	KW_CHECKS_VMX_GUEST,	/* exit reason 0x80000021 */
	KW_CHECKS_VMX_MSR_LOAD, /* exit reason 0x80000022 */
	KW_CHECKS_SVM,		/* VMEXIT_INVALID */
	KW_CHECKS_SET_SREGS,	/* KVM_SET_SREGS answered EINVAL */
	KW_CHECKS_SET_XCRS,	/* KVM_SET_XCRS answered EINVAL */
	KW_NCHECK_SETS,
};

enum { KW_CHECK_MAX_USED = 8 };

/* What was asked of a record, and what the check that was asked last looked at. */
struct kw_entry {
	const struct kw_failure *f;
	/* enum kw_fact of what it read, in that order, each once */
	uint16_t used[KW_CHECK_MAX_USED];
	uint8_t nused;
	enum kw_fact missing; /* the first that was not known, KW_F_none if all were */
	/* what no dump has and the check needs ("MAXPHYADDR"), NULL if nothing */
	const char *untold;
	/* a value is from the VMM's register dump, not from the VMCS or VMCB */
	bool by_vmm;
};

struct kw_check {
	/* identifier of C, stable, never reused; the first word is the set's or the state's */
	const char *id;
	const char *says; /* what must be so, in the words of the manual */
	const char *code; /* the condition as it is written in the row */
	bool (*holds)(struct kw_entry *e);
};

/* The checks of one section of a manual. */
struct kw_check_section {
	const char *title; /* volume and section title, as a source is cited */
	enum kw_check_set set;
	const struct kw_check *check;
	size_t n;
};

/* In the order in which the manuals have them; ends with .n 0. */
extern const struct kw_check_section kw_check_sections[];

/*
 * Asks one check of the record. @e is filled anew and says what was looked at. Values come from the
 * dump_vmcs or dump_vmcb; where the record has none of that kind, guest state comes from the VMM's
 * register dump as far as that shows what was loaded.
 */
enum kw_verdict kw_check_ask(const struct kw_check *check, const struct kw_failure *f,
			     struct kw_entry *e);

/*
 * The first check behind @after (NULL: of all) that can have ended this entry and whose answer is
 * @wanted, NULL if there is none; @e is filled as by kw_check_ask().
 */
const struct kw_check *kw_check_next(const struct kw_failure *f, const struct kw_check *after,
				     enum kw_verdict wanted, struct kw_entry *e);

/* What a check that cannot tell was lacking. */
const char *kw_entry_needs(const struct kw_entry *e);

/* The check called @id, or NULL. */
const struct kw_check *kw_check_find(const char *id);
/* The section that has the check. */
const struct kw_check_section *kw_check_section_of(const struct kw_check *check);

/*
 * Can a check of @set be what ended this entry? Decided by the hardware error and the kind of dump:
 * exit reason 0x80000021 says that controls and host state were accepted. Where no error is known,
 * all sets of the vendor can.
 */
bool kw_check_set_asked(const struct kw_failure *f, enum kw_check_set set);

#endif
