// SPDX-License-Identifier: MIT
/*
 * Bytes in, one instruction out: length, kind, text; and finding the bytes of the one at RIP. Hides
 * Zydis together with insn_operands.c.
 */
#include "decode/x86/insn_parts.h"

enum { MAX_INSN = 15, EMPTY_BYTES = 8 };

static const char *const kind_names[KW_NINSN_KINDS] = {
	[KW_INSN_OTHER] = "other",     [KW_INSN_WRMSR] = "wrmsr",
	[KW_INSN_RDMSR] = "rdmsr",     [KW_INSN_IN] = "in",
	[KW_INSN_OUT] = "out",	       [KW_INSN_INS] = "ins",
	[KW_INSN_OUTS] = "outs",       [KW_INSN_MOV_CR] = "mov-cr",
	[KW_INSN_MOV_DR] = "mov-dr",   [KW_INSN_CPUID] = "cpuid",
	[KW_INSN_XSETBV] = "xsetbv",   [KW_INSN_HLT] = "hlt",
	[KW_INSN_RSM] = "rsm",	       [KW_INSN_VMX] = "vmx",
	[KW_INSN_SVM] = "svm",	       [KW_INSN_VMCALL] = "vmcall",
	[KW_INSN_IRET] = "iret",       [KW_INSN_FAR] = "far",
	[KW_INSN_BRANCH] = "branch",   [KW_INSN_DESCRIPTOR] = "descriptor",
	[KW_INSN_MOV_SEG] = "mov-seg", [KW_INSN_ENDBR] = "endbr",
	[KW_INSN_SIMD] = "simd",       [KW_INSN_FXSTATE] = "fx-state",
	[KW_INSN_DATA] = "data",       [KW_INSN_STRING] = "string",
	[KW_INSN_NOP] = "nop",	       [KW_INSN_UD] = "ud",
};

const char *kw_insn_kind_name(enum kw_insn_kind kind)
{
	return kind_names[kind];
}

/* The kind if the mnemonic alone determines it; else KW_INSN_OTHER. */
static enum kw_insn_kind kind_of_mnemonic(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_WRMSR:
		return KW_INSN_WRMSR;
	case ZYDIS_MNEMONIC_RDMSR:
		return KW_INSN_RDMSR;
	case ZYDIS_MNEMONIC_IN:
		return KW_INSN_IN;
	case ZYDIS_MNEMONIC_OUT:
		return KW_INSN_OUT;
	case ZYDIS_MNEMONIC_INSB:
	case ZYDIS_MNEMONIC_INSW:
	case ZYDIS_MNEMONIC_INSD:
		return KW_INSN_INS;
	case ZYDIS_MNEMONIC_OUTSB:
	case ZYDIS_MNEMONIC_OUTSW:
	case ZYDIS_MNEMONIC_OUTSD:
		return KW_INSN_OUTS;
	case ZYDIS_MNEMONIC_CLTS:
	case ZYDIS_MNEMONIC_LMSW:
	case ZYDIS_MNEMONIC_SMSW:
		return KW_INSN_MOV_CR;
	case ZYDIS_MNEMONIC_CPUID:
		return KW_INSN_CPUID;
	case ZYDIS_MNEMONIC_XSETBV:
	case ZYDIS_MNEMONIC_XGETBV:
		return KW_INSN_XSETBV;
	case ZYDIS_MNEMONIC_HLT:
		return KW_INSN_HLT;
	case ZYDIS_MNEMONIC_RSM:
		return KW_INSN_RSM;
	case ZYDIS_MNEMONIC_VMCALL:
	case ZYDIS_MNEMONIC_VMMCALL:
	case ZYDIS_MNEMONIC_TDCALL:
		return KW_INSN_VMCALL;
	case ZYDIS_MNEMONIC_SEAMCALL:
	case ZYDIS_MNEMONIC_SEAMOPS:
	case ZYDIS_MNEMONIC_SEAMRET:
		return KW_INSN_VMX;
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
	case ZYDIS_MNEMONIC_UIRET:
		return KW_INSN_IRET;
	case ZYDIS_MNEMONIC_LGDT:
	case ZYDIS_MNEMONIC_LIDT:
	case ZYDIS_MNEMONIC_LLDT:
	case ZYDIS_MNEMONIC_LTR:
	case ZYDIS_MNEMONIC_SGDT:
	case ZYDIS_MNEMONIC_SIDT:
	case ZYDIS_MNEMONIC_SLDT:
	case ZYDIS_MNEMONIC_STR:
	case ZYDIS_MNEMONIC_VERR:
	case ZYDIS_MNEMONIC_VERW:
	case ZYDIS_MNEMONIC_LAR:
	case ZYDIS_MNEMONIC_LSL:
		return KW_INSN_DESCRIPTOR;
	case ZYDIS_MNEMONIC_LDS:
	case ZYDIS_MNEMONIC_LES:
	case ZYDIS_MNEMONIC_LFS:
	case ZYDIS_MNEMONIC_LGS:
	case ZYDIS_MNEMONIC_LSS:
		return KW_INSN_MOV_SEG;
	case ZYDIS_MNEMONIC_ENDBR32:
	case ZYDIS_MNEMONIC_ENDBR64:
		return KW_INSN_ENDBR;
	case ZYDIS_MNEMONIC_FXSAVE:
	case ZYDIS_MNEMONIC_FXSAVE64:
	case ZYDIS_MNEMONIC_FXRSTOR:
	case ZYDIS_MNEMONIC_FXRSTOR64:
	case ZYDIS_MNEMONIC_FNSAVE:
	case ZYDIS_MNEMONIC_FRSTOR:
	case ZYDIS_MNEMONIC_FNSTENV:
	case ZYDIS_MNEMONIC_FLDENV:
		return KW_INSN_FXSTATE;
	case ZYDIS_MNEMONIC_LEA:
	case ZYDIS_MNEMONIC_XLAT:
	case ZYDIS_MNEMONIC_ENTER:
	case ZYDIS_MNEMONIC_LEAVE:
	case ZYDIS_MNEMONIC_BOUND:
		return KW_INSN_DATA;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return KW_INSN_UD;
	default:
		return KW_INSN_OTHER;
	}
}

