/* SPDX-License-Identifier: MIT */
/*
 * What the rows of the *.def files are written with.
 *
 * *	CHECK(id, "what must be so", condition)
 *
 * The condition is C, true when the check passes. It reads the record through the names below;
 * reading a field that the record lacks makes the answer "cannot tell", so what decides alone comes
 * first, and premises, which may be unknown, come last:
 *
 * *	CHECK(guest_cs_l_d, "CS.D must be 0 if CS.L is 1 in IA-32e mode", !(CS_AR & AR_L && CS_AR & AR_DB) || !IA32E)
 *
 * A condition that needs what no dump shows uses UNTOLD("MAXPHYADDR"): it is false and makes the
 * answer "cannot tell" unless the rest is true anyway. Never negate it.
 */
#ifndef KW_ENTRY_FIELDS_H
#define KW_ENTRY_FIELDS_H

#include "check/check.h"

/* The value of a fact; 0 if unknown, and the check then reports it as missing. */
uint64_t kw_entry_get(struct kw_entry *e, enum kw_fact fact);
bool kw_entry_untold(struct kw_entry *e, const char *what);

#define FIELD(name) kw_entry_get(e, KW_F_##name)
#define UNTOLD(what) kw_entry_untold(e, what)
#define BIT(n) (UINT64_C(1) << (n))
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & ~UINT64_C(0) << (low))

/*
 * Not canonical with 57 bits is canonical on no CPU; canonical with 48 bits, on every CPU. In
 * between the answer needs the CPU's number of linear-address bits: for most fields not CR4.LA57
 * but what the CPU supports.
 */
#define CANONICAL(address) kw_entry_is_canonical(e, address)
bool kw_entry_is_canonical(struct kw_entry *e, uint64_t address);

/* An address that fits 32 bits fits every CPU, one of more than 52 bits fits none. */
#define PHYSICAL(address) kw_entry_is_physical(e, address)
bool kw_entry_is_physical(struct kw_entry *e, uint64_t address);

/* Access rights as the VMCS has them: Intel SDM vol. 3, "Guest Register State". */
#define AR_TYPE BITS(3, 0)
#define AR_S BIT(4)
#define AR_DPL(ar) ((ar) >> 5 & 3)
#define AR_P BIT(7)
#define AR_L BIT(13)
#define AR_DB BIT(14)
#define AR_G BIT(15)
#define AR_UNUSABLE BIT(16)
#define AR_RESERVED (BITS(11, 8) | BITS(31, 17))

#define CR0_PE BIT(0)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
#define CR4_PAE BIT(5)
#define CR4_LA57 BIT(12)
#define CR4_VMXE BIT(13)
#define CR4_PCIDE BIT(17)
#define CR4_CET BIT(23)
#define CR4_FRED BIT(32)
#define CR4_RESERVED (BITS(63, 33) | BITS(31, 29) | BIT(26) | BIT(15))
#define CR3_LAM BITS(62, 61)
#define EFER_SCE BIT(0)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)
#define EFER_SVME BIT(12)

/* XCR0: Intel SDM vol. 1, "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
#define XCR0_X87 BIT(0)
#define XCR0_SSE BIT(1)
#define XCR0_AVX BIT(2)
#define XCR0_MPX BITS(4, 3)
#define XCR0_AVX512 BITS(7, 5)
#define XCR0_AMX BITS(18, 17)

/* Memory types 0, 1, 4, 5, 6 and 7 in each byte: bits 7:3 clear, bit 1 only with bit 2. */
#define PAT_TYPES_VALID(pat)                      \
	(!((pat)&UINT64_C(0xf8f8f8f8f8f8f8f8)) && \
	 !((pat) & ~((pat) >> 1) & UINT64_C(0x0202020202020202)))

#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)
#define RFLAGS_IOPL BITS(13, 12)
#define RFLAGS_VM BIT(17)

#endif
