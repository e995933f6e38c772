/*
 * coverage: adding a coverage, and changing one.
 *
 * The same person in the same group on the same day has one coverage of a product. So an add meets what is there:
 *   the very span           no change
 *   another one, by 021     DUP_ADD, also in another group unless the record says that it transfers
 *   another one, by 001     a change of plan or tier, or a transfer
 *   one that ended the day before, all else equal   goes on: reinstate
 *   one that this record ended (HD 024 beside HD 021)   the two are one change, or one transfer
 */
#include "work.h"

static struct coverage_span new_span(const struct record_work *it, const struct line *line)
{
	return (struct coverage_span){
		.group_id = line->group->group_id,
		.plan_id = line->plan->plan_id,
		.insurance_line = line->plan->insurance_line,
		.tier = line->coverage->tier,
		.begins_on = line->begins_on,
		.ends_on = line->ends_on,
		.cobra = is_cobra(it->record),
	};
}

static bool tiers_agree(struct slice sent, struct slice known)
{
	return sent.len == 0 || known.len == 0 || slice_equal(sent, known);
}

static bool is_same_span(const struct coverage_span *known, const struct coverage_span *sent)
{
	return slice_equal(known->plan_id, sent->plan_id) && known->begins_on == sent->begins_on &&
	       known->ends_on == sent->ends_on && tiers_agree(sent->tier, known->tier) && known->cobra == sent->cobra;
}

static bool is_transfer(const struct member_record *record)
{
	return slice_is(record->reason, "XT") || slice_is(record->reason, "22");
}

static int check_age(struct record_work *it, date_day day)
{
	int32_t limit = it->work->input->policy->age_limit_years > 0 ? it->work->input->policy->age_limit_years : 26;
	date_day birth = it->draft->image->after.birth_on;

	if (is_forced(it) || !is_child(it->record) || it->record->handicapped || birth == DATE_NONE)
		return 0;
	if (date_age_years(birth, day) < limit)
		return 0;
	return work_failf(it->work, CATEGORY_OVERAGE_DEP,
			  "The child is %d when the coverage would begin; the limit is %d.", date_age_years(birth, day),
			  (int)limit);
}

/* May a coverage begin so in this group and plan? */
static int check_begin(struct record_work *it, const struct line *line, const struct plan *plan, date_day begins,
		       date_day ends)
{
	int error = resolve_contract(it, line, plan, begins, ends);

	if (error == 0)
		error = resolve_begin_limits(it, begins);
	return error == 0 ? check_age(it, begins) : error;
}

static int duplicate_add(struct record_work *it, const struct coverage_span *known)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	return work_failf(
		it->work, CATEGORY_DUP_ADD, "The person is already covered in group %.*s by plan %.*s (%s to %s).",
		SLICE_ARGS(known->group_id), SLICE_ARGS(known->plan_id), date_format_iso(known->begins_on, begins),
		known->ends_on != DATE_NONE ? date_format_iso(known->ends_on, ends) : "open");
}

static int overlap(struct record_work *it, const struct coverage_span *known)
{
	char begins[DATE_TEXT_BYTES];

	return work_failf(
		it->work, CATEGORY_OVERLAP, "The coverage would overlap plan %.*s in group %.*s, which begins on %s.",
		SLICE_ARGS(known->plan_id), SLICE_ARGS(known->group_id), date_format_iso(known->begins_on, begins));
}

static struct cascade *new_cascade(struct record_work *it, enum cascade_kind kind, date_day day)
{
	struct cascade *cascade = work_cascade(it, kind);

	if (cascade != NULL)
		cascade->day = day;
	return cascade;
}

