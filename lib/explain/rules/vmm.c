// SPDX-License-Identifier: MIT
/*
 * Ends not caused by KVM_RUN: QEMU gave up, a reset, a migration stream or CPU model that does not
 * fit.
 */
#include "explain/rules/rules.h"

#define MIGRATION KW_IN(MIGRATION_FAILED)
#define SOURCE_LOAD "QEMU migration/savevm.c, qemu_loadvm_state()"

static const struct kw_do same_machine = {
	.text = "Use the same versioned machine type on both sides (`-machine pc-q35-9.0`, not the "
		"alias `q35`), and the same devices with the same properties and addresses.",
};

static const struct kw_do known_break = {
	.text = "Compare the QEMU versions: `qemu-system-x86_64 --version` on both hosts. Search "
		"QEMU's ChangeLog for this device: streams between two releases have been broken "
		"and fixed before.",
};

static const struct kw_do accel_check = {
	.text = "Check how QEMU was started: without `-accel kvm` (or `-enable-kvm`) it runs the "
		"guest under TCG, and KVM has no part in it.",
};

static bool power_on(const struct kw_case *c)
{
	return kw_all_zero(c->f);
}

static bool ran_before(const struct kw_case *c)
{
	return !kw_all_zero(c->f);
}

/* "error while loading state for instance 0x0 of device 'cpu'" */
static bool of_vcpu(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_MIGRATION_DEVICE);

	return sign && kw_str_has(sign->text, KW_STR("device 'cpu'"));
}

/* If a memory block or device is unknown, the device's state fails only as a consequence. */
static bool only_the_device(const struct kw_case *c)
{
	return !any_sign(c, KW_SIGN_MIGRATION_RAM) && !any_sign(c, KW_SIGN_MIGRATION_UNKNOWN) &&
	       !of_vcpu(c);
}

/* cpu_post_load() passes the state to KVM, and fails if KVM or the host cannot have it. */
static bool a_vcpu(const struct kw_case *c)
{
	return !any_sign(c, KW_SIGN_MIGRATION_RAM) && !any_sign(c, KW_SIGN_MIGRATION_UNKNOWN) &&
	       of_vcpu(c);
}

/* QEMU's enforce; libvirt's lines have the names. */
static bool names_no_feature(const struct kw_case *c)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_MISSING_FEATURES);

	return sign && kw_str_has(sign->text, KW_STR("requested features"));
}

static bool tsc_differs(const struct kw_case *c)
{
	return any_sign(c, KW_SIGN_TSC_MISMATCH);
}

