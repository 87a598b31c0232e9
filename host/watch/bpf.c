// SPDX-License-Identifier: MIT
/*
 * Loads the programs of watch/bpf/ and reads their records from a ring buffer. Everything is tied
 * to file descriptors, so nothing stays in the kernel, however we end.
 */
#include "watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../facts/host.h"
#include "bpf/kvmwhy_bpf.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "kvmwhy.skel.h"
#pragma GCC diagnostic pop

enum { BUFFER_BYTES = 16 << 20, FORMAT_BYTES = 8192 };

struct bpf {
	struct kvmwhy_bpf *programs;
	struct ring_buffer *ring;
	char missing[KW_WATCHER_TEXT];	/* what was known at open */
};

/* Which programs form a set; NULL ends it. */
struct set {
	const char *how;
	enum kvmwhy_source source;
	const char *const *programs;
	const char *svm_set_msr, *vmx_set_msr; /* if that module runs the guests; or NULL */
};

static const char *const with_btf[] = { "kvm_vcpu_ioctl_exit", "kvm_set_msr_common_exit",
					"kvm_mmu_page_fault_exit", NULL };
static const char *const with_kprobes[] = { "kvm_arch_vcpu_ioctl_run_entry",
					    "kvm_set_msr_common_return",
					    "kvm_mmu_page_fault_return", NULL };
static const char *const with_events[] = { NULL };

static const struct set with_fexit = {
	"BPF fexit programs on KVM functions", KVMWHY_SOURCE_BPF, with_btf,
	"svm_set_msr_exit", "vmx_set_msr_exit",
};
static const struct set at_kprobes = {
	"BPF programs on kprobes", KVMWHY_SOURCE_BPF_KPROBE, with_kprobes,
	"svm_set_msr_return", "vmx_set_msr_return",
};
static const struct set at_events = {
	"BPF programs on KVM's trace events", KVMWHY_SOURCE_BPF_TRACEPOINT, with_events,
	NULL, NULL,
};

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool is_svm(void)
{
	return exists("/sys/module/kvm_amd");
}

static bool is_vmx(void)
{
	return exists("/sys/module/kvm_intel");
}

/* Keeps libbpf's last message, for the sentence about a failure. */
static char said[KW_WATCHER_TEXT];

__attribute__((format(printf, 2, 0))) static int keep_said(enum libbpf_print_level level,
							   const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(said, sizeof(said), format, args);
	return 0;
}

__attribute__((format(printf, 2, 3))) static int fail(struct kw_watcher *live, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(live->why, sizeof(live->why), format, args);
	va_end(args);
	return -1;
}

/* The format file of a KVM event, as text. */
static int read_format(const char *event, char *text, size_t size)
{
	static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[256];
	size_t len;
	FILE *file = NULL;

	for (size_t i = 0; !file && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/events/kvm/%s/format", folders[i], event);
		file = fopen(path, "re");
	}
	if (!file)
		return -errno;
	len = fread(text, 1, size - 1, file);
	fclose(file);
	text[len] = '\0';
	return 0;
}

/* "field:unsigned long guest_rip;\toffset:16;\tsize:8;": the offset, if the size matches. */
static int field_at(const char *format, const char *name, unsigned int size, unsigned short *ret)
{
	char wanted[64];
	unsigned int at, bytes;
	const char *found;

	snprintf(wanted, sizeof(wanted), " %s;", name);
	found = strstr(format, wanted);
	if (!found || sscanf(found + strlen(wanted), " offset:%u; size:%u;", &at, &bytes) != 2 ||
	    bytes != size || at > 4096)
		return -ENOENT;
	*ret = (unsigned short)at;
	return 0;
}

static int read_kvm_exit(struct kvmwhy_bpf_config *config)
{
	char text[FORMAT_BYTES];
	int err = read_format("kvm_exit", text, sizeof(text));

	if (err)
		return err;
	if (field_at(text, "exit_reason", 4, &config->exit_reason) ||
	    field_at(text, "info1", 8, &config->info1) ||
	    field_at(text, "info2", 8, &config->info2) ||
	    field_at(text, "intr_info", 4, &config->intr_info) ||
	    field_at(text, "error_code", 4, &config->error_code))
		return -ENOENT;
	return 0;
}

static int read_kvm_userspace_exit(struct kvmwhy_bpf_config *config)
{
	char text[FORMAT_BYTES];
	int err = read_format("kvm_userspace_exit", text, sizeof(text));

	if (err)
		return err;
	if (field_at(text, "reason", 4, &config->run_reason) ||
	    field_at(text, "errno", 4, &config->run_errno))
		return -ENOENT;
	return 0;
}

