/*
 * preview: what process would do with files, told before anything is done.
 *
 * Text and page say the figures first, so what stands below them is held until the file has been walked: of so many
 * families at most. JSON and the changeset (-o) go out family by family, whatever the file's size.
 */
#include "preview.h"

#include <errno.h>
#include <stdio.h>

#include "cli_internal.h"
#include "muster/io.h"
#include "muster/outputs.h"
#include "muster/text.h"
#include "process.h"

#define CHANGESET_FLUSH_BYTES 65536u

struct preview_run {
	struct process_frame frame;
	struct buffer body, sets;          /* text: of the file under work */
	struct buffer page, page_body, page_sets;
	struct buffer line;                /* of JSON */
	struct buffer saved;               /* of the changeset, until it is written */
	struct io_outfile changeset;
	struct preview_counts counts;
	uint64_t held, on_page;            /* families of this file so far */
	bool saving, any_line;
};

static bool is_text(const struct preview_run *run)
{
	return run->frame.cli->options.format == CLI_TEXT || run->frame.cli->options.format == CLI_CSV;
}

/* ---- lines of JSON ---- */

/* run->line goes where it was asked for. */
static int line_end(struct preview_run *run)
{
	struct cli *cli = run->frame.cli;

	if (run->line.error != 0)
		return run->line.error;
	if (run->saving) {
		buffer_add_slice(&run->saved, buffer_slice(&run->line));
		buffer_add_char(&run->saved, '\n');
		if (run->saved.len >= CHANGESET_FLUSH_BYTES) {
			io_outfile_write(&run->changeset, run->saved.data, run->saved.len);
			buffer_clear(&run->saved);
		}
	}
	if (!is_text(run)) {
		if (cli->options.format == CLI_JSON)
			buffer_add_text(&cli->out, run->any_line ? ",\n" : "[\n");
		buffer_add_slice(&cli->out, buffer_slice(&run->line));
		if (cli->options.format == CLI_NDJSON)
			buffer_add_char(&cli->out, '\n');
		run->any_line = true;
	}
	buffer_clear(&run->line);
	if (run->saved.error != 0)
		return run->saved.error;
	return run->saving && run->changeset.error != 0 ? run->changeset.error : cli_flush_some(cli);
}

static bool wants_lines(const struct preview_run *run)
{
	return run->saving || !is_text(run);
}

static void line_begin(struct preview_run *run, struct json *json, const char *kind)
{
	json_init(json, &run->line, false);
	json_object_begin(json, NULL);
	json_text(json, "schema", SLICE_LITERAL("muster.changeset"));
	json_u64(json, "v", 1);
	json_text(json, "kind", slice_from(kind));
}

/* SHA-256 of the file's bytes. */
static int hash_file(struct cli *cli, const char *path, struct hash *ret_hash)
{
	struct io_source *source;
	uint64_t bytes;
	char *data;
	ssize_t len = 1;
	int r = io_source_open(cli->env, path, &source);

	if (r < 0)
		return r;
	data = env_alloc(cli->env, CHANGESET_FLUSH_BYTES);
	while (data != NULL && len > 0)
		len = io_source_read(source, data, CHANGESET_FLUSH_BYTES);
	io_source_hash(source, ret_hash, &bytes);
	io_source_close(source);
	env_free(cli->env, data);
	return data == NULL ? -ENOMEM : len < 0 ? (int)len : 0;
}

/* What the changeset is about: these bytes, and this state of the database. */
static int tell_file(struct preview_run *run, const char *path)
{
	struct cli *cli = run->frame.cli;
	char hex[HASH_TEXT_BYTES], day[DATE_TEXT_BYTES];
	struct hash bytes, head;
	uint64_t audit_no;
	struct json json;
	int r;

	if (!wants_lines(run))
		return 0;
	r = hash_file(cli, path, &bytes);
	if (r == 0)
		r = store_audit_head(cli->store, &audit_no, &head);
	if (r < 0)
		return r;
	line_begin(run, &json, "file");
	json_text(&json, "file", slice_from(path));
	json_text(&json, "sha256", slice_from(hash_format(&bytes, hex)));
	json_text(&json, "as_of", slice_from(date_format_iso(cli->today, day)));
	json_u64(&json, "audit_rows", audit_no);
	json_text(&json, "audit_head", slice_from(hash_format(&head, hex)));
	json_object_end(&json);
	return line_end(run);
}

/* ---- what the line tells ---- */

static int tell_family(void *context, const struct enroll_family *family, const struct changeset *changeset,
		       bool audited)
{
	struct preview_run *run = context;
	struct cli *cli = run->frame.cli;
	struct preview_family look;
	int r = preview_look(family, changeset, audited, &look);

	if (r < 0)
		return r;
	preview_count(&run->counts, &look);
	if (wants_lines(run)) {
		preview_family_json(&run->line, &look);
		r = line_end(run);
	}
	if (r < 0 || (!preview_is_news(&look) && !cli->options.verbose))
		return r;
	run->held++;
	if (is_text(run) && run->held <= PREVIEW_TEXT_FAMILIES)
		preview_family_text(&run->body, &look, cli->options.verbose);
	if (cli->options.html != NULL && preview_is_news(&look) && ++run->on_page <= PREVIEW_PAGE_FAMILIES)
		preview_family_html(&run->page_body, &look);
	return run->body.error != 0 ? run->body.error : run->page_body.error;
}

