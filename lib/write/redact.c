// SPDX-License-Identifier: MIT
/*
 * What a redacted recording keeps: an allow-list, so that a fact added later is dropped until
 * somebody has reviewed it. docs/watch.md has the same list for users.
 */
#include "write/write.h"

#include "decode/x86/insn.h"

enum { INSN_MAX = 15, BASIC_REASON = 0xffff };

/*
 * internal.data[] of an emulation failure: flags, with bit 0 a size and 15 bytes, then the exit
 * with its information.
 */
enum { HAS_BYTES = 1, WORD_BYTES = 1, WORD_MODULE_INSN = 8, RUN_DATA = 40 };

_Static_assert(8 * WORD_MODULE_INSN == offsetof(struct kvmwhy_data, insn_size),
	       "where the bytes are in the words");

/* How KVM_RUN ended, who ran, and the CPU state that holds no guest contents. */
static const uint16_t kept[] = {
	KW_F_errno_number,
	KW_F_suberror,
	KW_F_hardware_error,
	KW_F_exit_reason,
	KW_F_hardware_exit_reason,
	KW_F_exception,
	KW_F_exception_error_code,
	KW_F_run_exit_reason,
	KW_F_memory_fault_flags,
	KW_F_memory_fault_gpa,
	KW_F_memory_fault_size,
	KW_F_cpu,
	KW_F_pid,
	KW_F_tid,
	KW_F_vcpu,
	KW_F_watch_number,
	KW_F_watch_source,
	KW_F_watch_time,
	KW_F_watch_vmx,
	KW_F_watch_protected,
	KW_F_watch_harmless,
	KW_F_watch_redacted,
	KW_F_last_exit,
	KW_F_last_exit_info1,
	KW_F_last_exit_info2,
	KW_F_last_exit_intr_info,
	KW_F_last_exit_error_code,
	KW_F_rip,
	KW_F_rflags,
	KW_F_cpl,
	KW_F_ii,
	KW_F_smm,
	KW_F_cr0,
	KW_F_cr4,
	KW_F_efer,
	KW_F_gdt_limit,
	KW_F_idt_limit,
};

static const uint16_t segments[] = {
	KW_F_es_sel, KW_F_cs_sel, KW_F_ss_sel,	KW_F_ds_sel,
	KW_F_fs_sel, KW_F_gs_sel, KW_F_ldt_sel, KW_F_tr_sel,
};

static const uint16_t access_registers[] = { KW_F_rax, KW_F_rcx, KW_F_rdx };

/* Exits whose information describes the exit; for others it may be a guest address or value. */
static const uint64_t svm_told[] = {
	KW_SVM_EXIT_IOIO, KW_SVM_EXIT_MSR, KW_SVM_EXIT_NPF, KW_SVM_EXIT_AVIC_INCOMPLETE_IPI,
	KW_SVM_EXIT_AVIC_UNACCELERATED_ACCESS, UINT32_MAX, UINT64_MAX /* VMEXIT_INVALID */
};
static const uint64_t vmx_told[] = {
	KW_VMX_EXIT_IO_INSTRUCTION, KW_VMX_EXIT_MSR_READ,      KW_VMX_EXIT_MSR_WRITE,
	KW_VMX_EXIT_INVALID_STATE,  KW_VMX_EXIT_MSR_LOAD_FAIL, KW_VMX_EXIT_MCE_DURING_VMENTRY,
	KW_VMX_EXIT_EPT_VIOLATION,  KW_VMX_EXIT_EPT_MISCONFIG,
};

struct set {
	bool has[KW_NFACTS];
};

static void add(struct set *set, const uint16_t *facts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		set->has[facts[i]] = true;
}

#define ADD(set, facts) add((set), (facts), sizeof(facts) / sizeof((facts)[0]))

static bool listed(uint64_t value, const uint64_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == value)
			return true;
	}
	return false;
}

static bool exit_is_told(const struct kw_failure *f, uint64_t reason)
{
	if (!kw_has(f, watch_vmx))
		return false;
	if (f->watch_vmx)
		return listed(reason & BASIC_REASON, vmx_told,
			      sizeof(vmx_told) / sizeof(vmx_told[0]));
	return listed(reason, svm_told, sizeof(svm_told) / sizeof(svm_told[0]));
}

static bool is_msr_access(const struct kw_failure *f, const struct kvmwhy_event *e)
{
	bool told = e->x86.known & KVMWHY_X86_DATA && (e->x86.data.kind == KVMWHY_KIND_WRMSR ||
						       e->x86.data.kind == KVMWHY_KIND_RDMSR);

	if (told || !kw_has(f, last_exit) || !kw_has(f, watch_vmx))
		return told;
	if (!f->watch_vmx)
		return f->last_exit == KW_SVM_EXIT_MSR;
	return (f->last_exit & BASIC_REASON) == KW_VMX_EXIT_MSR_READ ||
	       (f->last_exit & BASIC_REASON) == KW_VMX_EXIT_MSR_WRITE;
}

