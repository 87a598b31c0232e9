// SPDX-License-Identifier: MIT
/* KVM_RUN failed with an errno, at anything but a WRMSR. */
#include "explain/rules/rules.h"

static bool efault(const struct kw_case *c)
{
	return is_errno(c, KW_EFAULT) && !is_wrmsr(c) && !kw_has(c->f, memory_fault_gpa);
}

static bool efault_host_mm(const struct kw_case *c)
{
	return efault(c) && any_sign(c, KW_SIGN_HOST_MM);
}

/*
 * Firmware and loaders run from guest RAM and ROM that the VMM itself has mapped: no BAR is
 * involved.
 */
static bool in_firmware(const struct kw_case *c)
{
	if (kw_has(c->f, rip) && !kw_has(c->f, cs_base))
		return c->f->rip >= 0xc0000 && c->f->rip <= 0xfffff;
	return c->rip_place == KW_PLACE_SYSTEM_ROM || c->rip_place == KW_PLACE_OPTION_ROM ||
	       c->rip_place == KW_PLACE_FLASH || c->rip_place == KW_PLACE_RAM_LOW;
}

static bool efault_firmware(const struct kw_case *c)
{
	return efault(c) && in_firmware(c) && !any_sign(c, KW_SIGN_VFIO_FAULT);
}

static bool efault_driver(const struct kw_case *c)
{
	return efault(c) && !in_firmware(c) && !any_sign(c, KW_SIGN_VFIO_FAULT) &&
	       c->code == KW_CODE_OK && c->insn.has_mem && c->mode == KW_MODE_LONG64;
}

/* Identity-mapped low addresses: what firmware and loaders use. */
static enum kw_certainty by_place(const struct kw_case *c)
{
	return c->mem_place == KW_PLACE_PCI_HOLE ? KW_LIKELY : KW_POSSIBLE;
}

static bool efault_any(const struct kw_case *c)
{
	return efault(c);
}

static bool eio(const struct kw_case *c)
{
	return is_errno(c, KW_EIO) && !any_sign(c, KW_SIGN_TDX_UNACCEPTED) &&
	       !any_sign(c, KW_SIGN_TDX_SEAMCALL);
}

static bool eio_nested(const struct kw_case *c)
{
	return eio(c) && (pe_clear(c) || in_smm(c));
}

static bool eperm_not_wrmsr(const struct kw_case *c)
{
	return (is_errno(c, KW_EPERM) || is_errno(c, KW_EACCES)) && c->code == KW_CODE_OK &&
	       c->insn.kind != KW_INSN_WRMSR && c->insn.kind != KW_INSN_RDMSR;
}

static bool eperm_no_code(const struct kw_case *c)
{
	return (is_errno(c, KW_EPERM) || is_errno(c, KW_EACCES)) && c->code != KW_CODE_OK &&
	       !is_wrmsr(c);
}

static bool einval(const struct kw_case *c)
{
	return is_errno(c, KW_EINVAL) && !is_wrmsr(c);
}

static bool enomem(const struct kw_case *c)
{
	return is_errno(c, KW_ENOMEM) && !is_wrmsr(c);
}

static bool enospc(const struct kw_case *c)
{
	return is_errno(c, KW_ENOSPC);
}

static bool ehwpoison(const struct kw_case *c)
{
	return is_errno(c, KW_EHWPOISON);
}

static bool enoent(const struct kw_case *c)
{
	return is_errno(c, KW_ENOENT);
}

static bool enosys(const struct kw_case *c)
{
	return is_errno(c, KW_ENOSYS) && !kw_is_x86(c->f);
}

static bool ebusy(const struct kw_case *c)
{
	return is_errno(c, KW_EBUSY) &&
	       (c->f->arch == KW_ARCH_PPC64 || c->f->arch == KW_ARCH_UNKNOWN);
}

