// SPDX-License-Identifier: MIT
/*
 * KVM_EXIT_FAIL_ENTRY as the VMM prints it: the CPU refused the guest's state, or the VMX
 * instruction failed.
 */
#include "decode/x86/exit_info.h"
#include "explain/rules/rules.h"

static bool vmx_guest_state(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, KW_VMX_ENTRY_FAILED(KW_VMX_EXIT_INVALID_STATE));
}

static bool svm_invalid(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, 0xffffffff) ||
	       FACT_IS(c->f, hardware_error, UINT64_MAX);
}

static bool smi_handler_entry(const struct kw_case *c)
{
	return in_smm(c) && FACT_IS(c->f, rip, 0x8000);
}

/* Without the dump, the VMM's registers are the only evidence. */
static bool no_dump(const struct kw_case *c)
{
	return !c->host_dump;
}

static bool smm_vmx(const struct kw_case *c)
{
	return vmx_guest_state(c) && no_dump(c) && smi_handler_entry(c);
}

static bool smm_svm(const struct kw_case *c)
{
	return svm_invalid(c) && smi_handler_entry(c);
}

/* RIP or RSP of a running system together with segments and control registers as after RESET. */
static bool half_restored(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return vmx_guest_state(c) && cs_at_reset(f) && control_at_reset(f) && kw_has(f, rip) &&
	       f->rip > 0xffff;
}

static bool bare_unhandled_exit(const struct kw_case *c)
{
	return vmx_guest_state(c) && !kw_has(c->f, rip) && FACT_IS(c->f, unhandled_exit, 1);
}

static bool pcide(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return vmx_guest_state(c) && kw_has(f, cr4) && f->cr4 & 1u << 17 && kw_has(f, efer) &&
	       !(f->efer & 1u << 10);
}

/*
 * RESET state (or close to it), which the CPU must accept: the VMM does not print what it refused.
 */
static bool plain_reset(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return vmx_guest_state(c) && cs_at_reset(f) && control_at_reset(f) && kw_has(f, rip) &&
	       f->rip <= 0xffff && FACT_IS(f, cr4, 0) && !in_smm(c) && no_dump(c) &&
	       !kw_entry_check_broken(c);
}

/* "Unrestricted guest" in the secondary controls, if the VMCS was dumped. */
static bool is_unrestricted(const struct kw_failure *f)
{
	return kw_has(f, vmcs_secondary) && f->vmcs_secondary >> 7 & 1;
}

/* CR4 of a running system together with RIP, CR0 and EFER as after RESET. */
static bool reset_kept_cr4(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return vmx_guest_state(c) && control_at_reset(f) && FACT_IS(f, rip, 0xfff0) &&
	       kw_has(f, cr4) && f->cr4;
}

static bool cr4_has_vmxe(const struct kw_case *c)
{
	return c->f->cr4 >> 13 & 1;
}

static bool real_mode_odd(const struct kw_case *c)
{
	return vmx_guest_state(c) && !in_smm(c) && pe_clear(c) && kw_real_mode_segment_odd(c->f) &&
	       !half_restored(c) && !reset_kept_cr4(c) && !is_unrestricted(c->f);
}

static bool vmx_other(const struct kw_case *c)
{
	return vmx_guest_state(c) && no_dump(c);
}

/* VM-instruction errors are Intel's; other architectures have small numbers of their own. */
static bool is_vmx(const struct kw_case *c)
{
	return kw_is_x86(c->f) || c->vendor == KW_VENDOR_INTEL;
}

static bool small_number(const struct kw_case *c)
{
	return kw_has(c->f, hardware_error) && c->f->hardware_error < 0x100 &&
	       !kw_is_foreign(c->f) && !is_vmx(c);
}

static bool insn_error(const struct kw_case *c)
{
	if (!is_vmx(c))
		return false;
	/* 5 and 7 have rules of their own */
	return kw_has(c->f, hardware_error) && c->f->hardware_error > 0 &&
	       c->f->hardware_error < 0x100 && c->f->hardware_error != 5 &&
	       c->f->hardware_error != 7;
}

