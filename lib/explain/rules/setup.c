// SPDX-License-Identifier: MIT
/* An ioctl that sets up a VM or vCPU was refused: which one, and what its errno means. */
#include "decode/tables.h"
#include "explain/rules/rules.h"

#define SETUP KW_IN(SETUP_FAILED)
#define SOURCE_SREGS "Linux arch/x86/kvm/x86.c, kvm_is_valid_sregs()"

static bool is_ioctl(const struct kw_case *c, struct kw_str name)
{
	return kw_str_eq(c->f->text[KW_T_IOCTL], name);
}

static bool is_memory(const struct kw_case *c)
{
	return kw_str_starts(c->f->text[KW_T_IOCTL], KW_STR("KVM_SET_USER_MEMORY_REGION"));
}

static bool sregs_refused(const struct kw_case *c)
{
	return kw_str_starts(c->f->text[KW_T_IOCTL], KW_STR("KVM_SET_SREGS")) &&
	       is_errno(c, KW_EINVAL) && !c->checks.nbroken;
}

static bool has_dump(const struct kw_case *c)
{
	return kw_has(c->f, cr0);
}

static bool xcrs_refused(const struct kw_case *c)
{
	return is_ioctl(c, KW_STR("KVM_SET_XCRS")) && is_errno(c, KW_EINVAL) && !c->checks.nbroken;
}

static bool slots_overlap(const struct kw_case *c)
{
	return is_memory(c) && is_errno(c, KW_EEXIST);
}

/* 39 bits are the fewest that a CPU with VMX or SVM has for guest physical addresses. */
static bool slot_is_high(const struct kw_case *c)
{
	return is_memory(c) && is_errno(c, KW_EINVAL) &&
	       (c->f->slot_gpa + c->f->slot_size - 1) >> 39 != 0;
}

static bool files_used_up(const struct kw_case *c)
{
	return is_errno(c, KW_EMFILE) &&
	       (is_ioctl(c, KW_STR("KVM_CREATE_VCPU")) || is_ioctl(c, KW_STR("kvm_init_vcpu()")));
}

static bool routes_refused(const struct kw_case *c)
{
	return is_ioctl(c, KW_STR("KVM_SET_GSI_ROUTING"));
}

/* MSRs have rules of their own, which know which one was refused. */
static bool cause_known(const struct kw_case *c)
{
	return kw_setup_cause(c) != NULL && !kw_has(c->f, host_msr_index);
}

static bool not_named(const struct kw_case *c)
{
	return !c->f->text[KW_T_IOCTL].len;
}

