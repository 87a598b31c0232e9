// SPDX-License-Identifier: MIT
/* A record of `kvmwhy watch` as text, and what a reader gets from it. */
#include "kvmwhy/kvmwhy.h"
#include "write/write.h"
#include "base/utc.h"
#include "decode/tables.h"
#include "parse_text.h"
#include "watch_event.h"

#include <errno.h>

enum { TEXT_MAX = 1 << 18 };

static struct kw_event_context context_of(void)
{
	return (struct kw_event_context){ .size = sizeof(struct kw_event_context),
					  .number = 7,
					  .utc_ns = 1796106325123456789,
					  .host_kernel = "6.1.0-18-amd64" };
}

static char *text_of(const struct kvmwhy_event *e, const struct kw_event_context *context)
{
	char *text, *copy;

	assert_int_equal(kw_event_text(e, sizeof(*e), context, &text), 0);
	copy = strdup(text);
	assert_non_null(copy);
	free(text);
	return copy;
}

/* The failures in the text, read as a stream in one piece. */
static struct seen read_text(const char *text)
{
	struct seen seen = { .count = 0 };
	struct kw_stream *s;

	kw_arena_init(&seen.arena, 1 << 20);
	assert_int_equal(kw_stream_create(seen_add, &seen, &s), 0);
	kw_stream_feed(s, text, strlen(text));
	kw_stream_finish(s);
	kw_stream_destroy(s);
	return seen;
}

/* What a report says, for comparing and for looking into. */
struct answer {
	unsigned int count;
	char class[32], fingerprint[256], findings[1024], title[512];
};

static int note_report(void *arg, const struct kw_report *report)
{
	struct answer *a = arg;
	size_t len = 0;

	a->count++;
	snprintf(a->class, sizeof(a->class), "%s", kw_report_text(report, KW_REPORT_CLASS));
	snprintf(a->fingerprint, sizeof(a->fingerprint), "%s",
		 kw_report_text(report, KW_REPORT_FINGERPRINT));
	snprintf(a->title, sizeof(a->title), "%s", kw_report_text(report, KW_REPORT_HEADLINE));
	a->findings[0] = '\0';
	for (size_t i = 0; i < kw_report_findings(report) && len < sizeof(a->findings); i++)
		len += (size_t)snprintf(a->findings + len, sizeof(a->findings) - len, "%s:%s ",
					kw_report_finding(report, i, KW_FINDING_ID),
					kw_report_finding(report, i, KW_FINDING_CERTAINTY));
	return 0;
}

static struct answer explained(const char *text, const struct kw_options *options)
{
	struct answer a = { .count = 0 };
	struct kw_reader *reader;

	assert_int_equal(kw_reader_create(options, note_report, &a, &reader), 0);
	assert_int_equal(kw_reader_feed(reader, text, strlen(text)), 0);
	assert_int_equal(kw_reader_finish(reader, NULL), 0);
	kw_reader_destroy(reader);
	return a;
}

static struct answer explained_event(const struct kvmwhy_event *e)
{
	struct kw_event_context context = context_of();
	char *text = text_of(e, &context);
	struct answer a = explained(text, NULL);

	free(text);
	return a;
}

static void assert_found(const struct answer *a, const char *finding)
{
	if (!strstr(a->findings, finding))
		fail_msg("no %s in: %s", finding, a->findings);
}

static void assert_not_found(const struct answer *a, const char *finding)
{
	if (strstr(a->findings, finding))
		fail_msg("%s in: %s", finding, a->findings);
}

/* The text */

/* Each way is named as --via has it, and read back by that name, not by one that it begins with. */
static void each_source_is_written_and_read(void **state)
{
	static const char *const names[] = {
		[KVMWHY_SOURCE_BPF] = "bpf",
		[KVMWHY_SOURCE_BPF_KPROBE] = "bpf-kprobe",
		[KVMWHY_SOURCE_TRACEFS] = "tracefs",
		[KVMWHY_SOURCE_BPF_TRACEPOINT] = "bpf-tracepoint",
	};

	(void)state;
	for (uint32_t i = KVMWHY_SOURCE_BPF; i < sizeof(names) / sizeof(names[0]); i++) {
		struct kvmwhy_event e = refused_write();
		struct kw_event_context context = context_of();
		char wanted[64], *text, *json;

		e.common.source = i;
		text = text_of(&e, &context);
		snprintf(wanted, sizeof(wanted), ", seen by %s\n", names[i]);
		assert_non_null(strstr(text, wanted));
		assert_int_equal(kw_explain_text(text, strlen(text), NULL, "ndjson", &json), 1);
		snprintf(wanted, sizeof(wanted), "\"source\":\"%s\"", names[i]);
		assert_non_null(strstr(json, wanted));
		free(json);
		free(text);
	}
}

static void the_text_is_for_people_and_machines(void **state)
{
	static const char *const lines[] = {
		"kvmwhy watch: failure 7 begins at 2026-12-01T06:25:25.123456Z, seen by bpf\n"
		"kvmwhy watch: host kernel 6.1.0-18-amd64, SVM\n"
		"kvmwhy watch: pid 41001, tid 41002, vCPU 3\n"
		"kvmwhy watch: thread \"CPU 3/KVM\"\n"
		"kvmwhy watch: guest \"vm-seven\"\n"
		"kvmwhy watch: failed: WRMSR(0x838) <- 0x7213cc9: -1 (EPERM) from kvm_set_msr_common()\n"
		"kvmwhy watch: last VM exit 0x7c (SVM, VMEXIT_MSR)\n"
		"kvmwhy watch: its info1 0x1 info2 0x51a51\n"
		"kvmwhy watch: its intr_info 0x800000d1 error_code 0xe44\n"
		"kvmwhy watch: data[0] 0x0004000f00010001 0xffffffffffffffff 0x0000000100000838\n",
		"\nerror: kvm run failed Operation not permitted\nRAX=0000000007213cc9 ",
		"\nCode=5d c3 89 f9 89 f0 <0f> 30 41 5e 41 5f c3\nkvmwhy watch: log: kvm: a line\nkvmwhy watch: failure 7 ends\n",
	};
	static const char *const log[] = { "kvm: a line" };
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	context.lines = log;
	context.nlines = 1;
	text = text_of(&e, &context);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(text, lines[i]))
			fail_msg("not in the text: %s\nwhich is: %s", lines[i], text);
	}
	assert_memory_equal(text, lines[0], strlen(lines[0]));
	free(text);
}

