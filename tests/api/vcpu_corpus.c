// SPDX-License-Identifier: MIT
/*
 * The real dumps of the corpus as structures and back: kw_vcpu_dump() must print QEMU's registers
 * and Code= to the letter, and kw_vcpu_report() must find what a reader of the log finds.
 * Arguments: the logs.
 */
#include "parse_text.h"
#include "failure/x86.h"
#include "vcpu_state.h"

#include "api/api.h"
#include "decode/tables.h"

static struct vcpu v;

/* The first record with whole registers and code, of a kind that a structure can tell. */
static struct kw_failure *whole(const struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++) {
		struct kw_failure *f = seen->failure[i];

		if (kw_has(f, rax) && kw_has(f, efer) && kw_has(f, dr7) && kw_has(f, tr_attr) &&
		    f->code.len == 50 && f->code.marked >= 0 && f->class <= KW_CLASS_UNKNOWN_EXIT)
			return f;
	}
	return NULL;
}

static struct kvm_segment segment(const struct kw_failure *f, enum kw_fact sel)
{
	uint64_t attr = f->fact[kw_part(sel, KW_ATTR)];

	return (struct kvm_segment){
		.selector = (uint16_t)f->fact[sel],
		.base = f->fact[kw_part(sel, KW_BASE)],
		.limit = (uint32_t)f->fact[kw_part(sel, KW_LIMIT)],
		.type = attr & 15,
		.s = attr >> 4 & 1,
		.dpl = attr >> 5 & 3,
		.present = attr >> 7 & 1,
		.avl = attr >> 12 & 1,
		.l = attr >> 13 & 1,
		.db = attr >> 14 & 1,
		.g = attr >> 15 & 1,
	};
}

static void put_registers(const struct kw_failure *f)
{
	v.regs = (struct kvm_regs){
		f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->rsp, f->rbp, f->r8,
		f->r9,	f->r10, f->r11, f->r12, f->r13, f->r14, f->r15, f->rip, f->rflags,
	};
	v.sregs = (struct kvm_sregs){
		.cs = segment(f, KW_F_cs_sel),
		.ds = segment(f, KW_F_ds_sel),
		.es = segment(f, KW_F_es_sel),
		.fs = segment(f, KW_F_fs_sel),
		.gs = segment(f, KW_F_gs_sel),
		.ss = segment(f, KW_F_ss_sel),
		.tr = segment(f, KW_F_tr_sel),
		.ldt = segment(f, KW_F_ldt_sel),
		.gdt = { .base = f->gdt_base, .limit = (uint16_t)f->gdt_limit },
		.idt = { .base = f->idt_base, .limit = (uint16_t)f->idt_limit },
		.cr0 = f->cr0,
		.cr2 = f->cr2,
		.cr3 = f->cr3,
		.cr4 = f->cr4,
		.efer = f->efer,
		.apic_base = 0xfee00900,
	};
	v.debugregs = (struct kvm_debugregs){ .db = { f->dr0, f->dr1, f->dr2, f->dr3 },
					      .dr6 = f->dr6,
					      .dr7 = f->dr7 };
	v.events.interrupt.shadow = (uint8_t)f->ii;
	v.events.smi.smm = (uint8_t)f->smm;
	memcpy(v.code, f->code.bytes, sizeof(v.code));
	v.state.code_known = f->code.known;
	v.state.code_at = (size_t)f->code.marked;
}

static bool put_end(const struct kw_failure *f)
{
	switch (f->class) {
	case KW_CLASS_KVM_RUN_FAILED:
		v.state.error = kw_errno_find_text(f->text[KW_T_ERRNO].p, f->text[KW_T_ERRNO].len);
		if (kw_has(f, memory_fault_size))
			vcpu_memory_fault(&v, f->memory_fault_flags, f->memory_fault_gpa,
					  f->memory_fault_size);
		if (kw_has(f, suberror))
			vcpu_internal_error(&v, (uint32_t)f->suberror, f->extra,
					    (uint32_t)__builtin_popcount(f->extra_known));
		/* a line of the kernel's log */
		return v.state.error > 0 && !kw_failure_sign(f, KW_SIGN_INJECTED);
	case KW_CLASS_INTERNAL_ERROR:
		if (kw_has(f, suberror))
			vcpu_internal_error(&v, (uint32_t)f->suberror, f->extra,
					    (uint32_t)__builtin_popcount(f->extra_known));
		return kw_has(f, suberror);
	case KW_CLASS_ENTRY_FAILED:
		vcpu_fail_entry(&v, f->hardware_error);
		return kw_has(f, hardware_error) && !kw_failure_has_host_dump(f) && !f->nsigns;
	default:
		return false;
	}
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (!file || !text || !fread(text, 1, (1 << 20) - 1, file))
		exit(1);
	fclose(file);
	return text;
}

