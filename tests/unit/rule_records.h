/* SPDX-License-Identifier: MIT */
/*
 * For test_rules.c: for each rule the smallest record that it must recognise. These are records,
 * not logs: they say what a rule asks for, and prove nothing about how logs look. Real logs are in
 * the shared corpus, which lies beside the project; the page of a rule names its specimen.
 */
#ifndef KW_TESTS_RULE_RECORDS_H
#define KW_TESTS_RULE_RECORDS_H

#include "failure.h"

struct record {
	const char *id; /* of the rule that must fire */
	enum kw_class class;
	const char *facts; /* "name=value ..." */
	const char *code;  /* bytes; ?? is unreadable */
	int8_t marked;	   /* which of them is at RIP */
	int sign;	   /* kind of a sign + 1, 0 for none */
	const char *said;  /* text of the sign and of the headline */
	const char *ioctl; /* that was refused */
	enum kw_arch arch; /* 0: x86 */
	bool no_arch;	   /* the text does not show which */
	uint64_t value;	   /* of the sign */
	unsigned int nextra;
	uint64_t extra[10];
	bool watched; /* a record of `kvmwhy watch`; .extra are its words */
	uint32_t msr;		  /* of a kernel message; 0 for none */
	bool msr_write, msr_data; /* a value behind a read */
	uint8_t msr_verb;
};

#define LONG64 \
	"cr0=0x80050033 cr4=0x6e0 efer=0xd01 rflags=0x46 smm=0 cs_sel=0x10 cs_base=0 " \
	"cs_limit=0xffffffff cs_attr=0xa09b "
#define FLAT32 \
	"cr0=0x11 cr4=0 efer=0 rflags=0x46 smm=0 cs_sel=8 cs_base=0 cs_limit=0xffffffff " \
	"cs_attr=0xc09b "
#define PROT16 \
	"cr0=0x11 cr4=0 efer=0 rflags=2 smm=0 cs_sel=8 cs_base=0x10000 cs_limit=0xffff " \
	"cs_attr=0x9b "
#define REAL16 \
	"cr0=0x10 cr4=0 efer=0 rflags=2 smm=0 cs_sel=0x100 cs_base=0x1000 cs_limit=0xffff " \
	"cs_attr=0x9b "
#define RESET \
	"cr0=0x60000010 cr4=0 efer=0 rflags=2 smm=0 cs_sel=0xf000 cs_base=0xffff0000 " \
	"cs_limit=0xffff cs_attr=0x9b "
#define SMI \
	"cr0=0x50032 cr4=0 efer=0 rflags=2 smm=1 cs_sel=0xc200 cs_base=0x7ffc2000 cs_attr=0x8093 " \
	"rip=0x8000 "
#define KERNEL LONG64 "rip=0xffffffff96070964 "
#define ZEROS "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
#define ONES "ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff"
#define UNREADABLE "?? ?? ?? ?? ?? ?? ?? ??"
#define VMCS \
	"vmcs_reason=0x80000021 vmcs_rip=0x1000 vmcs_rflags=2 vmcs_interruptibility=0 " \
	"vmcs_cr0=0x31 "
#define VMCB "vmcb_exit_code=0xffffffff hardware_error=0xffffffff vmcb_nested_ctl=1 "
#define REFUSED "hardware_error=0x80000021 " VMCS

#define RUN(id_, facts_, code_) \
	{ .id = id_, .class = KW_CLASS_KVM_RUN_FAILED, .facts = facts_, .code = code_ }
