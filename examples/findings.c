// SPDX-License-Identifier: MIT
/* For each finding in the log on standard input: why, the facts it rests on, and what to do. */
#include <inttypes.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>

static int print(void *arg, const struct kw_report *r)
{
	const char *text, *how;
	uint64_t value;

	(void)arg;
	for (size_t i = 0; i < kw_report_findings(r); i++) {
		printf("%s [%s]\nwhy   %s\n", kw_report_finding(r, i, KW_FINDING_ID),
		       kw_report_finding(r, i, KW_FINDING_CERTAINTY),
		       kw_report_finding(r, i, KW_FINDING_WHY));
		for (size_t k = 0; (text = kw_report_finding_list(r, i, KW_FINDING_FACTS, k)); k++)
			if ((how = kw_report_fact(r, text, &value)))
				printf("fact  %s 0x%" PRIx64 " (%s)\n", text, value, how);
		for (size_t k = 0; (text = kw_report_finding_list(r, i, KW_FINDING_DO, k)); k++)
			printf("do    %s\n", text);
	}
	return 0;
}

int main(void)
{
	struct kw_reader *reader;
	char buf[65536];
	size_t len;

	if (kw_reader_create(NULL, print, NULL, &reader))
		return 2;
	while ((len = fread(buf, 1, sizeof(buf), stdin)))
		kw_reader_feed(reader, buf, len);
	kw_reader_finish(reader, NULL);
	kw_reader_destroy(reader);
	return 0;
}
