// SPDX-License-Identifier: MIT
/* KVM's messages in a kernel log: lines to the parser alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct kw_parser *const parsers[] = { &kw_parser_dmesg, NULL };

	fuzz_parsers(parsers, data, len);
	return 0;
}
