// SPDX-License-Identifier: MIT
/*
 * The {slots} of a rule's texts: names of facts, and the words below. Unknown slots are left as
 * they are.
 */
#include "base/buf.h"
#include "decode/x86/exit_info.h"
#include "decode/x86/msr.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

static void put_msr(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "%s (0x%x)", c->msr_name[0] ? c->msr_name : "an unknown MSR",
		      c->msr_index);
}

static void put_value(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->msr_value);
}

static void put_insn(const struct kw_case *c, struct kw_buf *buf)
{
	KW_BUF_LIT(buf, "`");
	kw_buf_add(buf, kw_str(c->insn.text));
	KW_BUF_LIT(buf, "`");
}

static void put_mnemonic(const struct kw_case *c, struct kw_buf *buf)
{
	for (const char *p = c->insn.mnemonic; *p; p++)
		kw_buf_char(buf, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
}

static void put_mode(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_mode_name(c->mode)));
}

static void put_linear(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->has_linear_rip)
		kw_buf_printf(buf, "0x%llx", (unsigned long long)c->linear_rip);
	else
		kw_buf_printf(buf, "RIP 0x%llx", (unsigned long long)c->f->rip);
}

static void put_rip_place(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_place_text(c->rip_place)));
}

static void put_mem_place(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_place_text(c->mem_place)));
}

static void put_mem(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->insn.mem_gva);
}

static void put_errno(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name =
		kw_has(c->f, errno_number) ? kw_errno_name((int)c->f->errno_number) : NULL;

	if (name)
		kw_buf_add(buf, kw_str(name));
	else
		kw_buf_printf(buf, "errno %llu", (unsigned long long)c->f->errno_number);
}

static void put_exit_name(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_kvm_exit_name(c->f->exit_reason);

	kw_buf_add(buf, kw_str(name ? name : "not a KVM_EXIT_* of any known kernel"));
}

static void put_insn_error(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_vmx_insn_error(c->f->hardware_error);

	kw_buf_add(buf, kw_str(name ? name : "an unknown number"));
}

static void put_insn_error_about(const struct kw_case *c, struct kw_buf *buf)
{
	const char *about = kw_vmx_insn_error_about(c->f->hardware_error);

	kw_buf_add(buf, kw_str(about ? about : ""));
}

static void put_vectoring(const struct kw_case *c, struct kw_buf *buf)
{
	char text[160];

	if (kw_exit_is_svm(c, c->f->extra[1])) {
		KW_BUF_LIT(buf, "an event that the data words do not name");
		return;
	}
	kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, (uint32_t)c->f->extra[0], text, sizeof(text));
	kw_buf_add(buf, kw_str(text));
}

static void put_extra_exit(const struct kw_case *c, struct kw_buf *buf)
{
	uint64_t reason = c->f->extra[1];
	const char *name = kw_exit_is_svm(c, reason) ? kw_svm_exit_name(reason) :
						       kw_vmx_exit_name(reason & 0xffff);

	kw_buf_printf(buf, "%s (0x%llx)", name ? name : "exit reason",
		      (unsigned long long)c->f->extra[1]);
}

/* Bit 3 of the flags is KVM_MEMORY_EXIT_FLAG_PRIVATE. */
static void put_memory_fault(const struct kw_case *c, struct kw_buf *buf)
{
	if (!kw_has(c->f, memory_fault_gpa))
		return;
	kw_buf_printf(buf, ", guest physical address 0x%llx",
		      (unsigned long long)c->f->memory_fault_gpa);
	if (kw_has(c->f, memory_fault_flags))
		kw_buf_add(buf, c->f->memory_fault_flags & 8 ? KW_STR(", a private access") :
							       KW_STR(", a shared access"));
}

static void put_delivery_gpa(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->f->extra_known >> 3 & 1 && c->f->extra_known >> 4 & 1 &&
	    c->f->extra[3] != UINT64_MAX)
		kw_buf_printf(buf, " at 0x%llx", (unsigned long long)c->f->extra[3]);
}

static void put_extra(const struct kw_case *c, struct kw_buf *buf, size_t i)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->f->extra[i]);
}

static void put_extra0(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 0); }
static void put_extra1(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 1); }
static void put_extra2(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 2); }
static void put_extra3(const struct kw_case *c, struct kw_buf *buf) { put_extra(c, buf, 3); }

/* The value the rule blames. */

static uint64_t blamed(const struct kw_case *c)
{
	return c->blamed == KW_F_none ? 0 : c->f->fact[c->blamed];
}

static void put_blamed(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)blamed(c));
}

static void put_blamed_name(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->blamed != KW_F_none)
		kw_buf_add(buf, kw_str(kw_facts[c->blamed].doc));
}

