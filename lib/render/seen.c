// SPDX-License-Identifier: MIT
/* What KVM was observed to do with an MSR: a row, or an object, for kernels that behaved alike. */
#include "render/seen.h"

#include "decode/x86/msr_seen.h"

#include <string.h>

static const char *vendor_name(enum kw_vendor vendor)
{
	return vendor == KW_VENDOR_AMD ? "AMD" : "Intel";
}

static bool wanted(const struct kw_msr_seen *row, size_t i, enum kw_vendor vendor)
{
	const struct kw_msr_seen_kernel *kernel = kw_msr_seen_kernel_at(i);

	return kw_msr_seen_by(row, i) && (vendor == KW_VENDOR_UNKNOWN || vendor == kernel->vendor);
}

static bool is_wanted(const struct kw_msr_seen *row, enum kw_vendor vendor)
{
	for (size_t i = 0; kw_msr_seen_kernel_at(i); i++) {
		if (wanted(row, i, vendor))
			return true;
	}
	return false;
}

/* "5.10.223, 6.1.176 (AMD) and 6.1.176 (Intel)": the vendor follows the last of its kernels. */
static void put_kernels(struct kw_buf *buf, const struct kw_msr_seen *row, enum kw_vendor vendor)
{
	const struct kw_msr_seen_kernel *kernel, *last = NULL;

	for (size_t i = 0; (kernel = kw_msr_seen_kernel_at(i)); i++) {
		if (!wanted(row, i, vendor))
			continue;
		if (last && last->vendor != kernel->vendor)
			kw_buf_printf(buf, " (%s) and ", vendor_name(last->vendor));
		else if (last)
			KW_BUF_LIT(buf, ", ");
		kw_buf_add(buf, kw_str(kernel->release));
		last = kernel;
	}
	if (last)
		kw_buf_printf(buf, " (%s)", vendor_name(last->vendor));
}

/* An answer of the table in words. */
static void put_answer(struct kw_buf *buf, const char *answer)
{
	if (!strcmp(answer, "#GP(unknown)"))
		KW_BUF_LIT(buf, "#GP (KVM does not know the MSR)");
	else if (!strcmp(answer, "#GP(cpu)"))
		KW_BUF_LIT(buf, "#GP (from the processor, not from KVM)");
	else if (!strncmp(answer, "exit:", 5))
		kw_buf_printf(buf, "KVM_EXIT_%s", answer + 5);
	else if (*answer == 'E')
		kw_buf_printf(buf, "KVM_RUN fails with %s", answer);
	else
		kw_buf_add(buf, kw_str(answer));
}

static const char *const values[KW_NMSR_TRIES] = {
	[KW_MSR_TRY_ZERO] = "0",
	[KW_MSR_TRY_ONE] = "1",
	[KW_MSR_TRY_ONES] = "all ones",
	[KW_MSR_TRY_SAME] = "what was read",
};

static const char *answer(const struct kw_msr_seen *row, unsigned int which)
{
	return kw_msr_seen_answer(row, (enum kw_msr_try)which);
}

static bool was_tried(const struct kw_msr_seen *row, unsigned int which)
{
	return strcmp(answer(row, which), "-") != 0;
}

/* Did a write before @which get the same answer? */
static bool is_repeated(const struct kw_msr_seen *row, unsigned int which)
{
	for (unsigned int i = KW_MSR_TRY_ZERO; i < which; i++) {
		if (row->answers[i] == row->answers[which])
			return true;
	}
	return false;
}

static bool all_writes_alike(const struct kw_msr_seen *row)
{
	for (unsigned int i = KW_MSR_TRY_ZERO; i < KW_NMSR_TRIES; i++) {
		if (was_tried(row, i) && row->answers[i] != row->answers[KW_MSR_TRY_ZERO])
			return false;
	}
	return true;
}

/* The values whose write got the same answer as @which: "0, all ones". */
static void put_values(struct kw_buf *buf, const struct kw_msr_seen *row, unsigned int which)
{
	for (unsigned int i = which; i < KW_NMSR_TRIES; i++) {
		if (row->answers[i] == row->answers[which])
			kw_buf_printf(buf, "%s%s", i == which ? "" : ", ", values[i]);
	}
}

