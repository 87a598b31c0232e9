/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy: why did a KVM guest die?
 *
 * Text from a VMM or a host kernel goes in, reports come out: which instruction, with which
 * operands, who refused it, why, and what to do. The library does no I/O, prints nothing, has no
 * global state and never fails on bad input: what it cannot read becomes a note of the report.
 * All functions may be called from any thread; one object belongs to one thread at a time.
 *
 * Errors are negative errno values. Texts are UTF-8 without control characters, whatever the log
 * held.
 */
#ifndef KVMWHY_H
#define KVMWHY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KW_API __attribute__((visibility("default")))

/** Why a call failed, in the caller's memory. Zero it and set .size to sizeof. Since: 0.1 */
struct kw_error {
	size_t size;
	/** a clause that names the member and its value; written on failure only */
	char message[248];
};

/**
 * What the caller knows beside the text. Zero it, set .size to sizeof, then what is known.
 * Since: 0.1
 */
struct kw_options {
	size_t size;
	const char *host_kernel; /**< `uname -r` of the host, or NULL */
	const char *vendor;	 /**< "intel" or "amd", or NULL */
	unsigned int flags;	 /**< KW_OPTION_* */
	const char *file;	 /**< name of the input, for reports; or NULL */
	/** takes why a call that these are given to returns -EINVAL; or NULL */
	struct kw_error *error;
};

/** Also report what is harmless. Since: 0.1 */
#define KW_OPTION_ALL 1u

struct kw_reader;
struct kw_report;
struct kw_printer;

/**
 * Receives each failure as it is found. @report lives during the call only.
 *
 * Return: 0 to go on; anything else ends the reading and is handed to the caller of the reader.
 * Since: 0.1
 */
typedef int (*kw_report_fn)(void *arg, const struct kw_report *report);

/**
 * kw_reader_create() - begin to read a stream
 * @options: copied with its strings; NULL for the defaults
 * @fn: called for each failure; @arg is handed to it
 * @ret: on success the reader; free it with kw_reader_destroy()
 *
 * Memory is bounded (about 1 MiB), however long the stream, its lines or its failures are.
 *
 * Return: 0, -ENOMEM, or -EINVAL for options of unknown size, vendor or flags.
 * Since: 0.1
 */
KW_API int kw_reader_create(const struct kw_options *options, kw_report_fn fn, void *arg,
			    struct kw_reader **ret);

/**
 * Reads @len bytes at @data, in pieces of any size; nothing is kept of them after the call.
 * Since: 0.1
 */
KW_API int kw_reader_feed(struct kw_reader *reader, const void *data, size_t len);

/**
 * Sizes of a kvm_run page that are taken: up to the end of internal.data at least, at most three
 * pages.
 * Since: 0.1
 */
#define KW_RUN_PAGE_MIN 168u
#define KW_RUN_PAGE_MAX 12288u

/**
 * kw_reader_run_page() - read the kvm_run page of a vCPU
 * @page: struct kvm_run of an x86 host, @len bytes of it; not kept
 *
 * As if the page stood in the stream as lines of 16 bytes, "kvm_run 000: ..": behind a line such as
 * "kvm run failed Bad address" it belongs to that failure. What kvmwhy.ko has put into it is read
 * (docs/kvm-run-data.md), and the exits that KVM itself ends a guest with.
 *
 * Return: as kw_reader_feed(), or -EINVAL for a @len that is none of a page.
 * Since: 0.1
 */
KW_API int kw_reader_run_page(struct kw_reader *reader, const void *page, size_t len);

/**
 * The stream has ended: reports what was pending. The reader is then ready for the next stream,
 * whose name is @next_file (copied, may be NULL).
 * Since: 0.1
 */
KW_API int kw_reader_finish(struct kw_reader *reader, const char *next_file);

/** Number of failures reported so far, over all streams. Since: 0.1 */
KW_API uint64_t kw_reader_count(const struct kw_reader *reader);

