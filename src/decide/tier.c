/*
 * tier: does the level of the subscriber's coverage (HD05) fit the people enrolled beside him?
 *
 * Looked at when the whole family is decided: where his own coverage changes, and where a dependent comes or goes by a
 * record of his own while nothing is said of the subscriber. It is told, and holds up what brings it about only where the
 * partner's profile says so (hold_on): never an end, nor a child from its birth or placement.
 *
 * Source    enrollment-semantics section 3, coverage level.
 */
#include "work.h"

static const char *const family_tiers[] = {"FAM", "ESP", "ECH", "E1D", "E2D", "E3D",
					   "E5D", "E6D", "E7D", "E8D", "E9D", "TWO"};

static bool is_family_tier(struct slice tier)
{
	size_t i;

	for (i = 0; i < sizeof(family_tiers) / sizeof(family_tiers[0]); i++)
		if (slice_is(tier, family_tiers[i]))
			return true;
	return false;
}

static uint32_t count_covered(const struct work *work, const struct draft *subscriber, const struct coverage_span *span)
{
	const struct span_filter filter = {.group_id = span->group_id, .insurance_line = span->insurance_line};
	uint32_t i, count = 0;

	for (i = 0; i < work->draft_count; i++) {
		const struct draft *draft = work->drafts[i];

		if (draft != subscriber &&
		    family_key_equal(family_key_of(&draft->image->after), family_key_of(&subscriber->image->after)) &&
		    spans_find_overlap(&draft->spans, &filter, span->begins_on, span->ends_on, 0) >= 0)
			count++;
	}
	return count;
}

/* A tier that does not fit the people enrolled is said; held where the partner's profile says so. */
static int tell_of_tier(struct work *work, const struct row *row, struct slice tier, uint32_t dependents,
			bool *ret_refused)
{
	const struct decide_input *input = work->input;
	bool forced = input->forced_new || input->forced_member_id.len > 0;
	uint32_t i = work_record_of(work, row);

	if (forced || i == input->family->member_count ||
	    (input->policy->hold_on & UINT64_C(1) << CATEGORY_TIER_MISMATCH) == 0)
		return work_warnf(work, row->operation.member_pos, "tier %.*s does not fit %u covered dependents",
				  SLICE_ARGS(tier), dependents);
	work->refusals[i].category = CATEGORY_TIER_MISMATCH;
	work->refusals[i].reason = arena_printf(work->arena, "The tier is %.*s, but %u dependents would be covered.",
						SLICE_ARGS(tier), dependents);
	*ret_refused = true;
	return work->refusals[i].reason.data != NULL ? 0 : -ENOMEM;
}

static bool fits(struct slice tier, uint32_t dependents)
{
	return !(slice_is(tier, "EMP") && dependents > 0) && !(is_family_tier(tier) && dependents == 0);
}

/* Drafts of everybody on file of the family. */
static int load_family(struct work *work, const struct draft *draft)
{
	struct draft *ignored;
	uint32_t i;
	int error = work_household(work, family_key_of(&draft->image->after));

	for (i = 0; i < work->household_count && error == 0; i++)
		error = work_draft(work, work->household[i], &ignored);
	return error;
}

static bool is_subscriber(const struct draft *draft)
{
	return slice_is(draft->image->after.relationship, "18");
}

/* The days that the row is about: of a coverage that goes on again, those after the end that it had. */
static struct coverage_span days_of(const struct draft *draft, uint32_t id)
{
	const struct work_span *known = &draft->spans.items[spans_index(&draft->spans, id)];
	struct coverage_span days = known->span;
	date_day ended = known->before_index >= 0 ? draft->image->before.spans[known->before_index].ends_on : DATE_NONE;

	if (ended != DATE_NONE && ended >= days.begins_on && end_compare(days.ends_on, ended) > 0)
		days.begins_on = ended + 1;
	return days;
}

