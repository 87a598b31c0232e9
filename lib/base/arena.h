/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator with a limit: everything that belongs to one failure is freed by one reset. A
 * full arena returns NULL; callers drop the piece and continue.
 */
#ifndef KW_ARENA_H
#define KW_ARENA_H

#include "base/str.h"

struct kw_arena {
	struct kw_arena_chunk *first, *current;
	size_t used;  /* bytes handed out from the current chunk */
	size_t total; /* bytes of all chunks */
	size_t limit; /* no chunks are added beyond this */
	bool fixed;   /* the caller's memory, nothing to free */
};

void kw_arena_init(struct kw_arena *arena, size_t limit);
void kw_arena_deinit(struct kw_arena *arena);

/* The same over @size bytes of the caller's memory, never more: allocates nothing. */
void kw_arena_init_fixed(struct kw_arena *arena, void *memory, size_t size);

/* Frees everything handed out but keeps the memory. */
void kw_arena_reset(struct kw_arena *arena);

/* @len bytes, aligned for any type and not cleared, or NULL. */
void *kw_arena_alloc(struct kw_arena *arena, size_t len);

/*
 * Grows @p from @old to @len bytes: in place if it was handed out last and there is room, else as a
 * copy. NULL if the arena is full; @p is then unchanged.
 */
void *kw_arena_resize(struct kw_arena *arena, void *p, size_t old, size_t len);

/* A NUL-terminated copy; an empty text if the arena is full. */
struct kw_str kw_arena_copy(struct kw_arena *arena, struct kw_str text);

struct kw_str kw_arena_printf(struct kw_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
