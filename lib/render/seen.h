/* SPDX-License-Identifier: MIT */
/* What KVM was observed to do with an MSR, as part of its description. */
#ifndef KW_RENDER_SEEN_H
#define KW_RENDER_SEEN_H

#include "base/json.h"
#include "failure.h"
#include "render/lines.h"

/* Rows labelled "seen on"; with a known @vendor only what was observed on its processors. */
void kw_seen_text(struct kw_lines *lines, uint32_t index, enum kw_vendor vendor);

/* The key "seen" with an array. */
void kw_seen_json(struct kw_json *j, uint32_t index, enum kw_vendor vendor);

#endif
