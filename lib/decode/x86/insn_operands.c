// SPDX-License-Identifier: MIT
/*
 * What the record's registers say about an instruction's operands: MSR, port, address, leaf. If a
 * register is unknown, or only its lower half was printed, its operand is unknown.
 */
#include "decode/x86/insn_parts.h"
#include "failure/x86.h"

#define ATTR_D (1u << 14)

static const uint16_t gpr_facts[16] = {
	KW_F_rax, KW_F_rcx, KW_F_rdx, KW_F_rbx, KW_F_rsp, KW_F_rbp, KW_F_rsi, KW_F_rdi,
	KW_F_r8,  KW_F_r9,  KW_F_r10, KW_F_r11, KW_F_r12, KW_F_r13, KW_F_r14, KW_F_r15,
};

enum { RAX, RCX, RDX, RBX, RSP };

static uint64_t cut(uint64_t value, unsigned int width)
{
	return width < 64 ? value & ((1ull << width) - 1) : value;
}

bool kw_insn_gpr(const struct kw_failure *f, unsigned int number, unsigned int width, uint64_t *ret)
{
	enum kw_fact fact = (enum kw_fact)gpr_facts[number & 15];

	if (!kw_known(f, fact) || (width > 32 && f->registers_narrow))
		return false;
	*ret = cut(f->fact[fact], width);
	return true;
}

static bool is_gpr(ZydisRegister reg)
{
	return ZydisRegisterGetClass(reg) >= ZYDIS_REGCLASS_GPR8 &&
	       ZydisRegisterGetClass(reg) <= ZYDIS_REGCLASS_GPR64;
}

static bool reg_value(const struct kw_failure *f, ZydisRegister reg, uint64_t *ret)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
	unsigned int width = ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg);
	unsigned int shift = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH ? 8 : 0;
	uint64_t value;

	if (!is_gpr(reg) ||
	    !kw_insn_gpr(f, (unsigned int)ZydisRegisterGetId(whole), width + shift, &value))
		return false;
	*ret = value >> shift;
	return true;
}

