// SPDX-License-Identifier: MIT
/*
 * A record becomes text, and the text is processed like any log: the live answer is what `kvmwhy
 * explain` says about the recording.
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <kvmwhy/kvmwhy.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../host/facts/host.h"
#include "../host/watch/kmsg.h"
#include "../host/watch/watch.h"
#include "cli.h"
#include "journal.h"
#include "term.h"

#define SECOND_NS 1000000000ll

struct watch {
	const struct kw_watch_options *options;
	struct kw_watcher live;
	struct kw_kmsg kmsg;
	struct utsname host;
	struct kw_reader *reader;
	struct kw_printer *printer;
	const struct kvmwhy_event *event; /* whose report is next */
	uint64_t seen, lost;
	char missing[KW_WATCHER_TEXT]; /* as announced at the beginning */
	int signals;
	bool stop;	/* a signal arrived, or enough was seen */
	bool draining;	/* what was seen before is still reported */
	bool trouble;
	struct kw_output out, log;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t utc_of(const struct kvmwhy_event *event)
{
	return now_ns(CLOCK_REALTIME) - (now_ns(CLOCK_MONOTONIC) - (int64_t)event->common.time_ns);
}

static int give_up(struct watch *w, int err)
{
	w->stop = w->trouble = true;
	if (!w->out.error && !w->log.error)
		kw_complain("cannot continue: %s", strerror(-err));
	return err;
}

/* Each answer is flushed before the next record is read. */
static int give_report(void *arg, const struct kw_report *report)
{
	struct watch *w = arg;
	int err = 0;

	if (w->printer)
		err = kw_printer_report(w->printer, report);
	else if (w->options->log)
		kw_complain("failure %" PRIu64 ": %s", w->seen,
			    kw_report_text(report, KW_REPORT_HEADLINE));
	if (!err && w->options->journal && w->event && kw_journal_send(report, w->event))
		kw_complain("failure %" PRIu64 " could not be written to the journal", w->seen);
	return err;
}

static int pass_on(struct watch *w, const char *text)
{
	size_t len = strlen(text);
	int err = 0;

	if (w->options->log)
		err = kw_output_write(&w->log, text, len);
	if (!err && w->options->log)
		err = kw_output_flush(&w->log);
	if (!err)
		err = kw_reader_feed(w->reader, text, len);
	return err ? err : kw_output_flush(&w->out);
}

/* However fast failures arrive, Ctrl-C ends it. */
static bool is_ended(struct watch *w)
{
	struct signalfd_siginfo signal;

	if (!w->draining && read(w->signals, &signal, sizeof(signal)) == sizeof(signal))
		w->stop = true;
	return w->stop && !w->draining;
}

/* Non-zero stops reading records. */
static int take_event(void *arg, const struct kvmwhy_event *event)
{
	const struct kvmwhy_event_common *who = &event->common;
	struct watch *w = arg;
	const char *lines[KW_KMSG_LINES];
	struct kw_event_context context = {
		.size = sizeof(context),
		.utc_ns = utc_of(event),
		.host_kernel = w->host.release,
		.lines = lines,
		.flags = w->options->redact ? KW_EVENT_REDACT : 0,
	};
	char *text;
	int err;

	kw_kmsg_read(&w->kmsg);
	context.nlines =
		kw_kmsg_take(&w->kmsg, who->time_ns, (pid_t)who->pid, (pid_t)who->tid, lines);
	if (who->known & KVMWHY_KNOWS_HARMLESS && !w->options->all)
		return 0;
	context.number = ++w->seen;
	err = kw_event_text(event, event->size, &context, &text);
	if (err)
		return give_up(w, err);
	w->event = event;
	err = pass_on(w, text);
	w->event = NULL;
	free(text);
	if (err)
		return give_up(w, err);
	w->stop = w->stop || w->options->once;
	return w->options->once || is_ended(w) ? -ECANCELED : 0;
}

static void say_lost(struct watch *w)
{
	if (w->live.lost == w->lost)
		return;
	kw_complain("%" PRIu64 " failures came faster than they could be read and are "
			       "lost", w->live.lost - w->lost);
	w->lost = w->live.lost;
}

static void read_live(struct watch *w)
{
	int err = kw_watcher_read(&w->live);

	if (err && !w->stop)
		give_up(w, err < -1 ? err : -EIO);
	say_lost(w);
}