static void keep_facts(struct kw_failure *f, const struct kvmwhy_event *e)
{
	struct set set = { { false } };
	bool entry = f->class == KW_CLASS_ENTRY_FAILED;

	ADD(&set, kept);
	if (is_msr_access(f, e))
		ADD(&set, access_registers);
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		unsigned int sel = segments[i];

		set.has[sel] = set.has[sel + 2] = set.has[sel + 3] = true;
		set.has[sel + 1] = entry;
	}
	set.has[KW_F_gdt_base] = set.has[KW_F_idt_base] = entry;
	if (!kw_has(f, last_exit) || !exit_is_told(f, f->last_exit))
		set.has[KW_F_last_exit_info1] = set.has[KW_F_last_exit_info2] = false;
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (set.has[i])
			continue;
		f->fact[i] = 0;
		kw_failure_forget(f, (enum kw_fact)i);
	}
}

/*
 * The bytes of the instruction at RIP; if it cannot be decoded, as many as an instruction may have.
 */
static void keep_insn(struct kw_failure *f, size_t length)
{
	struct kw_code whole = f->code, *code = &f->code;

	if (!whole.len)
		return;
	*code = (struct kw_code){ .origin = whole.origin };
	for (size_t i = (size_t)whole.marked; i < whole.len && code->len < length; i++) {
		code->known |= (whole.known >> i & 1) << code->len;
		code->bytes[code->len++] = whole.bytes[i];
	}
}

static size_t insn_length(const struct kw_failure *f)
{
	struct kw_insn insn;

	return kw_insn_at_rip(f, &insn) == KW_CODE_OK && insn.length ? insn.length : INSN_MAX;
}

/* A size and up to 15 bytes that KVM fetched, possibly more than the instruction. */
static void cut_bytes(uint8_t p[static 1 + INSN_MAX], size_t length)
{
	for (size_t i = 1 + length; i <= INSN_MAX; i++)
		p[i] = 0;
	if (p[0] > length)
		p[0] = (uint8_t)length;
}

static void cut_data(struct kvmwhy_data *data, size_t length)
{
	if (!(data->flags & KVMWHY_HAS_INSN))
		length = 0;
	uint8_t p[1 + INSN_MAX] = { data->insn_size };

	memcpy(p + 1, data->insn, INSN_MAX);
	cut_bytes(p, length);
	data->insn_size = p[0];
	memcpy(data->insn, p + 1, INSN_MAX);
}

/* The same in two 64-bit words of an internal error. */
static void cut_words(struct kw_failure *f, unsigned int word, size_t length)
{
	uint8_t p[1 + INSN_MAX];

	for (unsigned int i = 0; i <= INSN_MAX; i++)
		p[i] = (uint8_t)(f->extra[word + i / 8] >> i % 8 * 8);
	cut_bytes(p, length);
	for (unsigned int i = 0; i <= INSN_MAX; i++) {
		f->extra[word + i / 8] &= ~(UINT64_C(0xff) << i % 8 * 8);
		f->extra[word + i / 8] |= (uint64_t)p[i] << i % 8 * 8;
	}
}

static void cut_emulation_failure(struct kw_failure *f, size_t length)
{
	bool bytes = f->extra_known & 1 && f->extra[0] & HAS_BYTES;
	unsigned int reason = bytes ? WORD_BYTES + 2 : WORD_BYTES;

	if (bytes)
		cut_words(f, WORD_BYTES, length);
	if (!(f->extra_known >> reason & 1) || !exit_is_told(f, f->extra[reason]))
		f->extra_known &= (2u << reason) - 1;
}

/* What kvmwhy.ko put into the page also has the bytes. */
static void cut_module(struct kw_failure *f, size_t length)
{
	cut_bytes(f->page.bytes + RUN_DATA + 8 * WORD_MODULE_INSN, length);
	cut_words(f, WORD_MODULE_INSN, length);
}

static void cut_internal_error(struct kw_failure *f, size_t length)
{
	if (FACT_IS(f, suberror, KW_SUBERROR_EMULATION))
		cut_emulation_failure(f, length);
	else if (FACT_IS(f, suberror, KVMWHY_SUBERROR))
		cut_module(f, length);
}

void kw_event_redact(struct kw_failure *f, struct kvmwhy_event *e)
{
	size_t length = insn_length(f);

	keep_insn(f, length);
	cut_data(&e->x86.data, length);
	cut_internal_error(f, length);
	keep_facts(f, e);
}
