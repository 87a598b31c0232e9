/* SPDX-License-Identifier: MIT */
/*
 * The render stage: a case becomes text, JSON or HTML. Text from the log is escaped here and
 * nowhere else, by base/escape or base/json depending on the format.
 */
#ifndef KW_RENDER_H
#define KW_RENDER_H

#include "base/buf.h"
#include "explain/explain.h"
#include "render/lines.h"

/* Where a failure is: its lines; .first is 0 if nowhere. */
struct kw_span {
	uint64_t first, last;
};

/* A failure that was printed and recurred in the same input. */
struct kw_again {
	const char *file;    /* may be NULL */
	uint64_t number;     /* of the one that was printed */
	uint64_t count;	     /* how often it recurred */
	struct kw_span printed, next, last; /* where it was printed from, and where it recurred */
};

struct kw_style {
	struct kw_look look;
	bool checks; /* every check of VM entry with its result; a page always has them */
	const char *file; /* name of the input, may be NULL */
	uint64_t number;  /* of the failure, from 1; 0 if not counted */
	/* where the first failure is, which has no line before it; may be NULL */
	const char *first_file;
	struct kw_span first;
};

/* A rule and its page. */
struct kw_rule_view {
	const struct kw_rule *rule;
	const char *says; /* one sentence */
	const char *page; /* Markdown */
};

/* What is known only when every failure has been printed. */
struct kw_appendix {
	struct kw_str index;	  /* the rows */
	uint64_t rows, failures;  /* fewer rows than failures if there are very many */
	const struct kw_rule_view *rules; /* that findings named, each once */
	size_t nrules;
};

/* One format. begin and end frame all cases of one output; @first is true for the first. */
struct kw_renderer {
	const char *name;
	void (*begin)(struct kw_buf *buf);
	void (*item)(struct kw_buf *buf, const struct kw_case *c, const struct kw_style *style,
		     bool first);
	void (*end)(struct kw_buf *buf, bool empty);
	/* NULL: recurring failures are items */
	void (*again)(struct kw_buf *buf, const struct kw_again *again,
		      const struct kw_style *style);
	/* NULL: the format has no appendix, which comes before end */
	void (*row)(struct kw_buf *index, const struct kw_case *c, const struct kw_style *style);
	void (*append)(struct kw_buf *buf, const struct kw_appendix *appendix);
};

/* The renderer of "text", "json", "ndjson" or "html"; NULL for another name. */
const struct kw_renderer *kw_renderer_find(const char *name);

/* The formats, one file each. */
extern const struct kw_renderer kw_renderer_text, kw_renderer_json, kw_renderer_ndjson;
extern const struct kw_renderer kw_renderer_html;

/*
 * An MSR by its index: name, fields, and what KVM does with a guest's WRMSR of @value (may be
 * NULL). As JSON with @json, else as text.
 */
void kw_render_msr(struct kw_buf *buf, uint32_t index, const uint64_t *value,
		   const struct kw_context *context, const struct kw_look *look, bool json);

/* The listing of the bytes in @code->code, decoded for @bits. As JSON with @json, else as text. */
void kw_render_insns(struct kw_buf *buf, const struct kw_failure *code, unsigned int bits,
		     const struct kw_look *look, bool json);

/* A check of VM entry or VMRUN. As JSON with @json, else as text. */
void kw_render_check(struct kw_buf *buf, const struct kw_check *check, const struct kw_look *look,
		     bool json);

/*
 * The checks that match all words of @query, "" for every check, under the titles of their
 * sections; as text, or as an array. Returns how many there are.
 */
size_t kw_render_checks(struct kw_buf *buf, struct kw_str query, const struct kw_look *look,
			bool json);

/* The page for a terminal, or an object. */
void kw_render_rule(struct kw_buf *buf, const struct kw_rule_view *view, const struct kw_look *look,
		    bool json);

/* Some rules as rows, or as an array. */
void kw_render_rules(struct kw_buf *buf, const struct kw_rule_view *views, size_t n,
		     const struct kw_look *look, bool json);

#endif
