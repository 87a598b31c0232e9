// SPDX-License-Identifier: MIT
/*
 * What the message itself says, in terms of KVM's interface; and a headline for cases no rule
 * explains.
 */
#include "decode/x86/exit_info.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

static struct kw_str run_failed(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *name;

	if (!kw_has(f, errno_number))
		return KW_STR("KVM_RUN failed; its error text is in an unknown language");
	name = kw_errno_name((int)f->errno_number);
	return kw_arena_printf(
		f->arena, "KVM_RUN = -1 %s (%s)%s", name ? name : "with an unknown errno",
		kw_errno_text((int)f->errno_number) ? kw_errno_text((int)f->errno_number) : "?",
		c->told_state != KW_TOLD_OK ? "" :
		c->told_by_watch	    ? "; kvmwhy watch saw where it came from" :
		c->told.converted ? "; kvmwhy.ko turned it into an internal error, suberror 19287" :
				    "; kvm_run has kvmwhy.ko's data");
}

static struct kw_str internal_error(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *about;

	if (kw_has(f, exit_reason))
		return kw_arena_printf(f->arena, "%s: %s", kw_kvm_exit_name(f->exit_reason),
				       kw_kvm_exit_about(f->exit_reason));
	if (!kw_has(f, suberror))
		return KW_STR("KVM_EXIT_INTERNAL_ERROR; the text does not show its suberror");
	about = kw_kvm_suberror_about(f->suberror);
	return kw_arena_printf(f->arena, "KVM_EXIT_INTERNAL_ERROR, suberror %llu%s%s: %s",
			       (unsigned long long)f->suberror, about ? " " : "",
			       about ? kw_kvm_suberror_name(f->suberror) : "",
			       about ? about : "no known kernel uses this number");
}

static struct kw_str entry_failed(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *name;

	if (!kw_has(f, hardware_error))
		return KW_STR("KVM_EXIT_FAIL_ENTRY: the CPU refused to enter the guest");
	if (f->hardware_error == 0xffffffff || f->hardware_error == UINT64_MAX)
		return KW_STR(
			"KVM_EXIT_FAIL_ENTRY, VMEXIT_INVALID: VMRUN refused the guest's VMCB (AMD)");
	if (f->hardware_error & 0x80000000) {
		name = kw_vmx_exit_name(f->hardware_error & 0xffff);
		return kw_arena_printf(
			f->arena,
			"KVM_EXIT_FAIL_ENTRY 0x%llx: exit reason %llu with bit 31, \"%s\" (Intel)",
			(unsigned long long)f->hardware_error,
			(unsigned long long)(f->hardware_error & 0xffff), name ? name : "no name");
	}
	if (c->vendor != KW_VENDOR_INTEL)
		return kw_arena_printf(f->arena,
				       "KVM_EXIT_FAIL_ENTRY, hardware_entry_failure_reason 0x%llx",
				       (unsigned long long)f->hardware_error);
	name = kw_vmx_insn_error(f->hardware_error);
	return kw_arena_printf(
		f->arena, "KVM_EXIT_FAIL_ENTRY 0x%llx: VM-instruction error %llu, \"%s\" (Intel)",
		(unsigned long long)f->hardware_error, (unsigned long long)f->hardware_error,
		name ? name : "no name");
}

