// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injection: a guest's MSR access in; whether it is to fail, and with what, out. The attributes in
 * debugfs have the names and the meaning of the kernel's fault injection
 * (Documentation/fault-injection/fault-injection.rst); each access counts 1 for `space`.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/prandom.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/mce.h>

#include "kvmwhy.h"
#include "mce_rule.h"
#include "trace.h"

#define HWCR_MCSTATUSWREN BIT_ULL(18)
#define KW_DRAIN_MS 10000

enum kw_attr {
	KW_ATTR_ARMED,
	KW_ATTR_ACCESS,
	KW_ATTR_INTERVAL,
	KW_ATTR_LIKE,
	KW_ATTR_MSR_FIRST,
	KW_ATTR_MSR_LAST,
	KW_ATTR_PID,
	KW_ATTR_PROBABILITY,
	KW_ATTR_RESULT,
	KW_ATTR_SEED,
	KW_ATTR_SPACE,
	KW_ATTR_TIMES,
	KW_ATTR_VALUE,
	KW_ATTR_VALUE_MASK,
	KW_ATTR_VCPU,
	KW_ATTR_VERBOSE,
	KW_NATTRS,
};

static const struct kw_attr_row {
	const char *name;
	s64 min, max, first;
	bool hex;		/* any 64-bit value, or from min to max */
	bool probes;		/* decides which probes are needed */
} kw_attr_rows[KW_NATTRS] = {
	[KW_ATTR_ARMED]		= { "armed", 0, 1, 0, .probes = true },
	[KW_ATTR_ACCESS]	= { "access", KW_WRMSR, KW_RDMSR, KW_WRMSR, .probes = true },
	[KW_ATTR_INTERVAL]	= { "interval", 1, U32_MAX, 1 },
	[KW_ATTR_LIKE]		= { "like", 0, 1, 0, .probes = true },
	[KW_ATTR_MSR_FIRST]	= { "msr_first", 0, U32_MAX, 0, .hex = true },
	[KW_ATTR_MSR_LAST]	= { "msr_last", 0, U32_MAX, 0, .hex = true },
	[KW_ATTR_PID]		= { "pid", 0, S32_MAX, 0 },
	[KW_ATTR_PROBABILITY]	= { "probability", 0, 100, 0 },
	[KW_ATTR_RESULT]	= { "result", -EHWPOISON, 1, -EPERM },
	[KW_ATTR_SEED]		= { "seed", S64_MIN, S64_MAX, 0, .hex = true },
	[KW_ATTR_SPACE]		= { "space", 0, S32_MAX, 0 },
	[KW_ATTR_TIMES]		= { "times", -1, S32_MAX, 1 },
	[KW_ATTR_VALUE]		= { "value", S64_MIN, S64_MAX, 0, .hex = true },
	[KW_ATTR_VALUE_MASK]	= { "value_mask", S64_MIN, S64_MAX, 0, .hex = true },
	[KW_ATTR_VCPU]		= { "vcpu", -1, S32_MAX, -1 },
	[KW_ATTR_VERBOSE]	= { "verbose", 0, 2, 1 },
};

static const char *const kw_access_names[] = {
	[KW_WRMSR] = "wrmsr",
	[KW_RDMSR] = "rdmsr",
};

/* All under lock, except live, which is only a hint, and the counters. */
static struct {
	raw_spinlock_t lock;
	s64 attr[KW_NATTRS];
	struct rnd_state random;
	u64 accesses;		/* since the seed was written, for interval */
	bool live;		/* armed, and the probes are registered */
	atomic_t in_flight;	/* injected, and not reported yet */
	atomic64_t seen, injected, missed;
} kw_injection = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(kw_injection.lock),
};

