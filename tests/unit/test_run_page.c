// SPDX-License-Identifier: MIT
/*
 * The kvm_run page, as rows in a text and as bytes: each exit, what it must not be taken for,
 * damage.
 */
#include "parse_text.h"
#include "run_page.h"

#define HEADLINE "error: kvm run failed Operation not permitted\n"

static const struct kvmwhy_data wrmsr = {
	.version = 1,
	.kind = KVMWHY_KIND_WRMSR,
	.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP,
	.result = -1,
	.msr = 0x404,
	.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
	.value = ~1ull,
	.rip = 0xffffffff81000000,
};

static uint8_t page[PAGE_BYTES];
static char text[TEXT_BYTES];

static struct seen seen_page(const char *before, size_t len)
{
	snprintf(text, sizeof(text), "%s", before);
	add_rows(text, page, len);
	return seen_in(kw_str(text));
}

static void check_words(const struct kw_failure *f)
{
	uint64_t words[KVMWHY_NDATA];

	memcpy(words, &wrmsr, sizeof(words));
	assert_fact(f, suberror, KVMWHY_SUBERROR);
	assert_int_equal(f->extra_known, (1u << KVMWHY_NDATA) - 1);
	assert_memory_equal(f->extra, words, sizeof(words));
}

static void rows_behind_a_headline_belong_to_it(void **state)
{
	struct seen seen;

	(void)state;
	page_module(page, &wrmsr);
	seen = seen_page(HEADLINE, 256);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_KVM_RUN_FAILED);
	assert_int_equal(seen.failure[0]->nnotes, 0);
	check_words(seen.failure[0]);
	seen_free(&seen);
}

static void a_page_alone_is_a_record(void **state)
{
	struct seen seen;

	(void)state;
	page_module(page, &wrmsr);
	seen = seen_page("", 256);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_INTERNAL_ERROR);
	assert_fact(seen.failure[0], run_exit_reason, 17);
	check_words(seen.failure[0]);
	seen_free(&seen);
}

static void two_pages_are_two_records(void **state)
{
	struct seen seen;

	(void)state;
	page_init(page, 8);
	text[0] = '\0';
	add_rows(text, page, 64);
	add_rows(text, page, 64);
	seen = seen_in(kw_str(text));
	assert_int_equal(seen.count, 2);
	assert_fact(seen.failure[1], exit_reason, 8);
	seen_free(&seen);
}

/*
 * With an errno exit_reason is undefined: a suberror of KVM's own is left over from an earlier
 * exit.
 */
static void a_stale_exit_is_not_read(void **state)
{
	static const uint64_t words[] = { 1, 2 };
	struct seen seen;

	(void)state;
	page_internal_error(page, 1, words, 2);
	seen = seen_page(HEADLINE, 256);
	assert_false(kw_has(seen.failure[0], suberror));
	assert_int_equal(seen.failure[0]->extra_known, 0);
	seen_free(&seen);
	page_module(page, &wrmsr);
	put_number(page, 40, 2, 0); /* no version */
	seen = seen_page(HEADLINE, 256);
	assert_false(kw_has(seen.failure[0], suberror));
	seen_free(&seen);
	page_init(page, 9);
	put_number(page, 32, 8, 0x80000021);
	seen = seen_page(HEADLINE, 256);
	assert_false(kw_has(seen.failure[0], hardware_error));
	seen_free(&seen);
}

static void exits_of_kvm_are_read(void **state)
{
	static const uint64_t words[] = { 0x31, 3 };
	struct seen seen;

	(void)state;
	page_init(page, 9);
	put_number(page, 32, 8, 0x80000021);
	put_number(page, 40, 4, 5);
	seen = seen_page("", 64);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_ENTRY_FAILED);
	assert_fact(seen.failure[0], hardware_error, 0x80000021);
	assert_fact(seen.failure[0], cpu, 5);
	seen_free(&seen);

	page_internal_error(page, 4, words, 2);
	seen = seen_page("", 64);
	assert_fact(seen.failure[0], suberror, 4);
	assert_int_equal(seen.failure[0]->extra_known, 3);
	assert_false(kw_has(seen.failure[0], exit_reason));
	seen_free(&seen);

	page_init(page, 39);
	put_number(page, 32, 8, 8);
	put_number(page, 40, 8, 0x80000000);
	put_number(page, 48, 8, 0x1000);
	seen = seen_page("error: kvm run failed Bad address\n", 64);
	assert_int_equal(seen.failure[0]->class, KW_CLASS_KVM_RUN_FAILED);
	assert_fact(seen.failure[0], memory_fault_flags, 8);
	assert_fact(seen.failure[0], memory_fault_gpa, 0x80000000);
	assert_fact(seen.failure[0], memory_fault_size, 0x1000);
	seen_free(&seen);
}

