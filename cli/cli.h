/* SPDX-License-Identifier: MIT */
/* What the commands share: a command's row, exit statuses, options, and text output. */
#ifndef KW_CLI_H
#define KW_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As grep: found, not found, usage or our own failure. */
enum kw_exit { KW_EXIT_FOUND = 0, KW_EXIT_NOTHING = 1, KW_EXIT_TROUBLE = 2 };

struct kw_command {
	const char *name;
	const char *summary; /* one clause for the list of commands */
	const char *help;    /* the whole text of --help; NULL if .run prints it */
	int (*run)(int argc, char **argv);
};

extern const struct kw_command kw_cmd_check;
extern const struct kw_command kw_cmd_explain;
extern const struct kw_command kw_cmd_host;
extern const struct kw_command kw_cmd_inject;
extern const struct kw_command kw_cmd_insn;
extern const struct kw_command kw_cmd_journal;
extern const struct kw_command kw_cmd_msr;
extern const struct kw_command kw_cmd_record;
extern const struct kw_command kw_cmd_replay;
extern const struct kw_command kw_cmd_rule;
extern const struct kw_command kw_cmd_version;
extern const struct kw_command kw_cmd_watch;
extern const struct kw_command kw_cmd_ways; /* not of kvmwhy(1): kvmwhy host asks it */

/*
 * live.c: the commands that look at this host are separate programs, since their libraries slow
 * down start-up.
 */

#define KW_SUMMARY_WATCH  "explain failures on this host as they happen"
#define KW_SUMMARY_HOST	  "describe this host's KVM, its defects, and what can be seen of failures"
#define KW_SUMMARY_JOURNAL "explain the failures in systemd's journal"
#define KW_SUMMARY_RECORD "record failures on this host, for a bug report"

extern const struct kw_command kw_live_host;
extern const struct kw_command kw_live_journal;
extern const struct kw_command kw_live_watch;
extern const struct kw_command kw_live_record;

/* The commands of such a program, up to NULL. */
extern const struct kw_command *const kw_live_commands[];

/* options.c */

/* Long options have values of their own, so that getopt's optopt identifies the wrong one. */
enum kw_opt {
	KW_OPT_HELP = 256,
	KW_OPT_COLOR,
	KW_OPT_ALL,
	KW_OPT_CHECKS,
	KW_OPT_FORMAT,
	KW_OPT_JOURNAL,
	KW_OPT_KERNEL,
	KW_OPT_LOG,
	KW_OPT_MODE,
	KW_OPT_NAMES,
	KW_OPT_NO_PAGER,
	KW_OPT_ONCE,
	KW_OPT_PAGE,
	KW_OPT_PID,
	KW_OPT_REDACT,
	KW_OPT_SUMMARY,
	KW_OPT_THIS_HOST,
	KW_OPT_TRY,
	KW_OPT_VENDOR,
	KW_OPT_VIA,
};

struct option;

/*
 * Complains about what getopt_long() returned @c for, one of @options perhaps being meant. Return:
 * KW_EXIT_TROUBLE.
 */
int kw_option_trouble(const char *command, const struct option *options, int c, char **argv);

/* Complains about a misuse of @command and names its help. Return: KW_EXIT_TROUBLE. */
int kw_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Word lists end with NULL. */
extern const char *const kw_vendors[];	    /* of --vendor */
extern const char *const kw_text_or_json[]; /* of --format, if the answer is not a report */
extern const char *const kw_report_formats[]; /* of --format, if it is one */

/* Return: 0 if @value is one of the words in @allowed, else KW_EXIT_TROUBLE after a complaint. */
int kw_check_word(const char *command, const char *option, const char *const *allowed,
		  const char *value);

/* The same for a @release that does not look like what `uname -r` prints. */
int kw_check_release(const char *command, const char *option, const char *release);

struct kw_options;

/* Vendor of the CPU that this runs on: "intel", "amd", or NULL. */
const char *kw_this_vendor(void);

/*
 * What KVM's modules are set to on the machine that this runs on, for kw_options.parameters; NULL
 * if there are none. The text is this function's, which overwrites it.
 */
const char *kw_this_parameters(void);

/*
 * Fills in what is not yet known of the machine that this runs on: kernel, vendor, and what KVM's
 * modules are set to.
 */
void kw_this_host(struct kw_options *known);

/* output.c */

struct kw_output {
	int fd;
	const char *name; /* for complaints */
	int error;	  /* negative errno of the first failure */
	const char *pager; /* to start before the first write; NULL for none */
	bool paged;
	size_t len;
	char data[64 * 1024];
};

/* Uses the standard output if @path is NULL. Return: 0, or -1 after a complaint. */
int kw_output_open(struct kw_output *out, const char *path);

/* The same, but appends to a file that only its owner may read. */
int kw_output_append(struct kw_output *out, const char *path);

/* Fits kw_write_fn; @arg is the output. */
int kw_output_write(void *arg, const char *text, size_t len);

/* Writes what is buffered. Return: 0 or the negative errno of the first failure. */
int kw_output_flush(struct kw_output *out);

/* Flushes and closes. A closed pipe is not worth a complaint. Return: 0 or -1. */
int kw_output_close(struct kw_output *out);

/* Writes @text and closes. Return: @status, or KW_EXIT_TROUBLE after a complaint. */
int kw_output_end(struct kw_output *out, const char *text, int status);

/* The same, to the standard output. Return: @status, or KW_EXIT_TROUBLE after a complaint. */
int kw_print(const char *text, int status);

#endif
