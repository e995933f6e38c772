/*
 * The straight way: segments that are as the guide wants them, one after the other, for as long as they come.
 *
 * The walk of walk.c, element.c, rule.c and sense.c can say what is wrong with a segment; nearly none has anything
 * wrong. Here each segment is asked in four steps whether it is one of these, and only then taken:
 *
 *   meet     its bytes: those of a segment met before in the set, of which it is remembered what they tell (known.h);
 *            or its symbol is looked up
 *   place    the walk's own answer: the innermost open place that takes the symbol
 *   study    what it tells as the guide's segment that stands there, if that is not remembered: its elements, divided
 *            and looked at in one pass over their ends (x12.h, struct x12_run); facts, rules, dates
 *   quiet    whether taking it, and ending the loops that this ends, would report anything at all
 *
 * Nothing is changed before the last answer is yes, so "no" costs only time: the reader still has the segment, and the
 * walk takes it as if this way did not exist. No finding is ever made here.
 */
#include "state.h"

/* The masks of one word tell of all ends of such a segment's elements. */
#define STRAIGHT_BYTES_MAX 63u
_Static_assert(STRAIGHT_BYTES_MAX <= X12_RUN_SEGMENT_BYTES, "it hides no ISA");

/* The segment in hand. */
struct hand {
	struct slice raw;
	uint32_t from; /* its first byte, in the run */
	struct known *known;
	uint32_t depth;               /* of the frame that has the place */
	const struct plan_node *node; /* the place */
};

/* The ends of its elements, the terminator's included. */
static inline uint64_t ends_of(const struct x12_run *run, const struct hand *hand)
{
	return x12_run_bits(run->ends, hand->from) & ((UINT64_C(2) << hand->raw.len) - 1);
}

/* PLAN_NONE: the guide has none, or it is for the walk to find. */
static inline uint16_t symbol_of(const struct check_plan *plan, struct slice raw, uint64_t ends)
{
	const char *at = raw.data;
	const struct plan_id *entry = plan_find_key(plan, value_pack_here(at, (size_t)__builtin_ctzll(ends)));
	struct slice qualifier;

	if (entry == NULL || !entry->body)
		return PLAN_NONE;
	if (!entry->listed)
		return entry->symbol;
	for (uint8_t pos = 1; pos < entry->qualifier_pos; pos++)
		ends &= ends - 1;
	if ((ends & (ends - 1)) == 0)
		return entry->symbol;
	at += __builtin_ctzll(ends) + 1;
	qualifier = slice_of(at, (size_t)(raw.data + __builtin_ctzll(ends & (ends - 1)) - at));
	/* Blanks at its end are for the walk. */
	if (qualifier.len > 0 && qualifier.data[qualifier.len - 1] == ' ')
		return PLAN_NONE;
	return plan_symbol_with(plan, entry, value_pack_here(qualifier.data, qualifier.len));
}

/* The segment has not been met: what is known of it is its symbol, if that. */
__attribute__((noinline)) static bool introduce(const struct check_plan *plan, const struct x12_run *run,
						const struct hand *hand)
{
	struct known *known = hand->known;

	if (hand->raw.len - 1 >= STRAIGHT_BYTES_MAX)
		return false;
	/* Parts of elements, and what no printable ASCII is, want a closer look. */
	if ((x12_run_bits(run->odd, hand->from) & ((UINT64_C(1) << hand->raw.len) - 1)) != 0)
		return false;
	known->symbol = symbol_of(plan, hand->raw, ends_of(run, hand));
	if (known->symbol == PLAN_NONE)
		return false;
	known->number = plan->numbers[known->symbol];
	known->node = NULL;
	return true;
}

/* What is known of these bytes: from memory, or the symbol only. */
static inline bool meet(struct check *check, const struct x12_run *run, struct hand *hand)
{
	struct known_words words;
	uint64_t tag;

	if (!known_fits(hand->raw)) {
		hand->known = &check->stranger;
		return introduce(check->plan, run, hand);
	}
	words = known_words_of(hand->raw.data, hand->raw.len);
	hand->known = &check->known[known_slot(&words)];
	tag = known_tag(check->set, hand->raw);
	if (known_is(hand->known, tag, hand->raw, &words))
		return true;
	/* Until it has its symbol the slot is nobody's. */
	hand->known->tag = 0;
	if (!introduce(check->plan, run, hand))
		return false;
	known_put(hand->known, tag, hand->raw);
	return true;
}

