// SPDX-License-Identifier: MIT
/* The renderers, fed with hand-made cases: what is where, and that no raw log gets out. */
#include "render/doc.h"
#include "render/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct kw_arena arena;
	struct kw_failure f;
	struct kw_context context;
	struct kw_case c;
	struct kw_buf buf;
};

static void seen(struct kw_failure *f, enum kw_fact fact, uint64_t value)
{
	kw_failure_set(f, fact, value, KW_SEEN, 0);
}

/* The failure that began this: WRMSR of the APIC timer's initial count, refused with EPERM. */
static void starting_case(struct fixture *x)
{
	static const uint8_t code[] = { 0x0f, 0x0b, 0x89, 0xf9, 0x89, 0xf0, 0x0f, 0x30,
					0x0f, 0x1f, 0x44, 0x00, 0x00, 0xc3, 0x55 };
	struct kw_failure *f = &x->f;
	struct kw_finding *finding = &x->c.finding[0];

	kw_arena_init(&x->arena, 1 << 20);
	kw_failure_init(f, &x->arena);
	f->class = KW_CLASS_KVM_RUN_FAILED;
	f->arch = KW_ARCH_X86;
	f->first_line = 1;
	f->last_line = 22;
	kw_failure_add_line(f, 1, KW_STR("error: kvm run failed Operation not permitted"));
	kw_failure_add_line(
		f, 2, KW_STR("RAX=0000000007213cc9 RBX=ffff9f30ffcd5fc0 RCX=0000000000000838"));
	seen(f, KW_F_errno_number, 1);
	seen(f, KW_F_rax, 0x7213cc9);
	seen(f, KW_F_rcx, 0x838);
	seen(f, KW_F_rdx, 0);
	seen(f, KW_F_rip, 0xffffffff96070964);
	seen(f, KW_F_rflags, 0x46);
	seen(f, KW_F_cpl, 0);
	seen(f, KW_F_smm, 0);
	seen(f, KW_F_cs_sel, 0x10);
	seen(f, KW_F_cs_base, 0);
	seen(f, KW_F_cs_limit, 0xffffffff);
	seen(f, KW_F_cs_attr, 0xa09b);
	seen(f, KW_F_cr0, 0x80050033);
	seen(f, KW_F_cr4, 0x6e0);
	seen(f, KW_F_efer, 0xd01);
	memcpy(f->code.bytes, code, sizeof(code));
	f->code.len = sizeof(code);
	f->code.known = (1u << sizeof(code)) - 1;
	f->code.marked = 6;

	x->c.f = f;
	x->c.context = &x->context;
	x->c.mode = kw_mode_of(f, &x->c.mode_why);
	x->c.bits = kw_mode_bits(f);
	x->c.has_linear_rip = kw_linear_rip(f, &x->c.linear_rip);
	x->c.code = kw_insn_at_rip(f, &x->c.insn);
	x->c.has_msr = x->c.msr_write = x->c.has_msr_value = true;
	x->c.msr_index = 0x838;
	x->c.msr_value = 0x7213cc9;
	strcpy(x->c.msr_name, "IA32_X2APIC_INIT_COUNT");
	x->c.headline =
		KW_STR("WRMSR to IA32_X2APIC_INIT_COUNT (0x838) was refused by the host's KVM");
	x->c.said =
		KW_STR("KVM_RUN = -1 EPERM: KVM let an internal error out of the MSR write path");
	x->c.fingerprint = KW_STR("kvm-run-failed:EPERM:wrmsr:0x838:long64:-:-");
	x->c.nfindings = 1;
	*finding = (struct kw_finding){
		.rule = kw_rule_find("run-failed-collect"),
		.id = "example-rule",
		.certainty = KW_LIKELY,
		.title = KW_STR("the MSR write path returned a negative number"),
		.why = KW_STR(
			"kvm_set_msr() returned -1 and nothing on the way out of KVM_RUN turned it into "
			"#GP, so that user space saw it as EPERM."),
		.todo = { KW_STR("boot the host with a kernel that has the fix"),
			  KW_STR("start the guest again") },
		.evidence = { 0, 1 },
		.source = { "Linux arch/x86/kvm/x86.c, \"kvm_emulate_wrmsr\"" },
		.ntodo = 2,
		.nevidence = 2,
		.nsources = 1,
	};
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	starting_case(x);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	kw_buf_deinit(&x->buf);
	kw_arena_deinit(&x->arena);
	free(x);
	return 0;
}

