// SPDX-License-Identifier: MIT
/*
 * A row's since and until in words: which kernels it holds for, and which have the change that
 * ended it.
 */
#include "explain/kver.h"

/* "v5.10-rc1" counts as v5.10: a release has whatever its candidate has. */
static struct kw_str release(struct kw_str version)
{
	size_t rc = kw_str_find(version, KW_STR("-rc"));

	return rc == SIZE_MAX ? version : (struct kw_str){ version.p, rc };
}

/* The later end of a window "v5.11-rc1..v6.1"; the earlier of "v5.19.2..", which has no other. */
static struct kw_str latest(struct kw_str bound)
{
	size_t dots = kw_str_find(bound, KW_STR(".."));

	if (dots == SIZE_MAX)
		return bound;
	return dots + 2 < bound.len ? kw_str_from(bound, dots + 2) :
				      (struct kw_str){ bound.p, dots };
}

static struct kw_str earliest(struct kw_str bound)
{
	size_t dots = kw_str_find(bound, KW_STR(".."));

	return dots == SIZE_MAX ? bound : (struct kw_str){ bound.p, dots };
}

static void put_stable(const struct kw_row *row, enum kw_attr attr, const char *before,
		       struct kw_buf *buf)
{
	const char *text[KW_MAX_REPEAT];
	size_t count = kw_row_all(row, attr, text, KW_MAX_REPEAT);

	for (size_t i = 0; i < count; i++) {
		kw_buf_add(buf, kw_str(i ? ", " : before));
		kw_buf_add(buf, earliest(kw_str(text[i])));
	}
}

void kw_change_range(const struct kw_row *row, struct kw_buf *buf)
{
	const char *since = kw_row_get(row, KW_ATTR_SINCE), *until = kw_row_get(row, KW_ATTR_UNTIL);

	KW_BUF_LIT(buf, "Linux ");
	if (since) {
		kw_buf_add(buf, release(earliest(kw_str(since))));
		kw_buf_add(buf, until ? KW_STR(" to before ") : KW_STR(" and later"));
	} else {
		kw_buf_add(buf, until ? KW_STR("before ") : KW_STR("of any version"));
	}
	if (until)
		kw_buf_add(buf, release(latest(kw_str(until))));
	put_stable(row, KW_ATTR_SINCE_STABLE, "; in stable branches from ", buf);
	put_stable(row, KW_ATTR_UNTIL_STABLE,
		   kw_row_get(row, KW_ATTR_SINCE_STABLE) ? " to before " :
							   "; in stable branches before ",
		   buf);
}

void kw_change_fix(const struct kw_row *row, struct kw_buf *buf)
{
	const char *until = kw_row_get(row, KW_ATTR_UNTIL),
		   *debian = kw_row_get(row, KW_ATTR_UNTIL_DEBIAN);

	if (!until)
		return;
	KW_BUF_LIT(buf, "Linux ");
	kw_buf_add(buf, release(latest(kw_str(until))));
	KW_BUF_LIT(buf, " or later");
	put_stable(row, KW_ATTR_UNTIL_STABLE, "; in stable branches ", buf);
	if (kw_row_get(row, KW_ATTR_UNTIL_STABLE))
		KW_BUF_LIT(buf, " or later");
	if (debian)
		kw_buf_printf(buf, " (Debian %s)", debian);
}
