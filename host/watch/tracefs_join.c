// SPDX-License-Identifier: MIT
/*
 * Events in time order in, a record for each failed KVM_RUN out. What a thread did is kept until
 * its KVM_RUN ends; each VM exit invalidates what was known about the previous one.
 */
#include "tracefs_parts.h"

#include <errno.h>
#include <kvm_numbers.h>
#include <linux/kvm.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A thread that fails repeatedly is not looked up each time; after a while its number may have been
 * reused.
 */
enum { NAMED_NS = 1000000000 };

/*
 * More than the vCPU threads of any host; beyond it, state is dropped rather than memory exhausted.
 */
enum { THREADS_MAX = 16384 };

/* As in the kernel: arch/x86/include/asm/svm.h and vmx.h. */
enum { ISA_VMX = 1, ISA_SVM = 2 };

enum { INSN_BYTES = 15, REGS = 16, REG_RSP = 4, REG_RIP = 16 };

/*
 * What a thread has done since it entered KVM_RUN, by kind; values in the order of the kind's
 * fields.
 */
struct thread {
	int tid;
	uint32_t has;				/* bit KW_TRACEFS_*: that kind was seen */
	uint64_t value[KW_TRACEFS_KINDS][KW_TF_FIELDS];
	uint32_t valid[KW_TRACEFS_KINDS];	/* bit i: value i is there */
	uint8_t insn[INSN_BYTES];
	uint8_t run[KVMWHY_EVENT_RUN];
	uint64_t regs[REGS + 1];
	/* of the returns: who first returned KVM_RUN's result */
	enum kw_tracefs_kind first;
	int32_t refused;			/* what it returned */
	uint64_t entered;			/* the MSR path, by the events' clock */
	uint64_t named_ns;			/* when the following was read from /proc */
	uint32_t pid;
	char comm[sizeof(((struct kvmwhy_event_common *)0)->comm)];
	char args[KVMWHY_EVENT_ARGS];
};

