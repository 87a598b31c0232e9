// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmwhy.ko: lets guests do what is harmless (permit=), makes a failing KVM_RUN carry its reason
 * (report=), makes it fail (debugfs). Here: the parameters, loading and unloading, and which hooks
 * the settings need.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "kvmwhy.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define KW_REPORT_HOOKS                                                                            \
	(BIT(KW_HOOK_RUN) | BIT(KW_HOOK_IOCTL) | BIT(KW_HOOK_SET_MSR) | BIT(KW_HOOK_GET_MSR) |     \
	 BIT(KW_HOOK_SET_MSR_COMMON) | BIT(KW_HOOK_GET_MSR_COMMON) | BIT(KW_HOOK_PAGE_FAULT))

/* The index is the setting. */
static const char *const kw_permit_words[] = {
	[0]					= "off",
	[KW_PERMIT_CORRECTABLE]			= "correctable",
	[KW_PERMIT_GP]				= "gp",
	[KW_PERMIT_CORRECTABLE | KW_PERMIT_GP]	= "correctable,gp",
};

static const char *const kw_report_words[] = {
	[KW_REPORT_OFF]		= "off",
	[KW_REPORT_ANNOTATE]	= "annotate",
	[KW_REPORT_EXIT]	= "exit",
};

DEFINE_MUTEX(kw_mutex);

/* Written under kw_mutex, read by handlers without it. */
unsigned int kw_permit;
unsigned int kw_report;

/* Parameters can be written before kw_init() and, through sysfs, during kw_exit(). */
static bool kw_ready;

const char *kw_permit_text(void)
{
	return kw_permit_words[kw_permit];
}

const char *kw_report_text(void)
{
	return kw_report_words[kw_report];
}

static unsigned int kw_hooks(void)
{
	unsigned int hooks = kw_inject_hooks();

	if (kw_permit)
		hooks |= BIT(KW_HOOK_SET_MSR);
	if (kw_report)
		hooks |= KW_REPORT_HOOKS;
	return hooks;
}

/* Registers the probes that the settings need, and no others. Under kw_mutex. */
int kw_apply(void)
{
	lockdep_assert_held(&kw_mutex);
	return kw_ready ? kw_probes_arm(kw_hooks()) : 0;
}

/* All or nothing: the old setting stays if the new probes cannot be registered. */
static int kw_set(unsigned int *setting, int value)
{
	unsigned int old = *setting;
	int error;

	if (value < 0)
		return value;
	mutex_lock(&kw_mutex);
	WRITE_ONCE(*setting, value);
	error = kw_apply();
	if (error) {
		WRITE_ONCE(*setting, old);
		kw_apply();
	}
	mutex_unlock(&kw_mutex);
	return error;
}

static int kw_permit_set(const char *text, const struct kernel_param *param)
{
	/* the other order means the same */
	if (sysfs_streq(text, "gp,correctable"))
		text = "correctable,gp";
	return kw_set(&kw_permit, sysfs_match_string(kw_permit_words, text));
}

static int kw_permit_get(char *text, const struct kernel_param *param)
{
	return scnprintf(text, PAGE_SIZE, "%s\n", kw_permit_text());
}

static int kw_report_set(const char *text, const struct kernel_param *param)
{
	return kw_set(&kw_report, sysfs_match_string(kw_report_words, text));
}

static int kw_report_get(char *text, const struct kernel_param *param)
{
	return scnprintf(text, PAGE_SIZE, "%s\n", kw_report_text());
}

static const struct kernel_param_ops kw_permit_ops = {
	.set = kw_permit_set,
	.get = kw_permit_get,
};

static const struct kernel_param_ops kw_report_ops = {
	.set = kw_report_set,
	.get = kw_report_get,
};

module_param_cb(permit, &kw_permit_ops, NULL, 0644);
MODULE_PARM_DESC(permit, "guest WRMSRs that KVM refuses: off, correctable (MCi_CTL without bit 0 "
			 "or bit 10 succeeds), gp (errnos become #GP), or correctable,gp");
module_param_cb(report, &kw_report_ops, NULL, 0644);
MODULE_PARM_DESC(report, "when KVM_RUN fails: off, annotate (kvm_run says why), exit (also, "
			 "KVM_RUN returns KVM_EXIT_INTERNAL_ERROR)");

static int kw_set_ready(bool ready)
{
	int error;

	mutex_lock(&kw_mutex);
	kw_ready = ready;
	error = kw_apply();
	mutex_unlock(&kw_mutex);
	return error;
}

static int __init kw_init(void)
{
	int error;

	kw_inject_init();
	error = kw_probes_init();
	if (error)
		return error;
	error = kw_set_ready(true);
	if (error) {
		kw_set_ready(false);
		kw_probes_exit();
		return error;
	}
	kw_debugfs_init();
	return 0;
}

static void __exit kw_exit(void)
{
	kw_set_ready(false);
	kw_debugfs_exit();
	kw_probes_exit();
}

module_init(kw_init);
module_exit(kw_exit);

MODULE_DESCRIPTION("Why a KVM guest's KVM_RUN failed: permits, reports, injects");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
