// SPDX-License-Identifier: MIT
/*
 * The last words of monitors that print no registers: crosvm, cloud-hypervisor, Firecracker and its
 * relatives (libkrun, Dragonball), uhyve, and small ones that print the KVM_EXIT_* name. Usually
 * one line, in the wording of their sources; cloud-hypervisor's detail may be on the next. Also the
 * trace events of Linux and QEMU that tell the exit.
 */
#include "parse/parse.h"

/* The parser's word of state. */
enum {
	OURS = 1,    /* the record was begun here */
	DETAILS = 2, /* and what failed is still to be said */
	GUNYAH = 4,  /* another hypervisor's exit was named before */
};

/* A known exit by its name in <linux/kvm.h> and in the crate kvm-ioctls. */
static const struct exit_name {
	char uapi[20], rust[16];
	uint8_t number;
} exit_names[] = {
#define E(uapi, rust) { #uapi, rust, KW_KVM_EXIT_##uapi }
	E(UNKNOWN, "Unknown"),
	E(EXCEPTION, "Exception"),
	E(HYPERCALL, "Hypercall"),
	E(DEBUG, "Debug"),
	E(HLT, "Hlt"),
	E(IRQ_WINDOW_OPEN, "IrqWindowOpen"),
	E(SHUTDOWN, "Shutdown"),
	E(FAIL_ENTRY, "FailEntry"),
	E(INTR, "Intr"),
	E(SET_TPR, "SetTpr"),
	E(TPR_ACCESS, "TprAccess"),
	E(NMI, "Nmi"),
	E(INTERNAL_ERROR, "InternalError"),
	E(SYSTEM_EVENT, "SystemEvent"),
	E(HYPERV, "Hyperv"),
	E(X86_RDMSR, "X86Rdmsr"),
	E(X86_WRMSR, "X86Wrmsr"),
	E(MEMORY_FAULT, "MemoryFault"),
#undef E
};

static enum kw_class class_of(uint64_t exit_reason)
{
	switch (exit_reason) {
	case KW_KVM_EXIT_UNKNOWN:
		return KW_CLASS_UNKNOWN_EXIT;
	case KW_KVM_EXIT_FAIL_ENTRY:
		return KW_CLASS_ENTRY_FAILED;
	case KW_KVM_EXIT_INTERNAL_ERROR:
		return KW_CLASS_INTERNAL_ERROR;
	default:
		return KW_CLASS_VMM_ERROR;
	}
}

/* The monitor, if its name or a path of its sources is in the line. */
static struct kw_str vmm_of(struct kw_str line, struct kw_str otherwise)
{
	static const struct { struct kw_str mark, vmm; } marks[] = {
		{ KW_STR("crosvm"), KW_STR("crosvm") },
		{ KW_STR("anonymous-instance"), KW_STR("Firecracker") },
		{ KW_STR("fc_vcpu"), KW_STR("Firecracker") },
		{ KW_STR("cloud-hypervisor"), KW_STR("cloud-hypervisor") },
		{ KW_STR("VCPU generated error"), KW_STR("cloud-hypervisor") },
		{ KW_STR("krun"), KW_STR("libkrun") },
		{ KW_STR("KVM_EXIT_FAIL_ENTRY signal: reason="), KW_STR("libkrun") },
		{ KW_STR("KVM_EXIT_FAIL_ENTRY signal, reason "), KW_STR("Dragonball") },
		{ KW_STR("dragonball"), KW_STR("Dragonball") },
		{ KW_STR("uhyve"), KW_STR("uhyve") },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (kw_str_has(line, marks[i].mark))
			return marks[i].vmm;
	}
	return otherwise;
}

static struct kw_str skip_any(struct kw_str s, struct kw_str set)
{
	while (s.len && memchr(set.p, s.p[0], set.len))
		s = kw_str_from(s, 1);
	return s;
}

/* A number as these programs print it: decimal, or hexadecimal with 0x. */
static bool read_number(struct kw_str s, uint64_t *ret)
{
	return kw_str_starts(s, KW_STR("0x")) ? kw_str_hex(s, ret) > 2 : kw_str_dec(s, ret) > 0;
}

