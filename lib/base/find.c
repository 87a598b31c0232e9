// SPDX-License-Identifier: MIT
/*
 * Words and line ends in a block of bytes, with the widest registers the CPU has. The filter is the
 * one known as Teddy (from Hyperscan), but over each word's rarest bytes instead of its first ones.
 */
#include <errno.h>
#include <float.h>
#include <stdlib.h>

#include "base/find.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define KW_X86 1
#else
#define KW_X86 0
#endif

enum { WINDOW = KW_FIND_WINDOW, BUCKETS = KW_FIND_BUCKETS, HASH_BITS = 11 };

_Static_assert(KW_FIND_HASHES == 1 << HASH_BITS, "the hash's bits");

/*
 * How often a byte occurs in host logs, of 2048; beyond 0x7f it is rare. Lower-case letters count
 * double, since they are seldom alone. Only speed depends on this.
 */
static const uint8_t frequency[128] = {
	1,   1,	  1,   1,  1,  1,  1,	1,   1,	 1,  28,  1,  1,  1,   1,  1,  1,   1,	1,
	1,   1,	  1,   1,  1,  1,  1,	1,   1,	 1,  1,	  1,  1,  235, 1,  13, 1,   1,	1,
	1,   1,	  4,   4,  1,  1,  10,	25,  20, 7,  255, 52, 36, 30,  38, 27, 27,  26, 28,
	24,  52,  1,   1,  37, 5,  3,	1,   4,	 3,  9,	  12, 8,  3,   2,  2,  7,   1,	1,
	4,   11,  3,   4,  8,  1,  13,	12,  8,	 4,  2,	  2,  2,  1,   1,  15, 2,   15, 1,
	10,  1,	  108, 38, 72, 84, 180, 132, 22, 42, 88,  2,  24, 60,  52, 90, 114, 46, 6,
	122, 110, 116, 50, 32, 12, 26,	16,  2,	 1,  1,	  1,  1,  1,
};

/* Fragments of ordinary host log lines. Only speed depends on this. */
static const char ordinary[] =
	" the and for with from that this not was are is in on to of by at as or an be it "
	"ing ion tion ation ent ence able ible ated ting ding sing ning ring ming king ling "
	"ed er es al ly le re st kernel: systemd libvirtd qemu-system-x86_64: kvm device driver "
	"error failed failure unable cannot could not found warning info debug host guest user "
	"request requested response memory running started starting stopped stopping loading "
	"/dev/ /sys/ /proc/ /var/lib/ /usr/ /run/ process service session socket address network "
	"connection interface timeout time state status: message: received sending using reason "
	"version instance number domain monitor block system x86_64 qemu- [0.000000] 0x0000 ";

/* Ranking the words: once per list, so speed does not matter. */
enum { COMMON = 20, ROUNDS = 4 };

/*
 * What a bucket lets pass at one position: each byte with one of the low and one of the high
 * halves. The look-ups by halves cannot tell more.
 */
struct passing {
	uint16_t low, high;  /* bit i: the half i */
	uint32_t sum;	     /* total frequency of these bytes */
	uint32_t row[16];    /* the bytes of each high half with the low halves that pass */
	uint32_t column[16]; /* and of each low half with the high ones */
};

static uint32_t weight(uint8_t byte)
{
	return byte < 128 ? frequency[byte] : 1;
}

static uint8_t whole(unsigned int high, unsigned int low)
{
	return (uint8_t)(high << 4 | low);
}

/* What .sum will be if @byte passes too. */
static uint32_t sum_with(const struct passing *at, uint8_t byte)
{
	unsigned int low = byte & 15, high = byte >> 4;
	bool new_low = !(at->low >> low & 1), new_high = !(at->high >> high & 1);

	return at->sum + (new_high ? at->row[high] : 0) + (new_low ? at->column[low] : 0) +
	       (new_low && new_high ? weight(byte) : 0);
}

