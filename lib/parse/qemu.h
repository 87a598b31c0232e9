/* SPDX-License-Identifier: MIT */
/* The register dump's side of the QEMU parser, for qemu.c only. State is that of kw_parser_qemu. */
#ifndef KW_PARSE_QEMU_H
#define KW_PARSE_QEMU_H

#include "parse/parse.h"

/* Reads all "NAME=value" of @s, a part of the line; true if there was any. */
bool kw_qemu_tokens(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s);

/* A line that continues where the last one was broken. */
bool kw_qemu_continuation(struct kw_gather *g, const struct kw_clean_line *line);

/* A line of another architecture's dump. */
bool kw_qemu_foreign(struct kw_gather *g, const struct kw_clean_line *line);

/* Does the line start with a register token? None of the messages does. */
bool kw_qemu_is_token_line(struct kw_str s);

/* The text after blanks and backticks. */
struct kw_str kw_qemu_skip(struct kw_str s);

#endif
