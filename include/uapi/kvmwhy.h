/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * What kvmwhy.ko puts into struct kvm_run when KVM_RUN fails, and below it the record of a failure that
 * `kvmwhy watch` makes. docs/kvm-run-data.md explains the first, docs/watch.md the second.
 *
 * exit_reason is KVM_EXIT_INTERNAL_ERROR, internal.suberror KVMWHY_SUBERROR, internal.ndata
 * KVMWHY_NDATA, and internal.data[] a struct kvmwhy_data: 64-bit words in the host's byte order.
 * With report=annotate KVM_RUN still fails with its errno; with report=exit it returns 0.
 * Versions only add: words at the end, flags, kinds, functions. A reader takes what it knows, looks at the
 * flag of a word before it uses the word, and takes a longer ndata for a newer version.
 */
#ifndef KVMWHY_UAPI_H
#define KVMWHY_UAPI_H

#include <linux/types.h>

#define KVMWHY_SUBERROR		0x4b57	/* "KW"; KVM's own are small numbers */
#define KVMWHY_DATA_VERSION	1
#define KVMWHY_NDATA		10	/* words of struct kvmwhy_data, version 1 */

/* What failed. */
enum kvmwhy_kind {
	KVMWHY_KIND_OTHER	= 0,	/* KVM_RUN, nothing closer is known */
	KVMWHY_KIND_WRMSR	= 1,
	KVMWHY_KIND_RDMSR	= 2,
	KVMWHY_KIND_PAGE_FAULT	= 3,	/* a guest access to memory; gpa is valid */
};

/* Which words are valid, and how the failure came about. */
enum kvmwhy_flags {
	KVMWHY_HAS_MSR		= 1u << 0,	/* msr */
	KVMWHY_HAS_VALUE	= 1u << 1,	/* value */
	KVMWHY_HAS_RIP		= 1u << 2,	/* rip */
	KVMWHY_HAS_EXIT		= 1u << 3,	/* exit_reason and KVMWHY_EXIT_VMX */
	KVMWHY_HAS_GPA		= 1u << 4,	/* gpa and error_code */
	KVMWHY_HAS_INSN		= 1u << 5,	/* insn */
	KVMWHY_EXIT_VMX		= 1u << 8,	/* exit_reason is VMX's; SVM's exit code without it */
	KVMWHY_INJECTED		= 1u << 16,	/* not KVM's failure: kvmwhy.ko was told to inject it */
	KVMWHY_CONVERTED	= 1u << 17,	/* KVM_RUN returned 0 in place of the result (report=exit) */
	KVMWHY_WATCHED		= 1u << 18,	/* never in kvm_run: put together by `kvmwhy watch` */
};

/* The function that returned the result first, as far as the module looks. */
enum kvmwhy_function {
	KVMWHY_FUNCTION_UNKNOWN		= 0,
	KVMWHY_FUNCTION_SET_MSR_COMMON	= 1,	/* kvm_set_msr_common() */
	KVMWHY_FUNCTION_VENDOR_SET_MSR	= 2,	/* vmx_set_msr() or svm_set_msr() itself */
	KVMWHY_FUNCTION_MMU_PAGE_FAULT	= 3,	/* kvm_mmu_page_fault() */
	KVMWHY_FUNCTION_GET_MSR_COMMON	= 4,	/* kvm_get_msr_common() */
	KVMWHY_FUNCTION_VENDOR_GET_MSR	= 5,	/* vmx_get_msr() or svm_get_msr() itself */
	KVMWHY_FUNCTION_VCPU_IOCTL		= 6,	/* kvm_vcpu_ioctl() itself */
};

struct kvmwhy_data {
	__u16 version;		/* KVMWHY_DATA_VERSION */
	__u16 kind;		/* enum kvmwhy_kind */
	__u32 flags;		/* enum kvmwhy_flags */
	__s64 result;		/* what KVM_RUN would have returned: a negative errno; -1 is EPERM */
	__u32 msr;		/* index */
	__u32 function;		/* enum kvmwhy_function */
	__u64 value;		/* of the WRMSR */
	__u64 rip;		/* of the guest, the failed instruction's */
	__u64 exit_reason;	/* the last VM exit: VMX basic exit reason, or SVM exit code */
	__u64 gpa;
	__u64 error_code;	/* of the page fault, as KVM passes it on: PFERR_* */
	__u8  insn_size;	/* 0 to 15 */
	__u8  insn[15];
};

/*
 * One failure as `kvmwhy watch` has seen it, in the host's byte order. The programs and readers in
 * host/watch/ make it, libkvmwhy reads it. Versions only add members at the end; size tells how long a record is.
 * A member without its bit in .known is 0 and means nothing.
 */
#define KVMWHY_EVENT_VERSION	1

/* Who made the record. */
enum kvmwhy_source {
	KVMWHY_SOURCE_BPF	= 1,	/* BPF programs at entry and exit of KVM's functions */
	KVMWHY_SOURCE_BPF_KPROBE = 2,	/* the same by kprobes: KVM's modules have no BTF */
	KVMWHY_SOURCE_TRACEFS	= 3,	/* kprobe events of a tracefs instance */
};

