// SPDX-License-Identifier: MIT
/*
 * KVM cannot be used at all, in the words of the programs that tried: QEMU (accel/kvm/kvm-all.c),
 * libvirt, virt-host-validate, cpu-checker's kvm-ok, Proxmox VE, the Android emulator, Rust
 * monitors (kvm-ioctls), and KVM's own modules.
 */
#include "parse/parse.h"

#define ROW(words_, also_, sign_, ...)                                                          \
	{                                                                                       \
		.words = KW_STR(words_), .also = KW_STR(also_), .class = KW_CLASS_KVM_UNUSABLE, \
		.sign = KW_SIGN_##sign_, ##__VA_ARGS__                                          \
	}
#define QEMU .vmm = KW_STR("QEMU")
#define CLAUSE .one_clause = true

/* kvm_init() opens /dev/kvm and creates a VM; its callers repeat "failed to initialize". */
static const struct kw_message rows[] = {
	ROW("Could not access KVM kernel module", "No such file", KVM_MISSING, QEMU),
	ROW("Could not access KVM kernel module", "No such device", KVM_MISSING, QEMU),
	ROW("Could not access KVM kernel module", "denied", KVM_DENIED, QEMU),
	ROW("Could not access KVM kernel module", "not permitted", KVM_DENIED, QEMU),
	ROW("Could not access KVM kernel module", "", KVM_UNUSABLE, QEMU, .errno_last = true),
	ROW("KVM_CREATE_VM", "busy", KVM_BUSY),
	ROW("KVM_CREATE_VM", "EBUSY", KVM_BUSY),
	ROW("KVM_CREATE_VM", "os error 16", KVM_BUSY),
	/* by itself it says nothing; after a refused ioctl it names the machine */
	{ .words = KW_STR("failed to initialize K"),
	  .also = KW_STR("nvalid argument"),
	  .sign = KW_SIGN_OTHER },
	{ .words = KW_STR("failed to initialize k"),
	  .also = KW_STR("nvalid argument"),
	  .sign = KW_SIGN_OTHER },
	ROW("failed to initialize k", "busy", KVM_BUSY, QEMU),
	ROW("failed to initialize K", "busy", KVM_BUSY, QEMU),
	ROW("failed to initialize k", "No such file", KVM_MISSING, QEMU),
	ROW("failed to initialize K", "No such file", KVM_MISSING, QEMU),
	ROW("failed to initialize k", "ermission denied", KVM_DENIED, QEMU),
	ROW("failed to initialize K", "ermission denied", KVM_DENIED, QEMU),
	ROW("/dev/kvm", "No such file", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "os error 2)", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "ENOENT", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "does not exist", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "not found", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "is missing", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "No such device", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "os error 19)", KVM_MISSING, CLAUSE),
	ROW("/dev/kvm", "ermission denied", KVM_DENIED, CLAUSE),
	ROW("/dev/kvm", "os error 13)", KVM_DENIED, CLAUSE),
	ROW("/dev/kvm", "EACCES", KVM_DENIED, CLAUSE),
	ROW("/dev/kvm", "t have permission", KVM_DENIED, CLAUSE), /* doesn't, do not */
	/* advice, and words that leave the reason open */
	ROW("/dev/kvm", "have permission", KVM_UNUSABLE, CLAUSE),
	ROW("/dev/kvm", "not accessible", KVM_UNUSABLE, CLAUSE),
	ROW("device /dev/kvm exists", "FAIL", KVM_MISSING),
	ROW("device /dev/kvm is accessible", "FAIL", KVM_DENIED),
	ROW("device '/dev/kvm' exists", "FAIL", KVM_MISSING),
	ROW("device '/dev/kvm' is accessible", "FAIL", KVM_DENIED),
	ROW("KVM virtualisation configured, but not available", "", KVM_UNUSABLE,
	    .vmm = KW_STR("Proxmox VE")),
	ROW("omain requires KVM, but it is not available", "", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	ROW("could not find capabilities for domaintype=kvm", "", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	ROW("KVM acceleration can NOT be used", "", KVM_UNUSABLE, .vmm = KW_STR("kvm-ok")),
	ROW("CPU does not support KVM extensions", "", KVM_NO_HARDWARE, .vmm = KW_STR("kvm-ok")),
	ROW("requires hardware acceleration", "emulation", KVM_UNUSABLE,
	    .vmm = KW_STR("Android emulator")),
	ROW("CPU acceleration status: ", "KVM", KVM_UNUSABLE, .but = KW_STR("usable"),
	    .vmm = KW_STR("Android emulator")),
	/* the same errno without VMX or SVM, with it hidden, and with it locked off */
	ROW("could not insert 'kvm", "not supported", KVM_UNUSABLE),
	ROW("could not insert 'kvm", "Input/output error", KVM_UNUSABLE),
	/* the modules' own words; Linux arch/x86/kvm/{vmx/vmx,svm/svm,x86}.c */
	ROW("kvm: disabled by bios", "", KVM_OFF),
	ROW("disabled by bios", "kvm: support for", KVM_OFF),
	ROW("kvm: no hardware support", "", KVM_NO_HARDWARE),
	ROW("no hardware support for", "kvm: ", KVM_NO_HARDWARE),
	ROW("VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL", "", KVM_OFF),
	ROW("VMX not supported by CPU", "kvm", KVM_NO_HARDWARE),
	ROW("SVM disabled (by BIOS) in MSR_VM_CR", "", KVM_OFF),
	ROW("SVM not supported by CPU", "kvm", KVM_NO_HARDWARE),
	ROW("already loaded the other module", "kvm", KVM_OTHER_VENDOR),
	ROW("already loaded vendor module", "kvm", KVM_OTHER_VENDOR),
	ROW("VMXON faulted, MSR_IA32_FEAT_CTL (0x3a)", "", VMXON_FAULTED,
	    .value_after = { .after = KW_STR("(0x3a) = "), .hex = true }),
	ROW("kvm: enabling virtualization on CPU", "failed", ENABLE_FAILED,
	    .number = { { .after = KW_STR("on CPU"), .fact = KW_F_cpu } }),
	{ .sign = 0 }
};

const struct kw_parser kw_parser_unusable = { .name = "unusable",
					      .messages = rows,
					      .kernel = true };
