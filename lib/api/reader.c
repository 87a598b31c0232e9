// SPDX-License-Identifier: MIT
/* A stream in, reports out: parse and explain wired together. */
#include "api/api.h"
#include "parse/parse.h"

#include <errno.h>
#include <stdlib.h>

struct kw_reader {
	struct kw_stream *stream;
	kw_report_fn fn;
	void *arg;
	int stopped; /* what the callback returned */
	uint64_t count, stream_count, suppressed;
	struct kw_context context;
	char *host_kernel, *parameters, *file;
	struct kw_report report;
	struct kw_shown *shown;
};

static void on_failure(void *arg, struct kw_failure *f)
{
	struct kw_reader *r = arg;

	if (r->stopped)
		return;
	kw_explain(f, &r->context, &r->report.c);
	if (r->report.c.harmless && !r->context.all &&
	    (r->stream_count || FACT_IS(f, watch_harmless, 1))) {
		r->suppressed++;
		return;
	}
	r->stream_count++;
	r->count++;
	r->report.file = r->file;
	r->shown = NULL;
	r->report.shown = &r->shown;
	r->stopped = r->fn(r->arg, &r->report);
}

static int set_text(char **to, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int kw_reader_create(const struct kw_options *options, kw_report_fn fn, void *arg,
		     struct kw_reader **ret)
{
	struct kw_context context;
	struct kw_reader *r;
	int err = kw_context_init(options, &context);

	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->fn = fn;
	r->arg = arg;
	r->context = context;
	err = kw_stream_create(on_failure, r, &r->stream);
	if (!err && options)
		err = set_text(&r->file, options->file);
	if (!err)
		err = set_text(&r->host_kernel, context.host_kernel);
	if (!err)
		err = set_text(&r->parameters, context.parameters);
	if (err) {
		kw_reader_destroy(r);
		return err;
	}
	r->context.host_kernel = r->host_kernel;
	r->context.parameters = r->parameters;
	*ret = r;
	return 0;
}

int kw_reader_feed(struct kw_reader *r, const void *data, size_t len)
{
	if (!r->stopped)
		kw_stream_feed(r->stream, data, len);
	return r->stopped;
}

int kw_reader_run_page(struct kw_reader *r, const void *page, size_t len)
{
	if (len < KW_RUN_PAGE_MIN || len > KW_RUN_PAGE_MAX)
		return -EINVAL;
	if (!r->stopped)
		kw_stream_run_page(r->stream, page, len);
	return r->stopped;
}

int kw_reader_finish(struct kw_reader *r, const char *next_file)
{
	kw_stream_finish(r->stream);
	r->stream_count = 0;
	if (r->stopped)
		return r->stopped;
	return set_text(&r->file, next_file);
}

uint64_t kw_reader_count(const struct kw_reader *r)
{
	return r->count;
}

uint64_t kw_reader_suppressed(const struct kw_reader *r)
{
	return r->suppressed;
}

void kw_reader_destroy(struct kw_reader *r)
{
	if (!r)
		return;
	kw_stream_destroy(r->stream);
	free(r->host_kernel);
	free(r->parameters);
	free(r->file);
	free(r);
}
