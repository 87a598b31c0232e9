// SPDX-License-Identifier: MIT
/*
 * What `kvmwhy watch` writes around a failure (lib/write/watch.c, docs/watch.md): its first and
 * last line, and between them who failed, the last VM exit and the words of struct kvmwhy_data. The
 * lines in QEMU's form and from the kernel's log, also there, are read by their own parsers.
 */
#include "parse/parse.h"

#include "base/utc.h"

#include <uapi/kvmwhy-event.h>

static const struct kw_str mark = KW_STR("kvmwhy watch: ");

_Static_assert(KW_WATCH_WORDS == KVMWHY_NDATA, "all words are kept");

/*
 * Advances @s past @words and the number after them; false, with @s unchanged, if they are absent.
 */
static bool decimal(struct kw_str *s, struct kw_str words, uint64_t *ret)
{
	size_t at = kw_str_find(*s, words), len;

	if (at == SIZE_MAX)
		return false;
	len = kw_str_dec(kw_str_from(*s, at + words.len), ret);
	if (len)
		*s = kw_str_from(*s, at + words.len + len);
	return len;
}

/* Texts */

/* "\x5c" is a byte; the writer emits no other backslash. */
static size_t byte_of(struct kw_str s, char *ret)
{
	int high, low;

	*ret = s.p[0];
	if (s.len < 4 || s.p[0] != '\\' || s.p[1] != 'x')
		return 1;
	high = kw_hex_digit(s.p[2]);
	low = kw_hex_digit(s.p[3]);
	if (high < 0 || low < 0)
		return 1;
	*ret = (char)(high << 4 | low);
	return 4;
}

/* A quoted name, unescaped; if the line was cut, as much as there is. */
static struct kw_str quoted(struct kw_failure *f, struct kw_str s)
{
	size_t open = kw_str_find(s, KW_STR("\"")), len = 0;
	char *name;

	if (open == SIZE_MAX)
		return KW_STR("");
	s = kw_str_from(s, open + 1);
	name = kw_arena_alloc(f->arena, s.len + 1);
	if (!name)
		return KW_STR("");
	while (s.len && s.p[0] != '"')
		s = kw_str_from(s, byte_of(s, &name[len++]));
	name[len] = '\0';
	return (struct kw_str){ name, len };
}

static void take_text(struct kw_failure *f, const struct kw_clean_line *line, enum kw_text text,
		      struct kw_str s)
{
	kw_gather_line(f, line);
	if (!f->text[text].len)
		f->text[text] = quoted(f, s);
}

/* The first line: "failure 3 begins at 2026-11-29T06:25:25.123456Z, seen by bpf" */

static void take_source(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	static const struct {
		struct kw_str words;
		uint8_t source;
	} sources[] = {
		{ KW_STR("seen by bpf-kprobe"), KVMWHY_SOURCE_BPF_KPROBE },
		{ KW_STR("seen by bpf-tracepoint"), KVMWHY_SOURCE_BPF_TRACEPOINT },
		{ KW_STR("seen by bpf"), KVMWHY_SOURCE_BPF },
		{ KW_STR("seen by tracefs"), KVMWHY_SOURCE_TRACEFS },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!kw_str_has(s, sources[i].words))
			continue;
		kw_gather_fact(f, line, KW_F_watch_source, sources[i].source);
		return;
	}
}

static void take_begin(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_failure *f = kw_gather_begin(g, line);
	size_t at = kw_str_find(s, KW_STR(" at "));
	uint64_t number, time;

	f->arch = KW_ARCH_X86;
	if (kw_str_dec(kw_str_from(s, 8), &number))
		kw_gather_fact(f, line, KW_F_watch_number, number);
	if (at != SIZE_MAX && kw_utc_read(kw_str_from(s, at + 4), &time))
		kw_gather_fact(f, line, KW_F_watch_time, time);
	take_source(f, line, s);
}

/* The last line: "failure 3 ends". That of another failure says nothing about this one. */
static void take_end(struct kw_gather *g, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_failure *f = kw_gather_watched(g);
	uint64_t number;
	bool numbered = kw_str_dec(kw_str_from(s, 8), &number) > 0;

	if (!f || numbered != kw_has(f, watch_number) || (numbered && f->watch_number != number))
		return;
	kw_gather_line(f, line);
	f->watch.ended = true;
	kw_gather_end(g);
}

/* Between them */

static void take_host(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_str rest;
	size_t len = 0;

	kw_gather_line(f, line);
	if (kw_str_skip(s, KW_STR("kernel "), &rest)) {
		while (len < rest.len && rest.p[len] != ',' && !kw_is_space(rest.p[len]))
			len++;
		if (!f->text[KW_T_HOST_KERNEL].len)
			f->text[KW_T_HOST_KERNEL] =
				kw_arena_copy(f->arena, (struct kw_str){ rest.p, len });
		s = kw_str_trim(kw_str_from(rest, len + 1));
	}
	if (kw_str_eq(s, KW_STR("SVM")))
		kw_gather_fact(f, line, KW_F_watch_vmx, 0);
	else if (kw_str_eq(s, KW_STR("VMX")))
		kw_gather_fact(f, line, KW_F_watch_vmx, 1);
}

