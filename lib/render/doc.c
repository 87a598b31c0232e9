// SPDX-License-Identifier: MIT
/* Builds the document of a case: rows, code, findings, oddities, notes, tables of registers. */
#include "render/doc.h"
#include "failure/x86.h"

#include "base/utc.h"
#include "decode/x86/exit_info.h"
#include "decode/x86/msr.h"

/*
 * Memory of one document. Both dumps with all their registers and checks take an eighth of it,
 * measured by test_render.c.
 */
#define DOC_BYTES (1u << 20)

/* Rows of code around the marked one if the answer must fit a screen. */
enum { ROWS_BEFORE = 4, ROWS_BEHIND = 4, MAX_MESSAGES = 6, MAX_DATA = 8, MAX_CAUSES = 8 };

static struct kw_piece *add(struct kw_doc *doc, enum kw_piece_kind kind, const char *label,
			    struct kw_str text)
{
	struct kw_piece *piece = kw_arena_alloc(&doc->arena, sizeof(*piece));

	if (piece) {
		*doc->end = piece;
		doc->end = &piece->next;
	} else {
		piece = &doc->lost;
	}
	*piece = (struct kw_piece){ .kind = (uint8_t)kind, .label = kw_str(label), .text = text };
	return piece;
}

/* Takes the text built in the scratch buffer and empties that. */
static struct kw_str take(struct kw_doc *doc)
{
	struct kw_str text =
		kw_arena_copy(&doc->arena, (struct kw_str){ doc->scratch.p, doc->scratch.len });

	kw_buf_reset(&doc->scratch);
	return text;
}

static void add_row(struct kw_doc *doc, const char *label, struct kw_str text)
{
	if (text.len)
		add(doc, KW_PIECE_ROW, label, text);
}

void kw_doc_bytes(struct kw_buf *buf, const uint8_t *bytes, uint64_t known, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i)
			kw_buf_char(buf, ' ');
		if (known >> i & 1)
			kw_buf_hex(buf, bytes[i], 2);
		else
			KW_BUF_LIT(buf, "??");
	}
}

/* The text of a row that does not start an instruction, or cannot be one. */
static void data_text(struct kw_buf *buf, const struct kw_case *c, const struct kw_listing_row *row)
{
	if (row->marked && c->code == KW_CODE_CUT)
		KW_BUF_LIT(buf, "(the bytes end within this instruction)");
	else if (row->marked)
		KW_BUF_LIT(buf, "(not an instruction in this mode)");
	else
		KW_BUF_LIT(buf, "(data)");
}

static void code_row(struct kw_doc *doc, const struct kw_case *c, const struct kw_listing_row *row)
{
	const struct kw_code *code = &c->f->code;
	uint64_t ip = KW_IP_UNKNOWN;
	struct kw_piece *piece = add(doc, KW_PIECE_CODE, "", KW_STR(""));
	struct kw_insn insn;

	if (kw_has(c->f, rip) && code->marked >= 0)
		ip = c->f->rip + row->offset - (uint64_t)code->marked;
	piece->marked = row->marked;
	piece->unsure = row->unsure;
	kw_doc_bytes(&doc->scratch, code->bytes + row->offset, code->known >> row->offset,
		     row->length);
	piece->label = take(doc);
	if (!row->invalid &&
	    kw_insn_decode(code->bytes + row->offset, row->length, c->bits, ip, &insn))
		kw_buf_add(&doc->scratch, kw_str(insn.text));
	else
		data_text(&doc->scratch, c, row);
	piece->text = take(doc);
}

static void code_listing(struct kw_doc *doc, const struct kw_case *c, bool all)
{
	struct kw_listing_row rows[KW_MAX_ROWS];
	const struct kw_arch_row *arch = kw_arch_row(c->f->arch);
	size_t n = arch->listing ? arch->listing(c->f, rows) : 0, marked = 0, first, end;

	while (marked < n && !rows[marked].marked)
		marked++;
	if (marked == n)
		return;
	first = all || marked < ROWS_BEFORE ? 0 : marked - ROWS_BEFORE;
	end = all || marked + ROWS_BEHIND >= n ? n : marked + ROWS_BEHIND + 1;
	for (size_t i = first; i < end; i++)
		code_row(doc, c, &rows[i]);
}

