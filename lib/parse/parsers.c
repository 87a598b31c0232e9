// SPDX-License-Identifier: MIT
/* The parsers as a list. */
#include "parse/parse.h"

const struct kw_parser *const kw_parsers[] = {
#define P(name) &kw_parser_##name,
#include "parse/parsers.def"
#undef P
	NULL,
};
