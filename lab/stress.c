// SPDX-License-Identifier: MIT
/*
 * In: kvmwhy.ko, how many KVM_RUN failures to inject, and over how many loads of it. Two VMs with
 * two vCPUs each write MSRs endlessly. Out: what the vCPUs counted and what the module did, which
 * must match failure by failure: 0 if so, else 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uapi/kvmwhy.h"

#define FOLDER		"/sys/kernel/debug/kvmwhy/"
#define MC0_ADDR	0x402u	/* accepts any value, as do those of the next banks */
#define MEMORY		0x1000u
#define PATIENCE	60000	/* ms to wait */

enum { VMS = 2, VCPUS_OF_VM = 2, VCPUS = VMS * VCPUS_OF_VM };

/* What one vCPU saw. Only its own thread writes it. */
struct vcpu {
	pthread_t thread;
	int fd;
	struct kvm_run *run;
	uint32_t msr, tag;
	_Atomic uint64_t failures;	/* of KVM_RUN */
	_Atomic uint64_t untold;	/* of these, without the module's words */
	_Atomic uint64_t wrong;		/* of these, whose words do not match this vCPU's WRMSR */
	_Atomic uint64_t others;	/* of these, with an errno other than the requested one */
	uint64_t writes;
};

struct told {
	uint64_t failures, injected, missed;
};

static struct vcpu vcpus[VCPUS];
static _Atomic bool stop;
static __thread struct kvm_run *my_run;

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	printf("stress: ");
	vprintf(format, arguments);
	printf(": %s\n", strerror(error));
	va_end(arguments);
	exit(2);
}

static int must(int result, const char *what)
{
	if (result < 0)
		die("%s", what);
	return result;
}

/* wrmsr; inc %eax; jmp: the value says which write of which vCPU it is */
static const uint8_t guest[] = { 0x0f, 0x30, 0x66, 0x40, 0xeb, 0xfa };

static void set_registers(const struct vcpu *vcpu)
{
	struct kvm_regs regs = { .rflags = 2, .rcx = vcpu->msr, .rdx = vcpu->tag };
	struct kvm_sregs sregs;

	must(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = sregs.cs.selector = 0;
	must(ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	must(ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static void create_vm(int kvm, struct vcpu *members)
{
	uint64_t identity_map = 0xfffbc000;
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	size_t size = (size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	void *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY, .userspace_addr = (uintptr_t)memory,
	};

	if (memory == MAP_FAILED)
		die("memory");
	memcpy(memory, guest, sizeof(guest));
	must(ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map), "KVM_SET_IDENTITY_MAP_ADDR");
	must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000ul), "KVM_SET_TSS_ADDR");
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	for (unsigned int i = 0; i < VCPUS_OF_VM; i++) {
		members[i].fd =
			must(ioctl(vm, KVM_CREATE_VCPU, (unsigned long)i), "KVM_CREATE_VCPU");
		members[i].run =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, members[i].fd, 0);
		if (members[i].run == MAP_FAILED)
			die("kvm_run");
		set_registers(&members[i]);
	}
}

static bool is_ours(const struct vcpu *vcpu, const struct kvmwhy_data *data,
		    const struct kvm_regs *regs)
{
	uint32_t flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_INJECTED;

	return (data->flags & flags) == flags && data->kind == KVMWHY_KIND_WRMSR &&
	       data->result == -EPERM && data->msr == vcpu->msr &&
	       data->value >> 32 == vcpu->tag && (uint32_t)data->value == (uint32_t)regs->rax &&
	       (!(data->flags & KVMWHY_HAS_RIP) || data->rip == regs->rip);
}

