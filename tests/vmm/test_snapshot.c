// SPDX-License-Identifier: MIT
/*
 * Snapshots: of a KVM played by this program, which is dead, has lost things or has a nested guest;
 * and, if there is a /dev/kvm, of a real vCPU, which must be unchanged afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <kvmwhy/vmm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAKE 1000 /* the vCPU of the played KVM */
#define RIP 0x7ff8u
#define RSP 0x9fc0u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The played KVM */

static struct {
	int error;		/* of every ioctl */
	int events_error;	/* of KVM_GET_VCPU_EVENTS */
	uint32_t nested_size, nested_flags;
	unsigned int calls, regs_calls, reads;
	struct kvm_sregs sregs;
	struct kvm_vcpu_events events;
} kvm;

static uint8_t ram[0x10000];

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int get_msrs(struct kvm_msrs *msrs)
{
	assert_int_equal(msrs->nmsrs, 1);
	if (msrs->entries[0].index == 0x9e)
		return 0;
	msrs->entries[0].data = 0xabc00000000 + msrs->entries[0].index;
	return 1;
}

static int get_nested(struct kvm_nested_state *nested)
{
	if (!kvm.nested_size)
		return refuse(EINVAL);
	if (nested->size < kvm.nested_size) {
		nested->size = kvm.nested_size;
		return refuse(E2BIG);
	}
	nested->flags = (uint16_t)kvm.nested_flags;
	return 0;
}