/* Of RFLAGS and EFER: those that must be 0. */
static void put_blamed_bits(const struct kw_case *c, struct kw_buf *buf)
{
	bool efer = c->blamed == KW_F_vmcb_efer || c->blamed == KW_F_efer;
	uint64_t reserved = blamed(c) & (efer ? KW_SVM_EFER_RESERVED : KW_VMX_RFLAGS_RESERVED);
	const char *comma = "bit ";

	for (unsigned int i = 0; i < 64; i++) {
		if (!(reserved >> i & 1))
			continue;
		kw_buf_printf(buf, "%s%u", comma, i);
		comma = ", bit ";
	}
	kw_buf_add(buf, reserved ? KW_STR(" must be 0") : KW_STR("bit 1 must be 1"));
}

static void put_blamed_base(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_is_canonical57(blamed(c)) ? KW_STR("it has more than 32 bits") :
							 KW_STR("it is not canonical"));
}

static void put_svm_event(const struct kw_case *c, struct kw_buf *buf)
{
	char text[160];

	kw_svm_event_inj_text(blamed(c), text, sizeof(text));
	kw_buf_add(buf, kw_str(text));
}

static void put_svm_event_refused(const struct kw_case *c, struct kw_buf *buf)
{
	const char *why = kw_svm_event_inj_refused(blamed(c));

	kw_buf_add(buf, kw_str(why ? why : ""));
}

static void put_entry_event(const struct kw_case *c, struct kw_buf *buf)
{
	char text[160];

	kw_vmx_intr_info_text(KW_VMX_ENTRY_INTR_INFO, (uint32_t)c->f->vmcs_entry_intr_info, text,
			      sizeof(text));
	kw_buf_add(buf, kw_str(text));
}

static void put_entry_event_refused(const struct kw_case *c, struct kw_buf *buf)
{
	const char *why = kw_entry_event_refused(c->f);

	kw_buf_add(buf, kw_str(why ? why : ""));
}

/* The check the rule is about. */

static const struct kw_check *check_of(const struct kw_case *c)
{
	static const struct kw_check none = { .id = "", .says = "", .code = "" };

	return c->broken ? c->broken->check : &none;
}

static void put_check_id(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(check_of(c)->id));
}

static void put_check_says(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(check_of(c)->says));
}

static void put_check_section(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->broken)
		kw_buf_add(buf, kw_str(kw_check_section_of(c->broken->check)->title));
}

static void put_check_values(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->broken)
		kw_check_values(buf, &c->broken->saw);
}

static void put_checks_count(const struct kw_case *c, struct kw_buf *buf)
{
	if (!c->checks.asked)
		KW_BUF_LIT(buf, "No check of VM entry can be made on it");
	kw_checks_count(buf, c);
}

/* Other broken checks that no rule covers. */
static void put_checks_also(const struct kw_case *c, struct kw_buf *buf)
{
	const char *comma = " Also broken: ";

	for (size_t i = 0; i < c->checks.nbroken; i++) {
		const struct kw_broken_check *b = &c->checks.broken[i];

		if (b == c->broken || b->claimed || b->follows)
			continue;
		kw_buf_printf(buf, "%s%s (", comma, b->check->says);
		kw_check_values(buf, &b->saw);
		KW_BUF_LIT(buf, ")");
		comma = "; ";
	}
	if (comma[0] == ';')
		KW_BUF_LIT(buf, ".");
}

/* Undecided because the dump lacks their values. */
static void put_checks_untold(const struct kw_case *c, struct kw_buf *buf)
{
	const char *comma = " Undecided: ";
	const struct kw_check *check = NULL;
	struct kw_entry e;

	while ((check = kw_check_next(c->f, check, KW_CHECK_CANNOT_TELL, &e))) {
		kw_buf_printf(buf, "%s%s (", comma, check->says);
		kw_check_values(buf, &e);
		kw_buf_printf(buf, "%sneeds %s)", e.nused ? "; " : "", kw_entry_needs(&e));
		comma = "; ";
	}
	if (comma[0] == ';')
		KW_BUF_LIT(buf, ".");
}

static void put_entry_name(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_entry_name(c)));
}

static void put_row(struct kw_buf *buf, const struct kw_row *row, uint64_t number)
{
	if (row)
		kw_buf_add(buf, kw_str(kw_row_name(row)));
	else
		kw_buf_printf(buf, "0x%llx, no name known here", (unsigned long long)number);
}

/* ": WHAT" after a sentence, nothing if the row has none. */
static void put_about(struct kw_buf *buf, const struct kw_row *row)
{
	const char *about = kw_row_get(row, KW_ATTR_ABOUT);

	if (!about)
		return;
	KW_BUF_LIT(buf, ": ");
	kw_buf_add(buf, kw_str(about));
}

