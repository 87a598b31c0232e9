// SPDX-License-Identifier: MIT
/* The kernel: release, vendor, what it forbids, its state; and the rights of this process. */
#include "host.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

struct taint {
	char letter;
	const char *about;
};

/*
 * Linux Documentation/admin-guide/tainted-kernels.rst, "Table for decoding tainted state"; bit 19:
 * v6.15
 */
static const struct taint taints[] = {
	{ 'P', "a proprietary module was loaded" },
	{ 'F', "a module was force-loaded" },
	{ 'S', "the kernel does not support this processor" },
	{ 'R', "a module was force-unloaded" },
	{ 'M', "a machine check was reported" },
	{ 'B', "a bad page was found" },
	{ 'U', "set by user space" },
	{ 'D', "the kernel had an oops or BUG" },
	{ 'A', "an ACPI table was overridden" },
	{ 'W', "the kernel printed a WARNING" },
	{ 'C', "a staging driver was loaded" },
	{ 'I', "a firmware bug is worked around" },
	{ 'O', "an out-of-tree module was loaded" },
	{ 'E', "an unsigned module was loaded" },
	{ 'L', "a CPU lockup occurred" },
	{ 'K', "the kernel is live-patched" },
	{ 'X', "a flag defined by the distribution" },
	{ 'T', "structure layout is randomised" },
	{ 'N', "an in-kernel test was run" },
	{ 'J', "user space controlled device firmware" },
};

enum { NTAINTS = sizeof(taints) / sizeof(taints[0]) };

char kw_taint_letter(unsigned int bit)
{
	return bit < NTAINTS ? taints[bit].letter : 0;
}

const char *kw_taint_about(unsigned int bit)
{
	return bit < NTAINTS ? taints[bit].about : NULL;
}

/* A file that contains 0 or 1, N or Y. */
static enum kw_tri switch_of(const struct kw_tree *tree, const char *path)
{
	char text[KW_HOST_WORD];

	if (kw_tree_line(tree, path, text, sizeof(text)) || !text[0])
		return KW_TRI_UNKNOWN;
	return kw_tri(strcmp(text, "0") && strcmp(text, "N"));
}

/* Present, absent, or unknown, such as when a directory on the path is not accessible. */
static enum kw_tri file_of(const struct kw_tree *tree, const char *path)
{
	int err = kw_tree_has(tree, path);

	return !err ? KW_YES : err == -ENOENT ? KW_NO : KW_TRI_UNKNOWN;
}

/* The same for a file in sysfs or procfs: without its directory it is unknown. */
static enum kw_tri file_below(const struct kw_tree *tree, const char *folder, const char *path)
{
	return kw_tree_has(tree, folder) ? KW_TRI_UNKNOWN : file_of(tree, path);
}

static int take_os(void *arg, const char *line)
{
	struct kw_host_kernel *k = arg;
	size_t len;

	if (strncmp(line, "PRETTY_NAME=", 12))
		return 0;
	line += 12;
	len = strlen(line);
	if (len >= 2 && (*line == '"' || *line == '\'') && line[len - 1] == *line) {
		line++;
		len -= 2;
	}
	snprintf(k->os, sizeof(k->os), "%.*s", (int)len, line);
	return 1;
}

static void take_version(struct kw_host_kernel *k)
{
	if (sscanf(k->release, "%4u.%4u", &k->major, &k->minor) != 2)
		k->major = k->minor = 0;
}

/* "none [integrity] confidentiality" */
static void take_lockdown(const struct kw_tree *tree, struct kw_host_kernel *k)
{
	char text[KW_HOST_WORD];
	const char *begin, *end;

	if (kw_tree_line(tree, "/sys/kernel/security/lockdown", text, sizeof(text)))
		return;
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (end)
		snprintf(k->lockdown, sizeof(k->lockdown), "%.*s", (int)(end - begin - 1),
			 begin + 1);
}

