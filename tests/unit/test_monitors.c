// SPDX-License-Identifier: MIT
/*
 * Monitors that print no registers: real logs if available; lines worded as in public sources or
 * reports of crosvm, cloud-hypervisor, Firecracker, libkrun, Dragonball and uhyve.
 */
#include "decode/arch.h"
#include "parse_text.h"

enum { NONE = -1 };

struct expected {
	const char *text, *vmm;
	enum kw_class class;
	int64_t errno_number, exit_reason, hardware_error, cpu, vcpu;
};

static const struct expected lines[] = {
	{ "[2026-04-15T10:50:32.365903391+00:00 ERROR crosvm::crosvm::sys::linux::vcpu] "
	  "vcpu hit unknown error: Bad address (os error 14)\n",
	  "crosvm", KW_CLASS_KVM_RUN_FAILED, 14, NONE, NONE, NONE, NONE },
	{ "[2026-04-15T10:50:32.365903391+00:00 ERROR crosvm::crosvm::sys::linux::vcpu] "
	  "vcpu hw run failure: 0x7\n",
	  "crosvm", KW_CLASS_ENTRY_FAILED, NONE, 9, 7, NONE, NONE },
	{ "[anonymous-instance:fc_vcpu 0:ERROR:src/vmm/src/vstate/vcpu/mod.rs:475] "
	  "Received KVM_EXIT_INTERNAL_ERROR signal\n",
	  "Firecracker", KW_CLASS_INTERNAL_ERROR, NONE, 17, NONE, NONE, 0 },
	{ "2026-10-08T16:31:45.422502 [anonymous-instance:vcpu 2] Received KVM_EXIT_FAIL_ENTRY signal: 7 on cpu 1\n",
	  "Firecracker", KW_CLASS_ENTRY_FAILED, NONE, 9, 7, 1, 2 },
	{ "Received KVM_EXIT_FAIL_ENTRY signal: reason=2147483681, vcpu=3\n", "libkrun",
	  KW_CLASS_ENTRY_FAILED, NONE, 9, 0x80000021, 3, NONE },
	{ "Received KVM_EXIT_FAIL_ENTRY signal, reason 7, cpu number 12\n", "Dragonball",
	  KW_CLASS_ENTRY_FAILED, NONE, 9, 7, 12, NONE },
	{ "Received KVM_EXIT_FAIL_ENTRY signal with reason: 0x80000021\n", "",
	  KW_CLASS_ENTRY_FAILED, NONE, 9, 0x80000021, NONE, NONE },
	{ "Vcpu1 received KVM_EXIT_FAIL_ENTRY signal\n", "", KW_CLASS_ENTRY_FAILED, NONE, 9, NONE,
	  NONE, 1 },
	{ "[anonymous-instance:fc_vcpu 1:INFO:src/vmm/src/vstate/vcpu/mod.rs:460] Received KVM_EXIT_SHUTDOWN signal\n",
	  "Firecracker", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, 1 },
	{ "2019-07-01T10:00:00.000000000 [anonymous-instance:ERROR:vmm/src/vstate.rs:600] "
	  "Failure during vcpu run: Bad address (os error 14)\n",
	  "Firecracker", KW_CLASS_KVM_RUN_FAILED, 14, NONE, NONE, NONE, NONE },
	{ "cloud-hypervisor: 217.153754ms: <vcpu0> ERROR:vmm/src/cpu.rs:1069 -- VCPU generated error: "
	  "VcpuRun(Failed to run vcpu: Unexpected exit reason on vcpu run: FailEntry(7, 2)\n"
	  "Caused by:\n"
	  "    Unexpected exit reason on vcpu run: FailEntry(7, 2))\n",
	  "cloud-hypervisor", KW_CLASS_ENTRY_FAILED, NONE, 9, 7, 2, 0 },
	{ "cloud-hypervisor: 1.5s: <vcpu3> ERROR:vmm/src/cpu.rs:1069 -- VCPU generated error: "
	  "VcpuRun(Failed to run vcpu: VCPU error Error(14)\n",
	  "cloud-hypervisor", KW_CLASS_KVM_RUN_FAILED, 14, NONE, NONE, NONE, 3 },
	{ "VcpuExitFailEntry { hardware_entry_failure_reason: 0, cpu: 2 }\n", "uhyve",
	  KW_CLASS_ENTRY_FAILED, NONE, 9, 0, 2, NONE },
	{ "not implemented: FailEntry(0, 2)\n", "", KW_CLASS_ENTRY_FAILED, NONE, 9, 0, 2, NONE },
	{ "KVM_EXIT_FAIL_ENTRY: hardware entry failure reason = 0x80000021\n", "",
	  KW_CLASS_ENTRY_FAILED, NONE, 9, 0x80000021, NONE, NONE },
	{ "KVM_EXIT_INTERNAL_ERROR: internal error, suberror = 0x1\n", "", KW_CLASS_INTERNAL_ERROR,
	  NONE, 17, NONE, NONE, NONE },
	{ "exit_reason=0x8\n", "", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, NONE },
	{ "kvm: exit reason 9\n", "", KW_CLASS_ENTRY_FAILED, NONE, 9, NONE, NONE, NONE },
	{ "panic: unexpected kvm exit reason 8\n", "", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE,
	  NONE },
	{ "Unknown exit reason: 17\n", "", KW_CLASS_INTERNAL_ERROR, NONE, 17, NONE, NONE, NONE },
	{ "unhandled vcpu exit reason: 6\n", "", KW_CLASS_VMM_ERROR, NONE, 6, NONE, NONE, NONE },
	{ "Unhandled exit reason: KVM_EXIT_INTERNAL_ERROR (17)\n", "", KW_CLASS_INTERNAL_ERROR,
	  NONE, 17, NONE, NONE, NONE },
	{ "Unexpected KVM Exit Shutdown\n", "", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, NONE },
	{ "unexpected vcpu exit: Shutdown\n", "", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, NONE },
	{ "KVM_EXIT_SHUTDOWN\n", "", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, NONE },
	{ "cloud-hypervisor: 3.4s: <vcpu1> ERROR:vmm/src/cpu.rs:1164 -- Guest likely triple-faulted\n",
	  "cloud-hypervisor", KW_CLASS_VMM_ERROR, NONE, 8, NONE, NONE, 1 },
	{ "km: KVM_EXIT_FAIL_ENTRY\n", "", KW_CLASS_ENTRY_FAILED, NONE, 9, NONE, NONE, NONE },
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
		assert_int_equal(f->class, e->class);
		assert_false(kw_is_foreign(f));
		assert_text(f->text[KW_T_VMM], e->vmm);
		check(f, KW_F_errno_number, e->errno_number);
		check(f, KW_F_exit_reason, e->exit_reason);
		check(f, KW_F_hardware_error, e->hardware_error);
		check(f, KW_F_cpu, e->cpu);
		check(f, KW_F_vcpu, e->vcpu);
		seen_free(&seen);
	}
}

