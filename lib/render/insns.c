// SPDX-License-Identifier: MIT
/* Bytes as a listing of instructions, text or JSON. */
#include "render/doc.h"
#include "render/render.h"

#include "base/json.h"

static bool decode_row(const struct kw_failure *f, const struct kw_listing_row *at,
		       unsigned int bits, struct kw_insn *ret)
{
	return !at->invalid &&
	       kw_insn_decode(f->code.bytes + at->offset, at->length, bits, KW_IP_UNKNOWN, ret);
}

static void insn_as_text(struct kw_buf *buf, const struct kw_failure *f,
			 const struct kw_listing_row *at, unsigned int bits, size_t width)
{
	struct kw_insn insn;
	size_t before;

	kw_buf_add(buf, at->marked && f->code.marked > 0 ? KW_STR("> ")
			: at->unsure			 ? KW_STR("? ")
							 : KW_STR("  "));
	before = buf->len;
	kw_doc_bytes(buf, f->code.bytes + at->offset, f->code.known >> at->offset, at->length);
	kw_buf_repeat(buf, ' ', before + width + 2 - buf->len);
	kw_buf_add(buf, decode_row(f, at, bits, &insn) ? kw_str(insn.text) : KW_STR("(data)"));
	kw_buf_char(buf, '\n');
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
		     bool json)
{
	struct kw_json writer = { .buf = buf }, *j = &writer;
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
			insn_as_text(buf, code, &rows[i], bits, width);
	}
	if (json) {
		kw_json_array_end(j);
		kw_buf_char(buf, '\n');
	}
}
