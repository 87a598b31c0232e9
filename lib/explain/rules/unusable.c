// SPDX-License-Identifier: MIT
/* KVM cannot be used on this host at all, or not by this user: no guest ran. */
#include "explain/rules/rules.h"

#define UNUSABLE KW_IN(KVM_UNUSABLE) | KW_IN(SETUP_FAILED)
#define SOURCE_INIT "QEMU accel/kvm/kvm-all.c, kvm_init()"

static bool feat_ctl_unlocked(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_VMXON_FAULTED);

	return sign && !(sign->value & 1);
}

/* QEMU's words name what it opened; those of others only have /dev/kvm and an errno in one line. */
static enum kw_certainty if_qemu_opened(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nsigns; i++) {
		if (kw_str_has(c->f->sign[i].text, KW_STR("Could not access KVM kernel module: ")))
			return KW_CERTAIN;
	}
	return KW_LIKELY;
}

/* An audit record of AppArmor or SELinux, which refuse whatever the file's mode says. */
static bool is_audit(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_KVM_DENIED);

	return sign && (kw_str_has(sign->text, KW_STR("apparmor=")) ||
			kw_str_has(sign->text, KW_STR("avc:")));
}

static const struct kw_do look_for_vmx = {
	.text = "Run: `grep -cE 'vmx|svm' /proc/cpuinfo`. With 0 the CPU's virtualization "
		"extensions are hidden: enable Intel VT-x "
		"or AMD-V (SVM) in firmware setup; if this host is itself a VM, enable nested "
		"virtualization in the hypervisor "
		"below it.",
};

static const struct kw_do load_module = {
	.text = "Run: `modprobe kvm_intel` or `modprobe kvm_amd` as root, then `dmesg | grep -i "
		"kvm`: the module says why it "
		"does not load.",
};

static const struct kw_do ask_host = { .text = "Run: `kvmwhy host` on that host. It checks all of this." };

