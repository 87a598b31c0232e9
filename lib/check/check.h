/* SPDX-License-Identifier: MIT */
/*
 * The checks that VM entry (Intel) and VMRUN (AMD) make, each evaluated on a record. A failure in,
 * for each check one of three answers out. The checks are rows of the *.def files, one file per
 * section of the manuals; fields.h explains how a row is written.
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
 * Who makes the check, a part of VM entry or an ioctl: if that part failed, one of its checks is
 * broken.
 */
enum kw_check_set {
	KW_CHECKS_VMX_CONTROLS, /* VM-instruction error 7 */
	KW_CHECKS_VMX_HOST,	/* VM-instruction error 8 */
	KW_CHECKS_VMX_GUEST,	/* exit reason 0x80000021 */
	KW_CHECKS_VMX_MSR_LOAD, /* exit reason 0x80000022 */
	KW_CHECKS_SVM,		/* VMEXIT_INVALID */
	KW_CHECKS_SET_SREGS,	/* KVM_SET_SREGS returned EINVAL */
	KW_CHECKS_SET_XCRS,	/* KVM_SET_XCRS returned EINVAL */
	KW_NCHECK_SETS,
};

enum { KW_CHECK_MAX_USED = 8 };

/* A record under evaluation, and what the last check read. */
struct kw_entry {
	const struct kw_failure *f;
	/* enum kw_fact it read, in that order, each once */
	uint16_t used[KW_CHECK_MAX_USED];
	uint8_t nused;
	enum kw_fact missing; /* the first that was not known, KW_F_none if all were */
	/* what the check needs and no dump has ("MAXPHYADDR"), NULL if nothing */
	const char *untold;
	/* a value is from the VMM's register dump, not from the VMCS or VMCB */
	bool by_vmm;
};

struct kw_check {
	/* a C identifier, stable, never reused; the first word is the set's or the state's */
	const char *id;
	const char *says; /* what must hold, in the manual's words */
	const char *code; /* the condition as written in the row */
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
 * Evaluates one check on the record. @e is refilled with what it read. Values come from the
 * dump_vmcs or dump_vmcb; if the record has neither, guest state comes from the VMM's register dump
 * as far as that shows what was loaded.
 */
enum kw_verdict kw_check_ask(const struct kw_check *check, const struct kw_failure *f,
			     struct kw_entry *e);

/*
 * The first check after @after (NULL: of all) that can have ended this entry and whose answer is
 * @wanted, NULL if there is none; @e is filled as by kw_check_ask().
 */
const struct kw_check *kw_check_next(const struct kw_failure *f, const struct kw_check *after,
				     enum kw_verdict wanted, struct kw_entry *e);

/* What an undecided check was missing. */
const char *kw_entry_needs(const struct kw_entry *e);

/* The check with id @id, or NULL. */
const struct kw_check *kw_check_find(const char *id);
/* The section that contains the check. */
const struct kw_check_section *kw_check_section_of(const struct kw_check *check);

/*
 * Can a check of @set be what ended this entry? Decided by the hardware error and the kind of dump:
 * exit reason 0x80000021 says that controls and host state were accepted. If no error is known, all
 * sets of the vendor can.
 */
bool kw_check_set_asked(const struct kw_failure *f, enum kw_check_set set);

#endif
