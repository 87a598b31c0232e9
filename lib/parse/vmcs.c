// SPDX-License-Identifier: MIT
/*
 * The VMCS dump of a host's kernel log: Linux arch/x86/kvm/vmx/vmx.c dump_vmcs(), Xen
 * xen/arch/x86/hvm/vmx/vmcs.c vmcs_dump_vcpu(). Guest and host state use the same names, so the
 * meaning of a word depends on the section and on the words before it; both outlive the line,
 * because mail programs break lines between any two words.
 */
#include "parse/parse.h"
#include "failure/x86.h"

enum section { SEC_NONE, SEC_HEAD, SEC_GUEST, SEC_HOST, SEC_CONTROL };

enum {
	NOWHERE = 1 << SEC_NONE | 1 << SEC_HEAD,
	GUEST = 1 << SEC_GUEST,
	HOST = 1 << SEC_HOST,
	CONTROL = 1 << SEC_CONTROL,
	ANYWHERE = NOWHERE | GUEST | HOST | CONTROL,
};

/* What the preceding words announced. */
enum context {
	CTX_NONE, CTX_CR0, CTX_CR4,
	CTX_CS, CTX_DS, CTX_SS, CTX_ES, CTX_FS, CTX_GS, CTX_LDTR, CTX_TR,
	CTX_GDTR, CTX_IDTR, CTX_SYSENTER, CTX_ENTRY, CTX_EXIT, CTX_IDT,
	CTX_APIC_ACCESS, CTX_VIRT_APIC, CTX_VE,
};

enum kind {
	FILL,	 /* part of a name, or a name that is irrelevant here */
	CONTEXT,
	FIELD,	 /* the name of a fact, KW_F_none for one not kept */
	SEGMENT, /* the name of a part of the context's segment */
	CS_RIP,	 /* "CS:RIP=0010:ffffffff", @target is the first of the two facts */
	SVI_RVI, /* "SVI|RVI = 00|b1" */
};

struct word {
	struct kw_str text;
	uint8_t sections; /* the section where it has this meaning */
	uint8_t context;  /* context it needs, CTX_NONE for none */
	uint8_t kind;
	uint16_t target;
	uint8_t becomes;  /* the section it proves, SEC_NONE if none */
	bool begins;	  /* proves a dump, even without an earlier line */
};

#define FACT(name) KW_F_vmcs_##name

_Static_assert(FACT(sysenter_eip) == FACT(sysenter_cs) + 1 && FACT(rvi) == FACT(svi) + 1 &&
	       FACT(host_sysenter_eip) == FACT(host_sysenter_cs) + 1, "order of pairs");

#define W(text_, ...) { .text = { text_, sizeof(text_) - 1 }, __VA_ARGS__ }
#define FILLER(text_) W(text_, ANYWHERE)
#define ABOUT(text_, context_) W(text_, ANYWHERE, .kind = CONTEXT, .target = context_)
#define NAME(where_, text_, fact_) W(text_, where_, .kind = FIELD, .target = fact_)
#define NAME_IN(context_, section_, text_, fact_) \
	W(text_, ANYWHERE, context_, FIELD, fact_, section_, true)
#define PROOF(section_, text_, fact_) W(text_, ANYWHERE, CTX_NONE, FIELD, fact_, section_, true)
#define HINT(section_, text_, fact_) W(text_, ANYWHERE, CTX_NONE, FIELD, fact_, section_)

