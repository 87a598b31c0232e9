/* SPDX-License-Identifier: MIT */
/*
 * Words with bit fields from KVM, a VMCS or a VMCB: each into a struct, and into one short text in
 * the caller's buffer. Text functions return the length of the whole text, like snprintf(); what
 * does not fit is cut off, and a buffer of at least one byte is always NUL-terminated. Bits without
 * a known meaning are shown as bitN.
 */
#ifndef KW_EXIT_INFO_H
#define KW_EXIT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which of the three VMX words of the same layout; they differ in bits 12 and 13. */
enum kw_vmx_intr_field {
	KW_VMX_ENTRY_INTR_INFO, /* VM-entry interruption information */
	KW_VMX_EXIT_INTR_INFO,	/* VM-exit interruption information */
	KW_VMX_IDT_VECTORING,	/* IDT-vectoring information */
};

/* Interruption type, bits 10:8. */
enum kw_vmx_intr_type {
	KW_VMX_EXTERNAL_INTERRUPT = 0,
	KW_VMX_NMI = 2,
	KW_VMX_HARDWARE_EXCEPTION = 3,
	KW_VMX_SOFTWARE_INTERRUPT = 4,
	KW_VMX_PRIVILEGED_SOFTWARE_EXCEPTION = 5,
	KW_VMX_SOFTWARE_EXCEPTION = 6,
	KW_VMX_OTHER_EVENT = 7,
};

struct kw_vmx_intr_info {
	uint8_t vector;
	uint8_t type; /* enum kw_vmx_intr_type; 1 is reserved */
	bool error_code;
	bool nmi_unblocking; /* NMI unblocking due to IRET; VM-exit interruption information only */
	bool valid;
	uint32_t unknown; /* set bits without a known meaning */
};

void kw_vmx_intr_info_decode(enum kw_vmx_intr_field kind, uint32_t word,
			     struct kw_vmx_intr_info *ret);

/* "#PF (vector 14), hardware exception, error code valid"; "not valid" if bit 31 is clear. */
size_t kw_vmx_intr_info_text(enum kw_vmx_intr_field kind, uint32_t word, char *buf, size_t size);
const char *kw_vmx_intr_type_name(unsigned int type);

/*
 * Why VM entry refuses to inject this word, or NULL if nothing in the word alone forbids it. The
 * rules of Intel SDM vol. 3, "VM-Entry Control Fields", that hold on every CPU: reserved type,
 * vector against type, error code against type.
 */
const char *kw_vmx_intr_info_refused(uint32_t entry_intr_info);

/* EVENTINJ and EXITINTINFO of the VMCB; the error code may be in bits 63:32. */
enum kw_svm_event_inj_type {
	KW_SVM_INTR = 0,
	KW_SVM_NMI = 2,
	KW_SVM_EXCEPTION = 3,
	KW_SVM_SOFTWARE_INTERRUPT = 4,
};

struct kw_svm_event_inj {
	uint8_t vector;
	uint8_t type; /* enum kw_svm_event_inj_type; others are reserved */
	bool error_code_valid;
	bool valid;
	uint32_t error_code;
	uint32_t unknown;
};

void kw_svm_event_inj_decode(uint64_t word, struct kw_svm_event_inj *ret);
size_t kw_svm_event_inj_text(uint64_t word, char *buf, size_t size);

/* Why VMRUN refuses to inject this EVENTINJ, or NULL. AMD APM vol. 2, "Event Injection". */
const char *kw_svm_event_inj_refused(uint64_t eventinj);

/* Exit qualification of an EPT violation. */
struct kw_ept_violation {
	bool read, write, fetch;		      /* what the access was */
	bool readable, writable, executable;	      /* what the EPT entries allow */
	bool user_executable;			      /* with mode-based execute control */
	bool gva_valid;				      /* the guest linear address field is valid */
	bool translated; /* with gva_valid: access to the translation, not to a paging structure */
	bool nmi_unblocking;
};

void kw_ept_violation_decode(uint64_t qualification, struct kw_ept_violation *ret);
size_t kw_ept_violation_text(uint64_t qualification, char *buf, size_t size);

/* Error code of #PF: the low 32 bits; and exit_info_1 of an SVM nested page fault, 64 bits. */
enum {
	KW_PF_P = 1 << 0,
	KW_PF_W = 1 << 1,
	KW_PF_U = 1 << 2,
	KW_PF_RSVD = 1 << 3,
	KW_PF_I = 1 << 4,
	KW_PF_PK = 1 << 5,
	KW_PF_SS = 1 << 6,
};

size_t kw_pf_error_text(uint32_t error_code, char *buf, size_t size);
size_t kw_npf_text(uint64_t exit_info_1, char *buf, size_t size);

/* The VMX exit reason word. */
struct kw_vmx_exit {
	uint16_t basic;
	bool bus_lock;	    /* bit 26 */
	bool enclave;	    /* bit 27 */
	bool pending_mtf;   /* bit 28 */
	bool from_root;	    /* bit 29 */
	bool entry_failure; /* bit 31 */
	uint32_t unknown;
};

/* The word of a failed entry: a basic reason with bit 31. */
#define KW_VMX_ENTRY_FAILED(basic) (1u << 31 | (uint32_t)(basic))

void kw_vmx_exit_decode(uint32_t word, struct kw_vmx_exit *ret);
size_t kw_vmx_exit_text(uint32_t word, char *buf, size_t size);

/* What hardware_entry_failure_reason of KVM_EXIT_FAIL_ENTRY ("hardware error 0x...") is. */
enum kw_entry_code {
	KW_ENTRY_OTHER,
	KW_ENTRY_VMX_EXIT,	 /* exit reason with bit 31: kw_vmx_exit_text() */
	KW_ENTRY_VMX_INSN_ERROR, /* VM-instruction error: kw_vmx_insn_error() */
	KW_ENTRY_SVM,		 /* negative SVM exit code: kw_svm_exit_name() */
};

enum kw_entry_code kw_entry_code_of(uint64_t code);

/* Port access: exit_info_1 of SVM IOIO, or the exit qualification of a VMX I/O instruction. */
struct kw_io_exit {
	uint16_t port;
	uint8_t bytes; /* 1, 2 or 4; 0 if the word is not valid */
	bool in, string, rep;
};

void kw_svm_ioio_decode(uint32_t exit_info_1, struct kw_io_exit *ret);
void kw_vmx_io_decode(uint64_t qualification, struct kw_io_exit *ret);
size_t kw_io_exit_text(const struct kw_io_exit *io, char *buf, size_t size);

/*
 * The words of suberror 1 (struct emulation_failure and what follows it). @data: internal.data[].
 * Kernels without words yield an empty result.
 */
struct kw_emulation_failure {
	bool has_bytes; /* flag KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES */
	bool has_exit;	/* has the five words of exit information */
	uint8_t insn_size; /* at most 15 */
	uint8_t insn_bytes[15];
	uint64_t flags, reason, info1, info2;
	uint32_t intr_info, error_code;
	uint8_t ndebug; /* words of KVM's caller after them, from data[debug] on */
	uint8_t debug;
};

void kw_emulation_failure_decode(const uint64_t *data, size_t ndata,
				 struct kw_emulation_failure *ret);

#endif
