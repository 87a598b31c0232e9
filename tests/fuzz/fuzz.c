// SPDX-License-Identifier: MIT
/* The oracle. It shares no code with what it judges: UTF-8 and tags are read anew, JSON by jansson. */
#include "fuzz.h"

#include <jansson.h>

uint64_t fuzz_hash(const uint8_t *data, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

char *fuzz_string(const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1);

	PROMISE(copy);
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

/* Records and cases */

static void check_line(const struct kw_failure *f, uint16_t line)
{
	PROMISE(line == KW_NO_LINE || line < f->nlines);
}

static void check_code(const struct kw_code *code)
{
	PROMISE(code->len <= sizeof(code->bytes));
	PROMISE(code->len == 64 || code->known >> code->len == 0);
	PROMISE(code->marked >= -1 && code->marked < (int)code->len);
}

/* Reads all of it, so that a sanitizer sees a text that has gone. */
static void check_text(struct kw_str text)
{
	PROMISE(!text.len || fuzz_hash((const uint8_t *)text.p, text.len));
}

/* What the public functions hand out as C strings. */
static void check_string(struct kw_str text)
{
	PROMISE(text.len && text.p[text.len] == '\0' && strlen(text.p) == text.len);
}

static void check_messages(const struct kw_failure *f, uint64_t lines)
{
	PROMISE(f->nmsr <= KW_MAX_MSR_MESSAGES && f->nevents <= KW_MAX_EVENTS);
	PROMISE(f->nnotes <= KW_MAX_NOTES && f->nlines <= KW_MAX_LINES);
	for (size_t i = 0; i < f->nmsr; i++) {
		PROMISE(f->msr[i].verb <= KW_MSR_NOP && f->msr[i].count);
		check_line(f, f->msr[i].line);
	}
	for (size_t i = 0; i < f->nevents; i++) {
		PROMISE(f->event[i].kind <= KW_EV_OTHER);
		check_line(f, f->event[i].line);
		check_text(f->event[i].text);
	}
	for (size_t i = 0; i < f->nnotes; i++) {
		PROMISE(f->note[i].line <= lines);
		check_text(f->note[i].text);
	}
	for (size_t i = 0; i < f->nlines; i++) {
		PROMISE(f->line[i].number >= 1 && f->line[i].number <= lines);
		check_text(f->line[i].text);
	}
}

void check_failure(const struct kw_failure *f, uint64_t lines)
{
	PROMISE(f->class > KW_CLASS_NONE && f->class < KW_NCLASSES);
	PROMISE(f->arch < KW_NARCHES);
	PROMISE(f->first_line >= 1 && f->first_line <= f->last_line && f->last_line <= lines);
	for (size_t i = 0; i < KW_NFACTS; i++) {
		PROMISE(f->origin[i].how <= KW_ASSUMED);
		if (f->origin[i].how == KW_SEEN)
			check_line(f, f->origin[i].line);
	}
	for (size_t i = 0; i < KW_MAX_EXTRA; i++) {
		if (f->extra_known & 1u << i)
			check_line(f, f->extra_line[i]);
	}
	for (size_t i = 0; i < KW_NTEXTS; i++)
		check_text(f->text[i]);
	check_code(&f->code);
	check_messages(f, lines);
}

static void check_finding(const struct kw_case *c, const struct kw_finding *finding)
{
	PROMISE(finding->certainty <= KW_POSSIBLE);
	PROMISE(kw_rule_find(finding->id));
	PROMISE(finding->ntodo <= KW_MAX_DO && finding->nsources <= KW_MAX_SOURCES);
	PROMISE(finding->nevidence <= KW_MAX_EVIDENCE);
	check_string(finding->title);
	check_string(finding->why);
	for (size_t i = 0; i < finding->nevidence; i++)
		PROMISE(finding->evidence[i] < c->f->nlines);
}

static size_t count(struct kw_str text, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++)
		found += text.p[i] == c;
	return found;
}

void check_case(const struct kw_case *c)
{
	PROMISE(c->mode < KW_NMODES && c->vendor <= KW_VENDOR_AMD);
	PROMISE(c->bits == 0 || c->bits == 16 || c->bits == 32 || c->bits == 64);
	PROMISE(c->code <= KW_CODE_FFS);
	PROMISE(c->insn.kind < KW_NINSN_KINDS && c->insn.length <= sizeof(c->insn.bytes));
	PROMISE(memchr(c->insn.text, '\0', sizeof(c->insn.text)));
	PROMISE(c->rip_place < KW_NPLACES && c->mem_place < KW_NPLACES);
	PROMISE(c->noddities <= sizeof(c->oddity) / sizeof(c->oddity[0]));
	PROMISE(c->nfindings <= KW_MAX_FINDINGS);
	PROMISE(count(c->fingerprint, ':') == 6);
	check_string(c->fingerprint);
	check_string(c->headline);
	check_text(c->said);
	for (size_t i = 0; i < c->nfindings; i++)
		check_finding(c, &c->finding[i]);
}