/* Another plan or group of the subscriber: his dependents go along. Another tier alone: theirs, where it was his. */
static int cascade_replaced(struct record_work *it, const struct coverage_span *before,
			    const struct coverage_span *after)
{
	bool moves = !slice_equal(before->plan_id, after->plan_id) || !slice_equal(before->group_id, after->group_id);
	struct cascade *cascade;

	if (!it->record->is_subscriber)
		return 0;
	if (!moves && (before->tier.len == 0 || slice_equal(before->tier, after->tier)))
		return 0;
	cascade = new_cascade(it, moves ? CASCADE_FOLLOW : CASCADE_TIER, after->begins_on);
	if (cascade == NULL)
		return -ENOMEM;
	cascade->filter = (struct span_filter){.group_id = before->group_id, .insurance_line = before->insurance_line};
	cascade->span_before = *before;
	cascade->span_after = *after;
	cascade->tier_before = before->tier;
	cascade->tier_after = after->tier;
	return 0;
}

/* From `day` on the member has `after` instead of the span `id`; the old one ends the day before. */
static int replace_from(struct record_work *it, enum decide_action action, uint32_t id,
			const struct coverage_span *after)
{
	struct span_list *spans = &it->draft->spans;
	struct coverage_span before = spans->items[spans_index(spans, id)].span, ended = before;
	struct arena *arena = it->work->arena;
	uint32_t new_id = id;
	int error;

	if (after->begins_on <= before.begins_on && slice_equal(after->group_id, before.group_id)) {
		struct coverage_span replaced = *after;

		replaced.span_no = before.span_no;
		error = spans_replace(arena, spans, id, &replaced);
	} else {
		ended = span_ended(&before, after->begins_on - 1);
		error = spans_replace(arena, spans, id, &ended);
		if (error == 0)
			error = spans_insert(arena, spans, after, &it->work->span_ids, &new_id);
	}
	if (error == 0)
		error = record_span_row(it, action, id, &before, new_id);
	return error == 0 ? cascade_replaced(it, &before, after) : error;
}

/* The coverage that this record ended by an HD of its own and this line continues: its row. */
static struct row *find_own_end(struct record_work *it, const struct line *line)
{
	uint32_t i;

	if (it->work->input->policy->plan_change == DECIDE_PLAN_CHANGE_SIMPLE)
		return NULL;
	for (i = it->first_row; i < it->work->row_count; i++) {
		struct row *row = &it->work->rows[i];
		const struct coverage_span *span;

		if (!row->is_end || row->draft != it->draft)
			continue;
		span = &it->draft->spans.items[spans_index(&it->draft->spans, row->span_after_id)].span;
		if (product_same(span->insurance_line, line->insurance_line) &&
		    (span->voided || span->ends_on + 1 == line->begins_on))
			return row;
	}
	return NULL;
}

/*
 * This record ended the coverage for the dependents too, and `after` continues it: they go along instead. Not into a
 * coverage of the employee alone.
 */
static bool follow_own_end(const struct record_work *it, const struct coverage_span *after)
{
	uint32_t i;

	for (i = 0; i < it->work->cascade_count; i++) {
		struct cascade *cascade = &it->work->cascades[i];

		if (cascade->kind != CASCADE_END || cascade->record != it->record ||
		    !span_matches(after, &(struct span_filter){.insurance_line = cascade->filter.insurance_line}) ||
		    cascade->day + 1 != after->begins_on || cascade_drops_dependents(&cascade->span_before, after))
			continue;
		cascade->kind = CASCADE_FOLLOW;
		cascade->day = after->begins_on;
		cascade->span_after = *after;
		cascade->tier_after = after->tier;
		return true;
	}
	return false;
}

/* "ends_on: open -> 2026-03-31" of the end becomes part of the change. */
static int continue_own_end(struct record_work *it, struct row *row, const struct coverage_span *after)
{
	struct span_list *spans = &it->draft->spans;
	uint32_t ended_id = row->span_after_id, new_id;
	struct coverage_span ended = spans->items[spans_index(spans, ended_id)].span;
	struct slice change;
	int error = spans_insert(it->work->arena, spans, after, &it->work->span_ids, &new_id);

	if (error < 0)
		return error;
	change = describe_span(it->work->arena, &ended, after, true);
	if (change.data == NULL)
		return -ENOMEM;
	row->operation.action = slice_equal(ended.group_id, after->group_id) ? DECIDE_CHANGE : DECIDE_TRANSFER;
	row->operation.change = change;
	row_touch(row, ended_id, new_id);
	row->is_end = false;
	row_show_span(row, after);
	return follow_own_end(it, after) ? 0 : cascade_replaced(it, &ended, after);
}