/* What was seen before the end, and what is known by then about lost failures. */
static void drain(struct watch *w)
{
	uint64_t before;

	kw_watcher_stop(&w->live);
	w->draining = true;
	do {
		before = w->seen;
		read_live(w);
	} while (w->seen != before && !w->trouble && !w->options->once);
	if (*w->live.missing && strcmp(w->missing, w->live.missing))
		kw_complain("%s", w->live.missing);
}

static void wait_and_read(struct watch *w)
{
	struct pollfd fds[] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = w->live.fd, .events = POLLIN },
		{ .fd = w->kmsg.fd, .events = POLLIN },
	};

	if (poll(fds, 3, -1) < 0 && errno != EINTR)
		give_up(w, -errno);
	if (fds[2].revents)
		kw_kmsg_read(&w->kmsg);
	if (fds[1].revents)
		read_live(w);
	is_ended(w);
}

static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_outputs(struct watch *w)
{
	const struct kw_watch_options *o = w->options;

	if (kw_output_open(&w->out, NULL))
		return -1;
	if (o->log && kw_output_append(&w->log, strcmp(o->log, "-") ? o->log : NULL))
		return -1;
	return 0;
}

static int open_library(struct watch *w)
{
	const struct kw_watch_options *o = w->options;
	struct kw_options known = { .size = sizeof(known), .flags = o->all ? KW_OPTION_ALL : 0 };
	unsigned int flags = kw_view_begin(&o->view, &w->out);
	int err = kw_reader_create(&known, give_report, w, &w->reader);

	if (!err && o->format)
		err = kw_printer_create(o->format, flags, kw_output_write, &w->out, &w->printer);
	return err ? give_up(w, err) : 0;
}

/* One complaint a line. */
static void complain_lines(const char *head, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		kw_complain("%s: %.*s", head, (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static int open_live(struct watch *w)
{
	static struct kw_host host;
	struct kw_watcher_options options = { .via = w->options->via,
					      .pid = w->options->pid,
					      .can = &host.watch };
	int err;

	w->signals = catch_signals();
	kw_host_collect_watch(&host);
	err = kw_kmsg_open(&w->kmsg);
	if (kw_watcher_open(&w->live, &options, take_event, w)) {
		complain_lines(w->options->command, w->live.why);
		return -1;
	}
	kw_complain("watching KVM of Linux %s through %s; press Ctrl-C to "
		    "stop", w->host.release, w->live.how);
	complain_lines("a better way does not work here", w->live.better);
	memcpy(w->missing, w->live.missing, sizeof(w->missing));
	if (*w->missing)
		kw_complain("%s", w->missing);
	if (err)
		kw_complain("the kernel log cannot be read (/dev/kmsg: %s): failures are shown "
			    "without what KVM logs there",
			    strerror(-err));
	return 0;
}

static int watch(struct watch *w)
{
	if (open_outputs(w) || open_library(w) || open_live(w))
		return KW_EXIT_TROUBLE;
	while (!w->stop)
		wait_and_read(w);
	if (!w->trouble && !(w->options->once && w->seen))
		drain(w);
	kw_watcher_close(&w->live);
	kw_reader_finish(w->reader, NULL);
	if (w->printer)
		kw_printer_finish(w->printer);
	if ((w->options->log && kw_output_close(&w->log)) | kw_output_close(&w->out))
		w->trouble = true;
	kw_complain("%" PRIu64 " failure%s seen, %" PRIu64 " lost", w->seen,
		    w->seen == 1 ? "" : "s", w->lost);
	if (w->trouble)
		return KW_EXIT_TROUBLE;
	return w->seen ? KW_EXIT_FOUND : KW_EXIT_NOTHING;
}

int kw_watch(const struct kw_watch_options *options)
{
	static struct watch w;
	const char *missing = options->journal ? kw_journal_missing() : NULL;
	int status;

	if (missing) {
		kw_complain("%s: --journal: %s", options->command, missing);
		return KW_EXIT_TROUBLE;
	}
	w.options = options;
	uname(&w.host);
	status = watch(&w);
	kw_kmsg_close(&w.kmsg);
	kw_reader_destroy(w.reader);
	kw_printer_destroy(w.printer);
	return status;
}
