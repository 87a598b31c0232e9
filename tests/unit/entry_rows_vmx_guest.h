/* SPDX-License-Identifier: MIT */
/*
 * The checks of the guest-state area: for each the bit that breaks it, or the state in which no
 * dump can tell.
 */
#ifndef KW_TESTS_ENTRY_ROWS_VMX_GUEST_H
#define KW_TESTS_ENTRY_ROWS_VMX_GUEST_H

#include "entry_rows.h"

#define ON(bit) (UINT64_C(1) << (bit))

/*
 * The baseline's controls, with one of them changed: it has unrestricted guest, EPT, and is an
 * IA-32e mode guest.
 */
#define RESTRICTED VMCS_IS(secondary, 0x346a)
#define WITHOUT_EPT VMCS_IS(secondary, 0x34e8)
#define LEGACY VMCS_IS(entry_controls, 0xd1ff)
#define LOADING(bit) VMCS_IS(entry_controls, 0xd3ff | ON(bit))
#define LOADING_CET LOADING(20)
#define INTO_SMM LOADING(10)
#define IN_VM86 VMCS_IS(rflags, 0x20002)
#define WITH_IF VMCS_IS(rflags, 0x202)
#define WITH_FRED VMCS_IS(cr4, 0x2020 | ON(32))
#define INJECTING(type, vector) VMCS_IS(entry_intr_info, ON(31) | (type) << 8 | (vector))
#define INTERRUPT INJECTING(0, 0x20)
#define NMI INJECTING(2, 2)
#define UD INJECTING(3, 6)

