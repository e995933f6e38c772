/*
 * claims: the members that records of the set under way were found to mean.
 *
 * A set of numbers in memory, by open addressing: asked once a candidate, and a set may claim millions.
 */
#ifndef MUSTER_BATCH_CLAIMS_H
#define MUSTER_BATCH_CLAIMS_H

#include "muster/env.h"

struct claims {
	uint64_t *slots; /* 0 = free; no member has this number */
	uint32_t count, capacity; /* capacity 0 or a power of two */
};

/* 0 or -ENOMEM. `member_no` is not 0. */
int claims_add(struct claims *claims, struct env *env, uint64_t member_no);
bool claims_has(const struct claims *claims, uint64_t member_no);
void claims_clear(struct claims *claims);
void claims_fini(struct claims *claims, struct env *env);

#endif
