/*
 * The verbs that run files through the line: process, run, reprocess.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "ageing.h"
#include "muster/batch.h"
#include "muster/cli.h"
#include "muster/outputs.h"
#include "muster/text.h"
#include "process.h"

void cli_interrupt(void)
{
	batch_interrupt();
}

static void frame_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
	struct process_frame *frame = context;

	if (frame->what != what) {
		cli_progress_end(&frame->progress);
		cli_progress_begin(&frame->progress, frame->cli, what, total);
		frame->what = what;
	}
	cli_progress_at(&frame->progress, done);
}

/* As cli_open_batch, and nothing is said of MUSTER_ERROR_BUSY. */
static int open_batch(struct cli *cli, struct process_frame *frame, struct batch **ret_batch)
{
	struct batch_settings settings;
	int r = cli_open_store(cli);

	if (r == 0)
		r = cli_open_guides(cli);
	if (r < 0)
		return r;
	settings = (struct batch_settings){
		.env = cli->env,
		.store = cli->store,
		.guides = cli->guides,
		.config = cli->config,
		.profiles = cli->profiles,
		.today = cli->today,
		.today_fixed = cli->today_fixed,
		.operator_id = cli->operator_id,
		.verb = cli->verb,
		.version = MUSTER_VERSION,
		.is_beside = cli->truth != NULL,
		.progress_context = frame,
		.progress = frame != NULL ? frame_progress : NULL,
	};
	return batch_open(&settings, ret_batch);
}

int cli_open_batch(struct cli *cli, struct process_frame *frame, struct batch **ret_batch)
{
	int r = open_batch(cli, frame, ret_batch);

	if (r != MUSTER_ERROR_BUSY)
		return r;
	return cli_failed(cli, r, "another muster is working on %s; run again when it is done", cli->config->database);
}

int cli_open_batch_beside(struct cli *cli, struct process_frame *frame, struct batch **ret_batch)
{
	struct store *beside;
	int r = cli_open_store(cli);

	if (r == 0)
		r = store_open_beside(cli->store, &beside);
	if (r < 0)
		return r;
	cli->truth = cli->store;
	cli->store = beside;
	return cli_open_batch(cli, frame, ret_batch);
}

/* ---- how a file ended ---- */

static void result_money(struct cli *cli, const struct store_tally *tally)
{
	char read[MONEY_TEXT_BYTES], posted[MONEY_TEXT_BYTES], suspended[MONEY_TEXT_BYTES], refused[MONEY_TEXT_BYTES];
	cents left = tally->money_rejected + tally->money_duplicate + tally->money_held;

	buffer_printf(&cli->out, "    money     %s read: %s posted, %s suspended, %s rejected, duplicate or held\n",
		      money_format(tally->money_read, read), money_format(tally->money_posted, posted),
		      money_format(tally->money_suspended, suspended), money_format(left, refused));
}

static void result_text(struct cli *cli, const struct batch_result *result)
{
	const struct store_tally *tally = &result->tally;
	const char *what = result->kind == STORE_KIND_820 ? "lines  " : "members";

	buffer_printf(&cli->out, "%s%s%s: %s\n", result->file_id, result->file_id[0] != '\0' ? "  " : "", result->name,
		      store_file_outcome_name(result->outcome));
	if (result->reason[0] != '\0')
		buffer_printf(&cli->out, "    why       %s\n", result->reason);
	buffer_printf(
		&cli->out,
		"    %s   %llu read: %llu applied, %llu unchanged, %llu wait for a representative, %llu rejected, "
		"%llu duplicate, %llu held\n",
		what, (unsigned long long)tally->members_read, (unsigned long long)tally->members_applied,
		(unsigned long long)tally->members_no_change, (unsigned long long)tally->members_exception,
		(unsigned long long)tally->members_rejected, (unsigned long long)tally->members_duplicate,
		(unsigned long long)tally->members_held);
	if (tally->money_read != 0)
		result_money(cli, tally);
}

