// SPDX-License-Identifier: MIT
/* kvmwhy host: options in, one page on this host's KVM out. Changes nothing on the host. */
#include "host.h"

#include <getopt.h>
#include <string.h>

#include "term.h"
#include "view.h"

static const char help[] =
	"usage: kvmwhy host [OPTION]...\n"
	"\n"
	"Describes this host's KVM: kernel, vendor, parameters that affect failures, known\n"
	"defects, which of its messages are on and the commands to turn them on or off, whether\n"
	"'kvmwhy watch' and kvmwhy.ko can work here, and which guests are running. Changes\n"
	"nothing, but for what --try does for a moment. Sees more as root.\n"
	"\n"
	"  --format FORMAT    text (the default) or json\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  --try              also open each way of 'kvmwhy watch' that should work here, and close\n"
	"                     it again: loads its BPF programs, makes its tracefs instance\n"
	"  --root DIR         read a copy of /proc, /sys and /dev under DIR\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if KVM can run guests here, 1 if not, 2 if the command was misused or\n"
	"failed.\n";

enum { OPT_ROOT = KW_OPT_HELP + 100 };

static const struct option options[] = {
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	KW_VIEW_COLOR,
	KW_VIEW_PAGER,
	{ "try", no_argument, NULL, KW_OPT_TRY },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

static int show(const char *root, const struct kw_view *view, bool json, bool trying)
{
	static struct kw_host host;
	static struct kw_output out;
	int err = kw_host_collect(&host, root);

	if (err) {
		kw_complain("cannot look below '%s': %s", root, strerror(-err));
		return KW_EXIT_TROUBLE;
	}
	if (!host.copy)
		kw_host_ask_watch(&host, trying);
	kw_output_open(&out, NULL);
	if (json)
		err = kw_host_json(&host, &out);
	else
		kw_host_text(&host, &out, kw_view_begin(view, &out));
	if (err == 0 && kw_output_close(&out) == 0)
		return host.kvm.can_run == KW_YES ? KW_EXIT_FOUND : KW_EXIT_NOTHING;
	if (err)
		kw_complain("cannot print: %s", strerror(-err));
	return KW_EXIT_TROUBLE;
}

static int run(int argc, char **argv)
{
	const char *me = kw_cmd_host.name, *format = "text", *root = NULL;
	struct kw_view view = { 0 };
	bool trying = false;
	int c;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (c == OPT_ROOT)
			root = optarg;
		else if (c == KW_OPT_TRY)
			trying = true;
		else if (c == KW_OPT_FORMAT)
			format = optarg;
		else if (kw_view_option(&view, me, options, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (kw_check_word(me, "--format", kw_text_or_json, format))
		return KW_EXIT_TROUBLE;
	if (optind < argc)
		return kw_usage(me, "'%s' is an extra argument", argv[optind]);
	if (trying && root)
		return kw_usage(me, "--try and --root exclude each other: a copy cannot be tried");
	return show(root, &view, !strcmp(format, "json"), trying);
}

const struct kw_command kw_cmd_host = {
	.name = "host",
	.summary = KW_SUMMARY_HOST,
	.help = help,
	.run = run,
};

const struct kw_command *const kw_live_commands[] = { &kw_cmd_host, NULL };