static void an_errno_text_is_kept(void **state)
{
	struct seen seen = seen_in(kw_str(lines[0].text));

	(void)state;
	assert_text(seen.failure[0]->text[KW_T_ERRNO], "Bad address");
	seen_free(&seen);
}

static void a_number_in_few_words_is_kept(void **state)
{
	struct seen seen = seen_in(KW_STR("KVM: entry failure: hw_entry_failure_reason=0x80000021\n"));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_ENTRY_FAILED);
	assert_fact(seen.failure[0], hardware_error, 0x80000021);
	seen_free(&seen);
	seen = seen_in(KW_STR("hvt: KVM: internal error exit: suberror=0x3\n"));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_INTERNAL_ERROR);
	assert_fact(seen.failure[0], suberror, 3);
	seen_free(&seen);
}

static void a_memory_fault_keeps_its_numbers(void **state)
{
	struct seen seen = seen_in(KW_STR("Failed to run vcpu: Unexpected exit reason on vcpu run: "
					  "MemoryFault { flags: 8, gpa: 4096, size: 8192 }\n"));
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(f->class, KW_CLASS_VMM_ERROR);
	assert_fact(f, exit_reason, 39);
	assert_fact(f, memory_fault_flags, 8);
	assert_fact(f, memory_fault_gpa, 4096);
	assert_fact(f, memory_fault_size, 8192);
	seen_free(&seen);
}

