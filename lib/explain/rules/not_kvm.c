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

/* Only the host sees the crash MSRs; the text of a blue screen may be anybody's. */
static enum kw_certainty if_by_crash_msrs(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_WINDOWS_STOP);

	return sign && kw_str_has(sign->text, KW_STR("arg2=")) ? KW_CERTAIN : KW_LIKELY;
}

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
		.id = "vfio-no-remapping",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.sign = KW_SIGN_VFIO_NO_REMAP + 1,
		.needs_sign = true,
		.title = "Not KVM: VFIO does not hand out devices on a host without interrupt "
			 "remapping",
		.why = "Without it a guest could make its device raise any interrupt of the host by "
		       "an MSI. The host's CPU, chipset or firmware lacks it, or has it switched off; "
		       "the IOMMU alone is not enough.",
		.todo = { KW_DO("Run: `journalctl -k | grep -i remap`. Enable VT-d (AMD-Vi) and x2APIC "
				"in firmware setup; do not boot with `intremap=off`."),
			  KW_DO("Only for guests that you trust: load vfio_iommu_type1 with "
				"`allow_unsafe_interrupts=1`.") },
		.source = { "Linux drivers/vfio/vfio_iommu_type1.c, "
			    "vfio_iommu_type1_attach_group()" },
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
		.id = "vfio-not-bound",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_UNBOUND + 1,
		.needs_sign = true,
		.title =
			"Not KVM: the device {device} is not bound to vfio-pci, or not all of its IOMMU group is",
		.why = "QEMU opens /dev/vfio/GROUP, which exists only while the group's devices are bound to a driver of VFIO. A host driver still has the device, it came back to one after a resume or an update, or another device of the group is missing.",
		.todo = { KW_DO("Run: `lspci -nnk -s DEVICE`. `Kernel driver in use:` must say vfio-pci, for each function of the group."),
			  KW_DO("Bind it: `driverctl set-override DEVICE vfio-pci`, or `options vfio-pci ids=VENDOR:DEVICE` and the initramfs anew.") },
		.source = { "QEMU hw/vfio/container.c, vfio_group_get()",
			    "Linux Documentation/driver-api/vfio.rst" },
	},
	{
		.id = "vfio-busy",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_BUSY + 1,
		.needs_sign = true,
		.title = "Not KVM: another process has the VFIO group of the device {device}",
		.why = "A group can be opened once. Another VM runs with this device, or with one of the same group, or a VMM that ended is not quite gone.",
		.todo = { KW_DO("Run: `fuser -v /dev/vfio/*` as root; it names the process."),
			  KW_DO("Give the device to one VM only; devices of one group cannot be split between VMs.") },
		.source = { "Linux drivers/vfio/group.c, vfio_group_fops_open()" },
	},
	{
		.id = "vfio-denied",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_DENIED + 1,
		.needs_sign = true,
		.title =
			"Not KVM: the VMM's user may not open the VFIO group of the device {device}",
		.why = "The files of /dev/vfio belong to root until a manager or a udev rule hands them on. A container also needs the device in its cgroup.",
		.todo = { KW_DO(
			"Start the VM through libvirt, or give the user the file: `chown USER /dev/vfio/GROUP`, or a udev rule for SUBSYSTEM==\"vfio\".") },
		.source = { "Linux Documentation/driver-api/vfio.rst" },
	},
	{
		.id = "vfio-memory",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_PIN + 1,
		.needs_sign = true,
		.title =
			"Not KVM: the guest's memory could not be mapped for the passed-through device {device}",
		.why = "VFIO pins all of the guest's memory and maps it in the IOMMU. ENOMEM (-12) is nearly always the limit on locked memory of the VMM, or too little free memory; EINVAL (-22) an address that the IOMMU does not reach or that is reserved; EEXIST (-17) one that is mapped already.",
		.todo = { KW_DO("Run: `grep -i 'max locked' /proc/PID/limits` for the VMM; it must be above the guest's memory: `ulimit -l unlimited`, LimitMEMLOCK=, or libvirt's <memtune><hard_limit>."),
			  KW_DO("Look for `RLIMIT_MEMLOCK` and for DMAR or AMD-Vi lines in the host's dmesg."),
			  KW_DO("For EINVAL compare the address with `/sys/kernel/iommu_groups/GROUP/reserved_regions`.") },
		.source = { "Linux drivers/vfio/vfio_iommu_type1.c, vfio_pin_pages_remote(), vfio_dma_do_map()" },
	},
	{
		.id = "vfio-device-lost",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_LOST + 1,
		.needs_sign = true,
		.title =
			"Not KVM: the passed-through device {device} does not come back from a reset or a low-power state",
		.why = "Its configuration space reads as all ones. A device that does not survive the resets of VFIO, or that the platform has powered off, stays like this until the host's power is cycled; every access of the guest to it then fails.",
		.todo = { KW_DO("Power the host off and on; a reboot is not always enough."),
			  KW_DO("Keep the device out of D3: `options vfio-pci disable_idle_d3=1`, and `pcie_port_pm=off` on the host's command line."),
			  KW_DO("Look at `/sys/bus/pci/devices/*/reset_method`; some GPUs need a reset driver of their own (vendor-reset), or a firmware update.") },
		.source = { "Linux drivers/vfio/pci/vfio_pci_core.c; drivers/pci/pci.c, pci_power_up(), pci_dev_wait()" },
	},
	{
		.id = "vfio-bar-taken",
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.any_arch = true,
		.sign = KW_SIGN_VFIO_BAR + 1,
		.needs_sign = true,
		.title = "Not KVM: a driver of the host still holds a BAR of the device {device}",
		.why = "vfio-pci cannot reserve the memory of the BAR. For the GPU that shows the boot console it is the framebuffer of the firmware: efifb, vesafb or simplefb.",
		.todo = { KW_DO("Run: `cat /proc/iomem` as root; the name inside the BAR's range is the holder (BOOTFB, efifb, simple-framebuffer)."),
			  KW_DO("Boot the host with `initcall_blacklist=sysfb_init` (Linux 5.15 and later; before, `video=efifb:off`), or make another GPU the primary one in firmware setup.") },
		.source = { "Linux drivers/vfio/pci/vfio_pci_core.c, pci_request_selected_regions(); drivers/firmware/sysfb.c" },
	},
	{
		.id = "vmm-gone",
		.certainty = KW_POSSIBLE,
		.classes = NOT_KVM,
		.any_arch = true,
		.fallback = true,
		.sign = KW_SIGN_VMM_GONE + 1,
		.needs_sign = true,
		.title = "The VMM ended, and this text does not show why",
		.why = "libvirt only saw its connection to QEMU close. QEMU's own log has the reason, or the host's log if the kernel killed it.",
		.todo = { KW_DO("Run: `tail -n 50 /var/log/libvirt/qemu/NAME.log`, and give it to `kvmwhy explain`."),
			  KW_DO("Run: `coredumpctl list`, and `journalctl -k | grep -iE 'oom|segfault|kvm'` for that time.") },
		.source = { "libvirt src/qemu/qemu_monitor.c, qemu_process.c" },
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
		.sure = if_by_crash_msrs,
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
		.id = "guest-panicked",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.sign = KW_SIGN_GUEST_PANIC + 1,
		.needs_sign = true,
		.title = "Not KVM: the guest's own kernel panicked, and told the VMM so",
		.why = "pvpanic, the Hyper-V crash MSRs or the architecture's own way reported it. "
		       "The VMM then paused, reset or ended the guest as `on_crash` or `-action "
		       "panic=` says.",
		.todo = { KW_DO("Read the guest's console: the panic is its last message. Or dump "
				"its memory before it is reset: `virsh dump --memory-only NAME FILE`.") },
		.source = { "QEMU qapi/run-state.json, GUEST_PANICKED" },
	},
	{
		.id = "guest-firmware-stopped",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = NOT_KVM,
		.sign = KW_SIGN_FIRMWARE_STOP + 1,
		.needs_sign = true,
		.title = "Not KVM: UEFI firmware stopped on a CPU exception that it did not handle",
		.why = "EDK2 prints the exception, the registers and the image at RIP, and halts. The "
		       "fault is in the firmware, in a driver or boot loader that it started, or in "
		       "its settings; KVM delivered the exception as hardware does.",
		.todo = { KW_DO("Look at `Find image based on IP`: it names the module. A boot loader "
				"or option ROM there is to be updated."),
			  KW_DO("Try the newest OVMF and a fresh variable store. #UD in the firmware "
				"itself: does the CPU model lack an instruction that it uses?") },
		.source = { "EDK2 UefiCpuPkg/Library/CpuExceptionHandlerLib" },
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
