// SPDX-License-Identifier: MIT
/*
 * The host kernel's messages around a failure: the MSR lines of all generations, and KVM's WARN,
 * BUG and other lines as evidence. dump_vmcs and dump_vmcb are read by vmcs.c and vmcb.c.
 */
#include "parse/parse.h"

/* What an MSR line broken after its colon waits for. */
enum { WAIT_NOTHING, WAIT_INDEX, WAIT_DATA };

struct verb {
	struct kw_str words;
	enum kw_msr_verb verb;
	bool write;
};

/* Wording since 2.6.25; facts: Linux arch/x86/kvm/{x86,msrs,svm/svm,vmx/vmx}.c by version. */
static const struct verb verbs[] = {
	{ KW_STR("unhandled rdmsr: "), KW_MSR_UNHANDLED, false },
	{ KW_STR("unhandled wrmsr: "), KW_MSR_UNHANDLED, true },
	{ KW_STR("Unhandled RDMSR("), KW_MSR_UNHANDLED, false },
	{ KW_STR("Unhandled WRMSR("), KW_MSR_UNHANDLED, true },
	{ KW_STR("ignored rdmsr: "), KW_MSR_IGNORED, false },
	{ KW_STR("ignored wrmsr: "), KW_MSR_IGNORED, true },
	{ KW_STR("unimplemented wrmsr: "), KW_MSR_UNIMPLEMENTED, true },
	{ KW_STR("unimplemented perfctr wrmsr: "), KW_MSR_UNIMPLEMENTED, true },
	{ KW_STR("disabled perfctr wrmsr: "), KW_MSR_DISABLED_PERFCTR, true },
	{ KW_STR("Hyper-V unhandled wrmsr: "), KW_MSR_UNHANDLED, true },
	{ KW_STR("Hyper-V unhandled rdmsr: "), KW_MSR_UNHANDLED, false },
	{ KW_STR("Hyper-V uhandled wrmsr: "), KW_MSR_UNHANDLED, true },
	{ KW_STR("Hyper-V unimplemented wrmsr: "), KW_MSR_UNIMPLEMENTED, true },
	{ KW_STR("unhandled rdmsr:"), KW_MSR_UNHANDLED, false },
	{ KW_STR("unhandled wrmsr:"), KW_MSR_UNHANDLED, true },
	{ KW_STR("ignored rdmsr:"), KW_MSR_IGNORED, false },
	{ KW_STR("ignored wrmsr:"), KW_MSR_IGNORED, true },
};

/* Messages that name a register by its kernel macro, not its number. */
struct named {
	struct kw_str words;
	uint32_t index;
	enum kw_msr_verb verb;
};

static const struct named named[] = {
	{ KW_STR("MSR_IA32_DEBUGCTLMSR "), 0x1d9, KW_MSR_NOP },
	{ KW_STR("MSR_IA32_DEBUGCTL "), 0x1d9, KW_MSR_NOP },
	{ KW_STR("MSR_IA32_MC0_CTL: "), 0x400, KW_MSR_NOP },
	{ KW_STR("MSR_IA32_MC0_STATUS "), 0x401, KW_MSR_NOP },
	{ KW_STR("MSR_IA32_MCG_STATUS "), 0x17a, KW_MSR_NOP },
	{ KW_STR("MSR_IA32_MCG_CTL "), 0x17b, KW_MSR_NOP },
	{ KW_STR("unimplemented HWCR wrmsr: "), 0xc0010015, KW_MSR_UNIMPLEMENTED },
	{ KW_STR("unimplemented MMIO_CONF_BASE wrmsr: "), 0xc0010058, KW_MSR_UNIMPLEMENTED },
};

static uint64_t guest_rip(struct kw_str s)
{
	size_t at = kw_str_find(s, KW_STR("guest rIP: "));
	uint64_t rip = 0;

	if (at != SIZE_MAX)
		kw_str_hex(kw_str_from(s, at + 11), &rip);
	return rip;
}