/** Number of harmless messages that were seen and not reported, over all streams. Since: 0.1 */
KW_API uint64_t kw_reader_suppressed(const struct kw_reader *reader);

/** Frees the reader; NULL is allowed. Since: 0.1 */
KW_API void kw_reader_destroy(struct kw_reader *reader);

/**
 * What is one text of a report. An item of a later version is NULL in an older library.
 * Since: 0.1
 */
enum kw_report_texts {
	KW_REPORT_CLASS,	/**< "kvm-run-failed", "internal-error", ... (the JSON's "class") */
	KW_REPORT_ARCH,		/**< of the guest: "x86", "aarch64", ..., "unknown" */
	KW_REPORT_HEADLINE,	/**< the answer in one sentence */
	KW_REPORT_SAID,		/**< what the message itself means */
	KW_REPORT_FINGERPRINT,	/**< equal for failures of the same kind */
	KW_REPORT_VENDOR,	/**< "intel" or "amd" */
	KW_REPORT_VMM,		/**< the program that spoke */
	KW_REPORT_GUEST,	/**< the guest's name */
	KW_REPORT_HOST_KERNEL,	/**< its release, if the text has it */
	KW_REPORT_MODE,		/**< of the CPU: "long64", "real", ... */
	KW_REPORT_INSN,		/**< the instruction: "wrmsr" */
	KW_REPORT_INSN_BYTES,	/**< its bytes: "0f 30" */
	KW_REPORT_MSR_NAME,	/**< of the MSR accessed */
	KW_REPORT_MSR_ACCESS	/**< "read" or "write" */
};

/** What is one number of a report. Since: 0.1 */
enum kw_report_numbers {
	KW_REPORT_INSN_GVA,	/**< linear address of the instruction */
	KW_REPORT_MSR_INDEX,
	KW_REPORT_MSR_VALUE,	/**< that was written */
	KW_REPORT_FIRST_LINE,	/**< of the input that belongs to the failure, from 1 */
	KW_REPORT_LAST_LINE
};

/** The texts of a finding. Since: 0.1 */
enum kw_finding_texts {
	KW_FINDING_ID,		/**< of the rule */
	KW_FINDING_CERTAINTY,	/**< "certain", "likely" or "possible" */
	KW_FINDING_TITLE,
	KW_FINDING_WHY
};

/** The lists of a finding. Since: 0.1 */
enum kw_finding_lists {
	KW_FINDING_DO,		/**< what to do, a sentence or a command each */
	KW_FINDING_SOURCES,
	KW_FINDING_FACTS	/**< names of the facts that it rests on, for kw_report_fact() */
};

/**
 * kw_report_text(), kw_report_number() - an item of a report
 *
 * All texts of a report live as long as it does, and are free of line ends, control characters and
 * what is not UTF-8, whatever the log held. They are "" where memory ran out.
 *
 * Return: the text, NULL if it is not known; 1 with @ret, 0 if the number is not known.
 * Since: 0.1
 */
KW_API const char *kw_report_text(const struct kw_report *report, enum kw_report_texts what);
KW_API int kw_report_number(const struct kw_report *report, enum kw_report_numbers what,
			    uint64_t *ret);

/**
 * kw_report_fact() - a fact by its name
 * @name: as in the JSON, with "vmcs_" or "vmcb_" in front of what stands there: "rcx", "cs_base",
 * "vmcs_cr0", "errno_number"
 * @ret: takes the value; may be NULL
 *
 * kw_report_fact_name() names known fact @i, in the order of the JSON; NULL beyond the last.
 *
 * Return: how it is known: "seen", "derived" (from others) or "assumed"; NULL if it is not.
 * Since: 0.1
 */
KW_API const char *kw_report_fact(const struct kw_report *report, const char *name, uint64_t *ret);
KW_API const char *kw_report_fact_name(const struct kw_report *report, size_t i);

/** Number of findings, best first. Since: 0.1 */
KW_API size_t kw_report_findings(const struct kw_report *report);

