// SPDX-License-Identifier: MIT
/*
 * Instances, probes and filters in the kernel: a tracefs directory in, two running instances and
 * their events' field offsets out.
 */
#include "tracefs_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <kvm_numbers.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * KVM_RUN has failed: an errno other than EINTR and EAGAIN, or an exit after which no VMM continues
 * (the KVM_EXIT_* UNKNOWN, EXCEPTION, SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR, MEMORY_FAULT). Before
 * Linux 6.8 the reason next to an errno is that of an earlier exit.
 */
#define BAD_REASON \
	"(reason == 0 || reason == 1 || reason == 8 || reason == 9 || reason == 17 || reason == 39)"
#define FAILED "(errno < 0 && errno != -4 && errno != -11) || (errno >= 0 && " BAD_REASON ")"
#define WENT_ON \
	"errno == -4 || errno == -11 || (errno >= 0 && reason != 0 && reason != 1 && reason != 8 && " \
	"reason != 9 && reason != 17 && reason != 39)"
_Static_assert(KW_KVM_EXIT_UNKNOWN == 0 && KW_KVM_EXIT_EXCEPTION == 1 &&
		       KW_KVM_EXIT_SHUTDOWN == 8 && KW_KVM_EXIT_FAIL_ENTRY == 9 &&
		       KW_KVM_EXIT_INTERNAL_ERROR == 17 && KW_KVM_EXIT_MEMORY_FAULT == 39 &&
		       KW_EINTR == 4 && KW_EAGAIN == 11,
	       "the numbers in the text of the filters");

/*
 * kvmwhy.ko reports an ioctl that was refused without a kvm_userspace_exit, and all other failures
 * before it.
 */
#define REFUSED		"function == 6"
#define NOT_REFUSED	"function != 6"

/*
 * A kretprobe tracks only as many concurrent calls as it has room for, and these functions may
 * sleep, a page fault for as long as a disk or a migration source takes: room for one call on each
 * vCPU of a big host.
 */
#define ROOM		"2048"

/*
 * Events in different buffers are ordered by time, so time must not go back. The clock "mono" does,
 * slightly, when the kernel adjusts it between two readings; this one is never adjusted, and is the
 * same on all processors.
 */
#define CLOCK		"mono_raw"

/*
 * Per processor, by default. The history must last until the reader gets a processor: this many
 * bytes in total, within limits.
 */
enum {
	FAILURES_BYTES = 256 << 10,
	HISTORY_ALL = 64 << 20,
	HISTORY_LEAST = 256 << 10,
	HISTORY_MOST = 1 << 20
};

