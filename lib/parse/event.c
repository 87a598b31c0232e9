// SPDX-License-Identifier: MIT
/*
 * A record of include/uapi/kvmwhy.h to facts: what its .known does not name stays unknown. The words of
 * struct kvmwhy_data are not read here: they are told beside the facts.
 */
#include "parse/parse.h"

#include <uapi/kvmwhy.h>

enum { MAX_ERRNO = 4095 /* Linux include/linux/err.h */, CPL_MASK = 3, RSP = 4,
       RUN_REASON_END = 12 /* struct kvm_run, the end of exit_reason */ };

/* In the order of the numbers that instructions have for them. */
static const uint16_t general[16] = {
	KW_F_rax, KW_F_rcx, KW_F_rdx, KW_F_rbx, KW_F_rsp, KW_F_rbp, KW_F_rsi, KW_F_rdi,
	KW_F_r8,  KW_F_r9,  KW_F_r10, KW_F_r11, KW_F_r12, KW_F_r13, KW_F_r14, KW_F_r15,
};

/* The first fact of each segment: selector, base, limit, rights. */
static const struct {
	uint8_t index;
	uint16_t sel;
} segments[] = {
	{ KVMWHY_ES, KW_F_es_sel }, { KVMWHY_CS, KW_F_cs_sel }, { KVMWHY_SS, KW_F_ss_sel },
	{ KVMWHY_DS, KW_F_ds_sel }, { KVMWHY_FS, KW_F_fs_sel }, { KVMWHY_GS, KW_F_gs_sel },
	{ KVMWHY_LDTR, KW_F_ldt_sel }, { KVMWHY_TR, KW_F_tr_sel },
};

static void set(struct kw_failure *f, unsigned int fact, uint64_t value)
{
	kw_gather_fact(f, NULL, (enum kw_fact)fact, value);
}

/* AMD packs bits 55:52 and 47:40 of a descriptor into 12 bits; VMX keeps AVL, L, D and G in bits 15:12. */
static uint64_t vmx_rights(uint64_t packed)
{
	return (packed & 0xff) | (packed & 0xf00) << 4;
}

static void read_segments(struct kw_failure *f, const struct kvmwhy_event *e)
{
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		const struct kvmwhy_segment *s = &e->segment[segments[i].index];
		unsigned int fact = segments[i].sel;

		set(f, fact, s->selector);
		set(f, fact + 1, s->base);
		set(f, fact + 2, s->limit);
		set(f, fact + 3, vmx_rights(s->attrib));
	}
	set(f, KW_F_gdt_base, e->segment[KVMWHY_GDTR].base);
	set(f, KW_F_gdt_limit, e->segment[KVMWHY_GDTR].limit);
	set(f, KW_F_idt_base, e->segment[KVMWHY_IDTR].base);
	set(f, KW_F_idt_limit, e->segment[KVMWHY_IDTR].limit);
}

/* Of an encrypted guest KVM holds what it last set, which is not the guest's. */
static void read_registers(struct kw_failure *f, const struct kvmwhy_event *e)
{
	uint32_t known = e->known & KVMWHY_KNOWS_PROTECTED ? 0 : e->known;

	for (size_t i = 0; known & (KVMWHY_KNOWS_REGS | KVMWHY_KNOWS_BUT_RSP) && i < 16; i++)
		if (known & KVMWHY_KNOWS_REGS || i != RSP)
			set(f, general[i], e->regs[i]);
	if (known & KVMWHY_KNOWS_RIP)
		set(f, KW_F_rip, e->rip);
	if (known & KVMWHY_KNOWS_RFLAGS)
		set(f, KW_F_rflags, e->rflags);
	if (known & KVMWHY_KNOWS_CONTROL) {
		set(f, KW_F_cr0, e->cr0);
		set(f, KW_F_cr4, e->cr4);
		set(f, KW_F_efer, e->efer);
	}
	if (known & KVMWHY_KNOWS_CR2)
		set(f, KW_F_cr2, e->cr2);
	if (known & KVMWHY_KNOWS_CR3)
		set(f, KW_F_cr3, e->cr3);
	if (known & KVMWHY_KNOWS_SEGMENTS)
		read_segments(f, e);
	if (known & KVMWHY_KNOWS_CODE && e->code_size <= KVMWHY_EVENT_CODE && e->code_at < e->code_size)
		kw_vcpu_code(f, e->code, e->code_size, e->code_at, e->code_known);
	kw_vcpu_finish(f);
	if (known & KVMWHY_KNOWS_SEGMENTS)
		set(f, KW_F_cpl, e->cpl & CPL_MASK);
}

static void read_exit(struct kw_failure *f, const struct kvmwhy_event *e)
{
	if (e->known & (KVMWHY_KNOWS_SVM | KVMWHY_KNOWS_VMX))
		set(f, KW_F_watch_vmx, !(e->known & KVMWHY_KNOWS_SVM));
	if (e->known & KVMWHY_KNOWS_EXIT)
		set(f, KW_F_last_exit, e->exit_reason);
	if (!(e->known & KVMWHY_KNOWS_INFO))
		return;
	set(f, KW_F_last_exit_info1, e->exit_info1);
	set(f, KW_F_last_exit_info2, e->exit_info2);
	set(f, KW_F_last_exit_intr_info, e->exit_intr_info);
	set(f, KW_F_last_exit_error_code, e->exit_error_code);
}

static void read_who(struct kw_failure *f, const struct kvmwhy_event *e)
{
	if (e->source)
		set(f, KW_F_watch_source, e->source);
	if (e->pid)
		set(f, KW_F_pid, e->pid);
	if (e->tid)
		set(f, KW_F_tid, e->tid);
	if (e->known & KVMWHY_KNOWS_VCPU && e->vcpu >= 0)
		set(f, KW_F_vcpu, (uint64_t)e->vcpu);
	if (e->known & KVMWHY_KNOWS_PROTECTED)
		set(f, KW_F_watch_protected, 1);
	if (e->known & KVMWHY_KNOWS_HARMLESS)
		set(f, KW_F_watch_harmless, 1);
}

/* How much of kvm_run is known: all of it, or no more than exit_reason. */
static size_t run_len(uint32_t known)
{
	if (known & KVMWHY_KNOWS_RUN)
		return KVMWHY_EVENT_RUN;
	return known & KVMWHY_KNOWS_REASON ? RUN_REASON_END : 0;
}

void kw_event_read(struct kw_failure *f, const struct kvmwhy_event *e)
{
	bool failed = e->result < 0 && e->result >= -MAX_ERRNO;
	size_t len = run_len(e->known);

	kw_run_page_read(f, failed ? -e->result : 0, len ? e->run : NULL, len, NULL, NULL);
	read_who(f, e);
	read_exit(f, e);
	read_registers(f, e);
}
