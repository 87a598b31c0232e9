// SPDX-License-Identifier: MIT
/* Kernel releases, their order, and what KVM's history says about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explain/kver.h"

static struct kw_kver version(const char *text)
{
	struct kw_kver v;

	assert_true(kw_kver_parse(text, strlen(text), &v));
	assert_true(v.known);
	return v;
}

static void releases_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned int major, minor, patch, rc;
		bool patch_known;
		enum kw_kver_origin origin;
		unsigned int abi;
	} rows[] = {
		{ "6.1.192", 6, 1, 192, 0, true, KW_KVER_UPSTREAM, 0 },
		{ "v5.10", 5, 10, 0, 0, false, KW_KVER_UPSTREAM, 0 },
		{ "5.10.0", 5, 10, 0, 0, true, KW_KVER_UPSTREAM, 0 },
		{ "5.10.0-18-amd64", 5, 10, 0, 0, false, KW_KVER_DEBIAN, 18 },
		{ "5.10.0-18-cloud-amd64", 5, 10, 0, 0, false, KW_KVER_DEBIAN, 18 },
		{ "5.10.0-0.deb10.17-amd64", 5, 10, 0, 0, false, KW_KVER_DEBIAN, 0 },
		{ "6.12.107+deb13-amd64", 6, 12, 107, 0, true, KW_KVER_DEBIAN, 0 },
		{ "5.15.0-91-generic", 5, 15, 0, 0, false, KW_KVER_UBUNTU, 0 },
		{ "6.5.11-7-pve", 6, 5, 11, 0, true, KW_KVER_PVE, 0 },
		{ "4.18.0-553.el8.x86_64", 4, 18, 0, 0, false, KW_KVER_ENTERPRISE, 0 },
		{ "5.14.0-427.13.1.el9_4.x86_64", 5, 14, 0, 0, false, KW_KVER_ENTERPRISE, 0 },
		{ "5.14.21-150500.55.19-default", 5, 14, 21, 0, true, KW_KVER_ENTERPRISE, 0 },
		{ "5.18.0-rc6-kvm+", 5, 18, 0, 6, true, KW_KVER_UPSTREAM, 0 },
		{ "5.18-rc6", 5, 18, 0, 6, true, KW_KVER_UPSTREAM, 0 },
		{ "6.5.6-300.fc39.x86_64", 6, 5, 6, 0, true, KW_KVER_UPSTREAM, 0 },
		{ "5.15.90.1-microsoft-standard-WSL2", 5, 15, 90, 0, true, KW_KVER_UPSTREAM, 0 },
		{ "Linux version 6.1.0-56-amd64 (x@y)", 6, 1, 0, 0, false, KW_KVER_DEBIAN, 56 },
		{ " 6.6.1-arch1-1\n", 6, 6, 1, 0, true, KW_KVER_UPSTREAM, 0 },
		{ "7.3.4+deb13-amd64", 7, 3, 4, 0, true, KW_KVER_DEBIAN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_kver v = version(rows[i].text);

		if (v.origin != rows[i].origin || v.patch_known != rows[i].patch_known)
			print_error("%s\n", rows[i].text);
		assert_int_equal(v.major, rows[i].major);
		assert_int_equal(v.minor, rows[i].minor);
		assert_int_equal(v.patch, rows[i].patch);
		assert_int_equal(v.rc, rows[i].rc);
		assert_int_equal(v.patch_known, rows[i].patch_known);
		assert_int_equal(v.origin, rows[i].origin);
		assert_int_equal(v.debian_abi, rows[i].abi);
		assert_true(v.low <= v.high);
	}
}

static void what_is_no_release_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "v", "linux", "5", "5.", "x5.10", ".5.10", "5.x", "99999.1", "5.10-rc",
		"5.10.99999",
	};
	struct kw_kver v;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(kw_kver_parse(texts[i], strlen(texts[i]), &v));
		assert_false(v.known);
	}
	assert_false(kw_kver_parse("6.1.0", 1, &v));
}

static void versions_are_ordered(void **state)
{
	static const char *const texts[] = {
		"4.18.0-553.el8.x86_64", "5.9.16", "5.10.0-rc1", "5.10.0-rc7", "5.10.0",
		"5.10.1-rc1", "5.10.1", "5.10.136", "5.10.137", "5.11.0", "6.1.2", "6.1.12",
		"7.3.4+deb13-amd64",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kw_kver a = version(texts[i]);

		assert_int_equal(kw_kver_compare(&a, &a), 0);
		for (size_t j = 0; j < i; j++) {
			struct kw_kver b = version(texts[j]);

			assert_true(kw_kver_compare(&b, &a) < 0);
			assert_true(kw_kver_compare(&a, &b) > 0);
		}
	}
}

static void the_eperm_window(void **state)
{
	static const struct {
		const char *kernel;
		enum kw_change_state expect;
		enum kw_change_doubt doubt;
	} rows[] = {
		{ "4.19.300", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.9.16", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.10.0-rc1", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.0", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.100", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.136", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.137-rc1", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.137", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.10.223", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.14.21", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.15.60", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.15.61", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.18.0-rc6-kvm+", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.18.18", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.19.1", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.19.2", KW_CHANGE_CANNOT_TELL, KW_DOUBT_GAP },
		{ "5.19.0-00500-gabcdef012345", KW_CHANGE_CANNOT_TELL, KW_DOUBT_GAP },
		{ "6.0.0-rc1", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "6.1.0-56-amd64", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "7.3.4+deb13-amd64", KW_CHANGE_NOT, KW_DOUBT_NONE },
		/* Debian: the first package with the fix is known */
		{ "5.10.0-17-amd64", KW_CHANGE_APPLIES, KW_DOUBT_NONE },
		{ "5.10.0-18-amd64", KW_CHANGE_NOT, KW_DOUBT_NONE },
		{ "5.10.0-0.deb10.17-amd64", KW_CHANGE_CANNOT_TELL, KW_DOUBT_NO_POINT_RELEASE },
		{ "5.10", KW_CHANGE_CANNOT_TELL, KW_DOUBT_NO_POINT_RELEASE },
		{ "5.15.0-91-generic", KW_CHANGE_CANNOT_TELL, KW_DOUBT_NO_POINT_RELEASE },
		{ "5.15.30-2-pve", KW_CHANGE_CANNOT_TELL, KW_DOUBT_BACKPORTS },
		{ "6.5.11-7-pve", KW_CHANGE_NOT, KW_DOUBT_NONE },
		/* RHEL: only what ended before its base version is certainly out */
		{ "4.18.0-553.el8.x86_64", KW_CHANGE_CANNOT_TELL, KW_DOUBT_BACKPORTS },
		{ "5.14.0-427.el9.x86_64", KW_CHANGE_CANNOT_TELL, KW_DOUBT_BACKPORTS },
		{ "6.12.0-55.el10_0.x86_64", KW_CHANGE_NOT, KW_DOUBT_NONE },
	};
	const struct kw_row *row = kw_change_find("set-msr-mce-eperm");
	enum kw_change_doubt doubt;

	(void)state;
	assert_non_null(row);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_kver v = version(rows[i].kernel);
		enum kw_change_state told = kw_change_state(row, &v, &doubt);

		if (told != rows[i].expect || doubt != rows[i].doubt)
			print_error("%s\n", rows[i].kernel);
		assert_int_equal(told, rows[i].expect);
		assert_int_equal(doubt, rows[i].doubt);
	}
	assert_int_equal(kw_change_state(row, NULL, &doubt), KW_CHANGE_CANNOT_TELL);
	assert_int_equal(doubt, KW_DOUBT_NO_VERSION);
}

