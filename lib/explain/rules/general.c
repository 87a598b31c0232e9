// SPDX-License-Identifier: MIT
/*
 * What must be said before anything else: other architectures, encrypted guests, dumps not made for
 * KVM.
 */
#include "explain/rules/rules.h"

#define ANY_CLASS UINT32_MAX

/* A message about it shows no registers, of which nothing could be claimed. */
static bool other_machine(const struct kw_case *c)
{
	return kw_is_foreign(c->f) && !kw_class_is_message(c->f->class);
}

static bool tcg(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_TCG) && c->f->class == KW_CLASS_REGISTER_DUMP;
}

static bool encrypted(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_SEV_MESSAGE) || any_sign(c, KW_SIGN_SEV_TERMINATION);
}

/*
 * At the reset vector, nothing run yet: also what a VMM prints if it cannot read an encrypted
 * guest's registers.
 */
static bool reset_values(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return cs_at_reset(f) && control_at_reset(f) && FACT_IS(f, rip, 0xfff0) &&
	       FACT_IS(f, rsp, 0) && f->class != KW_CLASS_ENTRY_FAILED && !encrypted(c);
}

static bool register_dump(const struct kw_case *c)
{
	return !any_sign(c, KW_SIGN_TCG) && !c->f->watch.begun;
}

static bool vmm_alone(const struct kw_case *c)
{
	return c->f->class == KW_CLASS_MSR_MESSAGE || c->f->class == KW_CLASS_VMM_FATAL;
}

static bool vmm_assertion(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_ASSERTION) && !vmm_alone(c) && !kw_has(c->f, host_msr_index);
}

/* If there are only MSR lines besides it, the assertion is the failure. */
static bool asserts_asidx(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_ASSERTION);

	return sign && kw_str_has(sign->text, KW_STR("cpu_asidx_from_attrs"));
}

static bool has_msr_lines(const struct kw_case *c)
{
	return c->f->nmsr || any_sign(c, KW_SIGN_MSR);
}

static bool vmm_aborted(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_ASSERTION);
}

/*
 * No guest has RFLAGS 0: bit 1 is always set. With it, only the control registers are a running
 * guest's: KVM shows no more.
 */
bool kw_encrypted_state(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	return FACT_IS(f, rflags, 0) && FACT_IS(f, rip, 0) && FACT_IS(f, cs_attr, 0) &&
	       FACT_IS(f, rsp, 0) && pg_set(c) && kw_has(f, efer) && f->efer & 1u << 12;
}

static bool watch_harmless(const struct kw_case *c)
{
	return FACT_IS(c->f, watch_harmless, 1);
}

