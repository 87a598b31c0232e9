// SPDX-License-Identifier: MIT
/* Exits that a VMM does not handle, and the messages of other VMMs. */
#include "explain/rules/rules.h"

enum { EVENT_SHUTDOWN = 1, EVENT_RESET, EVENT_CRASH, EVENT_WAKEUP, EVENT_SUSPEND, EVENT_SEV_TERM };

static bool sev_termination(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_SEV_TERMINATION) ||
	       (FACT_IS(c->f, system_event_type, EVENT_SEV_TERM) && !c->f->watch.begun);
}

/* The kernel's line does not name the VM; the exit that accompanies it does. */
static enum kw_certainty termination_sure(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_SEV_TERMINATION) &&
			       FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SYSTEM_EVENT) ?
		       KW_CERTAIN :
		       KW_LIKELY;
}

static bool system_event(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SYSTEM_EVENT) && !sev_termination(c) &&
	       !c->f->watch.begun;
}

static bool guest_crashed(const struct kw_case *c)
{
	return FACT_IS(c->f, system_event_type, EVENT_CRASH);
}

static bool arm_nisv(const struct kw_case *c)
{
	return !kw_is_x86(c->f) && FACT_IS(c->f, exit_reason, KW_KVM_EXIT_ARM_NISV);
}

/* The MSRs KVM_SET_MSRS is known to refuse, each with what to do. */

static bool is_pmu_msr(const struct kw_case *c)
{
	return FACT_IS(c->f, host_msr_index, 0x345) || FACT_IS(c->f, host_msr_index, 0x38d) ||
	       FACT_IS(c->f, host_msr_index, 0x38f);
}

static bool is_vmx_msr(const struct kw_case *c)
{
	return kw_has(c->f, host_msr_index) && c->f->host_msr_index >= 0x480 &&
	       c->f->host_msr_index <= 0x491;
}

static bool is_arch_capabilities(const struct kw_case *c)
{
	return FACT_IS(c->f, host_msr_index, 0x10a);
}

static bool is_kvmclock(const struct kw_case *c)
{
	return FACT_IS(c->f, host_msr_index, 0x11) || FACT_IS(c->f, host_msr_index, 0x12) ||
	       FACT_IS(c->f, host_msr_index, 0x4b564d00) ||
	       FACT_IS(c->f, host_msr_index, 0x4b564d01);
}

static bool is_other_msr(const struct kw_case *c)
{
	return !is_pmu_msr(c) && !is_vmx_msr(c) && !is_arch_capabilities(c) && !is_kvmclock(c);
}

static bool arm_exit_on_x86(const struct kw_case *c)
{
	return kw_is_x86(c->f) && FACT_IS(c->f, exit_reason, KW_KVM_EXIT_ARM_NISV);
}

static bool vmm_exit_unknown(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_UNKNOWN) &&
	       !(kw_has(c->f, hardware_exit_reason) && c->f->hardware_exit_reason);
}

static bool unusual_vmx_exit(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_UNUSUAL_EXIT);

	return sign && kw_str_has(sign->text, KW_STR("vmx: "));
}

static bool init_signal(const struct kw_case *c)
{
	return unusual_vmx_exit(c) &&
	       FACT_IS(c->f, hardware_exit_reason, KW_VMX_EXIT_INIT_SIGNAL);
}

/* 64 bits of a small negative number; no CPU numbers its exits so. */
static bool reason_is_errno(const struct kw_case *c)
{
	return c->f->arch == KW_ARCH_PPC64 && FACT_IS(c->f, exit_reason, KW_KVM_EXIT_UNKNOWN) &&
	       kw_errno_name((int)-c->f->hardware_exit_reason);
}

static bool hardware_unknown(const struct kw_case *c)
{
	if (c->f->arch != KW_ARCH_UNKNOWN && c->f->arch != KW_ARCH_X86)
		return false;
	return (any_sign(c, KW_SIGN_UNUSUAL_EXIT) && !init_signal(c)) ||
	       (FACT_IS(c->f, exit_reason, KW_KVM_EXIT_UNKNOWN) &&
		kw_has(c->f, hardware_exit_reason) && c->f->hardware_exit_reason);
}

