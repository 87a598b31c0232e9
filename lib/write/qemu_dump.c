// SPDX-License-Identifier: MIT
/*
 * A record of a vCPU in, the lines that QEMU would print of it out: the words of kvm_cpu_exec(),
 * then x86_cpu_dump_state(). Unlike QEMU, it leaves out what is unknown and cuts off no digits.
 * Exits for which QEMU has no words are written as rows of the kvm_run page.
 */
#include "write/write.h"
#include "failure/x86.h"

#include "decode/tables.h"

#include <kvm_numbers.h>

enum { LINE_BYTES = 320, RUN_DATA = 40, ROW_UNION = 2 };

enum { NOTIFY_CONTEXT_INVALID = 1 };

struct dump {
	struct kw_failure *f;
	kw_line_fn fn;
	void *arg;
	struct kw_buf line;
	uint16_t count; /* of lines before this one */
};

static void end(struct dump *d)
{
	if (!d->line.len)
		return;
	d->fn(d->arg, (struct kw_str){ d->line.p, d->line.len });
	kw_buf_reset(&d->line);
	d->count++;
}

/* The fact is in this line. */
static void here(struct dump *d, enum kw_fact fact)
{
	if (kw_known(d->f, fact))
		d->f->origin[fact].line = d->count;
}

static void put(struct dump *d, const char *text)
{
	kw_buf_add(&d->line, kw_str(text));
}

static void hex(struct dump *d, enum kw_fact fact, unsigned int digits)
{
	kw_buf_hex(&d->line, d->f->fact[fact], digits);
	here(d, fact);
}

/* The same, with question marks for unknown values: what follows must keep its place. */
static void hex_or_gap(struct dump *d, enum kw_fact fact, unsigned int digits)
{
	if (kw_known(d->f, fact))
		hex(d, fact, digits);
	else
		kw_buf_repeat(&d->line, '?', digits);
}

/* "RAX=0000000000000000", after a blank except at the start of a line; nothing if unknown. */
static bool token(struct dump *d, const char *name, enum kw_fact fact, unsigned int digits)
{
	if (!kw_known(d->f, fact))
		return false;
	put(d, d->line.len ? " " : "");
	put(d, name);
	hex(d, fact, digits);
	return true;
}

/* What ended KVM_RUN */

static void run_row(struct dump *d, size_t row)
{
	const struct kw_run_page *page = &d->f->page;

	if (!page->len[row])
		return;
	put(d, "kvm_run ");
	kw_buf_hex(&d->line, row * KW_RUN_ROW, 3);
	put(d, ":");
	for (size_t i = 0; i < page->len[row]; i++) {
		put(d, " ");
		kw_buf_hex(&d->line, page->bytes[row * KW_RUN_ROW + i], 2);
	}
}

static size_t count_words(const struct kw_failure *f)
{
	size_t n = 0;

	while (n < KW_MAX_EXTRA && f->extra_known >> n & 1)
		n++;
	return n;
}

/* kvmwhy.ko's words with an errno: QEMU does not print them. */
static void module_rows(struct dump *d)
{
	struct kw_failure *f = d->f;
	size_t words = count_words(f), last = (RUN_DATA + 8 * words - 1) / KW_RUN_ROW;

	here(d, KW_F_run_exit_reason);
	run_row(d, 0);
	end(d);
	for (size_t row = ROW_UNION; row <= last; row++) {
		if (row == ROW_UNION)
			here(d, KW_F_suberror);
		for (size_t i = 0; i < words; i++) {
			if ((RUN_DATA + 8 * i) / KW_RUN_ROW == row)
				f->extra_line[i] = d->count;
		}
		run_row(d, row);
		end(d);
	}
}

static void memory_fault(struct dump *d)
{
	if (!kw_has(d->f, memory_fault_size))
		return;
	put(d, "KVM_EXIT_MEMORY_FAULT flags 0x");
	hex(d, KW_F_memory_fault_flags, 1);
	put(d, " gpa 0x");
	hex(d, KW_F_memory_fault_gpa, 1);
	put(d, " size 0x");
	hex(d, KW_F_memory_fault_size, 1);
	end(d);
}

