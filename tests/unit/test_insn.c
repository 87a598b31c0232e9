// SPDX-License-Identifier: MIT
/* Instructions from bytes: kind, text, and what is wrong with bytes that are not one. */
#include "insn_machine.h"

static void at_rip(const char *bytes, enum kw_code_state expected)
{
	machine(64);
	code(bytes);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), expected);
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < KW_NINSN_KINDS; i++)
		assert_non_null(kw_insn_kind_name((enum kw_insn_kind)i));
}

static void kinds(void **state)
{
	(void)state;
	run(64, "<0f> a2", KW_INSN_CPUID, "cpuid");
	assert_true(insn.has_leaf && insn.has_subleaf);
	assert_int_equal(insn.leaf, 0xaabbccdd);
	assert_int_equal(insn.subleaf, 0x55);
	run(64, "<f4>", KW_INSN_HLT, "hlt");
	run(16, "<0f> aa", KW_INSN_RSM, "rsm");
	run(64, "<0f> 01 c2", KW_INSN_VMX, "vmlaunch");
	run(64, "<0f> 01 c1", KW_INSN_VMCALL, "vmcall");
	run(64, "<0f> 01 d9", KW_INSN_VMCALL, "vmmcall");
	run(64, "<0f> 01 d8", KW_INSN_SVM, "vmrun rax");
	run(64, "<66> 0f 01 cc", KW_INSN_VMCALL, "tdcall");
	run(64, "<48> cf", KW_INSN_IRET, "iretq");
	run(64, "<75> 38", KW_INSN_BRANCH, "jnz 0xffffffff8100003a");
	run(64, "<c3>", KW_INSN_BRANCH, "ret");
	run(16, "<0f> 01 16 00 10", KW_INSN_DESCRIPTOR, "lgdt fword ptr [0x1000]");
	run(16, "<8e> d8", KW_INSN_MOV_SEG, "mov ds, ax");
	run(16, "<8c> d8", KW_INSN_DATA, "mov ax, ds");
	run(32, "<17>", KW_INSN_MOV_SEG, "pop ss");
	run(16, "<f3> 0f 1e fb", KW_INSN_ENDBR, "endbr32");
	run(64, "<66> 0f 7f 07", KW_INSN_SIMD, "movdqa xmmword ptr [rdi], xmm0");
	run(64, "<48> 0f ae 27", KW_INSN_FXSTATE, "xsave64 [rdi]");
	memory(0x20002, 0, "rw");
	run(16, "<0f> ae 06 d0 1c", KW_INSN_FXSTATE, "fxsave [0x1cd0]");
	memory(0x401cd0, 512, "w");
	run(64, "<0f> 1f 44 00 00", KW_INSN_NOP, "nop");
	assert_false(insn.has_mem);
	run(64, "<0f> 0b", KW_INSN_UD, "ud2");
	run(64, "<0f> 09", KW_INSN_OTHER, "wbinvd");
	run(64, "<0f> 01 3b", KW_INSN_OTHER, "invlpg byte ptr [rbx]");
	memory(0x2000, 0, "");
}