static void put_sev_error(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->f->fw_error == 0xffffffff)
		KW_BUF_LIT(buf, "-1 (the firmware was not called)");
	else
		put_row(buf, kw_row_find(KW_TABLE_SEV_ERROR, c->f->fw_error), c->f->fw_error);
}

static void put_sev_error_about(const struct kw_case *c, struct kw_buf *buf)
{
	put_about(buf, kw_row_find(KW_TABLE_SEV_ERROR, c->f->fw_error));
}

static void put_launch_errno_name(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name =
		kw_has(c->f, launch_errno) ? kw_errno_name((int)c->f->launch_errno) : NULL;

	kw_buf_add(buf, kw_str(name ? name : "its errno is not in the text"));
}

static void put_seamcall(const struct kw_case *c, struct kw_buf *buf)
{
	if (kw_has(c->f, seamcall_leaf))
		put_row(buf, kw_row_find(KW_TABLE_TDX_LEAF, c->f->seamcall_leaf),
			c->f->seamcall_leaf);
	else if (c->f->text[KW_T_FUNCTION].len)
		kw_buf_add(buf, c->f->text[KW_T_FUNCTION]);
	else
		KW_BUF_LIT(buf, "a call");
	if (kw_has(c->f, seamcall_leaf))
		kw_buf_printf(buf, " (leaf %llu)", (unsigned long long)c->f->seamcall_leaf);
}

static void put_seamcall_msr(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%x", (uint32_t)c->f->seamcall_status);
}

/* Bits 63:32 are the status, 31:0 details: which MSR, which operand. */
static void put_tdx_status(const struct kw_case *c, struct kw_buf *buf)
{
	const uint64_t status = c->f->seamcall_status;
	const bool msr = status >> 32 == 0xc0000920 || status >> 32 == 0xc0000921;
	const struct kw_msr *known = msr ? kw_msr_find((uint32_t)status, KW_VENDOR_INTEL) : NULL;
	char name[KW_MSR_NAME_SIZE] = "";

	put_row(buf, kw_row_find(KW_TABLE_TDX_STATUS, status >> 32), status);
	if (known)
		kw_msr_name(known, (uint32_t)status, name, sizeof(name));
	if (msr)
		kw_buf_printf(buf, ", MSR 0x%x %s", (uint32_t)status, name);
}

static void put_tdx_status_about(const struct kw_case *c, struct kw_buf *buf)
{
	put_about(buf, kw_row_find(KW_TABLE_TDX_STATUS, c->f->seamcall_status >> 32));
}

/* Reason code set (bits 15:8) and reason, from KVM's line or the GHCB MSR's value. */
static bool ghcb_code(const struct kw_case *c, uint64_t *ret)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_SEV_TERMINATION);
	const uint64_t msr = c->f->system_event_data;

	if (sign)
		*ret = sign->value;
	else if (kw_has(c->f, system_event_data) && (msr & 0xfff) == 0x100)
		*ret = (msr >> 12 & 0xf) << 8 | (msr >> 16 & 0xff);
	else
		return false;
	return true;
}

/* ": reason code set 0, reason 2, SNP features are missing" */
static void put_ghcb_termination(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_row *row;
	uint64_t code;

	if (!ghcb_code(c, &code))
		return;
	row = kw_row_find(KW_TABLE_GHCB_TERMINATION, code);
	kw_buf_printf(buf, ": reason code set %llu, reason %llu%s%s", (unsigned long long)code >> 8,
		      (unsigned long long)code & 0xff, row ? ", " : "",
		      row ? kw_row_name(row) : "");
}

static void put_ghcb_about(const struct kw_case *c, struct kw_buf *buf)
{
	const char *about;
	uint64_t code;

	about = ghcb_code(c, &code) ?
			kw_row_get(kw_row_find(KW_TABLE_GHCB_TERMINATION, code), KW_ATTR_ABOUT) :
			NULL;
	if (about)
		kw_buf_printf(buf, " %s.", about);
}

/*
 * The system calls that VMM seccomp filters miss, by their x86-64 numbers; other architectures have
 * others.
 */
static void put_syscall(const struct kw_case *c, struct kw_buf *buf)
{
	static const struct { uint16_t number; const char *name;
	} names[] = {
		{ 9, "mmap" },
		{ 10, "mprotect" },
		{ 11, "munmap" },
		{ 13, "rt_sigaction" },
		{ 14, "rt_sigprocmask" },
		{ 16, "ioctl" },
		{ 24, "sched_yield" },
		{ 25, "mremap" },
		{ 28, "madvise" },
		{ 39, "getpid" },
		{ 56, "clone" },
		{ 72, "fcntl" },
		{ 131, "sigaltstack" },
		{ 186, "gettid" },
		{ 202, "futex" },
		{ 204, "sched_getaffinity" },
		{ 228, "clock_gettime" },
		{ 230, "clock_nanosleep" },
		{ 231, "exit_group" },
		{ 234, "tgkill" },
		{ 257, "openat" },
		{ 281, "epoll_pwait" },
		{ 318, "getrandom" },
		{ 332, "statx" },
		{ 334, "rseq" },
		{ 435, "clone3" },
	};
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_SECCOMP);

	if (!sign)
		return;
	kw_buf_printf(buf, "%llu", (unsigned long long)sign->value);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == sign->value)
			kw_buf_printf(buf, " (on x86-64 %s)", names[i].name);
	}
}

