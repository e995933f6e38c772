/*
 * What a representative sees of a waiting record: the incoming fields and the candidates' evidence, as JSON.
 *
 * The incoming object is flat; its keys are the columns of the exceptions CSV, all values text, unmasked (every
 * display masks them). Evidence is an array of {"field","level","sent","known","bits","against"}.
 */
#ifndef MUSTER_APPLY_INCOMING_H
#define MUSTER_APPLY_INCOMING_H

#include "muster/decide.h"
#include "muster/remit.h"

struct buffer;

void incoming_add_member(struct buffer *out, const struct enroll_header *header, const struct member_record *record);
void incoming_add_line(struct buffer *out, const struct remit_header *header, const struct remittance_line *line);
void incoming_add_evidence(struct buffer *out, const struct match_candidate *candidate);

#endif