/* Takes the first @what out. */
static void take_out(char *dump, const char *what)
{
	char *at = strstr(dump, what);

	if (at)
		memmove(at, at + strlen(what), strlen(at + strlen(what)) + 1);
}

/* The registers and the code of a dump, up to the end of the Code= line. */
static char *registers_of(char *text)
{
	char *wide = strstr(text, "RAX="), *narrow = strstr(text, "EAX="), *end;
	char *begin = wide && (!narrow || wide < narrow) ? wide : narrow;

	end = begin ? strstr(begin, "\nCode=") : NULL;
	if (!end)
		return NULL;
	end[1 + strcspn(end + 1, "\n")] = '\0';
	take_out(begin, " A20=1"); /* KVM does not tell these, and QEMU leaves a blank */
	take_out(begin, " HLT=0");
	take_out(begin, " HLT=1");
	end = strstr(begin, " \nDR6=");
	if (end)
		memmove(end, end + 1, strlen(end));
	return begin;
}

/* qemu-system-i386 prints debug registers of 8 digits; ours has the form of qemu-system-x86_64. */
static bool of_i386(const char *log)
{
	const char *dr0 = strstr(log, "DR0=");

	return dr0 && strspn(dr0 + 4, "0123456789abcdef") == 8;
}

static int note_report(void *arg, const struct kw_report *report)
{
	struct kw_buf *buf = arg;

	if (buf->len)
		return 0; /* the first */
	kw_buf_printf(buf, "%s %s", kw_report_text(report, KW_REPORT_CLASS),
		      kw_report_text(report, KW_REPORT_FINGERPRINT));
	for (size_t i = 0; i < kw_report_findings(report); i++)
		kw_buf_printf(buf, " %s %s", kw_report_finding(report, i, KW_FINDING_CERTAINTY),
			      kw_report_finding(report, i, KW_FINDING_ID));
	return 0;
}

static bool same(const char *path, const char *what, const char *ours, const char *theirs)
{
	if (!ours || !theirs || strcmp(ours, theirs) != 0)
		printf("# %s: %s\n# ours:   %s\n# theirs: %s\n", path, what, ours ? ours : "",
		       theirs ? theirs : "");
	return ours && theirs && strcmp(ours, theirs) == 0;
}

static bool same_findings(const char *path, const char *log)
{
	struct kw_buf ours = { 0 }, theirs = { 0 };
	struct kw_reader *reader;
	bool equal;

	kw_vcpu_report(&v.state, NULL, note_report, &ours);
	if (kw_reader_create(NULL, note_report, &theirs, &reader))
		return false;
	kw_reader_feed(reader, log, strlen(log));
	kw_reader_finish(reader, NULL);
	kw_reader_destroy(reader);
	kw_buf_char(&ours, '\0');
	kw_buf_char(&theirs, '\0');
	equal = same(path, "findings", ours.p, theirs.p);
	kw_buf_deinit(&ours);
	kw_buf_deinit(&theirs);
	return equal;
}

/* 1: as it must be, 0: not, -1: nothing here that a structure can tell. */
static int judge(const char *path)
{
	static char dump[8192];
	char *log = read_file(path);
	struct seen seen = seen_in(kw_str(log));
	const struct kw_failure *f = whole(&seen);
	int ret = -1;

	vcpu_init(&v, 0, 0);
	if (f && put_end(f)) {
		put_registers(f);
		ret = same_findings(path, log);
		kw_vcpu_dump(&v.state, dump, sizeof(dump));
		if (!of_i386(log))
			ret &= same(path, "dump", registers_of(dump), registers_of(log));
	}
	seen_free(&seen);
	free(log);
	return ret;
}

int main(int argc, char **argv)
{
	int tried = 0, bad = 0;

	for (int i = 1; i < argc; i++) {
		int ret = judge(argv[i]);

		tried += ret >= 0;
		bad += ret == 0;
	}
	printf("%d of %d logs have a whole dump; %d of them differ\n", tried, argc - 1, bad);
	return bad || tried < 20;
}
