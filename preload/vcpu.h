/* SPDX-License-Identifier: MIT */
/*
 * The vCPUs of this process: file descriptor in, struct out. Everything is in fixed storage and
 * atomic: no lock, no allocation, so it can be used wherever ioctl() can.
 */
#ifndef KW_VCPU_H
#define KW_VCPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

/* exit_reason of kvm_run and its data. */
struct kw_vcpu_exit {
	uint32_t reason;
	unsigned char data[256];
};

struct kw_vcpu {
	_Atomic unsigned int refs;	/* descriptors, and calls in progress; 0: free */
	_Atomic uint32_t number;	/* that was passed to KVM_CREATE_VCPU */
	_Atomic uint64_t calls;		/* of KVM_RUN */
	_Atomic uint64_t fits;		/* that matched the specification's filters */
	_Atomic(struct kvm_run *) page; /* ours; NULL until it is needed */
	atomic_bool kept_valid;
	struct kw_vcpu_exit kept; /* what an injected exit hides; of the thread in KVM_RUN */
};

/* A descriptor that KVM_CREATE_VCPU returned. */
void kw_vcpu_created(int fd, uint32_t number);

/*
 * The vCPU of a descriptor, for a call; hand it back with kw_vcpu_put(). An unknown descriptor is
 * looked up in /proc: it may have come from another process. NULL if it is not a vCPU.
 */
struct kw_vcpu *kw_vcpu_get(int fd);
void kw_vcpu_put(struct kw_vcpu *vcpu);

/* What the process does with its descriptors; most are not vCPUs. */
void kw_vcpu_closed(int fd);
void kw_vcpu_closed_range(unsigned int first, unsigned int last);
void kw_vcpu_copied(int from, int to);

/*
 * The vCPU's kvm_run, mapped a second time: that of the VMM may be unmapped or moved without our
 * knowledge. It is unmapped with the last descriptor. NULL if it cannot be mapped.
 */
struct kvm_run *kw_vcpu_page(struct kw_vcpu *vcpu, int fd);

#endif
