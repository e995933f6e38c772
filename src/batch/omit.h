/*
 * omit: whom a full file leaves out, after its last record.
 *
 * Who is present is read from what the file's records did, one bit a member, so that an interrupted run finds the same
 * again. Households are judged in the order of group and subscriber number, in chunks of their own; each leaves its
 * rows behind (store_omission), which stop a second judgement.
 *
 * Scope     a group whose full sets of this file are all applied, of which one is applied in this run, and which is
 *           the sponsor's (N1*P5 and the group's sponsor_id, where both are known). Others are left alone.
 * Rows      under positions behind the set's last record, for there is no record: the conservation law counts records.
 */
#ifndef MUSTER_BATCH_OMIT_H
#define MUSTER_BATCH_OMIT_H

#include "pass.h"

/* The file's full sets have had their last record. Dry: only counts, into the pass's volumes. */
int omit_run(struct pass *pass);
/* A representative releases an omission that waits (CATEGORY_OMITTED): end the coverage of its candidates. */
int omit_release(struct pass *pass, const struct job_item *item, struct hash_content_state *payload);

#endif
