// SPDX-License-Identifier: MIT
/* Several speakers in one stream: whose line is it? */
#include "starting_case.h"

enum { GUESTS = 100000 };

/* The @nth line of the case, and of another one that differs in RAX. */
static void add_both(struct kw_buf *buf, size_t nth, const char *first, const char *second)
{
	const char *line = case_line[nth];

	kw_buf_printf(buf, "%s%s\n", first, line);
	kw_buf_printf(buf, "%s%s%s\n", second, nth == 1 ? "RAX=00000000deadbeef" : "",
		      line + (nth == 1 ? strlen("RAX=0000000007213cc9") : 0));
}

static void assert_both(struct kw_buf *buf)
{
	struct seen seen = seen_in_stream(buf);

	assert_int_equal(seen.count, 2);
	assert_case(seen.failure[0]);
	assert_int_equal(seen.failure[0]->first_line, 1);
	assert_int_equal(seen.failure[0]->last_line, 2 * CASE_LINES - 1);
	assert_fact(seen.failure[1], rax, 0xdeadbeef);
	assert_fact(seen.failure[1], rcx, 0x838);
	assert_case_code(seen.failure[1]);
	assert_int_equal(seen.failure[1]->first_line, 2);
	assert_int_equal(seen.failure[1]->last_line, 2 * CASE_LINES);
	for (size_t i = 0; i < seen.count; i++)
		assert_int_equal(seen.failure[i]->nnotes, 0);
	seen_free(&seen);
}

static void lines_of_two_guests_are_kept_apart(void **state)
{
	static const char *const speakers[][2] = {
		{ "vm-a  | ", "vm.b_1  | " },
		{ "[pod/a/compute] ", "[pod/b/compute] " },
		{ "[pod/a/compute] ", "[pod/a/guest-console-log] " },
		{ "a-x7k2p compute ", "a-q4w9z compute " },
		{ "{pod=\"a\"} ", "{pod=\"a b\"} " },
		{ "Jun 24 17:25:51 host1 QEMU[2997]: ", "Jun 24 17:25:51 host1 QEMU[2998]: " },
		{ "Jun 24 17:25:51 host1 QEMU[2997]: ", "Jun 24 17:25:51 host2 QEMU[2997]: " },
		{ "Jun 24 17:25:51 host1 vm1[2997]: ", "Jun 24 17:25:51 host1 vm2[2998]: " },
		{ "QEMU[1]: ", "QEMU[2]: " },
		{ "<30>1 - h a 1 - - ", "<30>1 - h a 2 - - " },
		{ "<30>1 - h a - - - ", "<30>1 - h b - - - " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(speakers) / sizeof(speakers[0]); i++) {
		struct kw_buf buf = { 0 };

		for (size_t nth = 0; nth < CASE_LINES; nth++)
			add_both(&buf, nth, speakers[i][0], speakers[i][1]);
		assert_both(&buf);
	}
}

/* Names as only a JSON string can hold them: nothing in them ends them or is another's. */
static void hostile_names_are_names(void **state)
{
	static const char *const names[] = { "a b",	    "a\\\"b",
					     "a\\\\",	    "\\u0000",
					     "\\u001b[31m", "",
					     "kernel",	    "vm1\\\",\\\"pod\\\":\\\"vm2",
					     "{}" };
	static struct kw_str line[CASE_LINES];

	(void)state;
	for (size_t i = 0; i < CASE_LINES; i++)
		line[i] = kw_str(case_line[i]);
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		struct kw_buf buf = { 0 };
		struct seen seen;

		for (size_t nth = 0; nth < 2 * CASE_LINES; nth++)
			kw_buf_printf(&buf, "{\"pod\":\"%s\",\"log\":\"%.*s\\n\"}\n",
				      names[nth % 2 ? i : i - 1], (int)line[nth / 2].len,
				      line[nth / 2].p);
		seen = seen_in_stream(&buf);
		assert_int_equal(seen.count, 2);
		assert_case(seen.failure[0]);
		assert_case(seen.failure[1]);
		seen_free(&seen);
	}
}

static void a_service_speaks_of_the_guest_that_fails(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	for (size_t i = 0; i < CASE_LINES; i++) {
		add_case(&buf, i, i + 1, "Jun 24 17:25:51 host1 QEMU[2997]: ", "\n");
		add(&buf, "Jun 24 17:25:51 host1 libvirtd[9]: nothing of it\n"
			  "Jun 24 17:25:51 host1 sshd[10]: RAX=1\n");
	}
	assert_only_case(seen_in_stream(&buf));
}

