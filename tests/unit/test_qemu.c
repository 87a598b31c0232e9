// SPDX-License-Identifier: MIT
/*
 * QEMU's headlines and dumps: the starting case in the forms of its versions and of people who
 * quote it.
 */
#include "starting_case.h"

/* The case with @old changed to @new, read; there must be one failure. */
static struct seen changed(const char *old, const char *new)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	add_case_with(&buf, old, new);
	seen = seen_in_stream(&buf);
	assert_int_equal(seen.count, 1);
	return seen;
}

static void the_case_itself(void **state)
{
	struct seen seen = changed("", "");
	const struct kw_failure *f = seen.failure[0];

	(void)state;
	assert_case(f);
	assert_text(f->text[KW_T_VMM], "QEMU");
	assert_text(f->text[KW_T_HEADLINE], case_line[0]);
	assert_int_equal(f->first_line, 1);
	assert_int_equal(f->last_line, CASE_LINES);
	assert_int_equal(f->nlines, CASE_LINES);
	assert_int_equal(f->line[f->origin[KW_F_rcx].line].number, 2);
	assert_int_equal(f->line[f->code.origin.line].number, CASE_LINES);
	assert_false(f->registers_narrow);
	seen_free(&seen);
}

static void the_error_may_be_told_in_any_language(void **state)
{
	static const char *const texts[] = { "Bad address", "错误的地址", "Opération non permise",
					     "Input/output error" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seen seen = changed("Operation not permitted", texts[i]);

		assert_int_equal(seen.failure[0]->class, KW_CLASS_KVM_RUN_FAILED);
		assert_text(seen.failure[0]->text[KW_T_ERRNO], texts[i]);
		assert_case_registers(seen.failure[0]);
		seen_free(&seen);
	}
}

struct headline {
	const char *text;
	enum kw_class class;
	enum kw_fact fact;
	uint64_t value;
};

static void headlines(void **state)
{
	static const struct headline rows[] = {
		{ "KVM internal error. Suberror: 1", KW_CLASS_INTERNAL_ERROR, KW_F_suberror, 1 },
		{ "KVM internal error. Suberror: 19287", KW_CLASS_INTERNAL_ERROR, KW_F_suberror,
		  19287 },
		{ "KVM internal error.Suberror: 2", KW_CLASS_INTERNAL_ERROR, KW_F_suberror, 2 },
		{ "KVM: entry failed, hardware error 0x80000021", KW_CLASS_ENTRY_FAILED,
		  KW_F_hardware_error, 0x80000021 },
		{ "kvm: unhandled exit 80000021", KW_CLASS_ENTRY_FAILED, KW_F_hardware_error,
		  0x80000021 },
		{ "KVM: unknown exit, hardware reason 31", KW_CLASS_UNKNOWN_EXIT,
		  KW_F_hardware_exit_reason, 0x31 },
		{ "KVM: unknown exit reason 24", KW_CLASS_UNKNOWN_EXIT, KW_F_exit_reason, 24 },
		{ "KVM: exception 14 exit (error code 2)", KW_CLASS_UNKNOWN_EXIT, KW_F_exception,
		  14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = changed(case_line[0], rows[i].text);
		const struct kw_failure *f = seen.failure[0];

		assert_int_equal(f->class, rows[i].class);
		assert_true(kw_known(f, rows[i].fact));
		assert_int_equal(f->fact[rows[i].fact], rows[i].value);
		assert_case_registers(f);
		assert_case_code(f);
		seen_free(&seen);
	}
}

static void a_headline_may_be_glued_to_what_others_print(void **state)
{
	static const char *const before[] = { "(qemu) error: ", "VMWRITEs success.error: ",
					      "localhost login: error: " };

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		struct seen seen = changed("error: ", before[i]);

		assert_case(seen.failure[0]);
		seen_free(&seen);
	}
}

