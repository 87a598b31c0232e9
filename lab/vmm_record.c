// SPDX-License-Identifier: MIT
/*
 * In: a vCPU whose KVM_RUN failed. Out: on stdout the headline and register dump in the text of
 * QEMU 7.2 (x86_cpu_dump_state), or of kvmtool for exits that QEMU has no words for, then the
 * kvm_run page in hex.
 */
#include <errno.h>
#include <kvm_numbers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm_parts.h"

_Noreturn void vmm_broken(const char *what)
{
	printf("vmm: %s: %s\n", what, strerror(errno));
	exit(VMM_BROKEN);
}

#define CODE_BYTES	50
#define CODE_BEFORE	20
#define PAGE_BYTES	256

#define EFER_LMA	(1ull << 10)
#define SEG_P		(1u << 15)
#define SEG_L		(1u << 21)
#define SEG_B		(1u << 22)

struct dump {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_debugregs debug;
	struct kvm_vcpu_events events;
	struct kvm_mp_state mp;
	bool pe, lma, cs64;
};

const char *vmm_exit_name(uint32_t reason)
{
	static const char *const names[] = {
#define E(name) [KW_KVM_EXIT_##name] = #name
		E(UNKNOWN), E(EXCEPTION), E(IO), E(HYPERCALL), E(DEBUG), E(HLT), E(MMIO),
		E(IRQ_WINDOW_OPEN), E(SHUTDOWN), E(FAIL_ENTRY), E(INTR), E(SET_TPR),
		E(TPR_ACCESS), E(NMI), E(INTERNAL_ERROR), E(SYSTEM_EVENT), E(IOAPIC_EOI),
		E(HYPERV), E(X86_RDMSR), E(X86_WRMSR), E(DIRTY_RING_FULL), E(AP_RESET_HOLD),
		E(X86_BUS_LOCK), E(XEN), E(NOTIFY), E(MEMORY_FAULT),
#undef E
	};
	const char *name = reason < sizeof(names) / sizeof(*names) ? names[reason] : NULL;

	return name ? name : "?";
}

const char *vmm_exception_name(unsigned int vector)
{
	static const char *const names[32] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL, "#TS", "#NP",
		"#SS", "#GP", "#PF", NULL, "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
		[28] = "#HV", "#VC", "#SX",
	};

	return vector < 32 && names[vector] ? names[vector] : "?";
}

/* As in the upper half of a descriptor; to QEMU an unusable segment is not present. */
static uint32_t segment_flags(const struct kvm_segment *seg)
{
	return (uint32_t)seg->type << 8 | (uint32_t)seg->s << 12 | (uint32_t)seg->dpl << 13 |
	       (seg->present && !seg->unusable ? SEG_P : 0) | (uint32_t)seg->avl << 20 |
	       (uint32_t)seg->l << 21 | (uint32_t)seg->db << 22 | (uint32_t)seg->g << 23;
}

static void print_segment_kind(const struct dump *dump, const struct kvm_segment *seg,
			       uint32_t flags)
{
	static const char *const system32[16] = {
		"Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate", "IntGate16",
		"TrapGate16", "Reserved", "TSS32-avl", "Reserved", "TSS32-busy", "CallGate32",
		"Reserved", "IntGate32", "TrapGate32",
	};
	static const char *const system64[16] = {
		"<hiword>", "Reserved", "LDT", "Reserved", "Reserved", "Reserved", "Reserved",
		"Reserved", "Reserved", "TSS64-avl", "Reserved", "TSS64-busy", "CallGate64",
		"Reserved", "IntGate64", "TrapGate64",
	};
	unsigned int type = seg->type & 15;

	printf(" DPL=%d ", seg->dpl);
	if (!seg->s)
		printf("%s", dump->lma ? system64[type] : system32[type]);
	else if (type & 8)
		printf("%s [%c%c%c]", flags & SEG_L ? "CS64" : flags & SEG_B ? "CS32" : "CS16",
		       type & 4 ? 'C' : '-', type & 2 ? 'R' : '-', type & 1 ? 'A' : '-');
	else
		printf("%s [%c%c%c]", flags & SEG_B || dump->lma ? "DS  " : "DS16",
		       type & 4 ? 'E' : '-', type & 2 ? 'W' : '-', type & 1 ? 'A' : '-');
}

