// SPDX-License-Identifier: MIT
/*
 * Who else has hooked KVM's functions: kprobes, and ftrace callbacks such as BPF programs, live
 * patches and tracers.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In a KVM module or, if KVM is built in, by the names of its functions. */
static bool is_of_kvm(const char *function, const char *line)
{
	static const char *const heads[] = { "kvm_", "__kvm_", "vmx_", "svm_" };

	if (strstr(line, "[kvm]") || strstr(line, "[kvm_"))
		return true;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (!strncmp(function, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* A kprobe at the entry of a function is also in ftrace's list. */
static bool is_listed(const struct kw_host_words *words, const char *function, size_t len)
{
	for (size_t i = 0; i < words->count && i < KW_HOST_LIST; i++) {
		const char *name = strchr(words->word[i], ' ') + 1;

		if (strlen(name) == len && !memcmp(name, function, len))
			return true;
	}
	return false;
}

static void add(struct kw_host_words *words, const char *kind, const char *function, size_t len)
{
	if (words->count < KW_HOST_LIST)
		snprintf(words->word[words->count], KW_HOST_WORD, "%s %.*s", kind, (int)len,
			 function);
	words->count++;
}

/* "ffffffffc0a3f4b0  r  kvm_set_msr_common+0x0    [kvm]  [FTRACE]" */
static int take_kprobe(void *arg, const char *line)
{
	struct kw_host *host = arg;
	char kind, function[KW_HOST_WORD];

	if (sscanf(line, "%*s %c %79s", &kind, function) == 2 && is_of_kvm(function, line))
		add(&host->probes, kind == 'r' ? "kretprobe" : "kprobe", function,
		    strcspn(function, "+"));
	return 0;
}

/* "kvm_vcpu_ioctl [kvm] (1) R I ..." */
static int take_ftrace(void *arg, const char *line)
{
	struct kw_host *host = arg;
	size_t len = strcspn(line, " ");

	if (line[len] && is_of_kvm(line, line) && !is_listed(&host->probes, line, len))
		add(&host->probes, "ftrace", line, len);
	return 0;
}

void kw_host_probes(struct kw_host *host)
{
	char file[KW_HOST_FILE];
	int kprobes =
		kw_tree_lines(&host->tree, "/sys/kernel/debug/kprobes/list", take_kprobe, host);
	int ftrace = -ENOENT;

	if (host->tracefs_path[0]) {
		snprintf(file, sizeof(file), "%s/enabled_functions", host->tracefs_path);
		ftrace = kw_tree_lines(&host->tree, file, take_ftrace, host);
	}
	host->probes_known = !kprobes || !ftrace ? KW_YES : KW_TRI_UNKNOWN;
}
