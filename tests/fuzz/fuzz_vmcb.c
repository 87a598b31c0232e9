// SPDX-License-Identifier: MIT
/* dump_vmcb of a host kernel: lines to the parser alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct kw_parser *const parsers[] = { &kw_parser_vmcb, NULL };

	fuzz_parsers(parsers, data, len);
	return 0;
}
