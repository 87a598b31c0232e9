// SPDX-License-Identifier: MIT
/*
 * Logs in; each is written as shippers, loggers, containers and trackers write it, and must get the
 * same answer as the bare text.
 */
#include "answers.h"

#include "base/escape.h"

#include <errno.h>

enum { LOG_MAX = 1 << 20 };

/* A line, or all of a log where .whole is set. */
struct transport {
	const char *name;
	void (*write)(struct kw_buf *buf, struct kw_str line);
	bool whole;
	bool prefix; /* puts something in front of each line */
};

static void add(struct kw_buf *buf, const char *text)
{
	kw_buf_add(buf, kw_str(text));
}

static void json_text(struct kw_buf *buf, struct kw_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c == '"' || c == '\\')
			kw_buf_printf(buf, "\\%c", c);
		else if (c < 0x20 || c == '<' || c == '>' || c == '&')
			kw_buf_printf(buf, "\\u%04x", c);
		else
			kw_buf_char(buf, (char)c);
	}
}

static void as_docker(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "{\"log\":\"");
	json_text(buf, line);
	add(buf, "\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-04T05:06:07.089Z\"}\n");
}

static void as_virt_launcher(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "{\"component\":\"virt-launcher\",\"kind\":\"\",\"level\":\"info\",\"msg\":\"");
	json_text(buf, line);
	add(buf,
	    "\",\"name\":\"vm1\",\"pos\":\"log.go:42\",\"uid\":\"0b2c\",\"timestamp\":\"2026-03-04T05:06:07.089Z\"}\n");
}

static void as_journal(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "{\"__CURSOR\":\"s=1;i=2\",\"_PID\":\"4711\",\"MESSAGE\":\"");
	json_text(buf, line);
	add(buf, "\",\"_BOOT_ID\":\"77\",\"PRIORITY\":\"6\"}\n");
}

static void as_journal_bytes(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "{\"_PID\":\"4711\",\"MESSAGE\":[");
	for (size_t i = 0; i < line.len; i++)
		kw_buf_printf(buf, "%s%u", i ? "," : "", (unsigned char)line.p[i]);
	add(buf, "],\"PRIORITY\":\"6\"}\n");
}

static void as_export(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "_PID=4711\nMESSAGE=");
	kw_buf_add(buf, line);
	add(buf, "\n\n");
}

static void as_export_bytes(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "MESSAGE\n");
	for (size_t i = 0; i < 8; i++)
		kw_buf_char(buf, (char)(i < 3 ? line.len >> 8 * i & 0xff : 0));
	kw_buf_add(buf, line);
	add(buf, "\n\n");
}

static void as_logrus(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "time=\"2026-03-04T05:06:07Z\" level=warning msg=\"");
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c == '"' || c == '\\')
			kw_buf_printf(buf, "\\%c", c);
		else if (c == '\t')
			add(buf, "\\t");
		else if (c < 0x20)
			kw_buf_printf(buf, "\\x%02x", c);
		else
			kw_buf_char(buf, (char)c);
	}
	add(buf, "\" name=shim pid=31 sandbox=ab12\n");
}

static void as_cri_docker(struct kw_buf *buf, struct kw_str line)
{
	add(buf, "2026-03-04T05:06:07.089123456Z stderr F ");
	as_docker(buf, line);
}

static void put_line(struct kw_buf *buf, const char *before, struct kw_str line, const char *after)
{
	add(buf, before);
	kw_buf_add(buf, line);
	add(buf, after);
}

static void as_cri(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "2026-03-04T05:06:07.089123456Z stderr F ", line, "\n");
}

static void as_dated(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "2026-03-04T05:06:07.089123456Z ", line, "\n");
}

static void as_syslog(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "<30>1 2026-03-04T05:06:07.089Z host1 vm7 4711 - [a@1 b=\"c\\]\"][d@2] ",
		 line, "\n");
}

static void as_bracket_dots(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "[...] ", line, "\n");
}

static void as_bracket_ellipsis(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "[\xe2\x80\xa6] ", line, "\n");
}

static void as_indented(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "      ", line, "\r\n");
}

static void as_colored(struct kw_buf *buf, struct kw_str line)
{
	put_line(buf, "\033[1;31m", line, "\033[0m\n");
}

