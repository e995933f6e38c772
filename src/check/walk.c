/*
 * The walk: which open loop takes the segment?
 *
 * Invariant: frames[0] is the set, each further frame a loop open inside it. A segment that does not fit the
 * innermost loop closes loops until one accepts it: "next" is find_place, "done" is close_frame. A loop is known
 * to have ended only when a segment has been taken outside it; what it lacked is reported then, once, at the
 * position where it should have stood.
 */
#include <assert.h>
#include <stdio.h>

#include "state.h"

static const struct guide_loop *guide_loop_of(const struct check *check, const struct frame *frame)
{
	return &check->guide->loops[frame->loop];
}

/* Loop ids are shown without the set itself: what stands directly in it is in no loop. */
struct slice walk_id_of_loop(const struct check *check, uint16_t loop)
{
	if (loop == 0 || loop == PLAN_NONE)
		return SLICE_EMPTY;
	return slice_from(check->guide->loops[loop].id);
}

struct slice walk_loop_id(const struct check *check)
{
	if (check->guide == NULL || check->frame_count == 0)
		return SLICE_EMPTY;
	return walk_id_of_loop(check, check->frames[check->frame_count - 1].loop);
}

/* "REF with REF01 = 0F", or "HD": what a place takes, in words. */
static void describe_place(const struct check *check, const struct plan_node *node, char *out, size_t out_bytes)
{
	const struct guide *guide = check->guide;
	const struct guide_segment *segment = &guide->segments[node->segment];
	uint16_t codes = GUIDE_NONE;
	if (segment->qualifier_pos != 0)
		codes = guide_qualifier_codes(guide, segment);
	if (codes != GUIDE_NONE && guide->code_lists[codes].count == 1) {
		struct slice code = guide->codes[guide->code_lists[codes].first].code;
		snprintf(out, out_bytes, "%s with %s%02u = %.*s", segment->id, segment->id, segment->qualifier_pos,
			 (int)code.len, code.data);
		return;
	}
	snprintf(out, out_bytes, "%s", segment->id);
}

static const struct x12_where *where_of_missing(const struct check *check, const struct frame *frame, uint64_t bit)
{
	for (uint8_t i = 0; i < frame->gap_count; i++)
		if (frame->gaps[i].required_bit == bit)
			return &frame->gaps[i].where;
	return &check->at;
}

