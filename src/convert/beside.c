/* beside: a window that follows the walk. */
#include "beside.h"

#include <assert.h>
#include <errno.h>

#include "muster/limits.h"

#define WINDOW_BYTES (2u * LIMIT_SEGMENT_BYTES)

int beside_init(struct beside *beside, struct env *env, struct io_source *source)
{
	*beside = (struct beside){.source = source};
	beside->bytes = env_alloc(env, WINDOW_BYTES);
	return beside->bytes != NULL ? 0 : -ENOMEM;
}

void beside_fini(struct beside *beside, struct env *env)
{
	env_free(env, beside->bytes);
	beside->bytes = NULL;
}

static int fill(struct beside *beside, size_t bytes)
{
	assert(bytes <= WINDOW_BYTES);
	if (beside->end - beside->begin >= bytes)
		return 0;
	memmove(beside->bytes, beside->bytes + beside->begin, beside->end - beside->begin);
	beside->end -= beside->begin;
	beside->begin = 0;
	while (!beside->ended && beside->end < bytes) {
		ssize_t n = io_source_read(beside->source, beside->bytes + beside->end, WINDOW_BYTES - beside->end);

		if (n < 0)
			return (int)n;
		beside->ended = n == 0;
		beside->end += (size_t)n;
	}
	return 0;
}

static struct slice pass(struct beside *beside, size_t bytes)
{
	struct slice taken = slice_of(beside->bytes + beside->begin, bytes);

	beside->begin += bytes;
	beside->base += bytes;
	return taken;
}

int beside_before(struct beside *beside, uint64_t offset, size_t bytes_max, struct slice *ret_bytes)
{
	size_t count = 0, there;
	int r = fill(beside, bytes_max);

	if (r < 0)
		return r;
	there = beside->end - beside->begin;
	if (there > bytes_max)
		there = bytes_max;
	while (count < there && io_source_offset(beside->source, beside->base + count) < offset)
		count++;
	*ret_bytes = pass(beside, count);
	return 0;
}

int beside_take(struct beside *beside, size_t bytes, struct slice *ret_bytes)
{
	int r = fill(beside, bytes);

	if (r < 0)
		return r;
	*ret_bytes = pass(beside, bytes < beside->end - beside->begin ? bytes : beside->end - beside->begin);
	return 0;
}