/* Only these, since they change nothing. */
static int play(unsigned long request, void *ret)
{
	kvm.calls++;
	if (kvm.error)
		return refuse(kvm.error);
	switch (request) {
	case KVM_GET_REGS:
		kvm.regs_calls++;
		*(struct kvm_regs *)ret = (struct kvm_regs){ .rip = RIP, .rsp = RSP, .rcx = 0x404 };
		return 0;
	case KVM_GET_SREGS:
		*(struct kvm_sregs *)ret = kvm.sregs;
		return 0;
	case KVM_GET_SREGS2:
		memset(ret, 0, sizeof(struct kvm_sregs2));
		memcpy(ret, &kvm.sregs, offsetof(struct kvm_sregs, interrupt_bitmap));
		((struct kvm_sregs2 *)ret)->flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
		return 0;
	case KVM_GET_VCPU_EVENTS:
		*(struct kvm_vcpu_events *)ret = kvm.events;
		return kvm.events_error ? refuse(kvm.events_error) : 0;
	case KVM_GET_DEBUGREGS:
		((struct kvm_debugregs *)ret)->dr6 = 0xffff0ff0;
		return 0;
	case KVM_GET_XCRS:
		((struct kvm_xcrs *)ret)->nr_xcrs = 1;
		return 0;
	case KVM_GET_MSRS:
		return get_msrs(ret);
	case KVM_GET_NESTED_STATE:
		return get_nested(ret);
	default:
		fail_msg("ioctl 0x%lx", request);
		return -1;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *arg;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	return fd == FAKE ? play(request, arg) : __real_ioctl(fd, request, arg);
}

static int read_ram(void *arg, uint64_t gpa, void *buf, size_t len)
{
	assert_ptr_equal(arg, ram);
	assert_true(len > 0);
	assert_int_equal(gpa / 4096, (gpa + len - 1) / 4096);
	kvm.reads++;
	if (gpa >= sizeof(ram))
		return -EFAULT;
	memcpy(buf, ram + gpa, len);
	return 0;
}

static const struct kw_guest_memory memory = { .read = read_ram, .arg = ram };

/* Protected mode without paging, and memory whose bytes encode their address. */
static void start(void)
{
	memset(&kvm, 0, sizeof(kvm));
	kvm.sregs.cr0 = 1;
	kvm.sregs.ss.db = kvm.sregs.cs.db = 1;
	for (size_t i = 0; i < sizeof(ram); i++)
		ram[i] = (uint8_t)(i ^ i >> 8);
}

static struct kw_snapshot taken(const struct kvm_run *run, int error,
				const struct kw_guest_memory *from)
{
	struct kw_snapshot s;

	memset(&s, 0xa5, sizeof(s));
	s.size = sizeof(s);
	s.nmsrs = 0;
	kvm.calls = kvm.reads = 0;
	errno = ENOTUNIQ;
	assert_int_equal(kw_vcpu_snapshot(FAKE, run, error, from, &s), 0);
	assert_int_equal(errno, ENOTUNIQ);
	assert_true(kvm.calls <= 80 && kvm.reads <= 40);
	return s;
}

/* The errno of what could not be read; 0 if it was. */
static int missing(const struct kw_snapshot *s, const char *what, uint32_t msr)
{
	for (size_t i = 0; i < s->nmissing; i++)
		if (!strcmp(s->missing[i].what, what) && s->missing[i].msr == msr)
			return s->missing[i].error;
	return 0;
}

static const struct kvm_run *page(__u64 valid)
{
	static struct kvm_run run;

	memset(&run, 0, sizeof(run));
	run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run.kvm_valid_regs = valid;
	run.s.regs.regs.rflags = 2;
	run.s.regs.regs.rip = 0x1234;
	run.s.regs.regs.rsp = RSP;
	run.s.regs.sregs = kvm.sregs;
	run.s.regs.events.interrupt.shadow = 1;
	return &run;
}

static void everything_of_a_living_vcpu(void **state)
{
	struct kw_vcpu_state view;
	struct kw_snapshot s;

	(void)state;
	start();
	s = taken(page(0), 1, &memory);
	assert_int_equal(s.have, KW_SNAPSHOT_RUN | KW_SNAPSHOT_REGS | KW_SNAPSHOT_SREGS |
					 KW_SNAPSHOT_EVENTS | KW_SNAPSHOT_DEBUGREGS |
					 KW_SNAPSHOT_XCRS);
	assert_int_equal(s.from_page, 0);
	assert_int_equal(s.error, 1);
	assert_int_equal(s.regs.rcx, 0x404);
	assert_int_equal(s.debugregs.dr6, 0xffff0ff0);
	assert_int_equal(s.run.exit_reason, KVM_EXIT_INTERNAL_ERROR);

	assert_int_equal(s.rip.gpa, RIP);
	assert_int_equal(s.code_at, 20);
	assert_int_equal(s.code_size, 50);
	assert_int_equal(s.code_known, (1ull << 50) - 1);
	assert_memory_equal(s.code, ram + RIP - 20, 50);
	assert_int_equal(s.rsp.gpa, RSP);
	assert_int_equal(s.stack_size, 128);
	assert_memory_equal(s.stack, ram + RSP, 128);

	assert_int_equal(s.nmissing, 1);
	assert_int_equal(missing(&s, "KVM_GET_MSRS", 0x9e), ENOENT);
	assert_int_equal(s.msrs[0].index, 0x3a);
	assert_int_equal(s.msrs[1].index, 0x174);
	assert_int_equal(s.msrs[1].value, 0xabc00000174);

	assert_int_equal(kw_snapshot_state(&s, &view), 0);
	assert_ptr_equal(view.regs, &s.regs);
	assert_ptr_equal(view.run, &s.run);
	assert_int_equal(view.sregs_size, sizeof(struct kvm_sregs2));
	assert_int_equal(view.flags, KW_VCPU_SREGS2);
	assert_int_equal(view.code_known, s.code_known);
	assert_int_equal(view.nmsrs, s.nmsrs);
	assert_int_equal(view.number, -1);
}

static void a_dead_vm_leaves_the_page(void **state)
{
	struct kw_snapshot s;

	(void)state;
	start();
	kvm.error = EIO;
	s = taken(page(KVM_SYNC_X86_VALID_FIELDS), EIO, &memory);
	assert_int_equal(s.from_page, KW_SNAPSHOT_REGS | KW_SNAPSHOT_SREGS | KW_SNAPSHOT_EVENTS);
	assert_int_equal(s.have, s.from_page | KW_SNAPSHOT_RUN);
	assert_int_equal(s.regs.rip, 0x1234);
	assert_int_equal(s.events.interrupt.shadow, 1);
	assert_memory_equal(s.code + s.code_at, ram + 0x1234, 30);
	assert_int_equal(missing(&s, "KVM_GET_DEBUGREGS", 0), EIO);
	assert_int_equal(missing(&s, "KVM_GET_MSRS", 0x3a), EIO);
	assert_int_equal(s.nmsrs, 0);
	assert_int_equal(s.nmissing, 3);

	s = taken(page(0), EIO, &memory);
	assert_int_equal(s.have, KW_SNAPSHOT_RUN);
	assert_int_equal(missing(&s, "KVM_GET_REGS", 0), EIO);
	assert_int_equal(missing(&s, "code", 0), ENODATA);
	assert_int_equal(s.rip.error, ENODATA);
	assert_int_equal(s.code_size, 0);
}

static void nothing_at_all(void **state)
{
	struct kw_vcpu_state view;
	struct kw_snapshot s = { .size = sizeof(s) };

	(void)state;
	assert_int_equal(kw_vcpu_snapshot(-1, NULL, EPERM, NULL, &s), 0);
	assert_int_equal(s.have, 0);
	assert_int_equal(missing(&s, "KVM_GET_REGS", 0), EBADF);
	assert_int_equal(kw_snapshot_state(&s, &view), 0);
	assert_null(view.run);
	assert_null(view.regs);
	assert_null(view.code);
	assert_int_equal(view.error, EPERM);
}

static void the_page_is_preferred_where_it_is_fresh(void **state)
{
	struct kw_snapshot s;

	(void)state;
	start();
	s = taken(page(KVM_SYNC_X86_REGS), EFAULT, &memory);
	assert_int_equal(s.from_page, KW_SNAPSHOT_REGS);
	assert_int_equal(s.regs.rip, 0x1234);
	assert_int_equal(kvm.regs_calls, 0);
	assert_int_equal(s.run.kvm_valid_regs, KVM_SYNC_X86_REGS);

	/* it may have been refused at entry to the ioctl */
	s = taken(page(KVM_SYNC_X86_REGS), EINVAL, &memory);
	assert_int_equal(s.from_page, 0);
	assert_int_equal(s.regs.rip, RIP);
	assert_int_equal(s.run.kvm_valid_regs, 0);
}

static void what_the_vmm_wrote_is_no_state(void **state)
{
	struct kvm_run run;
	struct kw_snapshot s;

	(void)state;
	start();
	run = *page(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS);
	run.kvm_dirty_regs = KVM_SYNC_X86_REGS;
	s = taken(&run, EFAULT, &memory);
	assert_int_equal(s.from_page, KW_SNAPSHOT_SREGS);
	assert_int_equal(s.regs.rip, RIP);
	kvm.error = EIO;
	s = taken(&run, EFAULT, &memory);
	assert_int_equal(s.have & KW_SNAPSHOT_REGS, 0);
	assert_int_equal(s.run.kvm_valid_regs, KVM_SYNC_X86_SREGS);
}

static void a_page_that_was_never_filled_is_not_taken(void **state)
{
	struct kvm_run run;
	struct kw_snapshot s;

	(void)state;
	start();
	run = *page(KVM_SYNC_X86_VALID_FIELDS);
	run.s.regs.regs.rflags = 0;
	kvm.error = EIO;
	s = taken(&run, EIO, &memory);
	assert_int_equal(s.have, KW_SNAPSHOT_RUN);
	assert_int_equal(s.run.kvm_valid_regs, 0);
}

static void memory_of_a_guests_guest_is_not_read(void **state)
{
	struct kvm_run run;
	struct kw_snapshot s;

	(void)state;
	start();
	run = *page(0);
	kvm.nested_size = 128 + 4096;	/* a current VMCS, but the guest itself ran */
	s = taken(page(0), 1, &memory);
	assert_int_equal(s.have & KW_SNAPSHOT_NESTED, 0);
	assert_int_equal(s.code_size, 50);
	kvm.nested_flags = KVM_STATE_NESTED_GUEST_MODE;
	s = taken(page(0), 1, &memory);
	assert_int_equal(s.have & KW_SNAPSHOT_NESTED, KW_SNAPSHOT_NESTED);
	assert_int_equal(kvm.reads, 0);
	assert_int_equal(missing(&s, "code", 0), ENOTSUP);
	assert_int_equal(missing(&s, "stack", 0), ENOTSUP);

	kvm.nested_size = 0;
	run.flags = 1 << 2; /* KVM_RUN_X86_GUEST_MODE */
	s = taken(&run, 1, &memory);
	assert_int_equal(kvm.reads, 0);
	assert_int_equal(s.code_size, 0);
}

static int read_smram(void *arg, uint64_t gpa, void *buf, size_t len)
{
	(void)arg;
	(void)gpa;
	memset(buf, 0x55, len);
	return 0;
}

static void smm_has_memory_of_its_own(void **state)
{
	struct kw_guest_memory both = memory;
	struct kw_snapshot s;

	(void)state;
	start();
	kvm.events.smi.smm = 1;
	s = taken(page(0), 1, &memory);
	assert_int_equal(kvm.reads, 0);
	assert_int_equal(missing(&s, "code", 0), ENOTSUP);
	both.read_smm = read_smram;
	s = taken(page(0), 1, &both);
	assert_int_equal(kvm.reads, 0);
	assert_int_equal(s.code[0], 0x55);
	assert_int_equal(s.stack_size, 128);
}

/* Page tables that map only one page. */
static void code_and_stack_at_the_edge_of_what_is_mapped(void **state)
{
	const uint32_t pde = 0x2001, pte = 0x7001;
	struct kw_snapshot s;

	(void)state;
	start();
	kvm.sregs.cr0 |= 1u << 31;
	kvm.sregs.cr3 = 0x1000;
	memset(ram, 0, 0x3000);
	memcpy(ram + 0x1000, &pde, 4);
	memcpy(ram + 0x2000 + 7 * 4, &pte, 4);
	s = taken(page(0), 1, &memory);
	assert_int_equal(s.rip.gpa, RIP);
	assert_int_equal(s.code_known, (1ull << 28) - 1);
	assert_int_equal(s.code[27], ram[0x7fff]);
	assert_int_equal(s.code[28], 0);
	assert_int_equal(s.rsp.error, EFAULT);
	assert_int_equal(s.rsp.level, 1);
	assert_int_equal(s.stack_size, 0);
	assert_int_equal(missing(&s, "stack", 0), EFAULT);
	assert_int_equal(missing(&s, "code", 0), 0);
}

static void addresses_wrap_where_the_mode_says(void **state)
{
	struct kvm_run run;
	struct kw_snapshot s;

	(void)state;
	start();
	run = *page(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS);
	run.s.regs.regs.rip = 5;
	run.s.regs.sregs.cs.base = 0xfffffffe;
	run.s.regs.regs.rsp = 0xffff1000;	/* SS.B is 0: SP */
	run.s.regs.sregs.ss.base = 0x20;
	run.s.regs.sregs.ss.db = 0;
	s = taken(&run, 1, &memory);
	assert_int_equal(s.rip.linear, 3);
	assert_int_equal(s.code_at, 5);
	assert_int_equal(s.code_known, ((1ull << 50) - 1) & ~3ull);
	assert_int_equal(s.rsp.linear, 0x1020);

	run.s.regs.sregs.efer = 1u << 10;	/* 64-bit mode has no bases */
	run.s.regs.sregs.cs.l = 1;
	run.s.regs.regs.rsp = 0xfff0;
	s = taken(&run, 1, &memory);
	assert_int_equal(s.rip.linear, 5);
	assert_int_equal(s.code_known, (1ull << 50) - 1);
	assert_int_equal(s.rsp.linear, 0xfff0);
	assert_int_equal(s.stack_size, 16);
}

static void msrs_of_ones_choice(void **state)
{
	struct kw_snapshot s = { .size = sizeof(s),
				 .nmsrs = 3,
				 .msrs = { { 0x10, 0 }, { 0x9e, 0 }, { 0x1b, 0 } } };

	(void)state;
	start();
	assert_int_equal(kw_vcpu_snapshot(FAKE, page(0), 0, &memory, &s), 0);
	assert_int_equal(s.nmsrs, 2);
	assert_int_equal(s.msrs[0].index, 0x10);
	assert_int_equal(s.msrs[1].index, 0x1b);
	assert_int_equal(s.msrs[1].value, 0xabc0000001b);
	assert_int_equal(missing(&s, "KVM_GET_MSRS", 0x9e), ENOENT);
}

static void one_lost_structure_costs_no_other(void **state)
{
	struct kw_snapshot s;

	(void)state;
	start();
	kvm.events_error = EINVAL;
	s = taken(page(0), 1, &memory);
	assert_int_equal(missing(&s, "KVM_GET_VCPU_EVENTS", 0), EINVAL);
	assert_int_equal(s.have & KW_SNAPSHOT_EVENTS, 0);
	assert_int_equal(s.have & KW_SNAPSHOT_XCRS, KW_SNAPSHOT_XCRS);
	assert_int_equal(s.code_size, 50);
	s = taken(NULL, 0, NULL);
	assert_int_equal(missing(&s, "code", 0), ENOTSUP);
}

static void bad_arguments(void **state)
{
	struct kw_snapshot s = { .size = sizeof(s) };
	struct kw_vcpu_state view;

	(void)state;
	assert_int_equal(kw_vcpu_snapshot(FAKE, NULL, 0, NULL, NULL), -EINVAL);
	assert_int_equal(kw_vcpu_snapshot(FAKE, NULL, -EIO, NULL, &s), -EINVAL);
	s.nmsrs = KW_SNAPSHOT_MSRS + 1;
	assert_int_equal(kw_vcpu_snapshot(FAKE, NULL, 0, NULL, &s), -EINVAL);
	s.size--;
	assert_int_equal(kw_snapshot_state(&s, &view), -EINVAL);
	s.nmsrs = 0;
	assert_int_equal(kw_vcpu_snapshot(FAKE, NULL, 0, NULL, &s), -EINVAL);
}

/* A real one */

struct state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_vcpu_events events;
	struct kvm_debugregs debugregs;
	struct kvm_mp_state mp;
};