static bool low32(const struct kw_failure *f, unsigned int number, uint32_t *ret)
{
	uint64_t value;

	if (!kw_insn_gpr(f, number, 32, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool edx_eax(const struct kw_failure *f, uint64_t *ret)
{
	uint32_t eax, edx;

	if (!low32(f, RAX, &eax) || !low32(f, RDX, &edx))
		return false;
	*ret = (uint64_t)edx << 32 | eax;
	return true;
}

static void resolve_msr(const struct kw_failure *f, const struct insn_parts *parts,
			struct kw_insn *insn)
{
	const struct insn_extra *extra = &parts->extra;
	bool explicit_index = insn->has_msr || extra->msr_reg >= 0;
	uint64_t index;

	if (extra->list)
		return;
	if (extra->msr_reg >= 0) {
		insn->has_msr = kw_insn_gpr(f, (unsigned int)extra->msr_reg, 64, &index) &&
				!(index >> 32);
		insn->msr = insn->has_msr ? (uint32_t)index : 0;
	} else if (!explicit_index) {
		insn->has_msr = low32(f, RCX, &insn->msr);
	}
	if (insn->kind != KW_INSN_WRMSR)
		return;
	if (explicit_index)
		insn->has_msr_value =
			extra->value_reg >= 0 &&
			kw_insn_gpr(f, (unsigned int)extra->value_reg, 64, &insn->msr_value);
	else
		insn->has_msr_value = edx_eax(f, &insn->msr_value);
}

/* RDMSRLIST, WRMSRLIST: the table of indices at RSI. */
static void resolve_msr_list(const struct kw_failure *f, struct kw_insn *insn)
{
	insn->has_mem = kw_insn_gpr(f, 6, 64, &insn->mem_gva);
	insn->mem_read = true;
}

static void resolve_port(const struct kw_failure *f, const struct insn_parts *parts,
			 struct kw_insn *insn)
{
	bool out = insn->kind == KW_INSN_OUT;

	for (size_t i = 0; i < parts->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &parts->operand[i];
		bool is_dx = op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
			     op->reg.value == ZYDIS_REGISTER_DX;
		uint64_t value;

		if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			insn->has_port = true;
			insn->port = (uint16_t)op->imm.value.u;
		} else if (is_dx && kw_insn_gpr(f, RDX, 16, &value)) {
			insn->has_port = true;
			insn->port = (uint16_t)value;
		} else if (op->type == ZYDIS_OPERAND_TYPE_MEMORY) {
			insn->port_bytes = (uint8_t)(op->size / 8);
		} else if (op->type == ZYDIS_OPERAND_TYPE_REGISTER && !is_dx &&
			   op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
			continue; /* RCX of REP, RFLAGS */
		} else if (!is_dx) {
			insn->port_bytes = (uint8_t)(op->size / 8);
			insn->has_port_value = out && reg_value(f, op->reg.value, &value);
			insn->port_value = insn->has_port_value ? (uint32_t)value : 0;
		}
	}
}

static void resolve_ctl(const struct kw_failure *f, const struct insn_parts *parts,
			struct kw_insn *insn)
{
	uint64_t source;
	bool has_source = false;

	if (parts->insn.mnemonic == ZYDIS_MNEMONIC_CLTS) {
		insn->has_ctl = insn->ctl_write = true; /* CR0 */
		return;
	}
	for (size_t i = 0; i < parts->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &parts->operand[i];

		if (op->type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		if (is_gpr(op->reg.value)) {
			has_source = reg_value(f, op->reg.value, &source);
		} else if (ZydisRegisterGetClass(op->reg.value) == ZYDIS_REGCLASS_CONTROL ||
			   ZydisRegisterGetClass(op->reg.value) == ZYDIS_REGCLASS_DEBUG) {
			insn->has_ctl = true;
			insn->ctl_is_dr = insn->kind == KW_INSN_MOV_DR;
			insn->ctl_number = (uint8_t)ZydisRegisterGetId(op->reg.value);
			insn->ctl_write = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
		}
	}
	/* LMSW loads only four bits of its source. */
	if (insn->ctl_write && has_source && parts->insn.mnemonic == ZYDIS_MNEMONIC_MOV) {
		insn->has_ctl_value = true;
		insn->ctl_value = source;
	}
}

static void resolve_far(const struct insn_parts *parts, struct kw_insn *insn)
{
	const ZydisDecodedOperand *op = &parts->operand[0];

	if (!parts->insn.operand_count || op->type != ZYDIS_OPERAND_TYPE_POINTER)
		return;
	insn->has_far = true;
	insn->far_sel = op->ptr.segment;
	insn->far_off = op->ptr.offset;
}

/* Memory operands. */

static bool segment_base(const struct kw_failure *f, ZydisRegister segment, unsigned int bits,
			 uint64_t *ret)
{
	int number = ZydisRegisterGetId(segment);
	enum kw_fact fact;

	if (number < 0 || number > 5)
		return false;
	if (bits == 64 && number < 4) {
		*ret = 0;
		return true;
	}
	fact = kw_part(kw_segment_of((unsigned int)number), KW_BASE);
	if (!kw_known(f, fact) || (bits == 64 && f->registers_narrow))
		return false;
	*ret = f->fact[fact];
	return true;
}

/* Width of the stack pointer: 64-bit mode, else SS.B; 0 if unknown. */
static unsigned int stack_width(const struct kw_failure *f, unsigned int bits)
{
	if (bits == 64)
		return 64;
	if (!kw_has(f, ss_attr))
		return 0;
	return f->ss_attr & ATTR_D ? 32 : 16;
}

static bool is_stack_pointer(ZydisRegister reg)
{
	return reg == ZYDIS_REGISTER_SP || reg == ZYDIS_REGISTER_ESP || reg == ZYDIS_REGISTER_RSP;
}

/* The stack of PUSH, POP, CALL, RET: what the instruction does there but does not name. */
static bool is_implicit_stack(const ZydisDecodedOperand *op)
{
	return op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
	       op->mem.segment == ZYDIS_REGISTER_SS && is_stack_pointer(op->mem.base);
}

/* The stack grows down: a push writes below the pointer in the record. */
static bool stack_offset(const struct kw_failure *f, const ZydisDecodedOperand *op,
			 unsigned int bits, uint64_t *ret)
{
	unsigned int width = stack_width(f, bits);
	uint64_t sp;

	if (!width || !kw_insn_gpr(f, RSP, width, &sp))
		return false;
	if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		sp -= op->size / 8;
	*ret = cut(sp, width);
	return true;
}

/* BT and the like with a register: the bit may be far from the address. Intel SDM vol. 2, "BT". */
static bool bit_string_offset(const struct kw_failure *f, const struct insn_parts *parts,
			      uint64_t *ret)
{
	const ZydisDecodedOperand *index = &parts->operand[1];
	unsigned int width = parts->insn.operand_width;
	uint64_t value;

	*ret = 0;
	if (parts->insn.meta.category != ZYDIS_CATEGORY_BITBYTE || parts->insn.operand_count < 2 ||
	    index->type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    parts->operand[0].type != ZYDIS_OPERAND_TYPE_MEMORY)
		return true;
	switch (parts->insn.mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTC:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTS:
		break;
	default:
		return true;
	}
	if (!reg_value(f, index->reg.value, &value))
		return false;
	value = (uint64_t)((int64_t)(value << (64 - width)) >> (64 - width)); /* signed */
	*ret = (uint64_t)((int64_t)value >> (width == 64 ? 6 : width == 32 ? 5 : 4)) * (width / 8);
	return true;
}

/* Base, index and displacement, truncated to the address size. */
static bool effective_address(const struct kw_failure *f, const struct insn_parts *parts,
			      const ZydisDecodedOperand *op, uint64_t *ret)
{
	uint64_t sum = (uint64_t)op->mem.disp.value, value;
	bool rip_base = op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP;

	if (rip_base) {
		if (!kw_has(f, rip) || f->registers_narrow)
			return false;
		sum += f->rip + parts->insn.length;
	} else if (op->mem.base != ZYDIS_REGISTER_NONE) {
		if (!reg_value(f, op->mem.base, &value))
			return false;
		sum += value;
	}
	if (op->mem.index != ZYDIS_REGISTER_NONE) {
		if (!reg_value(f, op->mem.index, &value)) /* also for the vectors of VSIB */
			return false;
		sum += value * (op->mem.scale ? op->mem.scale : 1);
	}
	if (parts->insn.mnemonic == ZYDIS_MNEMONIC_XLAT) {
		if (!reg_value(f, ZYDIS_REGISTER_AL, &value))
			return false;
		sum += value;
	}
	/* POP [SP + n] uses the stack pointer after the pop. Intel SDM vol. 2, "POP". */
	if (parts->insn.mnemonic == ZYDIS_MNEMONIC_POP && is_stack_pointer(op->mem.base))
		sum += op->size / 8;
	if (!bit_string_offset(f, parts, &value))
		return false;
	*ret = cut(sum + value, parts->insn.address_width);
	return true;
}

static bool linear_address(const struct kw_failure *f, const struct insn_parts *parts,
			   const ZydisDecodedOperand *op, unsigned int bits, uint64_t *ret)
{
	uint64_t base, offset;
	bool ok = is_implicit_stack(op) ? stack_offset(f, op, bits, &offset)
					: effective_address(f, parts, op, &offset);

	if (!ok || !segment_base(f, op->mem.segment, bits, &base))
		return false;
	*ret = cut(base + offset, bits == 64 ? 64 : 32);
	return true;
}

struct access {
	bool known, read, write;
	uint64_t gva;
	uint16_t bytes;
};

/* The instruction does not determine the size of XSAVE areas and IRET's frame. */
static uint16_t access_bytes(const struct insn_parts *parts, const ZydisDecodedOperand *op,
			     enum kw_insn_kind kind)
{
	ZydisInstructionCategory category = parts->insn.meta.category;

	if (category == ZYDIS_CATEGORY_XSAVE || category == ZYDIS_CATEGORY_XSAVEOPT ||
	    kind == KW_INSN_IRET)
		return 0;
	return (uint16_t)(op->size / 8);
}

/* Instructions that take an address and touch nothing there. */
static bool only_address(ZydisMnemonic mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_INVLPG || mnemonic == ZYDIS_MNEMONIC_CLFLUSH ||
	       mnemonic == ZYDIS_MNEMONIC_CLFLUSHOPT || mnemonic == ZYDIS_MNEMONIC_CLWB ||
	       mnemonic == ZYDIS_MNEMONIC_CLDEMOTE;
}

static struct access access_of(const struct kw_failure *f, const struct insn_parts *parts,
			       const ZydisDecodedOperand *op, const struct kw_insn *insn)
{
	bool touches = !only_address(parts->insn.mnemonic);
	struct access access = {
		.read = touches && op->actions & ZYDIS_OPERAND_ACTION_MASK_READ,
		.write = touches && op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
		.bytes = touches ? access_bytes(parts, op, insn->kind) : 0,
	};

	access.known = linear_address(f, parts, op, insn->bits, &access.gva);
	return access;
}

static void resolve_memory(const struct kw_failure *f, const struct insn_parts *parts,
			   struct kw_insn *insn)
{
	struct access access[2] = { 0 };
	size_t count = 0;

	if (!insn->bits || insn->kind == KW_INSN_NOP || insn->kind == KW_INSN_UD ||
	    parts->insn.meta.category == ZYDIS_CATEGORY_PREFETCH)
		return;
	for (size_t i = 0; i < parts->insn.operand_count && count < 2; i++) {
		const ZydisDecodedOperand *op = &parts->operand[i];

		if (op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.type == ZYDIS_MEMOP_TYPE_MEM)
			access[count++] = access_of(f, parts, op, insn);
	}
	insn->has_mem = access[0].known;
	insn->mem_read = access[0].read;
	insn->mem_write = access[0].write;
	insn->mem_bytes = access[0].bytes;
	insn->mem_gva = access[0].known ? access[0].gva : 0;
	insn->has_mem2 = access[1].known;
	insn->mem2_read = access[1].read;
	insn->mem2_write = access[1].write;
	insn->mem2_bytes = access[1].bytes;
	insn->mem2_gva = access[1].known ? access[1].gva : 0;
}

void kw_insn_resolve(const struct kw_failure *f, const struct insn_parts *parts,
		     struct kw_insn *insn)
{
	switch (insn->kind) {
	case KW_INSN_WRMSR:
	case KW_INSN_RDMSR:
		resolve_msr(f, parts, insn);
		break;
	case KW_INSN_IN:
	case KW_INSN_OUT:
	case KW_INSN_INS:
	case KW_INSN_OUTS:
		resolve_port(f, parts, insn);
		break;
	case KW_INSN_MOV_CR:
	case KW_INSN_MOV_DR:
		resolve_ctl(f, parts, insn);
		break;
	case KW_INSN_CPUID:
		insn->has_leaf = low32(f, RAX, &insn->leaf);
		insn->has_subleaf = low32(f, RCX, &insn->subleaf);
		break;
	case KW_INSN_XSETBV:
		insn->has_xcr = low32(f, RCX, &insn->xcr);
		if (parts->insn.mnemonic == ZYDIS_MNEMONIC_XSETBV)
			insn->has_xcr = edx_eax(f, &insn->xcr_value) && insn->has_xcr;
		break;
	case KW_INSN_FAR:
		resolve_far(parts, insn);
		break;
	default:
		break;
	}
	if (parts->extra.list)
		resolve_msr_list(f, insn);
	else if (!parts->is_extra)
		resolve_memory(f, parts, insn);
}