/* Bytes shown as they are, for lack of a mark, a mode or a meaning. */
static void code_bytes(struct kw_doc *doc, const struct kw_case *c, const char *remark)
{
	const struct kw_code *code = &c->f->code;
	size_t start = code->marked > 0 && code->marked < code->len ? (size_t)code->marked : 0;
	size_t len = code->len - start < 16 ? code->len - start : 16;
	struct kw_piece *piece = add(doc, KW_PIECE_CODE, "", KW_STR(""));

	piece->marked = code->marked >= 0;
	kw_doc_bytes(&doc->scratch, code->bytes + start, code->known >> start, len);
	piece->label = take(doc);
	add(doc, KW_PIECE_CODE, "", kw_str(remark));
}

/* The instruction alone, if its bytes come from kvm_run, not from a Code= line. */
static void code_of_insn(struct kw_doc *doc, const struct kw_case *c)
{
	struct kw_piece *piece;

	if (!c->insn.length)
		return;
	piece = add(doc, KW_PIECE_CODE, "", kw_str(c->insn.text));
	piece->marked = true;
	kw_doc_bytes(&doc->scratch, c->insn.bytes, UINT64_MAX, c->insn.length);
	piece->label = take(doc);
}

static void add_code(struct kw_doc *doc, const struct kw_case *c, bool all)
{
	if (!c->f->code.len) {
		if (c->code == KW_CODE_OK)
			code_of_insn(doc, c);
		return;
	}
	switch (c->code) {
	case KW_CODE_NONE:
		break;
	case KW_CODE_OK:
	case KW_CODE_CUT:
	case KW_CODE_INVALID:
		code_listing(doc, c, all);
		break;
	case KW_CODE_UNREADABLE:
		code_bytes(doc, c, "the byte at RIP could not be read from guest memory");
		break;
	case KW_CODE_NO_MARK:
		code_bytes(doc, c,
			   "no byte is marked, so it is unknown which one RIP points to");
		break;
	case KW_CODE_NO_MODE:
		code_bytes(doc, c, "not decoded: the registers that show the CPU mode are missing");
		break;
	case KW_CODE_ZEROS:
		code_bytes(doc, c, "all zeros at RIP: this memory holds no code");
		break;
	case KW_CODE_FFS:
		code_bytes(doc, c, "all ff at RIP: nothing responds at this address");
		break;
	}
}

static void add_host(struct kw_doc *doc, const struct kw_case *c)
{
	static const char *const vendors[] = {
		[KW_VENDOR_UNKNOWN] = "",
		[KW_VENDOR_INTEL] = "Intel",
		[KW_VENDOR_AMD] = "AMD",
	};
	struct kw_str kernel = kw_str(c->context ? c->context->host_kernel : NULL);

	if (!kernel.len)
		kernel = c->f->text[KW_T_HOST_KERNEL];
	if (kernel.len) {
		KW_BUF_LIT(&doc->scratch, "Linux ");
		kw_buf_add(&doc->scratch, kernel);
	}
	if (kernel.len && c->vendor != KW_VENDOR_UNKNOWN)
		KW_BUF_LIT(&doc->scratch, ", ");
	kw_buf_add(&doc->scratch, kw_str(vendors[c->vendor]));
	add_row(doc, "host", take(doc));
	if (c->context)
		kw_buf_add(&doc->scratch, kw_str(c->context->parameters));
	add_row(doc, "params", take(doc));
}

/*
 * "2026-11-29T06:25:25.123456Z by kvmwhy watch, failure 3; guest foo, pid 17, thread 19 (CPU
 * 0/KVM); redacted"
 */
