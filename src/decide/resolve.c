/*
 * resolve: which group, which plan, which days a coverage means.
 *
 * Source    CONTRACT section 5 (group: 2000 REF*1L, else 2300 REF*1L, else header REF*38; plan: HD04);
 *           enrollment-semantics section 4 (dates, in the order in which they are looked for).
 */
#include "work.h"

#include "muster/text.h"

static date_day first_of(const date_day *days, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (days[i] != DATE_NONE)
			return days[i];
	return DATE_NONE;
}
#define FIRST_OF(...)                                                                                                  \
	first_of((const date_day[]){__VA_ARGS__}, sizeof((const date_day[]){__VA_ARGS__}) / sizeof(date_day))

static date_day member_date(const struct record_work *it, const char *qualifier)
{
	return enroll_date_value(it->record, qualifier);
}

static bool shifts(const struct record_work *it)
{
	return it->work->input->policy->month_rule == DECIDE_MONTH_SHIFT && !is_any_day(it->record);
}

/* Groups whose coverage begins on the first of a month: from then on. */
static date_day shifted_begin(const struct record_work *it, date_day day)
{
	return day == DATE_NONE || !shifts(it) || day == date_month_begin(day)
		       ? day
		       : date_add_months(date_month_begin(day), 1);
}

/* And whose coverage ends with a month: with that month. */
static date_day shifted_end(const struct record_work *it, date_day day)
{
	return day == DATE_NONE || !shifts(it) ? day : date_month_end(day);
}

date_day resolve_begin(const struct record_work *it, const struct enroll_coverage *coverage)
{
	return shifted_begin(it, FIRST_OF(coverage->begins_on, member_date(it, "356"), coverage->effective_on,
					  member_date(it, "303"), it->work->input->family->header->effective_on));
}

static date_day reinstate_day(const struct record_work *it, const struct enroll_coverage *coverage)
{
	return FIRST_OF(coverage->begins_on, coverage->effective_on, member_date(it, "303"), member_date(it, "356"));
}

date_day resolve_change_day(const struct record_work *it, const struct enroll_coverage *coverage)
{
	const struct enroll_header *header = it->work->input->family->header;

	return FIRST_OF(coverage->effective_on, member_date(it, "303"), coverage->begins_on, member_date(it, "356"),
			header->effective_on, header->created_on);
}

static date_day inclusive_end(const struct record_work *it, date_day day)
{
	return shifted_end(it, day != DATE_NONE && it->work->input->policy->end_is_exclusive ? day - 1 : day);
}

date_day resolve_end(const struct record_work *it, const struct enroll_coverage *coverage)
{
	date_day day = FIRST_OF(coverage != NULL ? coverage->ends_on : DATE_NONE, member_date(it, "357"),
				coverage != NULL ? coverage->effective_on : DATE_NONE, member_date(it, "303"));

	if (day == DATE_NONE)
		return it->record->died_on;
	return inclusive_end(it, day);
}

/* ---- groups ---- */

/* The group of the first span that counts, the latest first. */
static struct slice active_group(const struct draft *draft)
{
	int32_t last = draft != NULL ? spans_find_last(&draft->spans, NULL) : -1;

	return last >= 0 ? draft->spans.items[last].span.group_id : SLICE_EMPTY;
}

/* None was sent: the group that the certain person, or the dependent's subscriber, is in. */
static int implied_group(struct record_work *it, struct slice *ret_group_id)
{
	struct draft *subscriber;
	int error = 0;

	*ret_group_id = active_group(it->draft);
	if (ret_group_id->len > 0 || it->record->is_subscriber)
		return 0;
	error = work_find_subscriber(it->work, it->work->family, &subscriber);
	if (error == 0 && subscriber != NULL)
		*ret_group_id = active_group(subscriber);
	return error;
}

/*
 * The set speaks for one sponsor (N1*P5), the group is another's. An id that is no group's sponsor, that of somebody who
 * files for many, says nothing.
 */
static int is_of_another(struct record_work *it, const struct group *group, bool *ret_is)
{
	const struct decide_view *view = it->work->input->view;
	struct slice sponsor_id = it->work->input->family->header->sponsor_id;

	*ret_is = false;
	if (view->sponsor_known == NULL || is_forced(it) || sponsor_id.len == 0 || group->sponsor_id.len == 0 ||
	    text_is_same_id(sponsor_id, group->sponsor_id))
		return 0;
	return view->sponsor_known(view->context, sponsor_id, ret_is);
}