static struct state state_of(int vcpu)
{
	struct state s;

	memset(&s, 0, sizeof(s));
	assert_int_equal(ioctl(vcpu, KVM_GET_REGS, &s.regs), 0);
	assert_int_equal(ioctl(vcpu, KVM_GET_SREGS, &s.sregs), 0);
	assert_int_equal(ioctl(vcpu, KVM_GET_VCPU_EVENTS, &s.events), 0);
	assert_int_equal(ioctl(vcpu, KVM_GET_DEBUGREGS, &s.debugregs), 0);
	assert_int_equal(ioctl(vcpu, KVM_GET_MP_STATE, &s.mp), 0);
	return s;
}

/*
 * To a process other than the VM's KVM returns EIO for everything, as it does for a VM that it gave
 * up. 0: as wanted.
 */
static int in_a_child(int vcpu, struct kvm_run *run)
{
	struct kw_snapshot s = { .size = sizeof(s) };
	pid_t child = fork();
	int status = -1;

	if (child > 0)
		waitpid(child, &status, 0);
	if (child)
		return status;
	if (ioctl(vcpu, KVM_RUN, 0) != -1 || errno != EIO ||
	    kw_vcpu_snapshot(vcpu, run, EIO, &memory, &s))
		_exit(1);
	_exit(s.from_page == (KW_SNAPSHOT_REGS | KW_SNAPSHOT_SREGS | KW_SNAPSHOT_EVENTS) &&
			      s.have == (s.from_page | KW_SNAPSHOT_RUN) && s.regs.rbx == 0x1234 &&
			      s.code[s.code_at - 1] == 0xf4 ?
		      0 :
		      2);
}