const struct kw_rule kw_rules_unusable[] = {
	{
		.id = "kvm-permission",
		.certainty = KW_CERTAIN,
		.sure = if_qemu_opened,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.any_arch = true,
		.sign = KW_SIGN_KVM_DENIED + 1,
		.needs_sign = true,
		.title = "This user may not open /dev/kvm",
		.why = "open(2) of /dev/kvm was refused: the device exists, and its group or its "
		       "mode does not let this user in. In a "
		       "container the device cgroup, or an LSM, refuses it in the same words.",
		.todo = { KW_DO("The line is an audit record: AppArmor or SELinux refused it. Look at "
				"its profile or context: `aa-status`, `ausearch -m avc -ts recent`.",
				.when = is_audit),
			  KW_DO("Run: `ls -l /dev/kvm; id`, then `usermod -aG kvm USER` for the "
				"group shown, and log in again."),
			  KW_DO("In a container: pass the device (`--device /dev/kvm`), and check "
				"the group id inside."),
			  &ask_host },
		.source = { SOURCE_INIT },
	},
	{
		.id = "kvm-no-el2",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_NO_EL2 + 1,
		.needs_sign = true,
		.title = "This arm64 kernel was entered at EL1: firmware or another hypervisor owns "
			 "EL2, so there is no KVM here",
		.why = "KVM on arm64 needs EL2, and a kernel has it only if it was started there. "
		       "In a VM without nested virtualization this line is ordinary.",
		.todo = { KW_DO("In a VM: use a host with nested virtualization for arm64 (Linux "
				"6.16 with FEAT_NV2, `kvm-arm.mode=nested`), or run guests on the "
				"host itself."),
			  KW_DO("On hardware: look for a setting or an update of firmware or boot "
				"loader (TF-A, U-Boot, UEFI) that enters the kernel at EL2.") },
		.source = { "Linux arch/arm64/kvm/arm.c, kvm_arm_init()",
			    "Linux Documentation/arch/arm64/booting.rst" },
	},
	{
		.id = "kvm-busy",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_BUSY + 1,
		.needs_sign = true,
		.title = "KVM_CREATE_VM returned EBUSY: another hypervisor on this host holds "
			 "VMX or SVM",
		.why = "KVM turns virtualization on when the first VM is created, and found it "
		       "in use by VirtualBox, VMware or another module that does not share it. "
		       "On s390x and POWER the same errno has other causes.",
		.todo = { KW_DO("Stop the other hypervisor's VMs; run: `lsmod | grep -E "
				"'vboxdrv|vmmon|xen'` and unload what it finds."),
			  KW_DO("Or keep KVM out of its way: on Linux 6.12 and later boot with "
				"`kvm.enable_virt_at_load=0`, so that KVM "
				"takes VMX or SVM only while a VM of its own runs.") },
		.source = { "Linux arch/x86/kvm, hardware_enable_all(), vmx_hardware_enable(), "
			    "svm_hardware_enable()" },
	},
	{
		.id = "kvm-vmxon-faulted",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.sign = KW_SIGN_VMXON_FAULTED + 1,
		.needs_sign = true,
		.test = feat_ctl_unlocked,
		.title = "VMXON faulted: firmware left IA32_FEATURE_CONTROL (0x3a) unlocked",
		.why = "VMXON needs bit 0 (lock) and bit 2 (VMX outside SMX) of "
		       "IA32_FEATURE_CONTROL; bit 0 is clear. Firmware sets both "
		       "before it boots an operating system, and again for each CPU on resume; "
		       "here it did not.",
		.todo = { KW_DO("Power the host off and on (not suspend and resume), and update "
				"its firmware."),
			  KW_DO("Enable VT-x in firmware setup; if this host is a VM, its "
				"hypervisor must set the register.") },
		.source = { "Intel SDM vol. 3, \"Enabling and Entering VMX Operation\"",
			    "Linux arch/x86/kvm/vmx/vmx.c, kvm_cpu_vmxon()" },
	},
	{
		.id = "kvm-off-in-firmware",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_OFF + 1,
		.needs_sign = true,
		.title = "The CPU's virtualization extensions are switched off, so KVM does not "
			 "load",
		.why = "VMX is locked off in IA32_FEATURE_CONTROL, or SVMDIS is set in VM_CR. "
		       "Firmware does that, or the hypervisor below if this host is itself a VM.",
		.todo = { KW_DO("Enable Intel VT-x, or SVM mode, in firmware setup, and power the "
				"host off and on."),
			  KW_DO("If this host is a VM: enable nested virtualization for it (`-cpu "
				"host`; kvm_intel or kvm_amd `nested=1` on "
				"the host below)."),
			  &ask_host },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, vmx_disabled_by_bios(); "
			    "arch/x86/kvm/svm/svm.c, kvm_is_svm_supported()" },
	},
	{
		.id = "kvm-other-vendor",
		.any_arch = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_OTHER_VENDOR + 1,
		.needs_sign = true,
		.harmless = true,
		.title = "A KVM vendor module was to be loaded while one is loaded already",
		.why = "Only one of kvm_intel and kvm_amd can be loaded, and one is. The CPU "
		       "decides which is the right one.",
		.todo = { KW_DO(
			"Take the other module out of /etc/modules and /etc/modules-load.d.") },
		.source = { "Linux arch/x86/kvm/x86.c, kvm_x86_vendor_init()" },
	},
	{
		.id = "kvm-holds-vmx",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_HOLDS + 1,
		.needs_sign = true,
		.title = "VirtualBox cannot start its VM: KVM, or another hypervisor, holds VMX or "
			 "SVM on this host",
		.why = "Only one hypervisor at a time can own the extensions of a CPU. KVM owns "
		       "them while one of its VMs runs, and from Linux 6.12 on as soon as its "
		       "module is loaded.",
		.todo = { KW_DO("Run: `fuser -v /dev/kvm` as root, and stop the VMs it shows; then "
				"`modprobe -r kvm_intel` (or kvm_amd)."),
			  KW_DO("On Linux 6.12 and later boot with `kvm.enable_virt_at_load=0`: "
				"VirtualBox then works whenever no KVM guest runs.") },
		.source = { "Linux Documentation/admin-guide/kernel-parameters.txt, "
			    "\"kvm.enable_virt_at_load=\"" },
	},
	{
		.id = "kvm-not-nested",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_NOT_NESTED + 1,
		.needs_sign = true,
		.title = "This hypervisor cannot give its VM VMX or SVM, so there will be no KVM in "
			 "that VM",
		.why = "The VM was to get nested virtualization, and the hypervisor says that it "
		       "cannot. On Windows that is so while Hyper-V, or what needs it "
		       "(virtualization-based security, WSL 2), owns the CPU.",
		.todo = { KW_DO("On a Windows host: switch Hyper-V and memory integrity off "
				"(`bcdedit /set hypervisorlaunchtype off`, restart), or use Hyper-V "
				"itself (`Set-VMProcessor NAME -ExposeVirtualizationExtensions "
				"$true`)."),
			  &look_for_vmx },
		.source = { "VMware knowledge base 2146361" },
	},
	{
		.id = "kvm-not-asked",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_UNUSABLE),
		.sign = KW_SIGN_KVM_NOT_ASKED + 1,
		.needs_sign = true,
		.title = "QEMU runs without KVM here, and `-cpu host` needs it",
		.why = "Either KVM was not asked for, or QEMU fell back to TCG because it could not "
		       "use KVM; the lines before it say which.",
		.todo = { KW_DO("Add `-accel kvm`, or choose a CPU model that TCG has (`-cpu max`)."),
			  KW_DO("Run: `ls -l /dev/kvm; id`. It must exist, and this user must be "
				"in its group.") },
		.source = { "QEMU target/i386/host-cpu.c; target/arm/cpu64.c" },
	},
	{
		.id = "kvm-not-built",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_UNUSABLE),
		.sign = KW_SIGN_KVM_NOT_BUILT + 1,
		.needs_sign = true,
		.title = "This QEMU has no KVM: it was built without it, or for another architecture "
			 "than the host's",
		.why = "KVM runs guests of the host's own architecture only; qemu-system-x86_64 on an "
		       "arm64 host, or any QEMU on macOS or Windows, has no such accelerator.",
		.todo = { KW_DO("Run: `qemu-system-x86_64 -accel help` (with your binary's name), and "
				"`uname -sm`."),
			  KW_DO("On macOS use `-accel hvf`, on Windows `-accel whpx`; for a guest of "
				"another architecture `-accel tcg`.") },
		.source = { "QEMU accel/accel-system.c; meson.build, accelerator targets" },
	},
	{
		.id = "kvm-cpus-differ",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_CPUS_DIFFER + 1,
		.needs_sign = true,
		.title = "The CPUs of this host differ in their VMX features, and KVM does not run on "
			 "such a host",
		.why = "A vCPU may move between CPUs at any time, so KVM compares each CPU's "
		       "capability MSRs with those of the first and refuses one that differs: "
		       "mixed microcode, a CPU brought online or resumed before its microcode, or "
		       "a hypervisor below that shows its vCPUs different MSRs.",
		.todo = { KW_DO("Run: `grep microcode /proc/cpuinfo | sort | uniq -c`. Load microcode "
				"early (in the initramfs), and update the firmware."),
			  KW_DO("If this host is a VM: report it to the hypervisor below.") },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, vmx_check_processor_compat()" },
	},
	{
		.id = "kvm-module",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_MISFIT + 1,
		.needs_sign = true,
		.title = "KVM's module is missing, or was built for another kernel than the one that "
			 "runs",
		.why = "The module's directory is /lib/modules/`uname -r`. After an update the "
		       "running kernel's may be gone or replaced; kernels of containers, WSL and "
		       "small boards often come without KVM.",
		.todo = { KW_DO("Reboot if a kernel was installed since the last boot; else install "
				"the package with this kernel's modules (`linux-modules-extra`, "
				"`kernel-modules`)."),
			  KW_DO("Run: `grep -E 'CONFIG_KVM(_INTEL|_AMD)?=' /boot/config-$(uname "
				"-r)`. `y` is built in and needs no module.") },
		.source = { "Linux kernel/module, check_version(), simplify_symbols()" },
	},
	{
		.id = "kvm-enable-failed",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.fallback = true,
		.sign = KW_SIGN_ENABLE_FAILED + 1,
		.needs_sign = true,
		.title = "KVM could not switch virtualization on for a CPU of the host: something else "
			 "has it",
		.why = "KVM does so for each CPU when its first VM is created. It fails if CR4.VMXE "
		       "or EFER.SVME is set already: VirtualBox, VMware or another module holds the "
		       "CPU. KVM_CREATE_VM then returns EBUSY.",
		.todo = { KW_DO("Stop the other hypervisor's VMs; run: `lsmod | grep -E "
				"'vboxdrv|vmmon|xen'` and unload what it finds."),
			  KW_DO("If no other is there: power the host off and on, and update its "
				"firmware.") },
		.source = { "Linux virt/kvm/kvm_main.c, hardware_enable_nolock()" },
	},
	{
		.id = "kvm-arm-cpu",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_CPU_UNKNOWN + 1,
		.needs_sign = true,
		.title = "This kernel's KVM does not know the ARM CPU that it runs on, so there is no "
			 "KVM here",
		.why = "KVM on ARM had a list of the CPUs that it supports. On arm64 it also takes "
		       "any ARMv8 CPU since v4.4; on 32-bit ARM only Cortex-A7 and A15 ever worked, "
		       "and v5.7 removed it.",
		.todo = { KW_DO("Run a 64-bit kernel, v4.4 or later.") },
		.source = { "Linux virt/kvm/arm/arm.c, kvm_arch_init(), before v5.11" },
	},
	{
		.id = "kvm-no-hardware",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = UNUSABLE,
		.sign = KW_SIGN_KVM_NO_HARDWARE + 1,
		.needs_sign = true,
		.title = "This CPU offers neither VMX nor SVM to KVM",
		.why = "CPUID does not show the extension of the module that was loaded: the CPU "
		       "lacks it, firmware hides it, or this host is "
		       "a VM without nested virtualization.",
		.todo = { &look_for_vmx, &ask_host },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, arch/x86/kvm/svm/svm.c, module "
			    "initialization" },
	},
	{
		.id = "kvm-missing",
		.certainty = KW_CERTAIN,
		.sure = if_qemu_opened,
		.proof = { KW_PROOF_SIGN },
		.classes = UNUSABLE,
		.any_arch = true,
		.sign = KW_SIGN_KVM_MISSING + 1,
		.needs_sign = true,
		.title = "There is no /dev/kvm here: KVM is not loaded, or cannot be",
		.why = "The device appears when KVM's module starts. It does not if the CPU's "
		       "virtualization extensions are off or hidden, if the module is not "
		       "installed, or in a container that was not given the device.",
		.todo = { &load_module, &look_for_vmx,
			  KW_DO("In a container or sandbox: pass the device in, for example "
				"`--device /dev/kvm`."),
			  &ask_host },
		.source = { SOURCE_INIT },
	},
	{
		.id = "kvm-unusable",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_UNUSABLE),
		.any_arch = true,
		.fallback = true,
		.sign = KW_SIGN_KVM_UNUSABLE + 1,
		.title = "KVM cannot be used on this host; this text does not show why",
		.why = "The program asked for KVM and did not get it. Usual reasons, most "
		       "frequent first: virtualization is off in firmware, the host is a VM "
		       "without nesting, the module is not loaded, the user may not open "
		       "/dev/kvm.",
		.todo = { &look_for_vmx,
			  KW_DO("Run: `ls -l /dev/kvm; id`. It must exist, and this user must be "
				"in its group."),
			  &load_module, &ask_host },
		.source = { SOURCE_INIT },
	},
	{ 0 }
};