static const struct row {
	const char *system;	/* NULL: a probe of ours */
	const char *name;
	/* module of the probed function: kvm, or NULL for the vendor's */
	const char *module;
	const char *function;	/* its name, without svm or vmx if in the vendor's module */
	bool returns;		/* probed at its end */
	const char *fetch;	/* what is read there */
	const char *filter[KW_TRACEFS_INSTANCES];	/* "": all; NULL: not wanted there */
	const char *fields[KW_TF_FIELDS];
	const char *without;	/* a sentence for when it is missing */
} rows[KW_TRACEFS_KINDS] = {
	[KW_TRACEFS_EXIT] = {
		.system = "kvm", .name = "kvm_exit", .filter = { NULL, "" },
		.fields = { "exit_reason", "guest_rip", "isa", "info1", "info2", "intr_info", "error_code", "vcpu_id" },
		.without = "The last VM exit and RIP cannot be seen: this kernel has no event "
			   "kvm:kvm_exit.",
	},
	[KW_TRACEFS_NESTED] = {
		.system = "kvm", .name = "kvm_nested_vmexit", .filter = { NULL, "" },
	},
	[KW_TRACEFS_RUN_END] = {
		.system = "kvm", .name = "kvm_userspace_exit", .filter = { FAILED, WENT_ON },
		.fields = { "reason", "errno" },
	},
	[KW_TRACEFS_EMULATE] = {
		.system = "kvm", .name = "kvm_emulate_insn", .filter = { NULL, "failed == 1" },
		.fields = { "len", "insn" },
	},
	[KW_TRACEFS_MODULE] = {
		.system = "kvmwhy", .name = "kvmwhy_failure", .filter = { REFUSED, NOT_REFUSED },
		.fields = { "kind", "flags", "result", "run", "msr", "function", "value", "rip", "exit_reason", "gpa",
			    "error_code", "vcpu_id" },
	},
	/* struct msr_data: host_initiated, index, data; the same since Linux 3.8 */
	[KW_TRACEFS_MSR_ENTER] = {
		.name = "msr_enter", .function = "_set_msr",
		.fetch = "index=+4(%si):x32 data=+8(%si):x64 host=+0(%si):u8",
		.filter = { NULL, "" }, .fields = { "index", "data", "host" },
		.without = "MSR and value of a failed WRMSR cannot be seen: no probe on "
			   "kvm_set_msr_common().",
	},
	[KW_TRACEFS_MSR_COMMON] = {
		.name = "msr_common", .module = "kvm", .function = "kvm_set_msr_common",
		.returns = true, .fetch = "ret=$retval:s32",
		.filter = { NULL, "ret < 0" }, .fields = { "ret" },
		.without = "Which function refuses a WRMSR cannot be seen: no probe on the return "
			   "of kvm_set_msr_common().",
	},
	[KW_TRACEFS_MSR_VENDOR] = {
		.name = "msr_vendor", .function = "_set_msr",
		.returns = true, .fetch = "ret=$retval:s32",
		.filter = { NULL, "ret < 0" }, .fields = { "ret" },
		.without = "A WRMSR refused by svm_set_msr() or vmx_set_msr() itself cannot be "
			   "seen: no probe there.",
	},
	[KW_TRACEFS_FAULT_ENTER] = {
		.name = "fault_enter", .module = "kvm", .function = "kvm_mmu_page_fault",
		.fetch = "gpa=%si:x64 error_code=%dx:x64",
		.filter = { NULL, "" }, .fields = { "gpa", "error_code" },
		.without = "The address of a failed memory access cannot be seen: no probe on "
			   "kvm_mmu_page_fault().",
	},
	[KW_TRACEFS_FAULT] = {
		.name = "fault", .module = "kvm", .function = "kvm_mmu_page_fault",
		.returns = true, .fetch = "ret=$retval:s32",
		.filter = { NULL, "ret < 0" }, .fields = { "ret" },
	},
	/*
	 * each KVM_RUN ends with it, before kvm_userspace_exit: about forty words per return to the
	 * VMM
	 */
	[KW_TRACEFS_LEAVE] = {
		.name = "leave", .module = "kvm", .function = "vcpu_put",
		.filter = { NULL, "" }, .fields = { "vcpu_id", "run", "regs", "avail" },
	},
};

const char *kw_tracefs_probe_name(size_t i)
{
	return rows[KW_TRACEFS_MSR_ENTER + i].name;
}

__attribute__((format(printf, 2, 3))) static int refuse(struct kw_watcher *live, const char *format,
							...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(live->why, sizeof(live->why), format, arguments);
	va_end(arguments);
	return -1;
}

/* Where it is, and whether it can be used */

static bool is_locked_down(void)
{
	char text[128] = "";
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	bool locked;

	if (!file)
		return false;
	locked = fgets(text, sizeof(text), file) && strstr(text, "[confidentiality]");
	fclose(file);
	return locked;
}

static int refuse_dir(struct kw_watcher *live, const char *path, int error)
{
	if (is_locked_down())
		return refuse(live, "kernel lockdown (confidentiality) closes tracefs: boot with "
				    "lockdown=integrity or without lockdown.");
	if ((error == EACCES || error == EPERM) && geteuid())
		return refuse(live, "this user may not use %s: run as root.", path);
	if (error == EACCES || error == EPERM)
		return refuse(live, "root may not use %s here: run on the host itself, outside of "
				    "containers.", path);
	return refuse(live, "%s: %s: check that the kernel has "
			    "CONFIG_FTRACE", path, strerror(error));
}

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return !access(path, F_OK);
}

static bool has_event(const char *dir, const struct row *row)
{
	char path[KW_TRACEFS_PATH];

	snprintf(path, sizeof(path), "%s/events/%s/%s", dir, row->system, row->name);
	return !access(path, F_OK);
}

