// SPDX-License-Identifier: MIT
/*
 * Faults of the host's kernel in KVM, hardware errors in its memory, and split locks it slows down.
 */
#include "explain/rules/rules.h"

#define HOST KW_IN(HOST_KERNEL)
#define WITH_FAILURE HOST | KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR) | KW_IN(VMM_ERROR)

static const struct kw_do report_oops = {
	.text = "Report the whole message, from `BUG` or `WARNING` to `end trace`, with `uname "
		"-r`; try a newer stable kernel first.",
};

static bool host_is_vm(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_ON_VM);
}

static const struct kw_do suspect_below = {
	.text = "This host is itself a VM, says `Hardware name`: suspect the hypervisor below it "
		"first, and update it.",
	.when = host_is_vm,
};

static bool fault_in_kvm(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_BUG);
}

/* The same trace has "RIP: 0010:f+0x1/0x2 [kvm]" for a WARN and for an oops. */
static bool warned_only(const struct kw_case *c)
{
	return !any_sign(c, KW_SIGN_BUG) && !any_sign(c, KW_SIGN_SPURIOUS_FAULT);
}

static bool injected_into_guest(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_MCE_GUEST);
}

/*
 * A trap of the guest and one of the VMM's own code have the same words. Only the guest has
 * instructions in the upper half of the addresses; kernels that tell them apart say "(guest)".
 */
static bool guest_address(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_SPLIT_LOCK);

	return sign && (sign->value >> 63 || kw_str_has(sign->text, KW_STR(" (guest) ")));
}

static enum kw_certainty if_guest_address(const struct kw_case *c)
{
	return guest_address(c) ? KW_CERTAIN : KW_LIKELY;
}

