/* SPDX-License-Identifier: MIT */
/* For tests: hand-made kvm_run pages, and their rows as a VMM prints them. */
#ifndef KW_TESTS_RUN_PAGE_H
#define KW_TESTS_RUN_PAGE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uapi/kvmwhy.h>

enum { PAGE_BYTES = 4096, TEXT_BYTES = 65536 };

static inline void put_number(uint8_t *page, size_t at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		page[at + i] = (uint8_t)(value >> 8 * i);
}

/* An empty page with this exit_reason. */
static inline void page_init(uint8_t *page, uint32_t reason)
{
	memset(page, 0, PAGE_BYTES);
	put_number(page, 8, 4, reason);
}

static inline void page_internal_error(uint8_t *page, uint32_t suberror, const uint64_t *words,
				       uint32_t ndata)
{
	page_init(page, 17);
	put_number(page, 32, 4, suberror);
	put_number(page, 36, 4, ndata);
	for (size_t i = 0; i < ndata && i < 16; i++)
		put_number(page, 40 + 8 * i, 8, words[i]);
}

static inline void page_module(uint8_t *page, const struct kvmwhy_data *data)
{
	uint64_t words[KVMWHY_NDATA];

	memcpy(words, data, sizeof(words));
	page_internal_error(page, KVMWHY_SUBERROR, words, KVMWHY_NDATA);
}

/* Appends rows of the first @len bytes to @text. */
static inline void add_rows(char *text, const uint8_t *page, size_t len)
{
	size_t end = strlen(text);

	for (size_t at = 0; at < len; at += 16) {
		end += (size_t)snprintf(text + end, TEXT_BYTES - end, "vmm: kvm_run %03zx:", at);
		for (size_t i = at; i < at + 16 && i < len; i++)
			end += (size_t)snprintf(text + end, TEXT_BYTES - end, " %02x", page[i]);
		end += (size_t)snprintf(text + end, TEXT_BYTES - end, "\n");
	}
}

#endif
