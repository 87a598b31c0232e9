// SPDX-License-Identifier: MIT
/*
 * Puts what kvmwhy.ko or `kvmwhy watch` reported into the record: its words become facts if nothing
 * else provided them. If the dump contradicts them, the dump wins, a note says so, and the words
 * count as doubtful: kvm_run may still hold those of an earlier failure, and a recording may be
 * mixed up.
 */
#include "decode/x86/exit_info.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

enum {
	WORD_HEAD = 0,
	WORD_RESULT = 1,
	WORD_MSR = 2,
	WORD_VALUE = 3,
	WORD_RIP = 4,
	WORD_EXIT = 5,
	WORD_GPA = 6,
	WORD_ERROR_CODE = 7,
	WORD_INSN = 8
};

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

const char *kw_told_speaker(const struct kw_case *c)
{
	return c->told_by_watch ? "kvmwhy watch" : "kvmwhy.ko";
}

/* The line that contains the word. */
static uint16_t line_of(const struct kw_case *c, unsigned int word)
{
	const struct kw_failure *f = c->f;

	if (c->told_by_watch)
		return f->watch.word_known >> word & 1 ? f->watch.word_line[word] : KW_NO_LINE;
	return f->extra_line[word];
}

static void note(const struct kw_case *c, struct kw_failure *f, unsigned int word,
		 struct kw_str text)
{
	kw_failure_add_note(f, input_line(f, line_of(c, word)), text);
}

static void doubt(struct kw_case *c, struct kw_failure *f, unsigned int word, const char *name,
		  uint64_t ours, uint64_t theirs)
{
	c->told_doubt = true;
	note(c, f, word,
	     kw_arena_printf(f->arena,
			     "%s says %s 0x%llx, the dump says 0x%llx: its data may "
			     "belong to another failure",
			     kw_told_speaker(c), name, (unsigned long long)ours,
			     (unsigned long long)theirs));
}

static void set(const struct kw_case *c, struct kw_failure *f, enum kw_fact fact, uint64_t value,
		unsigned int word)
{
	if (!kw_known(f, fact))
		kw_failure_set(f, fact, value, KW_DERIVED, line_of(c, word));
}

static void compare(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_told *m = &c->told;
	uint64_t number = (uint64_t)-m->result,
		 mask = f->registers_narrow ? UINT32_MAX : UINT64_MAX;

	if (kw_has(f, errno_number) && f->errno_number != number)
		doubt(c, f, WORD_RESULT, "errno", number, f->errno_number);
	if (m->has_rip && kw_has(f, rip) && (f->rip & mask) != (m->rip & mask))
		doubt(c, f, WORD_RIP, "RIP", m->rip, f->rip);
}

/* The bytes at RIP as KVM fetched them. */
static void take_insn(const struct kw_case *c, struct kw_failure *f)
{
	const struct kw_told *m = &c->told;
	struct kw_code *code = &f->code;

	if (!m->has_insn)
		return;
	if (!code->len) {
		memcpy(code->bytes, m->insn, m->insn_size);
		code->len = m->insn_size;
		code->known = (1ull << m->insn_size) - 1;
		code->marked = 0;
		code->origin = (struct kw_origin){ KW_DERIVED, line_of(c, WORD_INSN) };
		return;
	}
	for (int i = 0; code->marked >= 0 && i < m->insn_size && code->marked + i < code->len;
	     i++) {
		if (!(code->known >> (code->marked + i) & 1) ||
		    code->bytes[code->marked + i] == m->insn[i])
			continue;
		note(c, f, WORD_INSN,
		     kw_arena_printf(f->arena, "the instruction bytes from %s differ from those in "
					       "the dump",
				     kw_told_speaker(c)));
		return;
	}
}

