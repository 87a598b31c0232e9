// SPDX-License-Identifier: MIT
/* The structures of <linux/kvm.h> as records, dumps, reports and lines; and what is refused. */
#include "run_page.h"
#include "vcpu_state.h"

#include "api/api.h"
#include "base/escape.h"
#include "parse/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

_Static_assert(sizeof(struct kvm_regs) == KW_VCPU_REGS_BYTES, "struct kvm_regs");
_Static_assert(sizeof(struct kvm_sregs) == KW_VCPU_SREGS_BYTES, "struct kvm_sregs");
_Static_assert(sizeof(struct kvm_sregs2) == KW_VCPU_SREGS2_BYTES, "struct kvm_sregs2");
_Static_assert(sizeof(struct kvm_vcpu_events) == KW_VCPU_EVENTS_BYTES, "struct kvm_vcpu_events");
_Static_assert(sizeof(struct kvm_debugregs) == KW_VCPU_DEBUGREGS_BYTES, "struct kvm_debugregs");

static const struct kvmwhy_data module = {
	.version = 1,
	.kind = KVMWHY_KIND_WRMSR,
	.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP,
	.result = -1,
	.msr = 0x404,
	.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
	.value = ~1ull,
	.rip = 0xffffffff81060964,
};

static struct vcpu v;
static char dump[8192], line[2048];

/* What a report says, as text, so that two can be compared. */
static int note_report(void *arg, const struct kw_report *report)
{
	struct kw_buf *buf = arg;

	kw_buf_printf(buf, "%s %s\n%s\n", kw_report_text(report, KW_REPORT_CLASS),
		      kw_report_text(report, KW_REPORT_FINGERPRINT),
		      kw_report_text(report, KW_REPORT_HEADLINE));
	for (size_t i = 0; i < kw_report_findings(report); i++)
		kw_buf_printf(buf, "%s %s %s\n", kw_report_finding(report, i, KW_FINDING_ID),
			      kw_report_finding(report, i, KW_FINDING_CERTAINTY),
			      kw_report_finding(report, i, KW_FINDING_TITLE));
	return 0;
}

static char *told(void)
{
	struct kw_buf buf = { 0 };

	assert_int_equal(kw_vcpu_report(&v.state, NULL, note_report, &buf), 0);
	kw_buf_char(&buf, '\0');
	return buf.p;
}

static char *told_by_dump(void)
{
	struct kw_buf buf = { 0 };
	struct kw_reader *reader;

	assert_true(kw_vcpu_dump(&v.state, dump, sizeof(dump)) < sizeof(dump));
	assert_int_equal(kw_reader_create(NULL, note_report, &buf, &reader), 0);
	assert_int_equal(kw_reader_feed(reader, dump, strlen(dump)), 0);
	assert_int_equal(kw_reader_finish(reader, NULL), 0);
	assert_int_equal(kw_reader_count(reader), 1);
	kw_reader_destroy(reader);
	kw_buf_char(&buf, '\0');
	return buf.p;
}

static void check_reason(const char *begin)
{
	static char scratch[KW_REASON_SCRATCH];
	size_t len = kw_vcpu_reason(&v.state, NULL, scratch, sizeof(scratch), line, sizeof(line));

	assert_int_equal(len, strlen(line));
	if (strncmp(line, begin, strlen(begin)) != 0)
		fail_msg("expected: %s\nline:     %s", begin, line);
}

/* The report, the text of its dump read again, and the line agree. */
static void check(const char *class, const char *finding, const char *begin)
{
	char *direct = told(), *read = told_by_dump();

	assert_string_equal(direct, read);
	if (strncmp(direct, class, strlen(class)) != 0 || !strstr(direct, finding))
		fail_msg("expected: %s %s\nreport: %s", class, finding, direct);
	free(direct);
	free(read);
	check_reason(begin);
}