const struct kw_rule kw_rules_host_kernel[] = {
	{
		.id = "host-spurious-fault",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.sign = KW_SIGN_SPURIOUS_FAULT + 1,
		.needs_sign = true,
		.title = "A VMX or SVM instruction of the host's KVM faulted: virtualization was "
			 "not on for this CPU",
		.why = "kvm_spurious_fault() runs when an instruction such as VMPTRLD or VMRUN "
		       "raises #UD or #GP while KVM is in use. CR4.VMXE or EFER.SVME was lost: a "
		       "suspend or kexec went wrong, or the hypervisor below this host cleared "
		       "it.",
		.todo = { &suspect_below,
			  KW_DO("Is this host a VM? Then its hypervisor is the first suspect: "
				"update it, and check that it was not migrated or restored while "
				"VMs ran.",
				.unless = host_is_vm),
			  KW_DO("Was it suspended, a CPU taken offline, or a crash kernel "
				"started? Reboot it."),
			  &report_oops },
		.source = { "Linux arch/x86/kvm/x86.c, kvm_spurious_fault()" },
	},
	{
		.id = "host-mmio-spte",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE | KW_IN(UNKNOWN_EXIT),
		.sign = KW_SIGN_MMIO_SPTE + 1,
		.needs_sign = true,
		.title = "KVM's MMU found reserved bits in a shadow page-table entry: a defect of "
			 "the host's kernel or its hardware",
		.why = "The entry for an MMIO address is not one that KVM can have written. KVM "
		       "prints the walk and ends the vCPU: with EINVAL, old kernels with the unknown "
		       "exit 0x31. The guest did nothing wrong.",
		.todo = { KW_DO("Update the host's kernel; report the walk (`dump hierarchy` and "
				"the lines after it) with `uname -r` and the CPU model."),
			  KW_DO("Check the host's memory and its EDAC log: `journalctl -k | grep "
				"-iE 'edac|mce'`.") },
		.source = { "Linux arch/x86/kvm/mmu/mmu.c, get_mmio_spte()" },
	},
	{
		.id = "host-hyp-panic",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.sign = KW_SIGN_HYP_PANIC + 1,
		.needs_sign = true,
		.title = "KVM's own code at EL2 failed (HYP panic): a defect of the host's kernel "
			 "or its hardware, never of the guest",
		.why = "The hypervisor part of KVM on arm64 took an exception in its own text, or "
		       "met a BUG(). The guest that ran is only where it happened.",
		.todo = { KW_DO("Report the message with ESR, PC, the VCPU line and `uname -r`. ESR "
				"0xf2000800 is a BRK: a BUG() or WARN() of the hypervisor's."),
			  KW_DO("Update the host's kernel and firmware.") },
		.source = { "Linux arch/arm64/kvm/handle_exit.c, nvhe_hyp_panic_handler()",
			    "Linux arch/arm64/kvm/hyp/vhe/switch.c, hyp_panic()" },
	},
	{
		.id = "host-vmx-insn",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = HOST,
		.sign = KW_SIGN_VMX_INSN + 1,
		.needs_sign = true,
		.title = "A VMX instruction failed in the host's KVM: the hypervisor below a nested "
			 "host, or a defect of KVM",
		.why = "VMPTRLD, VMCLEAR, VMREAD, VMWRITE, INVEPT or INVVPID ended with VMfail. KVM "
		       "prepares the VMCS so that this cannot happen on hardware; the guest has no "
		       "part in it.",
		.todo = { &suspect_below,
			  KW_DO("Is this host a VM? Update the hypervisor below it, and check that "
				"it was not migrated or restored while VMs ran.",
				.unless = host_is_vm),
			  &report_oops },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, vmx_insn_failed()",
			    "Intel SDM vol. 3, \"VM Instruction Error Numbers\"" },
	},
	{
		.id = "host-lockup",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.sign = KW_SIGN_LOCKUP + 1,
		.needs_sign = true,
		.title = "A CPU of the host was stuck in a vCPU thread: the host, not the guest, "
			 "is in trouble",
		.why = "The watchdog saw no scheduling on this CPU for too long. An overloaded "
		       "hypervisor below this one, SMIs and defects of KVM look like this.",
		.todo = { KW_DO("Read the call trace: is it in KVM, in IPIs (smp_call_function), "
				"or in the idle loop? Steal time (`top`, %st) says whether a "
				"hypervisor below took the CPU."),
			  &report_oops },
		.source = { "Linux kernel/watchdog.c" },
	},
	{
		.id = "host-hung-task",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.sign = KW_SIGN_HUNG_TASK + 1,
		.needs_sign = true,
		.title = "A thread of the VMM waited in the host's kernel for minutes: the guest "
			 "stood still meanwhile",
		.why = "The hung-task detector prints a thread that did not leave uninterruptible "
		       "sleep. Most such waits are for storage or memory; the guest continues when "
		       "they end.",
		.todo = { KW_DO("Read the call trace under the line: it names what the thread waits "
				"for (NFS, Ceph, a disk, a lock of KVM's)."),
			  KW_DO("Look for errors of that storage: `journalctl -k` of the minutes "
				"before.") },
		.source = { "Linux kernel/hung_task.c" },
	},
	{
		.id = "host-kernel-warning",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = HOST,
		.sign = KW_SIGN_WARN + 1,
		.needs_sign = true,
		.test = warned_only,
		.title = "The host's KVM found a state that its authors hold to be impossible, and "
			 "warned{at_function}",
		.why = "A WARN does not stop the kernel. After KVM_BUG_ON() the VM is marked dead, "
		       "and each of its ioctls fails with EIO; after any other WARN the guest "
		       "usually runs on. The defect is the host's, even if the guest triggered it.",
		.todo = { &suspect_below,
			  KW_DO("Check whether the VM still runs; with EIO from its ioctls, start it "
				"anew."),
			  KW_DO("Look the file and function up in the changelogs of newer stable "
				"kernels: such warnings are mostly known and fixed."),
			  &report_oops },
		.source = { "kernel messages in this text" },
	},
	{
		.id = "host-kernel-fault",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = HOST,
		.fallback = true,
		.test = fault_in_kvm,
		.title = "The host's kernel reports a fault of its own in or near "
			 "KVM{at_function}",
		.why = "A BUG or an oops of the host names KVM. It must be fixed in the host, even "
		       "if the guest triggered it. The thread of the vCPU was killed, so the guest "
		       "hangs or ends.",
		.todo = { &suspect_below,
			  KW_DO("Restart the host when you can: locks and counts that the killed "
				"thread held stay as they were."),
			  KW_DO("Check the host's memory too: an address that makes no sense, or "
				"faults at places that differ each time, point to it."),
			  &report_oops },
		.source = { "kernel messages in this text" },
	},
	{
		.id = "host-vcpu-thread",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = HOST,
		.fallback = true,
		.sign = KW_SIGN_VCPU_THREAD + 1,
		.needs_sign = true,
		.title = "The host's kernel printed a trace while a VMM's thread ran; this text does "
			 "not show that KVM caused it",
		.why = "`Comm:` names the thread that the CPU ran at that moment: a stall, a hung "
		       "task or a fault elsewhere in the kernel is printed with it, too.",
		.todo = { KW_DO("Read the first line of the report and `RIP:`: they name what "
				"happened, and where. A function of [kvm], [kvm_intel] or [kvm_amd] "
				"there is KVM's."),
			  &report_oops },
		.source = { "Linux lib/dump_stack.c, dump_stack_print_info()" },
	},
	{
		.id = "split-lock",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.sure = if_guest_address,
		.proof = { KW_PROOF_SIGN },
		.classes = KW_IN(SPLIT_LOCK),
		.sign = KW_SIGN_SPLIT_LOCK + 1,
		.needs_sign = true,
		.title = "The guest makes locked accesses across a cache line, and the host slows "
			 "it down for that",
		.why = "Such an access locks the memory bus for every CPU. Linux 5.7 and later "
		       "trap it; since 5.19 each one costs the guest at least 10 ms, on one CPU "
		       "at a time (split_lock_mitigate). The guest lives, but may be too slow to "
		       "be useful.",
		.todo = { KW_DO("For a guest that you trust: `sysctl kernel.split_lock_mitigate=0` "
				"(Linux 6.2 and later), or boot the host with "
				"`split_lock_detect=off`."),
			  KW_DO("Better: update the program or driver in the guest; the address in "
				"the line is the guest's instruction.",
				.when = guest_address),
			  KW_DO("The line does not say whether the guest or the VMM's own code was "
				"at that address: is it in `/proc/PID/maps` of the VMM?",
				.unless = guest_address) },
		.source = { "Linux arch/x86/kernel/cpu, split_lock_warn()",
			    "Linux Documentation/admin-guide/sysctl/kernel.rst, "
			    "\"split_lock_mitigate\"" },
	},
	{
		.id = "split-lock-fatal",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = KW_IN(SPLIT_LOCK),
		.sign = KW_SIGN_SPLIT_LOCK_FATAL + 1,
		.needs_sign = true,
		.title = "The guest made a locked access across a cache line, and the host's kernel "
			 "sent the VMM SIGBUS for it",
		.why = "`fatal`: the host runs with split_lock_detect=fatal. `bogus`: detection is "
		       "off, and the CPU or the hypervisor below raised #AC all the same. A VMM "
		       "that gets this SIGBUS ends. The line is printed once after a boot.",
		.todo = { KW_DO("Boot the host with `split_lock_detect=warn`, the default, or "
				"`off`."),
			  KW_DO("Update the program or driver in the guest; the address in the "
				"line is its instruction.") },
		.source = { "Linux arch/x86/kernel/cpu, handle_guest_split_lock()",
			    "Linux Documentation/arch/x86/buslock.rst" },
	},
	{
		.id = "bus-lock",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.harmless = true,
		.classes = KW_IN(SPLIT_LOCK),
		.sign = KW_SIGN_BUS_LOCK + 1,
		.needs_sign = true,
		.title = "Harmless to the guest: the VMM's own code took a bus lock, and the host's "
			 "kernel logged it",
		.why = "The #DB of bus-lock detection is taken in the host's own programs. A "
		       "guest's bus lock is a VM exit instead, about which the kernel prints "
		       "nothing. Kernels before v6.16 also print this, wrongly, for the first #DB "
		       "of a CPU.",
		.todo = { KW_DO("Nothing for the guest. If it repeats, find the code: the address "
				"is in `/proc/PID/maps` of the VMM.") },
		.source = { "Linux arch/x86/kernel/traps.c, exc_debug_user(), handle_bus_lock()",
			    "Linux Documentation/arch/x86/buslock.rst" },
	},
	{
		.id = "memory-error",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = KW_IN(MEMORY_ERROR) | KW_IN(KVM_RUN_FAILED),
		.any_arch = true,
		.sign = KW_SIGN_MCE_GUEST + 1,
		.needs_sign = true,
		.test = injected_into_guest,
		.title = "An uncorrectable error in the host's memory, in a page of the guest: the "
			 "guest got a machine check",
		.why = "The host's kernel took the page out of use and told QEMU by SIGBUS; QEMU "
		       "passed it on as a hardware memory error. A guest without a handler for it "
		       "stops. Neither KVM nor the guest is at fault.",
		.todo = { KW_DO("Find the DIMM and replace it: `ras-mc-ctl --errors` (rasdaemon), "
				"`journalctl -k | grep -iE 'edac|mce|Hardware Error'`, or the "
				"board's event log."),
			  KW_DO("Move the other guests off this host first.") },
		.source = { "QEMU target/i386/kvm/kvm.c and target/arm/kvm.c, "
			    "kvm_arch_on_sigbus_vcpu()",
			    "Linux mm/memory-failure.c" },
	},
	{
		.id = "memory-error-host",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = KW_IN(MEMORY_ERROR) | KW_IN(KVM_RUN_FAILED),
		.any_arch = true,
		.sign = KW_SIGN_MCE_HOST + 1,
		.needs_sign = true,
		.title = "An uncorrectable error in the host's memory, in a page of this VM's "
			 "process",
		.why = "memory_failure() took a page out of use that belongs to the VMM. The VMM "
		       "is sent SIGBUS or killed.",
		.todo = { KW_DO("Find the DIMM and replace it: `ras-mc-ctl --errors` (rasdaemon), "
				"`journalctl -k | grep -iE 'edac|mce|Hardware Error'`, or the "
				"board's event log.") },
		.source = { "Linux mm/memory-failure.c" },
	},
	{ 0 }
};