static void add_watch(struct kw_doc *doc, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	struct kw_buf *buf = &doc->scratch;

	if (!f->watch.begun)
		return;
	if (kw_has(f, watch_time)) {
		kw_utc_put(buf, f->watch_time);
		KW_BUF_LIT(buf, " ");
	}
	KW_BUF_LIT(buf, "by kvmwhy watch");
	if (kw_has(f, watch_number))
		kw_buf_printf(buf, ", failure %llu", (unsigned long long)f->watch_number);
	if (FACT_IS(f, watch_redacted, 1))
		KW_BUF_LIT(buf, ", redacted");
	add_row(doc, "seen", take(doc));
}

static void add_guest(struct kw_doc *doc, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	struct kw_buf *buf = &doc->scratch;

	if (!f->watch.begun)
		return;
	kw_buf_add(buf, f->text[KW_T_GUEST]);
	if (kw_has(f, pid))
		kw_buf_printf(buf, "%spid %llu", buf->len ? ", " : "", (unsigned long long)f->pid);
	if (kw_has(f, tid))
		kw_buf_printf(buf, "%sthread %llu", buf->len ? ", " : "",
			      (unsigned long long)f->tid);
	if (f->text[KW_T_THREAD].len) {
		kw_buf_add(buf, buf->len ? KW_STR(" (") : KW_STR("thread ("));
		kw_buf_add(buf, f->text[KW_T_THREAD]);
		KW_BUF_LIT(buf, ")");
	}
	add_row(doc, "guest", take(doc));
}

static const char *verb_text(enum kw_msr_verb verb)
{
	switch (verb) {
	case KW_MSR_UNHANDLED:
		return "unhandled";
	case KW_MSR_IGNORED:
		return "ignored";
	case KW_MSR_UNIMPLEMENTED:
		return "unimplemented";
	case KW_MSR_DISABLED_PERFCTR:
		return "disabled perfctr";
	case KW_MSR_NOP:
		return "nop";
	}
	return "";
}

static void message_text(struct kw_buf *buf, const struct kw_case *c,
			 const struct kw_msr_message *m)
{
	char name[KW_MSR_NAME_SIZE];

	kw_msr_name(kw_msr_find(m->index, c->vendor), m->index, name, sizeof(name));
	kw_buf_printf(buf, "%s   %s [0x%x]", m->write ? "wrmsr" : "rdmsr", name[0] ? name : "MSR",
		      m->index);
	if (m->value_known) {
		KW_BUF_LIT(buf, " <- 0x");
		kw_buf_hex(buf, m->value, m->value >> 32 ? 16 : 8);
	}
	kw_buf_printf(buf, "   %s", verb_text(m->verb));
	if (m->count > 1)
		kw_buf_printf(buf, ", %u times", m->count);
}

static void add_messages(struct kw_doc *doc, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	for (size_t i = 0; i < f->nmsr && i < MAX_MESSAGES; i++) {
		message_text(&doc->scratch, c, &f->msr[i]);
		add_row(doc, i ? "" : "messages", take(doc));
	}
	if (f->nmsr > MAX_MESSAGES) {
		kw_buf_printf(&doc->scratch, "and %u more", (unsigned int)(f->nmsr - MAX_MESSAGES));
		add_row(doc, "", take(doc));
	}
}

static void add_finding(struct kw_doc *doc, const struct kw_failure *f,
			const struct kw_finding *finding)
{
	add(doc, KW_PIECE_FINDING, finding->id, finding->title)->certainty =
		(uint8_t)finding->certainty;
	if (finding->why.len)
		add(doc, KW_PIECE_WHY, "", finding->why);
	for (size_t i = 0; i < finding->ntodo; i++)
		add(doc, KW_PIECE_DO, "", finding->todo[i]);
	for (size_t i = 0; i < finding->nevidence; i++) {
		uint16_t index = finding->evidence[i];

		if (index < f->nlines)
			add(doc, KW_PIECE_EVIDENCE, "", f->line[index].text)->line =
				f->line[index].number;
	}
	for (size_t i = 0; i < finding->nsources; i++)
		add(doc, KW_PIECE_SOURCE, "", kw_str(finding->source[i]));
}

