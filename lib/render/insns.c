// SPDX-License-Identifier: MIT
/* Bytes as a listing of instructions, text or JSON. */
#include "render/doc.h"
#include "render/lines.h"
#include "render/render.h"

#include "base/json.h"

static bool decode_row(const struct kw_failure *f, const struct kw_listing_row *at,
		       unsigned int bits, struct kw_insn *ret)
{
	return !at->invalid &&
	       kw_insn_decode(f->code.bytes + at->offset, at->length, bits, KW_IP_UNKNOWN, ret);
}

/* Two columns for the mark, @width for the bytes, two between. */
static void insn_as_text(struct kw_lines *lines, const struct kw_failure *f,
			 const struct kw_listing_row *at, unsigned int bits, size_t width)
{
	bool marked = at->marked && f->code.marked > 0;
	struct kw_buf bytes = { 0 };
	struct kw_insn insn;

	kw_doc_bytes(&bytes, f->code.bytes + at->offset, f->code.known >> at->offset, at->length);
	kw_lines_color(lines, marked ? KW_COLOR_TITLE : NULL);
	kw_lines_put(lines, marked ? KW_STR("> ") : at->unsure ? KW_STR("? ") : KW_STR("  "));
	kw_lines_put(lines, (struct kw_str){ bytes.p, bytes.len });
	kw_lines_pad(lines, 2 + width + 2);
	kw_lines_wrap(lines, decode_row(f, at, bits, &insn) ? kw_str(insn.text) : KW_STR("(data)"),
		      2 + width + 2);
	kw_lines_end(lines);
	kw_buf_deinit(&bytes);
}

static void insn_as_json(struct kw_json *j, const struct kw_failure *f,
			 const struct kw_listing_row *at, unsigned int bits)
{
	struct kw_buf bytes = { 0 };
	struct kw_insn insn;

	kw_doc_bytes(&bytes, f->code.bytes + at->offset, f->code.known >> at->offset, at->length);
	kw_json_object(j);
	KW_JSON_DEC(j, "offset", at->offset);
	KW_JSON_TEXT(j, "bytes", ((struct kw_str){ bytes.p, bytes.len }));
	if (decode_row(f, at, bits, &insn)) {
		KW_JSON_TEXT(j, "mnemonic", kw_str(insn.mnemonic));
		KW_JSON_TEXT(j, "text", kw_str(insn.text));
	}
	KW_JSON_KEY(j, "marked");
	kw_json_bool(j, at->marked && f->code.marked > 0);
	kw_json_object_end(j);
	kw_buf_deinit(&bytes);
}

void kw_render_insns(struct kw_buf *buf, const struct kw_failure *code, unsigned int bits,
		     const struct kw_look *look, bool json)
{
	struct kw_json writer = { .buf = buf }, *j = &writer;
	struct kw_lines lines = { .buf = buf, .look = *look };
	struct kw_listing_row rows[KW_MAX_ROWS];
	size_t n = kw_listing(code, rows), width = 0;

	for (size_t i = 0; i < n; i++)
		width = 3u * rows[i].length > width ? 3u * rows[i].length : width;
	if (json)
		kw_json_array(j);
	for (size_t i = 0; i < n; i++) {
		if (json)
			insn_as_json(j, code, &rows[i], bits);
		else
			insn_as_text(&lines, code, &rows[i], bits, width);
	}
	if (json) {
		kw_json_array_end(j);
		kw_buf_char(buf, '\n');
	}
	kw_lines_deinit(&lines);
}