enum kvmwhy_event_known {
	KVMWHY_KNOWS_VCPU	= 1u << 0,	/* vcpu */
	KVMWHY_KNOWS_RUN	= 1u << 1,	/* run */
	KVMWHY_KNOWS_DATA	= 1u << 2,	/* data */
	KVMWHY_KNOWS_EXIT	= 1u << 3,	/* exit_reason, and KVMWHY_KNOWS_SVM or _VMX which one it is */
	KVMWHY_KNOWS_INFO	= 1u << 4,	/* exit_info1, exit_info2, exit_intr_info, exit_error_code */
	KVMWHY_KNOWS_REGS	= 1u << 5,	/* regs */
	KVMWHY_KNOWS_RIP	= 1u << 6,	/* rip */
	KVMWHY_KNOWS_RFLAGS	= 1u << 7,	/* rflags */
	KVMWHY_KNOWS_CONTROL	= 1u << 8,	/* cr0, cr4, efer */
	KVMWHY_KNOWS_CR2	= 1u << 9,	/* cr2 */
	KVMWHY_KNOWS_CR3	= 1u << 10,	/* cr3 */
	KVMWHY_KNOWS_SEGMENTS	= 1u << 11,	/* segments, cpl */
	KVMWHY_KNOWS_CODE	= 1u << 12,	/* code */
	KVMWHY_KNOWS_SVM	= 1u << 16,	/* kvm_amd runs the guest */
	KVMWHY_KNOWS_VMX	= 1u << 17,	/* kvm_intel runs the guest */
	KVMWHY_KNOWS_PROTECTED	= 1u << 18,	/* the guest's registers are encrypted: KVM has none */
	KVMWHY_KNOWS_HARMLESS	= 1u << 19,	/* an exit that a VMM of this VM answers as a matter of course */
	KVMWHY_KNOWS_REASON	= 1u << 20,	/* of run its exit_reason and nothing else */
	KVMWHY_KNOWS_BUT_RSP	= 1u << 21,	/* of regs all but RSP, which VMX has in the VMCS */
};

/* As in the VMCB: APM vol. 2, "Segment State in the VMCB". */
struct kvmwhy_segment {
	__u16 selector;
	__u16 attrib;		/* 12 bits, packed */
	__u32 limit;
	__u64 base;
};

enum kvmwhy_segment_index {	/* the VMCB's order */
	KVMWHY_ES, KVMWHY_CS, KVMWHY_SS, KVMWHY_DS, KVMWHY_FS, KVMWHY_GS,
	KVMWHY_GDTR, KVMWHY_LDTR, KVMWHY_IDTR, KVMWHY_TR, KVMWHY_SEGMENTS,
};

#define KVMWHY_EVENT_CODE	64	/* bytes of code */
#define KVMWHY_EVENT_RUN	168	/* bytes of struct kvm_run: to the end of internal.data */
#define KVMWHY_EVENT_ARGS	192	/* bytes of the command line */

struct kvmwhy_event {
	__u32 size;		/* of this record, in bytes */
	__u16 version;		/* KVMWHY_EVENT_VERSION */
	__u16 source;		/* enum kvmwhy_source */
	__u32 known;		/* enum kvmwhy_event_known */
	__s32 result;		/* what KVM_RUN returned: 0, or a negative errno */
	__u64 time_ns;		/* CLOCK_MONOTONIC */
	__u32 pid, tid;		/* process and thread that called KVM_RUN, in the first pid namespace; 0: not known */
	__s32 vcpu;		/* its number */
	__u32 cpl;
	__u64 exit_reason;	/* SVM: EXITCODE; VMX: the exit reason, all 32 bits */
	__u64 exit_info1;	/* SVM: EXITINFO1; VMX: exit qualification */
	__u64 exit_info2;	/* SVM: EXITINFO2; VMX: as the event kvm_exit has it */
	__u32 exit_intr_info;	/* SVM: EXITINTINFO; VMX: interruption information */
	__u32 exit_error_code;
	struct kvmwhy_data data;	/* what failed and who refused it first; with KVMWHY_WATCHED */
	__u64 regs[16];		/* in the order of their numbers: RAX RCX RDX RBX RSP RBP RSI RDI R8 ... R15 */
	__u64 rip, rflags;
	__u64 cr0, cr2, cr3, cr4, efer;
	struct kvmwhy_segment segment[KVMWHY_SEGMENTS];
	__u64 code_known;	/* bit i: code[i] could be read */
	__u32 code_at;		/* index in code of the byte at RIP */
	__u32 code_size;	/* 0 to KVMWHY_EVENT_CODE */
	__u8  code[KVMWHY_EVENT_CODE];
	__u8  run[KVMWHY_EVENT_RUN];
	char  comm[16];		/* the thread's name, ends in NUL */
	char  args[KVMWHY_EVENT_ARGS];	/* the beginning of the command line, words end in NUL */
};

#endif