static bool number_behind(struct kw_str s, struct kw_str words, uint64_t *ret)
{
	size_t at = kw_str_find(s, words);

	if (at == SIZE_MAX)
		return false;
	return read_number(skip_any(kw_str_from(s, at + words.len), KW_STR(" :=")), ret);
}

/* "<vcpu0>", "fc_vcpu 0:", "[anonymous-instance:vcpu 1]", "Vcpu0 received" */
static bool vcpu_of(struct kw_str s, uint64_t *ret)
{
	if (s.len > 200)
		s.len = 200;
	for (;;) {
		size_t at = kw_str_find(s, KW_STR("cpu"));

		if (at == SIZE_MAX)
			return false;
		if (at && (s.p[at - 1] | 0x20) == 'v' &&
		    kw_str_dec(skip_any(kw_str_from(s, at + 3), KW_STR(" _")), ret))
			return true;
		s = kw_str_from(s, at + 3);
	}
}

static uint32_t *state_of(struct kw_gather *g)
{
	return kw_gather_state(g, &kw_parser_monitors);
}

static struct kw_failure *ours(struct kw_gather *g)
{
	struct kw_failure *f = kw_gather_beside(g);

	if (f)
		return f;
	f = kw_gather_current(g);
	return f && f == kw_gather_dumping(g) && (*state_of(g) & OURS) ? f : NULL;
}

/* Begins the record, or adds to one that only says that something failed. */
static struct kw_failure *speak(struct kw_gather *g, const struct kw_clean_line *line,
				enum kw_class class, uint64_t number, struct kw_str vmm)
{
	struct kw_failure *f = ours(g);
	uint64_t vcpu;

	if (f && (*state_of(g) & DETAILS) && class != KW_CLASS_VMM_ERROR) {
		f->class = class;
		kw_gather_line(f, line);
	} else if (f && f != kw_gather_beside(g)) {
		f = kw_gather_headline(g, class, number, false, line);
	} else {
		f = kw_gather_aside(g, class, number, line);
	}
	*state_of(g) = OURS;
	f->vmm_lines++;
	vmm = vmm_of(line->raw, vmm);
	if (vmm.len && !f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = kw_arena_copy(f->arena, vmm);
	if (vcpu_of(line->raw, &vcpu))
		kw_gather_fact(f, line, KW_F_vcpu, vcpu);
	return f;
}

/* "Bad address (os error 14)", as Rust prints an io::Error; "Error(14)", as errno's Debug does. */
static bool take_errno(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest,
		       struct kw_str vmm)
{
	bool foreign = ours(g) && (*state_of(g) & GUNYAH);
	size_t at = kw_str_find(rest, KW_STR(" (os error "));
	struct kw_failure *f;
	uint64_t number;

	if (!number_behind(rest, KW_STR("(os error "), &number) &&
	    !number_behind(rest, KW_STR("Error("), &number))
		return false;
	if (foreign) {
		f = ours(g);
		kw_gather_line(f, line);
	} else {
		f = speak(g, line, KW_CLASS_KVM_RUN_FAILED, number, vmm);
	}
	kw_gather_fact(f, line, KW_F_errno_number, number);
	if (at != SIZE_MAX && at)
		f->text[KW_T_ERRNO] = kw_arena_copy(f->arena,
						    kw_str_trim((struct kw_str){ rest.p, at }));
	return true;
}

static bool take_crosvm_errno(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	return take_errno(g, line, rest, KW_STR("crosvm"));
}

static bool take_cloud_errno(struct kw_gather *g, const struct kw_clean_line *line,
			     struct kw_str rest)
{
	return take_errno(g, line, rest, KW_STR("cloud-hypervisor"));
}

static bool take_any_errno(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	return take_errno(g, line, rest, KW_STR(""));
}

/* What is printed with an exit, in any order and with any punctuation. */
static void set_details(struct kw_failure *f, const struct kw_clean_line *line,
			uint64_t exit_reason, struct kw_str rest)
{
	static const struct { struct kw_str words; uint8_t exit; enum kw_fact fact; } details[] = {
		{ KW_STR("reason"), KW_KVM_EXIT_FAIL_ENTRY, KW_F_hardware_error },
		{ KW_STR("signal: "), KW_KVM_EXIT_FAIL_ENTRY, KW_F_hardware_error },
		{ KW_STR("cpu"), KW_KVM_EXIT_FAIL_ENTRY, KW_F_cpu },
		{ KW_STR("cpu number "), KW_KVM_EXIT_FAIL_ENTRY, KW_F_cpu },
		{ KW_STR("uberror"), KW_KVM_EXIT_INTERNAL_ERROR, KW_F_suberror },
		{ KW_STR("flags"), KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_flags },
		{ KW_STR("gpa"), KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_gpa },
		{ KW_STR("size"), KW_KVM_EXIT_MEMORY_FAULT, KW_F_memory_fault_size },
	};
	uint64_t value;

	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (details[i].exit == exit_reason && !kw_known(f, details[i].fact) &&
		    number_behind(rest, details[i].words, &value))
			kw_gather_fact(f, line, details[i].fact, value);
	}
}