static void add_byte(struct passing *at, uint8_t byte)
{
	unsigned int low = byte & 15, high = byte >> 4;
	bool new_low = !(at->low >> low & 1), new_high = !(at->high >> high & 1);

	at->sum = sum_with(at, byte);
	for (unsigned int half = 0; half < 16; half++) {
		at->row[half] += new_low ? weight(whole(half, low)) : 0;
		at->column[half] += new_high ? weight(whole(high, half)) : 0;
	}
	at->low |= (uint16_t)(1u << low);
	at->high |= (uint16_t)(1u << high);
}

/* How much more text a bucket lets pass with @window, by the product of its sums. */
static double cost(const struct passing passing[static WINDOW], const char *window)
{
	double before = 1, with = 1;

	for (size_t k = 0; k < WINDOW; k++) {
		before *= passing[k].sum;
		with *= sum_with(&passing[k], (uint8_t)window[k]);
	}
	return with - before;
}

/* 1 for a window as rare as its bytes; more for one that is common in ordinary lines. */
static double common(const char *window)
{
	double times = 1;

	for (const char *p = ordinary; *p; p++)
		times += strncmp(p, window, WINDOW) == 0 ? COMMON : 0;
	return times;
}

/* How often text contains @window itself, whatever else passes: each time words are compared. */
static double alone(const char *window)
{
	double product = common(window);

	for (size_t k = 0; k < WINDOW; k++)
		product *= weight((uint8_t)window[k]);
	return product;
}

static void place(struct passing passing[static WINDOW], const struct kw_find_needle *n)
{
	for (size_t k = 0; k < WINDOW; k++)
		add_byte(&passing[k], (uint8_t)n->text.p[n->offset + k]);
}

/* Assigns @n the cheapest bucket and window. */
static void choose(const struct passing passing[static BUCKETS][WINDOW], struct kw_find_needle *n)
{
	double least = DBL_MAX;

	for (size_t offset = 0; offset + WINDOW <= n->text.len; offset++) {
		const char *window = n->text.p + offset;
		double compared = alone(window);

		for (unsigned int b = 0; compared < least && b < BUCKETS; b++) {
			double more = cost(passing[b], window) + compared;

			if (more < least) {
				least = more;
				n->bucket = (uint8_t)b;
				n->offset = (uint8_t)offset;
			}
		}
	}
}

/* Chooses again for each word, now that the others have their places. */
static void improve(struct passing passing[static BUCKETS][WINDOW], struct kw_find_needle *needles,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int bucket = needles[i].bucket;

		memset(passing[bucket], 0, sizeof(passing[bucket]));
		for (size_t k = 0; k < count; k++) {
			if (k != i && needles[k].bucket == bucket)
				place(passing[bucket], &needles[k]);
		}
		choose(passing, &needles[i]);
		place(passing[needles[i].bucket], &needles[i]);
	}
}

/* The same for every byte order: the list may be compiled on another machine. */
static inline unsigned int hash(const char *window)
{
	const uint8_t *p = (const uint8_t *)window;
	uint32_t word = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

	return word * UINT32_C(0x9e3779b1) >> (32 - HASH_BITS);
}

static void fill_tables(struct kw_finder *f, const struct kw_find_needle *n)
{
	uint8_t bit = (uint8_t)(1u << n->bucket);

	for (size_t k = 0; k < WINDOW; k++) {
		uint8_t byte = (uint8_t)n->text.p[n->offset + k];

		f->low[k][byte & 15] |= bit;
		f->high[k][byte >> 4] |= bit;
		f->byte[k][byte] |= bit;
		f->ascii[k][byte & 127] |= bit;
	}
	for (size_t h = hash(n->text.p + n->offset) + 1; h <= KW_FIND_HASHES; h++)
		f->first[h]++;
	if (n->offset > f->offset_max)
		f->offset_max = n->offset;
}