static void result_json(struct cli *cli, const struct batch_result *result)
{
	const struct store_tally *tally = &result->tally;
	struct json json;

	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.result"));
	json_u64(&json, "v", 1);
	json_text(&json, "file_id", slice_from(result->file_id));
	json_text(&json, "file", slice_from(result->name));
	json_text(&json, "state", slice_from(store_file_outcome_name(result->outcome)));
	json_text_or_null(&json, "reason", slice_from(result->reason));
	outputs_json_members(&json, "members", tally);
	if (result->kind == STORE_KIND_820 || result->kind == STORE_KIND_MIXED)
		outputs_json_money(&json, tally);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

static void frame_report(void *context, const struct batch_result *result)
{
	struct process_frame *frame = context;

	cli_progress_end(&frame->progress);
	frame->what = NULL;
	frame->files++;
	frame->waiting += result->exceptions_waiting;
	frame->refused |= result->outcome == STORE_FILE_HELD || result->outcome == STORE_FILE_REJECTED;
	if (frame->cli->options.format == CLI_TEXT && !frame->cli->options.quiet)
		result_text(frame->cli, result);
	else if (frame->cli->options.format != CLI_TEXT)
		result_json(frame->cli, result);
}

int cli_frame_status(const struct process_frame *frame)
{
	if (frame->refused)
		return 65;
	return frame->cli->options.detailed_exitcode && frame->waiting > 0 ? 2 : 0;
}

/* ---- process ---- */

int cli_missing_input(struct cli *cli, const char *path)
{
	if (env_exists(cli->env, path))
		return 0;
	return cli_failed(cli, -ENOENT, "there is no file %s", path);
}

int cli_process(struct cli *cli)
{
	struct process_frame frame = {.cli = cli};
	struct batch *batch = NULL;
	int i, r = 0;

	if (cli->argument_count == 0)
		return cli_usage_error(cli, "wants files: muster process FILE... --out DIR");
	if (cli->options.out == NULL)
		return cli_usage_error(cli, "wants --out DIR: where acknowledgments and results go");
	for (i = 0; r == 0 && i < cli->argument_count; i++)
		r = cli_missing_input(cli, cli->arguments[i]);
	if (r == 0)
		r = cli_open_batch(cli, &frame, &batch);
	for (i = 0; r == 0 && i < cli->argument_count; i++) {
		struct batch_result result;

		r = batch_process(batch, cli->arguments[i], cli->options.out, cli->options.partner, &result);
		if (r == 0)
			frame_report(&frame, &result);
		if (r == 0)
			r = cli_flush_some(cli);
	}
	cli_progress_end(&frame.progress);
	if (r == 0)
		(void)store_checkpoint(cli->store, true);
	batch_close(batch);
	return r < 0 ? r : cli_frame_status(&frame);
}

/* ---- run ---- */

static void run_item(void *context, const struct batch_item *item)
{
	static const char *const ends[] = {"applied", "waits for a representative (again)", "closed without an effect",
					   "had its effect before; nothing was done",
					   "its record is not in the kept original; nothing was done"};
	struct process_frame *frame = context;

	if (frame->cli->options.format != CLI_TEXT || frame->cli->options.quiet)
		return;
	buffer_printf(&frame->cli->out, "%.*s%s%.*s: %s\n", (int)item->item_id.len, item->item_id.data,
		      item->decision.len > 0 ? ", decided " : "", (int)item->decision.len, item->decision.data,
		      ends[item->end]);
}

int cli_run_batch(struct cli *cli)
{
	struct process_frame frame = {.cli = cli};
	struct batch *batch = NULL;
	uint32_t resumed = 0;
	int r, left = 0;

	if (cli->argument_count > 0)
		return cli_usage_error(cli, "takes no files: it takes what lies in the drop folders");
	r = cli_open_batch(cli, &frame, &batch);
	if (r == 0)
		r = batch_recover(batch, &frame, frame_report, &resumed);
	if (r == 0)
		r = batch_carry_out_decisions(batch, &frame, run_item);
	if (r == 0)
		r = batch_run(batch, &frame, frame_report, &left);
	cli_progress_end(&frame.progress);
	if (r == 0)
		r = cli_tell_late(cli);
	if (r == 0)
		r = cli_tell_overdue(cli);
	if (r == 0)
		(void)store_checkpoint(cli->store, true);
	batch_close(batch);
	if (r == 0 && left < 0) {
		cli->told = true;
		return left;
	}
	if (r == 0 && frame.files == 0)
		cli_say(cli, "nothing has arrived in %s", cli->config->in);
	return r < 0 ? r : cli_frame_status(&frame);
}

/* ---- reprocess ---- */

static int reprocess_items(struct cli *cli, struct process_frame *frame, struct batch *batch)
{
	struct slice items[LIMIT_CSV_FIELDS];
	uint32_t count = 0;
	int i;

	items[count++] = slice_from(cli->options.item);
	for (i = 0; i < cli->argument_count && count < LIMIT_CSV_FIELDS; i++)
		items[count++] = slice_from(cli->arguments[i]);
	return batch_reprocess_items(batch, items, count, frame, run_item);
}

int cli_reprocess(struct cli *cli)
{
	struct process_frame frame = {.cli = cli};
	struct batch *batch = NULL;
	int i, r = 0;

	if (cli->options.item == NULL && (cli->argument_count == 0 || cli->options.out == NULL))
		return cli_usage_error(cli, "wants FILE... --out DIR, or --item ID...");
	for (i = 0; r == 0 && cli->options.item == NULL && i < cli->argument_count; i++)
		r = cli_missing_input(cli, cli->arguments[i]);
	if (r == 0)
		r = cli_open_batch(cli, &frame, &batch);
	if (r == 0 && cli->options.item != NULL)
		r = reprocess_items(cli, &frame, batch);
	for (i = 0; r == 0 && cli->options.item == NULL && i < cli->argument_count; i++) {
		struct batch_result result;

		r = batch_reprocess(batch, cli->arguments[i], cli->options.out, &result);
		if (r == 0)
			frame_report(&frame, &result);
	}
	cli_progress_end(&frame.progress);
	batch_close(batch);
	return r < 0 ? r : cli_frame_status(&frame);
}

int cli_carry_out(struct cli *cli, const struct slice *item_ids, uint32_t count)
{
	struct process_frame frame = {.cli = cli};
	struct batch *batch = NULL;
	int r = open_batch(cli, &frame, &batch);

	if (r == MUSTER_ERROR_BUSY) {
		cli_say(cli,
			"another muster is working on %s: what was decided is kept, and the next run carries it out",
			cli->config->database);
		return 0;
	}
	if (r == 0)
		r = count > 0 ? batch_reprocess_items(batch, item_ids, count, &frame, run_item)
			      : batch_carry_out_decisions(batch, &frame, run_item);
	cli_progress_end(&frame.progress);
	batch_close(batch);
	return r;
}
