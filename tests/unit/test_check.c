// SPDX-License-Identifier: MIT
/*
 * The checks: a state that every check accepts, and for each check what breaks it, mostly one bit.
 * A check without a row fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "check/check.h"
#include "entry_base_svm.h"
#include "entry_base_vmx.h"
#include "entry_rows_set.h"
#include "entry_rows_svm.h"
#include "entry_rows_vmx_controls.h"
#include "entry_rows_vmx_guest.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct set {
	const struct entry_row *row;
	size_t nrows;
	const struct entry_set *base;
	size_t nbase;
};

static const struct set sets[] = {
	{ entry_rows_vmx_guest, N(entry_rows_vmx_guest), entry_base_vmx, N(entry_base_vmx) },
	{ entry_rows_vmx_controls, N(entry_rows_vmx_controls), entry_base_vmx, N(entry_base_vmx) },
	{ entry_rows_svm, N(entry_rows_svm), entry_base_svm, N(entry_base_svm) },
	{ entry_rows_set, N(entry_rows_set), entry_base_set, N(entry_base_set) },
};

static struct kw_failure failure;
static struct kw_entry entry;

static void set(const struct entry_set *set)
{
	kw_failure_set(&failure, (enum kw_fact)set->fact, set->value, KW_SEEN, KW_NO_LINE);
}

static void begin(const struct set *s, const struct entry_row *row)
{
	kw_failure_init(&failure, NULL);
	failure.arch = KW_ARCH_X86;
	for (size_t i = 0; i < s->nbase; i++)
		set(&s->base[i]);
	for (size_t i = 0; row && i < N(row->set) && row->set[i].fact; i++)
		set(&row->set[i]);
}

static void forget(enum kw_fact fact)
{
	failure.fact[fact] = 0;
	kw_failure_forget(&failure, fact);
}

static void expect(const struct kw_check *check, enum kw_verdict expected, const char *when)
{
	static const char *const names[] = { "holds", "broken", "cannot tell" };
	enum kw_verdict got = kw_check_ask(check, &failure, &entry);

	if (got != expected)
		fail_msg("%s, %s: %s, but expected: %s", check->id, when, names[got],
			 names[expected]);
}

/* Without any one of the facts behind it, a check is no longer "broken". */
static void forget_each_fact(const struct kw_check *check)
{
	struct kw_entry all = entry;

	for (size_t i = 0; i < all.nused; i++) {
		enum kw_fact fact = (enum kw_fact)all.used[i];
		uint64_t value = failure.fact[fact];

		forget(fact);
		expect(check, KW_CHECK_CANNOT_TELL, kw_facts[fact].name);
		assert_int_equal(entry.missing, fact);
		kw_failure_set(&failure, fact, value, KW_SEEN, KW_NO_LINE);
	}
}

static void try_row(const struct set *s, const struct entry_row *row)
{
	const struct kw_check *check = kw_check_find(row->id);

	if (!check)
		fail_msg("there is no check %s", row->id);
	begin(s, row);
	if (row->untold) {
		expect(check, KW_CHECK_CANNOT_TELL, "with what no dump shows");
		assert_non_null(entry.untold);
		return;
	}
	expect(check, KW_CHECK_HOLDS, "before the bits are flipped");
	failure.fact[row->fact] ^= row->flip;
	expect(check, KW_CHECK_BROKEN, "after the bits were flipped");
	forget_each_fact(check);
}

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(sets); i++) {
		for (size_t row = 0; row < sets[i].nrows; row++)
			try_row(&sets[i], &sets[i].row[row]);
	}
}

static bool has_row(const struct kw_check *check)
{
	for (size_t i = 0; i < N(sets); i++) {
		for (size_t row = 0; row < sets[i].nrows; row++) {
			if (strcmp(sets[i].row[row].id, check->id) == 0)
				return true;
		}
	}
	return false;
}

static bool is_word(const char *id)
{
	return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id);
}

static void check_words(const struct kw_check *check)
{
	if (!is_word(check->id) || strlen(check->says) >= 160 ||
	    check->says[strlen(check->says) - 1] == '.')
		fail_msg("%s: \"%s\"", check->id, check->says);
	assert_ptr_equal(kw_check_find(check->id), check); /* no other has the id */
}

static void every_check_has_a_row(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct kw_check_section *section = kw_check_sections; section->n; section++) {
		for (size_t i = 0; i < section->n; i++, n++) {
			check_words(&section->check[i]);
			assert_ptr_equal(kw_check_section_of(&section->check[i]), section);
			if (!has_row(&section->check[i]))
				fail_msg("no row tries %s", section->check[i].id);
		}
	}
	print_message("%zu checks\n", n);
}

static void no_baseline_breaks_a_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(sets); i++) {
		begin(&sets[i], NULL);
		for (const struct kw_check_section *section = kw_check_sections; section->n;
		     section++) {
			for (size_t k = 0; k < section->n; k++) {
				if (kw_check_ask(&section->check[k], &failure, &entry) ==
				    KW_CHECK_BROKEN)
					fail_msg("the baseline breaks %s", section->check[k].id);
			}
		}
	}
}

/* A record without facts breaks no check. */
static void an_empty_record_breaks_no_check(void **state)
{
	(void)state;
	kw_failure_init(&failure, NULL);
	for (const struct kw_check_section *section = kw_check_sections; section->n; section++) {
		for (size_t i = 0; i < section->n; i++)
			expect(&section->check[i], KW_CHECK_CANNOT_TELL, "nothing is known");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_baseline_breaks_a_check),
		cmocka_unit_test(an_empty_record_breaks_no_check),
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_check_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
