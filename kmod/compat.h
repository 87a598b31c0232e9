/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernels, and every assumption about them. What headers can prove
 * is checked here at build time; probe.c looks for the functions at run time.
 */
#ifndef KW_COMPAT_H
#define KW_COMPAT_H

#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/version.h>

/*
 * The probed functions. A prototype that differs from KVM's does not compile if KVM's header has
 * one; two of them are in no header in Linux 7.3.
 */
int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu);
int kvm_set_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr);
int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr);
int kvm_mmu_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code, void *insn,
		       int insn_len);

/* kvm_vcpu_ioctl() is static, and known as a member of a vCPU's file_operations. */
static_assert(__same_type(((struct file_operations *)NULL)->unlocked_ioctl,
			  (long (*)(struct file *, unsigned int, unsigned long))NULL),
	      "kvmwhy: an ioctl takes different arguments here");

/* vmx_set_msr() and the like are known as members of kvm_x86_ops. */
#define KW_IS_MSR_OP(op)                                                                           \
	__same_type(((struct kvm_x86_ops *)NULL)->op,                                              \
		    (int (*)(struct kvm_vcpu *, struct msr_data *))NULL)

static_assert(KW_IS_MSR_OP(set_msr) && KW_IS_MSR_OP(get_msr),
	      "kvmwhy: KVM's MSR functions take different arguments here");

static_assert(__same_type(((struct msr_data *)NULL)->host_initiated, bool) &&
	      __same_type(((struct msr_data *)NULL)->index, u32) &&
	      __same_type(((struct msr_data *)NULL)->data, u64) && sizeof(struct msr_data) == 16,
	      "kvmwhy: struct msr_data is different here");

/*
 * RIP is the register after R15 and directly follows it: as regs[VCPU_REGS_RIP] up to Linux 6.12 at
 * least, as a member of its own in 7.3. regs_avail, which follows, is a u32 in the former and a
 * bitmap in the latter.
 */
#define KW_REG_RIP (VCPU_REGS_R15 + 1)

static_assert(offsetof(struct kvm_vcpu_arch, regs_avail) -
	      offsetof(struct kvm_vcpu_arch, regs) == (KW_REG_RIP + 1) * sizeof(unsigned long),
	      "kvmwhy: RIP does not follow the general registers here");

static inline bool kw_rip_is_cached(const struct kvm_vcpu *vcpu)
{
	return test_bit(KW_REG_RIP, (const unsigned long *)&vcpu->arch.regs_avail);
}

static inline u64 kw_cached_rip(const struct kvm_vcpu *vcpu)
{
	const void *regs = (const u8 *)&vcpu->arch + offsetof(struct kvm_vcpu_arch, regs);

	return ((const unsigned long *)regs)[KW_REG_RIP];
}

/* Guests whose registers KVM cannot see exist since v5.11, with SEV-ES. */
static inline bool kw_state_is_protected(const struct kvm_vcpu *vcpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return vcpu->arch.guest_state_protected;
#else
	return false;
#endif
}

/* Whether KVM has given up the VM, if that can be checked: vm_dead is in v6.1 at the latest. */
static inline bool kw_vm_is_dead(const struct kvm *kvm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	return READ_ONCE(kvm->vm_dead);
#else
	return false;
#endif
}

/*
 * KVM_EXIT_MEMORY_FAULT came in v6.8, with the clearing of exit_reason in vcpu_run(): before that
 * the number can only be what the VMM itself wrote into the page.
 */
static inline bool kw_is_memory_fault(const struct kvm_run *run, int result)
{
#ifdef KVM_EXIT_MEMORY_FAULT
	return (result == -EFAULT || result == -EHWPOISON) &&
	       READ_ONCE(run->exit_reason) == KVM_EXIT_MEMORY_FAULT;
#else
	return false;
#endif
}

#endif