static void put_mmio_unregistered(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_MMIO_UNREGISTERED);

	if (sign)
		kw_buf_printf(buf, "0x%llx", (unsigned long long)sign->value);
}

static void put_device(const struct kw_case *c, struct kw_buf *buf)
{
	struct kw_str device = c->f->text[KW_T_DEVICE];

	kw_buf_add(buf, device.len ? device : KW_STR("that the line names"));
}

/* Nothing if the text does not name it. */
static void put_at_function(const struct kw_case *c, struct kw_buf *buf)
{
	if (!c->f->text[KW_T_FUNCTION].len)
		return;
	KW_BUF_LIT(buf, ", at ");
	kw_buf_add(buf, c->f->text[KW_T_FUNCTION]);
}

static void put_ioctl(const struct kw_case *c, struct kw_buf *buf)
{
	struct kw_str ioctl = c->f->text[KW_T_IOCTL];

	kw_buf_add(buf, ioctl.len ? ioctl : KW_STR("an ioctl"));
}

static void put_ioctl_cause(const struct kw_case *c, struct kw_buf *buf)
{
	const char *cause = kw_row_get(kw_setup_cause(c), KW_ATTR_CAUSE);

	kw_buf_add(buf, kw_str(cause));
}

static void put_ioctl_look(const struct kw_case *c, struct kw_buf *buf)
{
	const char *look = kw_row_get(kw_setup_cause(c), KW_ATTR_LOOK);

	kw_buf_add(buf, kw_str(look));
	if (look && !strchr("?.", look[strlen(look) - 1]))
		kw_buf_char(buf, '.');
}

/* " (4, 0xc0000 to 0xbfffffff)": what is known of it. */
static void put_slot_range(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_failure *f = c->f;

	if (!kw_has(f, slot_gpa) || !kw_has(f, slot_size))
		return;
	kw_buf_add(buf, KW_STR(" ("));
	if (kw_has(f, slot))
		kw_buf_printf(buf, "%llu, ", (unsigned long long)f->slot);
	kw_buf_printf(buf, "0x%llx to 0x%llx)", (unsigned long long)f->slot_gpa,
		      (unsigned long long)(f->slot_gpa + f->slot_size - 1));
}

/* Intel SDM vol. 1, "Enabling the XSAVE Feature Set and XSAVE-Enabled Features" */
static void put_xcr0_parts(const struct kw_case *c, struct kw_buf *buf)
{
	static const struct { uint64_t bits; const char *name;
	} parts[] = {
		{ 0x1, "x87" },	     { 0x2, "SSE" },	{ 0x4, "AVX" },	    { 0x18, "MPX" },
		{ 0xe0, "AVX-512" }, { 0x200, "PKRU" }, { 0x60000, "AMX" }, { 0x80000, "APX" },
	};
	const char *before = " (";

	if (!kw_has(c->f, xcr0))
		return;
	kw_buf_printf(buf, " 0x%llx", (unsigned long long)c->f->xcr0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (c->f->xcr0 & parts[i].bits) {
			kw_buf_printf(buf, "%s%s", before, parts[i].name);
			before = ", ";
		}
	}
	if (before[0] == ',')
		kw_buf_char(buf, ')');
}

/* "missing features: vmx-vnmi,xsaves": what follows the last colon of the line. */
static void put_features(const struct kw_case *c, struct kw_buf *buf)
{
	static const struct kw_str before[] = {
		KW_STR("missing features: "),
		KW_STR("required features: "),
		KW_STR("in the configuration: "),
		KW_STR("in the current configuration: "),
	};
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_MISSING_FEATURES);
	struct kw_str s = sign ? sign->text : KW_STR("");

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		size_t at = kw_str_find(s, before[i]);

		if (at == SIZE_MAX)
			continue;
		kw_buf_add(buf, kw_str_from(s, at + before[i].len));
		return;
	}
	kw_buf_add(buf, KW_STR("some of its features"));
}

static void put_vcpus_limit(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_VCPUS_LIMIT);

	if (sign)
		kw_buf_printf(buf, "%llu", (unsigned long long)sign->value);
}