/* POWER and s390x have numbers of their own. */
static enum kw_certainty hardware_sure(const struct kw_case *c)
{
	return c->f->arch == KW_ARCH_X86 ? KW_LIKELY : KW_POSSIBLE;
}

static bool shutdown(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SHUTDOWN);
}

/*
 * VMCB and registers are undefined after a SHUTDOWN intercept, so KVM on AMD resets the vCPU as
 * INIT does.
 */
static bool shutdown_reset(const struct kw_case *c)
{
	return shutdown(c) && cs_at_reset(c->f) && FACT_IS(c->f, rip, 0xfff0) &&
	       FACT_IS(c->f, efer, 0);
}

static bool memory_fault(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_MEMORY_FAULT) ||
	       kw_has(c->f, memory_fault_gpa);
}

static bool notify(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_NOTIFY);
}

/* A push with ESP 0 goes to the last four bytes below 4 GiB, where there is no RAM. */
static bool stack_below_zero(const struct kw_case *c)
{
	return !kw_is_foreign(c->f) && kw_has(c->f, mmio_gpa) && c->f->mmio_gpa >= 0xffffff00 &&
	       c->f->mmio_gpa <= 0xffffffff;
}

static bool mmio_unregistered(const struct kw_case *c)
{
	return (any_sign(c, KW_SIGN_MMIO_UNREGISTERED) || kw_has(c->f, mmio_gpa)) &&
	       !stack_below_zero(c);
}

static bool set_msr_refused(const struct kw_case *c)
{
	return kw_has(c->f, host_msr_value);
}

static bool get_msr_refused(const struct kw_case *c)
{
	return !kw_has(c->f, host_msr_value);
}

static bool exception(const struct kw_case *c)
{
	return kw_has(c->f, exception);
}

/* "exit_reason=8": the number need not be kvm_run's. */
static enum kw_certainty by_words(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_FEW_WORDS) ? KW_POSSIBLE : KW_LIKELY;
}

static bool near_zero(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_MMIO_UNREGISTERED);

	return sign &&
	       (sign->value < 0x1000 || (sign->value >= 0xfffff000 && sign->value <= 0xffffffff) ||
		sign->value >= UINT64_MAX - 0xfff);
}

#define ANY_VMM (KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR) | KW_IN(INTERNAL_ERROR))

