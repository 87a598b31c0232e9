// SPDX-License-Identifier: MIT
/*
 * The rows of lib/failure/: which architecture a fact belongs to, and that the parts of a segment
 * match failure/x86.h.
 */
#include "failure/x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const parts[KW_NPARTS] = { "sel", "base", "limit", "attr" };

static void assert_part(enum kw_fact sel, const char *stem, enum kw_part part)
{
	char name[40];

	snprintf(name, sizeof(name), "%s_%s", stem, parts[part]);
	assert_string_equal(kw_facts[kw_part(sel, part)].name, name);
	assert_int_equal(kw_facts[kw_part(sel, part)].group, kw_facts[sel].group);
}

/* The stem of "vmcs_cs_sel"; false if it is not a segment's selector. */
static bool is_selector(size_t fact, char stem[static 32])
{
	size_t len = strlen(kw_facts[fact].name);

	if (len < 5 || strcmp(kw_facts[fact].name + len - 4, "_sel") != 0)
		return false;
	snprintf(stem, 32, "%.*s", (int)len - 4, kw_facts[fact].name);
	return true;
}

static void the_parts_of_every_segment_are_found(void **state)
{
	unsigned int segments = 0;
	char stem[32];

	(void)state;
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (!is_selector(i, stem))
			continue;
		segments++;
		for (enum kw_part part = KW_SEL; part < KW_NPARTS; part++)
			assert_part((enum kw_fact)i, stem, part);
	}
	assert_int_equal(segments, 8 + 8 + 10); /* of the VMM's dump, of the VMCS, of the VMCB */
}

static void the_limit_of_every_table_is_found(void **state)
{
	static const uint16_t tables[][2] = {
		{ KW_F_gdt_base, KW_F_gdt_limit },
		{ KW_F_idt_base, KW_F_idt_limit },
		{ KW_F_vmcs_gdtr_base, KW_F_vmcs_gdtr_limit },
		{ KW_F_vmcs_idtr_base, KW_F_vmcs_idtr_limit },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(kw_table_limit((enum kw_fact)tables[i][0]), tables[i][1]);
}

static void segments_have_the_numbers_of_instructions(void **state)
{
	static const char *const names[] = { "es_sel", "cs_sel", "ss_sel",
					     "ds_sel", "fs_sel", "gs_sel" };

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(kw_facts[kw_segment_of(i)].name, names[i]);
	assert_int_equal(kw_segment_of(6), KW_F_none);
}

static void a_fact_belongs_to_its_architecture(void **state)
{
	(void)state;
	assert_int_equal(kw_facts[KW_F_errno_number].arch, KW_ARCH_UNKNOWN);
	assert_int_equal(kw_facts[KW_F_fault_gpa].arch, KW_ARCH_UNKNOWN);
	assert_int_equal(kw_facts[KW_F_rax].arch, KW_ARCH_X86);
	assert_int_equal(kw_facts[KW_F_vmcs_reason].arch, KW_ARCH_X86);
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group != KW_G_SAID)
			assert_int_not_equal(kw_facts[i].arch, KW_ARCH_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_every_segment_are_found),
		cmocka_unit_test(the_limit_of_every_table_is_found),
		cmocka_unit_test(segments_have_the_numbers_of_instructions),
		cmocka_unit_test(a_fact_belongs_to_its_architecture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
