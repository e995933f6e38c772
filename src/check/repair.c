/*
 * Repairs: a segment that fits no open place.
 *
 * One fault, one finding: of all readings of the segment the one is taken that leaves the rest of the set
 * undisturbed. In order of preference:
 *
 *   1 the place is full                    it is taken all the same: REPEATS_TOO_OFTEN
 *   2 the place was passed over            it is taken there, all loops stay open: SEGMENT_OUT_OF_ORDER
 *   3 the segment begins a loop anew, but the one that opens it is missing, as when an INS was lost
 *   4 the segment stands in a loop whose opening segment is missing, as when an HD was lost
 *   5 the segment just before opened the wrong one of two loops, for an opening segment around it is missing, as
 *     when an LS was lost and its LX was read as a provider's
 *   6 only its qualifier is wrong          it is taken for the nearest place of its id: ELEMENT_CODE_INVALID;
 *                                          before 7 only if that place must be taken
 *   7 the place was passed over and full   REPEATS_TOO_OFTEN
 *   8 it belongs to the set's header       SEGMENT_OUT_OF_ORDER
 *   9 nothing of that                      it is passed over: SEGMENT_UNEXPECTED
 *
 * The header comes that late because a header segment in the midst of members is more often a detail segment with
 * a bad qualifier.
 */
#include <assert.h>
#include <stdio.h>

#include "state.h"

struct place {
	uint32_t frame;
	uint16_t node; /* PLAN_NONE: no such place */
};

static const struct place no_place = {0, PLAN_NONE};

static const struct plan_node *node_at(const struct check *check, struct place place)
{
	return &check->plan->nodes[place.node];
}

static uint64_t tentative_bit(const struct plan_node *node)
{
	return node->local < 64 ? UINT64_C(1) << node->local : 0;
}

static bool is_full(const struct frame *frame, const struct plan_node *node)
{
	return frame->counts[node->local] >= node->repeat;
}

/* A place that was passed over and takes `symbol`, in frames `from` and up, innermost first; full or not. */
static struct place find_passed(const struct check *check, uint16_t symbol, uint32_t from, uint32_t to, bool full)
{
	const struct check_plan *plan = check->plan;
	for (uint32_t f = to; f-- > from;) {
		const struct frame *frame = &check->frames[f];
		for (uint16_t l = plan_head(plan, frame->loop, symbol); l != PLAN_NONE; l = plan->links[l].next) {
			const struct plan_node *node = &plan->nodes[plan->links[l].node];
			if (node->ordinal < frame->cursor && !node->opens_here && !frame->exiled &&
			    is_full(frame, node) == full)
				return (struct place){f, plan->links[l].node};
		}
	}
	return no_place;
}

/* The place of `loop` that takes `symbol` right after the opening segment, with no required place between. */
static uint16_t node_after_opener(const struct check_plan *plan, uint16_t loop, uint16_t symbol)
{
	const struct plan_node *opener = &plan->nodes[plan->loops[loop].first_node];
	for (uint16_t l = plan_head(plan, loop, symbol); l != PLAN_NONE; l = plan->links[l].next) {
		const struct plan_node *node = &plan->nodes[plan->links[l].node];
		if (!node->opens_here && (node->required_before & ~opener->required_bit) == 0)
			return plan->links[l].node;
	}
	return PLAN_NONE;
}

/* The place in the frame below that opens the loop of frame `f` once more, or no_place. */
static struct place find_again(const struct check *check, uint32_t f)
{
	const struct plan_loop *parent;
	if (f == 0 || check->frames[f].displaced || check->frames[f].exiled)
		return no_place;
	parent = &check->plan->loops[check->frames[f - 1].loop];
	for (uint16_t i = 0; i < parent->node_count; i++) {
		uint16_t index = (uint16_t)(parent->first_node + i);
		const struct plan_node *node = &check->plan->nodes[index];
		if (node->child == check->frames[f].loop && !is_full(&check->frames[f - 1], node))
			return (struct place){f - 1, index};
	}
	return no_place;
}

/* Reading 3: a required segment comes a second time, after a loop that lacks nothing, and the loop may repeat. */
static struct place find_restart(const struct check *check, struct place passed, uint16_t symbol)
{
	const struct frame *frame = &check->frames[passed.frame];
	if (passed.node == PLAN_NONE || node_at(check, passed)->required_bit == 0 ||
	    node_at(check, passed)->child != PLAN_NONE)
		return no_place;
	if ((check->plan->loops[frame->loop].required & ~frame->seen) != 0)
		return no_place;
	if (node_after_opener(check->plan, frame->loop, symbol) == PLAN_NONE)
		return no_place;
	return find_again(check, passed.frame);
}

