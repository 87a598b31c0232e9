/* SPDX-License-Identifier: MIT */
/*
 * What KVM's set_msr_mce() does with a write to a machine-check bank MSR: everything that matters
 * goes in, its return value and the reason come out. Pure; builds in userspace and in a kernel
 * module.
 */
#ifndef KW_MCE_RULE_H
#define KW_MCE_RULE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

/* Behaviour of the host's kernel; kw_kver_mce_gens() returns which it can be. */
enum kw_mce_gen {
	KW_MCE_BEFORE_5_10, /* -1 is returned, and like any failure becomes #GP */
	KW_MCE_5_10,	    /* -1 is returned and leaves KVM_RUN as EPERM */
	KW_MCE_FIXED,	    /* stable releases with the fix: 1, and bit 0 of MCi_CTL may be clear */
	KW_MCE_6_0,	    /* the same, and MCi_CTL2 is emulated */
	KW_NMCE_GENS,
};

enum kw_mce_reason {
	KW_MCE_NOT_MCE,		    /* not an MSR of this rule */
	KW_MCE_OK,		    /* accepted as it is */
	KW_MCE_OK_BIT0,		    /* accepted: all ones without bit 0 (and perhaps bit 10) */
	KW_MCE_OK_MCSTATUSWREN,	    /* accepted: HWCR[McStatusWrEn] */
	KW_MCE_OK_HOST,		    /* accepted because the host wrote it */
	KW_MCE_NO_MCG_CTL,	    /* MCG_CTL without MCG_CAP.MCG_CTL_P */
	KW_MCE_MCG_CTL_VALUE,	    /* MCG_CTL accepts 0 and all ones */
	KW_MCE_NO_BANK,		    /* the guest has fewer banks */
	KW_MCE_CTL_BIT0,	    /* MCi_CTL all ones without bit 0: refused before the fix */
	KW_MCE_CTL_VALUE,	    /* MCi_CTL accepts 0 and all ones, except bits 10 and 0 */
	KW_MCE_STATUS_VALUE,	    /* MCi_STATUS accepts 0 */
	KW_MCE_NO_CTL2,		    /* this kernel has no MCi_CTL2, only MTRRs there */
	KW_MCE_NO_CMCI,		    /* MCi_CTL2 without MCG_CAP.MCG_CMCI_P */
	KW_MCE_CTL2_RESERVED,	    /* MCi_CTL2 reserved bits */
	KW_NMCE_REASONS,
};

/* What the guest and the VMM see of the result. */
enum kw_mce_effect {
	KW_MCE_ACCEPTED,      /* the instruction succeeds */
	KW_MCE_GP,	      /* #GP(0) in the guest */
	KW_MCE_KVM_RUN_EPERM, /* KVM_RUN fails with EPERM, RIP still at the WRMSR */
	KW_MCE_IOCTL_STOPS,   /* a write by the host: KVM_SET_MSRS stops at this entry */
};

struct kw_mce_write {
	enum kw_mce_gen gen;
	uint32_t msr;
	uint64_t value;
	uint32_t banks;	     /* MCG_CAP[7:0]: 32 without KVM_X86_SETUP_MCE; QEMU sets 10 */
	bool amd_compatible; /* vendor in the guest's CPUID is AMD or Hygon */
	bool mcstatuswren;   /* HWCR[18] */
	bool mcg_ctl_p;	     /* MCG_CAP[8] */
	bool mcg_cmci_p;     /* MCG_CAP[10] */
	bool host_initiated; /* KVM_SET_MSRS, not the guest's WRMSR */
};

struct kw_mce_result {
	int ret; /* 0, 1 or -1, as the kernel's function returns; also 0 for KW_MCE_NOT_MCE */
	enum kw_mce_reason reason;
	enum kw_mce_effect effect;
};

/* Does this rule cover the MSR: MCG_STATUS, MCG_CTL, MCi_CTL2, MCi_CTL .. MCi_MISC of 32 banks? */
bool kw_mce_is_msr(uint32_t msr);

struct kw_mce_result kw_mce_rule(const struct kw_mce_write *w);

/*
 * Would permit=correctable let this write through? True for MCi_CTL of an existing bank with all
 * ones except bit 0, bit 10, or both: a guest that ignores correctable errors, or avoids the GART
 * TLB errors of AMD K8. Never applies to MCi_STATUS.
 */
bool kw_mce_permit_correctable(const struct kw_mce_write *w);

/* A clause for each reason: "MCi_CTL accepts only 0 and all ones ...". */
const char *kw_mce_reason_text(enum kw_mce_reason reason);

#endif