static void a_real_vcpu_stays_what_it_is(void **unused)
{
	int device = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu;
	struct kvm_userspace_memory_region slot = { .memory_size = sizeof(ram) };
	uint8_t *mem =
		mmap(NULL, sizeof(ram), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_regs regs = { .rip = 0x1000, .rsp = 0x8000, .rflags = 2, .rbx = 0x1234 };
	struct state before, after;
	struct kw_snapshot s;
	struct kvm_run *run;

	(void)unused;
	if (device < 0) {
		print_message("no /dev/kvm that may be opened\n");
		munmap(mem, sizeof(ram));
		skip();
	}
	vm = ioctl(device, KVM_CREATE_VM, 0);
	assert_true(vm >= 0);
	mem[0x1000] = 0xf4; /* hlt */
	slot.userspace_addr = (uintptr_t)mem;
	assert_int_equal(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)ioctl(device, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	assert_ptr_not_equal(run, MAP_FAILED);
	run->kvm_valid_regs = KVM_SYNC_X86_VALID_FIELDS;
	before = state_of(vcpu);
	before.sregs.cs.base = before.sregs.cs.selector = 0;
	assert_int_equal(ioctl(vcpu, KVM_SET_SREGS, &before.sregs), 0);
	assert_int_equal(ioctl(vcpu, KVM_SET_REGS, &regs), 0);
	assert_int_equal(ioctl(vcpu, KVM_RUN, 0), 0);
	assert_int_equal(run->exit_reason, KVM_EXIT_HLT);

	memcpy(ram, mem, sizeof(ram));
	before = state_of(vcpu);
	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	assert_int_equal(kw_vcpu_snapshot(vcpu, run, 0, &memory, &s), 0);
	after = state_of(vcpu);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_memory_equal(&s.regs, &before.regs, sizeof(s.regs));
	assert_int_equal(s.regs.rbx, 0x1234);
	assert_int_equal(s.rip.gpa, 0x1001);
	assert_int_equal(s.code[s.code_at - 1], 0xf4);
	assert_true(s.nmsrs > 10);
	for (size_t i = 0; i < s.nmissing; i++)
		print_message("# not had: %s 0x%x: %s\n", s.missing[i].what, s.missing[i].msr,
			      strerror(s.missing[i].error));
	assert_int_equal(in_a_child(vcpu, run), 0);
	assert_int_equal(ioctl(vcpu, KVM_RUN, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_a_living_vcpu),
		cmocka_unit_test(a_dead_vm_leaves_the_page),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(the_page_is_preferred_where_it_is_fresh),
		cmocka_unit_test(what_the_vmm_wrote_is_no_state),
		cmocka_unit_test(a_page_that_was_never_filled_is_not_taken),
		cmocka_unit_test(memory_of_a_guests_guest_is_not_read),
		cmocka_unit_test(smm_has_memory_of_its_own),
		cmocka_unit_test(code_and_stack_at_the_edge_of_what_is_mapped),
		cmocka_unit_test(addresses_wrap_where_the_mode_says),
		cmocka_unit_test(msrs_of_ones_choice),
		cmocka_unit_test(one_lost_structure_costs_no_other),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(a_real_vcpu_stays_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
