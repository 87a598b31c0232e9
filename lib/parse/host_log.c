// SPDX-License-Identifier: MIT
/*
 * The host's own log around a guest, besides what dmesg.c reads: kernel faults in KVM, memory
 * errors, split locks, and ends of a guest that were not KVM's doing: the OOM killer, a crashed
 * VMM, VFIO, memory or disk space that ran out. Words of Linux (mm/oom_kill.c, arch/x86/mm/fault.c,
 * mm/memory-failure.c, drivers/vfio, arch/x86/kvm), systemd and QEMU.
 */
#include "parse/parse.h"

#define ROW(words_, also_, class_, sign_, ...)                                              \
	{                                                                                   \
		.words = KW_STR(words_), .also = KW_STR(also_), .class = KW_CLASS_##class_, \
		.sign = KW_SIGN_##sign_, ##__VA_ARGS__                                      \
	}
#define UNEXPECTED_EXIT                                                              \
	.arch = KW_ARCH_X86, .value_after = { KW_STR("exit reason "), .hex = true }, \
	.number = { { KW_STR("exit reason "), KW_F_hardware_exit_reason, true } }
/* "vmx.c:4711" or "f+0x1/0x2" */
#define FILE_AFTER(words) .name_after = KW_STR(words), .name = KW_T_FUNCTION
#define PID_AFTER(words)                                 \
	{                                                \
		.after = KW_STR(words), .fact = KW_F_pid \
	}

/* The OOM killer kills anything, and any process crashes. */
#define OF_VMM .of_vmm = true
#define DEVICE_AFTER_VFIO .name_after = KW_STR("vfio "), .name = KW_T_DEVICE

