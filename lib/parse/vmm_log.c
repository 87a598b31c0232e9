// SPDX-License-Identifier: MIT
/*
 * Ends of a guest that no KVM_RUN made, in the words of QEMU (cpu_abort(), hw_error(), -d
 * cpu_reset, migration/savevm.c, target/i386/cpu.c) and libvirt (qemu_process.c, cpu_x86.c): the
 * VMM gave up, a migration stream does not load, the host lacks CPU features.
 */
#include "parse/parse.h"

#define ROW(words_, also_, class_, sign_, ...) \
	{ .words = KW_STR(words_), .also = KW_STR(also_), \
	  .class = KW_CLASS_##class_, .sign = KW_SIGN_##sign_, ##__VA_ARGS__ }
#define QEMU .vmm = KW_STR("QEMU")
#define LIBVIRT .vmm = KW_STR("libvirt")
#define ADDRESS .value_after = { .after = KW_STR(" at "), .hex = true }

static const struct kw_message rows[] = {
	/* cpu_abort(): "qemu: fatal: "; newer versions print only the program's name */
	ROW("Trying to execute code outside RAM or ROM at ", "",
	    VMM_FATAL, OUTSIDE_RAM, QEMU, ADDRESS),
	ROW("qemu: fatal: ", "", VMM_FATAL, FATAL, QEMU),
	ROW("qemu: hardware error: ", "", VMM_FATAL, HW_ERROR, QEMU),
	/* qmp_cont() in a run state that needs a reset; libvirt passes it on */
	ROW("Resetting the Virtual Machine is required", "", VMM_ERROR, RESET_REQUIRED),
	ROW("\"status\": \"internal-error\"", "", VMM_ERROR, RESET_REQUIRED, QEMU), /* query-status */

	/* qemu_system_guest_panicked(), for s390x */
	ROW("Guest crashed on cpu ", "", NOT_KVM, S390_STOP, QEMU, .arch = KW_ARCH_S390X),

	ROW("Missing section footer for ", "", MIGRATION_FAILED, MIGRATION_DEVICE, QEMU,
	    .name_after = KW_STR("footer for "), .name = KW_T_DEVICE),
	ROW("Mismatched section id in footer for ", "", MIGRATION_FAILED, MIGRATION_DEVICE, QEMU,
	    .name_after = KW_STR("footer for "), .name = KW_T_DEVICE),
	ROW("error while loading state section id ", "", MIGRATION_FAILED, MIGRATION_DEVICE, QEMU,
	    .name_after = KW_STR("("), .name = KW_T_DEVICE),
	ROW("error while loading state", "", MIGRATION_FAILED, MIGRATION_DEVICE, QEMU,
	    .name_after = KW_STR("device "), .name = KW_T_DEVICE),
	ROW("Unknown savevm section or instance ", "", MIGRATION_FAILED, MIGRATION_UNKNOWN, QEMU,
	    .name_after = KW_STR("instance "), .name = KW_T_DEVICE),
	ROW("Unknown section or instance ", "", MIGRATION_FAILED, MIGRATION_UNKNOWN, QEMU,
	    .name_after = KW_STR("instance "), .name = KW_T_DEVICE),
	ROW("Unknown ramblock ", "cannot accept migration", MIGRATION_FAILED, MIGRATION_RAM, QEMU,
	    .name_after = KW_STR("ramblock "), .name = KW_T_DEVICE),
	ROW("Length mismatch: ", " in != ", MIGRATION_FAILED, MIGRATION_RAM, QEMU,
	    .name_after = KW_STR("mismatch: "), .name = KW_T_DEVICE),
	ROW("Machine type received is ", "", MIGRATION_FAILED, MIGRATION_MACHINE, QEMU),
	ROW("load of migration failed", "", MIGRATION_FAILED, MIGRATION, QEMU, .errno_last = true),

	/* libvirt's check before and after the start; QEMU's check=enforce */
	ROW("guest CPU doesn't match specification", "missing features",
	    CPU_FEATURES, MISSING_FEATURES, LIBVIRT),
	ROW("guest CPU doesn't match specification", "extra features",
	    CPU_FEATURES, EXTRA_FEATURES, LIBVIRT),
	ROW("guest and host CPU are not compatible", "", CPU_FEATURES, MISSING_FEATURES, LIBVIRT),
	ROW("CPU is incompatible with host CPU", "", CPU_FEATURES, MISSING_FEATURES, LIBVIRT),
	ROW("Host doesn't support requested features", "", CPU_FEATURES, MISSING_FEATURES, QEMU),
	/* target/s390x/cpu_models.c, hw/ppc/spapr_caps.c */
	ROW("requested in the CPU model are not available", "",
	    CPU_FEATURES, MISSING_FEATURES, QEMU),
	ROW("not supported by KVM, try appending -machine ", "", CPU_FEATURES, PPC_CAP, QEMU,
	    .arch = KW_ARCH_PPC64, .name_after = KW_STR("-machine "), .name = KW_T_DEVICE),
	ROW("KVM implementation does not support Transactional Memory", "cap-htm",
	    CPU_FEATURES, PPC_CAP, QEMU, .arch = KW_ARCH_PPC64,
	    .name_after = KW_STR("-machine "), .name = KW_T_DEVICE),
	ROW("exceeds the max", "cpus supported by KVM", SETUP_FAILED, VCPUS_LIMIT, QEMU,
	    .value_after = { .after = KW_STR("supported by KVM") }),
	ROW("TSC frequency mismatch between VM", "", NONE, TSC_MISMATCH, QEMU),
	{ .sign = 0 }
};

/* "PSW: 0x0002000080000000 0x0000000000004512": mask and address, after "Guest crashed" */
static bool take_psw(struct kw_gather *g, const struct kw_clean_line *line)
{
	static const struct kw_str words = KW_STR("PSW: 0x");
	struct kw_str rest;
	uint64_t mask, address;
	size_t at = kw_str_find(line->raw, words), len;

	if (at == SIZE_MAX) /* cleaning may have taken it for the name of a program */
		return false;
	rest = kw_str_from(line->raw, at + words.len);
	len = kw_str_hex(rest, &mask);
	rest = kw_str_trim(kw_str_from(rest, len));
	if (!len || !kw_str_hex(rest, &address))
		return false;
	kw_gather_sign(g, line, KW_SIGN_S390_PSW, address);
	return true;
}

/* "CPU Reset (CPU 1)" of -d cpu_reset: a dump follows, or the next reset in the same log. */
static enum kw_took vmm_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f;
	struct kw_str rest;
	uint64_t vcpu;

	if (take_psw(g, line))
		return KW_TOOK_LINE;
	if (!kw_str_skip(line->text, KW_STR("CPU Reset (CPU "), &rest) || !kw_str_dec(rest, &vcpu))
		return KW_TOOK_NOTHING;
	f = kw_gather_headline(g, KW_CLASS_CPU_RESET, vcpu, false, line);
	f->text[KW_T_VMM] = KW_STR("QEMU");
	kw_gather_fact(f, line, KW_F_vcpu, vcpu);
	kw_gather_sign(g, line, KW_SIGN_CPU_RESET, 0);
	return KW_TOOK_LINE;
}

static const struct kw_str needles[] = { KW_STR("CPU Reset (CPU "), { 0 } };

const struct kw_parser kw_parser_vmm_log = {
	.name = "VMM log",
	.words = needles,
	.messages = rows,
	.line = vmm_line,
};
