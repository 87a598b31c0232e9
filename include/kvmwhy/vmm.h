/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy-vmm: a snapshot of a vCPU whose KVM_RUN failed, taken by the VMM that owns it.
 *
 * kw_vcpu_snapshot() collects what KVM still returns; kw_snapshot_state() prepares it for
 * kw_vcpu_explain(), kw_vcpu_reason() or kw_vcpu_dump() of <kvmwhy/kvmwhy.h>. Nothing is allocated,
 * printed or kept.
 */
#ifndef KVMWHY_VMM_H
#define KVMWHY_VMM_H

#include <kvmwhy/kvmwhy.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads @len bytes of guest physical memory at @gpa; they never cross a 4 KiB boundary. It must not
 * fault if that memory is gone, which may be just what killed the guest: process_vm_readv(2) on
 * your own process returns EFAULT where memcpy(3) raises SIGSEGV or SIGBUS.
 *
 * Return: 0, or a negative errno: nothing was read.
 * Since: 0.1
 */
typedef int (*kw_guest_read_fn)(void *arg, uint64_t gpa, void *buf, size_t len);

/**
 * The guest's memory. Addresses come from the guest: check them against the memory it has.
 * Since: 0.1
 */
struct kw_guest_memory {
	kw_guest_read_fn read;
	/** as a vCPU in SMM sees it; NULL: nothing is read for such a vCPU */
	kw_guest_read_fn read_smm;
	void *arg;
};

/** A linear address and what the guest's page tables map it to. Since: 0.1 */
struct kw_translation {
	uint64_t linear;
	uint64_t gpa;	    /**< if .error is 0 */
	/** 0; EFAULT: not mapped; EINVAL: not canonical; ENODATA: not tried; or the reader's */
	int error;
	unsigned int level; /**< of the entry where the walk ended, 1 to 5; 0 without paging */
	uint64_t entry;	    /**< that entry; 0 if it could not be read */
};

#define KW_SNAPSHOT_MSRS 64u
#define KW_SNAPSHOT_CODE 50u   /**< as many as QEMU prints */
#define KW_SNAPSHOT_STACK 128u
#define KW_SNAPSHOT_MISSING 80u

/** What could not be read. Since: 0.1 */
struct kw_snapshot_missing {
	const char *what; /**< "KVM_GET_REGS", "code", ...; static */
	uint32_t msr;	  /**< index, of "KVM_GET_MSRS" */
	int error;	  /**< errno; ENOENT for an MSR that KVM did not return */
};

/** Bits of .have and .from_page. Since: 0.1 */
#define KW_SNAPSHOT_RUN 1u
#define KW_SNAPSHOT_REGS 2u
#define KW_SNAPSHOT_SREGS 4u
#define KW_SNAPSHOT_PDPTRS 8u
#define KW_SNAPSHOT_EVENTS 16u
#define KW_SNAPSHOT_DEBUGREGS 32u
#define KW_SNAPSHOT_XCRS 64u
#define KW_SNAPSHOT_NESTED 128u /**< a nested guest ran: memory is not read */

/**
 * A vCPU as it was. The caller's storage, about 6 KiB; zero it and set .size to sizeof. To choose
 * the MSRs, set .nmsrs and the .index of that many entries of .msrs; 0 selects a default list.
 * Since: 0.1
 */
struct kw_snapshot {
	size_t size;
	size_t nmsrs; /**< afterwards those that were read come first */
	struct kw_vcpu_msr msrs[KW_SNAPSHOT_MSRS];
	int error;		/**< errno of KVM_RUN, or 0 */
	unsigned int have;	/**< KW_SNAPSHOT_*: which of the structures below are filled in */
	unsigned int from_page; /**< those taken from the page (KVM_CAP_SYNC_REGS) */
	struct kvm_run run;	/**< a copy; .kvm_valid_regs keeps only what can be trusted */
	struct kvm_regs regs;
	struct kvm_sregs2 sregs; /**< .flags and .pdptrs only with KW_SNAPSHOT_PDPTRS */
	struct kvm_vcpu_events events;
	struct kvm_debugregs debugregs;
	struct kvm_xcrs xcrs;
	struct kw_translation rip; /**< of CS.base + RIP */
	struct kw_translation rsp; /**< of SS.base + RSP */
	uint8_t code[KW_SNAPSHOT_CODE];
	/** code[code_at] is the byte at RIP; size 0 if nothing was read */
	size_t code_size, code_at;
	uint64_t code_known;	   /**< bit i: code[i] was read */
	uint8_t stack[KW_SNAPSHOT_STACK];
	size_t stack_size; /**< bytes read, from RSP upwards */
	size_t nmissing;
	struct kw_snapshot_missing missing[KW_SNAPSHOT_MISSING];
};

/**
 * kw_vcpu_snapshot() - collect what KVM still returns of a vCPU
 * @vcpu_fd: the vCPU; negative if there is only the page
 * @run: its mapped struct kvm_run, or NULL
 * @error: errno of KVM_RUN; 0 if it returned 0
 * @memory: reads the guest's memory; NULL for no code, stack or translations
 * @ret: the snapshot; see there for what to set before
 *
 * Call it right after KVM_RUN, in the vCPU's thread, before anything else is done to the vCPU. What
 * KVM_CAP_SYNC_REGS put into the page is taken from there, except after EINVAL and EIO, with which
 * KVM_RUN may have left the page untouched; then KVM is queried first. Only the page is left of a
 * VM that KVM has declared dead (KVM_BUG_ON). The guest's page tables are walked here, since
 * KVM_TRANSLATE would set accessed flags in them. KVM_GET_MP_STATE is not called, since it
 * processes a pending INIT or SIPI. Makes at most 80 ioctls and 40 memory reads; preserves errno.
 *
 * Return: 0, however little could be read: .missing says what could not; -EINVAL for a NULL @ret,
 * its .size, too many MSRs, or a negative @error.
 * Since: 0.1
 */
KW_API int kw_vcpu_snapshot(int vcpu_fd, const struct kvm_run *run, int error,
			    const struct kw_guest_memory *memory, struct kw_snapshot *ret);

/**
 * kw_snapshot_state() - a snapshot in the form kw_vcpu_explain() takes
 * @snapshot: must live as long as @ret is used
 * @ret: completely filled in; .number, .vmm and .guest are for the caller to set
 *
 * Return: 0, or -EINVAL for NULL or an unknown .size.
 * Since: 0.1
 */
KW_API int kw_snapshot_state(const struct kw_snapshot *snapshot, struct kw_vcpu_state *ret);

#ifdef __cplusplus
}
#endif

#endif
