// SPDX-License-Identifier: MIT
/*
 * The rows of the *.def files as functions and tables. A new section is three lines here and a row
 * at the end.
 */
#include "check/svm.h"
#include "check/vmx.h"

#define DEF "check/vmx_controls_execution.def"
#define TABLE vmx_controls_execution
#include "check/section.h"

#define DEF "check/vmx_controls_exit.def"
#define TABLE vmx_controls_exit
#include "check/section.h"

#define DEF "check/vmx_controls_entry.def"
#define TABLE vmx_controls_entry
#include "check/section.h"

#define DEF "check/vmx_host_control.def"
#define TABLE vmx_host_control
#include "check/section.h"

#define DEF "check/vmx_host_segments.def"
#define TABLE vmx_host_segments
#include "check/section.h"

#define DEF "check/vmx_host_space.def"
#define TABLE vmx_host_space
#include "check/section.h"

#define DEF "check/vmx_guest_control.def"
#define TABLE vmx_guest_control
#include "check/section.h"

#define DEF "check/vmx_guest_segments.def"
#define TABLE vmx_guest_segments
#include "check/section.h"

#define DEF "check/vmx_guest_tables.def"
#define TABLE vmx_guest_tables
#include "check/section.h"

#define DEF "check/vmx_guest_rflags.def"
#define TABLE vmx_guest_rflags
#include "check/section.h"

#define DEF "check/vmx_guest_state.def"
#define TABLE vmx_guest_state
#include "check/section.h"

#define DEF "check/vmx_guest_pdptes.def"
#define TABLE vmx_guest_pdptes
#include "check/section.h"

#define DEF "check/vmx_msr_load.def"
#define TABLE vmx_msr_load
#include "check/section.h"

#define DEF "check/svm_consistency.def"
#define TABLE svm_consistency
#include "check/section.h"

#define DEF "check/svm_basic.def"
#define TABLE svm_basic
#include "check/section.h"

#define DEF "check/svm_event.def"
#define TABLE svm_event
#include "check/section.h"

#define DEF "check/svm_nmi.def"
#define TABLE svm_nmi
#include "check/section.h"

#define DEF "check/svm_nested_paging.def"
#define TABLE svm_nested_paging
#include "check/section.h"

#define DEF "check/svm_avic.def"
#define TABLE svm_avic
#include "check/section.h"

#define DEF "check/svm_sev.def"
#define TABLE svm_sev
#include "check/section.h"

#define DEF "check/svm_sev_es.def"
#define TABLE svm_sev_es
#include "check/section.h"

#define DEF "check/svm_sev_snp.def"
#define TABLE svm_sev_snp
#include "check/section.h"

#define DEF "check/svm_ibs.def"
#define TABLE svm_ibs
#include "check/section.h"

#define DEF "check/set_sregs_mode.def"
#define TABLE set_sregs_mode
#include "check/section.h"

#define DEF "check/set_sregs_cr3.def"
#define TABLE set_sregs_cr3
#include "check/section.h"

#define DEF "check/set_sregs_cr4.def"
#define TABLE set_sregs_cr4
#include "check/section.h"

#define DEF "check/set_sregs_cr0.def"
#define TABLE set_sregs_cr0
#include "check/section.h"

#define DEF "check/set_sregs_apic.def"
#define TABLE set_sregs_apic
#include "check/section.h"

#define DEF "check/set_xcrs.def"
#define TABLE set_xcrs
#include "check/section.h"

#define SECTION(title_, set_, table)                                      \
	{                                                                 \
		.title = title_, .set = KW_CHECKS_##set_, .check = table, \
		.n = sizeof(table) / sizeof((table)[0])                   \
	}

