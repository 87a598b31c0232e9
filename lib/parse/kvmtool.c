// SPDX-License-Identifier: MIT
/*
 * kvmtool (lkvm): its headlines (builtin-run.c, kvm-cpu.c), its x86 register dump with segment
 * table and code bytes (x86/kvm-cpu.c), and the dumps of its other architectures, from which only
 * the architecture is read. Also the lines in the kernel log with which RISC-V KVM explains a
 * failed KVM_RUN.
 */
#include "parse/parse.h"
#include "failure/x86.h"

/*
 * The parser's state word: what the lines are about, and how far a broken line got. REGISTERS:
 * index + 1 of the name whose value is still to come. SEGMENTS: index + 1 of the segment, columns
 * read, access rights so far.
 */
enum mode { OUTSIDE, HEADLINE, REGISTERS, SEGMENTS, CODE, MEMORY };

struct state {
	enum mode mode;
	unsigned int index, column;
	uint32_t attr;
};

static struct state state_get(struct kw_gather *g)
{
	uint32_t word = *kw_gather_state(g, &kw_parser_kvmtool);

	return (struct state){ (enum mode)(word & 7), word >> 3 & 31, word >> 8 & 15,
			       word >> 12 & 0x1ffff };
}

static void state_set(struct kw_gather *g, enum mode mode, unsigned int index, unsigned int column,
		      uint32_t attr)
{
	*kw_gather_state(g, &kw_parser_kvmtool) =
		(uint32_t)mode | index << 3 | column << 8 | attr << 12;
}

struct name {
	struct kw_str text;
	enum kw_fact fact;
};

#define N(text_, fact_) { { text_, sizeof(text_) - 1 }, KW_F_##fact_ }

static const struct name registers[] = {
	N("rip:", rip),	       N("rsp:", rsp), N("flags:", rflags), N("rax:", rax),
	N("rbx:", rbx),	       N("rcx:", rcx), N("rdx:", rdx),	    N("rsi:", rsi),
	N("rdi:", rdi),	       N("rbp:", rbp), N("r8:", r8),	    N("r9:", r9),
	N("r10:", r10),	       N("r11:", r11), N("r12:", r12),	    N("r13:", r13),
	N("r14:", r14),	       N("r15:", r15), N("cr0:", cr0),	    N("cr2:", cr2),
	N("cr3:", cr3),	       N("cr4:", cr4), N("cr8:", cr8),	    N("efer:", efer),
	N("base:", apic_base), /* "apic base:" */
};

/* By their first fact. The columns before the rights are in the order of the parts. */
static const struct name segments[] = {
	N("cs", cs_sel), N("ss", ss_sel), N("ds", ds_sel), N("es", es_sel), N("fs", fs_sel),
	N("gs", gs_sel), N("tr", tr_sel), N("ldt", ldt_sel), N("gdt", gdt_base), N("idt", idt_base),
};


static const struct name *find(const struct name *names, size_t count, struct kw_str text)
{
	for (size_t i = 0; i < count; i++) {
		if (kw_str_eq(names[i].text, text))
			return &names[i];
	}
	return NULL;
}

#define FIND(names, text) find((names), sizeof(names) / sizeof((names)[0]), (text))

static struct kw_str next_word(struct kw_str *s)
{
	struct kw_str word;

	*s = kw_str_trim(*s);
	word = (struct kw_str){ s->p, 0 };
	while (word.len < s->len && !kw_is_space(s->p[word.len]))
		word.len++;
	*s = kw_str_from(*s, word.len);
	return word;
}

static bool is_hex(struct kw_str word, uint64_t *ret)
{
	return word.len && kw_str_hex(word, ret) == word.len;
}

