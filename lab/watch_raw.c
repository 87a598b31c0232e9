// SPDX-License-Identifier: MIT
/*
 * The name of a host/watch/ backend in, each of its records as a line of facts out: what a backend
 * sees, without libkvmwhy's interpretation. Ends after COUNT records, or after SECONDS without one.
 */
#include "../host/watch/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

struct seen {
	uint64_t count, most;
	int quiet;
};

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void print_data(const struct kvmwhy_data *data)
{
	static const char *const kinds[] = { "other", "wrmsr", "rdmsr", "page_fault" };

	printf(" data %s result %lld function %u", data->kind < 4 ? kinds[data->kind] : "?",
	       (long long)data->result, data->function);
	if (data->flags & KVMWHY_HAS_MSR)
		printf(" msr 0x%x", data->msr);
	if (data->flags & KVMWHY_HAS_VALUE)
		printf(" value 0x%" PRIx64, data->value);
	if (data->flags & KVMWHY_HAS_GPA)
		printf(" gpa 0x%" PRIx64 " error_code 0x%" PRIx64, data->gpa, data->error_code);
	if (data->flags & KVMWHY_INJECTED)
		printf(" injected");
}

static void print_exit(const struct kvmwhy_event *event)
{
	printf(" %s exit 0x%" PRIx64, event->x86.known & KVMWHY_X86_SVM ? "svm" : "vmx",
	       event->x86.exit_reason);
	if (event->x86.known & KVMWHY_X86_INFO)
		printf(" info1 0x%" PRIx64 " info2 0x%" PRIx64, event->x86.exit_info1,
		       event->x86.exit_info2);
}

static void print_run(const struct kvmwhy_event *event)
{
	uint32_t word;

	memcpy(&word, event->common.run + offsetof(struct kvm_run, exit_reason), sizeof(word));
	printf(" run.exit_reason %u", word);
	if (!(event->common.known & KVMWHY_KNOWS_RUN) || word != KVM_EXIT_INTERNAL_ERROR)
		return;
	memcpy(&word, event->common.run + offsetof(struct kvm_run, internal.suberror),
	       sizeof(word));
	printf(" suberror %u", word);
}

static void print_code(const struct kvmwhy_event *event)
{
	printf(" code");
	for (uint32_t i = 0; i < event->common.code_size; i++)
		printf(" %02x", event->common.code[i]);
}

static int print(void *arg, const struct kvmwhy_event *event)
{
	const struct kvmwhy_event_common *who = &event->common;
	struct seen *seen = arg;

	seen->count++;
	if (seen->quiet)
		return seen->most && seen->count >= seen->most;
	printf("watch-raw: result %d pid %u tid %u comm %.16s", who->result, who->pid, who->tid,
	       who->comm);
	if (event->common.known & KVMWHY_KNOWS_VCPU)
		printf(" vcpu %d", event->common.vcpu);
	if (event->x86.known & KVMWHY_X86_RIP)
		printf(" rip 0x%" PRIx64, event->x86.rip);
	if (event->x86.known & KVMWHY_X86_EXIT)
		print_exit(event);
	if (event->common.known & (KVMWHY_KNOWS_RUN | KVMWHY_KNOWS_REASON))
		print_run(event);
	if (event->x86.known & KVMWHY_X86_REGS)
		printf(" rcx 0x%" PRIx64 " rsp 0x%" PRIx64, event->x86.regs[1], event->x86.regs[4]);
	if (event->common.known & KVMWHY_KNOWS_CODE)
		print_code(event);
	if (event->x86.known & KVMWHY_X86_DATA)
		print_data(&event->x86.data);
	printf(" args \"%s\"\n", event->common.args);
	return seen->most && seen->count >= seen->most;
}

/* Until COUNT were seen, a signal arrived, or nothing came for SECONDS. */
static int watch(struct kw_watcher *live, struct seen *seen, int seconds)
{
	struct pollfd poll_live = { .fd = live->fd, .events = POLLIN };
	uint64_t before;
	int quiet_ms = 0, result = 0;

	while (!stop && quiet_ms < seconds * 1000 && !result) {
		if (poll(&poll_live, 1, 100) < 0 && errno != EINTR)
			return 2;
		before = seen->count;
		result = kw_watcher_read(live);
		quiet_ms = seen->count == before ? quiet_ms + 100 : 0;
	}
	/* what failed before the signal */
	do {
		before = seen->count;
		if (!result)
			result = kw_watcher_read(live);
	} while (!result && seen->count != before);
	return 0;
}

int main(int argc, char **argv)
{
	struct kw_watcher_options options = { 0 };
	struct sigaction action = { .sa_handler = on_signal };
	struct seen seen = { 0 };
	struct kw_watcher live;
	int result;

	if (argc < 4) {
		fprintf(stderr,
			"usage: watch-raw BACKEND|any COUNT SECONDS [PID [BUFFER_BYTES [quiet]]]\n");
		return 2;
	}
	options.via = strcmp(argv[1], "any") ? argv[1] : NULL;
	options.pid = argc > 4 ? atoi(argv[4]) : 0;
	options.buffer_bytes = argc > 5 ? strtoul(argv[5], NULL, 0) : 0;
	seen.most = strtoull(argv[2], NULL, 0);
	seen.quiet = argc > 6;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (kw_watcher_open(&live, &options, print, &seen)) {
		printf("watch-raw: %s\n", live.why);
		return 1;
	}
	printf("watch-raw: %s: %s\nwatch-raw: better: %s\nwatch-raw: missing: %s\n",
	       live.backend->name, live.how, live.better, live.missing);
	result = watch(&live, &seen, atoi(argv[3]));
	printf("watch-raw: %" PRIu64 " failures, %" PRIu64 " lost; missing: %s\n", seen.count,
	       live.lost, live.missing);
	kw_watcher_close(&live);
	return result;
}
