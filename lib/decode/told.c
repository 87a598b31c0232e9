// SPDX-License-Identifier: MIT
/* The words of struct kvmwhy_data as KVM's user space sees them: 64-bit numbers of an x86 host. */
#include "decode/told.h"

#define WORD(member) (offsetof(struct kvmwhy_data, member) / 8)
#define LOW_BIT(member) (offsetof(struct kvmwhy_data, member) % 8 * 8)

enum { MAX_ERRNO = 4095 }; /* Linux include/linux/err.h */

_Static_assert(sizeof(struct kvmwhy_data) == 8 * KVMWHY_NDATA, "as many words as the header says");
_Static_assert(offsetof(struct kvmwhy_data, insn) == offsetof(struct kvmwhy_data, insn_size) + 1 &&
		       LOW_BIT(insn_size) == 0,
	       "read_insn() finds size and bytes in two words");

static uint64_t part(const uint64_t *words, size_t word, size_t low, unsigned int bits)
{
	uint64_t value = words[word] >> low;

	return bits < 64 ? value & ((1ull << bits) - 1) : value;
}

#define PART(words, member) \
	part((words), WORD(member), LOW_BIT(member), 8 * sizeof(((struct kvmwhy_data *)0)->member))

/* A size beyond the available bytes makes them unknown. */
static void read_insn(const uint64_t *words, struct kw_told *m)
{
	uint8_t bytes[16];

	for (unsigned int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(words[WORD(insn_size) + i / 8] >> i % 8 * 8);
	m->has_insn = m->flags & KVMWHY_HAS_INSN && bytes[0] && bytes[0] <= sizeof(m->insn);
	if (!m->has_insn)
		return;
	m->insn_size = bytes[0];
	for (unsigned int i = 0; i < m->insn_size; i++)
		m->insn[i] = bytes[i + 1];
}

static void read_flags(struct kw_told *m)
{
	m->has_msr = m->flags & KVMWHY_HAS_MSR;
	m->has_value = m->flags & KVMWHY_HAS_VALUE;
	m->has_rip = m->flags & KVMWHY_HAS_RIP;
	m->has_exit = m->flags & KVMWHY_HAS_EXIT;
	m->has_gpa = m->flags & KVMWHY_HAS_GPA;
	m->vmx = m->has_exit && m->flags & KVMWHY_EXIT_VMX;
	m->injected = m->flags & KVMWHY_INJECTED;
	m->converted = m->flags & KVMWHY_CONVERTED;
}

enum kw_told_state kw_told_read(const uint64_t *words, size_t n, struct kw_told *ret)
{
	struct kw_told m = { 0 };

	if (!n)
		return KW_TOLD_CUT;
	m.version = (uint16_t)PART(words, version);
	if (!m.version)
		return KW_TOLD_NO_VERSION;
	if (n < KVMWHY_NDATA)
		return KW_TOLD_CUT;
	m.kind = (uint16_t)PART(words, kind);
	m.flags = (uint32_t)PART(words, flags);
	m.result = (int64_t)PART(words, result);
	if (m.result >= 0 || m.result < -MAX_ERRNO)
		return KW_TOLD_NO_RESULT;
	read_flags(&m);
	m.function = (uint32_t)PART(words, function);
	m.msr = m.has_msr ? (uint32_t)PART(words, msr) : 0;
	m.value = m.has_value ? PART(words, value) : 0;
	m.rip = m.has_rip ? PART(words, rip) : 0;
	m.exit_reason = m.has_exit ? PART(words, exit_reason) : 0;
	m.gpa = m.has_gpa ? PART(words, gpa) : 0;
	m.error_code = m.has_gpa ? PART(words, error_code) : 0;
	read_insn(words, &m);
	*ret = m;
	return KW_TOLD_OK;
}

const char *kw_told_refusal(enum kw_told_state state)
{
	switch (state) {
	case KW_TOLD_CUT:
		return "some of its data words are missing";
	case KW_TOLD_NO_VERSION:
		return "word 0 has no version";
	case KW_TOLD_NO_RESULT:
		return "word 1 is not a negative errno";
	default:
		return NULL;
	}
}

const char *kw_told_kind_name(uint16_t kind)
{
	static const char *const names[] = {
		[KVMWHY_KIND_OTHER] = "other",
		[KVMWHY_KIND_WRMSR] = "wrmsr",
		[KVMWHY_KIND_RDMSR] = "rdmsr",
		[KVMWHY_KIND_PAGE_FAULT] = "page-fault",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

const char *kw_told_function(const struct kw_told *m)
{
	switch (m->function) {
	case KVMWHY_FUNCTION_SET_MSR_COMMON:
		return "kvm_set_msr_common()";
	case KVMWHY_FUNCTION_GET_MSR_COMMON:
		return "kvm_get_msr_common()";
	case KVMWHY_FUNCTION_MMU_PAGE_FAULT:
		return "kvm_mmu_page_fault()";
	case KVMWHY_FUNCTION_VENDOR_SET_MSR:
		return !m->has_exit ? "vmx_set_msr() or svm_set_msr()" :
		       m->vmx	    ? "vmx_set_msr()" :
				      "svm_set_msr()";
	case KVMWHY_FUNCTION_VENDOR_GET_MSR:
		return !m->has_exit ? "vmx_get_msr() or svm_get_msr()" :
		       m->vmx	    ? "vmx_get_msr()" :
				      "svm_get_msr()";
	case KVMWHY_FUNCTION_VCPU_IOCTL:
		return "kvm_vcpu_ioctl()";
	default:
		return NULL;
	}
}
