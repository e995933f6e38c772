/*
 * queue sample: the automatic decisions of a file that a person should look over, as its summary and page list them.
 * Nothing waits for it; what turns out wrong is taken back by undo.
 */
#include "cli_internal.h"

#include <stdio.h>

#include "member_out.h"
#include "muster/outputs.h"
#include "muster/queue.h"
#include "muster/store.h"
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
