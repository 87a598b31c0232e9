// SPDX-License-Identifier: MIT
/*
 * The VMCB dump: a real log if available; otherwise texts made from the format strings of Linux
 * dump_vmcb() of several versions, which are not logs.
 */
#include "parse_text.h"

/* Format-derived, Linux 5.10: "SVM: " prefix, intercepts in words, no header line. */
static const char linux_5_10[] =
	"[   10.000001] SVM: VMCB Control Area:\n"
	"[   10.000002] SVM: cr_read:            0010\n"
	"[   10.000003] SVM: cr_write:           0011\n"
	"[   10.000004] SVM: dr_read:            00fe\n"
	"[   10.000005] SVM: dr_write:           00ff\n"
	"[   10.000006] SVM: exceptions:         00060042\n"
	"[   10.000007] SVM: intercepts:         bd4c8027 00002e7f\n"
	"[   10.000008] SVM: pause filter count: 3000\n"
	"[   10.000009] SVM: pause filter threshold:128\n"
	"[   10.000010] SVM: iopm_base_pa:       0000000641570000\n"
	"[   10.000011] SVM: msrpm_base_pa:      0000000640960000\n"
	"[   10.000012] SVM: tsc_offset:         ffffff56c27157b1\n"
	"[   10.000013] SVM: asid:               33\n"
	"[   10.000014] SVM: tlb_ctl:            1\n"
	"[   10.000015] SVM: int_ctl:            010f0100\n"
	"[   10.000016] SVM: int_vector:         00000001\n"
	"[   10.000017] SVM: int_state:          00000002\n"
	"[   10.000018] SVM: exit_code:          ffffffff\n"
	"[   10.000019] SVM: exit_info1:         0000000000000003\n"
	"[   10.000020] SVM: exit_info2:         0000000000000004\n"
	"[   10.000021] SVM: exit_int_info:      00000005\n"
	"[   10.000022] SVM: exit_int_info_err:  00000006\n"
	"[   10.000023] SVM: nested_ctl:         1\n"
	"[   10.000024] SVM: nested_cr3:         0000000032107000\n"
	"[   10.000025] SVM: avic_vapic_bar:     00000000fee00000\n"
	"[   10.000026] SVM: event_inj:          800003ff\n"
	"[   10.000027] SVM: event_inj_err:      00000007\n"
	"[   10.000028] SVM: virt_ext:           2\n"
	"[   10.000029] SVM: next_rip:           0000000000000008\n"
	"[   10.000030] SVM: avic_backing_page:  0000000000009000\n"
	"[   10.000031] SVM: avic_logical_id:    000000000000a000\n"
	"[   10.000032] SVM: avic_physical_id:   000000000000b000\n"
	"[   10.000033] SVM: VMCB State Save Area:\n"
	"[   10.000034] SVM: es:   s: 0000 a: 0c93 l: ffffffff b: 0000000000000000\n"
	"[   10.000035] SVM: cs:   s: 0010 a: 029b l: ffffffff b: 0000000000001000\n"
	"[   10.000036] SVM: tr:   s: 0040 a: 008b l: 00002087 b: ffff88017fd11900\n"
	"[   10.000037] SVM: cpl:            3                efer:         0000000000001d01\n"
	"[   10.000038] SVM: cr0:            000000008005003b cr2:          00007ff2108f0000\n"
	"[   10.000039] SVM: rip:            ffffffff8104ed58 rflags:       0000000000000046\n"
	"[   10.000040] SVM: rsp:            ffff880179559910 rax:          0000000000000005\n"
	"[   10.000041] SVM: excp_from:      0000000000000001 excp_to:      0000000000000002\n";

static void a_dump_of_linux_5_10_is_read(void **state)
{
	struct seen seen = seen_in(KW_STR(linux_5_10));
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(f->class, KW_CLASS_VMCB_DUMP);
	assert_int_equal(f->arch, KW_ARCH_X86);
	assert_fact(f, vmcb_cr_read, 0x10);
	assert_fact(f, vmcb_intercepts, 0x2e7fbd4c8027);
	assert_false(kw_has(f, vmcb_intercepts_5));
	assert_fact(f, vmcb_pause_filter_count, 3000);
	assert_fact(f, vmcb_pause_filter_threshold, 128);
	assert_fact(f, vmcb_asid, 33);
	assert_fact(f, vmcb_exit_code, 0xffffffff);
	assert_fact(f, hardware_error, 0xffffffff);
	assert_fact(f, vmcb_event_inj, 0x800003ff);
	assert_fact(f, vmcb_virt_ext, 2);
	assert_fact(f, vmcb_avic_physical_id, 0xb000);
	assert_fact(f, vmcb_es_attr, 0xc93);
	assert_fact(f, vmcb_cs_attr, 0x29b);
	assert_fact(f, vmcb_cs_base, 0x1000);
	assert_fact(f, vmcb_tr_limit, 0x2087);
	assert_fact(f, vmcb_cpl, 3);
	assert_fact(f, vmcb_efer, 0x1d01);
	assert_fact(f, vmcb_rax, 5);
	assert_fact(f, vmcb_excp_to, 2);
	assert_false(kw_failure_has_group(f, KW_G_REG));
	seen_free(&seen);
}

