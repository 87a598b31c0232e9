// SPDX-License-Identifier: MIT
/*
 * In: a log. Out: its first failure as a journal entry, as `kvmwhy watch --journal` writes it. 77:
 * no journal.
 */
#include "journal.h"

#include <stdio.h>

static int send(void *arg, const struct kw_report *report)
{
	static const struct kvmwhy_event event = { .common = {
							   .pid = 4242, .tid = 4243, .vcpu = 3 } };

	*(int *)arg = kw_journal_send(report, &event);
	return 1;
}

int main(void)
{
	static char log[1 << 20];
	size_t len = fread(log, 1, sizeof(log), stdin);
	struct kw_reader *reader;
	int result = -1;

	if (kw_journal_missing()) {
		puts(kw_journal_missing());
		return 77;
	}
	if (kw_reader_create(NULL, send, &result, &reader))
		return 2;
	kw_reader_feed(reader, log, len);
	kw_reader_finish(reader, NULL);
	kw_reader_destroy(reader);
	return result ? 1 : 0;
}
