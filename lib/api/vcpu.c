// SPDX-License-Identifier: MIT
/*
 * A vCPU in, as its VMM has it; reports, the text of a dump, or one line out. The lines of the dump
 * are the evidence: the answer is what a reader of that text would get.
 */
#include "api/api.h"
#include "base/escape.h"
#include "decode/tables.h"
#include "parse/parse.h"
#include "write/write.h"

#include <errno.h>
#include <stdlib.h>

enum { ARENA_LIMIT = 1 << 20 };

/* A structure may be absent; if present, it must be as large as KVM's. */
static int check_part(struct kw_error *error, const char *name, const void *p, size_t size,
		      size_t wanted)
{
	if (!p && size)
		return kw_refuse(error, "kw_vcpu_state.%s is NULL, and its size is %zu", name,
				 size);
	if (p && size != wanted)
		return kw_refuse(error, "kw_vcpu_state.%s_size is %zu: KVM's structure has %zu",
				 name, size, wanted);
	return 0;
}

static int check_run(const struct kw_vcpu_state *s, struct kw_error *error)
{
	if (!s->run && s->run_size)
		return kw_refuse(error, "kw_vcpu_state.run is NULL, and its size is %zu",
				 s->run_size);
	if (s->run && (s->run_size < KW_RUN_PAGE_MIN || s->run_size > KW_RUN_PAGE_MAX))
		return kw_refuse(error, "kw_vcpu_state.run_size is %zu: it is %u to %u",
				 s->run_size, KW_RUN_PAGE_MIN, KW_RUN_PAGE_MAX);
	return 0;
}

static int check_code(const struct kw_vcpu_state *s, struct kw_error *error)
{
	if (!s->code && s->code_size)
		return kw_refuse(error, "kw_vcpu_state.code is NULL, and its size is %zu",
				 s->code_size);
	if (!s->code)
		return 0;
	if (s->code_size > KW_VCPU_CODE_MAX)
		return kw_refuse(error, "kw_vcpu_state.code_size is %zu: at most %u", s->code_size,
				 KW_VCPU_CODE_MAX);
	if (s->code_at >= s->code_size)
		return kw_refuse(error, "kw_vcpu_state.code_at is %zu, beyond .code_size of %zu",
				 s->code_at, s->code_size);
	return 0;
}

static int check_parts(const struct kw_vcpu_state *s, struct kw_error *error)
{
	size_t sregs = s->flags & KW_VCPU_SREGS2 ? KW_VCPU_SREGS2_BYTES : KW_VCPU_SREGS_BYTES;
	const struct {
		const char *name;
		const void *p;
		size_t size, wanted;
	} parts[] = {
		{ "regs", s->regs, s->regs_size, KW_VCPU_REGS_BYTES },
		{ "sregs", s->sregs, s->sregs_size, sregs },
		{ "events", s->events, s->events_size, KW_VCPU_EVENTS_BYTES },
		{ "debugregs", s->debugregs, s->debugregs_size, KW_VCPU_DEBUGREGS_BYTES },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(parts) / sizeof(parts[0]); i++)
		err = check_part(error, parts[i].name, parts[i].p, parts[i].size, parts[i].wanted);
	return err;
}

static int check_state(const struct kw_vcpu_state *s, struct kw_error *error)
{
	int err;

	if (!s)
		return kw_refuse(error, "the kw_vcpu_state is NULL");
	if (s->size != sizeof(*s))
		return kw_refuse(error, "kw_vcpu_state.size is %zu: this library knows %zu",
				 s->size, sizeof(*s));
	if (s->arch && strcmp(s->arch, "x86"))
		return kw_refuse(error, "kw_vcpu_state.arch is '%.32s': this library knows \"x86\"",
				 s->arch);
	if (s->flags & ~KW_VCPU_SREGS2)
		return kw_refuse(error, "kw_vcpu_state.flags is 0x%x: this library knows 0x%x",
				 s->flags, KW_VCPU_SREGS2);
	if (s->error < 0)
		return kw_refuse(error, "kw_vcpu_state.error is %d: an errno is positive",
				 s->error);
	if (!s->msrs && s->nmsrs)
		return kw_refuse(error, "kw_vcpu_state.msrs is NULL, and .nmsrs is %zu", s->nmsrs);
	err = check_run(s, error);
	if (!err)
		err = check_parts(s, error);
	return err ? err : check_code(s, error);
}

