/*
 * cascade: what a subscriber's record brings to his dependents.
 *
 * Runs when all records of the family were decided, so that what the sender said about a dependent himself comes
 * first. Each dependent touched has rows of his own under the subscriber's record.
 *
 * Source    enrollment-semantics sections 2 and 3; CONTRACT section 5 (cascades).
 */
#include "work.h"

static struct row *cascade_row(struct work *work, const struct cascade *cascade, struct draft *draft,
			       enum decide_action action)
{
	return work_row(work, cascade->record, draft, action, cascade->confidence, cascade->match_rule);
}

static int span_row(struct work *work, const struct cascade *cascade, struct draft *draft, enum decide_action action,
		    uint32_t before_id, const struct coverage_span *before, uint32_t after_id)
{
	const struct coverage_span *after = &draft->spans.items[spans_index(&draft->spans, after_id)].span;
	struct slice change = describe_span(work->arena, before, after, before_id != after_id);
	struct row *row = cascade_row(work, cascade, draft, action);

	if (row == NULL || change.data == NULL)
		return -ENOMEM;
	row_touch(row, before_id, after_id);
	row->operation.change = change;
	row_show_span(row, after);
	return 0;
}

bool cascade_drops_dependents(const struct coverage_span *before, const struct coverage_span *after)
{
	static const char *const alone[] = {"EMP", "IND"};
	size_t i;

	for (i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
		if (slice_is(after->tier, alone[i]))
			return !slice_equal(before->tier, after->tier);
	return false;
}

/* One coverage ended, and another of the product follows at once: the dependents' is none to end. */
static bool subscriber_goes_on(const struct cascade *cascade)
{
	const struct span_filter product = {.insurance_line = cascade->filter.insurance_line};
	const struct span_list *spans = &cascade->subscriber->spans;
	int32_t found;

	if (slice_is(cascade->record->maintenance, "024") || product.insurance_line.len == 0)
		return false;
	found = spans_find_overlap(spans, &product, cascade->day + 1, cascade->day + 1, 0);
	return found >= 0 && !cascade_drops_dependents(&cascade->span_before, &spans->items[found].span);
}

/* Employment ended, or nobody pays: even a court's order covers nobody then. All else is the employee's own wish. */
static bool is_voluntary(const struct member_record *record)
{
	static const char *const eligibility_lost[] = {"03", "04", "06", "08", "09", "16",
						       "17", "18", "38", "40", "59"};
	size_t i;

	for (i = 0; i < sizeof(eligibility_lost) / sizeof(eligibility_lost[0]); i++)
		if (slice_is(record->reason, eligibility_lost[i]))
			return false;
	return !slice_is(record->maintenance, "024") || record->reason.len > 0;
}

/* Another end of the same record, of one coverage and with a day of its own, is about this span. */
static bool has_own_end(const struct work *work, const struct cascade *cascade, const struct coverage_span *span)
{
	uint32_t i;

	for (i = 0; cascade->filter.insurance_line.len == 0 && i < work->cascade_count; i++)
		if (work->cascades[i].kind == CASCADE_END && work->cascades[i].record == cascade->record &&
		    work->cascades[i].filter.insurance_line.len > 0 && span_matches(span, &work->cascades[i].filter))
			return true;
	return false;
}

/* What begins after the end, on a day on which the subscriber is covered: it did not end for him either. */
static bool begins_with_subscriber(const struct cascade *cascade, const struct coverage_span *span)
{
	const struct span_filter same = {.group_id = span->group_id, .insurance_line = span->insurance_line};
	const struct span_list *spans = &cascade->subscriber->spans;
	int32_t found = span->begins_on > cascade->day
				? spans_find_overlap(spans, &same, span->begins_on, span->begins_on, 0)
				: -1;

	return found >= 0 && (cascade->tier_before.len == 0 ||
			      !cascade_drops_dependents(&cascade->span_before, &spans->items[found].span));
}

/*
 * It runs on into coverage that the subscriber had before this record and keeps. It is left as it is: he would be alone
 * in between (together.c), and a person says where it is cut.
 */
static bool runs_into_kept(const struct cascade *cascade, const struct coverage_span *span)
{
	const struct span_filter same = {.group_id = span->group_id, .insurance_line = span->insurance_line};
	const struct span_list *spans = &cascade->subscriber->spans;
	uint32_t i;

	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *kept = &spans->items[i].span;

		if (spans->items[i].before_index >= 0 && !kept->voided && span_matches(kept, &same) &&
		    kept->begins_on > cascade->day && span->begins_on < kept->begins_on &&
		    end_compare(span->ends_on, kept->begins_on) >= 0 &&
		    (cascade->tier_before.len == 0 || !cascade_drops_dependents(&cascade->span_before, kept)))
			return true;
	}
	return false;
}