/* The first word that matches is taken, so those that need a context come first. */
static const struct word words[] = {
	ABOUT("CR0:", CTX_CR0),
	ABOUT("CR4:", CTX_CR4),
	NAME_IN(CTX_CR0, SEC_GUEST, "actual", FACT(cr0)),
	NAME_IN(CTX_CR0, SEC_GUEST, "shadow", FACT(cr0_shadow)),
	NAME_IN(CTX_CR0, SEC_GUEST, "gh_mask", FACT(cr0_mask)),
	NAME_IN(CTX_CR4, SEC_GUEST, "actual", FACT(cr4)),
	NAME_IN(CTX_CR4, SEC_GUEST, "shadow", FACT(cr4_shadow)),
	NAME_IN(CTX_CR4, SEC_GUEST, "gh_mask", FACT(cr4_mask)),
	NAME(GUEST, "CR3", FACT(cr3)),
	NAME(GUEST, "PDPTR0", FACT(pdptr0)),
	NAME(GUEST, "PDPTR1", FACT(pdptr1)),
	NAME(GUEST, "PDPTR2", FACT(pdptr2)),
	NAME(GUEST, "PDPTR3", FACT(pdptr3)),
	NAME(GUEST, "PDPTE0", FACT(pdptr0)),
	NAME(GUEST, "PDPTE1", FACT(pdptr1)),
	NAME(GUEST, "PDPTE2", FACT(pdptr2)),
	NAME(GUEST, "PDPTE3", FACT(pdptr3)),
	ABOUT("Sysenter", CTX_SYSENTER),
	W("RSP", GUEST, CTX_SYSENTER, FIELD, FACT(sysenter_esp)),
	W("RSP", HOST, CTX_SYSENTER, FIELD, FACT(host_sysenter_esp)),
	W("CS:RIP", GUEST, .kind = CS_RIP, .target = FACT(sysenter_cs)),
	W("CS:RIP", HOST, .kind = CS_RIP, .target = FACT(host_sysenter_cs)),
	NAME(GUEST, "RSP", FACT(rsp)),
	NAME(GUEST, "RIP", FACT(rip)),
	NAME(GUEST, "RFLAGS", FACT(rflags)),
	NAME(GUEST, "DR7", FACT(dr7)),

	ABOUT("CS:", CTX_CS),
	ABOUT("DS:", CTX_DS),
	ABOUT("SS:", CTX_SS),
	ABOUT("ES:", CTX_ES),
	ABOUT("FS:", CTX_FS),
	ABOUT("GS:", CTX_GS),
	ABOUT("LDTR:", CTX_LDTR),
	ABOUT("TR:", CTX_TR),
	ABOUT("GDTR:", CTX_GDTR),
	ABOUT("IDTR:", CTX_IDTR),
	W("sel", ANYWHERE, CTX_NONE, SEGMENT, KW_SEL, SEC_GUEST, true),
	W("attr", ANYWHERE, CTX_NONE, SEGMENT, KW_ATTR, SEC_GUEST, true),
	W("limit", GUEST, CTX_NONE, SEGMENT, KW_LIMIT),
	W("base", GUEST, CTX_NONE, SEGMENT, KW_BASE),

	NAME(GUEST, "EFER", FACT(efer)),
	NAME(GUEST, "PAT", FACT(pat)),
	NAME(GUEST, "PerfGlobCtl", FACT(perf_global_ctrl)),
	NAME(GUEST, "S_CET", FACT(s_cet)),
	NAME(GUEST, "SSP", FACT(ssp)),
	NAME(GUEST, "TABLE", FACT(ssp_table)), /* "SSP TABLE" */
	HINT(SEC_GUEST, "DebugCtl", FACT(debugctl)),
	HINT(SEC_GUEST, "DebugExceptions", FACT(pending_dbg)),
	HINT(SEC_GUEST, "BndCfgS", FACT(bndcfgs)),
	PROOF(SEC_GUEST, "Interruptibility", FACT(interruptibility)),
	PROOF(SEC_GUEST, "ActivityState", FACT(activity_state)),
	HINT(SEC_GUEST, "InterruptStatus", FACT(interrupt_status)),
	NAME(GUEST, "PreemptionTimer", KW_F_none),
	FILLER("SM"),
	NAME(GUEST, "Base", KW_F_none),

	NAME(HOST, "RIP", FACT(host_rip)),
	NAME(HOST, "RSP", FACT(host_rsp)),
	NAME(HOST, "CS", FACT(host_cs)),
	NAME(HOST, "SS", FACT(host_ss)),
	NAME(HOST, "DS", FACT(host_ds)),
	NAME(HOST, "ES", FACT(host_es)),
	NAME(HOST, "FS", FACT(host_fs)),
	NAME(HOST, "GS", FACT(host_gs)),
	NAME(HOST, "TR", FACT(host_tr)),
	PROOF(SEC_HOST, "FSBase", FACT(host_fsbase)),
	PROOF(SEC_HOST, "GSBase", FACT(host_gsbase)),
	PROOF(SEC_HOST, "TRBase", FACT(host_trbase)),
	PROOF(SEC_HOST, "GDTBase", FACT(host_gdtbase)),
	PROOF(SEC_HOST, "IDTBase", FACT(host_idtbase)),
	NAME(HOST, "CR0", FACT(host_cr0)),
	NAME(HOST, "CR3", FACT(host_cr3)),
	NAME(HOST, "CR4", FACT(host_cr4)),
	NAME(HOST, "EFER", FACT(host_efer)),
	NAME(HOST, "PAT", FACT(host_pat)),
	NAME(HOST, "PerfGlobCtl", FACT(host_perf_global_ctrl)),
	NAME(HOST, "S_CET", FACT(host_s_cet)),
	NAME(HOST, "SSP", FACT(host_ssp)),
	NAME(HOST, "TABLE", FACT(host_ssp_table)),

	PROOF(SEC_CONTROL, "PinBased", FACT(pin_based)),
	PROOF(SEC_CONTROL, "CPUBased", FACT(cpu_based)),
	PROOF(SEC_CONTROL, "SecondaryExec", FACT(secondary)),
	PROOF(SEC_CONTROL, "TertiaryExec", FACT(tertiary)),
	PROOF(SEC_CONTROL, "EntryControls", FACT(entry_controls)),
	PROOF(SEC_CONTROL, "ExitControls", FACT(exit_controls)),
	PROOF(SEC_CONTROL, "ExceptionBitmap", FACT(exception_bitmap)),
	PROOF(SEC_CONTROL, "PFECmask", FACT(pfec_mask)),
	PROOF(SEC_CONTROL, "PFECmatch", FACT(pfec_match)),
	ABOUT("VMEntry:", CTX_ENTRY),
	NAME_IN(CTX_ENTRY, SEC_CONTROL, "intr_info", FACT(entry_intr_info)),
	NAME_IN(CTX_ENTRY, SEC_CONTROL, "errcode", FACT(entry_error_code)),
	NAME_IN(CTX_ENTRY, SEC_CONTROL, "ilen", FACT(entry_insn_len)),
	ABOUT("VMExit:", CTX_EXIT),
	NAME_IN(CTX_EXIT, SEC_CONTROL, "intr_info", FACT(exit_intr_info)),
	NAME_IN(CTX_EXIT, SEC_CONTROL, "errcode", FACT(exit_error_code)),
	NAME_IN(CTX_EXIT, SEC_CONTROL, "ilen", FACT(exit_insn_len)),
	HINT(SEC_CONTROL, "reason", FACT(reason)),
	PROOF(SEC_CONTROL, "qualification", FACT(qualification)),
	ABOUT("IDTVectoring:", CTX_IDT),
	NAME_IN(CTX_IDT, SEC_CONTROL, "info", FACT(idt_info)),
	NAME_IN(CTX_IDT, SEC_CONTROL, "errcode", FACT(idt_error_code)),
	FILLER("TSC"),
	NAME(CONTROL, "Offset", FACT(tsc_offset)),
	NAME(CONTROL, "Multiplier", FACT(tsc_multiplier)),
	W("SVI|RVI", ANYWHERE, CTX_NONE, SVI_RVI, FACT(svi), SEC_CONTROL, true),
	FILLER("TPR"),
	NAME(CONTROL, "Threshold", FACT(tpr_threshold)),
	ABOUT("APIC-access", CTX_APIC_ACCESS),
	NAME_IN(CTX_APIC_ACCESS, SEC_CONTROL, "addr", FACT(apic_access)),
	ABOUT("virt-APIC", CTX_VIRT_APIC),
	NAME_IN(CTX_VIRT_APIC, SEC_CONTROL, "addr", FACT(virt_apic)),
	PROOF(SEC_CONTROL, "PostedIntrVec", FACT(posted_intr_vec)),
	FILLER("EPT"),
	HINT(SEC_CONTROL, "pointer", FACT(ept_pointer)),
	FILLER("EPTP"),
	NAME(CONTROL, "index", KW_F_none),
	W("CR3", CONTROL),
	NAME(CONTROL, "target0", FACT(cr3_target0)),
	NAME(CONTROL, "target1", KW_F_none),
	NAME(CONTROL, "target2", KW_F_none),
	NAME(CONTROL, "target3", KW_F_none),
	FILLER("PLE"),
	NAME(CONTROL, "Gap", FACT(ple_gap)),
	NAME(CONTROL, "Window", FACT(ple_window)),
	FILLER("Virtual"),
	FILLER("processor"),
	NAME(CONTROL, "ID", FACT(vpid)),
	FILLER("VMfunc"),
	NAME(CONTROL, "controls", KW_F_none),
	ABOUT("VE", CTX_VE),
	W("info", CONTROL, CTX_VE),
	NAME_IN(CTX_VE, SEC_CONTROL, "address", FACT(ve_info)),
	/* the lists of MSRs, whose items are not kept */
	NAME(GUEST | HOST, "msr", KW_F_none),
	NAME(GUEST | HOST, "value", KW_F_none),
};