static DEFINE_RATELIMIT_STATE(kw_inject_ratelimit, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

static s64 kw_attr(enum kw_attr attr)
{
	return kw_injection.attr[attr];
}

static bool kw_is_chosen_vcpu(const struct kvm_vcpu *vcpu)
{
	s64 pid = kw_attr(KW_ATTR_PID), id = kw_attr(KW_ATTR_VCPU);

	return (!pid || pid == current->tgid) && (id < 0 || id == vcpu->vcpu_id);
}

/* A read has no value yet: value and value_mask apply only to writes. */
static bool kw_is_chosen_access(enum kw_access access, const struct msr_data *msr)
{
	u64 mask = kw_attr(KW_ATTR_VALUE_MASK), value = kw_attr(KW_ATTR_VALUE);

	if (access != kw_attr(KW_ATTR_ACCESS) || msr->index < kw_attr(KW_ATTR_MSR_FIRST) ||
	    msr->index > kw_attr(KW_ATTR_MSR_LAST))
		return false;
	return access == KW_RDMSR || (msr->data & mask) == (value & mask);
}

/* A selected access: does it fail? In the order of the kernel's should_fail(). */
static bool kw_draw(void)
{
	s64 *attr = kw_injection.attr;

	if (!attr[KW_ATTR_TIMES])
		return false;
	if (attr[KW_ATTR_SPACE]) {
		attr[KW_ATTR_SPACE]--;
		return false;
	}
	if (++kw_injection.accesses % (u64)attr[KW_ATTR_INTERVAL])
		return false;
	if (attr[KW_ATTR_PROBABILITY] <= prandom_u32_state(&kw_injection.random) % 100)
		return false;
	if (attr[KW_ATTR_TIMES] > 0)
		attr[KW_ATTR_TIMES]--;
	return true;
}

#define KW_VENDOR(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

static bool kw_is_amd_leaf(const struct kvm_cpuid_entry2 *leaf)
{
	switch (leaf->ebx) {
	case KW_VENDOR('A', 'u', 't', 'h'):
		return leaf->edx == KW_VENDOR('e', 'n', 't', 'i') &&
		       leaf->ecx == KW_VENDOR('c', 'A', 'M', 'D');
	case KW_VENDOR('A', 'M', 'D', 'i'):
		return leaf->edx == KW_VENDOR('s', 'b', 'e', 't') &&
		       leaf->ecx == KW_VENDOR('t', 'e', 'r', '!');
	case KW_VENDOR('H', 'y', 'g', 'o'):
		return leaf->edx == KW_VENDOR('n', 'G', 'e', 'n') &&
		       leaf->ecx == KW_VENDOR('u', 'i', 'n', 'e');
	default:
		return false;
	}
}

static bool kw_is_amd_compatible(const struct kvm_vcpu *vcpu)
{
	const struct kvm_cpuid_entry2 *leaf = vcpu->arch.cpuid_entries;
	int i;

	for (i = 0; leaf && i < vcpu->arch.cpuid_nent; i++)
		if (leaf[i].function == 0)
			return kw_is_amd_leaf(&leaf[i]);
	return false;
}

/* Would set_msr_mce() of Linux 5.10.0 to 5.10.136 have returned -1? */
static bool kw_is_like(const struct kvm_vcpu *vcpu, enum kw_access access,
		       const struct msr_data *msr)
{
	const struct kw_mce_write write = {
		.gen = KW_MCE_5_10,
		.msr = msr->index,
		.value = msr->data,
		.banks = vcpu->arch.mcg_cap & MCG_BANKCNT_MASK,
		.amd_compatible = kw_is_amd_compatible(vcpu),
		.mcstatuswren = vcpu->arch.msr_hwcr & HWCR_MCSTATUSWREN,
		.mcg_ctl_p = vcpu->arch.mcg_cap & MCG_CTL_P,
		.mcg_cmci_p = vcpu->arch.mcg_cap & MCG_CMCI_P,
	};

	return access == KW_WRMSR && kw_attr(KW_ATTR_LIKE) && kw_mce_rule(&write).ret < 0;
}

static int kw_decide(const struct kw_frame *frame, const struct kvm_vcpu *vcpu,
		     enum kw_access access, const struct msr_data *msr)
{
	bool like;

	if (!kw_injection.live || !kw_is_chosen_vcpu(vcpu))
		return 0;
	like = kw_is_like(vcpu, access, msr);
	if (!like && !kw_is_chosen_access(access, msr))
		return 0;

	atomic64_inc(&kw_injection.seen);
	/* without a frame its report would be lost */
	if (!frame) {
		atomic64_inc(&kw_injection.missed);
		return 0;
	}
	if (like)
		return -EPERM;
	return kw_draw() ? (int)kw_attr(KW_ATTR_RESULT) : 0;
}

static void kw_inject_say(const struct kvm_vcpu *vcpu, enum kw_access access,
			  const struct msr_data *msr, int result)
{
	s64 verbose = READ_ONCE(kw_injection.attr[KW_ATTR_VERBOSE]);

	if (!verbose || !__ratelimit(&kw_inject_ratelimit))
		return;
	pr_notice("kvm [%d]: vcpu%d %s(0x%x): injecting %d\n", current->tgid, vcpu->vcpu_id,
		  kw_access_names[access], msr->index, result);
	if (verbose > 1)
		dump_stack();
}

/*
 * Returns the result that replaces KVM's for this access, or 0. If nonzero, there is a frame, and
 * the caller must call kw_inject_returned() once the failure has been reported.
 */
int kw_inject(const struct kw_frame *frame, const struct kvm_vcpu *vcpu, enum kw_access access,
	      const struct msr_data *msr)
{
	unsigned long flags;
	int result;

	if (!READ_ONCE(kw_injection.live))
		return 0;

	raw_spin_lock_irqsave(&kw_injection.lock, flags);
	result = kw_decide(frame, vcpu, access, msr);
	if (result)
		atomic_inc(&kw_injection.in_flight);
	raw_spin_unlock_irqrestore(&kw_injection.lock, flags);
	if (!result)
		return 0;

	atomic64_inc(&kw_injection.injected);
	kw_count(KW_COUNT_INJECTED);
	trace_kvmwhy_inject(vcpu->vcpu_id, access == KW_WRMSR, msr->index, msr->data, result);
	kw_inject_say(vcpu, access, msr, result);
	return result;
}

void kw_inject_returned(void)
{
	atomic_dec(&kw_injection.in_flight);
}

static void kw_inject_set_live(bool live)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kw_injection.lock, flags);
	WRITE_ONCE(kw_injection.live, live);
	raw_spin_unlock_irqrestore(&kw_injection.lock, flags);
}