static void set_vmm(struct kw_failure *f)
{
	f->vmm_lines++;
	if (!f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = kw_arena_copy(f->arena, KW_STR("kvmtool"));
}

/* Headlines */

static enum kw_class class_of(uint64_t exit_reason)
{
	switch (exit_reason) {
	case KW_KVM_EXIT_UNKNOWN:
		return KW_CLASS_UNKNOWN_EXIT;
	case KW_KVM_EXIT_FAIL_ENTRY:
		return KW_CLASS_ENTRY_FAILED;
	case KW_KVM_EXIT_INTERNAL_ERROR:
		return KW_CLASS_INTERNAL_ERROR;
	default:
		return KW_CLASS_VMM_ERROR;
	}
}

/* 'KVM exit reason: 9 ("KVM_EXIT_FAIL_ENTRY")' */
static bool take_exit_reason(struct kw_gather *g, const struct kw_clean_line *line,
			     struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t reason;

	if (!kw_str_dec(rest, &reason))
		return false;
	f = kw_gather_headline(g, class_of(reason), reason, false, line);
	set_vmm(f);
	kw_gather_fact(f, line, KW_F_exit_reason, reason);
	state_set(g, HEADLINE, 0, 0, 0);
	return true;
}

/* "KVM exit code: 7"; older versions print 0x before a number that is decimal all the same */
static bool take_exit_code(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);
	uint64_t code;

	kw_str_skip(rest, KW_STR("0x"), &rest);
	if (!f || f->class != KW_CLASS_UNKNOWN_EXIT || !kw_str_dec(rest, &code))
		return false;
	set_vmm(f);
	kw_gather_fact(f, line, KW_F_hardware_exit_reason, code);
	return true;
}

/* RISC-V KVM logged the errno in the kernel log, now the VMM prints the same. */
static bool is_explained(const struct kw_failure *f)
{
	return f && f->class == KW_CLASS_KVM_RUN_FAILED && f->arch == KW_ARCH_RISCV64 &&
	       !f->text[KW_T_ERRNO].len;
}

/* "KVM_RUN failed: Bad address" */
static bool take_run_failed(struct kw_gather *g, const struct kw_clean_line *line,
			    struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);
	struct kw_str text = kw_str_trim(rest);
	uint64_t hash = 0;

	if (!text.len || text.p[0] == '%')
		return false;
	if (kw_str_skip(text, KW_STR("exit reason "), &rest)) /* no strerror() says so */
		return take_exit_reason(g, line, rest);
	for (size_t i = 0; i < text.len; i++)
		hash = hash * 31 + (unsigned char)text.p[i];
	if (is_explained(f))
		kw_gather_line(f, line);
	else
		f = kw_gather_headline(g, KW_CLASS_KVM_RUN_FAILED, hash, false, line);
	set_vmm(f);
	f->text[KW_T_ERRNO] = kw_arena_copy(f->arena, text);
	return true;
}

/* "kvm [61]: VCPU exit error -14", Linux arch/riscv/kvm/vcpu_exit.c */
static bool take_riscv_exit(struct kw_gather *g, const struct kw_clean_line *line,
			    struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t errno_;

	if (!kw_str_dec(rest, &errno_))
		return false;
	f = kw_gather_headline(g, KW_CLASS_KVM_RUN_FAILED, errno_, false, line);
	f->arch = KW_ARCH_RISCV64;
	kw_gather_fact(f, line, KW_F_errno_number, errno_);
	return true;
}

struct said {
	struct kw_str words;
	bool (*take)(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest);
};

static const struct said said[] = {
	{ KW_STR("KVM exit reason: "), take_exit_reason },
	{ KW_STR("KVM exit code: "), take_exit_code },
	{ KW_STR("KVM_RUN failed: "), take_run_failed },
	{ KW_STR("VCPU exit error -"), take_riscv_exit },
};

/* kvmtool prefixes " Error: ", the kernel "kvm [61]: ": the words are near the start. */
static bool take_said(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str head = line->text;

	if (head.len > 64)
		head.len = 64;
	if (!memchr(head.p, 'V', head.len)) /* of KVM or VCPU: most lines fail here */
		return false;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t at = kw_str_find(head, said[i].words);

		if (at != SIZE_MAX &&
		    said[i].take(g, line, kw_str_from(line->text, at + said[i].words.len)))
			return true;
	}
	return false;
}

/* The x86 dump */

static bool take_registers(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s,
			   unsigned int index)
{
	struct kw_failure *f = kw_gather_dumping(g);
	const struct name *name = index ? &registers[index - 1] : NULL;
	bool took = false;

	for (;;) {
		struct kw_str word = next_word(&s);
		uint64_t value;

		if (!word.len)
			break;
		if (!name) {
			name = FIND(registers, word);
			if (!name && !kw_str_eq(word, KW_STR("apic")) &&
			    !kw_str_eq(word, KW_STR("nmi:")) &&
			    !(took && kw_str_eq(word, KW_STR("enabled"))) &&
			    !(took && kw_str_eq(word, KW_STR("disabled"))))
				return took;
			continue;
		}
		if (!is_hex(word, &value))
			return took;
		kw_gather_fact(f, line, name->fact, value);
		name = NULL;
		took = true;
	}
	if (!took && !name)
		return false;
	state_set(g, REGISTERS, name ? (unsigned int)(name - registers) + 1 : 0, 0, 0);
	return true;
}