static void extra_data_of_all_forms(void **state)
{
	static const char *const rows[] = {
		"extra data[0]: 0x0000000080000b0e\nextra data[1]: 0x0000000000000031\n",
		"extra data[0]: 80000b0e\nextra data[1]: 31\n",
		"extra data[0]: 0x80000b0e  <= vectoring\nextra data[1]: 0x31  <= exit reason\n",
		"extra data[1]: 0x31\nextra data[0]: 0x80000b0e\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kw_buf buf = { 0 };
		struct seen seen;

		add(&buf, "KVM internal error. Suberror: 3\n");
		add(&buf, rows[i]);
		add_case(&buf, 1, CASE_LINES, "", "\n");
		seen = seen_in_stream(&buf);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.failure[0]->extra_known, 3);
		assert_int_equal(seen.failure[0]->extra[0], 0x80000b0e);
		assert_int_equal(seen.failure[0]->extra[1], 0x31);
		assert_case_registers(seen.failure[0]);
		seen_free(&seen);
	}
}

static void code_of_all_forms(void **state)
{
	struct seen seen =
		changed("Code=c3 0f 21 f0 5d c3 0f 0b 0f 1f 84 00 00 00 00 00 89 f9 89 f0 <0f> 30",
			"Code=<0f> 30");

	(void)state;
	assert_int_equal(seen.failure[0]->code.marked, 0);
	assert_int_equal(seen.failure[0]->code.len, 30);
	seen_free(&seen);
	seen = changed("89 f0 <0f> 30 0f", "89 f0 <0f> ?? 0f");
	assert_int_equal(seen.failure[0]->code.marked, 20);
	assert_int_equal(seen.failure[0]->code.known, ((1ull << 50) - 1) & ~(1ull << 21));
	seen_free(&seen);
	seen = changed("89 f0 <0f> 30 0f", "89 f0 <0f>\n30 0f");
	assert_case(seen.failure[0]);
	seen_free(&seen);
	seen = changed(" <0f> 30 0f", "\n<0f> 30 0f");
	assert_case(seen.failure[0]);
	seen_free(&seen);
	seen = changed("Code=", "Code=\n");
	assert_case(seen.failure[0]);
	seen_free(&seen);
	seen = changed(case_line[CASE_CODE], "Code=");
	assert_true(seen.failure[0]->code_line_seen);
	assert_int_equal(seen.failure[0]->code.len, 0);
	seen_free(&seen);
	seen = changed(case_line[CASE_CODE], "");
	assert_false(seen.failure[0]->code_line_seen);
	assert_case_registers(seen.failure[0]);
	seen_free(&seen);
}