/*
 * A record of his own has brought it back, and the subscriber is covered on the day after the end too: the family was
 * ended and enrolled anew. What is said of himself holds over what follows from the end of another.
 */
static bool came_back(const struct work *work, const struct cascade *cascade, const struct draft *draft,
		      const struct work_span *known)
{
	const struct span_filter same = {.group_id = known->span.group_id,
					 .insurance_line = known->span.insurance_line};
	date_day next = cascade->day + 1;
	uint32_t i;

	if (spans_find_overlap(&cascade->subscriber->spans, &same, next, next, 0) < 0)
		return false;
	for (i = 0; i < work->row_count; i++)
		if (work->rows[i].draft == draft && work->rows[i].span_after_id == known->id &&
		    work->rows[i].operation.action == DECIDE_REINSTATE)
			return true;
	return false;
}

static int end_spans(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans; /* copied at each change: this one stays */
	uint32_t i;
	int error = 0;

	for (i = 0; i < spans.count && error == 0; i++) {
		const struct work_span *known = &spans.items[i];
		bool cancels = work->input->policy->cancel_at_begin && cascade->day == known->span.begins_on;
		struct coverage_span ended = span_ended(&known->span, cancels ? cascade->day - 1 : cascade->day);

		if (known->span.voided || !span_matches(&known->span, &cascade->filter) ||
		    (!cancels && end_compare(known->span.ends_on, cascade->day) <= 0) ||
		    (cascade->kind == CASCADE_END &&
		     (has_own_end(work, cascade, &known->span) || begins_with_subscriber(cascade, &known->span) ||
		      runs_into_kept(cascade, &known->span) ||
		      came_back(work, cascade, draft, known))))
			continue;
		error = spans_replace(work->arena, &draft->spans, known->id, &ended);
		if (error == 0)
			error = span_row(work, cascade, draft, ended.voided ? DECIDE_VOID : DECIDE_TERMINATE, known->id,
					 &known->span, known->id);
	}
	return error;
}

static int cascade_end(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	if (subscriber_goes_on(cascade))
		return 0;
	if (draft->image->after.support_order && is_voluntary(cascade->record))
		return work_warnf(work, cascade->record->member_pos,
				  "dependent %.*s keeps his coverage: a medical child support order protects it",
				  SLICE_ARGS(draft->image->after.member_id));
	return end_spans(work, cascade, draft);
}

/* `after` from the day on: the span is split where it runs over the day, else it is replaced. */
static int respan(struct work *work, const struct cascade *cascade, struct draft *draft, const struct work_span *known,
		  struct coverage_span after, enum decide_action action)
{
	struct coverage_span ended;
	uint32_t id = known->id;
	int error;

	if (known->span.begins_on >= cascade->day) {
		error = spans_replace(work->arena, &draft->spans, id, &after);
	} else {
		after.begins_on = cascade->day;
		after.span_no = 0;
		ended = span_ended(&known->span, cascade->day - 1);
		error = spans_replace(work->arena, &draft->spans, id, &ended);
		if (error == 0)
			error = spans_insert(work->arena, &draft->spans, &after, &work->span_ids, &id);
	}
	return error == 0 ? span_row(work, cascade, draft, action, known->id, &known->span, id) : error;
}

static int cascade_tier(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans;
	uint32_t i;
	int error = 0;

	for (i = 0; i < spans.count && error == 0; i++) {
		const struct coverage_span *span = &spans.items[i].span;

		struct coverage_span after = *span;

		after.tier = cascade->tier_after;
		if (!span->voided && span_matches(span, &cascade->filter) &&
		    slice_equal(span->tier, cascade->tier_before) &&
		    (span->ends_on == DATE_NONE || span->ends_on >= cascade->day))
			error = respan(work, cascade, draft, &spans.items[i], after, DECIDE_CHANGE);
	}
	return error;
}

/* ---- dependents go along ---- */

/* He stays where the subscriber is no more: nobody said so, and nobody is moved unasked. */
static int warn_left(struct work *work, const struct cascade *cascade, const struct draft *draft,
		     const struct coverage_span *span, const char *why)
{
	return work_warnf(work, cascade->record->member_pos,
			  "dependent %.*s keeps plan %.*s of group %.*s, which the subscriber leaves: %s",
			  SLICE_ARGS(draft->image->after.member_id), SLICE_ARGS(span->plan_id),
			  SLICE_ARGS(span->group_id), why);
}

