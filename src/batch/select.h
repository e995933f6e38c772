/*
 * select: which records of a family take part in a pass.
 *
 * Not those that are in the ledger, nor (reprocess) those whose content the original set has applied. In pass 3 only
 * the deferred ones; and what an interrupted run had deferred is deferred again.
 */
#ifndef MUSTER_BATCH_SELECT_H
#define MUSTER_BATCH_SELECT_H

#include "pass.h"

/* The family without the records that do not take part; member_count 0 when none does. */
int select_family(struct pass *pass, const struct enroll_family *family, struct enroll_family *ret_family);
/*
 * Reprocess: has the original set, or a revision of it, applied the same content (P25)? Then the record (for an 820 a
 * line, of this much money) is put into the ledger and the tally as a duplicate, and there is nothing to do for it.
 */
int select_done_before(struct pass *pass, uint32_t member_pos, const struct hash *content_hash, cents money,
                       bool *ret_skip);
/* Let a record wait for pass 3. */
int select_defer(struct job *job, uint32_t tset_ordinal, uint32_t member_pos);

#endif
