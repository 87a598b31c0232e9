/* SPDX-License-Identifier: MIT */
/*
 * For the tests of `kvmwhy watch`'s records: one that knows everything, each value distinct, so
 * that it can be found in a text. It is hand-made for these tests, not from a kernel.
 */
#ifndef KW_TESTS_WATCH_EVENT_H
#define KW_TESTS_WATCH_EVENT_H

#include <stdint.h>
#include <string.h>
#include <uapi/kvmwhy-event.h>

/* Of the common section, and of the x86 section except the vendor. */
enum {
	KNOWS_COMMON = KVMWHY_KNOWS_VCPU | KVMWHY_KNOWS_RUN | KVMWHY_KNOWS_CODE,
	KNOWS_X86 = KVMWHY_X86_DATA | KVMWHY_X86_EXIT | KVMWHY_X86_INFO | KVMWHY_X86_REGS |
		    KVMWHY_X86_RIP | KVMWHY_X86_RFLAGS | KVMWHY_X86_CONTROL | KVMWHY_X86_CR2 |
		    KVMWHY_X86_CR3 | KVMWHY_X86_SEGMENTS
};

static inline void put_at(uint8_t *p, size_t at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		p[at + i] = (uint8_t)(value >> 8 * i);
}

/* KVM_EXIT_* and the first words of its union. */
static inline void event_exit(struct kvmwhy_event *e, uint32_t reason, uint64_t first,
			      uint64_t second)
{
	memset(e->common.run, 0, sizeof(e->common.run));
	put_at(e->common.run, 8, 4, reason);
	put_at(e->common.run, 32, 8, first);
	put_at(e->common.run, 40, 8, second);
	e->common.known |= KVMWHY_KNOWS_RUN;
	e->common.result = 0;
}

/*
 * A WRMSR of 0x7213cc9 to 0x838 that kvm_set_msr_common() refused with -1, in 64-bit code of an AMD
 * host.
 */
static inline struct kvmwhy_event refused_write(void)
{
	static const uint8_t code[] = { 0x5d, 0xc3, 0x89, 0xf9, 0x89, 0xf0, 0x0f,
					0x30, 0x41, 0x5e, 0x41, 0x5f, 0xc3 };
	struct kvmwhy_event e = {
		KVMWHY_EVENT_HEADS_X86,
		.common.known = KNOWS_COMMON,
		.common.source = KVMWHY_SOURCE_BPF,
		.common.pid = 41001,
		.common.tid = 41002,
		.common.vcpu = 3,
		.common.code_known = UINT64_MAX,
		.common.code_at = 6,
		.common.code_size = sizeof(code),
		.common.comm = "CPU 3/KVM",
		.x86.known = KNOWS_X86 | KVMWHY_X86_SVM,
		.x86.exit_reason = 0x7c,
		.x86.exit_info1 = 1,
		.x86.exit_info2 = 0x51a51,
		.x86.exit_intr_info = 0x800000d1,
		.x86.exit_error_code = 0xe44,
		.x86.data = {
			.version = 1,
			.kind = KVMWHY_KIND_WRMSR,
			.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP |
			KVMWHY_HAS_EXIT | KVMWHY_WATCHED,
			.result = -1,
			.msr = 0x838,
			.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
			.value = 0x7213cc9,
			.rip = 0xffffffff96070964,
			.exit_reason = 0x7c,
		},
		.x86.rip = 0xffffffff96070964,
		.x86.rflags = 0x46,
		.x86.cr0 = 0x80050033,
		.x86.cr2 = 0x7f22c2c2c2c2,
		.x86.cr3 = 0x13c3c3000,
		.x86.cr4 = 0x6e0,
		.x86.efer = 0xd01,
	};

	for (unsigned int i = 0; i < 16; i++)
		e.x86.regs[i] = 0xffff9a0000000000 + 0x1010101u * (i + 1);
	e.x86.regs[0] = 0x7213cc9;
	e.x86.regs[1] = 0x838;
	e.x86.regs[2] = 0;
	for (unsigned int i = 0; i < KVMWHY_SEGMENTS; i++)
		e.x86.segment[i] =
			(struct kvmwhy_segment){ (uint16_t)(0x80 + 8 * i), 0xc93, 0xfff00000 + i,
						 0xffffb5e6000000 + 0x11000u * (i + 1) };
	e.x86.segment[KVMWHY_CS] = (struct kvmwhy_segment){ 0x10, 0xa9b, UINT32_MAX, 0 };
	e.x86.segment[KVMWHY_TR].attrib = 0x8b;
	e.x86.segment[KVMWHY_LDTR].attrib = 0x82;
	memcpy(e.common.code, code, sizeof(code));
	memcpy(e.common.args, "qemu-system-x86_64\0-name\0guest=vm-seven,debug-threads=on\0", 57);
	event_exit(&e, 0, 0, 0);
	e.common.result = -1;
	return e;
}

#endif