static void what_failed_is_said_in_words(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	e.x86.data.kind = KVMWHY_KIND_PAGE_FAULT;
	e.x86.data.flags = KVMWHY_HAS_GPA | KVMWHY_WATCHED;
	e.x86.data.gpa = 0x80123;
	e.x86.data.function = KVMWHY_FUNCTION_MMU_PAGE_FAULT;
	e.common.result = -14;
	e.x86.data.result = -14;
	text = text_of(&e, &context);
	assert_non_null(strstr(
		text, "failed: access to GPA 0x80123: -14 (EFAULT) from kvm_mmu_page_fault()\n"));
	free(text);
	e.common.known = 0;
	e.x86.known = 0;
	text = text_of(&e, NULL);
	assert_non_null(strstr(text, "failed: KVM_RUN: -14 (EFAULT)\n"));
	assert_null(strstr(text, "RIP="));
	free(text);
	event_exit(&e, 17, 1, 0);
	text = text_of(&e, NULL);
	assert_non_null(strstr(
		text, "failed: KVM_RUN: 0, exit reason 17 KVM_EXIT_INTERNAL_ERROR, suberror 1\n"));
	free(text);
}

static void a_record_that_is_none_is_refused(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	assert_int_equal(kw_event_text(&e, sizeof(e) - 1, NULL, &text), -EINVAL);
	assert_int_equal(kw_event_text(NULL, 0, NULL, &text), -EINVAL);
	context.flags = 2;
	assert_int_equal(kw_event_text(&e, sizeof(e), &context, &text), -EINVAL);
	context.flags = 0;
	context.size--;
	assert_int_equal(kw_event_text(&e, sizeof(e), &context, &text), -EINVAL);
}

/* There and back */

/*
 * The page's reason has a line of its own only if QEMU has no words; the errno is text until it is
 * explained.
 */
static bool is_told(size_t fact)
{
	return fact != KW_F_errno_number && fact != KW_F_run_exit_reason &&
	       fact != KW_F_watch_number && fact != KW_F_watch_time;
}

static void assert_same_facts(const struct kw_failure *before, const struct kw_failure *after)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		bool had = kw_known(before, (enum kw_fact)i),
		     has = kw_known(after, (enum kw_fact)i);

		if (is_told(i) && (had != has || (had && before->fact[i] != after->fact[i])))
			fail_msg("%s was %s 0x%llx and is %s 0x%llx", kw_facts[i].name,
				 had ? "known," : "unknown,", (unsigned long long)before->fact[i],
				 has ? "known," : "unknown,", (unsigned long long)after->fact[i]);
	}
	assert_int_equal(before->class, after->class);
	if (kw_has(before, errno_number) && kw_errno_text((int)before->errno_number))
		assert_text(after->text[KW_T_ERRNO], kw_errno_text((int)before->errno_number));
	assert_int_equal(before->code.len, after->code.len);
	assert_int_equal(before->code.marked, after->code.marked);
	assert_int_equal(before->code.known, after->code.known);
	assert_memory_equal(before->code.bytes, after->code.bytes, before->code.len);
	assert_int_equal(before->extra_known, after->extra_known);
	for (size_t i = 0; i < KW_MAX_EXTRA; i++) {
		if (before->extra_known >> i & 1)
			assert_int_equal(before->extra[i], after->extra[i]);
	}
}

static void assert_same_words(const struct kvmwhy_event *e, const struct kw_watch *watch)
{
	uint64_t words[KVMWHY_NDATA];

	memcpy(words, &e->x86.data, sizeof(words));
	assert_int_equal(watch->word_known,
			 e->x86.known & KVMWHY_X86_DATA ? (1 << KVMWHY_NDATA) - 1 : 0);
	if (e->x86.known & KVMWHY_X86_DATA)
		assert_memory_equal(watch->word, words, sizeof(words));
}

static void there_and_back(const struct kvmwhy_event *e)
{
	struct kw_event_context context = context_of();
	static struct kw_failure before;
	struct kw_arena arena;
	char *text = text_of(e, &context);
	struct seen seen = read_text(text);

	kw_arena_init(&arena, 1 << 20);
	kw_failure_init(&before, &arena);
	kw_event_read(&before, e);
	if (seen.count != 1)
		fail_msg("%zu failures in: %s", seen.count, text);
	assert_same_facts(&before, seen.failure[0]);
	assert_same_words(e, &seen.failure[0]->watch);
	assert_true(seen.failure[0]->watch.ended);
	assert_int_equal(seen.failure[0]->nnotes, 0);
	assert_fact(seen.failure[0], watch_number, 7);
	assert_fact(seen.failure[0], watch_time, 1796106325123456);
	assert_text(seen.failure[0]->text[KW_T_HOST_KERNEL], "6.1.0-18-amd64");
	seen_free(&seen);
	kw_arena_deinit(&arena);
	free(text);
}

