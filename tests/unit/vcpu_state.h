/* SPDX-License-Identifier: MIT */
/* For tests: a vCPU as its VMM has it, in the structures of <linux/kvm.h>. */
#ifndef KW_TESTS_VCPU_STATE_H
#define KW_TESTS_VCPU_STATE_H

#include <kvmwhy/kvmwhy.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <string.h>

enum { RUN_BYTES = 4096 };

struct vcpu {
	union {
		struct kvm_run run;
		uint8_t page[RUN_BYTES];
	};
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_vcpu_events events;
	struct kvm_debugregs debugregs;
	uint8_t code[50];
	struct kw_vcpu_state state;
};

static inline struct kvm_segment vcpu_segment(uint16_t selector, bool code)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = code ? 11 : 3,
		.present = 1,
		.s = 1,
		.g = 1,
		.l = code,
		.db = !code,
	};
}

/* A 64-bit kernel at a WRMSR of @value to @msr; nothing has failed. */
static inline void vcpu_init(struct vcpu *v, uint32_t msr, uint64_t value)
{
	static const uint8_t wrmsr[] = { 0x89, 0xf9, 0x89, 0xf0, 0x0f, 0x30, 0xc3 };

	memset(v, 0, sizeof(*v));
	v->regs = (struct kvm_regs){ .rax = (uint32_t)value,
				     .rdx = value >> 32,
				     .rcx = msr,
				     .rsp = 0xffffc90000013e80,
				     .rip = 0xffffffff81060964,
				     .rflags = 2 };
	v->sregs = (struct kvm_sregs){
		.cs = vcpu_segment(0x10, true),
		.ds = vcpu_segment(0, false),
		.es = vcpu_segment(0, false),
		.fs = vcpu_segment(0, false),
		.gs = vcpu_segment(0, false),
		.ss = vcpu_segment(0x18, false),
		.tr = { .selector = 0x40, .limit = 0x206f, .type = 11, .present = 1 },
		.ldt = { .unusable = 1 },
		.gdt = { .base = 0xfffffe0000001000, .limit = 0x7f },
		.idt = { .base = 0xfffffe0000000000, .limit = 0xfff },
		.cr0 = 0x80050033,
		.cr3 = 0x2a10000,
		.cr4 = 0x6f0,
		.efer = 0xd01,
		.apic_base = 0xfee00d00,
	};
	v->events.flags = KVM_VCPUEVENT_VALID_SHADOW | KVM_VCPUEVENT_VALID_SMM;
	v->debugregs = (struct kvm_debugregs){ .dr6 = 0xffff0ff0, .dr7 = 0x400 };
	memset(v->code, 0x90, sizeof(v->code));
	memcpy(v->code + 16, wrmsr, sizeof(wrmsr));
	v->state = (struct kw_vcpu_state){
		.size = sizeof(v->state),
		.number = -1,
		.run = v->page,
		.run_size = sizeof(v->page),
		.regs = &v->regs,
		.regs_size = sizeof(v->regs),
		.sregs = &v->sregs,
		.sregs_size = sizeof(v->sregs),
		.events = &v->events,
		.events_size = sizeof(v->events),
		.debugregs = &v->debugregs,
		.debugregs_size = sizeof(v->debugregs),
		.code = v->code,
		.code_size = sizeof(v->code),
		.code_at = 20,
		.code_known = (1ull << sizeof(v->code)) - 1,
	};
}

static inline void vcpu_exit(struct vcpu *v, uint32_t reason)
{
	v->run.exit_reason = reason;
}

static inline void vcpu_internal_error(struct vcpu *v, uint32_t suberror, const uint64_t *words,
				       uint32_t ndata)
{
	v->run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
	v->run.internal.suberror = suberror;
	v->run.internal.ndata = ndata;
	for (uint32_t i = 0; i < ndata; i++)
		v->run.internal.data[i] = words[i];
}

static inline void vcpu_fail_entry(struct vcpu *v, uint64_t error)
{
	v->run.exit_reason = KVM_EXIT_FAIL_ENTRY;
	v->run.fail_entry.hardware_entry_failure_reason = error;
}

/* KVM_EXIT_MEMORY_FAULT, which the headers of Linux before 6.8 do not have. */
static inline void vcpu_memory_fault(struct vcpu *v, uint64_t flags, uint64_t gpa, uint64_t size)
{
	const uint64_t words[] = { flags, gpa, size };

	v->run.exit_reason = 39;
	memcpy(v->page + 32, words, sizeof(words));
}

#endif
