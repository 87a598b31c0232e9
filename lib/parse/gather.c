// SPDX-License-Identifier: MIT
/*
 * Lines to records: offers each line to the parsers, decides where one failure ends and the next
 * begins, and passes complete records on. Knows when, not what: the wording is the parsers'
 * business.
 */
#include "failure/x86.h"
#include "parse/parse.h"

#include <kvm_numbers.h>

#include <errno.h>
#include <stdlib.h>

enum {
	QUIET_LINES = 48,	/* lines without any of our words that end a record */
	SIGN_LINES = 200,	/* a sign this many lines before a failure still belongs to it */
	RING = 8,		/* signs kept while no record is open */
	EVENT_TEXT = 400,
	LINE_TEXT = 1024,	/* of a line kept as evidence */
	ARENA_LIMIT = 1 << 20,
};

struct ring_sign {
	uint64_t number, others, value;
	enum kw_sign_kind kind;
	size_t len;
	char text[EVENT_TEXT];
};

/* What a parser remembers of a dump. */
struct state {
	const struct kw_parser *of;
	uint32_t value;
};

struct record {
	struct kw_failure f;
	struct kw_arena arena;
	bool open;
	/* of a record of `kvmwhy watch`: lines it quotes are no longer read */
	bool log_over;
	bool dropped;  /* is not reported */
	bool aside;    /* of a program that prints no registers: see kw_gather_aside() */
	/* of the joined host dump that is still being read, KW_CLASS_NONE for none */
	enum kw_class dump;
	uint64_t headline_number, others; /* lines of other speakers before it */
	unsigned int echoes; /* times the headline was repeated: more dumps will follow */
	struct state state[KW_NPARSERS]; /* for the dump being read */
};

struct kw_gather {
	kw_failure_fn fn;
	void *arg;
	struct record *older, *newer; /* the older may be closed only after the newer */
	struct record slot[2], msr;
	struct record beside; /* another program's failure, while one is open */
	unsigned int quiet;
	uint64_t others; /* lines of other speakers so far, which keep nothing apart */
	struct ring_sign ring[RING];
	unsigned int nring;
	struct kw_finder messages; /* the words of all one-line messages: most lines contain none */
};

static void record_open(struct kw_gather *g, struct record *r)
{
	kw_arena_reset(&r->arena);
	kw_failure_init(&r->f, &r->arena);
	r->open = true;
	r->log_over = r->dropped = r->aside = false;
	r->dump = KW_CLASS_NONE;
	r->headline_number = 0;
	r->echoes = 0;
	r->others = g->others;
	memset(r->state, 0, sizeof(r->state));
}

/* The part of a line that is kept: long ones are cut at a whole UTF-8 character. */
static struct kw_str shorten(struct kw_str s, size_t max)
{
	if (s.len <= max)
		return s;
	s.len = max;
	while (s.len && ((unsigned char)s.p[s.len - 1] & 0xc0) == 0x80)
		s.len--;
	if (s.len && (unsigned char)s.p[s.len - 1] >= 0xc0)
		s.len--;
	return s;
}

uint16_t kw_gather_line(struct kw_failure *f, const struct kw_clean_line *line)
{
	if (!line)
		return KW_NO_LINE;
	if (!f->first_line || line->number < f->first_line)
		f->first_line = line->number;
	if (line->number > f->last_line)
		f->last_line = line->number;
	if (f->nlines && f->line[f->nlines - 1].number == line->number)
		return (uint16_t)(f->nlines - 1);
	return kw_failure_add_line(f, line->number, shorten(line->raw, LINE_TEXT));
}

/*
 * Values of facts shared by all architectures that only KVM on x86 reports (Linux arch/x86/kvm):
 * suberrors of the emulator and of event delivery, a triple fault, a notify exit, a failed entry
 * with a VMX exit reason or SVM's VMEXIT_INVALID. A failed entry has 1 on arm64 and 0 on POWER.
 */
