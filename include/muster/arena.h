/*
 * arena: memory that is given back all at once.
 *
 * A chain of blocks, allocated through env, handed out front to back. Snapshot, work, rewind; or reset for the
 * next set. Alignment is that of max_align_t for arena_alloc, none for text.
 *
 * Errors    NULL (and the arena stays usable) when there is no memory or `bytes_max` would be passed.
 */
#ifndef MUSTER_ARENA_H
#define MUSTER_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "muster/slice.h"

struct env;
struct arena_block;

struct arena {
	struct env *env;
	struct arena_block *first, *current;
	size_t block_bytes, bytes_max, bytes_used;
};

struct arena_mark {
	struct arena_block *block;
	size_t used, bytes_used;
};

/* `block_bytes` 0 means 64 KiB; `bytes_max` 0 means no limit of its own. Allocates nothing yet. */
void arena_init(struct arena *arena, struct env *env, size_t block_bytes, size_t bytes_max);
void arena_fini(struct arena *arena);

/* Zeroed bytes. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* Zeroed array; NULL also on overflow. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes);
/* The same with bytes as they lie, for items that the caller sets whole: to clear what may never be used costs most. */
void *arena_alloc_unset(struct arena *arena, size_t count, size_t bytes);
/* A copy, NUL-terminated behind its end. An empty slice gives an empty, non-NULL one. data NULL = no memory. */
struct slice arena_dup(struct arena *arena, struct slice s);
/* printf into the arena. data NULL = no memory. */
struct slice arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(const struct arena *arena);
/* Give back all that was handed out since `mark`; keeps the blocks for later. */
void arena_rewind(struct arena *arena, struct arena_mark mark);
/* Rewind to the very beginning. */
void arena_reset(struct arena *arena);

#endif
