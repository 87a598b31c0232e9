// SPDX-License-Identifier: MIT
/* api/kernel: which defects of KVM a kernel has, and what the parameters of its modules mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kvmwhy/kvmwhy.h"

static struct kw_defect defect(const char *id, const char *release, const char *build,
			       const char *vendor)
{
	const struct kw_options options = { .size = sizeof(options),
					    .host_kernel = release,
					    .vendor = vendor };
	struct kw_defect d = { .size = sizeof(d) };

	for (size_t i = 0; kw_kernel_defect(&options, build, i, &d) > 0; i++)
		if (!strcmp(d.id, id))
			return d;
	fail_msg("no defect %s", id);
	return d;
}

static void a_kernel_has_it_or_not_or_one_cannot_tell(void **state)
{
	static const struct {
		const char *id, *release, *build, *vendor;
		enum kw_affected has;
	} rows[] = {
		{ "set-msr-mce-eperm", "5.10.100", NULL, NULL, KW_AFFECTED_YES },
		{ "set-msr-mce-eperm", "5.10.137", NULL, NULL, KW_AFFECTED_NO },
		{ "set-msr-mce-eperm", "5.10.0-17-amd64", NULL, NULL, KW_AFFECTED_YES },
		{ "set-msr-mce-eperm", "5.10.0-32-cloud-amd64", "#1 SMP Debian 5.10.223-1", NULL,
		  KW_AFFECTED_NO },
		{ "set-msr-mce-eperm", "5.15.0-91-generic", NULL, NULL, KW_AFFECTED_UNKNOWN },
		{ "set-msr-mce-eperm", "5.15.0-91-generic", "Ubuntu 5.15.0-91.101-generic 5.15.131",
		  NULL, KW_AFFECTED_NO },
		{ "set-msr-mce-eperm", "5.15.0-30-generic", "Ubuntu 5.15.0-30.31-generic 5.15.35",
		  NULL, KW_AFFECTED_UNKNOWN },
		{ "set-msr-mce-eperm", "5.14.0-427.13.1.el9_4.x86_64", NULL, NULL,
		  KW_AFFECTED_UNKNOWN },
		{ "set-msr-mce-eperm", "no kernel", NULL, NULL, KW_AFFECTED_UNKNOWN },
		{ "set-msr-mce-eperm", NULL, NULL, NULL, KW_AFFECTED_UNKNOWN },
		{ "smm-interrupt-shadow", "6.1.0-50-amd64", "#1 SMP Debian 6.1.176-1", "intel",
		  KW_AFFECTED_YES },
		{ "smm-interrupt-shadow", "6.1.0-50-amd64", "#1 SMP Debian 6.1.176-1", "amd",
		  KW_AFFECTED_NO },
		{ "smm-interrupt-shadow", "6.12.117", NULL, "intel", KW_AFFECTED_NO },
		{ "vfio-huge-fault-unaligned", "6.1.192", NULL, NULL, KW_AFFECTED_NO },
		{ "vfio-huge-fault-unaligned", "6.12.0", NULL, NULL, KW_AFFECTED_YES },
		{ "vfio-huge-fault-unaligned", "6.12.117+deb13-amd64", NULL, NULL,
		  KW_AFFECTED_UNKNOWN },
		{ "vfio-huge-fault-unaligned", "7.3.4+deb13-amd64", NULL, NULL, KW_AFFECTED_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_defect d =
			defect(rows[i].id, rows[i].release, rows[i].build, rows[i].vendor);

		if (d.affected != rows[i].has)
			print_error("%s, %s\n", rows[i].id, rows[i].release);
		assert_int_equal(d.affected, rows[i].has);
		assert_int_equal(!*d.doubt, d.affected != KW_AFFECTED_UNKNOWN);
	}
}

static void every_defect_is_told_whole(void **state)
{
	struct kw_defect d = { .size = sizeof(d) };
	size_t i = 0;

	(void)state;
	for (; kw_kernel_defect(NULL, NULL, i, &d) == 1; i++) {
		assert_true(*d.id && *d.title && *d.effect && *d.seen && *d.source);
		assert_int_equal(d.fixed[0], 'v');
		assert_int_equal(strspn(d.commit, "0123456789abcdef"), 12);
	}
	assert_int_equal(i, 5);
	assert_int_equal(kw_kernel_defect(NULL, NULL, i, &d), 0);
	assert_int_equal(kw_kernel_defect(NULL, NULL, SIZE_MAX, &d), 0);
}

static void options_of_another_size_are_refused(void **state)
{
	const struct kw_options wrong = { .size = 1 },
				vendor = { .size = sizeof(vendor), .vendor = "via" };
	struct kw_defect d = { .size = sizeof(d) };

	(void)state;
	assert_true(kw_kernel_defect(&wrong, NULL, 0, &d) < 0);
	assert_true(kw_kernel_defect(&vendor, NULL, 0, &d) < 0);
}

static const char *means(const char *module, const char *name, const char *value)
{
	struct kw_parameter p = { .size = sizeof(p) };

	for (size_t i = 0; kw_kvm_parameter(i, &p) > 0; i++) {
		if (strcmp(p.module, module) || strcmp(p.name, name))
			continue;
		kw_kvm_parameter_value(&p, value);
		return p.means ? p.means : "";
	}
	fail_msg("no parameter %s.%s", module, name);
	return NULL;
}

static void a_value_of_a_parameter_has_its_meaning(void **state)
{
	(void)state;
	assert_string_equal(means("kvm_amd", "npt", "1"), means("kvm_amd", "npt", "Y"));
	assert_non_null(strstr(means("kvm", "ignore_msrs", "Y"), "reads return 0"));
	assert_non_null(strstr(means("kvm", "ignore_msrs", "N"), "#GP"));
	assert_non_null(strstr(means("kvm", "force_emulation_prefix", "2"), "on:"));
	assert_string_equal(means("kvm", "force_emulation_prefix", "0"), "off");
	/* No value, part of one, two of them: unknown. */
	assert_string_equal(means("kvm", "ignore_msrs", ""), "");
	assert_string_equal(means("kvm", "ignore_msrs", "Y|1"), "");
	assert_string_equal(means("kvm", "ignore_msrs", "2"), "");
	assert_string_equal(means("kvm", "force_emulation_prefix", ""), "");
}

static void parameters_are_told_once(void **state)
{
	struct kw_parameter a = { .size = sizeof(a) }, b = { .size = sizeof(b) };

	(void)state;
	for (size_t i = 0; kw_kvm_parameter(i, &a) > 0; i++) {
		assert_true(*a.module && *a.name && *a.about && *a.source);
		assert_null(a.means);
		for (size_t j = 0; j < i && kw_kvm_parameter(j, &b) > 0; j++)
			assert_false(!strcmp(a.module, b.module) && !strcmp(a.name, b.name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_has_it_or_not_or_one_cannot_tell),
		cmocka_unit_test(every_defect_is_told_whole),
		cmocka_unit_test(options_of_another_size_are_refused),
		cmocka_unit_test(a_value_of_a_parameter_has_its_meaning),
		cmocka_unit_test(parameters_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