static void add_remarks(struct kw_doc *doc, const struct kw_case *c)
{
	for (size_t i = 0; i < c->noddities; i++)
		add(doc, KW_PIECE_ODD, "", kw_str(c->oddity[i].text));
	for (size_t i = 0; i < c->f->nnotes; i++)
		add(doc, KW_PIECE_NOTE, "", c->f->note[i].text)->line = c->f->note[i].line;
}

/*
 * Is the register worth a look: RIP, inconsistent with another, or an operand of the instruction?
 */
static bool is_marked(const struct kw_case *c, enum kw_fact fact)
{
	if (c->has_msr && c->insn.has_msr &&
	    (fact == KW_F_rcx || fact == KW_F_rax || fact == KW_F_rdx))
		return true;
	for (size_t i = 0; i < c->noddities; i++) {
		if (c->oddity[i].fact[0] == fact || c->oddity[i].fact[1] == fact)
			return true;
	}
	return fact == KW_F_rip;
}

/* What a fact's value means: the bits of a register, the words of an exit. */
static void meaning(enum kw_fact fact, uint64_t value, char *text, size_t size)
{
	uint32_t low = (uint32_t)value;

	text[0] = '\0';
	switch (fact) {
	case KW_F_vmcs_reason:
		kw_vmx_exit_text(low, text, size);
		break;
	case KW_F_vmcs_entry_intr_info:
		kw_vmx_intr_info_text(KW_VMX_ENTRY_INTR_INFO, low, text, size);
		break;
	case KW_F_vmcs_exit_intr_info:
		kw_vmx_intr_info_text(KW_VMX_EXIT_INTR_INFO, low, text, size);
		break;
	case KW_F_vmcs_idt_info:
		kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, low, text, size);
		break;
	case KW_F_vmcb_exit_int_info:
	case KW_F_vmcb_event_inj:
		kw_svm_event_inj_text(value, text, size);
		break;
	case KW_F_vmcs_cr0_mask:
	case KW_F_vmcs_cr4_mask: /* nearly all bits: the number says more */
		break;
	default:
		kw_bits_text(fact, value, text, size);
	}
}

static struct kw_str reserved_bits(struct kw_doc *doc, uint64_t bits)
{
	for (unsigned int i = 0; i < 64; i++) {
		if (bits >> i & 1)
			kw_buf_printf(&doc->scratch, "%sbit%u", doc->scratch.len ? " " : "", i);
	}
	return take(doc);
}

/* The name of a fact without the prefix of its group. */
static const char *short_name(enum kw_fact fact)
{
	bool prefixed = kw_facts[fact].group == KW_G_VMCS || kw_facts[fact].group == KW_G_VMCB;

	return kw_facts[fact].name + (prefixed ? sizeof("vmcs_") - 1 : 0);
}

static unsigned int digits_of(const struct kw_failure *f, enum kw_fact fact)
{
	if (f->fact[fact] >> 32 || (kw_facts[fact].group == KW_G_REG && !f->registers_narrow))
		return 16;
	return 8;
}

static void add_register(struct kw_doc *doc, const struct kw_case *c, enum kw_fact fact)
{
	struct kw_piece *piece = add(doc, KW_PIECE_REGISTER, short_name(fact), KW_STR(""));
	uint64_t value = c->f->fact[fact], reserved = kw_bits_reserved(fact, value);
	char text[256];

	if (kw_facts[fact].hex)
		kw_buf_hex(&doc->scratch, value, digits_of(c->f, fact));
	else
		kw_buf_dec(&doc->scratch, value);
	piece->text = take(doc);
	piece->hint = kw_facts[fact].doc;
	piece->marked = is_marked(c, fact);
	meaning(fact, value & ~reserved, text, sizeof(text));
	piece->bits = kw_arena_copy(&doc->arena, kw_str(text));
	piece->reserved = reserved_bits(doc, reserved);
}

