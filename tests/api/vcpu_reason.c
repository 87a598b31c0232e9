// SPDX-License-Identifier: MIT
/*
 * kw_vcpu_reason() and kw_vcpu_dump() in a thread of 64 KiB stack, in a program whose allocator
 * aborts while they run: for each kind of failure. The stack is painted before, and the used part
 * is counted.
 */
#include "run_page.h"
#include "vcpu_state.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { STACK_BYTES = 65536, PAINT = 0xa5 };

extern void *__libc_malloc(size_t size), *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size), *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

static volatile bool forbidden;

static void judge(void)
{
	if (forbidden)
		abort();
}

void *malloc(size_t size)
{
	judge();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	judge();
	return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	judge();
	return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	judge();
	return __libc_memalign(align, size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	judge();
	*ret = __libc_memalign(align, size);
	return *ret ? 0 : ENOMEM;
}

void free(void *p)
{
	judge();
	__libc_free(p);
}

static struct vcpu v;
static const struct kw_options known = { .size = sizeof(known),
					 .host_kernel = "5.10.0-17-amd64",
					 .vendor = "intel" };
static const struct kw_options *options;
static char scratch[KW_REASON_SCRATCH], line[1024], dump[8192];
static size_t length, used;
static _Alignas(4096) unsigned char stack[STACK_BYTES];

/* Bytes of the painted stack that were changed below the caller's frame. */
static void count_used(const void *frame)
{
	size_t clean = 0;

	while (stack[clean] == PAINT)
		clean++;
	used = (size_t)((const unsigned char *)frame - stack) - clean;
}

static void *reason(void *arg)
{
	forbidden = true;
	length = kw_vcpu_reason(&v.state, options, scratch, sizeof(scratch), line, sizeof(line));
	forbidden = false;
	count_used(__builtin_frame_address(0));
	return arg;
}

static void *dumped(void *arg)
{
	forbidden = true;
	length = kw_vcpu_dump(&v.state, dump, sizeof(dump));
	forbidden = false;
	count_used(__builtin_frame_address(0));
	return arg;
}

static size_t stack_of(void *(*run)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	memset(stack, PAINT, sizeof(stack));
	if (pthread_attr_init(&attr) || pthread_attr_setstack(&attr, stack, sizeof(stack)) ||
	    pthread_create(&thread, &attr, run, NULL) || pthread_join(thread, NULL)) {
		puts("Bail out! no thread");
		exit(1);
	}
	return used;
}

static void with_errno(void)
{
	v.state.error = EPERM;
}

static void efault(void)
{
	v.state.error = EFAULT;
}

static void emulation(void)
{
	static const uint64_t words[] = { 0x1, 0x900300f, 0 };

	vcpu_internal_error(&v, 1, words, 3);
}

static void delivery(void)
{
	static const uint64_t words[] = { 0x80000b0e, 0x31, 0x181, 0xfee00000 };

	vcpu_internal_error(&v, 3, words, 4);
}

static void intel_entry(void)
{
	vcpu_fail_entry(&v, 0x80000021);
	v.sregs.tr.type = 3;
}

static void intel_instruction(void)
{
	vcpu_fail_entry(&v, 7);
}

static void amd_entry(void)
{
	vcpu_fail_entry(&v, UINT64_MAX);
	v.sregs.cs.db = 1;
}

static void triple_fault(void)
{
	vcpu_exit(&v, KVM_EXIT_SHUTDOWN);
}

static void private_page(void)
{
	v.state.error = EFAULT;
	vcpu_memory_fault(&v, 8, 0x80000000, 0x1000);
}

static void module(void)
{
	static const struct kvmwhy_data data = {
		.version = 1,
		.kind = KVMWHY_KIND_WRMSR,
		.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP,
		.result = -1,
		.msr = 0x404,
		.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
		.value = ~1ull,
		.rip = 0xffffffff81060964,
	};

	v.state.error = EPERM;
	page_module(v.page, &data);
}

static void module_of_another(void)
{
	module();
	v.regs.rip = 0x1000;
}

static void unknown_exit(void)
{
	vcpu_exit(&v, 4711);
}

static void exit_zero(void)
{
}

static void no_facts(void)
{
	v.state = (struct kw_vcpu_state){ .size = sizeof(v.state), .number = -1 };
}

static void page_alone(void)
{
	triple_fault();
	v.state = (struct kw_vcpu_state){ .size = sizeof(v.state),
					  .run = v.page,
					  .run_size = sizeof(v.page) };
}

static void odd_registers(void)
{
	with_errno();
	memset(&v.regs, 0xff, sizeof(v.regs));
	memset(&v.sregs, 0xff, sizeof(v.sregs));
	v.state.code_known = 0;
}

static const struct {
	const char *name, *line; /* what the line begins with */
	void (*make)(void);
} cases[] = {
	{ "EPERM at a WRMSR", "KVM_RUN: EPERM: ", with_errno },
	{ "EFAULT", "KVM_RUN", efault },
	{ "internal error 1", "KVM_EXIT_INTERNAL_ERROR", emulation },
	{ "internal error 3", "KVM_EXIT_INTERNAL_ERROR", delivery },
	{ "failed entry, Intel", "KVM_EXIT_FAIL_ENTRY", intel_entry },
	{ "failed entry, a VM-instruction error", "KVM_EXIT_FAIL_ENTRY", intel_instruction },
	{ "failed entry, AMD", "KVM_EXIT_FAIL_ENTRY", amd_entry },
	{ "SHUTDOWN", "KVM_EXIT_SHUTDOWN: Triple fault", triple_fault },
	{ "MEMORY_FAULT", "KVM_RUN: EFAULT: ", private_page },
	{ "the module's words", "KVM_RUN: EPERM: ", module },
	{ "the module's words of another failure", "KVM_RUN", module_of_another },
	{ "an unknown exit", "KVM_RUN returned with exit reason 4711", unknown_exit },
	{ "exit reason 0", "KVM_RUN returned with exit reason 0", exit_zero },
	{ "no facts at all", "no errno, no kvm_run", no_facts },
	{ "the page alone", "vCPU 0: KVM_EXIT_SHUTDOWN", page_alone },
	{ "registers that are all ones", "KVM_RUN", odd_registers },
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static size_t most_reason, most_dump;

static void keep(size_t *most, size_t bytes)
{
	if (bytes > *most)
		*most = bytes;
}

static bool holds(size_t i)
{
	vcpu_init(&v, 0x404, ~1ull);
	cases[i].make();
	keep(&most_dump, stack_of(dumped));
	for (int k = 0; k < 2; k++) {
		options = k ? &known : NULL;
		keep(&most_reason, stack_of(reason));
		printf("# %s\n", line);
		if (length != strlen(line) ||
		    strncmp(line, cases[i].line, strlen(cases[i].line)) != 0)
			return false;
	}
	return true;
}

int main(void)
{
	printf("TAP version 13\n1..%d\n", CASES + 2);
	for (size_t i = 0; i < CASES; i++)
		printf("%sok %zu - %s: a line, and nothing allocated\n", holds(i) ? "" : "not ",
		       i + 1, cases[i].name);
	printf("%sok %d - kw_vcpu_reason() used %zu bytes of stack, KW_REASON_STACK is %u\n",
	       most_reason <= KW_REASON_STACK ? "" : "not ", CASES + 1, most_reason,
	       KW_REASON_STACK);
	printf("%sok %d - kw_vcpu_dump() used %zu bytes of stack, KW_DUMP_STACK is %u\n",
	       most_dump <= KW_DUMP_STACK ? "" : "not ", CASES + 2, most_dump, KW_DUMP_STACK);
	return 0;
}
