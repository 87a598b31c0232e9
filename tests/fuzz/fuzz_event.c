// SPDX-License-Identifier: MIT
/*
 * Bytes of the input as a record of `kvmwhy watch`, the rest as lines of the kernel's log: whatever
 * is in it, its text is one failure to a reader, reported with its last line, and so is the
 * redacted text. Damaged, it may be anything, but each failure is whole. The bytes after a good
 * header are also tried as sections.
 */
#include "fuzz.h"

#include "api/api.h"

#include <errno.h>
#include <uapi/kvmwhy-event.h>

enum { MAX_LINES = 40 };

static int note_report(void *arg, const struct kw_report *report)
{
	unsigned int *count = arg;

	check_failure(report->c.f, 10000);
	check_case(&report->c);
	check_report(report);
	PROMISE(report->c.f->watch.begun && report->c.f->watch.ended);
	++*count;
	return 0;
}

static void check_lines(struct kw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		PROMISE(text.p[i] == '\n' || (unsigned char)text.p[i] >= 0x20);
	PROMISE(text.len && text.p[text.len - 1] == '\n');
}

static int take_report(void *arg, const struct kw_report *report)
{
	(void)arg;
	check_failure(report->c.f, 20000);
	check_case(&report->c);
	check_report(report);
	return 0;
}

static uint64_t next(uint64_t *random)
{
	*random = *random * 6364136223846793005 + 1442695040888963407;
	return *random >> 33;
}

/* Bytes changed, a piece omitted or duplicated, and the end cut off. */
static void check_damaged(const char *text, size_t len, uint64_t random)
{
	size_t room = 2 * len, at = next(&random) % len, piece = next(&random) % (len - at);
	char *p = malloc(room);
	struct kw_reader *reader;

	PROMISE(p);
	memcpy(p, text, len);
	if (random >> 40 & 1) { /* twice */
		memmove(p + at + piece, p + at, len - at);
		len += piece;
	} else {
		memmove(p + at, p + at + piece, len - at - piece);
		len -= piece;
	}
	for (size_t i = next(&random) % 6; i; i--)
		p[next(&random) % len] = (char)next(&random);
	if (random >> 41 & 1)
		len = 1 + next(&random) % len;
	PROMISE(kw_reader_create(NULL, take_report, NULL, &reader) == 0);
	PROMISE(kw_reader_feed(reader, p, len) == 0 && kw_reader_finish(reader, NULL) == 0);
	kw_reader_destroy(reader);
	free(p);
}

static void check_text(const struct kvmwhy_event *e, const struct kw_event_context *context)
{
	struct kw_options options = { .size = sizeof(options), .flags = KW_OPTION_ALL };
	struct kw_reader *reader;
	unsigned int count = 0;
	char *text, *answer;
	size_t len;

	PROMISE(kw_event_text(e, sizeof(*e), context, &text) == 0);
	len = strlen(text);
	check_lines((struct kw_str){ text, len });
	PROMISE(kw_reader_create(&options, note_report, &count, &reader) == 0);
	PROMISE(kw_reader_feed(reader, text, len - 1) == 0 && count == 0);
	PROMISE(kw_reader_feed(reader, text + len - 1, 1) == 0 && count == 1);
	PROMISE(kw_reader_finish(reader, NULL) == 0 && count == 1);
	kw_reader_destroy(reader);
	PROMISE(kw_explain_text(text, len, &options, "ndjson", &answer) == 1);
	check_ndjson(kw_str(answer));
	free(answer);
	check_damaged(text, len, fuzz_hash((const uint8_t *)text, len));
	free(text);
}

/* Lines of the log: what follows the record, split at line ends. */
static size_t split(char *text, const char **lines)
{
	size_t n = 0;

	while (n < MAX_LINES && *text) {
		size_t len = strcspn(text, "\n");

		lines[n++] = text;
		if (!text[len])
			break;
		text[len] = '\0';
		text += len + 1;
	}
	return n;
}

/* Sections of any size and kind: a record or none, and never read beyond its end. */
static void check_sections(const uint8_t *data, size_t len)
{
	size_t size = offsetof(struct kvmwhy_event, common) + len;
	struct kvmwhy_event head = { .size = (uint32_t)size,
				     .version = KVMWHY_EVENT_VERSION,
				     .arch = KVMWHY_ARCH_X86 };
	uint8_t *p = malloc(size);
	char *text;
	int err;

	PROMISE(p);
	memcpy(p, &head, size - len);
	if (len)
		memcpy(p + size - len, data, len);
	err = kw_event_text(p, size, NULL, &text);
	PROMISE(err == 0 || err == -EINVAL);
	if (!err)
		free(text);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint32_t reasons[] = { 0, 1, 8, 9, 17, 24, 37, 39 };
	struct kw_event_context context = { .size = sizeof(context) };
	const char *lines[MAX_LINES];
	struct kvmwhy_event e = { 0 };
	size_t take = len < sizeof(e) ? len : sizeof(e);
	char *rest = fuzz_string(data + take, len - take),
	     *guest = fuzz_string(data, len < 60 ? len : 60);

	if (take)
		memcpy(&e, data, take);
	e.size = sizeof(e);
	e.version = KVMWHY_EVENT_VERSION;
	e.arch = KVMWHY_ARCH_X86;
	e.common.section = (struct kvmwhy_section){ KVMWHY_SECTION_COMMON, sizeof(e.common) };
	e.x86.section = (struct kvmwhy_section){ KVMWHY_SECTION_X86, sizeof(e.x86) };
	/* otherwise KVM_RUN would hardly ever return 0 with an exit that ends a guest */
	if (e.common.time_ns & 1)
		e.common.result =
			e.common.time_ns & 2 ? 0 : -(int32_t)(e.common.time_ns >> 8 & 127);
	if (e.common.time_ns & 4)
		memcpy(e.common.run + 8, &reasons[e.common.time_ns >> 16 & 7], 4);
	context.number = e.common.time_ns >> 60;
	context.utc_ns = (int64_t)(e.common.time_ns >> 1);
	context.guest = e.common.time_ns & 8 ? guest : NULL;
	context.host_kernel = e.common.time_ns & 16 ? guest : NULL;
	context.lines = lines;
	context.nlines = split(rest, lines);
	context.flags = e.common.time_ns & 32 ? KW_EVENT_REDACT : 0;
	check_text(&e, &context);
	check_sections(data, len);
	free(rest);
	free(guest);
	return 0;
}
