/*
 * lane: the files of one sender for one receiver, in their order (P24).
 *
 * In a drop folder a file that is older than one applied before is held or taken, as the partner's profile says; a
 * named file (`process`) is taken, for whoever named it chose the order. A gap in the interchange control numbers is
 * a warning: a file may be missing. So is a number that was used before, or the interchange is rejected (dup_isa13).
 */
#ifndef MUSTER_BATCH_LANE_H
#define MUSTER_BATCH_LANE_H

#include "job.h"

/* Must the interchange be held because it is older than what was applied? Warns of gaps. */
int lane_look(struct job *job, const struct x12_interchange *interchange, bool *ret_hold);
/*
 * Was the interchange's control number used before, in a file of which sets were taken? Warns; where the partner's
 * profile refuses it, *ret_refusal (in the job's arena) says why, else it is left alone. A corrected file may use it.
 */
int lane_came_before(struct job *job, const struct store_interchange *interchange, struct slice *ret_refusal);
/* The file has come; and if it was applied, nothing older may come after it. Inside the write transaction. */
int lane_advance(struct job *job);

#endif
