// SPDX-License-Identifier: MIT
/*
 * A refused ioctl that sets up a VM or vCPU, in the words of QEMU (accel/kvm/kvm-all.c,
 * target/i386/kvm/kvm.c), of Rust monitors (Firecracker, Cloud Hypervisor, crosvm) and of any
 * program that prints the ioctl's name and its errno.
 */
#include "parse/parse.h"

#include <string.h>

enum { NAME_MAX_LEN = 48, ERRNO_TEXT_MAX = 60 };

/* What is set or read, and the ioctl's name after KVM_SET_ and KVM_GET_. The first match counts. */
static const struct {
	struct kw_str words, ioctl;
} objects[] = {
	{ KW_STR("pecial reg"), KW_STR("SREGS") },
	{ KW_STR("sregs"), KW_STR("SREGS") },
	{ KW_STR("ested state"), KW_STR("NESTED_STATE") },
	{ KW_STR("eneral purpose reg"), KW_STR("REGS") },
	{ KW_STR("XSAVE"), KW_STR("XSAVE") },
	{ KW_STR("xsave"), KW_STR("XSAVE") },
	{ KW_STR("XCR"), KW_STR("XCRS") },
	{ KW_STR("xcrs"), KW_STR("XCRS") },
	{ KW_STR("MSR"), KW_STR("MSRS") },
	{ KW_STR("msrs"), KW_STR("MSRS") },
	{ KW_STR("CPU event"), KW_STR("VCPU_EVENTS") },
	{ KW_STR("cpu event"), KW_STR("VCPU_EVENTS") },
	{ KW_STR("MP state"), KW_STR("MP_STATE") },
	{ KW_STR("mp state"), KW_STR("MP_STATE") },
	{ KW_STR("ebug reg"), KW_STR("DEBUGREGS") },
	{ KW_STR("APIC"), KW_STR("LAPIC") },
	{ KW_STR("lapic"), KW_STR("LAPIC") },
	{ KW_STR("TSC freq"), KW_STR("TSC_KHZ") },
	{ KW_STR("cpuid"), KW_STR("CPUID2") },
	{ KW_STR("CPUID"), KW_STR("CPUID2") },
	{ KW_STR("memory region"), KW_STR("USER_MEMORY_REGION") },
};

