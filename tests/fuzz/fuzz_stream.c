// SPDX-License-Identifier: MIT
/*
 * A log through the whole pipeline: kw_stream, explain, the typed functions, NDJSON and one more
 * renderer, chosen by the log's length. Fed again to the same stream in small pieces, it must
 * produce the same.
 */
#include "fuzz.h"

#include "api/api.h"

struct run {
	struct kw_context context;
	uint64_t lines;
	struct printed *printed;
};

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct kw_report report;
	struct kw_case *c = &report.c;
	struct kw_shown *shown = NULL;
	struct run *run = arg;

	check_failure(f, run->lines);
	kw_explain(f, &run->context, c);
	check_failure(f, run->lines);
	check_case(c);
	report.shown = &shown;
	check_report(&report);
	print_case(run->printed, c);
}

static struct kw_context context_of(size_t len)
{
	static const char *const kernels[] = { NULL, "5.10.0-18-amd64", "6.1.192",
					       "4.18.0-553.el8.x86_64" };

	return (struct kw_context){
		.host_kernel = kernels[len % 4],
		.vendor = (enum kw_vendor)(len / 4 % 3),
		.all = len % 2,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const unsigned int more[] = { 1 << TEXT | 1 << COLOR, 1 << JSON, 1 << HTML };
	struct printed whole = { .formats = 1 << NDJSON | more[len % 3] },
		       pieces = { .formats = 1 << NDJSON };
	struct run run = { .context = context_of(len), .lines = 1, .printed = &whole };
	struct kw_stream *s;

	for (size_t i = 0; i < len; i++)
		run.lines += data[i] == '\n';
	PROMISE(kw_stream_create(on_failure, &run, &s) == 0);
	kw_stream_feed(s, (const char *)data, len);
	kw_stream_finish(s);
	run.printed = &pieces;
	feed_pieces(s, (const char *)data, len, fuzz_hash(data, len));
	kw_stream_finish(s);
	kw_stream_destroy(s);
	check_printed(&whole);
	check_printed(&pieces);
	check_same(printed_text(&whole, NDJSON), printed_text(&pieces, NDJSON),
		   "fed whole and in pieces");
	printed_free(&whole);
	printed_free(&pieces);
	return 0;
}