static struct kw_failure *speak_of_exit(struct kw_gather *g, const struct kw_clean_line *line,
					uint64_t exit_reason, struct kw_str rest, struct kw_str vmm)
{
	struct kw_failure *f = speak(g, line, class_of(exit_reason), exit_reason, vmm);

	kw_gather_fact(f, line, KW_F_exit_reason, exit_reason);
	set_details(f, line, exit_reason, rest);
	return f;
}

static const struct exit_name *exit_by(struct kw_str s, bool rust)
{
	size_t len = 0;

	while (len < s.len && kw_is_word(s.p[len]))
		len++;
	s.len = len;
	for (size_t i = 0; i < sizeof(exit_names) / sizeof(exit_names[0]); i++) {
		if (kw_str_eq(s, kw_str(rust ? exit_names[i].rust : exit_names[i].uapi)))
			return &exit_names[i];
	}
	return NULL;
}

/* A VcpuExit of kvm-ioctls as Debug prints it: "InternalError", "FailEntry(7, 2)". */
/* "SystemEvent(6, [256])": type and data */
static void take_system_event(struct kw_failure *f, const struct kw_clean_line *line,
			      struct kw_str s)
{
	uint64_t number;
	size_t len;

	if (!kw_str_skip(s, KW_STR("SystemEvent("), &s) || !(len = kw_str_dec(s, &number)))
		return;
	kw_gather_fact(f, line, KW_F_system_event_type, number);
	if (kw_str_skip(kw_str_from(s, len), KW_STR(", ["), &s) && kw_str_dec(s, &number))
		kw_gather_fact(f, line, KW_F_system_event_data, number);
}

static bool take_rust_exit(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	const struct exit_name *exit = exit_by(rest, true);
	struct kw_failure *f;
	struct kw_str values;
	uint64_t number, cpu;
	size_t len;

	if (!exit) {
		if (!kw_str_skip(rest, KW_STR("Unsupported("), &values) ||
		    !kw_str_dec(values, &number))
			return false;
		speak_of_exit(g, line, number, rest, KW_STR(""));
		return true;
	}
	f = speak_of_exit(g, line, exit->number, rest, KW_STR(""));
	if (exit->number == KW_KVM_EXIT_SYSTEM_EVENT)
		take_system_event(f, line, rest);
	if (exit->number != KW_KVM_EXIT_FAIL_ENTRY ||
	    !kw_str_skip(rest, KW_STR("FailEntry("), &values))
		return true;
	len = kw_str_dec(values, &number);
	if (len)
		kw_gather_fact(f, line, KW_F_hardware_error, number);
	if (len && kw_str_dec(skip_any(kw_str_from(values, len), KW_STR(", ")), &cpu))
		kw_gather_fact(f, line, KW_F_cpu, cpu);
	return true;
}

