// SPDX-License-Identifier: MIT
/* render/describe: what is said about an MSR, with and without a kernel, and listings of bytes. */
#include "render/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct kw_buf buf;

static const char *describe(uint32_t index, const uint64_t *value, const char *kernel, bool json)
{
	struct kw_context context = { .host_kernel = kernel };

	kw_buf_reset(&buf);
	kw_render_msr(&buf, index, value, &context, &(struct kw_look){ 0 }, json);
	kw_buf_char(&buf, '\0');
	assert_false(buf.failed);
	return buf.p;
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part))
		return;
	print_error("no \"%s\" in:\n%s\n", part, text ? text : "");
	fail();
}

static const uint64_t without_bit0 = 0xfffffffffffffffe;

static void an_msr_has_its_names_and_fields(void **state)
{
	const uint64_t value = 0xd01 | 1ull << 63;
	const char *text = describe(0xc0000080, &value, NULL, false);

	(void)state;
	assert_has(text, "IA32_EFER [0xc0000080]: ");
	assert_has(text, "\n  linux     MSR_EFER\n");
	assert_has(text, "NXE");
	assert_has(text, "\n  reserved  reserved bits set: bit63\n");
	assert_has(text, "\n  source    Intel SDM vol. 4");
}

/* The write that began it all: refused, deadly, accepted, by the kernel. */
static void a_kernel_gives_one_verdict_without_history(void **state)
{
	const char *text = describe(0x404, &without_bit0, "5.10.0-8-amd64", false);

	(void)state;
	assert_has(text, "Linux 5.10.0-8-amd64: set_msr_mce() returns -1 and KVM_RUN fails");
	assert_null(strstr(text, "history"));
	assert_has(describe(0x404, &without_bit0, "6.1.0-18-amd64", false),
		   "Linux 6.1.0-18-amd64: the write succeeds");
	assert_has(describe(0x404, &without_bit0, "5.4.0", false),
		   "Linux 5.4.0: #GP(0) in the guest");
}

static void without_a_kernel_each_generation_is_judged(void **state)
{
	const char *text = describe(0x404, &without_bit0, NULL, false);

	(void)state;
	assert_has(text, "Linux before v5.10: #GP(0) in the guest");
	assert_has(text, "Linux v5.10 and later, without the fix: set_msr_mce() returns -1 and");
	assert_has(text, "v6.0 and later: the write succeeds");
	assert_has(text, "\n  history   ");
}

static void an_unknown_msr_is_called_so(void **state)
{
	(void)state;
	assert_string_equal(describe(0xdeadbeef, NULL, NULL, false),
			    "no MSR with index 0xdeadbeef is known\n");
	assert_has(describe(0xdeadbeef, NULL, NULL, true), "\"index\":\"0xdeadbeef\",\"msrs\":[]");
}

static void what_was_seen_names_kernels_and_emulators(void **state)
{
	struct kw_context intel = { .vendor = KW_VENDOR_INTEL };
	const char *text = describe(0x404, NULL, NULL, false);

	(void)state;
	assert_has(text, "\n  seen on   5.10.");
	assert_has(text, "ok; of 1: #GP\n");
	assert_has(text, "\n            each on an emulated processor: ");
	assert_has(describe(0x20, NULL, NULL, false), "read and write #GP (KVM");
	assert_has(describe(0x201, NULL, NULL, false), "ones: #DF\n");
	text = describe(0x404, NULL, NULL, true);
	assert_has(text, "\"seen\":[{\"kernels\":[{\"release\":\"5.10.");
	assert_has(text, "\"read\":\"ok\",\"write_zero\":\"ok\",\"write_one\":\"#GP\"");
	kw_buf_reset(&buf);
	kw_render_msr(&buf, 0x404, NULL, &intel, &(struct kw_look){ 0 }, false);
	kw_buf_char(&buf, '\0');
	assert_null(strstr(buf.p, "(AMD)"));
	assert_has(buf.p, "(Intel): read ok; write of");
}

static void json_says_the_same(void **state)
{
	const char *text = describe(0x404, &without_bit0, "5.10.0-8-amd64", true);

	(void)state;
	assert_has(
		text,
		"{\"schema\":1,\"index\":\"0x404\",\"value\":\"0xfffffffffffffffe\",\"kernel\":\"5.10.0-8-amd64\"");
	assert_has(
		text,
		"\"effect\":\"set_msr_mce() returns -1 and KVM_RUN fails with EPERM, which kills the guest\"");
	assert_has(text, "\"id\":\"set-msr-mce-eperm\"");
}

static const char *list(const uint8_t *bytes, size_t len, int marked, bool json)
{
	static struct kw_failure code;

	kw_failure_init(&code, NULL);
	memcpy(code.code.bytes, bytes, len);
	code.code.len = (uint8_t)len;
	code.code.known = (1u << len) - 1;
	code.code.marked = (int8_t)marked;
	kw_failure_set(&code, KW_F_cs_attr, 0xa09b, KW_ASSUMED, KW_NO_LINE);
	kw_failure_set(&code, KW_F_efer, 0x500, KW_ASSUMED, KW_NO_LINE);
	kw_failure_set(&code, KW_F_cr0, 0x80000001, KW_ASSUMED, KW_NO_LINE);
	kw_failure_set(&code, KW_F_rflags, 2, KW_ASSUMED, KW_NO_LINE);
	kw_buf_reset(&buf);
	kw_render_insns(&buf, &code, 64, &(struct kw_look){ 0 }, json);
	kw_buf_char(&buf, '\0');
	return buf.p;
}

static void bytes_are_listed_with_the_mark(void **state)
{
	static const uint8_t bytes[] = { 0x89, 0xf0, 0x0f, 0x30, 0xc3 };

	(void)state;
	assert_has(list(bytes, sizeof(bytes), 2, false),
		   "89 f0   mov eax, esi\n> 0f 30   wrmsr\n  c3      ret\n");
	assert_has(list(bytes, sizeof(bytes), 2, true),
		   "{\"offset\":2,\"bytes\":\"0f 30\",\"mnemonic\":\"wrmsr\","
		   "\"text\":\"wrmsr\",\"marked\":true}");
}

static int teardown(void **state)
{
	(void)state;
	kw_buf_deinit(&buf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_msr_has_its_names_and_fields),
		cmocka_unit_test(a_kernel_gives_one_verdict_without_history),
		cmocka_unit_test(without_a_kernel_each_generation_is_judged),
		cmocka_unit_test(an_unknown_msr_is_called_so),
		cmocka_unit_test(what_was_seen_names_kernels_and_emulators),
		cmocka_unit_test(json_says_the_same),
		cmocka_unit_test(bytes_are_listed_with_the_mark),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
