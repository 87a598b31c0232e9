// SPDX-License-Identifier: MIT
/* Refused set-up ioctls: which one and with which errno, in the words of many programs. */
#include "parse_text.h"

struct row {
	const char *text, *ioctl, *error; /* .error: strerror()'s text; "" if it is a number */
	uint64_t number;
	enum kw_arch arch;
};

static const struct row rows[] = {
	{ "qemu-kvm: Putting registers after init: Failed to set special registers: Invalid argument",
	  "KVM_SET_SREGS", "Invalid argument", 0, KW_ARCH_X86 },
	{ "kvm: Restoring resisters after reset: Failed to set XCRs: Invalid argument",
	  "KVM_SET_XCRS", "Invalid argument", 0, KW_ARCH_X86 },
	{ "kvm: Putting registers at runtime: Failed to set nested state: Invalid argument",
	  "KVM_SET_NESTED_STATE", "Invalid argument", 0, KW_ARCH_X86 },
	{ "kvm: Failed to synchronize CPU state: Failed to get vCPU events: Bad address",
	  "KVM_GET_VCPU_EVENTS", "Bad address", 0, KW_ARCH_UNKNOWN },
	{ "Failed to put registers after init: Argument invalide", "", "Argument invalide", 0,
	  KW_ARCH_UNKNOWN },
	{ "qemu-system-riscv64: Failed to put registers after init: Invalid argument",
	  "KVM_SET_ONE_REG", "Invalid argument", 0, KW_ARCH_RISCV64 },
	{ "qemu-kvm: kvm_init_vcpu: kvm_get_vcpu failed (3): Cannot allocate memory",
	  "KVM_CREATE_VCPU", "Cannot allocate memory", 0, KW_ARCH_UNKNOWN },
	{ "kvm_init_vcpu failed: Too many open files", "kvm_init_vcpu()", "Too many open files", 0,
	  KW_ARCH_UNKNOWN },
	{ "kvm_set_phys_mem: error registering slot: Invalid argument",
	  "KVM_SET_USER_MEMORY_REGION", "Invalid argument", 0, KW_ARCH_UNKNOWN },
	{ "ioctl(KVM_CREATE_VM) failed: 12 Cannot allocate memory", "KVM_CREATE_VM",
	  "Cannot allocate memory", 0, KW_ARCH_UNKNOWN },
	{ "KVM_SET_TSC_KHZ failed: Invalid argument", "KVM_SET_TSC_KHZ", "Invalid argument", 0,
	  KW_ARCH_UNKNOWN },
	{ "KVM_SET_SREGS: Invalid argument", "KVM_SET_SREGS", "Invalid argument", 0,
	  KW_ARCH_UNKNOWN },
	{ "KVM_SET_CPUID2: ioctl failed, errno=22", "KVM_SET_CPUID2", "", 22, KW_ARCH_X86 },
	{ "error: KVM_ENABLE_CAP failed (os error 22)", "KVM_ENABLE_CAP", "", 22, KW_ARCH_UNKNOWN },
	{ "vmm: KVM_IOEVENTFD ioctl failed: No space left on device", "KVM_IOEVENTFD",
	  "No space left on device", 0, KW_ARCH_UNKNOWN },
	{ "KVM_ARM_VCPU_INIT failed, ret=-22", "KVM_ARM_VCPU_INIT", "", 22, KW_ARCH_UNKNOWN },
	{ "Failed to set KVM vcpu cpuid: Argument list too long (os error 7)", "KVM_SET_CPUID2", "",
	  7, KW_ARCH_X86 },
	{ "Cannot set the memory regions: File exists (os error 17)", "KVM_SET_USER_MEMORY_REGION",
	  "", 17, KW_ARCH_UNKNOWN },
};

static void each_wording_names_ioctl_and_errno(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = seen_in(kw_str(rows[i].text));
		const struct kw_failure *f = seen.failure[0];

		if (seen.count != 1 || f->class != KW_CLASS_SETUP_FAILED)
			fail_msg("not seen: %s", rows[i].text);
		if (!kw_str_eq(f->text[KW_T_IOCTL], kw_str(rows[i].ioctl)) ||
		    f->arch != rows[i].arch ||
		    !kw_str_eq(f->text[KW_T_ERRNO], kw_str(rows[i].error)) ||
		    (rows[i].number ? !FACT_IS(f, errno_number, rows[i].number) :
				      kw_has(f, errno_number)))
			fail_msg("%s: ioctl %.*s, errno %.*s, arch %s", rows[i].text,
				 (int)f->text[KW_T_IOCTL].len, f->text[KW_T_IOCTL].p,
				 (int)f->text[KW_T_ERRNO].len, f->text[KW_T_ERRNO].p,
				 kw_arch_name(f->arch));
		seen_free(&seen);
	}
}

static void what_only_looks_like_it_is_none(void **state)
{
	static const char *const texts[] = {
		"	if (ioctl(vm->vcpu, KVM_SET_SREGS, sregs))",
		"		perror(\"KVM_SET_SREGS failed\");",
		"#define KVM_CREATE_VM _IO(KVMIO, 0x01)",
		"the ioctl KVM_SET_CPUID2 was called for vCPU 3",
		"KVM_SET_USER_MEMORY_REGION: slot 3 ok",
		"ioctl(11, KVM_CREATE_VCPU, 1) = 15",
		"Putting registers after lunch",
		"kvm_create_vcpu: vcpu 3 created",
		"registering slot: a customer",
		"KVM_CAP_NR_MEMSLOTS failed: Invalid argument",
		"(kvm_ioctl) <KVM_SET_REGS, KVM_GET_REGS>: Use it.",
	};

	(void)state;
	check_nothing_seen(texts, sizeof(texts) / sizeof(texts[0]));
}

static void slot_and_dump_are_of_the_refusal(void **state)
{
	struct seen seen = seen_in(
		KW_STR("kvm_set_user_memory_region: KVM_SET_USER_MEMORY_REGION failed, slot=4, "
		       "start=0xc0000, size=0xbff40000: File exists\n"
		       "kvm_set_phys_mem: error registering slot: File exists\n"));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_true(FACT_IS(seen.failure[0], slot, 4) &&
		    FACT_IS(seen.failure[0], slot_gpa, 0xc0000) &&
		    FACT_IS(seen.failure[0], slot_size, 0xbff40000));
	seen_free(&seen);
	seen = seen_in(KW_STR("Failed to put registers after reset: Invalid argument\n"
			      "EAX=00000000 EBX=00000002 ECX=00000000 EDX=00000518\n"
			      "EIP=000ec1f5 EFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"
			      "KVM internal error. Suberror: 1\n"));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_SETUP_FAILED);
	assert_true(FACT_IS(seen.failure[0], rip, 0xec1f5));
	seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wording_names_ioctl_and_errno),
		cmocka_unit_test(what_only_looks_like_it_is_none),
		cmocka_unit_test(slot_and_dump_are_of_the_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
