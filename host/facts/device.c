// SPDX-License-Identifier: MIT
/*
 * /dev/kvm: who may open it, which capabilities KVM reports, and whether guests can run. Querying a
 * capability changes nothing.
 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* <linux/kvm.h>; defined here, since an old distribution's lacks the newer ones */
#define GET_API_VERSION _IO(0xae, 0x00)
#define CHECK_EXTENSION _IO(0xae, 0x03)

static const struct {
	int number;
	const char *name, *about;
} caps[] = {
	{ 31, "KVM_CAP_MCE", "number of machine-check banks a guest can have" },
	{ 40, "KVM_CAP_INTERNAL_ERROR_DATA", "internal errors carry data words" },
	{ 74, "KVM_CAP_SYNC_REGS", "registers are in kvm_run, even when KVM_RUN fails" },
	{ 188, "KVM_CAP_X86_USER_SPACE_MSR", "a VMM can answer refused MSRs itself" },
	{ 189, "KVM_CAP_X86_MSR_FILTER", "a VMM can choose which MSRs KVM answers" },
	{ 203, "KVM_CAP_BINARY_STATS_FD", "statistics per VM and vCPU" },
	{ 204, "KVM_CAP_EXIT_ON_EMULATION_FAILURE", "failed emulation of guest user code also "
						    "exits to the VMM" },
	{ 218, "KVM_CAP_X86_TRIPLE_FAULT_EVENT", "a pending triple fault can be migrated" },
	{ 219, "KVM_CAP_X86_NOTIFY_VMEXIT", "a guest that blocks interrupts forever is stopped" },
	{ 232, "KVM_CAP_MEMORY_FAULT_INFO", "EFAULT from KVM_RUN comes with the address" },
};

/* The name with this number in a file such as /etc/group. */
struct name_of {
	unsigned int id;
	char name[KW_HOST_WORD];
};

static int find_name(void *arg, const char *line)
{
	struct name_of *n = arg;
	const char *first = strchr(line, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	char *end;

	if (!second || strtoul(second + 1, &end, 10) != n->id || *end != ':' || end == second + 1)
		return 0;
	snprintf(n->name, sizeof(n->name), "%.*s", (int)(first - line), line);
	return 1;
}

static void put_name(const struct kw_tree *tree, const char *file, unsigned int id,
		     struct name_of *ret)
{
	*ret = (struct name_of){ .id = id };
	kw_tree_lines(tree, file, find_name, ret);
	if (!ret->name[0])
		snprintf(ret->name, sizeof(ret->name), "%u", id);
}

static void put_access(const struct kw_host *host, const char *path, const struct stat *st,
		       char *ret, size_t size)
{
	struct name_of user, group;
	char mode[10] = "rwxrwxrwx";
	bool list = getxattr(path, "system.posix_acl_access", NULL, 0) > 0;

	for (int i = 0; i < 9; i++)
		if (!(st->st_mode >> (8 - i) & 1))
			mode[i] = '-';
	put_name(&host->tree, "/etc/passwd", st->st_uid, &user);
	put_name(&host->tree, "/etc/group", st->st_gid, &group);
	snprintf(ret, size, "%s %s:%s%s", mode, user.name, group.name, list ? ", with an ACL: run "
		"'getfacl /dev/kvm'" : "");
}

static void ask(struct kw_host_kvm *kvm, int fd)
{
	kvm->api = ioctl(fd, GET_API_VERSION, 0);
	if (kvm->api < 0)
		return;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		kvm->cap[kvm->ncaps++] = (struct kw_host_cap){
			caps[i].name, caps[i].about, ioctl(fd, CHECK_EXTENSION, caps[i].number)
		};
}

static void look(struct kw_host *host, const char *path)
{
	struct kw_host_kvm *kvm = &host->kvm;
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		kvm->node = errno == ENOENT || errno == ENOTDIR ? KW_NO : KW_TRI_UNKNOWN;
		return;
	}
	kvm->node = KW_YES;
	put_access(host, path, &st, kvm->access, sizeof(kvm->access));
	if (host->copy || !S_ISCHR(st.st_mode))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	kvm->open_error = fd < 0 ? errno : 0;
	if (fd < 0)
		return;
	ask(kvm, fd);
	close(fd);
}

