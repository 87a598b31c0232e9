/* SPDX-License-Identifier: MIT */
/*
 * The checks of VMRUN: for each the bit that breaks it, or the state in which no dump can decide.
 */
#ifndef KW_TESTS_ENTRY_ROWS_SVM_H
#define KW_TESTS_ENTRY_ROWS_SVM_H

#include "entry_rows.h"

#define ON(bit) (UINT64_C(1) << (bit))
#define EVENTINJ(type, vector) VMCB_IS(event_inj, ON(31) | (type) << 8 | (vector))
#define IS_SEV_ES VMCB_IS(nested_ctl, 7)
#define HAS_AVIC VMCB_IS(int_ctl, ON(31))
#define HAS_X2AVIC VMCB_IS(int_ctl, ON(31) | ON(30))

static const struct entry_row entry_rows_svm[] = {
	/* Canonicalization and Consistency Checks */
	BREAKS(svm_efer_svme, vmcb_efer, ON(12)),
	CANNOT_TELL(svm_efer_svme, IS_SEV_ES),
	BREAKS(svm_cr0_nw, vmcb_cr0, ON(29)),
	BREAKS(svm_cr0_nw, vmcb_cr0, ON(30), VMCB_IS(cr0, 0x80000031 | ON(29) | ON(30))),
	BREAKS(svm_cr0_high, vmcb_cr0, ON(32)),
	BREAKS(svm_cr0_high, vmcb_cr0, ON(63)),
	BREAKS(svm_cr3_mbz, vmcb_cr3, ON(52)),
	BREAKS(svm_cr3_mbz, vmcb_cr3, ON(63), VMCB_IS(cr3, 0x1740be000)),
	BREAKS(svm_cr3_mbz, vmcb_cr3, ON(62), VMCB_IS(cr3, ON(39))),
	CANNOT_TELL(svm_cr3_mbz, VMCB_IS(cr3, ON(40))),
	CANNOT_TELL(svm_cr3_mbz, VMCB_IS(cr3, ON(51))),
	CANNOT_TELL(svm_cr3_mbz, VMCB_IS(cr3, ON(63)), VMCB_IS(efer, ON(12))),
	BREAKS(svm_cr4_mbz, vmcb_cr4, ON(13)),
	BREAKS(svm_cr4_mbz, vmcb_cr4, ON(28), VMCB_IS(cr4, 0xf71fff)),
	BREAKS(svm_cr4_mbz, vmcb_cr4, ON(19)),
	BREAKS(svm_cr4_mbz, vmcb_cr4, ON(33), VMCB_IS(cr4, 0x60 | ON(32))),
	CANNOT_TELL(svm_cr4_features, VMCB_IS(cr4, 0x60 | ON(23))),
	CANNOT_TELL(svm_cr4_features, VMCB_IS(cr4, 0x60 | ON(32))),
	BREAKS(svm_dr6_high, vmcb_dr6, ON(32)),
	BREAKS(svm_dr7_high, vmcb_dr7, ON(63)),
	BREAKS(svm_efer_mbz, vmcb_efer, ON(9)),
	BREAKS(svm_efer_mbz, vmcb_efer, ON(16), VMCB_IS(efer, 0x36fdff)),
	BREAKS(svm_efer_mbz, vmcb_efer, ON(19)),
	BREAKS(svm_efer_mbz, vmcb_efer, ON(22)),
	BREAKS(svm_efer_mbz, vmcb_efer, ON(63)),
	CANNOT_TELL(svm_efer_features, VMCB_IS(efer, 0x1500 | ON(21))),
	CANNOT_TELL(svm_efer_features, VMCB_IS(efer, 0x1500 | ON(1))),
	CANNOT_TELL(svm_long_mode, VMCB_IS(efer, 0x1500)),
	BREAKS(svm_lme_pae, vmcb_cr4, ON(5)),
	BREAKS(svm_lme_pae, vmcb_efer, ON(8), VMCB_IS(efer, 0x1000), VMCB_IS(cr4, 0)),
	BREAKS(svm_lme_pe, vmcb_cr0, ON(0)),
	BREAKS(svm_lme_pe, vmcb_cr0, ON(31), VMCB_IS(cr0, 0x10)),
	BREAKS(svm_cs_l_d, vmcb_cs_attr, ON(10)),
	BREAKS(svm_cs_l_d, vmcb_efer, ON(8), VMCB_IS(cs_attr, 0xe9b), VMCB_IS(efer, 0x1000)),
	BREAKS(svm_vmrun_intercept, vmcb_intercepts, ON(32)),
	BREAKS(svm_msrpm, vmcb_msrpm_base_pa, ON(52)),
	BREAKS(svm_msrpm, vmcb_msrpm_base_pa, ON(63), VMCB_IS(msrpm_base_pa, ON(40) - 0x3000)),
	CANNOT_TELL(svm_msrpm, VMCB_IS(msrpm_base_pa, ON(40) - 0x2000)),
	CANNOT_TELL(svm_msrpm, VMCB_IS(msrpm_base_pa, ON(47) | 0x250e000)),
	BREAKS(svm_iopm, vmcb_iopm_base_pa, ON(52)),
	BREAKS(svm_iopm, vmcb_iopm_base_pa, ON(60), VMCB_IS(iopm_base_pa, ON(40) - 0x4000)),
	CANNOT_TELL(svm_iopm, VMCB_IS(iopm_base_pa, ON(40) - 0x3000)),
	BREAKS(svm_asid, vmcb_asid, ON(0)),
	BREAKS(svm_s_cet, vmcb_s_cet, ON(2), VMCB_IS(cr4, 0x60 | ON(23)), VMCB_IS(s_cet, 3)),
	CANNOT_TELL(svm_s_cet, VMCB_IS(s_cet, ON(2))),
	BREAKS(svm_cet_wp, vmcb_cr4, ON(23)),
	BREAKS(svm_cet_wp, vmcb_cr0, ON(16), VMCB_IS(cr4, 0x60 | ON(23)), VMCB_IS(cr0, 0x80010031)),
	CANNOT_TELL(svm_cet_vm86, VMCB_IS(cr4, 0x60 | ON(23)), VMCB_IS(rflags, 2 | ON(17))),
	CANNOT_TELL(svm_u_cet, IS_SEV_ES),

	/* Basic Operation */
	CANNOT_TELL(svm_pdpe, VMCB_IS(nested_ctl, 0), VMCB_IS(efer, 0x1000)),

	/* Event Injection */
	BREAKS(svm_event_type, vmcb_event_inj, ON(8), EVENTINJ(0, 0x20)),
	BREAKS(svm_event_type, vmcb_event_inj, ON(8), EVENTINJ(4, 0x80)),
	BREAKS(svm_event_type, vmcb_event_inj, ON(10), EVENTINJ(3, 14)),
	BREAKS(svm_event_type, vmcb_exit_int_info, ON(9), VMCB_IS(exit_int_info, ON(31) | 0x420)),
	BREAKS(svm_event_exception, vmcb_event_inj, ON(0), EVENTINJ(3, 3)),
	BREAKS(svm_event_exception, vmcb_event_inj, ON(5), EVENTINJ(3, 14)),
	BREAKS(svm_event_exception, vmcb_exit_code, ON(0), VMCB_IS(exit_code, 0xfffffffe),
	       VMCB_IS(exit_int_info, ON(31) | 0x3ff)),
	BREAKS(svm_event_reserved, vmcb_event_inj, ON(0), EVENTINJ(3, 14)),
	BREAKS(svm_event_reserved, vmcb_event_inj, ON(0), EVENTINJ(3, 30)),
	BREAKS(svm_event_reserved, vmcb_event_inj, ON(2), EVENTINJ(3, 16)),
	CANNOT_TELL(svm_event_feature, EVENTINJ(3, 21)),
	CANNOT_TELL(svm_event_feature, EVENTINJ(3, 29)),
	BREAKS(svm_event_mode, vmcb_event_inj, ON(2), EVENTINJ(3, 1)),
	BREAKS(svm_event_mode, vmcb_cs_attr, ON(9), EVENTINJ(3, 5), VMCB_IS(cs_attr, 0xc9b)),
	CANNOT_TELL(svm_event_mode, EVENTINJ(3, 4)),

	/* NMI Virtualization */
	BREAKS(svm_vnmi, vmcb_int_ctl, ON(26), VMCB_IS(intercepts, ON(32))),
	BREAKS(svm_vnmi, vmcb_intercepts, ON(1), VMCB_IS(int_ctl, ON(26))),

	/* Nested Paging */
	CANNOT_TELL(svm_np_host, VMCB_IS(nested_ctl, 1)),
	BREAKS(svm_n_cr3, vmcb_nested_cr3, ON(52)),
	BREAKS(svm_n_cr3, vmcb_nested_ctl, ON(0), VMCB_IS(nested_cr3, ON(63)),
	       VMCB_IS(nested_ctl, 0)),
	CANNOT_TELL(svm_n_cr3, VMCB_IS(nested_cr3, ON(47) | 0x412f000)),
	BREAKS(svm_g_pat_type, vmcb_gpat, ON(2)), /* 6 to 2 */
	BREAKS(svm_g_pat_type, vmcb_gpat, ON(57), VMCB_IS(gpat, ON(56))), /* 1 to 3 */
	BREAKS(svm_g_pat_reserved, vmcb_gpat, ON(3)),
	BREAKS(svm_g_pat_reserved, vmcb_gpat, ON(63)),

	/* Advanced Virtual Interrupt Controller */
	BREAKS(svm_avic_apic_bar, vmcb_avic_vapic_bar, ON(52), HAS_AVIC),
	BREAKS(svm_avic_backing, vmcb_avic_backing_page, ON(53), HAS_AVIC),
	BREAKS(svm_avic_logical, vmcb_avic_logical_id, ON(62), HAS_AVIC),
	BREAKS(svm_avic_physical, vmcb_int_ctl, ON(31), VMCB_IS(avic_physical_id, ON(63))),
	BREAKS(svm_avic_max_index, vmcb_avic_physical_id, ON(8), HAS_AVIC,
	       VMCB_IS(avic_physical_id, 0x12345e0ff)),
	BREAKS(svm_avic_max_index, vmcb_int_ctl, ON(30), HAS_X2AVIC,
	       VMCB_IS(avic_physical_id, 511)),
	CANNOT_TELL(svm_avic_max_index, HAS_X2AVIC, VMCB_IS(avic_physical_id, 512)),

	/* Enabling SEV */
	BREAKS(svm_sev_np, vmcb_nested_ctl, ON(0), VMCB_IS(nested_ctl, 3)),
	CANNOT_TELL(svm_sev_smm_lock, VMCB_IS(nested_ctl, 3)),
	CANNOT_TELL(svm_sev_asid, VMCB_IS(nested_ctl, 3)),
	CANNOT_TELL(svm_sev_64bit_host, VMCB_IS(nested_ctl, 3)),

	/* Encrypted State (SEV-ES) */
	CANNOT_TELL(svm_es_sev, VMCB_IS(nested_ctl, 5)),
	CANNOT_TELL(svm_es_lbr, IS_SEV_ES),
	CANNOT_TELL(svm_es_asid, VMCB_IS(nested_ctl, 3)),
	CANNOT_TELL(svm_es_vmsa, IS_SEV_ES),
	BREAKS(svm_es_event, vmcb_event_inj, ON(10), IS_SEV_ES, EVENTINJ(0, 0x80)),
	BREAKS(svm_es_event, vmcb_event_inj, ON(1), IS_SEV_ES, EVENTINJ(3, 1)),

	/* Secure Nested Paging (SEV-SNP) */
	CANNOT_TELL(svm_snp_enabled, IS_SEV_ES),
	CANNOT_TELL(svm_snp_rmp_vmsa, IS_SEV_ES),
	CANNOT_TELL(svm_snp_rmp_avic, HAS_AVIC),
	CANNOT_TELL(svm_snp_sss, VMCB_IS(nested_ctl, 0x17)),
	CANNOT_TELL(svm_snp_injections, IS_SEV_ES),
	CANNOT_TELL(svm_snp_restricted_event, IS_SEV_ES, EVENTINJ(0, 0x20)),
	CANNOT_TELL(svm_snp_avic, IS_SEV_ES, HAS_AVIC),
	CANNOT_TELL(svm_snp_secure_avic, IS_SEV_ES),
	CANNOT_TELL(svm_snp_apic_page, IS_SEV_ES),
	CANNOT_TELL(svm_snp_host_ibs, IS_SEV_ES),
	BREAKS(svm_snp_allowed, vmcb_guest_sev_features, ON(3), IS_SEV_ES,
	       VMCB_IS(allowed_sev_features, ON(63) | 1), VMCB_IS(guest_sev_features, 1)),
	CANNOT_TELL(svm_snp_allowed, IS_SEV_ES, VMCB_IS(allowed_sev_features, ON(63) | 1)),

	/* Instruction-Based Sampling Virtualization */
	CANNOT_TELL(svm_ibs_host, IS_SEV_ES),
};

#undef ON
#undef EVENTINJ
#undef IS_SEV_ES
#undef HAS_AVIC
#undef HAS_X2AVIC

#endif
