/* SPDX-License-Identifier: MIT */
/*
 * A VMCB that VMRUN accepts: the dump_vmcb of tests/corpus/lab-fail-entry-amd-cs-l-d-7-amd, in its
 * order. That guest runs 64-bit code, and its only fault was CS, attributes 0xe9b; here they are
 * 0xa9b, without D.
 */
#ifndef KW_TESTS_ENTRY_BASE_SVM_H
#define KW_TESTS_ENTRY_BASE_SVM_H

#include "entry_rows.h"

#define VMCB_SEGMENT_IS(name, sel, attr, limit, base)                                       \
	VMCB_IS(name##_sel, sel), VMCB_IS(name##_attr, attr), VMCB_IS(name##_limit, limit), \
		VMCB_IS(name##_base, base)

static const struct entry_set entry_base_svm[] = {
	VMCB_IS(cr_read, 0x10),
	VMCB_IS(cr_write, 0x110),
	VMCB_IS(dr_read, 0xff),
	VMCB_IS(dr_write, 0xff),
	VMCB_IS(exceptions, 0x60042),
	VMCB_IS(intercepts, 0x6f7fbd4c8027),
	VMCB_IS(pause_filter_count, 0),
	VMCB_IS(pause_filter_threshold, 0),
	VMCB_IS(iopm_base_pa, 0x2708000),
	VMCB_IS(msrpm_base_pa, 0x250e000),
	VMCB_IS(tsc_offset, 0xfffffff4e213c91e),
	VMCB_IS(asid, 1),
	VMCB_IS(tlb_ctl, 1),
	VMCB_IS(int_ctl, 0x3000200),
	VMCB_IS(int_vector, 0),
	VMCB_IS(int_state, 0),
	VMCB_IS(exit_code, 0xffffffff),
	VMCB_IS(exit_info1, 0),
	VMCB_IS(exit_info2, 0),
	VMCB_IS(exit_int_info, 0),
	VMCB_IS(exit_int_info_err, 0),
	VMCB_IS(nested_ctl, 1),
	VMCB_IS(nested_cr3, 0x412f000),
	VMCB_IS(avic_vapic_bar, 0),
	VMCB_IS(ghcb, 0),
	VMCB_IS(event_inj, 0),
	VMCB_IS(event_inj_err, 0),
	VMCB_IS(virt_ext, 0),
	VMCB_IS(next_rip, 0),
	VMCB_IS(avic_backing_page, 0),
	VMCB_IS(avic_logical_id, 0),
	VMCB_IS(avic_physical_id, 0),
	VMCB_IS(vmsa_pa, 0),
	VMCB_IS(allowed_sev_features, 0),
	VMCB_IS(guest_sev_features, 0),
	VMCB_IS(erap_ctl, 0),

	VMCB_SEGMENT_IS(es, 0x10, 0xc93, 0xffffffff, 0),
	VMCB_SEGMENT_IS(cs, 8, 0xa9b, 0xffffffff, 0),
	VMCB_SEGMENT_IS(ss, 0x10, 0xc93, 0xffffffff, 0),
	VMCB_SEGMENT_IS(ds, 0x10, 0xc93, 0xffffffff, 0),
	VMCB_SEGMENT_IS(fs, 0x10, 0xc93, 0xffffffff, 0),
	VMCB_SEGMENT_IS(gs, 0x10, 0xc93, 0xffffffff, 0),
	VMCB_SEGMENT_IS(gdtr, 0, 0, 0x17, 0x500),
	VMCB_SEGMENT_IS(ldtr, 0, 0x82, 0xffff, 0),
	VMCB_SEGMENT_IS(idtr, 0, 0, 0, 0),
	VMCB_SEGMENT_IS(tr, 0, 0x8b, 0xffff, 0),
	VMCB_IS(vmpl, 0),
	VMCB_IS(cpl, 0),
	VMCB_IS(efer, 0x1500),
	VMCB_IS(cr0, 0x80000031),
	VMCB_IS(cr2, 0),
	VMCB_IS(cr3, 0x1000),
	VMCB_IS(cr4, 0x60),
	VMCB_IS(dr6, 0xffff0ff0),
	VMCB_IS(dr7, 0x400),
	VMCB_IS(rip, 0xf0fc9),
	VMCB_IS(rflags, 2),
	VMCB_IS(rsp, 0x9000),
	VMCB_IS(rax, 0),
	VMCB_IS(star, 0),
	VMCB_IS(lstar, 0),
	VMCB_IS(cstar, 0),
	VMCB_IS(sfmask, 0),
	VMCB_IS(kernel_gs_base, 0),
	VMCB_IS(sysenter_cs, 0),
	VMCB_IS(sysenter_esp, 0),
	VMCB_IS(sysenter_eip, 0),
	VMCB_IS(gpat, 0x7040600070406),
	VMCB_IS(dbgctl, 0),
	VMCB_IS(br_from, 0),
	VMCB_IS(br_to, 0),
	VMCB_IS(excp_from, 0),
	VMCB_IS(excp_to, 0),
	VMCB_IS(s_cet, 0),
	VMCB_IS(ssp, 0),
	VMCB_IS(isst_addr, 0),
};

#endif
