// SPDX-License-Identifier: MIT
/*
 * The words of a specification, as a table: each has a function that takes its value.
 */
#include "spec.h"

#include <errno.h>
#include <kvm_numbers.h>
#include <string.h>

#include "../lib/base/number.h"
#include "errnos.h"

enum { WORD_MAX = KW_SPEC_PATH };

/* A word's function takes the text after =. Return: NULL, or what is wrong with it. */
typedef const char *take_fn(struct kw_spec *spec, char *value);

static bool to_number(const char *text, uint64_t *ret)
{
	return kw_number(text, strlen(text), UINT64_MAX, ret);
}

/* "5", "5..9" or "5..", that is, 5 and all above. */
static bool to_range(char *text, struct kw_range *ret)
{
	char *dots = strstr(text, "..");

	if (!dots)
		return to_number(text, &ret->first) && (ret->last = ret->first, true);
	*dots = '\0';
	ret->last = UINT64_MAX;
	return to_number(text, &ret->first) && (!dots[2] || to_number(dots + 2, &ret->last)) &&
	       ret->first <= ret->last;
}

static const char *take_vcpu(struct kw_spec *spec, char *value)
{
	return to_range(value, &spec->vcpu) ? NULL : "use a vCPU number, or a range K..K";
}

static const char *take_call(struct kw_spec *spec, char *value)
{
	if (to_range(value, &spec->call) && spec->call.first)
		return NULL;
	return "use the number of a KVM_RUN call, counted from 1, or a range N..N or N..";
}

static const char *take_rip(struct kw_spec *spec, char *value)
{
	spec->by |= KW_BY_RIP;
	return to_range(value, &spec->rip) ? NULL : "use an address, or a range ADDRESS..ADDRESS";
}

static const char *take_msr(struct kw_spec *spec, char *value)
{
	spec->by |= KW_BY_MSR;
	if (to_range(value, &spec->msr) && spec->msr.first <= UINT32_MAX)
		return NULL;
	return "use an MSR index, or a range INDEX..INDEX";
}

/* Those of <linux/kvm.h> that an x86 guest can be made to take; others go by number. */
static const struct {
	const char *name;
	uint32_t reason;
} exit_reasons[] = {
	{ "exception", KW_KVM_EXIT_EXCEPTION },
	{ "io", KW_KVM_EXIT_IO },
	{ "hypercall", KW_KVM_EXIT_HYPERCALL },
	{ "debug", KW_KVM_EXIT_DEBUG },
	{ "hlt", KW_KVM_EXIT_HLT },
	{ "mmio", KW_KVM_EXIT_MMIO },
	{ "irq-window-open", KW_KVM_EXIT_IRQ_WINDOW_OPEN },
	{ "shutdown", KW_KVM_EXIT_SHUTDOWN },
	{ "fail-entry", KW_KVM_EXIT_FAIL_ENTRY },
	{ "intr", KW_KVM_EXIT_INTR },
	{ "internal-error", KW_KVM_EXIT_INTERNAL_ERROR },
	{ "system-event", KW_KVM_EXIT_SYSTEM_EVENT },
	{ "rdmsr", KW_KVM_EXIT_X86_RDMSR },
	{ "wrmsr", KW_KVM_EXIT_X86_WRMSR },
};

static const char *take_exit_reason(struct kw_spec *spec, char *value)
{
	uint64_t number;

	spec->by |= KW_BY_EXIT;
	for (size_t i = 0; i < sizeof(exit_reasons) / sizeof(exit_reasons[0]); i++)
		if (!strcmp(exit_reasons[i].name, value))
			return spec->exit_reason = exit_reasons[i].reason, NULL;
	if (!to_number(value, &number) || number > UINT32_MAX)
		return "use the number of an exit reason, or a name such as io, mmio or hlt";
	spec->exit_reason = (uint32_t)number;
	return NULL;
}

/* Percent with up to six decimals, in units of one in 100 million. */
static const char *take_probability(struct kw_spec *spec, char *value)
{
	char *dot = strchr(value, '.');
	uint64_t whole, decimals = 0;
	size_t digits = dot ? strlen(dot + 1) : 0;
	bool good = !dot || (digits && digits <= 6 && strspn(dot + 1, "0123456789") == digits);

	if (dot && good) {
		*dot = '\0';
		good = to_number(dot + 1, &decimals);
	}
	for (; digits < 6; digits++)
		decimals *= 10;
	if (!good || !to_number(value, &whole) || whole > 100 || (whole == 100 && decimals))
		return "use a percentage from 0 to 100, with up to six decimals";
	spec->chance = whole * 1000000 + decimals;
	spec->chances = 100000000;
	return NULL;
}

