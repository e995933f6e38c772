/*
 * report: what a run did, from the rows that were kept when it was done; and its outputs made again, held to its manifest.
 *
 * Nothing of now goes in (no clock, no profile, no state of today): the same run gives the same bytes years later (P32).
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "muster/batch.h"
#include "muster/outputs.h"
#include "muster/path.h"
#include "muster/text.h"
#include "process.h"

struct report {
	struct cli *cli;
	struct json json;
	const struct store_run *run;
	char run_id[STORE_RUN_ID_BYTES];
	const struct store_run_file *row; /* under way */
	struct store_tally total;
	uint64_t files, by_outcome[STORE_FILE_DUPLICATE + 1];
	bool unbalanced;                  /* the law does not hold for some file */
};

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void text_visible(struct report *report, struct slice value)
{
	text_add_visible(&report->cli->out, value);
}

static void text_tally(struct report *report, const struct store_tally *tally, bool members, bool money)
{
	char read[MONEY_TEXT_BYTES], posted[MONEY_TEXT_BYTES], suspended[MONEY_TEXT_BYTES], rejected[MONEY_TEXT_BYTES],
		duplicate[MONEY_TEXT_BYTES], held[MONEY_TEXT_BYTES];

	buffer_printf(
		&report->cli->out,
		"    %s  %llu read = %llu applied + %llu no change + %llu exception + %llu rejected + %llu duplicate + %llu "
		"held\n",
		members ? "members" : "records", (unsigned long long)tally->members_read,
		(unsigned long long)tally->members_applied, (unsigned long long)tally->members_no_change,
		(unsigned long long)tally->members_exception, (unsigned long long)tally->members_rejected,
		(unsigned long long)tally->members_duplicate, (unsigned long long)tally->members_held);
	if (money)
		buffer_printf(
			&report->cli->out,
			"    money    %s read = %s posted + %s suspended + %s rejected + %s duplicate + %s held\n",
			money_format(tally->money_read, read), money_format(tally->money_posted, posted),
			money_format(tally->money_suspended, suspended), money_format(tally->money_rejected, rejected),
			money_format(tally->money_duplicate, duplicate), money_format(tally->money_held, held));
}

static void text_run(struct report *report)
{
	char day[DATE_TEXT_BYTES];

	buffer_printf(&report->cli->out, "%s  muster %.*s of %s, by ", report->run_id, (int)report->run->verb.len,
		      report->run->verb.data, date_format_iso(report->run->as_of, day));
	text_visible(report, report->run->operator_id);
	buffer_printf(&report->cli->out, " (muster %.*s)\n", (int)report->run->version.len, report->run->version.data);
}

static void text_file(struct report *report)
{
	const struct store_run_file *row = report->row;
	char digits[HASH_TEXT_BYTES], later[STORE_RUN_ID_BYTES];
	struct buffer *out = &report->cli->out;

	buffer_printf(out, "\n%.*s  ", (int)row->file->file_id.len, row->file->file_id.data);
	text_visible(report, row->file->name);
	buffer_add_text(out, " of ");
	text_visible(report, row->file->partner);
	buffer_printf(out, ": %s%s\n", store_file_outcome_name(row->outcome),
		      row->released ? ", a held set released" : "");
	if (row->reason.len > 0) {
		buffer_add_text(out, "    why      ");
		text_visible(report, row->reason);
		buffer_add_char(out, '\n');
	}
	buffer_printf(out, "    sha256   %s, %llu bytes\n", hash_format(&row->file->sha256, digits),
		      (unsigned long long)row->file->bytes);
	text_tally(report, &row->tally, row->file->kind != STORE_KIND_820, row->file->kind != STORE_KIND_834);
	if (row->last_run_no != row->run_no)
		buffer_printf(out, "    since    %s has written its outputs anew\n",
			      store_run_id_format(row->last_run_no, later));
}

static void text_output(struct report *report, const struct store_output *output)
{
	char digits[HASH_TEXT_BYTES];
	struct buffer *out = &report->cli->out;

	buffer_printf(out, "    %s  ", hash_format(&output->sha256, digits));
	text_visible(report, output->name);
	buffer_printf(out, ", %llu bytes", (unsigned long long)output->bytes);
	if (output->is_table)
		buffer_printf(out, ", %llu rows", (unsigned long long)output->rows);
	buffer_add_char(out, '\n');
}

