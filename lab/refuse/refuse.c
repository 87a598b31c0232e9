// SPDX-License-Identifier: GPL-2.0-only
/*
 * In: a function of KVM whose second argument is an MSR's index, and what it is to return. Out:
 * calls of it with that MSR that return this, reported in the kernel's log. The function has
 * already done its work: only its result is replaced.
 *
 * It is called by kvm_set_msr_common(), which passes the number on like one of its own: an observer
 * of that function cannot tell the two apart. The line for a call does not name the function: lines
 * that do are read as KVM's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#define CALLS_AT_ONCE 64

static char *func = "";
static unsigned int msr, msrs = 1, skip, times = 1;
static int result = -1;

module_param(func, charp, 0444);
MODULE_PARM_DESC(func, "the function, as kvm_x2apic_msr_write");
module_param(msr, uint, 0444);
MODULE_PARM_DESC(msr, "index of the MSR");
module_param(msrs, uint, 0444);
MODULE_PARM_DESC(msrs, "how many MSRs from that one on (1)");
module_param(skip, uint, 0444);
MODULE_PARM_DESC(skip, "how many calls pass before the first that is refused");
module_param(times, uint, 0444);
MODULE_PARM_DESC(times, "how many calls are refused then (1), 0 is all");
module_param(result, int, 0444);
MODULE_PARM_DESC(result, "what the function returns then (-1)");

static atomic64_t calls = ATOMIC64_INIT(0), refused = ATOMIC64_INIT(0);

struct call {
	u32 index;
	u64 value;
};

/* Nonzero: this call is left alone. */
static int on_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct call *call = (struct call *)instance->data;

	call->index = (u32)regs->si;
	call->value = regs->dx;
	return call->index - msr >= msrs;
}
NOKPROBE_SYMBOL(on_entry);

static bool is_wanted(void)
{
	u64 nth = (u64)atomic64_inc_return(&calls);

	return nth > skip && (!times || nth - skip <= times);
}

static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct call *call = (const struct call *)instance->data;
	int before = (int)regs_return_value(regs);

	if (!is_wanted())
		return 0;
	atomic64_inc(&refused);
	regs_set_return_value(regs, (unsigned long)(long)result);
	pr_info_ratelimited("0x%x <- 0x%llx: %d, becomes %d\n", call->index, call->value, before,
			    result);
	return 0;
}
NOKPROBE_SYMBOL(on_return);

static struct kretprobe probe = {
	.entry_handler = on_entry,
	.handler = on_return,
	.data_size = sizeof(struct call),
	.maxactive = CALLS_AT_ONCE,
};

static int __init refuse_init(void)
{
	int err;

	probe.kp.symbol_name = func;
	err = register_kretprobe(&probe);
	if (err)
		pr_err("%s: cannot be probed (%d); func is a function of kvm.ko that is not inlined\n",
		       func, err);
	else
		pr_info("%s is refused for MSR 0x%x and the next %u\n", func, msr, msrs - 1);
	return err;
}

static void __exit refuse_exit(void)
{
	unregister_kretprobe(&probe);
	pr_info("%lld of %lld calls refused, %d missed\n", (long long)atomic64_read(&refused),
		(long long)atomic64_read(&calls), probe.nmissed);
}

module_init(refuse_init);
module_exit(refuse_exit);
MODULE_DESCRIPTION("Makes a function of KVM refuse an MSR");
MODULE_LICENSE("GPL");
