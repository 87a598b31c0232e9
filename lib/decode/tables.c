// SPDX-License-Identifier: MIT
/* Look-ups in the generated tables: binary search by number, by strerror text, by vector. */
#include "decode/tables.h"

#include <kvm_numbers.h>
#include <string.h>

#include "base/str.h"

const struct kw_row *kw_row_at(enum kw_table table, size_t i)
{
	const struct kw_tables_range *range = &kw_tables_range[table];

	return i < range->count ? &kw_tables_row[range->first + i] : NULL;
}

const struct kw_row *kw_row_find(enum kw_table table, uint64_t key)
{
	const struct kw_row *row = &kw_tables_row[kw_tables_range[table].first];
	size_t low = 0, high = kw_tables_range[table].count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == kw_tables_range[table].count || row[low].key != key)
		return NULL;
	return &row[low];
}

const struct kw_row *kw_row_next(enum kw_table table, const struct kw_row *row)
{
	size_t i = (size_t)(row - kw_tables_row) - kw_tables_range[table].first;
	const struct kw_row *next = kw_row_at(table, i + 1);

	return next && next->key == row->key ? next : NULL;
}

const char *kw_row_name(const struct kw_row *row)
{
	return row ? kw_tables_pool + row->name : NULL;
}

const char *kw_row_id(const struct kw_row *row)
{
	return row ? kw_tables_pool + row->key : NULL;
}

size_t kw_row_all(const struct kw_row *row, enum kw_attr attr, const char **ret, size_t max)
{
	size_t found = 0;

	if (!row)
		return 0;
	for (uint32_t i = 0; i < row->count && found < max; i++) {
		const struct kw_tables_attr *a = &kw_tables_attr[row->first + i];

		if (a->attr == attr)
			ret[found++] = kw_tables_pool + a->text;
	}
	return found;
}

const char *kw_row_get(const struct kw_row *row, enum kw_attr attr)
{
	const char *text;

	return kw_row_all(row, attr, &text, 1) ? text : NULL;
}

const char *kw_kvm_exit_name(uint64_t number)
{
	return kw_row_name(kw_row_find(KW_TABLE_KVM_EXIT, number));
}

const char *kw_kvm_exit_about(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_KVM_EXIT, number), KW_ATTR_ABOUT);
}

const char *kw_kvm_exit_fail(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_KVM_EXIT, number), KW_ATTR_FAIL);
}

bool kw_kvm_exit_is_served(uint64_t number)
{
	static const uint64_t failures[] = {
		KW_KVM_EXIT_UNKNOWN,	KW_KVM_EXIT_EXCEPTION,	    KW_KVM_EXIT_SHUTDOWN,
		KW_KVM_EXIT_FAIL_ENTRY, KW_KVM_EXIT_INTERNAL_ERROR, KW_KVM_EXIT_SYSTEM_EVENT,
		KW_KVM_EXIT_NOTIFY,	KW_KVM_EXIT_MEMORY_FAULT,
	};

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (number == failures[i])
			return false;
	}
	return true;
}

const char *kw_kvm_suberror_name(uint64_t number)
{
	return kw_row_name(kw_row_find(KW_TABLE_KVM_SUBERROR, number));
}

const char *kw_kvm_suberror_about(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_KVM_SUBERROR, number), KW_ATTR_ABOUT);
}

const char *kw_kvm_suberror_fail(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_KVM_SUBERROR, number), KW_ATTR_FAIL);
}

const char *kw_vmx_exit_name(uint64_t basic)
{
	return kw_row_name(kw_row_find(KW_TABLE_VMX_EXIT, basic));
}

const char *kw_vmx_exit_linux(uint64_t basic)
{
	return kw_row_get(kw_row_find(KW_TABLE_VMX_EXIT, basic), KW_ATTR_LINUX);
}

const char *kw_vmx_insn_error(uint64_t number)
{
	return kw_row_name(kw_row_find(KW_TABLE_VMX_INSN_ERROR, number));
}

const char *kw_vmx_insn_error_about(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_VMX_INSN_ERROR, number), KW_ATTR_ABOUT);
}

const char *kw_vmx_insn_error_do(uint64_t number)
{
	return kw_row_get(kw_row_find(KW_TABLE_VMX_INSN_ERROR, number), KW_ATTR_DO);
}

