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
	struct known *known;
	uint64_t tag; /* under which it is remembered there; 0: it is too short or too long for that */
	uint64_t ends; /* a bit for each byte that ends an element, its terminator included; 0: not asked yet */
	struct frame *frame;          /* has the place */
	const struct plan_node *node; /* the place */
};

static inline struct frame *top_of(struct check *check)
{
	return &check->frames[check->frame_count - 1];
}

/* The ends of its elements, the terminator's included. */
static inline uint64_t ends_of(const struct x12_run *run, struct slice raw)
{
	return x12_run_bits(run->ends, (uint32_t)(raw.data - run->at)) & ((UINT64_C(2) << raw.len) - 1);
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

/* Is it one that was met in the set before? If not, hand->known is where to remember it. */
static inline bool recall(struct check *check, struct hand *hand)
{
	struct known_words words;

	if (!known_fits(hand->raw)) {
		hand->known = &check->stranger;
		return false;
	}
	words = known_words_of(hand->raw.data, hand->raw.len);
	hand->tag = known_tag(check->set, hand->raw);
	hand->known = &check->known[known_slot(&words)];
	return known_is(hand->known, hand->tag, hand->raw, &words);
}

/* What is known of bytes that were not met: the symbol only. */
static inline bool meet(struct check *check, const struct x12_run *run, struct hand *hand)
{
	const struct slice raw = hand->raw;
	struct known *known = hand->known;

	if (raw.len - 1 >= STRAIGHT_BYTES_MAX)
		return false;
	/* Parts of elements, and what no printable ASCII is, want a closer look. */
	if (run->has_odd &&
	    (x12_run_bits(run->odd, (uint32_t)(raw.data - run->at)) & ((UINT64_C(1) << raw.len) - 1)) != 0)
		return false;
	/* Until it has its symbol the slot is nobody's. */
	known->tag = 0;
	known->node = NULL;
	known->through = PLAN_NONE;
	hand->ends = ends_of(run, raw);
	known->symbol = symbol_of(check->plan, raw, hand->ends);
	if (known->symbol == PLAN_NONE)
		return false;
	known->number = check->plan->numbers[known->symbol];
	if (hand->tag != 0)
		known_put(known, hand->tag, raw);
	return true;
}

/*
 * Divide a segment without parts, all printable ASCII, and look at its elements. `ends` as in struct hand; `elements` has
 * room for all that it can have. True: surely nothing is wrong with any of them. *ret_present: those not empty, as a mask.
 */
static inline bool scan(const struct check *check, const struct plan_segment *at, struct slice raw, uint64_t ends,
			struct slice *elements, uint32_t *ret_count, uint64_t *ret_present)
{
	const struct plan_element *element = at->elements, *last = element + at->element_count;
	const char *begin = raw.data + __builtin_ctzll(ends) + 1;
	struct slice *value = elements;
	uint64_t present = 0, bit = 1;

	for (ends &= ends - 1; ends != 0; ends &= ends - 1, element++, value++, bit <<= 1) {
		const char *stop = raw.data + __builtin_ctzll(ends);
		size_t len = (size_t)(stop - begin);

		*value = (struct slice){begin, len};
		begin = stop + 1;
		if (element == last)
			return false;
		if (len == 0)
			continue;
		present |= bit;
		if (len - element->min > element->span || stop[-1] == ' ')
			return false;
		/* The two that most elements are; element_looks_sound says the same. */
		if (element->kind == PLAN_TEXT)
			continue;
		if (element->kind == PLAN_CODE) {
			uint32_t key = value_pack_here(value->data, len);
			if (key != element->usual && !plan_has_code(check->plan, element->codes, *value, key))
				return false;
			continue;
		}
		if (!element_looks_sound(check, element, value, elements))
			return false;
	}
	*ret_count = (uint32_t)(value - elements);
	*ret_present = present;
	/* An element there must be, and the last one is not empty. */
	return value > elements && value[-1].len > 0;
}

/* What the segment tells at the place. False: the walk has to look at it. */
__attribute__((noinline)) static bool study(struct check *check, const struct hand *hand)
{
	const struct check_plan *plan = check->plan;
	const struct plan_node *node = hand->node;
	const struct plan_segment *at = &plan->segments[node->segment];
	struct shape *shape = &check->shapes[node->segment];
	struct known *known = hand->known;
	struct slice elements[STRAIGHT_BYTES_MAX + 1];
	struct x12_segment segment;
	uint64_t present;

	known->more = (uint8_t)((node->child != PLAN_NONE ? KNOWN_OPENS : 0) | (at->wanted ? KNOWN_WANTED : 0) |
				(node->once_slot != 0 && known->number != 0 ? KNOWN_ONCE : 0));
	if (!check->options.known_sound) {
		if (!scan(check, at, hand->raw, hand->ends, elements, &segment.element_count, &present) ||
		    (check->options.letters != CHECK_LETTERS_ANY && element_breaks_letters(check, hand->raw)))
			return false;
		if (present != shape->present) {
			if (!element_goes_together(at, present))
				return false;
			*shape = (struct shape){present, rule_open(plan, at, present)};
		}
		segment.elements = elements;
		if (at->ruled)
			rule_read(check, at, &segment, shape, known);
		if (at->sense != SENSE_NONE)
			known->sense = sense_read((enum sense_of)at->sense, plan->marks[known->symbol], &segment);
		/* A date that is held against nothing is no more than any other segment. */
		if (at->sense != SENSE_NONE && (at->sense != SENSE_DTP || known->sense.mark != 0))
			known->more |= KNOWN_SENSE;
	}
	known->node = node;
	known->at = at;
	if ((known->more & (KNOWN_OPENS | KNOWN_RULED | KNOWN_WANTED)) == 0 &&
	    plan->links[plan_head(plan, node->loop, known->symbol)].next == PLAN_NONE)
		known->through = node->loop;
	else
		known->through = PLAN_NONE;
	return true;
}

static inline bool place(struct check *check, const struct x12_run *run, struct hand *hand)
{
	const struct known *known = hand->known;
	const uint16_t move = top_of(check)->moves[known->symbol];

	if (move == PLAN_NONE)
		return false;
	hand->node = &check->plan->nodes[move];
	hand->frame = &check->frames[hand->node->depth];
	if (hand->node->ordinal < hand->frame->cursor ||
	    hand->frame->counts[hand->node->local] >= hand->node->repeat) {
		hand->node = walk_find_place(check, known->symbol, &hand->frame);
		if (hand->node == NULL || !check->plan->segments[hand->node->segment].straight)
			return false;
	}
	if (known->node == hand->node)
		return true;
	if (hand->ends == 0)
		hand->ends = ends_of(run, hand->raw);
	return study(check, hand);
}

/* Does the loop end without anything to report? */
static inline bool ends_quietly(const struct check *check, const struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	if ((loop->required & ~frame->seen) != 0)
		return false;
	if (check->options.known_sound)
		return true;
	return (loop->rule_count == 0 || rule_loop_is_quiet(check, frame->loop)) &&
	       (!loop->is_line || balance_line_is_quiet(check));
}

/* Where it is kept that the segment's qualifier was seen. */
static inline uint64_t *once_of(struct frame *frame, const struct known *known)
{
	return &frame->once[known->node->once_slot - 1][known->number / 64];
}

static inline bool opens_quietly(const struct check *check, const struct hand *hand)
{
	const struct frame *frame = hand->frame;
	const struct plan_node *node = hand->node;
	return (node->ordinal > frame->cursor || node->local >= frame->last_local) &&
	       (check->options.members_max == 0 || !check->plan->loops[node->child].is_line);
}

/* What there is more to do with it: will that be quiet? */
static inline bool more_is_quiet(struct check *check, const struct hand *hand)
{
	const struct check_plan *plan = check->plan;
	const struct known *known = hand->known;
	const struct plan_segment *at = known->at;

	if ((known->more & KNOWN_ONCE) != 0 && (*once_of(hand->frame, known) >> (known->number % 64) & 1) != 0)
		return false;
	if ((known->more & KNOWN_OPENS) != 0 && !opens_quietly(check, hand))
		return false;
	if ((known->more & KNOWN_RULED) != 0 &&
	    !rule_is_quiet(check, at, known, (known->more & KNOWN_OPENS) != 0 ? &plan->loops[hand->node->child] : NULL))
		return false;
	return (known->more & KNOWN_SENSE) == 0 || sense_is_quiet(check, (enum sense_of)at->sense, &known->sense);
}

/* May it be taken without a word? */
static inline bool is_quiet(struct check *check, const struct hand *hand)
{
	const struct frame *frame = hand->frame;

	if ((hand->node->required_before & ~(frame->seen | frame->skipped)) != 0)
		return false;
	for (const struct frame *inner = top_of(check); inner > frame; inner--)
		if (!ends_quietly(check, inner))
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
	const struct plan_segment *at = known->at;
	int r = 0;

	if ((known->more & KNOWN_ONCE) != 0)
		*once_of(hand->frame, known) |= UINT64_C(1) << (known->number % 64);
	if ((known->more & KNOWN_OPENS) != 0)
		r = walk_push(check, hand->node->child, false, false);
	if ((known->more & KNOWN_TELLS) != 0)
		rule_take(check, hand->node->segment, known);
	if ((known->more & KNOWN_SENSE) != 0)
		sense_take(check, (enum sense_of)at->sense, &known->sense);
	if (r == 0 && (known->more & KNOWN_WANTED) != 0)
		r = hand_on(check, hand, ends_of(run, hand->raw), run->separators);
	return r;
}

/* It stands in the frame now. */
static inline void count(struct frame *frame, const struct plan_node *node)
{
	frame->counts[node->local]++;
	if (node->ordinal > frame->cursor || node->local > frame->last_local)
		frame->last_local = node->local;
	frame->cursor = node->ordinal;
	frame->seen |= node->required_bit;
}

static inline void locate(struct check *check, const struct x12_run *run, struct slice raw)
{
	check->at.offset = run->offset + (uint64_t)(raw.data - run->at);
	check->at.line = x12_run_line(run, raw.data);
	check->at.segment_pos = run->first_pos + run->next;
}

/* The same of the one that was passed last: what comes is told to be behind it. */
static inline void locate_passed(struct check *check, const struct x12_run *run, const char *at)
{
	check->at.offset = run->offset + (uint64_t)(at - run->at);
	check->at.line = run->line - run->lines_each;
	check->at.segment_pos = run->first_pos + run->next - 1;
}

/* Take what may be taken. */
static inline int take(struct check *check, const struct x12_run *run, const struct hand *hand)
{
	int r = 0;

	locate(check, run, hand->raw);
	while (r == 0 && top_of(check) > hand->frame)
		r = walk_leave(check);
	count(hand->frame, hand->node);
	if (r == 0 && hand->known->more != 0)
		r = take_more(check, run, hand);
	return r;
}

/* May a segment that has been met go through into the frame that is open innermost? */
static inline bool goes_through(const struct check *check, struct frame *frame, const struct known *known)
{
	const struct plan_node *node = known->node;

	if (known->through != frame->loop || node->ordinal < frame->cursor ||
	    frame->counts[node->local] >= node->repeat ||
	    (node->required_before & ~(frame->seen | frame->skipped)) != 0)
		return false;
	if ((known->more & KNOWN_ONCE) != 0 && (*once_of(frame, known) >> (known->number % 64) & 1) != 0)
		return false;
	if ((known->more & KNOWN_SENSE) == 0)
		return true;
	return (known->at->sense == SENSE_DTP && sense_is_first(&check->sense, &known->sense)) ||
	       sense_is_quiet(check, (enum sense_of)known->at->sense, &known->sense);
}

static inline void go_through(struct check *check, const struct x12_run *run, struct frame *frame,
			      const struct hand *hand)
{
	const struct known *known = hand->known;

	count(frame, known->node);
	if ((known->more & KNOWN_ONCE) != 0)
		*once_of(frame, known) |= UINT64_C(1) << (known->number % 64);
	if ((known->more & KNOWN_TELLS) != 0) {
		locate(check, run, hand->raw);
		rule_take(check, known->node->segment, known);
	}
	if ((known->more & KNOWN_SENSE) == 0)
		return;
	if (known->at->sense == SENSE_DTP)
		sense_take_date(&check->sense, &known->sense);
	else
		sense_take(check, (enum sense_of)known->at->sense, &known->sense);
}

/*
 * Take the segments of the run, one after the other, for as long as they may. Those that have been met where they stand
 * go through: the same in short for the most frequent case.
 */
static int walk_run(struct check *check, struct x12_run *run)
{
	const uint32_t first = run->next;
	const char *last = NULL;
	int r = 0;

	while (r == 0 && run->next < run->count) {
		struct hand hand = {.raw = x12_run_segment(run)};
		const bool is_met = recall(check, &hand);
		struct frame *frame = top_of(check);

		if (is_met && goes_through(check, frame, hand.known))
			go_through(check, run, frame, &hand);
		else if ((is_met || meet(check, run, &hand)) && place(check, run, &hand) && is_quiet(check, &hand))
			r = take(check, run, &hand);
		else
			break;
		if (!check->options.skip_content_hash)
			verdict_content(check, hand.raw, run->separators);
		x12_run_pass(run, hand.raw.data);
		last = hand.raw.data;
	}
	if (run->next > first)
		locate_passed(check, run, last);
	return r;
}

int straight_walk(struct check *check)
{
	struct x12_run run;
	int r;

	if (check->waiting.is_there || check->has_unknown || check->held_count != 0 || check->crooked != 0 ||
	    !x12_reader_run(check->reader, &run))
		return 0;
	r = walk_run(check, &run);
	x12_reader_passed(check->reader, &run);
	return r;
}
