/*
 * Termination of a contract (B17), and its reinstatement (B18).
 *
 * A termination ends what lasts longer and voids what had not begun. A reinstatement takes exactly that back: the
 * changes of the termination's own set, each where it still stands as it was left. Who had ended before, or was
 * ended otherwise since, stays so.
 */
#include "work.h"

#include "muster/json.h"

int termination_check(struct work *work)
{
	const struct group *group = work->group;
	char day[DATE_TEXT_BYTES];

	if (group->status == GROUP_TERMINATED)
		return work_refuse(work, "the contract of group %.*s ended on %s already", SLICE_ARGS(group->group_id),
				   date_format_iso(group->terminates_on, day));
	if (group->effective_on != DATE_NONE && work->order->on < group->effective_on)
		return work_refuse(work, "the contract of group %.*s begins on %s only", SLICE_ARGS(group->group_id),
				   date_format_iso(group->effective_on, day));
	return 0;
}

static int end_member(struct work *work, const struct member *member)
{
	date_day last = work->order->on;
	struct member_work it;
	uint32_t i;
	int r = member_open(work, member, 0, &it);

	for (i = 0; r == 0 && i < member->span_count; i++) {
		struct coverage_span *span = &it.image.after.spans[i];

		if (span->voided || !slice_equal(span->group_id, work->group->group_id) ||
		    (span->ends_on != DATE_NONE && span->ends_on <= last))
			continue;
		if (span->begins_on > last)
			span->voided = true;
		else
			span->ends_on = last;
		r = member_changed(&it, span->voided ? DECIDE_VOID : DECIDE_TERMINATE, i);
	}
	return r == 0 ? member_close(&it) : r;
}

static int end_members(struct work *work)
{
	const uint64_t *numbers;
	uint32_t count, i;
	int r = store_group_members(work->store, work->group->group_id, work->order->on + 1, work->arena, &numbers,
				    &count);

	for (i = 0; r == 0 && i < count; i++) {
		const struct member *member;

		arena_reset(&work->member_arena);
		r = store_member_get_no(work->store, numbers[i], &work->member_arena, &member);
		if (r == 0)
			r = end_member(work, member);
	}
	return r;
}

int termination_proceed(struct work *work)
{
	struct group group = *work->group;
	char day[DATE_TEXT_BYTES];
	int r;

	group.status = GROUP_TERMINATED;
	group.terminates_on = work->order->on;
	date_format_iso(group.terminates_on, day);
	r = record_group(work, "terminate", work->group, &group);
	if (r == 0)
		r = end_members(work);
	if (r == 0)
		r = record_notice(
			work, "termination", group.group_id,
			arena_printf(work->arena,
				     "the contract ends on %s; it can be reinstated within %d days of that day", day,
				     CONTRACT_REINSTATEMENT_DAYS));
	if (r == 0)
		r = record_notice(work, "autopay", group.group_id,
				  SLICE_LITERAL("stop automatic payment once all premium owed is paid"));
	return r;
}

/* ---- reinstatement ------------------------------------------------------------------------------------------- */

/* The latest termination, unless it has been taken back. */
static int find_termination(void *context, const struct store_order *order)
{
	struct work *work = context;
	struct store_order *found;

	if (order->kind == STORE_ORDER_REINSTATE)
		return 1;
	if (order->kind != STORE_ORDER_TERMINATE)
		return 0;
	found = arena_alloc(work->arena, sizeof(*found));
	if (found == NULL)
		return -ENOMEM;
	/* Its texts are the walk's: only the numbers are asked for. */
	*found = (struct store_order){.tset_no = order->tset_no, .kind = order->kind, .on_day = order->on_day};
	work->answered = found;
	return 1;
}

