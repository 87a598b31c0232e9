// SPDX-License-Identifier: MIT
/*
 * Instruction bytes: the first byte of the input says the width and the mark, the next ones fill
 * registers, the rest is code. Decoding stays within the bytes, the listing covers each byte once.
 */
#include "fuzz.h"
#include "decode/decode.h"
#include "kvmwhy/kvmwhy.h"

static struct kw_failure failure;

static void check_insn(const struct kw_insn *insn, size_t len)
{
	PROMISE(insn->kind < KW_NINSN_KINDS && kw_insn_kind_name(insn->kind));
	PROMISE(insn->length >= 1 && insn->length <= 15 && insn->length <= len);
	PROMISE(memchr(insn->text, '\0', sizeof(insn->text)) && insn->text[0]);
	PROMISE(memchr(insn->mnemonic, '\0', sizeof(insn->mnemonic)) && insn->mnemonic[0]);
	check_shown(kw_str(insn->text));
	PROMISE(!insn->has_msr_value || insn->kind == KW_INSN_WRMSR);
}

static void check_listing(void)
{
	struct kw_listing_row rows[KW_MAX_ROWS];
	size_t count = kw_listing(&failure, rows), at = 0;

	PROMISE(count <= KW_MAX_ROWS);
	for (size_t i = 0; i < count; i++) {
		PROMISE(rows[i].offset == at && rows[i].length);
		PROMISE(rows[i].marked == (rows[i].offset == failure.code.marked));
		at += rows[i].length;
	}
	PROMISE(!count || at == failure.code.len);
}

/* The public function, with the input as the text it is. */
static void check_public(const char *hex, unsigned int bits)
{
	char *out = NULL;
	int count = kw_insn_text(hex, bits, "json", &out);

	PROMISE(count >= 0 ? out != NULL : !out);
	if (count >= 0)
		check_json(kw_str(out), out[0] == '[');
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint32_t attr[] = { 0xa09b, 0xc09b, 0x9b, 0xa09b };
	size_t head = 1 + sizeof(uint64_t) * 4;
	struct kw_insn insn;
	enum kw_code_state state;
	char *text;

	if (len < head)
		return 0;
	if (len > head + sizeof(failure.code.bytes))
		len = head + sizeof(failure.code.bytes);
	kw_failure_init(&failure, NULL);
	kw_failure_set(&failure, KW_F_cs_attr, attr[data[0] & 3], KW_SEEN, KW_NO_LINE);
	kw_failure_set(&failure, KW_F_efer, data[0] & 1 ? 0 : 0x500, KW_SEEN, KW_NO_LINE);
	kw_failure_set(&failure, KW_F_cr0, data[0] & 4 ? 0x80000001 : 0x10, KW_SEEN, KW_NO_LINE);
	for (size_t i = 0; i < 24; i++) {
		uint64_t value;

		memcpy(&value, data + 1 + 8 * (i % 4), sizeof(value));
		kw_failure_set(&failure, (enum kw_fact)(KW_F_rax + i % 18), value, KW_SEEN, KW_NO_LINE);
	}
	data += head;
	len -= head;
	failure.code.len = (uint8_t)len;
	failure.code.marked = (int8_t)(len ? (int)(fuzz_hash(data, len) % len) : -1);
	failure.code.known = len == 64 ? UINT64_MAX : (1ull << len) - 1;
	if (len)
		memcpy(failure.code.bytes, data, len);
	state = kw_insn_at_rip(&failure, &insn);
	PROMISE(state <= KW_CODE_FFS);
	if (state == KW_CODE_OK)
		check_insn(&insn, len);
	for (unsigned int bits = 16; bits <= 64; bits *= 2) {
		if (kw_insn_decode(data, len, bits, KW_IP_UNKNOWN, &insn))
			check_insn(&insn, len);
	}
	check_listing();
	text = fuzz_string(data, len);
	check_public(text, 16u << fuzz_hash(data, len) % 3);
	free(text);
	return 0;
}
