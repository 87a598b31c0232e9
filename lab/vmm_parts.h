/* SPDX-License-Identifier: MIT */
/*
 * What the parts of vmm share: one VM with one vCPU, its first MiB, and the options for them.
 */
#ifndef VMM_H
#define VMM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMM_PAGE	0x1000u
#define VMM_RAM_SIZE	0x100000u	/* the guest's memory, where it has any */
#define VMM_PAGES	(VMM_RAM_SIZE / VMM_PAGE)
#define VMM_LOAD	0xf0000u	/* where the guest's code is loaded and entered */
#define VMM_MAX_SETS	32

enum vmm_exit { VMM_DONE = 0, VMM_FAILED = 1, VMM_BROKEN = 2 };
enum vmm_mode { VMM_REAL, VMM_PROTECTED, VMM_LONG };
/* memory, no memslot, a memslot whose memory or guest_memfd is gone */
enum vmm_backing { VMM_RAM, VMM_HOLE, VMM_GONE, VMM_MEMFD };

struct vmm_options {
	const char *guest;
	enum vmm_mode mode;
	const char *sets[VMM_MAX_SETS];	/* FIELD=VALUE, in the order of the command line */
	size_t nr_sets;
	bool user_msr, mce, inject, inject_error, xen;
	uint64_t user_msr_mask;
	uint32_t mce_banks, xen_msr, inject_code;
	uint8_t inject_vector;
	uint64_t valid_regs;
	unsigned int runs;		/* KVM_RUN this often after a failure */
	bool fork, time;
};

struct vmm {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	unsigned long run_argument;	/* KVM wants 0 */
	bool halts;			/* HLT does not end the guest: KVM_RUN again, after it */
	uint8_t *ram;
	enum vmm_backing page[VMM_PAGES];
};

/* vmm.c: an ioctl that must succeed; else ends the program with its name and errno */
int vmm_ioctl(int fd, unsigned long request, void *argument, const char *name);
#define VMM_IOCTL(fd, request, argument) vmm_ioctl(fd, request, argument, #request)

/* the same for other calls */
_Noreturn void vmm_broken(const char *what);

/* vmm_memory.c: memory with the guest's code in it, the memslots, then what is to be lost */
void vmm_load_guest(struct vmm *vmm, const char *path);
void vmm_set_memory(struct vmm *vmm);
void vmm_take_memory_away(struct vmm *vmm);

/* vmm_state.c: registers for a mode, then the requested changes. False: one was not understood. */
bool vmm_set_state(struct vmm *vmm, const struct vmm_options *options);
bool vmm_parse_u64(const char *text, uint64_t *value);

/* vmm_record.c: the failure in QEMU's words, and the kvm_run page */
const char *vmm_exit_name(uint32_t reason);
const char *vmm_exception_name(unsigned int vector);
void vmm_print_record(struct vmm *vmm, int result, int error);

#endif