static const char *render(struct fixture *x, const char *format, const struct kw_style *style)
{
	const struct kw_renderer *renderer = kw_renderer_find(format);

	kw_buf_reset(&x->buf);
	renderer->begin(&x->buf);
	renderer->item(&x->buf, &x->c, style, true);
	renderer->end(&x->buf, false);
	kw_buf_char(&x->buf, '\0');
	assert_false(x->buf.failed);
	return x->buf.p;
}

static const struct kw_style no_style = { 0 };

static void assert_part(const char *text, const char *part, bool wanted)
{
	if (!!strstr(text, part) == wanted)
		return;
	print_error("%s \"%s\" in:\n%s\n", wanted ? "no" : "there is", part, text ? text : "");
	fail();
}

static void assert_has(const char *text, const char *part)
{
	assert_part(text, part, true);
}

static void assert_lacks(const char *text, const char *part)
{
	assert_part(text, part, false);
}

static void formats_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(kw_renderer_find("ndjson")->name, "ndjson");
	assert_null(kw_renderer_find("xml"));
	assert_null(kw_renderer_find(""));
}

static void text_answers_on_a_screen(void **state)
{
	const char *text = render(*state, "text", &no_style);
	size_t lines = 0;

	assert_has(text,
		   "WRMSR to IA32_X2APIC_INIT_COUNT (0x838) was refused by the host's KVM\n\n");
	assert_has(text, "\n  what      wrmsr   IA32_X2APIC_INIT_COUNT [0x838] <- 0x07213cc9");
	assert_has(text, "\n  where     RIP ffffffff96070964, 64-bit, CPL 0, interrupts off\n");
	assert_has(text, "\n  code      0f 0b              ud2\n            89 f9 ");
	assert_has(text, "\n          > 0f 30              wrmsr\n");
	assert_has(text, "0f 1f 44 00 00     nop");
	assert_has(text, "\n            55                 push rbp\n  said");
	assert_has(text, "\n  why       the MSR write path returned a negative number  [likely]\n");
	assert_has(
		text,
		"\n  do        - boot the host with a kernel that has the fix\n            - start");
	assert_has(text, "\n  evidence  line 1: error: kvm run failed Operation not permitted\n");
	assert_has(text, "\n  sources   Linux arch/x86/kvm/x86.c, \"kvm_emulate_wrmsr\"\n");
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		assert_in_range(strchr(p, '\n') - p, 0, 100);
		lines++;
	}
	assert_in_range(lines, 10, 40);
}

static void a_title_that_is_the_headline_is_not_repeated(void **state)
{
	struct fixture *x = *state;

	x->c.finding[0].title = x->c.headline;
	assert_has(render(x, "text", &no_style), "\n  why       kvm_set_msr() returned -1");
	assert_has(x->buf.p, "EPERM.  [likely]\n");
}

static void a_second_failure_has_a_header(void **state)
{
	struct fixture *x = *state;
	struct kw_style style = { .file = "guest.log", .number = 2 };

	kw_renderer_text.item(&x->buf, &x->c, &style, false);
	kw_buf_char(&x->buf, '\0');
	assert_memory_equal(x->buf.p, "\nfailure 2: guest.log:lines 1-22\n\nWRMSR", 39);
}

static void colors_are_balanced(void **state)
{
	struct kw_style style = { .look = { .color = true } };
	const char *text = render(*state, "text", &style);
	int on = 0;

	assert_has(text, "\033[1mWRMSR");
	for (; *text; text++) {
		if (strncmp(text, "\033[", 2) == 0)
			on = strncmp(text, "\033[0m", 4) != 0;
	}
	assert_int_equal(on, 0);
}

