// SPDX-License-Identifier: MIT
/*
 * A record of a failure that was seen as it happened in, text out: lines of our own, which
 * parse/watch.c reads, around the lines QEMU would print for the vCPU. docs/watch.md has the
 * grammar.
 */
#include "write/write.h"

#include "base/utc.h"
#include "decode/tables.h"
#include "decode/told.h"

enum { NAME_MAX = 256, RELEASE_MAX = 64, LOG_LINES = 200, LOG_BYTES = 500 };

#define MARK "kvmwhy watch: "

struct writer {
	struct kw_buf *buf;
	struct kw_failure *f;
	const struct kvmwhy_event *e;
	const struct kw_watch_context *context;
};

static unsigned long long number(uint64_t value)
{
	return value;
}

/* @text, cut after @max bytes. */
static struct kw_str bounded(const char *text, size_t max)
{
	return (struct kw_str){ text, text ? strnlen(text, max) : 0 };
}

/* The first lines */

static void put_number(struct writer *w)
{
	if (w->context->number)
		kw_buf_printf(w->buf, "%llu ", number(w->context->number));
}

static void put_time(struct writer *w)
{
	if (w->context->utc_ns <= 0)
		return;
	KW_BUF_LIT(w->buf, " at ");
	kw_utc_put(w->buf, (uint64_t)w->context->utc_ns / 1000);
}

static void put_source(struct writer *w)
{
	static const char *const names[] = {
		[KVMWHY_SOURCE_BPF] = "bpf",
		[KVMWHY_SOURCE_BPF_KPROBE] = "bpf-kprobe",
		[KVMWHY_SOURCE_TRACEFS] = "tracefs",
		[KVMWHY_SOURCE_BPF_TRACEPOINT] = "bpf-tracepoint",
	};
	uint32_t source = w->e->common.source;

	if (source < sizeof(names) / sizeof(names[0]) && names[source])
		kw_buf_printf(w->buf, ", seen by %s", names[source]);
}

static void put_begin(struct writer *w)
{
	KW_BUF_LIT(w->buf, MARK "failure ");
	put_number(w);
	KW_BUF_LIT(w->buf, "begins");
	put_time(w);
	put_source(w);
	KW_BUF_LIT(w->buf, "\n");
}

static void put_host(struct writer *w)
{
	struct kw_str release = bounded(w->context->host_kernel, RELEASE_MAX);
	bool vendor = kw_has(w->f, watch_vmx);

	for (size_t i = 0; i < release.len; i++) {
		char c = release.p[i];

		if (!kw_is_word(c) && c != '.' && c != '-' && c != '+' && c != '~')
			release.len = i;
	}
	if (!release.len && !vendor)
		return;
	KW_BUF_LIT(w->buf, MARK "host ");
	if (release.len) {
		KW_BUF_LIT(w->buf, "kernel ");
		kw_buf_add(w->buf, release);
		kw_buf_add(w->buf, vendor ? KW_STR(", ") : KW_STR(""));
	}
	kw_buf_add(w->buf, !vendor ? KW_STR("") : w->f->watch_vmx ? KW_STR("VMX") : KW_STR("SVM"));
	KW_BUF_LIT(w->buf, "\n");
}

static void put_who(struct writer *w)
{
	static const struct {
		char name[9];
		uint16_t fact;
	} numbers[] = { { "pid", KW_F_pid },
			{ "tid", KW_F_tid },
			{ "vCPU", KW_F_vcpu },
			{ "host CPU", KW_F_cpu } };
	const char *before = MARK;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		enum kw_fact fact = (enum kw_fact)numbers[i].fact;

		if (!kw_known(w->f, fact))
			continue;
		kw_buf_printf(w->buf, "%s%s %llu", before, numbers[i].name,
			      number(w->f->fact[fact]));
		before = ", ";
	}
	if (before[0] == ',')
		KW_BUF_LIT(w->buf, "\n");
}

