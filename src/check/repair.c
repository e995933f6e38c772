/*
 * Repairs: a segment that fits no open place is taken as reading.h says it was meant.
 *
 * It waits until the one behind it is known. A place that is full takes it at once: that reading needs no second
 * opinion.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "reading.h"

static uint64_t tentative_bit(const struct plan_node *node)
{
	return node->local < 64 ? UINT64_C(1) << node->local : 0;
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

/* Directly behind another one of its id that was out of order: they came too late together. */
static bool came_with_another(struct check *check, const struct plan_node *node)
{
	const struct guide_segment *segments = check->guide->segments;
	bool is_next = check->passed_at.segment_pos != 0 && check->at.segment_pos == check->passed_at.segment_pos + 1 &&
		       segments[node->segment].loop == segments[check->passed_segment].loop &&
		       strcmp(segments[node->segment].id, segments[check->passed_segment].id) == 0;
	check->passed_at = check->at;
	check->passed_segment = node->segment;
	return is_next;
}

static int report_passed(struct check *check, const struct plan_node *node)
{
	struct slice loop = walk_id_of_loop(check, loop_of_place(node));
	struct finding finding =
		report_make(check, FINDING_SEGMENT_OUT_OF_ORDER, &check->at, check->guide->segments[node->segment].id,
			    "its place is in %s%.*s, before what has come already; send it there",
			    loop.len > 0 ? "loop " : "the header", (int)loop.len, loop.data);
	finding.loop = loop;
	return came_with_another(check, node) ? 0 : report_deliver(check, &finding);
}

static int take_full(struct check *check, struct place place, enum walk_how how, const struct x12_segment *segment)
{
	struct frame *frame = &check->frames[place.frame];
	const struct plan_node *node = reading_node(check, place);
	bool bare;
	int r;

	if ((frame->tentative & tentative_bit(node)) != 0) {
		/* The one that took this place had a bad qualifier, and that was said. */
		frame->tentative &= ~tentative_bit(node);
		return walk_accept(check, place.frame, place.node, how, segment);
	}
	if (frame->exiled)
		return walk_accept(check, place.frame, place.node, how, segment);
	bare = node->child == check->frames[check->frame_count - 1].loop && walk_is_bare(check);
	r = walk_accept(check, place.frame, place.node, how, segment);
	if (r == 0 && node->child != PLAN_NONE)
		check->frames[check->frame_count - 1].disturbed = true;
	return r < 0 || bare ? r : report_full(check, node);
}

static int take_passed(struct check *check, struct place place, const struct x12_segment *segment)
{
	int r = walk_accept(check, place.frame, place.node, WALK_IN_PLACE, segment);
	return r < 0 ? r : report_passed(check, reading_node(check, place));
}

/* Open the loop, then place the segment in it. */
static int take_unopened(struct check *check, struct place place, uint16_t symbol, const struct x12_segment *segment)
{
	uint16_t node = reading_after_opener(check->plan, reading_node(check, place)->child, symbol);
	int r = walk_open_without_opener(check, place.frame, place.node);
	assert(node != PLAN_NONE);
	return r < 0 ? r : walk_accept(check, check->frame_count - 1, node, WALK_IN_ORDER, segment);
}

/* The wrong loop is closed, lacking nothing, and the right ones are opened as if they had been all along. */
static int take_misread(struct check *check, struct place place, uint16_t twin, uint16_t symbol,
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
			   reading_after_opener(check->plan, check->plan->nodes[twin].child, symbol), WALK_IN_ORDER,
			   segment);
}

/* element_check finds the bad qualifier and says so. */
static int take_by_id(struct check *check, struct place place, const struct x12_segment *segment)
{
	check->frames[place.frame].tentative |= tentative_bit(reading_node(check, place));
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
			if (node->ordinal < frame->cursor || reading_is_full(frame, node) || node->opens_here ||
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

/* A loop that is opened here is passed over with all that stands in it. */
static int pass_over(struct check *check, uint16_t symbol, const struct x12_segment *segment)
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
	if (r == 0 && check->plan->wants_unplaced)
		r = check->handler->segment(check->handler->context, check->guide, NULL, segment);
	if (r == 0 && loop != PLAN_NONE && room_for_exile(check))
		r = walk_push(check, loop, true, true);
	return r;
}

int repair_full(struct check *check, uint32_t frame, uint16_t node, const struct x12_segment *segment)
{
	return take_full(check, (struct place){frame, node}, WALK_IN_ORDER, segment);
}

static int repair(struct check *check, const struct x12_segment *segment, const struct x12_segment *next)
{
	struct reading reading = reading_choose(check, check->symbol, segment, next);
	switch (reading.kind) {
	case READING_PASSED:
		return take_passed(check, reading.place, segment);
	case READING_UNOPENED:
		return take_unopened(check, reading.place, check->symbol, segment);
	case READING_MISREAD:
		return take_misread(check, reading.place, reading.twin, check->symbol, segment);
	case READING_QUALIFIER:
		return take_by_id(check, reading.place, segment);
	case READING_FULL:
		return take_full(check, reading.place, WALK_IN_PLACE, segment);
	case READING_NONE:
	case READING_UNEXPECTED:
		break;
	}
	return pass_over(check, check->symbol, segment);
}

/* The reader's bytes are gone when the next segment comes: a copy. */
int repair_wait(struct check *check, const struct x12_segment *segment)
{
	struct waiting *waiting = &check->waiting;
	if (waiting->bytes_max < segment->raw.len) {
		/* The smaller one stays in the arena: they double, so all of them are no more than twice the largest.
		 */
		size_t bytes = waiting->bytes_max == 0 ? 256 : waiting->bytes_max;
		while (bytes < segment->raw.len)
			bytes *= 2;
		waiting->bytes = arena_alloc(&check->arena, bytes);
		waiting->bytes_max = waiting->bytes == NULL ? 0 : bytes;
		if (waiting->bytes == NULL)
			return -ENOMEM;
	}
	memcpy(waiting->bytes, segment->raw.data, segment->raw.len);
	waiting->segment = *segment;
	waiting->segment.raw.data = waiting->bytes;
	waiting->segment.id.data = waiting->bytes + (segment->id.data - segment->raw.data);
	waiting->segment.elements = waiting->elements;
	for (uint32_t i = 0; i < segment->element_count; i++)
		waiting->elements[i] = slice_of(waiting->bytes + (segment->elements[i].data - segment->raw.data),
						segment->elements[i].len);
	waiting->held_count = check->held_count;
	waiting->is_there = true;
	return 0;
}

int repair_waiting(struct check *check, const struct x12_segment *next)
{
	struct waiting *waiting = &check->waiting;
	const struct x12_segment *in_hand = check->quoted;
	int r;
	if (!waiting->is_there)
		return 0;
	check->quoted = &waiting->segment;
	check->symbol = plan_symbol_of(check->plan, &waiting->segment);
	check->at = waiting->segment.where;
	r = repair(check, &waiting->segment, next);
	check->quoted = in_hand;
	waiting->is_there = false;
	return r;
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
	if (r < 0 || !check->plan->wants_unplaced)
		return r;
	return check->handler->segment(check->handler->context, check->guide, NULL, segment);
}
