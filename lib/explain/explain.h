/* SPDX-License-Identifier: MIT */
/*
 * The explain stage: a failure and its meaning become findings. Three passes in engine.c: derive
 * (through decode), judge (rules, each only when every fact it needs is known), order (certain
 * first).
 */
#ifndef KW_EXPLAIN_H
#define KW_EXPLAIN_H

#include "base/buf.h"
#include "decode/arch.h"
#include "decode/told.h"
#include "check/check.h"
#include "explain/kver.h"

enum kw_certainty { KW_CERTAIN, KW_LIKELY, KW_POSSIBLE };
const char *kw_certainty_name(enum kw_certainty certainty);

enum {
	KW_MAX_FINDINGS = 16,
	KW_MAX_DO = 8,
	KW_MAX_EVIDENCE = 8,
	KW_MAX_SOURCES = 5,
	KW_MAX_FACTS = 16,
	KW_MAX_NEEDS = 8,
	KW_MAX_BREAKS = 8,
	KW_MAX_BROKEN = 40,
};

/* What the caller knows besides the text. Unknown: NULL and KW_VENDOR_UNKNOWN. */
struct kw_context {
	const char *host_kernel; /* uname -r of the host */
	const char *parameters; /* words "kvm_intel.ept=Y": what the host's modules are set to */
	enum kw_vendor vendor;
	bool all; /* also report harmless messages */
};

struct kw_finding {
	const struct kw_rule *rule;
	const char *id; /* of the rule; stable */
	enum kw_certainty certainty;
	struct kw_str title, why;
	struct kw_str todo[KW_MAX_DO];
	uint16_t evidence[KW_MAX_EVIDENCE]; /* indices in kw_failure.line */
	uint16_t fact[KW_MAX_FACTS]; /* enum kw_fact: the facts it rests on, the blamed one first */
	const char *source[KW_MAX_SOURCES];
	uint8_t ntodo, nevidence, nfacts, nsources;
	bool aside;
};

/* A broken check of VM entry or VMRUN. */
struct kw_broken_check {
	const struct kw_check *check;
	struct kw_entry saw; /* the values it looked at */
	bool claimed;	     /* covered by a rule of its own: the rule for any check skips it */
	bool follows;	     /* part of another broken check: no finding of its own */
};

/*
 * Result of the checks that can have ended this entry; .asked is 0 if no entry failed and none was
 * dumped.
 */
struct kw_checks {
	uint16_t asked, hold, cannot_tell;
	uint8_t nbroken;
	struct kw_broken_check broken[KW_MAX_BROKEN];
};

/* A failure and everything derived from it. Rules read it, renderers print it. */
struct kw_case {
	const struct kw_failure *f;
	const struct kw_context *context;

	/* derive */
	enum kw_mode mode;
	const char *mode_why;
	unsigned int bits;
	bool has_linear_rip;
	bool host_dump; /* kw_failure_has_host_dump() of .f */
	uint64_t linear_rip;
	enum kw_vendor vendor;	    /* given, or seen in the text (a VMCS, a VMCB, kvm_amd: ...) */
	enum kw_code_state code;
	struct kw_insn insn;	    /* valid for KW_CODE_OK, ZEROS and FFS */
	/* the accessed MSR, from the instruction or a message */
	bool has_msr, msr_write, has_msr_value;
	uint32_t msr_index;
	uint64_t msr_value;
	char msr_name[48];
	enum kw_told_state told_state;
	struct kw_told told;     /* what kvmwhy.ko or `kvmwhy watch` reported, for KW_TOLD_OK */
	bool told_by_watch;	    /* it was `kvmwhy watch` */
	/* the MSR and its value are known only from the last VM exit and the registers */
	bool exit_msr;
	bool told_msr;	    /* the MSR or its value is known only from the module */
	bool told_doubt;	    /* the dump contradicts the module */
	enum kw_place rip_place, mem_place;
	struct kw_kver host;	    /* .known false if the host's kernel is not known */
	size_t noddities;
	struct kw_oddity oddity[8];
	struct kw_checks checks;
	const struct kw_rule *rule; /* the one whose texts are being expanded, else NULL */
	enum kw_fact blamed;	    /* of the same rule, else KW_F_none */
	/* of the same rule, if it is about a check, else NULL */
	const struct kw_broken_check *broken;

	/* judge */
	struct kw_str headline;	    /* one sentence: the answer's first line */
	struct kw_str said;	    /* what the message itself means */
	struct kw_finding finding[KW_MAX_FINDINGS];
	size_t nfindings;
	bool harmless;		    /* nothing here harmed a guest */
	struct kw_str fingerprint;  /* version 1: class:error:insn:operand:mode:smm:vendor */
};

/*
 * Explains @f into @ret; what the first pass derives is also set in @f, marked KW_DERIVED. Texts
 * are allocated from f->arena and live as long as it; @f and @context are borrowed.
 */
void kw_explain(struct kw_failure *f, const struct kw_context *context, struct kw_case *ret);

