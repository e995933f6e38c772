/*
 * Views of groups: list, show, roster (BUSINESS B9). Shapes: CONTRACT section 6.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "member_out.h"
#include "muster/store.h"

struct groups_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
	date_day on;
	uint64_t subscribers, dependents;
	bool with_links; /* of one contract: with which others it belongs together */
};

/* Contracts that were separated from one another, or linked: either way, and those of the same first contract. */
struct linked_view {
	struct groups_view *view;
	const struct group *group;
	bool any;
};

static bool is_linked(const struct group *group, const struct group *other)
{
	struct slice first = group->linked_group_id;

	if (slice_equal(group->group_id, other->group_id))
		return false;
	return slice_equal(other->linked_group_id, group->group_id) || slice_equal(other->group_id, first) ||
	       (first.len > 0 && slice_equal(other->linked_group_id, first));
}

static int linked_row(void *context, const struct group *other)
{
	struct linked_view *linked = context;
	struct groups_view *view = linked->view;

	if (!is_linked(linked->group, other))
		return 0;
	if (view->cli->options.format != CLI_TEXT) {
		json_text(&view->json, NULL, other->group_id);
	} else {
		buffer_printf(&view->cli->out, "%s%.*s (%.*s)", linked->any ? ", " : "linked with: ",
			      (int)other->group_id.len, other->group_id.data, (int)other->region.len,
			      other->region.len > 0 ? other->region.data : "");
	}
	linked->any = true;
	return 0;
}

static int group_links(struct groups_view *view, const struct group *group)
{
	struct linked_view linked = {view, group, false};
	int r;

	if (view->cli->options.format != CLI_TEXT)
		json_array_begin(&view->json, "linked_groups");
	r = store_groups_each(view->cli->store, linked_row, &linked);
	if (view->cli->options.format != CLI_TEXT)
		json_array_end(&view->json);
	else if (linked.any)
		buffer_add_char(&view->cli->out, '\n');
	return r;
}

static int group_json(struct groups_view *view, const struct group *group, uint64_t members, uint64_t subscribers)
{
	static const char *const cobra[] = {"self", "tpa", "plan"};
	struct json *json = &view->json;
	char text[DATE_TEXT_BYTES];
	int r;

	json_object_begin(json, NULL);
	json_text(json, "group_id", group->group_id);
	json_text(json, "name", group->name);
	json_text_or_null(json, "region", group->region);
	json_text(json, "status", slice_from(group->status == GROUP_ACTIVE ? "active" : "terminated"));
	json_text_or_null(json, "effective_on", slice_from(date_format_iso(group->effective_on, text)));
	json_text_or_null(json, "terminates_on", slice_from(date_format_iso(group->terminates_on, text)));
	json_text(json, "cobra_admin", slice_from(cobra[group->cobra_admin]));
	json_i64(json, "renewal_month", group->renewal_month);
	json_i64(json, "billing_day", group->billing_day);
	json_bool(json, "paper_bill", group->paper_bill);
	json_text_or_null(json, "broker_id", group->broker_id);
	json_text_or_null(json, "sponsor_id", group->sponsor_id);
	json_text_or_null(json, "linked_group_id", group->linked_group_id);
	json_u64(json, "active_members", members);
	json_u64(json, "active_subscribers", subscribers);
	json_null(json, "balance_due");
	r = view->with_links ? group_links(view, group) : 0;
	json_object_end(json);
	return r;
}

static int group_row(void *context, const struct group *group)
{
	struct groups_view *view = context;
	uint64_t members, subscribers;
	char count[32], text[DATE_TEXT_BYTES];
	int r = store_group_active_count(view->cli->store, group->group_id, view->on, &members, &subscribers);

	if (r < 0)
		return r;
	if (view->cli->options.format != CLI_TEXT) {
		r = group_json(view, group, members, subscribers);
		return r < 0 ? r : cli_flush_some(view->cli);
	}
	cli_table_cell(&view->table, group->group_id);
	cli_table_cell(&view->table, member_out_visible(view->cli, group->name));
	cli_table_cell(&view->table, group->region);
	cli_table_cell(&view->table, slice_from(group->status == GROUP_ACTIVE ? "active" : "terminated"));
	cli_table_cell(&view->table, slice_from(date_format_iso(group->effective_on, text)));
	cli_table_cell(&view->table, slice_from(date_format_iso(group->terminates_on, text)));
	snprintf(count, sizeof(count), "%llu", (unsigned long long)subscribers);
	cli_table_cell(&view->table, slice_from(count));
	snprintf(count, sizeof(count), "%llu", (unsigned long long)members);
	cli_table_cell(&view->table, slice_from(count));
	return view->table.error;
}

static const char *const group_titles[] = {"group", "name", "region", "status", "from", "to", "subscribers", "members"};

static int groups_list(struct groups_view *view)
{
	struct cli *cli = view->cli;
	int r;

	if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view->table, cli, 8, group_titles);
	else
		json_array_begin(&view->json, NULL);
	r = store_groups_each(cli->store, group_row, view);
	if (cli->options.format == CLI_TEXT)
		return r < 0 ? r : cli_table_end(&view->table);
	json_array_end(&view->json);
	buffer_add_char(&cli->out, '\n');
	return r;
}

static int groups_known(struct cli *cli, const struct group **ret_group)
{
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "%s wants one group number", cli->subverb);
	r = store_group_get(cli->store, slice_from(cli->arguments[0]), &cli->arena, ret_group);
	if (r == 0 && *ret_group == NULL)
		r = cli_failed(cli, -ENOENT, "there is no group %s", cli->arguments[0]);
	return r;
}

