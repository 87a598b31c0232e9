// SPDX-License-Identifier: MIT
/*
 * Several speakers in one stream: the lines of each are gathered as one text. A speaker has a lane
 * of its own only if another one's failure was understood before; so a text with one guest is one
 * lane, whoever else speaks in it. Lines of the kernel and of services belong to the guest whose
 * failure is being read.
 */
#include "parse/parse.h"

#include <errno.h>
#include <stdlib.h>

enum {
	LANES = 32,	    /* speakers whose failures are read at the same time */
	SILENT_LINES = 512, /* lines of others after which a speaker has said all */
	IDLE_LINES = 12,    /* lines that nobody understands until the stream is searched again */
};

struct lane {
	struct kw_gather *gather;
	struct kw_speaker who; /* zero: whoever speaks next */
	bool taken;	       /* something was understood here */
	bool bare;	       /* some of it in lines that name no place */
	bool owners;	       /* the last of it in a line of the guest's */
	uint64_t heard;	       /* when: its place among all lines that were offered */
	uint64_t number;       /* of the last line that went here */
};

struct kw_lanes {
	kw_failure_fn fn;
	void *arg;
	struct lane lane[LANES];
	size_t count;
	struct lane *last;
	uint64_t lines, passed;
};

static bool is_open(const struct lane *lane)
{
	return kw_gather_is_open(lane->gather);
}

static bool agree(uint64_t a, uint64_t b)
{
	return !a || !b || a == b;
}

/* May lines of @who belong to what was read in @lane? */
static bool fits(const struct lane *lane, const struct kw_speaker *who)
{
	if (!agree(lane->who.host, who->host))
		return false;
	if (who->place && !lane->who.place && lane->bare)
		return false;
	return agree(lane->who.place, who->place);
}

/* Did the kernel or a service say here last what may be of the guest that speaks next? */
static bool is_free(const struct lane *lane)
{
	if (!lane->who.pid)
		return true;
	return !lane->owners && (!is_open(lane) || kw_gather_is_host_dump(lane->gather));
}

/* How well @lane suits a speaker that has none: 0 if not at all. */
static unsigned int suits(const struct lane *lane, const struct kw_speaker *who)
{
	if ((who->pid && !is_free(lane)) || !fits(lane, who))
		return 0;
	return 1u + (is_open(lane) ? 2u : 0) +
	       (who->place && lane->who.place == who->place ? 4u : 0);
}

static struct lane *best(struct kw_lanes *l, const struct kw_speaker *who)
{
	struct lane *ret = NULL;
	unsigned int most = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct lane *lane = &l->lane[i];
		unsigned int now = suits(lane, who);

		if (now > most || (now && now == most && lane->heard > ret->heard)) {
			most = now;
			ret = lane;
		}
	}
	return ret;
}

static struct lane *own(struct kw_lanes *l, const struct kw_speaker *who)
{
	for (size_t i = 0; i < l->count; i++) {
		struct lane *lane = &l->lane[i];

		if (who->pid && lane->who.pid == who->pid && lane->who.program == who->program &&
		    fits(lane, who))
			return lane;
		if (who->task && lane->who.task == who->task &&
		    kw_gather_in_host_dump(lane->gather))
			return lane;
	}
	return NULL;
}

static void end(struct lane *lane)
{
	kw_gather_finish(lane->gather);
	lane->who = (struct kw_speaker){ 0 };
	lane->taken = lane->bare = lane->owners = false;
}

/* The one that was not heard for longest, if possible with nothing open; never the first. */
static struct lane *most_silent(struct kw_lanes *l)
{
	struct lane *ret = &l->lane[1];

	for (size_t i = 2; i < l->count; i++) {
		struct lane *lane = &l->lane[i];

		if (is_open(lane) != is_open(ret) ? is_open(ret) : lane->heard < ret->heard)
			ret = lane;
	}
	return ret;
}

