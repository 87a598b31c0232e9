// SPDX-License-Identifier: MIT
/* Which way to see failures: the requested one, else the best that works here. */
#include "watch.h"

#include <stdio.h>
#include <string.h>

static const struct kw_watch_backend *const backends[] = {
#ifdef KW_WITH_BPF
	&kw_backend_bpf, &kw_backend_bpf_kprobe,
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

/* Truncates if there is no more room. */
static void add(char to[static KW_WATCHER_TEXT], const char *name, const char *why)
{
	size_t len = strlen(to);
	int written =
		snprintf(to + len, KW_WATCHER_TEXT - len, "%s%s: %s", len ? "; " : "", name, why);

	if (written < 0)
		to[len] = '\0';
}

/* Failed attempts are part of the answer: why a better way is not used, or why none works. */
static int try(struct kw_watcher *live, const struct kw_watch_backend *backend,
	       char tried[static KW_WATCHER_TEXT])
{
	*live = (struct kw_watcher){ .options = live->options,
				     .fn = live->fn,
				     .arg = live->arg,
				     .backend = backend,
				     .fd = -1 };
	if (!backend->open(live))
		return 0;
	if (!strstr(tried, live->why))
		add(tried, backend->name, live->why);
	return -1;
}

static int give_up(struct kw_watcher *live, const char *tried)
{
	const char *via = live->options.via;

	*live = (struct kw_watcher){ .options = live->options, .fd = -1 };
	if (*tried)
		snprintf(live->why, sizeof(live->why), "%s", tried);
	else if (via)
		snprintf(live->why, sizeof(live->why), "this kvmwhy has no way \"%.32s\": bpf and "
						       "bpf-kprobe need a build with libbpf, "
						       "tracefs one with libtracefs", via);
	else
		snprintf(live->why, sizeof(live->why), "this kvmwhy was built without libbpf and "
						       "libtracefs: install both and rebuild");
	return -1;
}

int kw_watcher_open(struct kw_watcher *live, const struct kw_watcher_options *options,
		    kw_watcher_fn fn, void *arg)
{
	char tried[KW_WATCHER_TEXT] = "";

	*live = (struct kw_watcher){ .options = *options, .fn = fn, .arg = arg };
	for (const struct kw_watch_backend *const *b = backends; *b; b++) {
		if (options->via && strcmp(options->via, (*b)->name))
			continue;
		if (try(live, *b, tried))
			continue;
		memcpy(live->better, tried, sizeof(live->better));
		return 0;
	}
	return give_up(live, tried);
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
