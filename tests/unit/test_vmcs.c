// SPDX-License-Identifier: MIT
/*
 * The VMCS dump: real logs if available; otherwise texts made from the format strings of Linux
 * dump_vmcs() and Xen vmcs_dump_vcpu(), which are not logs.
 */
#include "parse_text.h"

/* Format-derived, Linux 7.x: header, prefix, effective EFER, lists, CET, #VE, joined pr_cont. */
static const char linux_7[] =
	"[   10.000001] kvm_intel: VMCS 00000000c0ffee00, last attempted VM-entry on CPU 13\n"
	"[   10.000002] kvm_intel: *** Guest State ***\n"
	"[   10.000003] kvm_intel: CR0: actual=0x0000000080050033, shadow=0x0000000080050031, gh_mask=fffffffffffefff7\n"
	"[   10.000004] kvm_intel: CR4: actual=0x00000000003726f0, shadow=0x00000000003706f0, gh_mask=fffffffffffef871\n"
	"[   10.000005] kvm_intel: CR3 = 0x0000000001234000\n"
	"[   10.000006] kvm_intel: RSP = 0xffffc90000003e58  RIP = 0xffffffff81000042\n"
	"[   10.000007] kvm_intel: RFLAGS=0x00010046         DR7 = 0x0000000000000400\n"
	"[   10.000008] kvm_intel: Sysenter RSP=fffffe0000002000 CS:RIP=0010:ffffffff81801590\n"
	"[   10.000009] kvm_intel: CS:   sel=0x0010, attr=0x0a09b, limit=0xffffffff, base=0x0000000000000000\n"
	"[   10.000010] kvm_intel: GDTR:                           limit=0x0000007f, base=0xfffffe0000001000\n"
	"[   10.000011] kvm_intel: TR:   sel=0x0040, attr=0x0008b, limit=0x00004087, base=0xfffffe0000003000\n"
	"[   10.000012] kvm_intel: EFER= 0x0000000000000d01 (effective)\n"
	"[   10.000013] kvm_intel: PAT = 0x0407050600070106\n"
	"[   10.000014] kvm_intel: DebugCtl = 0x0000000000000001  DebugExceptions = 0x0000000000004000\n"
	"[   10.000015] kvm_intel: PerfGlobCtl = 0x000000000000000f\n"
	"[   10.000016] kvm_intel: BndCfgS = 0x0000000000000003\n"
	"[   10.000017] kvm_intel: Interruptibility = 00000002  ActivityState = 00000001\n"
	"[   10.000018] kvm_intel: InterruptStatus = 00ec\n"
	"[   10.000019] kvm_intel: MSR guest autoload:\n"
	"[   10.000020] kvm_intel:    0: msr=0x00000600 value=0x0000000000000007\n"
	"[   10.000021] kvm_intel: MSR autostore:\n"
	"[   10.000022] kvm_intel:    0: msr=0x00000010 value=0x0000000000000008\n"
	"[   10.000023] kvm_intel: S_CET = 0x0000000000000002, SSP = 0x0000000000000ff8, SSP TABLE = 0x0000000000000055\n"
	"[   10.000024] kvm_intel: *** Host State ***\n"
	"[   10.000025] kvm_intel: RIP = 0xffffffffc0b064ff  RSP = 0xffffaf14ccf87d10\n"
	"[   10.000026] kvm_intel: CS=0010 SS=0018 DS=0000 ES=0000 FS=0000 GS=0000 TR=0040\n"
	"[   10.000027] kvm_intel: CR0=0000000080050033 CR3=000000029800c004 CR4=00000000003726e0\n"
	"[   10.000028] kvm_intel: EFER= 0x0000000000000d05\n"
	"[   10.000029] kvm_intel: S_CET = 0x0000000000000001, SSP = 0x0000000000000000, SSP TABLE = 0x0000000000000066\n"
	"[   10.000030] kvm_intel: *** Control State ***\n"
	"[   10.000031] kvm_intel: CPUBased=0xb5a06dfa SecondaryExec=0x00032ff2 TertiaryExec=0x0000000000000010\n"
	"[   10.000032] kvm_intel: PinBased=0x000000ff EntryControls=0000d3ff ExitControls=002befff\n"
	"[   10.000033] kvm_intel: ExceptionBitmap=00060042 PFECmask=00000009 PFECmatch=00000001\n"
	"[   10.000034] kvm_intel: VMEntry: intr_info=80000b0e errcode=00000002 ilen=00000003\n"
	"[   10.000035] kvm_intel: VMExit: intr_info=00000004 errcode=00000005 ilen=00000006\n"
	"[   10.000036] kvm_intel:         reason=80000022 qualification=0000000000000007\n"
	"[   10.000037] kvm_intel: IDTVectoring: info=80000020 errcode=00000008\n"
	"[   10.000038] kvm_intel: TSC Offset = 0xfffe2c437c9ab552\n"
	"[   10.000039] kvm_intel: TSC Multiplier = 0x0001000000000000\n"
	"[   10.000040] kvm_intel: SVI|RVI = 31|ec TPR Threshold = 0x0a\n"
	"[   10.000041] kvm_intel: APIC-access addr = 0x0000000145160000 virt-APIC addr = 0x00000002a3014000\n"
	"[   10.000042] kvm_intel: PostedIntrVec = 0xf2\n"
	"[   10.000043] kvm_intel: EPT pointer = 0x000000012dfe705e\n"
	"[   10.000044] kvm_intel: PLE Gap=00000080 Window=00001000\n"
	"[   10.000045] kvm_intel: Virtual processor ID = 0x0009\n"
	"[   10.000046] kvm_intel: VE info address = 0x0000000100aa0000(corrupted!)\n"
	"[   10.000047] kvm_intel: ve_info: 0x00000000 0xffffffff 0x0000000000000000 0x0000000000000000 0x0000000000000000 0x0000\n";

