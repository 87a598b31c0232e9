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
	/* texts returned so far, in the failure's arena; starts as a pointer to NULL */
	struct kw_shown **shown;
};

/* error.c: @error, which may be NULL, receives why a call is refused. Returns -EINVAL. */
int kw_refuse(struct kw_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Options of any known size as a context, which borrows their strings; 0 or -EINVAL. */
int kw_context_init(const struct kw_options *options, struct kw_context *ret);

/* Where the caller of a function with these options wants the reason for a failure, or NULL. */
struct kw_error *kw_options_error(const struct kw_options *options);

/* How KW_PRINT_COLOR and KW_PRINT_WIDTH() in @flags want text to look; 0, or -EINVAL for others. */
int kw_look_init(unsigned int flags, struct kw_look *ret);

/* describe.c: the rule @id with its page; false if there is none. */
bool kw_rule_view_of(const char *id, struct kw_rule_view *ret);

/* Turns the buffer into a C string for the caller to free, and empties it. 0 or -ENOMEM. */
int kw_buf_take(struct kw_buf *buf, char **ret);

/* A kw_write_fn into a struct kw_buf. */
int kw_buf_write(void *arg, const char *text, size_t len);

#endif
