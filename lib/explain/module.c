// SPDX-License-Identifier: MIT
/*
 * What kvmwhy.ko said of a failure, into the record: its words become facts where nothing else told
 * them. Where the dump says something else, the dump stands, a note says so, and the words count as
 * doubtful: kvm_run may still hold those of an earlier failure.
 */
#include "decode/event.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

enum { WORD_HEAD = 0, WORD_RESULT = 1, WORD_MSR = 2, WORD_VALUE = 3, WORD_RIP = 4, WORD_EXIT = 5, WORD_GPA = 6,
       WORD_ERROR_CODE = 7, WORD_INSN = 8 };

enum { EFAULT_ = 14, EHWPOISON_ = 133, EXIT_MEMORY_FAULT = 39 };

static size_t count(const struct kw_failure *f)
{
	size_t n = 0;

	while (n < KW_MAX_EXTRA && f->extra_known >> n & 1)
		n++;
	return n;
}

static uint64_t input_line(const struct kw_failure *f, uint16_t index)
{
	return index < f->nlines ? f->line[index].number : 0;
}

static void note(struct kw_failure *f, unsigned int word, struct kw_str text)
{
	kw_failure_add_note(f, input_line(f, f->extra_line[word]), text);
}

static void doubt(struct kw_case *c, struct kw_failure *f, unsigned int word, const char *name, uint64_t ours,
		  uint64_t theirs)
{
	c->module_doubt = true;
	note(f, word,
	     kw_arena_printf(f->arena, "kvmwhy.ko says %s 0x%llx, the dump 0x%llx: its words may be of another failure",
			     name, (unsigned long long)ours, (unsigned long long)theirs));
}

static void set(struct kw_failure *f, enum kw_fact fact, uint64_t value, unsigned int word)
{
	if (!kw_known(f, fact))
		kw_failure_set(f, fact, value, KW_DERIVED, f->extra_line[word]);
}

static void compare(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_module *m = &c->module;
	uint64_t number = (uint64_t)-m->result, mask = f->registers_narrow ? UINT32_MAX : UINT64_MAX;

	if (kw_has(f, errno_number) && f->errno_number != number)
		doubt(c, f, WORD_RESULT, "errno", number, f->errno_number);
	if (m->has_rip && kw_has(f, rip) && (f->rip & mask) != (m->rip & mask))
		doubt(c, f, WORD_RIP, "RIP", m->rip, f->rip);
}

/* The bytes at RIP as KVM had fetched them. */
static void take_insn(const struct kw_module *m, struct kw_failure *f)
{
	struct kw_code *code = &f->code;

	if (!m->has_insn)
		return;
	if (!code->len) {
		memcpy(code->bytes, m->insn, m->insn_size);
		code->len = m->insn_size;
		code->known = (1ull << m->insn_size) - 1;
		code->marked = 0;
		code->origin = (struct kw_origin){ KW_DERIVED, f->extra_line[WORD_INSN] };
		return;
	}
	for (int i = 0; code->marked >= 0 && i < m->insn_size && code->marked + i < code->len; i++) {
		if (!(code->known >> (code->marked + i) & 1) || code->bytes[code->marked + i] == m->insn[i])
			continue;
		note(f, WORD_INSN, KW_STR("the instruction bytes that kvmwhy.ko gives are not those of the dump"));
		return;
	}
}

static void take_facts(const struct kw_module *m, struct kw_failure *f)
{
	set(f, KW_F_errno_number, (uint64_t)-m->result, WORD_RESULT);
	set(f, KW_F_module_kind, m->kind, WORD_HEAD);
	set(f, KW_F_module_flags, m->flags, WORD_HEAD);
	if (m->place)
		set(f, KW_F_module_place, m->place, WORD_MSR);
	if (m->has_rip)
		set(f, KW_F_rip, m->rip, WORD_RIP);
	if (m->has_exit)
		set(f, KW_F_module_exit_reason, m->exit_reason, WORD_EXIT);
	if (m->has_gpa) {
		set(f, KW_F_fault_gpa, m->gpa, WORD_GPA);
		set(f, KW_F_fault_error_code, m->error_code, WORD_ERROR_CODE);
	}
	take_insn(m, f);
}

/* KVM_EXIT_MEMORY_FAULT goes with EFAULT and EHWPOISON only; with another errno it is a left-over. */
static void forget_memory_fault(struct kw_failure *f)
{
	if (!kw_has(f, errno_number) || f->errno_number == EFAULT_ || f->errno_number == EHWPOISON_ ||
	    !FACT_IS(f, run_exit_reason, EXIT_MEMORY_FAULT))
		return;
	for (unsigned int fact = KW_F_memory_fault_flags; fact <= KW_F_memory_fault_size; fact++)
		f->origin[fact].how = KW_UNKNOWN;
	kw_failure_add_note(f, input_line(f, f->origin[KW_F_run_exit_reason].line),
			    KW_STR("kvm_run holds exit_reason 39, KVM_EXIT_MEMORY_FAULT, which has no meaning with this errno: "
				   "it is of an earlier exit"));
}

