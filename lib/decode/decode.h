/* SPDX-License-Identifier: MIT */
/*
 * The decode stage: numbers to meaning. Reads the record, changes nothing, allocates nothing.
 * Names of numbers live in tables.h and msr.h, words with bit fields in event.h.
 */
#ifndef KW_DECODE_H
#define KW_DECODE_H

#include "failure.h"

/* mode.c */

/* What the CPU takes the code bytes for. kw_mode_name() gives the names of the JSON. */
enum kw_mode {
	KW_MODE_UNKNOWN,
	KW_MODE_REAL16,
	KW_MODE_VM86,
	KW_MODE_PROTECTED16,
	KW_MODE_PROTECTED32,
	KW_MODE_COMPAT16,
	KW_MODE_COMPAT32,
	KW_MODE_LONG64,
	KW_NMODES,
};

/*
 * Mode from CR0.PE, RFLAGS.VM, EFER.LMA, CS.L and CS.D together, never from the register names of
 * the dump. Facts that the register dump lacks are taken from dump_vmcs, then from dump_vmcb. With
 * facts missing, the mode only if the known ones leave no other; real mode with CS.D set (mid-
 * switch, big real mode entered from 32-bit code) still executes CS.D-wide code: see
 * kw_mode_bits(). A CS that no CPU can run from (all zero, mid-RSM) is no mode. @why_ret: a static
 * clause that names the facts it rests on, or those that are missing; may be NULL.
 */
enum kw_mode kw_mode_of(const struct kw_failure *f, const char **why_ret);
const char *kw_mode_name(enum kw_mode mode);

/*
 * Operand width of the code bytes, 16, 32 or 64: by CS.L with EFER.LMA, then CS.D; 0 if unknown.
 * Can be known where the mode is not: CS.D alone tells protected32 and compat32 from the rest.
 */
unsigned int kw_mode_bits(const struct kw_failure *f);

/* CS.base + RIP cut to the mode; false if a part is unknown. */
bool kw_linear_rip(const struct kw_failure *f, uint64_t *ret);

/* True if a 64-bit linear address is canonical for 48 bits, for 57 with CR4.LA57 set or unknown. */
bool kw_canonical(const struct kw_failure *f, uint64_t gva);

/* registers.c: a register's bits as names. */

/*
 * Set bits by name into @buf ("PE ET NE WP AM PG"; fields wider than a bit as "IOPL=3"), always
 * NUL-terminated if @size is not 0; unknown set bits as bitN. Bits that always read 1 are left out,
 * DR6.BLD is named where it is clear. Nothing for a fact that has no bits.
 * Returns the length written.
 */
size_t kw_bits_text(enum kw_fact reg, uint64_t value, char *buf, size_t size);

/*
 * Bits of CR0, CR4, EFER, RFLAGS, DR6, DR7 that no CPU defines: reserved bits that are set; else 0.
 */
uint64_t kw_bits_reserved(enum kw_fact reg, uint64_t value);

/* An inconsistency among the registers, such as EFER.LMA without CR0.PG. */
struct kw_oddity {
	enum kw_fact fact[2]; /* the registers at odds; [1] is KW_F_none if only one */
	const char *text;     /* static sentence */
	bool note;	      /* legal, but worth a look: big real mode and its like */
};

enum { KW_MAX_ODDITIES = 40 }; /* as many as there can be */

/* Fills @ret with at most @max oddities; only from known facts. Returns how many. */
size_t kw_oddities(const struct kw_failure *f, struct kw_oddity *ret, size_t max);

/*
 * Segment access rights (VMX format) as text, as the manuals name the types: "code, execute/read,
 * accessed, DPL 0, 64-bit". @system: of LDT or TR, whatever S says. Returns the length written.
 */
size_t kw_segment_text(uint64_t attr, bool system, char *buf, size_t size);

/* insn.c: the instruction at RIP, its operands, and the listing around it. Hides Zydis. */

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
	KW_INSN_DATA,  /* loads, stores, arithmetic of the integer unit */
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
	uint8_t bits;	   /* 16, 32 or 64: the width it was decoded for; 0: the same in any */
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
	 * STOS and the source of OUTS, LODS, else the stack of PUSH, POP, CALL, RET. Neither read
	 * nor written: only the address matters, as with INVLPG.
	 */
	bool has_mem, mem_read, mem_write;
	uint64_t mem_gva;
	uint16_t mem_bytes; /* 0 if the size depends on state; of one element with REP */
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
	KW_CODE_NO_MODE,    /* bytes, but the width is not known and they differ by it */
	KW_CODE_INVALID,    /* not an instruction in this mode */
	KW_CODE_ZEROS,	    /* 00 from RIP on for at least 8 bytes: memory that holds nothing */
	KW_CODE_FFS,	    /* ff from RIP on for at least 8 bytes: nothing answers there */
};

