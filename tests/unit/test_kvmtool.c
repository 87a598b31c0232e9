// SPDX-License-Identifier: MIT
/*
 * kvmtool: real logs if available; otherwise texts made from the format strings of its sources,
 * which are not logs.
 */
#include "parse_text.h"

/* Format-derived, x86/kvm-cpu.c; the bytes around RIP are a WRMSR of our own. */
static const char x86[] =
	"  Error: KVM exit reason: 17 (\"KVM_EXIT_INTERNAL_ERROR\")\n"
	"\n Registers:\n ----------\n"
	" rip: ffffffff81000042   rsp: 0000000000000001 flags: 0000000000010046\n"
	" rax: 0000000000000002   rbx: 0000000000000003   rcx: 0000000000000404\n"
	" rdx: 0000000000000005   rsi: 0000000000000006   rdi: 0000000000000007\n"
	" rbp: 0000000000000008    r8: 0000000000000009    r9: 000000000000000a\n"
	" r10: 000000000000000b   r11: 000000000000000c   r12: 000000000000000d\n"
	" r13: 000000000000000e   r14: 000000000000000f   r15: 0000000000000010\n"
	" cr0: 0000000080050033   cr2: 0000000000000011   cr3: 0000000000012000\n"
	" cr4: 00000000000006f0   cr8: 0000000000000001\n"
	"\n Segment registers:\n ------------------\n"
	" register  selector  base              limit     type  p dpl db s l g avl\n"
	" cs        0010      0000000000000000  ffffffff  0b    1 3   0  1 1 1 1\n"
	" ss        0018      0000000000000000  ffffffff  03    1 0   1  1 0 1 0\n"
	" fs        0000      00000000deadb000  00000000  00    0 0   0  0 0 0 0\n"
	" tr        0040      fffffe0000003000  00004087  0b    1 0   0  0 0 0 0\n"
	" gdt                 fffffe0000001000  0000007f\n"
	" idt                 fffffe0000000000  00000fff\n"
	"\n APIC:\n -----\n"
	" efer: 0000000000000d01  apic base: 00000000fee00d00  nmi: disabled\n"
	"\n Interrupt bitmap:\n -----------------\n"
	" 0000000000000000 0000000000000000 0000000000000000 0000000000000000 \n"
	"\n Code:\n -----\n"
	" rip: [<ffffffff81000042>] <unknown>\n\n"
	" 89 f9 89 f0 <0f> 30 0f 1f 44 00 00 c3\n"
	"\n Stack:\n ------\n"
	" rsp: [<0000000000000001>] \n"
	" 0x00000000: 30 00 00 f0  30 00 00 f0\n"
	"\n Page Tables:\n ------\n"
	" Not in protected mode\n";

static void check_x86(const struct kw_failure *f)
{
	static const uint8_t code[] = { 0x89, 0xf9, 0x89, 0xf0, 0x0f, 0x30,
					0x0f, 0x1f, 0x44, 0x00, 0x00, 0xc3 };

	assert_int_equal(f->class, KW_CLASS_INTERNAL_ERROR);
	assert_int_equal(f->arch, KW_ARCH_X86);
	assert_text(f->text[KW_T_VMM], "kvmtool");
	assert_fact(f, exit_reason, 17);
	assert_fact(f, rip, 0xffffffff81000042);
	assert_fact(f, rsp, 1);
	assert_fact(f, rflags, 0x10046);
	assert_fact(f, rcx, 0x404);
	assert_fact(f, r15, 16);
	assert_fact(f, cr3, 0x12000);
	assert_fact(f, cr8, 1);
	assert_fact(f, efer, 0xd01);
	assert_fact(f, apic_base, 0xfee00d00);
	/* type 11, S, DPL 3, present, AVL, L, G */
	assert_fact(f, cs_attr, 0x0b | 1 << 4 | 3 << 5 | 1 << 7 | 1 << 12 | 1 << 13 | 1 << 15);
	assert_fact(f, ss_attr, 0xc093);
	assert_fact(f, fs_base, 0xdeadb000);
	assert_fact(f, fs_attr, 1 << 16);
	assert_fact(f, tr_sel, 0x40);
	assert_fact(f, tr_limit, 0x4087);
	assert_fact(f, tr_attr, 0x8b);
	assert_fact(f, gdt_base, 0xfffffe0000001000);
	assert_fact(f, idt_limit, 0xfff);
	assert_true(f->code_line_seen);
	assert_int_equal(f->code.len, sizeof(code));
	assert_int_equal(f->code.marked, 4);
	assert_int_equal(f->code.known, (1 << sizeof(code)) - 1);
	assert_memory_equal(f->code.bytes, code, sizeof(code));
}

