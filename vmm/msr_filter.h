/* SPDX-License-Identifier: MIT */
/*
 * A policy, machine-check banks or both in; the KVM_X86_SET_MSR_FILTER that makes what they answer
 * exit from KVM_RUN, and the exit reasons, out. Pure except for kw_msr_filter_enable().
 */
#ifndef KW_MSR_FILTER_H
#define KW_MSR_FILTER_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include <kvmwhy/mca.h>
#include <kvmwhy/msr_policy.h>

/* KVM's KVM_MSR_FILTER_MAX_BITMAP_SIZE: in asm/kvm_host.h or asm/kvm.h, by version */
#define KW_MSR_BITMAP_BYTES 0x600u
#define KW_MSR_BITMAP_MSRS (8 * KW_MSR_BITMAP_BYTES)

struct kw_msr_filter {
	struct kvm_msr_filter kvm; /* points into bitmap[] */
	uint32_t reasons;	   /* KVM_MSR_EXIT_REASON_* */
	unsigned int ranges;
	/* a span starts with two, for reads and writes, before it is known if one is enough */
	uint8_t bitmap[KVM_MSR_FILTER_MAX_RANGES + 2][KW_MSR_BITMAP_BYTES];
};

/* Either may be NULL. Return: 0, or -E2BIG: KVM has too few ranges. */
int kw_msr_filter_compile(struct kw_msr_filter *filter, const struct kw_msr_policy *policy,
			  const struct kw_mca *mca);

int kw_msr_filter_enable(const struct kw_msr_filter *filter, int vm_fd);

/* mca.c: are vendor and number of banks valid? */
bool kw_mca_is_initialised(const struct kw_mca *mca);

/* mca.c: does kw_mca_exit() answer for this MSR? */
int kw_mca_has(const struct kw_mca *mca, uint32_t msr);

#endif
