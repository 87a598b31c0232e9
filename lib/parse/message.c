// SPDX-License-Identifier: MIT
/*
 * One-line messages as rows: words in, a sign with its numbers out. A message that names a failure
 * begins a record of its own if none is open; next to a failure it is evidence for it. The files
 * with the rows say whose messages they are, and of which versions.
 */
#include "parse/parse.h"

enum { LINE_MAX_READ = 2048, ERRNO_TEXT_MAX = 60 };

static struct kw_str skip_to_number(struct kw_str s)
{
	while (s.len &&
	       (s.p[0] == ' ' || s.p[0] == ':' || s.p[0] == '=' || s.p[0] == '(' || s.p[0] == '\''))
		s = kw_str_from(s, 1);
	return s;
}

static bool read_number(struct kw_str s, bool hex, uint64_t *ret)
{
	bool minus = s.len && s.p[0] == '-';
	uint64_t value;

	if (minus)
		s = kw_str_from(s, 1);
	if (!(hex || kw_str_starts(s, KW_STR("0x")) ? kw_str_hex(s, &value) :
						      kw_str_dec(s, &value)))
		return false;
	*ret = minus ? -value : value;
	return true;
}

bool kw_number_after(struct kw_str s, struct kw_str words, bool hex, uint64_t *ret)
{
	size_t at = kw_str_find(s, words);

	return at != SIZE_MAX &&
	       read_number(skip_to_number(kw_str_from(s, at + words.len)), hex, ret);
}

static void take_numbers(struct kw_failure *f, const struct kw_clean_line *line,
			 const struct kw_message *m)
{
	uint64_t value;

	for (size_t i = 0; i < KW_MESSAGE_NUMBERS && m->number[i].after.len; i++) {
		enum kw_fact fact = (enum kw_fact)m->number[i].fact;

		if (!kw_known(f, fact) &&
		    kw_number_after(line->text, m->number[i].after, m->number[i].hex, &value))
			kw_gather_fact(f, line, fact, value);
	}
}

/* The quoted text, or up to the blank or comma that ends a name. */
static struct kw_str name_of(struct kw_str s)
{
	static const struct kw_str open = KW_STR("'\"`(");
	bool quoted = s.len && memchr(open.p, s.p[0], open.len);
	size_t len = 0;

	if (quoted)
		s = kw_str_from(s, 1);
	while (len < s.len && !strchr(quoted ? "'\"`)" : " ,;()'\"", s.p[len]))
		len++;
	while (len && s.p[len - 1] == ':')
		len--;
	return (struct kw_str){ s.p, len };
}

static void take_name(struct kw_failure *f, struct kw_str s, const struct kw_message *m)
{
	size_t at = m->name_after.len ? kw_str_find(s, m->name_after) : SIZE_MAX;
	struct kw_str name;

	if (at == SIZE_MAX || f->text[m->name].len)
		return;
	name = name_of(kw_str_from(s, at + m->name_after.len));
	f->text[m->name] = kw_arena_copy(f->arena, name);
}

/* Most refusals end with strerror()'s text: "...: Permission denied". */
static void take_errno(struct kw_failure *f, struct kw_str s)
{
	size_t at = SIZE_MAX, next = 0;

	if (f->text[KW_T_ERRNO].len || kw_has(f, errno_number))
		return;
	while ((next = kw_str_find(kw_str_from(s, at == SIZE_MAX ? 0 : at), KW_STR(": "))) !=
	       SIZE_MAX)
		at = (at == SIZE_MAX ? 0 : at) + next + 2;
	if (at == SIZE_MAX || s.len - at > ERRNO_TEXT_MAX)
		return;
	f->text[KW_T_ERRNO] = kw_arena_copy(f->arena, kw_str_trim(kw_str_from(s, at)));
}

void kw_message_arch(struct kw_failure *f, struct kw_str line)
{
	static const struct {
		struct kw_str name;
		enum kw_arch arch;
	} machines[] = {
		{ KW_STR("qemu-system-x86"), KW_ARCH_X86 },
		{ KW_STR("qemu-system-i386"), KW_ARCH_X86 },
		{ KW_STR("qemu-system-aarch64"), KW_ARCH_AARCH64 },
		{ KW_STR("qemu-system-ppc"), KW_ARCH_PPC64 },
		{ KW_STR("qemu-system-s390x"), KW_ARCH_S390X },
		{ KW_STR("qemu-system-riscv64"), KW_ARCH_RISCV64 },
	};

	for (size_t i = 0; f->arch == KW_ARCH_UNKNOWN && i < sizeof(machines) / sizeof(machines[0]);
	     i++) {
		if (kw_str_has(line, machines[i].name))
			f->arch = machines[i].arch;
	}
}

