// SPDX-License-Identifier: MIT
/* The record's own housekeeping: names, lines, notes, signs. */
#include "failure.h"

#define KW_PRINT_HEX true
#define KW_PRINT_DEC false

const struct kw_fact_info kw_facts[KW_NFACTS] = {
#define F(arch_, name_, group_, print_, doc_)        \
	[KW_F_##name_] = { .name = #name_,           \
			   .arch = KW_ARCH_##arch_,  \
			   .group = KW_G_##group_,   \
			   .hex = KW_PRINT_##print_, \
			   .doc = doc_ },
#include "failure/facts.def"
#undef F
};

static const char *const class_names[KW_NCLASSES] = {
	[KW_CLASS_NONE] = "none",
	[KW_CLASS_KVM_RUN_FAILED] = "kvm-run-failed",
	[KW_CLASS_INTERNAL_ERROR] = "internal-error",
	[KW_CLASS_ENTRY_FAILED] = "entry-failed",
	[KW_CLASS_UNKNOWN_EXIT] = "unknown-exit",
	[KW_CLASS_VMCS_DUMP] = "vmcs-dump",
	[KW_CLASS_VMCB_DUMP] = "vmcb-dump",
	[KW_CLASS_MSR_MESSAGE] = "msr-message",
	[KW_CLASS_VMM_ERROR] = "vmm-error",
	[KW_CLASS_REGISTER_DUMP] = "register-dump",
	[KW_CLASS_KVM_UNUSABLE] = "kvm-unusable",
	[KW_CLASS_SETUP_FAILED] = "setup-failed",
	[KW_CLASS_HOST_KERNEL] = "host-kernel",
	[KW_CLASS_VMM_FATAL] = "vmm-fatal",
	[KW_CLASS_CPU_RESET] = "cpu-reset",
	[KW_CLASS_SPLIT_LOCK] = "split-lock",
	[KW_CLASS_PROTECTED_VM] = "protected-vm",
	[KW_CLASS_MEMORY_ERROR] = "memory-error",
	[KW_CLASS_MIGRATION_FAILED] = "migration-failed",
	[KW_CLASS_CPU_FEATURES] = "cpu-features",
	[KW_CLASS_NOT_KVM] = "not-kvm",
};

static const char *const arch_names[KW_NARCHES] = {
	[KW_ARCH_UNKNOWN] = "unknown", [KW_ARCH_X86] = "x86",
	[KW_ARCH_AARCH64] = "aarch64", [KW_ARCH_ARM] = "arm",
	[KW_ARCH_PPC64] = "ppc64",     [KW_ARCH_S390X] = "s390x",
	[KW_ARCH_RISCV64] = "riscv64", [KW_ARCH_LOONGARCH64] = "loongarch64",
	[KW_ARCH_MIPS] = "mips",
};

const char *kw_class_name(enum kw_class class)
{
	return class_names[class];
}

const char *kw_arch_name(enum kw_arch arch)
{
	return arch_names[arch];
}

void kw_failure_init(struct kw_failure *f, struct kw_arena *arena)
{
	/*
	 * Only entries of the tables at the end below their counts are ever read: clearing them
	 * would be the costliest step for a log full of failures.
	 */
	memset(f, 0, offsetof(struct kw_failure, msr));
	f->nmsr = f->nsigns = f->nnotes = f->nlines = 0;
	f->code.marked = -1;
	f->headline.line = KW_NO_LINE;
	f->arena = arena;
}

const uint8_t kw_fact_group[KW_NFACTS] = {
#define F(arch, name, group, print, doc) [KW_F_##name] = KW_G_##group,
#include "failure/facts.def"
#undef F
};

const uint8_t kw_fact_arch[KW_NFACTS] = {
#define F(arch, name, group, print, doc) [KW_F_##name] = KW_ARCH_##arch,
#include "failure/facts.def"
#undef F
};

uint16_t kw_failure_add_line(struct kw_failure *f, uint64_t number, struct kw_str text)
{
	if (f->nlines && f->line[f->nlines - 1].number == number)
		return (uint16_t)(f->nlines - 1);
	if (f->nlines == KW_MAX_LINES)
		return KW_NO_LINE;
	f->line[f->nlines] = (struct kw_line){ number, kw_arena_copy(f->arena, text) };
	return f->nlines++;
}

void kw_failure_add_note(struct kw_failure *f, uint64_t line, struct kw_str text)
{
	if (f->nnotes < KW_MAX_NOTES)
		f->note[f->nnotes++] = (struct kw_note){ line, kw_arena_copy(f->arena, text) };
}

void kw_failure_add_sign(struct kw_failure *f, enum kw_sign_kind kind, uint16_t line,
			  uint64_t value, struct kw_str text)
{
	if (f->nsigns == KW_MAX_SIGNS)
		return;
	f->sign[f->nsigns++] = (struct kw_sign){
		.kind = (uint8_t)kind,
		.line = line,
		.value = value,
		.text = kw_arena_copy(f->arena, text),
	};
}

const struct kw_sign *kw_failure_sign(const struct kw_failure *f, enum kw_sign_kind kind)
{
	for (size_t i = 0; i < f->nsigns; i++) {
		if (f->sign[i].kind == kind)
			return &f->sign[i];
	}
	return NULL;
}