static void check_linux_7(const struct kw_failure *f)
{
	assert_int_equal(f->class, KW_CLASS_VMCS_DUMP);
	assert_int_equal(f->arch, KW_ARCH_X86);
	assert_fact(f, cpu, 13);
	assert_fact(f, vmcs_cr0, 0x80050033);
	assert_fact(f, vmcs_cr0_shadow, 0x80050031);
	assert_fact(f, vmcs_cr0_mask, 0xfffffffffffefff7);
	assert_fact(f, vmcs_cr4, 0x3726f0);
	assert_fact(f, vmcs_cr3, 0x1234000);
	assert_fact(f, vmcs_rsp, 0xffffc90000003e58);
	assert_fact(f, vmcs_rip, 0xffffffff81000042);
	assert_fact(f, vmcs_rflags, 0x10046);
	assert_fact(f, vmcs_dr7, 0x400);
	assert_fact(f, vmcs_sysenter_esp, 0xfffffe0000002000);
	assert_fact(f, vmcs_sysenter_cs, 0x10);
	assert_fact(f, vmcs_sysenter_eip, 0xffffffff81801590);
	assert_fact(f, vmcs_cs_attr, 0xa09b);
	assert_fact(f, vmcs_gdtr_limit, 0x7f);
	assert_fact(f, vmcs_gdtr_base, 0xfffffe0000001000);
	assert_fact(f, vmcs_tr_base, 0xfffffe0000003000);
	assert_fact(f, vmcs_efer, 0xd01);
	assert_fact(f, vmcs_pat, 0x0407050600070106);
	assert_fact(f, vmcs_debugctl, 1);
	assert_fact(f, vmcs_pending_dbg, 0x4000);
	assert_fact(f, vmcs_perf_global_ctrl, 0xf);
	assert_fact(f, vmcs_bndcfgs, 3);
	assert_fact(f, vmcs_interruptibility, 2);
	assert_fact(f, vmcs_activity_state, 1);
	assert_fact(f, vmcs_interrupt_status, 0xec);
	assert_fact(f, vmcs_s_cet, 2);
	assert_fact(f, vmcs_ssp, 0xff8);
	assert_fact(f, vmcs_ssp_table, 0x55);
	assert_fact(f, vmcs_host_rip, 0xffffffffc0b064ff);
	assert_fact(f, vmcs_host_tr, 0x40);
	assert_fact(f, vmcs_host_cr3, 0x29800c004);
	assert_fact(f, vmcs_host_efer, 0xd05);
	assert_fact(f, vmcs_host_s_cet, 1);
	assert_fact(f, vmcs_host_ssp_table, 0x66);
	assert_false(kw_has(f, vmcs_host_pat));
	assert_fact(f, vmcs_cpu_based, 0xb5a06dfa);
	assert_fact(f, vmcs_tertiary, 0x10);
	assert_fact(f, vmcs_pin_based, 0xff);
	assert_fact(f, vmcs_exit_controls, 0x2befff);
	assert_fact(f, vmcs_pfec_mask, 9);
	assert_fact(f, vmcs_pfec_match, 1);
	assert_fact(f, vmcs_entry_intr_info, 0x80000b0e);
	assert_fact(f, vmcs_entry_error_code, 2);
	assert_fact(f, vmcs_entry_insn_len, 3);
	assert_fact(f, vmcs_exit_intr_info, 4);
	assert_fact(f, vmcs_exit_error_code, 5);
	assert_fact(f, vmcs_exit_insn_len, 6);
	assert_fact(f, vmcs_reason, 0x80000022);
	assert_fact(f, hardware_error, 0x80000022);
	assert_fact(f, vmcs_qualification, 7);
	assert_fact(f, vmcs_idt_info, 0x80000020);
	assert_fact(f, vmcs_idt_error_code, 8);
	assert_fact(f, vmcs_tsc_offset, 0xfffe2c437c9ab552);
	assert_fact(f, vmcs_tsc_multiplier, 1ull << 48);
	assert_fact(f, vmcs_svi, 0x31);
	assert_fact(f, vmcs_rvi, 0xec);
	assert_fact(f, vmcs_tpr_threshold, 0xa);
	assert_fact(f, vmcs_apic_access, 0x145160000);
	assert_fact(f, vmcs_virt_apic, 0x2a3014000);
	assert_fact(f, vmcs_posted_intr_vec, 0xf2);
	assert_fact(f, vmcs_ept_pointer, 0x12dfe705e);
	assert_fact(f, vmcs_ple_gap, 0x80);
	assert_fact(f, vmcs_ple_window, 0x1000);
	assert_fact(f, vmcs_vpid, 9);
	assert_fact(f, vmcs_ve_info, 0x100aa0000);
	/* guest state is not taken for the registers of a VMM's dump */
	assert_false(kw_failure_has_group(f, KW_G_REG) || kw_failure_has_group(f, KW_G_SYS));
}

