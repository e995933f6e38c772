/*
 * split: a family is ended and enrolled anew because one of it leaves; for those who stay that is one change or none.
 *
 *   the end              nothing, while the other half can be applied
 *   the enrollment       on file, the same plan and tier, covered on its first day: no change
 *                        another plan or tier: a change from that day on
 *                        what the end ends and it does not name: that ends
 *                        anything else: no pair. The end ends, the enrollment adds, as without the agreement
 *
 * A record of a pair that runs again alone finds the pair as it was, or the coverage ended: then it adds.
 */
#include "work.h"

/* The record with this place in the set; NULL when it takes no part now. */
static const struct member_record *record_at(const struct work *work, uint32_t member_pos)
{
	const struct enroll_family *family = work->input->family;
	uint32_t i;

	for (i = 0; member_pos != 0 && i < family->member_count; i++)
		if (family->members[i].member_pos == member_pos)
			return &family->members[i];
	return NULL;
}

static bool is_alone(const struct work *work, const struct member_record *first)
{
	return first != NULL && work->refusals[first - work->input->family->members].alone;
}

bool split_is_first(const struct record_work *it)
{
	return it->record->goes_on_at != 0 && !is_alone(it->work, it->record);
}

bool split_is_second(const struct record_work *it)
{
	return it->record->goes_on_from != 0 && !is_alone(it->work, record_at(it->work, it->record->goes_on_from));
}

void split_fail(struct work *work, const struct member_record *second)
{
	const struct member_record *first = record_at(work, second->goes_on_from);

	if (first == NULL || is_alone(work, first))
		return;
	work->refusals[first - work->input->family->members].alone = true;
	work->pair_failed = true;
}

int split_line(struct record_work *it, const struct line *line)
{
	const struct span_filter here = {.group_id = line->group->group_id, .insurance_line = line->insurance_line};
	int32_t found = spans_find_overlap(&it->draft->spans, &here, line->begins_on, line->begins_on, 0);
	const struct work_span *known;
	struct coverage_span after;

	if (found < 0 || line->plan == NULL) {
		split_fail(it->work, it->record);
		return coverage_add(it, line);
	}
	known = &it->draft->spans.items[found];
	after = known->span;
	after.cobra = is_cobra(it->record);
	after.plan_id = line->plan->plan_id;
	after.insurance_line = line->plan->insurance_line;
	if (line->coverage->tier.len > 0 && (known->span.tier.len > 0 || it->record->is_subscriber))
		after.tier = line->coverage->tier;
	after.ends_on = line->ends_on;
	if (after.cobra == known->span.cobra && after.ends_on == known->span.ends_on &&
	    slice_equal(after.plan_id, known->span.plan_id) && slice_equal(after.tier, known->span.tier))
		return record_span_row(it, DECIDE_NO_CHANGE, known->id, &known->span, known->id);
	after.begins_on = line->begins_on;
	after.span_no = 0;
	return coverage_replace(it, line, known, &after);
}

/* The first half, as far as its groups are concerned. */
static struct member_record first_half(const struct member_record *second)
{
	return (struct member_record){.group_key = second->group_key,
				      .group = second->ended_group,
				      .coverages = second->ended,
				      .coverage_count = second->ended_count};
}

/* No group was named: all of them. A group in which others are enrolled anew is meant under its old number, too (B13). */
static bool is_there(const struct record_work *it, const struct line *lines, struct slice named, struct slice group_id)
{
	uint32_t i;

	if (named.len == 0 || slice_equal(named, group_id))
		return true;
	for (i = 0; i < it->record->coverage_count; i++)
		if (slice_equal(lines[i].group_id, group_id))
			return true;
	return false;
}

/* Is it among what the first half ends? */
static bool is_ended(const struct record_work *it, const struct line *lines, const struct coverage_span *span)
{
	const struct enroll_header *header = it->work->input->family->header;
	const struct member_record *record = it->record, first = first_half(record);
	uint32_t i;

	if (record->ended_all && (record->ended_count == 0 || !it->work->input->policy->merge_ins))
		return is_there(it, lines, enroll_group(header, &first), span->group_id);
	for (i = 0; i < record->ended_count; i++)
		if (product_same(record->ended[i].insurance_line, span->insurance_line) &&
		    is_there(it, lines, enroll_coverage_group(header, &first, &record->ended[i]), span->group_id))
			return true;
	return false;
}

/* A coverage that ends, and that is not enrolled anew; NULL: none. */
static const struct coverage_span *find_rest(const struct record_work *it, const struct line *lines)
{
	const struct span_list *spans = &it->draft->spans;
	uint32_t i, k;

	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *span = &spans->items[i].span;
		bool anew = span->voided || !is_ended(it, lines, span);

		for (k = 0; k < it->record->coverage_count && !anew; k++)
			anew = slice_equal(lines[k].group_id, span->group_id) &&
			       product_same(lines[k].insurance_line, span->insurance_line);
		if (!anew && end_compare(span->ends_on, lines[0].begins_on) >= 0)
			return span;
	}
	return NULL;
}

int split_end_rest(struct record_work *it, const struct line *lines)
{
	const struct decide_view *view = it->work->input->view;
	const struct member_record first = first_half(it->record);
	const struct coverage_span *span = find_rest(it, lines);
	int error = 0;

	/* All lines of a pair begin on the day after the end. */
	if (span != NULL && enroll_group(it->work->input->family->header, &first).len == 0)
		error = resolve_own_groups(it, lines[0].begins_on);
	for (; error == 0 && span != NULL; span = find_rest(it, lines)) {
		struct line end = {.action = LINE_END,
				   .group_id = span->group_id,
				   .insurance_line = span->insurance_line,
				   .ends_on = lines[0].begins_on - 1};

		error = view->group(view->context, span->group_id, it->work->arena, &end.group);
		if (error == 0 && end.group != NULL)
			error = ending_line(it, &end);
	}
	return error;
}
