/* SPDX-License-Identifier: MIT */
/* docs/rules/, compiled in by scripts/gen-rule-pages.py. */
#ifndef KW_RULE_PAGES_H
#define KW_RULE_PAGES_H

struct kw_rule_page {
	const char *id;
	const char *says; /* its row in docs/rules/README.md */
	const char *text;
};

/* Sorted by id; ends with .id NULL. */
extern const struct kw_rule_page kw_rule_pages[];

#endif