const struct kw_rule kw_rules_vmm[] = {
	{
		.id = "qemu-code-outside-ram",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMM_FATAL),
		.any_arch = true,
		.sign = KW_SIGN_OUTSIDE_RAM + 1,
		.needs_sign = true,
		.title = "QEMU's TCG stopped: the guest ran to an address with neither RAM nor "
			 "ROM",
		.why = "QEMU's own translator (TCG) prints this when it has to fetch code there, "
		       "and ends the process; a vCPU under KVM never comes to it. A wild jump or return, a boot "
		       "image for another machine or load address, and code that runs off its "
		       "end look like this.",
		.todo = { KW_DO("Check what was booted: is the image for this machine type, loaded "
				"where it was linked to run?"),
			  KW_DO("Run: `qemu-system-... -d in_asm,int -D trace.log`. The last "
				"blocks before the end show where the guest came from."),
			  &accel_check },
		.source = { "QEMU accel/tcg, get_page_addr_code()",
			    "QEMU cpu-target.c, cpu_abort()" },
	},
	{
		.id = "qemu-hardware-error",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMM_FATAL),
		.any_arch = true,
		.sign = KW_SIGN_HW_ERROR + 1,
		.needs_sign = true,
		.title = "A device model of QEMU gave up (hw_error): neither the host's hardware "
			 "nor KVM failed",
		.why = "The text behind `hardware error:` is the device model's. QEMU prints every "
		       "vCPU's registers and aborts; nearly always the guest used the device in a "
		       "way that QEMU does not emulate.",
		.todo = { KW_DO("Look up the text in QEMU's source: it names the device and what "
				"it did not expect."),
			  KW_DO("Check machine type and device: does the guest's driver fit what "
				"QEMU emulates? Then try a newer QEMU.") },
		.source = { "QEMU system/cpus.c, hw_error()" },
	},
	{
		.id = "qemu-fatal",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMM_FATAL),
		.any_arch = true,
		.sign = KW_SIGN_FATAL + 1,
		.needs_sign = true,
		.title = "QEMU stopped itself (cpu_abort): the text behind `fatal:` is the reason",
		.why = "cpu_abort() prints the reason, then the registers, and aborts. Nearly all "
		       "of its callers are TCG, the emulation without KVM, or an interrupt "
		       "controller model.",
		.todo = { KW_DO("Look up the text in QEMU's source; then try a newer QEMU."),
			  &accel_check },
		.source = { "QEMU cpu-target.c, cpu_abort()" },
	},
	{
		.id = "cpu-reset-power-on",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.harmless = true,
		.classes = KW_IN(CPU_RESET),
		.needs = { KW_NEED(rip) },
		.test = power_on,
		.title = "Harmless: `-d cpu_reset` logged the reset that every vCPU gets before it "
			 "first runs",
		.why = "All registers are 0: the vCPU has not run yet.",
		.todo = { KW_DO("Do nothing. Resets with other register values come from the "
				"guest.") },
		.source = { "QEMU target/i386/cpu.c, x86_cpu_reset_hold()" },
	},
	{
		.id = "cpu-reset",
		.any_arch = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(CPU_RESET),
		.test = ran_before,
		.sign = KW_SIGN_CPU_RESET + 1,
		.title = "QEMU logged the state before a reset (-d cpu_reset); if it repeats, the "
			 "guest resets itself in a loop",
		.why = "The dump shows where the vCPU was when the reset came: a reboot of the "
		       "guest, `system_reset`, or a triple fault, after which QEMU resets the VM. "
		       "QEMU prints it under KVM and under TCG. One reset is ordinary.",
		.todo = { KW_DO("Start with `-no-reboot -no-shutdown`: QEMU then stops at the "
				"first reset, and `info registers` and `x/10i $pc` of the monitor "
				"show what led there."),
			  KW_DO("To tell a triple fault from a reboot, run on the host: `trace-cmd "
				"record {events}`. A triple fault is KVM_EXIT_SHUTDOWN."),
			  KW_DO("Under TCG run: `-d int,cpu_reset`. It logs each exception in "
				"front of the reset.") },
		.source = { "QEMU hw/core/cpu-common.c, cpu_common_reset_hold()" },
	},
	{
		.id = "reset-required",
		.certainty = KW_LIKELY,
		.classes = KW_IN(VMM_ERROR),
		.any_arch = true,
		.sign = KW_SIGN_RESET_REQUIRED + 1,
		.needs_sign = true,
		.title = "The guest had stopped on an internal error (or has shut down) and cannot "
			 "be continued without a reset",
		.why = "QEMU refuses `cont` in the run states internal-error and shutdown. The "
		       "reason was printed earlier, when the guest stopped.",
		.todo = { KW_DO("Read the reason in QEMU's log, with libvirt "
				"/var/log/libvirt/qemu/NAME.log: `kvmwhy "
				"/var/log/libvirt/qemu/NAME.log`."),
			  KW_DO("Then reset it: `virsh reset NAME`, or `system_reset` and `cont` "
				"in the monitor.") },
		.source = { "QEMU system/runstate.c, runstate_needs_reset()" },
	},
	{
		.id = "migration-cpu",
		.certainty = KW_LIKELY,
		.classes = MIGRATION,
		.any_arch = true,
		.sign = KW_SIGN_MIGRATION_DEVICE + 1,
		.needs_sign = true,
		.test = a_vcpu,
		.title = "A migration stream or snapshot does not load: this host's QEMU or KVM "
			 "cannot give the guest the vCPU that the source gave it",
		.why = "The section `cpu` holds the vCPU's registers and what was enabled for it. "
		       "QEMU compares it with this vCPU, and KVM may refuse it: another CPU model, "
		       "nested state without nesting, a TSC frequency that this host cannot scale "
		       "to.",
		.todo = { KW_DO("The TSC frequencies differ and this host cannot scale: migrate to "
				"a host of the same frequency or with TSC scaling, or leave invtsc "
				"and tsc-frequency= out of the CPU model.",
				.when = tsc_differs),
			  KW_DO("Use the same named CPU model on both sides instead of `-cpu host`, "
				"and start the guest with it before the migration."),
			  KW_DO("If the guest runs guests of its own: `cat "
				"/sys/module/kvm_*/parameters/nested` must say Y or 1 on both "
				"hosts."),
			  &same_machine },
		.source = { SOURCE_LOAD, "QEMU target/i386/machine.c, cpu_post_load()" },
	},
	{
		.id = "migration-device",
		.certainty = KW_LIKELY,
		.classes = MIGRATION,
		.any_arch = true,
		.sign = KW_SIGN_MIGRATION_DEVICE + 1,
		.needs_sign = true,
		.test = only_the_device,
		.title = "A migration stream or snapshot does not fit this QEMU: the state of "
			 "{device} does not load. KVM has no part in it",
		.why = "What the source wrote for this device is longer, shorter or otherwise "
		       "different from what this QEMU reads. Machine type, device properties or "
		       "QEMU versions of the two sides differ.",
		.todo = { &same_machine, &known_break,
			  KW_DO("Compare the stream with the source: write it to a file (`migrate "
				"\"exec:cat > stream\"`) and run QEMU's "
				"`scripts/analyze-migration.py -f stream`.") },
		.source = { SOURCE_LOAD, "QEMU docs/devel/migration" },
	},
	{
		.id = "migration-unknown-device",
		.certainty = KW_LIKELY,
		.classes = MIGRATION,
		.any_arch = true,
		.sign = KW_SIGN_MIGRATION_UNKNOWN + 1,
		.needs_sign = true,
		.title = "The migration stream has a device that this VM does not have: {device}",
		.why = "The destination was started with other devices than the source, or its "
		       "QEMU was built without this one.",
		.todo = { KW_DO("Start the destination with the source's devices, including "
				"{device}."),
			  &same_machine },
		.source = { SOURCE_LOAD },
	},
	{
		.id = "migration-ram",
		.certainty = KW_LIKELY,
		.classes = MIGRATION,
		.any_arch = true,
		.sign = KW_SIGN_MIGRATION_RAM + 1,
		.needs_sign = true,
		.title = "The migration stream's memory block {device} does not fit this VM",
		.why = "The size of RAM, or of an option ROM or firmware image, differs between "
		       "the two sides, or the destination has no such block.",
		.todo = { KW_DO("Compare `-m`, memory backends and the sizes of firmware and "
				"option ROM files on both hosts."),
			  &same_machine },
		.source = { "QEMU migration/ram.c, parse_ramblock()" },
	},
	{
		.id = "migration-machine",
		.certainty = KW_CERTAIN,
		.proof = { KW_PROOF_SIGN },
		.classes = MIGRATION,
		.any_arch = true,
		.sign = KW_SIGN_MIGRATION_MACHINE + 1,
		.needs_sign = true,
		.title = "The migration stream is from a different machine type than this VM's",
		.why = "QEMU compares the names before it loads anything. The line names both.",
		.todo = { &same_machine },
		.source = { "QEMU migration/savevm.c, configuration_post_load()" },
	},
	{
		.id = "migration-failed",
		.certainty = KW_POSSIBLE,
		.classes = MIGRATION,
		.any_arch = true,
		.fallback = true,
		.sign = KW_SIGN_MIGRATION + 1,
		.title = "A migration stream or snapshot did not load; this text does not show "
			 "which part of it",
		.why = "The lines before `load of migration failed` name the device or the "
		       "memory block. I/O error and \"Connection reset\" mean that the stream "
		       "ended early: the reason is then on the source.",
		.todo = { KW_DO("Collect QEMU's log of both hosts from the second of the "
				"migration."),
			  &same_machine, &known_break },
		.source = { SOURCE_LOAD },
	},
	{
		.id = "sysreg-unsupported",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(CPU_FEATURES),
		.sign = KW_SIGN_SYSREG_ACCESS + 1,
		.needs_sign = true,
		.title = "The arm64 guest accessed {sysreg}, which this host's KVM does not "
			 "emulate: the guest got an undefined instruction",
		.why = "KVM injects UNDEF for a register that it has no handler for. A guest that "
		       "does not expect it, because the ID registers show the feature, dies of it.",
		.todo = { KW_DO("Update the host's kernel: a later one hides the feature from the "
				"guest's ID registers, or emulates it."),
			  KW_DO("Or switch the feature off in the guest (`arm64.nompam` and the "
				"like on its kernel command line).") },
		.source = { "Linux arch/arm64/kvm/sys_regs.c, emulate_sys_reg()" },
	},
	{
		.id = "cpu-features-missing",
		.certainty = KW_LIKELY,
		.classes = KW_IN(CPU_FEATURES),
		.any_arch = true,
		.sign = KW_SIGN_MISSING_FEATURES + 1,
		.needs_sign = true,
		.title = "The guest's CPU model needs what this host does not offer: {features}",
		.why = "The host's CPU, microcode, kernel or a module parameter does not offer "
		       "these features to guests, or this QEMU does not know them. Nothing ran, "
		       "and nothing is broken.",
		.todo = { KW_DO("Look for QEMU's warnings in front of it, `host doesn't support requested "
				"feature`: there is one for each feature.",
				.when = names_no_feature),
			  KW_DO("Leave them out: `<feature policy='disable' name='...'/>` in "
				"libvirt, `-cpu MODEL,-NAME` for QEMU; or use a CPU model that all "
				"hosts have (`virsh hypervisor-cpu-baseline` finds it)."),
			  KW_DO("vmx-* and svm need nesting: `cat "
				"/sys/module/kvm_intel/parameters/nested` (or kvm_amd) must say Y "
				"or 1. vmx-apicv-* and vmx-posted-intr also need "
				"`enable_apicv=Y`."),
			  KW_DO("Run: `virsh domcapabilities --virttype kvm`, and `kvmwhy host`: "
				"they show what this host offers. Features disappear after a "
				"microcode or kernel update (TSX: hle, rtm), or because of "
				"mitigations or firmware setup.") },
		.source = { "libvirt src/cpu/cpu_x86.c, virCPUx86Compare()",
			    "QEMU target/i386/cpu.c, x86_cpu_filter_features()" },
	},
	{
		.id = "cpu-features-ppc",
		.certainty = KW_LIKELY,
		.classes = KW_IN(CPU_FEATURES),
		.any_arch = true,
		.sign = KW_SIGN_PPC_CAP + 1,
		.needs_sign = true,
		.title = "The host's KVM lacks a capability that the pseries machine promises its "
			 "guests",
		.why = "Machine versions have defaults, such as mitigations and nesting, that need "
		       "the host's firmware, CPU and kernel. Nothing ran, and nothing is broken.",
		.todo = { KW_DO("Start with the option that the line names: `-machine {device}`."),
			  KW_DO("Or update the host's firmware and kernel, which report these "
				"capabilities.") },
		.source = { "QEMU hw/ppc/spapr_caps.c" },
	},
	{
		.id = "cpu-features-extra",
		.any_arch = true,
		.certainty = KW_LIKELY,
		.classes = KW_IN(CPU_FEATURES),
		.sign = KW_SIGN_EXTRA_FEATURES + 1,
		.needs_sign = true,
		.title = "The guest's CPU has features that its definition does not list, so "
			 "libvirt refuses it",
		.why = "This host's QEMU and KVM add features to the model (or the definition is "
		       "from an older QEMU), and the domain asks for an exact match.",
		.todo = { KW_DO("Add the features that the line names to the domain, or use "
				"`check='partial'` instead of `check='full'`.") },
		.source = { "libvirt src/qemu/qemu_process.c" },
	},
	{ 0 }
};
