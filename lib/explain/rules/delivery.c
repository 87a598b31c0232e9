// SPDX-License-Identifier: MIT
/* KVM internal error, suberrors 2, 3, 4 and those no kernel has. */
#include "explain/rules/rules.h"

/*
 * Words of suberror 3 (data/kvm_suberror.tbl): data[0] vectoring information, data[1] exit reason,
 * data[2] qualification, with 5 words data[3] the guest physical address. Newer kernels store the
 * same in VMX's order, with all ones for an unknown address, and do so for SVM too: exit_info_2,
 * exit code, exit_info_1, address.
 */
static bool delivery(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KW_SUBERROR_DELIVERY_EV);
}

static bool is_svm(const struct kw_case *c)
{
	return delivery(c) && has_extra(c, 0) && has_extra(c, 1) &&
	       kw_exit_is_svm(c, c->f->extra[1]);
}

static bool vectoring_valid(const struct kw_case *c)
{
	return delivery(c) && has_extra(c, 0) && has_extra(c, 1) && !is_svm(c) &&
	       c->f->extra[0] & 0x80000000 && c->f->extra[0] >> 32 == 0;
}

static bool on_exit(const struct kw_case *c, uint64_t basic)
{
	return vectoring_valid(c) && (c->f->extra[1] & 0xffff) == basic;
}

static bool has_gpa(const struct kw_case *c)
{
	return has_extra(c, 3) && c->f->extra[3] != UINT64_MAX &&
	       (has_extra(c, 4) || (c->f->extra[1] & 0xffff) == KW_VMX_EXIT_EPT_MISCONFIG);
}

/*
 * KVM had to emulate the access: its mark for MMIO was hit, or the words contain the address. Older
 * kernels never report suberror 3 for an EPT violation.
 */
static bool on_mmio(const struct kw_case *c)
{
	if (is_svm(c))
		return c->f->extra[1] == KW_SVM_EXIT_NPF && has_gpa(c);
	return on_exit(c, KW_VMX_EXIT_EPT_MISCONFIG) ||
	       (on_exit(c, KW_VMX_EXIT_EPT_VIOLATION) && has_gpa(c));
}

static bool gpa_is_page_table_root(const struct kw_case *c)
{
	return on_mmio(c) && has_gpa(c) && kw_has(c->f, cr3) && pg_set(c) &&
	       c->f->extra[3] >> 12 == (c->f->cr3 & 0xffffffffff000) >> 12;
}

/* Below 4 GiB, and code that cannot be read: page tables that only SMM sees. */
static bool root_in_smram(const struct kw_case *c)
{
	return gpa_is_page_table_root(c) && c->f->cr3 >> 32 == 0 && FACT_IS(c->f, smm, 0) &&
	       c->code == KW_CODE_UNREADABLE;
}

static bool root_in_mmio(const struct kw_case *c)
{
	return gpa_is_page_table_root(c) && !root_in_smram(c);
}

/* Where the mode is not known, a flat segment is assumed: only the offset in a page counts. */
static uint64_t stack_top(const struct kw_case *c)
{
	const struct kw_arch_row *arch = kw_arch_row(c->f->arch);
	uint64_t top;

	return arch->sp && arch->sp(c->f, &top) ? top : c->f->rsp;
}

/* A push of the event: judged by the offset in the page, the address is slightly below RSP. */
static bool stack_in_vga(const struct kw_case *c)
{
	uint64_t below;

	if (!on_mmio(c) || !has_gpa(c) || !kw_has(c->f, rsp) || c->f->extra[3] < 0xa0000 ||
	    c->f->extra[3] > 0xbffff)
		return false;
	below = (stack_top(c) - c->f->extra[3]) & 0xfff;
	return below && below <= 48;
}

static bool mmio_elsewhere(const struct kw_case *c)
{
	return on_mmio(c) && !stack_in_vga(c) && !gpa_is_page_table_root(c);
}

static bool wrmsr_exit(const struct kw_case *c)
{
	return on_exit(c, KW_VMX_EXIT_MSR_WRITE) && (c->f->extra[0] >> 8 & 7) == 0;
}

static bool other_delivery(const struct kw_case *c)
{
	return (vectoring_valid(c) || is_svm(c)) && !on_mmio(c) && !wrmsr_exit(c);
}

static bool bare(const struct kw_case *c)
{
	return delivery(c) && !has_extra(c, 0);
}

static bool simul(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KW_SUBERROR_SIMUL_EX);
}

static bool unexpected(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KW_SUBERROR_UNEXPECTED_EXIT_REASON) &&
	       !(has_extra(c, 0) && c->f->extra[0] >> 32);
}

