// SPDX-License-Identifier: MIT
/*
 * Every log named, cut: nothing may crash, and what is said of a cut log must be what is said of
 * the whole one, or less. Only the last two lines of a cut log may be misread, because numbers may
 * be cut there, and because a value may go on in the next line.
 *
 * A small log is cut at every length. A larger one is cut at the ends of its lines and in steps,
 * which grow with all that is given, so that the time does not. Each log begins with another byte:
 * lines that many logs have are cut at each of their bytes by one or the other.
 */
#include "../fuzz/fuzz.h"
#include "render/render.h"

#include <errno.h>
#include <sys/stat.h>

enum { MAX_RECORDS = 8, MISREAD_LINES = 2, SMALL = 1024, MOST_STEPS = 1 << 16 };

/* What was seen in a text: a value of each fact, by the line that it stood in. */
struct seen {
	uint64_t value[KW_NFACTS], line[KW_NFACTS];
	bool known[KW_NFACTS];
};

struct run {
	struct seen record[MAX_RECORDS];
	size_t count;
	uint64_t lines;
	struct kw_context context;
	struct kw_buf out;
};

static void note_facts(struct seen *seen, const struct kw_failure *f)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		uint16_t at = f->origin[i].line;

		seen->known[i] = f->origin[i].how == KW_SEEN && at != KW_NO_LINE;
		if (!seen->known[i])
			continue;
		seen->value[i] = f->fact[i];
		seen->line[i] = f->line[at].number;
	}
}

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct kw_case c;
	const struct kw_style style = { .file = "log" };
	struct run *run = arg;

	check_failure(f, run->lines);
	PROMISE(run->count < MAX_RECORDS);
	note_facts(&run->record[run->count++], f);
	kw_explain(f, &run->context, &c);
	check_case(&c);
	kw_buf_reset(&run->out);
	kw_renderer_text.item(&run->out, &c, &style, true);
	PROMISE(!run->out.failed && run->out.len);
	kw_buf_reset(&run->out);
	kw_renderer_ndjson.item(&run->out, &c, &style, true);
	PROMISE(!run->out.failed && run->out.len);
}

/* From a block of its own, so that a sanitizer sees a byte read too many. */
static void read_text(struct kw_stream *s, struct run *run, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	PROMISE(copy);
	run->count = 0;
	run->lines = 1;
	for (size_t i = 0; i < len; i++) {
		copy[i] = text[i];
		run->lines += text[i] == '\n';
	}
	kw_stream_feed(s, copy, len);
	kw_stream_finish(s);
	free(copy);
}

/* Does any record of the whole text have this value, from this line or said again later? */
static bool has(const struct run *whole, size_t fact, uint64_t value, uint64_t line)
{
	for (size_t i = 0; i < whole->count; i++) {
		const struct seen *seen = &whole->record[i];

		if (seen->known[fact] && seen->line[fact] >= line && seen->value[fact] == value)
			return true;
	}
	return false;
}

static int compare(const struct run *whole, const struct run *cut, const char *path, size_t len)
{
	for (size_t i = 0; i < cut->count; i++) {
		const struct seen *seen = &cut->record[i];

		for (size_t fact = 0; fact < KW_NFACTS; fact++) {
			if (!seen->known[fact] || seen->line[fact] + MISREAD_LINES > cut->lines ||
			    has(whole, fact, seen->value[fact], seen->line[fact]))
				continue;
			printf("%s: cut after %zu bytes, line %llu says %s=0x%llx, which the whole does not\n",
			       path, len, (unsigned long long)seen->line[fact], kw_facts[fact].name,
			       (unsigned long long)seen->value[fact]);
			return 1;
		}
	}
	return 0;
}

/* Is a log cut after @at bytes? */
static bool is_cut(const char *text, size_t len, size_t at, size_t first, size_t step)
{
	return len <= SMALL || at % step == first % step || text[at] == '\n' ||
	       (at && text[at - 1] == '\n');
}

/* The @number-th log; of large ones each @step-th cut is made. */
static int check_file(const char *path, size_t number, size_t step)
{
	static char text[1 << 20];
	static struct run whole, cut;
	FILE *file = fopen(path, "rb");
	struct kw_stream *s;
	size_t len;
	int wrong = 0;

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	PROMISE(kw_stream_create(on_failure, &whole, &s) == 0);
	read_text(s, &whole, text, len);
	kw_stream_destroy(s);
	PROMISE(kw_stream_create(on_failure, &cut, &s) == 0);
	for (size_t at = 0; at < len && wrong < 3; at++) {
		if (!is_cut(text, len, at, number, step))
			continue;
		read_text(s, &cut, text, at);
		wrong += compare(&whole, &cut, path, at);
	}
	kw_stream_destroy(s);
	kw_buf_deinit(&whole.out);
	kw_buf_deinit(&cut.out);
	return wrong;
}

int main(int argc, char **argv)
{
	size_t total = 0;
	struct stat file;
	int wrong = 0;

	for (int i = 1; i < argc; i++)
		total += stat(argv[i], &file) == 0 ? (size_t)file.st_size : 0;
	for (int i = 1; i < argc; i++)
		wrong += check_file(argv[i], (size_t)i, 1 + total / MOST_STEPS);
	printf("%d logs, %d places where a cut one says more\n", argc - 1, wrong);
	return wrong ? 1 : 0;
}
