/*
 * ending: coverage that ends, that never was, and that goes on after all.
 *
 * An end on day d (the last covered day): what covers d ends with d; what begins after d is voided; what ended
 * before d stays. Never guessed: without a day there is an exception before this file is reached.
 */
#include "work.h"

/* Ended in the past on another day than asked for now: a person asks which day holds. */
static int already_ended(struct record_work *it, const struct coverage_span *span)
{
	char day[DATE_TEXT_BYTES];

	return work_failf(it->work, CATEGORY_ALREADY_TERMED, "The coverage by plan %.*s ended already, with %s.",
			  SLICE_ARGS(span->plan_id), date_format_iso(span->ends_on, day));
}

/* A child whom a court's order covers: only a representative ends that, or the end of the subscriber's employment. */
static int check_support_order(struct record_work *it)
{
	if (!it->draft->image->after.support_order || is_forced(it))
		return 0;
	return work_fail(it->work, CATEGORY_SUPPORT_ORDER,
			 SLICE_LITERAL("The child is covered by a medical child support order: has it ended?"));
}

/* One span and its row. `one_coverage`: by an HD of its own. */
static int end_span(struct record_work *it, uint32_t id, date_day day, bool one_coverage)
{
	struct span_list *spans = &it->draft->spans;
	struct coverage_span before = spans->items[spans_index(spans, id)].span;
	/* An end on the first day cancels, where the partner means that. */
	bool cancels = it->work->input->policy->cancel_at_begin && day == before.begins_on;
	struct coverage_span after = span_ended(&before, cancels ? day - 1 : day);
	int error = spans_replace(it->work->arena, spans, id, &after);

	if (error == 0)
		error = record_span_row(it, after.voided ? DECIDE_VOID : DECIDE_TERMINATE, id, &before, id);
	if (error == 0 && one_coverage)
		it->work->rows[it->work->row_count - 1].is_end = true;
	return error;
}

/* Has an HD of this record said with what day the coverage ends? That holds, whatever is said of the member. */
static bool has_own_end(const struct record_work *it, uint32_t id)
{
	uint32_t i;

	for (i = it->first_row; i < it->work->row_count; i++)
		if (it->work->rows[i].is_end && it->work->rows[i].draft == it->draft &&
		    it->work->rows[i].span_after_id == id)
			return true;
	return false;
}

/* Does an end on `day` touch this span? */
static bool is_touched(const struct record_work *it, const struct work_span *known, const struct span_filter *filter,
		       date_day day, bool one_coverage)
{
	const struct decide_policy *policy = it->work->input->policy;
	const struct coverage_span *span = &known->span;
	bool cancelled = policy->cancel_at_begin && span->begins_on == day;

	if (!one_coverage && has_own_end(it, known->id))
		return false;
	return !span->voided && span_matches(span, filter) && (cancelled || end_compare(span->ends_on, day) > 0) &&
	       (!policy->renewal_survives || span->begins_on <= day);
}

/*
 * It ends only because another plan, tier or contract of the product follows at once, which this record ends as well: the
 * coverage has no end there.
 */
static bool is_continued(const struct record_work *it, const struct coverage_span *span,
			 const struct span_filter *filter)
{
	uint32_t i;

	for (i = 0; i < it->draft->spans.count; i++) {
		const struct coverage_span *next = &it->draft->spans.items[i].span;

		if (!next->voided && next->begins_on == span->ends_on + 1 &&
		    product_same(next->insurance_line, span->insurance_line) &&
		    (span_matches(next, filter) || (it->ends_too.len > 0 && slice_equal(next->group_id, it->ends_too))))
			return true;
	}
	return false;
}

/* May an end that was given before be moved to another day by another end? */
static int check_earlier_term(struct record_work *it, const struct coverage_span *span,
			      const struct span_filter *filter)
{
	char ends[DATE_TEXT_BYTES];

	if (span->ends_on == DATE_NONE || is_forced(it) || is_continued(it, span, filter))
		return 0;
	switch (it->work->input->policy->earlier_term) {
	case DECIDE_EARLIER_ASK:
		return span->ends_on < it->work->input->today ? already_ended(it, span) : 0;
	case DECIDE_EARLIER_DIRECT:
		return 0;
	case DECIDE_EARLIER_REINSTATE_FIRST:
		break;
	}
	return work_failf(
		it->work, CATEGORY_ALREADY_TERMED,
		"The coverage by plan %.*s has its end already, %s; by agreement it is reinstated before it ends "
		"on another day.",
		SLICE_ARGS(span->plan_id), date_format_iso(span->ends_on, ends));
}

