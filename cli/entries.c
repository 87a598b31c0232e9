// SPDX-License-Identifier: MIT
#include "entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "../lib/base/number.h"
#include "journal.h"
#include "term.h"

enum { RELEASE_LINES = 64, BACK_MOST = 1 << 20 };

struct kw_entries {
	sd_journal *journal, *aside; /* aside: for questions that move the position */
	bool own;		     /* this machine's journal */
	uint64_t until_us;
	char boot_now[KW_ENTRIES_BOOT]; /* "" if this is not the machine that runs */
	char release_of[KW_ENTRIES_BOOT], release[65];
};

static int complain(const char *what, int error)
{
	kw_complain("cannot read the journal%s%s: %s", *what ? " " : "", what, strerror(-error));
	return -1;
}

static int open_journal(const struct kw_entries_filter *filter, sd_journal **ret)
{
	const char *files[] = { filter->file, NULL };

	if (filter->file)
		return sd_journal_open_files(ret, files, 0);
	if (filter->directory)
		return sd_journal_open_directory(ret, filter->directory, 0);
	return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);
}

/* Matches */

static int match(sd_journal *journal, const char *field, const char *value)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "%s=%s", field, value);

	if (len < 0 || (size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	return sd_journal_add_match(journal, text, (size_t)len);
}

/* What a unit's processes wrote, and what the service manager wrote about it. */
static int match_unit(sd_journal *journal, const char *name)
{
	char unit[257];
	int err;

	if (snprintf(unit, sizeof(unit), "%s%s", name, strchr(name, '.') ? "" : ".service") >=
	    (int)sizeof(unit))
		return -ENAMETOOLONG;
	err = match(journal, "_SYSTEMD_UNIT", unit);
	if (!err)
		err = sd_journal_add_disjunction(journal);
	if (!err)
		err = match(journal, "_SYSTEMD_USER_UNIT", unit);
	if (!err)
		err = sd_journal_add_disjunction(journal);
	if (!err)
		err = match(journal, "_PID", "1");
	if (!err)
		err = match(journal, "UNIT", unit);
	return err ? err : sd_journal_add_disjunction(journal);
}

static int match_words(sd_journal *journal, const struct kw_entries_filter *filter)
{
	int err = 0;

	for (size_t i = 0; !err && i < filter->units.count; i++)
		err = match_unit(journal, filter->units.word[i]);
	if (!err && filter->units.count)
		err = sd_journal_add_conjunction(journal);
	for (size_t i = 0; !err && i < filter->identifiers.count; i++)
		err = match(journal, "SYSLOG_IDENTIFIER", filter->identifiers.word[i]);
	return err;
}

/* Boots */

struct boot {
	char id[KW_ENTRIES_BOOT];
	uint64_t last_us;
};

struct boots {
	struct boot *boot;
	size_t count;
};

static int by_time(const void *a, const void *b)
{
	const struct boot *x = a, *y = b;

	return x->last_us < y->last_us ? -1 : x->last_us > y->last_us;
}

/* When the last entry of @boot was written. */
static int look_up(sd_journal *journal, struct boot *boot)
{
	int rc;

	sd_journal_flush_matches(journal);
	rc = match(journal, "_BOOT_ID", boot->id);
	if (rc >= 0)
		rc = sd_journal_seek_tail(journal);
	if (rc >= 0)
		rc = sd_journal_previous(journal);
	return rc > 0 ? sd_journal_get_realtime_usec(journal, &boot->last_us) : rc;
}

static int add_boot(struct boots *boots, const char *id, size_t len)
{
	struct boot *grown;

	if (len != KW_ENTRIES_BOOT - 1)
		return 0;
	grown = reallocarray(boots->boot, boots->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	boots->boot = grown;
	boots->boot[boots->count] = (struct boot){ .last_us = 0 };
	memcpy(boots->boot[boots->count++].id, id, len);
	return 0;
}

static int list_boots(struct kw_entries *e, struct boots *boots)
{
	static const char field[] = "_BOOT_ID=";
	int rc = sd_journal_query_unique(e->aside, "_BOOT_ID");
	const void *data;
	size_t len;

	if (rc < 0)
		return rc;
	SD_JOURNAL_FOREACH_UNIQUE(e->aside, data, len)
	{
		rc = add_boot(boots, (const char *)data + strlen(field), len - strlen(field));
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < boots->count; i++) {
		rc = look_up(e->aside, &boots->boot[i]);
		if (rc < 0)
			return rc;
	}
	qsort(boots->boot, boots->count, sizeof(*boots->boot), by_time);
	return 0;
}

/* The present boot may have no entry yet: then the last one is the one before it. */
static int find_back(const struct kw_entries *e, const struct boots *boots, uint64_t back,
		     char ret[static KW_ENTRIES_BOOT])
{
	size_t now = 0;

	while (now < boots->count && strcmp(boots->boot[now].id, e->boot_now))
		now++;
	if (now == boots->count && !e->own)
		now--;
	if (back > now || now - back >= boots->count)
		return -ENOENT;
	memcpy(ret, boots->boot[now - back].id, KW_ENTRIES_BOOT);
	return 0;
}

static int find_boot(struct kw_entries *e, const char *wanted, char ret[static KW_ENTRIES_BOOT])
{
	struct boots boots = { .count = 0 };
	uint64_t back = 0;
	int err;

	if (strlen(wanted) == KW_ENTRIES_BOOT - 1) {
		memcpy(ret, wanted, KW_ENTRIES_BOOT);
		return 0;
	}
	if (!kw_number(wanted + (*wanted == '-'), strlen(wanted) - (*wanted == '-'), BACK_MOST,
		       &back) ||
	    (back && *wanted != '-'))
		return -EINVAL;
	if (!back && *e->boot_now) {
		memcpy(ret, e->boot_now, KW_ENTRIES_BOOT);
		return 0;
	}
	err = list_boots(e, &boots);
	if (!err)
		err = boots.count ? find_back(e, &boots, back, ret) : -ENOENT;
	free(boots.boot);
	return err;
}

static int match_boot(struct kw_entries *e, const char *wanted)
{
	char id[KW_ENTRIES_BOOT] = "";
	int err = find_boot(e, wanted, id);

	if (err == -EINVAL)
		kw_complain("'%s' is no boot: use 0 for the last, -1 for the one before it, or an "
			    "ID that 'journalctl --list-boots' prints",
			    wanted);
	else if (err == -ENOENT)
		kw_complain("the journal has no boot '%s'; it has those that 'journalctl "
			    "--list-boots' prints",
			    wanted);
	else if (err)
		return complain("for its boots", err);
	if (err)
		return -1;
	err = sd_journal_add_conjunction(e->journal);
	if (!err)
		err = match(e->journal, "_BOOT_ID", id);
	return err ? complain("", err) : 0;
}

/* Opening */

static void find_boot_now(struct kw_entries *e)
{
	sd_id128_t id;

	if (e->own && sd_id128_get_boot(&id) >= 0)
		sd_id128_to_string(id, e->boot_now);
}

static int begin(struct kw_entries *e, const struct kw_entries_filter *filter)
{
	const char *where = filter->file      ? filter->file :
			    filter->directory ? filter->directory :
						"";
	int err = open_journal(filter, &e->journal);

	if (err >= 0)
		err = open_journal(filter, &e->aside);
	if (err < 0)
		return complain(where, err);
	sd_journal_set_data_threshold(e->journal, 0);
	find_boot_now(e);
	err = match_words(e->journal, filter);
	if (err)
		return complain(where, err);
	if (filter->boot && match_boot(e, filter->boot))
		return -1;
	err = filter->since_us ? sd_journal_seek_realtime_usec(e->journal, filter->since_us) :
				 sd_journal_seek_head(e->journal);
	return err < 0 ? complain(where, err) : 0;
}

int kw_entries_open(const struct kw_entries_filter *filter, struct kw_entries **ret)
{
	struct kw_entries *e = calloc(1, sizeof(*e));

	if (!e)
		return complain("", -ENOMEM);
	e->own = !filter->file && !filter->directory;
	e->until_us = filter->until_us;
	if (begin(e, filter)) {
		kw_entries_close(e);
		return -1;
	}
	*ret = e;
	return 0;
}

void kw_entries_close(struct kw_entries *e)
{
	sd_journal_close(e->journal);
	sd_journal_close(e->aside);
	free(e);
}

/* Entries */

static void put(char *to, size_t size, const char *value, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, value, len);
	to[len] = '\0';
}

static bool is(const char *data, size_t len, const char *text)
{
	return len == strlen(text) && !memcmp(data, text, len);
}

struct field {
	const char *name;
	size_t at, size;
};

#define FIELD(name, member)                                    \
	{                                                      \
		name "=", offsetof(struct kw_entry, member),   \
			sizeof(((struct kw_entry *)0)->member) \
	}

static const struct field fields[] = {
	FIELD("SYSLOG_IDENTIFIER", identifier),
	FIELD("_COMM", comm),
	FIELD("_PID", pid),
	FIELD("_SYSTEMD_UNIT", unit),
	FIELD("_HOSTNAME", host),
	FIELD("CONTAINER_ID", container),
	FIELD("_BOOT_ID", boot),
};

static void take_field(struct kw_entry *entry, const char *data, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = &fields[i];
		size_t name = strlen(f->name);

		if (len < name || memcmp(data, f->name, name))
			continue;
		put((char *)entry + f->at, f->size, data + name, len - name);
		return;
	}
}

