// SPDX-License-Identifier: MIT
/* Words with bit fields: structs and texts, and what the buffer rules promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decode/x86/exit_info.h"

static char buf[256];

static void vmx_events(void **state)
{
	struct kw_vmx_intr_info e;

	(void)state;
	kw_vmx_intr_info_decode(KW_VMX_IDT_VECTORING, 0x80000b0e, &e);
	assert_int_equal(e.vector, 14);
	assert_int_equal(e.type, KW_VMX_HARDWARE_EXCEPTION);
	assert_true(e.error_code && e.valid);
	assert_int_equal(e.unknown, 0);

	kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, 0x80000b0e, buf, sizeof(buf));
	assert_string_equal(buf, "#PF (vector 14), hardware exception, error code valid");
	kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, 0x8000002f, buf, sizeof(buf));
	assert_string_equal(buf, "vector 0x2f, external interrupt");
	kw_vmx_intr_info_text(KW_VMX_EXIT_INTR_INFO, 0x80001202, buf, sizeof(buf));
	assert_string_equal(buf, "NMI (vector 2), NMI unblocking due to IRET");
	kw_vmx_intr_info_text(KW_VMX_IDT_VECTORING, 0x80001202, buf, sizeof(buf));
	assert_string_equal(buf, "NMI (vector 2)");
	kw_vmx_intr_info_text(KW_VMX_ENTRY_INTR_INFO, 0x8000d021, buf, sizeof(buf));
	assert_string_equal(buf, "vector 0x21, external interrupt, bit12, bit14, bit15");
	kw_vmx_intr_info_text(KW_VMX_ENTRY_INTR_INFO, 0x00000b0e, buf, sizeof(buf));
	assert_string_equal(buf, "not valid");
}

static void vmx_events_that_entry_refuses(void **state)
{
	(void)state;
	assert_null(kw_vmx_intr_info_refused(0x80000b0e));
	assert_null(kw_vmx_intr_info_refused(0x00000100)); /* not valid: nothing is injected */
	assert_non_null(kw_vmx_intr_info_refused(0x80000120)); /* reserved type */
	assert_non_null(kw_vmx_intr_info_refused(0x80000203)); /* NMI, vector 3 */
	assert_non_null(kw_vmx_intr_info_refused(0x80000320)); /* hardware exception 32 */
	assert_non_null(kw_vmx_intr_info_refused(0x80000830)); /* interrupt with error code */
}

static void svm_events(void **state)
{
	(void)state;
	kw_svm_event_inj_text(UINT64_C(0x0000000680000b0e), buf, sizeof(buf));
	assert_string_equal(buf, "#PF (vector 14), exception, error code 0x6");
	kw_svm_event_inj_text(0x80000202, buf, sizeof(buf));
	assert_string_equal(buf, "NMI");
	kw_svm_event_inj_text(0x80000030, buf, sizeof(buf));
	assert_string_equal(buf, "vector 0x30, external or virtual interrupt");
	kw_svm_event_inj_text(0, buf, sizeof(buf));
	assert_string_equal(buf, "not valid");
	/* exception 255, seen in the field */
	assert_non_null(kw_svm_event_inj_refused(0x800003ff));
	assert_non_null(kw_svm_event_inj_refused(0x80000302)); /* an NMI is not an exception */
	assert_non_null(kw_svm_event_inj_refused(0x80000100));
	assert_null(kw_svm_event_inj_refused(0x80000b0e));
	assert_null(kw_svm_event_inj_refused(0x800004ff));
}

static void ept_violations(void **state)
{
	struct kw_ept_violation v;

	(void)state;
	kw_ept_violation_decode(0x181, &v);
	assert_true(v.read && v.gva_valid && v.translated);
	assert_false(v.write || v.readable);
	kw_ept_violation_text(0x181, buf, sizeof(buf));
	assert_string_equal(buf, "data read, final translation, EPT entry not present");
	kw_ept_violation_text(0xaa, buf, sizeof(buf));
	assert_string_equal(buf, "data write, paging-structure access, EPT entry allows r-x");
	kw_ept_violation_text(0x4, buf, sizeof(buf));
	assert_string_equal(buf, "instruction fetch, no linear address, EPT entry not present");
}

static void page_faults(void **state)
{
	(void)state;
	kw_pf_error_text(0, buf, sizeof(buf));
	assert_string_equal(buf, "read, supervisor, page not present");
	kw_pf_error_text(0x7, buf, sizeof(buf));
	assert_string_equal(buf, "write, user, protection violation");
	kw_pf_error_text(0x118, buf, sizeof(buf));
	assert_string_equal(buf, "instruction fetch, supervisor, page not present, "
				 "reserved bit set, bit8");
	kw_npf_text(UINT64_C(0x100000014), buf, sizeof(buf));
	assert_string_equal(buf, "instruction fetch, user, page not present, final translation");
	kw_npf_text(UINT64_C(0x200000006), buf, sizeof(buf));
	assert_string_equal(buf, "write, user, page not present, guest page-table walk");
}

