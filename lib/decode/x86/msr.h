/* SPDX-License-Identifier: MIT */
/*
 * MSRs by index or by name: what they are called, what they are, their bit fields. The tables come
 * from data/msr.tbl by scripts/gen-msr.py; strings are in one pool, so there are no relocations.
 */
#ifndef KW_MSR_H
#define KW_MSR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

/* Room for the longest name with its NUL; the generator enforces it. */
#define KW_MSR_NAME_SIZE 48

/* Who defines the MSR. OTHER: a CPU vendor that is neither Intel nor AMD. */
enum kw_msr_owner {
	KW_MSR_BOTH,
	KW_MSR_INTEL,
	KW_MSR_AMD,
	KW_MSR_KVM,
	KW_MSR_HYPERV,
	KW_MSR_XEN,
	KW_MSR_OTHER,
	KW_MSR_NOWNERS,
};

enum kw_msr_access {
	KW_MSR_ACCESS_UNKNOWN,
	KW_MSR_RO,
	KW_MSR_WO,
	KW_MSR_RW,
};

/*
 * An MSR, or an array: @count indices @stride apart, elements numbered from @start. Strings are
 * offsets into the pool; use the functions below.
 */
struct kw_msr {
	uint32_t index;
	uint32_t name;
	uint32_t linux_names;
	uint32_t also;
	uint32_t about;
	uint32_t cite;
	uint32_t when;
	uint16_t count;
	uint16_t stride;
	uint16_t start;
	uint16_t first_field;
	uint16_t nfields;
	uint8_t owner;  /* enum kw_msr_owner */
	uint8_t access; /* enum kw_msr_access */
};

/* A run of bits, from @high down to @low. Reserved bits have no name. */
struct kw_msr_field {
	const char *name;
	const char *text;
	uint16_t first_value;
	uint16_t nvalues;
	uint8_t high;
	uint8_t low;
	bool reserved;
};

/*
 * The row that fits @index best: with a known vendor that vendor's own, then BOTH, then the
 * hypervisors', then any other; with KW_VENDOR_UNKNOWN BOTH, INTEL, AMD and so on. A row of the
 * other vendor is better than none: check ->owner before claiming anything. NULL if no row names
 * it.
 */
const struct kw_msr *kw_msr_find(uint32_t index, enum kw_vendor vendor);

/* All rows with @index, in the order of enum kw_msr_owner: start with NULL, NULL ends. */
const struct kw_msr *kw_msr_next(uint32_t index, const struct kw_msr *msr);

/*
 * Finds a name regardless of case: the manual's, one from Linux's headers, or one from older
 * manuals, with or without a leading MSR_. An exact name from the manual or Linux wins:
 * MSR_IA32_PMC0 is Linux's (0x4c1), IA32_PMC0 the manual's (0xc1). @index_ret only on success.
 */
const struct kw_msr *kw_msr_find_name(const char *name, uint32_t *index_ret);

/* Rows in table order, for listings. NULL past the end. */
const struct kw_msr *kw_msr_at(size_t i);

/*
 * The name of @index, an index of @msr, with the element number filled in. Writes at most @size
 * bytes including NUL; returns the length of the whole name, 0 (and "") if @msr is NULL.
 */
size_t kw_msr_name(const struct kw_msr *msr, uint32_t index, char *buf, size_t size);

/* Likewise: the names in Linux's headers, and other names, separated by blanks. May be none. */
size_t kw_msr_linux(const struct kw_msr *msr, uint32_t index, char *buf, size_t size);
size_t kw_msr_also(const struct kw_msr *msr, uint32_t index, char *buf, size_t size);

/* One clause each; "" if the table has none, never NULL. */
const char *kw_msr_about(const struct kw_msr *msr);
const char *kw_msr_cite(const struct kw_msr *msr);
const char *kw_msr_when(const struct kw_msr *msr);

/* "Intel", "Intel and AMD", "KVM", ... */
const char *kw_msr_owner_name(const struct kw_msr *msr);

/* Field @i of ->nfields, highest bits first. False past the end. */
bool kw_msr_field(const struct kw_msr *msr, size_t i, struct kw_msr_field *ret);

/* The field's part of the MSR's @value, shifted down. */
uint64_t kw_msr_field_value(const struct kw_msr_field *field, uint64_t value);

/* What the field means in the MSR's @value, or NULL if the table has no text for it. */
const char *kw_msr_value_text(const struct kw_msr_field *field, uint64_t value);

/* Bits that the row calls reserved. Also 0 if it describes no bits: see ->nfields. */
uint64_t kw_msr_reserved_mask(const struct kw_msr *msr);

/* The generated tables; only msr.c reads them. */

struct kw_msr_bits {
	uint32_t name; /* offset 0: reserved */
	uint32_t text;
	uint16_t first_value;
	uint16_t nvalues;
	uint8_t high;
	uint8_t low;
};

struct kw_msr_value {
	uint32_t value;
	uint32_t text;
};

extern const char kw_msr_pool[];
extern const struct kw_msr kw_msr_rows[];
extern const struct kw_msr_bits kw_msr_bits[];
extern const struct kw_msr_value kw_msr_values[];

/* Every index of every row, ascending, then by owner; kw_msr_row[i] is its row. */
extern const uint32_t kw_msr_index[];
extern const uint16_t kw_msr_row[];
extern const size_t kw_msr_count;
extern const size_t kw_msr_row_count;

#endif
