// SPDX-License-Identifier: MIT
/*
 * A row for each architecture. That of x86 has all of decode/x86/; for the others only the words
 * are known.
 */
#include "decode/arch.h"

/* include/trace/events/kvm.h of Linux: on every architecture */
#define USERSPACE_EXIT "-e kvm:kvm_userspace_exit"
#define SET_REGS "KVM_SET_REGS, "
#define SET_SREGS "KVM_SET_SREGS, "
#define SET_ONE_REG "KVM_SET_ONE_REG"

/* Trace events: arch/x86/kvm/trace.h, arch/arm64/kvm/trace_arm.h. */
static const struct kw_arch_row rows[KW_NARCHES] = {
	[KW_ARCH_UNKNOWN] = { .events = USERSPACE_EXIT },
	[KW_ARCH_X86] = {
		.qemu = "x86_64",
		.source = "arch/x86/kvm",
		.set_regs = "KVM_SET_REGS, KVM_SET_SREGS",
		.events = "-e kvm:kvm_exit -e kvm:kvm_inj_exception " USERSPACE_EXIT,
		.mode = kw_mode_of,
		.bits = kw_mode_bits,
		.pc = kw_linear_rip,
		.sp = kw_linear_rsp,
		.insn = kw_insn_at_rip,
		.listing = kw_listing,
		.place = kw_place_of_gva,
		.oddities = kw_oddities,
	},
	[KW_ARCH_AARCH64] = {
		.qemu = "aarch64",
		.source = "arch/arm64/kvm",
		.set_regs = SET_ONE_REG,
		.events = "-e kvm:kvm_exit -e kvm:kvm_guest_fault " USERSPACE_EXIT,
	},
	[KW_ARCH_ARM] = {
		.qemu = "arm",
		.source = "arch/arm/kvm (to v5.6)",
		.set_regs = SET_ONE_REG,
		.events = "-e kvm:kvm_exit -e kvm:kvm_guest_fault " USERSPACE_EXIT,
	},
	[KW_ARCH_PPC64] = {
		.qemu = "ppc64",
		.source = "arch/powerpc/kvm",
		.set_regs = SET_REGS SET_SREGS SET_ONE_REG,
		.events = USERSPACE_EXIT,
	},
	[KW_ARCH_S390X] = {
		.qemu = "s390x",
		.source = "arch/s390/kvm",
		.set_regs = SET_REGS SET_SREGS SET_ONE_REG,
		.events = USERSPACE_EXIT,
	},
	[KW_ARCH_RISCV64] = {
		.qemu = "riscv64",
		.source = "arch/riscv/kvm",
		.set_regs = SET_ONE_REG,
		.events = USERSPACE_EXIT,
	},
	[KW_ARCH_LOONGARCH64] = {
		.qemu = "loongarch64",
		.source = "arch/loongarch/kvm",
		.set_regs = SET_REGS SET_ONE_REG,
		.events = USERSPACE_EXIT,
	},
	[KW_ARCH_MIPS] = {
		.qemu = "mips64",
		.source = "arch/mips/kvm",
		.set_regs = SET_REGS SET_ONE_REG,
		.events = USERSPACE_EXIT,
	},
};

const struct kw_arch_row *kw_arch_row(enum kw_arch arch)
{
	return &rows[arch];
}

bool kw_is_x86(const struct kw_failure *f)
{
	return f->arch == KW_ARCH_X86;
}

bool kw_is_foreign(const struct kw_failure *f)
{
	return f->arch != KW_ARCH_UNKNOWN && !kw_is_x86(f);
}
