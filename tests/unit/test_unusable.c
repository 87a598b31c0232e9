// SPDX-License-Identifier: MIT
/*
 * KVM that cannot be used, and what the host's log says about a guest's end: a line's sign is what
 * it proves, and a line that leaves the reason open, or is cut before its number, proves nothing.
 */
#include "parse_text.h"

static const struct {
	const char *text;
	enum kw_class class;
	enum kw_sign_kind sign;
} rows[] = {
	{ "Could not open /dev/kvm: Permission denied", KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_DENIED },
	{ "Error: Failed to open /dev/kvm: Os(2): No such file or directory (os error 2)",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_MISSING },
	{ "ERROR: This user doesn't have permissions to use KVM (/dev/kvm).", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_DENIED },
	{ "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_OFF },
	{ "VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x4", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_VMXON_FAULTED },
	{ "vfio: error, group 7 is not viable, please ensure all devices within the iommu_group are bound",
	  KW_CLASS_NOT_KVM, KW_SIGN_VFIO_GROUP },
	{ "[  1.0] qemu-system-x86[77]: segfault at 0 ip 000055d0 sp 00007ffd error 4",
	  KW_CLASS_NOT_KVM, KW_SIGN_VMM_SEGFAULT },
	/* the same errno without VMX, with it hidden, and with it locked off */
	{ "modprobe: ERROR: could not insert 'kvm_intel': Operation not supported",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_UNUSABLE },
	{ "modprobe: ERROR: could not insert 'kvm_amd': Input/output error", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_UNUSABLE },
	/* advice for each reason at once */
	{ "KVM is not available: check that /dev/kvm is there and that you have permission to open it",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_UNUSABLE },
	{ "hypervisor: /dev/kvm is not accessible", KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_UNUSABLE },
	{ "VmBoot(VmCreate(No such file or directory (os error 2)))", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_MISSING },
	{ "called unwrap on an Err value: VmCreate(Error(16))", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_BUSY },
	{ "panicked at 'Error creating the Kvm object: Error(13)', src/a.rs:1", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_DENIED },
	{ "modprobe: FATAL: Module kvm_amd not found in directory /lib/modules/6.1.0",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_MISFIT },
	{ "[ 1.0] kvm_intel: disagrees about version of symbol kvm_set_msr_common",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_MISFIT },
	{ "[ 2.2] kvm [1]: Error, CPU 1 not supported!", KW_CLASS_KVM_UNUSABLE,
	  KW_SIGN_KVM_CPU_UNKNOWN },
	{ "INFO: task CPU 3/KVM:77 blocked for more than 241 seconds.", KW_CLASS_HOST_KERNEL,
	  KW_SIGN_HUNG_TASK },
	{ "MCE: Killing qemu-system-x86:77 due to hardware memory corruption fault at 7f00",
	  KW_CLASS_MEMORY_ERROR, KW_SIGN_MCE_HOST },
	{ "Hardware memory error at addr 0x7f00 of type BUS_MCEERR_AO for QEMU itself instead of guest system!",
	  KW_CLASS_MEMORY_ERROR, KW_SIGN_MCE_HOST },
	{ "QEMU got Hardware memory error at addr 0x7f00 and GUEST addr 0x1000 of type BUS_MCEERR_AR injected",
	  KW_CLASS_MEMORY_ERROR, KW_SIGN_MCE_GUEST },
	{ "libkrun VM: potentially unexpected fatal signal 11.", KW_CLASS_NOT_KVM,
	  KW_SIGN_VMM_SEGFAULT },
	{ "{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"pause\"}}", KW_CLASS_NOT_KVM,
	  KW_SIGN_GUEST_PANIC },
	{ "!!!! X64 Exception Type - 0E(#PF - Page-Fault)  CPU Apic ID - 00000001 !!!!",
	  KW_CLASS_NOT_KVM, KW_SIGN_FIRMWARE_STOP },
	{ "audit: apparmor=\"DENIED\" operation=\"open\" name=\"/dev/kvm\" comm=\"qemu-system-x86\"",
	  KW_CLASS_KVM_UNUSABLE, KW_SIGN_KVM_DENIED },
	{ "kvm_intel: set kvm_intel.dump_invalid_vmcs=1 to dump internal KVM state.",
	  KW_CLASS_ENTRY_FAILED, KW_SIGN_DUMP_OFF },
	{ "*** STOP: 0x0000007E (0x1, 0x2, 0x3, 0x4)", KW_CLASS_NOT_KVM, KW_SIGN_WINDOWS_STOP },
};

static void each_wording_proves_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_message(rows[i].text, rows[i].class, rows[i].sign);
}

static void a_line_without_its_number_is_no_message(void **state)
{
	static const char *const texts[] = {
		"VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = ",
		"hyper-v: arg1='', arg2='0x0'",
		"consumer: group 4 is not viable",
		"INFO: task jbd2/sda1-8:77 blocked for more than 120 seconds.",
		"bash: potentially unexpected fatal signal 6.",
	};

	(void)state;
	check_nothing_seen(texts, sizeof(texts) / sizeof(texts[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wording_proves_what_it_says),
		cmocka_unit_test(a_line_without_its_number_is_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