/*
 * Format-derived, Linux 7.x with SEV-ES: header, 64-bit exit code, new names, CET, all registers.
 */
static const char linux_7[] =
	"kvm_amd: SEV-ES vCPU3 VMCB 00000000c0ffee00, last attempted VMRUN on CPU 21\n"
	"kvm_amd: VMCB Control Area:\n"
	"kvm_amd: cr_read:            0000\n"
	"kvm_amd: exceptions:         00000000\n"
	"kvm_amd: intercepts:         bd4c8027 00002e7f\n"
	"kvm_amd: pause filter count: 3000\n"
	"kvm_amd: pause filter threshold:128\n"
	"kvm_amd: asid:               2\n"
	"kvm_amd: tlb_ctl:            0\n"
	"kvm_amd: erap_ctl:           1\n"
	"kvm_amd: exit_code:          ffffffffffffffff\n"
	"kvm_amd: exit_int_info:      00000000\n"
	"kvm_amd: misc_ctl:           7\n"
	"kvm_amd: ghcb:               0000000000fff000\n"
	"kvm_amd: misc_ctl2:          3\n"
	"kvm_amd: vmsa_pa:            0000000123456000\n"
	"kvm_amd: allowed_sev_features:8000000000000001\n"
	"kvm_amd: guest_sev_features: 0000000000000081\n"
	"kvm_amd: VMCB State Save Area:\n"
	"kvm_amd: cs:   s: f000 a: 009b l: 0000ffff b: 00000000ffff0000\n"
	"kvm_amd: vmpl: 2   cpl:  0               efer:          0000000000001000\n"
	"kvm_amd: cr0:            0000000060000010 cr2:          0000000000000000\n"
	"kvm_amd: rip:            000000000000fff0 rflags:       0000000000000002\n"
	"kvm_amd: rsp:            0000000000000aa0 rax:          0000000000000bb0\n"
	"kvm_amd: s_cet:          0000000000000001 ssp:          0000000000000ff8\n"
	"kvm_amd: isst_addr:      0000000000000055\n"
	"kvm_amd: sev_features    0000000000000081\n"
	"kvm_amd: rax:            0000000000000bb0 rbx:          00000000000000b1\n"
	"kvm_amd: rcx:            0000000000000404 rdx:          00000000000000d1\n"
	"kvm_amd: r8:             0000000000000008 r9:           0000000000000009\n"
	"kvm_amd: r14:            000000000000000e r15:          000000000000000f\n"
	"kvm_amd: xcr0:           0000000000000007 xss:          0000000000000000\n";

static void check_linux_7(const struct kw_failure *f)
{
	assert_fact(f, vcpu, 3);
	assert_fact(f, cpu, 21);
	assert_fact(f, vmcb_intercepts, 0x2e7fbd4c8027);
	assert_fact(f, vmcb_pause_filter_threshold, 128);
	assert_fact(f, vmcb_erap_ctl, 1);
	assert_fact(f, vmcb_exit_code, UINT64_MAX);
	assert_fact(f, hardware_error, UINT64_MAX);
	assert_fact(f, vmcb_nested_ctl, 7);
	assert_fact(f, vmcb_virt_ext, 3);
	assert_fact(f, vmcb_ghcb, 0xfff000);
	assert_fact(f, vmcb_vmsa_pa, 0x123456000);
	assert_fact(f, vmcb_allowed_sev_features, 0x8000000000000001);
	assert_fact(f, vmcb_guest_sev_features, 0x81);
	assert_fact(f, vmcb_cs_base, 0xffff0000);
	assert_fact(f, vmcb_vmpl, 2);
	assert_fact(f, vmcb_efer, 0x1000);
	assert_fact(f, vmcb_rsp, 0xaa0);
	assert_fact(f, vmcb_rax, 0xbb0);
	assert_fact(f, vmcb_ssp, 0xff8);
	assert_fact(f, vmcb_isst_addr, 0x55);
	assert_fact(f, rbx, 0xb1);
	assert_fact(f, rcx, 0x404);
	assert_fact(f, r15, 15);
}

