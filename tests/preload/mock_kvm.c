// SPDX-License-Identifier: MIT
/*
 * A /dev/kvm for machines without one, preloaded below the injector: enough of KVM for vmm.c, whose
 * guest reads MMIO forever. Each vCPU wants the byte it asked for last; without it, it halts. With
 * MOCK_MSR set, every tenth exit is a WRMSR of 0x838 instead.
 */
#include <linux/fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 1024, VCPUS = 64, RUN_SIZE = 3 * 4096, PHYS_ADDR = 0x10000 };

struct vcpu {
	struct kvm_run *run;
	uint64_t exits, answers;
	int waits; /* for the byte */
};

static struct vcpu vcpus[VCPUS];
static atomic_uint created;
static int with_msr;
static struct vcpu *by_fd[FDS];

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int fcntl(int fd, int command, ...);
int fcntl64(int fd, int command, ...);
int ioctl(int fd, unsigned long request, ...);

__attribute__((constructor)) static void start(void)
{
	with_msr = !!getenv("MOCK_MSR");
}

static int new_fd(const char *name, off_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0 && size && ftruncate(fd, size)) {
		close(fd);
		return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	if (!strcmp(path, "/dev/kvm"))
		return new_fd("kvm", 0);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;
	int ret;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	ret = (int)syscall(SYS_fcntl, fd, command, arg);
	if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && ret >= 0 && ret < FDS && fd < FDS)
		by_fd[ret] = by_fd[fd];
	return ret;
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

static int create_vcpu(void)
{
	struct vcpu *vcpu = &vcpus[atomic_fetch_add(&created, 1) % VCPUS];
	int fd = new_fd("kvm-vcpu", RUN_SIZE);

	if (fd < 0 || fd >= FDS)
		return -1;
	vcpu->run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	by_fd[fd] = vcpu;
	return fd;
}

static int run(struct vcpu *vcpu)
{
	struct kvm_run *page = vcpu->run;

	vcpu->exits++;
	if (vcpu->waits && (page->exit_reason != KVM_EXIT_MMIO ||
			    page->mmio.data[0] != (uint8_t)vcpu->answers++)) {
		page->exit_reason = KVM_EXIT_HLT;
		return 0;
	}
	vcpu->waits = !with_msr || vcpu->exits % 10;
	if (!vcpu->waits) {
		page->exit_reason = KVM_EXIT_X86_WRMSR;
		page->msr.index = 0x838;
		return 0;
	}
	page->exit_reason = KVM_EXIT_MMIO;
	page->mmio.phys_addr = PHYS_ADDR;
	page->mmio.len = 1;
	page->mmio.is_write = 0;
	memset(page->mmio.data, 0xee, sizeof(page->mmio.data));
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case KVM_RUN:
		return run(by_fd[fd]);
	case KVM_GET_REGS:
		memset(arg, 0, sizeof(struct kvm_regs));
		((struct kvm_regs *)arg)->rip = by_fd[fd]->exits;
		return 0;
	case KVM_GET_VCPU_MMAP_SIZE:
		return RUN_SIZE;
	case KVM_CREATE_VM:
		return new_fd("kvm-vm", 0);
	case KVM_CREATE_VCPU:
		return create_vcpu();
	default:
		return 0;
	}
}
