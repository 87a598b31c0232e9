/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the programs and host/watch/bpf.c exchange besides the records of
 * include/uapi/kvmwhy-event.h.
 */
#ifndef KVMWHY_BPF_H
#define KVMWHY_BPF_H

/* Written before the programs are loaded. */
struct kvmwhy_bpf_config {
	unsigned int pid;	/* only failures of this process; 0 for all */
	unsigned int source;	/* enum kvmwhy_source */
	unsigned char svm, vmx;	/* whether kvm_amd or kvm_intel runs the guests */
	/* Field offsets of the event kvm_userspace_exit. */
	unsigned short run_reason, run_errno;
	/* The same of kvm_exit, for VMX. */
	unsigned short exit_reason, info1, info2, intr_info, error_code;
	/* The same of kvm_emulate_insn. */
	unsigned short insn_rip, insn_len, insn_bytes, insn_failed;
	/* The same of kvm_page_fault. */
	unsigned short fault_address;
};

#endif
