/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * One failure as `kvmwhy watch` has seen it, in the host's byte order: a header, then one section
 * after another. Each section begins with its kind and its size. The programs and readers in
 * host/watch/ produce records, libkvmwhy reads them; docs/watch.md explains the members.
 *
 * A section only grows at its end, and flags and numbers are only ever added. A reader skips
 * sections of unknown kind and the end of sections longer than it knows. The version changes only
 * if old readers must not continue. A member whose bit in its section's .known is clear is 0 and
 * means nothing.
 */
#ifndef KVMWHY_UAPI_EVENT_H
#define KVMWHY_UAPI_EVENT_H

#include "kvmwhy.h"

#define KVMWHY_EVENT_VERSION	1

/* The architecture whose registers the record contains. */
enum kvmwhy_arch {
	KVMWHY_ARCH_X86		= 1,
};

enum kvmwhy_section_kind {
	KVMWHY_SECTION_COMMON	= 1,	/* struct kvmwhy_event_common: every record has it */
	KVMWHY_SECTION_X86	= 2,	/* struct kvmwhy_event_x86 */
};

struct kvmwhy_section {
	uint32_t kind;		/* enum kvmwhy_section_kind */
	uint32_t size;		/* of the section, this header included; a multiple of 8 */
};

/* What made the record. */
enum kvmwhy_source {
	KVMWHY_SOURCE_BPF	= 1,	/* BPF programs on entry and exit of KVM's functions */
	KVMWHY_SOURCE_BPF_KPROBE = 2,	/* the same through kprobes: KVM's modules have no BTF */
	KVMWHY_SOURCE_TRACEFS	= 3,	/* kprobe events of a tracefs instance */
	KVMWHY_SOURCE_BPF_TRACEPOINT = 4,	/* BPF programs on KVM's trace events alone */
};

/* struct kvmwhy_event_common, .known */
enum kvmwhy_event_known {
	KVMWHY_KNOWS_VCPU	= 1u << 0,	/* vcpu */
	KVMWHY_KNOWS_RUN	= 1u << 1,	/* run */
	KVMWHY_KNOWS_REASON	= 1u << 2,	/* of run, only its exit_reason */
	KVMWHY_KNOWS_CODE	= 1u << 3,	/* code_known, code_at, code_size, code */
	/* the guest's registers are encrypted: KVM has none */
	KVMWHY_KNOWS_PROTECTED	= 1u << 4,
	/* an exit that this VM's VMM normally handles */
	KVMWHY_KNOWS_HARMLESS	= 1u << 5,
};

#define KVMWHY_EVENT_CODE	64	/* bytes of code */
#define KVMWHY_EVENT_RUN	168	/* bytes of struct kvm_run: to the end of internal.data */
#define KVMWHY_EVENT_ARGS	192	/* bytes of the command line */

/* The part of a failure that every architecture has. */
struct kvmwhy_event_common {
	struct kvmwhy_section section;
	uint32_t known;		/* enum kvmwhy_event_known */
	uint32_t source;	/* enum kvmwhy_source */
	int32_t result;		/* what KVM_RUN returned: 0, or a negative errno */
	int32_t vcpu;		/* its number */
	/* process and thread that called KVM_RUN, in the first pid namespace; 0: not known */
	uint32_t pid, tid;
	uint64_t time_ns;	/* CLOCK_MONOTONIC */
	uint64_t code_known;	/* bit i: code[i] could be read */
	uint32_t code_at;	/* index in code of the byte at the program counter */
	uint32_t code_size;	/* 0 to KVMWHY_EVENT_CODE */
	uint8_t code[KVMWHY_EVENT_CODE];
	uint8_t run[KVMWHY_EVENT_RUN];
	char comm[16];		/* the thread's name, ends in NUL */
	char args[KVMWHY_EVENT_ARGS];	/* the beginning of the command line, words end in NUL */
};

