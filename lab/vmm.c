// SPDX-License-Identifier: MIT
/*
 * In: a flat blob of guest code and options that say how to break its VM. Out: what the guest and
 * KVM said, on stdout; a failing KVM_RUN as one record that kvmwhy explain reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vmm_parts.h"

#define MAX_CPUID	256
#define VGA_FROM	0xa0000u
#define VGA_SIZE	0x20000u
#define PORT_DONE	0x10
#define PORT_EXCEPTION	0x11

static const char usage_text[] =
	"Usage: vmm [OPTION]... GUEST.bin\n"
	"Run GUEST.bin (at most 64 KiB, loaded at 0xf0000) on /dev/kvm and say how it ended.\n"
	"\n"
	"  --mode real|protected|long    processor mode at entry; real is the default\n"
	"  --set FIELD=VALUE             a field of kvm_regs or kvm_sregs, as rcx, efer, cs.l\n"
	"  --mem-hole GPA:SIZE           no memslot there; 0xa0000:0x20000 never has one\n"
	"  --unmapped GPA:SIZE           a memslot whose memory is unmapped in the host\n"
	"  --guest-memfd GPA:SIZE        a memslot whose guest_memfd is closed (Linux 7)\n"
	"  --xen-hypercall MSR           the Xen hypercall MSR, with a page that cannot be read\n"
	"  --user-msr MASK               KVM_CAP_X86_USER_SPACE_MSR; the answer is always #GP\n"
	"  --mce-banks N                 KVM_X86_SETUP_MCE with N banks, as QEMU does with 10\n"
	"  --inject VECTOR[:ERROR]       an exception queued before the first KVM_RUN\n"
	"  --valid-regs MASK             kvm_run.kvm_valid_regs\n"
	"  --run-arg N                   the argument of KVM_RUN, which has to be 0\n"
	"  --fork                        before that, a child process calls KVM_RUN\n"
	"  --runs N                      after a failure, KVM_RUN N times more\n"
	"  --halts                       a guest that halts goes on behind the HLT\n"
	"  --time                        say how long the guest ran, by CLOCK_MONOTONIC\n"
	"  --help\n"
	"\n"
	"Exit status: 0 the guest ended itself, 1 KVM_RUN failed, 2 the VM could not be set up.\n";

int vmm_ioctl(int fd, unsigned long request, void *argument, const char *name)
{
	int result = ioctl(fd, request, argument);

	if (result >= 0)
		return result;
	printf("vmm: %s: %s\n", name, strerror(errno));
	exit(VMM_BROKEN);
}

static _Noreturn void bad_option(const char *name, const char *text)
{
	fprintf(stderr, "vmm: --%s %s: not understood; see vmm --help\n", name, text);
	exit(VMM_BROKEN);
}

static uint64_t number(const char *name, const char *text, uint64_t max)
{
	uint64_t value;

	if (!vmm_parse_u64(text, &value) || value > max)
		bad_option(name, text);
	return value;
}

static void set_backing(struct vmm *vmm, uint64_t from, uint64_t size, enum vmm_backing backing)
{
	for (uint64_t at = from / VMM_PAGE; at < (from + size) / VMM_PAGE; at++)
		vmm->page[at] = backing;
}

/* GPA:SIZE, whole pages of the guest's memory */
static void parse_range(struct vmm *vmm, const char *name, char *text, enum vmm_backing backing)
{
	char *colon = strchr(text, ':');
	uint64_t from, size;

	if (!colon)
		bad_option(name, text);
	*colon = 0;
	from = number(name, text, VMM_RAM_SIZE);
	size = number(name, colon + 1, VMM_RAM_SIZE - from);
	if ((from | size) % VMM_PAGE)
		bad_option(name, text);
	set_backing(vmm, from, size, backing);
}

static enum vmm_mode parse_mode(const char *text)
{
	static const char *const names[] = { "real", "protected", "long" };

	for (unsigned int i = 0; i < 3; i++)
		if (!strcmp(text, names[i]))
			return (enum vmm_mode)i;
	bad_option("mode", text);
}

static void parse_inject(struct vmm_options *options, char *text)
{
	char *colon = strchr(text, ':');

	options->inject = true;
	options->inject_error = colon != NULL;
	if (colon) {
		*colon = 0;
		options->inject_code = (uint32_t)number("inject", colon + 1, UINT32_MAX);
	}
	options->inject_vector = (uint8_t)number("inject", text, 31);
}

static void parse_set(struct vmm_options *options, const char *text)
{
	if (options->nr_sets == VMM_MAX_SETS)
		bad_option("set", text);
	options->sets[options->nr_sets++] = text;
}