static enum kw_change_state ask(const char *id, const char *kernel)
{
	struct kw_kver v = version(kernel);

	return kw_change_state(kw_change_find(id), &v, NULL);
}

static void windows_and_open_ends(void **state)
{
	(void)state;
	assert_int_equal(ask("wrmsr-immediate", "6.12.107"), KW_CHANGE_NOT);
	assert_int_equal(ask("wrmsr-immediate", "6.15.0"), KW_CHANGE_CANNOT_TELL);
	assert_int_equal(ask("wrmsr-immediate", "7.2.13"), KW_CHANGE_APPLIES);
	assert_int_equal(ask("mci-ctl-check", "3.10.0"), KW_CHANGE_APPLIES);
	assert_int_equal(ask("exit-reason-stale", "6.7.0"), KW_CHANGE_APPLIES);
	assert_int_equal(ask("exit-reason-stale", "6.8.0"), KW_CHANGE_NOT);
	assert_int_equal(ask("exit-reason-unknown", "6.8.0"), KW_CHANGE_APPLIES);
	assert_int_equal(ask("wrmsr-errno-leaves-kvm-run", "5.14.0-427.el9.x86_64"),
			 KW_CHANGE_APPLIES);
	assert_int_equal(ask("wrmsr-any-failure-is-gp", "5.14.0-427.el9.x86_64"), KW_CHANGE_NOT);
	assert_int_equal(ask("memory-fault-exit", "5.14.0-427.el9.x86_64"), KW_CHANGE_CANNOT_TELL);
	assert_null(kw_change_find("no-such-change"));
}

