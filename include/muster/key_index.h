/*
 * key_index: which members may bear a match key, in memory.
 *
 * For runs that look up more keys than a database answers quickly. It knows numbers, not members: whoever asks reads
 * the members (they are read anyway) and leaves out those who do not bear the key. So it need only never miss one. A
 * key that a member bears no more, one of a change that was rolled back, one of another member with nearly the same
 * bits: all may stay in it and harm nothing.
 *
 * Use       new; add all stored keys in the order of the database; freeze; then find, and put what the run itself
 *           writes.
 * Memory    at most 64 bytes a member with up to seven keys each (key_index_bytes says how many); while it grows no more.
 * Errors    -ENOMEM; -EOVERFLOW for a member_no or a number of keys of more than 32 bits.
 * Source    matching section 3 (speed); performance section 2 (blocking index).
 */
#ifndef MUSTER_KEY_INDEX_H
#define MUSTER_KEY_INDEX_H

#include "muster/env.h"

struct key_index; /* opaque */

/* For about so many keys; more or fewer may come. */
int key_index_new(struct env *env, uint64_t key_count, struct key_index **ret_index);
void key_index_free(struct key_index *index);
/* In the order of the keys as signed integers, as the database has them. */
int key_index_add(struct key_index *index, uint64_t key, uint64_t member_no);
int key_index_freeze(struct key_index *index);
/* A key that is written now. The same one again does no harm. */
int key_index_put(struct key_index *index, uint64_t key, uint64_t member_no);
/*
 * The members that may bear `key`: each once, in ascending order, borrowed until the next call. 0 or -ENOMEM.
 */
int key_index_find(struct key_index *index, uint64_t key, const uint32_t **ret_member_nos, uint32_t *ret_count);
size_t key_index_bytes(const struct key_index *index);
/* So many keys came since it was made that looking up gets slow: better made anew. */
bool key_index_is_crowded(const struct key_index *index);

#endif
