/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The members of the kernel's structures that our programs read; their offsets come from the
 * running kernel's BTF when the programs are loaded. Names and types are the kernel's; a flavour
 * after ___ is for older kernels.
 */
#ifndef KVMWHY_BPF_KVM_H
#define KVMWHY_BPF_KVM_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct file {
	void *private_data;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	struct mm_struct *mm;
	struct files_struct *files;
};

struct rb_node {
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct kvm_memory_slot {
	/*
	 * Linux commit a54d806688fe ("KVM: Keep memslots in tree-based structures ...") (in v5.17)
	 */
	struct rb_node gfn_node[2];
	__u64 base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
};

struct kvm_memslots {
	struct rb_root gfn_tree;
	int node_idx;
};

struct kvm_memslots___array {	/* before v5.17 */
	int used_slots;
	struct kvm_memory_slot memslots[0];
};

struct kvm_arch {
	_Bool has_private_mem;	/* since v6.10 */
};

struct kvm {
	struct mm_struct *mm;
	struct kvm_memslots *memslots[1];
	struct kvm_arch arch;
};

struct kvm_mmu {
	int dummy;
};

struct kvm_vcpu_arch {
	unsigned long regs[16];
	__u32 regs_avail;
	unsigned long cr0, cr2, cr3, cr4;
	__u64 efer;
	struct kvm_mmu *mmu;
	struct kvm_mmu guest_mmu;
	_Bool guest_state_protected;	/* since v5.11 */
};

struct kvm_vcpu_arch___bitmap {	/* in v7.3, not in v6.12 */
	unsigned long regs_avail[1];
};

struct kvm_vcpu_stat {
	__u64 exits;
};

struct kvm_vcpu {
	struct kvm *kvm;
	int vcpu_id;
	struct kvm_run *run;
	struct kvm_vcpu_arch arch;
	struct kvm_vcpu_stat stat;
};

struct kvm_vcpu___bitmap {
	struct kvm_vcpu_arch___bitmap arch;
};

struct vcpu_vmx {
	unsigned long rflags;
};

struct msr_data {
	_Bool host_initiated;
	__u32 index;
	__u64 data;
};

#pragma clang attribute pop

/*
 * Bits of regs_avail, enum kvm_reg: unchanged since v5.10. All of regs[] is kept up to date except
 * RSP and RIP on VMX.
 */
#define REG_RSP		4
#define REG_RIP		16
#define REG_CR3		19
#define REG_RFLAGS	21

/* struct kvm_run, which is ABI: Linux include/uapi/linux/kvm.h */
#define RUN_EXIT_REASON	8
#define RUN_FLAGS	14
#define RUN_UNION	32
#define RUN_X86_SMM	1	/* of flags */
#define KVM_RUN		0xae80
#define NOTIFY_CONTEXT_INVALID 1

/* The VMCB, defined by the processor: APM vol. 2, "Layout of VMCB" */
#define VMCB_EXITCODE	0x070
#define VMCB_EXITINFO1	0x078
#define VMCB_EXITINTINFO 0x088
#define VMCB_NP_ENABLE	0x090
#define VMCB_SEGMENTS	0x400
#define VMCB_CPL	0x4cb
#define VMCB_CR3	0x550
#define VMCB_RFLAGS	0x570
#define VMCB_CR2	0x640

#endif
