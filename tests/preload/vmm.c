// SPDX-License-Identifier: MIT
/*
 * vmm VCPUS CALLS [syscall|dup]: that many vCPUs, each in a VM and a thread of its own, each with
 * that many calls of KVM_RUN. Prints a JSON object for each: how often it got which result, and how
 * many failures KVMWHY_INJECT predicts for it.
 *
 * The guest reads MMIO, and halts if it does not get the byte from the VMM: an injected exit must
 * not get in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../preload/spec.h"

enum { VCPUS = 64, MEMORY = 0x10000, START = 0x1000, REASONS = 64, ERRNOS = 256 };

/* DS is at the end of the memory. again: cmp [0], bl; jne out; inc bl; jmp again; out: hlt */
static const uint8_t code[] = { 0x38, 0x1e, 0x00, 0x00, 0x75, 0x04, 0xfe, 0xc3, 0xeb, 0xf6, 0xf4 };

enum way { BY_IOCTL, BY_SYSCALL, BY_DUP };

struct vcpu {
	pthread_t thread;
	int number;
	enum way way;
	uint64_t calls;
	uint64_t errnos[ERRNOS], exits[REASONS];
	double seconds;
};

static pthread_barrier_t start;

static int check(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(2);
}

static int make_vm(void)
{
	int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	void *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY,
		.userspace_addr = (uintptr_t)memory,
	};

	memcpy((char *)memory + START, code, sizeof(code));
	check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	close(kvm);
	return vm;
}

static void set_registers(int fd)
{
	struct kvm_regs regs = { .rip = START, .rflags = 2 };
	struct kvm_sregs sregs;

	memset(&sregs, 0, sizeof(sregs));
	check(ioctl(fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.ds.base = MEMORY;
	sregs.ds.selector = MEMORY >> 4;
	check(ioctl(fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	check(ioctl(fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int run(const struct vcpu *vcpu, int fd)
{
	if (vcpu->way == BY_SYSCALL)
		return (int)syscall(SYS_ioctl, fd, KVM_RUN, 0);
	return ioctl(fd, KVM_RUN, 0);
}

static void run_all(struct vcpu *vcpu, int fd, struct kvm_run *page)
{
	uint8_t answer = 0;

	for (uint64_t i = 0; i < vcpu->calls; i++) {
		if (run(vcpu, fd) < 0) {
			vcpu->errnos[errno % ERRNOS]++;
			continue;
		}
		vcpu->exits[page->exit_reason % REASONS]++;
		if (page->exit_reason == KVM_EXIT_MMIO)
			page->mmio.data[0] = answer++;
	}
}

static void *run_vcpu(void *arg)
{
	struct vcpu *vcpu = arg;
	int vm = make_vm();
	int fd = check(ioctl(vm, KVM_CREATE_VCPU, (long)vcpu->number), "KVM_CREATE_VCPU");
	struct kvm_run *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int copy = vcpu->way == BY_DUP ? check(fcntl(fd, F_DUPFD_CLOEXEC, 100), "F_DUPFD") : fd;

	if (copy != fd)
		close(fd);
	set_registers(copy);
	pthread_barrier_wait(&start);
	vcpu->seconds = now();
	run_all(vcpu, copy, page);
	vcpu->seconds = now() - vcpu->seconds;
	munmap(page, 4096);
	close(copy);
	close(vm);
	return NULL;
}

static uint64_t foretold(const struct vcpu *vcpu)
{
	const char *text = getenv("KVMWHY_INJECT");
	struct kw_spec_error err;
	struct kw_spec spec;
	uint64_t count = 0;

	if (!text || kw_spec_parse(text, &spec, &err))
		return 0;
	for (uint64_t call = 1; call <= vcpu->calls; call++)
		count += kw_in_range(&spec.vcpu, (uint64_t)vcpu->number) &&
			 kw_in_range(&spec.call, call) &&
			 kw_spec_chance(&spec, (uint64_t)vcpu->number, call);
	return count;
}

static void print_counts(const char *name, const uint64_t *counts, int n)
{
	const char *between = "";

	printf(", \"%s\": {", name);
	for (int i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		printf("%s\"%d\": %lu", between, i, (unsigned long)counts[i]);
		between = ", ";
	}
	printf("}");
}

static void print(const struct vcpu *vcpu)
{
	printf("{\"vcpu\": %d, \"calls\": %lu, \"foretold\": %lu, \"ns\": %.1f", vcpu->number,
	       (unsigned long)vcpu->calls, (unsigned long)foretold(vcpu),
	       vcpu->seconds * 1e9 / (double)vcpu->calls);
	print_counts("errno", vcpu->errnos, ERRNOS);
	print_counts("exit", vcpu->exits, REASONS);
	printf("}\n");
}

int main(int argc, char **argv)
{
	static struct vcpu vcpus[VCPUS];
	int count = argc > 2 ? atoi(argv[1]) : 0;
	const char *way = argc > 3 ? argv[3] : "";

	if (count < 1 || count > VCPUS)
		return 2;
	pthread_barrier_init(&start, NULL, (unsigned int)count);
	for (int i = 0; i < count; i++) {
		vcpus[i].number = i;
		vcpus[i].calls = strtoull(argv[2], NULL, 0);
		vcpus[i].way = !strcmp(way, "syscall") ? BY_SYSCALL : BY_IOCTL;
		if (!strcmp(way, "dup"))
			vcpus[i].way = BY_DUP;
		pthread_create(&vcpus[i].thread, NULL, run_vcpu, &vcpus[i]);
	}
	for (int i = 0; i < count; i++)
		pthread_join(vcpus[i].thread, NULL);
	for (int i = 0; i < count; i++)
		print(&vcpus[i]);
	return 0;
}
