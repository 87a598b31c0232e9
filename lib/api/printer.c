// SPDX-License-Identifier: MIT
/* Reports in, text, JSON or HTML out; and all in one call. */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

/* different failures of an input; further ones are printed every time */
enum { REMEMBERED_MOST = 64 };

/* failures in the index of a page */
enum { ROWS_MOST = 1000 };

/* A failure that was printed, and where it recurred. */
struct remembered {
	uint64_t hash;
	struct kw_again again;
};

struct kw_printer {
	const struct kw_renderer *renderer;
	struct kw_style style;
	kw_write_fn write;
	void *arg;
	struct kw_buf buf;
	bool begun;
	char *first_file, *file; /* copies: the originals die with the report */
	struct remembered remembered[REMEMBERED_MOST];
	size_t nremembered;
	/* for the appendix */
	struct kw_buf index;
	uint64_t rows;
	struct kw_rule_view *rules;
	size_t nrules;
};

int kw_printer_create(const char *format, unsigned int flags, kw_write_fn write, void *arg,
		      struct kw_printer **ret)
{
	const struct kw_renderer *renderer = kw_renderer_find(format);
	struct kw_look look;
	struct kw_printer *p;

	if (!renderer || kw_look_init(flags & ~KW_PRINT_CHECKS, &look))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->renderer = renderer;
	p->style.look = look;
	p->style.checks = flags & KW_PRINT_CHECKS;
	p->write = write;
	p->arg = arg;
	p->renderer->begin(&p->buf);
	*ret = p;
	return 0;
}

static int flush(struct kw_printer *p)
{
	int err = p->buf.failed ? -ENOMEM : 0;

	if (!err && p->buf.len)
		err = p->write(p->arg, p->buf.p, p->buf.len);
	kw_buf_reset(&p->buf);
	return err;
}

static uint64_t hash_text(uint64_t hash, struct kw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * 0x100000001b3;
	return hash;
}

/* Equal failures have the same kind, answer and place in the guest. */
static uint64_t hash_case(const struct kw_case *c)
{
	uint64_t hash = hash_text(hash_text(0xcbf29ce484222325, c->fingerprint), c->headline);

	return kw_has(c->f, rip) ? (hash ^ c->f->rip) * 0x100000001b3 : hash;
}

/* True if it was printed before. What `kvmwhy watch` saw is always a new occurrence. */
static bool came_again(struct kw_printer *p, const struct kw_case *c)
{
	struct kw_span span = { c->f->first_line, c->f->last_line };
	struct remembered *r = p->remembered, *end = r + p->nremembered;
	uint64_t hash;

	if (!p->renderer->again || c->f->watch.begun)
		return false;
	hash = hash_case(c);
	while (r < end && r->hash != hash)
		r++;
	if (r < end) {
		if (!r->again.count++)
			r->again.next = span;
		r->again.last = span;
		return true;
	}
	if (p->nremembered < REMEMBERED_MOST) {
		*r = (struct remembered){ hash, { .number = p->style.number, .printed = span } };
		p->nremembered++;
	}
	return false;
}

/* An input has ended. */
static void print_again(struct kw_printer *p)
{
	for (size_t i = 0; i < p->nremembered; i++) {
		p->remembered[i].again.file = p->file;
		if (p->remembered[i].again.count)
			p->renderer->again(&p->buf, &p->remembered[i].again, &p->style);
	}
	p->nremembered = 0;
}

static int set_file(struct kw_printer *p, const char *file)
{
	if (p->file == file || (p->file && file && strcmp(p->file, file) == 0))
		return 0;
	print_again(p);
	free(p->file);
	p->file = file ? strdup(file) : NULL;
	return file && !p->file ? -ENOMEM : 0;
}

/* Remembers the rule @id and its page, once. */
static int add_rule(struct kw_printer *p, const char *id)
{
	struct kw_rule_view *rules, view;

	for (size_t i = 0; i < p->nrules; i++) {
		if (strcmp(p->rules[i].rule->id, id) == 0)
			return 0;
	}
	if (!kw_rule_view_of(id, &view))
		return 0;
	rules = realloc(p->rules, (p->nrules + 1) * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	rules[p->nrules++] = view;
	p->rules = rules;
	return 0;
}

static int add_to_appendix(struct kw_printer *p, const struct kw_case *c)
{
	int err = 0;

	if (!p->renderer->append)
		return 0;
	if (p->rows < ROWS_MOST) {
		p->renderer->row(&p->index, c, &p->style);
		p->rows++;
	}
	for (size_t i = 0; !err && i < c->nfindings; i++)
		err = add_rule(p, c->finding[i].id);
	return p->index.failed ? -ENOMEM : err;
}

static void print_appendix(struct kw_printer *p)
{
	struct kw_appendix appendix = {
		.index = { p->index.p, p->index.len },
		.rows = p->rows,
		.failures = p->style.number,
		.rules = p->rules,
		.nrules = p->nrules,
	};

	if (p->renderer->append)
		p->renderer->append(&p->buf, &appendix);
}

int kw_printer_report(struct kw_printer *p, const struct kw_report *report)
{
	const struct kw_failure *f = report->c.f;
	int err = set_file(p, report->file);

	if (err)
		return err;
	p->style.number++;
	if (came_again(p, &report->c))
		return flush(p);
	p->style.file = report->file;
	p->renderer->item(&p->buf, &report->c, &p->style, !p->begun);
	err = add_to_appendix(p, &report->c);
	if (err)
		return err;
	if (!p->begun) {
		p->first_file = p->file ? strdup(p->file) : NULL;
		p->style.first_file = p->first_file;
		p->style.first = (struct kw_span){ f->first_line, f->last_line };
	} else {
		p->style.first = (struct kw_span){ 0 };
	}
	p->begun = true;
	return flush(p); /* at once: the reader may be following a live log */
}

int kw_printer_finish(struct kw_printer *p)
{
	print_again(p);
	print_appendix(p);
	p->renderer->end(&p->buf, !p->begun);
	return flush(p);
}

void kw_printer_destroy(struct kw_printer *p)
{
	if (!p)
		return;
	kw_buf_deinit(&p->buf);
	kw_buf_deinit(&p->index);
	free(p->rules);
	free(p->first_file);
	free(p->file);
	free(p);
}

/* In one call */

int kw_buf_write(void *arg, const char *text, size_t len)
{
	struct kw_buf *buf = arg;

	kw_buf_add(buf, (struct kw_str){ text, len });
	return buf->failed ? -ENOMEM : 0;
}

static int print_report(void *arg, const struct kw_report *report)
{
	return kw_printer_report(arg, report);
}

int kw_explain_text(const char *text, size_t len, const struct kw_options *options,
		    const char *format, char **ret)
{
	struct kw_buf buf = { 0 };
	struct kw_printer *printer = NULL;
	struct kw_reader *reader = NULL;
	uint64_t count = 0;
	int err = kw_printer_create(format, 0, kw_buf_write, &buf, &printer);

	if (!err)
		err = kw_reader_create(options, print_report, printer, &reader);
	if (!err)
		err = kw_reader_feed(reader, text, len);
	if (!err)
		err = kw_reader_finish(reader, NULL);
	if (!err)
		err = kw_printer_finish(printer);
	if (!err)
		err = kw_buf_take(&buf, ret);
	else
		kw_buf_deinit(&buf);
	if (reader)
		count = kw_reader_count(reader);
	kw_reader_destroy(reader);
	kw_printer_destroy(printer);
	return err ? err : (int)(count < INT32_MAX ? count : INT32_MAX);
}