/* Only these are from 0xfffffffc to 0xffffffff: -4 to -1, truncated to 32 bits. */
static const struct kw_row *svm_exit(uint64_t code)
{
	if (code >= UINT32_MAX - 3 && code <= UINT32_MAX)
		code |= ~(uint64_t)UINT32_MAX;
	return kw_row_find(KW_TABLE_SVM_EXIT, code);
}

const char *kw_svm_exit_name(uint64_t code)
{
	return kw_row_name(svm_exit(code));
}

const char *kw_svm_exit_trace(uint64_t code)
{
	return kw_row_get(svm_exit(code), KW_ATTR_TRACE);
}

const char *kw_svm_exit_about(uint64_t code)
{
	return kw_row_get(svm_exit(code), KW_ATTR_ABOUT);
}

static const struct kw_row *errno_row(int number)
{
	return number > 0 ? kw_row_find(KW_TABLE_ERRNO, (uint64_t)number) : NULL;
}

const char *kw_errno_name(int number)
{
	return kw_row_name(errno_row(number));
}

const char *kw_errno_text(int number)
{
	return kw_row_get(errno_row(number), KW_ATTR_TEXT);
}

/* First of the sorted texts that does not sort before the byte @c. */
static uint32_t errno_lower_bound(unsigned int c)
{
	uint32_t low = 0, high = kw_tables_nerrno;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *text = kw_tables_pool + kw_tables_errno[middle].text;

		if ((unsigned char)text[0] < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A letter, ASCII or not, or a digit: the text before it is only the start of a longer one. */
static bool goes_on(const char *text, size_t len, size_t at)
{
	return at < len && (kw_is_word(text[at]) || (unsigned char)text[at] >= 0x80);
}

int kw_errno_find_text(const char *text, size_t len)
{
	uint32_t i, end;
	size_t best_len = 0;
	int best = 0;

	if (len == 0)
		return 0;
	i = errno_lower_bound((unsigned char)text[0]);
	end = errno_lower_bound((unsigned char)text[0] + 1u);
	for (; i < end; i++) {
		const struct kw_tables_errno *e = &kw_tables_errno[i];

		if (e->len > len || e->len <= best_len || goes_on(text, len, e->len))
			continue;
		if (memcmp(kw_tables_pool + e->text, text, e->len) != 0)
			continue;
		best_len = e->len;
		best = e->number;
	}
	return best;
}

int kw_errno_find_name(const char *name, size_t len)
{
	struct kw_str wanted = { name, len };
	const char *alias[KW_MAX_REPEAT];
	const struct kw_row *row;

	for (size_t i = 0; (row = kw_row_at(KW_TABLE_ERRNO, i)); i++) {
		size_t n = kw_row_all(row, KW_ATTR_ALIAS, alias, KW_MAX_REPEAT);

		if (kw_str_eq(wanted, kw_str(kw_row_name(row))))
			return (int)row->key;
		while (n > 0)
			if (kw_str_eq(wanted, kw_str(alias[--n])))
				return (int)row->key;
	}
	return 0;
}

/* Intel SDM vol. 3, "Exception and Interrupt Reference"; AMD APM vol. 2, "Vectors". */
static const char exceptions[32][4] = {
	[0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",	[4] = "#OF",  [5] = "#BR",
	[6] = "#UD",  [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS",
	[13] = "#GP", [14] = "#PF", [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM",
	[20] = "#VE", [21] = "#CP", [28] = "#HV", [29] = "#VC", [30] = "#SX",
};

const char *kw_exception_name(unsigned int vector)
{
	return vector < 32 && exceptions[vector][0] ? exceptions[vector] : NULL;
}

bool kw_exception_has_error_code(unsigned int vector)
{
	const uint32_t with = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 |
			      1u << 17 | 1u << 21 | 1u << 29 | 1u << 30;

	return vector < 32 && (with >> vector & 1);
}

const struct kw_row *kw_ioctl_cause(const struct kw_row *after, struct kw_str ioctl, int number,
				    const char *arch)
{
	const struct kw_row *row;

	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_IOCTL, i)); i++) {
		const char *name = kw_row_name(row), *error = kw_row_get(row, KW_ATTR_ERRNO);
		const char *only = kw_row_get(row, KW_ATTR_ARCH);

		if (row > after && kw_str_eq(kw_str(name), ioctl) &&
		    kw_errno_find_name(error, strlen(error)) == number &&
		    (!only || strcmp(only, arch) == 0))
			return row;
	}
	return NULL;
}