static int check(struct kw_watcher *live, const char *dir)
{
	char path[KW_TRACEFS_PATH];

	if (is_locked_down())
		return refuse_dir(live, dir, EPERM);
	snprintf(path, sizeof(path), "%s/kprobe_events", dir);
	if (access(path, W_OK))
		return refuse(live,
			      "%s: %s: the kernel has no kprobe events (CONFIG_KPROBE_EVENTS).",
			      path, strerror(errno));
	if (!has_event(dir, &rows[KW_TRACEFS_RUN_END]))
		return refuse(live, "KVM is not loaded: run 'modprobe kvm_amd' or 'modprobe "
				    "kvm_intel'.");
	return 0;
}

const char *kw_tracefs_find_dir(struct kw_watcher *live)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	struct statfs fs;
	char path[64];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (statfs(places[i], &fs)) {
			if (errno != EACCES)
				continue;
			refuse_dir(live, places[i], EACCES);
			return NULL;
		}
		if (fs.f_type != TRACEFS_MAGIC)
			continue;
		snprintf(path, sizeof(path), "%s/instances", places[i]);
		if (!access(path, W_OK | X_OK))
			return check(live, places[i]) ? NULL : places[i];
		refuse_dir(live, places[i], errno);
		return NULL;
	}
	refuse(live, "tracefs is not mounted at %s: mount -t tracefs tracefs %s", places[0],
	       places[0]);
	return NULL;
}

/* What is put in */

static int set_up_instance(struct kw_tracefs *t, enum kw_tracefs_instance i, size_t bytes,
			   bool overwrites)
{
	struct tracefs_instance *made = tracefs_instance_alloc(NULL, t->names.name[i]);

	if (!made)
		return refuse(t->live, "%s: %s", t->names.path[i], strerror(errno));
	t->instance[i] = made;
	if (tracefs_instance_set_buffer_size(made, (bytes + 1023) / 1024, -1))
		return refuse(t->live, "%s refuses a buffer of %zu bytes per processor: use a "
				       "smaller one.", t->names.path[i], bytes);
	if (tracefs_instance_file_write(made, "trace_clock", CLOCK) < 0)
		return refuse(t->live, "%s/trace_clock does not "
				       "accept " CLOCK ": %s", t->names.path[i], strerror(errno));
	if (tracefs_instance_file_write(made, "options/overwrite", overwrites ? "1" : "0") < 0)
		return refuse(t->live, "%s/options/overwrite: %s", t->names.path[i],
			      strerror(errno));
	tracefs_instance_file_write(made, "buffer_percent", "0");
	return 0;
}

static size_t history_bytes(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t each = HISTORY_ALL / (size_t)(cpus > 0 ? cpus : 1);

	return each < HISTORY_LEAST ? HISTORY_LEAST : each > HISTORY_MOST ? HISTORY_MOST : each;
}

static int set_up_instances(struct kw_tracefs *t)
{
	size_t bytes = t->live->options.buffer_bytes;

	if (set_up_instance(t, KW_TRACEFS_FAILURES, bytes ? bytes : FAILURES_BYTES, false))
		return -1;
	return set_up_instance(t, KW_TRACEFS_HISTORY, bytes ? bytes : history_bytes(), true);
}

/* Threads of the process, and those they start. */
static int only_process(struct kw_tracefs *t)
{
	char *tasks = kw_tracefs_tasks(t->live->options.pid);
	int result = 0;

	if (!tasks)
		return refuse(t->live, "No process has ID %d.", t->live->options.pid);
	for (size_t i = 0; i < KW_TRACEFS_INSTANCES && !result; i++) {
		if (tracefs_instance_file_write(t->instance[i], "options/event-fork", "1") < 0 ||
		    tracefs_instance_file_write(t->instance[i], "set_event_pid", tasks) < 0)
			result = refuse(t->live, "%s/set_event_pid: %s", t->names.path[i],
					strerror(errno));
	}
	free(tasks);
	return result;
}

