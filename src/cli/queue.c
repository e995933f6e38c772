/*
 * queue: what representatives work on. A decision is recorded and carried out at once.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "ageing.h"
#include "member_out.h"
#include "muster/io.h"
#include "muster/profile.h"
#include "muster/queue.h"
#include "muster/text.h"
#include "operators.h"
#include "process.h"
#include "queue_sample.h"

/* What a QUEUE_E_* means to the shell; `text` says why. */
static int queue_refused(struct cli *cli, int result, struct buffer *text)
{
	int error = result == QUEUE_E_UNKNOWN  ? -ENOENT
		    : result == QUEUE_E_TAKEN  ? MUSTER_ERROR_BUSY
		    : result == QUEUE_E_DENIED ? MUSTER_ERROR_DENIED
					       : 65;

	if (result <= 0)
		return result;
	return cli_failed(cli, error, "%s", text->len > 0 ? text->data : "nothing was changed");
}

/* ---- list ---- */

struct queue_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
	uint64_t count, overdue;
	int64_t now_ms;
};

static bool queue_filter(struct cli *cli, struct store_exception_filter *filter)
{
	enum store_exception_status status;
	uint64_t limit = 0;

	*filter = (struct store_exception_filter){.statuses =
							  1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED};
	if (cli->options.status != NULL && strcmp(cli->options.status, "all") == 0)
		filter->statuses = 0;
	else if (cli->options.status != NULL && strcmp(cli->options.status, "open") != 0) {
		if (!store_exception_status_of(slice_from(cli->options.status), &status))
			return cli_usage_error(cli, "there is no status '%s'", cli->options.status) == 0;
		filter->statuses = 1u << status;
	}
	filter->has_category = cli->options.category != NULL;
	if (filter->has_category && !category_of(slice_from(cli->options.category), &filter->category))
		return cli_usage_error(cli, "there is no category '%s'", cli->options.category) == 0;
	if (cli->options.limit != NULL && !slice_to_u64(slice_from(cli->options.limit), &limit))
		return cli_usage_error(cli, "--limit wants a number") == 0;
	filter->count_max = (uint32_t)limit;
	filter->group_id = slice_from(cli->options.group);
	filter->owner = slice_from(cli->options.owner);
	filter->partner = slice_from(cli->options.partner);
	return true;
}

static int queue_file(struct cli *cli, struct store_exception_filter *filter)
{
	const struct store_file *file;
	int r;

	if (cli->options.file == NULL)
		return 0;
	r = store_file_by_id(cli->store, slice_from(cli->options.file), &cli->arena, &file);
	if (r == 0 && file == NULL)
		r = cli_failed(cli, -ENOENT, "there is no file %s", cli->options.file);
	if (r == 0)
		filter->file_no = file->file_no;
	return r;
}

static bool queue_is_overdue(const struct queue_view *view, const struct store_exception *item)
{
	return (item->status == STORE_EXCEPTION_OPEN || item->status == STORE_EXCEPTION_ASSIGNED) &&
	       item->due_ms < view->now_ms;
}

/* What is to be done about it next, in a word or two. */
static const char *queue_state(const struct queue_view *view, const struct store_exception *item)
{
	bool waits = item->status == STORE_EXCEPTION_OPEN || item->status == STORE_EXCEPTION_ASSIGNED;

	if (queue_is_overdue(view, item))
		return "overdue";
	return waits && !slice_is_empty(item->proposal) ? "to be confirmed" : store_exception_status_name(item->status);
}

/* How much of its time a waiting item has used. */
static struct slice queue_used(const struct queue_view *view, const struct store_exception *item)
{
	bool waits = item->status == STORE_EXCEPTION_OPEN || item->status == STORE_EXCEPTION_ASSIGNED;
	uint32_t percent = ageing_percent(view->cli, item->created_ms, item->due_ms, view->now_ms);

	if (!waits || percent > 100)
		return slice_from(waits ? ">100 %" : "-");
	return arena_printf(&view->cli->arena, "%u %%", percent);
}

static void queue_cells(struct queue_view *view, const struct store_exception *item)
{
	char due[CLOCK_TEXT_BYTES], score[QUEUE_SHARE_BYTES];

	cli_table_cell(&view->table, item->item_id);
	cli_table_cell(&view->table, slice_from(urgency_name(category_urgency(item->category))));
	cli_table_cell(&view->table, slice_from(category_name(item->category)));
	cli_table_cell(&view->table, slice_from(clock_format_rfc3339(item->due_ms, due)));
	cli_table_cell(&view->table, queue_used(view, item));
	cli_table_cell(&view->table, slice_from(queue_state(view, item)));
	cli_table_cell(&view->table, item->candidate_count > 0 ? item->candidates[0].member_id : SLICE_LITERAL("-"));
	cli_table_cell(
		&view->table,
		slice_from(item->candidate_count > 0 ? queue_share_format(item->candidates[0].score_e6, score) : "-"));
	cli_table_cell(&view->table, member_out_visible(view->cli, item->reason));
}

