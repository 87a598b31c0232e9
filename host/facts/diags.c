// SPDX-License-Identifier: MIT
/*
 * Which of KVM's own messages are on, and the commands that switch them. Commands are only printed;
 * they name the host's files, even when a copy is inspected.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct kw_host_diag *add(struct kw_host *host, const char *id, const char *about)
{
	struct kw_host_diag *d = &host->diag[host->ndiags++];

	d->id = id;
	d->about = about;
	return d;
}

static void commands(struct kw_host_diag *d, const char *file, const char *on, const char *off)
{
	snprintf(d->turn_on, sizeof(d->turn_on), "echo %s > %s", on, file);
	snprintf(d->turn_off, sizeof(d->turn_off), "echo %s > %s", off, file);
}

/* Why a state is unknown. */
static void cannot(struct kw_host_diag *d, const char *file, int err)
{
	if (err == -ENOENT)
		snprintf(d->state, sizeof(d->state), "there is no %s", file);
	else
		snprintf(d->state, sizeof(d->state), "cannot read %s: %s", file, strerror(-err));
}

/* A parameter that is Y or N. */
static void parameter(struct kw_host *host, const char *id, const char *module, const char *about)
{
	struct kw_host_diag *d = add(host, id, about);
	char file[KW_HOST_FILE], value[KW_HOST_WORD];
	int err;

	snprintf(file, sizeof(file), "/sys/module/%.60s/parameters/%s", module, id);
	err = kw_tree_line(&host->tree, file, value, sizeof(value));
	if (err) {
		cannot(d, file, err);
		return;
	}
	d->on = kw_tri(!strcmp(value, "Y") || !strcmp(value, "1"));
	commands(d, file, "1", "0");
}

static void dump(struct kw_host *host)
{
	const char *vendor = host->kvm.vendor;

	if (!strcmp(vendor, "kvm_amd"))
		parameter(host, "dump_invalid_vmcb", vendor,
			  "the VMCB in the kernel log when VMRUN fails");
	else if (!strcmp(vendor, "kvm_intel"))
		parameter(host, "dump_invalid_vmcs", vendor,
			  "the VMCS in the kernel log when VM entry fails");
}

/* On by default: if it is on, there is nothing to switch. */
static void ignored(struct kw_host *host)
{
	struct kw_host_diag *d = &host->diag[host->ndiags];

	parameter(host, "report_ignored_msrs", "kvm", "a line for each MSR access that ignore_msrs "
						      "ignored");
	if (d->on == KW_YES)
		d->turn_on[0] = d->turn_off[0] = '\0';
}

struct sites {
	unsigned int all, on;
};

/* "arch/x86/kvm/x86.c:411 [kvm]kvm_msr_ignored_check =p "kvm [%i]: unhandled %s: ..."" */
static int count_site(void *arg, const char *line)
{
	struct sites *sites = arg;
	const char *flags = strstr(line, " =");

	if (!strstr(line, "[kvm]") || !strstr(line, "unhandled ") || !flags)
		return 0;
	sites->all++;
	sites->on += memchr(flags + 2, 'p', strcspn(flags + 2, " ")) != NULL;
	return 0;
}

static const char *const controls[] = { "/proc/dynamic_debug/control",
					"/sys/kernel/debug/dynamic_debug/control" };

/* KVM logs unknown MSRs through pr_debug(), unless ignore_msrs is set. */
static void unhandled(struct kw_host *host)
{
	struct kw_host_diag *d = add(host, "unhandled_msrs", "a line for each access to an MSR "
		"unknown to KVM");
	struct sites sites = { 0, 0 };
	const char *file = controls[0];
	int err = kw_tree_lines(&host->tree, file, count_site, &sites);

	if (err) {
		file = controls[1];
		err = kw_tree_lines(&host->tree, file, count_site, &sites);
	}
	if (err) {
		cannot(d, file, err);
		return;
	}
	if (!sites.all) {
		snprintf(d->state, sizeof(d->state), "%s has no such line: KVM is not loaded, or "
						     "was built without it", file);
		return;
	}
	d->on = kw_tri(sites.on > 0);
	if (sites.on && sites.on < sites.all)
		snprintf(d->state, sizeof(d->state), "%u of %u call sites", sites.on, sites.all);
	commands(d, file, "'module kvm format \"unhandled \" +p'",
		 "'module kvm format \"unhandled \" -p'");
}

static void events(struct kw_host *host)
{
	struct kw_host_diag *d = add(host, "trace_events", "KVM trace events: every exit, entry, "
							   "MSR access");
	char file[KW_HOST_FILE], value[KW_HOST_WORD];
	int err;

	if (!host->tracefs_path[0]) {
		if (host->tracefs == KW_TRI_UNKNOWN)
			snprintf(d->state, sizeof(d->state), "cannot read /proc/self/mounts");
		else
			snprintf(
				d->state, sizeof(d->state),
				"tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing");
		return;
	}
	snprintf(file, sizeof(file), "%s/events/kvm/enable", host->tracefs_path);
	err = kw_tree_line(&host->tree, file, value, sizeof(value));
	if (err) {
		cannot(d, file, err);
		return;
	}
	d->on = kw_tri(strcmp(value, "0"));
	snprintf(d->state, sizeof(d->state),
		 "%sread them from "
		 "%s/trace_pipe",
		 strcmp(value, "X") ? "" : "only some; ", host->tracefs_path);
	commands(d, file, "1", "0");
}

/* "tracefs /sys/kernel/tracing tracefs rw,nosuid,nodev,noexec,relatime 0 0" */
static int take_mount(void *arg, const char *line)
{
	struct kw_host *host = arg;
	char place[KW_HOST_WORD], type[KW_HOST_WORD];

	if (sscanf(line, "%*s %79s %79s", place, type) != 2 || strcmp(type, "tracefs"))
		return 0;
	/* It becomes part of commands: no characters special to a shell. */
	if (place[strspn(place,
			 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")])
		return 0;
	snprintf(host->tracefs_path, sizeof(host->tracefs_path), "%s", place);
	return 1;
}

/*
 * Where tracefs is, and whether probes can be created there. Its old place below debugfs is not
 * checked: accessing it would mount it.
 */
static void find_tracefs(struct kw_host *host)
{
	char file[KW_HOST_FILE];
	int err = kw_tree_lines(&host->tree, "/proc/self/mounts", take_mount, host);

	if (err)
		return;
	host->tracefs = kw_tri(host->tracefs_path[0]);
	if (host->tracefs != KW_YES)
		return;
	snprintf(file, sizeof(file), "%s/kprobe_events", host->tracefs_path);
	err = kw_tree_has(&host->tree, file);
	if (!err)
		host->kernel.kprobes = KW_YES;
	else if (err == -ENOENT)
		host->kernel.kprobes = KW_NO;
}

void kw_host_diags(struct kw_host *host)
{
	find_tracefs(host);
	dump(host);
	if (host->kvm.state == KW_KVM_MODULE || host->kvm.state == KW_KVM_BUILT_IN)
		ignored(host);
	unhandled(host);
	events(host);
}
