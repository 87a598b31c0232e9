/* SPDX-License-Identifier: MIT */
/*
 * The VMCS, as named in the rows of vmx_*.def: Intel SDM vol. 3, "Virtual Machine Control
 * Structures".
 */
#ifndef KW_ENTRY_VMX_H
#define KW_ENTRY_VMX_H

#include "check/fields.h"
#include "decode/x86/exit_info.h"

#define PIN_BASED FIELD(vmcs_pin_based)
#define PRIMARY FIELD(vmcs_cpu_based)
#define ENTRY FIELD(vmcs_entry_controls)
#define EXIT FIELD(vmcs_exit_controls)

/* Controls that are 0 unless the primary ones activate them. */
#define SECONDARY (PRIMARY & BIT(31) ? FIELD(vmcs_secondary) : 0)
#define TERTIARY (PRIMARY & BIT(17) ? FIELD(vmcs_tertiary) : 0)

/* The control "unrestricted guest". */
#define UNRESTRICTED (SECONDARY & BIT(7))

/* The controls used in rows, by field. The names are the manual's. */
#define EXTERNAL_INTERRUPT_EXITING (PIN_BASED & BIT(0))
#define NMI_EXITING (PIN_BASED & BIT(3))
#define VIRTUAL_NMIS (PIN_BASED & BIT(5))
#define PREEMPTION_TIMER (PIN_BASED & BIT(6))
#define POSTED_INTERRUPTS (PIN_BASED & BIT(7))

#define RDTSC_EXITING (PRIMARY & BIT(12))
#define USE_TPR_SHADOW (PRIMARY & BIT(21))
#define NMI_WINDOW_EXITING (PRIMARY & BIT(22))
#define USE_IO_BITMAPS (PRIMARY & BIT(25))
#define USE_MSR_BITMAPS (PRIMARY & BIT(28))

#define VIRTUALIZE_APIC_ACCESSES (SECONDARY & BIT(0))
#define ENABLE_EPT (SECONDARY & BIT(1))
#define VIRTUALIZE_X2APIC (SECONDARY & BIT(4))
#define ENABLE_VPID (SECONDARY & BIT(5))
#define APIC_REGISTER_VIRTUALIZATION (SECONDARY & BIT(8))
#define VIRTUAL_INTERRUPT_DELIVERY (SECONDARY & BIT(9))
#define VM_FUNCTIONS (SECONDARY & BIT(13))
#define VMCS_SHADOWING (SECONDARY & BIT(14))
#define ENABLE_PML (SECONDARY & BIT(17))
#define EPT_VIOLATION_VE (SECONDARY & BIT(18))
#define PASID_TRANSLATION (SECONDARY & BIT(21))
#define MODE_BASED_EXECUTE (SECONDARY & BIT(22))
#define SUB_PAGE_WRITE (SECONDARY & BIT(23))
#define PT_GUEST_PHYSICAL (SECONDARY & BIT(24))
#define TSC_SCALING (SECONDARY & BIT(25))

#define ENABLE_HLAT (TERTIARY & BIT(1))
#define EPT_PAGING_WRITE (TERTIARY & BIT(2))
#define GUEST_PAGING_VERIFICATION (TERTIARY & BIT(3))
#define IPI_VIRTUALIZATION (TERTIARY & BIT(4))
#define APIC_TIMER_VIRTUALIZATION (TERTIARY & BIT(8))
#define PEBS_GUEST_PHYSICAL (TERTIARY & BIT(12))

#define HOST_ADDRESS_SPACE_SIZE (EXIT & BIT(9))
#define EXIT_LOAD_PERF_GLOBAL_CTRL (EXIT & BIT(12))
#define ACKNOWLEDGE_INTERRUPT (EXIT & BIT(15))
#define EXIT_LOAD_PAT (EXIT & BIT(19))
#define EXIT_LOAD_EFER (EXIT & BIT(21))
#define SAVE_PREEMPTION_TIMER (EXIT & BIT(22))
#define EXIT_CLEAR_RTIT_CTL (EXIT & BIT(25))
#define EXIT_LOAD_CET (EXIT & BIT(28))
#define EXIT_LOAD_PKRS (EXIT & BIT(29))
#define SECONDARY_EXIT_CONTROLS (EXIT & BIT(31))

