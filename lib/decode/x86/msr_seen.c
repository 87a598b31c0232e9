// SPDX-License-Identifier: MIT
/* Look-ups in the table of observed KVM answers: a few hundred rows, searched linearly. */
#include "decode/x86/msr_seen.h"

static bool has(const struct kw_msr_seen *row, uint32_t index)
{
	return index >= row->first && index <= row->last && (index - row->first) % row->stride == 0;
}

const struct kw_msr_seen *kw_msr_seen_next(uint32_t index, const struct kw_msr_seen *row)
{
	size_t i = row ? (size_t)(row - kw_msr_seen_rows) + 1 : 0;

	for (; i < kw_msr_seen_nrows; i++) {
		if (has(&kw_msr_seen_rows[i], index))
			return &kw_msr_seen_rows[i];
	}
	return NULL;
}

const char *kw_msr_seen_answer(const struct kw_msr_seen *row, enum kw_msr_try which)
{
	return kw_msr_seen_words[row->answers[which]];
}

const struct kw_msr_seen_kernel *kw_msr_seen_kernel_at(size_t i)
{
	return i < kw_msr_seen_nkernels ? &kw_msr_seen_kernels[i] : NULL;
}

bool kw_msr_seen_by(const struct kw_msr_seen *row, size_t i)
{
	return row->kernels >> i & 1;
}
