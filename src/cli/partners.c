/*
 * partners: who sends, what came last, and what should have come. The same is said at the end of a run of those who are
 * late. And a partner's control numbers that begin anew.
 */
#include "cli_internal.h"

#include <stdio.h>

#include "muster/batch.h"
#include "process.h"

struct partners_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
};

static void partner_json(struct json *json, const struct batch_expected *expected)
{
	char text[CLOCK_TEXT_BYTES];

	json_text(json, "partner", slice_from(expected->profile->name));
	json_text(json, "name", expected->profile->title);
	json_text(json, "isa_sender", expected->profile->isa_sender);
	if (expected->expect != NULL) {
		json_text(json, "file", slice_from(profile_expect_kind_name(expected->expect->kind)));
		json_text(json, "due_at", slice_from(clock_format_rfc3339(expected->due_ms, text)));
		json_text(json, "next_due_at", slice_from(clock_format_rfc3339(expected->next_ms, text)));
		json_bool(json, "late", expected->late);
	}
	if (expected->last != NULL) {
		json_text(json, "last_file_id", expected->last->file_id);
		json_text(json, "last_file", expected->last->name);
		json_text(json, "last_received_at",
			  slice_from(clock_format_rfc3339(expected->last->received_ms, text)));
	}
}

/* The columns of text and CSV. */
#define COLUMNS 8
static const char *const titles[COLUMNS] = {"partner",  "sender", "last file", "came",
					    "expected", "by",     "is",        "next by"};
static const char *const csv_titles[COLUMNS] = {"partner", "isa_sender", "last_file_id", "last_received_at",
						"file",    "due_at",     "late",         "next_due_at"};

static int partner_cells(struct partners_view *view, const struct batch_expected *expected)
{
	const struct store_file *last = expected->last;
	bool is_expected = expected->expect != NULL, text = view->cli->options.format == CLI_TEXT;
	char due[CLOCK_TEXT_BYTES], next[CLOCK_TEXT_BYTES], came[CLOCK_TEXT_BYTES];
	const struct slice cells[COLUMNS] = {
		slice_from(expected->profile->name),
		expected->profile->isa_sender,
		last != NULL ? last->file_id : SLICE_EMPTY,
		slice_from(last != NULL ? clock_format_rfc3339(last->received_ms, came) : text ? "never" : ""),
		slice_from(is_expected ? profile_expect_kind_name(expected->expect->kind) : ""),
		slice_from(is_expected ? clock_format_rfc3339(expected->due_ms, due) : ""),
		slice_from(!is_expected ? "" : text ? (expected->late ? "LATE" : "there") : expected->late ? "1" : "0"),
		slice_from(is_expected ? clock_format_rfc3339(expected->next_ms, next) : ""),
	};
	int i;

	for (i = 0; i < COLUMNS; i++)
		if (text)
			cli_table_cell(&view->table, cells[i]);
		else
			csv_add_guarded(&view->cli->out, i == 0, cells[i]);
	if (!text)
		csv_end_record(&view->cli->out);
	return text ? view->table.error : cli_flush_some(view->cli);
}

static int partner_row(void *context, const struct batch_expected *expected)
{
	struct partners_view *view = context;

	switch (view->cli->options.format) {
	case CLI_TEXT:
	case CLI_CSV:
		return partner_cells(view, expected);
	case CLI_NDJSON:
		json_init(&view->json, &view->cli->out, false);
		json_object_begin(&view->json, NULL);
		json_text(&view->json, "schema", SLICE_LITERAL("muster.partner"));
		json_u64(&view->json, "v", 1);
		break;
	case CLI_JSON:
		json_object_begin(&view->json, NULL);
		break;
	}
	partner_json(&view->json, expected);
	json_object_end(&view->json);
	if (view->cli->options.format == CLI_NDJSON)
		buffer_add_char(&view->cli->out, '\n');
	return cli_flush_some(view->cli);
}

/* ---- reset --------------------------------------------------------------------------------------------------- */

/* One of whom files came, or may come: a slip of the pen would reset nobody, and nobody would notice. */
static int reset_check(struct cli *cli, struct slice partner)
{
	const struct store_file *last;
	int r;

	if (profile_named(cli->profiles, partner) != NULL)
		return 0;
	r = store_file_arrived(cli->store, partner, STORE_ARRIVAL_ANY, &cli->arena, &last);
	if (r < 0 || last != NULL)
		return r;
	return cli_failed(cli, -ENOENT, "there is no partner %.*s; see muster partners", (int)partner.len,
			  partner.data);
}

