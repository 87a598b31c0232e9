// SPDX-License-Identifier: MIT
/*
 * kvmwhy rule: ids of rules in, their pages out; without an id, the list of them.
 */
#include "cli.h"

#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <string.h>

#include "term.h"

static const char help[] =
	"usage: kvmwhy rule [ID]...\n"
	"\n"
	"Prints the page of each rule: what it means, how to recognise it, what to do, and the\n"
	"sources. The ids are those in the answers of 'kvmwhy explain'. Without ID, lists all\n"
	"rules.\n"
	"\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if all rules exist, 1 if one does not, 2 if the command was misused.\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

static void put(struct kw_output *out, const char *text)
{
	kw_output_write(out, text, strlen(text));
}

static int list_rules(struct kw_output *out)
{
	const char *id;

	for (size_t i = 0; (id = kw_rule_id(i)); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%-32s ", id);
		put(out, name);
		put(out, kw_rule_title(i));
		put(out, "\n");
	}
	return KW_EXIT_FOUND;
}

static int print_rules(struct kw_output *out, char *const *ids)
{
	int status = KW_EXIT_FOUND;

	for (; *ids; ids++) {
		const char *page = kw_rule_page(*ids);
		const char *near = page ? NULL : kw_suggest(*ids, kw_rule_id);

		if (page) {
			put(out, page);
			continue;
		}
		status = KW_EXIT_NOTHING;
		if (near)
			kw_complain("no rule is named '%s': did you mean '%s'?", *ids, near);
		else
			kw_complain("no rule is named '%s': 'kvmwhy rule' lists all", *ids);
	}
	return status;
}

static int run(int argc, char **argv)
{
	static struct kw_output out;
	int c, status;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		return kw_option_trouble(kw_cmd_rule.name, c, argv);
	}
	kw_output_open(&out, NULL);
	status = optind < argc ? print_rules(&out, argv + optind) : list_rules(&out);
	return kw_output_close(&out) ? KW_EXIT_TROUBLE : status;
}

const struct kw_command kw_cmd_rule = {
	.name = "rule",
	.summary = "print the page of a rule, or list the rules",
	.help = help,
	.run = run,
};
