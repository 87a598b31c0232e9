// SPDX-License-Identifier: MIT
/*
 * What lies at a physical address of a PC. The map is that of QEMU's pc and q35 machines (hw/i386)
 * and of the chipsets they model; other VMMs keep the fixed addresses of IOAPIC and local APIC.
 */
#include "decode/x86/mode.h"
#include "decode/x86/place.h"

#define CR0_PE (1ull << 0)
#define CR0_PG (1ull << 31)
#define APIC_BASE_EN (1ull << 11)
#define APIC_BASE_MASK 0x000ffffffffff000ull

struct range {
	uint64_t first, last;
	enum kw_place place;
};

/* The first that contains the address counts. */
static const struct range map[] = {
	{ 0x00000000, 0x00000fff, KW_PLACE_FIRST_PAGE },
	{ 0x00001000, 0x0009ffff, KW_PLACE_RAM_LOW },
	{ 0x000a0000, 0x000bffff, KW_PLACE_VGA_HOLE },
	{ 0x000c0000, 0x000dffff, KW_PLACE_OPTION_ROM },
	{ 0x000e0000, 0x000fffff, KW_PLACE_SYSTEM_ROM },
	/* q35 splits RAM at 2 or 2.75 GiB, pc at 3 or 3.5 GiB (max-ram-below-4g) */
	{ 0x00100000, 0x7fffffff, KW_PLACE_RAM },
	{ 0x80000000, 0xdfffffff, KW_PLACE_RAM_OR_HOLE },
	{ 0xfec00000, 0xfec00fff, KW_PLACE_IOAPIC },
	{ 0xfed00000, 0xfed003ff, KW_PLACE_HPET },
	{ 0xfed40000, 0xfed44fff, KW_PLACE_TPM },
	{ 0xfee00000, 0xfee00fff, KW_PLACE_LAPIC },
	{ 0xff000000, 0xffffffff, KW_PLACE_FLASH },
	{ 0xe0000000, 0xfeffffff, KW_PLACE_PCI_HOLE },
	{ 0x100000000, UINT64_MAX, KW_PLACE_HIGH },
};

static const char *const place_names[KW_NPLACES] = {
	[KW_PLACE_UNKNOWN] = "unknown",
	[KW_PLACE_RAM_LOW] = "ram-low",
	[KW_PLACE_FIRST_PAGE] = "first-page",
	[KW_PLACE_VGA_HOLE] = "vga-hole",
	[KW_PLACE_OPTION_ROM] = "option-rom",
	[KW_PLACE_SYSTEM_ROM] = "system-rom",
	[KW_PLACE_RAM] = "ram",
	[KW_PLACE_RAM_OR_HOLE] = "ram-or-hole",
	[KW_PLACE_PCI_HOLE] = "pci-hole",
	[KW_PLACE_IOAPIC] = "ioapic",
	[KW_PLACE_HPET] = "hpet",
	[KW_PLACE_TPM] = "tpm",
	[KW_PLACE_LAPIC] = "lapic",
	[KW_PLACE_FLASH] = "flash",
	[KW_PLACE_HIGH] = "high",
	[KW_PLACE_NON_CANONICAL] = "non-canonical",
};

static const char *const place_texts[KW_NPLACES] = {
	[KW_PLACE_UNKNOWN] = "an address that only the guest's page tables can resolve",
	[KW_PLACE_RAM_LOW] = "low RAM",
	[KW_PLACE_FIRST_PAGE] = "the first page (real-mode vectors, or a null pointer)",
	[KW_PLACE_VGA_HOLE] = "the VGA hole",
	[KW_PLACE_OPTION_ROM] = "the option ROM area",
	[KW_PLACE_SYSTEM_ROM] = "the system ROM below 1 MiB",
	[KW_PLACE_RAM] = "RAM, if the guest has that much",
	[KW_PLACE_RAM_OR_HOLE] = "RAM or the PCI hole, depending on machine type and memory size",
	[KW_PLACE_PCI_HOLE] = "the PCI hole below 4 GiB",
	[KW_PLACE_IOAPIC] = "the I/O APIC",
	[KW_PLACE_HPET] = "the HPET",
	[KW_PLACE_TPM] = "the TPM",
	[KW_PLACE_LAPIC] = "the local APIC page",
	[KW_PLACE_FLASH] = "the firmware flash below 4 GiB",
	[KW_PLACE_HIGH] = "an address above 4 GiB (RAM or a 64-bit BAR)",
	[KW_PLACE_NON_CANONICAL] = "a non-canonical address",
};

const char *kw_place_name(enum kw_place place)
{
	return place_names[place];
}

const char *kw_place_text(enum kw_place place)
{
	return place_texts[place];
}

enum kw_place kw_place_of_gpa(const struct kw_failure *f, uint64_t gpa)
{
	bool moved = kw_has(f, apic_base);

	if (moved && f->apic_base & APIC_BASE_EN &&
	    (gpa & ~0xfffull) == (f->apic_base & APIC_BASE_MASK))
		return KW_PLACE_LAPIC;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		enum kw_place place = map[i].place;

		if (gpa < map[i].first || gpa > map[i].last)
			continue;
		return place == KW_PLACE_LAPIC && moved ? KW_PLACE_PCI_HOLE : place;
	}
	return KW_PLACE_UNKNOWN;
}

enum kw_place kw_place_of_gva(const struct kw_failure *f, uint64_t gva, bool *assumed_ret)
{
	*assumed_ret = false;
	if (kw_has(f, cr0) && (f->cr0 & (CR0_PE | CR0_PG)) != (CR0_PE | CR0_PG))
		return kw_place_of_gpa(f, (uint32_t)gva);
	if (kw_mode_of(f, NULL) == KW_MODE_LONG64 && !kw_canonical(f, gva))
		return KW_PLACE_NON_CANONICAL;
	if (gva < 0x1000)
		return KW_PLACE_FIRST_PAGE;
	if (gva >> 32)
		return KW_PLACE_UNKNOWN;
	*assumed_ret = true;
	return kw_place_of_gpa(f, gva);
}