/* Output */

/* Length of the UTF-8 character at @p (RFC 3629), 0 if there is none. */
static size_t utf8(const unsigned char *p, size_t len)
{
	static const unsigned char lowest[] = { 0xe0, 0xf0 }, highest[] = { 0xed, 0xf4 };
	size_t more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len <= more)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == lowest[0] && p[1] < 0xa0) || (p[0] == lowest[1] && p[1] < 0x90))
		return 0;
	if ((p[0] == highest[0] && p[1] > 0x9f) || (p[0] == highest[1] && p[1] > 0x8f))
		return 0;
	return more + 1;
}

void check_shown(struct kw_str text)
{
	const unsigned char *p = (const unsigned char *)text.p;

	for (size_t i = 0, step; i < text.len; i += step) {
		step = utf8(p + i, text.len - i);
		PROMISE(step);
		PROMISE(step > 1 || (p[i] >= 0x20 && p[i] != 0x7f) || p[i] == '\n');
		PROMISE(step != 2 || p[i] != 0xc2 || p[i + 1] >= 0xa0);
		/* U+202A to U+202E and U+2066 to U+2069 turn the order of what is shown */
		PROMISE(step != 3 || memcmp(p + i, "\xe2\x80", 2) != 0 || p[i + 2] < 0xaa || p[i + 2] > 0xae);
		PROMISE(step != 3 || memcmp(p + i, "\xe2\x81", 2) != 0 || p[i + 2] < 0xa6 || p[i + 2] > 0xa9);
	}
}

void check_same(struct kw_str a, struct kw_str b, const char *what)
{
	if (kw_str_eq(a, b))
		return;
	fprintf(stderr, "%s: not the same\n--- first\n%.*s\n--- second\n%.*s\n", what, (int)a.len, a.p, (int)b.len, b.p);
	abort();
}

static bool is_void(struct kw_str name)
{
	static const struct kw_str names[] = {
		KW_STR("!DOCTYPE"), KW_STR("meta"), KW_STR("br"), KW_STR("hr"), KW_STR("col"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_eq(name, names[i]))
			return true;
	}
	return false;
}

static struct kw_str tag_name(struct kw_str tag)
{
	size_t len = 0;

	while (len < tag.len && (kw_is_word(tag.p[len]) || tag.p[len] == '!'))
		len++;
	PROMISE(len);
	return (struct kw_str){ tag.p, len };
}

void check_html(struct kw_str page)
{
	struct kw_str open[64];
	size_t depth = 0, at;

	check_shown(page);
	while ((at = kw_str_find(page, KW_STR("<"))) != SIZE_MAX) {
		size_t end = kw_str_find(kw_str_from(page, at), KW_STR(">"));
		struct kw_str tag = { page.p + at + 1, end - 1 }, name;

		PROMISE(end != SIZE_MAX && !memchr(tag.p, '<', tag.len));
		PROMISE(count(tag, '"') % 2 == 0);
		page = kw_str_from(page, at + end + 1);
		if (kw_str_skip(tag, KW_STR("/"), &name)) {
			PROMISE(depth && kw_str_eq(open[--depth], name));
			continue;
		}
		name = tag_name(tag);
		if (is_void(name) || tag.p[tag.len - 1] == '/')
			continue;
		PROMISE(depth < 64);
		open[depth++] = name;
	}
	PROMISE(!depth);
}

void check_json(struct kw_str text, bool is_array)
{
	json_error_t error;
	json_t *value;

	check_shown(text);
	value = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	PROMISE(value);
	PROMISE(is_array ? json_is_array(value) : json_is_object(value));
	json_decref(value);
}

void check_ndjson(struct kw_str text)
{
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));

		PROMISE(end != SIZE_MAX);
		check_json((struct kw_str){ text.p, end }, false);
		text = kw_str_from(text, end + 1);
	}
}

/* One parser alone */

static void on_failure(void *arg, struct kw_failure *f)
{
	check_failure(f, *(const uint64_t *)arg);
}

void fuzz_parsers(const struct kw_parser *const *parsers, const uint8_t *data, size_t len)
{
	struct kw_str text = { (const char *)data, len };
	char *scratch = malloc(len + 1);
	struct kw_clean_line line;
	bool quoted_printable = false;
	struct kw_gather *g;
	uint64_t number = 0;

	PROMISE(scratch && kw_gather_create(on_failure, &number, &g) == 0);
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str raw = { text.p, end == SIZE_MAX ? text.len : end };

		line = (struct kw_clean_line){ .number = ++number };
		kw_clean(raw, scratch, &quoted_printable, &line);
		for (size_t i = 0; parsers[i] && parsers[i]->line(g, &line) == KW_TOOK_NOTHING; i++)
			;
		text = kw_str_from(text, raw.len + 1);
	}
	kw_gather_finish(g);
	kw_gather_destroy(g);
	free(scratch);
}
