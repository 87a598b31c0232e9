// SPDX-License-Identifier: MIT
/* The kernel's messages about MSRs: nearly all are noise, and the answer should say so. */
#include "explain/rules/rules.h"

struct range {
	uint32_t first, last;
};

/*
 * MSRs that operating systems probe but do not need: performance counters, LBR, RAPL, uncore,
 * microcode and erratum registers. Sources: reports named in docs/rules/msr-noise.md.
 */
static const struct range noise[] = {
	{ 0x34, 0x34 },
	{ 0x4e, 0x4e },
	{ 0x8b, 0x8b },
	{ 0xc1, 0xc8 },
	{ 0xce, 0xce },
	{ 0xe7, 0xe8 },
	{ 0x140, 0x140 },
	{ 0x17, 0x17 },
	{ 0x186, 0x18d },
	{ 0x198, 0x19c },
	{ 0x1a0, 0x1a2 },
	{ 0x1a6, 0x1a7 },
	{ 0x1aa, 0x1ad },
	{ 0x1b0, 0x1b2 },
	{ 0x1c8, 0x1c9 },
	{ 0x1d9, 0x1d9 },
	{ 0x1db, 0x1de },
	{ 0x309, 0x30c },
	{ 0x345, 0x345 },
	{ 0x38d, 0x391 },
	{ 0x3a, 0x3a },
	{ 0x3f1, 0x3f7 },
	{ 0x570, 0x571 },
	{ 0x601, 0x606 },
	{ 0x610, 0x61c },
	{ 0x620, 0x621 },
	{ 0x638, 0x642 },
	{ 0x648, 0x64f },
	{ 0x680, 0x6df },
	{ 0x770, 0x777 },
	{ 0xc90, 0xd8f },
	{ 0xc0000408, 0xc000040a },
	{ 0xc0010000, 0xc0010007 },
	{ 0xc0010015, 0xc0010015 },
	{ 0xc0010048, 0xc0010048 },
	{ 0xc0010055, 0xc0010055 },
	{ 0xc0010058, 0xc0010058 },
	{ 0xc0010061, 0xc0010071 },
	{ 0xc0010111, 0xc001011b },
	{ 0xc0010140, 0xc0010141 },
	{ 0xc0010200, 0xc001020b },
	{ 0xc0010292, 0xc001029b },
	{ 0xc0011004, 0xc0011005 },
	{ 0xc0011020, 0xc001103f },
};

static bool is_noise(uint32_t index)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		if (index >= noise[i].first && index <= noise[i].last)
			return true;
	}
	return false;
}

/* Lines whose verb says that KVM dropped the write: the guest got no #GP. */
static bool is_dropped(const struct kw_msr_message *m)
{
	return m->write && (m->verb == KW_MSR_UNIMPLEMENTED || m->verb == KW_MSR_DISABLED_PERFCTR ||
			    m->verb == KW_MSR_NOP);
}

static bool all_dropped(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (!is_dropped(&c->f->msr[i]) || c->f->msr[i].index == 0x1d9)
			return false;
	}
	return c->f->nmsr > 0;
}

/* Windows kernel code runs from fffff800'00000000 up; Linux has its text in the last 2 GiB. */
static bool from_windows(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (c->f->msr[i].rip >> 32 >= 0xfffff800 && c->f->msr[i].rip >> 32 < 0xffffff00)
			return true;
	}
	return false;
}

static bool all_noise(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (!is_noise(c->f->msr[i].index))
			return false;
	}
	return c->f->nmsr > 0 && !all_dropped(c);
}

static bool some_not_noise(const struct kw_case *c)
{
	return c->f->nmsr > 0 && !all_noise(c) && !all_dropped(c);
}

static bool has_lbr_tos(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (c->f->msr[i].index == 0x1c9 && !c->f->msr[i].write)
			return true;
	}
	return false;
}

static enum kw_certainty noise_sure(const struct kw_case *c)
{
	return has_lbr_tos(c) ? KW_POSSIBLE : KW_LIKELY;
}

static bool read_with_data(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (c->f->msr[i].data_behind_read && c->f->msr[i].verb == KW_MSR_UNHANDLED)
			return true;
	}
	return false;
}

static bool ignored(const struct kw_case *c)
{
	return c->f->nmsr && c->f->msr[0].verb == KW_MSR_IGNORED;
}

static bool host_bug(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_BUG);
}

static bool debugctl(const struct kw_case *c)
{
	for (size_t i = 0; i < c->f->nmsr; i++) {
		if (c->f->msr[i].index != 0x1d9)
			return false;
	}
	return c->f->nmsr > 0;
}

