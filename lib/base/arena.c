// SPDX-License-Identifier: MIT
/* Chunks in a list; a reset starts again at the first one. */
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

void kw_arena_deinit(struct kw_arena *arena)
{
	struct kw_arena_chunk *chunk = arena->first;

	while (chunk) {
		struct kw_arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*arena = (struct kw_arena){ .limit = arena->limit };
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

		if (size > arena->limit - arena->total)
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

void *kw_arena_alloc(struct kw_arena *arena, size_t len)
{
	void *ret;

	if (len > arena->limit)
		return NULL;
	len = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!arena->current || arena->current->size - arena->used < len) {
		if (!next_chunk(arena, len))
			return NULL;
	}
	ret = arena->current->data + arena->used;
	arena->used += len;
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
