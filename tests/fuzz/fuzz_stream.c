// SPDX-License-Identifier: MIT
/*
 * A log through the whole way: kw_stream, explain, all renderers. Fed again in small pieces it must
 * give the same; printed twice too; and colours must add nothing but colours.
 */
#include "fuzz.h"
#include "render/render.h"

enum { TEXT, JSON, NDJSON, HTML, COLOR, NFORMATS };

static const char *const names[NFORMATS] = { "text", "json", "ndjson", "html", "text" };

struct run {
	struct kw_context context;
	uint64_t lines;
	struct kw_buf out[NFORMATS];
	bool begun, quick; /* quick: NDJSON only */
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
		if (i == NDJSON || !run->quick)
			print(run, i, &c);
	}
	run->begun = true;
}

/* ESC [ digits and ; m: nothing else may stand in coloured text. */
static void check_color(struct kw_buf *colored, struct kw_str plain)
{
	size_t len = 0;

	for (size_t i = 0; i < colored->len; i++) {
		if (colored->p[i] != '\033') {
			colored->p[len++] = colored->p[i];
			continue;
		}
		PROMISE(++i < colored->len && colored->p[i] == '[');
		do {
			PROMISE(++i < colored->len);
		} while (kw_is_digit(colored->p[i]) || colored->p[i] == ';');
		PROMISE(colored->p[i] == 'm');
	}
	colored->len = len;
	check_same(text_of(colored), plain, "with and without colours");
}

static void check_output(struct run *run)
{
	for (int i = 0; i < NFORMATS; i++)
		kw_renderer_find(names[i])->end(&run->out[i], false);
	check_shown(text_of(&run->out[TEXT]));
	check_json(text_of(&run->out[JSON]), true);
	check_ndjson(text_of(&run->out[NDJSON]));
	check_html(text_of(&run->out[HTML]));
	check_color(&run->out[COLOR], text_of(&run->out[TEXT]));
}

static void feed_pieces(struct kw_stream *s, const char *p, size_t len, uint64_t random)
{
	size_t most = random % 3 ? 1 + random % 199 : 1 + random % 5;

	while (len) {
		size_t piece = 1 + random % most;

		if (piece > len)
			piece = len;
		kw_stream_feed(s, p, piece);
		p += piece;
		len -= piece;
		random = random * 6364136223846793005 + 1442695040888963407;
		random ^= random >> 33;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const kernels[] = { NULL, "5.10.0-18-amd64", "6.1.192", "4.18.0-553.el8.x86_64" };
	struct run run = { .lines = 1 };
	struct kw_stream *s;
	struct kw_buf whole;

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
	} else {
		whole = (struct kw_buf){ 0 };
	}
	run.quick = true;
	feed_pieces(s, (const char *)data, len, fuzz_hash(data, len));
	kw_stream_finish(s);
	check_same(text_of(&whole), text_of(&run.out[NDJSON]), "fed whole and in pieces");
	kw_stream_destroy(s);
	kw_buf_deinit(&whole);
	for (int i = 0; i < NFORMATS; i++)
		kw_buf_deinit(&run.out[i]);
	return 0;
}
