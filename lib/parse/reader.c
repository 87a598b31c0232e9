// SPDX-License-Identifier: MIT
/*
 * A stream in pieces of any size to cleaned lines. Most of a log is irrelevant: it is searched for
 * the parsers' words at memory speed, and only the surroundings of a hit are read line by line.
 */
#include "base/find.h"
#include "base/utf16.h"
#include "parse/parse.h"
#include "parse/words.h"

#include <errno.h>
#include <stdlib.h>

enum {
	LINE_BEFORE = 4096, /* bytes before a hit where its line may begin */
	SKIPPED_MAX = 4096, /* bytes of skipped text kept to look back a few lines */
	SKIPPED_LINES = 3,
	JOIN_MAX = 8192,
};

/* An entry of journalctl's export format, a field a line; an empty line ends it. */
struct entry {
	bool within;
	struct kw_speaker who;
	bool kernel;
	bool held; /* its message, until all fields were seen */
	uint64_t number;
	size_t left; /* bytes of a message of several lines that follow */
	size_t len;
	char message[KW_LINE_MAX];
};

struct kw_stream {
	struct kw_lanes *lanes;
	struct kw_finder finder, messages;
	uint64_t number; /* of the line the next byte belongs to */
	bool region;	 /* lines are read, not searched */
	struct kw_str line;     /* the one being read, as in the text */
	const char *message_at; /* the next message in the text from there on, or its end */
	struct kw_mail mail;
	struct kw_utf16 utf16;
	bool files; /* of tail: it began with the name of a file */
	struct kw_speaker file;
	bool sized; /* the next line begins with the length of journalctl's export format */
	struct entry entry;
	uint64_t join_number;
	size_t join_len, carry_len, skipped_len;
	char join[JOIN_MAX];
	char skipped[SKIPPED_MAX]; /* the end of what was searched and not read */
	char scratch[KW_LINE_MAX + 1];
	char message[KW_LINE_MAX]; /* out of its envelope */
	char carry[KW_LINE_MAX]; /* the beginning of a line whose end has not arrived */
};

/*
 * Most lines hold no message, and all of a text is searched faster than each of its lines: so
 * @line, before @len bytes of text, is only compared with where the next message is.
 */
static void find_message(struct kw_stream *s, struct kw_str line, size_t len)
{
	size_t at;

	s->line = line;
	if (s->message_at && s->message_at >= line.p)
		return;
	at = kw_find(&s->messages, line.p, len);
	s->message_at = line.p + (at == SIZE_MAX ? len : at);
}

/* What was taken out of an envelope, joined or cleaned is not where the text was searched. */
static bool may_hold_message(const struct kw_stream *s, struct kw_str text)
{
	if (text.len && text.p >= s->line.p && text.p < s->line.p + s->line.len)
		return s->message_at < s->line.p + s->line.len;
	return kw_find(&s->messages, text.p, text.len) != SIZE_MAX;
}

static void offer(struct kw_stream *s, struct kw_clean_line *line, bool soft)
{
	size_t len = line->text.len;

	if (soft || s->join_len) {
		if (len > JOIN_MAX - s->join_len)
			len = JOIN_MAX - s->join_len;
		if (!s->join_len)
			s->join_number = line->number;
		if (len)
			memcpy(s->join + s->join_len, line->text.p, len);
		s->join_len += len;
		if (soft && s->join_len < JOIN_MAX)
			return;
		line->text = kw_str_trim((struct kw_str){ s->join, s->join_len });
		line->number = s->join_number;
	}
	s->join_len = 0;
	line->worded = may_hold_message(s, line->text);
	kw_lanes_offer(s->lanes, line);
}

/* No more will come for what waits for the rest of its line. */
static void end_join(struct kw_stream *s)
{
	struct kw_clean_line empty = { .number = s->number };

	if (s->join_len)
		offer(s, &empty, false);
}

static void read_piece(struct kw_stream *s, struct kw_str raw, bool cut,
		       const struct kw_envelope *envelope)
{
	struct kw_clean_line line = { .number = s->number, .cut = cut, .who = envelope->who };
	bool soft;

	if (s->join_len && kw_mail_contradicts(raw))
		end_join(s);
	soft = kw_clean(raw, s->join_len > 0, s->scratch, &s->mail, &line);
	if (envelope->kernel && line.source == KW_SRC_UNKNOWN)
		line.source = KW_SRC_KERNEL;
	offer(s, &line, soft);
}

