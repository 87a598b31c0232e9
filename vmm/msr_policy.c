// SPDX-License-Identifier: MIT
/*
 * The text of kvmwhy-msr-policy(5) in, a table out; an MSR and an access in, the first matching
 * line out; an exit in, its answer out.
 */
#include "msr_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"

/* KVM adds a range's length to its base in 32 bits, so no range can contain the last MSR. */
#define MSR_MAX 0xfffffffeu
/* kvm_msr_allowed() allows these, whatever the filter says. */
#define X2APIC_FIRST 0x800u
#define X2APIC_LAST 0x8ffu
/* The capacity of a filter. */
#define WIDTH_MAX (KVM_MSR_FILTER_MAX_RANGES * KW_MSR_BITMAP_MSRS)
#define SHOWN 40 /* characters of a word quoted in a message */

struct word {
	const char *at;
	size_t len;
};

/* The rest of a text. */
struct text {
	const char *at, *end;
	unsigned int line;
	struct kw_msr_policy_error *error;
};

__attribute__((format(printf, 2, 3)))
static int wrong(const struct text *text, const char *format, ...)
{
	va_list args;

	if (!text->error)
		return -EINVAL;
	text->error->line = text->line;
	va_start(args, format);
	vsnprintf(text->error->message, sizeof(text->error->message), format, args);
	va_end(args);
	return -EINVAL;
}

/* wrong() prefixed with the word; unprintable characters become question marks. */
static int wrong_word(const struct text *text, struct word word, const char *message)
{
	char shown[SHOWN + 1];
	size_t len = word.len < SHOWN ? word.len : SHOWN;

	if (!len)
		return wrong(text, "%s", message);
	for (size_t i = 0; i < len; i++)
		shown[i] = word.at[i] < ' ' || word.at[i] > '~' ? '?' : word.at[i];
	shown[len] = 0;
	return wrong(text, "'%s%s': %s", shown, len < word.len ? "..." : "", message);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; empty at its end or at a comment. */
static struct word next_word(struct text *text)
{
	struct word word;

	while (text->at < text->end && is_blank(*text->at))
		text->at++;
	word.at = text->at;
	if (text->at < text->end && *text->at != '#')
		while (text->at < text->end && !is_blank(*text->at) && *text->at != '\n' &&
		       *text->at != '#')
			text->at++;
	word.len = (size_t)(text->at - word.at);
	return word;
}

static void next_line(struct text *text)
{
	const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));

	text->at = newline ? newline + 1 : text->end;
	text->line++;
}

static bool word_is(struct word word, const char *name)
{
	return word.len == strlen(name) && !memcmp(word.at, name, word.len);
}

/* Strips @prefix from @word, which may then be empty. */
static bool take(struct word *word, const char *prefix)
{
	size_t len = strlen(prefix);

	if (word->len < len || memcmp(word->at, prefix, len) != 0)
		return false;
	word->at += len;
	word->len -= len;
	return true;
}

static bool number(struct word word, uint64_t max, uint64_t *ret)
{
	return kw_number(word.at, word.len, max, ret);
}

static int parse_msrs(const struct text *text, struct word word, struct kw_msr_rule *rule)
{
	const char *dash = memchr(word.at, '-', word.len);
	struct word first = word, last = word;
	uint64_t from, to;

	if (dash) {
		first.len = (size_t)(dash - word.at);
		last.at = dash + 1;
		last.len = word.len - first.len - 1;
	}
	if (!number(first, MSR_MAX, &from) || !number(last, MSR_MAX, &to))
		return wrong_word(text, word, "an MSR is a number up to 0xfffffffe, FIRST-LAST, "
					      "unknown or invalid");
	if (to < from)
		return wrong_word(text, word, "the last is before the first");
	rule->what = KW_MSR_NUMBERS;
	rule->first = (uint32_t)from;
	rule->last = (uint32_t)to;
	return 0;
}

static int parse_what(const struct text *text, struct word word, struct kw_msr_rule *rule)
{
	if (word_is(word, "unknown"))
		rule->what = KW_MSR_UNKNOWN;
	else if (word_is(word, "invalid"))
		rule->what = KW_MSR_INVALID;
	else
		return parse_msrs(text, word, rule);
	return 0;
}

