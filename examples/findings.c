// SPDX-License-Identifier: MIT
/*
 * A log on standard input; of each finding its id, how sure it is, why, the facts it rests on, and
 * what to do.
 */
#include <inttypes.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>

static int print(void *arg, const struct kw_report *report)
{
	const char *text;
	uint64_t value;

	(void)arg;
	for (size_t i = 0; i < kw_report_findings(report); i++) {
		printf("%s [%s]\n", kw_report_finding(report, i, KW_FINDING_ID),
		       kw_report_finding(report, i, KW_FINDING_CERTAINTY));
		printf("why   %s\n", kw_report_finding(report, i, KW_FINDING_WHY));
		for (size_t k = 0; (text = kw_report_finding_list(report, i, KW_FINDING_FACTS, k));
		     k++) {
			const char *how = kw_report_fact(report, text, &value);

			printf("fact  %s 0x%" PRIx64 " (%s)\n", text, value, how);
		}
		for (size_t k = 0; (text = kw_report_finding_list(report, i, KW_FINDING_DO, k));
		     k++)
			printf("do    %s\n", text);
	}
	return 0;
}

int main(void)
{
	struct kw_error error = { .size = sizeof(error) };
	struct kw_options options = { .size = sizeof(options), .error = &error };
	struct kw_reader *reader;
	char buf[65536];
	size_t len;

	if (kw_reader_create(&options, print, NULL, &reader)) {
		fprintf(stderr, "%s\n", error.message);
		return 2;
	}
	while ((len = fread(buf, 1, sizeof(buf), stdin)))
		kw_reader_feed(reader, buf, len);
	kw_reader_finish(reader, NULL);
	kw_reader_destroy(reader);
	return 0;
}