static void vmx_exit_words(void **state)
{
	(void)state;
	kw_vmx_exit_text(0x80000021, buf, sizeof(buf));
	assert_string_equal(buf, "VM-entry failure due to invalid guest state (33), "
				 "VM-entry failure");
	kw_vmx_exit_text(0x08000020, buf, sizeof(buf));
	assert_string_equal(buf, "WRMSR (32), enclave mode");
	kw_vmx_exit_text(0x00010023, buf, sizeof(buf));
	assert_string_equal(buf, "basic exit reason (35), bit16");
}

static void entry_codes(void **state)
{
	(void)state;
	assert_int_equal(kw_entry_code_of(0x80000021), KW_ENTRY_VMX_EXIT);
	assert_int_equal(kw_entry_code_of(7), KW_ENTRY_VMX_INSN_ERROR);
	assert_int_equal(kw_entry_code_of(0), KW_ENTRY_VMX_INSN_ERROR);
	assert_int_equal(kw_entry_code_of(UINT32_MAX), KW_ENTRY_SVM);
	assert_int_equal(kw_entry_code_of(UINT64_MAX), KW_ENTRY_SVM);
	assert_int_equal(kw_entry_code_of(0x1234), KW_ENTRY_OTHER);
}

static void port_accesses(void **state)
{
	struct kw_io_exit io;

	(void)state;
	kw_svm_ioio_decode(0x03f80010, &io);
	kw_io_exit_text(&io, buf, sizeof(buf));
	assert_string_equal(buf, "OUT, port 0x3f8, 1 byte");
	kw_svm_ioio_decode(0x01f0002d, &io);
	kw_io_exit_text(&io, buf, sizeof(buf));
	assert_string_equal(buf, "REP INS, port 0x1f0, 2 bytes");
	kw_vmx_io_decode(0x0cf8000b, &io);
	kw_io_exit_text(&io, buf, sizeof(buf));
	assert_string_equal(buf, "IN, port 0xcf8, 4 bytes");
	kw_vmx_io_decode(0x2, &io); /* no such size */
	assert_int_equal(io.bytes, 0);
}

static void emulation_failures(void **state)
{
	/*
	 * both as printed by real kernels: a fetch from unbacked memory on SVM; bytes of an
	 * instruction
	 */
	const uint64_t bare[] = { 0, 0x400, UINT64_C(0x100000014), 0x21000, 0, 0 };
	const uint64_t bytes[] = { 1, UINT64_C(0x0f90909090300f02), UINT64_C(0x9090909090909090),
				   48, 0x181, 0, 0x80000b0e, 2, 0xaaaa };
	struct kw_emulation_failure e;

	(void)state;
	kw_emulation_failure_decode(bare, 6, &e);
	assert_true(e.has_exit && !e.has_bytes);
	assert_int_equal(e.reason, 0x400);
	assert_int_equal(e.info2, 0x21000);
	assert_int_equal(e.ndebug, 0);

	kw_emulation_failure_decode(bytes, 9, &e);
	assert_true(e.has_exit && e.has_bytes);
	assert_int_equal(e.insn_size, 2);
	assert_int_equal(e.insn_bytes[0], 0x0f);
	assert_int_equal(e.insn_bytes[1], 0x30);
	assert_int_equal(e.insn_bytes[6], 0x0f);
	assert_int_equal(e.insn_bytes[7], 0x90);
	assert_int_equal(e.reason, 48);
	assert_int_equal(e.error_code, 2);
	assert_int_equal(e.ndebug, 1);
	assert_int_equal(bytes[e.debug], 0xaaaa);

	for (size_t n = 0; n < 8; n++) {
		kw_emulation_failure_decode(bytes, n, &e);
		assert_false(e.has_exit);
		assert_int_equal(e.has_bytes, n >= 3);
	}
}

static void a_short_buffer_is_cut_and_ends_in_nul(void **state)
{
	size_t whole = kw_vmx_exit_text(0x80000021, NULL, 0);

	(void)state;
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		assert_int_equal(kw_vmx_exit_text(0x80000021, buf, size), whole);
		assert_int_equal(strlen(buf), size <= whole ? size - 1 : whole);
		assert_int_equal(buf[size < sizeof(buf) - 1 ? size : 255], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmx_events),
		cmocka_unit_test(vmx_events_that_entry_refuses),
		cmocka_unit_test(svm_events),
		cmocka_unit_test(ept_violations),
		cmocka_unit_test(page_faults),
		cmocka_unit_test(vmx_exit_words),
		cmocka_unit_test(entry_codes),
		cmocka_unit_test(port_accesses),
		cmocka_unit_test(emulation_failures),
		cmocka_unit_test(a_short_buffer_is_cut_and_ends_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