const struct kw_check_section kw_check_sections[] = {
	SECTION("Intel SDM vol. 3, \"Checks on VMX Controls\", \"VM-Execution Control Fields\"",
		VMX_CONTROLS, vmx_controls_execution),
	SECTION("Intel SDM vol. 3, \"Checks on VMX Controls\", \"VM-Exit Control Fields\"",
		VMX_CONTROLS, vmx_controls_exit),
	SECTION("Intel SDM vol. 3, \"Checks on VMX Controls\", \"VM-Entry Control Fields\"",
		VMX_CONTROLS, vmx_controls_entry),
	SECTION("Intel SDM vol. 3, \"Checks on Host Control Registers, MSRs, and SSP\"", VMX_HOST,
		vmx_host_control),
	SECTION("Intel SDM vol. 3, \"Checks on Host Segment and Descriptor-Table Registers\"",
		VMX_HOST, vmx_host_segments),
	SECTION("Intel SDM vol. 3, \"Checks Related to Address-Space Size\"", VMX_HOST,
		vmx_host_space),
	SECTION("Intel SDM vol. 3, \"Checks on Guest Control Registers, Debug Registers, and MSRs\"",
		VMX_GUEST, vmx_guest_control),
	SECTION("Intel SDM vol. 3, \"Checks on Guest Segment Registers\"", VMX_GUEST,
		vmx_guest_segments),
	SECTION("Intel SDM vol. 3, \"Checks on Guest Descriptor-Table Registers\"", VMX_GUEST,
		vmx_guest_tables),
	SECTION("Intel SDM vol. 3, \"Checks on Guest RIP, RFLAGS, and SSP\"", VMX_GUEST,
		vmx_guest_rflags),
	SECTION("Intel SDM vol. 3, \"Checks on Guest Non-Register State\"", VMX_GUEST,
		vmx_guest_state),
	SECTION("Intel SDM vol. 3, \"Checks on Guest Page-Directory-Pointer-Table Entries\"",
		VMX_GUEST, vmx_guest_pdptes),
	SECTION("Intel SDM vol. 3, \"Loading MSRs\"", VMX_MSR_LOAD, vmx_msr_load),
	SECTION("AMD APM vol. 2, \"Canonicalization and Consistency Checks\"", SVM,
		svm_consistency),
	SECTION("AMD APM vol. 2, \"Basic Operation\"", SVM, svm_basic),
	SECTION("AMD APM vol. 2, \"Event Injection\"", SVM, svm_event),
	SECTION("AMD APM vol. 2, \"NMI Virtualization\"", SVM, svm_nmi),
	SECTION("AMD APM vol. 2, \"Nested Paging\"", SVM, svm_nested_paging),
	SECTION("AMD APM vol. 2, \"Advanced Virtual Interrupt Controller\"", SVM, svm_avic),
	SECTION("AMD APM vol. 2, \"Enabling SEV\"", SVM, svm_sev),
	SECTION("AMD APM vol. 2, \"Encrypted State (SEV-ES)\"", SVM, svm_sev_es),
	SECTION("AMD APM vol. 2, \"Secure Nested Paging (SEV-SNP)\"", SVM, svm_sev_snp),
	SECTION("AMD APM vol. 2, \"Instruction-Based Sampling Virtualization\"", SVM, svm_ibs),
	SECTION("Linux arch/x86/kvm/x86.c, kvm_is_valid_sregs(): the mode (since v4.16)", SET_SREGS,
		set_sregs_mode),
	SECTION("Linux arch/x86/kvm/x86.c, kvm_is_valid_sregs(): CR3 (since v5.12)", SET_SREGS,
		set_sregs_cr3),
	SECTION("Linux arch/x86/kvm/x86.c, kvm_is_valid_cr4() in kvm_is_valid_sregs() (since v5.4)",
		SET_SREGS, set_sregs_cr4),
	SECTION("Linux arch/x86/kvm/x86.c, kvm_is_valid_cr0() in kvm_is_valid_sregs() (since v6.5)",
		SET_SREGS, set_sregs_cr0),
	SECTION("Linux arch/x86/kvm/x86.c, kvm_set_apic_base() in __set_sregs_common()", SET_SREGS,
		set_sregs_apic),
	SECTION("Linux arch/x86/kvm/x86.c, __kvm_set_xcr()", SET_XCRS, set_xcrs),
	{ .n = 0 },
};