/* Of the common section and of the x86 section. */
static const struct {
	uint32_t common, x86;
} bits[] = {
	{ 0, 0 },
	{ KVMWHY_KNOWS_VCPU, 0 },
	{ KVMWHY_KNOWS_RUN, 0 },
	{ KVMWHY_KNOWS_CODE, 0 },
	{ KVMWHY_KNOWS_PROTECTED, 0 },
	{ KVMWHY_KNOWS_HARMLESS, 0 },
	{ 0, KVMWHY_X86_DATA },
	{ 0, KVMWHY_X86_EXIT },
	{ 0, KVMWHY_X86_INFO },
	{ 0, KVMWHY_X86_REGS },
	{ 0, KVMWHY_X86_RIP },
	{ 0, KVMWHY_X86_RFLAGS },
	{ 0, KVMWHY_X86_CONTROL },
	{ 0, KVMWHY_X86_CR2 },
	{ 0, KVMWHY_X86_CR3 },
	{ 0, KVMWHY_X86_SEGMENTS },
	{ 0, KVMWHY_X86_SVM },
	{ 0, KVMWHY_X86_VMX },
	{ KNOWS_COMMON, KNOWS_X86 },
	{ KNOWS_COMMON, KNOWS_X86 | KVMWHY_X86_SVM },
	{ KNOWS_COMMON, KNOWS_X86 | KVMWHY_X86_VMX },
	{ KNOWS_COMMON | KVMWHY_KNOWS_HARMLESS, KNOWS_X86 | KVMWHY_X86_SVM },
	{ KVMWHY_KNOWS_PROTECTED, KVMWHY_X86_SVM },
};

static void what_a_record_knows_is_read_back(void **state)
{
	static const int results[] = { -1, -14, -22, -133, -4095, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		for (size_t k = 0; k < sizeof(results) / sizeof(results[0]); k++) {
			struct kvmwhy_event e = refused_write();

			e.common.known = bits[i].common;
			e.x86.known = bits[i].x86;
			e.common.result = results[k];
			e.x86.data.result = results[k];
			if (results[k] || !(bits[i].common & KVMWHY_KNOWS_RUN))
				there_and_back(&e);
		}
	}
}

static void exits_that_end_a_guest_are_read_back(void **state)
{
	static const struct {
		uint32_t reason;
		uint64_t first, second;
	} exits[] = {
		{ 0, 0x4d, 0 },
		{ 1, 0xe0000000e, 0 },
		{ 8, 0, 0 },
		{ 9, 0x80000021, 2 },
		{ 9, UINT64_MAX, 1 },
		{ 17, 1, 0 },
		{ 17, 3ull | 4ull << 32, 0x80000b0e },
		{ 24, 0, 0 },
		{ 37, 0, 0 },
		{ 39, 8, 0x1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		struct kvmwhy_event e = refused_write();

		e.x86.known = (KNOWS_X86 | KVMWHY_X86_SVM) & ~(uint32_t)KVMWHY_X86_DATA;
		event_exit(&e, exits[i].reason, exits[i].first, exits[i].second);
		there_and_back(&e);
	}
}

static void code_that_could_not_be_read_stays_unknown(void **state)
{
	struct kvmwhy_event e = refused_write();

	(void)state;
	e.common.code_known = 0x0fcf;
	there_and_back(&e);
	e.common.code_known = 0;
	there_and_back(&e);
	e.common.code_at = 0;
	e.common.code_size = KVMWHY_EVENT_CODE;
	e.common.code_known = UINT64_MAX;
	there_and_back(&e);
	e.common.code_at = e.common.code_size; /* no byte at RIP: nothing is known about it */
	there_and_back(&e);
}

static void times_are_read_back(void **state)
{
	static const uint64_t times[] = { 0,
					  951782400000000,
					  951868799999999,
					  1709164800000001,
					  4107542400000000,
					  1796106325123456,
					  253402300799999999 };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct kw_buf buf = { 0 };
		uint64_t us = 1;

		kw_utc_put(&buf, times[i]);
		assert_true(kw_utc_read((struct kw_str){ buf.p, buf.len }, &us));
		assert_int_equal(us, times[i]);
		kw_buf_deinit(&buf);
	}
}

/* The reader */

static void the_report_comes_with_the_last_line(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	struct answer a = { .count = 0 };
	struct kw_reader *reader;

	(void)state;
	assert_int_equal(kw_reader_create(NULL, note_report, &a, &reader), 0);
	for (unsigned int i = 0; i < 40; i++) {
		char *text = text_of(&e, &context);
		size_t len = strlen(text);

		for (size_t k = 0; k < len; k++) {
			assert_int_equal(a.count, i);
			kw_reader_feed(reader, text + k, 1);
		}
		assert_int_equal(a.count, i + 1);
		assert_found(&a, "module-wrmsr:certain ");
		context.number++;
		free(text);
	}
	kw_reader_finish(reader, NULL);
	assert_int_equal(a.count, 40);
	kw_reader_destroy(reader);
}

/* Each line with something before and after it. */
static char *dressed(const char *text, const char *before, const char *behind)
{
	char *ret = malloc(TEXT_MAX);
	size_t len = 0;

	assert_non_null(ret);
	ret[0] = '\0';
	while (*text) {
		size_t line = strcspn(text, "\n");

		len += (size_t)snprintf(ret + len, TEXT_MAX - len, "%s%.*s%s", before, (int)line,
					text, behind);
		text += line + 1;
	}
	return ret;
}

static void it_survives_what_others_put_around_it(void **state)
{
	static const char *const dresses[][2] = {
		{ "", "\r\n" },
		{ "    ", "\n" },
		{ "\t", "\n" },
		{ "> ", "\n" },
		{ "> > | ", "\n" },
		{ "Nov 29 06:25:25 host kvmwhy[4711]: ", "\n" },
		{ "2026-11-29T06:25:25+0000 host kvmwhy[4711]: ", "\n" },
		{ "> Nov 29 06:25:25 host kvmwhy[4711]: ", "\n" },
		{ "", "\\n" },
	};
	static const char *const log[] = {
		"[  12.345678] kvm [41001]: vcpu3, guest rIP: 0x10 unhandled wrmsr: 0x838 data 0x1"
	};
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	struct answer plain;
	char *text;

	(void)state;
	context.lines = log;
	context.nlines = 1;
	text = text_of(&e, &context);
	plain = explained(text, NULL);
	assert_found(&plain, "module-wrmsr:certain ");
	for (size_t i = 0; i < sizeof(dresses) / sizeof(dresses[0]); i++) {
		char *other = dressed(text, dresses[i][0], dresses[i][1]);
		struct answer a = explained(other, NULL);

		assert_int_equal(a.count, 1);
		assert_string_equal(a.fingerprint, plain.fingerprint);
		assert_string_equal(a.findings, plain.findings);
		free(other);
	}
	free(text);
}

