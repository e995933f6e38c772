/*
 * An order as a file that nobody sent: its rows, the changes of the contracts themselves, and what it asks to be told
 * to the group.
 */
#include <stdio.h>

#include "muster/json.h"
#include "work.h"

/* "order: separate G100, SCAL to G101 on 2026-04-01". data NULL = no memory. */
static struct slice order_name(struct work *work)
{
	const struct contract_order *order = work->order;
	char day[DATE_TEXT_BYTES];
	bool has_region = order->region.len > 0, has_other = order->other_group_id.len > 0;

	return arena_printf(work->arena, "order: %s %.*s%s%.*s%s%.*s%s%s", store_order_kind_name(order->kind),
			    SLICE_ARGS(order->group_id), has_region ? ", " : "", SLICE_ARGS(order->region),
			    has_other ? " to " : "", SLICE_ARGS(order->other_group_id),
			    order->on != DATE_NONE ? " on " : "", date_format_iso(order->on, day));
}

static int open_file(struct work *work)
{
	struct store_interchange interchange = {.ordinal = 1, .complete = true};
	int r;

	work->file = (struct store_file){
		.name = order_name(work),
		.outcome = STORE_FILE_PROCESSED,
		.kind = STORE_KIND_UNKNOWN,
		.received_ms = work->order->at_ms,
		.as_of = date_of_clock_ms(work->order->at_ms),
	};
	if (work->file.name.data == NULL)
		return -ENOMEM;
	hash_of(work->file.name, &work->file.sha256);
	r = store_file_add(work->store, &work->file);
	interchange.file_no = work->file.file_no;
	if (r == 0)
		r = store_interchange_add(work->store, &interchange);
	work->tset = (struct store_tset){
		.file_no = work->file.file_no,
		.interchange_no = interchange.interchange_no,
		.ordinal = 1,
		.verdict = SLICE_LITERAL("accepted"),
		.outcome = STORE_TSET_APPLIED,
		.hold_category = CATEGORY_COUNT,
		.done = true,
	};
	hash_content_of(work->file.name, &work->tset.content_hash);
	return r == 0 ? store_tset_add(work->store, &work->tset) : r;
}

int record_open(struct work *work, const struct store_order *order)
{
	struct store_order row = *order;
	int r = open_file(work);

	row.tset_no = work->tset.tset_no;
	if (r == 0)
		r = store_order_add(work->store, &row);
	if (r == 0)
		r = store_ledger_put(work->store, row.tset_no, 0, STORE_RECORD_APPLIED, &work->tset.content_hash);
	if (r > 0)
		return log_failure(MUSTER_ERROR_INTERNAL, "the database refuses the order (%d)", r);
	work->origin = (struct apply_origin){
		.store = work->store,
		.env = work->env,
		.file_no = work->file.file_no,
		.tset_no = work->tset.tset_no,
		.tset_ordinal = 1,
		.received_ms = work->order->at_ms,
		.at_ms = work->order->at_ms,
		.due_ms = work->order->at_ms,
		.operator_id = work->order->operator_id,
		.cards = work->order->cards,
	};
	return r;
}

int record_close(struct work *work)
{
	char file_id[STORE_FILE_ID_BYTES];
	struct store_audit audit = {
		.kind = SLICE_LITERAL("order"),
		.actor = work->order->operator_id,
		.subject = slice_from(store_file_id_format(work->file.file_no, file_id)),
		.text = arena_printf(work->arena, "%.*s: %u members, %u coverages", SLICE_ARGS(work->file.name),
				     work->report->members, work->report->spans),
	};
	int r;

	if (audit.text.data == NULL)
		return -ENOMEM;
	hash_content_final(&work->payload, &audit.payload);
	work->tset.tally = (struct store_tally){.members_read = work->report->members,
						.members_applied = work->report->members};
	work->file.tally = work->tset.tally;
	work->file.stage = STORE_FILE_FILED;
	work->report->file_no = work->file.file_no;
	r = store_tset_update(work->store, &work->tset);
	if (r == 0)
		r = store_file_update(work->store, &work->file);
	if (r == 0)
		r = store_audit_append(work->store, &audit);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* ---- contracts ----------------------------------------------------------------------------------------------- */

static void add_day(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

/* {"group":{"status":"active","terminates_on":null}}: what differs from `other`; NULL: all that an order gives. */
static void add_group_json(struct buffer *out, const struct group *group, const struct group *other)
{
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_object_begin(&json, "group");
	if (other == NULL) {
		json_text(&json, "region", group->region);
		add_day(&json, "effective_on", group->effective_on);
	}
	if (other == NULL || group->status != other->status)
		json_text(&json, "status", slice_from(group->status == GROUP_ACTIVE ? "active" : "terminated"));
	if (other == NULL || group->terminates_on != other->terminates_on)
		add_day(&json, "terminates_on", group->terminates_on);
	if (other == NULL || !slice_equal(group->linked_group_id, other->linked_group_id))
		json_text(&json, "linked_group_id", group->linked_group_id);
	json_object_end(&json);
	json_object_end(&json);
}

static int add_group_change(struct work *work, const char *action, const struct group *before,
			    const struct group *after, struct buffer *from, struct buffer *to)
{
	struct store_change change = {
		.tset_no = work->tset.tset_no,
		.op_index = work->group_op_index++,
		.action = slice_from(action),
		.group_id = after->group_id,
		.begins_on = after->effective_on,
		.ends_on = after->terminates_on,
		.confidence_e6 = 1000000u,
		.match_rule = SLICE_LITERAL("order"),
		.change = work->file.name,
		.operator_id = work->order->operator_id,
		.at_ms = work->order->at_ms,
	};

	if (before != NULL)
		add_group_json(from, before, after);
	else
		buffer_add_text(from, "{}");
	add_group_json(to, after, before);
	if (from->error != 0 || to->error != 0)
		return -ENOMEM;
	change.before = buffer_slice(from);
	change.after = buffer_slice(to);
	hash_content_update(&work->payload, change.group_id.data, change.group_id.len);
	hash_content_update(&work->payload, change.after.data, change.after.len);
	return store_change_add(work->store, &change);
}

int record_group(struct work *work, const char *action, const struct group *before, const struct group *after)
{
	struct buffer from, to;
	enum store_put put;
	int r = store_group_put(work->store, after, &put);

	buffer_init(&from, work->env);
	buffer_init(&to, work->env);
	if (r == 0 && put != STORE_UNCHANGED)
		r = add_group_change(work, action, before, after, &from, &to);
	buffer_fini(&from);
	buffer_fini(&to);
	return r > 0 ? log_failure(MUSTER_ERROR_INTERNAL, "the database refuses the contract (%d)", r) : r;
}

int record_notice(struct work *work, const char *kind, struct slice group_id, struct slice reason)
{
	const struct store_notice notice = {
		.tset_no = work->tset.tset_no,
		.kind = slice_from(kind),
		.group_id = group_id,
		.channel = SLICE_LITERAL("group"),
		.reason = reason,
	};

	return reason.data != NULL ? store_notice_add(work->store, &notice) : -ENOMEM;
}
