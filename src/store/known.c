/*
 * known: groups and plans, read once a transaction. There are few of them, and each record names its own.
 *
 * Within a transaction nobody else changes them, and our own changes empty the tables. A row that was handed out stays
 * where it is until the transaction ends.
 */
#include <string.h>

#include "store_internal.h"

/* The place of `id`, or the free one where it would be. A table is never more than half full. */
static struct known_row *find_row(struct known_rows *rows, struct slice id)
{
	size_t at = (size_t)hash_table_key(id);

	while (rows->rows[at % KNOWN_ROWS].row != NULL && !slice_equal(rows->rows[at % KNOWN_ROWS].id, id))
		at++;
	return &rows->rows[at % KNOWN_ROWS];
}

static void keep_row(struct known_rows *rows, struct slice id, const void *row)
{
	if (rows->count >= KNOWN_ROWS / 2)
		known_forget(rows);
	*find_row(rows, id) = (struct known_row){id, row};
	rows->count++;
}

void known_forget(struct known_rows *rows)
{
	if (rows->count > 0)
		memset(rows, 0, sizeof(*rows));
}

int store_group_known(struct store *store, struct slice group_id, struct arena *arena, const struct group **ret_group)
{
	const struct known_row *known;
	int error;

	if (store->state == STORE_IDLE)
		return store_group_get(store, group_id, arena, ret_group);
	known = find_row(&store->known_groups, group_id);
	*ret_group = known->row;
	if (known->row != NULL)
		return 0;
	error = store_group_get(store, group_id, &store->known, ret_group);
	if (error == 0 && *ret_group != NULL)
		keep_row(&store->known_groups, (*ret_group)->group_id, *ret_group);
	return error;
}

int store_plan_known(struct store *store, struct slice plan_id, struct arena *arena, const struct plan **ret_plan)
{
	const struct known_row *known;
	int error;

	if (store->state == STORE_IDLE)
		return store_plan_get(store, plan_id, arena, ret_plan);
	known = find_row(&store->known_plans, plan_id);
	*ret_plan = known->row;
	if (known->row != NULL)
		return 0;
	error = store_plan_get(store, plan_id, &store->known, ret_plan);
	if (error == 0 && *ret_plan != NULL)
		keep_row(&store->known_plans, (*ret_plan)->plan_id, *ret_plan);
	return error;
}