static void the_own_table_knows_what_zydis_does_not(void **state)
{
	(void)state;
	run(64, "<0f> 01 c6", KW_INSN_WRMSR, "wrmsrns");
	assert_true(insn.has_msr && insn.has_msr_value && insn.msr_value == 0x3f8aabbccdd);
	run(64, "<f2> 0f 01 c6", KW_INSN_RDMSR, "rdmsrlist");
	assert_false(insn.has_msr);
	memory(0x10001, 0, "r");
	run(64, "<f3> 0f 01 c6", KW_INSN_WRMSR, "wrmsrlist");
	run(64, "<f3> 0f 01 ca", KW_INSN_IRET, "eretu");
	run(64, "<f2> 0f 01 ca", KW_INSN_IRET, "erets");
	run(64, "<0f> 01 ca", KW_INSN_OTHER, "clac");
	run(64, "<f2> 0f 00 f7", KW_INSN_MOV_SEG, "lkgs di");
	run(64, "<f2> 0f 00 33", KW_INSN_MOV_SEG, "lkgs word ptr [rbx]");
	memory(0x2000, 2, "r");
	run(64, "<f3> 0f 01 d9", KW_INSN_VMCALL, "vmgexit");
	run(64, "<f2> 0f 01 fd", KW_INSN_OTHER, "rmpread");
	run(64, "<c4> e7 7b f6 c0 1b 00 00 00", KW_INSN_RDMSR, "rdmsr rax, 0x1b");
	assert_true(insn.has_msr && insn.msr == 0x1b && !insn.has_msr_value);
	run(64, "<2e> c4 c7 7a f6 c6 02 01 00 c0", KW_INSN_WRMSR, "wrmsrns 0xc0000102, r14");
	assert_true(insn.has_msr && insn.msr == 0xc0000102);
	assert_true(insn.has_msr_value && insn.msr_value == 0xffff888000000000);
	run(64, "<f2> 41 0f 38 f8 d6", KW_INSN_RDMSR, "urdmsr r14, rdx");
	assert_true(insn.has_msr && insn.msr == 0x3f8);
	run(64, "<f3> 44 0f 38 f8 f2", KW_INSN_WRMSR, "uwrmsr r14, rdx");
	assert_true(!insn.has_msr && insn.has_msr_value && insn.msr_value == 0x3f8);
	/* outside 64-bit mode these bytes are another instruction or none */
	machine(32);
	code("<f3> 0f 01 ca");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_INVALID);
}

static void half_printed_registers_are_not_used_whole(void **state)
{
	(void)state;
	machine(64);
	failure.registers_narrow = true;
	code("<48> 89 0e");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_false(insn.has_mem);
	code("<75> 38");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_string_equal(insn.text, "jnz +0x3a");
	code("<0f> 30");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_true(insn.has_msr && insn.has_msr_value);
}

static void what_is_wrong_with_the_bytes_is_told(void **state)
{
	(void)state;
	at_rip("", KW_CODE_NONE);
	at_rip("0f 30", KW_CODE_NO_MARK);
	at_rip("00 <--> --", KW_CODE_UNREADABLE);
	at_rip("<48> 89 --", KW_CODE_UNREADABLE);
	at_rip("<48> 89", KW_CODE_CUT);
	at_rip("<06> 90", KW_CODE_INVALID);
	at_rip("<00> 00 00 00 00 00 00 00", KW_CODE_ZEROS);
	assert_string_equal(insn.mnemonic, "add");
	at_rip("<ff> ff ff ff ff ff ff ff", KW_CODE_FFS);
	machine(64);
	code("<89> 03");
	kw_failure_forget(&failure, KW_F_cs_attr);
	kw_failure_forget(&failure, KW_F_rip);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_NO_MODE);
	assert_int_equal(insn.length, 0);
	code("<0f> 30"); /* the same in every width */
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_string_equal(insn.text, "wrmsr");
	assert_true(insn.bits == 0 && insn.has_msr);
}

static void emulation_failure_words_stand_in_for_code(void **state)
{
	(void)state;
	machine(64);
	SET(&failure, suberror, 1);
	failure.extra[0] = 1;
	failure.extra[1] = 0x90909090300f0f; /* size 15, 0f 30, padding */
	failure.extra[2] = 0x9090909090909090;
	failure.extra_known = 7;
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_string_equal(insn.text, "wrmsr");
	code("<--> --");
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	failure.extra[0] = 0x30; /* an exit reason: older kernels */
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_UNREADABLE);
	failure.extra[0] = 1;
	SET(&failure, suberror, 3);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(kinds),
		cmocka_unit_test(the_own_table_knows_what_zydis_does_not),
		cmocka_unit_test(half_printed_registers_are_not_used_whole),
		cmocka_unit_test(what_is_wrong_with_the_bytes_is_told),
		cmocka_unit_test(emulation_failure_words_stand_in_for_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
