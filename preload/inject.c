// SPDX-License-Identifier: MIT
/*
 * libkvmwhy-inject.so: makes some of a VMM's KVM_RUN calls fail. The environment says which:
 * KVMWHY_INJECT is a specification, KVMWHY_INJECT_LOG a file. docs/preload.md explains both.
 *
 * KVM_RUN is recognised by its request number, 0xae80: Linux Documentation/userspace-api/ioctl/
 * ioctl-number.rst assigns 0xae from 0x40 on to KVM alone. A call is touched only if its descriptor
 * is also a vCPU.
 */
#include "inject.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "result.h"
#include "spec.h"
#include "vcpu.h"

static struct kw_spec spec;   /* constant once armed */
static atomic_bool armed;
static _Atomic int64_t left;  /* failures; negative: no limit */

struct call {
	int fd;
	void *arg;
	struct kw_vcpu *vcpu;
	uint64_t number;
};

static int run(const struct call *call)
{
	return kw_real_ioctl(call->fd, (kw_request)KVM_RUN, call->arg);
}

static bool take_one_of_times(void)
{
	int64_t now = atomic_load(&left);

	while (now > 0)
		if (atomic_compare_exchange_weak(&left, &now, now - 1))
			return true;
	return now < 0;
}

static bool get_rip(const struct call *call, uint64_t *ret)
{
	struct kvm_regs regs;
	int saved = errno;
	bool got = !kw_real_ioctl(call->fd, (kw_request)KVM_GET_REGS, &regs);

	errno = saved;
	*ret = got ? regs.rip : 0;
	return got;
}

/* Is this call one that chance and count may choose? */
static bool fits(const struct call *call)
{
	uint32_t vcpu = atomic_load_explicit(&call->vcpu->number, memory_order_relaxed);
	uint64_t rip;

	return atomic_load_explicit(&left, memory_order_relaxed) &&
	       kw_in_range(&spec.vcpu, vcpu) && kw_in_range(&spec.call, call->number) &&
	       (!(spec.by & KW_BY_RIP) || (get_rip(call, &rip) && kw_in_range(&spec.rip, rip)));
}

static bool exit_fits(const struct call *call, int returned)
{
	const struct kvm_run *page;

	if (!(spec.by & (KW_BY_MSR | KW_BY_EXIT)))
		return true;
	page = returned < 0 ? NULL : kw_vcpu_page(call->vcpu, call->fd);
	if (!page || ((spec.by & KW_BY_EXIT) && page->exit_reason != spec.exit_reason))
		return false;
	if (!(spec.by & KW_BY_MSR))
		return true;
	return (page->exit_reason == KVM_EXIT_X86_RDMSR ||
		page->exit_reason == KVM_EXIT_X86_WRMSR) &&
	       kw_in_range(&spec.msr, page->msr.index);
}

/* Which of the matching calls fail. */
static bool chosen(const struct call *call)
{
	uint64_t fit = 1 + atomic_fetch_add_explicit(&call->vcpu->fits, 1, memory_order_relaxed);
	uint32_t vcpu = atomic_load_explicit(&call->vcpu->number, memory_order_relaxed);

	return fit % spec.interval == 0 && kw_spec_chance(&spec, vcpu, call->number) &&
	       take_one_of_times();
}

static void log_it(const struct call *call, const int *returned, uint32_t exit_reason)
{
	struct kw_injected in = {
		.fd = call->fd,
		.vcpu = atomic_load(&call->vcpu->number),
		.call = call->number,
		.what = spec.what,
		.after = returned,
		.has_exit = returned,
		.returned = returned ? *returned : 0,
		.exit_reason = exit_reason,
	};

	in.has_rip = get_rip(call, &in.rip);
	kw_log_write(&in);
}

/* Return: what KVM_RUN returns. */
static int fail(struct kvm_run *page)
{
	if (page)
		kw_result_put(&spec, page);
	if (!spec.error)
		return 0;
	errno = spec.error;
	return -1;
}