const struct kw_rule kw_rules_run_failed[] = {
	{
		.id = "riscv-exit",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.any_arch = true,
		.sign = KW_SIGN_RISCV_SCAUSE + 1,
		.needs_sign = true,
		.title = "On riscv64, the guest left with a trap that this KVM does not handle: "
			 "SCAUSE {scause}",
		.why = "kvm_riscv_vcpu_exit() returns EFAULT for a cause that it has no code for; "
		       "here that errno says nothing about memory. Newer kernels give many of "
		       "these traps back to the guest.",
		.todo = { KW_DO("Look at SEPC: it is the guest's instruction. An illegal one in early "
				"code is often an extension that the host's CPU or kernel lacks: "
				"compare the guest's `riscv,isa` with the host's /proc/cpuinfo."),
			  KW_DO("Run a newer host kernel.") },
		.source = { "Linux arch/riscv/kvm/vcpu_exit.c, kvm_riscv_vcpu_exit()",
			    "RISC-V Privileged Architecture, \"Supervisor Cause Register\"" },
	},
	{
		.id = "efault-host-memory-bug",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = efault_host_mm,
		.sign = KW_SIGN_HOST_MM + 1,
		.title = "The host kernel lost count of a page: its memory management complains in "
			 "the same log",
		.why = "The kernel's own messages around the failure (page reference or page state "
		       "checks, KSM) show a bug in the host's memory management. KVM then cannot "
		       "pin the guest's page, and KVM_RUN fails with EFAULT.",
		.todo = { KW_DO("Turn KSM off and see whether it goes away: `echo 2 > "
				"/sys/kernel/mm/ksm/run`."),
			  KW_DO("Report the kernel's splat to the memory management list with the "
				"host's kernel version; try another kernel.") },
		.source = { "Linux virt/kvm/kvm_main.c, hva_to_pfn()",
			    "kernel messages of this log" },
	},
	{
		.id = "efault-guest-ram-backing",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(rip) },
		.test = efault_firmware,
		.title = "The host could not provide a page of the guest's RAM or ROM",
		.why = "RIP lies in {rip_place}: firmware, which mostly touches RAM and ROM. "
		       "(SeaBIOS also drives AHCI, NVMe, xHCI and virtio BARs: check where the "
		       "operand lies.) KVM_RUN fails with EFAULT when the VMM's address behind "
		       "the guest page cannot be faulted in: a memory-backend file larger than "
		       "its tmpfs, hugetlbfs or /dev/shm, a truncated file, mprotect()ed or "
		       "unmapped memory, a NUMA policy or cgroup that leaves no page. KVM logs "
		       "nothing for it.",
		.todo = { KW_DO("Compare the guest's memory size with `df -h /dev/shm` (and the "
				"mount of each memory-backend-file), and with HugePages_Free in "
				"/proc/meminfo."),
			  KW_DO("Check strict numactl or libvirt <numatune> policies and the VM's "
				"cgroup memory limits."),
			  &kw_do_trace_page_fault },
		.source = { "Linux arch/x86/kvm/mmu/mmu.c, kvm_handle_error_pfn() "
			    "(kvm_handle_bad_page() before v6.2)" },
	},
	{
		.id = "efault-device-mapping",
		.certainty = KW_POSSIBLE,
		.sure = by_place,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(rip) },
		.test = efault_driver,
		.title = "{insn} touches {mem}, which may be a device's BAR that the host cannot "
			 "map",
		.why = "A load or store of a running kernel failed. If the address is a "
		       "passed-through BAR or a GPU blob, the device's own mapping serves the "
		       "fault and can refuse it: VFIO of a device in a low power state or in "
		       "reset, GPU blobs before Linux 6.13. If it is RAM, its backing is missing.",
		.todo = { &kw_do_trace_page_fault,
			  KW_DO("Compare the address with the BARs in the guest's `lspci -vv` and "
				"QEMU's `info mtree -f`."),
			  KW_DO("With VFIO, look for vfio-pci messages and device resets in the "
				"host's dmesg.") },
		.source = { "Linux arch/x86/kvm/mmu/mmu.c, kvm_handle_error_pfn()",
			    "https://bugzilla.kernel.org/show_bug.cgi?id=220057" },
	},
	{
		.id = "efault-page",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.fallback = true,
		.test = efault_any,
		.title = "KVM could not map the host page behind a guest address (EFAULT)",
		.why = "KVM_RUN fails with EFAULT when the VMM's memory behind a guest page cannot "
		       "be faulted in: file-backed RAM larger than its tmpfs (/dev/shm), a "
		       "truncated file, unmapped or protected memory, or a device BAR whose driver "
		       "refuses the fault. The instruction itself is not at fault.",
		.todo = { KW_DO("Compare the guest's memory size with `df -h` of the mount that "
				"backs it (/dev/shm, hugetlbfs)."),
			  &kw_do_trace_page_fault,
			  KW_DO("Look at the host's dmesg of the same second.") },
		.source = { "Linux arch/x86/kvm/mmu/mmu.c, kvm_handle_error_pfn() "
			    "(kvm_handle_bad_page() before v6.2)" },
	},
	{
		.id = "eio-vm-dead",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = eio,
		.sign = KW_SIGN_EIO_IOCTL + 1,
		.title = "KVM hit one of its own bugs and shut the VM down (EIO)",
		.why = "EIO comes from KVM's internal checks: KVM_BUG_ON() marks the VM as dead, "
		       "and from then on every ioctl on it fails with EIO; other EIO returns "
		       "follow a WARN. The guest's instruction need not be involved. A process "
		       "that uses a VM it did not create, for example after fork(), also gets EIO, "
		       "without a WARN.",
		.todo = { KW_DO("Read the host's dmesg: the WARNING with a KVM function (printed "
				"once per boot) is the real message."),
			  KW_DO("If this host is itself a VM, read the outer hypervisor's log "
				"too."),
			  KW_DO("Report it with that splat and the kernel version.") },
		.source = { "Linux include/linux/kvm_host.h, KVM_BUG_ON()",
			    "Linux virt/kvm/kvm_main.c, kvm_vcpu_ioctl()" },
	},
	{
		.id = "eio-nested-run-pending",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number), KW_NEED(cr0) },
		.test = eio_nested,
		.title = "If the guest runs a hypervisor: KVM_BUG_ON(nested_run_pending), known "
			 "with SMM and real-mode firmware",
		.why = "A nested entry was pending when an exit had to be handled at once. Seen "
		       "when the guest's BIOS uses SMM while the guest itself runs VMs.",
		.todo = { KW_DO("Look for a WARNING with nested_run_pending in the host's dmesg."),
			  KW_DO("Avoid SMM: firmware built without it, `-machine smm=off`.") },
		.source = { "https://bugzilla.kernel.org/show_bug.cgi?id=216046" },
	},
	{
		.id = "eperm-no-msr-write",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = eperm_not_wrmsr,
		.title = "{errno} at {insn}, which KVM never returns for this instruction: the "
			 "ioctl was refused before KVM, or an error was injected",
		.why = "The only -1 that KVM itself returned from KVM_RUN was that of "
		       "set_msr_mce() for a WRMSR (v5.10 to v5.19). Here RIP is at another "
		       "instruction. A seccomp filter or LSM that denies the ioctl gives the "
		       "same text.",
		.todo = { &kw_do_trace_refusal,
			  KW_DO("Look for seccomp (type=1326) and AVC or AppArmor lines in the "
				"audit log."),
			  KW_DO("Check for modules or BPF programs that hook KVM.") },
		.source = { "Linux virt/kvm/kvm_main.c, kvm_vcpu_ioctl()" },
	},
	{
		.id = "eperm-collect",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = eperm_no_code,
		.title = "{errno}, and this text does not show the instruction: a WRMSR to a "
			 "machine-check bank on Linux 5.10 to 5.19, or a refused ioctl",
		.why = "KVM returned -1 (EPERM) from KVM_RUN for a WRMSR to MCi_CTL or "
		       "MCi_STATUS in v5.10 to v5.19 (5.10.0 to 5.10.136).",
		.todo = { KW_DO("Collect the whole register dump with its Code= line, and `uname "
				"-r` of the host.") },
		.source = { "Linux arch/x86/kvm/x86.c, set_msr_mce()" },
	},
	{
		.id = "einval-vcpu-state",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = einval,
		.title = "KVM refused KVM_RUN because of how it was called or the vCPU's state "
			 "(EINVAL)",
		.why = "EINVAL on x86: unknown bits in kvm_valid_regs or kvm_dirty_regs, registers "
		       "from the VMM that KVM rejects, an mp_state that does not fit (INIT or SIPI "
		       "received while blocked), a TDX or SEV guest that asked for something "
		       "unsupported, or reserved bits in KVM's own page tables (with a WARN).",
		.todo = { KW_DO("Look at the host's dmesg of the same second (WARN, vmgexit, spte "
				"lines)."),
			  KW_DO("Trace the VMM: `strace -f -e trace=ioctl` shows which KVM_SET_* "
				"calls came before.") },
		.source = { "Linux arch/x86/kvm/x86.c, kvm_arch_vcpu_ioctl_run()" },
	},
	{
		.id = "enomem-host",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = enomem,
		.any_arch = true,
		.title = "KVM could not allocate memory for this VM (ENOMEM)",
		.why = "KVM needs memory of its own while the guest runs, for page tables and "
		       "nested state. Either the host or the VM's memory cgroup is at its limit. "
		       "If memory is free and the first KVM_RUN fails, a signal may have "
		       "interrupted the creation of KVM's NX huge-page recovery task, and "
		       "affected kernels then return ENOMEM forever.",
		.todo = { KW_DO("If it was the first KVM_RUN and memory is free: start the VM "
				"again, and run a host kernel with commits 916b7f42b3b3 and "
				"cb380909ae3b (v6.14, 6.12.y of August 2025 and later).",
				.kernel = "nx-recovery-enomem"),
			  KW_DO("Check memory.max, memory.events and memory.current of the VM's "
				"cgroup, and the host's free memory."),
			  KW_DO("Look for allocation failures in the host's dmesg.") },
		.source = { "Linux commit 916b7f42b3b3 (\"kvm: retry nx_huge_page_recovery_thread "
			    "creation\") (in v6.14)",
			    "Linux arch/x86/kvm/mmu/mmu.c, mmu_topup_memory_caches()" },
	},
	{
		.id = "enospc-mmu-pages",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = enospc,
		.title = "KVM may not use enough pages for the guest's shadow page tables (ENOSPC)",
		.why = "make_mmu_pages_available() found no page left within the limit that "
		       "KVM_SET_NR_MMU_PAGES sets.",
		.todo = { KW_DO("Raise the limit in the VMM, or do not set it.") },
		.source = { "Linux arch/x86/kvm/mmu/mmu.c, make_mmu_pages_available()" },
	},
	{
		.id = "ehwpoison-page",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = ehwpoison,
		.title = "The guest touched host memory that has an uncorrected hardware error "
			 "(EHWPOISON)",
		.why = "KVM_RUN returns EHWPOISON for a guest_memfd page that the kernel has "
		       "marked as poisoned.",
		.todo = { KW_DO("Look for memory failure lines in the host's dmesg and in the "
				"machine-check log (rasdaemon, mcelog)."),
			  KW_DO("Replace the memory module.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_MEMORY_FAULT\"" },
	},
	{
		.id = "enoent-msr",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = enoent,
		.title = "KVM_RUN returned KVM's internal mark for an unknown MSR (ENOENT)",
		.why = "Kernels between the MSR filter and its fix (v5.10 development, 2020) used "
		       "ENOENT for an MSR that KVM does not know, and let it through to user "
		       "space. Released kernels use positive numbers for it.",
		.todo = { KW_DO("Run a released kernel (v5.10 or later)."),
			  KW_DO("Find the MSR: that of the RDMSR or WRMSR at RIP, or of the last "
				"`unhandled` line in dmesg.") },
		.source = { "Linux commit cc4cb017678a (\"KVM: x86: use positive error values for "
			    "msr emulation that causes #GP\") (in v5.10)" },
	},
	{
		.id = "enosys-arm",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = enosys,
		.any_arch = true,
		.title = "On ARM, the guest touched an address without memory with an "
			 "instruction that KVM cannot decode (ENOSYS)",
		.why = "On arm64, and before it on 32-bit ARM, io_mem_abort() is the only ENOSYS "
		       "of KVM_RUN: a load or store outside memory whose syndrome is not valid "
		       "(LDP/STP, write-back forms, exclusives and atomics, SIMD). x86 returns no "
		       "ENOSYS from KVM_RUN.",
		.todo = { KW_DO("Disassemble the instruction at the guest's PC, and find out why "
				"its address has no memory."),
			  KW_DO("Use QEMU 5.1 or later on Linux 5.5 or later: it takes "
				"KVM_EXIT_ARM_NISV and injects an external abort."),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_mmio_nisv -e "
				"kvm:kvm_guest_fault`. From Linux 6.12 on KVM logs nothing for "
				"it.") },
		.source = { "Linux arch/arm64/kvm/mmio.c, io_mem_abort()",
			    "Linux Documentation/virt/kvm/api.rst, \"KVM_CAP_ARM_NISV_TO_USER\"" },
	},
	{
		.id = "ebusy-power-smt",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(errno_number) },
		.test = ebusy,
		.any_arch = true,
		.sign = KW_SIGN_SMT + 1,
		.title = "On POWER: SMT is enabled on the host, and this KVM cannot run guests "
			 "with it (EBUSY)",
		.why = "KVM-HV on POWER8 and older needs all secondary threads offline. On x86 "
		       "KVM_RUN returns no EBUSY.",
		.todo = { KW_DO(
			"Run: `ppc64_cpu --smt=off` on the host, and keep it across reboots.") },
		.source = { "QEMU commit dae02ba55a" },
	},
	{ 0 }
};
