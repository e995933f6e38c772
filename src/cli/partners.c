/*
 * partners: who sends, what came last, and what should have come. The same is said at the end of a run of those who are
 * late.
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
		json_text(json, "last_received_at", slice_from(clock_format_rfc3339(expected->last->received_ms, text)));
	}
}

static int partner_row(void *context, const struct batch_expected *expected)
{
	struct partners_view *view = context;
	const struct store_file *last = expected->last;
	bool is_expected = expected->expect != NULL;
	char due[CLOCK_TEXT_BYTES], next[CLOCK_TEXT_BYTES], came[CLOCK_TEXT_BYTES];

	if (view->cli->options.format != CLI_TEXT) {
		json_object_begin(&view->json, NULL);
		partner_json(&view->json, expected);
		json_object_end(&view->json);
		return cli_flush_some(view->cli);
	}
	cli_table_cell(&view->table, slice_from(expected->profile->name));
	cli_table_cell(&view->table, expected->profile->isa_sender);
	cli_table_cell(&view->table, last != NULL ? last->file_id : SLICE_EMPTY);
	cli_table_cell(&view->table, slice_from(last != NULL ? clock_format_rfc3339(last->received_ms, came) : "never"));
	cli_table_cell(&view->table, slice_from(is_expected ? profile_expect_kind_name(expected->expect->kind) : ""));
	cli_table_cell(&view->table, slice_from(is_expected ? clock_format_rfc3339(expected->due_ms, due) : ""));
	cli_table_cell(&view->table, slice_from(!is_expected ? "" : expected->late ? "LATE" : "there"));
	cli_table_cell(&view->table, slice_from(is_expected ? clock_format_rfc3339(expected->next_ms, next) : ""));
	return view->table.error;
}

int cli_partners(struct cli *cli)
{
	static const char *const titles[] = {"partner", "sender", "last file", "came", "expected", "by", "is", "next by"};
	struct partners_view view = {.cli = cli};
	bool text = cli->options.format == CLI_TEXT;
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	json_init(&view.json, &cli->out, false);
	if (text)
		cli_table_begin(&view.table, cli, 8, titles);
	else
		json_array_begin(&view.json, NULL);
	r = batch_expected_each(cli->env, cli->store, cli->config, cli->profiles, cli_now_ms(cli), &view, partner_row);
	if (text) {
		int table_r = cli_table_end(&view.table);

		return r < 0 ? r : table_r;
	}
	json_array_end(&view.json);
	buffer_add_char(&cli->out, '\n');
	return r;
}

static int late_tell(void *context, const struct batch_expected *expected)
{
	struct cli *cli = context;
	char due[CLOCK_TEXT_BYTES], came[CLOCK_TEXT_BYTES];
	struct json json;

	if (expected->expect == NULL || !expected->late)
		return 0;
	/* Also with -q: it is for this that somebody reads what a timer's job says. */
	fprintf(stderr, "muster: late: partner %s: no file (%s) came by %s; the last one came %s%s\n", expected->profile->name,
		profile_expect_kind_name(expected->expect->kind), clock_format_rfc3339(expected->due_ms, due),
		expected->last != NULL ? "at " : "never",
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