static void text_end(struct report *report)
{
	buffer_printf(&report->cli->out, "\n%llu files: %llu processed, %llu held, %llu rejected, %llu duplicate\n",
		      (unsigned long long)report->files, (unsigned long long)report->by_outcome[STORE_FILE_PROCESSED],
		      (unsigned long long)report->by_outcome[STORE_FILE_HELD],
		      (unsigned long long)report->by_outcome[STORE_FILE_REJECTED],
		      (unsigned long long)report->by_outcome[STORE_FILE_DUPLICATE]);
	text_tally(report, &report->total, true, report->total.money_read != 0);
	buffer_add_text(&report->cli->out, report->unbalanced ? "THE SUMS DO NOT HOLD\n" : "every sum holds\n");
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void json_run(struct json *json, const struct store_run *run)
{
	char run_id[STORE_RUN_ID_BYTES], day[DATE_TEXT_BYTES];

	json_text(json, "run", slice_from(store_run_id_format(run->run_no, run_id)));
	json_text(json, "verb", run->verb);
	json_text(json, "muster", run->version);
	json_text(json, "as_of", slice_from(date_format_iso(run->as_of, day)));
	json_text(json, "operator", run->operator_id);
}

static void json_file_begin(struct report *report)
{
	const struct store_run_file *row = report->row;
	char digits[HASH_TEXT_BYTES], later[STORE_RUN_ID_BYTES];
	struct json *json = &report->json;

	json_object_begin(json, NULL);
	json_text(json, "file_id", row->file->file_id);
	json_text(json, "file", row->file->name);
	json_text(json, "partner", row->file->partner);
	json_text(json, "sha256", slice_from(hash_format(&row->file->sha256, digits)));
	json_u64(json, "bytes", row->file->bytes);
	json_text(json, "state", slice_from(store_file_outcome_name(row->outcome)));
	json_text_or_null(json, "reason", row->reason);
	json_bool(json, "released", row->released);
	json_text_or_null(json, "written_anew_by", row->last_run_no == row->run_no ? SLICE_EMPTY
						: slice_from(store_run_id_format(row->last_run_no, later)));
	outputs_json_members(json, "members", &row->tally);
	if (row->file->kind != STORE_KIND_834)
		outputs_json_money(json, &row->tally);
	json_array_begin(json, "outputs");
}

static void json_output(struct report *report, const struct store_output *output)
{
	char digits[HASH_TEXT_BYTES];
	struct json *json = &report->json;

	json_object_begin(json, NULL);
	json_text(json, "output", output->name);
	json_text(json, "sha256", slice_from(hash_format(&output->sha256, digits)));
	json_u64(json, "bytes", output->bytes);
	if (output->is_table)
		json_u64(json, "rows", output->rows);
	else
		json_null(json, "rows");
	json_object_end(json);
}

static void json_end(struct report *report)
{
	struct json *json = &report->json;
	int outcome;

	json_array_end(json);
	json_object_begin(json, "states");
	for (outcome = STORE_FILE_PROCESSED; outcome <= STORE_FILE_DUPLICATE; outcome++)
		json_u64(json, store_file_outcome_name((enum store_file_outcome)outcome), report->by_outcome[outcome]);
	json_object_end(json);
	outputs_json_members(json, "members", &report->total);
	outputs_json_money(json, &report->total);
	json_bool(json, "balanced", !report->unbalanced);
	json_object_end(json);
	buffer_add_char(&report->cli->out, '\n');
}

/* ---- CSV: the manifest --------------------------------------------------------------------------------------- */

static void csv_begin(struct report *report)
{
	static const char *const titles[] = {"run", "file_id", "file", "output", "sha256", "bytes", "rows"};
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		csv_add(&report->cli->out, i == 0, slice_from(titles[i]));
	csv_end_record(&report->cli->out);
}

static void csv_output(struct report *report, const struct store_output *output)
{
	char digits[HASH_TEXT_BYTES], bytes[24], rows[24];
	struct buffer *out = &report->cli->out;

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)output->bytes);
	snprintf(rows, sizeof(rows), "%llu", (unsigned long long)output->rows);
	csv_add(out, true, slice_from(report->run_id));
	csv_add(out, false, report->row->file->file_id);
	csv_add_guarded(out, false, report->row->file->name);
	csv_add_guarded(out, false, output->name);
	csv_add(out, false, slice_from(hash_format(&output->sha256, digits)));
	csv_add(out, false, slice_from(bytes));
	csv_add(out, false, slice_from(output->is_table ? rows : ""));
	csv_end_record(out);
}