static void take_number(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str *s,
			struct kw_str words, enum kw_fact fact)
{
	uint64_t value;

	if (decimal(s, words, &value) && !kw_known(f, fact))
		kw_gather_fact(f, line, fact, value);
}

static void take_who(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	take_number(f, line, &s, KW_STR("pid "), KW_F_pid);
	take_number(f, line, &s, KW_STR("tid "), KW_F_tid);
	take_number(f, line, &s, KW_STR("vCPU "), KW_F_vcpu);
	take_number(f, line, &s, KW_STR("host CPU "), KW_F_cpu);
}

static bool is_who(struct kw_str s)
{
	return kw_str_starts(s, KW_STR("pid ")) || kw_str_starts(s, KW_STR("tid ")) ||
	       kw_str_starts(s, KW_STR("vCPU ")) || kw_str_starts(s, KW_STR("host CPU "));
}

static void take_hex(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s,
		     struct kw_str words, enum kw_fact fact)
{
	size_t at = kw_str_find(s, words);
	uint64_t value;

	if (at != SIZE_MAX && kw_str_hex(kw_str_from(s, at + words.len), &value) &&
	    !kw_known(f, fact))
		kw_gather_fact(f, line, fact, value);
}

static void take_exit(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	take_hex(f, line, s, KW_STR("last VM exit "), KW_F_last_exit);
	take_hex(f, line, s, KW_STR(" info1 "), KW_F_last_exit_info1);
	take_hex(f, line, s, KW_STR(" info2 "), KW_F_last_exit_info2);
	take_hex(f, line, s, KW_STR(" intr_info "), KW_F_last_exit_intr_info);
	take_hex(f, line, s, KW_STR(" error_code "), KW_F_last_exit_error_code);
}

/* "data[3] 0x0000000007213cc9 0xffffffff96070964": words from that index on. */
static void take_data(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_watch *w = &f->watch;
	uint64_t index, value;
	size_t len = kw_str_dec(s, &index);

	if (!len || !kw_str_skip(kw_str_from(s, len), KW_STR("]"), &s))
		return;
	for (; index < KW_WATCH_WORDS && kw_str_starts(s, KW_STR(" 0x")); index++) {
		len = kw_str_hex(kw_str_from(s, 1), &value);
		s = kw_str_from(s, 1 + len);
		if (len != 18 || (s.len && s.p[0] != ' ') || w->word_known >> index & 1)
			return; /* torn, or from another record */
		w->word[index] = value;
		w->word_known |= (uint16_t)(1u << index);
		w->word_line[index] = kw_gather_line(f, line);
	}
}

static void take_flag(struct kw_failure *f, const struct kw_clean_line *line, enum kw_fact fact)
{
	kw_gather_fact(f, line, fact, 1);
}

static void take_detail(struct kw_failure *f, const struct kw_clean_line *line, struct kw_str s)
{
	struct kw_str rest;

	if (is_who(s))
		take_who(f, line, s);
	else if (kw_str_skip(s, KW_STR("host "), &rest))
		take_host(f, line, rest);
	else if (kw_str_skip(s, KW_STR("thread "), &rest))
		take_text(f, line, KW_T_THREAD, rest);
	else if (kw_str_skip(s, KW_STR("guest "), &rest))
		take_text(f, line, KW_T_GUEST, rest);
	else if (kw_str_starts(s, KW_STR("last VM exit ")) || kw_str_starts(s, KW_STR("its ")))
		take_exit(f, line, s);
	else if (kw_str_skip(s, KW_STR("data["), &rest))
		take_data(f, line, rest);
	else if (kw_str_starts(s, KW_STR("redacted")))
		take_flag(f, line, KW_F_watch_redacted);
	else if (kw_str_starts(s, KW_STR("encrypted")))
		take_flag(f, line, KW_F_watch_protected);
	else if (kw_str_starts(s, KW_STR("harmless")))
		take_flag(f, line, KW_F_watch_harmless);
	else
		kw_gather_line(f, line); /* words for human readers */
}

static enum kw_took watch_line(struct kw_gather *g, const struct kw_clean_line *line)
{
	struct kw_failure *f;
	struct kw_str s;

	if (!kw_str_skip(line->text, mark, &s))
		return KW_TOOK_NOTHING;
	if (kw_str_starts(s, KW_STR("failure ")) && kw_str_has(s, KW_STR("begins"))) {
		take_begin(g, line, s);
		return KW_TOOK_LINE;
	}
	if (kw_str_starts(s, KW_STR("failure ")) && kw_str_has(s, KW_STR("ends"))) {
		take_end(g, line, s);
		return KW_TOOK_LINE;
	}
	f = kw_gather_watched(g);
	if (f)
		take_detail(f, line, s);
	return KW_TOOK_LINE;
}

static const struct kw_str needles[] = { KW_STR("kvmwhy watch: "), { 0 } };

const struct kw_parser kw_parser_watch = { .name = "watch", .words = needles, .line = watch_line };
