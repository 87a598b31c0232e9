/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy-vmm: machine-check banks of a vCPU in user space, for a VMM that owns the VM.
 *
 * The guest's accesses to its machine-check MSRs exit from KVM_RUN and are answered here, as Linux
 * v6.0 and later answer them, whatever KVM the host has: a guest may mask correctable errors (bit 0
 * of MCi_CTL clear) and reads back what it wrote; a value that no rule permits is #GP. One struct
 * kw_mca per vCPU, used by the thread that runs it. Nothing here allocates, prints or keeps a file
 * descriptor.
 */
#ifndef KVMWHY_MCA_H
#define KVMWHY_MCA_H

#include <kvmwhy/kvmwhy.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kvm_run;
struct kvm_x86_mce;

/** As many banks as KVM has, KVM_MAX_MCE_BANKS. Since: 0.1 */
#define KW_MCA_BANKS 32u

/** From the guest's CPUID. KW_MCA_AMD includes Hygon. Since: 0.1 */
enum kw_mca_vendor { KW_MCA_INTEL = 1, KW_MCA_AMD = 2 };

/** Bits of MCG_CAP. Since: 0.1 */
#define KW_MCA_CTL_P 0x100u	/**< MCG_CTL exists */
#define KW_MCA_CMCI_P 0x400u	/**< MCi_CTL2 exists; not on AMD */
#define KW_MCA_SER_P 0x1000000u /**< software error recovery */

/**
 * The registers. For kw_mca_*() to read and write; the size may change with the version.
 * Since: 0.1
 */
struct kw_mca {
	uint32_t vendor;
	uint64_t mcg_cap, mcg_status, mcg_ctl;
	uint64_t hwcr;			/**< AMD's HWCR; unused otherwise */
	uint64_t mci[KW_MCA_BANKS][4];	/**< MCi_CTL, MCi_STATUS, MCi_ADDR, MCi_MISC */
	uint64_t ctl2[KW_MCA_BANKS];	/**< MCi_CTL2 */
};

#define KW_MCA_STATE_VERSION 1u

/**
 * The registers, to be moved to another host: fixed widths, little-endian, no padding. Since: 0.1
 */
struct kw_mca_state {
	uint32_t version; /**< KW_MCA_STATE_VERSION */
	uint32_t size;	  /**< of this structure */
	uint32_t vendor;  /**< enum kw_mca_vendor */
	uint32_t reserved;
	uint64_t mcg_cap, mcg_status, mcg_ctl, hwcr;
	uint64_t mci[KW_MCA_BANKS][4];
	uint64_t ctl2[KW_MCA_BANKS];
};

/**
 * kw_mca_init() - registers as after power-on
 * @mca: the caller's storage
 * @vendor: of the guest's CPUID
 * @banks: 1 to KW_MCA_BANKS; QEMU gives its guests 10
 * @flags: KW_MCA_CTL_P, KW_MCA_CMCI_P and KW_MCA_SER_P, as the guest is to find them in MCG_CAP
 *
 * MCi_CTL and MCG_CTL are all ones, everything else is 0, as KVM_X86_SETUP_MCE leaves them.
 *
 * Return: 0, or -EINVAL.
 * Since: 0.1
 */
KW_API int kw_mca_init(struct kw_mca *mca, enum kw_mca_vendor vendor, unsigned int banks,
		       unsigned int flags);

/**
 * kw_mca_enable() - make the guest's accesses to these MSRs exit from KVM_RUN
 * @mca: the registers of any vCPU of the VM
 * @vm_fd: the VM; best before its first KVM_RUN
 *
 * Enables KVM_CAP_X86_USER_SPACE_MSR with KVM_MSR_EXIT_REASON_FILTER and sets a
 * KVM_X86_SET_MSR_FILTER, of which a VM has only one each: with an MSR policy, call
 * kw_msr_policy_enable() instead.
 *
 * Return: 0, -EOPNOTSUPP for a KVM that lacks either (Linux before v5.10), or the negative errno of
 * an ioctl.
 * Since: 0.1
 */
KW_API int kw_mca_enable(const struct kw_mca *mca, int vm_fd);

/**
 * kw_mca_exit() - answer an exit
 * @mca: the registers of this vCPU
 * @run: its kvm_run, after KVM_RUN returned 0
 *
 * Answers KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR of MCG_CAP, MCG_STATUS, MCG_CTL, MCi_CTL to
 * MCi_MISC and MCi_CTL2 of 32 banks, and of HWCR for KW_MCA_AMD, in run->msr.data and
 * run->msr.error, which is 1 for #GP. The instruction completes in the next KVM_RUN.
 *
 * Return: 1 answered; 0 none of these MSRs, or no such exit: @run is unchanged; -EINVAL for NULL or
 * an uninitialised @mca.
 * Since: 0.1
 */
KW_API int kw_mca_exit(struct kw_mca *mca, struct kvm_run *run);

/**
 * kw_mca_reason() - why a write would be accepted or raise #GP, for a log
 *
 * Return: a static clause, such as "the guest's MCG_CAP has no such bank"; "" for any other MSR.
 * Since: 0.1
 */
KW_API const char *kw_mca_reason(const struct kw_mca *mca, uint32_t msr, uint64_t value);

/**
 * kw_mca_inject() - deliver a hardware error to the guest
 * @mca: the registers of this vCPU, which is not in KVM_RUN
 * @vcpu_fd: the vCPU
 * @mce: the error as for KVM_X86_SET_MCE, which must not be used as well: KVM has banks of its own,
 * which the guest does not see
 *
 * Writes the bank by the rules of KVM_X86_SET_MCE, except that a bank whose correctable errors the
 * guest has masked still reports uncorrected ones. A #MC is queued in KVM, which shuts the guest
 * down (KVM_EXIT_SHUTDOWN) if MCG_STATUS.MCIP is set or CR4.MCE is clear. No CMCI is sent.
 *
 * Return: 1 #MC is queued; 0 nothing is raised: the error is not uncorrected, or is masked; -EINVAL
 * for an error without MCI_STATUS_VAL or for a bank that does not exist; or the negative errno of
 * an ioctl, and nothing is written.
 * Since: 0.1
 */
KW_API int kw_mca_inject(struct kw_mca *mca, int vcpu_fd, const struct kvm_x86_mce *mce);

/**
 * kw_mca_save() - save the registers
 * @ret: completely filled in on success
 *
 * An answered exit is complete only after the next KVM_RUN (immediate_exit will do); only then does
 * KVM_GET_REGS return the registers after the instruction.
 *
 * Return: 0, or -EINVAL.
 * Since: 0.1
 */
KW_API int kw_mca_save(const struct kw_mca *mca, struct kw_mca_state *ret);

/**
 * kw_mca_restore() - restore saved registers
 * @mca: initialised as the saved one was
 * @state: @size bytes from any source: everything is checked
 *
 * Return: 0; -EOPNOTSUPP for another version; -EINVAL for another size, vendor or MCG_CAP, or for
 * values no guest could have written. On error @mca is unchanged.
 * Since: 0.1
 */
KW_API int kw_mca_restore(struct kw_mca *mca, const void *state, size_t size);

#ifdef __cplusplus
}
#endif

#endif