static void an_x86_dump_is_read_whole(void **state)
{
	struct seen seen = seen_in(KW_STR(x86));

	(void)state;
	assert_int_equal(seen.count, 1);
	check_x86(seen.failure[0]);
	seen_free(&seen);
}

/* As mail programs do it, at the last blank before column 40; headings and the first line stay. */
static void a_wrapped_dump_keeps_its_values(void **state)
{
	char text[sizeof(x86)];
	size_t start = 0, blank = 0, len = strlen(x86);
	struct seen seen;

	(void)state;
	memcpy(text, x86, sizeof(text));
	for (size_t i = (size_t)(strchr(x86, '\n') - x86) + 1; i < len; i++) {
		if (text[i] == '\n') {
			start = i + 1;
			blank = 0;
		} else if (text[i] == ' ' && i > start && memcmp(text + start, " register", 9)) {
			blank = i;
		}
		if (i - start >= 40 && blank) {
			text[blank] = '\n';
			start = blank + 1;
			blank = 0;
		}
	}
	seen = seen_in((struct kw_str){ text, len });
	assert_int_equal(seen.count, 1);
	check_x86(seen.failure[0]);
	seen_free(&seen);
}

static void classes_follow_the_exit_reason(void **state)
{
	static const struct { const char *text; enum kw_class class;
	} lines[] = {
		{ "KVM exit reason: 0 (\"KVM_EXIT_UNKNOWN\")\nKVM exit code: 0x12\n",
		  KW_CLASS_UNKNOWN_EXIT },
		{ "KVM exit reason: 9 (\"KVM_EXIT_FAIL_ENTRY\")\n", KW_CLASS_ENTRY_FAILED },
		{ "  Error: KVM exit reason: 17 (\"KVM_EXIT_INTERNAL_ERROR\")\n",
		  KW_CLASS_INTERNAL_ERROR },
		{ "KVM exit reason: 24 (\"KVM_EXIT_SYSTEM_EVENT\")\n", KW_CLASS_VMM_ERROR },
		{ "KVM_RUN failed: Bad address\n", KW_CLASS_KVM_RUN_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct seen seen = seen_in(kw_str(lines[i].text));

		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.failure[0]->class, lines[i].class);
		assert_int_equal(seen.failure[0]->arch, KW_ARCH_UNKNOWN);
		assert_text(seen.failure[0]->text[KW_T_VMM], "kvmtool");
		if (i == 0)
			assert_fact(seen.failure[0], hardware_exit_reason, 12);
		seen_free(&seen);
	}
}