static enum kw_insn_kind kind_of_category(ZydisInstructionCategory category)
{
	switch (category) {
	case ZYDIS_CATEGORY_STRINGOP:
		return KW_INSN_STRING;
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_WIDENOP:
		return KW_INSN_NOP;
	case ZYDIS_CATEGORY_XSAVE:
	case ZYDIS_CATEGORY_XSAVEOPT:
		return KW_INSN_FXSTATE;
	case ZYDIS_CATEGORY_VTX:
		return KW_INSN_VMX;
	case ZYDIS_CATEGORY_ADOX_ADCX:
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_BMI1:
	case ZYDIS_CATEGORY_BMI2:
	case ZYDIS_CATEGORY_CMOV:
	case ZYDIS_CATEGORY_CONVERT:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_DECIMAL:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_LZCNT:
	case ZYDIS_CATEGORY_MOVDIR:
	case ZYDIS_CATEGORY_POP:
	case ZYDIS_CATEGORY_PUSH:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_SEMAPHORE:
	case ZYDIS_CATEGORY_SETCC:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_TBM:
		return KW_INSN_DATA;
	default:
		return KW_INSN_OTHER;
	}
}

static bool is_simd(ZydisISAExt ext)
{
	switch (ext) {
	case ZYDIS_ISA_EXT_X87:
	case ZYDIS_ISA_EXT_MMX:
	case ZYDIS_ISA_EXT_AMD3DNOW:
	case ZYDIS_ISA_EXT_SSE:
	case ZYDIS_ISA_EXT_SSE2:
	case ZYDIS_ISA_EXT_SSE3:
	case ZYDIS_ISA_EXT_SSSE3:
	case ZYDIS_ISA_EXT_SSE4:
	case ZYDIS_ISA_EXT_SSE4A:
	case ZYDIS_ISA_EXT_AES:
	case ZYDIS_ISA_EXT_PCLMULQDQ:
	case ZYDIS_ISA_EXT_SHA:
	case ZYDIS_ISA_EXT_GFNI:
	case ZYDIS_ISA_EXT_AVX:
	case ZYDIS_ISA_EXT_AVX2:
	case ZYDIS_ISA_EXT_AVX2GATHER:
	case ZYDIS_ISA_EXT_AVX512EVEX:
	case ZYDIS_ISA_EXT_AVX512VEX:
	case ZYDIS_ISA_EXT_AVXAES:
	case ZYDIS_ISA_EXT_AVX_VNNI:
	case ZYDIS_ISA_EXT_VAES:
	case ZYDIS_ISA_EXT_VPCLMULQDQ:
	case ZYDIS_ISA_EXT_F16C:
	case ZYDIS_ISA_EXT_FMA:
	case ZYDIS_ISA_EXT_FMA4:
	case ZYDIS_ISA_EXT_XOP:
	case ZYDIS_ISA_EXT_AMX_BF16:
	case ZYDIS_ISA_EXT_AMX_INT8:
	case ZYDIS_ISA_EXT_AMX_TILE:
		return true;
	default:
		return false;
	}
}

