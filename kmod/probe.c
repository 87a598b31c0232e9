// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kretprobes: wanted hooks in; probes registered on those functions whose module is loaded out.
 * Follows kvm, kvm_amd and kvm_intel as they come and go; also works if KVM is built in. Everything
 * here runs under kw_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "kvmwhy.h"

struct kw_probe {
	const char *function;
	enum kw_hook_id id;
	const struct kw_hook *hook;
	bool armed;
	unsigned long missed;		/* by registrations before the last */
	struct kretprobe kretprobe;
};

struct kw_target {
	const char *module;
	struct kw_probe *probes;
	unsigned int nprobes;
	bool loaded;
	bool unfit;			/* lacks a function that we need: nothing is probed */
};

#define KW_PROBE(name, hook_id, its_hook)                                                          \
	{ .function = name, .id = hook_id, .hook = &its_hook }

/*
 * Frames come first: they exist before anything looks for them. The inner function before the
 * outer: what the outer's frame did not see was not called.
 */
static struct kw_probe kw_kvm_probes[] = {
	KW_PROBE("kvm_arch_vcpu_ioctl_run", KW_HOOK_RUN, kw_run_hook),
	KW_PROBE("kvm_vcpu_ioctl", KW_HOOK_IOCTL, kw_ioctl_hook),
	KW_PROBE("kvm_set_msr_common", KW_HOOK_SET_MSR_COMMON, kw_msr_common_hook),
	KW_PROBE("kvm_get_msr_common", KW_HOOK_GET_MSR_COMMON, kw_msr_common_hook),
	KW_PROBE("kvm_mmu_page_fault", KW_HOOK_PAGE_FAULT, kw_page_fault_hook),
};

static struct kw_probe kw_amd_probes[] = {
	KW_PROBE("svm_set_msr", KW_HOOK_SET_MSR, kw_set_msr_hook),
	KW_PROBE("svm_get_msr", KW_HOOK_GET_MSR, kw_get_msr_hook),
};

static struct kw_probe kw_intel_probes[] = {
	KW_PROBE("vmx_set_msr", KW_HOOK_SET_MSR, kw_set_msr_hook),
	KW_PROBE("vmx_get_msr", KW_HOOK_GET_MSR, kw_get_msr_hook),
};

static struct kw_target kw_targets[] = {
	{ .module = "kvm", .probes = kw_kvm_probes, .nprobes = ARRAY_SIZE(kw_kvm_probes) },
	{ .module = "kvm_amd", .probes = kw_amd_probes, .nprobes = ARRAY_SIZE(kw_amd_probes) },
	{ .module = "kvm_intel", .probes = kw_intel_probes,
	  .nprobes = ARRAY_SIZE(kw_intel_probes) },
};

#define KW_MAX_PROBES_OF_TARGET ARRAY_SIZE(kw_kvm_probes)
#define KW_MAX_PROBES                                                                              \
	(ARRAY_SIZE(kw_kvm_probes) + ARRAY_SIZE(kw_amd_probes) + ARRAY_SIZE(kw_intel_probes))

#define for_each_target(target)                                                                    \
	for (target = kw_targets; target < kw_targets + ARRAY_SIZE(kw_targets); target++)

#define for_each_probe(probe, target)                                                              \
	for (probe = (target)->probes; probe < (target)->probes + (target)->nprobes; probe++)

/* The hooks last requested from kw_probes_arm(). */
static unsigned int kw_wanted;

static bool kw_has_frames(const struct kw_probe *probe)
{
	return probe->id == KW_HOOK_RUN || probe->id == KW_HOOK_IOCTL;
}

/* Every task inside needs an instance, and a vCPU stays in KVM_RUN for a long time. */
static int kw_instances(const struct kw_probe *probe)
{
	unsigned int cpus = num_possible_cpus();

	if (kw_has_frames(probe))
		return clamp(64 * cpus, 1024u, 16384u);
	return clamp(8 * cpus, 256u, 4096u);
}

static unsigned long kw_missed_now(const struct kw_probe *probe)
{
	return probe->kretprobe.nmissed + probe->kretprobe.kp.nmissed;
}

static int kw_register(struct kw_probe *probe)
{
	int error;

	if (probe->armed)
		return 0;

	probe->missed += kw_missed_now(probe);
	/* Leftovers of an earlier registration would be refused, or taken for an address. */
	probe->kretprobe = (struct kretprobe) {
		.kp.symbol_name	= probe->function,
		.entry_handler	= probe->hook->entry,
		.handler	= probe->hook->ret,
		.data_size	= probe->hook->size,
		.maxactive	= kw_instances(probe),
	};
	if (kw_has_frames(probe))
		kw_frames_open(probe->id);
	error = register_kretprobe(&probe->kretprobe);
	probe->armed = !error;
	if (error)
		pr_err("%s() cannot be probed: error %d\n", probe->function, error);
	return error;
}

static bool kw_all_fit(void)
{
	const struct kw_target *target;

	for_each_target(target)
		if (target->unfit)
			return false;
	return true;
}

static bool kw_is_wanted(const struct kw_target *target, const struct kw_probe *probe)
{
	return target->loaded && kw_all_fit() && (kw_wanted & BIT(probe->id));
}

/*
 * unregister_kretprobes() waits once for all running handlers; calls in flight then return without
 * one. By then nothing points to their instances.
 */
