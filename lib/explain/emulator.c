// SPDX-License-Identifier: MIT
/* What KVM's emulator was given, and since when it supports it (data/kvm_emulator.tbl). */
#include "explain/explain.h"

static bool is_in(const struct kw_row *row, const char *mnemonic)
{
	const char *names[KW_MAX_REPEAT];
	size_t count = kw_row_all(row, KW_ATTR_INSN, names, KW_MAX_REPEAT);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], mnemonic) == 0)
			return true;
	}
	return false;
}

const struct kw_row *kw_emulator_row(const struct kw_case *c)
{
	const struct kw_row *row;

	if (c->code != KW_CODE_OK)
		return NULL;
	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_EMULATOR, i)); i++) {
		if (is_in(row, c->insn.mnemonic))
			return c->mode == KW_MODE_LONG64 && kw_row_get(row, KW_ATTR_NOT) ? NULL :
											   row;
	}
	return NULL;
}

/* Behind the size byte of data[1], then in data[2]. */
uint8_t kw_fetched_byte(const struct kw_failure *f, unsigned int i)
{
	return (uint8_t)(f->extra[1 + (i + 1) / 8] >> (i + 1) % 8 * 8);
}

bool kw_fetched_insn(const struct kw_failure *f, struct kw_insn *ret)
{
	uint8_t bytes[15];

	if ((f->extra_known & 7) != 7 || !(f->extra[0] & 1))
		return false;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = kw_fetched_byte(f, i);
	return kw_insn_decode(bytes, sizeof(bytes), 64, KW_IP_UNKNOWN, ret);
}
