// SPDX-License-Identifier: MIT
/*
 * QEMU's failure messages: headlines of accel/kvm (kvm_cpu_exec) and target/i386, extra data of an
 * internal error, and whatever else it says around a failure. The register dump is read by
 * qemu_dump.c.
 */
#include "parse/qemu.h"

/* Headlines. Each takes what follows its words. */

struct said {
	struct kw_str words;
	bool (*take)(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest);
};

static struct kw_failure *vmm_headline(struct kw_gather *g, enum kw_class class, uint64_t number_,
				       bool dump_was_before, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_headline(g, class, number_, dump_was_before, line);

	if (!f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = KW_STR("QEMU");
	return f;
}

/* The text up to the first register that YAML or a torn line put after it. */
static struct kw_str until_token(struct kw_str s)
{
	static const struct kw_str ends[] = { KW_STR(" RAX="), KW_STR(" EAX="), KW_STR("  "),
					      KW_STR("\"") };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t at = kw_str_find(s, ends[i]);

		if (at != SIZE_MAX)
			s.len = at;
	}
	return kw_str_trim(s);
}

static bool take_run_failed(struct kw_gather *g, const struct kw_clean_line *line,
			    struct kw_str rest)
{
	struct kw_str text = until_token(rest);
	uint64_t hash = 0;
	struct kw_failure *f;

	if (!text.len || text.p[0] == '%')
		return false;
	for (size_t i = 0; i < text.len; i++)
		hash = hash * 31 + (unsigned char)text.p[i];
	f = vmm_headline(g, KW_CLASS_KVM_RUN_FAILED, hash, false, line);
	f->text[KW_T_ERRNO] = kw_arena_copy(f->arena, text);
	kw_qemu_tokens(g, line, kw_str_from(rest, text.len));
	return true;
}

static bool take_suberror(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t value;
	size_t len;

	rest = kw_qemu_skip(rest);
	len = kw_str_dec(rest, &value);
	if (!len)
		return false;
	f = vmm_headline(g, KW_CLASS_INTERNAL_ERROR, value, false, line);
	kw_gather_fact(f, line, KW_F_suberror, value);
	if (kw_str_has(rest, KW_STR("emulation failure")))
		f->emulation_failure = true;
	kw_qemu_tokens(g, line, kw_str_from(rest, len));
	return true;
}

static bool take_notify(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f =
		vmm_headline(g, KW_CLASS_INTERNAL_ERROR, KW_KVM_EXIT_NOTIFY, false, line);

	(void)rest;
	kw_gather_fact(f, line, KW_F_exit_reason, KW_KVM_EXIT_NOTIFY);
	return true;
}

static bool take_extra(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);
	uint64_t index, value;
	size_t len = kw_str_dec(rest, &index);

	if (!len || index >= KW_MAX_EXTRA ||
	    !kw_str_skip(kw_str_from(rest, len), KW_STR("]:"), &rest))
		return false;
	if (!f)
		f = vmm_headline(g, KW_CLASS_INTERNAL_ERROR, UINT64_MAX, false, line);
	len = kw_str_hex(kw_qemu_skip(rest), &value);
	if (!len)
		return false;
	f->extra[index] = value;
	f->extra_known |= 1u << index;
	f->extra_line[index] = kw_gather_line(f, line);
	rest = kw_str_from(kw_qemu_skip(rest), len);
	len = kw_str_find(rest, KW_STR("extra data["));
	if (len != SIZE_MAX)
		take_extra(g, line, kw_str_from(rest, len + 11));
	else
		kw_qemu_tokens(g, line, rest);
	return true;
}

static bool take_emulation_failure(struct kw_gather *g, const struct kw_clean_line *line,
				   struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);

	if (!f || f->class != KW_CLASS_INTERNAL_ERROR || line->text.len - rest.len > 40)
		return false;
	f->emulation_failure = true;
	kw_gather_line(f, line);
	kw_qemu_tokens(g, line, rest);
	return true;
}

static bool take_entry_failed(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t value;
	size_t len;

	rest = kw_qemu_skip(rest);
	len = kw_str_hex(rest, &value);
	if (!len)
		return false;
	f = vmm_headline(g, KW_CLASS_ENTRY_FAILED, value, true, line);
	kw_gather_fact(f, line, KW_F_hardware_error, value);
	kw_qemu_tokens(g, line, kw_str_from(rest, len));
	return true;
}

static bool take_unhandled_exit(struct kw_gather *g, const struct kw_clean_line *line,
				struct kw_str rest)
{
	if (!take_entry_failed(g, line, rest))
		return false;
	kw_gather_fact(kw_gather_current(g), line, KW_F_unhandled_exit, 1);
	return true;
}