int reinstatement_check(struct work *work)
{
	const struct group *group = work->group;
	date_day asked = work->order->on;
	char ended[DATE_TEXT_BYTES], day[DATE_TEXT_BYTES];
	int r;

	if (group->status != GROUP_TERMINATED)
		return work_refuse(work, "the contract of group %.*s is in force", SLICE_ARGS(group->group_id));
	if (group->terminates_on == DATE_NONE)
		return work_refuse(work, "group %.*s has no termination date: the 60 days cannot be counted",
				   SLICE_ARGS(group->group_id));
	if (asked - group->terminates_on > CONTRACT_REINSTATEMENT_DAYS)
		return work_refuse(work,
				   "the contract of group %.*s ended on %s, %d days before %s: it can be reinstated "
				   "within %d days, after that it is underwritten anew",
				   SLICE_ARGS(group->group_id), date_format_iso(group->terminates_on, ended),
				   (int)(asked - group->terminates_on), date_format_iso(asked, day),
				   CONTRACT_REINSTATEMENT_DAYS);
	r = store_orders_of_group(work->store, group->group_id, find_termination, work);
	if (r >= 0 && work->answered == NULL)
		work->report->note =
			SLICE_LITERAL("the contract was not terminated by an order: coverage that ended on its "
				      "last day is restored, but for what a file ended");
	return r < 0 ? r : 0;
}

struct change_list {
	struct work *work;
	struct store_change *changes;
	uint32_t count, capacity;
};

static int keep_change(void *context, const struct store_change *change)
{
	struct change_list *list = context;
	struct store_change *kept;

	if (change->member_no == 0 || change->undone)
		return 0;
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity * 2 + 64;
		struct store_change *grown = arena_alloc_array(list->work->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (list->count > 0)
			memcpy(grown, list->changes, list->count * sizeof(*grown));
		list->changes = grown;
		list->capacity = capacity;
	}
	kept = &list->changes[list->count++];
	*kept = (struct store_change){.member_no = change->member_no, .member_pos = change->member_pos};
	kept->before = arena_dup(list->work->arena, change->before);
	kept->after = arena_dup(list->work->arena, change->after);
	return kept->before.data != NULL && kept->after.data != NULL ? 0 : -ENOMEM;
}

static bool span_differs(const struct coverage_span *a, const struct coverage_span *b)
{
	return a->voided != b->voided || a->ends_on != b->ends_on;
}

static bool shares_day(const struct coverage_span *a, const struct coverage_span *b)
{
	return !a->voided && !b->voided && (a->ends_on == DATE_NONE || b->begins_on <= a->ends_on) &&
	       (b->ends_on == DATE_NONE || a->begins_on <= b->ends_on);
}

/* Would a coverage come back beside one of its product (an HMO beside a PPO) that he has had under the contract since? */
static bool comes_back_beside(const struct member *member, const struct member *after)
{
	uint32_t i, k;

	for (i = 0; i < member->span_count; i++)
		for (k = 0; k < member->span_count; k++) {
			const struct coverage_span *back = &after->spans[i], *other = &after->spans[k];

			if (span_differs(&member->spans[i], back) && !span_differs(&member->spans[k], other) &&
			    slice_equal(back->group_id, other->group_id) &&
			    decide_same_product(back->insurance_line, other->insurance_line) && shares_day(back, other))
				return true;
		}
	return false;
}

static bool cannot_come_back(const struct member *member, const struct member *after)
{
	uint32_t first, second;

	return store_spans_overlap(after->spans, after->span_count, &first, &second) ||
	       comes_back_beside(member, after);
}

/* All changes that the termination made to one member. */
static int restore_member(struct work *work, const struct store_change *changes, uint32_t count)
{
	const struct member *member;
	struct member_work it;
	uint32_t i, altered = 0;
	bool fits;
	int r;

	arena_reset(&work->member_arena);
	r = store_member_get_no(work->store, changes[0].member_no, &work->member_arena, &member);
	if (r == 0)
		r = member_open(work, member, 0, &it);
	for (i = 0; r == 0 && i < count; i++) {
		r = apply_take_back(&work->member_arena, &changes[i], &it.image.after, &fits);
		altered += !fits;
	}
	if (r != 0)
		return r;
	if (cannot_come_back(member, &it.image.after)) {
		work->report->kept++;
		return 0;
	}
	work->report->kept += altered > 0;
	for (i = 0; r == 0 && i < member->span_count; i++)
		if (span_differs(&member->spans[i], &it.image.after.spans[i]))
			r = member_changed(&it, DECIDE_REINSTATE, i);
	return r == 0 ? member_close(&it) : r;
}