/*
 * The instruction at RIP from f->code, else from the emulation_failure words in f->extra (suberror
 * 1 with the INSTRUCTION_BYTES flag; size byte first). Only for OK, ZEROS and FFS may @ret hold an
 * instruction; its .length is 0 where the bytes are none.
 */
enum kw_code_state kw_insn_at_rip(const struct kw_failure *f, struct kw_insn *ret);

#define KW_IP_UNKNOWN UINT64_MAX

/*
 * One instruction out of bytes alone, no operands resolved; false if they are none. @ip, an offset
 * in CS or KW_IP_UNKNOWN, is for relative targets. The decoder knows the data instructions of 2022:
 * false means "not known", and certainly no instruction only for what is older.
 */
bool kw_insn_decode(const uint8_t *bytes, size_t len, unsigned int bits, uint64_t ip,
		    struct kw_insn *ret);

struct kw_listing_row {
	uint8_t offset; /* in f->code.bytes */
	uint8_t length;
	bool marked;  /* starts at the marked byte */
	bool invalid; /* bytes that start no instruction, are unreadable or cut; shown as data */
	bool unsure;  /* before the mark, and another alignment is as good; or there is no mark */
};

enum { KW_MAX_ROWS = 64, KW_DATA_ROW_BYTES = 8 };

/*
 * Cuts the code bytes into instructions, resynchronised so that the marked byte starts one. Bytes
 * in front that fit no instruction are rows of data of at most KW_DATA_ROW_BYTES. Returns the
 * number of rows, 0 if the width of the code is unknown; text on demand by kw_insn_decode():
 * formatting all would be waste where only the one at RIP is asked for.
 */
size_t kw_listing(const struct kw_failure *f, struct kw_listing_row ret[static KW_MAX_ROWS]);

/* place.c: what lies at a physical or identity-mapped address of a PC, by class. */

enum kw_place {
	KW_PLACE_UNKNOWN,
	KW_PLACE_RAM_LOW,	/* below 640 KiB, above the first page */
	KW_PLACE_FIRST_PAGE,	/* real-mode vectors or a null pointer */
	KW_PLACE_VGA_HOLE,	/* a0000 to bffff */
	KW_PLACE_OPTION_ROM,	/* c0000 to dffff */
	KW_PLACE_SYSTEM_ROM,	/* e0000 to fffff */
	KW_PLACE_RAM,		/* 1 MiB to 2 GiB: RAM if the guest has that much */
	KW_PLACE_RAM_OR_HOLE,	/* 2 to 3.5 GiB: RAM or PCI hole, by machine type and memory size */
	KW_PLACE_PCI_HOLE,	/* below 4 GiB, where BARs and ECAM are */
	KW_PLACE_IOAPIC,	/* fec00000 */
	KW_PLACE_HPET,		/* fed00000 */
	KW_PLACE_TPM,		/* fed40000 */
	KW_PLACE_LAPIC,		/* fee00000, or where IA32_APIC_BASE says */
	KW_PLACE_FLASH,		/* firmware flash below 4 GiB */
	KW_PLACE_HIGH,		/* above 4 GiB */
	KW_PLACE_NON_CANONICAL,
	KW_NPLACES,
};

/* Place of a physical address. */
enum kw_place kw_place_of_gpa(const struct kw_failure *f, uint64_t gpa);

/*
 * Place of a linear address: with paging off the same as the physical one; with paging on or
 * unknown only what does not depend on page tables (the first page, non-canonical), and low
 * addresses (below 4 GiB) as if identity-mapped, then *assumed_ret is true.
 */
enum kw_place kw_place_of_gva(const struct kw_failure *f, uint64_t gva, bool *assumed_ret);
const char *kw_place_name(enum kw_place place); /* stable kebab-case, part of the fingerprint */
const char *kw_place_text(enum kw_place place); /* a noun phrase for sentences */

#endif
