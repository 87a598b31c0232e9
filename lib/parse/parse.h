/* SPDX-License-Identifier: MIT */
/*
 * The parse stage: bytes to facts. reader.c finds the places in a stream that are worth reading,
 * clean.c strips what mail, journals and trackers put around a line, and one file per producer
 * understands it. A parser never fails: it ignores what it does not know.
 */
#ifndef KW_PARSE_H
#define KW_PARSE_H

#include "base/find.h"
#include "failure.h"

/* speaker.c: who wrote a line, as far as what was put around it says so. */

/* Hashes of names, 0 for what is not named. Those of a line's outermost layer count. */
struct kw_speaker {
	uint64_t host;
	uint64_t place;	  /* container, pod or file */
	uint64_t program; /* of a journal or syslog */
	uint64_t pid;	  /* of a program that may be a guest's VMM */
	uint64_t task;	  /* or CPU for which the kernel printed: CONFIG_PRINTK_CALLER */
	bool service;	  /* of a structured log: the program is none of those */
};

void kw_speaker_host(struct kw_speaker *who, struct kw_str host);
void kw_speaker_place(struct kw_speaker *who, struct kw_str place);
void kw_speaker_program(struct kw_speaker *who, struct kw_str program, struct kw_str pid);
void kw_speaker_task(struct kw_speaker *who, struct kw_str task);
/* A field of a structured log that all lines of a speaker have; others are ignored. */
void kw_speaker_field(struct kw_speaker *who, struct kw_str key, struct kw_str value);
/* Adds what an inner layer of the line says. */
void kw_speaker_inside(struct kw_speaker *who, const struct kw_speaker *inner);

/*
 * Length of the name that a collector of several logs put at the start of @s, 0 if none; @first:
 * nothing was in front of it.
 */
size_t kw_speaker_prefix(struct kw_str s, bool first, struct kw_speaker *who);

/* "==> FILE <==": tail begins lines of another file. */
bool kw_speaker_header(struct kw_str raw, struct kw_speaker *who);

/* clean.c */

/* bytes of a line that are read; the rest is skipped with a note */
enum { KW_LINE_MAX = 65536 };

enum kw_line_source { KW_SRC_UNKNOWN, KW_SRC_KERNEL, KW_SRC_VMM };

/* A line, verbatim and cleaned. */
struct kw_clean_line {
	uint64_t number;
	struct kw_str raw;  /* without the line end */
	struct kw_str text; /* without quote marks, prefixes, escapes; trimmed */
	enum kw_line_source source; /* from its prefix */
	bool cut;	    /* longer than KW_LINE_MAX, the end is missing */
	bool logged;	    /* a line of the kernel's log quoted by `kvmwhy watch` */
	bool worded;	    /* it may hold one of kw_message_words; the reader looks */
	struct kw_speaker who; /* kw_clean() adds to what is known */
};

/* envelope.c: a line as written by a shipper or logger. */
struct kw_envelope {
	struct kw_str text; /* the message, possibly several lines */
	bool kernel;	    /* the kernel spoke */
	struct kw_str before;  /* of the first layer, in @raw */
	struct kw_speaker who; /* by its fields; what is known before is given */
};

/*
 * Extracts the message of a JSON object or of msg="..." into @room (raw.len bytes). Returns false
 * if @raw is no such line: .text is then @raw.
 */
bool kw_envelope_open(struct kw_str raw, char *room, struct kw_envelope *ret);

/* mail.c: what the lines so far show of their encoding; zeroed at the start of a stream. */
struct kw_mail {
	/* consecutive lines that only quoted-printable explains, up to what is enough */
	uint8_t signs;
	uint8_t lines; /* further lines they vouch for */
};

/* Is the next line @raw quoted-printable, by its own signs or those before it? */
bool kw_mail_encoded(struct kw_mail *mail, struct kw_str raw);
/* Is @raw certainly not quoted-printable, so that nothing is joined to it? */
bool kw_mail_contradicts(struct kw_str raw);

/*
 * An untouched line of QEMU's: starts with "NAME=" or "NAME =" and has no byte that opening,
 * decoding or cleaning would look at. Most lines of a dump are like this.
 */
bool kw_clean_is_plain(struct kw_str raw);