/* Destination register classes that make a MOV or a POP special. */
static enum kw_insn_kind kind_of_registers(const struct insn_parts *parts)
{
	for (size_t i = 0; i < parts->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &parts->operand[i];

		if (op->type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		switch (ZydisRegisterGetClass(op->reg.value)) {
		case ZYDIS_REGCLASS_CONTROL:
			return KW_INSN_MOV_CR;
		case ZYDIS_REGCLASS_DEBUG:
			return KW_INSN_MOV_DR;
		case ZYDIS_REGCLASS_SEGMENT:
			if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
				return KW_INSN_MOV_SEG;
			break;
		default:
			break;
		}
	}
	return KW_INSN_DATA;
}

static enum kw_insn_kind kind_of(const struct insn_parts *parts)
{
	const ZydisDecodedInstruction *insn = &parts->insn;
	enum kw_insn_kind kind = kind_of_mnemonic(insn->mnemonic);

	if (kind != KW_INSN_OTHER)
		return kind;
	if (insn->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return KW_INSN_FAR;
	if (insn->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
		return KW_INSN_BRANCH;
	if (insn->meta.isa_ext == ZYDIS_ISA_EXT_SVM)
		return KW_INSN_SVM;
	if (insn->meta.category == ZYDIS_CATEGORY_PREFETCH)
		return KW_INSN_OTHER;
	if (is_simd(insn->meta.isa_ext))
		return KW_INSN_SIMD;
	if (insn->meta.category == ZYDIS_CATEGORY_DATAXFER ||
	    insn->meta.category == ZYDIS_CATEGORY_POP)
		return kind_of_registers(parts);
	return kind_of_category(insn->meta.category);
}

/* Small enough for the stack: a mode, a width and nine flags. */
static void decoder_init(ZydisDecoder *decoder, unsigned int bits)
{
	if (bits == 64)
		ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	else if (bits == 32)
		ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	else
		ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_WBNOINVD, ZYAN_TRUE);
}

/*
 * LEA and the like access nothing, so their operand has no size to force: Zydis 4.0 printed none,
 * 4.1 does.
 */
static bool has_address_only(const struct insn_parts *parts)
{
	for (size_t i = 0; i < parts->insn.operand_count_visible; i++)
		if (parts->operand[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    parts->operand[i].mem.type == ZYDIS_MEMOP_TYPE_AGEN)
			return true;
	return false;
}

/*
 * A fresh formatter takes 40 of about 300 ns; that is not worth a shared one, which would be a
 * mutable global.
 */
static void format(const struct insn_parts *parts, uint64_t ip, struct kw_insn *ret)
{
	ZydisFormatter formatter;
	ZyanU64 at = ip == KW_IP_UNKNOWN ? ZYDIS_RUNTIME_ADDRESS_NONE : ip;

	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_SIZE,
				  !has_address_only(parts));
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_RELATIVE,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING,
				  ZYDIS_PADDING_DISABLED);
	/* The operands of a NOP mean nothing. */
	if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
		    &formatter, &parts->insn, parts->operand,
		    ret->kind == KW_INSN_NOP ? 0 : parts->insn.operand_count_visible, ret->text,
		    sizeof(ret->text), at, NULL)))
		strcpy(ret->text, ret->mnemonic);
}

/* Zydis writes [bx+si*1] for an index of scale 1; with scale 0 it writes [bx+si]. */
static void drop_scale_one(struct insn_parts *parts)
{
	for (size_t i = 0; i < parts->insn.operand_count_visible; i++) {
		ZydisDecodedOperand *op = &parts->operand[i];

		if (op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.scale == 1)
			op->mem.scale = 0;
	}
}