const struct kw_rule kw_rules_general[] = {
	{
		.id = "watch-harmless",
		.certainty = KW_CERTAIN,
		.harmless = true,
		.proof = { KW_NEED(watch_harmless) },
		.classes = ANY_CLASS,
		.needs = { KW_NEED(watch_harmless) },
		.test = watch_harmless,
		.title = "kvmwhy watch classified this exit as one that this VMM handles and "
			 "continues",
		.why = "The same exit is a failure with one VMM and an ordinary request with "
		       "another. Earlier exits of this VM show that its VMM handles it; the "
		       "record is kept for those who want all of them.",
		.todo = { KW_DO("If this guest died all the same, see what the VMM did with the "
				"exit: read its log of the same second.") },
		.source = { "include/uapi/kvmwhy-event.h, KVMWHY_KNOWS_HARMLESS" },
	},
	{
		.id = "not-x86",
		.aside = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_ARCH },
		.classes = ANY_CLASS,
		.any_arch = true,
		.test = other_machine,
		.title = "The guest is {arch}, not x86: kvmwhy names the failure and makes no "
			 "claim about its registers",
		.why = "The register names are those of {arch}. Rules and decoders here are for "
		       "x86.",
		.todo = { KW_DO("Check the host's dmesg, and the architecture's part of "
				"Documentation/virt/kvm."),
			  KW_DO("Run: `strace -f -e trace=ioctl` on the VMM "
				"(qemu-system-{arch_qemu}). It shows which values {set_regs} gave "
				"the vCPU. What KVM makes of them is in Linux {arch_kvm}.") },
		.source = { "register names in this log" },
	},
	{
		.id = "tcg-log",
		.certainty = KW_LIKELY,
		.classes = KW_IN(REGISTER_DUMP),
		.test = tcg,
		.sign = KW_SIGN_TCG + 1,
		.harmless = true,
		.title = "A log of QEMU's TCG (-d int or -d cpu), or of a reset (-d cpu_reset), "
			 "not a KVM failure",
		.why = "CCS=, CCD= and CCO= are TCG's lazy condition codes. QEMU prints them in "
		       "its -d logs; -d cpu_reset prints them under KVM too.",
		.todo = { KW_DO("If a KVM guest died, look for a line with `kvm run failed`, `KVM "
				"internal error` or `entry failed`.") },
		.source = { "QEMU target/i386/cpu-dump.c, CPU_DUMP_CCOP" },
	},
	{
		.id = "encrypted-registers",
		.aside = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR) | KW_IN(ENTRY_FAILED) |
			   KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(rip) },
		.test = encrypted,
		.sign = KW_SIGN_SEV_MESSAGE + 1,
		.title = "An SEV-ES or SNP guest: the registers in this dump are not the guest's",
		.why = "The host cannot read an encrypted guest's registers or code; the VMM "
		       "prints RESET values and ciphertext.",
		.todo = { KW_DO("Use the host's dmesg (vmgexit and SEV lines) and the guest's own "
				"console.") },
		.source = { "QEMU commit message of guest_state_protected",
			    "AMD APM vol. 2, \"Encrypted State (SEV-ES)\"" },
	},
	{
		.id = "encrypted-state",
		.certainty = KW_LIKELY,
		.classes = KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR) | KW_IN(ENTRY_FAILED) |
			   KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(rip), KW_NEED(rflags), KW_NEED(cr0), KW_NEED(efer) },
		.test = kw_encrypted_state,
		.title = "These registers are what KVM shows for a guest with encrypted state "
			 "(SEV-ES, SNP): they mean nothing",
		.why = "RFLAGS, RIP and the segments are 0, which no running vCPU has (bit 1 of "
		       "RFLAGS is always set), while CR0 and EFER {efer} are those of a running "
		       "guest on SVM. For a guest with encrypted registers KVM tracks only CR0 "
		       "and EFER.",
		.todo = { KW_DO("Look in the host's dmesg of the same second for vmgexit, SEV and "
				"SNP lines: they have the reason."),
			  KW_DO("Look at the guest's own console.") },
		.source = { "AMD APM vol. 2, \"Encrypted State (SEV-ES)\"",
			    "Linux arch/x86/kvm/svm/sev.c" },
	},
	{
		.id = "reset-values",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED) | KW_IN(INTERNAL_ERROR) | KW_IN(UNKNOWN_EXIT),
		.needs = { KW_NEED(rip), KW_NEED(cs_base), KW_NEED(cr0), KW_NEED(efer) },
		.test = reset_values,
		.title = "The vCPU is at the reset vector: it never ran, or the guest is encrypted "
			 "and its registers are not visible",
		.why = "All values are as after RESET. For SEV-ES, SNP and TDX guests a VMM can "
		       "print nothing else.",
		.todo = { KW_DO("If it is a confidential guest, look in the host's dmesg."),
			  KW_DO("Otherwise check what the VMM set up: it failed before any guest "
				"code ran.") },
		.source = { "Intel SDM vol. 3, \"Processor State After Reset\"" },
	},
	{
		.id = "vmm-assertion",
		.aside = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = ANY_CLASS,
		.test = vmm_assertion,
		.sign = KW_SIGN_ASSERTION + 1,
		.title = "The VMM aborted on an assertion of its own",
		.why = "An assertion after the failure is its consequence, not its cause. A known "
		       "one is cpu_asidx_from_attrs with SMM=1: QEMU reads the code bytes of the "
		       "dump through an address space that does not exist.",
		.todo = { KW_DO("Look at the first message: that is the one that counts. "
				"Whatever the VMM would have printed after the assertion is lost.") },
		.source = { "assertion in this log" },
	},
	{
		.id = "vmm-aborted",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = KW_IN(MSR_MESSAGE) | KW_IN(VMM_FATAL),
		.any_arch = true,
		.test = vmm_aborted,
		.sign = KW_SIGN_ASSERTION + 1,
		.title = "The VMM aborted on an assertion of its own",
		.why = "The line names the file and the condition that does not hold.",
		.todo = { KW_DO("Collect what was printed before it: cpu_asidx_from_attrs fails "
				"while QEMU prints the code bytes of a vCPU in SMM, after KVM could "
				"not run that vCPU. That failure is the one to explain.",
				.when = asserts_asidx),
			  KW_DO("Ignore the host kernel's lines about MSRs: operating systems "
				"trigger those on every boot.",
				.when = has_msr_lines),
			  KW_DO("Report the assertion to the VMM's maker, with its version; a core "
				"dump has the stack: `coredumpctl info`.") },
		.source = { "assertion in this log" },
	},
	{
		.id = "register-dump-alone",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(REGISTER_DUMP),
		.test = register_dump,
		.fallback = true,
		.title = "This text has a register dump and does not show why it was printed",
		.why = "The registers show where the vCPU was. A message such as `kvm run failed`, "
		       "`KVM internal error` or `entry failed` would say what happened. `info "
		       "registers` and QEMU's -d logs print the same dump of a healthy vCPU.",
		.todo = { KW_DO("Collect the lines before the dump, from the VMM's stderr or from "
				"libvirt's /var/log/libvirt/qemu/NAME.log.") },
		.source = { "QEMU accel/kvm/kvm-all.c, kvm_cpu_exec()" },
	},
	{ 0 }
};