static bool controls_error(const struct kw_case *c)
{
	return is_vmx(c) && FACT_IS(c->f, hardware_error, KW_VMXERR_ENTRY_INVALID_CONTROL_FIELD) &&
	       !kw_entry_check_broken(c);
}

static bool vmresume_error(const struct kw_case *c)
{
	return is_vmx(c) && FACT_IS(c->f, hardware_error, KW_VMXERR_VMRESUME_NONLAUNCHED_VMCS);
}

static bool no_number(const struct kw_case *c)
{
	return is_vmx(c) && FACT_IS(c->f, hardware_error, 0);
}

static bool vmcs_not_loaded(const struct kw_case *c)
{
	return kw_has(c->f, hardware_error) && c->f->hardware_error < 0x100 &&
	       any_sign(c, KW_SIGN_VMX_INSN);
}

static bool msr_load_in_dump(const struct kw_case *c)
{
	return c->f->vmcs_reason == KW_VMX_ENTRY_FAILED(KW_VMX_EXIT_MSR_LOAD_FAIL);
}

static bool msr_load(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, KW_VMX_ENTRY_FAILED(KW_VMX_EXIT_MSR_LOAD_FAIL)) &&
	       !kw_has(c->f, vmcs_qualification);
}

static bool sev_es_debugctl(const struct kw_case *c)
{
	return svm_invalid(c) && FACT_IS(c->f, rcx, 0x1d9);
}

static bool svm_at_reset(const struct kw_case *c)
{
	return svm_invalid(c) && no_dump(c) && cs_at_reset(c->f) && control_at_reset(c->f) &&
	       FACT_IS(c->f, rip, 0xfff0);
}

/* Just started by SIPI (CS from the vector, RIP 0), but with CR3 or CR4 of what ran before. */
static bool svm_sipi_stale_paging(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return svm_invalid(c) && control_at_reset(f) && FACT_IS(f, rip, 0) && kw_has(f, cs_sel) &&
	       kw_has(f, cs_base) && f->cs_base == f->cs_sel << 4 && f->cs_sel &&
	       !(f->cs_sel & 0xff) && ((kw_has(f, cr3) && f->cr3) || (kw_has(f, cr4) && f->cr4));
}

static bool svm_plain(const struct kw_case *c)
{
	return svm_invalid(c) && !smi_handler_entry(c) && no_dump(c) && !kw_entry_check_broken(c);
}

#define SRC_ENTRY "Intel SDM vol. 3, \"VM Entries\""

#define LOOK_FOR_VMSA                                                                    \
	"For an SEV-ES or SNP guest, look for a VMSA that the guest created or destroyed " \
	"wrongly: vmgexit and AP creation lines in dmesg."

/* SVM_EXIT_ERR as KVM itself stores it; an exit code of the CPU's had 32 bits. */
static bool error_is_64_bit(const struct kw_case *c)
{
	return FACT_IS(c->f, hardware_error, UINT64_MAX);
}

