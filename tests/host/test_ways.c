// SPDX-License-Identifier: MIT
/* The ways to see failures: their names, and that each that does not work says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watch.h"

static int ignore(void *arg, const struct kvmwhy_event *event)
{
	(void)arg;
	(void)event;
	return 0;
}

/* Those that were built in, best first. */
static void names(void **state)
{
	static const char *const all[] = { "bpf", "bpf-kprobe", "bpf-tracepoint", "tracefs" };
	size_t next = 0;

	(void)state;
	for (size_t i = 0; kw_backend_name(i); i++) {
		while (next < 4 && strcmp(all[next], kw_backend_name(i)))
			next++;
		assert_true(next < 4);
	}
}

static void unknown_way(void **state)
{
	struct kw_watcher_options options = { .via = "ftrace" };
	struct kw_watcher live;

	(void)state;
	assert_int_equal(kw_watcher_open(&live, &options, ignore, NULL), -1);
	assert_non_null(strstr(live.why, "\"ftrace\""));
	assert_non_null(strstr(live.why, "tracefs"));
}

/*
 * An impossible process: no way may open, whoever runs this, and each that was tried has its
 * sentence.
 */
static void refused(void **state)
{
	struct kw_watcher_options options = { .pid = INT32_MAX };
	struct kw_watcher live;

	(void)state;
#ifndef KW_WITH_TRACEFS
	skip();
#endif
	options.via = "tracefs";
	assert_int_equal(kw_watcher_open(&live, &options, ignore, NULL), -1);
	assert_memory_equal(live.why, "tracefs: ", strlen("tracefs: "));
	assert_true(strlen(live.why) > strlen("tracefs: ") + 20);
	assert_int_equal(live.fd, -1);
	assert_null(live.state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(unknown_way),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
