// SPDX-License-Identifier: MIT
/*
 * Three passes, nothing cleverer: derive (numbers to meaning, through decode), judge (each rule,
 * only if every fact it needs is known), order (certain before likely before possible).
 */
#include "explain/explain.h"

#include "decode/x86/msr.h"
#include "decode/tables.h"

#include <stdio.h>

static const char *const certainty_names[] = {
	[KW_CERTAIN] = "certain", [KW_LIKELY] = "likely", [KW_POSSIBLE] = "possible",
};

const char *kw_certainty_name(enum kw_certainty certainty)
{
	return certainty_names[certainty];
}

/* Derive */

static void derive(struct kw_failure *f, enum kw_fact fact, uint64_t value, uint16_t line)
{
	kw_failure_set(f, fact, value, KW_DERIVED, line);
}

/* "Unknown error 512": glibc's text for a number without one. */
static bool unknown_error(struct kw_str text, uint64_t *ret)
{
	return kw_str_skip(text, KW_STR("Unknown error "), &text) && kw_str_dec(text, ret) &&
	       *ret <= INT32_MAX;
}

static void derive_errno(struct kw_failure *f)
{
	struct kw_str text = f->text[KW_T_ERRNO];
	uint64_t number;
	int known;

	if (kw_has(f, errno_number) || !text.len)
		return;
	known = kw_errno_find_text(text.p, text.len);
	if (known > 0)
		derive(f, KW_F_errno_number, (uint64_t)known, f->headline.line);
	else if (unknown_error(text, &number))
		derive(f, KW_F_errno_number, number, f->headline.line);
}

static void derive_mmio(struct kw_failure *f)
{
	const struct kw_sign *sign = kw_failure_sign(f, KW_SIGN_MMIO_UNREGISTERED);

	if (sign && !kw_has(f, mmio_gpa))
		derive(f, KW_F_mmio_gpa, sign->value, sign->line);
}

static void derive_insn(struct kw_case *c)
{
	const struct kw_arch_row *arch = kw_arch_row(c->f->arch);

	if (arch->mode)
		c->mode = arch->mode(c->f, &c->mode_why);
	if (arch->bits)
		c->bits = arch->bits(c->f);
	if (arch->pc)
		c->has_linear_rip = arch->pc(c->f, &c->linear_rip);
	if (arch->insn)
		c->code = arch->insn(c->f, &c->insn);
	/* a refused KVM_SET_SREGS is judged by its own checks: no CPU ever had this state */
	if (arch->oddities && !kw_encrypted_state(c) && c->f->class != KW_CLASS_SETUP_FAILED)
		c->noddities =
			arch->oddities(c->f, c->oddity, sizeof(c->oddity) / sizeof(c->oddity[0]));
}

/*
 * With paging on, a linear address says nothing about the PC's memory map unless it is
 * identity-mapped. That is assumed for what firmware and loaders run and touch: 64-bit supervisor
 * code that itself runs below 4 GiB.
 */
static bool identity_mapped(const struct kw_case *c)
{
	return kw_has(c->f, cpl) && c->f->cpl == 0 && c->mode == KW_MODE_LONG64 &&
	       c->linear_rip >> 32 == 0;
}

static enum kw_place place_of(const struct kw_case *c, uint64_t gva)
{
	bool assumed;
	enum kw_place place = kw_arch_row(c->f->arch)->place(c->f, gva, &assumed);

	return assumed && !identity_mapped(c) ? KW_PLACE_UNKNOWN : place;
}

static void derive_place(struct kw_case *c)
{
	if (!c->has_linear_rip || !kw_arch_row(c->f->arch)->place)
		return;
	c->rip_place = place_of(c, c->linear_rip);
	if (c->code == KW_CODE_OK && c->insn.has_mem)
		c->mem_place = place_of(c, c->insn.mem_gva);
}

