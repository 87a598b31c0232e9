// SPDX-License-Identifier: MIT
/*
 * A register's bits by name, reserved bits, and registers that contradict each other. Names: Intel
 * SDM vol. 3, "Control Registers", "Debug Registers"; vol. 1, "EFLAGS Register"; AMD APM vol. 2,
 * "Extended Feature Enable Register (EFER)".
 */
#include "base/buf.h"
#include "decode/x86/mode.h"
#include "decode/x86/registers.h"
#include "failure/x86.h"

/* A named bit, or a field of @width bits. */
struct bit_name {
	uint8_t bit, width;
	char name[12];
};

struct reg_bits {
	const struct bit_name *names;
	size_t count;
	uint64_t always_one; /* read as 1 on any CPU: mentioned only if clear */
	uint64_t inverted;   /* named bits that are 1 at rest */
	bool exhaustive;     /* the rest is reserved */
};

/* clang-format off */
static const struct bit_name cr0_names[] = {
	{ 0, 1, "PE" }, { 1, 1, "MP" }, { 2, 1, "EM" }, { 3, 1, "TS" }, { 4, 1, "ET" },
	{ 5, 1, "NE" }, { 16, 1, "WP" }, { 18, 1, "AM" }, { 29, 1, "NW" }, { 30, 1, "CD" },
	{ 31, 1, "PG" },
};

static const struct bit_name cr4_names[] = {
	{ 0, 1, "VME" }, { 1, 1, "PVI" }, { 2, 1, "TSD" }, { 3, 1, "DE" }, { 4, 1, "PSE" },
	{ 5, 1, "PAE" }, { 6, 1, "MCE" }, { 7, 1, "PGE" }, { 8, 1, "PCE" }, { 9, 1, "OSFXSR" },
	{ 10, 1, "OSXMMEXCPT" }, { 11, 1, "UMIP" }, { 12, 1, "LA57" }, { 13, 1, "VMXE" },
	{ 14, 1, "SMXE" }, { 16, 1, "FSGSBASE" }, { 17, 1, "PCIDE" }, { 18, 1, "OSXSAVE" },
	{ 19, 1, "KL" }, { 20, 1, "SMEP" }, { 21, 1, "SMAP" }, { 22, 1, "PKE" },
	{ 23, 1, "CET" }, { 24, 1, "PKS" }, { 25, 1, "UINTR" }, { 27, 1, "LASS" },
	{ 28, 1, "LAM_SUP" }, { 32, 1, "FRED" },
};

static const struct bit_name efer_names[] = {
	{ 0, 1, "SCE" }, { 8, 1, "LME" }, { 10, 1, "LMA" }, { 11, 1, "NXE" }, { 12, 1, "SVME" },
	{ 13, 1, "LMSLE" }, { 14, 1, "FFXSR" }, { 15, 1, "TCE" }, { 17, 1, "MCOMMIT" },
	{ 18, 1, "INTWB" }, { 20, 1, "UAIE" }, { 21, 1, "AIBRSE" },
};

static const struct bit_name rflags_names[] = {
	{ 0, 1, "CF" }, { 2, 1, "PF" }, { 4, 1, "AF" }, { 6, 1, "ZF" }, { 7, 1, "SF" },
	{ 8, 1, "TF" }, { 9, 1, "IF" }, { 10, 1, "DF" }, { 11, 1, "OF" }, { 12, 2, "IOPL" },
	{ 14, 1, "NT" }, { 16, 1, "RF" }, { 17, 1, "VM" }, { 18, 1, "AC" }, { 19, 1, "VIF" },
	{ 20, 1, "VIP" }, { 21, 1, "ID" },
};

static const struct bit_name dr6_names[] = {
	{ 0, 1, "B0" }, { 1, 1, "B1" }, { 2, 1, "B2" }, { 3, 1, "B3" }, { 11, 1, "BLD" },
	{ 13, 1, "BD" }, { 14, 1, "BS" }, { 15, 1, "BT" },
};

