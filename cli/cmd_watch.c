// SPDX-License-Identifier: MIT
/* kvmwhy watch and kvmwhy record: the command line in, options for watch.c out. */
#include "cli.h"

#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <string.h>

#include "../host/watch/watch.h"
#include "../lib/base/number.h"
#include "term.h"
#include "watch.h"

static const char watch_help[] =
	"usage: kvmwhy watch [OPTION]...\n"
	"\n"
	"Waits for KVM to fail on this host and explains each failure as it happens: the\n"
	"instruction, its operands, the function that refused it, the registers, and what KVM\n"
	"wrote to the kernel log. It changes nothing and does not need the module. With BPF on\n"
	"AMD, exits handled in the kernel cost nothing extra, others little (docs/watch.md).\n"
	"Needs root.\n"
	"\n"
	"  --format FORMAT    text (the default), json (one array), ndjson (one object per line)\n"
	"                     or html (one page)\n"
	"  --once             stop after the first failure\n"
	"  --pid N            only failures of process N\n"
	"  --log FILE         append a recording to FILE, for `kvmwhy explain` and `replay`;\n"
	"                     a new FILE is readable only by its owner\n"
	"  --redact           leave out what the diagnosis does not need, from both\n"
	"  --journal          write a structured entry to the journal, and nothing to the "
	"standard\n"
	"                     output unless --format is given\n"
	"  --all              also report harmless failures\n"
	"  --via WAY          how to see failures: bpf, bpf-kprobe, bpf-tracepoint or tracefs;\n"
	"                     default: the best one that works here\n"
	KW_VIEW_COLOR_HELP
	"  -h, --help         print this text\n"
	"\n"
	"SIGINT (Ctrl-C), SIGTERM and SIGHUP end it. Exit status: 0 if a failure was seen, 1 if\n"
	"none was, 2 if the command was misused or cannot work here.\n";

static const char record_help[] =
	"usage: kvmwhy record [OPTION]...\n"
	"\n"
	"Waits for KVM to fail on this host and records what it can see of the failure: text\n"
	"for a bug report, which `kvmwhy explain` and `kvmwhy replay` read on any machine.\n"
	"Needs root.\n"
	"\n"
	"  -o, --output FILE  append to FILE instead of the standard output; a new FILE is\n"
	"                     readable only by its owner\n"
	"  --redact           leave out what the diagnosis does not need: other registers, names,\n"
	"                     memory\n"
	"  --once             stop after the first failure\n"
	"  --pid N            only failures of process N\n"
	"  --all              also record harmless failures\n"
	"  --via WAY          how to see failures: bpf, bpf-kprobe, bpf-tracepoint or tracefs\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if a failure was seen, 1 if none was, 2 if the command was misused or\n"
	"cannot work here.\n";

static const struct option options[] = {
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	{ "once", no_argument, NULL, KW_OPT_ONCE },
	{ "pid", required_argument, NULL, KW_OPT_PID },
	{ "log", required_argument, NULL, KW_OPT_LOG },
	{ "redact", no_argument, NULL, KW_OPT_REDACT },
	{ "journal", no_argument, NULL, KW_OPT_JOURNAL },
	{ "all", no_argument, NULL, KW_OPT_ALL },
	{ "via", required_argument, NULL, KW_OPT_VIA },
	KW_VIEW_COLOR,
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

static const struct option record_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "once", no_argument, NULL, KW_OPT_ONCE },
	{ "pid", required_argument, NULL, KW_OPT_PID },
	{ "redact", no_argument, NULL, KW_OPT_REDACT },
	{ "all", no_argument, NULL, KW_OPT_ALL },
	{ "via", required_argument, NULL, KW_OPT_VIA },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

enum { PID_LIMIT = 4194304 }; /* of Linux: PID_MAX_LIMIT */

static int take_pid(struct kw_watch_options *o, const char *text)
{
	uint64_t pid = 0;

	if (!kw_number(text, strlen(text), PID_LIMIT, &pid) || !pid)
		return kw_usage(o->command, "'%s' after --pid is not a process ID", text);
	o->pid = (pid_t)pid;
	return 0;
}

static int take_via(struct kw_watch_options *o, const char *text)
{
	const char *const all[] = { "bpf", "bpf-kprobe", "bpf-tracepoint", "tracefs", NULL };

	o->via = text;
	if (kw_check_word(o->command, "--via", all, text))
		return KW_EXIT_TROUBLE;
	for (size_t i = 0; kw_backend_name(i); i++)
		if (!strcmp(kw_backend_name(i), text))
			return 0;
	kw_complain("%s: this kvmwhy was built without --via %s", o->command, text);
	return KW_EXIT_TROUBLE;
}

/* Return: 0, or KW_EXIT_TROUBLE after a complaint. */
static int take_option(struct kw_watch_options *o, const struct option *known, int c, char **argv)
{
	switch (c) {
	case KW_OPT_FORMAT:
		o->format = optarg;
		return kw_check_word(o->command, "--format", kw_report_formats, optarg);
	case KW_OPT_PID:
		return take_pid(o, optarg);
	case KW_OPT_VIA:
		return take_via(o, optarg);
	case KW_OPT_LOG:
	case 'o':
		o->log = optarg;
		return 0;
	case KW_OPT_ONCE:
		o->once = true;
		return 0;
	case KW_OPT_REDACT:
		o->redact = true;
		return 0;
	case KW_OPT_JOURNAL:
		o->journal = true;
		return 0;
	case KW_OPT_ALL:
		o->all = true;
		return 0;
	default:
		return kw_view_option(&o->view, o->command, known, c, argv);
	}
}

static int take_words(struct kw_watch_options *o, int argc, char **argv, const struct option *known,
		      const char *help)
{
	int c;

	while ((c = getopt_long(argc, argv, known == options ? ":h" : ":ho:", known, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(o, known, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (optind < argc)
		return kw_usage(o->command, "'%s': this command takes no files", argv[optind]);
	return -1;
}

static int run_watch(int argc, char **argv)
{
	struct kw_watch_options o = {
		.command = kw_cmd_watch.name,
		.view.no_pager = true,
	};
	int status = take_words(&o, argc, argv, options, watch_help);

	if (status >= 0)
		return status;
	if (!o.format && !o.journal)
		o.format = "text";
	return kw_watch(&o);
}

static int run_record(int argc, char **argv)
{
	struct kw_watch_options o = {
		.command = kw_cmd_record.name,
		.log = "-",
		.view.no_pager = true,
	};
	int status = take_words(&o, argc, argv, record_options, record_help);

	return status >= 0 ? status : kw_watch(&o);
}

const struct kw_command kw_cmd_watch = {
	.name = "watch",
	.summary = KW_SUMMARY_WATCH,
	.help = watch_help,
	.run = run_watch,
};

const struct kw_command kw_cmd_record = {
	.name = "record",
	.summary = KW_SUMMARY_RECORD,
	.help = record_help,
	.run = run_record,
};

const struct kw_command *const kw_live_commands[] = { &kw_cmd_watch, &kw_cmd_record,
						     &kw_cmd_ways, NULL };