static int queue_row(void *context, const struct store_exception *item)
{
	struct queue_view *view = context;
	int r = 0;

	view->count++;
	if (queue_is_overdue(view, item))
		view->overdue++;
	if (view->cli->options.format == CLI_TEXT) {
		queue_cells(view, item);
		return view->table.error;
	}
	r = queue_add_json(view->cli->env, &view->json, item, false);
	if (view->cli->options.format == CLI_NDJSON)
		buffer_add_char(&view->cli->out, '\n');
	return r < 0 ? r : cli_flush_some(view->cli);
}

static int queue_write_out(void *context, const char *data, size_t bytes)
{
	struct cli *cli = context;

	buffer_add(&cli->out, data, bytes);
	return cli_flush_some(cli);
}

static int queue_list(struct cli *cli)
{
	static const char *const titles[] = {"item",  "urgency",   "category", "due", "used",
					     "state", "candidate", "score",    "why"};
	struct queue_view view = {.cli = cli, .now_ms = cli_now_ms(cli)};
	const struct queue_sink sink = {.context = cli, .write = queue_write_out};
	struct store_exception_filter filter;
	bool array = cli->options.format == CLI_JSON;
	int r;

	if (!queue_filter(cli, &filter))
		return MUSTER_ERROR_USAGE;
	r = queue_file(cli, &filter);
	if (r < 0)
		return r;
	if (cli->options.format == CLI_CSV)
		return queue_export(cli->store, cli->env, &filter, QUEUE_CSV, false, &sink, NULL);
	json_init(&view.json, &cli->out, array);
	if (array)
		json_array_begin(&view.json, NULL);
	else if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view.table, cli, 9, titles);
	r = store_exceptions_each(cli->store, &filter, queue_row, &view);
	if (array) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	} else if (r == 0 && cli->options.format == CLI_TEXT) {
		r = cli_table_end(&view.table);
		text_add_count(&cli->out, view.count, "item");
		buffer_printf(&cli->out, ", %llu overdue\n", (unsigned long long)view.overdue);
	}
	return r;
}

/* ---- show, next ---- */

static int queue_show(struct cli *cli, struct slice item_id)
{
	struct buffer text;
	struct json json;
	int r;

	if (cli->options.format == CLI_TEXT) {
		r = queue_show_text(cli->store, cli->env, item_id, &cli->out);
	} else {
		json_init(&json, &cli->out, cli->options.format == CLI_JSON);
		r = queue_show_json(cli->store, cli->env, item_id, &json);
		buffer_add_char(&cli->out, '\n');
	}
	buffer_init(&text, cli->env);
	buffer_printf(&text, "there is no item %.*s", (int)item_id.len, item_id.data);
	r = queue_refused(cli, r, &text);
	buffer_fini(&text);
	return r;
}

static int queue_take_next(struct cli *cli)
{
	struct slice item_id;
	int r = queue_next(cli->store, cli->env, cli_operator(cli), &cli->arena, &item_id);

	if (r == QUEUE_E_EMPTY) {
		cli_say(cli, "nothing waits");
		return 0;
	}
	return r < 0 ? r : queue_show(cli, item_id);
}

/* ---- resolve, assign, note ---- */

static enum queue_release queue_release(struct cli *cli)
{
	if (!operators_allow(cli, MAY_RELEASE))
		return QUEUE_RELEASE_DENIED;
	return cli->config->release_alone ? QUEUE_RELEASE_ALONE : QUEUE_RELEASE_BY_TWO;
}

/* Nothing has happened yet: say what is missing. */
static void queue_proposed(struct cli *cli, const struct queue_decision *decision)
{
	bool withdrawn = slice_is(slice_trim(decision->decision), "withdraw");

	if (cli->options.format != CLI_TEXT || cli->options.quiet)
		return;
	buffer_printf(&cli->out, "%.*s: %s\n", (int)decision->item_id.len, decision->item_id.data,
		      withdrawn ? "the proposal is withdrawn; the set waits"
				: "release proposed; the set waits until another operator says release too");
}

static int queue_decide(struct cli *cli)
{
	struct queue_decision decision = {
		.operator_id = cli_operator(cli), .note = slice_from(cli->options.note), .release = queue_release(cli)};
	struct buffer text;
	int r;

	if (cli->argument_count == 2 && cli->options.decision == NULL)
		cli->options.decision = cli->arguments[1];
	if (cli->argument_count < 1 || cli->argument_count > 2 || cli->options.decision == NULL)
		return cli_usage_error(
			cli,
			"resolve wants ITEM and a decision: match:<member_id>, not:<member_id>, new, release, withdraw, "
			"reject or skip");
	decision.item_id = slice_from(cli->arguments[0]);
	decision.decision = slice_from(cli->options.decision);
	buffer_init(&text, cli->env);
	r = queue_resolve(cli->store, cli->env, &decision, &text);
	if (r == QUEUE_E_PROPOSED)
		queue_proposed(cli, &decision);
	else
		r = queue_refused(cli, r, &text);
	buffer_fini(&text);
	return r == QUEUE_E_PROPOSED ? 0 : r != 0 ? r : cli_carry_out(cli, &decision.item_id, 1);
}