/*
 * Cleans @raw; @scratch (at least raw.len + 1 bytes) holds the text if it has to be rewritten.
 * @continued: the previous line ended in a soft break, so what looks like a prefix is not one.
 * Returns true if this line ends in a soft break of quoted-printable; blanks around breaks are
 * kept.
 */
bool kw_clean(struct kw_str raw, bool continued, char *scratch, struct kw_mail *mail,
	      struct kw_clean_line *ret);

/* gather.c: facts to failures. One per stream. */

struct kw_gather;

/* Called with each complete failure; the record is valid only during the call. */
typedef void (*kw_failure_fn)(void *arg, struct kw_failure *f);

/* What a parser did with a line. */
enum kw_took {
	KW_TOOK_NOTHING,
	KW_TOOK_LINE, /* understood: the block continues */
};

/* message.c: one-line messages as rows. */

struct kw_message_number {
	struct kw_str after; /* the number follows these words, and blanks, ':', '=' */
	uint16_t fact;	     /* enum kw_fact */
	bool hex;	     /* without 0x, too */
};

enum { KW_MESSAGE_NUMBERS = 3 };

/*
 * A message: the cleaned line contains .words, and the original line contains .also, possibly in
 * its prefix, and not .but.
 */
struct kw_message {
	struct kw_str words, also, but;
	/* enum kw_class of the record it begins; NONE: it is only evidence */
	uint8_t class;
	uint8_t sign;	   /* enum kw_sign_kind */
	uint8_t arch;	   /* enum kw_arch of the only machine that prints it, or UNKNOWN */
	/* the value of the sign, without which the line is not this message */
	struct kw_message_number value_after;
	struct kw_message_number number[KW_MESSAGE_NUMBERS]; /* facts */
	struct kw_str name_after; /* a name, perhaps quoted, follows these words: */
	uint8_t name;		  /* enum kw_text of it */
	bool errno_last;	  /* strerror()'s text follows the last ": " */
	bool one_clause;	  /* .words and .also stand in one clause of the line */
	bool of_vmm;		  /* only if the line names a VMM's process or thread */
	struct kw_str vmm;	  /* the program, if only one prints it */
};

/*
 * Does @line name a process or thread of a VMM? As in "(NAME)", "task=NAME,", "NAME[PID]: ",
 * "[NAME:PID]", "NAME/PID took", "NAME: ../file.c".
 */
bool kw_names_vmm(struct kw_str line);

/* Sets the machine's architecture if it is unknown and @line names QEMU's: qemu-system-aarch64 */
void kw_message_arch(struct kw_failure *f, struct kw_str line);

/* A producer of text. Parsers are tried in order; the first that takes a line ends the round. */
struct kw_parser {
	const char *name;
	/*
	 * What a stream is searched for: the first line of each block contains one of these, each
	 * KW_FIND_NEEDLE_MIN bytes or more and as rare in ordinary logs as possible. An empty one
	 * ends them.
	 */
	const struct kw_str *words;
	/*
	 * One-line messages, tried before .line; either may be NULL. What begins a record is
	 * searched for by its .words.
	 */
	const struct kw_message *messages;
	enum kw_took (*line)(struct kw_gather *g, const struct kw_clean_line *line);
	/* .line takes only lines with one of .words, and what continues them: so asks .worded */
	bool worded;
	bool kernel; /* also tried on lines of the kernel's log quoted by `kvmwhy watch` */
	bool aside;  /* of programs that print no registers: see kw_gather_aside() */
};
#define P(name) extern const struct kw_parser kw_parser_##name;
#include "parse/parsers.def"
#undef P
extern const struct kw_parser *const kw_parsers[]; /* ends with NULL */

enum {
#define P(name) KW_PARSER_##name,
#include "parse/parsers.def"
#undef P
	KW_NPARSERS
};

/*
 * Records overlap: when several vCPUs fail at once, the headline of the second appears in the
 * middle of the first one's dump. So at most two are open: the older one, whose dump is being read,
 * and the newer.
 */

/* For parsers: the record that a headline's details go to: the newest, or NULL. */
struct kw_failure *kw_gather_current(struct kw_gather *g);

/* For parsers: the record whose dump is being read: the oldest, or NULL. */
struct kw_failure *kw_gather_dumping(struct kw_gather *g);

/*
 * For parsers: the open record of this class, or the one joined by a host's dump of this class; the
 * newest if both are, or NULL.
 */
struct kw_failure *kw_gather_of(struct kw_gather *g, enum kw_class class);

