// SPDX-License-Identifier: MIT
/*
 * The kvm_run page of a vCPU (Linux include/uapi/linux/kvm.h, struct kvm_run of x86): rows of hex
 * bytes in a text, such as "vmm: kvm_run 020: 57 4b 00 00 ...", or the page itself, optionally with
 * struct kvm_regs and kvm_sregs. If KVM_RUN returned an errno, exit_reason means nothing, except
 * for KVM_EXIT_MEMORY_FAULT and for what kvmwhy.ko put there.
 */
#include "parse/parse.h"
#include "failure/x86.h"

#include <uapi/kvmwhy.h>

enum {
	ROW = KW_RUN_ROW,
	AT_EXIT_REASON = 8,
	AT_FLAGS = 14,
	AT_UNION = 32,
	AT_NDATA = 36,
	AT_DATA = 40,
	AT_VALID_REGS = 288,
	AT_REGS = 304,
	AT_SREGS = AT_REGS + 144,
	AT_TABLES = AT_SREGS + 192,
	SEGMENT_BYTES = 24,
	MAX_DATA = 16,
	SYNC_REGS = 1, /* KVM_SYNC_X86_REGS */
	SYNC_SREGS = 2,
};

enum { RUN_X86_SMM = 1 /* KVM_RUN_X86_SMM of .flags */ };

/* A number in the page: where, how wide, and for which exit_reason it is there. */
struct field {
	uint16_t at;
	uint8_t size, reason;
	uint16_t fact;
};

static const struct field exit_fields[] = {
	{ AT_UNION, 8, KW_KVM_EXIT_UNKNOWN, KW_F_hardware_exit_reason },
	{ AT_UNION, 4, KW_KVM_EXIT_EXCEPTION, KW_F_exception },
	{ AT_UNION + 4, 4, KW_KVM_EXIT_EXCEPTION, KW_F_exception_error_code },
	{ AT_UNION, 8, KW_KVM_EXIT_FAIL_ENTRY, KW_F_hardware_error },
	{ AT_UNION + 8, 4, KW_KVM_EXIT_FAIL_ENTRY, KW_F_cpu },
	{ AT_UNION, 4, KW_KVM_EXIT_INTERNAL_ERROR, KW_F_suberror },
	{ AT_UNION, 8, KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_flags },
	{ AT_UNION + 8, 8, KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_gpa },
	{ AT_UNION + 16, 8, KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_size },
};

/* struct kvm_regs */
static const uint16_t regs[] = {
	KW_F_rax, KW_F_rbx, KW_F_rcx, KW_F_rdx, KW_F_rsi, KW_F_rdi, KW_F_rsp, KW_F_rbp, KW_F_r8,
	KW_F_r9, KW_F_r10, KW_F_r11, KW_F_r12, KW_F_r13, KW_F_r14, KW_F_r15, KW_F_rip, KW_F_rflags,
};

/* struct kvm_sregs: segments by their first fact, then tables and control registers */
static const uint16_t segments[] = {
	KW_F_cs_sel, KW_F_ds_sel, KW_F_es_sel, KW_F_fs_sel,
	KW_F_gs_sel, KW_F_ss_sel, KW_F_tr_sel, KW_F_ldt_sel,
};

static const struct field sregs[] = {
	{ AT_TABLES, 8, 0, KW_F_gdt_base },	 { AT_TABLES + 8, 2, 0, KW_F_gdt_limit },
	{ AT_TABLES + 16, 8, 0, KW_F_idt_base }, { AT_TABLES + 24, 2, 0, KW_F_idt_limit },
	{ AT_TABLES + 32, 8, 0, KW_F_cr0 },	 { AT_TABLES + 40, 8, 0, KW_F_cr2 },
	{ AT_TABLES + 48, 8, 0, KW_F_cr3 },	 { AT_TABLES + 56, 8, 0, KW_F_cr4 },
	{ AT_TABLES + 64, 8, 0, KW_F_cr8 },	 { AT_TABLES + 72, 8, 0, KW_F_efer },
	{ AT_TABLES + 80, 8, 0, KW_F_apic_base },
};

_Static_assert(AT_TABLES + 88 <= KW_RUN_ROWS * ROW, "all of struct kvm_sregs that is read is kept");
_Static_assert(AT_TABLES + 88 - AT_SREGS <= KW_VCPU_SREGS_BYTES, "and it is there to be copied");

/* The number at @at, if the rows that contain it were seen. */
static bool number_at(const struct kw_run_page *page, size_t at, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = size; i--;) {
		if ((at + i) % ROW >= page->len[(at + i) / ROW])
			return false;
		value = value << 8 | page->bytes[at + i];
	}
	*ret = value;
	return true;
}