static void parse_options(struct vmm *vmm, struct vmm_options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "mode", required_argument, NULL, 'm' }, { "set", required_argument, NULL, 's' },
		{ "mem-hole", required_argument, NULL, 'o' },
		{ "unmapped", required_argument, NULL, 'u' },
		{ "guest-memfd", required_argument, NULL, 'g' },
		{ "xen-hypercall", required_argument, NULL, 'x' },
		{ "user-msr", required_argument, NULL, 'r' },
		{ "mce-banks", required_argument, NULL, 'b' },
		{ "inject", required_argument, NULL, 'i' },
		{ "valid-regs", required_argument, NULL, 'v' },
		{ "run-arg", required_argument, NULL, 'n' }, { "fork", no_argument, NULL, 'f' },
		{ "runs", required_argument, NULL, 'a' }, { "time", no_argument, NULL, 't' },
		{ "halts", no_argument, NULL, 'l' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'm':
			options->mode = parse_mode(optarg);
			break;
		case 's':
			parse_set(options, optarg);
			break;
		case 'o':
			parse_range(vmm, "mem-hole", optarg, VMM_HOLE);
			break;
		case 'u':
			parse_range(vmm, "unmapped", optarg, VMM_GONE);
			break;
		case 'g':
			parse_range(vmm, "guest-memfd", optarg, VMM_MEMFD);
			break;
		case 'x':
			options->xen = true;
			options->xen_msr = (uint32_t)number("xen-hypercall", optarg, UINT32_MAX);
			break;
		case 'r':
			options->user_msr = true;
			options->user_msr_mask = number("user-msr", optarg, UINT64_MAX);
			break;
		case 'b':
			options->mce = true;
			options->mce_banks = (uint32_t)number("mce-banks", optarg, 32);
			break;
		case 'i':
			parse_inject(options, optarg);
			break;
		case 'v':
			options->valid_regs = number("valid-regs", optarg, UINT64_MAX);
			break;
		case 'n':
			vmm->run_argument = number("run-arg", optarg, UINT32_MAX);
			break;
		case 'f':
			options->fork = true;
			break;
		case 'a':
			options->runs = (unsigned int)number("runs", optarg, 1000);
			break;
		case 't':
			options->time = true;
			break;
		case 'l':
			vmm->halts = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(VMM_DONE);
		default:
			exit(VMM_BROKEN);
		}
	}
	if (optind != argc - 1) {
		fputs(usage_text, stderr);
		exit(VMM_BROKEN);
	}
	options->guest = argv[optind];
}

/* Both are in the guest's address space and matter only on Intel without unrestricted guest. */
static void set_intel_pages(struct vmm *vmm)
{
	uint64_t identity = 0xfffbc000;

	VMM_IOCTL(vmm->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	VMM_IOCTL(vmm->vm, KVM_SET_TSS_ADDR, (void *)0xfffbd000ul);
}

static void set_vm_options(struct vmm *vmm, const struct vmm_options *options)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { options->user_msr_mask },
	};
	/* the blob's first page is page 0 of this process, which is never mapped */
	struct kvm_xen_hvm_config xen = {
		.msr = options->xen_msr, .blob_size_32 = 1, .blob_size_64 = 1,
	};

	if (options->user_msr)
		VMM_IOCTL(vmm->vm, KVM_ENABLE_CAP, &cap);
	if (options->xen)
		VMM_IOCTL(vmm->vm, KVM_XEN_HVM_CONFIG, &xen);
}