static void an_errno_is_explained(void **state)
{
	(void)state;
	vcpu_init(&v, 0x404, ~1ull);
	v.state.error = EPERM;
	check("kvm-run-failed", "mc-ctl-correctable-eperm", "KVM_RUN: EPERM: ");
	assert_non_null(strstr(line, "0x404"));
	assert_non_null(strstr(
		dump, "error: kvm run failed Operation not permitted\nRAX=00000000fffffffe RBX="));
	assert_non_null(
		strstr(dump, "\nRIP=ffffffff81060964 RFL=00000002 [-------] CPL=0 II=0 SMM=0\n"));
	assert_non_null(
		strstr(dump, "\nCS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\n"));
	assert_non_null(strstr(dump, " 89 f9 89 f0 <0f> 30 c3 90"));
	v.state.number = 3;
	check_reason("vCPU 3: KVM_RUN: EPERM: ");
	v.state.number = -1;
	v.state.error = 4095;
	check("kvm-run-failed", "", "KVM_RUN");
	v.state.error = EINVAL;
	vcpu_exit(&v, KVM_EXIT_SHUTDOWN); /* stale */
	check("kvm-run-failed", "", "");
}

static void internal_errors_are_explained(void **state)
{
	static const uint64_t words[] = { 0x80000b0e, 0x31, 0x181, 0xfee00000 };

	(void)state;
	vcpu_init(&v, 0x404, 0);
	vcpu_internal_error(&v, 1, NULL, 0);
	check("internal-error", "", "KVM_EXIT_INTERNAL_ERROR");
	assert_non_null(strstr(dump, "KVM internal error. Suberror: 1\nemulation failure\n"));
	vcpu_internal_error(&v, 3, words, 4);
	check("internal-error", "delivery", "KVM_EXIT_INTERNAL_ERROR");
	assert_non_null(
		strstr(dump, "Suberror: 3\nextra data[0]: 0x0000000080000b0e\nextra data[1]: "));
	vcpu_internal_error(&v, 0xfffffffe, words, 2);
	check("internal-error", "", "KVM_EXIT_INTERNAL_ERROR");
	vcpu_exit(&v, KVM_EXIT_NOTIFY);
	v.page[32] = 1;
	check("internal-error", "exit-notify likely", "KVM_EXIT_NOTIFY: ");
	assert_non_null(strstr(dump, "invalid context"));
}

static void failed_entries_are_explained(void **state)
{
	(void)state;
	vcpu_init(&v, 0, 0);
	vcpu_fail_entry(&v, 0x80000021);
	check("entry-failed", "", "KVM_EXIT_FAIL_ENTRY");
	vcpu_fail_entry(&v, 7);
	check("entry-failed", "", "KVM_EXIT_FAIL_ENTRY");
	vcpu_fail_entry(&v, UINT64_MAX);
	v.sregs.cs.db = 1;
	check("entry-failed", "", "KVM_EXIT_FAIL_ENTRY");
}

static void exits_are_explained(void **state)
{
	(void)state;
	vcpu_init(&v, 0, 0);
	vcpu_exit(&v, KVM_EXIT_SHUTDOWN);
	check("unknown-exit", "exit-shutdown likely", "KVM_EXIT_SHUTDOWN: Triple fault");
	vcpu_exit(&v, KVM_EXIT_UNKNOWN);
	check("unknown-exit", "exit-unknown-zero possible",
	      "KVM_RUN returned with exit reason 0 KVM_EXIT_UNKNOWN");
	v.run.hw.hardware_exit_reason = 0x4d;
	check("unknown-exit", "exit-hardware-unknown", "KVM_EXIT_UNKNOWN: ");
	vcpu_exit(&v, KVM_EXIT_EXCEPTION);
	v.run.ex.exception = 14;
	v.run.ex.error_code = 2;
	check("unknown-exit", "exit-exception", "KVM_EXIT_EXCEPTION: ");
	vcpu_exit(&v, KVM_EXIT_SYSTEM_EVENT);
	check("unknown-exit", "exit-system-event", "KVM_EXIT_SYSTEM_EVENT: ");
	vcpu_exit(&v, 4711);
	check("unknown-exit", "exit-not-handled possible",
	      "KVM_RUN returned with exit reason 4711");
}