/* Reading 4: a closed loop, next in order, in which the segment would fit. */
static struct place find_without_opener(const struct check *check, uint16_t symbol)
{
	const struct check_plan *plan = check->plan;
	for (uint32_t f = check->frame_count; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &plan->loops[frame->loop];
		for (uint16_t i = 0; i < loop->node_count && !frame->exiled; i++) {
			const struct plan_node *node = &plan->nodes[loop->first_node + i];
			if (node->child == PLAN_NONE || node->ordinal < frame->cursor || is_full(frame, node))
				continue;
			if ((node->required_before & ~frame->seen) == 0 &&
			    node_after_opener(plan, node->child, symbol) != PLAN_NONE)
				return (struct place){f, (uint16_t)(loop->first_node + i)};
		}
	}
	return no_place;
}

static bool holds_only_its_opener(const struct check *check, const struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	uint32_t taken = 0;
	for (uint16_t i = 0; i < loop->node_count; i++)
		taken += frame->counts[i];
	return taken == 1;
}

/* The place in `loop` of a child that the same segment opens as `opened`, and that then takes `symbol`. */
static uint16_t find_twin(const struct check *check, uint16_t loop, uint16_t opened, uint16_t symbol)
{
	const struct check_plan *plan = check->plan;
	const char *id = check->guide->segments[plan->loops[opened].first_segment].id;
	for (uint16_t i = 0; i < plan->loops[loop].node_count; i++) {
		const struct plan_node *node = &plan->nodes[plan->loops[loop].first_node + i];
		if (node->child == PLAN_NONE || strcmp(check->guide->segments[node->segment].id, id) != 0)
			continue;
		if (node_after_opener(plan, node->child, symbol) != PLAN_NONE)
			return (uint16_t)(plan->loops[loop].first_node + i);
	}
	return PLAN_NONE;
}

/* Reading 5: where the loop stands whose opening segment is missing; *ret_twin is the place in it. */
static struct place find_misread(const struct check *check, uint16_t symbol, uint16_t *ret_twin)
{
	const struct check_plan *plan = check->plan;
	const struct frame *top = &check->frames[check->frame_count - 1];
	if (check->frame_count < 2 || top->exiled || !holds_only_its_opener(check, top))
		return no_place;
	for (uint32_t f = check->frame_count - 1; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &plan->loops[frame->loop];
		for (uint16_t i = 0; i < loop->node_count; i++) {
			const struct plan_node *node = &plan->nodes[loop->first_node + i];
			if (node->child == PLAN_NONE || node->ordinal < frame->cursor || is_full(frame, node))
				continue;
			*ret_twin = find_twin(check, node->child, top->loop, symbol);
			if ((node->required_before & ~frame->seen) == 0 && *ret_twin != PLAN_NONE)
				return (struct place){f, (uint16_t)(loop->first_node + i)};
		}
	}
	return no_place;
}

/* Of two places for a segment with a bad qualifier: one that is still required, else one with more room. */
static bool is_better(const struct frame *frame, const struct plan_node *node, const struct plan_node *best)
{
	bool required = (node->required_bit & ~frame->seen) != 0;
	bool best_required = (best->required_bit & ~frame->seen) != 0;
	return required != best_required ? required : node->repeat > best->repeat;
}

/* Is the place required and not yet taken? */
static bool is_wanting(const struct check *check, struct place place)
{
	return (node_at(check, place)->required_bit & ~check->frames[place.frame].seen) != 0;
}

/* Reading 6: an open place of the same id, whatever its qualifier. */
static struct place find_by_id(const struct check *check, struct slice id)
{
	const struct check_plan *plan = check->plan;
	for (uint32_t f = check->frame_count; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &plan->loops[frame->loop];
		uint16_t best = PLAN_NONE;
		for (uint16_t i = 0; i < loop->node_count; i++) {
			const struct plan_node *node = &plan->nodes[loop->first_node + i];
			if (!slice_is(id, check->guide->segments[node->segment].id) || node->opens_here)
				continue;
			if (node->ordinal < frame->cursor || is_full(frame, node))
				continue;
			if (best == PLAN_NONE || is_better(frame, node, &plan->nodes[best]))
				best = (uint16_t)(loop->first_node + i);
		}
		if (best != PLAN_NONE)
			return (struct place){f, best};
	}
	return no_place;
}

/* The loop that a place opens or stands in. */
static uint16_t loop_of_place(const struct plan_node *node)
{
	return node->child != PLAN_NONE ? node->child : node->loop;
}

