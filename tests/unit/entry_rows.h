/* SPDX-License-Identifier: MIT */
/*
 * For test_entry.c: changes to a baseline that every check accepts, so that the result of one check
 * is known. Rows of entry_rows_*.h, facts of the baselines in entry_base_*.h.
 */
#ifndef KW_TESTS_ENTRY_ROWS_H
#define KW_TESTS_ENTRY_ROWS_H

#include "failure.h"

struct entry_set {
	uint16_t fact; /* 0 ends a list: errno_number, which no check reads */
	uint64_t value;
};

struct entry_row {
	const char *id;
	struct entry_set set[8];
	uint16_t fact; /* holds with .set applied, is broken with this fact ^= .flip too */
	uint64_t flip;
	bool untold; /* instead: undecided, with .set applied */
};

#define VMCS_IS(name, value) { KW_F_vmcs_##name, value }
#define VMCB_IS(name, value) { KW_F_vmcb_##name, value }

/* Flipping bits @flip of the fact @fact breaks the check @id; what follows is set before. */
#define BREAKS(id_, fact_, flip_, ...)                                                  \
	{                                                                               \
		.id = #id_, .fact = KW_F_##fact_, .flip = flip_, .set = { __VA_ARGS__ } \
	}
#define CANNOT_TELL(id_, ...) { .id = #id_, .untold = true, .set = { __VA_ARGS__ } }

#endif