/* False for what kvmwhy watch wrote: it is an answer, and no log. */
static bool take_fields(sd_journal *journal, struct kw_entry *entry)
{
	const void *field;
	size_t len;

	sd_journal_restart_data(journal);
	while (sd_journal_enumerate_available_data(journal, &field, &len) > 0) {
		if (is(field, len, "MESSAGE_ID=" KW_JOURNAL_MESSAGE_ID))
			return false;
		if (is(field, len, "_TRANSPORT=kernel"))
			entry->kernel = true;
		else
			take_field(entry, field, len);
	}
	return true;
}

/* Last, since reading another field may end the mapping of this one. */
static bool take_message(sd_journal *journal, struct kw_entry *entry)
{
	static const char message[] = "MESSAGE=";
	const void *field;
	size_t len;

	if (sd_journal_get_data(journal, "MESSAGE", &field, &len) < 0 || len < strlen(message))
		return false;
	entry->message = (const char *)field + strlen(message);
	entry->len = len - strlen(message);
	return true;
}

int kw_entries_next(struct kw_entries *e, struct kw_entry *entry)
{
	int rc;

	while ((rc = sd_journal_next(e->journal)) > 0) {
		*entry = (struct kw_entry){ .message = "" };
		rc = sd_journal_get_realtime_usec(e->journal, &entry->time_us);
		if (rc < 0)
			break;
		if (e->until_us && entry->time_us > e->until_us)
			return 0;
		if (take_fields(e->journal, entry) && take_message(e->journal, entry))
			return 1;
	}
	return rc < 0 ? complain("", rc) : 0;
}

