/*
 * window: the part of the decoded stream that is in memory.
 */
#include <assert.h>
#include <string.h>

#include "lexer.h"
#include "muster/error.h"
#include "window.h"

int window_init(struct window *window, struct env *env, struct io_source *source)
{
	*window = (struct window){.source = source, .line = 1};
	window->bytes = env_alloc(env, WINDOW_BYTES + LEXER_PAD_BYTES);
	return window->bytes != NULL ? 0 : -ENOMEM;
}

void window_fini(struct window *window, struct env *env)
{
	env_free(env, window->bytes);
	window->bytes = NULL;
}

int window_more(struct window *window)
{
	size_t unread = window_unread(window);
	size_t wanted = unread > 0 ? 2 * unread : 1;

	memmove(window->bytes, window->bytes + window->begin, unread);
	window->base += window->begin;
	window->begin = 0;
	window->moves++;
	window->end = unread;
	assert(unread < WINDOW_BYTES);
	if (wanted > WINDOW_BYTES)
		wanted = WINDOW_BYTES;
	while (!window->ended && window->end < wanted) {
		ssize_t n = io_source_read(window->source, window->bytes + window->end, WINDOW_BYTES - window->end);

		if (n < 0)
			return (int)n;
		if (n == 0)
			window->ended = true;
		window->end += (size_t)n;
	}
	/* What the source does to offsets is known once it has looked at its first bytes. */
	window->mapped = io_source_is_wrapped(window->source) || io_source_coding(window->source) != IO_ASCII;
	window->shift = io_source_offset(window->source, window->base) - window->base;
	return 0;
}

int window_need(struct window *window, size_t bytes)
{
	assert(bytes < WINDOW_BYTES);
	while (window_unread(window) < bytes && !window->ended) {
		int result = window_more(window);

		if (result < 0)
			return result;
	}
	return 0;
}

void window_skip(struct window *window, size_t bytes)
{
	const char *at = window_at(window);
	const char *end = at + bytes;

	assert(bytes <= window_unread(window));
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		window->line++;
		at++;
	}
	window->begin += bytes;
}
