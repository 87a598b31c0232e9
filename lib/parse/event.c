// SPDX-License-Identifier: MIT
/*
 * Turns a record of include/uapi/kvmwhy-event.h into facts: what its .known does not name stays
 * unknown. The words of struct kvmwhy_data are not read here; they are kept next to the facts.
 */
#include "parse/parse.h"
#include "failure/x86.h"

#include <uapi/kvmwhy-event.h>

enum { MAX_ERRNO = 4095 /* Linux include/linux/err.h */, CPL_MASK = 3, RSP = 4,
       RUN_REASON_END = 12 /* struct kvm_run, the end of exit_reason */ };

/* In the order of their numbers in instructions. */
static const uint16_t general[16] = {
	KW_F_rax, KW_F_rcx, KW_F_rdx, KW_F_rbx, KW_F_rsp, KW_F_rbp, KW_F_rsi, KW_F_rdi,
	KW_F_r8,  KW_F_r9,  KW_F_r10, KW_F_r11, KW_F_r12, KW_F_r13, KW_F_r14, KW_F_r15,
};

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

/*
 * AMD packs bits 55:52 and 47:40 of a descriptor into 12 bits; VMX keeps AVL, L, D and G in bits
 * 15:12.
 */
static uint64_t vmx_rights(uint64_t packed)
{
	return (packed & 0xff) | (packed & 0xf00) << 4;
}

static void read_segments(struct kw_failure *f, const struct kvmwhy_event *e)
{
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		const struct kvmwhy_segment *s = &e->x86.segment[segments[i].index];
		enum kw_fact sel = (enum kw_fact)segments[i].sel;

		set(f, sel, s->selector);
		set(f, kw_part(sel, KW_BASE), s->base);
		set(f, kw_part(sel, KW_LIMIT), s->limit);
		set(f, kw_part(sel, KW_ATTR), vmx_rights(s->attrib));
	}
	set(f, KW_F_gdt_base, e->x86.segment[KVMWHY_GDTR].base);
	set(f, KW_F_gdt_limit, e->x86.segment[KVMWHY_GDTR].limit);
	set(f, KW_F_idt_base, e->x86.segment[KVMWHY_IDTR].base);
	set(f, KW_F_idt_limit, e->x86.segment[KVMWHY_IDTR].limit);
}

/* For an encrypted guest KVM holds what it last set, which is not the guest's state. */
static void read_registers(struct kw_failure *f, const struct kvmwhy_event *e)
{
	const struct kvmwhy_event_common *c = &e->common;
	uint32_t known = e->x86.known;

	if (c->known & KVMWHY_KNOWS_PROTECTED)
		return;
	for (size_t i = 0; known & (KVMWHY_X86_REGS | KVMWHY_X86_BUT_RSP) && i < 16; i++)
		if (known & KVMWHY_X86_REGS || i != RSP)
			set(f, general[i], e->x86.regs[i]);
	if (known & KVMWHY_X86_RIP)
		set(f, KW_F_rip, e->x86.rip);
	if (known & KVMWHY_X86_RFLAGS)
		set(f, KW_F_rflags, e->x86.rflags);
	if (known & KVMWHY_X86_CONTROL) {
		set(f, KW_F_cr0, e->x86.cr0);
		set(f, KW_F_cr4, e->x86.cr4);
		set(f, KW_F_efer, e->x86.efer);
	}
	if (known & KVMWHY_X86_CR2)
		set(f, KW_F_cr2, e->x86.cr2);
	if (known & KVMWHY_X86_CR3)
		set(f, KW_F_cr3, e->x86.cr3);
	if (known & KVMWHY_X86_SEGMENTS)
		read_segments(f, e);
	if (c->known & KVMWHY_KNOWS_CODE && c->code_size <= KVMWHY_EVENT_CODE &&
	    c->code_at < c->code_size)
		kw_vcpu_code(f, c->code, c->code_size, c->code_at, c->code_known);
	kw_vcpu_finish(f);
	if (known & KVMWHY_X86_SEGMENTS)
		set(f, KW_F_cpl, e->x86.cpl & CPL_MASK);
}

static void read_exit(struct kw_failure *f, const struct kvmwhy_event *e)
{
	if (e->x86.known & (KVMWHY_X86_SVM | KVMWHY_X86_VMX))
		set(f, KW_F_watch_vmx, !(e->x86.known & KVMWHY_X86_SVM));
	if (e->x86.known & KVMWHY_X86_EXIT)
		set(f, KW_F_last_exit, e->x86.exit_reason);
	if (!(e->x86.known & KVMWHY_X86_INFO))
		return;
	set(f, KW_F_last_exit_info1, e->x86.exit_info1);
	set(f, KW_F_last_exit_info2, e->x86.exit_info2);
	set(f, KW_F_last_exit_intr_info, e->x86.exit_intr_info);
	set(f, KW_F_last_exit_error_code, e->x86.exit_error_code);
}

