// SPDX-License-Identifier: MIT
/*
 * The release of a kernel: a set of versions that is in order, and an answer from every row of the
 * history.
 */
#include "fuzz.h"

static void check_changes(const struct kw_kver *v)
{
	const struct kw_row *row;

	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_CHANGE, i)); i++) {
		enum kw_change_doubt doubt = KW_DOUBT_NONE;
		enum kw_change_state state = kw_change_state(row, v, &doubt);

		PROMISE(state <= KW_CHANGE_CANNOT_TELL && doubt <= KW_DOUBT_GAP);
		PROMISE((state == KW_CHANGE_CANNOT_TELL) == (doubt != KW_DOUBT_NONE));
		PROMISE(kw_change_doubt_text(doubt));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = malloc(len ? len : 1); /* to the byte, without a NUL */
	unsigned int gens;
	struct kw_kver v;

	PROMISE(copy);
	if (len)
		memcpy(copy, data, len);
	PROMISE(kw_kver_parse(copy, len, &v) == v.known);
	if (v.known) {
		PROMISE(v.origin <= KW_KVER_ENTERPRISE);
		PROMISE(v.low <= v.high);
		PROMISE(kw_kver_compare(&v, &v) == 0);
	}
	gens = kw_kver_mce_gens(&v);
	PROMISE(gens && gens < 1u << KW_NMCE_GENS);
	check_changes(&v);
	free(copy);
	return 0;
}
