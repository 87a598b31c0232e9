// SPDX-License-Identifier: MIT
/*
 * Processes in, guests out: which have KVM VMs and vCPUs open, and the guest's name from the
 * command line.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CMDLINE_BYTES = 65536 };

/* The options that give VMMs a guest's name: QEMU and kvmtool, Firecracker. */
static const char *const options[] = { "-name", "--name", "--id" };

/*
 * The text after "OPTION=", or the next argument if @arg is just the option; NULL if it is not this
 * option.
 */
static const char *value_of(const char *arg, const char *end, const char *option)
{
	size_t len = strlen(option);

	if (strncmp(arg, option, len))
		return NULL;
	if (arg[len] == '=')
		return arg + len + 1;
	if (arg[len])
		return NULL;
	arg += len + 1;
	return arg < end ? arg : NULL;
}

/* QEMU's "guest=NAME,debug-threads=on" or "NAME,..."; a comma in the name is doubled. */
static void put_name(const char *value, char *name, size_t size)
{
	char plain[KW_HOST_LINE];
	const char *guest = strstr(value, "guest=");
	size_t len = 0;

	if (guest && (guest == value || guest[-1] == ','))
		value = guest + strlen("guest=");
	for (; *value && len < sizeof(plain); value++) {
		if (*value == ',' && value[1] != ',')
			break;
		value += *value == ',';
		plain[len++] = *value;
	}
	kw_tree_escape(name, size, plain, len);
}

void kw_host_guest_name(const struct kw_tree *tree, int pid, char *name, size_t size)
{
	char path[KW_HOST_WORD], *text = malloc(CMDLINE_BYTES);
	const char *value = NULL;
	long n;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	n = text ? kw_tree_bytes(tree, path, text, CMDLINE_BYTES - 1) : -1;
	if (n > 0) {
		text[n] = '\0';
		for (const char *arg = text; arg < text + n && !value; arg += strlen(arg) + 1)
			for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !value; i++)
				value = value_of(arg, text + n, options[i]);
	}
	if (value)
		put_name(value, name, size);
	free(text);
}

struct look {
	struct kw_host *host;
	struct kw_host_guest guest;
};

static int take_fd(void *arg, const char *name)
{
	struct look *look = arg;
	char path[KW_HOST_LINE], target[KW_HOST_LINE];

	if (strlen(name) > 20)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd/%s", look->guest.pid, name);
	if (kw_tree_link(&look->host->tree, path, target, sizeof(target)))
		return 0;
	look->guest.vms += !strcmp(target, "anon_inode:kvm-vm");
	look->guest.vcpus += !strncmp(target, "anon_inode:kvm-vcpu", strlen("anon_inode:kvm-vcpu"));
	return 0;
}

static void add(struct look *look)
{
	struct kw_host *host = look->host;
	struct kw_host_guest *g = &look->guest;
	char path[KW_HOST_WORD];

	if (host->nguests++ >= KW_HOST_GUESTS)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", g->pid);
	kw_tree_line(&host->tree, path, g->comm, sizeof(g->comm));
	kw_host_guest_name(&host->tree, g->pid, g->name, sizeof(g->name));
	host->guest[host->nguests - 1] = *g;
}

static int take_process(void *arg, const char *name)
{
	struct kw_host *host = arg;
	struct look look = { .host = host };
	char path[KW_HOST_WORD], *end;
	long pid = strtol(name, &end, 10);
	int err;

	if (*end || pid <= 0 || pid > 1 << 22)
		return 0;
	look.guest.pid = (int)pid;
	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	err = kw_tree_names(&host->tree, path, take_fd, &look);
	host->unreadable += err && err != -ENOENT;
	if (look.guest.vms || look.guest.vcpus)
		add(&look);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct kw_host_guest *)a)->pid - ((const struct kw_host_guest *)b)->pid;
}

void kw_host_guests(struct kw_host *host)
{
	kw_tree_names(&host->tree, "/proc", take_process, host);
	qsort(host->guest, host->nguests < KW_HOST_GUESTS ? host->nguests : KW_HOST_GUESTS,
	      sizeof(host->guest[0]), by_pid);
}