/**
 * kw_report_finding() - a text of finding @i
 *
 * kw_report_finding_list() is entry @k of one of its lists, kw_report_finding_evidence() line @k of
 * the input that is evidence for it; @line_ret, which may be NULL, takes the line's number, from 1.
 *
 * Return: the text; NULL beyond the last.
 * Since: 0.1
 */
KW_API const char *kw_report_finding(const struct kw_report *report, size_t i,
				     enum kw_finding_texts what);
KW_API const char *kw_report_finding_list(const struct kw_report *report, size_t i,
					  enum kw_finding_lists list, size_t k);
KW_API const char *kw_report_finding_evidence(const struct kw_report *report, size_t i, size_t k,
					      uint64_t *line_ret);

/**
 * Note @i, NULL beyond the last: what could not be read. @line_ret (or NULL) takes its line, 0 if
 * it is about none.
 * Since: 0.1
 */
KW_API const char *kw_report_note(const struct kw_report *report, size_t i, uint64_t *line_ret);

/** Takes output; returns 0 or a negative errno, which ends the printing. Since: 0.1 */
typedef int (*kw_write_fn)(void *arg, const char *text, size_t len);

/** Use terminal colours (format "text" only). Since: 0.1 */
#define KW_PRINT_COLOR 1u

/**
 * List every check of VM entry or VMRUN that was asked, with its answer (format "text"; "html"
 * always has them).
 * Since: 0.1
 */
#define KW_PRINT_CHECKS 2u

/**
 * kw_printer_create() - print reports
 * @format: "text", "json" (one array), "ndjson" (one object a line) or "html" (one page)
 * @flags: KW_PRINT_*
 * @write: receives the output in pieces of any size; @arg is handed to it
 * @ret: on success the printer; free it with kw_printer_destroy()
 *
 * Return: 0, -ENOMEM, or -EINVAL for an unknown format.
 * Since: 0.1
 */
KW_API int kw_printer_create(const char *format, unsigned int flags, kw_write_fn write, void *arg,
			     struct kw_printer **ret);

/**
 * Prints one report; fits as the body of a kw_report_fn. Text has an equal failure of the same
 * input once: how often and where it came again stands behind the last one of the input. Since: 0.1
 */
KW_API int kw_printer_report(struct kw_printer *printer, const struct kw_report *report);

/** Ends the output (closes the array, the page) and hands over the rest. Since: 0.1 */
KW_API int kw_printer_finish(struct kw_printer *printer);

/** Frees the printer; NULL is allowed. Since: 0.1 */
KW_API void kw_printer_destroy(struct kw_printer *printer);

/**
 * kw_explain_text() - explain every failure in a text, in one call
 * @text: the log, @len bytes; not kept
 * @options: as for kw_reader_create()
 * @format: as for kw_printer_create()
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: number of failures found (0 is not an error), or -ENOMEM, -EINVAL.
 * Since: 0.1
 */
KW_API int kw_explain_text(const char *text, size_t len, const struct kw_options *options,
			   const char *format, char **ret);

/** An MSR of a vCPU, as KVM_GET_MSRS gives it. Since: 0.1 */
struct kw_vcpu_msr {
	uint32_t index;
	uint64_t value;
};

/**
 * A vCPU after KVM_RUN, in the structures of <linux/kvm.h> of an x86 host. Zero it, set .size to
 * sizeof, then what there is. Everything is borrowed for the call and nothing is kept; no structure
 * need be aligned.
 * Since: 0.1
 */
