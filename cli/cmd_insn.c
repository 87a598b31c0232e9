// SPDX-License-Identifier: MIT
/* kvmwhy insn: bytes of code in, instructions out, in the mode the user names. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "view.h"

static const char help[] =
	"usage: kvmwhy insn --mode BITS [OPTION]... HEX...\n"
	"\n"
	"Disassembles bytes in the form of a dump's 'Code=' line: '0f 30', '0f30' and\n"
	"'89 f0 <0f> 30' are understood. Quote the bytes: the shell treats < as a redirection.\n"
	"\n"
	"  --mode BITS        16, 32 or 64: mode of the code, not of the kernel. The CS line of\n"
	"                     a dump shows it: CS16, CS32 or CS64\n"
	"  --format FORMAT    text (the default) or json\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if there was an instruction, 1 if there was none, 2 if the command was\n"
	"misused.\n";

static const struct option options[] = {
	{ "mode", required_argument, NULL, KW_OPT_MODE },
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	KW_VIEW_COLOR,
	KW_VIEW_PAGER,
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

static const char *const modes[] = { "16", "32", "64", NULL };

struct arguments {
	const char *mode, *format;
	struct kw_view view;
};

/* The words as one text, without the label of a line pasted whole; NULL if out of memory. */
static char *join(int argc, char **argv)
{
	static const char head[] = "Code=";
	size_t len = 1;
	char *text, *p;

	for (int i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	text = p = malloc(len);
	if (!text)
		return NULL;
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (!i && !strncmp(word, head, sizeof(head) - 1))
			word += sizeof(head) - 1;
		p = stpcpy(stpcpy(p, word), " ");
	}
	*p = '\0';
	return text;
}

static int disassemble(const struct arguments *args, const char *hex)
{
	unsigned int bits = (unsigned int)strtoul(args->mode, NULL, 10);
	static struct kw_output out;
	unsigned int flags;
	char *text;
	int rc;

	kw_output_open(&out, NULL);
	flags = kw_view_begin(&args->view, &out);
	rc = kw_insn_text(hex, bits, args->format, flags, &text);
	if (rc == -EINVAL)
		return kw_usage(kw_cmd_insn.name,
				"'%s' are not bytes: use pairs of hexadecimal digits", hex);
	if (rc < 0) {
		kw_complain("cannot disassemble: %s", strerror(-rc));
		return KW_EXIT_TROUBLE;
	}
	rc = kw_output_end(&out, text, rc ? KW_EXIT_FOUND : KW_EXIT_NOTHING);
	free(text);
	return rc;
}

static int take_option(struct arguments *args, int c, char **argv)
{
	const char *me = kw_cmd_insn.name;

	switch (c) {
	case KW_OPT_MODE:
		args->mode = optarg;
		return kw_check_word(me, "--mode", modes, optarg);
	case KW_OPT_FORMAT:
		args->format = optarg;
		return kw_check_word(me, "--format", kw_text_or_json, optarg);
	default:
		return kw_view_option(&args->view, me, options, c, argv);
	}
}

static int run(int argc, char **argv)
{
	struct arguments args = { .format = "text" };
	char *hex;
	int c;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&args, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (optind == argc)
		return kw_usage(kw_cmd_insn.name, "no bytes given: add them as hexadecimal digits");
	if (!args.mode)
		return kw_usage(kw_cmd_insn.name,
				"the mode decides what bytes mean: add --mode 16, 32 or 64");
	hex = join(argc - optind, argv + optind);
	if (!hex) {
		kw_complain("out of memory");
		return KW_EXIT_TROUBLE;
	}
	c = disassemble(&args, hex);
	free(hex);
	return c;
}

const struct kw_command kw_cmd_insn = {
	.name = "insn",
	.summary = "disassemble bytes of code in 16-, 32- or 64-bit mode",
	.help = help,
	.run = run,
};