enum { MAX_FOUND = 24 };

struct scan {
	struct kw_str rest;
	enum section section;
	enum context context;
	const struct word *pending; /* a name whose value is still to come */
	bool equals;		    /* and its '=' was seen */
	bool begins, foreign, bare; /* bare: values without a name */
	unsigned int nfound, nwords;
	struct { enum kw_fact fact; uint64_t value; } found[MAX_FOUND];
};

/* State kept from the previous line: section, context, pending word + 1, '=' seen. */

static void load(struct scan *s, uint32_t state)
{
	uint32_t pending = state >> 8 & 0xff;

	s->section = (enum section)(state & 7);
	s->context = (enum context)(state >> 3 & 31);
	s->pending = pending ? &words[pending - 1] : NULL;
	s->equals = state >> 16 & 1;
}

static uint32_t store(const struct scan *s)
{
	uint32_t pending = s->pending ? (uint32_t)(s->pending - words) + 1 : 0;

	return (uint32_t)s->section | (uint32_t)s->context << 3 | pending << 8 |
	       (uint32_t)s->equals << 16;
}

_Static_assert(sizeof(words) / sizeof(words[0]) < 255, "a pending word fits in 8 bits");

static void skip(struct scan *s, size_t len)
{
	s->rest = kw_str_from(s->rest, len);
}

