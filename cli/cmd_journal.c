// SPDX-License-Identifier: MIT
/*
 * kvmwhy journal: the journal in, the reasons for the failures in it out. Everybody who wrote into
 * it gets a reader of its own, so that the lines of several guests that died together do not mix.
 */
#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "entries.h"
#include "term.h"
#include "when.h"

#define SECOND_US 1000000ull

static const char help[] =
	"usage: kvmwhy journal [OPTION]...\n"
	"\n"
	"Reads systemd's journal, and explains each KVM failure in it as kvmwhy explain does.\n"
	"What different processes and the kernel wrote is kept apart, and the host's kernel is\n"
	"that of the boot. Other users' entries are seen by root and by members of the group\n"
	"systemd-journal.\n"
	"\n"
	"  --since TIME       only what was written from TIME on: \"2026-12-01 06:15:44\",\n"
	"                     06:15, today, yesterday, \"2 hours ago\", -2h, @SECONDS\n"
	"  --until TIME       only what was written until TIME\n"
	"  -b, --boot[=BOOT]  only this boot; -1 is the one before it; or an ID that\n"
	"                     'journalctl --list-boots' prints\n"
	"  -u, --unit UNIT    only what UNIT wrote, such as 101.scope; may be repeated\n"
	"  -t, --identifier ID\n"
	"                     only what was written as ID, such as kvm or kernel; may be\n"
	"                     repeated\n"
	"  -D, --directory DIR\n"
	"                     the journal in DIR instead of this machine's\n"
	"  --file FILE        one file of a journal\n" KW_ANSWER_FORMAT_HELP
	"  --host-kernel REL  the host ran kernel REL in all of it\n"
	"  --vendor VENDOR    vendor of the host's CPU: intel or amd\n" KW_ANSWER_HELP "\n"
	"Exit status: 0 if something was explained, 1 if nothing was recognised, 2 if the\n"
	"command was misused or something could not be read or written.\n";

enum { OPT_SINCE = KW_OPT_HELP + 100, OPT_UNTIL, OPT_FILE };

static const struct option options[] = { { "since", required_argument, NULL, OPT_SINCE },
					 { "until", required_argument, NULL, OPT_UNTIL },
					 { "boot", optional_argument, NULL, 'b' },
					 { "unit", required_argument, NULL, 'u' },
					 { "identifier", required_argument, NULL, 't' },
					 { "directory", required_argument, NULL, 'D' },
					 { "file", required_argument, NULL, OPT_FILE },
					 KW_ANSWER_ROWS,
					 { "help", no_argument, NULL, KW_OPT_HELP },
					 { 0 } };

struct arguments {
	struct kw_answer_options answer;
	struct kw_entries_filter filter;
};

/* Who has not spoken for longest makes room: a VMM that dies says all it has to say at once. */
enum { SPEAKERS_MOST = 64, NAME_MAX_BYTES = 400, HEAD_MAX_BYTES = 256 };

struct speaker {
	char boot[KW_ENTRIES_BOOT], container[65];
	char name[NAME_MAX_BYTES]; /* "kvm[4711], 101.scope", for the reports */
	struct kw_reader *reader;
	uint64_t spoke; /* number of its last entry */
};

struct reading {
	const struct arguments *args;
	struct kw_entries *entries;
	struct speaker speaker[SPEAKERS_MOST];
	size_t nspeakers;
	uint64_t nentries, bytes, harmless;
	struct kw_answer answer;
};

static void name_speaker(const struct kw_entry *entry, char name[static NAME_MAX_BYTES])
{
	const char *program = *entry->identifier ? entry->identifier :
			      *entry->comm	 ? entry->comm :
						   "unknown";

	if (entry->kernel)
		snprintf(name, NAME_MAX_BYTES, "kernel");
	else
		snprintf(name, NAME_MAX_BYTES, "%s%s%s%s%s%s", program, *entry->pid ? "[" : "",
			 entry->pid, *entry->pid ? "]" : "", *entry->unit ? ", " : "", entry->unit);
}

static int end_speaker(struct reading *r, struct speaker *speaker)
{
	int rc = kw_reader_finish(speaker->reader, NULL);

	r->harmless += kw_reader_suppressed(speaker->reader);
	kw_reader_destroy(speaker->reader);
	speaker->reader = NULL;
	return rc;
}

/* The speaker that has been silent for longest. */
static struct speaker *most_silent(struct reading *r)
{
	struct speaker *ret = NULL;

	for (size_t i = 0; i < r->nspeakers; i++) {
		struct speaker *speaker = &r->speaker[i];

		if (speaker->reader && (!ret || speaker->spoke < ret->spoke))
			ret = speaker;
	}
	return ret;
}