static void run_failed(struct dump *d)
{
	int number = (int)d->f->errno_number;
	const char *text = kw_errno_text(number);

	put(d, "error: kvm run failed ");
	if (text)
		put(d, text);
	else
		kw_buf_printf(&d->line, "Unknown error %d", number);
	here(d, KW_F_errno_number);
	end(d);
	if (number == KW_EFAULT || number == KW_EHWPOISON)
		memory_fault(d);
}

static void internal_error(struct dump *d)
{
	struct kw_failure *f = d->f;
	size_t words = count_words(f);

	here(d, KW_F_suberror);
	here(d, KW_F_exit_reason);
	if (!kw_has(f, suberror)) {
		kw_buf_printf(
			&d->line,
			"KVM internal error: Encounter a notify exit with %svalid context in guest.",
			f->page.bytes[ROW_UNION * KW_RUN_ROW] & NOTIFY_CONTEXT_INVALID ? "in" : "");
		end(d);
		return;
	}
	kw_buf_printf(&d->line, "KVM internal error. Suberror: %llu",
		      (unsigned long long)f->suberror);
	end(d);
	for (size_t i = 0; i < words; i++) {
		f->extra_line[i] = d->count;
		kw_buf_printf(&d->line, "extra data[%zu]: 0x%016llx", i,
			      (unsigned long long)f->extra[i]);
		end(d);
	}
	if (f->emulation_failure)
		put(d, "emulation failure");
	end(d);
}

static void entry_failed(struct dump *d)
{
	put(d, "KVM: entry failed, hardware error 0x");
	hex(d, KW_F_hardware_error, 1);
	end(d);
}

static void other_exit(struct dump *d)
{
	struct kw_failure *f = d->f;
	uint64_t reason = f->exit_reason;

	here(d, KW_F_exit_reason);
	if (reason == KW_KVM_EXIT_UNKNOWN) {
		put(d, "KVM: unknown exit, hardware reason ");
		hex(d, KW_F_hardware_exit_reason, 1);
	} else if (reason == KW_KVM_EXIT_EXCEPTION) {
		kw_buf_printf(&d->line, "KVM: exception %llu exit (error code 0x",
			      (unsigned long long)f->exception);
		here(d, KW_F_exception);
		hex(d, KW_F_exception_error_code, 1);
		put(d, ")");
	} else if (kw_kvm_exit_is_served(reason) && kw_kvm_exit_name(reason)) {
		here(d, KW_F_run_exit_reason);
		run_row(d, 0);
	} else {
		kw_buf_printf(&d->line, "KVM: unknown exit reason %llu",
			      (unsigned long long)reason);
	}
	end(d);
	if (reason == KW_KVM_EXIT_MEMORY_FAULT)
		memory_fault(d);
}

static void words(struct dump *d)
{
	switch (d->f->class) {
	case KW_CLASS_KVM_RUN_FAILED:
		run_failed(d);
		break;
	case KW_CLASS_INTERNAL_ERROR:
		internal_error(d);
		break;
	case KW_CLASS_ENTRY_FAILED:
		entry_failed(d);
		break;
	case KW_CLASS_UNKNOWN_EXIT:
		other_exit(d);
		break;
	default:
		return;
	}
	d->f->headline = (struct kw_origin){ .how = KW_SEEN, .line = 0 };
}

/* The registers */

struct reg {
	char wide[5], narrow[5];
	uint16_t fact;
};

static const struct reg general[] = {
	{ "RAX=", "EAX=", KW_F_rax }, { "RBX=", "EBX=", KW_F_rbx },
	{ "RCX=", "ECX=", KW_F_rcx }, { "RDX=", "EDX=", KW_F_rdx },
	{ "RSI=", "ESI=", KW_F_rsi }, { "RDI=", "EDI=", KW_F_rdi },
	{ "RBP=", "EBP=", KW_F_rbp }, { "RSP=", "ESP=", KW_F_rsp },
	{ "R8 =", "", KW_F_r8 },      { "R9 =", "", KW_F_r9 },
	{ "R10=", "", KW_F_r10 },     { "R11=", "", KW_F_r11 },
	{ "R12=", "", KW_F_r12 },     { "R13=", "", KW_F_r13 },
	{ "R14=", "", KW_F_r14 },     { "R15=", "", KW_F_r15 },
};

