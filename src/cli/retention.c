/*
 * retention: what is removed once it was kept long enough, and what must be kept by order of a court or an authority.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <string.h>

#include "member_out.h"
#include "muster/batch.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "process.h"

/* ---- what was looked at --------------------------------------------------------------------------------------- */

struct retention_view {
	struct cli *cli;
	bool dry;
};

static void add_needs(struct buffer *out, unsigned needs)
{
	static const struct {
		unsigned need;
		const char *words;
	} rows[] = {
		{STORE_NEEDS_ITEM, "an item of it waits"},
		{STORE_NEEDS_DECISION, "a decision is not carried out"},
		{STORE_NEEDS_UNDO, "a record could be taken back and would wait"},
		{STORE_NEEDS_LEGAL_HOLD, "legal hold"},
	};
	const char *between = "kept: ";
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((needs & rows[i].need) == 0)
			continue;
		buffer_printf(out, "%s%s", between, rows[i].words);
		between = ", ";
	}
}

static int view_file(void *context, const struct batch_retention_file *file)
{
	struct retention_view *view = context;
	struct buffer *out = &view->cli->out;
	struct slice name = member_out_visible(view->cli, file->file->name);
	char day[DATE_TEXT_BYTES];

	if (name.data == NULL)
		return -ENOMEM;
	buffer_printf(out, "%.*s  %s  %-8s  %.*s: ", (int)file->file->file_id.len, file->file->file_id.data,
		      date_format_iso(date_of_clock_ms(file->file->received_ms), day), store_removal_name(file->what),
		      (int)name.len, name.data);
	if (file->needs != 0)
		add_needs(out, file->needs);
	else
		buffer_printf(out, "%u file%s %s", file->count, file->count == 1 ? "" : "s",
			      view->dry ? "would go" : "removed");
	buffer_add_char(out, '\n');
	return cli_flush_some(view->cli);
}

/* ---- show ------------------------------------------------------------------------------------------------------- */

static void show_days(struct cli *cli, const char *what, int32_t days)
{
	buffer_printf(&cli->out, "%-30s ", what);
	if (days == 0)
		buffer_add_text(&cli->out, "kept\n");
	else
		buffer_printf(&cli->out, "removed after %d days\n", days);
}

static int show_hold(void *context, const struct store_legal_hold *hold)
{
	struct cli *cli = context;
	struct slice note = member_out_visible(cli, hold->note);
	char when[CLOCK_TEXT_BYTES];

	if (note.data == NULL)
		return -ENOMEM;
	buffer_printf(&cli->out, "legal hold on %.*s since %s, by %.*s: %.*s\n", (int)hold->subject.len,
		      hold->subject.data, clock_format_rfc3339(hold->at_ms, when), (int)hold->operator_id.len,
		      hold->operator_id.data, (int)note.len, note.data);
	return cli_flush_some(cli);
}

static int retention_show(struct cli *cli)
{
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	show_days(cli, "originals", cli->config->retention.originals_days);
	show_days(cli, "originals with decided records", cli->config->retention.decided_days);
	show_days(cli, "outputs", cli->config->retention.outputs_days);
	buffer_printf(&cli->out, "%-30s kept\n", "database, audit trail");
	return store_legal_holds_each(cli->store, cli, show_hold);
}

/* ---- purge ------------------------------------------------------------------------------------------------------ */

static int retention_purge(struct cli *cli)
{
	struct retention_view view = {.cli = cli, .dry = cli->options.dry_run};
	const struct batch_retention request = {.dry = view.dry, .context = &view, .file = view_file};
	struct batch_retention_totals totals;
	struct batch *batch = NULL;
	int r;

	if (!view.dry && !cli->options.yes)
		return cli_usage_error(cli, "look with --dry-run what would go; then say --yes");
	r = view.dry ? cli_open_batch_beside(cli, NULL, &batch) : cli_open_batch(cli, NULL, &batch);
	if (r == 0)
		r = batch_retention(batch, &request, &totals);
	if (r == 0)
		buffer_printf(&cli->out,
			      "%" PRIu64 " originals and the outputs of %" PRIu64 " files %s, %" PRIu64 " kept\n",
			      totals.removed[STORE_REMOVAL_ORIGINAL], totals.removed[STORE_REMOVAL_OUTPUTS],
			      view.dry ? "would go" : "removed", totals.kept);
	batch_close(batch);
	return r;
}

