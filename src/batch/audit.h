/*
 * audit: a family of an audit file (BGN08 4): compared, and nothing applied.
 *
 * A record that is equal to what is stored counts as no change. One that differs, whose person is unknown or unsure
 * counts as held, and says what differs in rows of its own (store_discrepancy), from which `<n>.audit.csv` is made.
 */
#ifndef MUSTER_BATCH_AUDIT_H
#define MUSTER_BATCH_AUDIT_H

#include "pass.h"

int audit_family(struct pass *pass, const struct enroll_family *family, struct changeset *changeset);

#endif