static bool decode_zydis(const uint8_t *bytes, size_t len, uint64_t ip, struct insn_parts *parts,
			 struct kw_insn *ret, bool *cut_ret)
{
	ZydisDecoder decoder;
	ZyanStatus status;
	const char *mnemonic;
	size_t room = sizeof(ret->mnemonic) - 1;

	decoder_init(&decoder, ret->bits);
	status = ZydisDecoderDecodeFull(&decoder, bytes, len, &parts->insn, parts->operand);
	*cut_ret = status == ZYDIS_STATUS_NO_MORE_DATA;
	if (!ZYAN_SUCCESS(status))
		return false;
	mnemonic = ZydisMnemonicGetString(parts->insn.mnemonic);
	memcpy(ret->mnemonic, mnemonic, strnlen(mnemonic, room));
	ret->length = parts->insn.length;
	ret->kind = kind_of(parts);
	drop_scale_one(parts);
	format(parts, ip, ret);
	return true;
}

/* LKGS decodes and reads as LLDT (group member 6 as 2) except for the name. */
static bool decode_lkgs(const uint8_t *bytes, size_t len, uint64_t ip, struct insn_parts *parts,
			struct kw_insn *ret, bool *cut_ret)
{
	uint8_t lldt[MAX_INSN];
	size_t at = 0;

	memcpy(lldt, bytes, len);
	while (lldt[at] != 0x0f)
		at++;
	lldt[at + 2] ^= (6 ^ 2) << 3;
	if (!decode_zydis(lldt, len, ip, parts, ret, cut_ret))
		return false;
	memcpy(ret->mnemonic, "lkgs", 4);
	memcpy(ret->text + (strstr(ret->text, "lldt") - ret->text), "lkgs", 4);
	ret->kind = KW_INSN_MOV_SEG;
	return true;
}

static bool decode(const uint8_t *bytes, size_t len, unsigned int bits, uint64_t ip,
		   struct insn_parts *parts, struct kw_insn *ret, bool *cut_ret)
{
	bool ok;

	if (len > MAX_INSN)
		len = MAX_INSN;
	*ret = (struct kw_insn){ .bits = (uint8_t)bits };
	*cut_ret = false;
	parts->is_extra = kw_insn_extra(bytes, len, bits, ret, &parts->extra);
	if (parts->extra.lkgs) {
		parts->is_extra = false;
		ok = decode_lkgs(bytes, len, ip, parts, ret, cut_ret);
	} else {
		ok = parts->is_extra || decode_zydis(bytes, len, ip, parts, ret, cut_ret);
	}
	if (ok)
		memcpy(ret->bytes, bytes, ret->length);
	return ok;
}

bool kw_insn_decode(const uint8_t *bytes, size_t len, unsigned int bits, uint64_t ip,
		    struct kw_insn *ret)
{
	struct insn_parts parts;
	bool cut;

	return decode(bytes, len, bits, ip, &parts, ret, &cut);
}

/* ADD, OR, ADC, SBB, AND, SUB, XOR, CMP with a byte in r/m8: opcodes 00, 02, 08, 0a, ... 3a. */
static bool is_rare(const ZydisDecodedInstruction *insn)
{
	return insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && insn->opcode < 0x40 &&
	       !(insn->opcode & 5);
}

struct insn_size kw_insn_size(const uint8_t *bytes, size_t len, unsigned int bits)
{
	struct insn_size size = { 0 };
	ZydisDecoder decoder;
	ZydisDecodedInstruction zydis;
	struct insn_extra extra;
	struct kw_insn insn;
	ZyanStatus status;

	if (len > MAX_INSN)
		len = MAX_INSN;
	if (kw_insn_extra(bytes, len, bits, &insn, &extra) && !extra.lkgs) {
		size.length = insn.length;
		return size;
	}
	if (extra.lkgs) {
		struct insn_parts parts;

		if (decode(bytes, len, bits, KW_IP_UNKNOWN, &parts, &insn, &size.cut))
			size.length = insn.length;
		return size;
	}
	decoder_init(&decoder, bits);
	status = ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, len, &zydis);
	size.cut = status == ZYDIS_STATUS_NO_MORE_DATA;
	if (ZYAN_SUCCESS(status)) {
		size.length = zydis.length;
		size.rare = is_rare(&zydis);
	}
	return size;
}