static int tell_verdict(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct preview_run *run = context;
	struct json json;
	size_t len = run->sets.len;

	buffer_add_text(&run->sets, "set ");
	text_add_visible(&run->sets, tset->control_number);
	buffer_printf(&run->sets, ": %s, ", check_decision_name(verdict->decision));
	text_add_count(&run->sets, verdict->members, "member");
	buffer_add_text(&run->sets, ", ");
	text_add_count(&run->sets, verdict->errors, "error");
	buffer_add_text(&run->sets, ", ");
	text_add_count(&run->sets, verdict->warnings, "warning");
	if (run->sets.error != 0)
		return run->sets.error;
	buffer_add_text(&run->page_sets, "<p class=quiet>");
	text_add_html(&run->page_sets, slice_of(run->sets.data + len, run->sets.len - len));
	buffer_add_text(&run->page_sets, "</p>\n");
	buffer_add_char(&run->sets, '\n');
	if (!wants_lines(run))
		return 0;
	line_begin(run, &json, "set");
	json_text(&json, "set", tset->control_number);
	json_text(&json, "verdict", slice_from(check_decision_name(verdict->decision)));
	json_u64(&json, "members", verdict->members);
	json_u64(&json, "errors", verdict->errors);
	json_u64(&json, "warnings", verdict->warnings);
	json_object_end(&json);
	return line_end(run);
}

/* ---- the end of a file ---- */

static int end_line(struct preview_run *run, const struct batch_result *result)
{
	static const char signs[] = "+~-?!=";
	const struct store_tally *tally = &result->tally;
	struct json json;
	size_t i;

	line_begin(run, &json, "end");
	json_text(&json, "file", slice_from(result->name));
	json_text(&json, "state", slice_from(store_file_outcome_name(result->outcome)));
	json_text_or_null(&json, "reason", slice_from(result->reason));
	outputs_json_members(&json, "records", tally);
	json_object_begin(&json, "members");
	for (i = 0; i + 1 < sizeof(signs); i++) {
		const char key[] = {signs[i], '\0'};

		json_u64(&json, key, run->counts.signs[(unsigned char)signs[i]]);
	}
	json_object_end(&json);
	json_object_end(&json);
	return line_end(run);
}

static void add_more(struct buffer *out, uint64_t count, uint64_t shown, const char *before, const char *after)
{
	if (count > shown)
		buffer_printf(out, "%sand %llu families more: -o FILE tells all%s\n", before,
			      (unsigned long long)(count - shown), after);
}

static void end_text(struct preview_run *run, const struct batch_result *result)
{
	const struct store_tally *tally = &result->tally;
	struct buffer *out = &run->frame.cli->out;
	char read[MONEY_TEXT_BYTES], posted[MONEY_TEXT_BYTES], suspended[MONEY_TEXT_BYTES];
	const char *separator = "  waiting: ";
	size_t at, end;
	int category;

	buffer_printf(out, "%s%s: would be %s%s", run->frame.files > 1 ? "\n" : "", result->name,
		      store_file_outcome_name(result->outcome), result->reason[0] != '\0' ? ": " : "");
	text_add_visible(out, slice_from(result->reason));
	/* Payments change nobody. */
	if (result->kind != STORE_KIND_820) {
		buffer_add_text(out, "\n  ");
		preview_add_counts(out, &run->counts);
	}
	buffer_printf(
		out,
		"\n  %llu records read: %llu applied, %llu unchanged, %llu waiting, %llu rejected, %llu duplicate, "
		"%llu held\n",
		(unsigned long long)tally->members_read, (unsigned long long)tally->members_applied,
		(unsigned long long)tally->members_no_change, (unsigned long long)tally->members_exception,
		(unsigned long long)tally->members_rejected, (unsigned long long)tally->members_duplicate,
		(unsigned long long)tally->members_held);
	if (tally->money_read != 0)
		buffer_printf(out, "  %s read: %s posted, %s suspended\n", money_format(tally->money_read, read),
			      money_format(tally->money_posted, posted),
			      money_format(tally->money_suspended, suspended));
	for (category = 0; category < CATEGORY_COUNT; category++) {
		if (run->counts.categories[category] == 0)
			continue;
		buffer_printf(out, "%s%llu %s", separator, (unsigned long long)run->counts.categories[category],
			      category_name((enum category)category));
		separator = ", ";
	}
	if (separator[0] == ',')
		buffer_add_char(out, '\n');
	for (at = 0; at < run->sets.len; at = end + 1) {
		end = slice_find(buffer_slice(&run->sets), '\n', at);
		buffer_printf(out, "  %.*s\n", (int)(end - at), run->sets.data + at);
	}
	buffer_add_slice(out, buffer_slice(&run->body));
	add_more(out, run->held, PREVIEW_TEXT_FAMILIES, "\n", "");
}

