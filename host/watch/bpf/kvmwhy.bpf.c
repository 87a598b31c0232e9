// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * In: the return of KVM_RUN, and the functions whose negative result makes it fail. Out: a record
 * for each failed KVM_RUN. Exits that do not fail leave no trace: with fexit a successful KVM_RUN
 * costs one comparison, and an exit handled in the kernel nothing, except on VMX, where KVM reads
 * RIP only for the event kvm_exit. Three sets: fexit, if KVM's functions have BTF; kprobes with the
 * event kvm_userspace_exit; and KVM's events alone, where no function may be hooked.
 * host/watch/bpf.c chooses.
 */
#include <kvm_numbers.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include <uapi/kvmwhy-event.h>
#include "guest.h"
#include "kvm.h"
#include "kvmwhy_bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile struct kvmwhy_bpf_config config = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} events SEC(".maps");

/*
 * Failures for which the buffer had no room. Read through a mapping: a system call would keep
 * programs on the same processor from running.
 */
__u64 lost;

/*
 * The first negative result of an exit, until KVM_RUN returns it. exits distinguishes the exit from
 * earlier ones.
 */
struct note {
	__u64 exits;
	__s32 result;
	__u32 function;
	__u16 kind;
	__u32 flags;
	__u32 msr;
	__u64 value, gpa, error_code;
};

/* What kvmwhy.ko reports, right before KVM_RUN returns. */
struct told {
	__u64 time_ns;
	struct kvmwhy_data data;
};

/* The last VM exit of a thread, from the event kvm_exit. */
struct last_exit {
	__u64 reason, info1, info2;
	__u32 intr_info, error_code;
};

/* An instruction that KVM failed to emulate. */
struct last_insn {
	__u64 rip;
	__u8 size, bytes[15];
};

#define PER_THREAD(name, entries, kind)			\
	struct {					\
		__uint(type, BPF_MAP_TYPE_LRU_HASH);	\
		__uint(max_entries, entries);		\
		__type(key, __u32);			\
		__type(value, kind);			\
	} name SEC(".maps")

PER_THREAD(notes, 4096, struct note);
PER_THREAD(tolds, 4096, struct told);
PER_THREAD(exits, 16384, struct last_exit);
PER_THREAD(insns, 4096, struct last_insn);
PER_THREAD(faults, 16384, __u64);	/* the last GPA of the event kvm_page_fault, for VMX */
PER_THREAD(running, 16384, __u64);	/* the vCPU that a thread runs, or 0 */

#define FRESH_NS 1000000000ull

/* Linux PFERR_GUEST_FINAL_MASK and PFERR_GUEST_PAGE_MASK */
enum { GUEST_FINAL_BIT = 32, GUEST_PAGE_BIT = 33 };

static __always_inline bool is_wanted(void)
{
	return !config.pid || bpf_get_current_pid_tgid() >> 32 == config.pid;
}

static __always_inline __u32 thread(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

static __always_inline __u32 run_u32(const void *run, __u32 at)
{
	__u32 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), run + at);
	return value;
}

/* An exit that a VMM cannot handle. All others are part of normal operation. */
static __always_inline bool may_be_fatal(__u32 reason)
{
	switch (reason) {
	case KW_KVM_EXIT_UNKNOWN:
	case KW_KVM_EXIT_EXCEPTION:
	case KW_KVM_EXIT_SHUTDOWN:
	case KW_KVM_EXIT_FAIL_ENTRY:
	case KW_KVM_EXIT_INTERNAL_ERROR:
	case KW_KVM_EXIT_NOTIFY:
	case KW_KVM_EXIT_MEMORY_FAULT:
		return true;
	}
	return false;
}

static __always_inline bool is_fatal_exit(const void *run)
{
	__u32 reason = run_u32(run, RUN_EXIT_REASON);

	if (reason == KW_KVM_EXIT_NOTIFY)
		return run_u32(run, RUN_UNION) & NOTIFY_CONTEXT_INVALID;
	return may_be_fatal(reason);
}

static __always_inline bool has_failed(const void *run, long result)
{
	if (result < 0)
		return result != -KW_EINTR && result != -KW_EAGAIN;
	return is_fatal_exit(run);
}

/* What was refused */

