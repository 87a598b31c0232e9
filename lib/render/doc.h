/* SPDX-License-Identifier: MIT */
/*
 * A case becomes a small document: a list of pieces in reading order, of which text.c and html.c
 * each show what suits them. Texts may come from a log: the code that shows them escapes them.
 */
#ifndef KW_DOC_H
#define KW_DOC_H

#include "base/arena.h"
#include "base/buf.h"
#include "explain/explain.h"

enum kw_piece_kind {
	KW_PIECE_HEADLINE,
	KW_PIECE_ROW,	   /* .label and .text: what, where, said, ... */
	KW_PIECE_CODE,	   /* .label is the bytes, .text the instruction */
	KW_PIECE_FINDING,  /* .label is the rule's id, .text the title; its other pieces follow */
	KW_PIECE_WHY,
	KW_PIECE_DO,
	KW_PIECE_EVIDENCE, /* .line and .text */
	KW_PIECE_SOURCE,
	KW_PIECE_ODD,
	KW_PIECE_NOTE,	   /* .line is 0 if it concerns no line */
	KW_PIECE_GROUP,	   /* .text is the title of registers; .marked: their names are long */
	KW_PIECE_REGISTER, /* .label, .text is the value, .bits and .reserved what is set in it */
	KW_PIECE_SEGMENT,  /* .text is selector, base, limit, rights; .bits the rights' meaning */
	/* .label is the check's id, .text what it read or lacks, .hint what must hold */
	KW_PIECE_CHECK,
};

struct kw_piece {
	struct kw_piece *next;
	uint8_t kind;	   /* enum kw_piece_kind */
	uint8_t certainty; /* enum kw_certainty, of a finding */
	uint8_t verdict;   /* enum kw_verdict, of a check */
	bool marked;	   /* the failing instruction; a register worth a look */
	bool unsure;	   /* code: other alignments are as good */
	uint64_t line;	   /* number of the input line, 0 if there is none */
	struct kw_str label, text, bits, reserved;
	const char *hint; /* what a register is; NULL if there is nothing to say */
};

struct kw_doc {
	struct kw_arena arena; /* owns the pieces and texts made for them; others are the case's */
	struct kw_buf scratch;
	struct kw_piece *first, **end;
	struct kw_piece lost;  /* receives writes to a piece there was no memory for */
};

/* What a document may contain besides the answer. */
enum {
	KW_DOC_REGISTERS = 1, /* their tables, and all the code */
	/* each check that was evaluated: broken ones first, those that hold last */
	KW_DOC_CHECKS = 2,
};

/* The document of @c with the @parts asked for. End it with kw_doc_deinit(). */
void kw_doc_init(struct kw_doc *doc, const struct kw_case *c, unsigned int parts);
void kw_doc_deinit(struct kw_doc *doc);

/* The next piece of @kind from @piece on, or NULL. */
const struct kw_piece *kw_doc_next(const struct kw_piece *piece, enum kw_piece_kind kind);

/* "broken", "cannot tell" or "holds". */
const char *kw_doc_verdict(const struct kw_piece *check);

/* Is the input line at @index evidence of a finding? */
bool kw_doc_is_evidence(const struct kw_case *c, size_t index);

/* what.c, into an empty buffer: the instruction with its operands, and where it is. */
void kw_what(struct kw_buf *buf, const struct kw_case *c);
void kw_where(struct kw_buf *buf, const struct kw_case *c);

/* The bytes as a Code= line prints them, "??" where @known lacks the byte's bit. */
void kw_doc_bytes(struct kw_buf *buf, const uint8_t *bytes, uint64_t known, size_t len);

#endif