static void sources_traces_and_prose_begin_nothing(void **state)
{
	static const char *const texts[] = {
		"\tcase KVM_EXIT_FAIL_ENTRY:\n",
		"#define KVM_EXIT_FAIL_ENTRY       9\n",
		" qemu-system-x86-123 [001] 12.3: kvm_userspace_exit: reason KVM_EXIT_IO (2)\n",
		" qemu-system-x86-123 [001] 12.3: kvm_userspace_exit: reason restart (4)\n",
		" qemu-system-x86-123 [001] 12.3: kvm_userspace_exit: reason error\n",
		"123@1.2:kvm_run_exit cpu_index 0, reason 2\n",
		"KVM_EXIT_FAIL_ENTRY is returned when the entry failed.\n",
		"It stops with KVM_EXIT_INTERNAL_ERROR, says the manual.\n",
		"vcpu run loop started, vcpu hit unknown territory\n",
		"Received KVM_EXIT_HLT signal\n",
		"The exit reason 8 stands for a shutdown, as one reads.\n",
		"container exit reason: 8\n and so on\n",
		"unexpected exit reason: 255\n",
		"Unknown exit reason: 2\n",
		"unexpected exit status 8\n",
		"[  12.000000] kvm [812]: vcpu0, guest rIP: 0x1000 unexpected exit reason 0x8\n",
		"[  12.000000] vmx: unexpected exit reason 0x8\n",
		"KVM_EXIT_SHUTDOWN = 8\n",
		"the guest asked: KVM_EXIT_SHUTDOWN and more\n",
	};

	(void)state;
	check_nothing_seen(texts, sizeof(texts) / sizeof(texts[0]));
}

/* What the monitor says after the exit is evidence of it, not a second failure. */
static void a_bad_system_call_joins_the_exit(void **state)
{
	struct seen seen = seen_in(
		KW_STR("[vm:INFO] Received KVM_EXIT_SHUTDOWN signal\n"
		       "[vm:ERROR] Shutting down VM after intercepting a bad syscall (72).\n"));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_fact(seen.failure[0], exit_reason, 8);
	assert_non_null(kw_failure_sign(seen.failure[0], KW_SIGN_SECCOMP));
	assert_int_equal(kw_failure_sign(seen.failure[0], KW_SIGN_SECCOMP)->value, 72);
	seen_free(&seen);
}

static void a_real_cloud_hypervisor_log_is_read(void **state)
{
	struct kw_str text = specimen("e_cloudhypervisor_pvh_internalerror.txt");
	struct seen seen = seen_in(text);
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(f->class, KW_CLASS_INTERNAL_ERROR);
	assert_text(f->text[KW_T_VMM], "cloud-hypervisor");
	assert_fact(f, exit_reason, 17);
	assert_fact(f, vcpu, 0);
	assert_false(kw_has(f, suberror));
	assert_non_null(kw_failure_sign(f, KW_SIGN_MMIO_UNREGISTERED));
	assert_int_equal(kw_failure_sign(f, KW_SIGN_MMIO_UNREGISTERED)->value, 0xfffffffc);
	seen_free(&seen);
	check_every_prefix(text);
	free((char *)text.p);
}

static void a_real_crosvm_log_is_read(void **state)
{
	struct kw_str text = specimen("e_crosvm_gunyah_einval.txt");
	struct seen seen = seen_in(text);
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_int_equal(seen.count, 1);
	/* Gunyah's exit, not KVM's errno, is what failed */
	assert_int_equal(f->class, KW_CLASS_VMM_ERROR);
	assert_int_equal(f->arch, KW_ARCH_AARCH64);
	assert_text(f->text[KW_T_VMM], "crosvm");
	assert_fact(f, errno_number, 22);
	assert_text(f->text[KW_T_ERRNO], "Invalid argument");
	assert_false(kw_has(f, exit_reason));
	seen_free(&seen);
	check_every_prefix(text);
	free((char *)text.p);
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
		cmocka_unit_test(an_errno_text_is_kept),
		cmocka_unit_test(a_number_in_few_words_is_kept),
		cmocka_unit_test(a_memory_fault_keeps_its_numbers),
		cmocka_unit_test(sources_traces_and_prose_begin_nothing),
		cmocka_unit_test(a_bad_system_call_joins_the_exit),
		cmocka_unit_test(a_real_cloud_hypervisor_log_is_read),
		cmocka_unit_test(a_real_crosvm_log_is_read),
		cmocka_unit_test(a_cut_line_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
