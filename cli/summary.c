// SPDX-License-Identifier: MIT
/*
 * One kind of failure is one row. Reports are valid only while they are handed over, so what a row
 * shows is copied; all of it is free of control characters, as the texts of reports are.
 */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stamp.h"
#include "term.h"

enum { WIDTH = 100, WIDTH_LEAST = 60, WIDTH_MOST = 120 };

struct place {
	char *file;
	char *time; /* as the log has it, or NULL */
	uint64_t line;
};

struct kw_summary_row {
	char *fingerprint, *headline, *certainty, *rule;
	struct place first, last;
	uint64_t count, files;
};

static char *copy(struct kw_summary *summary, const char *text)
{
	char *ret = strdup(text ? text : "");

	summary->failed |= !ret;
	return ret;
}

static struct kw_summary_row *find(const struct kw_summary *summary, const char *fingerprint)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->row[i].fingerprint &&
		    !strcmp(summary->row[i].fingerprint, fingerprint))
			return &summary->row[i];
	return NULL;
}

static struct kw_summary_row *begin(struct kw_summary *summary, const struct kw_report *report)
{
	struct kw_summary_row *row;

	if (summary->count == summary->size) {
		size_t size = summary->size ? 2 * summary->size : 16;
		struct kw_summary_row *grown = reallocarray(summary->row, size, sizeof(*grown));

		if (!grown) {
			summary->failed = true;
			return NULL;
		}
		summary->row = grown;
		summary->size = size;
	}
	row = &summary->row[summary->count++];
	*row = (struct kw_summary_row){
		.fingerprint = copy(summary, kw_report_text(report, KW_REPORT_FINGERPRINT)),
		.headline = copy(summary, kw_report_text(report, KW_REPORT_HEADLINE)),
		.certainty = copy(summary, kw_report_finding(report, 0, KW_FINDING_CERTAINTY)),
		.rule = copy(summary, kw_report_finding(report, 0, KW_FINDING_ID)),
	};
	return row;
}

/* What kvmwhy watch saw, in the form that it prints. */
static char *watched_time(const struct kw_report *report)
{
	char text[32];
	uint64_t us;
	time_t seconds;
	struct tm tm;

	if (!kw_report_fact(report, "watch_time", &us))
		return NULL;
	seconds = (time_t)(us / 1000000);
	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return NULL;
	return strdup(text);
}

/* Of the first line with a time that is evidence for the answer. */
static char *time_of(const struct kw_report *report)
{
	char *ret = watched_time(report);
	const char *line;

	for (size_t i = 0; !ret && (line = kw_report_finding_evidence(report, 0, i, NULL)); i++)
		if (kw_stamp(line))
			ret = strndup(line, kw_stamp(line));
	return ret;
}

static void set_place(struct kw_summary *summary, struct place *place,
		      const struct kw_report *report)
{
	const char *file = kw_report_text(report, KW_REPORT_FILE);

	if (!place->file || strcmp(place->file, file ? file : "-")) {
		free(place->file);
		place->file = copy(summary, file ? file : "-");
	}
	free(place->time);
	place->time = time_of(report);
	kw_report_number(report, KW_REPORT_FIRST_LINE, &place->line);
}

void kw_summary_add(struct kw_summary *summary, const struct kw_report *report)
{
	const char *fingerprint = kw_report_text(report, KW_REPORT_FINGERPRINT);
	const char *file = kw_report_text(report, KW_REPORT_FILE);
	struct kw_summary_row *row = find(summary, fingerprint ? fingerprint : "");

	if (!row)
		row = begin(summary, report);
	if (!row)
		return;
	/* files come one after the other, so that only the last one has to be compared */
	if (!row->last.file || strcmp(row->last.file, file ? file : "-"))
		row->files++;
	if (!row->count++)
		set_place(summary, &row->first, report);
	set_place(summary, &row->last, report);
}

static int by_count(const void *a, const void *b)
{
	const struct kw_summary_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->fingerprint ? x->fingerprint : "", y->fingerprint ? y->fingerprint : "");
}

static void put(struct kw_output *out, const char *text)
{
	kw_output_write(out, text, strlen(text));
}

static void put_number(struct kw_output *out, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put(out, text);
}