static __always_inline void take_note(struct kvm_vcpu *vcpu, const struct note *note)
{
	struct note *old, fresh = *note;
	__u32 tid = thread();

	fresh.exits = BPF_CORE_READ(vcpu, stat.exits);
	old = bpf_map_lookup_elem(&notes, &tid);
	/*
	 * A caller passes on its callee's result: the first to return it is the one that refused.
	 */
	if (old && old->exits == fresh.exits && old->result == fresh.result)
		return;
	bpf_map_update_elem(&notes, &tid, &fresh, BPF_ANY);
}

static __always_inline void note_msr_write(struct kvm_vcpu *vcpu, struct msr_data *msr, int result,
					   __u32 function)
{
	struct note note = {
		.result = result,
		.function = function,
		.kind = KVMWHY_KIND_WRMSR,
		.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE,
	};

	if (result >= 0 || !is_wanted() || BPF_CORE_READ(msr, host_initiated))
		return;
	note.msr = BPF_CORE_READ(msr, index);
	note.value = BPF_CORE_READ(msr, data);
	take_note(vcpu, &note);
}

static __always_inline void note_page_fault(struct kvm_vcpu *vcpu, __u64 gpa, __u64 error_code,
					    int result)
{
	struct note note = {
		.result = result,
		.function = KVMWHY_FUNCTION_MMU_PAGE_FAULT,
		.kind = KVMWHY_KIND_PAGE_FAULT,
		.flags = KVMWHY_HAS_GPA,
		.gpa = gpa,
		.error_code = error_code,
	};

	if (result < 0 && is_wanted())
		take_note(vcpu, &note);
}

/* The record */

static __always_inline void put_caller(struct kvmwhy_event *e)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 start = BPF_CORE_READ(task, mm, arg_start), id = bpf_get_current_pid_tgid();
	__u64 len = BPF_CORE_READ(task, mm, arg_end) - start;

	e->common.time_ns = bpf_ktime_get_ns();
	e->common.pid = id >> 32;
	e->common.tid = (__u32)id;
	bpf_get_current_comm(e->common.comm, sizeof(e->common.comm));
	if (len > sizeof(e->common.args))
		len = sizeof(e->common.args);
	bpf_probe_read_user(e->common.args, (__u32)len, (void *)start);
}

/* Which guest registers KVM has read from the VMCS since the last exit: bits by REG_*. */
static __always_inline __u32 regs_avail(struct kvm_vcpu *vcpu)
{
	__u32 at, avail = 0;

	if (bpf_core_field_exists(struct kvm_vcpu, arch.regs_avail))
		at = bpf_core_field_offset(struct kvm_vcpu, arch.regs_avail);
	else
		at = bpf_core_field_offset(struct kvm_vcpu___bitmap, arch.regs_avail);
	bpf_probe_read_kernel(&avail, sizeof(avail), (void *)vcpu + at);
	return avail;
}

/* What every record has. */
static __always_inline void put_head(struct kvmwhy_event *e, long result)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->size = sizeof(*e);
	e->version = KVMWHY_EVENT_VERSION;
	e->arch = KVMWHY_ARCH_X86;
	e->common.section.kind = KVMWHY_SECTION_COMMON;
	e->common.section.size = sizeof(e->common);
	e->x86.section.kind = KVMWHY_SECTION_X86;
	e->x86.section.size = sizeof(e->x86);
	e->common.source = config.source;
	e->common.result = result < 0 ? (__s32)result : 0;
	put_caller(e);
}

static __always_inline void put_registers(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	__u64 regs[17] = {};	/* RIP follows the others */
	__u32 avail = regs_avail(vcpu);

	bpf_probe_read_kernel(regs, sizeof(regs),
			      (void *)vcpu + bpf_core_field_offset(struct kvm_vcpu, arch.regs));
	__builtin_memcpy(e->x86.regs, regs, sizeof(e->x86.regs));
	e->x86.known |= config.svm || avail >> REG_RSP & 1 ? KVMWHY_X86_REGS : KVMWHY_X86_BUT_RSP;
	if (config.svm || avail >> REG_RIP & 1) {
		e->x86.rip = regs[16];
		e->x86.known |= KVMWHY_X86_RIP;
	}
	e->x86.cr0 = BPF_CORE_READ(vcpu, arch.cr0);
	e->x86.cr4 = BPF_CORE_READ(vcpu, arch.cr4);
	e->x86.efer = BPF_CORE_READ(vcpu, arch.efer);
	e->x86.cr3 = BPF_CORE_READ(vcpu, arch.cr3);
	e->x86.known |= KVMWHY_X86_CONTROL;
	if (avail >> REG_CR3 & 1)
		e->x86.known |= KVMWHY_X86_CR3;
}