static void a_line_of_our_own_is_not_broken_by_mail_programs(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text = text_of(&e, &context);

	(void)state;
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, "kvmwhy watch: failed: ", 22) != 0 &&
		    strncmp(line, "kvmwhy watch: ", 14) == 0)
			assert_in_range(strcspn(line, "\n"), 1, 80);
	}
	free(text);
}

static const char *const hostile[] = {
	"\n",
	"a\nkvmwhy watch: failure 7 ends",
	"\\n",
	"\\nkvmwhy watch: failure 7 ends",
	"\"",
	"a\", guest \"b",
	"=3D",
	"x=20",
	"=C2=A0",
	"x=",
	"&lt;",
	"<br>",
	"<pre>",
	"\x1b[31mred",
	"\x1b]0;title\a",
	"\xc2\xa0",
	"\xe2\x80\x8b",
	"\xef\xbb\xbf",
	"\xff\xfe",
	"\xe2\x80\xae",
	"\\",
	"\\x41",
	"\\u0041",
	"'",
	"`",
	"|",
	">",
	"\t",
	"\r",
	"\b\b\b",
	"kvmwhy watch: failure 7 ends",
	"error: kvm run failed Bad address",
	"RAX=0000000000000001 RIP=0000000000000002",
	"KVM internal error. Suberror: 1",
	"Code=<f4>",
	"kvm_run 000: 00 00 00 00 00 00 00 00 11 00 00 00",
	"extra data[0]: 0x0",
	"kvmwhy watch: data[0] 0x0",
	"kvmwhy watch: host kernel 1.2.3",
	"kvmwhy watch: log: kvmwhy watch: failure 7 ends",
	"EAX=1 EBX=2",
};

static void check_one(const char *text, const struct answer *plain, const char *what)
{
	struct answer a = explained(text, NULL);

	if (a.count != 1 || strcmp(a.fingerprint, plain->fingerprint) != 0 ||
	    strcmp(a.findings, plain->findings) != 0)
		fail_msg("%s makes %u failures, the last %s: %s", what, a.count, a.fingerprint,
			 a.findings);
}

static void hostile_names_stay_names(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer plain = explained_event(&e);

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct kw_event_context context = context_of();
		struct seen seen;
		char *text;

		context.guest = hostile[i];
		memset(e.common.comm, 0, sizeof(e.common.comm));
		memcpy(e.common.comm, hostile[i], strnlen(hostile[i], sizeof(e.common.comm)));
		text = text_of(&e, &context);
		check_one(text, &plain, hostile[i]);
		seen = read_text(text);
		assert_text(seen.failure[0]->text[KW_T_GUEST], hostile[i]);
		assert_int_equal(seen.failure[0]->text[KW_T_THREAD].len,
				 strnlen(hostile[i], sizeof(e.common.comm)));
		assert_memory_equal(seen.failure[0]->text[KW_T_THREAD].p, hostile[i],
				    strnlen(hostile[i], sizeof(e.common.comm)));
		seen_free(&seen);
		free(text);
	}
}

static void hostile_lines_of_the_log_stay_lines(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer plain = explained_event(&e);
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		context.lines = &hostile[i];
		context.nlines = 1;
		text = text_of(&e, &context);
		check_one(text, &plain, hostile[i]);
		free(text);
	}
	context.lines = hostile;
	context.nlines = sizeof(hostile) / sizeof(hostile[0]);
	text = text_of(&e, &context);
	check_one(text, &plain, "all of them");
	free(text);
}

static void the_log_is_bounded(void **state)
{
	static char line[100000];
	static const char *lines[5000];
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	for (size_t i = 0; i < 5000; i++)
		lines[i] = line;
	context.lines = lines;
	context.nlines = 5000;
	context.guest = line;
	context.host_kernel = line;
	text = text_of(&e, &context);
	assert_in_range(strlen(text), 1, TEXT_MAX);
	assert_non_null(strstr(
		text, "kvmwhy watch: 4800 further lines of the kernel's log are left out\n"));
	free(text);
}

static void the_kernels_lines_are_read_by_their_parsers(void **state)
{
	static const char *const log[] = {
		"[   12.345] kvm [41001]: vcpu3, guest rIP: 0xffffffff96070964 unhandled wrmsr: 0x838 data 0x7213cc9",
		"WARNING: CPU: 1 PID: 41002 at arch/x86/kvm/x86.c:1234 kvm_arch_vcpu_ioctl_run+0x1/0x2 [kvm]",
	};
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	struct seen seen;
	char *text;

	(void)state;
	context.lines = log;
	context.nlines = 2;
	text = text_of(&e, &context);
	seen = read_text(text);
	assert_int_equal(seen.count, 1); /* no additional record of MSR messages */
	assert_non_null(kw_failure_sign(seen.failure[0], KW_SIGN_MSR));
	assert_non_null(kw_failure_sign(seen.failure[0], KW_SIGN_WARN));
	seen_free(&seen);
	free(text);
}

