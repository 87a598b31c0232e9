// SPDX-License-Identifier: MIT
/* What KVM was observed to do: look-ups, and that the generated rows are consistent. */
#include "decode/x86/msr_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A release's answer on a vendor's processor, or NULL. */
static const char *seen(uint32_t index, const char *release, enum kw_vendor vendor,
			enum kw_msr_try which)
{
	const struct kw_msr_seen_kernel *kernel;

	for (const struct kw_msr_seen *row = NULL; (row = kw_msr_seen_next(index, row));) {
		for (size_t i = 0; (kernel = kw_msr_seen_kernel_at(i)); i++) {
			if (kw_msr_seen_by(row, i) && kernel->vendor == vendor &&
			    !strncmp(kernel->release, release, strlen(release)))
				return kw_msr_seen_answer(row, which);
		}
	}
	return NULL;
}

static void expect(uint32_t index, const char *release, enum kw_vendor vendor,
		   enum kw_msr_try which, const char *want)
{
	const char *have = seen(index, release, vendor, which);

	assert_non_null(have);
	assert_string_equal(have, want);
}

static void mci_ctl_takes_all_ones_and_not_one(void **state)
{
	static const char *const releases[] = { "5.10.", "6.1.", "6.12." };

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		expect(0x404, releases[i], KW_VENDOR_AMD, KW_MSR_TRY_READ, "ok");
		expect(0x404, releases[i], KW_VENDOR_AMD, KW_MSR_TRY_ONES, "ok");
		expect(0x404, releases[i], KW_VENDOR_AMD, KW_MSR_TRY_ONE, "#GP");
		expect(0x405, releases[i], KW_VENDOR_AMD, KW_MSR_TRY_ONES, "#GP");
	}
	expect(0x404, "6.1.", KW_VENDOR_INTEL, KW_MSR_TRY_ONE, "#GP");
}

static void kernels_are_told_apart(void **state)
{
	(void)state;
	expect(0x201, "5.10.", KW_VENDOR_AMD, KW_MSR_TRY_ONES, "#DF");
	expect(0x201, "6.1.", KW_VENDOR_AMD, KW_MSR_TRY_ONES, "#GP");
	expect(0x40000003, "5.10.", KW_VENDOR_AMD, KW_MSR_TRY_ONE, "exit:SYSTEM_EVENT");
}

static void what_was_not_tried_says_so(void **state)
{
	(void)state;
	expect(0x20, "6.1.", KW_VENDOR_AMD, KW_MSR_TRY_READ, "#GP(unknown)");
	expect(0x20, "6.1.", KW_VENDOR_AMD, KW_MSR_TRY_SAME, "-");
	assert_null(kw_msr_seen_next(0xdeadbeef, NULL));
	assert_null(kw_msr_seen_next(UINT32_MAX, NULL));
}

static void no_kernel_answers_twice(void **state)
{
	static const uint32_t indices[] = {
		0, 0x10, 0x20, 0x1a0, 0x201, 0x404, 0x808, 0x838, 0x40000003, 0xc0000080,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
		unsigned int kernels = 0;

		for (const struct kw_msr_seen *row = NULL;
		     (row = kw_msr_seen_next(indices[i], row));) {
			assert_int_equal(kernels & row->kernels, 0);
			kernels |= row->kernels;
		}
		assert_int_not_equal(kernels, 0);
	}
}

static void kernels_of_a_vendor_are_neighbours(void **state)
{
	const struct kw_msr_seen_kernel *kernel, *last = kw_msr_seen_kernel_at(0);
	size_t changes = 0;

	(void)state;
	assert_non_null(last);
	for (size_t i = 1; (kernel = kw_msr_seen_kernel_at(i)); i++) {
		changes += kernel->vendor != last->vendor;
		last = kernel;
	}
	assert_true(changes <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mci_ctl_takes_all_ones_and_not_one),
		cmocka_unit_test(kernels_are_told_apart),
		cmocka_unit_test(what_was_not_tried_says_so),
		cmocka_unit_test(no_kernel_answers_twice),
		cmocka_unit_test(kernels_of_a_vendor_are_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