struct kw_vcpu_state {
	size_t size;
	/** whose structures these are: "x86", or NULL where it is not said */
	const char *arch;
	int error;			/**< errno of KVM_RUN; 0 where it returned 0 */
	int number;			/**< of the vCPU, -1 if not known */
	const void *run;		/**< the mapped struct kvm_run, or NULL */
	size_t run_size;		/**< KW_RUN_PAGE_MIN to KW_RUN_PAGE_MAX */
	/** struct kvm_regs, or NULL: KVM_CAP_SYNC_REGS's in .run, where valid */
	const void *regs;
	size_t regs_size;
	const void *sregs;		/**< struct kvm_sregs, or NULL as above */
	size_t sregs_size;
	const void *events;		/**< struct kvm_vcpu_events, or NULL as above */
	size_t events_size;
	const void *debugregs;		/**< struct kvm_debugregs, or NULL */
	size_t debugregs_size;
	/** IA32_EFER and IA32_APIC_BASE count where .sregs is not known */
	const struct kw_vcpu_msr *msrs;
	size_t nmsrs;
	const uint8_t *code;		/**< guest memory around RIP, or NULL */
	size_t code_size;		/**< at most KW_VCPU_CODE_MAX */
	size_t code_at;			/**< index in .code of the byte at RIP */
	uint64_t code_known;		/**< bit i: byte i could be read */
	unsigned int flags;		/**< KW_VCPU_* */
	const char *vmm;		/**< name of the VMM, or NULL */
	const char *guest;		/**< name of the guest, or NULL */
};

/** .sregs is a struct kvm_sregs2. Since: 0.1 */
#define KW_VCPU_SREGS2 1u

/**
 * Bytes of .code; of them 20 in front of RIP and 30 from it on are used, as in QEMU's Code= line.
 * Since: 0.1
 */
#define KW_VCPU_CODE_MAX 64u

/**
 * kw_vcpu_report() - explain a vCPU from inside its VMM
 * @state: what KVM_RUN left behind
 * @options: as for kw_reader_create()
 * @fn: called once, with @arg and the report
 *
 * The answer is the one that kw_vcpu_dump()'s text gives; the report quotes the lines of that text.
 * A structure's size must be its sizeof in <linux/kvm.h>, or 0 with a NULL.
 *
 * Return: what @fn returned, -ENOMEM, or -EINVAL for a size, flag or option that is not known, for
 * a negative .error, and for .code_at beyond .code_size.
 * Since: 0.1
 */
KW_API int kw_vcpu_report(const struct kw_vcpu_state *state, const struct kw_options *options,
			  kw_report_fn fn, void *arg);

/**
 * kw_vcpu_explain() - the same as text, in one call
 * @format: as for kw_printer_create()
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: 0, or -ENOMEM, -EINVAL.
 * Since: 0.1
 */
KW_API int kw_vcpu_explain(const struct kw_vcpu_state *state, const struct kw_options *options,
			   const char *format, char **ret);

/**
 * kw_vcpu_dump() - what QEMU would print of this vCPU
 * @buf: takes the text, cut to @size bytes with its NUL; may be NULL if @size is 0
 *
 * QEMU's words for the failure, its register dump and its Code= line, without what is not known.
 * Where QEMU has no words, lines of the kvm_run page stand for them, as `kvmwhy explain` reads
 * them. Allocates nothing and takes no lock; uses KW_DUMP_STACK bytes of stack at most.
 *
 * Return: length of the whole text without the NUL, as snprintf(3) does; 0 where kw_vcpu_report()
 * gives -EINVAL.
 * Since: 0.1
 */
KW_API size_t kw_vcpu_dump(const struct kw_vcpu_state *state, char *buf, size_t size);

/**
 * Bytes of @scratch that kw_vcpu_reason() needs, and the most of stack that it and kw_vcpu_dump()
 * use.
 * Since: 0.1
 */
#define KW_REASON_SCRATCH 131072u
#define KW_REASON_STACK 16384u
#define KW_DUMP_STACK 32768u

/**
 * kw_vcpu_reason() - the answer in one line, for the worst moment
 * @scratch: KW_REASON_SCRATCH bytes at least, of any alignment; holds nothing of worth afterwards
 * @buf: takes the line, cut at a whole character to @size bytes with its NUL; may be NULL if @size
 * is 0
 *
 * Allocates nothing, takes no lock, and uses KW_REASON_STACK bytes of stack at most: fit for a
 * thread that is about to end, and for memory that is full. The line has no line end and no control
 * character.
 *
 * Return: length of the whole line without the NUL, as snprintf(3) does; 0 for a @scratch that is
 * too small and where kw_vcpu_report() gives -EINVAL.
 * Since: 0.1
 */
