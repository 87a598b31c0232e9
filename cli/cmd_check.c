// SPDX-License-Identifier: MIT
/*
 * kvmwhy check: ids of checks of VM entry in, their pages out; without an id, the list of them.
 */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"

static const char help[] =
	"usage: kvmwhy check [OPTION]... [ID]...\n"
	"\n"
	"Prints what each check of VM entry (Intel) or VMRUN (AMD) demands, the condition as it\n"
	"is evaluated, the manual's section, the stage of VM entry that makes the check, and\n"
	"the hardware error reported if it fails. The ids are those that 'kvmwhy explain\n"
	"--checks' prints. Without ID, lists all checks by section.\n"
	"\n"
	"  --format FORMAT    text (the default) or json (one object per line; without ID one array)\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if all checks exist, 1 if one does not, 2 if the command was misused.\n";

static const struct option options[] = {
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

/* NULL for the list. Return: negative errno of the library, 0 if it was printed. */
static int print_check(struct kw_output *out, const char *id, const char *format)
{
	char *text;
	int rc = kw_check_text(id, format, &text);

	if (rc < 0)
		return rc;
	kw_output_write(out, text, strlen(text));
	free(text);
	return 0;
}

static int complain_check(const char *id, int rc)
{
	const char *near = rc == -EINVAL ? kw_suggest(id, kw_check_id) : NULL;

	if (rc != -EINVAL) {
		kw_complain("cannot continue: %s", strerror(-rc));
		return KW_EXIT_TROUBLE;
	}
	if (near)
		kw_complain("no check is named '%s': did you mean '%s'?", id, near);
	else
		kw_complain("no check is named '%s': 'kvmwhy check' lists all", id);
	return KW_EXIT_NOTHING;
}

static int print_checks(struct kw_output *out, char *const *ids, const char *format)
{
	int status = KW_EXIT_FOUND;

	for (char *const *id = ids; *id; id++) {
		int rc;

		if (id != ids && strcmp(format, "text") == 0)
			kw_output_write(out, "\n", 1);
		rc = print_check(out, *id, format);
		if (rc && status != KW_EXIT_TROUBLE)
			status = complain_check(*id, rc);
	}
	return status;
}

static int list_checks(struct kw_output *out, const char *format)
{
	int rc = print_check(out, NULL, format);

	return rc ? complain_check("", rc) : KW_EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	static struct kw_output out;
	const char *format = "text";
	int c, status;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (c != KW_OPT_FORMAT)
			return kw_option_trouble(kw_cmd_check.name, c, argv);
		format = optarg;
		if (kw_check_word(kw_cmd_check.name, "--format", kw_text_or_json, format))
			return KW_EXIT_TROUBLE;
	}
	kw_output_open(&out, NULL);
	status = optind < argc ? print_checks(&out, argv + optind, format) :
				 list_checks(&out, format);
	return kw_output_close(&out) ? KW_EXIT_TROUBLE : status;
}

const struct kw_command kw_cmd_check = {
	.name = "check",
	.summary = "print what a VM-entry check demands, or list the checks",
	.help = help,
	.run = run,
};