static __always_inline void *vmcb_of(struct kvm_vcpu *vcpu)
{
	void *vmcb = NULL;

	/*
	 * struct vcpu_svm: the vCPU, then the pointer; without BTF for kvm_amd, the vCPU's size
	 * gives its offset.
	 */
	bpf_probe_read_kernel(&vmcb, sizeof(vmcb),
			      (void *)vcpu + bpf_core_type_size(struct kvm_vcpu));
	return vmcb;
}

static __always_inline void put_vmcb(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	void *vmcb = vmcb_of(vcpu);
	__u64 exit[3] = {}, np = 0;
	__u32 event[2] = {};
	__u8 cpl = 0;

	if (!vmcb || bpf_probe_read_kernel(exit, sizeof(exit), vmcb + VMCB_EXITCODE))
		return;
	bpf_probe_read_kernel(event, sizeof(event), vmcb + VMCB_EXITINTINFO);
	e->x86.exit_reason = exit[0];
	e->x86.exit_info1 = exit[1];
	e->x86.exit_info2 = exit[2];
	e->x86.exit_intr_info = event[0];
	e->x86.exit_error_code = event[1];
	e->x86.known |= KVMWHY_X86_EXIT | KVMWHY_X86_INFO;
	if (e->common.known & KVMWHY_KNOWS_PROTECTED)
		return;
	bpf_probe_read_kernel(e->x86.segment, sizeof(e->x86.segment), vmcb + VMCB_SEGMENTS);
	bpf_probe_read_kernel(&cpl, sizeof(cpl), vmcb + VMCB_CPL);
	bpf_probe_read_kernel(&e->x86.rflags, sizeof(e->x86.rflags), vmcb + VMCB_RFLAGS);
	bpf_probe_read_kernel(&e->x86.cr2, sizeof(e->x86.cr2), vmcb + VMCB_CR2);
	bpf_probe_read_kernel(&np, sizeof(np), vmcb + VMCB_NP_ENABLE);
	e->x86.cpl = cpl;
	e->x86.known |= KVMWHY_X86_SEGMENTS | KVMWHY_X86_RFLAGS | KVMWHY_X86_CR2;
	if (np & 1) {	/* else the VMCB's CR3 is that of KVM's shadow pages */
		bpf_probe_read_kernel(&e->x86.cr3, sizeof(e->x86.cr3), vmcb + VMCB_CR3);
		e->x86.known |= KVMWHY_X86_CR3;
	}
}

static __always_inline void put_vmx(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	__u32 tid = e->common.tid;
	struct last_exit *last = bpf_map_lookup_elem(&exits, &tid);

	if (last) {
		e->x86.exit_reason = last->reason;
		e->x86.exit_info1 = last->info1;
		e->x86.exit_info2 = last->info2;
		e->x86.exit_intr_info = last->intr_info;
		e->x86.exit_error_code = last->error_code;
		e->x86.known |= KVMWHY_X86_EXIT | KVMWHY_X86_INFO;
	}
	if (e->common.known & KVMWHY_KNOWS_PROTECTED ||
	    !bpf_core_field_exists(struct vcpu_vmx, rflags))
		return;
	if (regs_avail(vcpu) >> REG_RFLAGS & 1) {
		e->x86.rflags = BPF_CORE_READ((struct vcpu_vmx *)vcpu, rflags);
		e->x86.known |= KVMWHY_X86_RFLAGS;
	}
}

/* A nested guest's CR3 needs tables that we do not walk. */
static __always_inline bool is_nested(struct kvm_vcpu *vcpu)
{
	void *mmu = BPF_CORE_READ(vcpu, arch.mmu);

	return mmu == (void *)vcpu + bpf_core_field_offset(struct kvm_vcpu, arch.guest_mmu);
}

/*
 * With EPT KVM has only an older CR3 of the guest, whose tables may be gone. If they map the
 * instruction that caused the exit, they are still good.
 */
