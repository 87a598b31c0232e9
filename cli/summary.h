/* SPDX-License-Identifier: MIT */
/* Reports in, a row for each fingerprint out: kvmwhy explain --summary. */
#ifndef KW_SUMMARY_H
#define KW_SUMMARY_H

#include <kvmwhy/kvmwhy.h>

#include "cli.h"

struct kw_summary {
	struct kw_summary_row *row;
	size_t count, size;
	bool failed; /* no memory: at least one report is missing */
};

/* Counts @report. */
void kw_summary_add(struct kw_summary *summary, const struct kw_report *report);

/* Prints the rows, most frequent first, as "text", "json" or "ndjson"; @flags are KW_PRINT_*. */
void kw_summary_print(struct kw_summary *summary, const char *format, unsigned int flags,
		      struct kw_output *out);

void kw_summary_deinit(struct kw_summary *summary);

#endif