const struct kw_rule kw_rules_setup[] = {
	{
		.id = "setup-sregs-check",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.breaks = { "sregs_" },
		.sign = KW_SIGN_SETUP + 1,
		.title = "KVM_SET_SREGS refuses {check_values}: {check_says}",
		.why = "The register dump shows what the VMM was about to set. "
		       "{checks_count}.{checks_also} The guest, or the software that built this "
		       "state, put the vCPU into a mode that does not exist. `kvmwhy check "
		       "{check_id}` has the condition.",
		.todo = { KW_DO("Find the origin of the value: the guest's own descriptor or "
				"control register (for example a GDT entry with L set in 32-bit "
				"code), a restored snapshot, or the VMM."),
			  KW_DO("If the guest loads it while entering long mode: set EFER.LME, "
				"CR4.PAE and CR0.PG first, and jump through a descriptor with L "
				"set last.") },
		/* the source is the section of the check */
	},
	{
		.id = "setup-sregs",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.any_arch = true,
		.test = sregs_refused,
		.sign = KW_SIGN_SETUP + 1,
		.title = "{ioctl} returned EINVAL: this host does not accept the vCPU's CR0, "
			 "CR4, EFER or APIC base",
		.why = "Nearly always a VM that was migrated or restored with `-cpu host` onto a "
		       "CPU without a feature that the guest has enabled in CR4 or EFER. The "
		       "guest cannot continue here, but nothing in it is broken.",
		.todo = { KW_DO("Use a named CPU model that both hosts have (`-cpu "
				"x86-64-v2-AES`, `Skylake-Server`, ...) instead of `-cpu host`, "
				"restart the guest with it, then migrate."),
			  KW_DO("Compare the hosts: `grep -m1 flags /proc/cpuinfo` on both, and "
				"their kernels and microcode."),
			  KW_DO("Collect the register dump that QEMU prints after this line (not "
				"with `after init`, where it exits): its CR4 and EFER name the "
				"feature.",
				.unless = has_dump) },
		.source = { SOURCE_SREGS, "QEMU target/i386/kvm/kvm.c, kvm_arch_put_registers() "
					  "(texts since QEMU 9.2)" },
	},
	{
		.id = "setup-xcrs-check",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.breaks = { "xcr0_" },
		.sign = KW_SIGN_SETUP + 1,
		.title = "KVM_SET_XCRS refuses {check_values}: {check_says}",
		.why = "XSETBV would raise #GP for this value on every CPU. `kvmwhy check "
		       "{check_id}` has the condition.",
		.todo = { KW_DO("Find the origin of the value: a VMM must set what KVM_GET_XCRS "
				"returned, or what CPUID leaf 0xd allows.") },
		/* the source is the section of the check */
	},
	{
		.id = "setup-xcrs",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.any_arch = true,
		.test = xcrs_refused,
		.sign = KW_SIGN_SETUP + 1,
		.title = "KVM_SET_XCRS returned EINVAL: XCR0{xcr0_parts} has a component that "
			 "this host, or the guest's CPUID, lacks",
		.why = "KVM accepts only components that the CPU, this kernel and the guest's "
		       "CPUID leaf 0xd have. A snapshot or stream of a CPU with more of them, "
		       "most often AVX-512 or AMX, does not load on one with fewer.",
		.todo = { KW_DO("Run on both hosts: `grep -m1 -oE "
				"'avx512f|avx2|avx|amx_tile|mpx|pku' /proc/cpuinfo | sort -u`."),
			  KW_DO("Restore on a host of the same kind, or make the snapshot with a "
				"CPU model (a Firecracker CPU template, `-cpu MODEL`) that leaves "
				"these components out.") },
		.shows = { KW_NEED(xcr0) },
		.source = { "Linux arch/x86/kvm/x86.c, __kvm_set_xcr()" },
	},
	{
		.id = "setup-memory-overlap",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(errno_number), KW_PROOF_SIGN },
		.classes = SETUP,
		.any_arch = true,
		.needs = { KW_NEED(errno_number) },
		.test = slots_overlap,
		.sign = KW_SIGN_SETUP + 1,
		.needs_sign = true,
		.title = "Two memory regions of the guest overlap: KVM refused the second (EEXIST)",
		.why = "KVM_SET_USER_MEMORY_REGION returns EEXIST if the guest physical "
		       "addresses of the slot{slot_range} overlap those of another one. Often "
		       "the guest has placed a PCI BAR over RAM, or the VMM has placed two "
		       "blocks at one address.",
		.todo = { KW_DO("Run: `info mtree -f` in QEMU's monitor, and look for what else "
				"lies there: a BAR, an option ROM, `-device ivshmem` or vfio "
				"memory."),
			  KW_DO("Start with less RAM below 4 GiB, or move the device; update "
				"firmware and QEMU.") },
		.shows = { KW_NEED(slot), KW_NEED(slot_gpa), KW_NEED(slot_size) },
		.source = { "Linux virt/kvm/kvm_main.c, kvm_set_memory_region()" },
	},
	{
		.id = "setup-memory-address",
		.certainty = KW_POSSIBLE,
		.classes = SETUP,
		.any_arch = true,
		.needs = { KW_NEED(slot_gpa), KW_NEED(slot_size) },
		.test = slot_is_high,
		.sign = KW_SIGN_SETUP + 1,
		.title = "The memory slot{slot_range} may lie beyond the guest physical addresses "
			 "that this host has",
		.why = "KVM returns EINVAL for a slot that ends above the host's "
		       "physical-address width. Many client CPUs have 39 bits, 512 GiB; with a "
		       "64-bit BAR or a large maxmem a slot may end above that.",
		.todo = { KW_DO("Run: `grep -m1 'address sizes' /proc/cpuinfo`. Is the end of the "
				"slot above 2^(physical bits)?"),
			  KW_DO("Start with `-cpu host,host-phys-bits=on` (firmware then places "
				"BARs lower), less maxmem, or a smaller 64-bit PCI window.") },
		.source = { "Linux virt/kvm/kvm_main.c, kvm_set_memory_region()" },
	},
	{
		.id = "setup-vcpus-limit",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.any_arch = true,
		.sign = KW_SIGN_VCPUS_LIMIT + 1,
		.needs_sign = true,
		.title = "The guest has more vCPUs than this host's KVM runs in one VM: "
			 "{vcpus_limit}",
		.why = "QEMU compares -smp, with maxcpus=, with KVM_CAP_MAX_VCPUS. The limit is a "
		       "constant of the kernel's configuration (KVM_MAX_VCPUS), or that of the "
		       "interrupt controller (GICv2: 8).",
		.todo = { KW_DO("Lower `-smp`, and its maxcpus=."),
			  KW_DO("On x86 a kernel with a larger CONFIG_KVM_MAX_NR_VCPUS (Linux 6.7 "
				"and later: 4096 with CONFIG_MAXSMP); above 255 also "
				"`kernel-irqchip=split` and an IOMMU with interrupt remapping.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_CREATE_VCPU\"",
			    "QEMU accel/kvm/kvm-all.c, kvm_init()" },
	},
	{
		.id = "setup-vcpu-files",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(errno_number), KW_PROOF_SIGN },
		.classes = SETUP,
		.any_arch = true,
		.needs = { KW_NEED(errno_number) },
		.test = files_used_up,
		.sign = KW_SIGN_SETUP + 1,
		.needs_sign = true,
		.title = "The VMM has reached its limit of open files (EMFILE), and each vCPU is "
			 "one",
		.why = "KVM_CREATE_VCPU returns a file descriptor; QEMU opens one more for each "
		       "vCPU's statistics. With many vCPUs, disks and queues the limit of the "
		       "process is reached.",
		.todo = { KW_DO("Run: `ulimit -n` where the VMM is started, and raise it: "
				"`LimitNOFILE=` of the unit, `max_files` in libvirt's "
				"qemu.conf.") },
		.source = { "Linux virt/kvm/kvm_main.c, kvm_vm_ioctl_create_vcpu()" },
	},
	{
		.id = "setup-irq-routes",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.any_arch = true,
		.test = routes_refused,
		.sign = KW_SIGN_SETUP + 1,
		.title = "KVM_SET_GSI_ROUTING was refused: too many interrupt routes, or a wrong "
			 "one",
		.why = "QEMU passes KVM the whole table of interrupt routes at once and asserts "
		       "that it is accepted. KVM refuses more than KVM_CAP_IRQ_ROUTING of them, "
		       "an MSI without a valid vector or destination, and routes without an "
		       "interrupt controller in the kernel.",
		.todo = { KW_DO("Count the MSI-X vectors: vfio devices, vhost and virtio queues. "
				"Start with fewer (`queues=`, `vectors=`)."),
			  KW_DO("Check `kernel-irqchip=` of the machine; with split or off other "
				"limits apply."),
			  KW_DO("Update QEMU and the host's kernel; report it with QEMU's command "
				"line.") },
		.source = { "Linux virt/kvm/irqchip.c, kvm_set_irq_routing()",
			    "QEMU accel/kvm/kvm-all.c, kvm_irqchip_commit_routes()" },
	},
	{
		.id = "setup-refused",
		.certainty = KW_LIKELY,
		.classes = SETUP,
		.any_arch = true,
		.fallback = true,
		.test = cause_known,
		.sign = KW_SIGN_SETUP + 1,
		.title = "{ioctl} returned {errno}: {ioctl_cause}",
		.why = "The ioctl was refused before the guest ran or was resumed: what it was "
		       "to set is not set.",
		.todo = { KW_DO("Check: {ioctl_look}"),
			  KW_DO("Run: `strace -f -e trace=ioctl` on the VMM. It shows the call "
				"and its arguments; run `dmesg | grep -i kvm` for what the "
				"kernel says about it.") },
		.source = { "Linux Documentation/virt/kvm/api.rst", "data/kvm_ioctl.tbl" },
	},
	{
		.id = "setup-not-named",
		.certainty = KW_POSSIBLE,
		.classes = SETUP,
		.any_arch = true,
		.fallback = true,
		.test = not_named,
		.sign = KW_SIGN_SETUP + 1,
		.title = "The VMM could not read or set a vCPU's registers ({errno}); this text "
			 "does not name the ioctl",
		.why = "QEMU before 9.2 says only that one of a dozen ioctls was refused: on x86 "
		       "mostly KVM_SET_SREGS or KVM_SET_MSRS, on other machines KVM_SET_ONE_REG. "
		       "What it set before is set, the rest is not.",
		.todo = { KW_DO("Look for `failed to set MSR` before this line. QEMU 9.2 and "
				"later name the ioctl on x86."),
			  KW_DO("Run: `strace -f -e trace=ioctl` on QEMU. The last ioctl with an "
				"errno is the one."),
			  KW_DO("After a migration or restore: use a CPU model that both hosts "
				"have; on arm64 pin the VM to one kind of core.") },
		.source = { "QEMU accel/kvm/kvm-all.c, kvm_cpu_synchronize_post_init()" },
	},
	{
		.id = "setup-collect",
		.certainty = KW_POSSIBLE,
		.classes = SETUP,
		.any_arch = true,
		.fallback = true,
		.sign = KW_SIGN_SETUP + 1,
		.title = "{ioctl} was refused; no known cause matches this errno",
		.why = "The VM or vCPU was being set up. The arguments of the call, which the text "
		       "does not show, would say why.",
		.todo = { KW_DO("Run: `strace -f -v -e trace=ioctl` on the VMM, and `dmesg | grep "
				"-i kvm` on the host."),
			  KW_DO("Compare the versions of VMM and kernel: does this kernel know "
				"what the VMM asks for?") },
		.source = { "Linux Documentation/virt/kvm/api.rst" },
	},
	{ 0 }
};
