// SPDX-License-Identifier: MIT
/*
 * A vCPU's file descriptor, its kvm_run and a reader of guest memory in; what could be read of the
 * vCPU, and a list of what could not, out. Which ioctls have no side effects is from Linux
 * arch/x86/kvm/x86.c of 6.1 to 7.3.
 */
#include <errno.h>
#include <kvmwhy/vmm.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "walk.h"

#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define EFER_LMA (1ull << 10)
#define RFLAGS_FIXED (1ull << 1)

/* Newer than some headers. */
#define RUN_X86_GUEST_MODE (1u << 2)

enum { PAGE = 4096, CODE_BEFORE = 20 };

_Static_assert(KW_SNAPSHOT_CODE <= KW_VCPU_CODE_MAX && CODE_BEFORE < KW_SNAPSHOT_CODE,
	       "code bytes fit");
_Static_assert(sizeof(struct kvm_run) >= KW_RUN_PAGE_MIN, "of kvm_run there is enough");
_Static_assert(sizeof(struct kvm_run) <= KW_RUN_PAGE_MAX, "and not too much");
_Static_assert(offsetof(struct kvm_sregs, interrupt_bitmap) == offsetof(struct kvm_sregs2, flags),
	       "kvm_sregs2 begins as kvm_sregs");

/*
 * What entry, system calls, machine checks and SMM depend on. Neither Hyper-V's MSRs, whose reading
 * can make KVM allocate, nor what the other structures have.
 */
static const uint32_t default_msrs[] = {
	0x3a,				/* IA32_FEATURE_CONTROL */
	0x9e,				/* IA32_SMBASE */
	0x174, 0x175, 0x176,		/* IA32_SYSENTER_CS, _ESP, _EIP */
	0x179, 0x17a, 0x17b,		/* IA32_MCG_CAP, _STATUS, _CTL */
	0x1a0,				/* IA32_MISC_ENABLE */
	0x1d9,				/* IA32_DEBUGCTL */
	0x277, 0x2ff,			/* IA32_PAT, IA32_MTRR_DEF_TYPE */
	/* MCi_CTL and MCi_STATUS of the ten banks that QEMU gives its guests */
	0x400, 0x401, 0x404, 0x405, 0x408, 0x409, 0x40c, 0x40d, 0x410, 0x411,
	0x414, 0x415, 0x418, 0x419, 0x41c, 0x41d, 0x420, 0x421, 0x424, 0x425,
	0x6e0,				/* IA32_TSC_DEADLINE */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, /* STAR, LSTAR, CSTAR, SFMASK */
	0xc0000102, 0xc0000103,		/* KERNEL_GS_BASE, TSC_AUX */
	0xc0010015, 0xc0010117,		/* HWCR, VM_HSAVE_PA */
};

_Static_assert(sizeof(default_msrs) / sizeof(default_msrs[0]) <= KW_SNAPSHOT_MSRS,
	       "the default list fits");

static void miss(struct kw_snapshot *s, const char *what, uint32_t msr, int error)
{
	if (s->nmissing < KW_SNAPSHOT_MISSING)
		s->missing[s->nmissing++] =
			(struct kw_snapshot_missing){ .what = what, .msr = msr, .error = error };
}

/* Gets a structure from KVM: 0 or the errno. A file that is not a vCPU returns ENOTTY. */
static int ask(int fd, unsigned long request, void *ret)
{
	return ioctl(fd, request, ret) < 0 ? errno : 0;
}

/* Registers */

struct part {
	const char *name;
	unsigned long request;
	unsigned int sync, bit;
	size_t at, in_page, size;
};

/* Those with .sync can be in the page. */
#define PAGE_AT(member) offsetof(struct kvm_run, s.regs.member)
static const struct part parts[] = {
	{ "KVM_GET_REGS", KVM_GET_REGS, KVM_SYNC_X86_REGS, KW_SNAPSHOT_REGS,
	  offsetof(struct kw_snapshot, regs), PAGE_AT(regs), sizeof(struct kvm_regs) },
	{ "KVM_GET_SREGS", KVM_GET_SREGS, KVM_SYNC_X86_SREGS, KW_SNAPSHOT_SREGS,
	  offsetof(struct kw_snapshot, sregs), PAGE_AT(sregs), sizeof(struct kvm_sregs) },
	{ "KVM_GET_VCPU_EVENTS", KVM_GET_VCPU_EVENTS, KVM_SYNC_X86_EVENTS, KW_SNAPSHOT_EVENTS,
	  offsetof(struct kw_snapshot, events), PAGE_AT(events), sizeof(struct kvm_vcpu_events) },
	{ "KVM_GET_DEBUGREGS", KVM_GET_DEBUGREGS, 0, KW_SNAPSHOT_DEBUGREGS,
	  offsetof(struct kw_snapshot, debugregs), 0, 0 },
	{ "KVM_GET_XCRS", KVM_GET_XCRS, 0, KW_SNAPSHOT_XCRS, offsetof(struct kw_snapshot, xcrs), 0,
	  0 },
};