static int begin_speaker(struct reading *r, struct speaker *speaker, const struct kw_entry *entry)
{
	struct kw_options known = r->args->answer.known;

	if (!known.host_kernel)
		known.host_kernel = kw_entries_kernel(r->entries, entry->boot);
	if (kw_entries_is_now(r->entries, entry->boot))
		known.parameters = kw_this_parameters();
	known.file = speaker->name;
	return kw_reader_create(&known, kw_answer_report, &r->answer, &speaker->reader);
}

static int find_speaker(struct reading *r, const struct kw_entry *entry, struct speaker **ret)
{
	struct speaker new = { .spoke = 0 }, *speaker;
	int rc = 0;

	name_speaker(entry, new.name);
	memcpy(new.boot, entry->boot, sizeof(new.boot));
	memcpy(new.container, entry->container, sizeof(new.container));
	for (size_t i = 0; i < r->nspeakers; i++) {
		speaker = *ret = &r->speaker[i];
		if (!strcmp(speaker->boot, new.boot) && !strcmp(speaker->name, new.name) &&
		    !strcmp(speaker->container, new.container))
			return 0;
	}
	if (r->nspeakers < SPEAKERS_MOST) {
		speaker = &r->speaker[r->nspeakers];
	} else {
		speaker = most_silent(r);
		rc = end_speaker(r, speaker);
	}
	*speaker = new;
	if (!rc)
		rc = begin_speaker(r, speaker, entry);
	if (!rc && r->nspeakers < SPEAKERS_MOST)
		r->nspeakers++;
	*ret = speaker;
	return rc;
}

/* What is before a message in a log: only what cannot be taken for anything else. */
static size_t put_word(char *to, const char *word)
{
	size_t len = 0;

	for (; word[len]; len++)
		to[len] = isalnum((unsigned char)word[len]) || strchr("._-/@", word[len]) ?
				  word[len] :
				  '_';
	return len;
}