static void take_secure_boot(const struct kw_tree *tree, struct kw_host_kernel *k)
{
	unsigned char var[5]; /* four bytes of attributes, then the value */

	k->efi = file_below(tree, "/sys/firmware", "/sys/firmware/efi");
	if (k->efi == KW_NO)
		k->secure_boot = KW_NO;
	else if (kw_tree_bytes(tree, SECURE_BOOT, var, sizeof(var)) == sizeof(var))
		k->secure_boot = kw_tri(var[4]);
}

static void take_taint(const struct kw_tree *tree, struct kw_host_kernel *k)
{
	char text[KW_HOST_WORD], *end;

	if (kw_tree_line(tree, "/proc/sys/kernel/tainted", text, sizeof(text)) ||
	    !isdigit((unsigned char)text[0]))
		return;
	k->taint = strtoull(text, &end, 10);
	k->taint_known = *end ? KW_TRI_UNKNOWN : KW_YES;
}

static int take_livepatch(void *arg, const char *name)
{
	struct kw_host_words *words = arg;

	if (words->count < KW_HOST_LIST)
		kw_tree_escape(words->word[words->count], KW_HOST_WORD, name, strlen(name));
	words->count++;
	return 0;
}

/* "Uid:" has the real and the effective user first; "CapEff:" follows it. */
static int take_caps(void *arg, const char *line)
{
	struct kw_host *host = arg;
	unsigned int user;

	if (sscanf(line, "Uid: %*u %u", &user) == 1)
		host->root = kw_tri(!user);
	if (sscanf(line, "CapEff: %" SCNx64, &host->caps) != 1)
		return 0;
	host->caps_known = KW_YES;
	return 1;
}

static void take_modules(const struct kw_tree *tree, struct kw_host_kernel *k)
{
	k->modules = file_below(tree, "/proc/sys/kernel", "/proc/modules");
	k->modules_disabled = switch_of(tree, "/proc/sys/kernel/modules_disabled");
	k->sig_enforce = switch_of(tree, "/sys/module/module/parameters/sig_enforce");
}

void kw_host_kernel(struct kw_host *host)
{
	const struct kw_tree *tree = &host->tree;
	struct kw_host_kernel *k = &host->kernel;

	kw_tree_line(tree, "/proc/sys/kernel/osrelease", k->release, sizeof(k->release));
	kw_tree_line(tree, "/proc/sys/kernel/version", k->build, sizeof(k->build));
	kw_tree_line(tree, "/proc/version_signature", k->signature, sizeof(k->signature));
	if (kw_tree_lines(tree, "/etc/os-release", take_os, k))
		kw_tree_lines(tree, "/usr/lib/os-release", take_os, k);
	take_version(k);
	take_lockdown(tree, k);
	take_secure_boot(tree, k);
	take_taint(tree, k);
	take_modules(tree, k);
	if (!kw_tree_has(tree, "/proc/sys/debug/kprobes-optimization"))
		k->kprobes = KW_YES;
	k->btf = file_below(tree, "/sys/kernel", "/sys/kernel/btf/vmlinux");
	k->btf_kvm = file_below(tree, "/sys/kernel", "/sys/kernel/btf/kvm");
	k->jit = switch_of(tree, "/proc/sys/net/core/bpf_jit_enable");
	k->bpf = file_below(tree, "/proc/sys/kernel", "/proc/sys/kernel/unprivileged_bpf_disabled");
	if (k->jit != KW_TRI_UNKNOWN)
		k->bpf = KW_YES;
	if (!kw_tree_names(tree, "/sys/kernel/livepatch", take_livepatch, &k->livepatches))
		k->livepatches_known = KW_YES;
	else if (file_below(tree, "/sys/kernel", "/sys/kernel/livepatch") == KW_NO)
		k->livepatches_known = KW_YES;
	kw_tree_lines(tree, "/proc/self/status", take_caps, host);
}