/* RISC-V Privileged Architecture, "Supervisor Cause Register", and the hypervisor extension */
static void put_scause(const struct kw_case *c, struct kw_buf *buf)
{
	static const char *const names[] = {
		[0] = "instruction address misaligned",
		[1] = "instruction access fault",
		[2] = "illegal instruction",
		[3] = "breakpoint",
		[4] = "load address misaligned",
		[5] = "load access fault",
		[6] = "store or AMO address misaligned",
		[7] = "store or AMO access fault",
		[8] = "environment call from U-mode",
		[10] = "environment call from VS-mode",
		[12] = "instruction page fault",
		[13] = "load page fault",
		[15] = "store or AMO page fault",
		[20] = "instruction guest-page fault",
		[21] = "load guest-page fault",
		[22] = "virtual instruction",
		[23] = "store or AMO guest-page fault",
	};
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_RISCV_SCAUSE);
	uint64_t scause = sign ? sign->value : 0;

	kw_buf_printf(buf, "%llu", (unsigned long long)scause);
	if (scause < sizeof(names) / sizeof(names[0]) && names[scause])
		kw_buf_printf(buf, ", %s", names[scause]);
}

/* Bug-check codes every engineer of Windows guests knows; Microsoft's bug check code reference. */
static const char *stop_name(uint64_t code)
{
	static const struct { uint32_t code; const char *name;
	} names[] = {
		{ 0x0a, "IRQL_NOT_LESS_OR_EQUAL" },
		{ 0x1a, "MEMORY_MANAGEMENT" },
		{ 0x1e, "KMODE_EXCEPTION_NOT_HANDLED" },
		{ 0x3b, "SYSTEM_SERVICE_EXCEPTION" },
		{ 0x50, "PAGE_FAULT_IN_NONPAGED_AREA" },
		{ 0x7b, "INACCESSIBLE_BOOT_DEVICE" },
		{ 0x7e, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED" },
		{ 0x7f, "UNEXPECTED_KERNEL_MODE_TRAP" },
		{ 0x9f, "DRIVER_POWER_STATE_FAILURE" },
		{ 0xd1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL" },
		{ 0xef, "CRITICAL_PROCESS_DIED" },
		{ 0x101, "CLOCK_WATCHDOG_TIMEOUT" },
		{ 0x109, "CRITICAL_STRUCTURE_CORRUPTION" },
		{ 0x124, "WHEA_UNCORRECTABLE_ERROR" },
		{ 0x133, "DPC_WATCHDOG_VIOLATION" },
		{ 0x139, "KERNEL_SECURITY_CHECK_FAILURE" },
		{ 0x154, "UNEXPECTED_STORE_EXCEPTION" },
		{ 0x20001, "HYPERVISOR_ERROR" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	return NULL;
}

static void put_stop_code(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_WINDOWS_STOP);
	const char *name = sign ? stop_name(sign->value) : NULL;

	if (sign)
		kw_buf_printf(buf, "0x%llx%s%s", (unsigned long long)sign->value, name ? " " : "",
			      name ? name : "");
}

/* ", NAME" where the text says whether VMX or SVM gave the number */
/* The vendor is not known: what the number means on both. */
static void put_exit_of_either(const struct kw_case *c, struct kw_buf *buf)
{
	const char *vmx = kw_vmx_exit_name(c->f->hardware_exit_reason & 0xffff);
	const char *svm = kw_svm_exit_name(c->f->hardware_exit_reason);

	if (vmx)
		kw_buf_printf(buf, ", on Intel %s", vmx);
	if (svm)
		kw_buf_printf(buf, ", on AMD %s", svm);
}

static void put_hardware_exit_name(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_UNUSUAL_EXIT);
	const char *name = NULL;

	if ((sign && kw_str_has(sign->text, KW_STR("vmx: "))) || c->vendor == KW_VENDOR_INTEL)
		name = kw_vmx_exit_name(c->f->hardware_exit_reason & 0xffff);
	else if ((sign && kw_str_has(sign->text, KW_STR("svm: "))) || c->vendor == KW_VENDOR_AMD)
		name = kw_svm_exit_name(c->f->hardware_exit_reason);
	else if (c->f->arch == KW_ARCH_X86 || c->f->arch == KW_ARCH_UNKNOWN)
		return put_exit_of_either(c, buf);
	if (name)
		kw_buf_printf(buf, ", %s", name);
}

static void put_hardware_exit_errno(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_errno_name((int)-c->f->hardware_exit_reason);

	kw_buf_add(buf, kw_str(name ? name : ""));
}

/* Registers that guests ask for and KVM left out for a time: Arm ARM, their encodings. */
static const struct {
	uint32_t encoding;
	const char *name, *about;
} sysregs[] = {
	{ 0x18a480, "MPAMIDR_EL1", "part of MPAM, which the ID registers showed to the guest" },
	{ 0x18a500, "MPAM1_EL1", "part of MPAM, which the ID registers showed to the guest" },
	{ 0x18a520, "MPAM0_EL1", "part of MPAM, which the ID registers showed to the guest" },
	{ 0x18a4e0, "LORID_EL1", "part of LORegions (FEAT_LOR)" },
};

static void put_sysreg(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_SYSREG);
	unsigned int at;

	if (!sign) {
		KW_BUF_LIT(buf, "a system register");
		return;
	}
	at = (unsigned int)sign->value;
	kw_buf_printf(buf, "S%u_%u_C%u_C%u_%u", at >> 19 & 3, at >> 16 & 7, at >> 12 & 15,
		      at >> 8 & 15, at >> 5 & 7);
	for (size_t i = 0; i < sizeof(sysregs) / sizeof(sysregs[0]); i++) {
		if (sysregs[i].encoding == at)
			kw_buf_printf(buf, " (%s, %s)", sysregs[i].name, sysregs[i].about);
	}
}

static void put_psw(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_sign *sign = kw_failure_sign(c->f, KW_SIGN_S390_PSW);

	if (sign)
		kw_buf_printf(buf, ", PSW address 0x%llx", (unsigned long long)sign->value);
}

static void put_arch(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_name(c->f->arch)));
}

