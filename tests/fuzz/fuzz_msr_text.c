// SPDX-License-Identifier: MIT
/*
 * kw_msr_text(): the input is a short name or number, or eight bytes of a value, then a kernel's
 * release up to a line end, then name or number. Text is printable, JSON is one object.
 */
#include "fuzz.h"
#include "kvmwhy/kvmwhy.h"

static void check(const char *name, const uint64_t *value, const struct kw_options *options,
		  const char *format)
{
	char *out = NULL, *again = NULL;
	int known = kw_msr_text(name, value, options, format, 0, &out);

	PROMISE(known <= 1 && (known >= 0) == (out != NULL));
	if (known < 0)
		return;
	PROMISE(kw_msr_text(name, value, options, format, 0, &again) == known);
	check_same(kw_str(out), kw_str(again), "asked twice");
	if (format[0] == 'j')
		check_json(kw_str(out), false);
	else
		check_shown(kw_str(out));
	free(out);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const vendors[] = { NULL, "intel", "amd" };
	struct kw_options options = { .size = sizeof(options) };
	char *text = fuzz_string(data, len), *end;
	uint64_t value;

	if (len <= sizeof(value)) {
		check(text, NULL, NULL, "text");
		check(text, NULL, NULL, "json");
	} else {
		memcpy(&value, data, sizeof(value));
		options.vendor = vendors[len % 3];
		end = strchr(text + sizeof(value), '\n');
		if (end) {
			*end++ = '\0';
			options.host_kernel = text + sizeof(value);
		}
		check(end ? end : text + sizeof(value), &value, &options, "text");
		check(end ? end : text + sizeof(value), &value, &options, "json");
	}
	free(text);
	return 0;
}