static int reset_write(struct cli *cli, struct store_number_reset *reset)
{
	char file_id[STORE_FILE_ID_BYTES];
	struct store_audit audit = {.kind = SLICE_LITERAL("numbers"), .subject = reset->partner};
	int r = store_begin(cli->store, STORE_WRITE);

	if (r < 0)
		return r;
	r = store_number_reset_add(cli->store, reset);
	audit.text = arena_printf(&cli->arena, "control numbers begin anew behind %s: %.*s",
				  store_file_id_format(reset->after_file_no, file_id), (int)reset->reason.len,
				  reset->reason.data);
	r = cli_commit_audited(cli, r, &audit);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static void reset_tell(struct cli *cli, const struct store_number_reset *reset)
{
	char file_id[STORE_FILE_ID_BYTES], at[CLOCK_TEXT_BYTES];
	struct json json;

	store_file_id_format(reset->after_file_no, file_id);
	if (cli->options.format == CLI_TEXT) {
		cli_say(cli, "%.*s: control numbers begin anew behind %s; what was used before stays in the ledger",
			(int)reset->partner.len, reset->partner.data, file_id);
		return;
	}
	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.numbers"));
	json_u64(&json, "v", 1);
	json_text(&json, "partner", reset->partner);
	json_text(&json, "after_file_id", slice_from(file_id));
	json_text(&json, "at", slice_from(clock_format_rfc3339(reset->at_ms, at)));
	json_text(&json, "operator", reset->operator_id);
	json_text(&json, "reason", reset->reason);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

static int partners_reset(struct cli *cli)
{
	struct store_number_reset reset = {.at_ms = env_clock_ms(cli->env), .operator_id = cli->operator_id};
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "reset wants one partner's name");
	if (cli->options.note == NULL || slice_trim(slice_from(cli->options.note)).len == 0)
		return cli_usage_error(cli, "reset wants --note: why his control numbers begin anew");
	reset.partner = slice_from(cli->arguments[0]);
	reset.reason = slice_from(cli->options.note);
	r = reset_check(cli, reset.partner);
	if (r == 0)
		r = reset_write(cli, &reset);
	if (r == 0)
		reset_tell(cli, &reset);
	return r;
}

int cli_partners(struct cli *cli)
{
	struct partners_view view = {.cli = cli};
	int i, r = cli_open_store(cli), end = 0;

	if (r < 0 || cli->subverb != NULL)
		return r < 0 ? r : partners_reset(cli);
	json_init(&view.json, &cli->out, false);
	if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view.table, cli, COLUMNS, titles);
	else if (cli->options.format == CLI_JSON)
		json_array_begin(&view.json, NULL);
	for (i = 0; i < COLUMNS && cli->options.format == CLI_CSV; i++)
		csv_add(&cli->out, i == 0, slice_from(csv_titles[i]));
	if (cli->options.format == CLI_CSV)
		csv_end_record(&cli->out);
	r = batch_expected_each(cli->env, cli->store, cli->config, cli->profiles, cli_now_ms(cli), &view, partner_row);
	if (cli->options.format == CLI_TEXT) {
		end = cli_table_end(&view.table);
	} else if (cli->options.format == CLI_JSON) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	}
	return r < 0 ? r : end;
}

static int late_tell(void *context, const struct batch_expected *expected)
{
	struct cli *cli = context;
	char due[CLOCK_TEXT_BYTES], came[CLOCK_TEXT_BYTES];
	struct json json;

	if (expected->expect == NULL || !expected->late)
		return 0;
	/* Also with -q: it is for this that somebody reads what a timer's job says. */
	fprintf(stderr, "muster: late: partner %s: no file (%s) came by %s; the last one came %s%s\n",
		expected->profile->name, profile_expect_kind_name(expected->expect->kind),
		clock_format_rfc3339(expected->due_ms, due), expected->last != NULL ? "at " : "never",
		expected->last != NULL ? clock_format_rfc3339(expected->last->received_ms, came) : "");
	if (cli->options.format == CLI_TEXT)
		return 0;
	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.late"));
	json_u64(&json, "v", 1);
	partner_json(&json, expected);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
	return cli->out.error;
}

int cli_tell_late(struct cli *cli)
{
	return batch_expected_each(cli->env, cli->store, cli->config, cli->profiles, cli_now_ms(cli), cli, late_tell);
}
