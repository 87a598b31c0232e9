// SPDX-License-Identifier: MIT
/* A line goes to the parsers in their order; the first that understands it has it. */
#include "parse/parse.h"

static bool takes(struct kw_gather *g, const struct kw_clean_line *line,
		  const struct kw_parser *parser)
{
	if (line->worded && parser->messages &&
	    kw_message_take(g, line, parser->messages) == KW_TOOK_LINE)
		return true;
	return parser->line && parser->line(g, line) == KW_TOOK_LINE;
}

bool kw_offer(struct kw_gather *g, const struct kw_clean_line *line)
{
	if (kw_gather_is_deaf(g, line))
		return false;
	for (const struct kw_parser *const *p = kw_parsers; *p; p++) {
		if ((line->logged && !(*p)->kernel) || !takes(g, line, *p))
			continue;
		kw_gather_took(g, line);
		return true;
	}
	kw_gather_passed(g, line);
	return false;
}
