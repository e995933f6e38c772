/*
 * undo: applied changes taken back, after a look at what would happen and a question.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "muster/batch.h"
#include "muster/profile.h"
#include "muster/text.h"
#include "muster/undo.h"
#include "process.h"

/* Refusals shown before only their number is. */
#define REFUSALS_MAX 20

struct undo_view {
	struct cli *cli;
	struct json json;
	bool looking; /* the changes themselves are listed */
	uint64_t refusals;
};

/* ---- what is told ---- */

static bool is_text(const struct undo_view *view)
{
	return view->cli->options.format == CLI_TEXT || view->cli->options.format == CLI_CSV;
}

static int view_change(void *context, const struct store_change *change)
{
	struct undo_view *view = context;
	struct buffer *out = &view->cli->out;
	char id[UNDO_ID_BYTES];

	if (!view->looking)
		return 0;
	undo_id_format(change, id);
	if (!is_text(view)) {
		json_text(&view->json, NULL, slice_from(id));
		return view->cli->out.error;
	}
	buffer_printf(out, "%-20s %-11.*s %.*s", id, (int)change->member_id.len, change->member_id.data,
		      (int)change->action.len, change->action.data);
	if (!slice_is_empty(change->group_id)) {
		buffer_printf(out, " %.*s", (int)change->group_id.len, change->group_id.data);
		if (!slice_is_empty(change->plan_id))
			buffer_printf(out, "/%.*s", (int)change->plan_id.len, change->plan_id.data);
	}
	buffer_add_text(out, change->change.len > 0 ? "  " : "");
	text_add_visible(out, change->change);
	buffer_add_char(out, '\n');
	return cli_flush_some(view->cli);
}

static int view_blocked_json(struct undo_view *view, const struct store_change *change, const char *why,
                             const struct store_change *by)
{
	char id[UNDO_ID_BYTES];

	json_object_begin(&view->json, NULL);
	json_text(&view->json, "change", slice_from(undo_id_format(change, id)));
	json_text(&view->json, "member_id", change->member_id);
	json_text(&view->json, "why", slice_from(why));
	json_text_or_null(&view->json, "by", by != NULL ? slice_from(undo_id_format(by, id)) : SLICE_EMPTY);
	json_object_end(&view->json);
	return view->cli->out.error;
}

static int view_blocked(void *context, const struct store_change *change, const char *why,
			const struct store_change *by)
{
	struct undo_view *view = context;
	char id[UNDO_ID_BYTES], at[CLOCK_TEXT_BYTES];

	view->refusals++;
	if (!is_text(view))
		return view_blocked_json(view, change, why, by);
	if (view->refusals > REFUSALS_MAX)
		return 0;
	fprintf(stderr, "muster undo: %s (%.*s, member %.*s) stays: %s", undo_id_format(change, id),
		(int)change->action.len, change->action.data, (int)change->member_id.len, change->member_id.data, why);
	if (by != NULL)
		fprintf(stderr, ": %s (%.*s, member %.*s, %s)", undo_id_format(by, id), (int)by->action.len,
			by->action.data, (int)by->member_id.len, by->member_id.data,
			clock_format_rfc3339(by->at_ms, at));
	fputc('\n', stderr);
	return 0;
}

/* ---- what is asked ---- */

/* Somebody must be there to say yes, or it must have been said. */
static int undo_can_ask(struct cli *cli)
{
	if (cli->options.yes || cli->options.dry_run || isatty(0) == 1)
		return 0;
	return cli_usage_error(cli, "say --yes: nobody can be asked here (--dry-run shows what would happen)");
}