static int load_group(struct record_work *it, struct slice group_id, const struct group **ret_group)
{
	const struct decide_view *view = it->work->input->view;
	bool is_other = false;
	int error;

	*ret_group = NULL;
	error = view->group(view->context, group_id, it->work->arena, ret_group);
	if (error < 0)
		return error;
	if (*ret_group == NULL)
		return work_failf(it->work, CATEGORY_UNKNOWN_GROUP, "Group %.*s is not on file.", SLICE_ARGS(group_id));
	error = it->is_foreign ? 0 : is_of_another(it, *ret_group, &is_other);
	if (error < 0)
		return error;
	/* Once for the record. */
	it->is_foreign = it->is_foreign || is_other;
	if (is_other)
		error = work_doubt(it, CATEGORY_UNKNOWN_GROUP,
				   "the group is of another sponsor than the one whom this set speaks for (N1*P5)");
	return error == 0 ? separation_reroute(it, ret_group) : error;
}

/* A group that no record named, but the coverage on file: not where it is another sponsor's. */
static int require_own_group(struct record_work *it, struct slice group_id)
{
	const struct decide_view *view = it->work->input->view;
	const struct group *group;
	bool is_other = false;
	int error = view->group(view->context, group_id, it->work->arena, &group);

	if (error >= 0 && group != NULL)
		error = is_of_another(it, group, &is_other);
	if (error < 0 || !is_other)
		return error;
	return work_failf(it->work, CATEGORY_UNKNOWN_GROUP,
			  "No group number was sent, and the member is covered in group %.*s of another sponsor: which "
			  "coverage is meant?",
			  SLICE_ARGS(group_id));
}

int resolve_own_groups(struct record_work *it, date_day day)
{
	uint32_t i;
	int error = 0;

	for (i = 0; i < it->draft->spans.count && error == 0; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;

		if (!span->voided && (day == DATE_NONE || span->ends_on == DATE_NONE || span->ends_on >= day))
			error = require_own_group(it, span->group_id);
	}
	return error;
}

int resolve_record_group(struct record_work *it, const struct group **ret_group)
{
	struct slice group_id = enroll_group(it->work->input->family->header, it->record);

	*ret_group = NULL;
	return group_id.len > 0 ? load_group(it, group_id, ret_group) : 0;
}

static int resolve_group(struct record_work *it, struct line *line)
{
	const struct enroll_coverage *coverage = line->coverage;
	int error = 0;

	line->group_id = enroll_coverage_group(it->work->input->family->header, it->record, coverage);
	if (line->group_id.len == 0) {
		error = implied_group(it, &line->group_id);
		if (error == 0 && line->group_id.len > 0)
			error = require_own_group(it, line->group_id);
	}
	if (error != 0)
		return error;
	if (line->group_id.len == 0)
		return work_fail(
			it->work, CATEGORY_UNKNOWN_GROUP,
			SLICE_LITERAL("No group number was sent, and none is known from the member's coverage."));
	error = load_group(it, line->group_id, &line->group);
	if (line->group != NULL)
		line->group_id = line->group->group_id;
	return error;
}

/* ---- plans ---- */

/* An add without HD04: the dependent is added to what his subscriber has of this line. */
static int plan_of_subscriber(struct record_work *it, struct line *line, struct slice *ret_plan_id)
{
	const struct span_filter filter = {.group_id = line->group_id,
					   .insurance_line = line->coverage->insurance_line};
	struct draft *subscriber;
	int32_t found;
	int error;

	*ret_plan_id = SLICE_EMPTY;
	if (it->record->is_subscriber)
		return 0;
	error = work_find_subscriber(it->work, it->work->family, &subscriber);
	if (error != 0 || subscriber == NULL)
		return error;
	found = spans_find_overlap(&subscriber->spans, &filter, line->begins_on, line->begins_on, 0);
	if (found >= 0)
		*ret_plan_id = subscriber->spans.items[found].span.plan_id;
	return 0;
}

/* An add without HD04 where the line has one plan only: there is nothing to choose, so nothing is guessed. */
static int plan_of_line(struct record_work *it, struct line *line, struct slice *ret_plan_id)
{
	const struct decide_view *view = it->work->input->view;
	const struct plan *plan = NULL;
	int error = 0;

	if (view->plan_of_line != NULL && line->begins_on != DATE_NONE)
		error = view->plan_of_line(view->context, line->coverage->insurance_line, line->begins_on,
					   it->work->arena, &plan);
	if (error == 0 && plan != NULL)
		*ret_plan_id = plan->plan_id;
	return error;
}

