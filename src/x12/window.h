/*
 * window: the part of the decoded stream that is in memory.
 *
 * Unread bytes are bytes[begin..end); LEXER_PAD_BYTES more can be read behind `end`. Reading moves the unread bytes
 * to the front, so every slice into the window is then stale. Each refill takes in at least as many bytes as stand
 * there unread: however small the pieces a source hands out, the work stays linear.
 */
#ifndef X12_WINDOW_H
#define X12_WINDOW_H

#include <stdbool.h>

#include "muster/env.h"
#include "muster/io.h"
#include "muster/limits.h"

#define WINDOW_BYTES (LIMIT_READ_BYTES + LIMIT_SEGMENT_BYTES)

struct window {
	struct io_source *source;
	char *bytes;
	size_t begin, end;
	uint64_t base;  /* offset of bytes[0] in what the source gave */
	uint64_t line;  /* of bytes[begin], 1-based */
	uint64_t moves; /* how often the bytes were moved */
	bool ended;     /* the source has no more */
	bool mapped;    /* offsets need the source's map */
	uint64_t shift; /* else they are off by this (a byte-order mark) */
};

/* 0 or -ENOMEM. */
int window_init(struct window *window, struct env *env, struct io_source *source);
void window_fini(struct window *window, struct env *env);

/* Read on. Afterwards there are more unread bytes than before, or `ended` is set. 0 or <0. */
int window_more(struct window *window);
/* Read until `bytes` (less than WINDOW_BYTES) are unread, or the source has ended. 0 or <0. */
int window_need(struct window *window, size_t bytes);
/* Done with `bytes`, which hold `newlines` line feeds. */
static inline void window_pass(struct window *window, size_t bytes, uint32_t newlines)
{
	window->begin += bytes;
	window->line += newlines;
}
/* Done with `bytes`, counting their line feeds. */
void window_skip(struct window *window, size_t bytes);

static inline size_t window_unread(const struct window *window)
{
	return window->end - window->begin;
}
static inline const char *window_at(const struct window *window)
{
	return window->bytes + window->begin;
}
/* The offset in the file of the byte `ahead` of the first unread one. */
static inline uint64_t window_offset(const struct window *window, size_t ahead)
{
	uint64_t offset = window->base + window->begin + ahead;

	return window->mapped ? io_source_offset(window->source, offset) : offset + window->shift;
}

#endif
