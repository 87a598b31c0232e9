// SPDX-License-Identifier: MIT
/*
 * The text of an MSR policy: the input itself, then a text of words that its bytes choose. A
 * policy's filter stops what the policy answers, and each exit has an answer; an error has a place.
 */
#include "fuzz.h"
#include "msr_filter.h"

static struct kw_msr_policy policy;
static struct kw_msr_filter filter;

/* As kvm_msr_allowed(). */
static bool kvm_allows(uint32_t msr, uint32_t type)
{
	for (size_t i = 0; i < filter.ranges; i++) {
		const struct kvm_msr_filter_range *range = &filter.kvm.ranges[i];
		uint32_t end = range->base + range->nmsrs, bit = msr - range->base;

		if (msr >= range->base && msr < end && (range->flags & type))
			return range->bitmap[bit / 8] >> bit % 8 & 1;
	}
	return true;
}

static void check_exit(uint32_t msr, bool write, uint32_t reason)
{
	static struct kvm_run run;
	static struct kw_msr_values values;
	const struct kw_msr_rule *rule = kw_msr_policy_find(
		&policy, msr, write ? KW_MSR_WRITE : KW_MSR_READ, reason);
	int ret;

	run.exit_reason = write ? KVM_EXIT_X86_WRMSR : KVM_EXIT_X86_RDMSR;
	run.msr.index = msr;
	run.msr.reason = reason;
	ret = kw_msr_policy_exit(&policy, &values, &run);
	PROMISE(ret == (!rule ? 0 : rule->action == KW_MSR_STOP ? KW_MSR_POLICY_STOP : 1));
	if (reason == KVM_MSR_EXIT_REASON_FILTER)
		PROMISE(kvm_allows(msr, write ? KVM_MSR_FILTER_WRITE : KVM_MSR_FILTER_READ) ==
			(!rule || rule->action == KW_MSR_ALLOW));
}

static void check_msr(uint32_t msr)
{
	for (uint32_t reason = 1; reason <= 4; reason *= 2) {
		check_exit(msr, false, reason);
		check_exit(msr, true, reason);
	}
}

static void check_text(const char *text, size_t len)
{
	struct kw_msr_policy_error error;

	if (kw_msr_policy_parse(&policy, text, len, &error)) {
		PROMISE(policy.count == 0 && memchr(error.message, 0, sizeof(error.message)));
		for (const char *p = error.message; *p; p++)
			PROMISE(*p >= ' ' && *p <= '~');
		return;
	}
	PROMISE(policy.count <= KW_MSR_POLICY_LINES_MAX && policy.last <= KW_MSR_POLICY_LAST_MAX);
	PROMISE(kw_msr_filter_compile(&filter, &policy, NULL) == 0);
	for (unsigned int i = 0; i < policy.count; i++) {
		check_msr(policy.rule[i].first - 1);
		check_msr(policy.rule[i].first);
		check_msr(policy.rule[i].last);
		check_msr(policy.rule[i].last + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const words[] = {
		"0x10", "0x11", "0x10-0x20", "0x3000-0x5fff", "0x5fff", "0x9000-0xffff", "unknown",
		"invalid", "0xc0000080", "0xfffffffe", "0x900-0x2fff", "1", "0-0x7ff", "0x4b570000",
	};
	static const char *const access[] = { "r", "w", "rw", "rw" };
	static const char *const action[] = {
		"allow", "ignore", "value=5", "last", "last=9", "gp", "stop", "gp",
	};
	static char text[4096];
	size_t at = 0;

	check_text((const char *)(data ? data : (const uint8_t *)""), len);
	for (size_t i = 0; i + 1 < len && at < sizeof(text) - 64; i += 2)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s %s %s\n",
				       words[data[i] % (sizeof(words) / sizeof(words[0]))],
				       access[data[i + 1] & 3], action[data[i + 1] >> 2 & 7]);
	check_text(text, at);
	return 0;
}