/* Into an empty record; 0 or -EINVAL. */
static int read_state(const struct kw_vcpu_state *s, struct kw_error *error, struct kw_failure *f)
{
	int err = check_state(s, error);

	if (err)
		return err;
	kw_run_page_read(f, s->error, s->run, s->run_size, s->regs, s->sregs);
	kw_vcpu_events(f, s->events, s->run, s->run_size);
	if (s->debugregs)
		kw_vcpu_debugregs(f, s->debugregs);
	for (size_t i = 0; i < s->nmsrs; i++)
		kw_vcpu_msr(f, s->msrs[i].index, s->msrs[i].value);
	if (s->code)
		kw_vcpu_code(f, s->code, s->code_size, s->code_at, s->code_known);
	if (s->number >= 0)
		kw_failure_set(f, KW_F_vcpu, (uint64_t)s->number, KW_SEEN, KW_NO_LINE);
	kw_vcpu_finish(f);
	return 0;
}

static void add_line(void *arg, struct kw_str line)
{
	struct kw_failure *f = arg;

	f->last_line++;
	kw_failure_add_line(f, f->last_line, line);
}

static int explain(const struct kw_vcpu_state *s, struct kw_error *error,
		   const struct kw_context *context, struct kw_failure *f, struct kw_case *ret)
{
	int err = read_state(s, error, f);

	if (err)
		return err;
	f->text[KW_T_VMM] = kw_arena_copy(f->arena, kw_str(s->vmm));
	f->text[KW_T_GUEST] = kw_arena_copy(f->arena, kw_str(s->guest));
	kw_dump_lines(f, add_line, f);
	f->first_line = f->nlines > 0;
	if (f->headline.how != KW_NOT_KNOWN)
		f->text[KW_T_HEADLINE] = f->line[f->headline.line].text;
	kw_explain(f, context, ret);
	return 0;
}

/* Reports */

struct room {
	struct kw_arena arena;
	struct kw_failure f;
	struct kw_report report;
	struct kw_shown *shown;
};

int kw_vcpu_report(const struct kw_vcpu_state *state, const struct kw_options *options,
		   kw_report_fn fn, void *arg)
{
	struct kw_context context;
	struct room *room;
	int err = kw_context_init(options, &context);

	if (err)
		return err;
	room = malloc(sizeof(*room));
	if (!room)
		return -ENOMEM;
	kw_arena_init(&room->arena, ARENA_LIMIT);
	kw_failure_init(&room->f, &room->arena);
	err = explain(state, kw_options_error(options), &context, &room->f, &room->report.c);
	room->report.file = options ? options->file : NULL;
	room->shown = NULL;
	room->report.shown = &room->shown;
	if (!err)
		err = fn(arg, &room->report);
	kw_arena_deinit(&room->arena);
	free(room);
	return err;
}

static int print_report(void *arg, const struct kw_report *report)
{
	return kw_printer_report(arg, report);
}

int kw_vcpu_explain(const struct kw_vcpu_state *state, const struct kw_options *options,
		    const char *format, char **ret)
{
	struct kw_buf buf = { 0 };
	struct kw_printer *printer = NULL;
	int err = kw_printer_create(format, 0, kw_buf_write, &buf, &printer);

	if (!err)
		err = kw_vcpu_report(state, options, print_report, printer);
	if (!err)
		err = kw_printer_finish(printer);
	kw_printer_destroy(printer);
	if (!err)
		return kw_buf_take(&buf, ret);
	kw_buf_deinit(&buf);
	return err;
}

/* The dump */

struct sink {
	char *buf;
	size_t size, len;
};

static void sink_text(struct sink *sink, struct kw_str text)
{
	size_t room = sink->len < sink->size ? sink->size - sink->len : 0;
	size_t part = text.len < room ? text.len : room;

	if (part)
		memcpy(sink->buf + sink->len, text.p, part);
	sink->len += text.len;
}