/* None is touched: they ended with that very day, or before it. */
static int nothing_to_end(struct record_work *it, const struct span_filter *filter, date_day day)
{
	const struct span_list *spans = &it->draft->spans;
	int32_t last = spans_find_last(spans, filter);
	uint32_t i;

	if (last < 0)
		return work_fail(it->work, CATEGORY_TERM_NO_COVERAGE,
				 SLICE_LITERAL("The member has no such coverage to end."));
	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *span = &spans->items[i].span;

		if (!span->voided && span_matches(span, filter) && span->ends_on == day)
			return record_span_row(it, DECIDE_NO_CHANGE, spans->items[i].id, span, spans->items[i].id);
	}
	return already_ended(it, &spans->items[last].span);
}

static int end_matching(struct record_work *it, const struct span_filter *filter, date_day day, bool one_coverage)
{
	/* The list is copied at each change: this one stays as it is. */
	const struct span_list spans = it->draft->spans;
	uint32_t i, touched = 0;
	int error = 0;

	for (i = 0; i < spans.count && error == 0; i++) {
		if (!is_touched(it, &spans.items[i], filter, day, one_coverage))
			continue;
		touched++;
		error = check_earlier_term(it, &spans.items[i].span, filter);
	}
	if (error == 0 && touched == 0)
		return nothing_to_end(it, filter, day);
	if (error == 0)
		error = check_support_order(it);
	if (error == 0)
		error = resolve_end_limits(it, day);
	for (i = 0; i < spans.count && error == 0; i++)
		if (is_touched(it, &spans.items[i], filter, day, one_coverage))
			error = end_span(it, spans.items[i].id, day, one_coverage);
	return error;
}

/*
 * The subscriber's coverage ends: so does that of his dependents. `before`: the one that ended, NULL = all that match.
 */
static int cascade_end(struct record_work *it, const struct span_filter *filter, date_day day,
		       const struct coverage_span *before)
{
	struct cascade *cascade;

	if (!it->record->is_subscriber)
		return 0;
	cascade = work_cascade(it, CASCADE_END);
	if (cascade == NULL)
		return -ENOMEM;
	cascade->filter = *filter;
	cascade->day = day;
	if (before == NULL)
		return 0;
	cascade->span_before = *before;
	cascade->tier_before = before->tier;
	return 0;
}

/* What the subscriber has of the product on the day, as it stands before the end. */
static struct coverage_span found_on(const struct record_work *it, const struct span_filter *filter, date_day day)
{
	int32_t found = spans_find_overlap(&it->draft->spans, filter, day, DATE_NONE, 0);

	return found >= 0 ? it->draft->spans.items[found].span : (struct coverage_span){.ends_on = DATE_NONE};
}

/* Is there a coverage that the end touches; of the member's end: one that no HD of the record ended? */
static bool touches_any(const struct record_work *it, const struct span_filter *filter, date_day day, bool one_coverage)
{
	uint32_t i;

	for (i = 0; i < it->draft->spans.count; i++)
		if (is_touched(it, &it->draft->spans.items[i], filter, day, one_coverage))
			return true;
	return false;
}

/*
 * The record bears the number of a contract that was separated and is taken for the new one (B13), in which the coverage
 * had not begun on that day: then what was held under the old number ends, too.
 */
static int end_before_separation(struct record_work *it, struct slice named, const struct span_filter *filter,
				 date_day day, bool one_coverage)
{
	struct span_filter old = *filter;
	int error;

	old.group_id = named;
	if (named.len == 0 || filter->group_id.len == 0 || slice_equal(named, filter->group_id) ||
	    spans_find_overlap(&it->draft->spans, filter, day, day, 0) >= 0 ||
	    !touches_any(it, &old, day, one_coverage))
		return 0;
	it->ends_too = filter->group_id;
	error = end_matching(it, &old, day, one_coverage);
	it->ends_too = SLICE_EMPTY;
	old.plan_id = SLICE_EMPTY;
	return error == 0 ? cascade_end(it, &old, day, NULL) : error;
}

int ending_line(struct record_work *it, const struct line *line)
{
	struct span_filter filter = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	struct coverage_span before;
	int error;

	if (line->plan != NULL)
		filter.plan_id = line->plan->plan_id;
	before = found_on(it, &filter, line->ends_on);
	error = line->coverage == NULL ? 0
				       : end_before_separation(it,
							       enroll_coverage_group(it->work->input->family->header,
										     it->record, line->coverage),
							       &filter, line->ends_on, true);
	if (error == 0)
		error = end_matching(it, &filter, line->ends_on, true);
	/* Dependents end by product: they may be in another plan of it. */
	filter.plan_id = SLICE_EMPTY;
	return error == 0 ? cascade_end(it, &filter, line->ends_on, &before) : error;
}