/* An exit reason has 32 bits; a TDH.VP.ENTER status has its class in the upper half. */
static bool tdx_status(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KW_SUBERROR_UNEXPECTED_EXIT_REASON) && has_extra(c, 0) &&
	       c->f->extra[0] >> 32;
}

static bool unknown(const struct kw_case *c)
{
	return kw_has(c->f, suberror) && !kw_kvm_suberror_name(c->f->suberror);
}

#define SRC_VECTORING \
	"Intel SDM vol. 3, \"Information for VM Exits That Occur During Event Delivery\""

const struct kw_rule kw_rules_delivery[] = {
	{
		.id = "delivery-page-table-root-mmio",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cr3) },
		.test = root_in_mmio,
		.title = "The guest's page tables lie in memory that the VMM emulates (MMIO): CR3 "
			 "{cr3} is not RAM",
		.why = "While {vectoring} was delivered the CPU hit {extra_exit}, KVM's mark for "
		       "MMIO, at {extra3}, the page that CR3 points to. KVM cannot walk page "
		       "tables, deliver events or run code in emulated memory. Seen with an "
		       "emulated CXL memory device that the guest used as RAM.",
		.todo = { KW_DO("Do not put emulated memory (CXL type 3 in QEMU, BAR memory) "
				"online as RAM under KVM."),
			  KW_DO("Compare the address with the guest's /proc/iomem and QEMU's `info "
				"mtree -f`.") },
		.source = { SRC_VECTORING,
			    "https://lore.kernel.org/r/Y+vSj8FD6ZaHhfoN@memverge.com",
			    "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()" },
	},
	{
		.id = "delivery-page-table-root-smram",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cr3), KW_NEED(smm) },
		.test = root_in_smram,
		.title = "CR3 {cr3} points to memory that only SMM can see, and the vCPU is not in "
			 "SMM: state was restored in the wrong order",
		.why = "Delivering {vectoring} hit {extra_exit} at {extra3}, the page of CR3, and "
		       "the VMM could not read the code either. Below 4 GiB that is SMRAM: QEMU "
		       "restored nested or control state before the SMM flag (migration of a guest "
		       "with VSM or SMM).",
		.todo = { KW_DO("Use a QEMU that calls kvm_put_vcpu_events() before "
				"kvm_put_nested_state()."),
			  KW_DO("Otherwise check whether CR3 lies in emulated memory (CXL, a "
				"BAR): QEMU's `info mtree -f`.") },
		.source = { "qemu-devel, 26 October 2023, nested state and SMM ordering",
			    SRC_VECTORING },
	},
	{
		.id = "delivery-stack-in-vga",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rsp) },
		.test = stack_in_vga,
		.title = "The guest's stack ran into the VGA window: pushing {vectoring} went to "
			 "{extra3}, just below RSP {rsp}",
		.why = "The address has the offset in its page that a push at RSP has, and lies in "
		       "0xa0000 to 0xbffff, which the VMM emulates. KVM cannot emulate the "
		       "delivery of an event. The stack overflowed downwards into the window, or "
		       "was placed there.",
		.todo = { KW_DO("Check where the guest's boot code puts its stack, and how deep it "
				"gets."),
			  KW_DO("Compare RSP and the page tables with the guest's memory map.") },
		.source = { SRC_VECTORING },
	},
	{
		.id = "delivery-mmio",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = mmio_elsewhere,
		.shows = { KW_NEED(idt_base), KW_NEED(rsp) },
		.title = "An event could not be delivered: IDT, TSS, stack or page tables of the "
			 "guest lie in emulated memory (MMIO){delivery_gpa}",
		.why = "While {vectoring} was delivered the CPU touched a page without RAM behind "
		       "it, which KVM has to emulate: the exit is {extra_exit}. KVM cannot emulate "
		       "the delivery of an event.",
		.todo = { KW_DO("Compare the address with IDT, TSS and stack in the dump, the "
				"guest's /proc/iomem and QEMU's `info mtree -f`."),
			  KW_DO("Do not use emulated memory (CXL type 3, a BAR) as RAM under "
				"KVM.") },
		.source = { SRC_VECTORING, "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()",
			    "Linux arch/x86/kvm/x86.c, kvm_prepare_event_vectoring_exit()" },
	},
	{
		.id = "delivery-wrmsr-vp-assist",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = wrmsr_exit,
		.title = "The CPU reported an interrupt in delivery together with a WRMSR exit: "
			 "Windows with Hyper-V VP assist on Sapphire or Emerald Rapids",
		.why = "The exit is MSR_WRITE while {vectoring} is marked as being delivered. A "
		       "WRMSR exit cannot happen during the delivery of an interrupt; the "
		       "combination was seen on Sapphire and Emerald Rapids hosts with Windows "
		       "guests that use the Hyper-V VP assist page (lazy EOI, MSR 0x40000070).",
		.todo = { KW_DO("Update the CPU's microcode and the firmware."),
			  KW_DO("Try the guest without the Hyper-V enlightenments hv-vapic and "
				"hv-evmcs."),
			  KW_DO("See bug 218267 for the state of the analysis.") },
		.source = { "https://bugzilla.kernel.org/show_bug.cgi?id=218267", SRC_VECTORING },
	},
	{
		.id = "delivery-exit",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = other_delivery,
		.title = "An exit that KVM does not expect came while an event was being delivered "
			 "to the guest: {extra_exit}",
		.why = "What was being delivered: {vectoring}. After an exit during delivery KVM "
		       "continues only if it knows how to redo the delivery.",
		.todo = { KW_DO("If this host is itself a VM, suspect the hypervisor below first."),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_inj_virq -e "
				"kvm:kvm_inj_exception`.") },
		.source = { SRC_VECTORING, "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()" },
	},
	{
		.id = "delivery-collect",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = bare,
		.title = "An exit during event delivery; this text does not show which. On small "
			 "Intel Atom-class hosts random ones were a microcode defect",
		.why = "data[] has the event and the exit. Random suberrors 3 on Celeron and "
		       "Pentium boxes (Jasper Lake, Elkhart Lake, Alder Lake-N) went away with "
		       "newer microcode.",
		.todo = { KW_DO("Collect the lines `extra data[0]` to `extra data[4]` and the "
				"register dump that follow this message."),
			  KW_DO("Install the intel-microcode package and compare `grep microcode "
				"/proc/cpuinfo`.") },
		.source = { SRC_VECTORING },
	},
	{
		.id = "simultaneous-exception",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = simul,
		.title = "An exception exit came while another event was being delivered, in a way "
			 "that KVM cannot redo",
		.why = "Suberror 2: the VM-exit interruption information and the IDT-vectoring "
		       "information are valid together for an event that KVM intercepts. The words "
		       "are vectoring information, interruption information, error code and, since "
		       "v5.9, the last CPU.",
		.todo = { KW_DO("Check for ept=N (or nested virtualization without EPT): there, "
				"guests whose IDT or stack is not mapped reach this."),
			  KW_DO("Collect extra data[] and the dump; if this host is a VM, look at "
				"the hypervisor below.") },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, handle_exception_nmi()" },
	},
	{
		.id = "unexpected-exit-reason",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = unexpected,
		.title = "The CPU (or the hypervisor below) reported an exit that this KVM does "
			 "not know",
		.why = "Suberror 4: KVM has no handler for the exit reason in data[0]. Either a "
		       "feature is enabled that this kernel does not know, or KVM runs nested and "
		       "the level below reports exits that it should not.",
		.todo = { KW_DO("Read the exit reason in data[0]; the host's dmesg has `unexpected "
				"exit reason`."),
			  KW_DO("If this host is a VM, update the hypervisor below; otherwise "
				"update the kernel.") },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, __vmx_handle_exit()",
			    "Linux arch/x86/kvm/svm/svm.c, svm_handle_invalid_exit()" },
	},
	{
		.id = "tdx-enter-status",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = tdx_status,
		.title = "A TDX guest could not continue: TDH.VP.ENTER ended with status {extra0}",
		.why = "The word is wider than the 32 bits of an exit reason: it is a completion "
		       "status of the TDX module, whose upper half is the class of the error. "
		       "Registers of a TDX guest are not visible, so the dump shows zeros. A "
		       "hardware memory error in the TD's private memory ends like this, with "
		       "machine-check lines in the host's log.",
		.todo = { KW_DO("Look in the host's dmesg for SEAMCALL, mce and Memory failure "
				"lines of the same second."),
			  KW_DO("Decode the status with the completion status codes of the TDX "
				"module's ABI specification."),
			  KW_DO("After a memory error, replace the memory module; the TD cannot be "
				"continued.") },
		.source = { "Intel TDX Module ABI Specification, \"Function Completion Status\"",
			    "Linux arch/x86/kvm/vmx/tdx.c, tdx_handle_exit()" },
	},
	{
		.id = "suberror-unknown",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = unknown,
		.title = "KVM has no suberror {suberror} (only 1 to 4): a patched kernel or VMM, "
			 "or a number that was never set",
		.why = "All versions of Linux have the same suberrors: 1 EMULATION, 2 SIMUL_EX, "
		       "3 DELIVERY_EV and 4 UNEXPECTED_EXIT_REASON.",
		.todo = { KW_DO("Collect the versions of the kernel and the VMM, and their "
				"patches."),
			  KW_DO("Compare `struct kvm_run` of the headers that the VMM was built "
				"with.") },
		.source = { "Linux include/uapi/linux/kvm.h, KVM_INTERNAL_ERROR_*" },
	},
	{ 0 }
};
