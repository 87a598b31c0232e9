// SPDX-License-Identifier: MIT
/* Machine-check banks in user space: each answer against the rule, resets, states, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <kvmwhy/mca.h>
#include <linux/kvm.h>

#include "decode/x86/mce_rule.h"

#define ONES UINT64_MAX
#define NO_BIT0 (ONES - 1)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define WREN (UINT64_C(1) << 18)
#define VAL (UINT64_C(1) << 63)
#define OVER (UINT64_C(1) << 62)
#define UC (UINT64_C(1) << 61)

static struct kw_mca made(enum kw_mca_vendor vendor, unsigned int banks, unsigned int flags)
{
	struct kw_mca mca;

	assert_int_equal(kw_mca_init(&mca, vendor, banks, flags), 0);
	return mca;
}

/* The answer to an exit: run->msr.error, or -1 if there was none. */
static int rdmsr(struct kw_mca *mca, uint32_t msr, uint64_t *value)
{
	static struct kvm_run run;

	run.exit_reason = KVM_EXIT_X86_RDMSR;
	run.msr.error = 0;
	run.msr.index = msr;
	run.msr.data = 0x5a5a;
	if (kw_mca_exit(mca, &run) == 0) {
		assert_int_equal(run.msr.data, 0x5a5a);
		return -1;
	}
	*value = run.msr.data;
	return run.msr.error;
}

static int wrmsr(struct kw_mca *mca, uint32_t msr, uint64_t value)
{
	static struct kvm_run run;

	run.exit_reason = KVM_EXIT_X86_WRMSR;
	run.msr.error = 0x7f;
	run.msr.index = msr;
	run.msr.data = value;
	if (kw_mca_exit(mca, &run) == 0) {
		assert_int_equal(run.msr.error, 0x7f);
		return -1;
	}
	assert_int_equal(run.msr.data, value);
	return run.msr.error;
}

static const uint64_t values[] = {
	0, 1, 0x1234, ONES, NO_BIT0, ONES - 0x400, ONES - 0x401, ONES - 2, ONES >> 1, 0x8000,
	0x40007fff, VAL | UC,
};

static void write_as_the_rule_says(const struct kw_mca *from, uint32_t msr, uint64_t value)
{
	const struct kw_mce_write write = {
		.gen = KW_MCE_6_0, .msr = msr, .value = value, .banks = from->mcg_cap & 0xff,
		.amd_compatible = from->vendor == KW_MCA_AMD, .mcstatuswren = from->hwcr & WREN,
		.mcg_ctl_p = from->mcg_cap & KW_MCA_CTL_P,
		.mcg_cmci_p = from->mcg_cap & KW_MCA_CMCI_P,
	};
	struct kw_mce_result rule = kw_mce_rule(&write);
	struct kw_mca mca = *from;
	uint64_t before = 0, after = 0;
	int readable = rdmsr(&mca, msr, &before);

	assert_int_equal(wrmsr(&mca, msr, value), rule.ret);
	if (rule.reason == KW_MCE_CTL_VALUE)
		assert_string_equal(kw_mca_reason(from, msr, value),
				    "MCi_CTL accepts only 0 and all ones (bits 0 and 10 may be "
				    "clear)");
	else
		assert_string_equal(kw_mca_reason(from, msr, value),
				    kw_mce_reason_text(rule.reason));
	assert_int_equal(rdmsr(&mca, msr, &after), readable);
	if (rule.ret) {
		assert_int_equal(after, before);
		assert_memory_equal(&mca, from, sizeof(mca));
	} else {
		assert_int_equal(readable, 0);
		assert_int_equal(after, value);
	}
}

static void every_write_is_answered_by_the_rule(void **state)
{
	static const struct {
		enum kw_mca_vendor vendor;
		unsigned int banks, flags;
		uint64_t hwcr;
	} cpus[] = {
		{ KW_MCA_INTEL, 10, 0, 0 }, { KW_MCA_INTEL, 10, KW_MCA_CTL_P | KW_MCA_SER_P, 0 },
		{ KW_MCA_INTEL, 32, KW_MCA_CTL_P | KW_MCA_CMCI_P, 0 },
		{ KW_MCA_INTEL, 1, KW_MCA_CMCI_P, 0 },
		{ KW_MCA_AMD, 10, KW_MCA_CTL_P, 0 }, { KW_MCA_AMD, 10, 0, WREN },
		{ KW_MCA_AMD, 32, KW_MCA_SER_P, WREN },
	};

	(void)state;
	for (size_t c = 0; c < COUNT(cpus); c++) {
		struct kw_mca mca = made(cpus[c].vendor, cpus[c].banks, cpus[c].flags);

		if (cpus[c].hwcr)
			assert_int_equal(wrmsr(&mca, 0xc0010015, cpus[c].hwcr), 0);
		for (uint32_t msr = 0; msr < 0x1000; msr++)
			for (size_t v = 0; kw_mce_is_msr(msr) && v < COUNT(values); v++)
				write_as_the_rule_says(&mca, msr, values[v]);
	}
}