/* If a monitor also continues after other exits, only those that end a guest count. */
static bool take_fatal_rust_exit(struct kw_gather *g, const struct kw_clean_line *line,
				 struct kw_str rest)
{
	const struct exit_name *exit = exit_by(rest, true);

	if (!exit ||
	    (exit->number != KW_KVM_EXIT_FAIL_ENTRY && exit->number != KW_KVM_EXIT_INTERNAL_ERROR))
		return false;
	return take_rust_exit(g, line, rest);
}

/* uhyve: "VcpuExitFailEntry { hardware_entry_failure_reason: 0, cpu: 2 }" */
static bool take_uhyve_exit(struct kw_gather *g, const struct kw_clean_line *line,
			    struct kw_str rest)
{
	speak_of_exit(g, line, KW_KVM_EXIT_FAIL_ENTRY, rest, KW_STR("uhyve"));
	return true;
}

/* "Received KVM_EXIT_FAIL_ENTRY signal: 7 on cpu 1"; a HLT is how a guest powers off. */
static bool take_received(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	const struct exit_name *exit = exit_by(rest, false);

	if (!exit || exit->number == KW_KVM_EXIT_HLT || !kw_str_has(rest, KW_STR(" signal")))
		return false;
	speak_of_exit(g, line, exit->number, rest, KW_STR(""));
	return true;
}

/* crosvm: "vcpu hw run failure: 0x7" */
static bool take_hw_failure(struct kw_gather *g, const struct kw_clean_line *line,
			    struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t reason;

	if (!read_number(rest, &reason))
		return false;
	f = speak_of_exit(g, line, KW_KVM_EXIT_FAIL_ENTRY, rest, KW_STR("crosvm"));
	kw_gather_fact(f, line, KW_F_hardware_error, reason);
	return true;
}

/* crosvm on Gunyah, a hypervisor for arm64, whose exits are not KVM's. */
static bool take_gunyah(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	uint64_t reason;
	struct kw_failure *f;

	if (!read_number(rest, &reason))
		return false;
	f = speak(g, line, KW_CLASS_VMM_ERROR, reason, KW_STR("crosvm"));
	f->arch = KW_ARCH_AARCH64;
	*state_of(g) |= GUNYAH;
	return true;
}

/* "VCPU generated error: VcpuRun(Failed to run vcpu", the cause after it or below */
static bool take_cloud(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	if (take_cloud_errno(g, line, rest))
		return true;
	speak(g, line, KW_CLASS_VMM_ERROR, 0, KW_STR("cloud-hypervisor"));
	*state_of(g) |= DETAILS;
	return true;
}

/*
 * "KVM: KVM_RUN: Bad address": perror() of a small monitor; without errno text after the colon it
 * is not a failure.
 */
static bool take_perror(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f;

	rest = kw_str_trim(skip_any(rest, KW_STR(" ")));
	if (rest.len && (rest.p[rest.len - 1] == '`' || rest.p[rest.len - 1] == '.'))
		rest.len--;
	if (rest.len < 4 || rest.len > 60 || !kw_is_word(rest.p[0]) ||
	    kw_str_has(rest, KW_STR("`")) || kw_str_starts(rest, KW_STR("KVM_")))
		return false;
	f = speak(g, line, KW_CLASS_KVM_RUN_FAILED, rest.len, KW_STR(""));
	f->text[KW_T_ERRNO] = kw_arena_copy(f->arena, rest);
	return true;
}

/* Firecracker: "Shutting down VM after intercepting a bad syscall (14)." */
static bool take_seccomp(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	uint64_t number;

	if (!read_number(skip_any(rest, KW_STR(" (")), &number))
		return false;
	if (!ours(g))
		speak(g, line, KW_CLASS_VMM_ERROR, number, KW_STR("Firecracker"));
	kw_gather_sign(g, line, KW_SIGN_SECCOMP, number);
	return true;
}

/* cloud-hypervisor: "Guest likely triple-faulted" */
static bool take_triple_fault(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	speak_of_exit(g, line, KW_KVM_EXIT_SHUTDOWN, rest, KW_STR("cloud-hypervisor"));
	return true;
}