static const struct {
	uint16_t fact;
	enum kw_arch arch;
	uint64_t low, high;
} signs[] = {
	{ KW_F_suberror, KW_ARCH_X86, 1, 4 },
	{ KW_F_exit_reason, KW_ARCH_X86, KW_KVM_EXIT_SHUTDOWN, KW_KVM_EXIT_SHUTDOWN },
	{ KW_F_exit_reason, KW_ARCH_X86, KW_KVM_EXIT_NOTIFY, KW_KVM_EXIT_NOTIFY },
	{ KW_F_hardware_error, KW_ARCH_X86, 0x80000000, 0x8000ffff },
	{ KW_F_hardware_error, KW_ARCH_X86, UINT32_MAX, UINT32_MAX },
	{ KW_F_hardware_error, KW_ARCH_X86, UINT64_MAX, UINT64_MAX },
};

/*
 * The machine, once @fact is known: a fact of one architecture proves it, a value only if there was
 * no other sign.
 */
static enum kw_arch arch_with(const struct kw_failure *f, enum kw_fact fact, uint64_t value)
{
	if (kw_fact_arch[fact] != KW_ARCH_UNKNOWN)
		return (enum kw_arch)kw_fact_arch[fact];
	for (size_t i = 0; f->arch == KW_ARCH_UNKNOWN && i < sizeof(signs) / sizeof(signs[0]);
	     i++) {
		if (signs[i].fact == fact && value >= signs[i].low && value <= signs[i].high)
			return signs[i].arch;
	}
	return f->arch;
}

void kw_gather_fact(struct kw_failure *f, const struct kw_clean_line *line, enum kw_fact fact,
		    uint64_t value)
{
	f->arch = arch_with(f, fact, value);
	kw_failure_set(f, fact, value, KW_SEEN, kw_gather_line(f, line));
}

/* What only KVM on x86 says, for any guest: it shows the host's machine. */
static bool is_of_x86(enum kw_sign_kind kind)
{
	return kind == KW_SIGN_VMX_INSN || kind == KW_SIGN_SEV_TERMINATION ||
	       kind == KW_SIGN_SEV_MESSAGE || kind == KW_SIGN_SPTE;
}

static void add_sign(struct kw_failure *f, enum kw_sign_kind kind, uint16_t line, uint64_t value,
		     struct kw_str text)
{
	if (f->arch == KW_ARCH_UNKNOWN && is_of_x86(kind))
		f->arch = KW_ARCH_X86;
	kw_failure_add_sign(f, kind, line, value, text);
}

/*
 * A record aside already has what came after its headline, and the failure that follows may have it
 * too.
 */
static void attach_ring(struct kw_gather *g, struct record *r)
{
	struct kw_failure *f = &r->f;
	uint64_t first = f->first_line;

	for (unsigned int i = 0; i < g->nring; i++) {
		const struct ring_sign *e = &g->ring[i];
		struct kw_str text = { e->text, e->len };

		if (f->last_line && (e->number + SIGN_LINES + (r->others - e->others) < first ||
				     (r->aside && e->number >= first)))
			continue;
		add_sign(f, e->kind, kw_failure_add_line(f, e->number, text), e->value, text);
	}
	f->first_line = first;
	if (!r->aside)
		g->nring = 0;
}

static size_t registers_known(const struct kw_failure *f)
{
	size_t known = 0;

	for (size_t i = KW_GPR_FIRST; i <= KW_F_rflags; i++)
		known += kw_known(f, (enum kw_fact)i);
	return known;
}

/* Is it a failure at all? A few tokens that look like registers are not one. */
static bool is_failure(struct kw_failure *f)
{
	if (!f->nlines)
		return false;
	if (f->class != KW_CLASS_NONE || f->watch.begun)
		return true;
	if (!kw_has(f, rip) || registers_known(f) < 4)
		return f->code.marked >= 0 && f->code.len >= 8 && f->code_line_seen;
	return true;
}

/* The class of a record without a headline: word 1 is the result, negative if KVM_RUN failed. */
static enum kw_class class_without_headline(const struct kw_failure *f)
{
	bool failed = f->watch.word_known & 2 && f->watch.word[1] >> 63;

	return failed ? KW_CLASS_KVM_RUN_FAILED : KW_CLASS_REGISTER_DUMP;
}