/* The classes a rule applies to. */
#define KW_IN(class) (1u << KW_CLASS_##class)

/*
 * A thing to do, printed if all of its conditions hold. If .kernel is undecided, because the host's
 * kernel is unknown or in between, the text begins with the kernels it is for.
 */
struct kw_do {
	const char *text; /* the command to run or what to check; may contain slots */
	uint16_t with, without; /* KW_NEED(fact): only if it is known, only if it is not */
	bool (*when)(const struct kw_case *c);
	bool (*unless)(const struct kw_case *c);
	const char *kernel; /* id of a row in data/kvm_change.tbl: only on kernels that have it */
	/*
	 * A parameter, "kvm_intel.unrestricted_guest", whose value this asks for; if it is known to
	 * be on or off, what is said instead, NULL for the same.
	 */
	const char *parameter, *on, *off;
};

/* One for a single rule. Those shared by several rules have names, in rules/do.c. */
#define KW_DO(text_, ...) (&(const struct kw_do){ .text = text_, ##__VA_ARGS__ })

/* A rule: a predicate over facts, never over text. One row in one table of lib/explain/rules/. */
struct kw_rule {
	const char *id; /* kebab-case, never reused; the name of its page in docs/rules/ */
	enum kw_certainty certainty;
	uint32_t classes; /* KW_IN(...) of the failures it applies to */
	/* also applies if the machine is not known to be x86, or is known to be another */
	bool any_arch;
	bool harmless;	  /* says that nothing is broken */
	bool fallback;	  /* only if no earlier rule had an answer */
	bool aside;	  /* true, but not what the reader wants to know first: comes after the
			   * others */
	/* also applies if kvmwhy.ko injected the failure: blames neither KVM nor the guest */
	bool injected;
	bool needs_sign; /* applies only if the record has a line of .sign */
	uint8_t sign; /* an enum kw_sign_kind + 1 whose lines are evidence, 0 for none */
	/*
	 * id of a row in data/kvm_change.tbl: only if the host's kernel may have it; {range}, {fix}
	 */
	const char *kernel;
	uint16_t needs[KW_MAX_NEEDS]; /* KW_NEED(...): all must be known */
	bool (*test)(const struct kw_case *c);	     /* NULL: always */
	/*
	 * The checks of VM entry that it covers, at least one of which must be broken unless
	 * .blames decides: ids, "guest_tr_" for all with that prefix, "*" for those no other rule
	 * covers. The value the check saw first is blamed.
	 */
	const char *breaks[KW_MAX_BREAKS];
	/* the value that is wrong, KW_F_none: it does not apply */
	enum kw_fact (*blames)(const struct kw_case *c);
	enum kw_certainty (*sure)(const struct kw_case *c); /* NULL: .certainty */
	/*
	 * Texts may contain slots: {rip} is a fact; {msr} {value} {insn} ... are listed in
	 * expand.c.
	 */
	const char *title, *why;
	const struct kw_do *todo[KW_MAX_DO];
	const char *source[KW_MAX_SOURCES];
	/* of a rule that may say certain: KW_NEED(fact) and KW_PROOF_* */
	uint16_t proof[KW_MAX_NEEDS];
	/* KW_NEED(...): further facts that are evidence, if known */
	uint16_t shows[KW_MAX_NEEDS];
};

/* A fact in .needs and .shows; the list ends at the first 0. */
#define KW_NEED(name) (KW_F_##name + 1)

/*
 * What proves a certain finding if no single fact does. Without it the finding disappears or
 * weakens, and with another value it says something else: tests/unit/test_certain.c.
 */
enum kw_proof {
	KW_PROOF_CODE = KW_NFACTS + 1, /* the instruction bytes */
	/* the data words: of an internal error, of kvmwhy.ko, of `kvmwhy watch` */
	KW_PROOF_WORDS,
	KW_PROOF_SIGN,	   /* the lines of .sign */
	KW_PROOF_MSR_LINES, /* the kernel's lines about MSRs */
	KW_PROOF_KERNEL,   /* the host's kernel */
	KW_PROOF_ARCH,	   /* the machine, by its register names */
	KW_PROOF_CHECK,	   /* the values that the broken check looked at */
	KW_PROOF_REFUSAL,  /* that the entry was refused: hardware_error, vmcs_reason */
};

/*
 * All rules, a table for each theme, in order of output; a table ends with .id NULL, the list with
 * NULL.
 */
extern const struct kw_rule *const kw_rule_tables[];
extern const struct kw_rule kw_rules_general[], kw_rules_msr_write[], kw_rules_run_failed[],
	kw_rules_emulation[], kw_rules_delivery[], kw_rules_entry_checks[], kw_rules_vmcs[],
	kw_rules_entry[], kw_rules_exit[], kw_rules_message[], kw_rules_told[], kw_rules_unusable[],
	kw_rules_host_kernel[], kw_rules_not_kvm[], kw_rules_protected[], kw_rules_vmm[],
	kw_rules_setup[], kw_rules_collect[];