_Static_assert(sizeof(struct kvm_sregs2) >= sizeof(struct kvm_sregs),
	       "KVM_GET_SREGS writes into a kvm_sregs2");

static void take_from_page(struct kw_snapshot *s, const struct part *part)
{
	memcpy((char *)s + part->at, (const char *)&s->run + part->in_page, part->size);
	s->have |= part->bit;
	s->from_page |= part->bit;
}

static void get_part(struct kw_snapshot *s, int fd, const struct part *part, bool page_first)
{
	bool valid = s->run.kvm_valid_regs & part->sync;
	void *ret = (char *)s + part->at;
	int error = 0;

	if (!valid || !page_first) {
		error = ask(fd, part->request, ret);
		if (!error) {
			s->have |= part->bit;
			s->run.kvm_valid_regs &= ~(__u64)part->sync;
			return;
		}
	}
	if (valid)
		take_from_page(s, part);
	else
		miss(s, part->name, 0, error);
}

static bool is_pae(const struct kvm_sregs2 *sregs)
{
	return sregs->cr0 & CR0_PG && sregs->cr4 & CR4_PAE && !(sregs->efer & EFER_LMA);
}

/*
 * VMX has registers for the PDPTEs. SVM with nested paging has none, and KVM_GET_SREGS2 would read
 * them from guest memory into KVM's own copy, which may block: there the walk reads them.
 */
static void get_pdptrs(struct kw_snapshot *s, int fd)
{
	struct kvm_sregs2 sregs;
	int error;

	memset(&s->sregs.flags, 0, sizeof(s->sregs) - offsetof(struct kvm_sregs2, flags));
	if (!is_pae(&s->sregs) || !__builtin_cpu_is("intel"))
		return;
	memset(&sregs, 0, sizeof(sregs));
	error = ask(fd, KVM_GET_SREGS2, &sregs);
	if (error)
		miss(s, "KVM_GET_SREGS2", 0, error);
	if (error || !(sregs.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID))
		return;
	s->sregs.flags = sregs.flags;
	memcpy(s->sregs.pdptrs, sregs.pdptrs, sizeof(sregs.pdptrs));
	s->have |= KW_SNAPSHOT_PDPTRS;
}

/*
 * The parts of the page that are vCPU state. What the VMM put there for KVM_RUN to load is not; and
 * RFLAGS of 0, which no vCPU has, means that KVM_RUN never filled in the page.
 */
static __u64 in_page(const struct kvm_run *run)
{
	if (run->kvm_valid_regs & KVM_SYNC_X86_REGS && !(run->s.regs.regs.rflags & RFLAGS_FIXED))
		return 0;
	return KVM_SYNC_X86_VALID_FIELDS & ~run->kvm_dirty_regs;
}

static void get_registers(struct kw_snapshot *s, int fd)
{
	/* if refused before the vCPU was loaded, KVM_RUN leaves the page unchanged */
	bool page_first = s->error != EINVAL && s->error != EIO;

	s->run.kvm_valid_regs &= in_page(&s->run);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		get_part(s, fd, &parts[i], page_first);
	get_pdptrs(s, fd);
}

static size_t choose_msrs(struct kw_snapshot *s)
{
	size_t count = sizeof(default_msrs) / sizeof(default_msrs[0]);

	if (s->nmsrs)
		return s->nmsrs;
	for (size_t i = 0; i < count; i++)
		s->msrs[i].index = default_msrs[i];
	return count;
}

/*
 * One by one, since KVM stops at the first it does not have. An errno is not specific to the MSR.
 */
