// SPDX-License-Identifier: MIT
/*
 * The per-CPU buffers of both instances in, their events in time order out, up to the last
 * available failure.
 *
 * A thread moves between processors, so what it did is in several buffers. What was written before
 * a failure is in them by the time the failure is: after each failure read, buffers that were empty
 * are checked again before the failure is reported.
 */
#include "tracefs_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Pages of failures in one reading: a flood must not keep the caller from its other work. */
enum { PAGES_A_READING = 32 };

/*
 * While the caller handles a failure, the history continues and overwrites that of the next ones:
 * at this interval, in nanoseconds, its pages are taken out of the kernel, up to this many bytes.
 */
enum { TAKE_NS = 1000000, TAKE_BYTES = 64 << 20 };

/* Opening */

static void raise_file_limit(size_t files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= files + 64)
		return;
	limit.rlim_cur = limit.rlim_max < files + 64 ? limit.rlim_max : files + 64;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_stream(struct kw_tracefs *t, struct kw_tracefs_stream *stream)
{
	char path[64];

	snprintf(path, sizeof(path), "per_cpu/cpu%u/trace_pipe_raw", stream->cpu);
	stream->fd = tracefs_instance_file_open(t->instance[stream->instance], path,
						O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	stream->kbuf = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	stream->page = malloc((size_t)t->rings.page_size);
	stream->last = &stream->first;
	if (stream->fd >= 0 && stream->kbuf && stream->page)
		return 0;
	snprintf(t->live->why, sizeof(t->live->why), "%s/%s: %s", t->names.path[stream->instance],
		 path, strerror(errno));
	return -1;
}

static size_t count_cpus(const struct kw_tracefs *t)
{
	char path[KW_TRACEFS_PATH + 32];
	size_t cpus = 0;

	for (;; cpus++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%zu", t->names.path[0], cpus);
		if (access(path, F_OK))
			return cpus;
	}
}

int kw_tracefs_rings_open(struct kw_tracefs *t, int epoll)
{
	struct kw_tracefs_rings *rings = &t->rings;
	struct epoll_event readable = { .events = EPOLLIN };

	rings->page_size = tep_get_sub_buffer_size(t->tep);
	rings->cpus = count_cpus(t);
	rings->streams = calloc(KW_TRACEFS_INSTANCES * rings->cpus, sizeof(*rings->streams));
	if (!rings->streams || rings->page_size <= 0) {
		snprintf(t->live->why, sizeof(t->live->why), "%s/per_cpu is not understood: please "
			"report this.",
			 t->names.path[0]);
		return -1;
	}
	rings->count = KW_TRACEFS_INSTANCES * rings->cpus;
	for (size_t i = 0; i < rings->count; i++)
		rings->streams[i].fd = -1;
	raise_file_limit(rings->count);
	for (size_t i = 0; i < rings->count; i++) {
		struct kw_tracefs_stream *stream = &rings->streams[i];

		stream->cpu = (unsigned int)(i % rings->cpus);
		stream->instance = i < rings->cpus ? KW_TRACEFS_FAILURES : KW_TRACEFS_HISTORY;
		if (open_stream(t, stream))
			return -1;
		if (stream->instance == KW_TRACEFS_FAILURES &&
		    epoll_ctl(epoll, EPOLL_CTL_ADD, stream->fd, &readable)) {
			snprintf(t->live->why, sizeof(t->live->why), "epoll of trace_pipe_raw: %s",
				 strerror(errno));
			return -1;
		}
	}
	return 0;
}

void kw_tracefs_rings_close(struct kw_tracefs *t)
{
	for (size_t i = 0; i < t->rings.count; i++) {
		struct kw_tracefs_stream *stream = &t->rings.streams[i];

		if (stream->fd >= 0)
			close(stream->fd);
		kbuffer_free(stream->kbuf);
		free(stream->page);
		for (struct kw_tracefs_page *page = stream->first, *next; page; page = next) {
			next = page->next;
			free(page);
		}
	}
	free(t->rings.streams);
	t->rings = (struct kw_tracefs_rings){ 0 };
}

/* Reading */

static uint64_t now_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void take_stream(struct kw_tracefs_rings *rings, struct kw_tracefs_stream *stream)
{
	size_t size = (size_t)rings->page_size;

	while (rings->taken + size <= TAKE_BYTES) {
		struct kw_tracefs_page *page = malloc(sizeof(*page) + size);

		if (!page || read(stream->fd, page->bytes, size) <= 0) {
			free(page);
			return;
		}
		page->next = NULL;
		*stream->last = page;
		stream->last = &page->next;
		rings->taken += size;
	}
}

static void take_out(struct kw_tracefs *t)
{
	uint64_t now = now_ns();

	if (now - t->rings.taken_at < TAKE_NS)
		return;
	for (size_t i = 0; i < t->rings.count; i++)
		take_stream(&t->rings, &t->rings.streams[i]);
	t->rings.taken_at = now;
}

/* The next page, those taken out first; false if there is none now. */
static bool next_page(struct kw_tracefs *t, struct kw_tracefs_stream *stream)
{
	struct kw_tracefs_page *page = stream->first;
	size_t size = (size_t)t->rings.page_size;

	if (!page)
		return read(stream->fd, stream->page, size) > 0;
	memcpy(stream->page, page->bytes, size);
	stream->first = page->next;
	if (!stream->first)
		stream->last = &stream->first;
	free(page);
	t->rings.taken -= size;
	return true;
}

/* What was overwritten in this buffer is older than what follows. */
static void note_gap(struct kw_tracefs_rings *rings, const struct kw_tracefs_stream *stream)
{
	rings->gaps = true;
	if (stream->event && stream->ts > rings->whole_since)
		rings->whole_since = stream->ts;
}

/*
 * The next page that contains an event, since one may have only refused events; false if there is
 * none now.
 */
static bool load(struct kw_tracefs *t, struct kw_tracefs_stream *stream)
{
	while (next_page(t, stream)) {
		if (kbuffer_load_subbuffer(stream->kbuf, stream->page))
			continue;
		stream->loaded = true;
		stream->event = kbuffer_read_event(stream->kbuf, &stream->ts);
		if (stream->instance == KW_TRACEFS_HISTORY && kbuffer_missed_events(stream->kbuf))
			note_gap(&t->rings, stream);
		if (stream->event)
			return true;
	}
	return false;
}

/*
 * Loads all empty buffers that have data; repeats, since one may get some while another is checked.
 */
static bool load_all(struct kw_tracefs *t, enum kw_tracefs_instance instance)
{
	bool more, any = false;

	do {
		more = false;
		for (size_t i = 0; i < t->rings.count; i++) {
			struct kw_tracefs_stream *stream = &t->rings.streams[i];

			if (stream->instance == instance && !stream->event && load(t, stream))
				more = any = true;
		}
	} while (more);
	return any;
}

/* At equal times the history comes first. */
static bool is_before(const struct kw_tracefs_stream *a, const struct kw_tracefs_stream *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a->instance > b->instance);
}