static int by_tid(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

void kw_tracefs_threads_free(struct kw_tracefs *t)
{
	tdestroy(t->threads, free);
	t->threads = NULL;
	t->nthreads = 0;
}

/* NULL if out of memory. */
static struct thread *thread_of(struct kw_tracefs *t, int tid)
{
	struct thread key = { .tid = tid }, *made, **found;

	found = tfind(&key, &t->threads, by_tid);
	if (found)
		return *found;
	if (t->nthreads == THREADS_MAX)
		kw_tracefs_threads_free(t);
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->tid = tid;
	if (!tsearch(made, &t->threads, by_tid)) {
		free(made);
		return NULL;
	}
	t->nthreads++;
	return made;
}

/* Fields */

static bool has(const struct thread *thread, enum kw_tracefs_kind kind)
{
	return thread->has & 1u << kind;
}

static bool knows(const struct thread *thread, enum kw_tracefs_kind kind, unsigned int field)
{
	return has(thread, kind) && thread->valid[kind] & 1u << field;
}

static void forget(struct thread *thread, enum kw_tracefs_kind kind)
{
	thread->has &= ~(1u << kind);
}

static uint64_t number(const struct kw_tracefs_event *event, unsigned int field)
{
	uint64_t value = 0;
	size_t size = event->layout->field[field].size;

	if (size <= sizeof(value))
		memcpy(&value, event->data + event->layout->field[field].offset, size);
	return value;
}

/* Bytes of an array field; false if it is smaller. */
static bool bytes(const struct kw_tracefs_event *event, unsigned int field, void *ret, size_t size)
{
	if (event->layout->field[field].size < size)
		return false;
	memcpy(ret, event->data + event->layout->field[field].offset, size);
	return true;
}

static void keep(struct thread *thread, const struct kw_tracefs_event *event)
{
	enum kw_tracefs_kind kind = event->kind;

	thread->valid[kind] = 0;
	thread->has |= 1u << kind;
	for (unsigned int i = 0; i < KW_TF_FIELDS; i++) {
		if (!event->layout->field[i].size)
			continue;
		thread->valid[kind] |= 1u << i;
		thread->value[kind][i] = number(event, i);
	}
}

/* What was seen */

/*
 * One function after another returns the same result: the first produced it. A different result is
 * a new one, such as that of an MSR in a list, which KVM noted before continuing.
 */
static void note_return(struct thread *thread, const struct kw_tracefs_event *event)
{
	int32_t ret = (int32_t)number(event, KW_TF_RET);
	bool of_write = event->kind == KW_TRACEFS_MSR_VENDOR && has(thread, KW_TRACEFS_MSR_COMMON);

	keep(thread, event);
	if (of_write && thread->refused == ret)
		return;
	thread->first = event->kind;
	thread->refused = ret;
}

static void enter_msr(struct thread *thread, const struct kw_tracefs_event *event)
{
	forget(thread, KW_TRACEFS_MSR_COMMON);
	forget(thread, KW_TRACEFS_MSR_VENDOR);
	keep(thread, event);
	thread->entered = event->ts;
}

static void enter_fault(struct thread *thread, const struct kw_tracefs_event *event)
{
	forget(thread, KW_TRACEFS_FAULT);
	keep(thread, event);
}

static void note_emulation(struct thread *thread, const struct kw_tracefs_event *event)
{
	keep(thread, event);
	if (!bytes(event, KW_TF_INSN, thread->insn, INSN_BYTES))
		forget(thread, event->kind);
}

static void note_leave(struct thread *thread, const struct kw_tracefs_event *event)
{
	keep(thread, event);
	if (!bytes(event, KW_TF_L_RUN, thread->run, sizeof(thread->run)) ||
	    !bytes(event, KW_TF_L_REGS, thread->regs, sizeof(thread->regs)))
		forget(thread, event->kind);
}

static void note_history(struct thread *thread, const struct kw_tracefs_event *event)
{
	switch (event->kind) {
	case KW_TRACEFS_RUN_END:
		thread->has = 0;
		break;
	case KW_TRACEFS_EXIT:
		thread->has = 0;
		keep(thread, event);
		break;
	case KW_TRACEFS_MSR_ENTER:
		enter_msr(thread, event);
		break;
	case KW_TRACEFS_FAULT_ENTER:
		enter_fault(thread, event);
		break;
	case KW_TRACEFS_MSR_COMMON:
	case KW_TRACEFS_MSR_VENDOR:
	case KW_TRACEFS_FAULT:
		note_return(thread, event);
		break;
	case KW_TRACEFS_EMULATE:
		note_emulation(thread, event);
		break;
	case KW_TRACEFS_LEAVE:
		note_leave(thread, event);
		break;
	default:
		keep(thread, event);
	}
}

/* The record */

static void fill_exit(const struct kw_tracefs *t, const struct thread *thread,
		      struct kvmwhy_event *out)
{
	const uint64_t *value = thread->value[KW_TRACEFS_EXIT];
	enum kw_tracefs_kind kind = KW_TRACEFS_EXIT;

	out->x86.known |= t->vendor;
	if (knows(thread, kind, KW_TF_VCPU)) {
		out->common.vcpu = (int32_t)value[KW_TF_VCPU];
		out->common.known |= KVMWHY_KNOWS_VCPU;
	}
	if (knows(thread, kind, KW_TF_RIP)) {
		out->x86.rip = value[KW_TF_RIP];
		out->x86.known |= KVMWHY_X86_RIP;
	}
	if (!knows(thread, kind, KW_TF_EXIT_REASON) || !knows(thread, kind, KW_TF_ISA))
		return;
	out->x86.known &= ~(uint32_t)(KVMWHY_X86_SVM | KVMWHY_X86_VMX);
	out->x86.known |=
		KVMWHY_X86_EXIT | (value[KW_TF_ISA] == ISA_SVM ? KVMWHY_X86_SVM : KVMWHY_X86_VMX);
	out->x86.exit_reason = value[KW_TF_EXIT_REASON];
	/* VMEXIT_INVALID is -1, of which the event has 32 bits */
	if (value[KW_TF_ISA] == ISA_SVM && out->x86.exit_reason == UINT32_MAX)
		out->x86.exit_reason = UINT64_MAX;
	if (!knows(thread, kind, KW_TF_INFO1) || !knows(thread, kind, KW_TF_INFO2) ||
	    !knows(thread, kind, KW_TF_INTR_INFO) || !knows(thread, kind, KW_TF_ERROR_CODE))
		return;
	out->x86.known |= KVMWHY_X86_INFO;
	out->x86.exit_info1 = value[KW_TF_INFO1];
	out->x86.exit_info2 = value[KW_TF_INFO2];
	out->x86.exit_intr_info = (uint32_t)value[KW_TF_INTR_INFO];
	out->x86.exit_error_code = (uint32_t)value[KW_TF_ERROR_CODE];
}

static void fill_code(const struct thread *thread, struct kvmwhy_event *out)
{
	uint64_t len = thread->value[KW_TRACEFS_EMULATE][KW_TF_INSN_LEN];

	/*
	 * len: what the emulator consumed of what it fetched; bytes of an earlier instruction may
	 * follow
	 */
	if (!knows(thread, KW_TRACEFS_EMULATE, KW_TF_INSN_LEN) || !len || len > INSN_BYTES)
		return;
	memcpy(out->common.code, thread->insn, len);
	out->common.code_size = (uint32_t)len;
	out->common.code_known = (1ull << len) - 1;
	out->common.known |= KVMWHY_KNOWS_CODE;
}

/* On SVM, KVM resets the vCPU before it reports a shutdown: the guest's registers are gone. */
static bool is_reset(const struct thread *thread)
{
	const uint64_t *value = thread->value[KW_TRACEFS_EXIT];

	return knows(thread, KW_TRACEFS_EXIT, KW_TF_EXIT_REASON) && value[KW_TF_ISA] == ISA_SVM &&
	       value[KW_TF_EXIT_REASON] == KW_SVM_EXIT_SHUTDOWN;
}

/*
 * KVM reads RSP and RIP from the VMCS on demand; until then it has those of an earlier exit. RIP is
 * newer than the exit's: KVM may have emulated some instructions since.
 */
static void fill_leave(const struct thread *thread, struct kvmwhy_event *out)
{
	const uint64_t *value = thread->value[KW_TRACEFS_LEAVE];
	uint64_t fresh = value[KW_TF_L_AVAIL];

	if (!has(thread, KW_TRACEFS_LEAVE))
		return;
	memcpy(out->common.run, thread->run, sizeof(out->common.run));
	out->common.vcpu = (int32_t)value[KW_TF_L_VCPU];
	out->common.known |= KVMWHY_KNOWS_RUN | KVMWHY_KNOWS_VCPU;
	if (is_reset(thread))
		return;
	memcpy(out->x86.regs, thread->regs, sizeof(out->x86.regs));
	out->x86.known |= fresh & 1u << REG_RSP ? KVMWHY_X86_REGS : KVMWHY_X86_BUT_RSP;
	if (fresh & 1u << REG_RIP) {
		out->x86.rip = thread->regs[REG_RIP];
		out->x86.known |= KVMWHY_X86_RIP;
	}
}

/*
 * Without all of struct kvm_run the event has at least its exit_reason, which is stale if there is
 * an errno.
 */
static void fill_reason(const struct kw_tracefs_event *event, struct kvmwhy_event *out)
{
	uint32_t reason = (uint32_t)number(event, KW_TF_REASON);

	if (out->common.known & KVMWHY_KNOWS_RUN || out->common.result < 0)
		return;
	memcpy(out->common.run + offsetof(struct kvm_run, exit_reason), &reason, sizeof(reason));
	out->common.known |= KVMWHY_KNOWS_REASON;
}

/*
 * Only an address KVM resolved is a guest physical one: otherwise it is linear, or a nested
 * guest's.
 */
static bool is_gpa(const struct thread *thread)
{
	const uint64_t *value = thread->value[KW_TRACEFS_EXIT];

	if (!knows(thread, KW_TRACEFS_EXIT, KW_TF_EXIT_REASON) || has(thread, KW_TRACEFS_NESTED))
		return false;
	if (value[KW_TF_ISA] == ISA_SVM)
		return value[KW_TF_EXIT_REASON] == KW_SVM_EXIT_NPF;
	return value[KW_TF_EXIT_REASON] == KW_VMX_EXIT_EPT_VIOLATION ||
	       value[KW_TF_EXIT_REASON] == KW_VMX_EXIT_EPT_MISCONFIG;
}

/*
 * The common function was not called, or returned something else: only if it would have been seen.
 */
static bool is_vendors_own(const struct kw_tracefs *t, const struct thread *thread)
{
	return t->layout[KW_TRACEFS_MSR_COMMON].id >= 0 && !t->missed_common &&
	       has(thread, KW_TRACEFS_MSR_ENTER) && thread->entered >= t->rings.whole_since;
}

static void fill_msr(const struct kw_tracefs *t, const struct thread *thread,
		     struct kvmwhy_data *data)
{
	const uint64_t *value = thread->value[KW_TRACEFS_MSR_ENTER];

	data->kind = KVMWHY_KIND_WRMSR;
	if (thread->first == KW_TRACEFS_MSR_COMMON)
		data->function = KVMWHY_FUNCTION_SET_MSR_COMMON;
	else if (is_vendors_own(t, thread))
		data->function = KVMWHY_FUNCTION_VENDOR_SET_MSR;
	if (!has(thread, KW_TRACEFS_MSR_ENTER))
		return;
	data->msr = (uint32_t)value[KW_TF_MSR_INDEX];
	data->value = value[KW_TF_MSR_DATA];
	data->flags |= KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE;
}

static void fill_fault(const struct thread *thread, struct kvmwhy_data *data)
{
	const uint64_t *value = thread->value[KW_TRACEFS_FAULT_ENTER];

	data->kind = KVMWHY_KIND_PAGE_FAULT;
	data->function = KVMWHY_FUNCTION_MMU_PAGE_FAULT;
	if (!has(thread, KW_TRACEFS_FAULT_ENTER) || !is_gpa(thread))
		return;
	data->gpa = value[KW_TF_FAULT_GPA];
	data->error_code = value[KW_TF_FAULT_CODE];
	data->flags |= KVMWHY_HAS_GPA;
}

/* What is known about the exit also belongs in the words. */
static void fill_where(const struct kvmwhy_event *out, struct kvmwhy_data *data)
{
	if (out->x86.known & KVMWHY_X86_RIP) {
		data->rip = out->x86.rip;
		data->flags |= KVMWHY_HAS_RIP;
	}
	if (out->x86.known & KVMWHY_X86_EXIT) {
		data->exit_reason = out->x86.known & KVMWHY_X86_VMX ?
					    out->x86.exit_reason & 0xffff :
					    out->x86.exit_reason;
		data->flags |=
			KVMWHY_HAS_EXIT | (out->x86.known & KVMWHY_X86_VMX ? KVMWHY_EXIT_VMX : 0u);
	}
}

static bool is_host_write(const struct thread *thread)
{
	return has(thread, KW_TRACEFS_MSR_ENTER) &&
	       thread->value[KW_TRACEFS_MSR_ENTER][KW_TF_MSR_HOST];
}

/* A function is the cause only if it returned what KVM_RUN returned. */
static void fill_cause(const struct kw_tracefs *t, const struct thread *thread,
		       struct kvmwhy_event *out)
{
	bool of_msr = has(thread, KW_TRACEFS_MSR_COMMON) || has(thread, KW_TRACEFS_MSR_VENDOR);
	bool returned = of_msr || has(thread, KW_TRACEFS_FAULT);
	struct kvmwhy_data *data = &out->x86.data;

	if (out->common.result >= 0)
		return;
	out->x86.known |= KVMWHY_X86_DATA;
	data->version = KVMWHY_DATA_VERSION;
	data->kind = KVMWHY_KIND_OTHER;
	data->result = out->common.result;
	fill_where(out, data);
	if (!returned || thread->refused != out->common.result)
		return;
	if (thread->first == KW_TRACEFS_FAULT)
		fill_fault(thread, data);
	else if (!is_host_write(thread))
		fill_msr(t, thread, data);
}

/* kvmwhy.ko sees more, and knows whether it caused the failure itself. */
static void fill_module(const struct thread *thread, struct kvmwhy_event *out)
{
	const uint64_t *value = thread->value[KW_TRACEFS_MODULE];

	if (!has(thread, KW_TRACEFS_MODULE) || (thread->valid[KW_TRACEFS_MODULE] & 0x7ff) != 0x7ff)
		return;
	out->x86.known |= KVMWHY_X86_DATA;
	out->x86.data = (struct kvmwhy_data){
		.version = KVMWHY_DATA_VERSION,
		.kind = (uint16_t)value[KW_TF_M_KIND],
		/* the event has no instruction bytes */
		.flags = (uint32_t)value[KW_TF_M_FLAGS] & ~(uint32_t)KVMWHY_HAS_INSN,
		.result = (int32_t)value[KW_TF_M_RESULT],
		.msr = (uint32_t)value[KW_TF_M_MSR],
		.function = (uint32_t)value[KW_TF_M_FUNCTION],
		.value = value[KW_TF_M_VALUE],
		.rip = value[KW_TF_M_RIP],
		.exit_reason = value[KW_TF_M_EXIT_REASON],
		.gpa = value[KW_TF_M_GPA],
		.error_code = value[KW_TF_M_ERROR_CODE],
	};
}

static void fill_who(struct kw_tracefs *t, struct thread *thread, struct kvmwhy_event *out)
{
	if (thread->named_ns && out->common.time_ns - thread->named_ns < NAMED_NS) {
		out->common.pid = thread->pid;
		memcpy(out->common.comm, thread->comm, sizeof(out->common.comm));
		memcpy(out->common.args, thread->args, sizeof(out->common.args));
		return;
	}
	kw_tracefs_who(t, out);
	thread->named_ns = out->common.time_ns;
	thread->pid = out->common.pid;
	memcpy(thread->comm, out->common.comm, sizeof(thread->comm));
	memcpy(thread->args, out->common.args, sizeof(thread->args));
}

static int hand_over(struct kw_tracefs *t, struct thread *thread, struct kvmwhy_event *out)
{
	pid_t wanted = t->live->options.pid;

	if (out->x86.known & KVMWHY_X86_DATA)
		out->x86.data.flags |= KVMWHY_WATCHED;
	thread->has = 0;
	fill_who(t, thread, out);
	if (wanted && out->common.pid != (uint32_t)wanted)
		return 0;
	return t->live->fn(t->live->arg, out);
}

/*
 * The events' clock is CLOCK_MONOTONIC_RAW; its short-term drift from CLOCK_MONOTONIC is
 * negligible.
 */
static uint64_t monotonic(uint64_t raw_ns)
{
	struct timespec raw, mono;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &raw) || clock_gettime(CLOCK_MONOTONIC, &mono))
		return raw_ns;
	return raw_ns + (uint64_t)(mono.tv_sec - raw.tv_sec) * 1000000000 +
	       (uint64_t)(mono.tv_nsec - raw.tv_nsec);
}