static int report_full(struct check *check, const struct plan_node *node)
{
	enum finding_code code =
		node->child != PLAN_NONE ? FINDING_LOOP_REPEATS_TOO_OFTEN : FINDING_SEGMENT_REPEATS_TOO_OFTEN;
	const char *what = node->child != PLAN_NONE ? check->guide->loops[node->child].id : "the segment";
	struct finding finding = report_make(check, code, &check->at, check->guide->segments[node->segment].id,
					     "%s may stand here %u time%s at most; leave the others out", what,
					     node->repeat, node->repeat == 1 ? "" : "s");
	finding.loop = walk_id_of_loop(check, loop_of_place(node));
	return report_deliver(check, &finding);
}

static int report_passed(struct check *check, const struct plan_node *node)
{
	struct slice loop = walk_id_of_loop(check, loop_of_place(node));
	struct finding finding =
		report_make(check, FINDING_SEGMENT_OUT_OF_ORDER, &check->at, check->guide->segments[node->segment].id,
			    "its place is in %s%.*s, before what has come already; send it there",
			    loop.len > 0 ? "loop " : "the header", (int)loop.len, loop.data);
	finding.loop = loop;
	return report_deliver(check, &finding);
}

/* Readings 1 and 7. */
static int repair_full(struct check *check, struct place place, enum walk_how how, const struct x12_segment *segment)
{
	struct frame *frame = &check->frames[place.frame];
	const struct plan_node *node = node_at(check, place);
	int r;

	if ((frame->tentative & tentative_bit(node)) != 0) {
		/* The one that took this place had a bad qualifier, and that was said. */
		frame->tentative &= ~tentative_bit(node);
		return walk_accept(check, place.frame, place.node, how, segment);
	}
	if (frame->exiled)
		return walk_accept(check, place.frame, place.node, how, segment);
	r = walk_accept(check, place.frame, place.node, how, segment);
	return r < 0 ? r : report_full(check, node);
}

static int repair_passed(struct check *check, struct place place, const struct x12_segment *segment)
{
	int r = walk_accept(check, place.frame, place.node, WALK_IN_PLACE, segment);
	return r < 0 ? r : report_passed(check, node_at(check, place));
}

/* Readings 3 and 4: open the loop, then place the segment in it. */
static int repair_without_opener(struct check *check, struct place place, uint16_t symbol,
				 const struct x12_segment *segment)
{
	uint16_t node = node_after_opener(check->plan, node_at(check, place)->child, symbol);
	int r = walk_open_without_opener(check, place.frame, place.node);
	assert(node != PLAN_NONE);
	return r < 0 ? r : walk_accept(check, check->frame_count - 1, node, WALK_IN_ORDER, segment);
}

/* Reading 5: the wrong loop is closed, lacking nothing, and the right ones are opened as if they had been all along. */
static int repair_misread(struct check *check, struct place place, uint16_t twin, uint16_t symbol,
			  const struct x12_segment *segment)
{
	struct frame *top = &check->frames[check->frame_count - 1];
	struct x12_where here = check->at;
	int r;

	top->seen = check->plan->loops[top->loop].required;
	check->at = top->where;
	r = walk_open_without_opener(check, place.frame, place.node);
	if (r == 0)
		r = walk_open_again(check, check->frame_count - 1, twin);
	check->at = here;
	if (r < 0)
		return r;
	return walk_accept(check, check->frame_count - 1,
			   node_after_opener(check->plan, check->plan->nodes[twin].child, symbol), WALK_IN_ORDER,
			   segment);
}

/* Reading 6. element_check finds the bad qualifier and says so. */
static int repair_qualifier(struct check *check, struct place place, const struct x12_segment *segment)
{
	check->frames[place.frame].tentative |= tentative_bit(node_at(check, place));
	return walk_accept(check, place.frame, place.node, WALK_IN_ORDER, segment);
}

/* The ids that would have fitted, innermost loop first: "DTP, AMT, REF". */
static void list_expected(const struct check *check, char *out, size_t out_bytes)
{
	size_t len = 0;
	out[0] = '\0';
	for (uint32_t f = check->frame_count; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &check->plan->loops[frame->loop];
		for (uint16_t i = 0; i < loop->node_count; i++) {
			const struct plan_node *node = &check->plan->nodes[loop->first_node + i];
			const char *id = check->guide->segments[node->segment].id;
			if (node->ordinal < frame->cursor || is_full(frame, node) || node->opens_here ||
			    strstr(out, id) != NULL)
				continue;
			if (len + strlen(id) + 3 > out_bytes)
				return;
			len += (size_t)snprintf(out + len, out_bytes - len, "%s%s", len == 0 ? "" : ", ", id);
		}
	}
}

