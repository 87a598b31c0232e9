// SPDX-License-Identifier: MIT
/* Kernel releases as sets of upstream versions, and what KVM's version history says about them. */
#include "explain/kver.h"

#include <string.h>

#include "base/str.h"

#define NO_RC 0xffffu
#define LAST_PATCH 0xffffu

uint64_t kw_kver_point(unsigned int major, unsigned int minor, unsigned int patch, unsigned int rc)
{
	return (uint64_t)(major & 0xffff) << 48 | (uint64_t)(minor & 0xffff) << 32 |
	       (uint64_t)(patch & 0xffff) << 16 | (rc ? rc & 0xffff : NO_RC);
}

static uint32_t branch_of(uint64_t point)
{
	return (uint32_t)(point >> 32);
}

int kw_kver_compare(const struct kw_kver *a, const struct kw_kver *b)
{
	uint64_t x = kw_kver_point(a->major, a->minor, a->patch, a->rc);
	uint64_t y = kw_kver_point(b->major, b->minor, b->patch, b->rc);

	return (x > y) - (x < y);
}

/* --- names of releases --- */

/* Parses a number of at most 16 bits at the start of @s and advances @s past it. */
static bool take_number(struct kw_str *s, uint16_t *ret)
{
	uint64_t value;
	size_t len = kw_str_dec(*s, &value);

	if (len == 0 || value >= NO_RC)
		return false;
	*s = kw_str_from(*s, len);
	*ret = (uint16_t)value;
	return true;
}

/* Vendors that ship KVM code of much later kernels under an old version number. */
static const char *const enterprise[] = {
	".el", "uek", ".oe", ".an", ".al", ".ky", ".oc", ".tl", "tlinux", "-default", NULL,
};
static const char *const pve[] = { "-pve", NULL };
static const char *const debian[] = { "+deb", ".deb", "amd64", "-686", NULL };
static const char *const ubuntu[] = {
	"-generic", "-lowlatency", "-aws", "-azure", "-gcp",
	"-oracle",  "-oem",	   "-ibm", "-gke",   NULL,
};

static bool has_any(struct kw_str s, const char *const *needle)
{
	for (; *needle; needle++)
		if (kw_str_has(s, kw_str(*needle)))
			return true;
	return false;
}

static uint8_t origin_of(struct kw_str suffix)
{
	if (has_any(suffix, enterprise))
		return KW_KVER_ENTERPRISE;
	if (has_any(suffix, pve))
		return KW_KVER_PVE;
	if (has_any(suffix, debian))
		return KW_KVER_DEBIAN;
	return has_any(suffix, ubuntu) ? KW_KVER_UBUNTU : KW_KVER_UPSTREAM;
}

/* The package number after the version: 18 for "-18-amd64". Not for "-0.deb11.21-...". */
static uint32_t package_number(struct kw_str suffix)
{
	uint64_t value;
	size_t len;

	if (suffix.len < 2 || suffix.p[0] != '-')
		return 0;
	suffix = kw_str_from(suffix, 1);
	len = kw_str_dec(suffix, &value);
	if (len == 0 || value > UINT32_MAX)
		return 0;
	return len == suffix.len || suffix.p[len] == '-' ? (uint32_t)value : 0;
}

/* "-00012-gabcdef0": this many commits after the version. */
static bool is_git_describe(struct kw_str suffix)
{
	size_t at = kw_str_find(suffix, KW_STR("-g"));
	uint64_t hash;

	if (at == SIZE_MAX || at == 0 || !kw_is_digit(suffix.p[at - 1]))
		return false;
	return kw_str_hex(kw_str_from(suffix, at + 2), &hash) >= 7;
}

static bool is_digit_suffix(struct kw_str suffix)
{
	return suffix.len >= 2 && suffix.p[0] == '-' && kw_is_digit(suffix.p[1]);
}

/* The version after @v: the next release candidate, the next point release, or the next -rc1. */
static uint64_t next_point(const struct kw_kver *v)
{
	if (v->rc)
		return kw_kver_point(v->major, v->minor, v->patch, v->rc + 1u);
	if (v->patch)
		return kw_kver_point(v->major, v->minor, v->patch + 1u, 0);
	return kw_kver_point(v->major, v->minor + 1u, 0, 1);
}

