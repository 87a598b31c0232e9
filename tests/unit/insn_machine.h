/* SPDX-License-Identifier: MIT */
/*
 * For the tests of insn*.c: a vCPU with known registers, code bytes as QEMU prints them, and what
 * the instruction at RIP is expected to be.
 */
#ifndef KW_INSN_MACHINE_H
#define KW_INSN_MACHINE_H

#include "decode/x86/insn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SET(f, name, value) kw_failure_set((f), KW_F_##name, (value), KW_SEEN, KW_NO_LINE)

static struct kw_failure failure;
static struct kw_insn insn;

/* "89 f0 <0f> 30 --" as QEMU prints it, but with -- for an unreadable byte (no trigraphs). */
static inline void code(const char *text)
{
	struct kw_code *c = &failure.code;

	*c = (struct kw_code){ .marked = -1 };
	while (*text) {
		if (*text == '<') {
			c->marked = (int8_t)c->len;
			text++;
		}
		if (text[0] != '-') {
			c->bytes[c->len] = (uint8_t)strtoul(text, NULL, 16);
			c->known |= 1ull << c->len;
		}
		c->len++;
		text += 2;
		text += strspn(text, "> ");
	}
}

static inline void machine(unsigned int bits)
{
	kw_failure_init(&failure, NULL);
	failure.arch = KW_ARCH_X86;
	failure.registers_narrow = bits != 64;
	SET(&failure, cr0, bits == 64 ? 0x80050033 : bits == 32 ? 0x11 : 0x10);
	SET(&failure, cr4, bits == 64 ? 0x6f0 : 0);
	SET(&failure, efer, bits == 64 ? 0xd01 : 0);
	SET(&failure, rflags, 2);
	SET(&failure, cs_attr, bits == 64 ? 0xa09b : bits == 32 ? 0xc09b : 0x9b);
	SET(&failure, ss_attr, bits == 16 ? 0x93 : 0xc093);
	SET(&failure, rip, bits == 64 ? 0xffffffff81000000 : 0x1000);
	SET(&failure, rax, 0x11223344aabbccdd);
	SET(&failure, rcx, 0x55);
	SET(&failure, rdx, 0x3f8);
	SET(&failure, rbx, 0x2000);
	SET(&failure, rsp, 0x8000);
	SET(&failure, rbp, 0x9000);
	SET(&failure, rsi, 0x10001);
	SET(&failure, rdi, 0x20002);
	SET(&failure, r14, 0xffff888000000000);
	SET(&failure, es_base, 0x300000);
	SET(&failure, cs_base, 0x0);
	SET(&failure, ss_base, 0x500000);
	SET(&failure, ds_base, 0x400000);
	SET(&failure, fs_base, 0x600000);
	SET(&failure, gs_base, 0xffff888100000000);
}

static inline void run(unsigned int bits, const char *bytes, enum kw_insn_kind kind,
		       const char *text)
{
	machine(bits);
	code(bytes);
	assert_int_equal(kw_insn_at_rip(&failure, &insn), KW_CODE_OK);
	assert_string_equal(insn.text, text);
	assert_string_equal(kw_insn_kind_name(insn.kind), kw_insn_kind_name(kind));
	assert_int_equal(insn.bits, bits);
	assert_int_equal(insn.length, failure.code.len);
	assert_memory_equal(insn.bytes, failure.code.bytes, insn.length);
}

static inline void memory(uint64_t gva, unsigned int bytes, const char *access)
{
	assert_true(insn.has_mem);
	assert_true(insn.mem_gva == gva);
	assert_int_equal(insn.mem_bytes, bytes);
	assert_int_equal(insn.mem_read, !!strchr(access, 'r'));
	assert_int_equal(insn.mem_write, !!strchr(access, 'w'));
}

#endif