static void set_cpuid(struct vmm *vmm)
{
	size_t size = sizeof(struct kvm_cpuid2) + MAX_CPUID * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *cpuid = calloc(1, size);

	if (!cpuid)
		vmm_broken("cpuid");
	cpuid->nent = MAX_CPUID;
	VMM_IOCTL(vmm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	VMM_IOCTL(vmm->vcpu, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

/* As QEMU: MCG_CTL_P and MCG_SER_P if KVM has them. */
static void set_mce(struct vmm *vmm, uint32_t banks)
{
	uint64_t supported = 0, cap;

	VMM_IOCTL(vmm->kvm, KVM_X86_GET_MCE_CAP_SUPPORTED, &supported);
	cap = (supported & (1ull << 8 | 1ull << 24)) | banks;
	VMM_IOCTL(vmm->vcpu, KVM_X86_SETUP_MCE, &cap);
}

static void inject(struct vmm *vmm, const struct vmm_options *options)
{
	struct kvm_vcpu_events events;

	VMM_IOCTL(vmm->vcpu, KVM_GET_VCPU_EVENTS, &events);
	events.exception.injected = 1;
	events.exception.nr = options->inject_vector;
	events.exception.has_error_code = options->inject_error;
	events.exception.error_code = options->inject_code;
	VMM_IOCTL(vmm->vcpu, KVM_SET_VCPU_EVENTS, &events);
}

static void create(struct vmm *vmm, const struct vmm_options *options)
{
	size_t size;

	vmm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vmm->kvm < 0)
		vmm_broken("/dev/kvm");
	vmm->vm = VMM_IOCTL(vmm->kvm, KVM_CREATE_VM, 0);
	set_intel_pages(vmm);
	set_vm_options(vmm, options);
	vmm_set_memory(vmm);
	vmm->vcpu = VMM_IOCTL(vmm->vm, KVM_CREATE_VCPU, 0);
	size = (size_t)VMM_IOCTL(vmm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vmm->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vmm->vcpu, 0);
	if (vmm->run == MAP_FAILED)
		vmm_broken("kvm_run");
	set_cpuid(vmm);
	if (options->mce)
		set_mce(vmm, options->mce_banks);
	if (!vmm_set_state(vmm, options))
		exit(VMM_BROKEN);
	if (options->inject)
		inject(vmm, options);
	vmm->run->kvm_valid_regs = options->valid_regs;
	vmm_take_memory_away(vmm);
}

/* True if the guest reported that it is done. */
static bool port_written(const struct kvm_run *run)
{
	unsigned int value = *((const uint8_t *)run + run->io.data_offset);

	if (run->io.direction != KVM_EXIT_IO_OUT)
		return false;
	if (run->io.port == PORT_DONE)
		printf("vmm: guest done 0x%02x\n", value);
	else if (run->io.port == PORT_EXCEPTION)
		printf("vmm: guest exception %u (%s)\n", value, vmm_exception_name(value));
	return run->io.port == PORT_DONE || run->io.port == PORT_EXCEPTION;
}

static void refuse_msr(struct kvm_run *run)
{
	printf("vmm: KVM_EXIT_%s index 0x%x data 0x%llx reason 0x%x\n",
	       vmm_exit_name(run->exit_reason), run->msr.index, run->msr.data, run->msr.reason);
	run->msr.error = 1;
}

/* KVM_RUN until the guest ends (0) or it fails (-1 or the exit that it failed with in kvm_run). */
static enum vmm_exit run_guest(struct vmm *vmm, int *result)
{
	for (;;) {
		*result = ioctl(vmm->vcpu, KVM_RUN, vmm->run_argument);
		if (*result < 0)
			return VMM_FAILED;
		switch (vmm->run->exit_reason) {
		case KVM_EXIT_IO:
			if (port_written(vmm->run))
				return VMM_DONE;
			break;
		case KVM_EXIT_HLT:
			if (vmm->halts)
				break;
			puts("vmm: guest halted");
			return VMM_DONE;
		case KVM_EXIT_MMIO:	/* no device: reads are all ones, writes are lost */
			if (!vmm->run->mmio.is_write)
				memset(vmm->run->mmio.data, 0xff, sizeof(vmm->run->mmio.data));
			break;
		case KVM_EXIT_X86_RDMSR:
		case KVM_EXIT_X86_WRMSR:
			refuse_msr(vmm->run);
			break;
		default:
			return VMM_FAILED;
		}
	}
}

static enum vmm_exit run_timed_guest(struct vmm *vmm, int *result)
{
	struct timespec from, to;
	enum vmm_exit ended;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ended = run_guest(vmm, result);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("vmm: KVM_RUN took %lld ns\n",
	       (to.tv_sec - from.tv_sec) * 1000000000ll + (to.tv_nsec - from.tv_nsec));
	return ended;
}

static void say_result(const struct vmm *vmm, int result, int error)
{
	printf("vmm: KVM_RUN = %d errno %d (%s) exit_reason %u (KVM_EXIT_%s)\n", result,
	       result < 0 ? error : 0, result < 0 ? strerror(error) : "-", vmm->run->exit_reason,
	       vmm_exit_name(vmm->run->exit_reason));
}

/* KVM returns EIO: the VM belongs to this process. The child sees this process's kvm_run. */
static void run_in_child(const struct vmm *vmm)
{
	pid_t child = fork();
	int result;

	if (child < 0)
		vmm_broken("fork");
	if (child) {
		waitpid(child, NULL, 0);
		return;
	}
	result = ioctl(vmm->vcpu, KVM_RUN, 0);
	say_result(vmm, result, errno);
	exit(VMM_DONE);
}

int main(int argc, char **argv)
{
	struct vmm vmm = { .page = { VMM_RAM } };
	struct vmm_options options = { .mode = VMM_REAL };
	enum vmm_exit ended;
	int result, error;

	set_backing(&vmm, VGA_FROM, VGA_SIZE, VMM_HOLE);
	parse_options(&vmm, &options, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	vmm_load_guest(&vmm, options.guest);
	create(&vmm, &options);
	if (options.fork)
		run_in_child(&vmm);

	ended = options.time ? run_timed_guest(&vmm, &result) : run_guest(&vmm, &result);
	error = errno;
	if (ended == VMM_DONE)
		return VMM_DONE;
	say_result(&vmm, result, error);
	vmm_print_record(&vmm, result, error);
	for (unsigned int i = 0; i < options.runs; i++) {
		if (run_guest(&vmm, &result) == VMM_DONE)
			break;
		say_result(&vmm, result, errno);
	}
	return VMM_FAILED;
}
