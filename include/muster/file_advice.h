/*
 * file_advice: the 824 that a file's bytes alone call for.
 *
 * Takes the events of one walk. What is answered is known at its end: a file that is not taken as a whole (held, a
 * duplicate) is answered set by set; else it tells the records of accepted sets that have errors of their own, which
 * are never applied (profile reject: member). What only the database knows is in the 824 of `process`.
 *
 * Memory    some 400 bytes a set, and LIMIT_ACK_FINDINGS records; further ones are told in one item of their set.
 * Errors    -ENOMEM.
 * Source    x12-syntax sections 11 and 12.
 */
#ifndef MUSTER_FILE_ADVICE_H
#define MUSTER_FILE_ADVICE_H

#include "muster/advice.h"
#include "muster/category.h"
#include "muster/check.h"

struct file_advice; /* opaque */

int file_advice_new(struct env *env, struct file_advice **ret_advice);
void file_advice_free(struct file_advice *advice);
/* A handler that feeds it; every function takes its context. Borrowed. */
const struct check_handler *file_advice_handler(struct file_advice *advice);

/* What became of the whole file. */
struct file_advice_whole {
	enum category category;
	bool rejected; /* never taken; else it waits */
	struct slice reason;
};

/*
 * After the walk: the 824 into `advice` (advice_finish is the caller's). `whole` NULL: record by record. `trial`: ISA15
 * is T, whatever came in.
 */
int file_advice_write(struct file_advice *file_advice, const struct file_advice_whole *whole, bool trial,
		      struct advice *advice);

/* Does the file wait as a whole, because it was cut off or is broken beyond its interchanges? Why; empty: it does not.
 * `accept_complete_sets`: profile partial. Static. */
struct slice file_advice_waits_why(const struct file_advice *file_advice, bool accept_complete_sets);

#endif