#define EMULATION(id_, facts_, code_) \
	{ .id = id_, .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=1 " facts_, \
	  .code = code_ }
#define ENTRY(id_, facts_) \
	{ .id = id_, .class = KW_CLASS_ENTRY_FAILED, .facts = facts_ }
#define DUMP_VMCS(id_, facts_) \
	{ .id = id_, .class = KW_CLASS_VMCS_DUMP, .facts = facts_ }
#define DUMP_VMCB(id_, facts_) \
	{ .id = id_, .class = KW_CLASS_VMCB_DUMP, .facts = VMCB facts_ }
#define UNKNOWN_EXIT(id_, facts_) \
	{ .id = id_, .class = KW_CLASS_UNKNOWN_EXIT, .facts = facts_ }

#define MODULE(id_, head_, msr_and_function_) \
	{ .id = id_, .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=0x4b57", .nextra = 10, \
	  .extra = { head_, UINT64_MAX, msr_and_function_, 0x7213cc9, 0xffffffff96070964, 0x7c, \
		     0xfd000000, 6 } }

#define WATCHED(id_, class_, facts_, ...) \
	{ .id = id_, .class = KW_CLASS_##class_, .facts = facts_, .watched = true, __VA_ARGS__ }
#define WATCHED_WRMSR \
	.nextra = 10, .extra = { 0x0004000f00010001, UINT64_MAX, 0x100000838, 0x7213cc9, 0xffffffff96070964, 0x7c }

static const struct record records[] = {
	/* general.c */
	WATCHED("watch-harmless", UNKNOWN_EXIT, "exit_reason=8 watch_harmless=1", .nextra = 0),
	{ .id = "not-x86",
	  .class = KW_CLASS_KVM_RUN_FAILED,
	  .facts = "errno_number=22",
	  .arch = KW_ARCH_AARCH64 },
	{ .id = "tcg-log",
	  .class = KW_CLASS_REGISTER_DUMP,
	  .facts = KERNEL,
	  .sign = KW_SIGN_TCG + 1,
	  .said = "CCS=" },
	{ .id = "encrypted-registers",
	  .class = KW_CLASS_UNKNOWN_EXIT,
	  .facts = "exit_reason=24 rip=0xfff0",
	  .sign = KW_SIGN_SEV_MESSAGE + 1,
	  .said = "vmgexit: GHCB gpa is not set" },
	EMULATION("reset-values", RESET "rip=0xfff0 rsp=0", NULL),
	{ .id = "vmm-assertion",
	  .class = KW_CLASS_ENTRY_FAILED,
	  .facts = "hardware_error=0x80000021",
	  .sign = KW_SIGN_ASSERTION + 1,
	  .said = "cpu_asidx_from_attrs: Assertion failed" },
	{ .id = "register-dump-alone", .class = KW_CLASS_REGISTER_DUMP, .facts = KERNEL },

	/* msr_write.c */
	RUN("mc-ctl-correctable-eperm",
	    KERNEL "errno_number=1 rcx=0x404 rax=0xfffffffe rdx=0xffffffff", "0f 30"),
	RUN("mc-ctl-value-eperm", KERNEL "errno_number=1 rcx=0x404 rax=0x1234 rdx=0", "0f 30"),
	RUN("mc-status-eperm", KERNEL "errno_number=1 rcx=0x405 rax=1 rdx=0", "0f 30"),
	RUN("wrmsr-eperm-x2apic", KERNEL "errno_number=1 rcx=0x838 rax=0x7213cc9 rdx=0", "0f 30"),
	RUN("wrmsr-eperm-foreign", KERNEL "errno_number=1 rcx=0x1a0 rax=1 rdx=0", "0f 30"),
	RUN("wrmsr-eperm-foreign", KERNEL "errno_number=1 rcx=0x404 rax=0 rdx=0", "0f 30"),
	RUN("wrmsr-efault-xen", KERNEL "errno_number=14 rcx=0x40000200 rax=0x1000 rdx=0", "0f 30"),
	RUN("wrmsr-enomem-svme", KERNEL "errno_number=12 rcx=0xc0000080 rax=0x1d01 rdx=0", "0f 30"),
	RUN("wrmsr-errno", KERNEL "errno_number=22 rcx=0x1a0 rax=1 rdx=0", "0f 30"),
	RUN("rdmsr-never-errno", KERNEL "errno_number=14 rcx=0x1a0", "0f 32"),

	/* run_failed.c */
	{ .id = "efault-host-memory-bug",
	  .class = KW_CLASS_KVM_RUN_FAILED,
	  .facts = FLAT32 "errno_number=14 rip=0xf0000",
	  .sign = KW_SIGN_HOST_MM + 1,
	  .said = "BUG: Bad page state in process ksmd" },
	RUN("efault-guest-ram-backing", FLAT32 "errno_number=14 rip=0xf1234", "8b 06"),
	RUN("efault-device-mapping", KERNEL "errno_number=14 rsi=0xffff9994b00035c8 rcx=0",
	    "48 89 0e"),
	RUN("efault-page", "errno_number=14", NULL),
	RUN("eio-vm-dead", KERNEL "errno_number=5", "f4"),
	RUN("eio-nested-run-pending", REAL16 "errno_number=5 rip=0x18", "cb"),
	RUN("eperm-no-msr-write", KERNEL "errno_number=1", "f4"),
	RUN("eperm-collect", "errno_number=1", NULL),
	RUN("einval-vcpu-state", KERNEL "errno_number=22", "f4"),
	RUN("enomem-host", KERNEL "errno_number=12", "f4"),
	RUN("enospc-mmu-pages", KERNEL "errno_number=28", "f4"),
	RUN("ehwpoison-page", KERNEL "errno_number=133", "f4"),
	RUN("enoent-msr", KERNEL "errno_number=2 rcx=0x1c9", "0f 32"),
	{ .id = "enosys-arm",
	  .class = KW_CLASS_KVM_RUN_FAILED,
	  .facts = "errno_number=38",
	  .arch = KW_ARCH_ARM },
	{ .id = "ebusy-power-smt",
	  .class = KW_CLASS_KVM_RUN_FAILED,
	  .facts = "errno_number=16",
	  .arch = KW_ARCH_PPC64 },

	/* emulation.c */
	RUN("encrypted-state", "errno_number=22 rip=0 rsp=0 rflags=0 cs_attr=0 cr0=0x80010033 efer=0x1d00", NULL),
	{ .id = "vmm-aborted", .class = KW_CLASS_MSR_MESSAGE, .msr = 0xc1, .msr_write = true, .sign = KW_SIGN_ASSERTION + 1,
	  .said = "Assertion `x' failed." },
	{ .id = "module-line-injected", .class = KW_CLASS_KVM_RUN_FAILED, .facts = "errno_number=1 rcx=0x838 rax=1 rdx=0 " KERNEL,
	  .code = "0f 30", .sign = KW_SIGN_INJECTED + 1, .value = 0x838, .said = "wrmsr(0x838): injecting -1" },
	{ .id = "entry-small-number", .class = KW_CLASS_ENTRY_FAILED, .facts = "hardware_error=1", .no_arch = true },
	{ .id = "entry-reset-kept-cr4", .class = KW_CLASS_ENTRY_FAILED,
	  .facts = "hardware_error=0x80000021 rip=0xfff0 cr0=0x60000010 cr4=0x2000 efer=0" },
	{ .id = "exit-arm-nisv", .class = KW_CLASS_UNKNOWN_EXIT, .facts = "exit_reason=28", .no_arch = true },
	{ .id = "msr-dropped", .class = KW_CLASS_MSR_MESSAGE, .msr = 0xc0010115, .msr_write = true,
	  .msr_verb = KW_MSR_UNIMPLEMENTED },
	{ .id = "delivery-stack-in-vga", .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=3 rsp=0xc00bfe00", .nextra = 4,
	  .extra = { 0x80000b0e, 0x31, 0x82, 0xbfdfc } },
	EMULATION("rsm-smram-overwritten",
		  "cr0=0x10 cr4=0 efer=0 rflags=2 smm=0 cs_base=0 cs_attr=0x9b rip=0x1000 dr6=0x1234567800000ff0",
		  "0f aa"),
	EMULATION("jump-through-register", KERNEL "rbx=0xffffffff96070964", "0f 01 c1"),
	{ .id = "emulation-bytes", .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=1", .nextra = 3,
	  .extra = { 1, 0x1f0f2404ae0f490f, 0xffffff34e9c38900 } },
	{ .id = "runs-slide", .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=1 " FLAT32 "rip=0xa0000",
	  .code = "af af af af af af af af af af 00 00 00 00", .marked = 10 },
	EMULATION("rsm-nested-smm",
		  "cr0=0x10 cr4=0 efer=0 rflags=2 smm=1 cs_base=0 cs_attr=0x9b rip=0x1000",
		  "0f aa"),
	EMULATION("rsm-cr3-encryption-bit",
		  "cr0=0x80050033 cr3=0x8000107e12000 cr4=0x20 efer=0xd01 rflags=2 cs_sel=0 "
		  "rip=0x1000",
		  NULL),
	EMULATION("endbr-real-mode", REAL16 "rip=0x2000", "f3 0f 1e fb"),
	EMULATION("real-mode-invalid-state", REAL16 "rip=0x100 fs_limit=0xffffffff fs_attr=0xcff3",
		  "ea 1d 93 00 00"),
	EMULATION("real-mode-emulation", REAL16 "rip=0x100 ds_limit=0xffff ds_attr=0x93",
		  "0f ae 06 d0 1c"),
	EMULATION("protected16-emulation", PROT16 "rip=0x100", "66 8b 06 00 00"),
	EMULATION("runs-in-vga-hole", FLAT32 "rip=0xb0000", ONES),
	EMULATION("runs-screen-text", FLAT32 "rip=0xc0000", "20 07 20 07 20 07 20 07"),
	EMULATION("runs-zeros", FLAT32 "rip=0x40000000 rax=1", ZEROS),
	EMULATION("runs-ones", FLAT32 "rip=0xd0000000 rax=1", ONES),
	{ .id = "fetch-without-memory",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = LONG64 "suberror=1 rip=0x8ba1b049",
	  .code = UNREADABLE,
	  .nextra = 3,
	  .extra = { 0, 48, 0x184 } },
	{ .id = "fetch-without-memory",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = FLAT32 "suberror=1 rip=0xd0000000",
	  .code = UNREADABLE,
	  .nextra = 4,
	  .extra = { 0, 0x400, 0x100000014, 0xd0000000 } },
	EMULATION("runs-no-memory", FLAT32 "rip=0xd0000000 rax=1", UNREADABLE),
	EMULATION("runs-unreadable", KERNEL, UNREADABLE),
	{ .id = "emulator-lacks-insn-mmio",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=1 rdi=0xffff888390074000",
	  .code = "48 0f ae 27",
	  .nextra = 2,
	  .extra = { 0, 49 } },
	EMULATION("emulator-lacks-insn-mmio",
		  REAL16 "rip=0x100 ds_sel=0xa000 ds_base=0xa0000 ds_limit=0xffff ds_attr=0x93",
		  "d9 06 10 00"),
	EMULATION("emulator-lacks-insn", KERNEL "rdi=0xffff888390074000", "66 0f 7f 07"),
	EMULATION("nested-vmx-insn", KERNEL, "0f 01 c2"),
	EMULATION("nested-vmx-insn", KERNEL "rax=0x1000", "0f 01 d8"),
	EMULATION("vcpu-all-zero", "rip=0 cs_base=0 cs_limit=0 rax=0 rbx=0 rcx=0 rdx=0x663", NULL),
	{ .id = "fetched-bytes-differ",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = FLAT32 "suberror=1 rip=0x1000",
	  .code = "75 38 8b 06",
	  .nextra = 3,
	  .extra = { 1, 0x0000000006833802, 0 } },
	EMULATION("emulation-collect", "", NULL),
	EMULATION("emulation-no-code", FLAT32 "rip=0xf8bdd141", NULL),
	EMULATION("emulation-failure", FLAT32 "rip=0x1000 rsi=0", "8b 06"),

	/* delivery.c */
	{ .id = "delivery-page-table-root-mmio",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=3 cr3=0x390074000",
	  .code = "5b",
	  .nextra = 5,
	  .extra = { 0x80000b0e, 0x31, 0x81, 0x390074f80, 1 } },
	{ .id = "delivery-page-table-root-smram",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = LONG64 "suberror=3 rip=0xfff0 cr3=0x7f809000",
	  .code = UNREADABLE,
	  .nextra = 5,
	  .extra = { 0x80000b0e, 0x31, 0x683, 0x7f809000, 0x26 } },
	{ .id = "delivery-mmio",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=3 cr3=0x1000",
	  .nextra = 5,
	  .extra = { 0x80000b0e, 0x31, 0x81, 0xfed00000, 1 } },
	{ .id = "delivery-mmio",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = REAL16 "suberror=3 rip=0x131 idt_base=0xa0000",
	  .nextra = 5,
	  .extra = { 0x80000300, 0x30, 0x181, 0xa0000, 0 } },
	{ .id = "delivery-mmio",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = REAL16 "suberror=3 rip=0x131 idt_base=0xa0000",
	  .nextra = 5,
	  .extra = { 0xa0000, 0x400, 0x100000004, 0xa0000, 0 } },
	{ .id = "delivery-exit",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=3",
	  .nextra = 5,
	  .extra = { 0, 0x78, 0, UINT64_MAX, 1 } },
	{ .id = "delivery-wrmsr-vp-assist",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=3",
	  .nextra = 4,
	  .extra = { 0x8000002f, 0x20, 0, 1 } },
	{ .id = "delivery-exit",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=3",
	  .nextra = 4,
	  .extra = { 0x80000b0e, 0x0a, 0, 1 } },
	{ .id = "delivery-collect", .class = KW_CLASS_INTERNAL_ERROR, .facts = "suberror=3" },
	{ .id = "simultaneous-exception",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=2" },
	{ .id = "unexpected-exit-reason",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=4" },
	{ .id = "tdx-enter-status",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = "suberror=4 rip=0",
	  .nextra = 2,
	  .extra = { 0xc000050800000000, 1 } },
	{ .id = "suberror-unknown",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = KERNEL "suberror=764064" },

	/* entry_checks.c */
	ENTRY("entry-rflags-reserved", RESET "hardware_error=0x80000021 rip=0 rflags=0x8002"),
	ENTRY("entry-rflags-reserved", REFUSED "vmcs_rflags=0"),
	ENTRY("entry-rflags-vm", REFUSED "vmcs_rflags=0x20002 vmcs_cr0=0x30"),
	ENTRY("entry-ldtr", REFUSED "vmcs_ldtr_attr=0x83"),
	ENTRY("entry-ldtr", REFUSED "vmcs_ldtr_sel=4 vmcs_ldtr_attr=0x82"),
	ENTRY("entry-tr", REFUSED "vmcs_tr_attr=0x93"),
	ENTRY("entry-tr", REFUSED "vmcs_tr_attr=0x83 vmcs_entry_controls=0x200"),
	ENTRY("entry-segment-base", REFUSED "vmcs_gs_base=0x8000000000000000"),
	ENTRY("entry-segment-base", REFUSED "vmcs_cs_base=0xffffffff00000000"),
	ENTRY("entry-segment-limit", REFUSED "vmcs_cs_limit=0x12345678 vmcs_cs_attr=0x409b"),
	ENTRY("entry-segment-limit", REFUSED "vmcs_tr_limit=0x1000 vmcs_tr_attr=0x808b"),
	ENTRY("entry-cs-l-and-d", REFUSED "vmcs_cs_attr=0xe09b vmcs_entry_controls=0x200"),
	ENTRY("entry-cs-l-and-d", LONG64 "hardware_error=0x80000021 rip=0x1000 cs_attr=0xe09b"),
	ENTRY("entry-event-refused",
	      "hardware_error=7 vmcs_reason=0 vmcs_cr0=0x31 vmcs_entry_intr_info=0x80000b06"),
	DUMP_VMCS("entry-event-refused", "vmcs_reason=0 vmcs_entry_intr_info=0x80000123"),
	DUMP_VMCB("vmcb-event-inj", "vmcb_event_inj=0x800003ff"),
	DUMP_VMCB("vmcb-event-inj", "vmcb_event_inj=0 vmcb_exit_int_info=0x8000031f"),
	DUMP_VMCB("vmcb-cs-l-and-d",
		  "vmcb_efer=0x1500 vmcb_cr0=0x80000031 vmcb_cr4=0x20 vmcb_cs_attr=0xe9b"),
	DUMP_VMCB("vmcb-efer-reserved", "vmcb_efer=0x11500"),
	ENTRY("entry-check-hypervisor", "hardware_error=8 vmcs_reason=0 vmcs_host_cs=0"),
	DUMP_VMCS("entry-check", VMCS "vmcs_activity_state=7"),
	DUMP_VMCB("entry-check", "vmcb_cr0=0x100000011"),

	/* entry.c */
	ENTRY("entry-smm-event", SMI "hardware_error=0x80000021"),
	ENTRY("entry-smm-nested-amd", SMI "hardware_error=0xffffffff"),
	ENTRY("entry-smm-nested-amd", SMI "hardware_error=0xffffffffffffffff"),
	ENTRY("entry-half-restored", RESET "hardware_error=0x80000021 rip=0x94d14f76 rsp=0x1000"),
	{ .id = "entry-boot-record",
	  .class = KW_CLASS_ENTRY_FAILED,
	  .facts = "hardware_error=0x80000021 unhandled_exit=1" },
	ENTRY("entry-cr4-pcide",
	      "hardware_error=0x80000021 cr0=0x60000010 cr4=0x3726f8 efer=0 rip=0xfff0"),
	ENTRY("entry-real-mode-invalid",
	      REAL16 "hardware_error=0x80000021 rip=0x100 ds_attr=0xf3 ds_limit=0xffff"),
	ENTRY("entry-hidden-state", RESET "hardware_error=0x80000021 rip=0xe05b"),
	ENTRY("entry-guest-state", FLAT32 "hardware_error=0x80000021 rip=0x100"),
	ENTRY("entry-msr-load", KERNEL "hardware_error=0x80000022"),
	DUMP_VMCS("entry-msr-load-entry", "vmcs_reason=0x80000022 vmcs_qualification=2"),
	{ .id = "entry-vmcs-not-loaded",
	  .class = KW_CLASS_ENTRY_FAILED,
	  .facts = "hardware_error=0x4",
	  .sign = KW_SIGN_VMX_INSN + 1,
	  .said = "vmptrld failed: 778000000000" },
	ENTRY("entry-controls", RESET "hardware_error=0x7 rip=0xfff0"),
	ENTRY("entry-vmresume-not-launched", KERNEL "hardware_error=0x5"),
	ENTRY("entry-vm-instruction-error", RESET "hardware_error=0x8 rip=0xfff0"),
	ENTRY("entry-no-error-number", RESET "hardware_error=0 rip=0xfff0"),
	ENTRY("entry-sev-es-lbr", "hardware_error=0xffffffff rcx=0x1d9"),
	ENTRY("entry-svm-at-reset", RESET "hardware_error=0xffffffff rip=0xfff0"),
	ENTRY("entry-svm-sipi-stale-paging",
	      "hardware_error=0xffffffff cr0=0x60000010 efer=0 rip=0 cs_sel=0x9900 cs_base=0x99000 "
	      "cr3=0x1000 cr4=0x6e0"),
	ENTRY("entry-svm-invalid", KERNEL "hardware_error=0xffffffff"),

	/* vmcs.c */
	DUMP_VMCS("vmcs-sti-blocking-if-clear", VMCS "vmcs_interruptibility=1"),
	DUMP_VMCS("vmcs-sti-blocking-smm", VMCS "vmcs_rip=0x8000 vmcs_interruptibility=9"),
	DUMP_VMCS("vmcs-interrupt-if-clear", VMCS "vmcs_entry_intr_info=0x80000044"),
	DUMP_VMCS("vmcs-rip-wide",
		  VMCS "vmcs_rip=0xffffffff94d14f76 vmcs_entry_controls=0 vmcs_cs_attr=0x9b"),
	DUMP_VMCS("vmcs-tr-unusable", VMCS "vmcs_tr_attr=0x10021"),
	DUMP_VMCS("vmcs-gdtr-non-canonical", VMCS "vmcs_gdtr_base=0x1f00000000000200"),
	DUMP_VMCS("vmcs-idtr-non-canonical", VMCS "vmcs_idtr_base=0x8000000000000000"),
	DUMP_VMCS("vmcs-data-segment-accessed", VMCS "vmcs_ds_attr=0xc0f2 vmcs_es_attr=0xc0f3 "
						     "vmcs_fs_attr=0x10000 vmcs_gs_attr=0x10000"),
	DUMP_VMCS("vmcs-pg-without-pe", VMCS "vmcs_cr0=0x80000030"),
	DUMP_VMCS("vmcs-entry-worked", VMCS "vmcs_reason=0x30"),
	DUMP_VMCS("vmcs-never-exited", VMCS "vmcs_reason=0 vmcs_exit_intr_info=0"),
	DUMP_VMCS("vmcs-link-pointer", VMCS "vmcs_qualification=4"),
	DUMP_VMCS("vmcs-cut", "vmcs_reason=0x80000021"),
	DUMP_VMCS("vmcs-collect", VMCS),
	DUMP_VMCB("vmcb-asid-zero", "vmcb_asid=0"),
	DUMP_VMCB("vmcb-svme-clear", "vmcb_efer=0xd01"),
	DUMP_VMCB("vmcb-nw-without-cd", "vmcb_cr0=0x20000011"),

	/* exit.c */
	{ .id = "sev-guest-terminated",
	  .class = KW_CLASS_UNKNOWN_EXIT,
	  .facts = "exit_reason=24",
	  .sign = KW_SIGN_SEV_TERMINATION + 1,
	  .said = "SEV-ES guest requested termination: 0x0:0x2" },
	UNKNOWN_EXIT("exit-system-event", "exit_reason=24"),
	UNKNOWN_EXIT("exit-foreign-number", KERNEL "exit_reason=28"),
	UNKNOWN_EXIT("exit-unknown-zero", "exit_reason=0"),
	UNKNOWN_EXIT("exit-hardware-unknown", "exit_reason=0 hardware_exit_reason=0x42"),
	UNKNOWN_EXIT("exit-shutdown", "exit_reason=8"),
	UNKNOWN_EXIT("exit-shutdown-reset", RESET "exit_reason=8 rip=0xfff0"),
	UNKNOWN_EXIT("exit-memory-fault",
		     "exit_reason=39 memory_fault_gpa=0x1000 memory_fault_flags=8"),
	UNKNOWN_EXIT("exit-notify", "exit_reason=37"),
	UNKNOWN_EXIT("stack-below-zero", "exit_reason=17 mmio_gpa=0xfffffffc"),
	UNKNOWN_EXIT("mmio-unregistered", "exit_reason=17 mmio_gpa=0xd0000000"),
	{ .id = "vmm-set-msr-refused",
	  .class = KW_CLASS_VMM_ERROR,
	  .facts = "host_msr_index=0x48b host_msr_value=1" },
	{ .id = "vmm-get-msr-refused",
	  .class = KW_CLASS_VMM_ERROR,
	  .facts = "host_msr_index=0x48b" },
	UNKNOWN_EXIT("exit-exception", "exit_reason=1 exception=14"),

	/* message.c */
	{ .id = "msr-host-bug",
	  .class = KW_CLASS_MSR_MESSAGE,
	  .msr = 0x1d9,
	  .msr_write = true,
	  .sign = KW_SIGN_BUG + 1,
	  .said = "BUG: unable to handle kernel NULL pointer dereference" },
	{ .id = "msr-debugctl-bits",
	  .class = KW_CLASS_MSR_MESSAGE,
	  .msr = 0x1d9,
	  .msr_write = true,
	  .msr_verb = KW_MSR_NOP },
	{ .id = "msr-noise", .class = KW_CLASS_MSR_MESSAGE, .msr = 0x641 },
	{ .id = "msr-windows-lbr-tos", .class = KW_CLASS_MSR_MESSAGE, .msr = 0x1c9 },
	{ .id = "msr-enoent-window", .class = KW_CLASS_MSR_MESSAGE, .msr = 0x4e, .msr_data = true },
	{ .id = "msr-ignored",
	  .class = KW_CLASS_MSR_MESSAGE,
	  .msr = 0xc0011023,
	  .msr_verb = KW_MSR_IGNORED },
	{ .id = "msr-not-emulated", .class = KW_CLASS_MSR_MESSAGE, .msr = 0xc0ffee },

	/* collect.c */
	RUN("run-failed-collect", "errno_number=7", NULL),
	{ .id = "internal-error-collect", .class = KW_CLASS_INTERNAL_ERROR },
	ENTRY("entry-collect", NULL),
	DUMP_VMCB("vmcb-collect", "vmcb_asid=1"),
	UNKNOWN_EXIT("exit-not-handled", "exit_reason=11"),
	{ .id = "exit-collect", .class = KW_CLASS_VMM_ERROR, .facts = "vcpu=0" },

	/* module.c: the words of struct kvmwhy_data */
	MODULE("module-injected", 0x0001000f00010001, 0x100000838),
	MODULE("module-wrmsr", 0x0000000f00010001, 0x100000838),
	MODULE("module-rdmsr", 0x0000000d00020001, 0x400000838),
	MODULE("module-page-fault", 0x0000001c00030001, 0x300000000),
	MODULE("module-run-refused", 0x0000000c00000001, 0x600000000),
	MODULE("module-run-failed", 0x0000000c00000001, 0),
	WATCHED("module-wrmsr", KVM_RUN_FAILED, "errno_number=1", WATCHED_WRMSR),
	WATCHED("watch-access-failed", INTERNAL_ERROR, "suberror=1", WATCHED_WRMSR),
	WATCHED("watch-last-exit", KVM_RUN_FAILED, "errno_number=14 last_exit=0x30 watch_vmx=1", .nextra = 0),
	WATCHED("watch-encrypted", UNKNOWN_EXIT, "exit_reason=8 watch_protected=1", .nextra = 0),
	WATCHED("watch-record-cut", REGISTER_DUMP, "watch_number=1", .nextra = 0),
	{ .id = "module-words-missing",
	  .class = KW_CLASS_INTERNAL_ERROR,
	  .facts = "suberror=0x4b57",
	  .nextra = 2,
	  .extra = { 0x0000000f00010001, UINT64_MAX } },
	UNKNOWN_EXIT("run-page-ordinary-exit", "exit_reason=2 run_exit_reason=2"),

	/* unusable.c, host_kernel.c, not_kvm.c */
	{ .id = "kvm-permission", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_DENIED + 1, .said = "kvm-permission" },
	{ .id = "kvm-busy", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_BUSY + 1, .said = "kvm-busy" },
	{ .id = "kvm-vmxon-faulted", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_VMXON_FAULTED + 1, .said = "kvm-vmxon-faulted" },
	{ .id = "kvm-off-in-firmware", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_OFF + 1, .said = "kvm-off-in-firmware" },
	{ .id = "kvm-other-vendor", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_OTHER_VENDOR + 1, .said = "kvm-other-vendor" },
	{ .id = "kvm-no-hardware", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_NO_HARDWARE + 1, .said = "kvm-no-hardware" },
	{ .id = "kvm-missing", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_MISSING + 1, .said = "kvm-missing" },
	{ .id = "kvm-unusable", .class = KW_CLASS_KVM_UNUSABLE, .sign = KW_SIGN_KVM_UNUSABLE + 1, .said = "kvm-unusable" },
	{ .id = "host-spurious-fault", .class = KW_CLASS_HOST_KERNEL, .sign = KW_SIGN_SPURIOUS_FAULT + 1, .said = "host-spurious-fault" },
	{ .id = "host-mmio-spte", .class = KW_CLASS_HOST_KERNEL, .sign = KW_SIGN_MMIO_SPTE + 1, .said = "host-mmio-spte" },
	{ .id = "host-lockup", .class = KW_CLASS_HOST_KERNEL, .sign = KW_SIGN_LOCKUP + 1, .said = "host-lockup" },
	{ .id = "host-kernel-fault", .class = KW_CLASS_HOST_KERNEL, .sign = KW_SIGN_BUG + 1, .said = "host-kernel-fault" },
	{ .id = "split-lock", .class = KW_CLASS_SPLIT_LOCK, .sign = KW_SIGN_SPLIT_LOCK + 1, .said = "split-lock" },
	{ .id = "bus-lock", .class = KW_CLASS_SPLIT_LOCK, .sign = KW_SIGN_BUS_LOCK + 1, .said = "bus-lock" },
	{ .id = "memory-error", .class = KW_CLASS_MEMORY_ERROR, .sign = KW_SIGN_MCE_GUEST + 1, .said = "memory-error" },
	{ .id = "memory-error-host", .class = KW_CLASS_MEMORY_ERROR, .sign = KW_SIGN_MCE_HOST + 1, .said = "memory-error-host" },
	{ .id = "vfio-device-fault", .class = KW_CLASS_KVM_RUN_FAILED, .facts = "errno_number=14", .sign = KW_SIGN_VFIO_FAULT + 1, .said = "vfio" },
	{ .id = "oom-cgroup", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_OOM_CGROUP + 1, .said = "oom-cgroup" },
	{ .id = "oom", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_OOM + 1, .said = "oom" },
	{ .id = "oomd", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_OOMD + 1, .said = "oomd" },
	{ .id = "vmm-crashed", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_VMM_SEGFAULT + 1, .said = "vmm-crashed" },
	{ .id = "vmm-dumped-core", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_VMM_COREDUMP + 1, .said = "vmm-dumped-core" },
	{ .id = "vfio-group", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_VFIO_GROUP + 1, .said = "vfio-group" },
	{ .id = "vfio-no-iommu", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_VFIO_NO_IOMMU + 1, .said = "vfio-no-iommu" },
	{ .id = "guest-memory-unavailable", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_NO_RAM + 1, .said = "guest-memory-unavailable" },
	{ .id = "disk-pause", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_DISK_PAUSE + 1, .said = "disk-pause" },
	{ .id = "windows-stop", .class = KW_CLASS_NOT_KVM, .sign = KW_SIGN_WINDOWS_STOP + 1, .said = "windows-stop" },

	/* vmm.c */
	{ .id = "qemu-code-outside-ram", .class = KW_CLASS_VMM_FATAL, .sign = KW_SIGN_OUTSIDE_RAM + 1, .said = "qemu-code-outside-ram" },
	{ .id = "qemu-hardware-error", .class = KW_CLASS_VMM_FATAL, .sign = KW_SIGN_HW_ERROR + 1, .said = "qemu-hardware-error" },
	{ .id = "qemu-fatal", .class = KW_CLASS_VMM_FATAL, .sign = KW_SIGN_FATAL + 1, .said = "qemu-fatal" },
	{ .id = "reset-required", .class = KW_CLASS_VMM_ERROR, .sign = KW_SIGN_RESET_REQUIRED + 1, .said = "reset-required" },
	{ .id = "migration-device", .class = KW_CLASS_MIGRATION_FAILED, .sign = KW_SIGN_MIGRATION_DEVICE + 1, .said = "migration-device" },
	{ .id = "migration-unknown-device", .class = KW_CLASS_MIGRATION_FAILED, .sign = KW_SIGN_MIGRATION_UNKNOWN + 1, .said = "migration-unknown-device" },
	{ .id = "migration-ram", .class = KW_CLASS_MIGRATION_FAILED, .sign = KW_SIGN_MIGRATION_RAM + 1, .said = "migration-ram" },
	{ .id = "migration-machine", .class = KW_CLASS_MIGRATION_FAILED, .sign = KW_SIGN_MIGRATION_MACHINE + 1, .said = "migration-machine" },
	{ .id = "migration-failed", .class = KW_CLASS_MIGRATION_FAILED, .sign = KW_SIGN_MIGRATION + 1, .said = "migration-failed" },
	{ .id = "cpu-features-missing", .class = KW_CLASS_CPU_FEATURES, .sign = KW_SIGN_MISSING_FEATURES + 1, .said = "cpu-features-missing" },
	{ .id = "cpu-features-extra", .class = KW_CLASS_CPU_FEATURES, .sign = KW_SIGN_EXTRA_FEATURES + 1, .said = "cpu-features-extra" },
	{ .id = "cpu-reset", .class = KW_CLASS_CPU_RESET, .sign = KW_SIGN_CPU_RESET + 1, .said = "cpu-reset" },
	{ .id = "cpu-reset-power-on", .class = KW_CLASS_CPU_RESET, .facts = "rax=0 rbx=0 rcx=0 rdx=0 rsi=0 rdi=0 rbp=0 rsp=0 rip=0 cs_base=0 cs_limit=0" },
	/* protected.c, and the exits of small monitors */
	{ .id = "sev-firmware-refused", .class = KW_CLASS_PROTECTED_VM, .facts = "fw_error=7 launch_errno=5" },
	{ .id = "sev-launch-refused", .class = KW_CLASS_PROTECTED_VM, .facts = "fw_error=0 launch_errno=22" },
	{ .id = "tdx-seamcall", .class = KW_CLASS_PROTECTED_VM, .facts = "seamcall_leaf=33 seamcall_status=0xc000092100000122" },
	{ .id = "sev-not-available", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_SEV_UNSUPPORTED + 1, .said = "sev-not-available" },
	{ .id = "sev-rmpupdate", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_SEV_RMPUPDATE + 1, .said = "sev-rmpupdate" },
	{ .id = "sev-rmp-fault", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_SEV_RMP_FAULT + 1, .said = "sev-rmp-fault" },
	{ .id = "sev-vmgexit", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_SEV_MESSAGE + 1, .said = "sev-vmgexit" },
	{ .id = "tdx-unaccepted-page", .class = KW_CLASS_PROTECTED_VM, .facts = "fault_gpa=0x1000", .sign = KW_SIGN_TDX_UNACCEPTED + 1, .said = "tdx-unaccepted-page" },
	{ .id = "tdx-platform", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_TDX_PLATFORM + 1, .said = "tdx-platform" },
	{ .id = "tdx-launch-refused", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_TDX_REFUSED + 1, .said = "tdx-launch-refused" },
	{ .id = "tdx-guest-fatal", .class = KW_CLASS_PROTECTED_VM, .sign = KW_SIGN_TDX_GUEST_FATAL + 1, .said = "tdx-guest-fatal" },
	{ .id = "mmio-near-zero", .class = KW_CLASS_VMM_ERROR, .facts = "exit_reason=8", .sign = KW_SIGN_MMIO_UNREGISTERED + 1, .value = 0xfffffffc, .said = "mmio" },
	{ .id = "vmm-seccomp", .class = KW_CLASS_VMM_ERROR, .sign = KW_SIGN_SECCOMP + 1, .value = 14, .said = "seccomp" },
	{ .id = "exit-few-words", .class = KW_CLASS_VMM_ERROR, .facts = "exit_reason=8", .sign = KW_SIGN_FEW_WORDS + 1, .said = "exit" },

	/* setup.c */
	{ .id = "setup-sregs-check", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22 cr0=0x11 cr4=0 efer=0 cs_attr=0xe09b",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-sregs-check", .ioctl = "KVM_SET_SREGS" },
	{ .id = "setup-sregs", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-sregs", .ioctl = "KVM_SET_SREGS" },
	{ .id = "setup-xcrs-check", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22 xcr0=5",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-xcrs-check", .ioctl = "KVM_SET_XCRS" },
	{ .id = "setup-xcrs", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22 xcr0=0xe7",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-xcrs", .ioctl = "KVM_SET_XCRS" },
	{ .id = "setup-memory-overlap", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=17 slot=4 slot_gpa=0xc0000 slot_size=0xbff40000",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-memory-overlap", .ioctl = "KVM_SET_USER_MEMORY_REGION" },
	{ .id = "setup-memory-address", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22 slot=4 slot_gpa=0x8000000000 slot_size=0x10000",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-memory-address", .ioctl = "KVM_SET_USER_MEMORY_REGION" },
	{ .id = "setup-vcpu-files", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=24",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-vcpu-files", .ioctl = "KVM_CREATE_VCPU" },
	{ .id = "setup-irq-routes", .class = KW_CLASS_SETUP_FAILED,
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-irq-routes", .ioctl = "KVM_SET_GSI_ROUTING" },
	{ .id = "setup-refused", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-refused", .ioctl = "KVM_SET_NESTED_STATE" },
	{ .id = "setup-not-named", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=22",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-not-named" },
	{ .id = "setup-collect", .class = KW_CLASS_SETUP_FAILED, .facts = "errno_number=25",
	  .sign = KW_SIGN_SETUP + 1, .said = "setup-collect", .ioctl = "KVM_SET_CLOCK" },
};

#endif
