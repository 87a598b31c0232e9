// SPDX-License-Identifier: MIT
/* One line for the instruction with its operands resolved, one for where it is. */
#include "render/doc.h"

#include "decode/x86/msr.h"

/* A number as wide as it has to be: 32 or 64 bits. */
static void hex(struct kw_buf *buf, uint64_t value)
{
	KW_BUF_LIT(buf, "0x");
	kw_buf_hex(buf, value, value >> 32 ? 16 : 8);
}

static void text(struct kw_buf *buf, const char *p)
{
	kw_buf_add(buf, kw_str(p));
}

static void msr_operand(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_msr *msr = kw_msr_find(c->msr_index, c->vendor);

	text(buf, c->msr_name[0] ? c->msr_name : "MSR");
	KW_BUF_LIT(buf, " [0x");
	kw_buf_hex(buf, c->msr_index, 1);
	KW_BUF_LIT(buf, "]");
	if (c->has_msr_value) {
		KW_BUF_LIT(buf, " <- ");
		hex(buf, c->msr_value);
	}
	if (msr && kw_msr_about(msr)[0])
		kw_buf_printf(buf, "   (%s)", kw_msr_about(msr));
}

static void port_operand(struct kw_buf *buf, const struct kw_insn *insn)
{
	bool out = insn->kind == KW_INSN_OUT || insn->kind == KW_INSN_OUTS;

	kw_buf_printf(buf, "port 0x%x", insn->port);
	if (insn->has_port_value) {
		KW_BUF_LIT(buf, " <- 0x");
		kw_buf_hex(buf, insn->port_value, 2u * insn->port_bytes);
	} else if (insn->port_bytes) {
		kw_buf_printf(buf, ", %s of %u byte%s", out ? "write" : "read", insn->port_bytes,
			      insn->port_bytes == 1 ? "" : "s");
	}
}

static void access(struct kw_buf *buf, bool read, bool write, unsigned int bytes, uint64_t gva)
{
	if (read && write)
		KW_BUF_LIT(buf, "reads and writes ");
	else if (read)
		KW_BUF_LIT(buf, "reads ");
	else if (write)
		KW_BUF_LIT(buf, "writes ");
	if (bytes && (read || write))
		kw_buf_printf(buf, "%u byte%s at ", bytes, bytes == 1 ? "" : "s");
	hex(buf, gva);
}

static void memory_operand(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_insn *insn = &c->insn;

	access(buf, insn->mem_read, insn->mem_write, insn->mem_bytes, insn->mem_gva);
	if (c->mem_place != KW_PLACE_UNKNOWN)
		kw_buf_printf(buf, " (%s)", kw_place_text(c->mem_place));
	if (insn->has_mem2) {
		KW_BUF_LIT(buf, ", ");
		access(buf, insn->mem2_read, insn->mem2_write, insn->mem2_bytes, insn->mem2_gva);
	}
}

static void control_operand(struct kw_buf *buf, const struct kw_insn *insn)
{
	char bits[160];

	kw_buf_printf(buf, "%s%u", insn->ctl_is_dr ? "DR" : "CR", insn->ctl_number);
	if (!insn->ctl_write || !insn->has_ctl_value)
		return;
	KW_BUF_LIT(buf, " <- ");
	hex(buf, insn->ctl_value);
	if (insn->ctl_is_dr || (insn->ctl_number != 0 && insn->ctl_number != 4))
		return;
	if (kw_bits_text(insn->ctl_number ? KW_F_cr4 : KW_F_cr0, insn->ctl_value, bits,
			 sizeof(bits)))
		kw_buf_printf(buf, "   (%s)", bits);
}

/* What is known about the operands, after the instruction's text. */
static void operands(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_insn *insn = &c->insn;

	if (insn->has_port)
		port_operand(buf, insn);
	else if (insn->has_ctl)
		control_operand(buf, insn);
	else if (insn->has_leaf)
		kw_buf_printf(buf, "leaf 0x%x", insn->leaf);
	else if (insn->has_xcr)
		kw_buf_printf(buf, "XCR%u", insn->xcr);
	if (insn->has_leaf && insn->has_subleaf)
		kw_buf_printf(buf, ", subleaf 0x%x", insn->subleaf);
	if (insn->has_xcr && strcmp(insn->mnemonic, "xsetbv") == 0) {
		KW_BUF_LIT(buf, " <- ");
		hex(buf, insn->xcr_value);
	}
	if (insn->has_mem && insn->has_port)
		KW_BUF_LIT(buf, ", ");
	if (insn->has_mem)
		memory_operand(buf, c);
}

