// SPDX-License-Identifier: MIT
/* QEMU's messages and dumps, and those of qemu-kvm 0.12: lines to these two parsers alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct kw_parser *const parsers[] = { &kw_parser_qemu, &kw_parser_qemu_kvm,
							   NULL };

	fuzz_parsers(parsers, data, len);
	return 0;
}
