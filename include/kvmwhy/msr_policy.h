/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy-vmm: what a guest's RDMSR and WRMSR do, as a text table says (kvmwhy-msr-policy(5)).
 *
 * A policy is constant once parsed: all vCPUs of a VM share it. What a guest writes to an MSR of a
 * `last` line is kept per vCPU in a struct kw_msr_values. Nothing here allocates or prints.
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

#define KW_MSR_POLICY_TEXT_MAX 65536u /**< bytes of policy text */
#define KW_MSR_POLICY_LINES_MAX 256u  /**< lines that contain a rule */
#define KW_MSR_POLICY_LAST_MAX 64u    /**< MSRs of its `last` lines */

/** What a line applies to. Since: 0.1 */
enum kw_msr_what {
	KW_MSR_NUMBERS, /**< MSRs by number */
	KW_MSR_UNKNOWN, /**< accesses that exit with KVM_MSR_EXIT_REASON_UNKNOWN */
	KW_MSR_INVALID, /**< accesses that exit with KVM_MSR_EXIT_REASON_INVAL */
};

#define KW_MSR_READ 1u
#define KW_MSR_WRITE 2u

enum kw_msr_action {
	KW_MSR_ALLOW, /**< KVM answers; what it refuses is #GP */
	KW_MSR_VALUE, /**< reads return .value, writes are dropped; `ignore` is this with 0 */
	KW_MSR_LAST,  /**< reads return what was last written, initially .value */
	KW_MSR_GP,    /**< #GP */
	KW_MSR_STOP,  /**< the VMM is notified */
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

/** Written by kw_msr_policy_*(); about 10 KiB. Since: 0.1 */
struct kw_msr_policy {
	unsigned int count;
	unsigned int last; /**< slots of struct kw_msr_values that are used */
	struct kw_msr_rule rule[KW_MSR_POLICY_LINES_MAX];
};

/**
 * What a vCPU has written to MSRs of `last` lines. Zero it; valid only with the policy text it was
 * used with.
 * Since: 0.1
 */
struct kw_msr_values {
	uint64_t written; /**< bit i: value[i] is in use */
	uint64_t value[KW_MSR_POLICY_LAST_MAX];
};

/** What is wrong with a text. Since: 0.1 */
struct kw_msr_policy_error {
	unsigned int line; /**< from 1; 0 if no particular line */
	char message[160]; /**< a clause, without control characters */
};

/**
 * kw_msr_policy_parse() - parse a policy
 * @policy: empty on failure
 * @text: @len bytes from any source
 * @error: on -EINVAL, what is wrong; may be NULL
 *
 * Return: 0, or -EINVAL; an empty text is an empty policy.
 * Since: 0.1
 */
KW_API int kw_msr_policy_parse(struct kw_msr_policy *policy, const char *text, size_t len,
			       struct kw_msr_policy_error *error);

/**
 * The same for a regular file; also returns a negative errno of open(2) or read(2), with .line 0.
 * Since: 0.1
 */
KW_API int kw_msr_policy_load(struct kw_msr_policy *policy, const char *path,
			      struct kw_msr_policy_error *error);

/**
 * kw_msr_policy_find() - the line that decides
 * @access: KW_MSR_READ or KW_MSR_WRITE
 * @reason: run->msr.reason of an exit: KVM_MSR_EXIT_REASON_*
 *
 * Return: the first line that matches, or NULL.
 * Since: 0.1
 */
KW_API const struct kw_msr_rule *kw_msr_policy_find(const struct kw_msr_policy *policy,
						    uint32_t msr, unsigned int access,
						    unsigned int reason);

/**
 * kw_msr_policy_enable() - make the accesses that the policy answers exit from KVM_RUN
 * @policy: or NULL
 * @mca: machine-check banks that kw_mca_exit() is to answer for as well, or NULL
 * @vm_fd: the VM; best before its first KVM_RUN
 *
 * Enables KVM_CAP_X86_USER_SPACE_MSR, with the reasons the policy needs, and sets the
 * KVM_X86_SET_MSR_FILTER; a VM has only one of each, so this replaces whatever was set before.
 *
 * Return: 0; -E2BIG if the MSRs do not fit in 16 ranges of 12,288 MSRs; -EOPNOTSUPP for a KVM that
 * lacks either (Linux before v5.10), or the negative errno of an ioctl.
 * Since: 0.1
 */
KW_API int kw_msr_policy_enable(const struct kw_msr_policy *policy, const struct kw_mca *mca,
				int vm_fd);

/** kw_msr_policy_exit(): a `stop` line matches, and nothing was answered. Since: 0.1 */
#define KW_MSR_POLICY_STOP 2

/**
 * kw_msr_policy_exit() - answer an exit
 * @values: of this vCPU; may be NULL for a policy without `last` lines
 * @run: kvm_run of this vCPU, after KVM_RUN returned 0
 *
 * Answers KVM_EXIT_X86_RDMSR and KVM_EXIT_X86_WRMSR in run->msr.data and run->msr.error. Call
 * kw_mca_exit() first. If no line matches, the VMM must set run->msr.error to 1 (#GP).
 *
 * Return: 1 answered; 0 no line matches, or no such exit; KW_MSR_POLICY_STOP; -EINVAL for NULL.
 * @run is unchanged unless it returns 1.
 * Since: 0.1
 */
KW_API int kw_msr_policy_exit(const struct kw_msr_policy *policy, struct kw_msr_values *values,
			      struct kvm_run *run);

#ifdef __cplusplus
}
#endif

#endif