/* The kernel of a boot */

/* "Linux version 6.1.0-18-amd64 (debian-kernel@...) ..." is among the first lines of a boot. */
static bool logged_release(sd_journal *journal, const char *boot, char *ret, size_t size)
{
	static const char wanted[] = "MESSAGE=Linux version ";
	const void *field;
	size_t len;

	sd_journal_flush_matches(journal);
	if (match(journal, "_BOOT_ID", boot) || match(journal, "_TRANSPORT", "kernel") ||
	    sd_journal_seek_head(journal) < 0)
		return false;
	for (int i = 0; i < RELEASE_LINES && sd_journal_next(journal) > 0; i++) {
		const char *text, *end;

		if (sd_journal_get_data(journal, "MESSAGE", &field, &len) < 0)
			continue;
		text = field;
		if (len <= strlen(wanted) || memcmp(text, wanted, strlen(wanted)))
			continue;
		text += strlen(wanted);
		end = memchr(text, ' ', len - strlen(wanted));
		if (!end)
			continue;
		put(ret, size, text, (size_t)(end - text));
		return true;
	}
	return false;
}

bool kw_entries_is_now(const struct kw_entries *e, const char *boot)
{
	return *boot && !strcmp(boot, e->boot_now);
}

const char *kw_entries_kernel(struct kw_entries *e, const char *boot)
{
	struct utsname name;

	if (strcmp(boot, e->release_of) || !*boot) {
		put(e->release_of, sizeof(e->release_of), boot, strlen(boot));
		*e->release = '\0';
		if (!logged_release(e->aside, boot, e->release, sizeof(e->release)) &&
		    kw_entries_is_now(e, boot) && !uname(&name))
			put(e->release, sizeof(e->release), name.release, strlen(name.release));
	}
	return *e->release ? e->release : NULL;
}

/* What is hidden */

void kw_entries_say_hidden(const struct kw_entries *e)
{
	static const char *const folders[] = { "/var/log/journal", "/run/log/journal" };
	char id[SD_ID128_STRING_MAX], path[128];
	sd_id128_t machine;

	if (!e->own || sd_id128_get_machine(&machine) < 0)
		return;
	sd_id128_to_string(machine, id);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/system.journal", folders[i], id);
		if (access(path, R_OK) && errno == EACCES) {
			kw_complain("'%s' may not be read by this user, so that other users' and "
				    "the system's entries are missing: run as root, or as a member "
				    "of the group systemd-journal",
				    path);
			return;
		}
	}
}
