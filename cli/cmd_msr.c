// SPDX-License-Identifier: MIT
/* kvmwhy msr: an MSR and optionally a value in; its name, fields and what KVM does with it out. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/base/number.h"
#include "near.h"
#include "term.h"
#include "view.h"

static const char help[] =
	"usage: kvmwhy msr [OPTION]... INDEX|NAME [VALUE]\n"
	"       kvmwhy msr --names\n"
	"\n"
	"Describes a model-specific register: its name, fields and reserved bits, and what KVM\n"
	"does when a guest writes VALUE to it.\n"
	"\n"
	"INDEX and VALUE are decimal, or hexadecimal with 0x; NAME is the name in the CPU\n"
	"manual, such as IA32_MC1_CTL.\n"
	"\n"
	"  --host-kernel REL  answer for host kernel REL only, as printed by 'uname -r'\n"
	"  --vendor VENDOR    vendor of the CPU: intel or amd\n"
	"  --format FORMAT    text (the default) or json\n"
	"  --names            print the names of all MSRs that are known\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if the MSR is known, 1 if it is not, 2 if the command was misused.\n";

static const struct option options[] = {
	{ "host-kernel", required_argument, NULL, KW_OPT_KERNEL },
	{ "vendor", required_argument, NULL, KW_OPT_VENDOR },
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	{ "names", no_argument, NULL, KW_OPT_NAMES },
	KW_VIEW_COLOR,
	KW_VIEW_PAGER,
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

struct arguments {
	struct kw_options known;
	const char *format;
	struct kw_view view;
	bool names;
};

static int parse_value(const char *text, uint64_t *ret)
{
	if (kw_number(text, strlen(text), UINT64_MAX, ret))
		return 0;
	return kw_usage(kw_cmd_msr.name,
			"'%s' is not a value of 64 bits: use a decimal number, or hexadecimal "
			"digits after 0x",
			text);
}

static int complain_name(const char *name)
{
	char buf[KW_NEAR_MAX + 1];
	const char *meant = kw_near_msr(name, buf, sizeof(buf));

	if (meant)
		kw_complain("no MSR is named '%s': did you mean '%s'?", name, meant);
	else
		kw_complain("no MSR is named '%s': use the name in the CPU manual, or the index",
			    name);
	return KW_EXIT_NOTHING;
}

/* A number without 0x is decimal, and indices rarely are. */
static void doubt_decimal(const char *name)
{
	char buf[16];
	const char *meant = kw_near_hex_msr(name, buf, sizeof(buf));

	if (name[0] == '0' || !meant)
		return;
	kw_complain("'%s' is a decimal number: did you mean %s?", name, meant);
}

static int describe(const struct arguments *args, const char *name, const uint64_t *value)
{
	static struct kw_output out;
	unsigned int flags;
	char *text;
	int rc;

	kw_output_open(&out, NULL);
	flags = kw_view_begin(&args->view, &out);
	rc = kw_msr_text(name, value, &args->known, args->format, flags, &text);
	/* Everything else it could refuse has been checked. */
	if (rc == -EINVAL)
		return complain_name(name);
	if (rc < 0) {
		kw_complain("cannot describe '%s': %s", name, strerror(-rc));
		return KW_EXIT_TROUBLE;
	}
	doubt_decimal(name);
	rc = kw_output_end(&out, text, rc ? KW_EXIT_FOUND : KW_EXIT_NOTHING);
	free(text);
	return rc;
}

static int print_names(const struct kw_view *view)
{
	static struct kw_output out;
	char name[64];

	kw_output_open(&out, NULL);
	kw_view_begin(view, &out);
	for (size_t i = 0; kw_msr_name_at(i, name, sizeof(name)); i++) {
		kw_output_write(&out, name, strlen(name));
		kw_output_write(&out, "\n", 1);
	}
	return kw_output_end(&out, "", KW_EXIT_FOUND);
}

static int take_option(struct arguments *args, int c, char **argv)
{
	const char *me = kw_cmd_msr.name;

	switch (c) {
	case KW_OPT_KERNEL:
		args->known.host_kernel = optarg;
		return kw_check_release(me, "--host-kernel", optarg);
	case KW_OPT_VENDOR:
		args->known.vendor = optarg;
		return kw_check_word(me, "--vendor", kw_vendors, optarg);
	case KW_OPT_FORMAT:
		args->format = optarg;
		return kw_check_word(me, "--format", kw_text_or_json, optarg);
	case KW_OPT_NAMES:
		args->names = true;
		return 0;
	default:
		return kw_view_option(&args->view, me, options, c, argv);
	}
}

static int run(int argc, char **argv)
{
	struct arguments args = { .known = { .size = sizeof(args.known) }, .format = "text" };
	uint64_t value;
	int c;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&args, c, argv))
			return KW_EXIT_TROUBLE;
	}
	argv += optind;
	argc -= optind;
	if (args.names && argc)
		return kw_usage(kw_cmd_msr.name, "--names and '%s' exclude each other", argv[0]);
	if (args.names)
		return print_names(&args.view);
	if (argc < 1)
		return kw_usage(kw_cmd_msr.name, "no MSR given: add its index or its name");
	if (argc > 2)
		return kw_usage(kw_cmd_msr.name, "'%s' is an extra argument", argv[2]);
	if (argc == 2 && parse_value(argv[1], &value))
		return KW_EXIT_TROUBLE;
	return describe(&args, argv[0], argc == 2 ? &value : NULL);
}

const struct kw_command kw_cmd_msr = {
	.name = "msr",
	.summary = "describe an MSR, one of its values, and what KVM does with a write",
	.help = help,
	.run = run,
};
