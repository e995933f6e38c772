/*
 * The records of changes taken back: compensating entries, ledger, queue, tallies, and the lines of remittances.
 */
#include <stdio.h>

#include "incoming.h"
#include "muster/json.h"
#include "muster/log.h"
#include "undo_work.h"

/* ---- rows ---- */

bool undo_is_in_force(const struct store_change *change)
{
	return !change->undone && !slice_is(change->action, "undo") && !slice_is(change->action, "no_change");
}

bool undo_is_money(const struct store_change *change)
{
	struct slice line;

	return slice_is(change->action, "post") || json_find(change->before, "line", &line);
}

bool undo_is_group(const struct store_change *change)
{
	return change->member_no == 0 && change->member_pos == 0 && !undo_is_money(change);
}

static bool is_in_scope(const struct undo_scope *scope, const struct store_change *change)
{
	return change->origin.file_no == scope->file_no &&
	       (scope->tset_no == 0 || change->tset_no == scope->tset_no) &&
	       (scope->member_pos == 0 || change->member_pos == scope->member_pos);
}

bool undo_is_part(const struct undo_scope *scope, const struct store_change *change)
{
	return !scope->one && is_in_scope(scope, change);
}

bool undo_selects(const struct undo_scope *scope, const struct store_change *change)
{
	if (change->undone || slice_is(change->action, "no_change") || !is_in_scope(scope, change))
		return false;
	if (scope->one)
		return change->op_index == scope->op_index;
	return slice_is(change->action, "undo") == scope->redo;
}

char *undo_id_format(const struct store_change *change, char out[UNDO_ID_BYTES])
{
	snprintf(out, UNDO_ID_BYTES, "%.*s-%u-%u-%u", (int)change->origin.file_id.len, change->origin.file_id.data,
		 change->origin.tset_ordinal, change->member_pos, change->op_index);
	return out;
}

/* The change behind an undo, or an undo of an undo: what it is all about. */
static int find_root(struct undo *undo, const struct store_change *change, const struct store_change **ret_root)
{
	int r = 0;

	*ret_root = change;
	while (r == 0 && *ret_root != NULL &&
	       (slice_is((*ret_root)->action, "undo") || slice_is((*ret_root)->action, "redo")))
		r = store_change_get(undo->request->store, change->tset_no, change->member_pos, (*ret_root)->undoes,
				     &undo->arena, ret_root);
	if (r == 0 && *ret_root == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "undo: an entry takes back one that is not there");
	return r;
}

static struct slice entry_words(struct undo *undo, const struct store_change *root, bool again)
{
	char id[UNDO_ID_BYTES];

	return arena_printf(&undo->arena, "%s %s (%.*s)%s%.*s", again ? "applies again" : "takes back",
			    undo_id_format(root, id), (int)root->action.len, root->action.data,
			    root->change.len > 0 ? ": " : "", (int)root->change.len, root->change.data);
}

int undo_add_entry(struct undo *undo, const struct store_change *taken, const struct member *member,
                   struct slice before, struct slice after)
{
	const struct undo_request *request = undo->request;
	bool again = slice_is(taken->action, "undo");
	const struct store_change *root;
	struct store_change entry = *taken;
	int r = find_root(undo, taken, &root);

