/*
 * cluster: who is the same as somebody who is the same.
 *
 * Internal to match; see cluster.c.
 */
#ifndef MATCH_CLUSTER_H
#define MATCH_CLUSTER_H

#include "muster/match_link.h"

/*
 * Pairs of one table with itself, `rows` long: probabilities are raised, missing pairs and directions added (never automatic),
 * and all sorted by left row, best first. *pairs is of env_alloc and may move. 0 or -ENOMEM.
 */
int match_cluster(struct env *env, uint32_t rows, struct match_pair **pairs, size_t *count);

#endif
