// SPDX-License-Identifier: MIT
/*
 * A log through the whole way: kw_stream, explain, NDJSON and one more renderer, chosen by the log's
 * length. Fed again in small pieces it must give the same; printed twice too; and colours must add
 * nothing but colours.
 */
#include "fuzz.h"
#include "render/render.h"

enum { NDJSON, TEXT, COLOR, JSON, HTML, NFORMATS };

static const char *const names[NFORMATS] = { "ndjson", "text", "text", "json", "html" };

struct run {
	struct kw_context context;
	uint64_t lines;
	unsigned int formats; /* 1 << JSON and so on */
	struct kw_buf out[NFORMATS];
	bool begun;
};

static struct kw_str text_of(const struct kw_buf *buf)
{
	return (struct kw_str){ buf->p, buf->len };
}

static void print(struct run *run, int format, const struct kw_case *c)
{
	const struct kw_renderer *renderer = kw_renderer_find(names[format]);
	struct kw_style style = { .color = format == COLOR, .file = "log" };
	struct kw_buf *buf = &run->out[format], again = { 0 };
	size_t start;

	if (!run->begun)
		renderer->begin(buf);
	start = buf->len;
	renderer->item(buf, c, &style, !run->begun);
	renderer->item(&again, c, &style, !run->begun);
	PROMISE(!buf->failed && !again.failed);
	check_same(kw_str_from(text_of(buf), start), text_of(&again), "printed twice");
	kw_buf_deinit(&again);
}

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct kw_case c;
	struct run *run = arg;

	check_failure(f, run->lines);
	kw_explain(f, &run->context, &c);
	check_failure(f, run->lines);
	check_case(&c);
	for (int i = 0; i < NFORMATS; i++) {
		if (run->formats & 1u << i)
			print(run, i, &c);
	}
	run->begun = true;
}

static void check_output(struct run *run)
{
	for (int i = 0; i < NFORMATS; i++) {
		if (run->formats & 1u << i)
			kw_renderer_find(names[i])->end(&run->out[i], false);
	}
	check_ndjson(text_of(&run->out[NDJSON]));
	check_shown(text_of(&run->out[TEXT]));
	check_color(text_of(&run->out[COLOR]), text_of(&run->out[TEXT]));
	if (run->formats & 1u << JSON)
		check_json(text_of(&run->out[JSON]), true);
	check_html(text_of(&run->out[HTML]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const kernels[] = { NULL, "5.10.0-18-amd64", "6.1.192", "4.18.0-553.el8.x86_64" };
	static const unsigned int more[] = { 1 << TEXT | 1 << COLOR, 1 << JSON, 1 << HTML };
	struct run run = { .lines = 1, .formats = 1 << NDJSON | more[len % 3] };
	struct kw_buf whole = { 0 };
	struct kw_stream *s;

	run.context.host_kernel = kernels[len % 4];
	run.context.vendor = (enum kw_vendor)(len / 4 % 3);
	run.context.all = len % 2;
	for (size_t i = 0; i < len; i++)
		run.lines += data[i] == '\n';
	PROMISE(kw_stream_create(on_failure, &run, &s) == 0);
	kw_stream_feed(s, (const char *)data, len);
	kw_stream_finish(s);
	if (run.begun) {
		check_output(&run);
		whole = run.out[NDJSON];
		run.out[NDJSON] = (struct kw_buf){ 0 };
	}
	run.formats = 1 << NDJSON;
	feed_pieces(s, (const char *)data, len, fuzz_hash(data, len));
	kw_stream_finish(s);
	check_same(text_of(&whole), text_of(&run.out[NDJSON]), "fed whole and in pieces");
	kw_stream_destroy(s);
	kw_buf_deinit(&whole);
	for (int i = 0; i < NFORMATS; i++)
		kw_buf_deinit(&run.out[i]);
	return 0;
}