static void set_range(struct kw_kver *v, struct kw_str suffix)
{
	v->low = kw_kver_point(v->major, v->minor, v->patch, v->rc);
	v->high = v->low;
	if (v->origin == KW_KVER_ENTERPRISE)
		v->high = UINT64_MAX;
	else if (!v->patch_known || v->origin == KW_KVER_PVE || v->origin == KW_KVER_UBUNTU)
		v->high = kw_kver_point(v->major, v->minor, LAST_PATCH, 0);
	else if (is_git_describe(suffix))
		v->high = next_point(v);
}

bool kw_kver_parse(const char *text, size_t len, struct kw_kver *ret)
{
	struct kw_str s = kw_str_trim((struct kw_str){ text, len }), suffix;
	struct kw_kver v = { .known = true };
	bool has_patch = false;
	size_t end = 0;

	*ret = (struct kw_kver){ 0 };
	if (kw_str_skip(s, KW_STR("Linux version "), &s) || kw_str_skip(s, KW_STR("Linux "), &s) ||
	    kw_str_skip(s, KW_STR("v"), &s))
		s = kw_str_trim(s);
	while (end < s.len && !kw_is_space(s.p[end]))
		end++;
	s.len = end;

	if (!take_number(&s, &v.major) || !kw_str_skip(s, KW_STR("."), &s) ||
	    !take_number(&s, &v.minor))
		return false;
	if (s.len >= 2 && s.p[0] == '.' && kw_is_digit(s.p[1])) {
		s = kw_str_from(s, 1);
		if (!take_number(&s, &v.patch))
			return false;
		has_patch = true;
	}
	suffix = s;
	if (kw_str_skip(s, KW_STR("-rc"), &s) && !take_number(&s, &v.rc))
		return false;

	v.origin = origin_of(suffix);
	/* Debian and Ubuntu call every point release of a branch x.y.0 and count packages */
	v.patch_known = v.rc || (has_patch && !(v.patch == 0 && is_digit_suffix(suffix) &&
						!is_git_describe(suffix)));
	if (v.origin == KW_KVER_DEBIAN && !v.patch_known)
		v.debian_abi = package_number(suffix);
	set_range(&v, suffix);
	*ret = v;
	return true;
}

/* A version of @v's branch that appears in @s with its point release. */
static bool take_point(const struct kw_kver *v, struct kw_str s, uint16_t *patch)
{
	uint16_t major, minor;

	return take_number(&s, &major) && kw_str_skip(s, KW_STR("."), &s) &&
	       take_number(&s, &minor) && kw_str_skip(s, KW_STR("."), &s) &&
	       take_number(&s, patch) && major == v->major && minor == v->minor;
}

static struct kw_str last_word(struct kw_str s)
{
	size_t at = s.len;

	while (at && !kw_is_space(s.p[at - 1]))
		at--;
	return kw_str_from(s, at);
}

void kw_kver_refine(struct kw_kver *v, const char *build, size_t len)
{
	struct kw_str s = kw_str_trim((struct kw_str){ build, len });
	size_t at = kw_str_find(s, KW_STR("Debian "));
	uint16_t patch;

	if (!v->known || v->patch_known)
		return;
	if (v->origin == KW_KVER_DEBIAN && at != SIZE_MAX &&
	    take_point(v, kw_str_from(s, at + strlen("Debian ")), &patch)) {
		v->patch = patch;
		v->patch_known = true;
		v->low = v->high = kw_kver_point(v->major, v->minor, patch, 0);
	}
	/* Ubuntu names its base release but backports later changes: the upper end stays open */
	if (v->origin == KW_KVER_UBUNTU && kw_str_starts(s, KW_STR("Ubuntu ")) &&
	    take_point(v, last_word(s), &patch)) {
		v->patch = patch;
		v->patch_known = true;
		v->low = kw_kver_point(v->major, v->minor, patch, 0);
	}
}

/* --- since and until --- */

/* A bound of a row: no earlier than .low, no later than .high; a point if both are equal. */
struct bound {
	uint64_t low, high;
};

/* "v5.10", "v6.0-rc1", "v5.10.137"; the generator checks the form. */
static uint64_t point_of(struct kw_str s)
{
	uint16_t n[3] = { 0 }, rc = 0;

	kw_str_skip(s, KW_STR("v"), &s);
	for (int i = 0; i < 3; i++) {
		if (!take_number(&s, &n[i]) || !kw_str_skip(s, KW_STR("."), &s))
			break;
	}
	if (kw_str_skip(s, KW_STR("-rc"), &s))
		take_number(&s, &rc);
	return kw_kver_point(n[0], n[1], n[2], rc);
}

