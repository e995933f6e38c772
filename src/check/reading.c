/* Readings of a segment that fits no open place: which there are, and which leaves the rest undisturbed. */
#include "reading.h"

static const struct place no_place = {0, PLAN_NONE};

/* What is known of the segment behind: its symbol, PLAN_NONE for nothing. */
struct next {
	uint16_t symbol;
	const struct x12_segment *segment;
};

/* ---- how well does something fit a place? ---- */

enum { GRADE_NOT, GRADE_BY_ID, GRADE_SURE };

/* A segment of a right symbol, at this place: its codes tell too. */
static uint32_t grade_of_codes(const struct check *check, const struct plan_node *node,
			       const struct x12_segment *segment)
{
	const struct guide *guide = check->guide;
	for (uint32_t pos = 1; pos <= segment->element_count; pos++) {
		const struct guide_element *element = guide_element_at(guide, &guide->segments[node->segment], pos);
		struct slice value = value_trim_end(x12_element(segment, pos));
		if (element == NULL)
			break;
		if (value.len == 0 || element->type == GUIDE_COMPOSITE || element->repeat > 1 ||
		    element->codes == GUIDE_NONE || guide->code_lists[element->codes].external)
			continue;
		if (!plan_has_code(check->plan, element->codes, value, value_pack(value)))
			return GRADE_BY_ID;
	}
	return GRADE_SURE;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Inside a loop just opened, `from` and behind. `taken`: a place there that has been taken once, or PLAN_NONE. */
static uint32_t grade_in_new(const struct check *check, uint16_t loop, uint16_t from, uint16_t taken, struct next next)
{
	const struct check_plan *plan = check->plan;
	uint32_t grade = GRADE_NOT;
	for (uint16_t l = plan_head(plan, loop, next.symbol); l != PLAN_NONE; l = plan->links[l].next) {
		const struct plan_node *node = &plan->nodes[plan->links[l].node];
		if (node->opens_here || node->ordinal < from || (plan->links[l].node == taken && node->repeat == 1))
			continue;
		grade = larger(grade, grade_of_codes(check, node, next.segment));
	}
	return grade;
}

/* In an open loop, from the place `cursor` on; `taken` is one more of its places taken. */
static uint32_t grade_in_frame(const struct check *check, uint32_t f, uint16_t cursor, uint16_t taken, struct next next)
{
	const struct check_plan *plan = check->plan;
	const struct frame *frame = &check->frames[f];
	uint32_t grade = GRADE_NOT;
	for (uint16_t l = plan_head(plan, frame->loop, next.symbol); l != PLAN_NONE; l = plan->links[l].next) {
		const struct plan_node *node = &plan->nodes[plan->links[l].node];
		uint32_t count = frame->counts[node->local] + (plan->links[l].node == taken);
		if (node->ordinal >= cursor && count < node->repeat)
			grade = larger(grade, grade_of_codes(check, node, next.segment));
	}
	return grade;
}

/* With frames 0..count-1 as they are. */
static uint32_t grade_in_frames(const struct check *check, uint32_t count, struct next next)
{
	uint32_t grade = GRADE_NOT;
	if (next.symbol == PLAN_NONE)
		return GRADE_SURE;
	for (uint32_t f = count; f-- > 0 && grade != GRADE_SURE;)
		grade = larger(grade, grade_in_frame(check, f, check->frames[f].cursor, PLAN_NONE, next));
	return grade;
}

/*
 * After `place` has been taken in order, with all above its frame closed. Where it opens a loop, `inner` is the place
 * in that which has been taken, or PLAN_NONE.
 */
static uint32_t grade_after(const struct check *check, struct place place, uint16_t inner, struct next next)
{
	const struct check_plan *plan = check->plan;
	const struct plan_node *node = reading_node(check, place);
	uint16_t cursor = check->frames[place.frame].cursor, from = 0;
	uint32_t grade = GRADE_NOT;

	if (next.symbol == PLAN_NONE)
		return GRADE_SURE;
	if (inner != PLAN_NONE) {
		from = plan->nodes[inner].ordinal;
		if (plan->nodes[inner].child != PLAN_NONE)
			grade = grade_in_new(check, plan->nodes[inner].child, 0, PLAN_NONE, next);
	}
	if (node->child != PLAN_NONE)
		grade = larger(grade, grade_in_new(check, node->child, from, inner, next));
	if (node->ordinal > cursor)
		cursor = node->ordinal;
	grade = larger(grade, grade_in_frame(check, place.frame, cursor, place.node, next));
	return larger(grade, grade_in_frames(check, place.frame, next));
}

/* After `place` has been taken out of order: everything stays open, and the loop that it opens is open too. */
static uint32_t grade_in_place(const struct check *check, struct place place, struct next next)
{
	const struct plan_node *node = reading_node(check, place);
	uint32_t grade = grade_in_frames(check, check->frame_count, next);
	if (next.symbol != PLAN_NONE && node->child != PLAN_NONE)
		grade = larger(grade, grade_in_new(check, node->child, 0, PLAN_NONE, next));
	return grade;
}

/* ---- places ---- */

/* A place that was passed over and takes `symbol`, in frames `from` and up, innermost first; full or not. */
static struct place find_passed(const struct check *check, uint16_t symbol, uint32_t from, uint32_t to, bool full)
{
	const struct check_plan *plan = check->plan;
	for (uint32_t f = to; f-- > from;) {
		const struct frame *frame = &check->frames[f];
		for (uint16_t l = plan_head(plan, frame->loop, symbol); l != PLAN_NONE; l = plan->links[l].next) {
			const struct plan_node *node = &plan->nodes[plan->links[l].node];
			if (node->ordinal < frame->cursor && !node->opens_here && !frame->exiled &&
			    reading_is_full(frame, node) == full)
				return (struct place){f, plan->links[l].node};
		}
	}
	return no_place;
}

uint16_t reading_after_opener(const struct check_plan *plan, uint16_t loop, uint16_t symbol)
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
		if (node->child == check->frames[f].loop && !reading_is_full(&check->frames[f - 1], node))
			return (struct place){f - 1, index};
	}
	return no_place;
}