/* False: the walk has to look at it. */
__attribute__((noinline)) static bool study(const struct check *check, const struct hand *hand, uint64_t ends)
{
	const struct check_plan *plan = check->plan;
	const struct plan_node *node = hand->node;
	const struct plan_segment *at = &plan->segments[node->segment];
	struct known *known = hand->known;
	struct slice elements[STRAIGHT_BYTES_MAX + 1];
	struct x12_segment segment;
	uint64_t present;

	known->more = (uint8_t)((node->child != PLAN_NONE ? KNOWN_OPENS : 0) | (at->wanted ? KNOWN_WANTED : 0) |
				(node->once_slot != 0 && known->number != 0 ? KNOWN_ONCE : 0));
	known->alone = plan->links[plan_head(plan, node->loop, known->symbol)].next == PLAN_NONE;
	if (!check->options.known_sound) {
		if (!element_scan(check, at, hand->raw, ends, elements, &segment.element_count, &present))
			return false;
		segment.elements = elements;
		if (at->ruled)
			rule_read(check, at, &segment, present, known);
		if (at->sense != SENSE_NONE) {
			known->sense = sense_read((enum sense_of)at->sense, plan->marks[known->symbol], &segment);
			known->more |= KNOWN_SENSE;
		}
	}
	known->node = node;
	return true;
}

static inline bool has_room(const struct frame *frame, const struct plan_node *node)
{
	return node->ordinal >= frame->cursor && frame->counts[node->local] < node->repeat;
}

static inline bool place(struct check *check, const struct x12_run *run, struct hand *hand)
{
	const struct frame *top = &check->frames[check->frame_count - 1];
	const struct known *known = hand->known;
	struct frame *frame;

	hand->node = known->node;
	hand->depth = check->frame_count - 1;
	if (known->node != NULL && known->node->loop == top->loop && known->alone && has_room(top, known->node))
		return true;
	hand->node = walk_find_place(check, known->symbol, &frame);
	if (hand->node == NULL || !check->plan->segments[hand->node->segment].straight)
		return false;
	hand->depth = (uint32_t)(frame - check->frames);
	return known->node == hand->node || study(check, hand, ends_of(run, hand));
}

/* Does the loop end without anything to report? */
static inline bool ends_quietly(const struct check *check, const struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	if (frame->exiled || (loop->required & ~frame->seen) != 0)
		return false;
	if (check->options.known_sound)
		return true;
	return (loop->rule_count == 0 || rule_loop_is_quiet(check, loop)) &&
	       (!loop->is_line || balance_line_is_quiet(check));
}

/* Where it is kept that the segment's qualifier was seen. */
static inline uint64_t *once_of(struct check *check, const struct hand *hand)
{
	return &check->frames[hand->depth].once[hand->node->once_slot - 1][hand->known->number / 64];
}

static inline bool opens_quietly(const struct check *check, const struct hand *hand)
{
	const struct frame *frame = &check->frames[hand->depth];
	const struct plan_node *node = hand->node;
	return (node->ordinal > frame->cursor || node->local >= frame->last_local) &&
	       (check->options.members_max == 0 || !check->plan->loops[node->child].is_line);
}

/* What there is more to do with it: will that be quiet? */
static inline bool more_is_quiet(struct check *check, const struct hand *hand)
{
	const struct check_plan *plan = check->plan;
	const struct known *known = hand->known;
	const struct plan_segment *at = &plan->segments[hand->node->segment];

	if ((known->more & KNOWN_ONCE) != 0 && (*once_of(check, hand) >> (known->number % 64) & 1) != 0)
		return false;
	if ((known->more & KNOWN_OPENS) != 0 && !opens_quietly(check, hand))
		return false;
	if ((known->more & KNOWN_RULED) != 0 &&
	    !rule_is_quiet(check, at, known,
			   (known->more & KNOWN_OPENS) != 0 ? &plan->loops[hand->node->child] : NULL))
		return false;
	return (known->more & KNOWN_SENSE) == 0 || sense_is_quiet(check, (enum sense_of)at->sense, &known->sense);
}

