// SPDX-License-Identifier: MIT
/* In place of entries.c in a build without libsystemd: there is no journal to read. */
#include "entries.h"

#include "term.h"

int kw_entries_open(const struct kw_entries_filter *filter, struct kw_entries **ret)
{
	(void)filter;
	(void)ret;
	kw_complain("this kvmwhy was built without libsystemd: run 'journalctl -b | kvmwhy'");
	return -1;
}

int kw_entries_next(struct kw_entries *entries, struct kw_entry *ret)
{
	(void)entries;
	(void)ret;
	return 0;
}

const char *kw_entries_kernel(struct kw_entries *entries, const char *boot)
{
	(void)entries;
	(void)boot;
	return NULL;
}

bool kw_entries_is_now(const struct kw_entries *entries, const char *boot)
{
	(void)entries;
	(void)boot;
	return false;
}

void kw_entries_say_hidden(const struct kw_entries *entries)
{
	(void)entries;
}

void kw_entries_close(struct kw_entries *entries)
{
	(void)entries;
}
