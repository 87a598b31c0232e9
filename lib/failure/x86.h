/* SPDX-License-Identifier: MIT */
/*
 * x86 facts with a fixed order: the parts of a segment, the general registers. No other code may
 * count from one fact to another.
 */
#ifndef KW_FAILURE_X86_H
#define KW_FAILURE_X86_H

#include "failure.h"

/* In the order of the rows of SEGMENT() in x86.def; a table has only base and limit. */
enum kw_part { KW_SEL, KW_BASE, KW_LIMIT, KW_ATTR, KW_NPARTS };

/* A part of the segment whose selector is the fact @sel, from the VMM's dump, a VMCS or a VMCB. */
static inline enum kw_fact kw_part(enum kw_fact sel, enum kw_part part)
{
	return (enum kw_fact)((unsigned int)sel + part);
}

/* The limit of the table whose base is the fact @base. */
static inline enum kw_fact kw_table_limit(enum kw_fact base)
{
	return (enum kw_fact)((unsigned int)base + KW_LIMIT - KW_BASE);
}

/* The part after @fact, for texts that print them in the order of enum kw_part. */
static inline enum kw_fact kw_next_part(enum kw_fact fact)
{
	return (enum kw_fact)(fact + 1);
}

/* The general registers that every 64-bit CPU has; R16 to R31, RIP and RFLAGS follow them. */
enum { KW_GPR_FIRST = KW_F_rax, KW_GPR_LAST = KW_F_r15 };

_Static_assert(KW_GPR_LAST == KW_GPR_FIRST + 15 && KW_F_r31 == KW_GPR_LAST + 16 &&
		       KW_F_rip == KW_F_r31 + 1 && KW_F_rflags == KW_F_rip + 1,
	       "the registers follow one another");

#define KW_SEGMENT_IS_WHOLE(name)                                                     \
	_Static_assert(KW_F_##name##_base == KW_F_##name##_sel + KW_BASE &&           \
			       KW_F_##name##_limit == KW_F_##name##_sel + KW_LIMIT && \
			       KW_F_##name##_attr == KW_F_##name##_sel + KW_ATTR,     \
		       "the parts of a segment follow one another")
#define KW_TABLE_IS_WHOLE(name)                                                        \
	_Static_assert(KW_F_##name##_limit == KW_F_##name##_base + KW_LIMIT - KW_BASE, \
		       "the limit follows the base")

KW_SEGMENT_IS_WHOLE(es);
KW_SEGMENT_IS_WHOLE(vmcs_es);
KW_SEGMENT_IS_WHOLE(vmcb_es);
KW_TABLE_IS_WHOLE(gdt);
KW_TABLE_IS_WHOLE(vmcs_gdtr);

/* The selector of the segment register encoded as @number: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS. */
static inline enum kw_fact kw_segment_of(unsigned int number)
{
	static const uint16_t sel[] = { KW_F_es_sel, KW_F_cs_sel, KW_F_ss_sel,
					KW_F_ds_sel, KW_F_fs_sel, KW_F_gs_sel };

	return number < sizeof(sel) / sizeof(sel[0]) ? (enum kw_fact)sel[number] : KW_F_none;
}

#endif