/* INS03 024: all coverages; in the group sent, if one was sent. Those that an HD ended already stay as they are. */
int ending_member(struct record_work *it)
{
	struct span_filter filter = {.group_id = SLICE_EMPTY};
	const struct group *group;
	date_day day = resolve_end(it, NULL);
	int error;

	/* 349 ends each coverage named; only a 357 ends the rest, and not where each coverage has a record of its own. */
	if (it->record->coverage_count > 0 &&
	    (enroll_date_value(it->record, "357") == DATE_NONE || it->work->input->policy->merge_ins))
		return 0;
	error = resolve_record_group(it, &group);
	if (error != 0)
		return error;
	if (group != NULL)
		filter.group_id = group->group_id;
	if (day == DATE_NONE)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("A termination without an end date (DTP 357 or 303)."));
	if (group == NULL)
		error = resolve_own_groups(it, day);
	else
		error = end_before_separation(it, enroll_group(it->work->input->family->header, it->record), &filter,
					      day, false);
	if (error != 0)
		return error;
	if (it->record->coverage_count == 0 || touches_any(it, &filter, day, false))
		error = end_matching(it, &filter, day, false);
	return error == 0 ? cascade_end(it, &filter, day, NULL) : error;
}

/* ---- never effective ---- */

static uint32_t count_matching(const struct record_work *it, const struct span_filter *filter, date_day begins,
			       bool voided, uint32_t *ret_id)
{
	uint32_t i, count = 0;

	for (i = 0; i < it->draft->spans.count; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;

		if (span->voided != voided || !span_matches(span, filter) ||
		    (begins != DATE_NONE && span->begins_on != begins))
			continue;
		count++;
		*ret_id = it->draft->spans.items[i].id;
	}
	return count;
}

int voiding_line(struct record_work *it, const struct line *line)
{
	struct span_filter filter = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	struct span_list *spans = &it->draft->spans;
	struct coverage_span before, after;
	uint32_t id = 0, count;
	int error;

	if (line->plan != NULL)
		filter.plan_id = line->plan->plan_id;
	count = count_matching(it, &filter, line->begins_on, false, &id);
	if (count > 1)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("Several coverages could be meant: the begin date (DTP 348) of the one "
					       "to delete is missing."));
	if (count == 0) {
		if (count_matching(it, &filter, line->begins_on, true, &id) == 0)
			return work_fail(it->work, CATEGORY_TERM_NO_COVERAGE,
					 SLICE_LITERAL("The member has no such coverage to delete."));
		before = spans->items[spans_index(spans, id)].span;
		return record_span_row(it, DECIDE_NO_CHANGE, id, &before, id);
	}
	before = after = spans->items[spans_index(spans, id)].span;
	error = check_support_order(it);
	if (error == 0)
		error = resolve_end_limits(it, before.begins_on);
	if (error != 0)
		return error;
	after.voided = true;
	error = spans_replace(it->work->arena, spans, id, &after);
	if (error == 0)
		error = record_span_row(it, DECIDE_VOID, id, &before, id);
	filter.plan_id = SLICE_EMPTY;
	/* Never effective for him: nor for his dependents from that day on. */
	return error == 0 ? cascade_end(it, &filter, before.begins_on - 1, &before) : error;
}

/* ---- reinstatement ---- */

static int collision(struct record_work *it, const struct coverage_span *after, uint32_t except_id)
{
	const struct span_filter anywhere = {.insurance_line = after->insurance_line};
	int32_t found = spans_find_overlap(&it->draft->spans, &anywhere, after->begins_on, after->ends_on, except_id);

	if (found < 0)
		return 0;
	return work_failf(it->work, CATEGORY_OVERLAP, "The reinstated coverage would overlap plan %.*s in group %.*s.",
			  SLICE_ARGS(it->draft->spans.items[found].span.plan_id),
			  SLICE_ARGS(it->draft->spans.items[found].span.group_id));
}

/* Too long ago for the old span to go on: what comes is new coverage. */
static bool is_long_ago(const struct record_work *it, const struct coverage_span *ended)
{
	const struct decide_input *input = it->work->input;

	return input->policy->reinstate_days > 0 && ended->ends_on < input->today - input->policy->reinstate_days;
}

