// SPDX-License-Identifier: MIT
/* Texts to what is said of them, and the comparison. */
#include "answers.h"

static void put(struct kw_buf *buf, const char *name, struct kw_str text)
{
	kw_buf_add(buf, kw_str(name));
	kw_buf_char(buf, ' ');
	kw_buf_add(buf, text);
	kw_buf_char(buf, '\n');
}

static void put_facts(struct kw_buf *buf, const struct kw_failure *f)
{
	for (size_t i = 0; i < KW_NFACTS; i++) {
		if (kw_known(f, (enum kw_fact)i) && i != KW_F_watch_number)
			kw_buf_printf(buf, "%s %u 0x%llx\n", kw_facts[i].name, f->origin[i].how,
				      (unsigned long long)f->fact[i]);
	}
	for (size_t i = 0; i < KW_MAX_EXTRA; i++) {
		if (f->extra_known >> i & 1)
			kw_buf_printf(buf, "extra %zu 0x%llx\n", i,
				      (unsigned long long)f->extra[i]);
	}
	for (size_t i = 0; i < f->code.len; i++)
		kw_buf_printf(buf, "%s%02x", (int)i == f->code.marked ? " >" : " ",
			      f->code.bytes[i]);
	for (size_t i = 0; i < f->nmsr; i++)
		kw_buf_printf(buf, "message %x %u %llx %u times\n", f->msr[i].index, f->msr[i].verb,
			      (unsigned long long)f->msr[i].value, f->msr[i].count);
}

static void put_case(struct kw_buf *buf, const struct kw_case *c)
{
	put(buf, "class", kw_str(kw_class_name(c->f->class)));
	put(buf, "arch", kw_str(kw_arch_name(c->f->arch)));
	put(buf, "headline", c->headline);
	put(buf, "said", c->said);
	put(buf, "fingerprint", c->fingerprint);
	put(buf, "errno", c->f->text[KW_T_ERRNO]);
	put(buf, "vmm", c->f->text[KW_T_VMM]);
	for (size_t i = 0; i < c->nfindings; i++) {
		put(buf, kw_certainty_name(c->finding[i].certainty), kw_str(c->finding[i].id));
		put(buf, "title", c->finding[i].title);
		put(buf, "why", c->finding[i].why);
	}
	kw_buf_printf(buf, "msr %d %d 0x%x 0x%llx\n", c->has_msr, c->msr_write, c->msr_index,
		      (unsigned long long)c->msr_value);
	kw_buf_printf(buf, "code %d mode %d\n", c->code, c->mode);
	put_facts(buf, c->f);
}

static void on_failure(void *arg, struct kw_failure *f)
{
	static struct kw_case c;
	struct answers *a = arg;

	if (a->count++ >= MAX_ANSWERS)
		return;
	kw_explain(f, &a->context, &c);
	put_case(&a->text[a->count - 1], &c);
}

void answers_read(struct answers *a, const char *text, size_t len)
{
	struct kw_stream *s;

	for (size_t i = 0; i < MAX_ANSWERS; i++)
		kw_buf_reset(&a->text[i]);
	a->count = 0;
	PROMISE(kw_stream_create(on_failure, a, &s) == 0);
	kw_stream_feed(s, text, len);
	kw_stream_finish(s);
	kw_stream_destroy(s);
}

void answers_free(struct answers *a)
{
	for (size_t i = 0; i < MAX_ANSWERS; i++)
		kw_buf_deinit(&a->text[i]);
}

static size_t kept(const struct answers *a)
{
	return a->count < MAX_ANSWERS ? a->count : MAX_ANSWERS;
}

static struct kw_str text_of(const struct kw_buf *buf)
{
	return (struct kw_str){ buf->p, buf->len };
}

const struct kw_buf *answers_missing(const struct answers *a, const struct answers *b)
{
	bool taken[MAX_ANSWERS] = { false };

	for (size_t i = 0; i < kept(a); i++) {
		size_t at = 0;

		while (at < kept(b) &&
		       (taken[at] || !kw_str_eq(text_of(&a->text[i]), text_of(&b->text[at]))))
			at++;
		if (at == kept(b))
			return b->count > MAX_ANSWERS ? NULL : &a->text[i];
		taken[at] = true;
	}
	return NULL;
}

struct kw_str answers_difference(const struct kw_buf *missing, const struct answers *b)
{
	struct kw_str rest = text_of(missing);

	while (rest.len) {
		size_t end = kw_str_find(rest, KW_STR("\n")), i = 0;
		struct kw_str line = { rest.p, end == SIZE_MAX ? rest.len : end };

		while (i < kept(b) && !kw_str_has(text_of(&b->text[i]), line))
			i++;
		if (i == kept(b))
			return line;
		rest = kw_str_from(rest, line.len + 1);
	}
	return KW_STR("(which findings and facts stand together)");
}
