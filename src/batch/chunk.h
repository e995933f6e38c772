/*
 * chunk: a portion of families in one database transaction. What each set did in it ends with the set's resume mark, its
 * tally and an audit row. Sets that follow on one another share a transaction: a file of a thousand small ones is not a
 * thousand commits.
 */
#ifndef MUSTER_BATCH_CHUNK_H
#define MUSTER_BATCH_CHUNK_H

#include "pass.h"

/*
 * A WAL longer than this is copied into the database between chunks (promise P13). Chunk after chunk changes the same
 * pages of the match keys: the longer the WAL, the fewer times they are copied.
 */
#define WAL_BYTES_MAX (UINT64_C(512) * 1024 * 1024)

/* Begin one where none is open. */
int chunk_begin(struct pass *pass);
/* So many records more, up to `last_pos`; commits when there are enough for one transaction. */
int chunk_grew(struct pass *pass, uint32_t last_pos, uint32_t members);
/* The set under way has had its last family. Its transaction goes on into the next set that is applied. */
int chunk_end_set(struct pass *pass);
/* Commit what is open, if anything is. */
int chunk_commit(struct pass *pass);

#endif
