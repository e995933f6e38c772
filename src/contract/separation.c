/*
 * Separation by region (B12): the families of a region go on under a contract of their own.
 *
 * A family goes with its subscriber. Each coverage ends the day before and begins anew on the day, with plan, tier and
 * end as they were; what had not begun yet begins under the new contract only. Plans and rates are the same: a grandfathered
 * plan's risk adjustment factor stays (B16).
 */
#include "work.h"

static int check_new_contract(struct work *work)
{
	const struct group *other = work->other;
	const struct contract_order *order = work->order;

	if (other == NULL)
		return 0;
	if (slice_equal(other->group_id, work->group->group_id))
		return work_refuse(work, "the new contract needs a number of its own");
	if (other->status != GROUP_ACTIVE || (other->effective_on != DATE_NONE && other->effective_on > order->on) ||
	    (other->terminates_on != DATE_NONE && other->terminates_on < order->on))
		return work_refuse(work, "group %.*s is not in force on that day", SLICE_ARGS(other->group_id));
	if (!slice_equal(other->region, order->region))
		return work_refuse(work, "group %.*s is a contract of region %.*s", SLICE_ARGS(other->group_id),
				   SLICE_ARGS(other->region));
	if (other->linked_group_id.len > 0 && !slice_equal(other->linked_group_id, work->group->group_id))
		return work_refuse(work, "group %.*s is linked with %.*s already", SLICE_ARGS(other->group_id),
				   SLICE_ARGS(other->linked_group_id));
	return 0;
}

static int check_line(struct work *work)
{
	struct contract_region regions[CONTRACT_REGIONS_MAX];
	const struct contract_region *region = NULL;
	uint32_t count, i;
	int r = contract_regions(work->store, work->group, work->order->on, regions, &count);

	if (r != 0)
		return r;
	for (i = 0; i < count; i++)
		if (slice_equal(regions[i].region, work->order->region))
			region = &regions[i];
	if (region == NULL)
		return work_refuse(work, "no subscriber of group %.*s lives in region %.*s",
				   SLICE_ARGS(work->group->group_id), SLICE_ARGS(work->order->region));
	if (!region->must_separate) {
		work->report->note =
			arena_printf(work->arena, "only %llu subscribers live there: fewer than %d need not separate",
				     (unsigned long long)region->subscribers, CONTRACT_SEPARATION_SUBSCRIBERS);
		if (work->report->note.data == NULL)
			return -ENOMEM;
	}
	return 0;
}

int separation_check(struct work *work)
{
	const struct group *group = work->group;
	const struct contract_order *order = work->order;
	int r;

	if (group->status != GROUP_ACTIVE || (group->terminates_on != DATE_NONE && group->terminates_on < order->on))
		return work_refuse(work, "group %.*s is not in force on that day", SLICE_ARGS(group->group_id));
	if (group->effective_on != DATE_NONE && order->on <= group->effective_on)
		return work_refuse(work, "group %.*s begins on that day or later", SLICE_ARGS(group->group_id));
	if (slice_equal(group->region, order->region))
		return work_refuse(work, "region %.*s is the headquarters': it stays with group %.*s",
				   SLICE_ARGS(order->region), SLICE_ARGS(group->group_id));
	work->report->reroute_until = contract_reroute_until(group, order->on);
	r = check_new_contract(work);
	return r == 0 ? check_line(work) : r;
}

/* ---- acting -------------------------------------------------------------------------------------------------- */

static int make_contracts(struct work *work)
{
	struct group old = *work->group, new = work->other != NULL ? *work->other : *work->group;
	int r;

	new.group_id = work->order->other_group_id;
	new.linked_group_id = old.group_id;
	if (work->other == NULL) {
		new.region = work->order->region;
		new.effective_on = work->order->on;
	}
	/* The third contract of an employer links to the first; the first keeps its own link. */
	if (old.linked_group_id.len == 0)
		old.linked_group_id = new.group_id;
	r = record_group(work, work->other == NULL ? "add" : "change", work->other, &new);
	return r == 0 ? record_group(work, "change", work->group, &old) : r;
}

static int move_span(struct member_work *it, uint32_t index)
{
	struct coverage_span *span = &it->image.after.spans[index], next = *span;
	date_day on = it->work->order->on;

	if (span->voided || !slice_equal(span->group_id, it->work->group->group_id) ||
	    (span->ends_on != DATE_NONE && span->ends_on < on))
		return 0;
	next.span_no = 0;
	next.group_id = it->work->order->other_group_id;
	if (span->begins_on >= on) {
		span->voided = true;
	} else {
		span->ends_on = on - 1;
		next.begins_on = on;
	}
	return member_continued(it, index, &next);
}

static int move_member(struct work *work, const struct member *member)
{
	struct member_work it;
	uint32_t i, first, second;
	int r = member_open(work, member, member->span_count, &it);

	for (i = 0; r == 0 && i < member->span_count; i++)
		r = move_span(&it, i);
	if (r == 0 && store_spans_overlap(it.image.after.spans, it.image.after.span_count, &first, &second))
		return work_refuse(work, "member %.*s is covered in group %.*s already", SLICE_ARGS(member->member_id),
				   SLICE_ARGS(work->order->other_group_id));
	return r == 0 ? member_close(&it) : r;
}

/* Does this member's family live in the region? By the subscriber; where he is not on file by the member himself. */
static int lives_there(struct work *work, const struct member *member, bool *ret_there)
{
	const struct member **household, *head = member;
	uint32_t count;
	int r = store_household(work->store, family_key_of(member), &work->member_arena, &household, &count);

	if (r == 0 && count > 0 && slice_is(household[0]->relationship, "18"))
		head = household[0];
	*ret_there = slice_equal(contract_region_of(head, work->group), work->order->region);
	return r;
}

static int move_families(struct work *work)
{
	const uint64_t *numbers;
	uint32_t count, i;
	int r = store_group_members(work->store, work->group->group_id, work->order->on, work->arena, &numbers, &count);

	for (i = 0; r == 0 && i < count; i++) {
		const struct member *member;
		bool there = false;

		arena_reset(&work->member_arena);
		r = store_member_get_no(work->store, numbers[i], &work->member_arena, &member);
		if (r == 0)
			r = lives_there(work, member, &there);
		if (r == 0 && there)
			r = move_member(work, member);
	}
	return r;
}

int separation_proceed(struct work *work)
{
	const struct contract_order *order = work->order;
	char on[DATE_TEXT_BYTES], until[DATE_TEXT_BYTES];
	struct slice reason;
	int r = make_contracts(work);

	if (r == 0)
		r = move_families(work);
	if (r != 0)
		return r;
	reason = arena_printf(
		work->arena,
		"separated by region on %s: employees of region %.*s are filed under group %.*s; files may "
		"bear the old number until %s; bills catch up within two months",
		date_format_iso(order->on, on), SLICE_ARGS(order->region), SLICE_ARGS(order->other_group_id),
		date_format_iso(work->report->reroute_until, until));
	r = record_notice(work, "separation", order->group_id, reason);
	return r == 0 ? record_notice(work, "separation", order->other_group_id, reason) : r;
}
