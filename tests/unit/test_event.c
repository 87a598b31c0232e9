// SPDX-License-Identifier: MIT
/*
 * A record of `kvmwhy watch` as bytes: valid sections, sections of a later version, and what is not
 * a record.
 */
#include "parse/parse.h"
#include "watch_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEAD = offsetof(struct kvmwhy_event, common), ROOM = 4096 };

struct record {
	uint8_t bytes[ROOM];
	size_t len;
};

static void append(struct record *r, const void *bytes, size_t len)
{
	if (len)
		memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
	memcpy(r->bytes, &(uint32_t){ (uint32_t)r->len }, sizeof(uint32_t));
}

/* A header without a section. */
static struct record begun(void)
{
	struct kvmwhy_event e = refused_write();
	struct record r = { .len = 0 };

	append(&r, &e, HEAD);
	return r;
}

/* @section with its size, and @more bytes after it that this version does not know. */
static void append_section(struct record *r, const void *section, size_t more)
{
	static const uint8_t rest[64] = { 0xa5, 0xa5, 0xa5 };
	struct kvmwhy_section head;
	size_t at = r->len;

	memcpy(&head, section, sizeof(head));
	append(r, section, head.size);
	append(r, rest, more);
	head.size += (uint32_t)more;
	memcpy(r->bytes + at, &head, sizeof(head));
}

static void assert_refused(const struct record *r, const char *why)
{
	struct kvmwhy_event got;
	const char *said = kw_event_parse(r->bytes, r->len, &got);

	assert_non_null(said);
	if (!strstr(said, why))
		fail_msg("not \"%s\" but: %s", why, said);
}

static void assert_read(const struct record *r, const struct kvmwhy_event *wanted)
{
	struct kvmwhy_event got;

	assert_null(kw_event_parse(r->bytes, r->len, &got));
	got.size = wanted->size;
	got.common.section = wanted->common.section;
	got.x86.section = wanted->x86.section;
	assert_memory_equal(&got, wanted, sizeof(got));
}

static void sections_come_in_any_order(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct record r = begun();

	(void)state;
	append_section(&r, &e.x86, 0);
	append_section(&r, &e.common, 0);
	assert_read(&r, &e);
}

static void what_a_later_version_adds_is_skipped(void **state)
{
	struct kvmwhy_section unknown[3] = { { 77, sizeof(unknown) } };
	struct kvmwhy_event e = refused_write();
	struct record r = begun();

	(void)state;
	append_section(&r, unknown, 0);
	append_section(&r, &e.common, 24);
	append_section(&r, unknown, 8);
	append_section(&r, unknown, 0);
	append_section(&r, &e.x86, 8);
	append_section(&r, unknown, 64);
	assert_read(&r, &e);
}

static void without_registers_it_is_a_record(void **state)
{
	struct kvmwhy_event e = refused_write(), got;
	struct record r = begun();

	(void)state;
	append_section(&r, &e.common, 0);
	assert_null(kw_event_parse(r.bytes, r.len, &got));
	assert_int_equal(got.common.tid, e.common.tid);
	assert_int_equal(got.x86.known, 0);
}

static void a_head_must_fit(void **state)
{
	struct kvmwhy_event e = refused_write(), got;
	struct record r = begun();

	(void)state;
	assert_non_null(kw_event_parse(NULL, 0, &got));
	assert_refused(&r, "no common section");
	append_section(&r, &e.common, 0);
	r.len = HEAD - 1;
	assert_refused(&r, "shorter than its header");
	r.len = HEAD;
	assert_refused(&r, ".size");
	append(&r, NULL, 0);
	r.bytes[0] = HEAD - 1;
	assert_refused(&r, ".size");
}

static void version_and_architecture_must_be_known(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct record r = { .len = 0 };

	(void)state;
	e.version = 2;
	append(&r, &e, sizeof(e));
	assert_refused(&r, ".version");
	e.version = 0;
	memcpy(r.bytes, &e, sizeof(e));
	assert_refused(&r, ".version");
	e.version = 1;
	e.arch = 99;
	memcpy(r.bytes, &e, sizeof(e));
	assert_refused(&r, ".arch");
}

static void sections_must_fit(void **state)
{
	static const struct {
		uint32_t kind, size;
		const char *why;
	} heads[] = {
		{ KVMWHY_SECTION_COMMON, sizeof(struct kvmwhy_event_common) + 8, "ends inside" },
		{ KVMWHY_SECTION_COMMON, UINT32_MAX, "ends inside" },
		{ KVMWHY_SECTION_COMMON, 0, "size" }, { KVMWHY_SECTION_COMMON, 7, "size" },
		{ 77, sizeof(struct kvmwhy_event_common) - 4, "size" },
		{ KVMWHY_SECTION_COMMON, sizeof(struct kvmwhy_event_common) - 8, "shorter" },
		{ 77, sizeof(struct kvmwhy_event_common), "no common section" },
	};
	struct kvmwhy_event e = refused_write();

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct record r = begun();

		e.common.section = (struct kvmwhy_section){ heads[i].kind, heads[i].size };
		append(&r, &e.common, sizeof(e.common));
		assert_refused(&r, heads[i].why);
	}
}

static void a_section_comes_once(void **state)
{
	struct kvmwhy_event e = refused_write();
	struct record r = begun();

	(void)state;
	append_section(&r, &e.common, 0);
	append_section(&r, &e.common, 0);
	assert_refused(&r, "twice");
}

/* After the end is memory that a sanitizer or valgrind knows to be unallocated. */
static void cut_anywhere_it_is_refused(void **state)
{
	struct kvmwhy_event e = refused_write(), got;

	(void)state;
	for (uint32_t len = 0; len < sizeof(e); len++) {
		uint8_t *p = malloc(len + 1);

		assert_non_null(p);
		memcpy(p + 1, &e, len);
		if (len >= sizeof(len))
			memcpy(p + 1, &len, sizeof(len));
		if (len != HEAD + sizeof(e.common))
			assert_non_null(kw_event_parse(p + 1, len, &got));
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_in_any_order),
		cmocka_unit_test(what_a_later_version_adds_is_skipped),
		cmocka_unit_test(without_registers_it_is_a_record),
		cmocka_unit_test(a_head_must_fit),
		cmocka_unit_test(version_and_architecture_must_be_known),
		cmocka_unit_test(sections_must_fit),
		cmocka_unit_test(a_section_comes_once),
		cmocka_unit_test(cut_anywhere_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
