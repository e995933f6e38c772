/*
 * lane: the files of one sender for one receiver, in their order (P24).
 *
 * In a drop folder a file that is older than one applied before is held or taken, as the partner's profile says; a
 * named file (`process`) is taken, for whoever named it chose the order. A gap in the interchange control numbers is
 * a warning: a file may be missing.
 */
#ifndef MUSTER_BATCH_LANE_H
#define MUSTER_BATCH_LANE_H

#include "work.h"

/* Must the interchange be held because it is older than what was applied? Warns of gaps. */
int lane_look(struct work *work, const struct x12_interchange *interchange, bool *ret_hold);
/* The file was applied: its interchanges are the lane's latest now. Inside the write transaction. */
int lane_advance(struct work *work);

#endif