/* The loop that a segment with this symbol opens somewhere in the guide, or PLAN_NONE. */
static uint16_t loop_opened_by(const struct check *check, uint16_t symbol)
{
	const struct check_plan *plan = check->plan;
	for (uint16_t loop = 0; loop < check->guide->loop_count; loop++)
		for (uint16_t l = plan_head(plan, loop, symbol); l != PLAN_NONE; l = plan->links[l].next)
			if (plan->nodes[plan->links[l].node].child != PLAN_NONE)
				return plan->nodes[plan->links[l].node].child;
	return PLAN_NONE;
}

static bool room_for_exile(struct check *check)
{
	for (uint32_t f = 0; f < check->frame_count; f++)
		if (check->frames[f].exiled)
			return false;
	return check->frame_count < FRAMES_MAX - LIMIT_LOOP_DEPTH;
}

/* Reading 9. A loop that is opened here is passed over with all that stands in it. */
static int repair_unexpected(struct check *check, uint16_t symbol, const struct x12_segment *segment)
{
	uint16_t loop = loop_opened_by(check, symbol);
	char id[4], expected[120];
	struct finding finding;
	int r;

	list_expected(check, expected, sizeof(expected));
	slice_to_cstr(segment->id, id, sizeof(id));
	r = walk_release_unknown(check);
	if (r == 0)
		r = report_release_held(check);
	if (r < 0)
		return r;
	finding = report_make(check, FINDING_SEGMENT_UNEXPECTED, &check->at, id,
			      "it was passed over; here the guide has: %s", expected);
	finding.loop = walk_loop_id(check);
	r = report_deliver(check, &finding);
	if (r == 0 && check->handler->segment != NULL)
		r = check->handler->segment(check->handler->context, check->guide, NULL, segment);
	if (r == 0 && loop != PLAN_NONE && room_for_exile(check))
		r = walk_push(check, loop, true, true);
	return r;
}

int repair_segment(struct check *check, uint16_t symbol, uint32_t full_frame, uint16_t full_node,
		   const struct x12_segment *segment)
{
	struct place passed, full = {full_frame, full_node}, place;
	uint16_t twin = PLAN_NONE;

	if (full.node != PLAN_NONE)
		return repair_full(check, full, WALK_IN_ORDER, segment);
	passed = find_passed(check, symbol, 1, check->frame_count, false);
	if (passed.node != PLAN_NONE)
		return repair_passed(check, passed, segment);
	full = find_passed(check, symbol, 1, check->frame_count, true);
	place = find_restart(check, full, symbol);
	if (place.node == PLAN_NONE)
		place = find_without_opener(check, symbol);
	if (place.node != PLAN_NONE)
		return repair_without_opener(check, place, symbol, segment);
	place = find_misread(check, symbol, &twin);
	if (place.node != PLAN_NONE)
		return repair_misread(check, place, twin, symbol, segment);
	place = find_by_id(check, segment->id);
	if (place.node != PLAN_NONE && (full.node == PLAN_NONE || is_wanting(check, place)))
		return repair_qualifier(check, place, segment);
	if (full.node != PLAN_NONE)
		return repair_full(check, full, WALK_IN_PLACE, segment);
	passed = find_passed(check, symbol, 0, 1, false);
	if (passed.node != PLAN_NONE)
		return repair_passed(check, passed, segment);
	full = find_passed(check, symbol, 0, 1, true);
	if (full.node != PLAN_NONE)
		return repair_full(check, full, WALK_IN_PLACE, segment);
	return repair_unexpected(check, symbol, segment);
}

int repair_unknown(struct check *check, const struct x12_segment *segment)
{
	char id[4];
	struct finding finding;
	int r = walk_release_unknown(check);

	if (r == 0)
		r = report_release_held(check);
	if (r < 0)
		return r;
	slice_to_cstr(segment->id, id, sizeof(id));
	finding = report_make(check, FINDING_SEGMENT_NOT_IN_SET, &check->at, id,
			      "guide %.*s has no segment %s; it was passed over", (int)check->guide->id.len,
			      check->guide->id.data, id);
	finding.value = segment->id;
	r = walk_hold_unknown(check, &finding);
	if (r < 0 || check->handler->segment == NULL)
		return r;
	return check->handler->segment(check->handler->context, check->guide, NULL, segment);
}