static struct bound bound_of(const char *text)
{
	struct kw_str s = kw_str(text), high;
	size_t dots = kw_str_find(s, KW_STR(".."));
	uint64_t low;

	if (dots == SIZE_MAX) {
		low = point_of(s);
		return (struct bound){ low, low };
	}
	high = kw_str_from(s, dots + 2);
	s.len = dots;
	return (struct bound){ point_of(s), high.len ? point_of(high) : UINT64_MAX };
}

/* What a row says about one end: the bound in mainline, and those in stable branches. */
struct end {
	struct bound mainline;
	struct bound stable[KW_MAX_REPEAT];
	size_t count;
	bool window; /* some bound is not a point */
};

static void end_read(const struct kw_row *row, enum kw_attr attr, enum kw_attr stable_attr,
		     uint64_t if_absent, struct end *ret)
{
	const char *text[KW_MAX_REPEAT];
	const char *mainline = kw_row_get(row, attr);

	*ret = (struct end){ .mainline = { if_absent, if_absent } };
	if (mainline)
		ret->mainline = bound_of(mainline);
	ret->window = ret->mainline.low != ret->mainline.high;
	ret->count = kw_row_all(row, stable_attr, text, KW_MAX_REPEAT);
	for (size_t i = 0; i < ret->count; i++) {
		ret->stable[i] = bound_of(text[i]);
		ret->window |= ret->stable[i].low != ret->stable[i].high;
	}
}

static const struct bound *end_in_branch(const struct end *e, uint32_t branch)
{
	for (size_t i = 0; i < e->count; i++)
		if (branch_of(e->stable[i].low) == branch)
			return &e->stable[i];
	return &e->mainline;
}

/* Has this end been passed at @point? */
static enum kw_change_state passed(const struct end *e, uint64_t point)
{
	const struct bound *b = end_in_branch(e, branch_of(point));

	if (point < b->low)
		return KW_CHANGE_NOT;
	return point >= b->high ? KW_CHANGE_APPLIES : KW_CHANGE_CANNOT_TELL;
}

static enum kw_change_state state_at(const struct end *since, const struct end *until,
				     uint64_t point)
{
	enum kw_change_state begun = passed(since, point), ended = passed(until, point);

	if (begun == KW_CHANGE_NOT || ended == KW_CHANGE_APPLIES)
		return KW_CHANGE_NOT;
	if (begun == KW_CHANGE_APPLIES && ended == KW_CHANGE_NOT)
		return KW_CHANGE_APPLIES;
	return KW_CHANGE_CANNOT_TELL;
}

/* Records whether all versions of a set agree. */
struct votes {
	const struct end *since, *until;
	uint64_t low, high;
	unsigned int seen; /* bits of enum kw_change_state */
};

static void vote_at(struct votes *v, uint64_t point)
{
	if (point >= v->low && point <= v->high)
		v->seen |= 1u << state_at(v->since, v->until, point);
}

/* The state can change only at a bound, so both sides of each are tried. */
static void vote_around(struct votes *v, const struct bound *b)
{
	vote_at(v, b->low - 1);
	vote_at(v, b->low);
	vote_at(v, b->high - 1);
	vote_at(v, b->high);
}

static void vote_end(struct votes *v, const struct end *e)
{
	vote_around(v, &e->mainline);
	for (size_t i = 0; i < e->count; i++)
		vote_around(v, &e->stable[i]);
}

/*
 * A vendor that backports: everything in the base version is there, anything later may be. So only
 * what ended before the base is certainly out, and only what had begun and never ends is certainly
 * in.
 */
static enum kw_change_state enterprise_state(const struct end *since, const struct end *until,
					     uint64_t base)
{
	if (until->mainline.high <= base)
		return KW_CHANGE_NOT;
	if (since->mainline.high <= base && until->mainline.low == UINT64_MAX)
		return KW_CHANGE_APPLIES;
	return KW_CHANGE_CANNOT_TELL;
}

/*
 * If the table knows the first Debian package with the change, the package number decides on which
 * side of the stable bound a kernel is.
 */
static void narrow_by_package(const char *package, const struct end *e, const struct kw_kver *v,
			      struct votes *votes)
{
	struct kw_kver first;
	const struct bound *b;