static struct kw_str unknown_exit(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *name = kw_kvm_exit_name(f->exit_reason),
		   *about = kw_kvm_exit_about(f->exit_reason);

	if (kw_failure_sign(f, KW_SIGN_UNUSUAL_EXIT) && !kw_has(f, exit_reason))
		return KW_STR("the CPU left the guest for a reason that KVM does not handle");
	if (!kw_has(f, exit_reason))
		return f->watch.begun ? KW_STR("KVM_RUN returned with an exit that ends a guest") :
					KW_STR("KVM_RUN returned with an exit that the VMM does "
					       "not handle");
	if (f->exit_reason == KW_KVM_EXIT_UNKNOWN && kw_has(f, hardware_exit_reason) &&
	    f->hardware_exit_reason)
		return kw_arena_printf(f->arena,
				       "%s KVM_EXIT_UNKNOWN, hardware exit reason 0x%llx%s",
				       kw_page_alone(f) ? "kvm_run holds" :
							  "KVM_RUN returned with",
				       (unsigned long long)f->hardware_exit_reason,
				       kw_page_alone(f) || f->watch.begun ?
					       "" :
					       ", which the VMM does not handle");
	return kw_arena_printf(
		f->arena, "%s exit reason %llu %s%s%s%s",
		kw_page_alone(f) ? "kvm_run holds" : "KVM_RUN returned with",
		(unsigned long long)f->exit_reason, name ? name : "(unknown)", about ? ": " : "",
		about ? about : "",
		kw_page_alone(f) || f->watch.begun ? "" : ", which the VMM does not handle");
}

static struct kw_str vmcs_dump(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *who = kw_str_eq(f->text[KW_T_VMM], KW_STR("Xen")) ? "Xen" : "KVM";
	const char *name;

	if (!kw_has(f, vmcs_reason))
		return kw_arena_printf(f->arena, "%s dumped a VMCS; the text does not show the exit "
						 "reason", who);
	name = kw_vmx_exit_name(f->vmcs_reason & 0xffff);
	return kw_arena_printf(f->arena, "%s dumped a VMCS with exit reason 0x%llx, \"%s\"%s", who,
			       (unsigned long long)f->vmcs_reason, name ? name : "no name",
			       f->vmcs_reason & 0x80000000 ? ": VM entry failed" :
								": VM entry had succeeded");
}

static struct kw_str vmcb_dump(const struct kw_case *c)
{
	const struct kw_failure *f = c->f;
	const char *name;

	if (!kw_has(f, vmcb_exit_code))
		return KW_STR("KVM dumped a VMCB; the text does not show the exit code");
	name = kw_svm_exit_name(f->vmcb_exit_code);
	return kw_arena_printf(f->arena, "KVM dumped a VMCB with exit code 0x%llx %s",
			       (unsigned long long)f->vmcb_exit_code, name ? name : "");
}

struct kw_str kw_said(const struct kw_case *c)
{
	switch (c->f->class) {
	case KW_CLASS_KVM_RUN_FAILED:
		return run_failed(c);
	case KW_CLASS_INTERNAL_ERROR:
		return internal_error(c);
	case KW_CLASS_ENTRY_FAILED:
		return entry_failed(c);
	case KW_CLASS_UNKNOWN_EXIT:
		return unknown_exit(c);
	case KW_CLASS_VMCS_DUMP:
		return vmcs_dump(c);
	case KW_CLASS_VMCB_DUMP:
		return vmcb_dump(c);
	case KW_CLASS_MSR_MESSAGE:
		return KW_STR("the host's KVM logged guest accesses to MSRs that it does not "
			      "emulate");
	case KW_CLASS_VMM_ERROR:
		return c->f->text[KW_T_HEADLINE];
	case KW_CLASS_REGISTER_DUMP:
		if (c->f->watch.begun)
			return KW_STR("kvmwhy watch saw a vCPU fail, but its record does not say "
				      "how");
		return KW_STR("a vCPU's registers, without a message that says why they were "
			      "printed");
	default:
		return kw_class_is_message(c->f->class) ? c->f->text[KW_T_HEADLINE] : KW_STR("");
	}
}

struct kw_str kw_plain_headline(const struct kw_case *c)
{
	struct kw_str said = kw_said(c);
	struct kw_str at = KW_STR("");

	if (c->code == KW_CODE_OK && c->f->class != KW_CLASS_ENTRY_FAILED)
		at = kw_expand(c, " at {insn}");
	return kw_arena_printf(c->f->arena, "%.*s%.*s", (int)said.len, said.p, (int)at.len, at.p);
}