static const char *take_one_in(struct kw_spec *spec, char *value)
{
	spec->chance = 1;
	return to_number(value, &spec->chances) && spec->chances ? NULL : "use a number of at "
		"least 1";
}

static const char *take_seed(struct kw_spec *spec, char *value)
{
	return to_number(value, &spec->seed) ? NULL : "use a number of up to 64 bits";
}

static const char *take_times(struct kw_spec *spec, char *value)
{
	uint64_t number;

	spec->times = -1;
	if (!strcmp(value, "-1"))
		return NULL;
	if (!to_number(value, &number) || !number || number > INT64_MAX)
		return "use a number of at least 1, or -1 for no limit";
	spec->times = (int64_t)number;
	return NULL;
}

static const char *take_interval(struct kw_spec *spec, char *value)
{
	return to_number(value, &spec->interval) && spec->interval ? NULL : "use a number of at "
		"least 1";
}

static const char *take_errno(struct kw_spec *spec, char *value)
{
	uint64_t number = (uint64_t)kw_errno_number(value);

	spec->error = 0;
	if (!strcmp(value, "none"))
		return NULL;
	if ((!number && !to_number(value, &number)) || !number || number > EHWPOISON)
		return "use a name such as EPERM or EFAULT, a number from 1 to 133, or none";
	spec->error = (int)number;
	return NULL;
}

static const struct {
	const char *name;
	int reason;
	unsigned int least, most; /* numbers after the name */
	const char *shape;
} exits[] = {
	{ "unknown", KW_KVM_EXIT_UNKNOWN, 1, 1, "use exit=unknown:HARDWARE_EXIT_REASON" },
	{ "shutdown", KW_KVM_EXIT_SHUTDOWN, 0, 0, "shutdown takes no numbers" },
	{ "fail-entry", KW_KVM_EXIT_FAIL_ENTRY, 1, 2,
	  "use "
	  "exit=fail-entry:HARDWARE_ENTRY_FAILURE_REASON[:CPU]" },
	{ "internal-error", KW_KVM_EXIT_INTERNAL_ERROR, 1, 17,
	  "use exit=internal-error:SUBERROR[:DATA]..., with up to 16 DATA" },
	{ "memory-fault", KW_KVM_EXIT_MEMORY_FAULT, 2, 3,
	  "use "
	  "exit=memory-fault:GPA:SIZE[:FLAGS]" },
};

static bool take_numbers(struct kw_spec *spec, char *text)
{
	for (char *word; (word = strsep(&text, ":"));)
		if (spec->numbers == KW_SPEC_NUMBERS ||
		    !to_number(word, &spec->number[spec->numbers++]))
			return false;
	return true;
}

static const char *take_exit(struct kw_spec *spec, char *value)
{
	char *name = strsep(&value, ":");

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		if (strcmp(exits[i].name, name))
			continue;
		spec->exit = exits[i].reason;
		if (!take_numbers(spec, value) || spec->numbers < exits[i].least ||
		    spec->numbers > exits[i].most)
			return exits[i].shape;
		if (spec->exit == KW_KVM_EXIT_FAIL_ENTRY && spec->number[1] > UINT32_MAX)
			return "a CPU number has at most 32 bits";
		if (spec->exit == KW_KVM_EXIT_INTERNAL_ERROR && spec->number[0] > UINT32_MAX)
			return "a suberror has at most 32 bits";
		return NULL;
	}
	return "use unknown, shutdown, fail-entry, internal-error or memory-fault";
}

static const char *take_mode(struct kw_spec *spec, char *value)
{
	spec->after = !strcmp(value, "after");
	return spec->after || !strcmp(value, "before") ? NULL : "use before or after";
}

static const char *take_log(struct kw_spec *spec, char *value)
{
	strcpy(spec->log, value); /* the longest word */
	return NULL;
}

enum word {
	VCPU, CALL, RIP, MSR, EXIT_REASON,
	PROBABILITY, ONE_IN, SEED, TIMES, INTERVAL,
	ERRNO, EXIT, MODE, LOG,
	NWORDS
};

static const struct {
	const char *name;
	take_fn *take;
} words[NWORDS] = {
	[VCPU] = { "vcpu", take_vcpu },
	[CALL] = { "call", take_call },
	[RIP] = { "rip", take_rip },
	[MSR] = { "msr", take_msr },
	[EXIT_REASON] = { "exit-reason", take_exit_reason },
	[PROBABILITY] = { "probability", take_probability },
	[ONE_IN] = { "one-in", take_one_in },
	[SEED] = { "seed", take_seed },
	[TIMES] = { "times", take_times },
	[INTERVAL] = { "interval", take_interval },
	[ERRNO] = { "errno", take_errno },
	[EXIT] = { "exit", take_exit },
	[MODE] = { "mode", take_mode },
	[LOG] = { "log", take_log },
};

