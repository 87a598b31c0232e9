// SPDX-License-Identifier: MIT
/* The typed functions on a report, and what a refused call says. */
#include <kvmwhy/kvmwhy.h>

#include "starting_case.h"
#include "vcpu_state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned int count;

static void explain(const char *text, kw_report_fn fn)
{
	struct kw_reader *reader;

	count = 0;
	assert_int_equal(kw_reader_create(NULL, fn, NULL, &reader), 0);
	assert_int_equal(kw_reader_feed(reader, text, strlen(text)), 0);
	assert_int_equal(kw_reader_finish(reader, NULL), 0);
	kw_reader_destroy(reader);
	assert_int_equal(count, 1);
}

static void assert_has(const struct kw_report *report, enum kw_report_texts what,
		       const char *wanted)
{
	const char *text = kw_report_text(report, what);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_ptr_equal(kw_report_text(report, what), text);
}

static void assert_number(const struct kw_report *report, enum kw_report_numbers what,
			  uint64_t wanted)
{
	uint64_t value = 0;

	assert_int_equal(kw_report_number(report, what, &value), 1);
	assert_true(value == wanted);
}

static int look_at_starting_case(void *arg, const struct kw_report *report)
{
	uint64_t value;

	(void)arg;
	count++;
	assert_has(report, KW_REPORT_CLASS, "kvm-run-failed");
	assert_has(report, KW_REPORT_ARCH, "x86");
	assert_has(report, KW_REPORT_MODE, "long64");
	assert_has(report, KW_REPORT_INSN, "wrmsr");
	assert_has(report, KW_REPORT_INSN_BYTES, "0f 30");
	assert_has(report, KW_REPORT_MSR_NAME, "IA32_X2APIC_INIT_COUNT");
	assert_has(report, KW_REPORT_MSR_ACCESS, "write");
	assert_null(kw_report_text(report, KW_REPORT_GUEST));
	assert_null(kw_report_text(report, (enum kw_report_texts)1000));
	assert_number(report, KW_REPORT_INSN_GVA, 0xffffffff96070964);
	assert_number(report, KW_REPORT_MSR_INDEX, 0x838);
	assert_number(report, KW_REPORT_MSR_VALUE, 0x7213cc9);
	assert_number(report, KW_REPORT_FIRST_LINE, 1);
	assert_int_equal(kw_report_number(report, (enum kw_report_numbers)1000, &value), 0);
	assert_string_equal(kw_report_fact(report, "rcx", &value), "seen");
	assert_int_equal(value, 0x838);
	assert_string_equal(kw_report_fact(report, "msr_index", NULL), "derived");
	assert_null(kw_report_fact(report, "vmcs_cr0", &value));
	assert_null(kw_report_fact(report, "no such fact", &value));
	assert_string_equal(kw_report_fact_name(report, 0), "errno_number");
	return 0;
}

static bool rests_on(const struct kw_report *report, const char *fact)
{
	const char *name;

	for (size_t k = 0; (name = kw_report_finding_list(report, 0, KW_FINDING_FACTS, k)); k++) {
		if (!strcmp(name, fact))
			return true;
	}
	return false;
}

static int look_at_finding(void *arg, const struct kw_report *report)
{
	uint64_t line;

	(void)arg;
	count++;
	assert_int_equal(kw_report_findings(report), 1);
	assert_string_equal(kw_report_finding(report, 0, KW_FINDING_ID), "wrmsr-eperm-x2apic");
	assert_string_equal(kw_report_finding(report, 0, KW_FINDING_CERTAINTY), "likely");
	assert_string_equal(kw_report_finding(report, 0, KW_FINDING_TITLE),
			    kw_report_text(report, KW_REPORT_HEADLINE));
	assert_non_null(strstr(kw_report_finding(report, 0, KW_FINDING_WHY), "x2APIC"));
	assert_non_null(kw_report_finding_list(report, 0, KW_FINDING_DO, 1));
	assert_null(kw_report_finding_list(report, 0, KW_FINDING_DO, 8));
	assert_true(rests_on(report, "errno_number") && rests_on(report, "rcx") &&
		    !rests_on(report, "cr2"));
	assert_non_null(
		strstr(kw_report_finding_list(report, 0, KW_FINDING_SOURCES, 0), "7dffecaf4eab"));
	assert_string_equal(kw_report_finding_evidence(report, 0, 0, &line),
			    "error: kvm run failed Operation not permitted");
	assert_int_equal(line, 1);
	assert_null(kw_report_finding_evidence(report, 0, 8, &line));
	assert_null(kw_report_finding(report, 1, KW_FINDING_ID));
	assert_null(kw_report_note(report, 0, &line));
	return 0;
}