static void a_dump_of_the_host_joins_whatever_failed(void **state)
{
	static const char *const log[] = {
		"*** Guest State ***",
		"CR0: actual=0x0000000080050033, shadow=0x0000000080050033, gh_mask=fffffffffffffff7",
		"RFLAGS=0x00000046         DR7 = 0x0000000000000400",
		"*** Control State ***",
		"reason=80000021 qualification=0000000000000000",
	};
	struct kw_event_context context = context_of();

	(void)state;
	context.lines = log;
	context.nlines = sizeof(log) / sizeof(log[0]);
	for (unsigned int i = 0; i < 3; i++) {
		static const uint32_t reasons[] = { 9, 17, 8 };
		struct kvmwhy_event e = refused_write();
		struct seen seen;
		char *text;

		e.x86.known = (KNOWS_X86 | KVMWHY_X86_VMX) & ~(uint32_t)KVMWHY_X86_DATA;
		event_exit(&e, reasons[i], i ? 1 : 0x80000021, 0);
		text = text_of(&e, &context);
		seen = read_text(text);
		assert_int_equal(seen.count, 1);
		assert_fact(seen.failure[0], vmcs_cr0, 0x80050033);
		assert_int_equal(seen.failure[0]->nnotes, 0);
		seen_free(&seen);
		free(text);
	}
}

/* Damage */

static void a_cut_recording_says_what_is_left(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text = text_of(&e, &context);

	(void)state;
	check_every_prefix(kw_str(text));
	for (size_t len = strlen(text) - 2; len; len--) {
		struct seen seen;

		if (text[len] != '\n')
			continue;
		text[len] = '\0';
		seen = read_text(text);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.failure[0]->nnotes, 1);
		seen_free(&seen);
	}
	free(text);
}

static void a_record_cut_behind_its_words_still_names_the_write(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text = text_of(&e, &context);
	struct answer a;

	(void)state;
	*strstr(text, "error: kvm run failed") = '\0';
	a = explained(text, NULL);
	assert_string_equal(a.class, "kvm-run-failed");
	assert_found(&a, "module-wrmsr:certain ");
	*strstr(text, "kvmwhy watch: data[0]") = '\0';
	a = explained(text, NULL);
	assert_int_equal(a.count, 1);
	assert_found(&a, "watch-record-cut:possible ");
	assert_found(&a, "watch-last-exit:certain ");
	free(text);
}

static void a_record_inside_another_ends_it(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *first = text_of(&e, &context), *second, *both = malloc(TEXT_MAX), *at;
	struct seen seen;

	(void)state;
	assert_non_null(both);
	context.number = 8;
	e.common.vcpu = 1;
	second = text_of(&e, &context);
	at = strstr(first, "RIP=");
	snprintf(both, TEXT_MAX, "%.*s%s%s", (int)(at - first), first, second, at);
	seen = read_text(both);
	assert_in_range(seen.count, 2, 3);
	assert_fact(seen.failure[0], vcpu, 3);
	assert_int_equal(seen.failure[0]->nnotes, 1);
	assert_fact(seen.failure[1], vcpu, 1);
	assert_int_equal(seen.failure[1]->nnotes, 0);
	seen_free(&seen);
	free(both);
	free(second);
	free(first);
}

/*
 * The VMM's own log of the same failure, mixed into the record line by line, as a journal may have
 * it.
 */
static void the_vmms_own_dump_inside_a_record_makes_no_other_register(void **state)
{
	static const char vmm[] =
		"error: kvm run failed Operation not permitted\n"
		"RAX=00000000aaaaaaaa RBX=00000000bbbbbbbb RCX=00000000cccccccc RDX=00000000dddddddd\n"
		"RIP=00000000eeeeeeee RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n";
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text = text_of(&e, &context), *mixed = malloc(TEXT_MAX);
	struct seen seen;

	(void)state;
	assert_non_null(mixed);
	for (char *line = strstr(text, "error: "); *line; line += strcspn(line, "\n") + 1) {
		snprintf(mixed, TEXT_MAX, "%.*s%s%s", (int)(line - text), text, vmm, line);
		seen = read_text(mixed);
		assert_in_range(seen.count, 1, 3);
		assert_true(seen.failure[0]->watch.begun);
		for (size_t i = 0; i < seen.count; i++) {
			const struct kw_failure *f = seen.failure[i];
			bool clean = !kw_has(f, rax) || !kw_has(f, rip) ||
				     (f->rax == e.x86.regs[0]) == (f->rip == e.x86.rip);

			/* mixed up it may be, but then it says so */
			if (!clean && !f->nnotes)
				fail_msg("registers of two dumps, and no note: %s", mixed);
		}
		seen_free(&seen);
	}
	free(mixed);
	free(text);
}

static void torn_words_are_not_used(void **state)
{
	static const char *const torn[] = { "0xffffffffffffffff", "0x0000000100000838",
					    "0x0004000f00010001" };
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		char *text = text_of(&e, &context), *at = strstr(text, torn[i]);
		struct answer a;

		at[5] = '-';
		a = explained(text, NULL);
		assert_int_equal(a.count, 1);
		assert_not_found(&a, "module-");
		assert_found(&a, "wrmsr-eperm-x2apic");
		free(text);
	}
}

/* Explaining */

static void the_speaker_is_watch(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a = explained_event(&e);

	(void)state;
	assert_string_equal(a.class, "kvm-run-failed");
	assert_string_equal(
		a.title,
		"kvmwhy watch: WRMSR of 0x7213cc9 to IA32_X2APIC_INIT_COUNT (0x838) was refused with "
		"-EPERM by kvm_set_msr_common()");
	assert_string_equal(a.fingerprint,
			    "kvm-run-failed:EPERM:wrmsr:msr=0x838:long64:no-smm:amd");
	assert_string_equal(a.findings, "module-wrmsr:certain wrmsr-eperm-x2apic:likely ");
}

static void an_access_without_a_function_is_likely(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.x86.data.function = KVMWHY_FUNCTION_UNKNOWN;
	a = explained_event(&e);
	assert_found(&a, "module-wrmsr:likely ");
}

