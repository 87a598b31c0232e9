// SPDX-License-Identifier: MIT
/*
 * The oracle on what the typed functions return: every text is printable, without a line end, and
 * the same when requested again; beyond the last there is nothing.
 */
#include "fuzz.h"

#include "api/api.h"

enum { MOST = 1000 };

/* The caller knows how many there are. */
static size_t check_text(const char *text, const char *again)
{
	if (!text) {
		PROMISE(!again);
		return 0;
	}
	PROMISE(text == again && !strchr(text, '\n'));
	check_shown(kw_str(text));
	return 1;
}

#define CHECK(call) check_text((call), (call))

static void check_items(const struct kw_report *r)
{
	uint64_t value;

	for (int what = -1; what < 20; what++)
		CHECK(kw_report_text(r, (enum kw_report_texts)what));
	for (int what = -1; what < 10; what++)
		PROMISE(kw_report_number(r, (enum kw_report_numbers)what, &value) <= 1);
	PROMISE(kw_report_text(r, KW_REPORT_CLASS) && kw_report_text(r, KW_REPORT_ARCH));
	PROMISE(kw_report_text(r, KW_REPORT_HEADLINE) && kw_report_text(r, KW_REPORT_FINGERPRINT));
}

static void check_facts(const struct kw_report *r)
{
	const char *name;
	uint64_t value;
	size_t i = 0;

	for (; (name = kw_report_fact_name(r, i)); i++)
		PROMISE(i < KW_NFACTS && kw_report_fact(r, name, &value) &&
			kw_report_fact(r, name, NULL));
	PROMISE(!kw_report_fact(r, "", &value) && !kw_report_fact_name(r, SIZE_MAX));
}

static void check_lists(const struct kw_report *r, size_t i)
{
	const struct kw_finding *finding = &r->c.finding[i];
	const size_t wanted[] = { finding->ntodo, finding->nsources, finding->nfacts };
	size_t k;

	for (size_t list = 0; list < 3; list++) {
		for (k = 0; k < MOST &&
			    CHECK(kw_report_finding_list(r, i, (enum kw_finding_lists)list, k));
		     k++)
			;
		PROMISE(k == wanted[list]);
	}
	for (k = 0; k < finding->nfacts; k++)
		PROMISE(kw_report_fact(r, kw_report_finding_list(r, i, KW_FINDING_FACTS, k), NULL));
}

static void check_evidence(const struct kw_report *r, size_t i)
{
	uint64_t line;
	size_t k = 0;

	for (; k < MOST && CHECK(kw_report_finding_evidence(r, i, k, &line)); k++)
		PROMISE(line);
	PROMISE(k == r->c.finding[i].nevidence);
}

void check_report(const struct kw_report *r)
{
	size_t i;

	check_items(r);
	check_facts(r);
	for (i = 0; i < MOST && kw_report_finding(r, i, KW_FINDING_ID); i++) {
		for (int what = -1; what < 10; what++)
			CHECK(kw_report_finding(r, i, (enum kw_finding_texts)what));
		PROMISE(kw_report_finding(r, i, KW_FINDING_TITLE) &&
			kw_report_finding(r, i, KW_FINDING_WHY));
		check_lists(r, i);
		check_evidence(r, i);
	}
	PROMISE(i == kw_report_findings(r));
	PROMISE(!kw_report_finding(r, SIZE_MAX, KW_FINDING_ID) &&
		!kw_report_finding_list(r, i, KW_FINDING_DO, 0));
	for (i = 0; i < MOST && CHECK(kw_report_note(r, i, NULL)); i++)
		;
	PROMISE(i == r->c.f->nnotes);
}
