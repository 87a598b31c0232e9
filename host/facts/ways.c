// SPDX-License-Identifier: MIT
/*
 * Facts of the host in, what prevents `kvmwhy watch` and kvmwhy.ko out: for each a sentence that
 * says what is missing and one that says what to do. An unknown fact blocks nothing.
 */
#include "host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* <linux/capability.h> */
enum { CAP_MODULE = 16, CAP_ADMIN = 21, CAP_PERF = 38, CAP_BPF_ = 39 };

/*
 * Linux 5.8: BPF ring buffers, CAP_BPF and CAP_PERFMON. Linux 5.10: the oldest kernel kvmwhy.ko was
 * tested on.
 */
enum { RINGBUF_MINOR = 8, OLDEST_MINOR = 10, TASK_REGS_MINOR = 15 };

static struct kw_reason *reason(struct kw_can *can, const char *id, unsigned int blocks)
{
	struct kw_reason *r =
		&can->reason[can->count < KW_REASONS - 1 ? can->count++ : KW_REASONS - 1];

	*r = (struct kw_reason){ .id = id, .blocks = blocks };
	can->ways &= ~blocks;
	return r;
}

__attribute__((format(printf, 3, 4))) static void put(char *text, size_t size, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, size, format, args);
	va_end(args);
}

#define says(r, ...) put((r)->says, sizeof((r)->says), __VA_ARGS__)
#define todo(r, ...) put((r)->todo, sizeof((r)->todo), __VA_ARGS__)

static bool has_cap(const struct kw_host *host, int cap)
{
	return host->caps_known != KW_YES || host->caps >> cap & 1;
}

static bool older_than(const struct kw_host_kernel *k, unsigned int minor)
{
	return k->major && (k->major < 5 || (k->major == 5 && k->minor < minor));
}

/* KVM itself: the same for both. */

static void check_kvm(const struct kw_host *host, struct kw_can *can, unsigned int ways)
{
	const struct kw_host_kvm *kvm = &host->kvm;
	struct kw_reason *r;

	if (kvm->state == KW_KVM_UNKNOWN || (kvm->vendor[0] && kvm->registered != KW_NO))
		return;
	if (kvm->vendor[0]) {
		r = reason(can, "kvm-not-started", ways);
		says(r, "KVM is in the kernel, but has not started.");
		todo(r, "%s", kvm->why);
		return;
	}
	r = reason(can, "kvm-not-loaded", ways);
	says(r,
	     kvm->state == KW_KVM_NOT_LOADED ? "KVM is not loaded." : "KVM has no vendor module.");
	if (host->cpu.svm == KW_NO && host->cpu.vmx == KW_NO)
		todo(r, "%s", kvm->why);
	else
		todo(r, "Run: modprobe %s", kw_host_wanted(host));
}

static void check_confidential(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (strcmp(host->kernel.lockdown, "confidentiality"))
		return;
	r = reason(can, "lockdown", KW_WAY_ALL);
	says(r, "The kernel is locked down for confidentiality, which forbids probes and reading "
		"kernel memory.");
	todo(r, "Boot with lockdown=integrity or without lockdown.");
}

/* kvmwhy watch */

/* Root lacks a capability in a container, and needs no advice to be root. */
static void todo_rights(const struct kw_host *host, struct kw_reason *r, const char *caps,
			const char *command)
{
	if (host->root == KW_YES)
		todo(r, "Run it on the host itself, or give the container %s.", caps);
	else
		todo(r, "Run: sudo %s", command);
}

static void check_rights(const struct kw_host *host, struct kw_can *can)
{
	bool bpf = has_cap(host, CAP_BPF_) && has_cap(host, CAP_PERF);
	struct kw_reason *r;

	if (has_cap(host, CAP_ADMIN))
		return;
	r = reason(can, "not-root", bpf ? KW_WAY_FENTRY : KW_WAY_BPF);
	if (bpf)
		says(r, "This process lacks CAP_SYS_ADMIN, without which BTF of modules cannot be "
			"read.");
	else
		says(r, "This process lacks CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, which BPF "
			"programs need.");
	todo_rights(host, r, bpf ? "CAP_SYS_ADMIN" : "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN",
		    "kvmwhy watch");
}

static void check_ring(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (!older_than(&host->kernel, RINGBUF_MINOR))
		return;
	r = reason(can, "kernel-too-old", KW_WAY_BPF);
	says(r, "Linux %s has no BPF ring buffer; 5.8 and later have it.", host->kernel.release);
	todo(r, "Use kvmwhy watch --via tracefs, or Linux 5.10 or later.");
}

/*
 * Linux commit dd6e10fbd9fb ("bpf: Add bpf_task_pt_regs() helper") (in v5.15), which Red Hat's 5.14
 * has too. With it the ioctl's file descriptor leads to the vCPU.
 */
