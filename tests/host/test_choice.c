// SPDX-License-Identifier: MIT
/*
 * watch.c by itself, with ways that work or fail as a test says: which is chosen, and what is said
 * about the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "watch.h"

static int refuse_btf(struct kw_watcher *live)
{
	snprintf(live->why, sizeof(live->why), "no BTF here");
	return -1;
}

static int open_plainly(struct kw_watcher *live)
{
	kw_watcher_say(live->missing, "Registers are not seen.");
	return 0;
}

static int read_anew(struct kw_watcher *live)
{
	*live->missing = '\0';
	return 0;
}

const struct kw_watch_backend kw_backend_bpf = { .name = "bpf",
						 .way = KW_WAY_FENTRY,
						 .open = refuse_btf };
const struct kw_watch_backend kw_backend_bpf_kprobe = { .name = "bpf-kprobe",
							.way = KW_WAY_KPROBE,
							.open = open_plainly,
							.read = read_anew };
const struct kw_watch_backend kw_backend_bpf_tracepoint = { .name = "bpf-tracepoint",
							    .way = KW_WAY_TRACEPOINT,
							    .open = open_plainly,
							    .read = read_anew };
const struct kw_watch_backend kw_backend_tracefs = { .name = "tracefs",
						     .way = KW_WAY_TRACEFS,
						     .open = open_plainly,
						     .read = read_anew };

/* A backend says at each reading what it cannot see; why it was chosen stays. */
static void why_no_better_way_outlives_a_reading(void **state)
{
	struct kw_watcher_options options = { 0 };
	struct kw_watcher live;

	(void)state;
	assert_int_equal(kw_watcher_open(&live, &options, NULL, NULL), 0);
	assert_string_equal(live.backend->name, "bpf-kprobe");
	assert_string_equal(live.missing, "Registers are not seen.");
	assert_int_equal(kw_watcher_read(&live), 0);
	assert_string_equal(live.better, "bpf: no BTF here");
}

/* What the host's files have against a way is its reason, and it is not opened. */
static void a_blocked_way_is_not_tried(void **state)
{
	static const struct kw_can can = {
		.ways = KW_WAY_FENTRY | KW_WAY_TRACEFS,
		.count = 2,
		.reason = { { .blocks = KW_WAY_KPROBE | KW_WAY_TRACEPOINT,
			      .says = "No kprobes.", .todo = "Use others." },
			    { .says = "A remark." } },
	};
	struct kw_watcher_options options = { .can = &can };
	struct kw_watcher live;
	char text[KW_WATCHER_REASONS];

	(void)state;
	assert_int_equal(kw_watcher_open(&live, &options, NULL, NULL), 0);
	assert_string_equal(live.backend->name, "tracefs");
	assert_string_equal(live.better, "bpf-kprobe, bpf-tracepoint: No kprobes. Use others.\n"
					 "bpf: no BTF here");
	options.via = "bpf-kprobe";
	assert_int_equal(kw_watcher_open(&live, &options, NULL, NULL), -1);
	assert_string_equal(live.why, "No kprobes. Use others.");
	kw_watcher_against(&can, "bpf-kprobe", text);
	assert_string_equal(text, live.why);
	kw_watcher_against(&can, NULL, text);
	assert_string_equal(text, "");
}

static void the_way_asked_for_has_no_better_one(void **state)
{
	struct kw_watcher_options options = { .via = "tracefs" };
	struct kw_watcher live;

	(void)state;
	assert_int_equal(kw_watcher_open(&live, &options, NULL, NULL), 0);
	assert_string_equal(live.better, "");
}

/* At each length: a sentence is complete or absent, and the text is terminated. */
static void sentences_fit_or_are_left_out(void **state)
{
	(void)state;
	for (size_t len = 0; len < KW_WATCHER_TEXT; len++) {
		struct { char text[KW_WATCHER_TEXT], behind[8]; } s = { .behind = "behind" };
		size_t now;

		memset(s.text, 'x', len);
		kw_watcher_say(s.text, "At %d returns.", 7);
		assert_string_equal(s.behind, "behind");
		assert_non_null(memchr(s.text, '\0', sizeof(s.text)));
		now = strlen(s.text);
		if (now != len)
			assert_string_equal(s.text + len, len ? " At 7 returns." : "At 7 returns.");
		else
			assert_true(len + strlen(" At 7 returns.") >= sizeof(s.text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(why_no_better_way_outlives_a_reading),
		cmocka_unit_test(a_blocked_way_is_not_tried),
		cmocka_unit_test(the_way_asked_for_has_no_better_one),
		cmocka_unit_test(sentences_fit_or_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