static void record_close(struct kw_gather *g, struct record *r)
{
	struct kw_failure *f = &r->f;

	if (!r->open)
		return;
	r->open = false;
	if (r->dropped || !is_failure(f))
		return;
	if (f->class == KW_CLASS_NONE)
		f->class = class_without_headline(f);
	if (f->watch.begun && !f->watch.ended)
		kw_failure_add_note(
			f, f->last_line,
			KW_STR("the end of this record of `kvmwhy watch` is missing, or another failure began inside it"));
	if (g->nring && r != &g->beside)
		attach_ring(g, r);
	g->fn(g->arg, f);
}

static void promote(struct kw_gather *g)
{
	struct record *closed = g->older;

	record_close(g, closed);
	g->older = g->newer;
	g->newer = closed;
}

static void close_all(struct kw_gather *g)
{
	record_close(g, g->older);
	record_close(g, g->newer);
	record_close(g, &g->beside);
}

struct kw_failure *kw_gather_begin(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = &g->older->f;

	close_all(g);
	record_open(g, g->older);
	f->watch.begun = true;
	f->watch.line = kw_gather_line(f, line);
	f->headline = (struct kw_origin){ .how = KW_SEEN, .line = f->watch.line };
	f->text[KW_T_HEADLINE] = kw_arena_copy(f->arena, shorten(line->text, LINE_TEXT));
	return f;
}

struct kw_failure *kw_gather_watched(struct kw_gather *g)
{
	if (g->newer->open && g->newer->f.watch.begun)
		return &g->newer->f;
	return g->older->open && g->older->f.watch.begun ? &g->older->f : NULL;
}

void kw_gather_end(struct kw_gather *g)
{
	close_all(g);
}

struct kw_failure *kw_gather_current(struct kw_gather *g)
{
	if (g->newer->open)
		return &g->newer->f;
	return g->older->open ? &g->older->f : NULL;
}

struct kw_failure *kw_gather_dumping(struct kw_gather *g)
{
	return g->older->open ? &g->older->f : NULL;
}

static bool is_of(const struct record *r, enum kw_class class)
{
	return r->open && (r->f.class == class || r->dump == class);
}

struct kw_failure *kw_gather_of(struct kw_gather *g, enum kw_class class)
{
	if (is_of(g->newer, class))
		return &g->newer->f;
	return is_of(g->older, class) ? &g->older->f : NULL;
}

static bool has_registers(const struct kw_failure *f)
{
	return kw_has(f, rax) || kw_has(f, rip) || kw_has(f, cr0);
}

static bool is_host_dump(enum kw_class class)
{
	return class == KW_CLASS_VMCS_DUMP || class == KW_CLASS_VMCB_DUMP;
}

/* The last line of a dump is Code=, so a dump with its marked byte is complete. */
static bool is_complete(const struct kw_failure *f)
{
	return (f->code_line_seen && f->code.marked >= 0 && has_registers(f)) ||
	       is_host_dump(f->class);
}

static struct kw_failure *set_headline(struct record *r, enum kw_class class, uint64_t number,
				       const struct kw_clean_line *line)
{
	struct kw_failure *f = &r->f;
	uint16_t at = kw_gather_line(f, line);

	f->class = class;
	f->headline = (struct kw_origin){ .how = KW_SEEN, .line = at };
	f->text[KW_T_HEADLINE] = kw_arena_copy(f->arena, shorten(line->text, LINE_TEXT));
	r->headline_number = number;
	return f;
}

static struct record *newest(struct kw_gather *g)
{
	return g->newer->open ? g->newer : g->older;
}

/*
 * Can this dump belong to a failed entry with this hardware_entry_failure_reason? VMX: the exit
 * reason with bit 31, or else a VM-instruction error, which leaves the exit reason unchanged. SVM:
 * all ones.
 */
static bool dump_fits(enum kw_class dump, uint64_t error)
{
	bool all_ones = error == UINT32_MAX || error == UINT64_MAX;

	return dump == KW_CLASS_VMCB_DUMP ? all_ones : !all_ones;
}

