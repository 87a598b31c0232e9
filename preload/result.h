/* SPDX-License-Identifier: MIT */
/*
 * The result of an injected KVM_RUN: a specification in, its exit in kvm_run out.
 */
#ifndef KW_RESULT_H
#define KW_RESULT_H

struct kvm_run;
struct kw_spec;
struct kw_vcpu_exit;

/* Writes the specification's exit, which must exist; changes nothing else in the page. */
void kw_result_put(const struct kw_spec *spec, struct kvm_run *page);

/*
 * An exit that the VMM has answered but KVM has not completed: KVM reads the answer from kvm_run
 * when it next runs the vCPU. An injected exit must not replace it.
 */
void kw_result_keep(const struct kvm_run *page, struct kw_vcpu_exit *ret);
void kw_result_restore(const struct kw_vcpu_exit *kept, struct kvm_run *page);

#endif