static int by_hash(const void *a, const void *b)
{
	const struct kw_find_needle *x = a, *y = b;
	unsigned int hash_x = hash(x->text.p + x->offset), hash_y = hash(y->text.p + y->offset);

	return hash_x < hash_y ? -1 : hash_x > hash_y;
}

static int by_length(const void *a, const void *b)
{
	const struct kw_find_needle *x = a, *y = b;

	return x->text.len < y->text.len ? -1 : x->text.len > y->text.len;
}

int kw_find_init(struct kw_finder *ret, struct kw_find_needle *needles, const struct kw_str *words,
		 size_t count)
{
	struct passing passing[BUCKETS][WINDOW] = { 0 };

	if (!count || count > KW_FIND_NEEDLES)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (words[i].len < KW_FIND_NEEDLE_MIN || words[i].len > KW_FIND_NEEDLE_MAX)
			return -EINVAL;
		needles[i] = (struct kw_find_needle){ .text = words[i] };
	}
	/* Short words have the least choice, so they come first. */
	qsort(needles, count, sizeof(*needles), by_length);
	for (size_t i = 0; i < count; i++) {
		choose(passing, &needles[i]);
		place(passing[needles[i].bucket], &needles[i]);
	}
	for (int round = 0; round < ROUNDS; round++)
		improve(passing, needles, count);

	*ret = (struct kw_finder){ .needle = needles };
	for (size_t i = 0; i < count; i++)
		fill_tables(ret, &needles[i]);
	qsort(needles, count, sizeof(*needles), by_hash);
	kw_find_use_best(ret);
	return 0;
}

/*
 * The filter: the next places whose bytes could be a window. The loops over the window must be
 * unrolled, or the tables do not stay in registers.
 */

/* Those of the bits @places, from @p on, at which is the window of a word, or one of its hash. */
static inline uint64_t confirm(const struct kw_finder *f, const char *p, uint64_t places)
{
	uint64_t ret = 0;

	for (; places; places &= places - 1) {
		unsigned int h = hash(p + __builtin_ctzll(places));

		if (f->first[h] != f->first[h + 1])
			ret |= places & -places;
	}
	return ret;
}

static void next_plain(const struct kw_finder *f, const char *p, size_t at, size_t end,
		       struct kw_find_block *ret)
{
	for (; at < end; at++) {
		unsigned int buckets = 0xff;

#pragma GCC unroll 8
		for (size_t k = 0; k < WINDOW; k++)
			buckets &= f->byte[k][(uint8_t)p[at + k]];
		if (buckets && confirm(f, p + at, 1)) {
			*ret = (struct kw_find_block){ at, 1, 1 };
			return;
		}
	}
	ret->places = 0;
}

#if KW_X86

__attribute__((target("ssse3"))) static void next_ssse3(const struct kw_finder *f, const char *p,
							size_t at, size_t end,
							struct kw_find_block *ret)
{
	const __m128i half = _mm_set1_epi8(15);
	__m128i low[WINDOW], high[WINDOW];

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		low[k] = _mm_loadu_si128((const __m128i *)f->low[k]);
		high[k] = _mm_loadu_si128((const __m128i *)f->high[k]);
	}
	for (; at < end && end - at >= 16; at += 16) {
		__m128i all = _mm_set1_epi8(-1);
		uint64_t places;

#pragma GCC unroll 8
		for (size_t k = 0; k < WINDOW; k++) {
			__m128i text = _mm_loadu_si128((const __m128i *)(p + at + k));
			__m128i up = _mm_and_si128(_mm_srli_epi16(text, 4), half);

			text = _mm_and_si128(text, half);
			all = _mm_and_si128(all, _mm_shuffle_epi8(low[k], text));
			all = _mm_and_si128(all, _mm_shuffle_epi8(high[k], up));
		}
		all = _mm_cmpeq_epi8(all, _mm_setzero_si128());
		places = confirm(f, p + at, ~(unsigned int)_mm_movemask_epi8(all) & 0xffff);
		if (places) {
			*ret = (struct kw_find_block){ at, 16, places };
			return;
		}
	}
	next_plain(f, p, at, end, ret);
}