	if (!package || !v->debian_abi || !kw_kver_parse(package, strlen(package), &first))
		return;
	b = end_in_branch(e, branch_of(v->low));
	if (branch_of(first.low) != branch_of(v->low) || b == &e->mainline)
		return;
	if (v->debian_abi >= package_number(kw_str(strchr(package, '-'))))
		votes->low = b->high;
	else
		votes->high = b->low - 1;
}

static enum kw_change_state set_state(const struct kw_row *row, const struct kw_kver *v,
				      const struct end *since, const struct end *until)
{
	struct votes votes = { since, until, v->low, v->high, 0 };

	narrow_by_package(kw_row_get(row, KW_ATTR_SINCE_DEBIAN), since, v, &votes);
	narrow_by_package(kw_row_get(row, KW_ATTR_UNTIL_DEBIAN), until, v, &votes);
	vote_at(&votes, votes.low);
	vote_at(&votes, votes.high);
	vote_end(&votes, since);
	vote_end(&votes, until);
	if (votes.seen == 1u << KW_CHANGE_APPLIES)
		return KW_CHANGE_APPLIES;
	return votes.seen == 1u << KW_CHANGE_NOT ? KW_CHANGE_NOT : KW_CHANGE_CANNOT_TELL;
}

enum kw_change_state kw_change_state(const struct kw_row *row, const struct kw_kver *v,
				     enum kw_change_doubt *doubt)
{
	enum kw_change_doubt ignored;
	enum kw_change_state state;
	struct end since, until;

	if (!doubt)
		doubt = &ignored;
	*doubt = KW_DOUBT_NO_VERSION;
	if (!v || !v->known)
		return KW_CHANGE_CANNOT_TELL;

	end_read(row, KW_ATTR_SINCE, KW_ATTR_SINCE_STABLE, 0, &since);
	end_read(row, KW_ATTR_UNTIL, KW_ATTR_UNTIL_STABLE, UINT64_MAX, &until);
	if (v->origin == KW_KVER_ENTERPRISE)
		state = enterprise_state(&since, &until, v->low);
	else
		state = set_state(row, v, &since, &until);

	if (state != KW_CHANGE_CANNOT_TELL)
		*doubt = KW_DOUBT_NONE;
	else if (v->origin == KW_KVER_ENTERPRISE)
		*doubt = KW_DOUBT_BACKPORTS;
	else if (v->low != v->high && !v->patch_known)
		*doubt = KW_DOUBT_NO_POINT_RELEASE;
	else if (v->low != v->high && v->origin != KW_KVER_UPSTREAM)
		*doubt = KW_DOUBT_BACKPORTS;
	else
		*doubt = KW_DOUBT_GAP;
	return state;
}

const char *kw_change_doubt_text(enum kw_change_doubt doubt)
{
	switch (doubt) {
	case KW_DOUBT_NO_VERSION:
		return "the host's kernel version is unknown";
	case KW_DOUBT_NO_POINT_RELEASE:
		return "the kernel's release string does not show the point release";
	case KW_DOUBT_BACKPORTS:
		return "this kernel's vendor backports changes from later kernels";
	case KW_DOUBT_GAP:
		return "the exact version of this change is unknown";
	case KW_DOUBT_NONE:
		break;
	}
	return "";
}

/* --- the history of KVM --- */

const struct kw_row *kw_change_find(const char *id)
{
	const struct kw_row *row;

	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_CHANGE, i)); i++)
		if (kw_same_id(kw_row_id(row), id))
			return row;
	return NULL;
}

enum kw_change_touch kw_change_touches(const struct kw_row *row, uint32_t msr)
{
	const char *text[KW_MAX_REPEAT];
	size_t count = kw_row_all(row, KW_ATTR_MSR, text, KW_MAX_REPEAT);
	enum kw_change_touch touch = KW_TOUCH_NO;

	for (size_t i = 0; i < count; i++) {
		struct kw_str s = kw_str(text[i]);
		uint64_t first, last;

		if (kw_str_eq(s, KW_STR("any"))) {
			touch = KW_TOUCH_ANY_MSR;
			continue;
		}
		s = kw_str_from(s, kw_str_hex(s, &first));
		last = first;
		if (kw_str_skip(s, KW_STR("-"), &s))
			kw_str_hex(s, &last);
		if (msr >= first && msr <= last)
			return KW_TOUCH_THIS_MSR;
	}
	return touch;
}