/* The answer must not say that the VMM does not know HLT. */
static void an_ordinary_exit_is_called_so(void **state)
{
	(void)state;
	vcpu_init(&v, 0, 0);
	vcpu_exit(&v, KVM_EXIT_HLT);
	check("unknown-exit", "run-page-ordinary-exit", "KVM_EXIT_HLT: ");
	assert_true(strncmp(dump, "kvm_run 000: ", 13) == 0);
	vcpu_exit(&v, KVM_EXIT_IO);
	check("unknown-exit", "run-page-ordinary-exit", "KVM_EXIT_IO: ");
}

static void a_memory_fault_counts_with_its_errno(void **state)
{
	(void)state;
	vcpu_init(&v, 0, 0);
	vcpu_memory_fault(&v, 8, 0x80000000, 0x1000);
	v.state.error = EFAULT;
	check("kvm-run-failed", "exit-memory-fault", "KVM_RUN: EFAULT: ");
	assert_non_null(
		strstr(dump, "\nKVM_EXIT_MEMORY_FAULT flags 0x8 gpa 0x80000000 size 0x1000\n"));
	v.state.error = 0;
	check("unknown-exit", "exit-memory-fault", "KVM_EXIT_MEMORY_FAULT: ");
	v.state.error = ENOMEM; /* then it is stale */
	check("kvm-run-failed", "", "");
	assert_null(strstr(line, "MEMORY_FAULT"));
}

static void the_modules_words_are_read(void **state)
{
	uint64_t words[KVMWHY_NDATA];

	(void)state;
	memcpy(words, &module, sizeof(words));
	vcpu_init(&v, 0x404, ~1ull);
	vcpu_internal_error(&v, KVMWHY_SUBERROR, words, KVMWHY_NDATA);
	check("kvm-run-failed", "module-wrmsr certain", "KVM_RUN: EPERM: ");
	assert_null(strstr(dump, "kvm_run 0"));
	v.state.error = EPERM; /* annotated */
	check("kvm-run-failed", "module-wrmsr certain", "KVM_RUN: EPERM: ");
	assert_non_null(strstr(dump, "\nkvm_run 020: 57 4b 00 00"));
	v.state.regs = NULL; /* then they tell RIP and MSR */
	v.state.regs_size = 0;
	check("kvm-run-failed", "module-wrmsr certain", "KVM_RUN: EPERM: ");
}

static void what_is_not_there_is_left_out(void **state)
{
	(void)state;
	vcpu_init(&v, 0x404, ~1ull);
	v.state = (struct kw_vcpu_state){ .size = sizeof(v.state), .number = -1 };
	check_reason("no errno, no kvm_run and no registers: ");
	assert_int_equal(kw_vcpu_dump(&v.state, dump, sizeof(dump)), 0);
	assert_string_equal(dump, "");
	free(told());
	v.state.error = EPERM;
	check("kvm-run-failed", "", "KVM_RUN");
	assert_string_equal(dump, "error: kvm run failed Operation not permitted\n");
	v.state.regs = &v.regs;
	v.state.regs_size = sizeof(v.regs);
	check("kvm-run-failed", "", "KVM_RUN");
	assert_null(strstr(dump, "CPL="));
	assert_null(strstr(dump, "CR0="));
	v.state.error = 0;
	check("register-dump", "register-dump-alone possible", "a vCPU's registers");
}

static uint64_t fact_of(enum kw_fact fact)
{
	static struct kw_failure f;
	struct kw_arena arena;

	kw_arena_init(&arena, 1 << 16);
	kw_failure_init(&f, &arena);
	kw_run_page_read(&f, v.state.error, v.state.run, v.state.run_size, v.state.regs,
			 v.state.sregs);
	kw_vcpu_events(&f, v.state.events, v.state.run, v.state.run_size);
	kw_arena_deinit(&arena);
	return kw_known(&f, fact) ? f.fact[fact] : UINT64_MAX;
}

