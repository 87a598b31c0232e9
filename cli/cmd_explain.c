// SPDX-License-Identifier: MIT
/* kvmwhy explain: logs in, the reasons for the failures in them out. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <kvmwhy/kvmwhy.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "summary.h"
#include "term.h"
#include "view.h"
#include "walk.h"

static const char help[] =
	"usage: kvmwhy [explain] [OPTION]... [FILE]...\n"
	"\n"
	"Reads logs of a VMM or of the host kernel and says for each KVM failure in them\n"
	"which instruction failed, with which operands, who refused it, why, and what to do.\n"
	"Without FILE, or if FILE is -, reads the standard input. Logs compressed with gzip, xz\n"
	"or zstd are unpacked.\n"
	"\n"
	"  --format FORMAT    text (the default), json (one array), ndjson (one object per line)\n"
	"                     or html (one page)\n"
	"  --host-kernel REL  the host ran kernel REL, as printed by 'uname -r'\n"
	"  --vendor VENDOR    vendor of the host's CPU: intel or amd\n"
	"  --kvm-run PAGE     also explain the kvm_run page of a vCPU, saved in file PAGE\n"
	"  --this-host        the logs are of this machine: takes its kernel and vendor\n"
	"  -r, --recursive    read all logs below a folder; without FILE, below this one\n"
	"  --summary          only a row for each kind of failure: how often, where first and\n"
	"                     last (not html)\n"
	"  --all              also report harmless messages\n"
	"  --checks           list every VM-entry check that was evaluated, with its result\n"
	"                     (text only: html always lists them, json those not passed)\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  -o, --output FILE  write to FILE instead of the standard output\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if something was explained, 1 if nothing was recognised, 2 if the\n"
	"command was misused or something could not be read or written.\n";

static const struct option options[] = {
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	{ "host-kernel", required_argument, NULL, KW_OPT_KERNEL },
	{ "vendor", required_argument, NULL, KW_OPT_VENDOR },
	{ "kvm-run", required_argument, NULL, KW_OPT_PAGE },
	{ "this-host", no_argument, NULL, KW_OPT_THIS_HOST },
	{ "recursive", no_argument, NULL, 'r' },
	{ "summary", no_argument, NULL, KW_OPT_SUMMARY },
	{ "all", no_argument, NULL, KW_OPT_ALL },
	{ "checks", no_argument, NULL, KW_OPT_CHECKS },
	KW_VIEW_COLOR,
	KW_VIEW_PAGER,
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

struct arguments {
	struct kw_options known; /* what the library is given */
	const char *format, *output;
	struct kw_view view;
	unsigned int print; /* KW_PRINT_* */
	const char *page; /* of --kvm-run, or NULL */
	bool summary, recursive;
	char *const *files;
	size_t nfiles;
};

struct explanation {
	const struct arguments *args;
	struct kw_reader *reader;
	struct kw_printer *printer;
	struct kw_summary summary; /* instead of the printer */
	uint64_t bytes;
	bool trouble; /* something could not be read, or our own failure */
	struct kw_output out;
};

static int give_report(void *arg, const struct kw_report *report)
{
	struct explanation *e = arg;

	if (!e->args->summary)
		return kw_printer_report(e->printer, report);
	kw_summary_add(&e->summary, report);
	return 0;
}

/* Complains about @rc of the library, unless it came from the output, whose close complains. */
static int complain_library(struct explanation *e, int rc)
{
	e->trouble = true;
	if (!e->out.error)
		kw_complain("cannot continue: %s", strerror(-rc));
	return rc;
}

/* Ends the previous stream and begins that of @path. */
static int begin_stream(struct explanation *e, const char *path)
{
	const char *name = strcmp(path, "-") ? path : NULL;
	struct kw_options known = e->args->known;

	if (e->reader)
		return kw_reader_finish(e->reader, name);
	known.file = name;
	return kw_reader_create(&known, give_report, e, &e->reader);
}

static int read_stream(struct explanation *e, struct kw_input *in)
{
	const char *data;
	ssize_t len;
	int rc;

	while ((len = kw_input_read(in, &data)) > 0) {
		rc = kw_reader_feed(e->reader, data, (size_t)len);
		if (!rc && in->may_wait)
			rc = kw_output_flush(&e->out);
		if (rc)
			return complain_library(e, rc);
		e->bytes += (uint64_t)len;
		kw_progress_show(e->bytes, kw_reader_count(e->reader));
	}
	if (len < 0)
		e->trouble = true;
	return 0;
}

/* An unreadable file does not stop the others from being read; non-zero ends the work. */
static int explain_file(struct explanation *e, const char *path)
{
	struct kw_input in;
	int rc;

	if (kw_input_open(&in, path)) {
		e->trouble = true;
		return 0;
	}
	/* Answers to what comes late are shown as they come: a pager would wait for more. */
	if (in.may_wait)
		e->out.pager = NULL;
	rc = begin_stream(e, path);
	rc = rc ? complain_library(e, rc) : read_stream(e, &in);
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
		e->trouble = true;
		return 0;
	}
	len = read_page(&in, page, sizeof(page));
	kw_input_close(&in);
	rc = begin_stream(e, path);
	if (rc)
		return complain_library(e, rc);
	if (len < 0) {
		e->trouble = true;
		return 0;
	}
	rc = kw_reader_run_page(e->reader, page, (size_t)len);
	if (rc != -EINVAL) {
		e->bytes += (uint64_t)len;
		return rc ? complain_library(e, rc) : 0;
	}
	e->trouble = true;
	kw_complain("'%s' is not a kvm_run page: those have %u to %u "
		    "bytes", in.name, KW_RUN_PAGE_MIN, KW_RUN_PAGE_MAX);
	return 0;
}

