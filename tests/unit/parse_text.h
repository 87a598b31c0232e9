/* SPDX-License-Identifier: MIT */
/*
 * For the tests of parsers: text in, complete records out. Also the real logs that are not ours to
 * commit: searched for in KW_CORPUS or next to the project; a test says if they are absent.
 */
#ifndef KW_TESTS_PARSE_TEXT_H
#define KW_TESTS_PARSE_TEXT_H

#include "parse/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_SEEN = 8 };

struct seen {
	struct kw_arena arena;
	struct kw_failure *failure[MAX_SEEN];
	size_t count;
};

static inline void seen_add(void *arg, struct kw_failure *f)
{
	struct seen *seen = arg;
	struct kw_failure *copy;

	if (seen->count == MAX_SEEN)
		return;
	copy = malloc(sizeof(*copy));
	assert_non_null(copy);
	memcpy(copy, f, sizeof(*copy));
	copy->arena = &seen->arena;
	for (size_t i = 0; i < KW_NTEXTS; i++)
		copy->text[i] = kw_arena_copy(&seen->arena, f->text[i]);
	for (size_t i = 0; i < f->nsigns; i++)
		copy->sign[i].text = kw_arena_copy(&seen->arena, f->sign[i].text);
	seen->failure[seen->count++] = copy;
}

/* Offers each line to the parsers, as reader.c does from a search hit on. */
static inline struct seen seen_in(struct kw_str text)
{
	struct seen seen = { .count = 0 };
	char *scratch = malloc(text.len + 1);
	struct kw_gather *g;
	uint64_t number = 0;

	assert_non_null(scratch);
	kw_arena_init(&seen.arena, 1 << 20);
	assert_int_equal(kw_gather_create(seen_add, &seen, &g), 0);
	while (text.len) {
		struct kw_clean_line line = { .number = ++number };
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str raw = { text.p, end == SIZE_MAX ? text.len : end };
		struct kw_mail mail = { 0 };

		kw_clean(raw, false, scratch, &mail, &line);
		line.worded = true;
		kw_offer(g, &line);
		text = kw_str_from(text, raw.len + 1);
	}
	kw_gather_finish(g);
	kw_gather_destroy(g);
	free(scratch);
	return seen;
}

static inline void seen_free(struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->failure[i]);
	kw_arena_deinit(&seen->arena);
}

/* None of @n texts is taken for a failure. */
static inline void check_nothing_seen(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct seen seen = seen_in((struct kw_str){ texts[i], strlen(texts[i]) });

		if (seen.count)
			fail_msg("%s: %s", kw_class_name(seen.failure[0]->class), texts[i]);
		seen_free(&seen);
	}
}

static inline size_t known_facts(const struct seen *seen)
{
	size_t known = 0;

	for (size_t i = 0; i < seen->count; i++) {
		for (size_t fact = 0; fact < KW_NFACTS; fact++)
			known += kw_known(seen->failure[i], (enum kw_fact)fact);
	}
	return known;
}

/* A log cut anywhere, a long one at every fifth byte, crashes nothing and yields no more. */
static inline void check_every_prefix(struct kw_str text)
{
	struct seen whole = seen_in(text);
	size_t most = known_facts(&whole), step = text.len > 4096 ? 5 : 1;

	for (size_t len = 0; len < text.len; len += step) {
		/* its own block, so that a sanitizer sees an out-of-bounds read */
		char *copy = malloc(len ? len : 1);
		struct seen seen;

		assert_non_null(copy);
		memcpy(copy, text.p, len);
		seen = seen_in((struct kw_str){ copy, len });
		assert_in_range(known_facts(&seen), 0, most);
		seen_free(&seen);
		free(copy);
	}
	seen_free(&whole);
}

static inline void assert_text(struct kw_str got, const char *expected)
{
	assert_int_equal(got.len, strlen(expected));
	if (got.len)
		assert_memory_equal(got.p, expected, got.len);
}

#define assert_fact(f, name, value) do { \
	assert_true(kw_has((f), name)); \
	assert_int_equal((f)->name, (value)); \
} while (0)

/* The text of a real log, or a skip with the reason. Free it. */
static inline struct kw_str specimen(const char *name)
{
	const char *folders[] = {
		getenv("KW_CORPUS"),
		"../shared/corpus",
		"../../shared/corpus",
		"../../../shared/corpus",
	};
	struct kw_str text = { NULL, 0 };
	char path[512];
	FILE *file = NULL;
	char *data;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !file; i++) {
		if (!folders[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		file = fopen(path, "rb");
	}
	if (!file) {
		print_message("skipped: no real log %s (set KW_CORPUS to its folder)\n", name);
		skip();
	}
	data = malloc(1 << 20);
	assert_non_null(data);
	text.len = fread(data, 1, 1 << 20, file);
	text.p = data;
	fclose(file);
	return text;
}

/* A message alone is one failure of @class and has this sign. */
static inline void check_message(const char *text, enum kw_class class, enum kw_sign_kind sign)
{
	struct seen seen = seen_in(kw_str(text));

	if (seen.count != 1 || seen.failure[0]->class != class ||
	    !kw_failure_sign(seen.failure[0], sign))
		fail_msg("%zu failures, class %s: %s", seen.count,
			 seen.count ? kw_class_name(seen.failure[0]->class) : "-", text);
	seen_free(&seen);
}

#endif
