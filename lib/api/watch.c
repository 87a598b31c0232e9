// SPDX-License-Identifier: MIT
/* A record of a failure seen as it happened in, the text of a recording out. */
#include "api/api.h"

#include "parse/parse.h"
#include "write/write.h"

#include <errno.h>
#include <stdlib.h>

enum { ARENA_LIMIT = 1 << 20 };

struct room {
	struct kw_arena arena;
	struct kw_failure f;
	struct kvmwhy_event e;
};

static int check_context(const struct kw_event_context *c)
{
	if (c->size != sizeof(*c))
		return kw_refuse(c->size > sizeof(*c) ? c->error : NULL,
				 "kw_event_context.size is %zu: this library knows %zu", c->size,
				 sizeof(*c));
	if (c->flags & ~KW_EVENT_REDACT)
		return kw_refuse(c->error,
				 "kw_event_context.flags is 0x%x: this library knows 0x%x",
				 c->flags, KW_EVENT_REDACT);
	if (!c->lines && c->nlines)
		return kw_refuse(c->error, "kw_event_context.lines is NULL, and .nlines is %zu",
				 c->nlines);
	return 0;
}

static struct kw_watch_context context_of(const struct kw_event_context *c)
{
	return (struct kw_watch_context){
		.number = c->number,
		.utc_ns = c->utc_ns,
		.host_kernel = c->host_kernel,
		.guest = c->guest,
		.lines = c->lines,
		.nlines = c->nlines,
		.redact = c->flags & KW_EVENT_REDACT,
	};
}

static void write_room(struct kw_buf *buf, struct room *room,
		       const struct kw_watch_context *context)
{
	kw_arena_init(&room->arena, ARENA_LIMIT);
	kw_failure_init(&room->f, &room->arena);
	kw_event_read(&room->f, &room->e);
	if (context->redact)
		kw_event_redact(&room->f, &room->e);
	kw_write_watch(buf, &room->f, &room->e, context);
	kw_arena_deinit(&room->arena);
}

int kw_event_text(const void *event, size_t len, const struct kw_event_context *context, char **ret)
{
	static const struct kw_event_context nothing = { .size = sizeof(nothing) };
	struct kw_watch_context inner;
	struct kw_buf buf = { 0 };
	struct room *room;
	const char *why;
	int err;

	if (!context)
		context = &nothing;
	err = check_context(context);
	if (err)
		return err;
	room = malloc(sizeof(*room));
	if (!room)
		return -ENOMEM;
	why = kw_event_parse(event, len, &room->e);
	if (why) {
		err = kw_refuse(context->error, "%s", why);
	} else {
		inner = context_of(context);
		write_room(&buf, room, &inner);
		err = kw_buf_take(&buf, ret);
	}
	free(room);
	return err;
}
