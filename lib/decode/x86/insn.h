/* SPDX-License-Identifier: MIT */
/*
 * The instruction at RIP, its operands, and the listing around it. Hides Zydis; changes nothing,
 * allocates nothing.
 */
#ifndef KW_X86_INSN_H
#define KW_X86_INSN_H

#include "failure.h"

enum kw_insn_kind {
	KW_INSN_OTHER,
	KW_INSN_WRMSR, /* also WRMSRNS, the immediate forms and WRMSRLIST */
	KW_INSN_RDMSR,
	KW_INSN_IN,
	KW_INSN_OUT,
	KW_INSN_INS,
	KW_INSN_OUTS,
	KW_INSN_MOV_CR, /* also CLTS, LMSW, SMSW */
	KW_INSN_MOV_DR,
	KW_INSN_CPUID,
	KW_INSN_XSETBV, /* also XGETBV */
	KW_INSN_HLT,
	KW_INSN_RSM,
	KW_INSN_VMX,   /* VMLAUNCH, VMRESUME, VMREAD, VMPTRLD, SEAMCALL, ... */
	KW_INSN_SVM,   /* VMRUN, VMLOAD, VMSAVE, CLGI, ... */
	KW_INSN_VMCALL, /* also VMMCALL, VMGEXIT, TDCALL */
	KW_INSN_IRET, /* also ERETU, ERETS, UIRET */
	KW_INSN_FAR,   /* far JMP, CALL, RET */
	KW_INSN_BRANCH, /* near jumps, calls and returns */
	KW_INSN_DESCRIPTOR, /* LGDT, LIDT, LLDT, LTR, SGDT, ... */
	KW_INSN_MOV_SEG,
	KW_INSN_ENDBR,
	KW_INSN_SIMD,  /* FPU, SSE, AVX, ... data instructions */
	KW_INSN_FXSTATE, /* FXSAVE, FXRSTOR, XSAVE*, XRSTOR*, FNSAVE ... */
	KW_INSN_DATA,  /* integer loads, stores, arithmetic */
	KW_INSN_STRING, /* MOVS, STOS, LODS, CMPS, SCAS with or without REP */
	KW_INSN_NOP,
	KW_INSN_UD,
	KW_NINSN_KINDS,
};

/* Stable kebab-case name of a kind, part of the fingerprint. */
const char *kw_insn_kind_name(enum kw_insn_kind kind);

struct kw_insn {
	enum kw_insn_kind kind;
	uint8_t length; /* 1 to 15 */
	uint8_t bytes[15];
	uint8_t bits;	   /* 16, 32 or 64: the width it was decoded for; 0: the same in all */
	char mnemonic[24]; /* lower case */
	char text[112];	   /* Intel syntax, as Zydis formats it */

	/* operands resolved from the registers; each valid only where its has_ is set */
	bool has_msr, has_msr_value; /* index in @msr; value of a write in @msr_value */
	uint32_t msr;
	uint64_t msr_value;
	bool has_port, has_port_value;
	uint16_t port;
	uint32_t port_value;
	uint8_t port_bytes;
	/*
	 * Linear address of the memory operand: the written one, else the destination of INS, MOVS,
	 * STOS and the source of OUTS, LODS, else the stack of PUSH, POP, CALL, RET. If neither
	 * read nor written, only the address matters, as with INVLPG.
	 */
	bool has_mem, mem_read, mem_write;
	uint64_t mem_gva;
	uint16_t mem_bytes; /* 0 if the size depends on state; with REP, that of one element */
	/*
	 * the other one: the source of MOVS, es:[rdi] of CMPS, the stack of PUSH, POP, CALL [mem]
	 */
	bool has_mem2, mem2_read, mem2_write;
	uint64_t mem2_gva;
	uint16_t mem2_bytes;
	bool has_leaf, has_subleaf; /* CPUID */
	uint32_t leaf, subleaf;
	bool has_xcr; /* XSETBV: ECX and EDX:EAX; XGETBV: ECX */
	uint32_t xcr;
	uint64_t xcr_value;
	bool has_far; /* far target with immediate selector:offset */
	uint16_t far_sel;
	uint32_t far_off;
	bool has_ctl; /* MOV to or from CRn, DRn */
	bool ctl_write, ctl_is_dr, has_ctl_value;
	uint8_t ctl_number;
	uint64_t ctl_value; /* the value written, from the source register */
};

enum kw_code_state {
	KW_CODE_NONE,	    /* no bytes at all */
	KW_CODE_OK,	    /* decoded */
	KW_CODE_UNREADABLE, /* ?? where the instruction is */
	KW_CODE_NO_MARK,    /* bytes, but the byte at RIP is not marked */
	KW_CODE_CUT,	    /* bytes end inside the instruction */
	KW_CODE_NO_MODE,    /* bytes, but their meaning depends on the width, which is unknown */
	KW_CODE_INVALID,    /* not an instruction in this mode */
	KW_CODE_ZEROS,	    /* 00 from RIP on for at least 8 bytes: empty memory */
	KW_CODE_FFS,	    /* ff from RIP on for at least 8 bytes: nothing answers there */
};

/*
 * The instruction at RIP from f->code, else from the emulation_failure words in f->extra (suberror
 * 1 with the INSTRUCTION_BYTES flag; size byte first). Only for OK, ZEROS and FFS may @ret hold an
 * instruction; its .length is 0 if the bytes are not one.
 */
enum kw_code_state kw_insn_at_rip(const struct kw_failure *f, struct kw_insn *ret);

#define KW_IP_UNKNOWN UINT64_MAX

/*
 * One instruction from bytes alone, without resolving operands; false if they are not one. @ip, an
 * offset in CS or KW_IP_UNKNOWN, is for relative targets. The decoder knows the data instructions
 * of 2022: false means "unknown"; only for older ones does it mean "not an instruction".
 */
bool kw_insn_decode(const uint8_t *bytes, size_t len, unsigned int bits, uint64_t ip,
		    struct kw_insn *ret);

struct kw_listing_row {
	uint8_t offset; /* in f->code.bytes */
	uint8_t length;
	bool marked;  /* starts at the marked byte */
	bool invalid; /* not the start of an instruction, unreadable or cut: data */
	bool unsure;  /* before the mark, another alignment is as good; or no mark */
};

enum { KW_MAX_ROWS = 64, KW_DATA_ROW_BYTES = 8 };

/*
 * Cuts the code bytes into instructions, resynchronised so that the marked byte starts one. Bytes
 * before it that fit no instruction are rows of data of at most KW_DATA_ROW_BYTES. Returns the
 * number of rows, 0 if the width of the code is unknown. kw_insn_decode() produces text on demand:
 * often only the one at RIP is needed.
 */
size_t kw_listing(const struct kw_failure *f, struct kw_listing_row ret[static KW_MAX_ROWS]);

#endif