KW_API size_t kw_vcpu_reason(const struct kw_vcpu_state *state, const struct kw_options *options,
			     void *scratch, size_t scratch_size, char *buf, size_t size);

/**
 * What the caller of kw_event_text() knows beside the record. Zero it, set .size to sizeof, then
 * what is known.
 * Since: 0.1
 */
struct kw_event_context {
	size_t size;
	uint64_t number;	  /**< of the failure, from 1 on; 0 if not known */
	/** when it happened, in nanoseconds since 1970 in UTC; 0 if not known */
	int64_t utc_ns;
	const char *host_kernel;  /**< `uname -r` of the host, or NULL */
	const char *guest;	  /**< name of the guest, or NULL */
	/** lines of the kernel's log that belong to it, without their ends */
	const char *const *lines;
	size_t nlines;
	unsigned int flags; /**< KW_EVENT_* */
	struct kw_error *error;	  /**< takes why kw_event_text() returns -EINVAL; or NULL */
};

/**
 * Leave out what the diagnosis does not need: see "Redacted recordings" in docs/watch.md.
 * Since: 0.1
 */
#define KW_EVENT_REDACT 1u

/**
 * kw_event_text() - write down a failure that was seen as it happened
 * @event: struct kvmwhy_event of <kvmwhy/uapi/kvmwhy-event.h>, @len bytes; not kept, need not be
 * aligned
 * @context: what else is known; NULL for nothing
 * @ret: on success whole lines of text, NUL-terminated; free() it
 *
 * The text is what `kvmwhy watch` records. kw_reader_feed() reads it as it reads any log, and has
 * its failure complete at the end of the text: there the report comes, without waiting for what
 * follows.
 *
 * Return: 0, -ENOMEM, or -EINVAL for a record that is cut or of an architecture or version that is
 * not known.
 * Since: 0.1
 */
KW_API int kw_event_text(const void *event, size_t len, const struct kw_event_context *context,
			 char **ret);

/** Is a kernel affected by a defect? Since: 0.1 */
enum kw_affected { KW_AFFECTED_UNKNOWN = 0, KW_AFFECTED_YES = 1, KW_AFFECTED_NO = 2 };

/**
 * A defect of KVM, and whether a kernel has it. The strings are the library's own, and never freed.
 * Since: 0.1
 */
struct kw_defect {
	size_t size;	    /**< set by the caller */
	const char *id;	    /**< of the row of data/kvm_change.tbl */
	const char *title;
	const char *effect; /**< what KVM does wrong */
	const char *seen;   /**< what the owner of a guest sees, and what helps */
	const char *fixed;  /**< the version of Linux that has it no more: "v6.2-rc1" */
	const char *commit; /**< the one that repaired it, with its subject; NULL if not known */
	const char *source;
	enum kw_affected affected;
	const char *doubt;  /**< a clause that says why one cannot tell; "" if one can */
};

/**
 * kw_kernel_defect() - has a kernel this defect of KVM?
 * @options: .host_kernel is what `uname -r` prints; .vendor leaves out defects of the other
 * vendor's KVM
 * @build: what `uname -v` prints, or Ubuntu's /proc/version_signature; NULL if not known. The
 * release of some makers does not tell the point release, and these do.
 * @i: number of the defect, in the order of data/kvm_change.tbl
 * @ret: takes the answer
 *
 * Distributions backport: what a maker may have repaired on his own is KW_AFFECTED_UNKNOWN. A
 * kernel that cannot be read is, too.
 *
 * Return: 1, 0 beyond the last defect, or -EINVAL for options of unknown size, vendor or flags.
 * Since: 0.1
 */