/* ndata is KVM's count and not to be trusted beyond the array. */
static void ndata_is_bounded(void **state)
{
	struct seen seen;

	(void)state;
	page_internal_error(page, 1, (const uint64_t[16]){ 0 }, 16);
	put_number(page, 36, 4, UINT32_MAX);
	seen = seen_page("", 256);
	assert_int_equal(seen.failure[0]->extra_known, 0xffff);
	seen_free(&seen);
}

static void synced_registers_are_read(void **state)
{
	struct seen seen;
	const struct kw_failure *f;

	(void)state;
	page_init(page, 8);
	put_number(page, 288, 8, 3);
	for (size_t i = 0; i < 18; i++)
		put_number(page, 304 + 8 * i, 8, 0x100 + i);
	for (size_t i = 0; i < 8; i++) {
		put_number(page, 448 + 24 * i, 8, 0x1000 * i);
		put_number(page, 456 + 24 * i, 4, 0xffff);
		put_number(page, 460 + 24 * i, 2, 8 * i);
	}
	/* CS: type, present, dpl, db, s, l, g, avl, unusable */
	memcpy(page + 462, (const uint8_t[]){ 11, 1, 3, 0, 1, 1, 1, 0, 0 }, 9);
	for (size_t i = 0; i < 11; i++)
		put_number(page, 640 + 8 * i, 8, 0x200 + i);
	seen = seen_page("", 768);
	f = seen.failure[0];
	assert_fact(f, rax, 0x100);
	assert_fact(f, rsp, 0x106);
	assert_fact(f, rbp, 0x107);
	assert_fact(f, r15, 0x10f);
	assert_fact(f, rip, 0x110);
	assert_fact(f, rflags, 0x111);
	assert_fact(f, cs_attr, 0xa0fb);
	assert_fact(f, cs_limit, 0xffff);
	assert_fact(f, ldt_sel, 56);
	assert_fact(f, ldt_base, 0x7000);
	assert_fact(f, gdt_base, 0x200);
	assert_fact(f, idt_limit, 0x203);
	assert_fact(f, cr0, 0x204);
	assert_fact(f, apic_base, 0x20a);
	seen_free(&seen);
	put_number(page, 288, 8, 1);
	seen = seen_page("", 768);
	assert_fact(seen.failure[0], rip, 0x110);
	assert_false(kw_has(seen.failure[0], cr0) || kw_has(seen.failure[0], cs_sel));
	seen_free(&seen);
	put_number(page, 288, 8, 0);
	seen = seen_page("", 768);
	assert_false(kw_has(seen.failure[0], rip));
	seen_free(&seen);
}

static void a_page_that_differs_from_the_text_is_noted(void **state)
{
	struct seen seen;

	(void)state;
	page_init(page, 9);
	put_number(page, 32, 8, 7);
	seen = seen_page("KVM: entry failed, hardware error 0x80000021\n", 64);
	assert_fact(seen.failure[0], hardware_error, 0x80000021);
	assert_int_equal(seen.failure[0]->nnotes, 1);
	seen_free(&seen);
	page_init(page, 2);
	seen = seen_page("KVM internal error. Suberror: 1\nextra data[0]: 0x1\n", 64);
	assert_fact(seen.failure[0], suberror, 1);
	assert_int_equal(seen.failure[0]->nnotes, 1);
	seen_free(&seen);
	page_module(page, &wrmsr);
	seen = seen_page("KVM internal error. Suberror: 19287\nextra data[2]: 0x1\n", 128);
	assert_int_equal(seen.failure[0]->extra[2], 1);
	assert_int_equal(seen.failure[0]->nnotes, 1);
	seen_free(&seen);
}

