// SPDX-License-Identifier: MIT
/*
 * KVM cannot be used at all, in the words of the programs that tried: QEMU (accel/kvm/kvm-all.c),
 * libvirt, virt-host-validate, virt-install, cpu-checker's kvm-ok, Proxmox VE, KubeVirt, minikube,
 * the Android emulator, Go and Rust monitors (kvm-ioctls), and KVM's own modules; and what
 * VirtualBox and VMware say of VMX and SVM beside KVM.
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
	ROW("failed to create VM: ", "os error 16", KVM_BUSY, .vmm = KW_STR("crosvm")),
	ROW("annot create VM: ", "os error 16", KVM_BUSY),
	ROW("VmFd(", "Error(16)", KVM_BUSY), /* kvm-ioctls' errors as Rust's {:?} prints them */
	ROW("VmFd(", "code: 16", KVM_BUSY),
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
	ROW("/dev/kvm", "no such file", KVM_MISSING, CLAUSE), /* Go */
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
	ROW("creating KVM object: ", "os error 2)", KVM_MISSING, .vmm = KW_STR("Firecracker")),
	ROW("creating KVM object: ", "os error 13)", KVM_DENIED, .vmm = KW_STR("Firecracker")),
	ROW("HypervisorCreate(", "os error 2)", KVM_MISSING, .vmm = KW_STR("cloud-hypervisor")),
	ROW("HypervisorCreate(", "os error 13)", KVM_DENIED, .vmm = KW_STR("cloud-hypervisor")),
	ROW("Failed to open hypervisor interface", "", KVM_UNUSABLE,
	    .vmm = KW_STR("cloud-hypervisor")),
	ROW("hecking for hardware virtualization", "FAIL", KVM_NO_HARDWARE),
	ROW("nsufficient devices.kubevirt.io/kvm", "", KVM_MISSING, .vmm = KW_STR("KubeVirt")),
	ROW("KVM virtualisation configured, but not available", "", KVM_UNUSABLE,
	    .vmm = KW_STR("Proxmox VE")),
	ROW("omain requires KVM, but it is not available", "", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	ROW("could not find capabilities for domaintype=kvm", "", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	ROW("does not support virt type 'kvm'", "", KVM_UNUSABLE, .vmm = KW_STR("libvirt")),
	ROW("could not get preferred machine for ", "type=kvm", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	ROW("KVM is not supported by '", "", KVM_UNUSABLE, .vmm = KW_STR("libvirt")),
	ROW("does not support domain type kvm", "", KVM_UNUSABLE, .vmm = KW_STR("libvirt")),
	ROW("Host does not support any virtualization options", "", KVM_UNUSABLE,
	    .vmm = KW_STR("libvirt")),
	/* minikube, Vagrant, multipass, virt-manager, Quickemu */
	ROW("KVM is not available", "", KVM_UNUSABLE),
	ROW("KVM support is not enabled", "", KVM_UNUSABLE),
	ROW("KVM is required to run this AVD", "", KVM_UNUSABLE, .vmm = KW_STR("Android emulator")),
	ROW("CPU model 'host' requires KVM", "", KVM_NOT_ASKED, QEMU),
	ROW("invalid accelerator kvm", "", KVM_NOT_BUILT, QEMU),
	ROW("accel=kvm: No accelerator found", "", KVM_NOT_BUILT, QEMU),
	ROW("KVM support not compiled", "", KVM_NOT_BUILT, QEMU),
	/* VirtualBox and VMware: the same extensions, taken, off, or absent */
	ROW("VERR_VMX_IN_VMX_ROOT_MODE", "", KVM_HOLDS, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_SVM_IN_USE", "", KVM_HOLDS, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_VMX_MSR_", "DISABLED", KVM_OFF, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_SVM_DISABLED", "", KVM_OFF, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_VMX_NO_VMX", "", KVM_NO_HARDWARE, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_SVM_NO_SVM", "", KVM_NO_HARDWARE, .vmm = KW_STR("VirtualBox")),
	ROW("VERR_NEM_VM_CREATE_FAILED", "", KVM_UNUSABLE, .vmm = KW_STR("VirtualBox")),
	ROW("supports Intel VT-x, but Intel VT-x is disabled", "", KVM_OFF,
	    .vmm = KW_STR("VMware")),
	ROW("supports AMD-V, but AMD-V is disabled", "", KVM_OFF, .vmm = KW_STR("VMware")),
	ROW("Virtualized Intel VT-x/EPT is not supported", "", KVM_NOT_NESTED,
	    .vmm = KW_STR("VMware")),
	ROW("Virtualized AMD-V/RVI is not supported", "", KVM_NOT_NESTED, .vmm = KW_STR("VMware")),
	ROW("is disabled by your BIOS", "KVM (", KVM_OFF, .vmm = KW_STR("kvm-ok")),
	ROW("KVM acceleration can NOT be used", "", KVM_UNUSABLE, .vmm = KW_STR("kvm-ok")),
	ROW("CPU does not support KVM extensions", "", KVM_NO_HARDWARE, .vmm = KW_STR("kvm-ok")),
	ROW("requires hardware acceleration", "emulation", KVM_UNUSABLE,
	    .vmm = KW_STR("Android emulator")),
	ROW("CPU acceleration status: ", "KVM", KVM_UNUSABLE, .but = KW_STR("usable"),
	    .vmm = KW_STR("Android emulator")),
	/* the same errno without VMX or SVM, with it hidden, and with it locked off */
	ROW("could not insert 'kvm", "not supported", KVM_UNUSABLE),
	ROW("could not insert 'kvm", "Input/output error", KVM_UNUSABLE),
	ROW("could not insert 'kvm", "No such device", KVM_UNUSABLE),
	ROW("could not insert 'kvm", "resource busy", KVM_BUSY),
	/* the modules' own words; Linux arch/x86/kvm/{vmx/vmx,svm/svm,x86}.c */
	ROW("kvm: disabled by bios", "", KVM_OFF),
	ROW("disabled by bios", "kvm: support for", KVM_OFF),
	ROW("kvm: no hardware support", "", KVM_NO_HARDWARE),
	ROW("no hardware support for", "kvm: ", KVM_NO_HARDWARE),
	ROW("VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL", "", KVM_OFF),
	ROW("VMX not supported by CPU", "kvm", KVM_NO_HARDWARE),
	ROW("SVM disabled (by BIOS) in MSR_VM_CR", "", KVM_OFF),
	ROW("SVM not supported by CPU", "kvm", KVM_NO_HARDWARE),
	ROW("VMX (outside TXT) disabled by BIOS", "", KVM_OFF),
	ROW("nconsistent VMCS config", "kvm", CPUS_DIFFER,
	    .number = { { .after = KW_STR("CPU"), .fact = KW_F_cpu } }),
	ROW("kvm: CPU ", "feature inconsistency!", CPUS_DIFFER,
	    .number = { { .after = KW_STR("kvm: CPU "), .fact = KW_F_cpu } }),
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
