/*
 * ack: findings and verdicts into TA1 and 999.
 *
 * Collects what a walk says (feed it every handler event) and writes one interchange of acknowledgment for each
 * interchange received: TA1 for its envelope, and a 999 set for each functional group (for one of version 004010 a
 * 997 in its place; to a 00401 interchange both go in one of that version). Pure: the same events,
 * control numbers and clock give the same bytes, so a lost acknowledgment can be made again.
 *
 * TA1       the code of the first error; with warnings only E and the first warning's code; else A 000.
 * 999       only errors, by position; an IK4 has no copy of a value that may be an SSN or cannot be written. A total
 *           that does not agree is told in IK5 and, as I12, at the element that states it. CTX names the record that an
 *           error lies in. No answer to a rejected interchange, to GS01 FA, nor a TA1 to an interchange that holds
 *           only TA1s.
 * Numbers   each interchange written takes one control number, 999 before TA1; its first GS bears the same, further
 *           GS take their own. A caller's own findings (INTERCHANGE_DUPLICATE) go into the handler's `finding` between
 *           interchange_begin and interchange_end.
 * Memory    what is written, until the end, and the set in hand: LIMIT_FINDINGS_PER_SET of a set are told and
 *           LIMIT_ACK_FINDINGS of a file; sets beyond LIMIT_FGROUP_TSETS of a group have no AK2 (no AK9 could count
 *           them; the group is rejected). All count for IK5 and AK9.
 * Source    x12-syntax sections 9, 10; promise P33.
 */
#ifndef MUSTER_ACK_H
#define MUSTER_ACK_H

#include "muster/check.h"

struct ack_options {
	int64_t clock_ms;        /* of ISA09/10, GS04/05 */
	uint32_t control_number; /* ISA13 of the first interchange written; the next ones count up. GS06 likewise */
	bool trial; /* `validate --ack`: ISA15 = T whatever came in, and a control number from no sequence */
	bool accepted_left_out;   /* no AK2 and IK5 for sets without errors, as the 999 allows */
	bool ta1_only_when_asked; /* TA1 only when ISA14 = 1 or the interchange is rejected; default: always */
};

struct ack; /* opaque */

int ack_new(struct env *env, const struct ack_options *options, struct ack **ret_ack);
void ack_free(struct ack *ack);
/* A handler that feeds `ack`; copy its functions into your own or call them. Borrowed from `ack`. */
const struct check_handler *ack_handler(struct ack *ack);
/* After the walk. Slices borrowed from `ack`; empty when there is nothing to send (no ISA, or TA1 rejected: no 999). */
int ack_finish(struct ack *ack, struct slice *ret_ta1, struct slice *ret_999);
/* How many control numbers were used, from options.control_number on. */
uint32_t ack_control_numbers_used(const struct ack *ack);

#endif