	if (r < 0)
		return r;
	entry.action = again ? SLICE_LITERAL("redo") : SLICE_LITERAL("undo");
	entry.match_rule = entry.action;
	entry.undoes = taken->op_index;
	entry.undone = false;
	entry.operator_id = request->operator_id;
	entry.at_ms = request->at_ms;
	entry.before = before;
	entry.after = after;
	entry.change = entry_words(undo, root, again);
	if (member != NULL)
		entry.subscriber_id = member->subscriber_id;
	if (entry.change.data == NULL)
		return -ENOMEM;
	r = store_change_next_index(request->store, taken->tset_no, taken->member_pos, &entry.op_index);
	if (r == 0)
		r = store_change_set_undone(request->store, taken->tset_no, taken->member_pos, taken->op_index);
	if (r == 0)
		r = store_change_add(request->store, &entry);
	origin_hash_change(&undo->payload, &entry);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* ---- may a record be applied again? ---- */

struct again {
	struct undo *undo;
	uint32_t root_index;        /* of the change that is to be applied again */
	const struct store_change *other; /* another application of the record that is in force */
};

static int again_look(void *context, const struct store_change *change)
{
	struct again *again = context;
	const struct store_change *root;
	int r;

	if (!undo_is_in_force(change))
		return 0;
	r = find_root(again->undo, change, &root);
	/* Rows of the first application come before its undo, those of another one behind it. */
	if (r != 0 || root->op_index <= again->root_index)
		return r;
	return store_change_get(again->undo->request->store, change->tset_no, change->member_pos, change->op_index,
				&again->undo->arena, &again->other);
}

int undo_check_again(struct undo *undo, const struct store_change *change, bool *ret_ok)
{
	struct again again = {.undo = undo, .root_index = change->op_index};
	struct store *store = undo->request->store;
	enum store_record_outcome outcome;
	int r = store_ledger_get(store, change->tset_no, change->member_pos, &outcome);

	*ret_ok = false;
	if (r == 0)
		r = store_changes_of_record(store, change->tset_no, change->member_pos, again_look, &again);
	if (r != 0)
		return r;
	if (again.other != NULL)
		return undo_block(undo, change, "the record has been applied another way since", again.other);
	if (outcome == STORE_RECORD_REJECTED)
		return undo_block(undo, change, "the record has been rejected since", NULL);
	*ret_ok = true;
	return 0;
}

/* ---- may a record wait again? ---- */

int undo_check_waits(struct undo *undo, const struct store_change *change, bool *ret_ok)
{
	const struct store_exception *item = NULL;
	char id[STORE_ITEM_ID_BYTES];
	int r = 0;

	*ret_ok = true;
	if (!undo->original_removed)
		return 0;
	store_item_id_format(change->origin.file_no, change->origin.tset_ordinal, change->member_pos, id);
	if (!undo_is_money(change))
		r = store_exception_get(undo->request->store, slice_from(id), &undo->arena, &item);
	if (r < 0 || (item == NULL && !undo_is_money(change)))
		return r;
	*ret_ok = false;
	return undo_block(undo, change, "it would wait for a representative again, and its original is no longer kept",
			  NULL);
}

/* ---- ledger, queue, tallies ---- */

static int set_of(struct undo *undo, uint64_t tset_no, struct undo_set **ret_set)
{
	const struct store_tset *stored;
	struct undo_set *set;
	int r;

	for (set = undo->sets; set != NULL; set = set->next) {
		if (set->row.tset_no == tset_no) {
			*ret_set = set;
			return 0;
		}
	}
	set = arena_alloc(&undo->chunk_arena, sizeof(*set));
	if (set == NULL)
		return -ENOMEM;
	r = store_tset_get(undo->request->store, tset_no, &undo->chunk_arena, &stored);
	if (r < 0)
		return r;
	set->row = *stored;
	set->next = undo->sets;
	undo->sets = set;
	*ret_set = set;
	return 0;
}

static void tally_move(struct store_tally *tally, enum store_record_outcome outcome, uint64_t records, cents amount)
{
	switch (outcome) {
	case STORE_RECORD_APPLIED:
		tally->members_applied += records;
		tally->money_posted += amount;
		break;
	case STORE_RECORD_NO_CHANGE:
		tally->members_no_change += records;
		break;
	case STORE_RECORD_EXCEPTION:
		tally->members_exception += records;
		tally->money_suspended += amount;
		break;
	case STORE_RECORD_REJECTED:
	case STORE_RECORD_UNDONE:
		tally->members_rejected += records;
		tally->money_rejected += amount;
		break;
	case STORE_RECORD_NONE:
	case STORE_RECORD_DUPLICATE:
	case STORE_RECORD_HELD:
	case STORE_RECORD_OUTCOME_COUNT:
		break;
	}
}

static int count_in_force(void *context, const struct store_change *change)
{
	uint32_t *count = context;

	*count += undo_is_in_force(change);
	return 0;
}

/* The item goes back to the representatives, or is solved again. */
static int item_turn(struct undo *undo, const struct store_exception *stored, bool open)
{
	struct store_exception item = *stored;
	int r;

	item.status = open ? STORE_EXCEPTION_OPEN : STORE_EXCEPTION_RESOLVED;
	item.operator_id = undo->request->operator_id;
	item.lease_until_ms = 0;
	if (open)
		item.decision = SLICE_EMPTY;
	r = store_exception_update(undo->request->store, &item);
	if (r == 0 && open)
		r = store_labels_withdraw(undo->request->store, item.exception_no);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* The suspended line as a representative sees it: what its row still says. */
static void line_incoming(struct buffer *out, const struct store_remittance_line *line)
{
	char day[DATE_TEXT_BYTES], amount[MONEY_TEXT_BYTES];
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "reference_qualifier", line->reference_qualifier);
	json_text(&json, "reference", line->reference);
	json_text(&json, "trace", line->trace);
	json_text(&json, "amount", slice_from(money_format(line->amount, amount)));
	if (line->has_billed)
		json_text(&json, "billed", slice_from(money_format(line->billed, amount)));
	if (line->period_begin != DATE_NONE)
		json_text(&json, "period_begin", slice_from(date_format_iso(line->period_begin, day)));
	if (line->period_end != DATE_NONE)
		json_text(&json, "period_end", slice_from(date_format_iso(line->period_end, day)));
	json_object_end(&json);
}

/* Money without a place waits for somebody: also where it was posted without ever having waited. */
static int item_make(struct undo *undo, const struct store_remittance_line *line, struct slice item_id)
{
	struct store_exception item = {
		.item_id = item_id,
		.file_no = undo->request->scope.file_no,
		.tset_no = line->tset_no,
		.member_pos = line->line_pos,
		.category = CATEGORY_UNKNOWN_PAYER,
		.reason = SLICE_LITERAL("The posting of this payment was taken back: whose is it?"),
		.created_ms = undo->request->at_ms,
		.due_ms = undo->request->due_ms,
		.status = STORE_EXCEPTION_OPEN,
		.segment_pos = line->segment_pos,
		.offset = line->offset,
	};
	struct buffer incoming;
	int r;

	buffer_init(&incoming, undo->request->env);
	line_incoming(&incoming, line);
	item.incoming = buffer_slice(&incoming);
	r = incoming.error != 0 ? incoming.error : store_exception_add(undo->request->store, &item);
	buffer_fini(&incoming);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* What the record is now that nothing (or something) of it is in force, and its item with it. */
static int settle_outcome(struct undo *undo, const struct undo_set *set, uint32_t member_pos, bool in_force,
                          const struct store_remittance_line *line, enum store_record_outcome *ret_outcome)
{
	const struct store_exception *item;
	char id[STORE_ITEM_ID_BYTES];
	int r;

	store_item_id_format(set->row.file_no, set->row.ordinal, member_pos, id);
	r = store_exception_get(undo->request->store, slice_from(id), &undo->arena, &item);
	*ret_outcome = in_force ? STORE_RECORD_APPLIED : STORE_RECORD_EXCEPTION;
	if (r == 0 && item != NULL)
		return item_turn(undo, item, !in_force);
	if (r == 0 && line != NULL && !in_force)
		return item_make(undo, line, slice_from(id));
	if (!in_force)
		*ret_outcome = STORE_RECORD_UNDONE;
	return r;
}

int undo_settle(struct undo *undo, uint64_t tset_no, uint32_t member_pos, const struct store_remittance_line *line)
{
	struct store *store = undo->request->store;
	cents amount = line != NULL ? line->amount : 0;
	enum store_record_outcome was, is = STORE_RECORD_NONE;
	struct undo_set *set;
	uint32_t in_force = 0;
	int r = store_ledger_get(store, tset_no, member_pos, &was);

	if (r == 0)
		r = store_changes_of_record(store, tset_no, member_pos, count_in_force, &in_force);
	if (r != 0 || was == STORE_RECORD_NO_CHANGE || (was == STORE_RECORD_APPLIED) == (in_force > 0))
		return r;
	r = set_of(undo, tset_no, &set);
	if (r == 0)
		r = settle_outcome(undo, set, member_pos, in_force > 0, line, &is);
	if (r == 0)
		r = store_ledger_update(store, tset_no, member_pos, is);
	/* An order about a contract is no record of a member; nor is who was left out of a full file, behind the last one. */
	if (r != 0 || member_pos == 0 || member_pos > set->row.tally.members_read)
		return r > 0 ? MUSTER_ERROR_INTERNAL : r;
	/* Unsigned: one less is the same as so many more. */
	tally_move(&set->row.tally, was, UINT64_MAX, -amount);
	tally_move(&set->row.tally, is, 1, amount);
	return 0;
}

/* ---- remittances ---- */

static void line_json(struct buffer *out, const struct store_remittance_line *line)
{
	char day[DATE_TEXT_BYTES];
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_object_begin(&json, "line");
	json_text(&json, "status", slice_from(store_payment_status_name(line->status)));
	json_text(&json, "group_id", line->group_id);
	json_text_or_null(&json, "pending_until", slice_from(date_format_iso(line->pending_until, day)));
	json_text(&json, "rule", line->rule);
	json_text(&json, "reason", line->reason);
	json_object_end(&json);
	json_object_end(&json);
}

static struct slice line_text(struct undo *undo, struct slice object, const char *key)
{
	struct slice value;

	return json_find(object, key, &value) ? json_decode(&undo->arena, value) : SLICE_EMPTY;
}

/* The line as it was posted: from the entry that took the posting back. */
static void line_posted(struct undo *undo, const struct store_change *entry, struct store_remittance_line *line)
{
	struct slice object, day;

	if (!json_find(entry->before, "line", &object))
		return;
	line->status = slice_is(line_text(undo, object, "status"), "pending") ? STORE_PAYMENT_PENDING
									       : STORE_PAYMENT_POSTED;
	line->group_id = line_text(undo, object, "group_id");
	line->member_no = entry->member_no;
	line->rule = line_text(undo, object, "rule");
	line->reason = line_text(undo, object, "reason");
	day = line_text(undo, object, "pending_until");
	if (slice_is_empty(day) || !date_parse_iso(day, &line->pending_until))
		line->pending_until = DATE_NONE;
}

static void line_suspended(struct store_remittance_line *line)
{
	line->status = STORE_PAYMENT_SUSPENDED;
	line->group_id = SLICE_EMPTY;
	line->member_no = 0;
	line->pending_until = DATE_NONE;
	line->rule = SLICE_LITERAL("undo");
	line->reason = SLICE_LITERAL("The posting was taken back.");
}

static int line_keep(struct undo *undo, const struct store_change *taken, const struct store_remittance_line *before,
                     const struct store_remittance_line *after)
{
	struct buffer was, is;
	int r = store_remittance_line_update(undo->request->store, after);

	buffer_init(&was, undo->request->env);
	buffer_init(&is, undo->request->env);
	line_json(&was, before);
	line_json(&is, after);
	if (r == 0)
		r = was.error != 0 ? was.error : is.error;
	if (r == 0)
		r = undo_add_entry(undo, taken, NULL, buffer_slice(&was), buffer_slice(&is));
	if (r == 0)
		r = undo_settle(undo, taken->tset_no, taken->member_pos, after);
	buffer_fini(&was);
	buffer_fini(&is);
	undo->chunk_changes++;
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* A line stands as its last posting left it, or the change is not the last one. */
static bool line_fits(const struct store_change *taken, const struct store_remittance_line *line, bool again)
{
	bool posted = line->status == STORE_PAYMENT_POSTED || line->status == STORE_PAYMENT_PENDING;

	return again ? line->status == STORE_PAYMENT_SUSPENDED : posted && line->member_no == taken->member_no;
}

int undo_line(struct undo *undo, const struct undo_entry *entry)
{
	const struct undo_request *request = undo->request;
	const struct store_remittance_line *line;
	const struct store_change *taken;
	struct store_remittance_line after;
	bool again, ok = true;
	int r = store_change_get(request->store, entry->tset_no, entry->member_pos, entry->op_index, &undo->arena,
				 &taken);

	if (r == 0)
		r = store_remittance_line_get(request->store, entry->tset_no, entry->member_pos, &undo->arena, &line);
	if (r == 0 && (taken == NULL || line == NULL))
		return log_failure(MUSTER_ERROR_INTERNAL, "undo: a posting without its line");
	if (r != 0)
		return r;
	again = slice_is(taken->action, "undo");
	r = again ? undo_check_again(undo, taken, &ok) : undo_check_waits(undo, taken, &ok);
	if (r != 0 || !ok)
		return r;
	if (!line_fits(taken, line, again))
		return undo_block(undo, taken, "the payment has been placed otherwise since", NULL);
	if (!undo->write) {
		undo->totals.changes++;
		undo->totals.lines++;
		return request->change != NULL ? request->change(request->context, taken) : 0;
	}
	after = *line;
	if (again)
		line_posted(undo, taken, &after);
	else
		line_suspended(&after);
	return line_keep(undo, taken, line, &after);
}

/* ---- the end of a transaction ---- */

static int end_audit(struct undo *undo)
{
	const struct undo_request *request = undo->request;
	const struct undo_scope *scope = &request->scope;
	char file_id[STORE_FILE_ID_BYTES], subject[UNDO_ID_BYTES], text[96];
	struct store_audit audit = {.kind = scope->redo ? SLICE_LITERAL("redo") : SLICE_LITERAL("undo"),
				    .actor = request->operator_id};
	int len = snprintf(subject, sizeof(subject), "%s", store_file_id_format(scope->file_no, file_id));

	if (scope->tset_ordinal != 0)
		len += snprintf(subject + len, sizeof(subject) - (size_t)len, "-%u", scope->tset_ordinal);
	if (scope->member_pos != 0)
		len += snprintf(subject + len, sizeof(subject) - (size_t)len, "-%u", scope->member_pos);
	if (scope->one)
		snprintf(subject + len, sizeof(subject) - (size_t)len, "-%u", scope->op_index);
	snprintf(text, sizeof(text), "%llu changes of %llu members %s", (unsigned long long)undo->chunk_changes,
		 (unsigned long long)undo->chunk_members, scope->redo ? "applied again" : "taken back");
	audit.subject = slice_from(subject);
	audit.text = slice_from(text);
	hash_content_final(&undo->payload, &audit.payload);
	return store_audit_append(request->store, &audit);
}

int undo_end_chunk(struct undo *undo)
{
	struct store *store = undo->request->store;
	const struct store_file *stored;
	const struct undo_set *set;
	struct store_file file;
	int r = 0;

	for (set = undo->sets; r == 0 && set != NULL; set = set->next)
		r = store_tset_update(store, &set->row);
	if (r == 0 && undo->sets != NULL) {
		r = store_file_get(store, undo->request->scope.file_no, &undo->chunk_arena, &stored);
		if (r == 0) {
			file = *stored;
			r = store_file_tally(store, file.file_no, &file.tally);
		}
		if (r == 0)
			r = store_file_update(store, &file);
	}
	if (r == 0)
		r = end_audit(undo);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
