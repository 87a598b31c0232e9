// SPDX-License-Identifier: MIT
/*
 * A fingerprint groups failures of one kind: it contains no address and no guest data, only what
 * the failure is. Version 1: class:number:instruction:operand:mode:smm:vendor, "-" for what is
 * unknown.
 */
#include "base/buf.h"
#include "decode/tables.h"
#include "explain/explain.h"

static void put_number(const struct kw_case *c, struct kw_buf *buf)
{
	const struct kw_failure *f = c->f;
	const char *name = kw_has(f, errno_number) ? kw_errno_name((int)f->errno_number) : NULL;

	if (name)
		kw_buf_add(buf, kw_str(name));
	else if (kw_has(f, suberror))
		kw_buf_dec(buf, f->suberror);
	else if (kw_has(f, hardware_error))
		kw_buf_printf(buf, "0x%llx", (unsigned long long)f->hardware_error);
	else if (kw_has(f, exit_reason))
		kw_buf_dec(buf, f->exit_reason);
	else if (kw_has(f, vmcb_exit_code))
		kw_buf_printf(buf, "0x%llx", (unsigned long long)f->vmcb_exit_code);
	else
		kw_buf_char(buf, '-');
}

/* One line and no register: there is nothing beyond its text. */
static bool is_message(const struct kw_case *c)
{
	return kw_class_is_message(c->f->class) && c->nfindings && !kw_has(c->f, rip);
}

static void put_operand(const struct kw_case *c, struct kw_buf *buf)
{
	if (c->has_msr)
		kw_buf_printf(buf, "msr=0x%x", c->msr_index);
	else if (c->code == KW_CODE_OK && c->insn.has_port)
		kw_buf_printf(buf, "port=0x%x", c->insn.port);
	else if (c->mem_place != KW_PLACE_UNKNOWN)
		kw_buf_add(buf, kw_str(kw_place_name(c->mem_place)));
	else if (is_message(c))
		kw_buf_add(buf, kw_str(c->finding[0].id));
	else
		kw_buf_char(buf, '-');
}

static const char *insn_name(const struct kw_case *c)
{
	switch (c->code) {
	case KW_CODE_OK:
		return kw_insn_kind_name(c->insn.kind);
	case KW_CODE_ZEROS:
		return "zeros";
	case KW_CODE_FFS:
		return "ones";
	case KW_CODE_UNREADABLE:
		return "unreadable";
	default:
		return c->told_msr || c->exit_msr ?
			       kw_insn_kind_name(c->msr_write ? KW_INSN_WRMSR : KW_INSN_RDMSR) :
			       "-";
	}
}

struct kw_str kw_fingerprint(const struct kw_case *c)
{
	static const char *const vendors[] = { "-", "intel", "amd" };
	const struct kw_failure *f = c->f;
	struct kw_buf buf = { .arena = f->arena };

	kw_buf_add(&buf, kw_str(kw_class_name(f->class)));
	kw_buf_char(&buf, ':');
	put_number(c, &buf);
	kw_buf_char(&buf, ':');
	kw_buf_add(&buf, kw_str(insn_name(c)));
	kw_buf_char(&buf, ':');
	put_operand(c, &buf);
	kw_buf_char(&buf, ':');
	kw_buf_add(&buf, kw_str(c->mode != KW_MODE_UNKNOWN ? kw_mode_name(c->mode) : "-"));
	kw_buf_char(&buf, ':');
	kw_buf_add(&buf, kw_str(kw_has(f, smm) ? (f->smm ? "smm" : "no-smm") : "-"));
	kw_buf_char(&buf, ':');
	kw_buf_add(&buf, kw_str(vendors[c->vendor]));
	return kw_buf_text(&buf);
}
