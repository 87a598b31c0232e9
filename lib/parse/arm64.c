// SPDX-License-Identifier: MIT
/*
 * Lines of KVM on arm64 in the host's log: arch/arm64/kvm/arm.c, arch/arm64/kvm/handle_exit.c,
 * arch/arm64/kvm/hyp, arch/arm64/kvm/sys_regs.c, and their predecessors under virt/kvm/arm.
 */
#include "parse/parse.h"

#define ROW(words_, also_, class_, sign_)                                                   \
	{                                                                                   \
		.words = KW_STR(words_), .also = KW_STR(also_), .class = KW_CLASS_##class_, \
		.sign = KW_SIGN_##sign_, .arch = KW_ARCH_AARCH64                            \
	}

static const struct kw_message rows[] = {
	ROW("HYP mode not available", "kvm", KVM_UNUSABLE, KVM_NO_EL2),
	/* VHE and before nVHE had a handler of its own; then that handler, by what went wrong */
	ROW("HYP panic:", "", HOST_KERNEL, HYP_PANIC),
	ROW("nVHE hyp panic at: ", "", HOST_KERNEL, HYP_PANIC),
	ROW("nVHE hyp BUG at: ", "", HOST_KERNEL, HYP_PANIC),
	ROW("Unsupported guest sys_reg access at: ", "", CPU_FEATURES, SYSREG_ACCESS),
	ROW("Unsupported guest CP15 access at: ", "", CPU_FEATURES, SYSREG_ACCESS),
	ROW("Unsupported guest CP14 access at: ", "", CPU_FEATURES, SYSREG_ACCESS),
	{ .sign = 0 }
};

/* The encoding of a register: where each part is in the value, and how it is printed. */
static const struct {
	struct kw_str words;
	unsigned int shift, max;
} parts[] = {
	{ KW_STR("Op0("), 19, 3 }, { KW_STR("Op1("), 16, 7 }, { KW_STR("CRn("), 12, 15 },
	{ KW_STR("CRm("), 8, 15 }, { KW_STR("Op2("), 5, 7 },
};

/* " { Op0( 3), Op1( 0), CRn(10), CRm( 4), Op2( 4), func_read },": the line after the access */
static enum kw_took arm64_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	uint64_t value = 0, part;

	if (!kw_str_starts(line->text, KW_STR("{ Op0(")) || !kw_gather_current(g))
		return KW_TOOK_NOTHING;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!kw_number_after(line->text, parts[i].words, false, &part) ||
		    part > parts[i].max)
			return KW_TOOK_NOTHING;
		value |= part << parts[i].shift;
	}
	kw_gather_sign(g, line, KW_SIGN_SYSREG, value);
	return KW_TOOK_LINE;
}

const struct kw_parser kw_parser_arm64 = {
	.name = "arm64",
	.messages = rows,
	.line = arm64_line,
	.kernel = true,
};