static __always_inline bool is_expected_code(const struct kvmwhy_event *e)
{
	__u32 at = e->common.code_at & 31;

	return e->x86.known & KVMWHY_X86_EXIT && config.vmx && e->common.code[at] == 0x0f &&
	       ((e->x86.exit_reason == KW_VMX_EXIT_MSR_READ && e->common.code[at + 1] == 0x32) ||
		(e->x86.exit_reason == KW_VMX_EXIT_MSR_WRITE && e->common.code[at + 1] == 0x30));
}

static __always_inline void put_code(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	__u32 wanted = KVMWHY_X86_RIP | KVMWHY_X86_CONTROL;
	bool long_mode = e->x86.efer >> 10 & 1, smm = e->common.run[RUN_FLAGS] & RUN_X86_SMM;
	__u64 base = 0, kvm = (__u64)BPF_CORE_READ(vcpu, kvm), from;
	struct paging paging = {
		.cr0 = e->x86.cr0, .cr3 = e->x86.cr3, .cr4 = e->x86.cr4, .efer = e->x86.efer
	};

	if ((e->x86.known & wanted) != wanted || e->common.known & KVMWHY_KNOWS_PROTECTED || smm ||
	    is_nested(vcpu))
		return;
	if (e->x86.known & KVMWHY_X86_SEGMENTS)
		base = e->x86.segment[KVMWHY_CS].base;
	else if (!long_mode)
		return;	/* the base of CS is unknown, and it matters */
	e->common.code_at = e->x86.rip < CODE_BEFORE ? (__u32)e->x86.rip : CODE_BEFORE;
	from = base + e->x86.rip - e->common.code_at;
	if (!long_mode)
		from &= 0xffffffff;
	e->common.code_size = CODE_BEFORE + CODE_AFTER;
	read_code(kvm, &paging, from, &e->common);
	if (e->common.code_known >> e->common.code_at & 1 &&
	    (e->x86.known & KVMWHY_X86_CR3 || is_expected_code(e)))
		e->common.known |= KVMWHY_KNOWS_CODE;
}

static __always_inline void put_insn(struct kvmwhy_event *e)
{
	__u32 tid = e->common.tid;
	struct last_insn *insn = bpf_map_lookup_elem(&insns, &tid);

	if (!insn || !(e->x86.known & KVMWHY_X86_RIP) || insn->rip != e->x86.rip || !insn->size ||
	    insn->size > 15)
		return;
	e->x86.data.insn_size = insn->size;
	__builtin_memcpy(e->x86.data.insn, insn->bytes, 15);
	e->x86.data.flags |= KVMWHY_HAS_INSN;
}

/* No function was seen refusing; the guest exited for a WRMSR, and its registers still have it. */
static __always_inline void put_unnoted_write(struct kvmwhy_event *e)
{
	bool svm = config.svm && e->x86.exit_reason == KW_SVM_EXIT_MSR && e->x86.exit_info1 & 1;
	bool vmx = config.vmx && e->x86.exit_reason == KW_VMX_EXIT_MSR_WRITE;
	struct kvmwhy_data *d = &e->x86.data;

	if (e->common.result >= 0 || !(e->x86.known & KVMWHY_X86_EXIT) || (!svm && !vmx) ||
	    !(e->x86.known & (KVMWHY_X86_REGS | KVMWHY_X86_BUT_RSP)))
		return;
	d->kind = KVMWHY_KIND_WRMSR;
	d->flags |= KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE;
	d->msr = (__u32)e->x86.regs[1];	/* RCX */
	d->value = e->x86.regs[2] << 32 | (__u32)e->x86.regs[0];	/* RDX, RAX */
	e->x86.known |= KVMWHY_X86_DATA;
}

/*
 * The exit qualification as the error code that KVM makes of it: Linux arch/x86/kvm/vmx, the
 * handler of EPT violations. A read has no bit in all versions.
 */
static __always_inline __u64 fault_error(__u64 qualification)
{
	return (qualification & 2) | (qualification >> 2 & 1) << 4 |
	       (qualification >> 3 & 7 ? 1 : 0) |
	       1ull << (qualification >> 8 & 1 ? GUEST_FINAL_BIT : GUEST_PAGE_BIT);
}