static void lines_may_be_wrapped_behind_any_register(void **state)
{
	static const char *const rows[][2] = {
		{ "RCX=0000000000000838 ", "RCX=0000000000000838\n" },
		{ " RDX=0", "\nRDX=0" },
		{ "RDX=0000000000000000", "RDX=\n0000000000000000" },
		{ "R15=ffff9f30ffcdd0e8", "R15=\nffff9f30ffcdd0e8" },
		{ "DR3=0000000000000000\nDR6", "DR3=0000000000000000 DR6" },
		{ "DR3=", "\nDR3=" },
		{ "TR =0040 ", "TR =0040\n" },
		{ "0000007f", "\n0000007f" },
		{ "GDT=     ", "GDT=\t" },
		{ "CS =0010 0000000000000000 ffffffff ", "CS =0010 0000000000000000\nffffffff " },
		{ " HLT=0", "\nHLT=0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = changed(rows[i][0], rows[i][1]);

		assert_case(seen.failure[0]);
		seen_free(&seen);
	}
}

static void columns_may_be_collapsed(void **state)
{
	static const char *const rows[][2] = {
		{ "     ", " " },  { "R8 =", "R8=" },		{ "CS =", "CS=" },
		{ "TR =", "TR=" }, { " DPL=0 CS64 [-RA]", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = changed(rows[i][0], rows[i][1]);

		assert_case(seen.failure[0]);
		seen_free(&seen);
	}
}

/* 16- and 32-bit modes print the EAX form: the same letters, half the digits, no R8 to R15. */
static void narrow_registers_are_known_to_be_narrow(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	add_case(&buf, 0, 1, "", "\n");
	add(&buf, "EAX=07213cc9 EBX=ffcd5fc0 ECX=00000838 EDX=00000000\n"
		  "ESI=07213cc9 EDI=00000838 EBP=ffcc3f18 ESP=ffcc3f10\n"
		  "EIP=96070964 EFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n");
	add_case(&buf, 7, CASE_LINES, "", "\n");
	seen = seen_in_stream(&buf);
	assert_int_equal(seen.count, 1);
	assert_true(seen.failure[0]->registers_narrow);
	assert_fact(seen.failure[0], rcx, 0x838);
	assert_fact(seen.failure[0], rip, 0x96070964);
	assert_false(kw_has(seen.failure[0], r8));
	assert_fact(seen.failure[0], efer, 0xd01);
	assert_case_code(seen.failure[0]);
	seen_free(&seen);
}

static void registers_of_apx_are_read(void **state)
{
	struct seen seen = changed("RIP=", "R16=0000000000000016 R17=0000000000000017 R18=0 R19=0\n"
					   "R28=0 R29=0 R30=0 R31=0000000000000031\nRIP=");

	(void)state;
	assert_case(seen.failure[0]);
	assert_fact(seen.failure[0], r16, 0x16);
	assert_fact(seen.failure[0], r31, 0x31);
	seen_free(&seen);
}

static void what_is_not_there_is_not_known(void **state)
{
	(void)state;
	for (size_t i = 1; i < CASE_LINES; i++) {
		struct kw_buf buf = { 0 };
		struct seen whole, seen;

		add_case(&buf, 0, CASE_LINES, "", "\n");
		whole = seen_in_stream(&buf);
		add_case(&buf, 0, i, "", "\n");
		add_case(&buf, i + 1, CASE_LINES, "", "\n");
		seen = seen_in_stream(&buf);
		assert_int_equal(seen.count, 1);
		for (size_t fact = 0; fact < KW_NFACTS; fact++) {
			bool gone = whole.failure[0]->origin[fact].line == i;

			assert_int_equal(kw_known(seen.failure[0], (enum kw_fact)fact),
					 kw_known(whole.failure[0], (enum kw_fact)fact) && !gone);
		}
		seen_free(&whole);
		seen_free(&seen);
	}
}

static void a_sentence_behind_the_dump_changes_nothing(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add_case(&buf, 0, CASE_LINES, "> ", "\n");
	add(&buf, "\nHere RCX=5 would mean something else, though SMM=1 and CR0=11 too.\n");
	assert_only_case(seen_in_stream(&buf));
}

static void an_assertion_in_the_code_line_is_evidence(void **state)
{
	struct seen seen = changed(
		case_line[CASE_CODE],
		"Code=qemu-system-x86_64: ../hw/core/cpu-sysemu.c:77: cpu_asidx_from_attrs: "
		"Assertion `ret < cpu->num_ases && ret >= 0' failed.");

	(void)state;
	assert_case_registers(seen.failure[0]);
	assert_non_null(kw_failure_sign(seen.failure[0], KW_SIGN_ASSERTION));
	seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_case_itself),
		cmocka_unit_test(the_error_may_be_told_in_any_language),
		cmocka_unit_test(headlines),
		cmocka_unit_test(a_headline_may_be_glued_to_what_others_print),
		cmocka_unit_test(extra_data_of_all_forms),
		cmocka_unit_test(code_of_all_forms),
		cmocka_unit_test(lines_may_be_wrapped_behind_any_register),
		cmocka_unit_test(columns_may_be_collapsed),
		cmocka_unit_test(narrow_registers_are_known_to_be_narrow),
		cmocka_unit_test(registers_of_apx_are_read),
		cmocka_unit_test(what_is_not_there_is_not_known),
		cmocka_unit_test(a_sentence_behind_the_dump_changes_nothing),
		cmocka_unit_test(an_assertion_in_the_code_line_is_evidence),
	};

	return cmocka_run_group_tests_name("qemu", tests, NULL, NULL);
}
