// SPDX-License-Identifier: MIT
/*
 * A case as one JSON object, straight into the buffer; docs/kvmwhy.schema.json says what it holds.
 * A key is left out when its fact is unknown. The facts are walked, so a new one appears by itself.
 */
#include "render/render.h"

#include "base/json.h"
#include "base/utc.h"
#include "decode/x86/exit_info.h"
#include "decode/x86/msr.h"
#include "decode/tables.h"

#include <uapi/kvmwhy-event.h>

#define GROUP(name) (1u << KW_G_##name)
#define REGISTERS (GROUP(REG) | GROUP(SEG) | GROUP(SYS))

/* The text between the quote before a fact's name and its digits; copied in one fixed size. */
#define KEY_HEX(name) name "\":\"0x"
#define KEY_DEC(name) name "\":"
#define IS_HEX true
#define IS_DEC false

enum {
	KEY_COPY = 40, /* no key is longer */
	PREFIX_LEN = 5, /* of "vmcs_" and "vmcb_" */
	FACT_SPACE = 64, /* no key with its value, and nothing copying it touches, is longer */
};

static const struct fact_key {
	char text[KEY_COPY + PREFIX_LEN];
	uint8_t len, group;
	bool hex;
} fact_keys[KW_NFACTS] = {
#define F(arch_, name_, group_, print_, doc_) \
	[KW_F_##name_] = { \
		.text = KEY_##print_(#name_), \
		.len = sizeof(KEY_##print_(#name_)) - 1, \
		.group = KW_G_##group_, \
		.hex = IS_##print_, \
	},
#include "failure/facts.def"
#undef F
};

/* Appends `,"name":value` to a buffer with room for it; without the first @skip characters. */
static void put_fact(struct kw_buf *buf, const struct fact_key *key, uint64_t value, size_t skip)
{
	char *p = buf->p + buf->len;

	memcpy(p, ",\"", 2);
	memcpy(p + 2, key->text + skip, KEY_COPY);
	p += 2 + key->len - skip;
	if (key->hex) {
		p += kw_hex_digits(p, value);
		*p++ = '"';
	}
	buf->len = (size_t)(p - buf->p);
	if (!key->hex)
		kw_buf_dec(buf, value);
}

/* The known facts, found in one walk over all facts. */
struct known {
	size_t count;
	uint16_t fact[KW_NFACTS];
};

static void find_known(const struct kw_failure *f, struct known *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < KW_NFACTS; i++) {
		ret->fact[ret->count] = (uint16_t)i;
		ret->count += kw_known(f, (enum kw_fact)i);
	}
}

/* An object of the known facts of @groups; nothing if there are none. */
static void facts(struct kw_json *j, const struct kw_failure *f, const struct known *known,
		  struct kw_str name, unsigned int groups, size_t skip)
{
	struct kw_buf *buf = j->buf;
	unsigned int any = 0;
	size_t start;

	for (unsigned int group = 0; group < KW_NGROUPS; group++)
		any |= groups >> group & kw_failure_has_group(f, (enum kw_fact_group)group);
	if (!any)
		return;
	kw_json_key(j, name);
	start = buf->len;
	j->comma = true;
	if (!kw_buf_room(buf, known->count * FACT_SPACE))
		return;
	for (size_t i = 0; i < known->count; i++) {
		const struct fact_key *key = &fact_keys[known->fact[i]];

		if (groups >> key->group & 1)
			put_fact(buf, key, f->fact[known->fact[i]], skip);
	}
	buf->p[start] = '{';
	kw_buf_char(buf, '}');
}

static void text_if(struct kw_json *j, struct kw_str key, struct kw_str text)
{
	if (!text.len)
		return;
	kw_json_key(j, key);
	kw_json_text(j, text);
}

#define TEXT_IF(j, name, text) text_if((j), KW_STR(",\"" name "\":"), (text))

