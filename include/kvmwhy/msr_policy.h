/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy-vmm: what a guest's RDMSR and WRMSR are to do, by a table of text
 * (kvmwhy-msr-policy(5)).
 *
 * A policy is read once and then only read: all vCPUs of a VM share it. What a guest writes to an
 * MSR of a `last` line is kept for each vCPU in a struct kw_msr_values. Nothing allocates or
 * prints.
 */
#ifndef KVMWHY_MSR_POLICY_H
#define KVMWHY_MSR_POLICY_H

#include <kvmwhy/kvmwhy.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kvm_run;
struct kw_mca;

#define KW_MSR_POLICY_TEXT_MAX 65536u /**< bytes of a policy's text */
#define KW_MSR_POLICY_LINES_MAX 256u  /**< lines of it that say something */
#define KW_MSR_POLICY_LAST_MAX 64u    /**< MSRs of its `last` lines */

/** What a line is about. Since: 0.1 */
enum kw_msr_what {
	KW_MSR_NUMBERS, /**< MSRs by their numbers */
	KW_MSR_UNKNOWN, /**< accesses that leave with KVM_MSR_EXIT_REASON_UNKNOWN */
	KW_MSR_INVALID, /**< accesses that leave with KVM_MSR_EXIT_REASON_INVAL */
};

#define KW_MSR_READ 1u
#define KW_MSR_WRITE 2u

enum kw_msr_action {
	KW_MSR_ALLOW, /**< KVM answers; what it refuses is #GP */
	KW_MSR_VALUE, /**< reads give .value, writes are dropped; `ignore` is that with 0 */
	KW_MSR_LAST,  /**< reads give what was last written, .value before */
	KW_MSR_GP,    /**< #GP */
	KW_MSR_STOP,  /**< the VMM is told */
};

/** One line of a policy. Since: 0.1 */
struct kw_msr_rule {
	enum kw_msr_what what;
	enum kw_msr_action action;
	unsigned int access; /**< KW_MSR_READ, KW_MSR_WRITE or both */
	unsigned int line;   /**< in the text, from 1 */
	uint32_t first, last;
	uint64_t value;
	unsigned int slot; /**< of .first in struct kw_msr_values */
};

/** For kw_msr_policy_*() to write; about 10 KiB. Since: 0.1 */
struct kw_msr_policy {
	unsigned int count;
	unsigned int last; /**< slots of struct kw_msr_values that are used */
	struct kw_msr_rule rule[KW_MSR_POLICY_LINES_MAX];
};

/**
 * What a vCPU has written to MSRs of `last` lines. Zero it; a copy goes with the same text.
 * Since: 0.1
 */
struct kw_msr_values {
	uint64_t written; /**< bit i: value[i] is in use */
	uint64_t value[KW_MSR_POLICY_LAST_MAX];
};

/** What is wrong with a text. Since: 0.1 */
struct kw_msr_policy_error {
	unsigned int line; /**< from 1; 0 where it is none in particular */
	char message[160]; /**< a clause, without control characters */
};

/**
 * kw_msr_policy_parse() - a text to a policy
 * @policy: on failure it says nothing
 * @text: @len bytes, which may come from anywhere
 * @error: on -EINVAL, what is wrong with it; may be NULL
 *
 * Return: 0, or -EINVAL; an empty text is a policy that says nothing.
 * Since: 0.1
 */
KW_API int kw_msr_policy_parse(struct kw_msr_policy *policy, const char *text, size_t len,
			       struct kw_msr_policy_error *error);

/**
 * The same with a regular file; also a negative errno of open(2) or read(2), with .line 0.
 * Since: 0.1
 */
KW_API int kw_msr_policy_load(struct kw_msr_policy *policy, const char *path,
			      struct kw_msr_policy_error *error);

/**
 * kw_msr_policy_find() - the line that decides
 * @access: KW_MSR_READ or KW_MSR_WRITE
 * @reason: run->msr.reason of an exit: KVM_MSR_EXIT_REASON_*
 *
 * Return: the first line that fits, or NULL.
 * Since: 0.1
 */
KW_API const struct kw_msr_rule *kw_msr_policy_find(const struct kw_msr_policy *policy,
						    uint32_t msr, unsigned int access,
						    unsigned int reason);

/**
 * kw_msr_policy_enable() - let what the policy answers leave KVM_RUN
 * @policy: or NULL
 * @mca: machine-check banks that kw_mca_exit() is to answer for besides, or NULL
 * @vm_fd: the VM; best before its first KVM_RUN
 *
 * Enables KVM_CAP_X86_USER_SPACE_MSR, with the reasons that the policy needs, and sets the
 * KVM_X86_SET_MSR_FILTER; a VM has only one of each, so that this replaces what was set before.
 *
 * Return: 0; -E2BIG where the MSRs are in more places than 16 ranges of 12,288 MSRs have;
 * -EOPNOTSUPP for a KVM that has not got both (Linux before v5.10), or the negative errno of an
 * ioctl.
 * Since: 0.1
 */
KW_API int kw_msr_policy_enable(const struct kw_msr_policy *policy, const struct kw_mca *mca,
				int vm_fd);

/** kw_msr_policy_exit(): a `stop` line fits, and nothing was answered. Since: 0.1 */
#define KW_MSR_POLICY_STOP 2

/**
 * kw_msr_policy_exit() - answer an exit
 * @values: of this vCPU; NULL will do for a policy without `last` lines
 * @run: kvm_run of this vCPU, after KVM_RUN returned 0
 *
 * Answers KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR in run->msr.data and run->msr.error. A VMM
 * calls kw_mca_exit() before this. Where no line fits it is for the VMM to set run->msr.error to 1
 * (#GP).
 *
 * Return: 1 answered; 0 no line fits, or no such exit; KW_MSR_POLICY_STOP; -EINVAL for NULL. @run
 * is as it was but for 1.
 * Since: 0.1
 */
KW_API int kw_msr_policy_exit(const struct kw_msr_policy *policy, struct kw_msr_values *values,
			      struct kvm_run *run);

#ifdef __cplusplus
}
#endif

#endif