void kw_module_derive(struct kw_case *c, struct kw_failure *f)
{
	forget_memory_fault(f);
	if (!FACT_IS(f, suberror, KVMWHY_SUBERROR))
		return;
	c->module_state = kw_module_read(f->extra, count(f), &c->module);
	if (c->module_state != KW_MODULE_OK) {
		note(f, WORD_HEAD,
		     kw_arena_printf(f->arena, "what kvmwhy.ko said is not used: %s", kw_module_refusal(c->module_state)));
		return;
	}
	f->arch = KW_ARCH_X86;
	if (f->class == KW_CLASS_INTERNAL_ERROR) /* only the way in which it was told */
		f->class = KW_CLASS_KVM_RUN_FAILED;
	compare(c, f);
	if (c->module_doubt)
		set(f, KW_F_module_kind, c->module.kind, WORD_HEAD);
	else
		take_facts(&c->module, f);
}

static bool is_msr_kind(const struct kw_module *m)
{
	return m->has_msr && (m->kind == KVMWHY_KIND_WRMSR || m->kind == KVMWHY_KIND_RDMSR);
}

/* The instruction at RIP names the MSR already: is it the same access? */
static void compare_msr(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_module *m = &c->module;

	if (c->msr_index != m->msr || c->msr_write != (m->kind == KVMWHY_KIND_WRMSR))
		doubt(c, f, WORD_MSR, "MSR", m->msr, c->msr_index);
	else if (c->has_msr_value && m->has_value && c->msr_value != m->value)
		doubt(c, f, WORD_VALUE, "value", m->value, c->msr_value);
}

void kw_module_msr(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_module *m = &c->module;
	enum kw_insn_kind kind = m->kind == KVMWHY_KIND_WRMSR ? KW_INSN_WRMSR : KW_INSN_RDMSR;

	if (c->module_state != KW_MODULE_OK || c->module_doubt || !is_msr_kind(m))
		return;
	if (c->has_msr) {
		compare_msr(c, f);
		if (c->module_doubt || c->has_msr_value || !m->has_value)
			return;
	} else if (c->code == KW_CODE_OK && f->code.origin.how == KW_SEEN && c->insn.kind != kind) {
		c->module_doubt = true;
		note(f, WORD_HEAD,
		     KW_STR("kvmwhy.ko says an access to an MSR failed, and the instruction at RIP is none: its words may "
			    "be of another failure"));
		return;
	}
	c->has_msr = c->module_msr = true;
	c->msr_index = m->msr;
	c->msr_write = m->kind == KVMWHY_KIND_WRMSR;
	c->has_msr_value = c->msr_write && m->has_value;
	c->msr_value = m->value;
	set(f, KW_F_msr_index, m->msr, WORD_MSR);
	if (c->has_msr_value)
		set(f, KW_F_msr_value, m->value, WORD_VALUE);
}

bool kw_module_injected(const struct kw_case *c)
{
	return c->module_state == KW_MODULE_OK && !c->module_doubt && c->module.injected;
}

static struct kw_str exit_word(const struct kw_case *c)
{
	const struct kw_module *m = &c->module;
	const char *name = m->vmx ? kw_vmx_exit_name(m->exit_reason & 0xffff) : kw_svm_exit_name(m->exit_reason);

	return kw_arena_printf(c->f->arena, "last VM exit: %s 0x%llx%s%s", m->vmx ? "VMX exit reason" : "SVM exit code",
			       (unsigned long long)m->exit_reason, name ? " " : "", name ? name : "");
}

static struct kw_str gpa_word(const struct kw_case *c)
{
	char text[160] = "";

	kw_npf_text(c->module.error_code, text, sizeof(text));
	return kw_arena_printf(c->f->arena, "guest physical address 0x%llx (%s), error code 0x%llx%s%s",
			       (unsigned long long)c->module.gpa, kw_place_text(kw_place_of_gpa(c->f, c->module.gpa)),
			       (unsigned long long)c->module.error_code, text[0] ? ": " : "", text);
}

static struct kw_str memory_fault_word(const struct kw_failure *f)
{
	return kw_arena_printf(f->arena, "guest physical address 0x%llx, size 0x%llx, flags 0x%llx%s",
			       (unsigned long long)f->memory_fault_gpa, (unsigned long long)f->memory_fault_size,
			       (unsigned long long)f->memory_fault_flags,
			       f->memory_fault_flags & 8 ? " (PRIVATE: a private access)" : "");
}

size_t kw_module_words(const struct kw_case *c, struct kw_str *ret, size_t max)
{
	const struct kw_failure *f = c->f;
	size_t n = 0;

	if (c->module_state == KW_MODULE_OK && c->module.has_exit && n < max)
		ret[n++] = exit_word(c);
	if (c->module_state == KW_MODULE_OK && c->module.has_gpa && n < max)
		ret[n++] = gpa_word(c);
	if (kw_has(f, run_exit_reason) && kw_has(f, memory_fault_gpa) && kw_has(f, memory_fault_size) &&
	    kw_has(f, memory_fault_flags) && n < max)
		ret[n++] = memory_fault_word(f);
	return n;
}
