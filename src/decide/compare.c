/*
 * compare: a coverage that a full file lists (HD01 030), against what is stored.
 *
 *   none of the product in the group          add; from another group: transfer. What is over before the file was made
 *                                             is added as history, but where the partner sends none (history)
 *   equal                                     no change
 *   plan, tier or COBRA differs               change, from the day sent
 *   an end was sent                           the coverage ends so
 *   no end was sent, an end is stored         a day the file could still know as covered: it stays. Ended before the
 *                                             file was made: goes on again without a gap, up to REOPEN_DAYS back
 *   an earlier begin was sent                 more days are covered
 *   a later begin was sent                    nothing: many senders repeat the begin of the plan year. Only what has
 *                                             not begun moves
 *
 * A stored coverage that the record does not name stays as it is: partners send each product in a file of its own.
 *
 * Source    enrollment-semantics sections 1, 4 and 5.
 */
#include "work.h"

#define REOPEN_DAYS 90

/* The day on which the file spoke. */
static date_day file_day(const struct record_work *it)
{
	date_day created = it->work->input->family->header->created_on;

	return created != DATE_NONE && created < it->work->input->today ? created : it->work->input->today;
}

/* By agreement the file tells of nobody's past: what stands there as past, and is not on file, is a slip or a gap. */
static int check_is_current(struct record_work *it, const struct line *line)
{
	char day[DATE_TEXT_BYTES];

	if (!it->work->input->policy->current_only || is_forced(it) || line->ends_on == DATE_NONE ||
	    line->ends_on >= file_day(it))
		return 0;
	return work_failf(
		it->work, CATEGORY_BAD_DATES,
		"The coverage ended with %s and is not on file; by agreement the file tells of what is current only.",
		date_format_iso(line->ends_on, day));
}

static int add_line(struct record_work *it, const struct line *line)
{
	int error;

	if (line->begins_on == DATE_NONE)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("No begin date was sent for a coverage that is not on file."));
	if (line->ends_on != DATE_NONE && line->ends_on < line->begins_on)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage to be added ends before it begins."));
	if (line->plan == NULL)
		return work_fail(it->work, CATEGORY_UNKNOWN_PLAN, SLICE_LITERAL("No plan code (HD04) was sent."));
	error = check_is_current(it, line);
	if (error == 0)
		error = family_require_covered(it, line);
	return error == 0 ? coverage_add(it, line) : error;
}

/* Of the product's coverages in the group, the one of today; else the last that shares a day with what was sent. */
static int32_t find_compared(const struct record_work *it, const struct line *line)
{
	const struct span_filter here = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	date_day today = it->work->input->today, from = line->begins_on != DATE_NONE ? line->begins_on : today;
	int32_t last = -1;
	uint32_t i;

	for (i = 0; i < it->draft->spans.count; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;

		if (span->voided || !span_matches(span, &here) ||
		    !dates_overlap(span->begins_on, span->ends_on, from, line->ends_on))
			continue;
		if (span_covers(span, today))
			return (int32_t)i;
		last = (int32_t)i;
	}
	return last;
}

static date_day compared_begin(const struct record_work *it, const struct line *line, const struct work_span *known)
{
	const struct span_filter here = {.group_id = known->span.group_id,
					 .insurance_line = known->span.insurance_line};
	date_day sent = line->begins_on, begins = known->span.begins_on;

	if (sent == DATE_NONE || sent == begins)
		return begins;
	if (sent > begins)
		return begins > it->work->input->today ? sent : begins;
	if (separation_began_there(it, line->group, &known->span, sent))
		return begins;
	/* An older coverage stands there: the file repeats the begin of the membership. */
	return spans_find_overlap(&it->draft->spans, &here, sent, begins - 1, known->id) < 0 ? sent : begins;
}

static int ended_otherwise(struct record_work *it, const struct coverage_span *span)
{
	char day[DATE_TEXT_BYTES];

	return work_failf(it->work, CATEGORY_ALREADY_TERMED,
			  "The coverage by plan %.*s ended with %s; the full file says otherwise.",
			  SLICE_ARGS(span->plan_id), date_format_iso(span->ends_on, day));
}

/* The end as it should be stored. */
static int compared_end(struct record_work *it, const struct line *line, const struct coverage_span *span,
			date_day *ret_ends)
{
	date_day ended = span->ends_on, today = it->work->input->today;

	*ret_ends = ended;
	if (line->ends_on == ended || (line->ends_on == DATE_NONE && ended >= file_day(it)))
		return 0;
	if (ended != DATE_NONE && ended < today && (line->ends_on != DATE_NONE || ended < today - REOPEN_DAYS))
		return ended_otherwise(it, span);
	*ret_ends = line->ends_on;
	return 0;
}

