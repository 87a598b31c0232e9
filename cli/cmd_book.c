// SPDX-License-Identifier: MIT
/*
 * kvmwhy rule and kvmwhy check: ids in, their pages out; words in, what is about them out; nothing
 * in, the list of all out.
 */
#include "cli.h"

#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "near.h"
#include "term.h"
#include "view.h"

static const char rule_help[] =
	"usage: kvmwhy rule [OPTION]... [ID|WORD]...\n"
	"\n"
	"Prints the page of each rule: what it means, how to recognise it, what to do, and the\n"
	"sources. The ids are those in the answers of 'kvmwhy explain'. Words that are no id, such\n"
	"as EPERM or wrmsr x2apic, list the rules that are about all of them, then those that\n"
	"mention them. Without an argument, lists all rules.\n"
	"\n"
	"  --format FORMAT    text (the default) or json (one object per id, else an array)\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if something was found, 1 if nothing is about the words, 2 if the command was\n"
	"misused.\n";

static const char check_help[] =
	"usage: kvmwhy check [OPTION]... [ID|WORD]...\n"
	"\n"
	"Prints what each check of VM entry (Intel) or VMRUN (AMD) demands, the condition as it\n"
	"is evaluated, the manual's section, the stage of VM entry that makes the check, and\n"
	"the hardware error reported if it fails. The ids are those that 'kvmwhy explain\n"
	"--checks' prints. Words that are no id, such as tr or rflags reserved, list the checks\n"
	"that are about all of them. Without an argument, lists all checks by section.\n"
	"\n"
	"  --format FORMAT    text (the default) or json (one object per id, else an array)\n"
	KW_VIEW_COLOR_HELP
	KW_VIEW_PAGER_HELP
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 if something was found, 1 if nothing is about the words, 2 if the command was\n"
	"misused.\n";

static const struct option options[] = {
	{ "format", required_argument, NULL, KW_OPT_FORMAT },
	KW_VIEW_COLOR,
	KW_VIEW_PAGER,
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

enum { WORDS_MAX = 1024 };

/* What is looked up. */
struct book {
	const struct kw_command *command; /* its name is also that of an entry */
	int (*describe)(const char *query, const char *format, unsigned int flags, char **ret);
	const char *(*id)(size_t i);
};

static const struct book rules = { &kw_cmd_rule, kw_rule_text, kw_rule_id };
static const struct book checks = { &kw_cmd_check, kw_check_text, kw_check_id };

struct lookup {
	const struct book *book;
	const char *format;
	struct kw_view view;
	unsigned int print;
	struct kw_output out;
};

static int complain_nothing(const struct book *book, const char *query)
{
	char question[KW_NEAR_MAX + 32], otherwise[64];
	const char *name = book->command->name, *id;
	struct kw_near near;

	kw_near_init(&near, query);
	for (size_t i = 0; (id = book->id(i)); i++)
		kw_near_try(&near, id);
	snprintf(otherwise, sizeof(otherwise), ": 'kvmwhy %s' lists all", name);
	kw_complain("no %s is named or about '%s'%s", name, query,
		    kw_near_ask(&near, question, sizeof(question), otherwise));
	return KW_EXIT_NOTHING;
}

static int look_up(struct lookup *l, const char *query)
{
	bool json = !strcmp(l->format, "json");
	char *text;
	int rc = l->book->describe(query, l->format, l->print, &text);

	if (rc < 0) {
		kw_complain("cannot continue: %s", strerror(-rc));
		return KW_EXIT_TROUBLE;
	}
	if (rc || json)
		kw_output_write(&l->out, text, strlen(text));
	free(text);
	return rc ? KW_EXIT_FOUND : complain_nothing(l->book, query);
}

static bool is_id(const struct book *book, const char *word)
{
	const char *id;

	for (size_t i = 0; (id = book->id(i)); i++)
		if (!strcmp(id, word))
			return true;
	return false;
}

/* Pages of ids one after the other, then what is about the words that are none. */
static int look_up_all(struct lookup *l, char *const *arguments)
{
	char words[WORDS_MAX] = "";
	int status = KW_EXIT_FOUND;
	size_t len = 0;
	bool any = false;

	for (; *arguments; arguments++) {
		if (!is_id(l->book, *arguments)) {
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s",
						len ? " " : "", *arguments);
			if (len >= sizeof(words))
				return kw_usage(l->book->command->name, "too many words");
			continue;
		}
		if (any && !strcmp(l->format, "text"))
			kw_output_write(&l->out, "\n", 1);
		status = look_up(l, *arguments);
		if (status != KW_EXIT_FOUND)
			return status;
		any = true;
	}
	if (any && !len)
		return status;
	if (any && !strcmp(l->format, "text"))
		kw_output_write(&l->out, "\n", 1);
	return look_up(l, words);
}

static int run(const struct book *book, int argc, char **argv)
{
	static struct lookup l;
	const char *me = book->command->name;
	int c, status;

	l.book = book;
	l.format = "text";
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(book->command->help, KW_EXIT_FOUND);
		if (c == KW_OPT_FORMAT)
			l.format = optarg;
		else if (kw_view_option(&l.view, me, options, c, argv))
			return KW_EXIT_TROUBLE;
	}
	if (kw_check_word(me, "--format", kw_text_or_json, l.format))
		return KW_EXIT_TROUBLE;
	kw_output_open(&l.out, NULL);
	l.print = kw_view_begin(&l.view, &l.out);
	status = look_up_all(&l, argv + optind);
	return kw_output_close(&l.out) ? KW_EXIT_TROUBLE : status;
}

static int run_rule(int argc, char **argv)
{
	return run(&rules, argc, argv);
}

static int run_check(int argc, char **argv)
{
	return run(&checks, argc, argv);
}

const struct kw_command kw_cmd_rule = {
	.name = "rule",
	.summary = "print the page of a rule, or find rules",
	.help = rule_help,
	.run = run_rule,
};

const struct kw_command kw_cmd_check = {
	.name = "check",
	.summary = "print what a VM-entry check demands, or find checks",
	.help = check_help,
	.run = run_check,
};