/* "read ok; write of 0, all ones: ok; of 1: #GP" */
static void put_answers(struct kw_buf *buf, const struct kw_msr_seen *row)
{
	if (all_writes_alike(row) &&
	    row->answers[KW_MSR_TRY_READ] == row->answers[KW_MSR_TRY_ZERO]) {
		KW_BUF_LIT(buf, "read and write ");
		put_answer(buf, answer(row, KW_MSR_TRY_READ));
		return;
	}
	KW_BUF_LIT(buf, "read ");
	put_answer(buf, answer(row, KW_MSR_TRY_READ));
	KW_BUF_LIT(buf, "; write ");
	if (all_writes_alike(row)) {
		put_answer(buf, answer(row, KW_MSR_TRY_ZERO));
		return;
	}
	for (unsigned int i = KW_MSR_TRY_ZERO; i < KW_NMSR_TRIES; i++) {
		if (!was_tried(row, i) || is_repeated(row, i))
			continue;
		kw_buf_printf(buf, "%sof ", i == KW_MSR_TRY_ZERO ? "" : "; ");
		put_values(buf, row, i);
		KW_BUF_LIT(buf, ": ");
		put_answer(buf, answer(row, i));
	}
}

/* Must not be mistaken for what silicon does. */
static void put_emulators(struct kw_buf *buf, enum kw_vendor vendor)
{
	const struct kw_msr_seen_kernel *kernel;
	const char *last = "";

	KW_BUF_LIT(buf, "each on an emulated processor: ");
	for (size_t i = 0; (kernel = kw_msr_seen_kernel_at(i)); i++) {
		if ((vendor != KW_VENDOR_UNKNOWN && vendor != kernel->vendor) ||
		    !strcmp(last, kernel->how))
			continue;
		kw_buf_printf(buf, "%s%s (%s)", *last ? "; " : "", kernel->how,
			      vendor_name(kernel->vendor));
		last = kernel->how;
	}
}

void kw_seen_text(struct kw_lines *lines, uint32_t index, enum kw_vendor vendor)
{
	struct kw_buf buf = { 0 };
	bool any = false;

	for (const struct kw_msr_seen *row = NULL; (row = kw_msr_seen_next(index, row));) {
		if (!is_wanted(row, vendor))
			continue;
		kw_buf_reset(&buf);
		put_kernels(&buf, row, vendor);
		KW_BUF_LIT(&buf, ": ");
		put_answers(&buf, row);
		kw_lines_row(lines, any ? KW_STR("") : KW_STR("seen on"),
			     (struct kw_str){ buf.p, buf.len });
		any = true;
	}
	kw_buf_reset(&buf);
	put_emulators(&buf, vendor);
	if (any)
		kw_lines_row(lines, KW_STR(""), (struct kw_str){ buf.p, buf.len });
	kw_buf_deinit(&buf);
}

static void json_answers(struct kw_json *j, const struct kw_msr_seen *row)
{
	if (was_tried(row, KW_MSR_TRY_READ))
		KW_JSON_TEXT(j, "read", kw_str(answer(row, KW_MSR_TRY_READ)));
	if (was_tried(row, KW_MSR_TRY_ZERO))
		KW_JSON_TEXT(j, "write_zero", kw_str(answer(row, KW_MSR_TRY_ZERO)));
	if (was_tried(row, KW_MSR_TRY_ONE))
		KW_JSON_TEXT(j, "write_one", kw_str(answer(row, KW_MSR_TRY_ONE)));
	if (was_tried(row, KW_MSR_TRY_ONES))
		KW_JSON_TEXT(j, "write_ones", kw_str(answer(row, KW_MSR_TRY_ONES)));
	if (was_tried(row, KW_MSR_TRY_SAME))
		KW_JSON_TEXT(j, "write_same", kw_str(answer(row, KW_MSR_TRY_SAME)));
}

static void json_kernels(struct kw_json *j, const struct kw_msr_seen *row, enum kw_vendor vendor)
{
	const struct kw_msr_seen_kernel *kernel;

	KW_JSON_KEY(j, "kernels");
	kw_json_array(j);
	for (size_t i = 0; (kernel = kw_msr_seen_kernel_at(i)); i++) {
		if (!wanted(row, i, vendor))
			continue;
		kw_json_object(j);
		KW_JSON_TEXT(j, "release", kw_str(kernel->release));
		KW_JSON_TEXT(j, "package", kw_str(kernel->version));
		KW_JSON_TEXT(j, "vendor", kw_str(vendor_name(kernel->vendor)));
		KW_JSON_TEXT(j, "emulator", kw_str(kernel->how));
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}

void kw_seen_json(struct kw_json *j, uint32_t index, enum kw_vendor vendor)
{
	KW_JSON_KEY(j, "seen");
	kw_json_array(j);
	for (const struct kw_msr_seen *row = NULL; (row = kw_msr_seen_next(index, row));) {
		if (!is_wanted(row, vendor))
			continue;
		kw_json_object(j);
		json_kernels(j, row, vendor);
		json_answers(j, row);
		kw_json_object_end(j);
	}
	kw_json_array_end(j);
}
