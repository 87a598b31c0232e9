// SPDX-License-Identifier: MIT
/* Rules without a failure: a page, or a list of some. Text or JSON. */
#include "render/page.h"
#include "render/render.h"

#include "base/json.h"

enum {
	ID_WIDTH = 32,	 /* a longer id shifts its line */
	TEXT_LEAST = 40, /* next to an id; with less room, the text goes below it */
};

/* The page only if one rule is requested: all of them are a megabyte. */
static void rule_as_json(struct kw_json *j, const struct kw_rule_view *view, bool page)
{
	kw_json_object(j);
	KW_JSON_TEXT(j, "id", kw_str(view->rule->id));
	KW_JSON_TEXT(j, "says", kw_str(view->says));
	KW_JSON_KEY(j, "classes");
	kw_json_array(j);
	for (unsigned int i = 0; i < KW_NCLASSES; i++) {
		if (view->rule->classes >> i & 1)
			kw_json_text(j, kw_str(kw_class_name((enum kw_class)i)));
	}
	kw_json_array_end(j);
	if (page)
		KW_JSON_TEXT(j, "page", kw_str(view->page));
	kw_json_object_end(j);
}

void kw_render_rule(struct kw_buf *buf, const struct kw_rule_view *view, const struct kw_look *look,
		    bool json)
{
	struct kw_lines lines = { .buf = buf, .look = *look };
	struct kw_json j = { .buf = buf };

	if (json) {
		rule_as_json(&j, view, true);
		kw_buf_char(buf, '\n');
	} else {
		kw_page(&lines, view->page);
	}
	kw_lines_deinit(&lines);
}

static void row_as_text(struct kw_lines *lines, const struct kw_rule_view *view)
{
	kw_lines_color(lines, KW_COLOR_TITLE);
	kw_lines_put(lines, kw_str(view->rule->id));
	kw_lines_color(lines, NULL);
	kw_lines_beside(lines, ID_WIDTH + 1, TEXT_LEAST, 4);
	kw_lines_wrap(lines, kw_str(view->says), lines->column);
	kw_lines_end(lines);
}

void kw_render_rules(struct kw_buf *buf, const struct kw_rule_view *views, size_t n,
		     const struct kw_look *look, bool json)
{
	struct kw_lines lines = { .buf = buf, .look = *look };
	struct kw_json j = { .buf = buf };

	if (json)
		kw_json_array(&j);
	for (size_t i = 0; i < n; i++) {
		if (json)
			rule_as_json(&j, &views[i], false);
		else
			row_as_text(&lines, &views[i]);
	}
	if (json) {
		kw_json_array_end(&j);
		kw_buf_char(buf, '\n');
	}
	kw_lines_deinit(&lines);
}