/* ---- one run ------------------------------------------------------------------------------------------------- */

static int report_output(void *context, const struct store_output *output)
{
	struct report *report = context;

	if (report->cli->options.format == CLI_TEXT)
		text_output(report, output);
	else if (report->cli->options.format == CLI_CSV)
		csv_output(report, output);
	else
		json_output(report, output);
	return cli_flush_some(report->cli);
}

static int report_file(void *context, const struct store_run_file *row)
{
	struct report *report = context;
	bool json = report->cli->options.format == CLI_JSON || report->cli->options.format == CLI_NDJSON;
	int r;

	report->row = row;
	report->files++;
	report->by_outcome[row->outcome]++;
	store_tally_add(&report->total, &row->tally);
	report->unbalanced |= !store_tally_is_balanced(&row->tally);
	if (json)
		json_file_begin(report);
	else if (report->cli->options.format == CLI_TEXT)
		text_file(report);
	r = store_run_outputs_each(report->cli->store, row->run_no, row->file->file_no, report_output, report);
	if (json) {
		json_array_end(&report->json);
		json_object_end(&report->json);
	}
	return r;
}

static int report_show(struct report *report)
{
	enum cli_format format = report->cli->options.format;
	int r;

	json_init(&report->json, &report->cli->out, format == CLI_JSON);
	if (format == CLI_TEXT) {
		text_run(report);
	} else if (format == CLI_CSV) {
		csv_begin(report);
	} else {
		json_object_begin(&report->json, NULL);
		json_text(&report->json, "schema", SLICE_LITERAL("muster.run"));
		json_u64(&report->json, "v", 1);
		json_run(&report->json, report->run);
		json_array_begin(&report->json, "files");
	}
	r = store_run_files_each(report->cli->store, report->run->run_no, report_file, report);
	if (r == 0 && format == CLI_TEXT)
		text_end(report);
	else if (r == 0 && format != CLI_CSV)
		json_end(report);
	return r < 0 ? r : report->unbalanced ? 70 : 0;
}

/* ---- made again ---------------------------------------------------------------------------------------------- */

struct again {
	struct cli *cli;
	struct batch *batch;
	const struct store_run *run;
	struct store_output *wanted; /* the manifest of the file under way */
	uint32_t count, met;
	bool released;               /* then acknowledgments are none of the run's */
	uint64_t same, other;
};

static int again_want(void *context, const struct store_output *output)
{
	struct again *again = context;

	again->wanted[again->count] = *output;
	again->wanted[again->count].name = arena_dup(&again->cli->arena, output->name);
	return again->wanted[again->count++].name.data != NULL ? 0 : -ENOMEM;
}

static int again_count(void *context, const struct store_output *output)
{
	(void)output;
	((struct again *)context)->count++;
	return 0;
}

static int again_look(void *context, const struct store_output *made)
{
	struct again *again = context;
	uint32_t i = 0;

	while (i < again->count && !slice_equal(again->wanted[i].name, made->name))
		i++;
	if (i == again->count && again->released)
		return 0;
	again->met += i < again->count;
	if (i < again->count && memcmp(&again->wanted[i].sha256, &made->sha256, sizeof(made->sha256)) == 0) {
		again->same++;
		return 0;
	}
	again->other++;
	fprintf(stderr, "muster report: %.*s is not what the manifest says\n", (int)made->name.len, made->name.data);
	return 0;
}

static int again_manifest(struct again *again, uint64_t file_no)
{
	struct store *store = again->cli->truth;
	int r;

	again->count = again->met = 0;
	r = store_run_outputs_each(store, again->run->run_no, file_no, again_count, again);
	again->wanted = arena_alloc_array(&again->cli->arena, again->count + 1, sizeof(*again->wanted));
	again->count = 0;
	if (again->wanted == NULL)
		return -ENOMEM;
	return r < 0 ? r : store_run_outputs_each(store, again->run->run_no, file_no, again_want, again);
}