static void synced_registers_are_read_where_none_are_given(void **state)
{
	(void)state;
	vcpu_init(&v, 0x404, ~1ull);
	v.state.error = EPERM;
	v.run.kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
	v.run.s.regs.regs.rip = 0x1234;
	v.run.s.regs.sregs.cr3 = 0x5000;
	v.run.s.regs.events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	v.run.s.regs.events.interrupt.shadow = 1;
	assert_int_equal(fact_of(KW_F_rip), v.regs.rip);
	assert_int_equal(fact_of(KW_F_cr3), v.sregs.cr3);
	assert_int_equal(fact_of(KW_F_apic_base), v.sregs.apic_base);
	assert_int_equal(fact_of(KW_F_ii), 0);
	v.state.sregs = NULL;
	assert_int_equal(fact_of(KW_F_rip), v.regs.rip);
	assert_int_equal(fact_of(KW_F_cr3), 0x5000);
	v.state.regs = v.state.events = NULL;
	assert_int_equal(fact_of(KW_F_rip), 0x1234);
	assert_int_equal(fact_of(KW_F_ii), 1);
	v.run.kvm_valid_regs = 0;
	assert_int_equal(fact_of(KW_F_rip), UINT64_MAX);
	assert_int_equal(fact_of(KW_F_cr3), UINT64_MAX);
	assert_int_equal(fact_of(KW_F_ii), UINT64_MAX);
	assert_int_equal(fact_of(KW_F_smm), 0);
	v.run.flags = KVM_RUN_X86_SMM;
	assert_int_equal(fact_of(KW_F_smm), 1);
}

static void modes_choose_the_form_of_the_dump(void **state)
{
	(void)state;
	vcpu_init(&v, 0, 0);
	v.state.error = EINVAL;
	v.sregs.cs = (struct kvm_segment){ .selector = 0xf000,
					   .base = 0xffff0000,
					   .limit = 0xffff,
					   .type = 11,
					   .present = 1,
					   .s = 1 };
	v.sregs.cr0 = 0x10;
	v.sregs.efer = 0;
	v.regs.rip = 0xfff0;
	v.sregs.ss.dpl = 3;
	check("kvm-run-failed", "", "");
	assert_non_null(strstr(dump, "\nEIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 SMM=0\n"));
	assert_non_null(strstr(dump, "\nCS =f000 ffff0000 0000ffff 00009b00\n"));
	assert_null(strstr(dump, "R8"));
	v.sregs.cr0 = 0x11;
	v.sregs.cs.db = 1;
	check("kvm-run-failed", "", "");
	assert_non_null(strstr(dump, " CPL=3 "));
	assert_non_null(strstr(dump, " 00409b00 DPL=0 CS32 [-RA]\n"));
	assert_non_null(strstr(dump, "TSS32-busy\n"));
	assert_non_null(strstr(dump, "\nLDT=0000 00000000 00000000 00000000\n"));
}