static void put_arch_qemu(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_row(c->f->arch)->qemu));
}

static void put_arch_kvm(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_row(c->f->arch)->source));
}

static void put_set_regs(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_row(c->f->arch)->set_regs));
}

static void put_events(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_arch_row(c->f->arch)->events));
}

static void put_kernel(const struct kw_case *c, struct kw_buf *buf)
{
	struct kw_str seen = c->f->text[KW_T_HOST_KERNEL];

	if (c->context->host_kernel)
		kw_buf_add(buf, kw_str(c->context->host_kernel));
	else
		kw_buf_add(buf, seen.len ? seen : KW_STR("the host's kernel"));
}

/* The kernels the rule is about, and those that have the fix. */

static const struct kw_row *change_of(const struct kw_case *c)
{
	return c->rule && c->rule->kernel ? kw_change_find(c->rule->kernel) : NULL;
}

static void put_range(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_row *row = change_of(c);

	if (row)
		kw_change_range(row, buf);
}

static void put_fix(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_row *row = change_of(c);

	if (row)
		kw_change_fix(row, buf);
}

/* Index and value, as arguments of a command. */
static void put_refused_msr(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%llx", (unsigned long long)c->f->host_msr_index);
	if (kw_has(c->f, host_msr_value))
		kw_buf_printf(buf, " 0x%llx", (unsigned long long)c->f->host_msr_value);
}

static void put_system_event(const struct kw_case *c, struct kw_buf *buf)
{
	static const char *const names[] = { NULL,     "SHUTDOWN", "RESET",    "CRASH",
					     "WAKEUP", "SUSPEND",  "SEV_TERM", "TDX_FATAL" };
	uint64_t type = c->f->system_event_type;

	if (!kw_has(c->f, system_event_type))
		return;
	if (type && type < sizeof(names) / sizeof(names[0]))
		kw_buf_printf(buf, ", KVM_SYSTEM_EVENT_%s", names[type]);
	else
		kw_buf_printf(buf, ", type %llu", (unsigned long long)type);
	if (kw_has(c->f, system_event_data))
		kw_buf_printf(buf, ", data 0x%llx", (unsigned long long)c->f->system_event_data);
}

static void put_emulator_since(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_row *row = kw_emulator_row(c);

	if (row)
		kw_change_range(row, buf);
}

static void put_slide_byte(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "%02x",
		      c->f->code.marked > 0 ? c->f->code.bytes[c->f->code.marked - 1] : 0);
}

static void put_fetched_insn(const struct kw_case *c, struct kw_buf *buf)
{
	struct kw_insn insn;

	if (kw_fetched_insn(c->f, &insn))
		kw_buf_printf(buf, "`%s`", insn.text);
}

static void put_msr_count(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_dec(buf, c->f->nmsr);
}

/* According to the module's words, which may differ from the dump. */
static void put_told_msr(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_told *m = &c->told;
	const struct kw_msr *msr = m->has_msr ? kw_msr_find(m->msr, c->vendor) : NULL;
	char name[KW_MSR_NAME_SIZE] = "";

	if (msr)
		kw_msr_name(msr, m->msr, name, sizeof(name));
	if (m->kind == KVMWHY_KIND_RDMSR)
		KW_BUF_LIT(buf, "RDMSR of ");
	else if (m->has_value)
		kw_buf_printf(buf, "WRMSR of 0x%llx to ", (unsigned long long)m->value);
	else
		KW_BUF_LIT(buf, "WRMSR to ");
	if (m->has_msr)
		kw_buf_printf(buf, "%s (0x%x)", name[0] ? name : "an unknown MSR", m->msr);
	else
		KW_BUF_LIT(buf, "an MSR");
}

