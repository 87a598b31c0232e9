// SPDX-License-Identifier: MIT
/*
 * The register dump of qemu-kvm up to 0.12 (kvm_show_regs, kvm_show_code): lower-case names without
 * '=', segments in parentheses, "-->" before the byte at RIP. Its headlines are those of qemu.c;
 * some versions print them after the dump.
 */
#include "parse/parse.h"
#include "failure/x86.h"

struct name {
	char name[8];
	enum kw_fact fact;
};

static const struct name registers[] = {
	{ "rax", KW_F_rax }, { "rbx", KW_F_rbx }, { "rcx", KW_F_rcx }, { "rdx", KW_F_rdx },
	{ "rsi", KW_F_rsi }, { "rdi", KW_F_rdi }, { "rsp", KW_F_rsp }, { "rbp", KW_F_rbp },
	{ "r8", KW_F_r8 },   { "r9", KW_F_r9 },	  { "r10", KW_F_r10 }, { "r11", KW_F_r11 },
	{ "r12", KW_F_r12 }, { "r13", KW_F_r13 }, { "r14", KW_F_r14 }, { "r15", KW_F_r15 },
	{ "rip", KW_F_rip }, { "rflags", KW_F_rflags },
	{ "cr0", KW_F_cr0 }, { "cr2", KW_F_cr2 }, { "cr3", KW_F_cr3 }, { "cr4", KW_F_cr4 },
	{ "cr8", KW_F_cr8 }, { "efer", KW_F_efer },
};

static const struct name segments[] = {
	{ "cs", KW_F_cs_sel }, { "ds", KW_F_ds_sel },	{ "es", KW_F_es_sel },
	{ "ss", KW_F_ss_sel }, { "fs", KW_F_fs_sel },	{ "gs", KW_F_gs_sel },
	{ "tr", KW_F_tr_sel }, { "ldt", KW_F_ldt_sel },
};

static struct kw_str word(struct kw_str *s)
{
	struct kw_str w;
	size_t len = 0;

	*s = kw_str_trim(*s);
	while (len < s->len && !kw_is_space(s->p[len]))
		len++;
	w = (struct kw_str){ s->p, len };
	*s = kw_str_from(*s, len);
	return w;
}

static const struct name *find(const struct name *names, size_t count, struct kw_str w)
{
	for (size_t i = 0; i < count; i++) {
		if (kw_str_eq(kw_str(names[i].name), w))
			return &names[i];
	}
	return NULL;
}

#define FIND(names, w) find((names), sizeof(names) / sizeof((names)[0]), (w))

static bool hex_word(struct kw_str w, uint64_t *ret)
{
	return w.len && kw_str_hex(w, ret) == w.len;
}

/* "rax 0000000000000000 rbx ..." */
static bool take_registers(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str s = line->text;
	bool took = false;

	while (s.len) {
		const struct name *name = FIND(registers, word(&s));
		struct kw_failure *f;
		uint64_t value;

		if (!name || !hex_word(word(&s), &value))
			return took;
		f = kw_gather_dumping(g);
		if (!f || name->fact == KW_F_rax || name->fact == KW_F_rip)
			f = kw_gather_dump(g, name->fact, line);
		kw_gather_fact(f, line, name->fact, value);
		took = true;
	}
	return took;
}

/* "p 1 dpl 3 db 0 s 1 type b l 1 g 1 avl 0)" to access rights in the VMX format. */
static uint64_t rights(struct kw_str s)
{
	static const struct { char name[5]; uint8_t shift;
	} parts[] = {
		{ "type", 0 }, { "s", 4 },  { "dpl", 5 }, { "p", 7 },
		{ "avl", 12 }, { "l", 13 }, { "db", 14 }, { "g", 15 },
	};
	uint64_t attr = 0, value;

	while (s.len) {
		struct kw_str name = word(&s);

		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			if (kw_str_eq(kw_str(parts[i].name), name) && kw_str_hex(word(&s), &value))
				attr |= (value & 15) << parts[i].shift;
		}
	}
	return attr;
}

/* "cs 0033 (00000000/ffffffff p 1 dpl 3 db 0 s 1 type b l 1 g 1 avl 0)" */
static bool take_segment(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	struct kw_str s = line->text;
	const struct name *name = FIND(segments, word(&s));
	uint64_t sel, base, limit;
	size_t len;

	if (!f || !name || !hex_word(word(&s), &sel))
		return false;
	s = kw_str_trim(s);
	if (!kw_str_skip(s, KW_STR("("), &s) || !(len = kw_str_hex(s, &base)))
		return false;
	if (!kw_str_skip(kw_str_from(s, len), KW_STR("/"), &s) || !(len = kw_str_hex(s, &limit)))
		return false;
	kw_gather_fact(f, line, name->fact, sel);
	kw_gather_fact(f, line, kw_part(name->fact, KW_BASE), base);
	kw_gather_fact(f, line, kw_part(name->fact, KW_LIMIT), limit);
	kw_gather_fact(f, line, kw_part(name->fact, KW_ATTR), rights(kw_str_from(s, len)));
	return true;
}

/* "gdt fffff8000010f000/7f" */
static bool take_table(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	bool gdt = kw_str_starts(line->text, KW_STR("gdt "));
	struct kw_str s = kw_str_from(line->text, 4);
	uint64_t base, limit;
	size_t len;

	if (!f || (!gdt && !kw_str_starts(line->text, KW_STR("idt "))))
		return false;
	len = kw_str_hex(s, &base);
	if (!len || !kw_str_skip(kw_str_from(s, len), KW_STR("/"), &s) || !kw_str_hex(s, &limit))
		return false;
	kw_gather_fact(f, line, gdt ? KW_F_gdt_base : KW_F_idt_base, base);
	kw_gather_fact(f, line, gdt ? KW_F_gdt_limit : KW_F_idt_limit, limit);
	return true;
}

/* "code: 00 01 02 --> ea 5b e0" */
static bool take_code(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_dumping(g);
	struct kw_str s;
	uint64_t value;

	if (!f || f->code_line_seen || !kw_str_skip(line->text, KW_STR("code:"), &s))
		return false;
	f->code_line_seen = true;
	f->code.origin = (struct kw_origin){ .how = KW_SEEN, .line = kw_gather_line(f, line) };
	while (s.len && f->code.len < sizeof(f->code.bytes)) {
		struct kw_str w = word(&s);

		if (kw_str_eq(w, KW_STR("-->"))) {
			f->code.marked = (int8_t)f->code.len;
			continue;
		}
		if (w.len != 2 || !hex_word(w, &value))
			break;
		f->code.known |= 1ull << f->code.len;
		f->code.bytes[f->code.len++] = (uint8_t)value;
	}
	if (f->code.marked == (int8_t)f->code.len)
		f->code.marked = -1;
	return true;
}

static enum kw_took qemu_kvm_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	bool took = false;

	switch (line->text.len > 4 ? line->text.p[0] : '\0') {
	case 'r':
		took = take_registers(g, line);
		break;
	case 'c':
		took = take_code(g, line) || take_registers(g, line) || take_segment(g, line);
		break;
	case 'g': case 'i':
		took = take_table(g, line) || take_segment(g, line);
		break;
	case 'd': case 'e': case 's': case 'f': case 't': case 'l':
		took = take_segment(g, line);
		break;
	default:
		break;
	}
	return took ? KW_TOOK_LINE : KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = { KW_STR("rax "), { 0 } };

const struct kw_parser kw_parser_qemu_kvm = { .name = "qemu-kvm",
					      .words = needles,
					      .line = qemu_kvm_line };