static void words_that_differ_from_the_record_are_doubted(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.x86.data.rip = 0x1000;
	a = explained_event(&e);
	assert_found(&a, "module-wrmsr:possible ");
	e = refused_write();
	e.x86.data.result = -14;
	a = explained_event(&e);
	assert_found(&a, "module-wrmsr:possible ");
}

static void what_was_injected_is_said_to_be(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.x86.data.flags |= KVMWHY_INJECTED;
	a = explained_event(&e);
	assert_string_equal(a.findings, "module-injected:certain ");
}

static void the_class_is_what_kvm_said(void **state)
{
	static const struct {
		uint32_t reason;
		uint64_t first;
		const char *class;
	} exits[] = { { 8, 0, "unknown-exit" },
		      { 9, UINT64_MAX, "entry-failed" },
		      { 17, 1, "internal-error" } };

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		struct kvmwhy_event e = refused_write();
		struct answer a;

		event_exit(&e, exits[i].reason, exits[i].first, 0);
		a = explained_event(&e);
		assert_string_equal(a.class, exits[i].class);
		assert_found(&a, "watch-access-failed:likely ");
		assert_not_found(&a, "module-wrmsr");
	}
}

/* The record is made before the VMM sees the exit. */
static void nothing_is_said_of_what_the_vmm_makes_of_an_exit(void **state)
{
	static const uint32_t reasons[] = { 0, 8, 24, 28, 39, 99 };
	struct kw_event_context context = context_of();

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct kvmwhy_event e = refused_write();
		char *text, *answer;

		event_exit(&e, reasons[i], 0, 0);
		e.x86.known &= ~(uint32_t)(KVMWHY_X86_DATA | KVMWHY_X86_EXIT);
		text = text_of(&e, &context);
		assert_int_equal(kw_explain_text(text, strlen(text), NULL, "ndjson", &answer), 1);
		if (strstr(answer, "VMM does not handle") || strstr(answer, "VMM gave up") ||
		    strstr(answer, "this VMM does"))
			fail_msg("exit reason %u: %s", reasons[i], answer);
		free(answer);
		free(text);
	}
}

static void words_of_the_module_go_before_those_of_watch(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	put_at(e.common.run, 8, 4, 17);
	put_at(e.common.run, 32, 4, KVMWHY_SUBERROR);
	put_at(e.common.run, 36, 4, KVMWHY_NDATA);
	memcpy(e.common.run + 40, &e.x86.data, sizeof(e.x86.data));
	a = explained_event(&e);
	assert_int_equal(strncmp(a.title, "kvmwhy.ko: WRMSR", 16), 0);
	put_at(e.common.run, 40 + 32, 8, 0x1234); /* another RIP: of an earlier failure */
	a = explained_event(&e);
	assert_int_equal(strncmp(a.title, "kvmwhy watch: WRMSR", 19), 0);
	assert_found(&a, "module-wrmsr:certain ");
}

static void the_last_exit_is_evidence_where_nothing_else_is(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.common.known = 0;
	e.x86.known = KVMWHY_X86_EXIT | KVMWHY_X86_VMX;
	e.x86.exit_reason = 48;
	e.common.result = -14;
	a = explained_event(&e);
	assert_found(&a, "watch-last-exit:certain ");
	assert_string_equal(a.class, "kvm-run-failed");
	assert_non_null(strstr(a.fingerprint, ":intel"));
}

static void the_exit_tells_the_write_where_no_bytes_are(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.common.known = 0;
	e.x86.known = KVMWHY_X86_EXIT | KVMWHY_X86_INFO | KVMWHY_X86_REGS | KVMWHY_X86_RIP |
		      KVMWHY_X86_SVM;
	a = explained_event(&e);
	assert_non_null(strstr(a.fingerprint, ":wrmsr:msr=0x838:"));
	assert_found(&a, "wrmsr-eperm-x2apic:likely ");
	e.x86.exit_info1 = 0; /* RDMSR */
	a = explained_event(&e);
	assert_null(strstr(a.fingerprint, "msr=0x838"));
	e.x86.known = KVMWHY_X86_EXIT | KVMWHY_X86_REGS | KVMWHY_X86_RIP | KVMWHY_X86_VMX;
	e.x86.exit_reason = 32;
	a = explained_event(&e);
	assert_non_null(strstr(a.fingerprint, ":wrmsr:msr=0x838:"));
	e.common.known = KVMWHY_KNOWS_CODE; /* what the bytes say comes first */
	e.x86.known |= KVMWHY_X86_CONTROL;
	memset(e.common.code, 0x90, sizeof(e.common.code));
	a = explained_event(&e);
	assert_null(strstr(a.fingerprint, "msr=0x838"));
}

static void a_high_rip_in_long_mode_is_64_bit_code(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct answer a;

	(void)state;
	e.common.known = KVMWHY_KNOWS_CODE;
	e.x86.known = KVMWHY_X86_RIP | KVMWHY_X86_CONTROL;
	a = explained_event(&e);
	assert_non_null(strstr(a.fingerprint, ":long64:"));
	e.x86.rip = 0x6070964;
	a = explained_event(&e);
	assert_null(strstr(a.fingerprint, ":long64:"));
}

static struct answer with_kernel(const char *recorded, const char *given)
{
	struct kw_options options = { .size = sizeof(options), .host_kernel = given };
	struct kw_event_context context = context_of();
	struct kvmwhy_event e = refused_write();
	struct answer a;
	char *text;

	e.x86.data.msr = 0x404;
	e.x86.data.value = ~1ull;
	e.x86.regs[1] = 0x404;
	e.x86.regs[0] = 0xfffffffe;
	e.x86.regs[2] = 0xffffffff;
	context.host_kernel = recorded;
	text = text_of(&e, &context);
	a = explained(text, &options);
	free(text);
	return a;
}