/* A required segment comes a second time, after a loop that lacks nothing, and the loop may repeat. */
static struct place find_restart(const struct check *check, struct place full, uint16_t symbol)
{
	const struct frame *frame = &check->frames[full.frame];
	const struct plan_node *node;
	if (full.node == PLAN_NONE)
		return no_place;
	node = reading_node(check, full);
	if (node->required_bit == 0 || node->child != PLAN_NONE)
		return no_place;
	if ((check->plan->loops[frame->loop].required & ~frame->seen) != 0)
		return no_place;
	if (reading_after_opener(check->plan, frame->loop, symbol) == PLAN_NONE)
		return no_place;
	return find_again(check, full.frame);
}

/* May the loop of this place be opened now? What was passed over before is missing anyway. */
static bool can_open(const struct frame *frame, const struct plan_node *node)
{
	return node->child != PLAN_NONE && node->ordinal >= frame->cursor && !reading_is_full(frame, node) &&
	       (node->required_before & ~frame->seen & ~frame->skipped) == 0;
}

/* A required loop of the same place in the standard comes before it in the guide, and has not come. */
static bool is_out_of_turn(const struct check *check, const struct frame *frame, const struct plan_node *node)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	/* Nor does one come that may be left out, and that the guide puts before the last one. */
	if (node->ordinal == frame->cursor && node->local < frame->last_local &&
	    (node->required_bit & ~frame->seen) == 0)
		return true;
	for (uint16_t i = 0; i < node->local; i++) {
		const struct plan_node *other = &check->plan->nodes[loop->first_node + i];
		if (other->ordinal == node->ordinal && (other->required_bit & ~frame->seen) != 0)
			return true;
	}
	return false;
}

/*
 * Would a loop opened in frame `f` end one that takes the segment, though out of order, and still lacks something? Then
 * the segment came late in that loop: no other one has begun.
 */
static bool would_break_off(const struct check *check, struct place passed, uint32_t f)
{
	const struct frame *frame;
	if (passed.node == PLAN_NONE || passed.frame <= f)
		return false;
	frame = &check->frames[passed.frame];
	return (check->plan->loops[frame->loop].required & ~frame->seen) != 0;
}

/*
 * Of the places whose loop may be opened, and that then take the segment, the best: where what follows fits best, then
 * where the segment's own codes fit, then the next one in the guide's order, innermost first.
 */
static struct place find_unopened(const struct check *check, uint16_t symbol, const struct x12_segment *segment,
				  struct place passed, struct next next, uint32_t *ret_grade)
{
	const struct check_plan *plan = check->plan;
	struct place best = no_place;
	uint32_t best_rank = 0;
	for (uint32_t f = check->frame_count; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &plan->loops[frame->loop];
		if (would_break_off(check, passed, f))
			break;
		for (uint16_t i = 0; i < loop->node_count && !frame->exiled; i++) {
			struct place place = {f, (uint16_t)(loop->first_node + i)};
			const struct plan_node *node = &plan->nodes[place.node];
			uint16_t inner =
				can_open(frame, node) ? reading_after_opener(plan, node->child, symbol) : PLAN_NONE;
			uint32_t grade, rank;
			if (inner == PLAN_NONE || is_out_of_turn(check, frame, node))
				continue;
			grade = grade_after(check, place, inner, next);
			rank = 1 + 8 * grade + 2 * grade_of_codes(check, &plan->nodes[inner], segment) +
			       (node->local > frame->last_local);
			if (rank <= best_rank)
				continue;
			best_rank = rank;
			best = place;
			*ret_grade = grade;
		}
	}
	return best;
}