static void general_registers(struct dump *d)
{
	bool narrow = d->f->registers_narrow;

	for (size_t i = 0; i < sizeof(general) / sizeof(general[0]); i++) {
		const struct reg *reg = &general[i];

		if (!narrow || reg->narrow[0])
			token(d, narrow ? reg->narrow : reg->wide, (enum kw_fact)reg->fact,
			      narrow ? 8 : 16);
		if (i % 4 == 3)
			end(d);
	}
}

static void flags_register(struct dump *d)
{
	static const char names[] = "DOSZAPC";
	static const uint8_t bits[] = { 10, 11, 7, 6, 4, 2, 0 };
	bool narrow = d->f->registers_narrow;

	token(d, narrow ? "EIP=" : "RIP=", KW_F_rip, narrow ? 8 : 16);
	if (token(d, narrow ? "EFL=" : "RFL=", KW_F_rflags, 8)) {
		put(d, " [");
		for (size_t i = 0; i < sizeof(bits); i++)
			kw_buf_char(&d->line, d->f->rflags >> bits[i] & 1 ? names[i] : '-');
		put(d, "]");
	}
	token(d, "CPL=", KW_F_cpl, 1);
	token(d, "II=", KW_F_ii, 1);
	token(d, "SMM=", KW_F_smm, 1);
	end(d);
}

/* Access rights: VMX's, as the record has them. */
enum {
	ATTR_TYPE = 15,
	ATTR_S = 1 << 4,
	ATTR_DPL = 5,
	ATTR_P = 1 << 7,
	ATTR_L = 1 << 13,
	ATTR_DB = 1 << 14,
	ATTR_UNUSABLE = 1 << 16,
	TYPE_CODE = 8,
	TYPE_CE = 4,
	TYPE_RW = 2,
	TYPE_A = 1,
	CR0_PE = 1,
	EFER_LMA = 1 << 10
};

/* QEMU's names of system segments, by type: outside long mode, and in it. */
static const char *const system_names[2][16] = {
	{ "Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate", "IntGate16",
	  "TrapGate16", "Reserved", "TSS32-avl", "Reserved", "TSS32-busy", "CallGate32", "Reserved",
	  "IntGate32", "TrapGate32" },
	{ "<hiword>", "Reserved", "LDT", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved",
	  "Reserved", "TSS64-avl", "Reserved", "TSS64-busy", "CallGate64", "Reserved", "IntGate64",
	  "TrapGate64" },
};

static bool long_mode(const struct kw_failure *f)
{
	return kw_has(f, efer) && f->efer & EFER_LMA;
}

static void segment_type(struct dump *d, uint64_t attr)
{
	bool lma = long_mode(d->f), code = attr & TYPE_CODE;

	if (!(attr & ATTR_S)) {
		put(d, system_names[lma][attr & ATTR_TYPE]);
		return;
	}
	if (code)
		put(d, attr & ATTR_L ? "CS64" : attr & ATTR_DB ? "CS32" : "CS16");
	else
		put(d, attr & ATTR_DB || lma ? "DS  " : "DS16");
	kw_buf_printf(&d->line, " [%c%c%c]", attr & TYPE_CE ? (code ? 'C' : 'E') : '-',
		      attr & TYPE_RW ? (code ? 'R' : 'W') : '-', attr & TYPE_A ? 'A' : '-');
}

/*
 * "CS =0008 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]"; the flags are the descriptor's
 * second word.
 */
