// SPDX-License-Identifier: MIT
/* The {places} of a rule's texts: names of facts, and the words below. An unknown one stays as it is. */
#include "base/buf.h"
#include "decode/event.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

static void put_msr(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "%s (0x%x)", c->msr_name[0] ? c->msr_name : "an MSR without a known name", c->msr_index);
}

static void put_value(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->msr_value);
}

static void put_insn(const struct kw_case *c, struct kw_buf *buf)
{
	KW_BUF_LIT(buf, "`");
	kw_buf_add(buf, kw_str(c->insn.text));
	KW_BUF_LIT(buf, "`");
}

static void put_mnemonic(const struct kw_case *c, struct kw_buf *buf)
{
	for (const char *p = c->insn.mnemonic; *p; p++)
		kw_buf_char(buf, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
}

static void put_mode(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_mode_name(c->mode)));
}

static void put_linear(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->has_linear_rip)
		kw_buf_printf(buf, "0x%llx", (unsigned long long)c->linear_rip);
	else
		kw_buf_printf(buf, "RIP 0x%llx", (unsigned long long)c->f->rip);
}

static void put_rip_place(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_place_text(c->rip_place)));
}

static void put_mem_place(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_place_text(c->mem_place)));
}

static void put_mem(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->insn.mem_gva);
}

static void put_errno(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_has(c->f, errno_number) ? kw_errno_name((int)c->f->errno_number) : NULL;

	if (name)
		kw_buf_add(buf, kw_str(name));
	else
		kw_buf_printf(buf, "errno %llu", (unsigned long long)c->f->errno_number);
}

static void put_exit_name(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_kvm_exit_name(c->f->exit_reason);

	kw_buf_add(buf, kw_str(name ? name : "no KVM_EXIT_* of any kernel known here"));
}

static void put_insn_error(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_vmx_insn_error(c->f->hardware_error);

	kw_buf_add(buf, kw_str(name ? name : "a number without a name"));
}

static void put_insn_error_about(const struct kw_case *c, struct kw_buf *buf)
{
	const char *about = kw_vmx_insn_error_about(c->f->hardware_error);

	kw_buf_add(buf, kw_str(about ? about : ""));
}

static void put_vectoring(const struct kw_case *c, struct kw_buf *buf)
{
	char text[160];

	kw_vmx_event_text(KW_VMX_IDT_VECTORING, (uint32_t)c->f->extra[0], text, sizeof(text));
	kw_buf_add(buf, kw_str(text));
}

static void put_extra_exit(const struct kw_case *c, struct kw_buf *buf)
{
	uint64_t basic = c->f->extra[1] & 0xffff;
	const char *name = kw_vmx_exit_name(basic);

	kw_buf_printf(buf, "%s (0x%llx)", name ? name : "exit reason", (unsigned long long)c->f->extra[1]);
}

static void put_extra(const struct kw_case *c, struct kw_buf *buf, size_t i)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->f->extra[i]);
}

static void put_extra0(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 0); }
static void put_extra1(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 1); }
static void put_extra2(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 2); }
static void put_extra3(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 3); }

static void put_event_inj(const struct kw_case *c, struct kw_buf *buf)
{
	char text[160];

	kw_svm_event_text(c->f->vmcb_event_inj, text, sizeof(text));
	kw_buf_add(buf, kw_str(text));
}

static void put_event_inj_refused(const struct kw_case *c, struct kw_buf *buf)
{
	const char *why = kw_svm_event_refused(c->f->vmcb_event_inj);

	kw_buf_add(buf, kw_str(why ? why : ""));
}

static void put_arch(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_name(c->f->arch)));
}

static void put_kernel(const struct kw_case *c, struct kw_buf *buf)
{
	struct kw_str seen = c->f->text[KW_T_HOST_KERNEL];

	if (c->context->host_kernel)
		kw_buf_add(buf, kw_str(c->context->host_kernel));
	else
		kw_buf_add(buf, seen.len ? seen : KW_STR("the host's kernel"));
}

static void put_msr_count(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_dec(buf, c->f->nmsr);
}

struct place {
	const char *name;
	void (*put)(const struct kw_case *c, struct kw_buf *buf);
};

static const struct place places[] = {
	{ "msr", put_msr }, { "value", put_value }, { "insn", put_insn }, { "mnemonic", put_mnemonic },
	{ "mode_name", put_mode }, { "linear", put_linear }, { "rip_place", put_rip_place },
	{ "mem_place", put_mem_place }, { "mem", put_mem }, { "errno", put_errno },
	{ "exit_name", put_exit_name }, { "insn_error", put_insn_error },
	{ "insn_error_about", put_insn_error_about }, { "vectoring", put_vectoring },
	{ "extra_exit", put_extra_exit }, { "extra0", put_extra0 }, { "extra1", put_extra1 },
	{ "extra2", put_extra2 }, { "extra3", put_extra3 }, { "event_inj", put_event_inj },
	{ "event_inj_refused", put_event_inj_refused }, { "arch", put_arch }, { "kernel", put_kernel },
	{ "msr_count", put_msr_count },
};

static bool put_fact(const struct kw_case *c, struct kw_buf *buf, struct kw_str name)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (!kw_str_eq(kw_str(kw_facts[i].name), name))
			continue;
		if (!kw_known(c->f, (enum kw_fact)i))
			KW_BUF_LIT(buf, "(unknown)");
		else if (kw_facts[i].hex)
			kw_buf_printf(buf, "0x%llx", (unsigned long long)c->f->fact[i]);
		else
			kw_buf_dec(buf, c->f->fact[i]);
		return true;
	}
	return false;
}

static bool put_place(const struct kw_case *c, struct kw_buf *buf, struct kw_str name)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (kw_str_eq(kw_str(places[i].name), name)) {
			places[i].put(c, buf);
			return true;
		}
	}
	return put_fact(c, buf, name);
}

struct kw_str kw_expand(const struct kw_case *c, const char *text)
{
	struct kw_str s = kw_str(text), ret;
	struct kw_buf buf = { 0 };
	size_t open = kw_str_find(s, KW_STR("{"));

	if (open == SIZE_MAX)
		return s; /* static, as rules are */
	for (; open != SIZE_MAX; open = kw_str_find(s, KW_STR("{"))) {
		size_t close = kw_str_find(s, KW_STR("}"));
		struct kw_str name;

		if (close == SIZE_MAX || close < open)
			break;
		name = (struct kw_str){ s.p + open + 1, close - open - 1 };
		kw_buf_add(&buf, (struct kw_str){ s.p, open });
		if (!put_place(c, &buf, name))
			kw_buf_add(&buf, (struct kw_str){ s.p + open, close - open + 1 });
		s = kw_str_from(s, close + 1);
	}
	kw_buf_add(&buf, s);
	ret = kw_arena_copy(c->f->arena, (struct kw_str){ buf.p, buf.len });
	kw_buf_deinit(&buf);
	return ret;
}