static void a_dump_of_linux_7_has_the_registers_too(void **state)
{
	struct seen seen = seen_in(KW_STR(linux_7));

	(void)state;
	assert_int_equal(seen.count, 1);
	check_linux_7(seen.failure[0]);
	assert_text(seen.failure[0]->text[KW_T_HEADLINE],
		    "kvm_amd: SEV-ES vCPU3 VMCB 00000000c0ffee00, last attempted VMRUN on CPU 21");
	seen_free(&seen);
}

static void a_line_break_between_any_two_words_changes_nothing(void **state)
{
	char text[sizeof(linux_7)];
	size_t len = 0;
	struct seen seen;

	(void)state;
	for (const char *p = linux_7; *p; p = strchr(p, '\n') + 1) {
		const char *from = p, *end = strchr(p, '\n');
		bool whole = strstr(p, "VMCB") && strstr(p, "VMCB") < end;

		if (!whole)
			from += strlen("kvm_amd: ");
		for (; from <= end; from++)
			text[len++] = *from == ' ' && from[1] != ' ' && !whole ? '\n' : *from;
	}
	seen = seen_in((struct kw_str){ text, len });
	assert_int_equal(seen.count, 1);
	check_linux_7(seen.failure[0]);
	seen_free(&seen);
}

static void two_dumps_are_two_records(void **state)
{
	char text[sizeof(linux_7) + sizeof(linux_5_10)];
	struct seen seen;

	(void)state;
	snprintf(text, sizeof(text), "%s%s", linux_7, linux_5_10);
	seen = seen_in(kw_str(text));
	assert_int_equal(seen.count, 2);
	assert_fact(seen.failure[0], vmcb_asid, 2);
	assert_fact(seen.failure[1], vmcb_asid, 33);
	assert_false(kw_has(seen.failure[1], rbx));
	seen_free(&seen);
}

static void an_exit_code_of_another_program_begins_nothing(void **state)
{
	struct seen seen = seen_in(KW_STR("kvm: exit_code: 1\nrip: unknown\nkvm_amd: asid: 5\n"));

	(void)state;
	assert_int_equal(seen.count, 0);
	seen_free(&seen);
}

static void a_real_log_is_read(void **state)
{
	struct kw_str text = specimen("d_lp1433081_vmcb_dmesg.txt");
	struct seen seen = seen_in(text);
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_true(seen.count >= 1);
	assert_int_equal(f->class, KW_CLASS_VMCB_DUMP);
	assert_text(f->text[KW_T_HEADLINE], "KVM: FAILED VMRUN WITH VMCB:");
	assert_fact(f, vmcb_intercepts, 0x2e7fbdc48037);
	assert_fact(f, vmcb_event_inj, 0x800003ff);
	assert_fact(f, hardware_error, 0xffffffff);
	assert_fact(f, vmcb_cs_attr, 0x29b);
	assert_fact(f, vmcb_rip, 0xffffffff8104ed58);
	assert_fact(f, vmcb_sysenter_eip, 0x8172e2e0);
	assert_fact(f, vmcb_excp_to, 0);
	seen_free(&seen);
	free((char *)text.p);
}

static void a_cut_dump_harms_nothing(void **state)
{
	(void)state;
	check_every_prefix(KW_STR(linux_5_10));
	check_every_prefix(KW_STR(linux_7));
}

static void a_cut_real_log_harms_nothing(void **state)
{
	struct kw_str text = specimen("d_lp1433081_vmcb_dmesg.txt");

	(void)state;
	check_every_prefix(text);
	free((char *)text.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_of_linux_5_10_is_read),
		cmocka_unit_test(a_dump_of_linux_7_has_the_registers_too),
		cmocka_unit_test(a_line_break_between_any_two_words_changes_nothing),
		cmocka_unit_test(two_dumps_are_two_records),
		cmocka_unit_test(an_exit_code_of_another_program_begins_nothing),
		cmocka_unit_test(a_real_log_is_read),
		cmocka_unit_test(a_cut_dump_harms_nothing),
		cmocka_unit_test(a_cut_real_log_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
