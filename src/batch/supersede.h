/*
 * supersede: a corrected file takes the place of what waited because of the first one (P25).
 *
 * A record that runs in a reprocessed file closes the open item of the same record: of the file that it corrects (or
 * of an earlier correction of it), with the same content, or at the same place for the same subscriber. If the record
 * is an exception again, its new item is the one to work on.
 */
#ifndef MUSTER_BATCH_SUPERSEDE_H
#define MUSTER_BATCH_SUPERSEDE_H

#include "pass.h"

/* The item has no effect any more. Inside the caller's transaction. */
int supersede_item(struct store *store, struct slice item_id, struct arena *arena);
/* Inside the chunk's transaction. */
int supersede_items(struct pass *pass, const struct member_record *record, struct slice sponsor_id);
/* The same for a line of a corrected remittance. */
int supersede_line(struct pass *pass, const struct remittance_line *line);

#endif
