/*
 * arena: a chain of blocks, filled front to back.
 *
 * Invariants: blocks before `current` are closed; `current` is partly used; blocks behind it are empty and wait
 * for reuse. `current` is NULL when nothing is handed out, also while blocks from before a reset are kept.
 * Under AddressSanitizer the bytes not handed out are poisoned, so that a slice kept past its rewind is found.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "muster/arena.h"
#include "muster/env.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif
#if defined(ARENA_POISONS)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, bytes) ((void)(data), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(data, bytes) ((void)(data), (void)(bytes))
#endif

#define ARENA_BLOCK_BYTES ((size_t)64 * 1024)
#define ARENA_ALIGN _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, struct env *env, size_t block_bytes, size_t bytes_max)
{
	*arena = (struct arena){.env = env,
				.block_bytes = block_bytes > 0 ? block_bytes : ARENA_BLOCK_BYTES,
				.bytes_max = bytes_max > 0 ? bytes_max : SIZE_MAX};
}

void arena_fini(struct arena *arena)
{
	struct arena_block *block = arena->first, *next;

	for (; block != NULL; block = next) {
		next = block->next;
		ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
		env_free(arena->env, block);
	}
	arena->first = arena->current = NULL;
	arena->bytes_used = 0;
}

/* `align` is a power of two. */
static size_t padding_for(const struct arena_block *block, size_t align)
{
	return -block->used & (align - 1);
}

static bool block_fits(const struct arena_block *block, size_t bytes, size_t align)
{
	size_t room = block->size - block->used, padding = padding_for(block, align);

	return padding <= room && bytes <= room - padding;
}

/* Make `current` a block with room for `bytes`: this one, the next kept one, or a new one between them. */
static bool find_room(struct arena *arena, size_t bytes, size_t align)
{
	struct arena_block *next = arena->current != NULL ? arena->current->next : arena->first, *block;
	size_t size = bytes > arena->block_bytes ? bytes : arena->block_bytes;

	if (arena->current != NULL && block_fits(arena->current, bytes, align))
		return true;
	if (next != NULL && next->size >= bytes) {
		arena->current = next;
		return true;
	}
	if (size > SIZE_MAX - sizeof(*block))
		return false;
	block = env_realloc(arena->env, NULL, sizeof(*block) + size);
	if (block == NULL)
		return false;
	block->next = next;
	block->size = size;
	block->used = 0;
	ASAN_POISON_MEMORY_REGION(block->data, block->size);
	if (arena->current != NULL)
		arena->current->next = block;
	else
		arena->first = block;
	arena->current = block;
	return true;
}

static char *take(struct arena *arena, size_t bytes, size_t align)
{
	struct arena_block *block;
	size_t padding;
	char *data;

	if (arena->bytes_used > arena->bytes_max || bytes > arena->bytes_max - arena->bytes_used)
		return NULL;
	if (!find_room(arena, bytes, align))
		return NULL;
	block = arena->current;
	padding = padding_for(block, align);
	data = block->data + block->used + padding;
	block->used += padding + bytes;
	arena->bytes_used += padding + bytes;
	ASAN_UNPOISON_MEMORY_REGION(data, bytes);
	return data;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	char *data = take(arena, bytes, ARENA_ALIGN);

	if (data != NULL && bytes > 0)
		memset(data, 0, bytes);
	return data;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
	if (bytes > 0 && count > SIZE_MAX / bytes)
		return NULL;
	return arena_alloc(arena, count * bytes);
}

void *arena_alloc_unset(struct arena *arena, size_t count, size_t bytes)
{
	char *data;

	if (bytes > 0 && count > SIZE_MAX / bytes)
		return NULL;
	data = take(arena, count * bytes, ARENA_ALIGN);
#if defined(ARENA_POISONS)
	/* Who reads an item before he set it shall notice. */
	if (data != NULL && count * bytes > 0)
		memset(data, 0xa5, count * bytes);
#endif
	return data;
}

struct slice arena_dup(struct arena *arena, struct slice s)
{
	char *data;

	if (s.len == SIZE_MAX)
		return SLICE_EMPTY;
	data = take(arena, s.len + 1, 1);
	if (data == NULL)
		return SLICE_EMPTY;
	if (s.len > 0)
		memcpy(data, s.data, s.len);
	data[s.len] = '\0';
	return slice_of(data, s.len);
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *data;
	int len;

	va_start(arguments, format);
	len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	assert(len >= 0);
	data = take(arena, (size_t)len + 1, 1);
	if (data == NULL)
		return SLICE_EMPTY;
	va_start(arguments, format);
	vsnprintf(data, (size_t)len + 1, format, arguments);
	va_end(arguments);
	return slice_of(data, (size_t)len);
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){.block = arena->current,
				   .used = arena->current != NULL ? arena->current->used : 0,
				   .bytes_used = arena->bytes_used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	struct arena_block *block = mark.block != NULL ? mark.block->next : arena->first;

	assert(mark.bytes_used <= arena->bytes_used);
	for (; block != NULL && block->used > 0; block = block->next) {
		ASAN_POISON_MEMORY_REGION(block->data, block->used);
		block->used = 0;
	}
	if (mark.block != NULL) {
		assert(mark.used <= mark.block->used);
		ASAN_POISON_MEMORY_REGION(mark.block->data + mark.used, mark.block->used - mark.used);
		mark.block->used = mark.used;
	}
	arena->current = mark.block;
	arena->bytes_used = mark.bytes_used;
}

void arena_reset(struct arena *arena)
{
	arena_rewind(arena, (struct arena_mark){.block = NULL, .used = 0, .bytes_used = 0});
}
