// SPDX-License-Identifier: MIT
/*
 * Words and line ends in a block of bytes, with the widest registers the CPU has. The filter is the
 * one known as Teddy (from Hyperscan), but over each word's rarest bytes instead of its first ones.
 */
#include "base/find.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define KW_X86 1
#else
#define KW_X86 0
#endif

enum { WINDOW = KW_FIND_WINDOW };

/*
 * The filter: the next places whose bytes could be a window. The loops over the window must be
 * unrolled, or the tables do not stay in registers.
 */

/* Those of the bits @places, from @p on, at which is the window of a word, or one of its hash. */
static inline uint64_t confirm(const struct kw_finder *f, const char *p, uint64_t places)
{
	uint64_t ret = 0;

	for (; places; places &= places - 1) {
		unsigned int h = kw_find_hash(p + __builtin_ctzll(places));

		if (f->first[h] != f->first[h + 1])
			ret |= places & -places;
	}
	return ret;
}

/* The only one that goes to the end of the text, where a window may be cut. */
static void next_plain(const struct kw_finder *f, struct kw_str text, size_t at, size_t end,
		       struct kw_find_block *ret)
{
	const char *p = text.p;

	for (; at < end; at++) {
		unsigned int buckets = 0xff;

		for (size_t k = 0; k < WINDOW && at + k < text.len; k++)
			buckets &= f->byte[k][(uint8_t)p[at + k]];
		if (buckets && confirm(f, p + at, 1)) {
			*ret = (struct kw_find_block){ at, 1, 1 };
			return;
		}
	}
	ret->places = 0;
}

#if KW_X86

/* How many places from @at on have a whole window in @text. */
static inline size_t room(struct kw_str text, size_t at)
{
	return text.len - at < WINDOW ? 0 : text.len - at - WINDOW + 1;
}

__attribute__((target("ssse3"))) static void next_ssse3(const struct kw_finder *f,
							struct kw_str text, size_t at, size_t end,
							struct kw_find_block *ret)
{
	const char *p = text.p;
	const __m128i half = _mm_set1_epi8(15);
	__m128i low[WINDOW], high[WINDOW];

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		low[k] = _mm_loadu_si128((const __m128i *)f->low[k]);
		high[k] = _mm_loadu_si128((const __m128i *)f->high[k]);
	}
	for (; at < end && room(text, at) >= 16; at += 16) {
		__m128i all = _mm_set1_epi8(-1);
		uint64_t places;

#pragma GCC unroll 8
		for (size_t k = 0; k < WINDOW; k++) {
			__m128i bytes = _mm_loadu_si128((const __m128i *)(p + at + k));
			__m128i up = _mm_and_si128(_mm_srli_epi16(bytes, 4), half);

			bytes = _mm_and_si128(bytes, half);
			all = _mm_and_si128(all, _mm_shuffle_epi8(low[k], bytes));
			all = _mm_and_si128(all, _mm_shuffle_epi8(high[k], up));
		}
		all = _mm_cmpeq_epi8(all, _mm_setzero_si128());
		places = confirm(f, p + at, ~(unsigned int)_mm_movemask_epi8(all) & 0xffff);
		if (places) {
			*ret = (struct kw_find_block){ at, 16, places };
			return;
		}
	}
	next_plain(f, text, at, end, ret);
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

__attribute__((target("avx2"))) static void next_avx2(const struct kw_finder *f, struct kw_str text,
						      size_t at, size_t end,
						      struct kw_find_block *ret)
{
	const char *p = text.p;
	struct avx2_tables t;

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		t.low[k] = twice(f->low[k]);
		t.high[k] = twice(f->high[k]);
	}
	for (; at < end && room(text, at) >= 64; at += 64) {
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
	next_plain(f, text, at, end, ret);
}

/* One look-up by seven bits of the byte replaces two by its halves, and lets less pass. */
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) static void
next_avx512(const struct kw_finder *f, struct kw_str text, size_t at, size_t end,
	    struct kw_find_block *ret)
{
	const char *p = text.p;
	__m512i from_0[WINDOW], from_64[WINDOW];

#pragma GCC unroll 8
	for (size_t k = 0; k < WINDOW; k++) {
		from_0[k] = _mm512_loadu_si512(f->ascii[k]);
		from_64[k] = _mm512_loadu_si512(f->ascii[k] + 64);
	}
	for (; at < end && room(text, at) >= 64; at += 64) {
		__m512i all = _mm512_set1_epi8(-1);
		uint64_t places;

#pragma GCC unroll 8
		for (size_t k = 0; k < WINDOW; k++) {
			__m512i bytes = _mm512_loadu_si512(p + at + k);

			bytes = _mm512_permutex2var_epi8(from_0[k], bytes, from_64[k]);
			all = _mm512_and_si512(all, bytes);
		}
		places = confirm(f, p + at, _mm512_test_epi8_mask(all, all));
		if (places) {
			*ret = (struct kw_find_block){ at, 64, places };
			return;
		}
	}
	next_plain(f, text, at, end, ret);
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
	unsigned int h = kw_find_hash(p + at);

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
	size_t end = len >= KW_FIND_NEEDLE_MIN ? len - KW_FIND_NEEDLE_MIN + 1 : 0, best = SIZE_MAX;
	struct kw_find_block block;

	for (size_t at = 0; at < end; at = block.at + block.len) {
		finder->next(finder, (struct kw_str){ p, len }, at, end, &block);
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