/* The rule with id @id, or NULL. */
const struct kw_rule *kw_rule_find(const char *id);

/* Are all facts the rule needs known? */
bool kw_rule_needs_known(const struct kw_rule *rule, const struct kw_failure *f);

/* expand.c: a text with its {slots} filled in, from the arena of the failure. */
struct kw_str kw_expand(const struct kw_case *c, const char *text);

/* said.c: what the message itself says, and the answer's first line if no finding provides one. */
struct kw_str kw_said(const struct kw_case *c);
struct kw_str kw_plain_headline(const struct kw_case *c);

/*
 * words.c: the data words of an internal error with their meanings, at most @max. Returns the
 * number.
 */
size_t kw_data_words(const struct kw_case *c, struct kw_str *ret, size_t max);
/* Is this hardware exit reason, from a data word, SVM's? */
bool kw_exit_is_svm(const struct kw_case *c, uint64_t reason);

/*
 * causes.c: the catalogued causes of KVM_RUN's errno, if no finding is likely; at most @max.
 * Returns the number.
 */
size_t kw_errno_causes(const struct kw_case *c, struct kw_str *ret, size_t max);

/*
 * Bits of RFLAGS that VM entry refuses, of EFER that VMRUN refuses. Bits 7:1 of EFER are
 * read-as-zero only.
 */
#define KW_VMX_RFLAGS_RESERVED (~UINT64_C(0) << 22 | 1u << 15 | 1u << 5 | 1u << 3)
#define KW_SVM_EFER_RESERVED (~UINT64_C(0) << 22 | 1u << 19 | 1u << 16 | 1u << 9)

/* No CPU has more than 57 bits: what is not canonical with 57 is canonical nowhere. */
static inline bool kw_is_canonical57(uint64_t gva)
{
	int64_t high = (int64_t)gva >> 56;

	return high == 0 || high == -1;
}

/*
 * causes.c: why the ioctl of a failed set-up returned its errno, a row of data/kvm_ioctl.tbl; NULL
 * if unknown.
 */
const struct kw_row *kw_setup_cause(const struct kw_case *c);

/* checks.c: evaluates the checks; and the broken one that a rule covers, NULL if none. */
void kw_checks_ask(struct kw_case *c);
const struct kw_broken_check *kw_checks_broken(const struct kw_case *c, const struct kw_rule *rule);
/* Who makes the checks: "VM entry" or "VMRUN". */
const char *kw_entry_name(const struct kw_case *c);
/* "CR4 0x2000, EFER 0x500": the values a check looked at. */
void kw_check_values(struct kw_buf *buf, const struct kw_entry *e);
/* "81 checks of VM entry: 79 hold, 1 broken, 1 undecided", empty if none was evaluated. */
void kw_checks_count(struct kw_buf *buf, const struct kw_case *c);

/*
 * rules/entry_checks.c: why VM entry refuses the event in the VM-entry interruption information, or
 * NULL.
 */
const char *kw_entry_event_refused(const struct kw_failure *f);

/*
 * told.c: turns what kvmwhy.ko or `kvmwhy watch` reported into facts: first all but the MSR, and
 * the MSR once the instruction is known.
 */
void kw_told_derive(struct kw_case *c, struct kw_failure *f);
void kw_told_msr(struct kw_case *c, struct kw_failure *f);
/* Who reported it: "kvmwhy.ko" or "kvmwhy watch". */
const char *kw_told_speaker(const struct kw_case *c);
/* Did kvmwhy.ko make this failure? */
bool kw_told_injected(const struct kw_case *c);
/* Was a function of KVM seen returning it? Then nothing refused the ioctl before KVM. */
bool kw_told_saw_function(const struct kw_case *c);
/* What kvm_run says besides the findings, a line each, at most @max. Returns the number. */
size_t kw_told_words(const struct kw_case *c, struct kw_str *ret, size_t max);

/* Is the kvm_run page all there is, without a VMM's message before it? */
static inline bool kw_page_alone(const struct kw_failure *f)
{
	return kw_has(f, run_exit_reason) && f->headline.how != KW_NOT_KNOWN &&
	       f->headline.line == f->origin[KW_F_run_exit_reason].line;
}

/*
 * emulator.c: the row of data/kvm_emulator.tbl for the instruction at RIP, NULL if unknown or if no
 * version emulates it in this mode; and the instruction KVM fetched, from data[1] and data[2] of
 * suberror 1, decoded as 64-bit code.
 */
const struct kw_row *kw_emulator_row(const struct kw_case *c);
uint8_t kw_fetched_byte(const struct kw_failure *f, unsigned int i);
bool kw_fetched_insn(const struct kw_failure *f, struct kw_insn *ret);

/*
 * rules/general.c: are the registers what KVM shows for a guest with encrypted state? Then they
 * mean nothing.
 */
bool kw_encrypted_state(const struct kw_case *c);

/* fingerprint.c */
struct kw_str kw_fingerprint(const struct kw_case *c);

#endif