/* Is the last byte of these in @row? Then the number is complete, if rows come in order. */
static bool ends_in(size_t at, size_t size, size_t row)
{
	return (at + size - 1) / ROW == row;
}

static void disagree(struct kw_failure *f, const struct kw_clean_line *line, const char *name)
{
	if (f->page.odd)
		return;
	f->page.odd = true;
	kw_failure_add_note(f, line ? line->number : 0,
			    kw_arena_printf(f->arena, "kvm_run and the rest of the text differ in "
						      "%s: the page may belong to another "
						      "failure", name));
}

/* What the text said before wins; a page that contradicts it is noted. */
static void put(struct kw_failure *f, const struct kw_clean_line *line, enum kw_fact fact,
		uint64_t value)
{
	if (!kw_known(f, fact))
		kw_gather_fact(f, line, fact, value);
	else if (f->fact[fact] != value &&
		 !(f->registers_narrow && (uint32_t)f->fact[fact] == (uint32_t)value))
		disagree(f, line, kw_facts[fact].name);
}

static void put_data(struct kw_failure *f, const struct kw_clean_line *line, unsigned int i,
		     uint64_t value)
{
	if (f->extra_known >> i & 1) {
		if (f->extra[i] != value)
			disagree(f, line, "the data of the internal error");
		return;
	}
	f->extra[i] = value;
	f->extra_known |= 1u << i;
	f->extra_line[i] = kw_gather_line(f, line);
}

static bool is_annotated(const struct kw_run_page *page)
{
	uint64_t suberror, version;

	return number_at(page, AT_UNION, 4, &suberror) && suberror == KVMWHY_SUBERROR &&
	       number_at(page, AT_DATA, 2, &version) && version;
}

/* The exit the record shows without the page, UINT64_MAX if none. */
static uint64_t reason_told(const struct kw_failure *f)
{
	if (kw_has(f, exit_reason))
		return f->exit_reason;
	if (f->class == KW_CLASS_ENTRY_FAILED)
		return KW_KVM_EXIT_FAIL_ENTRY;
	return f->class == KW_CLASS_INTERNAL_ERROR ? KW_KVM_EXIT_INTERNAL_ERROR : UINT64_MAX;
}

/* Does the page say why this KVM_RUN ended? */
static bool has_meaning(const struct kw_failure *f)
{
	uint64_t reason = f->run_exit_reason, told = reason_told(f);

	if (f->class == KW_CLASS_KVM_RUN_FAILED)
		return reason == KW_KVM_EXIT_MEMORY_FAULT ||
		       (reason == KW_KVM_EXIT_INTERNAL_ERROR && is_annotated(&f->page));
	return told == UINT64_MAX || told == reason;
}

static void read_exit(struct kw_failure *f, const struct kw_clean_line *line, size_t row)
{
	uint64_t value, ndata = 0;

	for (size_t i = 0; i < sizeof(exit_fields) / sizeof(exit_fields[0]); i++) {
		const struct field *e = &exit_fields[i];

		if (e->reason == f->run_exit_reason && ends_in(e->at, e->size, row) &&
		    number_at(&f->page, e->at, e->size, &value))
			put(f, line, (enum kw_fact)e->fact, value);
	}
	if (f->run_exit_reason != KW_KVM_EXIT_INTERNAL_ERROR ||
	    !number_at(&f->page, AT_NDATA, 4, &ndata))
		return;
	for (unsigned int i = 0; i < MAX_DATA && i < ndata; i++) {
		if (ends_in(AT_DATA + 8 * i, 8, row) &&
		    number_at(&f->page, AT_DATA + 8 * i, 8, &value))
			put_data(f, line, i, value);
	}
}

/* Access rights as VMX has them, from the bytes type, present, dpl, db, s, l, g, avl, unusable. */
static uint64_t rights(const uint8_t *p)
{
	return (p[0] & 15u) | (p[4] & 1u) << 4 | (p[2] & 3u) << 5 | (p[1] & 1u) << 7 |
	       (p[7] & 1u) << 12 | (p[5] & 1u) << 13 | (p[3] & 1u) << 14 | (p[6] & 1u) << 15 |
	       (p[8] & 1u) << 16;
}

static void read_segment(struct kw_failure *f, const struct kw_clean_line *line, size_t at,
			 enum kw_fact sel_fact)
{
	uint64_t base, limit, sel, rest;

	if (!number_at(&f->page, at, 8, &base) || !number_at(&f->page, at + 8, 4, &limit) ||
	    !number_at(&f->page, at + 12, 2, &sel) || !number_at(&f->page, at + 16, 8, &rest))
		return;
	put(f, line, sel_fact, sel);
	put(f, line, kw_part(sel_fact, KW_BASE), base);
	put(f, line, kw_part(sel_fact, KW_LIMIT), limit);
	put(f, line, kw_part(sel_fact, KW_ATTR), rights(f->page.bytes + at + 14));
}