static void json_has_what_is_known_and_no_more(void **state)
{
	const char *text = render(*state, "json", &no_style);

	assert_memory_equal(text, "[\n{\"schema\":1,\"input\":{\"first_line\":1,\"last_line\":22},",
			    52);
	assert_has(
		text,
		"\"class\":\"kvm-run-failed\",\"arch\":\"x86\",\"errno\":{\"number\":1,\"name\":\"EPERM\"},");
	assert_has(
		text,
		"\"mode\":\"long64\",\"smm\":false,\"cpl\":0,\"registers\":{\"rax\":\"0x7213cc9\",");
	assert_has(text, "\"rip\":\"0xffffffff96070964\"");
	assert_has(text,
		   "\"bytes\":\"0f 30\",\"length\":2,\"mnemonic\":\"wrmsr\",\"text\":\"wrmsr\"");
	assert_has(
		text,
		"\"msr\":{\"access\":\"write\",\"index\":\"0x838\",\"name\":\"IA32_X2APIC_INIT_COUNT\"");
	assert_has(
		text,
		"\"evidence\":[{\"line\":1,\"text\":\"error: kvm run failed Operation not permitted\"}");
	assert_has(text, "\"notes\":[]");
	assert_has(text, "\"code\":{\"state\":\"ok\"}}\n]\n");
	assert_lacks(text, "suberror");
	assert_lacks(text, "vmcs");
	assert_lacks(text, "rbx\":");
	assert_lacks(text, "null");
}

static void facts_of_a_vmcs_lose_their_prefix(void **state)
{
	struct fixture *x = *state;

	seen(&x->f, KW_F_vmcs_cr0, 0x30);
	seen(&x->f, KW_F_vmcs_host_perf_global_ctrl, UINT64_MAX);
	assert_has(render(x, "ndjson", &no_style),
		   "\"vmcs\":{\"cr0\":\"0x30\",\"host_perf_global_ctrl\":\"0xffffffffffffffff\"}");
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group == KW_G_VMCS)
			assert_memory_equal(kw_facts[i].name, "vmcs_", 5);
		if (kw_facts[i].group == KW_G_VMCB)
			assert_memory_equal(kw_facts[i].name, "vmcb_", 5);
	}
}

static void the_page_shows_code_bits_and_log(void **state)
{
	struct fixture *x = *state;
	struct kw_style style = { .number = 1 };
	const char *page;

	x->f.cr0 |= 1u << 8; /* reserved */
	page = render(x, "html", &style);
	assert_memory_equal(page, "<!DOCTYPE html>", 15);
	assert_has(page, "default-src 'none'");
	assert_has(page, "<title>WRMSR to IA32_X2APIC_INIT_COUNT");
	assert_has(page, "<article id=\"f1\">");
	assert_has(page, "<tr class=\"hot\"><td>0f 30</td><td>wrmsr</td></tr>");
	assert_has(page, "<section class=\"finding likely\">");
	assert_has(page, "<a href=\"#f1-1\">line 1</a>");
	assert_has(page, "<tr id=\"f1-1\" class=\"mark\">");
	assert_has(page, "<span class=\"bad\">reserved: bit8</span>");
	assert_has(page, "INITIAL_COUNT</text>");
	assert_has(page, "code, execute/read, accessed, DPL 0, 64-bit");
	assert_has(page, "</body></html>\n");
	assert_lacks(page, "<script");
	assert_lacks(page, "src=");
}

/* Every fact at once, all ones: the longest possible object. */
static void all_facts_fit(void **state)
{
	static const char *const formats[] = { "text", "json", "ndjson", "html" };
	struct fixture *x = *state;

	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group != KW_G_SAID && kw_facts[i].group != KW_G_DERIVED)
			seen(&x->f, (enum kw_fact)i, UINT64_MAX);
	}
	for (size_t i = 0; i < 4; i++)
		render(x, formats[i], &no_style);
}

