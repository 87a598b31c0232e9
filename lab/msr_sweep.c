// SPDX-License-Identifier: MIT
/*
 * In: a file of MSR indices, one a line in hexadecimal. Out: for each a line with KVM's answers to
 * RDMSR and WRMSR of a guest in real mode: "0x00000404 ok ok #GP ok ok". The columns are RDMSR,
 * WRMSR of 0, of 1, of all ones and of what was read; the words are explained at the head of
 * data/kvm_msr_seen.tbl. Values are never printed: some differ from run to run.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
	MEMORY = 0x10000,
	HANDLERS = 0x4000,	/* some MSRs let KVM write to the first page */
	STACK = 0x7000,
	RDMSR = 0x8000,
	WRMSR = 0x8010,
	PORT_DONE = 0x10,
	PORT_EXCEPTION = 0x11,
	VECTORS = 32,
	BANKS = 10,		/* as set up by QEMU */
	MAX_CPUID = 256,
	TICKS = 3,		/* seconds in one KVM_RUN that make a hang */
};

#define MCG_CTL_P (1ull << 8)
#define APIC_BASE_ENABLE (1ull << 11)
#define APIC_BASE_EXTD (1ull << 10)
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)

struct answer {
	char text[24];
	bool accepted;
	uint64_t value;		/* of an accepted read */
};

static struct {
	int kvm, vm, vcpu;
	uint8_t *memory;
	struct kvm_run *run;
	size_t run_size;
	uint64_t mcg_cap;
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[MAX_CPUID];
	} cpuid;
	bool used;		/* a try may have changed the vCPU or the VM */
	unsigned int made;
} machine = { .vm = -1, .vcpu = -1 };

