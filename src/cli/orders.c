/*
 * Orders about contracts (BUSINESS B11-B18): terminate, reinstate, separate, link; and the regions of groups.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "muster/batch.h"
#include "muster/contract.h"
#include "muster/outputs.h"
#include "muster/path.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "muster/text.h"
#include "process.h"

#define DAY_MS (24 * 3600 * 1000LL)

/* ---- regions ------------------------------------------------------------------------------------------------- */

struct regions_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
	date_day on;
	bool all; /* of one group: every region, not only those over the line */
};

static void region_row(struct regions_view *view, const struct group *group, const struct contract_region *region)
{
	char count[32];

	if (view->cli->options.format != CLI_TEXT) {
		json_object_begin(&view->json, NULL);
		json_text(&view->json, "group_id", group->group_id);
		json_text(&view->json, "group_region", group->region);
		json_text(&view->json, "region", region->region);
		json_u64(&view->json, "subscribers", region->subscribers);
		json_bool(&view->json, "may_have_to_separate", region->must_separate);
		json_object_end(&view->json);
		return;
	}
	snprintf(count, sizeof(count), "%llu", (unsigned long long)region->subscribers);
	cli_table_cell(&view->table, group->group_id);
	cli_table_cell(&view->table, group->region);
	cli_table_cell(&view->table, region->region);
	cli_table_cell(&view->table, slice_from(count));
	cli_table_cell(&view->table, slice_from(region->must_separate ? "may have to separate" : ""));
}

static int regions_group(void *context, const struct group *group)
{
	struct regions_view *view = context;
	struct contract_region regions[CONTRACT_REGIONS_MAX];
	uint32_t count, i;
	int r;

	if (!view->all && group->status != GROUP_ACTIVE)
		return 0;
	r = contract_regions(view->cli->store, group, view->on, regions, &count);
	for (i = 0; r == 0 && i < count; i++)
		if (view->all || regions[i].must_separate)
			region_row(view, group, &regions[i]);
	return r;
}

static int unknown_group(struct cli *cli, const char *group_id)
{
	return cli_failed(cli, -ENOENT, "there is no group %s", group_id);
}

static int regions_rows(struct regions_view *view)
{
	struct cli *cli = view->cli;
	const struct group *group;
	int r;

	if (!view->all)
		return store_groups_each(cli->store, regions_group, view);
	r = store_group_get(cli->store, slice_from(cli->arguments[0]), &cli->arena, &group);
	if (r == 0 && group == NULL)
		return unknown_group(cli, cli->arguments[0]);
	return r == 0 ? regions_group(view, group) : r;
}

static int regions_show(struct cli *cli)
{
	static const char *const titles[] = {"group", "of region", "region", "subscribers", ""};
	struct regions_view view = {.cli = cli, .all = cli->argument_count == 1};
	int r;

	if (cli->argument_count > 1)
		return cli_usage_error(cli, "regions wants one group number, or none");
	if (!cli_on_date(cli, &view.on))
		return MUSTER_ERROR_USAGE;
	if (cli->options.format == CLI_TEXT) {
		cli_table_begin(&view.table, cli, 5, titles);
		r = regions_rows(&view);
		return r < 0 ? r : cli_table_end(&view.table);
	}
	json_init(&view.json, &cli->out, cli->options.format == CLI_JSON);
	json_array_begin(&view.json, NULL);
	r = regions_rows(&view);
	json_array_end(&view.json);
	buffer_add_char(&cli->out, '\n');
	return r;
}

/* ---- orders -------------------------------------------------------------------------------------------------- */

static bool is_kind(const char *subverb, enum store_order_kind *ret_kind)
{
	int kind;

	for (kind = 0; kind < STORE_ORDER_KIND_COUNT; kind++) {
		if (strcmp(subverb, store_order_kind_name((enum store_order_kind)kind)) != 0)
			continue;
		*ret_kind = (enum store_order_kind)kind;
		return true;
	}
	return false;
}

/* What each order wants on its command line. */
static int order_arguments(struct cli *cli, struct contract_order *order)
{
	int wanted = order->kind == STORE_ORDER_LINK ? 2 : 1;

	if (cli->argument_count != wanted)
		return cli_usage_error(cli, "%s wants %s", cli->subverb,
				       wanted == 2 ? "two group numbers" : "one group number");
	order->group_id = slice_from(cli->arguments[0]);
	order->on = DATE_NONE;
	if (order->kind == STORE_ORDER_LINK) {
		order->other_group_id = slice_from(cli->arguments[1]);
		return 0;
	}
	if (order->kind != STORE_ORDER_REINSTATE && cli->options.on == NULL)
		return cli_usage_error(cli, "%s wants its day: --on DATE", cli->subverb);
	if (!cli_on_date(cli, &order->on))
		return MUSTER_ERROR_USAGE;
	if (order->kind != STORE_ORDER_SEPARATE)
		return 0;
	if (cli->options.region == NULL || cli->options.to == NULL || cli->options.region[0] == '\0' ||
	    cli->options.to[0] == '\0')
		return cli_usage_error(cli, "separate wants --region CODE and --to GROUP");
	order->region = slice_from(cli->options.region);
	order->other_group_id = slice_from(cli->options.to);
	return 0;
}