/* What follows an index: " data 0x3", ") = 0x1", ", 3", nothing. */
static bool data_behind(struct kw_str s, uint64_t *ret)
{
	static const struct kw_str before[] = { KW_STR(" data "), KW_STR(") = "), KW_STR(" = "),
						KW_STR(", ") };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		struct kw_str rest;

		if (kw_str_skip(s, before[i], &rest))
			return kw_str_hex(rest, ret) > 0;
	}
	return false;
}

static bool take_index(struct kw_gather *g, const struct kw_clean_line *line,
		       struct kw_msr_message *message, struct kw_str s)
{
	uint64_t index;
	size_t len = kw_str_hex(s, &index);

	if (!len || index > UINT32_MAX)
		return false;
	message->index = (uint32_t)index;
	message->value_known = data_behind(kw_str_from(s, len), &message->value);
	if (!message->write) { /* some kernels print a data word although a read has none */
		message->data_behind_read = message->value_known;
		message->value_known = false;
		message->value = 0;
	}
	kw_gather_msr(g, line, message);
	return true;
}

static uint32_t wait_pack(const struct verb *v)
{
	return WAIT_INDEX | (uint32_t)(v - verbs) << 2;
}

static bool take_msr(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str s = line->text;

	if (!kw_str_has(s, KW_STR("msr")) && !kw_str_has(s, KW_STR("MSR"))) /* most lines */
		return false;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		size_t at = kw_str_find(s, verbs[i].words);
		struct kw_msr_message message = { .write = verbs[i].write,
						  .verb = (uint8_t)verbs[i].verb };
		struct kw_str rest;

		if (at == SIZE_MAX)
			continue;
		message.rip = guest_rip(s);
		rest = kw_str_from(s, at + verbs[i].words.len);
		if (!rest.len) { /* a mailer broke the line here */
			*kw_gather_state(g, &kw_parser_dmesg) = wait_pack(&verbs[i]);
			return true;
		}
		return take_index(g, line, &message, rest);
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		size_t at = kw_str_find(s, named[i].words);
		struct kw_msr_message message = { .write = true, .verb = (uint8_t)named[i].verb,
						  .index = named[i].index, .rip = guest_rip(s) };

		if (at == SIZE_MAX || !kw_str_has(s, KW_STR("kvm")))
			continue;
		message.value_known =
			kw_str_hex(kw_str_from(s, at + named[i].words.len), &message.value) > 0;
		kw_gather_msr(g, line, &message);
		return true;
	}
	return false;
}

static bool take_broken_msr(struct kw_gather *g, const struct kw_clean_line *line)
{
	uint32_t *state = kw_gather_state(g, &kw_parser_dmesg);
	const struct verb *v = &verbs[*state >> 2 & 31];
	struct kw_msr_message message = { .write = v->write, .verb = (uint8_t)v->verb };

	if ((*state & 3) != WAIT_INDEX)
		return false;
	*state = WAIT_NOTHING;
	return take_index(g, line, &message, line->text);
}

#define SIGN(words_, also_, sign_, ...)                                      \
	{                                                                    \
		.words = KW_STR(words_), .also = KW_STR(also_),              \
		.sign = KW_SIGN_##sign_, ##__VA_ARGS__                       \
	}

