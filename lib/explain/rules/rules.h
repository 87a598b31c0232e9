/* SPDX-License-Identifier: MIT */
/* Small predicates shared by several rules. Each is false if a fact it needs is unknown. */
#ifndef KW_RULES_H
#define KW_RULES_H

#include "explain/explain.h"

static inline bool is_wrmsr(const struct kw_case *c)
{
	return c->has_msr && c->msr_write &&
	       (c->told_msr || c->exit_msr ||
		(c->code == KW_CODE_OK && c->insn.kind == KW_INSN_WRMSR));
}

static inline bool is_errno(const struct kw_case *c, uint64_t number)
{
	return FACT_IS(c->f, errno_number, number);
}

static inline bool has_extra(const struct kw_case *c, unsigned int i)
{
	return c->f->extra_known >> i & 1;
}

static inline bool in_smm(const struct kw_case *c)
{
	return FACT_IS(c->f, smm, 1);
}

static inline bool pe_clear(const struct kw_case *c)
{
	return kw_has(c->f, cr0) && !(c->f->cr0 & 1);
}

static inline bool pg_set(const struct kw_case *c)
{
	return kw_has(c->f, cr0) && c->f->cr0 & 1ull << 31;
}

static inline bool any_sign(const struct kw_case *c, enum kw_sign_kind kind)
{
	return kw_failure_sign(c->f, kind) != NULL;
}

/* CS as after RESET: selector f000, base ffff0000 (or f0000 after the first far jump). */
static inline bool cs_at_reset(const struct kw_failure *f)
{
	return FACT_IS(f, cs_sel, 0xf000) && kw_has(f, cs_base) &&
	       (f->cs_base == 0xffff0000 || f->cs_base == 0xf0000);
}

/* CR0 and EFER as after RESET. */
static inline bool control_at_reset(const struct kw_failure *f)
{
	return FACT_IS(f, cr0, 0x60000010) && FACT_IS(f, efer, 0);
}

/*
 * A segment that a CPU without unrestricted guest cannot run in real mode: DPL not 0 or a limit
 * above 64 KiB.
 */
bool kw_real_mode_segment_odd(const struct kw_failure *f);

/* do.c: things to do shared by several rules. */
extern const struct kw_do kw_do_dump_vmcs, kw_do_dump_vmcb, kw_do_unrestricted_guest,
	kw_do_trace_refusal, kw_do_kretprobe_msr, kw_do_trace_page_fault, kw_do_trace_exits,
	kw_do_trace_emulation, kw_do_whole_log, kw_do_find_sregs, kw_do_report_kernel;

/*
 * emulation.c: the general register that holds RIP's value, KW_F_none if there is none; the byte a
 * slide consists of.
 */
enum kw_fact kw_jump_register(const struct kw_case *c);
uint8_t kw_slide_byte(const struct kw_case *c);

/* .sure of the rules with .breaks. */
enum kw_certainty kw_check_sure(const struct kw_case *c);

/* Does the record show a value that VM entry or VMRUN refuses (entry_checks.c)? */
bool kw_entry_check_broken(const struct kw_case *c);

/* General registers, segments and RIP are all zero. */
bool kw_all_zero(const struct kw_failure *f);

#endif
