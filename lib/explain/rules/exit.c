// SPDX-License-Identifier: MIT
/* Exits that a VMM does not handle, and the messages of other VMMs. */
#include "explain/rules/rules.h"

static bool sev_termination(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_SEV_TERMINATION);
}

/* The kernel's line does not name the VM; the exit that goes with it does. */
static enum kw_certainty termination_sure(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SYSTEM_EVENT) ? KW_CERTAIN : KW_LIKELY;
}

static bool system_event(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SYSTEM_EVENT) && !sev_termination(c) && !c->f->watch.begun;
}

static bool arm_exit_on_x86(const struct kw_case *c)
{
	return c->f->arch == KW_ARCH_X86 && FACT_IS(c->f, exit_reason, KW_KVM_EXIT_ARM_NISV);
}

static bool vmm_exit_unknown(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_UNKNOWN) &&
	       !(kw_has(c->f, hardware_exit_reason) && c->f->hardware_exit_reason);
}

static bool hardware_unknown(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_UNKNOWN) && kw_has(c->f, hardware_exit_reason) && c->f->hardware_exit_reason;
}

static bool shutdown(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_SHUTDOWN);
}

/* VMCB and registers are undefined behind a SHUTDOWN intercept, so KVM on AMD resets the vCPU as INIT does. */
static bool shutdown_reset(const struct kw_case *c)
{
	return shutdown(c) && cs_at_reset(c->f) && FACT_IS(c->f, rip, 0xfff0) && FACT_IS(c->f, efer, 0);
}

static bool memory_fault(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_MEMORY_FAULT) || kw_has(c->f, memory_fault_gpa);
}

static bool notify(const struct kw_case *c)
{
	return FACT_IS(c->f, exit_reason, KW_KVM_EXIT_NOTIFY);
}

/* A push with ESP 0 goes to the last four bytes below 4 GiB, where no RAM is. */
static bool stack_below_zero(const struct kw_case *c)
{
	return kw_has(c->f, mmio_gpa) && c->f->mmio_gpa >= 0xffffff00 && c->f->mmio_gpa <= 0xffffffff;
}

static bool mmio_unregistered(const struct kw_case *c)
{
	return (any_sign(c, KW_SIGN_MMIO_UNREGISTERED) || kw_has(c->f, mmio_gpa)) && !stack_below_zero(c);
}

static bool register_sync(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_REGISTER_SYNC);
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

#define ANY_VMM (KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR) | KW_IN(INTERNAL_ERROR))

