// SPDX-License-Identifier: MIT
/*
 * Instruction bytes: the first byte of the input selects the width and the mark, the next ones fill
 * registers, the rest is code. Decoding stays within the bytes, the listing covers each byte once.
 */
#include "failure/x86.h"
#include "fuzz.h"
#include "decode/x86/insn.h"

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

enum { HEAD = 1 + 4 * sizeof(uint64_t) }; /* mode, then what the registers hold */

static void set_machine(const uint8_t *head)
{
	static const uint32_t attr[] = { 0xa09b, 0xc09b, 0x9b, 0xa09b };

	kw_failure_init(&failure, NULL);
	kw_failure_set(&failure, KW_F_cs_attr, attr[head[0] & 3], KW_SEEN, KW_NO_LINE);
	kw_failure_set(&failure, KW_F_efer, head[0] & 1 ? 0 : 0x500, KW_SEEN, KW_NO_LINE);
	kw_failure_set(&failure, KW_F_cr0, head[0] & 4 ? 0x80000001 : 0x10, KW_SEEN, KW_NO_LINE);
	for (size_t i = KW_GPR_FIRST; i <= KW_F_rflags; i++) {
		uint64_t value;

		memcpy(&value, head + 1 + 8 * (i % 4), sizeof(value));
		kw_failure_set(&failure, (enum kw_fact)i, value, KW_SEEN, KW_NO_LINE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct kw_code *code = &failure.code;
	struct kw_insn insn;
	enum kw_code_state state;

	if (len <= HEAD)
		return 0;
	set_machine(data);
	data += HEAD;
	code->len = (uint8_t)(len - HEAD < sizeof(code->bytes) ? len - HEAD : sizeof(code->bytes));
	code->marked = (int8_t)(fuzz_hash(data, code->len) % code->len);
	code->known = UINT64_MAX >> (64 - code->len);
	memcpy(code->bytes, data, code->len);
	state = kw_insn_at_rip(&failure, &insn);
	PROMISE(state <= KW_CODE_FFS);
	if (state == KW_CODE_OK)
		check_insn(&insn, code->len);
	for (unsigned int bits = 16; bits <= 64; bits *= 2) {
		if (kw_insn_decode(data, code->len, bits, KW_IP_UNKNOWN, &insn))
			check_insn(&insn, code->len);
	}
	check_listing();
	return 0;
}