static const struct said {
	struct kw_str words;
	struct kw_str ioctl; /* "": one of the objects, to be read (KVM_GET_) or set (KVM_SET_) */
} said[] = {
	/* QEMU; "resisters" is its own typo */
	{ KW_STR("Putting registers after "), KW_STR("") },
	{ KW_STR("Putting registers at "), KW_STR("") },
	{ KW_STR("Restoring registers after "), KW_STR("") },
	{ KW_STR("Restoring resisters after "), KW_STR("") },
	{ KW_STR("Failed to synchronize CPU state"), KW_STR("") },
	{ KW_STR("Failed to put registers"), KW_STR("") },
	{ KW_STR("Failed to get registers: "), KW_STR("") },
	{ KW_STR("kvm_init_vcpu: kvm_get_vcpu failed"), KW_STR("KVM_CREATE_VCPU") },
	{ KW_STR("kvm_init_vcpu: kvm_create_vcpu failed"), KW_STR("KVM_CREATE_VCPU") },
	{ KW_STR("kvm_create_vcpu failed"), KW_STR("KVM_CREATE_VCPU") },
	{ KW_STR("kvm_init_vcpu: kvm_arch_init_vcpu failed"), KW_STR("kvm_arch_init_vcpu()") },
	{ KW_STR("kvm_init_vcpu failed: "), KW_STR("kvm_init_vcpu()") },
	{ KW_STR("error registering slot: "), KW_STR("KVM_SET_USER_MEMORY_REGION") },
	{ KW_STR("error unregistering slot: "), KW_STR("KVM_SET_USER_MEMORY_REGION") },
	{ KW_STR("kvm_irqchip_commit_routes: Assertion"), KW_STR("KVM_SET_GSI_ROUTING") },
	{ KW_STR("Create kernel irqchip failed"), KW_STR("KVM_CREATE_IRQCHIP") },
	{ KW_STR("error adding ioeventfd: "), KW_STR("KVM_IOEVENTFD") },
	{ KW_STR("error deleting ioeventfd: "), KW_STR("KVM_IOEVENTFD") },
	{ KW_STR("creating KVM guest_memfd"), KW_STR("KVM_CREATE_GUEST_MEMFD") },
	{ KW_STR("enable split IRQCHIP mode: "), KW_STR("KVM_ENABLE_CAP") },
	{ KW_STR("enable split IRQ mode: "), KW_STR("KVM_ENABLE_CAP") },
	{ KW_STR("error creating in-kernel VGIC"), KW_STR("KVM_CREATE_DEVICE") },
	{ KW_STR("KVM AIA: failed to create device"), KW_STR("KVM_CREATE_DEVICE") },
	{ KW_STR("Failed to allocate KVM HPT of order "), KW_STR("KVM_PPC_ALLOCATE_HTAB") },
	{ KW_STR("Unable to read ISA_EXT KVM register "), KW_STR("KVM_GET_ONE_REG") },
	/* Firecracker, Cloud Hypervisor, crosvm: the errno is "... (os error 22)" */
	{ KW_STR("Failed to set KVM vcpu "), KW_STR("") },
	{ KW_STR("Failed to get KVM vcpu "), KW_STR("") },
	{ KW_STR("Failed to set special reg"), KW_STR("") },
	{ KW_STR("Failed to set all KVM MSRs for this vCPU"), KW_STR("KVM_SET_MSRS") },
	{ KW_STR("Cannot set the memory regions: "), KW_STR("KVM_SET_USER_MEMORY_REGION") },
	{ KW_STR("failed to add user memory region"), KW_STR("KVM_SET_USER_MEMORY_REGION") },
	{ KW_STR("failed to set user memory region"), KW_STR("KVM_SET_USER_MEMORY_REGION") },
	{ KW_STR("failed to create VM"), KW_STR("KVM_CREATE_VM") },
	{ KW_STR("rror creating vm: "), KW_STR("KVM_CREATE_VM") },
	{ KW_STR("failed to create IRQ chip"), KW_STR("KVM_CREATE_IRQCHIP") },
	{ KW_STR("failed to set up irqfd: "), KW_STR("KVM_IRQFD") },
	/* Cloud Hypervisor's HypervisorCpuError as Rust's {:?} prints it */
	{ KW_STR("vCPU state SetSpecialRegs("), KW_STR("KVM_SET_SREGS") },
	{ KW_STR("vCPU state SetStandardRegs("), KW_STR("KVM_SET_REGS") },
	{ KW_STR("vCPU state SetXcr("), KW_STR("KVM_SET_XCRS") },
	{ KW_STR("vCPU state SetXsaveState("), KW_STR("KVM_SET_XSAVE") },
	{ KW_STR("vCPU state SetMsrEntries("), KW_STR("KVM_SET_MSRS") },
	{ KW_STR("vCPU state SetLapicState("), KW_STR("KVM_SET_LAPIC") },
	{ KW_STR("vCPU state SetVcpuEvents("), KW_STR("KVM_SET_VCPU_EVENTS") },
	{ KW_STR("vCPU state SetMpState("), KW_STR("KVM_SET_MP_STATE") },
	{ KW_STR("vCPU state SetCpuid("), KW_STR("KVM_SET_CPUID2") },
};

/* Beginnings of the names of ioctls that set up; not KVM_RUN, KVM_EXIT_* or KVM_CAP_*. */
static const struct kw_str beginnings[] = {
	KW_STR("KVM_SET_"),	     KW_STR("KVM_GET_"),       KW_STR("KVM_CREATE_"),
	KW_STR("KVM_ENABLE_CAP"),    KW_STR("KVM_IRQFD"),      KW_STR("KVM_IOEVENTFD"),
	KW_STR("KVM_ARM_"),	     KW_STR("KVM_X86_"),       KW_STR("KVM_PPC_"),
	KW_STR("KVM_S390_"),	     KW_STR("KVM_SIGNAL_MSI"), KW_STR("KVM_MEMORY_ENCRYPT_"),
	KW_STR("KVM_KVMCLOCK_CTRL"), KW_STR("KVM_TRANSLATE"),  KW_STR("KVM_HAS_DEVICE_ATTR"),
};