static void kw_disarm_unwanted(void)
{
	struct kretprobe *batch[KW_MAX_PROBES];
	struct kw_target *target;
	struct kw_probe *probe;
	int n = 0;

	for_each_target(target) {
		for_each_probe(probe, target) {
			if (!probe->armed || kw_is_wanted(target, probe))
				continue;
			if (kw_has_frames(probe))
				kw_frames_close(probe->id);
			batch[n++] = &probe->kretprobe;
			probe->armed = false;
		}
	}
	if (n)
		unregister_kretprobes(batch, n);
}

static int kw_arm_wanted(void)
{
	struct kw_target *target;
	struct kw_probe *probe;
	int error = 0;

	if (kw_wanted && !kw_all_fit())
		return -EOPNOTSUPP;
	for_each_target(target) {
		for_each_probe(probe, target) {
			if (kw_is_wanted(target, probe))
				error = kw_register(probe);
			if (error)
				return error;
		}
	}
	return 0;
}

/*
 * Injection pauses: a write whose index was swapped must reach the return handler that swaps it
 * back, and its failure the one that reports it, before these are removed.
 */
static int kw_rearm(void)
{
	int error;

	kw_inject_pause();
	kw_disarm_unwanted();
	error = kw_arm_wanted();
	if (!error)
		kw_inject_resume();
	return error;
}

/* hooks: bits of enum kw_hook_id. On error, what could be armed stays armed: request fewer. */
int kw_probes_arm(unsigned int hooks)
{
	kw_wanted = hooks;
	return kw_rearm();
}

unsigned long kw_probes_missed(unsigned int hooks)
{
	const struct kw_target *target;
	const struct kw_probe *probe;
	unsigned long missed = 0;

	for_each_target(target) {
		for_each_probe(probe, target) {
			if (hooks & BIT(probe->id))
				missed += probe->missed + kw_missed_now(probe);
		}
	}
	return missed;
}

static const char *kw_state(const struct kw_target *target, const struct kw_probe *probe)
{
	if (probe->armed)
		return "armed";
	if (target->unfit)
		return "unfit";
	return target->loaded ? "off" : "absent";
}

void kw_probes_show(struct seq_file *file)
{
	const struct kw_target *target;
	const struct kw_probe *probe;
	unsigned int armed = 0;

	for_each_target(target) {
		for_each_probe(probe, target) {
			seq_printf(file, "%s %s\n", probe->function, kw_state(target, probe));
			armed += probe->armed;
		}
	}
	seq_printf(file, "probes_armed %u\n", armed);
}

/*
 * A disabled kprobe shows whether a function exists and may be probed. Returns the name of a
 * missing one, or NULL; *found: how many exist.
 */
static const char *kw_lacks(struct kw_target *target, int *found)
{
	struct kprobe probes[KW_MAX_PROBES_OF_TARGET] = {}, *batch[KW_MAX_PROBES_OF_TARGET];
	const char *lacks = NULL;
	unsigned int i;
	int n = 0;

	for (i = 0; i < target->nprobes; i++) {
		probes[i].symbol_name = target->probes[i].function;
		probes[i].flags = KPROBE_FLAG_DISABLED;
		if (register_kprobe(&probes[i]))
			lacks = target->probes[i].function;
		else
			batch[n++] = &probes[i];
	}
	if (n)
		unregister_kprobes(batch, n);
	*found = n;
	return lacks;
}

/* loaded: known to be loaded. Otherwise it counts as loaded if it has one of the functions. */
static int kw_look_at(struct kw_target *target, bool loaded)
{
	int found;
	const char *lacks = kw_lacks(target, &found);

	target->loaded = loaded || found;
	target->unfit = target->loaded && lacks;
	if (!target->unfit)
		return 0;
	pr_err("%s of this kernel has no %s() that can be probed: not supported\n",
	       target->module, lacks);
	return -EOPNOTSUPP;
}

static struct kw_target *kw_target_of(const struct module *module)
{
	struct kw_target *target;

	for_each_target(target)
		if (!strcmp(target->module, module->name))
			return target;
	return NULL;
}

static int kw_module_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct kw_target *target = kw_target_of(data);

	if (!target || (event != MODULE_STATE_COMING && event != MODULE_STATE_GOING))
		return NOTIFY_DONE;

	mutex_lock(&kw_mutex);
	if (event == MODULE_STATE_COMING)
		kw_look_at(target, true);
	else
		target->loaded = target->unfit = false;
	kw_rearm();
	mutex_unlock(&kw_mutex);
	return NOTIFY_DONE;
}

/*
 * Before the notifier of the kprobes, which at MODULE_STATE_GOING only marks the probes as gone.
 * At MODULE_STATE_COMING ftrace knows the functions, and none of them has run.
 */
static struct notifier_block kw_module_notifier = {
	.notifier_call	= kw_module_event,
	.priority	= 1,
};

/* The notifier first: a module that arrives in between is checked twice rather than never. */
int kw_probes_init(void)
{
	struct kw_target *target;
	int error = register_module_notifier(&kw_module_notifier);

	if (error)
		return error;
	mutex_lock(&kw_mutex);
	for_each_target(target)
		if (!error)
			error = kw_look_at(target, target->loaded);
	mutex_unlock(&kw_mutex);
	if (error)
		unregister_module_notifier(&kw_module_notifier);
	return error;
}

void kw_probes_exit(void)
{
	unregister_module_notifier(&kw_module_notifier);
	mutex_lock(&kw_mutex);
	kw_probes_arm(0);
	mutex_unlock(&kw_mutex);
}
