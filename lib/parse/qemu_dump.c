// SPDX-License-Identifier: MIT
/*
 * QEMU's register dump, x86_cpu_dump_state(), of all versions since 0.13. Works on tokens, not on
 * lines: mail programs, journals and several vCPUs break lines anywhere. Register dumps of other
 * architectures are recognised but not read.
 */
#include "parse/qemu.h"

#include "failure/x86.h"

/* What a wrapped line waits for, packed into the parser's word of state. */
enum wait { WAIT_NOTHING, WAIT_CODE, WAIT_VALUES };

struct state {
	enum wait wait;
	enum kw_fact fact;   /* WAIT_VALUES: the next fact */
	unsigned int values; /* and how many follow */
};

enum { CODE_BYTES = 50 /* as many as x86_cpu_dump_state() prints */ };

/* What is remembered of a dump is that of its reader, whoever hands over its lines. */
static const struct kw_parser dump = { .name = "QEMU dump" };

static struct state state_get(struct kw_gather *g)
{
	uint32_t word = *kw_gather_state(g, &dump);

	return (struct state){ word & 3, (enum kw_fact)(word >> 2 & 0xfff), word >> 14 & 7 };
}

static void state_set(struct kw_gather *g, enum wait wait, enum kw_fact fact, unsigned int values)
{
	*kw_gather_state(g, &dump) = (uint32_t)wait | (uint32_t)fact << 2 | values << 14;
}

/* Register names as QEMU prints them, packed for a switch. */
#define NAME(a, b, c, d) \
	((uint32_t)(unsigned char)(a) | (uint32_t)(unsigned char)(b) << 8 | \
	 (uint32_t)(unsigned char)(c) << 16 | (uint32_t)(unsigned char)(d) << 24)

struct reg {
	enum kw_fact fact;
	uint8_t values; /* numbers after it: 1, 2 for tables, 4 for segments */
	uint8_t narrow; /* 1: the EAX form, 2: the RAX form */
	bool dump;	/* if repeated, it begins another dump */
	bool decimal;
};