/* Between the first and the last line there may be others: [[1,4],[6,21]] */
static void read_lines(struct kw_json *j, const struct kw_failure *f)
{
	KW_JSON_KEY(j, "read");
	kw_json_array(j);
	for (size_t i = 0, end; i < f->nlines; i = end) {
		for (end = i + 1; end < f->nlines; end++) {
			if (f->line[end].number > f->line[end - 1].number + 1 ||
			    f->line[end].number < f->line[end - 1].number)
				break;
		}
		kw_json_array(j);
		kw_json_dec(j, f->line[i].number);
		kw_json_dec(j, f->line[end - 1].number);
		kw_json_array_end(j);
	}
	kw_json_array_end(j);
}

static void input(struct kw_json *j, const struct kw_failure *f, const struct kw_style *style)
{
	KW_JSON_KEY(j, "input");
	kw_json_object(j);
	TEXT_IF(j, "file", kw_str(style->file));
	if (f->first_line)
		KW_JSON_DEC(j, "first_line", f->first_line);
	if (f->last_line)
		KW_JSON_DEC(j, "last_line", f->last_line);
	read_lines(j, f);
	kw_json_object_end(j);
}

/* {number, name} of what KVM or the VMM said. */
static void number(struct kw_json *j, const struct kw_failure *f, struct kw_str key,
		   enum kw_fact fact, const char *name)
{
	if (!kw_known(f, fact))
		return;
	kw_json_key(j, key);
	kw_json_object(j);
	KW_JSON_DEC(j, "number", f->fact[fact]);
	TEXT_IF(j, "name", kw_str(name));
	kw_json_object_end(j);
}

static const char *entry_code_name(uint64_t code, char *buf, size_t size)
{
	switch (kw_entry_code_of(code)) {
	case KW_ENTRY_VMX_EXIT:
		kw_vmx_exit_text((uint32_t)code, buf, size);
		return buf;
	case KW_ENTRY_VMX_INSN_ERROR:
		return kw_vmx_insn_error(code);
	case KW_ENTRY_SVM:
		return kw_svm_exit_name(code);
	case KW_ENTRY_OTHER:
		break;
	}
	return NULL;
}

static void numbers(struct kw_json *j, const struct kw_failure *f)
{
	char name[128];

	number(j, f, KW_STR(",\"errno\":"), KW_F_errno_number, kw_errno_name((int)f->errno_number));
	number(j, f, KW_STR(",\"suberror\":"), KW_F_suberror, kw_kvm_suberror_name(f->suberror));
	if (kw_has(f, hardware_error)) {
		KW_JSON_KEY(j, "hardware_error");
		kw_json_object(j);
		KW_JSON_HEX(j, "code", f->hardware_error);
		TEXT_IF(j, "name", kw_str(entry_code_name(f->hardware_error, name, sizeof(name))));
		kw_json_object_end(j);
	}
	number(j, f, KW_STR(",\"exit_reason\":"), KW_F_exit_reason,
	       kw_kvm_exit_name(f->exit_reason));
}

static void extra_data(struct kw_json *j, const struct kw_failure *f)
{
	if (!f->extra_known)
		return;
	KW_JSON_KEY(j, "extra_data");
	kw_json_array(j);
	for (unsigned int i = 0; i < KW_MAX_EXTRA && f->extra_known >> i; i++) {
		if (f->extra_known >> i & 1)
			kw_json_hex(j, f->extra[i]);
		else
			kw_json_null(j);
	}
	kw_json_array_end(j);
}

static void mode(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (c->mode != KW_MODE_UNKNOWN)
		KW_JSON_TEXT(j, "mode", kw_str(kw_mode_name(c->mode)));
	if (kw_has(f, smm)) {
		KW_JSON_KEY(j, "smm");
		kw_json_bool(j, f->smm != 0);
	}
	if (kw_has(f, cpl))
		KW_JSON_DEC(j, "cpl", f->cpl);
}

/* The instruction bytes as a Code= line prints them. */
static void bytes(struct kw_json *j, const uint8_t *p, size_t len)
{
	char text[3 * 15];

	for (size_t i = 0; i < len; i++) {
		text[3 * i] = "0123456789abcdef"[p[i] >> 4];
		text[3 * i + 1] = "0123456789abcdef"[p[i] & 15];
		text[3 * i + 2] = ' ';
	}
	KW_JSON_TEXT(j, "bytes", ((struct kw_str){ text, 3 * len - 1 }));
}

