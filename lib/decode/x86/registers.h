/* SPDX-License-Identifier: MIT */
/*
 * Registers' bits by name, and registers that contradict each other. Changes nothing, allocates
 * nothing.
 */
#ifndef KW_X86_REGISTERS_H
#define KW_X86_REGISTERS_H

#include "failure.h"

/*
 * Set bits by name into @buf ("PE ET NE WP AM PG"; fields wider than a bit as "IOPL=3"), always
 * NUL-terminated if @size is not 0; unknown set bits as bitN. Bits that always read 1 are left out,
 * DR6.BLD is named if clear. Writes nothing for a fact without bits. Returns the length written.
 */
size_t kw_bits_text(enum kw_fact reg, uint64_t value, char *buf, size_t size);

/* The set bits of CR0, CR4, EFER, RFLAGS, DR6 or DR7 that no CPU defines; 0 for other facts. */
uint64_t kw_bits_reserved(enum kw_fact reg, uint64_t value);

/* An inconsistency among the registers, such as EFER.LMA without CR0.PG. */
struct kw_oddity {
	enum kw_fact fact[2]; /* the registers at odds; [1] is KW_F_none if only one */
	const char *text;     /* static sentence */
	bool note;	      /* legal, but worth a look: big real mode and the like */
};

enum { KW_MAX_ODDITIES = 40 }; /* the most there can be */

/* Fills @ret with at most @max oddities, from known facts only. Returns the number. */
size_t kw_oddities(const struct kw_failure *f, struct kw_oddity *ret, size_t max);

/*
 * Segment access rights (VMX format) as text, as the manuals name the types: "code, execute/read,
 * accessed, DPL 0, 64-bit". @system: of LDTR or TR, for which S=1 is said to be wrong. Returns the
 * length written.
 */
size_t kw_segment_text(uint64_t attr, bool system, char *buf, size_t size);

#endif