static enum kw_change_state state_of(const char *id, const struct kw_kver *v)
{
	return v && v->known ? kw_change_state(kw_change_find(id), v, NULL) : KW_CHANGE_CANNOT_TELL;
}

unsigned int kw_kver_mce_gens(const struct kw_kver *v)
{
	enum kw_change_state ctl2 = state_of("mci-ctl2", v);
	unsigned int gens = 0;

	if (state_of("wrmsr-any-failure-is-gp", v) != KW_CHANGE_NOT)
		gens |= 1u << KW_MCE_BEFORE_5_10;
	if (state_of("set-msr-mce-eperm", v) != KW_CHANGE_NOT)
		gens |= 1u << KW_MCE_5_10;
	if (state_of("mci-ctl-bit0", v) != KW_CHANGE_NOT && ctl2 != KW_CHANGE_APPLIES)
		gens |= 1u << KW_MCE_FIXED;
	if (ctl2 != KW_CHANGE_NOT)
		gens |= 1u << KW_MCE_6_0;
	return gens;
}

bool kw_kver_mce_write(const struct kw_kver *v, struct kw_mce_write *w, struct kw_mce_result *ret)
{
	unsigned int gens = kw_kver_mce_gens(v);
	bool first = true;

	for (unsigned int gen = 0; gen < KW_NMCE_GENS; gen++) {
		struct kw_mce_result r;

		if (!(gens >> gen & 1))
			continue;
		w->gen = (enum kw_mce_gen)gen;
		r = kw_mce_rule(w);
		if (!first && (r.ret != ret->ret || r.effect != ret->effect))
			return false;
		if (first)
			*ret = r;
		first = false;
	}
	return !first;
}

/* --- words of internal errors --- */

static bool count_matches(const char *text, size_t ndata)
{
	struct kw_str s = kw_str(text);
	uint64_t low = 0, high;

	s = kw_str_from(s, kw_str_dec(s, &low));
	high = low;
	if (kw_str_skip(s, KW_STR(".."), &s))
		kw_str_dec(s, &high);
	return ndata >= low && ndata <= high;
}

/* "1 0xffff 0x31": word, mask, value. */
static bool word_matches(const char *text, const uint64_t *data, size_t ndata)
{
	struct kw_str s = kw_str(text);
	uint64_t word = 0, mask = 0, value = 0;

	s = kw_str_trim(kw_str_from(s, kw_str_dec(s, &word)));
	s = kw_str_trim(kw_str_from(s, kw_str_hex(s, &mask)));
	kw_str_hex(s, &value);
	return word < ndata && (data[word] & mask) == value;
}

/* Are the @ndata words only the first of more? */
static bool count_is_short(const char *text, size_t ndata)
{
	uint64_t low = 0;

	kw_str_dec(kw_str(text), &low);
	return ndata && ndata < low;
}

static bool layout_fits(const struct kw_row *row, const uint64_t *data, size_t ndata, bool cut)
{
	const char *match[KW_MAX_REPEAT], *count_text = kw_row_get(row, KW_ATTR_NDATA);
	size_t count = kw_row_all(row, KW_ATTR_MATCH, match, KW_MAX_REPEAT);

	if (cut ? !count_is_short(count_text, ndata) : !count_matches(count_text, ndata))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!word_matches(match[i], data, ndata))
			return false;
	return true;
}

static size_t layouts(uint64_t suberror, const uint64_t *data, size_t ndata, bool cut,
		      const struct kw_kver *v, const struct kw_row **ret, size_t max)
{
	const struct kw_row *row = kw_row_find(KW_TABLE_KVM_SUBERROR_LAYOUT, suberror);
	size_t found = 0;

	for (; row && found < max; row = kw_row_next(KW_TABLE_KVM_SUBERROR_LAYOUT, row)) {
		if (layout_fits(row, data, ndata, cut) &&
		    kw_change_state(row, v, NULL) != KW_CHANGE_NOT)
			ret[found++] = row;
	}
	return found;
}

size_t kw_suberror_layouts(uint64_t suberror, const uint64_t *data, size_t ndata,
			   const struct kw_kver *v, const struct kw_row **ret, size_t max)
{
	size_t found = layouts(suberror, data, ndata, false, v, ret, max);

	return found ? found : layouts(suberror, data, ndata, true, v, ret, max);
}