static bool holds_only_its_opener(const struct check *check, const struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	uint32_t taken = 0;
	for (uint16_t i = 0; i < loop->node_count; i++)
		taken += frame->counts[i];
	return taken == 1;
}

/* Can one segment stand at both places? Not where their qualifiers have no code in common. */
static bool may_be_same(const struct guide *guide, const struct guide_segment *a, const struct guide_segment *b)
{
	uint16_t codes_a = guide_qualifier_codes(guide, a), codes_b = guide_qualifier_codes(guide, b);
	const struct guide_code_list *list;
	if (strcmp(a->id, b->id) != 0)
		return false;
	if (a->qualifier_pos == 0 || codes_a == GUIDE_NONE || codes_b == GUIDE_NONE)
		return true;
	list = &guide->code_lists[codes_a];
	for (uint32_t i = 0; i < list->count; i++)
		if (guide_code_find(guide, codes_b, guide->codes[list->first + i].code) >= 0)
			return true;
	return false;
}

/* The place in `loop` of a child that the same segment opens as `opened`, and that then takes `symbol`. */
static uint16_t find_twin(const struct check *check, uint16_t loop, uint16_t opened, uint16_t symbol)
{
	const struct check_plan *plan = check->plan;
	const struct guide_segment *opener = &check->guide->segments[plan->loops[opened].first_segment];
	for (uint16_t i = 0; i < plan->loops[loop].node_count; i++) {
		const struct plan_node *node = &plan->nodes[plan->loops[loop].first_node + i];
		if (node->child == PLAN_NONE ||
		    !may_be_same(check->guide, &check->guide->segments[node->segment], opener))
			continue;
		if (reading_after_opener(plan, node->child, symbol) != PLAN_NONE)
			return (uint16_t)(plan->loops[loop].first_node + i);
	}
	return PLAN_NONE;
}

/* Where the loop stands whose opening segment is missing; *ret_twin is the place in it. */
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
			if (!can_open(frame, node))
				continue;
			*ret_twin = find_twin(check, node->child, top->loop, symbol);
			if (*ret_twin != PLAN_NONE)
				return (struct place){f, (uint16_t)(loop->first_node + i)};
		}
	}
	return no_place;
}

/* Is the place required and not yet taken? */
static bool is_wanting(const struct check *check, struct place place)
{
	return (reading_node(check, place)->required_bit & ~check->frames[place.frame].seen) != 0;
}

/*
 * An open place of the same id, whatever its qualifier: innermost first; in one loop where what follows fits best,
 * then one that is still required, then one not yet taken if it opens a loop, then the next in order, then one with
 * more room.
 */
static struct place find_by_id(const struct check *check, struct slice id, struct next next, uint32_t *ret_grade)
{
	const struct check_plan *plan = check->plan;
	struct place best = no_place;
	uint32_t best_rank = 0;
	for (uint32_t f = check->frame_count; f-- > 0 && (best.node == PLAN_NONE || *ret_grade == GRADE_NOT);) {
		const struct frame *frame = &check->frames[f];
		const struct plan_loop *loop = &plan->loops[frame->loop];
		for (uint16_t i = 0; i < loop->node_count; i++) {
			struct place place = {f, (uint16_t)(loop->first_node + i)};
			const struct plan_node *node = &plan->nodes[place.node];
			uint32_t grade, rank;
			if (!slice_is(id, check->guide->segments[node->segment].id) || node->opens_here ||
			    node->ordinal < frame->cursor || reading_is_full(frame, node))
				continue;
			grade = grade_after(check, place, PLAN_NONE, next);
			rank = 1 + 64 * grade + 32 * is_wanting(check, place);
			if (node->child != PLAN_NONE)
				rank += (frame->counts[node->local] == 0 ? 16u : 0u) +
					(node->local > frame->last_local ? 8u : 0u);
			rank += node->child == PLAN_NONE && node->repeat > 1 ? 4 : 0;
			if (rank <= best_rank)
				continue;
			best_rank = rank;
			best = place;
			*ret_grade = grade;
		}
	}
	return best;
}

/* ---- the choice ---- */