/* Every row of the table against every kernel: an answer, and a doubt only if there is none. */
static void every_change_has_an_answer_for_every_kernel(void **state)
{
	static const char *const kernels[] = {
		"2.6.32", "5.10.0-18-amd64", "5.15.0-91-generic", "4.18.0-553.el8.x86_64",
		"6.1.192", "6.5.11-7-pve", "7.3.4", "65534.65534.65534",
	};
	const struct kw_row *row;

	(void)state;
	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_CHANGE, i)); i++) {
		for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
			struct kw_kver v = version(kernels[k]);
			enum kw_change_doubt doubt;
			bool told = kw_change_state(row, &v, &doubt) != KW_CHANGE_CANNOT_TELL;

			assert_int_equal(told, doubt == KW_DOUBT_NONE);
			assert_int_equal(told, !kw_change_doubt_text(doubt)[0]);
		}
		assert_ptr_equal(kw_change_find(kw_row_id(row)), row);
	}
	assert_true(kw_row_at(KW_TABLE_KVM_CHANGE, 30) != NULL);
}

static void changes_know_their_msrs(void **state)
{
	const struct kw_row *mce = kw_change_find("set-msr-mce-eperm");

	(void)state;
	assert_int_equal(kw_change_touches(mce, 0x404), KW_TOUCH_THIS_MSR);
	assert_int_equal(kw_change_touches(mce, 0x47f), KW_TOUCH_THIS_MSR);
	assert_int_equal(kw_change_touches(mce, 0x480), KW_TOUCH_NO);
	assert_int_equal(kw_change_touches(kw_change_find("efer-svme-enomem"), 0xc0000080),
			 KW_TOUCH_THIS_MSR);
	assert_int_equal(kw_change_touches(kw_change_find("wrmsr-errno-leaves-kvm-run"), 0x10),
			 KW_TOUCH_ANY_MSR);
	assert_int_equal(kw_change_touches(kw_change_find("emulation-data"), 0x10), KW_TOUCH_NO);
}

static bool mce(const char *kernel, uint32_t msr, uint64_t value, struct kw_mce_result *ret)
{
	struct kw_mce_write w = { .msr = msr, .value = value, .banks = 10 };
	struct kw_kver v = { 0 };

	if (kernel)
		v = version(kernel);
	return kw_kver_mce_write(&v, &w, ret);
}

