/* SPDX-License-Identifier: MIT */
/*
 * How an answer is presented: in colour or not, as wide as the terminal, through a pager if it is
 * longer than a screen.
 */
#ifndef KW_VIEW_H
#define KW_VIEW_H

#include <getopt.h>
#include <stdbool.h>

#include "cli.h"

/* What the command line requests. Zero: depends on the output. */
struct kw_view {
	const char *color; /* "auto", "always" or "never"; NULL is "auto" */
	bool no_pager;
};

/* Rows of a command's options, for kw_view_option(). */
#define KW_VIEW_COLOR                                          \
	{                                                      \
		"color", required_argument, NULL, KW_OPT_COLOR \
	}
#define KW_VIEW_PAGER                                          \
	{                                                      \
		"no-pager", no_argument, NULL, KW_OPT_NO_PAGER \
	}

/* What --help says about them. */
#define KW_VIEW_COLOR_HELP "  --color WHEN       auto (the default), always or never\n"
#define KW_VIEW_PAGER_HELP "  --no-pager         do not show a long answer through a pager\n"

/*
 * Takes the option that getopt_long() returned @c for; complains about all options that do not
 * concern the view.
 * Return: 0, or KW_EXIT_TROUBLE after a complaint.
 */
int kw_view_option(struct kw_view *view, const char *command, const struct option *options, int c,
		   char **argv);

/*
 * Prepares @out, which is open and empty: from the first write to a terminal on, text goes through
 * a pager. Return: the KW_PRINT_* that fit it.
 */
unsigned int kw_view_begin(const struct kw_view *view, struct kw_output *out);

/* pager.c */

/*
 * Starts @command and redirects our output and complaints into it. Return: 0, or -1 if it cannot.
 */
int kw_pager_start(const char *command);

/* Waits until the reader leaves the pager; the output is closed by then. */
void kw_pager_wait(void);

#endif
