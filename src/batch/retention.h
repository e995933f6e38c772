/* What is removed once it was kept long enough. See retention.c. */
#ifndef MUSTER_BATCH_RETENTION_H
#define MUSTER_BATCH_RETENTION_H

#include "job.h"

/* End the removals that were cut short. */
int retention_finish(struct batch *batch);

#endif
