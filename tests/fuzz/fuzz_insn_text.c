// SPDX-License-Identifier: MIT
/* kw_insn_text(): bytes as typed or pasted; the answer is printable, and is JSON if requested. */
#include "fuzz.h"
#include "kvmwhy/kvmwhy.h"

static void check(const char *hex, unsigned int bits, const char *format)
{
	char *out = NULL;
	int count = kw_insn_text(hex, bits, format, 0, &out);

	PROMISE((count >= 0) == (out != NULL));
	if (count < 0)
		return;
	PROMISE(count <= KW_MAX_ROWS);
	if (format[0] == 'j')
		check_json(kw_str(out), out[0] == '[');
	else
		check_shown(kw_str(out));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *hex = fuzz_string(data, len);

	for (unsigned int bits = 16; bits <= 64; bits *= 2) {
		check(hex, bits, "json");
		check(hex, bits, "text");
	}
	free(hex);
	return 0;
}