static bool take_unknown_hardware(struct kw_gather *g, const struct kw_clean_line *line,
				  struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t value;

	if (!kw_str_hex(kw_qemu_skip(rest), &value))
		return false;
	f = vmm_headline(g, KW_CLASS_UNKNOWN_EXIT, value, false, line);
	kw_gather_fact(f, line, KW_F_exit_reason, KW_KVM_EXIT_UNKNOWN);
	kw_gather_fact(f, line, KW_F_hardware_exit_reason, value);
	return true;
}

static bool take_unknown_exit(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t value;
	size_t len = kw_str_dec(kw_qemu_skip(rest), &value);

	if (!len)
		return false;
	f = vmm_headline(g, KW_CLASS_UNKNOWN_EXIT, value, false, line);
	kw_gather_fact(f, line, KW_F_exit_reason, value);
	kw_qemu_tokens(g, line, kw_str_from(kw_qemu_skip(rest), len));
	return true;
}

/* "unhandled vm exit: 0xb vcpu_id 0", of kvm-userspace: kvm_run.exit_reason in hexadecimal */
static bool take_vm_exit(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t value;

	if (!kw_str_hex(kw_qemu_skip(rest), &value))
		return false;
	if (value >> 31)
		return take_entry_failed(g, line, rest);
	f = vmm_headline(g, KW_CLASS_UNKNOWN_EXIT, value, true, line);
	kw_gather_fact(f, line, KW_F_exit_reason, value);
	return true;
}

static bool take_exception(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	struct kw_failure *f;
	uint64_t vector, error;
	size_t len = kw_str_dec(rest, &vector), at;

	if (!len || !kw_str_has(rest, KW_STR("exit (error code")))
		return false;
	f = vmm_headline(g, KW_CLASS_UNKNOWN_EXIT, vector, false, line);
	kw_gather_fact(f, line, KW_F_exit_reason, KW_KVM_EXIT_EXCEPTION);
	kw_gather_fact(f, line, KW_F_exception, vector);
	at = kw_str_find(rest, KW_STR("error code"));
	if (kw_str_hex(kw_qemu_skip(kw_str_from(rest, at + 10)), &error))
		kw_gather_fact(f, line, KW_F_exception_error_code, error);
	return true;
}

/* "error: failed to set MSR 0x48f to 0x7fffff00036dfb", from KVM_SET_MSRS and KVM_GET_MSRS */
static bool take_host_msr(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest,
			  bool write)
{
	struct kw_failure *f;
	uint64_t index, value;
	size_t len = kw_str_hex(rest, &index);

	if (!len || index > UINT32_MAX)
		return false;
	f = vmm_headline(g, KW_CLASS_VMM_ERROR, index, false, line);
	kw_gather_fact(f, line, KW_F_host_msr_index, index);
	if (write && kw_str_skip(kw_str_from(rest, len), KW_STR(" to "), &rest) &&
	    kw_str_hex(rest, &value))
		kw_gather_fact(f, line, KW_F_host_msr_value, value);
	return true;
}

static bool take_set_msr(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	return take_host_msr(g, line, rest, true);
}

static bool take_get_msr(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	return take_host_msr(g, line, rest, false);
}

static bool take_number(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str *s,
			struct kw_str words, enum kw_fact fact)
{
	size_t at = kw_str_find(*s, words), len;
	uint64_t value;

	if (at == SIZE_MAX)
		return false;
	*s = kw_str_from(*s, at + words.len);
	len = kw_str_hex(*s, &value);
	if (len)
		kw_gather_fact(kw_gather_current(g), line, fact, value);
	return len;
}

/* "KVM_EXIT_MEMORY_FAULT flags 0x0 gpa 0x80000 size 0x1000", together with KVM_RUN's EFAULT */
static bool take_memory_fault(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	return kw_gather_current(g) &&
	       take_number(g, line, &rest, KW_STR("flags "), KW_F_memory_fault_flags) &&
	       take_number(g, line, &rest, KW_STR("gpa "), KW_F_memory_fault_gpa) &&
	       take_number(g, line, &rest, KW_STR("size "), KW_F_memory_fault_size);
}

/* The "private" flag of KVM_EXIT_MEMORY_FAULT; QEMU accepts no other one. */
enum { MEMORY_EXIT_FLAG_PRIVATE = 8 };

