// SPDX-License-Identifier: MIT
/* kvmwhy inject status: the module's files in, words out. Also what both injectors share. */
#include "inject.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../lib/base/number.h"

const char *const kw_accesses[] = { "wrmsr", "rdmsr", NULL };

const struct kw_attr_row kw_attrs[KW_NATTRS] = {
	[KW_ATTR_ACCESS] = { "access", KW_WRMSR, KW_RDMSR, KW_WRMSR, false },
	[KW_ATTR_MSR_FIRST] = { "msr_first", 0, UINT32_MAX, 0, true },
	[KW_ATTR_MSR_LAST] = { "msr_last", 0, UINT32_MAX, 0, true },
	[KW_ATTR_VALUE] = { "value", INT64_MIN, INT64_MAX, 0, true },
	[KW_ATTR_VALUE_MASK] = { "value_mask", INT64_MIN, INT64_MAX, 0, true },
	[KW_ATTR_PID] = { "pid", 0, INT32_MAX, 0, false },
	[KW_ATTR_VCPU] = { "vcpu", -1, INT32_MAX, -1, false },
	[KW_ATTR_RESULT] = { "result", -EHWPOISON, 1, -EPERM, false },
	[KW_ATTR_PROBABILITY] = { "probability", 0, 100, 0, false },
	[KW_ATTR_INTERVAL] = { "interval", 1, UINT32_MAX, 1, false },
	[KW_ATTR_TIMES] = { "times", -1, INT32_MAX, 1, false },
	[KW_ATTR_SPACE] = { "space", 0, INT32_MAX, 0, false },
	[KW_ATTR_VERBOSE] = { "verbose", 0, 2, 1, false },
	[KW_ATTR_LIKE] = { "like", 0, 1, 0, false },
	[KW_ATTR_SEED] = { "seed", INT64_MIN, INT64_MAX, 0, true },
};

const char kw_armed[] = "armed";

/* All 64 bits only without a sign, and only if the attribute is a bit mask. */
bool kw_to_number(const char *text, bool hex, int64_t *ret)
{
	bool minus = *text == '-';
	uint64_t value, max = minus ? UINT64_C(1) << 63 : hex ? UINT64_MAX : INT64_MAX;

	if (!kw_number(text + minus, strlen(text + minus), max, &value))
		return false;
	*ret = (int64_t)(minus ? -value : value);
	return true;
}

void kw_say(struct kw_session *s, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	kw_output_write(&s->out, text, strlen(text));
}

struct state {
	char text[KW_NATTRS][KW_KMOD_TEXT];
	int64_t value[KW_NATTRS];
	char armed[KW_KMOD_TEXT], seen[KW_KMOD_TEXT], injected[KW_KMOD_TEXT], missed[KW_KMOD_TEXT];
	char module[4096]; /* its file status: lines "name value" */
};

static void parse_attr(struct state *state, enum kw_attr attr)
{
	const char *text = state->text[attr];

	if (attr == KW_ATTR_ACCESS)
		state->value[attr] = strcmp(text, kw_accesses[KW_RDMSR]) ? KW_WRMSR : KW_RDMSR;
	else if (!kw_to_number(text, kw_attrs[attr].hex, &state->value[attr]))
		state->value[attr] = kw_attrs[attr].loaded;
}

static int read_state(const struct kw_session *s, struct state *state)
{
	const struct kw_kmod *kmod = &s->kmod;

	for (int i = 0; i < KW_NATTRS; i++) {
		if (kw_kmod_read(kmod, kw_attrs[i].name, state->text[i]))
			return -1;
		parse_attr(state, (enum kw_attr)i);
	}
	if (kw_kmod_read(kmod, kw_armed, state->armed) ||
	    kw_kmod_read(kmod, "seen", state->seen) ||
	    kw_kmod_read(kmod, "injected", state->injected) ||
	    kw_kmod_read(kmod, "missed", state->missed))
		return -1;
	return kw_kmod_status(kmod, state->module, sizeof(state->module));
}

/* Is there a line "@name @value" in the file status? */
static bool module_says(const struct state *state, const char *name, const char *value)
{
	size_t len = strlen(name), value_len = strlen(value);

	for (const char *line = state->module; *line; line += strcspn(line, "\n"), line += !!*line)
		if (!strncmp(line, name, len) && line[len] == ' ' &&
		    strcspn(line + len + 1, "\n") == value_len &&
		    !strncmp(line + len + 1, value, value_len))
			return true;
	return false;
}

static void result_words(const struct state *state, char *words, size_t size)
{
	int64_t result = state->value[KW_ATTR_RESULT];
	const char *name = kw_errno_name(-result);

	if (result == 1 || state->value[KW_ATTR_ACCESS] == KW_RDMSR)
		snprintf(words, size, "the guest gets #GP");
	else if (module_says(state, "permit", "gp") ||
		 module_says(state, "permit", "correctable,gp"))
		snprintf(words, size, "the guest gets #GP: permit=gp turns errnos into #GP");
	else if (name)
		snprintf(words, size, "KVM_RUN fails with %s", name);
	else
		snprintf(words, size, "KVM_RUN fails with errno %" PRId64, -result);
}