static void skip_separators(struct scan *s)
{
	while (s->rest.len &&
	       (kw_is_space(s->rest.p[0]) || s->rest.p[0] == ',' || s->rest.p[0] == ';'))
		skip(s, 1);
}

/* A hexadecimal number that ends here: no letter or digit may follow. */
static bool take_number(struct scan *s, uint64_t *ret)
{
	size_t len = kw_str_hex(s->rest, ret);

	if (!len || (len < s->rest.len && kw_is_word(s->rest.p[len])))
		return false;
	skip(s, len);
	return true;
}

static void found(struct scan *s, enum kw_fact fact, uint64_t value)
{
	if (s->nfound == MAX_FOUND)
		return;
	s->found[s->nfound].fact = fact;
	s->found[s->nfound++].value = value;
}

static enum kw_fact segment_fact(enum context context, enum kw_part part)
{
	static const uint16_t sel[] = {
		[CTX_CS] = FACT(cs_sel), [CTX_DS] = FACT(ds_sel), [CTX_SS] = FACT(ss_sel),
		[CTX_ES] = FACT(es_sel), [CTX_FS] = FACT(fs_sel), [CTX_LDTR] = FACT(ldtr_sel),
		[CTX_GS] = FACT(gs_sel), [CTX_TR] = FACT(tr_sel),
	};

	if (context >= CTX_CS && context <= CTX_TR)
		return kw_part((enum kw_fact)sel[context], part);
	if (context != CTX_GDTR && context != CTX_IDTR)
		return KW_F_none;
	if (part == KW_BASE)
		return context == CTX_GDTR ? FACT(gdtr_base) : FACT(idtr_base);
	if (part == KW_LIMIT)
		return context == CTX_GDTR ? FACT(gdtr_limit) : FACT(idtr_limit);
	return KW_F_none;
}

static bool take_value(struct scan *s, const struct word *w)
{
	enum kw_fact fact = (enum kw_fact)w->target;
	uint64_t value, second;
	char between = w->kind == CS_RIP ? ':' : '|';

	if (!take_number(s, &value))
		return false;
	if (w->kind == SEGMENT) {
		found(s, segment_fact(s->context, (enum kw_part)w->target), value);
	} else if (w->kind == FIELD) {
		found(s, fact, value);
	} else {
		found(s, fact, value);
		if (s->rest.len && s->rest.p[0] == between) {
			skip(s, 1);
			if (take_number(s, &second))
				found(s, (enum kw_fact)(fact + 1), second);
		}
	}
	if (s->context == CTX_SYSENTER)
		s->context = CTX_NONE;
	if (w->becomes)
		s->section = (enum section)w->becomes;
	s->begins |= w->begins;
	return true;
}