/* SVM or VMX, by the loaded module; if built in, by its parameters. */
static const char *vendor_of(struct kw_tracefs *t)
{
	bool svm = !access("/sys/module/kvm_amd", F_OK),
	     vmx = !access("/sys/module/kvm_intel", F_OK);

	if (svm == vmx)
		return NULL;
	t->vendor = svm ? KVMWHY_X86_SVM : KVMWHY_X86_VMX;
	return svm ? "svm" : "vmx";
}

/* MODULE:FUNCTION, or FUNCTION if KVM is built in. */
static bool function_of(struct kw_tracefs *t, const struct row *row, char *ret, size_t size)
{
	const char *vendor = vendor_of(t), *module = row->module;
	const char *prefix = "";

	if (!module) {
		if (!vendor)
			return false;
		prefix = vendor;
		module = vendor[0] == 's' ? "kvm_amd" : "kvm_intel";
	}
	if (is_loaded(module))
		snprintf(ret, size, "%s:%s%s", module, prefix, row->function);
	else
		snprintf(ret, size, "%s%s", prefix, row->function);
	return true;
}

static bool put_probe(struct kw_tracefs *t, const struct row *row, const char *function,
		      const char *fetch)
{
	char line[512];

	snprintf(line, sizeof(line), "%s:%s/%s %s %s", row->returns ? "r" ROOM : "p",
		 t->names.group, row->name, function, fetch);
	return tracefs_instance_file_append(NULL, "kprobe_events", line) >= 0;
}

static bool put_row(struct kw_tracefs *t, const struct row *row, const char *fetch)
{
	char function[96];

	return function_of(t, row, function, sizeof(function)) &&
	       put_probe(t, row, function, fetch);
}

/*
 * The vendor's function sees every MSR that the common one sees, plus its own; the arguments are
 * the same.
 */
static bool put_msr_enter(struct kw_tracefs *t, const struct row *row)
{
	char common[96];

	if (put_row(t, row, row->fetch))
		return true;
	return function_of(t, &rows[KW_TRACEFS_MSR_COMMON], common, sizeof(common)) &&
	       put_probe(t, row, common, row->fetch);
}

/* Without the layout of struct kvm_vcpu there is nothing to fetch. */
static bool put_leave(struct kw_tracefs *t, const struct row *row)
{
	struct kw_tracefs_vcpu at;
	char fetch[256];

	if (kw_tracefs_vcpu_layout(&at))
		return false;
	snprintf(
		fetch, sizeof(fetch),
		"vcpu_id=+%u(%%di):s32 run=+0(+%u(%%di)):x64[%d] regs=+%u(%%di):x64[17] avail=+%u(%%di):x32",
		at.vcpu_id, at.run, KVMWHY_EVENT_RUN / 8, at.regs, at.regs_avail);
	return put_row(t, row, fetch);
}

static bool put_kind(struct kw_tracefs *t, enum kw_tracefs_kind kind)
{
	switch (kind) {
	case KW_TRACEFS_MSR_ENTER:
		return put_msr_enter(t, &rows[kind]);
	case KW_TRACEFS_LEAVE:
		return put_leave(t, &rows[kind]);
	default:
		return put_row(t, &rows[kind], rows[kind].fetch);
	}
}

/* Only existing functions can be probed: missing ones are reported. */
static void put_probes(struct kw_tracefs *t, bool there[static KW_TRACEFS_KINDS], const char *dir)
{
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++) {
		there[kind] = rows[kind].system ? has_event(dir, &rows[kind]) : put_kind(t, kind);
		if (!there[kind] && rows[kind].without)
			kw_watcher_say(t->missing, "%s", rows[kind].without);
	}
}

/* Where the fields are */

static void find_fields(struct kw_tracefs *t, enum kw_tracefs_kind kind)
{
	const struct row *row = &rows[kind];
	struct kw_tracefs_layout *layout = &t->layout[kind];
	struct tep_event *event;
	struct tep_format_field *field;

	event = tep_find_event_by_name(t->tep, row->system ? row->system : t->names.group,
				       row->name);
	if (!event)
		return;
	layout->id = event->id;
	for (size_t i = 0; i < KW_TF_FIELDS && row->fields[i]; i++) {
		field = tep_find_field(event, row->fields[i]);
		if (!field || field->offset < 0 || field->size <= 0 ||
		    field->offset + field->size > UINT16_MAX)
			continue;
		layout->field[i].offset = (uint16_t)field->offset;
		layout->field[i].size = (uint16_t)field->size;
	}
}

