/* What is kept of a set's header beside its row, as JSON: for views and reports. */
#ifndef MUSTER_BATCH_SET_HEADER_H
#define MUSTER_BATCH_SET_HEADER_H

#include "muster/enroll.h"
#include "muster/remit.h"

struct buffer;

void set_header_834(struct buffer *out, const struct enroll_header *header);
void set_header_820(struct buffer *out, const struct remit_header *header);

#endif
