/*
 * seen: which control numbers were there already.
 *
 * Keeps a keyed 64-bit fingerprint of each, not the text: two different numbers taken for one would need some
 * four thousand million of them. Memory is bounded by SEEN_KEYS_MAX; a number that comes once the set is full is
 * compared with those in it but not kept, so what can be missed is a repetition among the late ones only.
 */
#ifndef X12_SEEN_H
#define X12_SEEN_H

#include <stdbool.h>

#include "muster/env.h"
#include "muster/slice.h"

/* Sets in one group, groups in one interchange, interchanges in one file: 4 MiB at most for each of the three. */
#define SEEN_KEYS_MAX (256u * 1024u)

struct seen {
	uint64_t *keys;  /* open addressing; 0 = free */
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

void seen_fini(struct seen *seen, struct env *env);
/* Forget all; the work is in proportion to what was kept. */
void seen_clear(struct seen *seen, struct env *env);
/* Whether `text` was there before; now it is. 0 or -ENOMEM. */
int seen_add(struct seen *seen, struct env *env, struct slice text, bool *ret_before);

#endif
