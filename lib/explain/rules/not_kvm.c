// SPDX-License-Identifier: MIT
/*
 * It was not KVM: the host killed the VMM, the VMM crashed, or the guest could not get its devices,
 * memory or disk.
 */
#include "explain/rules/rules.h"

#define NOT_KVM KW_IN(NOT_KVM) | KW_IN(SETUP_FAILED) | KW_IN(KVM_UNUSABLE)

static bool null_address(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_VMM_SEGFAULT);

	return sign && sign->value && sign->value < 0x1000;
}

static const struct kw_do core_dump = {
	.text = "Run: `coredumpctl info` and `coredumpctl gdb`, with the VMM's debug symbols, then "
		"`thread apply all bt`; give that to the VMM's makers with its version and command "
		"line.",
};

const struct kw_rule kw_rules_not_kvm[] = {
	{
		.id = "vfio-device-fault",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED) | KW_IN(NOT_KVM),
		.any_arch = true,
		.sign = KW_SIGN_VFIO_FAULT + 1,
		.needs_sign = true,
		.title = "vfio-pci could not map the BAR of the passed-through device {device} "
			 "that the guest touched",
		.why = "The kernel's line names the device and the BAR. KVM asked for the page "
		       "behind the guest's address, vfio-pci refused, and KVM_RUN failed. The "
		       "device was in reset, in a low-power state, or gone, or its BAR's memory "
		       "was switched off.",
		.todo = { KW_DO("Run a host kernel with the fix, Linux v6.15 or later. Before, a "
				"huge fault on a BAR could miss the address.",
				.kernel = "vfio-huge-fault-unaligned"),
			  KW_DO("Read the lines about that device around it: reset, D3, `not "
				"responding`, AER."),
			  KW_DO("Keep the device out of D3: vfio-pci `disable_idle_d3=1`; check "
				"its reset method in `/sys/bus/pci/devices/*/reset_method`.") },
		.source = { "Linux commit c1d9dac0db16 (\"vfio/pci: Align huge faults to order\") "
			    "(in v6.15)",
			    "Linux drivers/vfio/pci/vfio_pci_core.c, vfio_pci_mmap_huge_fault()" },
	},
	{
		.id = "oom-cgroup",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_OOM_CGROUP + 1,
		.needs_sign = true,
		.title = "Not KVM: the VM reached the memory limit of its cgroup, and the kernel "
			 "killed it",
		.why = "The VMM's process was chosen by the OOM killer of its memory cgroup. A VM "
		       "needs more than the guest's RAM: page tables, device buffers, the VMM "
		       "itself.",
		.todo = { KW_DO("Raise the limit (`memory.max`, MemoryMax=, the pod's limit), or "
				"lower the guest's memory.") },
		.source = { "Linux mm/oom_kill.c, oom_kill_process()" },
	},
	{
		.id = "oom",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_OOM + 1,
		.needs_sign = true,
		.title = "Not KVM: the host ran out of memory, and the kernel killed the VM",
		.why = "The OOM killer picks the process that frees the most memory, which is "
		       "usually a VM.",
		.todo = { KW_DO("Give the guests less memory or the host more: the sum of all "
				"guests, plus caches that do not shrink fast (ZFS ARC), plus "
				"reserved hugepages must fit."),
			  KW_DO("Add swap, ballooning or KSM; protect this VM by `OOMScoreAdjust=` "
				"of its unit.") },
		.source = { "Linux mm/oom_kill.c, oom_kill_process()" },
	},
	{
		.id = "oomd",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_OOMD + 1,
		.needs_sign = true,
		.title = "Not KVM: systemd-oomd killed the VM's cgroup because of memory pressure "
			 "or swap use",
		.why = "systemd-oomd acts before the kernel's OOM killer does, on whole cgroups.",
		.todo = { KW_DO("Set `ManagedOOMMemoryPressure=auto` and `ManagedOOMSwap=auto` for "
				"machine.slice, or give the host more memory.") },
		.source = { "systemd-oomd.service(8)" },
	},
	{
		.id = "vmm-crashed",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VMM_SEGFAULT + 1,
		.needs_sign = true,
		.title = "Not KVM: the VMM itself crashed in user space",
		.why = "The kernel's line is about the VMM's process. The guest ended with it.",
		.todo = { KW_DO("The faulting address is within the first page: a pointer to a "
				"structure was NULL.",
				.when = null_address),
			  &core_dump,
			  KW_DO("Update the VMM: crashes of this kind are its defects.") },
		.source = { "Linux arch/x86/mm/fault.c, show_signal_msg()" },
	},
	{
		.id = "vmm-dumped-core",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VMM_COREDUMP + 1,
		.needs_sign = true,
		.title = "Not KVM: the VMM crashed and left a core dump",
		.why = "systemd-coredump names the VMM's process. An assertion, an abort or a "
		       "fault in the VMM ended the guest.",
		.todo = { &core_dump },
		.source = { "systemd-coredump(8)" },
	},
	{
		.id = "vfio-group",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_GROUP + 1,
		.needs_sign = true,
		.title = "Not KVM: the device's IOMMU group contains another device that a host "
			 "driver still uses",
		.why = "VFIO hands out whole IOMMU groups: every device of the group must be bound "
		       "to vfio-pci (or to no driver) before the guest may have one.",
		.todo = { KW_DO("Run: `ls /sys/kernel/iommu_groups/GROUP/devices`, and bind each "
				"device there to vfio-pci; bridges need not be."),
			  KW_DO("If the others must stay with the host: another slot, or a board "
				"with ACS.") },
		.source = { "QEMU hw/vfio, vfio_get_group()",
			    "Linux Documentation/driver-api/vfio.rst" },
	},
	{
		.id = "vfio-no-iommu",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_NO_IOMMU + 1,
		.needs_sign = true,
		.title = "Not KVM: the host has no IOMMU for this device",
		.why = "Passing a device through needs VT-d, AMD-Vi or SMMU, on in firmware and in "
		       "the kernel.",
		.todo = { KW_DO("Enable VT-d or AMD-Vi in firmware setup; on Intel boot with "
				"`intel_iommu=on`. Run: `dmesg | grep -iE 'dmar|amd-vi|smmu'`.") },
		.source = { "Linux Documentation/driver-api/vfio.rst" },
	},
	{
		.id = "guest-memory-unavailable",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_NO_RAM + 1,
		.needs_sign = true,
		.title = "Not KVM: the host could not give the guest its memory",
		.why = "QEMU could not allocate or map the guest's RAM: too few free hugepages, a "
		       "full /dev/shm, an rlimit, or too little memory.",
		.todo = { KW_DO("Hugepages: `grep -i huge /proc/meminfo`; raise vm.nr_hugepages, "
				"per NUMA node if the guest is bound to one."),
			  KW_DO("Shared memory (vhost-user, memfd): `df -h /dev/shm`, `ulimit -l` "
				"for locked memory.") },
		.source = { "QEMU system/physmem.c, util/oslib-posix.c, qemu_prealloc_mem()" },
	},
	{
		.id = "disk-pause",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_DISK_PAUSE + 1,
		.needs_sign = true,
		.title = "Not KVM: the VM was paused because an access to its disk image failed",
		.why = "With werror=stop, enospc or rerror=stop QEMU pauses the guest instead of "
		       "reporting the error to it. The guest continues when resumed. The event "
		       "names the operation and the reason.",
		.todo = { KW_DO("No space left (`nospace` is true): free some where the image is "
				"(`df -h`, thin pools: `lvs`). Another reason: look at the storage, "
				"`journalctl -k` of the same second."),
			  KW_DO("Then `virsh resume GUEST` or `cont`.") },
		.source = { "QEMU qapi/block-core.json, BLOCK_IO_ERROR" },
	},
	{
		.id = "windows-stop",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = NOT_KVM,
		.sign = KW_SIGN_WINDOWS_STOP + 1,
		.needs_sign = true,
		.title = "Not KVM: Windows stopped itself with bug check {stop_code}",
		.why = "Windows reports a blue screen through the Hyper-V crash MSRs: the first "
		       "number is the bug-check code, the others its parameters. KVM only passed "
		       "them on.",
		.todo = { KW_DO("Read the dump in the guest (`!analyze -v`), and look the code up "
				"in Microsoft's bug check reference.") },
		.source = { "QEMU hw/core or target/i386, Hyper-V crash information",
			    "Linux arch/x86/kvm/hyperv.c, HV_X64_MSR_CRASH_P0" },
	},
	{
		.id = "s390-guest-stopped",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.sign = KW_SIGN_S390_STOP + 1,
		.needs_sign = true,
		.title = "Not KVM: the s390x guest stopped itself{psw}",
		.why = "It loaded a disabled-wait PSW, or looped in an interrupt handler that it "
		       "set up itself. The address of the PSW is the code of whoever stopped it: "
		       "0x4512 is the boot loader's.",
		.todo = { KW_DO("Look the code up: zipl's and the firmware's are in \"Device "
				"Drivers, Features, and Commands\", the kernel's panic ends with the "
				"code it was built with."),
			  KW_DO("Read the guest's console: the reason stands above.") },
		.source = { "QEMU system/runstate.c, qemu_system_guest_panicked()",
			    "z/Architecture Principles of Operation, \"Wait state\"" },
	},
	{ 0 }
};