/* ---- a contract that was loaded as terminated ---- */

struct ending_search {
	const struct work *work;
	bool found;
};

/* Did a file or an order end this member under the contract with its last day, or later say anything of that? */
static int look_for_ending(void *context, const struct store_change *change)
{
	struct ending_search *search = context;
	const struct group *group = search->work->group;

	if (!change->undone && slice_equal(change->group_id, group->group_id) &&
	    change->ends_on == group->terminates_on && !slice_is(change->action, "no_change"))
		search->found = true;
	return 0;
}

/* What ended with the contract's last day, and by nothing else that is known: it ended with the contract. */
static int restore_loaded_member(struct work *work, uint64_t member_no)
{
	struct ending_search search = {.work = work};
	const struct member *member;
	struct member_work it;
	uint32_t i;
	int r;

	arena_reset(&work->member_arena);
	r = store_member_get_no(work->store, member_no, &work->member_arena, &member);
	if (r == 0)
		r = store_changes_of_member(work->store, member_no, look_for_ending, &search);
	if (r == 0)
		r = member_open(work, member, 0, &it);
	if (r != 0 || search.found)
		return r;
	for (i = 0; i < member->span_count; i++) {
		struct coverage_span *span = &it.image.after.spans[i];

		if (!span->voided && slice_equal(span->group_id, work->group->group_id) &&
		    span->ends_on == work->group->terminates_on)
			span->ends_on = DATE_NONE;
	}
	if (cannot_come_back(member, &it.image.after)) {
		work->report->kept++;
		return 0;
	}
	for (i = 0; r == 0 && i < member->span_count; i++)
		if (span_differs(&member->spans[i], &it.image.after.spans[i]))
			r = member_changed(&it, DECIDE_REINSTATE, i);
	return r == 0 ? member_close(&it) : r;
}

static int restore_loaded(struct work *work)
{
	const uint64_t *numbers;
	uint32_t count, i;
	int r = store_group_members(work->store, work->group->group_id, work->group->terminates_on, work->arena,
				    &numbers, &count);

	for (i = 0; r == 0 && i < count; i++)
		r = restore_loaded_member(work, numbers[i]);
	return r;
}

static int restore_members(struct work *work)
{
	struct change_list list = {.work = work};
	uint32_t first, end;
	int r;

	if (work->answered == NULL)
		return restore_loaded(work);
	r = store_changes_of_tset(work->store, work->answered->tset_no, keep_change, &list);
	for (first = 0; r == 0 && first < list.count; first = end) {
		for (end = first + 1;
		     end < list.count && list.changes[end].member_pos == list.changes[first].member_pos;)
			end++;
		r = restore_member(work, &list.changes[first], end - first);
	}
	return r;
}

/* The contract's end before it was terminated. */
static int end_before(struct work *work, date_day *ret_day)
{
	const struct store_change *change;
	struct slice group, value;
	int r;

	*ret_day = DATE_NONE;
	if (work->answered == NULL)
		return 0;
	r = store_change_get(work->store, work->answered->tset_no, 0, 0, work->arena, &change);
	if (r != 0 || change == NULL || !json_find(change->before, "group", &group) ||
	    !json_find(group, "terminates_on", &value))
		return r;
	value = json_decode(work->arena, value);
	if (value.data == NULL)
		return -ENOMEM;
	if (!date_parse_iso(value, ret_day))
		*ret_day = DATE_NONE;
	return 0;
}

int reinstatement_proceed(struct work *work)
{
	struct group group = *work->group;
	int r = end_before(work, &group.terminates_on);

	group.status = GROUP_ACTIVE;
	if (r == 0)
		r = record_group(work, "reinstate", work->group, &group);
	if (r == 0)
		r = restore_members(work);
	if (r == 0)
		r = record_notice(work, "reinstatement", group.group_id,
				  SLICE_LITERAL("the contract is reinstated without a lapse in coverage"));
	return r;
}
