// SPDX-License-Identifier: MIT
/*
 * Takes a line out of what a shipper or logger wrapped it in: one JSON object a line (docker
 * json-file, journalctl -o json, virt-launcher), and the key="value" form of Go programs (logrus),
 * possibly nested.
 */
#include "base/json_scan.h"
#include "parse/parse.h"

enum { NESTED_MOST = 3, PREFIX_MOST = 256 };

struct content {
	struct kw_str message; /* as it is in the object, .p NULL if there is none */
	struct kw_str cause;   /* what loggers put beside it */
	unsigned int depth;
	bool kernel, launcher;
	struct kw_str name;
	struct kw_speaker who;
};

/* docker, crosvm's and Go's loggers, journald, Loki, Google's agents */
static bool is_message_key(struct kw_str key)
{
	static const struct kw_str names[] = {
		KW_STR("log"),	   KW_STR("msg"),  KW_STR("message"),
		KW_STR("MESSAGE"), KW_STR("line"), KW_STR("textPayload"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (kw_str_eq(key, names[i]))
			return true;
	}
	return false;
}

static bool is_cause_key(struct kw_str key)
{
	return kw_str_eq(key, KW_STR("error")) || kw_str_eq(key, KW_STR("err")) ||
	       kw_str_eq(key, KW_STR("reason"));
}

static void take_member(void *arg, unsigned int depth, struct kw_str key, struct kw_str value)
{
	struct content *content = arg;
	struct kw_str word = value;

	if (value.p[0] == '"')
		word = (struct kw_str){ value.p + 1, value.len - 2 };
	if (value.p[0] != '[')
		kw_speaker_field(&content->who, key, word);
	if (kw_str_eq(key, KW_STR("name")))
		content->name = word;
	content->launcher |= kw_str_eq(key, KW_STR("component"));
	if (value.p[0] != '"' && value.p[0] != '[')
		return;
	if (is_message_key(key) && (!content->message.p || depth < content->depth)) {
		content->message = value;
		content->depth = depth;
	} else if (is_cause_key(key) && value.p[0] == '"' && depth == 1) {
		content->cause = value;
	} else if (kw_str_eq(key, KW_STR("_TRANSPORT"))) {
		content->kernel = kw_str_eq(value, KW_STR("\"kernel\""));
	}
}

/* An object that ends the line; in a list each is followed by a comma or bracket. */
static bool open_json(struct kw_str raw, char *room, struct kw_envelope *ret)
{
	struct content content = { 0 };
	struct kw_str s = { raw.p, raw.len < PREFIX_MOST ? raw.len : PREFIX_MOST };
	size_t at = kw_str_find(s, KW_STR("{")), len;

	if (at == SIZE_MAX || kw_str_has((struct kw_str){ raw.p, at }, KW_STR("kvmwhy watch: ")))
		return false; /* what a recording quotes is not its envelope */
	s = kw_str_from(raw, at);
	len = kw_json_scan(s, take_member, &content);
	if (!len || !content.message.p)
		return false;
	for (s = kw_str_trim(kw_str_from(s, len)); s.len; s = kw_str_from(s, 1)) {
		if (s.p[0] == '\x1b') /* a colour ends */
			break;
		if (s.p[0] != ',' && s.p[0] != ']' && s.p[0] != ';')
			return false;
	}
	if (!ret->before.p)
		ret->before = (struct kw_str){ raw.p, at };
	ret->text.p = room;
	ret->text.len = content.message.p[0] == '"' ? kw_json_unescape(content.message, room) :
						      kw_json_bytes(content.message, room);
	/* @room may be where the object stands: then what came before its message is overwritten */
	if (content.cause.p && (raw.p != room || content.cause.p > content.message.p)) {
		memcpy(room + ret->text.len, ": ", 2);
		ret->text.len += 2;
		ret->text.len += kw_json_unescape(content.cause, room + ret->text.len);
	}
	ret->kernel |= content.kernel;
	if (content.launcher && content.name.len) /* KubeVirt names the guest */
		kw_speaker_field(&content.who, KW_STR("pod_name"), content.name);
	kw_speaker_inside(&ret->who, &content.who);
	return true;
}

/* The length of a string with Go's escapes, quotes included; 0 if it does not end. */
static size_t go_string(struct kw_str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* Go's %q, except that loggers leave characters beyond ASCII as they are. */
static size_t go_unquote(struct kw_str value, char *room)
{
	size_t len = 0;
	uint64_t byte;

	for (size_t i = 1; i + 1 < value.len; i++) {
		char c = value.p[i];

		if (c != '\\') {
			room[len++] = c;
			continue;
		}
		c = value.p[++i];
		if (c == 'x' && i + 3 < value.len &&
		    kw_str_hex((struct kw_str){ value.p + i + 1, 2 }, &byte) == 2) {
			room[len++] = (char)byte;
			i += 2;
			continue;
		}
		room[len++] = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
	}
	return len;
}

/* What follows the message: name=shim pid=25 sandbox=ab12 */
static void take_logger_fields(struct kw_str s, struct kw_speaker *who)
{
	struct kw_speaker inner = { 0 };

	while (s.len) {
		size_t equals = kw_str_find(s, KW_STR("=")), end = kw_str_find(s, KW_STR(" "));
		struct kw_str key = { s.p, equals }, value = kw_str_from(s, equals + 1);

		if (end == SIZE_MAX)
			end = s.len;
		if (equals < end) {
			value.len = end - equals - 1;
			if (kw_str_eq(key, KW_STR("pid")))
				key = KW_STR("_PID");
			else if (kw_str_eq(key, KW_STR("name")))
				key = KW_STR("SYSLOG_IDENTIFIER");
			kw_speaker_field(&inner, key, value);
		}
		s = kw_str_from(s, end + 1);
	}
	kw_speaker_inside(who, &inner);
}

/* time="..." level=error msg="..." name=shim pid=25 */
static bool open_logger(struct kw_str raw, char *room, struct kw_envelope *ret)
{
	struct kw_str before = KW_STR(" msg=");
	size_t at = kw_str_find(raw, before), len;
	struct kw_str value;

	if (at == SIZE_MAX || at > PREFIX_MOST ||
	    !kw_str_has((struct kw_str){ raw.p, at }, KW_STR("level=")))
		return false;
	value = kw_str_from(raw, at + before.len);
	len = value.len && value.p[0] == '"' ? go_string(value) : 0;
	if (!len)
		return false;
	take_logger_fields(kw_str_from(value, len), &ret->who);
	if (!ret->before.p)
		ret->before = (struct kw_str){ raw.p, at };
	value.len = len;
	ret->text = (struct kw_str){ room, go_unquote(value, room) };
	return true;
}

bool kw_envelope_open(struct kw_str raw, char *room, struct kw_envelope *ret)
{
	bool opened = false;

	*ret = (struct kw_envelope){ .text = raw, .who = ret->who };
	for (int i = 0; i < NESTED_MOST && memchr(ret->text.p, '"', ret->text.len); i++) {
		if (!open_json(ret->text, room, ret) && !open_logger(ret->text, room, ret))
			break;
		opened = true;
	}
	return opened;
}