/* Clears the words in kvm_run: the next failure must bring its own. */
static void look_at_failure(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct kvmwhy_data data;
	struct kvm_regs regs;

	memcpy(&data, &run->internal.data, sizeof(data));
	must(ioctl(vcpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	if (run->exit_reason != KVM_EXIT_INTERNAL_ERROR ||
	    run->internal.suberror != KVMWHY_SUBERROR || run->internal.ndata < KVMWHY_NDATA)
		vcpu->untold++;
	else if (!is_ours(vcpu, &data, &regs))
		vcpu->wrong++;
	run->exit_reason = 0;
	memset(&run->internal, 0, sizeof(run->internal));
	vcpu->failures++;
}

/* This guest leaves KVM_RUN only through a failure. */
static _Noreturn void leave(const struct vcpu *vcpu)
{
	struct kvm_regs regs = { 0 };
	struct kvm_sregs sregs = { 0 };

	ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	ioctl(vcpu->fd, KVM_GET_SREGS, &sregs);
	die("KVM_RUN returned with exit reason %u after %llu failures: RIP %#llx RFLAGS %#llx RCX %#llx CS %#x base %#llx CR0 %#llx",
	    vcpu->run->exit_reason, (unsigned long long)vcpu->failures, regs.rip, regs.rflags,
	    regs.rcx, sregs.cs.selector, sregs.cs.base, sregs.cr0);
}

static void *run_vcpu(void *argument)
{
	struct vcpu *vcpu = argument;
	struct kvm_regs regs;

	/* lets loading of the module proceed */
	if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19))
		die("setpriority");
	my_run = vcpu->run;
	while (!stop) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) == 0)
			leave(vcpu);
		if (errno == EINTR) {
			vcpu->run->immediate_exit = 0;
			continue;
		}
		if (errno != EPERM)
			vcpu->others++;
		look_at_failure(vcpu);
	}
	must(ioctl(vcpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	vcpu->writes = (uint32_t)regs.rax;
	return NULL;
}

/* A signal between the check of `stop` and KVM_RUN must not be lost. */
static void on_kick(int number)
{
	(void)number;
	if (my_run)
		my_run->immediate_exit = 1;
}

/* Only a KVM_RUN that began with the module's probes in place is watched. */
static void kick(void)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		pthread_kill(vcpus[i].thread, SIGUSR1);
}

static void start(void)
{
	struct sigaction action = { .sa_handler = on_kick };
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");

	sigaction(SIGUSR1, &action, NULL);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i].msr = MC0_ADDR + 4 * i;
		vcpus[i].tag = 0x5aa50000u + i;
	}
	for (unsigned int i = 0; i < VCPUS; i += VCPUS_OF_VM)
		create_vm(kvm, &vcpus[i]);
	for (unsigned int i = 0; i < VCPUS; i++)
		if (pthread_create(&vcpus[i].thread, NULL, run_vcpu, &vcpus[i]))
			die("a thread");
}

static void finish(void)
{
	stop = true;
	kick();
	for (unsigned int i = 0; i < VCPUS; i++)
		pthread_join(vcpus[i].thread, NULL);
}

/* A file of the module in debugfs. */
static void set(const char *name, const char *value)
{
	char path[80];
	int file;

	snprintf(path, sizeof(path), FOLDER "inject/%s", name);
	file = must(open(path, O_WRONLY | O_CLOEXEC), path);
	if (write(file, value, strlen(value)) < 0)
		die("%s = %s", name, value);
	close(file);
}

static uint64_t counter(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	if (!at)
		die("no%.*sin status", (int)strlen(name), name);
	return strtoull(at + strlen(name), NULL, 10);
}

static struct told ask_module(void)
{
	char status[2048] = "";
	int file = must(open(FOLDER "status", O_RDONLY | O_CLOEXEC), "status");

	must((int)read(file, status, sizeof(status) - 1), "status");
	close(file);
	return (struct told){
		.failures = counter(status, "\nfailures "),
		.injected = counter(status, "\ninjected "),
		.missed = counter(status, "\nmissed "),
	};
}

static uint64_t sum_of(size_t offset)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < VCPUS; i++)
		sum += *(_Atomic uint64_t *)((char *)&vcpus[i] + offset);
	return sum;
}
#define SUM(member) sum_of(offsetof(struct vcpu, member))

static uint64_t counted(void)
{
	return SUM(failures);
}

static void load(const char *path, unsigned int number)
{
	static const char *const attributes[][2] = {
		{ "access", "wrmsr" }, { "msr_first", "0x402" }, { "msr_last", "0x40e" },
		{ "probability", "1" }, { "times", "-1" }, { "result", "-1" }, { "verbose", "0" },
		{ NULL, NULL },
	};
	int module = must(open(path, O_RDONLY | O_CLOEXEC), path);
	char seed[16];

	must((int)syscall(SYS_finit_module, module, "report=annotate", 0), "finit_module");
	close(module);
	snprintf(seed, sizeof(seed), "%u", number);
	set("seed", seed);
	for (unsigned int i = 0; attributes[i][0]; i++)
		set(attributes[i][0], attributes[i][1]);
	set("armed", "1");
	kick();
}