/* The same for a page fault. */
static __always_inline void put_unnoted_fault(struct kvmwhy_event *e)
{
	bool svm = config.svm && e->x86.exit_reason == KW_SVM_EXIT_NPF;
	bool vmx = config.vmx && e->x86.exit_reason == KW_VMX_EXIT_EPT_VIOLATION;
	struct kvmwhy_data *d = &e->x86.data;
	__u64 *last, gpa = e->x86.exit_info2, error_code = e->x86.exit_info1;
	__u32 tid = e->common.tid;

	if (e->common.result >= 0 || !(e->x86.known & KVMWHY_X86_INFO) || (!svm && !vmx))
		return;
	if (vmx) {
		last = bpf_map_lookup_elem(&faults, &tid);
		if (!last)
			return;
		gpa = *last;
		error_code = fault_error(e->x86.exit_info1);
	}
	d->kind = KVMWHY_KIND_PAGE_FAULT;
	d->flags |= KVMWHY_HAS_GPA;
	d->gpa = gpa;
	d->error_code = error_code;
	e->x86.known |= KVMWHY_X86_DATA;
}

static __always_inline void put_note(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	__u32 tid = e->common.tid;
	struct note *note = bpf_map_lookup_elem(&notes, &tid);
	struct kvmwhy_data *d = &e->x86.data;

	if (!note || note->exits != BPF_CORE_READ(vcpu, stat.exits) ||
	    note->result != e->common.result) {
		put_unnoted_write(e);
		if (config.source == KVMWHY_SOURCE_BPF_TRACEPOINT)
			put_unnoted_fault(e);
		return;
	}
	d->kind = note->kind;
	d->function = note->function;
	d->flags |= note->flags;
	d->msr = note->msr;
	d->value = note->value;
	d->gpa = note->gpa;
	d->error_code = note->error_code;
	e->x86.known |= KVMWHY_X86_DATA;
}

/* The module knows more than we do. */
static __always_inline void put_told(struct kvmwhy_event *e)
{
	__u32 tid = e->common.tid;
	struct told *told = bpf_map_lookup_elem(&tolds, &tid);

	if (!told)
		return;
	if (e->common.time_ns - told->time_ns < FRESH_NS &&
	    (!e->common.result || told->data.result == e->common.result)) {
		e->x86.data = told->data;
		e->x86.data.flags |= KVMWHY_WATCHED;
		e->x86.known |= KVMWHY_X86_DATA;
	}
	bpf_map_delete_elem(&tolds, &tid);
}

static __always_inline void put_data(struct kvmwhy_event *e, struct kvm_vcpu *vcpu)
{
	struct kvmwhy_data *d = &e->x86.data;

	d->version = KVMWHY_DATA_VERSION;
	d->flags = KVMWHY_WATCHED;
	d->result = e->common.result;
	put_note(e, vcpu);
	put_told(e);
	if (e->x86.known & KVMWHY_X86_RIP && !(d->flags & KVMWHY_HAS_RIP)) {
		d->rip = e->x86.rip;
		d->flags |= KVMWHY_HAS_RIP;
	}
	if (e->x86.known & KVMWHY_X86_EXIT && !(d->flags & KVMWHY_HAS_EXIT)) {
		d->exit_reason = e->x86.exit_reason;
		d->flags |= KVMWHY_HAS_EXIT | (config.vmx ? KVMWHY_EXIT_VMX : 0);
	}
	if (config.vmx && !(d->flags & KVMWHY_HAS_INSN))
		put_insn(e);
}

static __always_inline bool is_harmless(struct kvm_vcpu *vcpu, const void *run)
{
	/*
	 * Guests with private memory convert it this way: Linux commit 16f95f3b95ca ("KVM: Add
	 * KVM_EXIT_MEMORY_FAULT ...") (in v6.8).
	 */
	return run_u32(run, RUN_EXIT_REASON) == KW_KVM_EXIT_MEMORY_FAULT &&
	       bpf_core_field_exists(struct kvm_arch, has_private_mem) &&
	       BPF_CORE_READ(vcpu, kvm, arch.has_private_mem);
}

/* kvm_amd resets the vCPU when its guest has shut down: its state is gone. */
static __always_inline void forget_reset_vcpu(struct kvmwhy_event *e, const void *run)
{
	if (config.svm && !e->common.result &&
	    run_u32(run, RUN_EXIT_REASON) == KW_KVM_EXIT_SHUTDOWN && !e->x86.exit_reason &&
	    e->x86.rip == 0xfff0)
		e->x86.known &= KVMWHY_X86_SVM;
}