static void msr_words(const int64_t *v, char *words, size_t size)
{
	if (v[KW_ATTR_MSR_FIRST] == v[KW_ATTR_MSR_LAST])
		snprintf(words, size, "MSR 0x%" PRIx64, (uint64_t)v[KW_ATTR_MSR_FIRST]);
	else if (!v[KW_ATTR_MSR_FIRST] && v[KW_ATTR_MSR_LAST] == UINT32_MAX)
		snprintf(words, size, "any MSR");
	else
		snprintf(words, size, "MSRs 0x%" PRIx64 " to 0x%" PRIx64,
			 (uint64_t)v[KW_ATTR_MSR_FIRST], (uint64_t)v[KW_ATTR_MSR_LAST]);
}

static const char *any_or(const char *any, int64_t value, int64_t is_any)
{
	return value == is_any ? any : "only this one";
}

static const char *mask_words(int64_t mask)
{
	if (!mask)
		return "any value";
	return mask == -1 ? "all bits are compared" : "only these bits are compared";
}

static const char *verbose_words(int64_t level)
{
	if (level < 1)
		return "nothing in the kernel log";
	return level == 1 ? "one line in the kernel log per failure" :
			    "one line and a stack trace per failure";
}

/* What the value of an attribute means. */
static void attr_words(const struct state *state, enum kw_attr attr, char *words, size_t size)
{
	const int64_t *v = state->value;

	switch (attr) {
	case KW_ATTR_MSR_FIRST:
		msr_words(v, words, size);
		break;
	case KW_ATTR_VALUE_MASK:
		snprintf(words, size, "%s", mask_words(v[KW_ATTR_VALUE_MASK]));
		break;
	case KW_ATTR_PID:
		snprintf(words, size, "%s", any_or("any process", v[KW_ATTR_PID], 0));
		break;
	case KW_ATTR_VCPU:
		snprintf(words, size, "%s", any_or("any vCPU", v[KW_ATTR_VCPU], -1));
		break;
	case KW_ATTR_RESULT:
		result_words(state, words, size);
		break;
	case KW_ATTR_PROBABILITY:
		snprintf(words, size, "percent");
		break;
	case KW_ATTR_INTERVAL:
		snprintf(words, size, "%s",
			 v[KW_ATTR_INTERVAL] == 1 ? "every access" : "every Nth access");
		break;
	case KW_ATTR_TIMES:
		snprintf(words, size, "%s", v[KW_ATTR_TIMES] < 0 ? "no limit" : "failures left");
		break;
	case KW_ATTR_SPACE:
		snprintf(words, size, "accesses pass first");
		break;
	case KW_ATTR_VERBOSE:
		snprintf(words, size, "%s", verbose_words(v[KW_ATTR_VERBOSE]));
		break;
	case KW_ATTR_LIKE:
		snprintf(words, size, "%s",
			 v[KW_ATTR_LIKE] ? "what Linux 5.10.0 to 5.10.136 refused" : "off");
		break;
	default:
		*words = '\0';
	}
}

static void say_row(struct kw_session *s, const char *name, const char *value, const char *words)
{
	kw_say(s, *words ? "  %-12s %-18s %s\n" : "  %-12s %s\n", name, value, words);
}

static void say_headline(struct kw_session *s, const struct state *state)
{
	const int64_t *v = state->value;
	char result[96], msr[64];

	result_words(state, result, sizeof(result));
	msr_words(v, msr, sizeof(msr));
	if (strcmp(state->armed, "1"))
		kw_say(s, "off: nothing is injected\n\n");
	else if (v[KW_ATTR_LIKE])
		kw_say(s, "armed: writes of machine-check MSRs fail as on Linux 5.10.0 to "
			  "5.10.136\n\n");
	else if (!v[KW_ATTR_TIMES])
		kw_say(s, "done: all requested failures have happened\n\n");
	else
		kw_say(s, "armed: on a guest's %s of %s, %s\n\n",
		       v[KW_ATTR_ACCESS] == KW_WRMSR ? "WRMSR" : "RDMSR", msr, result);
}

static void say_notes(struct kw_session *s, const struct state *state)
{
	if (module_says(state, "kvm_arch_vcpu_ioctl_run", "absent"))
		kw_say(s, "\nnote: KVM is not loaded, so nothing can fail: run 'modprobe "
			  "kvm_intel' or 'modprobe kvm_amd'\n");
	if (module_says(state, "kvm_arch_vcpu_ioctl_run", "unfit"))
		kw_say(s, "\nnote: the module does not know this kernel's KVM: check dmesg\n");
	if (module_says(state, "report", "off"))
		kw_say(s, "\nnote: report is off, so kvm_run will not say that a failure was "
			  "injected. To change that:\n"
			  "  echo annotate > /sys/module/kvmwhy/parameters/report   (or exit)\n");
}

int kw_inject_show(struct kw_session *s)
{
	static struct state state;
	char words[96];

	if (read_state(s, &state))
		return KW_EXIT_TROUBLE;
	say_headline(s, &state);
	for (int i = 0; i < KW_NATTRS; i++) {
		attr_words(&state, (enum kw_attr)i, words, sizeof(words));
		say_row(s, kw_attrs[i].name, state.text[i], words);
	}
	kw_say(s, "\n");
	say_row(s, "seen", state.seen, "accesses matched the filters since arming");
	say_row(s, "injected", state.injected, "of them were made to fail");
	say_row(s, "missed", state.missed, "could not be inspected");
	say_notes(s, &state);
	return KW_EXIT_FOUND;
}