/* YAML and JSON put a whole log into one line, with its line ends as \n or \r\n. */
static void read_escaped(struct kw_stream *s, struct kw_str raw, bool cut,
			 const struct kw_envelope *envelope)
{
	static const struct kw_str escaped = KW_STR("\\n");

	while (memchr(raw.p, '\\', raw.len)) {
		size_t at = kw_str_find(raw, escaped);
		struct kw_str piece = raw;

		if (at == SIZE_MAX)
			break;
		piece.len = at;
		if (piece.len >= 2 && memcmp(piece.p + piece.len - 2, "\\r", 2) == 0)
			piece.len -= 2;
		read_piece(s, piece, cut, envelope);
		raw = kw_str_from(raw, at + escaped.len);
	}
	read_piece(s, raw, cut, envelope);
}

/* What stands in front of an envelope is the outermost that names the speaker. */
static void find_outside(struct kw_stream *s, struct kw_envelope *envelope)
{
	struct kw_clean_line line = { .who = s->file };
	struct kw_mail none = { 0 };

	if (!envelope->before.len)
		return;
	kw_clean(envelope->before, false, s->scratch, &none, &line);
	kw_speaker_inside(&line.who, &envelope->who);
	envelope->who = line.who;
}

static void read_text(struct kw_stream *s, struct kw_str raw, bool cut,
		      const struct kw_speaker *who, bool kernel)
{
	struct kw_envelope envelope = { .who = *who };
	struct kw_str rest;

	kw_envelope_open(raw, s->message, &envelope);
	envelope.kernel |= kernel;
	find_outside(s, &envelope);
	for (rest = envelope.text;;) {
		size_t end = kw_str_find(rest, KW_STR("\n"));
		bool last = end == SIZE_MAX || end + 1 == rest.len;

		read_escaped(s, (struct kw_str){ rest.p, end == SIZE_MAX ? rest.len : end }, cut,
			     &envelope);
		if (last)
			return;
		rest = kw_str_from(rest, end + 1);
	}
}

/* All that is known of who wrote the message is known now. */
static void end_entry(struct kw_stream *s)
{
	struct entry *e = &s->entry;
	uint64_t number = s->number;

	if (e->held) {
		e->held = false;
		s->number = e->number;
		read_text(s, (struct kw_str){ e->message, e->len }, false, &e->who, e->kernel);
		s->number = number;
	}
	e->within = e->kernel = false;
	e->left = 0;
	e->who = s->file;
}

static void hold(struct kw_stream *s, struct kw_str raw)
{
	struct entry *e = &s->entry;

	memcpy(e->message, raw.p, raw.len);
	e->len = raw.len;
	e->number = s->number;
	e->held = true;
}

/* A name of journald's that no register has. */
static bool is_field_name(struct kw_str key)
{
	if (!key.len || kw_str_eq(key, KW_STR("PRIORITY")))
		return key.len;
	for (size_t i = 0; i < key.len; i++) {
		if (!kw_is_word(key.p[i]) || (key.p[i] >= 'a' && key.p[i] <= 'z'))
			return false;
	}
	return memchr(key.p, '_', key.len);
}

/*
 * "_PID=4711": a field of journald's own begins with '_' and shows that this is its format. Returns
 * false if @raw is none.
 */
static bool take_field(struct entry *e, struct kw_str raw)
{
	size_t equals = kw_str_find(raw, KW_STR("="));
	struct kw_str key = { raw.p, equals };

	if (equals == SIZE_MAX || !is_field_name(key) || (!e->within && raw.p[0] != '_'))
		return false;
	e->within = true;
	kw_speaker_field(&e->who, key, kw_str_from(raw, equals + 1));
	e->kernel |= kw_str_eq(raw, KW_STR("_TRANSPORT=kernel"));
	return true;
}

/*
 * The message after "MESSAGE" alone begins with its length in 8 bytes, the upper 5 of which are zero
 * in practice. What follows in the line is in @raw.
 */
static bool take_size(struct entry *e, struct kw_str *raw)
{
	static const char zeros[5] = { 0 };
	const unsigned char *p = (const unsigned char *)raw->p;

	if (raw->len < 8 || memcmp(p + 3, zeros, sizeof(zeros)) != 0)
		return false;
	e->left = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
	*raw = kw_str_from(*raw, 8);
	return true;
}

/* A line of a message that may have several, until all its bytes were read. */
static void read_sized(struct kw_stream *s, struct kw_str raw, bool cut)
{
	struct entry *e = &s->entry;

	if (e->within && !cut && !e->held && e->left == raw.len)
		hold(s, raw);
	else
		read_text(s, raw, cut, &e->who, e->kernel);
	e->left -= e->left > raw.len ? raw.len + 1 : e->left;
}