static __always_inline void put_failure(struct kvmwhy_event *e, struct kvm_vcpu *vcpu, void *run)
{
	e->common.known = KVMWHY_KNOWS_VCPU;
	e->x86.known = (config.svm ? KVMWHY_X86_SVM : 0) | (config.vmx ? KVMWHY_X86_VMX : 0);
	e->common.vcpu = BPF_CORE_READ(vcpu, vcpu_id);
	if (!bpf_probe_read_kernel(e->common.run, sizeof(e->common.run), run))
		e->common.known |= KVMWHY_KNOWS_RUN;
	if (is_harmless(vcpu, run))
		e->common.known |= KVMWHY_KNOWS_HARMLESS;
	if (bpf_core_field_exists(struct kvm_vcpu_arch, guest_state_protected) &&
	    BPF_CORE_READ(vcpu, arch.guest_state_protected))
		e->common.known |= KVMWHY_KNOWS_PROTECTED;
	else
		put_registers(e, vcpu);
	if (config.svm)
		put_vmcb(e, vcpu);
	if (config.vmx)
		put_vmx(e, vcpu);
	forget_reset_vcpu(e, run);
	put_code(e, vcpu);
	put_data(e, vcpu);
}

static __always_inline void end_run(struct kvm_vcpu *vcpu, long result)
{
	void *run = BPF_CORE_READ(vcpu, run);
	struct kvmwhy_event *e;

	if (!has_failed(run, result) || !is_wanted())
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	put_head(e, result);
	put_failure(e, vcpu, run);
	bpf_ringbuf_submit(e, 0);
}

/* The end of KVM_RUN */

/* The file of this thread's system call, if it is a vCPU of its own VM. */
static __always_inline struct kvm_vcpu *vcpu_of_file(struct task_struct *task, __u64 number)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	struct kvm_vcpu *vcpu;

	if (number >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + number);
	vcpu = BPF_CORE_READ(file, private_data);
	return vcpu && BPF_CORE_READ(vcpu, kvm, mm) == BPF_CORE_READ(task, mm) ? vcpu : NULL;
}

/* ioctl(fd, KVM_RUN): the first argument is in RDI, in a 32-bit program in EBX. */
static __always_inline struct kvm_vcpu *vcpu_of_call(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	struct kvm_vcpu *vcpu;
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &regs->rdi);
	vcpu = vcpu_of_file(task, number);
	if (vcpu)
		return vcpu;
	bpf_probe_read_kernel(&number, sizeof(number), &regs->rbx);
	return vcpu_of_file(task, (__u32)number);
}

/* KVM_RUN failed for an unknown vCPU: the failure itself must not be lost. */
static __always_inline void end_unknown_run(long result)
{
	struct kvmwhy_event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	put_head(e, result);
	bpf_ringbuf_submit(e, 0);
}

static __always_inline bool may_have_failed(__u32 reason, int result)
{
	if (result < 0)
		return result != -KW_EINTR && result != -KW_EAGAIN;
	return may_be_fatal(reason);
}

static __always_inline void end_called(__u32 reason, int result)
{
	struct kvm_vcpu *vcpu;

	if (!may_have_failed(reason, result))
		return;
	vcpu = vcpu_of_call();
	if (vcpu)
		end_run(vcpu, result);
	else if (is_wanted())
		end_unknown_run(result);
}

static __always_inline void end_running(int result)
{
	__u32 tid = thread();
	__u64 *vcpu = bpf_map_lookup_elem(&running, &tid);

	if (!vcpu || !*vcpu)
		return;
	end_run((struct kvm_vcpu *)*vcpu, result);
	*vcpu = 0;
}

static __always_inline void end_any(__u32 reason, int result)
{
	if (config.source == KVMWHY_SOURCE_BPF_KPROBE)
		end_running(result);
	else
		end_called(reason, result);
}

static __always_inline __u64 field(const void *event, __u16 at, __u32 size)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, size, event + at);
	return value;
}

/*
 * perf runs us with preemption off in every kernel. A raw tracepoint or fexit may not, and then a
 * program is silently skipped if another thread was preempted in it on the same processor: that
 * would lose failures.
 */
SEC("tp/kvm/kvm_userspace_exit")
int kvm_userspace_exit(void *event)
{
	end_any((__u32)field(event, config.run_reason, 4), (int)field(event, config.run_errno, 4));
	return 0;
}

/* Used if tracefs does not show the event's field offsets. */
SEC("raw_tp/kvm_userspace_exit")
int kvm_userspace_exit_raw(struct bpf_raw_tracepoint_args *ctx)
{
	end_any((__u32)ctx->args[0], (int)ctx->args[1]);
	return 0;
}

