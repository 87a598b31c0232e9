// SPDX-License-Identifier: MIT
/* Operands from registers: MSR, port, control register, far target, memory. */
#include "insn_machine.h"

static void msr_accesses_have_index_and_value(void **state)
{
	(void)state;
	run(64, "<0f> 30", KW_INSN_WRMSR, "wrmsr");
	assert_true(insn.has_msr && insn.has_msr_value);
	assert_int_equal(insn.msr, 0x55);
	assert_true(insn.msr_value == 0x3f8aabbccdd);
	run(64, "<0f> 32", KW_INSN_RDMSR, "rdmsr");
	assert_true(insn.has_msr && !insn.has_msr_value);
	kw_failure_forget(&failure, KW_F_rcx);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_false(insn.has_msr);
}

static void ports_have_number_size_and_value(void **state)
{
	(void)state;
	run(32, "<ee>", KW_INSN_OUT, "out dx, al");
	assert_true(insn.has_port && insn.has_port_value);
	assert_int_equal(insn.port, 0x3f8);
	assert_int_equal(insn.port_bytes, 1);
	assert_int_equal(insn.port_value, 0xdd);
	run(32, "<e5> 71", KW_INSN_IN, "in eax, 0x71");
	assert_true(insn.has_port && !insn.has_port_value);
	assert_int_equal(insn.port, 0x71);
	assert_int_equal(insn.port_bytes, 4);
	run(16, "<f3> 6d", KW_INSN_INS, "rep insw");
	assert_int_equal(insn.port, 0x3f8);
	assert_int_equal(insn.port_bytes, 2);
	memory(0x300002, 2, "w");
	run(64, "<6e>", KW_INSN_OUTS, "outsb");
	assert_int_equal(insn.port_bytes, 1);
	memory(0x10001, 1, "r");
}

static void control_registers_have_the_value_written(void **state)
{
	(void)state;
	run(64, "<0f> 22 c0", KW_INSN_MOV_CR, "mov cr0, rax");
	assert_true(insn.has_ctl && insn.ctl_write && insn.has_ctl_value && !insn.ctl_is_dr);
	assert_int_equal(insn.ctl_number, 0);
	assert_true(insn.ctl_value == 0x11223344aabbccdd);
	run(32, "<0f> 22 e0", KW_INSN_MOV_CR, "mov cr4, eax");
	assert_int_equal(insn.ctl_number, 4);
	assert_true(insn.ctl_value == 0xaabbccdd);
	run(64, "<0f> 21 f0", KW_INSN_MOV_DR, "mov rax, dr6");
	assert_true(insn.has_ctl && insn.ctl_is_dr && !insn.ctl_write && !insn.has_ctl_value);
	assert_int_equal(insn.ctl_number, 6);
	run(16, "<0f> 01 f0", KW_INSN_MOV_CR, "lmsw ax");
	assert_true(insn.has_ctl && insn.ctl_write && !insn.has_ctl_value);
	run(64, "<0f> 06", KW_INSN_MOV_CR, "clts");
	assert_true(insn.has_ctl && insn.ctl_write);
	run(64, "<0f> 01 d1", KW_INSN_XSETBV, "xsetbv");
	assert_true(insn.has_xcr && insn.xcr == 0x55 && insn.xcr_value == 0x3f8aabbccdd);
}

static void far_targets_are_told(void **state)
{
	(void)state;
	run(16, "<ea> 5b e0 00 f0", KW_INSN_FAR, "jmp far 0xf000:0xe05b");
	assert_true(insn.has_far);
	assert_int_equal(insn.far_sel, 0xf000);
	assert_int_equal(insn.far_off, 0xe05b);
	run(16, "<cb>", KW_INSN_FAR, "ret far");
	assert_false(insn.has_far);
	memory(0x508000, 4, "r");
}