static void check_task_regs(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (!older_than(&host->kernel, TASK_REGS_MINOR) || strstr(host->kernel.release, ".el"))
		return;
	r = reason(can, "no-task-regs", KW_WAY_FENTRY | KW_WAY_TRACEPOINT);
	says(r, "BPF programs of Linux %s cannot read a system call's arguments; those of 5.15 and "
		"later can.", host->kernel.release);
	todo(r, "Use Linux 5.15 or later, or kvmwhy watch --via bpf-kprobe.");
}

static void check_bpf(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kernel.bpf != KW_NO)
		return;
	r = reason(can, "no-bpf", KW_WAY_BPF);
	says(r, "The kernel does not support BPF programs.");
	todo(r,
	     "Use kvmwhy watch --via tracefs, or a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_JIT=y.");
}

static void check_btf(const struct kw_host *host, struct kw_can *can)
{
	const struct kw_host_kernel *k = &host->kernel;
	struct kw_reason *r;

	if (k->btf == KW_NO) {
		r = reason(can, "no-btf", KW_WAY_BPF);
		says(r, "The kernel has no BTF (/sys/kernel/btf/vmlinux is missing), which the BPF "
			"programs need.");
		todo(r,
		     "Use kvmwhy watch --via tracefs, or a kernel with CONFIG_DEBUG_INFO_BTF=y.");
		return;
	}
	if (k->btf_kvm != KW_NO || host->kvm.state != KW_KVM_MODULE)
		return;
	r = reason(can, "no-module-btf", KW_WAY_FENTRY);
	if (older_than(k, 11))
		says(r, "Linux %s has no BTF for modules (/sys/kernel/btf/kvm); 5.11 and later can "
			"have it.", k->release);
	else
		says(r, "The module kvm has no BTF (/sys/kernel/btf/kvm is missing).");
	todo(r, "Kprobes or tracefs may be enough; for fentry, use a kernel with "
		"CONFIG_DEBUG_INFO_BTF_MODULES=y.");
}

static void check_jit(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kernel.jit != KW_NO)
		return;
	r = reason(can, "no-jit", KW_WAY_FENTRY);
	says(r, "The BPF JIT is off, and fentry needs the JIT.");
	todo(r, "Run: echo 1 > /proc/sys/net/core/bpf_jit_enable");
}

static void check_kprobes(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kernel.kprobes != KW_NO)
		return;
	r = reason(can, "no-kprobes", KW_WAY_KPROBE | KW_WAY_TRACEFS);
	says(r, "The kernel has no kprobe events (%s/kprobe_events is missing).",
	     host->tracefs_path);
	todo(r, "Use a kernel with CONFIG_KPROBE_EVENTS=y.");
}

static void check_tracefs(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->tracefs == KW_YES && has_cap(host, CAP_ADMIN))
		return;
	if (host->tracefs == KW_NO) {
		r = reason(can, "no-tracefs", KW_WAY_TRACEFS);
		says(r, "tracefs is not mounted.");
		todo(r, "Run: mount -t tracefs tracefs /sys/kernel/tracing");
		return;
	}
	if (has_cap(host, CAP_ADMIN))
		return;
	r = reason(can, "tracefs-not-root", KW_WAY_TRACEFS);
	says(r, "This process lacks CAP_SYS_ADMIN, without which no probes can be created in "
		"tracefs.");
	todo_rights(host, r, "CAP_SYS_ADMIN", "kvmwhy watch --via tracefs");
}

static void remark_built_in(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kvm.state != KW_KVM_BUILT_IN)
		return;
	r = reason(can, "kvm-built-in", 0);
	says(r, "KVM is built into the kernel: its functions and types are in vmlinux.");
	todo(r, "Nothing to do.");
}

static void watch(const struct kw_host *host, struct kw_can *can)
{
	can->ways = KW_WAY_ALL;
	check_kvm(host, can, KW_WAY_ALL);
	check_confidential(host, can);
	check_rights(host, can);
	check_ring(host, can);
	check_task_regs(host, can);
	check_bpf(host, can);
	check_btf(host, can);
	check_jit(host, can);
	check_kprobes(host, can);
	check_tracefs(host, can);
	remark_built_in(host, can);
}

/* kvmwhy.ko */

static void check_modules(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kernel.modules == KW_NO) {
		r = reason(can, "no-modules", KW_WAY_MODULE);
		says(r, "This kernel cannot load modules (/proc/modules is missing).");
		todo(r, "Use a kernel with CONFIG_MODULES=y.");
	} else if (host->kernel.modules_disabled == KW_YES) {
		r = reason(can, "modules-disabled", KW_WAY_MODULE);
		says(r, "Loading modules is disabled until the next boot (kernel.modules_disabled "
			"is 1).");
		todo(r, "Load kvmwhy.ko before it is set.");
	}
}

