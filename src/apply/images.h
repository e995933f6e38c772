/*
 * Before and after of an operation, as JSON for the change history and for undo.
 *
 * {"fields":{"city":"SALEM"},"span":{"group_id":"G1","plan_id":"P1","insurance_line":"HMO","tier":"EMP",
 *  "begins_on":"2026-01-01","ends_on":null,"cobra":false,"voided":false}}
 * `fields` holds only what differs between before and after; a new member's "before" has none. Keys are the columns
 * of CONTRACT section 3.
 */
#ifndef MUSTER_APPLY_IMAGES_H
#define MUSTER_APPLY_IMAGES_H

#include "muster/decide.h"

struct buffer;

/* Append the JSON of one side of `operation`. `after` false: what was before. */
void images_add_json(struct buffer *out, const struct decide_operation *operation, bool after);

#endif