static void put_told_did(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_told *m = &c->told;

	if (m->kind == KVMWHY_KIND_PAGE_FAULT && m->has_gpa)
		kw_buf_printf(buf, "the guest's %s guest physical address 0x%llx",
			      m->error_code & KW_PF_W   ? "write to"
			      : m->error_code & KW_PF_I ? "instruction fetch from"
							: "read of",
			      (unsigned long long)m->gpa);
	else if (m->kind == KVMWHY_KIND_PAGE_FAULT)
		KW_BUF_LIT(buf, "the guest's access to memory");
	else if (m->kind == KVMWHY_KIND_WRMSR || m->kind == KVMWHY_KIND_RDMSR)
		put_told_msr(c, buf);
	else
		KW_BUF_LIT(buf, "KVM_RUN");
}

static void put_told_result(const struct kw_case *c, struct kw_buf *buf)
{
	const char *name = kw_errno_name((int)-c->told.result);

	if (name)
		kw_buf_printf(buf, "-%s", name);
	else
		kw_buf_printf(buf, "%lld", (long long)c->told.result);
}

static void put_told_by(const struct kw_case *c, struct kw_buf *buf)
{
	const char *function = kw_told_function(&c->told);

	if (function)
		kw_buf_add(buf, kw_str(function));
	else
		kw_buf_printf(buf, "a function that %s could not name",
			      c->told_by_watch ? "it" : "the module");
}

static void put_speaker(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, kw_str(kw_told_speaker(c)));
}

/* At the start of a sentence. */
static void put_watcher(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, c->told_by_watch ? KW_STR("`kvmwhy watch`") : KW_STR("The module"));
}

/* What remains if no KVM returns such an error by itself. */
static void put_foreign_cause(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(
		buf,
		kw_told_saw_function(c) ?
			KW_STR("the error was injected or KVM was changed") :
			KW_STR("the error was injected, KVM was changed, or a seccomp filter or LSM "
			       "refused the ioctl"));
}

static void put_words_of(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_add(buf, c->told_by_watch ? KW_STR("The data words recorded by `kvmwhy watch`") :
					 KW_STR("The module's data words"));
}

/* "VMX exit reason 0x30, \"EPT violation\", info1 0x181" */
static void put_last_exit(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_failure *f = c->f;
	bool known = kw_has(f, watch_vmx), vmx = known && f->watch_vmx;
	const char *name = !known ? NULL :
			   vmx	  ? kw_vmx_exit_name(f->last_exit & 0xffff) :
				    kw_svm_exit_name(f->last_exit);

	kw_buf_printf(buf, "%s 0x%llx", !known ? "exit" : vmx ? "VMX exit reason" : "SVM exit code",
		      (unsigned long long)f->last_exit);
	if (name)
		kw_buf_printf(buf, ", %s", name);
	if (kw_has(f, last_exit_info1))
		kw_buf_printf(buf, ", %s 0x%llx", vmx ? "exit qualification" : "EXITINFO1",
			      (unsigned long long)f->last_exit_info1);
	if (kw_has(f, last_exit_info2))
		kw_buf_printf(buf, ", %s 0x%llx", vmx ? "IDT-vectoring information" : "EXITINFO2",
			      (unsigned long long)f->last_exit_info2);
}

static void put_msr_arg(const struct kw_case *c, struct kw_buf *buf)
{
	kw_buf_printf(buf, "0x%x", c->told.msr);
	if (c->told.has_value)
		kw_buf_printf(buf, " 0x%llx", (unsigned long long)c->told.value);
}

struct slot {
	const char *name;
	void (*put)(const struct kw_case *c, struct kw_buf *buf);
};

