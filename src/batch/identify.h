/* What the first envelopes of a file say of it. */
#ifndef MUSTER_BATCH_IDENTIFY_H
#define MUSTER_BATCH_IDENTIFY_H

#include "job.h"

struct identity {
	bool found;                           /* an ISA was there */
	struct store_interchange interchange; /* ids, date, time, control number */
	struct store_tset tset;               /* GS and ST of the first set */
};

/* 0 also when the file is no X12. Text in `arena`. */
int identify_file(struct env *env, const char *path, struct arena *arena, struct identity *ret_identity);

#endif
