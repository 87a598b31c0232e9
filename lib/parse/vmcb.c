// SPDX-License-Identifier: MIT
/*
 * The VMCB dump of a host's kernel log: Linux arch/x86/kvm/svm/svm.c (before: svm.c) dump_vmcb(),
 * all versions since "KVM: FAILED VMRUN WITH VMCB:". Names end in ':', values follow blanks; a line
 * may be broken between any two of them. Segment attributes are kept as printed, which is AMD's
 * packed format.
 */
#include "parse/parse.h"
#include "failure/x86.h"

enum kind {
	FILL,	    /* a part of a name */
	HEX, DEC,
	INTERCEPTS, /* one number of 64 bits, or words of 32 */
	SEGMENT,    /* a context for the next kind */
	PART,	    /* enum kw_part of the segment before it */
};

struct word {
	struct kw_str text;
	uint8_t kind;
	uint16_t target;
	bool begins; /* no other program prints it: proves a dump, even without an earlier line */
};

#define FACT(name) KW_F_vmcb_##name

#define W(text_, ...) { .text = { text_, sizeof(text_) - 1 }, __VA_ARGS__ }

static const struct word words[] = {
	W("cr_read:", HEX, FACT(cr_read), true),
	W("cr_write:", HEX, FACT(cr_write), true),
	W("dr_read:", HEX, FACT(dr_read), true),
	W("dr_write:", HEX, FACT(dr_write), true),
	W("exceptions:", HEX, FACT(exceptions)),
	W("intercepts:", INTERCEPTS, FACT(intercepts)),
	W("pause", FILL),
	W("filter", FILL),
	W("count:", DEC, FACT(pause_filter_count)),
	W("threshold:", DEC, FACT(pause_filter_threshold)),
	W("iopm_base_pa:", HEX, FACT(iopm_base_pa), true),
	W("msrpm_base_pa:", HEX, FACT(msrpm_base_pa), true),
	W("tsc_offset:", HEX, FACT(tsc_offset)),
	W("asid:", DEC, FACT(asid)),
	W("tlb_ctl:", DEC, FACT(tlb_ctl), true),
	W("erap_ctl:", DEC, FACT(erap_ctl), true),
	W("int_ctl:", HEX, FACT(int_ctl), true),
	W("int_vector:", HEX, FACT(int_vector)),
	W("int_state:", HEX, FACT(int_state)),
	W("exit_code:", HEX, FACT(exit_code)),
	W("exit_info1:", HEX, FACT(exit_info1), true),
	W("exit_info2:", HEX, FACT(exit_info2), true),
	W("exit_int_info:", HEX, FACT(exit_int_info), true),
	W("exit_int_info_err:", HEX, FACT(exit_int_info_err), true),
	W("nested_ctl:", DEC, FACT(nested_ctl), true),
	W("misc_ctl:", DEC, FACT(nested_ctl)),
	W("nested_cr3:", HEX, FACT(nested_cr3), true),
	W("avic_vapic_bar:", HEX, FACT(avic_vapic_bar), true),
	W("ghcb:", HEX, FACT(ghcb)),
	W("event_inj:", HEX, FACT(event_inj), true),
	W("event_inj_err:", HEX, FACT(event_inj_err), true),
	W("lbr_ctl:", DEC, FACT(virt_ext)),
	W("virt_ext:", DEC, FACT(virt_ext)),
	W("misc_ctl2:", DEC, FACT(virt_ext)),
	W("next_rip:", HEX, FACT(next_rip)),
	W("avic_backing_page:", HEX, FACT(avic_backing_page), true),
	W("avic_logical_id:", HEX, FACT(avic_logical_id), true),
	W("avic_physical_id:", HEX, FACT(avic_physical_id), true),
	W("vmsa_pa:", HEX, FACT(vmsa_pa)),
	W("allowed_sev_features:", HEX, FACT(allowed_sev_features)),
	W("guest_sev_features:", HEX, FACT(guest_sev_features)),
	W("exit_int_data:", HEX, KW_F_none),
	W("event_inj_data:", HEX, KW_F_none),

	W("es:", SEGMENT, FACT(es_sel)),
	W("cs:", SEGMENT, FACT(cs_sel)),
	W("ss:", SEGMENT, FACT(ss_sel)),
	W("ds:", SEGMENT, FACT(ds_sel)),
	W("fs:", SEGMENT, FACT(fs_sel)),
	W("gs:", SEGMENT, FACT(gs_sel)),
	W("gdtr:", SEGMENT, FACT(gdtr_sel)),
	W("ldtr:", SEGMENT, FACT(ldtr_sel)),
	W("idtr:", SEGMENT, FACT(idtr_sel)),
	W("tr:", SEGMENT, FACT(tr_sel)),
	W("s:", PART, KW_SEL),
	W("a:", PART, KW_ATTR),
	W("l:", PART, KW_LIMIT),
	W("b:", PART, KW_BASE),

	W("vmpl:", DEC, FACT(vmpl)),
	W("cpl:", DEC, FACT(cpl)),
	W("efer:", HEX, FACT(efer)),
	W("cr0:", HEX, FACT(cr0)),
	W("cr2:", HEX, FACT(cr2)),
	W("cr3:", HEX, FACT(cr3)),
	W("cr4:", HEX, FACT(cr4)),
	W("dr6:", HEX, FACT(dr6)),
	W("dr7:", HEX, FACT(dr7)),
	W("rip:", HEX, FACT(rip)),
	W("rflags:", HEX, FACT(rflags)),
	W("rsp:", HEX, FACT(rsp)),
	W("rax:", HEX, FACT(rax)),
	W("star:", HEX, FACT(star)),
	W("lstar:", HEX, FACT(lstar)),
	W("cstar:", HEX, FACT(cstar)),
	W("sfmask:", HEX, FACT(sfmask)),
	W("kernel_gs_base:", HEX, FACT(kernel_gs_base), true),
	W("sysenter_cs:", HEX, FACT(sysenter_cs), true),
	W("sysenter_esp:", HEX, FACT(sysenter_esp), true),
	W("sysenter_eip:", HEX, FACT(sysenter_eip), true),
	W("gpat:", HEX, FACT(gpat)),
	W("dbgctl:", HEX, FACT(dbgctl)),
	W("br_from:", HEX, FACT(br_from)),
	W("br_to:", HEX, FACT(br_to)),
	W("excp_from:", HEX, FACT(excp_from), true),
	W("excp_to:", HEX, FACT(excp_to), true),
	W("s_cet:", HEX, FACT(s_cet)),
	W("ssp:", HEX, FACT(ssp)),
	W("isst_addr:", HEX, FACT(isst_addr)),
	W("sev_features", HEX, KW_F_none), /* 7.x prints it without the colon */
	W("sev_features:", HEX, KW_F_none),
	W("xcr0:", HEX, KW_F_none),
	W("xss:", HEX, KW_F_none),

	/* 7.x adds the registers that the VMCB does not hold */
	W("rbx:", HEX, KW_F_rbx),
	W("rcx:", HEX, KW_F_rcx),
	W("rdx:", HEX, KW_F_rdx),
	W("rsi:", HEX, KW_F_rsi),
	W("rdi:", HEX, KW_F_rdi),
	W("rbp:", HEX, KW_F_rbp),
	W("r8:", HEX, KW_F_r8),
	W("r9:", HEX, KW_F_r9),
	W("r10:", HEX, KW_F_r10),
	W("r11:", HEX, KW_F_r11),
	W("r12:", HEX, KW_F_r12),
	W("r13:", HEX, KW_F_r13),
	W("r14:", HEX, KW_F_r14),
	W("r15:", HEX, KW_F_r15),
};