static int find_word(const char *name, size_t len)
{
	for (int i = 0; i < NWORDS; i++)
		if (strlen(words[i].name) == len && !memcmp(words[i].name, name, len))
			return i;
	return -1;
}

static int wrong(struct kw_spec_error *err, const char *word, size_t len, const char *reason)
{
	len = len < sizeof(err->word) ? len : sizeof(err->word) - 1;
	memcpy(err->word, word, len);
	err->word[len] = '\0';
	err->reason = reason;
	return -1;
}

static void add_what(struct kw_spec *spec, const char *word, size_t len)
{
	size_t have = strlen(spec->what);
	size_t room = sizeof(spec->what) - 2 - have;

	if (have)
		spec->what[have++] = ' ';
	memcpy(spec->what + have, word, len < room ? len : room);
}

static int take_word(struct kw_spec *spec, bool *given, const char *word, size_t len,
		     struct kw_spec_error *err)
{
	char value[WORD_MAX];
	size_t name = strcspn(word, "= \t\n,");
	int i = find_word(word, name);
	const char *reason;

	if (i < 0)
		return wrong(err, word, len,
			     "unknown word; use vcpu, call, rip, msr, exit-reason, probability, "
			     "one-in, seed, times, interval, errno, exit, mode or log");
	if (len < name + 2)
		return wrong(err, word, len, "it needs a value: WORD=VALUE");
	if (given[i])
		return wrong(err, word, len, "it appears twice");
	if (len - name - 1 >= sizeof(value))
		return wrong(err, word, len, "it is too long");
	given[i] = true;
	memcpy(value, word + name + 1, len - name - 1);
	value[len - name - 1] = '\0';
	if (i == EXIT || i == ERRNO)
		add_what(spec, word, len);
	reason = words[i].take(spec, value);
	return reason ? wrong(err, word, len, reason) : 0;
}

/* Rules across words. */
static int finish(struct kw_spec *spec, const bool *given, struct kw_spec_error *err)
{
	if (given[PROBABILITY] && given[ONE_IN])
		return wrong(err, "one-in", 6, "one-in and probability exclude each other");
	if (spec->by & (KW_BY_MSR | KW_BY_EXIT)) {
		if (given[MODE] && !spec->after)
			return wrong(err, "mode=before", 11,
				     "msr and exit-reason are known only after KVM_RUN");
		spec->after = true;
	}
	if (spec->exit == KW_NO_EXIT && given[ERRNO] && !spec->error)
		return wrong(err, "errno=none", 10, "without exit=, nothing would fail");
	if (!given[ERRNO] && spec->exit == KW_NO_EXIT) {
		spec->error = EPERM;
		strcpy(spec->what, "errno=EPERM");
	}
	/* the one exit that KVM reports together with an errno */
	if (!given[ERRNO] && spec->exit == KW_KVM_EXIT_MEMORY_FAULT)
		spec->error = EFAULT;
	return 0;
}

int kw_spec_parse(const char *text, struct kw_spec *ret, struct kw_spec_error *err)
{
	static const char between[] = ", \t\n";
	bool given[NWORDS] = { false };
	struct kw_spec spec = {
		.vcpu.last = UINT64_MAX,
		.call.last = UINT64_MAX,
		.interval = 1,
		.chance = 1,
		.chances = 1,
		.times = 1,
		.exit = KW_NO_EXIT,
	};

	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		size_t len = strcspn(text, between);

		if (take_word(&spec, given, text, len, err))
			return -1;
		text += len;
	}
	if (finish(&spec, given, err))
		return -1;
	*ret = spec;
	return 0;
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
 * Generators"). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* The upper 64 of the 128 bits of a product: 32-bit targets have no __int128. */
static uint64_t high_product(uint64_t a, uint64_t b)
{
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t middle = a1 * b0 + (a0 * b0 >> 32);

	return a1 * b1 + (middle >> 32) + ((a0 * b1 + (uint32_t)middle) >> 32);
}

bool kw_spec_chance(const struct kw_spec *spec, uint64_t vcpu, uint64_t call)
{
	static const uint64_t step = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio, as there */
	uint64_t drawn;

	if (spec->chance == spec->chances)
		return true;
	drawn = mix(mix(mix(spec->seed + step) + (vcpu + 1) * step) + call * step);
	/* evenly to 0 .. chances - 1, by the high half of the product */
	return high_product(drawn, spec->chances) < spec->chance;
}