static bool in_set(char c, const char *set)
{
	return c && strchr(set, c);
}

static struct kw_str skip_set(struct kw_str s, const char *set)
{
	while (s.len && in_set(s.p[0], set))
		s = kw_str_from(s, 1);
	return s;
}

/* "File exists (17)" */
static struct kw_str without_number(struct kw_str s)
{
	size_t len = s.len;

	if (!len || s.p[len - 1] != ')')
		return s;
	for (len--; len && in_set(s.p[len - 1], "0123456789"); len--)
		;
	if (len < 2 || len + 1 == s.len || s.p[len - 1] != '(')
		return s;
	return kw_str_trim((struct kw_str){ s.p, len - 1 });
}

/* The text after the last ": ", if it may be strerror()'s: a capital, letters, no code. */
static struct kw_str errno_text(struct kw_str s)
{
	struct kw_str text = KW_STR("");
	size_t at = 0;

	for (size_t i = 0; i + 2 < s.len; i++) {
		if (s.p[i] == ':' && s.p[i + 1] == ' ')
			at = i + 2;
	}
	text = kw_str_trim(kw_str_from(s, at));
	text = kw_str_trim(skip_set(text, "0123456789"));
	text = without_number(text);
	if (!at || text.len < 4 || text.len > ERRNO_TEXT_MAX || memchr(text.p, '"', text.len) ||
	    memchr(text.p, ';', text.len) || memchr(text.p, '%', text.len))
		return KW_STR("");
	return text.p[0] >= 'a' && text.p[0] <= 'z' ? KW_STR("") : text;
}

static bool number_behind(struct kw_str s, struct kw_str words, uint64_t *ret)
{
	size_t at = kw_str_find(s, words);

	return at != SIZE_MAX &&
	       kw_str_dec(skip_set(kw_str_from(s, at + words.len), " :=-"), ret) && *ret &&
	       *ret < 134;
}

/* "(os error 22)" and "Error(22)" of Rust, "errno=22" */
static bool errno_named(struct kw_str s, uint64_t *ret)
{
	return number_behind(s, KW_STR("(os error "), ret) ||
	       number_behind(s, KW_STR("Error("), ret) || number_behind(s, KW_STR("errno"), ret);
}

/* "ret=-22", "failed: -22", if there is no text */
static bool errno_returned(struct kw_str s, uint64_t *ret)
{
	return number_behind(s, KW_STR("ret=-"), ret) || number_behind(s, KW_STR("ret -"), ret) ||
	       number_behind(s, KW_STR("failed: -"), ret) ||
	       number_behind(s, KW_STR("error -"), ret);
}

static bool has_errno(struct kw_str s)
{
	uint64_t number;

	return errno_text(s).len || errno_named(s, &number) || errno_returned(s, &number);
}

static void set_errno(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_str text = errno_text(s);
	uint64_t number;

	if (kw_has(f, errno_number) || f->text[KW_T_ERRNO].len)
		return;
	if (errno_named(s, &number) || (!text.len && errno_returned(s, &number)))
		kw_gather_fact(f, line, KW_F_errno_number, number);
	else
		f->text[KW_T_ERRNO] = kw_arena_copy(f->arena, text);
}

/* Only KVM on x86 has these. */
static bool is_of_x86(struct kw_str ioctl)
{
	static const struct kw_str names[] = {
		KW_STR("KVM_SET_XCRS"),		KW_STR("KVM_GET_XCRS"),
		KW_STR("KVM_SET_XSAVE"),	KW_STR("KVM_GET_XSAVE"),
		KW_STR("KVM_SET_MSRS"),		KW_STR("KVM_GET_MSRS"),
		KW_STR("KVM_SET_CPUID2"),	KW_STR("KVM_SET_LAPIC"),
		KW_STR("KVM_SET_NESTED_STATE"), KW_STR("KVM_SET_DEBUGREGS"),
		KW_STR("KVM_SET_PIT2"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_eq(ioctl, names[i]))
			return true;
	}
	return false;
}

static void set_number(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str words,
		       enum kw_fact fact)
{
	size_t at = kw_str_find(line->text, words);
	uint64_t value;
	struct kw_str s;

