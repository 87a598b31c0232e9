// SPDX-License-Identifier: MIT
#include "journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef KW_HAVE_JOURNAL
#include <systemd/sd-journal.h>

#define SOCKET "/run/systemd/journal/socket"
#define PRIORITY "3" /* LOG_ERR */

struct text {
	char *p;
	size_t len;
};

static int append(void *arg, const char *more, size_t len)
{
	struct text *text = arg;
	char *p = realloc(text->p, text->len + len + 1);

	if (!p)
		return -ENOMEM;
	memcpy(p + text->len, more, len);
	text->p = p;
	text->len += len;
	p[text->len] = '\0';
	return 0;
}

static int as_json(const struct kw_report *report, struct text *text)
{
	struct kw_printer *printer = NULL;
	int err = kw_printer_create("ndjson", 0, append, text, &printer);

	if (!err)
		err = kw_printer_report(printer, report);
	if (!err)
		err = kw_printer_finish(printer);
	kw_printer_destroy(printer);
	return err;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

const char *kw_journal_missing(void)
{
	return access(SOCKET, F_OK) ? "no journal here: " SOCKET " is missing" : NULL;
}

int kw_journal_send(const struct kw_report *report, const struct kvmwhy_event *event)
{
	const struct kvmwhy_event_common *who = &event->common;
	struct text json = { 0 };
	int err = as_json(report, &json);

	if (!err)
		err = sd_journal_send(
			"MESSAGE=%s", kw_report_text(report, KW_REPORT_HEADLINE),
			"MESSAGE_ID=" KW_JOURNAL_MESSAGE_ID, "PRIORITY=" PRIORITY, "KVMWHY_CLASS=%s",
			kw_report_text(report, KW_REPORT_CLASS), "KVMWHY_FINGERPRINT=%s",
			kw_report_text(report, KW_REPORT_FINGERPRINT), "KVMWHY_RULE=%s",
			or_nothing(kw_report_finding(report, 0, KW_FINDING_ID)),
			"KVMWHY_CERTAINTY=%s",
			or_nothing(kw_report_finding(report, 0, KW_FINDING_CERTAINTY)),
			"KVMWHY_PID=%u", who->pid, "KVMWHY_TID=%u", who->tid, "KVMWHY_VCPU=%d",
			who->vcpu, "KVMWHY_JSON=%s", or_nothing(json.p), NULL);
	free(json.p);
	return err;
}

#else

const char *kw_journal_missing(void)
{
	return "kvmwhy was built without libsystemd";
}

int kw_journal_send(const struct kw_report *report, const struct kvmwhy_event *event)
{
	(void)report;
	(void)event;
	return -EOPNOTSUPP;
}

#endif
