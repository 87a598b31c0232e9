// SPDX-License-Identifier: MIT
/* The processor according to /proc/cpuinfo, and whether the host is itself a guest. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUINFO_BYTES = 16384 };

/* The text after "NAME <tab>: " in the first processor's part, to the end of the line. */
static const char *value_of(const char *text, const char *name, size_t *len)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		const char *colon;

		line += *line == '\n';
		colon = strchr(line, ':');
		if (!colon || strncmp(line, name, strlen(name)) ||
		    strcspn(line + strlen(name), "\t :") > 0)
			continue;
		colon += 1 + (colon[1] == ' ');
		*len = strcspn(colon, "\n");
		return colon;
	}
	return NULL;
}

static enum kw_tri flag(const char *flags, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = flags; p < flags + len; p += strcspn(p, " \n") + 1)
		if (strcspn(p, " \n") == n && !memcmp(p, name, n))
			return KW_YES;
	return KW_NO;
}

static void put_value(const char *text, const char *name, char *ret, size_t size)
{
	size_t len;
	const char *value = value_of(text, name, &len);

	if (value)
		kw_tree_escape(ret, size, value, len);
}

static void append(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);

	if (*word)
		snprintf(text + len, size - len, "%s%s", len ? ", " : "", word);
}

static void take_under(const struct kw_tree *tree, struct kw_host_cpu *cpu)
{
	static const char *const files[] = {
		"/sys/hypervisor/type",
		"/sys/class/dmi/id/sys_vendor",
		"/sys/class/dmi/id/product_name",
	};
	char text[KW_HOST_WORD];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!kw_tree_line(tree, files[i], text, sizeof(text)))
			append(cpu->under, sizeof(cpu->under), text);
}

void kw_host_cpu(struct kw_host *host)
{
	struct kw_host_cpu *cpu = &host->cpu;
	char *text = malloc(CPUINFO_BYTES);
	const char *flags;
	size_t len;
	long n = text ? kw_tree_bytes(&host->tree, "/proc/cpuinfo", text, CPUINFO_BYTES - 1) : -1;

	if (n > 0) {
		text[n] = '\0';
		put_value(text, "vendor_id", cpu->vendor, sizeof(cpu->vendor));
		put_value(text, "model name", cpu->model, sizeof(cpu->model));
		flags = value_of(text, "flags", &len);
		if (flags) {
			cpu->vmx = flag(flags, len, "vmx");
			cpu->svm = flag(flags, len, "svm");
			cpu->hypervisor = flag(flags, len, "hypervisor");
		}
	}
	free(text);
	take_under(&host->tree, cpu);
}
