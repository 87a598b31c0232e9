/* SPDX-License-Identifier: MIT */
/**
 * libkvmwhy: why did a KVM guest die?
 *
 * Text from a VMM or a host kernel goes in, reports come out: which instruction, with which
 * operands, who refused it, why, and what to do. The library does no I/O, prints nothing, has no
 * global state and never fails on bad input: what it cannot read becomes a note in the report. Any
 * thread may call any function; an object belongs to one thread at a time.
 *
 * Errors are negative errno values. Texts are UTF-8 without control characters, whatever the log
 * contained.
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
	/** a clause that names the member and its value; written only on failure */
	char message[248];
};

/**
 * What the caller knows besides the text. Zero it, set .size to sizeof, then what is known.
 * Since: 0.1
 */
struct kw_options {
	size_t size;
	const char *host_kernel; /**< `uname -r` of the host, or NULL */
	const char *vendor;	 /**< "intel" or "amd", or NULL */
	unsigned int flags;	 /**< KW_OPTION_* */
	const char *file;	 /**< name of the input, for reports; or NULL */
	/** receives the reason when a call with these options returns -EINVAL; or NULL */
	struct kw_error *error;
	/**
	 * what the host's modules are set to, as words "kvm_intel.unrestricted_guest=Y", with the
	 * values of /sys/module; or NULL. Names that are not in kw_kvm_parameter() are shown only.
	 */
	const char *parameters;
};

/** Also report harmless messages. Since: 0.1 */
#define KW_OPTION_ALL 1u

struct kw_reader;
struct kw_report;
struct kw_printer;

/**
 * Receives each failure as it is found. @report is valid only during the call.
 *
 * Return: 0 to continue; anything else stops reading and is returned to the caller of the reader.
 * Since: 0.1
 */
typedef int (*kw_report_fn)(void *arg, const struct kw_report *report);

/**
 * kw_reader_create() - start reading a stream
 * @options: copied, strings included; NULL for the defaults
 * @fn: called for each failure, with @arg
 * @ret: on success the reader; free it with kw_reader_destroy()
 *
 * Memory use is bounded (about 1 MiB), however long the stream, its lines or its failures are.
 *
 * Return: 0, -ENOMEM, or -EINVAL for options of unknown size, vendor or flags.
 * Since: 0.1
 */
KW_API int kw_reader_create(const struct kw_options *options, kw_report_fn fn, void *arg,
			    struct kw_reader **ret);

/**
 * Reads @len bytes at @data, a piece of any size; keeps no reference to them after the call.
 * Since: 0.1
 */
KW_API int kw_reader_feed(struct kw_reader *reader, const void *data, size_t len);

/**
 * Accepted sizes of a kvm_run page: at least up to the end of internal.data, at most three pages.
 * Since: 0.1
 */
#define KW_RUN_PAGE_MIN 168u
#define KW_RUN_PAGE_MAX 12288u

/**
 * kw_reader_run_page() - read the kvm_run page of a vCPU
 * @page: struct kvm_run of an x86 host, @len bytes of it; not kept
 *
 * Equivalent to feeding the page as lines of 16 bytes, "kvm_run 000: ..": after a line such as "kvm
 * run failed Bad address" it belongs to that failure. Read from it are kvmwhy.ko's data
 * (docs/kvm-run-data.md) and the exits with which KVM itself ends a guest.
 *
 * Return: as kw_reader_feed(), or -EINVAL for a @len outside these sizes.
 * Since: 0.1
 */
KW_API int kw_reader_run_page(struct kw_reader *reader, const void *page, size_t len);

/**
 * Ends the stream and reports what was pending. The reader is then ready for the next stream, whose
 * name is @next_file (copied, may be NULL).
 * Since: 0.1
 */
KW_API int kw_reader_finish(struct kw_reader *reader, const char *next_file);

/** Number of failures reported so far, over all streams. Since: 0.1 */
KW_API uint64_t kw_reader_count(const struct kw_reader *reader);

