// SPDX-License-Identifier: MIT
/*
 * Guests with encrypted memory (SEV, SEV-ES, SNP and TDX): what refused to start them, and what
 * ended them.
 */
#include "explain/rules/rules.h"

#define PROTECTED KW_IN(PROTECTED_VM) | KW_IN(KVM_UNUSABLE) | KW_IN(SETUP_FAILED)
#define WITH_FAILURE                                                                 \
	PROTECTED | KW_IN(KVM_RUN_FAILED) | KW_IN(UNKNOWN_EXIT) | KW_IN(VMM_ERROR) | \
		KW_IN(ENTRY_FAILED)

enum { NO_FW_CALL = 0xffffffff };

static bool firmware_refused(const struct kw_case *c)
{
	return kw_has(c->f, fw_error) && c->f->fw_error && c->f->fw_error != NO_FW_CALL;
}

static bool kernel_refused(const struct kw_case *c)
{
	return FACT_IS(c->f, fw_error, 0) || FACT_IS(c->f, fw_error, NO_FW_CALL);
}

static bool launch_einval(const struct kw_case *c)
{
	return FACT_IS(c->f, launch_errno, KW_EINVAL);
}

static bool launch_unknown(const struct kw_case *c)
{
	return FACT_IS(c->f, launch_errno, KW_ENOTTY);
}

static bool launch_busy(const struct kw_case *c)
{
	return FACT_IS(c->f, launch_errno, KW_EBUSY) || FACT_IS(c->f, launch_errno, KW_ENOSPC);
}

/* TDH.SYS.*: the platform, before any TD. */
static bool platform_leaf(const struct kw_case *c)
{
	const uint64_t leaf = c->f->seamcall_leaf;

	return kw_has(c->f, seamcall_leaf) && ((leaf >= 31 && leaf <= 37) || leaf == 45);
}

static bool other_leaf(const struct kw_case *c)
{
	return !platform_leaf(c);
}

static bool status_names_msr(const struct kw_case *c)
{
	return c->f->seamcall_status >> 32 == 0xc0000920 ||
	       c->f->seamcall_status >> 32 == 0xc0000921;
}