static void as_html(struct kw_buf *buf, struct kw_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == '<' || line.p[i] == '>')
			add(buf, line.p[i] == '<' ? "&lt;" : "&gt;");
		else
			kw_buf_char(buf, line.p[i]);
	}
	kw_buf_char(buf, '\n');
}

static void unit(struct kw_buf *buf, uint32_t c, bool big)
{
	kw_buf_char(buf, (char)(big ? c >> 8 : c & 0xff));
	kw_buf_char(buf, (char)(big ? c & 0xff : c >> 8));
}

static void as_utf16(struct kw_buf *buf, struct kw_str text, bool big)
{
	unit(buf, 0xfeff, big);
	while (text.len) {
		uint32_t c = 0xfffd;
		size_t len = kw_utf8_next(text, &c);

		if (len && c >= 0x10000) {
			unit(buf, 0xd800 + ((c - 0x10000) >> 10), big);
			unit(buf, 0xdc00 + ((c - 0x10000) & 0x3ff), big);
		} else {
			unit(buf, len ? c : 0xfffd, big);
		}
		text = kw_str_from(text, len ? len : 1);
	}
}

static void as_utf16_little(struct kw_buf *buf, struct kw_str text)
{
	as_utf16(buf, text, false);
}

static void as_utf16_big(struct kw_buf *buf, struct kw_str text)
{
	as_utf16(buf, text, true);
}

static const struct transport transports[] = {
	{ "docker json-file", as_docker, false, false },
	{ "virt-launcher", as_virt_launcher, false, false },
	{ "journalctl -o json", as_journal, false, false },
	{ "journalctl -o json, bytes", as_journal_bytes, false, false },
	{ "journalctl -o export", as_export, false, true },
	{ "journalctl -o export, bytes", as_export_bytes, false, true },
	{ "logrus", as_logrus, false, false },
	{ "docker json-file in CRI", as_cri_docker, false, false },
	{ "CRI", as_cri, false, true },
	{ "docker logs -t", as_dated, false, true },
	{ "RFC 5424", as_syslog, false, true },
	{ "[...]", as_bracket_dots, false, true },
	{ "[\xe2\x80\xa6]", as_bracket_ellipsis, false, true },
	{ "indented", as_indented, false, true },
	{ "colours", as_colored, false, true },
	{ "HTML", as_html, false, false },
	{ "UTF-16LE", as_utf16_little, true, false },
	{ "UTF-16BE", as_utf16_big, true, false },
};

static void write_log(struct kw_buf *buf, const struct transport *t, struct kw_str text)
{
	while (text.len && !t->whole) {
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str line = { text.p, end == SIZE_MAX ? text.len : end };

		text = kw_str_from(text, line.len + 1);
		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		t->write(buf, line);
	}
	if (t->whole)
		t->write(buf, text);
	PROMISE(!buf->failed);
}

static bool check_transport(const char *path, const struct transport *t, struct kw_str text,
			    const struct answers *bare)
{
	static struct answers wrapped;
	static struct kw_buf buf;
	const struct kw_buf *missing;
	struct kw_str difference;

	if (t->prefix && (kw_str_has(text, KW_STR("=3D")) || strstr(path, "_wrapped")))
		return true; /* lines that a mail broke have nothing in front */
	kw_buf_reset(&buf);
	write_log(&buf, t, text);
	wrapped.context = bare->context;
	answers_read(&wrapped, buf.p, buf.len);
	missing = answers_missing(bare, &wrapped);
	if (!missing && wrapped.count == bare->count)
		return true;
	difference = missing ? answers_difference(missing, &wrapped) :
			       KW_STR("nothing, but more is said");
	printf("%s: %s loses: %.*s\n", path, t->name, (int)difference.len, difference.p);
	return false;
}

static bool check(const char *path)
{
	static char text[LOG_MAX];
	static struct answers bare;
	FILE *file = fopen(path, "rb");
	bool good = true;
	size_t len;

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return false;
	}
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	bare.context.all = true;
	answers_read(&bare, text, len);
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		good &= check_transport(path, &transports[i], (struct kw_str){ text, len }, &bare);
	return good;
}

int main(int argc, char **argv)
{
	int wrong = 0;

	for (int i = 1; i < argc; i++)
		wrong += !check(argv[i]);
	printf("%d logs, %d with an answer that the transport changes\n", argc - 1, wrong);
	return wrong ? 1 : 0;
}
