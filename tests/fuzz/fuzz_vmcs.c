// SPDX-License-Identifier: MIT
/* dump_vmcs of a host kernel: lines to the parser alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct kw_parser *const parsers[] = { &kw_parser_vmcs, NULL };

	fuzz_parsers(parsers, data, len);
	return 0;
}