static void check_module_rights(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (has_cap(host, CAP_MODULE))
		return;
	r = reason(can, "not-root", KW_WAY_MODULE);
	says(r, "This process lacks CAP_SYS_MODULE, which loading modules needs.");
	todo_rights(host, r, "CAP_SYS_MODULE", "modprobe kvmwhy");
}

/*
 * docs/kmod.md, "Secure Boot, lockdown" describes what was tried. A signed module loads, so these
 * are remarks.
 */
static void remark_closed(const struct kw_host *host, struct kw_can *can)
{
	bool confidential = !strcmp(host->kernel.lockdown, "confidentiality");
	struct kw_reason *r;

	if (!confidential && strcmp(host->kernel.lockdown, "integrity"))
		return;
	r = reason(can, "lockdown", 0);
	says(r, "Lockdown blocks kvmwhy.ko's injection%s; permit and report "
		"work.", confidential ? " and trace events" : "");
	todo(r, "Use kvmwhy inject --preload, or boot without lockdown.");
}

static void remark_signature(const struct kw_host *host, struct kw_can *can)
{
	bool locked = host->kernel.lockdown[0] && strcmp(host->kernel.lockdown, "none");
	struct kw_reason *r;

	if (!locked && host->kernel.sig_enforce != KW_YES)
		return;
	r = reason(can, "signature", 0);
	if (locked)
		says(r, "The kernel is locked down (%s): it loads only signed "
			"modules.", host->kernel.lockdown);
	else
		says(r, "The kernel loads only signed modules (module.sig_enforce).");
	todo(r, "Sign kvmwhy.ko with a key of this machine: see docs/kmod.md, \"Secure Boot, "
		"lockdown\".");
}

static void check_module_kernel(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (!older_than(&host->kernel, OLDEST_MINOR))
		return;
	r = reason(can, "kernel-too-old", KW_WAY_MODULE);
	says(r, "kvmwhy.ko needs Linux 5.10 or later; this is %s.", host->kernel.release);
	todo(r, "Use Linux 5.10 or later.");
}

static void check_module_kprobes(const struct kw_host *host, struct kw_can *can)
{
	struct kw_reason *r;

	if (host->kernel.kprobes != KW_NO)
		return;
	r = reason(can, "no-kprobes", KW_WAY_MODULE);
	says(r, "The kernel has no kprobe events, so probably no kprobes, which kvmwhy.ko needs.");
	todo(r, "Use a kernel with CONFIG_KPROBES=y.");
}

static void module(const struct kw_host *host, struct kw_can *can)
{
	can->ways = KW_WAY_MODULE;
	if (host->own_loaded == KW_YES)
		return;
	check_kvm(host, can, KW_WAY_MODULE);
	check_modules(host, can);
	check_module_rights(host, can);
	check_module_kernel(host, can);
	remark_signature(host, can);
	remark_closed(host, can);
	check_module_kprobes(host, can);
}

void kw_host_ways(struct kw_host *host)
{
	watch(host, &host->watch);
	module(host, &host->module);
}

/* What kvmwhy-live says */

void kw_host_built(struct kw_host *host, unsigned int ways)
{
	struct kw_can *can = &host->watch;
	struct kw_reason *r;

	if (!ways) {
		r = reason(can, "not-installed", KW_WAY_ALL);
		says(r, "kvmwhy watch is not installed: there is no kvmwhy-live that starts.");
		todo(r, "Install the package kvmwhy-watch, or build with -Dwatch=enabled.");
		return;
	}
	if (~ways & KW_WAY_BPF) {
		r = reason(can, "not-built", KW_WAY_BPF & ~ways);
		says(r, "This kvmwhy watch was built without libbpf.");
		todo(r, "Build with -Dwatch=enabled.");
	}
	if (~ways & KW_WAY_TRACEFS) {
		r = reason(can, "not-built", KW_WAY_TRACEFS);
		says(r, "This kvmwhy watch was built without libtracefs.");
		todo(r, "Build with -Dtracefs=enabled.");
	}
}

void kw_host_tried(struct kw_host *host, unsigned int way, const char *why)
{
	struct kw_can *can = &host->watch;

	if (why)
		says(reason(can, "tried", way), "%s", why);
	else
		can->tried |= way;
}

void kw_host_no_log(struct kw_host *host, const char *why)
{
	struct kw_reason *r = reason(&host->watch, "no-kernel-log", 0);

	says(r, "The kernel log cannot be read (/dev/kmsg: %s): failures are shown without what "
		"KVM logs there.", why);
	if (host->root == KW_YES)
		todo(r, "Run it on the host itself, or give the container CAP_SYSLOG.");
	else
		todo(r, "Run: sudo kvmwhy watch");
}
