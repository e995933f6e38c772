/*
 * rule: the situational rules of a guide (SNIP 4), judged while the set is walked.
 *
 * Off the hot path: only segments that a rule stands at, or that can make a fact true, come here.
 */
#ifndef MUSTER_CHECK_RULE_H
#define MUSTER_CHECK_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/finding.h"
#include "muster/x12.h"

struct check;
struct known;
struct plan_loop;

/* Which segment made a fact of the guide so. */
struct rule_fact {
	uint16_t source; /* in guide->sources */
	struct x12_where where;
};

/* A set begins: no fact holds. */
void rule_begin(struct check *check);
/* A loop begins: what is asked of it anew holds no more. */
void rule_loop_begin(struct check *check, const struct plan_loop *loop);
/* A segment has its place: facts, then the rules that stand at it. */
int rule_segment(struct check *check, uint16_t segment_index, const struct x12_segment *segment);
/* The facts of a segment that has been here before, and of which `ruled` is known. */
void rule_tell_known(struct check *check, const struct known *known, const struct x12_segment *segment);
/*
 * A segment of this place came with a qualifier that is wrong, and that was said: what it may have been meant to be is
 * not held to be missing.
 */
void rule_doubt(struct check *check, uint16_t segment_index);
/* A loop has ended: the rules that stand at it. */
int rule_loop_end(struct check *check, const struct plan_loop *loop);

#endif
