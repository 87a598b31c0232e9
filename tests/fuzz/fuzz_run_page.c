// SPDX-License-Identifier: MIT
/*
 * A kvm_run page through the whole pipeline, alone or after a VMM's message, as the first byte
 * selects. In half of the inputs the words are marked as those of kvmwhy.ko, so that the rest is
 * read as such.
 */
#include "fuzz.h"

struct run {
	struct kw_context context;
	struct printed printed;
};

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct kw_case c;
	struct run *run = arg;

	check_failure(f, 3 + KW_RUN_ROWS);
	kw_explain(f, &run->context, &c);
	check_case(&c);
	print_case(&run->printed, &c);
}

static void mark(uint8_t *page, size_t len)
{
	static const uint8_t suberror[] = { 0x57, 0x4b, 0, 0, 10, 0, 0, 0, 1, 0 };

	if (len < 168)
		return;
	memset(page + 8, 0, 4);
	page[8] = 17;
	memcpy(page + 32, suberror, sizeof(suberror));
	memset(page + 50, 0xff, 6); /* of the result: a small negative number */
	page[49] |= 0xf0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const said[] = {
		"",
		"error: kvm run failed Operation not permitted\n",
		"error: kvm run failed Bad address\n",
		"KVM internal error. Suberror: 19287\nextra data[0]: 0x0003003f00010001\n",
	};
	struct run run = { .printed = { .formats = 1 << NDJSON | 1 << TEXT | 1 << COLOR |
						   1 << HTML } };
	const char *before = said[len ? data[0] % 4 : 0];
	uint8_t *page = malloc(len ? len : 1); /* to the byte */
	struct kw_stream *s;

	PROMISE(page);
	if (len)
		memcpy(page, data, len);
	if (len && data[0] & 4)
		mark(page, len);
	PROMISE(kw_stream_create(on_failure, &run, &s) == 0);
	kw_stream_feed(s, before, strlen(before));
	kw_stream_run_page(s, page, len);
	kw_stream_finish(s);
	kw_stream_destroy(s);
	check_printed(&run.printed);
	printed_free(&run.printed);
	free(page);
	return 0;
}