/* With BTF of KVM's functions */

/* A KVM_RUN refused before the vCPU runs never reaches the tracepoint. */
SEC("fexit/kvm_vcpu_ioctl")
int BPF_PROG(kvm_vcpu_ioctl_exit, struct file *file, unsigned int request, unsigned long argument,
	     long result)
{
	struct note refused = { .result = (__s32)result, .function = KVMWHY_FUNCTION_VCPU_IOCTL };
	struct task_struct *task;
	struct kvm_vcpu *vcpu;

	if (result >= 0 || request != KVM_RUN || (result != -KW_EIO && result != -KW_EINVAL))
		return 0;
	vcpu = BPF_CORE_READ(file, private_data);
	task = (void *)bpf_get_current_task();
	if (result == -KW_EIO ? BPF_CORE_READ(vcpu, kvm, mm) == BPF_CORE_READ(task, mm) : !argument)
		return 0;
	take_note(vcpu, &refused);
	end_run(vcpu, result);
	return 0;
}

SEC("fexit/kvm_set_msr_common")
int BPF_PROG(kvm_set_msr_common_exit, struct kvm_vcpu *vcpu, struct msr_data *msr, int result)
{
	note_msr_write(vcpu, msr, result, KVMWHY_FUNCTION_SET_MSR_COMMON);
	return 0;
}

SEC("fexit/svm_set_msr")
int BPF_PROG(svm_set_msr_exit, struct kvm_vcpu *vcpu, struct msr_data *msr, int result)
{
	note_msr_write(vcpu, msr, result, KVMWHY_FUNCTION_VENDOR_SET_MSR);
	return 0;
}

SEC("fexit/vmx_set_msr")
int BPF_PROG(vmx_set_msr_exit, struct kvm_vcpu *vcpu, struct msr_data *msr, int result)
{
	note_msr_write(vcpu, msr, result, KVMWHY_FUNCTION_VENDOR_SET_MSR);
	return 0;
}

SEC("fexit/kvm_mmu_page_fault")
int BPF_PROG(kvm_mmu_page_fault_exit, struct kvm_vcpu *vcpu, __u64 gpa, __u64 error_code,
	     void *insn, int insn_len, int result)
{
	note_page_fault(vcpu, gpa, error_code, result);
	return 0;
}

/*
 * Without BTF. A return probe does not see the arguments: what was written is still in the guest's
 * registers.
 */

SEC("kprobe/kvm_arch_vcpu_ioctl_run")
int BPF_KPROBE(kvm_arch_vcpu_ioctl_run_entry, struct kvm_vcpu *vcpu)
{
	__u64 *old, address = (__u64)vcpu;
	__u32 tid = thread();

	old = bpf_map_lookup_elem(&running, &tid);
	if (old)
		*old = address;
	else
		bpf_map_update_elem(&running, &tid, &address, BPF_ANY);
	return 0;
}

static __always_inline struct kvm_vcpu *running_vcpu(void)
{
	__u32 tid = thread();
	__u64 *vcpu = bpf_map_lookup_elem(&running, &tid);

	return vcpu ? (struct kvm_vcpu *)*vcpu : NULL;
}

static __always_inline void note_msr_result(int result, __u32 function)
{
	struct kvm_vcpu *vcpu = result < 0 ? running_vcpu() : NULL;
	struct note note = { .result = result, .function = function, .kind = KVMWHY_KIND_WRMSR };
	__u64 regs[3] = {};	/* RAX, RCX, RDX */

	if (!vcpu || !is_wanted())
		return;
	if (!bpf_probe_read_kernel(regs, sizeof(regs),
				   (void *)vcpu +
					   bpf_core_field_offset(struct kvm_vcpu, arch.regs))) {
		note.msr = (__u32)regs[1];
		note.value = regs[2] << 32 | (__u32)regs[0];
		note.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE;
	}
	take_note(vcpu, &note);
}

SEC("kretprobe/kvm_set_msr_common")
int BPF_KRETPROBE(kvm_set_msr_common_return, int result)
{
	note_msr_result(result, KVMWHY_FUNCTION_SET_MSR_COMMON);
	return 0;
}