/* The kernel dumps first, and does not say for whom: for the guest that speaks next. */
static void each_guest_gets_the_dump_before_its_message(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (int i = 1; i < 3; i++) {
		kw_buf_printf(&buf,
			      "Jun 24 17:25:51 host1 kernel: *** Guest State ***\n"
			      "Jun 24 17:25:51 host1 kernel: CR0: actual=0x000000000005003%d, "
			      "shadow=0x0000000060000010, gh_mask=fffffffffffffff7\n"
			      "Jun 24 17:25:51 host1 kernel: *** Control State ***\n"
			      "Jun 24 17:25:51 host1 kernel: reason=80000021 "
			      "qualification=0000000000000000\n",
			      i);
		kw_buf_printf(&buf,
			      "Jun 24 17:25:51 host1 QEMU[%d]: KVM: entry failed, hardware error "
			      "0x80000021\n",
			      i);
		for (size_t nth = 1; nth < CASE_LINES; nth++)
			kw_buf_printf(&buf, "Jun 24 17:25:51 host1 QEMU[%d]: %s\n", i,
				      case_line[nth]);
	}
	seen = seen_in_stream(&buf);
	assert_int_equal(seen.count, 2);
	for (size_t i = 0; i < seen.count; i++) {
		assert_int_equal(seen.failure[i]->class, KW_CLASS_ENTRY_FAILED);
		assert_fact(seen.failure[i], vmcs_reason, 0x80000021);
		assert_case_registers(seen.failure[i]);
	}
	seen_free(&seen);
}

static void files_of_tail_are_kept_apart(void **state)
{
	struct kw_buf buf = { 0 };
	struct seen seen;

	(void)state;
	for (size_t nth = 0; nth < CASE_LINES; nth += 4) {
		size_t end = nth + 4 < CASE_LINES ? nth + 4 : CASE_LINES;

		add(&buf, nth ? "\n==> /var/log/libvirt/qemu/vm 1.log <==\n" :
				"==> /var/log/libvirt/qemu/vm 1.log <==\n");
		add_case(&buf, nth, end, "", "\n");
		add(&buf, "\n==> /var/log/libvirt/qemu/vm \"2\".log <==\n");
		add_case(&buf, nth, end, "", "\n");
	}
	seen = seen_in_stream(&buf);
	assert_int_equal(seen.count, 2);
	assert_case(seen.failure[0]);
	assert_case(seen.failure[1]);
	seen_free(&seen);
}

/* What a guest prints on its console looks like a header, and is none. */
static void only_tail_names_files(void **state)
{
	struct kw_buf buf = { 0 };

	(void)state;
	for (size_t nth = 0; nth < CASE_LINES; nth++) {
		add_case(&buf, nth, nth + 1, "", "\n");
		kw_buf_printf(&buf, "\n==> file %zu <==\n", nth % 3);
	}
	assert_only_case(seen_in_stream(&buf));
}

struct flood {
	size_t count, cut;
};

static void count_failure(void *arg, struct kw_failure *f)
{
	struct flood *flood = arg;

	flood->count++;
	flood->cut += f->nnotes != 0;
}

/* Each has its answer, in bounded memory, and what was given up is said. */
static void any_number_of_guests_is_answered(void **state)
{
	struct flood flood = { 0 };
	struct kw_stream *s;
	char line[128];

	(void)state;
	assert_int_equal(kw_stream_create(count_failure, &flood, &s), 0);
	for (unsigned int i = 0; i < GUESTS; i++) {
		int len = snprintf(line, sizeof(line), "vm%u | %s\n", i, case_line[0]);

		kw_stream_feed(s, line, (size_t)len);
	}
	kw_stream_finish(s);
	kw_stream_destroy(s);
	assert_int_equal(flood.count, GUESTS);
	assert_int_equal(flood.cut, GUESTS - 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_two_guests_are_kept_apart),
		cmocka_unit_test(hostile_names_are_names),
		cmocka_unit_test(a_service_speaks_of_the_guest_that_fails),
		cmocka_unit_test(each_guest_gets_the_dump_before_its_message),
		cmocka_unit_test(files_of_tail_are_kept_apart),
		cmocka_unit_test(only_tail_names_files),
		cmocka_unit_test(any_number_of_guests_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
