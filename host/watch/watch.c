// SPDX-License-Identifier: MIT
/* Which way to see failures: the requested one, else the best that works here. */
#include "watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../facts/host.h"

static const struct kw_watch_backend *const backends[] = {
#ifdef KW_WITH_BPF
	&kw_backend_bpf, &kw_backend_bpf_kprobe, &kw_backend_bpf_tracepoint,
#endif
#ifdef KW_WITH_TRACEFS
	&kw_backend_tracefs,
#endif
	NULL,
};

const char *kw_backend_name(size_t i)
{
	return i < sizeof(backends) / sizeof(backends[0]) && backends[i] ? backends[i]->name : NULL;
}

static bool is_wanted(const struct kw_watcher_options *options,
		      const struct kw_watch_backend *backend)
{
	return !options->via || !strcmp(options->via, backend->name);
}

/* The names of @ways that were built in: "bpf, bpf-kprobe". */
static void name_ways(unsigned int ways, char *to, size_t size)
{
	size_t len = 0;

	*to = '\0';
	for (const struct kw_watch_backend *const *b = backends; *b && len < size; b++)
		if ((*b)->way & ways)
			len += (size_t)snprintf(to + len, size - len, "%s%s", len ? ", " : "",
						(*b)->name);
}

/* A line; truncated if there is no more room. @ways: which it concerns, 0 for all. */
static void tell(char text[static KW_WATCHER_REASONS], unsigned int ways, const char *says,
		 const char *todo)
{
	size_t len = strlen(text);
	char names[64] = "";

	if (ways)
		name_ways(ways, names, sizeof(names));
	snprintf(text + len, KW_WATCHER_REASONS - len, "%s%s%s%s%s%s", len ? "\n" : "", names,
		 *names ? ": " : "", says, *todo ? " " : "", todo);
}

/* What this host's files say against those of @ways that they block. */
static void tell_facts(const struct kw_can *can, unsigned int ways,
		       char text[static KW_WATCHER_REASONS])
{
	for (size_t i = 0; can && i < can->count; i++) {
		const struct kw_reason *r = &can->reason[i];
		unsigned int blocked = r->blocks & ways;

		if (blocked)
			tell(text, blocked == ways ? 0 : blocked, r->says, r->todo);
	}
}

void kw_watcher_against(const struct kw_can *can, const char *via,
			char ret[static KW_WATCHER_REASONS])
{
	const struct kw_watcher_options options = { .via = via };
	unsigned int ways = 0;

	*ret = '\0';
	for (const struct kw_watch_backend *const *b = backends; *b; b++)
		if (is_wanted(&options, *b))
			ways |= (*b)->way;
	if (!(can->ways & ways))
		tell_facts(can, ways, ret);
}

static int try(struct kw_watcher *live, const struct kw_watch_backend *backend)
{
	*live = (struct kw_watcher){ .options = live->options,
				     .fn = live->fn,
				     .arg = live->arg,
				     .backend = backend,
				     .fd = -1 };
	return backend->open(live);
}

static int give_up(struct kw_watcher *live, const char *tried)
{
	const char *via = live->options.via;

	*live = (struct kw_watcher){ .options = live->options, .fd = -1 };
	if (*tried)
		snprintf(live->why, sizeof(live->why), "%s", tried);
	else if (via)
		snprintf(live->why, sizeof(live->why), "this kvmwhy has no way \"%.32s\": those "
						       "with bpf need a build with libbpf, tracefs "
						       "one with libtracefs", via);
	else
		snprintf(live->why, sizeof(live->why), "this kvmwhy was built without libbpf and "
						       "libtracefs: install both and rebuild");
	return -1;
}

/* Failed attempts are part of the answer: why a better way is not used, or why none works. */
int kw_watcher_open(struct kw_watcher *live, const struct kw_watcher_options *options,
		    kw_watcher_fn fn, void *arg)
{
	char tried[KW_WATCHER_REASONS] = "", all[KW_WATCHER_REASONS] = "";
	unsigned int ways = 0;

	*live = (struct kw_watcher){ .options = *options, .fn = fn, .arg = arg };
	for (const struct kw_watch_backend *const *b = backends; *b; b++) {
		if (!is_wanted(options, *b))
			continue;
		if (options->can && !(options->can->ways & (*b)->way)) {
			ways |= (*b)->way;
			continue;
		}
		if (!try(live, *b)) {
			tell_facts(options->can, ways, live->better);
			if (*tried)
				tell(live->better, 0, tried, "");
			return 0;
		}
		ways |= (*b)->way;
		tell(tried, (*b)->way, live->why, "");
	}
	tell_facts(options->can, ways, all);
	if (*tried)
		tell(all, 0, tried, "");
	return give_up(live, all);
}

int kw_watcher_read(struct kw_watcher *live)
{
	return live->backend->read(live);
}

void kw_watcher_stop(struct kw_watcher *live)
{
	live->backend->stop(live);
}

void kw_watcher_close(struct kw_watcher *live)
{
	live->backend->close(live);
}
