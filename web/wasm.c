// SPDX-License-Identifier: MIT
/*
 * libkvmwhy for WebAssembly: bytes of a log in, through kvmwhy_feed(); reports out, through the
 * imported function write(). kvmwhy.mjs is the only caller.
 *
 * Strings are pointers into the module's memory, NUL-terminated, owned by the caller; 0 is NULL.
 */
#include <kvmwhy/kvmwhy.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name), visibility("default"))) name

/* Output @len bytes at @text of the stream @stream: the index of a format in formats[]. */
__attribute__((import_module("kvmwhy"), import_name("write"))) void
host_write(unsigned int stream, const char *text, size_t len);

static const char *const formats[] = { "text", "json", "ndjson", "html" };

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

struct stream {
	unsigned int index;
	struct kw_printer *printer;
};

/* A log being read. */
struct session {
	struct kw_reader *reader;
	struct stream stream[FORMATS];
	uint32_t limit; /* reports to print; the others are only counted. 0: all */
};

void *EXPORT(kvmwhy_alloc)(size_t size);
void EXPORT(kvmwhy_free)(void *p);
const char *EXPORT(kvmwhy_version)(void);
int EXPORT(kvmwhy_open)(unsigned int wanted, uint32_t flags, uint32_t limit,
			const char *host_kernel, const char *vendor, const char *file,
			struct session **ret);
int EXPORT(kvmwhy_feed)(struct session *s, const void *data, size_t len);
int EXPORT(kvmwhy_finish)(struct session *s);
double EXPORT(kvmwhy_count)(const struct session *s);
double EXPORT(kvmwhy_suppressed)(const struct session *s);
void EXPORT(kvmwhy_close)(struct session *s);
int EXPORT(kvmwhy_msr)(const char *name, bool has_value, uint64_t value, const char *host_kernel,
		       const char *vendor, const char *format);
int EXPORT(kvmwhy_insn)(const char *hex, unsigned int bits, const char *format);
int EXPORT(kvmwhy_rule)(const char *query, const char *format);
int EXPORT(kvmwhy_check)(const char *query, const char *format);
const char *EXPORT(kvmwhy_rule_page)(const char *id);

void *kvmwhy_alloc(size_t size)
{
	return malloc(size);
}

void kvmwhy_free(void *p)
{
	free(p);
}

const char *kvmwhy_version(void)
{
	return kw_version();
}

static int pass_on(void *arg, const char *text, size_t len)
{
	const struct stream *stream = arg;

	host_write(stream->index, text, len);
	return 0;
}

static int print(void *arg, const struct kw_report *report)
{
	struct session *s = arg;
	int rc = 0;

	/* The count includes this report only after the call. */
	if (s->limit && kw_reader_count(s->reader) >= s->limit)
		return 0;
	for (size_t i = 0; !rc && i < FORMATS; i++) {
		if (s->stream[i].printer)
			rc = kw_printer_report(s->stream[i].printer, report);
	}
	return rc;
}

static int open_printers(struct session *s, unsigned int wanted, uint32_t flags)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < FORMATS; i++) {
		if (!(wanted & 1u << i))
			continue;
		s->stream[i].index = i;
		rc = kw_printer_create(formats[i], flags, pass_on, &s->stream[i],
				       &s->stream[i].printer);
	}
	return rc;
}

/*
 * @wanted: bit i for formats[i]. @flags: bit 0 for harmless messages too, bit 1 for the checks in
 * text. Returns 0 or a negative errno, as all functions here do.
 */
int kvmwhy_open(unsigned int wanted, uint32_t flags, uint32_t limit, const char *host_kernel,
		const char *vendor, const char *file, struct session **ret)
{
	struct kw_options options = {
		.size = sizeof(options),
		.host_kernel = host_kernel,
		.vendor = vendor,
		.flags = flags & 1 ? KW_OPTION_ALL : 0,
		.file = file,
	};
	struct session *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->limit = limit;
	rc = kw_reader_create(&options, print, s, &s->reader);
	if (!rc)
		rc = open_printers(s, wanted, flags & 2 ? KW_PRINT_CHECKS : 0);
	if (rc)
		kvmwhy_close(s);
	else
		*ret = s;
	return rc;
}

int kvmwhy_feed(struct session *s, const void *data, size_t len)
{
	return kw_reader_feed(s->reader, data, len);
}

int kvmwhy_finish(struct session *s)
{
	int rc = kw_reader_finish(s->reader, NULL);

	for (size_t i = 0; !rc && i < FORMATS; i++) {
		if (s->stream[i].printer)
			rc = kw_printer_finish(s->stream[i].printer);
	}
	return rc;
}

/* JavaScript has no 64-bit integers but BigInt; a double holds any count of failures. */
double kvmwhy_count(const struct session *s)
{
	return (double)kw_reader_count(s->reader);
}

double kvmwhy_suppressed(const struct session *s)
{
	return (double)kw_reader_suppressed(s->reader);
}

void kvmwhy_close(struct session *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < FORMATS; i++)
		kw_printer_destroy(s->stream[i].printer);
	kw_reader_destroy(s->reader);
	free(s);
}

/* Writes and frees @text if the call that made it succeeded; returns its @rc. */
static int hand_over(int rc, char *text)
{
	if (rc < 0)
		return rc;
	host_write(0, text, strlen(text));
	free(text);
	return rc;
}

int kvmwhy_msr(const char *name, bool has_value, uint64_t value, const char *host_kernel,
	       const char *vendor, const char *format)
{
	struct kw_options options = {
		.size = sizeof(options),
		.host_kernel = host_kernel,
		.vendor = vendor,
	};
	char *text = NULL;

	return hand_over(kw_msr_text(name, has_value ? &value : NULL, &options, format, 0, &text),
			 text);
}

int kvmwhy_insn(const char *hex, unsigned int bits, const char *format)
{
	char *text = NULL;

	return hand_over(kw_insn_text(hex, bits, format, 0, &text), text);
}

int kvmwhy_rule(const char *query, const char *format)
{
	char *text = NULL;

	return hand_over(kw_rule_text(query, format, 0, &text), text);
}

int kvmwhy_check(const char *query, const char *format)
{
	char *text = NULL;

	return hand_over(kw_check_text(query, format, 0, &text), text);
}

/* Markdown, or NULL. */
const char *kvmwhy_rule_page(const char *id)
{
	return kw_rule_page(id);
}
