// SPDX-License-Identifier: MIT
/* --this-host: kernel, CPU's vendor and KVM's parameters of the machine that runs kvmwhy. */
#include <fcntl.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
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

/* "kvm_intel.unrestricted_guest=Y " at @text, if the module has it. */
static size_t put_parameter(char *text, size_t room, const struct kw_parameter *p)
{
	char path[256];
	int fd, head;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", p->module, p->name);
	head = snprintf(text, room, "%s.%s=", p->module, p->name);
	if (head < 0 || (size_t)head + 1 >= room)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text + head, room - (size_t)head - 1);
	close(fd);
	if (len < 2 || text[(size_t)head + (size_t)len - 1] != '\n')
		return 0;
	text[(size_t)head + (size_t)len - 1] = ' ';
	return (size_t)head + (size_t)len;
}

const char *kw_this_parameters(void)
{
	static char text[4096];
	struct kw_parameter p = { .size = sizeof(p) };
	size_t len = 0;

	for (size_t i = 0; kw_kvm_parameter(i, &p) > 0; i++)
		len += put_parameter(text + len, sizeof(text) - len, &p);
	if (!len)
		return NULL;
	text[len - 1] = '\0';
	return text;
}

void kw_this_host(struct kw_options *known)
{
	static struct utsname name;

	if (!known->host_kernel && !uname(&name))
		known->host_kernel = name.release;
	if (!known->vendor)
		known->vendor = kw_this_vendor();
	if (!known->parameters)
		known->parameters = kw_this_parameters();
}