/* What the dates of a reinstatement must be: it gives days of cover, and takes none. */
static int check_reinstated_dates(struct record_work *it, const struct coverage_span *before, date_day day,
				  date_day ends, bool gap)
{
	if (day != DATE_NONE && day < before->begins_on)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage would go on before it begins."));
	if (day == DATE_NONE && !before->voided && is_long_ago(it, before))
		return work_fail(
			it->work, CATEGORY_BAD_DATES,
			SLICE_LITERAL("The coverage ended longer ago than it is reinstated by agreement, and no day "
				      "was sent from which it would begin anew."));
	if (ends != DATE_NONE && ends < (gap ? day : before->begins_on))
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The reinstated coverage would end before it begins."));
	if (!gap && !before->voided && end_compare(ends, before->ends_on) < 0)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("A reinstatement by which the coverage would end sooner than it did."));
	return 0;
}

/*
 * One ended coverage goes on from `day`: without a gap the old span is opened again, after one there is a new span; so is
 * there of one that was never effective, where it is to be so from a later day only. `ends` is the new end, DATE_NONE for
 * open.
 */
static int reinstate_span(struct record_work *it, const struct line *line, uint32_t id, date_day day, date_day ends)
{
	struct span_list *spans = &it->draft->spans;
	struct coverage_span before = spans->items[spans_index(spans, id)].span, after = before;
	bool gap = day != DATE_NONE && (before.voided ? day > before.begins_on
						      : day > before.ends_on + 1 + it->work->input->policy->gap_days ||
								is_long_ago(it, &before));
	uint32_t new_id = id;
	int error = check_reinstated_dates(it, &before, day, ends, gap);

	if (error != 0)
		return error;
	after.ends_on = ends;
	after.voided = false;
	if (gap) {
		after.span_no = 0;
		after.begins_on = day;
	}
	if (gap && line->coverage != NULL && line->coverage->tier.len > 0)
		after.tier = line->coverage->tier;
	error = collision(it, &after, gap ? 0 : id);
	if (error == 0)
		error = resolve_contract(it, line, line->plan,
					 gap || before.voided ? after.begins_on : before.ends_on + 1, ends);
	if (error == 0 && gap)
		error = resolve_begin_limits(it, day);
	if (error == 0 && gap)
		error = spans_insert(it->work->arena, spans, &after, &it->work->span_ids, &new_id);
	else if (error == 0)
		error = spans_replace(it->work->arena, spans, id, &after);
	return error == 0 ? record_span_row(it, DECIDE_REINSTATE, gap ? 0 : id, gap ? NULL : &before, new_id) : error;
}

static int nothing_to_reinstate(struct record_work *it)
{
	return work_fail(it->work, CATEGORY_CONFLICTING_ACTION,
			 SLICE_LITERAL("A reinstatement, but the member never had such a coverage."));
}

/* He has none but what was deleted, if that: what was never held is reinstated only where it is named. */
static int all_deleted(struct record_work *it, const struct span_filter *filter)
{
	uint32_t id;

	if (count_matching(it, filter, DATE_NONE, true, &id) == 0)
		return nothing_to_reinstate(it);
	return work_fail(
		it->work, CATEGORY_CONFLICTING_ACTION,
		SLICE_LITERAL(
			"A reinstatement that names no coverage, and all that the member had was deleted as if it "
			"never was. Which is meant?"));
}

/* Which of the coverages that were never effective is meant: the only one, or the one that begins on `day`. */
static int find_voided(struct record_work *it, const struct span_filter *filter, date_day day, uint32_t *ret_id)
{
	uint32_t count = count_matching(it, filter, DATE_NONE, true, ret_id);

	if (count == 0)
		return nothing_to_reinstate(it);
	if (count == 1 || (day != DATE_NONE && count_matching(it, filter, day, true, ret_id) == 1))
		return 0;
	return work_fail(
		it->work, CATEGORY_BAD_DATES,
		SLICE_LITERAL("Several deleted coverages could be meant: the begin date (DTP 348) of the one to "
			      "reinstate is missing, or is that of none or of several."));
}

int reinstating_line(struct record_work *it, const struct line *line)
{
	struct span_filter filter = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	const struct span_list *spans = &it->draft->spans;
	int32_t last;
	uint32_t id = 0;

	if (line->plan != NULL)
		filter.plan_id = line->plan->plan_id;
	last = spans_find_last(spans, &filter);
	if (last < 0) {
		int error = find_voided(it, &filter, line->begins_on, &id);

		if (error != 0)
			return error;
	} else {
		const struct work_span *known = &spans->items[last];

		id = known->id;
		if (known->span.ends_on == line->ends_on)
			return record_span_row(it, DECIDE_NO_CHANGE, id, &known->span, id);
		if (known->span.ends_on == DATE_NONE)
			return work_fail(
				it->work, CATEGORY_CONFLICTING_ACTION,
				SLICE_LITERAL("A reinstatement with an end date, of a coverage that has not ended."));
	}
	return reinstate_span(it, line, id, line->begins_on, line->ends_on);
}

