// SPDX-License-Identifier: MIT
/*
 * Gives each word its window and bucket, by a sample of the text that will be searched. What passes
 * by accident is what costs, so the sample's own windows are counted: the independent frequencies
 * of its bytes say little, since "systemd" or "qemu" are anything but rare. Runs where words are
 * compiled, never in the library.
 */
#include "base/find_rank.h"

#include <errno.h>
#include <stdlib.h>

enum {
	WINDOW = KW_FIND_WINDOW,
	BUCKETS = KW_FIND_BUCKETS,
	ROUNDS = 2,
	COMPARED = 4, /* a whole window in the text costs a comparison of words on top */
};

_Static_assert(WINDOW <= sizeof(uint64_t), "a window is a number here");

#define NIBBLES UINT64_C(0x1111111111111111) /* the lowest bit of each half of a byte */

/* The distinct windows of the sample. */
struct sample {
	size_t n;
	uint64_t *window;
	uint64_t *missing[BUCKETS]; /* the halves of its bytes that the bucket does not let pass */
	uint32_t *count;
};

/* @len bytes of a window as a number; what a word is too short for is not in .mask. */
struct window {
	uint64_t bytes, mask;
};

static struct window window_at(const char *p, size_t len)
{
	struct window ret = { 0 };

	for (size_t k = 0; k < WINDOW && k < len; k++) {
		ret.bytes |= (uint64_t)(uint8_t)p[k] << 8 * k;
		ret.mask |= UINT64_C(0xff) << 8 * k;
	}
	return ret;
}

static struct window window_of(const struct kw_find_needle *n)
{
	return window_at(n->text.p + n->offset, n->text.len - n->offset);
}

/* All bits of each half in which @bits has any. */
static uint64_t whole_halves(uint64_t bits)
{
	bits |= bits >> 2;
	bits |= bits >> 1;
	return (bits & NIBBLES) * 15;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void free_sample(struct sample *s)
{
	for (size_t b = 0; b < BUCKETS; b++)
		free(s->missing[b]);
	free(s->window);
	free(s->count);
}

static bool allocate(struct sample *s, size_t n)
{
	bool all;

	s->window = calloc(n, sizeof(*s->window));
	s->count = calloc(n, sizeof(*s->count));
	all = s->window && s->count;
	for (size_t b = 0; b < BUCKETS; b++) {
		s->missing[b] = calloc(n, sizeof(*s->missing[b]));
		all = all && s->missing[b];
	}
	return all;
}

static int read_sample(struct sample *s, struct kw_str text)
{
	size_t places = text.len >= WINDOW ? text.len - WINDOW + 1 : 0;

	*s = (struct sample){ 0 };
	if (!allocate(s, places + 1))
		return -ENOMEM;
	for (size_t i = 0; i < places; i++)
		s->window[i] = window_at(text.p + i, WINDOW).bytes;
	qsort(s->window, places, sizeof(*s->window), by_number);
	for (size_t i = 0; i < places; i++) {
		if (!s->n || s->window[s->n - 1] != s->window[i])
			s->window[s->n++] = s->window[i];
		s->count[s->n - 1]++;
	}
	return 0;
}

static void empty_bucket(struct sample *s, unsigned int bucket)
{
	for (size_t i = 0; i < s->n; i++)
		s->missing[bucket][i] = (UINT64_C(1) << (8 * WINDOW - 1) << 1) - 1;
}

static void place(struct sample *s, const struct kw_find_needle *n)
{
	struct window w = window_of(n);

	for (size_t i = 0; i < s->n; i++)
		s->missing[n->bucket][i] &= whole_halves((s->window[i] ^ w.bytes) & w.mask);
}

/* How many places of the sample pass @bucket once @w is in it. */
static uint64_t passing(const struct sample *s, unsigned int bucket, struct window w)
{
	const uint64_t *missing = s->missing[bucket];
	uint64_t ret = 0;

	for (size_t i = 0; i < s->n; i++)
		ret += missing[i] & w.mask & (s->window[i] ^ w.bytes) ? 0 : s->count[i];
	return ret;
}

/* How many places pass as the bucket is. */
static uint64_t passing_now(const struct sample *s, unsigned int bucket)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < s->n; i++)
		ret += s->missing[bucket][i] ? 0 : s->count[i];
	return ret;
}