/* "Invalid MMIO read @ 0xfffffffc:0x4", "Guest MMIO write to unregistered address 0xfffffffc" */
static bool take_mmio(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	uint64_t gpa;

	if (!number_behind(rest, KW_STR("unregistered address"), &gpa) &&
	    !number_behind(rest, KW_STR("@"), &gpa))
		return false;
	kw_gather_sign(g, line, KW_SIGN_MMIO_UNREGISTERED, gpa);
	return true;
}

/* "KVM: entry failure: hw_entry_failure_reason=0x80000021" of solo5 and others */
static bool take_entry_reason(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t reason;

	if (line->source == KW_SRC_KERNEL || !read_number(skip_any(rest, KW_STR(" :=")), &reason))
		return false;
	f = speak_of_exit(g, line, KW_KVM_EXIT_FAIL_ENTRY, KW_STR(""), KW_STR(""));
	kw_gather_fact(f, line, KW_F_hardware_error, reason);
	return true;
}

/* "KVM: internal error exit: suberror=0x1" */
static bool take_suberror(struct kw_gather *g, const struct kw_clean_line *line,
			  struct kw_str rest)
{
	uint64_t suberror;
	struct kw_failure *f;

	if (!read_number(skip_any(rest, KW_STR(" ")), &suberror))
		return false;
	f = speak_of_exit(g, line, KW_KVM_EXIT_INTERNAL_ERROR, KW_STR(""), KW_STR(""));
	kw_gather_fact(f, line, KW_F_suberror, suberror);
	return true;
}

/* An exit of a trace, perhaps the one that the event before it had; others are ordinary there. */
static bool take_traced(struct kw_gather *g, const struct kw_clean_line *line, uint64_t exit)
{
	struct kw_failure *f = ours(g);

	if (exit != KW_KVM_EXIT_UNKNOWN && exit != KW_KVM_EXIT_SHUTDOWN &&
	    exit != KW_KVM_EXIT_FAIL_ENTRY && exit != KW_KVM_EXIT_INTERNAL_ERROR)
		return false;
	if (f && kw_has(f, exit_reason) && f->exit_reason == exit) {
		kw_gather_line(f, line);
		return true;
	}
	speak_of_exit(g, line, exit, KW_STR(""), KW_STR(""));
	if (exit != KW_KVM_EXIT_SHUTDOWN) /* which has no more */
		kw_gather_sign(g, line, KW_SIGN_FEW_WORDS, exit);
	return true;
}

/* Linux' event: "reason NAME (number)", with a negative errno "reason error (14)" */
static bool take_userspace_exit(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str rest)
{
	uint64_t number;
	struct kw_failure *f;

	if (!kw_str_skip(skip_any(rest, KW_STR(" ")), KW_STR("reason "), &rest))
		return false;
	if (kw_str_starts(rest, KW_STR("KVM_EXIT_")))
		return number_behind(rest, KW_STR("("), &number) && take_traced(g, line, number);
	if (!kw_str_skip(rest, KW_STR("error ("), &rest) || !read_number(rest, &number))
		return false;
	f = speak(g, line, KW_CLASS_KVM_RUN_FAILED, number, KW_STR(""));
	kw_gather_fact(f, line, KW_F_errno_number, number);
	return true;
}

/* QEMU's event: "kvm_run_exit cpu_index 0, reason 8" */
static bool take_run_exit(struct kw_gather *g, const struct kw_clean_line *line,
			  struct kw_str rest)
{
	uint64_t exit;

	return number_behind(rest, KW_STR(", reason"), &exit) && take_traced(g, line, exit);
}

/* The event kvm_exit: "reason TRIPLE_FAULT rip 0x100110", for SVM "reason shutdown rip 0x100110" */
static bool take_triple_exit(struct kw_gather *g, const struct kw_clean_line *line,
			     struct kw_str rest)
{
	uint64_t rip;

	if (!kw_str_has(line->raw, KW_STR("kvm_exit")) || !read_number(rest, &rip) ||
	    !take_traced(g, line, KW_KVM_EXIT_SHUTDOWN))
		return false;
	kw_gather_fact(ours(g), line, KW_F_rip, rip);
	ours(g)->arch = KW_ARCH_X86;
	return true;
}