/* He comes back as somebody else's dependent, or as a subscriber now, or under another sponsor: what he had was another's. */
static bool changes_family(const struct record_work *it)
{
	const struct member *before = &it->after_before, *after = &it->draft->image->after;

	return !it->is_new && (!family_key_equal(family_key_of(before), family_key_of(after)) ||
			       slice_is(before->relationship, "18") != slice_is(after->relationship, "18"));
}

/* An ended coverage that the new one follows without a gap (in which there is no other of the product), all else equal. */
static int32_t find_continued(const struct record_work *it, const struct coverage_span *after)
{
	const struct decide_policy *policy = it->work->input->policy;
	const struct span_filter product = {.insurance_line = after->insurance_line};
	uint32_t i;

	if (policy->reinstate == DECIDE_REINSTATE_025 || changes_family(it))
		return -1;
	for (i = 0; i < it->draft->spans.count; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;

		if (!span->voided && span->ends_on != DATE_NONE && span->ends_on < after->begins_on &&
		    after->begins_on - span->ends_on - 1 <= policy->gap_days &&
		    slice_equal(span->group_id, after->group_id) && slice_equal(span->plan_id, after->plan_id) &&
		    tiers_agree(after->tier, span->tier) && span->cobra == after->cobra &&
		    spans_find_overlap(&it->draft->spans, &product, span->ends_on + 1, after->begins_on - 1, 0) < 0)
			return (int32_t)i;
	}
	return -1;
}

static int insert(struct record_work *it, const struct line *line, const struct coverage_span *after)
{
	struct span_list *spans = &it->draft->spans;
	struct row *own_end = find_own_end(it, line);
	int32_t continued = find_continued(it, after);
	uint32_t id;
	int error;

	if (own_end != NULL)
		return continue_own_end(it, own_end, after);
	if (continued >= 0) {
		struct coverage_span before = spans->items[continued].span, reopened = before;

		id = spans->items[continued].id;
		reopened.ends_on = after->ends_on;
		error = spans_replace(it->work->arena, spans, id, &reopened);
		return error < 0 ? error : record_span_row(it, DECIDE_REINSTATE, id, &before, id);
	}
	follow_own_end(it, after);
	error = spans_insert(it->work->arena, spans, after, &it->work->span_ids, &id);
	return error < 0 ? error : record_span_row(it, DECIDE_ADD, 0, NULL, id);
}

/* A coverage is there on a day of the new one, in the same group. */
static int meet_same_group(struct record_work *it, const struct line *line, const struct coverage_span *after,
			   const struct work_span *known)
{
	const struct coverage_span *span = &known->span;
	bool same = slice_equal(span->plan_id, after->plan_id) && tiers_agree(after->tier, span->tier);
	int error;

	if (is_same_span(span, after))
		return record_span_row(it, DECIDE_NO_CHANGE, known->id, span, known->id);
	if (span->begins_on > after->begins_on)
		return overlap(it, span);
	if (same || slice_is(it->record->maintenance, "021"))
		return duplicate_add(it, span);
	error = coverage_check_room(it, after, known->id);
	if (error == 0)
		error = check_begin(it, line, line->plan, after->begins_on, after->ends_on);
	return error == 0 ? replace_from(it, DECIDE_CHANGE, known->id, after) : error;
}

/* A coverage of the product is there in another group. */
static int meet_other_group(struct record_work *it, const struct line *line, const struct coverage_span *after,
			    const struct work_span *known)
{
	int error;

	if (slice_is(it->record->maintenance, "021") && !is_transfer(it->record))
		return duplicate_add(it, &known->span);
	if (known->span.begins_on >= after->begins_on)
		return overlap(it, &known->span);
	error = coverage_check_room(it, after, known->id);
	if (error == 0)
		error = check_begin(it, line, line->plan, after->begins_on, after->ends_on);
	return error == 0 ? replace_from(it, DECIDE_TRANSFER, known->id, after) : error;
}