static void the_unixware_write_by_kernel(void **state)
{
	const uint64_t value = UINT64_C(0xfffffffffffffffe);
	struct kw_mce_result r;

	(void)state;
	assert_true(mce("5.10.100", 0x404, value, &r));
	assert_int_equal(r.ret, -1);
	assert_int_equal(r.effect, KW_MCE_KVM_RUN_EPERM);
	assert_int_equal(r.reason, KW_MCE_CTL_BIT0);

	assert_true(mce("5.10.223", 0x404, value, &r));
	assert_int_equal(r.effect, KW_MCE_ACCEPTED);
	assert_int_equal(r.reason, KW_MCE_OK_BIT0);

	assert_true(mce("5.4.200", 0x404, value, &r));
	assert_int_equal(r.effect, KW_MCE_GP);
	assert_true(mce("6.1.192", 0x404, 0x1234, &r));
	assert_int_equal(r.effect, KW_MCE_GP);

	/* which of them is undecided, but not a value that all of them accept */
	assert_false(mce(NULL, 0x404, value, &r));
	assert_true(mce(NULL, 0x404, UINT64_MAX, &r));
	assert_int_equal(r.effect, KW_MCE_ACCEPTED);
	assert_false(mce("5.14.0-427.el9.x86_64", 0x404, value, &r));
}

static unsigned int gens(const char *kernel)
{
	struct kw_kver v = version(kernel);

	return kw_kver_mce_gens(&v);
}

static void machine_check_generations(void **state)
{
	(void)state;
	assert_int_equal(gens("5.4.200"), 1 << KW_MCE_BEFORE_5_10);
	assert_int_equal(gens("5.10.136"), 1 << KW_MCE_5_10);
	assert_int_equal(gens("5.19.1"), 1 << KW_MCE_5_10);
	assert_int_equal(gens("5.10.137"), 1 << KW_MCE_FIXED);
	assert_int_equal(gens("5.15.0-91-generic"), 1 << KW_MCE_5_10 | 1 << KW_MCE_FIXED);
	assert_int_equal(gens("6.0.0"), 1 << KW_MCE_6_0);
	assert_int_equal(gens("6.1.0-56-amd64"), 1 << KW_MCE_6_0);
	assert_int_equal(gens("5.14.0-427.el9.x86_64"),
			 1 << KW_MCE_5_10 | 1 << KW_MCE_FIXED | 1 << KW_MCE_6_0);
	assert_int_equal(gens("4.18.0-553.el8.x86_64"), (1 << KW_NMCE_GENS) - 1);
	assert_int_equal(kw_kver_mce_gens(NULL), (1 << KW_NMCE_GENS) - 1);
}

static size_t layouts(uint64_t suberror, const uint64_t *data, size_t ndata, const char *kernel,
		      const char **name_ret)
{
	struct kw_kver v = { 0 };
	const struct kw_row *row[4];
	size_t count;

	if (kernel)
		v = version(kernel);
	count = kw_suberror_layouts(suberror, data, ndata, &v, row, 4);
	*name_ret = count ? kw_row_name(row[0]) : "";
	return count;
}

static void layouts_of_internal_errors(void **state)
{
	const uint64_t fetch[6] = { 0, 0x400, UINT64_C(0x100000014), 0x21000, 0, 0 };
	const uint64_t bytes[8] = { 1 };
	const uint64_t misconfig[5] = { 0x80000b0e, 0x31, 0, 0x1000, 3 };
	const uint64_t wrmsr[5] = { 0x8000002f, 0x20, 0, UINT64_MAX, 3 };
	const char *name;

	(void)state;
	assert_int_equal(layouts(1, fetch, 6, NULL, &name), 1);
	assert_string_equal(name, "emulation");
	assert_int_equal(layouts(1, bytes, 8, "6.1.192", &name), 1);
	assert_string_equal(name, "emulation-bytes");
	assert_int_equal(layouts(1, NULL, 0, "5.10.223", &name), 1);
	assert_string_equal(name, "emulation-bare");
	assert_int_equal(layouts(3, misconfig, 4, "6.1.192", &name), 1);
	assert_string_equal(name, "delivery-ev");
	assert_int_equal(layouts(3, misconfig, 5, "6.1.192", &name), 1);
	assert_string_equal(name, "delivery-ev-gpa");
	assert_int_equal(layouts(3, misconfig, 5, NULL, &name), 2);
	assert_int_equal(layouts(3, wrmsr, 5, NULL, &name), 1);
	assert_string_equal(name, "event-vectoring");
	assert_int_equal(layouts(3, wrmsr, 5, "7.3.4", &name), 1);
	assert_int_equal(layouts(4, wrmsr, 2, NULL, &name), 1);
	assert_int_equal(layouts(4, wrmsr, 3, NULL, &name), 0);
	assert_int_equal(layouts(99, wrmsr, 2, NULL, &name), 0);
}