/* Is it the selector of a segment, which represents its four facts? */
static bool is_segment(size_t fact)
{
	const char *name = kw_facts[fact].name;
	size_t len = strlen(name);

	return kw_facts[fact].arch == KW_ARCH_X86 && len > 4 && strcmp(name + len - 4, "_sel") == 0;
}

static void segment_number(struct kw_doc *doc, const struct kw_failure *f, enum kw_fact fact,
			   unsigned int digits)
{
	if (doc->scratch.len)
		kw_buf_char(&doc->scratch, ' ');
	if (kw_known(f, fact))
		kw_buf_hex(&doc->scratch, f->fact[fact], digits);
	else
		kw_buf_char(&doc->scratch, '-');
}

/* Rights in the VMX format; dump_vmcb prints bits 55:52 and 47:40 of the descriptor as 12 bits. */
static uint64_t vmx_rights(enum kw_fact fact, uint64_t rights)
{
	if (kw_facts[fact].group != KW_G_VMCB)
		return rights;
	return (rights & 0xff) | (rights & 0xf00) << 4 | (rights & 0x80 ? 0 : 0x10000);
}

static void add_segment(struct kw_doc *doc, const struct kw_case *c, enum kw_fact sel)
{
	const struct kw_failure *f = c->f;
	enum kw_fact rights = kw_part(sel, KW_ATTR);
	const char *name = short_name(sel);
	bool system = strstr(name, "ldt") || strstr(name, "tr_");
	struct kw_piece *piece;
	char text[128];

	if (!kw_known(f, sel) && !kw_known(f, kw_part(sel, KW_BASE)) &&
	    !kw_known(f, kw_part(sel, KW_LIMIT)) && !kw_known(f, rights))
		return;
	piece = add(doc, KW_PIECE_SEGMENT, "", KW_STR(""));
	piece->label = (struct kw_str){ name, strlen(name) - 4 };
	segment_number(doc, f, sel, 4);
	segment_number(doc, f, kw_part(sel, KW_BASE), 16);
	segment_number(doc, f, kw_part(sel, KW_LIMIT), 8);
	segment_number(doc, f, rights, 5);
	piece->text = take(doc);
	for (enum kw_part part = KW_SEL; part < KW_NPARTS; part++)
		piece->marked = piece->marked || is_marked(c, kw_part(sel, part));
	if (!kw_known(f, rights) || strstr(name, "gdtr") ||
	    strstr(name, "idtr"))
		return;
	kw_segment_text(vmx_rights(rights, f->fact[rights]), system, text, sizeof(text));
	piece->bits = kw_arena_copy(&doc->arena, kw_str(text));
}

static void add_group(struct kw_doc *doc, const struct kw_case *c, enum kw_fact_group group,
		      const char *title)
{
	if (!kw_failure_has_group(c->f, group))
		return;
	add(doc, KW_PIECE_GROUP, "", kw_str(title))->marked =
		group == KW_G_VMCS || group == KW_G_VMCB;
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group != group)
			continue;
		if (is_segment(i)) {
			add_segment(doc, c, (enum kw_fact)i);
			i += KW_NPARTS - 1;
		} else if (kw_known(c->f, (enum kw_fact)i)) {
			add_register(doc, c, (enum kw_fact)i);
		}
	}
}

/* The words that come with an internal error. */
static void add_data(struct kw_doc *doc, const struct kw_case *c)
{
	struct kw_str words[MAX_DATA];
	size_t n = kw_data_words(c, words, MAX_DATA);

	for (size_t i = 0; i < n; i++)
		add(doc, KW_PIECE_ROW, i ? "" : "data", words[i]);
}

static void add_causes(struct kw_doc *doc, const struct kw_case *c)
{
	struct kw_str causes[MAX_CAUSES];
	size_t n = kw_errno_causes(c, causes, MAX_CAUSES);

	for (size_t i = 0; i < n; i++)
		add(doc, KW_PIECE_ROW, i ? "" : "causes", causes[i]);
}

