// SPDX-License-Identifier: MIT
/*
 * A log, and the same log with a line of another speaker somewhere in it, chosen by its hash. The
 * text may be damaged so that the line parts what belongs together; but if as many failures are
 * seen, what is certain must be so in both. tests/corpus/metamorphic.c compares the whole answers
 * of whole logs.
 */
#include "../corpus/foreign.h"
#include "fuzz.h"

enum { TEXT_MAX = 1 << 16, FOREIGN_MAX = 128 };

/* Certain findings, as the sum of the hashes of their rules' names. */
struct certain {
	uint64_t sum, failures;
};

static void on_failure(void *arg, struct kw_failure *f)
{
	static const struct kw_context context = { .all = true };
	static struct kw_case c;
	struct certain *certain = arg;

	kw_explain(f, &context, &c);
	check_case(&c);
	certain->failures++;
	for (size_t i = 0; i < c.nfindings; i++) {
		const char *id = c.finding[i].rule->id;

		if (c.finding[i].certainty == KW_CERTAIN)
			certain->sum += fuzz_hash((const uint8_t *)id, strlen(id));
	}
}

static struct certain read_text(const char *text, size_t len)
{
	struct certain certain = { 0 };
	struct kw_stream *s;

	PROMISE(kw_stream_create(on_failure, &certain, &s) == 0);
	PROMISE(kw_stream_feed(s, text, len) == 0);
	kw_stream_finish(s);
	kw_stream_destroy(s);
	return certain;
}

/* A line that ends so goes on in the next one. */
static bool is_place(const char *text, size_t at)
{
	struct kw_str before = kw_str_trim((struct kw_str){ text, at });

	return !before.len || !memchr("=:\\", before.p[before.len - 1], 3);
}

/* The start of the next line; the text's own if there is none. */
static size_t line_start(const char *text, size_t len, size_t at)
{
	const char *newline = memchr(text + at, '\n', len - at);

	return newline ? (size_t)(newline - text) + 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char text[TEXT_MAX + FOREIGN_MAX];
	uint64_t hash = fuzz_hash(data, len);
	const struct foreign *f = &foreign[hash % NFOREIGN];
	struct certain alone, beside;
	size_t at;

	if (!len || len > TEXT_MAX || f->fails)
		return 0;
	at = line_start((const char *)data, len, (size_t)(hash >> 16) % len);
	if (!is_place((const char *)data, at))
		return 0;
	memcpy(text, data, at);
	memcpy(text + at, f->line.p, f->line.len);
	text[at + f->line.len] = '\n';
	memcpy(text + at + f->line.len + 1, data + at, len - at);
	alone = read_text((const char *)data, len);
	beside = read_text(text, len + f->line.len + 1);
	PROMISE(alone.failures != beside.failures || alone.sum == beside.sum);
	return 0;
}