static void sink_line(void *arg, struct kw_str line)
{
	sink_text(arg, line);
	sink_text(arg, KW_STR("\n"));
}

size_t kw_vcpu_dump(const struct kw_vcpu_state *state, char *buf, size_t size)
{
	struct sink sink = { .buf = buf, .size = size };
	struct kw_arena none = { .fixed = true };
	struct kw_failure f;

	kw_failure_init(&f, &none);
	if (read_state(state, NULL, &f) == 0)
		kw_dump_lines(&f, sink_line, &sink);
	if (size)
		buf[sink.len < size ? sink.len : size - 1] = '\0';
	return sink.len;
}

/* One line */

/* What KVM said, in short: "KVM_RUN: EPERM: ". */
static void put_said(struct kw_buf *buf, const struct kw_failure *f)
{
	const char *name;

	if (f->class == KW_CLASS_KVM_RUN_FAILED) {
		name = kw_errno_name((int)f->errno_number);
		KW_BUF_LIT(buf, "KVM_RUN: ");
		if (name)
			kw_buf_add(buf, kw_str(name));
		else
			kw_buf_printf(buf, "errno %llu", (unsigned long long)f->errno_number);
	} else if (kw_has(f, run_exit_reason)) {
		name = kw_kvm_exit_name(f->run_exit_reason);
		if (name)
			kw_buf_add(buf, kw_str(name));
		else
			kw_buf_printf(buf, "exit reason %llu",
				      (unsigned long long)f->run_exit_reason);
	} else {
		KW_BUF_LIT(buf, "no errno and no kvm_run");
	}
	if (f->class == KW_CLASS_INTERNAL_ERROR && kw_has(f, suberror))
		kw_buf_printf(buf, ", suberror %llu", (unsigned long long)f->suberror);
	if (f->class == KW_CLASS_ENTRY_FAILED && kw_has(f, hardware_error))
		kw_buf_printf(buf, " 0x%llx", (unsigned long long)f->hardware_error);
	KW_BUF_LIT(buf, ": ");
}

static struct kw_str line_of(const struct kw_case *c)
{
	struct kw_buf buf = { .arena = c->f->arena };

	if (!c->f->nlines)
		return KW_STR("no errno, no kvm_run and no registers: nothing to explain");
	if (kw_has(c->f, vcpu))
		kw_buf_printf(&buf, "vCPU %llu: ", (unsigned long long)c->f->vcpu);
	if (!kw_str_starts(c->headline, c->said)) /* which says it in full */
		put_said(&buf, c->f);
	kw_escape_terminal(&buf, c->headline);
	return kw_buf_text(&buf);
}

/* As much of @text as fits, without splitting a character. */
static void cut(struct kw_str text, char *buf, size_t size)
{
	size_t len = text.len;

	if (!size)
		return;
	if (len >= size) {
		len = size - 1;
		while (len && ((unsigned char)text.p[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(buf, text.p, len);
	buf[len] = '\0';
}

size_t kw_vcpu_reason(const struct kw_vcpu_state *state, const struct kw_options *options,
		      void *scratch, size_t scratch_size, char *buf, size_t size)
{
	struct kw_context context;
	struct kw_str line = KW_STR("");
	struct kw_arena arena;
	struct kw_failure *f;
	struct kw_case *c;

	if (!scratch || scratch_size < KW_REASON_SCRATCH) {
		kw_refuse(kw_options_error(options), "the scratch has %zu bytes: %u are needed",
			  scratch ? scratch_size : 0, KW_REASON_SCRATCH);
	} else if (kw_context_init(options, &context) == 0) {
		kw_arena_init_fixed(&arena, scratch, scratch_size);
		f = kw_arena_alloc(&arena, sizeof(*f));
		c = kw_arena_alloc(&arena, sizeof(*c));
		kw_failure_init(f, &arena);
		if (explain(state, kw_options_error(options), &context, f, c) == 0)
			line = line_of(c);
	}
	cut(line, buf, size);
	return line.len;
}