static const struct bit_name dr7_names[] = {
	{ 0, 1, "L0" }, { 1, 1, "G0" }, { 2, 1, "L1" }, { 3, 1, "G1" }, { 4, 1, "L2" },
	{ 5, 1, "G2" }, { 6, 1, "L3" }, { 7, 1, "G3" }, { 8, 1, "LE" }, { 9, 1, "GE" },
	{ 11, 1, "RTM" }, { 13, 1, "GD" }, { 16, 2, "R/W0" }, { 18, 2, "LEN0" },
	{ 20, 2, "R/W1" }, { 22, 2, "LEN1" }, { 24, 2, "R/W2" }, { 26, 2, "LEN2" },
	{ 28, 2, "R/W3" }, { 30, 2, "LEN3" },
};

static const struct bit_name apic_base_names[] = {
	{ 8, 1, "BSP" }, { 10, 1, "EXTD" }, { 11, 1, "EN" },
};
/* clang-format on */

#define NAMES(table) .names = (table), .count = sizeof(table) / sizeof((table)[0])

static const struct reg_bits cr0_bits = { NAMES(cr0_names), .exhaustive = true };
static const struct reg_bits cr4_bits = { NAMES(cr4_names), .exhaustive = true };
static const struct reg_bits efer_bits = { NAMES(efer_names), .exhaustive = true };
static const struct reg_bits rflags_bits = { NAMES(rflags_names), .always_one = 0x2,
					     .exhaustive = true };
/* Bit 16, RTM, is not named: in dumps of ordinary guests it is both clear and set. */
static const struct reg_bits dr6_bits = {
	NAMES(dr6_names),
	.always_one = 0xffff07f0,
	.inverted = 1 << 11,
	.exhaustive = true,
};
static const struct reg_bits dr7_bits = { NAMES(dr7_names), .always_one = 0x400,
					  .exhaustive = true };
static const struct reg_bits apic_base_bits = { NAMES(apic_base_names) };

static const struct reg_bits *bits_of(enum kw_fact reg)
{
	switch (reg) {
	case KW_F_cr0:
	case KW_F_vmcs_cr0:
	case KW_F_vmcs_cr0_shadow:
	case KW_F_vmcs_cr0_mask:
	case KW_F_vmcs_host_cr0:
	case KW_F_vmcb_cr0:
		return &cr0_bits;
	case KW_F_cr4:
	case KW_F_vmcs_cr4:
	case KW_F_vmcs_cr4_shadow:
	case KW_F_vmcs_cr4_mask:
	case KW_F_vmcs_host_cr4:
	case KW_F_vmcb_cr4:
		return &cr4_bits;
	case KW_F_efer:
	case KW_F_vmcs_efer:
	case KW_F_vmcs_host_efer:
	case KW_F_vmcb_efer:
		return &efer_bits;
	case KW_F_rflags:
	case KW_F_vmcs_rflags:
	case KW_F_vmcb_rflags:
		return &rflags_bits;
	case KW_F_dr6:
	case KW_F_vmcb_dr6:
		return &dr6_bits;
	case KW_F_dr7:
	case KW_F_vmcs_dr7:
	case KW_F_vmcb_dr7:
		return &dr7_bits;
	case KW_F_apic_base:
		return &apic_base_bits;
	default:
		return NULL;
	}
}

static uint64_t field_mask(const struct bit_name *name)
{
	return ((1ull << name->width) - 1) << name->bit;
}

static uint64_t named_mask(const struct reg_bits *bits)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < bits->count; i++)
		mask |= field_mask(&bits->names[i]);
	return mask;
}

uint64_t kw_bits_reserved(enum kw_fact reg, uint64_t value)
{
	const struct reg_bits *bits = bits_of(reg);

	/* A guest/host mask is a set of bits; all are allowed. */
	if (!bits || !bits->exhaustive || reg == KW_F_vmcs_cr0_mask || reg == KW_F_vmcs_cr4_mask)
		return 0;
	return value & ~(named_mask(bits) | bits->always_one);
}

/* @separator between words, then @word whole or not at all: half a name would be another one. */
static void put_word(struct kw_buf *out, const char *separator, const char *word)
{
	size_t need = strlen(word) + (out->len ? strlen(separator) : 0);

	if (out->size <= out->len || out->size - out->len <= need) {
		out->size = 0;
		return;
	}
	if (out->len)
		kw_buf_add(out, kw_str(separator));
	kw_buf_add(out, kw_str(word));
}

