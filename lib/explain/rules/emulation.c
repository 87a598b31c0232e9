// SPDX-License-Identifier: MIT
/* KVM internal error, suberror 1: KVM had to emulate an instruction and could not. */
#include "explain/rules/rules.h"

static bool emulation(const struct kw_case *c)
{
	return FACT_IS(c->f, suberror, KW_SUBERROR_EMULATION);
}

static bool rsm(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && c->insn.kind == KW_INSN_RSM;
}

/*
 * RSM has begun loading the save area, and no guest can have had the value it loaded: bits 63:32 of
 * DR6 are reserved, so the save area was overwritten.
 */
static bool rsm_overwritten(const struct kw_case *c)
{
	return rsm(c) && kw_has(c->f, dr6) && c->f->dr6 >> 32;
}

static bool rsm_nested(const struct kw_case *c)
{
	return rsm(c) && !rsm_overwritten(c);
}

static bool mid_rsm_c_bit(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	/*
	 * CS is still a 16-bit segment while EFER and CR0 are those of long mode: in the middle of
	 * RSM
	 */
	return emulation(c) && FACT_IS(f, cs_sel, 0) && kw_has(f, efer) && f->efer & 1u << 10 &&
	       pg_set(c) && kw_has(f, cr3) && f->cr3 >> 47 & 0xffff;
}

static bool endbr(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && c->insn.kind == KW_INSN_ENDBR;
}

/* Some kernel's emulator knows the instruction, and the host's may be older. */
static bool emulator_learned_it(const struct kw_case *c)
{
	const struct kw_row *row = kw_emulator_row(c);

	return row && kw_change_state(row, &c->host, NULL) != KW_CHANGE_APPLIES;
}

/*
 * The exit that led to the emulation, in Linux 5.16 and later: after the instruction bytes, if
 * those are present.
 */
static bool exit_words(const struct kw_case *c, uint64_t *reason, uint64_t *info1)
{
	unsigned int at;

	if (!emulation(c) || !has_extra(c, 0))
		return false;
	at = c->f->extra[0] & 1 ? 3 : 1;
	if (!has_extra(c, at))
		return false;
	*reason = c->f->extra[at];
	*info1 = has_extra(c, at + 1) ? c->f->extra[at + 1] : 0;
	return true;
}

/*
 * A data access to a page without memory: nothing is mapped there, or KVM's mark for MMIO is (an
 * EPT misconfiguration, a reserved bit in a nested page table). KVM maps whatever is backed by
 * memory.
 */
static bool mmio_exit(const struct kw_case *c)
{
	uint64_t reason, info1;

	if (!exit_words(c, &reason, &info1))
		return false;
	if (kw_exit_is_svm(c, reason))
		return reason == KW_SVM_EXIT_NPF && !(info1 & 0x10) && (!(info1 & 1) || info1 & 8);
	return reason == KW_VMX_EXIT_EPT_MISCONFIG ||
	       (reason == KW_VMX_EXIT_EPT_VIOLATION && info1 & 3 && !(info1 & 0x3c));
}

static bool is_device(enum kw_place place)
{
	return place == KW_PLACE_VGA_HOLE || place == KW_PLACE_IOAPIC || place == KW_PLACE_HPET ||
	       place == KW_PLACE_TPM || place == KW_PLACE_LAPIC;
}

static bool data_insn(const struct kw_case *c)
{
	return c->insn.kind == KW_INSN_SIMD || c->insn.kind == KW_INSN_FXSTATE;
}

/*
 * In real mode the words may belong to an exit long before the emulation, so only the address
 * counts.
 */
static bool data_insn_on_mmio(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && data_insn(c) && c->insn.has_mem &&
	       (is_device(c->mem_place) || (!pe_clear(c) && mmio_exit(c)));
}

static bool fetched_bytes_differ(const struct kw_case *c)
{
	const struct kw_code *code = &c->f->code;
	unsigned int size;

	if (!emulation(c) || !has_extra(c, 0) || !(c->f->extra[0] & 1) || !has_extra(c, 1) ||
	    !has_extra(c, 2) || code->marked < 0)
		return false;
	size = c->f->extra[1] & 0xff;
	for (unsigned int i = 0; i < size && i < 15 && (unsigned int)code->marked + i < code->len;
	     i++) {
		unsigned int at = (unsigned int)code->marked + i;

		if (code->known >> at & 1 && code->bytes[at] != kw_fetched_byte(c->f, i))
			return true;
	}
	return false;
}

