/*
 * audit: a family of an audit file (BGN08 4): compared, and nothing applied.
 *
 * A record that is equal to what is stored counts as no change. One that differs, whose person is unknown or unsure
 * counts as held, and says what differs in rows of its own (store_discrepancy), from which `<n>.audit.csv` is made.
 *
 * A difference is often only one of time: something of the family waits in the queue, or the member was changed on the
 * day on which the file was made, or later. What so accounts for it is told beside it.
 */
#ifndef MUSTER_BATCH_AUDIT_H
#define MUSTER_BATCH_AUDIT_H

#include "pass.h"

/* What accounts for a difference of this member (0: not on file), of a file made on that day. Text in `arena`. */
int audit_explain(struct job *job, date_day file_on, uint64_t member_no, struct family_key family, struct arena *arena,
		  struct slice *ret_words);
int audit_family(struct pass *pass, const struct enroll_family *family, struct changeset *changeset);

#endif