/* The subscriber's own coverage. */
static int check_own(struct work *work, const struct row *row, bool *ret_refused)
{
	struct coverage_span days = days_of(row->draft, row->span_after_id);
	uint32_t dependents;
	int error;

	if (days.voided || days.tier.len == 0)
		return 0;
	error = load_family(work, row->draft);
	dependents = error == 0 ? count_covered(work, row->draft, &days) : 0;
	return error == 0 && !fits(days.tier, dependents) ? tell_of_tier(work, row, days.tier, dependents, ret_refused)
							  : error;
}

/* Has the family said something of the subscriber's coverage of the product? Then that was looked at. */
static bool is_spoken_of(const struct work *work, const struct draft *subscriber, const struct span_filter *filter)
{
	uint32_t i;

	for (i = 0; i < work->row_count; i++) {
		const struct row *row = &work->rows[i];

		if (row->draft == subscriber && row->span_after_id != 0 && row->operation.action != DECIDE_NO_CHANGE &&
		    span_matches(&subscriber->spans.items[spans_index(&subscriber->spans, row->span_after_id)].span,
				 filter))
			return true;
	}
	return false;
}

/* Newly covered, or no longer, from `*ret_day` on. False: nobody comes or goes by this row. */
static bool comes_or_goes(const struct row *row, date_day *ret_day, bool *ret_comes)
{
	struct coverage_span days = days_of(row->draft, row->span_after_id);

	*ret_comes = row->operation.action == DECIDE_ADD || row->operation.action == DECIDE_REINSTATE;
	*ret_day = *ret_comes || days.voided ? days.begins_on : days.ends_on + 1;
	return *ret_comes ? !days.voided
			  : row->operation.action == DECIDE_VOID || row->operation.action == DECIDE_TERMINATE;
}

/* A dependent comes or goes by a record of his own: the subscriber's tier stays as it is. */
static int check_dependent(struct work *work, const struct row *row, bool *ret_refused)
{
	const struct coverage_span *span =
		&row->draft->spans.items[spans_index(&row->draft->spans, row->span_after_id)].span;
	const struct span_filter filter = {.group_id = span->group_id, .insurance_line = span->insurance_line};
	const struct member_record *record = &work->input->family->members[work_record_of(work, row)];
	struct coverage_span on_day = *span;
	struct draft *subscriber;
	uint32_t dependents;
	int32_t found;
	bool comes;
	int error;

	if (!comes_or_goes(row, &on_day.begins_on, &comes))
		return 0;
	on_day.ends_on = on_day.begins_on;
	error = work_find_subscriber(work, family_key_of(&row->draft->image->after), &subscriber);
	if (error != 0 || subscriber == NULL || subscriber == row->draft || is_spoken_of(work, subscriber, &filter))
		return error;
	error = load_family(work, row->draft);
	if (error != 0)
		return error;
	found = spans_find_overlap(&subscriber->spans, &filter, on_day.begins_on, on_day.begins_on, 0);
	dependents = count_covered(work, subscriber, &on_day);
	if (found < 0 || fits(subscriber->spans.items[found].span.tier, dependents) || comes == (dependents == 0))
		return 0;
	if (!comes || is_any_day(record))
		return work_warnf(work, record->member_pos,
				  "the subscriber's tier %.*s does not fit %u covered dependents",
				  SLICE_ARGS(subscriber->spans.items[found].span.tier), dependents);
	return tell_of_tier(work, row, subscriber->spans.items[found].span.tier, dependents, ret_refused);
}

int tier_check(struct work *work, bool *ret_refused)
{
	const struct enroll_family *family = work->input->family;
	uint32_t i, count = work->row_count;
	int error = 0;

	for (i = 0; i < count && error == 0; i++) {
		const struct row *row = &work->rows[i];
		uint32_t record = work_record_of(work, row);

		if (row->draft == NULL || row->span_after_id == 0 || row->operation.action == DECIDE_NO_CHANGE ||
		    record == family->member_count)
			continue;
		if (is_subscriber(row->draft))
			error = check_own(work, row, ret_refused);
		else if (!family->members[record].is_subscriber)
			error = check_dependent(work, row, ret_refused);
	}
	return error;
}