static void die(const char *what)
{
	printf("sweep: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int must(int rc, const char *what)
{
	if (rc < 0)
		die(what);
	return rc;
}

/* The guest: an instruction, a report that it completed, and handlers that report exceptions. */
static void fill_memory(uint8_t *memory)
{
	static const uint8_t rdmsr[] = { 0x0f, 0x32, 0xe6, PORT_DONE, 0xf4 };
	static const uint8_t wrmsr[] = { 0x0f, 0x30, 0xe6, PORT_DONE, 0xf4 };

	memset(memory, 0, MEMORY);
	for (unsigned int i = 0; i < VECTORS; i++) {
		const uint8_t handler[] = { 0xb0, (uint8_t)i, 0xe6, PORT_EXCEPTION, 0xf4 };
		const uint16_t entry[] = { (uint16_t)(HANDLERS + i * 8), 0 };

		memcpy(memory + i * sizeof(entry), entry, sizeof(entry));
		memcpy(memory + HANDLERS + i * 8, handler, sizeof(handler));
	}
	memcpy(memory + RDMSR, rdmsr, sizeof(rdmsr));
	memcpy(memory + WRMSR, wrmsr, sizeof(wrmsr));
}

static void set_registers(void)
{
	struct kvm_sregs sregs;

	must(ioctl(machine.vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = sregs.cs.selector = 0;
	sregs.ss.base = sregs.ss.selector = 0;
	sregs.apic_base |= APIC_BASE_ENABLE | APIC_BASE_EXTD;
	must(ioctl(machine.vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void discard(void)
{
	if (machine.vm < 0)
		return;
	munmap(machine.run, machine.run_size);
	close(machine.vcpu);
	close(machine.vm);
}

/* The timer's signal may arrive while KVM waits for a thread of the VM. */
static int create_vm(void)
{
	int vm;

	do {
		vm = ioctl(machine.kvm, KVM_CREATE_VM, 0);
	} while (vm < 0 && errno == EINTR);
	return must(vm, "KVM_CREATE_VM");
}

/* A new VM and vCPU, so that no answer depends on an earlier one. */
static void renew(void)
{
	uint64_t identity_map = 0xfffbc000;
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY,
		.userspace_addr = (uintptr_t)machine.memory,
	};

	discard();
	fill_memory(machine.memory);
	machine.vm = create_vm();
	must(ioctl(machine.vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map),
	     "KVM_SET_IDENTITY_MAP_ADDR");
	must(ioctl(machine.vm, KVM_SET_TSS_ADDR, 0xfffbd000ul), "KVM_SET_TSS_ADDR");
	must(ioctl(machine.vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	must(ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region),
	     "KVM_SET_USER_MEMORY_REGION");
	machine.vcpu = must(ioctl(machine.vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	machine.run = mmap(NULL, machine.run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   machine.vcpu, 0);
	if (machine.run == MAP_FAILED)
		die("mmap of kvm_run");
	must(ioctl(machine.vcpu, KVM_SET_CPUID2, &machine.cpuid), "KVM_SET_CPUID2");
	must(ioctl(machine.vcpu, KVM_X86_SETUP_MCE, &machine.mcg_cap), "KVM_X86_SETUP_MCE");
	set_registers();
	machine.used = false;
	machine.made++;
}

static void open_kvm(void)
{
	machine.kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	machine.run_size = (size_t)must(ioctl(machine.kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
					"KVM_GET_VCPU_MMAP_SIZE");
	machine.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	if (machine.memory == MAP_FAILED)
		die("mmap of the guest's memory");
	machine.mcg_cap = MCG_CTL_P | BANKS;
	machine.cpuid.head.nent = MAX_CPUID;
	must(ioctl(machine.kvm, KVM_GET_SUPPORTED_CPUID, &machine.cpuid),
	     "KVM_GET_SUPPORTED_CPUID");
	/* What KVM reports by a capability instead, and QEMU adds. */
	for (unsigned int i = 0; i < machine.cpuid.head.nent; i++) {
		if (machine.cpuid.entries[i].function == 1)
			machine.cpuid.entries[i].ecx |= CPUID_1_ECX_TSC_DEADLINE;
	}
}

static bool report_to_user_space(bool on)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { on ? KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN |
			       KVM_MSR_EXIT_REASON_FILTER : 0 },
	};

	return ioctl(machine.vm, KVM_ENABLE_CAP, &cap) == 0;
}

static void say(struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->text, sizeof(answer->text), format, args);
	va_end(args);
}

static void exception(struct answer *answer, unsigned int vector)
{
	static const char *const names[VECTORS] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL,
		"#TS", "#NP", "#SS", "#GP", "#PF", NULL, "#MF", "#AC", "#MC", "#XM",
	};

	if (vector < VECTORS && names[vector])
		say(answer, "%s", names[vector]);
	else
		say(answer, "vector:%u", vector);
}

static void other_exit(struct answer *answer, uint32_t reason)
{
	static const struct {
		uint32_t reason;
		const char *name;
	} names[] = {
		{ KVM_EXIT_HLT, "HLT" },
		{ KVM_EXIT_SHUTDOWN, "SHUTDOWN" },
		{ KVM_EXIT_FAIL_ENTRY, "FAIL_ENTRY" },
		{ KVM_EXIT_INTERNAL_ERROR, "INTERNAL_ERROR" },
		{ KVM_EXIT_SYSTEM_EVENT, "SYSTEM_EVENT" },
		{ KVM_EXIT_HYPERV, "HYPERV" },
		{ KVM_EXIT_MMIO, "MMIO" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].reason == reason) {
			say(answer, "exit:%s", names[i].name);
			return;
		}
	}
	say(answer, "exit:%u", reason);
}

/*
 * KVM_RUN until it returns a result; the timer's signal interrupts it, and several of them count as
 * a hang.
 */
static int run(void)
{
	for (unsigned int ticks = 0; ticks < TICKS; ticks++) {
		if (ioctl(machine.vcpu, KVM_RUN, 0) == 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
	return -EINTR;
}

/* The next KVM_RUN completes an exit to user space, and must not run the guest here. */
static void finish_exit(void)
{
	machine.run->immediate_exit = 1;
	ioctl(machine.vcpu, KVM_RUN, 0);
	machine.run->immediate_exit = 0;
}

static uint64_t value_read(void)
{
	struct kvm_regs regs;

	must(ioctl(machine.vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	return (regs.rax & UINT32_MAX) | regs.rdx << 32;
}

static void port_exit(struct answer *answer)
{
	const uint8_t *data = (const uint8_t *)machine.run + machine.run->io.data_offset;

	if (machine.run->io.port == PORT_EXCEPTION) {
		exception(answer, *data);
		return;
	}
	say(answer, "ok");
	answer->accepted = true;
	answer->value = value_read();
}

static void failed(struct answer *answer, int number)
{
	const char *name = strerrorname_np(number);

	if (number == EINTR)
		say(answer, "hang");
	else if (name)
		say(answer, "%s", name);
	else
		say(answer, "errno:%d", number);
}

/* Runs one instruction on the vCPU in its current state. */
static void execute(uint32_t index, const uint64_t *value, struct answer *answer)
{
	struct kvm_regs regs = {
		.rip = value ? WRMSR : RDMSR,
		.rsp = STACK,
		.rflags = 2,
		.rcx = index,
		.rax = value ? *value & UINT32_MAX : 0,
		.rdx = value ? *value >> 32 : 0,
	};
	int err;

	*answer = (struct answer){ 0 };
	must(ioctl(machine.vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	err = run();
	if (err) {
		failed(answer, -err);
	} else if (machine.run->exit_reason == KVM_EXIT_IO) {
		port_exit(answer);
		finish_exit();
	} else if (machine.run->exit_reason == KVM_EXIT_X86_RDMSR ||
		   machine.run->exit_reason == KVM_EXIT_X86_WRMSR) {
		say(answer, "msr:%u", machine.run->msr.reason);
		finish_exit();
	} else {
		other_exit(answer, machine.run->exit_reason);
	}
}

/* Who raised the #GP: the same again, with KVM asking user space first. */
static void find_refuser(uint32_t index, const uint64_t *value, struct answer *answer)
{
	struct answer asked;

	if (!report_to_user_space(true))
		return;
	execute(index, value, &asked);
	report_to_user_space(false);
	if (!strcmp(asked.text, "#GP"))
		say(answer, "#GP(cpu)");
	else if (!strcmp(asked.text, "msr:2"))
		say(answer, "#GP(unknown)");
	else if (strcmp(asked.text, "msr:1"))
		say(answer, "#GP/%.18s", asked.text);
}

static void try(uint32_t index, const uint64_t *value, struct answer *answer)
{
	if (machine.used)
		renew();
	execute(index, value, answer);
	if (!strcmp(answer->text, "#GP"))
		find_refuser(index, value, answer);
	machine.used = strncmp(answer->text, "#GP", 3) && (value || !answer->accepted);
}

static void sweep(uint32_t index)
{
	static const uint64_t zero, one = 1, ones = UINT64_MAX;
	static const uint64_t *const values[] = { &zero, &one, &ones };
	struct answer read, answer;

	try(index, NULL, &read);
	printf("0x%08x %s", index, read.text);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		try(index, values[i], &answer);
		printf(" %s", answer.text);
	}
	if (read.accepted)
		try(index, &read.value, &answer);
	printf(" %s\n", read.accepted ? answer.text : "-");
	fflush(stdout);
}

static void ignore(int signal)
{
	(void)signal;
}

/* A signal each second, so that no KVM_RUN lasts forever. */
static void start_timer(void)
{
	const struct sigaction action = { .sa_handler = ignore };
	const struct itimerval second = { { 1, 0 }, { 1, 0 } };

	must(sigaction(SIGALRM, &action, NULL), "sigaction");
	must(setitimer(ITIMER_REAL, &second, NULL), "setitimer");
}

static void introduce(void)
{
	struct utsname name;
	unsigned int eax, words[3];
	char vendor[sizeof(words) + 1] = "";

	must(uname(&name), "uname");
	__cpuid(0, eax, words[0], words[2], words[1]);
	memcpy(vendor, words, sizeof(words));
	printf("sweep: kernel %s, vendor %s, mcg_cap 0x%llx, cpuid entries %u\n", name.release,
	       vendor, (unsigned long long)machine.mcg_cap, machine.cpuid.head.nent);
}

int main(int argc, char **argv)
{
	FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
	unsigned int index, count = 0;

	if (!list) {
		fprintf(stderr, "usage: msr_sweep FILE\n"
				"FILE: MSR indices in hexadecimal, one a line\n");
		return 2;
	}
	open_kvm();
	start_timer();
	introduce();
	renew();
	for (; fscanf(list, "%x", &index) == 1; count++)
		sweep(index);
	printf("sweep: done, %u indices, %u VMs\n", count, machine.made);
	fclose(list);
	return 0;
}
