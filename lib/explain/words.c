// SPDX-License-Identifier: MIT
/*
 * The data words of an internal error, each with its meaning. Which word is which depends on the
 * kernel: data/kvm_suberror.tbl has the layouts, and one that fits is assumed to be right.
 */
#include "decode/x86/exit_info.h"
#include "decode/tables.h"
#include "explain/explain.h"

#include <stdio.h>

enum { VMX_LAST_EXIT = 90, MAX_WORDS = 16, MAX_LAYOUTS = 4 };

static size_t count(const struct kw_failure *f)
{
	size_t n = KW_MAX_EXTRA;

	while (n && !(f->extra_known >> (n - 1) & 1))
		n--;
	return n;
}

/*
 * "exit_reason full VMX exit reason": the kernel's name for word @i, then what it is; NULL if no
 * layout has it.
 */
static const char *word_of(const struct kw_row *layout, size_t i)
{
	const char *words[MAX_WORDS];
	size_t n = kw_row_all(layout, KW_ATTR_WORD, words, MAX_WORDS);

	return i < n ? words[i] : NULL;
}

static bool is_named(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == ' ';
}

/* The word with the exit reason, needed to decode the others; UINT64_MAX if there is none. */
static uint64_t exit_reason(const struct kw_failure *f, const struct kw_row *layout)
{
	for (size_t i = 0; i < MAX_WORDS; i++) {
		const char *word = word_of(layout, i);

		if (!word)
			break;
		if ((is_named(word, "reason") || is_named(word, "exit_reason")) &&
		    f->extra_known >> i & 1)
			return f->extra[i];
	}
	return UINT64_MAX;
}

bool kw_exit_is_svm(const struct kw_case *c, uint64_t reason)
{
	return c->vendor == KW_VENDOR_AMD ||
	       (reason != UINT64_MAX && (reason & 0xffff) > VMX_LAST_EXIT);
}

/* Meaning of the value itself, beyond that of the word; empty if none. */
static void value_text(const struct kw_case *c, const char *word, uint64_t value, uint64_t reason,
		       char *buf, size_t size)
{
	bool svm = kw_exit_is_svm(c, reason);
	const char *name;

	buf[0] = '\0';
	if (is_named(word, "reason") || is_named(word, "exit_reason")) {
		name = svm ? kw_svm_exit_name(value) : NULL;
		if (name)
			snprintf(buf, size, "%s", name);
		else if (!svm && value >> 32 == 0)
			kw_vmx_exit_text((uint32_t)value, buf, size);
	} else if (is_named(word, "info1") || is_named(word, "exit_qualification")) {
		if (svm && reason == KW_SVM_EXIT_NPF)
			kw_npf_text(value, buf, size);
		else if (!svm && (reason & 0xffff) == KW_VMX_EXIT_EPT_VIOLATION)
			kw_ept_violation_text(value, buf, size);
	} else if (is_named(word, "info2") || is_named(word, "vectoring_info") ||
		   is_named(word, "vect_info")) {
		if (svm && reason == KW_SVM_EXIT_NPF)
			snprintf(buf, size, "guest physical address");
		else if (!svm)
			kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, (uint32_t)value, buf, size);
	} else if (is_named(word, "intr_info") && !svm) {
		kw_vmx_intr_info_text(KW_VMX_EXIT_INTR_INFO, (uint32_t)value, buf, size);
	}
}

size_t kw_data_words(const struct kw_case *c, struct kw_str *ret, size_t max)
{
	const struct kw_row *layouts[MAX_LAYOUTS];
	const struct kw_failure *f = c->f;
	size_t words = count(f), n = 0;

	n = kw_told_words(c, ret, max);
	if (!kw_has(f, suberror) ||
	    !kw_suberror_layouts(f->suberror, f->extra, words, c->host.known ? &c->host : NULL,
				 layouts, MAX_LAYOUTS))
		return n;
	for (size_t i = 0; i < words && n < max; i++) {
		const char *word = word_of(layouts[0], i), *about;
		char text[200];

		if (!(f->extra_known >> i & 1) || !word)
			continue;
		if (i && !f->extra[i] && !is_named(word, "reason")) /* a zero here says nothing */
			continue;
		about = strchr(word, ' ');
		value_text(c, word, f->extra[i], exit_reason(f, layouts[0]), text, sizeof(text));
		ret[n++] = kw_arena_printf(f->arena, "[%zu] 0x%llx  %s%s%s", i,
					   (unsigned long long)f->extra[i],
					   about ? about + 1 : word, text[0] ? ": " : "", text);
	}
	return n;
}
