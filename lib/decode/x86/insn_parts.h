/* SPDX-License-Identifier: MIT */
/*
 * Private to insn*.c: what decoding leaves for resolving operands. The only header that shows
 * Zydis.
 */
#ifndef KW_INSN_PARTS_H
#define KW_INSN_PARTS_H

#include <Zydis/Zydis.h>

#include "decode/x86/insn.h"
#include "decode/x86/mode.h"

/* One of the instructions that Zydis 4.0 does not know. */
struct insn_extra {
	bool lkgs;	  /* decoded as LLDT, which has the same operand */
	int8_t msr_reg;	  /* number of the register that holds the MSR index, or -1 */
	int8_t value_reg; /* that holds the value to write, or -1 */
	bool list;	  /* RDMSRLIST, WRMSRLIST: the MSRs are in memory */
};

struct insn_parts {
	bool is_extra;
	struct insn_extra extra;
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

struct insn_size {
	uint8_t length; /* 0 if the bytes are not an instruction */
	bool cut;	/* they end inside one */
	bool rare;	/* what zeros and displacements decode as, and compilers rarely emit */
};

/* The size of an instruction without decoding operands. */
struct insn_size kw_insn_size(const uint8_t *bytes, size_t len, unsigned int bits);

/*
 * Our own table: fills kind, length, mnemonic, text and an immediate MSR index of @ret. For LKGS
 * only @extra_ret->lkgs is set: the caller has to decode the operand.
 */
bool kw_insn_extra(const uint8_t *bytes, size_t len, unsigned int bits, struct kw_insn *ret,
		   struct insn_extra *extra_ret);

/* Fills in what the registers of @f say about the operands. */
void kw_insn_resolve(const struct kw_failure *f, const struct insn_parts *parts,
		     struct kw_insn *insn);

/* Value of general register @number (0 RAX, 1 RCX, ... as encoded) truncated to @width bits. */
bool kw_insn_gpr(const struct kw_failure *f, unsigned int number, unsigned int width,
		 uint64_t *ret);

#endif