/*
 * For parsers: a headline begins a record. It ends the previous one if that is complete; joins it
 * if that has no headline yet and either no registers or @dump_was_before; is dropped as an echo if
 * it repeats the last one before anything else came (@number tells headlines of a class apart).
 */
struct kw_failure *kw_gather_headline(struct kw_gather *g, enum kw_class class, uint64_t number,
				      bool dump_was_before, const struct kw_clean_line *line);

/*
 * For parsers with .aside: the same for a program that prints no registers. What is open may be
 * another program's failure in the same log, so it gets a separate record, unless a host's dump
 * belongs to this entry.
 */
struct kw_failure *kw_gather_aside(struct kw_gather *g, enum kw_class class, uint64_t number,
				   const struct kw_clean_line *line);

/* For parsers with .aside: the separate open record, or NULL. */
struct kw_failure *kw_gather_beside(struct kw_gather *g);

/*
 * For parsers: a dump_vmcs or dump_vmcb begins. It joins the record of a failed entry that the VMM
 * reported just before; else it begins a record of @class, which a failed entry reported just after
 * joins.
 */
struct kw_failure *kw_gather_host_dump(struct kw_gather *g, enum kw_class class,
				       const struct kw_clean_line *line);

/*
 * For parsers: the record that register @fact belongs to; begins one if there is none, or if the
 * one whose dump is being read already has this register.
 */
struct kw_failure *kw_gather_dump(struct kw_gather *g, enum kw_fact fact,
				  const struct kw_clean_line *line);

/*
 * For parsers: a record of `kvmwhy watch` begins; it ends what is open. Only such a record has an
 * explicit end: kw_gather_end() reports everything that is open at once.
 */
struct kw_failure *kw_gather_begin(struct kw_gather *g, const struct kw_clean_line *line);
struct kw_failure *kw_gather_watched(struct kw_gather *g); /* the open one, or NULL */
void kw_gather_end(struct kw_gather *g);

/*
 * For parsers: sets a fact of @f as seen at @line; NULL for a fact that is not from a line of text.
 */
void kw_gather_fact(struct kw_failure *f, const struct kw_clean_line *line, enum kw_fact fact,
		    uint64_t value);

/* For parsers: keeps the line as evidence of @f and returns its index; KW_NO_LINE for NULL. */
uint16_t kw_gather_line(struct kw_failure *f, const struct kw_clean_line *line);

/* For parsers: a line that is evidence for the failure before or after it. */
void kw_gather_sign(struct kw_gather *g, const struct kw_clean_line *line, enum kw_sign_kind kind,
		    uint64_t value);

/*
 * For parsers: the record that a one-line message of @class belongs to. An open one of any class
 * takes it; else one of @class begins, and a failure that follows soon takes that over. NULL for
 * KW_CLASS_NONE if nothing is open: such a message is evidence, not a failure.
 */
struct kw_failure *kw_gather_message(struct kw_gather *g, enum kw_class class,
				     const struct kw_clean_line *line);

/* For parsers: a kernel message about an MSR. These are collected into one record of their own. */
void kw_gather_msr(struct kw_gather *g, const struct kw_clean_line *line,
		   const struct kw_msr_message *message);

/* A state word per parser, zeroed when a record begins, for texts that wrap. */
uint32_t *kw_gather_state(struct kw_gather *g, const struct kw_parser *parser);

/*
 * message.c: the number that follows @words, and blanks, ':', '=', '(' and a quote: hexadecimal if
 * @hex or with 0x, negative after '-'. False, with @ret unchanged, if there is none.
 */
bool kw_number_after(struct kw_str s, struct kw_str words, bool hex, uint64_t *ret);

/* message.c: the first row that matches takes the line; the rows end with empty .words. */
enum kw_took kw_message_take(struct kw_gather *g, const struct kw_clean_line *line,
			     const struct kw_message *rows);