static int read_kvm_emulate_insn(struct kvmwhy_bpf_config *config)
{
	char text[FORMAT_BYTES];
	int err = read_format("kvm_emulate_insn", text, sizeof(text));

	if (err)
		return err;
	if (field_at(text, "rip", 8, &config->insn_rip) ||
	    field_at(text, "len", 1, &config->insn_len) ||
	    field_at(text, "insn[15]", 15, &config->insn_bytes) ||
	    field_at(text, "failed", 1, &config->insn_failed))
		return -ENOENT;
	return 0;
}

static int read_kvm_page_fault(struct kvmwhy_bpf_config *config)
{
	char text[FORMAT_BYTES];
	int err = read_format("kvm_page_fault", text, sizeof(text));

	if (err)
		return err;
	return field_at(text, "fault_address", 8, &config->fault_address);
}

static void want(struct kvmwhy_bpf *programs, const char *name)
{
	bpf_program__set_autoload(bpf_object__find_program_by_name(programs->obj, name), true);
}

/* RIP and the exit are in the VMCS, which only KVM can read: it does so for its own events. */
static void want_vmx(struct kw_watcher *live, struct kvmwhy_bpf *programs,
		     struct kvmwhy_bpf_config *config)
{
	if (read_kvm_exit(config)) {
		kw_watcher_say(live->missing, "RIP and the last exit cannot be seen: the event "
			   "kvm:kvm_exit is missing; mount -t tracefs tracefs "
			   "/sys/kernel/tracing.");
		return;
	}
	want(programs, "kvm_exit");
	if (!read_kvm_emulate_insn(config))
		want(programs, "kvm_emulate_insn");
	if (config->source == KVMWHY_SOURCE_BPF_TRACEPOINT && !read_kvm_page_fault(config))
		want(programs, "kvm_page_fault");
}

static void want_end(struct kw_watcher *live, struct kvmwhy_bpf *programs,
		     struct kvmwhy_bpf_config *config)
{
	if (!read_kvm_userspace_exit(config)) {
		want(programs, "kvm_userspace_exit");
		return;
	}
	want(programs, "kvm_userspace_exit_raw");
	kw_watcher_say(live->missing, "On a preemptible kernel, failures in quick succession may "
				      "be missed: the event kvm:kvm_userspace_exit is missing; "
				      "mount -t tracefs tracefs /sys/kernel/tracing.");
}

static void choose(struct kw_watcher *live, struct kvmwhy_bpf *programs, const struct set *set)
{
	struct kvmwhy_bpf_config config = {
		.pid = (unsigned int)live->options.pid,
		.source = set->source,
		.svm = is_svm(),
		.vmx = is_vmx(),
	};
	struct bpf_program *program;

	bpf_object__for_each_program(program, programs->obj)
		bpf_program__set_autoload(program, false);
	for (const char *const *name = set->programs; *name; name++)
		want(programs, *name);
	want_end(live, programs, &config);
	if (config.svm && set->svm_set_msr)
		want(programs, set->svm_set_msr);
	if (config.vmx && set->vmx_set_msr)
		want(programs, set->vmx_set_msr);
	if (config.source == KVMWHY_SOURCE_BPF_TRACEPOINT)
		kw_watcher_say(live->missing, "Which function refused cannot be seen, nor a "
					      "KVM_RUN refused before it reaches the vCPU.");
	else
		bpf_map__set_max_entries(programs->maps.faults, 1);
	if (config.vmx)
		want_vmx(live, programs, &config);
	if (!config.svm && !config.vmx)
		kw_watcher_say(live->missing, "Neither kvm_amd nor kvm_intel is loaded: the exit "
					      "and the segments cannot be seen.");
	if (exists("/sys/module/kvmwhy")) {
		want(programs, "kvmwhy_failure");
		want(programs, "kvmwhy_inject");
	}
	*(struct kvmwhy_bpf_config *)&programs->rodata->config = config;
	bpf_map__set_max_entries(programs->maps.events,
				 (unsigned int)(live->options.buffer_bytes ?
							live->options.buffer_bytes :
							BUFFER_BYTES));
}

static int explain(struct kw_watcher *live, const char *what, int err)
{
	said[strcspn(said, "\n")] = '\0';
	if (err == -EPERM || err == -EACCES)
		return fail(live, "%s: %s: %s", what, strerror(-err),
			    geteuid() ? "run as root, or with CAP_SYS_ADMIN, CAP_BPF and "
					"CAP_PERFMON" :
					"a container, a security module or lockdown keeps root from "
					"it: run on the host itself");
	return fail(live, "%s: %s%s%s", what, strerror(-err), *said ? ": " : "", said);
}