/** Number of harmless messages seen but not reported, over all streams. Since: 0.1 */
KW_API uint64_t kw_reader_suppressed(const struct kw_reader *reader);

/** Frees the reader; NULL is allowed. Since: 0.1 */
KW_API void kw_reader_destroy(struct kw_reader *reader);

/**
 * The texts of a report. An older library returns NULL for an item added in a later version.
 * Since: 0.1
 */
enum kw_report_texts {
	KW_REPORT_CLASS,	/**< "kvm-run-failed", "internal-error", ... (the JSON's "class") */
	KW_REPORT_ARCH,		/**< the guest's: "x86", "aarch64", ..., "unknown" */
	KW_REPORT_HEADLINE,	/**< the answer in one sentence */
	KW_REPORT_SAID,		/**< what the message itself means */
	KW_REPORT_FINGERPRINT,	/**< equal for failures of the same kind */
	KW_REPORT_VENDOR,	/**< "intel" or "amd" */
	KW_REPORT_VMM,		/**< the program that printed the message */
	KW_REPORT_GUEST,	/**< the guest's name */
	KW_REPORT_HOST_KERNEL,	/**< its release, if the text shows it */
	KW_REPORT_MODE,		/**< of the CPU: "long64", "real", ... */
	KW_REPORT_INSN,		/**< the instruction: "wrmsr" */
	KW_REPORT_INSN_BYTES,	/**< its bytes: "0f 30" */
	KW_REPORT_MSR_NAME,	/**< of the MSR accessed */
	KW_REPORT_MSR_ACCESS,	/**< "read" or "write" */
	KW_REPORT_FILE		/**< the input's name, as the caller gave it */
};

/** The numbers of a report. Since: 0.1 */
enum kw_report_numbers {
	KW_REPORT_INSN_GVA,	/**< linear address of the instruction */
	KW_REPORT_MSR_INDEX,
	KW_REPORT_MSR_VALUE,	/**< the value written */
	KW_REPORT_FIRST_LINE,	/**< in the input, that belong to the failure, from 1 */
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
	KW_FINDING_DO,		/**< what to do, one sentence or command each */
	KW_FINDING_SOURCES,
	KW_FINDING_FACTS	/**< names of the facts it rests on, for kw_report_fact() */
};

/**
 * kw_report_text(), kw_report_number() - an item of a report
 *
 * All texts of a report are valid as long as the report, and are UTF-8 without line ends or control
 * characters, whatever the log contained. They are "" if memory ran out.
 *
 * Return: the text, NULL if it is not known; 1 with @ret, 0 if the number is not known.
 * Since: 0.1
 */
KW_API const char *kw_report_text(const struct kw_report *report, enum kw_report_texts what);
KW_API int kw_report_number(const struct kw_report *report, enum kw_report_numbers what,
			    uint64_t *ret);

/**
 * kw_report_fact() - a fact by its name
 * @name: as in the JSON, prefixed "vmcs_" or "vmcb_" if it is from there: "rcx", "cs_base",
 * "vmcs_cr0", "errno_number"
 * @ret: receives the value; may be NULL
 *
 * kw_report_fact_name() returns the name of known fact @i, in JSON order; NULL beyond the last.
 *
 * Return: how it is known: "seen", "derived" (from others) or "assumed"; NULL if it is not known.
 * Since: 0.1
 */
KW_API const char *kw_report_fact(const struct kw_report *report, const char *name, uint64_t *ret);
KW_API const char *kw_report_fact_name(const struct kw_report *report, size_t i);

/** Number of findings, best first. Since: 0.1 */
KW_API size_t kw_report_findings(const struct kw_report *report);

/**
 * kw_report_finding() - a text of finding @i
 *
 * kw_report_finding_list() returns entry @k of one of its lists, kw_report_finding_evidence() input
 * line @k that is evidence for it; @line_ret, which may be NULL, receives the line number, from 1.
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
 * Note @i, NULL beyond the last: what could not be read. @line_ret, which may be NULL, receives its
 * line, 0 if it concerns no line.
 * Since: 0.1
 */