/* The values a check looked at, by their names in the JSON and the tables. */
static void check_saw(struct kw_buf *buf, const struct kw_entry *saw)
{
	for (size_t i = 0; i < saw->nused; i++)
		kw_buf_printf(buf, "%s%s 0x%llx", i ? ", " : "",
			      short_name((enum kw_fact)saw->used[i]),
			      (unsigned long long)saw->f->fact[saw->used[i]]);
	if (saw->by_vmm)
		KW_BUF_LIT(buf, " (the VMM's registers)");
}

/* The checks whose answer is @wanted. */
static void add_answers(struct kw_doc *doc, const struct kw_case *c, enum kw_verdict wanted)
{
	const struct kw_check *check = NULL;
	struct kw_entry saw;

	while ((check = kw_check_next(c->f, check, wanted, &saw))) {
		struct kw_piece *piece = add(doc, KW_PIECE_CHECK, check->id, KW_STR(""));

		piece->verdict = (uint8_t)wanted;
		piece->hint = check->says;
		if (wanted == KW_CHECK_CANNOT_TELL)
			kw_buf_printf(&doc->scratch, "needs %s", kw_entry_needs(&saw));
		else
			check_saw(&doc->scratch, &saw);
		piece->text = take(doc);
	}
}

static void add_checks(struct kw_doc *doc, const struct kw_case *c)
{
	if (!c->checks.asked)
		return;
	add_answers(doc, c, KW_CHECK_BROKEN);
	add_answers(doc, c, KW_CHECK_CANNOT_TELL);
	add_answers(doc, c, KW_CHECK_HOLDS);
}

const char *kw_doc_verdict(const struct kw_piece *check)
{
	switch ((enum kw_verdict)check->verdict) {
	case KW_CHECK_HOLDS:
		return "holds";
	case KW_CHECK_BROKEN:
		return "broken";
	case KW_CHECK_CANNOT_TELL:
		return "cannot tell";
	}
	return "";
}

void kw_doc_init(struct kw_doc *doc, const struct kw_case *c, unsigned int parts)
{
	*doc = (struct kw_doc){ .end = &doc->first };
	kw_arena_init(&doc->arena, DOC_BYTES);
	add(doc, KW_PIECE_HEADLINE, "", c->headline);
	kw_what(&doc->scratch, c);
	add_row(doc, "what", take(doc));
	kw_where(&doc->scratch, c);
	add_row(doc, "where", take(doc));
	add_code(doc, c, parts & KW_DOC_REGISTERS);
	add_row(doc, "said", c->said);
	add_data(doc, c);
	add_causes(doc, c);
	kw_checks_count(&doc->scratch, c);
	add_row(doc, "checks", take(doc));
	add_host(doc, c);
	add_watch(doc, c);
	add_guest(doc, c);
	add_messages(doc, c);
	for (size_t i = 0; i < c->nfindings; i++)
		add_finding(doc, c->f, &c->finding[i]);
	add_remarks(doc, c);
	if (parts & KW_DOC_CHECKS)
		add_checks(doc, c);
	if (!(parts & KW_DOC_REGISTERS))
		return;
	add_group(doc, c, KW_G_REG, "Registers");
	add_group(doc, c, KW_G_SEG, "Segments and tables");
	add_group(doc, c, KW_G_SYS, "Control registers");
	add_group(doc, c, KW_G_VMCS, "VMCS");
	add_group(doc, c, KW_G_VMCB, "VMCB");
}

void kw_doc_deinit(struct kw_doc *doc)
{
	kw_arena_deinit(&doc->arena);
	kw_buf_deinit(&doc->scratch);
}

const struct kw_piece *kw_doc_next(const struct kw_piece *piece, enum kw_piece_kind kind)
{
	while (piece && piece->kind != kind)
		piece = piece->next;
	return piece;
}

bool kw_doc_is_evidence(const struct kw_case *c, size_t index)
{
	for (size_t i = 0; i < c->nfindings; i++) {
		for (size_t k = 0; k < c->finding[i].nevidence; k++) {
			if (c->finding[i].evidence[k] == index)
				return true;
		}
	}
	return false;
}
