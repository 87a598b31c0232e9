// SPDX-License-Identifier: MIT
/* Messages about encrypted guests: lines made from the formats in QEMU's and Linux's sources. */
#include "parse_text.h"

enum { NONE = -1 };

struct expected {
	const char *text;
	enum kw_sign_kind sign;
	int64_t fw_error, launch_errno, leaf;
	uint64_t status, gpa;
};

static const struct expected lines[] = {
	{ "qemu-system-x86_64: sev_launch_start: LAUNCH_START ret=-5 fw_error=7 'Policy is not allowed'\n",
	  KW_SIGN_SEV_LAUNCH, 7, 5, NONE, 0, 0 },
	{ "qemu-kvm: sev_launch_finish: LAUNCH_FINISH ret=1 fw_error=11 'Bad measurement'\n",
	  KW_SIGN_SEV_LAUNCH, 11, 1, NONE, 0, 0 },
	{ "qemu-kvm: sev_snp_launch_start: SNP_LAUNCH_START ret=-22 fw_error=0 ''\n",
	  KW_SIGN_SEV_LAUNCH, 0, 22, NONE, 0, 0 },
	{ "qemu-kvm: sev_common_kvm_init: failed to initialize ret=-25 fw_error=-1 ''\n",
	  KW_SIGN_SEV_LAUNCH, 0xffffffff, 25, NONE, 0, 0 },
	{ "ccp 0000:22:00.1: SEV: failed to INIT error 0x13, rc -5\n", KW_SIGN_SEV_LAUNCH, 0x13, 5,
	  NONE, 0, 0 },
	{ "ccp 0000:22:00.1: SEV-SNP: failed to INIT rc -5, error 0x3\n", KW_SIGN_SEV_LAUNCH, 3, 5,
	  NONE, 0, 0 },
	{ "tdx: SEAMCALL failed: CPU 3: leaf 35, error 0xc0000910000000ff.\n", KW_SIGN_TDX_SEAMCALL,
	  NONE, NONE, 35, 0xc0000910000000ff, 0 },
	{ "virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000050000000000\n",
	  KW_SIGN_TDX_SEAMCALL, NONE, NONE, 33, 0xc000050000000000, 0 },
	{ "kvm_intel: SEAMCALL TDH_MEM_PAGE_ADD failed: 0xc0000b0200000000, rcx 0x1, rdx 0x2\n",
	  KW_SIGN_TDX_SEAMCALL, NONE, NONE, NONE, 0xc0000b0200000000, 0 },
	{ "kvm_intel: Guest access before accepting 0x807000 on vCPU 1\n", KW_SIGN_TDX_UNACCEPTED,
	  NONE, NONE, NONE, 0, 0x807000 },
	{ "SEV: Unexpected RMP fault for GPA 0x1d4c000, error_code 0x6\n", KW_SIGN_SEV_RMP_FAULT,
	  NONE, NONE, NONE, 0, 0x1d4c000 },
	{ "SEV-SNP: RMPUPDATE failed for PFN 1c3a00, pg_level: 1, ret: 3\n", KW_SIGN_SEV_RMPUPDATE,
	  NONE, NONE, NONE, 0, 0 },
	{ "kvm [7]: SEV-ES guest requested termination: 0x0:0x2\n", KW_SIGN_SEV_TERMINATION, NONE,
	  NONE, NONE, 0, 0 },
};

static void check(const struct kw_failure *f, enum kw_fact fact, int64_t expected)
{
	assert_int_equal(kw_known(f, fact), expected != NONE);
	if (expected != NONE)
		assert_int_equal(f->fact[fact], expected);
}

static void each_wording_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct expected *e = &lines[i];
		struct seen seen = seen_in(kw_str(e->text));
		const struct kw_failure *f = seen.failure[0];

		if (seen.count != 1)
			print_message("not one record: %s", e->text);
		assert_int_equal(seen.count, 1);
		assert_int_equal(f->class, KW_CLASS_PROTECTED_VM);
		assert_non_null(kw_failure_sign(f, e->sign));
		check(f, KW_F_fw_error, e->fw_error);
		check(f, KW_F_launch_errno, e->launch_errno);
		check(f, KW_F_seamcall_leaf, e->leaf);
		assert_int_equal(kw_has(f, seamcall_status), e->status != 0);
		assert_true(!e->status || f->seamcall_status == e->status);
		assert_true(!e->gpa || (kw_has(f, fault_gpa) && f->fault_gpa == e->gpa));
		seen_free(&seen);
	}
}

static void a_termination_keeps_set_and_reason(void **state)
{
	struct seen seen =
		seen_in(KW_STR("kvm [7]: SEV-ES guest requested termination: 0x1:0x4\n"));

	(void)state;
	assert_int_equal(kw_failure_sign(seen.failure[0], KW_SIGN_SEV_TERMINATION)->value, 0x104);
	seen_free(&seen);
}

static void ordinary_lines_begin_nothing(void **state)
{
	static const char *const texts[] = {
		"kvm_amd: SEV enabled (ASIDs 100 - 509)\n",
		"kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)\n",
		"kvm_amd: SEV-ES disabled (ASIDs 1 - 99)\n",
		"ccp 0000:22:00.1: SEV API:1.55 build:8\n",
		"SEV-SNP: RMP table physical range [0x0000000035600000 - 0x00000000755fffff]\n",
		"virt/tdx: BIOS enabled: private KeyID range [64, 128)\n",
		"virt/tdx: module initialized\n",
		"virt/tdx: 1050644 KB allocated for PAMT\n",
		"driver: failed to INIT error 3, rc -5\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seen seen = seen_in(kw_str(texts[i]));

		if (seen.count)
			print_message("taken for a failure: %s", texts[i]);
		assert_int_equal(seen.count, 0);
		seen_free(&seen);
	}
}

static void a_cut_line_harms_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check_every_prefix(kw_str(lines[i].text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wording_is_read),
		cmocka_unit_test(a_termination_keeps_set_and_reason),
		cmocka_unit_test(ordinary_lines_begin_nothing),
		cmocka_unit_test(a_cut_line_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