_Static_assert(sizeof(words) / sizeof(words[0]) < 255, "a pending word fits in 8 bits");

enum { MAX_FOUND = 16, FRESH = 1 << 30 /* of the state: the record has only its first line */ };

struct scan {
	struct kw_str rest;
	const struct word *segment; /* whose parts follow */
	const struct word *pending; /* a name whose value is still to come */
	unsigned int intercepts;    /* 32-bit words seen */
	bool begins, foreign;
	unsigned int nfound, nwords;
	struct { enum kw_fact fact; uint64_t value; uint8_t shift; } found[MAX_FOUND];
};

static const struct word *at(uint32_t index)
{
	return index ? &words[index - 1] : NULL;
}

static uint32_t index_of(const struct word *w)
{
	return w ? (uint32_t)(w - words) + 1 : 0;
}

static void load(struct scan *s, uint32_t state)
{
	s->pending = at(state & 0xff);
	s->segment = at(state >> 8 & 0xff);
	s->intercepts = state >> 16 & 3;
}

static uint32_t store(const struct scan *s)
{
	return index_of(s->pending) | index_of(s->segment) << 8 | s->intercepts << 16;
}

static void skip(struct scan *s, size_t len)
{
	s->rest = kw_str_from(s->rest, len);
}

static void skip_spaces(struct scan *s)
{
	while (s->rest.len && kw_is_space(s->rest.p[0]))
		skip(s, 1);
}

