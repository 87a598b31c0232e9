/* SPDX-License-Identifier: MIT */
/*
 * For the tests of `kvmwhy watch`'s records: one that knows everything, each value another one, so that it is found
 * again in a text. It is a record made by hand for these tests, not one that a kernel gave.
 */
#ifndef KW_TESTS_WATCH_EVENT_H
#define KW_TESTS_WATCH_EVENT_H

#include <stdint.h>
#include <string.h>
#include <uapi/kvmwhy.h>

enum { KNOWS_EVERYTHING = (1 << 13) - 1 };

static inline void put_at(uint8_t *p, size_t at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		p[at + i] = (uint8_t)(value >> 8 * i);
}

/* KVM_EXIT_* and the first words of its union. */
static inline void event_exit(struct kvmwhy_event *e, uint32_t reason, uint64_t first, uint64_t second)
{
	memset(e->run, 0, sizeof(e->run));
	put_at(e->run, 8, 4, reason);
	put_at(e->run, 32, 8, first);
	put_at(e->run, 40, 8, second);
	e->known |= KVMWHY_KNOWS_RUN;
	e->result = 0;
}

/* A WRMSR of 0x7213cc9 to 0x838 that kvm_set_msr_common() refused with -1, in 64-bit code of an AMD host. */
static inline struct kvmwhy_event refused_write(void)
{
	static const uint8_t code[] = { 0x5d, 0xc3, 0x89, 0xf9, 0x89, 0xf0, 0x0f, 0x30, 0x41, 0x5e, 0x41, 0x5f, 0xc3 };
	struct kvmwhy_event e = {
		.size = sizeof(e),
		.version = KVMWHY_EVENT_VERSION,
		.source = KVMWHY_SOURCE_BPF,
		.known = KNOWS_EVERYTHING | KVMWHY_KNOWS_SVM,
		.result = -1,
		.pid = 41001,
		.tid = 41002,
		.vcpu = 3,
		.exit_reason = 0x7c,
		.exit_info1 = 1,
		.exit_info2 = 0x51a51,
		.exit_intr_info = 0x800000d1,
		.exit_error_code = 0xe44,
		.data = {
			.version = 1,
			.kind = KVMWHY_KIND_WRMSR,
			.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP | KVMWHY_HAS_EXIT | KVMWHY_WATCHED,
			.result = -1,
			.msr = 0x838,
			.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
			.value = 0x7213cc9,
			.rip = 0xffffffff96070964,
			.exit_reason = 0x7c,
		},
		.rip = 0xffffffff96070964,
		.rflags = 0x46,
		.cr0 = 0x80050033,
		.cr2 = 0x7f22c2c2c2c2,
		.cr3 = 0x13c3c3000,
		.cr4 = 0x6e0,
		.efer = 0xd01,
		.code_known = UINT64_MAX,
		.code_at = 6,
		.code_size = sizeof(code),
		.comm = "CPU 3/KVM",
	};

	for (unsigned int i = 0; i < 16; i++)
		e.regs[i] = 0xffff9a0000000000 + 0x1010101u * (i + 1);
	e.regs[0] = 0x7213cc9;
	e.regs[1] = 0x838;
	e.regs[2] = 0;
	for (unsigned int i = 0; i < KVMWHY_SEGMENTS; i++)
		e.segment[i] = (struct kvmwhy_segment){ (uint16_t)(0x80 + 8 * i), 0xc93, 0xfff00000 + i,
							0xffffb5e6000000 + 0x11000u * (i + 1) };
	e.segment[KVMWHY_CS] = (struct kvmwhy_segment){ 0x10, 0xa9b, UINT32_MAX, 0 };
	e.segment[KVMWHY_TR].attrib = 0x8b;
	e.segment[KVMWHY_LDTR].attrib = 0x82;
	memcpy(e.code, code, sizeof(code));
	memcpy(e.args, "qemu-system-x86_64\0-name\0guest=vm-seven,debug-threads=on\0", 57);
	event_exit(&e, 0, 0, 0);
	e.result = -1;
	return e;
}

#endif