/* @head and @number as one word. */
static void put_numbered(struct kw_buf *out, const char *separator, const char *head,
			 uint64_t number)
{
	char text[32];
	struct kw_buf word = kw_buf_over(text, sizeof(text));

	kw_buf_add(&word, kw_str(head));
	kw_buf_dec(&word, number);
	put_word(out, separator, text);
}

static void put_field(struct kw_buf *out, const struct bit_name *name, uint64_t value)
{
	char head[sizeof(name->name) + 2];

	if (name->width == 1) {
		put_word(out, " ", name->name);
		return;
	}
	stpcpy(stpcpy(head, name->name), "=");
	put_numbered(out, " ", head, (value & field_mask(name)) >> name->bit);
}

size_t kw_bits_text(enum kw_fact reg, uint64_t value, char *buf, size_t size)
{
	const struct reg_bits *bits = bits_of(reg);
	struct kw_buf out = kw_buf_over(buf, size);
	uint64_t rest;

	if (!bits)
		return 0;
	/* No CPU has an all-zero DR6, so its clear bits mean nothing. */
	if ((value & bits->always_one) == bits->always_one)
		value ^= bits->inverted;
	else
		value &= ~bits->inverted;
	for (size_t i = 0; i < bits->count; i++) {
		if (value & field_mask(&bits->names[i]))
			put_field(&out, &bits->names[i], value);
	}
	rest = bits->exhaustive ? value & ~(named_mask(bits) | bits->always_one) : 0;
	for (unsigned int i = 0; i < 64; i++) {
		if (rest >> i & 1)
			put_numbered(&out, " ", "bit", i);
	}
	return out.len;
}

/* Intel SDM vol. 3, "System Descriptor Types"; 9 and 11 have 64 bits in IA-32e mode. */
/* clang-format off */
static const char *const system_types[16] = {
	"reserved type 0",  "16-bit TSS, available", "LDT", "16-bit TSS, busy",
	"16-bit call gate", "task gate", "16-bit interrupt gate", "16-bit trap gate",
	"reserved type 8",  "TSS, available", "reserved type 10", "TSS, busy",
	"call gate", "reserved type 13", "interrupt gate", "trap gate",
};
/* clang-format on */

#define ATTR_ACCESSED (1u << 0)
#define ATTR_RW (1u << 1) /* data: writable; code: readable */
#define ATTR_DC (1u << 2) /* data: expand-down; code: conforming */
#define ATTR_CODE (1u << 3)
#define ATTR_S (1u << 4)
#define ATTR_P (1u << 7)
#define ATTR_L (1u << 13)
#define ATTR_D (1u << 14)
#define ATTR_UNUSABLE (1u << 16)
#define ATTR_DPL(attr) ((unsigned int)(attr) >> 5 & 3)

/* "Code- and Data-Segment Descriptor Types" */
static void put_type(struct kw_buf *out, uint64_t attr)
{
	bool code = attr & ATTR_CODE;

	put_word(out, "", code ? "code" : "data");
	if (code)
		put_word(out, ", ", attr & ATTR_RW ? "execute/read" : "execute-only");
	else
		put_word(out, ", ", attr & ATTR_RW ? "read/write" : "read-only");
	if (attr & ATTR_DC)
		put_word(out, ", ", code ? "conforming" : "expand-down");
	if (attr & ATTR_ACCESSED)
		put_word(out, ", ", "accessed");
}

size_t kw_segment_text(uint64_t attr, bool system, char *buf, size_t size)
{
	struct kw_buf out = kw_buf_over(buf, size);

	if (attr & ATTR_UNUSABLE) {
		put_word(&out, "", "unusable");
		return out.len;
	}
	if (attr & ATTR_S)
		put_type(&out, attr);
	else
		put_word(&out, "", system_types[attr & 15]);
	put_numbered(&out, ", ", "DPL ", ATTR_DPL(attr));
	if (attr & ATTR_S)
		put_word(&out, ", ",
			 attr & ATTR_L && attr & ATTR_CODE ? "64-bit"
			 : attr & ATTR_D		   ? "32-bit"
							   : "16-bit");
	if (!(attr & ATTR_P))
		put_word(&out, ", ", "not present");
	if (attr & ATTR_S && system)
		put_word(&out, ", ", "S=1: not a system segment");
	return out.len;
}