static void order_report(struct cli *cli, const struct contract_order *order, const struct contract_report *report)
{
	char day[DATE_TEXT_BYTES];

	buffer_printf(&cli->out, "%s %s: ", cli->subverb, cli->arguments[0]);
	if (report->repeated) {
		buffer_add_text(&cli->out, "carried out before; nothing was changed\n");
		return;
	}
	text_add_count(&cli->out, report->members, "member");
	buffer_add_text(&cli->out, ", ");
	text_add_count(&cli->out, report->spans, "coverage");
	buffer_add_text(&cli->out, order->dry_run ? " would change; nothing was done\n" : " changed\n");
	if (order->kind == STORE_ORDER_SEPARATE)
		buffer_printf(&cli->out, "records under the old number are understood until %s\n",
			      date_format_iso(report->reroute_until, day));
	if (report->kept > 0)
		buffer_printf(&cli->out, "%u members were changed since and stay as they are\n", report->kept);
	if (report->note.len > 0)
		buffer_printf(&cli->out, "note: %.*s\n", (int)report->note.len, report->note.data);
}

static void order_json(struct cli *cli, const struct contract_order *order, const struct contract_report *report)
{
	char id[STORE_FILE_ID_BYTES], day[DATE_TEXT_BYTES];
	struct json json;

	json_init(&json, &cli->out, cli->options.format == CLI_JSON);
	json_object_begin(&json, NULL);
	json_text(&json, "order", slice_from(cli->subverb));
	json_text(&json, "group_id", order->group_id);
	json_text_or_null(&json, "file_id",
			  report->file_no != 0 ? slice_from(store_file_id_format(report->file_no, id)) : SLICE_EMPTY);
	json_bool(&json, "dry_run", order->dry_run);
	json_bool(&json, "repeated", report->repeated);
	json_u64(&json, "members", report->members);
	json_u64(&json, "coverages", report->spans);
	json_u64(&json, "kept", report->kept);
	json_text_or_null(&json, "reroute_until", slice_from(date_format_iso(report->reroute_until, day)));
	json_text_or_null(&json, "note", report->note);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

/* The order stands; its notices are written from its rows, and can be again. */
static int order_notices(struct cli *cli, const struct contract_report *report)
{
	const char *folder = cli->options.out != NULL ? cli->options.out : cli->config->out;
	char name[LIMIT_PATH_BYTES], id[STORE_FILE_ID_BYTES];
	const struct outputs_notices notices = {
		.request = {.file_no = report->file_no, .folder = folder, .name = name}};
	uint64_t rows;
	int r;

	if (report->file_no == 0)
		return 0;
	r = path_format(name, "order-%s", store_file_id_format(report->file_no, id));
	if (r == 0)
		r = env_mkdirs(cli->env, folder);
	if (r == 0)
		r = outputs_write_notices(cli->env, cli->store, &notices, &rows);
	if (r == 0 && rows > 0)
		cli_say(cli, "%llu notices: %s/%s.notices.csv", (unsigned long long)rows, folder, name);
	return r;
}

/* Under the run's lock: no file is applied meanwhile. */
static int order_locked(struct cli *cli, const struct contract_order *order, struct contract_report *ret_report)
{
	struct batch *batch;
	int r = cli_open_batch(cli, NULL, &batch);

	if (r < 0)
		return r;
	r = contract_carry_out(cli->env, cli->store, &cli->arena, order, ret_report);
	batch_close(batch);
	return r;
}

static int order_carry_out(struct cli *cli, enum store_order_kind kind)
{
	struct contract_order order = {.kind = kind, .operator_id = cli_operator(cli), .dry_run = cli->options.dry_run};
	struct contract_report report;
	int r = order_arguments(cli, &order);

	if (r < 0)
		return r;
	order.cards = (struct apply_cards){.print_regions = cli->config->print_regions,
					   .print_region_count = cli->config->print_region_count};
	order.at_ms = cli->today_fixed ? cli->today * DAY_MS : env_clock_ms(cli->env);
	r = order_locked(cli, &order, &report);
	if (r == CONTRACT_E_REFUSED) {
		fprintf(stderr, "muster groups %s: %.*s\n", cli->subverb, (int)report.reason.len, report.reason.data);
		return 65;
	}
	if (r < 0)
		return r;
	if (cli->options.format == CLI_TEXT)
		order_report(cli, &order, &report);
	else
		order_json(cli, &order, &report);
	return order_notices(cli, &report);
}

int cli_orders(struct cli *cli)
{
	enum store_order_kind kind;

	return is_kind(cli->subverb, &kind) ? order_carry_out(cli, kind) : regions_show(cli);
}
