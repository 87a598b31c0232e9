// SPDX-License-Identifier: MIT
/* What kvmwhy.ko reported becomes facts and findings; if the dump contradicts it, it is doubted. */
#include "explain/explain.h"
#include "parse_text.h"
#include "run_page.h"

#define REGISTERS \
	"RAX=0000000007213cc9 RBX=0000000000000000 RCX=0000000000000838 RDX=0000000000000000\n" \
	"RSI=0000000000000000 RDI=0000000000000000 RBP=0000000000000000 RSP=0000000000000000\n" \
	"R8 =0000000000000000 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000\n" \
	"R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=0000000000000000\n" \
	"RIP=ffffffff96070964 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n" \
	"CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\n" \
	"CR0=80050033 CR2=0000000000000000 CR3=0000000000001000 CR4=000006e0\n" \
	"EFER=0000000000000d01\n" \
	"Code=89 f9 89 f0 <0f> 30 0f 1f 44 00 00 c3 55 48 c1 e2 20 89 f6\n"

static const struct kvmwhy_data x2apic = {
	.version = 1,
	.kind = KVMWHY_KIND_WRMSR,
	.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_HAS_RIP | KVMWHY_HAS_EXIT,
	.result = -1,
	.msr = 0x838,
	.function = KVMWHY_FUNCTION_SET_MSR_COMMON,
	.value = 0x7213cc9,
	.rip = 0xffffffff96070964,
	.exit_reason = 0x7c,
};

static const struct kw_context context;
static struct kw_case answer;
static struct seen seen;
static char text[TEXT_BYTES];

/* The failures in the text; what is derived from them goes to the arena at its current position. */
static void read_text(void)
{
	seen = seen_in(kw_str(text));
	for (size_t i = 0; i < seen.count; i++)
		seen.failure[i]->arena = &seen.arena;
}

/* The only failure in @said, the words as QEMU prints them, followed by @behind. */
static const struct kw_case *explained(const char *said, const struct kvmwhy_data *data,
				       const char *behind)
{
	uint64_t words[KVMWHY_NDATA];
	size_t end = (size_t)snprintf(text, sizeof(text), "%s", said);

	memcpy(words, data, sizeof(words));
	for (size_t i = 0; i < KVMWHY_NDATA; i++)
		end += (size_t)snprintf(text + end, sizeof(text) - end,
					"extra data[%zu]: 0x%016llx\n", i,
					(unsigned long long)words[i]);
	snprintf(text + end, sizeof(text) - end, "%s", behind);
	read_text();
	assert_int_equal(seen.count, 1);
	kw_explain(seen.failure[0], &context, &answer);
	return &answer;
}

#define BY_QEMU "KVM internal error. Suberror: 19287\n"

static const struct kw_finding *finding(const struct kw_case *c, const char *id)
{
	for (size_t i = 0; i < c->nfindings; i++) {
		if (strcmp(c->finding[i].id, id) == 0)
			return &c->finding[i];
	}
	return NULL;
}

static void the_words_alone_name_the_write(void **state)
{
	const struct kw_case *c = explained(BY_QEMU, &x2apic, "");

	(void)state;
	assert_int_equal(c->f->class, KW_CLASS_KVM_RUN_FAILED);
	assert_fact(c->f, errno_number, 1);
	assert_fact(c->f, rip, x2apic.rip);
	assert_fact(c->f, msr_index, 0x838);
	assert_fact(c->f, msr_value, 0x7213cc9);
	assert_int_equal(c->vendor, KW_VENDOR_AMD);
	assert_text(
		c->finding[0].title,
		"kvmwhy.ko: WRMSR of 0x7213cc9 to IA32_X2APIC_INIT_COUNT (0x838) was refused with "
		"-EPERM by kvm_set_msr_common()");
	assert_int_equal(c->finding[0].certainty, KW_CERTAIN);
	assert_non_null(finding(c, "wrmsr-eperm-x2apic"));
	assert_null(finding(c, "eperm-collect"));
	assert_int_equal(c->f->nnotes, 0);
	seen_free(&seen);
}

