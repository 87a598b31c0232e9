// SPDX-License-Identifier: MIT
/*
 * Certain means proved. Of each certain finding in the logs named, each part of its proof is taken
 * away, and the finding must be gone or weaker; and changed, and the finding must be gone or weaker
 * or say something else. usage: certain [--report] FILE...        --report lists the findings with
 * their proofs
 */
#include "explain/explain.h"
#include "parse/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LOG = 1 << 24, NCHANGES = 6 + 64 };

/* mc-* are certain only where the host's kernel is known to have the defect. */
static const char *const kernels[] = { NULL, "5.10.100" };

struct run {
	const char *file, *kernel;
	bool report;
	size_t findings, tries, failed;
};

/* What is taken away or changed: one part of the proof. */
struct part {
	uint16_t item;	    /* KW_NEED(fact) or KW_PROOF_* */
	const struct kw_rule *rule;
	const struct kw_entry *saw; /* for KW_PROOF_CHECK: the values that the check looked at */
};

/* A record of its own to be explained, with an arena for the texts that are made. */
struct trial {
	struct kw_failure f;
	struct kw_case c;
	struct kw_context context;
	struct kw_arena arena;
};

static void trial_init(struct trial *t, const struct kw_failure *f,
		       const struct kw_context *context)
{
	kw_arena_init(&t->arena, 1 << 20);
	t->f = *f;
	t->f.arena = &t->arena;
	t->context = *context;
}

static const struct kw_finding *finding_of(const struct trial *t, const char *id)
{
	for (size_t i = 0; i < t->c.nfindings; i++) {
		if (strcmp(t->c.finding[i].id, id) == 0)
			return &t->c.finding[i];
	}
	return NULL;
}

static void take_fact(struct kw_failure *f, enum kw_fact fact)
{
	f->fact[fact] = 0;
	kw_failure_forget(f, fact);
	if (fact == KW_F_errno_number)
		f->text[KW_T_ERRNO] = KW_STR("");
}

static void take_kernel(struct trial *t)
{
	t->context.host_kernel = NULL;
	t->f.text[KW_T_HOST_KERNEL] = KW_STR("");
	for (size_t i = 0; i < t->f.nsigns; i++) {
		if (t->f.sign[i].kind == KW_SIGN_KERNEL)
			t->f.sign[i].kind = KW_SIGN_OTHER;
	}
}

static void take_sign(struct kw_failure *f, const struct kw_rule *rule)
{
	for (size_t i = 0; i < f->nsigns; i++) {
		if (f->sign[i].kind + 1 == rule->sign)
			f->sign[i].kind = KW_SIGN_OTHER;
	}
}

static bool is_part(const struct kw_rule *rule, uint16_t item)
{
	for (size_t i = 0; i < KW_MAX_NEEDS && rule->proof[i]; i++) {
		if (rule->proof[i] == item)
			return true;
	}
	return false;
}

static void take(struct trial *t, struct part part)
{
	struct kw_failure *f = &t->f;

	/* the words of kvmwhy.ko are a second witness of what the dump shows */
	if (!is_part(part.rule, KW_PROOF_WORDS))
		f->extra_known = f->watch.word_known = 0;
	switch (part.item) {
	case KW_PROOF_CODE:
		f->code = (struct kw_code){ .marked = -1, .origin = { .line = KW_NO_LINE } };
		break;
	case KW_PROOF_WORDS:
		f->extra_known = f->watch.word_known = 0;
		break;
	case KW_PROOF_SIGN:
		take_sign(f, part.rule);
		break;
	case KW_PROOF_MSR_LINES:
		f->nmsr = 0;
		break;
	case KW_PROOF_KERNEL:
		take_kernel(t);
		break;
	case KW_PROOF_ARCH:
		f->arch = KW_ARCH_UNKNOWN;
		break;
	case KW_PROOF_REFUSAL:
		take_fact(f, KW_F_hardware_error);
		take_fact(f, KW_F_vmcs_reason);
		break;
	case KW_PROOF_CHECK:
		for (size_t i = 0; i < part.saw->nused; i++)
			take_fact(f, (enum kw_fact)part.saw->used[i]);
		break;
	default:
		take_fact(f, (enum kw_fact)(part.item - 1));
	}
}

static uint64_t another(uint64_t value, unsigned int how)
{
	const uint64_t values[] = { ~value, value ^ UINT32_MAX, 0, 1, value << 1, value + 1 };

	return how < 64 ? value ^ 1ull << how : values[how - 64];
}

