/* SPDX-License-Identifier: MIT */
/*
 * The write stage: a record to text that the parse stage reads again. docs/watch.md has the grammar
 * of a recording and what redaction leaves out.
 */
#ifndef KW_WRITE_H
#define KW_WRITE_H

#include "base/buf.h"
#include "failure.h"

#include <uapi/kvmwhy-event.h>

/*
 * qemu_dump.c: the lines QEMU would print for @f, one by one without line ends; each fact's origin
 * becomes the index of its line. @fn gets them in order. Allocates nothing.
 */
typedef void (*kw_line_fn)(void *arg, struct kw_str line);
void kw_dump_lines(struct kw_failure *f, kw_line_fn fn, void *arg);

/* What is known besides the record; zero and NULL mean unknown. */
struct kw_watch_context {
	uint64_t number;	  /* of the failure, from 1 on */
	int64_t utc_ns;		  /* when it happened, since 1970 in UTC */
	const char *host_kernel;
	const char *guest;
	const char *const *lines; /* of the kernel's log, without line ends */
	size_t nlines;
	bool redact;
};

/* watch.c: @e, from which @f was read, as lines of our own around those of kw_dump_lines(). */
void kw_write_watch(struct kw_buf *buf, struct kw_failure *f, const struct kvmwhy_event *e,
		    const struct kw_watch_context *context);

/*
 * quote.c: the guest's name in the beginning of a command line, @size bytes, whose words end in
 * NUL: after -name, --name or --name=, and there after guest= in QEMU's form. Into @ret, at most
 * @max bytes; returns the length, 0 if there is none or the line was cut inside it.
 */
size_t kw_event_name(const char *args, size_t size, char *ret, size_t max);

/* quote.c: a text of unknown origin, quoted so that a reader takes it for nothing but this text. */
void kw_event_quote(struct kw_buf *buf, struct kw_str text);

/* The same for a line of the kernel's log, leaving '=', '"', '|' and '>' readable. */
void kw_event_quote_log(struct kw_buf *buf, struct kw_str line);

/*
 * redact.c: drops what docs/watch.md, "Redacted recordings", does not list, from the facts and from
 * the record.
 */
void kw_event_redact(struct kw_failure *f, struct kvmwhy_event *e);

#endif