const struct kw_rule kw_rules_exit[] = {
	{
		.id = "sev-guest-terminated",
		.certainty = KW_LIKELY,
		.sure = termination_sure,
		.proof = { KW_NEED(exit_reason), KW_PROOF_SIGN },
		.classes = KW_IN(UNKNOWN_EXIT) | KW_IN(KVM_RUN_FAILED) | KW_IN(VMM_ERROR),
		.needs = { 0 },
		.test = sev_termination,
		.sign = KW_SIGN_SEV_TERMINATION + 1,
		.title = "the encrypted guest asked to be terminated (GHCB termination request)",
		.why = "The host's KVM logged it: the first number is the reason code set, the second the reason. In the "
		       "general set (0), 1 means that guest and host share no GHCB protocol version, 2 that SNP features "
		       "the guest needs are not supported. Registers of an encrypted guest are not visible; the dump shows RESET values.",
		.todo = { KW_DO("With reason 0x0:0x2: start the guest with what it demands (for SNP a GHCB protocol version of 2 or later; newer KVM and VMM)."),
			  KW_DO("Look at the guest's early console or firmware log for what it missed.") },
		.source = { "AMD SEV-ES Guest-Hypervisor Communication Block Standardization, \"Termination Request\"",
			    "Linux arch/x86/kvm/svm/sev.c, sev_handle_vmgexit_msr_protocol()" },
	},
	{
		.id = "exit-system-event",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exit_reason) },
		.test = system_event,
		.title = "the guest asked for shutdown, reset or (SEV) termination, in a way this VMM does not handle (KVM_EXIT_SYSTEM_EVENT)",
		.why = "On x86 KVM raises exit 24 for an SEV-ES or SNP guest that requests termination, and for Hyper-V crash "
		       "enlightenments. The VMM is older than that use.",
		.todo = { KW_DO("Look in the host's dmesg for `SEV-ES guest requested termination`."),
			  KW_DO("Use a newer VMM.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_SYSTEM_EVENT\"" },
	},
	{
		.id = "exit-foreign-number",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exit_reason) },
		.test = arm_exit_on_x86,
		.title = "exit reason {exit_reason} is {exit_name}, which KVM on x86 never gives: a patched kernel with an exit of its own",
		.why = "Kernel and VMM disagree on what {exit_reason} means. Patch sets under development use the next free "
		       "number before it is assigned; an early one for Xen guests used 28, the merged one is 34 (KVM_EXIT_XEN).",
		.todo = { KW_DO("Build the VMM with the headers of that kernel and with support for the new exit."),
			  KW_DO("Or run an unpatched kernel.") },
		.source = { "Linux include/uapi/linux/kvm.h, KVM_EXIT_*" },
	},
	{
		.id = "exit-unknown-zero",
		.certainty = KW_POSSIBLE,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason) },
		.test = vmm_exit_unknown,
		.title = "exit reason 0 may be no exit at all: a VMM that looks at kvm_run after KVM_RUN failed with EINTR or EAGAIN",
		.why = "KVM_EXIT_UNKNOWN with hardware reason 0 is what kvm_run holds before an exit is set (Linux 6.8 and later "
		       "store it at every entry). A vCPU that waits for INIT or SIPI, or is interrupted by a signal, returns EINTR "
		       "or EAGAIN; kvm_run.exit_reason has no meaning then.",
		.todo = { KW_DO("Check that the VMM tests KVM_RUN's return value first and retries on EINTR and EAGAIN.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_RUN\"" },
	},
	{
		.id = "exit-hardware-unknown",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(hardware_exit_reason) },
		.test = hardware_unknown,
		.title = "the CPU exited for a reason ({hardware_exit_reason}) that this KVM does not know",
		.why = "KVM_EXIT_UNKNOWN hands the CPU's exit reason to the VMM. A feature is on that the kernel has no handler for, or KVM is nested.",
		.todo = { KW_DO("Run a newer host kernel; if this host is a VM, look at the hypervisor below.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_UNKNOWN\"" },
	},
	{
		.id = "exit-shutdown",
		.certainty = KW_LIKELY,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason) },
		.test = shutdown,
		.title = "triple fault: the guest could deliver neither an exception nor the double fault after it (KVM_EXIT_SHUTDOWN)",
		.why = "The guest's IDT, stack or page tables were not usable when an exception came. The exit itself carries no data.",
		.todo = { KW_DO("`trace-cmd record -e kvm:kvm_inj_exception -e kvm:kvm_exit -e kvm:kvm_page_fault`: the exceptions before the end name the cause."),
			  KW_DO("In early boot code: IDT loaded? Stack mapped? CR3 right?") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_SHUTDOWN\"", "Intel SDM vol. 3, \"Interrupt 8--Double Fault Exception (#DF)\"" },
	},
	{
		.id = "exit-shutdown-reset",
		.aside = true,
		.certainty = KW_LIKELY,
		.classes = ANY_VMM,
		.needs = { KW_NEED(exit_reason), KW_NEED(rip), KW_NEED(cs_base), KW_NEED(efer) },
		.test = shutdown_reset,
		.title = "the registers in this dump are those after INIT: where the triple fault was is lost",
		.why = "Behind a SHUTDOWN intercept of SVM the VMCB is undefined, so KVM on AMD resets the vCPU before it tells the VMM.",
		.todo = { KW_DO("Record the way there: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_inj_exception`; the last kvm_exit has the guest's RIP.") },
		.source = { "Linux arch/x86/kvm/svm/svm.c, shutdown_interception()" },
	},
	{
		.id = "exit-memory-fault",
		.certainty = KW_LIKELY,
		.classes = ANY_VMM | KW_IN(KVM_RUN_FAILED),
		.needs = { 0 },
		.test = memory_fault,
		.shows = { KW_NEED(memory_fault_gpa), KW_NEED(memory_fault_flags) },
		.title = "KVM could not get a page of the guest's memory and asks the VMM about it (KVM_EXIT_MEMORY_FAULT{memory_fault})",
		.why = "The guest used the page as private where the VMM has it shared, or the other way round, and the VMM did not "
		       "convert it; or the guest_memfd behind it has no such page, as after it was closed.",
		.todo = { KW_DO("Look up the address in the VMM's memory slots: is it guest_memfd, and is that file still open?"),
			  KW_DO("Use a VMM that handles KVM_HC_MAP_GPA_RANGE and KVM_EXIT_MEMORY_FAULT for this kind of guest.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_MEMORY_FAULT\"" },
	},
	{
		.id = "exit-notify",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exit_reason) },
		.test = notify,
		.title = "the CPU found no event window for too long (KVM_EXIT_NOTIFY): the guest loops inside event delivery",
		.why = "Notify VM exit: no interrupt could be delivered for longer than the notify window, for example an "
		       "endless #DB or #AC delivery loop. That is an attack pattern as well as a guest bug.",
		.todo = { KW_DO("QEMU: -accel kvm,notify-vmexit=... chooses what happens."),
			  KW_DO("Look at what the guest ran.") },
		.source = { "Intel SDM vol. 3, \"Notify VM exit\"" },
	},
	{
		.id = "stack-below-zero",
		.certainty = KW_LIKELY,
		.classes = ANY_VMM,
		.needs = { KW_NEED(mmio_gpa) },
		.test = stack_below_zero,
		.sign = KW_SIGN_MMIO_UNREGISTERED + 1,
		.title = "the guest used its stack before it set one: with ESP 0 the first push goes to {mmio_gpa}",
		.why = "The VMM reports an access just below 4 GiB where it has no device. A PVH or Multiboot entry starts with an "
		       "undefined ESP; a push or call writes to 0xfffffffc and the return reads rubbish from there.",
		.todo = { KW_DO("Set a stack before the first call in the guest's entry code.") },
		.source = { "Xen docs/misc/pvh.pandoc, the PVH entry point leaves ESP undefined" },
	},
	{
		.id = "mmio-unregistered",
		.certainty = KW_POSSIBLE,
		.classes = ANY_VMM,
		.needs = { 0 },
		.test = mmio_unregistered,
		.sign = KW_SIGN_MMIO_UNREGISTERED + 1,
		.title = "before it died the guest touched an address that no device of the VMM claims",
		.why = "The VMM logged accesses outside its memory and devices. A wild pointer or jump in the guest is a likely reason.",
		.todo = { KW_DO("Compare the address with the guest's memory map.") },
		.source = { "messages of the VMM in this log" },
	},
	{
		.id = "register-sync",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMM_ERROR) | KW_IN(KVM_RUN_FAILED) | KW_IN(ENTRY_FAILED),
		.needs = { 0 },
		.test = register_sync,
		.sign = KW_SIGN_REGISTER_SYNC + 1,
		.title = "the VMM could not read or set the vCPU's registers: the dump is not what the guest had",
		.why = "An ioctl such as KVM_SET_SREGS or KVM_SET_MSRS was refused; what was to be set before it was set, the rest was not.",
		.todo = { KW_DO("The errno in that line is the first thing to follow: an MSR or CR4 bit that this host lacks?"),
			  KW_DO("Use a CPU model that both hosts have.") },
		.source = { "QEMU accel/kvm/kvm-all.c, do_kvm_cpu_synchronize_state()" },
	},
	{
		.id = "vmm-set-msr-refused",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(host_msr_index), KW_NEED(host_msr_value) },
		.classes = KW_IN(VMM_ERROR),
		.needs = { KW_NEED(host_msr_index), KW_NEED(host_msr_value) },
		.test = set_msr_refused,
		.title = "the host's KVM refused {msr} = {value} from the VMM (KVM_SET_MSRS stopped there)",
		.why = "KVM_SET_MSRS sets one register after the other and stops at the first that KVM does not take: an MSR "
		       "that this host's CPU or kernel lacks, or a value with bits it does not support. It happens when a "
		       "guest was started or migrated with a CPU model this host cannot give, nested VMX capabilities above all.",
		.todo = { KW_DO("Decode the value: `kvmwhy msr INDEX VALUE`, and compare its bits with the host that ran the guest before."),
			  KW_DO("Use a CPU model that all hosts have instead of -cpu host; switch the nested feature off if the guest needs none (-vmx, -svm)."),
			  KW_DO("Update kernel, microcode and VMM together: each of them adds and removes such bits.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_SET_MSRS\"", "QEMU target/i386/kvm/kvm.c, kvm_buf_set_msrs()" },
	},
	{
		.id = "vmm-get-msr-refused",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(host_msr_index) },
		.classes = KW_IN(VMM_ERROR),
		.needs = { KW_NEED(host_msr_index) },
		.test = get_msr_refused,
		.title = "the host's KVM could not read {msr} for the VMM (KVM_GET_MSRS stopped there)",
		.why = "The VMM asked for a register that this host's kernel or CPU does not have, although it announced it.",
		.todo = { KW_DO("Update kernel, microcode and VMM together."),
			  KW_DO("Look at what `kvmwhy msr INDEX` says of when the register exists.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_GET_MSRS\"" },
	},
	{
		.id = "exit-exception",
		.certainty = KW_LIKELY,
		.classes = KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(exception) },
		.test = exception,
		.title = "KVM handed exception {exception} of the guest to the VMM, which did not expect it",
		.why = "KVM_EXIT_EXCEPTION is raised where KVM cannot go on with an intercepted exception.",
		.todo = { KW_DO("Collect the host's dmesg and `trace-cmd record -e kvm:kvm_exit`.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_EXCEPTION\"" },
	},
	{ 0 }
};
