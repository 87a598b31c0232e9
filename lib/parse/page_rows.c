// SPDX-License-Identifier: MIT
/* A kvm_run page as rows of a dump, which run_page.c reads out of the stream. */
#include "parse/parse.h"

void kw_stream_run_page(struct kw_stream *s, const uint8_t *page, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t at = 0; at < len && at < KW_RUN_ROWS * KW_RUN_ROW; at += KW_RUN_ROW) {
		char row[80] = "kvm_run 000:";
		size_t end = 12;

		for (size_t i = 0; i < 3; i++)
			row[10 - i] = digits[at >> 4 * i & 15];
		for (size_t i = at; i < at + KW_RUN_ROW && i < len; i++) {
			row[end++] = ' ';
			row[end++] = digits[page[i] >> 4];
			row[end++] = digits[page[i] & 15];
		}
		row[end++] = '\n';
		kw_stream_feed(s, row, end);
	}
}
