/*
 * members history: every change of a member, in the order in which muster made them.
 *
 * Read twice: what took a change back comes behind it, and is told beside it, if it was known by then.
 */
#include "cli_internal.h"

#include <errno.h>
#include <stdio.h>

#include "member_out.h"
#include "members.h"
#include "muster/store.h"
#include "muster/text.h"
#include "muster/undo.h"

/* An undo, or what applied the change behind one again. */
struct taken {
	uint64_t tset_no;
	uint32_t member_pos, op_index, by_index;
	int64_t at_ms;
	struct taken *next;
};

struct history_view {
	struct cli *cli;
	struct json json;
	struct taken *taken; /* latest first */
	uint64_t count;
	int64_t known_ms;    /* changes up to then */
	bool unknown;        /* what follows a change not known then was not known either */
};

static bool is_entry(const struct store_change *change)
{
	return slice_is(change->action, "undo") || slice_is(change->action, "redo");
}

static bool is_known(struct history_view *view, const struct store_change *change)
{
	view->unknown = view->unknown || change->at_ms > view->known_ms;
	return !view->unknown;
}

static int note_taken(void *context, const struct store_change *change)
{
	struct history_view *view = context;
	struct taken *taken;

	if (!is_known(view, change) || !is_entry(change))
		return 0;
	taken = arena_alloc(&view->cli->arena, sizeof(*taken));
	if (taken == NULL)
		return -ENOMEM;
	*taken = (struct taken){change->tset_no,  change->member_pos, change->undoes,
				change->op_index, change->at_ms,      view->taken};
	view->taken = taken;
	return 0;
}

/* What took this row back; NULL: nothing that was known. */
static const struct taken *taken_by(const struct history_view *view, const struct store_change *change)
{
	const struct taken *taken = view->taken;

	while (taken != NULL && (taken->tset_no != change->tset_no || taken->member_pos != change->member_pos ||
				 taken->op_index != change->op_index))
		taken = taken->next;
	return taken;
}

/* "F00000001-2-1-1"; empty where nothing took it back. */
static struct slice taken_id(const struct history_view *view, const struct store_change *change,
			     char out[UNDO_ID_BYTES])
{
	const struct taken *taken = taken_by(view, change);
	struct store_change entry = *change;

	if (taken == NULL)
		return SLICE_EMPTY;
	entry.op_index = taken->by_index;
	return slice_from(undo_id_format(&entry, out));
}

static void share_format(const struct store_change *change, char out[16])
{
	snprintf(out, 16, "%u.%06u", change->confidence_e6 / 1000000, change->confidence_e6 % 1000000);
}

/* ---- what a person should know beside it ---- */

struct warnings_out {
	struct cli *cli;
	struct json *json; /* NULL: text */
};

static int history_warning(void *context, const struct store_warning *warning)
{
	struct warnings_out *out = context;

	if (out->json != NULL) {
		json_text(out->json, NULL, warning->text);
		return 0;
	}
	buffer_add_text(&out->cli->out, "    note  ");
	text_add_visible(&out->cli->out, warning->text);
	buffer_add_char(&out->cli->out, '\n');
	return 0;
}

/* ---- text ---- */

static void add_coverage(struct buffer *out, const struct store_change *change)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	if (slice_is_empty(change->plan_id))
		return;
	buffer_printf(out, "  %.*s/%.*s %s to %s", (int)change->group_id.len, change->group_id.data,
		      (int)change->plan_id.len, change->plan_id.data, date_format_iso(change->begins_on, begins),
		      change->ends_on == DATE_NONE ? "open" : date_format_iso(change->ends_on, ends));
}

/* Who or what decided: a rule with its confidence, a person, or both. */
static void add_decider(struct buffer *out, const struct store_change *change)
{
	char share[16];

	share_format(change, share);
	buffer_add_text(out, "    by    ");
	if (!is_entry(change))
		buffer_printf(out, "%.*s, confidence %s", (int)change->match_rule.len, change->match_rule.data, share);
	if (!slice_is_empty(change->operator_id)) {
		buffer_add_text(out, is_entry(change) ? "" : ", decided by ");
		text_add_visible(out, change->operator_id);
	}
	buffer_add_char(out, '\n');
}

static int history_text(struct history_view *view, const struct store_change *change)
{
	struct warnings_out warnings = {view->cli, NULL};
	struct buffer *out = &view->cli->out;
	const struct taken *taken = taken_by(view, change);
	char at[CLOCK_TEXT_BYTES], id[UNDO_ID_BYTES];

	buffer_printf(out, "%s  %s  %.*s", clock_format_rfc3339(change->at_ms, at), undo_id_format(change, id),
		      (int)change->action.len, change->action.data);
	add_coverage(out, change);
	buffer_add_char(out, '\n');
	if (taken != NULL) {
		taken_id(view, change, id);
		buffer_printf(out, "    taken back by %s on %s\n", id, clock_format_rfc3339(taken->at_ms, at));
	}
	if (!slice_is_empty(change->change)) {
		buffer_add_text(out, "    what  ");
		text_add_visible(out, change->change);
		buffer_add_char(out, '\n');
	}
	buffer_printf(out, "    from  ");
	text_add_visible(out, change->origin.file_name);
	buffer_printf(out, " (%.*s), interchange %.*s, set %.*s, record %u, segment %u at byte %llu\n",
		      (int)change->origin.file_id.len, change->origin.file_id.data,
		      (int)change->origin.interchange_control.len, change->origin.interchange_control.data,
		      (int)change->origin.tset_control.len, change->origin.tset_control.data, change->member_pos,
		      change->segment_pos, (unsigned long long)change->offset);
	add_decider(out, change);
	return store_warnings_of_record(view->cli->store, change->tset_no, change->member_pos, history_warning,
					&warnings);
}