static void a_guest_masks_correctable_errors_and_reads_it_back(void **state)
{
	struct kw_mca mca = made(KW_MCA_INTEL, 10, 0);
	uint64_t value;

	(void)state;
	assert_int_equal(wrmsr(&mca, 0x404, NO_BIT0), 0);
	assert_int_equal(rdmsr(&mca, 0x404, &value), 0);
	assert_int_equal(value, NO_BIT0);
	assert_int_equal(wrmsr(&mca, 0x404, 0xfffffff0), 1);
	assert_int_equal(rdmsr(&mca, 0x404, &value), 0);
	assert_int_equal(value, NO_BIT0);
}

static void reset_is_that_of_setup_mce(void **state)
{
	struct kw_mca mca = made(KW_MCA_INTEL, 10, KW_MCA_CTL_P | KW_MCA_CMCI_P | KW_MCA_SER_P);
	uint64_t value;

	(void)state;
	assert_int_equal(rdmsr(&mca, 0x179, &value), 0);
	assert_int_equal(value, 0x100050a);
	assert_int_equal(wrmsr(&mca, 0x179, 10), 1);
	assert_int_equal(rdmsr(&mca, 0x17a, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(rdmsr(&mca, 0x17b, &value), 0);
	assert_int_equal(value, ONES);
	for (uint32_t msr = 0x400; msr < 0x428; msr++) {
		assert_int_equal(rdmsr(&mca, msr, &value), 0);
		assert_int_equal(value, msr & 3 ? 0 : ONES);
	}
	assert_int_equal(rdmsr(&mca, 0x428, &value), 1);
	assert_int_equal(rdmsr(&mca, 0x289, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(rdmsr(&mca, 0x28a, &value), 1);
}

static void what_is_not_there_is_gp_to_a_read_too(void **state)
{
	struct kw_mca mca = made(KW_MCA_AMD, 4, 0);
	uint64_t value;

	(void)state;
	assert_int_equal(rdmsr(&mca, 0x17b, &value), 1);
	assert_int_equal(rdmsr(&mca, 0x280, &value), 1);
	assert_int_equal(rdmsr(&mca, 0x410, &value), 1);
	assert_int_equal(value, 0);
}

static void hwcr_is_of_amd_and_lets_mci_status_be_written(void **state)
{
	struct kw_mca amd = made(KW_MCA_AMD, 6, 0), intel = made(KW_MCA_INTEL, 6, 0);
	uint64_t value;

	(void)state;
	assert_int_equal(wrmsr(&intel, 0xc0010015, WREN), -1);
	assert_int_equal(wrmsr(&amd, 0x401, 5), 1);
	assert_int_equal(wrmsr(&amd, 0xc0010015, WREN | 0x148), 0); /* the last three are dropped */
	assert_int_equal(rdmsr(&amd, 0xc0010015, &value), 0);
	assert_int_equal(value, WREN);
	assert_int_equal(wrmsr(&amd, 0x401, 5), 0);
	assert_int_equal(wrmsr(&amd, 0xc0010015, 1), 1);
	assert_int_equal(wrmsr(&amd, 0xc0010015, UINT64_C(1) << 24), 0);
	assert_int_equal(wrmsr(&amd, 0x401, 6), 1);
	assert_int_equal(rdmsr(&amd, 0x401, &value), 0);
	assert_int_equal(value, 5);
	for (int bit = 0; bit < 64; bit++) {
		int taken = bit == 3 || bit == 6 || bit == 8 || bit == 18 || bit == 24;

		assert_int_equal(wrmsr(&amd, 0xc0010015, UINT64_C(1) << bit), !taken);
	}
}

static void other_exits_and_registers_are_not_touched(void **state)
{
	struct kw_mca mca = made(KW_MCA_INTEL, 10, 0);
	struct kvm_run run, before;
	uint64_t value;

	(void)state;
	for (uint32_t reason = 0; reason < 64; reason++) {
		memset(&run, 0xff, sizeof(run));
		run.exit_reason = reason;
		run.msr.index = 0x10;
		before = run;
		assert_int_equal(kw_mca_exit(&mca, &run), 0);
		assert_memory_equal(&run, &before, sizeof(run));
	}
	assert_int_equal(rdmsr(&mca, 0, &value), -1);
	assert_int_equal(rdmsr(&mca, 0x178, &value), -1);
	assert_int_equal(rdmsr(&mca, 0x480, &value), -1);
	assert_int_equal(rdmsr(&mca, ~0u, &value), -1);
	assert_string_equal(kw_mca_reason(&mca, 0x10, 0), "");
}

static void misuse_is_told(void **state)
{
	struct kw_mca mca, none = { .vendor = 0 };
	struct kw_mca_state saved;
	struct kvm_run run = { .exit_reason = KVM_EXIT_HLT };

	(void)state;
	assert_int_equal(kw_mca_init(NULL, KW_MCA_INTEL, 10, 0), -EINVAL);
	assert_int_equal(kw_mca_init(&mca, (enum kw_mca_vendor)0, 10, 0), -EINVAL);
	assert_int_equal(kw_mca_init(&mca, KW_MCA_INTEL, 0, 0), -EINVAL);
	assert_int_equal(kw_mca_init(&mca, KW_MCA_INTEL, 33, 0), -EINVAL);
	assert_int_equal(kw_mca_init(&mca, KW_MCA_INTEL, 10, 0x200), -EINVAL);
	assert_int_equal(kw_mca_init(&mca, KW_MCA_AMD, 10, KW_MCA_CMCI_P), -EINVAL);
	assert_int_equal(kw_mca_exit(NULL, &run), -EINVAL);
	assert_int_equal(kw_mca_exit(&none, &run), -EINVAL);
	mca = made(KW_MCA_INTEL, 10, 0);
	assert_int_equal(kw_mca_exit(&mca, NULL), -EINVAL);
	assert_int_equal(kw_mca_enable(&none, -1), -EINVAL);
	assert_int_equal(kw_mca_enable(&mca, -1), -EOPNOTSUPP);
	assert_int_equal(kw_mca_save(&none, &saved), -EINVAL);
	assert_int_equal(kw_mca_save(&mca, NULL), -EINVAL);
}

static struct kw_mca written(void)
{
	struct kw_mca mca = made(KW_MCA_AMD, 10, KW_MCA_CTL_P);

	assert_int_equal(wrmsr(&mca, 0x404, NO_BIT0), 0);
	assert_int_equal(wrmsr(&mca, 0x17a, 4), 0);
	assert_int_equal(wrmsr(&mca, 0x17b, 0), 0);
	assert_int_equal(wrmsr(&mca, 0xc0010015, WREN), 0);
	assert_int_equal(wrmsr(&mca, 0x405, VAL | 0x1234), 0);
	assert_int_equal(wrmsr(&mca, 0x406, 0xdeadbeef), 0);
	return mca;
}

static void a_state_moves_every_register(void **state)
{
	struct kw_mca from = written(), to = made(KW_MCA_AMD, 10, KW_MCA_CTL_P);
	struct kw_mca_state saved;

	(void)state;
	memset(&saved, 0xa5, sizeof(saved));
	assert_int_equal(sizeof(saved), 16 + 4 * 8 + 32 * 5 * 8);
	assert_int_equal(kw_mca_save(&from, &saved), 0);
	assert_int_equal(saved.version, 1);
	assert_int_equal(saved.reserved, 0);
	assert_int_equal(kw_mca_restore(&to, &saved, sizeof(saved)), 0);
	for (uint32_t msr = 0; msr < 0x1000; msr++) {
		uint64_t a = 0, b = 0;

		assert_int_equal(rdmsr(&from, msr, &a), rdmsr(&to, msr, &b));
		assert_int_equal(a, b);
	}
	assert_int_equal(to.hwcr, WREN);
}

/* Each bit of a state flipped: refused, or a state that a guest could have written. */
static void a_damaged_state_is_refused_or_harmless(void **state)
{
	struct kw_mca from = written(), to = made(KW_MCA_AMD, 10, KW_MCA_CTL_P), before = to;
	unsigned char bytes[sizeof(struct kw_mca_state) + 1];
	struct kw_mca_state saved;
	unsigned int refused = 0;

	(void)state;
	assert_int_equal(kw_mca_save(&from, &saved), 0);
	memcpy(bytes, &saved, sizeof(saved));
	for (size_t len = 0; len <= sizeof(bytes); len++)
		if (len != sizeof(saved))
			assert_int_equal(kw_mca_restore(&to, bytes, len), -EINVAL);
	for (size_t bit = 0; bit < 8 * sizeof(saved); bit++) {
		struct kw_mca_state again;

		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		to = before;
		if (kw_mca_restore(&to, bytes, sizeof(saved))) {
			assert_memory_equal(&to, &before, sizeof(to));
			refused++;
		} else {
			assert_int_equal(kw_mca_save(&to, &again), 0);
			assert_memory_equal(&again, bytes, sizeof(again));
		}
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_true(refused > 4000);
}

static void a_state_of_another_kind_is_told(void **state)
{
	struct kw_mca from = written(), intel = made(KW_MCA_INTEL, 10, KW_MCA_CTL_P),
		      fewer = made(KW_MCA_AMD, 6, KW_MCA_CTL_P), same = written();
	struct kw_mca_state saved;

	(void)state;
	assert_int_equal(kw_mca_save(&from, &saved), 0);
	assert_int_equal(kw_mca_restore(&intel, &saved, sizeof(saved)), -EINVAL);
	assert_int_equal(kw_mca_restore(&fewer, &saved, sizeof(saved)), -EINVAL);
	assert_int_equal(kw_mca_restore(&same, NULL, sizeof(saved)), -EINVAL);
	saved.version = 2;
	assert_int_equal(kw_mca_restore(&same, &saved, sizeof(saved)), -EOPNOTSUPP);
	saved.version = 1;
	saved.mci[1][0] = 5; /* no guest could have written that to MC1_CTL */
	assert_int_equal(kw_mca_restore(&same, &saved, sizeof(saved)), -EINVAL);
}

/* These need no vCPU: nothing is raised. */
static void errors_that_are_not_raised_are_logged_or_masked(void **state)
{
	struct kw_mca mca = made(KW_MCA_INTEL, 10, KW_MCA_CTL_P);
	struct kvm_x86_mce mce = { .status = VAL | 0x17, .addr = 0x1000, .misc = 7, .bank = 1 };
	uint64_t value;

	(void)state;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
	assert_int_equal(rdmsr(&mca, 0x405, &value), 0);
	assert_int_equal(value, VAL | 0x17);
	assert_int_equal(rdmsr(&mca, 0x406, &value), 0);
	assert_int_equal(value, 0x1000);
	mce.addr = 0x2000;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
	assert_int_equal(mca.mci[1][1], VAL | OVER | 0x17);
	assert_int_equal(mca.mci[1][2], 0x2000);
	mce.status = VAL | UC; /* and no action required: no #MC either */
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
	mce.status = VAL;
	mce.addr = 0x3000;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
	assert_int_equal(mca.mci[1][1], VAL | UC | OVER);
	assert_int_equal(mca.mci[1][2], 0x2000);

	mce = (struct kvm_x86_mce){ .status = VAL | UC, .mcg_status = 5, .bank = 2 };
	assert_int_equal(wrmsr(&mca, 0x408, 0), 0); /* MC2_CTL: the bank reports nothing */
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
	assert_int_equal(mca.mci[2][1], 0);
	mce.bank = 10;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), -EINVAL);
	mce.bank = 1;
	mce.status = UC;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), -EINVAL);
	mce.status = VAL | UC;
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), -EBADF);
	assert_int_equal(mca.mcg_status, 0);
	assert_int_equal(wrmsr(&mca, 0x17b, 0), 0); /* MCG_CTL: no bank does */
	assert_int_equal(kw_mca_inject(&mca, -1, &mce), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_is_answered_by_the_rule),
		cmocka_unit_test(a_guest_masks_correctable_errors_and_reads_it_back),
		cmocka_unit_test(reset_is_that_of_setup_mce),
		cmocka_unit_test(what_is_not_there_is_gp_to_a_read_too),
		cmocka_unit_test(hwcr_is_of_amd_and_lets_mci_status_be_written),
		cmocka_unit_test(other_exits_and_registers_are_not_touched),
		cmocka_unit_test(misuse_is_told),
		cmocka_unit_test(a_state_moves_every_register),
		cmocka_unit_test(a_damaged_state_is_refused_or_harmless),
		cmocka_unit_test(a_state_of_another_kind_is_told),
		cmocka_unit_test(errors_that_are_not_raised_are_logged_or_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