static void the_rules_of_the_msr_go_on_working(void **state)
{
	struct kvmwhy_data data = x2apic;
	const struct kw_case *c;

	(void)state;
	data.msr = 0x404;
	data.value = ~1ull;
	c = explained(BY_QEMU, &data, "");
	assert_non_null(finding(c, "module-wrmsr"));
	assert_non_null(finding(c, "mc-ctl-correctable-eperm"));
	seen_free(&seen);
}

static void the_fingerprint_is_that_of_the_failure(void **state)
{
	const struct kw_case *c = explained(BY_QEMU, &x2apic, REGISTERS);

	(void)state;
	assert_text(c->fingerprint, "kvm-run-failed:EPERM:wrmsr:msr=0x838:long64:no-smm:amd");
	assert_int_equal(c->f->nnotes, 0);
	assert_false(c->told_doubt);
	seen_free(&seen);
}

/* Nothing may blame KVM or the guest for what was injected. */
static void an_injected_failure_has_one_finding(void **state)
{
	static const uint32_t msrs[] = { 0x838, 0x404, 0x10, 0x40000000, 0xc0000080 };
	struct kvmwhy_data data = x2apic;

	(void)state;
	data.flags |= KVMWHY_INJECTED;
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		for (int64_t result = -1; result > -40; result--) {
			const struct kw_case *c;

			data.msr = msrs[i];
			data.result = result;
			c = explained(BY_QEMU, &data, "");
			assert_int_equal(c->nfindings, 1);
			assert_string_equal(c->finding[0].id, "module-injected");
			assert_int_equal(c->finding[0].certainty, KW_CERTAIN);
			seen_free(&seen);
		}
	}
}