/* Readings come in order of preference: the first after which the next segment fits, else the first. */
static bool consider(struct reading *best, struct reading reading)
{
	if (reading.kind != READING_UNEXPECTED && reading.place.node == PLAN_NONE)
		return false;
	if (best->kind == READING_NONE || reading.grade != GRADE_NOT)
		*best = reading;
	return reading.grade != GRADE_NOT;
}

static bool consider_place(const struct check *check, struct reading *best, enum reading_kind kind, struct place place,
			   struct next next)
{
	struct reading reading = {.kind = kind, .place = place};
	if (place.node != PLAN_NONE)
		reading.grade = grade_in_place(check, place, next);
	return consider(best, reading);
}

/*
 * A loop of a record comes again, behind what stands after it: the record's own first segment was lost, if what follows
 * goes on in a new record. The guides' other loops are more often misplaced than lost.
 */
static bool consider_new_record(const struct check *check, struct reading *best, struct place passed, uint16_t symbol,
				struct next next)
{
	struct reading reading = {.kind = READING_UNOPENED, .place = no_place};
	const struct frame *frame = &check->frames[passed.frame];
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	uint16_t inner;
	if (passed.node == PLAN_NONE || next.symbol == PLAN_NONE || !loop->is_member ||
	    reading_node(check, passed)->child == PLAN_NONE || (loop->required & ~frame->seen) != 0)
		return false;
	inner = reading_after_opener(check->plan, frame->loop, symbol);
	if (inner == PLAN_NONE)
		return false;
	if (grade_in_new(check, frame->loop, check->plan->nodes[inner].ordinal, inner, next) == GRADE_SURE)
		reading.place = find_again(check, passed.frame);
	reading.grade = GRADE_SURE;
	return consider(best, reading);
}

static bool consider_restart(const struct check *check, struct reading *best, struct place full, uint16_t symbol,
			     struct next next)
{
	struct reading reading = {.kind = READING_UNOPENED, .place = find_restart(check, full, symbol)};
	if (reading.place.node != PLAN_NONE)
		reading.grade = grade_after(
			check, reading.place,
			reading_after_opener(check->plan, reading_node(check, reading.place)->child, symbol), next);
	return consider(best, reading);
}

static bool consider_loops(const struct check *check, struct reading *best, uint16_t symbol,
			   const struct x12_segment *segment, struct place passed, struct next next)
{
	struct reading unopened = {.kind = READING_UNOPENED};
	struct reading misread = {.kind = READING_MISREAD, .grade = GRADE_SURE};
	unopened.place = find_unopened(check, symbol, segment, passed, next, &unopened.grade);
	misread.place = find_misread(check, symbol, &misread.twin);
	return consider(best, unopened) || consider(best, misread);
}

/* `full`: a place further out that takes the segment and is full already. */
static bool consider_qualifier(const struct check *check, struct reading *best, struct slice id, struct place full,
			       struct next next)
{
	struct reading reading = {.kind = READING_QUALIFIER};
	reading.place = find_by_id(check, id, next, &reading.grade);
	if (reading.place.node != PLAN_NONE && full.node != PLAN_NONE && !is_wanting(check, reading.place) &&
	    (reading.place.frame <= full.frame || reading_node(check, reading.place)->child != PLAN_NONE))
		return false;
	return consider(best, reading);
}

struct reading reading_choose(const struct check *check, uint16_t symbol, const struct x12_segment *segment,
			      const struct x12_segment *next_segment)
{
	const uint32_t count = check->frame_count;
	struct next next = {PLAN_NONE, next_segment};
	struct reading best = {.kind = READING_NONE};
	struct place full = find_passed(check, symbol, 1, count, true);
	struct place passed = find_passed(check, symbol, 1, count, false);

	if (next_segment != NULL)
		next.symbol = plan_symbol_of(check->plan, next_segment);
	if (consider_new_record(check, &best, passed, symbol, next) ||
	    consider_place(check, &best, READING_PASSED, passed, next) ||
	    consider_restart(check, &best, full, symbol, next) ||
	    consider_loops(check, &best, symbol, segment, passed, next) ||
	    consider_qualifier(check, &best, segment->id, full, next) ||
	    consider_place(check, &best, READING_FULL, full, next) ||
	    consider_place(check, &best, READING_PASSED, find_passed(check, symbol, 0, 1, false), next) ||
	    consider_place(check, &best, READING_FULL, find_passed(check, symbol, 0, 1, true), next))
		return best;
	consider(&best, (struct reading){.kind = READING_UNEXPECTED, .grade = grade_in_frames(check, count, next)});
	return best;
}
