// SPDX-License-Identifier: MIT
/* The terminal and its environment variables in, how the library should print for it out. */
#include "view.h"

#include <kvmwhy/kvmwhy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/base/number.h"
#include "term.h"

enum { MOST_COLUMNS = 65535 };

static bool is_wanted(const char *value)
{
	return value && *value;
}

/* COLUMNS also sets the width of what goes into a pipe, but never that of a file. */
static unsigned int columns_of(const struct kw_output *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (out->fd != STDOUT_FILENO)
		return 0;
	if (is_wanted(columns) && kw_number(columns, strlen(columns), MOST_COLUMNS, &number))
		return (unsigned int)number;
	return ioctl(out->fd, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

/* An empty pager or "cat" means none. */
static const char *pager(void)
{
	static const char less[] =
		"if command -v less >/dev/null; then exec less; else exec cat; fi";
	const char *command = getenv("KVMWHY_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		return less;
	return *command && strcmp(command, "cat") ? command : NULL;
}

unsigned int kw_view_begin(const struct kw_view *view, struct kw_output *out)
{
	unsigned int flags = KW_PRINT_WIDTH(columns_of(out));

	if (kw_term_color(out->fd, view->color ? view->color : "auto"))
		flags |= KW_PRINT_COLOR;
	if (!view->no_pager && kw_term_is_smart(out->fd))
		out->pager = pager();
	return flags;
}

int kw_view_option(struct kw_view *view, const char *command, const struct option *options, int c,
		   char **argv)
{
	static const char *const colors[] = { "auto", "always", "never", NULL };

	switch (c) {
	case KW_OPT_COLOR:
		view->color = optarg;
		return kw_check_word(command, "--color", colors, optarg);
	case KW_OPT_NO_PAGER:
		view->no_pager = true;
		return 0;
	default:
		return kw_option_trouble(command, options, c, argv);
	}
}