static void begin(const struct kw_tracefs_event *event, int32_t result, struct kvmwhy_event *out)
{
	*out = (struct kvmwhy_event){
		KVMWHY_EVENT_HEADS_X86,
		.common.source = KVMWHY_SOURCE_TRACEFS,
		.common.time_ns = monotonic(event->ts),
		.common.tid = (uint32_t)event->tid,
		.common.result = result,
	};
}

static int run_failed(struct kw_tracefs *t, struct thread *thread,
		      const struct kw_tracefs_event *event)
{
	struct kvmwhy_event out;

	begin(event, (int32_t)number(event, KW_TF_ERRNO), &out);
	if (t->rings.gaps && !has(thread, KW_TRACEFS_EXIT))
		t->bare++;
	fill_exit(t, thread, &out);
	fill_code(thread, &out);
	fill_leave(thread, &out);
	fill_reason(event, &out);
	fill_cause(t, thread, &out);
	fill_module(thread, &out);
	return hand_over(t, thread, &out);
}

/* An ioctl that KVM refused before it touched the vCPU: only kvmwhy.ko sees it. */
static int run_refused(struct kw_tracefs *t, struct thread *thread,
		       const struct kw_tracefs_event *event)
{
	struct kvmwhy_event out;

	begin(event, (int32_t)number(event, KW_TF_M_RUN), &out);
	keep(thread, event);
	if (event->layout->field[KW_TF_M_VCPU].size) {
		out.common.vcpu = (int32_t)number(event, KW_TF_M_VCPU);
		out.common.known |= KVMWHY_KNOWS_VCPU;
	}
	out.x86.known |= t->vendor;
	fill_module(thread, &out);
	return hand_over(t, thread, &out);
}

int kw_tracefs_join(struct kw_tracefs *t, const struct kw_tracefs_event *event)
{
	struct thread *thread = thread_of(t, event->tid);

	if (!thread) {
		t->live->lost += event->instance == KW_TRACEFS_FAILURES;
		return 0;
	}
	if (event->instance == KW_TRACEFS_HISTORY) {
		note_history(thread, event);
		return 0;
	}
	return event->kind == KW_TRACEFS_RUN_END ? run_failed(t, thread, event) :
						   run_refused(t, thread, event);
}
