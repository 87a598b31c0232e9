// SPDX-License-Identifier: MIT
/* The formats by name. */
#include "render/render.h"

static const struct kw_renderer *const renderers[] = {
	&kw_renderer_text,
	&kw_renderer_json,
	&kw_renderer_ndjson,
	&kw_renderer_html,
};

const struct kw_renderer *kw_renderer_find(const char *name)
{
	for (size_t i = 0; i < sizeof(renderers) / sizeof(renderers[0]); i++) {
		if (strcmp(renderers[i]->name, name) == 0)
			return renderers[i];
	}
	return NULL;
}
