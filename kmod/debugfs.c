// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/kvmwhy/: status, one `name value` per line; inject.c fills inject/. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "kvmwhy.h"

atomic64_t kw_counters[KW_NCOUNTERS];

static const char *const kw_counter_names[KW_NCOUNTERS] = {
	[KW_COUNT_FAILURES]	= "failures",
	[KW_COUNT_CONVERTED]	= "converted",
	[KW_COUNT_PERMITTED]	= "permitted",
	[KW_COUNT_GP]		= "gp",
	[KW_COUNT_INJECTED]	= "injected",
};

static struct dentry *kw_folder;

static int kw_status_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	mutex_lock(&kw_mutex);
	seq_printf(file, "abi %d\n", KVMWHY_DATA_VERSION);
	seq_printf(file, "permit %s\n", kw_permit_text());
	seq_printf(file, "report %s\n", kw_report_text());
	kw_probes_show(file);
	seq_printf(file, "missed %lu\n", kw_probes_missed(~0u));
	for (i = 0; i < KW_NCOUNTERS; i++)
		seq_printf(file, "%s %lld\n", kw_counter_names[i],
			   (s64)atomic64_read(&kw_counters[i]));
	mutex_unlock(&kw_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kw_status);

void kw_debugfs_init(void)
{
	kw_folder = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("status", 0400, kw_folder, NULL, &kw_status_fops);
	kw_inject_debugfs(kw_folder);
}

/* Waits for readers and writers, so not under kw_mutex. */
void kw_debugfs_exit(void)
{
	debugfs_remove_recursive(kw_folder);
}