static void memory_is_a_linear_address(void **state)
{
	(void)state;
	run(64, "<48> 89 0e", KW_INSN_DATA, "mov qword ptr [rsi], rcx");
	memory(0x10001, 8, "w");
	run(64, "<41> 81 7e 28 5f 46 56 48", KW_INSN_DATA, "cmp dword ptr [r14+0x28], 0x4856465f");
	memory(0xffff888000000028, 4, "r");
	run(64, "<48> 8b 05 10 00 00 00", KW_INSN_DATA, "mov rax, qword ptr [0xffffffff81000017]");
	memory(0xffffffff81000017, 8, "r");
	run(64, "<65> 48 8b 04 25 10 00 00 00", KW_INSN_DATA, "mov rax, qword ptr gs:[0x10]");
	memory(0xffff888100000010, 8, "r");
	run(64, "<67> 8b 44 88 ff", KW_INSN_DATA, "mov eax, dword ptr [eax+ecx*4-0x1]");
	memory(0xaabbce30, 4, "r");
	run(32, "<8b> 35 00 00 01 00", KW_INSN_DATA, "mov esi, dword ptr [0x10000]");
	memory(0x410000, 4, "r");
	run(16, "<8b> 00", KW_INSN_DATA, "mov ax, word ptr [bx+si]");
	memory(0x402001, 2, "r"); /* si is 0001, the sum has 16 bits */
	run(16, "<8b> 46 fe", KW_INSN_DATA, "mov ax, word ptr [bp-0x2]");
	memory(0x508ffe, 2, "r");
	run(16, "<66> 26 67 8b 9a 00 00 05 00", KW_INSN_DATA,
	    "mov ebx, dword ptr es:[edx+0x50000]");
	memory(0x3503f8, 4, "r");
	run(16, "<2e> 66 83 3e c8 61 00", KW_INSN_DATA, "cmp dword ptr cs:[0x61c8], 0x0");
	memory(0x61c8, 4, "r");
	run(32, "<8d> 00", KW_INSN_DATA, "lea eax, [eax]");
	assert_false(insn.has_mem);
}

static void linear_addresses_are_cut_outside_64_bit_mode(void **state)
{
	(void)state;
	machine(32);
	SET(&failure, ds_base, 0xfffffff0);
	SET(&failure, rbx, 0x20);
	code("<8b> 03");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	memory(0x10, 4, "r");
	kw_failure_forget(&failure, KW_F_ds_base);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_false(insn.has_mem);
}

static void strings_and_stack_have_two_sides(void **state)
{
	(void)state;
	run(64, "<f3> a4", KW_INSN_STRING, "rep movsb");
	memory(0x20002, 1, "w");
	assert_true(insn.has_mem2 && insn.mem2_read && insn.mem2_gva == 0x10001);
	run(16, "<26> a5", KW_INSN_STRING, "movsw");
	memory(0x300002, 2, "w");
	assert_true(insn.has_mem2 && insn.mem2_gva == 0x300001);
	run(64, "<50>", KW_INSN_DATA, "push rax");
	memory(0x7ff8, 8, "w");
	run(16, "<50>", KW_INSN_DATA, "push ax");
	memory(0x507ffe, 2, "w");
	run(64, "<ff> 10", KW_INSN_BRANCH, "call qword ptr [rax]");
	memory(0x11223344aabbccdd, 8, "r");
	assert_true(insn.has_mem2 && insn.mem2_write && insn.mem2_gva == 0x7ff8);
	run(64, "<8f> 04 24", KW_INSN_DATA, "pop qword ptr [rsp]");
	memory(0x8008, 8, "w");
	assert_true(insn.has_mem2 && insn.mem2_read && insn.mem2_gva == 0x8000);
	run(64, "<c9>", KW_INSN_DATA, "leave");
	memory(0x9000, 8, "r");
}

static void bit_strings_reach_beyond_their_operand(void **state)
{
	(void)state;
	run(64, "<0f> ab 0b", KW_INSN_DATA, "bts dword ptr [rbx], ecx");
	memory(0x2008, 4, "rw");
	SET(&failure, rcx, 0xffffffff);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	memory(0x1ffc, 4, "rw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msr_accesses_have_index_and_value),
		cmocka_unit_test(ports_have_number_size_and_value),
		cmocka_unit_test(control_registers_have_the_value_written),
		cmocka_unit_test(far_targets_are_told),
		cmocka_unit_test(memory_is_a_linear_address),
		cmocka_unit_test(linear_addresses_are_cut_outside_64_bit_mode),
		cmocka_unit_test(strings_and_stack_have_two_sides),
		cmocka_unit_test(bit_strings_reach_beyond_their_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