static int follow(struct work *work, const struct cascade *cascade, struct draft *draft, const struct work_span *known)
{
	const struct coverage_span *from = &cascade->span_before, *to = &cascade->span_after;
	struct coverage_span after = known->span;
	const struct span_filter there = {.group_id = to->group_id, .insurance_line = to->insurance_line};
	bool moves = !slice_equal(from->group_id, to->group_id);
	date_day begins = known->span.begins_on > cascade->day ? known->span.begins_on : cascade->day;

	if (!slice_equal(known->span.plan_id, from->plan_id))
		return warn_left(work, cascade, draft, &known->span, "his plan is another");
	if (cascade_drops_dependents(from, to))
		return warn_left(work, cascade, draft, &known->span, "the new tier is for the employee alone");
	after.group_id = to->group_id;
	after.plan_id = to->plan_id;
	after.insurance_line = to->insurance_line;
	if (after.tier.len > 0 && slice_equal(after.tier, from->tier))
		after.tier = to->tier;
	if (end_compare(after.ends_on, to->ends_on) > 0)
		after.ends_on = to->ends_on;
	if (after.ends_on != DATE_NONE && after.ends_on < begins)
		return 0;
	if (spans_find_overlap(&draft->spans, &there, begins, after.ends_on, known->id) >= 0)
		return warn_left(work, cascade, draft, &known->span, "he has other coverage there");
	return respan(work, cascade, draft, known, after, moves ? DECIDE_TRANSFER : DECIDE_CHANGE);
}

/* Did a record of his own say what he has of the product? Then that holds. */
static bool spoke_himself(const struct work *work, const struct cascade *cascade, const struct draft *draft)
{
	const struct span_filter product = {.insurance_line = cascade->filter.insurance_line};
	uint32_t i;

	for (i = 0; i < work->row_count; i++) {
		const struct row *row = &work->rows[i];

		if (row->draft == draft && row->span_after_id != 0 &&
		    row->operation.member_pos != cascade->record->member_pos &&
		    span_matches(&row->spans.items[spans_index(&row->spans, row->span_after_id)].span, &product))
			return true;
	}
	return false;
}

/*
 * The record renews the subscriber's coverage and names who is covered from then on: whoever it does not name is not. His
 * own coverage of the product ends the day before.
 */
static int drop_at_renewal(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	struct cascade ending = *cascade;

	ending.day = cascade->day - 1;
	return end_spans(work, &ending, draft);
}

static int cascade_follow(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans;
	uint32_t i;
	int error = 0;

	if (spoke_himself(work, cascade, draft))
		return 0;
	if (work->input->policy->renewal_inside)
		return drop_at_renewal(work, cascade, draft);
	for (i = 0; i < spans.count && error == 0; i++) {
		const struct coverage_span *span = &spans.items[i].span;
		bool there = slice_equal(span->plan_id, cascade->span_after.plan_id) &&
			     slice_equal(span->group_id, cascade->span_after.group_id);

		if (span->voided || there || !span_matches(span, &cascade->filter) ||
		    (span->ends_on != DATE_NONE && span->ends_on < cascade->day))
			continue;
		error = work->input->policy->dependents_stay
				? warn_left(work, cascade, draft, span, "dependents have records of their own")
				: follow(work, cascade, draft, &spans.items[i]);
	}
	return error;
}

/* One span of his, set right: a row of its own. */
static int set_span(struct work *work, const struct cascade *cascade, struct draft *draft, uint32_t id,
		    const struct coverage_span *before, const struct coverage_span *after)
{
	int error = spans_replace(work->arena, &draft->spans, id, after);

	return error == 0 ? span_row(work, cascade, draft, DECIDE_CHANGE, id, before, id) : error;
}