static void a_dump_of_linux_7_is_read_whole(void **state)
{
	struct seen seen = seen_in(KW_STR(linux_7));

	(void)state;
	assert_int_equal(seen.count, 1);
	check_linux_7(seen.failure[0]);
	assert_int_equal(seen.failure[0]->first_line, 1);
	seen_free(&seen);
}

/* Breaks the text between any two words, so that each word has its own line. */
static void a_line_break_between_any_two_words_changes_nothing(void **state)
{
	char text[sizeof(linux_7)];
	size_t len = 0;
	struct seen seen;

	(void)state;
	for (const char *p = linux_7; *p; p = strchr(p, '\n') + 1) {
		const char *from = strstr(p, "kvm_intel: ") + 11, *end = strchr(p, '\n');
		/* headings and lists are separate lines and stay whole */
		bool whole = *from == '*' || strncmp(from, "VMCS", 4) == 0 ||
			     strncmp(from, "MSR", 3) == 0 || strncmp(from, "ve_info", 7) == 0 ||
			     memmem(from, (size_t)(end - from), "msr=", 4);

		for (; from <= end; from++) {
			bool blank = *from == ' ' && from[1] != '=' && from[1] != ' ';

			text[len++] = blank && !whole ? '\n' : *from;
		}
	}
	seen = seen_in((struct kw_str){ text, len });
	assert_int_equal(seen.count, 1);
	check_linux_7(seen.failure[0]);
	seen_free(&seen);
}

