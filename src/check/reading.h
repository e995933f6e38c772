/*
 * reading: how a segment that fits no open place may have been meant.
 *
 * One fault, one finding: of all readings of the segment the one is taken that leaves the rest of the set
 * undisturbed. Which one that is shows in the segment behind it: a reading after which that one fits is better than
 * one after which it needs a repair too. In order of preference among equals:
 *
 *   PASSED     its place was passed over       it is taken there, all loops stay open: SEGMENT_OUT_OF_ORDER
 *   UNOPENED   it begins a loop anew, but the one that opens it is missing, as when an INS was lost; or it stands in
 *              a loop whose opening segment is missing, as when an HD was lost
 *   MISREAD    the segment just before opened the wrong one of two loops, for an opening segment around it is
 *              missing, as when an LS was lost and its LX was read as a provider's
 *   QUALIFIER  only its qualifier is wrong     it is taken for the nearest place of its id: ELEMENT_CODE_INVALID;
 *              before FULL only if that place must be taken, or is a segment of a loop further in
 *   FULL       its place was passed over and is full   REPEATS_TOO_OFTEN
 *   UNEXPECTED nothing of that                 it is passed over: SEGMENT_UNEXPECTED
 *
 * UNOPENED of a record (2000B of the 820) comes before PASSED. PASSED and FULL of the set's header come before
 * UNEXPECTED only: a header segment in the midst of members is more often a detail segment with a bad qualifier.
 */
#ifndef MUSTER_CHECK_READING_H
#define MUSTER_CHECK_READING_H

#include "state.h"

struct place {
	uint32_t frame;
	uint16_t node; /* PLAN_NONE: no such place */
};

enum reading_kind {
	READING_NONE,
	READING_PASSED,
	READING_UNOPENED,
	READING_MISREAD,
	READING_QUALIFIER,
	READING_FULL,
	READING_UNEXPECTED
};

struct reading {
	enum reading_kind kind;
	struct place place; /* that takes the segment, or opens the loop whose opening segment is missing */
	uint16_t twin;      /* MISREAD: the place in that loop */
	uint32_t grade;     /* how well the segment behind it fits then; 0 = not at all */
};

/* `next` NULL: nothing is known of what follows. Nothing is changed. */
struct reading reading_choose(const struct check *check, uint16_t symbol, const struct x12_segment *segment,
			      const struct x12_segment *next);

static inline const struct plan_node *reading_node(const struct check *check, struct place place)
{
	return &check->plan->nodes[place.node];
}

/* The place of `loop` that takes `symbol` right after the opening segment, with no required place between. */
uint16_t reading_after_opener(const struct check_plan *plan, uint16_t loop, uint16_t symbol);

static inline bool reading_is_full(const struct frame *frame, const struct plan_node *node)
{
	return frame->counts[node->local] >= node->repeat;
}

#endif
