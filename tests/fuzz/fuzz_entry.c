// SPDX-License-Identifier: MIT
/*
 * A record made from the bytes: class, hardware error, and facts of the VMCS, the VMCB and the
 * registers, known or not. It is explained and printed, with the list of checks, whose results must
 * be consistent.
 */
#include "fuzz.h"

struct bytes {
	const uint8_t *p;
	size_t len;
};

static uint8_t take(struct bytes *b)
{
	if (!b->len)
		return 0;
	b->len--;
	return *b->p++;
}

static uint64_t take_word(struct bytes *b, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)take(b) << 8 * i;
	return value;
}

/* Values that break checks: few bits, all but few, small ones, addresses around a limit. */
static uint64_t take_value(struct bytes *b)
{
	uint8_t how = take(b);

	switch (how % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_C(1) << (how >> 3) << (take(b) % 33);
	case 2:
		return ~(UINT64_C(1) << (how >> 3) << (take(b) % 33));
	case 3:
		return take(b);
	case 4:
		return take_word(b, 2);
	case 5:
		return take_word(b, 4);
	case 6:
		return (uint64_t)((int64_t)(take_word(b, 8) << (how >> 3)) >> (how >> 3));
	default:
		return take_word(b, 8);
	}
}

static const uint64_t errors[] = {
	0x80000021, 0x80000022, 7, 8, UINT32_MAX, UINT64_MAX, 0x80000029, 0, 4, 5,
};

static const enum kw_class classes[] = {
	KW_CLASS_ENTRY_FAILED,	KW_CLASS_VMCS_DUMP,	 KW_CLASS_VMCB_DUMP,
	KW_CLASS_REGISTER_DUMP, KW_CLASS_INTERNAL_ERROR,
};

/* The groups that the record has facts of. */
static bool is_wanted(enum kw_fact fact, uint8_t groups)
{
	switch (kw_facts[fact].group) {
	case KW_G_REG:
	case KW_G_SEG:
	case KW_G_SYS:
		return groups & 1;
	case KW_G_VMCS:
		return groups & 2;
	case KW_G_VMCB:
		return groups & 4;
	default:
		return false;
	}
}

/* The facts of some groups, with occasional gaps; what the bytes do not reach is 0. */
static void set_facts(struct kw_failure *f, struct bytes *b)
{
	uint8_t groups = take(b), gaps = take(b);

	for (size_t i = 0; i < KW_NFACTS; i++) {
		enum kw_fact fact = (enum kw_fact)i;
		uint64_t value;

		if (!is_wanted(fact, groups) || (gaps && take(b) % gaps == 1))
			continue;
		value = b->len ? take_value(b) : 0;
		/* decimal ones are small */
		kw_failure_set(f, fact, kw_facts[i].hex ? value : value & 0xff, KW_SEEN, 0);
	}
}

static void make(struct kw_failure *f, struct bytes *b)
{
	uint8_t choice = take(b);

	f->class = classes[choice % (sizeof(classes) / sizeof(classes[0]))];
	f->arch =
		choice & 0x80 && choice & 0x40 ? (enum kw_arch)(choice % KW_NARCHES) : KW_ARCH_X86;
	f->first_line = f->last_line = 1;
	kw_failure_add_line(f, 1, KW_STR("KVM: entry failed"));
	choice = take(b);
	if (choice & 0x80)
		kw_failure_set(f, KW_F_hardware_error,
			       errors[choice % (sizeof(errors) / sizeof(errors[0]))], KW_SEEN, 0);
	set_facts(f, b);
}

/* What was read is known, what is missing is not; only a check that lacked nothing is broken. */
static void check_answer(const struct kw_check *check, const struct kw_failure *f)
{
	struct kw_entry e;
	enum kw_verdict verdict = kw_check_ask(check, f, &e);

	PROMISE(verdict <= KW_CHECK_CANNOT_TELL && e.nused <= KW_CHECK_MAX_USED);
	PROMISE(verdict != KW_CHECK_CANNOT_TELL || e.missing != KW_F_none || e.untold);
	PROMISE(verdict != KW_CHECK_BROKEN || (e.missing == KW_F_none && !e.untold));
	PROMISE(verdict != KW_CHECK_HOLDS || e.missing == KW_F_none);
	PROMISE(e.missing == KW_F_none || !kw_known(f, e.missing));
	for (size_t i = 0; i < e.nused; i++)
		PROMISE(e.used[i] < KW_NFACTS && kw_known(f, (enum kw_fact)e.used[i]));
	PROMISE(!e.by_vmm || !kw_failure_has_host_dump(f));
}

static void check_answers(const struct kw_case *c)
{
	const struct kw_checks *k = &c->checks;
	size_t broken = (size_t)(k->asked - k->hold - k->cannot_tell);

	PROMISE(k->asked >= k->hold + k->cannot_tell);
	PROMISE(k->nbroken == (broken < KW_MAX_BROKEN ? broken : KW_MAX_BROKEN));
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		for (size_t i = 0; i < s->n; i++)
			check_answer(&s->check[i], c->f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct kw_failure f;
	static struct kw_case c;
	struct printed printed = { .formats = 1 << NDJSON };
	struct kw_context context = { 0 };
	struct bytes b = { data, len };
	struct kw_arena arena;

	kw_arena_init(&arena, 1 << 20);
	kw_failure_init(&f, &arena);
	context.vendor = (enum kw_vendor)(take(&b) % 3);
	make(&f, &b);
	if (fuzz_hash(data, len) % 4 == 0) /* long lists: most of the time would go there */
		printed.formats = 1 << NDJSON | 1 << TEXT | 1 << COLOR | 1 << JSON | 1 << HTML;
	check_failure(&f, 1);
	kw_explain(&f, &context, &c);
	check_case(&c);
	check_answers(&c);
	print_case(&printed, &c);
	check_printed(&printed);
	printed_free(&printed);
	kw_arena_deinit(&arena);
	return 0;
}