/*
 * "Convert non guest_memfd backed memory region (0xfee00000 ,+ 0x1000) to shared" of QEMU 10: its
 * answer to a KVM_EXIT_MEMORY_FAULT on memory that it cannot convert. A dump follows, and no other
 * headline.
 */
static bool take_convert(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	size_t to = kw_str_find(rest, KW_STR(") to "));
	uint64_t gpa, size, flags = 0;
	struct kw_failure *f;
	size_t len, plus;

	if (to == SIZE_MAX)
		return false;
	if (kw_str_starts(kw_str_from(rest, to), KW_STR(") to private")))
		flags = MEMORY_EXIT_FLAG_PRIVATE;
	else if (!kw_str_starts(kw_str_from(rest, to), KW_STR(") to shared")))
		return false;
	len = kw_str_hex(rest, &gpa);
	plus = kw_str_find(rest, KW_STR(",+ "));
	if (!len || plus == SIZE_MAX || !kw_str_hex(kw_str_from(rest, plus + 3), &size))
		return false;
	f = vmm_headline(g, KW_CLASS_VMM_ERROR, gpa, false, line);
	kw_gather_fact(f, line, KW_F_exit_reason, KW_KVM_EXIT_MEMORY_FAULT);
	kw_gather_fact(f, line, KW_F_memory_fault_gpa, gpa);
	kw_gather_fact(f, line, KW_F_memory_fault_size, size);
	kw_gather_fact(f, line, KW_F_memory_fault_flags, flags);
	return true;
}

static bool sign_in_block(struct kw_gather *g, const struct kw_clean_line *line,
			  enum kw_sign_kind kind)
{
	if (!kw_gather_current(g))
		return false;
	kw_gather_sign(g, line, kind, 0);
	return true;
}

/* Any program may assert, and so may qemu-img, which shares none of these folders. */
static bool is_of_vmm(struct kw_str line)
{
	static const struct kw_str folders[] = {
		KW_STR("accel/kvm/"), KW_STR("target/i386/"), KW_STR("../hw/"), KW_STR("hw/virtio/"),
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (kw_str_has(line, folders[i]))
			return true;
	}
	return kw_names_vmm(line);
}

static bool take_assertion(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	struct kw_failure *f;

	if (!kw_str_has(rest, KW_STR("failed")) || !is_of_vmm(line->raw) ||
	    kw_str_has(line->text, KW_STR("kvm_irqchip_commit_routes")))
		return false;
	f = kw_gather_message(g, KW_CLASS_VMM_FATAL, line);
	if (f && !f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = KW_STR("QEMU");
	kw_gather_sign(g, line, KW_SIGN_ASSERTION, 0);
	return true;
}

static bool take_eio(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	(void)rest; /* a disk error reads the same */
	return kw_str_has(line->text, KW_STR("KVM_")) && sign_in_block(g, line, KW_SIGN_EIO_IOCTL);
}

static bool take_run_returned(struct kw_gather *g, const struct kw_clean_line *line,
			      struct kw_str rest)
{
	(void)rest;
	return sign_in_block(g, line, KW_SIGN_CONTINUED);
}

static bool take_smt(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);

	(void)rest;
	if (f && f->arch == KW_ARCH_UNKNOWN)
		f->arch = KW_ARCH_PPC64; /* only target/ppc prints it */
	return sign_in_block(g, line, KW_SIGN_SMT);
}

static bool take_paragraph(struct kw_gather *g, const struct kw_clean_line *line,
			   struct kw_str rest)
{
	(void)rest;
	(void)line;
	return kw_gather_current(g) != NULL;
}

static bool take_feature(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f = kw_gather_current(g);

	(void)rest;
	if (f && kw_failure_sign(f, KW_SIGN_FEATURE))
		return true;
	kw_gather_sign(g, line, KW_SIGN_FEATURE, 0);
	return true;
}

static bool take_tcg(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str rest)
{
	struct kw_failure *f = kw_gather_dumping(g);

	(void)rest;
	if (f && !kw_failure_sign(f, KW_SIGN_TCG))
		kw_gather_sign(g, line, KW_SIGN_TCG, 0);
	return f != NULL;
}