static void the_starting_case_is_there_to_be_asked(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	add_case(&buf, 0, CASE_LINES, "", "\n");
	kw_buf_char(&buf, '\0');
	assert_false(buf.failed);
	explain(buf.p, look_at_starting_case);
	explain(buf.p, look_at_finding);
	kw_buf_deinit(&buf);
}

static void assert_clean(const char *text)
{
	for (; text && *text; text++)
		assert_true((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static int look_at_hostile(void *arg, const struct kw_report *report)
{
	uint64_t line;

	(void)arg;
	count++;
	for (unsigned int what = KW_REPORT_CLASS; what <= KW_REPORT_FILE; what++)
		assert_clean(kw_report_text(report, (enum kw_report_texts)what));
	assert_string_equal(kw_report_finding_evidence(report, 0, 0, &line),
			    "error: kvm run failed \\x1b[31mred\\xff");
	return 0;
}

static void what_a_log_holds_is_escaped(void **state)
{
	(void)state;
	explain("error: kvm run failed \x1b[31mred\xff\nRAX=0000000000000000 RBX=0000000000000000\n",
		look_at_hostile);
}

/* What is refused, and why */

static int ignore(void *arg, const struct kw_report *report)
{
	(void)arg;
	(void)report;
	return 0;
}

static void options_that_are_refused_say_why(void **state)
{
	struct kw_error error = { .size = sizeof(error) };
	struct kw_options options = { .size = sizeof(options), .vendor = "via", .error = &error };
	struct kw_reader *reader;

	(void)state;
	assert_int_equal(kw_reader_create(&options, ignore, NULL, &reader), -EINVAL);
	assert_string_equal(error.message,
			    "kw_options.vendor is 'via': it is \"intel\", \"amd\" or NULL");
	options.flags = 8;
	assert_int_equal(kw_reader_create(&options, ignore, NULL, &reader), -EINVAL);
	assert_string_equal(error.message, "kw_options.flags is 0x8: this library knows 0x1");
	options.size += 8; /* of a newer header */
	assert_int_equal(kw_reader_create(&options, ignore, NULL, &reader), -EINVAL);
	assert_non_null(strstr(error.message, "kw_options.size is "));
	error = (struct kw_error){ .size = 1 };
	assert_int_equal(kw_reader_create(&options, ignore, NULL, &reader), -EINVAL);
	assert_string_equal(error.message, "");
}

/* The answer to a failed VM entry on a host whose modules are set so. */
static char *entry_failed(const char *parameters)
{
	static const char log[] = "KVM: entry failed, hardware error 0x80000021\n";
	const struct kw_options options = { .size = sizeof(options),
					    .vendor = "intel",
					    .parameters = parameters };
	char *text;

	assert_int_equal(kw_explain_text(log, strlen(log), &options, "text", &text), 1);
	return text;
}

static void assert_said(const char *parameters, const char *wanted, const char *unwanted)
{
	char *text = entry_failed(parameters);

	assert_non_null(strstr(text, wanted));
	assert_null(strstr(text, unwanted));
	free(text);
}

static void what_a_parameter_shows_is_not_asked_for(void **state)
{
	static const char ask[] = "cat /sys/module/kvm_intel/parameters/unrestricted_guest";
	static const char set[] = "echo 1 >";

	(void)state;
	assert_said(NULL, ask, "params");
	assert_said("", ask, "params");
	assert_said("kvm_intel.unrestricted_guest=N", "which confirms this", ask);
	assert_said("kvm.ignore_msrs=N kvm_intel.unrestricted_guest=Y", "speaks against this", ask);
	assert_said("kvm_intel.unrestricted_guest=Y kvm_intel.dump_invalid_vmcs=1",
		    "dump_invalid_vmcs is on", set);
	assert_said("kvm_intel.dump_invalid_vmcs=N", set, "dump_invalid_vmcs is on");
	assert_said("kvm_intel.dump_invalid_vmcs=N\nkvm.ignore_msrs=Y", ask, "\nkvm.ignore");
	/* neither a value, nor the whole name */
	assert_said("kvm_intel.unrestricted_guest=", ask, "confirms this");
	assert_said("kvm_intel.unrestricted_guest", ask, "confirms this");
	assert_said("kvm_intel.unrestricted_guest2=N", ask, "confirms this");
	assert_said("=N  = kvm_intel.unrestricted_guest=maybe", ask, "confirms this");
	assert_said("kvm.x=\x1b[31m", "\\x1b", "\x1b");
}

static void assert_refused(const struct vcpu *v, const char *why)
{
	struct kw_error error = { .size = sizeof(error) };
	struct kw_options options = { .size = sizeof(options), .error = &error };

	assert_int_equal(kw_vcpu_report(&v->state, &options, ignore, NULL), -EINVAL);
	assert_string_equal(error.message, why);
}

static void a_vcpu_that_is_refused_says_why(void **state)
{
	struct vcpu v;

	(void)state;
#define REFUSED(member, value, why) do { \
	vcpu_init(&v, 0x404, 0); \
	v.state.member = (value); \
	assert_refused(&v, "kw_vcpu_state." why); \
} while (0)
	REFUSED(arch, "vax", "arch is 'vax': this library knows \"x86\"");
	REFUSED(flags, 6, "flags is 0x6: this library knows 0x1");
	REFUSED(error, -1, "error is -1: an errno is positive");
	REFUSED(nmsrs, 3, "msrs is NULL, and .nmsrs is 3");
	REFUSED(run_size, 167, "run_size is 167: it is 168 to 12288");
	REFUSED(run, NULL, "run is NULL, and its size is 4096");
	REFUSED(regs_size, 143, "regs_size is 143: KVM's structure has 144");
	REFUSED(sregs, NULL, "sregs is NULL, and its size is 312");
	REFUSED(code_size, 65, "code_size is 65: at most 64");
	REFUSED(code_at, 50, "code_at is 50, beyond .code_size of 50");
	REFUSED(code, NULL, "code is NULL, and its size is 50");
	vcpu_init(&v, 0x404, 0);
	v.state.arch = "x86";
	assert_int_equal(kw_vcpu_report(&v.state, NULL, ignore, NULL), 0);
}

static void an_event_that_is_refused_says_why(void **state)
{
	struct kw_error error = { .size = sizeof(error) };
	struct kw_event_context context = { .size = sizeof(context), .error = &error };
	char *text;

	(void)state;
	assert_int_equal(kw_event_text("", 0, &context, &text), -EINVAL);
	assert_string_equal(error.message, "the record is shorter than its header");
	context.flags = 4;
	assert_int_equal(kw_event_text("", 0, &context, &text), -EINVAL);
	assert_string_equal(error.message, "kw_event_context.flags is 0x4: this library knows 0x1");
}

static void what_the_library_fills_has_a_size(void **state)
{
	struct kw_error error = { .size = sizeof(error) };
	struct kw_options options = { .size = sizeof(options), .error = &error };
	struct kw_parameter parameter = { .size = 1 };
	struct kw_defect defect = { .size = 0 };

	(void)state;
	assert_int_equal(kw_kernel_defect(&options, NULL, 0, &defect), -EINVAL);
	assert_non_null(strstr(error.message, "kw_defect.size is 0"));
	assert_int_equal(kw_kvm_parameter(0, &parameter), -EINVAL);
}

static void an_msr_has_a_number(void **state)
{
	uint32_t index;

	(void)state;
	assert_int_equal(kw_msr_number("IA32_MC1_CTL", &index), 0);
	assert_int_equal(index, 0x404);
	assert_int_equal(kw_msr_number("0xc0000080", &index), 0);
	assert_true(index == 0xc0000080);
	assert_int_equal(kw_msr_number("0x100000000", &index), -EINVAL);
	assert_int_equal(kw_msr_number("no such MSR", &index), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_starting_case_is_there_to_be_asked),
		cmocka_unit_test(what_a_log_holds_is_escaped),
		cmocka_unit_test(options_that_are_refused_say_why),
		cmocka_unit_test(what_a_parameter_shows_is_not_asked_for),
		cmocka_unit_test(a_vcpu_that_is_refused_says_why),
		cmocka_unit_test(an_event_that_is_refused_says_why),
		cmocka_unit_test(what_the_library_fills_has_a_size),
		cmocka_unit_test(an_msr_has_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
