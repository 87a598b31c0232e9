// SPDX-License-Identifier: MIT
/*
 * System instructions that Zydis 4.0 does not know or names wrongly. Encodings: Intel SDM vol. 2,
 * Intel Architecture Instruction Set Extensions Programming Reference, Flexible Return and Event
 * Delivery (FRED) Specification; AMD APM vol. 3, "System Instruction Reference".
 */
#include "decode/x86/insn_parts.h"

enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

/* One-byte extensions of 0F 01; all of them are #UD with LOCK. */
struct row {
	uint8_t prefix, modrm;
	bool only64;
	uint8_t kind;
	char name[12];
};

static const struct row rows[] = {
	{ PREFIX_NONE, 0xc6, false, KW_INSN_WRMSR, "wrmsrns" },
	{ PREFIX_F2, 0xc6, true, KW_INSN_RDMSR, "rdmsrlist" },
	{ PREFIX_F3, 0xc6, true, KW_INSN_WRMSR, "wrmsrlist" },
	{ PREFIX_NONE, 0xc7, true, KW_INSN_OTHER, "pbndkb" },
	{ PREFIX_F2, 0xca, true, KW_INSN_IRET, "erets" },
	{ PREFIX_F3, 0xca, true, KW_INSN_IRET, "eretu" },
	{ PREFIX_F2, 0xd9, false, KW_INSN_VMCALL, "vmgexit" },
	{ PREFIX_F3, 0xd9, false, KW_INSN_VMCALL, "vmgexit" },
	{ PREFIX_F2, 0xfd, true, KW_INSN_OTHER, "rmpread" },
	{ PREFIX_F3, 0xfd, true, KW_INSN_OTHER, "rmpquery" },
};

static const char gpr64[16][4] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

/* What precedes the opcode. */
struct prefixes {
	size_t len;
	uint8_t last; /* mandatory prefix in effect */
	uint8_t rex;
	bool lock;
};

static struct prefixes read_prefixes(const uint8_t *bytes, size_t len, unsigned int bits)
{
	struct prefixes p = { 0 };

	for (; p.len < len; p.len++) {
		switch (bytes[p.len]) {
		case 0x66:
			if (p.last == PREFIX_NONE)
				p.last = PREFIX_66;
			break;
		case 0xf3:
			p.last = PREFIX_F3;
			break;
		case 0xf2:
			p.last = PREFIX_F2;
			break;
		case 0xf0:
			p.lock = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x67:
			break;
		default:
			if (bits == 64 && (bytes[p.len] & 0xf0) == 0x40)
				p.rex = bytes[p.len++];
			return p;
		}
	}
	return p;
}

static bool found(struct kw_insn *insn, enum kw_insn_kind kind, const char *name, size_t length)
{
	if (length > 15)
		return false;
	insn->kind = kind;
	insn->length = (uint8_t)length;
	strcpy(insn->mnemonic, name);
	strcpy(insn->text, name);
	return true;
}

/* 0F 01 /r, register forms without operands. */
static bool group7(const struct prefixes *p, uint8_t modrm, unsigned int bits, struct kw_insn *ret,
		   struct insn_extra *extra_ret)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].modrm != modrm || rows[i].prefix != p->last ||
		    (rows[i].only64 && bits != 64))
			continue;
		extra_ret->list = modrm == 0xc6 && p->last != PREFIX_NONE;
		return found(ret, rows[i].kind, rows[i].name, p->len + 3);
	}
	return false;
}

static void put_operands(struct kw_insn *insn, const char *first, const char *second)
{
	char *end = stpcpy(insn->text, insn->mnemonic);

	end = stpcpy(stpcpy(end, " "), first);
	stpcpy(stpcpy(end, ", "), second);
}

/* URDMSR r64, r64 (F2) and UWRMSR r64, r64 (F3) 0F 38 F8 11:rrr:bbb: ModRM.reg has the index. */
static bool user_msr(const struct prefixes *p, uint8_t modrm, struct kw_insn *ret,
		     struct insn_extra *extra_ret)
{
	unsigned int reg = (modrm >> 3 & 7u) | (p->rex & 4u) << 1;
	unsigned int rm = (modrm & 7u) | (p->rex & 1u) << 3;
	bool write = p->last == PREFIX_F3;

