/*
 * separation: records that still bear the number of a contract which was separated by region (BUSINESS B12, B13).
 *
 * Whose record it is decides the coverage that the person, or his subscriber, has: who is covered under the new contract
 * means that one; who is covered under the old one from the separation on stayed there. Of a person without either the
 * address tells: his family's subscriber's, else the record's own. Until the end of the renewal month the record is
 * taken for the new contract, with a warning; after that it is an exception.
 */
#include "work.h"

#include "muster/region.h"

/* Covered under this contract on the day or later? `draft` NULL: no. */
static bool is_covered(const struct draft *draft, struct slice group_id, date_day day)
{
	const struct span_filter filter = {.group_id = group_id};

	return draft != NULL && spans_active_from(&draft->spans, &filter, day);
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

static bool is_meant(const struct record_work *it, const struct draft *subscriber, struct slice old_group_id,
		     const struct decide_separation *separation)
{
	if (is_covered(it->draft, separation->group_id, separation->begins_on) ||
	    is_covered(subscriber, separation->group_id, separation->begins_on))
		return true;
	if (is_covered(it->draft, old_group_id, separation->begins_on) ||
	    is_covered(subscriber, old_group_id, separation->begins_on))
		return false;
	return slice_equal(region_of_family(it, subscriber), separation->region);
}

static int reroute(struct record_work *it, const struct decide_separation *separation, const struct group **group)
{
	const struct decide_view *view = it->work->input->view;
	const struct group *old = *group;
	char day[DATE_TEXT_BYTES];
	int error;

	*group = NULL;
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
				       "the record bears the old number %.*s; taken for group %.*s (until %s)", SLICE_ARGS(old->group_id),
				       SLICE_ARGS(separation->group_id),
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
		error = work_find_subscriber(it->work, it->record->subscriber_id, &subscriber);
	for (i = 0; error == 0 && i < count; i++)
		if (is_meant(it, subscriber, (*group)->group_id, &separations[i]))
			return reroute(it, &separations[i], group);
	return error;
}

bool separation_began_there(const struct record_work *it, const struct group *group, const struct coverage_span *known,
			    date_day sent)
{
	const struct span_filter there = {.group_id = group->linked_group_id, .insurance_line = known->insurance_line};

	return group->linked_group_id.len > 0 && sent < known->begins_on &&
	       spans_find_overlap(&it->draft->spans, &there, sent, known->begins_on - 1, 0) >= 0;
}