/* What ends for the subscriber ends for his dependents, whether the file names them or not. */
static int end_dependents(struct record_work *it, const struct coverage_span *after)
{
	struct cascade *cascade;

	if (!it->record->is_subscriber)
		return 0;
	cascade = work_cascade(it, CASCADE_END);
	if (cascade == NULL)
		return -ENOMEM;
	cascade->filter =
		(struct span_filter){.group_id = after->group_id, .insurance_line = after->insurance_line};
	cascade->day = after->ends_on;
	return 0;
}

static enum decide_action action_of(const struct coverage_span *before, const struct coverage_span *after)
{
	int end = end_compare(after->ends_on, before->ends_on);

	if (before->begins_on != after->begins_on || end == 0)
		return DECIDE_CHANGE;
	if (end < 0)
		return DECIDE_TERMINATE;
	return after->ends_on == DATE_NONE ? DECIDE_REINSTATE : DECIDE_CHANGE;
}

/* Plan and tier agree: the dates. */
static int compare_dates(struct record_work *it, const struct line *line, const struct work_span *known)
{
	struct coverage_span before = known->span, after = before;
	uint32_t id = known->id;
	bool ends_earlier;
	int error = compared_end(it, line, &before, &after.ends_on);

	if (error != 0)
		return error;
	after.begins_on = compared_begin(it, line, known);
	if (after.begins_on == before.begins_on && after.ends_on == before.ends_on)
		return record_span_row(it, DECIDE_NO_CHANGE, id, &before, id);
	if (after.ends_on != DATE_NONE && after.ends_on < after.begins_on)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage would end before it begins."));
	ends_earlier = end_compare(after.ends_on, before.ends_on) < 0;
	if (after.begins_on > before.begins_on)
		error = boundary_move(it, &before, after.begins_on);
	if (error == 0)
		error = coverage_check_room(it, &after, id);
	if (error == 0)
		error = resolve_contract(it, line, line->plan, after.begins_on, after.ends_on);
	if (error == 0 && after.begins_on != before.begins_on)
		error = resolve_begin_limits(it, after.begins_on);
	if (error == 0 && ends_earlier)
		error = resolve_end_limits(it, after.ends_on);
	if (error == 0)
		error = spans_replace(it->work->arena, &it->draft->spans, id, &after);
	if (error == 0)
		error = record_span_row(it, action_of(&before, &after), id, &before, id);
	return error == 0 && ends_earlier ? end_dependents(it, &after) : error;
}

/* B6: who becomes a COBRA member of a group that does not administer it. */
static int check_cobra(struct record_work *it, const struct line *line, const struct coverage_span *after)
{
	if (is_forced(it) || !after->cobra || line->group->cobra_admin == COBRA_ADMIN_SELF)
		return 0;
	return work_failf(it->work, CATEGORY_COBRA_REVIEW,
			  "A COBRA enrollment in group %.*s, which does not administer COBRA itself.",
			  SLICE_ARGS(line->group->group_id));
}

int compare_line(struct record_work *it, const struct line *line)
{
	int32_t found = find_compared(it, line);
	const struct work_span *known;
	struct coverage_span after;
	bool cobra;
	int error;

	if (found < 0)
		return add_line(it, line);
	known = &it->draft->spans.items[found];
	after = known->span;
	after.span_no = 0;
	cobra = it->record->benefit_status.len > 0 ? is_cobra(it->record) : after.cobra;
	if (line->plan != NULL) {
		after.plan_id = line->plan->plan_id;
		after.insurance_line = line->plan->insurance_line;
	}
	/* On dependents the tier need not be stored; that it is sent is no news. */
	if (line->coverage->tier.len > 0 && (known->span.tier.len > 0 || it->record->is_subscriber))
		after.tier = line->coverage->tier;
	if (cobra == after.cobra && slice_equal(after.plan_id, known->span.plan_id) &&
	    slice_equal(after.tier, known->span.tier))
		return compare_dates(it, line, known);
	error = cobra != after.cobra ? check_cobra(it, line, &(struct coverage_span){.cobra = cobra}) : 0;
	if (error != 0)
		return error;
	after.cobra = cobra;
	after.begins_on = resolve_change_day(it, line->coverage);
	if (line->ends_on != DATE_NONE)
		after.ends_on = line->ends_on;
	return coverage_replace(it, line, known, &after);
}