	if (at == SIZE_MAX || kw_known(f, fact))
		return;
	s = kw_str_from(line->text, at + words.len);
	if (kw_str_starts(s, KW_STR("0x")) ? kw_str_hex(s, &value) > 0 : kw_str_dec(s, &value) > 0)
		kw_gather_fact(f, line, fact, value);
}

static void take(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str ioctl,
		 bool x86)
{
	struct kw_failure *f = kw_gather_message(g, KW_CLASS_SETUP_FAILED, line);

	kw_gather_sign(g, line, KW_SIGN_SETUP, 0);
	if (f->class != KW_CLASS_SETUP_FAILED)
		return;
	kw_message_arch(f, line->raw);
	if (!ioctl.len && (f->arch == KW_ARCH_AARCH64 || f->arch == KW_ARCH_RISCV64))
		ioctl = KW_STR("KVM_SET_ONE_REG"); /* these get their registers only through it */
	if (!f->text[KW_T_IOCTL].len)
		f->text[KW_T_IOCTL] = kw_arena_copy(f->arena, ioctl);
	if (f->arch == KW_ARCH_UNKNOWN && x86)
		f->arch = KW_ARCH_X86;
	if (!f->text[KW_T_VMM].len &&
	    (kw_str_has(line->raw, KW_STR("qemu")) || kw_str_has(line->raw, KW_STR("kvm: "))))
		f->text[KW_T_VMM] = KW_STR("QEMU");
	set_errno(f, line, line->text);
	set_number(f, line, KW_STR("slot="), KW_F_slot);
	set_number(f, line, KW_STR("start="), KW_F_slot_gpa);
	set_number(f, line, KW_STR("size="), KW_F_slot_size);
}

/* Writes KVM_SET_ or KVM_GET_ and what the rest of the line names into @room. */
static struct kw_str object_of(struct kw_str line, struct kw_str rest, char *room)
{
	bool get = kw_str_has(line, KW_STR("Failed to get ")) ||
		   kw_str_has(line, KW_STR("failed to get "));

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (!kw_str_has(rest, objects[i].words))
			continue;
		memcpy(room, get ? "KVM_GET_" : "KVM_SET_", 8);
		memcpy(room + 8, objects[i].ioctl.p, objects[i].ioctl.len);
		return (struct kw_str){ room, 8 + objects[i].ioctl.len };
	}
	return KW_STR("");
}

/* An assertion has none; crosvm's is under "Caused by:". */
static bool tells_errno_later(struct kw_str s)
{
	return kw_str_has(s, KW_STR("Assertion")) || kw_str_has(s, KW_STR("exiting with error "));
}

/* "    Operation not supported (os error 95)", the last of the causes that a Rust program lists */
static bool take_cause(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_current(g);
	uint64_t number;

	if (!f || f->class != KW_CLASS_SETUP_FAILED || kw_has(f, errno_number) ||
	    f->text[KW_T_ERRNO].len ||
	    !number_behind(line->text, KW_STR("(os error "), &number))
		return false;
	kw_gather_fact(f, line, KW_F_errno_number, number);
	return true;
}

static bool take_said(struct kw_gather *g, const struct kw_clean_line *line)
{
	char room[NAME_MAX_LEN];

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct kw_str ioctl = said[i].ioctl, text = line->text;
		size_t at = kw_str_find(text, said[i].words);

		if (at == SIZE_MAX || (!has_errno(text) && !tells_errno_later(text)))
			continue;
		if (!ioctl.len)
			ioctl = object_of(text, kw_str_from(text, at + 10), room);
		take(g, line, ioctl, is_of_x86(ioctl) || kw_str_eq(ioctl, KW_STR("KVM_SET_SREGS")));
		return true;
	}
	return false;
}

static struct kw_str name_at(struct kw_str s)
{
	size_t len = 0;

	while (len < s.len &&
	       (in_set(s.p[len], "_0123456789") || (s.p[len] >= 'A' && s.p[len] <= 'Z')))
		len++;
	return (struct kw_str){ s.p, len };
}

/* Source code is not a message: perror("KVM_SET_SREGS failed"); */
static bool is_code(struct kw_str s)
{
	return kw_str_has(s, KW_STR("\")")) || kw_str_has(s, KW_STR(");")) ||
	       kw_str_has(s, KW_STR("{")) || kw_str_has(s, KW_STR("#define"));
}