static enum kw_vendor vendor_of(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (c->context->vendor != KW_VENDOR_UNKNOWN)
		return c->context->vendor;
	if (kw_has(f, watch_vmx))
		return f->watch_vmx ? KW_VENDOR_INTEL : KW_VENDOR_AMD;
	if (kw_has(f, told_exit_reason))
		return c->told.vmx ? KW_VENDOR_INTEL : KW_VENDOR_AMD;
	if (f->class == KW_CLASS_VMCS_DUMP || kw_failure_sign(f, KW_SIGN_VMX_INSN))
		return KW_VENDOR_INTEL;
	if (f->class == KW_CLASS_VMCB_DUMP || kw_failure_sign(f, KW_SIGN_SEV_TERMINATION))
		return KW_VENDOR_AMD;
	if (kw_failure_has_group(f, KW_G_VMCS))
		return KW_VENDOR_INTEL;
	if (f->class != KW_CLASS_ENTRY_FAILED || !kw_has(f, hardware_error))
		return KW_VENDOR_UNKNOWN;
	/*
	 * Bit 31 of the exit reason and VM-instruction errors are VMX's; all ones is SVM's
	 * VMEXIT_INVALID.
	 */
	if (f->hardware_error == 0xffffffff || f->hardware_error == UINT64_MAX)
		return KW_VENDOR_AMD;
	if ((f->hardware_error & 0xffff0000) == 0x80000000 ||
	    (kw_is_x86(f) && f->hardware_error && f->hardware_error < 32))
		return KW_VENDOR_INTEL;
	return KW_VENDOR_UNKNOWN;
}

static void name_msr(struct kw_case *c)
{
	const struct kw_msr *msr = kw_msr_find(c->msr_index, c->vendor);

	if (msr)
		kw_msr_name(msr, c->msr_index, c->msr_name, sizeof(c->msr_name));
}

/*
 * Without its bytes, the instruction is known from the VM exit it caused: VMX's 32 is WRMSR, and so
 * is SVM's 0x7c with EXITINFO1 1; both leave the registers unchanged.
 */
static bool exited_for_wrmsr(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (!kw_has(f, last_exit) || !kw_has(f, watch_vmx) || !kw_has(f, rcx) ||
	    c->code == KW_CODE_OK)
		return false;
	if (f->watch_vmx)
		return f->last_exit == KW_VMX_EXIT_MSR_WRITE;
	return f->last_exit == KW_SVM_EXIT_MSR && FACT_IS(f, last_exit_info1, 1);
}

static void derive_exit_msr(struct kw_case *c, struct kw_failure *f)
{
	c->has_msr = c->exit_msr = c->msr_write = true;
	c->msr_index = (uint32_t)f->rcx;
	derive(f, KW_F_msr_index, c->msr_index, f->origin[KW_F_last_exit].line);
	c->has_msr_value = kw_has(f, rax) && kw_has(f, rdx);
	if (!c->has_msr_value)
		return;
	c->msr_value = (f->rdx & UINT32_MAX) << 32 | (f->rax & UINT32_MAX);
	derive(f, KW_F_msr_value, c->msr_value, f->origin[KW_F_rax].line);
}

static void derive_msr(struct kw_case *c, struct kw_failure *f)
{
	if (f->nmsr) {
		c->has_msr = true;
		c->msr_index = f->msr[0].index;
		c->msr_write = f->msr[0].write;
		c->has_msr_value = f->msr[0].value_known;
		c->msr_value = f->msr[0].value;
	} else if (kw_has(f, host_msr_index)) {
		c->has_msr = true;
		c->msr_index = (uint32_t)f->host_msr_index;
		c->msr_write = c->has_msr_value = kw_has(f, host_msr_value);
		c->msr_value = f->host_msr_value;
	} else if (c->code == KW_CODE_OK && c->insn.has_msr) {
		c->has_msr = true;
		c->msr_index = c->insn.msr;
		c->msr_write = c->insn.kind == KW_INSN_WRMSR;
		c->has_msr_value = c->msr_write && c->insn.has_msr_value;
		c->msr_value = c->insn.msr_value;
		derive(f, KW_F_msr_index, c->msr_index,
		       kw_has(f, rcx) ? f->origin[KW_F_rcx].line : f->code.origin.line);
		if (c->has_msr_value)
			derive(f, KW_F_msr_value, c->msr_value, f->origin[KW_F_msr_index].line);
	}
	kw_told_msr(c, f);
	if (!c->has_msr && exited_for_wrmsr(c))
		derive_exit_msr(c, f);
	if (c->has_msr)
		name_msr(c);
}