static void answer(struct kw_host_kvm *kvm, enum kw_tri can, const char *why)
{
	kvm->can_run = can;
	snprintf(kvm->why, sizeof(kvm->why), "%s", why);
}

/* Why there is no KVM, from what the processor and /sys/module show. */
static void answer_without(struct kw_host *host)
{
	const struct kw_host_cpu *cpu = &host->cpu;
	struct kw_host_kvm *kvm = &host->kvm;
	bool ours = !strcmp(kvm->vendor, "kvm_amd") || !strcmp(kvm->vendor, "kvm_intel");
	/* other vendors' KVM may work without it */
	bool forbidden = cpu->vmx == KW_NO && cpu->svm == KW_NO && (ours || !kvm->vendor[0]);

	if (forbidden && cpu->hypervisor == KW_YES)
		answer(kvm, KW_NO, "The processor has neither vmx nor svm: the hypervisor "
				   "underneath does not expose it. Turn on nested virtualisation "
				   "there.");
	else if (forbidden)
		answer(kvm, KW_NO, "The processor has neither vmx nor svm: it lacks "
				   "virtualisation, or the firmware turned it off. Check VT-x, VMX "
				   "or SVM in the firmware setup.");
	else if (kvm->state == KW_KVM_UNKNOWN)
		answer(kvm, KW_NO, "There is no /dev/kvm.");
	else if (!kvm->vendor[0])
		answer(kvm, KW_NO,
		       kvm->state == KW_KVM_NOT_LOADED ? "KVM is not loaded: modprobe " :
							 "kvm is loaded, but no module "
							 "for this processor: "
							 "modprobe ");
	else
		answer(kvm, KW_NO, "KVM is loaded but did not start: dmesg | grep -i kvm");
	if (!forbidden && kvm->state != KW_KVM_UNKNOWN && !kvm->vendor[0])
		strncat(kvm->why, kw_host_wanted(host), sizeof(kvm->why) - strlen(kvm->why) - 1);
}

static void answer_opened(struct kw_host_kvm *kvm)
{
	if (kvm->api == 12)
		answer(kvm, KW_YES, "/dev/kvm answers.");
	else if (kvm->api >= 0)
		answer(kvm, KW_NO, "/dev/kvm has an unknown API version; VMMs expect 12.");
	else
		answer(kvm, KW_NO, "/dev/kvm is not a KVM device.");
}

static void answer_refused(struct kw_host_kvm *kvm)
{
	if (kvm->open_error == EACCES || kvm->open_error == EPERM)
		answer(kvm, KW_YES, "/dev/kvm exists, but this user may not open it: ask to be "
				    "added to its group, or for access through setfacl.");
	else if (kvm->registered != KW_YES)
		answer(kvm, KW_NO, "/dev/kvm exists, but there is no KVM behind it.");
	else
		snprintf(kvm->why, sizeof(kvm->why), "/dev/kvm cannot be opened: %s.",
			 strerror(kvm->open_error));
}

static void judge(struct kw_host *host)
{
	struct kw_host_kvm *kvm = &host->kvm;

	if (kvm->open_error == 0)
		answer_opened(kvm);
	else if (kvm->registered == KW_NO)
		answer_without(host);
	else if (kvm->node == KW_YES && kvm->open_error > 0)
		answer_refused(kvm);
	else if (kvm->node == KW_YES && kvm->registered == KW_YES)
		answer(kvm, KW_YES, "/dev/kvm exists, with KVM behind it.");
	else if (kvm->node == KW_NO && kvm->registered == KW_YES)
		answer(kvm, KW_NO, "The kernel runs KVM, but /dev/kvm is missing here, as in a "
				   "container without that device: docker run --device /dev/kvm");
	else if (kvm->node == KW_NO)
		answer_without(host);
	else
		answer(kvm, KW_TRI_UNKNOWN, "Neither /dev/kvm nor /proc/misc can be read.");
}

void kw_host_device(struct kw_host *host)
{
	char path[KW_TREE_PATH];

	host->kvm.open_error = -1;
	host->kvm.api = -1;
	if (!kw_tree_path(&host->tree, "/dev/kvm", path))
		look(host, path);
	judge(host);
}