static void the_hosts_kernel_of_the_recording_decides(void **state)
{
	struct answer a = with_kernel("5.10.100", NULL);

	(void)state;
	assert_found(&a, "mc-ctl-correctable-eperm:certain ");
	a = with_kernel("6.6.1", NULL);
	assert_not_found(&a, "mc-ctl-correctable-eperm");
	a = with_kernel(NULL, NULL);
	assert_found(&a, "mc-ctl-correctable-eperm:likely ");
	a = with_kernel("6.6.1", "5.10.100");
	assert_found(&a, "mc-ctl-correctable-eperm:certain ");
	a = with_kernel("5.10.100", "6.6.1");
	assert_not_found(&a, "mc-ctl-correctable-eperm");
}

static void what_is_harmless_is_for_those_who_ask_for_all(void **state)
{
	struct kw_options all = { .size = sizeof(all), .flags = KW_OPTION_ALL };
	struct kw_event_context context = context_of();
	struct kvmwhy_event e = refused_write();
	struct answer a;
	char *text;

	(void)state;
	event_exit(&e, 8, 0, 0);
	e.common.known |= KVMWHY_KNOWS_HARMLESS;
	e.x86.known &= ~(uint32_t)KVMWHY_X86_DATA;
	text = text_of(&e, &context);
	a = explained(text, NULL);
	assert_int_equal(a.count, 0);
	a = explained(text, &all);
	assert_int_equal(a.count, 1);
	assert_found(&a, "watch-harmless:certain ");
	free(text);
}

/* Names */

static void the_guests_name_is_found_in_the_command_line(void **state)
{
	static const struct {
		const char *args;
		size_t size;
		const char *name;
	} lines[] = {
#define ARGS(text, name) { text, sizeof(text), name }
		ARGS("qemu\0-name\0foo\0", "foo"),
		ARGS("qemu\0-name\0guest=foo,debug-threads=on\0", "foo"),
		ARGS("qemu\0-name\0debug-threads=on,guest=foo\0", "foo"),
		ARGS("qemu\0-name\0foo,process=bar\0", "foo"),
		ARGS("qemu\0-m\0001G\0-name\0a,,b\0", "a,b"),
		ARGS("crosvm\0run\0--name\0foo\0", "foo"),
		ARGS("lkvm\0run\0--name=foo\0", "foo"),
		ARGS("qemu\0-name\0debug-threads=on\0", ""),
		ARGS("qemu\0-name\0process=bar\0", ""),
		ARGS("qemu\0-m\0001G\0", ""),
		ARGS("-name\0foo\0", ""),
		ARGS("qemu\0-name\0", ""),
		ARGS("qemu\0-name\0\0-m\0", ""),
		ARGS("", ""),
		{ "qemu\0-name\0foo", 14, "" }, /* cut: the name may go on */
		{ "qemu\0-name\0guest=foo,deb", 23, "foo" },
		{ "qemu\0-na", 8, "" },
#undef ARGS
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char name[KVMWHY_EVENT_ARGS];
		size_t len = kw_event_name(lines[i].args, lines[i].size, name, sizeof(name));

		if (len != strlen(lines[i].name) || memcmp(name, lines[i].name, len) != 0)
			fail_msg("row %zu: \"%.*s\" and not \"%s\"", i, (int)len, name,
				 lines[i].name);
	}
}

/* Redaction */

static bool has_number(const char *text, uint64_t value)
{
	char hex[32];

	snprintf(hex, sizeof(hex), "%llx", (unsigned long long)value);
	return strstr(text, hex);
}

/* Facts that a redacted text of a refused WRMSR may contain; the rest must be nowhere in it. */
static bool may_stay(size_t fact, bool entry)
{
	static const char *const names[] = {
		"errno_number",
		"hardware_error",
		"exit_reason",
		"run_exit_reason",
		"cpu",
		"pid",
		"tid",
		"vcpu",
		"watch_source",
		"watch_vmx",
		"last_exit",
		"last_exit_info1",
		"last_exit_info2",
		"last_exit_intr_info",
		"last_exit_error_code",
		"rip",
		"rflags",
		"cpl",
		"smm",
		"cr0",
		"cr4",
		"efer",
		"gdt_limit",
		"idt_limit",
		"suberror",
	};
	static const char *const access[] = { "rax", "rcx", "rdx" };
	const char *name = kw_facts[fact].name, *tail = strrchr(name, '_');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(access[i], name) == 0)
			return true;
	}
	if (kw_facts[fact].group != KW_G_SEG || !tail)
		return false;
	return strcmp(tail, "_base") != 0 || entry;
}

static void assert_redacted(const struct kvmwhy_event *e, bool entry)
{
	static const char *const log[] = { "kvm: secret-line" };
	struct kw_event_context context = context_of();
	static struct kw_failure f;
	struct kw_arena arena;
	size_t dropped = 0;
	char *text, *whole;

	context.guest = "secret-guest";
	context.lines = log;
	context.nlines = 1;
	whole = text_of(e, &context);
	context.flags = KW_EVENT_REDACT;
	text = text_of(e, &context);
	kw_arena_init(&arena, 1 << 20);
	kw_failure_init(&f, &arena);
	kw_event_read(&f, e);
	for (size_t i = 0; i < KW_NFACTS; i++) {
		/* a number with few digits occurs in any text */
		if (!kw_known(&f, (enum kw_fact)i) || may_stay(i, entry) || f.fact[i] < 0x100000)
			continue;
		dropped++;
		if (!has_number(whole, f.fact[i]))
			fail_msg("%s is not even in the whole text", kw_facts[i].name);
		if (has_number(text, f.fact[i]))
			fail_msg("%s is in the redacted text: %s", kw_facts[i].name, text);
	}
	assert_in_range(dropped, 10, KW_NFACTS);
	assert_non_null(strstr(whole, "secret-guest"));
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, e->common.comm));
	assert_null(strstr(text, "CR2="));
	assert_null(strstr(text, "CR3="));
	assert_null(strstr(text, "41 5e")); /* the code after the instruction */
	assert_null(strstr(text, "89 f9"));
	assert_non_null(strstr(text, "\nkvmwhy watch: redacted: "));
	kw_arena_deinit(&arena);
	free(whole);
	free(text);
}