static void damaged_rows_are_left(void **state)
{
	static const char *const rows[] = {
		"kvm_run 020: 57 4b 00 00\n", /* no row 0 */
		"kvm_run 000:\n",
		"kvm_run 000: 00 00 00 00\n", /* no exit_reason */
		"kvm_run 000: 00 00 00 00 00 00 00 00 11 00 0\n",
		"kvm_run 000: zz\n",
		"kvm_run 000\n",
		"kvm_run : 00\n",
		"kvm_run 008: 00 00 00 00 00 00 00 00 11 00 00 00 00 00 00 00\n",
		"kvm_run ffffffffffffffff0: 00\n",
		"kvm_run 000:00 00 00 00 00 00 00 00 11 00 00 00\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = seen_in(kw_str(rows[i]));

		if (seen.count)
			fail_msg("a record from: %s", rows[i]);
		seen_free(&seen);
	}
}

/* Rows duplicated, out of order, from other places, too short: no word is made up. */
static void odd_rows_make_up_no_word(void **state)
{
	static const char *const odd =
		"kvm_run 000: 00 00 00 00 00 00 00 00 11 00 00 00 00 00 00 00\n"
		"kvm_run 030: ff ff ff ff ff ff ff ff 38 08 00 00 01 00 00 00\n"
		"kvm_run 020: 57 4b 00 00 0a 00 00 00 01 00 01\n"
		"kvm_run 020: 57 4b 00 00 0a 00 00 00 01 00 01 00 0f 00 00 00\n"
		"kvm_run fffffffffffffff0: 01 02 03\n"
		"kvm_run 300: 01 02 03\n";
	struct seen seen = seen_in(kw_str(odd));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_fact(seen.failure[0], suberror, KVMWHY_SUBERROR);
	assert_int_equal(seen.failure[0]->extra_known, 0);
	seen_free(&seen);
}

static void a_page_cut_anywhere_tells_less(void **state)
{
	(void)state;
	page_module(page, &wrmsr);
	put_number(page, 288, 8, 3);
	snprintf(text, sizeof(text), HEADLINE);
	add_rows(text, page, 512);
	check_every_prefix(kw_str(text));
}

struct bytes {
	size_t count;
	uint32_t words;
	bool has_rip;
};

static void note_bytes(void *arg, struct kw_failure *f)
{
	struct bytes *bytes = arg;

	bytes->count++;
	bytes->words = f->extra_known;
	bytes->has_rip = kw_has(f, rip);
}

static struct bytes bytes_of(size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* to the byte, for a sanitizer */
	struct bytes bytes = { 0 };
	struct kw_stream *s;

	assert_non_null(copy);
	memcpy(copy, page, len);
	assert_int_equal(kw_stream_create(note_bytes, &bytes, &s), 0);
	kw_stream_run_page(s, copy, len);
	kw_stream_finish(s);
	kw_stream_destroy(s);
	free(copy);
	return bytes;
}

static void bytes_are_read_as_rows_are(void **state)
{
	(void)state;
	page_module(page, &wrmsr);
	put_number(page, 36, 4, 16);
	put_number(page, 288, 8, 1);
	for (size_t len = 0; len <= PAGE_BYTES; len += len < 800 ? 1 : 100) {
		struct bytes bytes = bytes_of(len);

		assert_int_equal(bytes.count, len >= 12);
		assert_int_equal(__builtin_popcount(bytes.words), len < 48   ? 0 :
								  len >= 168 ? 16 :
									       (len - 40) / 8);
		assert_int_equal(bytes.has_rip, len >= 304 + 8 * 17);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_behind_a_headline_belong_to_it),
		cmocka_unit_test(a_page_alone_is_a_record),
		cmocka_unit_test(two_pages_are_two_records),
		cmocka_unit_test(a_stale_exit_is_not_read),
		cmocka_unit_test(exits_of_kvm_are_read),
		cmocka_unit_test(ndata_is_bounded),
		cmocka_unit_test(synced_registers_are_read),
		cmocka_unit_test(a_page_that_differs_from_the_text_is_noted),
		cmocka_unit_test(damaged_rows_are_left),
		cmocka_unit_test(odd_rows_make_up_no_word),
		cmocka_unit_test(a_page_cut_anywhere_tells_less),
		cmocka_unit_test(bytes_are_read_as_rows_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