static void say_cut(struct lane *lane, uint64_t number)
{
	struct kw_failure *f = kw_gather_current(lane->gather);

	kw_failure_add_note(
		f ? f : kw_gather_beside(lane->gather), number,
		KW_STR("more than 32 guests report failures here at the same time: later lines of this one are not read with it"));
}

/* For a speaker that none suits; the first lane if there is no memory. */
static struct lane *spare(struct kw_lanes *l, uint64_t number)
{
	struct lane *lane;

	for (size_t i = 1; i < l->count; i++) {
		if (!l->lane[i].taken)
			return &l->lane[i];
	}
	if (l->count == LANES) {
		lane = most_silent(l);
		if (is_open(lane))
			say_cut(lane, number);
		end(lane);
		return lane;
	}
	lane = &l->lane[l->count];
	if (!lane->gather && kw_gather_create(l->fn, l->arg, &lane->gather) < 0)
		return l->lane;
	l->count++;
	return lane;
}

static struct lane *lane_of(struct kw_lanes *l, const struct kw_clean_line *line)
{
	const struct kw_speaker *who = &line->who;
	bool nameless = !who->host && !who->place && !who->program && !who->pid && !who->task;
	struct lane *lane;

	if (l->count == 1 && (nameless || !l->lane->taken))
		return l->lane;
	if (nameless && is_open(l->lane))
		return l->lane;
	lane = own(l, who);
	if (!lane)
		lane = best(l, who);
	if (!lane || (who->task && !agree(lane->who.task, who->task) &&
		      kw_gather_in_host_dump(lane->gather)))
		lane = spare(l, line->number);
	return lane;
}

/* A line of @who was understood in @lane. */
static void take(struct lane *lane, const struct kw_speaker *who)
{
	lane->taken = true;
	if (!lane->who.host)
		lane->who.host = who->host;
	if (!lane->who.place)
		lane->who.place = who->place;
	if (who->pid) {
		lane->who.program = who->program;
		lane->who.pid = who->pid;
	}
	lane->owners = who->pid;
	if (who->task)
		lane->who.task = who->task;
	lane->bare |= !who->place;
}

static void end_silent(struct kw_lanes *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct lane *lane = &l->lane[i];

		if (l->lines - lane->heard > SILENT_LINES && is_open(lane))
			kw_gather_end(lane->gather);
	}
}

void kw_lanes_offer(struct kw_lanes *l, const struct kw_clean_line *line)
{
	struct lane *lane = lane_of(l, line);

	if (lane != l->last && lane->taken && line->number > lane->number)
		kw_gather_others(lane->gather, line->number - lane->number - 1);
	l->last = lane;
	lane->number = line->number;
	l->lines += line->text.len != 0;
	lane->heard = l->lines;
	if (kw_offer(lane->gather, line)) {
		take(lane, &line->who);
		l->passed = 0;
	} else if (line->text.len) {
		l->passed++;
	}
	if (l->count > 1)
		end_silent(l);
}

bool kw_lanes_idle(const struct kw_lanes *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (is_open(&l->lane[i]))
			return false;
	}
	return l->passed > IDLE_LINES;
}

void kw_lanes_finish(struct kw_lanes *l)
{
	for (size_t i = 0; i < l->count; i++)
		end(&l->lane[i]);
	l->count = 1;
	l->lines = l->passed = 0;
}

int kw_lanes_create(kw_failure_fn fn, void *arg, struct kw_lanes **ret)
{
	struct kw_lanes *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->fn = fn;
	l->arg = arg;
	l->count = 1;
	err = kw_gather_create(fn, arg, &l->lane[0].gather);
	if (err < 0) {
		free(l);
		return err;
	}
	*ret = l;
	return 0;
}

void kw_lanes_destroy(struct kw_lanes *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < LANES; i++)
		kw_gather_destroy(l->lane[i].gather);
	free(l);
}