static void get_msrs(struct kw_snapshot *s, int fd)
{
	union {
		struct kvm_msrs head;
		char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} one;
	size_t count = choose_msrs(s);
	int got;

	s->nmsrs = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t index = s->msrs[i].index;

		memset(&one, 0, sizeof(one));
		one.head.nmsrs = 1;
		one.head.entries[0].index = index;
		got = ioctl(fd, KVM_GET_MSRS, &one);
		if (got == 1)
			s->msrs[s->nmsrs++] =
				(struct kw_vcpu_msr){ index, one.head.entries[0].data };
		else
			miss(s, "KVM_GET_MSRS", index, got < 0 ? errno : ENOENT);
		if (got < 0)
			break;
	}
}

/*
 * CR3 and addresses of a nested guest are in its own memory, and nothing shows where that is. With
 * room only for the header, KVM_GET_NESTED_STATE returns E2BIG if there is more, and does nothing
 * else; then a nested guest ran or, on VMX, a guest with a current VMCS.
 */
static void get_nested(struct kw_snapshot *s, int fd)
{
	union {
		struct kvm_nested_state head;
		char room[sizeof(struct kvm_nested_state) + 2 * PAGE];
	} nested;
	int error;

	memset(&nested.head, 0, sizeof(nested.head));
	nested.head.size = sizeof(nested.head);
	error = ask(fd, KVM_GET_NESTED_STATE, &nested);
	if (error == E2BIG) {
		nested.head.size = sizeof(nested);
		error = ask(fd, KVM_GET_NESTED_STATE, &nested);
	}
	if (s->run.flags & RUN_X86_GUEST_MODE ||
	    (!error && nested.head.flags & KVM_STATE_NESTED_GUEST_MODE))
		s->have |= KW_SNAPSHOT_NESTED;
}

/* Memory */

static bool in_smm(const struct kw_snapshot *s)
{
	return s->run.flags & KVM_RUN_X86_SMM ||
	       (s->have & KW_SNAPSHOT_EVENTS && s->events.smi.smm);
}

/* False: memory cannot be read, and .missing says why. */
static bool init_paging(struct kw_snapshot *s, const struct kw_guest_memory *memory,
			struct kw_paging *ret)
{
	const unsigned int registers = KW_SNAPSHOT_REGS | KW_SNAPSHOT_SREGS;
	int error = 0;

	*ret = (struct kw_paging){ .cr0 = s->sregs.cr0, .cr3 = s->sregs.cr3, .cr4 = s->sregs.cr4,
				   .efer = s->sregs.efer };
	if (s->have & KW_SNAPSHOT_PDPTRS)
		ret->pdptrs = s->sregs.pdptrs;
	if (memory) {
		ret->read = in_smm(s) ? memory->read_smm : memory->read;
		ret->arg = memory->arg;
	}
	if ((s->have & registers) != registers)
		error = ENODATA;
	else if (s->have & KW_SNAPSHOT_NESTED || !ret->read)
		error = ENOTSUP;
	if (error) {
		miss(s, "code", 0, error);
		miss(s, "stack", 0, error);
	}
	return !error;
}

static uint64_t linear_rip(const struct kw_snapshot *s)
{
	uint64_t mask = kw_walk_mask(&s->sregs);

	return mask == UINT64_MAX ? s->regs.rip : (s->sregs.cs.base + s->regs.rip) & mask;
}

static uint64_t linear_rsp(const struct kw_snapshot *s)
{
	uint64_t mask = kw_walk_mask(&s->sregs);

	if (mask == UINT64_MAX)
		return s->regs.rsp;
	return (s->sregs.ss.base + (s->sregs.ss.db ? s->regs.rsp : s->regs.rsp & 0xffff)) & mask;
}

/* Up to the end of the page: how many bytes, and if they could be read. */
static size_t read_piece(const struct kw_paging *p, uint64_t linear, uint8_t *buf, size_t len,
			 int *error)
{
	struct kw_translation at = { .linear = linear };
	size_t left = PAGE - (size_t)(linear % PAGE), part = len < left ? len : left;
	int err;

	*error = kw_walk(p, &at);
	if (*error)
		return part;
	err = p->read(p->arg, at.gpa, buf, part);
	*error = err < 0 ? -err : err ? EIO : 0;
	return part;
}

/*
 * Returns a bit for each byte that could be read, up to 64, and their number up to the first that
 * could not.
 */
