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

static int cascade_end(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans; /* copied at each change: this one stays */
	uint32_t i;
	int error = 0;

	for (i = 0; i < spans.count && error == 0; i++) {
		const struct work_span *known = &spans.items[i];
		struct coverage_span ended = span_ended(&known->span, cascade->day);

		if (known->span.voided || !span_matches(&known->span, &cascade->filter) ||
		    end_compare(known->span.ends_on, cascade->day) <= 0)
			continue;
		error = spans_replace(work->arena, &draft->spans, known->id, &ended);
		if (error == 0)
			error = span_row(work, cascade, draft, ended.voided ? DECIDE_VOID : DECIDE_TERMINATE, known->id,
					 &known->span, known->id);
	}
	return error;
}

/* The span under the new tier: split where it runs over the day, else as it is. */
static int retier(struct work *work, const struct cascade *cascade, struct draft *draft, const struct work_span *known)
{
	struct coverage_span after = known->span, ended;
	uint32_t id = known->id;
	int error;

	after.tier = cascade->tier_after;
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
	return error == 0 ? span_row(work, cascade, draft, DECIDE_CHANGE, known->id, &known->span, id) : error;
}

static int cascade_tier(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	const struct span_list spans = draft->spans;
	uint32_t i;
	int error = 0;

	for (i = 0; i < spans.count && error == 0; i++) {
		const struct coverage_span *span = &spans.items[i].span;

		if (!span->voided && span_matches(span, &cascade->filter) &&
		    slice_equal(span->tier, cascade->tier_before) &&
		    (span->ends_on == DATE_NONE || span->ends_on >= cascade->day))
			error = retier(work, cascade, draft, &spans.items[i]);
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
	return fields_row(work, cascade, draft, &before);
}

static int cascade_to(struct work *work, const struct cascade *cascade, struct draft *draft)
{
	switch (cascade->kind) {
	case CASCADE_END:
		return cascade_end(work, cascade, draft);
	case CASCADE_TIER:
		return cascade_tier(work, cascade, draft);
	case CASCADE_ADDRESS:
		return cascade_address(work, cascade, draft);
	case CASCADE_FAMILY:
		return cascade_family(work, cascade, draft);
	}
	return 0;
}

static bool is_dependent_of(const struct draft *draft, const struct draft *subscriber, struct slice subscriber_id)
{
	const struct member *member = &draft->image->after;

	return draft != subscriber && !slice_is(member->relationship, "18") &&
	       slice_equal(member->subscriber_id, subscriber_id);
}

/* Drafts of everybody stored under the id. */
static int load_dependents(struct work *work, struct slice subscriber_id)
{
	struct draft *draft;
	uint32_t i;
	int error = work_household(work, subscriber_id);

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
		struct slice id = cascade->kind == CASCADE_FAMILY ? cascade->before.subscriber_id
								  : cascade->subscriber->image->after.subscriber_id;

		error = load_dependents(work, id);
		for (k = 0; k < work->draft_count && error == 0; k++)
			if (is_dependent_of(work->drafts[k], cascade->subscriber, id))
				error = cascade_to(work, cascade, work->drafts[k]);
	}
	return error;
}