/* A number on its own, unlike "C:". Returns its length. */
static size_t take_number(struct scan *s, bool decimal, uint64_t *ret)
{
	size_t len = decimal ? kw_str_dec(s->rest, ret) : kw_str_hex(s->rest, ret);

	if (len && len < s->rest.len && !kw_is_space(s->rest.p[len]))
		return 0;
	skip(s, len);
	return len;
}

static void found(struct scan *s, uint32_t fact, uint64_t value, uint8_t shift)
{
	if (s->nfound == MAX_FOUND)
		return;
	s->found[s->nfound].fact = (enum kw_fact)fact;
	s->found[s->nfound].shift = shift;
	s->found[s->nfound++].value = value;
}

/* Vectors 3 and 4 as one number in older kernels, or vectors 3, 4 and more as words. */
static void read_intercepts(struct scan *s, const struct word *w)
{
	for (;;) {
		uint64_t value;
		size_t len;

		skip_spaces(s);
		if (!s->rest.len) {
			s->pending = s->intercepts < 3 ? w : NULL;
			return;
		}
		len = take_number(s, false, &value);
		if (!len || s->intercepts == 3)
			return;
		if (s->intercepts == 2) {
			found(s, FACT(intercepts_5), value, 0);
		} else {
			found(s, FACT(intercepts), value, s->intercepts ? 32 : 0);
			if (len > 8) {
				s->intercepts = 3;
				return;
			}
		}
		s->intercepts++;
	}
}

static void read_value(struct scan *s, const struct word *w)
{
	uint32_t fact = w->target;
	uint64_t value;

	skip_spaces(s);
	s->pending = NULL;
	if (w->kind == INTERCEPTS) {
		read_intercepts(s, w);
		return;
	}
	if (!s->rest.len) {
		s->pending = w;
		return;
	}
	if (w->kind == PART) {
		if (!s->segment) {
			s->foreign = true;
			return;
		}
		fact += s->segment->target;
	}
	if (!take_number(s, w->kind == DEC, &value)) {
		s->foreign = true;
		return;
	}
	s->begins |= w->begins;
	found(s, fact, value, 0);
}

/* A name with its colon, or the text before the next blank. */
static struct kw_str next_word(const struct scan *s)
{
	struct kw_str word = { s->rest.p, 0 };

	while (word.len < s->rest.len && !kw_is_space(word.p[word.len])) {
		if (word.p[word.len++] == ':')
			break;
	}
	return word;
}

static const struct word *find(struct kw_str text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].text.len == text.len && kw_str_eq(words[i].text, text))
			return &words[i];
	}
	return NULL;
}

static void read_word(struct scan *s)
{
	struct kw_str text = next_word(s);
	const struct word *w = find(text);
	bool of_segment = s->segment && w && w->kind == PART;

	if (!w) {
		s->foreign = true;
		return;
	}
	s->nwords++;
	skip(s, text.len);
	if (!of_segment)
		s->segment = w->kind == SEGMENT ? w : NULL;
	if (w->kind == INTERCEPTS)
		s->intercepts = 0;
	if (w->kind != SEGMENT && w->kind != FILL)
		read_value(s, w);
}

static void resume(struct scan *s)
{
	const struct word *w = s->pending;
	struct kw_str start = s->rest;

	s->pending = NULL;
	read_value(s, w);
	if (s->foreign) {
		s->foreign = false;
		s->rest = start;
	}
}

static void scan(struct scan *s)
{
	if (s->pending)
		resume(s);
	skip_spaces(s);
	while (s->rest.len && !s->foreign) {
		read_word(s);
		skip_spaces(s);
	}
}

static struct kw_failure *begin(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_host_dump(g, KW_CLASS_VMCB_DUMP, line);

	f->arch = KW_ARCH_X86;
	*kw_gather_state(g, &kw_parser_vmcb) = FRESH;
	return f;
}

/* "VMCB ..., last attempted VMRUN on CPU 3"; 7.x: "SEV-ES vCPU0 VMCB ...". */
static enum kw_took take_header(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str text)
{
	struct kw_str tail = KW_STR(", last attempted VMRUN on CPU "), vcpu = KW_STR(" vCPU");
	size_t end = kw_str_find(text, tail), v = kw_str_find(text, vcpu);
	struct kw_failure *f;
	uint64_t number;

	if (end == SIZE_MAX)
		return KW_TOOK_NOTHING;
	f = begin(g, line);
	if (kw_str_dec(kw_str_from(text, end + tail.len), &number))
		kw_gather_fact(f, line, KW_F_cpu, number);
	if (v < end && kw_str_dec(kw_str_from(text, v + vcpu.len), &number))
		kw_gather_fact(f, line, KW_F_vcpu, number);
	return KW_TOOK_LINE;
}

