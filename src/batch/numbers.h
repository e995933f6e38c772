/*
 * numbers: control numbers that come again (promises P19 to P23).
 *
 * Numbers that were used once may be used again after the partner's reset, or when their time (number_window) is over.
 * The old rows stay in the ledger; the new set has a key of the next era. The same content under the same numbers stays a
 * duplicate, however long ago it came.
 */
#ifndef MUSTER_BATCH_NUMBERS_H
#define MUSTER_BATCH_NUMBERS_H

#include "job.h"

struct numbers {
	const struct store_tset *earlier; /* whom the set's numbers belong to already; NULL = they are its own */
	uint32_t era;                     /* of its key */
};

/* Which uses of numbers count against this file (its number, partner and time of receipt). 0 or <0. */
int numbers_limit(struct job *job, struct store_numbers_limit *ret_limit);
int numbers_limit_of(struct store *store, const struct profile *profile, const struct store_file *file,
		     struct arena *arena, struct store_numbers_limit *ret_limit);
/* Does what a file did with its numbers count? 0 or <0. */
int numbers_file_counts(struct store *store, const struct store_numbers_limit *limit, uint64_t file_no,
			struct arena *arena, bool *ret_counts);
/*
 * Are these numbers (the key of `row`) free for a set with its content? A correction goes on with its original, where that
 * has them; else with whoever had them last, where that counts. What is found lives in the arena. 0 or <0.
 */
int numbers_look(struct job *job, const struct store_interchange *interchange, const struct store_tset *row,
		 struct arena *arena, struct numbers *ret_numbers);
/* Was this interchange's number used before, but only by files that do not count? 0 or <0. */
int numbers_come_again(struct job *job, const struct store_interchange *interchange, bool *ret_again);

#endif