static void change_words(struct kw_failure *f, unsigned int how)
{
	for (size_t i = 0; i < KW_MAX_EXTRA; i++)
		f->extra[i] = another(f->extra[i], how);
	for (size_t i = 0; i < KW_WATCH_WORDS; i++)
		f->watch.word[i] = another(f->watch.word[i], how);
}

/* Other bytes; or those that KVM fetched, where a finding says that the two differ. */
static void change_code(struct kw_failure *f, unsigned int how)
{
	f->code.known = ~0ull >> (64 - f->code.len);
	memset(f->code.bytes, 0x90, sizeof(f->code.bytes));
	for (unsigned int i = 0;
	     how && f->code.marked >= 0 && i < 15 && (unsigned int)f->code.marked + i < f->code.len;
	     i++)
		f->code.bytes[(unsigned int)f->code.marked + i] =
			(uint8_t)(f->extra[1 + (i + 1) / 8] >> (i + 1) % 8 * 8);
}

static void change(struct trial *t, struct part part, unsigned int how)
{
	struct kw_failure *f = &t->f;

	switch (part.item) {
	case KW_PROOF_CODE:
		change_code(f, how);
		break;
	case KW_PROOF_WORDS:
		change_words(f, how);
		break;
	case KW_PROOF_SIGN:
		take_sign(f, part.rule);
		break;
	case KW_PROOF_MSR_LINES:
		f->msr[0].verb = KW_MSR_UNHANDLED;
		break;
	case KW_PROOF_KERNEL:
		take_kernel(t);
		t->context.host_kernel = "6.6.1";
		break;
	case KW_PROOF_ARCH:
		f->arch = KW_ARCH_X86;
		break;
	case KW_PROOF_REFUSAL:
		take_fact(f, KW_F_hardware_error);
		kw_failure_set(f, KW_F_vmcs_reason, 0x1e, KW_SEEN, 0);
		break;
	case KW_PROOF_CHECK:
		for (size_t i = 0; i < part.saw->nused; i++)
			f->fact[part.saw->used[i]] = another(f->fact[part.saw->used[i]], how);
		break;
	default:
		f->fact[part.item - 1] = another(f->fact[part.item - 1], how);
		if (part.item == KW_NEED(errno_number))
			f->text[KW_T_ERRNO] = KW_STR("Bad address");
	}
}

/* Does @t still hold the same certain finding, and where @before is given with the same words? */
static bool stands(struct trial *t, const char *id, const struct kw_finding *before)
{
	const struct kw_finding *finding;

	kw_explain(&t->f, &t->context, &t->c);
	finding = finding_of(t, id);
	return finding && finding->certainty == KW_CERTAIN &&
	       (!before ||
		(kw_str_eq(finding->title, before->title) && kw_str_eq(finding->why, before->why)));
}

static const char *part_name(struct part part)
{
	static const char *const names[] = {
		[KW_PROOF_CODE - KW_PROOF_CODE] = "code bytes",
		[KW_PROOF_WORDS - KW_PROOF_CODE] = "data words",
		[KW_PROOF_SIGN - KW_PROOF_CODE] = "lines of evidence",
		[KW_PROOF_MSR_LINES - KW_PROOF_CODE] = "MSR lines",
		[KW_PROOF_KERNEL - KW_PROOF_CODE] = "host kernel",
		[KW_PROOF_ARCH - KW_PROOF_CODE] = "architecture",
		[KW_PROOF_CHECK - KW_PROOF_CODE] = "check",
		[KW_PROOF_REFUSAL - KW_PROOF_CODE] = "refusal",
	};

	return part.item > KW_NFACTS ? names[part.item - KW_PROOF_CODE] :
				       kw_facts[part.item - 1].name;
}

static void complain(struct run *run, const char *id, struct part part, const char *what)
{
	run->failed++;
	printf("%s: %s (kernel %s): certain, although %s was %s\n", run->file, id,
	       run->kernel ? run->kernel : "unknown", part_name(part), what);
}

static void try_part(struct run *run, const struct kw_failure *f, const struct kw_context *context,
		     const struct kw_finding *finding, struct part part)
{
	static struct trial t;
	bool changed = false;

	run->tries++;
	trial_init(&t, f, context);
	take(&t, part);
	if (stands(&t, finding->id, NULL))
		complain(run, finding->id, part, "taken away");
	kw_arena_deinit(&t.arena);
	for (unsigned int how = 0; how < NCHANGES && !changed; how++) {
		trial_init(&t, f, context);
		change(&t, part, how);
		changed = !stands(&t, finding->id, finding);
		kw_arena_deinit(&t.arena);
	}
	if (!changed)
		complain(run, finding->id, part, "changed");
}