static int move_begin(struct work *work, const struct cascade *cascade, struct draft *draft,
		      const struct work_span *known)
{
	int32_t found = boundary_previous(&draft->spans, &known->span);
	struct coverage_span next = known->span, before, after;
	char day[DATE_TEXT_BYTES];
	uint32_t id;
	int error;

	if ((found < 0 || cascade->day <= draft->spans.items[found].span.begins_on) && cascade->day < next.begins_on)
		return 0;
	if (found < 0)
		return work_warnf(work, cascade->record->member_pos,
				  "dependent %.*s is covered by plan %.*s from %s on, before the subscriber",
				  SLICE_ARGS(draft->image->after.member_id), SLICE_ARGS(next.plan_id),
				  date_format_iso(next.begins_on, day));
	id = draft->spans.items[found].id;
	before = after = draft->spans.items[found].span;
	after.ends_on = cascade->day - 1;
	next.begins_on = cascade->day;
	error = set_span(work, cascade, draft, id, &before, &after);
	return error == 0 ? set_span(work, cascade, draft, known->id, &known->span, &next) : error;
}

/* The day of the subscriber's change was set right: those who changed with him do so on that day, if they still can. */
static int cascade_begin(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans;
	uint32_t i;
	int error = 0;

	if (work->input->policy->dependents_stay || spoke_himself(work, cascade, draft))
		return 0;
	for (i = 0; i < spans.count && error == 0; i++) {
		const struct coverage_span *span = &spans.items[i].span;

		if (!span->voided && span_matches(span, &cascade->filter) &&
		    span->begins_on == cascade->span_before.begins_on && end_compare(span->ends_on, cascade->day) >= 0)
			error = move_begin(work, cascade, draft, &spans.items[i]);
	}
	return error;
}

/* A row for a dependent whose person data became others than `before`. */
static int fields_row(struct work *work, const struct cascade *cascade, struct draft *draft,
		      const struct member *before)
{
	struct row *row;

	if (!fields_differ(before, &draft->image->after))
		return 0;
	draft->image->fields_changed = true;
	row = cascade_row(work, cascade, draft, DECIDE_CHANGE);
	if (row == NULL)
		return -ENOMEM;
	if (row_carry_fields(work, row, before) < 0)
		return -ENOMEM;
	row->operation.change = fields_describe(work->arena, before, &draft->image->after);
	return row->operation.change.data != NULL ? 0 : -ENOMEM;
}

/* Who lived with the subscriber moves with him; who is under restricted access does not follow unasked. */
static int cascade_address(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	struct member *after = &draft->image->after, before = *after;

	if (after->confidential || after->address1.len == 0 || !fields_same_address(after, &cascade->before))
		return 0;
	fields_copy_address(after, &cascade->subscriber->image->after);
	return fields_row(work, cascade, draft, &before);
}

/* The family's key has changed. */
static int cascade_family(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	struct member *after = &draft->image->after, before = *after;

	after->subscriber_id = cascade->subscriber->image->after.subscriber_id;
	after->sponsor_id = cascade->subscriber->image->after.sponsor_id;
	return fields_row(work, cascade, draft, &before);
}

static int cascade_to(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	switch (cascade->kind) {
	case CASCADE_END:
		return cascade_end(work, cascade, draft);
	case CASCADE_TIER:
		return cascade_tier(work, cascade, draft);
	case CASCADE_FOLLOW:
		return cascade_follow(work, cascade, draft);
	case CASCADE_BEGIN:
		return cascade_begin(work, cascade, draft);
	case CASCADE_ADDRESS:
		return cascade_address(work, cascade, draft);
	case CASCADE_FAMILY:
		return cascade_family(work, cascade, draft);
	}
	return 0;
}

static bool is_dependent_of(const struct draft *draft, const struct draft *subscriber, struct family_key key)
{
	const struct member *member = &draft->image->after;

	return draft != subscriber && !slice_is(member->relationship, "18") &&
	       family_key_equal(family_key_of(member), key);
}

/* Drafts of everybody of the family as it is stored. */
static int load_dependents(struct work *work, struct family_key key)
{
	struct draft *draft;
	uint32_t i;
	int error = work_household(work, key);

	for (i = 0; i < work->household_count && error == 0; i++)
		error = work_draft(work, work->household[i], &draft);
	return error;
}

int cascade_run(struct work *work)
{
	uint32_t i, k;
	int error = 0;

	for (i = 0; i < work->cascade_count && error == 0; i++) {
		const struct cascade *cascade = &work->cascades[i];

		/* A family whose key changes is found by the old one. */
		struct family_key key = family_key_of(
			cascade->kind == CASCADE_FAMILY ? &cascade->before : &cascade->subscriber->image->after);

		error = load_dependents(work, key);
		for (k = 0; k < work->draft_count && error == 0; k++)
			if (is_dependent_of(work->drafts[k], cascade->subscriber, key))
				error = cascade_to(work, cascade, work->drafts[k]);
	}
	return error;
}