int coverage_add(struct record_work *it, const struct line *line)
{
	struct coverage_span after = new_span(it, line);
	const struct span_filter here = {.group_id = after.group_id, .insurance_line = after.insurance_line};
	const struct span_filter anywhere = {.insurance_line = after.insurance_line};
	const struct span_list *spans = &it->draft->spans;
	int32_t found = spans_find_overlap(spans, &here, after.begins_on, after.ends_on, 0);
	int error;

	if (found >= 0)
		return meet_same_group(it, line, &after, &spans->items[found]);
	found = spans_find_overlap(spans, &anywhere, after.begins_on, after.ends_on, 0);
	if (found >= 0)
		return meet_other_group(it, line, &after, &spans->items[found]);
	error = check_begin(it, line, line->plan, after.begins_on, after.ends_on);
	return error == 0 ? insert(it, line, &after) : error;
}

/* ---- changes ---- */

/* The coverage that a change means: the one on its day, else the last that has not ended before it. */
static int32_t find_changed(const struct record_work *it, const struct line *line, date_day day)
{
	const struct span_filter filter = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	int32_t found = -1;

	if (day != DATE_NONE)
		found = spans_find_overlap(&it->draft->spans, &filter, day, day, 0);
	return found >= 0 ? found : spans_find_overlap(&it->draft->spans, &filter, day, DATE_NONE, 0);
}

/* In another group the product may be covered too, but not on days on which it was not beside `known` already. */
static int32_t find_doubled(const struct record_work *it, const struct coverage_span *after,
			    const struct coverage_span *known)
{
	const struct span_filter anywhere = {.insurance_line = after->insurance_line};
	uint32_t i;

	for (i = 0; i < it->draft->spans.count; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;

		if (!span->voided && span_matches(span, &anywhere) && !slice_equal(span->group_id, after->group_id) &&
		    dates_overlap(span->begins_on, span->ends_on, after->begins_on, after->ends_on) &&
		    !dates_overlap(span->begins_on, span->ends_on, known->begins_on, known->ends_on))
			return (int32_t)i;
	}
	return -1;
}

int coverage_check_room(struct record_work *it, const struct coverage_span *after, uint32_t known_id)
{
	const struct span_filter filter = {.group_id = after->group_id, .insurance_line = after->insurance_line};
	const struct span_list *spans = &it->draft->spans;
	int32_t collides = spans_find_overlap(spans, &filter, after->begins_on, after->ends_on, known_id);

	if (collides < 0)
		collides = find_doubled(it, after, &spans->items[spans_index(spans, known_id)].span);
	return collides >= 0 ? overlap(it, &spans->items[collides].span) : 0;
}

/* Did the partner agree to send an end and an add for a change of plan? */
static int check_pair(struct record_work *it, const struct coverage_span *before, const struct coverage_span *after)
{
	if (it->work->input->policy->plan_change != DECIDE_PLAN_CHANGE_PAIR ||
	    slice_equal(after->plan_id, before->plan_id) || is_compared(it) || is_forced(it))
		return 0;
	return work_fail(it->work, CATEGORY_CONFLICTING_ACTION,
			 SLICE_LITERAL("A change of plan by one change; by agreement it is an end and an add."));
}

