/*
 * fate: what shall become of each set, written down as its row at the end of the set.
 *
 * By its verdict, its use (test files), its order, its control numbers and content (duplicates, conflicts, suspected
 * re-sends: promises P20 to P22), and what full files want. An envelope that turns out bad at its own end, and a file
 * that must wait as a whole, overrule it afterwards.
 */
#ifndef MUSTER_BATCH_FATE_H
#define MUSTER_BATCH_FATE_H

#include "validate.h"

/* The row of the set that has just ended. */
int fate_add_set(struct validate *validate, const struct x12_tset *tset, const struct check_verdict *verdict);
/* Turn the sets from tset_no `first` (0: none) on into rejected or held ones. */
int fate_overrule(struct validate *validate, uint64_t first, enum store_tset_outcome outcome, struct slice reason);

#endif
