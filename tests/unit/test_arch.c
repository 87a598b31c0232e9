// SPDX-License-Identifier: MIT
/* Which architecture a text is from: none without a sign; and what each architecture's row has. */
#include "decode/arch.h"
#include "parse_text.h"

static enum kw_arch arch_of(const char *text)
{
	struct seen seen = seen_in(kw_str(text));
	enum kw_arch arch;

	assert_int_equal(seen.count, 1);
	arch = seen.failure[0]->arch;
	seen_free(&seen);
	return arch;
}

static void without_a_sign_the_machine_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(arch_of("error: kvm run failed Bad address\n"), KW_ARCH_UNKNOWN);
	assert_int_equal(arch_of("KVM: entry failed, hardware error 0x1\n"), KW_ARCH_UNKNOWN);
	assert_int_equal(arch_of("KVM internal error. Suberror: 0\n"), KW_ARCH_UNKNOWN);
}

static void a_number_that_only_x86_gives_is_a_sign(void **state)
{
	(void)state;
	assert_int_equal(arch_of("KVM: entry failed, hardware error 0x80000021\n"), KW_ARCH_X86);
	assert_int_equal(arch_of("KVM: entry failed, hardware error 0xffffffff\n"), KW_ARCH_X86);
	assert_int_equal(arch_of("KVM internal error. Suberror: 3\n"), KW_ARCH_X86);
}

static void a_fact_of_one_architecture_is_a_sign(void **state)
{
	(void)state;
	assert_int_equal(
		arch_of("error: kvm run failed Bad address\nEAX=00000001 EBX=00000002 ECX=00000003 EDX=00000004\n"),
		KW_ARCH_X86);
	assert_int_equal(
		arch_of("error: kvm run failed Bad address\nPC=0000000040080000 X00=0000000000000000\n"),
		KW_ARCH_AARCH64);
}

static void every_architecture_has_its_words_and_only_x86_its_decoders(void **state)
{
	(void)state;
	for (enum kw_arch arch = KW_ARCH_UNKNOWN; arch < KW_NARCHES; arch++) {
		const struct kw_arch_row *row = kw_arch_row(arch);

		assert_int_equal(!row->qemu || !row->source || !row->set_regs,
				 arch == KW_ARCH_UNKNOWN);
		assert_int_equal(row->mode && row->bits && row->pc && row->insn && row->listing &&
					 row->place && row->oddities,
				 arch == KW_ARCH_X86);
		assert_non_null(kw_arch_name(arch));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_sign_the_machine_is_unknown),
		cmocka_unit_test(a_number_that_only_x86_gives_is_a_sign),
		cmocka_unit_test(a_fact_of_one_architecture_is_a_sign),
		cmocka_unit_test(every_architecture_has_its_words_and_only_x86_its_decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