/* What follows a name: '=' and a value, both perhaps on the next line. */
static void read_field(struct scan *s, const struct word *w, bool equals)
{
	skip_separators(s);
	if (!equals && s->rest.len && s->rest.p[0] == '=') {
		equals = true;
		skip(s, 1);
		skip_separators(s);
	}
	s->pending = NULL;
	if (!s->rest.len) {
		s->pending = w;
		s->equals = equals;
	} else if (equals && !take_value(s, w)) {
		s->foreign = true;
	}
}

static const struct word *find(const struct scan *s, struct kw_str text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *w = &words[i];

		if (w->text.len == text.len && (w->sections >> s->section & 1) &&
		    (!w->context || w->context == s->context) && kw_str_eq(w->text, text))
			return w;
	}
	return NULL;
}

static struct kw_str next_word(const struct scan *s)
{
	struct kw_str word = { s->rest.p, 0 };

	while (word.len < s->rest.len && !kw_is_space(word.p[word.len]) &&
	       word.p[word.len] != ',' && word.p[word.len] != '=' && word.p[word.len] != '(')
		word.len++;
	return word;
}

/* Xen prints a segment as a row of numbers: the width of each says which it is. */
static bool take_column(struct scan *s, struct kw_str word)
{
	static const uint8_t width[] = {
		[KW_SEL] = 4, [KW_ATTR] = 5, [KW_LIMIT] = 8, [KW_BASE] = 16
	};
	uint64_t value;

	if (s->section != SEC_GUEST || kw_str_hex(word, &value) != word.len)
		return false;
	for (unsigned int part = 0; part < sizeof(width); part++) {
		enum kw_fact fact = segment_fact(s->context, (enum kw_part)part);

		if (width[part] == word.len && fact != KW_F_none) {
			found(s, fact, value);
			skip(s, word.len);
			s->bare = true;
			return true;
		}
	}
	return false;
}

/* "(0x...)", "(symbol)", "(autoload)", "(MSR LL)": what Xen and KVM add to a value or a name. */
static void skip_parenthesis(struct scan *s)
{
	size_t end = kw_str_find(s->rest, KW_STR(")"));

	skip(s, end == SIZE_MAX ? s->rest.len : end + 1);
}

/* A name that a later kernel may add, after a known one. */
static bool skip_unknown(struct scan *s, struct kw_str word)
{
	uint64_t value;

	if (!s->nfound || !word.len)
		return false;
	skip(s, word.len);
	skip_separators(s);
	if (!s->rest.len || s->rest.p[0] != '=')
		return false;
	skip(s, 1);
	skip_separators(s);
	return take_number(s, &value);
}

static void read_word(struct scan *s)
{
	struct kw_str word = next_word(s);
	const struct word *w = find(s, word);
	const char *colon = w ? NULL : memchr(word.p, ':', word.len);

	if (colon && colon + 1 < word.p + word.len) {
		word.len = (size_t)(colon - word.p) + 1; /* "CS:sel=..." */
		w = find(s, word);
	}
	if (!w) {
		if (!take_column(s, word) && !skip_unknown(s, word))
			s->foreign = true;
		return;
	}
	s->nwords++;
	skip(s, word.len);
	if (w->kind == CONTEXT) {
		s->context = (enum context)w->target;
	} else if (w->kind != FILL) {
		if (s->rest.len && s->rest.p[0] == '(')
			skip_parenthesis(s); /* "EFER(VMCS)" */
		read_field(s, w, false);
	}
}

static void resume(struct scan *s)
{
	const struct word *w = s->pending;
	struct kw_str start = s->rest;
	bool equals = s->equals;

	s->pending = NULL;
	s->equals = false;
	if (!equals && s->rest.p[0] != '=')
		return;
	read_field(s, w, equals);
	if (s->foreign) {
		s->foreign = false;
		s->rest = start;
	}
}

static void scan(struct scan *s)
{
	if (s->pending)
		resume(s);
	for (;;) {
		skip_separators(s);
		if (!s->rest.len || s->foreign)
			break;
		if (s->rest.p[0] == '(')
			skip_parenthesis(s);
		else
			read_word(s);
	}
}

static struct kw_failure *begin(struct kw_gather *g, const struct kw_clean_line *line, bool xen)
{
	struct kw_failure *f = kw_gather_host_dump(g, KW_CLASS_VMCS_DUMP, line);

