/* io_pair: one buffer, two places in it; the bytes before both are given up. */
#include "io_pair.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "muster/buffer.h"
#include "muster/limits.h"

struct io_pair {
	struct env *env;
	int fd;
	struct buffer kept;
	size_t at[2]; /* of each reader in `kept` */
	uint32_t readers;
};

int io_pair_new(struct env *env, int fd, struct io_pair **ret_pair)
{
	struct io_pair *pair = env_alloc(env, sizeof(*pair));

	if (pair == NULL)
		return -ENOMEM;
	pair->env = env;
	pair->fd = fd;
	pair->readers = 2;
	buffer_init(&pair->kept, env);
	*ret_pair = pair;
	return 0;
}

void io_pair_release(struct io_pair *pair)
{
	if (pair == NULL || --pair->readers > 0)
		return;
	buffer_fini(&pair->kept);
	env_free(pair->env, pair);
}

/* Give up what both have read, once that is worth the moving. */
static void forget(struct io_pair *pair)
{
	size_t done = pair->at[0] < pair->at[1] ? pair->at[0] : pair->at[1];

	if (done < LIMIT_READ_BYTES && done < pair->kept.len)
		return;
	memmove(pair->kept.data, pair->kept.data + done, pair->kept.len - done);
	pair->kept.len -= done;
	pair->at[0] -= done;
	pair->at[1] -= done;
}

ssize_t io_pair_read(struct io_pair *pair, uint32_t reader, void *out, size_t bytes)
{
	size_t there = pair->kept.len - pair->at[reader];
	ssize_t n;

	assert(reader < 2 && bytes > 0);
	if (there == 0) {
		n = env_read(pair->env, pair->fd, out, bytes);
		if (n <= 0)
			return n;
		buffer_add(&pair->kept, out, (size_t)n);
		if (pair->kept.error != 0)
			return pair->kept.error;
		there = (size_t)n;
	}
	bytes = bytes < there ? bytes : there;
	memcpy(out, pair->kept.data + pair->at[reader], bytes);
	pair->at[reader] += bytes;
	forget(pair);
	return (ssize_t)bytes;
}
