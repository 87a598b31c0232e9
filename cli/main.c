// SPDX-License-Identifier: MIT
/*
 * kvmwhy(1): the table of the commands, and which of them the first word means.
 */
#include "cli.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "near.h"
#include "term.h"

static int run_help(int argc, char **argv);

static const struct kw_command cmd_help = {
	.name = "help",
	.summary = "print this text, or the help of a command",
	.run = run_help,
};

static const struct kw_command *const commands[] = {
	&kw_cmd_explain, &kw_live_journal, &kw_live_watch, &kw_live_record, &kw_cmd_replay,
	&kw_live_host,	 &kw_cmd_msr,	   &kw_cmd_insn,   &kw_cmd_rule,    &kw_cmd_check,
	&kw_cmd_inject,	 &kw_cmd_version,  &cmd_help,
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct kw_command *find_command(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *word, const char *wanted)
{
	char question[KW_NEAR_MAX + 32];
	struct kw_near near;

	kw_near_init(&near, word);
	for (size_t i = 0; i < NCOMMANDS; i++)
		kw_near_try(&near, commands[i]->name);
	kw_complain("'%s' is %s%s", word, wanted,
		    kw_near_ask(&near, question, sizeof(question), ": see 'kvmwhy help'"));
	return KW_EXIT_TROUBLE;
}

static const char overview_head[] =
	"usage: kvmwhy [explain] [OPTION]... [FILE]...\n"
	"       kvmwhy COMMAND [ARGUMENT]...\n"
	"\n"
	"Says why a KVM guest died: which instruction, with which operands, who refused it, why,\n"
	"and what to do.\n"
	"\n"
	"Commands:\n";

static const char overview_tail[] =
	"\n"
	"For more, see 'kvmwhy help COMMAND', 'kvmwhy COMMAND --help' or kvmwhy(1).\n"
	"Without a command, kvmwhy explains the files or the standard input.\n";

static int print_overview(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int status = KW_EXIT_TROUBLE;

	if (!f)
		return status;
	fputs(overview_head, f);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(f, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
	fputs(overview_tail, f);
	if (!fclose(f))
		status = kw_print(text, KW_EXIT_FOUND);
	free(text);
	return status;
}

static int run_help(int argc, char **argv)
{
	static char option[] = "--help";
	const struct kw_command *command;

	if (argc < 2 || argv[1][0] == '-')
		return print_overview();
	command = find_command(argv[1]);
	if (!command)
		return unknown_command(argv[1], "not a command");
	if (command->help)
		return kw_print(command->help, KW_EXIT_FOUND);
	return command->run(2, (char *[]){ argv[1], option, NULL });
}

/* Keeps a file that we open from becoming the standard output if that is closed. */
static void reserve_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	const struct kw_command *command = &kw_cmd_explain;
	const char *word = argc > 1 ? argv[1] : "-";

	reserve_standard_fds();
	opterr = 0;
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return print_overview();
	if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		return kw_cmd_version.run(1, argv);
	if (word[0] == '-')
		return command->run(argc, argv);

	command = find_command(word);
	if (command)
		return command->run(argc - 1, argv + 1);
	/*
	 * A word with a slash or a dot is meant as a file: explain reports what is wrong with it.
	 */
	if (!strpbrk(word, "/.") && access(word, F_OK))
		return unknown_command(word, "neither a command nor a file");
	return kw_cmd_explain.run(argc, argv);
}