static int groups_show(struct groups_view *view)
{
	struct cli *cli = view->cli;
	const struct group *group;
	int r = groups_known(cli, &group);

	if (r < 0)
		return r;
	if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view->table, cli, 8, group_titles);
	view->with_links = true;
	r = group_row(view, group);
	if (cli->options.format != CLI_TEXT) {
		buffer_add_char(&cli->out, '\n');
		return r;
	}
	if (r == 0)
		r = cli_table_end(&view->table);
	if (r == 0)
		r = group_links(view, group);
	buffer_add_text(&cli->out, "balance due: no bills are made by this version\n");
	return r;
}

/* ---- roster ---- */

static void roster_cells(struct groups_view *view, const struct member *member)
{
	char birth[DATE_TEXT_BYTES];

	cli_table_cell(&view->table, member_out_family(view->cli, member));
	cli_table_cell(&view->table, member->member_id);
	cli_table_cell(&view->table, member->relationship);
	cli_table_cell(&view->table, member_out_visible(view->cli, member->last_name));
	cli_table_cell(&view->table, member_out_visible(view->cli, member->first_name));
	cli_table_cell(&view->table, slice_from(date_format_iso(member->birth_on, birth)));
	cli_table_cell(&view->table, member_out_coverage(view->cli, member));
}

static void roster_csv_row(struct groups_view *view, const struct member *member, const struct coverage_span *span)
{
	struct buffer *out = &view->cli->out;
	char text[DATE_TEXT_BYTES];

	csv_add(out, true, member->subscriber_id);
	csv_add(out, false, member->member_id);
	csv_add(out, false, member->relationship);
	csv_add_guarded(out, false, member->last_name);
	csv_add_guarded(out, false, member->first_name);
	csv_add(out, false, slice_from(date_format_iso(member->birth_on, text)));
	csv_add(out, false, span->plan_id);
	csv_add(out, false, span->insurance_line);
	csv_add(out, false, span->tier);
	csv_add(out, false, slice_from(date_format_iso(span->begins_on, text)));
	csv_add(out, false, slice_from(date_format_iso(span->ends_on, text)));
	csv_end_record(out);
}

static void roster_csv(struct groups_view *view, const struct member *member)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (span_covers(&member->spans[i], view->on))
			roster_csv_row(view, member, &member->spans[i]);
}

static void roster_json(struct groups_view *view, const struct member *const *members, uint32_t count)
{
	bool unmasked = view->cli->options.unmasked;
	uint32_t i;

	member_out_json_open(&view->json, NULL, members[0], view->on, unmasked);
	json_array_begin(&view->json, "dependents");
	for (i = 1; i < count; i++)
		member_out_json(&view->json, NULL, members[i], view->on, unmasked);
	json_array_end(&view->json);
	json_object_end(&view->json);
}

static int roster_family(void *context, const struct member *const *members, uint32_t count)
{
	struct groups_view *view = context;
	uint32_t i;

	view->subscribers++;
	view->dependents += count - 1;
	switch (view->cli->options.format) {
	case CLI_JSON:
	case CLI_NDJSON:
		roster_json(view, members, count);
		break;
	case CLI_CSV:
		for (i = 0; i < count; i++)
			roster_csv(view, members[i]);
		break;
	case CLI_TEXT:
		for (i = 0; i < count; i++)
			roster_cells(view, members[i]);
		break;
	}
	return cli_flush_some(view->cli);
}

static int groups_roster(struct groups_view *view)
{
	static const char *const titles[] = {"subscriber", "member", "rel",     "last name",
					     "first name", "born",   "coverage"};
	struct cli *cli = view->cli;
	const struct group *group;
	int r = groups_known(cli, &group);

	if (r < 0)
		return r;
	if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view->table, cli, 7, titles);
	else if (cli->options.format == CLI_CSV)
		buffer_add_text(
			&cli->out,
			"subscriber_id,member_id,relationship,last_name,first_name,birth_on,plan_id,insurance_line,"
			"tier,begins_on,ends_on\r\n");
	else
		json_array_begin(&view->json, NULL);
	r = store_roster(cli->store, group->group_id, view->on, roster_family, view);
	if (cli->options.format == CLI_TEXT && r == 0) {
		r = cli_table_end(&view->table);
		buffer_printf(&cli->out, "%llu subscribers, %llu dependents\n", (unsigned long long)view->subscribers,
			      (unsigned long long)view->dependents);
	} else if (cli->options.format != CLI_CSV && cli->options.format != CLI_TEXT) {
		json_array_end(&view->json);
		buffer_add_char(&cli->out, '\n');
	}
	return r;
}

int cli_groups(struct cli *cli)
{
	struct groups_view view = {.cli = cli};
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	if (!cli_on_date(cli, &view.on))
		return MUSTER_ERROR_USAGE;
	if (strcmp(cli->subverb, "list") != 0 && strcmp(cli->subverb, "show") != 0 &&
	    strcmp(cli->subverb, "roster") != 0)
		return cli_orders(cli);
	json_init(&view.json, &cli->out, cli->options.format == CLI_JSON);
	if (strcmp(cli->subverb, "list") == 0)
		return groups_list(&view);
	return strcmp(cli->subverb, "show") == 0 ? groups_show(&view) : groups_roster(&view);
}