static int resolve_plan(struct record_work *it, struct line *line)
{
	const struct decide_view *view = it->work->input->view;
	struct slice plan_id = line->coverage->plan;
	int error = 0;

	line->insurance_line = line->coverage->insurance_line;
	if (plan_id.len == 0 && (line->action == LINE_ADD || line->action == LINE_COMPARE))
		error = plan_of_subscriber(it, line, &plan_id);
	if (error == 0 && plan_id.len == 0 && line->action == LINE_ADD)
		error = plan_of_line(it, line, &plan_id);
	if (error != 0)
		return error;
	if (plan_id.len == 0 && line->action == LINE_ADD)
		return work_fail(it->work, CATEGORY_UNKNOWN_PLAN, SLICE_LITERAL("No plan code (HD04) was sent."));
	if (plan_id.len == 0)
		return 0;
	error = view->plan(view->context, plan_id, it->work->arena, &line->plan);
	if (error < 0)
		return error;
	if (line->plan == NULL)
		return work_failf(it->work, CATEGORY_UNKNOWN_PLAN, "Plan %.*s is not on file.", SLICE_ARGS(plan_id));
	if (!product_same(line->plan->insurance_line, line->insurance_line))
		error = work_warnf(it->work, it->record->member_pos, "HD03 is %.*s, but plan %.*s is %.*s",
				   SLICE_ARGS(line->insurance_line), SLICE_ARGS(plan_id),
				   SLICE_ARGS(line->plan->insurance_line));
	line->insurance_line = line->plan->insurance_line;
	return error;
}

static int resolve_dates(struct record_work *it, struct line *line)
{
	const struct enroll_coverage *coverage = line->coverage;

	line->begins_on = coverage->begins_on;
	line->ends_on = inclusive_end(it, coverage->ends_on);
	switch (line->action) {
	case LINE_ADD:
		line->begins_on = resolve_begin(it, coverage);
		if (line->begins_on == DATE_NONE)
			return work_fail(
				it->work, CATEGORY_BAD_DATES,
				SLICE_LITERAL("No begin date was sent for the coverage (DTP 348, 356, 303 or 007)."));
		if (line->ends_on != DATE_NONE && line->ends_on < line->begins_on)
			return work_fail(it->work, CATEGORY_BAD_DATES,
					 SLICE_LITERAL("The coverage to be added ends before it begins."));
		return 0;
	case LINE_END:
		line->ends_on = resolve_end(it, coverage);
		if (line->ends_on == DATE_NONE)
			return work_fail(it->work, CATEGORY_BAD_DATES,
					 SLICE_LITERAL("No end date was sent (DTP 349, 357 or 303)."));
		return 0;
	case LINE_REINSTATE:
		line->begins_on = reinstate_day(it, coverage);
		return 0;
	case LINE_COMPARE:
		line->begins_on = resolve_begin(it, coverage);
		return 0;
	case LINE_CHANGE:
	case LINE_VOID:
	case LINE_NONE:
		break;
	}
	return 0;
}

int resolve_line(struct record_work *it, const struct enroll_coverage *coverage, enum line_action action,
		 struct line *ret_line)
{
	int error;

	*ret_line = (struct line){.coverage = coverage, .action = action, .begins_on = DATE_NONE, .ends_on = DATE_NONE};
	if (action == LINE_NONE)
		return 0;
	error = resolve_group(it, ret_line);
	if (error == 0)
		error = resolve_dates(it, ret_line);
	if (error == 0)
		error = separation_split(it, ret_line);
	return error == 0 ? resolve_plan(it, ret_line) : error;
}

/* ---- limits ---- */

static int outside(struct record_work *it, const char *what, struct slice id, date_day from, date_day to)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	return work_failf(it->work, CATEGORY_OUTSIDE_GROUP_DATES,
			  "The coverage asked for lies outside the contract of %s %.*s (%s to %s).", what,
			  SLICE_ARGS(id), from != DATE_NONE ? date_format_iso(from, begins) : "open",
			  to != DATE_NONE ? date_format_iso(to, ends) : "open");
}