/* "... Not tainted 5.2.0-rc2 #5": the release before the build number. */
static struct kw_str release_of(struct kw_str line)
{
	size_t end = kw_str_find(line, KW_STR(" #")), start;

	if (end == SIZE_MAX)
		return KW_STR("");
	while (end && line.p[end - 1] == ' ')
		end--;
	start = end;
	while (start && line.p[start - 1] != ' ')
		start--;
	return (struct kw_str){ line.p + start, end - start };
}

static void derive_host(struct kw_case *c, struct kw_failure *f)
{
	const struct kw_sign *sign = kw_failure_sign(f, KW_SIGN_KERNEL);
	struct kw_str release = kw_str(c->context->host_kernel);

	if (!release.len)
		release = f->text[KW_T_HOST_KERNEL];
	if (!release.len && sign && sign->value) {
		release = release_of(sign->text);
		f->text[KW_T_HOST_KERNEL] = release;
	}
	if (release.len)
		kw_kver_parse(release.p, release.len, &c->host);
}

/* Judge */

/* Does the host's kernel have the change @id? */
static enum kw_change_state kernel_has(const struct kw_case *c, const char *id)
{
	if (!c->host.known)
		return KW_CHANGE_CANNOT_TELL;
	return kw_change_state(kw_change_find(id), &c->host, NULL);
}

static bool sign_known(const struct kw_rule *rule, const struct kw_failure *f)
{
	return !rule->needs_sign || kw_failure_sign(f, (enum kw_sign_kind)(rule->sign - 1));
}

static bool applies(const struct kw_rule *rule, const struct kw_case *c)
{
	if (!(rule->classes & 1u << c->f->class) || (kw_told_injected(c) && !rule->injected))
		return false;
	if (rule->kernel && kernel_has(c, rule->kernel) == KW_CHANGE_NOT)
		return false;
	return (kw_is_x86(c->f) || rule->any_arch) &&
	       !(rule->fallback && c->nfindings) && kw_rule_needs_known(rule, c->f) &&
	       sign_known(rule, c->f) && (!rule->test || rule->test(c)) &&
	       (!rule->blames || rule->blames(c) != KW_F_none) &&
	       (rule->blames || !rule->breaks[0] || kw_checks_broken(c, rule));
}

static void add_line(struct kw_finding *finding, uint16_t line)
{
	if (line == KW_NO_LINE || finding->nevidence == KW_MAX_EVIDENCE)
		return;
	for (size_t i = 0; i < finding->nevidence; i++) {
		if (finding->evidence[i] == line)
			return;
	}
	finding->evidence[finding->nevidence++] = line;
}

/* A fact, with the line it was seen in. */
static void add_fact(struct kw_finding *finding, const struct kw_failure *f, unsigned int fact)
{
	bool there = false;

	if (!kw_known(f, (enum kw_fact)fact))
		return;
	add_line(finding, f->origin[fact].line);
	for (size_t i = 0; i < finding->nfacts; i++)
		there |= finding->fact[i] == fact;
	if (!there && finding->nfacts < KW_MAX_FACTS)
		finding->fact[finding->nfacts++] = (uint16_t)fact;
}

static void add_facts(struct kw_finding *finding, const struct kw_failure *f, const uint16_t *facts)
{
	for (size_t i = 0; i < KW_MAX_NEEDS && facts[i]; i++)
		add_fact(finding, f, facts[i] - 1u);
}

static void add_used_facts(struct kw_finding *finding, const struct kw_failure *f,
			   const struct kw_entry *saw)
{
	for (size_t i = 0; i < saw->nused; i++)
		add_fact(finding, f, saw->used[i]);
}

