/* SPDX-License-Identifier: MIT */
/*
 * What the commands that explain logs share: the options that say what is known and how to answer,
 * and the answer itself, as reports or as a summary of them.
 */
#ifndef KW_ANSWER_H
#define KW_ANSWER_H

#include <getopt.h>
#include <kvmwhy/kvmwhy.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "summary.h"
#include "view.h"

struct kw_answer_options {
	struct kw_options known; /* what the library is given */
	const char *format, *output;
	struct kw_view view;
	unsigned int print; /* KW_PRINT_* */
	bool summary;
};

/* Options that nobody gave. */
#define KW_ANSWER_DEFAULTS                                                       \
	{                                                                        \
		.known = { .size = sizeof(struct kw_options) }, .format = "text" \
	}

/* Rows of a command's options, for kw_answer_option(); the short option of --output is o. */
#define KW_ANSWER_ROWS                                             \
	{ "format", required_argument, NULL, KW_OPT_FORMAT },      \
	{ "host-kernel", required_argument, NULL, KW_OPT_KERNEL }, \
	{ "vendor", required_argument, NULL, KW_OPT_VENDOR },      \
	{ "summary", no_argument, NULL, KW_OPT_SUMMARY },          \
	{ "all", no_argument, NULL, KW_OPT_ALL },                  \
	{ "checks", no_argument, NULL, KW_OPT_CHECKS },            \
	KW_VIEW_COLOR,                                             \
	KW_VIEW_PAGER,                                             \
	{ "output", required_argument, NULL, 'o' }

/* What --help says about them, in two parts. */
#define KW_ANSWER_FORMAT_HELP                                                                \
	"  --format FORMAT    text (the default), json (one array), ndjson (one object per " \
	"line)\n"                                                                            \
	"                     or html (one page)\n"

#define KW_ANSWER_HELP                                                                       \
	"  --summary          only a row for each kind of failure: how often, when or where " \
	"first\n"                                                                            \
	"                     and last (not html)\n"                                         \
	"  --all              also report harmless messages\n"                               \
	"  --checks           list every VM-entry check that was evaluated, with its "       \
	"result\n"                                                                           \
	"                     (text only: html always lists them, json those not passed)\n"  \
	KW_VIEW_COLOR_HELP                                                                   \
	KW_VIEW_PAGER_HELP                                                                   \
	"  -o, --output FILE  write to FILE instead of the standard output\n"                \
	"  -h, --help         print this text\n"

/*
 * Takes the option that getopt_long() returned @c for; complains about those that are not in
 * KW_ANSWER_ROWS. Return: 0, or KW_EXIT_TROUBLE after a complaint.
 */
int kw_answer_option(struct kw_answer_options *o, const char *command, const struct option *options,
		     int c, char **argv);

/* Do they fit together? Return: 0, or KW_EXIT_TROUBLE after a complaint. */
int kw_answer_check(const struct kw_answer_options *o, const char *command);

struct kw_answer {
	const struct kw_answer_options *options;
	struct kw_printer *printer;
	struct kw_summary summary; /* instead of the printer */
	unsigned int flags;
	uint64_t count; /* reports so far */
	bool trouble;	/* something could not be read, or our own failure */
	struct kw_output out;
};

/* Opens the output; nothing is overwritten yet. Return: 0, or -1 after a complaint. */
int kw_answer_open(struct kw_answer *a, const struct kw_answer_options *o);

/* Begins the answer, in place of what the output held. Return: 0, or -1 after a complaint. */
int kw_answer_begin(struct kw_answer *a);

/* Fits kw_report_fn; @answer is the answer. */
int kw_answer_report(void *answer, const struct kw_report *report);

/*
 * Complains about @rc of the library, unless it came from the output, whose close complains.
 * Return: @rc.
 */
int kw_answer_failed(struct kw_answer *a, int rc);

/* Ends the answer and closes the output, so that complaints that follow are read after it. */
void kw_answer_close(struct kw_answer *a);

void kw_answer_deinit(struct kw_answer *a);

/*
 * Says on stderr that nothing was recognised in the @bytes of @what, what was looked for, and where
 * logs are.
 */
void kw_answer_nothing(const char *what, uint64_t bytes, uint64_t harmless);

#endif
