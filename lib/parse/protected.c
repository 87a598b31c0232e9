// SPDX-License-Identifier: MIT
/*
 * Guests with encrypted memory (SEV, SEV-ES, SNP and TDX): what refused to start them, and what
 * ended them. Words of QEMU (target/i386/sev.c, target/i386/kvm/tdx.c), libvirt, and Linux
 * (arch/x86/kvm/svm/sev.c, arch/x86/kvm/vmx/tdx.c, arch/x86/virt, drivers/crypto/ccp).
 */
#include "parse/parse.h"

#define ROW(words_, also_, sign_, ...)                                                          \
	{                                                                                       \
		.words = KW_STR(words_), .also = KW_STR(also_), .class = KW_CLASS_PROTECTED_VM, \
		.sign = KW_SIGN_##sign_, ##__VA_ARGS__                                          \
	}

static const struct kw_message rows[] = {
	ROW("host SEV-ES support unavailable", "", SEV_UNSUPPORTED),
	ROW("host SEV-SNP support unavailable", "", SEV_UNSUPPORTED),
	ROW("host CBITPOS check failed", "", SEV_UNSUPPORTED),
	ROW("does not support SEV feature", "", SEV_UNSUPPORTED),
	ROW("does not support SEV-SNP feature", "", SEV_UNSUPPORTED),
	ROW("Failed to open /dev/sev", "", SEV_UNSUPPORTED),
	ROW("/dev/sev", "ermission denied", SEV_UNSUPPORTED),
	ROW("/dev/sev", "No such file", SEV_UNSUPPORTED),
	ROW("SEV-SNP: Memory for the RMP table has not been reserved", "", SEV_UNSUPPORTED),
	ROW("RMPUPDATE failed for PFN", "", SEV_RMPUPDATE),
	ROW("RMPUPDATE failed", "pfn", SEV_RMPUPDATE),
	ROW("SEV-SNP: Leaking PFN range", "", SEV_RMPUPDATE),
	ROW("Unexpected RMP fault", "", SEV_RMP_FAULT,
	    .number = { { .after = KW_STR("GPA "), .fact = KW_F_fault_gpa, .hex = true } }),
	ROW("vmgexit: ", "", SEV_MESSAGE),
	ROW("Guest access before accepting ", "", TDX_UNACCEPTED,
	    .number = { { .after = KW_STR("accepting "), .fact = KW_F_fault_gpa, .hex = true } }),
	ROW("TDX guest reports fatal error", "", TDX_GUEST_FATAL),
	ROW("KVM_TDX_INIT_VM failed", "", TDX_REFUSED, .errno_last = true),
	ROW("KVM_TDX_INIT_VCPU failed", "", TDX_REFUSED, .errno_last = true),
	ROW("KVM_TDX_INIT_MEM_REGION failed", "", TDX_REFUSED, .errno_last = true),
	ROW("KVM_TDX_FINALIZE_VM failed", "", TDX_REFUSED, .errno_last = true),
	ROW("KVM_TDX_CAPABILITIES failed", "", TDX_REFUSED, .errno_last = true),
	ROW("nvalid attributes 0x", "for TDX VM", TDX_REFUSED),
	ROW("virt/tdx: ", "initialization failed", TDX_PLATFORM),
	ROW("virt/tdx: ", "BIOS bug", TDX_PLATFORM),
	ROW("virt/tdx: ", "not supported", TDX_PLATFORM),
	ROW("virt/tdx: ", "module not loaded", TDX_PLATFORM),
	{ .sign = 0 }
};

/*
 * "sev_snp_launch_start: SNP_LAUNCH_START ret=-22 fw_error=0 ''", and the ccp driver's "SEV: failed
 * to INIT error 0x13, rc -5"
 */