static void take_facts(const struct kw_case *c, struct kw_failure *f)
{
	const struct kw_told *m = &c->told;

	if (f->class == KW_CLASS_KVM_RUN_FAILED)
		set(c, f, KW_F_errno_number, (uint64_t)-m->result, WORD_RESULT);
	set(c, f, KW_F_told_kind, m->kind, WORD_HEAD);
	set(c, f, KW_F_told_flags, m->flags, WORD_HEAD);
	if (m->function)
		set(c, f, KW_F_told_function, m->function, WORD_MSR);
	if (m->has_rip)
		set(c, f, KW_F_rip, m->rip, WORD_RIP);
	if (m->has_exit)
		set(c, f, KW_F_told_exit_reason, m->exit_reason, WORD_EXIT);
	if (m->has_gpa) {
		set(c, f, KW_F_fault_gpa, m->gpa, WORD_GPA);
		set(c, f, KW_F_fault_error_code, m->error_code, WORD_ERROR_CODE);
	}
	take_insn(c, f);
}

/*
 * KVM_EXIT_MEMORY_FAULT is valid only with EFAULT and EHWPOISON; with another errno it is left
 * over.
 */
static void forget_memory_fault(struct kw_failure *f)
{
	if (!kw_has(f, errno_number) || f->errno_number == KW_EFAULT ||
	    f->errno_number == KW_EHWPOISON ||
	    !FACT_IS(f, run_exit_reason, KW_KVM_EXIT_MEMORY_FAULT))
		return;
	kw_failure_forget(f, KW_F_memory_fault_flags);
	kw_failure_forget(f, KW_F_memory_fault_gpa);
	kw_failure_forget(f, KW_F_memory_fault_size);
	kw_failure_add_note(f, input_line(f, f->origin[KW_F_run_exit_reason].line),
			    KW_STR("kvm_run holds exit_reason 39, KVM_EXIT_MEMORY_FAULT, which has "
				   "no meaning with this errno: it is left over from an earlier "
				   "exit"));
}

static void read_words(struct kw_case *c, struct kw_failure *f, const uint64_t *words, size_t n)
{
	c->told_state = kw_told_read(words, n, &c->told);
	if (c->told_state != KW_TOLD_OK) {
		note(c, f, WORD_HEAD,
		     kw_arena_printf(f->arena, "the data from %s is not used: %s",
				     kw_told_speaker(c),
				     kw_told_refusal(c->told_state)));
		return;
	}
	f->arch = KW_ARCH_X86;
	/* differs only in how it was reported */
	if (f->class == KW_CLASS_INTERNAL_ERROR && FACT_IS(f, suberror, KVMWHY_SUBERROR))
		f->class = KW_CLASS_KVM_RUN_FAILED;
	compare(c, f);
}

static size_t count_watched(const struct kw_failure *f)
{
	size_t n = 0;

	while (n < KW_WATCH_WORDS && f->watch.word_known >> n & 1)
		n++;
	return n;
}

/*
 * Words whose result says that nothing failed describe not a failure but a KVM_RUN that returned 0.
 */
static bool watch_has_words(const struct kw_failure *f)
{
	return f->watch.word_known && !(f->watch.word_known & 2 && !(f->watch.word[1] >> 63));
}

/* The module's own words come first: they were collected where it failed. */
void kw_told_derive(struct kw_case *c, struct kw_failure *f)
{
	forget_memory_fault(f);
	if (FACT_IS(f, suberror, KVMWHY_SUBERROR))
		read_words(c, f, f->extra, count(f));
	if (watch_has_words(f) && (c->told_state != KW_TOLD_OK || c->told_doubt)) {
		c->told_by_watch = true;
		c->told_doubt = false;
		read_words(c, f, f->watch.word, count_watched(f));
	}
	if (c->told_state != KW_TOLD_OK)
		return;
	if (c->told_doubt)
		set(c, f, KW_F_told_kind, c->told.kind, WORD_HEAD);
	else
		take_facts(c, f);
}

static bool is_msr_kind(const struct kw_told *m)
{
	return m->has_msr && (m->kind == KVMWHY_KIND_WRMSR || m->kind == KVMWHY_KIND_RDMSR);
}

/* The instruction at RIP already names the MSR: is it the same access? */
static void compare_msr(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_told *m = &c->told;

	if (c->msr_index != m->msr || c->msr_write != (m->kind == KVMWHY_KIND_WRMSR))
		doubt(c, f, WORD_MSR, "MSR", m->msr, c->msr_index);
	else if (c->has_msr_value && m->has_value && c->msr_value != m->value)
		doubt(c, f, WORD_VALUE, "value", m->value, c->msr_value);
}

