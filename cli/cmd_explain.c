// SPDX-License-Identifier: MIT
/* kvmwhy explain: logs in, the reasons for the failures in them out. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "input.h"
#include "term.h"
#include "walk.h"

static const char help[] =
	"usage: kvmwhy [explain] [OPTION]... [FILE]...\n"
	"\n"
	"Reads logs of a VMM or of the host kernel and says for each KVM failure in them\n"
	"which instruction failed, with which operands, who refused it, why, and what to do.\n"
	"Without FILE, or if FILE is -, reads the standard input. Logs compressed with gzip, xz\n"
	"or zstd are unpacked. For the journal, see kvmwhy journal.\n"
	"\n"
	KW_ANSWER_FORMAT_HELP
	"  --host-kernel REL  the host ran kernel REL, as printed by 'uname -r'\n"
	"  --vendor VENDOR    vendor of the host's CPU: intel or amd\n"
	"  --kvm-run PAGE     also explain the kvm_run page of a vCPU, saved in file PAGE\n"
	"  --this-host        the logs are of this machine: takes its kernel, vendor\n"
	"                     and KVM's parameters\n"
	"  -r, --recursive    read all logs below a folder; without FILE, below this one\n"
	KW_ANSWER_HELP
	"\n"
	"Exit status: 0 if something was explained, 1 if nothing was recognised, 2 if the\n"
	"command was misused or something could not be read or written.\n";

static const struct option options[] = {
	KW_ANSWER_ROWS,
	{ "kvm-run", required_argument, NULL, KW_OPT_PAGE },
	{ "this-host", no_argument, NULL, KW_OPT_THIS_HOST },
	{ "recursive", no_argument, NULL, 'r' },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

struct arguments {
	struct kw_answer_options answer;
	const char *page; /* of --kvm-run, or NULL */
	bool recursive;
	char *const *files;
	size_t nfiles;
};

struct explanation {
	const struct arguments *args;
	struct kw_reader *reader;
	uint64_t bytes;
	struct kw_answer answer;
};

/* Ends the previous stream and begins that of @path. */
static int begin_stream(struct explanation *e, const char *path)
{
	const char *name = strcmp(path, "-") ? path : NULL;
	struct kw_options known = e->args->answer.known;

	if (e->reader)
		return kw_reader_finish(e->reader, name);
	known.file = name;
	return kw_reader_create(&known, kw_answer_report, &e->answer, &e->reader);
}

static int read_stream(struct explanation *e, struct kw_input *in)
{
	const char *data;
	ssize_t len;
	int rc;

	while ((len = kw_input_read(in, &data)) > 0) {
		rc = kw_reader_feed(e->reader, data, (size_t)len);
		if (!rc && in->may_wait)
			rc = kw_output_flush(&e->answer.out);
		if (rc)
			return kw_answer_failed(&e->answer, rc);
		e->bytes += (uint64_t)len;
		kw_progress_show(e->bytes, e->answer.count);
	}
	if (len < 0)
		e->answer.trouble = true;
	return 0;
}

/* An unreadable file does not stop the others from being read; non-zero ends the work. */
static int explain_file(struct explanation *e, const char *path)
{
	struct kw_input in;
	int rc;

	if (kw_input_open(&in, path)) {
		e->answer.trouble = true;
		return 0;
	}
	/* Answers to what comes late are shown as they come: a pager would wait for more. */
	if (in.may_wait)
		e->answer.out.pager = NULL;
	rc = begin_stream(e, path);
	rc = rc ? kw_answer_failed(&e->answer, rc) : read_stream(e, &in);
	kw_input_close(&in);
	return rc;
}

/* Reads the whole file, which should be a page; bytes beyond a page are dropped. */
static ssize_t read_page(struct kw_input *in, char *page, size_t size)
{
	const char *data;
	size_t len = 0;
	ssize_t n;

	while ((n = kw_input_read(in, &data)) > 0) {
		size_t room = size - len;

		memcpy(page + len, data, (size_t)n < room ? (size_t)n : room);
		len += (size_t)n < room ? (size_t)n : room;
	}
	return n < 0 ? n : (ssize_t)len;
}

static int explain_page(struct explanation *e, const char *path)
{
	static char page[KW_RUN_PAGE_MAX + 1];
	struct kw_input in;
	ssize_t len;
	int rc;

	if (kw_input_open(&in, path)) {
		e->answer.trouble = true;
		return 0;
	}
	len = read_page(&in, page, sizeof(page));
	kw_input_close(&in);
	rc = begin_stream(e, path);
	if (rc)
		return kw_answer_failed(&e->answer, rc);
	if (len < 0) {
		e->answer.trouble = true;
		return 0;
	}
	rc = kw_reader_run_page(e->reader, page, (size_t)len);
	if (rc != -EINVAL) {
		e->bytes += (uint64_t)len;
		return rc ? kw_answer_failed(&e->answer, rc) : 0;
	}
	e->answer.trouble = true;
	kw_complain("'%s' is not a kvm_run page: those have %u to %u "
		    "bytes", in.name, KW_RUN_PAGE_MIN, KW_RUN_PAGE_MAX);
	return 0;
}