static bool take_launch(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str s = line->text;
	bool qemu = kw_str_has(s, KW_STR("fw_error="));
	uint64_t ret = 0, error = 0;
	bool has_ret, has_error;
	struct kw_failure *f;

	if (!qemu && (!kw_str_has(s, KW_STR("SEV")) || !kw_str_has(s, KW_STR("failed to INIT"))))
		return false;
	has_ret = kw_number_after(s, qemu ? KW_STR("ret=") : KW_STR("rc "), false, &ret);
	has_error =
		kw_number_after(s, qemu ? KW_STR("fw_error=") : KW_STR("error "), false, &error);
	if (!has_error || (qemu && !has_ret))
		return false;
	f = kw_gather_message(g, KW_CLASS_PROTECTED_VM, line);
	kw_gather_sign(g, line, KW_SIGN_SEV_LAUNCH, (uint32_t)error);
	kw_gather_fact(f, line, KW_F_fw_error, (uint32_t)error);
	if (has_ret)
		kw_gather_fact(f, line, KW_F_launch_errno,
			       (int64_t)ret < 0 ? (uint64_t) - (int64_t)ret : ret);
	if (qemu && !f->text[KW_T_VMM].len)
		f->text[KW_T_VMM] = KW_STR("QEMU");
	return true;
}

/* The name of a leaf in KVM's lines: TDH_MEM_PAGE_ADD. */
static bool leaf_name(struct kw_str s, struct kw_str *ret)
{
	size_t at = kw_str_find(s, KW_STR("TDH")), len = 0;

	if (at == SIZE_MAX)
		return false;
	s = kw_str_from(s, at);
	while (len < s.len && (kw_is_word(s.p[len]) || s.p[len] == '.'))
		len++;
	*ret = (struct kw_str){ s.p, len };
	return true;
}

/*
 * "SEAMCALL failed: CPU 94: leaf 33, error 0xc000092100000122." of kernels before TDX was merged,
 * "SEAMCALL (0x21) failed: 0xc0..." of the platform's code since Linux v6.8, "SEAMCALL
 * TDH_MEM_PAGE_ADD failed: 0xc0..., rcx 0x..." of KVM since v6.16
 */
static bool take_seamcall(struct kw_gather *g, const struct kw_clean_line *line)
{
	size_t at = kw_str_find(line->text, KW_STR("SEAMCALL"));
	struct kw_failure *f;
	struct kw_str s, name = { 0 };
	uint64_t leaf, status;
	bool has_leaf;

	if (at == SIZE_MAX)
		return false;
	s = kw_str_from(line->text, at);
	if (!kw_str_has(s, KW_STR("failed")) ||
	    !(kw_number_after(s, KW_STR("error "), false, &status) ||
	      kw_number_after(s, KW_STR("failed: "), false, &status)))
		return false;
	has_leaf = kw_number_after(s, KW_STR("leaf "), false, &leaf) ||
		   kw_number_after(s, KW_STR("SEAMCALL ("), false, &leaf);
	f = kw_gather_message(g, KW_CLASS_PROTECTED_VM, line);
	kw_gather_sign(g, line, KW_SIGN_TDX_SEAMCALL, status);
	kw_gather_fact(f, line, KW_F_seamcall_status, status);
	if (has_leaf)
		/* bits 23:16 are a version */
		kw_gather_fact(f, line, KW_F_seamcall_leaf, leaf & 0xffff);
	else if (leaf_name(s, &name))
		f->text[KW_T_FUNCTION] = kw_arena_copy(f->arena, name);
	return true;
}

/* "SEV-ES guest requested termination: 0x0:0x2": reason code set and reason */
static bool take_termination(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str words = KW_STR("guest requested termination: "), s = line->text;
	size_t at = kw_str_find(s, words), len;
	uint64_t set = 0, reason = 0;

	if (at == SIZE_MAX || !kw_str_has(s, KW_STR("SEV")))
		return false;
	s = kw_str_from(s, at + words.len);
	len = kw_str_hex(s, &set);
	kw_str_hex(kw_str_from(s, len + 1), &reason);
	kw_gather_message(g, KW_CLASS_PROTECTED_VM, line);
	kw_gather_sign(g, line, KW_SIGN_SEV_TERMINATION, set << 8 | (reason & 0xff));
	return true;
}

static enum kw_took protected_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	return take_launch(g, line) || take_seamcall(g, line) || take_termination(g, line) ?
		       KW_TOOK_LINE :
		       KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = { KW_STR("fw_error="),
					 KW_STR("failed to INIT"),
					 KW_STR("SEAMCALL"),
					 KW_STR("guest requested termination"),
					 { 0 } };

const struct kw_parser kw_parser_protected = { .name = "protected",
					       .words = needles,
					       .messages = rows,
					       .line = protected_line,
					       .kernel = true };