struct said {
	struct kw_str words;
	bool (*take)(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest);
};

/* The first match counts: causes come before what wraps them. */
static const struct said said[] = {
	{ KW_STR("Unexpected exit reason on vcpu run: "), take_rust_exit },
	{ KW_STR("Unexpected exit reason on vcpu run: "), take_any_errno },
	{ KW_STR("unexpected vcpu exit: "), take_fatal_rust_exit },
	{ KW_STR("not implemented: "), take_fatal_rust_exit },
	{ KW_STR("VcpuExitFailEntry {"), take_uhyve_exit },
	{ KW_STR("eceived KVM_EXIT_"), take_received },
	{ KW_STR("vcpu crashed: unhandled exit: "), take_rust_exit },
	{ KW_STR("Unhandled VCPU exit: "), take_rust_exit },
	{ KW_STR("vcpu hit unknown error: "), take_crosvm_errno },
	{ KW_STR("failed to run vcpu: "), take_crosvm_errno },
	{ KW_STR("failed to enter vcpu: "), take_crosvm_errno },
	{ KW_STR("vcpu hw run failure: "), take_hw_failure },
	{ KW_STR("unknown gh exit reason: "), take_gunyah },
	{ KW_STR("Failure during vcpu run: "), take_any_errno },
	{ KW_STR("Failed to run vCPU: "), take_any_errno },
	{ KW_STR("VCPU error "), take_cloud_errno },
	{ KW_STR("VCPU generated error: "), take_cloud },
	{ KW_STR("Guest likely triple-faulted"), take_triple_fault },
	{ KW_STR("intercepting a bad syscall"), take_seccomp },
	{ KW_STR("Guest MMIO "), take_mmio },
	{ KW_STR("Invalid MMIO "), take_mmio },
	{ KW_STR(": hw_entry_failure_reason"), take_entry_reason },
	{ KW_STR("internal error exit: suberror="), take_suberror },
	{ KW_STR("kvm_userspace_exit:"), take_userspace_exit },
	{ KW_STR("kvm_run_exit cpu_index "), take_run_exit },
	{ KW_STR(" reason TRIPLE_FAULT rip "), take_triple_exit },
	{ KW_STR(" reason shutdown rip "), take_triple_exit },
	{ KW_STR("KVM_RUN: "), take_perror },
	{ KW_STR("ioctl(KVM_RUN): "), take_perror },
};

/*
 * "KVM_EXIT_FAIL_ENTRY: hardware entry failure reason 0x7" of small monitors, perhaps after the
 * program's name. Sources, traces and prose contain the name too: it must begin the message and be
 * followed by its end, a colon or the number.
 */
static bool take_plain(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text, name = KW_STR("KVM_EXIT_"), rest;
	size_t at = kw_str_find(text, name), word = 0;
	const struct exit_name *exit;
	uint64_t value;

	if (at == SIZE_MAX || at > 40 ||
	    (at && (at < 2 || text.p[at - 2] != ':' || text.p[at - 1] != ' ')))
		return false;
	rest = kw_str_from(text, at + name.len);
	exit = exit_by(rest, false);
	if (!exit ||
	    (exit->number != KW_KVM_EXIT_FAIL_ENTRY && exit->number != KW_KVM_EXIT_INTERNAL_ERROR))
		return false;
	while (word < rest.len && kw_is_word(rest.p[word]))
		word++;
	rest = kw_str_from(rest, word);
	if (rest.len && rest.p[0] != ':' && !number_behind(rest, KW_STR("reason"), &value) &&
	    !number_behind(rest, KW_STR("uberror"), &value))
		return false;
	speak_of_exit(g, line, exit->number, rest, KW_STR(""));
	return true;
}