static bool lies_inside(date_day begins, date_day ends, date_day from, date_day to)
{
	if (from != DATE_NONE && begins < from)
		return false;
	/* An open end is cut when the contract ends: it lies inside as long as it begins there. */
	return to == DATE_NONE || (begins <= to && (ends == DATE_NONE || ends <= to));
}

int resolve_contract(struct record_work *it, const struct line *line, const struct plan *plan, date_day begins,
		     date_day ends)
{
	const struct group *group = line->group;
	char day[DATE_TEXT_BYTES];

	if (group->status == GROUP_TERMINATED || (group->terminates_on != DATE_NONE && begins > group->terminates_on &&
						  group->terminates_on < it->work->input->today))
		return work_failf(it->work, CATEGORY_GROUP_TERMINATED, "The contract of group %.*s has ended%s%s.",
				  SLICE_ARGS(group->group_id), group->terminates_on != DATE_NONE ? " on " : "",
				  date_format_iso(group->terminates_on, day));
	if (!lies_inside(begins, ends, group->effective_on, group->terminates_on))
		return outside(it, "group", group->group_id, group->effective_on, group->terminates_on);
	if (plan != NULL && !lies_inside(begins, ends, plan->effective_on, plan->terminates_on))
		return outside(it, "plan", plan->plan_id, plan->effective_on, plan->terminates_on);
	return 0;
}

/* The waiting period of an employee, where the day of hire was sent. */
static bool is_too_soon(const struct record_work *it, date_day begins)
{
	date_day hired = member_date(it, "336");

	return it->work->input->policy->waiting_days > 0 && it->record->is_subscriber && hired != DATE_NONE &&
	       begins < hired + it->work->input->policy->waiting_days;
}

/* A newborn or adopted child is enrolled within so many days of his first one, whatever the limit for others. */
#define NEWBORN_DAYS 31

static int32_t retro_add_days(const struct record_work *it, date_day begins)
{
	int32_t days = it->work->input->policy->retro_add_days;
	bool is_new = is_child(it->record) && (begins == it->sent.birth_on || slice_is(it->record->reason, "05"));

	return is_new && days > 0 && days < NEWBORN_DAYS ? NEWBORN_DAYS : days;
}

int resolve_begin_limits(struct record_work *it, date_day begins)
{
	const struct decide_policy *policy = it->work->input->policy;
	date_day today = it->work->input->today;
	char day[DATE_TEXT_BYTES];

	/* A court's order asks for no enrollment period. */
	if (is_forced(it) || it->sent.support_order)
		return 0;
	if (policy->month_rule == DECIDE_MONTH_HOLD && !is_any_day(it->record) && begins != date_month_begin(begins))
		return work_failf(it->work, CATEGORY_BAD_DATES,
				  "The coverage would begin on %s; by agreement it begins on the first of a month.",
				  date_format_iso(begins, day));
	if (is_too_soon(it, begins))
		return work_failf(it->work, CATEGORY_BAD_DATES,
				  "The coverage would begin on %s, within %d days of the hire.",
				  date_format_iso(begins, day), (int)policy->waiting_days);
	if (policy->retro_add_days > 0 && begins < today - retro_add_days(it, begins))
		return work_failf(it->work, CATEGORY_RETRO_LIMIT,
				  "The coverage would begin on %s, more than %d days back.",
				  date_format_iso(begins, day), (int)retro_add_days(it, begins));
	if (policy->future_days > 0 && begins > today + policy->future_days)
		return work_failf(it->work, CATEGORY_FUTURE_LIMIT,
				  "The coverage would begin on %s, more than %d days ahead.",
				  date_format_iso(begins, day), (int)policy->future_days);
	return 0;
}

int resolve_end_limits(struct record_work *it, date_day ends)
{
	const struct decide_policy *policy = it->work->input->policy;
	char day[DATE_TEXT_BYTES];

	if (policy->month_rule == DECIDE_MONTH_HOLD && !is_any_day(it->record) && !is_forced(it) &&
	    ends != date_month_end(ends))
		return work_failf(it->work, CATEGORY_BAD_DATES,
				  "The coverage would end with %s; by agreement it ends with a month.",
				  date_format_iso(ends, day));
	if (is_forced(it) || policy->retro_term_days == 0 || ends >= it->work->input->today - policy->retro_term_days)
		return 0;
	return work_failf(it->work, CATEGORY_RETRO_LIMIT, "The coverage would end with %s, more than %d days back.",
			  date_format_iso(ends, day), (int)policy->retro_term_days);
}
