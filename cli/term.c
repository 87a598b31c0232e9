// SPDX-License-Identifier: MIT
/*
 * What goes to the terminal besides the answer. File names and arguments are untrusted text: they
 * may come from a shell glob over a hostile directory, so none of their control characters gets
 * through.
 */
#include "term.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	COMPLAINT_BYTES = 4096,
	PROGRESS_DELAY_MS = 1000,
	PROGRESS_PERIOD_MS = 200,
};

/* The shape of a multibyte UTF-8 character by its first byte. */
struct utf8_lead {
	unsigned char first, last;
	size_t len;
	uint32_t lowest; /* below it, the encoding is overlong */
};

static const struct utf8_lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x80 },
	{ 0xe0, 0xef, 3, 0x800 },
	{ 0xf0, 0xf4, 4, 0x10000 },
};

/* C1 controls, surrogates, and the marks that reorder or hide text. */
static bool is_treacherous(uint32_t c)
{
	return c < 0xa0 || (c >= 0xd800 && c <= 0xdfff) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x061c ||
	       c == 0xfeff || c > 0x10ffff;
}

static size_t multibyte_len(const unsigned char *p, const struct utf8_lead *lead)
{
	uint32_t c = *p & (0x7fu >> lead->len);

	for (size_t i = 1; i < lead->len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < lead->lowest || is_treacherous(c) ? 0 : lead->len;
}

/* Length of the character at @p, 0 if it must not reach a terminal. @p ends in NUL. */
static size_t printable_len(const unsigned char *p)
{
	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (*p >= leads[i].first && *p <= leads[i].last)
			return multibyte_len(p, &leads[i]);
	return 0;
}

static void write_stderr(const char *text, size_t len)
{
	/* There is nowhere left to report a failure. */
	ssize_t done = write(STDERR_FILENO, text, len);

	(void)done;
}

void kw_complain(const char *format, ...)
{
	char text[COMPLAINT_BYTES];
	char line[sizeof("kvmwhy: \n") + 4 * sizeof(text)] = "kvmwhy: ";
	size_t len = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = printable_len(p);

		if (n) {
			memcpy(line + len, p, n);
			len += n;
			p += n;
		} else {
			len += (size_t)snprintf(line + len, 5, "\\x%02x", *p++);
		}
	}
	line[len++] = '\n';
	kw_progress_hide();
	write_stderr(line, len);
}

static bool is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !*term || !strcmp(term, "dumb");
}

bool kw_term_color(int fd, const char *when)
{
	const char *no_color = getenv("NO_COLOR");

	if (strcmp(when, "auto"))
		return !strcmp(when, "always");
	return !(no_color && *no_color) && kw_term_is_smart(fd);
}

bool kw_term_is_smart(int fd)
{
	return !is_dumb() && isatty(fd);
}

static struct {
	bool asked, wanted, shown;
	int64_t next_ms;
} progress;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void kw_progress_show(uint64_t bytes, uint64_t failures)
{
	char line[128];
	int64_t now;

	if (!progress.asked) {
		progress.asked = true;
		progress.wanted = kw_term_is_smart(STDERR_FILENO);
		progress.next_ms = now_ms() + PROGRESS_DELAY_MS;
	}
	if (!progress.wanted)
		return;
	now = now_ms();
	if (now < progress.next_ms)
		return;
	progress.next_ms = now + PROGRESS_PERIOD_MS;
	progress.shown = true;
	write_stderr(line, (size_t)snprintf(line, sizeof(line),
					    "\r\033[K%" PRIu64 " MB read, %" PRIu64 " failure%s",
					    bytes / 1000000, failures, failures == 1 ? "" : "s"));
}

void kw_progress_hide(void)
{
	static const char erase[] = "\r\033[K";

	if (progress.shown)
		write_stderr(erase, sizeof(erase) - 1);
	progress.shown = false;
}

void kw_progress_stop(void)
{
	kw_progress_hide();
	progress.asked = true;
	progress.wanted = false;
}
