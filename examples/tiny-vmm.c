// SPDX-License-Identifier: MIT
/*
 * A VMM in one file, for x86: one vCPU, 32 KiB of memory, a guest of a few bytes. It fails in six
 * ways, none of which needs root, and each time kvmwhy explains what happened: see explain() below.
 *
 *   tiny-vmm [NAME]	the failure to provoke; without a name, all six
 *   cc tiny-vmm.c $(pkg-config --cflags --libs libkvmwhy-vmm libkvmwhy)
 */
#define _GNU_SOURCE 1 /* process_vm_readv(). NOLINT(bugprone-reserved-identifier,cert-*) */
#include <errno.h>
#include <fcntl.h>
#include <kvmwhy/kvmwhy.h>
#include <kvmwhy/vmm.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PAGE = 4096, CODE = 4096, PML4 = 0x2000, PDPT = 0x3000, LOST = 0x4000, STACK = 0x7f00 };
enum { RAM = 0x8000 };

struct vm {
	int kvm, fd, vcpu;
	struct kvm_run *run;
	uint8_t *ram; /* guest physical memory from 0 on */
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* The part to copy: a reader of guest memory, a snapshot, an answer. */

/* Memory that is gone from this process yields EFAULT here, not SIGSEGV. */
static int read_guest(void *arg, uint64_t gpa, void *buf, size_t len)
{
	const struct vm *vm = arg;
	struct iovec to = { buf, len }, from = { vm->ram + gpa, len };

	if (gpa >= RAM || len > RAM - gpa)
		return -ENXIO;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)len)
		return -EFAULT;
	return 0;
}

/* Call it when KVM_RUN failed with @error, or returned an exit that ends this guest (0). */
static int explain(struct vm *vm, int error)
{
	struct kw_guest_memory memory = { .read = read_guest, .arg = vm };
	struct kw_snapshot snapshot = { .size = sizeof(snapshot) };
	struct kw_options options = { .size = sizeof(options) };
	struct kw_vcpu_state state;
	struct utsname host;
	char *answer;

	if (kw_vcpu_snapshot(vm->vcpu, vm->run, error, &memory, &snapshot))
		return -1;
	kw_snapshot_state(&snapshot, &state);
	state.number = 0;
	state.vmm = "tiny-vmm";
	if (!uname(&host))
		options.host_kernel = host.release;
	if (kw_vcpu_explain(&state, &options, "text", &answer))
		return -1;
	fputs(answer, stdout);
	free(answer);
	return 0;
}

/* The VMM: the minimum that every VMM does. */

static struct kvm_sregs get_sregs(struct vm *vm)
{
	struct kvm_sregs sregs;

	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	return sregs;
}

static void set_sregs(struct vm *vm, const struct kvm_sregs *sregs)
{
	if (ioctl(vm->vcpu, KVM_SET_SREGS, sregs))
		die("KVM_SET_SREGS");
}

/* The guest gets every CPU feature KVM supports; without CPUID it would have no 64-bit mode. */
static void set_cpuid(struct vm *vm)
{
	union {
		struct kvm_cpuid2 list;
		char room[sizeof(struct kvm_cpuid2) + 256 * sizeof(struct kvm_cpuid_entry2)];
	} ids = { .list.nent = 256 };

	if (ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &ids) || ioctl(vm->vcpu, KVM_SET_CPUID2, &ids))
		die("CPUID");
}

/* Real mode, CS and DS at 0. */
static void create(struct vm *vm, const void *code, size_t size)
{
	struct kvm_userspace_memory_region slot = { .memory_size = RAM };
	struct kvm_regs regs = { .rip = CODE, .rsp = STACK, .rflags = 2 };
	struct kvm_sregs sregs;
	int page;

	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		die("KVM_CREATE_VM");
	/* three pages that KVM on Intel needs for itself, above the guest's memory */
	ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000ul);
	vm->ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->ram == MAP_FAILED)
		die("guest memory");
	memcpy(vm->ram + CODE, code, size);
	slot.userspace_addr = (uintptr_t)vm->ram;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot))
		die("KVM_SET_USER_MEMORY_REGION");
	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	page = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vm->vcpu < 0 || page < 0)
		die("KVM_CREATE_VCPU");
	vm->run = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		die("kvm_run");
	set_cpuid(vm);
	sregs = get_sregs(vm);
	sregs.cs.base = sregs.cs.selector = 0;
	set_sregs(vm, &sregs);
	if (ioctl(vm->vcpu, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS");
	/* registers in the page after each KVM_RUN: all that is left if KVM gives the VM up */
	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) > 0)
		vm->run->kvm_valid_regs = KVM_SYNC_X86_VALID_FIELDS;
}