static const struct kw_message rows[] = {
	ROW("Out of memory: Kill", "", NOT_KVM, OOM, OF_VMM, .number = { PID_AFTER("process ") }),
	ROW("emory cgroup out of memory: Kill", "", NOT_KVM, OOM_CGROUP, OF_VMM,
	    .number = { PID_AFTER("process ") }),
	ROW("oom-kill:constraint=CONSTRAINT_MEMCG", "", NOT_KVM, OOM_CGROUP, OF_VMM,
	    .number = { PID_AFTER("pid=") }),
	ROW("oom-kill:constraint=CONSTRAINT_NONE", "", NOT_KVM, OOM, OF_VMM,
	    .number = { PID_AFTER("pid=") }),
	ROW("systemd-oomd killed", "machine", NOT_KVM, OOMD),
	ROW("due to memory pressure", "machine-qemu", NOT_KVM, OOMD),

	ROW("segfault at ", "", NOT_KVM, VMM_SEGFAULT, OF_VMM,
	    .value_after = { .after = KW_STR("segfault at "), .hex = true }),
	ROW("traps: ", "general protection", NOT_KVM, VMM_SEGFAULT, OF_VMM),
	ROW("traps: ", "trap ", NOT_KVM, VMM_SEGFAULT, OF_VMM),
	/* of kernel.print-fatal-signals; WSL sets it */
	ROW("potentially unexpected fatal signal ", "", NOT_KVM, VMM_SEGFAULT, OF_VMM),
	ROW(" dumped core", "", NOT_KVM, VMM_COREDUMP, OF_VMM, .number = { PID_AFTER("Process ") }),

	ROW("is not viable", "vfio", NOT_KVM, VFIO_GROUP, .name_after = KW_STR("group "),
	    .name = KW_T_DEVICE),
	ROW("devices within the iommu_group", "", NOT_KVM, VFIO_GROUP),
	ROW("no iommu_group found", "vfio", NOT_KVM, VFIO_NO_IOMMU),
	ROW("No available IOMMU models", "", NOT_KVM, VFIO_NO_IOMMU),
	ROW("No interrupt remapping", "vfio", NOT_KVM, VFIO_NO_REMAP),
	ROW("ailed to set iommu for container: ", "not permitted", NOT_KVM, VFIO_NO_REMAP,
	    DEVICE_AFTER_VFIO),
	ROW("vfio_pci_mmap_", "fault", NOT_KVM, VFIO_FAULT, .name_after = KW_STR("vfio-pci "),
	    .name = KW_T_DEVICE),
	/* QEMU hw/vfio, and the words of libvirt around them */
	ROW("failed to setup container for group", "= -", NOT_KVM, VFIO_PIN, DEVICE_AFTER_VFIO,
	    .value_after = { .after = KW_STR(") = -") }),
	ROW("vfio_dma_map", "", NONE, VFIO_DMA_MAP),
	ROW("VFIO_MAP_DMA", "", NONE, VFIO_DMA_MAP),
	ROW("failed to open /dev/vfio/", "No such file", NOT_KVM, VFIO_UNBOUND, DEVICE_AFTER_VFIO),
	ROW("failed to open /dev/vfio/", "busy", NOT_KVM, VFIO_BUSY, DEVICE_AFTER_VFIO),
	ROW("failed to open /dev/vfio/", "ermission denied", NOT_KVM, VFIO_DENIED,
	    DEVICE_AFTER_VFIO),
	ROW("error getting device from group", "", NOT_KVM, VFIO_UNBOUND, DEVICE_AFTER_VFIO),
	ROW("stuck in D3", "vfio", NOT_KVM, VFIO_LOST, .name_after = KW_STR("vfio-pci "),
	    .name = KW_T_DEVICE),
	ROW("an't change power state from D3", "vfio-pci", NOT_KVM, VFIO_LOST,
	    .name_after = KW_STR("vfio-pci "), .name = KW_T_DEVICE),
	ROW("nable to change power state from D3", "vfio-pci", NOT_KVM, VFIO_LOST,
	    .name_after = KW_STR("vfio-pci "), .name = KW_T_DEVICE),
	ROW("after FLR; giving up", "vfio-pci", NOT_KVM, VFIO_LOST, .name_after = KW_STR("vfio-pci "),
	    .name = KW_T_DEVICE),
	ROW("an't reserve [mem", "vfio-pci", NOT_KVM, VFIO_BAR, .name_after = KW_STR("vfio-pci "),
	    .name = KW_T_DEVICE),

	ROW("unable to map backing store for guest RAM", "", NOT_KVM, NO_RAM, .errno_last = true),
	ROW("cannot set up guest memory", "", NOT_KVM, NO_RAM, .errno_last = true),
	ROW("os_mem_prealloc: ", "", NOT_KVM, NO_RAM),
	ROW("qemu_prealloc_mem: ", "", NOT_KVM, NO_RAM),
	ROW("nsufficient free host memory pages available", "", NOT_KVM, NO_RAM),
	ROW("BLOCK_IO_ERROR", "\"stop\"", NOT_KVM, DISK_PAUSE),

	/* the host's kernel */
	ROW("kvm_spurious_fault+", "", HOST_KERNEL, SPURIOUS_FAULT),
	ROW("detect reserved bits on spte, addr", "", HOST_KERNEL, MMIO_SPTE),
	ROW("reserved bits set on MMU-present spte", "", HOST_KERNEL, MMIO_SPTE),
	ROW("------ spte ", "level", NONE, SPTE_WALK),
	/*
	 * arch/x86/kvm/vmx: by version, with "failed" before or after what it was about; evidence in
	 * dmesg.c, where the words of older kernels are
	 */
	ROW("dump_invalid_vmc", "=1 to dump internal KVM state", ENTRY_FAILED, DUMP_OFF,
	    .arch = KW_ARCH_X86),
	ROW("vmptrld failed: ", "", HOST_KERNEL, VMX_INSN),
	ROW("vmclear failed: ", "", HOST_KERNEL, VMX_INSN),
	ROW("vmread failed: field=", "", HOST_KERNEL, VMX_INSN),
	ROW("vmwrite failed: field=", "", HOST_KERNEL, VMX_INSN),
	ROW("invept failed: ext=", "", HOST_KERNEL, VMX_INSN),
	ROW("invvpid failed: ext=", "", HOST_KERNEL, VMX_INSN),
	ROW("kvm: vmptrld ", "failed", HOST_KERNEL, VMX_INSN),
	ROW("kvm: vmclear fail: ", "", HOST_KERNEL, VMX_INSN),
	ROW("vmread error: reg ", "", HOST_KERNEL, VMX_INSN),
	ROW("vmwrite error: reg ", "", HOST_KERNEL, VMX_INSN),
	ROW("vmx: unexpected exit reason ", "kvm [", UNKNOWN_EXIT, UNUSUAL_EXIT, UNEXPECTED_EXIT),
	ROW("svm: unexpected exit reason ", "kvm [", UNKNOWN_EXIT, UNUSUAL_EXIT, UNEXPECTED_EXIT),

	/*
	 * "WARNING: CPU: 3 PID: 12345 at arch/x86/kvm/x86.c:11232 f+0x1/0x2", since v6.18 "WARNING:
	 * arch/x86/kvm/x86.c:11232 at f+0x1/0x2"
	 */
	ROW("kernel BUG at arch/x86/kvm/", "", HOST_KERNEL, BUG, FILE_AFTER("BUG at ")),
	ROW("kernel BUG at arch/arm64/kvm/", "", HOST_KERNEL, BUG, FILE_AFTER("BUG at ")),
	ROW("kernel BUG at virt/kvm/", "", HOST_KERNEL, BUG, FILE_AFTER("BUG at ")),
	ROW(" at arch/x86/kvm/", "WARNING: ", HOST_KERNEL, WARN, FILE_AFTER(" at ")),
	ROW(" at arch/arm64/kvm/", "WARNING: ", HOST_KERNEL, WARN, FILE_AFTER(" at ")),
	ROW(" at virt/kvm/", "WARNING: ", HOST_KERNEL, WARN, FILE_AFTER(" at ")),
	ROW("WARNING: arch/x86/kvm/", " at ", HOST_KERNEL, WARN, FILE_AFTER("WARNING: ")),
	ROW("WARNING: arch/arm64/kvm/", " at ", HOST_KERNEL, WARN, FILE_AFTER("WARNING: ")),
	ROW("WARNING: virt/kvm/", " at ", HOST_KERNEL, WARN, FILE_AFTER("WARNING: ")),

	/* arch/x86/kvm/vmx before v4.16, which had no walk of the MMU's to print */
	ROW("EPT: Misconfiguration.", "", HOST_KERNEL, MMIO_SPTE),
	ROW("ept_misconfig_inspect_spte: spte ", "level", NONE, SPTE_WALK),

	ROW("soft lockup - CPU#", "", HOST_KERNEL, LOCKUP, OF_VMM),
	ROW("blocked for more than ", "INFO: task ", HOST_KERNEL, HUNG_TASK, OF_VMM),
	ROW("split_lock trap at address", "took a ", SPLIT_LOCK, SPLIT_LOCK, OF_VMM,
	    .value_after = { .after = KW_STR("at address"), .hex = true }),
	ROW("split_lock trap at address", " fatal ", SPLIT_LOCK, SPLIT_LOCK_FATAL, OF_VMM),
	ROW("split_lock trap at address", " bogus ", SPLIT_LOCK, SPLIT_LOCK_FATAL, OF_VMM),
	ROW("bus_lock trap at address", "took a ", SPLIT_LOCK, BUS_LOCK, OF_VMM),

	/*
	 * "Guest MCE Memory Error at QEMU addr 0x.. and GUEST addr 0x.. of type BUS_MCEERR_AR
	 * injected"
	 */
	ROW("Memory Error at QEMU addr", "BUS_MCEERR", MEMORY_ERROR, MCE_GUEST,
	    .vmm = KW_STR("QEMU"),
	    .number = { { .after = KW_STR("GUEST addr "), .fact = KW_F_fault_gpa, .hex = true } }),
	ROW("Hardware memory error at addr", "GUEST addr", MEMORY_ERROR, MCE_GUEST,
	    .vmm = KW_STR("QEMU")),
	/* "... of type BUS_MCEERR_AO for QEMU itself instead of guest system!" */
	ROW("Hardware memory error at addr", "BUS_MCEERR", MEMORY_ERROR, MCE_HOST,
	    .vmm = KW_STR("QEMU")),
	ROW("Memory failure: 0x", "", MEMORY_ERROR, MCE_HOST, OF_VMM),
	ROW("due to hardware memory corruption", "", MEMORY_ERROR, MCE_HOST, OF_VMM),

	/*
	 * Hyper-V crash MSRs, as QEMU prints them with -d guest_errors; libvirt logs the panic
	 * event
	 */
	ROW("hyper-v: arg1=", "arg2=", NOT_KVM, WINDOWS_STOP,
	    .value_after = { .after = KW_STR("arg1="), .hex = true }),
	ROW("*** STOP: 0x", "", NOT_KVM, WINDOWS_STOP,
	    .value_after = { .after = KW_STR("STOP: "), .hex = true }),
	ROW("GUEST_PANICKED", "\"event\"", NOT_KVM, GUEST_PANIC, .vmm = KW_STR("QEMU")),
	ROW("reason=panicked", "", NOT_KVM, GUEST_PANIC, .vmm = KW_STR("libvirt")),
	ROW("Exception Type - ", "!!!! ", NOT_KVM, FIRMWARE_STOP,
	    .value_after = { .after = KW_STR("Type - "), .hex = true }),
	ROW("low-level IO error detected", "paused", NOT_KVM, DISK_PAUSE,
	    .vmm = KW_STR("KubeVirt")),

	/* libvirt, when QEMU is gone; what QEMU said may be in the same line or the next */
	ROW("shutting down, reason=crashed", "", NOT_KVM, VMM_GONE, .vmm = KW_STR("QEMU")),
	ROW("process exited while connecting to monitor", "", NOT_KVM, VMM_GONE,
	    .vmm = KW_STR("QEMU")),
	ROW("unexpectedly closed the monitor", "", NOT_KVM, VMM_GONE, .vmm = KW_STR("QEMU")),
	{ .sign = 0 }
};

const struct kw_parser kw_parser_host_log = { .name = "host log",
					      .messages = rows,
					      .kernel = true };
