/* SPDX-License-Identifier: MIT */
/* What the files of the api stage share. */
#ifndef KW_API_H
#define KW_API_H

#include "kvmwhy/kvmwhy.h"

#include "explain/explain.h"
#include "render/render.h"

struct kw_report {
	struct kw_case c;
	const char *file;
};

/* Options of any known size as a context, which borrows their strings; 0 or -EINVAL. */
int kw_context_init(const struct kw_options *options, struct kw_context *ret);

/* The buffer as a C string that the caller frees; the buffer is empty after it. 0 or -ENOMEM. */
int kw_buf_take(struct kw_buf *buf, char **ret);

/* A kw_write_fn into a struct kw_buf. */
int kw_buf_write(void *arg, const char *text, size_t len);

#endif
