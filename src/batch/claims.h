/*
 * claims: the members that records of one set were found to mean; one bit each.
 *
 * A member may be meant once in a set: a second record that seems to mean him goes to a person.
 *
 * Memory    a bit for each member of the plan, and eight bytes for each claim until the set ends.
 */
#ifndef MUSTER_BATCH_CLAIMS_H
#define MUSTER_BATCH_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

struct env;

struct claims {
	struct env *env;
	uint64_t *bits;      /* by member_no */
	uint64_t words;
	uint64_t *numbers;   /* those set, to clear them again */
	uint64_t count, capacity;
};

void claims_init(struct claims *claims, struct env *env);
void claims_fini(struct claims *claims);
void claims_clear(struct claims *claims);
bool claims_has(const struct claims *claims, uint64_t member_no);
/* 0 or -ENOMEM. */
int claims_add(struct claims *claims, uint64_t member_no);

#endif