/* How many places hold the window itself. */
static uint64_t holding(const struct sample *s, struct window w)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < s->n; i++)
		ret += (s->window[i] ^ w.bytes) & w.mask ? 0 : s->count[i];
	return ret;
}

/* Assigns @n the cheapest bucket and window. */
static void choose(const struct sample *s, struct kw_find_needle *n)
{
	size_t last = n->text.len > WINDOW ? n->text.len - WINDOW : 0;
	uint64_t least = UINT64_MAX, now[BUCKETS];

	for (unsigned int b = 0; b < BUCKETS; b++)
		now[b] = passing_now(s, b);
	for (size_t offset = 0; offset <= last; offset++) {
		struct window w = window_at(n->text.p + offset, n->text.len - offset);
		uint64_t compared = COMPARED * holding(s, w);

		for (unsigned int b = 0; b < BUCKETS && compared < least; b++) {
			uint64_t more = passing(s, b, w) - now[b] + compared;

			if (more < least) {
				least = more;
				n->bucket = (uint8_t)b;
				n->offset = (uint8_t)offset;
			}
		}
	}
}

static void take_out(struct sample *s, const struct kw_find_needle *needles, size_t count,
		     const struct kw_find_needle *out)
{
	empty_bucket(s, out->bucket);
	for (size_t i = 0; i < count; i++) {
		if (&needles[i] != out && needles[i].bucket == out->bucket)
			place(s, &needles[i]);
	}
}

/* Word by word, then each again, now that the others have their places. */
static void choose_all(struct sample *s, struct kw_find_needle *needles, size_t count)
{
	for (unsigned int b = 0; b < BUCKETS; b++)
		empty_bucket(s, b);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < count; i++) {
			if (round)
				take_out(s, needles, count, &needles[i]);
			choose(s, &needles[i]);
			place(s, &needles[i]);
		}
	}
}

static void fill_position(struct kw_finder *f, size_t k, uint8_t byte, uint8_t bit)
{
	f->low[k][byte & 15] |= bit;
	f->high[k][byte >> 4] |= bit;
	f->byte[k][byte] |= bit;
	f->ascii[k][byte & 127] |= bit;
}

static void fill_tables(struct kw_finder *f, const struct kw_find_needle *n)
{
	uint8_t bit = (uint8_t)(1u << n->bucket);
	const char *window = n->text.p + n->offset;

	for (size_t k = 0; k < WINDOW; k++) {
		if (n->offset + k < n->text.len)
			fill_position(f, k, (uint8_t)window[k], bit);
		for (unsigned int any = 0; any < 256 && n->offset + k >= n->text.len; any++)
			fill_position(f, k, (uint8_t)any, bit);
	}
	for (size_t h = kw_find_hash(window) + 1; h <= KW_FIND_HASHES; h++)
		f->first[h]++;
	if (n->offset > f->offset_max)
		f->offset_max = n->offset;
}

static int by_hash(const void *a, const void *b)
{
	const struct kw_find_needle *x = a, *y = b;
	unsigned int hash_x = kw_find_hash(x->text.p + x->offset);
	unsigned int hash_y = kw_find_hash(y->text.p + y->offset);

	return hash_x < hash_y ? -1 : hash_x > hash_y;
}

static int by_length(const void *a, const void *b)
{
	const struct kw_find_needle *x = a, *y = b;

	return x->text.len < y->text.len ? -1 : x->text.len > y->text.len;
}

int kw_find_rank(struct kw_finder *ret, struct kw_find_needle *needles, const struct kw_str *words,
		 size_t count, struct kw_str text)
{
	struct sample sample;
	int err;

	if (!count || count > KW_FIND_NEEDLES)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (words[i].len < KW_FIND_NEEDLE_MIN || words[i].len > KW_FIND_NEEDLE_MAX)
			return -EINVAL;
		needles[i] = (struct kw_find_needle){ .text = words[i] };
	}
	/* Short words have the least choice, so they come first. */
	qsort(needles, count, sizeof(*needles), by_length);
	err = read_sample(&sample, text);
	if (!err)
		choose_all(&sample, needles, count);
	free_sample(&sample);
	if (err)
		return err;

	*ret = (struct kw_finder){ .needle = needles };
	for (size_t i = 0; i < count; i++)
		fill_tables(ret, &needles[i]);
	qsort(needles, count, sizeof(*needles), by_hash);
	kw_find_use_best(ret);
	return 0;
}