/* Evidence only: rows that begin a record are in host_log.c. */
static const struct kw_message signs[] = {
	SIGN("vmptrld", "fail", VMX_INSN),
	SIGN("vmclear", "fail", VMX_INSN),
	SIGN("vmread", "fail", VMX_INSN),
	SIGN("vmwrite", "fail", VMX_INSN),
	SIGN("invept failed", "", VMX_INSN),
	SIGN("invvpid failed", "", VMX_INSN),
	SIGN("dump_invalid_vmc", "=1 to dump internal KVM state", DUMP_OFF),
	SIGN("unexpected exit reason", "", UNUSUAL_EXIT),
	SIGN("kvmwhy: kvm [", " from ", OTHER), /* kmod/report.c, kw_say() */
	/* kmod/inject.c: "vcpu0 wrmsr(0x838): injecting -1" */
	SIGN("kvmwhy: kvm [", "injecting ", INJECTED,
	     .value_after = { .after = KW_STR("msr("), .hex = true }),
	SIGN("kvmwhy: kvm [", "injecting ", INJECTED),
	SIGN("reserved bits on spte", "", SPTE),
	SIGN("reserved bits set on MMU-present spte", "", SPTE),
	SIGN("WARNING: ", "try_get_page", HOST_MM),
	SIGN("BUG: Bad page", "", HOST_MM),
	SIGN("BUG: ", "ksmd", HOST_MM),
	SIGN("WARNING: CPU: ", "kvm", WARN),
	SIGN("WARNING: at ", "kvm", WARN),
	SIGN("WARNING: CPU: ", "vmx", WARN),
	SIGN("WARNING: CPU: ", "mm", WARN),
	SIGN("BUG: ", "", BUG),
	SIGN("unable to handle", "kernel", BUG),
	SIGN("general protection fault", "", BUG),
	/* of an oops or WARN: the machine that the kernel runs on is a VM */
	SIGN("Hardware name: ", "Virtual Machine", ON_VM),
	SIGN("Hardware name: ", "QEMU", ON_VM),
	SIGN("Hardware name: ", "VMware", ON_VM),
	SIGN("Hardware name: ", "VirtualBox", ON_VM),
	SIGN("Hardware name: ", "Google Compute", ON_VM),
	SIGN("Hardware name: ", "OpenStack", ON_VM),
	SIGN("Hardware name: ", "Amazon EC2", ON_VM, .but = KW_STR(".metal")),
	{ .sign = 0 }
};

/*
 * "CPU: 3 PID: 82067 Comm: CPU 0/KVM ... Not tainted 5.2.0-rc2 #5": the kernel that speaks, and on
 * behalf of which task.
 */
static bool take_kernel(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str s = line->text, rest;
	size_t at = kw_str_find(s, KW_STR("omm: "));
	bool vmm;

	if (at == SIZE_MAX || !kw_str_has(s, KW_STR("ainted")))
		return false;
	rest = kw_str_from(s, at + 5);
	vmm = kw_names_vmm((struct kw_str){ rest.p, rest.len < 20 ? rest.len : 20 }) ||
	      kw_str_starts(rest, KW_STR("qemu-kvm ")) || kw_str_starts(rest, KW_STR("kvm "));
	if (!vmm && !kw_str_has(rest, KW_STR(" #")))
		return false;
	if (vmm)
		kw_gather_message(g, KW_CLASS_HOST_KERNEL, line);
	kw_gather_sign(g, line, KW_SIGN_KERNEL, vmm);
	if (vmm)
		kw_gather_sign(g, line, KW_SIGN_VCPU_THREAD, 0);
	return true;
}

/* "RIP: 0010:f+0x1/0x2 [kvm]" of an oops; a stall prints it too, for where it found a CPU. */
static bool take_rip(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str words = KW_STR("RIP: 0010:"), name;
	size_t at = kw_str_find(line->text, words), len = 0;
	struct kw_failure *f;

	if (at == SIZE_MAX || !kw_str_has(line->text, KW_STR(" [kvm")))
		return false;
	f = kw_gather_message(g, KW_CLASS_HOST_KERNEL, line);
	if (!f || f->class != KW_CLASS_HOST_KERNEL)
		return false;
	name = kw_str_from(line->text, at + words.len);
	while (len < name.len && name.p[len] != ' ')
		len++;
	kw_gather_sign(g, line, KW_SIGN_IN_KVM, 0);
	if (!f->text[KW_T_FUNCTION].len)
		f->text[KW_T_FUNCTION] = kw_arena_copy(f->arena, (struct kw_str){ name.p, len });
	return true;
}