/* mode=after: the guest has run, and its exit is lost. */
static int run_and_fail(const struct call *call)
{
	int saved = errno, returned = run(call), error = errno;
	struct kvm_run *page = NULL;
	int result = returned < 0 ? -error : 0;

	if (!fits(call) || !exit_fits(call, returned) || !chosen(call))
		return returned;
	page = kw_vcpu_page(call->vcpu, call->fd);
	if (!page && spec.exit != KW_NO_EXIT)
		return returned;
	log_it(call, &result, page ? page->exit_reason : 0);
	errno = saved;
	return fail(spec.exit == KW_NO_EXIT ? NULL : page);
}

/* The VMM's answer to its last exit is kept until KVM completes that exit. */
static void keep(struct kw_vcpu *vcpu, const struct kvm_run *page)
{
	if (atomic_load(&vcpu->kept_valid))
		return;
	kw_result_keep(page, &vcpu->kept);
	atomic_store(&vcpu->kept_valid, true);
}

static void restore(const struct call *call)
{
	if (atomic_load_explicit(&call->vcpu->kept_valid, memory_order_relaxed) &&
	    atomic_exchange(&call->vcpu->kept_valid, false))
		kw_result_restore(&call->vcpu->kept, kw_vcpu_page(call->vcpu, call->fd));
}

/*
 * mode=before: the guest does not run, and can continue at the next call as if nothing had
 * happened.
 */
static int fail_or_run(const struct call *call)
{
	struct kvm_run *page = NULL;
	bool fails = fits(call);

	if (fails && spec.exit != KW_NO_EXIT) {
		page = kw_vcpu_page(call->vcpu, call->fd);
		fails = page;
	}
	if (!fails || !chosen(call)) {
		restore(call);
		return run(call);
	}
	log_it(call, NULL, 0);
	if (page)
		keep(call->vcpu, page);
	return fail(page);
}

static int run_vcpu(int fd, void *arg)
{
	struct call call = { .fd = fd, .arg = arg, .vcpu = kw_vcpu_get(fd) };
	int returned;

	if (!call.vcpu)
		return run(&call);
	call.number = 1 + atomic_fetch_add_explicit(&call.vcpu->calls, 1, memory_order_relaxed);
	returned = spec.after ? run_and_fail(&call) : fail_or_run(&call);
	kw_vcpu_put(call.vcpu);
	return returned;
}

/*
 * The page is mapped now, by the thread that creates the vCPU: the vCPU's own thread may not be
 * allowed to.
 */
static void created(int fd, uint32_t number)
{
	struct kw_vcpu *vcpu;

	kw_vcpu_created(fd, number);
	if (spec.exit == KW_NO_EXIT && !spec.after)
		return;
	vcpu = kw_vcpu_get(fd);
	if (!vcpu)
		return;
	kw_vcpu_page(vcpu, fd);
	kw_vcpu_put(vcpu);
}

int kw_inject_ioctl(int fd, kw_request request, void *arg)
{
	int returned;

	if (!atomic_load_explicit(&armed, memory_order_acquire))
		return kw_real_ioctl(fd, request, arg);
	if ((unsigned int)request == KVM_RUN)
		return run_vcpu(fd, arg);
	returned = kw_real_ioctl(fd, request, arg);
	if (returned >= 0 && (unsigned int)request == KVM_CREATE_VCPU)
		created(returned, (uint32_t)(uintptr_t)arg);
	return returned;
}

static void complain(const char *text, const char *name, const char *reason)
{
	dprintf(2, "libkvmwhy-inject: %s '%s': %s; nothing is injected\n", text, name, reason);
}

__attribute__((constructor)) static void start(void)
{
	const char *text = secure_getenv("KVMWHY_INJECT");
	const char *log = secure_getenv("KVMWHY_INJECT_LOG");
	struct kw_spec_error err;
	int rc = 0;

	kw_real_init();
	if (!text)
		return;
	if (kw_spec_parse(text, &spec, &err)) {
		complain("KVMWHY_INJECT:", err.word, err.reason);
		return;
	}
	if (!log)
		log = spec.log;
	if (*log)
		rc = kw_log_open(log);
	if (rc) {
		complain("the log", log, strerror(-rc));
		return;
	}
	atomic_store(&left, spec.times);
	atomic_store_explicit(&armed, true, memory_order_release);
}