/* The oddities. */

#define PE (1ull << 0)
#define ET (1ull << 4)
#define WP (1ull << 16)
#define NW (1ull << 29)
#define CD (1ull << 30)
#define PG (1ull << 31)
#define PAE (1ull << 5)
#define VMXE (1ull << 13)
#define PCIDE (1ull << 17)
#define CET (1ull << 23)
#define LME (1ull << 8)
#define LMA (1ull << 10)
#define VM (1ull << 17)

/*
 * Bits that cannot be combined: in @a the bits @a_set, in @b the bits @b_set and not @b_clear. If
 * @b is KW_F_none only @a counts.
 */
struct bit_rule {
	enum kw_fact a, b;
	uint64_t a_set, a_clear, b_set, b_clear;
	const char *text;
};

/* clang-format off */
static const struct bit_rule bit_rules[] = {
	/*
	 * Intel SDM vol. 3, "Control Registers" and "Checks on Guest Control Registers, Debug
	 * Registers, and MSRs"
	 */
	{ KW_F_cr0, KW_F_none, PG, PE, 0, 0,
	  "CR0.PG is set with CR0.PE clear: paging exists only in protected mode" },
	{ KW_F_cr0, KW_F_none, NW, CD, 0, 0,
	  "CR0.NW is set with CR0.CD clear, a combination that raises #GP when it is loaded" },
	{ KW_F_cr0, KW_F_none, 0, ET, 0, 0,
	  "CR0.ET is clear: it always reads as 1, so this is not the state of a CPU that ran" },
	{ KW_F_cr4, KW_F_cr0, CET, 0, 0, WP,
	  "CR4.CET is set with CR0.WP clear, which raises #GP when it is loaded" },
	{ KW_F_cr4, KW_F_efer, PCIDE, 0, 0, LMA,
	  "CR4.PCIDE is set outside IA-32e mode (IA32_EFER.LMA is clear)" },
	/*
	 * "Initializing IA-32e Mode", "Checks on Guest Control Registers, Debug Registers, and
	 * MSRs"
	 */
	{ KW_F_efer, KW_F_cr0, LMA, 0, 0, PG,
	  "IA32_EFER.LMA is set with CR0.PG clear: IA-32e mode needs paging" },
	{ KW_F_efer, KW_F_cr4, LMA, 0, 0, PAE,
	  "IA32_EFER.LMA is set with CR4.PAE clear: IA-32e mode needs PAE paging" },
	{ KW_F_efer, KW_F_none, LMA, LME, 0, 0,
	  "IA32_EFER.LMA is set with IA32_EFER.LME clear" },
	{ KW_F_efer, KW_F_cr0, LME, LMA, PG, 0,
	  "IA32_EFER.LME and CR0.PG are set with LMA clear: IA-32e mode should be active" },
	/* "Checks on Guest RIP, RFLAGS, and SSP" */
	{ KW_F_rflags, KW_F_efer, VM, 0, LMA, 0,
	  "RFLAGS.VM is set in IA-32e mode, which has no virtual-8086 mode" },
	{ KW_F_rflags, KW_F_cr0, VM, 0, 0, PE,
	  "RFLAGS.VM is set with CR0.PE clear" },
	{ KW_F_rflags, KW_F_none, 0, 2, 0, 0,
	  "RFLAGS bit 1 is clear: it always reads as 1" },
	/* "Protection of CR4.VMXE in SMM": SMI delivery clears it, and setting it raises #GP */
	{ KW_F_smm, KW_F_cr4, 1, 0, VMXE, 0,
	  "CR4.VMXE is set in SMM, where it cannot be set" },
};
/* clang-format on */

struct oddities {
	struct kw_oddity *ret;
	size_t count, max;
};

static void add(struct oddities *o, enum kw_fact a, enum kw_fact b, bool note, const char *text)
{
	if (o->count < o->max)
		o->ret[o->count++] = (struct kw_oddity){ { a, b }, text, note };
}

static bool holds(const struct kw_failure *f, enum kw_fact fact, uint64_t set, uint64_t clear)
{
	if (fact == KW_F_none)
		return true;
	return kw_known(f, fact) && (f->fact[fact] & set) == set && !(f->fact[fact] & clear);
}