void kw_told_msr(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_told *m = &c->told;
	enum kw_insn_kind kind = m->kind == KVMWHY_KIND_WRMSR ? KW_INSN_WRMSR : KW_INSN_RDMSR;

	if (c->told_state != KW_TOLD_OK || c->told_doubt || !is_msr_kind(m))
		return;
	if (c->has_msr) {
		compare_msr(c, f);
		if (c->told_doubt || c->has_msr_value || !m->has_value)
			return;
	} else if (c->code == KW_CODE_OK && f->code.origin.how == KW_SEEN && c->insn.kind != kind) {
		c->told_doubt = true;
		note(c, f, WORD_HEAD,
		     kw_arena_printf(f->arena,
				     "%s says an MSR access failed, but the instruction at RIP "
				     "is not one: its data may belong to another failure",
				     kw_told_speaker(c)));
		return;
	}
	c->has_msr = c->told_msr = true;
	c->msr_index = m->msr;
	c->msr_write = m->kind == KVMWHY_KIND_WRMSR;
	c->has_msr_value = c->msr_write && m->has_value;
	c->msr_value = m->value;
	set(c, f, KW_F_msr_index, m->msr, WORD_MSR);
	if (c->has_msr_value)
		set(c, f, KW_F_msr_value, m->value, WORD_VALUE);
}

bool kw_told_injected(const struct kw_case *c)
{
	return c->told_state == KW_TOLD_OK && !c->told_doubt && c->told.injected &&
	       c->f->class == KW_CLASS_KVM_RUN_FAILED;
}

bool kw_told_saw_function(const struct kw_case *c)
{
	return c->told_state == KW_TOLD_OK && !c->told_doubt && c->told.function;
}

static struct kw_str exit_word(const struct kw_case *c, bool vmx, uint64_t reason)
{
	const char *name = vmx ? kw_vmx_exit_name(reason & 0xffff) : kw_svm_exit_name(reason);

	return kw_arena_printf(c->f->arena, "last VM exit: %s 0x%llx%s%s",
			       vmx ? "VMX exit reason" : "SVM exit code",
			       (unsigned long long)reason, name ? " " : "", name ? name : "");
}

static struct kw_str gpa_word(const struct kw_case *c)
{
	char text[160] = "";

	kw_npf_text(c->told.error_code, text, sizeof(text));
	return kw_arena_printf(c->f->arena,
			       "guest physical address 0x%llx (%s), error code 0x%llx%s%s",
			       (unsigned long long)c->told.gpa,
			       kw_place_text(kw_place_of_gpa(c->f, c->told.gpa)),
			       (unsigned long long)c->told.error_code, text[0] ? ": " : "", text);
}

static struct kw_str memory_fault_word(const struct kw_failure *f)
{
	return kw_arena_printf(f->arena,
			       "guest physical address 0x%llx, size 0x%llx, flags 0x%llx%s",
			       (unsigned long long)f->memory_fault_gpa,
			       (unsigned long long)f->memory_fault_size,
			       (unsigned long long)f->memory_fault_flags,
			       f->memory_fault_flags & 8 ? " (PRIVATE: a private access)" : "");
}

size_t kw_told_words(const struct kw_case *c, struct kw_str *ret, size_t max)
{
	const struct kw_failure *f = c->f;
	size_t n = 0;

	if (c->told_state == KW_TOLD_OK && c->told.has_exit && n < max)
		ret[n++] = exit_word(c, c->told.vmx, c->told.exit_reason);
	else if (kw_has(f, last_exit) && kw_has(f, watch_vmx) && n < max)
		ret[n++] = exit_word(c, f->watch_vmx, f->last_exit);
	if (c->told_state == KW_TOLD_OK && c->told.has_gpa && n < max)
		ret[n++] = gpa_word(c);
	if (kw_has(f, run_exit_reason) && kw_has(f, memory_fault_gpa) &&
	    kw_has(f, memory_fault_size) && kw_has(f, memory_fault_flags) && n < max)
		ret[n++] = memory_fault_word(f);
	return n;
}