static int finish(struct explanation *e)
{
	int rc = kw_reader_finish(e->reader, NULL);

	if (!rc && e->printer)
		rc = kw_printer_finish(e->printer);
	return rc ? complain_library(e, rc) : 0;
}

static void explain_files(struct explanation *e)
{
	if (e->args->page && explain_page(e, e->args->page))
		return;
	for (size_t i = 0; i < e->args->nfiles; i++)
		if (explain_file(e, e->args->files[i]))
			return;
	if (e->reader)
		finish(e);
}

static void say_nothing_found(const struct explanation *e)
{
	const struct arguments *args = e->args;
	const char *file = args->nfiles ? args->files[0] : args->page;
	const char *first = strcmp(file, "-") ? file : "standard input";
	uint64_t harmless = kw_reader_suppressed(e->reader);

	if (!e->bytes)
		kw_complain("nothing to explain: '%s'%s is empty", first,
			    args->nfiles > 1 ? " and what follows" : "");
	else
		kw_complain("no failure of KVM recognised in '%s'%s, bytes read: %" PRIu64, first,
			    args->nfiles > 1 ? " and what follows" : "", e->bytes);
	if (harmless)
		kw_complain("%" PRIu64 " harmless message%s not reported: --all shows %s", harmless,
			    harmless == 1 ? " was" : "s were", harmless == 1 ? "it" : "them");
	kw_complain("looked for: 'kvm run failed', 'KVM internal error', 'KVM: entry failed', "
		    "register dumps of QEMU, kvmtool, crosvm, Cloud Hypervisor and Firecracker; "
		    "KVM's lines, dump_vmcs and dump_vmcb blocks of the host's kernel log");
	kw_complain("collect: what the VMM wrote to stderr (libvirt keeps it in "
		    "/var/log/libvirt/qemu/GUEST.log) and the host's kernel log ('journalctl -k' "
		    "or 'dmesg') from the time of the failure, then run 'kvmwhy explain' on both");
}

static int result(const struct explanation *e)
{
	if (e->trouble)
		return KW_EXIT_TROUBLE;
	if (kw_reader_count(e->reader))
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
	struct kw_output *out = &e->out;

	if (kw_output_open(out, e->args->output))
		return -1;
	if (is_input(e->args, out->fd)) {
		kw_complain("'%s' is also an input: choose another output file", out->name);
		return -1;
	}
	if (e->args->output && ftruncate(out->fd, 0) && errno != EINVAL) {
		kw_complain("cannot write '%s': %s", out->name, strerror(errno));
		return -1;
	}
	return 0;
}

static int explain(const struct arguments *args)
{
	static struct explanation e;
	unsigned int flags = args->print;
	int rc;

	e.args = args;
	if (open_output(&e))
		return KW_EXIT_TROUBLE;
	flags |= kw_view_begin(&args->view, &e.out);
	rc = args->summary ? 0 : kw_printer_create(args->format, flags, kw_output_write, &e.out,
						   &e.printer);
	if (rc)
		complain_library(&e, rc);
	else
		explain_files(&e);
	if (args->summary)
		kw_summary_print(&e.summary, args->format, flags, &e.out);
	e.trouble |= e.summary.failed;

	/* Flush the answer before any complaint. */
	if (kw_output_close(&e.out))
		e.trouble = true;
	kw_progress_hide();
	rc = result(&e);
	kw_reader_destroy(e.reader);
	kw_printer_destroy(e.printer);
	kw_summary_deinit(&e.summary);
	return rc;
}

/* Return: 0, or KW_EXIT_TROUBLE after a complaint. */
static int take_option(struct arguments *args, int c, char **argv)
{
	const char *me = kw_cmd_explain.name;

	switch (c) {
	case KW_OPT_FORMAT:
		args->format = optarg;
		return kw_check_word(me, "--format", kw_report_formats, optarg);
	case KW_OPT_KERNEL:
		args->known.host_kernel = optarg;
		return kw_check_release(me, "--host-kernel", optarg);
	case KW_OPT_VENDOR:
		args->known.vendor = optarg;
		return kw_check_word(me, "--vendor", kw_vendors, optarg);
	case KW_OPT_PAGE:
		args->page = optarg;
		return 0;
	case KW_OPT_THIS_HOST:
		kw_this_host(&args->known);
		return 0;
	case 'r':
		args->recursive = true;
		return 0;
	case KW_OPT_SUMMARY:
		args->summary = true;
		return 0;
	case KW_OPT_ALL:
		args->known.flags |= KW_OPTION_ALL;
		return 0;
	case KW_OPT_CHECKS:
		args->print |= KW_PRINT_CHECKS;
		return 0;
	case 'o':
		args->output = optarg;
		return 0;
	default:
		return kw_view_option(&args->view, me, options, c, argv);
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
	struct arguments args = {
		.known = { .size = sizeof(args.known) },
		.format = "text",
	};
	int c;

	while ((c = getopt_long(argc, argv, ":ho:r", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&args, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (args.summary && !strcmp(args.format, "html"))
		return kw_usage(kw_cmd_explain.name, "--summary has no format html: use text, "
						     "json or ndjson");
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