static void unload(void)
{
	must((int)syscall(SYS_delete_module, "kvmwhy", O_NONBLOCK), "delete_module");
}

static void wait_for(uint64_t failures)
{
	for (unsigned int ms = 0; counted() < failures; ms++) {
		if (ms == PATIENCE) {
			errno = ETIME;
			die("%llu failures, %llu were awaited", (unsigned long long)counted(),
			    (unsigned long long)failures);
		}
		usleep(1000);
	}
}

/* Injection has stopped: what was injected must arrive, on both sides. */
static struct told settle(uint64_t before)
{
	struct told told;

	set("armed", "0");
	for (unsigned int ms = 0; ms < 2000; ms++) {
		told = ask_module();
		if (told.failures == told.injected && counted() - before == told.failures)
			break;
		usleep(1000);
	}
	return told;
}

static bool one_load(const char *path, unsigned int number, uint64_t target, struct told *sum)
{
	uint64_t before = counted(), here;
	struct told told;

	load(path, number);
	wait_for(target);
	told = settle(before);
	here = counted() - before;
	unload();
	sum->failures += told.failures;
	sum->injected += told.injected;
	sum->missed += told.missed;
	if (here == told.failures && here == told.injected)
		return true;
	printf("stress: load %u: %llu counted, %llu told, %llu injected\n", number,
	       (unsigned long long)here, (unsigned long long)told.failures,
	       (unsigned long long)told.injected);
	return false;
}

/* Unloads the module while it injects: a failure in progress may lose its words, nothing more. */
static void abrupt_loads(const char *path, unsigned int loads)
{
	uint64_t before = counted(), untold = SUM(untold);

	for (unsigned int i = 1; i <= loads; i++) {
		load(path, i);
		wait_for(counted() + 10);
		unload();
	}
	printf("stress: unloaded %u times while it injected: %llu failures, %llu without words, "
	       "%llu misattributed\n", loads, (unsigned long long)(counted() - before),
	       (unsigned long long)(SUM(untold) - untold), (unsigned long long)SUM(wrong));
}

static bool say_sums(unsigned int loads, const struct told *sum)
{
	uint64_t untold = SUM(untold), wrong = SUM(wrong), others = SUM(others);

	printf("stress: %u loads: %llu failures counted, %llu told, %llu injected, "
	       "%llu probe misses\n", loads, (unsigned long long)counted(),
	       (unsigned long long)sum->failures, (unsigned long long)sum->injected,
	       (unsigned long long)sum->missed);
	printf("stress: %llu without words, %llu misattributed, %llu with another errno\n",
	       (unsigned long long)untold, (unsigned long long)wrong, (unsigned long long)others);
	return counted() == sum->failures && !untold && !wrong && !others;
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || !value || value > 10000000) {
		fprintf(stderr, "stress: %s: not a number from 1 to 10000000\n", text);
		exit(2);
	}
	return (unsigned int)value;
}

int main(int argc, char **argv)
{
	struct told sum = { 0 };
	unsigned int failures, loads;
	bool same = true;

	if (argc != 4) {
		fprintf(stderr, "Usage: stress KVMWHY.ko FAILURES LOADS\n");
		return 2;
	}
	failures = number(argv[2]);
	loads = number(argv[3]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	start();
	for (unsigned int i = 1; i <= loads; i++)
		same &= one_load(argv[1], i, (uint64_t)failures * i / loads, &sum);
	same &= say_sums(loads, &sum);
	abrupt_loads(argv[1], loads / 10 + 1);
	finish();
	for (unsigned int i = 0; i < VCPUS; i++)
		printf("stress: MSR 0x%x: %llu failures of %llu writes\n", vcpus[i].msr,
		       (unsigned long long)vcpus[i].failures, (unsigned long long)vcpus[i].writes);
	return same ? 0 : 1;
}
