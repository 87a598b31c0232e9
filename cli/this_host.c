// SPDX-License-Identifier: MIT
/* --this-host: the kernel and the CPU's vendor of the machine that runs kvmwhy. */
#include <kvmwhy/kvmwhy.h>
#include <string.h>
#include <sys/utsname.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "cli.h"

#if defined(__x86_64__) || defined(__i386__)
/* CPUID leaf 0. Hygon's CPUs run kvm_amd. */
const char *kw_this_vendor(void)
{
	unsigned int eax, word[3];
	char name[13] = "";

	if (!__get_cpuid(0, &eax, &word[0], &word[2], &word[1]))
		return NULL;
	memcpy(name, word, sizeof(word));
	if (!strcmp(name, "GenuineIntel"))
		return "intel";
	return !strcmp(name, "AuthenticAMD") || !strcmp(name, "HygonGenuine") ? "amd" : NULL;
}
#else
const char *kw_this_vendor(void)
{
	return NULL;
}
#endif

void kw_this_host(struct kw_options *known)
{
	static struct utsname name;

	if (!known->host_kernel && !uname(&name))
		known->host_kernel = name.release;
	if (!known->vendor)
		known->vendor = kw_this_vendor();
}