static void a_redacted_text_has_nothing_that_it_must_not_have(void **state)
{
	struct kvmwhy_event e = refused_write();

	(void)state;
	assert_redacted(&e, false);
	event_exit(&e, 9, UINT64_MAX, 0);
	assert_redacted(&e, true);
}

static void a_redacted_text_is_explained_alike(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	struct answer whole = explained_event(&e), a;
	struct seen seen;
	char *text;

	(void)state;
	context.flags = KW_EVENT_REDACT;
	text = text_of(&e, &context);
	a = explained(text, NULL);
	assert_string_equal(a.fingerprint, whole.fingerprint);
	assert_string_equal(a.findings, whole.findings);
	seen = read_text(text);
	assert_fact(seen.failure[0], watch_redacted, 1);
	assert_fact(seen.failure[0], cs_limit, UINT32_MAX);
	assert_fact(seen.failure[0], ds_attr, 0xc093);
	assert_fact(seen.failure[0], gdt_limit, 0xfff00006);
	assert_false(kw_has(seen.failure[0], ds_base) || kw_has(seen.failure[0], gdt_base));
	assert_int_equal(seen.failure[0]->nnotes, 0);
	seen_free(&seen);
	free(text);
}

static void registers_that_the_access_does_not_use_are_left_out(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	context.flags = KW_EVENT_REDACT;
	e.x86.known &= ~(uint32_t)KVMWHY_X86_DATA;
	e.x86.exit_reason = 0x4e; /* #PF: EXITINFO2 is the address that the guest touched */
	text = text_of(&e, &context);
	assert_null(strstr(text, "RAX="));
	assert_null(strstr(text, "51a51"));
	free(text);
}

static void bytes_that_kvm_had_fetched_are_cut_to_the_instruction(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct kw_event_context context = context_of();
	char *text;

	(void)state;
	context.flags = KW_EVENT_REDACT;
	e.x86.data.flags |= KVMWHY_HAS_INSN;
	e.x86.data.insn_size = 15;
	memset(e.x86.data.insn, 0xa5, sizeof(e.x86.data.insn));
	e.x86.data.insn[0] = 0x0f;
	e.x86.data.insn[1] = 0x30;
	text = text_of(&e, &context);
	assert_null(strstr(text, "a5a5"));
	free(text);
	/* emulation failure: flags, size and bytes, and the exit */
	event_exit(&e, 17, 1 | 6ull << 32, 1);
	memset(e.common.run + 48, 0xa5, 40);
	e.common.run[48] = 15;
	e.common.run[49] = 0x0f;
	e.common.run[50] = 0x30;
	/* the exit, #PF: the address that the guest touched follows */
	put_at(e.common.run, 64, 8, 0x4e);
	text = text_of(&e, &context);
	assert_null(strstr(text, "a5a5a5"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_source_is_written_and_read),
		cmocka_unit_test(the_text_is_for_people_and_machines),
		cmocka_unit_test(what_failed_is_said_in_words),
		cmocka_unit_test(a_record_that_is_none_is_refused),
		cmocka_unit_test(what_a_record_knows_is_read_back),
		cmocka_unit_test(exits_that_end_a_guest_are_read_back),
		cmocka_unit_test(code_that_could_not_be_read_stays_unknown),
		cmocka_unit_test(times_are_read_back),
		cmocka_unit_test(the_report_comes_with_the_last_line),
		cmocka_unit_test(it_survives_what_others_put_around_it),
		cmocka_unit_test(a_line_of_our_own_is_not_broken_by_mail_programs),
		cmocka_unit_test(hostile_names_stay_names),
		cmocka_unit_test(hostile_lines_of_the_log_stay_lines),
		cmocka_unit_test(the_log_is_bounded),
		cmocka_unit_test(the_kernels_lines_are_read_by_their_parsers),
		cmocka_unit_test(a_dump_of_the_host_joins_whatever_failed),
		cmocka_unit_test(a_cut_recording_says_what_is_left),
		cmocka_unit_test(a_record_cut_behind_its_words_still_names_the_write),
		cmocka_unit_test(a_record_inside_another_ends_it),
		cmocka_unit_test(the_vmms_own_dump_inside_a_record_makes_no_other_register),
		cmocka_unit_test(torn_words_are_not_used),
		cmocka_unit_test(the_speaker_is_watch),
		cmocka_unit_test(an_access_without_a_function_is_likely),
		cmocka_unit_test(words_that_differ_from_the_record_are_doubted),
		cmocka_unit_test(what_was_injected_is_said_to_be),
		cmocka_unit_test(the_class_is_what_kvm_said),
		cmocka_unit_test(nothing_is_said_of_what_the_vmm_makes_of_an_exit),
		cmocka_unit_test(words_of_the_module_go_before_those_of_watch),
		cmocka_unit_test(the_last_exit_is_evidence_where_nothing_else_is),
		cmocka_unit_test(the_exit_tells_the_write_where_no_bytes_are),
		cmocka_unit_test(a_high_rip_in_long_mode_is_64_bit_code),
		cmocka_unit_test(the_hosts_kernel_of_the_recording_decides),
		cmocka_unit_test(what_is_harmless_is_for_those_who_ask_for_all),
		cmocka_unit_test(the_guests_name_is_found_in_the_command_line),
		cmocka_unit_test(a_redacted_text_has_nothing_that_it_must_not_have),
		cmocka_unit_test(a_redacted_text_is_explained_alike),
		cmocka_unit_test(registers_that_the_access_does_not_use_are_left_out),
		cmocka_unit_test(bytes_that_kvm_had_fetched_are_cut_to_the_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