/* For lanes.c */
int kw_gather_create(kw_failure_fn fn, void *arg, struct kw_gather **ret);
void kw_gather_destroy(struct kw_gather *g);
/* For offer.c: does the record that is open want no more lines of a log, as this one is? */
bool kw_gather_is_deaf(const struct kw_gather *g, const struct kw_clean_line *line);
/* A parser understood @line, or none did: after many of those the open records are complete. */
void kw_gather_took(struct kw_gather *g, const struct kw_clean_line *line);
void kw_gather_passed(struct kw_gather *g, const struct kw_clean_line *line);
/* Other speakers wrote so many lines since the last one that was offered. */
void kw_gather_others(struct kw_gather *g, uint64_t lines);
bool kw_gather_is_open(const struct kw_gather *g);
/* Is only a host's dump open, which no VMM's message was joined to? */
bool kw_gather_is_host_dump(const struct kw_gather *g);
/* Is a host's dump being read? */
bool kw_gather_in_host_dump(const struct kw_gather *g);
/* The stream has ended. */
void kw_gather_finish(struct kw_gather *g);

/* offer.c: hands @line to the parsers. Returns true if one of them understood it. */
bool kw_offer(struct kw_gather *g, const struct kw_clean_line *line);

/* lanes.c: the lines of each speaker are gathered as one text. Memory is bounded. */

struct kw_lanes;

int kw_lanes_create(kw_failure_fn fn, void *arg, struct kw_lanes **ret);
void kw_lanes_destroy(struct kw_lanes *l);
void kw_lanes_offer(struct kw_lanes *l, const struct kw_clean_line *line);
/* Is nothing open, so that the reader may go back to searching? */
bool kw_lanes_idle(const struct kw_lanes *l);
/* The stream has ended. */
void kw_lanes_finish(struct kw_lanes *l);

/* reader.c: a stream in pieces of any size. Memory is bounded by a few KW_LINE_MAX. */

struct kw_stream;

int kw_stream_create(kw_failure_fn fn, void *arg, struct kw_stream **ret);
int kw_stream_feed(struct kw_stream *s, const char *data, size_t len);
void kw_stream_finish(struct kw_stream *s);
void kw_stream_destroy(struct kw_stream *s);

/*
 * run_page.c: a kvm_run page as if it were in the stream as rows of hex bytes; line numbers count
 * rows.
 */
void kw_stream_run_page(struct kw_stream *s, const uint8_t *page, size_t len);

/*
 * run_page.c: puts what ended this KVM_RUN and the registers into an empty record: @error is its
 * errno, 0 if it returned 0; @page of @len bytes, NULL if there is none; @regs is a struct kvm_regs
 * and @sregs a struct kvm_sregs or kvm_sregs2, each NULL if not given: then those of
 * KVM_CAP_SYNC_REGS in the page are used, if valid.
 */
void kw_run_page_read(struct kw_failure *f, int error, const uint8_t *page, size_t len,
		      const void *regs, const void *sregs);

/*
 * event.c: the bytes of a record of include/uapi/kvmwhy-event.h, of any alignment, into @ret:
 * unknown sections and members are left out, a missing section is zero. Returns NULL, or a clause
 * that says why it is not a record.
 */
struct kvmwhy_event;
const char *kw_event_parse(const void *record, size_t len, struct kvmwhy_event *ret);

/* Puts what the record knows into an empty failure. */
void kw_event_read(struct kw_failure *f, const struct kvmwhy_event *e);

/* vcpu.c: further structures of <linux/kvm.h>, as the ioctls fill them. */

enum {
	KW_VCPU_REGS_BYTES = 144,
	KW_VCPU_SREGS_BYTES = 312,
	KW_VCPU_SREGS2_BYTES = 320,
	KW_VCPU_EVENTS_BYTES = 64,
	KW_VCPU_DEBUGREGS_BYTES = 128,
};

/* struct kvm_vcpu_events; NULL: those of KVM_CAP_SYNC_REGS in @page of @len bytes, if valid. */
void kw_vcpu_events(struct kw_failure *f, const uint8_t *events, const uint8_t *page, size_t len);
/* struct kvm_debugregs */
void kw_vcpu_debugregs(struct kw_failure *f, const uint8_t *debugregs);
/* An MSR that is a fact, if no other structure had it. */
void kw_vcpu_msr(struct kw_failure *f, uint32_t index, uint64_t value);
/* The code bytes: @len of them, the one at RIP at index @at; bit i of @known: byte i was read. */
void kw_vcpu_code(struct kw_failure *f, const uint8_t *code, size_t len, size_t at, uint64_t known);
/*
 * After all structures were read: derives what a VMM's dump would show, the CPL and the width of
 * the registers.
 */
void kw_vcpu_finish(struct kw_failure *f);

#endif