KW_API int kw_kernel_defect(const struct kw_options *options, const char *build, size_t i,
			    struct kw_defect *ret);

/**
 * A parameter of one of KVM's modules. The strings are the library's own, and never freed.
 * Since: 0.1
 */
struct kw_parameter {
	size_t size;	    /**< set by the caller */
	const char *module; /**< "kvm", "kvm_amd", "kvm_intel" */
	const char *name;
	const char *about;
	const char *means; /**< what the value means; NULL for a value that is not known */
	const char *source;
};

/**
 * kw_kvm_parameter() - what a parameter of KVM's modules means for failures
 * @i: number of the parameter, in the order of data/kvm_param.tbl
 * @ret: takes the answer; .means is NULL
 *
 * Return: 1, or 0 beyond the last.
 * Since: 0.1
 */
KW_API int kw_kvm_parameter(size_t i, struct kw_parameter *ret);

/**
 * Sets .means of @parameter for @value, as the file in /sys/module shows it, without the line end.
 * Since: 0.1
 */
KW_API void kw_kvm_parameter_value(struct kw_parameter *parameter, const char *value);

/**
 * kw_msr_number() - the index of an MSR
 * @name_or_index: "0x404", "1028" or a name such as "IA32_MC1_CTL"
 * @ret: on success its index
 *
 * Return: 0, or -EINVAL for what is neither a number of 32 bits nor a name that an MSR has.
 * Since: 0.1
 */
KW_API int kw_msr_number(const char *name_or_index, uint32_t *ret);

/**
 * kw_msr_text() - describe an MSR
 * @name_or_index: "0x404", "1028" or a name such as "IA32_MC1_CTL"
 * @value: a value to decode and to judge, or NULL
 * @options: .host_kernel and .vendor narrow the answer; NULL for none
 * @format: "text" or "json"
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: 1 if the MSR is known, 0 if no MSR is known at this index (@ret says so), -EINVAL for a
 * name that no MSR has, or -ENOMEM.
 * Since: 0.1
 */
KW_API int kw_msr_text(const char *name_or_index, const uint64_t *value,
		       const struct kw_options *options, const char *format, char **ret);

/**
 * kw_insn_text() - disassemble bytes
 * @hex: bytes as hexadecimal digits, as a Code= line prints them: blanks, `<0f>` and ?? are
 * understood
 * @bits: 16, 32 or 64
 * @format: "text" or "json"
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: number of instructions, or -ENOMEM, -EINVAL for text that is no bytes.
 * Since: 0.1
 */
KW_API int kw_insn_text(const char *hex, unsigned int bits, const char *format, char **ret);

/** Id of rule @i in the order of the rules, NULL beyond the last. Since: 0.1 */
KW_API const char *kw_rule_id(size_t i);

/** Title of rule @i, NULL beyond the last. Since: 0.1 */
KW_API const char *kw_rule_title(size_t i);

/** The page of a rule as Markdown, NULL if there is no such rule. Since: 0.1 */
KW_API const char *kw_rule_page(const char *id);

/**
 * Id of check @i of VM entry (Intel) and VMRUN (AMD), in the order of the manuals; NULL beyond the
 * last.
 * Since: 0.1
 */
KW_API const char *kw_check_id(size_t i);

/**
 * kw_check_text() - describe a check that VM entry (Intel) or VMRUN (AMD) makes
 * @id: of the check; NULL for the list of all
 * @format: "text", or "json": an object, or an array of them for the list
 * @ret: on success the output, NUL-terminated; free() it
 *
 * What must be so, the manual's section, the condition as it is judged, the part of VM entry that
 * makes the check, and the hardware error that a broken one gives.
 *
 * Return: number of checks described, -EINVAL for an id that no check has, or -ENOMEM.
 * Since: 0.1
 */
KW_API int kw_check_text(const char *id, const char *format, char **ret);

/** Version of the library, such as "0.1.0". Since: 0.1 */
KW_API const char *kw_version(void);

#ifdef __cplusplus
}
#endif

#endif