/* Bytes that are code; text and filler have rules of their own. */
static bool real_mode(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && pe_clear(c) && !in_smm(c) &&
	       !data_insn_on_mmio(c);
}

static bool real_mode_odd(const struct kw_case *c)
{
	return real_mode(c) && kw_real_mode_segment_odd(c->f);
}

static bool real_mode_plain(const struct kw_case *c)
{
	return real_mode(c) && !kw_real_mode_segment_odd(c->f);
}

static bool protected16(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && c->mode == KW_MODE_PROTECTED16 &&
	       c->insn.kind != KW_INSN_RSM && !data_insn_on_mmio(c);
}

static bool runs_in(const struct kw_case *c, enum kw_place place)
{
	return c->has_linear_rip && c->rip_place == place;
}

static bool runs_in_vga_hole(const struct kw_case *c)
{
	return runs_in(c, KW_PLACE_VGA_HOLE) && !in_smm(c) &&
	       (c->code == KW_CODE_FFS || c->code == KW_CODE_UNREADABLE ||
		(c->code == KW_CODE_NONE && emulation(c)));
}

/* With paging on, identity mapping is assumed, as in firmware and loaders. */
static enum kw_certainty by_paging(const struct kw_case *c)
{
	return kw_has(c->f, cr0) && !pg_set(c) && kw_has(c->f, cs_base) && FACT_IS(c->f, smm, 0) &&
			       c->code != KW_CODE_NONE ?
		       KW_CERTAIN :
		       KW_LIKELY;
}

static bool runs_ones(const struct kw_case *c)
{
	return c->code == KW_CODE_FFS && !runs_in(c, KW_PLACE_VGA_HOLE);
}

enum { SLIDE_BYTES = 8 };

/*
 * All bytes before the mark are equal: filler that executes without a fault up to this page
 * boundary.
 */
static bool slid(const struct kw_case *c)
{
	const struct kw_code *code = &c->f->code;

	if (!emulation(c) || code->marked < SLIDE_BYTES || !c->has_linear_rip ||
	    c->linear_rip & 0xfff)
		return false;
	for (int i = code->marked - SLIDE_BYTES; i < code->marked; i++) {
		if (!(code->known >> i & 1) || code->bytes[i] != code->bytes[code->marked - 1])
			return false;
	}
	return code->bytes[code->marked] != code->bytes[code->marked - 1];
}

static bool runs_zeros(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_ZEROS && !kw_all_zero(c->f) &&
	       !fetched_bytes_differ(c) && !slid(c);
}

/*
 * Linux 5.16 and later: without instruction bytes the second word is the exit, here an instruction
 * fetch.
 */
static bool fetch_violation(const struct kw_case *c)
{
	uint64_t reason, info1;

	if (!exit_words(c, &reason, &info1) || c->f->extra[0] & 1)
		return false;
	if (kw_exit_is_svm(c, reason))
		return reason == KW_SVM_EXIT_NPF && info1 & 0x10;
	return reason == KW_VMX_EXIT_EPT_VIOLATION && info1 & 4;
}

static bool unreadable(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_UNREADABLE && !kw_all_zero(c->f) &&
	       !fetch_violation(c) && !runs_in_vga_hole(c);
}

/*
 * With paging off, page tables are not to blame. The VMM may not be able to read what only SMM
 * sees.
 */
static bool runs_without_memory(const struct kw_case *c)
{
	return unreadable(c) && kw_has(c->f, cr0) && !pg_set(c) && FACT_IS(c->f, smm, 0);
}

static bool runs_unmapped(const struct kw_case *c)
{
	return unreadable(c) && !runs_without_memory(c);
}

