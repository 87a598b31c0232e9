/* SPDX-License-Identifier: MIT */
/*
 * What mode the CPU is in, and where in linear memory: from the record alone. Changes nothing,
 * allocates nothing.
 */
#ifndef KW_X86_MODE_H
#define KW_X86_MODE_H

#include "failure.h"

/* How the CPU interprets the code bytes. kw_mode_name() returns the JSON names. */
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
 * the dump. Facts that the register dump lacks are taken from dump_vmcs, then from dump_vmcb. If
 * facts are missing, the mode only if the known ones leave no other; real mode with CS.D set (mid-
 * switch, big real mode entered from 32-bit code) still executes CS.D-wide code: see
 * kw_mode_bits(). A CS that no CPU can run from (all zero, mid-RSM) gives no mode. @why_ret: a
 * static clause that names the facts it rests on, or the missing ones; may be NULL.
 */
enum kw_mode kw_mode_of(const struct kw_failure *f, const char **why_ret);
const char *kw_mode_name(enum kw_mode mode);

/*
 * Operand width of the code bytes, 16, 32 or 64: from CS.L with EFER.LMA, then CS.D; 0 if unknown.
 * Can be known when the mode is not: CS.D alone tells protected32 and compat32 from the rest.
 */
unsigned int kw_mode_bits(const struct kw_failure *f);

/* CS.base + RIP, truncated to the mode's width; false if a part is unknown. */
bool kw_linear_rip(const struct kw_failure *f, uint64_t *ret);

/* SS.base + RSP likewise. */
bool kw_linear_rsp(const struct kw_failure *f, uint64_t *ret);

/* True if a 64-bit linear address is canonical for 48 bits, for 57 with CR4.LA57 set or unknown. */
bool kw_canonical(const struct kw_failure *f, uint64_t gva);

#endif