static void report_fact(const struct kw_failure *f, enum kw_fact fact)
{
	uint16_t line = f->origin[fact].line;

	printf("    %s 0x%" PRIx64, kw_facts[fact].name, f->fact[fact]);
	if (line < f->nlines)
		printf("  line %" PRIu64 ": %.*s", f->line[line].number,
		       (int)(f->line[line].text.len < 70 ? f->line[line].text.len : 70),
		       f->line[line].text.p);
	printf("\n");
}

static void report_sign(const struct kw_failure *f, const struct kw_rule *rule)
{
	for (size_t i = 0; i < f->nsigns; i++) {
		if (f->sign[i].kind + 1 == rule->sign)
			printf("    sign: %.*s\n", (int)f->sign[i].text.len, f->sign[i].text.p);
	}
}

static void report_check(const struct kw_failure *f, const struct kw_entry *saw)
{
	for (size_t i = 0; i < saw->nused; i++)
		report_fact(f, (enum kw_fact)saw->used[i]);
}

static void report_part(const struct trial *t, struct part part)
{
	if (part.item <= KW_NFACTS)
		report_fact(&t->f, (enum kw_fact)(part.item - 1));
	else if (part.item == KW_PROOF_CHECK)
		report_check(&t->f, part.saw);
	else if (part.item == KW_PROOF_SIGN)
		report_sign(&t->f, part.rule);
	else if (part.item == KW_PROOF_KERNEL)
		printf("    host kernel %s\n",
		       t->context.host_kernel ? t->context.host_kernel : "as the text says");
	else if (part.item == KW_PROOF_REFUSAL && kw_has(&t->f, vmcs_reason))
		report_fact(&t->f, KW_F_vmcs_reason);
	else if (part.item == KW_PROOF_REFUSAL)
		report_fact(&t->f, KW_F_hardware_error);
	else
		printf("    %s\n", part_name(part));
}

/* A certain finding of @base: every part of its proof. */
static void examine(struct run *run, const struct kw_failure *f, const struct trial *base,
		    const struct kw_finding *finding)
{
	const struct kw_rule *rule = kw_rule_find(finding->id);
	const struct kw_broken_check *broken =
		rule->breaks[0] ? kw_checks_broken(&base->c, rule) : NULL;

	run->findings++;
	if (run->report)
		printf("%s: %s: %.*s\n", run->file, finding->id, (int)finding->title.len,
		       finding->title.p);
	if (!rule->proof[0]) {
		run->failed++;
		printf("%s: %s is certain and names no proof\n", run->file, rule->id);
	}
	for (size_t i = 0; i < KW_MAX_NEEDS && rule->proof[i]; i++) {
		struct part part = { rule->proof[i], rule, broken ? &broken->saw : NULL };

		if (run->report)
			report_part(base, part);
		else
			try_part(run, f, &base->context, finding, part);
	}
}

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct trial base;
	struct run *run = arg;
	const struct kw_context context = { .host_kernel = run->kernel, .all = true };

	trial_init(&base, f, &context);
	kw_explain(&base.f, &base.context, &base.c);
	for (size_t i = 0; i < base.c.nfindings; i++) {
		if (base.c.finding[i].certainty == KW_CERTAIN)
			examine(run, f, &base, &base.c.finding[i]);
	}
	kw_arena_deinit(&base.arena);
}

static void read_file(struct run *run, const char *path)
{
	static char text[MAX_LOG];
	FILE *file = fopen(path, "rb");
	struct kw_stream *stream;
	size_t len;

	if (!file || kw_stream_create(on_failure, run, &stream)) {
		perror(path);
		exit(2);
	}
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	kw_stream_feed(stream, text, len);
	kw_stream_finish(stream);
	kw_stream_destroy(stream);
}

int main(int argc, char **argv)
{
	struct run run = { .report = argc > 1 && strcmp(argv[1], "--report") == 0 };

	for (int i = run.report ? 2 : 1; i < argc; i++) {
		for (size_t k = 0; k < (run.report ? 1 : sizeof(kernels) / sizeof(kernels[0]));
		     k++) {
			run.file = argv[i];
			run.kernel = kernels[k];
			read_file(&run, argv[i]);
		}
	}
	printf("%zu certain findings, %zu parts of their proofs tried, %zu wrong\n", run.findings,
	       run.tries, run.failed);
	return run.failed || (!run.report && !run.findings);
}