static void check_bits(const struct kw_failure *f, struct oddities *o)
{
	for (size_t i = 0; i < sizeof(bit_rules) / sizeof(bit_rules[0]); i++) {
		const struct bit_rule *rule = &bit_rules[i];

		if (holds(f, rule->a, rule->a_set, rule->a_clear) &&
		    holds(f, rule->b, rule->b_set, rule->b_clear))
			add(o, rule->a, rule->b, false, rule->text);
	}
}

static void check_reserved(const struct kw_failure *f, struct oddities *o)
{
	static const struct {
		enum kw_fact fact;
		const char *text;
	} registers[] = {
		{ KW_F_cr0, "CR0 has reserved bits set" },
		{ KW_F_cr4, "CR4 has bits set that are reserved or newer than this program" },
		{ KW_F_efer,
		  "IA32_EFER has bits set that are reserved or newer than this program" },
		{ KW_F_rflags, "RFLAGS has reserved bits set" },
		{ KW_F_dr6, "DR6 has reserved bits set" },
		{ KW_F_dr7, "DR7 has reserved bits set" },
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		enum kw_fact fact = registers[i].fact;

		if (kw_known(f, fact) && kw_bits_reserved(fact, f->fact[fact]))
			add(o, fact, KW_F_none, false, registers[i].text);
	}
}

/* Real mode with leftovers that only protected mode can produce. */
static void check_real(const struct kw_failure *f, struct oddities *o)
{
	bool big = false, dpl = false;

	for (unsigned int i = 0; kw_segment_of(i) != KW_F_none; i++) {
		enum kw_fact limit = kw_part(kw_segment_of(i), KW_LIMIT),
			     attr = kw_part(kw_segment_of(i), KW_ATTR);

		if (!big && kw_known(f, limit) && f->fact[limit] > 0xffff) {
			big = true;
			add(o, limit, KW_F_cr0, true,
			    "CR0.PE is clear and a segment limit is above ffff: big real mode");
		}
		if (!dpl && kw_known(f, attr) && !(f->fact[attr] & ATTR_UNUSABLE) &&
		    ATTR_DPL(f->fact[attr])) {
			dpl = true;
			add(o, attr, KW_F_cr0, true,
			    "CR0.PE is clear and a DPL is above 0, as in virtual-8086 mode");
		}
	}
}

/* The selector is still base / 16: loaded in real mode, so its low bits are not an RPL. */
static bool loaded_in_real_mode(const struct kw_failure *f, enum kw_fact sel)
{
	return !kw_known(f, sel) || !kw_known(f, kw_part(sel, KW_BASE)) ||
	       f->fact[kw_part(sel, KW_BASE)] == f->fact[sel] << 4;
}

/* A code or data segment that is present, so that its DPL counts. */
static bool usable(const struct kw_failure *f, enum kw_fact sel)
{
	enum kw_fact attr = kw_part(sel, KW_ATTR);

	return kw_known(f, attr) &&
	       (f->fact[attr] & (ATTR_S | ATTR_P | ATTR_UNUSABLE)) == (ATTR_S | ATTR_P);
}

/* "Privilege Levels": CPL is the RPL of CS and of SS, the DPL of SS and of a nonconforming CS. */
static void check_privilege(const struct kw_failure *f, struct oddities *o)
{
	bool cs = usable(f, KW_F_cs_sel), ss = usable(f, KW_F_ss_sel);
	unsigned int cs_dpl = cs ? ATTR_DPL(f->cs_attr) : 0, ss_dpl = ss ? ATTR_DPL(f->ss_attr) : 0;

	if (kw_has(f, cpl) && ss && f->cpl != ss_dpl)
		add(o, KW_F_cpl, KW_F_ss_attr, false, "CPL is not the DPL of SS");
	if (kw_has(f, cpl) && cs && !loaded_in_real_mode(f, KW_F_cs_sel) &&
	    f->cpl != (f->cs_sel & 3))
		add(o, KW_F_cpl, KW_F_cs_sel, false, "CPL is not the RPL of CS");
	if (!cs || !ss || !(f->cs_attr & ATTR_CODE))
		return;
	if (!(f->cs_attr & ATTR_DC) && cs_dpl != ss_dpl)
		add(o, KW_F_cs_attr, KW_F_ss_attr, false,
		    "the DPL of the nonconforming CS is not that of SS");
	if (f->cs_attr & ATTR_DC && cs_dpl > ss_dpl)
		add(o, KW_F_cs_attr, KW_F_ss_attr, false,
		    "the DPL of the conforming CS is above that of SS");
}

