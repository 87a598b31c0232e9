/* SPDX-License-Identifier: MIT */
/*
 * A report to systemd's journal: an entry of its own, with fields for programs. man kvmwhy-watch
 * lists them.
 */
#ifndef KW_JOURNAL_H
#define KW_JOURNAL_H

#include <kvmwhy/kvmwhy.h>
#include <uapi/kvmwhy-event.h>

/* NULL if it can be done, else why not. */
const char *kw_journal_missing(void);

/* Return: 0 or a negative errno. */
int kw_journal_send(const struct kw_report *report, const struct kvmwhy_event *event);

#endif