const struct kw_rule kw_rules_protected[] = {
	{
		.id = "sev-firmware-refused",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(fw_error) },
		.classes = PROTECTED,
		.any_arch = true,
		.needs = { KW_NEED(fw_error) },
		.test = firmware_refused,
		.sign = KW_SIGN_SEV_LAUNCH + 1,
		.title = "the SEV firmware refused the command: error {fw_error}, {sev_error}",
		.why = "The kernel passed the command to AMD's secure processor, and the error is "
		       "its answer{sev_error_about}.",
		.todo = { KW_DO("Run: `journalctl -k | grep -iE 'ccp|sev|rmp'`. It has the "
				"firmware's version and what it refused before."),
			  KW_DO("Compare the guest's policy and the `sev-guest` or "
				"`sev-snp-guest` object of QEMU's command line with what this "
				"platform supports: `sevctl ok`, `snphost ok`."),
			  KW_DO("Update the SEV firmware (linux-firmware, /lib/firmware/amd) and "
				"the host's firmware setup.") },
		.source = { "Linux include/uapi/linux/psp-sev.h, sev_ret_code",
			    "QEMU target/i386/sev.c" },
	},
	{
		.id = "sev-launch-refused",
		.certainty = KW_LIKELY,
		.classes = PROTECTED,
		.any_arch = true,
		.needs = { KW_NEED(fw_error) },
		.shows = { KW_NEED(launch_errno) },
		.test = kernel_refused,
		.sign = KW_SIGN_SEV_LAUNCH + 1,
		.title = "the host's kernel refused to start the SEV guest ({launch_errno_name}); "
			 "the SEV firmware reported no error",
		.why = "fw_error is {sev_error}, so the command did not fail in AMD's secure "
		       "processor: KVM refused it earlier. What QEMU prints after it (`failed to "
		       "initialize kvm: Operation not permitted`) is only how QEMU ends.",
		.todo = { KW_DO("EINVAL: compare policy, VMSA features and vCPU options with "
				"what this kernel accepts. SNP policy bit 17 must be set; "
				"`debug-swap` and other SEV features need a kernel that knows "
				"them.",
				.when = launch_einval),
			  KW_DO("EINVAL also comes from an old command line: SNP takes its "
				"firmware from `-bios`, not by pflash, and needs "
				"memory-backend-memfd with `share=true` and "
				"`confidential-guest-support=`.",
				.when = launch_einval),
			  KW_DO("ENOTTY: this KVM does not know the command: Linux v6.11 and later "
				"run SNP guests, and kvm_amd needs `sev_snp=1`.",
				.when = launch_unknown),
			  KW_DO("EBUSY or ENOSPC: no ASID is free for this kind of guest. Stop "
				"other guests, or give SEV-ES more ASIDs in firmware setup.",
				.when = launch_busy),
			  KW_DO("Run: `grep . /sys/module/kvm_amd/parameters/sev*`, and "
				"`journalctl -k | grep -iE 'sev|ccp|rmp'`.") },
		.source = { "Linux arch/x86/kvm/svm/sev.c, snp_launch_start(), sev_guest_init()",
			    "QEMU target/i386/sev.c, sev_snp_launch_start()" },
	},
	{
		.id = "sev-not-available",
		.certainty = KW_LIKELY,
		.classes = PROTECTED,
		.any_arch = true,
		.sign = KW_SIGN_SEV_UNSUPPORTED + 1,
		.needs_sign = true,
		.title = "this host does not offer the SEV, SEV-ES or SNP that the guest needs",
		.why = "QEMU, libvirt or the kernel looked for it and did not find it: it is off "
		       "in firmware setup or in kvm_amd, the RMP table has no memory, or the user "
		       "may not open /dev/sev.",
		.todo = { KW_DO("Run: `grep . /sys/module/kvm_amd/parameters/sev*`, and "
				"`journalctl -k | grep -iE 'sev|ccp|rmp'`."),
			  KW_DO("In firmware setup: SMEE, SEV-ES ASID space limit, SNP memory (RMP "
				"table) coverage, IOMMU on."),
			  KW_DO("Run: `ls -l /dev/sev`; QEMU's user must be able to open it.") },
		.source = { "QEMU target/i386/sev.c, sev_common_kvm_init()",
			    "Linux arch/x86/kvm/svm/sev.c, sev_hardware_setup()" },
	},
	{
		.id = "sev-rmpupdate",
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.any_arch = true,
		.sign = KW_SIGN_SEV_RMPUPDATE + 1,
		.needs_sign = true,
		.title = "the host's kernel could not change the owner of a page in the RMP table "
			 "(RMPUPDATE failed)",
		.why = "RMPUPDATE fails if the page is not in the state the kernel expects, for "
		       "example part of a huge page that is mapped differently. The page is "
		       "leaked, and the SNP guest that needs it ends. The kernel prints the RMP "
		       "entry.",
		.todo = { KW_DO("Run the newest stable kernel of the host's series, and report the "
				"line with the RMP entries after it."),
			  KW_DO("Look for kexec or a crash kernel: an RMP table that was not "
				"cleared before causes the same.") },
		.source = { "Linux arch/x86/virt/svm/sev.c, rmpupdate()" },
	},
	{
		.id = "sev-rmp-fault",
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.any_arch = true,
		.shows = { KW_NEED(fault_gpa) },
		.sign = KW_SIGN_SEV_RMP_FAULT + 1,
		.needs_sign = true,
		.title = "an SNP guest touched a page whose RMP entry does not match, and KVM "
			 "could not resolve it",
		.why = "KVM splits or remaps a page on such a fault; here it found nothing to "
		       "change. Guest and host disagree on whether the page is private, or on "
		       "its size.",
		.todo = { KW_DO("Update the guest's kernel and firmware: they must validate a page "
				"(PVALIDATE) before they use it."),
			  KW_DO("Run the newest stable host kernel; the page's state is in "
				"guest_memfd and the RMP.") },
		.source = { "Linux arch/x86/kvm/svm/sev.c, sev_handle_rmp_fault()" },
	},
	{
		.id = "sev-vmgexit",
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.any_arch = true,
		.sign = KW_SIGN_SEV_MESSAGE + 1,
		.needs_sign = true,
		.title = "the encrypted guest made a GHCB request (VMGEXIT) that this KVM does "
			 "not accept",
		.why = "KVM's line says what is wrong: an unsupported exit code, a GHCB or "
		       "scratch area outside the allowed place, an AP creation with an invalid "
		       "VMSA. The registers of such a guest mean nothing. Older kernels fail "
		       "KVM_RUN with EINVAL; newer ones return most of these errors to the guest.",
		.todo = { KW_DO("Read the number in the line: `unsupported event` is the guest's "
				"SW_EXITCODE, in the GHCB specification."),
			  KW_DO("Run a host kernel and a VMM that know what the guest's firmware "
				"and kernel ask for (SNP: Linux v6.11).") },
		.source = { "Linux arch/x86/kvm/svm/sev.c, sev_es_validate_vmgexit()" },
	},
	{
		.id = "tdx-unaccepted-page",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = WITH_FAILURE,
		.any_arch = true,
		.shows = { KW_NEED(fault_gpa) },
		.sign = KW_SIGN_TDX_UNACCEPTED + 1,
		.needs_sign = true,
		.title = "the TDX guest touched a page at {fault_gpa} that it had not accepted",
		.why = "Private memory of a TD has to be accepted (TDG.MEM.PAGE.ACCEPT) before "
		       "it is used. KVM kills a TD that does not, and from then on every ioctl "
		       "on it fails with EIO.",
		.todo = { KW_DO("Boot a guest kernel with CONFIG_UNACCEPTED_MEMORY=y (Linux v6.5 "
				"and later), or let the firmware accept all memory."),
			  KW_DO("Use a TDVF (OVMF) that reports unaccepted memory to the guest; "
				"kexec and kdump in the guest need it too."),
			  KW_DO("Compare the address with the guest's memory map: a device or a "
				"hole is shared memory, not private.") },
		.source = { "Linux arch/x86/kvm/vmx/tdx.c, tdx_handle_ept_violation()" },
	},
	{
		.id = "tdx-seamcall",
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE | KW_IN(HOST_KERNEL),
		.any_arch = true,
		.needs = { KW_NEED(seamcall_status) },
		.sign = KW_SIGN_TDX_SEAMCALL + 1,
		.title = "the TDX module refused {seamcall}: {tdx_status}",
		.why = "The host's kernel called the TDX module by SEAMCALL, and the status is its "
		       "answer{tdx_status_about}.",
		.todo = { KW_DO("This concerns the platform, not a guest: update the host's "
				"firmware, the TDX module and microcode.",
				.when = platform_leaf),
			  KW_DO("Check the MSR on all CPUs: `rdmsr -a {seamcall_msr}` (msr-tools). "
				"Firmware setup, microcode and the kernel's command line (such as "
				"`tsx=`) set it.",
				.when = status_names_msr),
			  KW_DO("Run: `journalctl -k | grep -iE 'tdx|seam'`. It has the module's "
				"version and the first call that failed."),
			  KW_DO("With a busy status, try again; else report it with the host's "
				"kernel and the module's version.",
				.when = other_leaf) },
		.source = { "Intel TDX Module ABI specification",
			    "Linux arch/x86/virt/vmx/tdx/tdx.c" },
	},
	{
		.id = "tdx-platform",
		.certainty = KW_LIKELY,
		.classes = PROTECTED,
		.any_arch = true,
		.sign = KW_SIGN_TDX_PLATFORM + 1,
		.needs_sign = true,
		.title = "this host's kernel could not set up TDX",
		.why = "The kernel's line says why. Until TDX is set up no TD can be created; "
		       "other guests are not affected.",
		.todo = { KW_DO("In firmware setup: TME-MT, TDX, SEAM loader, and a split of key "
				"IDs that leaves some for TDX."),
			  KW_DO("Boot with `kvm_intel.tdx=1`; with some kernels, suspend to S3 "
				"and kexec are not possible while TDX is on."),
			  KW_DO("Run: `journalctl -k | grep -iE 'tdx|seam'`.") },
		.source = { "Linux arch/x86/virt/vmx/tdx/tdx.c, tdx_init()" },
	},
	{
		.id = "tdx-launch-refused",
		.certainty = KW_LIKELY,
		.classes = PROTECTED,
		.any_arch = true,
		.sign = KW_SIGN_TDX_REFUSED + 1,
		.needs_sign = true,
		.title = "KVM refused to set up the TD: an ioctl of the TDX launch failed",
		.why = "EINVAL from KVM_TDX_INIT_VM means attributes, XFAM or CPUID bits that "
		       "the TDX module does not allow; EIO means a SEAMCALL that failed, which "
		       "the host's dmesg names.",
		.todo = { KW_DO("Run: `journalctl -k | grep -iE 'tdx|seam'` for the same second."),
			  KW_DO("Start with `-cpu host`, without added or removed features, and "
				"with `kernel-irqchip=split`."),
			  KW_DO("Run a matching QEMU (10.1 or later) and kernel (Linux v6.16 or "
				"later): the interface changed before it was merged.") },
		.source = { "Linux Documentation/virt/kvm/x86/intel-tdx.rst",
			    "QEMU target/i386/kvm/tdx.c" },
	},
	{
		.id = "tdx-guest-fatal",
		.certainty = KW_LIKELY,
		.classes = WITH_FAILURE,
		.any_arch = true,
		.sign = KW_SIGN_TDX_GUEST_FATAL + 1,
		.needs_sign = true,
		.title = "the TDX guest ended itself: it reported a fatal error to the VMM "
			 "(TDG.VP.VMCALL<ReportFatalError>)",
		.why = "The guest's firmware or kernel found something it cannot trust or "
		       "handle. KVM only passed that on.",
		.todo = { KW_DO("Read the message that follows, and the guest's serial console."),
			  KW_DO("`TD misconfiguration: SEPT_VE_DISABLE attribute must be set` "
				"means: start the TD with sept-ve-disable=on.") },
		.source = { "Intel Guest-Host-Communication Interface for TDX, "
			    "\"ReportFatalError\"",
			    "QEMU target/i386/kvm/tdx.c" },
	},
	{ 0 }
};