/* Was the dump in @f made for this failed entry, as far as it shows why it was made? */
static bool made_for(const struct kw_failure *f, uint64_t error)
{
	if (kw_has(f, hardware_error))
		return (uint32_t)f->hardware_error == (uint32_t)error;
	return kw_has(f, vmcs_reason) && error < 0x80000000;
}

/*
 * The kernel dumps before the VMM prints its message, so in a log in time order the dump comes
 * first.
 */
static bool entry_joins(const struct record *r, enum kw_class class, uint64_t error)
{
	return r->open && class == KW_CLASS_ENTRY_FAILED && is_host_dump(r->f.class) &&
	       dump_fits(r->f.class, error) && made_for(&r->f, error);
}

/* dump_vmcb of newer kernels has general registers; those of the VMM's dump follow now. */
static void forget_registers(struct kw_failure *f)
{
	for (size_t i = KW_GPR_FIRST; i <= KW_GPR_LAST; i++)
		kw_failure_forget(f, (enum kw_fact)i);
}

/* Only its last line ends a record of `kvmwhy watch`. */
static bool ends_before_headline(const struct kw_failure *f)
{
	return !f->watch.begun && (is_complete(f) || !has_registers(f));
}

/*
 * A failure that follows takes over such a record, with its lines as evidence; a reset has a dump
 * of its own.
 */
static bool is_message(enum kw_class class)
{
	return kw_class_is_message(class) && class != KW_CLASS_CPU_RESET;
}

struct kw_failure *kw_gather_headline(struct kw_gather *g, enum kw_class class, uint64_t number,
				      bool dump_was_before, const struct kw_clean_line *line)
{
	struct record *r = newest(g);

	if (entry_joins(r, class, number)) {
		forget_registers(&r->f);
		return set_headline(r, class, number, line);
	}
	if (r->open && is_message(r->f.class) && !is_message(class) && !has_registers(&r->f))
		return set_headline(r, class, number, line);
	if (r->open && r->f.class == KW_CLASS_NONE && (!has_registers(&r->f) || dump_was_before))
		return set_headline(r, class, number, line);
	if (r->open && r->f.class == class && r->headline_number == number &&
	    !has_registers(&r->f) && !r->f.extra_known && !r->f.code_line_seen) {
		r->echoes++;
		kw_gather_line(&r->f, line);
		return &r->f;
	}
	if (g->newer->open)
		promote(g);
	if (g->older->open && ends_before_headline(&g->older->f))
		record_close(g, g->older);
	r = g->older->open ? g->newer : g->older;
	record_open(g, r);
	return set_headline(r, class, number, line);
}

struct kw_failure *kw_gather_aside(struct kw_gather *g, enum kw_class class, uint64_t number,
				   const struct kw_clean_line *line)
{
	struct record *r = newest(g);

	record_close(g, &g->beside);
	if (r->open && entry_joins(r, class, number))
		return kw_gather_headline(g, class, number, false, line);
	r = g->older->open ? &g->beside : g->older;
	record_open(g, r);
	r->aside = true;
	return set_headline(r, class, number, line);
}

/* libvirt's "the VMM is gone" comes before the VMM's own words, which say what kind of end it was. */
static bool says_only_gone(const struct kw_failure *f)
{
	return f->class == KW_CLASS_NOT_KVM && f->nsigns == 1 &&
	       f->sign[0].kind == KW_SIGN_VMM_GONE;
}

struct kw_failure *kw_gather_message(struct kw_gather *g, enum kw_class class,
				     const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_current(g);

	if (f && class != KW_CLASS_NONE && says_only_gone(f))
		f->class = class;
	if (class == KW_CLASS_NONE || (f && !newest(g)->aside))
		return f;
	return kw_gather_headline(g, class, 0, false, line);
}

struct kw_failure *kw_gather_beside(struct kw_gather *g)
{
	return g->beside.open ? &g->beside.f : NULL;
}

/* A dump quoted by `kvmwhy watch` belongs to the failure it is quoted in. */
static bool takes_dump(const struct record *r, enum kw_class dump, const struct kw_clean_line *line)
{
	if (r->f.class != KW_CLASS_ENTRY_FAILED)
		return r->f.watch.begun && line->logged;
	return kw_has(&r->f, hardware_error) && dump_fits(dump, r->f.hardware_error);
}