static void segment(struct dump *d, const char *name, enum kw_fact sel)
{
	uint64_t attr = d->f->fact[kw_part(sel, KW_ATTR)];

	if (!token(d, name, sel, 4))
		return;
	put(d, " ");
	hex_or_gap(d, kw_part(sel, KW_BASE), d->f->registers_narrow ? 8 : 16);
	put(d, " ");
	hex_or_gap(d, kw_part(sel, KW_LIMIT), 8);
	put(d, " ");
	if (attr & ATTR_UNUSABLE)
		attr &= ~(uint64_t)ATTR_P;
	kw_buf_hex(&d->line, (attr & 0xf0ff) << 8, 8);
	here(d, kw_part(sel, KW_ATTR));
	if (attr & ATTR_P && kw_has(d->f, cr0) && d->f->cr0 & CR0_PE) {
		kw_buf_printf(&d->line, " DPL=%u ", (unsigned int)(attr >> ATTR_DPL & 3));
		segment_type(d, attr);
	}
	end(d);
}

static void segments(struct dump *d)
{
	static const struct {
		char name[5];
		uint16_t sel;
	} all[] = {
		{ "ES =", KW_F_es_sel },  { "CS =", KW_F_cs_sel }, { "SS =", KW_F_ss_sel },
		{ "DS =", KW_F_ds_sel },  { "FS =", KW_F_fs_sel }, { "GS =", KW_F_gs_sel },
		{ "LDT=", KW_F_ldt_sel }, { "TR =", KW_F_tr_sel },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		segment(d, all[i].name, (enum kw_fact)all[i].sel);
}

static void table(struct dump *d, const char *name, enum kw_fact base)
{
	if (!kw_known(d->f, base) && !kw_known(d->f, kw_table_limit(base)))
		return;
	put(d, name);
	hex_or_gap(d, base, long_mode(d->f) ? 16 : 8);
	put(d, " ");
	hex_or_gap(d, kw_table_limit(base), 8);
	end(d);
}

static void system_registers(struct dump *d)
{
	unsigned int digits = long_mode(d->f) ? 16 : 8;

	table(d, "GDT=     ", KW_F_gdt_base);
	table(d, "IDT=     ", KW_F_idt_base);
	token(d, "CR0=", KW_F_cr0, 8);
	token(d, "CR2=", KW_F_cr2, digits);
	token(d, "CR3=", KW_F_cr3, digits);
	token(d, "CR4=", KW_F_cr4, 8);
	end(d);
	token(d, "DR0=", KW_F_dr0, 16);
	token(d, "DR1=", KW_F_dr1, 16);
	token(d, "DR2=", KW_F_dr2, 16);
	token(d, "DR3=", KW_F_dr3, 16);
	end(d);
	token(d, "DR6=", KW_F_dr6, 16);
	token(d, "DR7=", KW_F_dr7, 16);
	end(d);
	token(d, "EFER=", KW_F_efer, 16);
	end(d);
}

static void code(struct dump *d)
{
	struct kw_code *code = &d->f->code;

	if (!code->len)
		return;
	put(d, "Code=");
	for (size_t i = 0; i < code->len; i++) {
		bool marked = (int)i == code->marked;

		put(d, i ? marked ? " <" : " " : marked ? "<" : "");
		if (code->known >> i & 1)
			kw_buf_hex(&d->line, code->bytes[i], 2);
		else
			put(d, "??");
		put(d, marked ? ">" : "");
	}
	code->origin.line = d->count;
	end(d);
}

void kw_dump_lines(struct kw_failure *f, kw_line_fn fn, void *arg)
{
	struct kw_arena none = { .fixed = true }; /* a line does not grow */
	char room[LINE_BYTES];
	struct dump d = { .f = f,
			  .fn = fn,
			  .arg = arg,
			  .line = { .p = room, .size = sizeof(room), .arena = &none } };

	words(&d);
	general_registers(&d);
	flags_register(&d);
	segments(&d);
	system_registers(&d);
	code(&d);
	if (f->class == KW_CLASS_KVM_RUN_FAILED && kw_has(f, suberror))
		module_rows(&d);
}
