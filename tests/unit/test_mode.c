// SPDX-License-Identifier: MIT
/* The mode of the code bytes, from every combination of the facts that matter. */
#include "decode/x86/mode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SET(f, name, value) kw_failure_set((f), KW_F_##name, (value), KW_SEEN, KW_NO_LINE)

/* Access rights, VMX format. */
enum { CS16 = 0x9b, CS32 = 0xc09b, CS64 = 0xa09b };

static struct kw_failure failure;

static struct kw_failure *machine(uint64_t cr0, uint64_t cr4, uint64_t rflags, uint64_t efer,
				  uint64_t cs_attr)
{
	kw_failure_init(&failure, NULL);
	failure.arch = KW_ARCH_X86;
	SET(&failure, cr0, cr0);
	SET(&failure, cr4, cr4);
	SET(&failure, rflags, rflags);
	SET(&failure, efer, efer);
	SET(&failure, cs_attr, cs_attr);
	return &failure;
}

static void forget(enum kw_fact fact)
{
	kw_failure_forget(&failure, fact);
}

static void expect(enum kw_mode mode, unsigned int bits)
{
	const char *why = NULL;

	assert_string_equal(kw_mode_name(kw_mode_of(&failure, &why)), kw_mode_name(mode));
	assert_int_equal(kw_mode_bits(&failure), bits);
	assert_non_null(why);
}

