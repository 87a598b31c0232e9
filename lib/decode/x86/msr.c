// SPDX-License-Identifier: MIT
/*
 * Look-ups in the MSR tables: index to row by binary search over all indices (arrays interleave, so
 * rows cannot be searched directly), name to row by linear search.
 */
#include "decode/x86/msr.h"

#include <string.h>

#include "base/buf.h"

#define NO_NUMBER UINT32_MAX

static const char *pool(uint32_t offset)
{
	return &kw_msr_pool[offset];
}

/* First place in kw_msr_index that is not below @index. */
static size_t lower_bound(uint32_t index)
{
	size_t low = 0, high = kw_msr_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kw_msr_index[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Preference for a row of @owner; smaller is better. */
static unsigned int rank(uint8_t owner, enum kw_vendor vendor)
{
	if (vendor == KW_VENDOR_UNKNOWN)
		return owner;
	if (owner == (vendor == KW_VENDOR_INTEL ? KW_MSR_INTEL : KW_MSR_AMD))
		return 0;
	if (owner == KW_MSR_INTEL || owner == KW_MSR_AMD)
		return KW_MSR_NOWNERS;
	return owner + 1u;
}

const struct kw_msr *kw_msr_find(uint32_t index, enum kw_vendor vendor)
{
	const struct kw_msr *best = NULL;
	const struct kw_msr *msr = NULL;

	while ((msr = kw_msr_next(index, msr)))
		if (!best || rank(msr->owner, vendor) < rank(best->owner, vendor))
			best = msr;
	return best;
}

const struct kw_msr *kw_msr_next(uint32_t index, const struct kw_msr *msr)
{
	bool found = !msr;

	for (size_t i = lower_bound(index); i < kw_msr_count && kw_msr_index[i] == index; i++) {
		const struct kw_msr *row = &kw_msr_rows[kw_msr_row[i]];

		if (found)
			return row;
		found = row == msr;
	}
	return NULL;
}

const struct kw_msr *kw_msr_at(size_t i)
{
	return i < kw_msr_row_count ? &kw_msr_rows[i] : NULL;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number without leading zeros; advances @s past it. Saturates if too large for an element. */
static bool take_number(const char **s, uint32_t *ret)
{
	const char *p = *s;
	uint32_t n = 0;

	if (!is_digit(p[0]) || (p[0] == '0' && is_digit(p[1])))
		return false;
	for (; is_digit(*p); p++)
		n = n > UINT16_MAX ? n : n * 10 + (uint32_t)(*p - '0');
	*s = p;
	*ret = n;
	return true;
}

/* Is @s the name @pattern of @len bytes? @n_ret is the number found for {n}, NO_NUMBER if none. */
static bool matches(const char *pattern, size_t len, const char *s, uint32_t *n_ret)
{
	const char *end = pattern + len;

	*n_ret = NO_NUMBER;
	while (pattern < end) {
		if (*pattern == '{') {
			if (!take_number(&s, n_ret))
				return false;
			pattern += strlen("{n}");
			continue;
		}
		if (!*s || upper(*pattern++) != upper(*s++))
			return false;
	}
	return !*s;
}

/* Length of the first word of @s; one blank separates words. */
static size_t word_len(const char *s)
{
	return strcspn(s, " ");
}

static const char *next_word(const char *s, size_t len)
{
	return s[len] ? s + len + 1 : s + len;
}

/* If @msr has element number @n (none: the first element), its index. */
static bool element(const struct kw_msr *msr, uint32_t n, uint32_t *index_ret)
{
	if (n == NO_NUMBER)
		n = msr->start;
	if (n < msr->start || n - msr->start >= msr->count)
		return false;
	*index_ret = msr->index + (n - msr->start) * msr->stride;
	return true;
}

static size_t prefix_len(const char *s)
{
	static const char prefix[] = "MSR_";

	for (size_t i = 0; i < strlen(prefix); i++)
		if (upper(s[i]) != prefix[i])
			return 0;
	return strlen(prefix);
}

/* Is @name one of the names in @list, of @msr? With @bare, a leading MSR_ is ignored. */
static bool in_list(const struct kw_msr *msr, const char *list, const char *name, bool bare,
		    uint32_t *index_ret)
{
	if (bare)
		name += prefix_len(name);
	for (size_t len; (len = word_len(list)); list = next_word(list, len)) {
		size_t skip = bare ? prefix_len(list) : 0;
		uint32_t n;

		if (matches(list + skip, len - skip, name, &n) && element(msr, n, index_ret))
			return true;
	}
	return false;
}

enum name_list { NAME_MANUAL, NAME_LINUX, NAME_ALSO, NNAMES };

static const char *list_of(const struct kw_msr *msr, enum name_list which)
{
	switch (which) {
	case NAME_MANUAL:
		return pool(msr->name);
	case NAME_LINUX:
		return pool(msr->linux_names);
	default:
		return pool(msr->also);
	}
}

const struct kw_msr *kw_msr_find_name(const char *name, uint32_t *index_ret)
{
	for (unsigned int pass = 0; pass < 2 * NNAMES; pass++) {
		bool bare = pass >= NNAMES;

		for (size_t i = 0; i < kw_msr_row_count; i++) {
			const struct kw_msr *msr = &kw_msr_rows[i];
			const char *list = list_of(msr, (enum name_list)(pass % NNAMES));

			if (in_list(msr, list, name, bare, index_ret))
				return msr;
		}
	}
	return NULL;
}

/* A name with {n} filled in. */
static void put_name(struct kw_buf *t, const char *pattern, size_t len, uint32_t n)
{
	for (size_t i = 0; i < len; i++) {
		if (pattern[i] != '{') {
			kw_buf_char(t, pattern[i]);
			continue;
		}
		kw_buf_dec(t, n);
		i += strlen("{n}") - 1;
	}
}

/* The names of @list that belong to @index: those with a number, and all for the first element. */
static size_t expand(const struct kw_msr *msr, enum name_list which, uint32_t index, char *buf,
		     size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);
	const char *list = msr ? list_of(msr, which) : "";

	for (size_t len; (len = word_len(list)); list = next_word(list, len)) {
		if (index != msr->index && !memchr(list, '{', len))
			continue;
		if (t.len)
			kw_buf_char(&t, ' ');
		put_name(&t, list, len, msr->start + (index - msr->index) / msr->stride);
	}
	return t.len;
}

size_t kw_msr_name(const struct kw_msr *msr, uint32_t index, char *buf, size_t size)
{
	return expand(msr, NAME_MANUAL, index, buf, size);
}

size_t kw_msr_linux(const struct kw_msr *msr, uint32_t index, char *buf, size_t size)
{
	return expand(msr, NAME_LINUX, index, buf, size);
}

size_t kw_msr_also(const struct kw_msr *msr, uint32_t index, char *buf, size_t size)
{
	return expand(msr, NAME_ALSO, index, buf, size);
}

const char *kw_msr_about(const struct kw_msr *msr)
{
	return pool(msr->about);
}

const char *kw_msr_cite(const struct kw_msr *msr)
{
	return pool(msr->cite);
}

const char *kw_msr_when(const struct kw_msr *msr)
{
	return pool(msr->when);
}

const char *kw_msr_owner_name(const struct kw_msr *msr)
{
	/* Characters, not pointers: no relocations. */
	static const char names[KW_MSR_NOWNERS][16] = {
		[KW_MSR_BOTH] = "Intel and AMD", [KW_MSR_INTEL] = "Intel",    [KW_MSR_AMD] = "AMD",
		[KW_MSR_KVM] = "KVM",            [KW_MSR_HYPERV] = "Hyper-V", [KW_MSR_XEN] = "Xen",
		[KW_MSR_OTHER] = "other vendor",
	};

	return names[msr->owner];
}

bool kw_msr_field(const struct kw_msr *msr, size_t i, struct kw_msr_field *ret)
{
	const struct kw_msr_bits *bits;

	if (i >= msr->nfields)
		return false;
	bits = &kw_msr_bits[msr->first_field + i];
	*ret = (struct kw_msr_field) {
		.name = pool(bits->name),
		.text = pool(bits->text),
		.first_value = bits->first_value,
		.nvalues = bits->nvalues,
		.high = bits->high,
		.low = bits->low,
		.reserved = !bits->name,
	};
	return true;
}

/* Bits @high to @low set. */
static uint64_t mask(unsigned int high, unsigned int low)
{
	return (UINT64_MAX >> (63 - high)) & (UINT64_MAX << low);
}

uint64_t kw_msr_field_value(const struct kw_msr_field *field, uint64_t value)
{
	return (value & mask(field->high, field->low)) >> field->low;
}

const char *kw_msr_value_text(const struct kw_msr_field *field, uint64_t value)
{
	uint64_t part = kw_msr_field_value(field, value);

	for (size_t i = 0; i < field->nvalues; i++) {
		const struct kw_msr_value *v = &kw_msr_values[field->first_value + i];

		if (v->value == part)
			return pool(v->text);
	}
	return NULL;
}

uint64_t kw_msr_reserved_mask(const struct kw_msr *msr)
{
	struct kw_msr_field field;
	uint64_t reserved = 0;

	for (size_t i = 0; kw_msr_field(msr, i, &field); i++)
		if (field.reserved)
			reserved |= mask(field.high, field.low);
	return reserved;
}
