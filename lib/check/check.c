// SPDX-License-Identifier: MIT
/* How a check gets its answer, and which ones a record calls for. */
#include "check/svm.h"
#include "check/vmx.h"
#include "failure/x86.h"

enum kw_verdict kw_check_ask(const struct kw_check *check, const struct kw_failure *f,
			     struct kw_entry *e)
{
	bool holds;

	*e = (struct kw_entry){ .f = f, .missing = KW_F_none };
	holds = check->holds(e);
	if (e->missing != KW_F_none)
		return KW_CHECK_CANNOT_TELL;
	if (holds)
		return KW_CHECK_HOLDS;
	/* no row negates UNTOLD: a condition that is true without it is true */
	return e->untold ? KW_CHECK_CANNOT_TELL : KW_CHECK_BROKEN;
}

const struct kw_check *kw_check_find(const char *id)
{
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		for (size_t i = 0; i < s->n; i++) {
			if (strcmp(s->check[i].id, id) == 0)
				return &s->check[i];
		}
	}
	return NULL;
}

const struct kw_check_section *kw_check_section_of(const struct kw_check *check)
{
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		if (check >= s->check && check < s->check + s->n)
			return s;
	}
	return NULL;
}

static bool failed_by(const struct kw_failure *f, uint64_t reason)
{
	return kw_has(f, hardware_error) ?
		       f->hardware_error == KW_VMX_ENTRY_FAILED(reason) :
		       kw_has(f, vmcs_reason) && f->vmcs_reason == KW_VMX_ENTRY_FAILED(reason);
}

static bool names_no_part(const struct kw_failure *f)
{
	return !kw_has(f, hardware_error) &&
	       !(kw_has(f, vmcs_reason) && f->vmcs_reason & KW_VMX_ENTRY_FAILED(0));
}

static bool refused(const struct kw_failure *f, struct kw_str ioctl)
{
	return f->class == KW_CLASS_SETUP_FAILED && kw_str_starts(f->text[KW_T_IOCTL], ioctl) &&
	       FACT_IS(f, errno_number, KW_EINVAL);
}

bool kw_check_set_asked(const struct kw_failure *f, enum kw_check_set set)
{
	bool vmcs = kw_failure_has_group(f, KW_G_VMCS) && names_no_part(f);

	switch (set) {
	case KW_CHECKS_VMX_CONTROLS:
		return vmcs || FACT_IS(f, hardware_error, KW_VMXERR_ENTRY_INVALID_CONTROL_FIELD);
	case KW_CHECKS_VMX_HOST:
		return vmcs || FACT_IS(f, hardware_error, KW_VMXERR_ENTRY_INVALID_HOST_STATE_FIELD);
	case KW_CHECKS_VMX_GUEST:
		return vmcs || failed_by(f, KW_VMX_EXIT_INVALID_STATE);
	case KW_CHECKS_VMX_MSR_LOAD:
		return vmcs || failed_by(f, KW_VMX_EXIT_MSR_LOAD_FAIL);
	case KW_CHECKS_SVM:
		if (!kw_has(f, hardware_error))
			return kw_failure_has_group(f, KW_G_VMCB);
		return f->hardware_error == UINT32_MAX || f->hardware_error == UINT64_MAX;
	case KW_CHECKS_SET_SREGS:
		return refused(f, KW_STR("KVM_SET_SREGS"));
	case KW_CHECKS_SET_XCRS:
		return refused(f, KW_STR("KVM_SET_XCRS"));
	default:
		return false;
	}
}

const struct kw_check *kw_check_next(const struct kw_failure *f, const struct kw_check *after,
				     enum kw_verdict wanted, struct kw_entry *e)
{
	const struct kw_check_section *s = after ? kw_check_section_of(after) : kw_check_sections;
	size_t i;

	if (!s)
		return NULL;
	i = after ? (size_t)(after - s->check) + 1 : 0;
	for (; s->n; s++, i = 0) {
		for (bool asked = kw_check_set_asked(f, s->set); asked && i < s->n; i++) {
			if (kw_check_ask(&s->check[i], f, e) == wanted)
				return &s->check[i];
		}
	}
	return NULL;
}
