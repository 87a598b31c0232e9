// SPDX-License-Identifier: GPL-2.0-only
/*
 * In: VMCS fields and how to change them. Out: one VM entry attempted with them, and KVM's
 * dump_vmcs() of entries about to be attempted. For the lab, whose L1 has one processor and runs
 * one guest at a time: no locking.
 *
 * A host field must only get a value that the processor refuses: an accepted one becomes L1's own
 * state at the next VM exit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#define MAX_FIELDS 8
#define VM_ENTRY_MSR_LOAD_COUNT 0x4014
#define VM_ENTRY_MSR_LOAD_ADDR 0x200a

static unsigned long field[MAX_FIELDS], keep[MAX_FIELDS], flip[MAX_FIELDS], old[MAX_FIELDS];
static unsigned int fields, keeps, flips;
static unsigned int skip, dump, load_msr;
static unsigned int every = 1;

module_param_array(field, ulong, &fields, 0444);
MODULE_PARM_DESC(field, "encodings of the fields that are changed for one entry");
module_param_array(keep, ulong, &keeps, 0444);
MODULE_PARM_DESC(keep, "for each field the bits that stay");
module_param_array(flip, ulong, &flips, 0444);
MODULE_PARM_DESC(flip, "for each field the bits that are inverted then");
module_param(load_msr, uint, 0444);
MODULE_PARM_DESC(load_msr, "the only MSR of the VM-entry MSR-load area of that entry");
module_param(skip, uint, 0444);
MODULE_PARM_DESC(skip, "entries to leave alone before it");
module_param(dump, uint, 0444);
MODULE_PARM_DESC(dump, "entries to dump, from that one on");
module_param(every, uint, 0444);
MODULE_PARM_DESC(every, "dump only every nth entry");

/* An entry of the MSR-load area: Intel SDM vol. 3, "VM-Exit Controls for MSRs". */
struct msr_entry {
	u32 index, reserved;
	u64 value;
};

static struct msr_entry *area;
static unsigned long old_area, old_count;
static unsigned int entries;
static void (*dump_vmcs_of)(void *vcpu);

/* VMfailValid sets ZF, VMfailInvalid sets CF. */
static bool vmread(unsigned long encoding, unsigned long *value)
{
	bool done;

	asm volatile("vmread %2, %1" : "=@cca"(done), "=r"(*value) : "r"(encoding));
	return done;
}

static bool vmwrite(unsigned long encoding, unsigned long value)
{
	bool done;

	asm volatile("vmwrite %2, %1" : "=@cca"(done) : "r"(encoding), "r"(value));
	return done;
}

/* VMCLEAR of an impossible address fails, and Bochs logs it: a line between two guests. */
static void mark(void)
{
	const u64 unaligned = 1;

	asm volatile("vmclear %0" : : "m"(unaligned) : "cc");
	pr_info("marked\n");
}

static void change_field(unsigned int i)
{
	unsigned long value;

	if (!vmread(field[i], &old[i])) {
		pr_info("%#lx: no such field here\n", field[i]);
		return;
	}
	value = (old[i] & keep[i]) ^ flip[i];
	pr_info("%#lx: %#lx -> %#lx%s\n", field[i], old[i], value,
		vmwrite(field[i], value) ? "" : " failed");
}

static void change(void)
{
	unsigned int i;

	for (i = 0; i < fields; i++)
		change_field(i);
	if (!load_msr)
		return;
	area->index = load_msr;
	vmread(VM_ENTRY_MSR_LOAD_ADDR, &old_area);
	vmread(VM_ENTRY_MSR_LOAD_COUNT, &old_count);
	vmwrite(VM_ENTRY_MSR_LOAD_ADDR, virt_to_phys(area));
	vmwrite(VM_ENTRY_MSR_LOAD_COUNT, 1);
}

/* KVM keeps copies of the controls and of much guest state, and writes only what it has changed. */
static void restore(void)
{
	unsigned int i;

	for (i = 0; i < fields; i++)
		vmwrite(field[i], old[i]);
	if (!load_msr)
		return;
	vmwrite(VM_ENTRY_MSR_LOAD_ADDR, old_area);
	vmwrite(VM_ENTRY_MSR_LOAD_COUNT, old_count);
}

/*
 * The last function vmx_vcpu_run() calls before the code that must not be probed: in Linux 5.10 to
 * 7.3 only HOST_RSP is written to the VMCS after it. The VMCS is the current one, interrupts are
 * off, and the vCPU is the first argument.
 */
static int before_entry(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int nth = entries++;

	if (nth < skip)
		return 0;
	nth -= skip;
	if (nth == 0) {
		mark();
		change();
	} else if (nth == 1) {
		restore();
	}
	if (dump && nth % every == 0) {
		dump--;
		dump_vmcs_of((void *)regs->di);
	}
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "kvm_wait_lapic_expire",
	.pre_handler = before_entry,
};

/*
 * dump_vmcs() is global and not exported; a kprobe knows where it is, if no symbol of this module
 * has that name. In Linux 5.10 it has no argument, and ignores one.
 */
static int find_dump_vmcs(void)
{
	struct kprobe finder = {
		.symbol_name = "dump_vmcs",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&finder);

	if (err)
		return err;
	dump_vmcs_of = (void *)finder.addr;
	unregister_kprobe(&finder);
	return 0;
}

static int __init vmcs_poke_init(void)
{
	int err;

	if (fields != keeps || fields != flips || !every)
		return -EINVAL;
	err = dump ? find_dump_vmcs() : 0;
	if (err)
		return err;
	area = (void *)get_zeroed_page(GFP_KERNEL);
	if (!area)
		return -ENOMEM;
	err = register_kprobe(&probe);
	if (err)
		free_page((unsigned long)area);
	return err;
}

/* At the end of a job its guest is gone, and so is the VMCS that may point to the area. */
static void __exit vmcs_poke_exit(void)
{
	unregister_kprobe(&probe);
	free_page((unsigned long)area);
}

module_init(vmcs_poke_init);
module_exit(vmcs_poke_exit);
MODULE_DESCRIPTION("Changes fields of the VMCS before a VM entry");
MODULE_LICENSE("GPL");