/* Plan or tier differ: from a day on. */
int coverage_replace(struct record_work *it, const struct line *line, const struct work_span *known,
		     const struct coverage_span *after)
{
	const struct coverage_span *span = &known->span;
	int error = check_pair(it, span, after);

	if (error != 0)
		return error;
	if (after->begins_on == DATE_NONE)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("No date was sent from which the change holds."));
	if (separation_began_there(it, line->group, span, after->begins_on))
		return work_failf(
			it->work, CATEGORY_BAD_DATES,
			"The change would hold from a day on which the member was still covered under group %.*s, before "
			"the separation: the days there and those in group %.*s are two changes. Ask from which day it holds.",
			SLICE_ARGS(line->group->linked_group_id), SLICE_ARGS(line->group->group_id));
	if (after->begins_on < span->begins_on || (after->ends_on != DATE_NONE && after->ends_on < after->begins_on))
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The change would hold from a day before the coverage begins, or end "
					       "before it begins."));
	error = coverage_check_room(it, after, known->id);
	if (error == 0)
		error = check_begin(it, line, line->plan, after->begins_on, after->ends_on);
	return error == 0 ? replace_from(it, DECIDE_CHANGE, known->id, after) : error;
}

/*
 * A begin that differs while plan and tier are the same. A correction (HD01 026) sets it right either way; so does a
 * change that covers more, or that moves what has not begun. Else days would lose their cover, or 348 is only the
 * day of the change: then nothing changes from it on.
 */
static int changed_begin(struct record_work *it, const struct line *line, const struct coverage_span *known,
			 date_day *ret_begins)
{
	date_day sent = line->coverage->begins_on, day = resolve_change_day(it, line->coverage);

	*ret_begins = known->begins_on;
	if (sent == DATE_NONE || sent == known->begins_on ||
	    separation_began_there(it, line->group, known, sent))
		return 0;
	if (sent < known->begins_on || known->begins_on > it->work->input->today ||
	    slice_is(line->coverage->maintenance, "026")) {
		*ret_begins = sent;
		return 0;
	}
	if (sent == day && line->coverage->effective_on == sent)
		return 0;
	return work_fail(
		it->work, CATEGORY_BAD_DATES,
		SLICE_LITERAL("The begin date sent is later than the one on file: days would lose their cover."));
}

/* Plan and tier are the same: a begin or an end that differs is set right. */
static int change_dates(struct record_work *it, const struct line *line, const struct work_span *known)
{
	struct coverage_span before = known->span, after = before;
	uint32_t id = known->id;
	int error = changed_begin(it, line, &before, &after.begins_on);

	if (error != 0)
		return error;
	if (line->ends_on != DATE_NONE)
		after.ends_on = line->ends_on;
	if (after.begins_on == before.begins_on && after.ends_on == before.ends_on)
		return record_span_row(it, DECIDE_NO_CHANGE, id, &before, id);
	if (after.ends_on != DATE_NONE && after.ends_on < after.begins_on)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage would end before it begins."));
	/* An earlier day of a change is a correction where it is called one; else days of two plans were mixed up. */
	if (after.begins_on > before.begins_on || slice_is(line->coverage->maintenance, "026"))
		error = boundary_move(it, &before, after.begins_on);
	if (error == 0)
		error = coverage_check_room(it, &after, id);
	if (error == 0)
		error = resolve_contract(it, line, line->plan, after.begins_on, after.ends_on);
	if (error == 0 && after.begins_on != before.begins_on)
		error = resolve_begin_limits(it, after.begins_on);
	if (error == 0 && end_compare(after.ends_on, before.ends_on) < 0)
		error = resolve_end_limits(it, after.ends_on);
	if (error == 0)
		error = spans_replace(it->work->arena, &it->draft->spans, id, &after);
	return error == 0 ? record_span_row(it, DECIDE_CHANGE, id, &before, id) : error;
}

/* A change from `known` that is on file already, for a later day: it holds from this one on. */
static int change_sooner(struct record_work *it, const struct line *line, const struct coverage_span *known,
			 const struct work_span *next, date_day begins)
{
	struct coverage_span before = next->span, after = before;
	uint32_t id = next->id;
	int error = check_pair(it, known, &after);

	after.begins_on = begins;
	if (error == 0)
		error = boundary_move(it, &before, begins);
	if (error == 0)
		error = coverage_check_room(it, &after, id);
	if (error == 0)
		error = check_begin(it, line, line->plan, begins, after.ends_on);
	if (error == 0)
		error = spans_replace(it->work->arena, &it->draft->spans, id, &after);
	return error == 0 ? record_span_row(it, DECIDE_CHANGE, id, &before, id) : error;
}