static enum kw_took take_area(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str text)
{
	struct kw_failure *f = kw_gather_of(g, KW_CLASS_VMCB_DUMP);

	if (kw_str_starts(text, KW_STR("KVM: FAILED VMRUN WITH VMCB"))) {
		begin(g, line);
		return KW_TOOK_LINE;
	}
	if (kw_str_starts(text, KW_STR("VMCB Control Area"))) {
		if (!f || !(*kw_gather_state(g, &kw_parser_vmcb) & FRESH))
			begin(g, line);
		*kw_gather_state(g, &kw_parser_vmcb) = 0;
		return KW_TOOK_LINE;
	}
	if (kw_str_starts(text, KW_STR("VMCB State Save Area"))) {
		if (!f || kw_has(f, vmcb_cs_sel) || kw_has(f, vmcb_cr0))
			begin(g, line);
		*kw_gather_state(g, &kw_parser_vmcb) = 0;
		return KW_TOOK_LINE;
	}
	if (kw_str_starts(text, KW_STR("VMCB ")) || kw_str_starts(text, KW_STR("SEV")) ||
	    kw_str_starts(text, KW_STR("SVM ")))
		return take_header(g, line, text);
	return KW_TOOK_NOTHING;
}

/*
 * SVM_EXIT_ERR, all ones in 32 or 64 bits: KVM passes it to user space as
 * hardware_entry_failure_reason.
 */
static bool is_exit_err(uint64_t code)
{
	return code == UINT32_MAX || code == UINT64_MAX;
}

static void set(struct kw_failure *f, const struct kw_clean_line *line, enum kw_fact fact,
		uint64_t value, uint8_t shift)
{
	if (kw_facts[fact].group != KW_G_VMCB && kw_known(f, fact))
		return; /* the VMM's dump already has it */
	if (shift)
		value = f->fact[fact] | value << shift;
	kw_gather_fact(f, line, fact, value);
	if (fact == FACT(exit_code) && is_exit_err(value) && !kw_has(f, hardware_error))
		kw_gather_fact(f, line, KW_F_hardware_error, value);
}

/* The first fact of an area, seen again: the next dump, whose first lines are missing. */
static bool is_next(const struct kw_failure *f, const struct scan *s)
{
	return s->nfound && ((s->found[0].fact == FACT(cr_read) && kw_has(f, vmcb_cr_read)) ||
			     (s->found[0].fact == FACT(es_sel) && kw_has(f, vmcb_es_sel)));
}

static enum kw_took take_fields(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str text)
{
	struct kw_failure *f = kw_gather_of(g, KW_CLASS_VMCB_DUMP);
	uint32_t *state = kw_gather_state(g, &kw_parser_vmcb);
	struct scan s = { .rest = text };

	if (f)
		load(&s, *state);
	scan(&s);
	if (!s.nfound) {
		if (!f || s.foreign || !s.nwords)
			return KW_TOOK_NOTHING;
		*state = store(&s);
		return KW_TOOK_LINE;
	}
	if (!f ? s.begins : is_next(f, &s))
		f = begin(g, line);
	if (!f)
		return KW_TOOK_NOTHING;
	for (unsigned int i = 0; i < s.nfound; i++) {
		if (s.found[i].fact != KW_F_none)
			set(f, line, s.found[i].fact, s.found[i].value, s.found[i].shift);
	}
	*kw_gather_state(g, &kw_parser_vmcb) = store(&s);
	return KW_TOOK_LINE;
}

static struct kw_str without_prefix(struct kw_str text)
{
	if (!kw_str_skip(text, KW_STR("kvm_amd: "), &text))
		kw_str_skip(text, KW_STR("SVM: "), &text);
	return kw_str_trim(text);
}

static enum kw_took vmcb_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text;

	if (!text.len || text.len > 512)
		return KW_TOOK_NOTHING;
	if (text.p[0] == 'k' || text.p[0] == 'S')
		text = without_prefix(text);
	if (!text.len)
		return KW_TOOK_NOTHING;
	if (text.p[0] == 'V' || text.p[0] == 'K' || text.p[0] == 'S')
		return take_area(g, line, text);
	if (!kw_gather_of(g, KW_CLASS_VMCB_DUMP) && !memchr(text.p, ':', text.len))
		return KW_TOOK_NOTHING;
	return take_fields(g, line, text);
}

static const struct kw_str needles[] = {
	KW_STR("VMCB Control"), KW_STR("VMCB State"), KW_STR("VMRUN"), { 0 }
};

const struct kw_parser kw_parser_vmcb = {
	.name = "vmcb", .words = needles, .line = vmcb_line, .kernel = true
};