/*
 * Under kw_mutex. Waits until no call has a swapped index and no injected failure is on its way out
 * of KVM_RUN: both are short, but can be preempted.
 */
void kw_inject_pause(void)
{
	unsigned int ms;

	kw_inject_set_live(false);
	for (ms = 0; atomic_read(&kw_injection.in_flight) > 0 && ms < KW_DRAIN_MS; ms++)
		msleep(1);
	if (atomic_read(&kw_injection.in_flight) > 0)
		pr_warn("an injected access did not return: its report may be lost\n");
}

/* Under kw_mutex, with the probes registered. */
void kw_inject_resume(void)
{
	kw_inject_set_live(kw_attr(KW_ATTR_ARMED));
}

/*
 * The hooks that injection needs with its current settings. Under kw_mutex, like everything that
 * changes attributes.
 */
unsigned int kw_inject_hooks(void)
{
	unsigned int hooks = BIT(KW_HOOK_RUN);

	if (!kw_attr(KW_ATTR_ARMED))
		return 0;
	if (kw_attr(KW_ATTR_ACCESS) == KW_WRMSR || kw_attr(KW_ATTR_LIKE))
		hooks |= BIT(KW_HOOK_SET_MSR);
	if (kw_attr(KW_ATTR_ACCESS) == KW_RDMSR)
		hooks |= BIT(KW_HOOK_GET_MSR);
	return hooks;
}

static void kw_start_sequence(void)
{
	prandom_seed_state(&kw_injection.random, (u64)kw_attr(KW_ATTR_SEED));
	kw_injection.accesses = 0;
}

static void kw_reset_counters(void)
{
	atomic64_set(&kw_injection.seen, 0);
	atomic64_set(&kw_injection.injected, 0);
	atomic64_set(&kw_injection.missed, 0);
}