struct avx2_tables {
	__m256i low[WINDOW], high[WINDOW];
};

__attribute__((target("avx2"), always_inline)) static inline __m256i twice(const uint8_t *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

__attribute__((target("avx2"), always_inline)) static inline __m256i
filter_avx2(const struct avx2_tables *t, const char *p)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i all = _mm256_set1_epi8(-1);

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		__m256i text = _mm256_loadu_si256((const __m256i *)(p + k));
		__m256i up = _mm256_and_si256(_mm256_srli_epi16(text, 4), half);

		text = _mm256_and_si256(text, half);
		all = _mm256_and_si256(all, _mm256_shuffle_epi8(t->low[k], text));
		all = _mm256_and_si256(all, _mm256_shuffle_epi8(t->high[k], up));
	}
	return all;
}

__attribute__((target("avx2"), always_inline)) static inline uint64_t places_avx2(__m256i all)
{
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static void next_avx2(const struct kw_finder *f, const char *p,
						      size_t at, size_t end,
						      struct kw_find_block *ret)
{
	struct avx2_tables t;

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		t.low[k] = twice(f->low[k]);
		t.high[k] = twice(f->high[k]);
	}
	for (; at < end && end - at >= 64; at += 64) {
		__m256i a = filter_avx2(&t, p + at), b = filter_avx2(&t, p + at + 32);
		__m256i any = _mm256_or_si256(a, b);
		uint64_t places;

		if (_mm256_testz_si256(any, any))
			continue;
		places = confirm(f, p + at, places_avx2(a) | places_avx2(b) << 32);
		if (places) {
			*ret = (struct kw_find_block){ at, 64, places };
			return;
		}
	}
	next_plain(f, p, at, end, ret);
}

/* One look-up by seven bits of the byte replaces two by its halves, and lets less pass. */
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) static void
next_avx512(const struct kw_finder *f, const char *p, size_t at, size_t end,
	    struct kw_find_block *ret)
{
	__m512i from_0[WINDOW], from_64[WINDOW];

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		from_0[k] = _mm512_loadu_si512(f->ascii[k]);
		from_64[k] = _mm512_loadu_si512(f->ascii[k] + 64);
	}
	for (; at < end && end - at >= 64; at += 64) {
		__m512i all = _mm512_set1_epi8(-1);
		uint64_t places;

#pragma GCC unroll 8
		for (size_t k = 0; k < WINDOW; k++) {
			__m512i text = _mm512_loadu_si512(p + at + k);

			text = _mm512_permutex2var_epi8(from_0[k], text, from_64[k]);
			all = _mm512_and_si512(all, text);
		}
		places = confirm(f, p + at, _mm512_test_epi8_mask(all, all));
		if (places) {
			*ret = (struct kw_find_block){ at, 64, places };
			return;
		}
	}
	next_plain(f, p, at, end, ret);
}

#endif

/* The filter of @simd, or NULL if this CPU cannot run it. */
static kw_find_next_fn *next_for(enum kw_simd simd)
{
#if KW_X86
	if (simd == KW_SIMD_AVX512 && __builtin_cpu_supports("avx512vbmi") &&
	    __builtin_cpu_supports("avx512bw"))
		return next_avx512;
	if (simd == KW_SIMD_AVX2 && __builtin_cpu_supports("avx2"))
		return next_avx2;
	if (simd == KW_SIMD_SSSE3 && __builtin_cpu_supports("ssse3"))
		return next_ssse3;
#endif
	return simd == KW_SIMD_NONE ? next_plain : NULL;
}

bool kw_find_use(struct kw_finder *finder, enum kw_simd simd)
{
	kw_find_next_fn *next = next_for(simd);

	if (!next)
		return false;
	finder->next = next;
	return true;
}