static void instruction(struct kw_buf *buf, const struct kw_case *c)
{
	size_t before;

	text(buf, c->insn.text);
	before = buf->len;
	KW_BUF_LIT(buf, "   ");
	operands(buf, c);
	if (buf->len == before + 3)
		buf->len = before;
}

void kw_what(struct kw_buf *buf, const struct kw_case *c)
{
	bool decoded = c->code == KW_CODE_OK && c->insn.length;

	if (c->has_msr) {
		text(buf, decoded && c->insn.has_msr ? c->insn.mnemonic
			  : c->msr_write	     ? "wrmsr"
						     : "rdmsr");
		KW_BUF_LIT(buf, "   ");
		msr_operand(buf, c);
		if (c->exit_msr)
			KW_BUF_LIT(buf, "   (from the last VM exit and the registers)");
	} else if (decoded) {
		instruction(buf, c);
	}
}

static const char *const mode_texts[KW_NMODES] = {
	[KW_MODE_REAL16] = "real mode",
	[KW_MODE_VM86] = "virtual-8086 mode",
	[KW_MODE_PROTECTED16] = "16-bit protected mode",
	[KW_MODE_PROTECTED32] = "32-bit protected mode",
	[KW_MODE_COMPAT16] = "16-bit compatibility mode",
	[KW_MODE_COMPAT32] = "32-bit compatibility mode",
	[KW_MODE_LONG64] = "64-bit",
};

static void rip(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	uint64_t value = kw_has(f, rip) ? f->rip : kw_has(f, vmcs_rip) ? f->vmcs_rip : f->vmcb_rip;
	bool wide = value >> 32 || (!f->registers_narrow && c->mode == KW_MODE_LONG64);

	KW_BUF_LIT(buf, "RIP ");
	kw_buf_hex(buf, value, wide ? 16 : 8);
	if (c->has_linear_rip && c->linear_rip != value) {
		if (kw_has(f, cs_sel))
			kw_buf_printf(buf, " in CS %04x", (unsigned int)(f->cs_sel & 0xffff));
		KW_BUF_LIT(buf, ", linear ");
		hex(buf, c->linear_rip);
	}
	if (c->rip_place != KW_PLACE_UNKNOWN && c->rip_place != KW_PLACE_RAM &&
	    c->rip_place != KW_PLACE_HIGH)
		kw_buf_printf(buf, " (%s)", kw_place_text(c->rip_place));
}

static void item(struct kw_buf *buf, const char *p)
{
	if (buf->len)
		KW_BUF_LIT(buf, ", ");
	text(buf, p);
}

static void mode(struct kw_buf *buf, const struct kw_case *c)
{
	if (c->mode == KW_MODE_UNKNOWN)
		return;
	item(buf, mode_texts[c->mode]);
	/* Big real mode, entered from 32-bit code: the width is CS.D's. */
	if (c->mode == KW_MODE_REAL16 && c->bits == 32)
		KW_BUF_LIT(buf, " with 32-bit code");
}

void kw_where(struct kw_buf *buf, const struct kw_case *c)
{
	const struct kw_failure *f = c->f;

	if (kw_has(f, rip) || kw_has(f, vmcs_rip) || kw_has(f, vmcb_rip))
		rip(buf, c);
	mode(buf, c);
	if (kw_has(f, cpl)) {
		item(buf, "CPL ");
		kw_buf_dec(buf, f->cpl);
	}
	if (kw_has(f, rflags))
		item(buf, f->rflags & 0x200 ? "interrupts on" : "interrupts off");
	if (kw_has(f, smm) && f->smm)
		item(buf, "in SMM");
	if (kw_has(f, hlt) && f->hlt)
		item(buf, "halted");
	if (kw_has(f, vcpu)) {
		item(buf, "vCPU ");
		kw_buf_dec(buf, f->vcpu);
	}
}