static void kw_attr_store(enum kw_attr attr, s64 value)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kw_injection.lock, flags);
	kw_injection.attr[attr] = value;
	if (attr == KW_ATTR_SEED)
		kw_start_sequence();
	raw_spin_unlock_irqrestore(&kw_injection.lock, flags);
}

/* The two results that mean success for KVM_RUN would make it loop forever. */
static bool kw_is_valid(enum kw_attr attr, s64 value)
{
	const struct kw_attr_row *row = &kw_attr_rows[attr];

	if (value < row->min || value > row->max)
		return false;
	return attr != KW_ATTR_RESULT || value == 1 || kw_is_failure((int)value);
}

static int kw_attr_set(enum kw_attr attr, s64 value)
{
	s64 old = kw_attr(attr);
	int error = 0;

	if (!kw_is_valid(attr, value))
		return -EINVAL;
	if (attr == KW_ATTR_ARMED && value && !old)
		kw_reset_counters();
	kw_attr_store(attr, value);
	if (kw_attr_rows[attr].probes)
		error = kw_apply();
	if (error) {
		kw_attr_store(attr, old);
		kw_apply();
	}
	return error;
}

static int kw_attr_parse(enum kw_attr attr, const char *text, s64 *value)
{
	int access;
	u64 hex;

	if (attr == KW_ATTR_ACCESS) {
		access = sysfs_match_string(kw_access_names, text);
		*value = access;
		return access < 0 ? access : 0;
	}
	if (!kw_attr_rows[attr].hex || *skip_spaces(text) == '-')
		return kstrtoll(text, 0, value);
	if (kstrtoull(text, 0, &hex))
		return -EINVAL;
	*value = (s64)hex;
	return 0;
}

static ssize_t kw_attr_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	enum kw_attr attr = (uintptr_t)file_inode(file)->i_private;
	char text[32] = "";
	s64 value;
	int error;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	error = kw_attr_parse(attr, text, &value);
	if (error)
		return error;

	mutex_lock(&kw_mutex);
	error = kw_attr_set(attr, value);
	mutex_unlock(&kw_mutex);
	return error ? error : (ssize_t)size;
}

static ssize_t kw_attr_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	enum kw_attr attr = (uintptr_t)file_inode(file)->i_private;
	s64 value = READ_ONCE(kw_injection.attr[attr]);
	char text[32];
	int length;

	if (attr == KW_ATTR_ACCESS)
		length = scnprintf(text, sizeof(text), "%s\n", kw_access_names[value]);
	else
		length = scnprintf(text, sizeof(text),
				   kw_attr_rows[attr].hex ? "0x%llx\n" : "%lld\n", value);
	return simple_read_from_buffer(to, size, at, text, length);
}

static const struct file_operations kw_attr_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= kw_attr_read,
	.write	= kw_attr_write,
	.llseek	= default_llseek,
};

static int kw_counter_get(void *counter, u64 *value)
{
	*value = atomic64_read((atomic64_t *)counter);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(kw_counter_fops, kw_counter_get, NULL, "%llu\n");

/* Accesses that passed unchecked also count as missed. */
static int kw_missed_get(void *unused, u64 *value)
{
	*value = atomic64_read(&kw_injection.missed) +
		 kw_probes_missed(BIT(KW_HOOK_SET_MSR) | BIT(KW_HOOK_GET_MSR));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(kw_missed_fops, kw_missed_get, NULL, "%llu\n");

void kw_inject_debugfs(struct dentry *parent)
{
	struct dentry *folder = debugfs_create_dir("inject", parent);
	uintptr_t i;

	for (i = 0; i < KW_NATTRS; i++)
		debugfs_create_file(kw_attr_rows[i].name, 0600, folder, (void *)i, &kw_attr_fops);
	debugfs_create_file("seen", 0400, folder, &kw_injection.seen, &kw_counter_fops);
	debugfs_create_file("injected", 0400, folder, &kw_injection.injected, &kw_counter_fops);
	debugfs_create_file("missed", 0400, folder, NULL, &kw_missed_fops);
}

void kw_inject_init(void)
{
	unsigned int i;

	for (i = 0; i < KW_NATTRS; i++)
		kw_injection.attr[i] = kw_attr_rows[i].first;
	kw_start_sequence();
}
