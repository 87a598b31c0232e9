// SPDX-License-Identifier: MIT
/*
 * In: a guest of guests/, for real mode at f000:0000, and whether libkvmwhy-vmm answers for its
 * machine-check banks and its MSRs. Out: what it reports through its ports; on request it is moved
 * into another VM, or gets an injected error.
 *
 * Exit status: 0 the guest ended itself, 1 KVM_RUN failed, 2 the VM could not be set up.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kvmwhy/mca.h>
#include <kvmwhy/msr_policy.h>

#define RAM_SIZE	0x100000u
#define LOAD		0xf0000u
#define BANKS		10u
#define MAX_CPUID	100u

enum { PORT_DONE = 0x10, PORT_EXCEPTION = 0x11, PORT_REACHED = 0x12 };
enum { MOVE = 1, INJECT = 5 };

/* VAL, UC, EN and PCC of MCi_STATUS; RIPV and MCIP of MCG_STATUS */
static const struct kvm_x86_mce uncorrected = {
	.status = 0xb200000000000017, .mcg_status = 5, .bank = 1,
};

static const char policy_text[] = "0x4b570000 rw last=0x1234\n"
				  "unknown rw ignore\n"
				  "invalid rw gp\n";

struct machine {
	int vm, vcpu;
	struct kvm_run *run;
	struct kw_mca mca;
	struct kw_msr_values values;
};

static int kvm;
static uint8_t *ram;
static bool with_mca, with_policy;
static struct kw_msr_policy policy;

static _Noreturn void broken(const char *what, int error)
{
	printf("mca: %s: %s\n", what, strerror(error));
	exit(2);
}

static int must(int result, const char *what)
{
	if (result < 0)
		broken(what, errno);
	return result;
}

#define IOCTL(fd, request, argument) must(ioctl(fd, request, argument), #request)

static void load(const char *path)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);

	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		broken("memory", errno);
	must((int)read(fd, ram + LOAD, RAM_SIZE - LOAD), path);
	close(fd);
}

static enum kw_mca_vendor vendor(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0, eax, ebx, ecx, edx);
	return ebx == signature_INTEL_ebx ? KW_MCA_INTEL : KW_MCA_AMD;
}

/* What a VMM adds, before the first KVM_RUN. */
static void use_library(struct machine *m)
{
	struct kw_msr_policy_error error;
	int ret = 0;

	if (kw_mca_init(&m->mca, vendor(), BANKS, KW_MCA_CTL_P | KW_MCA_SER_P))
		broken("kw_mca_init", EINVAL);
	if (with_policy && kw_msr_policy_parse(&policy, policy_text, strlen(policy_text), &error)) {
		printf("mca: line %u: %s\n", error.line, error.message);
		exit(2);
	}
	if (with_policy)
		ret = kw_msr_policy_enable(&policy, with_mca ? &m->mca : NULL, m->vm);
	else if (with_mca)
		ret = kw_mca_enable(&m->mca, m->vm);
	if (ret)
		broken("enable", -ret);
}

static void set_cpuid(const struct machine *m)
{
	static struct { uint32_t nent, pad; struct kvm_cpuid_entry2 entries[MAX_CPUID]; } cpuid;

	cpuid.nent = MAX_CPUID;
	IOCTL(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid);
	IOCTL(m->vcpu, KVM_SET_CPUID2, &cpuid);
}

