/*
 * io_pair: a descriptor that cannot be rewound, read by two readers.
 *
 * Each gets all bytes at its own pace. What one has read and the other has not is kept.
 */
#ifndef MUSTER_BASE_IO_PAIR_H
#define MUSTER_BASE_IO_PAIR_H

#include "muster/env.h"

struct io_pair; /* opaque */

/* Of two readers, 0 and 1; `fd` stays the caller's. 0 or -ENOMEM. */
int io_pair_new(struct env *env, int fd, struct io_pair **ret_pair);
/* One of the readers needs it no more; with the second one it is gone. NULL does nothing. */
void io_pair_release(struct io_pair *pair);
/* Up to `bytes` for this reader; 0 at the end; -errno. */
ssize_t io_pair_read(struct io_pair *pair, uint32_t reader, void *out, size_t bytes);

#endif
