/* SPDX-License-Identifier: MIT */
/* What the files that write a record of `kvmwhy watch` down share. */
#ifndef KW_API_EVENT_H
#define KW_API_EVENT_H

#include "api/api.h"

#include <uapi/kvmwhy.h>

/*
 * event_name.c: the guest's name in the beginning of a command line, @size bytes, whose words end in NUL: behind
 * -name, --name or --name=, and there behind guest= as QEMU has it. Into @ret, at most @max bytes; returns the
 * length, 0 if there is none or the line was cut inside it.
 */
size_t kw_event_name(const char *args, size_t size, char *ret, size_t max);

/* event_name.c: a text of unknown origin, so that a reader takes none of it for anything but this text. */
void kw_event_quote(struct kw_buf *buf, struct kw_str text);

/* The same for a line of the kernel's log, whose '=', '"', '|' and '>' stay readable. */
void kw_event_quote_log(struct kw_buf *buf, struct kw_str line);

/* event_redact.c: drops what docs/watch.md, "Redacted recordings", does not list, from the facts and from the record. */
void kw_event_redact(struct kw_failure *f, struct kvmwhy_event *e);

#endif
