// SPDX-License-Identifier: MIT
/*
 * Logs in; for each, lines of other speakers are put between its lines, and the answer to each
 * failure must stay what it was. A fixed sample of places, or with --whole all of them.
 */
#include "answers.h"
#include "foreign.h"

#include <errno.h>

enum { LOG_MAX = 1 << 20, SAMPLES = 3 /* places of a log for each line */, REPORTED = 3 };

static uint64_t state = 20220521;

static size_t below(size_t limit)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (size_t)((state >> 33) % limit);
}

struct log {
	const char *path;
	struct kw_str text;
	struct answers answers;
	unsigned int wrong;
};

/*
 * A mail's line that goes on, and a value that a mail program put on the next line, belong
 * together.
 */
static bool is_place(struct kw_str before)
{
	struct kw_str s = kw_str_trim(before);

	return !s.len || (s.p[s.len - 1] != '=' && s.p[s.len - 1] != ':');
}

/*
 * Where a failure of another program may well be evidence: nothing in the text says that it is
 * none.
 */
static bool is_evidence(const char *path, const struct foreign *f)
{
	static const char *const logs[] = {
		/* the Code= line stands before its headline, so right after the other failure */
		"b_lp1877526_movdqa_code_first.txt",
		"d_jackwang_debugctl_oops.txt",		  /* the host's kernel crashes: of whom? */
		/* the same family: details follow the headline */
		"e_cloudhypervisor_pvh_internalerror.txt",
		/* the bytes come first: of whose failure? */
		"b_suberr3_annotated.txt",
		"/mmio-near-zero/", "/vmm-seccomp/",	  /* two lines of one monitor */
		/* the same wording: two lines of one monitor */
		"e_crosvm_gunyah_einval.txt",
		/* the kernel tells the errno, of whichever VMM speaks beside it */
		"e_lkvm_riscv_efault2_quoted.txt", "/riscv-exit/", "/trace-run-failed/",
	};
	for (size_t i = 0; f->fails && i < sizeof(logs) / sizeof(logs[0]); i++) {
		if (strstr(path, logs[i]))
			return true;
	}
	return false;
}

static void report(struct log *log, size_t line, const struct foreign *f,
		   const struct answers *changed)
{
	const struct kw_buf *missing = answers_missing(&log->answers, changed);
	struct kw_str difference;

	if (log->wrong++ >= REPORTED)
		return;
	if (!missing) {
		printf("%s: a line that %s in front of line %zu is reported\n", log->path, f->name,
		       line);
		return;
	}
	difference = answers_difference(missing, changed);
	printf("%s: a line that %s in front of line %zu changes: %.*s\n", log->path, f->name, line,
	       (int)difference.len, difference.p);
}

/* @at is the start of line @number. */
static void try(struct log *log, size_t at, size_t number, const struct foreign *f)
{
	static struct answers changed;
	static char text[LOG_MAX + 128];
	size_t len = at;

	if (!is_place((struct kw_str){ log->text.p, at }) || is_evidence(log->path, f))
		return;
	memcpy(text, log->text.p, at);
	memcpy(text + len, f->line.p, f->line.len);
	len += f->line.len;
	text[len++] = '\n';
	memcpy(text + len, log->text.p + at, log->text.len - at);
	len += log->text.len - at;
	changed.context = log->answers.context;
	answers_read(&changed, text, len);
	if (answers_missing(&log->answers, &changed) ||
	    (!f->fails && changed.count != log->answers.count))
		report(log, number, f, &changed);
}

static size_t next_line(struct kw_str text, size_t at)
{
	const char *newline = memchr(text.p + at, '\n', text.len - at);

	return newline ? (size_t)(newline - text.p) + 1 : text.len;
}

static void try_all(struct log *log, bool whole)
{
	size_t lines = 1, number = 1;

	for (size_t at = 0; at < log->text.len; at = next_line(log->text, at))
		lines++;
	for (size_t at = 0; at < log->text.len; at = next_line(log->text, at), number++) {
		for (size_t i = 0; i < NFOREIGN; i++) {
			if (whole || below(lines) < SAMPLES)
				try(log, at, number, &foreign[i]);
		}
	}
}

static bool check(const char *path, bool whole)
{
	static char text[LOG_MAX];
	static struct log log;
	FILE *file = fopen(path, "rb");

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return false;
	}
	log.path = path;
	log.wrong = 0;
	log.text = (struct kw_str){ text, fread(text, 1, sizeof(text), file) };
	fclose(file);
	log.answers.context.all = true;
	answers_read(&log.answers, text, log.text.len);
	try_all(&log, whole);
	if (log.wrong > REPORTED)
		printf("%s: %u in all\n", path, log.wrong);
	return !log.wrong;
}

int main(int argc, char **argv)
{
	bool whole = argc > 1 && strcmp(argv[1], "--whole") == 0;
	int wrong = 0;

	for (int i = 1 + whole; i < argc; i++)
		wrong += !check(argv[i], whole);
	printf("%d logs, %d with an answer that a foreign line changes\n", argc - 1 - whole, wrong);
	return wrong ? 1 : 0;
}
