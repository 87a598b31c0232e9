// SPDX-License-Identifier: MIT
/*
 * In: a processor mode and FIELD=VALUE settings, the fields named as in struct kvm_regs and
 * kvm_sregs. Out: the vCPU's registers and, beyond real mode, a GDT and page tables in memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm_parts.h"

#define GDT_AT		0x500u
#define PML4_AT		0x1000u
#define PDPT_AT		0x2000u
#define PD_AT		0x3000u	/* four pages: 4 GiB in pages of 2 MiB */
#define STACK_TOP	0x9000u

#define CR0_PE		(1ull << 0)
#define CR0_ET		(1ull << 4)
#define CR0_NE		(1ull << 5)
#define CR0_PG		(1ull << 31)
#define CR4_PAE		(1ull << 5)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)
#define TSS_BUSY	11	/* 32-bit, or 64-bit in long mode */
#define PTE_P_RW	3ull
#define PTE_P_RW_PS	0x83ull

struct field {
	const char *name;
	size_t offset, size;
};

#define REG(name) { #name, offsetof(struct kvm_regs, name), 8 }
static const struct field regs_fields[] = {
	REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi), REG(rsp), REG(rbp),
	REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14), REG(r15),
	REG(rip), REG(rflags), { NULL, 0, 0 },
};

#define SREG(name) { #name, offsetof(struct kvm_sregs, name), \
		     sizeof(((struct kvm_sregs *)0)->name) }
static const struct field sregs_fields[] = {
	SREG(cr0), SREG(cr2), SREG(cr3), SREG(cr4), SREG(cr8), SREG(efer), SREG(apic_base),
	SREG(gdt.base), SREG(gdt.limit), SREG(idt.base), SREG(idt.limit), { NULL, 0, 0 },
};

/* CS.L is "cs.l": one of these, a dot, one of those below. */
static const struct field segments[] = {
	SREG(cs), SREG(ds), SREG(es), SREG(fs), SREG(gs), SREG(ss), SREG(tr), SREG(ldt),
	{ NULL, 0, 0 },
};

#define SEG(name) { #name, offsetof(struct kvm_segment, name), \
		    sizeof(((struct kvm_segment *)0)->name) }
static const struct field segment_fields[] = {
	SEG(base), SEG(limit), SEG(selector), SEG(type), SEG(present), SEG(dpl), SEG(db), SEG(s),
	SEG(l), SEG(g), SEG(avl), SEG(unusable), { NULL, 0, 0 },
};

static const struct field *find(const struct field *table, const char *name, size_t length)
{
	for (; table->name; table++)
		if (strlen(table->name) == length && !memcmp(table->name, name, length))
			return table;
	return NULL;
}

bool vmm_parse_u64(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return end != text && !*end && !errno && *text != '-';
}

/* The bytes of a little-endian number are where the field is, whatever its size. */
static bool store(void *base, const struct field *field, size_t offset, uint64_t value)
{
	if (field->size < 8 && value >> (8 * field->size))
		return false;
	memcpy((uint8_t *)base + offset + field->offset, &value, field->size);
	return true;
}

static bool apply(struct kvm_regs *regs, struct kvm_sregs *sregs, const char *setting)
{
	const char *equals = strchr(setting, '='), *dot = strchr(setting, '.');
	const struct field *field, *segment;
	uint64_t value;
	size_t length;

	if (!equals || !vmm_parse_u64(equals + 1, &value))
		return false;
	length = (size_t)(equals - setting);
	field = find(regs_fields, setting, length);
	if (field)
		return store(regs, field, 0, value);
	field = find(sregs_fields, setting, length);
	if (field)
		return store(sregs, field, 0, value);
	segment = dot && dot < equals ? find(segments, setting, (size_t)(dot - setting)) : NULL;
	field = segment ? find(segment_fields, dot + 1, (size_t)(equals - dot - 1)) : NULL;
	return field && store(sregs, field, segment->offset, value);
}

static void set_real(struct kvm_sregs *sregs)
{
	struct kvm_segment *data[] = { &sregs->ds, &sregs->es, &sregs->fs, &sregs->gs, &sregs->ss };

	sregs->cs.selector = VMM_LOAD >> 4;
	sregs->cs.base = VMM_LOAD;
	for (size_t i = 0; i < sizeof(data) / sizeof(*data); i++)
		data[i]->selector = 0, data[i]->base = 0;
}

static uint64_t descriptor(const struct kvm_segment *seg)
{
	uint64_t low = 0xffff, access = (uint64_t)(0x90 | seg->type) << 40;
	uint64_t attributes = (uint64_t)(seg->l << 1 | seg->db << 2 | seg->g << 3) << 52;

	return low | access | 0xfull << 48 | attributes;
}

static void set_flat(struct kvm_sregs *sregs, uint8_t *ram, bool is_long)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1, .s = 1, .g = 1,
		.l = is_long, .db = !is_long,
	};
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 16, .type = 3, .present = 1, .s = 1, .g = 1,
		.db = 1,
	};
	uint64_t gdt[3] = { 0, descriptor(&code), descriptor(&data) };

	memcpy(ram + GDT_AT, gdt, sizeof(gdt));
	sregs->gdt.base = GDT_AT;
	sregs->gdt.limit = sizeof(gdt) - 1;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	sregs->cs = code;
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr.type = TSS_BUSY;
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE;
}

static void map_identity(struct kvm_sregs *sregs, uint8_t *ram)
{
	uint64_t *pml4 = (void *)(ram + PML4_AT), *pdpt = (void *)(ram + PDPT_AT);
	uint64_t *pd = (void *)(ram + PD_AT);

	pml4[0] = PDPT_AT | PTE_P_RW;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (PD_AT + i * VMM_PAGE) | PTE_P_RW;
	for (uint64_t i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PTE_P_RW_PS;
	sregs->cr3 = PML4_AT;
	sregs->cr4 = CR4_PAE;
	sregs->cr0 |= CR0_PG;
	sregs->efer = EFER_LME | EFER_LMA;
}

bool vmm_set_state(struct vmm *vmm, const struct vmm_options *options)
{
	struct kvm_regs regs = { .rflags = 2, .rsp = STACK_TOP };
	struct kvm_sregs sregs;

	VMM_IOCTL(vmm->vcpu, KVM_GET_SREGS, &sregs);
	if (options->mode == VMM_REAL) {
		set_real(&sregs);
	} else {
		set_flat(&sregs, vmm->ram, options->mode == VMM_LONG);
		regs.rip = VMM_LOAD;
	}
	if (options->mode == VMM_LONG)
		map_identity(&sregs, vmm->ram);
	for (size_t i = 0; i < options->nr_sets; i++) {
		if (!apply(&regs, &sregs, options->sets[i])) {
			fprintf(stderr, "vmm: --set %s: no such field, or not a number that fits\n",
				options->sets[i]);
			return false;
		}
	}
	VMM_IOCTL(vmm->vcpu, KVM_SET_SREGS, &sregs);
	VMM_IOCTL(vmm->vcpu, KVM_SET_REGS, &regs);
	return true;
}