/* "2026-12-01T06:15:44.123456+0000 host kvm[4711]: ", as journalctl -o short-iso-precise prints. */
static size_t put_head(const struct kw_entry *entry, char head[static HEAD_MAX_BYTES])
{
	const char *program = *entry->identifier ? entry->identifier : entry->comm;
	time_t seconds = (time_t)(entry->time_us / SECOND_US);
	char zone[8] = "";
	struct tm tm;
	size_t len;

	localtime_r(&seconds, &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	len = strftime(head, HEAD_MAX_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	len += (size_t)snprintf(head + len, HEAD_MAX_BYTES - len, ".%06u%s ",
				(unsigned int)(entry->time_us % SECOND_US), zone);
	if (!entry->kernel && (!*entry->pid || !*program))
		return len;
	if (*entry->host) {
		len += put_word(head + len, entry->host);
		head[len++] = ' ';
	}
	len += put_word(head + len, entry->kernel ? "kernel" : program);
	if (!entry->kernel)
		len += (size_t)snprintf(head + len, HEAD_MAX_BYTES - len, "[%s]", entry->pid);
	head[len++] = ':';
	head[len++] = ' ';
	return len;
}

/* Each line of a message is one of the log. */
static int feed(struct reading *r, struct kw_reader *reader, const struct kw_entry *entry)
{
	char head[HEAD_MAX_BYTES];
	size_t len = put_head(entry, head), at = 0;
	int rc = 0;

	while (!rc && at < entry->len) {
		const char *line = entry->message + at;
		const char *end = memchr(line, '\n', entry->len - at);
		size_t size = end ? (size_t)(end - line) : entry->len - at;

		rc = kw_reader_feed(reader, head, len);
		if (!rc)
			rc = kw_reader_feed(reader, line, size);
		if (!rc)
			rc = kw_reader_feed(reader, "\n", 1);
		at += size + 1;
	}
	r->bytes += entry->len;
	return rc;
}

static int read_entries(struct reading *r)
{
	struct kw_entry entry;
	int rc;

	while ((rc = kw_entries_next(r->entries, &entry)) > 0) {
		struct speaker *speaker;

		rc = find_speaker(r, &entry, &speaker);
		if (rc)
			return rc;
		speaker->spoke = ++r->nentries;
		rc = feed(r, speaker->reader, &entry);
		if (rc)
			return rc;
		kw_progress_show(r->bytes, r->answer.count);
	}
	if (rc < 0)
		r->answer.trouble = true;
	return 0;
}

/* In the order in which they fell silent. */
static void end_speakers(struct reading *r, int rc)
{
	struct speaker *speaker;

	while ((speaker = most_silent(r))) {
		int err = end_speaker(r, speaker);

		rc = rc ? rc : err;
	}
	if (rc)
		kw_answer_failed(&r->answer, rc);
}

static void say_nothing_found(const struct reading *r)
{
	const struct kw_entries_filter *filter = &r->args->filter;
	char what[4096 + 64];

	if (filter->file || filter->directory)
		snprintf(what, sizeof(what), "the selection from the journal in '%s'",
			 filter->file ? filter->file : filter->directory);
	else
		snprintf(what, sizeof(what), "the selection from this machine's journal");
	kw_answer_nothing(what, r->bytes, r->harmless);
}

static int explain(const struct arguments *args)
{
	static struct reading r;
	int status;

	r.args = args;
	if (kw_answer_open(&r.answer, &args->answer))
		return KW_EXIT_TROUBLE;
	if (kw_entries_open(&args->filter, &r.entries))
		return KW_EXIT_TROUBLE;
	if (kw_answer_begin(&r.answer))
		return KW_EXIT_TROUBLE;
	end_speakers(&r, read_entries(&r));
	kw_answer_close(&r.answer);
	status = r.answer.trouble ? KW_EXIT_TROUBLE :
		 r.answer.count	  ? KW_EXIT_FOUND :
				    KW_EXIT_NOTHING;
	if (status == KW_EXIT_NOTHING)
		say_nothing_found(&r);
	kw_entries_say_hidden(r.entries);
	kw_entries_close(r.entries);
	kw_answer_deinit(&r.answer);
	return status;
}

/* Options */

static int take_time(const char *option, uint64_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!kw_when(optarg, (uint64_t)now.tv_sec * SECOND_US, ret))
		return 0;
	return kw_usage(kw_cmd_journal.name, "'%s' after %s is not a time: use " KW_WHEN_FORMS,
			optarg, option);
}

static int add_word(const char *option, struct kw_entries_words *words)
{
	if (words->count == KW_ENTRIES_WORDS)
		return kw_usage(kw_cmd_journal.name, "more than %d times %s", KW_ENTRIES_WORDS,
				option);
	words->word[words->count++] = optarg;
	return 0;
}

/* "-b -1", as journalctl has it. */
static const char *boot_of(int argc, char **argv)
{
	const char *next = optind < argc ? argv[optind] : "";
	size_t sign = *next == '-';

	if (optarg)
		return optarg;
	if (!next[sign] || next[sign + strspn(next + sign, "0123456789abcdef")])
		return "0";
	optind++;
	return next;
}

/* Return: 0, or KW_EXIT_TROUBLE after a complaint. */
static int take_option(struct arguments *args, int c, int argc, char **argv)
{
	struct kw_entries_filter *filter = &args->filter;

	switch (c) {
	case OPT_SINCE:
		return take_time("--since", &filter->since_us);
	case OPT_UNTIL:
		return take_time("--until", &filter->until_us);
	case 'b':
		filter->boot = boot_of(argc, argv);
		return 0;
	case 'u':
		return add_word("--unit", &filter->units);
	case 't':
		return add_word("--identifier", &filter->identifiers);
	case 'D':
		filter->directory = optarg;
		return 0;
	case OPT_FILE:
		filter->file = optarg;
		return 0;
	default:
		return kw_answer_option(&args->answer, kw_cmd_journal.name, options, c, argv);
	}
}

static int run(int argc, char **argv)
{
	static struct arguments args = { .answer = KW_ANSWER_DEFAULTS };
	int c;

	while ((c = getopt_long(argc, argv, ":b::u:t:D:ho:", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&args, c, argc, argv))
			return KW_EXIT_TROUBLE;
	}
	if (optind < argc)
		return kw_usage(kw_cmd_journal.name,
				"'%s' is an extra argument: to explain a "
				"file, use kvmwhy explain",
				argv[optind]);
	if (args.filter.file && args.filter.directory)
		return kw_usage(kw_cmd_journal.name, "--file and --directory exclude each other");
	if (!args.filter.file && !args.filter.directory && !args.answer.known.vendor)
		args.answer.known.vendor = kw_this_vendor();
	return kw_answer_check(&args.answer, kw_cmd_journal.name) ? KW_EXIT_TROUBLE :
								    explain(&args);
}

const struct kw_command kw_cmd_journal = {
	.name = "journal",
	.summary = KW_SUMMARY_JOURNAL,
	.help = help,
	.run = run,
};

const struct kw_command *const kw_live_commands[] = { &kw_cmd_journal, NULL };