KW_API const char *kw_report_note(const struct kw_report *report, size_t i, uint64_t *line_ret);

/** Receives output; returns 0 or a negative errno, which stops printing. Since: 0.1 */
typedef int (*kw_write_fn)(void *arg, const char *text, size_t len);

/** Use terminal colours (format "text" only, as is KW_PRINT_WIDTH()). Since: 0.1 */
#define KW_PRINT_COLOR 1u

/**
 * List every check of VM entry or VMRUN that was evaluated, with its result (format "text"; "html"
 * always has them).
 * Since: 0.1
 */
#define KW_PRINT_CHECKS 2u

/**
 * Wrap lines of text for a terminal of this many columns (1 to 65535); text is laid out for 60 to
 * 120 of them, and for 100 without this flag.
 * Since: 0.1
 */
#define KW_PRINT_WIDTH(columns) ((unsigned int)(columns) << 16)

/**
 * kw_printer_create() - print reports
 * @format: "text", "json" (one array), "ndjson" (one object a line) or "html" (one page)
 * @flags: KW_PRINT_*
 * @write: receives the output in pieces of any size, with @arg
 * @ret: on success the printer; free it with kw_printer_destroy()
 *
 * Return: 0, -ENOMEM, or -EINVAL for an unknown format or flag.
 * Since: 0.1
 */
KW_API int kw_printer_create(const char *format, unsigned int flags, kw_write_fn write, void *arg,
			     struct kw_printer **ret);

/**
 * Prints one report; suits the body of a kw_report_fn. Text shows identical failures of the same
 * input once: how often and where they recurred follows the last failure of the input. Since: 0.1
 */
KW_API int kw_printer_report(struct kw_printer *printer, const struct kw_report *report);

/** Ends the output (closes the array, the page) and writes the rest. Since: 0.1 */
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

/** An MSR of a vCPU, as returned by KVM_GET_MSRS. Since: 0.1 */
struct kw_vcpu_msr {
	uint32_t index;
	uint64_t value;
};

/**
 * A vCPU after KVM_RUN, in the structures of an x86 host's <linux/kvm.h>. Zero it, set .size to
 * sizeof, then whatever you have. Everything is borrowed for the call; no structure need be
 * aligned.
 * Since: 0.1
 */
