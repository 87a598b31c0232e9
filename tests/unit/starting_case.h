/* SPDX-License-Identifier: MIT */
/*
 * The starting case as text to be transformed: wrapped, quoted, cut, mixed. The parse stage must
 * still extract the case. No text here is invented; all are made from the dump.
 */
#ifndef KW_TESTS_STARTING_CASE_H
#define KW_TESTS_STARTING_CASE_H

#include "parse_text.h"

#include "base/buf.h"

static const char *const case_line[] = {
	"error: kvm run failed Operation not permitted",
	"RAX=0000000007213cc9 RBX=ffff9f30ffcd5fc0 RCX=0000000000000838 RDX=0000000000000000",
	"RSI=0000000007213cc9 RDI=0000000000000838 RBP=ffff9f30ffcc3f18 RSP=ffff9f30ffcc3f10",
	"R8 =0000000096ecb9b4 R9 =0000000000000005 R10=0000000000000000 R11=0000000000000020",
	"R12=000000007213bf6e R13=0000000000000000 R14=ffff9f30ffcdd0a8 R15=ffff9f30ffcdd0e8",
	"RIP=ffffffff96070964 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0",
	"ES =0000 0000000000000000 ffffffff 00c00000",
	"CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]",
	"SS =0018 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]",
	"DS =0000 0000000000000000 ffffffff 00c00000",
	"FS =0000 0000000000000000 ffffffff 00c00000",
	"GS =0000 ffff9f30ffcc0000 ffffffff 00c00000",
	"LDT=0000 0000000000000000 ffffffff 00c00000",
	"TR =0040 fffffe0000087000 0000206f 00008b00 DPL=0 TSS64-busy",
	"GDT=     fffffe0000085000 0000007f",
	"IDT=     fffffe0000000000 00000fff",
	"CR0=80050033 CR2=00007fffeedffbf8 CR3=0000000135db6000 CR4=000006e0",
	"DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000",
	"DR6=00000000fffe0ff0 DR7=0000000000000400",
	"EFER=0000000000000d01",
	"Code=c3 0f 21 f0 5d c3 0f 0b 0f 1f 84 00 00 00 00 00 89 f9 89 f0 <0f> 30 0f 1f 44 "
	"00 00 c3 55 48 c1 e2 20 89 f6 48 09 d6 31 d2 48 89 e5 e8 40 bf 39 00 5d c3",
};

enum { CASE_LINES = sizeof(case_line) / sizeof(case_line[0]), CASE_CODE = CASE_LINES - 1 };

static inline void add(struct kw_buf *buf, const char *text)
{
	kw_buf_add(buf, kw_str(text));
}

/* Lines @from to before @to of the case, each between @before and @after. */
static inline void add_case(struct kw_buf *buf, size_t from, size_t to, const char *before,
			    const char *after)
{
	for (size_t i = from; i < to; i++) {
		add(buf, before);
		add(buf, case_line[i]);
		add(buf, after);
	}
}

/* The case with each @old replaced by @new; an @old of "" changes nothing. */
static inline void add_case_with(struct kw_buf *buf, const char *old, const char *new)
{
	struct kw_buf whole = { 0 };
	struct kw_str rest;
	size_t at;

	add_case(&whole, 0, CASE_LINES, "", "\n");
	rest = (struct kw_str){ whole.p, whole.len };
	while (*old && (at = kw_str_find(rest, kw_str(old))) != SIZE_MAX) {
		kw_buf_add(buf, (struct kw_str){ rest.p, at });
		add(buf, new);
		rest = kw_str_from(rest, at + strlen(old));
	}
	kw_buf_add(buf, rest);
	kw_buf_deinit(&whole);
}

/* Reads the text through a stream, in pieces of @piece bytes; empties @buf. */
static inline struct seen seen_in_pieces(struct kw_buf *buf, size_t piece)
{
	struct seen seen = { .count = 0 };
	struct kw_stream *s;

	kw_arena_init(&seen.arena, 4 << 20);
	assert_int_equal(kw_stream_create(seen_add, &seen, &s), 0);
	for (size_t at = 0; at < buf->len; at += piece)
		kw_stream_feed(s, buf->p + at, piece < buf->len - at ? piece : buf->len - at);
	kw_stream_finish(s);
	kw_stream_destroy(s);
	kw_buf_deinit(buf);
	return seen;
}

static inline struct seen seen_in_stream(struct kw_buf *buf)
{
	return seen_in_pieces(buf, buf->len);
}

static inline void assert_case_registers(const struct kw_failure *f)
{
	assert_int_equal(f->arch, KW_ARCH_X86);
	assert_fact(f, rax, 0x7213cc9);
	assert_fact(f, rcx, 0x838);
	assert_fact(f, rdx, 0);
	assert_fact(f, r15, 0xffff9f30ffcdd0e8);
	assert_fact(f, rip, 0xffffffff96070964);
	assert_fact(f, rflags, 0x46);
	assert_fact(f, smm, 0);
	assert_fact(f, cs_sel, 0x10);
	assert_fact(f, cs_attr, 0xa09b);
	assert_fact(f, tr_base, 0xfffffe0000087000);
	assert_fact(f, gdt_limit, 0x7f);
	assert_fact(f, cr0, 0x80050033);
	assert_fact(f, cr2, 0x7fffeedffbf8);
	assert_fact(f, cr4, 0x6e0);
	assert_fact(f, dr6, 0xfffe0ff0);
	assert_fact(f, efer, 0xd01);
}

static inline void assert_case_code(const struct kw_failure *f)
{
	static const uint8_t wrmsr[] = { 0x89, 0xf0, 0x0f, 0x30, 0x0f, 0x1f };

	assert_int_equal(f->code.len, 50);
	assert_int_equal(f->code.marked, 20);
	assert_memory_equal(f->code.bytes + 18, wrmsr, sizeof(wrmsr));
	assert_int_equal(f->code.known, (1ull << 50) - 1);
}

/* All that the case says. */
static inline void assert_case(const struct kw_failure *f)
{
	assert_int_equal(f->class, KW_CLASS_KVM_RUN_FAILED);
	assert_text(f->text[KW_T_ERRNO], "Operation not permitted");
	assert_case_registers(f);
	assert_case_code(f);
}

/* One failure, and it is the case; frees @seen. */
static inline void assert_only_case(struct seen seen)
{
	assert_int_equal(seen.count, 1);
	assert_case(seen.failure[0]);
	seen_free(&seen);
}

#endif