/* "20 07 20 07": blanks with the attribute grey on black, the text screen. */
static bool runs_screen_text(const struct kw_case *c)
{
	const struct kw_code *code = &c->f->code;
	const uint8_t *at;

	if (!emulation(c) || code->marked < 0 || code->marked + 6 > code->len)
		return false;
	at = code->bytes + code->marked;
	return (at[0] == 0x20 && at[1] == 0x07 && at[2] == 0x20 && at[3] == 0x07) ||
	       (at[0] == 0x07 && at[1] == 0x20 && at[2] == 0x07 && at[3] == 0x20);
}

static bool slides_over_af(const struct kw_case *c)
{
	return slid(c) && kw_slide_byte(c) == 0xaf;
}

/* The first byte of the slide, if it was read. */
uint8_t kw_slide_byte(const struct kw_case *c)
{
	return c->f->code.marked > 0 ? c->f->code.bytes[c->f->code.marked - 1] : 0;
}

enum kw_fact kw_jump_register(const struct kw_case *c)
{
	static const enum kw_fact registers[] = {
		KW_F_rax, KW_F_rcx, KW_F_rdx, KW_F_rbx, KW_F_rbp, KW_F_rsi, KW_F_rdi, KW_F_r8,
		KW_F_r9,  KW_F_r10, KW_F_r11, KW_F_r12, KW_F_r13, KW_F_r14, KW_F_r15
	};

	if (!kw_has(c->f, rip) || c->f->rip < 0x1000)
		return KW_F_none;
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		if (kw_known(c->f, registers[i]) && c->f->fact[registers[i]] == c->f->rip)
			return registers[i];
	}
	return KW_F_none;
}

static bool jumped_through_register(const struct kw_case *c)
{
	return emulation(c) && kw_jump_register(c) != KW_F_none;
}

/*
 * A pointer from the real-mode interrupt vector table points into the BIOS: its upper half is
 * segment f000 or e000.
 */
static bool looks_like_vector(const struct kw_case *c)
{
	return jumped_through_register(c) && c->f->rip >> 32 == 0 &&
	       (c->f->rip >> 16 == 0xf000 || c->f->rip >> 16 == 0xe000);
}

/* No dump, but data[1] and data[2] hold the bytes KVM fetched, and they decode as 64-bit code. */
static bool bytes_in_words(const struct kw_case *c)
{
	struct kw_insn insn;

	return emulation(c) && !kw_has(c->f, rip) && kw_fetched_insn(c->f, &insn);
}

static bool data_insn_elsewhere(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && !pe_clear(c) && data_insn(c) &&
	       c->insn.has_mem && !data_insn_on_mmio(c);
}

static bool vmx_insn(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK &&
	       (c->insn.kind == KW_INSN_VMX || c->insn.kind == KW_INSN_SVM);
}

/* The registers of a TDX guest read as zero too: data[0] then is a status of the TDX module. */
static bool all_zero(const struct kw_case *c)
{
	return kw_all_zero(c->f) && !(has_extra(c, 0) && c->f->extra[0] >> 32);
}

static bool no_dump(const struct kw_case *c)
{
	return emulation(c) && !kw_has(c->f, rip) && !bytes_in_words(c);
}

static bool ordinary(const struct kw_case *c)
{
	return emulation(c) && c->code == KW_CODE_OK && !pe_clear(c) && !vmx_insn(c) &&
	       !data_insn(c) && !rsm(c);
}

static bool no_code(const struct kw_case *c)
{
	return emulation(c) && kw_has(c->f, rip) &&
	       (c->code == KW_CODE_NONE || c->code == KW_CODE_NO_MODE || c->code == KW_CODE_CUT ||
		c->code == KW_CODE_NO_MARK);
}

#define SRC_EMULATION "Linux arch/x86/kvm/x86.c, handle_emulation_failure()"

