/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * What kvmwhy.ko puts into struct kvm_run when KVM_RUN fails. docs/kvm-run-data.md explains it.
 *
 * exit_reason is KVM_EXIT_INTERNAL_ERROR, internal.suberror KVMWHY_SUBERROR, internal.ndata
 * KVMWHY_NDATA, and internal.data[] a struct kvmwhy_data: 64-bit words in the host's byte order.
 * With report=annotate KVM_RUN still fails with its errno; with report=exit it returns 0. Versions
 * only add: words at the end, flags, kinds, functions. A reader uses what it knows, checks a word's
 * flag before it uses the word, and treats a longer ndata as a newer version.
 */
#ifndef KVMWHY_UAPI_H
#define KVMWHY_UAPI_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define KVMWHY_SUBERROR		0x4b57	/* "KW"; KVM's own are small numbers */
#define KVMWHY_DATA_VERSION	1
#define KVMWHY_NDATA		10	/* words of struct kvmwhy_data, version 1 */

/* What failed. */
enum kvmwhy_kind {
	KVMWHY_KIND_OTHER	= 0,	/* KVM_RUN, nothing more specific is known */
	KVMWHY_KIND_WRMSR	= 1,
	KVMWHY_KIND_RDMSR	= 2,
	KVMWHY_KIND_PAGE_FAULT	= 3,	/* a guest access to memory; gpa is valid */
};

/* Which words are valid, and where the failure came from. */
enum kvmwhy_flags {
	KVMWHY_HAS_MSR		= 1u << 0,	/* msr */
	KVMWHY_HAS_VALUE	= 1u << 1,	/* value */
	KVMWHY_HAS_RIP		= 1u << 2,	/* rip */
	KVMWHY_HAS_EXIT		= 1u << 3,	/* exit_reason and KVMWHY_EXIT_VMX */
	KVMWHY_HAS_GPA		= 1u << 4,	/* gpa and error_code */
	KVMWHY_HAS_INSN		= 1u << 5,	/* insn */
	/* exit_reason is VMX's; SVM's exit code without it */
	KVMWHY_EXIT_VMX		= 1u << 8,
	/* not KVM's failure: kvmwhy.ko was told to inject it */
	KVMWHY_INJECTED		= 1u << 16,
	/* KVM_RUN returned 0 instead of the result (report=exit) */
	KVMWHY_CONVERTED	= 1u << 17,
	/* never in kvm_run: assembled by `kvmwhy watch` */
	KVMWHY_WATCHED		= 1u << 18,
};

/* The innermost function watched by the module that returned the result. */
enum kvmwhy_function {
	KVMWHY_FUNCTION_UNKNOWN		= 0,
	KVMWHY_FUNCTION_SET_MSR_COMMON	= 1,	/* kvm_set_msr_common() */
	KVMWHY_FUNCTION_VENDOR_SET_MSR	= 2,	/* vmx_set_msr() or svm_set_msr() itself */
	KVMWHY_FUNCTION_MMU_PAGE_FAULT	= 3,	/* kvm_mmu_page_fault() */
	KVMWHY_FUNCTION_GET_MSR_COMMON	= 4,	/* kvm_get_msr_common() */
	KVMWHY_FUNCTION_VENDOR_GET_MSR	= 5,	/* vmx_get_msr() or svm_get_msr() itself */
	KVMWHY_FUNCTION_VCPU_IOCTL	= 6,	/* kvm_vcpu_ioctl() itself */
};

struct kvmwhy_data {
	uint16_t version;	/* KVMWHY_DATA_VERSION */
	uint16_t kind;		/* enum kvmwhy_kind */
	uint32_t flags;		/* enum kvmwhy_flags */
	/* what KVM_RUN would have returned: a negative errno; -1 is EPERM */
	int64_t result;
	uint32_t msr;		/* index */
	uint32_t function;	/* enum kvmwhy_function */
	uint64_t value;		/* of the WRMSR */
	uint64_t rip;		/* of the guest, the failed instruction's */
	uint64_t exit_reason;	/* the last VM exit: VMX basic exit reason, or SVM exit code */
	uint64_t gpa;
	uint64_t error_code;	/* of the page fault, as KVM passes it on: PFERR_* */
	uint8_t insn_size;	/* 0 to 15 */
	uint8_t insn[15];
};

#endif