static struct kw_tracefs_stream *earliest(struct kw_tracefs *t, bool *failures)
{
	struct kw_tracefs_stream *first = NULL;

	*failures = false;
	for (size_t i = 0; i < t->rings.count; i++) {
		struct kw_tracefs_stream *stream = &t->rings.streams[i];

		if (!stream->event)
			continue;
		if (!first || is_before(stream, first))
			first = stream;
		*failures |= stream->instance == KW_TRACEFS_FAILURES;
	}
	return first;
}

static uint64_t number_at(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size < sizeof(value) ? size : sizeof(value));
	return value;
}

/* The header of each event: its type and, after flags and preemption count, the thread. */
static bool understood(struct kw_tracefs *t, const struct kw_tracefs_stream *stream,
		       struct kw_tracefs_event *ret)
{
	const uint8_t *data = stream->event;
	int size = kbuffer_event_size(stream->kbuf), id;

	if (size < 8)
		return false;
	id = (int)number_at(data, 2);
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++) {
		if (t->layout[kind].id != id)
			continue;
		for (size_t i = 0; i < KW_TF_FIELDS; i++)
			if (t->layout[kind].field[i].offset + t->layout[kind].field[i].size > size)
				return false;
		*ret = (struct kw_tracefs_event){
			.instance = stream->instance, .kind = kind, .ts = stream->ts, .data = data,
			.tid = (int)number_at(data + 4, 4), .layout = &t->layout[kind],
		};
		return true;
	}
	return false;
}