static void put_name(struct writer *w, const char *what, struct kw_str name)
{
	if (!name.len)
		return;
	kw_buf_printf(w->buf, MARK "%s \"", what);
	kw_event_quote(w->buf, name);
	KW_BUF_LIT(w->buf, "\"\n");
}

static void put_names(struct writer *w)
{
	char name[KVMWHY_EVENT_ARGS];
	struct kw_str guest = bounded(w->context->guest, NAME_MAX);

	if (w->context->redact)
		return;
	put_name(w, "thread", bounded(w->e->common.comm, sizeof(w->e->common.comm)));
	if (!w->context->guest)
		guest = (struct kw_str){ name,
					 kw_event_name(w->e->common.args, sizeof(w->e->common.args),
						       name, sizeof(name)) };
	put_name(w, "guest", guest);
}

static void put_flags(struct writer *w)
{
	if (w->context->redact)
		KW_BUF_LIT(w->buf,
			   MARK "redacted: names, registers and bytes that this failure\n" MARK
				"does not need, and the kernel's log, are left out\n");
	if (kw_has(w->f, watch_protected))
		KW_BUF_LIT(w->buf, MARK "encrypted: KVM does not have the guest's registers\n");
	if (kw_has(w->f, watch_harmless))
		KW_BUF_LIT(w->buf, MARK
			   "harmless: an exit that this VM's VMM normally handles\n");
}

/* What failed, in words */

static void put_errno(struct writer *w, int64_t result)
{
	const char *name = kw_errno_name((int)-result);

	kw_buf_printf(w->buf, "%lld", (long long)result);
	if (name)
		kw_buf_printf(w->buf, " (%s)", name);
}

static void put_access(struct writer *w, const struct kw_told *m)
{
	const char *function = kw_told_function(m);

	if (m->kind == KVMWHY_KIND_WRMSR && m->has_msr) {
		kw_buf_printf(w->buf, "WRMSR(0x%x)", m->msr);
		if (m->has_value)
			kw_buf_printf(w->buf, " <- 0x%llx", number(m->value));
	} else if (m->kind == KVMWHY_KIND_RDMSR && m->has_msr) {
		kw_buf_printf(w->buf, "RDMSR(0x%x)", m->msr);
	} else if (m->kind == KVMWHY_KIND_PAGE_FAULT && m->has_gpa) {
		kw_buf_printf(w->buf, "access to GPA 0x%llx", number(m->gpa));
	} else {
		KW_BUF_LIT(w->buf, "KVM_RUN");
	}
	KW_BUF_LIT(w->buf, ": ");
	put_errno(w, m->result);
	if (function)
		kw_buf_printf(w->buf, " from %s", function);
}

static void put_exit_reason(struct writer *w)
{
	const struct kw_failure *f = w->f;
	const char *name = kw_kvm_exit_name(f->run_exit_reason);

	kw_buf_printf(w->buf, "KVM_RUN: 0, exit reason %llu%s%s", number(f->run_exit_reason),
		      name ? " " : "", name ? name : "");
	if (kw_has(f, suberror))
		kw_buf_printf(w->buf, ", suberror %llu", number(f->suberror));
	if (kw_has(f, hardware_error))
		kw_buf_printf(w->buf, ", hardware error 0x%llx", number(f->hardware_error));
}

static bool read_words(const struct kvmwhy_event *e, struct kw_told *ret)
{
	uint64_t words[KVMWHY_NDATA];

	memcpy(words, &e->x86.data, sizeof(words));
	return e->x86.known & KVMWHY_X86_DATA &&
	       kw_told_read(words, KVMWHY_NDATA, ret) == KW_TOLD_OK;
}

static void put_failed(struct writer *w)
{
	struct kw_told m;

	KW_BUF_LIT(w->buf, MARK "failed: ");
	if (read_words(w->e, &m)) {
		put_access(w, &m);
	} else if (kw_has(w->f, errno_number)) {
		KW_BUF_LIT(w->buf, "KVM_RUN: ");
		put_errno(w, -(int64_t)w->f->errno_number);
	} else if (kw_has(w->f, run_exit_reason)) {
		put_exit_reason(w);
	} else {
		KW_BUF_LIT(w->buf, "the record does not say what");
	}
	KW_BUF_LIT(w->buf, "\n");
}

