/*
 * buffer: bytes that grow by doubling, and remember the first failure.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "muster/buffer.h"
#include "muster/env.h"
#include "muster/error.h"

#define BUFFER_FIRST_BYTES 256u

void buffer_init(struct buffer *buffer, struct env *env)
{
	*buffer = (struct buffer){.env = env};
}

void buffer_fini(struct buffer *buffer)
{
	env_free(buffer->env, buffer->data);
	buffer->data = NULL;
	buffer->len = buffer->capacity = 0;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->error = 0;
	if (buffer->data != NULL)
		buffer->data[0] = '\0';
}

bool buffer_grow(struct buffer *buffer, size_t bytes)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST_BYTES, need;
	char *data;

	if (buffer->error != 0)
		return false;
	if (bytes >= SIZE_MAX / 2 - buffer->len) {
		buffer->error = -ENOMEM;
		return false;
	}
	need = buffer->len + bytes + 1;
	while (capacity < need)
		capacity *= 2;
	data = env_realloc(buffer->env, buffer->data, capacity);
	if (data == NULL) {
		buffer->error = -ENOMEM;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_add(struct buffer *buffer, const void *data, size_t bytes)
{
	if (!buffer_reserve(buffer, bytes))
		return;
	if (bytes > 0)
		memcpy(buffer->data + buffer->len, data, bytes);
	buffer->len += bytes;
	buffer->data[buffer->len] = '\0';
}

void buffer_add_slice(struct buffer *buffer, struct slice s)
{
	buffer_add(buffer, s.data, s.len);
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add_slice(buffer, slice_from(text));
}

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buffer_add(buffer, digits + at, sizeof(digits) - at);
}

/* Into the room that is there: most texts are short. Returns how long the text is. */
__attribute__((format(printf, 2, 0))) static size_t print_into(struct buffer *buffer, const char *format,
							       va_list arguments)
{
	size_t room = buffer->error == 0 ? buffer->capacity - buffer->len : 0;
	int len = vsnprintf(room > 0 ? buffer->data + buffer->len : NULL, room, format, arguments);

	assert(len >= 0);
	return (size_t)len;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	size_t len, room = buffer->capacity - buffer->len;

	va_start(arguments, format);
	len = print_into(buffer, format, arguments);
	va_end(arguments);
	if (!buffer_reserve(buffer, len))
		return;
	if (len >= room) {
		va_start(arguments, format);
		print_into(buffer, format, arguments);
		va_end(arguments);
	}
	buffer->len += len;
}

struct slice buffer_slice(const struct buffer *buffer)
{
	return slice_of(buffer->data, buffer->len);
}
