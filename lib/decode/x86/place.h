/* SPDX-License-Identifier: MIT */
/* What lies at a physical or identity-mapped address of a PC, by class. */
#ifndef KW_X86_PLACE_H
#define KW_X86_PLACE_H

#include "failure.h"

enum kw_place {
	KW_PLACE_UNKNOWN,
	KW_PLACE_RAM_LOW,	/* below 640 KiB, above the first page */
	KW_PLACE_FIRST_PAGE,	/* real-mode vectors or a null pointer */
	KW_PLACE_VGA_HOLE,	/* a0000 to bffff */
	KW_PLACE_OPTION_ROM,	/* c0000 to dffff */
	KW_PLACE_SYSTEM_ROM,	/* e0000 to fffff */
	KW_PLACE_RAM,		/* 1 MiB to 2 GiB: RAM if the guest has that much */
	KW_PLACE_RAM_OR_HOLE,	/* 2 to 3.5 GiB: RAM or PCI hole, by machine type and memory size */
	KW_PLACE_PCI_HOLE,	/* below 4 GiB, where BARs and ECAM are */
	KW_PLACE_IOAPIC,	/* fec00000 */
	KW_PLACE_HPET,		/* fed00000 */
	KW_PLACE_TPM,		/* fed40000 */
	KW_PLACE_LAPIC,		/* fee00000, or as in IA32_APIC_BASE */
	KW_PLACE_FLASH,		/* firmware flash below 4 GiB */
	KW_PLACE_HIGH,		/* above 4 GiB */
	KW_PLACE_NON_CANONICAL,
	KW_NPLACES,
};

/* Place of a physical address. */
enum kw_place kw_place_of_gpa(const struct kw_failure *f, uint64_t gpa);

/*
 * Place of a linear address: with paging off, that of the physical address; with paging on or
 * unknown, only what does not depend on page tables (the first page, non-canonical), and low
 * addresses (below 4 GiB) as if identity-mapped: then *assumed_ret is true.
 */
enum kw_place kw_place_of_gva(const struct kw_failure *f, uint64_t gva, bool *assumed_ret);
const char *kw_place_name(enum kw_place place); /* stable kebab-case, part of the fingerprint */
const char *kw_place_text(enum kw_place place); /* a noun phrase for sentences */

#endif
