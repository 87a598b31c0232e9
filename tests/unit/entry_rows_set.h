/* SPDX-License-Identifier: MIT */
/*
 * What KVM_SET_SREGS and KVM_SET_XCRS refuse: a state that they accept, and for each check the bits
 * that break it.
 */
#ifndef KW_TESTS_ENTRY_ROWS_SET_H
#define KW_TESTS_ENTRY_ROWS_SET_H

#include "entry_rows.h"

#define IS(name, value) { KW_F_##name, value }
#define NO_PAGING IS(cr0, 0x50033), IS(efer, 0)

/* Linux in 64-bit mode, as QEMU shows it. */
static const struct entry_set entry_base_set[] = {
	IS(cr0, 0x80050033), IS(cr3, 0x1000),	  IS(cr4, 0x6e0),
	IS(efer, 0xd01),     IS(cs_attr, 0xa09b), IS(xcr0, 7),
};

static const struct entry_row entry_rows_set[] = {
	BREAKS(sregs_long_mode_pae, cr4, 0x20),
	BREAKS(sregs_long_mode_lma, efer, 0x400),
	BREAKS(sregs_lma, cr0, 0x80000000),
	BREAKS(sregs_lma, efer, 0x400, NO_PAGING, IS(cs_attr, 0xc09b)),
	BREAKS(sregs_cs_l, cs_attr, 0x2000, NO_PAGING, IS(cs_attr, 0xc09b)),
	BREAKS(sregs_cr3, cr3, UINT64_C(1) << 52),
	CANNOT_TELL(sregs_cr3, IS(cr3, UINT64_C(1) << 45)),
	BREAKS(sregs_cr4_reserved, cr4, 0x8000),
	CANNOT_TELL(sregs_cr4_features, IS(cr4, 0x1006e0)),
	BREAKS(sregs_cr0_high, cr0, UINT64_C(1) << 32),
	BREAKS(sregs_cr0_nw, cr0, 0x20000000),
	BREAKS(sregs_cr0_pg, cr0, 1),
	CANNOT_TELL(sregs_apic_base, IS(cr0, 0x80050033)),
	BREAKS(xcr0_x87, xcr0, 1),
	BREAKS(xcr0_sse, xcr0, 2),
	BREAKS(xcr0_mpx, xcr0, 0x8),
	BREAKS(xcr0_avx512, xcr0, 0x20),
	BREAKS(xcr0_avx512_avx, xcr0, 4, IS(xcr0, 0xe7)),
	BREAKS(xcr0_amx, xcr0, 0x20000),
	CANNOT_TELL(xcr0_supported, IS(xcr0, 0xe7)),
};

#endif