static uint64_t read_linear(const struct kw_paging *p, uint64_t mask, uint64_t linear, uint8_t *buf,
			    size_t len, size_t *prefix, int *error)
{
	uint64_t known = 0;
	bool whole = true;
	size_t part;

	*prefix = 0;
	*error = 0;
	for (size_t at = 0; at < len; at += part) {
		int err;

		part = read_piece(p, (linear + at) & mask, buf + at, len - at, &err);
		if (err) {
			memset(buf + at, 0, part);
			whole = false;
			*error = err;
			continue;
		}
		for (size_t i = at; i < at + part && i < 64; i++)
			known |= 1ull << i;
		if (whole)
			*prefix += part;
	}
	return known;
}

/* Like QEMU: up to 20 bytes before RIP, fewer at the beginning of the segment. */
static void read_code(struct kw_snapshot *s, const struct kw_paging *p)
{
	size_t prefix;
	int error;

	s->code_at = s->regs.rip < CODE_BEFORE ? (size_t)s->regs.rip : CODE_BEFORE;
	s->code_size = KW_SNAPSHOT_CODE;
	s->code_known = read_linear(p, kw_walk_mask(&s->sregs), s->rip.linear - s->code_at, s->code,
				    s->code_size, &prefix, &error);
	if (!(s->code_known >> s->code_at & 1))
		miss(s, "code", 0, error);
}

static void read_stack(struct kw_snapshot *s, const struct kw_paging *p)
{
	int error;

	read_linear(p, kw_walk_mask(&s->sregs), s->rsp.linear, s->stack, KW_SNAPSHOT_STACK,
		    &s->stack_size, &error);
	if (!s->stack_size)
		miss(s, "stack", 0, error);
}

static void read_memory(struct kw_snapshot *s, const struct kw_guest_memory *memory)
{
	struct kw_paging paging;

	s->rip.error = s->rsp.error = ENODATA;
	if (!init_paging(s, memory, &paging))
		return;
	s->rip.linear = linear_rip(s);
	s->rsp.linear = linear_rsp(s);
	kw_walk(&paging, &s->rip);
	kw_walk(&paging, &s->rsp);
	read_code(s, &paging);
	read_stack(s, &paging);
}

int kw_vcpu_snapshot(int vcpu_fd, const struct kvm_run *run, int error,
		     const struct kw_guest_memory *memory, struct kw_snapshot *ret)
{
	const size_t chosen = offsetof(struct kw_snapshot, error);
	int saved = errno;

	if (!ret || ret->size != sizeof(*ret) || ret->nmsrs > KW_SNAPSHOT_MSRS || error < 0)
		return -EINVAL;
	memset((char *)ret + chosen, 0, sizeof(*ret) - chosen);
	ret->error = error;
	if (run) {
		ret->run = *run;
		ret->have |= KW_SNAPSHOT_RUN;
	}
	get_registers(ret, vcpu_fd);
	get_msrs(ret, vcpu_fd);
	get_nested(ret, vcpu_fd);
	read_memory(ret, memory);
	errno = saved;
	return 0;
}

int kw_snapshot_state(const struct kw_snapshot *s, struct kw_vcpu_state *ret)
{
	if (!s || !ret || s->size != sizeof(*s))
		return -EINVAL;
	*ret = (struct kw_vcpu_state){ .size = sizeof(*ret),
				       .arch = "x86",
				       .error = s->error,
				       .number = -1,
				       .msrs = s->msrs,
				       .nmsrs = s->nmsrs };
	if (s->have & KW_SNAPSHOT_RUN)
		ret->run = &s->run, ret->run_size = sizeof(s->run);
	if (s->have & KW_SNAPSHOT_REGS)
		ret->regs = &s->regs, ret->regs_size = sizeof(s->regs);
	if (s->have & KW_SNAPSHOT_SREGS) {
		ret->sregs = &s->sregs, ret->sregs_size = sizeof(s->sregs);
		ret->flags |= KW_VCPU_SREGS2;
	}
	if (s->have & KW_SNAPSHOT_EVENTS)
		ret->events = &s->events, ret->events_size = sizeof(s->events);
	if (s->have & KW_SNAPSHOT_DEBUGREGS)
		ret->debugregs = &s->debugregs, ret->debugregs_size = sizeof(s->debugregs);
	if (s->code_size) {
		ret->code = s->code, ret->code_size = s->code_size;
		ret->code_at = s->code_at, ret->code_known = s->code_known;
	}
	return 0;
}