static void instruction(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_insn *insn = &c->insn;

	if (c->code != KW_CODE_OK || !insn->length)
		return;
	KW_JSON_KEY(j, "instruction");
	kw_json_object(j);
	if (c->has_linear_rip)
		KW_JSON_HEX(j, "address", c->linear_rip);
	bytes(j, insn->bytes, insn->length);
	KW_JSON_DEC(j, "length", insn->length);
	KW_JSON_TEXT(j, "mnemonic", kw_str(insn->mnemonic));
	KW_JSON_TEXT(j, "text", kw_str(insn->text));
	kw_json_object_end(j);
}

/* The fields of an MSR with their values in @value; reserved ones only if not 0. */
static void msr_fields(struct kw_json *j, const struct kw_msr *msr, uint64_t value)
{
	struct kw_msr_field field;

	KW_JSON_KEY(j, "fields");
	kw_json_array(j);
	for (size_t i = 0; kw_msr_field(msr, i, &field); i++) {
		uint64_t part = kw_msr_field_value(&field, value);

		if (field.reserved && !part)
			continue;
		kw_json_object(j);
		KW_JSON_TEXT(j, "name", field.reserved ? KW_STR("reserved") : kw_str(field.name));
		KW_JSON_DEC(j, "high", field.high);
		KW_JSON_DEC(j, "low", field.low);
		KW_JSON_HEX(j, "value", part);
		TEXT_IF(j, "text", kw_str(kw_msr_value_text(&field, value)));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static void msr(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_msr *row;

	if (!c->has_msr)
		return;
	row = kw_msr_find(c->msr_index, c->vendor);
	KW_JSON_KEY(j, "msr");
	kw_json_object(j);
	KW_JSON_TEXT(j, "access", c->msr_write ? KW_STR("write") : KW_STR("read"));
	KW_JSON_HEX(j, "index", c->msr_index);
	TEXT_IF(j, "name", kw_str(c->msr_name));
	if (c->has_msr_value) {
		KW_JSON_HEX(j, "value", c->msr_value);
		if (row && row->nfields)
			msr_fields(j, row, c->msr_value);
	}
	kw_json_object_end(j);
}

/* {line, text} of a line of the input. */
static void line(struct kw_json *j, const struct kw_failure *f, uint16_t index)
{
	kw_json_object(j);
	KW_JSON_DEC(j, "line", f->line[index].number);
	KW_JSON_TEXT(j, "text", f->line[index].text);
	kw_json_object_end(j);
}

static void finding(struct kw_json *j, const struct kw_failure *f, const struct kw_finding *finding)
{
	kw_json_object(j);
	KW_JSON_TEXT(j, "id", kw_str(finding->id));
	KW_JSON_TEXT(j, "certainty", kw_str(kw_certainty_name(finding->certainty)));
	KW_JSON_TEXT(j, "title", finding->title);
	KW_JSON_TEXT(j, "why", finding->why);
	KW_JSON_KEY(j, "do");
	kw_json_array(j);
	for (size_t i = 0; i < finding->ntodo; i++)
		kw_json_text(j, finding->todo[i]);
	kw_json_array_end(j);
	KW_JSON_KEY(j, "evidence");
	kw_json_array(j);
	for (size_t i = 0; i < finding->nevidence; i++) {
		if (finding->evidence[i] < f->nlines)
			line(j, f, finding->evidence[i]);
	}
	kw_json_array_end(j);
	KW_JSON_KEY(j, "sources");
	kw_json_array(j);
	for (size_t i = 0; i < finding->nsources; i++)
		kw_json_text(j, kw_str(finding->source[i]));
	kw_json_array_end(j);
	kw_json_object_end(j);
}

static void findings(struct kw_json *j, const struct kw_case *c)
{
	KW_JSON_KEY(j, "findings");
	kw_json_array(j);
	for (size_t i = 0; i < c->nfindings; i++)
		finding(j, c->f, &c->finding[i]);
	kw_json_array_end(j);
}

static void notes(struct kw_json *j, const struct kw_failure *f)
{
	KW_JSON_KEY(j, "notes");
	kw_json_array(j);
	for (size_t i = 0; i < f->nnotes; i++) {
		kw_json_object(j);
		if (f->note[i].line)
			KW_JSON_DEC(j, "line", f->note[i].line);
		KW_JSON_TEXT(j, "text", f->note[i].text);
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static const char *const verb_names[] = {
	[KW_MSR_UNHANDLED] = "unhandled",
	[KW_MSR_IGNORED] = "ignored",
	[KW_MSR_UNIMPLEMENTED] = "unimplemented",
	[KW_MSR_DISABLED_PERFCTR] = "disabled perfctr",
	[KW_MSR_NOP] = "nop",
};

static void line_number(struct kw_json *j, const struct kw_failure *f, uint16_t index)
{
	if (index < f->nlines)
		KW_JSON_DEC(j, "line", f->line[index].number);
}

static void msr_messages(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (!f->nmsr)
		return;
	KW_JSON_KEY(j, "msr_messages");
	kw_json_array(j);
	for (size_t i = 0; i < f->nmsr; i++) {
		const struct kw_msr_message *m = &f->msr[i];
		const struct kw_msr *row = kw_msr_find(m->index, c->vendor);
		char name[KW_MSR_NAME_SIZE];

		kw_json_object(j);
		line_number(j, f, m->line);
		KW_JSON_TEXT(j, "access", m->write ? KW_STR("write") : KW_STR("read"));
		KW_JSON_HEX(j, "index", m->index);
		if (kw_msr_name(row, m->index, name, sizeof(name)))
			KW_JSON_TEXT(j, "name", kw_str(name));
		if (m->value_known)
			KW_JSON_HEX(j, "value", m->value);
		if (m->rip)
			KW_JSON_HEX(j, "rip", m->rip);
		KW_JSON_DEC(j, "count", m->count);
		KW_JSON_TEXT(j, "verb", kw_str(verb_names[m->verb]));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static void signs(struct kw_json *j, const struct kw_failure *f)
{
	if (!f->nsigns)
		return;
	KW_JSON_KEY(j, "signs");
	kw_json_array(j);
	for (size_t i = 0; i < f->nsigns; i++) {
		kw_json_object(j);
		line_number(j, f, f->sign[i].line);
		KW_JSON_TEXT(j, "text", f->sign[i].text);
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

static void oddities(struct kw_json *j, const struct kw_case *c)
{
	if (!c->noddities)
		return;
	KW_JSON_KEY(j, "oddities");
	kw_json_array(j);
	for (size_t i = 0; i < c->noddities; i++) {
		const struct kw_oddity *odd = &c->oddity[i];

		kw_json_object(j);
		KW_JSON_KEY(j, "facts");
		kw_json_array(j);
		for (size_t k = 0; k < 2; k++) {
			if (odd->fact[k] != KW_F_none)
				kw_json_text(j, kw_str(kw_facts[odd->fact[k]].name));
		}
		kw_json_array_end(j);
		KW_JSON_TEXT(j, "text", kw_str(odd->text));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

/* What kvmwhy.ko or `kvmwhy watch` reported, unchanged: a word without its flag is left out. */
static void words(struct kw_json *j, const struct kw_case *c, struct kw_str key)
{
	const struct kw_told *m = &c->told;

	kw_json_key(j, key);
	kw_json_object(j);
	KW_JSON_DEC(j, "version", m->version);
	KW_JSON_KEY(j, "kind");
	kw_json_object(j);
	KW_JSON_DEC(j, "number", m->kind);
	TEXT_IF(j, "name", kw_str(kw_told_kind_name(m->kind)));
	kw_json_object_end(j);
	KW_JSON_KEY(j, "injected");
	kw_json_bool(j, m->injected);
	KW_JSON_KEY(j, "converted");
	kw_json_bool(j, m->converted);
	KW_JSON_KEY(j, "doubtful");
	kw_json_bool(j, c->told_doubt);
	KW_JSON_DEC(j, "errno", (uint64_t)-m->result);
	TEXT_IF(j, "function", kw_str(kw_told_function(m)));
	if (m->has_msr)
		KW_JSON_HEX(j, "msr", m->msr);
	if (m->has_value)
		KW_JSON_HEX(j, "value", m->value);
	if (m->has_rip)
		KW_JSON_HEX(j, "rip", m->rip);
	if (m->has_exit && m->vmx)
		KW_JSON_HEX(j, "vmx_exit_reason", m->exit_reason);
	else if (m->has_exit)
		KW_JSON_HEX(j, "svm_exit_code", m->exit_reason);
	if (m->has_gpa) {
		KW_JSON_HEX(j, "gpa", m->gpa);
		KW_JSON_HEX(j, "error_code", m->error_code);
	}
	if (m->has_insn)
		bytes(j, m->insn, m->insn_size);
	kw_json_object_end(j);
}

static void module(struct kw_json *j, const struct kw_case *c)
{
	if (c->told_state == KW_TOLD_OK && !c->told_by_watch)
		words(j, c, KW_STR(",\"module\":"));
}

static void fact_dec(struct kw_json *j, const struct kw_failure *f, struct kw_str key,
		     enum kw_fact fact)
{
	if (!kw_known(f, fact))
		return;
	kw_json_key(j, key);
	kw_json_dec(j, f->fact[fact]);
}

static void fact_hex(struct kw_json *j, const struct kw_failure *f, struct kw_str key,
		     enum kw_fact fact)
{
	if (!kw_known(f, fact))
		return;
	kw_json_key(j, key);
	kw_json_hex(j, f->fact[fact]);
}

static void fact_bool(struct kw_json *j, const struct kw_failure *f, struct kw_str key,
		      enum kw_fact fact)
{
	if (!kw_known(f, fact))
		return;
	kw_json_key(j, key);
	kw_json_bool(j, f->fact[fact] != 0);
}

#define FACT_DEC(j, f, name, fact) fact_dec((j), (f), KW_STR(",\"" name "\":"), KW_F_##fact)
#define FACT_HEX(j, f, name, fact) fact_hex((j), (f), KW_STR(",\"" name "\":"), KW_F_##fact)
#define FACT_BOOL(j, f, name, fact) fact_bool((j), (f), KW_STR(",\"" name "\":"), KW_F_##fact)

static void watch_exit(struct kw_json *j, const struct kw_failure *f)
{
	const char *name = NULL;

	if (!kw_has(f, last_exit))
		return;
	if (kw_has(f, watch_vmx))
		name = f->watch_vmx ? kw_vmx_exit_name(f->last_exit & 0xffff) :
				      kw_svm_exit_name(f->last_exit);
	KW_JSON_KEY(j, "last_exit");
	kw_json_object(j);
	FACT_HEX(j, f, "code", last_exit);
	TEXT_IF(j, "name", kw_str(name));
	FACT_HEX(j, f, "info1", last_exit_info1);
	FACT_HEX(j, f, "info2", last_exit_info2);
	FACT_HEX(j, f, "intr_info", last_exit_intr_info);
	FACT_HEX(j, f, "error_code", last_exit_error_code);
	kw_json_object_end(j);
}

static void watch_time(struct kw_json *j, const struct kw_failure *f)
{
	char room[40];
	struct kw_arena none = { .fixed = true };
	struct kw_buf buf = { .p = room, .size = sizeof(room), .arena = &none };

	if (!kw_has(f, watch_time))
		return;
	kw_utc_put(&buf, f->watch_time);
	KW_JSON_TEXT(j, "time", ((struct kw_str){ buf.p, buf.len }));
}

static void watch_source(struct kw_json *j, const struct kw_failure *f)
{
	static const char *const names[] = {
		[KVMWHY_SOURCE_BPF] = "bpf",
		[KVMWHY_SOURCE_BPF_KPROBE] = "bpf-kprobe",
		[KVMWHY_SOURCE_TRACEFS] = "tracefs",
		[KVMWHY_SOURCE_BPF_TRACEPOINT] = "bpf-tracepoint",
	};

	if (kw_has(f, watch_source) && f->watch_source < sizeof(names) / sizeof(names[0]))
		TEXT_IF(j, "source", kw_str(names[f->watch_source]));
}

/* What `kvmwhy watch` wrote around the failure. */
static void watch(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (!f->watch.begun)
		return;
	KW_JSON_KEY(j, "watch");
	kw_json_object(j);
	FACT_DEC(j, f, "number", watch_number);
	watch_time(j, f);
	watch_source(j, f);
	TEXT_IF(j, "host_kernel", f->text[KW_T_HOST_KERNEL]);
	if (kw_has(f, watch_vmx))
		KW_JSON_TEXT(j, "virtualization", f->watch_vmx ? KW_STR("vmx") : KW_STR("svm"));
	FACT_DEC(j, f, "pid", pid);
	FACT_DEC(j, f, "tid", tid);
	FACT_DEC(j, f, "vcpu", vcpu);
	TEXT_IF(j, "thread", f->text[KW_T_THREAD]);
	TEXT_IF(j, "guest", f->text[KW_T_GUEST]);
	FACT_BOOL(j, f, "redacted", watch_redacted);
	FACT_BOOL(j, f, "encrypted", watch_protected);
	KW_JSON_KEY(j, "complete");
	kw_json_bool(j, f->watch.ended);
	watch_exit(j, f);
	if (c->told_state == KW_TOLD_OK && c->told_by_watch)
		words(j, c, KW_STR(",\"words\":"));
	kw_json_object_end(j);
}

static void memory_fault(struct kw_json *j, const struct kw_failure *f)
{
	if (!kw_has(f, memory_fault_gpa))
		return;
	KW_JSON_KEY(j, "memory_fault");
	kw_json_object(j);
	KW_JSON_HEX(j, "gpa", f->memory_fault_gpa);
	if (kw_has(f, memory_fault_size))
		KW_JSON_HEX(j, "size", f->memory_fault_size);
	if (kw_has(f, memory_fault_flags))
		KW_JSON_HEX(j, "flags", f->memory_fault_flags);
	kw_json_object_end(j);
}

static void code_state(struct kw_json *j, enum kw_code_state state)
{
	static const char *const names[] = {
		[KW_CODE_NONE] = "none",
		[KW_CODE_OK] = "ok",
		[KW_CODE_UNREADABLE] = "unreadable",
		[KW_CODE_NO_MARK] = "no-mark",
		[KW_CODE_CUT] = "cut",
		[KW_CODE_NO_MODE] = "no-mode",
		[KW_CODE_INVALID] = "invalid",
		[KW_CODE_ZEROS] = "zeros",
		[KW_CODE_FFS] = "ffs",
	};

	KW_JSON_KEY(j, "code");
	kw_json_object(j);
	KW_JSON_TEXT(j, "state", kw_str(names[state]));
	kw_json_object_end(j);
}

/* The facts a check looked at: names as in "registers", "vmcs" and "vmcb". */
static void check_saw(struct kw_json *j, const struct kw_entry *saw)
{
	KW_JSON_KEY(j, "saw");
	kw_json_array(j);
	for (size_t i = 0; i < saw->nused; i++) {
		const struct kw_fact_info *info = &kw_facts[saw->used[i]];
		bool prefixed = info->group == KW_G_VMCS || info->group == KW_G_VMCB;

		kw_json_text(j, kw_str(info->name + (prefixed ? PREFIX_LEN : 0)));
	}
	kw_json_array_end(j);
	KW_JSON_TEXT(j, "in",
		     saw->by_vmm					     ? KW_STR("registers") :
		     saw->nused && kw_facts[saw->used[0]].group == KW_G_VMCB ? KW_STR("vmcb") :
									       KW_STR("vmcs"));
}

static void broken_check(struct kw_json *j, const struct kw_broken_check *b)
{
	kw_json_object(j);
	KW_JSON_TEXT(j, "id", kw_str(b->check->id));
	KW_JSON_TEXT(j, "says", kw_str(b->check->says));
	KW_JSON_TEXT(j, "section", kw_str(kw_check_section_of(b->check)->title));
	check_saw(j, &b->saw);
	kw_json_object_end(j);
}

/* Which checks are undecided, and what they lack. */
static void untold_checks(struct kw_json *j, const struct kw_failure *f)
{
	const struct kw_check *check = NULL;
	struct kw_entry e;

	KW_JSON_KEY(j, "cannot_tell");
	kw_json_array(j);
	while ((check = kw_check_next(f, check, KW_CHECK_CANNOT_TELL, &e))) {
		kw_json_object(j);
		KW_JSON_TEXT(j, "id", kw_str(check->id));
		KW_JSON_TEXT(j, "needs", kw_str(kw_entry_needs(&e)));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

/* Without a dump hardly any check can be decided, and that needs no list. */
static void entry_checks(struct kw_json *j, const struct kw_case *c)
{
	const struct kw_checks *k = &c->checks;

	if (!k->asked)
		return;
	KW_JSON_KEY(j, "entry_checks");
	kw_json_object(j);
	KW_JSON_DEC(j, "asked", k->asked);
	KW_JSON_DEC(j, "hold", k->hold);
	KW_JSON_KEY(j, "broken");
	kw_json_array(j);
	for (size_t i = 0; i < k->nbroken; i++)
		broken_check(j, &k->broken[i]);
	kw_json_array_end(j);
	if (kw_failure_has_host_dump(c->f))
		untold_checks(j, c->f);
	kw_json_object_end(j);
}

static void fingerprint(struct kw_json *j, struct kw_str value)
{
	KW_JSON_KEY(j, "fingerprint");
	kw_json_object(j);
	KW_JSON_DEC(j, "version", 1);
	KW_JSON_TEXT(j, "value", value);
	kw_json_object_end(j);
}

/* The key order is stable: the first keys of the format, then later ones. */
static void write_case(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style)
{
	const struct kw_failure *f = c->f;
	struct kw_json writer = { .buf = buf }, *j = &writer;
	struct known known;

	find_known(f, &known);
	kw_json_object(j);
	KW_JSON_DEC(j, "schema", 1);
	input(j, f, style);
	fingerprint(j, c->fingerprint);
	KW_JSON_TEXT(j, "class", kw_str(kw_class_name(f->class)));
	KW_JSON_TEXT(j, "arch", kw_str(kw_arch_name(f->arch)));
	numbers(j, f);
	extra_data(j, f);
	mode(j, c);
	facts(j, f, &known, KW_STR(",\"registers\":"), REGISTERS, 0);
	instruction(j, c);
	msr(j, c);
	findings(j, c);
	notes(j, f);

	TEXT_IF(j, "headline", c->headline);
	TEXT_IF(j, "said", c->said);
	KW_JSON_KEY(j, "harmless");
	kw_json_bool(j, c->harmless);
	msr_messages(j, c);
	facts(j, f, &known, KW_STR(",\"vmcs\":"), GROUP(VMCS), PREFIX_LEN);
	facts(j, f, &known, KW_STR(",\"vmcb\":"), GROUP(VMCB), PREFIX_LEN);
	signs(j, f);
	oddities(j, c);
	module(j, c);
	watch(j, c);
	memory_fault(j, f);
	entry_checks(j, c);
	if (kw_is_x86(f))
		code_state(j, c->code);
	kw_json_object_end(j);
}

static void begin_array(struct kw_buf *buf)
{
	kw_buf_char(buf, '[');
}

static void item_of_array(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
			  bool first)
{
	kw_buf_add(buf, first ? KW_STR("\n") : KW_STR(",\n"));
	write_case(buf, c, style);
}

static void end_array(struct kw_buf *buf, bool empty)
{
	kw_buf_add(buf, empty ? KW_STR("]\n") : KW_STR("\n]\n"));
}

const struct kw_renderer kw_renderer_json = {
	.name = "json",
	.begin = begin_array,
	.item = item_of_array,
	.end = end_array,
};

static void no_begin(struct kw_buf *buf)
{
	(void)buf;
}

static void item_of_lines(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
			  bool first)
{
	(void)first;
	write_case(buf, c, style);
	kw_buf_char(buf, '\n');
}

static void no_end(struct kw_buf *buf, bool empty)
{
	(void)buf;
	(void)empty;
}

const struct kw_renderer kw_renderer_ndjson = {
	.name = "ndjson",
	.begin = no_begin,
	.item = item_of_lines,
	.end = no_end,
};
