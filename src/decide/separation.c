/*
 * separation: records that still bear the number of a contract which was separated by region (BUSINESS B12, B13).
 *
 * Whose record it is decides the coverage that the subscriber, or the person himself, has from the separation on: the
 * contract under which it lasts longer is meant. Who lives in that region no more and gets coverage under the old number
 * moves back. Of a person without either coverage the address tells: his family's subscriber's, else the record's own. Until the end of the renewal month the record is taken for the
 * new contract, with a warning; after that it is an exception.
 */
#include "work.h"

#include "muster/region.h"

/*
 * The last day of his coverage under this contract, on the day of the separation or later; DATE_NONE = open. False: he has
 * none there. `draft` NULL: nobody.
 */
static bool covered_until(const struct draft *draft, struct slice group_id, date_day day, date_day *ret_until)
{
	bool found = false;
	uint32_t i;

	for (i = 0; draft != NULL && i < draft->spans.count; i++) {
		const struct coverage_span *span = &draft->spans.items[i].span;

		if (span->voided || !slice_equal(span->group_id, group_id) || end_compare(span->ends_on, day) < 0)
			continue;
		if (!found || end_compare(span->ends_on, *ret_until) > 0)
			*ret_until = span->ends_on;
		found = true;
	}
	return found;
}

static struct slice region_of_family(const struct record_work *it, const struct draft *subscriber)
{
	const struct member_record *record = it->record;
	struct slice region = SLICE_EMPTY;

	/* A subscriber's record may bring his new address; a dependent's own does not count before the subscriber's. */
	if (record->is_subscriber || subscriber == NULL)
		region = region_of(record->state, record->zip);
	if (slice_is_empty(region) && subscriber != NULL)
		region = region_of(subscriber->image->after.state, subscriber->image->after.zip);
	if (slice_is_empty(region) && it->draft != NULL)
		region = region_of(it->draft->image->after.state, it->draft->image->after.zip);
	return region;
}

/* Under which of the two contracts is he covered longer? 1 the new one, -1 the old one, 0 under none, or under both alike. */
static int prefers(const struct draft *draft, struct slice old_group_id, const struct decide_separation *separation)
{
	date_day in_new, in_old;
	bool is_new = covered_until(draft, separation->group_id, separation->begins_on, &in_new);
	bool is_old = covered_until(draft, old_group_id, separation->begins_on, &in_old);

	return is_new && is_old ? end_compare(in_new, in_old) : is_new - is_old;
}

/* The record brings coverage to a family that lives in the separated region no more, or says that it changes contracts. */
static bool moves_back(const struct record_work *it, const struct draft *subscriber,
		       const struct decide_separation *separation)
{
	const struct member_record *record = it->record;
	struct slice region = region_of_family(it, subscriber);
	bool brings = slice_is(record->maintenance, "021") || slice_is(record->reason, "XT");
	uint32_t i;

	for (i = 0; i < record->coverage_count && !brings; i++)
		brings = slice_is(record->coverages[i].maintenance, "021");
	return brings && region.len > 0 && !slice_equal(region, separation->region);
}

/* A dependent's contract is his subscriber's, where the latter is covered. */
static bool is_meant(const struct record_work *it, const struct draft *subscriber, struct slice old_group_id,
		     const struct decide_separation *separation)
{
	date_day until;
	int side = prefers(subscriber, old_group_id, separation);

	if (side == 0)
		side = prefers(it->draft, old_group_id, separation);
	if (side > 0 && moves_back(it, subscriber, separation))
		return false;
	if (side != 0)
		return side > 0;
	if (covered_until(it->draft, separation->group_id, separation->begins_on, &until) ||
	    covered_until(subscriber, separation->group_id, separation->begins_on, &until))
		return true;
	return slice_equal(region_of_family(it, subscriber), separation->region);
}

static int reroute(struct record_work *it, const struct decide_separation *separation, const struct group **group)
{
	const struct decide_view *view = it->work->input->view;
	const struct group *old = *group;
	char day[DATE_TEXT_BYTES];
	int error;

	*group = NULL;
	it->separated_on = separation->begins_on;
	if (it->work->input->today > separation->reroute_until && !is_forced(it))
		return work_failf(it->work, CATEGORY_OLD_CID,
				  "Group %.*s was separated on %s: the member belongs to group %.*s now.",
				  SLICE_ARGS(old->group_id), date_format_iso(separation->begins_on, day),
				  SLICE_ARGS(separation->group_id));
	error = view->group(view->context, separation->group_id, it->work->arena, group);
	if (error == 0 && *group == NULL)
		return work_failf(it->work, CATEGORY_UNKNOWN_GROUP, "Group %.*s is not on file.",
				  SLICE_ARGS(separation->group_id));
	return error != 0 ? error
			  : work_warnf(it->work, it->record->member_pos,
				       "the record bears the old number %.*s; taken for group %.*s (until %s)",
				       SLICE_ARGS(old->group_id), SLICE_ARGS(separation->group_id),
				       date_format_iso(separation->reroute_until, day));
}

int separation_reroute(struct record_work *it, const struct group **group)
{
	const struct decide_view *view = it->work->input->view;
	const struct decide_separation *separations;
	struct draft *subscriber = NULL;
	uint32_t count, i;
	int error;

	/* A separated contract is a linked one: all others cost no question. */
	if (slice_is_empty((*group)->linked_group_id) || view->separations == NULL)
		return 0;
	error = view->separations(view->context, (*group)->group_id, it->work->arena, &separations, &count);
	if (error == 0 && count > 0 && it->record->subscriber_id.len > 0)
		error = work_find_subscriber(it->work, it->work->family, &subscriber);
	for (i = 0; error == 0 && i < count; i++)
		if (is_meant(it, subscriber, (*group)->group_id, &separations[i]))
			return reroute(it, &separations[i], group);
	return error;
}

int separation_split(struct record_work *it, struct line *line)
{
	const struct decide_view *view = it->work->input->view;
	struct slice named = enroll_coverage_group(it->work->input->family->header, it->record, line->coverage);

	if (line->action != LINE_ADD || named.len == 0 || slice_equal(named, line->group_id) ||
	    line->begins_on >= it->separated_on)
		return 0;
	line->separated_on = it->separated_on;
	return view->group(view->context, named, it->work->arena, &line->separated_from);
}

int separation_add(struct record_work *it, const struct line *line)
{
	struct line part = *line;
	date_day last = line->separated_on - 1;
	int error;

	part.separated_from = NULL;
	part.group = line->separated_from;
	part.group_id = part.group->group_id;
	if (end_compare(part.ends_on, last) > 0)
		part.ends_on = last;
	error = family_require_covered(it, &part);
	if (error == 0)
		error = coverage_add(it, &part);
	if (error != 0 || end_compare(line->ends_on, last) <= 0)
		return error;
	part = *line;
	part.begins_on = line->separated_on;
	error = family_require_covered(it, &part);
	return error == 0 ? coverage_add(it, &part) : error;
}

bool separation_began_there(const struct record_work *it, const struct group *group, const struct coverage_span *known,
			    date_day sent)
{
	const struct span_filter there = {.group_id = group->linked_group_id, .insurance_line = known->insurance_line};

	return group->linked_group_id.len > 0 && sent < known->begins_on &&
	       spans_find_overlap(&it->draft->spans, &there, sent, known->begins_on - 1, 0) >= 0;
}