/* The short way of a plain line, unless the lines before it say otherwise. */
static bool read_plain(struct kw_stream *s, struct kw_str raw, bool cut)
{
	struct kw_clean_line line = { .number = s->number, .cut = cut, .raw = raw, .who = s->file };

	if (s->sized || s->entry.left || s->join_len || s->mail.signs || !kw_clean_is_plain(raw))
		return false;
	line.text = kw_str_trim(raw);
	offer(s, &line, false);
	return true;
}

static void read_line(struct kw_stream *s, struct kw_str raw, bool cut)
{
	struct entry *e = &s->entry;

	if (read_plain(s, raw, cut))
		return;
	if (s->files && kw_speaker_header(raw, &s->file)) {
		end_entry(s);
		return;
	}
	if (e->left || (s->sized && take_size(e, &raw))) {
		s->sized = false;
		read_sized(s, raw, cut);
		return;
	}
	s->sized = kw_str_eq(raw, KW_STR("MESSAGE"));
	if (s->sized)
		return;
	if (e->within && !cut && !e->held && kw_str_starts(raw, KW_STR("MESSAGE="))) {
		hold(s, raw);
		return;
	}
	if (!raw.len)
		end_entry(s);
	else if (take_field(e, raw))
		return;
	read_text(s, raw, cut, &s->file, false);
}

/* A long line is cut at a blank, so that no number is split. */
static size_t piece_end(const char *p, size_t len)
{
	size_t end = len;

	while (end > len - len / 64 && !kw_is_space(p[end - 1]))
		end--;
	return kw_is_space(p[end - 1]) ? end : len;
}

static size_t line_start(const char *p, size_t from, size_t hit)
{
	size_t floor = hit - from > LINE_BEFORE ? hit - LINE_BEFORE : from;
	const char *newline = memrchr(p + floor, '\n', hit - floor);

	return newline ? (size_t)(newline - p) + 1 : floor;
}

/* Reads one line or piece at the start of @p; returns its length with the line end. */
static size_t region_line(struct kw_stream *s, const char *p, size_t len)
{
	size_t most = len < KW_LINE_MAX ? len : KW_LINE_MAX;
	const char *newline = memchr(p, '\n', most);
	size_t end = newline ? (size_t)(newline - p) : most;

	if (!newline && most < len)
		end = piece_end(p, most);
	find_message(s, (struct kw_str){ p, end }, len);
	read_line(s, (struct kw_str){ p, end }, !newline && most < len);
	if (!newline)
		return end;
	s->number++;
	return end + 1;
}

/* Where the last line of @len bytes begins. */
static size_t last_line(const char *p, size_t len)
{
	while (len && p[len - 1] != '\n')
		len--;
	return len;
}

/* The last file that tail named in what is searched and not read. */
static void find_file(struct kw_stream *s, struct kw_str text)
{
	size_t start, end = last_line(text.p, text.len);

	for (; end; end = start) {
		start = last_line(text.p, end - 1);
		if (kw_speaker_header((struct kw_str){ text.p + start, end - 1 - start }, &s->file))
			return;
	}
}

static void skip(struct kw_stream *s, const char *p, size_t len)
{
	size_t keep;

	if (s->files)
		find_file(s, (struct kw_str){ p, len });
	s->number += kw_count_newlines(p, len);
	if (len > SKIPPED_MAX) {
		p += len - SKIPPED_MAX;
		len = SKIPPED_MAX;
	}
	keep = s->skipped_len < SKIPPED_MAX - len ? s->skipped_len : SKIPPED_MAX - len;
	memmove(s->skipped, s->skipped + s->skipped_len - keep, keep);
	memcpy(s->skipped + keep, p, len);
	s->skipped_len = keep + len;
}

/* Those of the entry whose message was found, in the first @len bytes of what was skipped. */
static void recall_fields(struct kw_stream *s, size_t len)
{
	struct kw_str rest = { s->skipped, len };

	end_entry(s);
	while (rest.len) {
		size_t end = kw_str_find(rest, KW_STR("\n"));
		struct kw_str line = { rest.p, end == SIZE_MAX ? rest.len : end };

		if (!line.len)
			end_entry(s);
		else
			take_field(&s->entry, line);
		rest = kw_str_from(rest, line.len + 1);
	}
}

/*
 * Reads the last few lines that were skipped: a headline that a mailer broke or garbled is not
 * found by its words. They come from the stream's own buffer, so the answer does not depend on how
 * the stream was split into pieces.
 */