static const struct said said[] = {
	{ KW_STR("kvm run failed "), take_run_failed },
	{ KW_STR("kvm_run: "), take_run_failed }, /* qemu-kvm 0.1x: perror() */
	{ KW_STR("Suberror:"), take_suberror },
	{ KW_STR("extra data["), take_extra },
	{ KW_STR("emulation failure"), take_emulation_failure },
	{ KW_STR("entry failed, hardware error "), take_entry_failed },
	{ KW_STR("unhandled exit "), take_unhandled_exit },
	{ KW_STR("unhandled vm exit: "), take_vm_exit },
	{ KW_STR("unknown exit, hardware reason "), take_unknown_hardware },
	{ KW_STR("unknown exit reason "), take_unknown_exit },
	{ KW_STR("KVM: exception "), take_exception },
	{ KW_STR("KVM internal error: Encounter"), take_notify },
	{ KW_STR("failed to set MSR "), take_set_msr },
	{ KW_STR("failed to get MSR "), take_get_msr },
	{ KW_STR("KVM_EXIT_MEMORY_FAULT "), take_memory_fault },
	{ KW_STR("Convert non guest_memfd backed memory region ("), take_convert },
	{ KW_STR("kvm_run returned -"), take_run_returned },
	{ KW_STR("failed: Input/output error"), take_eio },
	{ KW_STR("Assertion `"), take_assertion },
	{ KW_STR("SMT is enabled"), take_smt },
	{ KW_STR("running a guest on an Intel machine without unrestricted"), take_paragraph },
	{ KW_STR("support, the failure can be most likely due to the guest"), take_paragraph },
	{ KW_STR("state for Intel VT. For example, the guest maybe running"), take_paragraph },
	{ KW_STR("which is not supported on less recent Intel processors"), take_paragraph },
	{ KW_STR("host doesn't support requested feature"), take_feature },
	{ KW_STR("CCS="), take_tcg },
};

static bool take_said(struct kw_gather *g, const struct kw_clean_line *line)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		size_t at = kw_str_find(line->text, said[i].words);

		if (at == SIZE_MAX)
			continue;
		if (said[i].take(g, line, kw_str_from(line->text, at + said[i].words.len)))
			return true;
	}
	return false;
}

/*
 * Tokens before a headline, when another vCPU's message is torn into a dump: they belong to the
 * dump being read, so they are read before the headline.
 */
static bool take_torn(struct kw_gather *g, const struct kw_clean_line *line)
{
	bool took = kw_qemu_tokens(g, line, line->text);

	/*
	 * letters of KVM, kvm and Assertion that no dump line has: cheaper than searching for the
	 * words
	 */
	if (kw_str_has_any(line->text, KW_STR("Vvt")))
		took |= take_said(g, line);
	return took;
}

/*
 * In dump_vmcs and dump_vmcb names such as CR0= are the host's; only RAX= and EAX= begin a new
 * dump.
 */
static bool is_others(struct kw_gather *g, struct kw_str text)
{
	const struct kw_failure *f = kw_gather_dumping(g);

	return f &&
	       (f == kw_gather_of(g, KW_CLASS_VMCS_DUMP) ||
		f == kw_gather_of(g, KW_CLASS_VMCB_DUMP)) &&
	       !kw_str_starts(text, KW_STR("RAX=")) && !kw_str_starts(text, KW_STR("EAX="));
}

static enum kw_took qemu_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->text.len < 2)
		return KW_TOOK_NOTHING;
	if (is_others(g, line->text))
		return take_said(g, line) ? KW_TOOK_LINE : KW_TOOK_NOTHING;
	if (kw_qemu_is_token_line(line->text) || kw_str_starts(line->text, KW_STR("Code="))) {
		if (kw_qemu_foreign(g, line))
			return KW_TOOK_LINE;
		return take_torn(g, line) ? KW_TOOK_LINE : KW_TOOK_NOTHING;
	}
	if (kw_qemu_continuation(g, line) || kw_qemu_foreign(g, line) || take_said(g, line))
		return KW_TOOK_LINE;
	if (!kw_gather_current(g))
		return KW_TOOK_NOTHING;
	return kw_qemu_tokens(g, line, line->text) ? KW_TOOK_LINE : KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = {
	KW_STR("kvm run failed"), KW_STR("kvm_run: "), KW_STR("Suberror:"),
	KW_STR("KVM internal error"), KW_STR("entry failed, hardware error"),
	KW_STR("unhandled exit"), KW_STR("unhandled vm exit"), KW_STR("KVM: unknown exit"),
	KW_STR("KVM: exception"), KW_STR("extra data["), KW_STR("failed to set MSR"),
	KW_STR("failed to get MSR"), KW_STR("Assertion `"),
	KW_STR("Convert non guest_memfd"), KW_STR("EAX="), KW_STR("RAX="), KW_STR("EIP="),
	KW_STR("RIP="), KW_STR("Code="), { 0 }
};

const struct kw_parser kw_parser_qemu = { .name = "qemu", .words = needles, .line = qemu_line };