static int queue_give(struct cli *cli)
{
	struct slice owner = slice_from(cli->argument_count == 2 ? cli->arguments[1] : cli->options.owner);
	struct buffer text;
	bool active = true;
	int r = 0;

	if (cli->argument_count < 1 || cli->argument_count > 2)
		return cli_usage_error(cli, "assign wants ITEM and a name; no name gives it back to everybody");
	if (!slice_is_empty(owner))
		r = operators_is_active(cli, owner, &active);
	if (r < 0)
		return r;
	if (!active) {
		fprintf(stderr, "muster queue assign: no operator %.*s is listed\n", (int)owner.len, owner.data);
		return 65;
	}
	buffer_init(&text, cli->env);
	r = queue_assign(cli->store, cli->env, slice_from(cli->arguments[0]), owner, cli_operator(cli), &text);
	r = queue_refused(cli, r, &text);
	buffer_fini(&text);
	return r;
}

static int queue_remark(struct cli *cli)
{
	struct slice note = slice_from(cli->argument_count == 2 ? cli->arguments[1] : cli->options.note);
	struct buffer text;
	int r;

	if (cli->argument_count < 1 || cli->argument_count > 2 || slice_is_empty(note))
		return cli_usage_error(cli, "note wants ITEM and a text");
	buffer_init(&text, cli->env);
	r = queue_note(cli->store, cli->env, slice_from(cli->arguments[0]), note, cli_operator(cli), &text);
	r = queue_refused(cli, r, &text);
	buffer_fini(&text);
	return r;
}

/* ---- export, import ---- */

static int queue_write_file(void *context, const char *data, size_t bytes)
{
	io_outfile_write(context, data, bytes);
	return 0;
}

static bool ends_in_xml(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && strcmp(name + n - 4, ".xml") == 0;
}

static int queue_write(struct cli *cli)
{
	const char *path = cli->argument_count > 0 ? cli->arguments[0] : cli->options.out;
	struct queue_sink sink = {.write = queue_write_file};
	struct store_exception_filter filter;
	struct io_outfile out;
	struct hash hash;
	int r;

	if (path == NULL)
		return cli_usage_error(cli, "export wants a file: muster queue export mine.csv (or .xml)");
	if (!queue_filter(cli, &filter))
		return MUSTER_ERROR_USAGE;
	r = queue_file(cli, &filter);
	if (r == 0)
		r = io_outfile_open(&out, cli->env, path);
	if (r < 0)
		return r;
	sink.context = &out;
	r = queue_export(cli->store, cli->env, &filter, ends_in_xml(path) ? QUEUE_XML : QUEUE_CSV, false, &sink,
			 NULL);
	if (r == 0)
		r = io_outfile_commit(&out, &hash);
	io_outfile_abort(&out);
	return r;
}

static int queue_read(struct cli *cli)
{
	struct queue_import_result result = {0};
	struct buffer messages;
	char *content;
	size_t bytes;
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "import wants one file that export (or a night) has written");
	r = io_read_file(cli->env, cli->arguments[0], LIMIT_XML_BYTES, &content, &bytes);
	if (r < 0) {
		fprintf(stderr, "muster queue import: cannot read %s\n", cli->arguments[0]);
		return r;
	}
	buffer_init(&messages, cli->env);
	r = queue_import(cli->store, cli->env, cli->arguments[0], slice_of(content, bytes), cli_operator(cli),
			 queue_release(cli), &messages, &result);
	if (messages.len > 0)
		fprintf(stderr, "%s", messages.data);
	buffer_fini(&messages);
	env_free(cli->env, content);
	if (r > 0)
		return 65;
	if (r == 0)
		cli_say(cli,
			"%u rows: %u decided, %u without a decision, %u refused, %u for another operator to confirm",
			result.rows, result.decided, result.blank, result.refused, result.proposed);
	if (r == 0 && result.decided > 0)
		r = cli_carry_out(cli, NULL, 0);
	return r < 0 ? r : result.refused > 0 ? 65 : 0;
}

int cli_queue(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli);
	} rows[] = {{"list", queue_list},          {"next", queue_take_next},    {"resolve", queue_decide},
		    {"assign", queue_give},        {"note", queue_remark},       {"export", queue_write},
		    {"import", queue_read},        {"ageing", cli_queue_ageing}, {"sample", cli_queue_sample},
		    {"verdict", cli_queue_verdict}};
	size_t i;
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(cli->subverb, rows[i].name) == 0)
			return rows[i].run(cli);
	if (cli->argument_count != 1)
		return cli_usage_error(cli, "show wants one item");
	return queue_show(cli, slice_from(cli->arguments[0]));
}