static void code_is_cut_as_qemu_cuts_it(void **state)
{
	uint8_t bytes[64];

	(void)state;
	vcpu_init(&v, 0, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	v.state.error = EFAULT;
	v.state.code = bytes;
	v.state.code_size = 64;
	v.state.code_at = 30;
	v.state.code_known = ~(1ull << 31);
	kw_vcpu_dump(&v.state, dump, sizeof(dump));
	assert_non_null(strstr(dump, "\nCode=0a 0b 0c"));
	assert_non_null(strstr(dump, " 1d <1e> ?" "? 20 "));
	assert_non_null(strstr(dump, " 3a 3b\n"));
	v.state.code_at = 0;
	v.state.code_size = 1;
	v.state.code_known = 0;
	kw_vcpu_dump(&v.state, dump, sizeof(dump));
	assert_non_null(strstr(dump, "\nCode=<?" "?>\n"));

	/* nothing but code, of which no byte was read: of x86 all the same */
	v.state = (struct kw_vcpu_state){ .size = sizeof(v.state),
					  .error = EPERM,
					  .number = -1,
					  .code = bytes,
					  .code_size = 1 };
	check("kvm-run-failed", "eperm-collect", "KVM_RUN = -1 EPERM");
}

static void msrs_stand_in_for_sregs(void **state)
{
	static const struct kw_vcpu_msr msrs[] = { { 0x1b, 0xfee00900 },
						   { 0xc0000080, 0x500 },
						   { 0x10, 1 } };

	(void)state;
	vcpu_init(&v, 0, 0);
	v.state.error = EPERM;
	v.state.msrs = msrs;
	v.state.nmsrs = 3;
	kw_vcpu_dump(&v.state, dump, sizeof(dump));
	assert_non_null(strstr(dump, "\nEFER=0000000000000d01\n"));
	v.state.sregs = NULL;
	v.state.sregs_size = 0;
	kw_vcpu_dump(&v.state, dump, sizeof(dump));
	assert_non_null(strstr(dump, "\nEFER=0000000000000500\n"));
}

static void refuse(const char *what)
{
	static char scratch[KW_REASON_SCRATCH];
	char *text;

	if (kw_vcpu_report(&v.state, NULL, note_report, NULL) != -EINVAL ||
	    kw_vcpu_explain(&v.state, NULL, "text", &text) != -EINVAL ||
	    kw_vcpu_dump(&v.state, dump, sizeof(dump)) != 0 ||
	    kw_vcpu_reason(&v.state, NULL, scratch, sizeof(scratch), line, sizeof(line)) != 0)
		fail_msg("not refused: %s", what);
	assert_string_equal(dump, "");
	assert_string_equal(line, "");
	vcpu_init(&v, 0, 0);
}

#define REFUSE(change) do { change; refuse(#change); } while (0)

static void what_is_not_known_is_refused(void **state)
{
	static struct kvm_sregs2 sregs2;
	struct kw_options options = { .size = 1 };
	char *text, scratch[1];

	(void)state;
	vcpu_init(&v, 0, 0);
	REFUSE(v.state.size--);
	REFUSE(v.state.size += 8);
	REFUSE(v.state.flags = 2);
	REFUSE(v.state.error = -1);
	REFUSE(v.state.run_size = KW_RUN_PAGE_MIN - 1);
	REFUSE(v.state.run_size = KW_RUN_PAGE_MAX + 1);
	REFUSE(v.state.run = NULL);
	REFUSE(v.state.regs_size--);
	REFUSE(v.state.regs = NULL);
	REFUSE(v.state.sregs_size++);
	REFUSE(v.state.flags = KW_VCPU_SREGS2);
	REFUSE(v.state.events_size = 0);
	REFUSE(v.state.debugregs_size = 1);
	REFUSE(v.state.nmsrs = 1);
	REFUSE(v.state.code_at = v.state.code_size);
	REFUSE(v.state.code_size = 65);
	REFUSE(v.state.code = NULL);
	assert_int_equal(kw_vcpu_report(NULL, NULL, note_report, NULL), -EINVAL);
	assert_int_equal(kw_vcpu_dump(NULL, NULL, 0), 0);
	assert_int_equal(kw_vcpu_explain(&v.state, &options, "text", &text), -EINVAL);
	assert_int_equal(kw_vcpu_explain(&v.state, NULL, "xml", &text), -EINVAL);
	assert_int_equal(
		kw_vcpu_reason(&v.state, NULL, NULL, KW_REASON_SCRATCH, line, sizeof(line)), 0);
	assert_int_equal(
		kw_vcpu_reason(&v.state, NULL, scratch, sizeof(scratch), line, sizeof(line)), 0);
	v.state.sregs = &sregs2;
	v.state.sregs_size = sizeof(sregs2);
	v.state.flags = KW_VCPU_SREGS2;
	assert_int_equal(kw_vcpu_explain(&v.state, NULL, "ndjson", &text), 0);
	free(text);
}

static int fail_with_7(void *arg, const struct kw_report *report)
{
	(void)arg;
	(void)report;
	return 7;
}

static void every_format_and_name_is_taken(void **state)
{
	static const char *const formats[] = { "text", "json", "ndjson", "html" };
	struct kw_options options = { .size = sizeof(options),
				      .file = "guest.log",
				      .host_kernel = "5.10.0",
				      .vendor = "intel" };
	char *text;

	(void)state;
	vcpu_init(&v, 0x404, ~1ull);
	v.state.error = EPERM;
	v.state.vmm = "tiny\033-vmm";
	v.state.guest = "a \"guest\"";
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(kw_vcpu_explain(&v.state, &options, formats[i], &text), 0);
		assert_non_null(strstr(text, "0x404"));
		assert_null(strchr(text, '\033'));
		free(text);
	}
	assert_int_equal(kw_vcpu_report(&v.state, NULL, fail_with_7, NULL), 7);
}