/* "rip: ...   rsp: ... flags: ..." begins a dump, even if its headline is lost. */
static bool begin_registers(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f;
	struct kw_str rest = kw_str_from(line->text, 4), rip = next_word(&rest);
	uint64_t value;

	if (!is_hex(rip, &value) || !kw_str_starts(kw_str_trim(rest), KW_STR("rsp:")))
		return false;
	f = kw_gather_dump(g, KW_F_rip, line);
	f->arch = KW_ARCH_X86;
	set_vmm(f);
	state_set(g, REGISTERS, 0, 0, 0);
	return take_registers(g, line, line->text, 0);
}

/*
 * "cs  9900  0000000000099000  0000ffff  0b  1 0  0  1 0 0 0": selector, base, limit, type, p,
 * dpl, db, s, l, g, avl. A segment that is not present is unusable: KVM_GET_SREGS of both vendors
 * makes one from the other (Linux vmx_get_segment(), svm_get_segment()).
 */
static bool take_columns(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s,
			 struct state at)
{
	static const uint8_t shift[] = { 0, 7, 5, 14, 4, 13, 15, 12 }; /* from type on */
	static const uint8_t mask[] = { 15, 1, 3, 1, 1, 1, 1, 1 };
	enum { TABLES = 8, LAST = 10 };
	const struct name *name = &segments[at.index - 1];
	unsigned int last = at.index > TABLES ? 1 : LAST;
	struct kw_failure *f = kw_gather_dumping(g);
	uint64_t value;

	while (at.column <= last) {
		struct kw_str word = next_word(&s);

		if (!word.len)
			break;
		if (!is_hex(word, &value))
			return false;
		if (at.column < 3)
			kw_gather_fact(f, line, kw_part(name->fact, (enum kw_part)at.column),
				       value);
		else
			at.attr |= (uint32_t)(value & mask[at.column - 3]) << shift[at.column - 3];
		if (at.column == 4 && !(value & 1))
			at.attr |= 1u << 16;
		if (at.column++ == LAST)
			kw_gather_fact(f, line, kw_part(name->fact, KW_ATTR), at.attr);
	}
	state_set(g, SEGMENTS, at.column <= last ? at.index : 0, at.column, at.attr);
	return true;
}

static bool take_segment(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str s = line->text, word = next_word(&s);
	const struct name *name = FIND(segments, word);
	struct state state = { .mode = SEGMENTS };
	uint64_t value;

	if (!name)
		return false;
	state.index = (unsigned int)(name - segments) + 1;
	/* the name alone may be a wrapped line, but not if a word that is not a number follows */
	word = kw_str_trim(s);
	if (word.len && !kw_str_hex(word, &value))
		return false;
	return take_columns(g, line, s, state);
}

/* Bytes of two digits, one of them in < >: x86/kvm-cpu.c prints 64, 43 of them before RIP. */
static bool take_code(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	struct kw_code *code = &f->code;
	struct kw_str s = line->text;
	bool took = false;

	for (;;) {
		struct kw_str word = next_word(&s);
		bool marked = word.len == 4 && word.p[0] == '<' && word.p[3] == '>';
		uint64_t value;

		if (marked)
			word = (struct kw_str){ word.p + 1, 2 };
		if (word.len != 2 || !is_hex(word, &value) || code->len == sizeof(code->bytes))
			return took;
		if (marked && code->marked < 0)
			code->marked = (int8_t)code->len;
		code->known |= 1ull << code->len;
		code->bytes[code->len++] = (uint8_t)value;
		code->origin.how = KW_SEEN;
		code->origin.line = kw_gather_line(f, line);
		took = true;
	}
}

/* The dumps of other architectures */