static void add_evidence(struct kw_finding *finding, const struct kw_rule *rule,
			 const struct kw_failure *f, enum kw_fact blamed)
{
	if (f->headline.how != KW_NOT_KNOWN)
		add_line(finding, f->headline.line);
	if (blamed != KW_F_none)
		add_fact(finding, f, blamed);
	add_facts(finding, f, rule->needs);
	add_facts(finding, f, rule->shows);
	for (size_t i = 0; i < f->nsigns; i++) {
		if (rule->sign && f->sign[i].kind + 1 == rule->sign)
			add_line(finding, f->sign[i].line);
	}
	if (f->code.origin.how == KW_SEEN)
		add_line(finding, f->code.origin.line);
}

static bool is_said(const struct kw_case *c, const struct kw_do *todo)
{
	if (todo->with && !kw_known(c->f, (enum kw_fact)(todo->with - 1)))
		return false;
	if (todo->without && kw_known(c->f, (enum kw_fact)(todo->without - 1)))
		return false;
	return (!todo->when || todo->when(c)) && (!todo->unless || !todo->unless(c)) &&
	       (!todo->kernel || kernel_has(c, todo->kernel) != KW_CHANGE_NOT);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The value of a parameter that the caller knows; "" if it is not among them. */
static struct kw_str value_of(const struct kw_context *context, const char *name)
{
	struct kw_str rest = kw_str(context->parameters), wanted = kw_str(name);

	while (rest.len) {
		struct kw_str word = rest;

		for (word.len = 0; word.len < rest.len && !is_blank(word.p[word.len]);)
			word.len++;
		rest = kw_str_from(rest, word.len + (word.len < rest.len));
		if (word.len > wanted.len && kw_str_starts(word, wanted) &&
		    word.p[wanted.len] == '=')
			return kw_str_from(word, wanted.len + 1);
	}
	return KW_STR("");
}

/* What is known already need not be asked for. */
static const char *todo_for(const struct kw_case *c, const struct kw_do *todo)
{
	struct kw_str value = todo->parameter ? value_of(c->context, todo->parameter) : KW_STR("");
	const char *instead = NULL;

	if (kw_str_eq(value, KW_STR("Y")) || kw_str_eq(value, KW_STR("1")))
		instead = todo->on;
	else if (kw_str_eq(value, KW_STR("N")) || kw_str_eq(value, KW_STR("0")))
		instead = todo->off;
	return instead ? instead : todo->text;
}

static struct kw_str todo_text(const struct kw_case *c, const struct kw_do *todo)
{
	const char *words = todo_for(c, todo);
	struct kw_str text = kw_expand(c, words);
	struct kw_buf buf = { .arena = c->f->arena };

	/* a module that has the parameter has the change */
	if (words != todo->text || !todo->kernel ||
	    kernel_has(c, todo->kernel) == KW_CHANGE_APPLIES)
		return text;
	kw_change_range(kw_change_find(todo->kernel), &buf);
	KW_BUF_LIT(&buf, ": ");
	kw_buf_add(&buf, text);
	return kw_buf_text(&buf);
}

static void add_todo(const struct kw_case *c, struct kw_finding *finding,
		     const struct kw_rule *rule)
{
	for (size_t i = 0; i < KW_MAX_DO && rule->todo[i]; i++) {
		if (is_said(c, rule->todo[i]))
			finding->todo[finding->ntodo++] = todo_text(c, rule->todo[i]);
	}
}

static enum kw_fact blamed_by(const struct kw_rule *rule, const struct kw_case *c)
{
	if (rule->blames)
		return rule->blames(c);
	return c->broken && c->broken->saw.nused ? (enum kw_fact)c->broken->saw.used[0] : KW_F_none;
}

/* Words alone prove nothing in a text that only quotes them. An envelope has its quotes, too. */
static bool is_quoted(const struct kw_rule *rule, const struct kw_failure *f)
{
	static const struct kw_str quotes = KW_STR("\"\xe2");
	const struct kw_sign *sign = NULL;

	if (rule->proof[0] == KW_PROOF_SIGN && !rule->proof[1] && rule->sign)
		sign = kw_failure_sign(f, (enum kw_sign_kind)(rule->sign - 1));
	return sign && sign->text.len && sign->text.p[0] != '{' &&
	       kw_str_has_any(sign->text, quotes);
}

static enum kw_certainty certainty_of(const struct kw_rule *rule, const struct kw_case *c)
{
	enum kw_certainty certainty = rule->sure ? rule->sure(c) : rule->certainty;

	return certainty == KW_CERTAIN && is_quoted(rule, c->f) ? KW_LIKELY : certainty;
}

static void add_finding(struct kw_case *c, const struct kw_rule *rule)
{
	struct kw_finding *finding = &c->finding[c->nfindings++];

	c->rule = rule;
	c->broken = rule->breaks[0] ? kw_checks_broken(c, rule) : NULL;
	c->blamed = blamed_by(rule, c);
	*finding = (struct kw_finding){ .rule = rule, .id = rule->id, .aside = rule->aside };
	finding->certainty = certainty_of(rule, c);
	finding->title = kw_expand(c, rule->title);
	finding->why = kw_expand(c, rule->why);
	add_todo(c, finding, rule);
	if (!rule->source[0] && c->broken)
		finding->source[finding->nsources++] = kw_check_section_of(c->broken->check)->title;
	for (size_t i = 0; i < KW_MAX_SOURCES && rule->source[i]; i++)
		finding->source[finding->nsources++] = rule->source[i];
	add_evidence(finding, rule, c->f, c->blamed);
	if (c->broken)
		add_used_facts(finding, c->f, &c->broken->saw);
}

static void judge(struct kw_case *c)
{
	for (const struct kw_rule *const *table = kw_rule_tables; *table; table++) {
		for (const struct kw_rule *rule = *table; rule->id; rule++) {
			if (c->nfindings < KW_MAX_FINDINGS && applies(rule, c))
				add_finding(c, rule);
		}
	}
}

/* A rule says so, and no other rule found anything broken. */
static bool is_harmless(const struct kw_case *c)
{
	bool harmless = false;

	if (FACT_IS(c->f, watch_harmless, 1))
		return true;
	for (size_t i = 0; i < c->nfindings; i++) {
		const struct kw_rule *rule = c->finding[i].rule;

		if (!rule->harmless && !rule->aside && c->finding[i].certainty <= KW_LIKELY)
			return false;
		harmless |= rule->harmless;
	}
	return harmless;
}

/* Order: stable, so rule order is kept within one certainty. */

static unsigned int rank(const struct kw_finding *finding)
{
	return (unsigned int)finding->certainty + (finding->aside ? KW_POSSIBLE + 1 : 0);
}

static void order(struct kw_case *c)
{
	for (size_t i = 1; i < c->nfindings; i++) {
		for (size_t k = i; k && rank(&c->finding[k]) < rank(&c->finding[k - 1]); k--) {
			struct kw_finding swap = c->finding[k];

			c->finding[k] = c->finding[k - 1];
			c->finding[k - 1] = swap;
		}
	}
}

void kw_explain(struct kw_failure *f, const struct kw_context *context, struct kw_case *ret)
{
	/* only entries below the count are ever read, as in kw_failure_init() */
	memset(ret, 0, offsetof(struct kw_case, finding));
	ret->nfindings = 0;
	ret->f = f;
	ret->context = context;
	derive_errno(f);
	derive_mmio(f);
	kw_told_derive(ret, f);
	derive_insn(ret);
	derive_place(ret);
	ret->host_dump = kw_failure_has_host_dump(ret->f);
	ret->vendor = vendor_of(ret);
	derive_msr(ret, f);
	derive_host(ret, f);
	kw_checks_ask(ret);
	judge(ret);
	order(ret);
	ret->harmless = is_harmless(ret);
	ret->said = kw_said(ret);
	ret->headline = ret->nfindings && ret->finding[0].certainty != KW_POSSIBLE ?
				ret->finding[0].title :
				kw_plain_headline(ret);
	ret->fingerprint = kw_fingerprint(ret);
}