const struct kw_rule kw_rules_emulation[] = {
	{
		.id = "rsm-smram-overwritten",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip), KW_NEED(dr6) },
		.test = rsm_overwritten,
		.shows = { KW_NEED(gdt_base), KW_NEED(smm) },
		.title = "RSM loaded garbage: the guest's SMRAM save area was overwritten",
		.why = "KVM had begun to restore registers from the save area and then refused the "
		       "next value. DR6 is {dr6}: its bits 63:32 are reserved, so no guest ever "
		       "had this value. Firmware, or a device's DMA, wrote to SMRAM while the "
		       "handler ran.",
		.todo = { KW_DO("Check what writes to SMRAM (TSEG or 0xa0000): firmware, a stack "
				"of the SMI handler that is too small, DMA of an assigned device."),
			  KW_DO("Try without SMM: `-machine smm=off` and a firmware built without "
				"it.") },
		.source = { "AMD APM vol. 2, \"SMRAM State-Save Area\"",
			    "Intel SDM vol. 3, \"SMRAM\"" },
	},
	{
		.id = "rsm-nested-smm",
		.kernel = "rsm-nested-mmu",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = rsm_nested,
		.shows = { KW_NEED(smm) },
		.title = "KVM could not leave the guest's System Management Mode (RSM), a known "
			 "defect of nested KVM on {range}",
		.why = "KVM's emulator failed at RSM, in firmware code. Where KVM runs inside KVM, "
		       "{range} mixed up the MMU roots of the two levels when a guest entered and "
		       "left SMM. Without nesting, look for what overwrote the SMRAM save area.",
		.todo = { KW_DO("Run an outer host kernel with the fix: {fix}."),
			  KW_DO("Or run the inner guest without SMM: `-machine pc,smm=off`.") },
		.source = { "Linux commit ad7dc69aeb23 (in v5.0)",
			    "https://bugs.launchpad.net/qemu/+bug/1813165" },
	},
	{
		.id = "rsm-cr3-encryption-bit",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cr3), KW_NEED(efer), KW_NEED(cs_sel) },
		.test = mid_rsm_c_bit,
		.shows = { KW_NEED(cr4) },
		.title = "KVM stopped in the middle of leaving SMM: it treated the encryption "
			 "bit in CR3 ({cr3}) as a reserved bit",
		.why = "CS is not restored while CR0 and EFER already are those of a long-mode "
		       "kernel: the state between two steps of RSM. CR3 has a high address bit "
		       "set, as the C-bit of an SEV guest is, and KVM's check of CR3's reserved "
		       "bits refused it.",
		.todo = { KW_DO("Run a host kernel with the fix for CR3 of SEV guests (series "
				"\"SEV guests fail to boot on PCID systems\", end of 2020)."),
			  KW_DO("Until then, hide PCID from the guest.") },
		.source = { "kvm list, November 2020, SEV guests on hosts with PCID" },
	},
	{
		.id = "endbr-real-mode",
		.kernel = "emulator-no-reserved-nops",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = endbr,
		.title = "KVM had to emulate {mnemonic}, which {range} does not know",
		.why = "Compilers put ENDBR32 and ENDBR64 at function starts with -fcf-protection. "
		       "They are among the reserved NOPs 0f 18 to 0f 1f, which KVM's emulator "
		       "knows since commit 34d2618d3318. A CPU without VMX unrestricted guest "
		       "cannot run real-mode code itself, so KVM emulates all of it there.",
		.todo = { KW_DO("Run a host kernel with the fix: {fix}."),
			  KW_DO("Or use firmware built with -fcf-protection=none."),
			  &kw_do_unrestricted_guest },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1866870", SRC_EMULATION },
	},
	{
		.id = "real-mode-invalid-state",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cr0) },
		.test = real_mode_odd,
		.shows = { KW_NEED(fs_attr), KW_NEED(ss_attr), KW_NEED(es_attr) },
		.title = "{insn} in real mode with protected-mode segments left over: a host "
			 "without VMX unrestricted guest must emulate it, and KVM could not",
		.why = "CR0.PE is clear while a segment still has a limit above 64 KiB or DPL 3: "
		       "the guest has just left protected mode, or uses big real mode. VMX "
		       "without unrestricted guest refuses such a state; KVM then emulates "
		       "instruction by instruction (emulate_invalid_guest_state), and failed at "
		       "this one.",
		.todo = { KW_DO("Run a host kernel whose emulator knows {mnemonic}: "
				"{emulator_since}.",
				.when = emulator_learned_it),
			  &kw_do_unrestricted_guest,
			  KW_DO("Run the guest on a host with unrestricted guest (Intel since "
				"Westmere) or on AMD."),
			  KW_DO("If the host is a VM, have the outer hypervisor expose EPT and "
				"unrestricted guest."),
			  KW_DO("If this is FXSAVE in iPXE, use QEMU 2.8 or later: its iPXE does "
				"not use it.") },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Segment Registers\"",
			    "https://bugs.launchpad.net/qemu/+bug/1623276",
			    "https://bugs.launchpad.net/qemu/+bug/530077" },
	},
	{
		.id = "real-mode-emulation",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cr0) },
		.test = real_mode_plain,
		.title = "KVM emulated {insn} in real mode, probably because the host has no VMX "
			 "unrestricted guest",
		.why = "With VMX unrestricted guest, and on AMD, the CPU runs real-mode code "
		       "itself. Where KVM emulates it, any instruction that the emulator does not "
		       "know ends the guest.",
		.todo = { KW_DO("Run a host kernel whose emulator knows {mnemonic}: "
				"{emulator_since}.",
				.when = emulator_learned_it),
			  &kw_do_unrestricted_guest,
			  KW_DO("If the host is a VM, have the outer hypervisor expose EPT and "
				"unrestricted guest.") },
		.source = { SRC_EMULATION },
	},
	{
		.id = "protected16-emulation",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(cs_attr) },
		.test = protected16,
		.title = "KVM emulated {insn} in 16-bit protected mode and failed; on Intel "
			 "without unrestricted guest this state may be invalid",
		.why = "Boot loaders often run 16-bit protected-mode code with segments that VM "
		       "entry refuses (for example RPL against DPL), so KVM emulates it.",
		.todo = { &kw_do_unrestricted_guest,
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_emulate_insn -e "
				"kvm:kvm_exit`.") },
		.source = { "Intel SDM vol. 3, \"Checks on Guest Segment Registers\"",
			    SRC_EMULATION },
	},
	{
		.id = "runs-in-vga-hole",
		.certainty = KW_LIKELY,
		.sure = by_paging,
		.proof = { KW_NEED(rip), KW_NEED(cs_base), KW_NEED(cr0), KW_NEED(smm),
			   KW_PROOF_CODE },
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(rip) },
		.test = runs_in_vga_hole,
		.shows = { KW_NEED(cr0), KW_NEED(cs_base) },
		.title = "The guest executes in the VGA window ({linear})",
		.why = "RIP lies in {rip_place}. Control got there earlier: by a jump through a "
		       "bad pointer, or by code that ran on past its end. A known cause is GRUB "
		       "2.04 under UEFI when memory is short: its image overlaps the hole.",
		.todo = { KW_DO("Give the guest more memory (2 GiB) and try again."),
			  KW_DO("Try another version of the boot loader."),
			  KW_DO("Find what ran last: debug output of the firmware, or a breakpoint "
				"with gdb on the gdbstub.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1875012" },
	},
	{
		.id = "runs-screen-text",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(rip) },
		.test = runs_screen_text,
		.title = "The guest executes the contents of a text screen (20 07 20 07 ...)",
		.why = "The bytes at RIP are blanks with their colour attribute. The guest jumped "
		       "to video memory, or to a place where an option ROM should have been.",
		.todo = { KW_DO("Start the guest without the option ROM of the passed-through or "
				"network card: an empty romfile=.") },
		.source = { "https://lore.kernel.org/r/20201002192113.GC24460@linux.intel.com" },
	},
	{
		.id = "runs-slide",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = slid,
		.shows = { KW_NEED(cs_base) },
		.title = "The guest slid to {linear} over memory filled with {slide_byte}: nothing "
			 "jumped here",
		.why = "All bytes before RIP are the same, and RIP lies exactly on the boundary of "
		       "a page: the CPU executed the filler below, instruction by instruction, "
		       "until it met something else. Look for the jump to somewhere below. af is "
		       "what EDK2 fills freed memory with, so an AP that ran in a freed wake-up "
		       "buffer looks like this. A slide over zeros that starts below 0xa0000 ends "
		       "at 0xa0000 or, where QEMU has the VGA window mapped as RAM (chain-4 mode), "
		       "at 0xb0000.",
		.todo = { KW_DO("Find what jumped into the filler: the return address on the "
				"stack, or a breakpoint with gdb on the gdbstub."),
			  KW_DO("With EDK2 and {slide_byte}: update the firmware, and try with one "
				"vCPU.",
				.when = slides_over_af) },
		.source = { "https://github.com/tianocore/edk2/issues/21",
			    "QEMU hw/display/vga.c, chain-4 mode maps 0xa0000 as RAM" },
	},
	{
		.id = "runs-zeros",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(suberror), KW_NEED(rip), KW_PROOF_CODE },
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(rip) },
		.test = runs_zeros,
		.title = "The guest executes zeros at {linear}",
		.why = "All bytes at RIP are 00. Something went wrong earlier: a wrong entry "
		       "point, a return through a damaged stack, an option ROM or firmware that is "
		       "not there. With nested virtualization, a register (RIP, RSP) that the "
		       "outer hypervisor lost looks the same.",
		.todo = { KW_DO("Check the entry point and load address of what the guest was "
				"about to start (kernel, option ROM, firmware)."),
			  KW_DO("Try without passed-through devices, and with an empty romfile=."),
			  KW_DO("If the host is a VM or emulated, try on bare metal: the outer "
				"level may have lost state.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1591628",
			    "https://bugs.launchpad.net/qemu/+bug/1653419" },
	},
	{
		.id = "runs-ones",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(rip), KW_PROOF_CODE },
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(rip) },
		.test = runs_ones,
		.title = "The guest executes ff ff ff ... at {linear}",
		.why = "Reads of an address without memory or device return all ones; so does "
		       "erased flash. The guest jumped there, or ran on past the end of its code.",
		.todo = { KW_DO("Check the entry point and load address of what the guest was "
				"about to start.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1875012" },
	},
	{
		.id = "fetch-without-memory",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = fetch_violation,
		.title = "The guest fetched an instruction at {linear}, where it has no memory",
		.why = "The exit was an EPT violation or nested page fault ({extra1}) caused by an "
		       "instruction fetch ({extra2} says so). KVM tried to emulate, could not read "
		       "the instruction either, and gave up. The guest jumped outside its memory.",
		.todo = { KW_DO("Check how the image is linked and loaded: entry point, section "
				"order, relocation."),
			  KW_DO("Compare RIP with the guest's memory map (firmware log, QEMU's "
				"`info mtree -f`).") },
		.source = { "Intel SDM vol. 3, \"Exit Qualification for EPT Violations\"",
			    SRC_EMULATION },
	},
	{
		.id = "runs-no-memory",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip), KW_NEED(cr0) },
		.test = runs_without_memory,
		.shows = { KW_NEED(cs_base) },
		.title = "The guest executes at {linear}, where it has no memory",
		.why = "The VMM could not read a single byte there, and paging is off, so page "
		       "tables are not the reason. The guest jumped outside its memory: a wrong "
		       "entry point, a bad pointer, a return through a damaged stack.",
		.todo = { KW_DO("Check how the image is linked and loaded: entry point, section "
				"order, relocation."),
			  KW_DO("Compare the address with the guest's memory map (firmware log, "
				"QEMU's `info mtree -f`).") },
		.source = { SRC_EMULATION },
	},
	{
		.id = "runs-unreadable",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = runs_unmapped,
		.title = "The VMM could read no code at RIP {rip}: the guest's page tables do not "
			 "map it, or it lies outside memory",
		.why = "Either the guest jumped to an address that its page tables do not map, or "
		       "its CR3 points to memory that cannot be read.",
		.todo = { KW_DO("If the VMM still runs, use QEMU's monitor: `info tlb`, `x /i "
				"$pc`, `info registers`.") },
		.source = { SRC_EMULATION },
	},
	{
		.id = "emulator-lacks-insn-mmio",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = data_insn_on_mmio,
		.title = "{insn} touches emulated memory (MMIO), and KVM's emulator could not "
			 "execute it",
		.why = "The VMM, not RAM, backs the operand at {mem}: the address or the exit in "
		       "the data words shows it (an EPT misconfiguration is KVM's mark for MMIO; "
		       "a data access that ends in an EPT violation or nested page fault where "
		       "nothing is mapped is the first such access). KVM must emulate each "
		       "instruction that touches such memory, and its emulator knows few x87, "
		       "state and vector instructions. Seen with emulated CXL memory that the "
		       "guest put online as RAM.",
		.todo = { KW_DO("Run a host kernel whose emulator knows {mnemonic}: "
				"{emulator_since}.",
				.when = emulator_learned_it),
			  KW_DO("Find out what lies at that address: the guest's /proc/iomem, "
				"QEMU's `info mtree -f`."),
			  KW_DO("Do not use emulated memory (CXL type 3, a BAR) as RAM under KVM."),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_emulate_insn -e kvm:kvm_mmio -e "
				"kvm:kvm_page_fault`.") },
		.source = { "Linux arch/x86/kvm/vmx/vmx.c, handle_ept_misconfig()",
			    "Linux arch/x86/kvm/emulate.c, opcode_table[]", SRC_EMULATION },
	},
	{
		.id = "emulator-lacks-insn",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = data_insn_elsewhere,
		.shows = { KW_NEED(cpl) },
		.title = "KVM had to emulate {insn} and could not: it emulates only what touches "
			 "MMIO or write-protected pages",
		.why = "KVM emulates an instruction of a running guest when a device serves its "
		       "memory operand ({mem}), or when the operand lies in a page that KVM "
		       "write-protects. The emulator knows few x87, state and vector instructions; "
		       "newer kernels know more of them.",
		.todo = { KW_DO("Run a host kernel whose emulator knows {mnemonic}: "
				"{emulator_since}.",
				.when = emulator_learned_it),
			  KW_DO("Find out what is mapped at the operand: a device BAR, emulated "
				"memory?"),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_emulate_insn -e "
				"kvm:kvm_mmio`.") },
		.source = { SRC_EMULATION, "https://bugs.launchpad.net/qemu/+bug/1877526" },
	},
	{
		.id = "fetched-bytes-differ",
		.certainty = KW_CERTAIN,
		.proof = { KW_NEED(suberror), KW_PROOF_WORDS, KW_PROOF_CODE },
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = fetched_bytes_differ,
		.title = "KVM emulated other bytes than the VMM reads at RIP",
		.why = "data[1] and data[2] hold the bytes KVM fetched as the instruction; they "
		       "differ from the Code= line at RIP. Encrypted memory read without its key "
		       "looks like this (SEV, or a hypervisor below that encrypts); so does a "
		       "page that changed in between, or a stale mapping when KVM runs nested. "
		       "The bytes that KVM could not emulate may not be the guest's instruction "
		       "at all.",
		.todo = { KW_DO("Check whether the guest or the host is an encrypted VM, or "
				"memory encryption is on (mem_encrypt=, CPUID 0x8000001f), and "
				"try without it."),
			  KW_DO("If this host is a VM, suspect the hypervisor below first: try on "
				"bare metal.") },
		.source = { "Linux arch/x86/kvm/x86.c, prepare_emulation_failure_exit() (in "
			    "v5.16)" },
	},
	{
		.id = "nested-vmx-insn",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = vmx_insn,
		.title = "The guest is itself a hypervisor and died at {mnemonic}: nested "
			 "virtualization went wrong",
		.why = "KVM handles {mnemonic} without its emulator, so the state that KVM kept "
		       "for the nested guest no longer fits what the CPU reported. Seen with bhyve "
		       "under KVM when the guest sees APIC virtualization.",
		.todo = { KW_DO("Hide APIC virtualization from the guest (QEMU: -cpu "
				"host,-vmx-apicv-register,-vmx-apicv-vid,-vmx-posted-intr)."),
			  KW_DO("Try a newer host kernel; report it with `trace-cmd record -e kvm "
				"-e kvmmmu`.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1876678" },
	},
	{
		.id = "vcpu-all-zero",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR) | KW_IN(ENTRY_FAILED) | KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(rip), KW_NEED(cs_base) },
		.test = all_zero,
		.shows = { KW_NEED(cs_attr), KW_NEED(rax) },
		.title = "All of the vCPU's state is zero: it was never loaded, or was lost",
		.why = "RIP, segments and general registers are zero, which neither RESET nor "
		       "running code leaves. Either KVM read them from a VMCS that was not loaded, "
		       "or the nested hypervisor's state was lost (VMPTRLD or VMCLEAR failed, at "
		       "this level or in the hypervisor below).",
		.todo = { KW_DO("If this host is a VM, look at the outer hypervisor's VMX "
				"emulation."),
			  KW_DO("Look for vmptrld, vmclear and vmread messages in this host's "
				"dmesg."),
			  KW_DO("With bhyve or another hypervisor in the guest, hide APIC "
				"virtualization from it.") },
		.source = { "https://bugs.launchpad.net/qemu/+bug/1876678" },
	},
	{
		.id = "jump-through-register",
		.certainty = KW_LIKELY,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = jumped_through_register,
		.blames = kw_jump_register,
		.title = "{blamed_name} equals RIP, {rip}: the guest called or jumped through "
			 "that register",
		.why = "Where RIP equals a general register there was most likely an indirect call "
		       "or jump: the pointer was bad. Look at where it was loaded from: a "
		       "structure that was freed, overwritten or never filled in.",
		.todo = { KW_DO("A value such as f000:ff53 is a vector of the real-mode interrupt "
				"table: the pointer was read from an address below 0x400, so the "
				"structure pointer was NULL.",
				.when = looks_like_vector),
			  KW_DO("Find the caller: the return address on top of the stack at "
				"RSP.") },
		.source = { "Intel SDM vol. 2, \"CALL\" and \"JMP\"" },
	},
	{
		.id = "emulation-bytes",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = bytes_in_words,
		.title = "KVM could not emulate the instruction in data[1] and data[2]; as 64-bit "
			 "code it is {fetched_insn}",
		.why = "Bit 0 of data[0] says that data[1] and data[2] hold the bytes that KVM "
		       "fetched. This text does not show the mode the guest was in, nor its "
		       "registers; in 16-bit or 32-bit code the same bytes are another "
		       "instruction. The words after them say which exit led to the emulation.",
		.todo = { KW_DO("Collect the VMM's log with the register dump."),
			  KW_DO("Find out what lies at the operand's address: QEMU's `info mtree "
				"-f`.") },
		.source = { "Linux Documentation/virt/kvm/api.rst, \"KVM_EXIT_INTERNAL_ERROR\"" },
	},
	{
		.id = "emulation-collect",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror) },
		.test = no_dump,
		.title = "KVM could not emulate an instruction; this text does not show which",
		.why = "Suberror 1 says that KVM had to emulate an instruction and could not. The "
		       "VMM's dump has it in its Code= line.",
		.todo = { KW_DO("Collect the VMM's log with the register dump and its Code= line."),
			  &kw_do_trace_emulation },
		.source = { SRC_EMULATION },
	},
	{
		.id = "emulation-no-code",
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = no_code,
		.fallback = true,
		.title = "KVM could not emulate the instruction at RIP {rip}; this text does not "
			 "show what it is",
		.why = "Suberror 1 says that KVM had to emulate an instruction and could not. Its "
		       "bytes, or the registers that show the CPU's mode, are missing.",
		.todo = { KW_DO("Collect the Code= line, or run `x /8i $pc` in QEMU's monitor."),
			  &kw_do_trace_emulation },
		.source = { SRC_EMULATION },
	},
	{
		.id = "emulation-failure",
		.certainty = KW_LIKELY, /* libkvmwhy-inject.so makes a VMM print the same */
		.classes = KW_IN(INTERNAL_ERROR),
		.needs = { KW_NEED(suberror), KW_NEED(rip) },
		.test = ordinary,
		.fallback = true,
		.title = "KVM had to emulate {insn} and could not",
		.why = "This text does not show why it had to. Usual reasons: the operand or the "
		       "code lies in MMIO or in a page without memory; the bytes in memory are not "
		       "what the CPU executed (another CPU changed them, encrypted memory); the "
		       "level below lost state when KVM itself runs nested.",
		.todo = { KW_DO("Run a host kernel whose emulator knows {mnemonic}: "
				"{emulator_since}.",
				.when = emulator_learned_it),
			  KW_DO("Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_emulate_insn -e "
				"kvm:kvm_page_fault` until it fails. The last exit says why."),
			  KW_DO("If this host is itself a VM, try on bare metal.") },
		.source = { SRC_EMULATION },
	},
	{ 0 }
};
