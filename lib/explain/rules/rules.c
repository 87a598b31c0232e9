// SPDX-License-Identifier: MIT
/* The longer of the questions that several rules ask. */
#include "explain/rules/rules.h"

bool kw_real_mode_segment_odd(const struct kw_failure *f)
{
	static const enum kw_fact first[] = { KW_F_es_sel, KW_F_cs_sel, KW_F_ss_sel,
					      KW_F_ds_sel, KW_F_fs_sel, KW_F_gs_sel };

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		enum kw_fact limit = (enum kw_fact)(first[i] + 2), attr = (enum kw_fact)(first[i] + 3);

		if (kw_known(f, limit) && f->fact[limit] > 0xffff)
			return true;
		if (kw_known(f, attr) && f->fact[attr] & 0x60)
			return true;
	}
	return false;
}

bool kw_all_zero(const struct kw_failure *f)
{
	if (!kw_has(f, rip) || f->rip || !kw_has(f, cs_base) || f->cs_base || !kw_has(f, cs_limit) || f->cs_limit)
		return false;
	for (size_t i = KW_F_rax; i <= KW_F_r15; i++) {
		/* EDX holds the CPU's signature after INIT and RESET */
		if (i != KW_F_rdx && kw_known(f, (enum kw_fact)i) && f->fact[i])
			return false;
	}
	return kw_has(f, rax);
}
