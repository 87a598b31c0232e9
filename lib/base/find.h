/* SPDX-License-Identifier: MIT */
/*
 * Searching a stream at memory speed: where is the first of many words, and how many line ends are
 * there. Knows nothing about KVM: the caller supplies the list.
 */
#ifndef KW_FIND_H
#define KW_FIND_H

#include "base/str.h"

enum {
	KW_FIND_NEEDLES = UINT16_MAX, /* words of a finder, at most */
	KW_FIND_NEEDLE_MIN = 4,	      /* bytes of a word */
	KW_FIND_NEEDLE_MAX = 32,
	KW_FIND_WINDOW = 6,	/* bytes of a word that the fast filter looks at, at most */
	KW_FIND_BUCKETS = 8,	/* groups of words for the filter: bits of a byte */
	KW_FIND_HASH_BITS = 11, /* of a window's first bytes */
	KW_FIND_HASHES = 1 << KW_FIND_HASH_BITS,
};

/* What the CPU offers. The portable way always exists, the others only on x86. */
enum kw_simd { KW_SIMD_NONE, KW_SIMD_SSSE3, KW_SIMD_AVX2, KW_SIMD_AVX512, KW_SIMD_COUNT };

struct kw_finder;

/* A word of a compiled list. */
struct kw_find_needle {
	struct kw_str text;
	uint8_t offset; /* of the window */
	uint8_t bucket; /* of the filter */
};

/* Adjacent places in the text that passed the filter. */
struct kw_find_block {
	size_t at, len;	 /* the first place, and how many were filtered */
	uint64_t places; /* bit i: place at + i passed */
};

/* Fills @ret with the first block from @at on and before @end; .places is 0 if there is none. */
typedef void kw_find_next_fn(const struct kw_finder *finder, struct kw_str text, size_t at,
			     size_t end, struct kw_find_block *ret);

/*
 * A list of words that base/find_rank.h compiled. Each word has a window of rare neighbouring bytes
 * and a bucket; a place is looked at only if its bytes are, position by position, in the windows of
 * one bucket.
 */
struct kw_finder {
	kw_find_next_fn *next;
	uint8_t low[KW_FIND_WINDOW][16];     /* buckets by the low half of the byte */
	uint8_t high[KW_FIND_WINDOW][16];    /* buckets by its high half */
	uint8_t byte[KW_FIND_WINDOW][256];   /* buckets by the whole byte */
	uint8_t ascii[KW_FIND_WINDOW][128];  /* the same without its highest bit */
	const struct kw_find_needle *needle; /* by the hash of their windows */
	uint16_t first[KW_FIND_HASHES + 1];  /* hash h: needles [h] to before [h + 1] */
	uint8_t offset_max;
};

/* Of a window; the same for every byte order: the list may be compiled on another machine. */
static inline unsigned int kw_find_hash(const char *window)
{
	const uint8_t *p = (const uint8_t *)window;
	uint32_t word = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

	return word * UINT32_C(0x9e3779b1) >> (32 - KW_FIND_HASH_BITS);
}

/* Chooses the fastest way that the CPU offers. */
void kw_find_use_best(struct kw_finder *finder);

/* Chooses a way other than the best. Return: false, changing nothing, if the CPU cannot. */
bool kw_find_use(struct kw_finder *finder, enum kw_simd simd);

/* Offset of the first place in @p where any word begins, or SIZE_MAX. Never reads beyond @len. */
size_t kw_find(const struct kw_finder *finder, const char *p, size_t len);

uint64_t kw_count_newlines(const char *p, size_t len);

#endif