/* struct kvmwhy_event_x86, .known */
enum kvmwhy_x86_known {
	KVMWHY_X86_SVM		= 1u << 0,	/* kvm_amd runs the guest */
	KVMWHY_X86_VMX		= 1u << 1,	/* kvm_intel runs the guest */
	KVMWHY_X86_DATA		= 1u << 2,	/* data */
	/* exit_reason; KVMWHY_X86_SVM or _VMX says which one it is */
	KVMWHY_X86_EXIT		= 1u << 3,
	/* exit_info1, exit_info2, exit_intr_info, exit_error_code */
	KVMWHY_X86_INFO		= 1u << 4,
	KVMWHY_X86_REGS		= 1u << 5,	/* regs */
	KVMWHY_X86_BUT_RSP	= 1u << 6,	/* regs except RSP, which VMX keeps in the VMCS */
	KVMWHY_X86_RIP		= 1u << 7,	/* rip */
	KVMWHY_X86_RFLAGS	= 1u << 8,	/* rflags */
	KVMWHY_X86_CONTROL	= 1u << 9,	/* cr0, cr4, efer */
	KVMWHY_X86_CR2		= 1u << 10,	/* cr2 */
	KVMWHY_X86_CR3		= 1u << 11,	/* cr3 */
	KVMWHY_X86_SEGMENTS	= 1u << 12,	/* segment, cpl */
};

/* As in the VMCB: APM vol. 2, "Segment State in the VMCB". */
struct kvmwhy_segment {
	uint16_t selector;
	uint16_t attrib;	/* 12 bits, packed */
	uint32_t limit;
	uint64_t base;
};

enum kvmwhy_segment_index {	/* the VMCB's order */
	KVMWHY_ES, KVMWHY_CS, KVMWHY_SS, KVMWHY_DS, KVMWHY_FS, KVMWHY_GS,
	KVMWHY_GDTR, KVMWHY_LDTR, KVMWHY_IDTR, KVMWHY_TR, KVMWHY_SEGMENTS,
};

struct kvmwhy_event_x86 {
	struct kvmwhy_section section;
	uint32_t known;		/* enum kvmwhy_x86_known */
	uint32_t cpl;
	uint64_t exit_reason;	/* SVM: EXITCODE; VMX: the exit reason, all 32 bits */
	uint64_t exit_info1;	/* SVM: EXITINFO1; VMX: exit qualification */
	uint64_t exit_info2;	/* SVM: EXITINFO2; VMX: as in the kvm_exit event */
	uint32_t exit_intr_info;	/* SVM: EXITINTINFO; VMX: interruption information */
	uint32_t exit_error_code;
	/* what failed and who refused it first; with KVMWHY_WATCHED */
	struct kvmwhy_data data;
	/* in the order of their numbers: RAX RCX RDX RBX RSP RBP RSI RDI R8 ... R15 */
	uint64_t regs[16];
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4, efer;
	struct kvmwhy_segment segment[KVMWHY_SEGMENTS];
};

/*
 * The record of an x86 host. A record of another architecture has that architecture's section
 * instead of .x86.
 */
struct kvmwhy_event {
	uint32_t size;		/* of the whole record, in bytes */
	uint16_t version;	/* KVMWHY_EVENT_VERSION */
	uint16_t arch;		/* enum kvmwhy_arch */
	struct kvmwhy_event_common common;
	struct kvmwhy_event_x86 x86;
};

/* Initializers of the three headers of a whole x86 record, which precede its members. */
#define KVMWHY_EVENT_HEADS_X86                                                           \
	.size = sizeof(struct kvmwhy_event), .version = KVMWHY_EVENT_VERSION,            \
	.arch = KVMWHY_ARCH_X86,                                                         \
	.common.section = { KVMWHY_SECTION_COMMON, sizeof(struct kvmwhy_event_common) }, \
	.x86.section = { KVMWHY_SECTION_X86, sizeof(struct kvmwhy_event_x86) }

#endif