const struct kw_rule kw_rules_entry[] = {
	{
		.id = "entry-small-number",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.any_arch = true,
		.test = small_number,
		.title = "hardware_entry_failure_reason {hardware_error} means something else on "
			 "each architecture, and this text does not show which it is",
		.why = "arm64: 1 is KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED, the vCPU ran on a CPU "
		       "that its PMU does not support. Intel: the VM-instruction error; 7 is "
		       "invalid control fields, 8 invalid host state, and 1 cannot come from VM "
		       "entry. POWER uses 0 and trap numbers.",
		.todo = { KW_DO("Run: `uname -m` on the host."),
			  KW_DO("On arm64 with 1: pin the VM to one kind of core (big.LITTLE): "
				"`taskset`, or libvirt <vcpupin>."),
			  KW_DO("On x86: collect the register dump and the host's dmesg.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_FAIL_ENTRY\"",
			    "Linux arch/arm64/kvm/arm.c",
			    "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"" },
	},
	{
		.id = "entry-smm-event",
		.kernel = "smm-interrupt-shadow",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(smm), KW_NEED(rip) },
		.test = smm_vmx,
		.shows = { KW_NEED(cs_base), KW_NEED(rflags) },
		.title = "VMX refused the first instruction of the guest's SMI handler: an "
			 "interrupt or STI blocking was left over with IF clear",
		.why = "SMM=1 and EIP=00008000: KVM has just switched the vCPU to SMM. RFLAGS.IF "
		       "is clear there, and VM entry then allows neither blocking by STI nor the "
		       "injection of an external interrupt. {range} carried the STI blocking into "
		       "SMM. The two look the same in this dump; only the VMCS separates them. "
		       "Typical guest: Windows with Secure Boot, whose firmware uses SMM.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."), &kw_do_dump_vmcs,
			  KW_DO("In that dump, bit 0 of Interruptibility is STI blocking; VMEntry "
				"intr_info 800000xx is an injected interrupt.",
				.without = KW_NEED(vmcs_interruptibility)),
			  KW_DO("Until then, load kvm with tdp_mmu=N, which was reported to help, "
				"and update firmware and microcode."),
			  KW_DO("If Secure Boot is not needed, use firmware without SMM: `-machine "
				"smm=off`.") },
		.source = { "Linux commit fb28875fd7da (\"KVM: x86: smm: preserve interrupt shadow "
			    "in SMRAM\") (in v6.2)",
			    "https://lore.kernel.org/r/20220726165748.76db5284@rosa.proxmox.com",
			    "Intel SDM vol. 3, \"Checks on Guest Non-Register State\"",
			    "Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\"" },
	},
	{
		.id = "entry-smm-nested-amd",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(smm), KW_NEED(rip) },
		.test = smm_svm,
		.title = "VMRUN refused the guest on its way into SMM: KVM runs nested on AMD, "
			 "under a hypervisor that does not accept this state",
		.why = "SMM=1 and EIP=00008000 with VMEXIT_INVALID. Seen when KVM on AMD runs "
		       "under Hyper-V (WSL2, cloud and CI runners) and the guest's firmware uses "
		       "SMM.",
		.todo = { KW_DO("Use an OVMF build without SMM (no Secure Boot): `-machine "
				"smm=off`."),
			  KW_DO("Or run on bare metal.") },
		.source = { "https://github.com/systemd/systemd/pull/35885" },
	},
	{
		.id = "entry-half-restored",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rip), KW_NEED(cs_base), KW_NEED(cr0),
			   KW_NEED(efer) },
		.test = half_restored,
		.shows = { KW_NEED(rsp) },
		.title = "The vCPU was half restored: RIP belongs to a running system, segments "
			 "and control registers are as after RESET",
		.why = "CS=f000 with CR0=60000010 and EFER=0 is the state after RESET, but RIP "
		       "{rip} belongs to a guest that was running. KVM took the general registers "
		       "and refused the special ones: KVM_SET_SREGS failed, usually after a "
		       "migration or restore on a host whose CPU lacks a feature that the guest "
		       "uses (CR4.OSXSAVE, a reserved CR4 bit, EFER). The CPU then refuses RIP "
		       "bits that do not fit the mode.",
		.todo = { KW_DO("Compare the CPU features of both hosts; use a common CPU model, "
				"not -cpu host, for guests that migrate."),
			  KW_DO("Look in the destination's VMM log for a failed KVM_SET_SREGS or "
				"kvm_put_sregs."),
			  KW_DO("After a plain system_reset, update QEMU and the kernel.") },
		.source = { "https://gitlab.com/qemu-project/qemu/-/issues/1574",
			    "Linux arch/x86/kvm/x86.c, kvm_arch_vcpu_ioctl_set_sregs()",
			    "Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\"" },
	},
	{
		.id = "entry-boot-record",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = bare_unhandled_exit,
		.title = "A guest's boot code on a CPU without unrestricted guest; known case: no "
			 "valid boot record (MBR) on the disk",
		.why = "An old KVM could neither run nor emulate the guest's real-mode state "
		       "(0x80000021, guest state invalid). In the reports of that time, the boot "
		       "record of Windows was missing or damaged, so junk ran as code.",
		.todo = { KW_DO("Repair the boot record from the installation medium (bootrec "
				"/fixmbr, grub-install)."),
			  KW_DO("Run the guest on a CPU with unrestricted guest (Intel since "
				"Westmere) or on AMD, with a current KVM.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/490484" },
	},
	{
		.id = "entry-reset-kept-cr4",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rip), KW_NEED(cr0), KW_NEED(cr4),
			   KW_NEED(efer) },
		.test = reset_kept_cr4,
		.title = "The vCPU was reset, and CR4 {cr4} of the running system was left over",
		.why = "RIP, CR0 and EFER are as after RESET; CR4 is not. After a reset of the "
		       "VM (system_reset, or a triple fault) QEMU or KVM kept state of the "
		       "system that ran before, and VM entry refuses the mixture. This is not a "
		       "migration.",
		.todo = { KW_DO("Update QEMU and the host kernel: each had bugs in resetting such "
				"state."),
			  KW_DO("CR4.VMXE is set: the guest ran a hypervisor. Shut nested guests "
				"down before a reset, or start the guest without VMX: -cpu "
				"...,-vmx.",
				.when = cr4_has_vmxe),
			  KW_DO("Power the VM off and start it again instead of resetting it.") },
		.source = { "https://gitlab.com/qemu-project/qemu/-/issues/530",
			    "Intel SDM vol. 3, \"Checks on Guest Control Registers, Debug "
			    "Registers, and MSRs\"" },
	},
	{
		.id = "entry-cr4-pcide",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(cr4), KW_NEED(efer) },
		.test = pcide,
		.title = "CR4.PCIDE is set outside IA-32e mode, which VM entry refuses",
		.why = "CR4 is {cr4} while EFER.LMA is clear. The VMM reset or restored the vCPU "
		       "and left CR4 of the running system.",
		.todo = { KW_DO("Update QEMU: some versions did not reset CR4."),
			  KW_DO("Until then, use `-cpu ...,-pcid`.") },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Control Registers, Debug "
			    "Registers, and MSRs\"",
			    "https://gitlab.com/qemu-project/qemu/-/issues/530" },
	},
	{
		.id = "entry-real-mode-invalid",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(cr0) },
		.test = real_mode_odd,
		.shows = { KW_NEED(cs_attr), KW_NEED(ss_attr), KW_NEED(ds_attr), KW_NEED(es_attr) },
		.title = "The guest is in real mode with segments that VMX without unrestricted "
			 "guest refuses",
		.why = "CR0.PE is clear and a segment has a limit above 64 KiB or DPL 3. Without "
		       "unrestricted guest, real mode runs as virtual-8086 mode, where VM entry "
		       "demands exact segments.",
		.todo = { &kw_do_unrestricted_guest,
			  KW_DO("Use a CPU with unrestricted guest (Intel since Westmere); in a "
				"VM, have the outer hypervisor expose it."),
			  &kw_do_dump_vmcs },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Segment Registers\"",
			    "https://bugs.launchpad.net/qemu/+bug/530077" },
	},
	{
		.id = "entry-hidden-state",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rip), KW_NEED(cr0) },
		.test = plain_reset,
		.sign = KW_SIGN_BUG + 1,
		.title = "The vCPU is as RESET leaves it, which VM entry accepts: it refused a "
			 "field that the VMM does not print",
		.why = "What remains: PDPTEs (reserved bits in a PAE root, for example from memory "
		       "encryption bits when KVM builds shadow pages), activity and "
		       "interruptibility state, the VMCS link pointer, IA32_DEBUGCTL, PAT or EFER "
		       "fields. A host kernel bug is more likely than a guest's mistake.",
		.todo = { &kw_do_dump_vmcs,
			  KW_DO("If this is the first guest on a new CPU or kernel: try with "
				"ept=Y/N and another kernel, and look for an oops in KVM's MMU in "
				"the host's dmesg.") },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Page-Directory-Pointer-Table "
			    "Entries\"",
			    SRC_ENTRY },
	},
	{
		.id = "entry-guest-state",
		.certainty = KW_LIKELY, /* preload/ makes a VMM say the same */
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = vmx_other,
		.fallback = true,
		.title = "VM entry failed because of invalid guest state; this text does not show "
			 "which check failed",
		.why = "0x80000021 is exit reason 33 with bit 31: the CPU checked the guest-state "
		       "area and refused it, without saying why.",
		.todo = { &kw_do_dump_vmcs, &kw_do_unrestricted_guest },
		.source = { "Intel SDM vol. 3, \"VM-Entry Failures During or After Loading Guest "
			    "State\"" },
	},
	{
		.id = "entry-msr-load",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = msr_load,
		.title = "VM entry failed while loading an MSR of the VM-entry MSR-load area",
		.why = "0x80000022 is exit reason 34 with bit 31. The exit qualification, in the "
		       "VMCS dump, is the number of the entry, from 1.",
		.todo = { &kw_do_dump_vmcs },
		.source = { "Intel SDM vol. 3, \"Loading MSRs\"" },
	},
	{
		.id = "entry-msr-load-entry",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(vmcs_reason), KW_NEED(vmcs_qualification) },
		.classes = KW_IN(ENTRY_FAILED) | KW_IN(VMCS_DUMP),
		.needs = { KW_NEED(vmcs_reason), KW_NEED(vmcs_qualification) },
		.test = msr_load_in_dump,
		.title = "VM entry refused entry {vmcs_qualification} (from 1) of the VM-entry "
			 "MSR-load area",
		.why = "0x80000022 is exit reason 34 with bit 31, and its exit qualification "
		       "counts the entries. VM entry refuses what WRMSR at CPL 0 would refuse, and "
		       "some MSRs always: IA32_FS_BASE, IA32_GS_BASE, those of x2APIC.",
		.todo = { KW_DO("Look for `MSR guest autoload` in the dump: KVM lists index and "
				"value of each entry."),
			  KW_DO("Only KVM fills this area: report it with the dump and the kernel "
				"version. If the host is a VM, look at the hypervisor below.") },
		.source = { "Intel SDM vol. 3, \"Loading MSRs\"" },
	},
	{
		.id = "entry-vmcs-not-loaded",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = vmcs_not_loaded,
		.sign = KW_SIGN_VMX_INSN + 1,
		.title = "The vCPU's VMCS could not be loaded: VMPTRLD, VMCLEAR or VMWRITE failed "
			 "on the host",
		.why = "The host's kernel log shows failing VMX instructions. VMLAUNCH or VMRESUME "
		       "then ran with another VMCS or none, and the register dump does not show "
		       "the guest's state.",
		.todo = { KW_DO("If the host is a VM, its hypervisor's VMX emulation lost the "
				"VMCS: look there."),
			  KW_DO("On bare metal, check for another hypervisor (VirtualBox, VMware), "
				"a CPU that went offline and online, a suspend, or memory "
				"corruption.") },
		.source = { "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"",
			    "https://bugs.launchpad.net/qemu/+bug/1640073" },
	},
	{
		.id = "entry-controls",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = controls_error,
		.title = "VM entry with invalid control fields (error 7): KVM set controls that "
			 "this CPU or the hypervisor below does not accept",
		.why = "The CPU checks the controls before any guest state, and this entry did "
		       "not run the guest. If this host is a VM, its hypervisor offers VMX "
		       "controls it does not really support. On bare metal it is a kernel bug, "
		       "or the VMM set an event to inject that no CPU accepts.",
		.todo = { KW_DO("If this host is a VM, look at the outer hypervisor: expose proper "
				"nested VMX there (EPT, full CPU model), update it."),
			  &kw_do_dump_vmcs,
			  KW_DO("In that dump, VMEntry intr_info is the event to inject.",
				.without = KW_NEED(vmcs_entry_intr_info)),
			  KW_DO("On bare metal, report it with kernel, CPU and the VMCS dump.") },
		.source = { "Intel SDM vol. 3, \"Checks on VMX Controls\"",
			    "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"" },
	},
	{
		.id = "entry-vmresume-not-launched",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = vmresume_error,
		.title = "VMRESUME with a VMCS that is not launched (error 5): the CPU or the "
			 "hypervisor below lost the VMCS state",
		.why = "KVM had launched this VMCS; the CPU no longer remembers. Reported for a "
		       "defective CPU, and for nested KVM.",
		.todo = { KW_DO("If this host is a VM, look at the hypervisor below."),
			  KW_DO("If it keeps happening on one bare-metal machine only, suspect its "
				"CPU or memory: run a stress test, swap it.") },
		.source = { "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"",
			    "kernel bug 197813" },
	},
	{
		.id = "entry-vm-instruction-error",
		.aside = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = insn_error,
		.title = "Not the guest's state: VMLAUNCH or VMRESUME itself failed, "
			 "VM-instruction error {insn_error}",
		.why = "A small number is the VM-instruction error field, not an exit reason. "
		       "{insn_error_about}",
		.todo = { KW_DO("If this host is itself a VM, look at the hypervisor below."),
			  KW_DO("Look for vmptrld, vmclear, vmread and vmwrite messages in the "
				"host's dmesg."),
			  &kw_do_dump_vmcs },
		.source = { "Intel SDM vol. 3, \"VM-Instruction Error Numbers\"" },
	},
	{
		.id = "entry-no-error-number",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = no_number,
		.title = "The entry failed without an error number: VMfailInvalid (no current "
			 "VMCS), or the hypervisor below",
		.why = "Error 0 means that the VM-instruction error field held nothing: the "
		       "instruction failed without a valid current VMCS. Seen when KVM runs nested "
		       "and the outer hypervisor refuses or loses the VMCS, and when another "
		       "hypervisor on the host owns VMX.",
		.todo = { KW_DO("If this host is a VM, look at the outer hypervisor (nested VMX, "
				"its kernel log, its version)."),
			  KW_DO("Under Hyper-V (WSL2), use a named CPU model instead of -cpu host: "
				"it keeps out features that Hyper-V cannot nest."),
			  KW_DO("Otherwise check for VirtualBox, VMware or another VMX user."),
			  KW_DO("Look for vmptrld and vmclear failures in dmesg.") },
		.source = { "Intel SDM vol. 3, \"Conventions\" of the VMX instruction reference",
			    "https://bugs.launchpad.net/qemu/+bug/1833204" },
	},
	{
		.id = "entry-sev-es-lbr",
		.kernel = "sev-es-lbr",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rcx) },
		.test = sev_es_debugctl,
		.title = "VMRUN refused the guest around a write of IA32_DEBUGCTL (0x1d9): in an "
			 "SEV-ES guest LBR virtualization must stay on",
		.why = "ECX is 0x1d9. {range} turned LBR virtualization on or off because of the "
		       "guest's DEBUGCTL, although an SEV-ES guest needs it on for good. This "
		       "applies to SEV-ES guests only; this text does not show whether it is one.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."),
			  KW_DO("Until then, load kvm_amd with lbrv=0.") },
		.source = { "Linux commit b7e4be0a224f (\"KVM: SEV-ES: Delegate LBR virtualization "
			    "to the processor\")" },
	},
	{
		.id = "entry-svm-sipi-stale-paging",
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rip), KW_NEED(cs_base), KW_NEED(cs_sel),
			   KW_NEED(cr0), KW_NEED(efer) },
		.test = svm_sipi_stale_paging,
		.shows = { KW_NEED(cr3), KW_NEED(cr4) },
		.title = "VMRUN refused a vCPU that INIT and SIPI restarted: KVM kept the page "
			 "tables of what ran before",
		.why = "CS and RIP are those of a SIPI, CR0 and EFER those of INIT, but CR3 is "
		       "{cr3} and CR4 {cr4} of a running system: a CPU went offline and online "
		       "again, or the guest was kexec'ed. KVM on AMD runs such a vCPU in paged "
		       "real mode, and in 2015 it forgot to reset its MMU context; some AMD CPUs "
		       "(Opteron) refuse the stale CR3.",
		.todo = { KW_DO("Run a host kernel with the fix (2015, \"kvm: svm: reset mmu on "
				"VCPU reset\")."),
			  &kw_do_dump_vmcb },
		.source = { "https://lkml.iu.edu/hypermail/linux/kernel/1509.2/03422.html",
			    "AMD APM vol. 2, \"Paged Real Mode\"" },
	},
	{
		.id = "entry-svm-at-reset",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error), KW_NEED(rip), KW_NEED(cs_base), KW_NEED(cr0),
			   KW_NEED(efer) },
		.test = svm_at_reset,
		.title = "VMRUN refused a vCPU that never ran: the fault is in what the host set "
			 "up, not in the guest",
		.why = "All registers shown are as after RESET, which VMRUN accepts. What "
		       "remains: the control area (ASID, intercepts, nested paging), the state "
		       "of an encrypted guest (VMSA, SEV features, which the VMM cannot print), "
		       "and a hypervisor below that refuses this VMCB.",
		.todo = { &kw_do_dump_vmcb,
			  KW_DO("For SEV-ES and SNP guests, compare the SEV versions of firmware "
				"and kernel, and look for ccp and sev lines in dmesg."),
			  KW_DO("If this host is a VM, look at the hypervisor below.") },
		.source = { "AMD APM vol. 2, \"Canonicalization and Consistency Checks\"" },
	},
	{
		.id = "entry-svm-invalid",
		.aside = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(ENTRY_FAILED),
		.needs = { KW_NEED(hardware_error) },
		.test = svm_plain,
		.title = "VMRUN refused the VMCB (VMEXIT_INVALID); this text does not show which "
			 "check failed",
		.why = "AMD's consistency checks cover EFER, CR0, CR3, CR4, the ASID, intercepts "
		       "and the event to inject; the CPU does not say which one failed. The "
		       "registers in a dump may be fine: the VMM prints neither event_inj nor the "
		       "control area. For an SEV-ES or SNP guest KVM itself can refuse to run a "
		       "vCPU whose VMSA is invalid, with the same number: then VMRUN did not run "
		       "and no VMCB is dumped.",
		.todo = { KW_DO(LOOK_FOR_VMSA, .when = error_is_64_bit,
				.kernel = "sev-es-vmsa-refused"),
			  &kw_do_dump_vmcb,
			  KW_DO(LOOK_FOR_VMSA, .unless = error_is_64_bit,
				.kernel = "sev-es-vmsa-refused"),
			  KW_DO("In the dump, look at event_inj first: 800003ff is an exception "
				"with vector 255, which is illegal."),
			  KW_DO("If this host is a VM (Hyper-V, a cloud), the hypervisor below may "
				"refuse what hardware accepts.") },
		.source = { "Linux commit 72d12715edcd (\"KVM: SVM: Refuse to attempt VRMUN if an "
			    "SEV-ES+ guest has an invalid VMSA\") (in v6.15)",
			    "AMD APM vol. 2, \"Canonicalization and Consistency Checks\"",
			    "https://bugs.launchpad.net/qemu/+bug/1433081" },
	},
	{ 0 }
};
