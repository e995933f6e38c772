/* advise: the 824 of a file, from the rows that its applying left. */
#ifndef MUSTER_BATCH_ADVISE_H
#define MUSTER_BATCH_ADVISE_H

#include "job.h"
#include "muster/advice.h"

/* How many control numbers it may take: one for each functional group. 0 where the partner wants none. */
uint32_t advise_numbers(const struct job *job);
/* Its bytes, to the sink; none where the partner wants none or there is nothing to tell. 0 or <0. */
int advise_make(struct job *job, const struct advice_sink *sink);

#endif