static void put_place(struct kw_output *out, const struct place *place)
{
	if (place->time) {
		put(out, place->time);
		put(out, " (");
	}
	put(out, place->file ? place->file : "?");
	put(out, ":");
	put_number(out, place->line);
	put(out, place->time ? ")" : "");
}

/* @text in lines of at most @width bytes, the further ones indented. */
static void put_wrapped(struct kw_output *out, const char *text, size_t indent, size_t width)
{
	while (strlen(text) > width - indent) {
		size_t len = width - indent;

		while (len && text[len] != ' ')
			len--;
		if (!len)
			break;
		kw_output_write(out, text, len);
		put(out, "\n");
		for (size_t i = 0; i < indent; i++)
			put(out, " ");
		text += len + 1;
	}
	put(out, text);
	put(out, "\n");
}

static void print_text(const struct kw_summary_row *row, size_t width, struct kw_output *out)
{
	char count[24];

	snprintf(count, sizeof(count), "%6" PRIu64 "  ", row->count);
	put(out, count);
	put_wrapped(out, row->headline, strlen(count), width);
	put(out, "        ");
	if (*row->certainty) {
		put(out, row->certainty);
		put(out, ": kvmwhy rule ");
		put(out, row->rule);
		put(out, "\n        ");
	}
	put_place(out, &row->first);
	if (row->count > 1) {
		put(out, row->first.time ? "\n        to " : " to ");
		put_place(out, &row->last);
	}
	if (row->files > 1) {
		put(out, ", in ");
		put_number(out, row->files);
		put(out, " files");
	}
	put(out, "\n");
}

/* Only what JSON wants escaped in clean text. */
static void put_json(struct kw_output *out, const char *key, const char *text)
{
	put(out, key);
	put(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(out, "\\");
		kw_output_write(out, text, 1);
	}
	put(out, "\"");
}

static void put_json_place(struct kw_output *out, const char *key, const struct place *place)
{
	put(out, key);
	put_json(out, "{\"file\":", place->file ? place->file : "");
	put(out, ",\"line\":");
	put_number(out, place->line);
	if (place->time)
		put_json(out, ",\"time\":", place->time);
	put(out, "}");
}

static void print_json(const struct kw_summary_row *row, struct kw_output *out)
{
	put_json(out, "{\"fingerprint\":", row->fingerprint);
	put(out, ",\"count\":");
	put_number(out, row->count);
	put(out, ",\"files\":");
	put_number(out, row->files);
	put_json_place(out, ",\"first\":", &row->first);
	put_json_place(out, ",\"last\":", &row->last);
	put_json(out, ",\"headline\":", row->headline);
	if (*row->certainty) {
		put_json(out, ",\"certainty\":", row->certainty);
		put_json(out, ",\"rule\":", row->rule);
	}
	put(out, "}");
}

static size_t width_of(unsigned int flags)
{
	size_t columns = flags >> 16;

	if (!columns)
		return WIDTH;
	return columns < WIDTH_LEAST ? WIDTH_LEAST : columns > WIDTH_MOST ? WIDTH_MOST : columns;
}

void kw_summary_print(struct kw_summary *summary, const char *format, unsigned int flags,
		      struct kw_output *out)
{
	bool array = !strcmp(format, "json"), text = !strcmp(format, "text");

	if (summary->failed) {
		kw_complain("the summary is not complete: not enough memory");
		return;
	}
	if (summary->count)
		qsort(summary->row, summary->count, sizeof(*summary->row), by_count);
	if (array)
		put(out, "[");
	for (size_t i = 0; i < summary->count; i++) {
		if (text) {
			print_text(&summary->row[i], width_of(flags), out);
			continue;
		}
		if (array && i)
			put(out, ",");
		print_json(&summary->row[i], out);
		put(out, array ? "" : "\n");
	}
	if (array)
		put(out, "]\n");
}

void kw_summary_deinit(struct kw_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		struct kw_summary_row *row = &summary->row[i];

		free(row->fingerprint);
		free(row->headline);
		free(row->certainty);
		free(row->rule);
		free(row->first.file);
		free(row->first.time);
		free(row->last.file);
		free(row->last.time);
	}
	free(summary->row);
	*summary = (struct kw_summary){ 0 };
}