static int parse_access(const struct text *text, struct word word, struct kw_msr_rule *rule)
{
	if (word_is(word, "r"))
		rule->access = KW_MSR_READ;
	else if (word_is(word, "w"))
		rule->access = KW_MSR_WRITE;
	else if (word_is(word, "rw"))
		rule->access = KW_MSR_READ | KW_MSR_WRITE;
	else
		return wrong_word(text, word, "expected r, w or rw after the MSR");
	return 0;
}

static int parse_action(const struct text *text, struct word word, struct kw_msr_rule *rule)
{
	static const struct {
		const char *name;
		enum kw_msr_action action;
		bool takes_value;
	} actions[] = {
		{ "allow", KW_MSR_ALLOW, false },  { "ignore", KW_MSR_VALUE, false },
		{ "last", KW_MSR_LAST, false },	   { "gp", KW_MSR_GP, false },
		{ "stop", KW_MSR_STOP, false },	   { "value=", KW_MSR_VALUE, true },
		{ "last=", KW_MSR_LAST, true },
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct word rest = word;

		if (!take(&rest, actions[i].name))
			continue;
		if (!actions[i].takes_value && rest.len)
			continue;
		if (actions[i].takes_value && !number(rest, UINT64_MAX, &rule->value))
			return wrong_word(text, word, "the value is not a number of 64 bits");
		rule->action = actions[i].action;
		return 0;
	}
	return wrong_word(text, word, "expected allow, ignore, value=NUMBER, last, last=NUMBER, "
				      "gp or stop after the access");
}

/* Which lines an action is allowed in. */
static int check(const struct text *text, const struct kw_msr_rule *rule)
{
	if (rule->action == KW_MSR_LAST && rule->what != KW_MSR_NUMBERS)
		return wrong(text, "last needs MSRs by number");
	if (rule->action == KW_MSR_LAST && rule->access != (KW_MSR_READ | KW_MSR_WRITE))
		return wrong(text, "last needs rw");
	if (rule->what != KW_MSR_NUMBERS || rule->action == KW_MSR_ALLOW)
		return 0;
	if (rule->first <= X2APIC_LAST && rule->last >= X2APIC_FIRST)
		return wrong(text, "0x800 to 0x8ff are the x2APIC's, which KVM's filter always "
				   "lets through");
	if (rule->last - rule->first >= WIDTH_MAX)
		return wrong(text, "more than %u MSRs, the capacity of KVM's filter",
			     WIDTH_MAX);
	return 0;
}

/* A line that can never decide is a mistake. */
static int check_earlier(const struct text *text, const struct kw_msr_policy *policy,
			 const struct kw_msr_rule *rule)
{
	for (unsigned int i = 0; i < policy->count; i++) {
		const struct kw_msr_rule *earlier = &policy->rule[i];

		if (earlier->what == rule->what && earlier->first <= rule->first &&
		    earlier->last >= rule->last && !(rule->access & ~earlier->access))
			return wrong(text, "line %u already has these MSRs", earlier->line);
	}
	return 0;
}

static int take_slots(const struct text *text, struct kw_msr_policy *policy,
		      struct kw_msr_rule *rule)
{
	if (rule->action != KW_MSR_LAST)
		return 0;
	if (rule->last - rule->first >= KW_MSR_POLICY_LAST_MAX - policy->last)
		return wrong(text, "more than %u MSRs in lines with last", KW_MSR_POLICY_LAST_MAX);
	rule->slot = policy->last;
	policy->last += rule->last - rule->first + 1;
	return 0;
}

static int parse_line(struct text *text, struct kw_msr_policy *policy)
{
	struct kw_msr_rule rule = { .line = text->line };
	struct word word = next_word(text);
	int ret;

	if (!word.len)
		return 0;
	if (policy->count == KW_MSR_POLICY_LINES_MAX)
		return wrong(text, "more than %u lines", KW_MSR_POLICY_LINES_MAX);
	ret = parse_what(text, word, &rule);
	if (!ret)
		ret = parse_access(text, next_word(text), &rule);
	if (!ret)
		ret = parse_action(text, next_word(text), &rule);
	if (ret)
		return ret;
	word = next_word(text);
	if (word.len)
		return wrong_word(text, word, "nothing may follow the action");
	ret = check(text, &rule);
	if (!ret)
		ret = check_earlier(text, policy, &rule);
	if (!ret)
		ret = take_slots(text, policy, &rule);
	if (!ret)
		policy->rule[policy->count++] = rule;
	return ret;
}

