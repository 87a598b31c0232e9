/* SPDX-License-Identifier: MIT */
/*
 * Kernel releases: `uname -r` as the set of upstream versions it may stand for, and which rows of
 * data/kvm_change.tbl (or any row with since and until) hold for it.
 */
#ifndef KW_KVER_H
#define KW_KVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "decode/x86/mce_rule.h"
#include "decode/tables.h"

enum kw_kver_origin {
	KW_KVER_UPSTREAM,   /* a plain version, or a suffix that does not show the vendor */
	KW_KVER_DEBIAN,
	KW_KVER_UBUNTU,
	KW_KVER_PVE,	    /* Proxmox VE: Ubuntu's kernel with more upstream backports */
	KW_KVER_ENTERPRISE, /* RHEL, rebuilds, SUSE, openEuler, ...: may have any later change */
};

struct kw_kver {
	bool known;
	bool patch_known; /* the name shows the point release */
	uint8_t origin;	  /* enum kw_kver_origin */
	uint16_t major, minor, patch;
	uint16_t rc;	    /* 0 if it is not a release candidate */
	uint32_t debian_abi; /* the 18 of 5.10.0-18-amd64; 0 if there is none */
	uint64_t low, high; /* kw_kver_point() of the oldest and newest version it may stand for */
};

/*
 * Reads a release: "5.10.0-18-amd64", "6.1.192", "5.18.0-rc6-kvm+", "6.5.11-7-pve",
 * "4.18.0-553.el8.x86_64", also "v6.1" and "Linux version 6.1.0 ..."; anything after a blank is
 * ignored. Returns false, with .known false, if there is no version at the start.
 */
bool kw_kver_parse(const char *text, size_t len, struct kw_kver *ret);

/*
 * What else a vendor says about a kernel whose release does not show the point release: "#1 SMP
 * Debian 5.10.223-1 (..)" of `uname -v`, "Ubuntu 5.15.0-91.101-generic 5.15.131" of
 * /proc/version_signature. Other texts change nothing.
 */
void kw_kver_refine(struct kw_kver *v, const char *build, size_t len);

/* A number that orders versions: v5.10-rc7 < v5.10 < v5.10.1. @rc: 0 for a release. */
uint64_t kw_kver_point(unsigned int major, unsigned int minor, unsigned int patch, unsigned int rc);

/* Order of the versions named, regardless of vendor: negative, 0 or positive. */
int kw_kver_compare(const struct kw_kver *a, const struct kw_kver *b);

enum kw_change_state { KW_CHANGE_NOT, KW_CHANGE_APPLIES, KW_CHANGE_CANNOT_TELL };

/* Why the state is unknown. */
enum kw_change_doubt {
	KW_DOUBT_NONE,
	KW_DOUBT_NO_VERSION,	   /* the kernel is not known */
	KW_DOUBT_NO_POINT_RELEASE, /* the name does not show the point release, and that decides */
	KW_DOUBT_BACKPORTS,	   /* the vendor backports from later kernels */
	KW_DOUBT_GAP,		   /* the exact version of the change is not known */
};

/* A clause that says so, or "" for KW_DOUBT_NONE. */
const char *kw_change_doubt_text(enum kw_change_doubt doubt);

/* The row of data/kvm_change.tbl with this id, or NULL. Walk all with kw_row_at(). */
const struct kw_row *kw_change_find(const char *id);

/* Does @row hold for @v? @doubt may be NULL. A row without since or until is open on that side. */
enum kw_change_state kw_change_state(const struct kw_row *row, const struct kw_kver *v,
				     enum kw_change_doubt *doubt);

/*
 * "Linux v5.10 to before v6.0; in stable branches before v5.10.137": the kernels that @row holds
 * for.
 */
void kw_change_range(const struct kw_row *row, struct kw_buf *buf);

/*
 * "Linux v6.0 or later; in stable branches v5.10.137 or later (Debian 5.10.0-18)": those it no
 * longer holds for.
 */
void kw_change_fix(const struct kw_row *row, struct kw_buf *buf);

enum kw_change_touch { KW_TOUCH_NO, KW_TOUCH_ANY_MSR, KW_TOUCH_THIS_MSR };

/* How does a row concern accesses to this MSR: not at all, as any MSR, or specifically? */
enum kw_change_touch kw_change_touches(const struct kw_row *row, uint32_t msr);

/* The generations of KVM's machine-check rule @v may have: bits 1 << enum kw_mce_gen. */
unsigned int kw_kver_mce_gens(const struct kw_kver *v);

/*
 * The rule's answer for a kernel: .gen of @w is set here. True if all generations the kernel may
 * have agree on return value and effect; @ret is then that answer, with the reason of the oldest.
 */
bool kw_kver_mce_write(const struct kw_kver *v, struct kw_mce_write *w, struct kw_mce_result *ret);

/*
 * The layouts (rows of KW_TABLE_KVM_SUBERROR_LAYOUT) that data[] of an internal error can have, by
 * number of words, their contents and the kernel; @v may be NULL. If none has so few words, those
 * whose first words they can be. Returns the number, at most @max.
 */
size_t kw_suberror_layouts(uint64_t suberror, const uint64_t *data, size_t ndata,
			   const struct kw_kver *v, const struct kw_row **ret, size_t max);

#endif