#define ENTRY_TO_SMM (ENTRY & BIT(10))
#define DEACTIVATE_DUAL_MONITOR (ENTRY & BIT(11))
#define ENTRY_LOAD_DEBUG (ENTRY & BIT(2))
#define ENTRY_LOAD_PERF_GLOBAL_CTRL (ENTRY & BIT(13))
#define ENTRY_LOAD_PAT (ENTRY & BIT(14))
#define ENTRY_LOAD_EFER (ENTRY & BIT(15))
#define ENTRY_LOAD_BNDCFGS (ENTRY & BIT(16))
#define ENTRY_LOAD_RTIT_CTL (ENTRY & BIT(18))
#define ENTRY_LOAD_UINV (ENTRY & BIT(19))
#define ENTRY_LOAD_CET (ENTRY & BIT(20))
#define ENTRY_LOAD_LBR_CTL (ENTRY & BIT(21))
#define ENTRY_LOAD_PKRS (ENTRY & BIT(22))
#define ENTRY_LOAD_FRED (ENTRY & BIT(23))

/* Fields that belong to a control. dump_vmcs prints most of them only if the control is 1. */
#define TPR_THRESHOLD FIELD(vmcs_tpr_threshold)
#define VIRTUAL_APIC FIELD(vmcs_virt_apic)
#define APIC_ACCESS FIELD(vmcs_apic_access)
#define POSTED_VECTOR FIELD(vmcs_posted_intr_vec)
#define VE_INFO FIELD(vmcs_ve_info)
#define VPID FIELD(vmcs_vpid)
#define EPTP FIELD(vmcs_ept_pointer)
#define TSC_MULTIPLIER FIELD(vmcs_tsc_multiplier)

#define HOST_RIP FIELD(vmcs_host_rip)
#define HOST_CR0 FIELD(vmcs_host_cr0)
#define HOST_CR3 FIELD(vmcs_host_cr3)
#define HOST_CR4 FIELD(vmcs_host_cr4)
#define HOST_PERF_GLOBAL_CTRL FIELD(vmcs_host_perf_global_ctrl)
#define HOST_PAT FIELD(vmcs_host_pat)
#define HOST_EFER FIELD(vmcs_host_efer)
#define HOST_S_CET FIELD(vmcs_host_s_cet)
#define HOST_SSP FIELD(vmcs_host_ssp)
#define HOST_SSP_TABLE FIELD(vmcs_host_ssp_table)

/* VM-entry controls. Without a VMCS "IA-32e mode guest" is what KVM sets it to: EFER.LMA. */
#define IA32E kw_entry_is_ia32e(e)
bool kw_entry_is_ia32e(struct kw_entry *e);

#define CR0 FIELD(vmcs_cr0)
#define CR3 FIELD(vmcs_cr3)
#define CR4 FIELD(vmcs_cr4)
#define RFLAGS FIELD(vmcs_rflags)
#define RIP FIELD(vmcs_rip)
#define EFER FIELD(vmcs_efer)

#define DR7 FIELD(vmcs_dr7)
#define DEBUGCTL FIELD(vmcs_debugctl)
#define SYSENTER_ESP FIELD(vmcs_sysenter_esp)
#define SYSENTER_EIP FIELD(vmcs_sysenter_eip)

/*
 * What dump_vmcs prints only if a control makes VM entry load it: 0 if the control explains its
 * absence.
 */
#define LOADED(name, control) (kw_known(e->f, KW_F_##name) || (control) ? FIELD(name) : 0)
#define GUEST_PERF_GLOBAL_CTRL LOADED(vmcs_perf_global_ctrl, ENTRY_LOAD_PERF_GLOBAL_CTRL)
#define GUEST_PAT LOADED(vmcs_pat, ENTRY_LOAD_PAT)
#define GUEST_EFER LOADED(vmcs_efer, ENTRY_LOAD_EFER)
#define BNDCFGS LOADED(vmcs_bndcfgs, ENTRY_LOAD_BNDCFGS)
#define S_CET LOADED(vmcs_s_cet, ENTRY_LOAD_CET)
#define SSP LOADED(vmcs_ssp, ENTRY_LOAD_CET)
#define SSP_TABLE LOADED(vmcs_ssp_table, ENTRY_LOAD_CET)

#define ACTIVITY FIELD(vmcs_activity_state)
#define INTERRUPTIBILITY FIELD(vmcs_interruptibility)
#define PENDING_DBG FIELD(vmcs_pending_dbg)
#define LINK_POINTER FIELD(vmcs_link_pointer)

/*
 * The exit qualification of a refused guest state: 2 PDPTE loading, 3 NMI while STI blocks, 4 VMCS
 * link pointer.
 */
