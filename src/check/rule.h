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
struct check_plan;
struct known;
struct plan_loop;
struct plan_segment;
struct shape;

/* Which segment of the set made a fact of the guide so. */
struct rule_fact {
	uint64_t offset, line;
	uint32_t segment_pos;
	uint16_t segment; /* of the guide: which of its sources it was can be looked up */
};

/* A set begins: no fact holds. */
void rule_begin(struct check *check);
/* A loop begins: what is asked of it anew holds no more. */
void rule_loop_begin(struct check *check, const struct plan_loop *loop);
/* A segment has its place: facts, then the rules that stand at it. */
int rule_segment(struct check *check, uint16_t segment_index, const struct x12_segment *segment);
/*
 * The same in steps, for the straight way (straight.c). What the segment's bytes tell, whatever came before, into
 * `known`; may its rules be passed over, where it opens `opened` (NULL: no loop); and its facts.
 */
void rule_read(const struct check *check, const struct plan_segment *at, const struct x12_segment *segment,
	       const struct shape *shape, struct known *known);
/* The rules of the segment, as a mask, that these elements do not keep by being there, or not. */
uint64_t rule_open(const struct check_plan *plan, const struct plan_segment *at, uint64_t present);
bool rule_is_quiet(const struct check *check, const struct plan_segment *at, const struct known *known,
		   const struct plan_loop *opened);
void rule_take(struct check *check, uint16_t segment_index, const struct known *known);
/*
 * A segment of this place came with a qualifier that is wrong, and that was said: what it may have been meant to be is
 * not held to be missing.
 */
void rule_doubt(struct check *check, uint16_t segment_index);
/* A loop has ended: the rules that stand at it. */
int rule_loop_end(struct check *check, const struct plan_loop *loop);
/* Will rule_loop_end find nothing to report? */
bool rule_loop_is_quiet(const struct check *check, uint16_t loop_index);

#endif
