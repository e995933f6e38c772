/*
 * buffer: bytes that grow.
 *
 * Build text piece by piece without looking at each result: a failed allocation is remembered (`error`) and all
 * later calls do nothing; the one who uses the whole looks once. `data` is NUL-terminated whenever error is 0 and
 * something was appended.
 */
#ifndef MUSTER_BUFFER_H
#define MUSTER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/slice.h"

struct env;

struct buffer {
	struct env *env;
	char *data;
	size_t len, capacity;
	int error; /* 0 or -ENOMEM */
};

void buffer_init(struct buffer *buffer, struct env *env);
void buffer_fini(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
void buffer_add(struct buffer *buffer, const void *data, size_t bytes);
void buffer_add_slice(struct buffer *buffer, struct slice s);
void buffer_add_text(struct buffer *buffer, const char *text);
/* Room for `bytes` more and the NUL. False: no memory, and `error` says so. */
bool buffer_grow(struct buffer *buffer, size_t bytes);
static inline bool buffer_reserve(struct buffer *buffer, size_t bytes)
{
	return (buffer->error == 0 && bytes < buffer->capacity - buffer->len) || buffer_grow(buffer, bytes);
}
static inline void buffer_add_char(struct buffer *buffer, char c)
{
	if (!buffer_reserve(buffer, 1))
		return;
	buffer->data[buffer->len++] = c;
	buffer->data[buffer->len] = '\0';
}
void buffer_add_u64(struct buffer *buffer, uint64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The content as a slice, borrowed until the next change. */
struct slice buffer_slice(const struct buffer *buffer);

#endif