/* Ends of a guest or of its run: what a monitor's bare number may stand for. */
static bool ends_guest(uint64_t exit)
{
	return exit == KW_KVM_EXIT_UNKNOWN || exit == KW_KVM_EXIT_SHUTDOWN ||
	       exit == KW_KVM_EXIT_FAIL_ENTRY || exit == KW_KVM_EXIT_INTERNAL_ERROR ||
	       exit == KW_KVM_EXIT_SYSTEM_EVENT;
}

/* The exit after "exit reason", as a number or one of its names, not followed by more of a word. */
static bool few_exit(struct kw_str s, bool number, uint64_t *ret, struct kw_str *rest)
{
	const struct exit_name *exit;
	struct kw_str word;
	size_t len = 0;

	s = skip_any(s, KW_STR(" :=("));
	while (len < s.len && kw_is_word(s.p[len]))
		len++;
	word = (struct kw_str){ s.p, len };
	*rest = kw_str_from(s, len);
	if (number && read_number(word, ret))
		return *ret <= KW_KVM_EXIT_MEMORY_FAULT;
	exit = kw_str_skip(word, KW_STR("KVM_EXIT_"), &word) ? exit_by(word, false) :
							       exit_by(word, true);
	if (!exit)
		return false;
	*ret = exit->number;
	return true;
}

/* "Unhandled", "unexpected", ...: the monitor does not handle this exit. */
static bool complains(struct kw_str before)
{
	static const struct kw_str verbs[] = {
		KW_STR("nhandled"),	KW_STR("unknown"),    KW_STR("Unknown"),
		KW_STR("nexpected"),	KW_STR("nsupported"), KW_STR("nrecognized"),
		KW_STR("nimplemented"), KW_STR("UNHANDLED"),  KW_STR("UNKNOWN"),
		KW_STR("UNEXPECTED"),
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (kw_str_has(before, verbs[i]))
			return true;
	}
	return false;
}

/* "kvm: ", "vcpu0 ": what may come before it if no word of complaint does. */
static bool short_prefix(struct kw_str before)
{
	return !before.len ||
	       (before.len <= 24 &&
		(kw_str_has(before, KW_STR("kvm")) || kw_str_has(before, KW_STR("KVM")) ||
		 kw_str_has(before, KW_STR("cpu")) || kw_str_has(before, KW_STR("CPU"))));
}

/*
 * Small monitors and exercises: "exit_reason=0x8", "Unknown exit reason: 17", "Unexpected KVM Exit
 * Shutdown", "Unhandled exit reason: KVM_EXIT_INTERNAL_ERROR". The kernel's lines of this kind have
 * the CPU's exit reason and are read elsewhere.
 */
static bool take_few_words(struct kw_gather *g, const struct kw_clean_line *line)
{
	static const struct { struct kw_str words; bool reason;
	} forms[] = {
		{ KW_STR("exit reason"), true }, { KW_STR("exit_reason"), true },
		{ KW_STR("Exit reason"), true }, { KW_STR("exitReason"), true },
		{ KW_STR("ExitReason"), true },	 { KW_STR("EXIT REASON"), true },
		{ KW_STR("VMExit"), false },	 { KW_STR("VmExit"), false },
		{ KW_STR("VcpuExit::"), false }, { KW_STR("Exit"), false },
		{ KW_STR("exit"), false },
	};
	struct kw_str text = line->text, before, rest;
	size_t at = SIZE_MAX, i;
	uint64_t exit;

	if (text.len > 120 || line->source == KW_SRC_KERNEL ||
	    kw_str_has(line->raw, KW_STR("vmx")) || kw_str_has(line->raw, KW_STR("svm")) ||
	    kw_str_has(line->raw, KW_STR("kvm [")))
		return false;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]) && at == SIZE_MAX; i++)
		at = kw_str_find(text, forms[i].words);
	if (at == SIZE_MAX)
		return false;
	i--;
	before = (struct kw_str){ text.p, at };
	if (!few_exit(kw_str_from(text, at + forms[i].words.len), forms[i].reason, &exit, &rest))
		return false;
	rest = skip_any(rest, KW_STR(" "));
	if (rest.len && !memchr("(),.;!", rest.p[0], 6))
		return false;
	if (!complains(before) && (!forms[i].reason || rest.len || !short_prefix(before)))
		return false;
	if (!ends_guest(exit) && !(complains(before) && kw_str_has(text, KW_STR("cpu"))))
		return false;
	speak_of_exit(g, line, exit, rest, KW_STR(""));
	kw_gather_sign(g, line, KW_SIGN_FEW_WORDS, exit);
	return true;
}

