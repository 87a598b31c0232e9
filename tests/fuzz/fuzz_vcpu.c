// SPDX-License-Identifier: MIT
/*
 * A vCPU whose structures are the bytes of the input, each present or not, as the first bytes
 * select: through the public functions. Reading the text of the dump again must give the same
 * result as the structures.
 */
#include "fuzz.h"

#include "api/api.h"
#include "base/escape.h"
#include "parse/parse.h"

enum {
	HEAD = 8,
	AT_REASON = 8,
	AT_SYNC_SREGS = 448,
	AT_APIC_BASE = 272,
	AT_UNUSABLE = 22,
	DUMP_BYTES = 1 << 14
};

static const uint8_t *data_;
static size_t left;

/*
 * The next @len bytes of the input in a block of their own, zeros after its end; NULL if @want is
 * false.
 */
static uint8_t *next(bool want, size_t len)
{
	uint8_t *p = want ? calloc(1, len) : NULL;
	size_t take = len < left ? len : left;

	if (!want)
		return NULL;
	PROMISE(p);
	if (take)
		memcpy(p, data_, take);
	data_ += take;
	left -= take;
	return p;
}

/* A dump has no place for another APIC base, nor for an unusable CS, which no CPU has. */
static void tame(uint8_t *sregs, size_t len)
{
	static const uint8_t apic_base[8] = { 0, 9, 0xe0, 0xfe };

	if (len > AT_UNUSABLE)
		sregs[AT_UNUSABLE] = 0;
	if (len >= AT_APIC_BASE + sizeof(apic_base))
		memcpy(sregs + AT_APIC_BASE, apic_base, sizeof(apic_base));
}

/* What must be equal. */
static int note_report(void *arg, const struct kw_report *report)
{
	struct kw_buf *buf = arg;

	if (report->c.f->nlines) /* none where nothing is known */
		check_failure(report->c.f, 500);
	check_case(&report->c);
	kw_buf_printf(buf, "%s %s\n", kw_report_text(report, KW_REPORT_CLASS),
		      kw_report_text(report, KW_REPORT_FINGERPRINT));
	for (size_t i = 0; i < kw_report_findings(report); i++)
		kw_buf_printf(buf, "%s %s %s\n", kw_report_finding(report, i, KW_FINDING_ID),
			      kw_report_finding(report, i, KW_FINDING_CERTAINTY),
			      kw_report_finding(report, i, KW_FINDING_TITLE));
	return 0;
}

static void check_dump(const struct kw_vcpu_state *state, struct kw_str direct)
{
	static char dump[DUMP_BYTES];
	size_t len = kw_vcpu_dump(state, dump, sizeof(dump));
	struct kw_buf read = { 0 };
	struct kw_reader *reader;

	PROMISE(len < sizeof(dump) && len == strlen(dump));
	PROMISE(kw_reader_create(NULL, note_report, &read, &reader) == 0);
	PROMISE(kw_reader_feed(reader, dump, len) == 0 && kw_reader_finish(reader, NULL) == 0);
	/* a reader does not take a few registers for a dump */
	if (!kw_str_starts(direct, KW_STR("register-dump")))
		check_same(direct, (struct kw_str){ read.p, read.len }, "the dump, read again");
	kw_reader_destroy(reader);
	kw_buf_deinit(&read);
}

static void check_reason(const struct kw_vcpu_state *state, size_t size)
{
	static char scratch[KW_REASON_SCRATCH], whole[8192], part[256];
	size_t len = kw_vcpu_reason(state, NULL, scratch, sizeof(scratch), whole, sizeof(whole));

	PROMISE(len && len == strlen(whole) && !strchr(whole, '\n'));
	check_shown(kw_str(whole));
	PROMISE(kw_vcpu_reason(state, NULL, scratch, sizeof(scratch), part, size) == len);
	PROMISE(!size || strncmp(whole, part, strlen(part)) == 0);
	check_shown(kw_str(size ? part : ""));
}

static void check_state(const struct kw_vcpu_state *state, size_t size)
{
	static const char *const formats[] = { "text", "ndjson", "html" };
	struct kw_buf direct = { 0 };
	char *text;

	PROMISE(kw_vcpu_report(state, NULL, note_report, &direct) == 0);
	check_dump(state, (struct kw_str){ direct.p, direct.len });
	check_reason(state, size);
	PROMISE(kw_vcpu_explain(state, NULL, formats[size % 3], &text) == 0);
	if (size % 3 == 1)
		check_ndjson(kw_str(text));
	else if (size % 3 == 2)
		check_html(kw_str(text));
	else
		check_shown(kw_str(text));
	free(text);
	kw_buf_deinit(&direct);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const int errors[] = { 0, 0, 0, 1, 14, 22, 133, 4711 };
	static const uint8_t reasons[] = { 0, 1, 8, 9, 17, 24, 37, 39 };
	uint8_t head[HEAD] = { 0 };
	struct kw_vcpu_state state = { .size = sizeof(state) };
	uint8_t *run, *regs, *sregs, *events, *debugregs, *code;

	if (len)
		memcpy(head, data, len < HEAD ? len : HEAD);
	data_ = data;
	left = len;
	free(next(true, HEAD));
	state.error = errors[head[0] % 8];
	state.number = (int)(head[1] % 4) - 1;
	state.run_size = head[2] & 1 ? KW_RUN_PAGE_MIN + 8u * head[3] : 0;
	state.run = run = next(state.run_size, state.run_size);
	if (run && head[2] & 2)
		run[AT_REASON] = reasons[head[4] % 8],
		run[AT_REASON + 1] = run[AT_REASON + 2] = run[AT_REASON + 3] = 0;
	state.regs = regs = next(head[2] & 4, KW_VCPU_REGS_BYTES);
	state.regs_size = regs ? KW_VCPU_REGS_BYTES : 0;
	state.flags = head[2] & 128 ? KW_VCPU_SREGS2 : 0;
	state.sregs_size = !(head[2] & 8) ? 0 :
			   state.flags	  ? KW_VCPU_SREGS2_BYTES :
					    KW_VCPU_SREGS_BYTES;
	state.sregs = sregs = next(state.sregs_size, state.sregs_size);
	if (sregs)
		tame(sregs, state.sregs_size);
	if (run && state.run_size > AT_SYNC_SREGS)
		tame(run + AT_SYNC_SREGS, state.run_size - AT_SYNC_SREGS);
	state.events = events = next(head[2] & 16, KW_VCPU_EVENTS_BYTES);
	state.events_size = events ? KW_VCPU_EVENTS_BYTES : 0;
	state.debugregs = debugregs = next(head[2] & 32, KW_VCPU_DEBUGREGS_BYTES);
	state.debugregs_size = debugregs ? KW_VCPU_DEBUGREGS_BYTES : 0;
	state.code_size = head[2] & 64 ? 1 + head[5] % KW_VCPU_CODE_MAX : 0;
	state.code = code = next(state.code_size, state.code_size);
	state.code_at = state.code_size ? head[6] % state.code_size : 0;
	state.code_known = head[7] & 1 ? UINT64_MAX : 0x0101010101010101u * head[7];
	check_state(&state, head[7]);
	free(run);
	free(regs);
	free(sregs);
	free(events);
	free(debugregs);
	free(code);
	return 0;
}
