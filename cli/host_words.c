// SPDX-License-Identifier: MIT
/* What the text and the JSON of `kvmwhy host` share: the library's verdicts, and names. */
#include "host.h"

#include <string.h>

/* The vendor according to the module, or to the processor if none is loaded. */
static const char *vendor_of(const struct kw_host *host)
{
	if (!strcmp(host->kvm.vendor, "kvm_amd"))
		return "amd";
	if (!strcmp(host->kvm.vendor, "kvm_intel"))
		return "intel";
	if (host->kvm.vendor[0])
		return NULL;
	return host->cpu.svm == KW_YES ? "amd" : host->cpu.vmx == KW_YES ? "intel" : NULL;
}

bool kw_host_defect(const struct kw_host *host, size_t i, struct kw_defect *ret)
{
	const struct kw_host_kernel *k = &host->kernel;
	const struct kw_options options = {
		.size = sizeof(options),
		.host_kernel = k->release,
		.vendor = vendor_of(host),
	};

	return kw_kernel_defect(&options, k->signature[0] ? k->signature : k->build, i, ret) > 0;
}

const char *kw_host_meaning(const struct kw_host_param *param, const char **about)
{
	struct kw_parameter p = { .size = sizeof(p) };

	for (size_t i = 0; kw_kvm_parameter(i, &p) > 0; i++) {
		if (strcmp(p.module, param->module) || strcmp(p.name, param->name))
			continue;
		*about = p.about;
		kw_kvm_parameter_value(&p, param->value);
		return p.means;
	}
	*about = "";
	return NULL;
}

const char *kw_host_state_name(enum kw_kvm_state state)
{
	static const char *const names[] = {
		[KW_KVM_UNKNOWN] = "unknown",
		[KW_KVM_NOT_LOADED] = "not-loaded",
		[KW_KVM_MODULE] = "module",
		[KW_KVM_BUILT_IN] = "built-in",
	};

	return names[state];
}

const char *kw_host_way_name(unsigned int bit)
{
	static const char *const names[] = { "bpf", "bpf-kprobe", "bpf-tracepoint", "tracefs", NULL };

	return names[bit];
}

void kw_host_taint_letters(uint64_t taint, char ret[65])
{
	for (unsigned int bit = 0; bit < 64; bit++)
		if (taint >> bit & 1)
			*ret++ = kw_taint_letter(bit) ? kw_taint_letter(bit) : '?';
	*ret = '\0';
}
