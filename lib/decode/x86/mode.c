// SPDX-License-Identifier: MIT
/*
 * How the CPU interprets the code bytes: from CR0.PE, RFLAGS.VM, EFER.LMA, CS.L and CS.D, in the
 * order in which the CPU checks them. Intel SDM vol. 3, "Modes of Operation" and "Code Segment
 * Descriptor in 64-bit Mode".
 */
#include "decode/x86/mode.h"

#define CR0_PE (1ull << 0)
#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)
#define RFLAGS_VM (1ull << 17)
#define ENTRY_IA32E_GUEST (1ull << 9)
#define ATTR_S (1ull << 4)
#define ATTR_L (1ull << 13)
#define ATTR_D (1ull << 14)
#define ATTR_UNUSABLE (1ull << 16)

enum tri { NO, YES, OPEN };

/* What the mode depends on; unknown facts are OPEN. */
struct state {
	enum tri pe, pg, pae, vm, lma, cs_code, l, d;
	bool lma_from_efer, l_from_rip, cs_astray;
};

static const char *const mode_names[KW_NMODES] = {
	[KW_MODE_UNKNOWN] = "unknown",
	[KW_MODE_REAL16] = "real16",
	[KW_MODE_VM86] = "vm86",
	[KW_MODE_PROTECTED16] = "protected16",
	[KW_MODE_PROTECTED32] = "protected32",
	[KW_MODE_COMPAT16] = "compat16",
	[KW_MODE_COMPAT32] = "compat32",
	[KW_MODE_LONG64] = "long64",
};

const char *kw_mode_name(enum kw_mode mode)
{
	return mode_names[mode];
}

/* The register dump first, then dump_vmcs, then dump_vmcb: all show the same vCPU. */
static bool pick(const struct kw_failure *f, enum kw_fact dump, enum kw_fact vmcs,
		 enum kw_fact vmcb, uint64_t *ret)
{
	enum kw_fact from = kw_known(f, dump) ? dump : kw_known(f, vmcs) ? vmcs : vmcb;

	if (!kw_known(f, from))
		return false;
	*ret = f->fact[from];
	return true;
}

#define PICK(f, name, ret) pick(f, KW_F_##name, KW_F_vmcs_##name, KW_F_vmcb_##name, ret)

/* The CR0 or CR4 that the guest reads: bits in the guest/host mask come from the read shadow. */
static bool guest_cr(const struct kw_failure *f, enum kw_fact dump, enum kw_fact vmcs,
		     enum kw_fact shadow, enum kw_fact mask, enum kw_fact vmcb, uint64_t *ret)
{
	bool from_vmcs = !kw_known(f, dump) && kw_known(f, vmcs);

	if (!pick(f, dump, vmcs, vmcb, ret))
		return false;
	if (from_vmcs && kw_known(f, shadow) && kw_known(f, mask))
		*ret = (*ret & ~f->fact[mask]) | (f->fact[shadow] & f->fact[mask]);
	return true;
}

