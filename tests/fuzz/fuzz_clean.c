// SPDX-License-Identifier: MIT
/*
 * Lines to kw_clean(): the text must be in the line or in the scratch, and no longer than the line.
 */
#include "fuzz.h"

static bool within(struct kw_str inner, const char *p, size_t len)
{
	return inner.p >= p && inner.p + inner.len <= p + len;
}

static void check(struct kw_str raw, struct kw_mail *mail)
{
	struct kw_clean_line line = { .number = 1 };
	char *scratch = malloc(raw.len + 1); /* what kw_clean() may use, to the byte */
	bool soft;

	PROMISE(scratch);
	soft = kw_clean(raw, false, scratch, mail, &line);
	PROMISE(!soft || kw_str_trim(raw).p[kw_str_trim(raw).len - 1] == '=');
	PROMISE(line.source <= KW_SRC_VMM);
	PROMISE(kw_str_eq(line.raw, raw) && line.text.len <= raw.len);
	PROMISE(within(line.text, raw.p, raw.len) || within(line.text, scratch, raw.len));
	PROMISE(!memchr(line.text.p, '\0', line.text.len));
	if (!soft)
		PROMISE(kw_str_eq(kw_str_trim(line.text), line.text));
	free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct kw_str text = { (const char *)data, len };
	struct kw_mail mail = { 0 };

	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str raw = { text.p, end == SIZE_MAX ? text.len : end };

		check(raw, &mail);
		text = kw_str_from(text, raw.len + 1);
	}
	return 0;
}
