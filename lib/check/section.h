/* SPDX-License-Identifier: MIT */
/*
 * No guard: tables.c includes it once per section, with DEF the file of its rows and TABLE a name
 * for them.
 */
#define CHECK(id, says, condition) \
	static bool id(struct kw_entry *e) \
	{ \
		return (condition); \
	}
#include DEF
#undef CHECK

#define CHECK(id_, says_, condition) \
	{ .id = #id_, .says = says_, .code = #condition, .holds = id_ },
static const struct kw_check TABLE[] = {
#include DEF
};
#undef CHECK

#undef DEF
#undef TABLE
