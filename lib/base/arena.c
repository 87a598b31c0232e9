// SPDX-License-Identifier: MIT
/*
 * Chunks in a list; a reset starts again at the first one. A fixed arena is a chunk in the caller's
 * memory.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES 32768
#define ALIGN 16

struct kw_arena_chunk {
	struct kw_arena_chunk *next;
	size_t size;
	_Alignas(ALIGN) char data[];
};

void kw_arena_init(struct kw_arena *arena, size_t limit)
{
	*arena = (struct kw_arena){ .limit = limit };
}

void kw_arena_init_fixed(struct kw_arena *arena, void *memory, size_t size)
{
	size_t skip = -(uintptr_t)memory & (ALIGN - 1);
	struct kw_arena_chunk *chunk = (struct kw_arena_chunk *)((char *)memory + skip);

	*arena = (struct kw_arena){ .fixed = true };
	if (size < skip + sizeof(*chunk))
		return;
	*chunk = (struct kw_arena_chunk){ .size = size - skip - sizeof(*chunk) };
	arena->first = arena->current = chunk;
	arena->limit = arena->total = chunk->size;
}

void kw_arena_deinit(struct kw_arena *arena)
{
	struct kw_arena_chunk *chunk = arena->fixed ? NULL : arena->first;

	while (chunk) {
		struct kw_arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*arena = (struct kw_arena){ .limit = arena->fixed ? 0 : arena->limit };
}

void kw_arena_reset(struct kw_arena *arena)
{
	arena->current = arena->first;
	arena->used = 0;
}

/* Makes a chunk with room for @len bytes the current one. */
static bool next_chunk(struct kw_arena *arena, size_t len)
{
	struct kw_arena_chunk *chunk = arena->current ? arena->current->next : arena->first;
	size_t size = len > CHUNK_BYTES ? len : CHUNK_BYTES;

	if (!chunk || chunk->size < len) {
		struct kw_arena_chunk *fresh;

		if (arena->fixed || size > arena->limit - arena->total)
			return false;
		fresh = malloc(sizeof(*fresh) + size);
		if (!fresh)
			return false;
		fresh->size = size;
		fresh->next = chunk;
		if (arena->current)
			arena->current->next = fresh;
		else
			arena->first = fresh;
		arena->total += size;
		chunk = fresh;
	}
	arena->current = chunk;
	arena->used = 0;
	return true;
}

static size_t aligned(size_t len)
{
	return (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void *kw_arena_alloc(struct kw_arena *arena, size_t len)
{
	void *ret;

	if (len > arena->limit)
		return NULL;
	len = aligned(len);
	if (!arena->current || arena->current->size - arena->used < len) {
		if (!next_chunk(arena, len))
			return NULL;
	}
	ret = arena->current->data + arena->used;
	arena->used += len;
	return ret;
}

void *kw_arena_resize(struct kw_arena *arena, void *p, size_t old, size_t len)
{
	struct kw_arena_chunk *chunk = arena->current;
	void *ret;

	if (p && chunk && len <= arena->limit &&
	    (char *)p + aligned(old) == chunk->data + arena->used &&
	    aligned(len) <= chunk->size - (arena->used - aligned(old))) {
		arena->used += aligned(len) - aligned(old);
		return p;
	}
	ret = kw_arena_alloc(arena, len);
	if (ret && p)
		memcpy(ret, p, old < len ? old : len);
	return ret;
}

struct kw_str kw_arena_copy(struct kw_arena *arena, struct kw_str text)
{
	char *copy = kw_arena_alloc(arena, text.len + 1);

	if (!copy)
		return KW_STR("");
	if (text.len)
		memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	return (struct kw_str){ copy, text.len };
}

struct kw_str kw_arena_printf(struct kw_arena *arena, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return KW_STR("");
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	return kw_arena_copy(arena, (struct kw_str){ text, (size_t)len });
}