struct kw_vcpu_state {
	size_t size;
	/** the structures' architecture: "x86", or NULL if not stated */
	const char *arch;
	int error;			/**< errno of KVM_RUN; 0 if it returned 0 */
	int number;			/**< of the vCPU, -1 if not known */
	const void *run;		/**< the mapped struct kvm_run, or NULL */
	size_t run_size;		/**< KW_RUN_PAGE_MIN to KW_RUN_PAGE_MAX */
	/** struct kvm_regs, or NULL: those of KVM_CAP_SYNC_REGS in .run, if valid */
	const void *regs;
	size_t regs_size;
	const void *sregs;		/**< struct kvm_sregs, or NULL as above */
	size_t sregs_size;
	const void *events;		/**< struct kvm_vcpu_events, or NULL as above */
	size_t events_size;
	const void *debugregs;		/**< struct kvm_debugregs, or NULL */
	size_t debugregs_size;
	/** IA32_EFER and IA32_APIC_BASE are used if .sregs is not known */
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
 * Bytes of .code; 20 before RIP and 30 from RIP on are used, as in QEMU's Code= line.
 * Since: 0.1
 */
#define KW_VCPU_CODE_MAX 64u

/**
 * kw_vcpu_report() - explain a vCPU from inside its VMM
 * @state: what KVM_RUN left behind
 * @options: as for kw_reader_create()
 * @fn: called once, with @arg and the report
 *
 * The answer is the same as for kw_vcpu_dump()'s text; the report quotes the lines of that text. A
 * structure's size must be its sizeof in <linux/kvm.h>, or 0 if it is NULL.
 *
 * Return: what @fn returned, -ENOMEM, or -EINVAL for an unknown size, flag or option, a negative
 * .error, or .code_at beyond .code_size.
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
 * @buf: receives the text, truncated to @size bytes including NUL; may be NULL if @size is 0
 *
 * QEMU's words for the failure, its register dump and its Code= line; unknown values are left out.
 * Where QEMU has no words, there are lines of the kvm_run page, as `kvmwhy explain` reads them.
 * Allocates nothing and takes no lock; uses KW_DUMP_STACK bytes of stack at most.
 *
 * Return: length of the whole text without the NUL, as snprintf(3); 0 where kw_vcpu_report()
 * returns -EINVAL. Since: 0.1
 */
KW_API size_t kw_vcpu_dump(const struct kw_vcpu_state *state, char *buf, size_t size);

/**
 * Bytes of @scratch that kw_vcpu_reason() needs, and of stack that it and kw_vcpu_dump() use at
 * most.
 * Since: 0.1
 */
#define KW_REASON_SCRATCH 131072u
#define KW_REASON_STACK 16384u
#define KW_DUMP_STACK 32768u

/**
 * kw_vcpu_reason() - the answer in one line, for the worst moment
 * @scratch: at least KW_REASON_SCRATCH bytes, any alignment; its contents are undefined afterwards
 * @buf: receives the line, truncated at a whole character to @size bytes including NUL; may be NULL
 * if @size is 0
 *
 * Allocates nothing, takes no lock, and uses KW_REASON_STACK bytes of stack at most: safe in a
 * thread about to end and when memory is exhausted. The line contains no line end and no control
 * character.
 *
 * Return: length of the whole line without the NUL, as snprintf(3); 0 for a @scratch that is too
 * small and where kw_vcpu_report() returns -EINVAL.
 * Since: 0.1
 */
KW_API size_t kw_vcpu_reason(const struct kw_vcpu_state *state, const struct kw_options *options,
			     void *scratch, size_t scratch_size, char *buf, size_t size);

/**
 * What the caller of kw_event_text() knows besides the record. Zero it, set .size to sizeof, then
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
	/** lines of the kernel log that belong to it, without line ends */
	const char *const *lines;
	size_t nlines;
	unsigned int flags; /**< KW_EVENT_* */
	struct kw_error *error;	  /**< receives why kw_event_text() returns -EINVAL; or NULL */
};

/**
 * Leave out what the diagnosis does not need: see "Redacted recordings" in docs/watch.md.
 * Since: 0.1
 */
#define KW_EVENT_REDACT 1u

/**
 * kw_event_text() - write down a failure seen as it happened
 * @event: struct kvmwhy_event of <kvmwhy/uapi/kvmwhy-event.h>, @len bytes; not kept, need not be
 * aligned
 * @context: what else is known; NULL for nothing
 * @ret: on success whole lines of text, NUL-terminated; free() it
 *
 * The text is what `kvmwhy watch` records. kw_reader_feed() reads it like any log; the failure is
 * complete at the end of the text and is reported there, without waiting for what follows.
 *
 * Return: 0, -ENOMEM, or -EINVAL for a truncated record or an unknown architecture or version.
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
	const char *id;	    /**< of the row in data/kvm_change.tbl */
	const char *title;
	const char *effect; /**< what KVM does wrong */
	const char *seen;   /**< what the owner of a guest sees, and what helps */
	const char *fixed;  /**< the first version of Linux without it: "v6.2-rc1" */
	const char *commit; /**< the one that fixed it, with its subject; NULL if not known */
	const char *source;
	enum kw_affected affected;
	const char *doubt;  /**< a clause: why it is unknown; "" if it is known */
};

