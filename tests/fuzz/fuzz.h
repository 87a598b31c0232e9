/* SPDX-License-Identifier: MIT */
/*
 * The oracle of the fuzz targets: what must hold of records, cases and output whatever the input
 * was. A violation ends the process, so every fuzzer sees it.
 */
#ifndef KW_TESTS_FUZZ_H
#define KW_TESTS_FUZZ_H

#include "base/buf.h"
#include "explain/explain.h"
#include "parse/parse.h"

#include <stdio.h>
#include <stdlib.h>

#define PROMISE(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

/* What libFuzzer, AFL++ and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A number derived from the whole input, for choices that are not part of it. */
uint64_t fuzz_hash(const uint8_t *data, size_t len);

/* A NUL-terminated copy; free() it. */
char *fuzz_string(const uint8_t *data, size_t len);

/* The record: enums and indices in range, counts within bounds, lines among the first @lines. */
void check_failure(const struct kw_failure *f, uint64_t lines);

/* A case: the same for what was derived from a record. */
void check_case(const struct kw_case *c);

/* A report, through the functions of the API. */
struct kw_report;
void check_report(const struct kw_report *r);

/* Output for humans: UTF-8, and no control character except the line end. */
void check_shown(struct kw_str text);

/* Two outputs that must be equal; @what says why. */
void check_same(struct kw_str a, struct kw_str b, const char *what);

/* Coloured text: equal to the plain one, except for ESC [ digits and ; m. */
void check_color(struct kw_str colored, struct kw_str plain);

/* HTML: shown as above, and its tags match, so nothing of the input became one. */
void check_html(struct kw_str page);

/* JSON: shown as above, one value, which is an object or an array as @is_array says. */
void check_json(struct kw_str text, bool is_array);

/* NDJSON: one object a line. */
void check_ndjson(struct kw_str text);

/* Cases as they are printed: .formats has a bit for each format wanted. */
enum format { NDJSON, TEXT, COLOR, JSON, HTML, NFORMATS };

struct printed {
	unsigned int formats; /* 1 << NDJSON and so on */
	struct kw_buf out[NFORMATS];
	bool begun;
};

/* Prints it twice, which must give the same. */
void print_case(struct printed *printed, const struct kw_case *c);

/* Ends all output and checks it; colours must have added only colours. */
void check_printed(struct printed *printed);
struct kw_str printed_text(const struct printed *printed, enum format format);
void printed_free(struct printed *printed);

/* Feeds the text in pieces whose sizes derive from @random. */
void feed_pieces(struct kw_stream *s, const char *p, size_t len, uint64_t random);

/*
 * Offers each line of the input, cleaned, to @parsers (ends with NULL) and checks what comes out.
 */
void fuzz_parsers(const struct kw_parser *const *parsers, const uint8_t *data, size_t len);

#endif
