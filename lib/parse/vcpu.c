// SPDX-License-Identifier: MIT
/*
 * Structures of <linux/kvm.h> to facts: struct kvm_vcpu_events, kvm_debugregs, MSRs, and the bytes
 * around RIP. struct kvm_run, kvm_regs and kvm_sregs are read by run_page.c. Such a fact has no
 * line of text.
 */
#include "parse/parse.h"

/* struct kvm_vcpu_events */
enum { AT_SHADOW = 11, AT_FLAGS = 20, AT_SMM = 24, VALID_SHADOW = 4, VALID_SMM = 8 };

/* struct kvm_run: the events after regs and sregs. */
enum { AT_VALID_REGS = 288, AT_SYNC_EVENTS = 760, SYNC_EVENTS = 4 };

/* struct kvm_debugregs */
static const uint16_t debugs[] = { KW_F_dr0, KW_F_dr1, KW_F_dr2, KW_F_dr3, KW_F_dr6, KW_F_dr7 };

enum { MSR_APIC_BASE = 0x1b, MSR_EFER = 0xc0000080 };

/* The number of bytes QEMU's x86_cpu_dump_state() prints, and how many of them before RIP. */
enum { CODE_BYTES = 50, CODE_BEFORE = 20 };

enum { ATTR_DPL = 5, ATTR_L = 1 << 13, EFER_LMA = 1 << 10, CR0_PE = 1, RFLAGS_VM = 1 << 17 };

static uint64_t number(const uint8_t *p, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i--;)
		value = value << 8 | p[i];
	return value;
}

void kw_vcpu_events(struct kw_failure *f, const uint8_t *events, const uint8_t *page, size_t len)
{
	uint64_t flags;

	if (!events && page && len >= AT_SYNC_EVENTS + KW_VCPU_EVENTS_BYTES &&
	    number(page + AT_VALID_REGS, 8) & SYNC_EVENTS)
		events = page + AT_SYNC_EVENTS;
	if (!events)
		return;
	flags = number(events + AT_FLAGS, 4);
	if (flags & VALID_SHADOW)
		kw_gather_fact(f, NULL, KW_F_ii, events[AT_SHADOW] != 0);
	if (flags & VALID_SMM)
		kw_gather_fact(f, NULL, KW_F_smm, events[AT_SMM] != 0);
}

void kw_vcpu_debugregs(struct kw_failure *f, const uint8_t *debugregs)
{
	for (size_t i = 0; i < sizeof(debugs) / sizeof(debugs[0]); i++)
		kw_gather_fact(f, NULL, (enum kw_fact)debugs[i], number(debugregs + 8 * i, 8));
}

void kw_vcpu_msr(struct kw_failure *f, uint32_t index, uint64_t value)
{
	if (index == MSR_EFER && !kw_has(f, efer))
		kw_gather_fact(f, NULL, KW_F_efer, value);
	else if (index == MSR_APIC_BASE && !kw_has(f, apic_base))
		kw_gather_fact(f, NULL, KW_F_apic_base, value);
}

void kw_vcpu_code(struct kw_failure *f, const uint8_t *code, size_t len, size_t at, uint64_t known)
{
	size_t first = at > CODE_BEFORE ? at - CODE_BEFORE : 0;
	struct kw_code *c = &f->code;

	if (f->arch == KW_ARCH_UNKNOWN) /* as a Code= line is: only x86 has one */
		f->arch = KW_ARCH_X86;
	f->code_line_seen = true;
	c->origin = (struct kw_origin){ .how = KW_SEEN, .line = KW_NO_LINE };
	c->marked = (int8_t)(at - first);
	for (size_t i = first; i < len && c->len < CODE_BYTES; i++) {
		c->known |= (known >> i & 1) << c->len;
		c->bytes[c->len++] = known >> i & 1 ? code[i] : 0;
	}
}

/* Real mode has CPL 0 and virtual-8086 mode 3; else it is the DPL of SS. */
static uint64_t cpl_of(const struct kw_failure *f)
{
	if (!(f->cr0 & CR0_PE))
		return 0;
	return kw_has(f, rflags) && f->rflags & RFLAGS_VM ? 3 : f->ss_attr >> ATTR_DPL & 3;
}

void kw_vcpu_finish(struct kw_failure *f)
{
	if (kw_has(f, ss_attr) && kw_has(f, cr0))
		kw_gather_fact(f, NULL, KW_F_cpl, cpl_of(f));
	f->registers_narrow = kw_has(f, efer) && kw_has(f, cs_attr) &&
			      !(f->efer & EFER_LMA && f->cs_attr & ATTR_L);
	/* Outside 64-bit mode no instruction can name them, and no dump has them. */
	for (size_t i = KW_F_r8; f->registers_narrow && i <= KW_F_r15; i++)
		kw_failure_forget(f, (enum kw_fact)i);
}
