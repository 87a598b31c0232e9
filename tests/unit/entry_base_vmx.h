/* SPDX-License-Identifier: MIT */
/*
 * A VMCS that VM entry accepts: the dump_vmcs of tests/corpus/lab-fail-entry-intel-tr-6.1-intel, in
 * its order. That guest runs 64-bit code, and its only fault was TR, access rights 0x93; here they
 * are 0x8b, a busy TSS.
 */
#ifndef KW_TESTS_ENTRY_BASE_VMX_H
#define KW_TESTS_ENTRY_BASE_VMX_H

#include "entry_rows.h"

#define VMCS_SEGMENT_IS(name, sel, attr, limit, base)                                       \
	VMCS_IS(name##_sel, sel), VMCS_IS(name##_attr, attr), VMCS_IS(name##_limit, limit), \
		VMCS_IS(name##_base, base)

static const struct entry_set entry_base_vmx[] = {
	VMCS_IS(cr0, 0x80000031),
	VMCS_IS(cr0_shadow, 0x80000031),
	VMCS_IS(cr0_mask, 0xfffffffffffefff7),
	VMCS_IS(cr4, 0x2020),
	VMCS_IS(cr4_shadow, 0x20),
	VMCS_IS(cr4_mask, 0xfffffffffffef871),
	VMCS_IS(cr3, 0x1000),
	VMCS_IS(pdptr0, 0),
	VMCS_IS(pdptr1, 0),
	VMCS_IS(pdptr2, 0),
	VMCS_IS(pdptr3, 0),
	VMCS_IS(rsp, 0x9000),
	VMCS_IS(rip, 0xf0000),
	VMCS_IS(rflags, 2),
	VMCS_IS(dr7, 0x400),
	VMCS_IS(sysenter_esp, 0),
	VMCS_IS(sysenter_cs, 0),
	VMCS_IS(sysenter_eip, 0),
	VMCS_SEGMENT_IS(cs, 8, 0xa09b, 0xffffffff, 0),
	VMCS_SEGMENT_IS(ds, 0x10, 0xc093, 0xffffffff, 0),
	VMCS_SEGMENT_IS(ss, 0x10, 0xc093, 0xffffffff, 0),
	VMCS_SEGMENT_IS(es, 0x10, 0xc093, 0xffffffff, 0),
	VMCS_SEGMENT_IS(fs, 0x10, 0xc093, 0xffffffff, 0),
	VMCS_SEGMENT_IS(gs, 0x10, 0xc093, 0xffffffff, 0),
	VMCS_IS(gdtr_limit, 0x17),
	VMCS_IS(gdtr_base, 0x500),
	VMCS_SEGMENT_IS(ldtr, 0, 0x82, 0xffff, 0),
	VMCS_IS(idtr_limit, 0),
	VMCS_IS(idtr_base, 0),
	VMCS_SEGMENT_IS(tr, 0, 0x8b, 0xffff, 0),
	VMCS_IS(efer, 0x500),
	VMCS_IS(pat, 0x0007040600070406),
	VMCS_IS(debugctl, 0),
	VMCS_IS(pending_dbg, 0),
	VMCS_IS(interruptibility, 0),
	VMCS_IS(activity_state, 0),

	VMCS_IS(host_rip, 0xffffffffc035139e),
	VMCS_IS(host_rsp, 0xffffc900005cfa80),
	VMCS_IS(host_cs, 0x10),
	VMCS_IS(host_ss, 0x18),
	VMCS_IS(host_ds, 0),
	VMCS_IS(host_es, 0),
	VMCS_IS(host_fs, 0),
	VMCS_IS(host_gs, 0),
	VMCS_IS(host_tr, 0x40),
	VMCS_IS(host_fsbase, 0x8f83380),
	VMCS_IS(host_gsbase, 0xffff88801ee00000),
	VMCS_IS(host_trbase, 0xfffffe0000003000),
	VMCS_IS(host_gdtbase, 0xfffffe0000001000),
	VMCS_IS(host_idtbase, 0xfffffe0000000000),
	VMCS_IS(host_cr0, 0x80050033),
	VMCS_IS(host_cr3, 0x1fbbe004),
	VMCS_IS(host_cr4, 0x1726b0),
	VMCS_IS(host_sysenter_esp, 0xfffffe0000003000),
	VMCS_IS(host_sysenter_cs, 0x10),
	VMCS_IS(host_sysenter_eip, 0xffffffff81c01770),
	VMCS_IS(host_efer, 0xd01),
	VMCS_IS(host_pat, 0x0407050600070106),

	VMCS_IS(cpu_based, 0xb5986dfa),
	VMCS_IS(secondary, 0x34ea),
	VMCS_IS(tertiary, 0),
	VMCS_IS(pin_based, 0x7f),
	VMCS_IS(entry_controls, 0xd3ff),
	VMCS_IS(exit_controls, 0x2befff),
	VMCS_IS(exception_bitmap, 0x60042),
	VMCS_IS(pfec_mask, 0),
	VMCS_IS(pfec_match, 0),
	VMCS_IS(entry_intr_info, 0),
	VMCS_IS(entry_error_code, 0),
	VMCS_IS(entry_insn_len, 0),
	VMCS_IS(exit_intr_info, 0),
	VMCS_IS(exit_error_code, 0),
	VMCS_IS(exit_insn_len, 3),
	VMCS_IS(reason, 0x80000021),
	VMCS_IS(qualification, 0),
	VMCS_IS(idt_info, 0),
	VMCS_IS(idt_error_code, 0),
	VMCS_IS(tsc_offset, 0xffffffffb7f71ca6),
	VMCS_IS(ept_pointer, 0x1ff3105e),
	VMCS_IS(ple_gap, 0x80),
	VMCS_IS(ple_window, 0x1000),
	VMCS_IS(vpid, 1),
};

#endif