static bool reg_find(uint32_t name, struct reg *ret)
{
#define GPR64(id, fact_)                                                \
	case id:                                                        \
		*ret = (struct reg){ KW_F_##fact_, 1, 2, true, false }; \
		return true;
#define GPR32(id, fact_)                                                \
	case id:                                                        \
		*ret = (struct reg){ KW_F_##fact_, 1, 1, true, false }; \
		return true;
#define SEGMENT(id, fact_)                                                     \
	case id:                                                               \
		*ret = (struct reg){ KW_F_##fact_##_sel, 4, 0, false, false }; \
		return true;
#define TABLE(id, fact_)                                                        \
	case id:                                                                \
		*ret = (struct reg){ KW_F_##fact_##_base, 2, 0, false, false }; \
		return true;
#define PLAIN(id, fact_)                                                 \
	case id:                                                         \
		*ret = (struct reg){ KW_F_##fact_, 1, 0, false, false }; \
		return true;
#define DECIMAL(id, fact_)                                              \
	case id:                                                        \
		*ret = (struct reg){ KW_F_##fact_, 1, 0, false, true }; \
		return true;
	switch (name) {
	GPR64(NAME('R', 'A', 'X', 0), rax) GPR64(NAME('R', 'B', 'X', 0), rbx)
	GPR64(NAME('R', 'C', 'X', 0), rcx) GPR64(NAME('R', 'D', 'X', 0), rdx)
	GPR64(NAME('R', 'S', 'I', 0), rsi) GPR64(NAME('R', 'D', 'I', 0), rdi)
	GPR64(NAME('R', 'B', 'P', 0), rbp) GPR64(NAME('R', 'S', 'P', 0), rsp)
	GPR64(NAME('R', '8', 0, 0), r8) GPR64(NAME('R', '9', 0, 0), r9)
	GPR64(NAME('R', '1', '0', 0), r10) GPR64(NAME('R', '1', '1', 0), r11)
	GPR64(NAME('R', '1', '2', 0), r12) GPR64(NAME('R', '1', '3', 0), r13)
	GPR64(NAME('R', '1', '4', 0), r14) GPR64(NAME('R', '1', '5', 0), r15)
	GPR64(NAME('R', '1', '6', 0), r16) GPR64(NAME('R', '1', '7', 0), r17)
	GPR64(NAME('R', '1', '8', 0), r18) GPR64(NAME('R', '1', '9', 0), r19)
	GPR64(NAME('R', '2', '0', 0), r20) GPR64(NAME('R', '2', '1', 0), r21)
	GPR64(NAME('R', '2', '2', 0), r22) GPR64(NAME('R', '2', '3', 0), r23)
	GPR64(NAME('R', '2', '4', 0), r24) GPR64(NAME('R', '2', '5', 0), r25)
	GPR64(NAME('R', '2', '6', 0), r26) GPR64(NAME('R', '2', '7', 0), r27)
	GPR64(NAME('R', '2', '8', 0), r28) GPR64(NAME('R', '2', '9', 0), r29)
	GPR64(NAME('R', '3', '0', 0), r30) GPR64(NAME('R', '3', '1', 0), r31)
	GPR64(NAME('R', 'I', 'P', 0), rip)
	GPR32(NAME('E', 'A', 'X', 0), rax) GPR32(NAME('E', 'B', 'X', 0), rbx)
	GPR32(NAME('E', 'C', 'X', 0), rcx) GPR32(NAME('E', 'D', 'X', 0), rdx)
	GPR32(NAME('E', 'S', 'I', 0), rsi) GPR32(NAME('E', 'D', 'I', 0), rdi)
	GPR32(NAME('E', 'B', 'P', 0), rbp) GPR32(NAME('E', 'S', 'P', 0), rsp)
	GPR32(NAME('E', 'I', 'P', 0), rip)
	PLAIN(NAME('R', 'F', 'L', 0), rflags) PLAIN(NAME('E', 'F', 'L', 0), rflags)
	DECIMAL(NAME('C', 'P', 'L', 0), cpl) DECIMAL(NAME('I', 'I', 0, 0), ii)
	DECIMAL(NAME('A', '2', '0', 0), a20) DECIMAL(NAME('S', 'M', 'M', 0), smm)
	DECIMAL(NAME('H', 'L', 'T', 0), hlt)
	SEGMENT(NAME('E', 'S', 0, 0), es) SEGMENT(NAME('C', 'S', 0, 0), cs)
	SEGMENT(NAME('S', 'S', 0, 0), ss) SEGMENT(NAME('D', 'S', 0, 0), ds)
	SEGMENT(NAME('F', 'S', 0, 0), fs) SEGMENT(NAME('G', 'S', 0, 0), gs)
	SEGMENT(NAME('L', 'D', 'T', 0), ldt) SEGMENT(NAME('T', 'R', 0, 0), tr)
	TABLE(NAME('G', 'D', 'T', 0), gdt) TABLE(NAME('I', 'D', 'T', 0), idt)
	PLAIN(NAME('C', 'R', '0', 0), cr0) PLAIN(NAME('C', 'R', '2', 0), cr2)
	PLAIN(NAME('C', 'R', '3', 0), cr3) PLAIN(NAME('C', 'R', '4', 0), cr4)
	PLAIN(NAME('C', 'R', '8', 0), cr8) PLAIN(NAME('D', 'R', '0', 0), dr0)
	PLAIN(NAME('D', 'R', '1', 0), dr1) PLAIN(NAME('D', 'R', '2', 0), dr2)
	PLAIN(NAME('D', 'R', '3', 0), dr3) PLAIN(NAME('D', 'R', '6', 0), dr6)
	PLAIN(NAME('D', 'R', '7', 0), dr7) PLAIN(NAME('E', 'F', 'E', 'R'), efer)
	default:
		return false;
	}
#undef GPR64
#undef GPR32
#undef SEGMENT
#undef TABLE
#undef PLAIN
#undef DECIMAL
}

struct kw_str kw_qemu_skip(struct kw_str s)
{
	while (s.len && (kw_is_space(*s.p) || *s.p == '`'))
		s = kw_str_from(s, 1);
	return s;
}

/* A number on its own: no letter or digit follows its digits. */
static size_t number(struct kw_str s, uint64_t *ret)
{
	size_t len = kw_str_hex(s, ret);

	return len && len < s.len && kw_is_word(s.p[len]) ? 0 : len;
}

/* "????????": a number that `kvmwhy watch` left out. */
static size_t left_out(struct kw_str s)
{
	size_t len = 0;

	while (len < s.len && s.p[len] == '?')
		len++;
	return len >= 8 ? len : 0;
}

/* Segment flags of QEMU are the descriptor's second word; facts hold VMX access rights. */
static uint64_t fact_value(enum kw_fact fact, uint64_t value)
{
	bool attr = fact == KW_F_es_attr || fact == KW_F_cs_attr || fact == KW_F_ss_attr ||
		    fact == KW_F_ds_attr || fact == KW_F_fs_attr || fact == KW_F_gs_attr ||
		    fact == KW_F_ldt_attr || fact == KW_F_tr_attr;

	return attr ? value >> 8 & 0xf0ff : value;
}

/* Reads up to @values numbers into consecutive facts; missing ones are on the next line. */
static struct kw_str take_values(struct kw_gather *g, const struct kw_clean_line *line,
				 struct kw_str s, enum kw_fact fact, unsigned int values)
{
	struct kw_failure *f = kw_gather_dumping(g);
	uint64_t value;

	while (values) {
		size_t len;

		s = kw_qemu_skip(s);
		len = number(s, &value);
		if (len)
			kw_gather_fact(f, line, fact, fact_value(fact, value));
		else if (!(len = left_out(s)))
			break;
		s = kw_str_from(s, len);
		fact = kw_next_part(fact);
		values--;
	}
	state_set(g, values && !kw_qemu_skip(s).len ? WAIT_VALUES : WAIT_NOTHING, fact, values);
	return s;
}

static bool code_byte(struct kw_code *code, struct kw_str s)
{
	uint64_t value = 0;
	bool unreadable = s.len >= 2 && s.p[0] == '?' && s.p[1] == '?';

	if (!unreadable && (s.len < 2 || kw_str_hex((struct kw_str){ s.p, 2 }, &value) != 2))
		return false;
	if (code->len == sizeof(code->bytes))
		return false;
	code->bytes[code->len] = (uint8_t)value;
	if (!unreadable)
		code->known |= 1ull << code->len;
	code->len++;
	return true;
}

/* Bytes of a Code= line: "0f", "??", one of them in < >. Ends at the first that is not a byte. */
static struct kw_str take_code(struct kw_failure *f, const struct kw_clean_line *line,
			       struct kw_str s)
{
	struct kw_code *code = &f->code;

	if (code->marked < 0) /* the line with the marked byte is the evidence */
		code->origin =
			(struct kw_origin){ .how = KW_SEEN, .line = kw_gather_line(f, line) };
	for (;;) {
		struct kw_str t = kw_qemu_skip(s);
		size_t mark = t.len && t.p[0] == '<' ? 1 : 0;
		struct kw_str byte = kw_str_from(t, mark);

		if (mark && (byte.len < 3 || byte.p[2] != '>'))
			return t;
		if (!mark && byte.len > 2 && kw_is_word(byte.p[2]))
			return t;
		if (!code_byte(code, byte))
			return t;
		if (mark && code->marked < 0)
			code->marked = (int8_t)(code->len - 1);
		s = kw_str_from(t, 2 + 2 * mark);
	}
}

static bool begin_code(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str *s)
{
	struct kw_failure *f = kw_gather_dumping(g);

	if (!f || f->code_line_seen || f->class == KW_CLASS_VMCS_DUMP ||
	    f->class == KW_CLASS_VMCB_DUMP)
		f = kw_gather_dump(g, KW_F_rip, line);
	if (f->code_line_seen)
		return false;
	f->code_line_seen = true;
	if (f->arch == KW_ARCH_UNKNOWN)
		f->arch = KW_ARCH_X86;
	kw_gather_line(f, line);
	*s = take_code(f, line, *s);
	state_set(g, f->code.len < CODE_BYTES ? WAIT_CODE : WAIT_NOTHING, KW_F_none, 0);
	return true;
}

/* "NAME=" with at most two blanks before the '=', as in "R8 =" and "ES =". */
static size_t token_name(struct kw_str s, uint32_t *name)
{
	size_t len = 0, at;

	*name = 0;
	while (len < s.len && len < 4 &&
	       ((s.p[len] >= 'A' && s.p[len] <= 'Z') || kw_is_digit(s.p[len]))) {
		*name |= (uint32_t)(unsigned char)s.p[len] << (8 * len);
		len++;
	}
	at = len;
	while (len < 4 && at < s.len && at < len + 2 && s.p[at] == ' ')
		at++;
	return len >= 2 && at < s.len && s.p[at] == '=' ? at + 1 : 0;
}

static enum kw_arch foreign_arch(const struct kw_failure *f, struct kw_str s)
{
	if (kw_str_starts(s, KW_STR("PSW=mask")))
		return KW_ARCH_S390X;
	if (kw_str_starts(s, KW_STR("PSTATE=")) || kw_str_starts(s, KW_STR("X00=")))
		return KW_ARCH_AARCH64;
	if (kw_str_starts(s, KW_STR("PSR=")) ||
	    (kw_str_starts(s, KW_STR("R00=")) && f && f->arch == KW_ARCH_UNKNOWN))
		return KW_ARCH_ARM;
	if (kw_str_starts(s, KW_STR("NIP ")) || kw_str_starts(s, KW_STR("GPR00 ")))
		return KW_ARCH_PPC64;
	if (kw_str_starts(s, KW_STR("SEPC=")) || kw_str_starts(s, KW_STR("SCAUSE=")) ||
	    kw_str_starts(s, KW_STR("VCPU exit error")) || kw_str_starts(s, KW_STR("mhartid ")))
		return KW_ARCH_RISCV64;
	return KW_ARCH_UNKNOWN;
}

/* "SCAUSE=0x2 STVAL=0x0 ..." of KVM on RISC-V, "SCAUSE: 0x2" of kvmtool */
static void take_scause(struct kw_gather *g, const struct kw_clean_line *line)
{
	uint64_t scause;

	if (kw_number_after(line->text, KW_STR("SCAUSE="), true, &scause))
		kw_gather_sign(g, line, KW_SIGN_RISCV_SCAUSE, scause);
}

/* A dump of another architecture: its registers are not read, the failure is marked as not x86. */
bool kw_qemu_foreign(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_current(g);
	struct kw_str s = line->text;
	enum kw_arch arch;

	if (s.len < 4 || !f)
		return false;
	if (f->arch == KW_ARCH_RISCV64)
		take_scause(g, line);
	if (f->arch != KW_ARCH_UNKNOWN && f->arch != KW_ARCH_X86) {
		bool more = (s.p[0] == 'X' || s.p[0] == 'R' || s.p[0] == 'C' || s.p[0] == 'Q') &&
			    kw_is_digit(s.p[1]) && kw_is_digit(s.p[2]) && s.p[3] == '=';

		if (more || kw_str_starts(s, KW_STR("GPR")) || kw_str_starts(s, KW_STR("PC=")) ||
		    kw_str_starts(s, KW_STR("PS"))) {
			kw_gather_line(f, line);
			return true;
		}
	}
	if (f->arch == KW_ARCH_X86)
		return false;
	arch = foreign_arch(f, s);
	if (arch == KW_ARCH_UNKNOWN && kw_str_starts(s, KW_STR("PC=")) &&
	    kw_str_has(s, KW_STR("X00=")))
		arch = KW_ARCH_AARCH64;
	if (arch == KW_ARCH_UNKNOWN && kw_str_has(s, KW_STR("SEPC=")))
		arch = KW_ARCH_RISCV64;
	if (arch == KW_ARCH_UNKNOWN)
		return false;
	f->arch = arch;
	kw_gather_line(f, line);
	return true;
}

static struct kw_str take_register(struct kw_gather *g, const struct kw_clean_line *line,
				   const struct reg *reg, struct kw_str s)
{
	struct kw_failure *f = kw_gather_dumping(g);

	if (!f || reg->dump || f->class == KW_CLASS_VMCS_DUMP || f->class == KW_CLASS_VMCB_DUMP)
		f = kw_gather_dump(g, reg->fact, line);
	if (kw_known(f, reg->fact)) /* prose after a dump: "... although SMM=0" */
		return s;
	if (reg->narrow)
		f->registers_narrow = reg->narrow == 1;
	if (reg->decimal) {
		uint64_t value;
		size_t len = kw_str_dec(s, &value);

		if (len)
			kw_gather_fact(f, line, reg->fact, value);
		return kw_str_from(s, len);
	}
	return take_values(g, line, s, reg->fact, reg->values);
}

/* Does what follows "CS=" look like a QEMU segment rather than a host selector of dump_vmcs? */
static bool segment_follows(struct kw_str s)
{
	uint64_t value;
	size_t len = number(s, &value);
	struct kw_str rest = kw_qemu_skip(kw_str_from(s, len));

	return len == 4 && (!rest.len || number(rest, &value) >= 8 || left_out(rest));
}

/* All "NAME=value" of the text from @s on; true if there was any. */
bool kw_qemu_tokens(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s)
{
	bool took = false;

	while (s.len) {
		uint32_t name;
		size_t len;
		struct reg reg;
		struct kw_str rest;

		s = kw_qemu_skip(s);
		if (kw_str_skip(s, KW_STR("Code="), &rest)) {
			if (begin_code(g, line, &rest)) {
				took = true;
				s = rest;
				continue;
			}
		}
		len = token_name(s, &name);
		if (len && reg_find(name, &reg)) {
			rest = kw_qemu_skip(kw_str_from(s, len));
			if ((rest.len &&
			     (kw_hex_digit(rest.p[0]) >= 0 ||
			      (reg.values == 2 && left_out(rest))) &&
			     (reg.values != 4 || segment_follows(rest))) ||
			    (!rest.len && took)) {
				s = take_register(g, line, &reg, rest);
				took = true;
				continue;
			}
		}
		/* on to the next word */
		while (s.len && !kw_is_space(*s.p))
			s = kw_str_from(s, 1);
	}
	return took;
}

/* A line that continues where the last one was broken. */
bool kw_qemu_continuation(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	struct state state;
	struct kw_str rest;
	uint64_t value;

	if (!f)
		return false;
	state = state_get(g);
	if (state.wait == WAIT_VALUES) {
		if (!number(line->text, &value)) {
			state_set(g, WAIT_NOTHING, KW_F_none, 0);
			return false;
		}
		rest = take_values(g, line, line->text, state.fact, state.values);
		kw_qemu_tokens(g, line, rest);
		return true;
	}
	if (state.wait == WAIT_CODE) {
		uint8_t before = f->code.len;

		rest = take_code(f, line, line->text);
		if (f->code.len >= CODE_BYTES)
			state_set(g, WAIT_NOTHING, KW_F_none, 0);
		return f->code.len > before && !rest.len;
	}
	return false;
}

/*
 * A line made only of register tokens is the common case; none of the words above starts like that.
 */
bool kw_qemu_is_token_line(struct kw_str s)
{
	uint32_t name;
	struct reg reg;

	return token_name(s, &name) && reg_find(name, &reg);
}