static void print_segment(const struct dump *dump, const char *name, const struct kvm_segment *seg)
{
	uint32_t flags = segment_flags(seg);

	printf("%-3s=%04x ", name, seg->selector);
	if (dump->cs64)
		printf("%016llx", seg->base);
	else
		printf("%08x", (uint32_t)seg->base);
	printf(" %08x %08x", seg->limit, flags);
	if (dump->pe && flags & SEG_P)
		print_segment_kind(dump, seg, flags);
	putchar('\n');
}

static void print_general(const struct dump *dump)
{
	const struct kvm_regs *r = &dump->regs;

	if (!dump->cs64) {
		printf("EAX=%08x EBX=%08x ECX=%08x EDX=%08x\n", (uint32_t)r->rax,
		       (uint32_t)r->rbx, (uint32_t)r->rcx, (uint32_t)r->rdx);
		printf("ESI=%08x EDI=%08x EBP=%08x ESP=%08x\n", (uint32_t)r->rsi,
		       (uint32_t)r->rdi, (uint32_t)r->rbp, (uint32_t)r->rsp);
		return;
	}
	printf("RAX=%016llx RBX=%016llx RCX=%016llx RDX=%016llx\n", r->rax, r->rbx, r->rcx, r->rdx);
	printf("RSI=%016llx RDI=%016llx RBP=%016llx RSP=%016llx\n", r->rsi, r->rdi, r->rbp, r->rsp);
	printf("R8 =%016llx R9 =%016llx R10=%016llx R11=%016llx\n", r->r8, r->r9, r->r10, r->r11);
	printf("R12=%016llx R13=%016llx R14=%016llx R15=%016llx\n", r->r12, r->r13, r->r14, r->r15);
}

static void print_flags(const struct dump *dump)
{
	static const struct { unsigned char bit; char letter; } shown[] = {
		{ 10, 'D' }, { 11, 'O' }, { 7, 'S' }, { 6, 'Z' }, { 4, 'A' }, { 2, 'P' },
		{ 0, 'C' },
	};
	uint64_t flags = dump->regs.rflags;

	if (dump->cs64)
		printf("RIP=%016llx RFL=%08x [", dump->regs.rip, (uint32_t)flags);
	else
		printf("EIP=%08x EFL=%08x [", (uint32_t)dump->regs.rip, (uint32_t)flags);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		putchar(flags >> shown[i].bit & 1 ? shown[i].letter : '-');
	printf("] CPL=%d II=%d A20=1 SMM=%d HLT=%d\n", dump->sregs.ss.dpl & 3,
	       dump->events.interrupt.shadow != 0, dump->events.smi.smm,
	       dump->mp.mp_state == KVM_MP_STATE_HALTED);
}

static void print_system(const struct dump *dump)
{
	const struct kvm_sregs *s = &dump->sregs;
	const struct kvm_debugregs *d = &dump->debug;
	uint64_t mask = dump->lma ? UINT64_MAX : UINT32_MAX;
	int width = dump->lma ? 16 : 8;

	printf("GDT=     %0*llx %08x\n", width, s->gdt.base & mask, s->gdt.limit);
	printf("IDT=     %0*llx %08x\n", width, s->idt.base & mask, s->idt.limit);
	printf("CR0=%08x CR2=%0*llx CR3=%0*llx CR4=%08x\n", (uint32_t)s->cr0, width,
	       s->cr2 & mask, width, s->cr3 & mask, (uint32_t)s->cr4);
	printf("DR0=%016llx DR1=%016llx DR2=%016llx DR3=%016llx \n", d->db[0], d->db[1], d->db[2],
	       d->db[3]);
	printf("DR6=%016llx DR7=%016llx\n", d->dr6, d->dr7);
	printf("EFER=%016llx\n", s->efer);
}

/* One byte at a linear address, through the guest's page tables; -1 if there is no memory. */
static int read_byte(struct vmm *vmm, uint64_t address)
{
	struct kvm_translation at = { .linear_address = address };

	if (ioctl(vmm->vcpu, KVM_TRANSLATE, &at) || !at.valid ||
	    at.physical_address >= VMM_RAM_SIZE ||
	    vmm->page[at.physical_address / VMM_PAGE] != VMM_RAM)
		return -1;
	return vmm->ram[at.physical_address];
}