/* May it be taken without a word? */
static inline bool is_quiet(struct check *check, const struct hand *hand)
{
	const struct frame *frame = &check->frames[hand->depth];

	if (frame->exiled || (hand->node->required_before & ~(frame->seen | frame->skipped)) != 0)
		return false;
	for (uint32_t inner = check->frame_count - 1; inner > hand->depth; inner--)
		if (!ends_quietly(check, &check->frames[inner]))
			return false;
	return hand->known->more == 0 || more_is_quiet(check, hand);
}

/* Give it to the handler, divided. */
__attribute__((noinline)) static int hand_on(struct check *check, const struct hand *hand, uint64_t ends,
					     const struct x12_separators *separators)
{
	struct slice elements[STRAIGHT_BYTES_MAX + 1];
	struct x12_segment segment;
	const char *at = hand->raw.data + __builtin_ctzll(ends) + 1;

	segment.id = slice_of(hand->raw.data, (size_t)(at - 1 - hand->raw.data));
	segment.raw = hand->raw;
	segment.elements = elements;
	segment.element_count = 0;
	segment.separators = separators;
	segment.is_plain = true;
	segment.where = check->at;
	segment.where.member_pos = check->member_pos;
	while ((ends &= ends - 1) != 0) {
		const char *stop = hand->raw.data + __builtin_ctzll(ends);
		elements[segment.element_count++] = slice_of(at, (size_t)(stop - at));
		at = stop + 1;
	}
	return check->handler->segment(check->handler->context, check->guide,
				       &check->guide->segments[hand->node->segment], &segment);
}

static inline int take_more(struct check *check, const struct x12_run *run, const struct hand *hand)
{
	const struct known *known = hand->known;
	const struct plan_segment *at = &check->plan->segments[hand->node->segment];
	int r = 0;

	if ((known->more & KNOWN_ONCE) != 0)
		*once_of(check, hand) |= UINT64_C(1) << (known->number % 64);
	if ((known->more & KNOWN_OPENS) != 0)
		r = walk_push(check, hand->node->child, false, false);
	if ((known->more & KNOWN_TELLS) != 0)
		rule_take(check, at, known);
	if ((known->more & KNOWN_SENSE) != 0)
		sense_take(check, (enum sense_of)at->sense, &known->sense);
	if (r == 0 && (known->more & KNOWN_WANTED) != 0)
		r = hand_on(check, hand, ends_of(run, hand), run->separators);
	return r;
}

static inline int take(struct check *check, const struct x12_run *run, const struct hand *hand)
{
	struct frame *frame = &check->frames[hand->depth];
	const struct plan_node *node = hand->node;
	int r = 0;

	check->at.offset = run->where.offset;
	check->at.line = run->where.line;
	check->at.segment_pos = run->where.segment_pos;
	if (!check->options.skip_content_hash)
		verdict_content(check, hand->raw, run->separators);
	for (uint32_t inner = check->frame_count - 1; r == 0 && inner > hand->depth; inner--)
		r = walk_leave(check);
	frame->counts[node->local]++;
	if (node->ordinal > frame->cursor || node->local > frame->last_local)
		frame->last_local = node->local;
	frame->cursor = node->ordinal;
	frame->seen |= node->required_bit;
	return r == 0 && hand->known->more != 0 ? take_more(check, run, hand) : r;
}

/* Take the segment in hand of the run. False: it is for the walk. */
static inline bool step(struct check *check, struct x12_run *run, int *ret_result)
{
	struct hand hand = {.raw = x12_run_segment(run)};

	hand.from = (uint32_t)(hand.raw.data - run->at);
	if (!meet(check, run, &hand) || !place(check, run, &hand) || !is_quiet(check, &hand))
		return false;
	*ret_result = take(check, run, &hand);
	x12_run_pass(run);
	return true;
}

int straight_walk(struct check *check)
{
	struct x12_run shared, run;
	int r = 0;

	if (check->waiting.is_there || check->has_unknown || check->held_count != 0 ||
	    !x12_reader_run(check->reader, &shared))
		return 0;
	/* A copy whose address nobody outside has may stay in registers. */
	run = shared;
	while (r == 0 && run.next < run.count && step(check, &run, &r))
		;
	shared = run;
	x12_reader_passed(check->reader, &shared);
	return r;
}
