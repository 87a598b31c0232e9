// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a guest's write to one MSR fail as in the starting case, on any KVM: its result becomes -1.
 * In: msr=INDEX, after=N such writes that are let through, times=N how many are refused after them.
 * Out: KVM_RUN fails with EPERM; one line "refuse: ..." in the kernel log for each refusal.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/limits.h>
#include <linux/module.h>

/* As many vCPUs can be inside the probed function at once without one being missed. */
#define REFUSE_MAX_VCPUS 512

static unsigned int msr = UINT_MAX;
module_param(msr, uint, 0444);
MODULE_PARM_DESC(msr, "index of the MSR (needed)");

static unsigned int after;
module_param(after, uint, 0444);
MODULE_PARM_DESC(after, "how many guest writes to it are let through first");

static unsigned int times = 1;
module_param(times, uint, 0444);
MODULE_PARM_DESC(times, "how many guest writes to it are refused then");

static atomic64_t writes = ATOMIC64_INIT(0);

struct refusal {
	u64 data;
	u64 count;
};

/* Non-zero: this call is none of ours, its return is not looked at. */
static int on_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct msr_data *write = (const void *)regs_get_kernel_argument(regs, 1);
	struct refusal *refusal = (void *)instance->data;
	u64 count;

	if (write->host_initiated || write->index != msr)
		return 1;

	count = (u64)atomic64_inc_return(&writes);
	if (count <= after || count - after > times)
		return 1;

	refusal->data = write->data;
	refusal->count = count - after;
	return 0;
}

static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct refusal *refusal = (const void *)instance->data;

	pr_info("MSR 0x%x <- 0x%llx: result %d becomes -1 (%llu of %u)\n", msr, refusal->data,
		(int)regs_return_value(regs), refusal->count, times);
	regs_set_return_value(regs, -1UL);
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name	= "kvm_set_msr_common",
	.entry_handler	= on_entry,
	.handler	= on_return,
	.data_size	= sizeof(struct refusal),
	.maxactive	= REFUSE_MAX_VCPUS,
};

static int __init refuse_init(void)
{
	if (msr == UINT_MAX) {
		pr_err("msr= is needed\n");
		return -EINVAL;
	}
	return register_kretprobe(&probe);
}

static void __exit refuse_exit(void)
{
	unregister_kretprobe(&probe);
	if (probe.nmissed)
		pr_warn("%d writes were not seen\n", probe.nmissed);
}

module_init(refuse_init);
module_exit(refuse_exit);
MODULE_DESCRIPTION("Turns the result of a guest's write to one MSR into -1");
MODULE_LICENSE("GPL");