static void a_maker_tells_the_point_release(void **state)
{
	static const struct {
		const char *release, *build;
		unsigned int patch;
		bool known, open; /* .patch_known; may be a later one */
	} rows[] = {
		{ "5.10.0-32-cloud-amd64", "#1 SMP Debian 5.10.223-1 (2024-08-10)", 223, true,
		  false },
		{ "6.1.0-50-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-05-01)", 176,
		  true, false },
		{ "5.10.0-32-amd64", "#1 SMP Debian 6.1.176-1", 0, false, true },
		{ "5.10.0-32-amd64", "#1 SMP Debian 5.10-1", 0, false, true },
		{ "5.10.0-32-amd64", "#1 SMP", 0, false, true },
		{ "5.15.0-91-generic", "Ubuntu 5.15.0-91.101-generic 5.15.131", 131, true, true },
		{ "5.15.0-91-generic", "#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023", 0, false,
		  true },
		{ "6.1.192", "#1 SMP Debian 6.1.7-1", 192, true, false },
		{ "5.14.0-427.el9.x86_64", "#1 SMP Debian 5.14.6-1", 0, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_kver v = version(rows[i].release);

		kw_kver_refine(&v, rows[i].build, strlen(rows[i].build));
		if (v.patch != rows[i].patch || v.patch_known != rows[i].known)
			print_error("%s, %s\n", rows[i].release, rows[i].build);
		assert_int_equal(v.patch, rows[i].patch);
		assert_int_equal(v.patch_known, rows[i].known);
		assert_int_equal(v.low < v.high, rows[i].open);
	}
}

static void assert_words(void (*put)(const struct kw_row *, struct kw_buf *), const char *id,
			 const char *words)
{
	struct kw_arena arena;
	struct kw_buf buf = { .arena = &arena };
	struct kw_str text;

	kw_arena_init(&arena, 1 << 16);
	put(kw_change_find(id), &buf);
	text = kw_buf_text(&buf);
	assert_int_equal(text.len, strlen(words));
	assert_memory_equal(text.p, words, text.len);
	kw_arena_deinit(&arena);
}

static void ranges_and_fixes_in_words(void **state)
{
	(void)state;
	assert_words(kw_change_range, "dump-invalid-vmcs", "Linux v5.2 and later");
	assert_words(kw_change_range, "wrmsr-any-failure-is-gp", "Linux before v5.10");
	assert_words(kw_change_range, "wrmsr-path-61", "Linux v5.11 to before v7.2");
	assert_words(kw_change_range, "mci-ctl-check", "Linux of any version");
	assert_words(kw_change_range, "set-msr-mce-eperm",
		     "Linux v5.10 to before v6.0; in stable branches before "
		     "v5.10.137, v5.15.61, v5.18.18, v5.19.2");
	assert_words(kw_change_fix, "set-msr-mce-eperm",
		     "Linux v6.0 or later; in stable branches v5.10.137, v5.15.61, "
		     "v5.18.18, v5.19.2 or later (Debian 5.10.0-18)");
	assert_words(kw_change_fix, "rsm-nested-mmu", "Linux v5.0 or later");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases_are_read),
		cmocka_unit_test(what_is_no_release_is_refused),
		cmocka_unit_test(versions_are_ordered),
		cmocka_unit_test(the_eperm_window),
		cmocka_unit_test(windows_and_open_ends),
		cmocka_unit_test(every_change_has_an_answer_for_every_kernel),
		cmocka_unit_test(changes_know_their_msrs),
		cmocka_unit_test(the_unixware_write_by_kernel),
		cmocka_unit_test(machine_check_generations),
		cmocka_unit_test(layouts_of_internal_errors),
		cmocka_unit_test(ranges_and_fixes_in_words),
		cmocka_unit_test(a_maker_tells_the_point_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
