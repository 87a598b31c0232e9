// SPDX-License-Identifier: MIT
/* Prints cases in several formats, and the oracle on all of the output. */
#include "fuzz.h"
#include "render/render.h"

static const char *const names[NFORMATS] = { "ndjson", "text", "text", "json", "html" };

struct kw_str printed_text(const struct printed *printed, enum format format)
{
	return (struct kw_str){ printed->out[format].p, printed->out[format].len };
}

static void print(struct printed *printed, enum format format, const struct kw_case *c)
{
	const struct kw_renderer *renderer = kw_renderer_find(names[format]);
	struct kw_style style = { .look.color = format == COLOR, .checks = true, .file = "log" };
	struct kw_buf *buf = &printed->out[format], again = { 0 };
	size_t start;

	if (!printed->begun)
		renderer->begin(buf);
	start = buf->len;
	renderer->item(buf, c, &style, !printed->begun);
	renderer->item(&again, c, &style, !printed->begun);
	PROMISE(!buf->failed && !again.failed);
	check_same(kw_str_from(printed_text(printed, format), start),
		   (struct kw_str){ again.p, again.len }, "printed twice");
	kw_buf_deinit(&again);
}

void print_case(struct printed *printed, const struct kw_case *c)
{
	for (int i = 0; i < NFORMATS; i++) {
		if (printed->formats & 1u << i)
			print(printed, (enum format)i, c);
	}
	printed->begun = true;
}

void check_printed(struct printed *printed)
{
	if (!printed->begun)
		return;
	for (int i = 0; i < NFORMATS; i++) {
		if (printed->formats & 1u << i)
			kw_renderer_find(names[i])->end(&printed->out[i], false);
	}
	check_ndjson(printed_text(printed, NDJSON));
	check_shown(printed_text(printed, TEXT));
	check_color(printed_text(printed, COLOR), printed_text(printed, TEXT));
	if (printed->formats & 1u << JSON)
		check_json(printed_text(printed, JSON), true);
	check_html(printed_text(printed, HTML));
}

void printed_free(struct printed *printed)
{
	for (int i = 0; i < NFORMATS; i++)
		kw_buf_deinit(&printed->out[i]);
}
