/*
 * What an order did to a contract, taken back: its status, its end and its link are again what they were.
 *
 * A contract that the order made stays on file, as a member does whom a file made: active, linked with none, and empty
 * once its members have gone back. The order itself counts no more: nothing is re-routed by it, and it can be given again.
 */
#include "muster/json.h"
#include "muster/log.h"
#include "undo_work.h"

/* Which of a contract's values a row tells. */
enum { PART_STATUS = 1, PART_END = 2, PART_LINK = 4 };

struct side {
	unsigned parts;
	enum group_status status;
	date_day terminates_on;
	struct slice linked_group_id;
};

static struct slice text_of(struct undo *undo, struct slice object, const char *key, unsigned part, unsigned *parts)
{
	struct slice value;

	if (!json_find(object, key, &value))
		return SLICE_EMPTY;
	*parts |= part;
	return json_decode(&undo->arena, value);
}

static void read_side(struct undo *undo, struct slice json, struct side *ret_side)
{
	struct slice object, day;

	*ret_side = (struct side){.terminates_on = DATE_NONE};
	if (!json_find(json, "group", &object))
		return;
	ret_side->status = slice_is(text_of(undo, object, "status", PART_STATUS, &ret_side->parts), "terminated")
				   ? GROUP_TERMINATED
				   : GROUP_ACTIVE;
	day = text_of(undo, object, "terminates_on", PART_END, &ret_side->parts);
	if (slice_is_empty(day) || !date_parse_iso(day, &ret_side->terminates_on))
		ret_side->terminates_on = DATE_NONE;
	ret_side->linked_group_id = text_of(undo, object, "linked_group_id", PART_LINK, &ret_side->parts);
}

static bool side_fits(const struct side *side, const struct group *group)
{
	return ((side->parts & PART_STATUS) == 0 || side->status == group->status) &&
	       ((side->parts & PART_END) == 0 || side->terminates_on == group->terminates_on) &&
	       ((side->parts & PART_LINK) == 0 || slice_equal(side->linked_group_id, group->linked_group_id));
}

static void side_put(const struct side *side, struct group *group)
{
	if ((side->parts & PART_STATUS) != 0)
		group->status = side->status;
	if ((side->parts & PART_END) != 0)
		group->terminates_on = side->terminates_on;
	if ((side->parts & PART_LINK) != 0)
		group->linked_group_id = side->linked_group_id;
}

/* What differs, as rows of orders have it. */
static void side_json(struct buffer *out, const struct group *group, const struct group *other)
{
	char day[DATE_TEXT_BYTES];
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_object_begin(&json, "group");
	if (group->status != other->status)
		json_text(&json, "status", slice_from(group->status == GROUP_ACTIVE ? "active" : "terminated"));
	if (group->terminates_on != other->terminates_on)
		json_text_or_null(&json, "terminates_on", slice_from(date_format_iso(group->terminates_on, day)));
	if (!slice_equal(group->linked_group_id, other->linked_group_id))
		json_text(&json, "linked_group_id", group->linked_group_id);
	json_object_end(&json);
	json_object_end(&json);
}

/* ---- what stands against it ---- */

struct later {
	uint64_t tset_no;
	bool found;
};

static int find_later(void *context, const struct store_order *order)
{
	struct later *later = context;

	later->found = later->found || order->tset_no > later->tset_no;
	return 0;
}

static bool has_entry(const struct undo *undo, uint64_t member_no)
{
	size_t i = 0;

	while (i < undo->count && undo->entries[i].member_no != member_no)
		i++;
	return i < undo->count;
}

/* The contract would have ended: is somebody covered behind its end whom this undo does not touch? */
static int is_still_used(struct undo *undo, const struct group *then, bool *ret_used)
{
	const uint64_t *member_nos;
	uint32_t count, i;
	int r;

	*ret_used = false;
	if (then->status != GROUP_TERMINATED || then->terminates_on == DATE_NONE)
		return 0;
	r = store_group_members(undo->request->store, then->group_id, then->terminates_on + 1, &undo->arena,
				&member_nos, &count);
	for (i = 0; r == 0 && i < count && !*ret_used; i++)
		*ret_used = !has_entry(undo, member_nos[i]);
	return r;
}

static int check(struct undo *undo, const struct store_change *taken, const struct side *left, const struct group *now,
                 const struct group *then, bool *ret_ok)
{
	struct later later = {.tset_no = taken->tset_no};
	bool used = false;
	int r = store_orders_of_group(undo->request->store, taken->group_id, find_later, &later);

	*ret_ok = false;
	if (r == 0 && later.found)
		return undo_block(undo, taken, "a later order about the contract depends on it", NULL);
	if (r == 0 && !side_fits(left, now))
		return undo_block(undo, taken, "the contract has been changed since", NULL);
	if (r == 0 && !undo->write)
		r = is_still_used(undo, then, &used);
	if (r == 0 && used)
		return undo_block(undo, taken,
				  "members are covered under the contract behind the day on which it would end", NULL);
	*ret_ok = r == 0;
	return r;
}

/* ---- doing it ---- */

static int keep(struct undo *undo, const struct store_change *taken, const struct group *now, const struct group *then)
{
	struct buffer before, after;
	enum store_put put;
	int r = store_group_put(undo->request->store, then, &put);

	buffer_init(&before, undo->request->env);
	buffer_init(&after, undo->request->env);
	side_json(&before, now, then);
	side_json(&after, then, now);
	if (r == 0)
		r = before.error != 0 ? before.error : after.error;
	if (r == 0)
		r = undo_add_entry(undo, taken, NULL, buffer_slice(&before), buffer_slice(&after));
	if (r == 0)
		r = undo_settle(undo, taken->tset_no, taken->member_pos, NULL);
	buffer_fini(&before);
	buffer_fini(&after);
	undo->chunk_changes++;
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int undo_group(struct undo *undo, const struct undo_entry *entry)
{
	const struct undo_request *request = undo->request;
	const struct store_change *taken;
	const struct group *now = NULL;
	struct side before, after;
	struct group then;
	bool ok = false;
	int r = store_change_get(request->store, entry->tset_no, entry->member_pos, entry->op_index, &undo->arena,
				 &taken);

	if (r == 0 && taken != NULL)
		r = store_group_get(request->store, taken->group_id, &undo->arena, &now);
	if (r == 0 && now == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "undo: an order about a contract that is not there");
	if (r != 0)
		return r;
	read_side(undo, taken->before, &before);
	read_side(undo, taken->after, &after);
	/* The order made the contract: it stays, but linked with none. */
	if (before.parts == 0) {
		before.parts = PART_LINK;
		after.parts &= PART_LINK;
	}
	then = *now;
	side_put(&before, &then);
	r = check(undo, taken, &after, now, &then, &ok);
	if (r != 0 || !ok)
		return r;
	if (undo->write)
		return keep(undo, taken, now, &then);
	undo->totals.changes++;
	return request->change != NULL ? request->change(request->context, taken) : 0;
}