static const struct slot slots[] = {
	{ "msr", put_msr },
	{ "value", put_value },
	{ "insn", put_insn },
	{ "mnemonic", put_mnemonic },
	{ "mode_name", put_mode },
	{ "linear", put_linear },
	{ "rip_place", put_rip_place },
	{ "mem_place", put_mem_place },
	{ "mem", put_mem },
	{ "errno", put_errno },
	{ "exit_name", put_exit_name },
	{ "insn_error", put_insn_error },
	{ "insn_error_about", put_insn_error_about },
	{ "vectoring", put_vectoring },
	{ "extra_exit", put_extra_exit },
	{ "delivery_gpa", put_delivery_gpa },
	{ "memory_fault", put_memory_fault },
	{ "extra0", put_extra0 },
	{ "extra1", put_extra1 },
	{ "extra2", put_extra2 },
	{ "extra3", put_extra3 },
	{ "blamed", put_blamed },
	{ "blamed_name", put_blamed_name },
	{ "blamed_bits", put_blamed_bits },
	{ "blamed_base", put_blamed_base },
	{ "svm_event", put_svm_event },
	{ "svm_event_refused", put_svm_event_refused },
	{ "entry_event", put_entry_event },
	{ "entry_event_refused", put_entry_event_refused },
	{ "check_id", put_check_id },
	{ "check_says", put_check_says },
	{ "check_section", put_check_section },
	{ "check_values", put_check_values },
	{ "checks_count", put_checks_count },
	{ "checks_also", put_checks_also },
	{ "checks_untold", put_checks_untold },
	{ "entry_name", put_entry_name },
	{ "arch", put_arch },
	{ "arch_qemu", put_arch_qemu },
	{ "arch_kvm", put_arch_kvm },
	{ "set_regs", put_set_regs },
	{ "events", put_events },
	{ "at_function", put_at_function },
	{ "device", put_device },
	{ "stop_code", put_stop_code },
	{ "hardware_exit_name", put_hardware_exit_name },
	{ "hardware_exit_errno", put_hardware_exit_errno },
	{ "sysreg", put_sysreg },
	{ "psw", put_psw },
	{ "features", put_features },
	{ "vcpus_limit", put_vcpus_limit },
	{ "scause", put_scause },
	{ "ioctl", put_ioctl },
	{ "ioctl_cause", put_ioctl_cause },
	{ "ioctl_look", put_ioctl_look },
	{ "slot_range", put_slot_range },
	{ "xcr0_parts", put_xcr0_parts },
	{ "kernel", put_kernel },
	{ "sev_error", put_sev_error },
	{ "sev_error_about", put_sev_error_about },
	{ "launch_errno_name", put_launch_errno_name },
	{ "seamcall", put_seamcall },
	{ "seamcall_msr", put_seamcall_msr },
	{ "tdx_status", put_tdx_status },
	{ "tdx_status_about", put_tdx_status_about },
	{ "ghcb_termination", put_ghcb_termination },
	{ "ghcb_about", put_ghcb_about },
	{ "syscall", put_syscall },
	{ "mmio_unregistered", put_mmio_unregistered },
	{ "range", put_range },
	{ "fix", put_fix },
	{ "emulator_since", put_emulator_since },
	{ "refused_msr", put_refused_msr },
	{ "system_event", put_system_event },
	{ "slide_byte", put_slide_byte },
	{ "fetched_insn", put_fetched_insn },
	{ "msr_count", put_msr_count },
	{ "told_did", put_told_did },
	{ "told_result", put_told_result },
	{ "told_by", put_told_by },
	{ "speaker", put_speaker },
	{ "watcher", put_watcher },
	{ "foreign_cause", put_foreign_cause },
	{ "words_of", put_words_of },
	{ "exit", put_last_exit },
	{ "msr_arg", put_msr_arg },
};

static bool put_fact(const struct kw_case *c, struct kw_buf *buf, struct kw_str name)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (!kw_str_eq(kw_str(kw_facts[i].name), name))
			continue;
		if (!kw_known(c->f, (enum kw_fact)i))
			KW_BUF_LIT(buf, "(unknown)");
		else if (kw_facts[i].hex)
			kw_buf_printf(buf, "0x%llx", (unsigned long long)c->f->fact[i]);
		else
			kw_buf_dec(buf, c->f->fact[i]);
		return true;
	}
	return false;
}

static bool put_slot(const struct kw_case *c, struct kw_buf *buf, struct kw_str name)
{
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		if (kw_str_eq(kw_str(slots[i].name), name)) {
			slots[i].put(c, buf);
			return true;
		}
	}
	return put_fact(c, buf, name);
}

struct kw_str kw_expand(const struct kw_case *c, const char *text)
{
	struct kw_str s = kw_str(text);
	struct kw_buf buf = { .arena = c->f->arena };
	size_t open = kw_str_find(s, KW_STR("{"));

	if (open == SIZE_MAX)
		return s; /* static, as rules are */
	for (; open != SIZE_MAX; open = kw_str_find(s, KW_STR("{"))) {
		size_t close = kw_str_find(s, KW_STR("}"));
		struct kw_str name;

		if (close == SIZE_MAX || close < open)
			break;
		name = (struct kw_str){ s.p + open + 1, close - open - 1 };
		kw_buf_add(&buf, (struct kw_str){ s.p, open });
		if (!put_slot(c, &buf, name))
			kw_buf_add(&buf, (struct kw_str){ s.p + open, close - open + 1 });
		s = kw_str_from(s, close + 1);
	}
	kw_buf_add(&buf, s);
	return kw_buf_text(&buf);
}