const struct kw_rule kw_rules_message[] = {
	{
		.id = "msr-host-bug",
		.certainty = KW_LIKELY,
		.classes = KW_IN(MSR_MESSAGE),
		.test = host_bug,
		.sign = KW_SIGN_BUG + 1,
		.title = "The MSR line is harmless; the host kernel itself crashed right after it",
		.why = "A BUG or Oops of the host's kernel is in the same log. That is the "
		       "failure to look at; the guest's access to {msr} only happens to be near.",
		.todo = { KW_DO("Report the whole Oops (all lines to `end trace`) with the kernel "
				"version; try a newer kernel.") },
		.source = { "kernel messages of this log" },
	},
	{
		.id = "msr-debugctl-bits",
		.certainty = KW_LIKELY,
		.classes = KW_IN(MSR_MESSAGE),
		.harmless = true,
		.test = debugctl,
		.title =
			"The guest set bits of IA32_DEBUGCTL (LBR, BTF) that KVM does not emulate; "
			"they were dropped",
		.why = "KVM accepts the write and ignores LBR and BTF unless the guest has LBR "
		       "support. Only debuggers and tests notice.",
		.todo = { KW_DO("Do nothing, unless the guest needs last branch records.") },
		.source = { "Linux arch/x86/kvm/x86.c and vmx/vmx.c, MSR_IA32_DEBUGCTLMSR" },
	},
	{
		.id = "msr-dropped",
		.certainty = KW_LIKELY,
		.harmless = true,
		.classes = KW_IN(MSR_MESSAGE),
		.test = all_dropped,
		.title = "Harmless: KVM dropped the guest's writes to MSRs that it does not "
			 "implement; the guest got no #GP",
		.why = "`unimplemented`, `disabled perfctr` and `nop` mark writes that KVM "
		       "accepts and drops. Operating systems disable counters and probe features "
		       "this way on every boot.",
		.todo = { KW_DO("Do nothing: these lines do not kill a guest.") },
		.source = { "Linux arch/x86/kvm/x86.c, kvm_set_msr_common()",
			    "Linux arch/x86/kvm/svm/svm.c, svm_set_msr()" },
	},
	{
		.id = "msr-noise",
		.certainty = KW_LIKELY,
		.sure = noise_sure,
		.classes = KW_IN(MSR_MESSAGE),
		.harmless = true,
		.test = all_noise,
		.title = "Harmless: the guest probed MSRs that KVM does not emulate, as every "
			 "operating system does",
		.why = "These are performance counters, power and uncore registers and the like. "
		       "With `unhandled` the guest got #GP, with `ignored` it read 0 or its write "
		       "was dropped; operating systems are written to live with both. If a guest "
		       "died, the reason is elsewhere.",
		.todo = { KW_DO("Do nothing. To silence the lines: kvm.report_ignored_msrs=0 if "
				"ignore_msrs is on, or a newer kernel, which prints them at debug "
				"level only.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1530246",
			    "Linux arch/x86/kvm/x86.c, kvm_get_msr_common()" },
	},
	{
		.id = "msr-windows-lbr-tos",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(MSR_MESSAGE),
		.test = has_lbr_tos,
		.title = "MSR 0x1c9 (LBR top of stack): harmless to Linux guests, but some Windows "
			 "10 versions stop with a blue screen",
		.why = "Windows reads it without a guard on some CPU models, gets #GP and stops "
		       "(KMODE_EXCEPTION_NOT_HANDLED or SYSTEM_THREAD_EXCEPTION_NOT_HANDLED).",
		.todo = { KW_DO("The guest rIP in these lines is in the range where Windows runs: "
				"check for a blue screen.",
				.when = from_windows),
			  KW_DO("Only if a Windows guest really stops: `options kvm ignore_msrs=1` "
				"on the host.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1658141" },
	},
	{
		.id = "msr-enoent-window",
		.aside = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(MSR_MESSAGE),
		.test = read_with_data,
		.title = "If the guest died with ENOENT: a development kernel of the 5.10 cycle "
			 "returned its internal mark for an unknown MSR to user space",
		.why = "Since v5.10 the line reads `unhandled rdmsr: ... data 0x0`. Only those "
		       "between the MSR filter and its fix returned ENOENT for an unknown MSR, "
		       "and KVM_RUN failed with it; nested guests saw it first.",
		.todo = { KW_DO("Run: `uname -r`. On a released kernel this does not apply."),
			  KW_DO("Look for `kvm run failed No such file or directory` in the VMM's "
				"log.") },
		.source = { "Linux commit cc4cb017678a (\"KVM: x86: use positive error values for "
			    "msr emulation that causes #GP\") (in v5.10)" },
	},
	{
		.id = "msr-ignored",
		.aside = true,
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_MSR_LINES },
		.classes = KW_IN(MSR_MESSAGE),
		.harmless = true,
		.test = ignored,
		.title = "kvm.ignore_msrs is on: the guest read 0, or its write was dropped",
		.why = "`ignored` in the line says so. The guest continues with a value the CPU "
		       "never returned.",
		.todo = { KW_DO("Turn ignore_msrs off if the guest behaves oddly: it hides what "
				"the guest would otherwise notice.") },
		.source = { "Linux arch/x86/kvm/x86.c, ignore_msrs" },
	},
	{
		.id = "msr-not-emulated",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(MSR_MESSAGE),
		.harmless = true,
		.test = some_not_noise,
		.title = "The guest used MSRs that this KVM does not emulate; by itself that kills "
			 "no guest",
		.why = "KVM raised #GP in the guest (or ignored the access). Operating systems "
		       "guard such probes. It is more than noise only if the guest stopped at "
		       "exactly this instruction.",
		.todo = { KW_DO("Compare the guest rIP in the line with the guest's own crash "
				"message."),
			  KW_DO("The guest rIP is in the range where Windows runs: check for a "
				"blue screen at the same time.",
				.when = from_windows),
			  KW_DO("If they agree: `options kvm ignore_msrs=1` as a test, or a CPU "
				"model that does not announce the feature.") },
		.source = { "Linux arch/x86/kvm/x86.c, kvm_set_msr_common()" },
	},
	{ 0 }
};