/* The line says that something failed, or perror() was given only the name. */
static bool says_failed(struct kw_str line, struct kw_str behind)
{
	return kw_str_has(line, KW_STR("ail")) || kw_str_has(line, KW_STR("rror")) ||
	       kw_str_has(line, KW_STR("ioctl(")) || kw_str_starts(behind, KW_STR(": ")) ||
	       kw_str_starts(behind, KW_STR(" ioctl: "));
}

/*
 * "KVM_SET_XCRS failed: Invalid argument", "ioctl(KVM_CREATE_VM) failed: 12 Cannot allocate memory"
 */
static bool take_name(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_str text = line->text, name;
	size_t at = SIZE_MAX;

	for (size_t i = 0; at == SIZE_MAX && i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		at = kw_str_find(text, beginnings[i]);
	if (at == SIZE_MAX || is_code(text) || !has_errno(kw_str_from(text, at)))
		return false;
	name = name_at(kw_str_from(text, at));
	if (!says_failed(text, kw_str_from(text, at + name.len)))
		return false;
	take(g, line, name, is_of_x86(name));
	return true;
}

/* "xcr0=0xe7" of a program that prints what it passed to KVM_SET_XCRS */
static bool take_xcr0(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f = kw_gather_current(g);
	struct kw_str rest;
	uint64_t value;

	if (!f || f->class != KW_CLASS_SETUP_FAILED ||
	    (!kw_str_skip(line->text, KW_STR("xcr0"), &rest) &&
	     !kw_str_skip(line->text, KW_STR("XCR0"), &rest)) ||
	    !kw_str_hex(skip_set(rest, " =:"), &value))
		return false;
	kw_gather_fact(f, line, KW_F_xcr0, value);
	return true;
}

/* A message has a colon, or the name of an ioctl; a register dump has neither. */
static bool may_be_ours(struct kw_str s)
{
	return memchr(s.p, ':', s.len) || memchr(s.p, '_', s.len) || in_set(s.p[0], "xX");
}

static enum kw_took setup_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (line->text.len < 8 || line->text.len > 1024)
		return KW_TOOK_NOTHING;
	if (take_cause(g, line))
		return KW_TOOK_LINE;
	if (!may_be_ours(line->text))
		return KW_TOOK_NOTHING;
	if (line->worded && (take_said(g, line) || take_name(g, line)))
		return KW_TOOK_LINE;
	return take_xcr0(g, line) ? KW_TOOK_LINE : KW_TOOK_NOTHING;
}

static const struct kw_str needles[] = { KW_STR("ing registers a"),
					 KW_STR("ing resisters a"),
					 KW_STR("to synchronize CPU state"),
					 KW_STR("to put registers"),
					 KW_STR("Failed to get registers: "),
					 KW_STR("kvm_init_vcpu"),
					 KW_STR("kvm_create_vcpu failed"),
					 KW_STR("registering slot: "),
					 KW_STR("kvm_irqchip_commit_routes"),
					 KW_STR("Create kernel irqchip"),
					 KW_STR("et KVM vcpu "),
					 KW_STR("to set special reg"),
					 KW_STR("set all KVM MSRs"),
					 KW_STR("set the memory regions"),
					 KW_STR("user memory region"),
					 KW_STR("ing ioeventfd: "),
					 KW_STR("creating KVM guest_memfd"),
					 KW_STR("split IRQCHIP mode: "),
					 KW_STR("split IRQ mode: "),
					 KW_STR("in-kernel VGIC"),
					 KW_STR("KVM AIA: failed"),
					 KW_STR("KVM HPT of order "),
					 KW_STR("ISA_EXT KVM register"),
					 KW_STR("failed to create VM"),
					 KW_STR("failed to create IRQ chip"),
					 KW_STR("to set up irqfd: "),
					 KW_STR("rror creating vm: "),
					 KW_STR("vCPU state Set"),
					 KW_STR("KVM_"), /* of any ioctl */
					 { 0 } };

const struct kw_parser kw_parser_setup = {
	.name = "set-up", .words = needles, .line = setup_line, .worded = true
};
