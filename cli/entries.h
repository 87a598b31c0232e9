/* SPDX-License-Identifier: MIT */
/*
 * systemd's journal in, its entries with who wrote them out, oldest first. The fields that begin
 * with an underscore come from journald, which takes them from the kernel: no process can forge
 * them.
 */
#ifndef KW_ENTRIES_H
#define KW_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KW_ENTRIES_BOOT = 33, KW_ENTRIES_WORDS = 32 };

/* Words of an option that may be repeated; one of them must fit. */
struct kw_entries_words {
	size_t count;
	const char *word[KW_ENTRIES_WORDS];
};

/* Which entries. Zero: all that this user may read of this machine's journal. */
struct kw_entries_filter {
	const char *directory, *file; /* not this machine's journal; NULL for none */
	struct kw_entries_words units, identifiers;
	uint64_t since_us, until_us; /* since 1970; 0 for no limit */
	const char *boot;	     /* "0" the last, "-1" the one before it, an ID; NULL for all */
};

struct kw_entry {
	uint64_t time_us; /* since 1970, by the clock of the machine that wrote it */
	char boot[KW_ENTRIES_BOOT];
	bool kernel;
	/* "" what is not known */
	char host[65], identifier[65], comm[17], pid[21], unit[257], container[65];
	const char *message; /* valid until the next entry; may have several lines */
	size_t len;
};

struct kw_entries;

/* Return: 0; or -1 after a complaint, then there is nothing to close. */
int kw_entries_open(const struct kw_entries_filter *filter, struct kw_entries **ret);

/* Return: 1 with @ret, 0 at the end, -1 after a complaint. */
int kw_entries_next(struct kw_entries *entries, struct kw_entry *ret);

/*
 * The release of the kernel that ran in @boot: as the kernel itself logged it, or of the running
 * one if @boot is this machine's present one. NULL if neither. Valid until the next call.
 */
const char *kw_entries_kernel(struct kw_entries *entries, const char *boot);

/* Is @boot the one in which this machine runs now? Not if another journal is read. */
bool kw_entries_is_now(const struct kw_entries *entries, const char *boot);

/* Complains if this user may not read all that there is. */
void kw_entries_say_hidden(const struct kw_entries *entries);

void kw_entries_close(struct kw_entries *entries);

#endif
