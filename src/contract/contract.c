/*
 * One order from its check to its commit. What is refused was refused before anything was written; what fails later
 * is our machine, and the transaction takes everything back.
 */
#include "work.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	int (*check)(struct work *work);
	int (*proceed)(struct work *work);
} kinds[STORE_ORDER_KIND_COUNT] = {
	[STORE_ORDER_TERMINATE] = {termination_check, termination_proceed},
	[STORE_ORDER_REINSTATE] = {reinstatement_check, reinstatement_proceed},
	[STORE_ORDER_SEPARATE] = {separation_check, separation_proceed},
	[STORE_ORDER_LINK] = {linking_check, linking_proceed},
};

int work_refuse(struct work *work, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	work->report->reason = arena_dup(work->arena, slice_from(text));
	return work->report->reason.data != NULL ? CONTRACT_E_REFUSED : -ENOMEM;
}

static int find_groups(struct work *work)
{
	int r = store_group_get(work->store, work->order->group_id, work->arena, &work->group);

	if (r == 0 && work->order->other_group_id.len > 0)
		r = store_group_get(work->store, work->order->other_group_id, work->arena, &work->other);
	if (r == 0 && work->group == NULL)
		return work_refuse(work, "there is no group %.*s", SLICE_ARGS(work->order->group_id));
	return r;
}

/* Is the contract as this order leaves it? It may have been loaded otherwise since. */
static bool is_in_force(const struct work *work)
{
	const struct group *group = work->group;

	if (work->order->kind == STORE_ORDER_TERMINATE)
		return group->status == GROUP_TERMINATED && group->terminates_on == work->order->on;
	return group->status == GROUP_ACTIVE;
}

/* Is the contract's latest order this very one? */
static int look_at_last(void *context, const struct store_order *last)
{
	struct work *work = context;
	const struct contract_order *order = work->order;

	if (last->kind == order->kind && last->on_day == order->on && slice_equal(last->region, order->region) &&
	    slice_equal(last->other_group_id, order->other_group_id) && is_in_force(work)) {
		work->report->repeated = true;
		work->report->file_no = last->file_no;
		work->report->reroute_until = last->reroute_until;
	}
	return 1;
}

static int check(struct work *work)
{
	int r = find_groups(work);

	if (r != 0)
		return r;
	r = store_orders_of_group(work->store, work->order->group_id, look_at_last, work);
	if (r < 0 || work->report->repeated)
		return r < 0 ? r : 0;
	return kinds[work->order->kind].check(work);
}

static int proceed(struct work *work)
{
	const struct contract_order *order = work->order;
	const struct store_order row = {
		.kind = order->kind,
		.group_id = order->group_id,
		.other_group_id = order->other_group_id,
		.region = order->region,
		.on_day = order->on,
		.reroute_until = work->report->reroute_until,
		.answers = work->answered != NULL ? work->answered->tset_no : 0,
	};
	int r = record_open(work, &row);

	if (r == 0)
		r = kinds[order->kind].proceed(work);
	return r == 0 ? record_close(work) : r;
}

int contract_carry_out(struct env *env, struct store *store, struct arena *arena, const struct contract_order *order,
		       struct contract_report *ret_report)
{
	struct work work = {.env = env, .store = store, .arena = arena, .order = order, .report = ret_report};
	int r = store_begin(store, STORE_WRITE);

	*ret_report = (struct contract_report){.reroute_until = DATE_NONE};
	if (r != 0)
		return r;
	arena_init(&work.member_arena, env, 0, 0);
	hash_content_init(&work.payload);
	r = check(&work);
	if (r == 0 && !ret_report->repeated)
		r = proceed(&work);
	if (r == 0 && !order->dry_run && !ret_report->repeated)
		r = store_commit(store);
	else
		store_rollback(store);
	if (order->dry_run && !ret_report->repeated)
		ret_report->file_no = 0;
	arena_fini(&work.member_arena);
	return r;
}
