/*
 * whole: a file that comes whole takes the place of its own beginning, which waits because it was cut off.
 *
 * Only where that is certain: the cut file is one of the same partner, waits as a whole still, has an interchange of the
 * same sender, receiver and control number, and every byte of it (unpacked, decoded) is the whole one's, from the first
 * on, which goes on behind it. Nothing of it was applied, so nothing but its item ends.
 */
#ifndef MUSTER_BATCH_WHOLE_H
#define MUSTER_BATCH_WHOLE_H

#include "job.h"

struct whole {
	struct {
		struct slice item_id; /* in the job's arena */
		uint64_t file_no;
		bool is_beginning;
	} cuts[LIMIT_CANDIDATES];
	uint32_t count;
};

/* Which items are about a beginning of this file? Outside of transactions: both files are read. */
int whole_find(struct job *job, struct whole *ret_whole);
/* Close them, each with its audit row. Inside the transaction that settles the file. */
int whole_supersede(struct job *job, const struct whole *whole);

#endif
