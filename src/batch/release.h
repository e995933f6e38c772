/*
 * release: a held set that a representative lets past its guard.
 *
 *   held --[decision `release`: the set open again, its key claimed, an audit row]--> open
 *   open --[as any set: chunks, omissions]--> applied --[outputs written anew]--> done
 *
 * Each arrow can be walked again after a crash: the decision stands in the queue, the set says how far it is, and a
 * value in `meta` says that the outputs are not yet those of the released set. The file stays FILED throughout, and its
 * original where it was archived.
 */
#ifndef MUSTER_BATCH_RELEASE_H
#define MUSTER_BATCH_RELEASE_H

#include "job.h"

/* Is there something left to do for this decision? */
int release_is_pending(struct batch *batch, const struct store_exception *item, bool *ret_pending);
/* Do it. */
int release_set(struct batch *batch, uint64_t file_no, uint64_t tset_no, struct job_item *item);
/* The archived original of a file that is FILED, wherever it lies, into job->original. */
int release_find_original(struct job *job);

#endif