static size_t digits(struct kw_str s)
{
	size_t n = 0;

	while (n < s.len && kw_is_digit(s.p[n]))
		n++;
	return n;
}

/* QEMU's "CPU 12/KVM", Firecracker's "fc_vcpu 0", Cloud Hypervisor's "vcpu0", "crosvm_vcpu0" */
static bool is_vcpu_thread(struct kw_str s)
{
	struct kw_str rest;

	if (kw_str_skip(s, KW_STR("CPU "), &rest)) {
		size_t n = digits(rest);

		rest = kw_str_from(rest, n);
		return n &&
		       (kw_str_starts(rest, KW_STR("/KVM")) || kw_str_starts(rest, KW_STR("/TCG")));
	}
	return kw_str_starts(s, KW_STR("fc_vcpu")) ||
	       (kw_str_skip(s, KW_STR("vcpu"), &rest) && digits(rest));
}

/* The kernel cuts names at 15 characters. qemu-img and qemu-ga run no guest. */
static bool is_vmm_process(struct kw_str s)
{
	static const struct kw_str names[] = {
		KW_STR("qemu-system-"), KW_STR("firecracker"), KW_STR("cloud-hyperviso"),
		KW_STR("crosvm"),	KW_STR("stratovirt"),  KW_STR("libkrun"),
	};
	static const struct kw_str whole[] = { KW_STR("qemu-kvm"), KW_STR("kvm"), KW_STR("lkvm"),
					       KW_STR("qemu") };
	static const struct kw_str ends = KW_STR("[]):,/");
	struct kw_str rest;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_starts(s, names[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (kw_str_skip(s, whole[i], &rest) && rest.len &&
		    memchr(ends.p, rest.p[0], ends.len))
			return true;
	}
	return false;
}

bool kw_names_vmm(struct kw_str line)
{
	static const struct kw_str before = KW_STR(" ([=/");

	for (size_t at = 0; at < line.len; at++) {
		struct kw_str s = kw_str_from(line, at);

		if (at && !memchr(before.p, line.p[at - 1], before.len))
			continue;
		if (is_vcpu_thread(s) || is_vmm_process(s))
			return true;
	}
	return false;
}

static void take(struct kw_gather *g, const struct kw_clean_line *line, const struct kw_message *m,
		 uint64_t value)
{
	struct kw_failure *f = kw_gather_message(g, (enum kw_class)m->class, line);

	kw_gather_sign(g, line, (enum kw_sign_kind)m->sign, value);
	if (!f)
		return;
	if (f->arch == KW_ARCH_UNKNOWN)
		f->arch = (enum kw_arch)m->arch;
	kw_message_arch(f, line->raw);
	take_numbers(f, line, m);
	take_name(f, line->raw, m);
	if (m->errno_last)
		take_errno(f, line->text);
	if (m->vmm.len && !f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = m->vmm;
}

static bool in_one_clause(struct kw_str line, const struct kw_message *m)
{
	size_t at = kw_str_find(line, m->words), also = kw_str_find(line, m->also);
	size_t from = at < also ? at : also, to = at < also ? also : at;
	struct kw_str between = { line.p + from, to - from };

	return at != SIZE_MAX && also != SIZE_MAX && !kw_str_has(between, KW_STR(";")) &&
	       !kw_str_has(between, KW_STR(". "));
}

/* A value missing from the line is unknown, not zero: such a line is not this message. */
static bool fits(const struct kw_message *m, const struct kw_clean_line *line, struct kw_str text,
		 uint64_t *value)
{
	*value = 0;
	return kw_str_has(text, m->words) && (!m->also.len || kw_str_has(line->raw, m->also)) &&
	       (!m->but.len || !kw_str_has(line->raw, m->but)) &&
	       (!m->one_clause || in_one_clause(line->raw, m)) &&
	       (!m->of_vmm || kw_names_vmm(line->raw)) &&
	       (!m->value_after.after.len ||
		kw_number_after(text, m->value_after.after, m->value_after.hex, value));
}

enum kw_took kw_message_take(struct kw_gather *g, const struct kw_clean_line *line,
			     const struct kw_message *rows)
{
	struct kw_str text = line->text;
	uint64_t value;

	if (text.len > LINE_MAX_READ)
		text.len = LINE_MAX_READ;
	for (const struct kw_message *m = rows; m->words.len; m++) {
		if (!fits(m, line, text, &value))
			continue;
		take(g, line, m, value);
		return KW_TOOK_LINE;
	}
	return KW_TOOK_NOTHING;
}
