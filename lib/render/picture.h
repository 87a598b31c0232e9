/* SPDX-License-Identifier: MIT */
/*
 * Pictures for the page: inline SVG drawn with the page's classes, so that it follows its colours.
 * Both write nothing if there is nothing to see.
 */
#ifndef KW_PICTURE_H
#define KW_PICTURE_H

#include "base/buf.h"
#include "explain/explain.h"

/* The 64 bits of the value written to an MSR or a control register, by fields. */
void kw_picture_bits(struct kw_buf *buf, const struct kw_case *c);

/* The first 4 GiB of a PC by places, with RIP and the memory operand in them. */
void kw_picture_places(struct kw_buf *buf, const struct kw_case *c);

#endif