	if (modrm < 0xc0 || (p->last != PREFIX_F2 && p->last != PREFIX_F3))
		return false;
	if (!found(ret, write ? KW_INSN_WRMSR : KW_INSN_RDMSR, write ? "uwrmsr" : "urdmsr",
		   p->len + 4))
		return false;
	extra_ret->msr_reg = (int8_t)reg;
	if (write)
		extra_ret->value_reg = (int8_t)rm;
	put_operands(ret, gpr64[write ? reg : rm], gpr64[write ? rm : reg]);
	return true;
}

static void put_hex(char *text, uint32_t value)
{
	int shift = 28;

	text = stpcpy(text, "0x");
	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*text++ = "0123456789abcdef"[value >> shift & 15];
	*text = '\0';
}

/*
 * VEX.128.F2/F3.MAP7.W0 F6 /0 id: RDMSR r64, imm32 and WRMSRNS imm32, r64; with F8 the user
 * forms. Bytes: C4, RXB and map, W vvvv L pp, opcode, ModRM, imm32.
 */
static bool vex_map7(const uint8_t *vex, size_t len, size_t prefixes, struct kw_insn *ret,
		     struct insn_extra *extra_ret)
{
	static const char names[2][2][8] = { { "rdmsr", "wrmsrns" }, { "urdmsr", "uwrmsr" } };
	unsigned int rm;
	bool write, user;
	char imm[12];

	if (len < 9 || (vex[1] & 0x1f) != 7 || (vex[3] != 0xf6 && vex[3] != 0xf8))
		return false;
	if ((vex[2] & 0xfe) != 0x7a || (vex[4] & 0xf8) != 0xc0)
		return false; /* W0, vvvv 1111, L0, pp F3 or F2; 11:000:bbb */
	write = !(vex[2] & 1);
	user = vex[3] == 0xf8;
	rm = (vex[4] & 7u) | (vex[1] & 0x20 ? 0 : 8);
	if (!found(ret, write ? KW_INSN_WRMSR : KW_INSN_RDMSR, names[user][write], prefixes + 9))
		return false;
	ret->has_msr = true;
	ret->msr = vex[5] | (uint32_t)vex[6] << 8 | (uint32_t)vex[7] << 16 | (uint32_t)vex[8] << 24;
	if (write)
		extra_ret->value_reg = (int8_t)rm;
	put_hex(imm, ret->msr);
	put_operands(ret, write ? imm : gpr64[rm], write ? gpr64[rm] : imm);
	return true;
}

bool kw_insn_extra(const uint8_t *bytes, size_t len, unsigned int bits, struct kw_insn *ret,
		   struct insn_extra *extra_ret)
{
	struct prefixes p = read_prefixes(bytes, len, bits);
	const uint8_t *op = bytes + p.len;
	size_t left = len - p.len;

	*extra_ret = (struct insn_extra){ .msr_reg = -1, .value_reg = -1 };
	if (left < 3 || p.lock)
		return false;
	if (op[0] == 0xc4 && bits == 64 && p.last == PREFIX_NONE && !p.rex)
		return vex_map7(op, left, p.len, ret, extra_ret);
	if (op[0] != 0x0f)
		return false;
	if (op[1] == 0x01 && op[2] >= 0xc0)
		return group7(&p, op[2], bits, ret, extra_ret);
	if (op[1] == 0x38 && op[2] == 0xf8 && left >= 4 && bits == 64)
		return user_msr(&p, op[3], ret, extra_ret);
	/* LKGS r/m16 is F2 0F 00 /6 */
	extra_ret->lkgs = op[1] == 0x00 && (op[2] >> 3 & 7) == 6 && p.last == PREFIX_F2 &&
			  bits == 64;
	return extra_ret->lkgs;
}