static void read_who(struct kw_failure *f, const struct kvmwhy_event_common *c)
{
	if (c->source)
		set(f, KW_F_watch_source, c->source);
	if (c->pid)
		set(f, KW_F_pid, c->pid);
	if (c->tid)
		set(f, KW_F_tid, c->tid);
	if (c->known & KVMWHY_KNOWS_VCPU && c->vcpu >= 0)
		set(f, KW_F_vcpu, (uint64_t)c->vcpu);
	if (c->known & KVMWHY_KNOWS_PROTECTED)
		set(f, KW_F_watch_protected, 1);
	if (c->known & KVMWHY_KNOWS_HARMLESS)
		set(f, KW_F_watch_harmless, 1);
}

/* How much of kvm_run is known: all of it, or only exit_reason. */
static size_t run_len(uint32_t known)
{
	if (known & KVMWHY_KNOWS_RUN)
		return KVMWHY_EVENT_RUN;
	return known & KVMWHY_KNOWS_REASON ? RUN_REASON_END : 0;
}

void kw_event_read(struct kw_failure *f, const struct kvmwhy_event *e)
{
	const struct kvmwhy_event_common *c = &e->common;
	bool failed = c->result < 0 && c->result >= -MAX_ERRNO;
	size_t len = run_len(c->known);

	f->arch = KW_ARCH_X86; /* records of other architectures are refused */
	kw_run_page_read(f, failed ? -c->result : 0, len ? c->run : NULL, len, NULL, NULL);
	read_who(f, c);
	read_exit(f, e);
	read_registers(f, e);
}

/* The record as bytes */

/* Bytes of the sections in version 1, which must all be there; later additions may be missing. */
enum {
	LEAST_COMMON = offsetof(struct kvmwhy_event_common, args) + KVMWHY_EVENT_ARGS,
	LEAST_X86 = offsetof(struct kvmwhy_event_x86, segment) +
		    KVMWHY_SEGMENTS * sizeof(struct kvmwhy_segment)
};

_Static_assert(LEAST_COMMON == 496 && LEAST_X86 == 472, "records that were made stay records");

struct target {
	struct kvmwhy_section *to;
	size_t least, most;
};

/* Where a section goes; .to is NULL for an unknown kind. */
static struct target target_of(struct kvmwhy_event *e, uint32_t kind)
{
	switch (kind) {
	case KVMWHY_SECTION_COMMON:
		return (struct target){ &e->common.section, LEAST_COMMON, sizeof(e->common) };
	case KVMWHY_SECTION_X86:
		return (struct target){ &e->x86.section, LEAST_X86, sizeof(e->x86) };
	}
	return (struct target){ NULL, 0, 0 };
}

/* Reads one section of the remaining @len bytes; returns its length, or 0 with @why. */
static size_t take_section(struct kvmwhy_event *e, const uint8_t *p, size_t len, const char **why)
{
	struct kvmwhy_section head;
	struct target target;

	*why = "the record ends inside a section";
	if (len < sizeof(head))
		return 0;
	memcpy(&head, p, sizeof(head));
	if (head.size > len)
		return 0;
	*why = "a section's .size is less than its header or not a multiple of 8";
	if (head.size < sizeof(head) || head.size % 8)
		return 0;
	target = target_of(e, head.kind);
	if (!target.to)
		return head.size;
	*why = target.to->size ? "a section appears twice" :
				 "a section is shorter than in version 1";
	if (target.to->size || head.size < target.least)
		return 0;
	memcpy(target.to, p, head.size < target.most ? head.size : target.most);
	return head.size;
}

const char *kw_event_parse(const void *record, size_t len, struct kvmwhy_event *ret)
{
	const size_t head = offsetof(struct kvmwhy_event, common);
	const uint8_t *p = record;
	const char *why;

	*ret = (struct kvmwhy_event){ 0 };
	if (!record || len < head)
		return "the record is shorter than its header";
	memcpy(ret, record, head);
	if (ret->size < head || ret->size > len)
		return "the record is truncated: its .size does not match its length";
	if (ret->version != KVMWHY_EVENT_VERSION)
		return "the record's .version is unknown";
	if (ret->arch != KVMWHY_ARCH_X86)
		return "the record's .arch is unknown";
	for (size_t at = head, taken; at < ret->size; at += taken) {
		taken = take_section(ret, p + at, ret->size - at, &why);
		if (!taken)
			return why;
	}
	return ret->common.section.size ? NULL : "the record has no common section";
}