/* At every size: as much as fits, a NUL, no part of a character, the length of the whole. */
static void texts_are_cut_to_the_buffer(void **state)
{
	static char scratch[KW_REASON_SCRATCH + 1];
	struct kw_options options = { .size = sizeof(options),
				      .host_kernel = "5.10.0-17-\xc3\xa4\xe2\x82\xac" };
	char whole[2048], part[2048];
	size_t len, whole_len;
	uint32_t character;

	(void)state;
	vcpu_init(&v, 0x404, ~1ull);
	v.state.error = EPERM;
	whole_len = kw_vcpu_reason(&v.state, &options, scratch + 1, KW_REASON_SCRATCH, whole,
				   sizeof(whole));
	assert_int_equal(whole_len, strlen(whole));
	for (size_t size = 0; size <= whole_len + 2; size++) {
		struct kw_str rest;

		memset(part, '#', sizeof(part));
		assert_int_equal(kw_vcpu_reason(&v.state, &options, scratch + 1, KW_REASON_SCRATCH,
						size ? part : NULL, size),
				 whole_len);
		assert_int_equal(part[size], '#');
		if (!size)
			continue;
		assert_true(strlen(part) + 4 >= (size < whole_len ? size : whole_len));
		assert_memory_equal(part, whole, strlen(part));
		for (rest = kw_str(part); rest.len;
		     rest = kw_str_from(rest, kw_utf8_next(rest, &character)))
			assert_true(kw_utf8_next(rest, &character) > 0);
	}
	len = kw_vcpu_dump(&v.state, dump, sizeof(dump));
	for (size_t size = 0; size < len; size += 97) {
		assert_int_equal(kw_vcpu_dump(&v.state, size ? part : NULL,
					      size < sizeof(part) ? size : sizeof(part)),
				 len);
		if (size && size < sizeof(part))
			assert_true(strlen(part) == size - 1 && memcmp(part, dump, size - 1) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_errno_is_explained),
		cmocka_unit_test(internal_errors_are_explained),
		cmocka_unit_test(failed_entries_are_explained),
		cmocka_unit_test(exits_are_explained),
		cmocka_unit_test(an_ordinary_exit_is_called_so),
		cmocka_unit_test(a_memory_fault_counts_with_its_errno),
		cmocka_unit_test(the_modules_words_are_read),
		cmocka_unit_test(what_is_not_there_is_left_out),
		cmocka_unit_test(synced_registers_are_read_where_none_are_given),
		cmocka_unit_test(modes_choose_the_form_of_the_dump),
		cmocka_unit_test(code_is_cut_as_qemu_cuts_it),
		cmocka_unit_test(msrs_stand_in_for_sregs),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(every_format_and_name_is_taken),
		cmocka_unit_test(texts_are_cut_to_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
