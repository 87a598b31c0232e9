// SPDX-License-Identifier: MIT
/*
 * A pager between us and the terminal, as git has it: the shell starts it, we write into its pipe
 * and stay until the reader leaves it. Whatever ends us earlier waits for it too, else it and the
 * shell would both read the terminal.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term.h"
#include "view.h"

static pid_t pager;	    /* does not change while the handler is set */
static int complaints = -1; /* where they went before */

static const int endings[] = { SIGINT, SIGHUP, SIGTERM, SIGQUIT, SIGPIPE };

enum { NENDINGS = sizeof(endings) / sizeof(endings[0]) };

static void on_ending(int number)
{
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	waitpid(pager, NULL, 0);
	signal(number, SIG_DFL);
	raise(number);
}

static void run_pager(const char *command, const int pipe[2])
{
	dup2(pipe[0], STDIN_FILENO);
	/* Quit if it fits the screen, pass colours on, leave the text there. */
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

int kw_pager_start(const char *command)
{
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC))
		return -1;
	pager = fork();
	if (!pager)
		run_pager(command, pipe);
	if (pager > 0) {
		kw_progress_stop();
		dup2(pipe[1], STDOUT_FILENO);
		if (isatty(STDERR_FILENO)) {
			complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
			dup2(pipe[1], STDERR_FILENO);
		}
		for (int i = 0; i < NENDINGS; i++)
			signal(endings[i], on_ending);
	}
	close(pipe[0]);
	close(pipe[1]);
	return pager > 0 ? 0 : -1;
}

void kw_pager_wait(void)
{
	if (complaints >= 0)
		dup2(complaints, STDERR_FILENO);
	/* Not interrupted: glibc's signal() sets SA_RESTART. */
	waitpid(pager, NULL, 0);
	for (int i = 0; i < NENDINGS; i++)
		signal(endings[i], SIG_DFL);
}