static int report_missing_node(struct check *check, const struct frame *frame, const struct plan_node *node)
{
	const struct guide *guide = check->guide;
	const struct guide_segment *segment = &guide->segments[node->segment];
	const struct x12_where *where = where_of_missing(check, frame, node->required_bit);
	char what[40];
	struct finding finding;

	describe_place(check, node, what, sizeof(what));
	if (node->child != PLAN_NONE)
		finding = report_make(check, FINDING_SEGMENT_REQUIRED_MISSING, where, segment->id,
				      "%s opens loop %s (%.*s), which must stand here; send it", what,
				      guide->loops[node->child].id, (int)guide->loops[node->child].name.len,
				      guide->loops[node->child].name.data);
	else
		finding = report_make(check, FINDING_SEGMENT_REQUIRED_MISSING, where, segment->id,
				      "%s (%.*s) must stand here; send it", what, (int)segment->name.len,
				      segment->name.data);
	finding.loop = walk_id_of_loop(check, node->child != PLAN_NONE ? node->child : frame->loop);
	return report_deliver(check, &finding);
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* One letter another, left out or too many, two of them exchanged, or small letters. */
static bool is_slip_of(const char *typed, const char *id)
{
	size_t typed_len = strlen(typed), len = strlen(id), same = 0, at = 0;
	for (size_t i = 0; i < typed_len && i < len; i++)
		same += upper(typed[i]) == id[i];
	if (typed_len == len && same + 1 >= len)
		return true;
	if (typed_len == len)
		return same + 2 == len && ((upper(typed[0]) == id[1] && upper(typed[1]) == id[0]) ||
					   (len == 3 && upper(typed[1]) == id[2] && upper(typed[2]) == id[1]));
	if (typed_len + 1 != len && len + 1 != typed_len)
		return false;
	for (size_t i = 0; i < typed_len && at < len; i++)
		at += upper(typed[i]) == id[at];
	return at == (typed_len < len ? typed_len : len);
}

bool walk_was_misspelt(struct frame *frame, const char *id)
{
	for (uint8_t i = 0; i < frame->unknown_count; i++) {
		if (!is_slip_of(frame->unknown_ids[i], id))
			continue;
		frame->unknown_count--;
		memmove(frame->unknown_ids[i], frame->unknown_ids[i + 1],
			(frame->unknown_count - i) * sizeof(frame->unknown_ids[i]));
		return true;
	}
	return false;
}

/* The first of the required places that were not taken. */
static const struct plan_node *first_missing(const struct check *check, const struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	const struct plan_node *node = &check->plan->nodes[loop->first_node], *end = node + loop->node_count;
	while (node < end && (node->required_bit & ~frame->seen) == 0)
		node++;
	return node < end ? node : NULL;
}

/* Sent twice, or all behind it was lost: either way one fault, whatever it lacks. */
static struct finding make_bare(struct check *check, const struct frame *frame, const struct plan_node *node)
{
	const struct guide_loop *loop = guide_loop_of(check, frame);
	const char *id = check->guide->segments[check->plan->loops[frame->loop].first_segment].id;
	struct finding finding = report_make(
		check, FINDING_SEGMENT_REQUIRED_MISSING, &check->at, check->guide->segments[node->segment].id,
		"nothing of loop %s (%.*s) stands behind this %s; send what belongs to it, "
		"or leave it out",
		loop->id, (int)loop->name.len, loop->name.data, id);
	finding.loop = walk_id_of_loop(check, node->child != PLAN_NONE ? node->child : frame->loop);
	return finding;
}

/* Only what rejects may stand for other findings, and the partner may have agreed that this one does not. */
bool walk_is_bare(struct check *check)
{
	const struct frame *frame = &check->frames[check->frame_count - 1];
	const struct plan_node *node;
	struct finding finding;
	if (check->frame_count <= 1 || frame->disturbed || frame->displaced ||
	    check->at.segment_pos != frame->where.segment_pos + 1)
		return false;
	node = first_missing(check, frame);
	if (node == NULL)
		return false;
	finding = make_bare(check, frame, node);
	return report_severity(check, &finding) == FINDING_ERROR;
}

COLD static int report_missing(struct check *check, struct frame *frame)
{
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	uint64_t missing = loop->required & ~frame->seen;
	struct finding finding;
	if (frame == &check->frames[check->frame_count - 1] && walk_is_bare(check)) {
		finding = make_bare(check, frame, first_missing(check, frame));
		return report_deliver(check, &finding);
	}
	for (uint16_t i = 0; missing != 0 && i < loop->node_count; i++) {
		const struct plan_node *node = &check->plan->nodes[loop->first_node + i];
		int r;
		if ((node->required_bit & missing) == 0)
			continue;
		missing &= ~node->required_bit;
		if (walk_was_misspelt(frame, check->guide->segments[node->segment].id))
			continue;
		r = report_missing_node(check, frame, node);
		if (r < 0)
			return r;
	}
	return 0;
}

int walk_leave(struct check *check)
{
	struct frame *frame = &check->frames[check->frame_count - 1];
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	int r = 0;

	if (!frame->exiled && check->handler->loop_end != NULL)
		r = check->handler->loop_end(check->handler->context, check->guide, guide_loop_of(check, frame));
	if (!frame->exiled && loop->is_member)
		check->member_pos = 0;
	check->frame_count--;
	return r;
}

/* "Done": the innermost loop has ended. */
static int close_frame(struct check *check)
{
	struct frame *frame = &check->frames[check->frame_count - 1];
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	int r = 0;

	if (!frame->exiled) {
		if ((loop->required & ~frame->seen) != 0)
			r = report_missing(check, frame);
		if (!check->options.known_sound && r == 0 && loop->rule_count != 0 && !frame->disturbed)
			r = rule_loop_end(check, loop);
		if (!check->options.known_sound && r == 0 && loop->is_line)
			r = balance_line_end(check);
	}
	check->crooked -= frame->exiled || frame->displaced;
	return r == 0 ? walk_leave(check) : r;
}

int walk_close_to(struct check *check, uint32_t count)
{
	while (check->frame_count > count) {
		int r = close_frame(check);
		if (r < 0)
			return r;
	}
	return 0;
}

static void count_member(struct check *check, const struct plan_loop *loop)
{
	if (loop->is_line) {
		check->members++;
		check->member_pos = check->members;
	} else if (loop->is_member) {
		check->member_pos = check->members + 1;
	}
}

COLD static int report_members_max(struct check *check, const struct plan_loop *loop)
{
	struct finding finding =
		report_make(check, FINDING_LOOP_REPEATS_TOO_OFTEN, &check->at, "INS",
			    "it is agreed that a set holds %u members at most; divide it", check->options.members_max);
	finding.loop = walk_id_of_loop(check, (uint16_t)(loop - check->plan->loops));
	return report_deliver(check, &finding);
}

/* Once, at the first member too many: the rest is in no other fault. */
static inline int check_members_max(struct check *check, const struct plan_loop *loop)
{
	if (!loop->is_line || !loop->is_member || check->options.members_max == 0 ||
	    check->members != check->options.members_max + 1)
		return 0;
	return report_members_max(check, loop);
}

static inline void note_step(struct check *check)
{
	struct frame *frame = &check->frames[check->frame_count - 1];

	if (frame->step_count == STEPS_MAX ||
	    (frame->step_count > 0 && frame->steps[frame->step_count - 1].ordinal >= frame->cursor))
		return;
	frame->steps[frame->step_count++] =
		(struct step){check->at.offset, check->at.line, check->at.segment_pos, frame->cursor};
}

int walk_push(struct check *check, uint16_t loop_index, bool exiled, bool displaced)
{
	const struct plan_loop *loop = &check->plan->loops[loop_index];
	const struct plan_node *opener = &check->plan->nodes[loop->first_node];
	struct frame *frame = &check->frames[check->frame_count];
	int r;

	assert(check->frame_count < FRAMES_MAX);
	if (check->frame_count > 0 && !exiled && !displaced)
		note_step(check);
	/* Field by field: gaps are many bytes, and only those below gap_count are looked at. */
	frame->loop = loop_index;
	frame->cursor = opener->ordinal;
	frame->last_local = frame->gap_count = frame->step_count = 0;
	frame->exiled = exiled;
	frame->displaced = displaced;
	frame->disturbed = false;
	frame->unknown_count = 0;
	frame->seen = opener->required_bit;
	frame->skipped = frame->tentative = 0;
	if (loop->has_once)
		memset(frame->once, 0, sizeof(frame->once));
	frame->where = check->at;
	frame->heads = loop->heads;
	frame->moves = loop->moves;
	for (uint32_t i = 0; i < loop->node_count; i += PLAN_COUNTS_STEP)
		memset(frame->counts + i, 0, PLAN_COUNTS_STEP * sizeof(*frame->counts));
	frame->counts[0] = 1;
	check->frame_count++;
	check->crooked += exiled || displaced;
	if (exiled)
		return 0;
	count_member(check, loop);
	if (loop->forgets)
		rule_loop_begin(check, loop);
	if (loop->sense != SENSE_LOOP_OTHER)
		sense_loop_begin(check, (enum sense_loop)loop->sense);
	r = check_members_max(check, loop);
	if (r == 0 && check->handler->loop_begin != NULL)
		r = check->handler->loop_begin(check->handler->context, check->guide, guide_loop_of(check, frame));
	return r;
}

/* Remember where the required places stood that `node` passes over. */
COLD static void note_gaps(struct check *check, struct frame *frame, const struct plan_node *node)
{
	uint64_t passed = node->required_before & ~frame->seen & ~frame->skipped;
	while (passed != 0 && frame->gap_count < GAPS_MAX) {
		struct gap *gap = &frame->gaps[frame->gap_count++];
		gap->required_bit = passed & (~passed + 1);
		gap->where = check->at;
		gap->where.member_pos = check->member_pos;
		frame->skipped |= gap->required_bit;
		passed &= passed - 1;
	}
}

/* Loops that share a place in the standard may come in any order; most partners want the guide's. */
COLD static int report_habit(struct check *check, const struct plan_node *node)
{
	const struct guide_loop *loop = &check->guide->loops[node->child];
	struct finding finding = report_make(
		check, FINDING_SEGMENT_ORDER_HABIT, &check->at, check->guide->segments[node->segment].id,
		"loop %s comes after a loop that the guide puts behind it; it was read all the same", loop->id);
	finding.loop = walk_id_of_loop(check, node->child);
	return report_deliver(check, &finding);
}

/* Count `node` as taken in `frame`. */
static inline int take_place(struct check *check, struct frame *frame, const struct plan_node *node, enum walk_how how)
{
	int r = 0;
	frame->counts[node->local]++;
	if (how == WALK_IN_ORDER) {
		if ((node->required_before & ~frame->seen & ~frame->skipped) != 0)
			note_gaps(check, frame, node);
		if (node->ordinal > frame->cursor)
			frame->last_local = node->local;
		else if (node->child != PLAN_NONE && node->local < frame->last_local && !frame->exiled)
			r = report_habit(check, node);
		else if (node->local > frame->last_local)
			frame->last_local = node->local;
		if (node->ordinal > frame->cursor)
			frame->cursor = node->ordinal;
	}
	frame->seen |= node->required_bit;
	return r;
}

COLD static int report_duplicate_qualifier(struct check *check, const struct plan_node *node,
					   const struct x12_segment *segment)
{
	const struct guide_segment *guide_segment = &check->guide->segments[node->segment];
	struct slice qualifier;
	struct finding finding;

	qualifier = x12_element(segment, guide_segment->qualifier_pos);
	finding = report_make(check, FINDING_SEGMENT_DUPLICATE_QUALIFIER, &check->at, guide_segment->id,
			      "%s%02u %.*s stands twice in this loop; send it once", guide_segment->id,
			      guide_segment->qualifier_pos, (int)qualifier.len, qualifier.data);
	finding.loop = walk_id_of_loop(check, node->loop);
	finding.value = qualifier;
	return report_deliver(check, &finding);
}

/* Has this qualifier been seen in the frame's slot? Says yes only for qualifiers that the guide lists. */
static bool seen_before(const struct check *check, struct frame *frame, const struct plan_node *node)
{
	uint8_t n = check->plan->numbers[check->symbol];
	uint64_t *word, bit;
	if (n == 0)
		return false;
	word = &frame->once[node->once_slot - 1][n / 64];
	bit = UINT64_C(1) << (n % 64);
	if ((*word & bit) != 0)
		return true;
	*word |= bit;
	return false;
}

/* Give the segment to the handler, with the member it belongs to. */
__attribute__((noinline)) static int hand_on(struct check *check, const struct guide_segment *node,
					     const struct x12_segment *segment)
{
	struct x12_segment copy = *segment;
	copy.where.member_pos = check->member_pos;
	return check->handler->segment(check->handler->context, check->guide, node, &copy);
}

COLD static int report_not_used(struct check *check, const struct guide_segment *segment)
{
	struct finding finding = report_make(check, FINDING_SEGMENT_NOT_USED, &check->at, segment->id,
					     "%s must not be sent here; leave it out", segment->id);
	finding.loop = walk_id_of_loop(check, segment->loop);
	return report_deliver(check, &finding);
}

/* Look inside a segment that has its place, then hand it on. */
static inline int look_inside(struct check *check, const struct plan_node *node, const struct x12_segment *segment)
{
	const struct plan_segment *plan = &check->plan->segments[node->segment];
	int r = 0;

	if (check->options.known_sound)
		return plan->wanted ? hand_on(check, &check->guide->segments[node->segment], segment) : 0;
	if (check->held_count != 0)
		r = report_release_held(check);
	if (r == 0 && plan->not_used)
		r = report_not_used(check, &check->guide->segments[node->segment]);
	if (r == 0)
		r = element_check(check, node->segment, segment);
	if (r == 0 && plan->ruled)
		r = rule_segment(check, node->segment, segment);
	if (r == 0 && plan->sense != SENSE_NONE)
		r = sense_segment(check, (enum sense_of)plan->sense, segment);
	if (r == 0 && plan->wanted)
		r = hand_on(check, &check->guide->segments[node->segment], segment);
	return r;
}

int walk_hold_unknown(struct check *check, const struct finding *finding)
{
	struct finding copy = *finding;
	int r = walk_release_unknown(check);
	report_quote(check, &copy);
	report_hold(&check->unknown, &copy);
	check->has_unknown = true;
	return r;
}

static void remember_unknown(struct check *check, const struct finding *finding)
{
	if (finding->value.len >= sizeof(check->frames[0].unknown_ids[0]) ||
	    report_severity(check, finding) != FINDING_ERROR)
		return;
	for (uint32_t f = 0; f < check->frame_count; f++) {
		struct frame *frame = &check->frames[f];
		if (frame->unknown_count < UNKNOWN_MAX)
			frame->unknown_count++;
		slice_to_cstr(finding->value, frame->unknown_ids[frame->unknown_count - 1],
			      sizeof(frame->unknown_ids[0]));
	}
}

int walk_release_unknown(struct check *check)
{
	if (!check->has_unknown)
		return 0;
	check->has_unknown = false;
	check->unknown.finding.where.member_pos = check->member_pos;
	if (check->unknown.finding.loop.len == 0)
		check->unknown.finding.loop = walk_loop_id(check);
	remember_unknown(check, &check->unknown.finding);
	return report_deliver(check, &check->unknown.finding);
}

/* Loops out of their place do not pile up: above frame `keep` the lowest such one is closed. */
static int close_displaced(struct check *check, uint32_t keep)
{
	if (check->frame_count >= FRAMES_MAX - LIMIT_LOOP_DEPTH)
		return walk_close_to(check, keep + 1);
	for (uint32_t f = keep + 1; f < check->frame_count; f++)
		if (check->frames[f].displaced)
			return walk_close_to(check, f);
	return 0;
}

__attribute__((always_inline)) static inline int accept(struct check *check, struct frame *frame,
							const struct plan_node *node, enum walk_how how,
							const struct x12_segment *segment)
{
	bool exiled = frame->exiled;
	int r = 0;

	if (check->has_unknown)
		r = walk_release_unknown(check);
	if (r == 0 && how == WALK_IN_ORDER && frame + 1 < &check->frames[check->frame_count])
		r = walk_close_to(check, (uint32_t)(frame - check->frames) + 1);
	else if (r == 0 && how == WALK_IN_PLACE && node->child != PLAN_NONE)
		r = close_displaced(check, (uint32_t)(frame - check->frames));
	if (r == 0)
		r = take_place(check, frame, node, how);
	if (r == 0 && node->child != PLAN_NONE)
		r = walk_push(check, node->child, exiled, how == WALK_IN_PLACE);
	if (r < 0)
		return r;
	if (exiled)
		return check->plan->wants_unplaced ? hand_on(check, NULL, segment) : 0;
	if (node->once_slot != 0 && seen_before(check, frame, node)) {
		r = report_duplicate_qualifier(check, node, segment);
		if (r < 0)
			return r;
	}
	return look_inside(check, node, segment);
}

int walk_accept(struct check *check, uint32_t f, uint16_t node_index, enum walk_how how,
		const struct x12_segment *segment)
{
	return accept(check, &check->frames[f], &check->plan->nodes[node_index], how, segment);
}

int walk_open_again(struct check *check, uint32_t f, uint16_t node_index)
{
	const struct plan_node *node = &check->plan->nodes[node_index];
	int r = walk_close_to(check, f + 1);
	if (r == 0)
		r = take_place(check, &check->frames[f], node, WALK_IN_ORDER);
	return r == 0 ? walk_push(check, node->child, false, false) : r;
}

int walk_open_without_opener(struct check *check, uint32_t f, uint16_t node_index)
{
	const struct plan_node *node = &check->plan->nodes[node_index];
	int r = walk_open_again(check, f, node_index);
	if (r < 0)
		return r;
	check->frames[check->frame_count - 1].disturbed = true;
	/* A segment of unknown id just before was most likely meant to open the loop: one fault, one finding. */
	if (check->has_unknown)
		return walk_release_unknown(check);
	return report_missing_node(check, &check->frames[f], node);
}

/* The innermost place that would have taken it, were it not full; or PLAN_NONE. */
COLD static uint16_t find_full(const struct check *check, uint16_t symbol, uint32_t *ret_frame)
{
	const struct check_plan *plan = check->plan;
	for (uint32_t f = check->frame_count; f-- > 0;) {
		const struct frame *frame = &check->frames[f];
		for (uint16_t l = frame->heads[symbol]; l != PLAN_NONE; l = plan->links[l].next) {
			const struct plan_node *node = &plan->nodes[plan->links[l].node];
			if (node->ordinal < frame->cursor || node->opens_here)
				continue;
			*ret_frame = f;
			return plan->links[l].node;
		}
	}
	return PLAN_NONE;
}

COLD static int take_misfit(struct check *check, const struct x12_segment *segment)
{
	uint32_t frame = 0;
	uint16_t node = find_full(check, check->symbol, &frame);

	return node != PLAN_NONE ? repair_full(check, frame, node, segment) : repair_wait(check, segment);
}

int walk_segment(struct check *check, const struct x12_segment *segment)
{
	struct frame *frame = NULL;
	const struct plan_node *node;
	int r = repair_waiting(check, segment);

	if (r < 0)
		return r;
	check->symbol = plan_symbol_of(check->plan, segment);
	check->at = segment->where;
	if (check->symbol == PLAN_NONE)
		return repair_unknown(check, segment);
	node = walk_find_place(check, check->symbol, &frame);
	return node != NULL ? accept(check, frame, node, WALK_IN_ORDER, segment) : take_misfit(check, segment);
}

/*
 * Without SE nobody knows how much of the set is there: that what might still have come is not there is the same fault.
 * What later segments have passed over is one of its own.
 */
static void excuse_rest(struct check *check)
{
	for (uint32_t f = 0; f < check->frame_count; f++) {
		struct frame *frame = &check->frames[f];
		frame->seen |= check->plan->loops[frame->loop].required & ~frame->skipped;
		frame->disturbed = true;
	}
	check->balance = (struct balance){.unsound = true, .unclear = true};
}

void walk_begin(struct check *check)
{
	check->frame_count = check->crooked = 0;
	check->set++;
	check->member_pos = check->members = 0;
	check->has_unknown = false;
	check->passed_at.segment_pos = 0;
	sense_begin(check);
	balance_begin(check);
}

int walk_header(struct check *check, const struct x12_segment *segment)
{
	int r;
	check->at = segment->where;
	r = walk_push(check, 0, false, false);
	if (r == 0 && !check->options.known_sound)
		r = element_check_end(check, check->plan->st, segment);
	if (r == 0 && check->plan->segments[check->plan->st].wanted)
		r = hand_on(check, &check->guide->segments[check->plan->st], segment);
	return r;
}

int walk_trailer(struct check *check, const struct x12_segment *segment)
{
	struct frame *root = &check->frames[0];
	const struct plan_loop *loop = &check->plan->loops[0];
	int r = walk_release_unknown(check);

	if (segment != NULL)
		check->at = segment->where;
	else
		check->at.segment_pos++;
	if (segment == NULL && check->tset.rejected)
		excuse_rest(check);
	if (r == 0)
		r = walk_close_to(check, 1);
	if (r == 0 && segment != NULL && !check->options.known_sound && check->plan->se != PLAN_NONE)
		r = element_check_end(check, check->plan->se, segment);
	/* A missing SE is the reader's finding. */
	for (uint16_t i = 0; i < loop->node_count; i++)
		if (check->plan->nodes[loop->first_node + i].segment == check->plan->se)
			root->seen |= check->plan->nodes[loop->first_node + i].required_bit;
	if (r == 0)
		r = report_missing(check, root);
	if (!check->options.known_sound && r == 0 && loop->rule_count != 0 && !root->disturbed)
		r = rule_loop_end(check, loop);
	if (!check->options.known_sound && r == 0)
		r = balance_end(check);
	if (r == 0 && segment != NULL && check->plan->se != PLAN_NONE && check->plan->segments[check->plan->se].wanted)
		r = hand_on(check, &check->guide->segments[check->plan->se], segment);
	if (r == 0 && check->handler->loop_end != NULL)
		r = check->handler->loop_end(check->handler->context, check->guide, guide_loop_of(check, root));
	check->frame_count = check->crooked = 0;
	return r;
}
