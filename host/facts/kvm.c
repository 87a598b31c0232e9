// SPDX-License-Identifier: MIT
/*
 * KVM: a module, built in or absent, and which vendor's. Compares /sys/module with the processor's
 * flags.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Only modules have a state; built-in code shows only its parameters. */
static enum kw_kvm_state state_of(const struct kw_tree *tree, const char *module)
{
	char path[KW_HOST_LINE];
	int err;

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	err = kw_tree_has(tree, "/sys/module") ? -EACCES : kw_tree_has(tree, path);
	if (err)
		return err == -ENOENT ? KW_KVM_NOT_LOADED : KW_KVM_UNKNOWN;
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return kw_tree_has(tree, path) == -ENOENT ? KW_KVM_BUILT_IN : KW_KVM_MODULE;
}

/* Of built-in vendor code only this processor's can be active. */
static bool fits(const struct kw_host *host, const char *module)
{
	if (!strcmp(module, "kvm_amd"))
		return host->cpu.svm != KW_NO;
	if (!strcmp(module, "kvm_intel"))
		return host->cpu.vmx != KW_NO;
	return true;
}

static int take_vendor(void *arg, const char *name)
{
	struct kw_host *host = arg;
	struct kw_host_kvm *kvm = &host->kvm;
	enum kw_kvm_state state;

	if (strncmp(name, "kvm_", 4))
		return 0;
	state = state_of(&host->tree, name);
	if (state == KW_KVM_BUILT_IN && (kvm->vendor[0] || !fits(host, name)))
		return 0;
	kw_tree_escape(kvm->vendor, sizeof(kvm->vendor), name, strlen(name));
	kvm->vendor_state = state;
	return state == KW_KVM_MODULE;
}

const char *kw_host_wanted(const struct kw_host *host)
{
	if (host->cpu.svm == KW_YES)
		return "kvm_amd";
	return host->cpu.vmx == KW_YES ? "kvm_intel" : "kvm";
}

static int is_kvm(void *arg, const char *line)
{
	const char *name = strchr(line, ' ');

	*(bool *)arg |= name && !strcmp(name + 1, "kvm");
	return *(bool *)arg;
}

/* Does the kernel have a device of this name? It does even in containers without /dev/kvm. */
static enum kw_tri is_registered(const struct kw_tree *tree)
{
	bool found = false;

	if (kw_tree_lines(tree, "/proc/misc", is_kvm, &found))
		return KW_TRI_UNKNOWN;
	return kw_tri(found);
}

void kw_host_kvm(struct kw_host *host)
{
	struct kw_host_kvm *kvm = &host->kvm;

	kvm->state = state_of(&host->tree, "kvm");
	kvm->vendor_state = kvm->state == KW_KVM_UNKNOWN ? KW_KVM_UNKNOWN : KW_KVM_NOT_LOADED;
	kw_tree_names(&host->tree, "/sys/module", take_vendor, host);
	kvm->registered = is_registered(&host->tree);
	host->own_loaded = kvm->state == KW_KVM_UNKNOWN ?
				   KW_TRI_UNKNOWN :
				   kw_tri(!kw_tree_has(&host->tree, "/sys/module/kvmwhy"));
}