/* ---- legal holds ------------------------------------------------------------------------------------------------ */

/* Is there such a thing? A hold on a name that was mistyped holds nothing. */
static int find_subject(struct cli *cli, struct slice subject, bool *ret_found)
{
	size_t colon = slice_find(subject, ':', 0), from = colon < subject.len ? colon + 1 : subject.len;
	struct slice id = slice_of(subject.data + from, subject.len - from);
	const struct store_file *file = NULL;
	const struct group *group = NULL;
	const struct member *member = NULL;
	int r = 0;

	if (slice_starts_with(subject, "partner:"))
		*ret_found = profile_named(cli->profiles, id) != NULL;
	else if (slice_starts_with(subject, "group:"))
		r = store_group_get(cli->store, id, &cli->arena, &group);
	else if (slice_starts_with(subject, "member:"))
		r = store_member_get(cli->store, id, &cli->arena, &member);
	else
		r = store_file_by_id(cli->store, subject, &cli->arena, &file);
	*ret_found |= (file != NULL && slice_equal(file->file_id, subject)) || group != NULL || member != NULL;
	return r;
}

static int write_hold(struct cli *cli, struct slice subject, bool holds)
{
	const struct store_legal_hold hold = {
		.subject = subject,
		.note = slice_from(cli->options.note),
		.operator_id = cli_operator(cli),
		.at_ms = env_clock_ms(cli->env),
	};
	struct store_audit audit = {
		.actor = hold.operator_id,
		.kind = SLICE_LITERAL("legal hold"),
		.subject = subject,
		.text = holds ? SLICE_LITERAL("placed") : SLICE_LITERAL("lifted"),
	};
	int r = store_begin(cli->store, STORE_WRITE);

	if (r < 0)
		return r;
	r = holds ? store_legal_hold_add(cli->store, &hold) : store_legal_hold_remove(cli->store, subject);
	return cli_commit_audited(cli, r, &audit);
}

static int retention_hold(struct cli *cli, bool holds)
{
	struct slice subject = cli->argument_count == 1 ? slice_from(cli->arguments[0]) : SLICE_EMPTY;
	bool found = !holds;
	int r;

	if (cli->options.dry_run)
		return cli_usage_error(cli, "--dry-run is for retention purge; a hold is placed, or lifted");
	if (subject.len == 0)
		return cli_usage_error(cli, "wants one file number, partner:NAME, group:ID or member:ID");
	if (holds && cli->options.note == NULL)
		return cli_usage_error(cli, "wants --note: on whose order");
	r = cli_open_store(cli);
	if (r == 0 && holds)
		r = find_subject(cli, subject, &found);
	if (r == 0 && !found)
		return cli_failed(cli, -ENOENT, "there is no %.*s", (int)subject.len, subject.data);
	if (r == 0)
		r = write_hold(cli, subject, holds);
	if (r == STORE_E_EXISTS || r == STORE_E_MISSING) {
		cli_say(cli, r == STORE_E_EXISTS ? "%.*s is held already" : "%.*s is not held", (int)subject.len,
			subject.data);
		return 0;
	}
	if (r == 0)
		cli_say(cli, holds ? "%.*s is held" : "%.*s is no longer held", (int)subject.len, subject.data);
	return r;
}

int cli_retention(struct cli *cli)
{
	if (strcmp(cli->subverb, "hold") == 0 || strcmp(cli->subverb, "lift") == 0)
		return retention_hold(cli, strcmp(cli->subverb, "hold") == 0);
	if (cli->argument_count > 0)
		return cli_usage_error(cli, "%s wants nothing more", cli->subverb);
	return strcmp(cli->subverb, "show") == 0 ? retention_show(cli) : retention_purge(cli);
}