/* For several segments: the bits are flipped in the baseline's value, or in one set before. */
#define VM86_ROWS(seg)                                                                \
	BREAKS(guest_##seg##_base_vm86, vmcs_##seg##_base, ON(4), IN_VM86,            \
	       VMCS_IS(seg##_sel, 0x1234), VMCS_IS(seg##_base, 0x12340)),             \
		BREAKS(guest_##seg##_limit_vm86, vmcs_##seg##_limit, ON(16), IN_VM86, \
		       VMCS_IS(seg##_limit, 0xffff)),                                 \
		BREAKS(guest_##seg##_rights_vm86, vmcs_##seg##_attr, ON(14), IN_VM86, \
		       VMCS_IS(seg##_attr, 0xf3))
#define SEGMENT_ROWS(seg) \
	BREAKS(guest_##seg##_s, vmcs_##seg##_attr, ON(4)), \
	BREAKS(guest_##seg##_p, vmcs_##seg##_attr, ON(7)), \
	BREAKS(guest_##seg##_reserved, vmcs_##seg##_attr, ON(8)), \
	BREAKS(guest_##seg##_reserved, vmcs_##seg##_attr, ON(17)), \
	BREAKS(guest_##seg##_limit, vmcs_##seg##_limit, ON(11)), \
	BREAKS(guest_##seg##_limit, vmcs_##seg##_attr, ON(15))
#define DATA_ROWS(seg) \
	BREAKS(guest_##seg##_accessed, vmcs_##seg##_attr, ON(0)), \
	BREAKS(guest_##seg##_readable, vmcs_##seg##_attr, ON(1), VMCS_IS(seg##_attr, 0xc09b)), \
	BREAKS(guest_##seg##_dpl, vmcs_##seg##_sel, ON(0), RESTRICTED)
#define SYSTEM_ROWS(seg) \
	BREAKS(guest_##seg##_ti, vmcs_##seg##_sel, ON(2)), \
	BREAKS(guest_##seg##_base, vmcs_##seg##_base, ON(63)), \
	CANNOT_TELL(guest_##seg##_base, VMCS_IS(seg##_base, ON(47))), \
	BREAKS(guest_##seg##_s, vmcs_##seg##_attr, ON(4)), \
	BREAKS(guest_##seg##_p, vmcs_##seg##_attr, ON(7)), \
	BREAKS(guest_##seg##_reserved, vmcs_##seg##_attr, ON(11)), \
	BREAKS(guest_##seg##_reserved, vmcs_##seg##_attr, ON(31)), \
	BREAKS(guest_##seg##_limit, vmcs_##seg##_limit, ON(20)), \
	BREAKS(guest_##seg##_limit, vmcs_##seg##_limit, ON(5), VMCS_IS(seg##_attr, 0x808b))
#define PDPTE_ROWS(n, present)                                                  \
	BREAKS(guest_pdpte##n##_reserved, vmcs_pdptr##n, ON(1), LEGACY,         \
	       VMCS_IS(pdptr##n, present)),                                     \
		BREAKS(guest_pdpte##n##_reserved, vmcs_pdptr##n, ON(8), LEGACY, \
		       VMCS_IS(pdptr##n, present)),                             \
		BREAKS(guest_pdpte##n##_reserved, vmcs_pdptr##n, ON(0), LEGACY, \
		       VMCS_IS(pdptr##n, ON(63))),                              \
		CANNOT_TELL(guest_pdpte##n##_reserved, LEGACY, VMCS_IS(pdptr##n, ON(51) | 1))

static const struct entry_row entry_rows_vmx_guest[] = {
	BREAKS(guest_cr0_pe_pg, vmcs_cr0, ON(0), RESTRICTED),
	BREAKS(guest_cr0_pe_pg, vmcs_cr0, ON(31), RESTRICTED),
	BREAKS(guest_cr0_pe_pg, vmcs_secondary, ON(7), VMCS_IS(cr0, 0x30)),
	BREAKS(guest_cr0_fixed, vmcs_cr0, ON(5)),
	BREAKS(guest_cr0_fixed, vmcs_cr0, ON(32)),
	CANNOT_TELL(guest_cr0_fixed, VMCS_IS(cr0, 0x80000031 | ON(6))),
	BREAKS(guest_cr0_pg_pe, vmcs_cr0, ON(0)),
	BREAKS(guest_cr4_fixed, vmcs_cr4, ON(13)),
	BREAKS(guest_cr4_fixed, vmcs_cr4, ON(15)),
	/* SMEP, which the host has set */
	BREAKS(guest_cr4_fixed, vmcs_cr4, ON(33), VMCS_IS(cr4, 0x102020)),
	CANNOT_TELL(guest_cr4_fixed, VMCS_IS(cr4, 0x2020 | ON(12))),
	CANNOT_TELL(guest_cr4_fixed, WITH_FRED),
	BREAKS(guest_cr4_cet_wp, vmcs_cr0, ON(16), VMCS_IS(cr0, 0x80010031),
	       VMCS_IS(cr4, 0x2020 | ON(23))),
	BREAKS(guest_cr4_fred_ia32e, vmcs_cr4, ON(32), LEGACY),
	BREAKS(guest_debugctl_reserved, vmcs_debugctl, ON(3)),
	BREAKS(guest_debugctl_reserved, vmcs_debugctl, ON(16), VMCS_IS(debugctl, 3)),
	CANNOT_TELL(guest_debugctl_reserved, VMCS_IS(debugctl, ON(14))),
	BREAKS(guest_cr0_pg_ia32e, vmcs_cr0, ON(31)),
	BREAKS(guest_cr4_pae_ia32e, vmcs_cr4, ON(5)),
	BREAKS(guest_cr4_pcide_ia32e, vmcs_cr4, ON(17), LEGACY),
	BREAKS(guest_cr4_pcide_ia32e, vmcs_entry_controls, ON(9), VMCS_IS(cr4, 0x22020)),
	BREAKS(guest_cr3_reserved, vmcs_cr3, ON(63)),
	BREAKS(guest_cr3_reserved, vmcs_cr3, ON(52)),
	CANNOT_TELL(guest_cr3_reserved, VMCS_IS(cr3, ON(62))),
	CANNOT_TELL(guest_cr3_reserved, VMCS_IS(cr3, ON(36))),
	BREAKS(guest_dr7_high, vmcs_dr7, ON(32)),
	BREAKS(guest_dr7_high, vmcs_entry_controls, ON(2), VMCS_IS(dr7, ON(40)),
	       VMCS_IS(entry_controls, 0xd3fb)),
	BREAKS(guest_sysenter_esp_canonical, vmcs_sysenter_esp, ON(63)),
	CANNOT_TELL(guest_sysenter_esp_canonical, VMCS_IS(sysenter_esp, 0xff7fffffffffffff)),
	BREAKS(guest_sysenter_eip_canonical, vmcs_sysenter_eip, ON(60)),
	CANNOT_TELL(guest_sysenter_eip_canonical, VMCS_IS(sysenter_eip, ON(47))),
	BREAKS(guest_s_cet_canonical, vmcs_s_cet, ON(63), LOADING_CET, VMCS_IS(s_cet, 0)),
	CANNOT_TELL(guest_s_cet_canonical, LOADING_CET, VMCS_IS(s_cet, ON(50))),
	BREAKS(guest_ssp_table_canonical, vmcs_ssp_table, ON(62), LOADING_CET,
	       VMCS_IS(ssp_table, 0)),
	BREAKS(guest_perf_global_ctrl_reserved, vmcs_perf_global_ctrl, ON(49), LOADING(13),
	       VMCS_IS(perf_global_ctrl, 0)),
	CANNOT_TELL(guest_perf_global_ctrl_reserved, LOADING(13),
		    VMCS_IS(perf_global_ctrl, ON(32) | 15)),
	BREAKS(guest_pat_types, vmcs_pat, ON(3)),
	BREAKS(guest_pat_types, vmcs_pat, ON(57), VMCS_IS(pat, 0)),
	BREAKS(guest_efer_reserved, vmcs_efer, ON(12)),
	BREAKS(guest_efer_reserved, vmcs_efer, ON(63), VMCS_IS(efer, 0xd01)),
	BREAKS(guest_efer_lma, vmcs_efer, ON(10)),
	BREAKS(guest_efer_lma, vmcs_efer, ON(10), LEGACY, VMCS_IS(efer, 0)),
	BREAKS(guest_efer_lme, vmcs_efer, ON(8)),
	BREAKS(guest_efer_lme, vmcs_cr0, ON(31), LEGACY, VMCS_IS(efer, 0x100), VMCS_IS(cr0, 0x31)),
	BREAKS(guest_bndcfgs_reserved, vmcs_bndcfgs, ON(2), LOADING(16),
	       VMCS_IS(bndcfgs, 0x7fff00001003)),
	BREAKS(guest_bndcfgs_canonical, vmcs_bndcfgs, ON(63), LOADING(16), VMCS_IS(bndcfgs, 3)),
	CANNOT_TELL(guest_rtit_ctl_reserved, LOADING(18)),
	BREAKS(guest_s_cet_reserved, vmcs_s_cet, ON(6), LOADING_CET, VMCS_IS(s_cet, 0)),
	BREAKS(guest_s_cet_reserved, vmcs_s_cet, ON(9), LOADING_CET, VMCS_IS(s_cet, ON(11) | 5)),
	CANNOT_TELL(guest_s_cet_reserved, LOADING_CET, VMCS_IS(s_cet, ON(11) | ON(10))),
	CANNOT_TELL(guest_pkrs_high, LOADING(22)),
	CANNOT_TELL(guest_lbr_ctl_reserved, LOADING(21)),
	CANNOT_TELL(guest_uinv_high, LOADING(19)),
	CANNOT_TELL(guest_fred_config, LOADING(23)),
	CANNOT_TELL(guest_fred_rsp, LOADING(23)),
	CANNOT_TELL(guest_fred_ssp, LOADING(23)),

	BREAKS(guest_ss_rpl, vmcs_ss_sel, ON(0), RESTRICTED),
	BREAKS(guest_ss_rpl, vmcs_secondary, ON(7), VMCS_IS(ss_sel, 0x13)),
	VM86_ROWS(cs),
	VM86_ROWS(ss),
	VM86_ROWS(ds),
	VM86_ROWS(es),
	VM86_ROWS(fs),
	VM86_ROWS(gs),
	BREAKS(guest_fs_base, vmcs_fs_base, ON(57)),
	CANNOT_TELL(guest_fs_base, VMCS_IS(fs_base, ON(55))),
	BREAKS(guest_gs_base, vmcs_gs_base, ON(57), VMCS_IS(gs_base, 0xffff800000000000)),
	BREAKS(guest_cs_base, vmcs_cs_base, ON(32)),
	BREAKS(guest_ss_base, vmcs_ss_base, ON(32)),
	BREAKS(guest_ds_base, vmcs_ds_base, ON(63)),
	BREAKS(guest_es_base, vmcs_es_attr, ON(16), VMCS_IS(es_base, ON(40)),
	       VMCS_IS(es_attr, 0x1c093)),
	BREAKS(guest_cs_type, vmcs_cs_attr, ON(0)),
	BREAKS(guest_cs_type, vmcs_cs_attr, ON(3), RESTRICTED),
	BREAKS(guest_cs_type, vmcs_secondary, ON(7), VMCS_IS(cs_attr, 0xc093)),
	BREAKS(guest_ss_type, vmcs_ss_attr, ON(1)),
	BREAKS(guest_ss_type, vmcs_ss_attr, ON(3), VMCS_IS(ss_attr, 0xc097)),
	DATA_ROWS(ds),
	DATA_ROWS(es),
	DATA_ROWS(fs),
	DATA_ROWS(gs),
	SEGMENT_ROWS(cs),
	SEGMENT_ROWS(ss),
	SEGMENT_ROWS(ds),
	SEGMENT_ROWS(es),
	SEGMENT_ROWS(fs),
	SEGMENT_ROWS(gs),
	BREAKS(guest_cs_dpl_type3, vmcs_cs_attr, ON(5), VMCS_IS(cs_attr, 0xc093)),
	BREAKS(guest_cs_dpl_nonconforming, vmcs_cs_attr, ON(5)),
	BREAKS(guest_cs_dpl_nonconforming, vmcs_ss_attr, ON(6)),
	BREAKS(guest_cs_dpl_conforming, vmcs_cs_attr, ON(6), VMCS_IS(cs_attr, 0xa09f)),
	BREAKS(guest_ss_dpl_rpl, vmcs_ss_attr, ON(5), RESTRICTED),
	BREAKS(guest_ss_dpl_0, vmcs_ss_attr, ON(5), VMCS_IS(cs_attr, 0xc093)),
	BREAKS(guest_ss_dpl_0, vmcs_cr0, ON(0), VMCS_IS(ss_attr, 0xc0f3)),
	BREAKS(guest_ss_dpl_fred, vmcs_ss_attr, ON(5), WITH_FRED),
	BREAKS(guest_cs_l_fred, vmcs_cs_attr, ON(13), WITH_FRED),
	BREAKS(guest_cs_l_d, vmcs_cs_attr, ON(14)),
	SYSTEM_ROWS(tr),
	BREAKS(guest_tr_type, vmcs_tr_attr, ON(1)),
	BREAKS(guest_tr_type, vmcs_entry_controls, ON(9), LEGACY, VMCS_IS(tr_attr, 0x83)),
	BREAKS(guest_tr_usable, vmcs_tr_attr, ON(16)),
	SYSTEM_ROWS(ldtr),
	BREAKS(guest_ldtr_type, vmcs_ldtr_attr, ON(0)),
	BREAKS(guest_ldtr_type, vmcs_ldtr_attr, ON(16), VMCS_IS(ldtr_attr, 0x10000)),

	BREAKS(guest_gdtr_base, vmcs_gdtr_base, ON(63)),
	CANNOT_TELL(guest_gdtr_base, VMCS_IS(gdtr_base, ON(50))),
	BREAKS(guest_idtr_base, vmcs_idtr_base, ON(59)),
	BREAKS(guest_gdtr_limit, vmcs_gdtr_limit, ON(16)),
	BREAKS(guest_idtr_limit, vmcs_idtr_limit, ON(31)),

	BREAKS(guest_rip_32bit, vmcs_rip, ON(32), LEGACY),
	BREAKS(guest_rip_32bit, vmcs_cs_attr, ON(13), VMCS_IS(rip, 0xffffffff81000000)),
	/* After the last instruction of the lower half: not canonical, but accepted. */
	BREAKS(guest_rip_high, vmcs_rip, ON(63), VMCS_IS(rip, ON(47))),
	CANNOT_TELL(guest_rip_high, VMCS_IS(rip, ON(48))),
	BREAKS(guest_rflags_reserved, vmcs_rflags, ON(1)),
	BREAKS(guest_rflags_reserved, vmcs_rflags, ON(15)),
	BREAKS(guest_rflags_reserved, vmcs_rflags, ON(22), VMCS_IS(rflags, 0x3f7fd7)),
	BREAKS(guest_rflags_vm, vmcs_rflags, ON(17)),
	BREAKS(guest_rflags_vm, vmcs_cr0, ON(0), IN_VM86, LEGACY),
	BREAKS(guest_rflags_if, vmcs_rflags, ON(9), WITH_IF, INTERRUPT),
	BREAKS(guest_rflags_if, vmcs_entry_intr_info, ON(9), NMI),
	BREAKS(guest_rflags_iopl_fred, vmcs_rflags, ON(12), WITH_FRED, VMCS_IS(ss_attr, 0xc0f3)),
	BREAKS(guest_ssp_aligned, vmcs_ssp, ON(0), LOADING_CET, VMCS_IS(ssp, 0xffff888000000ff8)),
	BREAKS(guest_ssp_high, vmcs_ssp, ON(63), LOADING_CET, VMCS_IS(ssp, ON(47))),
	CANNOT_TELL(guest_ssp_high, LOADING_CET, VMCS_IS(ssp, ON(48))),
	CANNOT_TELL(guest_ssp_high, VMCS_IS(entry_controls, 0xd1ff | ON(20)), VMCS_IS(ssp, ON(32))),

	BREAKS(guest_activity_supported, vmcs_activity_state, ON(2)),
	CANNOT_TELL(guest_activity_supported, VMCS_IS(activity_state, 1)),
	BREAKS(guest_activity_hlt_dpl, vmcs_ss_attr, ON(5), VMCS_IS(activity_state, 1)),
	BREAKS(guest_activity_blocking, vmcs_interruptibility, ON(0), VMCS_IS(activity_state, 1)),
	BREAKS(guest_activity_blocking, vmcs_interruptibility, ON(1), VMCS_IS(activity_state, 3)),
	BREAKS(guest_activity_hlt_event, vmcs_activity_state, ON(0), UD),
	BREAKS(guest_activity_hlt_event, vmcs_entry_intr_info, ON(0), VMCS_IS(activity_state, 1),
	       INJECTING(3, 18)),
	BREAKS(guest_activity_hlt_event, vmcs_entry_intr_info, ON(0), VMCS_IS(activity_state, 1),
	       INJECTING(7, 0)),
	BREAKS(guest_activity_hlt_event, vmcs_entry_intr_info, ON(10), VMCS_IS(activity_state, 1),
	       INTERRUPT),
	BREAKS(guest_activity_shutdown_event, vmcs_entry_intr_info, ON(9),
	       VMCS_IS(activity_state, 2), NMI),
	BREAKS(guest_activity_shutdown_event, vmcs_entry_intr_info, ON(4),
	       VMCS_IS(activity_state, 2), INJECTING(3, 18)),
	BREAKS(guest_activity_sipi_event, vmcs_entry_intr_info, ON(31), VMCS_IS(activity_state, 3)),
	BREAKS(guest_activity_sipi_smm, vmcs_activity_state, ON(0), VMCS_IS(activity_state, 2),
	       INTO_SMM),

	BREAKS(guest_interruptibility_reserved, vmcs_interruptibility, ON(5)),
	BREAKS(guest_interruptibility_reserved, vmcs_interruptibility, ON(31)),
	BREAKS(guest_interruptibility_sti_mov_ss, vmcs_interruptibility, ON(1),
	       VMCS_IS(interruptibility, 1)),
	BREAKS(guest_interruptibility_sti_if, vmcs_rflags, ON(9), WITH_IF,
	       VMCS_IS(interruptibility, 1)),
	BREAKS(guest_interruptibility_external, vmcs_interruptibility, ON(0), INTERRUPT),
	BREAKS(guest_interruptibility_external, vmcs_interruptibility, ON(1), INTERRUPT),
	BREAKS(guest_interruptibility_mov_ss_nmi, vmcs_interruptibility, ON(1), NMI),
	CANNOT_TELL(guest_interruptibility_sti_nmi, VMCS_IS(interruptibility, 1), NMI),
	BREAKS(guest_interruptibility_sti_nmi, vmcs_interruptibility, ON(0),
	       VMCS_IS(qualification, 3), NMI),
	CANNOT_TELL(guest_interruptibility_smi, VMCS_IS(interruptibility, 4)),
	BREAKS(guest_interruptibility_smm, vmcs_interruptibility, ON(2),
	       VMCS_IS(interruptibility, 4), INTO_SMM),
	BREAKS(guest_interruptibility_virtual_nmi, vmcs_interruptibility, ON(3), NMI),
	BREAKS(guest_interruptibility_virtual_nmi, vmcs_pin_based, ON(5), VMCS_IS(pin_based, 0x5f),
	       VMCS_IS(interruptibility, 8), NMI),
	BREAKS(guest_interruptibility_enclave, vmcs_interruptibility, ON(4),
	       VMCS_IS(interruptibility, 2)),
	CANNOT_TELL(guest_interruptibility_enclave, VMCS_IS(interruptibility, 16)),
	BREAKS(guest_interruptibility_sti_fred, vmcs_interruptibility, ON(0), WITH_FRED,
	       VMCS_IS(ss_attr, 0xc0f3)),

	BREAKS(guest_pending_dbg_reserved, vmcs_pending_dbg, ON(4), VMCS_IS(pending_dbg, 0x500f)),
	BREAKS(guest_pending_dbg_reserved, vmcs_pending_dbg, ON(17)),
	CANNOT_TELL(guest_pending_dbg_reserved, VMCS_IS(pending_dbg, ON(11))),
	BREAKS(guest_pending_dbg_bs_set, vmcs_rflags, ON(8), WITH_IF, VMCS_IS(interruptibility, 1)),
	BREAKS(guest_pending_dbg_bs_set, vmcs_pending_dbg, ON(14), VMCS_IS(rflags, 0x102),
	       VMCS_IS(activity_state, 1), VMCS_IS(pending_dbg, ON(14))),
	BREAKS(guest_pending_dbg_bs_set, vmcs_debugctl, ON(1), VMCS_IS(rflags, 0x102),
	       VMCS_IS(interruptibility, 2), VMCS_IS(debugctl, 2)),
	BREAKS(guest_pending_dbg_bs_clear, vmcs_pending_dbg, ON(14), VMCS_IS(interruptibility, 2)),
	BREAKS(guest_pending_dbg_bs_clear, vmcs_debugctl, ON(1), VMCS_IS(rflags, 0x102),
	       VMCS_IS(interruptibility, 2), VMCS_IS(pending_dbg, ON(14))),
	BREAKS(guest_pending_dbg_rtm, vmcs_pending_dbg, ON(16)),
	CANNOT_TELL(guest_pending_dbg_rtm, VMCS_IS(pending_dbg, ON(16) | ON(12))),
	BREAKS(guest_pending_dbg_rtm_mov_ss, vmcs_interruptibility, ON(1),
	       VMCS_IS(pending_dbg, ON(16) | ON(12))),

	BREAKS(guest_link_pointer_aligned, vmcs_link_pointer, ON(0), VMCS_IS(qualification, 4),
	       VMCS_IS(link_pointer, UINT64_MAX)),
	BREAKS(guest_link_pointer_width, vmcs_link_pointer, ON(52), VMCS_IS(qualification, 4),
	       VMCS_IS(link_pointer, 0x1000)),
	CANNOT_TELL(guest_link_pointer_width, VMCS_IS(qualification, 4),
		    VMCS_IS(link_pointer, ON(40))),
	CANNOT_TELL(guest_link_pointer_revision, VMCS_IS(qualification, 4),
		    VMCS_IS(link_pointer, 0x1000)),
	CANNOT_TELL(guest_link_pointer_other, VMCS_IS(qualification, 4),
		    VMCS_IS(link_pointer, 0x1000)),

	PDPTE_ROWS(0, 0x2001),
	PDPTE_ROWS(1, 0x3e19),
	PDPTE_ROWS(2, 0xffffe001),
	PDPTE_ROWS(3, 0x5001),
	CANNOT_TELL(guest_pdptes_in_memory, LEGACY, WITHOUT_EPT, VMCS_IS(reason, 0x30)),
	BREAKS(guest_pdptes_in_memory, vmcs_secondary, ON(1), LEGACY, VMCS_IS(qualification, 2)),
};

#undef PDPTE_ROWS
#undef SYSTEM_ROWS
#undef DATA_ROWS
#undef SEGMENT_ROWS
#undef VM86_ROWS
#undef UD
#undef NMI
#undef INTERRUPT
#undef INJECTING
#undef WITH_FRED
#undef WITH_IF
#undef IN_VM86
#undef INTO_SMM
#undef LOADING_CET
#undef LOADING
#undef LEGACY
#undef WITHOUT_EPT
#undef RESTRICTED
#undef ON

#endif