static void the_five_bits_give_the_mode(void **state)
{
	static const struct {
		uint64_t cr0, cr4, rflags, efer, attr;
		enum kw_mode mode;
		unsigned int bits;
	} cases[] = {
		{ 0x60000010, 0, 2, 0, CS16, KW_MODE_REAL16, 16 },
		{ 0x60000010, 0, 2, 0, CS32, KW_MODE_REAL16, 32 },
		{ 0x00000011, 0, 2, 0, CS16, KW_MODE_PROTECTED16, 16 },
		{ 0x00000011, 0, 2, 0, CS32, KW_MODE_PROTECTED32, 32 },
		{ 0x00000011, 0, 0x20002, 0, 0xf3, KW_MODE_VM86, 16 },
		{ 0x80000011, 0x20, 2, 0x500, CS16, KW_MODE_COMPAT16, 16 },
		{ 0x80000011, 0x20, 2, 0x500, CS32, KW_MODE_COMPAT32, 32 },
		{ 0x80050033, 0x20, 2, 0xd01, CS64, KW_MODE_LONG64, 64 },
		{ 0x80000011, 0x20, 2, 0x100, CS64, KW_MODE_PROTECTED16, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine(cases[i].cr0, cases[i].cr4, cases[i].rflags, cases[i].efer, cases[i].attr);
		expect(cases[i].mode, cases[i].bits);
	}
}

static void the_register_names_do_not_matter(void **state)
{
	(void)state;
	machine(0x80050033, 0x20, 2, 0xd01, CS64)->registers_narrow = true;
	expect(KW_MODE_LONG64, 64);
	machine(0x60000010, 0, 2, 0, CS16)->registers_narrow = false;
	expect(KW_MODE_REAL16, 16);
}

static void missing_facts_leave_the_mode_open_only_where_they_matter(void **state)
{
	(void)state;
	machine(0x60000010, 0, 2, 0, CS16);
	forget(KW_F_efer);
	forget(KW_F_rflags);
	expect(KW_MODE_REAL16, 16);
	forget(KW_F_cs_attr);
	expect(KW_MODE_REAL16, 0);

	machine(0x80000011, 0x20, 2, 0, CS32);
	forget(KW_F_efer);
	failure.registers_narrow = true;
	expect(KW_MODE_UNKNOWN, 32);
	failure.registers_narrow = false;
	expect(KW_MODE_UNKNOWN, 32);

	machine(0x80000011, 0x0, 2, 0, CS32);
	forget(KW_F_efer); /* no PAE, so no IA-32e mode */
	expect(KW_MODE_PROTECTED32, 32);

	machine(0x80050033, 0x20, 2, 0xd01, CS64);
	forget(KW_F_efer);
	expect(KW_MODE_LONG64, 64);
	failure.registers_narrow = true;
	expect(KW_MODE_UNKNOWN, 0);

	machine(0x80050033, 0x20, 2, 0xd01, 0);
	forget(KW_F_cs_attr);
	expect(KW_MODE_UNKNOWN, 0);
	SET(&failure, rip, 0xffffffff81000000);
	expect(KW_MODE_LONG64, 64);

	machine(0, 0, 2, 0, CS32);
	forget(KW_F_cr0);
	forget(KW_F_cr4);
	forget(KW_F_efer);
	expect(KW_MODE_UNKNOWN, 32);

	kw_failure_init(&failure, NULL);
	expect(KW_MODE_UNKNOWN, 0);
}

static void a_cs_that_never_ran_is_no_mode(void **state)
{
	(void)state;
	machine(0x60000010, 0, 0, 0, 0x80);
	expect(KW_MODE_UNKNOWN, 0);
	/* mid-RSM: CS null with a limit that RIP exceeds */
	machine(0x80050033, 0x606b0, 2, 0xd01, CS16);
	SET(&failure, cs_sel, 0);
	SET(&failure, cs_limit, 0xfff);
	SET(&failure, rip, 0x7ffb4280);
	expect(KW_MODE_UNKNOWN, 0);
	SET(&failure, rip, 0x280);
	expect(KW_MODE_COMPAT16, 16);
}

static void entry_controls_tell_ia32e_mode(void **state)
{
	(void)state;
	kw_failure_init(&failure, NULL);
	SET(&failure, vmcs_cr0, 0x80000031);
	SET(&failure, vmcs_cr4, 0x2060);
	SET(&failure, vmcs_rflags, 2);
	SET(&failure, vmcs_cs_attr, CS64);
	SET(&failure, vmcs_entry_controls, 0xd1ff);
	expect(KW_MODE_PROTECTED16, 16);
	SET(&failure, vmcs_entry_controls, 0xd3ff);
	expect(KW_MODE_LONG64, 64);
}

static void the_read_shadow_tells_what_the_guest_believes(void **state)
{
	(void)state;
	kw_failure_init(&failure, NULL);
	SET(&failure, vmcs_cr0,
	    0x80000031); /* real mode as virtual-8086 mode, without unrestricted guest */
	SET(&failure, vmcs_cr0_shadow, 0x60000010);
	SET(&failure, vmcs_cr0_mask, 0xfffffffffffffff7);
	SET(&failure, vmcs_rflags, 0x23002);
	SET(&failure, vmcs_cs_attr, 0xf3);
	expect(KW_MODE_REAL16, 16);
}

static void amd_attributes_are_packed(void **state)
{
	(void)state;
	kw_failure_init(&failure, NULL);
	SET(&failure, vmcb_cr0, 0x8005003b);
	SET(&failure, vmcb_cr4, 0x406e0);
	SET(&failure, vmcb_rflags, 0x46);
	SET(&failure, vmcb_efer, 0x1d01);
	SET(&failure, vmcb_cs_attr, 0x29b);
	expect(KW_MODE_LONG64, 64);
	SET(&failure, vmcb_cs_attr, 0xc9b);
	expect(KW_MODE_COMPAT32, 32);
}

static void linear_rip_is_cut_to_the_mode(void **state)
{
	uint64_t rip = 0;

	(void)state;
	machine(0x60000010, 0, 2, 0, CS16);
	SET(&failure, rip, 0xfff0);
	assert_false(kw_linear_rip(&failure, &rip));
	SET(&failure, cs_base, 0xffff0000);
	assert_true(kw_linear_rip(&failure, &rip));
	assert_int_equal(rip, 0xfffffff0);
	SET(&failure, rip, 0x10000);
	assert_true(kw_linear_rip(&failure, &rip));
	assert_int_equal(rip, 0);

	machine(0x80050033, 0x20, 2, 0xd01, CS64);
	SET(&failure, rip, 0xffffffff81000000);
	assert_true(kw_linear_rip(&failure, &rip));
	assert_true(rip == 0xffffffff81000000);
	failure.registers_narrow = true;
	assert_false(kw_linear_rip(&failure, &rip));
}

static void canonical_depends_on_la57(void **state)
{
	(void)state;
	machine(0x80050033, 0x20, 2, 0xd01, CS64);
	assert_true(kw_canonical(&failure, 0x00007fffffffffff));
	assert_false(kw_canonical(&failure, 0x0000800000000000));
	assert_true(kw_canonical(&failure, 0xffff800000000000));
	assert_false(kw_canonical(&failure, 0xfffe800000000000));
	SET(&failure, cr4, 0x1020);
	assert_true(kw_canonical(&failure, 0x0000800000000000));
	assert_false(kw_canonical(&failure, 0x0100000000000000));
	assert_true(kw_canonical(&failure, 0xff00000000000000));
	forget(KW_F_cr4);
	assert_true(kw_canonical(&failure, 0x0000800000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_five_bits_give_the_mode),
		cmocka_unit_test(the_register_names_do_not_matter),
		cmocka_unit_test(missing_facts_leave_the_mode_open_only_where_they_matter),
		cmocka_unit_test(a_cs_that_never_ran_is_no_mode),
		cmocka_unit_test(entry_controls_tell_ia32e_mode),
		cmocka_unit_test(the_read_shadow_tells_what_the_guest_believes),
		cmocka_unit_test(amd_attributes_are_packed),
		cmocka_unit_test(linear_rip_is_cut_to_the_mode),
		cmocka_unit_test(canonical_depends_on_la57),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