/* Format-derived, Xen 4.x. */
static const char xen[] =
	"(XEN) d1v2 vmentry failure (reason 0x80000021): Invalid guest state (0)\n"
	"(XEN) ************* VMCS Area **************\n"
	"(XEN) *** Guest State ***\n"
	"(XEN) CR0: actual=0x0000000080000039, shadow=0x0000000000000011, gh_mask=ffffffffffffffff\n"
	"(XEN) CR4: actual=0x0000000000002050, shadow=0x0000000000000000, gh_mask=ffffffffffffffff\n"
	"(XEN) CR3 = 0x00000000feffc000\n"
	"(XEN) PDPTE0 = 0x0000000000000001  PDPTE1 = 0x0000000000000002\n"
	"(XEN) PDPTE2 = 0x0000000000000003  PDPTE3 = 0x0000000000000004\n"
	"(XEN) RSP = 0x0000000000006fdc (0x0000000000006fdc)  RIP = 0x0000000000100000 (0x0000000000100000)\n"
	"(XEN) RFLAGS=0x00000002 (0x00000002)  DR7 = 0x0000000000000400\n"
	"(XEN) Sysenter RSP=0000000000000000 CS:RIP=0000:0000000000000000\n"
	"(XEN)        sel  attr  limit   base\n"
	"(XEN)   CS: 0008 0c09b ffffffff 0000000000000000\n"
	"(XEN) GDTR:            0000ffff 00000000000009f8\n"
	"(XEN)   TR: 0018 0008b 000000ff 0000000000000123\n"
	"(XEN) EFER(VMCS) = 0x0000000000000500  PAT = 0x0007040600070406\n"
	"(XEN) PreemptionTimer = 0x00000000  SM Base = 0x00000000\n"
	"(XEN) DebugCtl = 0x0000000000000000  DebugExceptions = 0x0000000000000000\n"
	"(XEN) PerfGlobCtl = 0x0000000000000001  BndCfgS = 0x0000000000000002\n"
	"(XEN) Interruptibility = 00000000  ActivityState = 00000000\n"
	"(XEN) *** Host State ***\n"
	"(XEN) RIP = 0xffff82d040200000 (vmx_asm_vmexit_handler)  RSP = 0xffff83007fffff70\n"
	"(XEN) FSBase=0000000000000000 GSBase=0000000000000000 TRBase=ffff82d040500000\n"
	"(XEN) *** Control State ***\n"
	"(XEN) PinBased=0000003f CPUBased=b6a065fa SecondaryExec=000054eb\n"
	"(XEN) EntryControls=0000d1ff ExitControls=002fefff\n"
	"(XEN)         reason=80000021 qualification=0000000000000000\n"
	"(XEN) TSC Offset = 0x0000000000000000  TSC Multiplier = 0x0001000000000000\n"
	"(XEN) TPR Threshold = 0x00  PostedIntrVec = 0xf4\n"
	"(XEN) EPT pointer = 0x000000083fd7f01e  EPTP index = 0x0000\n"
	"(XEN) CR3 target0=0000000000000011 target1=0000000000000022\n"
	"(XEN) Virtual processor ID = 0x0007 VMfunc controls = 0000000000000000\n"
	"(XEN) **************************************\n";

static void a_dump_of_xen_is_read(void **state)
{
	struct seen seen = seen_in(KW_STR(xen));
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_text(f->text[KW_T_VMM], "Xen");
	assert_fact(f, vmcs_pdptr3, 4);
	assert_fact(f, vmcs_rip, 0x100000);
	assert_fact(f, vmcs_rflags, 2);
	assert_fact(f, vmcs_cs_sel, 8);
	assert_fact(f, vmcs_cs_attr, 0xc09b);
	assert_fact(f, vmcs_cs_limit, 0xffffffff);
	assert_fact(f, vmcs_gdtr_base, 0x9f8);
	assert_fact(f, vmcs_gdtr_limit, 0xffff);
	assert_fact(f, vmcs_tr_sel, 0x18);
	assert_fact(f, vmcs_tr_base, 0x123);
	assert_fact(f, vmcs_efer, 0x500);
	assert_fact(f, vmcs_bndcfgs, 2);
	assert_fact(f, vmcs_host_rip, 0xffff82d040200000);
	assert_fact(f, vmcs_host_rsp, 0xffff83007fffff70);
	assert_fact(f, vmcs_tsc_multiplier, 1ull << 48);
	assert_fact(f, vmcs_posted_intr_vec, 0xf4);
	assert_fact(f, vmcs_ept_pointer, 0x83fd7f01e);
	assert_fact(f, vmcs_cr3_target0, 0x11);
	assert_fact(f, vmcs_vpid, 7);
	seen_free(&seen);
}

static void a_second_guest_state_is_a_second_record(void **state)
{
	struct seen seen = seen_in(KW_STR("*** Guest State ***\n"
					  "CR3 = 0x0000000000001000\n"
					  "*** Host State ***\n"
					  "CR3=0000000000002000\n"
					  "*** Guest State ***\n"
					  "CR3 = 0x0000000000003000\n"));

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_fact(seen.failure[0], vmcs_cr3, 0x1000);
	assert_fact(seen.failure[0], vmcs_host_cr3, 0x2000);
	assert_fact(seen.failure[1], vmcs_cr3, 0x3000);
	seen_free(&seen);
}

static void an_exit_that_is_no_failed_entry_gives_no_hardware_error(void **state)
{
	struct seen seen =
		seen_in(KW_STR("*** Control State ***\n"
			       "        reason=00000030 qualification=0000000000000181\n"));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_fact(seen.failure[0], vmcs_reason, 0x30);
	assert_false(kw_has(seen.failure[0], hardware_error));
	seen_free(&seen);
}