/* Format-derived, arm/aarch32/kvm-cpu.c and riscv/kvm-cpu.c. */
static void dumps_of_other_machines_are_not_taken_for_x86(void **state)
{
	static const struct { const char *text; enum kw_arch arch;
	} dumps[] = {
		{ "KVM exit reason: 9 (\"KVM_EXIT_FAIL_ENTRY\")\n\n Registers:\n PC:    0x8000c608\n"
		  " CPSR:  0x200000d3\n SP_svc:  0x0\n LR_svc:  0x0\n",
		  KW_ARCH_ARM },
		{ "KVM exit reason: 9 (\"KVM_EXIT_FAIL_ENTRY\")\n\n Registers:\n PC:    0x8000c608\n"
		  " PSTATE:    0x200000d3\n SP_EL1:    0x0\n LR:    0x0\n",
		  KW_ARCH_AARCH64 },
		{ "KVM exit reason: 17 (\"KVM_EXIT_INTERNAL_ERROR\")\n\n Control Status Registers:\n"
		  " ------------------------\n SSTATUS:  0x0000000200000120\n SCAUSE:   0x0000000000000000\n",
		  KW_ARCH_RISCV64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		struct seen seen = seen_in(kw_str(dumps[i].text));

		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.failure[0]->arch, dumps[i].arch);
		assert_false(kw_failure_has_group(seen.failure[0], KW_G_REG));
		seen_free(&seen);
	}
}

static void a_real_x86_log_is_read(void **state)
{
	struct kw_str text = specimen("e_lkvm_x86_ap_unknown.txt");
	struct seen seen = seen_in(text);
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(f->class, KW_CLASS_UNKNOWN_EXIT);
	assert_int_equal(f->arch, KW_ARCH_X86);
	assert_fact(f, exit_reason, 0);
	assert_fact(f, hardware_exit_reason, 0);
	assert_fact(f, rdx, 0x50654);
	assert_fact(f, cs_base, 0x99000);
	assert_fact(f, cs_attr, 0x9b);
	assert_fact(f, ldt_attr, 0x82);
	assert_fact(f, idt_limit, 0xffff);
	assert_int_equal(f->code.len, 64);
	assert_int_equal(f->code.marked, 43);
	assert_int_equal(f->code.bytes[43], 0xfa);
	seen_free(&seen);
	free((char *)text.p);
}

static void real_logs_of_other_machines_are_read(void **state)
{
	static const struct {
		const char *name;
		enum kw_class class;
		enum kw_arch arch;
		const char *errno_;
	} logs[] = {
		{ "e_kvmtool_arm_fail_entry.txt", KW_CLASS_ENTRY_FAILED, KW_ARCH_AARCH64, "" },
		{ "e_lkvm_arm_pmu_einval.txt", KW_CLASS_KVM_RUN_FAILED, KW_ARCH_UNKNOWN,
		  "Invalid argument" },
		{ "e_lkvm_riscv_efault2_quoted.txt", KW_CLASS_KVM_RUN_FAILED, KW_ARCH_RISCV64,
		  "Bad address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		struct kw_str text = specimen(logs[i].name);
		struct seen seen = seen_in(text);

		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.failure[0]->class, logs[i].class);
		assert_int_equal(seen.failure[0]->arch, logs[i].arch);
		assert_text(seen.failure[0]->text[KW_T_VMM], "kvmtool");
		assert_text(seen.failure[0]->text[KW_T_ERRNO], logs[i].errno_);
		seen_free(&seen);
		check_every_prefix(text);
		free((char *)text.p);
	}
}

static void a_cut_dump_harms_nothing(void **state)
{
	(void)state;
	check_every_prefix(KW_STR(x86));
}

static void a_cut_real_log_harms_nothing(void **state)
{
	struct kw_str text = specimen("e_lkvm_x86_ap_unknown.txt");

	(void)state;
	check_every_prefix(text);
	free((char *)text.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_x86_dump_is_read_whole),
		cmocka_unit_test(a_wrapped_dump_keeps_its_values),
		cmocka_unit_test(classes_follow_the_exit_reason),
		cmocka_unit_test(dumps_of_other_machines_are_not_taken_for_x86),
		cmocka_unit_test(a_real_x86_log_is_read),
		cmocka_unit_test(real_logs_of_other_machines_are_read),
		cmocka_unit_test(a_cut_dump_harms_nothing),
		cmocka_unit_test(a_cut_real_log_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