#define GUEST_CR(f, name, ret)                                                \
	guest_cr(f, KW_F_##name, KW_F_vmcs_##name, KW_F_vmcs_##name##_shadow, \
		 KW_F_vmcs_##name##_mask, KW_F_vmcb_##name, ret)

/* AMD's packed format has AVL, L, D, G in bits 11:8 (APM vol. 2, "Segment State in the VMCB"). */
static bool cs_attr(const struct kw_failure *f, uint64_t *ret)
{
	if (pick(f, KW_F_cs_attr, KW_F_vmcs_cs_attr, KW_F_vmcs_cs_attr, ret))
		return true;
	if (!kw_has(f, vmcb_cs_attr))
		return false;
	*ret = (f->vmcb_cs_attr & 0xff) | (f->vmcb_cs_attr & 0xf00) << 4;
	return true;
}

static enum tri bit(uint64_t value, uint64_t mask)
{
	return value & mask ? YES : NO;
}

/* Protected mode cannot have a null CS with RIP beyond its limit: mid-RSM, before CS was loaded. */
static bool cs_astray(const struct kw_failure *f)
{
	uint64_t sel, limit, rip;

	return PICK(f, cs_sel, &sel) && PICK(f, cs_limit, &limit) && PICK(f, rip, &rip) &&
	       !(sel & 0xfffc) && rip > limit;
}

static enum tri lma_without_efer(const struct kw_failure *f, const struct state *s)
{
	uint64_t rip;

	if (!kw_has(f, cr0) && kw_has(f, vmcs_entry_controls))
		return bit(f->vmcs_entry_controls, ENTRY_IA32E_GUEST);
	if (s->pg == NO || s->pae == NO)
		return NO;
	if (PICK(f, rip, &rip) && rip >> 32)
		return YES; /* outside 64-bit mode RIP has 32 bits */
	if (s->l == YES && kw_has(f, cs_attr) && !f->registers_narrow)
		return YES; /* outside IA-32e mode L is reserved */
	return OPEN;
}

static struct state state_of(const struct kw_failure *f)
{
	struct state s = { OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, false, false, false };
	uint64_t value;

	if (GUEST_CR(f, cr0, &value)) {
		s.pe = bit(value, CR0_PE);
		s.pg = bit(value, CR0_PG);
	}
	if (GUEST_CR(f, cr4, &value))
		s.pae = bit(value, CR4_PAE);
	if (PICK(f, rflags, &value))
		s.vm = bit(value, RFLAGS_VM);
	if (cs_attr(f, &value)) {
		s.cs_code = value & ATTR_UNUSABLE ? NO : bit(value, ATTR_S);
		s.l = bit(value, ATTR_L);
		s.d = bit(value, ATTR_D);
	}
	s.lma_from_efer = PICK(f, efer, &value);
	s.lma = s.lma_from_efer ? bit(value, EFER_LMA) : lma_without_efer(f, &s);
	if (s.lma == YES && s.l == OPEN && PICK(f, rip, &value) && value >> 32)
		s.l = s.l_from_rip = YES;
	s.cs_astray = s.pe == YES && s.vm == NO && s.l != YES && cs_astray(f);
	return s;
}

#define OUT(mode_, why_) ((struct outcome){ KW_MODE_##mode_, why_ })

struct outcome {
	enum kw_mode mode;
	const char *why;
};

static struct outcome ia32e_outcome(const struct state *s)
{
	if (s->l == YES && !s->lma_from_efer)
		return OUT(
			LONG64,
			"CS.L is set or RIP has more than 32 bits; IA32_EFER is not in the record");
	if (s->l == YES && s->l_from_rip)
		return OUT(
			LONG64,
			"IA32_EFER.LMA is set and RIP has more than 32 bits; CS is not in the record");
	if (s->l == YES)
		return OUT(LONG64, "IA32_EFER.LMA and CS.L are set");
	if (s->l == OPEN || s->d == OPEN)
		return OUT(
			UNKNOWN,
			"IA32_EFER.LMA is set, but the access rights of CS are not in the record");
	if (s->d == YES)
		return OUT(COMPAT32, "IA32_EFER.LMA and CS.D are set, CS.L is clear");
	return OUT(COMPAT16, "IA32_EFER.LMA is set, CS.L and CS.D are clear");
}

static struct outcome protected_outcome(const struct state *s)
{
	if (s->d == OPEN)
		return OUT(UNKNOWN,
			   "CR0.PE is set, but the access rights of CS are not in the record");
	if (s->d == YES)
		return OUT(PROTECTED32,
			   "CR0.PE and CS.D are set, IA32_EFER.LMA and RFLAGS.VM are clear");
	return OUT(PROTECTED16, "CR0.PE is set, IA32_EFER.LMA, RFLAGS.VM and CS.D are clear");
}

/*
 * CR0.PE, RFLAGS.VM, EFER.LMA, CS.L, CS.D is the CPU's own order, and that of init_emulate_ctxt()
 * in KVM's emulator. A bit that is OPEN stops the walk unless what follows does not depend on it.
 */
static struct outcome outcome_of(const struct state *s)
{
	if (s->cs_code == NO)
		return OUT(UNKNOWN,
			   "CS holds no code segment: this is not the state of a CPU that ran");
	if (s->cs_astray)
		return OUT(
			UNKNOWN,
			"CS is null and RIP is beyond its limit: CS was not loaded for this RIP");
	if (s->pe == NO && s->d == YES)
		return OUT(
			REAL16,
			"CR0.PE is clear, but CS.D is set, so the code is 32-bit");
	if (s->pe == NO)
		return OUT(REAL16, "CR0.PE is clear");
	if (s->lma == YES)
		return ia32e_outcome(s);
	if (s->pe == OPEN)
		return OUT(UNKNOWN, "CR0 is not in the record");
	if (s->vm == YES)
		return OUT(VM86, "CR0.PE and RFLAGS.VM are set");
	if (s->vm == OPEN)
		return OUT(UNKNOWN, "CR0.PE is set, but RFLAGS is not in the record");
	if (s->lma == OPEN)
		return OUT(UNKNOWN, "CR0.PE is set, but IA32_EFER is not in the record");
	return protected_outcome(s);
}

enum kw_mode kw_mode_of(const struct kw_failure *f, const char **why_ret)
{
	struct state s = state_of(f);
	struct outcome outcome = outcome_of(&s);

	if (why_ret)
		*why_ret = outcome.why;
	return outcome.mode;
}

static unsigned int bits_of(const struct state *s, enum kw_mode mode)
{
	if (s->cs_code == NO || s->cs_astray)
		return 0;
	if (mode == KW_MODE_LONG64)
		return 64;
	if (mode == KW_MODE_VM86)
		return 16;
	/*
	 * With the mode unknown, CS.D decides once 64-bit mode is ruled out: virtual-8086 mode has
	 * CS.D clear.
	 */
	if (s->l == YES && s->lma != NO && s->pe != NO)
		return 0;
	return s->d == OPEN ? 0 : s->d == YES ? 32 : 16;
}

unsigned int kw_mode_bits(const struct kw_failure *f)
{
	struct state s = state_of(f);

	return bits_of(&s, outcome_of(&s).mode);
}

bool kw_linear_rip(const struct kw_failure *f, uint64_t *ret)
{
	struct state s = state_of(f);
	unsigned int bits = bits_of(&s, outcome_of(&s).mode);
	uint64_t rip, base;

	if (!bits || !PICK(f, rip, &rip))
		return false;
	if (bits == 64) {
		if (f->registers_narrow && kw_has(f, rip))
			return false; /* only the lower half was printed */
		*ret = rip;
		return true;
	}
	if (!PICK(f, cs_base, &base))
		return false;
	*ret = (uint32_t)(base + rip);
	return true;
}

bool kw_linear_rsp(const struct kw_failure *f, uint64_t *ret)
{
	struct state s = state_of(f);
	unsigned int bits = bits_of(&s, outcome_of(&s).mode);
	uint64_t rsp, base;

	if (!bits || !PICK(f, rsp, &rsp))
		return false;
	if (bits == 64) {
		*ret = rsp;
		return !f->registers_narrow;
	}
	if (!PICK(f, ss_base, &base))
		return false;
	*ret = (uint32_t)(base + rsp);
	return true;
}

bool kw_canonical(const struct kw_failure *f, uint64_t gva)
{
	uint64_t cr4;
	bool known = GUEST_CR(f, cr4, &cr4);
	unsigned int shift = known && !(cr4 & CR4_LA57) ? 47 : 56;
	uint64_t top = gva >> shift;

	return top == 0 || top == UINT64_MAX >> shift;
}