static int parse(struct text *text, struct kw_msr_policy *policy)
{
	struct kw_msr_filter filter;

	while (text->at < text->end) {
		int ret = parse_line(text, policy);

		if (ret)
			return ret;
		next_line(text);
	}
	text->line = 0;
	if (kw_msr_filter_compile(&filter, policy, NULL))
		return wrong(text, "the MSRs do not fit in the %u ranges of KVM's filter",
			     KVM_MSR_FILTER_MAX_RANGES);
	return 0;
}

int kw_msr_policy_parse(struct kw_msr_policy *policy, const char *text, size_t len,
			struct kw_msr_policy_error *error)
{
	struct text from = { .line = 0, .error = error };
	int ret;

	if (!policy || !text)
		return -EINVAL;
	memset(policy, 0, sizeof(*policy));
	if (len > KW_MSR_POLICY_TEXT_MAX)
		return wrong(&from, "more than %u bytes", KW_MSR_POLICY_TEXT_MAX);
	from = (struct text){ text, text + len, 1, error };
	ret = parse(&from, policy);
	if (ret)
		memset(policy, 0, sizeof(*policy));
	return ret;
}

/* At most @size bytes of a regular file; anything else might block, or never end. */
static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat))
		got = -errno;
	else if (!S_ISREG(stat.st_mode))
		got = -EINVAL;
	while (got > 0 && len < size) {
		got = read(fd, text + len, size - len);
		if (got < 0)
			got = errno == EINTR ? 1 : -errno;
		else
			len += (size_t)got;
	}
	close(fd);
	return got < 0 ? got : (ssize_t)len;
}

int kw_msr_policy_load(struct kw_msr_policy *policy, const char *path,
		       struct kw_msr_policy_error *error)
{
	const struct text none = { .line = 0, .error = error };
	char *text;
	ssize_t len;
	int ret;

	if (!policy || !path)
		return -EINVAL;
	text = malloc(KW_MSR_POLICY_TEXT_MAX + 1);
	if (!text)
		return -ENOMEM;
	len = read_file(path, text, KW_MSR_POLICY_TEXT_MAX + 1);
	if (len < 0) {
		ret = (int)len;
		wrong(&none, "%s", ret == -EINVAL ? "it is not a regular file" : "it cannot be read");
	} else {
		ret = kw_msr_policy_parse(policy, text, (size_t)len, error);
	}
	free(text);
	return ret;
}

static uint64_t read_last(const struct kw_msr_rule *rule, const struct kw_msr_values *values,
			  uint32_t msr)
{
	unsigned int slot = rule->slot + (msr - rule->first);

	return values->written >> slot & 1 ? values->value[slot] : rule->value;
}

static void write_last(const struct kw_msr_rule *rule, struct kw_msr_values *values, uint32_t msr,
		       uint64_t value)
{
	unsigned int slot = rule->slot + (msr - rule->first);

	values->written |= (uint64_t)1 << slot;
	values->value[slot] = value;
}

static int answer(const struct kw_msr_rule *rule, struct kw_msr_values *values,
		  struct kvm_run *run)
{
	bool write = run->exit_reason == KVM_EXIT_X86_WRMSR;
	uint64_t value = rule->value;

	run->msr.error = rule->action == KW_MSR_GP || rule->action == KW_MSR_ALLOW;
	if (rule->action == KW_MSR_LAST && write)
		write_last(rule, values, run->msr.index, run->msr.data);
	else if (rule->action == KW_MSR_LAST)
		value = read_last(rule, values, run->msr.index);
	if (!write)
		run->msr.data = run->msr.error ? 0 : value;
	return 1;
}

int kw_msr_policy_exit(const struct kw_msr_policy *policy, struct kw_msr_values *values,
		       struct kvm_run *run)
{
	const struct kw_msr_rule *rule;
	bool write;

	if (!policy || !run || (policy->last && !values))
		return -EINVAL;
	write = run->exit_reason == KVM_EXIT_X86_WRMSR;
	if (!write && run->exit_reason != KVM_EXIT_X86_RDMSR)
		return 0;
	rule = kw_msr_policy_find(policy, run->msr.index, write ? KW_MSR_WRITE : KW_MSR_READ,
				  run->msr.reason);
	if (!rule)
		return 0;
	return rule->action == KW_MSR_STOP ? KW_MSR_POLICY_STOP : answer(rule, values, run);
}