static void create(struct machine *m)
{
	uint64_t identity = 0xfffbc000;
	struct kvm_userspace_memory_region memory = {
		.memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram,
	};

	memset(m, 0, sizeof(*m));
	m->vm = IOCTL(kvm, KVM_CREATE_VM, 0);
	IOCTL(m->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	IOCTL(m->vm, KVM_SET_TSS_ADDR, (void *)0xfffbd000ul);
	use_library(m);
	IOCTL(m->vm, KVM_SET_USER_MEMORY_REGION, &memory);
	m->vcpu = IOCTL(m->vm, KVM_CREATE_VCPU, 0);
	m->run = mmap(NULL, (size_t)IOCTL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		      MAP_SHARED, m->vcpu, 0);
	if (m->run == MAP_FAILED)
		broken("kvm_run", errno);
	set_cpuid(m);
}

static void set_start(const struct machine *m)
{
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;

	IOCTL(m->vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs.selector = 0xf000;
	sregs.cs.base = LOAD;
	IOCTL(m->vcpu, KVM_SET_SREGS, &sregs);
	/* for the guest wrmsr: MC1_CTL with a value that no rule permits */
	regs.rcx = 0x404;
	regs.rax = 0xfffffff0;
	regs.rdx = 0xffffffff;
	IOCTL(m->vcpu, KVM_SET_REGS, &regs);
}

/* First completes the exit, with a KVM_RUN that does not run the guest. */
static void finish_exit(const struct machine *m)
{
	m->run->immediate_exit = 1;
	if (ioctl(m->vcpu, KVM_RUN, 0) >= 0 || errno != EINTR)
		broken("immediate_exit", errno);
	m->run->immediate_exit = 0;
}

/* Moves registers and banks of one VM into a new one; the memory is the same. */
static void move(struct machine *m)
{
	struct kw_mca_state state;
	struct machine to;
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	finish_exit(m);
	if (kw_mca_save(&m->mca, &state))
		broken("kw_mca_save", EINVAL);
	IOCTL(m->vcpu, KVM_GET_REGS, &regs);
	IOCTL(m->vcpu, KVM_GET_SREGS, &sregs);
	create(&to);
	if (kw_mca_restore(&to.mca, &state, sizeof(state)))
		broken("kw_mca_restore", EINVAL);
	to.values = m->values;
	IOCTL(to.vcpu, KVM_SET_SREGS, &sregs);
	IOCTL(to.vcpu, KVM_SET_REGS, &regs);
	close(m->vcpu);
	close(m->vm);
	*m = to;
	puts("mca: moved into another VM");
}

/* True if the guest reported that it is done. */
static bool port_written(struct machine *m)
{
	const struct kvm_run *run = m->run;
	unsigned int value = *((const uint8_t *)run + run->io.data_offset);
	int ret;

	if (run->io.port != PORT_REACHED) {
		const char *what = run->io.port == PORT_DONE ? "done" : "exception";

		printf("mca: guest %s %u\n", what, value);
		return true;
	}
	printf("mca: guest reached 0x%02x\n", value);
	if (value == MOVE)
		move(m);
	if (value != INJECT)
		return false;
	finish_exit(m);
	ret = kw_mca_inject(&m->mca, m->vcpu, &uncorrected);
	if (ret < 0)
		broken("kw_mca_inject", -ret);
	printf("mca: injected, %s\n", ret ? "#MC" : "nothing raised");
	return false;
}

static void say_msr(const struct kvm_run *run, const char *who)
{
	bool write = run->exit_reason == KVM_EXIT_X86_WRMSR;

	printf("mca: %s: %s(0x%x) %s 0x%llx%s\n", who, write ? "WRMSR" : "RDMSR", run->msr.index,
	       write ? "<-" : "->", run->msr.data, run->msr.error ? ": #GP" : "");
}

static void answer_msr(struct machine *m)
{
	if (with_mca && kw_mca_exit(&m->mca, m->run) == 1) {
		say_msr(m->run, "banks");
		if (m->run->msr.error)
			printf("mca: because %s\n",
			       kw_mca_reason(&m->mca, m->run->msr.index, m->run->msr.data));
	} else if (with_policy && kw_msr_policy_exit(&policy, &m->values, m->run) == 1) {
		say_msr(m->run, "policy");
	} else {
		m->run->msr.error = 1;
		say_msr(m->run, "nobody");
	}
}

static int run_guest(struct machine *m)
{
	for (;;) {
		if (ioctl(m->vcpu, KVM_RUN, 0) < 0) {
			printf("mca: KVM_RUN = -1 errno %d (%s)\n", errno, strerror(errno));
			return 1;
		}
		if (m->run->exit_reason == KVM_EXIT_X86_RDMSR ||
		    m->run->exit_reason == KVM_EXIT_X86_WRMSR) {
			answer_msr(m);
		} else if (m->run->exit_reason != KVM_EXIT_IO) {
			printf("mca: exit_reason %u\n", m->run->exit_reason);
			return 1;
		} else if (port_written(m)) {
			return 0;
		}
	}
}

int main(int argc, char **argv)
{
	struct machine m;

	for (int i = 1; i < argc - 1; i++) {
		with_mca = with_mca || !strcmp(argv[i], "--banks");
		with_policy = with_policy || !strcmp(argv[i], "--policy");
	}
	if (argc < 2) {
		fputs("usage: mca [--banks] [--policy] GUEST\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	load(argv[argc - 1]);
	kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	create(&m);
	set_start(&m);
	return run_guest(&m);
}