static int find_layouts(struct kw_tracefs *t, const bool there[static KW_TRACEFS_KINDS],
			const char *dir)
{
	const char *const systems[] = { "kvm", "kvmwhy", t->names.group, NULL };

	for (size_t kind = 0; kind < KW_TRACEFS_KINDS; kind++)
		t->layout[kind].id = -1;
	t->tep = tracefs_local_events_system(dir, systems);
	if (!t->tep)
		return refuse(t->live, "%s/events: event formats cannot be read: "
				       "%s", dir, strerror(errno));
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++)
		if (there[kind])
			find_fields(t, kind);
	if (t->layout[KW_TRACEFS_RUN_END].id < 0 ||
	    !t->layout[KW_TRACEFS_RUN_END].field[KW_TF_ERRNO].size)
		return refuse(t->live, "%s/events/kvm/kvm_userspace_exit/format is not understood: "
				       "please report this.", dir);
	return 0;
}

/* What is switched on */

static int enable(struct kw_tracefs *t, enum kw_tracefs_kind kind, enum kw_tracefs_instance i)
{
	const struct row *row = &rows[kind];
	const char *system = row->system ? row->system : t->names.group, *filter = row->filter[i];

	if (t->layout[kind].id < 0 || !filter)
		return 0;
	if (*filter &&
	    tracefs_event_file_write(t->instance[i], system, row->name, "filter", filter) < 0)
		return refuse(t->live, "The kernel refuses the filter of %s:%s: "
				       "%s", system, row->name, strerror(errno));
	if (tracefs_event_file_write(t->instance[i], system, row->name, "enable", "1") >= 0)
		return 0;
	if (kind == KW_TRACEFS_RUN_END)
		return refuse(t->live, "%s:%s cannot be enabled: %s", system, row->name,
			      strerror(errno));
	kw_watcher_say(t->missing, "%s:%s cannot be enabled: %s.",
		       row->system ? row->system : "The probe", row->name, strerror(errno));
	return 0;
}

/* A thread's history must begin before its failures. */
static int enable_all(struct kw_tracefs *t)
{
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++)
		if (enable(t, kind, KW_TRACEFS_HISTORY))
			return -1;
	for (unsigned int kind = 0; kind < KW_TRACEFS_KINDS; kind++)
		if (enable(t, kind, KW_TRACEFS_FAILURES))
			return -1;
	return 0;
}

int kw_tracefs_put_in(struct kw_tracefs *t, const char *dir)
{
	bool there[KW_TRACEFS_KINDS];

	if (set_up_instances(t))
		return -1;
	if (t->live->options.pid && only_process(t))
		return -1;
	put_probes(t, there, dir);
	if (find_layouts(t, there, dir))
		return -1;
	return enable_all(t);
}

/* What the probes missed */

/*
 * All lines of this name: this includes another watch's misses, which only makes the answer more
 * cautious.
 */
static uint64_t missed_of(const char *profile, const char *name)
{
	unsigned long long missed;
	uint64_t sum = 0;
	size_t len = strlen(name);

	for (const char *at = profile; (at = strstr(at, name)); at += len)
		if (at[len] == ' ' && at > profile && at[-1] == ' ' &&
		    sscanf(at + len, " %*u %llu", &missed) == 1)
			sum += missed;
	return sum;
}

/*
 * kprobe_profile of Linux 5.10 counts misses due to nested probe hits, but not calls for which a
 * kretprobe had no room; later kernels count both.
 */
void kw_tracefs_count_missed(struct kw_tracefs *t)
{
	static const enum kw_tracefs_kind kinds[] = { KW_TRACEFS_MSR_COMMON, KW_TRACEFS_MSR_VENDOR,
						      KW_TRACEFS_FAULT };
	char *profile = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);

	if (!profile)
		return;
	t->missed = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		t->missed += missed_of(profile, rows[kinds[i]].name);
	t->missed_common = missed_of(profile, rows[KW_TRACEFS_MSR_COMMON].name);
	free(profile);
}