/* The bytes from RIP on, as far as they can be read. */
struct window {
	uint8_t bytes[64];
	size_t len;
	bool hole; /* unreadable bytes follow */
};

static enum kw_code_state window_of_code(const struct kw_code *code, struct window *ret)
{
	size_t total = code->len < sizeof(code->bytes) ? code->len : sizeof(code->bytes);
	size_t at;

	*ret = (struct window){ .len = 0 };
	if (!total)
		return KW_CODE_NONE;
	if (code->marked < 0 || (size_t)code->marked >= total)
		return KW_CODE_NO_MARK;
	for (at = (size_t)code->marked; at < total && code->known >> at & 1; at++)
		ret->bytes[ret->len++] = code->bytes[at];
	ret->hole = at < total;
	return ret->len ? KW_CODE_OK : KW_CODE_UNREADABLE;
}

/*
 * struct emulation_failure of the KVM API: flags in data[0], then the size and 15 bytes, if flag 0
 * (KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) is set.
 */
static bool window_of_extra(const struct kw_failure *f, struct window *ret)
{
	if (!kw_has(f, suberror) || f->suberror != KW_SUBERROR_EMULATION ||
	    (f->extra_known & 7) != 7 || !(f->extra[0] & 1))
		return false;
	*ret = (struct window){ .len = f->extra[1] & 0xff };
	if (!ret->len || ret->len > MAX_INSN)
		return false;
	for (size_t i = 0; i < ret->len; i++)
		ret->bytes[i] = (uint8_t)(f->extra[1 + (i + 1) / 8] >> 8 * ((i + 1) % 8));
	return true;
}

static bool starts_with(const struct window *window, uint8_t byte)
{
	for (size_t i = 0; i < EMPTY_BYTES; i++) {
		if (i == window->len || window->bytes[i] != byte)
			return false;
	}
	return true;
}

static uint64_t printed_ip(const struct kw_failure *f, unsigned int bits)
{
	return kw_has(f, rip) && !(bits == 64 && f->registers_narrow) ? f->rip : KW_IP_UNKNOWN;
}

/* With the width unknown: the instruction if it is the same in every width, like WRMSR. */
static bool decode_any_width(const struct window *window, struct insn_parts *parts,
			     struct kw_insn *ret, bool *cut_ret)
{
	struct kw_insn other;
	bool cut;

	if (!decode(window->bytes, window->len, 64, KW_IP_UNKNOWN, parts, ret, cut_ret))
		return false;
	for (unsigned int bits = 16; bits <= 32; bits *= 2) {
		if (!decode(window->bytes, window->len, bits, KW_IP_UNKNOWN, parts, &other, &cut) ||
		    other.length != ret->length || strcmp(other.text, ret->text) != 0)
			return false;
	}
	ret->bits = 0;
	return true;
}

static enum kw_code_state decode_window(const struct kw_failure *f, const struct window *window,
					struct kw_insn *ret)
{
	unsigned int bits = kw_mode_bits(f);
	struct insn_parts parts;
	bool ok, cut = false;

	if (bits)
		ok = decode(window->bytes, window->len, bits, printed_ip(f, bits), &parts, ret,
			    &cut);
	else
		ok = decode_any_width(window, &parts, ret, &cut);
	if (!ok)
		*ret = (struct kw_insn){ .bits = (uint8_t)bits };
	else
		kw_insn_resolve(f, &parts, ret);
	if (starts_with(window, 0x00))
		return KW_CODE_ZEROS;
	if (starts_with(window, 0xff))
		return KW_CODE_FFS;
	if (!bits && !ok)
		return KW_CODE_NO_MODE;
	if (cut)
		return window->hole ? KW_CODE_UNREADABLE : KW_CODE_CUT;
	return ok ? KW_CODE_OK : KW_CODE_INVALID;
}

enum kw_code_state kw_insn_at_rip(const struct kw_failure *f, struct kw_insn *ret)
{
	struct window window;
	enum kw_code_state state = window_of_code(&f->code, &window);

	*ret = (struct kw_insn){ 0 };
	if (state == KW_CODE_OK)
		state = decode_window(f, &window, ret);
	if (state != KW_CODE_NONE && state != KW_CODE_NO_MARK && state != KW_CODE_UNREADABLE &&
	    state != KW_CODE_CUT)
		return state;
	return window_of_extra(f, &window) ? decode_window(f, &window, ret) : state;
}