SEC("kretprobe/svm_set_msr")
int BPF_KRETPROBE(svm_set_msr_return, int result)
{
	note_msr_result(result, KVMWHY_FUNCTION_VENDOR_SET_MSR);
	return 0;
}

SEC("kretprobe/vmx_set_msr")
int BPF_KRETPROBE(vmx_set_msr_return, int result)
{
	note_msr_result(result, KVMWHY_FUNCTION_VENDOR_SET_MSR);
	return 0;
}

SEC("kretprobe/kvm_mmu_page_fault")
int BPF_KRETPROBE(kvm_mmu_page_fault_return, int result)
{
	struct kvm_vcpu *vcpu = result < 0 ? running_vcpu() : NULL;
	struct note note = { .result = result,
			     .function = KVMWHY_FUNCTION_MMU_PAGE_FAULT,
			     .kind = KVMWHY_KIND_PAGE_FAULT };
	__u64 info[2] = {};
	void *vmcb;

	if (!vcpu || !is_wanted())
		return 0;
	vmcb = config.svm ? vmcb_of(vcpu) : NULL;
	/* A nested page fault has its error code in EXITINFO1 and the address in EXITINFO2. */
	if (vmcb && !bpf_probe_read_kernel(info, sizeof(info), vmcb + VMCB_EXITINFO1)) {
		note.error_code = info[0];
		note.gpa = info[1];
		note.flags = KVMWHY_HAS_GPA;
	}
	take_note(vcpu, &note);
	return 0;
}

/* All sets */

SEC("raw_tp/kvmwhy_failure")
int kvmwhy_failure(struct bpf_raw_tracepoint_args *ctx)
{
	struct told told = { .time_ns = bpf_ktime_get_ns() };
	__u32 tid = thread();

	if (bpf_probe_read_kernel(&told.data, sizeof(told.data), (void *)ctx->args[1]) ||
	    told.data.kind == KVMWHY_KIND_RDMSR)
		return 0;
	bpf_map_update_elem(&tolds, &tid, &told, BPF_ANY);
	return 0;
}

/* Also fires with report=off: vcpu_id, write, msr, value, result. */
SEC("raw_tp/kvmwhy_inject")
int kvmwhy_inject(struct bpf_raw_tracepoint_args *ctx)
{
	struct told told = {
		.time_ns = bpf_ktime_get_ns(),
		.data = {
			.version = KVMWHY_DATA_VERSION,
			.kind = KVMWHY_KIND_WRMSR,
			.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_INJECTED,
			.result = (int)ctx->args[4],
			.msr = (__u32)ctx->args[2],
			.function = KVMWHY_FUNCTION_VENDOR_SET_MSR,
			.value = ctx->args[3],
		},
	};
	__u32 tid = thread();

	if ((bool)ctx->args[1] && told.data.result < 0)
		bpf_map_update_elem(&tolds, &tid, &told, BPF_ANY);
	return 0;
}

/* VMX. Enabling the event makes KVM read RIP and the exit's fields from the VMCS. */
SEC("tp/kvm/kvm_exit")
int kvm_exit(void *event)
{
	struct last_exit last = {
		.reason = field(event, config.exit_reason, 4),
		.info1 = field(event, config.info1, 8),
		.info2 = field(event, config.info2, 8),
		.intr_info = (__u32)field(event, config.intr_info, 4),
		.error_code = (__u32)field(event, config.error_code, 4),
	};
	__u32 tid = thread();

	bpf_map_update_elem(&exits, &tid, &last, BPF_ANY);
	return 0;
}

/* Where no function says which page it was. */
SEC("tp/kvm/kvm_page_fault")
int kvm_page_fault(void *event)
{
	__u64 gpa = field(event, config.fault_address, 8);
	__u32 tid = thread();

	bpf_map_update_elem(&faults, &tid, &gpa, BPF_ANY);
	return 0;
}

SEC("tp/kvm/kvm_emulate_insn")
int kvm_emulate_insn(void *event)
{
	struct last_insn insn = {};
	__u32 tid = thread();

	if (!(__u8)field(event, config.insn_failed, 1))
		return 0;
	insn.rip = field(event, config.insn_rip, 8);
	insn.size = (__u8)field(event, config.insn_len, 1);
	bpf_probe_read_kernel(insn.bytes, sizeof(insn.bytes), event + config.insn_bytes);
	bpf_map_update_elem(&insns, &tid, &insn, BPF_ANY);
	return 0;
}