/* The last day of those coverages that ended together and last; DATE_NONE when none has ended. */
static date_day last_end(const struct span_list *spans, const struct span_filter *filter)
{
	date_day last = DATE_NONE;
	uint32_t i;

	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *span = &spans->items[i].span;

		if (!span->voided && span_matches(span, filter) && span->ends_on != DATE_NONE &&
		    (last == DATE_NONE || span->ends_on > last))
			last = span->ends_on;
	}
	return last;
}

/*
 * With what day ended what was held before? DATE_NONE: nothing has ended, it is as asked for. Of products that ended on
 * different days the last are meant; not where one of them still goes on: then nobody knows which is meant.
 */
static int find_held_before(struct record_work *it, const struct span_filter *filter, date_day *ret_last)
{
	const struct span_list *spans = &it->draft->spans;
	bool goes_on = false, differ = false;
	char day[DATE_TEXT_BYTES];
	uint32_t i;

	*ret_last = DATE_NONE;
	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *span = &spans->items[i].span;
		const struct span_filter product = {.group_id = filter->group_id,
						    .insurance_line = span->insurance_line};
		date_day end = last_end(spans, &product);

		if (span->voided || !span_matches(span, filter))
			continue;
		if (end == DATE_NONE || spans_active_from(spans, &product, end + 1)) {
			goes_on = true;
			continue;
		}
		differ = differ || (*ret_last != DATE_NONE && end != *ret_last);
		if (*ret_last == DATE_NONE || end > *ret_last)
			*ret_last = end;
	}
	if (*ret_last == DATE_NONE || (!goes_on && (!differ || *ret_last < it->work->input->today)))
		return 0;
	if (goes_on)
		return work_fail(
			it->work, CATEGORY_CONFLICTING_ACTION,
			SLICE_LITERAL("A reinstatement that names no coverage: one has its end, and another goes on. "
				      "Which is meant?"));
	return work_failf(
		it->work, CATEGORY_CONFLICTING_ACTION,
		"A reinstatement that names no coverage: they end on different days, the last with %s. Which is "
		"meant?",
		date_format_iso(*ret_last, day));
}

static int load_plan_and_group(struct record_work *it, const struct coverage_span *span, struct line *ret_line)
{
	const struct decide_view *view = it->work->input->view;
	int error = view->group(view->context, span->group_id, it->work->arena, &ret_line->group);

	if (error >= 0)
		error = view->plan(view->context, span->plan_id, it->work->arena, &ret_line->plan);
	if (error < 0)
		return error;
	if (ret_line->group == NULL)
		return work_failf(it->work, CATEGORY_UNKNOWN_GROUP, "Group %.*s is not on file.",
				  SLICE_ARGS(span->group_id));
	return routing_cobra(it, ret_line->group);
}

/* INS03 025 without HD: the coverages held before, those that ended together and last. */
int reinstating_member(struct record_work *it)
{
	const struct span_list spans = it->draft->spans;
	struct span_filter filter = {.group_id = SLICE_EMPTY};
	const struct group *group;
	date_day day = enroll_date_value(it->record, "303"), last;
	int error = resolve_record_group(it, &group);
	uint32_t i;

	if (error != 0)
		return error;
	if (group != NULL)
		filter.group_id = group->group_id;
	if (day == DATE_NONE)
		day = enroll_date_value(it->record, "356");
	if (spans_find_last(&spans, &filter) < 0)
		return all_deleted(it, &filter);
	error = find_held_before(it, &filter, &last);
	if (error == 0 && group == NULL)
		error = resolve_own_groups(it, last);
	if (error != 0 || last == DATE_NONE)
		return error;
	for (i = 0; i < spans.count && error == 0; i++) {
		const struct coverage_span *span = &spans.items[i].span;
		struct line line = {.action = LINE_REINSTATE};

		if (span->voided || span->ends_on != last || !span_matches(span, &filter))
			continue;
		error = load_plan_and_group(it, span, &line);
		if (error == 0)
			error = reinstate_span(it, &line, spans.items[i].id, day, DATE_NONE);
	}
	return error;
}
