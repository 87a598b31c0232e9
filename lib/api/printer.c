// SPDX-License-Identifier: MIT
/* Reports in, text, JSON or HTML out; and all in one call. */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

struct kw_printer {
	const struct kw_renderer *renderer;
	struct kw_style style;
	kw_write_fn write;
	void *arg;
	struct kw_buf buf;
	bool begun;
};

int kw_printer_create(const char *format, unsigned int flags, kw_write_fn write, void *arg, struct kw_printer **ret)
{
	const struct kw_renderer *renderer = kw_renderer_find(format);
	struct kw_printer *p;

	if (!renderer || flags & ~(KW_PRINT_COLOR | KW_PRINT_CHECKS))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->renderer = renderer;
	p->style.color = flags & KW_PRINT_COLOR;
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

int kw_printer_report(struct kw_printer *p, const struct kw_report *report)
{
	p->style.file = report->file;
	p->style.number++;
	p->renderer->item(&p->buf, &report->c, &p->style, !p->begun);
	p->begun = true;
	return flush(p); /* at once: the reader may be following a live log */
}

int kw_printer_finish(struct kw_printer *p)
{
	p->renderer->end(&p->buf, !p->begun);
	return flush(p);
}

void kw_printer_destroy(struct kw_printer *p)
{
	if (!p)
		return;
	kw_buf_deinit(&p->buf);
	free(p);
}

/* In one call */

int kw_buf_write(void *arg, const char *text, size_t len)
{
	struct kw_buf *buf = arg;

	kw_buf_add(buf, (struct kw_str){ text, len });
	return buf->failed ? -ENOMEM : 0;
}

int kw_buf_take(struct kw_buf *buf, char **ret)
{
	kw_buf_char(buf, '\0');
	if (buf->failed) {
		kw_buf_deinit(buf);
		return -ENOMEM;
	}
	*ret = buf->p;
	return 0;
}

static int print_report(void *arg, const struct kw_report *report)
{
	return kw_printer_report(arg, report);
}

int kw_explain_text(const char *text, size_t len, const struct kw_options *options, const char *format, char **ret)
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
