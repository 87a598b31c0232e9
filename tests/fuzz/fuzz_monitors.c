// SPDX-License-Identifier: MIT
/* The messages of crosvm, cloud-hypervisor, Firecracker and others: lines to the parser alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct kw_parser *const parsers[] = { &kw_parser_monitors, NULL };

	fuzz_parsers(parsers, data, len);
	return 0;
}