static int end_file(struct preview_run *run, const struct batch_result *result)
{
	int r = wants_lines(run) ? end_line(run, result) : 0;

	cli_progress_end(&run->frame.progress);
	run->frame.what = NULL;
	run->frame.files++;
	run->frame.waiting += result->exceptions_waiting;
	run->frame.refused |= result->outcome == STORE_FILE_HELD || result->outcome == STORE_FILE_REJECTED;
	if (is_text(run))
		end_text(run, result);
	if (run->frame.cli->options.html != NULL) {
		preview_file_html(&run->page, result, &run->counts, &run->page_sets);
		buffer_add_slice(&run->page, buffer_slice(&run->page_body));
		add_more(&run->page, run->on_page, PREVIEW_PAGE_FAMILIES, "<p>", "</p>");
	}
	buffer_clear(&run->body);
	buffer_clear(&run->sets);
	buffer_clear(&run->page_body);
	buffer_clear(&run->page_sets);
	run->counts = (struct preview_counts){0};
	run->held = run->on_page = 0;
	return r == 0 ? cli_flush_some(run->frame.cli) : r;
}

/* ---- the verb ---- */

static int preview_files(struct preview_run *run, struct batch *batch)
{
	const struct batch_preview preview = {.context = run, .family = tell_family, .verdict = tell_verdict};
	struct cli *cli = run->frame.cli;
	int i, r = 0;

	for (i = 0; r == 0 && i < cli->argument_count; i++) {
		struct batch_result result;

		r = tell_file(run, cli->arguments[i]);
		if (r == 0)
			r = batch_preview_file(batch, cli->arguments[i], cli->options.partner, &preview, &result);
		if (r == 0)
			r = end_file(run, &result);
	}
	if (r == 0 && cli->options.format == CLI_JSON)
		buffer_add_text(&cli->out, "\n]\n");
	return r;
}

static int publish_page(struct preview_run *run)
{
	struct cli *cli = run->frame.cli;
	struct buffer page;
	int r;

	if (cli->options.html == NULL)
		return 0;
	buffer_init(&page, cli->env);
	preview_page(&page, &run->page);
	r = page.error != 0 ? page.error : run->page.error;
	if (r == 0)
		r = io_publish(cli->env, cli->options.html, buffer_slice(&page));
	buffer_fini(&page);
	return r < 0 ? cli_cannot_write(cli, r, cli->options.html) : r;
}

static int changeset_open(struct preview_run *run)
{
	struct cli *cli = run->frame.cli;
	int r;

	if (cli->options.output == NULL)
		return 0;
	r = io_outfile_open(&run->changeset, cli->env, cli->options.output);
	run->saving = r == 0;
	return r < 0 ? cli_cannot_write(cli, r, cli->options.output) : r;
}

static int changeset_close(struct preview_run *run, int r)
{
	if (!run->saving)
		return r;
	if (r == 0) {
		io_outfile_write(&run->changeset, run->saved.data, run->saved.len);
		r = io_outfile_commit(&run->changeset, NULL);
	} else {
		io_outfile_abort(&run->changeset);
	}
	return r;
}

static int preview_run(struct preview_run *run)
{
	struct batch *batch = NULL;
	struct cli *cli = run->frame.cli;
	int r = cli_open_batch_beside(cli, &run->frame, &batch);

	if (r == 0)
		r = changeset_open(run);
	if (r == 0)
		r = changeset_close(run, preview_files(run, batch));
	cli_progress_end(&run->frame.progress);
	batch_close(batch);
	if (r == 0)
		r = publish_page(run);
	if (r == 0)
		cli_say(cli, "a preview: nothing was kept");
	return r < 0 ? r : cli_frame_status(&run->frame);
}

int cli_preview(struct cli *cli)
{
	struct preview_run run = {.frame = {.cli = cli}};
	struct buffer *const buffers[] = {&run.body,      &run.sets, &run.page, &run.page_body,
					  &run.page_sets, &run.line, &run.saved};
	size_t k;
	int i, r = 0;

	if (cli->argument_count == 0)
		return cli_usage_error(cli, "wants files: muster preview FILE...");
	for (i = 0; r == 0 && i < cli->argument_count; i++)
		r = cli_missing_input(cli, cli->arguments[i]);
	if (r < 0)
		return r;
	for (k = 0; k < sizeof(buffers) / sizeof(buffers[0]); k++)
		buffer_init(buffers[k], cli->env);
	r = preview_run(&run);
	for (k = 0; k < sizeof(buffers) / sizeof(buffers[0]); k++)
		buffer_fini(buffers[k]);
	return r;
}