/**
 * kw_kernel_defect() - does a kernel have this defect of KVM?
 * @options: .host_kernel is what `uname -r` prints; .vendor leaves out defects of the other
 * vendor's KVM
 * @build: what `uname -v` prints, or Ubuntu's /proc/version_signature; NULL if not known. Some
 * vendors' release strings do not show the point release, but these do.
 * @i: number of the defect, in the order of data/kvm_change.tbl
 * @ret: takes the answer
 *
 * Distributions backport: what a vendor may have fixed on its own is KW_AFFECTED_UNKNOWN, and so is
 * a release that cannot be parsed.
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
	const char *means; /**< what the value means; NULL for an unknown value */
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
 * Sets .means of @parameter for @value, as /sys/module shows it, without the line end.
 * Since: 0.1
 */
KW_API void kw_kvm_parameter_value(struct kw_parameter *parameter, const char *value);

/**
 * kw_msr_number() - the index of an MSR
 * @name_or_index: "0x404", "1028" or a name such as "IA32_MC1_CTL"
 * @ret: on success its index
 *
 * Return: 0, or -EINVAL for what is neither a 32-bit number nor the name of an MSR.
 * Since: 0.1
 */
KW_API int kw_msr_number(const char *name_or_index, uint32_t *ret);

/**
 * kw_msr_text() - describe an MSR
 * @name_or_index: "0x404", "1028" or a name such as "IA32_MC1_CTL"
 * @value: a value to decode and judge, or NULL
 * @options: .host_kernel and .vendor narrow the answer; NULL for none
 * @format: "text" or "json"
 * @flags: KW_PRINT_COLOR, KW_PRINT_WIDTH(); 0 for none
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: 1 if the MSR is known, 0 if no MSR is known at this index (@ret says so), -EINVAL for an
 * unknown name, format or flag, or -ENOMEM.
 * Since: 0.1
 */
KW_API int kw_msr_text(const char *name_or_index, const uint64_t *value,
		       const struct kw_options *options, const char *format, unsigned int flags,
		       char **ret);

/**
 * Name @i of an MSR, in the order of the indices, into @buf, truncated to @size bytes including
 * NUL; returns its length, as snprintf(3), 0 beyond the last. Since: 0.1
 */
KW_API size_t kw_msr_name_at(size_t i, char *buf, size_t size);

/**
 * kw_insn_text() - disassemble bytes
 * @hex: hexadecimal bytes as in a Code= line: blanks, `<0f>` and ?? are understood
 * @bits: 16, 32 or 64
 * @format: "text" or "json"
 * @flags: KW_PRINT_COLOR, KW_PRINT_WIDTH(); 0 for none
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Return: number of instructions, or -ENOMEM, -EINVAL for text that is not bytes, or an unknown
 * format or flag.
 * Since: 0.1
 */
KW_API int kw_insn_text(const char *hex, unsigned int bits, const char *format, unsigned int flags,
			char **ret);

/** Id of rule @i in the order of the rules, NULL beyond the last. Since: 0.1 */
KW_API const char *kw_rule_id(size_t i);

/**
 * Title of rule @i, in which {slots} stand for what a record says; NULL beyond the last. Since: 0.1
 */
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
 * kw_rule_text(), kw_check_text() - describe a rule or a check, or find some
 * @query: an id; or words, such as "EPERM" or "tr limit": lists those in which all of them occur,
 * first those that have them in their id or class. NULL or "" lists all
 * @format: "text", or "json": an object for an id, else an array
 * @flags: KW_PRINT_COLOR, KW_PRINT_WIDTH(); 0 for none
 * @ret: on success the output, NUL-terminated; free() it
 *
 * Case is ignored; a word of three letters or more also finds longer ones that begin with it. Of a
 * check: what must hold, the manual's section, the condition as evaluated, the part of VM entry
 * that makes it, and the hardware error if it is broken.
 *
 * Return: number found (0 is not an error: the list is empty), -EINVAL for an unknown format or
 * flag, or -ENOMEM.
 * Since: 0.1
 */
KW_API int kw_rule_text(const char *query, const char *format, unsigned int flags, char **ret);
KW_API int kw_check_text(const char *query, const char *format, unsigned int flags, char **ret);

/** Version of the library, such as "0.1.0". Since: 0.1 */
KW_API const char *kw_version(void);

#ifdef __cplusplus
}
#endif

#endif