	f->arch = KW_ARCH_X86;
	if (xen && !f->text[KW_T_VMM].len) {
		f->text[KW_T_VMM] = KW_STR("Xen");
		kw_failure_add_note(f, line->number,
				    KW_STR("Xen printed this dump, not KVM: the checks are the CPU's "
					   "and hold for both, advice about KVM does not apply"));
	}
	return f;
}

/* hardware_entry_failure_reason is the exit reason if and only if that says "VM-entry failure". */
static void set_reason(struct kw_failure *f, const struct kw_clean_line *line, uint64_t reason)
{
	kw_gather_fact(f, line, FACT(reason), reason);
	if (reason >> 31 & 1 && !kw_has(f, hardware_error))
		kw_gather_fact(f, line, KW_F_hardware_error, reason);
}

static enum kw_took take_section(struct kw_gather *g, const struct kw_clean_line *line,
				 struct kw_str text, bool xen)
{
	static const struct { struct kw_str head; enum section section; } heads[] = {
		{ KW_STR("* Guest State *"), SEC_GUEST },
		{ KW_STR("* Host State *"), SEC_HOST },
		{ KW_STR("* Control State *"), SEC_CONTROL },
	};
	uint32_t before = *kw_gather_state(g, &kw_parser_vmcs) & 7;
	struct kw_failure *f = kw_gather_of(g, KW_CLASS_VMCS_DUMP);

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (!kw_str_has(text, heads[i].head))
			continue;
		if (!f || (heads[i].section == SEC_GUEST && before != SEC_HEAD))
			begin(g, line, xen);
		*kw_gather_state(g, &kw_parser_vmcs) = heads[i].section;
		return KW_TOOK_LINE;
	}
	return f && kw_str_starts(text, KW_STR("*****")) ? KW_TOOK_LINE : KW_TOOK_NOTHING;
}

/* "VMCS 00000000abcdef01, last attempted VM-entry on CPU 3" */
static enum kw_took take_header(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str text)
{
	struct kw_str tail = KW_STR(", last attempted VM-entry on CPU ");
	size_t at = kw_str_find(text, tail);
	uint64_t cpu;
	struct kw_failure *f;

	if (at == SIZE_MAX)
		return KW_TOOK_NOTHING;
	f = begin(g, line, false);
	if (kw_str_dec(kw_str_from(text, at + tail.len), &cpu))
		kw_gather_fact(f, line, KW_F_cpu, cpu);
	*kw_gather_state(g, &kw_parser_vmcs) = SEC_HEAD;
	return KW_TOOK_LINE;
}

/* Xen: "d1v0 vmentry failure (reason 0x80000021): Invalid guest state (0)" */
static enum kw_took take_xen_failure(struct kw_gather *g, const struct kw_clean_line *line,
				     struct kw_str text)
{
	struct kw_str now = KW_STR("vmentry failure (reason ");
	struct kw_str before = KW_STR("Failed vm entry (exit reason ");
	size_t at = kw_str_find(text, now), len = now.len, v;
	uint64_t reason, vcpu;
	struct kw_failure *f;

	if (at == SIZE_MAX) {
		at = kw_str_find(text, before);
		len = before.len;
	}
	if (at == SIZE_MAX || !kw_str_hex(kw_str_from(text, at + len), &reason))
		return KW_TOOK_NOTHING;
	f = begin(g, line, true);
	set_reason(f, line, reason);
	v = kw_str_find(text, KW_STR("v"));
	if (text.p[0] == 'd' && v < at && kw_str_dec(kw_str_from(text, v + 1), &vcpu))
		kw_gather_fact(f, line, KW_F_vcpu, vcpu);
	*kw_gather_state(g, &kw_parser_vmcs) = SEC_HEAD;
	return KW_TOOK_LINE;
}

/* Parts without facts: lists of MSRs, the #VE area, the header of Xen's segment table. */
static bool is_list(struct kw_str text)
{
	uint64_t index;
	size_t len = kw_str_dec(text, &index);

	if (len)
		return kw_str_starts(kw_str_from(text, len), KW_STR(": msr="));
	return (kw_str_starts(text, KW_STR("MSR ")) && kw_str_has(text, KW_STR("auto"))) ||
	       kw_str_starts(text, KW_STR("ve_info:")) ||
	       (kw_str_starts(text, KW_STR("sel ")) && kw_str_has(text, KW_STR("attr ")));
}