static uint64_t drops_of(struct kw_tracefs *t, const struct kw_tracefs_stream *stream)
{
	static const char *const names[] = { "\noverrun: ", "\ndropped events: " };
	uint64_t drops = 0;
	char path[64], *stats;

	snprintf(path, sizeof(path), "per_cpu/cpu%u/stats", stream->cpu);
	stats = tracefs_instance_file_read(t->instance[KW_TRACEFS_FAILURES], path, NULL);
	for (size_t i = 0; stats && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(stats, names[i]);

		if (at)
			drops += strtoull(at + strlen(names[i]), NULL, 10);
	}
	free(stats);
	return drops;
}

/* A full buffer refuses the newest events, so only one that had data can have lost some. */
static void count_drops(struct kw_tracefs *t)
{
	for (size_t i = 0; i < t->rings.cpus; i++) {
		struct kw_tracefs_stream *stream = &t->rings.streams[i];
		uint64_t drops;

		if (!stream->loaded)
			continue;
		stream->loaded = false;
		drops = drops_of(t, stream);
		if (drops > stream->drops) {
			t->live->lost += drops - stream->drops;
			stream->drops = drops;
		}
	}
}

static int hand_over(struct kw_tracefs *t, struct kw_tracefs_stream *stream,
		     int (*take)(struct kw_tracefs *t, const struct kw_tracefs_event *event))
{
	struct kw_tracefs_event event;
	int result = understood(t, stream, &event) ? take(t, &event) : 0;

	if (stream->instance == KW_TRACEFS_FAILURES)
		take_out(t);
	stream->event = kbuffer_next_event(stream->kbuf, &stream->ts);
	if (!stream->event && stream->instance == KW_TRACEFS_HISTORY)
		load(t, stream);
	return result;
}

/*
 * One round: in time order, until one buffer's page of failures is used up. Its next page may have
 * the overall next failure, and the history after that failure must not be read before it.
 */
static int read_turn(struct kw_tracefs *t,
		     int (*take)(struct kw_tracefs *t, const struct kw_tracefs_event *event))
{
	struct kw_tracefs_stream *stream;
	bool failures;
	int result;

	load_all(t, KW_TRACEFS_HISTORY);
	while ((stream = earliest(t, &failures)) && failures) {
		result = hand_over(t, stream, take);
		if (result)
			return result;
		if (!stream->event && stream->instance == KW_TRACEFS_FAILURES)
			break;
	}
	return 0;
}

static bool has_failures(struct kw_tracefs *t)
{
	bool failures;

	earliest(t, &failures);
	return failures;
}

int kw_tracefs_rings_read(struct kw_tracefs *t,
			  int (*take)(struct kw_tracefs *t, const struct kw_tracefs_event *event))
{
	int result = 0;

	for (unsigned int i = 0; i < PAGES_A_READING && !result; i++) {
		if (!load_all(t, KW_TRACEFS_FAILURES) && !has_failures(t))
			break;
		kw_tracefs_count_missed(t);
		result = read_turn(t, take);
	}
	count_drops(t);
	t->rings.gaps = false;
	return result;
}