const struct kw_rule kw_rules_exit[] = {
	{
		.id = "sev-guest-terminated",
		.certainty = KW_LIKELY,
		.sure = termination_sure,
		.proof = { KW_NEED(exit_reason), KW_PROOF_SIGN },
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(KVM_RUN_FAILED) | KW_IN(VMM_ERROR) |
			   KW_IN(PROTECTED_VM),
		.any_arch = true,
		.shows = { KW_NEED(system_event_type), KW_NEED(system_event_data) },
		.test = sev_termination,
		.sign = KW_SIGN_SEV_TERMINATION + 1,
		.title = "The encrypted guest asked to be terminated (GHCB termination "
			 "request){ghcb_termination}",
		.why = "The guest's firmware or kernel ended itself by the GHCB protocol; KVM only "
		       "passed that on. Set 0 holds the specification's reasons, set 1 those of "
		       "Linux guests.{ghcb_about} The registers of an encrypted guest are not "
		       "visible.",
		.todo = { KW_DO("Look in the guest's early console or firmware log for what it "
				"lacked."),
			  KW_DO("Reasons 0:1 and 0:2: SNP needs a GHCB protocol version of 2 or "
				"later and a KVM and VMM that have it (Linux v6.11); compare the "
				"guest's SEV features with what it knows."),
			  KW_DO("Look in the host's dmesg for `SEV-ES guest requested "
				"termination`.",
				.with = KW_NEED(system_event_type)) },
		.source = { "AMD SEV-ES Guest-Hypervisor Communication Block Standardization, "
			    "\"Termination Request\"",
			    "Linux arch/x86/kvm/svm/sev.c, sev_handle_vmgexit_msr_protocol()" },
	},
	{
		.id = "exit-system-event",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.needs = { KW_NEED(exit_reason) },
		.shows = { KW_NEED(system_event_type), KW_NEED(system_event_data) },
		.any_arch = true,
		.test = system_event,
		.title = "The guest asked for a system event that this VMM does not handle "
			 "(KVM_EXIT_SYSTEM_EVENT{system_event})",
		.why = "Types: 1 shutdown, 2 reset, 3 crash, 4 wakeup, 5 suspend, 6 termination of "
		       "an SEV guest. KVM passes on what the guest asked for: by PSCI on arm64, by "
		       "SBI on RISC-V, by Hyper-V crash MSRs or the GHCB on x86.",
		.todo = { KW_DO("Look at the guest's console: it reported a crash of its own.",
				.when = guest_crashed),
			  KW_DO("Check whether the VMM is told to handle this event; newer VMMs "
				"know more of them.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_SYSTEM_EVENT\"" },
	},
	{
		.id = "exit-foreign-number",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exit_reason) },
		.test = arm_exit_on_x86,
		.title = "Exit reason {exit_reason} is {exit_name}, which KVM on x86 never "
			 "returns: a patched kernel with an exit of its own",
		.why = "Kernel and VMM disagree on what {exit_reason} means. Patch sets under "
		       "development use the next free number before it is assigned; an early one "
		       "for Xen guests used 28, the merged one is 34 (KVM_EXIT_XEN).",
		.todo = { KW_DO("Build the VMM with the headers of that kernel and with support "
				"for the new exit."),
			  KW_DO("Or run an unpatched kernel.") },
		.source = { "Linux include/uapi/linux/kvm.h, KVM_EXIT_*" },
	},
	{
		.id = "exit-arm-nisv",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR),
		.needs = { KW_NEED(exit_reason) },
		.any_arch = true,
		.test = arm_nisv,
		.title = "On arm64, the guest touched an address without memory with an "
			 "instruction that has no valid syndrome (KVM_EXIT_ARM_NISV)",
		.why = "The VMM asked for this exit (KVM_CAP_ARM_NISV_TO_USER, since Linux v5.5) "
		       "and does not handle it. LDP/STP, write-back forms, SIMD, exclusives and "
		       "atomics have no valid syndrome, so KVM cannot say which register was read "
		       "or written.",
		.todo = { KW_DO("Disassemble the instruction at the guest's PC; use a plain LDR or "
				"STR for device memory."),
			  KW_DO("Find out why the address (fault_ipa) has no memory: compare it "
				"with the guest's memory map.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_ARM_NISV\"" },
	},
	{
		.id = "exit-unknown-zero",
		.certainty = KW_POSSIBLE,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason) },
		.test = vmm_exit_unknown,
		.title = "Exit reason 0 may not be an exit: perhaps the VMM looked at kvm_run "
			 "after KVM_RUN failed with EINTR or EAGAIN",
		.why = "KVM_EXIT_UNKNOWN with hardware reason 0 is what kvm_run holds before an "
		       "exit is set (Linux 6.8 and later store it at every entry). KVM_RUN of a "
		       "vCPU that waits for INIT or SIPI, or is interrupted by a signal, returns "
		       "EINTR or EAGAIN; kvm_run.exit_reason has no meaning then.",
		.todo = { KW_DO("Check that the VMM tests KVM_RUN's return value first and retries "
				"on EINTR and EAGAIN.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_RUN\"" },
	},
	{
		.id = "exit-host-init",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(hardware_exit_reason) },
		.sign = KW_SIGN_UNUSUAL_EXIT + 1,
		.test = init_signal,
		.title = "A CPU of the host received an INIT signal while a guest ran: the host "
			 "itself was crashing or restarting",
		.why = "Exit reason 3 is an INIT signal. Linux sends one to a CPU only to stop it: "
		       "for a reboot, kexec or kdump. Neither the guest nor KVM caused it.",
		.todo = { KW_DO("Look for a panic or a reboot of the host at that time: "
				"`journalctl -k -b -1`, /var/crash, the BMC's event log.") },
		.source = { "Intel SDM vol. 3, appendix \"VMX Basic Exit Reasons\"",
			    "Linux arch/x86/kvm/vmx/vmx.c, vmx_handle_exit()" },
	},
	{
		.id = "exit-reason-errno",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(hardware_exit_reason) },
		.test = reason_is_errno,
		.title = "The hardware exit reason {hardware_exit_reason} is an errno of KVM, "
			 "{hardware_exit_errno}: not the CPU gave up, but KVM",
		.why = "KVM on POWER stores its own negative result there when it gives a vCPU up. "
		       "With EINVAL in a nested guest, the hypervisor below refused a call about "
		       "the guest's state.",
		.todo = { KW_DO("Collect the host's dmesg of the same second, and its kernel's and "
				"the hypervisor's release: update both."),
			  KW_DO("If this host is itself a guest of PowerVM or KVM, try without "
				"nesting.") },
		.source = { "Linux arch/powerpc/kvm/book3s_hv.c, kvmppc_run_vcpu()" },
	},
	{
		.id = "exit-hardware-unknown",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.sure = hardware_sure,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(hardware_exit_reason) },
		.test = hardware_unknown,
		.title = "The CPU exited for a reason ({hardware_exit_reason}{hardware_exit_name}) "
			 "that this KVM does not handle",
		.why = "Either a feature is on that the kernel has no handler for, or KVM runs "
		       "nested. KVM hands the CPU's exit reason to the VMM: as KVM_EXIT_UNKNOWN, "
		       "since Linux 5.9 as suberror 4 of KVM_EXIT_INTERNAL_ERROR.",
		.todo = { KW_DO("Run a newer host kernel; if this host is a VM, look at the "
				"hypervisor below.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_UNKNOWN\"" },
	},
	{
		.id = "mmio-near-zero",
		.certainty = KW_LIKELY,
		.classes = ANY_VMM | KW_IN(KVM_RUN_FAILED),
		.any_arch = true,
		.test = near_zero,
		.sign = KW_SIGN_MMIO_UNREGISTERED + 1,
		.needs_sign = true,
		.title = "the guest used a pointer or a stack at 0: it touched {mmio_unregistered}",
		.why = "The address is within a page of 0, above it or, wrapped around, below it: "
		       "a member of a structure at NULL, or a push with the stack pointer at 0 (0 "
		       "- 4 is 0xfffffffc). Where a triple fault follows, no handler could use "
		       "that stack.",
		.todo = { KW_DO("Check where the guest's boot code sets its stack pointer, and "
				"that it does so before the first interrupt or call."),
			  KW_DO("Look for a pointer that was not filled in: a boot parameter or "
				"a table that the VMM did not pass.") },
		.source = { "messages of the VMM in this log" },
	},
	{
		.id = "vmm-seccomp",
		.certainty = KW_LIKELY,
		.classes = ANY_VMM | KW_IN(KVM_RUN_FAILED) | KW_IN(ENTRY_FAILED),
		.any_arch = true,
		.aside = true,
		.sign = KW_SIGN_SECCOMP + 1,
		.needs_sign = true,
		.title = "the VMM ended itself: its seccomp filter does not allow system call "
			 "{syscall}",
		.why = "SIGSYS came for a system call that the VMM's own filter leaves out. "
		       "Either the filter has a defect, or it was written for another C library "
		       "or kernel. The lines before it say why the VMM was ending or failing.",
		.todo = { KW_DO("Update the VMM, or use the binary that its makers build (musl): a "
				"filter fits one C library."),
			  KW_DO("To see the first error undisturbed, run it once without the "
				"filter (Firecracker: `--no-seccomp`).") },
		.source = { "Linux Documentation/userspace-api/seccomp_filter.rst",
			    "Firecracker docs/seccomp.md" },
	},
	{
		.id = "exit-shutdown",
		.certainty = KW_LIKELY,
		.sure = by_words,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason) },
		.test = shutdown,
		.title = "Triple fault: the guest could deliver neither an exception nor the "
			 "double fault after it (KVM_EXIT_SHUTDOWN)",
		.why = "Either the guest's IDT, stack or page tables were not usable when an "
		       "exception came, or the guest did it on purpose: a triple fault is also "
		       "how Linux reboots without a keyboard controller (reboot=t, or reboot=k "
		       "if there is none). The exit itself carries no data.",
		.todo = { KW_DO("Check whether the guest was rebooting or shutting down: its "
				"console's last lines."),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_inj_exception -e kvm:kvm_exit "
				"-e kvm:kvm_page_fault`. The exceptions before the end name the "
				"cause."),
			  KW_DO("In early boot code, check whether the IDT is loaded, the stack "
				"mapped, and CR3 right.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_SHUTDOWN\"",
			    "Intel SDM vol. 3, \"Interrupt 8--Double Fault Exception (#DF)\"" },
	},
	{
		.id = "exit-shutdown-reset",
		.aside = true,
		.certainty = KW_LIKELY,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason), KW_NEED(rip), KW_NEED(cs_base), KW_NEED(efer) },
		.test = shutdown_reset,
		.title = "The registers in this dump are those after INIT: where the triple fault "
			 "happened is lost",
		.why = "After a SHUTDOWN intercept of SVM the VMCB is undefined, so KVM on AMD "
		       "resets the vCPU before it tells the VMM.",
		.todo = { KW_DO("Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_inj_exception`. "
				"The last kvm_exit has the guest's RIP.") },
		.source = { "Linux arch/x86/kvm/svm/svm.c, shutdown_interception()" },
	},
	{
		.id = "exit-memory-fault",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = ANY_VMM | KW_IN(KVM_RUN_FAILED),
		.needs = { 0 },
		.test = memory_fault,
		.shows = { KW_NEED(memory_fault_gpa), KW_NEED(memory_fault_flags) },
		.title = "KVM could not get a page of the guest's memory and asks the VMM about it "
			 "(KVM_EXIT_MEMORY_FAULT{memory_fault})",
		.why = "The guest used the page as private where the VMM has it shared, or the "
		       "other way round, and the VMM did not convert it; or the guest_memfd behind "
		       "it has no such page, for example because it was closed.",
		.todo = { KW_DO("Look up the address in the VMM's memory slots: is it guest_memfd, "
				"and is that file still open?"),
			  KW_DO("Use a VMM that handles KVM_HC_MAP_GPA_RANGE and "
				"KVM_EXIT_MEMORY_FAULT for this kind of guest.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_MEMORY_FAULT\"" },
	},
	{
		.id = "exit-notify",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exit_reason) },
		.test = notify,
		.title = "The CPU found no event window for too long (KVM_EXIT_NOTIFY): the guest "
			 "loops inside event delivery",
		.why = "Notify VM exit: no interrupt could be delivered for longer than the notify "
		       "window, for example because of an endless #DB or #AC delivery loop. That "
		       "is an attack pattern as well as a guest bug.",
		.todo = { KW_DO("Choose what happens with QEMU's -accel kvm,notify-vmexit=..."),
			  KW_DO("Check what the guest ran.") },
		.source = { "Intel SDM vol. 3, \"Notify VM exit\"" },
	},
	{
		.id = "stack-below-zero",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = ANY_VMM,
		.needs = { KW_NEED(mmio_gpa) },
		.test = stack_below_zero,
		.sign = KW_SIGN_MMIO_UNREGISTERED + 1,
		.title = "The guest used its stack before it set one: with ESP 0 the first push "
			 "goes to {mmio_gpa}",
		.why = "The VMM reports an access just below 4 GiB where it has no device. A PVH "
		       "or Multiboot entry starts with an undefined ESP; a push or call writes to "
		       "0xfffffffc, and the return reads rubbish from there. A pointer at 0 with a "
		       "negative offset gives the same address.",
		.todo = { KW_DO("Set a stack before the first call in the guest's entry code.") },
		.source = { "Xen docs/misc/pvh.pandoc, the PVH entry point leaves ESP undefined" },
	},
	{
		.id = "mmio-unregistered",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = ANY_VMM,
		.needs = { 0 },
		.test = mmio_unregistered,
		.sign = KW_SIGN_MMIO_UNREGISTERED + 1,
		.title = "Before it died the guest touched an address that no device of the VMM "
			 "claims",
		.why = "The VMM logged accesses outside its memory and devices. A wild pointer or "
		       "jump in the guest is a likely reason.",
		.todo = { KW_DO("Compare the address with the guest's memory map.") },
		.source = { "messages of the VMM in this log" },
	},
	{
		.id = "vmm-set-msr-refused",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(host_msr_index), KW_NEED(host_msr_value) },
		.classes = KW_IN(VMM_ERROR),
		.needs = { KW_NEED(host_msr_index), KW_NEED(host_msr_value) },
		.test = set_msr_refused,
		.title = "The host's KVM refused {msr} = {value} from the VMM (KVM_SET_MSRS "
			 "stopped there)",
		.why = "KVM_SET_MSRS sets one register after another and stops at the first that "
		       "KVM does not accept: an MSR that this host's CPU or kernel lacks, or a "
		       "value with bits that it does not support. It happens when a guest is "
		       "started or migrated with a CPU model that this host cannot give. QEMU "
		       "then aborts in kvm_buf_set_msrs(): the assertion is only how it ends.",
		.todo = { KW_DO("Start the guest without a vPMU: -cpu ...,pmu=off. This host's KVM "
				"gives the guest no such counters.",
				.when = is_pmu_msr),
			  KW_DO("Start the guest without nested VMX: -cpu ...,-vmx (or without the "
				"one feature whose bit is refused). The value is a VMX capability "
				"with bits that this host's KVM lacks.",
				.when = is_vmx_msr),
			  KW_DO("Start the guest with -cpu ...,-arch-capabilities, or run a newer "
				"host kernel: it refuses a bit of IA32_ARCH_CAPABILITIES that it "
				"does not know.",
				.when = is_arch_capabilities),
			  KW_DO("Start the guest with -cpu ...,kvmclock=on, or update QEMU: KVM "
				"refuses the kvmclock MSRs of a guest whose CPUID does not have "
				"kvmclock.",
				.when = is_kvmclock),
			  KW_DO("Use a CPU model that all hosts have instead of -cpu host, and "
				"leave out the feature that this MSR belongs to.",
				.when = is_other_msr),
			  KW_DO("Run: `kvmwhy msr {refused_msr}`, and compare the bits with the "
				"host that ran the guest before."),
			  KW_DO("Update kernel, microcode and VMM together: each of them adds and "
				"removes such bits.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_SET_MSRS\"",
			    "QEMU target/i386/kvm/kvm.c, kvm_buf_set_msrs()" },
	},
	{
		.id = "vmm-get-msr-refused",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(host_msr_index) },
		.classes = KW_IN(VMM_ERROR),
		.needs = { KW_NEED(host_msr_index) },
		.test = get_msr_refused,
		.title = "The host's KVM could not read {msr} for the VMM (KVM_GET_MSRS stopped "
			 "there)",
		.why = "The VMM asked for a register that this host's kernel or CPU announced "
		       "but does not have.",
		.todo = { KW_DO("Update kernel, microcode and VMM together."),
			  KW_DO("Run: `kvmwhy msr {refused_msr}`. It says since when the register "
				"exists.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_GET_MSRS\"" },
	},
	{
		.id = "exit-exception",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exception) },
		.test = exception,
		.title = "KVM handed exception {exception} of the guest to the VMM, which did not "
			 "expect it",
		.why = "KVM returns KVM_EXIT_EXCEPTION if it cannot continue after an "
		       "intercepted exception.",
		.todo = { KW_DO(
			"Collect the host's dmesg, and run: `trace-cmd record {events}`.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_EXCEPTION\"" },
	},
	{
		.id = "exit-few-words",
		.aside = true,
		.certainty = KW_POSSIBLE,
		.classes = ANY_VMM | KW_IN(ENTRY_FAILED),
		.any_arch = true,
		.needs = { KW_NEED(exit_reason) },
		.sign = KW_SIGN_FEW_WORDS + 1,
		.needs_sign = true,
		.title =
			"exit reason {exit_reason} is {exit_name}; the text has no more of it",
		.why = "The monitor printed kvm_run.exit_reason, or its name, and ended. If the "
		       "number is the CPU's exit reason instead, it means something else.",
		.todo = { KW_DO("Make the monitor print the members of kvm_run for this exit "
				"too: `internal.suberror` and `internal.data[]`, "
				"`fail_entry.hardware_entry_failure_reason`, "
				"`hw.hardware_exit_reason`, `system_event`."),
			  KW_DO("Make it print the registers: KVM_GET_REGS and KVM_GET_SREGS. "
				"`kvmwhy explain` reads such dumps."),
			  KW_DO("Run: `trace-cmd record {events}` around it; the last exits and "
				"exceptions say what the guest did."),
			  KW_DO("Look at the host's dmesg of the same second.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_RUN\"" },
	},
	{ 0 }
};
