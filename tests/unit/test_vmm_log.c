// SPDX-License-Identifier: MIT
/*
 * Ends not caused by KVM_RUN, in the words of QEMU's and libvirt's versions; and lines that only
 * look like them.
 */
#include "parse_text.h"

static const struct {
	const char *text;
	enum kw_class class;
	enum kw_sign_kind sign;
} rows[] = {
	{ "qemu: fatal: Trying to execute code outside RAM or ROM at 0x000a0000",
	  KW_CLASS_VMM_FATAL, KW_SIGN_OUTSIDE_RAM },
	{ "qemu-system-i386: Trying to execute code outside RAM or ROM at 0x000a0000",
	  KW_CLASS_VMM_FATAL, KW_SIGN_OUTSIDE_RAM },
	{ "qemu: fatal: invalid/unsupported opcode", KW_CLASS_VMM_FATAL, KW_SIGN_FATAL },
	{ "qemu: hardware error: pl011_read: Bad offset 1000", KW_CLASS_VMM_FATAL,
	  KW_SIGN_HW_ERROR },
	{ "kvm: ../hw/pci/msix.c:227: msix_table_mmio_write: Assertion `addr < 16' failed.",
	  KW_CLASS_VMM_FATAL, KW_SIGN_ASSERTION },
	{ "CPU Reset (CPU 3)", KW_CLASS_CPU_RESET, KW_SIGN_CPU_RESET },
	{ "Error: Resetting the Virtual Machine is required", KW_CLASS_VMM_ERROR,
	  KW_SIGN_RESET_REQUIRED },
	{ "qemu-kvm: Mismatched section id in footer for ram - read 0x2 expected 0x3",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION_DEVICE },
	{ "kvm: error while loading state section id 43(0000:00:0e.0/ich9_ahci)",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION_DEVICE },
	{ "load of migration failed: Unknown section or instance 'slirp' 0",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION_UNKNOWN },
	{ "Unknown ramblock \"0000:00:01.1/e1000e.rom\", cannot accept migration",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION_RAM },
	{ "Machine type received is 'pc-i440fx-9.0' and local is 'pc-q35-9.0'",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION_MACHINE },
	{ "operation failed: job 'migration in' failed: load of migration failed: Input/output error",
	  KW_CLASS_MIGRATION_FAILED, KW_SIGN_MIGRATION },
	{ "error: operation failed: guest CPU doesn't match specification: missing features: svm",
	  KW_CLASS_CPU_FEATURES, KW_SIGN_MISSING_FEATURES },
	{ "error: the CPU is incompatible with host CPU: Host CPU does not provide required features: avx",
	  KW_CLASS_CPU_FEATURES, KW_SIGN_MISSING_FEATURES },
	{ "qemu-system-x86_64: Host doesn't support requested features", KW_CLASS_CPU_FEATURES,
	  KW_SIGN_MISSING_FEATURES },
};

static void each_wording_is_of_its_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_message(rows[i].text, rows[i].class, rows[i].sign);
}

static void ordinary_lines_are_none(void **state)
{
	static const char *const texts[] = {
		"qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]",
		"gnome-shell: ../src/core/window.c:99: Assertion `window' failed.",
		"git: fatal: not a git repository",
		"mce: [Hardware Error]: Machine check events logged",
		"CPU Reset vector at 0xfffffff0",
		"migration completed: 2.1 s, 512 MiB",
		"Length mismatch: expected 3 columns",
		"the format doesn't match specification",
	};

	(void)state;
	check_nothing_seen(texts, sizeof(texts) / sizeof(texts[0]));
}

/* Each reset has its own dump, and a failure after one is separate. */
static void resets_are_told_apart(void **state)
{
	struct seen seen =
		seen_in(KW_STR("CPU Reset (CPU 0)\n"
			       "EAX=00000001 EBX=00000002 ECX=00000003 EDX=00000518\n"
			       "EIP=000ec1f5 EFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"
			       "CPU Reset (CPU 1)\n"
			       "EAX=00000005 EBX=00000006 ECX=00000007 EDX=00000518\n"
			       "EIP=000ec1f9 EFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"
			       "KVM internal error. Suberror: 3\n"));

	(void)state;
	assert_int_equal(seen.count, 3);
	assert_true(seen.failure[0]->class == KW_CLASS_CPU_RESET &&
		    FACT_IS(seen.failure[0], rip, 0xec1f5));
	assert_true(seen.failure[1]->class == KW_CLASS_CPU_RESET &&
		    FACT_IS(seen.failure[1], rip, 0xec1f9));
	assert_int_equal(seen.failure[2]->class, KW_CLASS_INTERNAL_ERROR);
	seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wording_is_of_its_kind),
		cmocka_unit_test(ordinary_lines_are_none),
		cmocka_unit_test(resets_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