/* Whoever makes an output again of a file whose sets were released since would get what the later run wrote. */
static int again_file(void *context, const struct store_run_file *row)
{
	struct again *again = context;
	char folder[LIMIT_PATH_BYTES], later[STORE_RUN_ID_BYTES], file_id[STORE_FILE_ID_BYTES];
	int r;

	store_file_id_format(row->file->file_no, file_id);
	if (row->last_run_no != row->run_no) {
		cli_say(again->cli, "%s: %s has written its outputs anew: see there", file_id,
			store_run_id_format(row->last_run_no, later));
		return 0;
	}
	again->released = row->released;
	r = path_format(folder, "%s/%s", again->cli->options.out, file_id);
	if (r == 0)
		r = again_manifest(again, row->file->file_no);
	if (r == 0)
		r = batch_make_again(again->batch, row, folder, again, again_look);
	if (r == BATCH_E_MISSING) {
		again->other++;
		fprintf(stderr, "muster report: %s: its original is no longer kept\n", file_id);
		return 0;
	}
	if (r == 0 && again->met != again->count) {
		again->other += again->count - again->met;
		fprintf(stderr, "muster report: %s: %u outputs of the manifest were not made again\n", file_id,
			again->count - again->met);
	}
	return r;
}

static int report_again(struct cli *cli, const struct store_run *run)
{
	struct again again = {.cli = cli, .run = run};
	int r = cli_open_batch_beside(cli, NULL, &again.batch);

	if (r == 0)
		r = store_run_files_each(cli->truth, run->run_no, again_file, &again);
	batch_close(again.batch);
	if (r < 0)
		return r;
	cli_say(cli, "%llu outputs made again as they were, %llu otherwise or not at all",
		(unsigned long long)again.same, (unsigned long long)again.other);
	return again.other > 0 ? 65 : 0;
}

/* ---- all runs ------------------------------------------------------------------------------------------------ */

struct listing {
	struct cli *cli;
	struct cli_table table;
};

static int list_run(void *context, const struct store_run *run)
{
	struct listing *listing = context;
	char run_id[STORE_RUN_ID_BYTES], day[DATE_TEXT_BYTES], started[CLOCK_TEXT_BYTES];
	struct json json;

	if (listing->cli->options.format == CLI_TEXT) {
		cli_table_cell(&listing->table, slice_from(store_run_id_format(run->run_no, run_id)));
		cli_table_cell(&listing->table, slice_from(clock_format_rfc3339(run->started_ms, started)));
		cli_table_cell(&listing->table, slice_from(date_format_iso(run->as_of, day)));
		cli_table_cell(&listing->table, run->verb);
		cli_table_cell(&listing->table, run->operator_id);
		return listing->table.error;
	}
	json_init(&json, &listing->cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.run"));
	json_u64(&json, "v", 1);
	json_run(&json, run);
	json_text(&json, "started_at", slice_from(clock_format_rfc3339(run->started_ms, started)));
	json_object_end(&json);
	buffer_add_char(&listing->cli->out, '\n');
	return cli_flush_some(listing->cli);
}

static int report_list(struct cli *cli)
{
	static const char *const titles[] = {"run", "began", "as of", "verb", "operator"};
	struct listing listing = {.cli = cli};
	bool text = cli->options.format == CLI_TEXT;
	int r, end;

	if (!text && cli->options.format != CLI_NDJSON)
		return cli_usage_error(cli, "list knows text and --ndjson");
	if (text)
		cli_table_begin(&listing.table, cli, 5, titles);
	r = store_runs_each(cli->store, list_run, &listing);
	end = text ? cli_table_end(&listing.table) : 0;
	return r < 0 ? r : end;
}

/* "R00000003", or its number. */
static int report_find(struct cli *cli, const struct store_run **ret_run)
{
	struct slice id = slice_from(cli->options.run != NULL ? cli->options.run : "");
	uint64_t run_no = 0;
	int r;

	if (slice_starts_with(id, "R"))
		id = slice_of(id.data + 1, id.len - 1);
	if (cli->options.run != NULL && (!slice_to_u64(id, &run_no) || run_no == 0))
		return cli_usage_error(cli, "--run wants a run's id like R00000003; see muster report list");
	r = store_run_get(cli->store, run_no, &cli->arena, ret_run);
	if (r < 0 || *ret_run != NULL)
		return r;
	return cli->options.run != NULL ? cli_failed(cli, -ENOENT, "there is no run %s", cli->options.run)
					: cli_failed(cli, -ENOENT, "no run has filed anything yet");
}

int cli_report(struct cli *cli)
{
	struct report report = {.cli = cli};
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	if (cli->subverb != NULL)
		return report_list(cli);
	r = report_find(cli, &report.run);
	if (r < 0)
		return r;
	if (cli->options.out != NULL)
		return report_again(cli, report.run);
	store_run_id_format(report.run->run_no, report.run_id);
	return report_show(&report);
}