/* Both dumps at once, and no error: no document has more. */
static void all_checks_fit(void **state)
{
	struct kw_style style = { .checks = true };
	struct fixture *x = *state;
	struct kw_doc doc;
	size_t count = 0;

	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_facts[i].group != KW_G_SAID && kw_facts[i].group != KW_G_DERIVED &&
		    i != KW_F_vmcs_reason)
			seen(&x->f, (enum kw_fact)i, UINT64_MAX);
	}
	kw_checks_ask(&x->c);
	kw_doc_init(&doc, &x->c, KW_DOC_REGISTERS | KW_DOC_CHECKS);
	for (const struct kw_piece *p = doc.first; (p = kw_doc_next(p, KW_PIECE_CHECK));
	     p = p->next)
		count++;
	print_message("%zu checks, %zu of %zu bytes\n", count, doc.arena.total, doc.arena.limit);
	assert_int_equal(count, x->c.checks.asked);
	assert_true(doc.arena.total < doc.arena.limit / 2);
	kw_doc_deinit(&doc);
	assert_has(render(x, "text", &style), "broken       guest_rflags_reserved");
	assert_has(render(x, "text", &style), "cannot tell");
	assert_lacks(render(x, "text", &no_style), "guest_rflags_reserved");
	assert_has(render(x, "html", &no_style), "<details><summary>");
}

/* Only a class and an architecture: there are no rows without facts. */
static void an_empty_record_is_rendered(void **state)
{
	static const char *const formats[] = { "text", "json", "ndjson", "html" };
	struct fixture *x = *state;

	kw_failure_init(&x->f, &x->arena);
	x->f.class = KW_CLASS_KVM_RUN_FAILED;
	x->f.arch = KW_ARCH_S390X;
	x->c = (struct kw_case){ .f = &x->f,
				 .context = &x->context,
				 .headline = KW_STR("nothing is known") };
	for (size_t i = 0; i < 4; i++)
		render(x, formats[i], &no_style);
	assert_string_equal(render(x, "text", &no_style), "nothing is known\n\n");
	assert_lacks(render(x, "ndjson", &no_style), "registers");
}

#define EVIL "\x1b]0;x\x07<script>alert(1)</script>\xe2\x80\xae\xff\""

static void no_text_of_a_log_gets_out_raw(void **state)
{
	static const char *const formats[] = { "text", "json", "ndjson", "html" };
	struct kw_style style = { .file = EVIL, .number = 1 };
	struct fixture *x = *state;

	x->f.line[0].text = KW_STR(EVIL);
	x->f.text[KW_T_HOST_KERNEL] = KW_STR(EVIL);
	x->c.headline = x->c.said = x->c.finding[0].title = x->c.finding[0].why = KW_STR(EVIL);
	x->c.finding[0].todo[0] = KW_STR(EVIL);
	kw_failure_add_note(&x->f, 7, KW_STR(EVIL));
	kw_failure_add_sign(&x->f, KW_SIGN_OTHER, 0, 0, KW_STR(EVIL));
	for (size_t i = 0; i < 4; i++) {
		const char *text = render(x, formats[i], &style);

		assert_has(text, "alert(1)");
		assert_lacks(text, "\x1b");
		assert_lacks(text, "\x07");
		assert_lacks(text, "\xe2\x80\xae");
		assert_lacks(text, "\xff");
		if (strcmp(formats[i], "html") == 0)
			assert_lacks(text, "<script");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_found_by_name),
		cmocka_unit_test_setup_teardown(text_answers_on_a_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_title_that_is_the_headline_is_not_repeated, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_second_failure_has_a_header, setup, teardown),
		cmocka_unit_test_setup_teardown(colors_are_balanced, setup, teardown),
		cmocka_unit_test_setup_teardown(json_has_what_is_known_and_no_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(facts_of_a_vmcs_lose_their_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(the_page_shows_code_bits_and_log, setup, teardown),
		cmocka_unit_test_setup_teardown(all_facts_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(all_checks_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_record_is_rendered, setup, teardown),
		cmocka_unit_test_setup_teardown(no_text_of_a_log_gets_out_raw, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