/* ---- JSON and CSV ---- */

static int history_json(struct history_view *view, const struct store_change *change)
{
	struct warnings_out warnings = {view->cli, &view->json};
	struct json *json = &view->json;
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES], at[CLOCK_TEXT_BYTES], share[16];
	char id[UNDO_ID_BYTES];
	int r;

	share_format(change, share);
	json_object_begin(json, NULL);
	json_text(json, "at", slice_from(clock_format_rfc3339(change->at_ms, at)));
	json_text(json, "action", change->action);
	json_text(json, "file", change->origin.file_name);
	json_text(json, "file_id", change->origin.file_id);
	json_text(json, "interchange", change->origin.interchange_control);
	json_text(json, "group", change->origin.fgroup_control);
	json_text(json, "set", change->origin.tset_control);
	json_u64(json, "member_pos", change->member_pos);
	json_u64(json, "segment_pos", change->segment_pos);
	json_u64(json, "offset", change->offset);
	json_text_or_null(json, "group_id", change->group_id);
	json_text_or_null(json, "plan_id", change->plan_id);
	json_text_or_null(json, "begins_on", slice_from(date_format_iso(change->begins_on, begins)));
	json_text_or_null(json, "ends_on", slice_from(date_format_iso(change->ends_on, ends)));
	json_raw(json, "confidence", slice_from(share));
	json_text(json, "match_rule", change->match_rule);
	json_text(json, "change", change->change);
	json_text_or_null(json, "operator", change->operator_id);
	json_bool(json, "undone", taken_by(view, change) != NULL);
	json_text(json, "id", slice_from(undo_id_format(change, id)));
	json_array_begin(json, "warnings");
	r = store_warnings_of_record(view->cli->store, change->tset_no, change->member_pos, history_warning, &warnings);
	json_array_end(json);
	json_text_or_null(json, "undone_by", taken_id(view, change, id));
	json_object_end(json);
	return r;
}

static void add_number(struct buffer *out, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	csv_add(out, false, slice_from(text));
}

static void history_csv(struct history_view *view, const struct store_change *change)
{
	struct buffer *out = &view->cli->out;
	char day[DATE_TEXT_BYTES], at[CLOCK_TEXT_BYTES], id[UNDO_ID_BYTES], share[16];

	share_format(change, share);
	csv_add(out, true, slice_from(clock_format_rfc3339(change->at_ms, at)));
	csv_add(out, false, slice_from(undo_id_format(change, id)));
	csv_add(out, false, change->action);
	csv_add_guarded(out, false, change->origin.file_name);
	csv_add(out, false, change->origin.file_id);
	csv_add(out, false, change->origin.interchange_control);
	csv_add(out, false, change->origin.fgroup_control);
	csv_add(out, false, change->origin.tset_control);
	add_number(out, change->member_pos);
	add_number(out, change->segment_pos);
	add_number(out, change->offset);
	csv_add(out, false, change->group_id);
	csv_add(out, false, change->plan_id);
	csv_add(out, false, slice_from(date_format_iso(change->begins_on, day)));
	csv_add(out, false, slice_from(date_format_iso(change->ends_on, day)));
	csv_add(out, false, slice_from(share));
	csv_add(out, false, change->match_rule);
	csv_add_guarded(out, false, change->change);
	csv_add_guarded(out, false, change->operator_id);
	csv_add(out, false, taken_id(view, change, id));
	csv_end_record(out);
}

/* ---- the verb ---- */

static int history_row(void *context, const struct store_change *change)
{
	struct history_view *view = context;
	int r = 0;

	if (!is_known(view, change))
		return 0;
	view->count++;
	switch (view->cli->options.format) {
	case CLI_TEXT:
		r = history_text(view, change);
		break;
	case CLI_CSV:
		history_csv(view, change);
		break;
	case CLI_JSON:
	case CLI_NDJSON:
		r = history_json(view, change);
		if (view->cli->options.format == CLI_NDJSON)
			buffer_add_char(&view->cli->out, '\n');
		break;
	}
	return r != 0 ? r : cli_flush_some(view->cli);
}

static void history_head(struct history_view *view, const struct member *member)
{
	struct buffer *out = &view->cli->out;

	json_init(&view->json, out, view->cli->options.format == CLI_JSON);
	if (view->cli->options.format == CLI_JSON)
		json_array_begin(&view->json, NULL);
	if (view->cli->options.format == CLI_CSV)
		buffer_add_text(
			out, "at,id,action,file,file_id,interchange,group,set,member_pos,segment_pos,offset,group_id,"
			     "plan_id,begins_on,ends_on,confidence,match_rule,change,operator,undone_by\r\n");
	if (view->cli->options.format == CLI_TEXT)
		member_out_heading(view->cli, member);
}

int members_history(struct cli *cli)
{
	struct history_view view = {.cli = cli};
	const struct member *member;
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "history wants one member number");
	r = members_known_at(cli, &view.known_ms);
	if (r == 0)
		r = members_get(cli, &member);
	if (r == 0)
		r = store_changes_of_member(cli->store, member->member_no, note_taken, &view);
	if (r < 0)
		return r;
	view.unknown = false;
	history_head(&view, member);
	r = store_changes_of_member(cli->store, member->member_no, history_row, &view);
	if (cli->options.format == CLI_JSON) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	}
	if (r == 0 && view.count == 0)
		cli_say(cli, view.known_ms != INT64_MAX ? "no file had changed this member by then"
							  : "no file has changed this member since it was loaded");
	return r;
}