void kw_find_use_best(struct kw_finder *finder)
{
	for (unsigned int simd = KW_SIMD_COUNT; simd-- > 0;) {
		if (kw_find_use(finder, simd))
			return;
	}
}

/* Verifying the places that pass the filter. */

/* The minimum of @best and the beginnings of words whose window is at @at. */
static size_t verify(const struct kw_finder *f, const char *p, size_t len, size_t at, size_t best)
{
	unsigned int h = hash(p + at);

	for (size_t i = f->first[h]; i < f->first[h + 1]; i++) {
		const struct kw_find_needle *n = &f->needle[i];
		size_t start = at - n->offset;

		if (at >= n->offset && start < best && len - start >= n->text.len &&
		    p[start] == n->text.p[0] && memcmp(p + start, n->text.p, n->text.len) == 0)
			best = start;
	}
	return best;
}

size_t kw_find(const struct kw_finder *finder, const char *p, size_t len)
{
	size_t end = len >= WINDOW ? len - WINDOW + 1 : 0, best = SIZE_MAX;
	struct kw_find_block block;

	for (size_t at = 0; at < end; at = block.at + block.len) {
		finder->next(finder, p, at, end, &block);
		if (!block.places)
			break;
		for (uint64_t left = block.places; left; left &= left - 1) {
			size_t at_window = block.at + (unsigned int)__builtin_ctzll(left);

			best = verify(finder, p, len, at_window, best);
		}
		/* The window of a word that begins before the best one is before this place. */
		if (best < end && end - best > finder->offset_max)
			end = best + finder->offset_max;
	}
	return best;
}

/* Line ends. */

#if KW_X86
enum { STRIDE = 128, SUMS = 4 };

/* Counts in all whole strides of @p. */
__attribute__((target("avx2"))) static uint64_t count_avx2(const char *p, size_t strides)
{
	const __m256i newline = _mm256_set1_epi8('\n'), zero = _mm256_setzero_si256();
	__m256i total = zero;
	uint64_t lanes[4];

	while (strides) {
		size_t rounds = strides < 255 ? strides : 255; /* a byte of a sum holds no more */
		__m256i sum[SUMS] = { zero, zero, zero, zero };

		strides -= rounds;
		for (; rounds; rounds--, p += STRIDE) {
#pragma GCC unroll 4
			for (size_t k = 0; k < SUMS; k++) {
				__m256i text = _mm256_loadu_si256((const __m256i *)p + k);

				sum[k] = _mm256_sub_epi8(sum[k], _mm256_cmpeq_epi8(text, newline));
			}
		}
		for (size_t k = 0; k < SUMS; k++)
			total = _mm256_add_epi64(total, _mm256_sad_epu8(sum[k], zero));
	}
	_mm256_storeu_si256((__m256i *)lanes, total);
	return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}
#endif

/* Eight bytes at a time: the top bit of each byte that is a line end, then their sum. */
static uint64_t count_plain(const char *p, size_t len)
{
	const uint64_t ones = 0x0101010101010101, low7 = 0x7f7f7f7f7f7f7f7f;
	uint64_t count = 0;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t text;

		memcpy(&text, p, 8);
		text ^= ones * '\n';
		text = ~(((text & low7) + low7) | text | low7);
		count += (text >> 7) * ones >> 56;
	}
	for (; len; p++, len--)
		count += *p == '\n';
	return count;
}

uint64_t kw_count_newlines(const char *p, size_t len)
{
	size_t fast = 0;
	uint64_t count = 0;

	if (!len)
		return 0;
#if KW_X86
	if (__builtin_cpu_supports("avx2")) {
		fast = len / STRIDE * STRIDE;
		count = count_avx2(p, len / STRIDE);
	}
#endif
	return count + count_plain(p + fast, len - fast);
}