/* For programs */

static const char *exit_name(const struct kw_failure *f)
{
	if (!kw_has(f, watch_vmx))
		return NULL;
	return f->watch_vmx ? kw_vmx_exit_name(f->last_exit & 0xffff) :
			      kw_svm_exit_name(f->last_exit);
}

static void put_pair(struct writer *w, const char *a, enum kw_fact first, const char *b,
		     enum kw_fact second)
{
	const struct kw_failure *f = w->f;

	if (!kw_known(f, first) && !kw_known(f, second))
		return;
	KW_BUF_LIT(w->buf, MARK "its");
	if (kw_known(f, first))
		kw_buf_printf(w->buf, " %s 0x%llx", a, number(f->fact[first]));
	if (kw_known(f, second))
		kw_buf_printf(w->buf, " %s 0x%llx", b, number(f->fact[second]));
	KW_BUF_LIT(w->buf, "\n");
}

static void put_exit(struct writer *w)
{
	const char *name = exit_name(w->f);

	if (kw_has(w->f, last_exit)) {
		kw_buf_printf(w->buf, MARK "last VM exit 0x%llx", number(w->f->last_exit));
		if (name)
			kw_buf_printf(w->buf, " (%s, %s)", w->f->watch_vmx ? "VMX" : "SVM", name);
		KW_BUF_LIT(w->buf, "\n");
	}
	put_pair(w, "info1", KW_F_last_exit_info1, "info2", KW_F_last_exit_info2);
	put_pair(w, "intr_info", KW_F_last_exit_intr_info, "error_code", KW_F_last_exit_error_code);
}

/* Three words a line: mail programs do not break lines of this length. */
static void put_data(struct writer *w)
{
	uint64_t words[KVMWHY_NDATA];

	if (!(w->e->x86.known & KVMWHY_X86_DATA))
		return;
	memcpy(words, &w->e->x86.data, sizeof(words));
	for (size_t i = 0; i < KVMWHY_NDATA; i++) {
		if (i % 3 == 0)
			kw_buf_printf(w->buf, "%s" MARK "data[%zu]", i ? "\n" : "", i);
		KW_BUF_LIT(w->buf, " 0x");
		kw_buf_hex(w->buf, words[i], 16);
	}
	KW_BUF_LIT(w->buf, "\n");
}

static void put_dump_line(void *arg, struct kw_str line)
{
	struct writer *w = arg;

	kw_buf_add(w->buf, line);
	KW_BUF_LIT(w->buf, "\n");
}

static void put_log(struct writer *w)
{
	size_t n = w->context->redact ? 0 : w->context->nlines,
	       most = n < LOG_LINES ? n : LOG_LINES;

	for (size_t i = 0; i < most; i++) {
		KW_BUF_LIT(w->buf, MARK "log: ");
		kw_event_quote_log(w->buf, bounded(w->context->lines[i], LOG_BYTES));
		KW_BUF_LIT(w->buf, "\n");
	}
	if (most < n)
		kw_buf_printf(w->buf, MARK "%zu further lines of the kernel's log are left out\n",
			      n - most);
}

static void put_end(struct writer *w)
{
	KW_BUF_LIT(w->buf, MARK "failure ");
	put_number(w);
	KW_BUF_LIT(w->buf, "ends\n");
}

static void put_all(struct writer *w)
{
	put_begin(w);
	put_host(w);
	put_who(w);
	put_names(w);
	put_flags(w);
	put_failed(w);
	put_exit(w);
	put_data(w);
	kw_dump_lines(w->f, put_dump_line, w);
	put_log(w);
	put_end(w);
}

void kw_write_watch(struct kw_buf *buf, struct kw_failure *f, const struct kvmwhy_event *e,
		    const struct kw_watch_context *context)
{
	struct writer w = { .buf = buf, .f = f, .e = e, .context = context };

	put_all(&w);
}