/* A change of what is not there, by a partner who sends changes for everything. */
static int upsert_coverage(struct record_work *it, const struct line *line)
{
	struct line added = *line;
	int error;

	if (line->plan == NULL)
		return work_fail(it->work, CATEGORY_UNKNOWN_PLAN, SLICE_LITERAL("No plan code (HD04) was sent."));
	added.begins_on = resolve_begin(it, line->coverage);
	if (added.begins_on == DATE_NONE)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("No begin date was sent for a coverage that is not on file."));
	if (added.ends_on != DATE_NONE && added.ends_on < added.begins_on)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage to be added ends before it begins."));
	error = family_require_covered(it, &added);
	return error == 0 ? coverage_add(it, &added) : error;
}

/* Nothing to change here: perhaps the coverage moves from another group. */
static int change_elsewhere(struct record_work *it, const struct line *line, date_day day)
{
	const struct span_filter anywhere = {.insurance_line = line->insurance_line};
	int32_t found = spans_find_overlap(&it->draft->spans, &anywhere, day, DATE_NONE, 0);
	struct coverage_span after;

	if (found < 0 && is_upsert(it))
		return upsert_coverage(it, line);
	if (found < 0 || day == DATE_NONE)
		return work_failf(it->work, CATEGORY_CONFLICTING_ACTION,
				  "A change (HD01 %.*s) of a coverage that the member does not have in group %.*s.",
				  SLICE_ARGS(line->coverage->maintenance), SLICE_ARGS(line->group_id));
	after = it->draft->spans.items[found].span;
	after.span_no = 0;
	after.group_id = line->group->group_id;
	after.begins_on = day;
	if (line->ends_on != DATE_NONE)
		after.ends_on = line->ends_on;
	if (after.ends_on != DATE_NONE && after.ends_on < day)
		return work_fail(it->work, CATEGORY_BAD_DATES,
				 SLICE_LITERAL("The coverage would end before it begins."));
	if (line->plan != NULL) {
		after.plan_id = line->plan->plan_id;
		after.insurance_line = line->plan->insurance_line;
	}
	if (line->coverage->tier.len > 0)
		after.tier = line->coverage->tier;
	return meet_other_group(it, line, &after, &it->draft->spans.items[found]);
}

int coverage_change(struct record_work *it, const struct line *line)
{
	date_day day = resolve_change_day(it, line->coverage);
	int32_t found = find_changed(it, line, day);
	const struct work_span *known;
	struct coverage_span after;

	if (found < 0)
		return change_elsewhere(it, line, day);
	known = &it->draft->spans.items[found];
	after = known->span;
	after.span_no = 0;
	if (line->plan != NULL) {
		after.plan_id = line->plan->plan_id;
		after.insurance_line = line->plan->insurance_line;
	}
	if (line->coverage->tier.len > 0)
		after.tier = line->coverage->tier;
	if (slice_equal(after.plan_id, known->span.plan_id) && slice_equal(after.tier, known->span.tier))
		return change_dates(it, line, known);
	/* DTP 348 repeats the begin of the old coverage, or says that of the new one. */
	after.begins_on =
		line->begins_on != DATE_NONE && line->begins_on != known->span.begins_on ? line->begins_on : day;
	found = boundary_next(&it->draft->spans, &known->span, &after);
	if (found >= 0 && after.begins_on > known->span.begins_on && line->ends_on == DATE_NONE) {
		const struct work_span *next = &it->draft->spans.items[found];

		/* The same change again, or for a later day. */
		if (after.begins_on >= next->span.begins_on)
			return change_dates(it, line, next);
		return change_sooner(it, line, &known->span, next, after.begins_on);
	}
	if (line->ends_on != DATE_NONE)
		after.ends_on = line->ends_on;
	return coverage_replace(it, line, known, &after);
}