static void check_cs(const struct kw_failure *f, struct oddities *o)
{
	uint64_t attr = f->cs_attr;

	if (!kw_has(f, cs_attr))
		return;
	if (attr & ATTR_UNUSABLE || !(attr & ATTR_S)) {
		bool zero = kw_has(f, cs_base) && kw_has(f, cs_limit) && kw_has(f, cs_sel) &&
			    !f->cs_base && !f->cs_limit && !f->cs_sel;

		add(o, KW_F_cs_attr, KW_F_none, false,
		    zero ? "CS is all zero: not the state of a CPU that ran"
			 : "CS holds no code or data segment: nothing can be fetched through it");
		return;
	}
	if (!(attr & ATTR_P))
		add(o, KW_F_cs_attr, KW_F_none, false, "CS is marked not present");
	if (!(attr & ATTR_L) || !kw_has(f, efer))
		return;
	if (!(f->efer & LMA))
		add(o, KW_F_cs_attr, KW_F_efer, true,
		    "CS.L is set outside IA-32e mode, where it is reserved and has no effect");
	else if (attr & ATTR_D)
		add(o, KW_F_cs_attr, KW_F_efer, false,
		    "CS.L and CS.D are both set in IA-32e mode, which is reserved");
}

/*
 * "Checks on Guest Segment Registers": TR is a busy TSS in every mode, as reset and LTR leave it.
 */
static void check_tr(const struct kw_failure *f, struct oddities *o)
{
	unsigned int type = (unsigned int)f->tr_attr & 15;
	bool ia32e = kw_has(f, efer) && f->efer & LMA;

	if (!kw_has(f, tr_attr))
		return;
	if (f->tr_attr & ATTR_UNUSABLE || f->tr_attr & ATTR_S || (type != 3 && type != 11))
		add(o, KW_F_tr_attr, KW_F_none, false,
		    "TR is not a busy TSS, as reset and LTR leave it");
	else if (ia32e && type == 3)
		add(o, KW_F_tr_attr, KW_F_efer, false,
		    "TR is a 16-bit TSS in IA-32e mode, which has only 64-bit ones");
}

static void check_addresses(const struct kw_failure *f, enum kw_mode mode, struct oddities *o)
{
	bool wide = mode == KW_MODE_LONG64 && !f->registers_narrow;

	if (wide && kw_has(f, rip) && !kw_canonical(f, f->rip))
		add(o, KW_F_rip, KW_F_none, false, "RIP is not canonical");
	if (wide && kw_has(f, rsp) && !kw_canonical(f, f->rsp))
		add(o, KW_F_rsp, KW_F_none, true,
		    "RSP is not canonical: the next use of the stack raises #SS");
	if (mode == KW_MODE_LONG64 || mode == KW_MODE_UNKNOWN || !kw_has(f, rip))
		return;
	if (f->rip >> 32)
		add(o, KW_F_rip, KW_F_none, false, "RIP is above 4 GiB outside 64-bit mode");
	else if (usable(f, KW_F_cs_sel) && kw_has(f, cs_limit) && f->rip > f->cs_limit &&
		 (f->cs_attr & (ATTR_CODE | ATTR_DC)) != ATTR_DC)
		add(o, KW_F_rip, KW_F_cs_limit, false,
		    "RIP is beyond the limit of CS: the fetch raises #GP");
}

size_t kw_oddities(const struct kw_failure *f, struct kw_oddity *ret, size_t max)
{
	struct oddities o = { ret, 0, max };
	enum kw_mode mode = kw_mode_of(f, NULL);

	check_bits(f, &o);
	check_cs(f, &o);
	check_tr(f, &o);
	check_addresses(f, mode, &o);
	if (mode >= KW_MODE_PROTECTED16)
		check_privilege(f, &o);
	check_reserved(f, &o);
	if (kw_has(f, cr0) && !(f->cr0 & PE))
		check_real(f, &o);
	return o.count;
}