/*
 * A further dump, or one that cannot belong to this failure: what it says about the host is
 * dropped.
 */
static struct kw_failure *drop_dump(struct kw_gather *g, const struct kw_clean_line *line)
{
	kw_failure_add_note(
		&g->older->f, line->number,
		KW_STR("the kernel's log has another dump here, which does not belong to this failure: it is not read"));
	g->older->log_over = true;
	record_open(g, g->newer);
	g->newer->dropped = true;
	return &g->newer->f;
}

struct kw_failure *kw_gather_host_dump(struct kw_gather *g, enum kw_class class,
				       const struct kw_clean_line *line)
{
	struct record *r = newest(g);

	if (r->open && r == g->older && !kw_failure_has_host_dump(&r->f) &&
	    takes_dump(r, class, line)) {
		r->dump = class;
		kw_gather_line(&r->f, line);
		return &r->f;
	}
	if (line->logged && g->older->open && g->older->f.watch.begun && !g->newer->open)
		return drop_dump(g, line);
	return kw_gather_headline(g, class, line->number, false, line);
}

/* A further dump after a repeated headline shares it. */
static void inherit_headline(struct record *to, const struct record *from)
{
	struct kw_failure *f = &to->f;

	f->class = from->f.class;
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group == KW_G_SAID && kw_known(&from->f, (enum kw_fact)i))
			kw_failure_set(f, (enum kw_fact)i, from->f.fact[i], KW_ASSUMED, KW_NO_LINE);
	}
	for (size_t i = 0; i < KW_NTEXTS; i++)
		f->text[i] = kw_arena_copy(f->arena, from->f.text[i]);
	to->headline_number = from->headline_number;
	to->echoes = from->echoes - 1;
}

struct kw_failure *kw_gather_dump(struct kw_gather *g, enum kw_fact fact,
				  const struct kw_clean_line *line)
{
	struct record *old = g->older;

	if (!old->open) {
		record_open(g, old);
	} else if (kw_known(&old->f, fact)) {
		if (!kw_has(&old->f, rip))
			kw_failure_add_note(
				&old->f, line->number,
				KW_STR("another register dump begins inside this one: registers of "
				       "several vCPUs may be mixed"));
		if (g->newer->open) {
			promote(g);
		} else {
			record_open(g, g->newer);
			if (old->echoes)
				inherit_headline(g->newer, old);
			promote(g);
		}
	} else if (is_host_dump(old->f.class)) {
		record_close(g, old);
		record_open(g, old);
	}
	g->older->dump = KW_CLASS_NONE;
	return &g->older->f;
}

void kw_gather_sign(struct kw_gather *g, const struct kw_clean_line *line, enum kw_sign_kind kind,
		    uint64_t value)
{
	struct kw_failure *f = kw_gather_current(g);
	struct kw_str text = shorten(line->text, EVENT_TEXT);
	struct ring_sign *e;

	if (f)
		add_sign(f, kind, kw_gather_line(f, line), value, text);
	if (f && !newest(g)->aside)
		return;
	if (g->nring == RING) {
		memmove(&g->ring[0], &g->ring[1], sizeof(g->ring[0]) * (RING - 1));
		g->nring--;
	}
	e = &g->ring[g->nring++];
	e->number = line->number;
	e->others = g->others;
	e->kind = kind;
	e->value = value;
	e->len = text.len;
	memcpy(e->text, text.p, text.len);
}

static bool same_message(const struct kw_msr_message *a, const struct kw_msr_message *b)
{
	return a->index == b->index && a->write == b->write && a->verb == b->verb &&
	       a->value_known == b->value_known && a->value == b->value;
}