static int take_record(void *arg, void *data, size_t len)
{
	struct kw_watcher *live = arg;

	return len < sizeof(struct kvmwhy_event) ? 0 : live->fn(live->arg, data);
}

static void free_bpf(struct bpf *bpf)
{
	ring_buffer__free(bpf->ring);
	kvmwhy_bpf__destroy(bpf->programs);
	free(bpf);
}

static int start(struct kw_watcher *live, struct bpf *bpf, const struct set *set)
{
	int err;

	bpf->programs = kvmwhy_bpf__open();
	if (!bpf->programs)
		return explain(live, "cannot read the BPF programs", -errno);
	choose(live, bpf->programs, set);
	err = kvmwhy_bpf__load(bpf->programs);
	if (err)
		return explain(live, "the kernel rejects the BPF programs", err);
	err = kvmwhy_bpf__attach(bpf->programs);
	if (err)
		return explain(live, "cannot attach the BPF programs to KVM", err);
	bpf->ring =
		ring_buffer__new(bpf_map__fd(bpf->programs->maps.events), take_record, live, NULL);
	if (!bpf->ring)
		return explain(live, "cannot map the BPF ring buffer", -errno);
	return 0;
}

static int open_set(struct kw_watcher *live, const struct set *set)
{
	struct bpf *bpf = calloc(1, sizeof(*bpf));

	if (!bpf)
		return fail(live, "out of memory");
	*said = '\0';
	libbpf_set_print(keep_said);
	if (start(live, bpf, set)) {
		free_bpf(bpf);
		return -1;
	}
	live->state = bpf;
	live->fd = ring_buffer__epoll_fd(bpf->ring);
	snprintf(live->how, sizeof(live->how), "%s", set->how);
	memcpy(bpf->missing, live->missing, sizeof(bpf->missing));
	return 0;
}

static int open_fexit(struct kw_watcher *live)
{
	return open_set(live, &with_fexit);
}

static int open_kprobe(struct kw_watcher *live)
{
	return open_set(live, &at_kprobes);
}

static int open_tracepoint(struct kw_watcher *live)
{
	return open_set(live, &at_events);
}

/* How often the kernel skipped a program because another one was running on that processor. */
static uint64_t left_out(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_program__fd(program);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.recursion_misses;
}

static void say_missing(struct kw_watcher *live)
{
	struct bpf *bpf = live->state;
	uint64_t ends = left_out(bpf->programs->progs.kvm_userspace_exit) +
			left_out(bpf->programs->progs.kvm_userspace_exit_raw);
	uint64_t calls = left_out(bpf->programs->progs.kvm_vcpu_ioctl_exit);

	memcpy(live->missing, bpf->missing, sizeof(live->missing));
	if (ends)
		kw_watcher_say(live->missing, "At %llu returns of KVM_RUN the program was skipped "
					      "because another one was running: failures among "
					      "them were missed.",
		     (unsigned long long)ends);
	if (calls)
		kw_watcher_say(live->missing, "At %llu returns of a vCPU's ioctl the program was "
					      "skipped because another one was running: a KVM_RUN "
					      "refused before it reached the vCPU would have been "
					      "missed there.", (unsigned long long)calls);
}

static int read_bpf(struct kw_watcher *live)
{
	struct bpf *bpf = live->state;
	int rc = ring_buffer__consume(bpf->ring);

	live->lost = bpf->programs->bss->lost;
	say_missing(live);
	return rc < 0 ? rc : 0;
}

static void stop_bpf(struct kw_watcher *live)
{
	struct bpf *bpf = live->state;

	kvmwhy_bpf__detach(bpf->programs);
}

static void close_bpf(struct kw_watcher *live)
{
	free_bpf(live->state);
}

const struct kw_watch_backend kw_backend_bpf = {
	.name = "bpf",
	.way = KW_WAY_FENTRY,
	.open = open_fexit,
	.read = read_bpf,
	.stop = stop_bpf,
	.close = close_bpf,
};

const struct kw_watch_backend kw_backend_bpf_kprobe = {
	.name = "bpf-kprobe",
	.way = KW_WAY_KPROBE,
	.open = open_kprobe,
	.read = read_bpf,
	.stop = stop_bpf,
	.close = close_bpf,
};

const struct kw_watch_backend kw_backend_bpf_tracepoint = {
	.name = "bpf-tracepoint",
	.way = KW_WAY_TRACEPOINT,
	.open = open_tracepoint,
	.read = read_bpf,
	.stop = stop_bpf,
	.close = close_bpf,
};