static void destroy(struct vm *vm)
{
	munmap(vm->run, (size_t)ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	munmap(vm->ram, RAM);
	close(vm->vcpu);
	close(vm->fd);
}

static int run(struct vm *vm)
{
	int failed;

	do	/* the guests use a port to show that they run */
		failed = ioctl(vm->vcpu, KVM_RUN, 0);
	while (!failed && vm->run->exit_reason == KVM_EXIT_IO);
	return explain(vm, failed ? errno : 0);
}

/* Six ways to fail: the set-up before the guest runs, the guest, and the expected result. */

/* A ballooning or memory-hotplug bug: the memslot is there, its memory is not. */
static int lose_memory(struct vm *vm)
{
	munmap(vm->ram + LOST, PAGE);
	return run(vm);
}

/* 64-bit mode with CS.L and CS.D: KVM accepts it, but no processor enters it. */
static int break_cs(struct vm *vm)
{
	struct kvm_sregs sregs = get_sregs(vm);
	const uint64_t table = PDPT | 3, gib = 0x83;

	memcpy(vm->ram + PML4, &table, sizeof(table));
	memcpy(vm->ram + PDPT, &gib, sizeof(gib));
	sregs.cr0 |= 1u << 31 | 1;
	sregs.cr3 = PML4;
	sregs.cr4 |= 1u << 5;
	sregs.efer = 1u << 10 | 1u << 8;
	sregs.cs = (struct kvm_segment){ .limit = 0xffffffff, .selector = 8, .type = 11,
					 .present = 1, .s = 1, .g = 1, .l = 1, .db = 1 };
	sregs.tr.type = 11;
	set_sregs(vm, &sregs);
	return run(vm);
}

static int lose_idt(struct vm *vm)
{
	struct kvm_sregs sregs = get_sregs(vm);

	sregs.idt.base = RAM;	/* a KVM that emulates real mode does not check the limit */
	sregs.idt.limit = 0;
	set_sregs(vm, &sregs);
	return run(vm);
}

/* A bit of kvm_valid_regs that no KVM knows. */
static int ask_too_much(struct vm *vm)
{
	vm->run->kvm_valid_regs = 1u << 3;
	return run(vm);
}

static const struct failure {
	const char *name, *what;
	int (*provoke)(struct vm *vm);
	const char *code;
	size_t size;
} failures[] = {
#define GUEST(bytes) bytes, sizeof(bytes) - 1
	{ "lost-memory", "the guest reads memory that the VMM has unmapped", lose_memory,
	  GUEST("\xe6\x10\xa0\x00\x40\xf4") },	/* out 0x10, al; mov al, [0x4000]; hlt */
	{ "no-emulation", "an x87 load from a VGA that is not there", run,
	  GUEST("\xb8\x00\xa0\x8e\xd8"			/* mov ax, 0xa000; mov ds, ax */
		"\xdb\xe3\xd9\x06\x10\x00\xf4") },	/* fninit; fld dword [0x10]; hlt */
	{ "wild-jump", "a jump to where no memory is", run,
	  GUEST("\xea\x00\x90\x00\x00") },		/* jmp 0:0x9000 */
	{ "bad-entry", "CS says 64-bit and 32-bit at once", break_cs,
	  GUEST("\xf4") },				/* hlt */
	{ "triple-fault", "an invalid opcode, without an IDT", lose_idt,
	  GUEST("\xe6\x10\x0f\x0b") },			/* out 0x10, al; ud2 */
	{ "bad-request", "the VMM asks KVM for what it does not know", ask_too_much,
	  GUEST("\xf4") },
};

int main(int argc, char **argv)
{
	struct vm vm = { .kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC) };
	int status = 0;

	if (vm.kvm < 0) {
		perror("/dev/kvm");
		return 77;
	}
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (argc > 1 && strcmp(argv[1], failures[i].name))
			continue;
		printf("== %s: %s\n\n", failures[i].name, failures[i].what);
		create(&vm, failures[i].code, failures[i].size);
		if (failures[i].provoke(&vm))
			status = 1;
		destroy(&vm);
		puts("");
	}
	return status;
}