static void explain_files(struct explanation *e)
{
	int rc;

	if (e->args->page && explain_page(e, e->args->page))
		return;
	for (size_t i = 0; i < e->args->nfiles; i++)
		if (explain_file(e, e->args->files[i]))
			return;
	rc = e->reader ? kw_reader_finish(e->reader, NULL) : 0;
	if (rc)
		kw_answer_failed(&e->answer, rc);
}

static void say_nothing_found(const struct explanation *e)
{
	const struct arguments *args = e->args;
	const char *file = args->nfiles ? args->files[0] : args->page;
	char what[4096 + 64];

	snprintf(what, sizeof(what), "'%s'%s", strcmp(file, "-") ? file : "standard input",
		 args->nfiles > 1 ? " and what follows" : "");
	kw_answer_nothing(what, e->bytes, kw_reader_suppressed(e->reader));
}

static int result(const struct explanation *e)
{
	if (e->answer.trouble)
		return KW_EXIT_TROUBLE;
	if (e->answer.count)
		return KW_EXIT_FOUND;
	say_nothing_found(e);
	return KW_EXIT_NOTHING;
}

/* Writing to a log while reading it would lose it, or never end. */
static bool is_input(const struct arguments *args, int fd)
{
	struct stat out, in;

	if (fstat(fd, &out) || !S_ISREG(out.st_mode))
		return false;
	for (size_t i = 0; i < args->nfiles + (args->page ? 1 : 0); i++) {
		const char *path = i < args->nfiles ? args->files[i] : args->page;
		int rc = strcmp(path, "-") ? stat(path, &in) : fstat(STDIN_FILENO, &in);

		if (!rc && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return true;
	}
	return false;
}

static int open_output(struct explanation *e)
{
	struct kw_output *out = &e->answer.out;

	if (kw_answer_open(&e->answer, &e->args->answer))
		return -1;
	if (!is_input(e->args, out->fd))
		return kw_answer_begin(&e->answer);
	kw_complain("'%s' is also an input: choose another output file", out->name);
	return -1;
}

static int explain(const struct arguments *args)
{
	static struct explanation e;
	int rc;

	e.args = args;
	if (open_output(&e))
		return KW_EXIT_TROUBLE;
	explain_files(&e);
	kw_answer_close(&e.answer);
	rc = result(&e);
	kw_reader_destroy(e.reader);
	kw_answer_deinit(&e.answer);
	return rc;
}

/* Return: 0, or KW_EXIT_TROUBLE after a complaint. */
static int take_option(struct arguments *args, int c, char **argv)
{
	switch (c) {
	case KW_OPT_PAGE:
		args->page = optarg;
		return 0;
	case KW_OPT_THIS_HOST:
		kw_this_host(&args->answer.known);
		return 0;
	case 'r':
		args->recursive = true;
		return 0;
	default:
		return kw_answer_option(&args->answer, kw_cmd_explain.name, options, c, argv);
	}
}

/* All logs below the folders of the command line. */
static int explain_below(struct arguments *args)
{
	struct kw_walk walk = { .count = 0 };
	int rc;

	if (!args->nfiles)
		kw_walk_add(&walk, ".");
	for (size_t i = 0; i < args->nfiles; i++)
		kw_walk_add(&walk, args->files[i]);
	args->files = walk.path;
	args->nfiles = walk.count;
	if (!walk.count && !args->page) {
		kw_complain("no log to read: none of the files is text");
		rc = KW_EXIT_NOTHING;
	} else {
		rc = explain(args);
	}
	rc = walk.trouble ? KW_EXIT_TROUBLE : rc;
	kw_walk_deinit(&walk);
	return rc;
}

static int run(int argc, char **argv)
{
	static char dash[] = "-";
	static char *const stdin_only[] = { dash };
	struct arguments args = { .answer = KW_ANSWER_DEFAULTS };
	int c;

	while ((c = getopt_long(argc, argv, ":ho:r", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&args, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (kw_answer_check(&args.answer, kw_cmd_explain.name))
		return KW_EXIT_TROUBLE;
	args.files = argv + optind;
	args.nfiles = (size_t)(argc - optind);
	if (args.recursive)
		return explain_below(&args);
	if (!args.nfiles && !args.page) {
		args.files = stdin_only;
		args.nfiles = 1;
		if (isatty(STDIN_FILENO))
			kw_complain("reading a log from the terminal: paste it, then press Ctrl-D");
	}
	return explain(&args);
}

const struct kw_command kw_cmd_explain = {
	.name = "explain",
	.summary = "say why a KVM guest died, from its log (the default command)",
	.help = help,
	.run = run,
};