/* "KVM_EXIT_SHUTDOWN", the whole line. */
static bool take_name_alone(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text, end = KW_STR("KVM_EXIT_SHUTDOWN");
	size_t at = kw_str_find(text, end);

	if (at == SIZE_MAX || at > 24 || at + end.len != text.len ||
	    (at && text.p[at - 1] != ' ') || (at && (at < 2 || text.p[at - 2] != ':')))
		return false;
	speak_of_exit(g, line, KW_KVM_EXIT_SHUTDOWN, KW_STR(""), KW_STR(""));
	kw_gather_sign(g, line, KW_SIGN_FEW_WORDS, KW_KVM_EXIT_SHUTDOWN);
	return true;
}

/* All wordings contain one of these: one pass over the line, since most lines are not ours. */
static bool may_be_ours(struct kw_str text)
{
	static const struct kw_str marks[] = {
		KW_STR("cpu"),		KW_STR("CPU "),		 KW_STR("KVM_EXIT_"),
		KW_STR("FailEntry"),	KW_STR("InternalError"), KW_STR("gh exit reason"),
		KW_STR("Guest MMIO"),	KW_STR("Invalid MMIO"),	 KW_STR("KVM_RUN"),
		KW_STR("exit"),		KW_STR("Exit"),		 KW_STR("EXIT REASON"),
		KW_STR("triple-fault"), KW_STR("bad syscall"),	 KW_STR("hw_entry_failure"),
	};

	for (; text.len; text = kw_str_from(text, 1)) {
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			if (text.p[0] == marks[i].p[0] && kw_str_starts(text, marks[i]))
				return true;
		}
	}
	return false;
}

static enum kw_took monitors_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text;

	if (text.len > 1024)
		text.len = 1024;
	if (text.len < 12 || !may_be_ours(text))
		return KW_TOOK_NOTHING;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t at = kw_str_find(text, said[i].words);

		if (at != SIZE_MAX &&
		    said[i].take(g, line, kw_str_from(text, at + said[i].words.len)))
			return KW_TOOK_LINE;
	}
	return take_plain(g, line) || take_name_alone(g, line) || take_few_words(g, line) ?
		       KW_TOOK_LINE :
		       KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = { KW_STR("KVM_EXIT_"),
					 KW_STR("VcpuRun"),
					 KW_STR("run vcpu"),
					 KW_STR("enter vcpu: "),
					 KW_STR("kvm_userspace_exit: reason error"),
					 KW_STR("kvm_run_exit cpu_index"),
					 KW_STR("hw_entry_failure_reason"),
					 KW_STR("error exit: suberror"),
					 KW_STR("reason TRIPLE_FAULT"),
					 KW_STR("reason shutdown rip"),
					 KW_STR("vcpu crashed: "),
					 KW_STR("vcpu run"),
					 KW_STR("vcpu hit unknown"),
					 KW_STR("Guest MMIO"),
					 KW_STR("gh exit reason"),
					 KW_STR("vcpu hw run failure"),
					 KW_STR("VCPU generated error"),
					 KW_STR("FailEntry"),
					 KW_STR("triple-faulted"),
					 KW_STR("bad syscall"),
					 KW_STR("xit reason"),
					 KW_STR("xit_reason"),
					 KW_STR("xitReason"),
					 KW_STR("EXIT REASON"),
					 KW_STR("KVM Exit"),
					 KW_STR("KVM exit"),
					 KW_STR("VcpuExit"),
					 KW_STR("vcpu exit"),
					 KW_STR("VMExit"),
					 KW_STR("VmExit"),
					 { 0 } };

const struct kw_parser kw_parser_monitors = {
	.name = "monitors", .words = needles, .line = monitors_line, .aside = true
};