/* KVM stores them whenever KVM_RUN ends, even with an errno. */
static void read_sync_regs(struct kw_failure *f, const struct kw_clean_line *line, size_t row)
{
	uint64_t valid, value;

	if (!number_at(&f->page, AT_VALID_REGS, 8, &valid))
		return;
	if (valid & (SYNC_REGS | SYNC_SREGS))
		f->arch = KW_ARCH_X86;
	for (size_t i = 0; valid & SYNC_REGS && i < sizeof(regs) / sizeof(regs[0]); i++) {
		if (ends_in(AT_REGS + 8 * i, 8, row) &&
		    number_at(&f->page, AT_REGS + 8 * i, 8, &value))
			put(f, line, (enum kw_fact)regs[i], value);
	}
	for (size_t i = 0; valid & SYNC_SREGS && i < sizeof(segments) / sizeof(segments[0]); i++) {
		if (ends_in(AT_SREGS + SEGMENT_BYTES * i, SEGMENT_BYTES, row))
			read_segment(f, line, AT_SREGS + SEGMENT_BYTES * i,
				     (enum kw_fact)segments[i]);
	}
	for (size_t i = 0; valid & SYNC_SREGS && i < sizeof(sregs) / sizeof(sregs[0]); i++) {
		if (ends_in(sregs[i].at, sregs[i].size, row) &&
		    number_at(&f->page, sregs[i].at, sregs[i].size, &value))
			put(f, line, (enum kw_fact)sregs[i].fact, value);
	}
}

/* "kvm_run 020: 57 4b 00": the offset and what follows the colon. */
static bool row_of(struct kw_str text, uint64_t *at, struct kw_str *bytes)
{
	static const struct kw_str name = KW_STR("kvm_run ");
	size_t found = kw_str_find(text, name), len;

	if (found == SIZE_MAX)
		return false;
	text = kw_str_from(text, found + name.len);
	len = kw_str_hex(text, at);
	return len >= 3 && kw_str_skip(kw_str_from(text, len), KW_STR(":"), bytes) &&
	       *at % ROW == 0;
}

/* At most a row of bytes, two digits each; returns the number of bytes. */
static size_t bytes_of(struct kw_str s, uint8_t ret[static ROW])
{
	size_t n = 0;

	for (; n < ROW && s.len >= 3 && s.p[0] == ' '; n++) {
		int high = kw_hex_digit(s.p[1]), low = kw_hex_digit(s.p[2]);

		if (high < 0 || low < 0 || (s.len > 3 && kw_is_word(s.p[3])))
			break;
		ret[n] = (uint8_t)(high << 4 | low);
		s = kw_str_from(s, 3);
	}
	return n;
}

/* The class of a page on its own; an ordinary exit is not a failure, and a rule says so. */
static enum kw_class class_of(uint64_t reason)
{
	if (reason == KW_KVM_EXIT_FAIL_ENTRY)
		return KW_CLASS_ENTRY_FAILED;
	return reason == KW_KVM_EXIT_INTERNAL_ERROR ? KW_CLASS_INTERNAL_ERROR :
						      KW_CLASS_UNKNOWN_EXIT;
}

/* The VMM's own message, which the page belongs to. */
static bool may_have_page(const struct kw_failure *f)
{
	return !kw_has(f, run_exit_reason) &&
	       (f->class == KW_CLASS_KVM_RUN_FAILED || f->class == KW_CLASS_INTERNAL_ERROR ||
		f->class == KW_CLASS_ENTRY_FAILED || f->class == KW_CLASS_UNKNOWN_EXIT ||
		f->class == KW_CLASS_VMM_ERROR);
}

/* Distinct from the numbers of other headlines. */
#define PAGE (1ull << 63)

/* Row 0 has exit_reason, without which no other row has a meaning: it begins the page. */
static void begin_page(struct kw_gather *g, const struct kw_clean_line *line, const uint8_t *bytes,
		       size_t len)
{
	struct kw_failure *f = kw_gather_current(g);
	uint64_t reason, told;

	if (len < AT_EXIT_REASON + 4)
		return;
	reason = bytes[AT_EXIT_REASON] | (uint64_t)bytes[AT_EXIT_REASON + 1] << 8 |
		 (uint64_t)bytes[AT_EXIT_REASON + 2] << 16 |
		 (uint64_t)bytes[AT_EXIT_REASON + 3] << 24;
	if (!f || !may_have_page(f))
		f = kw_gather_headline(g, class_of(reason), line->number | PAGE, true, line);
	kw_gather_fact(f, line, KW_F_run_exit_reason, reason);
	told = reason_told(f);
	if (f->class != KW_CLASS_KVM_RUN_FAILED && told != UINT64_MAX && told != reason)
		disagree(f, line, "exit_reason");
	/* an internal error is identified by its suberror */
	if (f->class != KW_CLASS_KVM_RUN_FAILED && f->class != KW_CLASS_INTERNAL_ERROR &&
	    !kw_has(f, exit_reason) && has_meaning(f))
		kw_gather_fact(f, line, KW_F_exit_reason, reason);
}

