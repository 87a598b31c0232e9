/* SPDX-License-Identifier: MIT */
/*
 * The result of an injected KVM_RUN: a specification in, its exit in kvm_run out.
 */
#ifndef KW_RESULT_H
#define KW_RESULT_H

struct kvm_run;
struct kw_spec;
struct kw_vcpu_exit;

/* Writes the exit of the specification, which has one; nothing else of the page changes. */
void kw_result_put(const struct kw_spec *spec, struct kvm_run *page);

/*
 * An exit that the VMM has answered, but that KVM has not completed yet: it reads the answer from
 * kvm_run when it runs the vCPU again. An injected exit must not take its place then.
 */
void kw_result_keep(const struct kvm_run *page, struct kw_vcpu_exit *ret);
void kw_result_restore(const struct kw_vcpu_exit *kept, struct kvm_run *page);

#endif
