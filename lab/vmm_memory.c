// SPDX-License-Identifier: MIT
/*
 * In: the guest's code and, for each page of its first MiB, its backing. Out: memory with the code
 * in it, the VM's memslots, and then the removal of what is to be lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm_parts.h"

/* Since Linux v6.8; the flags, which let any VM have a guest_memfd, are newer. */
#ifndef KVM_CREATE_GUEST_MEMFD
#define KVM_MEM_GUEST_MEMFD	(1u << 2)
struct kvm_userspace_memory_region2 {
	__u32 slot, flags;
	__u64 guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	__u32 guest_memfd, pad1;
	__u64 pad2[14];
};
struct kvm_create_guest_memfd {
	__u64 size, flags, reserved[6];
};
#define KVM_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif
#define MEMFD_MMAP_INIT_SHARED	3u

void vmm_load_guest(struct vmm *vmm, const char *path)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	vmm->ram = mmap(NULL, VMM_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (vmm->ram == MAP_FAILED)
		vmm_broken("guest memory");
	if (fd < 0 || fstat(fd, &stat))
		vmm_broken(path);
	if (stat.st_size > VMM_RAM_SIZE - VMM_LOAD) {
		errno = EFBIG;
		vmm_broken(path);
	}
	if (read(fd, vmm->ram + VMM_LOAD, VMM_RAM_SIZE - VMM_LOAD) != stat.st_size)
		vmm_broken(path);
	close(fd);
}

/* The memslot stays when its guest_memfd is closed; an access then finds no page. */
static void set_closed_memfd(struct vmm *vmm, const struct kvm_userspace_memory_region *slot)
{
	struct kvm_create_guest_memfd create = {
		.size = slot->memory_size, .flags = MEMFD_MMAP_INIT_SHARED,
	};
	struct kvm_userspace_memory_region2 region = {
		.slot = slot->slot, .flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = slot->guest_phys_addr, .memory_size = slot->memory_size,
		.userspace_addr = slot->userspace_addr,
	};
	int fd = VMM_IOCTL(vmm->vm, KVM_CREATE_GUEST_MEMFD, &create);

	region.guest_memfd = (__u32)fd;
	VMM_IOCTL(vmm->vm, KVM_SET_USER_MEMORY_REGION2, &region);
	close(fd);
}

/* One memslot for each run of pages with the same backing; holes get none. */
void vmm_set_memory(struct vmm *vmm)
{
	struct kvm_userspace_memory_region slot = { .slot = 0 };
	size_t end;

	for (size_t at = 0; at < VMM_PAGES; at = end) {
		for (end = at; end < VMM_PAGES && vmm->page[end] == vmm->page[at]; end++)
			;
		if (vmm->page[at] == VMM_HOLE)
			continue;
		slot.guest_phys_addr = at * VMM_PAGE;
		slot.memory_size = (end - at) * VMM_PAGE;
		slot.userspace_addr = (uintptr_t)(vmm->ram + at * VMM_PAGE);
		if (vmm->page[at] == VMM_MEMFD)
			set_closed_memfd(vmm, &slot);
		else
			VMM_IOCTL(vmm->vm, KVM_SET_USER_MEMORY_REGION, &slot);
		slot.slot++;
	}
}

void vmm_take_memory_away(struct vmm *vmm)
{
	for (size_t at = 0; at < VMM_PAGES; at++)
		if (vmm->page[at] == VMM_GONE && munmap(vmm->ram + at * VMM_PAGE, VMM_PAGE))
			vmm_broken("munmap");
}