/* 0 yes, 1 no. */
static int undo_confirm(struct cli *cli, const char *what, const struct undo_totals *totals)
{
	char answer[8] = "";
	ssize_t bytes;

	if (cli->options.yes)
		return 0;
	fprintf(stderr, "%s %llu changes of %llu members and %llu payments? [y/N] ", what,
		(unsigned long long)totals->changes, (unsigned long long)totals->members,
		(unsigned long long)totals->lines);
	bytes = env_read(cli->env, 0, answer, sizeof(answer) - 1);
	if (bytes > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	cli_say(cli, "nothing was done");
	return 1;
}

/* ---- the work ---- */

static int undo_target(struct cli *cli, enum undo_level *ret_level, struct slice *ret_id)
{
	const char *const ids[] = {cli->options.file, cli->options.set, cli->options.member_change};
	int level, given = 0;

	for (level = UNDO_FILE; level <= UNDO_CHANGE; level++) {
		if (ids[level] == NULL)
			continue;
		*ret_level = (enum undo_level)level;
		*ret_id = slice_from(ids[level]);
		given++;
	}
	if (given == 1 && cli->argument_count == 0)
		return 0;
	return cli_usage_error(cli, "wants one of --file ID, --set ID, --member-change ID");
}

static int undo_refused(struct cli *cli, int r, struct slice id, const struct undo_view *view)
{
	switch (r) {
	case UNDO_E_UNKNOWN:
		return cli_failed(cli, -ENOENT, "there is no %.*s", (int)id.len, id.data);
	case UNDO_E_OPEN:
		return cli_failed(cli, MUSTER_ERROR_BUSY, "the file of %.*s is still under work; muster run ends it",
				  (int)id.len, id.data);
	case UNDO_E_NOTHING:
		cli_say(cli,
			cli->options.redo ? "nothing of %.*s is taken back" : "nothing of %.*s is there to take back",
			(int)id.len, id.data);
		return 0;
	case UNDO_E_BLOCKED:
		if (is_text(view) && view->refusals > REFUSALS_MAX)
			fprintf(stderr, "muster undo: and %llu more\n",
				(unsigned long long)(view->refusals - REFUSALS_MAX));
		cli_say(cli, "nothing was done");
		return 65;
	default:
		return r;
	}
}

static void report_begin(struct undo_view *view, struct slice id, bool redo)
{
	if (is_text(view))
		return;
	json_init(&view->json, &view->cli->out, view->cli->options.format == CLI_JSON);
	json_object_begin(&view->json, NULL);
	json_text(&view->json, "schema", SLICE_LITERAL("muster.undo"));
	json_u64(&view->json, "v", 1);
	json_text(&view->json, "id", id);
	json_bool(&view->json, "redo", redo);
}

static const char *report_state(int r, bool dry)
{
	if (r == UNDO_E_BLOCKED)
		return "refused";
	return r != 0 ? "nothing" : dry ? "possible" : "done";
}

static void report_end(struct undo_view *view, int r, const struct undo_totals *totals, bool redo)
{
	struct cli *cli = view->cli;
	bool dry = cli->options.dry_run;

	if (is_text(view) && r == 0 && !cli->options.quiet) {
		buffer_printf(&cli->out, "%s%s: %llu changes of %llu members, %llu payments\n",
			      redo ? "applied again" : "taken back", dry ? ", if it is done" : "",
			      (unsigned long long)totals->changes, (unsigned long long)totals->members,
			      (unsigned long long)totals->lines);
	} else if (!is_text(view)) {
		json_text(&view->json, "state", slice_from(report_state(r, dry)));
		json_u64(&view->json, "changes", totals->changes);
		json_u64(&view->json, "members", totals->members);
		json_u64(&view->json, "payments", totals->lines);
		json_object_end(&view->json);
		buffer_add_char(&cli->out, '\n');
	}
}

/* The look: everything that would happen, or why it cannot. */
static int undo_look(struct undo_view *view, struct undo_request *request, struct undo_totals *totals)
{
	struct undo_view refusals = {.cli = view->cli};
	int r;

	view->looking = view->cli->options.dry_run || view->cli->options.verbose || !is_text(view);
	request->dry = true;
	request->context = view;
	request->change = view_change;
	request->blocked = is_text(view) ? view_blocked : NULL;
	if (!is_text(view))
		json_array_begin(&view->json, "taken");
	r = undo_run(request, totals);
	if (is_text(view))
		return r;
	json_array_end(&view->json);
	/* The refusals are a list of their own. */
	json_array_begin(&view->json, "refused");
	if (r == UNDO_E_BLOCKED) {
		refusals.json = view->json;
		request->context = &refusals;
		request->change = NULL;
		request->blocked = view_blocked;
		r = undo_run(request, totals);
		view->json = refusals.json;
	}
	json_array_end(&view->json);
	return r;
}

static int undo_scoped(struct cli *cli, struct slice id, const struct undo_scope *scope)
{
	struct undo_view view = {.cli = cli};
	struct undo_totals totals = {0};
	struct undo_request request = {
		.store = cli->store,
		.env = cli->env,
		.scope = *scope,
		.operator_id = cli_operator(cli),
		.at_ms = cli->today_fixed ? (int64_t)cli->today * CLOCK_DAY_MS : env_clock_ms(cli->env),
		.chunk_members = (uint32_t)cli->config->chunk_members,
	};
	int r, answer = 0;

	request.due_ms = config_due_ms(cli->config, request.at_ms);
	report_begin(&view, id, scope->redo);
	r = undo_look(&view, &request, &totals);
	if (r == 0 && !cli->options.dry_run)
		answer = undo_confirm(cli, scope->redo ? "Apply again" : "Take back", &totals);
	if (r == 0 && answer == 0 && !cli->options.dry_run) {
		request.dry = false;
		request.context = &view;
		request.change = NULL;
		r = undo_run(&request, &totals);
	}
	if (r < 0)
		return r;
	report_end(&view, answer != 0 ? UNDO_E_NOTHING : r, &totals, scope->redo);
	return answer != 0 ? 0 : undo_refused(cli, r, id, &view);
}

int cli_undo(struct cli *cli)
{
	struct batch *batch = NULL;
	struct undo_scope scope;
	enum undo_level level = UNDO_FILE;
	struct slice id = SLICE_EMPTY;
	int r = undo_target(cli, &level, &id);

	if (r == 0)
		r = undo_can_ask(cli);
	/* The run's lock: nothing else is applied meanwhile. */
	if (r == 0)
		r = cli_open_batch(cli, NULL, &batch);
	if (r < 0)
		return r;
	r = undo_find(cli->store, level, id, cli->options.redo, &scope);
	r = r == 0 ? undo_scoped(cli, id, &scope) : undo_refused(cli, r, id, NULL);
	batch_close(batch);
	return r;
}