static void registers_of_an_oops_inside_a_dump_are_left(void **state)
{
	struct seen seen =
		seen_in(KW_STR("*** Guest State ***\n"
			       "CR3 = 0x0000000000001000\n"
			       "RIP: 0010:vmx_vcpu_run+0x42/0x100 [kvm_intel]\n"
			       "CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\n"
			       "CR2: 0000000000000008 CR3: 0000000001234000 CR4: 00000000003726e0\n"
			       "(gdb) p /x *regs\n"
			       "ebp = 0x91e, eip = 0x17c, cs = 0x97\n"));

	(void)state;
	assert_true(seen.count >= 1);
	assert_fact(seen.failure[0], vmcs_cr3, 0x1000);
	assert_false(kw_has(seen.failure[0], vmcs_cs_sel));
	assert_false(kw_has(seen.failure[0], vmcs_rip));
	seen_free(&seen);
}

static void real_logs_are_read(void **state)
{
	static const struct { const char *name; size_t facts; uint64_t rip; } logs[] = {
		{ "d_dosemu_vmcs_80000021.txt", 102, 0x17c },
		{ "d_emulator_longmode_vmcs_80000021.txt", 107, 0x103c00 },
		{ "d_gl1574_dump_vmcs.txt", 113, 0xffffffff94d14f76 },
		{ "d_pve_win2022_smm_journal.txt", 113, 0x8000 },
		{ "d_syzbot_quoted_vmcs.txt", 99, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		struct kw_str text = specimen(logs[i].name);
		struct seen seen = seen_in(text);

		assert_int_equal(seen.count, 1);
		assert_int_equal(known_facts(&seen), logs[i].facts);
		assert_fact(seen.failure[0], vmcs_rip, logs[i].rip);
		assert_fact(seen.failure[0], hardware_error, 0x80000021);
		seen_free(&seen);
		free((char *)text.p);
	}
}

/* The gdb print after the dump is not part of it. */
static void a_wrapped_real_log_keeps_its_values(void **state)
{
	struct kw_str text = specimen("d_dosemu_vmcs_80000021.txt");
	struct seen seen = seen_in(text);
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_fact(f, vmcs_cr0_mask, 0xfffffffffffffff7);
	assert_fact(f, vmcs_ss_base, 0x2111000);
	assert_fact(f, vmcs_pending_dbg, 0);
	assert_fact(f, vmcs_host_trbase, 0xfffffe0000102000);
	assert_fact(f, vmcs_entry_intr_info, 0x4e6);
	assert_false(kw_failure_has_group(f, KW_G_REG));
	seen_free(&seen);
	free((char *)text.p);
}

static void the_tail_of_a_dump_is_enough(void **state)
{
	struct kw_str text = specimen("d_syzbot_vmcs_tail_only.txt");
	struct seen seen = seen_in(text);

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_VMCS_DUMP);
	assert_int_equal(seen.failure[0]->first_line, 1);
	assert_fact(seen.failure[0], vmcs_exit_insn_len, 3);
	assert_fact(seen.failure[0], vmcs_reason, 0x80000021);
	assert_fact(seen.failure[0], vmcs_qualification, 3);
	assert_fact(seen.failure[0], vmcs_ept_pointer, 0x1c4f5101e);
	seen_free(&seen);
	free((char *)text.p);
}

static void a_cut_dump_harms_nothing(void **state)
{
	(void)state;
	check_every_prefix(KW_STR(linux_7));
	check_every_prefix(KW_STR(xen));
}

static void a_cut_real_log_harms_nothing(void **state)
{
	static const char *const logs[] = {
		"d_dosemu_vmcs_80000021.txt", "d_gl1574_dump_vmcs.txt", "d_syzbot_quoted_vmcs.txt",
		"d_syzbot_vmcs_tail_only.txt", "d_pve_win2022_smm_journal.txt",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		struct kw_str text = specimen(logs[i]);

		check_every_prefix(text);
		free((char *)text.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_of_linux_7_is_read_whole),
		cmocka_unit_test(a_line_break_between_any_two_words_changes_nothing),
		cmocka_unit_test(a_dump_of_xen_is_read),
		cmocka_unit_test(a_second_guest_state_is_a_second_record),
		cmocka_unit_test(an_exit_that_is_no_failed_entry_gives_no_hardware_error),
		cmocka_unit_test(registers_of_an_oops_inside_a_dump_are_left),
		cmocka_unit_test(real_logs_are_read),
		cmocka_unit_test(a_wrapped_real_log_keeps_its_values),
		cmocka_unit_test(the_tail_of_a_dump_is_enough),
		cmocka_unit_test(a_cut_dump_harms_nothing),
		cmocka_unit_test(a_cut_real_log_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