void kw_gather_msr(struct kw_gather *g, const struct kw_clean_line *line,
		   const struct kw_msr_message *message)
{
	struct kw_failure *f = &g->msr.f, *open = kw_gather_current(g);

	if (open)
		add_sign(open, KW_SIGN_MSR, kw_gather_line(open, line), message->index,
				     shorten(line->text, EVENT_TEXT));
	if (open && line->logged)
		return;
	if (!g->msr.open) {
		kw_arena_reset(&g->msr.arena);
		kw_failure_init(f, &g->msr.arena);
		g->msr.open = true;
		g->msr.others = g->others;
		f->class = KW_CLASS_MSR_MESSAGE;
		f->arch = KW_ARCH_X86;
		f->headline = (struct kw_origin){ .how = KW_SEEN, .line = kw_gather_line(f, line) };
		f->text[KW_T_HEADLINE] = kw_arena_copy(f->arena, shorten(line->text, LINE_TEXT));
	}
	for (size_t i = 0; i < f->nmsr; i++) {
		if (same_message(&f->msr[i], message)) {
			f->msr[i].count++;
			if (line->number > f->last_line)
				f->last_line = line->number;
			return;
		}
	}
	if (f->nmsr == KW_MAX_MSR_MESSAGES) {
		if (!f->nnotes)
			kw_failure_add_note(
				f, line->number,
				KW_STR("more different MSR messages follow than are kept"));
		return;
	}
	f->msr[f->nmsr] = *message;
	f->msr[f->nmsr].count = 1;
	f->msr[f->nmsr].line = kw_gather_line(f, line);
	f->nmsr++;
}

uint32_t *kw_gather_state(struct kw_gather *g, const struct kw_parser *parser)
{
	struct state *state = parser->aside && g->beside.open ? g->beside.state : g->older->state;

	while (state->of && state->of != parser)
		state++;
	state->of = parser;
	return &state->value;
}

bool kw_gather_is_deaf(const struct kw_gather *g, const struct kw_clean_line *line)
{
	return line->logged && g->older->open && g->older->log_over;
}

void kw_gather_took(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->cut && kw_gather_current(g))
		kw_failure_add_note(
			kw_gather_current(g), line->number,
			KW_STR("the line is too long; only its first 64 KiB were read"));
	g->quiet = 0;
}

void kw_gather_passed(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->logged && kw_gather_watched(g))
		return;
	if (line->text.len && ++g->quiet > QUIET_LINES)
		close_all(g);
}

void kw_gather_others(struct kw_gather *g, uint64_t lines)
{
	g->others += lines;
}

bool kw_gather_is_open(const struct kw_gather *g)
{
	return g->older->open || g->newer->open || g->beside.open;
}

bool kw_gather_is_host_dump(const struct kw_gather *g)
{
	return g->older->open && is_host_dump(g->older->f.class) && !g->newer->open &&
	       !g->beside.open;
}

bool kw_gather_in_host_dump(const struct kw_gather *g)
{
	const struct record *r = g->newer->open ? g->newer : g->older;

	return r->open && (is_host_dump(r->f.class) || is_host_dump(r->dump));
}

void kw_gather_finish(struct kw_gather *g)
{
	close_all(g);
	if (g->msr.open) {
		g->msr.open = false;
		attach_ring(g, &g->msr);
		g->fn(g->arg, &g->msr.f);
	}
	g->nring = 0;
	g->quiet = 0;
	g->others = 0;
	memset(g->slot[0].state, 0, sizeof(g->slot[0].state));
	memset(g->slot[1].state, 0, sizeof(g->slot[1].state));
}

int kw_gather_create(kw_failure_fn fn, void *arg, struct kw_gather **ret)
{
	struct kw_gather *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->fn = fn;
	g->arg = arg;
	g->older = &g->slot[0];
	g->newer = &g->slot[1];
	kw_arena_init(&g->slot[0].arena, ARENA_LIMIT);
	kw_arena_init(&g->slot[1].arena, ARENA_LIMIT);
	kw_arena_init(&g->msr.arena, ARENA_LIMIT);
	kw_arena_init(&g->beside.arena, ARENA_LIMIT);
	*ret = g;
	return 0;
}

void kw_gather_destroy(struct kw_gather *g)
{
	if (!g)
		return;
	kw_arena_deinit(&g->slot[0].arena);
	kw_arena_deinit(&g->slot[1].arena);
	kw_arena_deinit(&g->msr.arena);
	kw_arena_deinit(&g->beside.arena);
	free(g);
}