static void print_code(struct vmm *vmm, const struct dump *dump)
{
	uint64_t before = dump->regs.rip < CODE_BEFORE ? dump->regs.rip : CODE_BEFORE;
	uint64_t start = dump->sregs.cs.base + dump->regs.rip - before;

	printf("Code=");
	for (uint64_t i = 0; i < CODE_BYTES; i++) {
		int byte = read_byte(vmm, start + i);

		printf(i ? " %s" : "%s", i == before ? "<" : "");
		if (byte < 0)
			printf("??");
		else
			printf("%02x", (unsigned int)byte);
		printf("%s", i == before ? ">" : "");
	}
	putchar('\n');
}

static void print_dump(struct vmm *vmm)
{
	struct dump dump;
	const struct kvm_sregs *s = &dump.sregs;

	memset(&dump, 0, sizeof(dump));
	VMM_IOCTL(vmm->vcpu, KVM_GET_REGS, &dump.regs);
	VMM_IOCTL(vmm->vcpu, KVM_GET_SREGS, &dump.sregs);
	VMM_IOCTL(vmm->vcpu, KVM_GET_DEBUGREGS, &dump.debug);
	VMM_IOCTL(vmm->vcpu, KVM_GET_VCPU_EVENTS, &dump.events);
	VMM_IOCTL(vmm->vcpu, KVM_GET_MP_STATE, &dump.mp);
	dump.pe = s->cr0 & 1;
	dump.lma = (s->efer & EFER_LMA) != 0;
	dump.cs64 = dump.lma && s->cs.l;

	print_general(&dump);
	print_flags(&dump);
	print_segment(&dump, "ES", &s->es);
	print_segment(&dump, "CS", &s->cs);
	print_segment(&dump, "SS", &s->ss);
	print_segment(&dump, "DS", &s->ds);
	print_segment(&dump, "FS", &s->fs);
	print_segment(&dump, "GS", &s->gs);
	print_segment(&dump, "LDT", &s->ldt);
	print_segment(&dump, "TR", &s->tr);
	print_system(&dump);
	print_code(vmm, &dump);
}

static void print_memory_fault(const struct kvm_run *run)
{
	struct { uint64_t flags, gpa, size; } fault;

	memcpy(&fault, &run->hw, sizeof(fault));
	printf("vmm: KVM_EXIT_MEMORY_FAULT flags 0x%llx gpa 0x%llx size 0x%llx\n",
	       (unsigned long long)fault.flags, (unsigned long long)fault.gpa,
	       (unsigned long long)fault.size);
}

static void print_internal_error(const struct kvm_run *run)
{
	printf("KVM internal error. Suberror: %d\n", (int)run->internal.suberror);
	for (uint32_t i = 0; i < run->internal.ndata && i < 16; i++)
		printf("extra data[%u]: 0x%016llx\n", i, run->internal.data[i]);
	if (run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
		puts("emulation failure");
}

static void print_headline(const struct kvm_run *run, int result, int error)
{
	if (result < 0)
		printf("error: kvm run failed %s\n", strerror(error));
	else if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		print_internal_error(run);
	else if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		printf("KVM: entry failed, hardware error 0x%llx\n",
		       run->fail_entry.hardware_entry_failure_reason);
	else
		printf("KVM exit reason: %u (\"KVM_EXIT_%s\")\n", run->exit_reason,
		       vmm_exit_name(run->exit_reason));
	if (run->exit_reason == KW_KVM_EXIT_MEMORY_FAULT)
		print_memory_fault(run);
}

static void print_page(const uint8_t *page)
{
	for (unsigned int at = 0; at < PAGE_BYTES; at += 16) {
		printf("vmm: kvm_run %03x:", at);
		for (unsigned int i = 0; i < 16; i++)
			printf(" %02x", page[at + i]);
		putchar('\n');
	}
}

void vmm_print_record(struct vmm *vmm, int result, int error)
{
	uint8_t page[PAGE_BYTES];

	memcpy(page, vmm->run, sizeof(page));
	print_headline(vmm->run, result, error);
	print_dump(vmm);
	print_page(page);
}
