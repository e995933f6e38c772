/*
 * items: records of the queue that run again, each in a transaction of its own.
 *
 * The record is read again from the archived original, so that it is decided exactly as the file says, with the
 * representative's decision laid over it. What comes of it changes the record's one ledger row from "exception"; a
 * record whose row says otherwise has had its effect and is left alone.
 */
#ifndef MUSTER_BATCH_ITEMS_H
#define MUSTER_BATCH_ITEMS_H

#include "pass.h"

bool items_in_set(const struct job_items *items, uint32_t tset_ordinal);
int items_family(struct pass *pass, const struct enroll_family *family);
int items_line(struct pass *pass, const struct remit_header *header, const struct remittance_line *line);

#endif
