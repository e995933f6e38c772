/*
 * beside: the file's bytes once more, beside the walk.
 *
 * A walk gives segments; what stands between them it passes over. This reads the same file a little behind the walk,
 * and gives what lies before a segment.
 *
 * Memory    one window, allocated at init.
 */
#ifndef MUSTER_CONVERT_BESIDE_H
#define MUSTER_CONVERT_BESIDE_H

#include "muster/env.h"
#include "muster/io.h"
#include "muster/slice.h"

struct beside {
	struct io_source *source;
	char *bytes;
	size_t begin, end;
	uint64_t base; /* read offset of bytes[begin] */
	bool ended;
};

int beside_init(struct beside *beside, struct env *env, struct io_source *source);
void beside_fini(struct beside *beside, struct env *env);
/*
 * The next bytes that lie before `offset` of the file (as x12_where counts; UINT64_MAX: all that is left), at most
 * `bytes_max`; empty when there are none. They are passed over with this call and borrowed until the next one.
 */
int beside_before(struct beside *beside, uint64_t offset, size_t bytes_max, struct slice *ret_bytes);
/* Exactly `bytes` (at most LIMIT_SEGMENT_BYTES + 1), fewer at the end of the file. Likewise. */
int beside_take(struct beside *beside, size_t bytes, struct slice *ret_bytes);

#endif