/* The record of an internal error that the kernel's line is the first to tell of, or NULL. */
static struct kw_failure *internal_error(struct kw_gather *g, const struct kw_clean_line *line,
					 uint64_t suberror)
{
	struct kw_failure *f = kw_gather_message(g, KW_CLASS_INTERNAL_ERROR, line);

	if (!f || f->class != KW_CLASS_INTERNAL_ERROR || kw_has(f, suberror))
		return NULL;
	f->arch = KW_ARCH_X86;
	kw_gather_fact(f, line, KW_F_suberror, suberror);
	return f;
}

/* Before v2.6.34: "emulation failed (mmio) rip 7c9020f9 66 0f 6f 00" */
static bool take_old_emulation(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str words = KW_STR("emulation failed ("), rest;
	size_t at = kw_str_find(line->text, words), len;
	uint64_t rip, byte;
	struct kw_failure *f;

	if (at == SIZE_MAX)
		return false;
	rest = kw_str_from(line->text, at + words.len);
	at = kw_str_find(rest, KW_STR(") rip "));
	if (at == SIZE_MAX || !(len = kw_str_hex(kw_str_from(rest, at + 6), &rip)))
		return false;
	rest = kw_str_from(rest, at + 6 + len);
	f = internal_error(g, line, KW_SUBERROR_EMULATION);
	if (!f || f->code.len)
		return true;
	kw_gather_fact(f, line, KW_F_rip, rip);
	while (f->code.len < 4 && rest.len && rest.p[0] == ' ' &&
	       kw_str_hex(kw_str_from(rest, 1), &byte) == 2) {
		f->code.known |= UINT64_C(1) << f->code.len;
		f->code.bytes[f->code.len++] = (uint8_t)byte;
		rest = kw_str_from(rest, 3);
	}
	f->code.marked = f->code.len ? 0 : -1;
	f->code.origin = f->origin[KW_F_rip];
	return true;
}

/* Before v2.6.34: "handle_exception: unexpected, vectoring info 0x8000000d intr info 0x80000b0d" */
static bool take_old_vectoring(struct kw_gather *g, const struct kw_clean_line *line)
{
	static const struct kw_str words[] = { KW_STR("unexpected, vectoring info "),
					       KW_STR(" intr info ") };
	struct kw_failure *f;
	uint64_t value[2];

	for (size_t i = 0; i < 2; i++) {
		if (!kw_number_after(line->text, words[i], true, &value[i]))
			return false;
	}
	f = internal_error(g, line, KW_SUBERROR_SIMUL_EX);
	for (size_t i = 0; f && i < 2; i++) {
		f->extra[i] = value[i];
		f->extra_known |= 1u << i;
		f->extra_line[i] = kw_gather_line(f, line);
	}
	return true;
}

static enum kw_took dmesg_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->text.len < 4)
		return KW_TOOK_NOTHING;
	if (take_broken_msr(g, line) || take_msr(g, line) || take_rip(g, line) ||
	    take_kernel(g, line) || take_old_emulation(g, line) || take_old_vectoring(g, line))
		return KW_TOOK_LINE;
	return KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = {
	KW_STR("kvm ["), KW_STR("kvm: "), KW_STR("kvm_intel: "), KW_STR("kvm_amd: "),
	KW_STR("d rdmsr: 0x"), KW_STR("d wrmsr: 0x"), KW_STR("Comm: CPU "), KW_STR("Comm: qemu-"),
	KW_STR("Comm: fc_vcpu"), KW_STR("Comm: crosvm"), KW_STR("Comm: cloud-hyper"),
	KW_STR("BUG: unable to handle page"), KW_STR("BUG: kernel NULL pointer"),
	KW_STR("general protection fault, "), KW_STR("emulation failed ("),
	KW_STR("unexpected, vectoring info "), { 0 }
};

const struct kw_parser kw_parser_dmesg = {
	.name = "dmesg", .words = needles, .messages = signs, .line = dmesg_line, .kernel = true
};