/* Names printed before registers, and whose they are. */
static enum kw_arch arch_of(struct kw_str text)
{
	static const struct { struct kw_str name; enum kw_arch arch; } names[] = {
		{ KW_STR("PSTATE:"), KW_ARCH_AARCH64 }, { KW_STR("SP_EL1:"), KW_ARCH_AARCH64 },
		{ KW_STR("CPSR:"), KW_ARCH_ARM },	{ KW_STR("SP_svc:"), KW_ARCH_ARM },
		{ KW_STR("LR_svc:"), KW_ARCH_ARM },	{ KW_STR("RA:"), KW_ARCH_RISCV64 },
		{ KW_STR("*RA:"), KW_ARCH_RISCV64 },	{ KW_STR("SSTATUS:"), KW_ARCH_RISCV64 },
		{ KW_STR("SCAUSE:"), KW_ARCH_RISCV64 }, { KW_STR("NIP:"), KW_ARCH_PPC64 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_starts(text, names[i].name))
			return names[i].arch;
	}
	return KW_ARCH_UNKNOWN;
}

static bool take_foreign(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	enum kw_arch arch = arch_of(line->text);

	if (arch != KW_ARCH_UNKNOWN && (f->arch == KW_ARCH_UNKNOWN || f->arch == arch)) {
		f->arch = arch;
		kw_gather_line(f, line);
		return true;
	}
	return kw_str_starts(line->text, KW_STR("PC:")) ||
	       kw_str_starts(line->text, KW_STR("LR:")) ||
	       kw_str_starts(line->text, KW_STR("*pc:")) ||
	       kw_str_starts(line->text, KW_STR("*lr:")) ||
	       kw_str_starts(line->text, KW_STR("*PC:"));
}

/* Titles announce what the next lines are. */
static bool take_title(struct kw_gather *g, struct kw_str text)
{
	static const struct { struct kw_str title; enum mode mode; } titles[] = {
		{ KW_STR("Registers:"), REGISTERS },
		{ KW_STR("Segment registers:"), SEGMENTS },
		{ KW_STR("register  selector"), SEGMENTS },
		{ KW_STR("APIC:"), REGISTERS },
		{ KW_STR("Interrupt bitmap:"), MEMORY },
		{ KW_STR("Code:"), CODE },
		{ KW_STR("Stack:"), MEMORY },
		{ KW_STR("Page Tables:"), MEMORY },
		{ KW_STR("Control Status Registers:"), REGISTERS },
	};
	struct kw_failure *f = kw_gather_dumping(g);

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (!kw_str_starts(text, titles[i].title))
			continue;
		state_set(g, titles[i].mode, 0, 0, 0);
		if (titles[i].mode == CODE)
			f->code_line_seen = true;
		return true;
	}
	return kw_str_starts(text, KW_STR("-----"));
}

/* Stack, page tables and the bitmap: consumed, so that the block continues, but not kept. */
static bool is_memory(struct kw_str text)
{
	uint64_t value;

	return kw_str_starts(text, KW_STR("0x")) || kw_str_starts(text, KW_STR("rsp: [<")) ||
	       kw_str_starts(text, KW_STR("pte")) ||
	       kw_str_starts(text, KW_STR("Not in protected mode")) ||
	       kw_str_starts(text, KW_STR("Warning: unable to translate")) ||
	       kw_str_hex(text, &value) == 16;
}

static bool take_dump(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	struct state state = state_get(g);
	struct kw_str text = line->text;
	uint64_t value;

	if (take_title(g, text) || take_foreign(g, line))
		return true;
	switch (state.mode) {
	case REGISTERS:
		return take_registers(g, line, text, state.index);
	case SEGMENTS:
		if (state.index && kw_str_hex(text, &value))
			return take_columns(g, line, text, state);
		return take_segment(g, line);
	case CODE:
		if (kw_str_starts(text, KW_STR("rip: [<")))
			return true;
		return take_code(g, line) || kw_str_starts(text, KW_STR("Warning: symbol_lookup"));
	case MEMORY:
		return is_memory(text);
	default:
		return f->arch != KW_ARCH_X86 && is_memory(text);
	}
}

static enum kw_took kvmtool_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->text.len < 2)
		return KW_TOOK_NOTHING;
	if (take_said(g, line))
		return KW_TOOK_LINE;
	if (kw_str_starts(line->text, KW_STR("rip: ")) && begin_registers(g, line))
		return KW_TOOK_LINE;
	if (kw_gather_dumping(g) && state_get(g).mode != OUTSIDE && take_dump(g, line))
		return KW_TOOK_LINE;
	return KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = {
	KW_STR("KVM_RUN"), KW_STR("KVM exit reason"), KW_STR("rip: "), { 0 }
};

const struct kw_parser kw_parser_kvmtool = { .name = "kvmtool",
					     .words = needles,
					     .line = kvmtool_line };
