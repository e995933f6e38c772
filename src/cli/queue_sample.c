/*
 * queue sample: the automatic decisions of a file that a person should look over, as its summary and page list them.
 * Nothing waits for it; what turns out wrong is taken back by undo. What a person says of one is kept to learn from, with
 * the evidence: the record is matched once more as it was, from the kept original.
 */
#include "cli_internal.h"

#include <stdio.h>

#include "member_out.h"
#include "match_site.h"
#include "muster/batch.h"
#include "muster/match_model.h"
#include "muster/outputs.h"
#include "muster/queue.h"
#include "muster/store.h"
#include "process.h"
#include "queue_sample.h"

struct sample_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
	uint64_t tset_no; /* of the last record that was looked at */
	uint32_t member_pos;
};

static int sample_row(void *context, const struct store_change *change)
{
	struct sample_view *view = context;
	struct cli *cli = view->cli;
	char id[STORE_ITEM_ID_BYTES], share[QUEUE_SHARE_BYTES];
	bool again = change->tset_no == view->tset_no && change->member_pos == view->member_pos;

	view->tset_no = change->tset_no;
	view->member_pos = change->member_pos;
	if (again || !outputs_is_sampled(change))
		return 0;
	store_item_id_format(change->origin.file_no, change->origin.tset_ordinal, change->member_pos, id);
	queue_share_format(change->confidence_e6, share);
	if (cli->options.format == CLI_TEXT) {
		cli_table_cell(&view->table, arena_dup(&cli->arena, slice_from(id)));
		cli_table_cell(&view->table, arena_dup(&cli->arena, change->member_id));
		cli_table_cell(&view->table, arena_dup(&cli->arena, change->action));
		cli_table_cell(&view->table, arena_dup(&cli->arena, slice_from(share)));
		cli_table_cell(&view->table, arena_dup(&cli->arena, change->match_rule));
		cli_table_cell(&view->table, member_out_visible(cli, change->change));
		return view->table.error;
	}
	json_object_begin(&view->json, NULL);
	json_text(&view->json, "record", slice_from(id));
	json_text(&view->json, "member_id", change->member_id);
	json_text(&view->json, "action", change->action);
	json_raw(&view->json, "confidence", slice_from(share));
	json_text(&view->json, "match_rule", change->match_rule);
	json_text(&view->json, "change", change->change);
	json_object_end(&view->json);
	if (cli->options.format == CLI_NDJSON)
		buffer_add_char(&cli->out, '\n');
	return cli->out.error;
}

int cli_queue_sample(struct cli *cli)
{
	static const char *const titles[] = {"record", "member", "action", "confidence", "rule", "change"};
	struct sample_view view = {.cli = cli};
	bool array = cli->options.format == CLI_JSON;
	const struct store_file *file;
	int r;

	if (cli->options.file == NULL || cli->argument_count > 0 || cli->options.format == CLI_CSV)
		return cli_usage_error(cli, "sample wants --file ID, and knows text, --json and --ndjson");
	r = store_file_by_id(cli->store, slice_from(cli->options.file), &cli->arena, &file);
	if (r == 0 && file == NULL)
		r = cli_failed(cli, -ENOENT, "there is no file %s", cli->options.file);
	if (r < 0)
		return r;
	json_init(&view.json, &cli->out, array);
	if (array)
		json_array_begin(&view.json, NULL);
	else if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view.table, cli, 6, titles);
	r = store_applied_of_file(cli->store, file->file_no, sample_row, &view);
	if (array) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	} else if (cli->options.format == CLI_TEXT && r == 0) {
		r = cli_table_end(&view.table);
	}
	return r;
}

/* ---- verdict ---- */

struct verdict_work {
	struct cli *cli;
	struct queue_sampled sampled;
	struct hash identity;
	bool in_sample;
};

static int find_sampled(void *context, const struct store_change *change)
{
	struct verdict_work *work = context;
	char id[STORE_ITEM_ID_BYTES];

	store_item_id_format(change->origin.file_no, change->origin.tset_ordinal, change->member_pos, id);
	work->in_sample = work->in_sample ||
			  (slice_is(work->sampled.record_id, id) && outputs_is_sampled(change));
	return 0;
}

static int take_match(void *context, const struct hash *identity, const struct match_result *result)
{
	struct verdict_work *work = context;

	work->identity = *identity;
	work->sampled.identity = &work->identity;
	return queue_sampled_candidates(&work->cli->arena, result, &work->sampled.candidates,
					&work->sampled.candidate_count);
}

/* The record as it was matched, without touching what is on file. */
static int match_again(struct verdict_work *work)
{
	const struct batch_rematch request = {.file_no = work->sampled.file_no,
					      .record_id = work->sampled.record_id,
					      .context = work,
					      .matched = take_match};
	struct batch *batch = NULL;
	int r = cli_open_batch_beside(work->cli, NULL, &batch);

	if (r == 0)
		r = batch_rematch(batch, &request);
	batch_close(batch);
	if (r == BATCH_E_MISSING || (r == 0 && work->sampled.identity == NULL))
		return cli_failed(work->cli, -ENOENT, "%s: the original is no longer kept, or the record is not in it",
				  work->cli->arguments[0]);
	return r;
}

static int name_model(struct verdict_work *work)
{
	char *id = arena_alloc(&work->cli->arena, MATCH_MODEL_ID_BYTES);
	const struct match_model *model;
	int r = id != NULL ? cli_match_model(work->cli, work->cli->config->match_model, &model) : -ENOMEM;

	if (r == 0 && match_model_id(&work->cli->arena, model, id) == NULL)
		r = -ENOMEM;
	work->sampled.model = slice_from(id);
	return r;
}

static int keep_verdict(struct verdict_work *work)
{
	struct cli *cli = work->cli;
	struct buffer text;
	int r;

	buffer_init(&text, cli->env);
	r = queue_label_sampled(cli->truth, &work->sampled, &text);
	if (r == QUEUE_E_DECISION)
		r = cli_failed(cli, 65, "%s", text.data);
	else if (r == 0)
		cli_say(cli, "%s: kept to learn from; what was applied stands until undo takes it back",
			cli->arguments[0]);
	buffer_fini(&text);
	return r;
}

int cli_queue_verdict(struct cli *cli)
{
	struct verdict_work work = {.cli = cli};
	const struct store_file *file;
	struct slice id;
	int r;

	if (cli->argument_count == 2 && cli->options.decision == NULL)
		cli->options.decision = cli->arguments[1];
	if (cli->argument_count < 1 || cli->argument_count > 2 || cli->options.decision == NULL)
		return cli_usage_error(cli,
				       "verdict wants a RECORD of the sample and what is right: match:<member_id>, "
				       "not:<member_id> or new");
	id = slice_from(cli->arguments[0]);
	work.sampled = (struct queue_sampled){.record_id = id,
					      .decision = slice_from(cli->options.decision),
					      .operator_id = cli_operator(cli)};
	r = store_file_by_id(cli->store, slice_of(id.data, slice_find(id, '-', 0)), &cli->arena, &file);
	if (r == 0 && file != NULL)
		r = store_applied_of_file(cli->store, file->file_no, find_sampled, &work);
	if (r == 0 && !work.in_sample)
		r = cli_failed(cli, -ENOENT, "%s is not in the sample of a file (queue sample --file lists it)",
			       cli->arguments[0]);
	if (r != 0)
		return r;
	work.sampled.file_no = file->file_no;
	r = name_model(&work);
	if (r == 0)
		r = match_again(&work);
	return r == 0 ? keep_verdict(&work) : r;
}