static void look_back(struct kw_stream *s)
{
	size_t start = s->skipped_len;
	uint64_t lines = 0;

	while (lines < SKIPPED_LINES && start) {
		const char *newline = memrchr(s->skipped, '\n', start - 1);

		if (!newline && s->skipped_len == SKIPPED_MAX)
			break; /* the beginning of this line is lost */
		start = newline ? (size_t)(newline - s->skipped) + 1 : 0;
		lines++;
		if (!start)
			break;
	}
	recall_fields(s, start);
	if (s->skipped_len && s->skipped[s->skipped_len - 1] == '\n') {
		s->number -= lines;
		while (start < s->skipped_len)
			start += region_line(s, s->skipped + start, s->skipped_len - start);
	}
	s->skipped_len = 0;
}

/* tail names a file first of all, so nothing that a guest prints later looks like it. */
static bool begins_with_file(struct kw_stream *s, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);

	return end && kw_speaker_header((struct kw_str){ p, (size_t)(end - p) }, &s->file);
}

/* Whole lines, or a piece of a line that is too long. */
static void consume(struct kw_stream *s, const char *p, size_t len)
{
	size_t at = 0;

	if (s->number == 1)
		s->files = begins_with_file(s, p, len);
	s->message_at = NULL;
	while (at < len) {
		if (!s->region) {
			size_t hit = kw_find(&s->finder, p + at, len - at), start;

			if (hit == SIZE_MAX) {
				skip(s, p + at, len - at);
				return;
			}
			start = line_start(p, at, at + hit);
			skip(s, p + at, start - at);
			look_back(s);
			s->message_at = NULL;
			at = start;
			s->region = true;
		}
		at += region_line(s, p + at, len - at);
		if (kw_lanes_idle(s->lanes) && !s->join_len && !s->entry.held)
			s->region = false;
	}
}

/* Adds to the line begun earlier; returns the number of bytes it took. */
static size_t carry_on(struct kw_stream *s, const char *p, size_t len)
{
	size_t room = sizeof(s->carry) - s->carry_len;
	size_t most = len < room ? len : room;
	const char *newline = memchr(p, '\n', most);
	size_t take = newline ? (size_t)(newline - p) + 1 : most;

	memcpy(s->carry + s->carry_len, p, take);
	s->carry_len += take;
	if (newline) {
		consume(s, s->carry, s->carry_len);
		s->carry_len = 0;
	} else if (s->carry_len == sizeof(s->carry)) {
		size_t end = piece_end(s->carry, s->carry_len);

		consume(s, s->carry, end);
		s->carry_len -= end;
		memmove(s->carry, s->carry + end, s->carry_len);
	}
	return take;
}

static void feed(struct kw_stream *s, const char *data, size_t len)
{
	while (len) {
		const char *newline;
		size_t take;

		if (s->carry_len) {
			take = carry_on(s, data, len);
		} else {
			newline = memrchr(data, '\n', len);
			take = newline ? (size_t)(newline - data) + 1 : 0;
			if (!take && len >= sizeof(s->carry))
				take = piece_end(data, len);
			if (take)
				consume(s, data, take);
			else
				take = carry_on(s, data, len);
		}
		data += take;
		len -= take;
	}
}

int kw_stream_feed(struct kw_stream *s, const char *data, size_t len)
{
	char text[4096];
	size_t count = 0;

	for (; len && !kw_utf16_passes(&s->utf16, (unsigned char)data[0]); data++, len--) {
		count += kw_utf16_byte(&s->utf16, (unsigned char)data[0], text + count);
		if (count > sizeof(text) - KW_UTF16_ROOM) {
			feed(s, text, count);
			count = 0;
		}
	}
	feed(s, text, count);
	feed(s, data, len);
	return 0;
}

void kw_stream_finish(struct kw_stream *s)
{
	char rest[KW_UTF16_ROOM];

	feed(s, rest, kw_utf16_end(&s->utf16, rest));
	consume(s, s->carry, s->carry_len);
	end_entry(s);
	end_join(s);
	kw_lanes_finish(s->lanes);
	s->carry_len = 0;
	s->skipped_len = 0;
	s->number = 1;
	s->region = false;
	s->mail = (struct kw_mail){ 0 };
	s->sized = s->files = false;
	s->file = s->entry.who = (struct kw_speaker){ 0 };
}

int kw_stream_create(kw_failure_fn fn, void *arg, struct kw_stream **ret)
{
	struct kw_stream *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = kw_lanes_create(fn, arg, &s->lanes);
	if (err < 0) {
		free(s);
		return err;
	}
	s->finder = kw_parser_words;
	kw_find_use_best(&s->finder);
	s->messages = kw_message_words;
	kw_find_use_best(&s->messages);
	s->number = 1;
	*ret = s;
	return 0;
}

void kw_stream_destroy(struct kw_stream *s)
{
	if (!s)
		return;
	kw_lanes_destroy(s->lanes);
	free(s);
}
