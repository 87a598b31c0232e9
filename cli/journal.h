/* SPDX-License-Identifier: MIT */
/*
 * Writes a report to systemd's journal: an entry of its own, with fields for programs. man
 * kvmwhy-watch lists them.
 */
#ifndef KW_JOURNAL_H
#define KW_JOURNAL_H

#include <kvmwhy/kvmwhy.h>
#include <uapi/kvmwhy-event.h>

/* `journalctl MESSAGE_ID=...` finds our entries; made once with systemd-id128, never to change. */
#define KW_JOURNAL_MESSAGE_ID "6d1f9a4e0c2b4b57a3f2c58d7b91e640"

/* NULL if it is possible, else why not. */
const char *kw_journal_missing(void);

/* Return: 0 or a negative errno. */
int kw_journal_send(const struct kw_report *report, const struct kvmwhy_event *event);

#endif
