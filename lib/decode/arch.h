/* SPDX-License-Identifier: MIT */
/*
 * The architectures, a row each: their words, and how their registers, instruction and addresses
 * are decoded. A decoder that one lacks is NULL: then nothing is said. Reads the record, changes
 * nothing, allocates nothing.
 */
#ifndef KW_ARCH_H
#define KW_ARCH_H

#include "decode/x86/insn.h"
#include "decode/x86/mode.h"
#include "decode/x86/place.h"
#include "decode/x86/registers.h"

struct kw_arch_row {
	const char *qemu;    /* QEMU's name: qemu-system-NAME */
	const char *source;  /* where its KVM is in Linux's tree */
	const char *set_regs; /* the ioctls that set a vCPU's registers */
	const char *events;  /* for trace-cmd: exits, faults, exceptions */
	enum kw_mode (*mode)(const struct kw_failure *f, const char **why_ret);
	unsigned int (*bits)(const struct kw_failure *f);
	bool (*pc)(const struct kw_failure *f, uint64_t *ret); /* as a linear address */
	bool (*sp)(const struct kw_failure *f, uint64_t *ret); /* likewise: the top of the stack */
	enum kw_code_state (*insn)(const struct kw_failure *f, struct kw_insn *ret);
	size_t (*listing)(const struct kw_failure *f,
			  struct kw_listing_row ret[static KW_MAX_ROWS]);
	enum kw_place (*place)(const struct kw_failure *f, uint64_t address, bool *assumed_ret);
	size_t (*oddities)(const struct kw_failure *f, struct kw_oddity *ret, size_t max);
};

/* Never NULL: of KW_ARCH_UNKNOWN only the events are known, which all architectures have. */
const struct kw_arch_row *kw_arch_row(enum kw_arch arch);

/* Is there a sign that the architecture is x86? */
bool kw_is_x86(const struct kw_failure *f);

/* Is there a sign that it is another one? Both are false if the text has no sign at all. */
bool kw_is_foreign(const struct kw_failure *f);

#endif