static enum kw_took run_page_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f;
	struct kw_str rest;
	uint8_t bytes[ROW];
	uint64_t at, row;
	size_t len;

	if (!row_of(line->text, &at, &rest))
		return KW_TOOK_NOTHING;
	len = bytes_of(rest, bytes);
	row = at / ROW;
	if (row == 0)
		begin_page(g, line, bytes, len);
	f = kw_gather_current(g);
	if (!f || !kw_has(f, run_exit_reason))
		return KW_TOOK_NOTHING;
	if (row >= KW_RUN_ROWS || !len || f->page.len[row])
		return KW_TOOK_LINE;
	memcpy(f->page.bytes + at, bytes, len);
	f->page.len[row] = (uint8_t)len;
	if (has_meaning(f))
		read_exit(f, line, row);
	read_sync_regs(f, line, row);
	return KW_TOOK_LINE;
}

static const struct kw_str needles[] = { KW_STR("kvm_run 000:"), { 0 } };

const struct kw_parser kw_parser_run_page = { .name = "run-page",
					      .words = needles,
					      .line = run_page_line };

/* Bytes at @at of the page. */
static void put_bytes(struct kw_run_page *page, size_t at, const void *bytes, size_t len)
{
	size_t end = at + len;

	memcpy(page->bytes + at, bytes, len);
	for (size_t row = at / ROW; row * ROW < end; row++)
		page->len[row] = (uint8_t)(end - row * ROW < ROW ? end - row * ROW : ROW);
}

/* Structures passed separately are placed where KVM_CAP_SYNC_REGS would have put them. */
static void put_registers(struct kw_run_page *page, const void *regs_, const void *sregs_)
{
	uint64_t valid = 0;

	if (number_at(page, AT_VALID_REGS, 8, &valid))
		valid &= SYNC_REGS | SYNC_SREGS;
	if (sregs_) {
		valid |= SYNC_SREGS;
		put_bytes(page, AT_SREGS, sregs_, AT_TABLES + 88 - AT_SREGS);
	}
	if (regs_) {
		valid |= SYNC_REGS;
		put_bytes(page, AT_REGS, regs_, KW_VCPU_REGS_BYTES);
	}
	if (regs_ || sregs_)
		put_bytes(page, AT_VALID_REGS, (const uint8_t[ROW]){ (uint8_t)valid }, ROW);
}

/* What a VMM's message would have said. */
static void read_end(struct kw_failure *f, int error)
{
	uint64_t reason;
	bool known = number_at(&f->page, AT_EXIT_REASON, 4, &reason);

	f->class = error ? KW_CLASS_KVM_RUN_FAILED :
		   known ? class_of(reason) :
			   KW_CLASS_REGISTER_DUMP;
	if (error)
		kw_gather_fact(f, NULL, KW_F_errno_number, (uint64_t)error);
	if (!known)
		return;
	kw_gather_fact(f, NULL, KW_F_run_exit_reason, reason);
	if (!error && reason == KW_KVM_EXIT_NOTIFY)
		f->class = KW_CLASS_INTERNAL_ERROR; /* as QEMU words it */
	if (!error && reason != KW_KVM_EXIT_INTERNAL_ERROR && reason != KW_KVM_EXIT_FAIL_ENTRY)
		kw_gather_fact(f, NULL, KW_F_exit_reason, reason);
}

/* KVM updates it whenever KVM_RUN ends. */
static void read_flags(struct kw_failure *f)
{
	uint64_t flags;

	if (number_at(&f->page, AT_FLAGS, 2, &flags))
		kw_gather_fact(f, NULL, KW_F_smm, flags & RUN_X86_SMM);
}

void kw_run_page_read(struct kw_failure *f, int error, const uint8_t *page, size_t len,
		      const void *regs_, const void *sregs_)
{
	if (page)
		put_bytes(&f->page, 0, page,
			  len < sizeof(f->page.bytes) ? len : sizeof(f->page.bytes));
	put_registers(&f->page, regs_, sregs_);
	read_end(f, error);
	read_flags(f);
	for (size_t row = 0; row < KW_RUN_ROWS; row++) {
		if (kw_has(f, run_exit_reason) && has_meaning(f))
			read_exit(f, NULL, row);
		read_sync_regs(f, NULL, row);
	}
	f->emulation_failure = f->class == KW_CLASS_INTERNAL_ERROR && kw_has(f, suberror) &&
			       f->suberror == KW_SUBERROR_EMULATION;
}