static enum kw_took take_fields(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str text, bool xen)
{
	struct kw_failure *f = kw_gather_of(g, KW_CLASS_VMCS_DUMP);
	uint32_t *state = kw_gather_state(g, &kw_parser_vmcs);
	enum section before = SEC_NONE;
	struct scan s = { .rest = text };

	if (f) {
		load(&s, *state);
		before = s.section;
	}
	scan(&s);
	if (s.foreign && (!s.nfound || s.bare))
		return KW_TOOK_NOTHING;
	if (!s.nfound) {
		if (!f || !s.nwords)
			return KW_TOOK_NOTHING;
		*state = store(&s);
		return KW_TOOK_LINE;
	}
	/* guest state after control state: the next dump, whose first lines are missing */
	if (!f ? s.begins : before == SEC_CONTROL && s.section == SEC_GUEST)
		f = begin(g, line, xen);
	if (!f)
		return KW_TOOK_NOTHING;
	for (unsigned int i = 0; i < s.nfound; i++) {
		if (s.found[i].fact == FACT(reason))
			set_reason(f, line, s.found[i].value);
		else if (s.found[i].fact != KW_F_none)
			kw_gather_fact(f, line, s.found[i].fact, s.found[i].value);
	}
	*kw_gather_state(g, &kw_parser_vmcs) = store(&s);
	return KW_TOOK_LINE;
}

/* "(XEN) [2024-01-31 12:00:00.000] ", "kvm_intel: ", "kvm: " */
static struct kw_str without_prefix(struct kw_str text, bool *xen)
{
	size_t end;

	*xen = kw_str_skip(text, KW_STR("(XEN) "), &text);
	if (*xen) {
		text = kw_str_trim(text);
		if (text.len && text.p[0] == '[' &&
		    (end = kw_str_find(text, KW_STR("]"))) != SIZE_MAX)
			text = kw_str_from(text, end + 1);
	}
	if (!kw_str_skip(text, KW_STR("kvm_intel: "), &text))
		kw_str_skip(text, KW_STR("kvm: "), &text);
	return kw_str_trim(text);
}

/*
 * Outside a dump most lines must be rejected fast. Those that can begin one start with these
 * letters, and none of their names is as short as one of QEMU's registers before its '='.
 */
static bool may_begin(struct kw_str text)
{
	switch (text.p[0]) {
	case '*': case 'C': case 'D': case 'E': case 'F': case 'G': case 'I': case 'L': case 'P':
	case 'S': case 'T': case 'V': case 'd': case 'r': case 'A': case 'v':
		return !memchr(text.p, '=', text.len < 5 ? text.len : 5);
	default:
		return false;
	}
}

static enum kw_took vmcs_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text;
	bool xen = false, open;

	if (!text.len || text.len > 512)
		return KW_TOOK_NOTHING;
	if (text.p[0] == '(' || text.p[0] == 'k')
		text = without_prefix(text, &xen);
	open = kw_gather_of(g, KW_CLASS_VMCS_DUMP) != NULL;
	if (!text.len || (!open && !may_begin(text)))
		return KW_TOOK_NOTHING;
	if (text.p[0] == '*')
		return take_section(g, line, text, xen);
	if (kw_str_starts(text, KW_STR("VMCS ")))
		return take_header(g, line, text);
	if (kw_str_starts(text, KW_STR("Failed vm")) ||
	    (text.p[0] == 'd' && text.len > 1 && kw_is_digit(text.p[1])))
		return take_xen_failure(g, line, text);
	if (open && is_list(text))
		return KW_TOOK_LINE;
	/* a name alone, with its value after the line break, counts only inside a dump */
	if (!open && !memchr(text.p, '=', text.len))
		return KW_TOOK_NOTHING;
	return take_fields(g, line, text, xen);
}

static const struct kw_str needles[] = {
	KW_STR("*** Guest State"), KW_STR("*** Control State"), KW_STR("VMCS "),
	KW_STR("VMExit: intr_info"), KW_STR("VMEntry: intr_info"), KW_STR("PinBased="),
	KW_STR("CPUBased="), KW_STR("reason=8000002"), KW_STR("CR0: actual="),
	KW_STR("vmentry failure (reason "), KW_STR("Failed vm entry (exit"), { 0 }
};

const struct kw_parser kw_parser_vmcs = {
	.name = "vmcs", .words = needles, .line = vmcs_line, .kernel = true
};