static void words_that_differ_from_the_dump_are_doubted(void **state)
{
	static const struct {
		const char *said;
		size_t member, size;
		uint64_t value;
	} changes[] = {
		{ BY_QEMU, offsetof(struct kvmwhy_data, msr), 4, 0x404 },
		{ BY_QEMU, offsetof(struct kvmwhy_data, value), 8, 1 },
		{ BY_QEMU, offsetof(struct kvmwhy_data, rip), 8, 0x1000 },
		{ BY_QEMU, offsetof(struct kvmwhy_data, kind), 2, KVMWHY_KIND_RDMSR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		for (unsigned int injected = 0; injected < 2; injected++) {
			struct kvmwhy_data data = x2apic;
			const struct kw_case *c;

			put_number((uint8_t *)&data, changes[i].member, changes[i].size,
				   changes[i].value);
			data.flags |= injected ? KVMWHY_INJECTED : 0;
			c = explained(changes[i].said, &data, REGISTERS);
			assert_true(c->told_doubt);
			assert_int_equal(c->f->nnotes, 1);
			assert_fact(c->f, rip, x2apic.rip);
			assert_int_equal(c->msr_index, 0x838);
			assert_int_equal(c->msr_value, 0x7213cc9);
			for (size_t k = 0; k < c->nfindings; k++) {
				if (strncmp(c->finding[k].id, "module-", 7) == 0)
					assert_int_equal(c->finding[k].certainty, KW_POSSIBLE);
			}
			seen_free(&seen);
		}
	}
}

static void an_errno_that_differs_is_doubted(void **state)
{
	struct kvmwhy_data data = x2apic;
	uint8_t page[PAGE_BYTES];

	(void)state;
	page_module(page, &data);
	snprintf(text, sizeof(text), "error: kvm run failed Bad address\n");
	add_rows(text, page, 256);
	read_text();
	kw_explain(seen.failure[0], &context, &answer);
	assert_true(answer.told_doubt);
	assert_fact(answer.f, errno_number, 14);
	assert_false(kw_has(answer.f, rip) || answer.has_msr);
	assert_int_equal(finding(&answer, "module-wrmsr")->certainty, KW_POSSIBLE);
	seen_free(&seen);
}

static void a_page_fault_gives_address_and_instruction(void **state)
{
	struct kvmwhy_data data = {
		.version = 1,
		.kind = KVMWHY_KIND_PAGE_FAULT,
		.flags = KVMWHY_HAS_RIP | KVMWHY_HAS_EXIT | KVMWHY_EXIT_VMX | KVMWHY_HAS_GPA |
			 KVMWHY_HAS_INSN,
		.result = -14,
		.function = KVMWHY_FUNCTION_MMU_PAGE_FAULT,
		.rip = 0xffffffff96070964,
		.exit_reason = 48,
		.gpa = 0xfd000010,
		.error_code = 6,
		.insn_size = 2,
		.insn = { 0x89, 0x07 },
	};
	const struct kw_case *c = explained(BY_QEMU, &data, "");

	(void)state;
	assert_fact(c->f, fault_gpa, 0xfd000010);
	assert_int_equal(c->vendor, KW_VENDOR_INTEL);
	assert_int_equal(c->code, KW_CODE_OK);
	assert_string_equal(c->insn.text, "mov dword ptr [rdi], eax");
	assert_text(
		finding(c, "module-page-fault")->title,
		"kvmwhy.ko: the guest's write to guest physical address 0xfd000010 failed with -EFAULT in "
		"kvm_mmu_page_fault()");
	seen_free(&seen);
	data.flags = 0;
	c = explained(BY_QEMU, &data, "");
	assert_text(
		finding(c, "module-page-fault")->title,
		"kvmwhy.ko: the guest's access to memory failed with -EFAULT in kvm_mmu_page_fault()");
	seen_free(&seen);
}

/* KVM_EXIT_MEMORY_FAULT with an errno that it never accompanies. */
static void a_stale_memory_fault_is_forgotten(void **state)
{
	static const char *const errnos[] = { "Operation not permitted", "Bad address" };
	uint8_t page[PAGE_BYTES];

	(void)state;
	page_init(page, 39);
	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "error: kvm run failed %s\n", errnos[i]);
		add_rows(text, page, 64);
		read_text();
		kw_explain(seen.failure[0], &context, &answer);
		assert_int_equal(finding(&answer, "exit-memory-fault") != NULL, i);
		assert_int_equal(answer.f->nnotes, 1 - i);
		seen_free(&seen);
	}
}

static void an_ordinary_exit_is_no_failure(void **state)
{
	uint8_t page[PAGE_BYTES];

	(void)state;
	for (uint32_t reason = 0; reason < 50; reason++) {
		bool ordinary = reason > 1 && reason != 8 && reason != 9 && reason != 17 &&
				reason != 24 && reason != 37 && reason != 39;

		page_init(page, reason);
		text[0] = '\0';
		add_rows(text, page, 168);
		read_text();
		assert_int_equal(seen.count, 1);
		kw_explain(seen.failure[0], &context, &answer);
		assert_int_equal(finding(&answer, "run-page-ordinary-exit") != NULL, ordinary);
		assert_null(finding(&answer, "exit-not-handled"));
		seen_free(&seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_alone_name_the_write),
		cmocka_unit_test(the_rules_of_the_msr_go_on_working),
		cmocka_unit_test(the_fingerprint_is_that_of_the_failure),
		cmocka_unit_test(an_injected_failure_has_one_finding),
		cmocka_unit_test(words_that_differ_from_the_dump_are_doubted),
		cmocka_unit_test(an_errno_that_differs_is_doubted),
		cmocka_unit_test(a_page_fault_gives_address_and_instruction),
		cmocka_unit_test(a_stale_memory_fault_is_forgotten),
		cmocka_unit_test(an_ordinary_exit_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