#define GUEST_REFUSED KW_VMX_ENTRY_FAILED(KW_VMX_EXIT_INVALID_STATE)
#define REFUSED_FOR(n) (FIELD(vmcs_reason) == GUEST_REFUSED && FIELD(vmcs_qualification) == (n))
/*
 * It is another number: this was not what was refused. Not read as a value, since the check can be
 * decided without it.
 */
#define NOT_REFUSED_FOR(n) \
	(FACT_IS(e->f, vmcs_reason, GUEST_REFUSED) && kw_has(e->f, vmcs_qualification) && \
	 e->f->vmcs_qualification != (n))

#define VM86 (RFLAGS & RFLAGS_VM)

#define CS_SEL FIELD(vmcs_cs_sel)
#define CS_AR FIELD(vmcs_cs_attr)
#define CS_LIMIT FIELD(vmcs_cs_limit)
#define CS_BASE FIELD(vmcs_cs_base)
#define DS_SEL FIELD(vmcs_ds_sel)
#define DS_AR FIELD(vmcs_ds_attr)
#define DS_LIMIT FIELD(vmcs_ds_limit)
#define DS_BASE FIELD(vmcs_ds_base)
#define SS_SEL FIELD(vmcs_ss_sel)
#define SS_AR FIELD(vmcs_ss_attr)
#define SS_LIMIT FIELD(vmcs_ss_limit)
#define SS_BASE FIELD(vmcs_ss_base)
#define ES_SEL FIELD(vmcs_es_sel)
#define ES_AR FIELD(vmcs_es_attr)
#define ES_LIMIT FIELD(vmcs_es_limit)
#define ES_BASE FIELD(vmcs_es_base)
#define FS_SEL FIELD(vmcs_fs_sel)
#define FS_AR FIELD(vmcs_fs_attr)
#define FS_LIMIT FIELD(vmcs_fs_limit)
#define FS_BASE FIELD(vmcs_fs_base)
#define GS_SEL FIELD(vmcs_gs_sel)
#define GS_AR FIELD(vmcs_gs_attr)
#define GS_LIMIT FIELD(vmcs_gs_limit)
#define GS_BASE FIELD(vmcs_gs_base)
#define LDTR_SEL FIELD(vmcs_ldtr_sel)
#define LDTR_AR FIELD(vmcs_ldtr_attr)
#define LDTR_LIMIT FIELD(vmcs_ldtr_limit)
#define LDTR_BASE FIELD(vmcs_ldtr_base)
#define TR_SEL FIELD(vmcs_tr_sel)
#define TR_AR FIELD(vmcs_tr_attr)
#define TR_LIMIT FIELD(vmcs_tr_limit)
#define TR_BASE FIELD(vmcs_tr_base)

/* VM-entry interruption-information field: valid, type, vector. */
#define INJECTED (FIELD(vmcs_entry_intr_info) & BIT(31))
#define INJECTED_TYPE (FIELD(vmcs_entry_intr_info) >> 8 & 7)
#define INJECTED_VECTOR (FIELD(vmcs_entry_intr_info) & 0xff)
#define INTERRUPTION_INFO FIELD(vmcs_entry_intr_info)
#define INJECTED_ERROR_CODE (INTERRUPTION_INFO & BIT(11)) /* "deliver error code" */
#define INJECTED_NESTED (INTERRUPTION_INFO & BIT(13))	   /* "nested exception" */
/*
 * Software interrupt, privileged software exception, software exception, and SYSCALL and SYSENTER
 * of FRED.
 */
#define INJECTED_BY_SOFTWARE                           \
	((INJECTED_TYPE >= 4 && INJECTED_TYPE <= 6) || \
	 (INJECTED_TYPE == 7 && (INJECTED_VECTOR == 1 || INJECTED_VECTOR == 2)))
#define VECTOR_HAS_ERROR_CODE \
	(INJECTED_VECTOR < 32 && (BIT(17) | BITS(14, 10) | BIT(8)) >> INJECTED_VECTOR & 1)
#define ENTRY_ERROR_CODE FIELD(vmcs_entry_error_code)
#define ENTRY_INSN_LEN FIELD(vmcs_entry_insn_len)
#define UNRESTRICTED_REAL_MODE (UNRESTRICTED && !(CR0 & CR0_PE))

/* Bits 63:n are all 0 or all 1. */
#define IDENTICAL_FROM(n, value) (((value) ^ (uint64_t)((int64_t)(value) >> 63)) >> (n) == 0)

/* A segment whose "unusable" bit is clear. */
#define USABLE(ar) (!((ar) & AR_UNUSABLE))

#endif
